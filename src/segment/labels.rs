//! The label map: a number a voxel on the reference image's grid, 0 for none.
//!
//! In: places and labels, differences. Out: the map in scan order, how many voxels each label has at any
//! moment, and what changed. Labels exclude each other: a voxel has one. It has its image's grid to the
//! last bit, and never another.

use super::difference::{Difference, Recorder, Run, extent};
use super::error::Error;
use super::growcut::Box3;
use crate::volume::Grid;

/// Labels on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMap {
    grid: Grid,
    dims: [usize; 3],
    values: Vec<u8>,
    counts: Box<[u64; 256]>,
}

impl LabelMap {
    /// A map without labels.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond 2³² voxels, which differences cannot number.
    pub fn new(grid: Grid) -> Result<Self, Error> {
        let voxels = grid.voxels();
        let len = u32::try_from(voxels).map_err(|_| Error::TooLarge(voxels))? as usize;
        let mut counts = Box::new([0; 256]);
        counts[0] = voxels;
        Ok(Self { grid, dims: grid.dims().map(|d| d as usize), values: vec![0; len], counts })
    }

    /// The grid.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Voxels along x, y, z.
    #[must_use]
    pub fn dims(&self) -> [usize; 3] {
        self.dims
    }

    /// Labels in scan order.
    #[must_use]
    pub fn values(&self) -> &[u8] {
        &self.values
    }

    /// The label at a place in scan order; 0 beyond the map.
    #[must_use]
    pub fn at(&self, at: usize) -> u8 {
        self.values.get(at).copied().unwrap_or(0)
    }

    /// Voxels of a label.
    #[must_use]
    pub fn count(&self, label: u8) -> u64 {
        self.counts[usize::from(label)]
    }

    /// Volume of a voxel, ml.
    #[must_use]
    pub fn voxel_ml(&self) -> f64 {
        self.grid.affine().determinant().abs() / 1000.0
    }

    /// Volume of a label, ml.
    #[must_use]
    pub fn volume_ml(&self, label: u8) -> f64 {
        self.count(label) as f64 * self.voxel_ml()
    }

    /// Sets a voxel and notes it, if that changes it.
    pub fn set(&mut self, at: usize, label: u8, recorder: &mut Recorder) {
        if let Some(place) = self.values.get_mut(at)
            && *place != label
        {
            recorder.note(at as u32, *place, label);
            self.counts[usize::from(*place)] -= 1;
            self.counts[usize::from(label)] += 1;
            *place = label;
        }
    }

    /// Sets all voxels to those of another map, and notes what changes.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn replace(&mut self, values: &[u8], recorder: &mut Recorder) -> Result<(), Error> {
        if values.len() != self.values.len() {
            return Err(Error::Length { expected: self.values.len() as u64, found: values.len() as u64 });
        }
        for (start, block) in values.chunks(64).enumerate().map(|(i, block)| (i * 64, block)) {
            if self.values.get(start..start + block.len()) != Some(block) {
                for (i, label) in block.iter().enumerate() {
                    self.set(start + i, *label, recorder);
                }
            }
        }
        Ok(())
    }

    /// Applies a difference; returns the box that changed.
    ///
    /// # Errors
    /// [`Error::Difference`] where the labels are not those that it was taken from; nothing is changed then.
    pub fn apply(&mut self, difference: &Difference, forwards: bool) -> Result<Option<Box3>, Error> {
        let mut runs = difference.runs()?;
        if !forwards {
            runs.reverse();
            runs.iter_mut().for_each(|run| std::mem::swap(&mut run.before, &mut run.after));
        }
        for (done, run) in runs.iter().enumerate() {
            if !self.change(run) {
                // As it was: what is done is undone.
                for run in runs.iter().take(done).rev() {
                    self.change(&Run { before: run.after, after: run.before, ..*run });
                }
                return Err(Error::Difference);
            }
        }
        Ok(extent(&runs, self.dims))
    }

    /// Changes voxels that all have the label before.
    fn change(&mut self, run: &Run) -> bool {
        let (start, len) = (run.start as usize, run.len as usize);
        let Some(row) = self.values.get_mut(start..start.saturating_add(len)) else { return false };
        if row.iter().any(|v| *v != run.before) {
            return false;
        }
        row.fill(run.after);
        self.counts[usize::from(run.before)] -= len as u64;
        self.counts[usize::from(run.after)] += len as u64;
        true
    }

    /// The box of a label; `None` where it has no voxels.
    #[must_use]
    pub fn extent_of(&self, is: impl Fn(u8) -> bool) -> Option<Box3> {
        let [nx, ny, _] = self.dims;
        let mut found: Option<Box3> = None;
        for (row, line) in self.values.chunks(nx.max(1)).enumerate() {
            let Some(first) = line.iter().position(|v| is(*v)) else { continue };
            let last = line.iter().rposition(|v| is(*v)).unwrap_or(first);
            let (y, z) = (row % ny, row / ny);
            let here = Box3 { low: [first, y, z], high: [last + 1, y + 1, z + 1] };
            found = Some(found.map_or(here, |f| f.or(&here)));
        }
        found
    }
}
