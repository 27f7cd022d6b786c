//! Review of images that may have text burned in. In: the suspected series of a plan, the bytes of one of their
//! files. Out: a list for the screen, a picture of the true size with boxes where text seems to be, and
//! decisions, which the export obeys. Never: a picture that is kept, or a decision that nobody made.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::{Export, Session};
use crate::deid::object::Project;
use crate::deid::pixels::{
    Decision, Device, PixelBox, Redactions, RedactionsError, Reviews, Suspicion, fits, pixel_value, planes,
    search,
};
use crate::dicom::pixels::{Frames, PixelLayout};
use crate::dicom::{Header, Need, tags};
use crate::intake::{FileId, PlanError, RangeReader, SeriesEntry, SeriesFacts, identity_of};
use crate::volume::Voxels;

/// A series that is left out until somebody has looked.
pub(super) struct Suspect<'a> {
    facts: &'a SeriesFacts,
    why: Suspicion,
    subject: String,
    /// Files, and the UIDs of what is in them.
    objects: Vec<(FileId, &'a str)>,
    /// Volumes are made of it.
    image: bool,
}

/// The same, for the screen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the page's protocol, documented there")]
pub struct SuspectView {
    pub series: u32,
    pub subject: String,
    pub why: &'static str,
    pub modality: String,
    /// The scanner's words. Identified: screen only.
    pub description: String,
    pub objects: u32,
    /// Volumes are made of it; else it is written as DICOM only.
    pub image: bool,
    pub decision: Option<Decision>,
}

/// A picture to review.
#[derive(Debug)]
pub struct ReviewPicture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width · height · 4` bytes, top row first.
    pub rgba: Vec<u8>,
    /// Frames of the object.
    pub frames: u32,
    /// Where text seems to be.
    pub boxes: Vec<PixelBox>,
    /// What a template for its device makes black, where there is one.
    pub template: Option<Vec<PixelBox>>,
    /// What a template would be kept for; nothing where the device isn't named.
    pub device: Option<Device>,
}

/// The making of one picture: feed what is needed, then draw.
pub struct ReviewFrame {
    range: RangeReader,
    reviews: Reviews,
}

impl std::fmt::Debug for ReviewFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReviewFrame").finish_non_exhaustive()
    }
}

impl Session {
    /// Series that the header says may have text burned in, in the order of patients; objects that no volume is
    /// made of only where they would be written.
    pub(super) fn suspects(&self) -> Vec<Suspect<'_>> {
        let mut all: Vec<Suspect<'_>> = Vec::new();
        let Some(plan) = self.plan() else { return all };
        let patients = || plan.patients.iter().zip(&self.catalogue().patients);
        for (planned, found) in patients() {
            for series in found.studies.iter().flat_map(|study| &study.series) {
                let instances = self.catalogue().instances_of(series);
                let Some(why) = instances.iter().find_map(|i| i.series.suspicion) else { continue };
                all.push(Suspect {
                    facts: &series.facts,
                    why,
                    subject: planned.subject.as_str().to_owned(),
                    objects: instances.iter().map(|i| (i.file, &*i.sop_instance)).collect(),
                    image: true,
                });
            }
        }
        if !self.choices().dicom {
            return all;
        }
        for other in self.other_objects() {
            let Some(why) = other.facts.suspicion else { continue };
            let uid = other.facts.series_uid.as_str();
            if let Some(known) = all.iter_mut().find(|s| s.facts.series_uid == uid) {
                known.objects.push((other.file, &other.sop_instance));
                continue;
            }
            let key = identity_of(&other.facts).key();
            let Some((planned, _)) = patients().find(|(_, found)| found.key == key) else { continue };
            all.push(Suspect {
                facts: &other.facts,
                why,
                subject: planned.subject.as_str().to_owned(),
                objects: vec![(other.file, &other.sop_instance)],
                image: false,
            });
        }
        all
    }

    /// The suspected series, for the screen.
    pub(super) fn suspect_views(&self) -> Vec<SuspectView> {
        let view = |(series, suspect): (u32, Suspect<'_>)| SuspectView {
            series,
            why: suspect.why.words(),
            modality: suspect.facts.modality.clone(),
            description: if suspect.facts.series_description.is_empty() {
                suspect.facts.protocol_name.clone()
            } else {
                suspect.facts.series_description.clone()
            },
            objects: suspect.objects.len() as u32,
            image: suspect.image,
            decision: self.choices().reviews.of(&suspect.facts.series_uid).cloned(),
            subject: suspect.subject,
        };
        (0..).zip(self.suspects()).map(view).collect()
    }

    /// Decides about a suspected series, or takes the decision back; for its device, too, if one is given.
    ///
    /// # Errors
    /// No such series, or boxes that aren't within the image.
    pub(super) fn review(
        &mut self,
        series: u32,
        decision: Option<Decision>,
        device: Option<Device>,
    ) -> Result<(), PlanError> {
        let suspects = self.suspects();
        let uid = suspects.get(series as usize).map(|s| s.facts.series_uid.clone());
        let uid = uid.ok_or(PlanError::Mismatch("no such series"))?;
        let size = device.as_ref().map(|device| (device.columns, device.rows));
        if decision.as_ref().is_some_and(|decision| !fits(decision, size)) {
            return Err(RedactionsError::Boxes { number: 1 }.into());
        }
        self.choose(|choices| {
            if let (Some(decision), Some(device)) = (&decision, device) {
                choices.reviews.keep_template(device, decision.clone());
            }
            choices.reviews.decide(&uid, decision);
        })?;
        Ok(())
    }

    /// Takes decisions from a file.
    ///
    /// # Errors
    /// It isn't one.
    pub(super) fn load_redactions(&mut self, json: &str) -> Result<(), PlanError> {
        let file = Redactions::parse(json.as_bytes())?;
        // A series of which every object has the same decision was looked at as a whole.
        let uids = Project::of_key(self.key().clone());
        let decided = |suspect: &Suspect<'_>| {
            let of = |(_, uid): &(FileId, &str)| file.objects.get(&uids.uid(uid));
            let first = suspect.objects.first().and_then(of)?;
            let alike = suspect.objects.iter().all(|object| of(object) == Some(first));
            alike.then(|| (suspect.facts.series_uid.clone(), first.clone()))
        };
        let mut series: Vec<_> = self.suspects().iter().filter_map(decided).collect();
        // Text may have been found in pixels of series that no header tells of (`Session::heed`).
        let decided = |found: &SeriesEntry| {
            let instances = self.catalogue().instances_of(found);
            let mut decisions = instances.iter().map(|i| file.objects.get(&uids.uid(&i.sop_instance)));
            let first = decisions.next().flatten()?;
            let alike = decisions.all(|decision| decision == Some(first));
            alike.then(|| (found.facts.series_uid.clone(), first.clone()))
        };
        if !file.objects.is_empty() {
            let studies = self.catalogue().patients.iter().flat_map(|patient| &patient.studies);
            series.extend(studies.flat_map(|study| &study.series).filter_map(decided));
        }
        self.choose(|choices| {
            for (uid, decision) in series {
                choices.reviews.decide(&uid, Some(decision));
            }
            choices.reviews.load(file);
        })?;
        Ok(())
    }

    /// Takes up what an export found out: series in whose pixels it saw text are suspected from now on, and are
    /// there to be reviewed.
    ///
    /// # Errors
    /// Never in practice: the choices have made a plan before.
    pub fn heed(&mut self, export: &Export) -> Result<(), PlanError> {
        if export.with_text().is_empty() {
            return Ok(());
        }
        let mut suspected: HashMap<Arc<SeriesFacts>, Arc<SeriesFacts>> = HashMap::new();
        self.again_with(|instances| {
            for instance in instances.iter_mut().filter(|i| export.with_text().contains(&i.series.series_uid))
            {
                let known = suspected.entry(Arc::clone(&instance.series)).or_insert_with_key(|facts| {
                    let suspicion = facts.suspicion.or(Some(Suspicion::Text));
                    Arc::new(SeriesFacts { suspicion, ..SeriesFacts::clone(facts) })
                });
                instance.series = Arc::clone(known);
            }
        })
    }

    /// Suspected series of images that nobody has decided about.
    pub fn to_review(&self) -> usize {
        let suspects = self.suspects();
        suspects
            .iter()
            .filter(|s| s.image && self.choices().reviews.of(&s.facts.series_uid).is_none())
            .count()
    }

    /// All decisions as the command line takes them: templates, and objects under the UIDs in their UIDs' place.
    pub fn redactions(&self) -> Redactions {
        let uids = Project::of_key(self.key().clone());
        let suspects = self.suspects();
        let objects =
            suspects.iter().flat_map(|s| s.objects.iter().map(|(_, uid)| (&*s.facts.series_uid, *uid)));
        self.choices().reviews.redactions(objects.map(|(series, uid)| (series, uids.uid(uid))))
    }
}

impl ReviewFrame {
    /// Of the middle object of a suspected series.
    pub fn new(session: &Session, series: u32) -> Option<Self> {
        let suspects = session.suspects();
        let objects = &suspects.get(series as usize)?.objects;
        let (file, _) = objects.get(objects.len() / 2)?;
        let range = RangeReader::new(session.files().get(*file)?, 0, None).ok()?;
        Some(Self { range, reviews: session.choices().reviews.clone() })
    }

    /// The next range wanted; `None` when the picture can be drawn.
    pub fn need(&mut self) -> Option<Need> {
        self.range.need()
    }

    /// Takes the bytes of the last need; `false` if they can't be used.
    pub fn feed(&mut self, bytes: Vec<u8>) -> bool {
        self.range.feed(bytes).is_ok()
    }

    /// Draws the middle frame; `None` where it can't be decoded.
    pub fn draw(self) -> Option<ReviewPicture> {
        let header = Header::from_bytes(self.range.take()).ok()?;
        let layout = PixelLayout::of(&header).ok()?;
        let (columns, rows) = (layout.columns as usize, layout.rows as usize);
        let frames = Frames::new(&layout, header.syntax(), pixel_value(&header)?).ok()?;
        let voxels = frames.decode(layout.frames / 2).ok()?;
        let samples = voxels.len() / (columns * rows).max(1);
        let rgba = match &voxels {
            Voxels::U8(values) if samples >= 3 => {
                values.chunks_exact(samples).flat_map(|p| [p[0], p[1], p[2], 255]).collect()
            }
            _ => {
                let photometric = header.root().text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
                let inverse = photometric.trim().eq_ignore_ascii_case("MONOCHROME1");
                let planes = planes(&voxels, columns, rows);
                let grey = planes.first()?.values().iter().map(|v| if inverse { 255 - v } else { *v });
                grey.flat_map(|v| [v, v, v, 255]).collect()
            }
        };
        // By make and size: what an image is called differs from series to series.
        let device = Device { image_type: Vec::new(), ..Device::of(&header) };
        let template = self.reviews.template(&device).map(|decision| match decision {
            Decision::Redact { boxes } => boxes.clone(),
            Decision::Accept | Decision::LeaveOut => Vec::new(),
        });
        Some(ReviewPicture {
            width: layout.columns,
            height: layout.rows,
            rgba,
            frames: layout.frames,
            boxes: search(&header).map(|found| found.boxes).unwrap_or_default(),
            template,
            device: Some(device).filter(|d| !d.manufacturer.is_empty() && !d.model.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;
    use crate::deid::ProjectKey;
    use crate::intake::VolumeId;
    use crate::phantom::{Phantom, PhantomSpec};
    use crate::session::{Export, ExportOptions, ExportStep, PlanEdit};

    /// A patient of whose largest series the headers name a screen.
    fn files() -> Vec<Vec<u8>> {
        let phantom =
            Phantom::new(PhantomSpec { patients: 1, seed: 3, scale: 0.05, ..PhantomSpec::default() });
        let mut files: Vec<Vec<u8>> = (0..phantom.count()).map(|i| phantom.file(i).unwrap()).collect();
        let series = |bytes: &[u8]| {
            bytes.windows(16).position(|w| w == b"ORIGINAL\\PRIMARY")?;
            let header = Header::from_bytes(bytes.to_vec()).ok()?;
            let native = header.pixels()?.len.is_some() && header.root().text(tags::MODALITY)? == "MR";
            native.then(|| header.root().text(tags::SERIES_INSTANCE_UID)).flatten()
        };
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        files.iter().filter_map(|f| series(f)).for_each(|uid| *counts.entry(uid).or_default() += 1);
        let largest = counts.into_iter().max_by_key(|(_, n)| *n).unwrap().0;
        for file in files.iter_mut().filter(|f| series(f).as_ref() == Some(&largest)) {
            let at = file.windows(16).position(|w| w == b"ORIGINAL\\PRIMARY").unwrap();
            file[at..at + 8].copy_from_slice(b"SNAPSHOT");
        }
        files
    }

    fn bytes_of(files: &[Vec<u8>], need: &Need) -> Vec<u8> {
        files[need.source as usize][need.offset as usize..(need.offset + need.len) as usize].to_vec()
    }

    fn read(files: &[Vec<u8>]) -> Session {
        let mut session = Session::new(ProjectKey::from_entropy([7; 32]));
        for (at, file) in (0..).zip(files) {
            session.add_source(at, format!("file {at}"), file.len() as u64);
        }
        while !session.intake_is_done() {
            for need in session.intake_needs(7) {
                session.intake_feed(need, bytes_of(files, &need));
            }
        }
        session.finish_intake().unwrap();
        session
    }

    fn unseen(session: &Session) -> Vec<VolumeId> {
        let volumes = session.plan().unwrap().volumes();
        volumes
            .filter(|(_, _, v)| v.left_out == Some(crate::intake::BURNED_IN))
            .map(|(_, _, v)| v.id)
            .collect()
    }

    #[test]
    fn a_suspected_series_is_written_after_a_decision_only_and_boxes_are_black_in_its_voxels() {
        let files = files();
        let mut session = read(&files);
        let volumes = unseen(&session);
        assert!(!volumes.is_empty());
        session.edit(PlanEdit::SetInclude { volumes: volumes.clone(), include: true }).unwrap();
        assert_eq!(unseen(&session), volumes, "no tick includes them");
        let mut frame = ReviewFrame::new(&session, 0).unwrap();
        while let Some(need) = frame.need() {
            assert!(frame.feed(bytes_of(&files, &need)));
        }
        let picture = frame.draw().unwrap();
        assert_eq!(picture.rgba.len(), (picture.width * picture.height * 4) as usize);
        let device = picture.device.unwrap();
        let out_of_it = PixelBox { x: 0, y: 0, width: picture.width + 1, height: 2 };
        let decision = |area| Some(Decision::Redact { boxes: vec![area] });
        let refused = session.edit(PlanEdit::SetReview {
            series: 0,
            decision: decision(out_of_it),
            device: Some(device.clone()),
        });
        assert!(refused.is_err() && session.redactions() == Redactions::default());
        let whole = PixelBox { width: picture.width, height: picture.height, ..out_of_it };
        let edit = PlanEdit::SetReview { series: 0, decision: decision(whole), device: Some(device) };
        session.edit(edit).unwrap();
        assert!(unseen(&session).is_empty());
        let file = session.redactions();
        assert_eq!(file.templates.len(), 1);
        let objects = session.suspect_views()[0].objects as usize;
        assert_eq!(file.objects.len(), objects);
        assert!(file.objects.keys().all(|uid| uid.starts_with("2.25.")));
        let mut again = read(&files);
        again.edit(PlanEdit::LoadRedactions { json: file.to_json() }).unwrap();
        assert!(unseen(&again).is_empty() && again.to_review() == 0, "the file says the same");

        let stems: Vec<String> = session
            .plan()
            .unwrap()
            .volumes()
            .filter(|(_, _, v)| volumes.contains(&v.id))
            .map(|(_, _, v)| v.name.image().as_str().to_owned())
            .collect();
        let mut export = Export::new(&session, ExportOptions::default());
        let mut black = 0;
        loop {
            for need in export.needs(&session) {
                export.feed(&session, need, bytes_of(&files, &need));
            }
            match export.step(&session) {
                ExportStep::Done => break,
                ExportStep::Entry { name, bytes } if stems.contains(&name.as_str().to_owned()) => {
                    let mut nifti = Vec::new();
                    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*bytes), &mut nifti)
                        .unwrap();
                    assert!(nifti.len() > 352 && nifti[352..].iter().all(|byte| *byte == 0));
                    black += 1;
                }
                _ => {}
            }
        }
        assert_eq!(black, stems.len());
        session.edit(PlanEdit::Undo).unwrap();
        assert_eq!(unseen(&session), volumes);
    }
}
