//! Conditions of a protocol's rules: questions that facts answer yes, no, or not at all.
//!
//! In come a [`Condition`] as JSON says it and the reading of a volume; out comes how far it
//! holds. A fact that is absent answers nothing: it neither scores nor excludes.

use serde::{Deserialize, Deserializer, Serialize};

use super::facts::{Agent, ComplexPart, DerivedKind, Dixon, Plane};
use super::kinds::Weighting;
use super::phases::Phase;
use super::reading::Reading;
use super::words::{contains_words, words_of};

/// One value or a list of values, any of which will do.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct AnyOf<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AnyOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw<T> {
            Many(Vec<T>),
            One(T),
        }
        let values = match Raw::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom("expected a known value or a list of known values"))?
        {
            Raw::One(value) => vec![value],
            Raw::Many(values) => values,
        };
        if values.is_empty() {
            return Err(serde::de::Error::custom("the list is empty, so nothing could ever match"));
        }
        Ok(Self(values))
    }
}

/// A closed range; `null` leaves a side open. In JSON `[lo, hi]`, or a number for exactly that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(into = "(Option<f64>, Option<f64>)")]
pub struct Range {
    /// Lower bound, included.
    pub lo: Option<f64>,
    /// Upper bound, included.
    pub hi: Option<f64>,
}

impl Range {
    /// Whether the value lies within.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.lo.is_none_or(|lo| value >= lo) && self.hi.is_none_or(|hi| value <= hi)
    }
}

impl From<Range> for (Option<f64>, Option<f64>) {
    fn from(range: Range) -> Self {
        (range.lo, range.hi)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Exact(f64),
            Pair([Option<f64>; 2]),
        }
        let bad = || serde::de::Error::custom("expected a number or a range [lo, hi]");
        let range = match Raw::deserialize(deserializer).map_err(|_| bad())? {
            Raw::Exact(value) => Self { lo: Some(value), hi: Some(value) },
            Raw::Pair([lo, hi]) => Self { lo, hi },
        };
        match (range.lo, range.hi) {
            (None, None) => Err(serde::de::Error::custom("a range needs at least one bound")),
            (Some(lo), Some(hi)) if lo > hi => {
                Err(serde::de::Error::custom("a range's lower bound is above its upper"))
            }
            _ => Ok(range),
        }
    }
}

/// A term of the vocabulary: its text, and its words as descriptions part.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "String")]
pub struct Term {
    text: String,
    words: Vec<String>,
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.text
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let words = words_of(&text);
        if words.is_empty() {
            return Err(serde::de::Error::custom("a term needs at least one letter or digit"));
        }
        Ok(Self { text, words })
    }
}

/// What an agent is called in a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentKind {
    /// [`Agent::Extracellular`].
    Extracellular,
    /// [`Agent::Hepatobiliary`], fast or slow.
    Hepatobiliary,
    /// [`Agent::Other`].
    Other,
}

/// A condition: all the questions it asks must hold. At least one must be asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Condition {
    /// Modality: `MR`, `CT` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modality: Option<AnyOf<String>>,
    /// Slice plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plane: Option<AnyOf<Plane>>,
    /// Words or phrases of the description, any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<AnyOf<Term>>,
    /// Image Type values, any of them, upper or lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_type: Option<AnyOf<String>>,
    /// Scanning Sequence values, any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanning_sequence: Option<AnyOf<String>>,
    /// Sequence Variant values, any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence_variant: Option<AnyOf<String>>,
    /// Scan Options values, any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_options: Option<AnyOf<String>>,
    /// Parts of the pulse sequence's name, any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pulse_sequence: Option<AnyOf<String>>,
    /// What the contrast is weighted by, deduced from words, tags and timing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighting: Option<AnyOf<Weighting>>,
    /// Phase of the dynamic series, deduced from the whole study.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<AnyOf<Phase>>,
    /// Whether an agent had been given, corrected by words and times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contrast: Option<bool>,
    /// Kind of agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AnyOf<AgentKind>>,
    /// Position in the dynamic series, 0 before contrast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_index: Option<Range>,
    /// Time points of the dynamic series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_count: Option<Range>,
    /// Seconds from the bolus, given or deduced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_after_bolus: Option<Range>,
    /// Seconds from the study's first acquisition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquisition_seconds: Option<Range>,
    /// Rank of acquisition in the study, 0 first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquisition_order: Option<Range>,
    /// Echo time, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_time: Option<Range>,
    /// Echo number, 1 first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_number: Option<Range>,
    /// Number of echoes of the series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_count: Option<Range>,
    /// Repetition time, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition_time: Option<Range>,
    /// Inversion time, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inversion_time: Option<Range>,
    /// Flip angle, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip_angle: Option<Range>,
    /// Field strength, tesla.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_strength: Option<Range>,
    /// Any b-value within, s/mm².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_value: Option<Range>,
    /// Slices of the volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice_count: Option<Range>,
    /// Volumes along the fourth dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_count: Option<Range>,
    /// Distance of slices, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice_spacing: Option<Range>,
    /// 3D acquisition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub three_d: Option<bool>,
    /// Fat suppressed, by tags or words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fat_saturated: Option<bool>,
    /// Dixon kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dixon: Option<AnyOf<Dixon>>,
    /// Complex part; an image of no known part counts as magnitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complex: Option<AnyOf<ComplexPart>>,
    /// Derived kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived_kind: Option<AnyOf<DerivedKind>>,
    /// Derived in any way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived: Option<bool>,
    /// A subtraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtraction: Option<bool>,
    /// An intensity projection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mip: Option<bool>,
    /// A localizer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localizer: Option<bool>,
    /// Must not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<Condition>>,
    /// At least one must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any: Option<Vec<Condition>>,
}

/// How far a condition holds: `None` where a fact is absent, 0 for no, 1 for yes, between for
/// evidence of lesser strength.
pub(super) type Answer = Option<f64>;

fn yes(holds: bool) -> Answer {
    Some(if holds { 1.0 } else { 0.0 })
}

/// Collects the answers of one condition with, for those that hold, what they hold by.
struct Asked {
    answers: Vec<Answer>,
    said: Vec<String>,
}

impl Asked {
    fn put(&mut self, answer: Answer, say: impl FnOnce() -> String) {
        if answer.is_some_and(|a| a > 0.0) {
            self.said.push(say());
        }
        self.answers.push(answer);
    }

    fn range(&mut self, range: Option<Range>, value: Option<f64>, name: &str, unit: &str) {
        if let Some(range) = range {
            self.put(value.map(|v| if range.holds(v) { 1.0 } else { 0.0 }), || {
                format!("{name} {}{unit}", number(value.unwrap_or_default()))
            });
        }
    }

    fn flag(&mut self, wanted: Option<bool>, value: Option<bool>, name: &str, negated: &str) {
        if let Some(wanted) = wanted {
            self.put(value.and_then(|v| yes(v == wanted)), || {
                (if wanted { name } else { negated }).to_owned()
            });
        }
    }

    fn one_of<T: PartialEq + Serialize>(&mut self, wanted: Option<&AnyOf<T>>, value: Option<&T>, name: &str) {
        if let Some(wanted) = wanted {
            self.put(value.and_then(|v| yes(wanted.0.contains(v))), || {
                format!("{name} {}", value.map(spoken).unwrap_or_default())
            });
        }
    }

    /// Values of a header list. Only the protocol's own spelling is repeated.
    fn listed(&mut self, wanted: Option<&AnyOf<String>>, values: &[String], part: bool, name: &str) {
        if let Some(wanted) = wanted {
            let lower: Vec<String> = values.iter().map(|v| v.trim().to_lowercase()).collect();
            let hit = wanted.0.iter().find(|w| {
                let w = w.to_lowercase();
                lower.iter().any(|v| *v == w || (part && v.contains(&w)))
            });
            let answer = if values.is_empty() { None } else { yes(hit.is_some()) };
            self.put(answer, || format!("{name} ‘{}’", hit.map_or("", String::as_str)));
        }
    }
}

/// A number without needless decimals.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    format!("{rounded}")
}

/// The name that a value has in JSON, with blanks.
fn spoken<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text.replace('_', " "),
        _ => String::new(),
    }
}

impl Condition {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How far the condition holds, and by what, in words that quote no header.
    pub(super) fn ask(&self, reading: &Reading<'_>) -> (Answer, Vec<String>) {
        let facts = reading.facts;
        let mut asked = Asked { answers: Vec::new(), said: Vec::new() };
        let whole = f64::from;

        if let Some(wanted) = &self.modality {
            let hit =
                facts.modality.as_ref().map(|m| wanted.0.iter().any(|w| w.eq_ignore_ascii_case(m.trim())));
            asked.put(hit.and_then(yes), || format!("modality {}", wanted.0.join(" or ")));
        }
        asked.one_of(self.plane.as_ref(), facts.plane.as_ref(), "plane");
        if let Some(terms) = &self.words {
            self.ask_words(terms, reading, &mut asked);
        }
        asked.listed(self.image_type.as_ref(), &facts.image_type, false, "image type");
        asked.listed(self.scanning_sequence.as_ref(), &facts.scanning_sequence, false, "scanning sequence");
        asked.listed(self.sequence_variant.as_ref(), &facts.sequence_variant, false, "sequence variant");
        asked.listed(self.scan_options.as_ref(), &facts.scan_options, false, "scan option");
        asked.listed(self.pulse_sequence.as_ref(), &facts.pulse_sequence, true, "pulse sequence");
        asked.one_of(self.weighting.as_ref(), reading.weighting.as_ref(), "weighting");
        if let Some(wanted) = &self.phase {
            let answer = reading.dynamic.as_ref().map(|d| {
                let holds = d.phase.is_some_and(|p| wanted.0.contains(&p));
                if holds { d.certainty } else { 0.0 }
            });
            asked.put(answer, || {
                let d = reading.dynamic.as_ref();
                let by = d.map(|d| d.evidence.join(", ")).unwrap_or_default();
                let phase = d.and_then(|d| d.phase).map(|p| spoken(&p)).unwrap_or_default();
                if by.is_empty() { format!("{phase} phase") } else { format!("{phase} phase by {by}") }
            });
        }
        asked.flag(self.contrast, reading.contrast, "contrast given", "no contrast given");
        let kind = reading.agent.map(|agent| match agent {
            Agent::Extracellular => AgentKind::Extracellular,
            Agent::Hepatobiliary(_) => AgentKind::Hepatobiliary,
            Agent::Other => AgentKind::Other,
        });
        asked.one_of(self.agent.as_ref(), kind.as_ref(), "agent");
        let dynamic = reading.dynamic.as_ref();
        asked.range(
            self.dynamic_index,
            dynamic.map(|d| whole(d.index)),
            "position in the dynamic series",
            "",
        );
        asked.range(
            self.dynamic_count,
            dynamic.map(|d| whole(d.count)),
            "time points of the dynamic series",
            "",
        );
        asked.range(self.seconds_after_bolus, reading.seconds_after_bolus, "seconds after bolus", "");
        asked.range(self.acquisition_seconds, facts.acquisition_seconds, "seconds into the study", "");
        asked.range(self.acquisition_order, facts.acquisition_order.map(whole), "acquisition order", "");
        asked.range(self.echo_time, facts.echo_time_ms, "echo time", " ms");
        asked.range(self.echo_number, facts.echo_number.map(whole), "echo number", "");
        asked.range(self.echo_count, facts.echo_count.map(whole), "echoes", "");
        asked.range(self.repetition_time, facts.repetition_time_ms, "repetition time", " ms");
        asked.range(
            self.inversion_time,
            facts.inversion_time_ms.filter(|t| *t > 0.0),
            "inversion time",
            " ms",
        );
        asked.range(self.flip_angle, facts.flip_angle_deg, "flip angle", "°");
        asked.range(self.field_strength, facts.field_strength_t, "field strength", " T");
        if let Some(range) = self.b_value {
            let hit = reading.b_values.iter().copied().find(|b| range.holds(*b));
            let answer = if reading.b_values.is_empty() { None } else { yes(hit.is_some()) };
            asked.put(answer, || format!("b-value {}", number(hit.unwrap_or_default())));
        }
        asked.range(self.slice_count, facts.slice_count.map(whole), "slices", "");
        asked.range(self.volume_count, facts.volume_count.map(whole), "volumes", "");
        asked.range(self.slice_spacing, facts.spacing_mm.map(|[_, _, z]| z), "slice spacing", " mm");
        asked.flag(self.three_d, facts.three_d, "3D acquisition", "2D acquisition");
        asked.flag(self.fat_saturated, reading.fat_saturated, "fat saturated", "not fat saturated");
        if let Some(wanted) = &self.dixon {
            let hit = reading.dixon.is_some_and(|d| wanted.0.contains(&d));
            asked
                .put(yes(hit), || format!("Dixon {}", reading.dixon.map(|d| spoken(&d)).unwrap_or_default()));
        }
        asked.one_of(
            self.complex.as_ref(),
            Some(&facts.complex.unwrap_or(ComplexPart::Magnitude)),
            "complex part",
        );
        if let Some(wanted) = &self.derived_kind {
            let hit = reading.derived.is_some_and(|d| wanted.0.contains(&d));
            asked.put(yes(hit), || reading.derived.map(|d| spoken(&d)).unwrap_or_default());
        }
        let is = |kind| Some(reading.derived == Some(kind));
        asked.flag(self.derived, Some(reading.derived.is_some()), "derived", "not derived");
        asked.flag(self.subtraction, is(DerivedKind::Subtraction), "subtraction", "no subtraction");
        asked.flag(self.mip, is(DerivedKind::Mip), "intensity projection", "no intensity projection");
        asked.flag(self.localizer, is(DerivedKind::Localizer), "localizer", "no localizer");
        if let Some(inner) = &self.not {
            let (answer, _) = inner.ask(reading);
            asked.put(answer.map(|a| 1.0 - a), || "no contradiction".to_owned());
        }
        if let Some(options) = &self.any {
            let mut best: (Answer, Vec<String>) = (None, Vec::new());
            for option in options {
                let (answer, said) = option.ask(reading);
                if answer > best.0 {
                    best = (answer, said);
                }
            }
            let said = best.1.join(", ");
            asked.put(best.0, || said);
        }

        // One no settles it, even where another fact is absent.
        let mut total = Some(1.0_f64);
        for answer in &asked.answers {
            match (answer, total) {
                (Some(a), Some(t)) => total = Some(t.min(*a)),
                (Some(0.0), None) => total = Some(0.0),
                (None, Some(t)) if t > 0.0 => total = None,
                _ => {}
            }
        }
        if asked.answers.contains(&Some(0.0)) {
            total = Some(0.0);
        }
        (total, asked.said)
    }

    /// Words of the description count fully, those of the protocol's name half.
    fn ask_words(&self, terms: &AnyOf<Term>, reading: &Reading<'_>, asked: &mut Asked) {
        let hit = |words: &[String]| terms.0.iter().find(|t| contains_words(words, &t.words));
        if let Some(term) = hit(&reading.facts.words) {
            asked.put(Some(1.0), || format!("word ‘{}’", term.text));
        } else if let Some(term) = hit(reading.protocol_words) {
            asked.put(Some(0.5), || format!("word ‘{}’ in the protocol's name", term.text));
        } else {
            asked.put(Some(0.0), String::new);
        }
    }
}
