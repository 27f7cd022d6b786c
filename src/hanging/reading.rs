//! What the facts of a volume mean within its study.
//!
//! In come the facts of all volumes of one study; out comes a [`Reading`] of each: its kind, and
//! what only the whole study tells: the dynamic series with its phases, the agent, whether contrast
//! had been given, and which names of protocols are to be believed. Nothing here knows of roles or
//! depends on the order in which volumes are given.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::facts::{Agent, ComplexPart, DerivedKind, Dixon, Plane, Uptake, VolumeFacts};
use super::hearing::{self, TimePoint};
use super::kinds::{self, Weighting, has_code};
use super::phases::{self, Phase};
use super::vocabulary::{ELSEWHERE, HEPATOBILIARY_WORDS, LIVER};
use super::words::has_any;

/// Place of a volume in the dynamic series of its study.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dynamic {
    /// Time point, 0 first.
    pub(super) index: u32,
    /// Time points.
    pub(super) count: u32,
    /// Phase, where one could be told.
    pub(super) phase: Option<Phase>,
    /// How certain the phase is, 0 to 1.
    pub(super) certainty: f64,
    /// What it was told by.
    pub(super) evidence: Vec<String>,
}

/// A volume as read within its study.
#[derive(Clone, Debug)]
pub(super) struct Reading<'a> {
    pub(super) facts: &'a VolumeFacts,
    /// Words of the protocol's name, where they are to be believed.
    pub(super) protocol_words: &'a [String],
    pub(super) derived: Option<DerivedKind>,
    pub(super) dixon: Option<Dixon>,
    pub(super) weighting: Option<Weighting>,
    pub(super) fat_saturated: Option<bool>,
    pub(super) contrast: Option<bool>,
    pub(super) agent: Option<Agent>,
    pub(super) b_values: Vec<f64>,
    pub(super) seconds_after_bolus: Option<f64>,
    pub(super) dynamic: Option<Dynamic>,
}

/// Reads all volumes of a study; one reading a volume, in the order given.
pub(super) fn read(study: &[VolumeFacts]) -> Vec<Reading<'_>> {
    let mut readings: Vec<Reading<'_>> = study
        .iter()
        .map(|facts| {
            let dixon = kinds::dixon(facts);
            let b_values = kinds::b_values(facts);
            let protocol_words = believed(facts, study);
            Reading {
                facts,
                protocol_words,
                derived: kinds::derived(facts),
                dixon,
                weighting: kinds::weighting(facts, protocol_words, &b_values),
                fat_saturated: kinds::fat_saturated(facts, dixon),
                contrast: facts.contrast,
                agent: None,
                b_values,
                seconds_after_bolus: facts.seconds_after_bolus.filter(|s| s.abs() < 14_400.0),
                dynamic: None,
            }
        })
        .collect();
    // b-values copied from words mean nothing on what is no diffusion image.
    for reading in &mut readings {
        if reading.facts.b_values.is_empty() && reading.weighting != Some(Weighting::Diffusion) {
            reading.b_values.clear();
        }
    }
    let agent = agent_of(study, &readings);
    readings.iter_mut().for_each(|r| r.agent = agent);
    dynamic_series(&mut readings, agent);
    correct_contrast(&mut readings);
    readings
}

/// The words of the protocol's name, unless series of different kinds share it: GE writes the
/// protocol of the whole examination there, while the phases of one dynamic series rightly share
/// theirs.
fn believed<'a>(facts: &'a VolumeFacts, study: &[VolumeFacts]) -> &'a [String] {
    let sharing: Vec<&VolumeFacts> =
        study.iter().filter(|v| v.protocol_words == facts.protocol_words).collect();
    let same = sharing.iter().filter(|v| v.series != facts.series).count();
    let differs = |v: &&VolumeFacts| {
        let sequence = !v.scanning_sequence.is_empty()
            && !facts.scanning_sequence.is_empty()
            && v.scanning_sequence != facts.scanning_sequence;
        sequence || (v.plane.is_some() && facts.plane.is_some() && v.plane != facts.plane)
    };
    let known = !facts.scanning_sequence.is_empty();
    let most = same >= 3 && same * 3 >= study.len();
    let examination = most && (sharing.iter().any(differs) || !known);
    if examination && !facts.words.is_empty() { &[] } else { &facts.protocol_words }
}

/// The agent of the study: what most volumes' tags say, a hepatobiliary one before others; else
/// what words say; else what a hepatobiliary phase implies.
fn agent_of(study: &[VolumeFacts], readings: &[Reading<'_>]) -> Option<Agent> {
    let tagged = |wanted: fn(&Agent) -> bool| study.iter().filter_map(|v| v.agent).filter(wanted).min();
    let by_tag = tagged(|a| matches!(a, Agent::Hepatobiliary(_)))
        .or_else(|| tagged(|a| *a == Agent::Extracellular))
        .or_else(|| tagged(|_| true));
    by_tag
        .or_else(|| study.iter().filter_map(|v| Agent::of_words(&v.words)).min())
        .or_else(|| {
            study
                .iter()
                .filter_map(|v| {
                    Agent::of_words(&v.protocol_words).or_else(|| Agent::of_words(&v.study_words))
                })
                .min()
        })
        .or_else(|| {
            let implied = |r: &Reading<'_>| {
                let t1 = r.weighting == Some(Weighting::T1);
                let words = kinds::own_words(r.facts);
                t1 && (has_any(&words, HEPATOBILIARY_WORDS) || has_any(r.protocol_words, HEPATOBILIARY_WORDS))
            };
            readings.iter().any(implied).then_some(Agent::Hepatobiliary(Uptake::Fast))
        })
}

/// Order of acquisition; a total order of everything that tells volumes apart.
pub(super) fn by_acquisition(a: &VolumeFacts, b: &VolumeFacts) -> Ordering {
    fn option<T>(x: Option<T>, y: Option<T>, compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
        match (x, y) {
            (Some(x), Some(y)) => compare(&x, &y),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
    option(a.acquisition_order, b.acquisition_order, u32::cmp)
        .then_with(|| option(a.acquisition_seconds, b.acquisition_seconds, f64::total_cmp))
        .then_with(|| option(a.series_number, b.series_number, i64::cmp))
        .then_with(|| option(a.series, b.series, u32::cmp))
        .then_with(|| option(a.temporal_index, b.temporal_index, u32::cmp))
        .then_with(|| option(a.seconds_after_bolus, b.seconds_after_bolus, f64::total_cmp))
        .then_with(|| option(a.echo_number, b.echo_number, u32::cmp))
        .then_with(|| option(a.echo_time_ms, b.echo_time_ms, f64::total_cmp))
}

/// Puts volumes in order of time. Those of one series keep the order of their temporal positions,
/// whatever times were copied to them: they trade places among themselves.
fn sort_by_time(members: &mut [usize], readings: &[Reading<'_>]) {
    let facts = |i: usize| readings.get(i).map(|r| r.facts);
    members.sort_by(|&a, &b| match (facts(a), facts(b)) {
        (Some(a), Some(b)) => by_acquisition(a, b),
        _ => Ordering::Equal,
    });
    let mut places: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, &i) in members.iter().enumerate() {
        if let Some((series, _)) = facts(i).and_then(|f| f.series.zip(f.temporal_index)) {
            places.entry(series).or_default().push(place);
        }
    }
    for places in places.values() {
        let mut own: Vec<usize> = places.iter().filter_map(|&p| members.get(p).copied()).collect();
        own.sort_by_key(|&i| facts(i).and_then(|f| f.temporal_index));
        for (&place, i) in places.iter().zip(own) {
            if let Some(member) = members.get_mut(place) {
                *member = i;
            }
        }
    }
}

/// Whether a volume may be a time point of a dynamic series: an axial T1 gradient echo of a whole
/// organ, not derived, and of Dixon images the water only.
fn may_be_dynamic(r: &Reading<'_>) -> bool {
    let f = r.facts;
    let modality = f.modality.as_deref().is_none_or(|m| m == "MR");
    let plane = matches!(f.plane, None | Some(Plane::Axial));
    let original = matches!(r.derived, None | Some(DerivedKind::Other));
    let water = matches!(r.dixon, None | Some(Dixon::Water));
    let magnitude = matches!(f.complex, None | Some(ComplexPart::Magnitude));
    let gradient = f.scanning_sequence.is_empty() || has_code(&f.scanning_sequence, "GR");
    let echo_planar = has_code(&f.scanning_sequence, "EP");
    let words = kinds::own_words(f);
    let spin_echo = has_any(&words, "tse, fse, se, blade, propeller, haste, multivane");
    let brain = has_any(&words, "mprage, bravo, mp rage, mp 2 rage, tof")
        || (f.inversion_time_ms.is_some_and(|t| t >= 300.0)
            && f.echo_time_ms.is_some_and(|t| t < 10.0)
            && f.three_d == Some(true)
            && f.repetition_time_ms.is_some_and(|t| t > 1000.0));
    let slices = f.slice_count.is_none_or(|n| n >= 8);
    // A 2D gradient echo without fat suppression is the in/opposed or plain T1 series.
    let plain_2d = f.three_d == Some(false) && r.fat_saturated == Some(false);
    let t1 = r.weighting == Some(Weighting::T1)
        || (r.weighting.is_none() && (hearing::names_phase(&words) || hearing::names_pre(&words)));
    t1 && modality
        && plane
        && original
        && water
        && magnitude
        && gradient
        && !echo_planar
        && !spin_echo
        && !brain
        && slices
        && !plain_2d
        && f.echo_count.is_none_or(|n| n <= 2 || r.dixon.is_some())
}

/// Finds the dynamic series and tells its phases.
fn dynamic_series(readings: &mut [Reading<'_>], agent: Option<Agent>) {
    let mut members: Vec<usize> =
        (0..readings.len()).filter(|&i| readings.get(i).is_some_and(may_be_dynamic)).collect();
    sort_by_time(&mut members, readings);
    let nodes = group(&members, readings);
    let several =
        |i: &usize| readings.get(*i).is_some_and(|r| r.facts.temporal_count.is_some_and(|n| n >= 3));
    let contrast_known = members.iter().any(several)
        || readings.iter().any(|r| {
            r.facts.contrast == Some(true) || r.facts.agent.is_some() || r.facts.seconds_after_bolus.is_some()
        });
    let points = time_points(&nodes, readings);
    let told = phases::tell(&points, agent, contrast_known);
    // Bolus times that fit neither words nor intervals are another clock's: nothing may use them.
    if !points.is_empty() && told.iter().all(|t| t.seconds.is_none()) {
        readings.iter_mut().for_each(|r| r.seconds_after_bolus = None);
    }
    let strays = strays(&nodes, readings, &told);

    // Positions are counted over what remains.
    let count = nodes.iter().filter(|n| n.iter().any(|i| !strays.contains(i))).count();
    let mut index = 0;
    for (node, told) in nodes.iter().zip(&told) {
        let kept: Vec<usize> = node.iter().copied().filter(|i| !strays.contains(i)).collect();
        if kept.is_empty() {
            continue;
        }
        for i in kept {
            if let Some(reading) = readings.get_mut(i) {
                reading.seconds_after_bolus = told.seconds;
                reading.dynamic = Some(Dynamic {
                    index,
                    count: u32::try_from(count).unwrap_or(u32::MAX),
                    phase: told.phase,
                    certainty: told.certainty,
                    evidence: told.evidence.clone(),
                });
            }
        }
        index += 1;
    }
}

/// Volumes acquired together make one time point: reconstructions of one acquisition.
fn group(members: &[usize], readings: &[Reading<'_>]) -> Vec<Vec<usize>> {
    let mut nodes: Vec<Vec<usize>> = Vec::new();
    for &i in members {
        let Some(own) = readings.get(i).map(|r| r.facts) else {
            continue;
        };
        let together = nodes.last().and_then(|n| n.first()).and_then(|&p| readings.get(p)).is_some_and(|p| {
            let other = p.facts;
            let positions = own.series.is_some()
                && own.series == other.series
                && own.temporal_index != other.temporal_index;
            let same_time = match (own.acquisition_seconds, other.acquisition_seconds) {
                (Some(a), Some(b)) => (a - b).abs() < 1.5,
                _ => own.acquisition_order.is_some() && own.acquisition_order == other.acquisition_order,
            };
            // Times copied from one bolus to all are not the same moment.
            let same_bolus = match (own.seconds_after_bolus, other.seconds_after_bolus) {
                (Some(a), Some(b)) => (a - b).abs() < 1.5,
                _ => true,
            };
            same_time && same_bolus && !positions
        });
        match nodes.last_mut() {
            Some(node) if together => node.push(i),
            _ => nodes.push(vec![i]),
        }
    }
    nodes
}

fn time_points(nodes: &[Vec<usize>], readings: &[Reading<'_>]) -> Vec<TimePoint> {
    let mut points: Vec<TimePoint> = Vec::new();
    let mut before: Option<&VolumeFacts> = None;
    for node in nodes {
        let volumes: Vec<&Reading<'_>> = node.iter().filter_map(|&i| readings.get(i)).collect();
        let Some(first) = volumes.first() else {
            continue;
        };
        let continues = before.is_some_and(|b| b.series.is_some() && b.series == first.facts.series);
        // One time for all positions of a series is the time of the first.
        let copied =
            continues && before.is_some_and(|b| b.acquisition_seconds == first.facts.acquisition_seconds);
        let flags: Vec<bool> = volumes.iter().filter_map(|v| v.facts.contrast).collect();
        points.push(TimePoint {
            words: volumes.iter().map(|v| v.facts.words.clone()).collect(),
            protocol_words: volumes.iter().map(|v| v.protocol_words.to_vec()).collect(),
            acquired: first.facts.acquisition_seconds.filter(|_| !copied),
            after_bolus: volumes.iter().find_map(|v| v.seconds_after_bolus),
            contrast: if flags.contains(&true) { Some(true) } else { flags.first().copied() },
        });
        before = Some(first.facts);
    }
    points
}

/// Pre-contrast volumes that belong to another acquisition than the phases after contrast: a Dixon
/// or unsaturated series beside the dynamic's own mask. They keep their kind and get no phase.
fn strays(nodes: &[Vec<usize>], readings: &[Reading<'_>], told: &[phases::Told]) -> Vec<usize> {
    let of = |pre: bool| -> Vec<usize> {
        let wanted = |t: &phases::Told| t.phase.is_some_and(|p| (p == Phase::Pre) == pre);
        nodes.iter().zip(told).filter(|(_, t)| wanted(t)).flat_map(|(n, _)| n.iter().copied()).collect()
    };
    let (before, after) = (of(true), of(false));
    if before.is_empty() {
        return Vec::new();
    }
    let named = |i: usize| readings.get(i).is_some_and(|r| hearing::names_pre(&kinds::own_words(r.facts)));
    if after.is_empty() {
        // No phase after contrast: a Dixon water is just that, unless its name says `pre`.
        let water = |i: &usize| readings.get(*i).is_some_and(|r| r.dixon == Some(Dixon::Water)) && !named(*i);
        return before.into_iter().filter(water).collect();
    }
    let likeness = |i: usize| {
        let one = |j: &usize| match (readings.get(i), readings.get(*j)) {
            (Some(a), Some(b)) => alike(a, b),
            _ => 0.0,
        };
        after.iter().map(one).fold(0.0, f64::max) + if named(i) { 3.0 } else { 0.0 }
    };
    let best = before.iter().map(|&i| likeness(i)).fold(0.0, f64::max);
    before.iter().copied().filter(|&i| likeness(i) <= best - 2.0).collect()
}

/// How much two volumes look like the same acquisition.
fn alike(a: &Reading<'_>, b: &Reading<'_>) -> f64 {
    let near = |x: Option<f64>, y: Option<f64>, share: f64| match (x, y) {
        (Some(x), Some(y)) => Some((x - y).abs() <= share * x.abs().max(y.abs())),
        _ => None,
    };
    let point = |same: Option<bool>| match same {
        Some(true) => 1.0,
        Some(false) => -0.5,
        None => 0.0,
    };
    let (f, g) = (a.facts, b.facts);
    let z = |v: &VolumeFacts| v.spacing_mm.map(|[_, _, z]| z);
    let x = |v: &VolumeFacts| v.spacing_mm.map(|[x, _, _]| x);
    let mut score = 0.0;
    score += if f.series.is_some() && f.series == g.series { 3.0 } else { 0.0 };
    score += if a.dixon == b.dixon { 1.0 } else { -1.0 };
    score += point(a.fat_saturated.zip(b.fat_saturated).map(|(p, q)| p == q));
    score += point(near(f.echo_time_ms, g.echo_time_ms, 0.05));
    score += point(near(f.repetition_time_ms, g.repetition_time_ms, 0.08));
    score += point(near(f.flip_angle_deg, g.flip_angle_deg, 0.05));
    score += point(f.slice_count.zip(g.slice_count).map(|(m, n)| m == n));
    score += point(near(z(f), z(g), 0.03));
    score += point(near(x(f), x(g), 0.03));
    score
}

/// Contrast tags, corrected: a tag that every volume of the study carries tells nothing, and what
/// was acquired before the first phase after contrast had none, whatever its tag says.
fn correct_contrast(readings: &mut [Reading<'_>]) {
    let after = |p: Phase| p != Phase::Pre;
    let first_after = readings
        .iter()
        .filter(|r| r.dynamic.as_ref().and_then(|d| d.phase).is_some_and(after))
        .map(|r| r.facts)
        .min_by(|a, b| by_acquisition(a, b))
        .cloned();
    let everywhere = readings.len() >= 3 && readings.iter().all(|r| r.facts.contrast == Some(true));
    for r in readings.iter_mut() {
        let words = kinds::own_words(r.facts);
        let phase = r.dynamic.as_ref().and_then(|d| d.phase);
        r.contrast = if let Some(phase) = phase {
            Some(after(phase))
        } else if r.seconds_after_bolus.is_some_and(|s| s < 0.0) || hearing::names_pre(&words) {
            Some(false)
        } else if hearing::names_after(&words) {
            Some(true)
        } else if first_after
            .as_ref()
            .is_some_and(|f| ordered(r.facts, f) && by_acquisition(r.facts, f) == Ordering::Less)
        {
            Some(false)
        } else if everywhere {
            None
        } else {
            r.facts.contrast
        };
    }
}

/// Whether two volumes can be put in order by when they were acquired.
fn ordered(a: &VolumeFacts, b: &VolumeFacts) -> bool {
    a.acquisition_order.is_some() && b.acquisition_order.is_some()
        || a.acquisition_seconds.is_some() && b.acquisition_seconds.is_some()
}

/// Whether a study looks like liver MRI: words of the study first, then of its series; where
/// nothing is said, a dynamic series of three phases or more.
pub(super) fn looks_like_liver(study: &[VolumeFacts]) -> bool {
    let mut balance = 0_i64;
    let mut said = false;
    let mut weigh = |words: &[String], weight: i64| {
        let liver = has_any(words, LIVER);
        let other = has_any(words, ELSEWHERE);
        said |= liver || other;
        balance += weight * (i64::from(liver) - i64::from(other));
    };
    let many = i64::try_from(study.len()).unwrap_or(i64::MAX / 8).max(4);
    if let Some(first) = study.iter().find(|v| !v.study_words.is_empty()) {
        weigh(&first.study_words, many / 2);
    }
    for volume in study {
        weigh(&volume.words, 1);
        weigh(&volume.protocol_words, 1);
        if let Some(part) = &volume.body_part {
            weigh(&super::words::words_of(part), 1);
        }
    }
    if said && balance != 0 {
        return balance > 0;
    }
    let readings = read(study);
    let phases = readings
        .iter()
        .filter(|r| r.dynamic.as_ref().is_some_and(|d| d.phase.is_some_and(|p| p != Phase::Pre)))
        .count();
    phases >= 2
}
