//! Where a pane looks: a plane in the patient, and the way from its pixels to voxels and back.
//!
//! In: an origin, two perpendicular unit vectors and a scale. Out: world places of pixels, pixels of
//! world places, voxel coordinates along a row by one constant step, and the letters at the edges.

use crate::volume::{Affine, Grid};

/// A plane of the patient on a pane. World is RAS+, mm; pixels are device pixels from the top left
/// corner, so that the centre of the first pixel is (0.5, 0.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanePlane {
    /// World place of the pane's top left corner.
    pub corner: [f64; 3],
    /// Unit vector along a row, to the right.
    pub right: [f64; 3],
    /// Unit vector along a column, downwards; perpendicular to `right`.
    pub down: [f64; 3],
    /// Millimetres a pixel.
    pub mm: f64,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl PanePlane {
    /// The plane through `middle`, which is shown in the middle of the pane.
    #[must_use]
    pub fn around(
        middle: [f64; 3],
        right: [f64; 3],
        down: [f64; 3],
        mm: f64,
        [width, height]: [u32; 2],
    ) -> Self {
        let (w, h) = (f64::from(width) * 0.5 * mm, f64::from(height) * 0.5 * mm);
        let corner = std::array::from_fn(|i| middle[i] - right[i] * w - down[i] * h);
        Self { corner, right, down, mm, width, height }
    }

    /// Away from the reader's right and down: `right × down`.
    #[must_use]
    pub fn normal(&self) -> [f64; 3] {
        cross(self.right, self.down)
    }

    /// World place of a place on the pane.
    #[must_use]
    pub fn world(&self, [x, y]: [f64; 2]) -> [f64; 3] {
        std::array::from_fn(|i| self.corner[i] + (self.right[i] * x + self.down[i] * y) * self.mm)
    }

    /// The place on the pane that a world place is seen at, and its distance behind the plane, mm.
    #[must_use]
    pub fn place(&self, world: [f64; 3]) -> ([f64; 2], f64) {
        let from = sub(world, self.corner);
        ([dot(from, self.right) / self.mm, dot(from, self.down) / self.mm], dot(from, self.normal()))
    }
}

/// World → voxel: the inverse of an affine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorldToVoxel {
    rows: [[f64; 3]; 3],
    origin: [f64; 3],
}

impl WorldToVoxel {
    /// Of a grid, whose affine can always be inverted.
    #[must_use]
    pub fn of(grid: &Grid) -> Self {
        let affine: &Affine = grid.affine();
        let [a, b, c] = [affine.column(0), affine.column(1), affine.column(2)];
        let by = 1.0 / dot(a, cross(b, c));
        let scaled = |v: [f64; 3]| v.map(|x| x * by);
        Self {
            rows: [scaled(cross(b, c)), scaled(cross(c, a)), scaled(cross(a, b))],
            origin: affine.column(3),
        }
    }

    /// Continuous voxel coordinates of a world place: whole numbers are centres.
    #[must_use]
    pub fn apply(&self, world: [f64; 3]) -> [f64; 3] {
        self.turn(sub(world, self.origin))
    }

    /// Voxel steps of a world vector.
    #[must_use]
    pub fn turn(&self, vector: [f64; 3]) -> [f64; 3] {
        self.rows.map(|row| dot(row, vector))
    }
}

/// Voxel coordinates of a pane's pixel centres: `first + x·right + y·down` for pixel (x, y) from 0.
///
/// Steps too small to leave their voxel (less than a hundredth over the whole pane) are none, and a
/// plane that close to a slice is in it: what is drawn and what is painted on are one and the same map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelMap {
    /// Of the centre of the first pixel.
    pub first: [f64; 3],
    /// A pixel to the right.
    pub right: [f64; 3],
    /// A pixel down.
    pub down: [f64; 3],
}

/// Voxels that are no distance.
const NEAR: f64 = 0.01;

impl PixelMap {
    /// From a plane to a grid.
    #[must_use]
    pub fn new(plane: &PanePlane, grid: &Grid) -> Self {
        let to_voxel = WorldToVoxel::of(grid);
        let step = |along: [f64; 3], pixels: u32| {
            to_voxel
                .turn(along.map(|v| v * plane.mm))
                .map(|v| if v.abs() * f64::from(pixels.max(1)) < NEAR { 0.0 } else { v })
        };
        let right = step(plane.right, plane.width);
        let down = step(plane.down, plane.height);
        let mut first = to_voxel.apply(plane.world([0.5, 0.5]));
        for axis in 0..3 {
            if right[axis] == 0.0 && down[axis] == 0.0 && (first[axis] - first[axis].round()).abs() < NEAR {
                first[axis] = first[axis].round();
            }
        }
        Self { first, right, down }
    }

    /// Voxel coordinates of the centre of pixel (x, y).
    #[must_use]
    pub fn at(&self, x: f64, y: f64) -> [f64; 3] {
        std::array::from_fn(|i| self.first[i] + self.right[i] * x + self.down[i] * y)
    }

    /// Voxel coordinates of a place on the pane: (0.5, 0.5) is the centre of the first pixel.
    #[must_use]
    pub fn voxel(&self, [x, y]: [f64; 2]) -> [f64; 3] {
        self.at(x - 0.5, y - 0.5)
    }

    /// The axes of voxels that rows and columns of the pane run along, and the third; `None` where the
    /// plane lies oblique in the grid.
    #[must_use]
    pub fn axes(&self) -> Option<[usize; 3]> {
        let only = |step: [f64; 3]| {
            let mut moved = (0..3).filter(|axis| step[*axis] != 0.0);
            match (moved.next(), moved.next()) {
                (Some(axis), None) => Some(axis),
                _ => None,
            }
        };
        let (x, y) = (only(self.right)?, only(self.down)?);
        (x != y).then_some([x, y, 3 - x - y])
    }
}

/// The voxel that a continuous coordinate lies in, if it is one of `n`.
pub(super) fn nearest(v: f64, n: u32) -> Option<usize> {
    let at = (v + 0.5).floor();
    (at >= 0.0 && at < f64::from(n)).then_some(at as usize)
}

/// Least part of a direction that gets a letter: some 11 degrees.
const LETTER: f64 = 0.2;

/// Letters of the patient that a direction points to, the nearest first: `R`, or `AL` where it is
/// oblique. World is RAS+: x grows to the right, y to anterior, z to superior.
#[must_use]
pub fn letters(direction: [f64; 3]) -> String {
    let names = [('R', 'L'), ('A', 'P'), ('S', 'I')];
    let length = dot(direction, direction).sqrt().max(f64::MIN_POSITIVE);
    let mut parts: Vec<(f64, char)> = direction
        .iter()
        .zip(names)
        .map(|(v, (grows, falls))| (v.abs() / length, if *v > 0.0 { grows } else { falls }))
        .collect();
    // Stable: of equal parts the earlier axis is named first.
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts.iter().filter(|(part, _)| *part > LETTER).map(|(_, letter)| *letter).collect()
}

pub(super) use crate::volume::grid::{cross, dot, norm};

pub(super) fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}
