//! Grow from seeds, live: what segments hold are the seeds, and the preview follows them.
//!
//! In: segments' voxels, strokes as boxes, images. Out: a preview of labels that [`Editor::step`] brings up to
//! date exactly after every stroke, undo and erasing; what is missing, in words; how sure it is, and where
//! one more stroke would tell most. Hidden and locked segments take no part, masking bounds it.

use super::options::{Rule, Where};
use super::{Desk, Editor, Error, GrowMetric, Image, Images, Preview, Tool};
use crate::segment::difference::Recorder;
use crate::segment::growcut::{
    Advice, Box3, Channel, Error as GrowError, GrowCut, Input, Margin, Metric, Options, Region, advise,
};
use crate::segment::labels::LabelMap;
use crate::segment::space::Space;
use crate::volume::{Grid, Voxels};
use crate::with_voxels;

/// Where a channel's voxels come from.
#[derive(Debug)]
enum Source {
    Reference,
    /// Another image on the same grid.
    Same(u32),
    /// Another image, laid on the grid.
    Laid(Voxels),
}

/// A preview that grows.
#[derive(Debug)]
pub(super) struct Growing {
    cut: Option<GrowCut>,
    /// What was chosen to drive it, and what does.
    volumes: Vec<u32>,
    sources: Vec<Source>,
    labels: Vec<u8>,
    /// Seeds, where not every segment takes part.
    seeds: Option<Vec<u8>>,
    mask: Option<Vec<u8>>,
    /// Which labels take part.
    part: [bool; 256],
    /// In which voxels it may grow, by their label.
    rule: Rule,
    missing: String,
    note: String,
    fraction: f64,
    done: bool,
    margin: Option<Margin>,
    pub(super) last_ms: Option<f64>,
}

impl Growing {
    pub(super) fn labels(&self) -> Option<&[u8]> {
        self.cut.as_ref().map(|_| self.labels.as_slice())
    }

    /// Whether something bounds where it grows.
    #[cfg(test)]
    pub(super) fn is_masked(&self) -> bool {
        self.mask.is_some()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.cut.is_some() && !self.done
    }

    /// Runs with what it grows from.
    fn with<T>(
        &mut self,
        map: &LabelMap,
        images: &Images<'_>,
        run: impl FnOnce(&Input<'_>, &mut Option<GrowCut>) -> Result<T, GrowError>,
    ) -> Result<T, Error> {
        let Self { cut, sources, seeds, mask, .. } = self;
        let mut channels = Vec::new();
        for source in sources.iter() {
            let voxels = match source {
                Source::Reference => images.reference,
                Source::Laid(voxels) => voxels,
                Source::Same(id) => match images.others.iter().find(|o| o.id == *id) {
                    Some(image) => image.voxels,
                    None => {
                        return Err(Error::Missing("a volume that drives growing is not read yet".into()));
                    }
                },
            };
            channels.push(Channel::alone(voxels));
        }
        let input = Input {
            grid: map.grid(),
            channels: &channels,
            seeds: seeds.as_deref().unwrap_or(map.values()),
            mask: mask.as_deref(),
        };
        run(&input, cut).map_err(Error::from)
    }

    /// Takes the seeds and the mask of a box from the labels; whether the mask changed.
    fn take_box(&mut self, map: &LabelMap, of: &Box3, reference: &Voxels) -> bool {
        let mut remask = false;
        rows(of, map.dims(), |row| {
            for at in row {
                let label = map.at(at);
                if let Some(seed) = self.seeds.as_mut().and_then(|s| s.get_mut(at)) {
                    *seed = if self.part[usize::from(label)] { label } else { 0 };
                }
                if let Some(open) = self.mask.as_mut().and_then(|m| m.get_mut(at)) {
                    let now = u8::from(self.rule.may(at, label, reference));
                    remask |= *open != now;
                    *open = now;
                }
            }
        });
        remask
    }

    /// Takes what has been grown in a box into the preview: labels stay where nothing grows.
    fn refresh(&mut self, map: &LabelMap, of: &Box3) {
        let Some(cut) = &self.cut else { return };
        rows(of, map.dims(), |row| {
            if let Some(row) = self.labels.get_mut(row) {
                row.fill(0);
            }
        });
        cut.write_labels(of, &mut self.labels);
        rows(of, map.dims(), |row| {
            for at in row {
                if let Some(label) = self.labels.get_mut(at).filter(|l| **l == 0) {
                    *label = map.at(at);
                }
            }
        });
    }
}

/// Visits the rows of a box, as places in scan order.
fn rows(of: &Box3, [nx, ny, _]: [usize; 3], mut visit: impl FnMut(std::ops::Range<usize>)) {
    for z in of.low[2]..of.high[2] {
        for y in of.low[1]..of.high[1] {
            let row = (z * ny + y) * nx;
            visit(row + of.low[0]..row + of.high[0]);
        }
    }
}

/// Which labels are seeds, and where those may grow.
pub(super) fn parts(desk: &Desk) -> ([bool; 256], Rule) {
    let part: [bool; 256] = std::array::from_fn(|label| {
        let shown = desk.segments.get(label as u8).is_some_and(|s| s.visible && !s.locked);
        shown && desk.masking.place != Where::Inside(label as u8)
    });
    let mut rule = Rule::new(&desk.masking, &desk.segments, 0);
    // Seeds stay what they are; background is open unless masking says otherwise.
    rule.open_where(|label, open| {
        part[usize::from(label)] || (open && label == 0) || {
            desk.masking.place == Where::Inside(label) && open
        }
    });
    (part, rule)
}

impl Editor {
    /// Begins to grow, or begins anew.
    pub(super) fn begin_growing(&mut self, images: &Images<'_>) -> Result<(), Error> {
        let before = self.growing.take();
        let last_ms = before.as_ref().and_then(|g| g.last_ms);
        self.desk.growing = true;
        let (part, rule) = parts(&self.desk);
        // Laying and comparing volumes takes long, and depends on nothing else.
        let (sources, note) = match before.filter(|g| g.volumes == self.desk.options.grow.volumes) {
            Some(before) => (before.sources, before.note),
            None => self.sources(images).inspect_err(|_| self.desk.growing = false)?,
        };
        // Whether they hold voxels or not: an undo may give them some.
        let some_apart = self.desk.segments.list.iter().any(|s| !part[usize::from(s.label)]);
        let whole = Box3::whole(self.map.dims());
        let masked = some_apart || rule.is_bounded();
        let empty = || vec![0; self.map.values().len()];
        let mut growing = Growing {
            cut: None,
            volumes: self.desk.options.grow.volumes.clone(),
            sources,
            labels: Vec::new(),
            seeds: some_apart.then(empty),
            mask: masked.then(empty),
            part,
            rule,
            missing: String::new(),
            note,
            fraction: 0.0,
            done: false,
            margin: None,
            last_ms,
        };
        if masked {
            growing.take_box(&self.map, &whole, images.reference);
        }
        self.growing = Some(growing);
        self.changed = Some(whole);
        self.sprout(images)
    }

    /// Begins to grow as soon as there are seeds of two segments.
    fn sprout(&mut self, images: &Images<'_>) -> Result<(), Error> {
        let Some(growing) = &mut self.growing else { return Ok(()) };
        let options = Options {
            metric: match self.desk.options.grow.metric {
                GrowMetric::Slicer => Metric::Slicer,
                GrowMetric::Classic => Metric::Classic,
            },
            locality: self.desk.options.grow.locality,
            region: Region::Seeds,
            ..Options::default()
        };
        let made = growing.with(&self.map, images, |input, cut| {
            match GrowCut::new(input, options) {
                Ok(made) => *cut = Some(made),
                Err(GrowError::NoSeeds) => return Ok(Some(None)),
                Err(GrowError::OneLabel(label)) => return Ok(Some(Some(label))),
                Err(error) => return Err(error),
            }
            Ok(None)
        });
        growing.missing = match made {
            Ok(None) => String::new(),
            Ok(Some(None)) => {
                "Paint seeds of two segments: some in what you outline, some around it.".to_owned()
            }
            Ok(Some(Some(label))) => {
                let segment = self.desk.segments.get(label);
                let name = segment.map_or("one segment", |s| s.name.as_str());
                if segment.is_some_and(|s| s.term == "background") {
                    format!("Only {name} has seeds: paint some in what you outline too.")
                } else {
                    format!("Only {name} has seeds: paint some background too, as another segment.")
                }
            }
            Err(error) => {
                self.growing = None;
                self.desk.growing = false;
                return Err(error);
            }
        };
        if growing.cut.is_some() {
            growing.labels = self.map.values().to_vec();
            growing.done = false;
            growing.fraction = 0.0;
        }
        Ok(())
    }

    /// What drives it: the volumes of the options that are read, those of other grids laid on this one.
    fn sources(&self, images: &Images<'_>) -> Result<(Vec<Source>, String), Error> {
        let mut sources = Vec::new();
        for id in &self.desk.options.grow.volumes {
            if *id == images.id {
                sources.push(Source::Reference);
                continue;
            }
            let Some(image) = images.others.iter().find(|o| o.id == *id) else {
                return Err(Error::Missing("a volume that drives growing is not read yet".to_owned()));
            };
            sources.push(if image.grid == self.map.grid() {
                Source::Same(*id)
            } else {
                Source::Laid(lay(self.map.grid(), image)?)
            });
        }
        if sources.is_empty() {
            sources.push(Source::Reference);
        }
        let mut note = String::new();
        if sources.len() > 1 {
            let channels: Vec<Channel<'_>> = sources
                .iter()
                .filter_map(|source| match source {
                    Source::Reference => Some(images.reference),
                    Source::Laid(voxels) => Some(voxels),
                    Source::Same(id) => images.others.iter().find(|o| o.id == *id).map(|o| o.voxels),
                })
                .map(Channel::alone)
                .collect();
            if let Advice::First { channel, voxels } = advise(self.map.grid(), &channels) {
                note = format!(
                    "Volume {} of those chosen lies {voxels:.1} voxels apart (breathing): only the first drives growing.",
                    channel + 1
                );
                sources.truncate(1);
            }
        }
        Ok((sources, note))
    }

    /// Labels changed in a box: seeds, mask and preview follow.
    pub(super) fn seeds_changed(&mut self, of: &Box3, images: &Images<'_>) -> Result<(), Error> {
        let Some(growing) = &mut self.growing else { return Ok(()) };
        growing.margin = None;
        let remask = growing.take_box(&self.map, of, images.reference);
        let there =
            (1..=255).filter(|l: &u8| growing.part[usize::from(*l)] && self.map.count(*l) > 0).count();
        if growing.cut.is_none() || there < 2 {
            // What had grown is shown no more.
            if let Some(cut) = growing.cut.take() {
                let of = *cut.region();
                self.changed = Some(self.changed.map_or(of, |c| c.or(&of)));
            }
            growing.labels = Vec::new();
            return self.sprout(images);
        }
        growing.done = false;
        let map = &self.map;
        growing.with(map, images, |input, cut| {
            let Some(cut) = cut else { return Ok(()) };
            cut.edit(input, of)?;
            if remask { cut.remask(input) } else { Ok(()) }
        })?;
        growing.refresh(map, of);
        Ok(())
    }

    /// Which segments take part, or where, may have changed.
    pub(super) fn regrow(&mut self, images: &Images<'_>) -> Result<(), Error> {
        let Some(growing) = &self.growing else { return Ok(()) };
        let (part, rule) = parts(&self.desk);
        if part == growing.part && rule == growing.rule { Ok(()) } else { self.begin_growing(images) }
    }

    pub(super) fn step_growing(&mut self, budget: u64, images: &Images<'_>) -> Result<(), Error> {
        if self.desk.growing && self.growing.is_none() && !self.waiting {
            // After a restart volumes come one by one.
            let there = |id: &u32| *id == images.id || images.others.iter().any(|o| o.id == *id);
            self.waiting = !self.desk.options.grow.volumes.iter().all(there);
            if !self.waiting {
                self.begin_growing(images)?;
            }
        }
        let Some(growing) = self.growing.as_mut().filter(|g| g.is_busy()) else { return Ok(()) };
        let Some(cut) = &mut growing.cut else { return Ok(()) };
        match cut.step(budget) {
            Ok(progress) => (growing.done, growing.fraction) = (progress.done, progress.fraction),
            Err(error) => {
                self.growing = None;
                self.desk.growing = false;
                return Err(error.into());
            }
        }
        if let Some(of) = cut.take_changed() {
            growing.refresh(&self.map, &of);
            self.changed = Some(self.changed.map_or(of, |c| c.or(&of)));
        }
        Ok(())
    }

    /// Keeps or gives up what has grown.
    pub(super) fn end_growing(&mut self, keep: bool, images: &Images<'_>) -> Result<(), Error> {
        if keep {
            while self.grows() {
                self.step_growing(u64::MAX, images)?;
            }
        }
        let Some(growing) = self.growing.take() else { return Ok(()) };
        let whole = Box3::whole(self.map.dims());
        self.changed = Some(growing.cut.as_ref().map_or(whole, |c| *c.region()));
        if !keep {
            self.desk.growing = false;
            return Ok(());
        }
        if growing.cut.is_none() {
            let missing = growing.missing.clone();
            self.growing = Some(growing);
            return Err(Error::Missing(missing));
        }
        self.desk.growing = false;
        self.desk.grown += 1;
        let mut recorder = Recorder::default();
        self.map.replace(&growing.labels, &mut recorder)?;
        self.commit(Tool::Grow.words().to_owned(), recorder, None);
        Ok(())
    }

    /// The preview at hand, for the page.
    pub(super) fn preview(&self) -> Option<Preview> {
        if let Some(task) = &self.task {
            return Some(task.preview());
        }
        if self.growing.is_none() {
            return self.sketch.as_ref().map(super::sketch::Sketch::preview);
        }
        self.growing.as_ref().map(|growing| Preview {
            tool: Tool::Grow,
            missing: growing.missing.clone(),
            note: growing.note.clone(),
            fraction: if growing.done { 1.0 } else { growing.fraction.min(0.999) },
            last_ms: growing.last_ms,
        })
    }

    /// Says how long the last exact preview took, as whoever has a clock measured it.
    pub fn note_ms(&mut self, ms: f64) {
        if let Some(growing) = &mut self.growing {
            growing.last_ms = Some(ms);
        }
    }

    /// How sure the preview is in a box: margins in scan order, in units of intensity, infinite where it is
    /// sure; `None` until it is exact.
    pub fn margins(&mut self, of: &Box3) -> Option<Vec<f32>> {
        let of = of.and(&Box3::whole(self.map.dims()));
        self.margin().map(|margin| margin.of_box(&of))
    }

    fn margin(&mut self) -> Option<&Margin> {
        let growing = self.growing.as_mut().filter(|g| g.done)?;
        let cut = growing.cut.as_ref()?;
        Some(growing.margin.get_or_insert_with(|| cut.margin()))
    }

    /// Where one more stroke would tell most: the place in mm and the size of the uncertain region; `None`
    /// where it is sure everywhere, or no preview is exact. That it was asked for is written down.
    pub fn next_best(&mut self, images: &Images<'_>) -> Option<([f64; 3], u64)> {
        let (low, high) = images.reference.range()?;
        let under = (high - low) * SURE;
        let next = self.margin()?.next_stroke(under)?;
        self.desk.guidance += 1;
        Some((self.space.world(next.place.map(|v| v as f64)), next.voxels))
    }

    /// How often the reader asked where a stroke would tell most, and how often growing was kept.
    #[must_use]
    pub fn help_used(&self) -> (u32, u32) {
        (self.desk.guidance, self.desk.grown)
    }
}

/// Margins below this share of the image's range are unsure, as in `hepatica growcut --next`.
const SURE: f64 = 0.05;

/// An image laid on another grid: between its voxels linearly, of its own type; beyond it the least value.
fn lay(grid: &Grid, image: &Image<'_>) -> Result<Voxels, Error> {
    let (to, from) = (Space::new(grid), Space::new(image.grid));
    if image.voxels.len() as u64 != image.grid.voxels() {
        return Err(crate::segment::Error::Length {
            expected: image.grid.voxels(),
            found: image.voxels.len() as u64,
        }
        .into());
    }
    let outside = image.voxels.range().map_or(0.0, |(low, _)| low);
    let mut laid = Voxels::zeros(image.voxels.voxel_type(), grid.voxels() as usize);
    let dims = from.dims();
    let value = |world: [f64; 3]| -> f64 {
        let at = from.voxel(world);
        if (0..3).any(|a| at[a] < -0.5 || at[a] > dims[a] as f64 - 0.5) {
            return outside;
        }
        let at = [0, 1, 2].map(|a| at[a].clamp(0.0, dims[a] as f64 - 1.0));
        let low = at.map(|v| v.floor() as usize);
        let part = [0, 1, 2].map(|a| at[a] - low[a] as f64);
        let mut sum = 0.0;
        for corner in 0..8_usize {
            let up = [corner & 1, corner >> 1 & 1, corner >> 2 & 1];
            let share: f64 = (0..3).map(|a| if up[a] == 1 { part[a] } else { 1.0 - part[a] }).product();
            if share > 0.0 {
                let v = [0, 1, 2].map(|a| (low[a] + up[a]).min(dims[a] - 1));
                sum += share * image.voxels.get((v[2] * dims[1] + v[1]) * dims[0] + v[0]).unwrap_or(outside);
            }
        }
        sum
    };
    let whole = !matches!(laid, Voxels::F32(_) | Voxels::F64(_));
    with_voxels!(&mut laid, values => {
        to.visit(&Box3::whole(to.dims()), |at, world| {
            let v = value(world);
            if let Some(place) = values.get_mut(at) {
                *place = (if whole { v.round() } else { v }) as _;
            }
        });
    });
    Ok(laid)
}
