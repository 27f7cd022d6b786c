//! Where a voxel of the domain lies in memory.
//!
//! In: the domain's size. Out: offsets. The field has a rim of one voxel that never gets a key: so every
//! voxel has 26 neighbours in memory, and hot loops ask for no borders. Rows are filled up to whole
//! segments of eight voxels.

/// The level of a voxel outside the domain: rim, filling, mask, range.
pub(crate) const OUTSIDE: u16 = u16::MAX;

/// Voxels of a segment: what one byte of marks stands for.
pub(crate) const SEGMENT: usize = 8;

/// Sizes and strides of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Voxels of the domain along x, y, z.
    pub(crate) size: [usize; 3],
    /// Voxels from a row to the next.
    pub(crate) stride: usize,
    /// Rows of a plane, rim included.
    pub(crate) rows: usize,
    /// Voxels from a plane to the next.
    pub(crate) plane: usize,
    /// Segments from a row to the next.
    pub(crate) segments: usize,
}

impl Layout {
    pub(crate) fn new(size: [usize; 3]) -> Self {
        // A rim on both sides, and a place more: rows of three neighbours are loaded as four.
        let stride = (size[0] + 3).next_multiple_of(SEGMENT);
        let rows = size[1] + 2;
        let segments = stride / SEGMENT;
        Self { size, stride, rows, plane: stride * rows, segments }
    }

    /// Voxels of a field, rim included.
    pub(crate) fn len(&self) -> usize {
        self.plane * (self.size[2] + 2)
    }

    /// The place of a voxel.
    pub(crate) fn at(&self, [x, y, z]: [usize; 3]) -> usize {
        (z + 1) * self.plane + (y + 1) * self.stride + x + 1
    }

    /// Planes of the field, rim included.
    pub(crate) fn planes(&self) -> usize {
        self.size[2] + 2
    }

    /// The place of a row's first voxel.
    pub(crate) fn row(&self, y: usize, z: usize) -> usize {
        self.at([0, y, z])
    }

    /// The segment of a place.
    pub(crate) fn segment(&self, at: usize) -> usize {
        at / SEGMENT
    }

    /// The voxel at a place of the domain.
    pub(crate) fn voxel(&self, at: usize) -> [usize; 3] {
        let within = at % self.plane;
        [
            (within % self.stride).saturating_sub(1),
            (within / self.stride).saturating_sub(1),
            (at / self.plane).saturating_sub(1),
        ]
    }

    /// The step in memory to a neighbour.
    pub(crate) fn step(&self, [dx, dy, dz]: [i32; 3]) -> isize {
        dx as isize + dy as isize * self.stride as isize + dz as isize * self.plane as isize
    }
}
