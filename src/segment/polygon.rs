//! Polygons drawn in a plane: the voxels inside, in the slice or through the whole volume.
//!
//! In: corners in mm on a plane. Out: which places of the plane lie inside, by the even-odd rule, and the
//! voxels with centres there. The polygon is closed from its last corner to its first.

use super::growcut::Box3;
use super::space::{Plane, Slab, Space};

/// A polygon, ready to be asked.
#[derive(Clone, Debug)]
pub struct Polygon {
    low: [f64; 2],
    high: [f64; 2],
    /// Edges that pass through each of equal bands from top to bottom.
    bands: Vec<Vec<[[f64; 2]; 2]>>,
}

impl Polygon {
    /// From corners; `None` for fewer than three, or some that are no numbers.
    #[must_use]
    pub fn new(corners: &[[f64; 2]]) -> Option<Self> {
        if corners.len() < 3 || corners.iter().flatten().any(|v| !v.is_finite()) {
            return None;
        }
        let fold = |axis: usize, start: f64, least: fn(f64, f64) -> f64| {
            corners.iter().map(|c| c[axis]).fold(start, least)
        };
        let low = [fold(0, f64::INFINITY, f64::min), fold(1, f64::INFINITY, f64::min)];
        let high = [fold(0, f64::NEG_INFINITY, f64::max), fold(1, f64::NEG_INFINITY, f64::max)];
        let count = corners.len().clamp(1, 512);
        let mut bands = vec![Vec::new(); count];
        let made = Self { low, high, bands: Vec::new() };
        for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            let (a, b) = (made.band(from[1].min(to[1]), count), made.band(from[1].max(to[1]), count));
            for band in bands.iter_mut().take(b + 1).skip(a) {
                band.push([*from, *to]);
            }
        }
        Some(Self { bands, ..made })
    }

    fn band(&self, v: f64, count: usize) -> usize {
        let height = self.high[1] - self.low[1];
        if height <= 0.0 {
            return 0;
        }
        (((v - self.low[1]) / height * count as f64) as usize).min(count - 1)
    }

    /// Whether a place lies inside.
    #[must_use]
    pub fn has(&self, [u, v]: [f64; 2]) -> bool {
        if u < self.low[0] || u > self.high[0] || v < self.low[1] || v > self.high[1] {
            return false;
        }
        let edges = self.bands.get(self.band(v, self.bands.len())).map_or(&[][..], Vec::as_slice);
        let mut inside = false;
        for [a, b] in edges {
            if (a[1] > v) != (b[1] > v) && u < (b[0] - a[0]) * (v - a[1]) / (b[1] - a[1]) + a[0] {
                inside = !inside;
            }
        }
        inside
    }

    /// Visits the voxels of the plane's slice with centres inside, or outside, the polygon; those of the whole
    /// volume, along the plane's normal, where `through`.
    pub fn visit(
        &self,
        space: &Space,
        plane: &Plane,
        through: bool,
        outside: bool,
        mut visit: impl FnMut(usize),
    ) {
        let slab = Slab::new(plane, space);
        let within = if outside || through {
            Box3::whole(space.dims())
        } else {
            let corner = |u: f64, v: f64| {
                space.voxel([0, 1, 2].map(|a| plane.origin[a] + u * plane.right[a] + v * plane.down[a]))
            };
            let corners = [
                corner(self.low[0], self.low[1]),
                corner(self.high[0], self.low[1]),
                corner(self.low[0], self.high[1]),
                corner(self.high[0], self.high[1]),
            ];
            let across = space.vector(slab.normal()).map(|v| v.abs() * slab.half() + 1e-6);
            space.around(&corners, across)
        };
        space.visit(&within, |at, centre| {
            if (through || slab.has(centre)) && self.has(plane.on(centre)) != outside {
                visit(at);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::volume::{Affine, Grid};
    use proptest::prelude::*;

    fn space() -> Space {
        let affine = Affine([[-1.0, 0.0, 0.0, 20.0], [0.0, -1.0, 0.0, 20.0], [0.0, 0.0, 2.0, 0.0]]);
        Space::new(&Grid::new([40, 40, 10], affine).unwrap())
    }

    #[test]
    fn a_circle_has_its_area_in_the_slice_and_its_cylinder_through_it() {
        let space = space();
        let plane = Plane::of_slice(&space, 2, 3);
        let corners: Vec<[f64; 2]> = (0..720)
            .map(|i| {
                let t = f64::from(i).to_radians() / 2.0;
                [19.3 + 12.0 * t.cos(), 20.1 + 12.0 * t.sin()]
            })
            .collect();
        let polygon = Polygon::new(&corners).unwrap();
        let mut slice = Vec::new();
        polygon.visit(&space, &plane, false, false, |at| slice.push(at));
        assert!(slice.iter().all(|at| at / 1600 == 3));
        let area = std::f64::consts::PI * 144.0;
        assert!((slice.len() as f64 / area - 1.0).abs() < 0.02, "{}", slice.len());
        let mut through = 0;
        polygon.visit(&space, &plane, true, false, |_| through += 1);
        assert_eq!(through, slice.len() * 10);
        let mut outside = 0;
        polygon.visit(&space, &plane, false, true, |_| outside += 1);
        assert_eq!(outside, 1600 - slice.len());
    }

    proptest! {
        #[test]
        fn bands_say_what_all_edges_say(
            corners in prop::collection::vec((0.0..40.0_f64, 0.0..40.0_f64), 3..30),
            places in prop::collection::vec((-2.0..42.0_f64, -2.0..42.0_f64), 50),
        ) {
            let corners: Vec<[f64; 2]> = corners.into_iter().map(|(u, v)| [u, v]).collect();
            let polygon = Polygon::new(&corners).unwrap();
            for (u, v) in places {
                // Winding by angles is another way to ask; its parity is the even-odd rule.
                let angle: f64 = corners.iter().zip(corners.iter().cycle().skip(1)).map(|(a, b)| {
                    let (p, q) = ((a[1] - v).atan2(a[0] - u), (b[1] - v).atan2(b[0] - u));
                    let turn = (q - p).rem_euclid(std::f64::consts::TAU);
                    if turn > std::f64::consts::PI { turn - std::f64::consts::TAU } else { turn }
                }).sum();
                let winding = (angle / std::f64::consts::TAU).round() as i64;
                prop_assert_eq!(polygon.has([u, v]), winding % 2 != 0, "at {}, {}", u, v);
            }
        }
    }
}
