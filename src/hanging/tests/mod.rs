//! Roles of studies as clinics name them. What is expected was written down by reading the
//! descriptions as a radiologist does, not by running the code.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set up its study has failed"
)]

mod clinics;
mod descriptions;
mod dynamics;
mod general;
mod matrix;
mod protocols;
mod traps;

use super::*;

/// A volume under construction.
pub(super) struct Vol(pub(super) VolumeFacts);

/// An axial MR volume with this description and nothing else known.
pub(super) fn vol(description: &str) -> Vol {
    Vol(VolumeFacts {
        modality: Some("MR".to_owned()),
        plane: Some(Plane::Axial),
        slice_count: Some(72),
        ..VolumeFacts::default().with_texts(description, "", "")
    })
}

/// A fat-saturated 3D gradient echo as the liver is imaged in one breath-hold.
pub(super) fn gre(description: &str) -> Vol {
    let mut v = vol(description);
    v.0.scanning_sequence = vec!["GR".to_owned()];
    v.0.sequence_variant = vec!["SP".to_owned(), "OSP".to_owned()];
    v.0.three_d = Some(true);
    v.0.echo_time_ms = Some(1.9);
    v.0.repetition_time_ms = Some(4.1);
    v.0.flip_angle_deg = Some(10.0);
    v.0.field_strength_t = Some(1.5);
    v.0.spacing_mm = Some([1.2, 1.2, 3.0]);
    v.0.fat_saturated = Some(true);
    v
}

impl Vol {
    pub(super) fn with(mut self, change: impl FnOnce(&mut VolumeFacts)) -> Self {
        change(&mut self.0);
        self
    }
    pub(super) fn plane(self, plane: Plane) -> Self {
        self.with(|f| f.plane = Some(plane))
    }
    pub(super) fn at(self, seconds: f64) -> Self {
        self.with(|f| f.acquisition_seconds = Some(seconds))
    }
    pub(super) fn bolus(self, seconds: f64) -> Self {
        self.with(|f| f.seconds_after_bolus = Some(seconds))
    }
    pub(super) fn ce(self, contrast: bool) -> Self {
        self.with(|f| f.contrast = Some(contrast))
    }
    pub(super) fn kind(self, image_type: &str) -> Self {
        self.with(|f| f.image_type = image_type.split('\\').map(str::to_owned).collect())
    }
    pub(super) fn protocol(self, name: &str) -> Self {
        self.with(|f| f.protocol_words = words::words_of(name))
    }
    pub(super) fn se(self, repetition: f64, echo: f64) -> Self {
        self.with(|f| {
            f.scanning_sequence = vec!["SE".to_owned()];
            f.repetition_time_ms = Some(repetition);
            f.echo_time_ms = Some(echo);
        })
    }
}

/// A study in this order of acquisition, one series a volume unless said otherwise.
pub(super) fn study(volumes: Vec<Vol>) -> Vec<VolumeFacts> {
    volumes
        .into_iter()
        .enumerate()
        .map(|(i, v)| {
            let n = u32::try_from(i).unwrap();
            let mut f = v.0;
            f.acquisition_order = f.acquisition_order.or(Some(n));
            f.series = f.series.or(Some(n));
            f.series_number = f.series_number.or(Some(i64::from(n) + 1));
            f
        })
        .collect()
}

/// Roles by a preset; `-` for none, `?` behind a role that must be confirmed.
pub(super) fn roles_by(preset: Preset, study: &[VolumeFacts]) -> Vec<String> {
    let matches = assign(study, &preset.protocol().unwrap());
    assert_eq!(matches.len(), study.len());
    matches.iter().map(|m| m.role.as_ref().map_or("-".to_owned(), |r| r.as_str().to_owned())).collect()
}

/// Asserts the roles of a liver study, given as (volume, role).
#[track_caller]
pub(super) fn liver(rows: Vec<(Vol, &str)>) {
    expect(Preset::LiverMri, rows);
}

#[track_caller]
pub(super) fn expect(preset: Preset, rows: Vec<(Vol, &str)>) {
    let (volumes, wanted): (Vec<Vol>, Vec<&str>) = rows.into_iter().unzip();
    let facts = study(volumes);
    let found = roles_by(preset, &facts);
    let wrong: Vec<String> = facts
        .iter()
        .zip(wanted.iter().zip(&found))
        .filter(|(_, (w, f))| w != f)
        .map(|(v, (w, f))| format!("{}: wanted {w}, got {f}", v.words.join(" ")))
        .collect();
    if !wrong.is_empty() {
        let matches = assign(&facts, &preset.protocol().unwrap());
        for (v, m) in facts.iter().zip(&matches) {
            let why: Vec<String> = m.reasons.iter().map(|r| format!("{} {}", r.text, r.weight)).collect();
            let can: Vec<String> = m.candidates.iter().take(3).map(|(r, s)| format!("{r} {s}")).collect();
            std::eprintln!(
                "{:50} {:?} {:.2} | {} | {}",
                v.words.join(" "),
                m.role,
                m.confidence,
                can.join(", "),
                why.join("; ")
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
