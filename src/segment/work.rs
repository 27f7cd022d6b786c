//! Work that goes on in steps.
//!
//! In: a budget, about so many voxels to look at. Out: whether it is done, and then a map of a box. What is
//! computed does not depend on the size of the steps, nor on threads.

/// Work on a box of voxels.
pub trait Work: std::fmt::Debug + Send + Sync {
    /// Goes on for some `budget` voxels; `true` when done.
    fn step(&mut self, budget: u64) -> bool;

    /// How far it is, 0 to 1.
    fn fraction(&self) -> f64;

    /// What came of it, in scan order of the box.
    fn take(&mut self) -> Vec<u8>;
}

/// A line of voxels through a box: the places of `axis`, starting at line `line`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) start: usize,
    pub(crate) stride: usize,
    pub(crate) len: usize,
}

impl Line {
    /// How many lines a box has along an axis.
    pub(crate) fn count(size: [usize; 3], axis: usize) -> usize {
        (0..3).filter(|a| *a != axis).map(|a| size[a]).product()
    }

    /// A line by its number: those side by side in memory follow each other.
    pub(crate) fn new(size: [usize; 3], axis: usize, line: usize) -> Self {
        let [nx, ny, nz] = size;
        match axis {
            0 => Self { start: line * nx, stride: 1, len: nx },
            1 => Self { start: line / nx * (nx * ny) + line % nx, stride: nx, len: ny },
            _ => Self { start: line, stride: nx * ny, len: nz },
        }
    }

    /// The places of the line.
    pub(crate) fn places(self) -> impl Iterator<Item = usize> {
        (0..self.len).map(move |i| self.start + i * self.stride)
    }
}

/// A pass over all lines of the three axes, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passes {
    size: [usize; 3],
    axis: usize,
    line: usize,
}

impl Passes {
    pub(crate) fn new(size: [usize; 3]) -> Self {
        Self { size, axis: 0, line: 0 }
    }

    /// The next line; `None` when all are done.
    pub(crate) fn next(&mut self) -> Option<(usize, Line)> {
        while self.axis < 3 && self.line >= Line::count(self.size, self.axis) {
            (self.axis, self.line) = (self.axis + 1, 0);
        }
        if self.axis >= 3 {
            return None;
        }
        self.line += 1;
        Some((self.axis, Line::new(self.size, self.axis, self.line - 1)))
    }

    pub(crate) fn fraction(&self) -> f64 {
        let part = self.line as f64 / Line::count(self.size, self.axis.min(2)).max(1) as f64;
        ((self.axis as f64 + part) / 3.0).min(1.0)
    }
}
