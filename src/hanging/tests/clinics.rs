//! Whole studies in the manner of particular sites.
use super::*;

fn t2(d: &str) -> Vol {
    vol(d).se(2500.0, 90.0)
}

#[test]
fn seconds_in_names() {
    for unit in ["s", " sec", "S", "sek"] {
        liver(vec![
            (gre("t1_vibe_fs_tra_0 nativ"), "t1_pre"),
            (gre(&format!("t1_vibe_fs_tra_25{unit}")), "arterial"),
            (gre(&format!("t1_vibe_fs_tra_70{unit}")), "portal_venous"),
            (gre(&format!("t1_vibe_fs_tra_180{unit}")), "delayed"),
        ]);
    }
    liver(vec![
        (gre("AX LAVA PRE"), "t1_pre"),
        (gre("AX LAVA POST 20 SEC"), "arterial"),
        (gre("AX LAVA POST 1 MIN"), "portal_venous"),
        (gre("AX LAVA 3 MIN DELAY"), "delayed"),
        (gre("AX LAVA 5 MIN DELAY"), "delayed"),
    ]);
}

#[test]
fn plus_and_minus_c() {
    liver(vec![
        (gre("C-pre"), "t1_pre"),
        (gre("C+A"), "arterial"),
        (gre("C+V"), "portal_venous"),
        (gre("C+Delay"), "delayed"),
        (vol("InPhase"), "t1_inphase"),
        (vol("OutPhase"), "t1_opposed"),
        (vol("T2WI"), "t2"),
        (vol("DWI"), "dwi"),
    ]);
}

#[test]
fn uih_with_water_fat_imaging() {
    liver(vec![
        (vol("scout_3plane"), "localizer"),
        (t2("t2_fse_fs_tra_arms_nav"), "t2_fs"),
        (t2("t2_ssfse_cor_bh").plane(Plane::Coronal), "t2"),
        (gre("t1_quick3d_wfi_tra_bh_pre_W"), "t1_pre"),
        (gre("t1_quick3d_wfi_tra_bh_pre_F"), "t1_fat"),
        (gre("t1_quick3d_wfi_tra_bh_pre_IP"), "t1_inphase"),
        (gre("t1_quick3d_wfi_tra_bh_pre_OP"), "t1_opposed"),
        (gre("t1_quick3d_fs_tra_bh_art"), "arterial"),
        (gre("t1_quick3d_fs_tra_bh_pvp"), "portal_venous"),
        (gre("t1_quick3d_fs_tra_bh_delay"), "delayed"),
        (vol("epi_dwi_tra_b50_800_TRACE"), "dwi"),
        (vol("epi_dwi_tra_b50_800_ADC"), "adc"),
    ]);
}

#[test]
fn canon_quick() {
    liver(vec![
        (vol("Locator"), "localizer"),
        (vol("FASE T2W Cor").plane(Plane::Coronal), "t2"),
        (vol("T2W FSE FatSat RT"), "t2_fs"),
        (gre("3D QUICK Pre"), "t1_pre"),
        (gre("3D QUICK Art"), "arterial"),
        (gre("3D QUICK Portal"), "portal_venous"),
        (gre("3D QUICK Equilibrium"), "delayed"),
        (vol("DWI b1000"), "dwi"),
        (vol("ADC map"), "adc"),
        (vol("TrueSSFP cor"), "ssfp"),
    ]);
}

#[test]
fn primovist_in_japan_and_korea() {
    liver(vec![
        (gre("T1 eTHRIVE pre").with(|f| f.study_words = words::words_of("EOB-MRI liver")), "t1_pre"),
        (gre("eTHRIVE early art"), "arterial_early"),
        (gre("eTHRIVE late art"), "arterial_late"),
        (gre("eTHRIVE PVP"), "portal_venous"),
        (gre("eTHRIVE 3min"), "transitional"),
        (gre("eTHRIVE 10min"), "hepatobiliary"),
        (gre("eTHRIVE 20min HBP"), "hepatobiliary"),
    ]);
}

#[test]
fn hepatobiliary_phase_named_tells_the_agent() {
    liver(vec![
        (gre("t1_starvibe_nativ").at(0.0), "t1_pre"),
        (gre("t1_vibe_art").at(300.0), "arterial"),
        (gre("t1_vibe_pv").at(345.0), "portal_venous"),
        (gre("t1_vibe_late").at(480.0), "transitional"),
        (gre("t1_starvibe_hepatobiliär").at(1500.0), "hepatobiliary"),
    ]);
}

#[test]
fn original_and_filtered_reconstructions_share_a_phase() {
    liver(vec![
        (gre("t1_vibe_pre").at(0.0), "t1_pre"),
        (gre("t1_vibe_art").at(100.0), "arterial"),
        (gre("t1_vibe_art_ND").at(100.0), "arterial"),
        (gre("t1_vibe_pv").at(145.0), "portal_venous"),
        (gre("t1_vibe_pv_ND").at(145.0), "portal_venous"),
    ]);
}

#[test]
fn numbered_dynamics_with_clock_only() {
    liver(vec![
        (gre("t1_vibe_dyn_1").at(1000.0).ce(true), "t1_pre"),
        (gre("t1_vibe_dyn_2").at(1090.0).ce(true), "arterial"),
        (gre("t1_vibe_dyn_3").at(1135.0).ce(true), "portal_venous"),
        (gre("t1_vibe_dyn_4").at(1250.0).ce(true), "delayed"),
        (gre("t1_vibe_dyn_5").at(1400.0).ce(true), "delayed"),
    ]);
}

#[test]
fn two_arterial_phases_by_clock_only() {
    liver(vec![
        (gre("t1_vibe_dyn").at(0.0).ce(false), "t1_pre"),
        (gre("t1_vibe_dyn").at(100.0).ce(true), "arterial_early"),
        (gre("t1_vibe_dyn").at(115.0).ce(true), "arterial_late"),
        (gre("t1_vibe_dyn").at(155.0).ce(true), "portal_venous"),
        (gre("t1_vibe_dyn").at(265.0).ce(true), "delayed"),
    ]);
}

#[test]
fn anonymised_study_with_tags_only() {
    let d = |t: f64| gre("").at(t);
    liver(vec![
        (vol("").se(1000.0, 90.0).at(10.0), "t2"),
        (vol("").se(3500.0, 80.0).at(60.0).with(|f| f.fat_saturated = Some(true)), "t2_fs"),
        (d(300.0).ce(false), "t1_pre"),
        (d(400.0).ce(true), "arterial"),
        (d(445.0).ce(true), "portal_venous"),
        (d(560.0).ce(true), "delayed"),
        (
            vol("")
                .with(|f| {
                    f.scanning_sequence = vec!["EP".to_owned()];
                    f.b_values = vec![50.0, 800.0];
                })
                .at(700.0),
            "dwi",
        ),
        (vol("").kind("DERIVED\\PRIMARY\\DIFFUSION\\ADC").at(700.0), "adc"),
    ]);
}

#[test]
fn water_dixon_dynamic_fills_the_panes() {
    let mut rows = Vec::new();
    for (phase, role, t) in [
        ("pre", "t1_pre", 0.0),
        ("art", "arterial", 110.0),
        ("pv", "portal_venous", 160.0),
        ("5min", "delayed", 420.0),
    ] {
        for (part, other) in [("W", role), ("F", "t1_fat"), ("in", "t1_inphase"), ("opp", "t1_opposed")] {
            rows.push((gre(&format!("t1_vibe_dixon_tra_bh_{phase}_{part}")).at(t), other));
        }
    }
    liver(rows);
}

#[test]
fn french_and_spanish_sites() {
    liver(vec![
        (vol("REPERAGE 3 PLANS"), "localizer"),
        (t2("AX T2 FATSAT RESPI"), "t2_fs"),
        (t2("COR T2 SSFSE"), "t2"),
        (gre("AX LAVA SANS INJ"), "t1_pre"),
        (gre("AX LAVA ART"), "arterial"),
        (gre("AX LAVA PORT"), "portal_venous"),
        (gre("AX LAVA TARDIF 5 MN"), "delayed"),
        (vol("AX DIFF B 800"), "dwi"),
        (vol("CARTE ADC"), "adc"),
    ]);
    liver(vec![
        (vol("LOCALIZADOR"), "localizer"),
        (gre("VIBE AX BASAL"), "t1_pre"),
        (gre("VIBE AX FASE ARTERIAL"), "arterial"),
        (gre("VIBE AX FASE PORTAL"), "portal_venous"),
        (gre("VIBE AX FASE TARDIA"), "delayed"),
        (gre("VIBE AX EN FASE").with(|f| f.fat_saturated = None), "t1_inphase"),
        (gre("VIBE AX FUERA DE FASE").with(|f| f.fat_saturated = None), "t1_opposed"),
    ]);
}

#[test]
fn dce_of_many_time_points_runs_through_all_phases_in_order() {
    let order = ["t1_pre", "arterial_early", "arterial", "arterial_late", "portal_venous", "delayed"];
    let facts = study(
        (0..40)
            .map(|i| {
                gre("GRASP dyn").at(f64::from(i) * 7.0).bolus(f64::from(i) * 7.0 - 30.0).with(|f| {
                    f.series = Some(3);
                    f.temporal_index = Some(i);
                    f.temporal_count = Some(40);
                })
            })
            .collect(),
    );
    let found = roles_by(Preset::LiverMri, &facts);
    let places: Vec<usize> =
        found.iter().map(|r| order.iter().position(|o| o == r).unwrap_or_else(|| panic!("{r}"))).collect();
    assert!(places.windows(2).all(|p| p[0] <= p[1]), "{found:?}");
    assert_eq!(found.first().map(String::as_str), Some("t1_pre"));
    assert_eq!(found.last().map(String::as_str), Some("delayed"));
    assert!(found.iter().any(|r| r == "portal_venous") && found.iter().any(|r| r == "arterial_early"));
}

/// Names without any tag but plane and order, parts of Dixon by their last letter.
#[test]
fn parts_of_dixon_by_the_last_word_only() {
    let bare = |d: &str| vol(d);
    liver(vec![
        (bare("localizer_haste_bh"), "localizer"),
        (bare("t2_haste_tra_bh"), "t2"),
        (bare("t1_vibe_fs_tra_pre_W"), "t1_pre"),
        (bare("t1_vibe_fs_tra_pre_F"), "t1_fat"),
        (bare("t1_vibe_fs_tra_pre_in"), "t1_inphase"),
        (bare("t1_vibe_fs_tra_pre_opp"), "t1_opposed"),
        (bare("t1_vibe_art_1_W"), "arterial_early"),
        (bare("t1_vibe_art_2_W"), "arterial_late"),
        (bare("t1_vibe_pv_70s_W"), "portal_venous"),
        (bare("t1_vibe_3min_W"), "transitional"),
        (bare("t1_vibe_20min_W"), "hepatobiliary"),
        (bare("ep2d_diff_b50_400_800_tra"), "dwi"),
        (bare("ep2d_diff_b50_400_800_tra_ADC"), "adc"),
        (bare("t1_vibe_art_1_W_SUB"), "subtraction"),
    ]);
    liver(vec![
        (bare("Survey_BH"), "localizer"),
        (bare("mDIXON-W_pre_BH"), "t1_pre"),
        (bare("mDIXON-F_pre_BH"), "t1_fat"),
        (bare("mDIXON-IP_pre_BH"), "t1_inphase"),
        (bare("mDIXON-OP_pre_BH"), "t1_opposed"),
        (bare("mDIXON-W_art_BH"), "arterial"),
        (bare("mDIXON-W_ven_BH"), "portal_venous"),
        (bare("mDIXON-W_trans_3min"), "transitional"),
        (bare("mDIXON-W_HB_20min"), "hepatobiliary"),
        (bare("DWI_3b_RT"), "dwi"),
        (bare("dADC_DWI_3b_RT"), "adc"),
    ]);
}

#[test]
fn mask_apart_and_phases_in_one_multiphase_series() {
    let phase = |i: u32, t: Option<f64>| {
        gre("Ax LAVA MPh +C").ce(true).with(|f| {
            f.series = Some(50);
            f.acquisition_order = Some(9);
            f.series_number = Some(9);
            f.temporal_index = Some(i);
            f.temporal_count = Some(3);
            f.acquisition_seconds = t;
        })
    };
    for clock in [true, false] {
        let at = |t: f64| clock.then_some(t);
        liver(vec![
            (gre("Ax LAVA PRE").with(|f| f.acquisition_seconds = at(200.0)), "t1_pre"),
            (phase(0, at(320.0)), "arterial"),
            (phase(1, at(365.0)), "portal_venous"),
            (phase(2, at(485.0)), "delayed"),
        ]);
    }
    // One time for the whole series.
    liver(vec![
        (gre("Ax LAVA PRE").at(200.0), "t1_pre"),
        (phase(0, Some(320.0)), "arterial"),
        (phase(1, Some(320.0)), "portal_venous"),
        (phase(2, Some(320.0)), "delayed"),
    ]);
}

#[test]
fn abbreviated_examinations() {
    liver(vec![
        (gre("t1_vibe_fs_tra_hbp"), "hepatobiliary"),
        (vol("t2_tse_fs_tra"), "t2_fs"),
        (vol("ep2d_diff_b50_b800_TRACEW"), "dwi"),
    ]);
    liver(vec![(gre("Ax LAVA arterial"), "arterial"), (gre("Ax LAVA portal venous"), "portal_venous")]);
    liver(vec![(gre("T1 VIBE pv").ce(true), "portal_venous")]);
}

#[test]
fn post_contrast_numbered_without_phases() {
    liver(vec![
        (gre("AX 3D T1 DYNAMIC PRE"), "t1_pre"),
        (gre("AX 3D T1 DYNAMIC POST 1"), "arterial"),
        (gre("AX 3D T1 DYNAMIC POST 2"), "portal_venous"),
        (gre("AX 3D T1 DYNAMIC POST 3"), "delayed"),
    ]);
}

#[test]
fn multi_echo_quantification_beside_a_dynamic() {
    let q = |d: &str| {
        gre(d).at(30.0).with(|f| {
            f.echo_count = Some(6);
            f.flip_angle_deg = Some(4.0);
            f.repetition_time_ms = Some(9.0);
            f.spacing_mm = Some([1.8, 1.8, 3.5]);
            f.slice_count = Some(64);
            f.fat_saturated = None;
        })
    };
    liver(vec![
        (q("t1_vibe_q-dixon_tra_bh_W"), "t1_water"),
        (q("t1_vibe_q-dixon_tra_bh_F"), "t1_fat"),
        (q("t1_vibe_q-dixon_tra_bh_FF"), "fat_fraction"),
        (q("t1_vibe_q-dixon_tra_bh_R2*"), "derived"),
        (gre("t1_vibe_fs_tra_pre").at(100.0), "t1_pre"),
        (gre("t1_vibe_fs_tra_art").at(200.0), "arterial"),
        (gre("t1_vibe_fs_tra_pv").at(245.0), "portal_venous"),
    ]);
}

#[test]
fn motion_made_the_arterial_phase_be_repeated_and_the_mask_too() {
    liver(vec![
        (gre("t1_vibe_pre").at(0.0), "t1_pre"),
        (gre("t1_vibe_pre rpt").at(40.0), "t1_pre"),
        (gre("t1_vibe_art").at(200.0), "arterial_early"),
        (gre("t1_vibe_art rpt").at(220.0), "arterial_late"),
        (gre("t1_vibe_pv").at(262.0), "portal_venous"),
        (gre("t1_vibe_del").at(390.0), "delayed"),
        (gre("t1_vibe_del rpt").at(420.0), "delayed"),
    ]);
}

#[test]
fn ge_flex_water_of_a_phase_is_that_phase() {
    // GE's Dixon: the part first, then the protocol's name.
    let flex = |part: &str, phase: &str| gre(&format!("{part}: Ax LAVA-Flex {phase}"));
    let water = |phase: &str| flex("WATER", phase).with(|f| f.dixon = Some(Dixon::Water));
    let fat = |phase: &str| flex("FAT", phase).with(|f| f.dixon = Some(Dixon::Fat));
    liver(vec![
        (water("PRE").at(0.0), "t1_pre"),
        (fat("PRE").at(0.0), "t1_fat"),
        (water("ART").at(140.0).ce(true), "arterial"),
        (water("PV").at(185.0).ce(true), "portal_venous"),
        (fat("PV").at(185.0).ce(true), "t1_fat"),
    ]);
    // Phases alone, without times, tags or a mask.
    liver(vec![(water("ART"), "arterial"), (water("PV"), "portal_venous")]);
    liver(vec![(water("ART"), "arterial")]);
    liver(vec![(water("PV"), "portal_venous")]);
}

#[test]
fn one_series_of_both_phases_is_parted_by_order() {
    let facts = |i: u32| {
        gre("WATER: Ax LAVA-Flex ART/PV").ce(true).with(|f| {
            f.dixon = Some(Dixon::Water);
            f.series = Some(7);
            f.temporal_index = Some(i);
            f.temporal_count = Some(2);
            f.acquisition_seconds = Some(200.0 + 45.0 * f64::from(i));
        })
    };
    liver(vec![
        (gre("WATER: Ax LAVA-Flex PRE").at(60.0).with(|f| f.dixon = Some(Dixon::Water)), "t1_pre"),
        (facts(0), "arterial"),
        (facts(1), "portal_venous"),
    ]);
    liver(vec![(facts(0), "arterial"), (facts(1), "portal_venous")]);
}
