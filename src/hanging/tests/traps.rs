//! What has misled people and programs.
use super::*;

#[test]
fn study_named_hepatic_artery_makes_no_arterial_phase() {
    let v = |d: &str| {
        gre(d).with(|f| f.study_words = words::words_of("MRI LIVER HEPATIC ARTERY INFUSION, ART THERAPY"))
    };
    liver(vec![
        (v("Ax LAVA pre"), "t1_pre"),
        (v("Ax LAVA PV"), "portal_venous"),
        (v("Ax T2 FS").with(|f| f.scanning_sequence.clear()), "t2_fs"),
    ]);
}

#[test]
fn exam_protocol_of_ge_names_every_phase_and_is_not_believed() {
    let v = |d: &str| gre(d).protocol("LIVER ART PV DELAYED EOVIST SUB MRCP");
    liver(vec![
        (v("Ax LAVA pre"), "t1_pre"),
        (v("Ax LAVA art"), "arterial"),
        (v("Ax LAVA PV"), "portal_venous"),
        (
            v("Ax T2 FRFSE").with(|f| {
                f.scanning_sequence = vec!["SE".to_owned()];
                f.fat_saturated = None;
            }),
            "t2",
        ),
        (v("Ax LAVA 3 min"), "transitional"),
    ]);
}

#[test]
fn contrast_tags_filled_on_the_pre_contrast_series() {
    liver(vec![
        (gre("t1_vibe_fs_tra").ce(true).at(0.0), "t1_pre"),
        (gre("t1_vibe_fs_tra").ce(true).at(110.0), "arterial"),
        (gre("t1_vibe_fs_tra").ce(true).at(155.0), "portal_venous"),
        (gre("t1_vibe_fs_tra").ce(true).at(275.0), "delayed"),
    ]);
}

#[test]
fn reasons_quote_no_header() {
    let facts = study(vec![
        gre("t1_vibe_art Mustermann 1970").at(100.0),
        gre("t1_vibe_pre Zyxwvut").at(0.0),
        vol("Qwertz t2_haste_fs Asdfgh")
            .with(|f| f.pulse_sequence = vec!["secretname".to_owned()])
            .protocol("Hidden Name"),
        vol("dwi Geheim").with(|f| f.body_part = Some("Confidential".to_owned())),
    ]);
    for preset in Preset::ALL {
        let text =
            serde_json::to_string(&assign(&facts, &preset.protocol().unwrap())).unwrap().to_lowercase();
        for secret in [
            "mustermann",
            "1970",
            "zyxwvut",
            "qwertz",
            "asdfgh",
            "secretname",
            "hidden",
            "geheim",
            "confidential",
        ] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[test]
fn pre_treatment_is_no_phase() {
    liver(vec![
        (gre("pre TACE t1_vibe nativ"), "t1_pre"),
        (gre("pre TACE t1_vibe art"), "arterial"),
        (gre("pre TACE t1_vibe pv"), "portal_venous"),
    ]);
    liver(vec![
        (gre("post TACE Ax LAVA pre"), "t1_pre"),
        (gre("post TACE Ax LAVA art"), "arterial"),
        (gre("post TACE Ax LAVA pv"), "portal_venous"),
    ]);
}

#[test]
fn trans_for_transversal_is_not_transitional() {
    let hb = |d: &str| gre(d).with(|f| f.agent = Agent::of_text("Primovist"));
    liver(vec![
        (hb("T1 trans nativ"), "t1_pre"),
        (hb("T1 trans art"), "arterial"),
        (hb("T1 trans pv"), "portal_venous"),
        (hb("T1 trans 20 min"), "hepatobiliary"),
    ]);
}

#[test]
fn subtraction_mip_and_fat_never_fill_a_dynamic_pane() {
    let dynamic = [
        "t1_pre",
        "arterial_early",
        "arterial",
        "arterial_late",
        "portal_venous",
        "transitional",
        "delayed",
        "hepatobiliary",
    ];
    let facts = study(vec![
        gre("t1_vibe_art_sub").bolus(25.0),
        gre("t1_vibe_art_mip").bolus(25.0),
        gre("t1_vibe_dixon_art_F").bolus(25.0),
        gre("t1_vibe_dixon_art_in").bolus(25.0),
        gre("t1_vibe_dixon_art_opp").bolus(25.0),
        gre("t1_vibe_art").bolus(25.0).kind("DERIVED\\SECONDARY\\MPR"),
        gre("t1_vibe_art").bolus(25.0).with(|f| f.complex = Some(ComplexPart::Phase)),
        gre("t1_vibe_cor_art").bolus(25.0).plane(Plane::Coronal),
    ]);
    for role in roles_by(Preset::LiverMri, &facts) {
        assert!(!dynamic.contains(&role.as_str()), "{role}");
    }
}

#[test]
fn flip_angle_and_thickness_numbers_are_no_times() {
    liver(vec![
        (gre("t1_vibe_fa10_3mm_15s_pre"), "t1_pre"),
        (gre("t1_vibe_fa10_3mm_15s_art"), "arterial"),
        (gre("t1_vibe_fa10_3mm_15s_pv"), "portal_venous"),
    ]);
}

#[test]
fn pre_contrast_of_another_technique_stays_out_of_the_dynamic() {
    liver(vec![
        (
            gre("t1_vibe_dixon_tra_bh_W")
                .kind("DERIVED\\PRIMARY\\M\\DIXON\\WATER")
                .at(0.0)
                .with(|f| f.repetition_time_ms = Some(6.8)),
            "t1_water",
        ),
        (gre("t1_vibe_fs_tra_bh_pre").at(60.0), "t1_pre"),
        (gre("t1_vibe_fs_tra_bh_post").at(170.0), "arterial"),
        (gre("t1_vibe_fs_tra_bh_post").at(215.0), "portal_venous"),
        (gre("t1_vibe_fs_tra_bh_post").at(330.0), "delayed"),
    ]);
}

#[test]
fn portal_phase_may_come_first_when_the_arterial_failed() {
    liver(vec![
        (gre("vibe nativ").at(0.0), "t1_pre"),
        (gre("vibe portalvenös").at(140.0), "portal_venous"),
        (gre("vibe spät").at(290.0), "delayed"),
    ]);
}

#[test]
fn a_draw_needs_a_person() {
    let facts = study(vec![gre("t1_vibe").at(0.0), gre("t1_vibe").at(45.0)]);
    for m in assign(&facts, &Preset::LiverMri.protocol().unwrap()) {
        assert!(m.needs_confirmation || m.role.as_ref().is_some_and(|r| r.as_str() == "t1"), "{m:?}");
    }
    // Clear names need none.
    let facts = study(vec![
        gre("t1_vibe_pre"),
        gre("t1_vibe_art"),
        gre("t1_vibe_pv"),
        gre("t1_vibe_delayed"),
        vol("t2_haste"),
        vol("dwi b50 b800"),
        vol("adc"),
        vol("localizer"),
    ]);
    for m in assign(&facts, &Preset::LiverMri.protocol().unwrap()) {
        assert!(!m.needs_confirmation, "{m:?}");
    }
}

#[test]
fn hostile_facts_do_no_harm() {
    let odd = |x: f64| {
        gre("t1_vibe art").at(x).bolus(x).with(|f| {
            f.echo_time_ms = Some(x);
            f.repetition_time_ms = Some(x);
            f.inversion_time_ms = Some(x);
            f.field_strength_t = Some(x);
            f.b_values = vec![x, -x];
            f.temporal_index = Some(u32::MAX);
            f.spacing_mm = Some([x; 3]);
        })
    };
    let facts = study(vec![
        odd(f64::NAN),
        odd(f64::INFINITY),
        odd(f64::NEG_INFINITY),
        odd(f64::MAX),
        odd(0.0),
        odd(-1.0),
    ]);
    for preset in Preset::ALL {
        for m in assign(&facts, &preset.protocol().unwrap()) {
            assert!(m.confidence.is_finite() && m.score.is_finite());
        }
    }
    assert!(assign(&[], &Preset::LiverMri.protocol().unwrap()).is_empty());
    assert_eq!(words::words_of(&"Aa1_".repeat(10_000)).len(), 20_000);
}

#[test]
fn enhanced_objects_say_their_weighting_in_the_image_type() {
    expect(
        Preset::General,
        vec![
            (vol("x").kind("ORIGINAL\\PRIMARY\\T2\\NONE"), "t2"),
            (vol("x").kind("ORIGINAL\\PRIMARY\\FLUID_ATTENUATED\\NONE"), "flair"),
            (vol("x").kind("ORIGINAL\\PRIMARY\\DIFFUSION\\NONE"), "dwi"),
            (vol("x").kind("DERIVED\\PRIMARY\\DIFFUSION\\ADC"), "adc"),
        ],
    );
}

#[test]
fn fat_in_the_middle_of_a_name_is_saturation() {
    liver(vec![
        (vol("AX T2 FAT RESP"), "t2_fs"),
        (vol("Ax T2 FAT SAT"), "t2_fs"),
        (gre("Ax LAVA FAT SAT pre"), "t1_pre"),
    ]);
}

#[test]
fn second_study_of_pelvis_or_coronal_views_stay_out() {
    liver(vec![
        (gre("t1_vibe_pre"), "t1_pre"),
        (gre("t1_vibe_art"), "arterial"),
        (gre("t1_vibe_pv"), "portal_venous"),
        (gre("t1_vibe_cor_late").plane(Plane::Coronal), "t1"),
        (gre("t1_vibe_sag").plane(Plane::Sagittal), "t1"),
        (vol("t1_tse_tra").se(600.0, 12.0), "t1"),
    ]);
}

#[test]
fn mrcp_and_balanced_images_do_not_fill_the_t2_pane() {
    liver(vec![
        (vol("t2_space_MRCP_cor_3D"), "mrcp"),
        (vol("T2 TRUFI cor"), "ssfp"),
        (vol("sSSH_MRCP"), "mrcp"),
        (vol("t2_haste_tra"), "t2"),
    ]);
}

#[test]
fn trigger_times_of_siemens_are_no_delays() {
    let rows = [("t1_pre", 0.0), ("arterial", 100.0), ("portal_venous", 145.0), ("delayed", 265.0)];
    liver(
        rows.iter()
            .map(|(role, t)| (gre(&format!("t1_vibe_dyn_TT={:.2}s_W", t + 0.12)).at(*t).ce(true), *role))
            .collect(),
    );
}

#[test]
fn bare_phase_names_borrow_the_technique_from_the_protocol() {
    let v = |d: &str, t: f64| {
        vol(d).protocol("t1_vibe_fs_tra_dyn").at(t).with(|f| f.scanning_sequence = vec!["GR".to_owned()])
    };
    liver(vec![
        (vol("t2").protocol("t2_haste_tra").with(|f| f.scanning_sequence = vec!["SE".to_owned()]), "t2"),
        (v("nativ", 100.0), "t1_pre"),
        (v("arteriell", 200.0), "arterial"),
        (v("portalvenös", 245.0), "portal_venous"),
        (v("spät", 380.0), "delayed"),
    ]);
}

#[test]
fn phases_named_in_the_protocol_only() {
    let v = |p: &str| gre("Serie").protocol(p);
    liver(vec![
        (v("t1_vibe_nativ"), "t1_pre"),
        (v("t1_vibe_arteriell"), "arterial"),
        (v("t1_vibe_pv"), "portal_venous"),
        (v("t1_vibe_spaet"), "delayed"),
    ]);
}
