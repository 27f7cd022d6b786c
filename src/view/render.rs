//! A plane of a volume as pixels.
//!
//! In: voxels, the map from pixels to them, a window, colours. Out: a picture. Where rows and columns
//! of the pane run along axes of the grid (nearly always), every row of voxels is stretched once and
//! rows are blended side by side, eight multiplications' worth of work a pixel at most; an oblique
//! plane steps through the grid by a constant vector. Rows are drawn in parallel, and the picture is the
//! same for any number of threads.

use rayon::prelude::*;

use super::colours::{BACKGROUND, Colours};
use super::plane::{PixelMap, nearest};
use super::window::Window;
use crate::volume::Voxels;
use crate::with_voxels;

/// Pixels, row by row from the top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width · height`, as [`super::pixel`] makes them.
    pub pixels: Vec<u32>,
}

impl Picture {
    /// Makes it as large as that; what was in it is of no meaning.
    pub fn resize(&mut self, [width, height]: [u32; 2]) {
        (self.width, self.height) = (width, height);
        self.pixels.resize(width as usize * height as usize, BACKGROUND);
    }
}

/// Rows that one thread draws at a time.
const BAND: usize = 48;

/// A voxel as a number to blend.
pub(super) trait Sample: Copy + Send + Sync {
    fn value(self) -> f32;
}
macro_rules! samples {
    ($($type:ty),*) => { $(impl Sample for $type {
        #[inline]
        fn value(self) -> f32 { self as f32 }
    })* };
}
samples!(u8, i16, u16, i32, u32, f32, f64);

/// Draws a plane of `voxels`, whose grid has `dims`, into the whole of a picture. Outside the volume
/// it is black, whatever the colours.
pub fn draw(
    into: &mut Picture,
    map: &PixelMap,
    dims: [u32; 3],
    voxels: &Voxels,
    window: Window,
    colours: Colours,
    linear: bool,
) {
    let (width, height) = (into.width as usize, into.height as usize);
    let count = dims.iter().map(|n| *n as usize).product::<usize>();
    if width == 0 || height == 0 || into.pixels.len() != width * height || voxels.len() != count {
        return;
    }
    let (scale, shift) = window.scale_and_shift();
    let tone = Tone { scale: scale as f32, shift: shift as f32, table: colours.table(), colours };
    with_voxels!(voxels, values => {
        match (map.axes(), linear) {
            (Some(axes), true) => along_axes(into, map, axes, dims, values, &tone),
            (Some(axes), false) => nearest_along_axes(into, map, axes, dims, values, &tone),
            (None, _) => oblique(into, map, dims, values, &tone, linear),
        }
    });
}

/// From a value to a pixel.
struct Tone {
    scale: f32,
    shift: f32,
    table: [u32; 256],
    colours: Colours,
}

impl Tone {
    #[inline]
    fn grey(&self, value: f32) -> u32 {
        // Saturating, and 0 for what is no number.
        (value * self.scale + self.shift).clamp(0.0, 255.0).round_ties_even() as u32
    }

    #[inline]
    fn of(&self, value: f32) -> u32 {
        self.table[(self.grey(value) & 255) as usize]
    }

    /// Blends two rows and colours them.
    fn blend(&self, into: &mut [u32], above: &[f32], below: &[f32], part: f32) {
        let rows = into.iter_mut().zip(above.iter().zip(below));
        // Greys are made by arithmetic, which needs no table and goes four at a time.
        match self.colours {
            Colours::Grey => rows.for_each(|(pixel, (a, b))| {
                *pixel = opaque(self.quick(a + (b - a) * part));
            }),
            Colours::Inverted => rows.for_each(|(pixel, (a, b))| {
                *pixel = opaque(255 - self.quick(a + (b - a) * part));
            }),
            Colours::Adc => rows.for_each(|(pixel, (a, b))| *pixel = self.of(a + (b - a) * part)),
        }
    }

    /// As [`grey`](Self::grey), rounding halves up, which vectorises.
    #[inline]
    fn quick(&self, value: f32) -> u32 {
        ((value * self.scale + self.shift).clamp(0.0, 255.0) + 0.5) as i32 as u32
    }
}

#[inline]
fn opaque(grey: u32) -> u32 {
    (grey * 0x0001_0101) | OPAQUE
}

/// Grey is the same in every byte order; only alpha has a place.
const OPAQUE: u32 = u32::from_ne_bytes([0, 0, 0, 255]);

const fn strides(dims: [u32; 3]) -> [usize; 3] {
    [1, dims[0] as usize, dims[0] as usize * dims[1] as usize]
}

/// Where a pixel lies between two voxels of an axis.
#[derive(Clone, Copy)]
struct Between {
    low: usize,
    high: usize,
    part: f32,
}

/// Continuous coordinate → two voxels; `None` outside.
fn between(v: f64, n: u32) -> Option<Between> {
    if !(-0.5..f64::from(n) - 0.5).contains(&v) {
        return None;
    }
    let last = (n - 1) as usize;
    let at = v.clamp(0.0, last as f64);
    let low = at.floor() as usize;
    Some(Between { low, high: (low + 1).min(last), part: (at - low as f64) as f32 })
}

/// The pixels of an axis that lie inside: where the first is, and each.
fn inside<T>(pixels: usize, of: impl Fn(usize) -> Option<T>) -> (usize, Vec<T>) {
    let first = (0..pixels).find(|i| of(*i).is_some()).unwrap_or(pixels);
    (first, (first..pixels).map_while(of).collect())
}

fn along_axes<T: Sample>(
    into: &mut Picture,
    map: &PixelMap,
    [ax, ay, az]: [usize; 3],
    dims: [u32; 3],
    values: &[T],
    tone: &Tone,
) {
    let width = into.width as usize;
    let stride = strides(dims);
    let depth = between(map.first[az], dims[az]);
    let column = |x: usize| between(map.first[ax] + map.right[ax] * x as f64, dims[ax]);
    let (left, columns) = inside(width, column);
    let row = |y: usize| between(map.first[ay] + map.down[ay] * y as f64, dims[ay]);
    let Some(depth) = depth.filter(|_| !columns.is_empty()) else {
        into.pixels.fill(BACKGROUND);
        return;
    };
    let offsets: Vec<(usize, usize, f32)> =
        columns.iter().map(|c| (c.low * stride[ax], c.high * stride[ax], c.part)).collect();
    // A row of voxels, stretched to the pane.
    let stretch = |line: &mut Vec<f32>, j: usize| {
        line.clear();
        let near = values.get(depth.low * stride[az] + j * stride[ay]..).unwrap_or_default();
        let far = values.get(depth.high * stride[az] + j * stride[ay]..).unwrap_or_default();
        let of = |row: &[T], low: usize, high: usize, part: f32| {
            let (Some(a), Some(b)) = (row.get(low), row.get(high)) else { return 0.0 };
            let (a, b) = (a.value(), b.value());
            a + (b - a) * part
        };
        if depth.part == 0.0 {
            line.extend(offsets.iter().map(|(low, high, part)| of(near, *low, *high, *part)));
        } else {
            line.extend(offsets.iter().map(|(low, high, part)| {
                let (a, b) = (of(near, *low, *high, *part), of(far, *low, *high, *part));
                a + (b - a) * depth.part
            }));
        }
    };
    into.pixels.par_chunks_mut(width * BAND).enumerate().for_each(|(band, rows)| {
        let mut above: (Option<usize>, Vec<f32>) = (None, Vec::with_capacity(offsets.len()));
        let mut below: (Option<usize>, Vec<f32>) = (None, Vec::with_capacity(offsets.len()));
        for (y, pixels) in rows.chunks_exact_mut(width).enumerate() {
            let Some(at) = row(band * BAND + y) else {
                pixels.fill(BACKGROUND);
                continue;
            };
            if above.0 != Some(at.low) && below.0 == Some(at.low) {
                std::mem::swap(&mut above, &mut below);
            }
            if above.0 != Some(at.low) {
                // Upside down, the upper row of the last pair is the lower one of this.
                if above.0 == Some(at.high) {
                    std::mem::swap(&mut above, &mut below);
                }
                stretch(&mut above.1, at.low);
                above.0 = Some(at.low);
            }
            if below.0 != Some(at.high) {
                stretch(&mut below.1, at.high);
                below.0 = Some(at.high);
            }
            let (before, rest) = pixels.split_at_mut(left);
            let (shown, behind) = rest.split_at_mut(offsets.len());
            before.fill(BACKGROUND);
            behind.fill(BACKGROUND);
            tone.blend(shown, &above.1, &below.1, at.part);
        }
    });
}

fn nearest_along_axes<T: Sample>(
    into: &mut Picture,
    map: &PixelMap,
    [ax, ay, az]: [usize; 3],
    dims: [u32; 3],
    values: &[T],
    tone: &Tone,
) {
    let width = into.width as usize;
    let stride = strides(dims);
    let depth = nearest(map.first[az], dims[az]);
    let (left, columns) = inside(width, |x| {
        nearest(map.first[ax] + map.right[ax] * x as f64, dims[ax]).map(|i| i * stride[ax])
    });
    let Some(depth) = depth.filter(|_| !columns.is_empty()) else {
        into.pixels.fill(BACKGROUND);
        return;
    };
    into.pixels.par_chunks_mut(width * BAND).enumerate().for_each(|(band, rows)| {
        let mut known: Option<usize> = None;
        let mut line = Vec::with_capacity(columns.len());
        for (y, pixels) in rows.chunks_exact_mut(width).enumerate() {
            let y = (band * BAND + y) as f64;
            let Some(j) = nearest(map.first[ay] + map.down[ay] * y, dims[ay]) else {
                pixels.fill(BACKGROUND);
                continue;
            };
            if known != Some(j) {
                let row = values.get(depth * stride[az] + j * stride[ay]..).unwrap_or_default();
                line.clear();
                line.extend(columns.iter().map(|at| row.get(*at).map_or(BACKGROUND, |v| tone.of(v.value()))));
                known = Some(j);
            }
            let (before, rest) = pixels.split_at_mut(left);
            let (shown, behind) = rest.split_at_mut(line.len());
            before.fill(BACKGROUND);
            behind.fill(BACKGROUND);
            shown.copy_from_slice(&line);
        }
    });
}

fn oblique<T: Sample>(
    into: &mut Picture,
    map: &PixelMap,
    dims: [u32; 3],
    values: &[T],
    tone: &Tone,
    linear: bool,
) {
    let width = into.width as usize;
    let stride = strides(dims);
    let at = |i: usize| values.get(i).map_or(0.0, |v| v.value());
    let trilinear = |v: [f64; 3]| -> Option<f32> {
        let [x, y, z] = [between(v[0], dims[0])?, between(v[1], dims[1])?, between(v[2], dims[2])?];
        let row = |y: usize, z: usize| {
            let base = y * stride[1] + z * stride[2];
            let (a, b) = (at(base + x.low), at(base + x.high));
            a + (b - a) * x.part
        };
        let slice = |z: usize| {
            let (a, b) = (row(y.low, z), row(y.high, z));
            a + (b - a) * y.part
        };
        let (a, b) = (slice(z.low), slice(z.high));
        Some(a + (b - a) * z.part)
    };
    let single = |v: [f64; 3]| -> Option<f32> {
        let [x, y, z] = [nearest(v[0], dims[0])?, nearest(v[1], dims[1])?, nearest(v[2], dims[2])?];
        Some(at(x + y * stride[1] + z * stride[2]))
    };
    into.pixels.par_chunks_mut(width * BAND).enumerate().for_each(|(band, rows)| {
        for (y, pixels) in rows.chunks_exact_mut(width).enumerate() {
            let y = (band * BAND + y) as f64;
            let (from, to) = crossed(map, y, width, dims);
            for (x, pixel) in pixels.iter_mut().enumerate() {
                let value = if x < from || x >= to {
                    None
                } else if linear {
                    trilinear(map.at(x as f64, y))
                } else {
                    single(map.at(x as f64, y))
                };
                *pixel = value.map_or(BACKGROUND, |v| tone.of(v));
            }
        }
    });
}

/// The pixels of a row that may lie in the volume, a pixel of slack on both sides.
pub(super) fn crossed(map: &PixelMap, y: f64, width: usize, dims: [u32; 3]) -> (usize, usize) {
    let (mut from, mut to) = (0.0_f64, width as f64);
    for (axis, n) in dims.into_iter().enumerate() {
        let start = map.first[axis] + map.down[axis] * y;
        let (low, high) = (-0.5, f64::from(n) - 0.5);
        let step = map.right[axis];
        if step == 0.0 {
            if !(low..=high).contains(&start) {
                return (0, 0);
            }
            continue;
        }
        let (a, b) = ((low - start) / step, (high - start) / step);
        from = from.max(a.min(b) - 1.0);
        to = to.min(a.max(b) + 2.0);
    }
    if from < to { (from.max(0.0) as usize, (to.max(0.0) as usize).min(width)) } else { (0, 0) }
}
