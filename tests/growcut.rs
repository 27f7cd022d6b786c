//! GrowCut against ITK's, and on the phantom and a real scan against what is known of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test may panic"
)]

mod common;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::process::{Command, Output};

use hepatica::nifti::{ReadImage, read};
use hepatica::phantom::{Phantom, PhantomSpec, labels};
use hepatica::segment::growcut::{Advice, Channel, GrowCut, Input, Options, advise, alignment};
use hepatica::volume::{Affine, Grid, Voxels};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn hepatica(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hepatica")).args(arguments).output().unwrap()
}

fn judge(script: &str, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges").join(script);
    Command::new(common::judge("python")).arg("-B").arg(script).args(arguments).output().unwrap()
}

fn open(path: &Path) -> ReadImage {
    read(&std::fs::read(path).unwrap(), 1 << 30).unwrap()
}

fn bytes(voxels: &Voxels) -> Vec<u8> {
    (0..voxels.len()).map(|i| voxels.get(i).unwrap() as u8).collect()
}

fn dice(a: &[u8], b: &[u8], label: u8) -> f64 {
    let both = a.iter().zip(b).filter(|(a, b)| **a == label && **b == label).count();
    let each = a.iter().filter(|v| **v == label).count() + b.iter().filter(|v| **v == label).count();
    2.0 * both as f64 / each.max(1) as f64
}

/// The cost of the cheapest path from a label's seeds, by the definition, in doubles. As in ITK, voxels on
/// the border of the image pass nothing on.
fn costs(image: &ReadImage, seeds: &[u8], label: u8, penalty: f64) -> Vec<f64> {
    let dims = image.grid.dims().map(|d| d as usize);
    let mm = image.grid.affine().spacing();
    let values: Vec<f64> = (0..seeds.len()).map(|i| image.voxels.get(i).unwrap()).collect();
    let mut best = vec![f64::INFINITY; seeds.len()];
    let mut heap = BinaryHeap::new();
    for (at, seed) in seeds.iter().enumerate() {
        if *seed == label {
            best[at] = 0.0;
            heap.push(Reverse((0_u64, at)));
        }
    }
    while let Some(Reverse((bits, at))) = heap.pop() {
        // Doubles that are not negative are ordered as their bits are.
        let cost = f64::from_bits(bits);
        let v = [at % dims[0], at / dims[0] % dims[1], at / (dims[0] * dims[1])];
        if cost > best[at] || (0..3).any(|a| v[a] == 0 || v[a] + 1 == dims[a]) {
            continue;
        }
        for step in 0..27_usize {
            let d = [step % 3, step / 3 % 3, step / 9];
            let u = [0, 1, 2].map(|a| v[a] + d[a] - 1);
            let beside = (u[2] * dims[1] + u[1]) * dims[0] + u[0];
            let far = (0..3).map(|a| ((d[a] as f64 - 1.0) * mm[a]).powi(2)).sum::<f64>().sqrt();
            let new = cost + (values[at] - values[beside]).abs() + penalty * far;
            if new < best[beside] {
                best[beside] = new;
                heap.push(Reverse((new.to_bits(), beside)));
            }
        }
    }
    best
}

/// ITK's filter and ours on one volume.
fn beside_itk(noise: &str, penalty: f64) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = judge("growcut_volumes.py", &[&at(""), "64", "56", "36", noise]);
    assert!(made.status.success(), "{}", said(&made));
    let (image, seeds) = (at("image.nii.gz"), at("seeds.nii.gz"));
    let grown = judge("growcut_itk.py", &[&image, &seeds, &penalty.to_string(), &at("itk.nii.gz")]);
    assert!(grown.status.success(), "{}", said(&grown));
    let theirs = bytes(&open(Path::new(&at("itk.nii.gz"))).voxels);
    let locality = penalty.to_string();
    for strict in [false, true] {
        let out = at("ours.nii.gz");
        let mut arguments =
            vec!["growcut", &image, "--seeds", &seeds, "--out", &out, "--locality", &locality, "--json"];
        if strict {
            arguments.push("--strict");
        }
        let output = hepatica(&arguments);
        assert!(output.status.success(), "{}", said(&output));
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(said["solve_ms"].as_f64().unwrap() > 0.0);
        assert_eq!(said["voxels"], 64 * 56 * 36);
        assert_eq!(said["labels"], serde_json::json!([1, 2, 3, 4]));
        assert_eq!(said["key"], if strict || penalty > 0.0 { "u32" } else { "u16" });
        // On so small a volume a fifth is rim.
        assert!(said["bytes_per_voxel"].as_f64().unwrap() < 8.0 * 1.2, "{said}");
        let ours = bytes(&open(Path::new(&out)).voxels);
        let differ: Vec<usize> = (0..ours.len()).filter(|i| ours[*i] != theirs[*i]).collect();
        eprintln!(
            "noise {noise}, penalty {penalty}, strict {strict}: {} of {} voxels differ",
            differ.len(),
            ours.len()
        );
        if strict {
            let scan = open(Path::new(&image));
            let seeds = bytes(&open(Path::new(&seeds)).voxels);
            let by_label: Vec<Vec<f64>> = (1..=4).map(|label| costs(&scan, &seeds, label, penalty)).collect();
            for i in differ {
                // ITK adds in single precision, ours in fractions: a tie to a hundred thousandth is one.
                let cost = |label: u8| by_label[usize::from(label) - 1][i];
                let (a, b) = (cost(ours[i]), cost(theirs[i]));
                let room = if penalty > 0.0 { 1e-4 * a.max(1.0) } else { 0.0 };
                assert!((a - b).abs() <= room, "voxel {i}: {} costs {a}, {} costs {b}", ours[i], theirs[i]);
            }
        } else {
            for label in 1..=4 {
                let found = dice(&ours, &theirs, label);
                assert!(found >= 0.999, "noise {noise}, penalty {penalty}, label {label}: Dice {found}");
            }
        }
    }
}

#[test]
fn equals_itk_on_a_plain_phantom() {
    beside_itk("0", 0.0);
}

#[test]
fn equals_itk_on_a_noisy_phantom() {
    beside_itk("10", 0.0);
}

#[test]
fn equals_itk_with_lengths_on_a_plain_phantom() {
    beside_itk("0", 1.0);
}

#[test]
fn equals_itk_with_lengths_on_a_noisy_phantom() {
    beside_itk("10", 1.0);
}

/// What a person paints who knows the truth: in every `every`th slice lines ten voxels apart, away from
/// borders; in each slice of a class among `small`, a cross through it and a ring around it.
fn scribbles(classes: &[u8], dims: [usize; 3], small: &[u8], every: usize) -> Vec<u8> {
    let mut seeds = vec![0_u8; classes.len()];
    let at = |x: usize, y: usize, z: usize| (z * dims[1] + y) * dims[0] + x;
    let all = |x: usize, y: usize, z: usize, far: usize, wanted: &dyn Fn(u8) -> bool| {
        (y.saturating_sub(far)..=(y + far).min(dims[1] - 1)).all(|v| {
            (x.saturating_sub(far)..=(x + far).min(dims[0] - 1)).all(|u| wanted(classes[at(u, v, z)]))
        })
    };
    for z in 0..dims[2] {
        for y in 0..dims[1] {
            for x in 0..dims[0] {
                let class = classes[at(x, y, z)];
                let line = z % every == 0 && (x % 10 == 0 || y % 10 == 0);
                let near = |far: usize| !all(x, y, z, far, &|c| c == class || !small.contains(&c));
                let ring = !small.contains(&class) && near(4) && !near(2);
                if (line && all(x, y, z, 2, &|c| c == class)) || (ring && all(x, y, z, 1, &|c| c == class)) {
                    seeds[at(x, y, z)] = class;
                }
            }
        }
        for class in small {
            let plane = z * dims[0] * dims[1];
            let own: Vec<usize> =
                (plane..plane + dims[0] * dims[1]).filter(|i| classes[*i] == *class).collect();
            let Some(middle) = own.get(own.len() / 2) else { continue };
            for i in
                own.iter().filter(|i| *i % dims[0] == middle % dims[0] || *i / dims[0] == middle / dims[0])
            {
                seeds[*i] = *class;
            }
        }
    }
    seeds
}

/// One phase of a phantom's study: the grid, the voxels and the truth.
fn phase(role: &str) -> (Grid, Voxels, Vec<u8>, [f64; 3]) {
    let phantom = Phantom::new(PhantomSpec { patients: 1, scale: 0.4, ..PhantomSpec::default() });
    let number = phantom.truth().iter().position(|v| v.role == role).unwrap();
    let volume = &phantom.truth()[number];
    let [nx, ny, nz, _] = volume.dims;
    let column = |a: usize| [0, 1, 2].map(|r| volume.affine[r][a]);
    let affine = Affine::from_columns(column(0), column(1), column(2), column(3));
    let grid = Grid::new([nx, ny, nz], affine).unwrap();
    let voxels = Voxels::I16(phantom.truth_voxels(number).unwrap());
    (grid, voxels, phantom.truth_labels(number).unwrap(), volume.breath)
}

/// 1 for lesions, 2 for the liver around them, 3 for everything else.
fn lesions_liver_rest(truth: &[u8]) -> Vec<u8> {
    let class = |v: &u8| match *v {
        v if v >= labels::FIRST_LESION => 1,
        labels::LIVER | labels::PORTAL_VEIN | labels::TREATED_ZONE => 2,
        _ => 3,
    };
    truth.iter().map(class).collect()
}

#[test]
fn liver_and_lesions_of_the_phantom_from_scribbles() {
    let (grid, voxels, truth, _) = phase("portal_venous");
    let dims = grid.dims().map(|d| d as usize);
    let classes = lesions_liver_rest(&truth);
    let seeds = scribbles(&classes, dims, &[1], 3);
    let (liver, lesions, painted) = grow_and_judge(&grid, &[&voxels], &seeds, &classes);
    eprintln!("phantom: liver {liver:.4}, lesions {lesions:.4}, {painted:.1} % painted");
    assert!(liver > 0.9 && lesions > 0.7, "liver {liver}, lesions {lesions}");
}

/// Dice of labels 2 and 1, and how many voxels in a hundred are seeds.
fn grow_and_judge(grid: &Grid, images: &[&Voxels], seeds: &[u8], classes: &[u8]) -> (f64, f64, f64) {
    let channels: Vec<Channel<'_>> = images.iter().map(|v| Channel::alone(v)).collect();
    let input = Input { grid, channels: &channels, seeds, mask: None };
    let mut grown = GrowCut::new(&input, Options { locality: 2.0, ..Options::default() }).unwrap();
    grown.solve().unwrap();
    let found = grown.labels();
    let painted = seeds.iter().filter(|s| **s != 0).count() as f64 / seeds.len() as f64;
    (dice(&found, classes, 2), dice(&found, classes, 1), painted * 100.0)
}

#[test]
fn breathing_between_phases_is_estimated_and_costs_what_it_costs() {
    let phantom = Phantom::new(PhantomSpec { patients: 1, scale: 0.4, ..PhantomSpec::default() });
    let truths = phantom.truth();
    let portal = truths.iter().position(|v| v.role == "portal_venous").unwrap();
    let session = truths[portal].session;
    let arterial = truths
        .iter()
        .position(|v| v.session == session && v.role.starts_with("arterial") && v.dims == truths[portal].dims)
        .unwrap();
    let (grid, voxels, truth, breath) = phase("portal_venous");
    let second = Voxels::I16(phantom.truth_voxels(arterial).unwrap());
    let dims = grid.dims().map(|d| d as usize);
    let classes = lesions_liver_rest(&truth);
    let seeds = scribbles(&classes, dims, &[1], 3);
    // Where the second phase's organs lie, by the phantom's truth.
    let other = truths[arterial].breath;
    let between = [0, 1, 2].map(|a| other[a] - breath[a]);
    let found = alignment(&grid, &voxels, &second);
    for (row, far) in between.iter().enumerate() {
        let room = 1.5 * grid.affine().spacing().iter().fold(0.0_f64, |a, b| a.max(*b));
        assert!((found.shift_mm[row] - far).abs() <= room, "{found:?}, by the truth {between:?}");
    }
    let grow = |channels: &[Channel<'_>]| {
        let input = Input { grid: &grid, channels, seeds: &seeds, mask: None };
        let mut grown = GrowCut::new(&input, Options { locality: 2.0, ..Options::default() }).unwrap();
        grown.solve().unwrap();
        let labels = grown.labels();
        (dice(&labels, &classes, 2), dice(&labels, &classes, 1))
    };
    let moved = |by: f64| [between[0], between[1], between[2] + by];
    let alone = grow(&[Channel::alone(&voxels)]);
    let late = grow(&[Channel { shift_mm: between, ..Channel::alone(&second) }]);
    eprintln!("shift: one phase, portal {:.4} {:.4}, arterial {:.4} {:.4}", alone.0, alone.1, late.0, late.1);
    let mut both = Vec::new();
    for by in [0.0, 5.0, 10.0, 15.0] {
        let channels = [Channel::alone(&voxels), Channel { shift_mm: moved(by), ..Channel::alone(&second) }];
        let advice = advise(&grid, &channels);
        let found = grow(&channels);
        eprintln!("shift {by} mm: liver {:.4}, lesions {:.4}, {advice:?}", found.0, found.1);
        both.push((found, advice));
    }
    assert_eq!(both[0].1, Advice::All);
    assert!(matches!(both[3].1, Advice::First { channel: 1, .. }));
    assert!(both[3].0.0 < both[0].0.0, "a misaligned phase costs");
}

#[test]
fn organs_of_a_real_scan_from_scribbles() {
    let Some(folder) = common::shared_data("abdomen_mr") else { return };
    let scan = open(&folder.join("example_mr_sm.nii.gz"));
    let truth = bytes(&open(&folder.join("example_seg_mr.nii.gz")).voxels);
    let dims = scan.grid.dims().map(|d| d as usize);
    // TotalSegmentator MRI's classes: 1 is the spleen, 5 the liver.
    let classes: Vec<u8> = truth
        .iter()
        .map(|v| match v {
            5 => 2,
            1 => 1,
            _ => 3,
        })
        .collect();
    let seeds = scribbles(&classes, dims, &[1], 2);
    let (liver, spleen, painted) = grow_and_judge(&scan.grid, &[&scan.voxels], &seeds, &classes);
    eprintln!("real scan: liver {liver:.4}, spleen {spleen:.4}, {painted:.1} % painted");
    assert!(liver > 0.9 && spleen > 0.85, "liver {liver}, spleen {spleen}");
}

#[test]
fn faults_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, size) in [("a", ["20", "20", "10"]), ("b", ["22", "20", "10"])] {
        let made = judge("growcut_volumes.py", &[&at(name), size[0], size[1], size[2], "0"]);
        assert!(made.status.success(), "{}", said(&made));
    }
    let (image, other) = (at("a/image.nii.gz"), at("b/seeds.nii.gz"));
    let output = hepatica(&["growcut", &image, "--seeds", &other, "--out", &at("out.nii.gz")]);
    assert!(!output.status.success() && said(&output).contains("22×20×10 voxels where image 1 has 20×20×10"));
    // An image is no seed map: its values are no labels.
    let output = hepatica(&["growcut", &image, "--seeds", &image, "--out", &at("out.nii.gz")]);
    assert!(!output.status.success() && !said(&output).contains("panicked"), "{}", said(&output));
    let seeds = at("a/seeds.nii.gz");
    let output =
        hepatica(&["growcut", &image, "--seeds", &seeds, "--out", &at("out.nii.gz"), "--budget", "0"]);
    assert!(!output.status.success(), "{}", said(&output));
}
