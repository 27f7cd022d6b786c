//! What the user chose: the plan is a function of it and of what was found.

use std::collections::BTreeMap;

use super::catalogue::{VolumeId, Wanted};
use crate::convert::PhilipsValues;
use crate::dataset::Stem;
use crate::deid::pixels::Reviews;
use crate::deid::{Coarsening, DatePolicy, Options, Policy, SubjectCode, SubjectNaming};
use crate::hanging::{Protocol, RoleId};

/// What the user chose about one volume; `None` where nothing was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeChoice {
    /// A role, or (inner `None`) none of them.
    pub role: Option<Option<RoleId>>,
    /// Whether to convert it.
    pub include: Option<bool>,
    /// The proposed role was looked at and found right.
    pub confirmed: bool,
    /// Another name, a path without extension.
    pub name: Option<Stem>,
}

/// What the user chose about a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyChoice {
    /// Session label: digits or letters.
    pub session: Option<String>,
    /// Time point: `pre`, `post`, or a protocol's other word.
    pub time_point: Option<String>,
}

/// Everything that the user chose; what undo goes back to.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The hanging protocol; `None` chooses a preset for each study.
    pub protocol: Option<Protocol>,
    /// What becomes of dates.
    pub dates: DatePolicy,
    /// The switches of the de-identification policy.
    pub options: Options,
    /// What is made coarser, so that fewer patients stand alone.
    pub coarsen: Coarsening,
    /// The rest of the policy: name, lock, lists. Its options and dates are those above.
    pub policy: Policy,
    /// Also write de-identified DICOM.
    pub dicom: bool,
    /// How subjects are named.
    pub naming: SubjectNaming,
    /// Convert localizers and projections too.
    pub everything: bool,
    /// Convert the evenly spaced copies of volumes whose slices are not, too.
    pub equal_spacing: bool,
    /// Convert captures, ultrasound and other pictures that are no volumes of voxels, too.
    pub captures: bool,
    /// Which of Philips' values are written.
    pub philips: PhilipsValues,
    /// What reviewers decided about text burned into pixels.
    pub reviews: Reviews,
    /// By volume.
    pub volumes: BTreeMap<VolumeId, VolumeChoice>,
    /// Subject codes by patient, counted from 0.
    pub subjects: BTreeMap<usize, SubjectCode>,
    /// By patient and study, both counted from 0.
    pub studies: BTreeMap<(usize, usize), StudyChoice>,
}

impl Choices {
    /// What is to be stacked.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted { philips: self.philips, captures: self.captures }
    }
}
