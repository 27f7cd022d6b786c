//! What a converter should make of the phantom's files.
//!
//! In: the plan. Out: for each volume its role, grid, voxels and labels in NIfTI's order; for each lesion
//! its closed-form size and place. The voxels are rendered anew on request, nothing is kept.
//!
//! **Storage order** (dcm2niix's): the first index runs along DICOM's rows (with the column index), the
//! second along its columns *backwards* (from the bottom of the picture to its top), the third along the
//! normal of the picture, `row × column`, whichever way the scanner numbered its slices. The affine maps
//! these indices to RAS millimetres. Voxels are stored values, before any rescale slope.

use serde::Serialize;

use super::anatomy::Ball;
use super::labels;
use super::noise::Lattice;
use super::plan::{Kind, Patient, Recipe, Series, Volume};
use super::render::{Acquisition, Grid, label_slice, slice};

/// One volume that a converter should yield.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TruthVolume {
    /// Role, as the hanging protocols name it: `t1_pre`, `arterial_early`, `portal_venous`, `dwi` …
    pub role: &'static str,
    /// The patient's index, from 0.
    pub patient: u32,
    /// The study's index within the patient, by date, from 0.
    pub session: u32,
    /// SeriesNumber in the files.
    pub series_number: u32,
    /// SeriesDescription in the files.
    pub description: String,
    /// Voxels along each index; the last is 1 but for diffusion.
    pub dims: [u32; 4],
    /// Voxel indices → RAS millimetres.
    pub affine: [[f64; 4]; 4],
    /// b-values in s/mm², one for each volume along the fourth index; empty where there is no diffusion.
    pub b_values: Vec<f64>,
    /// EchoNumbers and EchoTime in ms.
    pub echo: (u32, f64),
    /// TemporalPositionIdentifier, where the series has several.
    pub temporal: Option<u32>,
    /// Seconds from injection to acquisition; `None` before it.
    pub seconds: Option<f64>,
    /// Displacement of the organs by breathing in this volume, RAS mm.
    pub breath: [f64; 3],
    /// RescaleSlope in the files, where the vendor writes one (RescaleIntercept is 0).
    pub slope: Option<f64>,
    /// Indices of the files that hold it, in any order; an enhanced object's is one.
    pub files: Vec<usize>,
}

/// What a lesion is at a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LesionState {
    /// Never treated.
    Viable,
    /// Ablated without residue: only the zone is left.
    Treated,
    /// Ablated, viable tumour at the zone's rim.
    Residual,
}

/// One lesion at one study, measured in closed form, placed as in the portal-venous volume.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TruthLesion {
    /// The patient's index, from 0.
    pub patient: u32,
    /// The study's index within the patient, from 0.
    pub session: u32,
    /// The lesion's number, from 1, the same in every session.
    pub number: u32,
    /// Its value in the label map.
    pub label: u8,
    /// What it is at this study.
    pub state: LesionState,
    /// Centre of the viable tumour (of the zone where none is left), RAS mm.
    pub centre: [f64; 3],
    /// Diameters of the viable tumour along x, y and z, mm; zeros where none is left.
    pub diameters: [f64; 3],
    /// Volume of the viable tumour with its necrosis and capsule, ml.
    pub volume_ml: f64,
    /// Volume of the treated zone's ellipsoid, ml, residual tumour not deducted.
    pub zone_ml: f64,
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// True where slices are numbered against the normal of the picture.
fn reversed(g: &Grid) -> bool {
    let n = cross(g.row, g.column);
    n.iter().zip(g.step).map(|(a, b)| a * b).sum::<f64>() < 0.0
}

/// The affine in the storage order above.
fn affine(g: &Grid) -> [[f64; 4]; 4] {
    let last = f64::from(g.dims[2].saturating_sub(1));
    let rev = reversed(g);
    let corner = g.corner(if rev { last } else { 0.0 }).map(super::header::micro);
    // As a reader sees it: from the written positions of the first and the last slice.
    let other = g.corner(if rev { 0.0 } else { last }).map(super::header::micro);
    let mut m = [[0.0; 4]; 4];
    for (axis, row) in m.iter_mut().take(3).enumerate() {
        let at = |v: [f64; 3]| v.get(axis).copied().unwrap_or(0.0);
        let sign = if axis < 2 { -1.0 } else { 1.0 };
        let down = at(g.column) * g.spacing[1];
        let step = if last > 0.0 { (at(other) - at(corner)) / last } else { at(g.step) };
        *row = [
            sign * at(g.row) * g.spacing[0],
            -sign * down,
            sign * step,
            sign * (at(corner) + down * f64::from(g.dims[1].saturating_sub(1))),
        ];
    }
    m[3] = [0.0, 0.0, 0.0, 1.0];
    m
}

/// A truth's place in the plan: patient, study, series, volumes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    patient: usize,
    study: usize,
    series: usize,
    first: usize,
    count: usize,
}

fn groups(series: &Series) -> Vec<(usize, usize)> {
    if series.kind == Kind::Diffusion {
        vec![(0, series.volumes.len())]
    } else {
        (0..series.volumes.len()).map(|v| (v, 1)).collect()
    }
}

/// Where every truth is, in the order of the files.
pub(super) fn addresses(patients: &[Patient]) -> Vec<Address> {
    let mut out = Vec::new();
    for (patient, p) in patients.iter().enumerate() {
        for (study, s) in p.studies.iter().enumerate() {
            for (series, x) in s.series.iter().enumerate() {
                for (first, count) in groups(x) {
                    out.push(Address { patient, study, series, first, count });
                }
            }
        }
    }
    out
}

impl Address {
    /// Indices of patient, study and series.
    pub(super) const fn series_place(self) -> [usize; 3] {
        [self.patient, self.study, self.series]
    }

    fn series(self, patients: &[Patient]) -> Option<(&Patient, &Series)> {
        let p = patients.get(self.patient)?;
        Some((p, p.studies.get(self.study)?.series.get(self.series)?))
    }

    fn volumes(self, patients: &[Patient]) -> Option<(&Patient, &[Volume])> {
        let (p, s) = self.series(patients)?;
        Some((p, s.volumes.get(self.first..self.first + self.count)?))
    }

    /// The truth's description; `base` is the index of the series' first file.
    pub(super) fn describe(self, patients: &[Patient], base: usize) -> Option<TruthVolume> {
        let (p, series) = self.series(patients)?;
        let (_, volumes) = self.volumes(patients)?;
        let v = volumes.first()?;
        let g = &v.grid;
        let before: u32 = series.volumes.iter().take(self.first).map(Volume::slices).sum();
        let held: u32 = volumes.iter().map(Volume::slices).sum();
        let b = v.acquisition().breath;
        Some(TruthVolume {
            role: v.role,
            patient: p.index,
            session: self.study as u32,
            series_number: series.number,
            description: series.description.clone(),
            dims: [g.dims[0], g.dims[1], g.dims[2], self.count as u32],
            affine: affine(g),
            b_values: volumes.iter().filter_map(|v| v.b_value).collect(),
            echo: v.echo,
            temporal: series.temporal.map(|_| v.temporal),
            seconds: v.seconds,
            breath: [-b[0], -b[1], b[2]],
            slope: v.levels.slope,
            files: if series.enhanced {
                vec![base]
            } else {
                (before..before + held).map(|n| base + n as usize).collect()
            },
        })
    }

    /// Stored values in storage order.
    pub(super) fn voxels(self, patients: &[Patient], lattice: &Lattice) -> Option<Vec<i16>> {
        let (p, volumes) = self.volumes(patients)?;
        let mut out = Vec::new();
        for v in volumes {
            order(&v.grid, |k| out.extend(flip(&stored(p, lattice, v, k), &v.grid)));
        }
        Some(out)
    }

    /// Labels in storage order on the first volume's grid.
    pub(super) fn labels(self, patients: &[Patient]) -> Option<Vec<u8>> {
        let (p, volumes) = self.volumes(patients)?;
        let v = volumes.first()?;
        let acq = Acquisition { grid: v.grid, ..*v.acquisition() };
        let mut out = Vec::new();
        order(&v.grid, |k| out.extend(flip(&label_slice(&p.anatomy, &acq, k), &v.grid)));
        Some(out)
    }
}

/// Slices along the normal.
fn order(g: &Grid, mut each: impl FnMut(u32)) {
    let n = g.dims[2];
    if reversed(g) { (0..n).rev().for_each(&mut each) } else { (0..n).for_each(&mut each) }
}

/// Rows from the bottom up.
fn flip<T: Copy>(slice: &[T], g: &Grid) -> Vec<T> {
    slice.chunks(g.dims[0].max(1) as usize).rev().flatten().copied().collect()
}

/// Stored values of one slice, row by row as in the file.
pub(super) fn stored(p: &Patient, lattice: &Lattice, v: &Volume, k: u32) -> Vec<i16> {
    let quantise = |x: f32| (x * v.levels.gain + 0.5).floor().clamp(0.0, f32::from(v.levels.max)) as i16;
    let one = |acq: &Acquisition, k: u32| -> Vec<i16> {
        slice(&p.anatomy, lattice, acq, k).into_iter().map(quantise).collect()
    };
    let difference = |a: &Acquisition, b: &Acquisition, k: u32| -> Vec<i16> {
        one(a, k).into_iter().zip(one(b, k)).map(|(a, b)| (a - b).max(0)).collect()
    };
    match &v.recipe {
        Recipe::Plain(a) => one(a, k),
        Recipe::Difference(a, b) => difference(a, b, k),
        Recipe::Slabs(a, b, each) => {
            let mut best = vec![0i16; a.grid.area()];
            for n in 0..*each {
                for (m, x) in best.iter_mut().zip(difference(a, b, k * each + n)) {
                    *m = (*m).max(x);
                }
            }
            best
        }
    }
}

/// All lesions of all studies.
pub(super) fn lesions(patients: &[Patient]) -> Vec<TruthLesion> {
    let mut out = Vec::new();
    for p in patients {
        for study in &p.studies {
            let portal = study.series.iter().flat_map(|s| &s.volumes).find(|v| v.role == "portal_venous");
            let Some(acq) = portal.map(Volume::acquisition) else {
                continue;
            };
            let s = f64::from(p.anatomy.scale);
            for (n, lesion) in (1u8..).zip(&p.anatomy.lesions) {
                let (viable, zone) = (lesion.viable(study.session), lesion.zone(study.session));
                let Some((c, _)) = viable.or(zone) else {
                    continue;
                };
                let world: Vec<f64> = (0..3)
                    .map(|a| {
                        let at = |v: [f64; 3]| v.get(a).copied().unwrap_or(0.0);
                        let p = c.get(a).copied().map_or(0.0, f64::from) * s + at(acq.table) + at(acq.breath);
                        if a < 2 { -p } else { p }
                    })
                    .collect();
                let diameters = viable.map_or([0.0; 3], |(_, r)| r.map(|r| 2.0 * s * f64::from(r)));
                out.push(TruthLesion {
                    patient: p.index,
                    session: study.session,
                    number: u32::from(n),
                    label: labels::FIRST_LESION + n - 1,
                    state: match (viable, zone) {
                        (Some(_), None) => LesionState::Viable,
                        (Some(_), Some(_)) => LesionState::Residual,
                        (None, _) => LesionState::Treated,
                    },
                    centre: [
                        world.first().copied().unwrap_or(0.0),
                        world.get(1).copied().unwrap_or(0.0),
                        world.get(2).copied().unwrap_or(0.0),
                    ],
                    diameters,
                    volume_ml: viable.map_or(0.0, |b| millilitres(b, s)),
                    zone_ml: zone.map_or(0.0, |b| millilitres(b, s)),
                });
            }
        }
    }
    out
}

fn millilitres((_, r): Ball, scale: f64) -> f64 {
    let product: f64 = r.iter().map(|&r| f64::from(r) * scale).product();
    4.0 / 3.0 * core::f64::consts::PI * product / 1000.0
}
