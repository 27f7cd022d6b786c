//! Studies as a Philips scanner (Ingenia, R5) makes them: dynamics in one series, shuffled numbers, scaling.
//!
//! In: a scanner to fill with series; an instance to which private elements are added. T2 or diffusion is
//! one enhanced multi-frame object (PS3.3 A.36); everything else is classic.

use super::contrast::{FatMode, Sequence};
use super::header::Instance;
use super::plan::{
    Kind, Levels, MATRIX_DWI, MATRIX_T1, MATRIX_T2, Numbering, Oddity, Scanner, Series, Shot, When,
};
use super::write::{Dataset, as_written};

const THRIVE: &str = "ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE";
const SPIN: &str = "ORIGINAL\\PRIMARY\\M_SE\\M\\SE";

/// Philips uses the 12 bits up and tells the slope: values over signal differ from series to series.
fn levels(gain: f32) -> Levels {
    Levels { gain, max: 4095, slope: Some(as_written(1.0 / f64::from(gain))) }
}

/// The series of one visit.
pub(super) fn protocol(s: &mut Scanner<'_>) {
    let mut survey = series(s, 101, Kind::Localizer, "SURVEY_BH");
    for grid in s.scouts() {
        let v = s.volume(
            shot("localizer", SPIN, spin(1000.0, 80.0, FatMode::InPhase), When::Before(25.0)),
            grid,
            22.0,
            levels(1.3),
        );
        survey.volumes.push(v);
    }
    s.push(survey);

    let mut t2 = series(s, 201, Kind::T2, "T2W_SPAIR_TRA_RT");
    let v = s.volume(
        shot(
            "t2_fs",
            "ORIGINAL\\PRIMARY\\M_SE\\M\\SE",
            spin(1500.0, 80.0, FatMode::Suppressed),
            When::Before(160.0),
        ),
        s.axial(MATRIX_T2, false),
        16.0,
        levels(1.7),
    );
    t2.volumes.push(v);
    enhance(&mut t2, s.variant == 0, "ORIGINAL\\PRIMARY\\T2\\NONE");
    t2.oddity = Oddity::Padding;
    s.push(t2);
    diffusion(s);
    if s.variant == 0 { thrive(s) } else { mdixon(s) }
}

fn series(s: &mut Scanner<'_>, number: u32, kind: Kind, name: &str) -> Series {
    let mut out = s.series(number, kind, name);
    let salt = u64::from(number) << 20 ^ u64::from(s.patient) << 8 ^ u64::from(s.session);
    out.numbering = Numbering::Shuffled(super::noise::key(s.spec.seed, &[salt]));
    out
}

/// Makes the series one multi-frame object.
fn enhance(series: &mut Series, yes: bool, image_type: &'static str) {
    if yes {
        series.enhanced = true;
        series.numbering = Numbering::Plain;
        series.volumes.iter_mut().for_each(|v| v.image_type = image_type);
    }
}

const fn spin(tr: f64, te: f64, fat: FatMode) -> Sequence {
    Sequence::SpinEcho { tr, te, fat }
}

const fn shot(role: &'static str, image_type: &'static str, sequence: Sequence, when: When) -> Shot {
    Shot { role, sequence, image_type, echo: 1, when, temporal: 0 }
}

fn diffusion(s: &mut Scanner<'_>) {
    let mut dwi = series(s, 301, Kind::Diffusion, "DWI_3b_RT");
    let grid = s.axial(MATRIX_DWI, false);
    for b in [50.0, 400.0, 800.0] {
        let mut v = s.volume(
            shot("dwi", SPIN, Sequence::Diffusion { te: 64.0, b }, When::Before(340.0)),
            grid,
            13.0,
            levels(2.3),
        );
        if let Some(first) = dwi.volumes.first() {
            Scanner::same_breath(&mut v, first);
        }
        dwi.volumes.push(v);
    }
    enhance(&mut dwi, s.variant == 1, "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE");
    let mut map = series(s, 302, Kind::Adc, "dADC_DWI_3b_RT");
    let mut v = s.volume(
        shot("adc", "DERIVED\\PRIMARY\\ADC\\ADC\\DERIVED", Sequence::Adc, When::Before(341.0)),
        grid,
        55.0,
        levels(1.0),
    );
    if let Some(first) = dwi.volumes.first() {
        Scanner::same_breath(&mut v, first);
    }
    map.volumes.push(v);
    s.push(dwi);
    s.push(map);
}

/// Four dynamics, the first of them before the bolus, in one series with contrast tags throughout.
fn thrive(s: &mut Scanner<'_>) {
    let grid = s.axial(MATRIX_T1, false);
    let spoiled = Sequence::Spoiled { tr: 4.1, te: 1.95, flip: 10.0, fat: FatMode::Suppressed };
    let mut dynamic = series(s, 501, Kind::T1, "eTHRIVE_dyn_BH");
    dynamic.contrast_tags = true;
    dynamic.temporal = Some(4);
    dynamic.oddity = Oddity::TrailingBytes;
    let steps = [
        ("t1_pre", When::Before(860.0)),
        ("arterial", When::After(29.0)),
        ("portal_venous", When::After(72.0)),
        ("delayed", When::After(240.0)),
    ];
    for (n, (role, when)) in (1..).zip(steps) {
        let v = s.volume(Shot { temporal: n, ..shot(role, THRIVE, spoiled, when) }, grid, 6.5, levels(3.1));
        dynamic.volumes.push(v);
    }
    s.push(dynamic);
    // The hospital adds an opposed- and in-phase pair after the dynamics.
    let mut dual = series(s, 601, Kind::T1, "T1W_IP_OP_BH");
    let grid = s.axial(MATRIX_T2, false);
    let (opposed, inphase) = if s.study.field > 2.0 { (1.15, 2.3) } else { (2.3, 4.6) };
    for (echo, role, te, fat) in
        [(1, "t1_opposed", opposed, FatMode::Opposed), (2, "t1_inphase", inphase, FatMode::InPhase)]
    {
        let spoiled = Sequence::Spoiled { tr: 180.0, te, flip: 70.0, fat };
        let mut v = s.volume(
            Shot { echo, ..shot(role, THRIVE, spoiled, When::Before(250.0)) },
            grid,
            18.0,
            levels(1.2),
        );
        if let Some(first) = dual.volumes.first() {
            Scanner::same_breath(&mut v, first);
        }
        dual.volumes.push(v);
    }
    dual.oddity = Oddity::Overlay;
    s.push(dual);
}

/// mDIXON with gadoxetate, each image type and phase a series of its own.
fn mdixon(s: &mut Scanner<'_>) {
    let grid = s.axial(MATRIX_T1, false);
    let before = When::Before(650.0);
    let steps = [
        (401, "mDIXON-W_pre_BH", "t1_pre", "DERIVED\\PRIMARY\\W\\W\\DERIVED", FatMode::Water, before),
        (402, "mDIXON-F_pre_BH", "t1_fat", "DERIVED\\PRIMARY\\F\\F\\DERIVED", FatMode::Fat, before),
        (
            403,
            "mDIXON-IP_pre_BH",
            "t1_inphase",
            "DERIVED\\PRIMARY\\IP\\IP\\DERIVED",
            FatMode::InPhase,
            before,
        ),
        (
            404,
            "mDIXON-OP_pre_BH",
            "t1_opposed",
            "DERIVED\\PRIMARY\\OP\\OP\\DERIVED",
            FatMode::Opposed,
            before,
        ),
        (
            501,
            "mDIXON-W_art_BH",
            "arterial",
            "DERIVED\\PRIMARY\\W\\W\\DERIVED",
            FatMode::Water,
            When::After(31.0),
        ),
        (
            601,
            "mDIXON-W_ven_BH",
            "portal_venous",
            "DERIVED\\PRIMARY\\W\\W\\DERIVED",
            FatMode::Water,
            When::After(74.0),
        ),
        (
            701,
            "mDIXON-W_trans_3min",
            "transitional",
            "DERIVED\\PRIMARY\\W\\W\\DERIVED",
            FatMode::Water,
            When::After(190.0),
        ),
        (
            801,
            "mDIXON-W_HB_20min",
            "hepatobiliary",
            "DERIVED\\PRIMARY\\W\\W\\DERIVED",
            FatMode::Water,
            When::After(1230.0),
        ),
    ];
    let mut first = None;
    for (number, name, role, image_type, fat, when) in steps {
        let mut out = series(s, number, Kind::T1, name);
        out.contrast_tags = matches!(when, When::After(_));
        let te = if fat == FatMode::InPhase { 4.6 } else { 2.3 };
        let spoiled = Sequence::Spoiled { tr: 5.6, te, flip: 10.0, fat };
        let mut v = s.volume(shot(role, image_type, spoiled, when), grid, 6.5, levels(2.6));
        match &first {
            None => first = Some(v.clone()),
            Some(water) if when == before => Scanner::same_breath(&mut v, water),
            Some(_) => {}
        }
        if number == 601 {
            out.oddity = Oddity::Overlay;
        }
        if number == 701 {
            out.oddity = Oddity::TrailingBytes;
        }
        out.volumes.push(v);
        s.push(out);
    }
}

/// What Philips multiplies the magnetisation by before storing: `FP = (SV·RS + RI) / (RS·SS)`.
pub(super) const SCALE_SLOPE: f32 = 0.012_893_3;

/// Private groups 2001 and 2005.
pub(super) fn private(i: &Instance<'_>, d: &mut Dataset) {
    let p = &i.patient.persona;
    let (w, v) = (&p.words, i.volume);
    d.text((0x2001, 0x0010), b"LO", "Philips Imaging DD 001");
    d.fl((0x2001, 0x1001), &[0.0]);
    if let Some(b) = v.b_value
        && !i.series.enhanced
    {
        d.fl((0x2001, 0x1003), &[b as f32]);
        d.text((0x2001, 0x1004), b"CS", "I");
        d.fd((0x0018, 0x9087), &[b]);
        d.text((0x0018, 0x9075), b"CS", "ISOTROPIC");
        // Numbers of the b-value and of the gradient's direction: what readers sort by.
        let number = i.series.volumes.iter().take_while(|v| v.b_value != Some(b)).count() + 1;
        d.text((0x2005, 0x0014), b"LO", "Philips MR Imaging DD 005");
        d.integer((0x2005, 0x1412), number as i64);
        d.integer((0x2005, 0x1413), 1);
    }
    d.integer((0x2001, 0x1008), 1);
    if !i.series.enhanced {
        d.integer((0x2001, 0x100A), i64::from(i.slice) + 1);
        d.fl((0x2005, 0x100E), &[SCALE_SLOPE]);
    }
    let plane = super::header::plane_name(&v.grid, ["SAGITTAL", "CORONAL", "TRANSVERSAL"]);
    d.text((0x2001, 0x100B), b"CS", plane);
    d.sl((0x2001, 0x1018), &[v.slices() as i32]);
    d.text(
        (0x2001, 0x1020),
        b"LO",
        match i.series.kind {
            Kind::T1 => "T1TFE",
            Kind::Diffusion | Kind::Adc => "DwiSE",
            _ => "TSE",
        },
    );
    d.integer((0x2001, 0x107B), i64::from(i.series.number / 100));
    d.integer((0x2001, 0x1081), i64::from(i.series.temporal.unwrap_or(1)));
    d.text((0x2001, 0x10C8), b"LO", format!("ExamCard {}", w.private_text));
    d.text((0x2001, 0x10CC), b"ST", format!("Notiz {}", w.private_blob2));
    let mut nested = Dataset::default();
    nested.text((0x0010, 0x0010), b"PN", p.name());
    nested.text((0x2001, 0x0010), b"LO", "Philips Imaging DD 001");
    nested.text((0x2001, 0x1032), b"LO", format!("Stack fuer {}", w.nested_private));
    d.items((0x2001, 0x105F), vec![nested]);
    d.text((0x2005, 0x0010), b"LO", "Philips MR Imaging DD 001");
    d.text((0x2005, 0x1011), b"CS", "M");
    if let Some(seconds) = v.seconds.filter(|_| i.series.temporal.is_some()) {
        d.fl((0x2005, 0x10A0), &[seconds as f32]);
    }
    d.text((0x2005, 0x0011), b"LO", "Philips MR Imaging DD 002");
    d.text((0x2005, 0x1134), b"LT", format!("{}/{}", w.private_blob, p.serial));
}
