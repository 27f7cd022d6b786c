//! Measuring a segment: volume, diameters in the plane of acquisition, values in other volumes.
//!
//! In: a label map, volumes with their grids. Out: the longest diameter of one piece in one slice (RECIST 1.1:
//! Eisenhauer et al. 2009) and the longest one perpendicular to it there (WHO), exact over the hull of the
//! outline; mean and standard deviation of the voxels of other volumes that lie in the segment. It says
//! nothing about response.
//!
//! The outline runs midway between a voxel inside and its neighbour outside, as a surface mesh's does: a disc
//! measures its diameter to within a voxel, and a single voxel its side. Labels are carried to another volume's own voxels, by the nearest, never the
//! volume to the labels.

use super::islands::islands;
use super::labels::LabelMap;
use super::space::{Space, minus};
use crate::volume::grid::{dot, norm};
use crate::volume::{Grid, Voxels};

/// A distance between two places, in voxels of the reference.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Diameter {
    /// Millimetres.
    pub mm: f64,
    /// From here.
    pub from: [f64; 3],
    /// To here.
    pub to: [f64; 3],
}

/// Diameters of a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diameters {
    /// The slice they lie in.
    pub slice: usize,
    /// The longest.
    pub longest: Diameter,
    /// The longest perpendicular to it.
    pub perpendicular: Diameter,
}

/// The axis across the slices as they were acquired: the last, unless another one's voxels are clearly longer.
#[must_use]
pub fn slice_axis(grid: &Grid) -> usize {
    let spacing = grid.affine().spacing();
    (0..2).fold(2, |best, a| if spacing[a] > 1.2 * spacing[best] { a } else { best })
}

/// The diameters of a label; `None` where it has no voxels.
#[must_use]
pub fn diameters(map: &LabelMap, label: u8) -> Option<Diameters> {
    let space = Space::new(map.grid());
    let axis = slice_axis(map.grid());
    let of = map.extent_of(|v| v == label)?;
    let dims = map.dims();
    let (a, b) = match axis {
        0 => (1, 2),
        1 => (0, 2),
        _ => (0, 1),
    };
    let stride = [1, dims[0], dims[0] * dims[1]];
    // A plane of its own coordinates, in mm.
    let right = space.step(a);
    let unit = right.map(|v| v / norm(right));
    let step = space.step(b);
    let along = dot(step, unit);
    let rest = [0, 1, 2].map(|i| step[i] - along * unit[i]);
    let down = norm(rest);
    let width = of.high[a] - of.low[a] + 2;
    let height = of.high[b] - of.low[b] + 2;
    let mut best: Option<Diameters> = None;
    for slice in of.low[axis]..of.high[axis] {
        // The slice with a rim of nothing.
        let inside = |u: usize, v: usize| -> bool {
            let (Some(x), Some(y)) = ((u + of.low[a]).checked_sub(1), (v + of.low[b]).checked_sub(1)) else {
                return false;
            };
            x < of.high[a]
                && y < of.high[b]
                && map.at(x * stride[a] + y * stride[b] + slice * stride[axis]) == label
        };
        let flat: Vec<u8> = (0..width * height).map(|i| u8::from(inside(i % width, i / width))).collect();
        for island in islands(&flat, [width, height, 1], |v| v != 0) {
            let mut outline = Vec::new();
            for at in island.places() {
                let (u, v) = (at % width, at / width);
                let place = [u as f64 - 1.0 + of.low[a] as f64, v as f64 - 1.0 + of.low[b] as f64];
                let near = [(at + 1, [0.5, 0.0]), (at + width, [0.0, 0.5])];
                let before = [(at.wrapping_sub(1), [-0.5, 0.0]), (at.wrapping_sub(width), [0.0, -0.5])];
                for (beside, half) in near.into_iter().chain(before) {
                    if flat.get(beside).is_none_or(|v| *v == 0) {
                        outline.push([place[0] + half[0], place[1] + half[1]]);
                    }
                }
            }
            let mm: Vec<[f64; 2]> =
                outline.iter().map(|p| [p[0] * norm(right) + p[1] * along, p[1] * down]).collect();
            let hull = hull(mm);
            let Some((from, to)) = farthest(&hull) else { continue };
            let long = distance(from, to);
            if best.as_ref().is_some_and(|b| b.longest.mm >= long) {
                continue;
            }
            let (p, q) = chord(&hull, [to[1] - from[1], from[0] - to[0]]);
            let back = |place: [f64; 2]| {
                let v = place[1] / down;
                let u = (place[0] - v * along) / norm(right);
                let mut voxel = [0.0; 3];
                (voxel[a], voxel[b], voxel[axis]) = (u, v, slice as f64);
                voxel
            };
            best = Some(Diameters {
                slice,
                longest: Diameter { mm: long, from: back(from), to: back(to) },
                perpendicular: Diameter { mm: distance(p, q), from: back(p), to: back(q) },
            });
        }
    }
    best
}

/// The longest straight line within one slice that leaves the label nowhere, such as across necrosis: what
/// mRECIST measures, where the label is the part that enhances. A reader confirms it. Of long outlines every
/// so many points are taken.
#[must_use]
pub fn unbroken(map: &LabelMap, label: u8) -> Option<(usize, Diameter)> {
    const POINTS: usize = 256;
    let axis = slice_axis(map.grid());
    let of = map.extent_of(|v| v == label)?;
    let dims = map.dims();
    let (a, b) = match axis {
        0 => (1, 2),
        1 => (0, 2),
        _ => (0, 1),
    };
    let stride = [1, dims[0], dims[0] * dims[1]];
    let space = Space::new(map.grid());
    let (right, down) = (space.step(a), space.step(b));
    let (rr, rd, dd) = (dot(right, right), dot(right, down), dot(down, down));
    let long = |p: [f64; 2], q: [f64; 2]| {
        let (u, v) = (q[0] - p[0], q[1] - p[1]);
        (u * u * rr + 2.0 * u * v * rd + v * v * dd).max(0.0).sqrt()
    };
    let mut best: Option<(usize, Diameter)> = None;
    for slice in of.low[axis]..of.high[axis] {
        let inside = |u: i64, v: i64| -> bool {
            (0..dims[a] as i64).contains(&u)
                && (0..dims[b] as i64).contains(&v)
                && map.at(u as usize * stride[a] + v as usize * stride[b] + slice * stride[axis]) == label
        };
        let mut outline = Vec::new();
        for v in of.low[b] as i64..of.high[b] as i64 {
            for u in of.low[a] as i64..of.high[a] as i64 {
                for (du, dv) in [(-1, 0), (0, -1), (1, 0), (0, 1)] {
                    if inside(u, v) && !inside(u + du, v + dv) {
                        outline.push([u as f64 + 0.5 * du as f64, v as f64 + 0.5 * dv as f64]);
                    }
                }
            }
        }
        let every = outline.len().div_ceil(POINTS).max(1);
        let points: Vec<[f64; 2]> = outline.into_iter().step_by(every).collect();
        let least = best.as_ref().map_or(0.0, |(_, d)| d.mm);
        let mut pairs = Vec::new();
        for (i, p) in points.iter().enumerate() {
            pairs.extend(
                points.iter().skip(i + 1).map(|q| (long(*p, *q), *p, *q)).filter(|(mm, ..)| *mm > least),
            );
        }
        pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
        let stays = |p: [f64; 2], q: [f64; 2]| {
            let steps = ((q[0] - p[0]).abs().max((q[1] - p[1]).abs()) * 4.0).ceil().max(1.0);
            (0..steps as u32).all(|i| {
                let share = (f64::from(i) + 0.5) / steps;
                let at = [0, 1].map(|k| (p[k] + share * (q[k] - p[k]) + 0.5).floor() as i64);
                inside(at[0], at[1])
            })
        };
        if let Some((mm, p, q)) = pairs.into_iter().find(|(_, p, q)| stays(*p, *q)) {
            let voxel = |place: [f64; 2]| {
                let mut voxel = [0.0; 3];
                (voxel[a], voxel[b], voxel[axis]) = (place[0], place[1], slice as f64);
                voxel
            };
            best = Some((slice, Diameter { mm, from: voxel(p), to: voxel(q) }));
        }
    }
    best
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The convex hull, anticlockwise (Andrew's monotone chain).
fn hull(mut places: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    places.sort_by(|p, q| p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])));
    places.dedup();
    let turn =
        |o: [f64; 2], p: [f64; 2], q: [f64; 2]| (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0]);
    let half = |places: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for place in places {
            while let [.., o, p] = chain.as_slice()
                && turn(*o, *p, place) <= 0.0
            {
                chain.pop();
            }
            chain.push(place);
        }
        chain.pop();
        chain
    };
    let mut lower = half(&mut places.iter().copied());
    lower.extend(half(&mut places.iter().rev().copied()));
    lower
}

/// The two places that lie farthest apart; the first such pair in order.
fn farthest(hull: &[[f64; 2]]) -> Option<([f64; 2], [f64; 2])> {
    let mut best: Option<(f64, [f64; 2], [f64; 2])> = None;
    for (i, p) in hull.iter().enumerate() {
        for q in hull.iter().skip(i + 1) {
            let far = distance(*p, *q);
            if best.is_none_or(|(b, ..)| far > b) {
                best = Some((far, *p, *q));
            }
        }
    }
    best.map(|(_, p, q)| (p, q))
}

/// The longest chord of a convex hull in a direction: one through a corner.
fn chord(hull: &[[f64; 2]], direction: [f64; 2]) -> ([f64; 2], [f64; 2]) {
    let length = direction[0].hypot(direction[1]).max(f64::MIN_POSITIVE);
    let d = direction.map(|v| v / length);
    let side = |p: [f64; 2]| p[0] * d[1] - p[1] * d[0];
    let first = hull.first().copied().unwrap_or_default();
    let mut best = (0.0, first, first);
    for corner in hull {
        let level = side(*corner);
        // Where the line through the corner meets the hull.
        let mut met: Vec<[f64; 2]> = Vec::new();
        for (p, q) in hull.iter().zip(hull.iter().cycle().skip(1)) {
            let (s, t) = (side(*p) - level, side(*q) - level);
            if s == t {
                continue;
            }
            let share = s / (s - t);
            if (-1e-12..=1.0 + 1e-12).contains(&share) {
                met.push([p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])]);
            }
        }
        if let Some((p, q)) = farthest(&met)
            && distance(p, q) > best.0
        {
            best = (distance(p, q), p, q);
        }
    }
    (best.1, best.2)
}

/// Values within a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values {
    /// How many voxels of the volume.
    pub voxels: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (n − 1); 0 for one voxel.
    pub sd: f64,
}

/// Mean and standard deviation of a volume's own voxels within each label, 0 to 255. A voxel belongs to the
/// label of the reference voxel that its centre, moved by `shift` mm, lies in.
#[must_use]
pub fn values(map: &LabelMap, grid: &Grid, voxels: &Voxels, shift: [f64; 3]) -> Vec<Values> {
    let mut found = vec![Values::default(); 256];
    let Some(of) = map.extent_of(|v| v != 0) else { return found };
    let (reference, other) = (Space::new(map.grid()), Space::new(grid));
    let same = map.grid() == grid && shift == [0.0; 3];
    let corners: Vec<[f64; 3]> = (0..8_usize)
        .map(|c| {
            let edge =
                |a: usize| if c >> a & 1 == 0 { of.low[a] as f64 - 0.5 } else { of.high[a] as f64 - 0.5 };
            other.voxel(minus(reference.world([edge(0), edge(1), edge(2)]), shift))
        })
        .collect();
    // Sums about a running mean (Welford, 1962).
    let mut squares = vec![0.0; 256];
    other.visit(&other.around(&corners, [1.0; 3]), |at, world| {
        let label = if same {
            map.at(at)
        } else {
            let place = [0, 1, 2].map(|a| world[a] + shift[a]);
            reference.index(reference.voxel(place)).map_or(0, |i| map.at(i))
        };
        if label == 0 {
            return;
        }
        let Some(value) = voxels.get(at).filter(|v| v.is_finite()) else { return };
        let (Some(of), Some(square)) =
            (found.get_mut(usize::from(label)), squares.get_mut(usize::from(label)))
        else {
            return;
        };
        of.voxels += 1;
        let off = value - of.mean;
        of.mean += off / of.voxels as f64;
        *square += off * (value - of.mean);
    });
    for (of, square) in found.iter_mut().zip(squares) {
        if of.voxels > 1 {
            of.sd = (square / (of.voxels - 1) as f64).max(0.0).sqrt();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::difference::Recorder;
    use super::*;
    use crate::volume::Affine;

    fn oblique(spacing: [f64; 3], sign: f64) -> Affine {
        let (s, c) = (0.4_f64.sin(), 0.4_f64.cos());
        Affine::from_columns(
            [c, s, 0.0].map(|v| v * spacing[0]),
            [-s * c, c * c, s].map(|v| v * spacing[1]),
            [s * s, -c * s, c].map(|v| v * spacing[2] * sign),
            [13.0, -40.0, 7.0],
        )
    }

    /// A map of what a test of places in mm (from the middle of the grid) says.
    fn painted(dims: [u32; 3], affine: Affine, is: impl Fn([f64; 3]) -> bool) -> LabelMap {
        let grid = Grid::new(dims, affine).unwrap();
        let mut map = LabelMap::new(grid).unwrap();
        let space = Space::new(&grid);
        let middle = space.world(dims.map(|d| f64::from(d) / 2.0));
        let mut recorder = Recorder::default();
        let mut inside = Vec::new();
        space.visit(&super::super::growcut::Box3::whole(space.dims()), |at, world| {
            if is(minus(world, middle)) {
                inside.push(at);
            }
        });
        inside.into_iter().for_each(|at| map.set(at, 3, &mut recorder));
        map
    }

    #[test]
    fn a_balls_diameter_is_its_diameter_in_any_orientation() {
        for (spacing, sign) in [([0.7, 0.7, 3.0], 1.0), ([0.7, 0.9, 2.5], -1.0), ([1.0, 1.0, 1.0], 1.0)] {
            for radius in [6.0, 13.3] {
                let dims = spacing.map(|s| (45.0 / s) as u32);
                let map = painted(dims, oblique(spacing, sign), |p| norm(p) <= radius);
                let found = diameters(&map, 3).unwrap();
                let half = spacing[0].max(spacing[1]);
                assert!((found.longest.mm - 2.0 * radius).abs() < half, "{} for {radius}", found.longest.mm);
                assert!((found.perpendicular.mm - 2.0 * radius).abs() < half);
                // The places say the same, and are perpendicular in the world.
                let world =
                    |d: &Diameter| minus(map.grid().affine().apply(d.to), map.grid().affine().apply(d.from));
                let (long, short) = (world(&found.longest), world(&found.perpendicular));
                assert!((norm(long) - found.longest.mm).abs() < 1e-9);
                assert!(dot(long, short).abs() < 1e-9 * norm(long) * norm(short));
            }
        }
    }

    #[test]
    fn an_ellipse_has_both_its_axes_and_two_pieces_are_not_one() {
        let plain = Affine::from_columns([-0.5, 0.0, 0.0], [0.0, -0.5, 0.0], [0.0, 0.0, 5.0], [0.0; 3]);
        let (s, c) = (0.6_f64.sin(), 0.6_f64.cos());
        let turned = |p: [f64; 3]| [c * p[0] + s * p[1], -s * p[0] + c * p[1]];
        let map = painted([160, 160, 3], plain, |p| {
            let [u, v] = turned(p);
            (u / 30.0).powi(2) + (v / 11.0).powi(2) <= 1.0 && p[2].abs() < 3.0
        });
        let found = diameters(&map, 3).unwrap();
        assert!(
            (found.longest.mm - 60.0).abs() < 0.5 && (found.perpendicular.mm - 22.0).abs() < 0.5,
            "{found:?}"
        );
        let two = painted([160, 160, 3], plain, |p| (p[0].abs() - 20.0).hypot(p[1]) <= 8.0);
        assert!((diameters(&two, 3).unwrap().longest.mm - 16.0).abs() < 0.75);
        assert!(diameters(&two, 4).is_none());
        // One voxel is as long as its sides.
        let one = painted([8, 8, 2], plain, |p| norm(p) < 0.3);
        assert!((diameters(&one, 3).unwrap().longest.mm - 0.5).abs() < 1e-9);
    }

    #[test]
    fn an_unbroken_line_does_not_cross_necrosis() {
        let plain = Affine::from_columns([-0.5, 0.0, 0.0], [0.0, -0.5, 0.0], [0.0, 0.0, 5.0], [0.0; 3]);
        // Around a dead middle: the longest line touches the hole, a chord of the outer circle.
        let ring = painted([160, 160, 3], plain, |p| (10.0..=20.0).contains(&p[0].hypot(p[1])));
        let (_, found) = unbroken(&ring, 3).unwrap();
        let chord = 2.0 * (20.0_f64.powi(2) - 10.0_f64.powi(2)).sqrt();
        assert!((found.mm - chord).abs() < 1.5, "{} for {chord}", found.mm);
        assert!((diameters(&ring, 3).unwrap().longest.mm - 40.0).abs() < 0.75);
        // A whole ball has the same either way.
        let ball = painted([45, 45, 15], oblique([1.0, 1.0, 3.0], -1.0), |p| norm(p) <= 13.0);
        let (_, line) = unbroken(&ball, 3).unwrap();
        assert!((line.mm - diameters(&ball, 3).unwrap().longest.mm).abs() < 0.5);
        let ends = minus(ball.grid().affine().apply(line.to), ball.grid().affine().apply(line.from));
        assert!((norm(ends) - line.mm).abs() < 1e-9);
        assert!(unbroken(&ball, 9).is_none());
    }

    #[test]
    fn values_are_those_of_the_other_volumes_own_voxels() {
        let map = painted([60, 60, 20], oblique([1.0, 1.0, 3.0], 1.0), |p| norm(p) <= 15.0);
        // A coarser grid in other directions, whose value is its world x.
        let grid = Grid::new(
            [40, 40, 40],
            Affine::from_columns([0.0, 2.5, 0.0], [-2.4, 0.0, 0.0], [0.0, 0.0, 2.0], [60.0, -40.0, -20.0]),
        )
        .unwrap();
        let space = Space::new(&grid);
        let mut world = vec![0.0_f32; 64_000];
        space.visit(&super::super::growcut::Box3::whole([40; 3]), |at, w| world[at] = w[0] as f32);
        let reference = Space::new(map.grid());
        for shift in [[0.0; 3], [4.0, -3.0, 2.0]] {
            let found = values(&map, &grid, &Voxels::F32(world.clone()), shift)[3];
            let mut inside = Vec::new();
            space.visit(&super::super::growcut::Box3::whole([40; 3]), |_, w| {
                let place = [0, 1, 2].map(|a| w[a] + shift[a]);
                if reference.index(reference.voxel(place)).is_some_and(|i| map.at(i) == 3) {
                    inside.push(f64::from(w[0] as f32));
                }
            });
            let n = inside.len() as f64;
            let mean = inside.iter().sum::<f64>() / n;
            let sd = (inside.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
            assert_eq!(found.voxels, inside.len() as u64);
            assert!((found.mean - mean).abs() < 1e-6 && (found.sd - sd).abs() < 1e-6);
            assert!(found.voxels > 500);
        }
        let own = Voxels::U8(vec![7; 72_000]);
        let same = values(&map, map.grid(), &own, [0.0; 3])[3];
        assert_eq!((same.voxels, same.mean, same.sd), (map.count(3), 7.0, 0.0));
    }
}
