//! Proposals of time points from the order of a patient's studies.
//!
//! In come days; out come sessions with a proposed time point. Order only proposes: when treatment
//! happened is not in a header, so that a person confirms or changes it.

use serde::{Deserialize, Serialize};

/// Proposal for one study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimePoint {
    /// Session number, 1 first, by day; studies of one day are apart, in the order given.
    pub session: u32,
    /// Days from the patient's first study.
    pub days_from_first: i64,
    /// Proposed time point: `pre` for the first day, `post` for later ones.
    pub proposal: String,
    /// Whether the proposal rests on more than one day: with one there is nothing to order, with
    /// more than two the treatment may lie anywhere between.
    pub certain: bool,
}

/// Proposes time points for the studies of one patient, in the order given.
///
/// `days` are study dates as days from any common origin. The earliest day is `pre`, all later days
/// are `post`: a second study of the first day (a repeat, another machine) is `pre` as well. Only
/// with exactly two days is the proposal `certain`, and even then only a proposal.
#[must_use]
pub fn propose_time_points(days: &[i64]) -> Vec<TimePoint> {
    let Some(first) = days.iter().copied().min() else {
        return Vec::new();
    };
    let mut order: Vec<usize> = (0..days.len()).collect();
    let day = |i: usize| days.get(i).copied().unwrap_or(first);
    order.sort_by_key(|&i| (day(i), i));
    let mut distinct: Vec<i64> = days.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let certain = distinct.len() == 2;
    (0..days.len())
        .map(|i| {
            let rank = order.iter().position(|&o| o == i).unwrap_or(i);
            TimePoint {
                session: u32::try_from(rank + 1).unwrap_or(u32::MAX),
                days_from_first: day(i).saturating_sub(first),
                proposal: if day(i) == first { "pre" } else { "post" }.to_owned(),
                certain,
            }
        })
        .collect()
}
