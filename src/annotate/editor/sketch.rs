//! The threshold's preview: what applying it would give, made slice by slice.
//!
//! In: the range, masking, the reference. Out: labels as they would be. It begins again whenever the range,
//! the segment at hand or masking changes, and follows labels where those change.

use super::options::Rule;
use super::whole::threshold;
use super::{Editor, Error, Images, Preview, Tool};
use crate::segment::growcut::Box3;

/// A preview in the making.
#[derive(Debug)]
pub(super) struct Sketch {
    labels: Vec<u8>,
    range: (f64, f64),
    rule: Rule,
    /// Voxels before this one are done.
    next: usize,
}

impl Sketch {
    pub(super) fn labels(&self) -> &[u8] {
        &self.labels
    }

    pub(super) fn is_busy(&self) -> bool {
        self.next < self.labels.len()
    }

    pub(super) fn preview(&self) -> Preview {
        Preview {
            tool: Tool::Threshold,
            missing: String::new(),
            note: String::new(),
            fraction: self.next as f64 / self.labels.len().max(1) as f64,
            last_ms: None,
        }
    }
}

impl Editor {
    /// Begins, ends or begins again with the sketch, as the tool at hand has it.
    pub(super) fn sketch_anew(&mut self) {
        let active = self.active().map(|s| s.label).ok();
        let wanted = active.filter(|_| self.desk.tool == Some(Tool::Threshold) && self.growing.is_none());
        let Some(active) = wanted else {
            if self.sketch.take().is_some() {
                self.changed = Some(Box3::whole(self.map.dims()));
            }
            return;
        };
        let rule = Rule::new(&self.desk.masking, &self.desk.segments, active);
        let range = (self.desk.options.threshold.low, self.desk.options.threshold.high);
        match &mut self.sketch {
            Some(sketch) if sketch.range == range && sketch.rule == rule => {}
            Some(sketch) => (sketch.range, sketch.rule, sketch.next) = (range, rule, 0),
            None => self.sketch = Some(Sketch { labels: self.map.values().to_vec(), range, rule, next: 0 }),
        }
    }

    /// Goes on with the sketch.
    pub(super) fn step_sketch(&mut self, budget: u64, images: &Images<'_>) {
        let Some(sketch) = self.sketch.as_mut().filter(|s| s.is_busy()) else { return };
        let [nx, ny, nz] = self.map.dims();
        let slice = nx * ny;
        let from = sketch.next;
        let to = from.saturating_add((budget as usize).max(slice)) / slice * slice;
        let to = to.min(slice * nz);
        for at in from..to {
            sketch.take(at, self.map.at(at), images);
        }
        sketch.next = to;
        let of = Box3 { low: [0, 0, from / slice], high: [nx, ny, to.div_ceil(slice)] };
        self.changed = Some(self.changed.map_or(of, |c| c.or(&of)));
    }

    /// Labels changed in a box.
    pub(super) fn sketch_box(&mut self, of: &Box3, images: &Images<'_>) {
        let Some(sketch) = &mut self.sketch else { return };
        let [nx, ny, _] = self.map.dims();
        for z in of.low[2]..of.high[2] {
            for y in of.low[1]..of.high[1] {
                let row = (z * ny + y) * nx;
                for at in row + of.low[0]..row + of.high[0] {
                    sketch.take(at, self.map.at(at), images);
                }
            }
        }
    }

    /// Keeps or gives up the sketch.
    pub(super) fn end_sketch(&mut self, keep: bool, images: &Images<'_>) -> Result<(), Error> {
        if keep {
            self.apply_tool(Tool::Threshold, images)?;
        }
        self.desk.tool = None;
        self.sketch_anew();
        Ok(())
    }
}

impl Sketch {
    fn take(&mut self, at: usize, label: u8, images: &Images<'_>) {
        let to = threshold(images.reference, at, label, self.rule.active, self.range);
        let may = to == label || self.rule.may(at, label, images.reference);
        if let Some(place) = self.labels.get_mut(at) {
            *place = if may { to } else { label };
        }
    }
}
