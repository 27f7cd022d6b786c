//! A case at hand: its volumes as they come, its panes, their pictures.
//!
//! In: files of a subject, a protocol, ranges, gestures. Out: needs, facts, pictures and what words over
//! them need. Volumes are unpacked in steps, those of the stage shown first, a few side by side; what does
//! not fit into the budget is refused with figures and leaves its pane empty.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::AnnotateError;
use super::fetch::Fetch;
use super::hanging::{self, ImageId, Overrides, StagePlan};
use super::layout::Look;
use super::names::CaseFiles;
use super::opening::Entry;
use super::panes::{Changed, Hanging, Pane, Panes, add};
use super::views::{CaseBody, PaneView, StageRow, VolumeFact, VolumeState};
use crate::hanging::Protocol;
use crate::nifti::ReadImage;
use crate::view::{BodyBox, Colours, Content, Mesh, Orientation, Picture, Preset, Turned, body_box, presets};
use crate::volume::{Grid, Voxels};

/// A volume in memory.
#[derive(Clone, Debug)]
pub struct Image {
    /// Dimensions and affine.
    pub grid: Grid,
    /// Values.
    pub voxels: Voxels,
    /// What kind of values.
    pub content: Content,
    /// Windows.
    pub presets: Vec<Preset>,
    /// Where the body lies.
    pub body: BodyBox,
    /// Images along time in its file.
    pub frames: u64,
}

impl Image {
    pub(super) fn new(read: ReadImage, role: &str, suffix: &str, frames: u64) -> Self {
        let content = if role == "adc" {
            Content::Adc
        } else if role.starts_with("ct_") || suffix == "ct" || looks_like_ct(&read.voxels) {
            Content::Ct
        } else {
            Content::Mr
        };
        let presets = presets(content, &read.voxels);
        let body = body_box(&read.grid, &read.voxels, content);
        Self { grid: read.grid, voxels: read.voxels, content, presets, body, frames }
    }

    /// By what its content is known again, whatever file it came in: a hash over its grid and the checksums of
    /// its slices, 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let dims = self.grid.dims();
        let slice = dims[0] as usize * dims[1] as usize;
        let mut sums = Vec::new();
        crate::with_voxels!(&self.voxels, values => {
            for of in values.chunks(slice.max(1)) {
                let mut sum = flate2::Crc::new();
                let mut bytes = Vec::with_capacity(size_of_val(of));
                of.iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
                sum.update(&bytes);
                sums.extend(sum.sum().to_le_bytes());
            }
        });
        let grid: Vec<u8> = dims
            .iter()
            .flat_map(|d| d.to_le_bytes())
            .chain(self.grid.affine().0.iter().flatten().flat_map(|v| v.to_bits().to_le_bytes()))
            .collect();
        super::layout::hashed("hepatica-image/1", &[&grid, &sums])
    }

    /// Bytes of its voxels.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.voxels.len() as u64 * self.voxels.voxel_type().size() as u64
    }

    /// The value at continuous voxel coordinates: of the voxel there.
    #[must_use]
    pub fn value_at(&self, voxel: [f64; 3]) -> Option<f64> {
        let dims = self.grid.dims();
        let mut index = 0_usize;
        for axis in [2, 1, 0] {
            let at = (voxel[axis] + 0.5).floor();
            if !(at >= 0.0 && at < f64::from(dims[axis])) {
                return None;
            }
            index = index * dims[axis] as usize + at as usize;
        }
        self.voxels.get(index)
    }
}

/// Hounsfield units reach down to air and have no fractions worth speaking of.
fn looks_like_ct(voxels: &Voxels) -> bool {
    let deep =
        crate::view::percentiles(voxels, [0.02]).is_some_and(|[low]| (-4096.0..=-700.0).contains(&low));
    deep && voxels.range().is_some_and(|(low, high)| low >= -10_000.0 && high >= 100.0)
}

/// How far an image is.
pub(super) enum Loading {
    Waiting,
    Reading(Box<Fetch>),
    Ready(Arc<Image>),
    Failed(String),
}

/// What all panes share of their looks.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
pub struct Display {
    /// Labels are shown.
    pub labels: bool,
    /// As outlines.
    pub outline: bool,
    /// 0 to 1.
    pub opacity: f64,
    /// Linear, or each voxel a square.
    pub interpolate: bool,
    /// Colours.
    pub colours: Colours,
    /// Panes follow each other.
    pub linked: bool,
    /// The margin map of growing is shown.
    pub margin: bool,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            labels: true,
            outline: false,
            opacity: 0.5,
            interpolate: true,
            colours: Colours::Grey,
            linked: true,
            margin: false,
        }
    }
}

/// A window as a preset and what hands changed of it: so that it means the same for another volume.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Adjusted {
    pub(super) preset: usize,
    pub(super) factor: f64,
    /// Of the preset's width.
    pub(super) shift: f64,
}

impl Default for Adjusted {
    fn default() -> Self {
        Self { preset: 0, factor: 1.0, shift: 0.0 }
    }
}

/// Labels to draw over panes.
#[derive(Clone, Copy, Debug)]
pub struct LabelLayer<'a> {
    /// Index of the session they belong to.
    pub session: usize,
    /// Their grid.
    pub grid: &'a Grid,
    /// A label a voxel.
    pub labels: &'a [u8],
    /// Colours; `None` for what is hidden.
    pub colours: &'a [Option<[u8; 3]>; 256],
    /// 0 to 1.
    pub opacity: f64,
    /// As outlines.
    pub outline: bool,
}

/// What hands do in a pane; places in its device pixels. As `PaneGesture` of the page's protocol.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[expect(missing_docs, reason = "annotate-protocol.ts describes each")]
pub enum Gesture {
    Scroll { slices: i64 },
    Zoom { at: [f64; 2], factor: f64 },
    Pan { by: [f64; 2] },
    Window { by: [f64; 2] },
    SetWindow { width: f64, level: f64 },
    ResetWindow,
    NextPreset,
    Crosshair { at: [f64; 2] },
    Goto { world: [f64; 3] },
    Reset,
    Orient { orientation: Orientation },
    Nudge { by: [f64; 2] },
    Rotate { by: [f64; 2] },
    Frame { by: i64 },
    Align,
    Unalign,
}

/// A measurement's line, in the world of a session's reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Index of the session.
    pub session: usize,
    /// World, mm.
    pub from: [f64; 3],
    /// World, mm.
    pub to: [f64; 3],
    /// With its unit.
    pub text: String,
}

/// A case, its volumes and its panes.
pub struct Case {
    pub(super) index: usize,
    pub(super) files: CaseFiles,
    pub(super) entries: Arc<Vec<Entry>>,
    pub(super) protocol: Protocol,
    pub(super) overrides: Overrides,
    pub(super) stages: Vec<StagePlan>,
    pub(super) stage: usize,
    pub(super) images: BTreeMap<ImageId, Loading>,
    /// What to read, in order.
    pub(super) queue: Vec<ImageId>,
    pub(super) panes: Panes,
    pub(super) sizes: Vec<[u32; 2]>,
    pub(super) pictures: Vec<Picture>,
    pub(super) dirty: Vec<bool>,
    pub(super) stale: Vec<bool>,
    pub(super) windows: BTreeMap<String, Adjusted>,
    pub(super) shifts: BTreeMap<u32, [f64; 3]>,
    pub(super) frames: BTreeMap<usize, u32>,
    pub(super) focus: BTreeMap<u32, [f64; 3]>,
    pub(super) display: Display,
    pub(super) budget: u64,
    pub(super) told: Vec<u32>,
    pub(super) lines: Vec<Line>,
    /// A volume has come since this was asked last.
    pub(super) arrived: bool,
    pub(super) turned: Option<Turned>,
    /// Surfaces of segments by session, with their colours.
    pub(super) surfaces: BTreeMap<usize, Vec<(Mesh, [u8; 3])>>,
    /// References of sessions that have labels: no other protocol takes them off their grid.
    pub(super) pinned: BTreeMap<usize, u32>,
    /// How panes looked when the case was left, until what hangs in them has come.
    pub(super) looks: BTreeMap<usize, Look>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Case {
    /// Hangs a case; nothing of it is read yet.
    #[must_use]
    pub fn new(
        index: usize,
        files: CaseFiles,
        entries: Arc<Vec<Entry>>,
        protocol: Protocol,
        overrides: Overrides,
        budget: u64,
    ) -> Self {
        let link = protocol.link;
        let mut case = Self {
            index,
            files,
            entries,
            protocol,
            overrides,
            stages: Vec::new(),
            stage: 0,
            images: BTreeMap::new(),
            queue: Vec::new(),
            panes: Panes::new(link),
            sizes: Vec::new(),
            pictures: Vec::new(),
            dirty: Vec::new(),
            stale: Vec::new(),
            windows: BTreeMap::new(),
            shifts: BTreeMap::new(),
            frames: BTreeMap::new(),
            focus: BTreeMap::new(),
            display: Display::default(),
            budget,
            told: Vec::new(),
            lines: Vec::new(),
            arrived: false,
            turned: None,
            surfaces: BTreeMap::new(),
            pinned: BTreeMap::new(),
            looks: BTreeMap::new(),
        };
        case.restage();
        case
    }

    /// Its number.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its files.
    #[must_use]
    pub fn files(&self) -> &CaseFiles {
        &self.files
    }

    /// The protocol that it hangs by.
    #[must_use]
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// What was hung by hand.
    #[must_use]
    pub fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// Hangs by another protocol; volumes in memory stay.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.panes.link = protocol.link;
        self.protocol = protocol;
        self.stage = 0;
        self.looks.clear();
        self.restage();
    }

    /// Bytes of voxels that may be held.
    pub fn set_budget(&mut self, budget: u64) {
        self.budget = budget;
    }

    pub(super) fn restage(&mut self) {
        self.stages = hanging::stages(&self.files, &self.protocol, &self.overrides);
        self.stage = self.stage.min(self.stages.len().saturating_sub(1));
        self.frames.clear();
        self.enqueue();
        self.rehang();
    }

    /// Puts what is shown first, then what other stages show.
    fn enqueue(&mut self) {
        let slots = |stage: &StagePlan| stage.slots.iter().filter_map(|s| s.image).collect::<Vec<_>>();
        let mut queue: Vec<ImageId> = self.stages.get(self.stage).map(slots).unwrap_or_default();
        for session in 0..self.files.sessions.len() {
            if let Some(volume) = self.reference(session) {
                queue.push(ImageId { volume, frame: 0 });
            }
        }
        for stage in &self.stages {
            queue.extend(slots(stage));
        }
        let mut known = Vec::new();
        for image in queue {
            if !known.contains(&image) {
                known.push(image);
            }
        }
        for image in &known {
            self.images.entry(*image).or_insert(Loading::Waiting);
        }
        // What was asked for by hand stays in the queue's end.
        let rest: Vec<ImageId> = self.queue.iter().copied().filter(|i| !known.contains(i)).collect();
        known.extend(rest);
        self.queue = known;
    }

    /// Panes as the stage has them, each with what is there of its volume.
    fn rehang(&mut self) {
        for pane in &self.panes.panes {
            if let Some(hanging) = pane.hanging {
                self.focus.insert(hanging.group, pane.focus);
            }
        }
        let count = self.stages.get(self.stage).map_or(0, |stage| stage.slots.len());
        self.panes.panes = (0..count)
            .map(|i| Pane { size: self.sizes.get(i).copied().unwrap_or([0, 0]), ..Pane::empty() })
            .collect();
        self.pictures.resize_with(count.max(self.pictures.len()), Picture::default);
        for pane in 0..count {
            self.hang_pane(pane);
        }
        self.panes.fit_unplaced();
        self.dirty = vec![true; count];
        self.stale = vec![true; count];
    }

    /// The image of a pane, with the frame that the user went to.
    pub(super) fn image_of(&self, pane: usize) -> Option<ImageId> {
        let image = self.stages.get(self.stage)?.slots.get(pane)?.image?;
        Some(ImageId { frame: self.frames.get(&pane).copied().unwrap_or(image.frame), ..image })
    }

    pub(super) fn ready(&self, image: ImageId) -> Option<&Arc<Image>> {
        match self.images.get(&image) {
            Some(Loading::Ready(found)) => Some(found),
            _ => None,
        }
    }

    /// Links session and frame of reference to one number.
    pub(super) fn group_of(&self, volume: u32) -> u32 {
        let all = hanging::volumes(&self.files);
        all.get(volume as usize).map_or(0, |v| {
            (v.session as u32) << 12 | v.file.frame_of_reference.map_or(0, |f| (f & 0x7ff) + 1)
        })
    }

    pub(super) fn session_of(&self, volume: u32) -> Option<usize> {
        hanging::volumes(&self.files).get(volume as usize).map(|v| v.session)
    }

    pub(super) fn hang_pane(&mut self, at: usize) {
        let pane = at;
        let Some(slot) = self.stages.get(self.stage).and_then(|s| s.slots.get(pane)) else { return };
        let orientation = match self.panes.panes.get(pane) {
            Some(known) if known.hanging.is_some() => known.orientation,
            _ => slot.orientation,
        };
        let image = self.image_of(pane);
        let hanging = image.and_then(|id| {
            let found = self.ready(id)?;
            Some(Hanging {
                grid: found.grid,
                body: found.body,
                group: self.group_of(id.volume),
                shift: self.shifts.get(&id.volume).copied().unwrap_or([0.0; 3]),
            })
        });
        let focus = hanging.map(|h| {
            let known = self.panes.focus_of(h.group).or_else(|| self.focus.get(&h.group).copied());
            known.unwrap_or_else(|| add(h.body.middle(&h.grid), h.shift))
        });
        if let Some(pane) = self.panes.panes.get_mut(pane) {
            pane.hang(hanging, orientation);
            if let Some(focus) = focus {
                pane.focus = focus;
            }
            let least = f64::from(pane.size[0].min(pane.size[1]));
            if hanging.is_some()
                && let Some(look) = self.looks.remove(&at)
            {
                pane.hang(hanging, look.orientation);
                if let Some(centre) = look.centre.filter(|_| least > 0.0) {
                    (pane.centre, pane.mm, pane.placed) = (centre, look.across / least, true);
                }
            }
        }
        self.mark(at, true);
    }

    pub(super) fn mark(&mut self, pane: usize, picture: bool) {
        if let (Some(dirty), Some(stale)) = (self.dirty.get_mut(pane), self.stale.get_mut(pane)) {
            *dirty |= picture;
            *stale = true;
        }
    }

    pub(super) fn mark_all(&mut self) {
        self.dirty.fill(true);
        self.stale.fill(true);
    }

    pub(super) fn mark_changed(&mut self, changed: &Changed) {
        for (pane, picture) in &changed.panes {
            self.mark(*pane, *picture);
        }
    }

    /// The volume whose grid the labels of a session have.
    #[must_use]
    pub fn reference(&self, session: usize) -> Option<u32> {
        let pinned = self.pinned.get(&session).copied();
        pinned.or_else(|| hanging::reference(&self.files, &self.protocol, session))
    }

    /// Labels of a session have begun: they stay on the grid that they have.
    pub(super) fn pin_reference(&mut self, session: usize) {
        if let Some(reference) = self.reference(session) {
            self.pinned.insert(session, reference);
        }
    }

    /// Facts of all volumes.
    #[must_use]
    pub fn facts(&self) -> Vec<VolumeFact> {
        hanging::volumes(&self.files)
            .iter()
            .map(|v| {
                let session = self.files.sessions.get(v.session);
                let of_volume =
                    self.images.iter().filter(|(id, _)| id.volume == v.id).map(|(_, loading)| loading);
                let mut fact = VolumeFact {
                    id: v.id,
                    title: v.file.title.clone(),
                    role: v.file.role.as_ref().map_or(String::new(), |r| r.as_str().to_owned()),
                    session: session
                        .filter(|_| !self.files.hidden)
                        .map_or(String::new(), |s| s.session.clone()),
                    time_point: session
                        .filter(|_| !self.files.hidden)
                        .map_or(String::new(), |s| s.time_point.clone()),
                    dims: [0; 3],
                    spacing: [0.0; 3],
                    frames: v.file.b_values.len().max(1) as u64,
                    bytes: 0,
                    state: VolumeState::Waiting,
                    trouble: String::new(),
                };
                for loading in of_volume {
                    match loading {
                        Loading::Waiting => {}
                        Loading::Reading(_) if fact.state == VolumeState::Waiting => {
                            fact.state = VolumeState::Reading;
                        }
                        Loading::Reading(_) => {}
                        Loading::Failed(text) => {
                            fact.state = VolumeState::Failed;
                            fact.trouble.clone_from(text);
                        }
                        Loading::Ready(image) => {
                            if fact.state != VolumeState::Failed {
                                fact.state = VolumeState::Ready;
                            }
                            fact.dims = image.grid.dims();
                            fact.spacing = image.grid.affine().spacing();
                            fact.frames = image.frames;
                            fact.bytes += image.bytes();
                        }
                    }
                }
                fact
            })
            .collect()
    }

    /// The case as the page shows it, while labels of a session are at hand.
    #[must_use]
    pub fn view(&self, session: Option<usize>) -> CaseBody {
        let stage = self.stages.get(self.stage);
        let slots = stage.map(|s| s.slots.as_slice()).unwrap_or_default();
        CaseBody {
            case: self.index,
            subject: self.files.name().to_owned(),
            volumes: self.facts(),
            reference: session.or_else(|| self.active_session()).and_then(|s| self.reference(s)).unwrap_or(0),
            stages: self
                .stages
                .iter()
                .map(|s| StageRow {
                    id: s.id.clone(),
                    title: s.title.clone(),
                    rows: s.rows,
                    columns: s.columns,
                })
                .collect(),
            stage: self.stage,
            panes: slots
                .iter()
                .enumerate()
                .map(|(pane, slot)| PaneView {
                    pane,
                    row: slot.row,
                    column: slot.column,
                    volume: slot.image.map(|i| i.volume),
                    title: slot.title.clone(),
                    wanted: slot.wanted.clone(),
                    candidates: slot.candidates.clone(),
                    orientation: self.panes.panes.get(pane).map_or(slot.orientation, |p| p.orientation),
                    surface: slot.surface,
                })
                .collect(),
        }
    }

    /// The session of what hangs in a pane.
    #[must_use]
    pub fn pane_session(&self, pane: usize) -> Option<usize> {
        self.image_of(pane).and_then(|id| self.session_of(id.volume))
    }

    /// The session that labels belong to while nobody has chosen: the first that hangs.
    #[must_use]
    pub fn active_session(&self) -> Option<usize> {
        (0..self.files.sessions.len()).find(|s| self.reference(*s).is_some())
    }

    /// Shows another stage.
    ///
    /// # Errors
    /// [`AnnotateError::NoSuch`].
    pub fn set_stage(&mut self, stage: usize) -> Result<(), AnnotateError> {
        if stage >= self.stages.len() {
            return Err(AnnotateError::NoSuch("stage"));
        }
        self.stage = stage;
        self.frames.clear();
        self.enqueue();
        self.rehang();
        Ok(())
    }

    /// Hangs a volume in a pane, and remembers it for this protocol.
    ///
    /// # Errors
    /// [`AnnotateError::NoSuch`].
    pub fn hang(&mut self, pane: usize, volume: u32) -> Result<(), AnnotateError> {
        let slot = self.stages.get(self.stage).and_then(|s| s.slots.get(pane));
        let slot = slot.ok_or(AnnotateError::NoSuch("pane"))?.clone();
        let file = hanging::volumes(&self.files)
            .get(volume as usize)
            .map(|v| v.file.clone())
            .ok_or(AnnotateError::NoSuch("volume"))?;
        self.overrides.hang(&self.protocol.id, &slot, &self.files.subject, &file);
        let image = ImageId { volume, frame: 0 };
        if let Some(slot) = self.stages.get_mut(self.stage).and_then(|s| s.slots.get_mut(pane)) {
            slot.image = Some(image);
            slot.title.clone_from(&file.title);
            slot.wanted.clear();
        }
        self.frames.remove(&pane);
        self.images.entry(image).or_insert(Loading::Waiting);
        self.enqueue();
        self.hang_pane(pane);
        self.panes.fit_unplaced();
        self.mark_all();
        Ok(())
    }
}
