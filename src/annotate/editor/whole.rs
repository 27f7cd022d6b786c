//! Tools that work on a whole segment.
//!
//! In: the tool's options. Out: the segment changed in 3D within masking, one step of history a go. What takes
//! long is [`Work`], goes on in [`Editor::step`], shows how far it is as a preview, and can be given up.

use super::options::{Keep, Operation, Rule, Shell, Smooth};
use super::{Editor, Error, Images, Preview, Segments, Tool};
use crate::segment::between::Between;
use crate::segment::difference::Recorder;
use crate::segment::growcut::Box3;
use crate::segment::islands::{Island, islands};
use crate::segment::morphology::{Morphology, Recipe};
use crate::segment::smooth::{Gaussian, Joint, Median, kernel_half};
use crate::segment::work::Work;
use crate::volume::Voxels;

/// Work under way.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) tool: Tool,
    of: Box3,
    work: Box<dyn Work>,
    /// The outcome is labels of these segments; of the active one alone where there are none.
    joint: Vec<u8>,
    active: u8,
}

impl Task {
    pub(super) fn preview(&self) -> Preview {
        Preview {
            tool: self.tool,
            missing: String::new(),
            note: String::new(),
            fraction: self.work.fraction().min(0.999),
            last_ms: None,
        }
    }
}

impl Editor {
    /// Does what a tool does to the whole segment at hand; long work goes on in [`Editor::step`].
    ///
    /// # Errors
    /// Nothing to work on, an option that makes no sense, a tool that only has strokes.
    pub fn apply_tool(&mut self, tool: Tool, images: &Images<'_>) -> Result<(), Error> {
        self.fits(images)?;
        self.cancel_stroke(images)?;
        self.at_leisure()?;
        let options = self.desk.options.clone();
        match tool {
            Tool::Grow => self.end_growing(true, images),
            Tool::Threshold => self.apply_threshold(images),
            Tool::Margin => self.begin_morphology(tool, Recipe::margin(options.margin.by)),
            Tool::Hollow => {
                let mm = options.hollow.thickness;
                self.begin_morphology(
                    tool,
                    match options.hollow.shell {
                        Shell::Inside => Recipe::shell_outwards(mm),
                        Shell::Medial => Recipe::shell_medial(mm),
                        Shell::Outside => Recipe::shell_inwards(mm),
                    },
                )
            }
            Tool::Smoothing => self.begin_smoothing(options.smoothing.method, options.smoothing.size),
            Tool::FillBetween => self.begin_filling(),
            Tool::Islands => self.apply_islands(images),
            Tool::Logical => self.apply_logical(options.logical.operation, options.logical.with, images),
            Tool::MaskVolume => {
                Err(Error::Missing("masking makes a new volume: its button shows it in a pane".to_owned()))
            }
            Tool::Paint | Tool::Draw | Tool::Erase | Tool::LevelTracing | Tool::Scissors => {
                Err(Error::Missing(format!("{} is drawn in a pane", tool.words())))
            }
        }
    }

    /// Whether no long work is under way.
    pub(super) fn at_leisure(&self) -> Result<(), Error> {
        self.task.as_ref().map_or(Ok(()), |task| Err(Error::Busy(task.tool.words())))
    }

    /// The box of labels and some mm around it, within the grid.
    fn around(&self, is: impl Fn(u8) -> bool, mm: f64) -> Result<Box3, Error> {
        let of = self.map.extent_of(is).ok_or_else(|| Error::Missing("the segment is empty".to_owned()))?;
        let spacing = self.grid().affine().spacing();
        let by = spacing.map(|s| ((mm / s).ceil() as usize).saturating_add(1));
        Ok(Box3 {
            low: [0, 1, 2].map(|a| of.low[a].saturating_sub(by[a])),
            high: [0, 1, 2].map(|a| of.high[a].saturating_add(by[a]).min(self.map.dims()[a])),
        })
    }

    /// What is of a box, in its scan order.
    fn cut<T>(&self, of: &Box3, take: impl Fn(u8) -> T) -> Vec<T> {
        let [nx, ny, _] = self.map.dims();
        let mut out = Vec::with_capacity(of.voxels() as usize);
        for z in of.low[2]..of.high[2] {
            for y in of.low[1]..of.high[1] {
                let row = (z * ny + y) * nx;
                out.extend((of.low[0]..of.high[0]).map(|x| take(self.map.at(row + x))));
            }
        }
        out
    }

    fn begin(&mut self, tool: Tool, of: Box3, work: Box<dyn Work>, joint: Vec<u8>) {
        let active = self.desk.segments.active;
        self.task = Some(Task { tool, of, work, joint, active });
    }

    fn begin_morphology(&mut self, tool: Tool, recipe: Recipe) -> Result<(), Error> {
        let active = self.active()?.label;
        let of = self.around(|v| v == active, recipe.reach())?;
        let mask = self.cut(&of, |v| u8::from(v == active));
        let spacing = self.grid().affine().spacing();
        self.begin(tool, of, Box::new(Morphology::new(mask, of.size(), spacing, recipe)), Vec::new());
        Ok(())
    }

    fn begin_smoothing(&mut self, method: Smooth, mm: f64) -> Result<(), Error> {
        let tool = Tool::Smoothing;
        let active = self.active()?.label;
        let spacing = self.grid().affine().spacing();
        match method {
            Smooth::Opening => self.begin_morphology(tool, Recipe::opening(mm)),
            Smooth::Closing => self.begin_morphology(tool, Recipe::closing(mm)),
            Smooth::Median => {
                let of = self.around(|v| v == active, mm)?;
                let mask = self.cut(&of, |v| u8::from(v == active));
                let work = Median::new(&mask, of.size(), spacing.map(|s| kernel_half(mm, s)));
                self.begin(tool, of, Box::new(work), Vec::new());
                Ok(())
            }
            Smooth::Gaussian => {
                let of = self.around(|v| v == active, 4.0 * mm)?;
                let mask = self.cut(&of, |v| u8::from(v == active));
                self.begin(tool, of, Box::new(Gaussian::new(&mask, of.size(), spacing, mm)), Vec::new());
                Ok(())
            }
            Smooth::Joint => {
                let segments = &self.desk.segments;
                let joint: Vec<u8> =
                    segments.list.iter().filter(|s| s.visible && !s.locked).map(|s| s.label).collect();
                let of = self.around(|v| joint.contains(&v), 4.0 * mm)?;
                let work = Joint::new(self.cut(&of, |v| v), &joint, of.size(), spacing, mm);
                self.begin(tool, of, Box::new(work), joint);
                Ok(())
            }
        }
    }

    fn begin_filling(&mut self) -> Result<(), Error> {
        let active = self.active()?.label;
        let of = self.around(|v| v == active, 0.0)?;
        let mask = self.cut(&of, |v| u8::from(v == active));
        let work = Between::new(mask, of.size(), self.grid().affine().spacing()).ok_or_else(|| {
            Error::Missing("draw the segment in at least two slices with empty ones between them".to_owned())
        })?;
        self.begin(Tool::FillBetween, of, Box::new(work), Vec::new());
        Ok(())
    }

    /// Goes on with long work; when it is done, it is a step of history.
    pub(super) fn step_task(&mut self, budget: u64, images: &Images<'_>) -> Result<(), Error> {
        let Some(task) = &mut self.task else { return Ok(()) };
        if !task.work.step(budget) {
            return Ok(());
        }
        let Some(mut task) = self.task.take() else { return Ok(()) };
        let found = task.work.take();
        let rule = Rule::new(&self.desk.masking, &self.desk.segments, task.active);
        let mut recorder = Recorder::default();
        let [nx, ny, _] = self.map.dims();
        let of = task.of;
        let mut found = found.into_iter();
        for z in of.low[2]..of.high[2] {
            for y in of.low[1]..of.high[1] {
                let row = (z * ny + y) * nx;
                for (at, outcome) in (of.low[0]..of.high[0]).map(|x| row + x).zip(&mut found) {
                    let label = self.map.at(at);
                    let to = if task.joint.is_empty() {
                        match (outcome != 0, label == task.active) {
                            (true, false) => task.active,
                            (false, true) => 0,
                            _ => continue,
                        }
                    } else if label == 0 || task.joint.contains(&label) {
                        outcome
                    } else {
                        continue;
                    };
                    if to != label && rule.may(at, label, images.reference) {
                        self.map.set(at, to, &mut recorder);
                    }
                }
            }
        }
        let words = self.words(task.tool.words());
        self.finish_step(words, recorder, None, images)
    }

    /// Writes a step whose labels are changed already.
    fn finish_step(
        &mut self,
        words: String,
        mut recorder: Recorder,
        before: Option<Segments>,
        images: &Images<'_>,
    ) -> Result<(), Error> {
        let changed = recorder.take_extent(self.map.dims());
        self.commit(words, recorder, before);
        self.touch(changed, images)
    }

    /// The segment becomes what lies in the range, within masking.
    fn apply_threshold(&mut self, images: &Images<'_>) -> Result<(), Error> {
        let active = self.active()?.label;
        let rule = Rule::new(&self.desk.masking, &self.desk.segments, active);
        let range = self.desk.options.threshold;
        let mut recorder = Recorder::default();
        for at in 0..self.map.values().len() {
            let label = self.map.at(at);
            let to = threshold(images.reference, at, label, active, (range.low, range.high));
            if to != label && rule.may(at, label, images.reference) {
                self.map.set(at, to, &mut recorder);
            }
        }
        let words = self.words(Tool::Threshold.words());
        self.finish_step(words, recorder, None, images)
    }

    fn apply_islands(&mut self, images: &Images<'_>) -> Result<(), Error> {
        let active = self.active()?.label;
        let found = islands(self.map.values(), self.map.dims(), |v| v == active);
        if found.is_empty() {
            return Err(Error::Missing("the segment is empty".to_owned()));
        }
        let options = self.desk.options.islands;
        let gone: Vec<&Island> = match options.keep {
            Keep::Largest => found.iter().skip(1).collect(),
            Keep::RemoveSmall => found.iter().filter(|i| i.voxels < options.least_voxels).collect(),
            Keep::Split => return self.split_islands(&found, options.least_voxels, images),
            Keep::RemoveSelected | Keep::KeepSelected => {
                return Err(Error::Missing("click on the island in a pane".to_owned()));
            }
        };
        self.clear_islands(&gone, images)
    }

    /// What the islands tool does where it is clicked on.
    pub(super) fn island_at(&mut self, at: Option<usize>, images: &Images<'_>) -> Result<(), Error> {
        let active = self.active()?.label;
        let found = islands(self.map.values(), self.map.dims(), |v| v == active);
        let chosen = at.and_then(|at| found.iter().find(|i| i.has(at)));
        let chosen =
            chosen.ok_or_else(|| Error::Missing("click on an island of the segment at hand".to_owned()))?;
        let gone: Vec<&Island> = match self.desk.options.islands.keep {
            Keep::KeepSelected => found.iter().filter(|i| *i != chosen).collect(),
            Keep::RemoveSelected => vec![chosen],
            _ => return Err(Error::Missing("this works on the whole segment: apply it".to_owned())),
        };
        self.clear_islands(&gone, images)
    }

    fn clear_islands(&mut self, gone: &[&Island], images: &Images<'_>) -> Result<(), Error> {
        let active = self.active()?.label;
        let rule = Rule::new(&self.desk.masking, &self.desk.segments, active);
        let mut recorder = Recorder::default();
        for at in gone.iter().flat_map(|i| i.places()) {
            if rule.may(at, active, images.reference) {
                self.map.set(at, 0, &mut recorder);
            }
        }
        let words = self.words(Tool::Islands.words());
        self.finish_step(words, recorder, None, images)
    }

    /// The largest island stays, each other becomes a segment; those that are too small go.
    fn split_islands(&mut self, found: &[Island], least: u64, images: &Images<'_>) -> Result<(), Error> {
        let parent = self.active()?.clone();
        let rule = Rule::new(&self.desk.masking, &self.desk.segments, parent.label);
        let before = self.desk.segments.clone();
        let used: Vec<bool> = (0..=255).map(|l| self.map.count(l) > 0).collect();
        let used = |label: u8| used.get(usize::from(label)).copied().unwrap_or(false);
        let mut places = Vec::new();
        for (number, island) in found.iter().enumerate().skip(1) {
            if island.voxels < least {
                places.push((island, 0));
                continue;
            }
            let lesion = parent.lesion.is_some().then_some(None);
            let name =
                if lesion.is_some() { String::new() } else { format!("{} {}", parent.name, number + 1) };
            match self.desk.segments.add(&name, &parent.term, lesion, &used) {
                Ok(label) => places.push((island, label)),
                Err(error) => {
                    self.desk.segments = before;
                    return Err(error);
                }
            }
        }
        self.desk.segments.active = parent.label;
        let mut recorder = Recorder::default();
        for (island, label) in places {
            for at in island.places() {
                if rule.may(at, parent.label, images.reference) {
                    self.map.set(at, label, &mut recorder);
                }
            }
        }
        let words = self.words("Split islands");
        self.finish_step(words, recorder, Some(before), images)?;
        self.regrow(images)
    }

    /// Labels exclude each other: what one gains, the other gives.
    fn apply_logical(&mut self, operation: Operation, with: u8, images: &Images<'_>) -> Result<(), Error> {
        let active = self.active()?.label;
        if matches!(operation, Operation::Copy | Operation::Add | Operation::Subtract | Operation::Intersect)
        {
            let other = self.desk.segments.get(with).filter(|s| s.label != active);
            let other =
                other.ok_or_else(|| Error::Missing("choose another segment to combine with".to_owned()))?;
            if other.locked && matches!(operation, Operation::Copy | Operation::Add) {
                return Err(Error::Missing(format!(
                    "{} is locked: its voxels stay where they are",
                    other.name
                )));
            }
        }
        let rule = Rule::new(&self.desk.masking, &self.desk.segments, active);
        let mut recorder = Recorder::default();
        for at in 0..self.map.values().len() {
            let label = self.map.at(at);
            let own = label == active;
            let inside = match operation {
                Operation::Copy => label == with,
                Operation::Add => own || label == with,
                Operation::Subtract => own,
                Operation::Intersect | Operation::Clear => false,
                Operation::Invert => !own,
                Operation::Fill => true,
            };
            if inside != own && rule.may(at, label, images.reference) {
                self.map.set(at, if inside { active } else { 0 }, &mut recorder);
            }
        }
        let words = self.words(match operation {
            Operation::Copy => "Copy segment",
            Operation::Add => "Add segment",
            Operation::Subtract => "Subtract segment",
            Operation::Intersect => "Intersect segments",
            Operation::Invert => "Invert",
            Operation::Clear => "Clear",
            Operation::Fill => "Fill",
        });
        self.finish_step(words, recorder, None, images)
    }

    /// The reference with the segment at hand, or what is around it, filled with a value: a new volume of the
    /// reference's type.
    ///
    /// # Errors
    /// No segment at hand; a value that the type cannot hold.
    pub fn mask_volume(&self, images: &Images<'_>) -> Result<Voxels, Error> {
        self.fits(images)?;
        let active = self.desk.segments.get(self.desk.segments.active).ok_or(Error::NoActive)?.label;
        let options = self.desk.options.mask_volume;
        let mut masked = images.reference.clone();
        macro_rules! fill {
            ($values:expr, $type:ty) => {{
                let fill = options.fill as $type;
                if (f64::from(fill) - options.fill).abs() > options.fill.abs() * 1e-6 {
                    return Err(Error::Option("the fill value does not fit the volume's numbers"));
                }
                for (value, label) in $values.iter_mut().zip(self.map.values()) {
                    if (*label == active) == options.inside {
                        *value = fill;
                    }
                }
            }};
        }
        match &mut masked {
            Voxels::U8(v) => fill!(v, u8),
            Voxels::I16(v) => fill!(v, i16),
            Voxels::U16(v) => fill!(v, u16),
            Voxels::I32(v) => fill!(v, i32),
            Voxels::U32(v) => fill!(v, u32),
            Voxels::F32(v) => fill!(v, f32),
            Voxels::F64(v) => fill!(v, f64),
        }
        Ok(masked)
    }
}

/// A voxel's label under a threshold.
pub(super) fn threshold(reference: &Voxels, at: usize, label: u8, active: u8, (low, high): (f64, f64)) -> u8 {
    let inside = reference.get(at).is_some_and(|v| v >= low && v <= high);
    match (inside, label == active) {
        (true, _) => active,
        (false, true) => 0,
        (false, false) => label,
    }
}
