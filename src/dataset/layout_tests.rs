//! Names against the layout of `DESIGN.md` and against every shape that must be refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::*;

fn volume(role: &str) -> VolumeName {
    VolumeName {
        subject: "7k3q9d".into(),
        session: "01".into(),
        role: Some(role.into()),
        ..VolumeName::default()
    }
}

fn path(name: &VolumeName) -> String {
    name.stem(None).unwrap().as_str().to_owned()
}

#[test]
fn phases_have_the_names_of_the_design() {
    let expected = [
        ("t1_pre", "acq-pre_T1w"),
        ("arterial", "acq-art_ce-gd_T1w"),
        ("portal_venous", "acq-pv_ce-gd_T1w"),
        ("transitional", "acq-trans_ce-gd_T1w"),
        ("delayed", "acq-del_ce-gd_T1w"),
        ("hepatobiliary", "acq-hbp_ce-gd_T1w"),
        ("t1_water", "acq-water_T1w"),
        ("t1_fat", "acq-fat_T1w"),
        ("t1_inphase", "acq-inphase_T1w"),
        ("t1_opposed", "acq-oppphase_T1w"),
        ("t2_fs", "acq-fs_T2w"),
        ("t2", "T2w"),
    ];
    for (role, end) in expected {
        assert_eq!(path(&volume(role)), format!("sub-7k3q9d/ses-01/anat/sub-7k3q9d_ses-01_{end}"));
    }
    let second = VolumeName { occurrence: 2, ..volume("arterial") };
    assert!(path(&second).ends_with("_acq-art2_ce-gd_T1w"));
}

/// Contrast tags are often filled on the pre-contrast series too.
#[test]
fn a_contrast_tag_does_not_make_the_native_phase_enhanced() {
    let name = VolumeName { contrast: true, ..volume("t1_pre") };
    assert!(path(&name).ends_with("_acq-pre_T1w"));
}

#[test]
fn echoes_make_multi_echo_suffixes() {
    let name = VolumeName { echo: Some(2), part: Some(Part::Phase), ..volume("t2star") };
    assert!(path(&name).ends_with("_echo-2_part-phase_MEGRE"));
    let dixon = VolumeName { echo: Some(1), ..volume("t1_opposed") };
    assert!(path(&dixon).ends_with("_acq-oppphase_T1w"));
}

#[test]
fn diffusion_without_gradient_tables_is_not_bids_diffusion() {
    let name = VolumeName { timepoints: 3, ..volume("dwi") };
    assert_eq!(path(&name), "other/sub-7k3q9d/ses-01/sub-7k3q9d_ses-01_acq-dwi_mr");
    let name = VolumeName { gradients: true, ..name };
    assert_eq!(path(&name), "sub-7k3q9d/ses-01/dwi/sub-7k3q9d_ses-01_dwi");
    assert_eq!(path(&volume("adc")), "sub-7k3q9d/ses-01/dwi/sub-7k3q9d_ses-01_ADC");
}

#[test]
fn what_bids_has_no_word_for_goes_to_other() {
    for role in ["localizer", "mip", "subtraction", "swi", "no_such_role", "ct"] {
        assert!(path(&volume(role)).starts_with("other/sub-7k3q9d/ses-01/sub-7k3q9d_ses-01"), "{role}");
    }
    let unrecognised = VolumeName { role: None, ..volume("") };
    assert_eq!(path(&unrecognised), "other/sub-7k3q9d/ses-01/sub-7k3q9d_ses-01_mr");
    let ct = VolumeName { modality: Modality::Ct, ..volume("arterial") };
    assert_eq!(path(&ct), "other/sub-7k3q9d/ses-01/sub-7k3q9d_ses-01_ct");
    let dynamic = VolumeName { timepoints: 40, ..volume("arterial") };
    assert_eq!(path(&dynamic), "other/sub-7k3q9d/ses-01/sub-7k3q9d_ses-01_acq-art_ce-gd_mr");
}

#[test]
fn every_role_in_every_variant_gives_a_stem_that_reads_back() {
    for role in known_roles() {
        for bits in 0_u32..64 {
            let name = VolumeName {
                occurrence: 1 + (bits & 1),
                echo: (bits & 2 != 0).then_some(2),
                part: (bits & 4 != 0).then_some(Part::Real),
                contrast: bits & 8 != 0,
                fat_sat: bits & 16 != 0,
                plane: if bits & 32 != 0 { Plane::Coronal } else { Plane::Axial },
                gradients: true,
                repetition_time: true,
                timepoints: if role == "bold" { 9 } else { 1 },
                ..volume(role)
            };
            let stem = name.stem(Some(3)).unwrap();
            assert_eq!(Stem::parse(stem.as_str()).unwrap(), stem);
            assert_eq!(stem.image().stem().unwrap(), stem);
            assert_eq!(stem.subject(), Some("7k3q9d"));
            assert_eq!(stem.session(), Some("01"));
        }
    }
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let hostile = [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "C:/x",
        "a/con.json",
        "aux",
        ".hidden",
        "a/.git/config",
        "trailing.",
        "sp ace",
        "ümlaut",
        "nul\0",
        "a/NUL.nii.gz",
    ];
    for name in hostile {
        assert_eq!(EntryName::new(name), Err(Error::Name), "{name:?}");
    }
    assert!(EntryName::new("a/".repeat(200) + "b").is_err());
    for name in [".bidsignore", "README", "sub-1/ses-01/anat/sub-1_ses-01_T1w.nii.gz"] {
        assert!(EntryName::new(name).is_ok());
    }
    for stem in [
        "other/x",
        "sub-a/ses-b/anat/MUELLER_T1w",
        "sub-a/ses-b/sub-a_ses-b_T1w",
        "sub-a/ses-b/anat/sub-a_ses-b_free text_T1w",
    ] {
        assert!(Stem::parse(stem).is_err(), "{stem}");
    }
}

#[test]
fn labels_that_are_no_pseudonyms_are_refused() {
    for subject in ["", "a b", "a-b", "../x", "Müller", "DOE^JOHN"] {
        let name = VolumeName { subject: subject.into(), ..volume("t2") };
        assert_eq!(name.stem(None), Err(Error::Label("subject")));
    }
}

#[test]
fn field_maps_are_named_by_part_and_echo() {
    let map = |part, echo, difference| {
        path(&VolumeName { part, echo, phase_difference: difference, ..volume("fieldmap") })
    };
    assert!(map(None, Some(1), false).ends_with("/fmap/sub-7k3q9d_ses-01_magnitude1"));
    assert!(map(Some(Part::Mag), Some(2), false).ends_with("_magnitude2"));
    assert!(map(Some(Part::Phase), Some(2), false).ends_with("_phase2"));
    assert!(map(Some(Part::Phase), Some(2), true).ends_with("_phasediff"));
    assert!(map(Some(Part::Phase), None, false).starts_with("other/"));
    assert!(map(None, Some(3), false).starts_with("other/"));
    let direct = |field_map| path(&VolumeName { field_map: Some(field_map), ..volume("fieldmap") });
    assert!(direct(FieldMap::Hertz).ends_with("/fmap/sub-7k3q9d_ses-01_fieldmap"));
    assert!(direct(FieldMap::Magnitude).ends_with("/fmap/sub-7k3q9d_ses-01_magnitude"));
}
