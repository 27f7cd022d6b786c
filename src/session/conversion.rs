//! Switches of the conversion as a whole, beside what is chosen for single volumes.
//!
//! In: the plan's volumes. Out: which switches concern any of them, and how many. None changes what comes out
//! about a person.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::convert::PhilipsValues;
use crate::convert::resample::Mended;
use crate::intake::{Choices, is_left_out_by_role};

/// What can be switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionSwitch {
    /// Philips' magnitude images by the values that the scanner displayed, instead of the precise ones.
    DisplayedValues,
    /// Evenly spaced copies beside volumes whose slices are not.
    EqualSpacing,
    /// Localizers, calibrations and projections, too.
    Everything,
    /// Captures, ultrasound, colour and other pictures that are no volumes of voxels, too.
    Captures,
}

/// A switch on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConversionView {
    /// Which.
    pub switch: ConversionSwitch,
    /// Whether it holds.
    pub on: bool,
    /// Volumes that it concerns; of captures, files.
    pub volumes: u32,
}

impl ConversionSwitch {
    const ALL: [Self; 4] = [Self::DisplayedValues, Self::EqualSpacing, Self::Everything, Self::Captures];

    pub(super) fn set(self, choices: &mut Choices, on: bool) {
        match self {
            Self::DisplayedValues => {
                choices.philips = if on { PhilipsValues::Displayed } else { PhilipsValues::Precise };
            }
            Self::EqualSpacing => choices.equal_spacing = on,
            Self::Everything => choices.everything = on,
            Self::Captures => choices.captures = on,
        }
    }

    fn holds(self, choices: &Choices) -> bool {
        match self {
            Self::DisplayedValues => choices.philips == PhilipsValues::Displayed,
            Self::EqualSpacing => choices.equal_spacing,
            Self::Everything => choices.everything,
            Self::Captures => choices.captures,
        }
    }
}

impl Session {
    /// The switches that concern any volume at hand.
    pub(super) fn conversion_views(&self) -> Vec<ConversionView> {
        let planned = || self.plan().into_iter().flat_map(|plan| plan.volumes()).map(|(_, _, volume)| volume);
        let found = || self.catalogue().patients.iter().flat_map(|patient| patient.volumes()).map(|(_, v)| v);
        ConversionSwitch::ALL
            .into_iter()
            .map(|switch| {
                let volumes = match switch {
                    ConversionSwitch::DisplayedValues => {
                        found().filter(|v| v.stack.philips_magnitude).count()
                    }
                    ConversionSwitch::EqualSpacing => {
                        let mended = found().filter_map(|v| v.stack.resampling.as_ref()).map(|r| r.mended);
                        mended.filter(|mended| *mended == Mended::Spacing).count()
                    }
                    ConversionSwitch::Everything => {
                        planned().filter(|v| v.role.role.as_ref().is_some_and(is_left_out_by_role)).count()
                    }
                    ConversionSwitch::Captures => self.catalogue().captures(),
                };
                ConversionView { switch, on: switch.holds(self.choices()), volumes: volumes as u32 }
            })
            .filter(|view| view.volumes > 0)
            .collect()
    }
}
