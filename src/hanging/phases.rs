//! Phases of a dynamic series after a bolus of contrast agent.
//!
//! In come the time points of one study's dynamic series, in order of acquisition, with the words,
//! times and contrast tags of each; out comes a phase for each, with how certain it is. Phases never
//! run backwards, so that the whole series is explained at once: the most likely monotonic sequence
//! of states (Viterbi), over several hypotheses of when the bolus was given where no header says so.
//! Nothing here knows of roles.

use serde::{Deserialize, Serialize};

use super::facts::{Agent, Uptake};
use super::hearing::{Said, TimePoint, listen};

/// Phase of a dynamic contrast-enhanced series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before contrast.
    Pre,
    /// Early arterial: hepatic artery filled, portal vein not.
    ArterialEarly,
    /// Arterial, neither known as early nor as late.
    Arterial,
    /// Late arterial: portal vein beginning to fill.
    ArterialLate,
    /// Portal venous.
    PortalVenous,
    /// Transitional: what 3 min is with gadoxetate.
    Transitional,
    /// Delayed (equilibrium).
    Delayed,
    /// Hepatobiliary.
    Hepatobiliary,
}

/// States that a time point passes through, in order; arterial ones are told apart afterwards.
const STATES: [Phase; 6] = [
    Phase::Pre,
    Phase::Arterial,
    Phase::PortalVenous,
    Phase::Transitional,
    Phase::Delayed,
    Phase::Hepatobiliary,
];
pub(super) const N: usize = STATES.len();
pub(super) const PRE: usize = 0;
pub(super) const ARTERIAL: usize = 1;
pub(super) const PORTAL: usize = 2;
const TRANSITIONAL: usize = 3;
const DELAYED: usize = 4;
const HEPATOBILIARY: usize = 5;

/// The phase of a time point.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// The phase, where one could be told.
    pub(super) phase: Option<Phase>,
    /// How certain it is, 0 to 1.
    pub(super) certainty: f64,
    /// What it was told by.
    pub(super) evidence: Vec<String>,
    /// Seconds after the bolus, where a header's bolus time proved believable.
    pub(super) seconds: Option<f64>,
}

/// How well a time after the bolus fits a state: 6 within its window, 0 at the outer edges, then
/// quickly down. Windows: LI-RADS v2018 technical recommendations (late arterial 30–40 s, portal
/// venous 60–80 s, delayed 2–5 min, transitional 2–5 min and hepatobiliary about 20 min with
/// gadoxetate, 1–3 h with gadobenate), widened by how clinics time them.
fn fits(state: usize, seconds: f64, agent: Option<Agent>) -> f64 {
    const FAST: Option<Agent> = Some(Agent::Hepatobiliary(Uptake::Fast));
    const SLOW: Option<Agent> = Some(Agent::Hepatobiliary(Uptake::Slow));
    let never = [f64::MAX, f64::MAX, f64::MAX, f64::MAX];
    let [low_edge, low, high, high_edge] = match state {
        PRE => [f64::MIN, f64::MIN, 0.0, 8.0],
        ARTERIAL => [4.0, 12.0, 47.0, 60.0],
        PORTAL => [42.0, 55.0, 105.0, 140.0],
        TRANSITIONAL if agent == FAST => [105.0, 140.0, 500.0, 700.0],
        TRANSITIONAL => never,
        DELAYED if agent == FAST => never,
        DELAYED if agent == SLOW => [105.0, 150.0, 1800.0, 2700.0],
        DELAYED => [105.0, 150.0, 1500.0, 3600.0],
        _ if agent == FAST => [480.0, 600.0, 10_800.0, 21_600.0],
        _ if agent == SLOW => [1800.0, 2700.0, 14_400.0, 28_800.0],
        _ if agent.is_none() => [1500.0, 1800.0, 10_800.0, 21_600.0],
        _ => never,
    };
    let full = 6.0;
    if low == f64::MAX {
        return -full;
    }
    let slope = |beyond: f64, width: f64| (full * (1.0 - beyond / width)).max(-full);
    if seconds < low {
        slope(low - seconds, low - low_edge)
    } else if seconds > high {
        slope(seconds - high, high_edge - high)
    } else {
        full
    }
}

/// One supposition of when the bolus was given.
struct Hypothesis {
    /// Seconds after the bolus of each time point.
    times: Vec<Option<f64>>,
    /// How much times count: those of a header fully, supposed ones less.
    scale: f64,
    /// What speaks against it beforehand.
    cost: f64,
    /// Whether contrast was given at all.
    given: bool,
}

fn hypotheses(points: &[TimePoint], evidence: bool) -> Vec<Hypothesis> {
    let n = points.len();
    let bolus: Vec<f64> = points.iter().filter_map(|p| Some(p.acquired? - p.after_bolus?)).collect();
    let told = points.iter().filter(|p| p.after_bolus.is_some()).count();
    // Times that are alike although the acquisitions are apart were typed in, not measured.
    let spread = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        high - low
    };
    let constant = told >= 2 && spread(&mut points.iter().filter_map(|p| p.after_bolus)) < 1.0;
    let mut all = Vec::new();
    if told > 0 && !constant {
        let mut sorted = bolus;
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.get(sorted.len() / 2).copied();
        let times = points.iter().map(|p| p.after_bolus.or_else(|| Some(p.acquired? - middle?))).collect();
        all.push(Hypothesis { times, scale: 1.0, cost: 0.0, given: true });
    }
    // A header's bolus time may be that of another clock: consistent words can overrule it.
    let (header, scale) = if all.is_empty() { (0.0, 0.5) } else { (1.0, 0.75) };
    let doubt = if evidence { header } else { header + 6.0 };
    // Supposed: some time point is the first after contrast, a nominal time after the bolus.
    for (first, point) in points.iter().enumerate().take(24) {
        let Some(acquired) = point.acquired else {
            continue;
        };
        for nominal in [20.0, 32.0, 68.0] {
            let times = points.iter().map(|p| p.acquired.map(|t| t - acquired + nominal)).collect();
            let cost = doubt + if first == 0 { 1.5 } else { 0.0 } + if nominal > 60.0 { 1.0 } else { 0.0 };
            all.push(Hypothesis { times, scale, cost, given: true });
        }
    }
    all.push(Hypothesis { times: vec![None; n], scale: 0.0, cost: doubt, given: true });
    all.push(Hypothesis { times: vec![None; n], scale: 0.0, cost: 0.0, given: false });
    all
}

/// What order alone suggests for time point `i` of `n`, where no time is known.
fn usual(i: usize, n: usize, fast: bool) -> Option<usize> {
    match (i, n) {
        (0, 3..) => Some(PRE),
        (1, 3..) => Some(ARTERIAL),
        (2, 3..) => Some(PORTAL),
        (_, 4..) if fast && i + 1 == n && n >= 5 => Some(HEPATOBILIARY),
        (_, 4..) => Some(if fast { TRANSITIONAL } else { DELAYED }),
        _ => None,
    }
}

/// Cost of going from one time point's state to the next's.
fn step(from: usize, to: usize) -> f64 {
    match (from, to) {
        (a, b) if a > b => f64::NEG_INFINITY,
        (PRE, PRE) | (ARTERIAL, ARTERIAL) => -0.5,
        (PORTAL, PORTAL) => -1.0,
        (a, b) if a == b => -0.3,
        (PRE, ARTERIAL) => 0.0,
        (PRE, PORTAL) => -0.5,
        (PRE, _) => -1.0,
        _ => 0.0,
    }
}

/// Tells the phases of a dynamic series. `points` are in order of acquisition.
pub(super) fn tell(points: &[TimePoint], agent: Option<Agent>, contrast_known: bool) -> Vec<Told> {
    let said = listen(points);
    let fast = agent == Some(Agent::Hepatobiliary(Uptake::Fast));
    let tags_differ =
        points.iter().any(|p| p.contrast == Some(true)) && points.iter().any(|p| p.contrast != Some(true));
    let worded = said
        .iter()
        .any(|s| s.after > 0.0 || s.seconds.is_some() || s.states.iter().skip(1).any(|w| *w > 0.0));
    let evidence = contrast_known || worded;
    // Best total in which time point i is in state s, over all hypotheses.
    let mut best = vec![[f64::NEG_INFINITY; N]; points.len()];
    let mut winner: Option<(f64, usize)> = None;
    let all = hypotheses(points, evidence);
    for (h, hypothesis) in all.iter().enumerate() {
        let emissions: Vec<[f64; N]> = points
            .iter()
            .enumerate()
            .map(|(i, point)| {
                let mut row = [0.0; N];
                for (state, cell) in row.iter_mut().enumerate() {
                    *cell = emission(
                        state,
                        i,
                        point,
                        said.get(i),
                        hypothesis,
                        points.len(),
                        agent,
                        fast,
                        tags_differ,
                    );
                }
                row
            })
            .collect();
        let marginals = marginals(&emissions);
        for (b, m) in best.iter_mut().zip(&marginals) {
            for (b, m) in b.iter_mut().zip(m) {
                *b = b.max(*m - hypothesis.cost);
            }
        }
        let total = marginals
            .first()
            .map_or(f64::NEG_INFINITY, |m| m.iter().copied().fold(f64::NEG_INFINITY, f64::max))
            - hypothesis.cost;
        if winner.is_none_or(|(w, _)| total > w + 1e-9) {
            winner = Some((total, h));
        }
    }
    let chosen = winner.and_then(|(_, h)| all.get(h));
    let header = chosen.is_some_and(|h| h.scale >= 1.0);
    let mut told: Vec<Told> = best
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let mut order: Vec<usize> = (0..N).collect();
            order.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
            let (first, second) =
                (order.first().copied().unwrap_or(PRE), order.get(1).copied().unwrap_or(PRE));
            let margin = row[first] - row[second];
            let time = chosen.and_then(|h| h.times.get(i).copied().flatten());
            let seconds = time.filter(|_| header);
            if margin < 0.3 {
                return Told { seconds, ..Told::default() };
            }
            let sure = (0.5 + margin / 6.0).clamp(0.5, 1.0);
            // Several T1 volumes without a sign of contrast may be phases or repeats: ask a person.
            let certainty = if !evidence && points.len() >= 2 { 0.4 } else { sure };
            Told {
                phase: STATES.get(first).copied(),
                certainty,
                evidence: evidence_of(first, said.get(i), time, header, tags_differ),
                seconds,
            }
        })
        .collect();
    arterials(&mut told, &said);
    told
}

#[allow(
    clippy::too_many_arguments,
    reason = "one cell of a table whose every input matters; a struct would only rename them"
)]
fn emission(
    state: usize,
    i: usize,
    point: &TimePoint,
    said: Option<&Said>,
    hypothesis: &Hypothesis,
    n: usize,
    agent: Option<Agent>,
    fast: bool,
    tags_differ: bool,
) -> f64 {
    if !hypothesis.given && state != PRE {
        return -20.0;
    }
    let mut score = 0.0;
    if let Some(said) = said {
        // With gadoxetate, what is called delayed is transitional or hepatobiliary by its time.
        let named = if fast && (state == TRANSITIONAL || state == HEPATOBILIARY) {
            said.states[state].max(said.states[DELAYED] * if state == TRANSITIONAL { 0.9 } else { 0.7 })
        } else if fast && state == DELAYED {
            0.0
        } else if !fast && state == DELAYED {
            said.states[state].max(said.states[TRANSITIONAL] * 0.5)
        } else {
            said.states[state]
        };
        score += named;
        score += if state == PRE { -said.after } else { said.after * 0.5 };
        if let Some(seconds) = said.seconds {
            score += fits(state, seconds, agent) * 0.7;
        }
    }
    if fast && state == DELAYED {
        score -= 4.0;
    }
    // Transitional and hepatobiliary phases exist with hepatobiliary agents only; without a word,
    // they are not supposed.
    if !fast && state == TRANSITIONAL && said.is_none_or(|s| s.states[TRANSITIONAL] == 0.0) {
        score -= 4.0;
    }
    if agent == Some(Agent::Extracellular)
        && state == HEPATOBILIARY
        && said.is_none_or(|s| s.states[HEPATOBILIARY] == 0.0)
    {
        score -= 4.0;
    }
    if agent.is_none() && state == HEPATOBILIARY {
        score -= 1.0;
    }
    if tags_differ {
        score += match (point.contrast, state == PRE) {
            (Some(true), true) => -1.5,
            (Some(true), false) => 1.0,
            (_, true) => 1.5,
            (_, false) => -1.5,
        };
    } else if point.contrast == Some(false) {
        score += if state == PRE { 1.0 } else { -1.0 };
    }
    let time = hypothesis.times.get(i).copied().flatten();
    match time {
        Some(seconds) => score += fits(state, seconds, agent) * hypothesis.scale,
        None if hypothesis.given && usual(i, n, fast) == Some(state) => score += 1.5,
        None => {}
    }
    if i == 0 && hypothesis.given && state != PRE {
        score -= 0.5;
    }
    score
}

/// For each time point and state, the best total of all monotonic sequences through it.
fn marginals(emissions: &[[f64; N]]) -> Vec<[f64; N]> {
    let n = emissions.len();
    let mut forward = vec![[0.0; N]; n];
    let mut backward = vec![[0.0; N]; n];
    for i in 0..n {
        for s in 0..N {
            let before = match i.checked_sub(1).and_then(|p| forward.get(p)) {
                Some(row) => (0..N).map(|p| row[p] + step(p, s)).fold(f64::NEG_INFINITY, f64::max),
                None => 0.0,
            };
            forward[i][s] = before + emissions[i][s];
        }
    }
    for i in (0..n).rev() {
        for s in 0..N {
            backward[i][s] = match (backward.get(i + 1), emissions.get(i + 1)) {
                (Some(row), Some(next)) => {
                    (0..N).map(|t| row[t] + next[t] + step(s, t)).fold(f64::NEG_INFINITY, f64::max)
                }
                _ => 0.0,
            };
        }
    }
    forward.iter().zip(&backward).map(|(f, b)| std::array::from_fn(|s| f[s] + b[s])).collect()
}

fn evidence_of(
    state: usize,
    said: Option<&Said>,
    time: Option<f64>,
    header: bool,
    tags: bool,
) -> Vec<String> {
    let mut evidence = Vec::new();
    if said.is_some_and(|s| s.states[state] > 0.0) {
        evidence.push("words".to_owned());
    }
    if said.is_some_and(|s| s.seconds.is_some()) {
        evidence.push("the time it names".to_owned());
    }
    match time {
        Some(t) if header && state == PRE => evidence.push(format!("{:.0} s before the bolus", -t)),
        Some(t) if header => evidence.push(format!("{t:.0} s after the bolus")),
        Some(_) => evidence.push("intervals between acquisitions".to_owned()),
        None => evidence.push("order of acquisition".to_owned()),
    }
    if tags {
        evidence.push("contrast tags".to_owned());
    }
    evidence
}

/// Tells early from late arterial phases: by their words, by seconds of a header, and where there
/// are several, by order: the first is early, the last late, what lies between neither.
fn arterials(told: &mut [Told], said: &[Said]) {
    let which: Vec<usize> =
        told.iter().enumerate().filter(|(_, t)| t.phase == Some(Phase::Arterial)).map(|(i, _)| i).collect();
    let worded: Vec<Option<Phase>> = which
        .iter()
        .map(|&i| match said.get(i) {
            Some(s) if s.late && !s.early => Some(Phase::ArterialLate),
            Some(s) if s.early && !s.late => Some(Phase::ArterialEarly),
            _ => None,
        })
        .collect();
    let several = which.len() > 1;
    for (n, (&i, word)) in which.iter().zip(&worded).enumerate() {
        let Some(t) = told.get_mut(i) else { continue };
        let after_early = worded.iter().take(n).any(|w| *w == Some(Phase::ArterialEarly));
        let before_late = worded.iter().skip(n + 1).any(|w| *w == Some(Phase::ArterialLate));
        let phase = match (word, t.seconds) {
            (Some(phase), _) => *phase,
            (None, _) if several && (before_late || (n == 0 && !after_early)) => Phase::ArterialEarly,
            (None, _) if several && n + 1 == which.len() => Phase::ArterialLate,
            (None, _) if several => Phase::Arterial,
            // One arterial phase is what the clinic calls arterial, unless plainly early.
            (None, Some(seconds)) if seconds < 15.0 => Phase::ArterialEarly,
            _ => Phase::Arterial,
        };
        if several && word.is_none() {
            t.evidence.push(format!("arterial phase {} of {}", n + 1, which.len()));
            // Names that number the phases agree; without, the order is all there is.
            if said.get(i).is_none_or(|s| s.ordinal.is_none()) {
                t.certainty *= 0.9;
            }
        }
        t.phase = Some(phase);
    }
}
