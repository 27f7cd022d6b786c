//! Studies as a GE scanner (DV26) makes them: multi-phase LAVA in one series, implicit VR, GEMS groups.
//!
//! In: a scanner to fill with series; an instance to which private elements are added. Slices are stored
//! from head to feet, pixels are signed 16 bit, every instance of a multi-phase series carries the series'
//! first AcquisitionTime and tells its phase by TemporalPositionIdentifier and TriggerTime.

use super::contrast::{FatMode, Sequence};
use super::header::Instance;
use super::plan::{
    Kind, Levels, MATRIX_DWI, MATRIX_T1, MATRIX_T2, Matrix, Numbering, Oddity, Scanner, Series, Shot, When,
};
use super::write::{Dataset, Syntax, Value};

const LEVELS: Levels = Levels { gain: 7.0, max: 32767, slope: None };
const PLAIN: &str = "ORIGINAL\\PRIMARY\\OTHER";

/// The series of one visit.
pub(super) fn protocol(s: &mut Scanner<'_>) {
    let mut scout = series(s, 1, Kind::Localizer, "3-Plane Localizer BH");
    for grid in s.scouts() {
        let v = s.volume(
            shot("localizer", spin(900.0, 80.0, FatMode::InPhase), When::Before(30.0)),
            grid,
            22.0,
            LEVELS,
        );
        scout.volumes.push(v);
    }
    s.push(scout);

    let mut t2 = series(s, 2, Kind::T2, "Ax T2 FRFSE FS RTr");
    let v = s.volume(
        shot("t2_fs", spin(8000.0, 84.0, FatMode::Suppressed), When::Before(150.0)),
        s.axial(MATRIX_T2, true),
        16.0,
        LEVELS,
    );
    t2.volumes.push(v);
    t2.oddity = Oddity::Padding;
    s.push(t2);
    diffusion(s);
    if s.variant == 0 { lava(s) } else { flex(s) }
}

fn series(s: &mut Scanner<'_>, number: u32, kind: Kind, name: &str) -> Series {
    let mut out = s.series(number, kind, name);
    out.syntax = Syntax::ImplicitLittle;
    "LIVER_MASS W/WO".clone_into(&mut out.protocol);
    out
}

const fn spin(tr: f64, te: f64, fat: FatMode) -> Sequence {
    Sequence::SpinEcho { tr, te, fat }
}

const fn shot(role: &'static str, sequence: Sequence, when: When) -> Shot {
    Shot { role, sequence, image_type: PLAIN, echo: 1, when, temporal: 0 }
}

fn diffusion(s: &mut Scanner<'_>) {
    let mut dwi = series(s, 4, Kind::Diffusion, "Ax DWI b50,400,800 RTr");
    let grid = s.axial(MATRIX_DWI, true);
    for b in [50.0, 400.0, 800.0] {
        let mut v = s.volume(
            shot("dwi", Sequence::Diffusion { te: 60.0, b }, When::Before(330.0)),
            grid,
            13.0,
            LEVELS,
        );
        if let Some(first) = dwi.volumes.first() {
            Scanner::same_breath(&mut v, first);
        }
        dwi.volumes.push(v);
    }
    let mut map = series(s, 400, Kind::Adc, "Apparent Diffusion Coefficient (mm2/s)");
    let mut v = s.volume(
        Shot {
            image_type: "DERIVED\\SECONDARY\\COMBINED\\ADC",
            ..shot("adc", Sequence::Adc, When::Before(331.0))
        },
        grid,
        55.0,
        Levels { gain: 1.0, ..LEVELS },
    );
    if let Some(first) = dwi.volumes.first() {
        Scanner::same_breath(&mut v, first);
    }
    map.volumes.push(v);
    s.push(dwi);
    s.push(map);
}

/// Dual-echo in and opposed phase; LAVA before, then four phases in one series.
fn lava(s: &mut Scanner<'_>) {
    let mut dual = series(s, 3, Kind::T1, "Ax DUAL ECHO In/Out");
    let grid = s.axial(Matrix { slices: 36, ..MATRIX_T2 }, true);
    let (opposed, inphase) = if s.study.field > 2.0 { (1.15, 2.3) } else { (2.2, 4.4) };
    for (echo, role, te, fat) in
        [(1, "t1_opposed", opposed, FatMode::Opposed), (2, "t1_inphase", inphase, FatMode::InPhase)]
    {
        let spoiled = Sequence::Spoiled { tr: 150.0, te, flip: 70.0, fat };
        let mut v = s.volume(Shot { echo, ..shot(role, spoiled, When::Before(260.0)) }, grid, 18.0, LEVELS);
        if let Some(first) = dual.volumes.first() {
            Scanner::same_breath(&mut v, first);
        }
        dual.volumes.push(v);
    }
    dual.numbering = Numbering::SliceFirst;
    dual.oddity = Oddity::TrailingBytes;
    s.push(dual);

    let grid = s.axial(MATRIX_T1, true);
    let spoiled = Sequence::Spoiled { tr: 3.9, te: 1.8, flip: 12.0, fat: FatMode::Suppressed };
    let mut pre = series(s, 5, Kind::T1, "Ax LAVA PRE");
    // The technologist enters the agent before the first breath-hold.
    pre.contrast_tags = true;
    let v = s.volume(shot("t1_pre", spoiled, When::Before(640.0)), grid, 6.5, LEVELS);
    pre.volumes.push(v);
    s.push(pre);
    let mut phases = series(s, 6, Kind::T1, "Ax LAVA MPh +C");
    phases.contrast_tags = true;
    phases.temporal = Some(4);
    phases.oddity = Oddity::Overlay;
    let steps =
        [("arterial_early", 20.0), ("arterial_late", 35.0), ("portal_venous", 70.0), ("delayed", 180.0)];
    for (n, (role, seconds)) in (1..).zip(steps) {
        let v =
            s.volume(Shot { temporal: n, ..shot(role, spoiled, When::After(seconds)) }, grid, 6.5, LEVELS);
        phases.volumes.push(v);
    }
    s.push(phases);
}

/// LAVA-Flex with gadoxetate: water and fat before, water of each phase, all separate series.
fn flex(s: &mut Scanner<'_>) {
    let grid = s.axial(MATRIX_T1, true);
    let dixon = |fat| Sequence::Spoiled { tr: 5.2, te: 2.3, flip: 12.0, fat };
    let steps = [
        (5, "WATER: Ax LAVA-Flex PRE", "t1_pre", FatMode::Water, When::Before(640.0)),
        (6, "FAT: Ax LAVA-Flex PRE", "t1_fat", FatMode::Fat, When::Before(640.0)),
        (7, "WATER: Ax LAVA-Flex ART", "arterial", FatMode::Water, When::After(30.0)),
        (8, "WATER: Ax LAVA-Flex PV", "portal_venous", FatMode::Water, When::After(70.0)),
        (9, "WATER: Ax LAVA-Flex 3MIN", "transitional", FatMode::Water, When::After(185.0)),
        (10, "WATER: Ax LAVA-Flex HBP 20MIN", "hepatobiliary", FatMode::Water, When::After(1215.0)),
    ];
    let mut first = None;
    for (number, name, role, fat, when) in steps {
        let mut out = series(s, number, Kind::T1, name);
        out.contrast_tags = matches!(when, When::After(_));
        let image_type = if fat == FatMode::Fat {
            "DERIVED\\PRIMARY\\DIXON\\FAT"
        } else {
            "DERIVED\\PRIMARY\\DIXON\\WATER"
        };
        let mut v = s.volume(Shot { image_type, ..shot(role, dixon(fat), when) }, grid, 6.5, LEVELS);
        match &first {
            None => first = Some(v.clone()),
            Some(water) if fat == FatMode::Fat => Scanner::same_breath(&mut v, water),
            Some(_) => {}
        }
        if number == 8 {
            out.oddity = Oddity::Overlay;
        }
        if number == 9 {
            out.oddity = Oddity::TrailingBytes;
        }
        out.volumes.push(v);
        s.push(out);
    }
}

/// Private groups 0009, 0019, 0021, 0023, 0025, 0027 and 0043.
pub(super) fn private(i: &Instance<'_>, d: &mut Dataset) {
    let p = &i.patient.persona;
    let (w, v) = (&p.words, i.volume);
    // Seconds since 1970, as GE stamps its images.
    let stamp = (i.study.day * 86_400 + i.time() / 1000) as i32;
    d.text((0x0009, 0x0010), b"LO", "GEMS_IDEN_01");
    d.text((0x0009, 0x1001), b"LO", "GE_GENESIS_FF");
    d.text((0x0009, 0x1002), b"SH", "MRS1");
    d.text((0x0009, 0x1004), b"SH", "SIGNA");
    d.sl((0x0009, 0x1027), &[stamp]);
    d.text((0x0009, 0x1030), b"SH", w.private_text.chars().take(16).collect::<String>());
    d.text((0x0009, 0x10E3), b"UI", format!("{}.77", i.study.uid));
    d.text((0x0019, 0x0010), b"LO", "GEMS_ACQU_01");
    d.ss((0x0019, 0x1017), &[2]);
    d.fl((0x0019, 0x105A), &[18.0e6]);
    d.ss((0x0019, 0x107E), &[i.series.volumes.iter().map(|v| v.echo.0).max().unwrap_or(1) as i16]);
    d.text((0x0019, 0x109C), b"LO", if i.series.kind == Kind::Diffusion { "epi2" } else { "efgre3d" });
    d.text((0x0019, 0x109E), b"LO", if i.series.kind == Kind::T1 { "LAVA" } else { "EPI2" });
    // No tensor directions: the gradient's components and their number are 0.
    for element in [0x10BB, 0x10BC, 0x10BD, 0x10E0] {
        d.text((0x0019, element), b"DS", "0.000000");
    }
    d.text((0x0021, 0x0010), b"LO", "GEMS_RELA_01");
    d.ss((0x0021, 0x1035), &[1]);
    d.ss((0x0021, 0x104F), &[v.slices() as i16]);
    d.text((0x0023, 0x0010), b"LO", "GEMS_STDY_01");
    let mut nested = Dataset::default();
    nested.text((0x0010, 0x0010), b"PN", p.name());
    nested.text((0x0008, 0x1048), b"PN", format!("{}^Dr", w.nested_private));
    d.items((0x0023, 0x1010), vec![nested]);
    d.text((0x0025, 0x0010), b"LO", "GEMS_SERS_01");
    d.ss((0x0025, 0x1006), &[i.series.number as i16]);
    d.sl((0x0025, 0x1007), &[i.series.files() as i32]);
    // The protocol block: a length, then compressed data on a real scanner.
    let mut block = 64u32.to_le_bytes().to_vec();
    block.extend(format!("set PROTOCOL \"{}\"\nset OPER \"{}\"\n", w.private_blob, p.operator).bytes());
    d.put((0x0025, 0x101B), b"OB", Value::Bytes(block));
    d.text((0x0027, 0x0010), b"LO", "GEMS_IMAG_01");
    d.sl((0x0027, 0x1006), &[1]);
    d.fl((0x0027, 0x1041), &[v.grid.corner(f64::from(i.slice))[2] as f32]);
    d.text((0x0043, 0x0010), b"LO", "GEMS_PARM_01");
    d.ss((0x0043, 0x1001), &[5]);
    d.text((0x0043, 0x102A), b"LO", format!("site {}", w.private_blob2));
    d.ss((0x0043, 0x102F), &[0]);
    if let Some(b) = v.b_value {
        // Newer software adds 10^9 to the b-value.
        let offset = if i.patient.index / 3 % 2 == 1 { 1_000_000_000 } else { 0 };
        d.fd((0x0018, 0x9087), &[b]);
        d.text((0x0043, 0x1039), b"IS", format!("{}\\8\\0\\0", offset + b as i64));
    }
}
