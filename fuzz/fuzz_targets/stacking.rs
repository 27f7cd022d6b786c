//! A handful of slices, whose geometry, timing and kind come from the input, through intake, stacking and plan.
#![no_main]

#[path = "../../tests/common/dicom.rs"]
#[allow(dead_code)]
mod dicom;

use dicom::{Form, Set, Slice};
use hepatica::deid::ProjectKey;
use hepatica::session::Session;

/// What each slice takes from the input.
const RECORD: usize = 14;

/// Odd and even numbers that files hold where a length or an angle should stand.
fn number(byte: u8) -> f64 {
    match byte {
        0..=200 => f64::from(byte) - 100.0,
        201..=215 => f64::from(byte - 200) * 0.1,
        216..=225 => f64::from(byte - 215) * 1e-7,
        226..=235 => f64::from(byte - 225) * 1e30,
        236..=240 => f64::NAN,
        241..=245 => f64::INFINITY,
        _ => 0.0,
    }
}

fn slice(record: &[u8; RECORD]) -> Vec<u8> {
    let [number_in_series, x, y, z, tilt, series, size, echo, time, kind, part, b, frames, spacing] = *record;
    let angle = number(tilt) / 100.0;
    let slice = Slice {
        number: u32::from(number_in_series),
        series: u32::from(series % 3),
        rows: 1 + u16::from(size % 4),
        columns: 1 + u16::from(size / 64),
        position: [number(x), number(y), number(z)],
        orientation: [1.0, 0.0, 0.0, 0.0, angle.cos(), angle.sin()],
        spacing: [number(spacing), 1.0],
        thickness: number(spacing),
        ..Slice::default()
    };
    let mut set = slice.set();
    let mut optional = |bit: u8, change: &dyn Fn(&mut Set)| {
        if kind & bit != 0 {
            change(&mut set);
        }
    };
    optional(1, &|s| {
        s.text((0x0018, 0x0081), "DS", &number(echo).to_string());
        s.text((0x0018, 0x0086), "IS", &(echo % 4).to_string());
    });
    optional(2, &|s| {
        s.text((0x0008, 0x0032), "TM", &format!("{:06}.{:03}", 100_000 + u32::from(time), time));
        s.text((0x0018, 0x1060), "DS", &number(time).to_string());
    });
    optional(4, &|s| {
        s.text((0x0020, 0x0012), "IS", &(time % 5).to_string());
        s.text((0x0020, 0x0100), "IS", &(time % 7).to_string());
    });
    optional(8, &|s| {
        let kinds =
            ["ORIGINAL\\PRIMARY\\P", "DERIVED\\PRIMARY\\ADC", "ORIGINAL\\PRIMARY\\OTHER\\R", "\\\\", "M"];
        s.text((0x0008, 0x0008), "CS", kinds[usize::from(part) % kinds.len()]);
    });
    optional(16, &|s| {
        s.numbers((0x0018, 0x9087), &[number(b)]);
        s.put((0x0018, 0x9087), "FD", dicom::Value::F64(vec![number(b)]));
        s.put((0x0018, 0x9089), "FD", dicom::Value::F64(vec![number(x), number(y), number(z)]));
    });
    optional(32, &|s| {
        s.text((0x0028, 0x0008), "IS", &frames.to_string());
    });
    optional(64, &|s| {
        s.numbers((0x0028, 0x1053), &[number(b)]);
        s.numbers((0x0028, 0x1052), &[number(part)]);
    });
    optional(128, &|s| {
        let makers = ["SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "UIH", "TOSHIBA", "Agfa"];
        s.text((0x0008, 0x0070), "LO", makers[usize::from(part) % makers.len()]);
        if b % 5 == 0 {
            s.remove((0x0020, 0x0037));
        }
    });
    Form::default().file(&set)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (records, _) = data.as_chunks::<RECORD>();
    let files: Vec<Vec<u8>> = records.iter().take(24).map(slice).collect();
    let key = format!("hepatica-project-key/1\n{}\n", "0123456789abcdef".repeat(4));
    let Ok(key) = ProjectKey::load(key.as_bytes(), None) else { return };
    let mut session = Session::new(key);
    for (n, file) in files.iter().enumerate() {
        session.add_source(n as u32, format!("source {n}"), file.len() as u64);
    }
    while !session.intake_is_done() {
        for need in session.intake_needs(64) {
            let file = &files[need.source as usize];
            let (from, to) = (need.offset as usize, (need.offset + need.len) as usize);
            match file.get(from..to) {
                Some(bytes) => session.intake_feed(need, bytes.to_vec()),
                None => session.intake_failed(need),
            }
        }
    }
    let _ = session.finish_intake();
});
