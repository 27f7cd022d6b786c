#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "the export test tells where it wrote")]

use super::*;

fn small(patients: u32, seed: u64, vendor: Option<Vendor>) -> Phantom {
    Phantom::new(PhantomSpec { patients, seed, vendor, scale: 0.1 })
}

/// Writes a phantom to `PHANTOM_OUT` with its truth beside it, for trials with other programs.
/// `PHANTOM_SPEC` is `patients,seed,vendor|any,scale`.
#[test]
#[ignore = "writes files; set PHANTOM_OUT"]
fn export_for_other_programs() {
    use rayon::prelude::*;
    let out = std::path::PathBuf::from(std::env::var("PHANTOM_OUT").unwrap());
    let spec = std::env::var("PHANTOM_SPEC").unwrap_or_else(|_| "3,1,any,0.2".into());
    let parts: Vec<&str> = spec.split(',').collect();
    let vendor = match parts[2] {
        "siemens" => Some(Vendor::Siemens),
        "ge" => Some(Vendor::Ge),
        "philips" => Some(Vendor::Philips),
        _ => None,
    };
    let spec = PhantomSpec {
        patients: parts[0].parse().unwrap(),
        seed: parts[1].parse().unwrap(),
        vendor,
        scale: parts[3].parse().unwrap(),
    };
    let phantom = Phantom::new(spec);
    let start = std::time::Instant::now();
    let bytes: usize = (0..phantom.count())
        .into_par_iter()
        .map(|i| {
            let path = out.join("dicom").join(phantom.entry(i).unwrap().path);
            let bytes = phantom.file(i).unwrap();
            if std::env::var("PHANTOM_DRY").is_err() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &bytes).unwrap();
            }
            bytes.len()
        })
        .sum();
    eprintln!("{} files, {} MB, {:?}", phantom.count(), bytes / 1_000_000, start.elapsed());
    if std::env::var("PHANTOM_DRY").is_ok() {
        return;
    }
    let truth_dir = out.join("truth");
    std::fs::create_dir_all(&truth_dir).unwrap();
    let mut index = String::new();
    for (i, t) in phantom.truth().iter().enumerate() {
        let voxels: Vec<u8> = phantom.truth_voxels(i).unwrap().iter().flat_map(|v| v.to_le_bytes()).collect();
        std::fs::write(truth_dir.join(format!("{i}.i16")), voxels).unwrap();
        if t.role == "portal_venous" {
            std::fs::write(truth_dir.join(format!("{i}.labels")), phantom.truth_labels(i).unwrap()).unwrap();
        }
        let affine: Vec<f64> = t.affine.iter().flatten().copied().collect();
        index += &serde_json::json!({
            "i": i, "role": t.role, "patient": t.patient, "session": t.session, "series": t.series_number,
            "description": t.description, "dims": t.dims, "affine": affine, "b": t.b_values, "echo": t.echo,
            "temporal": t.temporal, "slope": t.slope, "seconds": t.seconds, "breath": t.breath,
            "first": phantom.entry(t.files[0]).unwrap().path, "files": t.files.len(),
        })
        .to_string();
        index.push('\n');
    }
    std::fs::write(truth_dir.join("truth.jsonl"), index).unwrap();
    let planted: Vec<_> = phantom
        .planted()
        .iter()
        .map(|p| format!("{}\t{}\t{:?}\t{}", p.patient, p.place, p.kind, p.value))
        .collect();
    std::fs::write(truth_dir.join("planted.tsv"), planted.join("\n")).unwrap();
    std::fs::write(truth_dir.join("lesions.txt"), format!("{:#?}", phantom.lesions())).unwrap();
}

#[test]
fn files_do_not_depend_on_order_or_run() {
    let (a, b) = (small(3, 5, None), small(3, 5, None));
    let mut backwards = Vec::new();
    for i in (0..a.count()).rev().step_by(7) {
        backwards.push((i, a.file(i).unwrap()));
    }
    for (i, bytes) in backwards {
        assert!(b.file(i).unwrap() == bytes, "file {i}");
    }
    assert_eq!(a.files().collect::<Vec<_>>(), b.files().collect::<Vec<_>>());
    assert!(small(1, 6, None).file(0) != a.file(0));
}

/// Every variant of every vendor.
fn everyone() -> Phantom {
    Phantom::new(PhantomSpec { patients: 6, seed: 3, vendor: None, scale: 0.06 })
}

#[test]
fn every_planted_value_is_in_some_file_of_its_patient() {
    use aho_corasick::AhoCorasick;
    let phantom = everyone();
    let planted = phantom.planted();
    for patient in 0..6u32 {
        let mine: Vec<&Planted> = planted.iter().filter(|p| p.patient == patient).collect();
        // UTF-8, Latin-1 and UTF-16 spellings of each.
        let spellings: Vec<(usize, Vec<u8>)> = mine
            .iter()
            .enumerate()
            .flat_map(|(i, p)| {
                let latin = p.value.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'));
                let wide = p.value.encode_utf16().flat_map(u16::to_le_bytes);
                [(i, p.value.clone().into_bytes()), (i, latin.collect()), (i, wide.collect())]
            })
            .collect();
        let search = AhoCorasick::new(spellings.iter().map(|(_, s)| s)).unwrap();
        let mut seen = vec![false; mine.len()];
        for (i, file) in phantom.files().enumerate().filter(|(_, f)| f.patient == patient) {
            let bytes = phantom.file(i).unwrap();
            for hay in [&bytes[..], file.path.as_bytes()] {
                for hit in search.find_overlapping_iter(hay) {
                    seen[spellings[hit.pattern().as_usize()].0] = true;
                }
            }
        }
        for (p, seen) in mine.iter().zip(seen) {
            assert!(seen, "planted but absent: {p:?}");
        }
        // Words of one patient are no one else's.
        for p in mine.iter().filter(|p| p.kind == PlantedKind::Word) {
            assert!(
                planted.iter().all(|o| o.patient == patient || o.value != p.value || o.value.len() < 9),
                "shared: {p:?}"
            );
            assert!(p.value.chars().count() >= 2, "{p:?}");
        }
    }
    let ages: Vec<&str> =
        planted.iter().filter(|p| p.place == "PatientAge").map(|p| p.value.as_str()).collect();
    assert!(ages.iter().any(|a| a > &"090Y") && ages.iter().any(|a| a < &"080Y"), "{ages:?}");
}

#[test]
fn dicom_rs_reads_headers_where_it_can() {
    use dicom_core::Tag;
    use dicom_object::OpenFileOptions;
    let phantom = everyone();
    let mut read = 0;
    for (i, f) in phantom.files().enumerate().step_by(3) {
        let bytes = phantom.file(i).unwrap();
        let object = OpenFileOptions::new()
            .read_until(Tag(0x0071, 0x1010))
            .from_reader(std::io::Cursor::new(&bytes))
            .unwrap_or_else(|e| panic!("{}: {e}", f.path));
        let number: u32 = object.element(Tag(0x0020, 0x0011)).unwrap().to_int().unwrap();
        assert_eq!(number, f.series_number);
        assert_eq!(object.element(Tag(0x0008, 0x0060)).unwrap().to_str().unwrap(), "MR");
        read += 1;
    }
    assert!(read > 300);
}

#[test]
fn pixels_in_files_are_the_truths_voxels() {
    let phantom = everyone();
    for (i, t) in phantom.truth().iter().enumerate() {
        let voxels = phantom.truth_voxels(i).unwrap();
        let [nx, ny, nz, nt] = t.dims.map(|d| d as usize);
        assert_eq!(voxels.len(), nx * ny * nz * nt);
        assert!(voxels.iter().any(|&v| v > 0), "{t:?}");
        if t.files.len() == 1 || i % 5 != 0 {
            continue;
        }
        // Pixel data come last but for padding: search each file for one of the slices.
        let slices: std::collections::BTreeSet<Vec<u8>> = voxels
            .chunks(nx * ny)
            .map(|s| s.chunks(nx).rev().flatten().flat_map(|v| v.to_le_bytes()).collect())
            .collect();
        assert_eq!(slices.len(), t.files.len());
        let mut found = 0;
        for &f in &t.files {
            let bytes = phantom.file(f).unwrap();
            let at = bytes.windows(4).rposition(|w| w == [0xE0, 0x7F, 0x10, 0x00]);
            if let Some(at) = at {
                found += usize::from(
                    [at + 8, at + 12]
                        .iter()
                        .any(|&p| bytes.get(p..p + 2 * nx * ny).is_some_and(|b| slices.contains(b))),
                );
            }
        }
        // Big-endian series have other bytes.
        assert!(found == t.files.len() || found == 0 && t.description.contains("t2_tse"), "{t:?}: {found}");
    }
}

#[test]
fn roles_b_values_and_sizes_are_those_of_the_protocols() {
    let phantom = everyone();
    let truth = phantom.truth();
    for patient in 0..6 {
        for session in 0..2 {
            let mine: Vec<_> =
                truth.iter().filter(|t| t.patient == patient && t.session == session).collect();
            let count = |role: &str| mine.iter().filter(|t| t.role == role).count();
            for role in ["t1_pre", "portal_venous", "t2_fs", "dwi", "adc"] {
                assert_eq!(count(role), 1, "patient {patient}: {role}");
            }
            assert_eq!(count("localizer"), 3);
            assert!(count("arterial") == 1 || count("arterial_early") == 1 && count("arterial_late") == 1);
            // Transitional and hepatobiliary with gadoxetate, delayed otherwise.
            assert_eq!(count("delayed") + count("hepatobiliary"), 1);
            assert_eq!(count("transitional"), count("hepatobiliary"));
            let dwi = mine.iter().find(|t| t.role == "dwi").unwrap();
            assert_eq!((dwi.b_values.as_slice(), dwi.dims[3]), ([50.0, 400.0, 800.0].as_slice(), 3));
        }
    }
    let mut files: Vec<usize> = truth.iter().flat_map(|t| t.files.clone()).collect();
    files.sort_unstable();
    assert_eq!(files, (0..phantom.count()).collect::<Vec<_>>(), "every file belongs to one truth");
    let mut paths: Vec<String> = phantom.files().map(|f| f.path).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), phantom.count(), "paths are unique");

    let full = Phantom::new(PhantomSpec::default());
    let t1 = full.truth().into_iter().find(|t| t.role == "t1_pre").unwrap();
    assert_eq!(t1.dims, [320, 260, 72, 1]);
}

#[test]
fn every_patient_has_one_to_three_lesions_and_a_treated_zone() {
    let phantom = Phantom::new(PhantomSpec { patients: 120, seed: 11, vendor: None, scale: 0.05 });
    let lesions = phantom.lesions();
    for patient in 0..120 {
        let at = |session| lesions.iter().filter(move |l| (l.patient, l.session) == (patient, session));
        assert!((1..=3).contains(&at(0).count()), "patient {patient}");
        assert!(at(0).all(|l| l.state == LesionState::Viable && l.volume_ml > 0.2 && l.zone_ml == 0.0));
        assert!(at(1).any(|l| l.zone_ml > 0.0), "patient {patient}");
        assert_eq!(at(0).count(), at(1).count());
    }
}

#[test]
fn approximate_size_is_about_right() {
    let phantom = small(3, 1, None);
    let exact: u64 = (0..phantom.count()).map(|i| phantom.file(i).unwrap().len() as u64).sum();
    let ratio = phantom.approximate_bytes() as f64 / exact as f64;
    assert!((0.7..1.4).contains(&ratio), "{ratio}");
}

#[test]
fn labelled_lesions_have_the_volumes_of_their_ellipsoids() {
    let phantom = Phantom::new(PhantomSpec { patients: 2, seed: 1, vendor: None, scale: 0.6 });
    let lesions = phantom.lesions();
    for (i, t) in phantom.truth().iter().enumerate().filter(|(_, t)| t.role == "portal_venous") {
        let labels = phantom.truth_labels(i).unwrap();
        let a = &t.affine;
        let det = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1])
            - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0])
            + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
        let ml = |label: u8| labels.iter().filter(|&&l| l == label).count() as f64 * det.abs() / 1000.0;
        for l in lesions.iter().filter(|l| (l.patient, l.session) == (t.patient, t.session)) {
            let measured = ml(l.label);
            // Counting voxels of 20 mm³ errs by some of the surface's.
            let tolerance = 0.04 * l.volume_ml + 0.15;
            assert!((measured - l.volume_ml).abs() < tolerance, "{l:?}: {measured}");
            if l.volume_ml > 0.0 {
                // Centre of mass of the label against the closed form.
                let [nx, ny] = [t.dims[0] as usize, t.dims[1] as usize];
                let (mut sum, mut n) = ([0.0; 3], 0.0);
                for (v, _) in labels.iter().enumerate().filter(|(_, x)| **x == l.label) {
                    let ijk = [(v % nx) as f64, (v / nx % ny) as f64, (v / nx / ny) as f64, 1.0];
                    for (s, row) in sum.iter_mut().zip(a) {
                        *s += row.iter().zip(ijk).map(|(x, y)| x * y).sum::<f64>();
                    }
                    n += 1.0;
                }
                for (s, c) in sum.iter().zip(l.centre) {
                    assert!((s / n - c).abs() < 1.2, "{l:?}: {s} / {n}");
                }
            }
        }
        let treated: f64 = lesions
            .iter()
            .filter(|l| (l.patient, l.session) == (t.patient, t.session))
            .map(|l| l.zone_ml)
            .sum();
        assert!((ml(labels::TREATED_ZONE) - treated).abs() <= 0.08 * treated, "zone");
        assert!((900.0..2300.0).contains(&ml(labels::LIVER)), "liver {} ml", ml(labels::LIVER));
        assert!((90.0..400.0).contains(&ml(labels::SPLEEN)), "spleen {} ml", ml(labels::SPLEEN));
        for kidney in [labels::KIDNEY_LEFT, labels::KIDNEY_RIGHT] {
            assert!((80.0..260.0).contains(&ml(kidney)), "kidney {} ml", ml(kidney));
        }
        assert!(ml(labels::AORTA) > 30.0 && ml(labels::PORTAL_VEIN) > 15.0);
    }
}
