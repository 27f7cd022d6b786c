//! DICOM Segmentation in: binary, native.
//!
//! In: an object's bytes, a grid. Out: labels on the grid, each frame where it lies, and what segments mean.
//! Segments that overlap, fractional ones and compressed ones are refused in words.

use dicom_dictionary_std::tags as t;

use super::super::error::Error;
use super::dicom_out::LABEL;
use super::place::Placing;
use super::{CodeText, Named, Read, plain_name};
use crate::dicom::codec::Codec;
use crate::dicom::{FrameView, Header, ItemRef, Tag};
use crate::volume::grid::cross;
use crate::volume::{Affine, Grid};

pub(super) fn read(bytes: &[u8], grid: &Grid, budget: u64) -> Result<Read, Error> {
    let bad = |what: &str| Error::Unreadable(what.to_owned());
    let header = Header::from_bytes(bytes.to_vec()).map_err(|_| bad("this DICOM file cannot be read"))?;
    let root = header.root();
    if root.text(t::SEGMENTATION_TYPE).as_deref() != Some("BINARY") {
        return Err(bad("this DICOM object is no binary segmentation"));
    }
    let syntax = header.syntax();
    if !matches!(syntax.codec, Codec::Native) || syntax.deflated || syntax.big_endian {
        return Err(bad("this segmentation is compressed: export it uncompressed"));
    }
    let size = |tag| root.int(tag).and_then(|v| usize::try_from(v).ok()).filter(|v| *v > 0);
    let (Some(rows), Some(columns)) = (size(t::ROWS), size(t::COLUMNS)) else {
        return Err(bad("this segmentation has no rows or columns"));
    };
    let count = size(t::NUMBER_OF_FRAMES).unwrap_or(0);
    let pixels =
        rows.checked_mul(columns).filter(|n| n.checked_mul(count).is_some_and(|n| n as u64 / 8 <= budget));
    let pixels = pixels.ok_or_else(|| bad("this segmentation is larger than memory allows"))?;
    let data = header.pixels().and_then(|p| bytes.get(usize::try_from(p.offset).ok()?..)).unwrap_or_default();
    let segments = segments(&root);
    let mut values = vec![0_u8; grid.voxels() as usize];
    for number in 0..count {
        let view = header.frame(number);
        let segment = view.int(t::REFERENCED_SEGMENT_NUMBER).unwrap_or(0);
        let label = segments.iter().find(|(n, _)| *n == segment).map(|(_, s)| s.label);
        let label = label.ok_or_else(|| bad("a frame belongs to no segment, or to one beyond 255"))?;
        let affine = affine_of(&view).ok_or_else(|| bad("a frame of this segmentation lies nowhere"))?;
        let placing = Placing::new(grid, [columns, rows, 1], &affine, true)?;
        for (pixel, at) in placing.places().enumerate() {
            let bit = number * pixels + pixel;
            let byte = data.get(bit / 8).ok_or_else(|| bad("this segmentation is cut short"))?;
            if byte >> (bit % 8) & 1 == 1
                && let Some(place) = values.get_mut(at)
            {
                if *place != 0 && *place != label {
                    return Err(bad("segments that overlap cannot be taken as labels here"));
                }
                *place = label;
            }
        }
    }
    Ok(Read { values, segments: segments.into_iter().map(|(_, s)| s).collect() })
}

/// A frame's pixels → world, RAS mm.
fn affine_of(view: &FrameView<'_>) -> Option<Affine> {
    let [a, b, c, d, e, f] = <[f64; 6]>::try_from(view.floats(t::IMAGE_ORIENTATION_PATIENT)).ok()?;
    let [x, y, z] = <[f64; 3]>::try_from(view.floats(t::IMAGE_POSITION_PATIENT)).ok()?;
    let [down, right] = <[f64; 2]>::try_from(view.floats(t::PIXEL_SPACING)).ok()?;
    let ras = |v: [f64; 3], mm: f64| [-v[0] * mm, -v[1] * mm, v[2] * mm];
    let normal = cross([a, b, c], [d, e, f]);
    Some(Affine::from_columns(ras([a, b, c], right), ras([d, e, f], down), ras(normal, 1.0), [-x, -y, z]))
}

/// Segments by their numbers. Labels are those that their descriptions name, if all do, else the numbers.
fn segments(root: &ItemRef<'_>) -> Vec<(i64, Named)> {
    let mut found = Vec::new();
    let Some(items) = root.get(t::SEGMENT_SEQUENCE) else { return Vec::new() };
    for item in items.items() {
        let Some(number) = item.int(t::SEGMENT_NUMBER) else { continue };
        let Some(plain) = u8::try_from(number).ok().filter(|l| *l > 0) else { continue };
        let code = |tag: Tag| -> Option<CodeText> {
            let item = item.first_item(tag)?;
            Some([
                item.text(t::CODING_SCHEME_DESIGNATOR)?,
                item.text(t::CODE_VALUE)?,
                item.text(t::CODE_MEANING).unwrap_or_default(),
            ])
        };
        let codes = code(t::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE)
            .zip(code(t::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE))
            .map(|(category, kind)| [category, kind]);
        let said = item.text(t::SEGMENT_DESCRIPTION);
        let label = said.and_then(|s| s.trim().strip_prefix(LABEL)?.parse::<u8>().ok()).filter(|l| *l > 0);
        found.push((
            number,
            label,
            Named {
                label: plain,
                name: item.text(t::SEGMENT_LABEL).unwrap_or_else(|| plain_name(plain)),
                colour: [0; 3],
                codes,
                lesion: item.text(t::TRACKING_ID),
                state: None,
                reason: None,
            },
        ));
    }
    let mut labels: Vec<u8> = found.iter().filter_map(|(_, label, _)| *label).collect();
    labels.sort_unstable();
    labels.dedup();
    let said = labels.len() == found.len();
    found
        .into_iter()
        .map(|(number, label, segment)| {
            let label = label.filter(|_| said).unwrap_or(segment.label);
            (number, Named { label, ..segment })
        })
        .collect()
}
