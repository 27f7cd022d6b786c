//! The plan as the screen shows it.
//!
//! In: a session. Out: plain data for the page's protocol (`www/src/engine/protocol.ts` has the same
//! shapes). Descriptions and names in it are identified: drawn, never stored.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Session;
use super::conversion::ConversionView;
use super::edit::NamingKind;
use super::review::SuspectView;
use crate::convert::VolumeWarning;
use crate::dataset::sidecar::field_of;
use crate::dataset::{FailReason, SkipReason};
use crate::deid::{DatePolicy, DeviceDetail, Doubt, Effect, PolicyOption, Purpose, Reach, SubjectNaming};
use crate::hanging::{Agent, KNOWN_ROLES, Preset, role_label};
use crate::intake::{
    FileState, PlannedPatient, PlannedStudy, PlannedVolume, SeriesEntry, StudyEntry, VolumeEntry,
};

/// Files that share an outcome.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TallyView {
    /// Stable id, with which its files are asked for.
    pub id: String,
    /// For people.
    pub label: String,
    /// How many.
    pub count: u32,
}

/// A warning.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WarningView {
    /// Stable id.
    pub id: String,
    /// For people.
    pub text: String,
    /// `note` or `look`.
    pub level: &'static str,
}

/// An id and its label.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChoiceView {
    /// Stable id.
    pub id: String,
    /// For people.
    pub label: String,
}

/// A role that a volume might have.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateView {
    /// Role id.
    pub id: String,
    /// For people.
    pub label: String,
    /// Its score.
    pub score: f64,
}

/// Why a role was proposed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonView {
    /// For people, without any text of the header.
    pub text: String,
    /// What it added to the score.
    pub weight: f64,
}

/// A volume's row.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeView {
    pub id: u32,
    pub description: String,
    pub role: String,
    pub role_label: String,
    pub confidence: f64,
    pub needs_confirmation: bool,
    pub reasons: Vec<ReasonView>,
    pub candidates: Vec<CandidateView>,
    pub dims: [u32; 4],
    pub spacing: [f64; 3],
    pub name: String,
    pub path: String,
    pub include: bool,
    pub excluded_reason: String,
    pub warnings: Vec<WarningView>,
    pub file_count: u32,
    pub bytes: u64,
}

/// A study.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StudyView {
    pub index: u32,
    pub session: String,
    pub session_proposed: bool,
    pub time_point: String,
    pub time_point_label: String,
    pub time_point_proposed: bool,
    pub day_offset: i64,
    pub scanner: String,
    pub agent: String,
    pub description: String,
    pub volumes: Vec<VolumeView>,
}

/// A patient.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatientView {
    pub index: u32,
    pub subject: String,
    pub sex: String,
    pub age_band: String,
    pub name: String,
    pub doubts: Vec<String>,
    pub studies: Vec<StudyView>,
}

/// The figures above the plan.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TotalsView {
    pub files: u32,
    pub patients: u32,
    pub studies: u32,
    pub series: u32,
    pub volumes: u32,
    pub skipped: Vec<TallyView>,
    pub failed: Vec<TallyView>,
}

/// What is chosen for export.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IncludedView {
    pub volumes: u32,
    pub patients: u32,
}

/// The protocol in use, and which there are.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtocolView {
    pub id: String,
    pub choices: Vec<ChoiceView>,
}

/// How subjects are named.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamingView {
    /// Which way.
    pub kind: NamingKind,
    /// Patients that the mapping file names; `null` where none was loaded.
    pub listed: Option<u32>,
    /// Ordinals, from 1, of the patients whom the mapping that is obeyed does not name.
    pub missing: Vec<u32>,
}

/// An option, and what it does to the data at hand.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionView {
    /// The option as it stands.
    #[serde(flatten)]
    pub effect: Effect,
    /// Attributes that it lets out, or would.
    pub attributes: u32,
    /// Values of them, in all headers.
    pub values: u64,
    /// Some of them, `keyword` and `value`, covered where they identify. Screen only.
    pub examples: Vec<ExampleView>,
}

/// An attribute that an option lets out.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExampleView {
    pub keyword: String,
    pub value: String,
}

/// The policy behind the options.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// `institution`, `file` or `own`.
    pub origin: &'static str,
    /// What it is called; empty if it has no name.
    pub name: String,
    /// Users may only tighten it.
    pub locked: bool,
    /// Whether the Basic Profile holds with no option beside it.
    pub basic: bool,
    /// Elements kept for a reason, in DICOM.
    pub keeps: u32,
    /// How far *Retain Device Identity* goes in DICOM.
    pub device: DeviceDetail,
    /// Minutes without use after which identified data is cleared.
    pub idle_minutes: Option<u16>,
    /// What of dates can be chosen under it.
    pub dates_allowed: Vec<DatePolicy>,
    /// Whether all of the device option can be chosen under it.
    pub device_all_allowed: bool,
}

/// The plan on the screen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the page's protocol, documented there")]
pub struct PlanView {
    pub totals: TotalsView,
    pub bytes: u64,
    pub protocol: ProtocolView,
    pub time_points: Vec<ChoiceView>,
    pub patients: Vec<PatientView>,
    pub roles: Vec<ChoiceView>,
    pub policy: Vec<OptionView>,
    pub profile: PolicyView,
    pub dicom: bool,
    pub conversion: Vec<ConversionView>,
    pub dates: DatePolicy,
    pub naming: NamingView,
    pub to_confirm: u32,
    pub included: IncludedView,
    pub estimated_bytes: u64,
    pub suspects: Vec<SuspectView>,
    pub can_undo: bool,
    pub can_redo: bool,
}

impl Session {
    /// The plan on the screen; `None` before the intake is finished.
    pub fn view(&self) -> Option<PlanView> {
        let plan = self.plan()?;
        let mut studies = 0;
        let patients: Vec<PatientView> = plan
            .patients
            .iter()
            .zip(&self.catalogue().patients)
            .zip(0u32..)
            .map(|((planned, found), index)| {
                let shown = planned
                    .studies
                    .iter()
                    .zip(&found.studies)
                    .zip(0u32..)
                    .map(|((p, s), number)| self.study_view(planned, p, s, number))
                    .collect::<Vec<_>>();
                studies += shown.len() as u32;
                PatientView {
                    index,
                    subject: planned.subject.as_str().to_owned(),
                    sex: planned.sex.map(String::from).unwrap_or_default(),
                    age_band: planned.age.map(|age| age.band()).unwrap_or_default(),
                    name: found.identity.name.reveal(Purpose::Screen).clone(),
                    doubts: planned.doubts.iter().map(|d| doubt_text(*d)).collect(),
                    studies: shown,
                }
            })
            .collect();
        let volumes = || patients.iter().flat_map(|p| &p.studies).flat_map(|s| &s.volumes);
        let included: u64 = volumes().filter(|v| v.include).map(|v| v.bytes).sum();
        let (can_undo, can_redo) = self.history();
        Some(PlanView {
            totals: TotalsView {
                files: self.ordinals().files().len() as u32,
                patients: patients.len() as u32,
                studies,
                series: self
                    .catalogue()
                    .patients
                    .iter()
                    .flat_map(|p| &p.studies)
                    .map(|s| s.series.len() as u32)
                    .sum(),
                volumes: volumes().count() as u32,
                skipped: self.tallies().0,
                failed: self.tallies().1,
            },
            bytes: self.intake_progress().bytes_read,
            protocol: ProtocolView {
                id: self.choices().protocol.as_ref().map(|p| p.id.clone()).unwrap_or_default(),
                choices: protocol_choices(),
            },
            time_points: self.time_points(),
            roles: KNOWN_ROLES
                .iter()
                .map(|r| ChoiceView { id: r.id.into(), label: r.label.into() })
                .collect(),
            policy: self.option_views(),
            profile: self.policy_view(),
            dicom: self.choices().dicom,
            conversion: self.conversion_views(),
            dates: plan.dates,
            naming: self.naming_view(),
            to_confirm: plan.to_confirm().count() as u32,
            included: IncludedView {
                volumes: volumes().filter(|v| v.include).count() as u32,
                patients: patients
                    .iter()
                    .filter(|p| p.studies.iter().any(|s| s.volumes.iter().any(|v| v.include)))
                    .count() as u32,
            },
            // What clinical MRI compresses to, on average; objects are not compressed.
            estimated_bytes: included * 55 / 100 + if self.choices().dicom { included } else { 0 },
            suspects: self.suspect_views(),
            can_undo,
            can_redo,
            patients,
        })
    }

    fn option_views(&self) -> Vec<OptionView> {
        let (policy, dicom) = (self.policy(), self.choices().dicom);
        let views = policy.effects(dicom).into_iter().map(|effect| {
            let reached = effect.reach == Reach::Images || dicom && effect.reach == Reach::DicomOnly;
            let changeable = reached && (effect.on || self.may_hold(effect.option));
            let effect = Effect { changeable, ..effect };
            let found = self.holdings().consequence(&policy, effect.option, dicom, &field_of);
            let examples = found.examples.into_iter().map(|example| ExampleView {
                keyword: example.keyword,
                value: example.shown.reveal(Purpose::Screen).clone(),
            });
            OptionView {
                attributes: found.attributes,
                values: found.values,
                examples: examples.collect(),
                effect,
            }
        });
        views.collect()
    }

    fn policy_view(&self) -> PolicyView {
        let policy = self.policy();
        let on = |option: &PolicyOption| policy.holds(*option);
        PolicyView {
            origin: match (self.institution().is_some(), policy.name.is_some() || policy.locked) {
                (true, _) => "institution",
                (false, true) => "file",
                (false, false) => "own",
            },
            name: policy.name.clone().unwrap_or_default(),
            locked: policy.locked,
            basic: !PolicyOption::ALL.iter().any(on),
            keeps: (policy.keep.len() + policy.keep_private.len()) as u32,
            device: policy.device,
            idle_minutes: policy.idle_minutes,
            dates_allowed: self.dates_allowed(),
            device_all_allowed: match self.institution() {
                Some(institution) => institution.device == DeviceDetail::All,
                None => !policy.locked || policy.device == DeviceDetail::All,
            },
        }
    }

    /// Time points to choose from: the protocol's, and what studies have been given.
    fn time_points(&self) -> Vec<ChoiceView> {
        let own = self.choices().protocol.iter().flat_map(|p| &p.timepoints).cloned();
        let given = self.choices().studies.values().filter_map(|study| study.time_point.clone());
        let mut ids: Vec<String> = Vec::new();
        for id in ["pre".to_owned(), "post".to_owned()].into_iter().chain(own).chain(given) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let choice = |id: String| ChoiceView { label: time_point_label(&id).to_owned(), id };
        ids.into_iter().map(choice).collect()
    }

    fn naming_view(&self) -> NamingView {
        let naming = &self.choices().naming;
        let mapping = self.mapping_at_hand();
        let missing = self.plan().into_iter().flat_map(|plan| &plan.patients).zip(1u32..);
        let is_missing = |p: &PlannedPatient| p.doubts.iter().any(|d| matches!(d, Doubt::NotInMapping(_)));
        NamingView {
            kind: NamingKind::of(naming),
            listed: mapping.map(|m| m.rows().len() as u32),
            missing: match naming {
                SubjectNaming::Mapped(_) => missing.filter(|(p, _)| is_missing(p)).map(|(_, n)| n).collect(),
                _ => Vec::new(),
            },
        }
    }

    /// Paths of a tally's files, for the screen only.
    pub fn files_of(&self, tally: &str) -> Vec<String> {
        let files = self.ordinals().files().iter().filter(|file| match self.files().state(**file) {
            Some(FileState::Skipped(why)) => tally == skip_id(why),
            Some(FileState::Failed(why)) => tally == fail_id(why),
            _ => false,
        });
        files.filter_map(|file| self.files().path(*file)).map(|p| p.reveal(Purpose::Screen).clone()).collect()
    }

    fn tallies(&self) -> (Vec<TallyView>, Vec<TallyView>) {
        let mut skipped: BTreeMap<SkipReason, u32> = BTreeMap::new();
        let mut failed: BTreeMap<FailReason, u32> = BTreeMap::new();
        for file in self.ordinals().files() {
            match self.files().state(*file) {
                Some(FileState::Skipped(why)) => *skipped.entry(why).or_default() += 1,
                Some(FileState::Failed(why)) => *failed.entry(why).or_default() += 1,
                _ => {}
            }
        }
        let skipped = skipped.into_iter().map(|(why, count)| TallyView {
            id: skip_id(why),
            label: why.words().to_owned(),
            count,
        });
        let failed = failed.into_iter().map(|(why, count)| TallyView {
            id: fail_id(why),
            label: match why {
                FailReason::TransferSyntax if !self.files().undecodable.is_empty() => {
                    let names: Vec<&str> = self.files().undecodable.iter().copied().collect();
                    format!("can't be decoded: {}", names.join(", "))
                }
                why => why.words().to_owned(),
            },
            count,
        });
        (skipped.collect(), failed.collect())
    }

    fn study_view(
        &self,
        patient: &PlannedPatient,
        planned: &PlannedStudy,
        found: &StudyEntry,
        index: u32,
    ) -> StudyView {
        let facts = &found.facts;
        let field = facts.field_strength.0.map(|t| format!(" {t:.1} T")).unwrap_or_default();
        let prefix = format!("sub-{}_ses-{}", patient.subject.as_str(), planned.session);
        let agent = found.series.iter().flat_map(|s| &s.volumes).find_map(|v| v.facts.agent);
        let volumes = found
            .series
            .iter()
            .flat_map(|series| series.volumes.iter().map(move |volume| (series, volume)))
            .zip(&planned.volumes)
            .map(|((series, volume), planned)| self.volume_view(planned, series, volume, &prefix))
            .collect();
        StudyView {
            index,
            session: planned.session.clone(),
            session_proposed: !planned.session_chosen,
            time_point: planned.time_point.clone(),
            time_point_label: time_point_label(&planned.time_point).to_owned(),
            time_point_proposed: !planned.time_point_chosen,
            day_offset: planned.days_from_first.unwrap_or(0),
            scanner: format!("{}{field}", short_manufacturer(&facts.manufacturer)),
            agent: agent.map(agent_label).unwrap_or_default().to_owned(),
            description: facts.study_description.clone(),
            volumes,
        }
    }

    fn volume_view(
        &self,
        planned: &PlannedVolume,
        series: &SeriesEntry,
        volume: &VolumeEntry,
        prefix: &str,
    ) -> VolumeView {
        let path = planned.name.as_str().to_owned();
        let file = path.rsplit('/').next().unwrap_or_default();
        let name = file.strip_prefix(prefix).map_or_else(|| file.to_owned(), |rest| format!("…{rest}"));
        let facts = &series.facts;
        let description = if facts.series_description.is_empty() {
            &facts.protocol_name
        } else {
            &facts.series_description
        };
        let role = &planned.role;
        VolumeView {
            id: planned.id.0,
            description: description.clone(),
            role: role.role.as_ref().map(|r| r.as_str().to_owned()).unwrap_or_default(),
            role_label: planned.role_label.clone(),
            confidence: role.confidence,
            needs_confirmation: role.needs_confirmation && !planned.confirmed,
            reasons: role
                .reasons
                .iter()
                .map(|r| ReasonView { text: r.text.clone(), weight: r.weight })
                .collect(),
            candidates: role
                .candidates
                .iter()
                .map(|(id, score)| CandidateView {
                    id: id.as_str().to_owned(),
                    label: role_label(id).to_owned(),
                    score: *score,
                })
                .collect(),
            dims: planned.dims,
            spacing: planned.spacing,
            name,
            path,
            include: planned.include,
            excluded_reason: planned.left_out.unwrap_or_default().to_owned(),
            warnings: planned.warnings.iter().map(warning_view).collect(),
            file_count: volume.files.len() as u32,
            bytes: volume.files.iter().filter_map(|f| self.files().get(*f)).map(|entry| entry.size).sum(),
        }
    }
}

fn warning_view(warning: &VolumeWarning) -> WarningView {
    let note = matches!(
        warning,
        VolumeWarning::Tilted
            | VolumeWarning::TiltCorrected
            | VolumeWarning::EvenlySpaced { .. }
            | VolumeWarning::ScaledToFloat
            | VolumeWarning::MappedByTable
            | VolumeWarning::Lossy
    );
    WarningView {
        id: warning.id().to_owned(),
        text: warning.text(),
        level: if note { "note" } else { "look" },
    }
}

fn doubt_text(doubt: Doubt) -> String {
    let text = match doubt {
        Doubt::ByNameAndBirthDate(_) => "no patient ID: recognised by name and birth date",
        Doubt::ByNameAlone(_) => "no patient ID and no birth date: recognised by name alone",
        Doubt::ByStudy(_) => "nothing identifies this patient: each study is a subject of its own",
        Doubt::SameNameAndBirthDate(..) => {
            "same name and birth date as another subject: one patient with two IDs?"
        }
        Doubt::NotInMapping(number) => {
            return format!("patient {} is not in the mapping file: code from the project key", number + 1);
        }
    };
    text.to_owned()
}

fn protocol_choices() -> Vec<ChoiceView> {
    let automatic = ChoiceView { id: String::new(), label: "Chosen for each study".into() };
    let presets = Preset::ALL.iter().map(|preset| ChoiceView {
        id: preset.id().to_owned(),
        label: preset.protocol().ok().and_then(|p| p.title).unwrap_or_else(|| preset.id().to_owned()),
    });
    std::iter::once(automatic).chain(presets).collect()
}

fn time_point_label(id: &str) -> &str {
    match id {
        "pre" => "before treatment",
        "post" => "after treatment",
        other => other,
    }
}

fn agent_label(agent: Agent) -> &'static str {
    match agent {
        Agent::Extracellular => "extracellular agent",
        Agent::Hepatobiliary(_) => "hepatobiliary agent",
        Agent::Other => "contrast agent",
    }
}

/// `SIEMENS`, `Siemens HealthCare GmbH`, `GE MEDICAL SYSTEMS` … in a word.
fn short_manufacturer(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let known = [
        ("siemens", "Siemens"),
        ("ge ", "GE"),
        ("gems", "GE"),
        ("philips", "Philips"),
        ("canon", "Canon"),
        ("toshiba", "Toshiba"),
        ("hitachi", "Hitachi"),
        ("fujifilm", "Fujifilm"),
        ("uih", "United Imaging"),
        ("united imaging", "United Imaging"),
        ("esaote", "Esaote"),
    ];
    let name = known.iter().find(|(start, _)| lower.starts_with(start) || lower == start.trim());
    name.map_or("", |(_, name)| name).to_owned()
}

fn skip_id(why: SkipReason) -> String {
    id_of("skipped", serde_json::to_value(why).ok())
}

fn fail_id(why: FailReason) -> String {
    id_of("failed", serde_json::to_value(why).ok())
}

fn id_of(kind: &str, value: Option<serde_json::Value>) -> String {
    format!("{kind}:{}", value.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default())
}
