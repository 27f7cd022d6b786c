#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "the export test tells where it wrote")]

use super::*;

fn small(patients: u32, seed: u64, vendor: Option<Vendor>) -> Phantom {
    Phantom::new(PhantomSpec {
        patients,
        seed,
        vendor,
        scale: 0.1,
    })
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
    eprintln!(
        "{} files, {} MB, {:?}",
        phantom.count(),
        bytes / 1_000_000,
        start.elapsed()
    );
    if std::env::var("PHANTOM_DRY").is_ok() {
        return;
    }
    let truth_dir = out.join("truth");
    std::fs::create_dir_all(&truth_dir).unwrap();
    let mut index = String::new();
    for (i, t) in phantom.truth().iter().enumerate() {
        let voxels: Vec<u8> = phantom
            .truth_voxels(i)
            .unwrap()
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        std::fs::write(truth_dir.join(format!("{i}.i16")), voxels).unwrap();
        if t.role == "portal_venous" {
            std::fs::write(
                truth_dir.join(format!("{i}.labels")),
                phantom.truth_labels(i).unwrap(),
            )
            .unwrap();
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
    std::fs::write(
        truth_dir.join("lesions.txt"),
        format!("{:#?}", phantom.lesions()),
    )
    .unwrap();
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
