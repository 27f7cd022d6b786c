//! The editor: segments on a reference image's grid, and all that hands do to them.
//!
//! In: strokes as places in the grid and the plane they were drawn in, wishes as the page words them, images
//! at the time of a call. Out: labels, previews of labels, what changed in them, views for the page, journal
//! records from which all of it is restored. It keeps no image, reads no clock and no file, and holds
//! nothing identified. What takes long goes on in [`Editor::step`].
//!
//! - `segments`, `options`, `views`: what there is, in the page's words.
//! - `stroke`: paint, erase, draw, scissors, level tracing.
//! - `grow`: Grow from seeds, live; `sketch`: the threshold's preview.
//! - `whole`: tools that work on a whole segment.
//! - `measured`: measurements; `save`: files, and labels of elsewhere as a draft.
//! - `records`: the journal; `edits`: segments added, renamed, removed; undo and redo.

mod edits;
mod grow;
mod measured;
mod options;
mod records;
mod save;
mod segments;
mod sketch;
mod stroke;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tool_tests;
mod views;
mod whole;

pub use edits::{AtHand, SegmentEdit};
pub use measured::{Longest, Mean, Measurable, Measured};
pub use options::*;
pub use records::Restored;
pub use save::{SaveAs, Saving};
pub use segments::*;
pub use stroke::{Phase, Stroke};
pub use views::*;

use serde::{Deserialize, Serialize};

use crate::segment::difference::Recorder;
use crate::segment::growcut::Box3;
use crate::segment::history::{Burden, History, Step};
use crate::segment::labels::LabelMap;
use crate::segment::space::Space;
use crate::volume::{Grid, Voxels};

/// Why an edit was not done; every text is for the screen.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A label that no segment has.
    #[error("there is no such segment any more")]
    NoSegment,
    /// Nothing to work on.
    #[error("choose a segment first, or add one")]
    NoActive,
    /// The segment is locked.
    #[error("this segment is locked: unlock it to change it")]
    Locked,
    /// 255 segments.
    #[error("there are 255 segments, and no number is left for another")]
    NoLabelLeft,
    /// A name that cannot be one.
    #[error("a name needs 1 to 64 characters on one line")]
    Name,
    /// An unknown preset.
    #[error("there is no such preset of segments")]
    NoPreset,
    /// An unknown code.
    #[error("this code is not in the table of terms")]
    NoCode,
    /// A place in the order that is none.
    #[error("there is no such place in the list")]
    Place,
    /// An option that makes no sense.
    #[error("{0}")]
    Option(&'static str),
    /// A state of a lesion that contradicts its voxels.
    #[error("{0}")]
    Lesion(&'static str),
    /// A tool that needs something first.
    #[error("{0}")]
    Missing(String),
    /// Something else is under way.
    #[error("{0} is under way: keep or give up its preview first")]
    Busy(&'static str),
    /// A stroke that makes no sense.
    #[error("this stroke has no place in the image")]
    Stroke,
    /// A journal of something else.
    #[error("{0}")]
    Journal(&'static str),
    /// Labels could not be changed, read or written.
    #[error(transparent)]
    Labels(#[from] crate::segment::Error),
}

impl From<crate::segment::growcut::Error> for Error {
    fn from(error: crate::segment::growcut::Error) -> Self {
        Self::Labels(error.into())
    }
}

/// An image beside the reference.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// The volume's number.
    pub id: u32,
    /// Its grid.
    pub grid: &'a Grid,
    /// Its voxels.
    pub voxels: &'a Voxels,
}

/// The images at the time of a call: the editor keeps none.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// The reference's number.
    pub id: u32,
    /// The image whose grid the labels have.
    pub reference: &'a Voxels,
    /// Others that may be grown on, of those that are read.
    pub others: &'a [Image<'a>],
}

/// What is as it is until it is changed again, beside labels: all of it goes into the journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Desk {
    segments: Segments,
    masking: Masking,
    options: ToolOptions,
    tool: Option<Tool>,
    /// Growing had a preview: it is grown again after a restart.
    growing: bool,
    /// The threshold has been set, by the image or the reader.
    threshold_set: bool,
    /// How often the best next place was asked for.
    guidance: u32,
    /// How often growing was kept.
    grown: u32,
}

/// Segments before and after a step, where it changed them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Renamed(Option<Box<[Segments; 2]>>);

impl Burden for Renamed {
    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |both| {
            both.iter()
                .flat_map(|s| &s.list)
                .map(|s| size_of::<Segment>() + s.name.len() + s.term.len())
                .sum()
        })
    }
}

/// Bytes of history, where nothing else is said.
const HISTORY: usize = 256 << 20;

/// Segments on a grid, and all that is done to them.
#[derive(Debug)]
pub struct Editor {
    map: LabelMap,
    space: Space,
    desk: Desk,
    history: History<Renamed>,
    hand: Option<stroke::Hand>,
    growing: Option<grow::Growing>,
    sketch: Option<sketch::Sketch>,
    task: Option<whole::Task>,
    /// Growing goes on when the volumes that drive it are read.
    waiting: bool,
    changed: Option<Box3>,
    /// Journal records that nobody took yet.
    records: Vec<u8>,
    /// The desk as the journal has it.
    desk_kept: Desk,
    journal: JournalView,
}

impl Editor {
    /// An editor without segments, on a grid.
    ///
    /// # Errors
    /// A grid of too many voxels.
    pub fn new(grid: Grid) -> Result<Self, Error> {
        let mut made = Self {
            map: LabelMap::new(grid)?,
            space: Space::new(&grid),
            desk: Desk::default(),
            history: History::new(HISTORY),
            hand: None,
            growing: None,
            sketch: None,
            task: None,
            waiting: false,
            changed: None,
            records: Vec::new(),
            desk_kept: Desk::default(),
            journal: JournalView { kept: true, trouble: String::new() },
        };
        made.record_beginning();
        Ok(made)
    }

    /// The labels' grid: the reference image's.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        self.map.grid()
    }

    /// Labels in scan order on the reference's grid.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        self.map.values()
    }

    /// Labels as they would be if the preview at hand were kept; `None` where there is none.
    #[must_use]
    pub fn preview_labels(&self) -> Option<&[u8]> {
        let grown = self.growing.as_ref().and_then(grow::Growing::labels);
        grown.or(self.sketch.as_ref().map(sketch::Sketch::labels))
    }

    /// The segments in their order, and the one at hand.
    #[must_use]
    pub fn segments(&self) -> &Segments {
        &self.desk.segments
    }

    /// The options of all tools.
    #[must_use]
    pub fn options(&self) -> &ToolOptions {
        &self.desk.options
    }

    /// Where edits may go.
    #[must_use]
    pub fn masking(&self) -> &Masking {
        &self.desk.masking
    }

    /// The box in which labels or their preview may have changed since this was asked last.
    pub fn take_changed(&mut self) -> Option<Box3> {
        self.changed.take()
    }

    /// Whether a stroke is in hand.
    #[must_use]
    pub fn is_drawing(&self) -> bool {
        self.hand.is_some()
    }

    /// Whether [`Editor::step`] has something to do.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.task.is_some() || self.sketch.as_ref().is_some_and(sketch::Sketch::is_busy) || self.grows()
    }

    fn grows(&self) -> bool {
        match &self.growing {
            Some(growing) => growing.is_busy(),
            None => self.desk.growing && !self.waiting,
        }
    }

    /// Goes on with what takes long: some `budget` voxels are looked at. Returns whether more is to do.
    ///
    /// # Errors
    /// What growing refuses; its preview is given up then.
    pub fn step(&mut self, budget: u64, images: &Images<'_>) -> Result<bool, Error> {
        self.fits(images)?;
        self.sketch_anew();
        self.step_task(budget, images)?;
        self.step_sketch(budget, images);
        self.step_growing(budget, images)?;
        Ok(self.is_busy())
    }

    /// Gives up whatever is under way and its preview. Labels and history stay as they are; nothing is left to
    /// [`step`](Self::step).
    pub fn give_up(&mut self) {
        self.task = None;
        self.growing = None;
        self.desk.growing = false;
        if self.sketch.take().is_some() {
            self.desk.tool = None;
        }
        self.changed = Some(Box3::whole(self.map.dims()));
    }

    /// Another volume has been read: what waited for it goes on.
    pub fn volume_read(&mut self) {
        self.waiting = false;
    }

    /// Takes a tool in hand, or none.
    ///
    /// # Errors
    /// An image that does not fit.
    pub fn set_tool(&mut self, tool: Option<Tool>, images: &Images<'_>) -> Result<(), Error> {
        self.fits(images)?;
        self.cancel_stroke(images)?;
        self.desk.tool = tool;
        match tool {
            Some(Tool::Grow) if self.growing.is_none() => self.begin_growing(images)?,
            Some(Tool::Threshold) if !self.desk.threshold_set => {
                let (low, high) = bright_part(images.reference);
                self.desk.options.threshold = ThresholdOptions { low: plain(low), high: plain(high) };
                self.desk.threshold_set = true;
            }
            _ => {}
        }
        self.sketch_anew();
        Ok(())
    }

    /// Changes options of tools.
    ///
    /// # Errors
    /// Options that make no sense.
    pub fn set_options(&mut self, change: OptionsChange, images: &Images<'_>) -> Result<(), Error> {
        self.fits(images)?;
        let before = self.desk.options.clone();
        self.desk.threshold_set |= change.threshold.is_some();
        self.desk.options.change(change)?;
        if self.growing.is_some() && self.desk.options.grow != before.grow {
            self.begin_growing(images)?;
        }
        self.sketch_anew();
        Ok(())
    }

    /// Says where edits may go.
    ///
    /// # Errors
    /// A range that is none.
    pub fn set_masking(&mut self, masking: Masking, images: &Images<'_>) -> Result<(), Error> {
        self.fits(images)?;
        check_range(masking.range)?;
        self.desk.masking = masking;
        self.desk.masking.range = masking.range.map(|(a, b)| (plain(a), plain(b)));
        self.sketch_anew();
        self.regrow(images)
    }

    /// Keeps or gives up the preview at hand. Keeping waits for it to be exact.
    ///
    /// # Errors
    /// Nothing to keep; what growing refuses.
    pub fn end_preview(&mut self, keep: bool, images: &Images<'_>) -> Result<(), Error> {
        self.fits(images)?;
        self.cancel_stroke(images)?;
        if self.task.is_some() {
            while keep && self.task.is_some() {
                self.step_task(u64::MAX, images)?;
            }
            self.task = None;
            Ok(())
        } else if self.growing.is_some() {
            self.end_growing(keep, images)
        } else if self.sketch.is_some() {
            self.end_sketch(keep, images)
        } else {
            Ok(())
        }
    }

    /// Whether the images are those of the grid.
    fn fits(&self, images: &Images<'_>) -> Result<(), Error> {
        let (expected, found) = (self.map.grid().voxels(), images.reference.len() as u64);
        if expected == found { Ok(()) } else { Err(crate::segment::Error::Length { expected, found }.into()) }
    }

    /// The active segment, if it may be changed.
    fn active(&self) -> Result<&Segment, Error> {
        let segment = self.desk.segments.get(self.desk.segments.active).ok_or(Error::NoActive)?;
        if segment.locked { Err(Error::Locked) } else { Ok(segment) }
    }

    /// Labels changed in a box.
    fn touch(&mut self, changed: Option<Box3>, images: &Images<'_>) -> Result<(), Error> {
        if let Some(of) = changed {
            self.changed = Some(self.changed.map_or(of, |c| c.or(&of)));
            self.sketch_box(&of, images);
            self.seeds_changed(&of, images)?;
        }
        Ok(())
    }

    /// Writes a step into history and journal: labels that have changed already, and segments as they were.
    fn commit(&mut self, words: String, recorder: Recorder, before: Option<Segments>) {
        let renamed = before
            .filter(|before| *before != self.desk.segments)
            .map(|before| Box::new([before, self.desk.segments.clone()]));
        if recorder.is_empty() && renamed.is_none() {
            return;
        }
        let step = Step { words, labels: recorder.finish(), other: Renamed(renamed) };
        self.record_step(&step);
        self.history.push(step);
    }

    /// `Paint in Lesion 1`.
    fn words(&self, what: &str) -> String {
        match self.desk.segments.get(self.desk.segments.active) {
            Some(segment) => format!("{what}: {}", segment.name),
            None => what.to_owned(),
        }
    }
}
