//! Single descriptions, with tags and without, of five vendors.
use super::words::words_of;
use super::*;

fn w(text: &str) -> String {
    words_of(text).join(" ")
}

#[test]
fn words_part_at_punctuation_digits_and_case() {
    for (text, words) in [
        ("t1_vibe_art_W", "t 1 vibe art w"),
        ("T1W_FFE", "t 1 weighted ffe"),
        ("eTHRIVE", "e thrive"),
        ("mDIXON-All BH", "m dixon all bh"),
        ("ep2d_diff_b50_400_800_TRACEW", "ep 2 d diff b 50 400 800 tracew"),
        ("AAHead_Scout", "aa head scout"),
        ("ADCmap", "adc map"),
        ("PVphase", "pv phase"),
        ("art_2", "art 2"),
        ("20min", "20 min"),
        ("T2*", "t 2 star"),
        ("Ax LAVA Flex +C", "ax lava flex plus c"),
        ("T1 w/o contrast", "t 1 without contrast"),
        ("T1 C-", "t 1 c minus"),
        ("T1 -C", "t 1 minus c"),
        ("portalvenös", "portalvenos"),
        ("ADC_(10^-6 mm²/s)", "adc 10 6 mm s"),
        ("MPRage", "mprage"),
        ("", ""),
        ("___", ""),
    ] {
        assert_eq!(w(text), words, "{text}");
    }
    // A decomposed umlaut (as macOS writes it) is the same word.
    assert_eq!(w("veno\u{308}s"), w("venös"));
}

#[test]
fn kinds_by_description_alone() {
    let bare = |d: &str| {
        Vol(VolumeFacts::default().with_texts(d, "", "")).with(|f| f.modality = Some("MR".to_owned()))
    };
    for (description, role) in [
        ("localizer", "localizer"),
        ("loc_3plane_haste", "localizer"),
        ("Survey", "localizer"),
        ("AAHead_Scout", "localizer"),
        ("AAHScout", "localizer"),
        ("3-pl T2* FGRE S", "localizer"),
        ("3Plane Loc", "localizer"),
        ("Scout", "localizer"),
        ("LOC COR", "localizer"),
        ("Übersicht", "localizer"),
        ("HASTE_COR", "t2"),
        ("T2 SSFSE Ax", "t2"),
        ("Ax T2 FSE", "t2"),
        ("t2_tse_tra_p2_320", "t2"),
        ("T2W_TSE", "t2"),
        ("sT2W_SSh", "t2"),
        ("t2_blade_tra_fs", "t2_fs"),
        ("AX T2 FS PROPELLER", "t2_fs"),
        ("T2 FatSat", "t2_fs"),
        ("T2W_SPAIR", "t2_fs"),
        ("STIR cor", "t2_fs"),
        ("t2_tirm_tra", "t2_fs"),
        ("t2_tse_restore_fs_tra", "t2_fs"),
        ("T2 RESTORE tra", "t2"),
        ("FASE T2 cor", "t2"),
        ("t2_fse_arms_tra", "t2"),
        ("MultiVane T2", "t2"),
        ("MRCP 3D RT", "mrcp"),
        ("t2_space_mrcp_cor", "mrcp"),
        ("MRCP_radial", "mrcp"),
        ("trufi_cor", "ssfp"),
        ("COR FIESTA", "ssfp"),
        ("BTFE_BH", "ssfp"),
        ("TrueFISP tra", "ssfp"),
        ("bTFE", "ssfp"),
        ("TRUFISP", "ssfp"),
        ("DWI_b800", "dwi"),
        ("ep2d_diff_b50_400_800_TRACEW", "dwi"),
        ("DWI 3b", "dwi"),
        ("resolve_tra_b1000", "dwi"),
        ("eDWI", "dwi"),
        ("DW_EPI_fb", "dwi"),
        ("epi_dwi_tra_fs_b50_800", "dwi"),
        ("ADC_(10^-6 mm²/s)", "adc"),
        ("Apparent Diffusion Coefficient (mm2/s)", "adc"),
        ("dADC", "adc"),
        ("ep2d_diff_ADC", "adc"),
        ("ADC_DWI_b0_800", "adc"),
        ("DWI_ADC", "adc"),
        ("eADC", "derived"),
        ("Exponential Apparent Diffusion Coefficient", "derived"),
        ("t2star_multiecho", "t2star"),
        ("T2* map", "derived"),
        ("R2* map", "derived"),
        ("me_gre_liver_iron", "t2star"),
        ("MRE", "mre"),
        ("MR-Touch", "mre"),
        ("greelasto", "mre"),
        ("Elastography Stiffness Map", "mre"),
        ("PDFF", "fat_fraction"),
        ("FatFrac: IDEAL IQ", "fat_fraction"),
        ("qdixon_FF", "fat_fraction"),
        ("t1_vibe_dixon_cor_F", "t1_fat"),
        ("t1_vibe_dixon_tra_in", "t1_inphase"),
        ("t1_vibe_dixon_tra_opp", "t1_opposed"),
        ("FAT: LAVA-Flex", "t1_fat"),
        ("t1_quick3d_wfi_fat", "t1_fat"),
        ("T1 in phase", "t1_inphase"),
        ("T1 out of phase", "t1_opposed"),
        ("Dual Echo OutPhase", "t1_opposed"),
        ("t1_vibe_SUB", "subtraction"),
        ("SUB: art - pre", "subtraction"),
        ("Subtraction PV", "subtraction"),
        ("Subtraktion art", "subtraction"),
        ("MIP_SUB_art", "mip"),
        ("PJN:RSUB", "mip"),
        ("MRCP MIP", "mip"),
        ("COR MPR VIBE", "derived"),
        ("CARE Bolus", "calibration"),
        ("SmartPrep", "calibration"),
        ("Calibration Scan", "calibration"),
        ("BolusTrak", "calibration"),
        ("PhoenixZIPReport", "derived"),
        ("Patient Aligned MPR", "derived"),
        ("unknown thing", "-"),
        ("", "-"),
    ] {
        let found = roles_by(Preset::LiverMri, &study(vec![bare(description)]));
        assert_eq!(found, [role], "{description}");
    }
}

#[test]
fn in_and_opposed_phase_by_echo_time_and_field() {
    for (field, echo, role) in [
        (1.5, 2.3, "t1_opposed"),
        (1.5, 2.38, "t1_opposed"),
        (1.5, 4.6, "t1_inphase"),
        (1.5, 4.76, "t1_inphase"),
        (1.5, 2.1, "t1_opposed"),
        (3.0, 1.15, "t1_opposed"),
        (3.0, 1.23, "t1_opposed"),
        (3.0, 2.3, "t1_inphase"),
        (3.0, 2.46, "t1_inphase"),
        (3.0, 3.45, "t1_opposed"),
        (1.0, 3.45, "t1_opposed"),
        (1.0, 6.9, "t1_inphase"),
    ] {
        for name in ["t1_fl2d_opp-in_tra_p2_bh", "Ax Dual Echo in/out", "T1 IP/OP"] {
            let v = vol(name).with(|f| {
                f.field_strength_t = Some(field);
                f.echo_time_ms = Some(echo);
                f.echo_count = Some(2);
                f.three_d = Some(false);
                f.scanning_sequence = vec!["GR".to_owned()];
                f.repetition_time_ms = Some(120.0);
                f.flip_angle_deg = Some(70.0);
            });
            assert_eq!(roles_by(Preset::LiverMri, &study(vec![v])), [role], "{name} at {field} T, {echo} ms");
        }
        // Without a word.
        let v = vol("FFE BH").with(|f| {
            f.field_strength_t = Some(field);
            f.echo_time_ms = Some(echo);
            f.echo_count = Some(2);
            f.three_d = Some(false);
            f.scanning_sequence = vec!["GR".to_owned()];
            f.repetition_time_ms = Some(120.0);
            f.flip_angle_deg = Some(70.0);
        });
        assert_eq!(roles_by(Preset::LiverMri, &study(vec![v])), [role], "no word, {field} T, {echo} ms");
    }
}

#[test]
fn dixon_by_image_type_of_each_vendor() {
    for (image_type, role) in [
        ("DERIVED\\PRIMARY\\M\\DIXON\\WATER", "t1_water"),
        ("DERIVED\\PRIMARY\\M\\DIXON\\FAT", "t1_fat"),
        ("ORIGINAL\\PRIMARY\\M\\IN_PHASE", "t1_inphase"),
        ("ORIGINAL\\PRIMARY\\M\\OPP_PHASE", "t1_opposed"),
        ("DERIVED\\PRIMARY\\DIXON\\WATER", "t1_water"),
        ("DERIVED\\PRIMARY\\DIXON\\OUT_PHASE", "t1_opposed"),
        ("ORIGINAL\\PRIMARY\\W\\W\\DERIVED", "t1_water"),
        ("ORIGINAL\\PRIMARY\\F\\F\\DERIVED", "t1_fat"),
        ("ORIGINAL\\PRIMARY\\IP\\IP\\DERIVED", "t1_inphase"),
        ("ORIGINAL\\PRIMARY\\OP\\OP\\DERIVED", "t1_opposed"),
        ("ORIGINAL\\PRIMARY\\FF\\FF\\DERIVED", "fat_fraction"),
    ] {
        let v = gre("t1 dixon tra bh").kind(image_type);
        assert_eq!(roles_by(Preset::LiverMri, &study(vec![v])), [role], "{image_type}");
    }
}

#[test]
fn b_values_come_from_words_where_tags_are_missing() {
    let reading = |d: &str| reading::read(&study(vec![vol(d)])).first().map(|r| r.b_values.clone()).unwrap();
    assert_eq!(reading("ep2d_diff_b50_400_800_tra"), [50.0, 400.0, 800.0]);
    assert_eq!(reading("DWI b=1000"), [1000.0]);
    assert_eq!(reading("DWI_b0_p2"), [0.0]);
    assert!(reading("t1_vibe_b50").is_empty() || reading("t1_vibe_b50") == [50.0]);
    assert!(reading("t2_tse_tra_320").is_empty());
    let tagged = study(vec![vol("dwi b50").with(|f| f.b_values = vec![0.0, 600.0])]);
    assert_eq!(reading::read(&tagged).first().map(|r| r.b_values.clone()).unwrap(), [0.0, 600.0]);
}

#[test]
fn labels_say_b_values() {
    assert_eq!(role_label_with_b(&RoleId::new("dwi"), &[50.0, 400.0, 800.0]), "DWI b50, b400, b800");
    assert_eq!(role_label(&RoleId::new("arterial_late")), "late arterial");
    assert_eq!(role_label_with_b(&RoleId::new("t2"), &[50.0]), "T2");
}

#[test]
fn agents_by_brand_and_substance() {
    for (text, agent) in [
        ("Primovist", Some(Agent::Hepatobiliary(facts::Uptake::Fast))),
        ("10ML EOVIST", Some(Agent::Hepatobiliary(facts::Uptake::Fast))),
        ("Gd-EOB-DTPA", Some(Agent::Hepatobiliary(facts::Uptake::Fast))),
        ("gadoxetate disodium", Some(Agent::Hepatobiliary(facts::Uptake::Fast))),
        ("MultiHance 15ml", Some(Agent::Hepatobiliary(facts::Uptake::Slow))),
        ("Gadovist 1.0", Some(Agent::Extracellular)),
        ("DOTAREM", Some(Agent::Extracellular)),
        ("Gd-DTPA", Some(Agent::Extracellular)),
        ("Feraheme", Some(Agent::Other)),
        ("YES", None),
        ("Gadolinium", None),
        ("", None),
    ] {
        assert_eq!(Agent::of_text(text), agent, "{text}");
    }
    for (text, given) in [
        ("YES", Some(true)),
        ("NO", Some(false)),
        ("None", Some(false)),
        ("", None),
        ("0", Some(false)),
        ("10 ml", Some(true)),
        ("ohne", Some(false)),
    ] {
        assert_eq!(facts::contrast_of_text(text), given, "{text}");
    }
}

#[test]
fn planes_by_direction_cosines() {
    assert_eq!(Plane::from_orientation([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), Some(Plane::Axial));
    assert_eq!(Plane::from_orientation([1.0, 0.0, 0.0, 0.0, 0.0, -1.0]), Some(Plane::Coronal));
    assert_eq!(Plane::from_orientation([0.0, 1.0, 0.0, 0.0, 0.0, -1.0]), Some(Plane::Sagittal));
    let tilt = |deg: f64| [1.0, 0.0, 0.0, 0.0, deg.to_radians().cos(), deg.to_radians().sin()];
    assert_eq!(Plane::from_orientation(tilt(25.0)), Some(Plane::Axial));
    assert_eq!(Plane::from_orientation(tilt(45.0)), Some(Plane::Oblique));
    assert_eq!(Plane::from_orientation(tilt(70.0)), Some(Plane::Coronal));
    assert_eq!(Plane::from_orientation([0.0; 6]), None);
    assert_eq!(Plane::from_orientation([f64::NAN; 6]), None);
}
