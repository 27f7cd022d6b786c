//! The general and the CT preset, and which preset a study gets.
use super::*;

fn any(rows: Vec<(Vol, &str)>) {
    expect(Preset::General, rows);
}

#[test]
fn brain_study_by_description() {
    any(vec![
        (vol("AAHead_Scout_MPR_sag").kind("DERIVED\\PRIMARY\\MPR\\ND"), "localizer"),
        (vol("t1_mprage_sag_p2_iso").plane(Plane::Sagittal), "t1"),
        (vol("t2_space_dark-fluid_sag_p2_iso").plane(Plane::Sagittal), "flair"),
        (vol("t2_tse_tra_512"), "t2"),
        (vol("Ax T2 FLAIR"), "flair"),
        (vol("Sag T1 FLAIR").plane(Plane::Sagittal), "t1"),
        (vol("resolve_4scan_trace_tra_TRACEW"), "dwi"),
        (vol("resolve_4scan_trace_tra_ADC"), "adc"),
        (vol("ep2d_diff_mddw_20_p2_FA").kind("DERIVED\\PRIMARY\\DIFFUSION\\FA"), "derived"),
        (vol("SWI_Images"), "swi"),
        (vol("mIP_Images(SW)"), "mip"),
        (vol("tof_fl3d_tra_p2_multi-slab"), "angio"),
        (vol("ep2d_bold_rest"), "bold"),
        (vol("gre_field_mapping"), "fieldmap"),
        (vol("pcasl_3d_tra"), "perfusion"),
        (vol("ep2d_perf_p2"), "perfusion"),
        (vol("t2_fl2d_tra_hemo"), "t2star"),
        (vol("pd_tse_tra"), "pd"),
        (vol("t1_mprage_sag_p2_iso_KM").plane(Plane::Sagittal).ce(true), "t1_ce"),
        (vol("t1_se_tra post Gd"), "t1_ce"),
        (vol("Ax T1 +C"), "t1_ce"),
    ]);
}

#[test]
fn weighting_by_timing_when_no_word_helps() {
    let gr = |te: f64, tr: f64, flip: f64| {
        vol("series").with(|f| {
            f.scanning_sequence = vec!["GR".to_owned()];
            f.echo_time_ms = Some(te);
            f.repetition_time_ms = Some(tr);
            f.flip_angle_deg = Some(flip);
        })
    };
    let ir = |v: Vol, ti: f64| {
        v.with(|f| {
            f.scanning_sequence.push("IR".to_owned());
            f.inversion_time_ms = Some(ti);
        })
    };
    any(vec![
        (vol("series").se(500.0, 12.0), "t1"),
        (vol("series").se(4500.0, 100.0), "t2"),
        (vol("series").se(1200.0, 90.0), "t2"),
        (vol("series").se(3000.0, 20.0), "pd"),
        (ir(vol("series").se(9000.0, 110.0), 2500.0), "flair"),
        (ir(vol("series").se(5000.0, 388.0), 1800.0), "flair"),
        (ir(vol("series").se(4500.0, 60.0), 150.0), "t2_fs"),
        (ir(vol("series").se(2000.0, 9.0), 860.0), "t1"),
        (ir(gr(2.9, 2300.0, 9.0), 900.0).with(|f| f.three_d = Some(true)), "t1"),
        (gr(20.0, 600.0, 20.0), "t2star"),
        (gr(4.0, 150.0, 70.0), "t1"),
        (gr(1.6, 3.4, 60.0).with(|f| f.sequence_variant = vec!["SK".to_owned(), "SS".to_owned()]), "ssfp"),
        (
            vol("series").with(|f| {
                f.scanning_sequence = vec!["EP".to_owned()];
                f.b_values = vec![0.0, 1000.0];
                f.echo_time_ms = Some(80.0);
            }),
            "dwi",
        ),
        (
            vol("series").with(|f| {
                f.scanning_sequence = vec!["EP".to_owned()];
                f.volume_count = Some(200);
                f.echo_time_ms = Some(30.0);
                f.repetition_time_ms = Some(2000.0);
            }),
            "bold",
        ),
        (vol("series").with(|f| f.acquisition_contrast = Some("FLUID_ATTENUATED".to_owned())), "flair"),
        (vol("series"), "-"),
    ]);
}

#[test]
fn contrast_tag_on_every_series_says_nothing() {
    any(vec![
        (vol("t1_se_tra").ce(true), "t1"),
        (vol("t2_tse_tra").ce(true), "t2"),
        (vol("t1_se_tra km").ce(true), "t1_ce"),
    ]);
}

#[test]
fn ct_in_three_planes() {
    let ct = |d: &str, p: Plane| vol(d).plane(p).with(|f| f.modality = Some("CT".to_owned()));
    expect(
        Preset::Ct,
        vec![
            (
                ct("Topogram 0.6 T20f", Plane::Coronal).kind("ORIGINAL\\PRIMARY\\LOCALIZER\\CT_SOM5 TOP"),
                "localizer",
            ),
            (
                ct("Abdomen venös 5.0 B30f", Plane::Axial).kind("ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI"),
                "ct_axial",
            ),
            (ct("Abdomen cor 3.0", Plane::Coronal).kind("DERIVED\\SECONDARY\\MPR\\CSA MPR"), "ct_coronal"),
            (ct("Abdomen sag 3.0 MPR", Plane::Sagittal), "ct_sagittal"),
            (ct("MIP tra", Plane::Axial), "mip"),
            (ct("PreMonitoring", Plane::Axial).with(|f| f.slice_count = Some(1)), "calibration"),
            (ct("Patient Protocol", Plane::Axial), "derived"),
            (vol("t1_vibe"), "-"),
        ],
    );
}

#[test]
fn preset_by_study() {
    let pick = |rows: Vec<Vol>| Preset::for_study(&study(rows));
    assert_eq!(pick(vec![gre("t1_vibe_tra_pre"), gre("t1_vibe_tra_art"), vol("t2_haste")]), Preset::LiverMri);
    assert_eq!(pick(vec![vol("t1_mprage_sag"), vol("t2_flair"), vol("dwi")]), Preset::General);
    assert_eq!(pick(vec![vol("localizer"), vol("ep2d_bold"), vol("gre_field_mapping")]), Preset::General);
    assert_eq!(
        pick(vec![vol("T1"), vol("T2").with(|f| f.body_part = Some("LIVER".to_owned()))]),
        Preset::LiverMri
    );
    assert_eq!(
        pick(vec![vol("T1"), vol("T2").with(|f| f.body_part = Some("BRAIN".to_owned()))]),
        Preset::General
    );
    assert_eq!(pick(vec![vol("axial").with(|f| f.modality = Some("CT".to_owned()))]), Preset::Ct);
    assert_eq!(pick(vec![]), Preset::General);
    let breast = |d: &str| gre(d).with(|f| f.study_words = words::words_of("MRT Mamma dynamisch"));
    assert_eq!(
        pick(vec![breast("t1_fl3d_dyn pre"), breast("t1_fl3d_dyn 1"), breast("t1_fl3d_dyn 2")]),
        Preset::General
    );
}

/// Names and parameters as in the public converter test sets (dcm_qa by Chris Rorden).
#[test]
fn converter_test_sets() {
    let planar = |d: &str, te: f64, tr: f64| {
        vol(d).with(|f| {
            f.scanning_sequence = vec!["EP".to_owned()];
            f.pulse_sequence = vec!["*epfid2d1_64".to_owned()];
            f.echo_time_ms = Some(te);
            f.repetition_time_ms = Some(tr);
        })
    };
    any(vec![
        (planar("me_fMRI", 20.0, 2000.0).kind("ORIGINAL\\PRIMARY\\M\\TE1\\ND\\MOSAIC"), "bold"),
        (planar("FMRI_AX_ASC", 30.0, 2200.0), "bold"),
        (planar("REST1 w SMS PF7-8", 30.0, 500.0), "bold"),
        (planar("ax_asc_35sl", 30.0, 3000.0).with(|f| f.volume_count = Some(60)), "bold"),
        (vol("B0Map (GRE)"), "fieldmap"),
        (vol("3DB0Map"), "fieldmap"),
        (
            vol("B0 NS")
                .kind("ORIGINAL\\PRIMARY\\T1\\MIXED")
                .with(|f| f.pulse_sequence = vec!["FFE".to_owned()]),
            "fieldmap",
        ),
        (vol("gre_field_magph").with(|f| f.complex = Some(ComplexPart::Phase)), "fieldmap"),
        (vol("me_FieldMap_GRE"), "fieldmap"),
        (vol("anat-T1w_acq-tfl"), "t1"),
        (vol("pd+t2_tse_sag_ISO_1.8mm").se(4320.0, 11.0), "pd"),
        (vol("pd+t2_tse_sag_ISO_1.8mm").se(4320.0, 92.0), "t2"),
        (vol("DTI_Biobank_2mm_MB3S2_EPI"), "dwi"),
        (vol("PhoenixZIPReport").kind("ORIGINAL\\PRIMARY\\OTHER\\CSA REPORT"), "derived"),
        (vol("C2P__cmrr_mbep2d_diff__p3_mb1"), "dwi"),
        (vol("PRODUCT__ep2d_bold__p3_sms1"), "bold"),
    ]);
}
