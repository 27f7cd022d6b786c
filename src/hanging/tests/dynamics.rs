//! Dynamic series: words, times, order, agents.
use super::*;

#[test]
fn siemens_vibe_named_by_phase() {
    liver(vec![
        (vol("localizer").kind("ORIGINAL\\PRIMARY\\M\\LOCALIZER"), "localizer"),
        (vol("t2_haste_cor_bh").plane(Plane::Coronal), "t2"),
        (vol("t2_blade_fs_tra_trig"), "t2_fs"),
        (
            vol("t1_fl2d_opp-in_tra_bh").with(|f| {
                f.echo_time_ms = Some(2.3);
                f.field_strength_t = Some(1.5);
            }),
            "t1_opposed",
        ),
        (
            vol("t1_fl2d_opp-in_tra_bh").with(|f| {
                f.echo_time_ms = Some(4.76);
                f.field_strength_t = Some(1.5);
            }),
            "t1_inphase",
        ),
        (gre("t1_vibe_fs_tra_pre"), "t1_pre"),
        (gre("t1_vibe_fs_tra_art"), "arterial"),
        (gre("t1_vibe_fs_tra_pv"), "portal_venous"),
        (gre("t1_vibe_fs_tra_late"), "delayed"),
        (vol("ep2d_diff_b50_400_800_tra_TRACEW").kind("DERIVED\\PRIMARY\\DIFFUSION\\TRACEW\\ND"), "dwi"),
        (vol("ep2d_diff_b50_400_800_tra_ADC").kind("DERIVED\\PRIMARY\\DIFFUSION\\ADC\\ND"), "adc"),
        (gre("t1_vibe_fs_tra_art_SUB").kind("DERIVED\\PRIMARY\\M\\ND\\SUB"), "subtraction"),
        (gre("t1_vibe_fs_tra_art_SUB_MIP_COR").kind("DERIVED\\SECONDARY\\MIP").plane(Plane::Coronal), "mip"),
    ]);
}

#[test]
fn ge_lava_flex() {
    let p = "LIVER WITH AND WITHOUT CONTRAST";
    liver(vec![
        (vol("3 Plane Loc SSFSE").protocol(p), "localizer"),
        (vol("Asset Cal").protocol(p), "calibration"),
        (vol("Cor SSFSE BH").plane(Plane::Coronal).protocol(p), "t2"),
        (vol("Ax T2 PROPELLER FS RTr").protocol(p), "t2_fs"),
        (vol("Ax FIESTA Fat Sat").protocol(p), "ssfp"),
        (vol("Ax DWI b50,400,800").protocol(p), "dwi"),
        (vol("Apparent Diffusion Coefficient (mm2/s)").protocol(p), "adc"),
        (gre("WATER: Ax LAVA Flex Pre").kind("DERIVED\\PRIMARY\\DIXON\\WATER").protocol(p), "t1_pre"),
        (gre("FAT: Ax LAVA Flex Pre").kind("DERIVED\\PRIMARY\\DIXON\\FAT").protocol(p), "t1_fat"),
        (
            gre("InPhase: Ax LAVA Flex Pre").kind("DERIVED\\PRIMARY\\DIXON\\IN_PHASE").protocol(p),
            "t1_inphase",
        ),
        (
            gre("OutPhase: Ax LAVA Flex Pre").kind("DERIVED\\PRIMARY\\DIXON\\OUT_PHASE").protocol(p),
            "t1_opposed",
        ),
        (vol("SmartPrep").with(|f| f.slice_count = Some(1)).protocol(p), "calibration"),
        (gre("WATER: Ax LAVA Flex +C Arterial").protocol(p), "arterial"),
        (gre("FAT: Ax LAVA Flex +C Arterial").protocol(p), "t1_fat"),
        (gre("WATER: Ax LAVA Flex +C Portal").protocol(p), "portal_venous"),
        (gre("WATER: Ax LAVA Flex +C 3 min").protocol(p), "delayed"),
        (gre("WATER: Cor LAVA Flex +C").plane(Plane::Coronal).protocol(p), "t1_water"),
    ]);
}

#[test]
fn ge_multiphase_in_one_series_with_times() {
    let phase = |i: u32, t: f64| {
        gre("Ax LAVA multiphase +C").at(600.0 + t).with(|f| {
            f.series = Some(40);
            f.temporal_index = Some(i);
            f.temporal_count = Some(4);
            f.contrast = Some(true);
        })
    };
    liver(vec![
        (phase(0, 0.0), "t1_pre"),
        (phase(1, 95.0), "arterial"),
        (phase(2, 140.0), "portal_venous"),
        (phase(3, 260.0), "delayed"),
    ]);
}

#[test]
fn multiphase_in_one_series_without_any_time() {
    let phase = |i: u32| {
        gre("dyn eTHRIVE BH").with(|f| {
            f.series = Some(7);
            f.acquisition_order = Some(7);
            f.temporal_index = Some(i);
            f.temporal_count = Some(4);
            f.contrast = Some(true);
        })
    };
    liver(vec![
        (phase(0), "t1_pre"),
        (phase(1), "arterial"),
        (phase(2), "portal_venous"),
        (phase(3), "delayed"),
    ]);
}

#[test]
fn philips_mdixon_all() {
    let v = |part: &str, t: f64| {
        gre("mDIXON-All BH").kind(&format!("ORIGINAL\\PRIMARY\\{part}\\{part}\\DERIVED")).at(t)
    };
    liver(vec![
        (vol("Survey BH"), "localizer"),
        (vol("T2W_SSh_TSE BH"), "t2"),
        (vol("T2W_SPAIR RT"), "t2_fs"),
        (v("W", 300.0), "t1_water"),
        (v("F", 300.0), "t1_fat"),
        (v("IP", 300.0), "t1_inphase"),
        (v("OP", 300.0), "t1_opposed"),
        (gre("dyn eTHRIVE BH pre").at(500.0), "t1_pre"),
        (gre("dyn eTHRIVE BH art").at(620.0), "arterial"),
        (gre("dyn eTHRIVE BH ven").at(665.0), "portal_venous"),
        (gre("dyn eTHRIVE BH late").at(780.0), "delayed"),
        (vol("DWI_b0_150_800"), "dwi"),
        (vol("dADC"), "adc"),
        (vol("eADC"), "derived"),
    ]);
}

#[test]
fn gadoxetate_three_minutes_is_transitional_and_twenty_hepatobiliary() {
    let hb = |d: &str| gre(d).with(|f| f.agent = Some(Agent::of_text("Primovist 10 ml").unwrap())).ce(true);
    liver(vec![
        (hb("t1_vibe_fs_tra nativ"), "t1_pre"),
        (hb("t1_vibe_fs_tra art"), "arterial"),
        (hb("t1_vibe_fs_tra pv"), "portal_venous"),
        (hb("t1_vibe_fs_tra 3min"), "transitional"),
        (hb("t1_vibe_fs_tra 20min"), "hepatobiliary"),
        (hb("t1_vibe_fs_cor 20min").plane(Plane::Coronal), "t1"),
    ]);
}

#[test]
fn gadoxetate_delayed_by_name_is_transitional_by_time() {
    let hb = |d: &str, t: f64| {
        gre(d).at(t).with(|f| f.agent = Some(Agent::of_text("gadoxetate disodium").unwrap()))
    };
    liver(vec![
        (hb("t1_vibe_pre", 0.0), "t1_pre"),
        (hb("t1_vibe_art", 120.0), "arterial"),
        (hb("t1_vibe_pv", 165.0), "portal_venous"),
        (hb("t1_vibe_delayed", 290.0), "transitional"),
        (hb("t1_vibe_late", 1310.0), "hepatobiliary"),
    ]);
}

#[test]
fn extracellular_three_minutes_is_delayed() {
    let ec = |d: &str| gre(d).with(|f| f.agent = Agent::of_text("GADOVIST"));
    liver(vec![
        (ec("t1_vibe_pre"), "t1_pre"),
        (ec("t1_vibe_art"), "arterial"),
        (ec("t1_vibe_70s"), "portal_venous"),
        (ec("t1_vibe_3min"), "delayed"),
        (ec("t1_vibe_5min"), "delayed"),
    ]);
}

#[test]
fn gadobenate_three_minutes_is_delayed_and_an_hour_hepatobiliary() {
    let mh = |d: &str, b: f64| gre(d).bolus(b).with(|f| f.agent = Agent::of_text("MultiHance"));
    liver(vec![
        (mh("vibe", -80.0), "t1_pre"),
        (mh("vibe", 22.0), "arterial"),
        (mh("vibe", 65.0), "portal_venous"),
        (mh("vibe", 180.0), "delayed"),
        (mh("vibe", 3900.0), "hepatobiliary"),
    ]);
}

#[test]
fn two_arterial_phases_are_early_and_late() {
    liver(vec![
        (gre("t1_vibe_dixon_tra_bh_pre_W"), "t1_pre"),
        (gre("t1_vibe_dixon_tra_bh_art_W"), "arterial_early"),
        (gre("t1_vibe_dixon_tra_bh_art2_W"), "arterial_late"),
        (gre("t1_vibe_dixon_tra_bh_pv_W"), "portal_venous"),
        (gre("t1_vibe_dixon_tra_bh_del_W"), "delayed"),
        (gre("t1_vibe_dixon_tra_bh_del_F"), "t1_fat"),
    ]);
    liver(vec![
        (gre("Ax LAVA pre"), "t1_pre"),
        (gre("Ax LAVA early art"), "arterial_early"),
        (gre("Ax LAVA late art"), "arterial_late"),
        (gre("Ax LAVA PVP"), "portal_venous"),
        (gre("Ax LAVA equilibrium"), "delayed"),
    ]);
    liver(vec![
        (gre("Ax LAVA pre"), "t1_pre"),
        (gre("Ax LAVA late arterial"), "arterial_late"),
        (gre("Ax LAVA PVP"), "portal_venous"),
    ]);
}

#[test]
fn three_arterial_phases_of_one_breath_hold() {
    liver(vec![
        (gre("t1_twist_vibe nativ").at(0.0), "t1_pre"),
        (gre("t1_twist_vibe art1").at(100.0), "arterial_early"),
        (gre("t1_twist_vibe art2").at(107.0), "arterial"),
        (gre("t1_twist_vibe art3").at(114.0), "arterial_late"),
        (gre("t1_vibe portalvenös").at(150.0), "portal_venous"),
        (gre("t1_vibe spät").at(280.0), "delayed"),
    ]);
}

#[test]
fn same_name_for_all_phases_and_times_only() {
    let d = "t1_vibe_fs_tra_dyn_nativ_art_pv_spaet";
    liver(vec![
        (gre(d).at(0.0), "t1_pre"),
        (gre(d).at(75.0), "arterial"),
        (gre(d).at(120.0), "portal_venous"),
        (gre(d).at(240.0), "delayed"),
    ]);
}

#[test]
fn bolus_times_outweigh_contrast_tags_and_words() {
    liver(vec![
        (gre("t1_vibe +C").ce(true).at(0.0).bolus(-90.0), "t1_pre"),
        (gre("t1_vibe +C").ce(true).at(112.0).bolus(22.0), "arterial"),
        (gre("t1_vibe +C").ce(true).at(158.0).bolus(68.0), "portal_venous"),
        (gre("t1_vibe +C").ce(true).at(270.0).bolus(180.0), "delayed"),
    ]);
}

#[test]
fn languages() {
    for names in [
        ["t1 vibe nativ", "t1 vibe arteriell", "t1 vibe portalvenös", "t1 vibe spät"],
        ["T1 LAVA sans injection", "T1 LAVA artériel", "T1 LAVA portal", "T1 LAVA tardif"],
        ["THRIVE sin contraste", "THRIVE arterial", "THRIVE portal", "THRIVE tardía"],
        ["VIBE basale", "VIBE arteriosa", "VIBE portale", "VIBE tardiva"],
        ["eTHRIVE blanco", "eTHRIVE arterieel", "eTHRIVE portaal", "eTHRIVE laat"],
        ["Ax T1 pre-contrast", "Ax T1 HAP", "Ax T1 PVP", "Ax T1 Delay"],
        ["T1 QUICK 3D C-", "T1 QUICK 3D art", "T1 QUICK 3D port", "T1 QUICK 3D equ"],
    ] {
        liver(
            names
                .iter()
                .zip(["t1_pre", "arterial", "portal_venous", "delayed"])
                .map(|(n, r)| (gre(n), r))
                .collect(),
        );
    }
}

#[test]
fn no_contrast_given_leaves_one_t1_pre() {
    liver(vec![
        (vol("t2_haste_tra"), "t2"),
        (gre("t1_vibe_fs_tra_bh"), "t1_pre"),
        (vol("ep2d_diff_tra_ADC"), "adc"),
    ]);
}

#[test]
fn result_does_not_depend_on_order_of_input() {
    let facts = study(vec![
        gre("t1_vibe_pre").at(0.0),
        gre("t1_vibe").at(100.0),
        gre("t1_vibe").at(145.0),
        gre("t1_vibe").at(260.0),
        vol("t2_haste"),
        vol("dwi b50"),
        vol("dwi b800"),
    ]);
    let protocol = Preset::LiverMri.protocol().unwrap();
    let straight = assign(&facts, &protocol);
    let mut turned: Vec<VolumeFacts> = facts.clone();
    for _ in 0..facts.len() {
        turned.rotate_left(3);
        turned.swap(0, 2);
        let found = assign(&turned, &protocol);
        for (f, m) in turned.iter().zip(&found) {
            let at = facts.iter().position(|g| g == f).unwrap();
            assert_eq!(straight[at], *m);
        }
    }
}

#[test]
fn occurrence_counts_by_acquisition_and_rank_by_tie_break() {
    let facts = study(vec![
        vol("t2_haste_tra").with(|f| {
            f.slice_count = Some(20);
            f.acquisition_order = Some(5);
        }),
        vol("t2_haste_tra").with(|f| {
            f.slice_count = Some(40);
            f.acquisition_order = Some(9);
        }),
        vol("t2_haste_tra").with(|f| {
            f.slice_count = Some(30);
            f.acquisition_order = Some(2);
        }),
    ]);
    let found = assign(&facts, &Preset::LiverMri.protocol().unwrap());
    assert_eq!(found.iter().map(|m| m.occurrence).collect::<Vec<_>>(), [2, 3, 1]);
    assert_eq!(found.iter().map(|m| m.rank).collect::<Vec<_>>(), [2, 0, 1]);
}
