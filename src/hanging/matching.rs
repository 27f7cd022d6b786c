//! Which volume of a study plays which role.
//!
//! In come the facts of all volumes of one study and a protocol; out comes one [`RoleMatch`] a
//! volume, in the order given. The result does not depend on that order. Reasons are written for
//! people and speak in the protocol's vocabulary and in numbers: nothing quotes a header.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::VolumeFacts;
use super::protocol::{OrderKey, Protocol, TieBreak};
use super::reading::{self, Reading};
use super::roles::RoleId;

/// The role of a volume, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleMatch {
    /// The role, or none where no role reaches the protocol's `minScore`.
    pub role: Option<RoleId>,
    /// Score of the best role, whether it sufficed or not.
    pub score: f64,
    /// How sure the match is, 0 to 1, from the margins to the runner-up and to `minScore`.
    pub confidence: f64,
    /// Whether a person must confirm the role before export.
    pub needs_confirmation: bool,
    /// What spoke for the best role and against it, heaviest first.
    pub reasons: Vec<Reason>,
    /// Every role that is not excluded, with its score, best first; at most eight.
    pub candidates: Vec<(RoleId, f64)>,
    /// Which of the volumes of this role it is, by acquisition, 1 first; 0 without a role.
    pub occurrence: u32,
    /// Rank among the volumes of this role by score and the protocol's `tieBreak`, 0 best: a pane
    /// shows rank 0. 0 without a role.
    pub rank: u32,
    /// Position in the deduced dynamic series, 0 before contrast.
    pub dynamic_index: Option<u32>,
    /// Seconds from the bolus, given or deduced.
    pub seconds_after_bolus: Option<f64>,
}

/// A reason for a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What was found, in words that hold no text of the header.
    pub text: String,
    /// What it added.
    pub weight: f64,
}

/// Below this confidence, a person must confirm.
pub const CONFIRM_BELOW: f64 = 0.5;

/// Most candidates listed.
const MAX_CANDIDATES: usize = 8;

/// Gives every volume of a study its role by a protocol's rules.
///
/// One result a volume, in the order of `study`. See [`RoleMatch`].
#[must_use]
pub fn assign(study: &[VolumeFacts], protocol: &Protocol) -> Vec<RoleMatch> {
    let readings = reading::read(study);
    let mut matches: Vec<RoleMatch> = readings.iter().map(|r| best_role(r, protocol)).collect();
    number(&mut matches, &readings, protocol);
    matches
}

impl RoleMatch {
    /// The match with a role that a person chose (or none): certain, nothing left to confirm. Score,
    /// reasons and candidates stay as evidence; [`renumber`] the study afterwards.
    #[must_use]
    pub fn chosen(mut self, role: Option<RoleId>) -> Self {
        self.role = role;
        self.confidence = 1.0;
        self.needs_confirmation = false;
        self
    }
}

/// Recomputes occurrences and ranks after roles were changed by hand. `matches` and `study` are in
/// the same order.
pub fn renumber(matches: &mut [RoleMatch], study: &[VolumeFacts], protocol: &Protocol) {
    for m in matches.iter_mut() {
        (m.occurrence, m.rank) = (0, 0);
    }
    number(matches, &reading::read(study), protocol);
}

/// Scores one volume against all roles.
fn best_role(reading: &Reading<'_>, protocol: &Protocol) -> RoleMatch {
    let mut scored: Vec<(usize, f64)> = Vec::new();
    for (i, role) in protocol.roles.iter().enumerate() {
        let excluded = role.require.iter().any(|c| c.ask(reading).0 == Some(0.0));
        if !excluded {
            let score =
                role.score.iter().map(|r| r.when.ask(reading).0.unwrap_or(0.0) * r.weight).sum::<f64>();
            scored.push((i, (score * 100.0).round() / 100.0));
        }
    }
    // Stable: of equal scores, the role that the protocol names first.
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    let id = |i: usize| protocol.roles.get(i).map(|r| r.id.clone());
    let candidates = scored
        .iter()
        .filter(|(_, score)| *score > 0.0)
        .take(MAX_CANDIDATES)
        .filter_map(|(i, score)| Some((id(*i)?, *score)))
        .collect();
    let mut result = RoleMatch {
        candidates,
        dynamic_index: reading.dynamic.as_ref().map(|d| d.index),
        seconds_after_bolus: reading.seconds_after_bolus,
        ..RoleMatch::default()
    };
    let Some((best, score)) = scored.first().copied() else {
        return result;
    };
    result.score = score;
    result.reasons = reasons(best, reading, protocol);
    if score < protocol.min_score || score <= 0.0 {
        return result;
    }
    let runner_up = scored.get(1).map_or(0.0, |s| s.1.max(0.0));
    result.role = id(best);
    result.confidence = confidence(score, runner_up, protocol.min_score);
    result.needs_confirmation = result.confidence < CONFIRM_BELOW;
    result
}

/// Confidence from the two margins: full where the score exceeds `minScore` by half of it and the
/// runner-up by as much; a draw, or a score that just suffices with a rival near, needs a person.
fn confidence(score: f64, runner_up: f64, min_score: f64) -> f64 {
    let unit = (min_score.abs() / 2.0).max(0.5);
    let over_min = ((score - min_score) / unit).clamp(0.0, 1.0);
    let over_rival = ((score - runner_up) / unit).clamp(0.0, 1.0);
    let value = (0.55 + 0.45 * over_min) * (0.2 + 0.8 * over_rival);
    (value * 100.0).round() / 100.0
}

fn reasons(role: usize, reading: &Reading<'_>, protocol: &Protocol) -> Vec<Reason> {
    let Some(role) = protocol.roles.get(role) else {
        return Vec::new();
    };
    let mut reasons: Vec<Reason> = role
        .score
        .iter()
        .filter_map(|rule| {
            let (answer, said) = rule.when.ask(reading);
            let weight = answer.unwrap_or(0.0) * rule.weight;
            (weight != 0.0)
                .then(|| Reason { text: said.join(", "), weight: (weight * 100.0).round() / 100.0 })
        })
        .collect();
    reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    reasons
}

/// Numbers the volumes of each role by acquisition and ranks them for panes.
fn number(matches: &mut [RoleMatch], readings: &[Reading<'_>], protocol: &Protocol) {
    let mut by_role: BTreeMap<RoleId, Vec<usize>> = BTreeMap::new();
    for (i, m) in matches.iter().enumerate() {
        if let Some(role) = &m.role {
            by_role.entry(role.clone()).or_default().push(i);
        }
    }
    for volumes in by_role.values() {
        let mut by_time = volumes.clone();
        by_time.sort_by(|a, b| match (readings.get(*a), readings.get(*b)) {
            (Some(a), Some(b)) => reading::by_acquisition(a.facts, b.facts),
            _ => Ordering::Equal,
        });
        for (n, i) in by_time.iter().enumerate() {
            if let Some(m) = matches.get_mut(*i) {
                m.occurrence = u32::try_from(n + 1).unwrap_or(u32::MAX);
            }
        }
        // Ranked from acquisition order, so that the last tie is broken by it.
        let mut by_rank = by_time;
        by_rank.sort_by(|a, b| {
            let score = |i: usize| matches.get(i).map_or(0.0, |m| m.score);
            let tie = || match (readings.get(*a), readings.get(*b)) {
                (Some(a), Some(b)) => compare(a, b, &protocol.tie_break),
                _ => Ordering::Equal,
            };
            score(*b).total_cmp(&score(*a)).then_with(tie)
        });
        for (n, i) in by_rank.iter().enumerate() {
            if let Some(m) = matches.get_mut(*i) {
                m.rank = u32::try_from(n).unwrap_or(u32::MAX);
            }
        }
    }
}

/// Compares two volumes by a protocol's order; what lacks a fact comes last.
fn compare(a: &Reading<'_>, b: &Reading<'_>, order: &[TieBreak]) -> Ordering {
    for step in order {
        let ordering = match (value(a, step.key), value(b, step.key)) {
            (Some(x), Some(y)) if step.descending => y.total_cmp(&x),
            (Some(x), Some(y)) => x.total_cmp(&y),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

fn value(reading: &Reading<'_>, key: OrderKey) -> Option<f64> {
    let facts = reading.facts;
    match key {
        OrderKey::SliceCount => facts.slice_count.map(f64::from),
        OrderKey::AcquisitionOrder => facts.acquisition_order.map(f64::from),
        #[allow(clippy::cast_precision_loss, reason = "series numbers are small; only their order matters")]
        OrderKey::SeriesNumber => facts.series_number.map(|n| n as f64),
        OrderKey::SliceSpacing => facts.spacing_mm.map(|[_, _, z]| z),
        OrderKey::BValue => reading.b_values.iter().copied().reduce(f64::max),
        OrderKey::EchoTime => facts.echo_time_ms,
        OrderKey::SecondsAfterBolus => reading.seconds_after_bolus,
        OrderKey::VolumeCount => facts.volume_count.map(f64::from),
    }
}
