//! Growing and shrinking by millimetres, and what is made of them: margins, shells, opening, closing.
//!
//! In: a mask on a box, radii in mm. Out: another mask. Exact by distances: growing takes every voxel with
//! its centre within the radius of a centre inside, shrinking leaves every voxel that has no centre outside
//! within it. Beyond the box is neither inside nor outside.

use super::distance::Distance;
use super::work::Work;

/// A step of morphology.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Grows by mm.
    Grow(f64),
    /// Shrinks by mm.
    Shrink(f64),
}

/// What to do: a mask is changed in turn; what the inner changes leave of it is taken away from the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// For the outcome.
    pub outer: Vec<Change>,
    /// For what is taken away; nothing where there is none.
    pub inner: Option<Vec<Change>>,
}

impl Recipe {
    /// A margin: grown, or shrunk where negative.
    #[must_use]
    pub fn margin(by: f64) -> Self {
        let change = if by < 0.0 { Change::Shrink(-by) } else { Change::Grow(by) };
        Self { outer: vec![change], inner: None }
    }

    /// A shell of which the mask's surface is the inside.
    #[must_use]
    pub fn shell_outwards(mm: f64) -> Self {
        Self { outer: vec![Change::Grow(mm)], inner: Some(Vec::new()) }
    }

    /// A shell in the middle of which the mask's surface runs.
    #[must_use]
    pub fn shell_medial(mm: f64) -> Self {
        Self { outer: vec![Change::Grow(mm / 2.0)], inner: Some(vec![Change::Shrink(mm / 2.0)]) }
    }

    /// A shell of which the mask's surface is the outside.
    #[must_use]
    pub fn shell_inwards(mm: f64) -> Self {
        Self { outer: Vec::new(), inner: Some(vec![Change::Shrink(mm)]) }
    }

    /// Without what is thinner than mm.
    #[must_use]
    pub fn opening(mm: f64) -> Self {
        Self { outer: vec![Change::Shrink(mm / 2.0), Change::Grow(mm / 2.0)], inner: None }
    }

    /// With what is narrower than mm filled.
    #[must_use]
    pub fn closing(mm: f64) -> Self {
        Self { outer: vec![Change::Grow(mm / 2.0), Change::Shrink(mm / 2.0)], inner: None }
    }

    /// How far it reaches beyond the mask, mm.
    #[must_use]
    pub fn reach(&self) -> f64 {
        let far = |changes: &[Change]| {
            let each = changes.iter().map(|c| if let Change::Grow(mm) = c { *mm } else { 0.0 });
            each.sum::<f64>()
        };
        far(&self.outer).max(self.inner.as_deref().map_or(0.0, far))
    }
}

/// A recipe in the making.
#[derive(Debug)]
pub struct Morphology {
    size: [usize; 3],
    spacing: [f64; 3],
    original: Vec<u8>,
    mask: Vec<u8>,
    outer: Option<Vec<u8>>,
    todo: Vec<Change>,
    inner: Option<Vec<Change>>,
    steps: usize,
    done: usize,
    distance: Option<Distance>,
}

impl Morphology {
    /// Of a mask: 1 inside, 0 outside, in scan order of a box with spacing in mm.
    #[must_use]
    pub fn new(mask: Vec<u8>, size: [usize; 3], spacing: [f64; 3], recipe: Recipe) -> Self {
        let steps = recipe.outer.len() + recipe.inner.as_ref().map_or(0, Vec::len);
        let mut todo = recipe.outer;
        todo.reverse();
        Self {
            size,
            spacing,
            original: if recipe.inner.is_some() { mask.clone() } else { Vec::new() },
            mask,
            outer: None,
            todo,
            inner: recipe.inner,
            steps,
            done: 0,
            distance: None,
        }
    }
}

impl Work for Morphology {
    fn step(&mut self, budget: u64) -> bool {
        let Some(change) = self.todo.last().copied() else {
            let Some(mut inner) = self.inner.take() else { return true };
            self.outer = Some(std::mem::replace(&mut self.mask, std::mem::take(&mut self.original)));
            inner.reverse();
            self.todo = inner;
            return self.todo.is_empty();
        };
        let (mm, grow) = match change {
            Change::Grow(mm) => (mm, true),
            Change::Shrink(mm) => (mm, false),
        };
        let (size, spacing, mask) = (self.size, self.spacing, &self.mask);
        let distance = self
            .distance
            .get_or_insert_with(|| Distance::new(size, spacing, mask.iter().map(|m| (*m != 0) == grow)));
        if distance.step(budget) {
            for (at, place) in self.mask.iter_mut().enumerate() {
                if distance.within(at, mm) {
                    *place = u8::from(grow);
                }
            }
            self.distance = None;
            self.todo.pop();
            self.done += 1;
        }
        false
    }

    fn fraction(&self) -> f64 {
        let part = self.distance.as_ref().map_or(0.0, Distance::fraction);
        ((self.done as f64 + part) / self.steps.max(1) as f64).min(1.0)
    }

    fn take(&mut self) -> Vec<u8> {
        let inner = std::mem::take(&mut self.mask);
        let Some(mut outer) = self.outer.take() else { return inner };
        for (outer, inner) in outer.iter_mut().zip(inner) {
            *outer &= 1 - inner.min(1);
        }
        outer
    }
}
