//! Studies as a Siemens scanner (syngo MR E11) makes them: one series a phase and a Dixon image, CSA headers.
//!
//! In: a scanner to fill with series; an instance to which private elements are added. The CSA blocks are
//! valid SV10 ("CSA2"), as nibabel's `csareader` and dcm2niix document the format.

use super::contrast::{FatMode, Sequence};
use super::header::Instance;
use super::plan::{
    Kind, Levels, MATRIX_DWI, MATRIX_T1, MATRIX_T2, Oddity, Recipe, Scanner, Series, Shot, Volume, When,
};
use super::write::{Dataset, Syntax, Value, decimal};

const LEVELS: Levels = Levels { gain: 1.6, max: 4095, slope: None };
const DIXON: &str = "ORIGINAL\\PRIMARY\\M\\DIXON\\WATER\\NORM\\DIS2D";

/// The series of one visit.
pub(super) fn protocol(s: &mut Scanner<'_>) {
    localizer(s);
    t2(s);
    diffusion(s);
    if s.variant == 0 { gadoxetate(s) } else { vibe(s) }
}

fn localizer(s: &mut Scanner<'_>) {
    let mut series = s.series(1, Kind::Localizer, "localizer_haste_bh");
    let [t, c, sag] = s.scouts();
    for grid in [t, c, sag] {
        let shot = Shot {
            role: "localizer",
            sequence: Sequence::SpinEcho { tr: 1100.0, te: 84.0, fat: FatMode::InPhase },
            image_type: "ORIGINAL\\PRIMARY\\M\\NORM\\DIS2D",
            echo: 1,
            when: When::Before(30.0),
            temporal: 0,
        };
        let v = s.volume(shot, grid, 22.0, LEVELS);
        series.volumes.push(v);
    }
    s.push(series);
}

fn t2(s: &mut Scanner<'_>) {
    if s.variant == 0 {
        let mut series = s.series(2, Kind::T2, "t2_haste_tra_bh");
        let shot = Shot {
            role: "t2",
            sequence: Sequence::SpinEcho { tr: 1200.0, te: 92.0, fat: FatMode::InPhase },
            image_type: "ORIGINAL\\PRIMARY\\M\\ND\\NORM",
            echo: 1,
            when: When::Before(120.0),
            temporal: 0,
        };
        let v = s.volume(shot, s.axial(MATRIX_T2, false), 20.0, LEVELS);
        series.volumes.push(v);
        series.oddity = Oddity::TrailingBytes;
        s.push(series);
    }
    let mut series = s.series(3, Kind::T2, "t2_tse_fs_tra_trig");
    let shot = Shot {
        role: "t2_fs",
        sequence: Sequence::SpinEcho { tr: 3600.0, te: 80.0, fat: FatMode::Suppressed },
        image_type: "ORIGINAL\\PRIMARY\\M\\NORM\\DIS2D",
        echo: 1,
        when: When::Before(210.0),
        temporal: 0,
    };
    let v = s.volume(shot, s.axial(MATRIX_T2, false), 16.0, LEVELS);
    series.volumes.push(v);
    if s.variant == 1 {
        series.syntax = Syntax::ExplicitBig;
    }
    series.oddity = Oddity::Padding;
    s.push(series);
}

fn diffusion(s: &mut Scanner<'_>) {
    let mut series = s.series(4, Kind::Diffusion, "ep2d_diff_b50_400_800_tra_TRACEW");
    "ep2d_diff_b50_400_800_tra".clone_into(&mut series.protocol);
    let grid = s.axial(MATRIX_DWI, false);
    for b in [50.0, 400.0, 800.0] {
        let shot = Shot {
            role: "dwi",
            sequence: Sequence::Diffusion { te: 62.0, b },
            image_type: "DERIVED\\PRIMARY\\DIFFUSION\\TRACEW\\NORM\\DIS2D",
            echo: 1,
            when: When::Before(360.0 + b / 8.0),
            temporal: 0,
        };
        let mut v = s.volume(shot, grid, 13.0, LEVELS);
        if let Some(first) = series.volumes.first() {
            let time = v.time;
            Scanner::same_breath(&mut v, first);
            v.time = time;
        }
        series.volumes.push(v);
    }
    let mut map = s.series(5, Kind::Adc, "ep2d_diff_b50_400_800_tra_ADC");
    "ep2d_diff_b50_400_800_tra".clone_into(&mut map.protocol);
    let shot = Shot {
        role: "adc",
        sequence: Sequence::Adc,
        image_type: "DERIVED\\PRIMARY\\DIFFUSION\\ADC\\NORM\\DIS2D",
        echo: 1,
        when: When::Before(361.0),
        temporal: 0,
    };
    let mut v = s.volume(shot, grid, 55.0, Levels { gain: 1.0, ..LEVELS });
    if let Some(first) = series.volumes.first() {
        Scanner::same_breath(&mut v, first);
    }
    map.volumes.push(v);
    s.push(series);
    s.push(map);
}

/// One T1 phase as a series of its own.
fn phase(s: &mut Scanner<'_>, number: u32, name: &str, shot: Shot, contrast: bool) -> Series {
    let mut series = s.series(number, Kind::T1, name);
    let v = s.volume(shot, s.axial(MATRIX_T1, false), 6.5, LEVELS);
    series.volumes.push(v);
    series.contrast_tags = contrast;
    series
}

const fn dixon(
    role: &'static str,
    fat: FatMode,
    image_type: &'static str,
    echo: (u32, f64),
    when: When,
) -> Shot {
    Shot {
        role,
        sequence: Sequence::Spoiled { tr: 6.7, te: echo.1, flip: 10.0, fat },
        image_type,
        echo: echo.0,
        when,
        temporal: 0,
    }
}

/// Gadoxetate with Dixon VIBE: two arterial phases, transitional, hepatobiliary, subtraction and MIP.
fn gadoxetate(s: &mut Scanner<'_>) {
    let before = When::Before(620.0);
    let opp = "ORIGINAL\\PRIMARY\\M\\DIXON\\OPP_PHASE\\NORM\\DIS2D";
    let inp = "ORIGINAL\\PRIMARY\\M\\DIXON\\IN_PHASE\\NORM\\DIS2D";
    let fat = "ORIGINAL\\PRIMARY\\M\\DIXON\\FAT\\NORM\\DIS2D";
    // Contrast tags are filled before there is contrast in this hospital.
    let mut pre =
        phase(s, 10, "t1_vibe_fs_tra_pre_W", dixon("t1_pre", FatMode::Water, DIXON, (1, 2.39), before), true);
    let shots = [
        (7, "t1_vibe_fs_tra_pre_opp", dixon("t1_opposed", FatMode::Opposed, opp, (1, 2.39), before)),
        (8, "t1_vibe_fs_tra_pre_in", dixon("t1_inphase", FatMode::InPhase, inp, (2, 4.77), before)),
        (9, "t1_vibe_fs_tra_pre_F", dixon("t1_fat", FatMode::Fat, fat, (1, 2.39), before)),
    ];
    for (number, name, shot) in shots {
        let mut series = phase(s, number, name, shot, true);
        if let (Some(v), Some(w)) = (series.volumes.first_mut(), pre.volumes.first()) {
            Scanner::same_breath(v, w);
        }
        s.push(series);
    }
    let water = |role, seconds| dixon(role, FatMode::Water, DIXON, (1, 2.39), When::After(seconds));
    let art1 = phase(s, 11, "t1_vibe_art_1_W", water("arterial_early", 19.0), true);
    let art2 = phase(s, 12, "t1_vibe_art_2_W", water("arterial_late", 34.0), true);
    let mut pv = phase(s, 13, "t1_vibe_pv_70s_W", water("portal_venous", 70.0), true);
    pv.oddity = Oddity::Overlay;
    let three = phase(s, 14, "t1_vibe_3min_W", water("transitional", 182.0), true);
    let twenty = phase(s, 17, "t1_vibe_20min_W", water("hepatobiliary", 1205.0), true);
    let derived = subtraction(s, &art2, &pre);
    pre.oddity = Oddity::None;
    for series in [pre, art1, art2, pv, three] {
        s.push(series);
    }
    for series in derived {
        s.push(series);
    }
    s.push(twenty);
}

/// The difference of two phases, and its maximum-intensity projection over eight slabs.
fn subtraction(s: &mut Scanner<'_>, after: &Series, before: &Series) -> Vec<Series> {
    let (Some(a), Some(b)) = (after.volumes.first(), before.volumes.first()) else {
        return Vec::new();
    };
    let (acq_a, acq_b) = (*a.acquisition(), *b.acquisition());
    let mut sub = s.series(15, Kind::Derived, "SUB_art_2-pre_W");
    sub.protocol.clone_from(&after.protocol);
    sub.contrast_tags = true;
    sub.volumes.push(Volume {
        role: "subtraction",
        recipe: Recipe::Difference(acq_a, acq_b),
        image_type: "DERIVED\\PRIMARY\\M\\SUB\\NORM\\DIS2D",
        ..a.clone()
    });
    let mut mip = s.series(16, Kind::Derived, "SUB_art-pre_MIP_tra");
    mip.protocol.clone_from(&after.protocol);
    mip.contrast_tags = true;
    let slabs = 8.min(a.grid.dims[2]);
    let each = a.grid.dims[2] / slabs;
    let mut grid = a.grid;
    grid.origin = a.grid.corner(f64::from(each - 1) / 2.0).map(super::header::micro);
    grid.step = a.grid.step.map(|v| v * f64::from(each));
    grid.dims[2] = slabs;
    mip.volumes.push(Volume {
        role: "mip",
        recipe: Recipe::Slabs(acq_a, acq_b, each),
        grid,
        image_type: "DERIVED\\SECONDARY\\MPR\\MIP\\SUB",
        ..a.clone()
    });
    vec![sub, mip]
}

/// Fat-suppressed VIBE with an extracellular agent, four phases.
fn vibe(s: &mut Scanner<'_>) {
    let shot = |role, when| Shot {
        role,
        sequence: Sequence::Spoiled { tr: 4.4, te: 2.1, flip: 11.0, fat: FatMode::Suppressed },
        image_type: "ORIGINAL\\PRIMARY\\M\\NORM\\DIS2D",
        echo: 1,
        when,
        temporal: 0,
    };
    let steps = [
        (6, "t1_vibe_fs_tra_bh_nativ", shot("t1_pre", When::Before(640.0))),
        (7, "t1_vibe_fs_tra_bh_art", shot("arterial", When::After(28.0))),
        (8, "t1_vibe_fs_tra_bh_pv", shot("portal_venous", When::After(72.0))),
        (9, "t1_vibe_fs_tra_bh_spaet_5min", shot("delayed", When::After(301.0))),
    ];
    for (number, name, shot) in steps {
        let mut series = phase(s, number, name, shot, number != 6);
        if number == 8 {
            series.oddity = Oddity::Overlay;
        }
        if number == 7 {
            series.oddity = Oddity::TrailingBytes;
        }
        s.push(series);
    }
}

/// Private groups 0019, 0021, 0029 and 0051.
pub(super) fn private(i: &Instance<'_>, d: &mut Dataset) {
    let p = &i.patient.persona;
    let w = &p.words;
    let v = i.volume;
    let header = "SIEMENS MR HEADER";
    d.text((0x0019, 0x0010), b"LO", header);
    d.text((0x0019, 0x1008), b"CS", "IMAGE NUM 4");
    d.text((0x0019, 0x1009), b"LO", "1.0");
    d.text((0x0019, 0x100F), b"SH", "Normal");
    d.fd((0x0019, 0x1015), &v.grid.corner(f64::from(i.slice)));
    d.text((0x0019, 0x1017), b"DS", "1");
    d.integer((0x0019, 0x1018), 4300);
    if let Some(b) = v.b_value {
        d.integer((0x0019, 0x100C), b as i64);
        d.text((0x0019, 0x100D), b"CS", "ISOTROPIC");
        d.fd((0x0018, 0x9087), &[b]);
        d.text((0x0018, 0x9075), b"CS", "ISOTROPIC");
    }
    d.text(
        (0x0018, 0x0024),
        b"SH",
        match (i.series.kind, v.b_value) {
            (_, Some(b)) => format!("ep_b{b}t"),
            (Kind::Diffusion | Kind::Adc, None) => "ep_b50_800t".to_owned(),
            (Kind::Localizer, None) => "*h2d1_192".to_owned(),
            (Kind::T2, None) => "*tse2d1_25".to_owned(),
            (Kind::T1 | Kind::Derived, None) => "*fl3d2".to_owned(),
        },
    );
    d.text((0x0021, 0x0011), b"LO", "SIEMENS MR SDI 02");
    let mut nested = Dataset::default();
    nested.text((0x0010, 0x0010), b"PN", p.name());
    nested.text((0x0010, 0x0020), b"LO", p.id.clone());
    nested.text((0x0008, 0x4000), b"LT", format!("Sent by {}", w.nested_private));
    d.items((0x0021, 0x1101), vec![nested]);

    d.text((0x0029, 0x0010), b"LO", "SIEMENS CSA HEADER");
    d.text((0x0029, 0x0011), b"LO", "SIEMENS MEDCOM HEADER2");
    let date = super::plan::date_text(super::plan::date_of(i.study.day));
    d.text((0x0029, 0x1008), b"CS", "IMAGE NUM 4");
    d.text((0x0029, 0x1009), b"LO", date.clone());
    d.put((0x0029, 0x1010), b"OB", Value::Bytes(csa_image(i)));
    d.text((0x0029, 0x1018), b"CS", "MR");
    d.text((0x0029, 0x1019), b"LO", date);
    d.put((0x0029, 0x1020), b"OB", Value::Bytes(csa_series(i)));
    d.text((0x0029, 0x1160), b"LO", "com");
    d.text((0x0051, 0x0010), b"LO", header);
    d.text((0x0051, 0x1008), b"CS", "IMAGE NUM 4");
    d.text((0x0051, 0x100B), b"LO", format!("{}*{}", v.grid.dims[1], v.grid.dims[0]));
    d.text((0x0051, 0x100C), b"LO", "FoV 309*380");
    let plane = super::header::plane_name(&v.grid, ["Sag", "Cor", "Tra>Cor"]);
    d.text((0x0051, 0x100E), b"LO", plane);
    d.text((0x0051, 0x100F), b"LO", format!("BO1,2;SP2-4 {}", w.private_text));
    d.text((0x0051, 0x1013), b"SH", "+LPH");
    d.text((0x0051, 0x1016), b"LO", v.image_type.replace('\\', "/"));
}

/// One entry of a CSA header: name, VR, values.
type Entry = (&'static str, &'static str, Vec<String>);

fn numbers(values: &[f64]) -> Vec<String> {
    values.iter().map(|v| format!("{v:.8}")).collect()
}

fn csa_image(i: &Instance<'_>) -> Vec<u8> {
    let (v, w) = (i.volume, &i.patient.persona.words);
    let g = &v.grid;
    let mut entries: Vec<Entry> = vec![
        ("EchoLinePosition", "IS", vec!["130".into()]),
        ("UsedPatientWeight", "IS", vec![decimal(i.patient.persona.weight_kg)]),
        ("NumberOfImagesInMosaic", "US", vec![]),
        ("ImageOrientationPatient", "DS", numbers(&[g.row, g.column].concat())),
        ("ImagePositionPatient", "DS", numbers(&g.corner(f64::from(i.slice)))),
        ("SliceNormalVector", "FD", numbers(&super::truth::cross(g.row, g.column))),
        ("PhaseEncodingDirectionPositive", "IS", vec!["1".into()]),
        ("BandwidthPerPixelPhaseEncode", "FD", vec!["14.46800000".into()]),
        ("ProtocolSliceNumber", "IS", vec![i.slice.to_string()]),
        ("TimeAfterStart", "DS", vec!["0.00000000".into()]),
        ("ICE_Dims", "LO", vec![format!("X_1_1_1_1_1_1_1_1_1_1_1_{}", i.number)]),
        ("ImaCoilString", "LO", vec!["BO1,2;SP2-4".into()]),
        (
            "PatReinPattern",
            "ST",
            vec![format!(
                "1;HFS;{:.2};{:.2};0;{}",
                i.patient.persona.weight_kg,
                i.patient.persona.height_m * 1000.0,
                w.private_blob
            )],
        ),
    ];
    if let Some(b) = v.b_value {
        entries.push(("B_value", "IS", vec![(b as i64).to_string()]));
        entries.push(("DiffusionDirectionality", "CS", vec!["ISOTROPIC".into()]));
    }
    csa2(&entries)
}

fn csa_series(i: &Instance<'_>) -> Vec<u8> {
    let p = &i.patient.persona;
    let date = super::plan::date_text(super::plan::date_of(i.study.day));
    let protocol = format!(
        "<XProtocol>\n{{\n  <Name> \"PhoenixMetaProtocol\"\n  <ParamString.\"tPatientName\"> {{ \"{} {}\" }}\n}}\n\
         ### ASCCONV BEGIN object=MrProtDataImpl@MrProtocolData version=41310008 ###\n\
         tProtocolName\t = \t\"{}\"\ntReferenceImage0\t = \t\"{}.{}\"\n\
         sProtConsistencyInfo.tBaselineString\t = \t\"N4_VE11C_LATEST_20160120\"\n\
         sProtConsistencyInfo.tMeasuredPatient\t = \t\"{}\"\n\
         sProtConsistencyInfo.lSystemSerialNumber\t = \t{}\nsProtConsistencyInfo.tDate\t = \t\"{date}\"\n\
         alTR[0]\t = \t{}\nalTE[0]\t = \t{}\nadFlipAngleDegree[0]\t = \t{}\nsSliceArray.lSize\t = \t{}\n\
         ### ASCCONV END ###\n",
        p.given,
        p.family,
        i.series.protocol,
        i.series.uid,
        i.number,
        p.words.private_blob2,
        p.serial,
        (i.volume.repetition * 1000.0) as i64,
        (i.volume.echo.1 * 1000.0) as i64,
        i.volume.flip,
        i.volume.slices(),
    );
    csa2(&[
        ("UsedPatientWeight", "IS", vec![decimal(p.weight_kg)]),
        ("PatientsSex", "CS", vec![if p.female { "F" } else { "M" }.into()]),
        ("FlowCompensation", "SH", vec!["No".into()]),
        ("MrPhoenixProtocol", "UN", vec![protocol]),
    ])
}

/// A CSA2 header: `SV10`, a count, then entries of 84 bytes with their items, each padded to four bytes.
fn csa2(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(b"SV10\x04\x03\x02\x01");
    let word = |v: u32, out: &mut Vec<u8>| out.extend(v.to_le_bytes());
    word(entries.len() as u32, &mut out);
    word(77, &mut out);
    for (name, vr, values) in entries {
        let mut field = [0u8; 64];
        field.iter_mut().zip(name.bytes()).for_each(|(f, b)| *f = b);
        out.extend(field);
        word(values.len() as u32, &mut out);
        let mut kind = [0u8; 4];
        kind.iter_mut().zip(vr.bytes()).for_each(|(k, b)| *k = b);
        out.extend(kind);
        word(0, &mut out);
        // Siemens always reserves at least six items.
        let slots = values.len().max(6);
        word(slots as u32, &mut out);
        word(if values.is_empty() { 205 } else { 77 }, &mut out);
        for n in 0..slots {
            let mut text = values.get(n).map(|t| t.clone().into_bytes()).unwrap_or_default();
            if values.get(n).is_some() {
                text.push(0);
            }
            let length = text.len() as u32;
            for v in [length, length, if length > 0 { 77 } else { 205 }, length] {
                word(v, &mut out);
            }
            text.resize(text.len().div_ceil(4) * 4, 0);
            out.extend(text);
        }
    }
    out
}
