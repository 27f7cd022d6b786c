//! Sessions: which study is which session of its subject, and which time point.
//!
//! In: the catalogue, the subjects' codes, what a person chose, and what the data set has already. Out: a
//! label, a time point and a day for every study. Studies of one day may share a session when a person
//! says so; those of different days never do. A subject whom a mapping made of two IDs has one timeline.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::Catalogue;
use super::choices::{Choices, StudyChoice};
use super::plan::PlanError;
use crate::dataset::extend::Existing;
use crate::deid::SubjectCode;
use crate::hanging::propose_time_points;

/// The longest label: what is readable in a file name.
const LONGEST: usize = 32;

/// A study's place in its subject's timeline.
#[derive(Clone, Default)]
pub(super) struct Slot {
    pub(super) session: String,
    pub(super) session_chosen: bool,
    pub(super) time_point: String,
    pub(super) time_point_chosen: bool,
    /// Days from the subject's first study, where both have a date.
    pub(super) day: Option<i64>,
}

/// A patient's and a study's number, both from 0.
type Member = (usize, usize);

/// Whether the text is a label as BIDS has them (BIDS 1.10.0, *Entities*: letters and digits).
pub(crate) fn is_session_label(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The slots of all studies, by patient. `sources` are the volumes' fingerprints by patient and study.
pub(super) fn timelines(
    catalogue: &Catalogue,
    codes: &[SubjectCode],
    sources: &[Vec<Vec<String>>],
    choices: &Choices,
    existing: &Existing,
) -> Result<Vec<Vec<Slot>>, PlanError> {
    let mut slots: Vec<Vec<Slot>> =
        catalogue.patients.iter().map(|p| vec![Slot::default(); p.studies.len()]).collect();
    let mut subjects: BTreeMap<&SubjectCode, Vec<Member>> = BTreeMap::new();
    for ((number, patient), code) in catalogue.patients.iter().enumerate().zip(codes) {
        let members = (0..patient.studies.len()).map(|study| (number, study));
        subjects.entry(code).or_default().extend(members);
    }
    let day_of = |(p, s): Member| catalogue.patients.get(p).and_then(|p| p.studies.get(s)?.day);
    for (code, mut members) in subjects {
        members.sort_by_key(|member| (day_of(*member), *member));
        let first = members.iter().filter_map(|m| day_of(*m)).min();
        let days: Vec<i64> = members.iter().map(|m| day_of(*m).or(first).unwrap_or(0)).collect();
        let chosen: Vec<StudyChoice> =
            members.iter().map(|m| choices.studies.get(m).cloned().unwrap_or_default()).collect();
        let of_study: Vec<&[String]> = members
            .iter()
            .map(|(p, s)| sources.get(*p).and_then(|of| of.get(*s)).map_or(&[][..], Vec::as_slice))
            .collect();
        let labels = labels(&members, &of_study, &chosen, code, existing)?;
        let made: Vec<Slot> = members
            .iter()
            .zip(labels)
            .zip(chosen)
            .zip(propose_time_points(&days))
            .map(|(((member, session), chosen), proposal)| Slot {
                session,
                session_chosen: chosen.session.is_some(),
                time_point_chosen: chosen.time_point.is_some(),
                time_point: chosen.time_point.unwrap_or(proposal.proposal),
                day: day_of(*member).zip(first).map(|(day, first)| day - first),
            })
            .collect();
        refuse_clashes(&members, &made)?;
        for ((patient, study), slot) in members.into_iter().zip(made) {
            if let Some(place) = slots.get_mut(patient).and_then(|of| of.get_mut(study)) {
                *place = slot;
            }
        }
    }
    Ok(slots)
}

/// Labels: the chosen ones; those that the data set has for these very volumes; else the study's number,
/// or the next that nobody has.
fn labels(
    members: &[Member],
    sources: &[&[String]],
    chosen: &[StudyChoice],
    subject: &SubjectCode,
    existing: &Existing,
) -> Result<Vec<String>, PlanError> {
    let there: Vec<(&str, Option<&str>)> = existing
        .volumes()
        .filter(|(stem, _)| stem.subject() == Some(subject.as_str()))
        .filter_map(|(stem, source)| Some((stem.session()?, source)))
        .collect();
    let is_ours = |source: &str, of: &[String]| of.iter().any(|own| own == source);
    let mut taken: BTreeSet<String> = there.iter().map(|(session, _)| session.to_ascii_lowercase()).collect();
    for ((label, own), member) in chosen.iter().zip(sources).zip(members) {
        let Some(label) = &label.session else { continue };
        if !is_session_label(label) {
            return Err(PlanError::SessionLabel { patient: member.0 + 1, study: member.1 + 1 });
        }
        // The data set's session of that label must be this one, or one of the same day's.
        let mut held = there.iter().filter(|(session, _)| session.eq_ignore_ascii_case(label)).peekable();
        let same = |(session, source): &(&str, Option<&str>)| {
            *session == label
                && source.is_some_and(|source| {
                    is_ours(source, own) || sources.iter().any(|of| is_ours(source, of))
                })
        };
        if held.peek().is_some() && !held.any(same) {
            return Err(PlanError::SessionTaken { patient: member.0 + 1, study: member.1 + 1 });
        }
        taken.insert(label.to_ascii_lowercase());
    }
    let mut last = there.iter().filter_map(|(session, _)| session.parse::<u32>().ok()).max().unwrap_or(0);
    let mut labels = Vec::new();
    for (choice, own) in chosen.iter().zip(sources) {
        let known =
            there.iter().find(|(_, s)| s.is_some_and(|s| is_ours(s, own))).map(|(session, _)| *session);
        let number = |last: u32| format!("{last:02}");
        labels.push(match (&choice.session, known) {
            (Some(label), _) => {
                last = last.saturating_add(1);
                label.clone()
            }
            (None, Some(session)) => session.to_owned(),
            (None, None) => {
                last = last.saturating_add(1);
                while taken.contains(&number(last)) {
                    last = last.saturating_add(1);
                }
                number(last)
            }
        });
    }
    Ok(labels)
}

/// One session has one day and one time point, and is spelled in one way.
fn refuse_clashes(members: &[Member], slots: &[Slot]) -> Result<(), PlanError> {
    let mut seen: BTreeMap<String, (Member, &Slot)> = BTreeMap::new();
    for (member, slot) in members.iter().zip(slots) {
        let Some((first, other)) = seen.get(&slot.session.to_ascii_lowercase()) else {
            seen.insert(slot.session.to_ascii_lowercase(), (*member, slot));
            continue;
        };
        let (patient, first, second) = (member.0 + 1, first.1 + 1, member.1 + 1);
        if other.session != slot.session {
            return Err(PlanError::SessionCase { patient, first, second });
        }
        if other.day.zip(slot.day).is_some_and(|(a, b)| a != b) {
            return Err(PlanError::SessionDays { patient, first, second });
        }
        if other.time_point != slot.time_point {
            return Err(PlanError::SessionTimePoints { patient, first, second });
        }
    }
    Ok(())
}
