//! Anatomy and sequence → one slice of voxels, or of labels.
//!
//! In: solids, a grid in patient coordinates, signals, the displacement by breathing. Out: magnitudes with
//! partial volume at the edges, coil shading and Rician noise, or the label of each voxel's centre. A slice
//! depends on nothing but its arguments: any slice can be made alone, in any order, on any thread.

use super::anatomy::{Anatomy, Mark, Solid, Space, WARP, back};
use super::contrast::{Enhancement, Sequence, signals};
use super::noise::{Lattice, normal_pair};
use super::shape::{Vec3, add, scaled, sub};
use super::tissue::{TISSUES, Tissue};

/// Where the voxels of a volume are: DICOM's patient coordinates (LPS), mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    /// Centre of the first voxel of the first slice.
    pub(super) origin: [f64; 3],
    /// Unit vector along a row (with the column index).
    pub(super) row: [f64; 3],
    /// Unit vector along a column (with the row index).
    pub(super) column: [f64; 3],
    /// From a slice to the next.
    pub(super) step: [f64; 3],
    /// Between columns, between rows.
    pub(super) spacing: [f64; 2],
    /// Columns, rows, slices.
    pub(super) dims: [u32; 3],
}

impl Grid {
    /// Centre of the first voxel of slice `k`.
    pub(super) fn corner(&self, k: f64) -> [f64; 3] {
        let mut c = self.origin;
        c.iter_mut().zip(self.step).for_each(|(c, s)| *c += k * s);
        c
    }

    /// Voxels in a slice.
    pub(super) fn area(&self) -> usize {
        self.dims[0] as usize * self.dims[1] as usize
    }
}

/// One acquired volume: everything its voxels are a function of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acquisition {
    pub(super) grid: Grid,
    pub(super) sequence: Sequence,
    pub(super) enhancement: Enhancement,
    pub(super) field: f64,
    pub(super) session: u32,
    /// Where the standard body's origin lies in this study's coordinates.
    pub(super) table: [f64; 3],
    /// Displacement of the organs by breathing, mm.
    pub(super) breath: [f64; 3],
    /// Standard deviation of the noise in each of the two receiver channels, in signal units.
    pub(super) noise: f32,
    pub(super) key: u64,
}

/// The plane of one slice in the standard body's coordinates.
struct Plane {
    nx: usize,
    ny: usize,
    origin: Vec3,
    along: Vec3,
    down: Vec3,
    /// Breathing, in the same units.
    breath: Vec3,
    /// Width of the soft edge.
    edge: f32,
    /// Warped organ coordinates of every voxel.
    warped: Vec<Vec3>,
}

impl Plane {
    fn new(anatomy: &Anatomy, acq: &Acquisition, k: f64) -> Self {
        let g = &acq.grid;
        let inv = 1.0 / anatomy.scale;
        let corner = g.corner(k);
        let to = |v: [f64; 3], s: f64| {
            [
                (v[0] * s) as f32 * inv,
                (v[1] * s) as f32 * inv,
                (v[2] * s) as f32 * inv,
            ]
        };
        let origin = to(
            [
                corner[0] - acq.table[0],
                corner[1] - acq.table[1],
                corner[2] - acq.table[2],
            ],
            1.0,
        );
        let mut plane = Self {
            nx: g.dims[0] as usize,
            ny: g.dims[1] as usize,
            origin,
            along: to(g.row, g.spacing[0]),
            down: to(g.column, g.spacing[1]),
            breath: to(acq.breath, 1.0),
            edge: (g.spacing[0].max(g.spacing[1])) as f32 * inv,
            warped: Vec::with_capacity(g.area()),
        };
        for j in 0..plane.ny {
            for i in 0..plane.nx {
                let organ = sub(plane.at(i, j), plane.breath);
                plane.warped.push(anatomy.warp(organ));
            }
        }
        plane
    }

    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> Vec3 {
        add(
            self.origin,
            add(scaled(self.along, i as f32), scaled(self.down, j as f32)),
        )
    }

    /// Columns and rows that a solid can touch, ends excluded; `None` where it misses the plane.
    fn rect(&self, solid: &Solid) -> Option<[usize; 4]> {
        let (lo, hi) = solid.form.bounds();
        let margin = self.edge
            + if solid.space == Space::Warped {
                1.1 * WARP
            } else {
                0.2
            };
        let breath = if solid.space == Space::Wall {
            [0.0; 3]
        } else {
            self.breath
        };
        let centre = add(scaled(add(lo, hi), 0.5), breath);
        let half = add(scaled(sub(hi, lo), 0.5), [margin; 3]);
        let reach = |n: Vec3| n[0].abs() * half[0] + n[1].abs() * half[1] + n[2].abs() * half[2];
        let normal = super::shape::cross(self.along, self.down);
        let from = sub(centre, self.origin);
        if super::shape::dot(from, normal).abs() > reach(normal) {
            return None;
        }
        let range = |axis: Vec3, n: usize| {
            let len2 = super::shape::dot(axis, axis);
            let mid = super::shape::dot(from, axis) / len2;
            let ext = reach(axis) / len2;
            let a = (mid - ext).floor().max(0.0);
            let b = (mid + ext).ceil().min(n as f32 - 1.0);
            (a <= b).then_some((a as usize, b as usize + 1))
        };
        let (i0, i1) = range(self.along, self.nx)?;
        let (j0, j1) = range(self.down, self.ny)?;
        Some([i0, i1, j0, j1])
    }

    /// Calls `visit(voxel, distance, point)` where the solid is near.
    #[inline(always)]
    fn trace(&self, solid: &Solid, mut visit: impl FnMut(usize, f32, Vec3)) {
        let Some([i0, i1, j0, j1]) = self.rect(solid) else {
            return;
        };
        for j in j0..j1 {
            let start = j * self.nx;
            match solid.space {
                Space::Warped => {
                    let Some(row) = self.warped.get(start + i0..start + i1) else {
                        return;
                    };
                    for (n, &q) in row.iter().enumerate() {
                        visit(start + i0 + n, solid.form.distance(q), q);
                    }
                }
                Space::Wall | Space::Organ => {
                    let breath = if solid.space == Space::Organ {
                        self.breath
                    } else {
                        [0.0; 3]
                    };
                    for i in i0..i1 {
                        let q = sub(self.at(i, j), breath);
                        visit(start + i, solid.form.distance(q), q);
                    }
                }
            }
        }
    }
}

/// Coverage of a voxel whose centre lies `d` outside the surface.
#[inline(always)]
fn coverage(d: f32, edge: f32) -> f32 {
    (0.5 - d / edge).clamp(0.0, 1.0)
}

/// Magnitudes of slice `k`, row by row.
pub(super) fn slice(anatomy: &Anatomy, lattice: &Lattice, acq: &Acquisition, k: u32) -> Vec<f32> {
    let plane = Plane::new(anatomy, acq, f64::from(k));
    let value = signals(acq.sequence, acq.field, anatomy.liver_fat, acq.enhancement);
    let of = |t: Tissue| value.get(t as usize).copied().unwrap_or(0.0);
    let mut image = vec![of(Tissue::Fat); acq.grid.area()];
    for solid in anatomy.organs(acq.session) {
        paint(&plane, lattice, &solid, &value, &mut image);
    }
    let mut inside = wall(&plane, anatomy, &value, &mut image);
    for solid in back() {
        paint(&plane, lattice, &solid, &value, &mut image);
    }
    finish(&plane, acq, k, &mut image, &mut inside);
    image
}

fn paint(
    plane: &Plane,
    lattice: &Lattice,
    solid: &Solid,
    value: &[f32; TISSUES],
    image: &mut [f32],
) {
    let v = value.get(solid.tissue as usize).copied().unwrap_or(0.0);
    let edge = plane.edge;
    // Finer grain in the tumour than in an organ.
    let grain = if solid.space == Space::Organ {
        0.32
    } else {
        0.17
    };
    plane.trace(solid, |n, d, q| {
        if d < 0.5 * edge
            && let Some(px) = image.get_mut(n)
        {
            let v = if solid.texture > 0.0 {
                let t = lattice.at(q[0] * grain, q[1] * grain, q[2] * grain)
                    + 0.5 * lattice.at(q[0] * 0.071 + 9.5, q[1] * 0.071, q[2] * 0.071);
                v * (1.0 + solid.texture * t)
            } else {
                v
            };
            *px += (v - *px) * coverage(d, edge);
        }
    });
}

/// Muscular wall with ribs, subcutaneous fat, skin and air, from the inside out. Returns the share of each
/// voxel within the skin.
fn wall(plane: &Plane, anatomy: &Anatomy, value: &[f32; TISSUES], image: &mut [f32]) -> Vec<f32> {
    let of = |t: Tissue| value.get(t as usize).copied().unwrap_or(0.0);
    let (air, skin, fat) = (of(Tissue::Air), of(Tissue::Skin), of(Tissue::Fat));
    let (muscle, bone, marrow) = (of(Tissue::Muscle), of(Tissue::Bone), of(Tissue::Marrow));
    let trunk = &anatomy.trunk;
    let edge = plane.edge;
    let mut inside = Vec::with_capacity(image.len());
    let mut n = 0;
    for j in 0..plane.ny {
        for i in 0..plane.nx {
            let p = plane.at(i, j);
            let (d, thickness) = trunk.at(p);
            let within = coverage(d, edge);
            inside.push(within);
            if let Some(px) = image.get_mut(n) {
                let deep = d + thickness + trunk.wall;
                if deep > -edge {
                    let mut v = muscle;
                    // Three layers with a seam of fat between them.
                    let seam = (deep - trunk.wall * 0.45).abs() - 0.5;
                    v += (fat - v) * 0.5 * coverage(seam, edge);
                    if p[0].abs() > 48.0 && p[2] - 0.35 * p[1] > -70.0 {
                        let t = (p[2] - 0.5 * p[1]) / 29.0;
                        let along = (t - (t + 0.5).floor()) * 27.0;
                        let across = deep - trunk.wall * 0.42;
                        let (u, w) = (across / 4.4, along / 6.5);
                        let rib = ((u * u + w * w).sqrt() - 1.0) * 4.4;
                        v += (bone - v) * coverage(rib, edge);
                        v += (marrow - v) * coverage(rib + 1.5, edge);
                    }
                    *px += (v - *px) * coverage(-deep, edge);
                    *px += (fat - *px) * coverage(-(d + thickness), edge);
                    *px += (skin - *px) * coverage(-(d + 1.7), edge);
                    *px += (air - *px) * (1.0 - within);
                }
            }
            n += 1;
        }
    }
    inside
}

/// Magnitude, shading and noise.
fn finish(plane: &Plane, acq: &Acquisition, k: u32, image: &mut [f32], inside: &mut [f32]) {
    // A phased array over belly and back is brighter near its coils; each exam a little different.
    let tilt = |bits: u32| ((acq.table_key() >> bits & 0xFF) as f32 / 255.0 - 0.5) * 0.16;
    let (cx, cy, cz) = (tilt(0), tilt(8), tilt(16));
    let bowl = if acq.field > 2.0 { 0.34 } else { 0.22 };
    let map = acq.sequence == Sequence::Adc;
    let mut n = 0usize;
    let first = u64::from(k) * image.len() as u64;
    for j in 0..plane.ny {
        for i in 0..plane.nx {
            if let (Some(px), Some(&within)) = (image.get_mut(n), inside.get(n)) {
                let (a, b) = normal_pair(acq.key, first + n as u64);
                if map {
                    // A map has no coil shading, and nothing outside the body.
                    *px = if within > 0.5 {
                        (*px + acq.noise * a).max(0.0)
                    } else {
                        0.0
                    };
                } else {
                    let p = plane.at(i, j);
                    let (x, y, z) = (p[0] / 165.0, p[1] / 115.0, p[2] / 110.0);
                    let shade = 0.9 + cx * x + cy * y + cz * z + bowl * 0.5 * (0.6 * x * x + y * y);
                    // Opposed-phase signals are signed until here.
                    let s = px.abs() * shade;
                    let (re, im) = (s + acq.noise * a, acq.noise * b);
                    *px = (re * re + im * im).sqrt();
                }
            }
            n += 1;
        }
    }
}

impl Acquisition {
    /// Bits that differ from exam to exam but not within one.
    fn table_key(&self) -> u64 {
        super::noise::key(
            self.table[0].to_bits() ^ self.table[1].to_bits(),
            &[u64::from(self.session)],
        )
    }
}

/// Labels of the voxels' centres in slice `k`, row by row.
pub(super) fn label_slice(anatomy: &Anatomy, acq: &Acquisition, k: u32) -> Vec<u8> {
    let plane = Plane::new(anatomy, acq, f64::from(k));
    let mut map = vec![0u8; acq.grid.area()];
    let mark = |solid: &Solid, map: &mut [u8]| {
        let label = match solid.mark {
            Mark::Keep => return,
            Mark::Set(label) => label,
            Mark::Clear => 0,
        };
        plane.trace(solid, |n, d, _| {
            if d < 0.0
                && let Some(l) = map.get_mut(n)
            {
                *l = label;
            }
        });
    };
    anatomy
        .organs(acq.session)
        .iter()
        .for_each(|s| mark(s, &mut map));
    for (n, l) in map.iter_mut().enumerate() {
        if *l != 0 {
            let (d, thickness) = anatomy.trunk.at(plane.at(n % plane.nx, n / plane.nx));
            if d + thickness + anatomy.trunk.wall > 0.0 {
                *l = 0;
            }
        }
    }
    back().iter().for_each(|s| mark(s, &mut map));
    map
}
