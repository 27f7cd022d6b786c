//! What kind of image a volume is, by its own header alone.
//!
//! In come the facts of one volume; out come derived kind, Dixon kind, fat suppression, b-values and
//! weighting. Words of the description lead, then the protocol's name, then tags, then timing
//! (echo, repetition and inversion time, flip angle). The vocabulary is data: terms are written as
//! words part (`"t 1"`), in the languages that scanners are run in. Nothing here looks at other
//! volumes of the study.

use serde::{Deserialize, Serialize};

use super::facts::{DerivedKind, Dixon, VolumeFacts};
use super::vocabulary::{
    DERIVED, DIXON_SHORT, DIXON_TECHNIQUES, DIXON_TYPES, DIXON_WORDS, FAT_SATURATED, FRACTION, NOT_DERIVED,
    NOT_DIXON, NOT_FAT_SATURATED, NOT_WEIGHTING, T1_FAMILY, T2_FAMILY, T2_TECHNIQUE, WEIGHTING_TYPES,
    WEIGHTING_WORDS,
};
use super::words::{has, has_any, listed, without};

/// What a volume's contrast is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// T1-weighted.
    T1,
    /// T2-weighted, STIR included.
    T2,
    /// Proton density.
    Pd,
    /// T2 with fluid suppressed.
    Flair,
    /// T2*, multi-echo gradient echo.
    T2star,
    /// Susceptibility.
    Swi,
    /// Diffusion-weighted images and traces.
    Diffusion,
    /// Apparent diffusion coefficient.
    Adc,
    /// Balanced steady state.
    SteadyState,
    /// Heavily T2-weighted cholangiopancreatography.
    Mrcp,
    /// Elastography.
    Elastography,
    /// Angiography: time of flight, phase contrast.
    Angiography,
    /// Perfusion: bolus tracking in the brain, arterial spin labelling.
    Perfusion,
    /// BOLD time series.
    Bold,
    /// Field map.
    Fieldmap,
}

/// What a volume was derived as, if it was.
pub(super) fn derived(facts: &VolumeFacts) -> Option<DerivedKind> {
    if facts.derived.is_some() {
        return facts.derived;
    }
    let words = without(&own_words(facts), NOT_DERIVED);
    let typed = |starts: &str| {
        facts.image_type.iter().skip(2).any(|value| {
            let value = value.trim().to_uppercase();
            // Short codes must stand alone: `FA` is not `FAT`, `SUB` not `SUBSAMPLED`.
            listed(starts).any(|s| value == s || (s.len() > 3 && value.starts_with(s)))
        })
    };
    let hit = DERIVED.iter().find(|(_, terms, types)| typed(types) || has_any(&words, terms));
    if let Some((kind, _, _)) = hit {
        return Some(*kind);
    }
    // Fractional anisotropy, but not the flip angle of `fa10`.
    if words
        .iter()
        .enumerate()
        .any(|(i, w)| w == "fa" && words.get(i + 1).is_none_or(|n| n.parse::<u32>().is_err()))
        && has_any(&words, "dti, diff, dwi, tensor, diffusion")
    {
        return Some(DerivedKind::Map);
    }
    // `art minus nativ`, but not `minus c`.
    if has(&words, "minus") && !has(&words, "minus c") && !has(&words, "c minus") {
        return Some(DerivedKind::Subtraction);
    }
    if has(&words, "bolus") && facts.three_d != Some(true) && facts.slice_count.is_some_and(|n| n <= 3) {
        return Some(DerivedKind::Calibration);
    }
    let second =
        |i: usize, what: &str| facts.image_type.get(i).is_some_and(|v| v.trim().eq_ignore_ascii_case(what));
    let known = dixon_by_type(facts).is_some() || weighting_by_type(facts).is_some();
    (second(0, "DERIVED") && second(1, "SECONDARY") && !known).then_some(DerivedKind::Other)
}

/// Words of the description; of the protocol's name where there is no description.
pub(super) fn own_words(facts: &VolumeFacts) -> Vec<String> {
    if facts.words.is_empty() { facts.protocol_words.clone() } else { facts.words.clone() }
}

fn dixon_by_type(facts: &VolumeFacts) -> Option<Dixon> {
    let values: Vec<String> = facts.image_type.iter().skip(2).map(|v| v.trim().to_uppercase()).collect();
    DIXON_TYPES
        .iter()
        .find(|(_, names)| values.iter().any(|v| listed(names).any(|n| n == v)))
        .map(|(kind, _)| *kind)
}

/// Which Dixon (or in/opposed phase) image a volume is.
pub(super) fn dixon(facts: &VolumeFacts) -> Option<Dixon> {
    if facts.dixon.is_some() {
        return facts.dixon;
    }
    if let Some(kind) = dixon_by_type(facts) {
        return Some(kind);
    }
    if has_any(&own_words(facts), FRACTION) {
        return Some(Dixon::Fraction);
    }
    let words = without(&own_words(facts), NOT_DIXON);
    let technique = has_any(&words, DIXON_TECHNIQUES) || has_any(&facts.protocol_words, DIXON_TECHNIQUES);
    let mut named: Vec<Dixon> = Vec::new();
    let both = |kind: Dixon, named: &mut Vec<Dixon>| {
        if !named.contains(&kind) {
            named.push(kind);
        }
    };
    // A bare `fat` is an image only where it leads or ends the name; within, it means saturation.
    let edge = words.first().is_some_and(|w| w == "fat")
        || (words.last().is_some_and(|w| w == "fat") && !has(&words, "t 2"));
    for (kind, terms) in DIXON_WORDS {
        if has_any(&words, terms) && (*kind != Dixon::Fat || technique || edge || !has(&words, "fat")) {
            both(*kind, &mut named);
        }
    }
    let opposed_too = named.contains(&Dixon::OpposedPhase);
    for (kind, terms) in DIXON_SHORT {
        // `in/opp` names both.
        let allowed = technique
            || (opposed_too && *kind == Dixon::InPhase)
            || has_any(&words, "in out, in op, ip op, op ip, in and out, out in");
        // The last word of `t1_vibe_art_W`, `…_F`, `…_in` names the part whatever the technique.
        let part = listed(terms).any(|t| words.last().is_some_and(|w| w == t) && t.len() < 3 && t != "ip");
        let volume = has_any(&words, "vibe, lava, thrive, quick, t 1");
        let last = part && words.len() > 1 && (volume || *kind == Dixon::Water);
        if (allowed && has_any(&words, terms)) || last {
            both(*kind, &mut named);
        }
    }
    match named.as_slice() {
        [] => two_point_echo(facts),
        [only] => Some(*only),
        // Several are named (`t1_fl2d_opp-in`, `water fat`): the echo decides between the phases, an
        // image that stands first in the description (GE's `WATER: …`) between the rest.
        several => {
            let phases = several.iter().all(|k| matches!(k, Dixon::InPhase | Dixon::OpposedPhase));
            if phases { phase_of_echo(facts) } else { leading(&words, several) }
        }
    }
}

/// The kind whose word stands first, or last as a single letter.
fn leading(words: &[String], several: &[Dixon]) -> Option<Dixon> {
    let kind_of = |word: &String| {
        let one = std::slice::from_ref(word);
        DIXON_WORDS
            .iter()
            .chain(DIXON_SHORT)
            .find(|(k, terms)| several.contains(k) && has_any(one, terms))
            .map(|(k, _)| *k)
    };
    words.first().and_then(kind_of).or_else(|| words.last().and_then(kind_of))
}

/// In or opposed phase by the echo time: water and fat differ by 3.4 ppm, 145 Hz a tesla (220 Hz at
/// 1.5 T), so that echoes at whole periods are in phase and at half periods opposed.
fn phase_of_echo(facts: &VolumeFacts) -> Option<Dixon> {
    const HZ_PER_TESLA: f64 = 3.4 * 42.577;
    let echo = facts.echo_time_ms?;
    let field = facts.field_strength_t.filter(|b| (0.2..=7.5).contains(b))?;
    let periods = echo / 1000.0 * HZ_PER_TESLA * field;
    let off = (periods - periods.round()).abs();
    if periods < 0.3 {
        None
    } else if off <= 0.2 {
        Some(Dixon::InPhase)
    } else if off >= 0.3 {
        Some(Dixon::OpposedPhase)
    } else {
        None
    }
}

/// A T1 gradient echo of exactly two short echoes is an in/opposed-phase pair even without a word.
fn two_point_echo(facts: &VolumeFacts) -> Option<Dixon> {
    let gradient = has_code(&facts.scanning_sequence, "GR") && !has_code(&facts.scanning_sequence, "EP");
    let short = facts.echo_time_ms.is_some_and(|t| t < 8.0);
    let fast = facts.repetition_time_ms.is_some_and(|t| t < 350.0);
    let part = facts.complex.is_none_or(|c| c == super::facts::ComplexPart::Magnitude);
    if facts.echo_count == Some(2) && gradient && short && fast && part { phase_of_echo(facts) } else { None }
}

/// Whether a code stands in a header list.
pub(super) fn has_code(values: &[String], code: &str) -> bool {
    values.iter().any(|v| v.trim().eq_ignore_ascii_case(code))
}

/// Whether fat is suppressed, by tags or words; `None` where nothing tells.
pub(super) fn fat_saturated(facts: &VolumeFacts, dixon: Option<Dixon>) -> Option<bool> {
    if let Some(kind) = dixon {
        return Some(kind == Dixon::Water);
    }
    let words = own_words(facts);
    if has_any(&words, NOT_FAT_SATURATED) {
        return Some(false);
    }
    if has_any(&words, FAT_SATURATED) {
        return Some(true);
    }
    if facts.fat_saturated.is_some() {
        return facts.fat_saturated;
    }
    let options = ["FS", "SAT_GEMS", "FATSAT", "FAT_SAT", "SPECIAL_GEMS", "SPIR", "SPAIR"];
    if facts.scan_options.iter().any(|o| options.contains(&o.trim().to_uppercase().as_str())) {
        return Some(true);
    }
    // STIR by its inversion time.
    let stir = facts.inversion_time_ms.is_some_and(|t| (80.0..=260.0).contains(&t))
        && has_code(&facts.scanning_sequence, "IR");
    (stir && has_code(&facts.scanning_sequence, "SE")).then_some(true)
}

/// b-values of the header, or of the words where the header has none: `b50_400_800`, `dwi 800`.
pub(super) fn b_values(facts: &VolumeFacts) -> Vec<f64> {
    let mut values = facts.b_values.clone();
    values.retain(|b| b.is_finite() && *b >= 0.0);
    if values.is_empty() {
        let words = own_words(facts);
        let mut taking = false;
        for word in &words {
            match word.parse::<f64>() {
                Ok(value) if taking && (value == 0.0 || (10.0..=10_000.0).contains(&value)) => {
                    values.push(value)
                }
                Ok(_) => taking = false,
                Err(_) => {
                    taking = matches!(
                        word.as_str(),
                        "b" | "bval" | "bvals" | "bvalue" | "bvalues" | "dwi" | "tracew" | "trace"
                    )
                }
            }
        }
    }
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Weighting of a volume: by words, tags, or timing.
pub(super) fn weighting(
    facts: &VolumeFacts,
    protocol_words: &[String],
    b_values: &[f64],
) -> Option<Weighting> {
    let by_words = |words: &[String]| weighting_by_words(&without(words, NOT_WEIGHTING), facts);
    // Where image type says ADC or diffusion it is right; words are copied from parent to child.
    weighting_by_type(facts)
        .or_else(|| by_words(&facts.words))
        .or_else(|| by_words(protocol_words))
        .or_else(|| b_values.iter().any(|b| *b > 0.0).then_some(Weighting::Diffusion))
        .or_else(|| weighting_by_tags(facts))
        .or_else(|| weighting_by_timing(facts))
}

fn weighting_by_type(facts: &VolumeFacts) -> Option<Weighting> {
    let is = |name: &str| facts.image_type.iter().skip(2).any(|v| v.trim().eq_ignore_ascii_case(name));
    WEIGHTING_TYPES.iter().find(|(_, names)| listed(names).any(is)).map(|(kind, _)| *kind)
}

fn weighting_by_words(words: &[String], facts: &VolumeFacts) -> Option<Weighting> {
    if words.is_empty() {
        return None;
    }
    if has_any(words, "t 1 flair, flair t 1") {
        return Some(Weighting::T1);
    }
    if has_any(words, "t 1 map, t 2 map, t 1 mapping, t 2 mapping, molli") {
        return None;
    }
    if let Some((kind, _)) = WEIGHTING_WORDS.iter().find(|(_, terms)| has_any(words, terms)) {
        return Some(*kind);
    }
    // `rest1` and `task` are BOLD where the read-out is echo planar; `b0` is a field map where not.
    let planar = has_code(&facts.scanning_sequence, "EP") || named(facts, "epfid");
    if planar && has_any(words, "rest, task") {
        return Some(Weighting::Bold);
    }
    let gradient = has_code(&facts.scanning_sequence, "GR") || named(facts, "ffe");
    if gradient && !planar && has(words, "b 0") {
        return Some(Weighting::Fieldmap);
    }
    if words.windows(2).any(|w| matches!(w, [b, n] if b == "b" && n.parse::<u32>().is_ok_and(|n| n >= 20))) {
        return Some(Weighting::Diffusion);
    }
    if has_any(words, "flair, darkfluid, dark fluid, dark flu") {
        return Some(Weighting::Flair);
    }
    if has_any(
        words,
        "t 2 star, t 2 s, t 2 stern, r 2 star, hemo, t 2 ffe, t 2 weighted ffe, t 2 gre, \
        gre t 2, t 2 fl 2 d, t 2 fl, me gre, megre, swmm, medic, t 2 hemo, multiecho, \
        t 2 etoile",
    ) {
        return Some(Weighting::T2star);
    }
    let (one, two) = (has_any(words, "t 1, t 1 weighted"), has_any(words, "t 2, t 2 weighted"));
    let density = has_any(words, "pd, pdw, proton density, protonendichte, dp, pd weighted");
    match (one, two, density) {
        (true, false, false) => return Some(Weighting::T1),
        (false, true, false) => return Some(Weighting::T2),
        (false, false, true) => return Some(Weighting::Pd),
        // Double echo: `pd+t2_tse`, told apart by echo time.
        (_, true, true) => {
            return Some(if facts.echo_time_ms.is_some_and(|t| t < 50.0) {
                Weighting::Pd
            } else {
                Weighting::T2
            });
        }
        (true, true, false) | (true, false, true) => return None,
        (false, false, false) => {}
    }
    // Single-shot and turbo techniques are spin echoes.
    let gradient = has_code(&facts.scanning_sequence, "GR") && !has_code(&facts.scanning_sequence, "SE");
    if has_any(words, T2_FAMILY) && !gradient {
        return Some(Weighting::T2);
    }
    if has_any(words, T1_FAMILY) {
        return Some(Weighting::T1);
    }
    // Canon's single shot; also Spanish and Italian for *phase*.
    if has_any(words, "fase, fasd, fasde") && !gradient {
        return Some(Weighting::T2);
    }
    // A spin-echo technique alone is T2 unless timing speaks against it.
    let long_echo = facts.echo_time_ms.is_none_or(|t| t >= 60.0);
    (has_any(words, T2_TECHNIQUE) && long_echo).then_some(Weighting::T2)
}

/// Whether the pulse sequence's name holds any of `parts`.
fn named(facts: &VolumeFacts, parts: &str) -> bool {
    facts.pulse_sequence.iter().any(|name| {
        let name = name.to_lowercase();
        listed(parts).any(|part| name.contains(part))
    })
}

/// Acquisition Contrast (PS3.3 C.8.13.3) and names of pulse sequences.
fn weighting_by_tags(facts: &VolumeFacts) -> Option<Weighting> {
    // In enhanced objects, the third value of the image type says the same.
    let contrast =
        facts.acquisition_contrast.as_ref().or(facts.image_type.get(2)).map(|c| c.trim().to_uppercase());
    let by_contrast = match contrast.as_deref() {
        Some("DIFFUSION") => Some(Weighting::Diffusion),
        Some("FLUID_ATTENUATED") => Some(Weighting::Flair),
        Some("PERFUSION") => Some(Weighting::Perfusion),
        Some("PROTON_DENSITY") => Some(Weighting::Pd),
        Some("STIR" | "T2") => Some(Weighting::T2),
        Some("T1") => Some(Weighting::T1),
        Some("T2_STAR") => Some(Weighting::T2star),
        Some("TOF" | "FLOW_ENCODED") => Some(Weighting::Angiography),
        _ => None,
    };
    let name = |parts: &str| named(facts, parts);
    by_contrast.or_else(|| {
        if name("ep_b, ep_calc_b, dwi, resolve, epi2_dw, dwepi") {
            Some(Weighting::Diffusion)
        } else if name("tfi2d, tfi3d, trufi, fiesta, b-tfe, btfe") {
            Some(Weighting::SteadyState)
        } else if name("h2d, haste, ssfse") {
            Some(Weighting::T2)
        } else if name("swi3d, swan") {
            Some(Weighting::Swi)
        } else if name("tfl3d, lava, mprage, bravo, t1tfe, t1ffe") {
            Some(Weighting::T1)
        } else {
            None
        }
    })
}

/// Weighting from echo, repetition and inversion time and flip angle. The bounds are those of
/// textbooks, wide of the borders: what lies between gets no weighting.
fn weighting_by_timing(facts: &VolumeFacts) -> Option<Weighting> {
    let echo = facts.echo_time_ms?;
    let repetition = facts.repetition_time_ms;
    let inversion = facts.inversion_time_ms.filter(|t| *t > 0.0);
    let code = |c: &str| has_code(&facts.scanning_sequence, c);
    let variant = |c: &str| has_code(&facts.sequence_variant, c);
    if code("EP") || named(facts, "epfid") {
        let series = facts.volume_count.is_some_and(|n| n >= 20);
        let gradient = !code("SE") && repetition.is_none_or(|t| t >= 300.0);
        return (series && gradient && (15.0..=70.0).contains(&echo)).then_some(Weighting::Bold);
    }
    if code("GR") && !code("SE") {
        let prepared = variant("MP") || code("IR");
        if prepared && inversion.is_some_and(|t| t >= 300.0) && echo < 10.0 {
            return Some(Weighting::T1);
        }
        if echo >= 12.0 {
            return Some(Weighting::T2star);
        }
        // Balanced: steady state unspoiled, large flip, echo in the middle of a short repetition.
        let balanced = variant("SS") && !variant("SP") && facts.flip_angle_deg.is_some_and(|f| f >= 35.0);
        if balanced && repetition.is_some_and(|t| t < 12.0 && (0.35..=0.65).contains(&(echo / t))) {
            return Some(Weighting::SteadyState);
        }
        let saturating = facts.flip_angle_deg.is_none_or(|f| f >= 7.0);
        return (saturating && echo < 10.0 && repetition.is_none_or(|t| t < 800.0)).then_some(Weighting::T1);
    }
    if code("SE") || (code("IR") && !code("GR")) || facts.scanning_sequence.is_empty() {
        // Without a sequence code, only what no gradient echo could be.
        let sure = !facts.scanning_sequence.is_empty();
        if let Some(inversion) = inversion {
            if inversion >= 1500.0 && echo >= 60.0 && repetition.is_none_or(|t| t >= 4000.0) {
                return Some(Weighting::Flair);
            }
            if (80.0..=260.0).contains(&inversion) && echo >= 25.0 {
                return Some(Weighting::T2);
            }
            if (300.0..1500.0).contains(&inversion) && echo < 40.0 {
                return Some(Weighting::T1);
            }
        }
        if echo >= 60.0 && repetition.is_none_or(|t| t >= 800.0) {
            return Some(Weighting::T2);
        }
        if sure && echo < 35.0 && repetition.is_some_and(|t| t < 1200.0) {
            return Some(Weighting::T1);
        }
        if sure && echo < 50.0 && repetition.is_some_and(|t| t >= 1800.0) {
            return Some(Weighting::Pd);
        }
    }
    None
}
