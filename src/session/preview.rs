//! A picture of a volume's middle slice for the plan.
//!
//! In: the bytes of one frame, asked for by range. Out: a small RGBA picture, windowed between the
//! 1st and 99.5th percentile, its pixels squared by the spacing. Nothing is kept.

use std::sync::Arc;

use super::Session;
use crate::convert::stack::Tiling;
use crate::dicom::codec::{Codec, TransferSyntax};
use crate::dicom::pixels::{Frames, PixelLayout};
use crate::dicom::{Header, Need, Palette};
use crate::intake::{RangeReader, VolumeId};
use crate::volume::Voxels;

/// The longer side of a picture, pixels.
const SIDE: f64 = 112.0;

/// A small grey picture, RGBA, top row first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width · height · 4` bytes.
    pub rgba: Vec<u8>,
}

/// The making of one picture: feed what is needed, then draw.
pub struct Preview {
    range: RangeReader,
    layout: Arc<PixelLayout>,
    palette: Option<Arc<Palette>>,
    syntax: TransferSyntax,
    pixel_offset: u64,
    /// The frame within the bytes that were asked for.
    frame: u32,
    tile: Option<(Tiling, u32)>,
    /// Distance between rows over distance between columns.
    aspect: f64,
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Preview").field("frame", &self.frame).finish_non_exhaustive()
    }
}

impl Preview {
    /// Of a volume's middle slice (of the first volume in time); `None` where there is nothing to draw.
    pub fn new(session: &Session, volume: VolumeId) -> Option<Self> {
        let (_, _, series, found) = session.catalogue().volume(volume)?;
        let stack = &found.stack;
        let middle = stack.slices / 2;
        let at = stack.frames.get(if stack.tiling.is_some() { 0 } else { middle as usize })?;
        let instances = session.catalogue().instances_of(series);
        let instance = instances.get(at.instance as usize)?;
        let frame = instance.frames.get(at.frame as usize)?;
        let entry = session.files().get(instance.file)?;
        // A frame of single bits may begin within a byte.
        let whole_bytes = instance.layout.bits_allocated >= 8;
        let native = instance.syntax.codec == Codec::Native && !instance.syntax.deflated && whole_bytes;
        let (offset, len, number) = if native {
            let size = instance.layout.frame_bytes();
            (instance.pixels.offset + size * u64::from(at.frame), Some(size), 0)
        } else if instance.syntax.deflated {
            (0, None, at.frame)
        } else {
            (instance.pixels.offset, instance.pixels.len, at.frame)
        };
        let spacing = frame.spacing.unwrap_or([1.0, 1.0]);
        Some(Self {
            range: RangeReader::new(entry, offset, len).ok()?,
            layout: Arc::clone(&instance.layout),
            palette: instance.palette.clone(),
            syntax: instance.syntax.clone(),
            pixel_offset: instance.pixels.offset,
            frame: number,
            tile: stack.tiling.map(|tiling| (tiling, middle)),
            aspect: if spacing[1] > 0.0 { (spacing[0] / spacing[1]).clamp(0.1, 10.0) } else { 1.0 },
        })
    }

    /// The next range wanted; `None` when the picture can be drawn.
    pub fn need(&mut self) -> Option<Need> {
        self.range.need()
    }

    /// Takes the bytes of the last need; `false` if they can't be used.
    pub fn feed(&mut self, bytes: Vec<u8>) -> bool {
        self.range.feed(bytes).is_ok()
    }

    /// Draws; `None` where the frame can't be decoded.
    pub fn draw(self) -> Option<Thumbnail> {
        let Self { range, layout, palette, syntax, pixel_offset, frame, tile, aspect } = self;
        let mut bytes = range.take();
        if syntax.deflated {
            let header = Header::from_bytes(bytes).ok()?;
            bytes = header.data().get(usize::try_from(pixel_offset).ok()?..)?.to_vec();
        }
        let mut voxels = Frames::new(&layout, &syntax, &bytes).ok()?.decode(frame).ok()?;
        let colour = palette.is_some() || layout.samples == 3;
        if let Some(palette) = palette {
            voxels = Voxels::U8(palette.colours(&voxels));
        }
        let (columns, rows) = (layout.columns as usize, layout.rows as usize);
        let (left, top, width, height) = match tile {
            None => (0, 0, columns, rows),
            Some((tiling, slice)) => {
                let side = tiling.side as usize;
                let (w, h) = (columns / side, rows / side);
                (slice as usize % side * w, slice as usize / side * h, w, h)
            }
        };
        // Colour by the weights of its luminance (ITU-R BT.601), which JPEG's grey is made by, too.
        let value = |x: usize, y: usize| {
            let place = (top + y) * columns + left + x;
            if !colour {
                return voxels.get(place).filter(|v| v.is_finite());
            }
            let part = |n: usize| voxels.get(place * 3 + n);
            Some(0.299 * part(0)? + 0.587 * part(1)? + 0.114 * part(2)?)
        };
        let mut sample: Vec<f64> = Vec::new();
        let step = (width * height / 16_384).max(1);
        sample.extend(
            (0..width * height).step_by(step).filter_map(|i| value(i % width.max(1), i / width.max(1))),
        );
        sample.sort_by(f64::total_cmp);
        let percentile = |p: f64| sample.get(((sample.len().saturating_sub(1)) as f64 * p) as usize).copied();
        let (low, high) = (percentile(0.01)?, percentile(0.995)?);
        let span = if high > low { high - low } else { 1.0 };
        // Area averages: a picture of a tenth of the size should not flicker with noise.
        let (real_w, real_h) = (width as f64, height as f64 * aspect);
        let zoom = (SIDE / real_w.max(real_h)).min(1.0);
        let (out_w, out_h) = (((real_w * zoom) as usize).max(1), ((real_h * zoom) as usize).max(1));
        let mut rgba = Vec::with_capacity(out_w * out_h * 4);
        for y in 0..out_h {
            for x in 0..out_w {
                let edge = |n: usize, of: usize, out: usize| n * of / out;
                let (x0, x1) =
                    (edge(x, width, out_w), edge(x + 1, width, out_w).max(edge(x, width, out_w) + 1));
                let (y0, y1) =
                    (edge(y, height, out_h), edge(y + 1, height, out_h).max(edge(y, height, out_h) + 1));
                let mut sum = 0.0;
                let mut count = 0.0;
                for yy in y0..y1.min(height) {
                    for xx in x0..x1.min(width) {
                        if let Some(v) = value(xx, yy) {
                            sum += v;
                            count += 1.0;
                        }
                    }
                }
                let mean = if count > 0.0 { sum / count } else { low };
                let grey = (((mean - low) / span).clamp(0.0, 1.0) * 255.0).round() as u8;
                rgba.extend_from_slice(&[grey, grey, grey, 255]);
            }
        }
        Some(Thumbnail { width: out_w as u32, height: out_h as u32, rgba })
    }
}
