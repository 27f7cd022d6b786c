//! One study's part of the plan: which role each of its volumes has, and whether it is converted.
//!
//! In: a study, the user's choices. Out: its volumes, without names, which need the whole patient.

use super::catalogue::{SeriesEntry, StudyEntry, VolumeEntry};
use super::choices::{Choices, VolumeChoice};
use super::plan::{PlanError, PlannedStudy, PlannedVolume, volumes_of};
use crate::convert::VolumeWarning;
use crate::convert::resample::Mended;
use crate::convert::stack::Stack;
use crate::dataset::Stem;
use crate::deid::Faces;
use crate::hanging::facts::VolumeFacts;
use crate::hanging::{Preset, RoleId, RoleMatch, assign, role_label_with_b};

/// Roles that are left out unless asked for.
const LEFT_OUT: &[(&str, &str)] =
    &[("localizer", "localizer"), ("calibration", "calibration"), ("mip", "projection")];

/// Why a volume is left out until somebody has looked at it.
pub(crate) const BURNED_IN: &str = "text may be burned in";

/// Whether volumes of a role are left out unless everything is wanted.
pub(crate) fn is_left_out_by_role(role: &RoleId) -> bool {
    LEFT_OUT.iter().any(|(id, _)| *id == role.as_str())
}

pub(super) fn plan_study(
    study: &StudyEntry,
    choices: &Choices,
    sources: &[String],
) -> Result<PlannedStudy, PlanError> {
    let matching: Vec<Matching> = volumes_of(study).map(|v| Matching::of(&v.stack)).collect();
    let by_rules = |matching: &Matching| *matching == Matching::ByRules;
    let ruled = volumes_of(study).zip(&matching).filter(|(_, m)| by_rules(m));
    let facts: Vec<VolumeFacts> = ruled.map(|(v, _)| v.facts.clone()).collect();
    let protocol = match &choices.protocol {
        Some(protocol) => protocol.clone(),
        None => Preset::for_study(&facts).protocol()?,
    };
    let mut matches = assign(&facts, &protocol);
    let chosen: Vec<VolumeChoice> =
        volumes_of(study).map(|v| choices.volumes.get(&v.id).cloned().unwrap_or_default()).collect();
    let of_ruled = chosen.iter().zip(&matching).filter(|(_, m)| by_rules(m)).map(|(choice, _)| choice);
    for (found, choice) in matches.iter_mut().zip(of_ruled) {
        if let Some(role) = &choice.role {
            found.role.clone_from(role);
        }
    }
    renumber(&mut matches, &facts);
    let matches = with_others(matches, &matching, &chosen);
    let first_phase = matches
        .iter()
        .zip(volumes_of(study))
        .filter(|(m, _)| m.dynamic_index.is_some())
        .filter_map(|(_, v)| v.acquired)
        .chain(volumes_of(study).filter_map(|v| v.acquired))
        .next();
    let volumes = volumes_of(study)
        .zip(matches)
        .zip(chosen)
        .zip(sources)
        .zip(series_of_volumes(study))
        .map(|((((volume, role), choice), source), series)| {
            let suspected = volume.stack.warnings.contains(&VolumeWarning::BurnedIn);
            let withheld = choices.reviews.withholds(&series.facts.series_uid, suspected);
            planned_volume(volume, role, &choice, source.clone(), choices, first_phase, withheld)
        })
        .collect();
    Ok(PlannedStudy {
        session: String::new(),
        session_chosen: false,
        time_point: String::new(),
        time_point_chosen: false,
        days_from_first: None,
        age: None,
        protocol: protocol.id,
        volumes,
    })
}

/// The series of each of [`volumes_of`].
fn series_of_volumes(study: &StudyEntry) -> impl Iterator<Item = &SeriesEntry> {
    study.series.iter().flat_map(|series| series.volumes.iter().map(move |_| series))
}

/// How a volume comes by its role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matching {
    ByRules,
    /// A copy has the role of the volume that it was made from, which stands right before it.
    AsBefore,
    /// A capture has none, whatever its description says: it is a picture of a volume, not the volume.
    None,
}

impl Matching {
    fn of(stack: &Stack) -> Self {
        match (&stack.resampling, stack.capture) {
            (Some(_), _) => Self::AsBefore,
            (None, true) => Self::None,
            (None, false) => Self::ByRules,
        }
    }
}

/// A match for every volume; those that are not by rules need no word of the user's.
fn with_others(matches: Vec<RoleMatch>, matching: &[Matching], chosen: &[VolumeChoice]) -> Vec<RoleMatch> {
    let mut matches = matches.into_iter();
    let mut all: Vec<RoleMatch> = Vec::new();
    for (matching, choice) in matching.iter().zip(chosen) {
        let source = match matching {
            Matching::ByRules => matches.next(),
            Matching::AsBefore => all.last().cloned(),
            Matching::None => Some(RoleMatch::default()),
        };
        let Some(mut found) = source else { break };
        if *matching != Matching::ByRules {
            found.needs_confirmation = false;
            if let Some(role) = &choice.role {
                found.role.clone_from(role);
            }
        }
        all.push(found);
    }
    all
}

/// Which of the volumes of its role each is, by acquisition, after the user's changes.
fn renumber(matches: &mut [RoleMatch], facts: &[VolumeFacts]) {
    let order = |at: usize| facts.get(at).map(|f| (f.acquisition_order, f.series_number, at));
    let roles: Vec<Option<RoleId>> = matches.iter().map(|m| m.role.clone()).collect();
    for (at, found) in matches.iter_mut().enumerate() {
        found.occurrence = match &found.role {
            None => 0,
            Some(role) => {
                let before = (0..roles.len())
                    .filter(|other| {
                        roles.get(*other) == Some(&Some(role.clone())) && order(*other) < order(at)
                    })
                    .count();
                before as u32 + 1
            }
        };
    }
}

fn planned_volume(
    volume: &VolumeEntry,
    role: RoleMatch,
    choice: &VolumeChoice,
    source: String,
    choices: &Choices,
    first_phase: Option<f64>,
    withheld: bool,
) -> PlannedVolume {
    let stack = &volume.stack;
    let id = role.role.as_ref().map(RoleId::as_str);
    let mut left_out = LEFT_OUT.iter().find(|(r, _)| Some(*r) == id).map(|(_, why)| *why);
    if choices.everything {
        left_out = None;
    }
    let modality = volume.facts.modality.as_deref();
    left_out = left_out.or(match stack.resampling.as_ref().map(|r| r.mended) {
        Some(Mended::Spacing) if !choices.equal_spacing => Some("evenly spaced copy"),
        // A tilted gantry is CT's; MR slices that lean against their stack are right as they are.
        Some(Mended::Tilt | Mended::TiltAndSpacing) if modality != Some("CT") => Some("straightened copy"),
        _ => None,
    });
    // A policy's word, not a habit: no choice of single volumes undoes it.
    let face = choices.policy.faces == Faces::Exclude && stack.warnings.contains(&VolumeWarning::MayShowFace);
    if face {
        left_out = Some("may show a face");
    }
    // Left out until somebody has looked, whatever else might leave it out.
    if withheld {
        left_out = Some(BURNED_IN);
    }
    let grid = stack.resampling.as_ref().and(stack.grid);
    let [x, y, z] = grid.map_or([stack.size[0], stack.size[1], stack.slices], |g| g.dims());
    let b_values = &volume.facts.b_values;
    let role_label =
        role.role.as_ref().map_or_else(|| "other".to_owned(), |r| role_label_with_b(r, b_values));
    PlannedVolume {
        id: volume.id,
        confirmed: choice.confirmed || choice.role.is_some(),
        include: !face && !withheld && choice.include.unwrap_or(left_out.is_none()),
        left_out,
        role_label,
        role,
        name: Stem::unnamed(),
        present: false,
        source,
        dims: [x, y, z, stack.times],
        spacing: stack.grid.map_or([0.0; 3], |g| g.affine().spacing()),
        warnings: stack.warnings.clone(),
        seconds_from_first: volume.acquired.zip(first_phase).map(|(t, first)| t - first),
    }
}
