//! What the words of a dynamic series' time points say of their phases.
//!
//! In come the words of each time point; out come weights for each state, seconds that words name,
//! and whether they say *early* or *late*. What all time points say alike tells none from another
//! and is dropped. Which phase it is, is decided in [`super::phases`].

use super::phases::{ARTERIAL, N, PORTAL, PRE};
use super::vocabulary::{AFTER, EARLY_ARTERIAL, LATE_ARTERIAL, NO_PHASE, VOCABULARY};
use super::words::{has_any, listed, without};

/// A time point of the dynamic series: volumes acquired together.
#[derive(Clone, Debug, Default)]
pub(super) struct TimePoint {
    /// Words of the descriptions of its volumes.
    pub(super) words: Vec<Vec<String>>,
    /// Believed words of the protocol's names.
    pub(super) protocol_words: Vec<Vec<String>>,
    /// Seconds from the study's first acquisition.
    pub(super) acquired: Option<f64>,
    /// Seconds from the bolus, where a header says so.
    pub(super) after_bolus: Option<f64>,
    /// What the contrast tags say.
    pub(super) contrast: Option<bool>,
}

/// What the words of a time point say.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// Weight for each state.
    pub(super) states: [f64; N],
    /// Weight for "contrast was given".
    pub(super) after: f64,
    /// Seconds that the words name (`70s`, `20min`).
    pub(super) seconds: Option<f64>,
    pub(super) early: bool,
    pub(super) late: bool,
    /// Ordinal behind the arterial word: 1 of `art1`.
    pub(super) ordinal: Option<u32>,
}

fn hear(words: &[String], said: &mut Said, weight: f64) {
    let mut words = without(words, NO_PHASE);
    let arterial_too = has_any(&words, VOCABULARY[ARTERIAL]) || has_any(&words, LATE_ARTERIAL);
    said.late |= has_any(&words, LATE_ARTERIAL)
        || (arterial_too
            && has_any(&words, "late, spat, spaet, tardive")
            && !has_any(&words, VOCABULARY[PORTAL]));
    said.early |= has_any(&words, EARLY_ARTERIAL) && !has_any(&words, VOCABULARY[PORTAL]);
    if said.late {
        said.states[ARTERIAL] = said.states[ARTERIAL].max(weight);
        words = without(&words, "late, spat, spaet, tardive, tardif, tardia, tardiva");
    } else if said.early && !arterial_too && !has_any(&words, "early delayed, early dynamic") {
        said.states[ARTERIAL] = said.states[ARTERIAL].max(weight * 0.6);
    }
    let ordinal = words.windows(2).find_map(|pair| match pair {
        [w, n] if listed(VOCABULARY[ARTERIAL]).any(|term| term == w) => {
            n.parse::<u32>().ok().filter(|n| (1..=9).contains(n))
        }
        _ => None,
    });
    said.ordinal = said.ordinal.or(ordinal);
    for (state, terms) in said.states.iter_mut().zip(VOCABULARY) {
        if has_any(&words, terms) {
            *state = state.max(weight);
        }
    }
    // `non contrast`, `pre gd` and the like are about before.
    if has_any(&words, AFTER) && !has_any(&words, VOCABULARY[PRE]) {
        said.after = said.after.max(weight * 0.4);
    }
    said.seconds = said.seconds.or_else(|| seconds_in(&words));
}

/// A time that words name: digits before a unit of time (decimals are acquisition parameters).
fn seconds_in(words: &[String]) -> Option<f64> {
    words.windows(2).enumerate().find_map(|(i, pair)| {
        let [number, unit] = pair else { return None };
        let decimal = i.checked_sub(1).and_then(|p| words.get(p)).is_some_and(|w| w == "point");
        let value = number.parse::<f64>().ok().filter(|_| !decimal)?;
        match unit.as_str() {
            "s" | "sec" | "secs" | "sek" | "seg" | "second" | "seconds"
                if (10.0..=600.0).contains(&value) =>
            {
                Some(value)
            }
            "min" | "mins" | "mn" | "minutes" | "minute" | "minuten" | "m"
                if (1.0..=180.0).contains(&value) =>
            {
                Some(value * 60.0)
            }
            _ => None,
        }
    })
}

/// Weight of words of the description, and of those of the protocol's name.
const WORD: f64 = 6.0;
const PROTOCOL_WORD: f64 = 3.0;

/// What all time points say, without what (nearly) all of them say alike: a name that lists all
/// phases, or one copied from series to series, tells none from another.
pub(super) fn listen(points: &[TimePoint]) -> Vec<Said> {
    let mut all: Vec<Said> = points
        .iter()
        .map(|p| {
            let mut own = Said::default();
            p.words.iter().for_each(|w| hear(w, &mut own, WORD));
            let mut protocol = Said::default();
            p.protocol_words.iter().for_each(|w| hear(w, &mut protocol, PROTOCOL_WORD));
            // The protocol's name speaks where the description is silent.
            if own.states.iter().all(|s| *s == 0.0) && own.seconds.is_none() {
                own.states = protocol.states;
                own.early |= protocol.early;
                own.late |= protocol.late;
                own.ordinal = own.ordinal.or(protocol.ordinal);
                own.after = own.after.max(protocol.after);
            }
            own
        })
        .collect();
    let most = |count: usize| points.len() >= 3 && count * 5 >= points.len() * 4;
    let others = |state: usize, all: &[Said]| {
        all.iter().any(|s| s.states.iter().enumerate().any(|(i, w)| i != state && *w > 0.0) || s.after > 0.0)
    };
    for state in 0..N {
        let count = all.iter().filter(|s| s.states[state] > 0.0).count();
        if most(count) && (state != PRE || others(state, &all)) {
            all.iter_mut().for_each(|s| s.states[state] = 0.0);
        }
    }
    if most(all.iter().filter(|s| s.after > 0.0).count()) && all.iter().all(|s| s.after > 0.0) {
        all.iter_mut().for_each(|s| s.after = 0.0);
    }
    // A time that two time points of three share is a breath-hold's length, not a delay.
    let times: Vec<Option<f64>> = all.iter().map(|s| s.seconds).collect();
    for said in &mut all {
        let same = times.iter().filter(|t| t.is_some() && **t == said.seconds).count();
        if points.len() >= 2 && same * 2 > points.len() {
            said.seconds = None;
        }
        // Of several states named, each is half as likely; what several name is less than a word.
        let named = said.states.iter().filter(|s| **s > 0.0).count();
        if named > 1 {
            said.states.iter_mut().for_each(|s| *s *= if named == 2 { 0.5 } else { 0.25 });
        }
    }
    all
}

/// Whether words say *before contrast*.
pub(super) fn names_pre(words: &[String]) -> bool {
    let words = without(words, NO_PHASE);
    has_any(&words, VOCABULARY[PRE])
}

/// Whether words name a phase after contrast.
pub(super) fn names_phase(words: &[String]) -> bool {
    let words = without(words, NO_PHASE);
    VOCABULARY.iter().skip(1).any(|terms| has_any(&words, terms))
}

/// Whether words say *after contrast*, in general or by a phase.
pub(super) fn names_after(words: &[String]) -> bool {
    let words = without(words, NO_PHASE);
    !has_any(&words, VOCABULARY[PRE]) && has_any(&words, AFTER)
}
