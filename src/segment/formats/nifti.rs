//! Labels as BIDS has them: `_dseg.nii.gz` and its table `_dseg.tsv`.
//!
//! In: labels and what they mean. Out: an image of unsigned bytes with the very affine of its image, and a
//! table with a row a label (BIDS 1.10.0, *Discrete segmentations*). And back.

use super::super::error::Error;
use super::place::Placing;
use super::{Labelled, Named, Read, plain_name};
use crate::nifti::{ImageHeader, ParallelGzip, read as read_image};
use crate::volume::{Grid, VoxelType};

/// The image's bytes.
///
/// # Errors
/// [`Error::Unsayable`] where a dimension exceeds NIfTI-1's 32,767.
pub fn dseg(labels: &Labelled<'_>) -> Result<Vec<u8>, Error> {
    let header = ImageHeader {
        grid: *labels.grid,
        times: 1,
        time_step_s: 0.0,
        voxel_type: VoxelType::U8,
        slope: 1.0,
        intercept: 0.0,
    };
    if !header.fits() {
        return Err(Error::Unsayable("NIfTI-1 holds at most 32,767 voxels along an axis".to_owned()));
    }
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend_from_slice(labels.values);
    Ok(ParallelGzip::compress(&bytes, false))
}

/// The table's text: index, name, colour, code, lesion, state, reason, voxels and volume.
#[must_use]
pub fn dseg_table(labels: &Labelled<'_>) -> String {
    const COLUMNS: [&str; 10] =
        ["index", "name", "color", "scheme", "code", "lesion", "state", "reason", "voxels", "volume_ml"];
    let mut counts = [0_u64; 256];
    labels.values.iter().for_each(|v| counts[usize::from(*v)] += 1);
    let voxel = labels.grid.affine().determinant().abs() / 1000.0;
    let cell = |text: Option<&str>| {
        let text = text.unwrap_or_default().replace(['\t', '\n', '\r'], " ");
        if text.is_empty() { "n/a".to_owned() } else { text }
    };
    let mut out = COLUMNS.join("\t");
    out.push('\n');
    for segment in labels.segments {
        let [r, g, b] = segment.colour;
        let kind = segment.codes.as_ref().map(|[_, kind]| kind);
        let count = counts[usize::from(segment.label)];
        let row = [
            segment.label.to_string(),
            cell(Some(&segment.name)),
            format!("#{r:02x}{g:02x}{b:02x}"),
            cell(kind.map(|k| k[0].as_str())),
            cell(kind.map(|k| k[1].as_str())),
            cell(segment.lesion.as_deref()),
            cell(segment.state.as_deref()),
            cell(segment.reason.as_deref()),
            count.to_string(),
            format!("{:.4}", count as f64 * voxel),
        ];
        out.push_str(&row.join("\t"));
        out.push('\n');
    }
    out
}

pub(super) fn read(bytes: &[u8], grid: &Grid, budget: u64) -> Result<Read, Error> {
    let image = read_image(bytes, budget).map_err(|e| Error::Unreadable(e.to_string()))?;
    let dims = image.grid.dims().map(|d| d as usize);
    let placing = Placing::new(grid, dims, image.grid.affine(), false)?;
    let mut values = vec![0; image.voxels.len()];
    let mut there = [false; 256];
    for (index, at) in placing.places().enumerate() {
        let value = image.voxels.get(index).unwrap_or(0.0);
        if !(value.fract() == 0.0 && (0.0..=255.0).contains(&value)) {
            return Err(Error::Unreadable(
                "these are no labels: a value is not a whole number from 0 to 255".to_owned(),
            ));
        }
        if let Some(place) = values.get_mut(at) {
            *place = value as u8;
            there[value as usize] = true;
        }
    }
    let segments = (1..=255_u8)
        .filter(|l| there[usize::from(*l)])
        .map(|label| Named {
            label,
            name: plain_name(label),
            colour: [0; 3],
            codes: None,
            lesion: None,
            state: None,
            reason: None,
        })
        .collect();
    Ok(Read { values, segments })
}
