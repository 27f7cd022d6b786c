//! Habits of vendors, each as a small series written from the vendor's public description. Expected
//! directions are those that dcm2niix 1.0.20260724 gives for the same headers, in world space.

use super::VolumeWarning;
use super::tests::{AXIAL, axial, close, convert, files, slice, stacked};
use crate::dicom::testing::{Set, Slice, Value};
use crate::hanging::facts::{ComplexPart, Dixon};

type V = [f64; 3];

const SAGITTAL: [f64; 6] = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0];
const CORONAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0];

fn fl(value: f64) -> Value {
    Value::Bytes((value as f32).to_le_bytes().to_vec())
}

/// Two slices of a plane, `t` the volume.
fn plane(z: u32, t: u32, orientation: [f64; 6]) -> Set {
    let o = orientation;
    let normal = crate::volume::grid::cross([o[0], o[1], o[2]], [o[3], o[4], o[5]]);
    let mut set = slice(z, t, 2, normal.map(|v| v * 3.0), orientation).set();
    set.text((0x0020, 0x0012), "IS", &(t + 1).to_string());
    set
}

fn ge(set: &mut Set, phase: &str, b: &str, g: V) {
    set.text((0x0008, 0x0070), "LO", "GE MEDICAL SYSTEMS");
    set.text((0x0018, 0x1312), "CS", phase);
    set.text((0x0019, 0x0010), "LO", "GEMS_ACQU_01");
    for (offset, v) in [0x10BB, 0x10BC, 0x10BD].into_iter().zip(g) {
        set.numbers((0x0019, offset), &[v]);
    }
    set.text((0x0043, 0x0010), "LO", "GEMS_PARM_01");
    set.text((0x0043, 0x1039), "IS", b);
}

const AXES: [V; 4] = [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

#[test]
fn ge_directions_are_along_frequency_phase_and_slice_whatever_the_plane() {
    // What frequency, phase and slice become along rows, down columns and along row × column.
    let cases: [([f64; 6], &str, [V; 3]); 5] = [
        (AXIAL, "COL", [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]),
        (AXIAL, "ROW", [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
        (SAGITTAL, "COL", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]]),
        (CORONAL, "COL", [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (CORONAL, "ROW", [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    ];
    for (orientation, phase, wanted) in cases {
        let mut sets = Vec::new();
        for (t, g) in (0u32..).zip(AXES) {
            for z in 0..2 {
                let mut set = plane(z, t, orientation);
                ge(&mut set, phase, if t == 0 { "0\\8\\0\\0" } else { "1000000800\\8\\0\\0" }, g);
                sets.push(set);
            }
        }
        let out = stacked(&sets);
        assert_eq!(out.stacks.len(), 1);
        assert_eq!(out.stacks[0].b_values.as_deref(), Some(&[0.0, 800.0, 800.0, 800.0][..]));
        // Stored columns run upwards. All three may be turned at once: a direction has no sense.
        let found: Vec<V> = out.stacks[0].b_vectors[1..].iter().map(|v| [v[0], -v[1], v[2]]).collect();
        let same = |sign: f64| found.iter().zip(wanted).all(|(a, b)| close(*a, b.map(|v| v * sign)));
        assert!(same(1.0) || same(-1.0), "{phase}: {found:?} and not {wanted:?}");
    }
}

#[test]
fn ge_plays_inner_shells_by_shorter_vectors() {
    let mut sets = Vec::new();
    for (t, g) in (0u32..).zip([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.98]]) {
        for z in 0..2 {
            let mut set = plane(z, t, AXIAL);
            ge(&mut set, "COL", if t == 0 { "0" } else { "2000" }, g);
            sets.push(set);
        }
    }
    let stack = &stacked(&sets).stacks[0];
    assert_eq!(stack.b_values.as_deref(), Some(&[0.0, 2000.0, 500.0, 2000.0][..]));
    assert_eq!(stack.b_vectors[2], [0.0, 1.0, 0.0]);
}

#[test]
fn canon_writes_directions_into_comments_and_nothing_at_all_at_b_0() {
    let mut sets = Vec::new();
    for t in 0..3 {
        for z in 0..2 {
            let mut set = plane(z, t, AXIAL);
            set.text((0x0008, 0x0070), "LO", "CANON_MEC");
            set.text((0x0018, 0x1312), "CS", "ROW");
            if t > 0 {
                set.put((0x0018, 0x9087), "FD", Value::F64(vec![1500.0]));
                let comment = if t == 1 { "b=1500(1.000,0.000,0.000)" } else { "b=1500(0.000,0.600,0.800)" };
                set.text((0x0020, 0x4000), "LT", comment);
            }
            sets.push(set);
        }
    }
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].times), (1, 3));
    assert_eq!(out.stacks[0].b_values.as_deref(), Some(&[0.0, 1500.0, 1500.0][..]));
    assert_eq!(out.stacks[0].b_vectors, [[0.0; 3], [-1.0, 0.0, 0.0], [0.0, -0.6, 0.8]]);
}

/// b = 0 alone, as reversed phase encoding beside a tensor is measured, has its `.bval` too; but Philips and
/// GE write b = 0 into images that are no diffusion at all.
#[test]
fn b_0_alone_counts_where_the_header_is_that_of_a_diffusion_series() {
    let put = |kind: &str, set: &mut Set| {
        let zero = |set: &mut Set| {
            set.put((0x0018, 0x9087), "FD", Value::F64(vec![0.0]));
        };
        let direction = |set: &mut Set, v| {
            set.put((0x0018, 0x9089), "FD", Value::F64(v));
        };
        match kind {
            "Siemens" => {
                set.text((0x0019, 0x0010), "LO", "SIEMENS MR HEADER");
                set.text((0x0019, 0x100C), "IS", "0");
            }
            "Philips with a direction" => {
                zero(set);
                direction(set, vec![0.577, 0.577, 0.577]);
            }
            "Philips without" => {
                zero(set);
                direction(set, vec![0.0; 3]);
            }
            "by image type" => {
                zero(set);
                set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE");
            }
            "derived" => {
                zero(set);
                set.text((0x0008, 0x0008), "CS", "DERIVED\\PRIMARY\\DIFFUSION\\ADC");
            }
            "GE" => ge(set, "COL", "0", [0.0; 3]),
            _ => {}
        }
    };
    for (kind, counts) in [
        ("Siemens", true),
        ("Philips with a direction", true),
        ("by image type", true),
        ("Philips without", false),
        ("derived", false),
        ("GE", false),
        ("none", false),
    ] {
        let mut sets: Vec<Set> = (0..3).map(|z| plane(z, 0, AXIAL)).collect();
        sets.iter_mut().for_each(|set| put(kind, set));
        let out = stacked(&sets);
        assert_eq!(out.stacks[0].b_values.as_deref(), counts.then_some(&[0.0][..]), "{kind}");
        assert!(out.stacks[0].b_vectors.iter().all(|v| *v == [0.0; 3]), "{kind}");
    }
}

/// A grid of UIH's: five tiles, three beside each other, the n-th of value n + 1; taken 2, 4, 1, 3, 5.
fn uih_grid(t: u32, step: f64) -> Set {
    let (rows, columns, across) = (4u16, 6u16, 3u16);
    let pixels = (0..rows).flat_map(|r| (0..columns).map(move |c| r / 2 * across + c / 2 + 1)).collect();
    let mut set = Slice { number: t + 1, rows, columns, pixels, ..Slice::default() }.set();
    set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\M\\VFRAME");
    set.text((0x0008, 0x0070), "LO", "UIH");
    set.text((0x0020, 0x0012), "IS", &(t + 1).to_string());
    set.text((0x0065, 0x0010), "LO", "Image Private Header");
    let b = f64::from(t) * 800.0;
    // What was asked for is the public value; what was played, the private one.
    set.put((0x0018, 0x9087), "FD", Value::F64(vec![b]));
    set.put((0x0018, 0x9089), "FD", Value::F64(vec![0.0, 0.0, 1.0]));
    set.put((0x0065, 0x1009), "FD", Value::F64(vec![b * 1.01]));
    set.put((0x0065, 0x1037), "FD", Value::F64(vec![0.6, 0.8, 0.0]));
    set.text((0x0065, 0x1050), "DS", "5");
    let items = [2.0, 4.0, 1.0, 3.0, 5.0].iter().zip(0u32..).map(|(order, z)| {
        let mut item = Set::default();
        item.text((0x0008, 0x002A), "DT", &format!("20240312101{}.{:06}", 500 + t, (order * 1e5) as u32));
        item.numbers((0x0020, 0x0032), &[0.0, 0.0, f64::from(z) * step]);
        item
    });
    set.put((0x0065, 0x1051), "SQ", Value::Items(items.collect()));
    set
}

#[test]
fn tiles_of_a_uih_grid_become_slices_where_each_says_it_lies() {
    for step in [2.5, -2.5] {
        let sets = [uih_grid(0, step), uih_grid(1, step)];
        let out = stacked(&sets);
        let s = &out.stacks[0];
        assert_eq!((out.stacks.len(), s.slices, s.times, s.size), (1, 5, 2, [2, 2]));
        let (_, values) = convert(s, &files(&sets)).unwrap();
        let firsts: Vec<f64> = values.chunks(4).map(|c| c[0]).take(5).collect();
        let wanted = [1.0, 2.0, 3.0, 4.0, 5.0];
        let mut turned = wanted;
        turned.reverse();
        assert_eq!(firsts, if step > 0.0 { wanted } else { turned });
        let affine = *s.grid.unwrap().affine();
        let first = if step > 0.0 { 0.0 } else { 4.0 };
        assert!(close(affine.apply([0.0, 1.0, first]), [0.0, 0.0, 0.0]));
        assert!(close(affine.column(2), [0.0, 0.0, 2.5]));
        assert_eq!(s.b_values.as_deref(), Some(&[0.0, 808.0][..]));
        assert!(close(s.b_vectors[1], [0.6, -0.8, 0.0]), "{:?}", s.b_vectors);
        let instances = super::tests::instances(&files(&sets)).unwrap();
        let times = &instances[0].mosaic.as_ref().unwrap().slice_times_ms;
        let wanted = [100.0, 300.0, 0.0, 200.0, 400.0];
        assert!(times.iter().zip(wanted).all(|(a, b): (&f64, f64)| (a - b).abs() < 0.01), "{times:?}");
    }
}

fn philips(set: &mut Set, b: f64, g: V) {
    set.text((0x0008, 0x0070), "LO", "Philips Medical Systems");
    set.text((0x2001, 0x0010), "LO", "Philips Imaging DD 001");
    set.put((0x2001, 0x1003), "FL", fl(b));
    set.text((0x2005, 0x0010), "LO", "Philips MR Imaging DD 001");
    for (offset, v) in [0x10B0, 0x10B1, 0x10B2].into_iter().zip(g) {
        set.put((0x2005, offset), "FL", fl(v));
    }
}

#[test]
fn a_trace_appended_by_the_scanner_is_no_direction() {
    let weights = [(0.0, AXES[0]), (800.0, AXES[1]), (800.0, AXES[2]), (800.0, AXES[3]), (800.0, [0.0; 3])];
    let mut sets = Vec::new();
    for z in 0..2 {
        for (t, (b, g)) in (0u32..).zip(weights) {
            let mut set = axial(z, t, 2);
            philips(&mut set, b, g);
            sets.push(set);
        }
    }
    let out = stacked(&sets);
    assert_eq!(out.stacks.iter().map(|s| s.times).collect::<Vec<_>>(), [4, 1]);
    assert_eq!(out.stacks[0].b_values.as_deref(), Some(&[0.0, 800.0, 800.0, 800.0][..]));
    assert_eq!(out.left_over.len(), 0);
    // Traces alone are what was measured: one series, in the order of b.
    let sets: Vec<Set> = (0..2)
        .flat_map(|z| {
            [0.0, 400.0, 800.0].into_iter().zip(0u32..).map(move |(b, t)| {
                let mut set = axial(z, t, 2);
                philips(&mut set, b, [0.0; 3]);
                set
            })
        })
        .collect();
    assert_eq!(stacked(&sets).stacks.iter().map(|s| s.times).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_b_value_of_a_thousandth_keeps_its_direction_and_b_0_has_none() {
    // UK Biobank's protocol on Philips numbers its b = 0 images so.
    let mut sets = Vec::new();
    for (t, b) in (0u32..).zip([0.0, 0.001, 1000.0]) {
        for z in 0..2 {
            let mut set = axial(z, t, 2);
            philips(&mut set, b, [0.0, 0.6, 0.8]);
            sets.push(set);
        }
    }
    let stack = &stacked(&sets).stacks[0];
    assert_eq!(stack.b_vectors[0], [0.0; 3]);
    assert!(close(stack.b_vectors[1], stack.b_vectors[2]) && stack.b_vectors[1] != [0.0; 3]);
}

#[test]
fn a_field_map_of_ge_is_parted_from_its_magnitude() {
    // Both have the same ImageType and complex part; only the collapse flag differs.
    for name in ["B0map", "3db0map"] {
        let mut sets: Vec<Set> = (0..2).flat_map(|t| (0..3).map(move |z| axial(z, t, 3))).collect();
        for (n, set) in sets.iter_mut().enumerate() {
            set.text((0x0008, 0x0070), "LO", "GE MEDICAL SYSTEMS");
            set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\OTHER");
            set.text((0x0019, 0x0010), "LO", "GEMS_ACQU_01");
            set.text((0x0019, 0x109C), "LO", name);
            set.text((0x0043, 0x0010), "LO", "GEMS_PARM_01");
            set.put((0x0043, 0x102F), "SS", Value::U16(vec![0]));
            set.put((0x0043, 0x1030), "SS", Value::U16(vec![if n < 3 { 0 } else { 2 }]));
        }
        let out = stacked(&sets);
        assert_eq!(out.stacks.iter().map(|s| (s.slices, s.times)).collect::<Vec<_>>(), [(3, 1), (3, 1)]);
        let parts: Vec<ComplexPart> = out.stacks.iter().map(|s| s.part).collect();
        assert_eq!(parts, [ComplexPart::Magnitude, ComplexPart::Real]);
        assert_eq!(out.stacks.iter().map(|s| s.field_map).collect::<Vec<_>>(), [false, true]);
    }
}

#[test]
fn ge_numbers_the_complex_parts() {
    let mut sets: Vec<Set> = (0..4).flat_map(|t| (0..2).map(move |z| axial(z, t, 2))).collect();
    for (n, set) in sets.iter_mut().enumerate() {
        set.text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\OTHER");
        set.text((0x0043, 0x0010), "LO", "GEMS_PARM_01");
        set.put((0x0043, 0x102F), "SS", Value::U16(vec![n as u16 / 2]));
    }
    let out = stacked(&sets);
    assert_eq!(out.stacks.len(), 4);
    let mut parts: Vec<ComplexPart> = out.stacks.iter().map(|s| s.part).collect();
    parts.sort_unstable();
    parts.dedup();
    assert_eq!(parts.len(), 4);
}

#[test]
fn dixon_images_of_one_series_are_parted_by_every_vendor_s_words() {
    let vendors: [(&str, [&str; 4]); 4] = [
        ("SIEMENS", ["DIXON\\IN_PHASE", "DIXON\\OPP_PHASE", "DIXON\\WATER", "DIXON\\FAT"]),
        ("SIEMENS", ["M\\IN_PHASE", "M\\OUT_PHASE", "M\\W", "M\\F"]),
        ("GE MEDICAL SYSTEMS", ["DIXON\\IP", "DIXON\\OP", "DIXON\\WATER", "DIXON\\FAT"]),
        ("Philips Medical Systems", ["IP\\IP\\FFE", "OP\\OP\\FFE", "W\\W\\DERIVED", "F\\F\\DERIVED"]),
    ];
    for (vendor, kinds) in vendors {
        let mut sets = Vec::new();
        for z in 0..3 {
            for (t, kind) in (0u32..).zip(kinds) {
                let mut set = axial(z, t, 3);
                set.text((0x0008, 0x0070), "LO", vendor);
                set.text((0x0008, 0x0008), "CS", &format!("DERIVED\\PRIMARY\\{kind}"));
                sets.push(set);
            }
        }
        let out = stacked(&sets);
        let mut found: Vec<Dixon> = out.stacks.iter().filter_map(|s| s.dixon).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!((out.stacks.len(), found.len()), (4, 4), "{vendor}");
        assert!(out.stacks.iter().all(|s| (s.slices, s.times) == (3, 1)), "{vendor}");
    }
}

#[test]
fn positions_left_only_in_philips_copy_of_the_header_still_serve() {
    let mut sets: Vec<Set> = (0..3).map(|z| axial(z, 0, 3)).collect();
    for (z, set) in sets.iter_mut().enumerate() {
        let mut copy = Set::default();
        copy.numbers((0x0020, 0x0032), &[1.0, 2.0, 3.0 * z as f64]);
        copy.numbers((0x0020, 0x0037), &AXIAL);
        set.remove((0x0020, 0x0032));
        set.remove((0x0020, 0x0037));
        set.text((0x2005, 0x0014), "LO", "Philips MR Imaging DD 005");
        set.put((0x2005, 0x140F), "SQ", Value::Items(vec![copy]));
    }
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].slices), (1, 3));
    assert!(!out.stacks[0].warnings.contains(&VolumeWarning::NoGeometry));
    // Where both are there, the public one counts.
    for (z, set) in sets.iter_mut().enumerate() {
        set.numbers((0x0020, 0x0032), &[7.0, 7.0, 3.0 * z as f64]);
    }
    assert!(close(stacked(&sets).stacks[0].grid.unwrap().affine().apply([0.0, 3.0, 0.0]), [-7.0, -7.0, 0.0]));
}

#[test]
fn trigger_times_that_drift_through_the_slices_part_phases() {
    // Cine, slices one after another: 4 phases of 3 slices, each slice a little later.
    let mut sets = Vec::new();
    for z in 0..3 {
        for t in 0..4 {
            let mut s = slice(z, 0, 3, [0.0, 0.0, 3.0], AXIAL);
            s.number = z * 4 + t + 1;
            let mut set = s.set();
            set.text((0x0018, 0x1060), "DS", &format!("{:.1}", f64::from(t) * 50.0 + f64::from(z) * 0.3));
            sets.push(set);
        }
    }
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].slices, out.stacks[0].times), (1, 3, 4));
    let (_, values) = convert(&out.stacks[0], &files(&sets)).unwrap();
    // The value of a pixel is its instance's number · 100 + its place; rows run bottom-up.
    let firsts: Vec<f64> = values.chunks(12).map(|c| (c[0] / 100.0).floor()).collect();
    assert_eq!(firsts, [1.0, 5.0, 9.0, 2.0, 6.0, 10.0, 3.0, 7.0, 11.0, 4.0, 8.0, 12.0]);
}

/// One frame of an enhanced object.
pub(super) struct Shot {
    pub(super) z: u32,
    pub(super) orientation: [f64; 6],
    pub(super) stack: &'static str,
    pub(super) index: Vec<u32>,
    pub(super) temporal: u32,
    pub(super) echo: f64,
    pub(super) b: Option<(f64, Option<V>)>,
}

impl Default for Shot {
    fn default() -> Self {
        Self { z: 0, orientation: AXIAL, stack: "1", index: vec![], temporal: 1, echo: 20.0, b: None }
    }
}

pub(super) fn item(fill: impl FnOnce(&mut Set)) -> Value {
    let mut set = Set::default();
    fill(&mut set);
    Value::Items(vec![set])
}

/// An enhanced MR object (PS3.3 A.36): frame `n` has the value n everywhere.
pub(super) fn enhanced(shots: &[Shot]) -> Set {
    let mut set = Slice::default().set();
    for tag in [(0x0020, 0x0032), (0x0020, 0x0037), (0x0028, 0x0030), (0x0018, 0x0050)] {
        set.remove(tag);
    }
    set.text((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.4.1");
    set.text((0x0028, 0x0008), "IS", &shots.len().to_string());
    set.put(
        (0x5200, 0x9229),
        "SQ",
        item(|shared| {
            shared.put(
                (0x0028, 0x9110),
                "SQ",
                item(|m| {
                    m.numbers((0x0028, 0x0030), &[2.0, 1.5]);
                    m.numbers((0x0018, 0x0050), &[3.0]);
                }),
            );
        }),
    );
    let groups = shots.iter().map(|shot| {
        let o = shot.orientation;
        let normal = crate::volume::grid::cross([o[0], o[1], o[2]], [o[3], o[4], o[5]]);
        let mut frame = Set::default();
        frame.put(
            (0x0020, 0x9113),
            "SQ",
            item(|p| {
                p.numbers((0x0020, 0x0032), &normal.map(|v| v * 3.0 * f64::from(shot.z)));
            }),
        );
        frame.put(
            (0x0020, 0x9116),
            "SQ",
            item(|p| {
                p.numbers((0x0020, 0x0037), &o);
            }),
        );
        frame.put(
            (0x0020, 0x9111),
            "SQ",
            item(|c| {
                c.text((0x0020, 0x9056), "SH", shot.stack);
                c.put((0x0020, 0x9057), "UL", Value::U32(vec![shot.z + 1]));
                c.put((0x0020, 0x9128), "UL", Value::U32(vec![shot.temporal]));
                c.put((0x0020, 0x9157), "UL", Value::U32(shot.index.clone()));
            }),
        );
        frame.put(
            (0x0018, 0x9114),
            "SQ",
            item(|e| {
                e.put((0x0018, 0x9082), "FD", Value::F64(vec![shot.echo]));
            }),
        );
        if let Some((b, direction)) = shot.b {
            frame.put(
                (0x0018, 0x9117),
                "SQ",
                item(|d| {
                    d.put((0x0018, 0x9087), "FD", Value::F64(vec![b]));
                    if let Some(direction) = direction {
                        d.put(
                            (0x0018, 0x9076),
                            "SQ",
                            item(|g| {
                                g.put((0x0018, 0x9089), "FD", Value::F64(direction.to_vec()));
                            }),
                        );
                    }
                }),
            );
        }
        frame
    });
    set.put((0x5200, 0x9230), "SQ", Value::Items(groups.collect()));
    let pixels = (0..shots.len() as u16).flat_map(|n| [n; 12]).collect();
    set.put((0x7FE0, 0x0010), "OW", Value::U16(pixels));
    set
}

fn firsts(sets: &[Set], n: usize) -> Vec<f64> {
    let out = stacked(sets);
    convert(&out.stacks[n], &files(sets)).unwrap().1.chunks(12).map(|c| c[0]).collect()
}

#[test]
fn enhanced_diffusion_is_ordered_whichever_runs_first() {
    let weights = [(0.0, None), (800.0, Some(AXES[1])), (800.0, Some(AXES[2]))];
    let shot = |t: usize, z: u32| Shot {
        z,
        index: vec![1, z + 1, t as u32 + 1],
        b: Some(weights[t]),
        ..Shot::default()
    };
    // Siemens XA writes volume by volume, Philips slice by slice.
    let by_volume: Vec<Shot> = (0..3).flat_map(|t| (0..4).map(move |z| shot(t, z))).collect();
    let by_slice: Vec<Shot> = (0..4).flat_map(|z| (0..3).map(move |t| shot(t, z))).collect();
    let set = [enhanced(&by_volume)];
    assert_eq!(firsts(&set, 0), (0..12).map(f64::from).collect::<Vec<_>>());
    let stack = &stacked(&set).stacks[0];
    assert_eq!(stack.b_values.as_deref(), Some(&[0.0, 800.0, 800.0][..]));
    assert_eq!(stack.b_vectors, [[0.0; 3], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]);
    let set = [enhanced(&by_slice)];
    let volumes = firsts(&set, 0);
    assert_eq!(volumes, [0.0, 3.0, 6.0, 9.0, 1.0, 4.0, 7.0, 10.0, 2.0, 5.0, 8.0, 11.0]);
}

#[test]
fn stacks_and_echoes_of_an_enhanced_object_are_volumes_of_their_own() {
    let stacks: Vec<Shot> = [("1", AXIAL), ("2", CORONAL)]
        .into_iter()
        .flat_map(|(stack, orientation)| {
            (0..4).map(move |z| Shot { z, stack, orientation, index: vec![1, z + 1], ..Shot::default() })
        })
        .collect();
    let out = stacked(&[enhanced(&stacks)]);
    assert_eq!(out.stacks.iter().map(|s| (s.slices, s.times)).collect::<Vec<_>>(), [(4, 1), (4, 1)]);
    let echoes: Vec<Shot> = (0..3)
        .flat_map(|e| (0..4).map(move |z| Shot { z, echo: 2.0 + 3.0 * f64::from(e), ..Shot::default() }))
        .collect();
    let out = stacked(&[enhanced(&echoes)]);
    let times: Vec<Option<f64>> = out.stacks.iter().map(|s| s.echo_time_ms).collect();
    assert_eq!(times, [Some(2.0), Some(5.0), Some(8.0)]);
    assert!(out.stacks.iter().all(|s| (s.slices, s.times) == (4, 1)));
}

#[test]
fn several_enhanced_files_of_one_series_make_one_series_in_time() {
    // Philips writes a dynamic series into several files, each of which counts from 1 again.
    let mut sets = Vec::new();
    for part in 0..2 {
        let shots: Vec<Shot> = (0..2)
            .flat_map(|t| (0..3).map(move |z| Shot { z, temporal: t + 1, ..Shot::default() }))
            .collect();
        let mut set = enhanced(&shots);
        set.text((0x0008, 0x0018), "UI", &format!("1.2.826.0.1.3680043.10.777.9.{part}"));
        set.text((0x0020, 0x0013), "IS", &(part + 1).to_string());
        sets.push(set);
    }
    let out = stacked(&sets);
    assert_eq!((out.stacks.len(), out.stacks[0].slices, out.stacks[0].times), (1, 3, 4));
    let order: Vec<(u32, u32)> = out.stacks[0].frames.iter().map(|at| (at.instance, at.frame)).collect();
    let wanted: Vec<(u32, u32)> = (0..2).flat_map(|i| (0..6).map(move |f| (i, f))).collect();
    assert_eq!(order, wanted);
}

#[test]
fn a_thin_slab_of_phases_is_parted_where_an_agent_is_named() {
    let with = |agent: &str| {
        let mut sets = Vec::new();
        for t in 0..3 {
            for z in 0..4 {
                let mut set = axial(z, t, 4);
                set.text((0x0018, 0x0010), "LO", agent);
                set.text((0x0018, 0x0023), "CS", "3D");
                set.text((0x0018, 0x0080), "DS", "4.2");
                set.text((0x0020, 0x0100), "IS", &(t + 1).to_string());
                sets.push(set);
            }
        }
        stacked(&sets).stacks.iter().map(|s| s.times).collect::<Vec<_>>()
    };
    assert_eq!(with("Gadovist"), [1, 1, 1]);
    assert_eq!(with(""), [3]);
}
