//! A case at hand: its volumes as they come, its panes, their pictures.
//!
//! In: files of a subject, a protocol, ranges, gestures. Out: needs, facts, pictures and what words over
//! them need. Volumes are unpacked in steps, those of the stage shown first, a few side by side; what does
//! not fit into the budget is refused with figures and leaves its pane empty.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::AnnotateError;
use super::bytes::Place;
use super::fetch::Fetch;
use super::hanging::{self, ImageId, Overrides, StagePlan};
use super::names::CaseFiles;
use super::opening::Entry;
use super::panes::{Changed, Hanging, Pane, Panes, add, sub};
use super::views::{CaseBody, LineView, PaneState, PaneView, StageRow, VolumeFact, VolumeState, WindowView};
use crate::dicom::Need;
use crate::hanging::Protocol;
use crate::hanging::protocol::LinkScope;
use crate::nifti::ReadImage;
use crate::view::{
    BodyBox, Colours, Content, Mesh, Orientation, Overlay, PanePlane, Picture, PixelMap, Preset, Turned,
    Window, body_box, draw, draw_surfaces, label_picture, letters, overlay, presets,
};
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
    fn new(read: ReadImage, role: &str, suffix: &str, frames: u64) -> Self {
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
enum Loading {
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
#[derive(Clone, Copy, Debug, PartialEq)]
struct Adjusted {
    preset: usize,
    factor: f64,
    /// Of the preset's width.
    shift: f64,
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

/// Images unpacked side by side, at most.
const SIDE_BY_SIDE: usize = 4;

/// A case, its volumes and its panes.
pub struct Case {
    index: usize,
    files: CaseFiles,
    entries: Arc<Vec<Entry>>,
    protocol: Protocol,
    overrides: Overrides,
    stages: Vec<StagePlan>,
    stage: usize,
    images: BTreeMap<ImageId, Loading>,
    /// What to read, in order.
    queue: Vec<ImageId>,
    panes: Panes,
    sizes: Vec<[u32; 2]>,
    pictures: Vec<Picture>,
    dirty: Vec<bool>,
    stale: Vec<bool>,
    windows: BTreeMap<String, Adjusted>,
    shifts: BTreeMap<u32, [f64; 3]>,
    frames: BTreeMap<usize, u32>,
    focus: BTreeMap<u32, [f64; 3]>,
    display: Display,
    budget: u64,
    told: Vec<u32>,
    lines: Vec<Line>,
    /// A volume has come since this was asked last.
    arrived: bool,
    turned: Option<Turned>,
    /// Surfaces of segments by session, with their colours.
    surfaces: BTreeMap<usize, Vec<(Mesh, [u8; 3])>>,
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
        self.restage();
    }

    /// Bytes of voxels that may be held.
    pub fn set_budget(&mut self, budget: u64) {
        self.budget = budget;
    }

    fn restage(&mut self) {
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
    fn image_of(&self, pane: usize) -> Option<ImageId> {
        let image = self.stages.get(self.stage)?.slots.get(pane)?.image?;
        Some(ImageId { frame: self.frames.get(&pane).copied().unwrap_or(image.frame), ..image })
    }

    fn ready(&self, image: ImageId) -> Option<&Arc<Image>> {
        match self.images.get(&image) {
            Some(Loading::Ready(found)) => Some(found),
            _ => None,
        }
    }

    /// Links session and frame of reference to one number.
    fn group_of(&self, volume: u32) -> u32 {
        let all = hanging::volumes(&self.files);
        all.get(volume as usize).map_or(0, |v| {
            (v.session as u32) << 12 | v.file.frame_of_reference.map_or(0, |f| (f & 0x7ff) + 1)
        })
    }

    fn session_of(&self, volume: u32) -> Option<usize> {
        hanging::volumes(&self.files).get(volume as usize).map(|v| v.session)
    }

    fn hang_pane(&mut self, pane: usize) {
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
        }
        self.mark(pane, true);
    }

    fn mark(&mut self, pane: usize, picture: bool) {
        if let (Some(dirty), Some(stale)) = (self.dirty.get_mut(pane), self.stale.get_mut(pane)) {
            *dirty |= picture;
            *stale = true;
        }
    }

    fn mark_all(&mut self) {
        self.dirty.fill(true);
        self.stale.fill(true);
    }

    fn mark_changed(&mut self, changed: &Changed) {
        for (pane, picture) in &changed.panes {
            self.mark(*pane, *picture);
        }
    }

    // ------------------------------------------------------------ reading

    /// Bytes that images in memory hold.
    #[must_use]
    pub fn held(&self) -> u64 {
        let of = |loading: &Loading| match loading {
            Loading::Ready(image) => image.bytes(),
            Loading::Reading(fetch) => fetch.announced().map_or(0, |a| a.bytes),
            _ => 0,
        };
        self.images.values().map(of).sum()
    }

    fn start(&mut self, id: ImageId) {
        let taken = self.held();
        let place: Option<Place> = hanging::volumes(&self.files)
            .get(id.volume as usize)
            .and_then(|v| self.entries.get(v.file.entry))
            .map(|entry| entry.place.clone());
        let begun = match place {
            Some(place) => Fetch::new(&place, id.frame, self.budget.saturating_sub(taken)),
            None => Err(AnnotateError::NoSuch("volume")),
        };
        let loading = match begun {
            Ok(fetch) => Loading::Reading(Box::new(fetch)),
            Err(fault) => Loading::Failed(fault.to_string()),
        };
        self.images.insert(id, loading);
        self.told.push(id.volume);
    }

    /// Ranges to read now, each handed out once.
    pub fn needs(&mut self, most: usize) -> Vec<Need> {
        let mut needs = Vec::new();
        let mut active = 0;
        let unknown = |loading: &Loading| matches!(loading, Loading::Reading(f) if f.announced().is_none());
        for id in self.queue.clone() {
            // What one will hold is known before the next begins: so that both fit, or one is refused.
            let waits = matches!(self.images.get(&id), Some(Loading::Waiting));
            if waits && active < SIDE_BY_SIDE && !self.images.values().any(unknown) {
                self.start(id);
            }
            if let Some(Loading::Reading(fetch)) = self.images.get_mut(&id) {
                active += 1;
                if needs.len() < most
                    && let Some(need) = fetch.need()
                {
                    needs.push(need);
                }
            }
            if active >= SIDE_BY_SIDE {
                break;
            }
        }
        needs
    }

    /// Takes the bytes of a range; `None` where it could not be read. Gives them back if nobody here asked.
    pub fn feed(&mut self, need: &Need, bytes: Option<Vec<u8>>) -> Result<(), Option<Vec<u8>>> {
        let wanting = self.images.iter_mut().find_map(|(id, loading)| match loading {
            Loading::Reading(fetch) if fetch.wants(need) => Some((*id, fetch)),
            _ => None,
        });
        let Some((id, fetch)) = wanting else { return Err(bytes) };
        if let Err(fault) = fetch.feed(bytes) {
            self.fail(id, &fault);
        }
        Ok(())
    }

    fn fail(&mut self, id: ImageId, fault: &AnnotateError) {
        let text = match fault {
            AnnotateError::Image(crate::nifti::ReadError::Memory { needed, .. }) => {
                // Its own announcement is what it would need.
                self.images.insert(id, Loading::Waiting);
                let taken = self.held();
                AnnotateError::Memory { needed: *needed, taken, budget: self.budget }.to_string()
            }
            fault => fault.to_string(),
        };
        self.images.insert(id, Loading::Failed(text));
        self.told.push(id.volume);
        self.restale(id);
    }

    fn restale(&mut self, id: ImageId) {
        let look = |pane: &Pane| (pane.centre, pane.mm, pane.hanging);
        let before: Vec<_> = self.panes.panes.iter().map(look).collect();
        for pane in 0..self.panes.panes.len() {
            if self.image_of(pane) == Some(id) {
                self.hang_pane(pane);
            }
        }
        self.panes.fit_unplaced();
        // One scale for all: a new image may change every pane's, and mostly does not.
        let after: Vec<_> = self.panes.panes.iter().map(look).collect();
        for (pane, (before, after)) in before.iter().zip(&after).enumerate() {
            if before != after {
                self.mark(pane, true);
            }
        }
    }

    /// Unpacks a little, several volumes side by side; whether there was anything to do.
    pub fn work(&mut self) -> bool {
        let queue = self.queue.clone();
        let rank = |id: &ImageId| queue.iter().position(|q| q == id).unwrap_or(usize::MAX);
        let mut busy: Vec<(usize, ImageId, &mut Box<Fetch>)> = self
            .images
            .iter_mut()
            .filter_map(|(id, loading)| match loading {
                Loading::Reading(fetch) if fetch.has_work() => Some((rank(id), *id, fetch)),
                _ => None,
            })
            .collect();
        busy.sort_by_key(|(rank, _, _)| *rank);
        busy.truncate(rayon::current_num_threads().clamp(1, SIDE_BY_SIDE));
        if busy.is_empty() {
            return false;
        }
        let volumes = hanging::volumes(&self.files);
        let facts: BTreeMap<u32, (String, String)> = busy
            .iter()
            .filter_map(|(_, id, _)| {
                let file = volumes.get(id.volume as usize)?.file;
                let role = file.role.as_ref().map_or("", |r| r.as_str()).to_owned();
                let stem = super::names::image_stem(&file.path).unwrap_or_default();
                let suffix = stem.rsplit('_').next().unwrap_or_default().to_ascii_lowercase();
                Some((id.volume, (role, suffix)))
            })
            .collect();
        let done: Vec<(ImageId, Result<Option<Image>, AnnotateError>)> = busy
            .into_par_iter()
            .map(|(_, id, fetch)| {
                let made = fetch.work().map(|read| {
                    let frames = fetch.announced().map_or(1, |a| a.frames);
                    read.map(|read| {
                        let (role, suffix) = facts.get(&id.volume).cloned().unwrap_or_default();
                        Image::new(read, &role, &suffix, frames)
                    })
                });
                (id, made)
            })
            .collect();
        for (id, outcome) in done {
            match outcome {
                Ok(Some(image)) => {
                    self.images.insert(id, Loading::Ready(Arc::new(image)));
                    self.told.push(id.volume);
                    self.arrived = true;
                    self.restale(id);
                }
                Ok(None) => {}
                Err(fault) => self.fail(id, &fault),
            }
        }
        true
    }

    /// Whether a volume has come since this was asked last.
    pub fn take_arrived(&mut self) -> bool {
        std::mem::take(&mut self.arrived)
    }

    /// Whether everything that was asked for is there, or can't be.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        !self
            .queue
            .iter()
            .any(|id| matches!(self.images.get(id), Some(Loading::Waiting | Loading::Reading(_))))
    }

    /// Volumes of which something changed since this was asked last.
    pub fn take_told(&mut self) -> Vec<VolumeFact> {
        let mut told = std::mem::take(&mut self.told);
        told.sort_unstable();
        told.dedup();
        let all = self.facts();
        told.iter().filter_map(|id| all.get(*id as usize).cloned()).collect()
    }

    /// Asks for the first image of every file of a session.
    pub fn want_session(&mut self, session: usize) {
        let wanted: Vec<ImageId> = hanging::volumes(&self.files)
            .iter()
            .filter(|v| v.session == session)
            .map(|v| ImageId { volume: v.id, frame: 0 })
            .collect();
        for id in wanted {
            if !self.queue.contains(&id) {
                self.queue.push(id);
                self.images.entry(id).or_insert(Loading::Waiting);
            }
        }
    }

    /// Asks for volumes, such as those that growing looks at.
    pub fn want(&mut self, volumes: &[u32]) {
        let count = hanging::volumes(&self.files).len() as u32;
        for volume in volumes.iter().copied().filter(|volume| *volume < count) {
            let id = ImageId { volume, frame: 0 };
            if !self.queue.contains(&id) {
                self.queue.insert(0, id);
                self.images.entry(id).or_insert(Loading::Waiting);
            }
        }
    }

    /// Whether two volumes share a frame of reference, or lie in studies that the user lined up.
    #[must_use]
    pub fn share_frame(&self, a: u32, b: u32) -> bool {
        let (a, b) = (self.group_of(a), self.group_of(b));
        let known = |group: u32| self.panes.aligned.iter().any(|(g, _)| *g == group);
        a == b || (known(a) && known(b))
    }

    /// Images of a session that are in memory, the first of each file along time.
    #[must_use]
    pub fn images_of(&self, session: usize) -> Vec<(u32, Arc<Image>)> {
        hanging::volumes(&self.files)
            .iter()
            .filter(|v| v.session == session)
            .filter_map(|v| Some((v.id, self.image(v.id, 0)?)))
            .collect()
    }

    /// An image that is in memory.
    #[must_use]
    pub fn image(&self, volume: u32, frame: u32) -> Option<Arc<Image>> {
        self.ready(ImageId { volume, frame }).cloned()
    }

    // ------------------------------------------------------------ what hangs

    /// The volume whose grid the labels of a session have.
    #[must_use]
    pub fn reference(&self, session: usize) -> Option<u32> {
        hanging::reference(&self.files, &self.protocol, session)
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
                    session: session.map_or(String::new(), |s| s.session.clone()),
                    time_point: session.map_or(String::new(), |s| s.time_point.clone()),
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
            subject: self.files.subject.clone(),
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

    // ------------------------------------------------------------ looking

    /// The size of a pane, device pixels.
    pub fn resize(&mut self, pane: usize, size: [u32; 2]) {
        // A pane larger than any screen is a mistake, and its picture would be memory.
        let size = size.map(|n| n.min(8192));
        if self.sizes.len() <= pane {
            self.sizes.resize(pane + 1, [0, 0]);
        }
        if let Some(known) = self.sizes.get_mut(pane) {
            *known = size;
        }
        self.panes.resize(pane, size);
        self.mark_all();
    }

    /// Sizes of all panes, which outlive cases.
    #[must_use]
    pub fn sizes(&self) -> &[[u32; 2]] {
        &self.sizes
    }

    /// How panes look.
    pub fn set_display(&mut self, display: Display) {
        self.panes.linked = display.linked;
        self.display = display;
        self.mark_all();
    }

    /// Does what hands do in a pane.
    pub fn gesture(&mut self, pane: usize, gesture: Gesture) {
        let finite = |v: &[f64]| v.iter().all(|v| v.is_finite());
        if self.turn_surfaces(pane, gesture) {
            return;
        }
        match gesture {
            Gesture::Scroll { slices } => {
                let changed = self.panes.scroll(pane, slices);
                self.mark_changed(&changed);
            }
            Gesture::Zoom { at, factor } if finite(&at) => {
                let changed = self.panes.zoom(pane, at, factor);
                self.mark_changed(&changed);
            }
            Gesture::Pan { by } if finite(&by) => {
                let changed = self.panes.pan(pane, by);
                self.mark_changed(&changed);
            }
            Gesture::Crosshair { at } if finite(&at) => {
                let changed = self.panes.crosshair(pane, at);
                self.mark_changed(&changed);
            }
            Gesture::Goto { world } if finite(&world) => {
                let changed = self.panes.goto(pane, world);
                self.mark_changed(&changed);
            }
            Gesture::Reset => {
                let changed = self.panes.reset(pane);
                self.mark_changed(&changed);
            }
            Gesture::Orient { orientation } => {
                let changed = self.panes.orient(pane, orientation);
                self.mark_changed(&changed);
            }
            Gesture::Window { by } if finite(&by) => self.adjust(pane, |known, _| {
                // A drag of 300 pixels is e-fold in width, and a width in level.
                let width = known.factor;
                known.factor = (width * (by[0] / 300.0).exp()).clamp(1e-4, 1e4);
                known.shift += by[1] / 300.0 * width;
            }),
            Gesture::SetWindow { width, level } if finite(&[width, level]) && width > 0.0 => {
                self.adjust(pane, |known, image| {
                    if let Some(base) = image.presets.get(known.preset).map(|p| p.window) {
                        known.factor = width / base.width;
                        known.shift = (level - base.level) / base.width;
                    }
                });
            }
            Gesture::ResetWindow => self.adjust(pane, |known, _| *known = Adjusted::default()),
            Gesture::NextPreset => self.adjust(pane, |known, image| {
                let preset = (known.preset + 1) % image.presets.len().max(1);
                *known = Adjusted { preset, ..Adjusted::default() };
            }),
            Gesture::Nudge { by } if finite(&by) => self.nudge(pane, by),
            Gesture::Frame { by } => self.step_frame(pane, by),
            Gesture::Align => {
                self.panes.align();
                self.mark_all();
            }
            Gesture::Unalign => {
                self.panes.unalign();
                self.mark_all();
            }
            _ => {}
        }
    }

    /// What shares its window with a pane.
    fn window_key(&self, pane: usize) -> Option<String> {
        let id = self.image_of(pane)?;
        let volumes = hanging::volumes(&self.files);
        let file = volumes.get(id.volume as usize)?.file;
        let content = self.ready(id).map(|image| image.content);
        Some(match self.protocol.link.window {
            LinkScope::All => format!("all {content:?}"),
            LinkScope::FrameOfReference => format!("frame {} {content:?}", self.group_of(id.volume)),
            LinkScope::Role if self.panes.linked => match &file.role {
                Some(role) => format!("role {role} {}", if file.b_values.len() > 1 { id.frame } else { 0 }),
                None => format!("volume {}", id.volume),
            },
            _ => format!("volume {} {}", id.volume, id.frame),
        })
    }

    fn adjust(&mut self, pane: usize, change: impl FnOnce(&mut Adjusted, &Image)) {
        let Some(key) = self.window_key(pane) else { return };
        let Some(image) = self.image_of(pane).and_then(|id| self.ready(id)).cloned() else { return };
        change(self.windows.entry(key.clone()).or_default(), &image);
        for other in 0..self.panes.panes.len() {
            if self.window_key(other).as_ref() == Some(&key) {
                self.mark(other, true);
            }
        }
    }

    fn window(&self, pane: usize, image: &Image) -> (Window, String) {
        let known = self.window_key(pane).and_then(|key| self.windows.get(&key).copied()).unwrap_or_default();
        let preset = image.presets.get(known.preset % image.presets.len().max(1));
        let base = preset.map_or(Window { width: 1.0, level: 0.5 }, |p| p.window);
        let window =
            Window { width: base.width * known.factor, level: base.level + known.shift * base.width };
        let plain = known.factor == 1.0 && known.shift == 0.0;
        (window, preset.filter(|_| plain).map_or(String::new(), |p| p.name.to_owned()))
    }

    /// Shifts a pane's volume against the patient, mm along the pane's right and down. The reference is what
    /// others are shifted against: it stays.
    fn nudge(&mut self, pane: usize, by: [f64; 2]) {
        let Some(id) = self.image_of(pane) else { return };
        let session = self.session_of(id.volume);
        if session.and_then(|s| self.reference(s)) == Some(id.volume) {
            return;
        }
        let Some(slices) = self.panes.panes.get(pane).and_then(|p| p.slices) else { return };
        let delta = std::array::from_fn(|i| slices.right[i] * by[0] + slices.down[i] * by[1]);
        let shift = self.shifts.entry(id.volume).or_insert([0.0; 3]);
        *shift = add(*shift, delta);
        for other in 0..self.panes.panes.len() {
            if self.image_of(other).is_some_and(|i| i.volume == id.volume) {
                self.hang_pane(other);
            }
        }
    }

    /// Another image along time.
    fn step_frame(&mut self, pane: usize, by: i64) {
        let Some(id) = self.image_of(pane) else { return };
        let Some(frames) = self.ready(id).map(|image| image.frames) else { return };
        let wanted = (i64::from(id.frame) + by).clamp(0, frames as i64 - 1) as u32;
        if wanted == id.frame {
            return;
        }
        self.frames.insert(pane, wanted);
        let image = ImageId { frame: wanted, ..id };
        self.images.entry(image).or_insert(Loading::Waiting);
        if !self.queue.contains(&image) {
            self.queue.insert(0, image);
        }
        self.hang_pane(pane);
    }

    /// The shift of a volume against the patient, mm.
    #[must_use]
    pub fn shift(&self, volume: u32) -> [f64; 3] {
        self.shifts.get(&volume).copied().unwrap_or([0.0; 3])
    }

    /// Where a pane looks and of which session, for strokes: the plane in the world of the session's
    /// reference, and the reference.
    #[must_use]
    pub fn pane_plane(&self, pane: usize) -> Option<(usize, u32, PanePlane)> {
        let id = self.image_of(pane)?;
        let session = self.session_of(id.volume)?;
        let reference = self.reference(session)?;
        let plane = self.panes.panes.get(pane)?.plane()?;
        let by = self.shift(reference);
        Some((session, reference, PanePlane { corner: sub(plane.corner, by), ..plane }))
    }

    /// A change of labels of a session: its panes must be drawn again.
    pub fn labels_changed(&mut self, session: usize) {
        for pane in 0..self.panes.panes.len() {
            if self.image_of(pane).and_then(|id| self.session_of(id.volume)) == Some(session) {
                self.mark(pane, true);
            }
        }
    }

    // ------------------------------------------------------------ drawing

    /// Draws what must be drawn, labels over it; the panes that have a new picture.
    pub fn render(&mut self, layers: &[LabelLayer<'_>]) -> Vec<usize> {
        let count = self.panes.panes.len();
        let wanted: Vec<usize> = (0..count).filter(|i| self.dirty.get(*i) == Some(&true)).collect();
        let mut pictures = std::mem::take(&mut self.pictures);
        let this = &*self;
        let mut jobs: Vec<(usize, &mut Picture)> =
            pictures.iter_mut().enumerate().filter(|(i, _)| wanted.contains(i)).collect();
        jobs.par_iter_mut().for_each(|(pane, picture)| this.paint(*pane, picture, layers));
        let drawn: Vec<usize> = jobs
            .iter()
            .filter(|(_, picture)| picture.width > 0 && picture.height > 0)
            .map(|(pane, _)| *pane)
            .collect();
        self.pictures = pictures;
        self.dirty.fill(false);
        drawn
    }

    fn paint(&self, pane: usize, picture: &mut Picture, layers: &[LabelLayer<'_>]) {
        let Some(at) = self.panes.panes.get(pane) else { return };
        picture.resize(at.size);
        let image = self.image_of(pane).and_then(|id| Some((id, self.ready(id)?)));
        if self.is_surface(pane) {
            let meshes = self.pane_session(pane).and_then(|s| self.surfaces.get(&s));
            match (meshes, self.turned(pane)) {
                (Some(meshes), Some(turned)) => {
                    let meshes: Vec<(&Mesh, [u8; 3])> = meshes.iter().map(|(m, c)| (m, *c)).collect();
                    draw_surfaces(picture, &meshes, &turned);
                }
                _ => picture.pixels.fill(crate::view::BACKGROUND),
            }
            return;
        }
        let (Some((id, image)), Some(own)) = (image, at.own_plane()) else {
            picture.pixels.fill(crate::view::BACKGROUND);
            return;
        };
        let map = PixelMap::new(&own, &image.grid);
        let (window, _) = self.window(pane, image);
        let colours = match self.display.colours {
            Colours::Adc if image.content != Content::Adc => Colours::Grey,
            colours => colours,
        };
        draw(picture, &map, image.grid.dims(), &image.voxels, window, colours, self.display.interpolate);
        if !self.display.labels {
            return;
        }
        let session = self.session_of(id.volume);
        for layer in layers.iter().filter(|layer| Some(layer.session) == session) {
            let Some(plane) = at.plane() else { continue };
            let by = self.reference(layer.session).map_or([0.0; 3], |r| self.shift(r));
            let plane = PanePlane { corner: sub(plane.corner, by), ..plane };
            let map = PixelMap::new(&plane, layer.grid);
            let Some(labels) = label_picture(at.size, &map, layer.grid.dims(), layer.labels) else {
                continue;
            };
            let width = if at.size[0].max(at.size[1]) > 700 { 2 } else { 1 };
            let how = Overlay {
                colours: layer.colours,
                outline: layer.outline.then_some(width),
                opacity: layer.opacity,
            };
            overlay(picture, &labels, &how);
        }
    }

    /// A pane's picture.
    #[must_use]
    pub fn picture(&self, pane: usize) -> Option<&Picture> {
        self.pictures.get(pane)
    }

    /// What words over panes need, of those where it changed since this was asked last.
    pub fn take_states(&mut self) -> Vec<PaneState> {
        let stale = std::mem::replace(&mut self.stale, vec![false; self.panes.panes.len()]);
        stale
            .iter()
            .enumerate()
            .filter(|(_, stale)| **stale)
            .filter_map(|(pane, _)| self.state(pane))
            .collect()
    }

    /// Shows lines of measurements, in place of those before.
    pub fn set_lines(&mut self, lines: Vec<Line>) {
        if self.lines != lines {
            self.lines = lines;
            self.stale.fill(true);
        }
    }

    /// Lines that lie in the slice a pane shows.
    fn lines_in(&self, pane: usize, plane: &PanePlane, step: f64) -> Vec<LineView> {
        let session = self.pane_session(pane);
        let lines = self.lines.iter().filter(|line| Some(line.session) == session);
        lines
            .filter_map(|line| {
                let by = self.reference(line.session).map_or([0.0; 3], |r| self.shift(r));
                let (from, a) = plane.place(add(line.from, by));
                let (to, b) = plane.place(add(line.to, by));
                let lies = a.abs() <= step * 0.5 && b.abs() <= step * 0.5;
                lies.then(|| LineView { from, to, text: line.text.clone() })
            })
            .collect()
    }

    // ------------------------------------------------------------ surfaces

    /// Sessions whose segments a pane shows in 3D.
    #[must_use]
    pub fn sessions_in_3d(&self) -> Vec<usize> {
        let mut found: Vec<usize> = (0..self.panes.panes.len())
            .filter(|p| self.is_surface(*p))
            .filter_map(|p| self.pane_session(p))
            .collect();
        found.dedup();
        found
    }

    /// Shows surfaces of a session's segments.
    pub fn set_surfaces(&mut self, session: usize, surfaces: Vec<(Mesh, [u8; 3])>) {
        self.surfaces.insert(session, surfaces);
        for pane in 0..self.panes.panes.len() {
            if self.is_surface(pane) {
                self.mark(pane, true);
            }
        }
    }

    fn is_surface(&self, pane: usize) -> bool {
        self.stages.get(self.stage).and_then(|s| s.slots.get(pane)).is_some_and(|s| s.surface)
    }

    /// How a pane's surfaces are turned: at first seen from the front, all of them in sight.
    fn turned(&self, pane: usize) -> Option<Turned> {
        let at = self.panes.panes.get(pane)?;
        if let Some(turned) = self.turned {
            return Some(turned);
        }
        let meshes = self.pane_session(pane).and_then(|s| self.surfaces.get(&s));
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for place in meshes.iter().flat_map(|m| m.iter()).flat_map(|(mesh, _)| &mesh.places) {
            for axis in 0..3 {
                low[axis] = low[axis].min(f64::from(place[axis]));
                high[axis] = high[axis].max(f64::from(place[axis]));
            }
        }
        if low[0] > high[0] {
            return None;
        }
        let size = (0..3).map(|i| (high[i] - low[i]).powi(2)).sum::<f64>().sqrt().max(1.0);
        let pixels = f64::from(at.size[0].min(at.size[1]).max(1));
        Some(Turned {
            middle: std::array::from_fn(|i| f64::midpoint(low[i], high[i])),
            right: [-1.0, 0.0, 0.0],
            down: [0.0, 0.0, -1.0],
            mm: size * 1.1 / pixels,
        })
    }

    /// A gesture in a pane of surfaces; whether it was one.
    fn turn_surfaces(&mut self, pane: usize, gesture: Gesture) -> bool {
        if !self.is_surface(pane) {
            return false;
        }
        let Some(mut turned) = self.turned(pane) else { return true };
        match gesture {
            Gesture::Rotate { by } if by.iter().all(|v| v.is_finite()) => turned.turn(by),
            Gesture::Zoom { factor, .. } if factor.is_finite() && factor > 0.0 => {
                turned.mm = (turned.mm / factor).clamp(0.01, 50.0);
            }
            Gesture::Pan { by } if by.iter().all(|v| v.is_finite()) => {
                turned.middle = std::array::from_fn(|i| {
                    turned.middle[i] - (turned.right[i] * by[0] + turned.down[i] * by[1]) * turned.mm
                });
            }
            Gesture::Scroll { slices } => {
                turned.mm = (turned.mm * 1.1_f64.powi(slices as i32)).clamp(0.01, 50.0)
            }
            Gesture::Reset => {
                self.turned = None;
                self.mark(pane, true);
                return true;
            }
            _ => return true,
        }
        self.turned = Some(turned);
        self.mark(pane, true);
        true
    }

    /// What words over a pane of surfaces need.
    fn surface_state(&self, pane: usize) -> Option<PaneState> {
        let turned = self.turned(pane)?;
        let minus = |v: [f64; 3]| v.map(|x| -x);
        Some(PaneState {
            pane,
            slice: 0,
            slices: 0,
            window: WindowView { width: 0.0, level: 0.0, preset: String::new(), unit: String::new() },
            letters: [
                letters(minus(turned.right)),
                letters(turned.right),
                letters(minus(turned.down)),
                letters(turned.down),
            ],
            pixels_per_mm: 1.0 / turned.mm,
            crosshair: None,
            value: None,
            outside: false,
            shift: None,
            lines: Vec::new(),
            frame: 0,
            world: None,
        })
    }

    /// What words over a pane need; `None` for one that shows nothing.
    #[must_use]
    pub fn state(&self, pane: usize) -> Option<PaneState> {
        if self.is_surface(pane) {
            return self.surface_state(pane);
        }
        let at = self.panes.panes.get(pane)?;
        let id = self.image_of(pane)?;
        let image = self.ready(id)?;
        let (slices, slice, plane) = (at.slices?, at.slice()?, at.plane()?);
        let (window, preset) = self.window(pane, image);
        let (place, _) = plane.place(at.focus);
        let own = sub(at.focus, self.shift(id.volume));
        let own = slices.onto(own, slice);
        let voxel = crate::view::WorldToVoxel::of(&image.grid).apply(own);
        let outside = slice < 0 || slice >= i64::from(slices.count);
        let shift = self.shift(id.volume);
        let minus = |v: [f64; 3]| v.map(|x| -x);
        Some(PaneState {
            pane,
            slice,
            slices: slices.count,
            window: WindowView {
                width: window.width,
                level: window.level,
                preset,
                unit: if image.content == Content::Ct { "HU".to_owned() } else { String::new() },
            },
            letters: [
                letters(minus(slices.right)),
                letters(slices.right),
                letters(minus(slices.down)),
                letters(slices.down),
            ],
            pixels_per_mm: 1.0 / at.mm,
            crosshair: Some(place),
            value: if outside { None } else { image.value_at(voxel) },
            outside,
            shift: (shift != [0.0; 3]).then_some(shift),
            lines: self.lines_in(pane, &plane, slices.step),
            frame: id.frame,
            world: Some(at.focus),
        })
    }

    /// Panes of the stage shown.
    #[must_use]
    pub fn panes(&self) -> &Panes {
        &self.panes
    }
}
