//! Every combination of what clinics name, tag and time, where a reader would be in no doubt.
use proptest::prelude::*;

use super::*;

/// Phases of an examination: role, nominal seconds after the bolus, and names in several styles.
type Row = (&'static str, f64, [&'static str; 5]);

const EXTRACELLULAR: &[Row] = &[
    (
        "t1_pre",
        -90.0,
        [
            "t1_vibe_fs_tra_pre",
            "WATER: Ax LAVA Flex Pre",
            "eTHRIVE_nativ",
            "T1 3D GRE unenhanced",
            "QUICK3D_plain",
        ],
    ),
    (
        "arterial",
        22.0,
        [
            "t1_vibe_fs_tra_art",
            "WATER: Ax LAVA Flex +C Arterial",
            "eTHRIVE_arteriell",
            "T1 3D GRE HAP",
            "QUICK3D_20s",
        ],
    ),
    (
        "portal_venous",
        66.0,
        [
            "t1_vibe_fs_tra_pv",
            "WATER: Ax LAVA Flex +C Portal",
            "eTHRIVE_portalvenös",
            "T1 3D GRE PVP",
            "QUICK3D_70s",
        ],
    ),
    (
        "delayed",
        185.0,
        [
            "t1_vibe_fs_tra_late",
            "WATER: Ax LAVA Flex +C Delayed",
            "eTHRIVE_spät",
            "T1 3D GRE delay",
            "QUICK3D_3min",
        ],
    ),
];
const GADOXETATE: &[Row] = &[
    (
        "t1_pre",
        -90.0,
        [
            "t1_vibe_fs_tra_pre",
            "WATER: Ax LAVA Flex Pre",
            "eTHRIVE_nativ",
            "T1 3D GRE unenhanced",
            "QUICK3D_plain",
        ],
    ),
    (
        "arterial_early",
        18.0,
        [
            "t1_vibe_fs_tra_art1",
            "WATER: Ax LAVA Flex +C Early Arterial",
            "eTHRIVE_art_1",
            "T1 3D GRE EAP",
            "QUICK3D_early_art",
        ],
    ),
    (
        "arterial_late",
        33.0,
        [
            "t1_vibe_fs_tra_art2",
            "WATER: Ax LAVA Flex +C Late Arterial",
            "eTHRIVE_art_2",
            "T1 3D GRE LAP",
            "QUICK3D_late_art",
        ],
    ),
    (
        "portal_venous",
        68.0,
        [
            "t1_vibe_fs_tra_pv",
            "WATER: Ax LAVA Flex +C Portal",
            "eTHRIVE_portalvenös",
            "T1 3D GRE PVP",
            "QUICK3D_70s",
        ],
    ),
    (
        "transitional",
        190.0,
        [
            "t1_vibe_fs_tra_trans_3min",
            "WATER: Ax LAVA Flex +C 3 min",
            "eTHRIVE_delayed",
            "T1 3D GRE transitional",
            "QUICK3D_3min",
        ],
    ),
    (
        "hepatobiliary",
        1210.0,
        [
            "t1_vibe_fs_tra_20min",
            "WATER: Ax LAVA Flex +C HBP",
            "eTHRIVE_hepatobiliär",
            "T1 3D GRE hepatobiliary phase",
            "QUICK3D_20min",
        ],
    ),
];

#[test]
fn named_and_timed_in_every_way() {
    for (table, agent) in [(EXTRACELLULAR, "Dotarem"), (GADOXETATE, "Primovist")] {
        for style in 0..6 {
            for clock in [true, false] {
                for bolus in [true, false] {
                    for tags in 0..3 {
                        for tell_agent in [true, false] {
                            // No name, no clock, no bolus: nobody could tell. Without a name, the
                            // agent must be known, since it decides what three minutes are called.
                            let nameless = style == 5;
                            if nameless && (!(clock || bolus) || !tell_agent) {
                                continue;
                            }
                            // A mere `delayed` at 3 min is transitional only where times or the agent say so.
                            let rows = table
                                .iter()
                                .map(|(role, seconds, names)| {
                                    let v = gre(names.get(style).copied().unwrap_or("t1_vibe")).with(|f| {
                                        f.acquisition_seconds = clock.then_some(500.0 + seconds);
                                        f.seconds_after_bolus = bolus.then_some(*seconds);
                                        f.agent = if tell_agent { Agent::of_text(agent) } else { None };
                                        f.contrast = match tags {
                                            0 => None,
                                            1 => Some(true),
                                            _ => Some(*seconds > 0.0),
                                        };
                                    });
                                    (v, *role)
                                })
                                .collect();
                            liver(rows);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_bolus_time_of_another_clock_does_not_rename_named_phases() {
    for off in [-60.0, 45.0, 90.0, 3600.0] {
        let rows = EXTRACELLULAR
            .iter()
            .map(|(role, seconds, names)| {
                (
                    gre(names.first().copied().unwrap_or(""))
                        .at(500.0 + seconds)
                        .bolus(seconds + off)
                        .ce(true),
                    *role,
                )
            })
            .collect();
        liver(rows);
    }
}

#[test]
fn one_bolus_time_copied_to_all_series_is_not_believed() {
    for copied in [0.0, 25.0] {
        let rows = EXTRACELLULAR
            .iter()
            .map(|(role, seconds, _)| (gre("t1_vibe").at(500.0 + seconds).bolus(copied).ce(true), *role))
            .collect();
        liver(rows);
    }
}

fn word() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "t1",
        "t2",
        "vibe",
        "art",
        "pv",
        "pre",
        "late",
        "early",
        "W",
        "F",
        "in",
        "opp",
        "sub",
        "mip",
        "dwi",
        "b",
        "50",
        "800",
        "adc",
        "3",
        "min",
        "20",
        "s",
        "HBP",
        "loc",
        "fs",
        "+C",
        "C-",
        "w/o",
        "T2*",
        "ä",
        "post",
        "dixon",
        "flair",
        "MPRage",
        "tof",
        "é\u{301}",
        "_",
        "²",
        "漢",
    ]);
    known.prop_map(str::to_owned)
}

prop_compose! {
    fn any_volume()(
        words in proptest::collection::vec(word(), 0..7),
        protocol in proptest::collection::vec(word(), 0..4),
        numbers in proptest::array::uniform6(proptest::option::of(-1e4..1e4_f64)),
        whole in proptest::array::uniform5(proptest::option::of(0..6_u32)),
        plane in proptest::option::of(proptest::sample::select(vec![Plane::Axial, Plane::Coronal, Plane::Oblique])),
        contrast in proptest::option::of(any::<bool>()),
        image_type in proptest::sample::select(vec!["", "ORIGINAL\\PRIMARY\\M", "DERIVED\\SECONDARY", "DERIVED\\PRIMARY\\DIXON\\WATER", "A\\B\\ADC"]),
    ) -> VolumeFacts {
        let [acquired, bolus, echo, repetition, inversion, flip] = numbers;
        let [order, series, index, count, slices] = whole;
        VolumeFacts {
            modality: Some("MR".to_owned()), plane, contrast,
            image_type: image_type.split('\\').map(str::to_owned).collect(),
            acquisition_seconds: acquired, seconds_after_bolus: bolus, echo_time_ms: echo, repetition_time_ms: repetition,
            inversion_time_ms: inversion, flip_angle_deg: flip, acquisition_order: order, series, temporal_index: index,
            temporal_count: count, slice_count: slices.map(|n| n * 20),
            ..VolumeFacts::default().with_texts(&words.join("_"), &protocol.join(" "), "")
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any study gets an answer of its length that does not depend on the order of volumes, whose
    /// roles reach the protocol's score and whose occurrences count from one without gaps.
    #[test]
    fn any_study_gets_a_sound_answer(mut facts in proptest::collection::vec(any_volume(), 0..12)) {
        // Volumes that differ in nothing cannot be told apart by order.
        for (i, f) in facts.iter_mut().enumerate() {
            f.series_number = Some(i64::try_from(i).unwrap());
        }
        let protocol = Preset::LiverMri.protocol().unwrap();
        let found = assign(&facts, &protocol);
        prop_assert_eq!(found.len(), facts.len());
        for m in &found {
            prop_assert!((0.0..=1.0).contains(&m.confidence));
            prop_assert!(m.role.is_none() || m.score >= protocol.min_score);
            prop_assert_eq!(m.role.is_some(), m.occurrence > 0);
            let same = found.iter().filter(|o| o.role == m.role && m.role.is_some()).count();
            prop_assert!(m.role.is_none() || usize::try_from(m.occurrence).unwrap() <= same);
        }
        facts.reverse();
        let mut back = assign(&facts, &protocol);
        back.reverse();
        prop_assert_eq!(found, back);
    }
}
