//! Places: voxels and world of a grid, planes through it, and which voxels a plane passes through.
//!
//! In: a grid, a plane in mm. Out: places turned into each other exactly, for any affine, sheared and
//! left-handed ones too. Voxel coordinates are continuous, whole numbers at the centres of voxels.

use super::growcut::Box3;
use crate::volume::grid::{cross, dot, norm};
use crate::volume::{Affine, Grid};

/// A grid's voxels and world.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    dims: [usize; 3],
    affine: Affine,
    /// Rows of the inverse of the 3×3 part: voxels a mm.
    inverse: [[f64; 3]; 3],
}

impl Space {
    /// Of a grid.
    #[must_use]
    pub fn new(grid: &Grid) -> Self {
        let affine = *grid.affine();
        let [a, b, c] = [affine.column(0), affine.column(1), affine.column(2)];
        let whole = affine.determinant();
        let inverse = [cross(b, c), cross(c, a), cross(a, b)].map(|row| row.map(|v| v / whole));
        Self { dims: grid.dims().map(|d| d as usize), affine, inverse }
    }

    /// Voxels along x, y, z.
    #[must_use]
    pub fn dims(&self) -> [usize; 3] {
        self.dims
    }

    /// A step of one voxel along an axis, mm.
    #[must_use]
    pub fn step(&self, axis: usize) -> [f64; 3] {
        self.affine.column(axis)
    }

    /// The world place of a voxel place, mm.
    #[must_use]
    pub fn world(&self, voxel: [f64; 3]) -> [f64; 3] {
        self.affine.apply(voxel)
    }

    /// The voxel place of a world place.
    #[must_use]
    pub fn voxel(&self, world: [f64; 3]) -> [f64; 3] {
        self.vector(minus(world, self.affine.column(3)))
    }

    /// A world vector in voxels.
    #[must_use]
    pub fn vector(&self, mm: [f64; 3]) -> [f64; 3] {
        self.inverse.map(|row| dot(row, mm))
    }

    /// The voxel that a place lies in; `None` outside the grid.
    #[must_use]
    pub fn index(&self, voxel: [f64; 3]) -> Option<usize> {
        let mut at = 0;
        for axis in [2, 1, 0] {
            let v = (voxel[axis] + 0.5).floor();
            if !(v >= 0.0 && v < self.dims[axis] as f64) {
                return None;
            }
            at = at * self.dims[axis] + v as usize;
        }
        Some(at)
    }

    /// The box of voxels whose centres lie within `reach` voxels, an axis each, of places.
    #[must_use]
    pub fn around(&self, places: &[[f64; 3]], reach: [f64; 3]) -> Box3 {
        let mut low = [0; 3];
        let mut high = [0; 3];
        for axis in 0..3 {
            let least = places.iter().map(|p| p[axis]).fold(f64::INFINITY, f64::min) - reach[axis];
            let most = places.iter().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max) + reach[axis];
            let end = self.dims[axis] as f64;
            low[axis] = least.ceil().clamp(0.0, end) as usize;
            high[axis] = (most.floor() + 1.0).clamp(low[axis] as f64, end) as usize;
        }
        Box3 { low, high }
    }

    /// Visits a box's voxels in scan order: their index and their centre in the world.
    pub fn visit(&self, of: &Box3, mut look: impl FnMut(usize, [f64; 3])) {
        let step = self.affine.column(0);
        for z in of.low[2]..of.high[2] {
            for y in of.low[1]..of.high[1] {
                let row = (z * self.dims[1] + y) * self.dims[0];
                let start = self.world([0.0, y as f64, z as f64]);
                for x in of.low[0]..of.high[0] {
                    let along = x as f64;
                    look(row + x, [0, 1, 2].map(|a| start[a] + along * step[a]));
                }
            }
        }
    }
}

/// A plane that is looked at: a place in it and two directions, mm, world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    /// Any place in it.
    pub origin: [f64; 3],
    /// A unit vector to the right of the screen.
    pub right: [f64; 3],
    /// A unit vector down the screen, perpendicular to it.
    pub down: [f64; 3],
}

impl Plane {
    /// The unit vector across it.
    #[must_use]
    pub fn normal(&self) -> [f64; 3] {
        let across = cross(self.right, self.down);
        let length = norm(across).max(f64::MIN_POSITIVE);
        across.map(|v| v / length)
    }

    /// Where a world place lies on it: mm to the right and down.
    #[must_use]
    pub fn on(&self, world: [f64; 3]) -> [f64; 2] {
        let from = minus(world, self.origin);
        [dot(from, self.right), dot(from, self.down)]
    }

    /// The plane through a slice of a grid, seen with its rows to the right.
    #[must_use]
    pub fn of_slice(space: &Space, axis: usize, slice: usize) -> Self {
        let (a, b) = match axis {
            0 => (1, 2),
            1 => (0, 2),
            _ => (0, 1),
        };
        let mut place = [0.0; 3];
        place[axis.min(2)] = slice as f64;
        let right = unit(space.step(a));
        let down = space.step(b);
        let along = dot(down, right);
        let down = unit([0, 1, 2].map(|i| down[i] - along * right[i]));
        Self { origin: space.world(place), right, down }
    }
}

/// The voxels that a plane passes through: those in which a place of it lies, one deep where it runs along
/// the grid.
#[derive(Clone, Copy, Debug)]
pub struct Slab {
    normal: [f64; 3],
    offset: f64,
    half: f64,
}

impl Slab {
    /// Of a plane through a grid.
    #[must_use]
    pub fn new(plane: &Plane, space: &Space) -> Self {
        let mut normal = plane.normal();
        let steps = [0, 1, 2].map(|axis| dot(normal, space.step(axis)));
        let along = (0..3).fold(0, |best, a| if steps[a].abs() > steps[best].abs() { a } else { best });
        // So that a plane midway between two slices means one of them, from whichever side it is looked at.
        if steps[along] < 0.0 {
            normal = normal.map(|v| -v);
        }
        let half = steps.iter().map(|s| s.abs()).sum::<f64>() / 2.0;
        Self { normal, offset: dot(normal, plane.origin), half }
    }

    /// Whether the plane passes through the voxel with this centre.
    #[must_use]
    pub fn has(&self, centre: [f64; 3]) -> bool {
        let above = dot(self.normal, centre) - self.offset;
        // A voxel reaches from half before its centre up to, not including, half behind it.
        above > -self.half * (1.0 - 1e-6) && above <= self.half * (1.0 + 1e-6)
    }

    /// The place of the plane nearest to a place.
    #[must_use]
    pub fn foot(&self, place: [f64; 3]) -> [f64; 3] {
        let above = dot(self.normal, place) - self.offset;
        [0, 1, 2].map(|a| place[a] - above * self.normal[a])
    }

    /// The unit vector across.
    #[must_use]
    pub fn normal(&self) -> [f64; 3] {
        self.normal
    }

    /// Half of its thickness, mm.
    #[must_use]
    pub fn half(&self) -> f64 {
        self.half
    }
}

pub(crate) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn unit(a: [f64; 3]) -> [f64; 3] {
    let length = norm(a).max(f64::MIN_POSITIVE);
    a.map(|v| v / length)
}
