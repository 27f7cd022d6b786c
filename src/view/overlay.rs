//! Labels over a picture: filled or outlined, each voxel shown as it is and never blended.
//!
//! In: a label map on a grid of its own, the map from pixels to it. Out: the picture with labels over it.

use rayon::prelude::*;

use super::plane::{PixelMap, nearest};
use super::render::{Picture, crossed};

/// How labels are shown.
#[derive(Clone, Copy, Debug)]
pub struct Overlay<'a> {
    /// A colour for every label; `None` for those that are hidden. Label 0 never shows.
    pub colours: &'a [Option<[u8; 3]>; 256],
    /// Only the rim of each label, so wide in pixels; `None` fills them.
    pub outline: Option<u32>,
    /// 0 to 1; an outline is always opaque.
    pub opacity: f64,
}

/// The label of every pixel; `None` where no label lies in the picture at all.
#[must_use]
pub fn label_picture(
    [width, height]: [u32; 2],
    map: &PixelMap,
    dims: [u32; 3],
    labels: &[u8],
) -> Option<Vec<u8>> {
    let (width, height) = (width as usize, height as usize);
    let count = dims.iter().map(|n| *n as usize).product::<usize>();
    if labels.len() != count || width == 0 || height == 0 {
        return None;
    }
    let stride = [1, dims[0] as usize, dims[0] as usize * dims[1] as usize];
    let mut picture = vec![0_u8; width * height];
    let found = if let Some([ax, ay, az]) = map.axes() {
        let depth = nearest(map.first[az], dims[az])? * stride[az];
        // Pixels of a row, and the place of each in the row of voxels; most rows hold no label at all.
        let columns: Vec<(usize, usize)> = (0..width)
            .filter_map(|x| {
                Some((x, nearest(map.first[ax] + map.right[ax] * x as f64, dims[ax])? * stride[ax]))
            })
            .collect();
        let rows = |y: usize| nearest(map.first[ay] + map.down[ay] * y as f64, dims[ay]);
        let n = dims[ax] as usize;
        picture
            .par_chunks_exact_mut(width)
            .enumerate()
            .map(|(y, pixels)| {
                let Some(j) = rows(y) else { return false };
                let row = labels.get(depth + j * stride[ay]..).unwrap_or_default();
                let empty = if stride[ax] == 1 {
                    row.get(..n).is_none_or(|row| row.iter().all(|label| *label == 0))
                } else {
                    row.iter().step_by(stride[ax]).take(n).all(|label| *label == 0)
                };
                if empty {
                    return false;
                }
                for (x, at) in &columns {
                    if let (Some(pixel), Some(label)) = (pixels.get_mut(*x), row.get(*at)) {
                        *pixel = *label;
                    }
                }
                true
            })
            .reduce(|| false, |a, b| a || b)
    } else {
        picture
            .par_chunks_exact_mut(width)
            .enumerate()
            .map(|(y, pixels)| {
                let mut any = false;
                let (from, to) = crossed(map, y as f64, width, dims);
                for (x, pixel) in pixels.iter_mut().enumerate().take(to).skip(from) {
                    let v = map.at(x as f64, y as f64);
                    let [Some(i), Some(j), Some(k)] =
                        [nearest(v[0], dims[0]), nearest(v[1], dims[1]), nearest(v[2], dims[2])]
                    else {
                        continue;
                    };
                    *pixel = labels.get(i + j * stride[1] + k * stride[2]).copied().unwrap_or(0);
                    any |= *pixel != 0;
                }
                any
            })
            .reduce(|| false, |a, b| a || b)
    };
    found.then_some(picture)
}

/// Draws labels over a picture of the same size.
pub fn overlay(into: &mut Picture, labels: &[u8], how: &Overlay<'_>) {
    let (width, height) = (into.width as usize, into.height as usize);
    if width == 0 || labels.len() != width * height || into.pixels.len() != labels.len() {
        return;
    }
    let alpha = (how.opacity.clamp(0.0, 1.0) * 256.0).round() as u32;
    into.pixels.par_chunks_exact_mut(width).enumerate().for_each(|(y, pixels)| {
        let row = labels.get(y * width..(y + 1) * width).unwrap_or_default();
        if row.iter().all(|label| *label == 0) {
            return;
        }
        for (x, (pixel, label)) in pixels.iter_mut().zip(row).enumerate() {
            let Some(colour) = how.colours[usize::from(*label)].filter(|_| *label != 0) else { continue };
            match how.outline {
                None => *pixel = blend(*pixel, colour, alpha),
                Some(reach) if is_rim(labels, [width, height], [x, y], *label, reach as usize) => {
                    *pixel = blend(*pixel, colour, 256);
                }
                Some(_) => {}
            }
        }
    });
}

fn is_rim(labels: &[u8], [width, height]: [usize; 2], [x, y]: [usize; 2], label: u8, reach: usize) -> bool {
    let differs = |x: usize, y: usize| labels.get(y * width + x).is_some_and(|other| *other != label);
    (1..=reach).any(|r| {
        (x >= r && differs(x - r, y))
            || (x + r < width && differs(x + r, y))
            || (y >= r && differs(x, y - r))
            || (y + r < height && differs(x, y + r))
    })
}

fn blend(pixel: u32, colour: [u8; 3], alpha: u32) -> u32 {
    let below = pixel.to_ne_bytes();
    let mut out = [255_u8; 4];
    for i in 0..3 {
        let (b, c) = (u32::from(below[i]), u32::from(colour[i]));
        out[i] = ((b * (256 - alpha) + c * alpha + 128) >> 8).min(255) as u8;
    }
    u32::from_ne_bytes(out)
}
