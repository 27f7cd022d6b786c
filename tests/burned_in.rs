//! Lines of text in pictures: how many of those that are there are found, and how often one is found where
//! none is. Text is drawn by `common::font`, on backgrounds as scanners make them and on noise; real images
//! without text are those of the shared sets. The figures that docs/deidentification.md states are these.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use common::font::{Pen, burn};
use hepatica::deid::pixels::{planes, search, text_boxes};
use hepatica::dicom::Header;
use hepatica::dicom::pixels::{Frames, PixelLayout};
use hepatica::phantom::{Phantom, PhantomSpec, Vendor};
use hepatica::volume::Voxels;
use std::collections::BTreeMap;

/// A small generator (Knuth's MMIX).
struct Noise(u64);

impl Noise {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn gauss(&mut self) -> f64 {
        (-2.0 * self.unit().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }
}

struct Background {
    kind: &'static str,
    width: usize,
    values: Vec<f64>,
}

impl Background {
    fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// Values that 0.5 % are below and above.
    fn bulk(&self) -> (f64, f64) {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        (sorted[sorted.len() / 200], sorted[sorted.len() - 1 - sorted.len() / 200])
    }
}

fn backgrounds(noise: &mut Noise) -> Vec<Background> {
    let mut out = Vec::new();
    for vendor in [Vendor::Siemens, Vendor::Ge, Vendor::Philips] {
        let spec = PhantomSpec { patients: 1, scale: 0.8, vendor: Some(vendor), ..PhantomSpec::default() };
        let phantom = Phantom::new(spec);
        let count = phantom.files().count();
        for at in (0..count).step_by(count / 4) {
            let header = Header::from_bytes(phantom.file(at).unwrap()).unwrap();
            let Ok(layout) = PixelLayout::of(&header) else { continue };
            let file = phantom.file(at).unwrap();
            let value = &file[header.pixels().unwrap().offset as usize..];
            let voxels = Frames::new(&layout, header.syntax(), value).unwrap().decode(0).unwrap();
            let values: Vec<f64> = (0..voxels.len()).map(|i| voxels.get(i).unwrap()).collect();
            if layout.columns >= 160 && values.iter().any(|v| *v > 50.0) {
                out.push(Background { kind: "MR", width: layout.columns as usize, values });
            }
        }
    }
    for _ in 0..4 {
        // Speckle in a fan.
        let (width, rows) = (480, 360);
        let field: Vec<(f64, f64)> = (0..width * rows).map(|_| (noise.gauss(), noise.gauss())).collect();
        let values = (0..width * rows).map(|i| {
            let (x, y) = (i % width, i / width);
            let near = [0, 1, width, width + 1].map(|d| field.get(i + d).copied().unwrap_or((0.0, 0.0)));
            let (re, im) = near.iter().fold((0.0, 0.0), |s, n| (s.0 + n.0, s.1 + n.1));
            let inside = x.abs_diff(width / 2) < y * 3 / 4 + 20;
            if inside { ((re * re + im * im).sqrt() * 22.0).min(255.0).round() } else { 0.0 }
        });
        out.push(Background { kind: "US", width, values: values.collect() });
        // Tissue, bone and air with noise, in Hounsfield units.
        let (width, rows) = (400, 400);
        let spots: Vec<(f64, f64, f64, f64)> = (0..14)
            .map(|n| {
                let level = [-900.0, 60.0, 120.0, 700.0, -100.0][n % 5];
                (noise.unit() * 400.0, noise.unit() * 400.0, 5.0 + noise.unit() * 30.0, level)
            })
            .collect();
        let values = (0..width * rows).map(|i| {
            let (x, y) = ((i % width) as f64, (i / width) as f64);
            let body = ((x - 200.0) / 160.0).powi(2) + ((y - 200.0) / 130.0).powi(2) < 1.0;
            let spot = spots.iter().find(|s| (x - s.0).hypot(y - s.1) < s.2).map_or(40.0, |s| s.3);
            ((if body { spot } else { -1000.0 }) + noise.gauss() * 15.0).clamp(-1024.0, 3071.0).round()
        });
        out.push(Background { kind: "CT", width, values: values.collect() });
        let values = (0..256 * 256).map(|_| (128.0 + noise.gauss() * 24.0).round()).collect();
        out.push(Background { kind: "noise", width: 256, values });
        let values = (0..256 * 256).map(|_| noise.below(3) as f64).collect();
        out.push(Background { kind: "black", width: 256, values });
    }
    out
}

fn found(width: usize, values: &[f64]) -> Vec<hepatica::deid::pixels::PixelBox> {
    let voxels = Voxels::I16(values.iter().map(|v| v.round() as i16).collect());
    let planes = planes(&voxels, width, values.len() / width);
    planes.iter().flat_map(text_boxes).collect()
}

const TEXTS: [&str; 5] =
    ["DOE^JANE 1961-03-04", "MUSTERMANN ERIKA", "ID 4471902", "12.03.2018 14:22", "SMITH JOHN M"];

#[test]
fn text_of_8_to_40_pixels_is_found_on_backgrounds_as_scanners_make_them() {
    let mut noise = Noise(11);
    let backgrounds = backgrounds(&mut noise);
    for kind in ["MR", "US", "CT", "noise", "black"] {
        assert!(backgrounds.iter().any(|b| b.kind == kind), "{kind}");
    }
    let mut hits: BTreeMap<(&str, bool), (u32, u32)> = BTreeMap::new();
    let mut by_size: BTreeMap<(usize, bool), (u32, u32)> = BTreeMap::new();
    let mut by_colour: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for height in [8, 10, 12, 16, 20, 24, 32, 40] {
        for (colour, part, rim) in [
            ("white", 1.6, None),
            ("grey", 0.65, Some(0.0)),
            ("black", 0.0, Some(1.0)),
            ("white, black rim", 1.0, Some(0.0)),
            ("grey, white rim", 0.4, Some(1.0)),
        ] {
            for smooth in [false, true] {
                for n in 0..12 {
                    let background = &backgrounds[(n * 5 + height + part as usize) % backgrounds.len()];
                    let (low, high) = background.bulk();
                    let high = if background.kind == "black" { 255.0 } else { high };
                    let at = |part: f64| low + (high - low) * part;
                    let text = TEXTS[noise.below(TEXTS.len())];
                    let letters = (background.width - 8) / (height * 3 / 4);
                    let text: String = text.chars().take(letters).collect();
                    let mut picture = background.values.clone();
                    let row = match n % 3 {
                        0 => 4,
                        1 => background.rows() - height - 4,
                        _ => background.rows() / 3,
                    };
                    let pen = Pen { value: at(part), rim: rim.map(at), smooth };
                    burn(&mut picture, background.width, (4, row), &text, height, pen);
                    let hit = found(background.width, &picture)
                        .iter()
                        .any(|b| (b.y as usize) < row + height && b.y as usize + b.height as usize > row);
                    for (good, all) in [
                        hits.entry((background.kind, smooth)).or_default(),
                        by_size.entry((height, smooth)).or_default(),
                        by_colour.entry(colour).or_default(),
                    ] {
                        *good += u32::from(hit);
                        *all += 1;
                    }
                }
            }
        }
    }
    println!("by background: {hits:?}\nby size: {by_size:?}\nby colour: {by_colour:?}");
    let rate = |kinds: &[&str], smooth: bool| {
        let (good, all) = hits
            .iter()
            .filter(|((kind, s), _)| kinds.contains(kind) && *s == smooth)
            .fold((0, 0), |sum, (_, (good, all))| (sum.0 + good, sum.1 + all));
        f64::from(good) / f64::from(all)
    };
    let scanners = ["MR", "US", "CT", "black"];
    let (plain, smooth) = (rate(&scanners, false), rate(&scanners, true));
    println!(
        "scanners: plain {plain:.3}, smooth {smooth:.3}; noise: {:.3}, {:.3}",
        rate(&["noise"], false),
        rate(&["noise"], true)
    );
    assert!(plain >= 0.95 && smooth >= 0.85, "{plain} {smooth}: {hits:?}");
}

#[test]
fn no_text_is_found_where_none_is() {
    let mut noise = Noise(12);
    for background in backgrounds(&mut noise) {
        let found = found(background.width, &background.values);
        assert!(found.is_empty(), "{}: {found:?}", background.kind);
    }
}

#[test]
fn real_images_without_text_are_hardly_ever_suspected() {
    let Some(folder) = common::shared_data("dcm_qa") else { return };
    let (mut suspected, mut searched, mut frames) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (at, path) in common::files_below(&folder).into_iter().enumerate() {
        // A third of them, unless in full.
        if !common::full() && at % 3 > 0 {
            continue;
        }
        let Ok(header) = Header::from_bytes(std::fs::read(&path).unwrap()) else { continue };
        if header.pixels().is_none() {
            continue;
        }
        let Ok(found) = search(&header) else { continue };
        searched += 1;
        frames += found.searched;
        if !found.boxes.is_empty() {
            suspected += 1;
            wrong.push((path, found.boxes));
        }
    }
    println!("{suspected} of {searched} objects ({frames} frames): {wrong:?}");
    assert!(searched > 500 && suspected * 500 <= searched, "{suspected} of {searched}: {wrong:?}");
}

/// A series of which no header says that text is in its pixels; its files, and how many there are.
fn a_series_with_text(folder: &std::path::Path) -> usize {
    let spec =
        PhantomSpec { patients: 1, scale: 0.7, vendor: Some(Vendor::Siemens), ..PhantomSpec::default() };
    let phantom = Phantom::new(spec);
    let mut series: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for at in 0..phantom.count() {
        let bytes = phantom.file(at).unwrap();
        let Ok(header) = Header::from_bytes(bytes.clone()) else { continue };
        let native = header.pixels().is_some_and(|pixels| pixels.len.is_some());
        let Ok(layout) = PixelLayout::of(&header) else { continue };
        if native && layout.frames == 1 && layout.columns >= 160 && layout.bits_allocated == 16 {
            let uid = header.root().text(hepatica::dicom::Tag(0x0020, 0x000e)).unwrap();
            series.entry(uid).or_default().push(bytes);
        }
    }
    let files = series.into_values().filter(|files| files.len() > 12).min_by_key(Vec::len).unwrap();
    for (at, mut bytes) in files.iter().cloned().enumerate() {
        let header = Header::from_bytes(bytes.clone()).unwrap();
        let columns = PixelLayout::of(&header).unwrap().columns as usize;
        let start = header.pixels().unwrap().offset as usize;
        let len = header.pixels().unwrap().len.unwrap() as usize;
        let words = bytes[start..start + len].chunks_exact(2);
        let mut picture: Vec<f64> = words.map(|w| f64::from(u16::from_le_bytes([w[0], w[1]]))).collect();
        let most = picture.iter().copied().fold(0.0, f64::max);
        burn(
            &mut picture,
            columns,
            (6, 6),
            "DOE JANE 1962",
            14,
            Pen { value: most, rim: None, smooth: false },
        );
        for (word, value) in bytes[start..start + len].chunks_exact_mut(2).zip(&picture) {
            word.copy_from_slice(&(value.round() as u16).to_le_bytes());
        }
        std::fs::write(folder.join(format!("{at:04}.dcm")), bytes).unwrap();
    }
    files.len()
}

fn hepatica(folder: &std::path::Path, arguments: &[&str]) -> std::process::Output {
    let program = env!("CARGO_BIN_EXE_hepatica");
    std::process::Command::new(program).args(arguments).current_dir(folder).output().unwrap()
}

fn images_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { images_below(&path) } else { vec![path] })
        .filter(|path| path.to_string_lossy().ends_with(".nii.gz"))
        .collect()
}

/// Text that only the pixels tell of kept objects out of DICOM, but not out of NIfTI.
#[test]
fn a_volume_with_text_in_its_pixels_is_written_after_a_decision_only_whatever_its_header_says() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    std::fs::create_dir(at("in")).unwrap();
    let files = a_series_with_text(&at("in"));
    std::fs::write(at("key"), format!("hepatica-project-key/1\n{}\n", "5a".repeat(32))).unwrap();
    let convert = |out: &str, more: &[&str]| {
        let output = hepatica(
            place.path(),
            &[&["convert", "in", "--json", "--out", out, "--key", "key"], more].concat(),
        );
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        (images_below(&at(out)), report["summary"].as_str().unwrap().to_owned())
    };
    let (images, summary) = convert("as-it-is", &[]);
    assert!(images.is_empty(), "{images:?}");
    assert!(summary.contains(&format!("{files} skipped (text may be burned into the pixels)")), "{summary}");
    let (accepted, _) = convert("accepted", &["--accept-burned-in"]);
    assert!(!accepted.is_empty());

    // What a reviewer makes of the list that `deidentify` writes: boxes, for every object of the series.
    let said =
        hepatica(place.path(), &["deidentify", "in", "--json", "--out", "objects", "--key", "key"]).stdout;
    let report: serde_json::Value = serde_json::from_slice(&said).unwrap();
    let listed: Vec<&str> =
        report["review"].as_array().unwrap().iter().filter_map(|item| item["object"].as_str()).collect();
    assert_eq!(listed.len(), files);
    let boxes =
        serde_json::json!({"action": "redact", "boxes": [{"x": 0, "y": 0, "width": 150, "height": 40}]});
    let objects: BTreeMap<&str, &serde_json::Value> = listed.iter().map(|uid| (*uid, &boxes)).collect();
    let redactions = serde_json::json!({"schema": "hepatica-redactions/1", "objects": objects});
    std::fs::write(at("redactions.json"), redactions.to_string()).unwrap();
    let (redacted, _) = convert("redacted", &["--redactions", "redactions.json"]);
    assert_eq!(redacted.len(), accepted.len());
    let mut plain = Vec::new();
    let packed = std::fs::File::open(&redacted[0]).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut plain).unwrap();
    let columns = u16::from_le_bytes([plain[42], plain[43]]) as usize;
    let rows = u16::from_le_bytes([plain[44], plain[45]]) as usize;
    let slice = &plain[352..352 + columns * rows * 2];
    // Stored bottom-up: the first row of the picture is the last of the slice.
    let top = &slice[(rows - 20) * columns * 2..][..300];
    assert!(top.iter().all(|byte| *byte == 0) && slice.iter().any(|byte| *byte != 0));
    let decided: Vec<(&str, serde_json::Value)> =
        listed.iter().map(|uid| (*uid, serde_json::json!({"action": "leave_out"}))).collect();
    let left_out: BTreeMap<&str, serde_json::Value> = decided.into_iter().collect();
    let redactions = serde_json::json!({"schema": "hepatica-redactions/1", "objects": left_out});
    std::fs::write(at("redactions.json"), redactions.to_string()).unwrap();
    assert!(convert("left-out", &["--redactions", "redactions.json"]).0.is_empty());
}
