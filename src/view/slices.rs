//! The slices of a grid in a plane: where they lie, how many, and which way up they hang.
//!
//! Radiological convention: on the left of the screen lies the patient's right; coronal and axial
//! slices are seen from the front and from the feet, sagittal ones with anterior on the left.

use super::plane::{cross, dot, norm};
use crate::volume::Grid;

/// Which planes of a volume are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Orientation {
    /// Perpendicular to the patient's long axis, whatever way the volume was scanned.
    Axial,
    /// Seen from the front.
    Coronal,
    /// Seen from the side.
    Sagittal,
    /// As scanned: the volume's own slices, without interpolation between them.
    Acquired,
}

impl Orientation {
    /// Directions on screen to the right and down, RAS+.
    fn screen(self) -> ([f64; 3], [f64; 3]) {
        match self {
            Self::Coronal => ([-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]),
            Self::Sagittal => ([0.0, -1.0, 0.0], [0.0, 0.0, -1.0]),
            Self::Axial | Self::Acquired => ([-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]),
        }
    }
}

/// Slices of a grid, numbered along `normal`: to superior, to anterior, to the patient's left … as
/// `right × down` points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slices {
    /// Unit vector to the right of the screen.
    pub right: [f64; 3],
    /// Unit vector down the screen.
    pub down: [f64; 3],
    /// Unit vector from slice to slice.
    pub normal: [f64; 3],
    /// Offset of the first slice along `normal`, mm.
    pub first: f64,
    /// Distance between slices, mm.
    pub step: f64,
    /// How many.
    pub count: u32,
    /// The plane that it is nearest to.
    pub nearest: Orientation,
    /// Axis of voxels along which the slices are the grid's own; `None` where they are cut anew.
    pub axis: Option<usize>,
}

/// The axis along which a grid was scanned: the one with the widest step; the third where none is.
#[must_use]
pub fn slice_axis(grid: &Grid) -> usize {
    let [x, y, z] = grid.affine().spacing();
    // A difference of some percent is rounding or an in-plane anisotropy.
    if x > y.max(z) * 1.1 {
        0
    } else if y > x.max(z) * 1.1 {
        1
    } else {
        2
    }
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = norm(v).max(f64::MIN_POSITIVE);
    v.map(|x| x / length)
}

impl Slices {
    /// Slices of a grid.
    #[must_use]
    pub fn new(grid: &Grid, orientation: Orientation) -> Self {
        if orientation == Orientation::Acquired {
            return Self::of_axis(grid, slice_axis(grid));
        }
        let (right, down) = orientation.screen();
        let normal = cross(right, down);
        // Along an axis of the grid the cut is the grid's own slice.
        let aligned = (0..3).find(|axis| {
            let others = (0..3).filter(|other| other != axis);
            others.into_iter().all(|other| dot(unit(grid.affine().column(other)), normal).abs() < 1e-4)
        });
        if let Some(axis) = aligned {
            return Self { right, down, nearest: orientation, ..Self::along(grid, axis, normal) };
        }
        let corners = corners(grid).map(|corner| dot(corner, normal));
        let low = corners.iter().copied().fold(f64::INFINITY, f64::min);
        let high = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let axis = (0..3).max_by(|a, b| {
            let part = |axis: usize| dot(unit(grid.affine().column(axis)), normal).abs();
            part(*a).total_cmp(&part(*b))
        });
        let step = grid.affine().spacing()[axis.unwrap_or(2)];
        let count = ((high - low) / step + 1e-6).floor() as u32 + 1;
        Self { right, down, normal, first: low, step, count, nearest: orientation, axis: None }
    }

    /// The grid's own slices along an axis of voxels.
    fn of_axis(grid: &Grid, axis: usize) -> Self {
        let steps = [0, 1, 2].map(|a| unit(grid.affine().column(a)));
        let [a, b] = match axis {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        let plane = unit(cross(steps[a], steps[b]));
        let nearest = match (0..3).max_by(|i, j| plane[*i].abs().total_cmp(&plane[*j].abs())) {
            Some(0) => Orientation::Sagittal,
            Some(1) => Orientation::Coronal,
            _ => Orientation::Axial,
        };
        let (to_right, to_down) = nearest.screen();
        let towards = |v: [f64; 3], wanted: [f64; 3]| if dot(v, wanted) < 0.0 { v.map(|x| -x) } else { v };
        let across = if dot(steps[a], to_right).abs() >= dot(steps[b], to_right).abs() { a } else { b };
        let right = towards(steps[across], to_right);
        // In a sheared grid the second axis is not perpendicular; the screen's is.
        let down = steps[a + b - across];
        let along = dot(down, right);
        let down = towards(unit(std::array::from_fn(|i| down[i] - right[i] * along)), to_down);
        let normal = cross(right, down);
        Self { right, down, nearest, ..Self::along(grid, axis, normal) }
    }

    fn along(grid: &Grid, axis: usize, normal: [f64; 3]) -> Self {
        let count = grid.dims()[axis];
        let step = dot(grid.affine().column(axis), normal);
        let origin = dot(grid.affine().column(3), normal);
        let first = if step < 0.0 { origin + step * f64::from(count - 1) } else { origin };
        Self {
            right: [0.0; 3],
            down: [0.0; 3],
            normal,
            first,
            step: step.abs(),
            count,
            nearest: Orientation::Acquired,
            axis: Some(axis),
        }
    }

    /// The slice nearest to a world place, unbounded: below 0 and from `count` on lies nothing.
    #[must_use]
    pub fn index(&self, world: [f64; 3]) -> i64 {
        ((dot(world, self.normal) - self.first) / self.step).round() as i64
    }

    /// The place moved along the normal into a slice.
    #[must_use]
    pub fn onto(&self, world: [f64; 3], slice: i64) -> [f64; 3] {
        let by = self.first + self.step * slice as f64 - dot(world, self.normal);
        std::array::from_fn(|i| world[i] + self.normal[i] * by)
    }
}

/// Centres of the eight corner voxels.
fn corners(grid: &Grid) -> [[f64; 3]; 8] {
    let last = grid.dims().map(|n| f64::from(n - 1));
    std::array::from_fn(|i| {
        grid.affine().apply(std::array::from_fn(|axis| if i >> axis & 1 == 1 { last[axis] } else { 0.0 }))
    })
}
