//! A generator of synthetic liver-MRI studies: DICOM as hospitals export it, and the truth about it.
//!
//! In: a [`PhantomSpec`] (how many patients, a seed, a vendor, a scale). Out: a list of files with the
//! folder layout of an export, each rendered on demand as a pure function of the specification and its
//! index (so any order, any thread, native or WebAssembly, gives the same bytes); the volumes a converter
//! should make of them with voxels, affine, role and labels; the lesions in closed form; and every
//! identifier that was planted, ordinary and unlikely places alike. It writes no file, keeps no voxel and
//! knows no real patient.
//!
//! ```
//! use hepatica::phantom::{Phantom, PhantomSpec};
//! let phantom = Phantom::new(PhantomSpec { patients: 1, scale: 0.1, ..PhantomSpec::default() });
//! let first = phantom.file(0).unwrap_or_default();
//! assert_eq!(&first[128..132], b"DICM");
//! ```
//!
//! A slice at full scale (320×260) costs some milliseconds, so nothing is cached: a cohort is written by
//! calling [`Phantom::file`] for each index, in parallel if the caller likes ([`Phantom`] is `Sync`).

mod anatomy;
mod contrast;
mod enhanced;
mod ge;
mod header;
pub mod labels;
mod noise;
mod organs;
mod philips;
mod plan;
mod planted;
mod render;
mod shape;
mod siemens;
#[cfg(test)]
mod tests;
mod tissue;
mod truth;
mod vessels;
mod write;

pub use planted::{Planted, PlantedKind};
pub use truth::{LesionState, TruthLesion, TruthVolume};

use serde::Serialize;

use header::Instance;
use noise::Lattice;
use plan::{Patient, date_of, date_text, time_text};

/// Whose scanner a study looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Siemens: a series a phase, CSA headers, gadoxetate and Dixon or fat-saturated VIBE.
    Siemens,
    /// GE: implicit VR, multi-phase LAVA in one series or LAVA-Flex, slices from head to feet.
    Ge,
    /// Philips: dynamics in one series, shuffled instance numbers, rescaling, enhanced multi-frame objects.
    Philips,
}

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhantomSpec {
    /// How many patients; each has two studies, every fifth three.
    pub patients: u32,
    /// Everything random follows from this.
    pub seed: u64,
    /// The vendor of all; `None`: it varies from patient to patient.
    pub vendor: Option<Vendor>,
    /// Linear size of the matrices; 1.0 gives T1 320×260×72. The field of view stays. Clamped to 0.05–2.
    pub scale: f64,
}

impl Default for PhantomSpec {
    fn default() -> Self {
        Self { patients: 2, seed: 1, vendor: None, scale: 1.0 }
    }
}

/// One file of the export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhantomFile {
    /// Relative path with `/`, as an export has it: it holds the patient's name and identifiers.
    pub path: String,
    /// The patient's index, from 0.
    pub patient: u32,
    /// The study's index within the patient, from 0.
    pub session: u32,
    /// SeriesNumber.
    pub series_number: u32,
}

/// A phantom cohort: small, whatever its size on disk.
#[derive(Clone, Debug)]
pub struct Phantom {
    spec: PhantomSpec,
    patients: Vec<Patient>,
    lattice: Lattice,
    /// First file index, then patient, study and series indices, in order.
    starts: Vec<(usize, [usize; 3])>,
    count: usize,
}

impl Phantom {
    /// Plans a cohort. Costs less than a millisecond a patient.
    pub fn new(spec: PhantomSpec) -> Self {
        let scale = if spec.scale.is_finite() { spec.scale.clamp(0.05, 2.0) } else { 1.0 };
        let spec = PhantomSpec { scale, ..spec };
        let patients = plan::patients(&spec);
        let mut starts = Vec::new();
        let mut count = 0;
        for (p, patient) in patients.iter().enumerate() {
            for (s, study) in patient.studies.iter().enumerate() {
                for (x, series) in study.series.iter().enumerate() {
                    starts.push((count, [p, s, x]));
                    count += series.files() as usize;
                }
            }
        }
        Self { lattice: Lattice::new(noise::key(spec.seed, &[5])), spec, patients, starts, count }
    }

    /// What it was made from, the scale clamped.
    pub fn spec(&self) -> &PhantomSpec {
        &self.spec
    }

    /// Number of files.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Every file's path and place, in order of index.
    pub fn files(&self) -> impl Iterator<Item = PhantomFile> + '_ {
        (0..self.count).filter_map(|i| self.entry(i))
    }

    /// Path and place of a file; `None` beyond [`Phantom::count`].
    pub fn entry(&self, index: usize) -> Option<PhantomFile> {
        let i = self.instance(index)?;
        Some(PhantomFile {
            path: self.path(index, &i),
            patient: i.patient.index,
            session: i.study.session,
            series_number: i.series.number,
        })
    }

    /// About how many bytes all files take together: their pixels and a typical header.
    pub fn approximate_bytes(&self) -> u64 {
        let series = self.patients.iter().flat_map(|p| &p.studies).flat_map(|s| &s.series);
        series
            .map(|s| {
                let voxels: u64 =
                    s.volumes.iter().map(|v| v.grid.area() as u64 * u64::from(v.slices())).sum();
                2 * voxels + 8_000 * u64::from(s.files())
            })
            .sum()
    }

    /// The bytes of a file, rendered now; `None` beyond [`Phantom::count`].
    pub fn file(&self, index: usize) -> Option<Vec<u8>> {
        let i = self.instance(index)?;
        let pixels = if i.series.enhanced {
            let mut all = Vec::new();
            for v in &i.series.volumes {
                for k in 0..v.slices() {
                    all.extend(truth::stored(i.patient, &self.lattice, v, k));
                }
            }
            all
        } else {
            truth::stored(i.patient, &self.lattice, i.volume, i.slice)
        };
        Some(header::render(&i, pixels))
    }

    /// The volumes that a converter should yield, in order of files; see [`TruthVolume`] for the order of
    /// voxels and axes.
    pub fn truth(&self) -> Vec<TruthVolume> {
        truth::addresses(&self.patients)
            .into_iter()
            .filter_map(|a| {
                let place = a.series_place();
                let base = self.starts.iter().find(|(_, p)| *p == place)?.0;
                a.describe(&self.patients, base)
            })
            .collect()
    }

    /// Stored values of a truth, rendered now, first index fastest; `None` beyond their number.
    pub fn truth_voxels(&self, truth: usize) -> Option<Vec<i16>> {
        truth::addresses(&self.patients).get(truth)?.voxels(&self.patients, &self.lattice)
    }

    /// Label map of a truth on its own grid and in its own breath-hold (values in [`labels`]), first index
    /// fastest; a 4D volume's is that of its first. `None` beyond their number.
    pub fn truth_labels(&self, truth: usize) -> Option<Vec<u8>> {
        truth::addresses(&self.patients).get(truth)?.labels(&self.patients)
    }

    /// Every lesion at every study, in closed form, placed as in the portal-venous volume.
    pub fn lesions(&self) -> Vec<TruthLesion> {
        truth::lesions(&self.patients)
    }

    /// Every identifying value in the files and where it was put.
    pub fn planted(&self) -> Vec<Planted> {
        let mut out = Vec::new();
        for p in &self.patients {
            out.extend(p.persona.planted(p.index, p.vendor));
            for study in &p.studies {
                let mut add = |place, value: String, kind| {
                    out.push(Planted { patient: p.index, value, place, kind });
                };
                add("StudyInstanceUID", study.uid.clone(), PlantedKind::Uid);
                add("FrameOfReferenceUID", study.frame_uid.clone(), PlantedKind::Uid);
                add("AccessionNumber", study.accession.clone(), PlantedKind::Number);
                add("StudyDate", date_text(date_of(study.day)), PlantedKind::Date);
                add("StudyTime", time_text(study.start), PlantedKind::Time);
                add("ContrastBolusStartTime", time_text(study.bolus), PlantedKind::Time);
                add("StudyID", study.id.clone(), PlantedKind::Number);
                add("PatientAge", header::age_text(p, study), PlantedKind::Short);
                for series in &study.series {
                    add("SeriesInstanceUID", series.uid.clone(), PlantedKind::Uid);
                    if let Some(v) = series.volumes.first() {
                        add("SeriesTime", time_text(v.time), PlantedKind::Time);
                    }
                }
            }
        }
        out.sort_by(|a, b| (a.patient, a.place, &a.value).cmp(&(b.patient, b.place, &b.value)));
        out.dedup();
        out
    }

    fn instance(&self, index: usize) -> Option<Instance<'_>> {
        if index >= self.count {
            return None;
        }
        let at = self.starts.partition_point(|(start, _)| *start <= index).checked_sub(1)?;
        let (start, [p, s, x]) = *self.starts.get(at)?;
        let patient = self.patients.get(p)?;
        let study = patient.studies.get(s)?;
        let series = study.series.get(x)?;
        let place = (index - start) as u32;
        let (v, slice) = series.place(place)?;
        Some(Instance {
            patient,
            study,
            series,
            volume: series.volumes.get(v)?,
            slice,
            number: series.instance_number(place),
        })
    }

    /// Each vendor's workstations lay folders out their own way; all of them put the name into it.
    fn path(&self, index: usize, i: &Instance<'_>) -> String {
        let who = i.patient.persona.folder();
        let date = date_text(date_of(i.study.day));
        let n = i.number;
        match i.patient.vendor {
            Vendor::Siemens => {
                let name: String = i
                    .series
                    .description
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                    .collect();
                let series = i.series.number;
                format!(
                    "{who}/{date}_MR_ABDOMEN/{}_{series:04}/{who}.MR.ABDOMEN.{series:04}.{n:04}.{date}.IMA",
                    name.to_uppercase()
                )
            }
            Vendor::Ge => {
                format!("{who}/E{}_{date}/s{:04}/i{n:05}.MRDC.{n}", i.study.id, i.series.number)
            }
            Vendor::Philips => {
                let first = self
                    .starts
                    .iter()
                    .find(|(_, [p, s, _])| *p == i.patient.index as usize && *s == i.study.session as usize)
                    .map_or(0, |(start, _)| *start);
                let kind = if i.series.enhanced { "XX" } else { "IM" };
                format!("{who}/{date}_MR_LEBER/DICOM/{kind}_{:04}", index - first + 1)
            }
        }
    }
}
