//! Anatomy and sequence → one slice of voxels, or of labels.
//!
//! In: solids, a grid in patient coordinates, signals, the displacement by breathing. Out: magnitudes with
//! partial volume at the edges, coil shading and Rician noise, or the label of each voxel's centre. A slice
//! depends on nothing but its arguments: any slice can be made alone, in any order, on any thread.

use super::anatomy::{Anatomy, Mark, Solid, Space, WARP};
use super::contrast::{Enhancement, Sequence, signals};
use super::noise::{Lattice, normal_pair};
use super::organs::back;
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
    skin: Vec<Skin>,
}

/// A voxel's place in the trunk.
#[derive(Clone, Copy)]
struct Skin {
    /// Outwards from the skin, mm.
    distance: f32,
    /// Thickness of the subcutaneous fat here, mm.
    fat: f32,
    /// Sensitivity of the receiver coils.
    shade: f32,
}

impl Plane {
    fn new(anatomy: &Anatomy, acq: &Acquisition, k: f64) -> Self {
        let g = &acq.grid;
        let inv = 1.0 / anatomy.scale;
        let corner = g.corner(k);
        let to =
            |v: [f64; 3], s: f64| [(v[0] * s) as f32 * inv, (v[1] * s) as f32 * inv, (v[2] * s) as f32 * inv];
        let origin = to([corner[0] - acq.table[0], corner[1] - acq.table[1], corner[2] - acq.table[2]], 1.0);
        let mut plane = Self {
            nx: g.dims[0] as usize,
            ny: g.dims[1] as usize,
            origin,
            along: to(g.row, g.spacing[0]),
            down: to(g.column, g.spacing[1]),
            breath: to(acq.breath, 1.0),
            edge: (g.spacing[0].max(g.spacing[1])) as f32 * inv,
            warped: Vec::new(),
            skin: Vec::new(),
        };
        plane.fields(anatomy, shading(acq));
        plane
    }

    /// Deformation, distance to the skin and shading are smooth over centimetres: they are evaluated every
    /// 5 mm and interpolated.
    fn fields(&mut self, anatomy: &Anatomy, shade: impl Fn(Vec3) -> f32) {
        let stride = ((5.0 / self.edge) as usize).clamp(1, 8);
        let columns = self.nx.div_ceil(stride) + 1;
        let knots = |j: usize| -> Vec<[f32; 6]> {
            (0..columns)
                .map(|c| {
                    let p = self.at(c * stride, j);
                    let organ = sub(p, self.breath);
                    let shift = sub(anatomy.warp(organ), organ);
                    let (skin, fat) = anatomy.trunk.at(p);
                    [shift[0], shift[1], shift[2], skin, fat, shade(p)]
                })
                .collect()
        };
        let lerp = |a: [f32; 6], b: [f32; 6], t: f32| {
            let mut out = a;
            out.iter_mut().zip(b).for_each(|(o, b)| *o += (b - *o) * t);
            out
        };
        let share = 1.0 / stride as f32;
        let mut warped = Vec::with_capacity(self.nx * self.ny);
        let mut skin = Vec::with_capacity(self.nx * self.ny);
        let mut below = knots(0);
        for j0 in (0..self.ny).step_by(stride) {
            let above = below;
            below = knots(j0 + stride);
            for j in j0..(j0 + stride).min(self.ny) {
                let t = (j - j0) as f32 * share;
                let row: Vec<[f32; 6]> = above.iter().zip(&below).map(|(&a, &b)| lerp(a, b, t)).collect();
                for (c, pair) in row.windows(2).enumerate() {
                    if let [a, b] = *pair {
                        for i in c * stride..((c + 1) * stride).min(self.nx) {
                            let [x, y, z, d, fat, shade] = lerp(a, b, (i - c * stride) as f32 * share);
                            warped.push(add(sub(self.at(i, j), self.breath), [x, y, z]));
                            skin.push(Skin { distance: d, fat, shade });
                        }
                    }
                }
            }
        }
        self.warped = warped;
        self.skin = skin;
    }

    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> Vec3 {
        add(self.origin, add(scaled(self.along, i as f32), scaled(self.down, j as f32)))
    }

    /// Columns and rows that a solid can touch, ends excluded; `None` where it misses the plane.
    fn rect(&self, solid: &Solid) -> Option<[usize; 4]> {
        let (lo, hi) = solid.form.bounds();
        let margin = self.edge + if solid.space == Space::Warped { 1.1 * WARP } else { 0.2 };
        let breath = if solid.space == Space::Wall { [0.0; 3] } else { self.breath };
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
                    let span = start + i0..start + i1;
                    let (Some(row), Some(skin)) = (self.warped.get(span.clone()), self.skin.get(span)) else {
                        return;
                    };
                    for (n, (&q, s)) in row.iter().zip(skin).enumerate() {
                        // Outside the skin all is air in the end.
                        if s.distance < self.edge {
                            visit(start + i0 + n, solid.form.distance(q), q);
                        }
                    }
                }
                Space::Wall | Space::Organ => {
                    let breath = if solid.space == Space::Organ { self.breath } else { [0.0; 3] };
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
    wall(&plane, anatomy, &value, &mut image);
    for solid in back() {
        paint(&plane, lattice, &solid, &value, &mut image);
    }
    finish(&plane, acq, k, &mut image);
    image
}

fn paint(plane: &Plane, lattice: &Lattice, solid: &Solid, value: &[f32; TISSUES], image: &mut [f32]) {
    let v = value.get(solid.tissue as usize).copied().unwrap_or(0.0);
    let edge = plane.edge;
    // Finer grain in the tumour than in an organ.
    let grain = if solid.space == Space::Organ { 0.32 } else { 0.17 };
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

/// Muscular wall with ribs, subcutaneous fat, skin and air, from the inside out.
fn wall(plane: &Plane, anatomy: &Anatomy, value: &[f32; TISSUES], image: &mut [f32]) {
    let of = |t: Tissue| value.get(t as usize).copied().unwrap_or(0.0);
    let (air, skin, fat) = (of(Tissue::Air), of(Tissue::Skin), of(Tissue::Fat));
    let (muscle, bone, marrow) = (of(Tissue::Muscle), of(Tissue::Bone), of(Tissue::Marrow));
    let thick = anatomy.trunk.wall;
    let edge = plane.edge;
    for (n, (px, s)) in image.iter_mut().zip(&plane.skin).enumerate() {
        let d = s.distance;
        let deep = d + s.fat + thick;
        if d > edge {
            *px = air;
        } else if deep > -edge {
            let mut v = muscle;
            // Layers with a seam of fat between them.
            let seam = (deep - thick * 0.45).abs() - 0.5;
            v += (fat - v) * 0.5 * coverage(seam, edge);
            let p = plane.at(n % plane.nx, n / plane.nx);
            if p[0].abs() > 48.0 && p[2] - 0.35 * p[1] > -70.0 {
                let t = (p[2] - 0.5 * p[1]) / 29.0;
                let along = (t - (t + 0.5).floor()) * 27.0;
                let across = deep - thick * 0.42;
                let (u, w) = (across / 4.4, along / 6.5);
                let rib = ((u * u + w * w).sqrt() - 1.0) * 4.4;
                v += (bone - v) * coverage(rib, edge);
                v += (marrow - v) * coverage(rib + 1.5, edge);
            }
            *px += (v - *px) * coverage(-deep, edge);
            *px += (fat - *px) * coverage(-(d + s.fat), edge);
            *px += (skin - *px) * coverage(-(d + 1.7), edge);
            *px += (air - *px) * coverage(-d, edge);
        }
    }
}

/// A phased array over belly and back is brighter near its coils; each exam a little different.
fn shading(acq: &Acquisition) -> impl Fn(Vec3) -> f32 {
    let key = acq.exam_key();
    let tilt = move |bits: u32| ((key >> bits & 0xFF) as f32 / 255.0 - 0.5) * 0.16;
    let (cx, cy, cz) = (tilt(0), tilt(8), tilt(16));
    let bowl = if acq.field > 2.0 { 0.34 } else { 0.22 };
    move |p| {
        let (x, y, z) = (p[0] / 165.0, p[1] / 115.0, p[2] / 110.0);
        0.9 + cx * x + cy * y + cz * z + bowl * 0.5 * (0.6 * x * x + y * y)
    }
}

/// Magnitude, shading and noise.
fn finish(plane: &Plane, acq: &Acquisition, k: u32, image: &mut [f32]) {
    let first = u64::from(k) * image.len() as u64;
    let noise = acq.noise;
    if acq.sequence == Sequence::Adc {
        // A map has no coil shading, and nothing outside the body.
        for (n, (px, s)) in (first..).zip(image.iter_mut().zip(&plane.skin)) {
            let (a, _) = normal_pair(acq.key, n);
            *px = if s.distance < 0.0 { (*px + noise * a).max(0.0) } else { 0.0 };
        }
        return;
    }
    for (n, (px, s)) in (first..).zip(image.iter_mut().zip(&plane.skin)) {
        let (a, b) = normal_pair(acq.key, n);
        // Opposed-phase signals are signed until here.
        let (re, im) = (px.abs() * s.shade + noise * a, noise * b);
        *px = (re * re + im * im).sqrt();
    }
}

impl Acquisition {
    /// Bits that differ from exam to exam but not within one.
    fn exam_key(&self) -> u64 {
        super::noise::key(self.table[0].to_bits() ^ self.table[1].to_bits(), &[u64::from(self.session)])
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
    anatomy.organs(acq.session).iter().for_each(|s| mark(s, &mut map));
    for (l, s) in map.iter_mut().zip(&plane.skin) {
        if s.distance + s.fat + anatomy.trunk.wall > 0.0 {
            *l = 0;
        }
    }
    back().iter().for_each(|s| mark(s, &mut map));
    map
}
