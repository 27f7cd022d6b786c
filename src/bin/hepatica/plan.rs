//! `hepatica plan`.

use std::path::PathBuf;
use std::process::ExitCode;

use hepatica::intake::{PublishedPlan, PublishedVolume};
use hepatica::session::PlanView;

use crate::Failure;
use crate::input::{self, InputOptions};
use crate::key::KeyOptions;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    key: KeyOptions,
    /// Show what identifies: names, descriptions, file paths.
    #[arg(long)]
    identified: bool,
    /// JSON instead of a table. Without --identified: edit it and hand it to `convert --plan`.
    #[arg(long)]
    json: bool,
    /// Save which file each ordinal is. Identified: it holds paths.
    #[arg(long, value_name = "FILE")]
    file_map: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let mut inputs = input::read(&options.input, options.key.open()?, options.json)?;
    let naming = options.key.naming()?;
    inputs.session.choose(|choices| choices.naming = naming)?;
    if let Some(path) = &options.file_map {
        input::save_file_map(&inputs, path)?;
    }
    let (Some(plan), Some(view)) = (inputs.session.published_plan(), inputs.session.view()) else {
        return Err(Failure::Usage("nothing was read".into()));
    };
    match (options.json, options.identified) {
        (true, false) => crate::say(&plan.to_json()),
        (true, true) => crate::say(&(serde_json::to_string_pretty(&view).unwrap_or_default() + "\n")),
        (false, identified) => crate::say(&table(&plan, &view, identified)),
    }
    let volumes = view.totals.volumes;
    let failed: u32 = view.totals.failed.iter().map(|t| t.count).sum();
    Ok(ExitCode::from(match (volumes, failed) {
        (0, _) => 4,
        (_, 0) => 0,
        _ => 3,
    }))
}

/// A table for people, by ordinals.
fn table(plan: &PublishedPlan, view: &PlanView, identified: bool) -> String {
    let mut out = String::new();
    let shown = |text: &str| if identified { format!("  [{text}]") } else { String::new() };
    for (subject, patient) in plan.subjects.iter().zip(&view.patients) {
        let about = [patient.sex.as_str(), patient.age_band.as_str()];
        let about: Vec<&str> = about.into_iter().filter(|t| !t.is_empty()).collect();
        out += &format!("sub-{}  {}{}\n", subject.subject.as_str(), about.join(", "), shown(&patient.name));
        for doubt in &patient.doubts {
            out += &format!("  ! {doubt}\n");
        }
        for (session, study) in subject.sessions.iter().zip(&patient.studies) {
            let day = session.days_from_first.map_or(String::new(), |d| format!(", day {d}"));
            let about = format!("{}{day}, {}", study.time_point_label, study.scanner);
            out += &format!("  ses-{}  {about}{}\n", session.session, shown(&study.description));
            for (volume, row) in session.volumes.iter().zip(&study.volumes) {
                out += &line(volume, &row.role_label, row.needs_confirmation);
                if identified {
                    out += &format!("                 [{}]\n", row.description);
                }
                for warning in &volume.warnings {
                    out += &format!("                 ! {}\n", warning.text());
                }
            }
        }
    }
    let t = &view.totals;
    out += &format!(
        "{} files: {} volumes of {} patients, {} studies; {} will be converted\n",
        t.files, t.volumes, t.patients, t.studies, view.included.volumes
    );
    for (tally, files) in t.skipped.iter().zip(plan.skipped.iter().map(|s| &s.files)) {
        out += &format!("  skipped, {}: {} (files {files})\n", tally.label, tally.count);
    }
    for (tally, files) in t.failed.iter().zip(plan.failed.iter().map(|f| &f.files)) {
        out += &format!("  cannot be read, {}: {} (files {files})\n", tally.label, tally.count);
    }
    if view.to_confirm > 0 {
        out += &format!("  {} roles are uncertain (marked ?)\n", view.to_confirm);
    }
    out
}

fn line(volume: &PublishedVolume, role: &str, uncertain: bool) -> String {
    let [x, y, z, t] = volume.dims;
    let dims = if t > 1 { format!("{x}×{y}×{z}×{t}") } else { format!("{x}×{y}×{z}") };
    let [dx, dy, dz] = volume.spacing_mm;
    let mark = if volume.include { ' ' } else { '-' };
    let role = if uncertain { format!("{role}?") } else { role.to_owned() };
    let name = if volume.include { volume.name.as_str() } else { "left out" };
    format!(
        "  {mark} {:>4}  {role:<22} {dims:<16} {:<16} {name}\n          {} files: {}\n",
        volume.volume.0,
        format!("{dx:.2}×{dy:.2}×{dz:.2}"),
        volume.file_count,
        shorten(&volume.files, 60)
    )
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most).collect();
    format!("{} …", cut.rsplit_once(',').map_or(cut.as_str(), |(whole, _)| whole))
}
