//! Where a stack of frames lies: DICOM's plane attributes in, a NIfTI grid out.
//!
//! DICOM (PS3.3 C.7.6.2.1.1) counts rows downwards in LPS; the stored image has its rows turned
//! bottom-up and its world in RAS+. Slices ascend along row × column. The determinant of the stored
//! affine is therefore negative for every orientation: FSL's convention for b-vectors needs no flip.

use super::instance::Frame;
use super::tiles::Mosaic;
use super::warning::VolumeWarning;
use crate::dicom::pixels::PixelLayout;
use crate::volume::grid::{cross, dot, norm};
use crate::volume::{Affine, Grid};

/// Slices closer than this are the same slice, mm.
pub(crate) const SAME_SLICE_MM: f64 = 0.02;

/// Unit vectors along rows and columns, and their cross product, LPS.
#[derive(Clone, Copy)]
pub(crate) struct Axes {
    pub(crate) row: [f64; 3],
    pub(crate) column: [f64; 3],
    pub(crate) normal: [f64; 3],
}

impl Axes {
    /// From ImageOrientationPatient; `None` where it spans no plane.
    pub(crate) fn of(orientation: [f64; 6]) -> Option<Self> {
        let [a, b, c, d, e, f] = orientation;
        let unit = |v: [f64; 3]| {
            let length = norm(v);
            (length.is_finite() && length > 0.5).then(|| v.map(|x| x / length))
        };
        let (row, column) = (unit([a, b, c])?, unit([d, e, f])?);
        let normal = unit(cross(row, column))?;
        Some(Self { row, column, normal })
    }
}

/// A stack's grid, and what is odd about it.
pub(crate) struct Placement {
    pub(crate) grid: Option<Grid>,
    pub(crate) warnings: Vec<VolumeWarning>,
}

fn add(a: [f64; 3], b: [f64; 3], factor: f64) -> [f64; 3] {
    std::array::from_fn(|i| a[i] + b[i] * factor)
}

/// Places slices that are sorted along the normal. `slices` holds one frame a slice, bottom first.
pub(crate) fn place(slices: &[&Frame], layout: &PixelLayout) -> Placement {
    let mut warnings = Vec::new();
    let count = slices.len();
    let Some(first) = slices.first() else { return Placement { grid: None, warnings } };
    let spacing = first.spacing.filter(|s| s.iter().all(|v| *v > 0.0)).unwrap_or([1.0, 1.0]);
    let dims = [layout.columns, layout.rows, count as u32];
    let axes = first.orientation.and_then(Axes::of);
    let (Some(axes), Some(origin)) = (axes, first.position) else {
        warnings.push(VolumeWarning::NoGeometry);
        let depth = thickness(first);
        let affine = Affine::from_columns(
            [spacing[1], 0.0, 0.0],
            [0.0, spacing[0], 0.0],
            [0.0, 0.0, depth],
            [0.0, 0.0, 0.0],
        );
        return Placement { grid: Grid::new(dims, affine).ok(), warnings };
    };
    let step = match slices.last().and_then(|last| last.position) {
        Some(last) if count > 1 => {
            let span = add(last, origin, -1.0);
            span.map(|v| v / (count - 1) as f64)
        }
        _ => axes.normal.map(|v| v * thickness(first)),
    };
    check_spacing(slices, &axes, &mut warnings);
    let grid = Grid::new(dims, stored_affine(&axes, spacing, step, origin, layout.rows)).ok();
    if grid.is_some_and(|g| g.affine().is_sheared()) {
        warnings.push(VolumeWarning::Tilted);
    }
    if grid.is_none() {
        warnings.push(VolumeWarning::NoGeometry);
    }
    Placement { grid, warnings }
}

/// Places the tiles of a mosaic. Where the header has no positions of tiles (Siemens), its position is
/// the whole mosaic's corner, not the first tile's.
///
/// Returns the placement, and whether tiles run against row × column.
pub(crate) fn place_mosaic(frame: &Frame, mosaic: &Mosaic, layout: &PixelLayout) -> (Placement, bool) {
    let (columns, rows) = mosaic.tile(layout);
    let tile = PixelLayout { rows, columns, ..layout.clone() };
    let bare = |warnings| Placement { grid: None, warnings };
    let axes = frame.orientation.and_then(Axes::of);
    let (Some(axes), Some(corner), Some(spacing)) = (axes, frame.position, frame.spacing) else {
        return (bare(vec![VolumeWarning::NoGeometry]), false);
    };
    let depth = frame.slice_spacing.filter(|v| *v > 0.0).unwrap_or_else(|| thickness(frame));
    let between = f64::from(mosaic.slices.saturating_sub(1));
    let span = mosaic.ends.map(|[first, last]| add(last, first, -1.0)).filter(|v| norm(*v) > 1e-3);
    let sense = span.or(mosaic.normal).map_or(0.0, |normal| dot(normal, axes.normal));
    let against = sense < 0.0;
    let step = match span {
        Some(span) => span.map(|v| v / between.max(1.0) * if against { -1.0 } else { 1.0 }),
        None => axes.normal.map(|v| v * depth),
    };
    let first_tile = match mosaic.ends {
        Some([first, _]) => first,
        None => {
            let shift_x = f64::from(layout.columns - columns) / 2.0 * spacing[1];
            let shift_y = f64::from(layout.rows - rows) / 2.0 * spacing[0];
            add(add(corner, axes.row, shift_x), axes.column, shift_y)
        }
    };
    // Tiles against the normal start at the top: the stored volume starts with the last one.
    let origin = if against { add(first_tile, step, -between) } else { first_tile };
    let affine = stored_affine(&axes, spacing, step, origin, tile.rows);
    let grid = Grid::new([columns, rows, mosaic.slices], affine).ok();
    let warnings = if grid.is_none() { vec![VolumeWarning::NoGeometry] } else { Vec::new() };
    (Placement { grid, warnings }, against)
}

impl Mosaic {
    /// Columns and rows of one tile.
    pub(crate) fn tile(&self, layout: &PixelLayout) -> (u32, u32) {
        let [across, down] = self.tiles.map(|n| n.max(1));
        ((layout.columns / across).max(1), (layout.rows / down).max(1))
    }
}

/// The affine of the stored image: LPS → RAS+, rows turned bottom-up.
fn stored_affine(axes: &Axes, spacing: [f64; 2], step: [f64; 3], origin: [f64; 3], rows: u32) -> Affine {
    let ras = |v: [f64; 3]| [-v[0], -v[1], v[2]];
    let x = axes.row.map(|v| v * spacing[1]);
    let y = axes.column.map(|v| v * spacing[0]);
    let bottom_row = add(origin, y, f64::from(rows) - 1.0);
    Affine::from_columns(ras(x), ras(y.map(|v| -v)), ras(step), ras(bottom_row))
}

/// Distance between slices where positions don't tell: the header's spacing, else the thickness.
fn thickness(frame: &Frame) -> f64 {
    let positive = |v: Option<f64>| v.map(f64::abs).filter(|v| *v > 0.0 && v.is_finite());
    positive(frame.slice_spacing).or(positive(frame.thickness)).unwrap_or(1.0)
}

fn check_spacing(slices: &[&Frame], axes: &Axes, warnings: &mut Vec<VolumeWarning>) {
    let depths: Vec<f64> = slices.iter().filter_map(|f| f.position.map(|p| dot(p, axes.normal))).collect();
    let mut gaps: Vec<f64> = depths.windows(2).filter_map(|w| Some(w.get(1)? - w.first()?)).collect();
    if gaps.len() < 2 {
        return;
    }
    let each = gaps.clone();
    gaps.sort_by(f64::total_cmp);
    let (Some(min), Some(max), Some(median)) =
        (gaps.first().copied(), gaps.last().copied(), gaps.get(gaps.len() / 2).copied())
    else {
        return;
    };
    let multiple = |gap: f64| (gap / median).round();
    let is_multiple = |gap: f64| (gap / median - multiple(gap)).abs() < 0.05;
    if max > 1.5 * median && each.iter().all(|gap| is_multiple(*gap)) {
        let mut missing = Vec::new();
        let mut number = 1u32;
        for gap in &each {
            let steps = multiple(*gap).clamp(1.0, 10_000.0) as u32;
            missing.extend(number + 1..number + steps);
            number += steps;
        }
        warnings.push(VolumeWarning::MissingSlices { slices: missing });
    } else if max - min > 0.05 * median {
        warnings.push(VolumeWarning::VariableSpacing { min_mm: min, max_mm: max });
    }
}
