//! Brushes: a disc in a plane, a ball in space, drawn along a path.
//!
//! In: a path in mm, a diameter, the plane that is looked at. Out: the voxels whose centres the brush
//! passes over, and those in which the path itself lies, so that the finest brush paints. Sizes are in mm
//! whatever the voxels' shape, and a fast hand leaves no gaps.

use super::space::{Slab, Space, minus};
use crate::volume::grid::dot;

/// What paints.
#[derive(Clone, Copy, Debug)]
pub enum Brush {
    /// A disc in the plane, one voxel deep.
    Disc(Slab),
    /// A ball.
    Ball,
}

/// Visits the voxels that a brush passes over on its way from one place to another, both in mm. A voxel may
/// be visited twice.
pub fn sweep(
    space: &Space,
    brush: &Brush,
    radius: f64,
    from: [f64; 3],
    to: [f64; 3],
    mut visit: impl FnMut(usize),
) {
    let radius = radius.max(0.0);
    let foot = |place| match brush {
        Brush::Disc(slab) => slab.foot(place),
        Brush::Ball => place,
    };
    let (from, to) = (foot(from), foot(to));
    let way = minus(to, from);
    let length2 = dot(way, way);
    // How far the brush reaches along the grid's axes, voxels.
    let reach = [0, 1, 2].map(|axis| {
        // The row of the inverse: what a mm in each direction is worth in voxels.
        let row = [0, 1, 2].map(|i| {
            let mut mm = [0.0; 3];
            mm[i] = 1.0;
            space.vector(mm)[axis]
        });
        match brush {
            Brush::Ball => radius * dot(row, row).sqrt(),
            Brush::Disc(slab) => {
                let across = dot(row, slab.normal());
                radius * (dot(row, row) - across * across).max(0.0).sqrt() + across.abs() * slab.half()
            }
        }
    });
    let within = space.around(&[space.voxel(from), space.voxel(to)], reach.map(|r| r + 1e-6));
    let most = radius * radius * (1.0 + 1e-9);
    space.visit(&within, |at, centre| {
        let centre = match brush {
            Brush::Disc(slab) if !slab.has(centre) => return,
            Brush::Disc(slab) => slab.foot(centre),
            Brush::Ball => centre,
        };
        let here = minus(centre, from);
        let share = if length2 > 0.0 { (dot(here, way) / length2).clamp(0.0, 1.0) } else { 0.0 };
        let off = [0, 1, 2].map(|a| here[a] - share * way[a]);
        if dot(off, off) <= most {
            visit(at);
        }
    });
    // The path itself, in steps of less than half a voxel.
    let (a, b) = (space.voxel(from), space.voxel(to));
    let far = (0..3).map(|i| (b[i] - a[i]).abs()).fold(0.0, f64::max);
    let steps = (far * 3.0).ceil().clamp(1.0, 100_000.0);
    for i in 0..=steps as u32 {
        let share = f64::from(i) / steps;
        if let Some(at) = space.index([0, 1, 2].map(|k| a[k] + share * (b[k] - a[k]))) {
            visit(at);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::space::Plane;
    use super::*;
    use crate::volume::{Affine, Grid};
    use std::collections::BTreeSet;

    fn grid(affine: Affine) -> Grid {
        Grid::new([40, 36, 20], affine).unwrap()
    }

    fn thick() -> Grid {
        grid(Affine([[-0.8, 0.0, 0.0, 16.0], [0.0, -0.9, 0.0, 16.0], [0.0, 0.0, 3.0, -30.0]]))
    }

    /// Rotated about two axes, left-handed, anisotropic.
    fn oblique() -> Grid {
        let (s, c) = (0.3_f64.sin(), 0.3_f64.cos());
        let x = [c, s, 0.0].map(|v| v * 1.1);
        let y = [-s * c, c * c, s].map(|v| v * 0.9);
        let z = [s * s, -c * s, c].map(|v| v * -2.5);
        grid(Affine::from_columns(x, y, z, [3.0, -7.0, 11.0]))
    }

    fn painted(space: &Space, brush: &Brush, radius: f64, path: &[[f64; 3]]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for pair in path.windows(2) {
            sweep(space, brush, radius, pair[0], pair[1], |at| {
                found.insert(at);
            });
        }
        found
    }

    #[test]
    fn a_ball_holds_the_voxels_within_its_radius_in_mm() {
        for grid in [thick(), oblique()] {
            let space = Space::new(&grid);
            let middle = space.world([20.3, 18.1, 9.6]);
            for radius in [0.2, 2.0, 7.5, 11.0] {
                let found = painted(&space, &Brush::Ball, radius, &[middle, middle]);
                let [nx, ny, nz] = space.dims();
                let mut truth = BTreeSet::from([space.index([20.3, 18.1, 9.6]).unwrap()]);
                for at in 0..nx * ny * nz {
                    let v = [at % nx, at / nx % ny, at / (nx * ny)].map(|v| v as f64);
                    let d = minus(grid.affine().apply(v), middle);
                    if dot(d, d).sqrt() <= radius {
                        truth.insert(at);
                    }
                }
                assert_eq!(found, truth, "radius {radius}");
                let ml = 4.0 / 3.0 * std::f64::consts::PI * radius.powi(3);
                if radius > 7.0 {
                    let counted = found.len() as f64 * grid.affine().determinant().abs();
                    assert!((counted / ml - 1.0).abs() < 0.1, "{counted} mm³ for {ml}");
                }
            }
        }
    }

    #[test]
    fn a_disc_stays_in_its_slice_and_has_the_discs_area() {
        for (grid, spacing) in [(thick(), 0.8 * 0.9), (oblique(), 1.1 * 0.9)] {
            let space = Space::new(&grid);
            for slice in [0, 7, 19] {
                let plane = Plane::of_slice(&space, 2, slice);
                let brush = Brush::Disc(Slab::new(&plane, &space));
                let at = space.world([19.7, 17.2, slice as f64]);
                let found = painted(&space, &brush, 9.0, &[at, at]);
                assert!(found.iter().all(|i| i / (40 * 36) == slice));
                let area = found.len() as f64 * spacing;
                assert!((area / (std::f64::consts::PI * 81.0) - 1.0).abs() < 0.03, "{area}");
            }
        }
    }

    #[test]
    fn an_oblique_disc_paints_what_its_plane_shows() {
        let grid = thick();
        let space = Space::new(&grid);
        let origin = space.world([20.0, 18.0, 10.0]);
        let (s, c) = (0.5_f64.sin(), 0.5_f64.cos());
        let plane = Plane { origin, right: [c, 0.0, s], down: [0.0, -1.0, 0.0] };
        let found = painted(&space, &Brush::Disc(Slab::new(&plane, &space)), 6.0, &[origin, origin]);
        // Every pixel of the pane inside the disc shows a voxel that is painted, but at the rim.
        for i in -50..=50 {
            for j in -50..=50 {
                let (u, v) = (f64::from(i) * 0.1, f64::from(j) * 0.1);
                if u * u + v * v <= 4.5 * 4.5 {
                    let world = [0, 1, 2].map(|a| origin[a] + u * plane.right[a] + v * plane.down[a]);
                    assert!(found.contains(&space.index(space.voxel(world)).unwrap()), "at {u}, {v}");
                }
            }
        }
    }

    #[test]
    fn a_plane_between_two_slices_means_one_of_them_from_either_side() {
        let grid = thick();
        let space = Space::new(&grid);
        let origin = space.world([20.0, 18.0, 9.5]);
        let front = Plane { origin, right: [1.0, 0.0, 0.0], down: [0.0, 1.0, 0.0] };
        let back = Plane { right: [-1.0, 0.0, 0.0], ..front };
        let of = |plane| painted(&space, &Brush::Disc(Slab::new(&plane, &space)), 5.0, &[origin, origin]);
        assert_eq!(of(front), of(back));
        assert!(of(front).iter().all(|i| i / (40 * 36) == 10));
    }

    #[test]
    fn a_fast_hand_leaves_no_gap() {
        let space = Space::new(&thick());
        let plane = Plane::of_slice(&space, 2, 4);
        let brush = Brush::Disc(Slab::new(&plane, &space));
        let (a, b) = (space.world([2.0, 3.0, 4.0]), space.world([37.0, 30.0, 4.0]));
        for radius in [0.05, 3.0] {
            let far = painted(&space, &brush, radius, &[a, b]);
            for i in 0..=1000 {
                let share = f64::from(i) / 1000.0;
                let world = [0, 1, 2].map(|k| a[k] + share * (b[k] - a[k]));
                let here = painted(&space, &brush, radius, &[world, world]);
                assert!(radius < 1.0 || here.is_subset(&far));
                let v = space.voxel(world);
                let beside = far.iter().any(|at| {
                    let (x, y) = ((at % 40) as f64, (at / 40 % 36) as f64);
                    (x - v[0]).abs() <= 1.0 && (y - v[1]).abs() <= 1.0
                });
                assert!(beside);
            }
        }
        // Outside the grid it paints nothing, and harms nothing.
        let out = space.world([-500.0, 3.0, 4.0]);
        assert!(painted(&space, &brush, 3.0, &[out, out]).is_empty());
    }
}
