//! Before → after on the header of a volume's first file.
//!
//! In: the bytes of that header, asked for by range. Out: rows for the screen: what is there, what is
//! done with it, what is written. Identified: they go to the page that asked and nowhere else.

use js_sys::Float64Array;
use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::journey::{flat, to_js};
use crate::dataset::sidecar::field_of;
use crate::deid::{Action, After, DateShift, Inspection, Policy, Purpose, SubjectCode};
use crate::dicom::Header;
use crate::intake::{RangeReader, VolumeId};
use crate::session::Session;

/// A row for the screen.
#[derive(Serialize)]
struct RowView {
    keyword: &'static str,
    before: String,
    masked: String,
    action: Action,
    after: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InspectView {
    title: String,
    rows: Vec<RowView>,
    hidden_elements: usize,
    hidden_private: usize,
}

/// The reading of one header: feed what is needed, then look.
#[wasm_bindgen]
pub struct Inspector {
    range: RangeReader,
    title: String,
    subject: SubjectCode,
    role: String,
    day: Option<i32>,
    shift: Option<DateShift>,
    policy: Policy,
}

impl std::fmt::Debug for Inspector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspector").finish_non_exhaustive()
    }
}

impl Inspector {
    /// Of a volume of the plan; `None` where there is no such volume.
    pub(super) fn new(session: &Session, id: VolumeId) -> Option<Self> {
        let (found, _, series, volume) = session.catalogue().volume(id)?;
        let plan = session.plan()?;
        let (patient, study, planned) = plan.volumes().find(|(_, _, planned)| planned.id == id)?;
        let patient = plan.patients.get(patient)?;
        let study = patient.studies.get(study)?;
        let instances = session.catalogue().instances_of(series);
        let middle = volume.stack.frames.get(volume.stack.frames.len() / 2)?;
        let instance = instances.get(middle.instance as usize)?;
        let length = (!instance.syntax.deflated).then_some(instance.pixels.offset);
        let shift = session.date_shift(patient, found);
        Some(Self {
            range: RangeReader::new(session.files().get(instance.file)?, 0, length).ok()?,
            title: format!("{}, image {}", planned.role_label, volume.stack.frames.len() / 2 + 1),
            subject: patient.subject.clone(),
            role: planned.role_label.clone(),
            day: study.days_from_first.and_then(|day| i32::try_from(day).ok()),
            shift,
            policy: session.policy(),
        })
    }
}

#[wasm_bindgen]
impl Inspector {
    /// The next range wanted; empty when the header is whole.
    pub fn need(&mut self) -> Float64Array {
        flat(self.range.need().as_slice())
    }

    /// Takes the bytes of the last need; `false` if they can't be used.
    pub fn feed(&mut self, bytes: Vec<u8>) -> bool {
        self.range.feed(bytes).is_ok()
    }

    /// The rows, or nothing where the header can't be read.
    pub fn look(self) -> JsValue {
        let Self { range, title, subject, role, day, shift, policy } = self;
        let Ok(header) = Header::from_bytes(range.take()) else { return JsValue::NULL };
        let after = After { subject: &subject, role: &role, day, shift, policy: &policy, field: &field_of };
        let seen = Inspection::of(&header, &after, true);
        let rows = seen
            .rows
            .into_iter()
            .map(|row| RowView {
                keyword: row.keyword,
                before: row.before.reveal(Purpose::Screen).clone(),
                masked: row.masked.reveal(Purpose::Screen).clone(),
                action: row.action,
                after: row.after,
            })
            .collect();
        to_js(&InspectView {
            title,
            rows,
            hidden_elements: seen.hidden_count,
            hidden_private: seen.private_count,
        })
    }
}
