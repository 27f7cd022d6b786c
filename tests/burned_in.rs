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
