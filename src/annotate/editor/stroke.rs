//! Strokes: what a hand draws with a tool in a pane.
//!
//! In: places in voxels of the reference, the plane of the pane, whether it begins, goes on or ends. Out:
//! labels changed within masking, one step of history a stroke. A stroke that is cancelled leaves nothing.

use super::options::Rule;
use super::{Editor, Error, Images, Tool};
use crate::segment::brush::{Brush, sweep};
use crate::segment::difference::Recorder;
use crate::segment::polygon::Polygon;
use crate::segment::space::{Plane, Slab};
use crate::segment::tracing::trace;

/// Where a stroke is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The hand goes down.
    Begin,
    /// It moves.
    Move,
    /// It goes up.
    End,
    /// It is taken back.
    Cancel,
}

/// A piece of a stroke.
#[derive(Clone, Copy, Debug)]
pub struct Stroke<'a> {
    /// With which tool.
    pub tool: Tool,
    /// Where it is.
    pub phase: Phase,
    /// The pane's plane; that of the beginning holds.
    pub plane: Plane,
    /// Places since the piece before, in continuous voxels of the reference.
    pub points: &'a [[f64; 3]],
    /// Paint erases, scissors turn round.
    pub inverted: bool,
}

/// A stroke under way.
#[derive(Debug)]
pub(super) struct Hand {
    tool: Tool,
    inverted: bool,
    plane: Plane,
    /// Places in mm: the last one of a brush, all corners of an outline.
    path: Vec<[f64; 3]>,
    rule: Rule,
    recorder: Recorder,
}

/// Most corners of an outline.
const CORNERS: usize = 100_000;

impl Editor {
    /// Takes a piece of a stroke; one that ends is a step of history.
    ///
    /// # Errors
    /// No segment to draw in, or a locked one; a tool that has no strokes; places that are no numbers.
    pub fn stroke(&mut self, stroke: &Stroke<'_>, images: &Images<'_>) -> Result<(), Error> {
        self.fits(images)?;
        if stroke.points.iter().flatten().any(|v| !v.is_finite()) {
            return Err(Error::Stroke);
        }
        match stroke.phase {
            Phase::Begin => {
                self.cancel_stroke(images)?;
                self.begin_stroke(stroke)?;
                self.go_on(stroke, images)
            }
            Phase::Move => self.go_on(stroke, images),
            Phase::End => {
                self.go_on(stroke, images)?;
                self.end_stroke(images)
            }
            Phase::Cancel => self.cancel_stroke(images),
        }
    }

    fn begin_stroke(&mut self, stroke: &Stroke<'_>) -> Result<(), Error> {
        use Tool::{Draw, Erase, Grow, Islands, LevelTracing, Paint, Scissors};
        if !matches!(stroke.tool, Paint | Erase | Draw | Grow | LevelTracing | Scissors | Islands) {
            return Err(Error::Missing(format!("{} has no strokes", stroke.tool.words())));
        }
        self.at_leisure()?;
        let active = self.active()?.label;
        self.hand = Some(Hand {
            tool: stroke.tool,
            inverted: stroke.inverted,
            plane: stroke.plane,
            path: Vec::new(),
            rule: Rule::new(&self.desk.masking, &self.desk.segments, active),
            recorder: Recorder::default(),
        });
        Ok(())
    }

    /// Takes places; a brush paints at once.
    fn go_on(&mut self, stroke: &Stroke<'_>, images: &Images<'_>) -> Result<(), Error> {
        let Some(hand) = &mut self.hand else { return Ok(()) };
        let places = stroke.points.iter().map(|p| self.space.world(*p));
        if !matches!(hand.tool, Tool::Paint | Tool::Erase | Tool::Grow) {
            if hand.path.len() + stroke.points.len() <= CORNERS {
                hand.path.extend(places);
            }
            return Ok(());
        }
        let options = self.desk.options.brush;
        let brush =
            if options.sphere { Brush::Ball } else { Brush::Disc(Slab::new(&hand.plane, &self.space)) };
        let erase = (hand.tool == Tool::Erase) != hand.inverted;
        let (map, recorder, rule) = (&mut self.map, &mut hand.recorder, &hand.rule);
        for place in places {
            let from = hand.path.last().copied().unwrap_or(place);
            sweep(&self.space, &brush, options.diameter / 2.0, from, place, |at| {
                let label = map.at(at);
                if (label == rule.active) == erase && rule.may(at, label, images.reference) {
                    map.set(at, if erase { 0 } else { rule.active }, recorder);
                }
            });
            hand.path.clear();
            hand.path.push(place);
        }
        let changed = hand.recorder.take_extent(self.map.dims());
        self.touch(changed, images)
    }

    /// Does what an outline means, and writes the step.
    fn end_stroke(&mut self, images: &Images<'_>) -> Result<(), Error> {
        let Some(mut hand) = self.hand.take() else { return Ok(()) };
        let inverted = hand.inverted;
        let words = match hand.tool {
            Tool::Paint | Tool::Erase | Tool::Grow => {
                if (hand.tool == Tool::Erase) == hand.inverted {
                    "Paint"
                } else {
                    "Erase"
                }
            }
            Tool::Draw => {
                self.outline(&mut hand, false, false, inverted, images);
                if inverted { "Erase outline" } else { "Draw" }
            }
            Tool::Scissors => {
                let options = self.desk.options.scissors;
                let outside = options.outside != inverted;
                self.outline(&mut hand, !options.slice_only, outside, options.erase, images);
                "Scissors"
            }
            Tool::LevelTracing => {
                if let Some(place) = hand.path.last().copied() {
                    let (map, recorder, rule) = (&mut self.map, &mut hand.recorder, &hand.rule);
                    trace(&self.space, images.reference, &hand.plane, place, |at| {
                        change(map, recorder, rule, at, inverted, images);
                    });
                }
                "Level tracing"
            }
            Tool::Islands => {
                let place = hand.path.last().copied();
                return self.island_at(place.and_then(|p| self.space.index(self.space.voxel(p))), images);
            }
            _ => return Ok(()),
        };
        let changed = hand.recorder.take_extent(self.map.dims());
        let words = self.words(words);
        self.commit(words, hand.recorder, None);
        self.touch(changed, images)
    }

    /// Fills or erases inside or outside of the outline that was drawn.
    fn outline(&mut self, hand: &mut Hand, through: bool, outside: bool, erase: bool, images: &Images<'_>) {
        let corners: Vec<[f64; 2]> = hand.path.iter().map(|p| hand.plane.on(*p)).collect();
        let Some(polygon) = Polygon::new(&corners) else { return };
        let (map, recorder, rule) = (&mut self.map, &mut hand.recorder, &hand.rule);
        polygon.visit(&self.space, &hand.plane, through, outside, |at| {
            change(map, recorder, rule, at, erase, images);
        });
    }

    /// Takes a stroke under way back.
    pub(super) fn cancel_stroke(&mut self, images: &Images<'_>) -> Result<(), Error> {
        // Whatever is asked now, more volumes may be there than when growing began to wait.
        self.waiting = false;
        let Some(hand) = self.hand.take() else { return Ok(()) };
        let changed = self.map.apply(&hand.recorder.finish(), false)?;
        self.touch(changed, images)
    }
}

/// Gives a voxel to the active segment, or takes it away, within masking.
fn change(
    map: &mut crate::segment::labels::LabelMap,
    recorder: &mut Recorder,
    rule: &Rule,
    at: usize,
    erase: bool,
    images: &Images<'_>,
) {
    let label = map.at(at);
    if (label == rule.active) == erase && rule.may(at, label, images.reference) {
        map.set(at, if erase { 0 } else { rule.active }, recorder);
    }
}
