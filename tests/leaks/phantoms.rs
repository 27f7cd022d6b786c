//! Synthetic studies of three vendors, with everything that they plant, under the loosest options.

use super::{common, holds};
use hepatica::phantom::{Phantom, PhantomSpec, PlantedKind, Vendor};
use std::process::Command;

#[test]
fn nothing_planted_in_a_phantom_comes_out_and_every_object_does() {
    for vendor in [Vendor::Siemens, Vendor::Ge, Vendor::Philips] {
        let phantom = Phantom::new(PhantomSpec {
            patients: 1,
            scale: 0.1,
            vendor: Some(vendor),
            ..PhantomSpec::default()
        });
        let folder = tempfile::tempdir().unwrap();
        common::write_phantom(&phantom, &folder.path().join("in"));
        let out = folder.path().join("out");
        let run = Command::new(env!("CARGO_BIN_EXE_hepatica"))
            .arg("deidentify")
            .arg(folder.path().join("in"))
            .arg("--out")
            .arg(&out)
            .args(["--dates", "shift", "--options", "safe-private,patient,descriptors,graphics", "--json"])
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(run.status.code(), Some(0), "{vendor:?}: {report}");
        assert!(report["written"].as_u64().unwrap() > 0 && report["failed"] == 0, "{vendor:?}: {report}");
        for planted in phantom.planted() {
            // Times of day stay with shifted dates; an age is no secret under `patient`.
            let short = planted.value.len() < 6;
            if short || matches!(planted.kind, PlantedKind::Short | PlantedKind::Time) {
                continue;
            }
            for path in common::files_below(&out) {
                let bytes = std::fs::read(&path).unwrap();
                assert!(
                    !holds(&bytes, &planted.value),
                    "{vendor:?}: {} in {}",
                    planted.place,
                    path.display()
                );
            }
        }
    }
}
