//! How a case was left: what hung where, where panes looked, what was moved. Kept from visit to visit.
//!
//! In: a case. Out: its layout as plain data, and a case laid out so again. Files are named by hashes and places
//! by millimetres: nothing in it can be read back to whose case it is. What does not fit the case any more
//! (another stage, another file) is left aside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::case::{Adjusted, Case};
use super::hanging;
use crate::view::Orientation;

/// A hash of some bytes, 16 hexadecimal digits: enough to know something again by.
#[must_use]
pub(super) fn hashed(what: &str, parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in [what.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// By what a file is known again.
#[must_use]
pub(super) fn file_hash(path: &str) -> String {
    hashed("hepatica-file/1", &[path.as_bytes()])
}

/// Where a pane looks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) orientation: Orientation,
    /// In the middle of the pane, mm in the patient; where hands have put it.
    pub(super) centre: Option<[f64; 3]>,
    /// Across the shorter side of the pane, mm.
    pub(super) across: f64,
}

/// How a case was left. Keys are texts throughout: JavaScript's objects know no others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Layout {
    /// The protocol that it hung by.
    protocol: String,
    stage: String,
    /// By session, the file whose grid labels have.
    references: BTreeMap<String, String>,
    /// What was hung by hand, by protocol and slot.
    hung: BTreeMap<String, String>,
    /// By slot.
    looks: BTreeMap<String, Look>,
    /// Crosshairs by frame of reference, mm.
    focus: BTreeMap<String, [f64; 3]>,
    /// Nudges by file, mm.
    shifts: BTreeMap<String, [f64; 3]>,
    /// Frames that were lined up.
    aligned: Vec<(u32, [f64; 3])>,
    /// Windows by what shares them.
    windows: BTreeMap<String, Adjusted>,
}

impl Case {
    /// How it hangs now.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let volumes = hanging::volumes(&self.files);
        let file = |id: u32| volumes.get(id as usize).map(|v| file_hash(&v.file.path));
        let stage = self.stages.get(self.stage);
        let mut focus: BTreeMap<String, [f64; 3]> =
            self.focus.iter().map(|(group, at)| (group.to_string(), *at)).collect();
        let mut looks = BTreeMap::new();
        for (pane, slot) in self.panes.panes.iter().zip(stage.iter().flat_map(|s| &s.slots)) {
            let Some(hanging) = pane.hanging else { continue };
            focus.insert(hanging.group.to_string(), pane.focus);
            let across = pane.mm * f64::from(pane.size[0].min(pane.size[1]));
            let centre = (pane.placed && across > 0.0).then_some(pane.centre);
            looks.insert(slot.key.clone(), Look { orientation: pane.orientation, centre, across });
        }
        Layout {
            protocol: self.protocol.id.clone(),
            stage: stage.map_or_else(String::new, |s| s.id.clone()),
            references: self.pinned.iter().filter_map(|(s, id)| Some((s.to_string(), file(*id)?))).collect(),
            hung: self.overrides.of_case(&self.files.subject),
            looks,
            focus,
            shifts: self.shifts.iter().filter_map(|(id, by)| Some((file(*id)?, *by))).collect(),
            aligned: self.panes.aligned.clone(),
            windows: self.windows.clone(),
        }
    }

    /// Lays it out as it was left. What is in memory stays.
    pub fn lay_out(&mut self, layout: &Layout) {
        let known: BTreeMap<String, (u32, usize)> = hanging::volumes(&self.files)
            .iter()
            .map(|v| (file_hash(&v.file.path), (v.id, v.session)))
            .collect();
        for (session, file) in &layout.references {
            if let Some((id, of)) = known.get(file)
                && of.to_string() == *session
            {
                self.pinned.insert(*of, *id);
            }
        }
        self.overrides.restore_case(&self.files.subject, &layout.hung);
        self.windows.clone_from(&layout.windows);
        self.shifts = layout.shifts.iter().filter_map(|(f, by)| Some((known.get(f)?.0, *by))).collect();
        self.panes.aligned.clone_from(&layout.aligned);
        let finite = |v: &[f64; 3]| v.iter().all(|x| x.is_finite());
        let places = layout.focus.iter().filter(|(_, at)| finite(at));
        self.focus.extend(places.filter_map(|(group, at)| Some((group.parse().ok()?, *at))));
        self.restage();
        if layout.protocol == self.protocol.id
            && let Some(at) = self.stages.iter().position(|s| s.id == layout.stage)
            && at != self.stage
        {
            // Only out of range is refused.
            let _ = self.set_stage(at);
        }
        let keys: Vec<String> = self
            .stages
            .get(self.stage)
            .map(|s| s.slots.iter().map(|slot| slot.key.clone()).collect())
            .unwrap_or_default();
        for (pane, key) in keys.iter().enumerate() {
            let Some(look) = layout.looks.get(key) else { continue };
            let sound = look.across.is_finite() && look.across > 0.0;
            let centre = look.centre.filter(|at| sound && finite(at));
            self.looks.insert(pane, Look { centre, ..*look });
        }
        for pane in 0..keys.len() {
            self.hang_pane(pane);
        }
        self.mark_all();
    }
}
