//! Surfaces of labels, and pictures of them.
//!
//! In: a label map on a grid; how it is turned. Out: for a label a smooth closed surface in the world, and a
//! lit picture of several. Surfaces are naive surface nets (Gibson, MERL TR-99-24): a vertex in every cell
//! that the border runs through, relaxed towards its neighbours. It is for looking at; nothing is measured on
//! it.

use rayon::prelude::*;

use super::colours::BACKGROUND;
use super::plane::{cross, dot};
use super::render::Picture;
use crate::volume::Grid;

/// Cells looked at, at most: a larger box is looked at in wider steps.
const CELLS: usize = 3 << 20;

/// Rounds of relaxing.
const ROUNDS: usize = 4;

/// A closed surface in the world, mm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Vertices, RAS+.
    pub places: Vec<[f32; 3]>,
    /// Outward unit normals of the vertices.
    pub normals: Vec<[f32; 3]>,
    /// Three vertices each, counter-clockwise from outside.
    pub triangles: Vec<[u32; 3]>,
}

/// The box of voxels that have any label: first voxel, and the voxel after the last; `None` for none.
#[must_use]
pub fn labelled_box(labels: &[u8], dims: [u32; 3]) -> Option<[[usize; 3]; 2]> {
    let [nx, ny, nz] = dims.map(|n| n as usize);
    if labels.len() != nx * ny * nz || labels.is_empty() {
        return None;
    }
    let slices: Vec<Option<[[usize; 3]; 2]>> = labels
        .par_chunks_exact(nx * ny)
        .enumerate()
        .map(|(z, slice)| {
            let mut found: Option<[[usize; 3]; 2]> = None;
            for (y, row) in slice.chunks_exact(nx).enumerate() {
                let Some(first) = row.iter().position(|l| *l != 0) else { continue };
                let last = row.iter().rposition(|l| *l != 0).unwrap_or(first);
                let (low, high) = ([first, y, z], [last + 1, y + 1, z + 1]);
                found = Some(joined(found, [low, high]));
            }
            found
        })
        .collect();
    slices.into_iter().flatten().fold(None, |all, one| Some(joined(all, one)))
}

fn joined(all: Option<[[usize; 3]; 2]>, [low, high]: [[usize; 3]; 2]) -> [[usize; 3]; 2] {
    match all {
        None => [low, high],
        Some([l, h]) => {
            [std::array::from_fn(|i| l[i].min(low[i])), std::array::from_fn(|i| h[i].max(high[i]))]
        }
    }
}

/// The surface of one label within a box of voxels.
#[must_use]
pub fn surface(labels: &[u8], grid: &Grid, [low, high]: [[usize; 3]; 2], label: u8) -> Mesh {
    let dims = grid.dims().map(|n| n as usize);
    if labels.len() != dims.iter().product::<usize>()
        || (0..3).any(|i| low[i] >= high[i] || high[i] > dims[i])
    {
        return Mesh::default();
    }
    let extent: [usize; 3] = std::array::from_fn(|i| high[i] - low[i]);
    let mut step = 1;
    while extent.iter().map(|n| n.div_ceil(step) + 1).product::<usize>() > CELLS {
        step += 1;
    }
    // Samples, and a rim of nothing around them; cell c lies between samples c − 1 and c.
    let samples = extent.map(|n| n.div_ceil(step));
    let cells = samples.map(|n| n + 1);
    let inside = |s: [isize; 3]| -> bool {
        let mut at = 0;
        for axis in [2, 1, 0] {
            if s[axis] < 0 || s[axis] >= samples[axis] as isize {
                return false;
            }
            at = at * dims[axis] + (low[axis] + s[axis] as usize * step).min(high[axis] - 1);
        }
        labels.get(at) == Some(&label)
    };
    let cell_at = |c: [usize; 3]| (c[2] * cells[1] + c[1]) * cells[0] + c[0];
    let mut vertex = vec![u32::MAX; cells.iter().product()];
    let mut places: Vec<[f32; 3]> = Vec::new();
    for z in 0..cells[2] {
        for y in 0..cells[1] {
            for x in 0..cells[0] {
                let base = [x, y, z].map(|v| v as isize - 1);
                let corner = |i: usize| inside(std::array::from_fn(|a| base[a] + (i >> a & 1) as isize));
                let mut corners = 0_u32;
                for i in 0..8 {
                    corners |= u32::from(corner(i)) << i;
                }
                if corners == 0 || corners == 255 {
                    continue;
                }
                // The mean of the middles of its edges that the border crosses.
                let (mut sum, mut count) = ([0.0_f32; 3], 0.0_f32);
                for i in 0..8_usize {
                    for axis in 0..3 {
                        let other = i | 1 << axis;
                        if other != i && (corners >> i & 1) != (corners >> other & 1) {
                            for (a, s) in sum.iter_mut().enumerate() {
                                *s += if a == axis { 0.5 } else { (i >> a & 1) as f32 };
                            }
                            count += 1.0;
                        }
                    }
                }
                if let Some(place) = vertex.get_mut(cell_at([x, y, z])) {
                    *place = places.len() as u32;
                }
                places.push(std::array::from_fn(|a| base[a] as f32 + sum[a] / count));
            }
        }
    }
    // Where two samples differ, the four cells around their edge make a quad.
    let mut quads: Vec<[u32; 4]> = Vec::new();
    for z in 0..cells[2] {
        for y in 0..cells[1] {
            for x in 0..cells[0] {
                let here = [x, y, z];
                if vertex[cell_at(here)] == u32::MAX {
                    continue;
                }
                for axis in 0..3 {
                    let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
                    if here[u] == 0 || here[v] == 0 {
                        continue;
                    }
                    // The edge from sample `here − 1` along the axis, at the low corner of the cell in u and v.
                    let from: [isize; 3] = here.map(|c| c as isize - 1);
                    let to = std::array::from_fn(|a| from[a] + isize::from(a == axis));
                    let (a, b) = (inside(from), inside(to));
                    if a == b {
                        continue;
                    }
                    let less = |axes: &[usize]| {
                        cell_at(std::array::from_fn(|i| here[i] - usize::from(axes.contains(&i))))
                    };
                    let ring = [cell_at(here), less(&[u]), less(&[u, v]), less(&[v])].map(|at| vertex[at]);
                    if ring.contains(&u32::MAX) {
                        continue;
                    }
                    quads.push(if a { ring } else { [ring[3], ring[2], ring[1], ring[0]] });
                }
            }
        }
    }
    relax(&mut places, &quads);
    // Samples to voxels to the world.
    let affine = grid.affine();
    let left_handed = affine.determinant() < 0.0;
    let places: Vec<[f32; 3]> = places
        .into_iter()
        .map(|p| {
            let voxel = std::array::from_fn(|a| low[a] as f64 + f64::from(p[a]) * step as f64);
            affine.apply(voxel).map(|v| v as f32)
        })
        .collect();
    let mut mesh = Mesh { normals: vec![[0.0; 3]; places.len()], places, triangles: Vec::new() };
    for quad in quads {
        let [a, b, c, d] = if left_handed { [quad[3], quad[2], quad[1], quad[0]] } else { quad };
        mesh.triangles.push([a, b, c]);
        mesh.triangles.push([a, c, d]);
    }
    mesh.light();
    mesh
}

/// Moves every vertex towards the middle of its neighbours.
fn relax(places: &mut [[f32; 3]], quads: &[[u32; 4]]) {
    let mut sums = vec![[0.0_f32; 4]; places.len()];
    for _ in 0..ROUNDS {
        sums.fill([0.0; 4]);
        for quad in quads {
            for i in 0..4 {
                let (a, b) = (quad[i] as usize, quad[(i + 1) % 4] as usize);
                for (to, from) in [(a, b), (b, a)] {
                    if let (Some(sum), Some(place)) = (sums.get_mut(to), places.get(from)) {
                        for axis in 0..3 {
                            sum[axis] += place[axis];
                        }
                        sum[3] += 1.0;
                    }
                }
            }
        }
        for (place, sum) in places.iter_mut().zip(&sums) {
            if sum[3] > 0.0 {
                for axis in 0..3 {
                    place[axis] = 0.4 * place[axis] + 0.6 * sum[axis] / sum[3];
                }
            }
        }
    }
}

impl Mesh {
    fn corner(&self, triangle: [u32; 3]) -> Option<[[f32; 3]; 3]> {
        let at = |i: u32| self.places.get(i as usize).copied();
        Some([at(triangle[0])?, at(triangle[1])?, at(triangle[2])?])
    }

    fn light(&mut self) {
        for triangle in &self.triangles {
            let Some([a, b, c]) = self.corner(*triangle) else { continue };
            let edge = |p: [f32; 3]| std::array::from_fn(|i| f64::from(p[i] - a[i]));
            let normal = cross(edge(b), edge(c));
            for vertex in triangle {
                if let Some(sum) = self.normals.get_mut(*vertex as usize) {
                    for axis in 0..3 {
                        sum[axis] += normal[axis] as f32;
                    }
                }
            }
        }
        for normal in &mut self.normals {
            let length = normal.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            *normal = normal.map(|v| v / length);
        }
    }

    /// What it encloses, mm³; negative where it is inside out.
    #[must_use]
    pub fn volume(&self) -> f64 {
        let of = |t: &[u32; 3]| {
            self.corner(*t).map_or(0.0, |[a, b, c]| {
                let [a, b, c] = [a, b, c].map(|p| p.map(f64::from));
                dot(a, cross(b, c)) / 6.0
            })
        };
        self.triangles.iter().map(of).sum()
    }
}

/// How surfaces are turned towards the reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turned {
    /// World place in the middle.
    pub middle: [f64; 3],
    /// Unit vector to the right of the screen.
    pub right: [f64; 3],
    /// Unit vector down the screen.
    pub down: [f64; 3],
    /// Millimetres a pixel.
    pub mm: f64,
}

impl Turned {
    /// Turns by pixels moved across and down: what is in front follows the hand. A turn is some 360 pixels.
    pub fn turn(&mut self, by: [f64; 2]) {
        let rate = std::f64::consts::TAU / 720.0;
        let into = cross(self.right, self.down);
        let (s, c) = (by[0] * rate).sin_cos();
        let right: [f64; 3] = std::array::from_fn(|i| self.right[i] * c + into[i] * s);
        let into: [f64; 3] = std::array::from_fn(|i| into[i] * c - self.right[i] * s);
        let (s, c) = (by[1] * rate).sin_cos();
        let down: [f64; 3] = std::array::from_fn(|i| self.down[i] * c + into[i] * s);
        let length = dot(right, right).sqrt().max(f64::MIN_POSITIVE);
        self.right = right.map(|v| v / length);
        // Kept perpendicular, however often it was turned.
        let along = dot(down, self.right);
        let down: [f64; 3] = std::array::from_fn(|i| down[i] - self.right[i] * along);
        let length = dot(down, down).sqrt().max(f64::MIN_POSITIVE);
        self.down = down.map(|v| v / length);
    }
}

/// Rows that one thread draws at a time.
const BAND: usize = 32;

/// Draws surfaces, each in its colour, lit from where the reader is.
pub fn draw_surfaces(into: &mut Picture, meshes: &[(&Mesh, [u8; 3])], how: &Turned) {
    let (width, height) = (into.width as usize, into.height as usize);
    if width == 0 || height == 0 || into.pixels.len() != width * height {
        return;
    }
    let into_screen = cross(how.right, how.down);
    // Columns, rows, depth, light of every vertex.
    let seen: Vec<Vec<[f32; 4]>> = meshes
        .iter()
        .map(|(mesh, _)| {
            mesh.places
                .par_iter()
                .zip(&mesh.normals)
                .map(|(place, normal)| {
                    let from: [f64; 3] = std::array::from_fn(|i| f64::from(place[i]) - how.middle[i]);
                    let light = dot(normal.map(f64::from), into_screen).abs();
                    [
                        (dot(from, how.right) / how.mm + width as f64 * 0.5) as f32,
                        (dot(from, how.down) / how.mm + height as f64 * 0.5) as f32,
                        dot(from, into_screen) as f32,
                        (0.18 + 0.82 * light) as f32,
                    ]
                })
                .collect()
        })
        .collect();
    into.pixels.par_chunks_mut(width * BAND).enumerate().for_each(|(band, pixels)| {
        pixels.fill(BACKGROUND);
        let mut depths = vec![f32::INFINITY; pixels.len()];
        let rows = (band * BAND, band * BAND + pixels.len() / width);
        for ((mesh, colour), seen) in meshes.iter().zip(&seen) {
            for triangle in &mesh.triangles {
                let at = |i: usize| seen.get(triangle[i] as usize).copied();
                if let (Some(a), Some(b), Some(c)) = (at(0), at(1), at(2)) {
                    fill(pixels, &mut depths, width, rows, [a, b, c], *colour);
                }
            }
        }
    });
}

/// One triangle into a band of rows.
fn fill(
    pixels: &mut [u32],
    depths: &mut [f32],
    width: usize,
    (first, end): (usize, usize),
    [a, b, c]: [[f32; 4]; 3],
    colour: [u8; 3],
) {
    let span = |i: usize| (a[i].min(b[i]).min(c[i]), a[i].max(b[i]).max(c[i]));
    let ((x0, x1), (y0, y1)) = (span(0), span(1));
    if y1 < first as f32 || y0 > end as f32 || x1 < 0.0 || x0 > width as f32 {
        return;
    }
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    // Seen on its edge.
    if area.abs() < 1e-9 || !area.is_finite() {
        return;
    }
    let from = |v: f32, least: usize| ((v - 0.5).ceil().max(0.0) as usize).max(least);
    let to = |v: f32, most: usize| (((v - 0.5).floor() + 1.0).max(0.0) as usize).min(most);
    for y in from(y0, first)..to(y1, end) {
        let py = y as f32 + 0.5;
        for x in from(x0, 0)..to(x1, width) {
            let px = x as f32 + 0.5;
            let u = ((b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)) / area;
            let v = ((c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)) / area;
            let w = 1.0 - u - v;
            if u < -1e-5 || v < -1e-5 || w < -1e-5 {
                continue;
            }
            let at = (y - first) * width + x;
            let depth = u * a[2] + v * b[2] + w * c[2];
            if let (Some(known), Some(pixel)) = (depths.get_mut(at), pixels.get_mut(at))
                && depth < *known
            {
                *known = depth;
                let light = u * a[3] + v * b[3] + w * c[3];
                *pixel = super::pixel(colour.map(|v| (f32::from(v) * light).clamp(0.0, 255.0) as u8));
            }
        }
    }
}
