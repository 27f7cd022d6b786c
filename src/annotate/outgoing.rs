//! What leaves the desk: measurements on screen, labels as files, and labels that come back.
//!
//! In: the session's editor and images, a format. Out: rows and lines of measurements; files with their
//! paths in the data set, as its layout has them; labels that lie beside the images, taken up again.

use super::AnnotateError;
use super::case::{Image, Line};
use super::desk::Desk;
use super::editor::{Editor, Measurable, Measured, SaveAs, Saving};
use super::hanging;
use super::names::{BidsName, image_stem};
use crate::dataset::{EntryName, ZipStream};
use crate::view::{Content, adc_factor};
use std::sync::Arc;

/// A file to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Path in the data set, or a name.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// How labels are to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Leave {
    /// `_dseg.nii.gz` with its table and measurements.
    Nifti,
    /// `.seg.nrrd`.
    Nrrd,
    /// DICOM Segmentation.
    DicomSeg,
    /// All of the data set's own files in one zip, which opening lays over the data set.
    Overlay,
}

/// A volume of a session with all that measuring asks of it.
struct Held {
    id: u32,
    title: String,
    path: String,
    image: Arc<Image>,
    shift: [f64; 3],
    unaligned: bool,
}

impl Held {
    fn measurable(&self) -> Measurable<'_> {
        let (unit, scale) = match self.image.content {
            Content::Ct => ("HU", 1.0),
            Content::Adc => ("10⁻⁶ mm²/s", adc_factor(&self.image.voxels)),
            Content::Mr => ("", 1.0),
        };
        Measurable {
            id: self.id,
            title: &self.title,
            path: &self.path,
            grid: &self.image.grid,
            voxels: &self.image.voxels,
            unit,
            scale,
            shift: self.shift,
            unaligned: self.unaligned,
        }
    }
}

impl Desk {
    /// Asks for all images of the session at hand, to be measured in.
    pub fn want_session(&mut self) {
        let session = self.at_hand;
        if let (Some(case), Some(session)) = (&mut self.case, session) {
            case.want_session(session);
        }
    }

    /// Whether everything that was asked for is there.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.case.as_ref().is_none_or(super::Case::is_loaded)
    }

    fn held(&self, session: usize) -> Vec<Held> {
        let Some(case) = &self.case else { return Vec::new() };
        let Some(reference) = case.reference(session) else { return Vec::new() };
        let files = case.files();
        let volumes = hanging::volumes(files);
        let of_reference = case.shift(reference);
        case.images_of(session)
            .into_iter()
            .filter_map(|(id, image)| {
                let file = volumes.get(id as usize)?.file;
                let own = case.shift(id);
                Some(Held {
                    id,
                    title: file.title.clone(),
                    path: if files.is_bids { file.path.clone() } else { String::new() },
                    image,
                    shift: std::array::from_fn(|i| of_reference[i] - own[i]),
                    unaligned: !case.share_frame(reference, id),
                })
            })
            .collect()
    }

    /// Measures the segments of the session at hand in all its images that are there, and shows diameters.
    ///
    /// # Errors
    /// [`AnnotateError::NoReference`].
    pub fn measure(&mut self) -> Result<Vec<Measured>, AnnotateError> {
        let session = self.at_hand.ok_or(AnnotateError::NoReference)?;
        let held = self.held(session);
        let volumes: Vec<Measurable<'_>> = held.iter().map(Held::measurable).collect();
        let editor = self.editors.get(&session).ok_or(AnnotateError::NoReference)?;
        let measured = editor.measure(&volumes);
        let affine = *editor.grid().affine();
        let mut lines = Vec::new();
        for found in &measured {
            let mut line = |from: [f64; 3], to: [f64; 3], mm: f64| {
                lines.push(Line {
                    session,
                    from: affine.apply(from),
                    to: affine.apply(to),
                    text: format!("{} {mm:.1} mm", found.name),
                });
            };
            if let Some(longest) = &found.longest {
                line(longest.from, longest.to, longest.mm);
            }
            if let Some(across) = &found.perpendicular {
                line(across.from, across.to, across.mm);
            }
        }
        if let Some(case) = &mut self.case {
            case.set_lines(lines);
        }
        Ok(measured)
    }

    /// Labels of all sessions as files; those without a segment are left out.
    ///
    /// # Errors
    /// What the format cannot say, in words.
    pub fn save(&mut self, how: Leave) -> Result<Vec<Outgoing>, AnnotateError> {
        let case = self.case.as_ref().ok_or(AnnotateError::NoCase)?;
        let (index, subject, is_bids) = (case.index(), case.files().subject.clone(), case.files().is_bids);
        let (shown, reading) = (case.files().name().to_owned(), case.files().reading);
        let rater = self.rater().to_owned();
        let format = match how {
            Leave::Nifti | Leave::Overlay => SaveAs::Nifti,
            Leave::Nrrd => SaveAs::Nrrd,
            Leave::DicomSeg => SaveAs::DicomSeg,
        };
        let mut files = Vec::new();
        let sessions: Vec<usize> = self.editors.keys().copied().collect();
        for session in &sessions {
            let Some(editor) = self.editors.get(session) else { continue };
            if editor.segments().list.is_empty() {
                continue;
            }
            let stem = self.stem_of(*session).ok_or(AnnotateError::NoReference)?;
            let series = self.series.get(session);
            let saving = Saving { subject: &subject, rater: &rater, free_text: false, series };
            for (end, bytes) in editor.save(format, &saving)? {
                files.push(Outgoing { path: format!("{stem}{end}"), bytes });
            }
            if format == SaveAs::Nifti {
                let held = self.held(*session);
                let volumes: Vec<Measurable<'_>> = held.iter().map(Held::measurable).collect();
                let mut document = editor.measurements(&volumes, self.seconds(index), false);
                if let Some(fields) = document.as_object_mut() {
                    fields.insert("Rater".to_owned(), rater.as_str().into());
                    fields.insert("Flags".to_owned(), self.flags(index).into());
                    if let Some(study) = self.study() {
                        let read = serde_json::json!({
                            "Id": study.id(), "Reading": reading + 1, "Place": index + 1,
                            "TimePointShown": study.time_point(), "GuidanceShown": study.guidance(),
                        });
                        fields.insert("Study".to_owned(), read);
                    }
                }
                let bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
                files.push(Outgoing { path: format!("{stem}_measurements.json"), bytes });
            }
        }
        if files.is_empty() {
            return Ok(files);
        }
        if is_bids && format == SaveAs::Nifti {
            files.push(description(&rater));
        }
        if how == Leave::Overlay {
            files = vec![zipped(self.title(), &shown, &rater, &files)?];
        }
        self.unsaved_sessions.clear();
        let lesions = self.editors.values().map(Editor::lesions_read).max().unwrap_or(0);
        self.set_work(index, lesions, false);
        Ok(files)
    }

    /// Where labels of a session are saved, without the end of the name: beside its reference, in the rater's
    /// own derivative data set.
    /// The same as one file for a download: a zip where there are several, since browsers ask before a page
    /// saves a second one, and the others would be lost with a *no*.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_as_one(&mut self, how: Leave) -> Result<Option<Outgoing>, AnnotateError> {
        let mut files = self.save(how)?;
        if files.len() > 1 {
            let subject = self.case.as_ref().map_or("", |case| case.files().subject.as_str());
            return zipped(self.title(), subject, self.rater(), &files).map(Some);
        }
        Ok(files.pop())
    }

    fn stem_of(&self, session: usize) -> Option<String> {
        let case = self.case.as_ref()?;
        let files = case.files();
        let reference = case.reference(session)?;
        let volume = hanging::volumes(files).get(reference as usize)?.file;
        let name = image_stem(&volume.path)?;
        if !files.is_bids {
            let again =
                if files.reading > 0 { format!("_reading-{}", files.reading + 1) } else { String::new() };
            return Some(format!("{name}{again}"));
        }
        let folder = volume.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // The suffix gives way to the derivative's own (BIDS 1.10.0, *Derivatives*).
        let base = match BidsName::parse(name) {
            Some(parsed) => name.strip_suffix(&format!("_{}", parsed.suffix)).unwrap_or(name),
            None => name,
        };
        // A case that is read again has labels of its own.
        let again = if files.reading > 0 { format!("Reading{}", files.reading + 1) } else { String::new() };
        Some(format!("derivatives/{}/{folder}/{base}_desc-lesions{again}", self.rater()))
    }

    /// Labels that this rater saved for a session: entries of the image and of its table.
    #[must_use]
    pub fn saved_labels(&self, session: usize) -> Option<(usize, Option<usize>)> {
        let stem = self.stem_of(session)?;
        let find = |end: &str| {
            let path = format!("{stem}{end}");
            // The root may lie deeper in what was dropped.
            self.entries().iter().rposition(|entry| {
                entry
                    .path
                    .strip_suffix(&path)
                    .is_some_and(|before| before.is_empty() || before.ends_with('/'))
            })
        };
        let image = find("_dseg.nii.gz")?;
        // Names of loose files are too short a bond.
        let case = self.case.as_ref()?;
        case.files().is_bids.then(|| (image, find("_dseg.tsv")))
    }

    /// Takes labels made elsewhere, on the grid of the session at hand, as a draft.
    ///
    /// # Errors
    /// No file of labels, labels on another grid.
    pub fn load_labels(&mut self, bytes: &[u8], table: Option<&str>) -> Result<(), AnnotateError> {
        if self.study().is_some() && !self.is_done() {
            return Err(AnnotateError::Study(
                "in this study others' labels open once the case is done: mark it as done first",
            ));
        }
        let session = self.at_hand.ok_or(AnnotateError::NoReference)?;
        self.load_labels_of(session, bytes, table)
    }

    /// The same, of any session.
    ///
    /// # Errors
    /// As [`load_labels`](Self::load_labels).
    pub fn load_labels_of(
        &mut self,
        session: usize,
        bytes: &[u8],
        table: Option<&str>,
    ) -> Result<(), AnnotateError> {
        self.with(session, |editor, images| editor.load_draft(bytes, table, images))?;
        self.relabel(session);
        Ok(())
    }
}

/// What makes a rater's folder a data set of its own (BIDS 1.10.0, *Derived dataset and pipeline description*).
fn description(rater: &str) -> Outgoing {
    let document = serde_json::json!({
        "Name": format!("Labels by {rater}"),
        "BIDSVersion": crate::dataset::BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "Hepatica", "Version": env!("CARGO_PKG_VERSION")}],
    });
    let path = format!("derivatives/{rater}/dataset_description.json");
    Outgoing { path, bytes: serde_json::to_vec_pretty(&document).unwrap_or_default() }
}

fn zipped(title: &str, subject: &str, rater: &str, files: &[Outgoing]) -> Result<Outgoing, AnnotateError> {
    let mut zip = ZipStream::new();
    let mut bytes = Vec::new();
    for file in files {
        let name = EntryName::new(file.path.clone())?;
        bytes.extend(zip.entry(&name, &file.bytes)?);
    }
    bytes.extend(zip.finish());
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
    };
    let title = if title.is_empty() { "labels".to_owned() } else { plain(title) };
    Ok(Outgoing { path: format!("{title}_{}_{rater}.zip", plain(subject)), bytes })
}
