//! Writes the seed corpora: `cargo run --bin seeds [JUDGES_OUT]`.
//!
//! Everything is made by this repository's code: phantom files for `header`, patterns for the codecs whose
//! frames are simple, and — where a folder made by `tests/judges/codecs.py` is named — one seed of every way
//! of coding for the rest.

#[path = "../../tests/common/dicom.rs"]
#[allow(dead_code)]
mod dicom;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dicom::{Form, Slice};
use hepatica::phantom::{Phantom, PhantomSpec};
use hepatica_fuzz::{encapsulated, layout_bytes};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Which target takes which syntax, by the end of its UID.
const TARGETS: &[(&str, &[&str])] = &[
    ("jpeg", &[".4.50", ".4.51", ".4.57", ".4.70"]),
    ("jpegls", &[".4.80", ".4.81"]),
    ("jpeg2000", &[".4.90", ".4.91", ".4.92"]),
    ("htj2k", &[".4.201", ".4.202", ".4.203"]),
    ("jpegxl", &[".4.110", ".4.111", ".4.112"]),
];

fn put(target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

fn main() -> Result<()> {
    let phantom = Phantom::new(PhantomSpec::default());
    for index in (0..phantom.files().count()).step_by(97) {
        let file = phantom.file(index).ok_or("a phantom file")?;
        // The header and a little of the pixels.
        put("header", &format!("phantom-{index}"), file.get(..file.len().min(8192)).unwrap_or_default())?;
    }
    for (name, form) in [("explicit", Form::default()), ("implicit", Form::implicit()), ("big", Form::big())]
    {
        put("header", name, &form.file(&Slice::default().set()))?;
        put(
            "header",
            &format!("{name}-open"),
            &Form { undefined: true, ..form }.file(&Slice::default().set()),
        )?;
    }
    for stored in [1, 8, 12, 16] {
        let head = layout_bytes(5, 7, stored, stored == 12, false);
        put("native", &format!("ramp-{stored}"), &[&head[..], &(0..70).collect::<Vec<u8>>()].concat())?;
    }
    let head = layout_bytes(4, 4, 8, false, false);
    let mut segment = vec![1u8, 0, 0, 0, 64, 0, 0, 0];
    segment.resize(64, 0);
    segment.extend([0xF9, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8]);
    put("rle", "runs", &[&head[..], &segment].concat())?;
    put("frames", "rle", &[&[6u8, 0][..], &head, &encapsulated(&[&segment])].concat())?;
    for n in 0..6u8 {
        let records: Vec<u8> = (0..8u8)
            .flat_map(|z| [z + 1, 100, 100, 3 * z, 100, 0, 3, n, n * z, 1 << n, n, 50, 1, 103])
            .collect();
        put("stacking", &format!("series-{n}"), &records)?;
    }
    if let Some(made) = std::env::args_os().nth(1) {
        coded(Path::new(&made))?;
    }
    Ok(())
}

/// The judges' codestreams.
fn coded(made: &Path) -> Result<()> {
    let manifest = fs::read_to_string(made.join("manifest.json"))?;
    // Enough of a reader for the one file: `"key": value` a line.
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    for line in manifest.lines() {
        let line = line.trim().trim_end_matches(',');
        if let Some((key, value)) = line.split_once(": ") {
            fields.insert(key.trim_matches('"').to_owned(), value.trim_matches('"').to_owned());
        }
        if line != "]" || !fields.contains_key("name") {
            continue;
        }
        let number = |key: &str| fields.get(key).and_then(|v| v.parse::<u8>().ok()).unwrap_or(0);
        let (name, syntax) = (fields["name"].clone(), fields["syntax"].clone());
        let head = layout_bytes(
            number("rows"),
            number("columns"),
            number("stored"),
            fields["signed"] == "true",
            number("samples") == 3,
        );
        let code = fs::read(made.join(format!("{name}-0.bin")))?;
        let found = TARGETS.iter().find(|(_, ends)| ends.iter().any(|end| syntax.ends_with(end)));
        let (target, _) = found.ok_or("a syntax without a target")?;
        put(target, &name, &[&head[..], &code].concat())?;
        let place = hepatica::dicom::codec::REGISTRY.iter().position(|s| s.uid == syntax).unwrap_or(0);
        let (one, two) = code.split_at(code.len() / 2);
        put("frames", &name, &[&[place as u8, 1][..], &head, &encapsulated(&[one, two, one, two])].concat())?;
        fields.clear();
    }
    Ok(())
}
