//! What is kept, as a file. In: a policy's JSON, or choices made in the page. Out: a [`Policy`], and
//! for every option what it does to this output, in plain words. Never: an option that silently
//! does nothing: what has no effect on images and sidecars says so, what this version cannot do is
//! refused, and a locked policy cannot be loosened.

mod option;

pub use option::{Code, Effect, PolicyOption, Reach};

use super::dates::DatePolicy;
use super::policy_schema::{self, Fault};
use super::profile;
use crate::dicom::Tag;
use option::join;
use serde::{Deserialize, Serialize};

/// The schema of policy files (invariant 11).
pub const POLICY_SCHEMA: &str = "hepatica-policy/1";

/// The schema as a policy file names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PolicySchema {
    /// [`POLICY_SCHEMA`].
    #[default]
    #[serde(rename = "hepatica-policy/1")]
    V1,
}

/// The profile: PS3.15 section E.2; CID 7050 code 113100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Profile {
    /// PS3.15 section E.2.
    #[default]
    #[serde(rename = "PS3.15 Basic Application Level Confidentiality Profile")]
    BasicApplicationLevel,
}

impl Profile {
    /// The profile's code.
    pub const fn code(self) -> Code {
        Code { code: "113100", meaning: "Basic Application Confidentiality Profile" }
    }
}

/// How subjects are named, as a policy says it; the mapping itself is the user's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectScheme {
    /// Codes under the project key.
    #[default]
    Keyed,
    /// Numbers, from a mapping file on.
    Numbered,
    /// Codes from a mapping file.
    Mapping,
}

/// What becomes of volumes that may show a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Faces {
    /// Written, and said in plan, report and certificate.
    #[default]
    Flag,
    /// Left out.
    Exclude,
}

impl std::str::FromStr for Faces {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "flag" => Ok(Self::Flag),
            "exclude" => Ok(Self::Exclude),
            _ => Err("volumes that may show a face are flagged (`flag`) or left out (`exclude`)"),
        }
    }
}

/// The options that are switches; the two about dates follow from [`Policy::dates`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Retain Patient Characteristics: sex and age band.
    pub retain_patient_characteristics: bool,
    /// Retain Device Identity: make, model and software, never serial number or station.
    pub retain_device_identity: bool,
    /// Retain Institution Identity.
    pub retain_institution_identity: bool,
    /// Retain UIDs.
    pub retain_uids: bool,
    /// Retain Safe Private.
    pub retain_safe_private: bool,
    /// Clean Descriptors.
    pub clean_descriptors: bool,
    /// Clean Structured Content.
    pub clean_structured_content: bool,
    /// Clean Graphics.
    pub clean_graphics: bool,
    /// Clean Pixel Data.
    pub clean_pixel_data: bool,
    /// Clean Recognizable Visual Features.
    pub clean_recognizable_visual_features: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retain_patient_characteristics: true,
            retain_device_identity: true,
            retain_institution_identity: false,
            retain_uids: false,
            retain_safe_private: false,
            clean_descriptors: false,
            clean_structured_content: false,
            clean_graphics: false,
            clean_pixel_data: false,
            clean_recognizable_visual_features: false,
        }
    }
}

/// How far *Retain Device Identity* goes in DICOM output. Images and sidecars hold make, model and
/// software at most, whatever is said here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceDetail {
    /// Make, model and software, which Table E.1-1 lets stay in any case.
    #[default]
    Model,
    /// Whatever the option retains: serial numbers, station names and device UIDs as well.
    All,
}

/// An element that an institution keeps beyond the profile, in DICOM output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// The tag, `(gggg,eeee)`.
    pub tag: String,
    /// Why; published with the certificate.
    pub reason: String,
}

/// A private element that an institution keeps, in DICOM output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepPrivate {
    /// The private creator of its block.
    pub creator: String,
    /// The tag with the block's number as `xx`: `(0019,xx0C)`.
    pub tag: String,
    /// Why; published with the certificate.
    pub reason: String,
}

/// A de-identification policy: what an institution can write down, ship and lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The file's schema.
    pub schema: PolicySchema,
    /// What the institution calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Users cannot loosen it.
    #[serde(default)]
    pub locked: bool,
    /// The profile.
    #[serde(default)]
    pub profile: Profile,
    /// The switches.
    #[serde(default)]
    pub options: Options,
    /// Dates.
    #[serde(default)]
    pub dates: DatePolicy,
    /// Subjects' names.
    #[serde(default)]
    pub subjects: SubjectScheme,
    /// Volumes that may show a face.
    #[serde(default)]
    pub faces: Faces,
    /// How far *Retain Device Identity* goes in DICOM output.
    #[serde(default)]
    pub device: DeviceDetail,
    /// Minutes without use after which the page clears identified data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u16>,
    /// Elements kept in DICOM output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<Keep>,
    /// Private elements kept in DICOM output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_private: Vec<KeepPrivate>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            schema: PolicySchema::V1,
            name: None,
            locked: false,
            profile: Profile::default(),
            options: Options::default(),
            dates: DatePolicy::default(),
            subjects: SubjectScheme::default(),
            faces: Faces::default(),
            device: DeviceDetail::default(),
            idle_minutes: None,
            keep: Vec::new(),
            keep_private: Vec::new(),
        }
    }
}

/// Why a policy is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not JSON, or not of the policy's shape.
    #[error("the policy cannot be read at line {line}, column {column}: {what}")]
    Shape {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected; nothing of the file is repeated.
        what: String,
    },
    /// The file is JSON, and not what the schema asks for.
    #[error("the policy is not as its schema asks: {}", list(.0))]
    Faults(Vec<Fault>),
    /// Another schema.
    #[error("this is not a policy of schema {POLICY_SCHEMA}; if a newer Hepatica wrote it, update to use it")]
    Schema,
    /// An element is kept without a reason.
    #[error(
        "element {entry} of the policy's keep lists needs a reason: what may identify is kept for one, and the certificate says so"
    )]
    NoReason {
        /// Which, from 1.
        entry: usize,
    },
    /// An entry of a keep list names no tag.
    #[error(
        "element {entry} of the policy's keep list is no tag; write (gggg,eeee), or (gggg,xxee) for a private one"
    )]
    BadTag {
        /// Which, from 1.
        entry: usize,
    },
    /// The policy asks for what this version does not do; claiming it would be false.
    #[error("the policy asks for “{}”, which this version does not do", .0.code().meaning)]
    NotAvailable(PolicyOption),
    /// A locked policy would be loosened.
    #[error("this policy is locked by your institution and cannot be loosened")]
    Locked,
}

/// The first few faults, in words.
fn list(faults: &[Fault]) -> String {
    let shown: Vec<String> = faults.iter().take(4).map(Fault::to_string).collect();
    let more = faults.len() - shown.len();
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    shown.join("; ") + &rest
}

impl Policy {
    /// Reads a policy file and checks it.
    ///
    /// # Errors
    /// [`PolicyError`] says what and where; unknown fields are errors.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        // Another schema may have another shape: look at it first.
        let value = serde_json::from_slice::<serde_json::Value>(json).map_err(|error| shape(&error))?;
        if value.get("schema").and_then(serde_json::Value::as_str) != Some(POLICY_SCHEMA) {
            return Err(PolicyError::Schema);
        }
        let faults = policy_schema::faults(&value);
        if !faults.is_empty() {
            return Err(PolicyError::Faults(faults));
        }
        let mut policy: Self = serde_json::from_slice(json).map_err(|error| shape(&error))?;
        // Who names the standard's option and says no more means the standard's option.
        let named = value.pointer("/options/retain_device_identity").and_then(serde_json::Value::as_bool);
        if named == Some(true) && value.get("device").is_none() {
            policy.device = DeviceDetail::All;
        }
        policy.check()?;
        Ok(policy)
    }

    /// The policy under which objects are made: without *Retain Device Identity* where only make and model
    /// are to stay, which they do in any case.
    pub fn for_objects(&self) -> Self {
        let mut policy = self.clone();
        policy.options.retain_device_identity &= policy.device == DeviceDetail::All;
        policy
    }

    /// Whether this policy keeps nothing that another does not: what a locked one asks of whoever works
    /// under it.
    pub fn keeps_no_more_than(&self, other: &Self) -> bool {
        // Dates are compared below; what cleans pixels keeps nothing.
        let apart = [
            PolicyOption::RetainFullDates,
            PolicyOption::RetainModifiedDates,
            PolicyOption::CleanPixelData,
            PolicyOption::CleanRecognizableVisualFeatures,
        ];
        let mut options = PolicyOption::ALL.into_iter().filter(|option| !apart.contains(option));
        options.all(|o| !self.holds(o) || other.holds(o))
            && looseness(self.dates) <= looseness(other.dates)
            && (!self.options.retain_device_identity || self.device <= other.device)
            && self.keep.iter().all(|keep| other.keep.iter().any(|k| tag_text(&k.tag) == tag_text(&keep.tag)))
            && self.keep_private.iter().all(|keep| {
                let same = |k: &KeepPrivate| {
                    tag_text(&k.tag) == tag_text(&keep.tag) && k.creator.trim() == keep.creator.trim()
                };
                other.keep_private.iter().any(same)
            })
            // What cleans or leaves out is on at least where the other has it on.
            && (self.faces == Faces::Exclude || other.faces == Faces::Flag)
            && (self.options.clean_pixel_data || !other.options.clean_pixel_data)
            && (self.options.clean_recognizable_visual_features
                || !other.options.clean_recognizable_visual_features)
            && other.idle_minutes.is_none_or(|most| self.idle_minutes.is_some_and(|own| own <= most))
    }

    /// The policy's file.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    fn check(&self) -> Result<(), PolicyError> {
        for option in PolicyOption::ALL {
            if option.reach() == Reach::NotAvailable && self.holds(option) {
                return Err(PolicyError::NotAvailable(option));
            }
        }
        let kept = self.keep.iter().map(|keep| (&keep.tag, &keep.reason, false));
        let private = self.keep_private.iter().map(|keep| (&keep.tag, &keep.reason, true));
        for (index, (tag, reason, private)) in kept.chain(private).enumerate() {
            let entry = index + 1;
            if !is_tag(tag, private) {
                return Err(PolicyError::BadTag { entry });
            }
            if reason.trim().is_empty() {
                return Err(PolicyError::NoReason { entry });
            }
        }
        Ok(())
    }

    /// Whether an option holds.
    pub fn holds(&self, option: PolicyOption) -> bool {
        let options = &self.options;
        match option {
            PolicyOption::RetainPatientCharacteristics => options.retain_patient_characteristics,
            PolicyOption::RetainDeviceIdentity => options.retain_device_identity,
            PolicyOption::RetainInstitutionIdentity => options.retain_institution_identity,
            PolicyOption::RetainFullDates => self.dates == DatePolicy::Keep,
            PolicyOption::RetainModifiedDates => self.dates == DatePolicy::Shift,
            PolicyOption::CleanDescriptors => options.clean_descriptors,
            PolicyOption::RetainUids => options.retain_uids,
            PolicyOption::RetainSafePrivate => options.retain_safe_private,
            PolicyOption::CleanStructuredContent => options.clean_structured_content,
            PolicyOption::CleanGraphics => options.clean_graphics,
            PolicyOption::CleanPixelData => options.clean_pixel_data,
            PolicyOption::CleanRecognizableVisualFeatures => options.clean_recognizable_visual_features,
        }
    }

    /// Switches an option. The two about dates are set by [`Policy::set_dates`].
    ///
    /// # Errors
    /// [`PolicyError::Locked`] if that would loosen a locked policy; [`PolicyError::NotAvailable`].
    pub fn set(&mut self, option: PolicyOption, on: bool) -> Result<(), PolicyError> {
        if on && option.reach() == Reach::NotAvailable {
            return Err(PolicyError::NotAvailable(option));
        }
        // Each of these keeps more than the profile without it ("clean" keeps a cleaned rest).
        if self.locked && on && !self.holds(option) {
            return Err(PolicyError::Locked);
        }
        let options = &mut self.options;
        match option {
            PolicyOption::RetainPatientCharacteristics => options.retain_patient_characteristics = on,
            PolicyOption::RetainDeviceIdentity => options.retain_device_identity = on,
            PolicyOption::RetainInstitutionIdentity => options.retain_institution_identity = on,
            PolicyOption::RetainFullDates => return self.set_dates(dates_of(DatePolicy::Keep, on)),
            PolicyOption::RetainModifiedDates => return self.set_dates(dates_of(DatePolicy::Shift, on)),
            PolicyOption::CleanDescriptors => options.clean_descriptors = on,
            PolicyOption::RetainUids => options.retain_uids = on,
            PolicyOption::RetainSafePrivate => options.retain_safe_private = on,
            PolicyOption::CleanStructuredContent => options.clean_structured_content = on,
            PolicyOption::CleanGraphics => options.clean_graphics = on,
            PolicyOption::CleanPixelData => options.clean_pixel_data = on,
            PolicyOption::CleanRecognizableVisualFeatures => {
                options.clean_recognizable_visual_features = on;
            }
        }
        Ok(())
    }

    /// Sets what is written of dates.
    ///
    /// # Errors
    /// [`PolicyError::Locked`] if that would loosen a locked policy.
    pub fn set_dates(&mut self, dates: DatePolicy) -> Result<(), PolicyError> {
        if self.locked && looseness(dates) > looseness(self.dates) {
            return Err(PolicyError::Locked);
        }
        self.dates = dates;
        Ok(())
    }

    /// Sets what becomes of volumes that may show a face.
    ///
    /// # Errors
    /// [`PolicyError::Locked`] if that would loosen a locked policy.
    pub fn set_faces(&mut self, faces: Faces) -> Result<(), PolicyError> {
        if self.locked && self.faces == Faces::Exclude && faces == Faces::Flag {
            return Err(PolicyError::Locked);
        }
        self.faces = faces;
        Ok(())
    }

    /// Every option as it stands, and what it does to images and sidecars, or with `dicom` to objects as
    /// well.
    pub fn effects(&self, dicom: bool) -> Vec<Effect> {
        let effect = |option: PolicyOption| {
            let on = self.holds(option);
            let by_dates =
                matches!(option, PolicyOption::RetainFullDates | PolicyOption::RetainModifiedDates);
            Effect {
                option,
                code: option.code(),
                label: option.label(),
                on,
                switch: !by_dates,
                changeable: (option.reach() == Reach::Images || dicom && option.reach() == Reach::DicomOnly)
                    && (!self.locked || on),
                reach: option.reach(),
                consequence: match option.in_objects(on, self.device) {
                    Some(more) if dicom => join(option.consequence(on), more),
                    _ => option.consequence(on).to_owned(),
                },
            }
        };
        PolicyOption::ALL.into_iter().map(effect).collect()
    }

    /// Whether the policy lets an element that sidecars or tables could hold out. What no option
    /// governs (echo time, flip angle …) is free; serial numbers and stations never are.
    pub fn permits(&self, tag: Tag) -> bool {
        let governing = profile::row(tag).map(|row| row.options).unwrap_or_default();
        let by = |option| profile::COLUMNS.iter().zip(&governing).any(|(o, by)| *o == option && by.is_some());
        // Serial numbers, station names: narrower than *Retain Device Identity* allows.
        !by(PolicyOption::RetainDeviceIdentity)
            && (!(by(PolicyOption::RetainPatientCharacteristics) || tag == BIRTH_DATE)
                || self.options.retain_patient_characteristics)
            && (!DEVICE.contains(&tag) || self.options.retain_device_identity)
            && (!by(PolicyOption::RetainInstitutionIdentity) || self.options.retain_institution_identity)
    }
}

const fn looseness(dates: DatePolicy) -> u8 {
    match dates {
        DatePolicy::None => 0,
        DatePolicy::Shift => 1,
        DatePolicy::Keep => 2,
    }
}

/// A tag's text as it compares: `(0018,100C)` is `(0018,100c)`.
fn tag_text(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

fn dates_of(dates: DatePolicy, on: bool) -> DatePolicy {
    if on { dates } else { DatePolicy::None }
}

/// PatientBirthDate, of which an age band is written.
const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);

/// Manufacturer, ManufacturerModelName, SoftwareVersions. Table E.1-1 lets them stay in any case;
/// who switches the option off wants them gone as well.
const DEVICE: &[Tag] = &[Tag(0x0008, 0x0070), Tag(0x0008, 0x1090), Tag(0x0018, 0x1020)];

fn is_tag(text: &str, private: bool) -> bool {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else { return false };
    let Some((group, element)) = inner.split_once(',') else { return false };
    let hex = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let block = |text: &str| {
        text.len() == 4 && text.starts_with("xx") && text.bytes().skip(2).all(|b| b.is_ascii_hexdigit())
    };
    hex(group) && if private { block(element) } else { hex(element) }
}

/// serde's message without the word from the file that it quotes.
fn shape(error: &serde_json::Error) -> PolicyError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let what = match message.split_once("expected") {
        Some((before, expected)) if before.starts_with("unknown field") => {
            format!("unknown field; expected{expected}")
        }
        Some((before, expected)) if before.starts_with("unknown variant") => {
            format!("unknown word; expected{expected}")
        }
        Some((_, expected)) => format!("expected{expected}"),
        None if message.starts_with("missing field") || message.starts_with("duplicate field") => {
            message.to_owned()
        }
        None => "it is no JSON".to_owned(),
    };
    PolicyError::Shape { line: error.line(), column: error.column(), what }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    #[test]
    fn the_default_policy_is_a_file_that_reads_back() {
        let policy = Policy::default();
        assert_eq!(Policy::parse(policy.to_json().as_bytes()).unwrap(), policy);
        let minimal = br#"{"schema": "hepatica-policy/1"}"#;
        assert_eq!(Policy::parse(minimal).unwrap(), policy);
    }

    #[test]
    fn unknown_fields_are_errors_that_repeat_nothing_of_the_file() {
        let of = |fields: &str| {
            Policy::parse(format!(r#"{{"schema": "hepatica-policy/1", {fields}}}"#).as_bytes()).unwrap_err()
        };
        let error = of(r#""options": {"SECRET": true}"#).to_string();
        assert!(
            error.contains("unknown field") && error.contains("retain_uids") && !error.contains("SECRET"),
            "{error}"
        );
        let error = of(r#""dates": "SECRET""#).to_string();
        assert!(error.contains("`shift`") && !error.contains("SECRET"), "{error}");
        let error = of(r#""locked": "SECRET""#).to_string();
        assert!(error.contains("boolean") && !error.contains("SECRET"), "{error}");
        assert!(matches!(Policy::parse(b"DOE;JANE"), Err(PolicyError::Shape { line: 1, .. })));
        assert_eq!(Policy::parse(br#"{"schema": "hepatica-policy/2", "new": 1}"#), Err(PolicyError::Schema));
    }

    #[test]
    fn what_this_version_cannot_do_is_refused_not_claimed() {
        let of = |fields: &str| {
            Policy::parse(format!(r#"{{"schema": "hepatica-policy/1", {fields}}}"#).as_bytes()).unwrap_err()
        };
        let error = of(r#""options": {"clean_recognizable_visual_features": true}"#);
        assert_eq!(error, PolicyError::NotAvailable(PolicyOption::CleanRecognizableVisualFeatures));
        assert_eq!(
            of(r#""keep": [{"tag": "(0010,4000)", "reason": " "}]"#),
            PolicyError::NoReason { entry: 1 }
        );
        assert_eq!(
            of(r#""keep_private": [{"creator": "X", "tag": "(0019,100C)", "reason": "b"}]"#),
            PolicyError::BadTag { entry: 1 }
        );
    }

    #[test]
    fn a_locked_policy_can_be_tightened_only() {
        let mut policy = Policy { locked: true, dates: DatePolicy::Shift, ..Policy::default() };
        assert_eq!(policy.set(PolicyOption::RetainInstitutionIdentity, true), Err(PolicyError::Locked));
        assert_eq!(policy.set_dates(DatePolicy::Keep), Err(PolicyError::Locked));
        policy.set(PolicyOption::RetainDeviceIdentity, false).unwrap();
        assert_eq!(policy.set(PolicyOption::RetainDeviceIdentity, true), Err(PolicyError::Locked));
        policy.set_dates(DatePolicy::None).unwrap();
        policy.set_faces(Faces::Exclude).unwrap();
        assert_eq!(policy.set_faces(Faces::Flag), Err(PolicyError::Locked));
        assert!(policy.effects(true).iter().all(|e| !e.changeable || e.on));
    }

    #[test]
    fn a_policy_that_keeps_less_obeys_one_that_keeps_more_and_never_the_other_way() {
        let strict = Policy { idle_minutes: Some(10), ..Policy::default() };
        assert!(strict.keeps_no_more_than(&Policy::default()) && strict.keeps_no_more_than(&strict));
        let looser: [fn(&mut Policy); 9] = [
            |p| p.options.retain_institution_identity = true,
            |p| p.options.clean_descriptors = true,
            |p| p.options.retain_safe_private = true,
            |p| p.dates = DatePolicy::Shift,
            |p| p.device = DeviceDetail::All,
            |p| p.idle_minutes = None,
            |p| p.idle_minutes = Some(11),
            |p| p.keep.push(Keep { tag: "(0010,4000)".into(), reason: "x".into() }),
            |p| {
                p.keep_private.push(KeepPrivate {
                    creator: "A".into(),
                    tag: "(0019,xx0C)".into(),
                    reason: "x".into(),
                });
            },
        ];
        for (number, loosen) in looser.into_iter().enumerate() {
            let mut policy = strict.clone();
            loosen(&mut policy);
            assert!(!policy.keeps_no_more_than(&strict), "{number}");
            if !matches!(number, 5 | 6) {
                assert!(strict.keeps_no_more_than(&policy), "{number}");
            }
        }
        let faces = Policy { faces: Faces::Exclude, ..Policy::default() };
        assert!(
            faces.keeps_no_more_than(&Policy::default()) && !Policy::default().keeps_no_more_than(&faces)
        );
    }

    #[test]
    fn serial_numbers_stay_in_objects_only_where_a_policy_says_so() {
        assert!(!Policy::default().for_objects().holds(PolicyOption::RetainDeviceIdentity));
        let named = br#"{"schema": "hepatica-policy/1", "options": {"retain_device_identity": true}}"#;
        let named = Policy::parse(named).unwrap();
        assert!(named.for_objects().holds(PolicyOption::RetainDeviceIdentity), "the standard's option");
        assert_eq!(Policy::parse(named.to_json().as_bytes()).unwrap(), named);
        let saved = Policy::parse(Policy::default().to_json().as_bytes()).unwrap();
        assert_eq!(saved.device, DeviceDetail::Model, "what the program saves says both");
    }

    #[test]
    fn codes_are_those_of_cid_7050_each_once() {
        let mut codes: Vec<&str> = PolicyOption::ALL.iter().map(|o| o.code().code).collect();
        codes.sort_unstable();
        let expected: Vec<String> = (113_101..=113_112).map(|c| c.to_string()).collect();
        assert_eq!(codes, expected);
        assert!(Policy::default().effects(true).iter().all(|e| e.consequence.ends_with('.')));
    }

    #[test]
    fn serial_number_and_station_never_leave() {
        let mut policy = Policy::default();
        assert!(policy.permits(Tag(0x0008, 0x1090)) && policy.permits(Tag(0x0018, 0x0081)));
        assert!(!policy.permits(Tag(0x0018, 0x1000)) && !policy.permits(Tag(0x0008, 0x1010)));
        assert!(!policy.permits(Tag(0x0008, 0x0080)));
        policy.set(PolicyOption::RetainDeviceIdentity, false).unwrap();
        assert!(!policy.permits(Tag(0x0008, 0x0070)));
    }
}
