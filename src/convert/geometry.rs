//! Where a stack of frames lies: DICOM's plane attributes in, a NIfTI grid out.
//!
//! DICOM (PS3.3 C.7.6.2.1.1) counts rows downwards in LPS; the stored image has its rows turned
//! bottom-up and its world in RAS+. Slices ascend along row × column. The determinant of the stored
//! affine is therefore negative for every orientation: FSL's convention for b-vectors needs no flip.

use super::instance::Frame;
use super::resample::{Mended, Positions, Resampling};
use super::tiles::Mosaic;
use super::warning::VolumeWarning;
use crate::dicom::pixels::PixelLayout;
use crate::volume::grid::{cross, dot, norm};
use crate::volume::{Affine, Grid};

/// Slices closer than this are the same slice, mm.
pub(crate) const SAME_SLICE_MM: f64 = 0.02;

/// Rows and columns are at right angles (PS3.3 C.7.6.2.1.1) but for the rounding of decimals: beyond this
/// cosine they are no image plane.
const OBLIQUE: f64 = 1e-2;

/// Unit vectors along rows and columns, and their cross product, LPS.
#[derive(Clone, Copy)]
pub(crate) struct Axes {
    pub(crate) row: [f64; 3],
    pub(crate) column: [f64; 3],
    pub(crate) normal: [f64; 3],
}

impl Axes {
    /// From ImageOrientationPatient; `None` where it spans no plane, or its axes are not at right angles.
    pub(crate) fn of(orientation: [f64; 6]) -> Option<Self> {
        let [a, b, c, d, e, f] = orientation;
        let unit = |v: [f64; 3]| {
            let length = norm(v);
            (length.is_finite() && length > 0.5).then(|| v.map(|x| x / length))
        };
        let (row, column) = (unit([a, b, c])?, unit([d, e, f])?);
        if dot(row, column).abs() > OBLIQUE {
            return None;
        }
        let normal = unit(cross(row, column))?;
        Some(Self { row, column, normal })
    }
}

/// A stack's grid, and what is odd about it.
pub(crate) struct Placement {
    pub(crate) grid: Option<Grid>,
    pub(crate) warnings: Vec<VolumeWarning>,
    /// A copy on a straight, even grid, where the slices are none.
    pub(crate) copy: Option<Copy>,
}

/// A copy's grid, how it is made, and what to say of it.
pub(crate) struct Copy {
    pub(crate) grid: Grid,
    pub(crate) resampling: Resampling,
    pub(crate) warnings: Vec<VolumeWarning>,
}

fn add(a: [f64; 3], b: [f64; 3], factor: f64) -> [f64; 3] {
    std::array::from_fn(|i| a[i] + b[i] * factor)
}

/// Places slices that are sorted along the normal. `slices` holds one frame a slice, bottom first.
pub(crate) fn place(slices: &[&Frame], layout: &PixelLayout) -> Placement {
    let mut warnings = Vec::new();
    let count = slices.len();
    let Some(first) = slices.first() else { return Placement { grid: None, warnings, copy: None } };
    let spacing =
        first.spacing.filter(|s| s.iter().all(|v| *v > 0.0 && v.is_finite())).unwrap_or_else(|| {
            warnings.push(VolumeWarning::NoSpacing);
            [1.0, 1.0]
        });
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
        return Placement { grid: Grid::new(dims, affine).ok(), warnings, copy: None };
    };
    let positions = positions(slices, &axes, origin, spacing);
    let spaced = Spacing::of(&positions.depths, &mut warnings);
    let step = match slices.last().and_then(|last| last.position) {
        Some(last) if count > 1 => {
            let span = add(last, origin, -1.0);
            // Along the way from the first slice to the last, which a tilted gantry takes aslant.
            match spaced {
                Spacing::Even => span.map(|v| v / (count - 1) as f64),
                Spacing::Uneven { step } => {
                    let depth = positions.depths.last().copied().unwrap_or(1.0);
                    span.map(|v| v / depth * step)
                }
            }
        }
        _ => axes.normal.map(|v| v * thickness(first)),
    };
    let grid = Grid::new(dims, stored_affine(&axes, spacing, step, origin, layout.rows)).ok();
    if grid.is_some_and(|g| g.affine().is_sheared()) {
        warnings.push(VolumeWarning::Tilted);
    }
    if grid.is_none() {
        warnings.push(VolumeWarning::NoGeometry);
    }
    let uneven = matches!(spaced, Spacing::Uneven { .. });
    let straight = Resampling::plan(&positions, [layout.columns, layout.rows], uneven);
    let copy = straight.filter(|_| grid.is_some()).and_then(|straight| {
        let down = axes.column.map(|v| v * spacing[0]);
        let corner = add(origin, down, -straight.bottom);
        let step = axes.normal.map(|v| v * straight.step_mm);
        let affine = stored_affine(&axes, spacing, step, corner, layout.rows);
        let grid = Grid::new(straight.resampling.dims(), affine).ok()?;
        let mended = straight.resampling.mended;
        let mut said: Vec<VolumeWarning> =
            warnings.iter().filter(|w| **w != VolumeWarning::Tilted).cloned().collect();
        if mended != Mended::Spacing {
            said.push(VolumeWarning::TiltCorrected);
        }
        if mended != Mended::Tilt {
            said.push(VolumeWarning::EvenlySpaced { step_mm: straight.step_mm });
        }
        Some(Copy { grid, resampling: straight.resampling, warnings: said })
    });
    Placement { grid, warnings, copy }
}

/// Where the slices lie, relative to the first.
fn positions(slices: &[&Frame], axes: &Axes, origin: [f64; 3], spacing: [f64; 2]) -> Positions {
    let from_first: Vec<[f64; 3]> =
        slices.iter().filter_map(|f| f.position.map(|p| add(p, origin, -1.0))).collect();
    let along = |axis: [f64; 3], unit: f64| from_first.iter().map(|p| dot(*p, axis) / unit).collect();
    Positions {
        depths: along(axes.normal, 1.0),
        down: along(axes.column, spacing[0]),
        right: along(axes.row, 1.0),
        row_mm: spacing[0],
    }
}

/// Places the tiles of a mosaic. Where the header has no positions of tiles (Siemens), its position is
/// the whole mosaic's corner, not the first tile's.
///
/// Returns the placement, and whether tiles run against row × column.
pub(crate) fn place_mosaic(frame: &Frame, mosaic: &Mosaic, layout: &PixelLayout) -> (Placement, bool) {
    let (columns, rows) = mosaic.tile(layout);
    let tile = PixelLayout { rows, columns, ..layout.clone() };
    let bare = |warnings| Placement { grid: None, warnings, copy: None };
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
    let mut warnings = if grid.is_none() { vec![VolumeWarning::NoGeometry] } else { Vec::new() };
    if mosaic.guessed {
        warnings.push(VolumeWarning::GuessedMosaic);
    }
    (Placement { grid, warnings, copy: None }, against)
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

/// Whether slices follow each other at one distance.
#[derive(Clone, Copy, PartialEq)]
enum Spacing {
    Even,
    /// The distance that the volume as scanned is given, mm. No one distance is right for all its slices:
    /// where slices are missing it is that between those that are not; where distances vary it is the
    /// first, as dcm2niix has it.
    Uneven {
        step: f64,
    },
}

impl Spacing {
    fn of(depths: &[f64], warnings: &mut Vec<VolumeWarning>) -> Self {
        let each: Vec<f64> = depths.windows(2).filter_map(|w| Some(w.get(1)? - w.first()?)).collect();
        let mut gaps = each.clone();
        gaps.sort_by(f64::total_cmp);
        let (Some(min), Some(max), Some(median), Some(first)) = (
            gaps.first().copied(),
            gaps.last().copied(),
            gaps.get(gaps.len() / 2).copied(),
            each.first().copied(),
        ) else {
            return Self::Even;
        };
        if gaps.len() < 2 {
            return Self::Even;
        }
        let multiple = |gap: f64| (gap / median).round();
        let is_multiple = |gap: f64| (gap / median - multiple(gap)).abs() < 0.05;
        if max > 1.5 * median && each.iter().all(|gap| is_multiple(*gap)) {
            let mut missing = Vec::new();
            let mut number = 1u32;
            for gap in &each {
                let steps = multiple(*gap).clamp(1.0, 10_000.0) as u32;
                // One gap that is a thousand slices wide, a thousand times, is no list that anybody reads.
                missing.extend((number + 1..number + steps).take(10_000usize.saturating_sub(missing.len())));
                number = number.saturating_add(steps);
            }
            warnings.push(VolumeWarning::MissingSlices { slices: missing });
            Self::Uneven { step: median }
        } else if max - min > 0.05 * median {
            warnings.push(VolumeWarning::VariableSpacing { min_mm: min, max_mm: max });
            Self::Uneven { step: first }
        } else {
            Self::Even
        }
    }
}
