//! Level tracing: the region around a place that is as bright or brighter, within its outline.
//!
//! In: an image, a plane, a place in it. Out: the voxels of the plane within the outline of the connected
//! region (by faces) of values not below the place's own, holes filled: what 3D Slicer's tool of that name
//! outlines. In planes along the grid pixels are voxels; in oblique ones they are as small as the smallest.

use std::collections::VecDeque;

use super::space::{Plane, Slab, Space};
use crate::volume::Voxels;
use crate::volume::grid::{dot, norm};

/// Most pixels of a plane that is looked at.
const MOST: f64 = 16e6;

/// Visits the voxels within the outline around a place, in mm, of a plane. Nothing where the place lies
/// outside the image.
pub fn trace(space: &Space, voxels: &Voxels, plane: &Plane, place: [f64; 3], mut visit: impl FnMut(usize)) {
    let Some(raster) = Raster::new(space, plane, place) else { return };
    let value = |pixel: [i64; 2]| space.index(space.voxel(raster.world(pixel))).and_then(|at| voxels.get(at));
    let Some(level) = value([0, 0]) else { return };
    let size = [0, 1].map(|a| (raster.high[a] - raster.low[a] + 1) as usize);
    let index = |p: [i64; 2]| (p[1] - raster.low[1]) as usize * size[0] + (p[0] - raster.low[0]) as usize;
    let inside = |p: [i64; 2]| (0..2).all(|a| p[a] >= raster.low[a] && p[a] <= raster.high[a]);
    let beside = |p: [i64; 2]| [[p[0] - 1, p[1]], [p[0] + 1, p[1]], [p[0], p[1] - 1], [p[0], p[1] + 1]];
    // 0 not looked at, 1 in the region, 2 reached from outside.
    let mut seen = vec![0_u8; size[0] * size[1]];
    let mut queue = VecDeque::from([[0, 0]]);
    if let Some(first) = seen.get_mut(index([0, 0])) {
        *first = 1;
    }
    while let Some(pixel) = queue.pop_front() {
        for next in beside(pixel).into_iter().filter(|p| inside(*p)) {
            if let Some(place) = seen.get_mut(index(next))
                && *place == 0
                && value(next).is_some_and(|v| v >= level)
            {
                *place = 1;
                queue.push_back(next);
            }
        }
    }
    // What cannot be reached from the border lies within the outline.
    for x in raster.low[0]..=raster.high[0] {
        queue.extend([[x, raster.low[1]], [x, raster.high[1]]]);
    }
    for y in raster.low[1]..=raster.high[1] {
        queue.extend([[raster.low[0], y], [raster.high[0], y]]);
    }
    while let Some(pixel) = queue.pop_front() {
        if let Some(place) = seen.get_mut(index(pixel))
            && *place == 0
        {
            *place = 2;
            queue.extend(beside(pixel).into_iter().filter(|p| inside(*p)));
        }
    }
    let slab = Slab::new(plane, space);
    let corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(|[i, j]: [usize; 2]| {
        space.voxel(raster.world([[raster.low[0], raster.high[0]][i], [raster.low[1], raster.high[1]][j]]))
    });
    let across = space.vector(slab.normal()).map(|v| v.abs() * slab.half() + 1.0);
    space.visit(&space.around(&corners, across), |at, centre| {
        if slab.has(centre) {
            let pixel = raster.pixel(slab.foot(centre));
            if inside(pixel) && seen.get(index(pixel)).is_some_and(|s| *s != 2) {
                visit(at);
            }
        }
    });
}

/// Pixels of a plane around a place.
struct Raster {
    origin: [f64; 3],
    right: [f64; 3],
    down: [f64; 3],
    low: [i64; 2],
    high: [i64; 2],
}

impl Raster {
    fn new(space: &Space, plane: &Plane, place: [f64; 3]) -> Option<Self> {
        let slab = Slab::new(plane, space);
        let voxel = space.voxel(slab.foot(place));
        let centre = space.index(voxel)?;
        // Along the grid, pixels are voxels; else a square as small as the smallest step.
        let normal = slab.normal();
        let across: Vec<usize> =
            (0..3).filter(|a| dot(normal, space.step(*a)).abs() <= 1e-4 * norm(space.step(*a))).collect();
        let [nx, ny, _] = space.dims();
        let (origin, right, down) = if let [a, b] = across.as_slice() {
            let whole = [centre % nx, centre / nx % ny, centre / (nx * ny)].map(|v| v as f64);
            (slab.foot(space.world(whole)), space.step(*a), space.step(*b))
        } else {
            let least = (0..3).map(|a| norm(space.step(a))).fold(f64::INFINITY, f64::min);
            (slab.foot(place), plane.right.map(|v| v * least), plane.down.map(|v| v * least))
        };
        let mut made = Self { origin, right, down, low: [0; 2], high: [0; 2] };
        for corner in 0..8_usize {
            let v = [0, 1, 2].map(|a| (corner >> a & 1) as f64 * space.dims()[a] as f64 - 0.5);
            let pixel = made.pixel(slab.foot(space.world(v)));
            made.low = [0, 1].map(|a: usize| made.low[a].min(pixel[a]));
            made.high = [0, 1].map(|a: usize| made.high[a].max(pixel[a]));
        }
        let pixels = (0..2).map(|a| (made.high[a] - made.low[a] + 1) as f64).product::<f64>();
        (pixels <= MOST).then_some(made)
    }

    fn world(&self, pixel: [i64; 2]) -> [f64; 3] {
        let [u, v] = pixel.map(|p| p as f64);
        [0, 1, 2].map(|a| self.origin[a] + u * self.right[a] + v * self.down[a])
    }

    /// The pixel that a place of the plane lies in; rows and columns need not be perpendicular.
    fn pixel(&self, world: [f64; 3]) -> [i64; 2] {
        let from = super::space::minus(world, self.origin);
        let (rr, rd, dd) =
            (dot(self.right, self.right), dot(self.right, self.down), dot(self.down, self.down));
        let (r, d) = (dot(from, self.right), dot(from, self.down));
        let whole = rr * dd - rd * rd;
        let (u, v) = ((r * dd - d * rd) / whole, (d * rr - r * rd) / whole);
        [(u + 0.5).floor() as i64, (v + 0.5).floor() as i64]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::volume::{Affine, Grid};

    #[test]
    fn a_bright_ring_is_outlined_with_what_it_encloses() {
        let affine = Affine([[-1.0, 0.0, 0.0, 0.0], [0.0, -1.5, 0.0, 0.0], [0.0, 0.0, 4.0, 0.0]]);
        let space = Space::new(&Grid::new([30, 30, 3], affine).unwrap());
        let distance = |at: usize| {
            let (x, y) = ((at % 30) as f64 - 15.0, (at / 30 % 30) as f64 - 14.0);
            (x * x + y * y).sqrt()
        };
        let values = (0..2700).map(|at| if (5.0..9.0).contains(&distance(at)) { 100 } else { 10 }).collect();
        let voxels = Voxels::I16(values);
        let plane = Plane::of_slice(&space, 2, 1);
        let traced = |x: f64, y: f64| {
            let mut found = Vec::new();
            trace(&space, &voxels, &plane, space.world([x, y, 1.0]), |at| found.push(at));
            found
        };
        let truth: Vec<usize> = (900..1800).filter(|at| distance(*at) < 9.0).collect();
        assert_eq!(traced(22.2, 13.9), truth);
        // On the dark, all is as bright or brighter.
        assert_eq!(traced(1.0, 1.0).len(), 900);
        assert!(traced(-4.0, 0.0).is_empty());
    }

    #[test]
    fn in_an_oblique_plane_it_stays_in_the_plane() {
        let affine = Affine([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
        let space = Space::new(&Grid::new([24, 24, 24], affine).unwrap());
        let middle = [12.0, 12.0, 12.0];
        let values = (0..24 * 24 * 24)
            .map(|at| {
                let v = [at % 24, at / 24 % 24, at / 576].map(|v| v as f64);
                let d = super::super::space::minus(v, middle);
                if dot(d, d) <= 49.0 { 5.0_f32 } else { 1.0 }
            })
            .collect();
        let h = 0.5_f64.sqrt();
        let plane = Plane { origin: middle, right: [h, 0.0, h], down: [0.0, 1.0, 0.0] };
        let mut found = 0;
        let slab = Slab::new(&plane, &space);
        trace(&space, &Voxels::F32(values), &plane, [13.0, 12.0, 13.0], |at| {
            let v = [at % 24, at / 24 % 24, at / 576].map(|v| v as f64);
            assert!(
                slab.has(v)
                    && dot(super::super::space::minus(v, middle), super::super::space::minus(v, middle))
                        <= 64.0
            );
            found += 1;
        });
        // The disc's area, over the density of voxels that an oblique plane passes through.
        assert!((150..260).contains(&found), "{found}");
    }
}
