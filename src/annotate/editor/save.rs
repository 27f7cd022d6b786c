//! Labels saved, and labels of elsewhere taken as a draft.
//!
//! In: a format, the subject's and the rater's codes. Out: bytes. Names typed by hand stay in unless they may
//! go out. In: bytes of a file of labels on the reference's grid. Out: its segments as drafts, one step of
//! history; labels on any other grid are refused in words.

use super::segments::{Lesion, Segment, sound_name, term};
use super::{Editor, Error, Images, LesionState};
use crate::segment::difference::Recorder;
use crate::segment::formats::{
    Labelled, Named, SourceSeries, Stamp, dicom_seg, dseg, dseg_table, read, seg_nrrd,
};

/// A format of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub enum SaveAs {
    /// `_dseg.nii.gz` with its table and measurements.
    #[serde(rename = "nifti", alias = "overlay")]
    Nifti,
    /// `.seg.nrrd`.
    #[serde(rename = "nrrd")]
    Nrrd,
    /// DICOM Segmentation.
    #[serde(rename = "dicomSeg")]
    DicomSeg,
}

/// What a saved file should say beside labels.
#[derive(Clone, Copy, Debug)]
pub struct Saving<'a> {
    /// The subject's code, `sub-…`.
    pub subject: &'a str,
    /// The rater's code.
    pub rater: &'a str,
    /// Names typed by hand may go out: somebody has looked at them.
    pub free_text: bool,
    /// The de-identified series that labels were drawn on, for DICOM.
    pub series: Option<&'a SourceSeries>,
}

impl Editor {
    /// What each segment means, as files say it.
    fn named(&self, free_text: bool) -> Vec<Named> {
        let named = |segment: &Segment| {
            let lesion = self.lesion(segment);
            Named {
                label: segment.label,
                name: segment.outward_name(free_text),
                colour: segment.colour,
                codes: segment.meaning().map(|t| [t.category, t.kind].map(|c| c.map(str::to_owned))),
                lesion: lesion.as_ref().map(|l| l.id.clone()),
                state: lesion.as_ref().map(|l| state_word(l.state).to_owned()),
                reason: lesion.map(|l| l.reason).filter(|r| !r.is_empty()),
            }
        };
        self.desk.segments.list.iter().map(named).collect()
    }

    /// Labels as a file: the end of its name, and its bytes. A stroke in hand and previews are not saved.
    ///
    /// # Errors
    /// What the format cannot say, in words.
    pub fn save(&self, to: SaveAs, saving: &Saving<'_>) -> Result<Vec<(&'static str, Vec<u8>)>, Error> {
        let segments = self.named(saving.free_text);
        let labels = Labelled { grid: self.grid(), values: self.labels(), segments: &segments };
        Ok(match to {
            SaveAs::Nifti => {
                vec![("_dseg.nii.gz", dseg(&labels)?), ("_dseg.tsv", dseg_table(&labels).into_bytes())]
            }
            SaveAs::Nrrd => vec![(".seg.nrrd", seg_nrrd(&labels))],
            SaveAs::DicomSeg => {
                let stamp = Stamp { subject: saving.subject, rater: saving.rater };
                vec![("_seg.dcm", dicom_seg(&labels, saving.series, &stamp)?)]
            }
        })
    }

    /// Takes labels made elsewhere as a draft: each becomes a segment, named as far as its file says; what is
    /// there stays, unless the draft has no voxel to lay beside it. `table` is a `_dseg.tsv` that belongs to it.
    ///
    /// # Errors
    /// No file of labels, labels on another grid, more segments than there are numbers; nothing is changed
    /// then.
    pub fn load_draft(
        &mut self,
        bytes: &[u8],
        table: Option<&str>,
        images: &Images<'_>,
    ) -> Result<(), Error> {
        self.fits(images)?;
        self.cancel_stroke(images)?;
        self.at_leisure()?;
        let budget = self.grid().voxels().saturating_mul(8).saturating_add(1 << 20);
        let mut draft = read(bytes, self.grid(), budget)?;
        if let Some(table) = table {
            take_table(&mut draft.segments, table);
        }
        let before = self.desk.segments.clone();
        let counts: Vec<bool> = (0..=255).map(|l| self.map.count(l) > 0).collect();
        let used = |label: u8| counts.get(usize::from(label)).copied().unwrap_or(false);
        let mut to = [0_u8; 256];
        for named in &draft.segments {
            match self.add_draft(named, &used) {
                Ok(label) => to[usize::from(named.label)] = label,
                Err(error) => {
                    self.desk.segments = before;
                    return Err(error);
                }
            }
        }
        let mut recorder = Recorder::default();
        for (at, value) in draft.values.iter().enumerate() {
            // Where a reader has drawn already, that stays.
            if *value != 0 && self.map.at(at) == 0 {
                self.map.set(at, to[usize::from(*value)], &mut recorder);
            }
        }
        let changed = recorder.take_extent(self.map.dims());
        self.commit("Load labels".to_owned(), recorder, Some(before));
        self.touch(changed, images)?;
        self.regrow(images)
    }

    /// A segment for a label of a draft.
    fn add_draft(&mut self, named: &Named, used: &dyn Fn(u8) -> bool) -> Result<u8, Error> {
        let key = named.codes.as_ref().and_then(|[_, kind]| term(&format!("{}:{}", kind[0], kind[1])));
        let key = key.map_or("", |t| t.key);
        let segments = &mut self.desk.segments;
        let taken = |id: &str| segments.list.iter().any(|s| s.lesion.as_ref().is_some_and(|l| l.id == id));
        let sound = |id: &str| {
            id.len() <= 8
                && id
                    .strip_prefix('L')
                    .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let lesion = named.lesion.as_deref().map(|id| Some(id).filter(|id| sound(id) && !taken(id)));
        let name = sound_name(&named.name).unwrap_or_default();
        let label = segments.add(&name, key, lesion, used)?;
        let segment = segments.of(label)?;
        segment.draft = true;
        if named.colour != [0; 3] {
            segment.colour = named.colour;
        }
        if let (Some(Lesion { state, reason, .. }), Some(said)) = (&mut segment.lesion, &named.state) {
            *state = state_of(said);
            reason.clone_from(&named.reason.clone().unwrap_or_default());
        }
        Ok(label)
    }
}

fn state_word(state: LesionState) -> &'static str {
    match state {
        LesionState::Unread => "unread",
        LesionState::Segmented => "segmented",
        LesionState::NoResidual => "no_residual",
        LesionState::NotVisible => "not_visible",
        LesionState::NotEvaluable => "not_evaluable",
    }
}

fn state_of(word: &str) -> LesionState {
    match word {
        "segmented" => LesionState::Segmented,
        "no_residual" => LesionState::NoResidual,
        "not_visible" => LesionState::NotVisible,
        "not_evaluable" => LesionState::NotEvaluable,
        _ => LesionState::Unread,
    }
}

/// Takes names, colours, codes and lesions from a table, and rows of labels without voxels.
fn take_table(segments: &mut Vec<Named>, text: &str) {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let Some(columns) = lines.next() else { return };
    let columns: Vec<&str> = columns.split('\t').map(str::trim).collect();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let cell = |name: &str| {
            let at = columns.iter().position(|c| c.eq_ignore_ascii_case(name))?;
            cells.get(at).copied().filter(|c| !c.is_empty() && *c != "n/a")
        };
        let Some(label) = cell("index").and_then(|v| v.parse::<u8>().ok()).filter(|l| *l > 0) else {
            continue;
        };
        let at = segments.iter().position(|s| s.label == label).unwrap_or_else(|| {
            segments.push(Named {
                label,
                name: String::new(),
                colour: [0; 3],
                codes: None,
                lesion: None,
                state: None,
                reason: None,
            });
            segments.len() - 1
        });
        let Some(segment) = segments.get_mut(at) else { continue };
        if let Some(name) = cell("name") {
            name.clone_into(&mut segment.name);
        }
        let part = |hex: &str, i: usize| u8::from_str_radix(hex.get(1 + 2 * i..3 + 2 * i)?, 16).ok();
        if let Some(hex) = cell("color").filter(|h| h.len() == 7 && h.starts_with('#'))
            && let (Some(r), Some(g), Some(b)) = (part(hex, 0), part(hex, 1), part(hex, 2))
        {
            segment.colour = [r, g, b];
        }
        if let (Some(scheme), Some(code)) = (cell("scheme"), cell("code")) {
            let kind = [scheme.to_owned(), code.to_owned(), String::new()];
            segment.codes = Some([kind.clone(), kind]);
        }
        segment.lesion = cell("lesion").map(str::to_owned).or(segment.lesion.take());
        segment.state = cell("state").map(str::to_owned);
        segment.reason = cell("reason").map(str::to_owned);
    }
    segments.sort_by_key(|s| s.label);
}
