//! The edits that the screen sends back.
//!
//! In: what the user changed. Out: another plan, and a step for undo; or why not, and the plan as it was.

use serde::{Deserialize, Serialize};

use super::Session;
use super::conversion::ConversionSwitch;
use crate::dataset::Stem;
use crate::deid::pixels::{Decision, Device};
use crate::deid::{
    DatePolicy, DeviceDetail, Mapping, Policy, PolicyError, PolicyOption, SubjectCode, SubjectNaming,
};
use crate::hanging::{Preset, Protocol, RoleId};
use crate::intake::{PlanError, VolumeId, is_session_label};

/// How subjects are named; what [`SubjectNaming`] is without its mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NamingKind {
    /// Codes under the project key.
    Keyed,
    /// Numbers, going on from the mapping file if one was loaded.
    Numbered,
    /// Codes from the mapping file.
    Mapped,
}

impl NamingKind {
    pub(super) fn of(naming: &SubjectNaming) -> Self {
        match naming {
            SubjectNaming::Keyed => Self::Keyed,
            SubjectNaming::Numbered(_) => Self::Numbered,
            SubjectNaming::Mapped(_) => Self::Mapped,
        }
    }
}

/// What one study becomes; a field that is absent stays as it is, an empty one goes back to the proposal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StudyEdit {
    /// Number of the study, from 0 within the patient.
    pub study: usize,
    /// Session label, with or without `ses-`.
    #[serde(default)]
    pub session: Option<String>,
    /// Time point.
    #[serde(default)]
    pub time_point: Option<String>,
}

/// A change that the user makes to the plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum PlanEdit {
    /// Gives volumes a role; an empty one is none.
    SetRole {
        /// Volume numbers.
        volumes: Vec<VolumeId>,
        /// Role id.
        role: String,
    },
    /// Takes volumes in or leaves them out.
    SetInclude {
        /// Volume numbers.
        volumes: Vec<VolumeId>,
        /// Whether to convert them.
        include: bool,
    },
    /// Says that proposed roles are right.
    ConfirmRole {
        /// Volume numbers.
        volumes: Vec<VolumeId>,
    },
    /// Names a volume; an empty name is the proposed one.
    SetName {
        /// Volume number.
        volume: VolumeId,
        /// Path in the archive, without extension.
        path: String,
    },
    /// Gives a patient another code.
    SetSubject {
        /// Number of the patient, from 0.
        patient: usize,
        /// The code; empty: the proposed one.
        code: String,
    },
    /// Says which session and time point studies of a patient are.
    SetSessions {
        /// Number of the patient, from 0.
        patient: usize,
        /// Those that change, all at once: so labels can be swapped.
        studies: Vec<StudyEdit>,
    },
    /// Says how subjects are named.
    SetNaming {
        /// Which way.
        naming: NamingKind,
    },
    /// Plans by another preset; an empty id chooses one for each study.
    SetProtocol {
        /// Id of a preset, or the JSON of a protocol.
        protocol: String,
    },
    /// Switches an option of the de-identification policy.
    SetPolicy {
        /// Which.
        option: PolicyOption,
        /// Whether it holds.
        on: bool,
    },
    /// Says what becomes of dates.
    SetDates {
        /// The policy.
        dates: DatePolicy,
    },
    /// Says how far *Retain Device Identity* goes in DICOM output.
    SetDevice {
        /// How far.
        device: DeviceDetail,
    },
    /// Says whether de-identified DICOM is written beside the images.
    SetDicom {
        /// Whether it is.
        on: bool,
    },
    /// Sets a switch of the conversion as a whole.
    SetConversion {
        /// Which.
        switch: ConversionSwitch,
        /// Whether it holds.
        on: bool,
    },
    /// The profile with the options that the program proposes, or with none of them.
    SetProfile {
        /// Whether the Basic Profile holds alone.
        basic: bool,
    },
    /// Works under a policy file.
    LoadPolicy {
        /// Its JSON.
        json: String,
    },
    /// Says what becomes of a series that may have text burned in.
    SetReview {
        /// Number of the series among those suspected, from 0.
        series: u32,
        /// What; nothing takes the decision back.
        decision: Option<Decision>,
        /// Keeps it for all images of this device, too.
        device: Option<Device>,
    },
    /// Takes decisions about burned-in text from a file.
    LoadRedactions {
        /// Its JSON.
        json: String,
    },
    /// Takes the last change back.
    Undo,
    /// Makes it again.
    Redo,
}

impl Session {
    /// Changes the plan as the user says.
    ///
    /// # Errors
    /// What can't be planned; the plan is then as it was.
    pub fn edit(&mut self, edit: PlanEdit) -> Result<(), PlanError> {
        match edit {
            PlanEdit::Undo => return self.undo(),
            PlanEdit::Redo => return self.redo(),
            PlanEdit::SetRole { volumes, role } => {
                let role = (!role.is_empty()).then(|| RoleId::new(&role));
                self.choose(|c| {
                    for volume in volumes {
                        c.volumes.entry(volume).or_default().role = Some(role.clone());
                    }
                })?;
            }
            PlanEdit::SetInclude { volumes, include } => {
                self.choose(|c| {
                    for volume in volumes {
                        c.volumes.entry(volume).or_default().include = Some(include);
                    }
                })?;
            }
            PlanEdit::ConfirmRole { volumes } => {
                self.choose(|c| {
                    for volume in volumes {
                        c.volumes.entry(volume).or_default().confirmed = true;
                    }
                })?;
            }
            PlanEdit::SetName { volume, path } => {
                let name = if path.is_empty() { None } else { Some(Stem::parse(&path)?) };
                self.choose(|c| c.volumes.entry(volume).or_default().name = name)?;
            }
            PlanEdit::SetSubject { patient, code } => {
                let code = if code.is_empty() {
                    None
                } else {
                    Some(SubjectCode::new(&code).map_err(|_| crate::dataset::Error::Label("subject"))?)
                };
                self.choose(|c| {
                    match code {
                        Some(code) => c.subjects.insert(patient, code),
                        None => c.subjects.remove(&patient),
                    };
                })?;
            }
            PlanEdit::SetSessions { patient, studies } => {
                let studies = self.whole_sessions(patient, studies);
                self.choose(|c| {
                    for edit in studies {
                        let choice = c.studies.entry((patient, edit.study)).or_default();
                        if let Some(session) = edit.session {
                            choice.session = label_of(&session);
                        }
                        if let Some(time_point) = edit.time_point {
                            choice.time_point = Some(time_point).filter(|t| !t.is_empty());
                        }
                    }
                })?;
            }
            PlanEdit::SetNaming { naming } => {
                let mapping = self.mapping_at_hand().cloned();
                let naming = match (naming, mapping) {
                    (NamingKind::Keyed, _) => SubjectNaming::Keyed,
                    (NamingKind::Numbered, mapping) => SubjectNaming::Numbered(mapping.unwrap_or_default()),
                    (NamingKind::Mapped, Some(mapping)) => SubjectNaming::Mapped(mapping),
                    (NamingKind::Mapped, None) => return Err(PlanError::NoMapping),
                };
                self.choose(|c| c.naming = naming)?;
            }
            PlanEdit::SetProtocol { protocol } => {
                let protocol = match Preset::of_id(&protocol) {
                    Some(preset) => Some(preset.protocol()?),
                    None if protocol.is_empty() => None,
                    None => Some(Protocol::parse(&protocol)?),
                };
                self.choose(|c| c.protocol = protocol)?;
            }
            PlanEdit::SetPolicy { option, on } => {
                let mut policy = self.policy_to_change();
                policy.set(option, on)?;
                self.choose(|c| {
                    c.options = policy.options;
                    c.dates = policy.dates;
                })?;
            }
            PlanEdit::SetDates { dates } => {
                self.policy_to_change().set_dates(dates)?;
                self.choose(|c| c.dates = dates)?;
            }
            PlanEdit::SetDevice { device } => {
                let now = self.policy_to_change();
                if now.locked && device > now.device {
                    return Err(PolicyError::Locked.into());
                }
                self.choose(|c| c.policy.device = device)?;
            }
            PlanEdit::SetDicom { on } => {
                self.choose(|c| c.dicom = on)?;
            }
            PlanEdit::SetConversion { switch, on } => {
                self.choose(|c| switch.set(c, on))?;
            }
            PlanEdit::SetProfile { basic } => {
                self.set_profile(basic)?;
            }
            PlanEdit::SetReview { series, decision, device } => self.review(series, decision, device)?,
            PlanEdit::LoadRedactions { json } => self.load_redactions(&json)?,
            PlanEdit::LoadPolicy { json } => {
                self.load_policy(Policy::parse(json.as_bytes())?)?;
            }
        }
        Ok(())
    }

    /// Obeys a mapping file: its codes, or where subjects are numbered the numbers that it has given.
    ///
    /// # Errors
    /// Codes that can't be given; the plan is then as it was.
    pub fn take_mapping(&mut self, mapping: Mapping) -> Result<(), PlanError> {
        self.choose(|c| {
            c.naming = match c.naming {
                SubjectNaming::Numbered(_) => SubjectNaming::Numbered(mapping.clone()),
                _ => SubjectNaming::Mapped(mapping.clone()),
            };
        })?;
        self.mapping = Some(mapping);
        Ok(())
    }

    /// The mapping file in use, or else the one that was loaded last.
    pub(super) fn mapping_at_hand(&self) -> Option<&Mapping> {
        match &self.choices().naming {
            SubjectNaming::Mapped(mapping) => Some(mapping),
            SubjectNaming::Numbered(mapping) if !mapping.rows().is_empty() => Some(mapping),
            _ => self.mapping.as_ref(),
        }
    }

    /// A time point is the session's: given to one of its studies alone, it is given to all.
    fn whole_sessions(&self, patient: usize, mut edits: Vec<StudyEdit>) -> Vec<StudyEdit> {
        let planned = self.plan().and_then(|plan| plan.patients.get(patient));
        let studies = planned.map(|p| p.studies.as_slice()).unwrap_or_default();
        for at in 0..edits.len() {
            let Some((number, None, Some(time_point))) =
                edits.get(at).map(|e| (e.study, e.session.clone(), e.time_point.clone()))
            else {
                continue;
            };
            let Some(session) = studies.get(number).map(|s| &s.session) else { continue };
            for (other, study) in studies.iter().enumerate() {
                if other != number && study.session == *session && edits.iter().all(|e| e.study != other) {
                    edits.push(StudyEdit {
                        study: other,
                        session: None,
                        time_point: Some(time_point.clone()),
                    });
                }
            }
        }
        edits
    }
}

/// A label as it was typed; `None` for an empty one. What is no label is refused by the plan.
fn label_of(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix("ses-").filter(|rest| is_session_label(rest)).unwrap_or(text);
    (!bare.is_empty()).then(|| bare.to_owned())
}
