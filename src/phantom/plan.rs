//! What was scanned when: patients, their studies, series and volumes.
//!
//! In: the specification. Out: a plan from which every file, every truth and every planted identifier
//! follows; small, made at once, no voxel in it. Vendors fill the series in (`siemens`, `ge`, `philips`);
//! what they share is here: grids, clocks, identifiers.

use super::anatomy::Anatomy;
use super::contrast::{Enhancement, Sequence};
use super::noise::{Rng, key, sin_cos_deg};
use super::planted::Persona;
use super::render::{Acquisition, Grid};
use super::tissue::Agent;
use super::write::{Syntax, as_written};
use super::{PhantomSpec, Vendor, ge, philips, siemens};

/// One patient and all that was done to them.
#[derive(Clone, Debug)]
pub(super) struct Patient {
    pub(super) index: u32,
    pub(super) vendor: Vendor,
    pub(super) persona: Persona,
    pub(super) anatomy: Anatomy,
    pub(super) studies: Vec<Study>,
}

/// One visit.
#[derive(Clone, Debug)]
pub(super) struct Study {
    pub(super) session: u32,
    /// Days since 1970-01-01.
    pub(super) day: i64,
    /// Milliseconds since midnight at its start and at the injection.
    pub(super) start: i64,
    pub(super) bolus: i64,
    pub(super) agent: Agent,
    pub(super) field: f64,
    pub(super) uid: String,
    pub(super) frame_uid: String,
    pub(super) accession: String,
    pub(super) id: String,
    pub(super) series: Vec<Series>,
}

/// What kind of series: the headers of vendors differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Localizer,
    T2,
    Diffusion,
    Adc,
    /// Any T1 gradient echo.
    T1,
    Derived,
}

/// In which order instances are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Volume by volume, slice by slice.
    Plain,
    /// Slice by slice, all volumes of a slice together.
    SliceFirst,
    /// At random, as Philips does.
    Shuffled(u64),
}

/// One series.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) description: String,
    pub(super) protocol: String,
    pub(super) uid: String,
    pub(super) syntax: Syntax,
    /// All in one Enhanced MR object.
    pub(super) enhanced: bool,
    pub(super) numbering: Numbering,
    /// Whether contrast tags are filled (on pre-contrast series, too, in some hospitals).
    pub(super) contrast_tags: bool,
    /// Number of temporal positions, where the series has several.
    pub(super) temporal: Option<u32>,
    pub(super) volumes: Vec<Volume>,
    /// Odd things put into this series' files.
    pub(super) oddity: Oddity,
}

/// Odd things, each of which archives do contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    None,
    /// Bytes after the last element.
    TrailingBytes,
    /// DataSetTrailingPadding (FFFC,FFFC).
    Padding,
    /// Overlay in group 6000 and curve in group 5000.
    Overlay,
}

/// How the voxels of a volume come about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Recipe {
    Plain(Acquisition),
    /// First minus second, not below 0.
    Difference(Acquisition, Acquisition),
    /// Maximum over so many slices of the difference, for each output slice.
    Slabs(Acquisition, Acquisition, u32),
}

/// One volume of a series: one time, echo, b-value or plane.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    pub(super) role: &'static str,
    pub(super) recipe: Recipe,
    pub(super) grid: Grid,
    pub(super) image_type: &'static str,
    /// Number and time (ms).
    pub(super) echo: (u32, f64),
    pub(super) repetition: f64,
    pub(super) flip: f64,
    pub(super) b_value: Option<f64>,
    pub(super) temporal: u32,
    /// Milliseconds since midnight.
    pub(super) time: i64,
    /// Seconds since the injection; `None` before.
    pub(super) seconds: Option<f64>,
    pub(super) levels: Levels,
}

/// Signal → stored value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    /// Stored value per signal unit.
    pub(super) gain: f32,
    pub(super) max: i16,
    /// Rescale slope written, `None` where the vendor writes none.
    pub(super) slope: Option<f64>,
}

impl Volume {
    /// The acquisition that gives the volume its time, shift and contrast.
    pub(super) fn acquisition(&self) -> &Acquisition {
        match &self.recipe {
            Recipe::Plain(a) | Recipe::Difference(a, _) | Recipe::Slabs(a, ..) => a,
        }
    }

    pub(super) fn slices(&self) -> u32 {
        self.grid.dims[2]
    }
}

impl Series {
    /// How many files the series has.
    pub(super) fn files(&self) -> u32 {
        if self.enhanced { 1 } else { self.volumes.iter().map(Volume::slices).sum() }
    }

    /// `(volume, slice)` of the file at a place in the series; files are stored volume by volume.
    pub(super) fn place(&self, mut file: u32) -> Option<(usize, u32)> {
        for (v, volume) in self.volumes.iter().enumerate() {
            if file < volume.slices() {
                return Some((v, file));
            }
            file -= volume.slices();
        }
        None
    }

    /// InstanceNumber of the file at a place in the series.
    pub(super) fn instance_number(&self, file: u32) -> u32 {
        let n = self.files();
        match self.numbering {
            Numbering::Plain => file + 1,
            Numbering::SliceFirst => {
                let v = self.volumes.len() as u32;
                let s = n / v.max(1);
                (file % s.max(1)) * v + file / s.max(1) + 1
            }
            Numbering::Shuffled(key) => shuffled(key, n, file) + 1,
        }
    }
}

/// A permutation of `0..n` without a table: cycle-walking a four-round Feistel network.
fn shuffled(key: u64, n: u32, i: u32) -> u32 {
    let half = (32 - n.max(2).saturating_sub(1).leading_zeros()).div_ceil(2);
    let mask = (1u32 << half) - 1;
    let mut x = i;
    for _ in 0..10_000 {
        let (mut l, mut r) = (x >> half, x & mask);
        for round in 0..4u64 {
            let f = super::noise::mix(key ^ (round << 40) ^ u64::from(r)) as u32 & mask;
            (l, r) = (r, l ^ f);
        }
        x = l << half | r;
        if x < n {
            return x;
        }
    }
    i
}

/// What vendors build their series with.
pub(super) struct Scanner<'a> {
    pub(super) spec: &'a PhantomSpec,
    pub(super) patient: u32,
    pub(super) variant: u32,
    pub(super) session: u32,
    pub(super) study: &'a Study,
    /// Prefix of every UID made here.
    root: String,
    key: u64,
    table: [f64; 3],
    tilt: [f64; 2],
    rng: Rng,
    series: Vec<Series>,
}

/// The in-plane matrix, slice count and coverage of a protocol step at full scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix {
    pub(super) columns: u32,
    pub(super) rows: u32,
    pub(super) slices: u32,
}

/// T1 gradient echo: 320×260×72.
pub(super) const MATRIX_T1: Matrix = Matrix { columns: 320, rows: 260, slices: 72 };
/// T2: 256×208×36.
pub(super) const MATRIX_T2: Matrix = Matrix { columns: 256, rows: 208, slices: 36 };
/// Diffusion: 192×156×36.
pub(super) const MATRIX_DWI: Matrix = Matrix { columns: 192, rows: 156, slices: 36 };

/// Field of view, mm: columns, rows, slices.
const FIELD: [f64; 3] = [380.0, 308.75, 216.0];

/// A step of the protocol, before it becomes a volume.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shot {
    pub(super) role: &'static str,
    pub(super) sequence: Sequence,
    pub(super) image_type: &'static str,
    pub(super) echo: u32,
    /// Seconds since the injection, or negative: before it, since the study's start.
    pub(super) when: When,
    pub(super) temporal: u32,
}

/// A moment of the study.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    /// Seconds since the study's start, before the injection.
    Before(f64),
    /// Seconds since the injection.
    After(f64),
}

impl<'a> Scanner<'a> {
    /// The next series' identity.
    pub(super) fn series(&mut self, number: u32, kind: Kind, description: &str) -> Series {
        Series {
            number,
            kind,
            description: description.to_owned(),
            protocol: description.to_owned(),
            uid: format!(
                "{}.{}.{number}",
                self.root,
                1_000_000 + key(self.key, &[3, u64::from(number)]) % 8_999_999
            ),
            syntax: Syntax::ExplicitLittle,
            enhanced: false,
            numbering: Numbering::Plain,
            contrast_tags: false,
            temporal: None,
            volumes: Vec::new(),
            oddity: Oddity::None,
        }
    }

    pub(super) fn push(&mut self, series: Series) {
        self.series.push(series);
    }

    /// An axial, slightly oblique grid; `down`: stored from head to feet.
    pub(super) fn axial(&self, m: Matrix, down: bool) -> Grid {
        let dims = [scaled(m.columns, self.spec.scale, 24), scaled(m.rows, self.spec.scale, 20), {
            let n = (f64::from(m.slices) * self.spec.scale).round() as u32;
            n.clamp(6, 512)
        }];
        let (sx, cx) = sin_cos_deg(self.tilt[0]);
        let (sz, cz) = sin_cos_deg(self.tilt[1]);
        let row = [cz, sz * cx, sz * sx];
        let column = [-sz, cz * cx, cz * sx];
        let normal = [0.0, -sx, cx];
        self.grid(dims, FIELD, row, column, normal, down)
    }

    fn grid(
        &self,
        dims: [u32; 3],
        field: [f64; 3],
        row: [f64; 3],
        column: [f64; 3],
        normal: [f64; 3],
        down: bool,
    ) -> Grid {
        let row = row.map(|v| as_written((v * 1e9).round() / 1e9));
        let column = column.map(|v| as_written((v * 1e9).round() / 1e9));
        let spacing = [as_written(field[0] / f64::from(dims[0])), as_written(field[1] / f64::from(dims[1]))];
        let thick = as_written(field[2] / f64::from(dims[2]));
        let sign = if down { -1.0 } else { 1.0 };
        let step = normal.map(|v| v * thick * sign);
        let mut origin = self.table;
        for (axis, o) in origin.iter_mut().enumerate() {
            let at = |v: [f64; 3]| v.get(axis).copied().unwrap_or(0.0);
            *o -= at(row) * spacing[0] * f64::from(dims[0] - 1) / 2.0
                + at(column) * spacing[1] * f64::from(dims[1] - 1) / 2.0
                + at(step) * f64::from(dims[2] - 1) / 2.0;
            *o = (*o * 1e6).round() / 1e6;
        }
        Grid { origin, row, column, step, spacing, dims }
    }

    /// Transverse, coronal and sagittal scouts, five slices each.
    pub(super) fn scouts(&self) -> [Grid; 3] {
        let n = scaled(192, self.spec.scale, 24);
        let (x, y, z) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]);
        let feet = [0.0, 0.0, -1.0];
        let field = [400.0, 400.0, 125.0];
        [
            self.grid([n, n, 5], field, x, y, z, false),
            self.grid([n, n, 5], field, x, feet, y, false),
            self.grid([n, n, 5], field, y, feet, [-1.0, 0.0, 0.0], false),
        ]
    }

    /// The acquisition and the volume of a shot.
    pub(super) fn volume(&mut self, shot: Shot, grid: Grid, noise: f32, levels: Levels) -> Volume {
        let (time, seconds) = match shot.when {
            When::Before(s) => (self.study.start + (s * 1000.0) as i64, None),
            When::After(s) => (self.study.bolus + (s * 1000.0) as i64, Some(s)),
        };
        let acq = Acquisition {
            grid,
            sequence: shot.sequence,
            enhancement: Enhancement { agent: self.study.agent, seconds },
            field: self.study.field,
            session: self.session,
            table: self.table,
            // Breath-holds differ mostly from head to feet.
            breath: [
                round3(self.rng.range(-0.8, 0.8)),
                round3(self.rng.range(-1.6, 1.6)),
                round3(self.rng.range(-5.0, 5.0)),
            ],
            noise,
            key: self.rng.next(),
        };
        let (tr, te, flip, b) = match shot.sequence {
            Sequence::Spoiled { tr, te, flip, .. } => (tr, te, flip, None),
            Sequence::SpinEcho { tr, te, .. } => (tr, te, 150.0, None),
            Sequence::Diffusion { te, b } => (6200.0, te, 90.0, Some(b)),
            Sequence::Adc => (6200.0, 62.0, 90.0, None),
        };
        Volume {
            role: shot.role,
            recipe: Recipe::Plain(acq),
            grid,
            image_type: shot.image_type,
            echo: (shot.echo, te),
            repetition: tr,
            flip,
            b_value: b,
            temporal: shot.temporal,
            time,
            seconds,
            levels,
        }
    }

    /// The breathing of a volume made before, for what is acquired in the same breath-hold.
    pub(super) fn same_breath(volume: &mut Volume, other: &Volume) {
        let breath = other.acquisition().breath;
        if let Recipe::Plain(a) = &mut volume.recipe {
            a.breath = breath;
        }
        volume.time = other.time;
    }
}

fn scaled(n: u32, scale: f64, least: u32) -> u32 {
    // Even, as reconstructed matrices are.
    let n = (f64::from(n) * scale / 2.0).round() as u32 * 2;
    n.clamp(least, 4096)
}

fn round3(v: f64) -> f64 {
    (v * 1000.0).round() / 1000.0
}

/// All patients of a specification.
pub(super) fn patients(spec: &PhantomSpec) -> Vec<Patient> {
    (0..spec.patients).map(|p| patient(spec, p)).collect()
}

fn patient(spec: &PhantomSpec, index: u32) -> Patient {
    let (vendor, variant) = match spec.vendor {
        Some(v) => (v, index % 2),
        None => (
            [Vendor::Siemens, Vendor::Ge, Vendor::Philips]
                .get(index as usize % 3)
                .copied()
                .unwrap_or(Vendor::Siemens),
            index / 3 % 2,
        ),
    };
    // One patient is older than 89: ages above that identify (PS3.15 and HIPAA's safe harbour).
    let persona = Persona::new(spec.seed, index, index == 1 % spec.patients.max(1));
    let anatomy = Anatomy::new(spec.seed, index);
    let mut rng = Rng::new(spec.seed, &[u64::from(index), 11]);
    let sessions = if index % 5 == 3 { 3 } else { 2 };
    let mut day = days_of((2016 + rng.below(6) as i64, 1, 1)) + rng.below(360) as i64;
    let field = if rng.chance(0.5) { 1.5 } else { 3.0 };
    let root = match vendor {
        Vendor::Siemens => format!("1.3.12.2.1107.5.2.19.{}", persona.serial),
        Vendor::Ge => format!("1.2.840.113619.2.408.{}", persona.serial),
        Vendor::Philips => format!("1.3.46.670589.11.{}.5", persona.serial),
    };
    let mut studies = Vec::new();
    for session in 0..sessions {
        let start = (7 * 3600 + rng.below(9 * 3600) as i64) * 1000 + rng.below(1000) as i64;
        let stem = format!("{root}.{}", 30_000_000_000 + rng.below(9_999_999_999));
        let study = Study {
            session,
            day,
            start,
            bolus: start + 900_000 + rng.below(60_000) as i64,
            agent: agent(vendor, variant),
            field,
            uid: format!("{stem}.1"),
            frame_uid: format!("{stem}.2"),
            accession: format!("A{}", 10_000_000 + rng.below(89_999_999)),
            id: format!("{}", 100_000 + rng.below(899_999)),
            series: Vec::new(),
        };
        let mut scanner = Scanner {
            spec,
            patient: index,
            variant,
            session,
            study: &study,
            root: stem,
            key: rng.next(),
            table: [
                round3(rng.range(-6.0, 6.0)),
                round3(rng.range(-14.0, 4.0)),
                round3(rng.range(-25.0, 25.0)),
            ],
            tilt: [round3(rng.range(2.0, 7.5)), round3(rng.range(-2.5, 2.5))],
            rng: Rng::new(spec.seed, &[u64::from(index), u64::from(session), 13]),
            series: Vec::new(),
        };
        match vendor {
            Vendor::Siemens => siemens::protocol(&mut scanner),
            Vendor::Ge => ge::protocol(&mut scanner),
            Vendor::Philips => philips::protocol(&mut scanner),
        }
        let series = scanner.series;
        studies.push(Study { series, ..study });
        day += 60 + rng.below(150) as i64;
    }
    Patient { index, vendor, persona, anatomy, studies }
}

const fn agent(vendor: Vendor, variant: u32) -> Agent {
    match (vendor, variant) {
        (Vendor::Siemens, 0) | (Vendor::Ge | Vendor::Philips, 1) => Agent::Hepatobiliary,
        _ => Agent::Extracellular,
    }
}

/// Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms").
pub(super) fn days_of((y, m, d): (i64, u32, u32)) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((i64::from(m) + 9) % 12) + 2) / 5 + i64::from(d) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Year, month and day of a day since 1970-01-01.
pub(super) fn date_of(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let m = (if mp < 10 { mp + 3 } else { mp - 9 }) as u32;
    (yoe + era * 400 + i64::from(m <= 2), m, (doy - (153 * mp + 2) / 5 + 1) as u32)
}

/// `YYYYMMDD`.
pub(super) fn date_text((y, m, d): (i64, u32, u32)) -> String {
    format!("{y:04}{m:02}{d:02}")
}

/// `HHMMSS.ffffff` from milliseconds since midnight.
pub(super) fn time_text(ms: i64) -> String {
    let s = ms.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}{:02}{:02}.{:03}000", s / 3600, s / 60 % 60, s % 60, ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_turn_into_days_and_back() {
        for day in (-40_000..40_000).step_by(13) {
            assert_eq!(days_of(date_of(day)), day);
        }
        assert_eq!(date_text(date_of(days_of((2020, 2, 29)))), "20200229");
        assert_eq!(days_of((1970, 1, 1)), 0);
    }

    #[test]
    fn shuffled_numbers_are_a_permutation() {
        for n in [1u32, 2, 5, 14, 288, 360] {
            let mut seen: Vec<u32> = (0..n).map(|i| shuffled(77, n, i)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..n).collect::<Vec<_>>());
        }
    }
}
