//! What the facts of a volume mean within its study.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::facts::{Agent, DerivedKind, Dixon, VolumeFacts};
use super::phases::Phase;

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

/// Reads all volumes of a study, in the order given.
pub(super) fn read(study: &[VolumeFacts]) -> Vec<Reading<'_>> {
    study
        .iter()
        .map(|facts| Reading {
            facts,
            protocol_words: &facts.protocol_words,
            derived: facts.derived,
            dixon: facts.dixon,
            weighting: None,
            fat_saturated: facts.fat_saturated,
            contrast: facts.contrast,
            agent: facts.agent,
            b_values: facts.b_values.clone(),
            seconds_after_bolus: facts.seconds_after_bolus,
            dynamic: facts
                .temporal_index
                .zip(facts.temporal_count)
                .map(|(index, count)| Dynamic {
                    index,
                    count,
                    phase: None,
                    certainty: 0.0,
                    evidence: Vec::new(),
                }),
        })
        .collect()
}

/// Order of acquisition; a total order of everything that tells volumes apart.
pub(super) fn by_acquisition(a: &VolumeFacts, b: &VolumeFacts) -> Ordering {
    let option = |x: Option<f64>, y: Option<f64>| match (x, y) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    let whole = |x: Option<u32>| x.map(f64::from);
    option(whole(a.acquisition_order), whole(b.acquisition_order))
        .then_with(|| option(a.acquisition_seconds, b.acquisition_seconds))
        .then_with(|| a.series_number.cmp(&b.series_number))
        .then_with(|| a.series.cmp(&b.series))
        .then_with(|| a.temporal_index.cmp(&b.temporal_index))
        .then_with(|| a.echo_number.cmp(&b.echo_number))
        .then_with(|| option(a.echo_time_ms, b.echo_time_ms))
}
