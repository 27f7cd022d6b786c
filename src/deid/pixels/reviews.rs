//! What reviewers decided in the course of one journey. In: decisions about series, and templates for devices.
//! Out: whether a series may be written and what is made black in it; the same as a file of redactions, for
//! the objects. Never: prints which series a decision is about.

use super::glyphs::PixelBox;
use super::redactions::{Decision, Device, Redactions};
use std::collections::BTreeMap;
use std::fmt;

/// Decisions by series (its UID in the source), and a file of redactions: templates, single objects.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reviews {
    series: BTreeMap<Box<str>, Decision>,
    file: Redactions,
    /// Somebody vouches for every series that nothing was decided about.
    accept_all: bool,
}

impl fmt::Debug for Reviews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reviews").field("series", &self.series.len()).finish_non_exhaustive()
    }
}

impl Reviews {
    /// Decides about a series, or takes the decision back.
    pub fn decide(&mut self, series: &str, decision: Option<Decision>) {
        match decision {
            Some(decision) => self.series.insert(series.into(), decision),
            None => self.series.remove(series),
        };
    }

    /// What was decided about a series.
    pub fn of(&self, series: &str) -> Option<&Decision> {
        self.series.get(series)
    }

    /// Whether somebody has looked at a series and lets it out, and the boxes to make black in it.
    pub fn lets_out(&self, series: &str) -> Option<&[PixelBox]> {
        match self.of(series) {
            Some(Decision::Accept) => Some(&[]),
            Some(Decision::Redact { boxes }) => Some(boxes),
            Some(Decision::LeaveOut) => None,
            None => self.accept_all.then_some(&[]),
        }
    }

    /// Whether a series, suspected or not, is not to be written.
    pub fn withholds(&self, series: &str, suspected: bool) -> bool {
        let left_out = self.of(series) == Some(&Decision::LeaveOut);
        left_out || (suspected && self.lets_out(series).is_none())
    }

    /// Lets out every series that nothing is decided about: somebody vouches for them.
    pub fn accept_all(&mut self) {
        self.accept_all = true;
    }

    /// What was decided about the device of an image.
    pub fn template(&self, device: &Device) -> Option<&Decision> {
        self.file.ruling("", device).map(|ruling| ruling.decision)
    }

    /// Keeps a decision for all images of a device. They are searched after it: nobody has seen them all.
    pub fn keep_template(&mut self, device: Device, decision: Decision) {
        self.file.keep_as_template(device, decision, false);
    }

    /// Takes decisions from a file, in the place of those that came from one before.
    pub fn load(&mut self, file: Redactions) {
        self.file = file;
    }

    /// All of it as a file: `objects` are those of reviewed series, each with its series and the UID that stands
    /// in its UID's place.
    pub fn redactions<'a>(&self, objects: impl Iterator<Item = (&'a str, String)>) -> Redactions {
        let mut file = self.file.clone();
        for (series, object) in objects {
            if let Some(decision) = self.of(series) {
                file.objects.insert(object, decision.clone());
            }
        }
        file
    }

    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.file.templates.is_empty() && self.file.objects.is_empty()
    }
}
