//! De-identified DICOM objects (PS3.15 Annex E). In: the bytes of a file that hospitals export, the policy,
//! the project key, the patient as all of the patient's files tell. Out: a valid object in which everything
//! is prescribed by the profile, or why there is none. Never: an object that wasn't parsed to its end, or
//! in which a known identifier was found.
//!
//! Two passes. First every header goes into a [`Roster`], which becomes a [`Cohort`]: codes, date shifts,
//! secrets, names of outputs. Then each file goes through [`deidentify`], in any order, on any thread, with
//! nothing in memory but itself.
//!
//! - `rewrite` walks the source and builds the output from nothing; `values` and `text` deal with single
//!   values, `super::profile` says what is due to each.
//! - `pixels` and `codestream` carry pixel data over.
//! - `suspects` names what is left out; `review` asks [`super::pixels`] about text in pixels, and reviewers.
//! - `verify` reads the result again and searches it.
//! - `certificate` sums up; `documents` checks what is written beside the objects.

mod certificate;
mod codestream;
mod documents;
mod pixels;
mod review;
mod rewrite;
mod roster;
mod suspects;
mod text;
mod values;
mod verify;

pub use certificate::{Counts, ObjectCertificate};
pub use codestream::Untraceable;
pub use documents::check_documents;
pub use review::{Pixels, ReviewItem, review_item};
pub use roster::{Cohort, Placed, Roster, Subject};
pub(crate) use roster::{Entry, place};
pub use suspects::{Exclusion, exclusion};

pub use super::pixels::{Suspicion, suspicion};

use super::check::{Check, CheckCount, Leak, Retained, Searched, TooManySecrets};
use super::cohort::Coarsening;
use super::date::Date;
use super::dates::{DatePolicy, DateShift};
use super::faces::FaceSign;
use super::key::{KeyUse, ProjectKey};
use super::pixels::Redactions;
use super::policy::{Faces, Policy, PolicyOption};
use super::profile::{self, Rule};
use crate::dicom::write::{Content, DataSet, file_head, output_syntax};
use crate::dicom::{DicomError, Header, Tag, VR, tags};
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use std::collections::{BTreeMap, BTreeSet};
use text::Cleaner;

/// Our implementation class (PS3.7 §D.3.3.2): a UUID of our own as PS3.5 §B.2 writes it, and version name.
const IMPLEMENTATION: (&str, &str) =
    ("2.25.44703747796924719407152966925707802917", concat!("HEPATICA_", env!("CARGO_PKG_VERSION")));

/// Elements that we write ourselves: not searched, since nothing of the source is in them.
const OURS: [Tag; 8] = [
    Tag(0x0002, 0x0001),
    Tag(0x0002, 0x0012),
    Tag(0x0002, 0x0013),
    Tag(0x0012, 0x0062),
    Tag(0x0012, 0x0063),
    Tag(0x0012, 0x0064),
    Tag(0x0028, 0x0303),
    Tag(0x0002, 0x0010),
];

/// Elements without which an object is none: a leak in one of them forbids the object.
const INDISPENSABLE: [Tag; 5] = [
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::MODALITY,
];

/// Elements that may be taken out for what was found in them, before the object is given up.
const ATTEMPTS: usize = 64;

/// What holds for all files.
#[derive(Debug)]
pub struct Project {
    /// The key under which UIDs are replaced.
    pub key: ProjectKey,
    /// The policy.
    pub policy: Policy,
    /// Whether images that may have text burned in are written all the same.
    pub accept_burned_in: bool,
    /// What reviewers decided about images that may have.
    pub redactions: Redactions,
    /// What is made coarser, so that fewer patients stand alone.
    pub coarsen: Coarsening,
    /// Whether [`Object::uids`] is wanted.
    pub record_uids: bool,
}

impl Project {
    /// A project of which nothing but the key is known: for the UIDs that it gives.
    pub fn of_key(key: ProjectKey) -> Self {
        Self {
            key,
            policy: Policy::default(),
            accept_burned_in: false,
            redactions: Redactions::default(),
            coarsen: Coarsening::default(),
            record_uids: false,
        }
    }

    /// The UID in the place of one of the source: the same for every reference, in every file.
    pub fn uid(&self, old: &str) -> String {
        let mac = self.key.mac(KeyUse::Uid, &[old.as_bytes()]);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(mac).for_each(|(byte, from)| *byte = from);
        // A UUID of version 8 (RFC 9562 §5.8), as PS3.5 §B.2 makes a UID of one.
        bytes[6] = bytes[6] & 0x0F | 0x80;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        format!("2.25.{}", u128::from_be_bytes(bytes))
    }
}

/// Why none of a subject's files can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotReady {
    /// The search can't be built.
    #[error(transparent)]
    TooManySecrets(#[from] TooManySecrets),
    /// The code itself is an identifier of the patient.
    #[error("the mapping gives the patient a code that identifies; choose another")]
    CodeIdentifies,
}

/// One subject, ready for all of its files. Holds identified data.
pub struct Person {
    code: String,
    shift: Option<DateShift>,
    check: Check,
    cleaner: Cleaner,
    dates: BTreeSet<Date>,
    faces: BTreeMap<Box<str>, FaceSign>,
    days: BTreeMap<Box<str>, i64>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

impl Person {
    /// Makes a subject ready: the search for its secrets is built once.
    ///
    /// # Errors
    /// [`NotReady`].
    pub fn new(subject: &Subject, project: &Project) -> Result<Self, NotReady> {
        let policy = &project.policy;
        let kept = |tag: Tag| retains(tag, policy);
        // Creators of private blocks that stay are written as our list, or the policy's, spells them.
        let mut creators = profile::safe_creators().collect::<Vec<_>>().join(values::FAR);
        for keep in &policy.keep_private {
            creators.push_str(values::FAR);
            creators.push_str(&keep.creator);
        }
        let ours = [values::OUR_WORDS, &creators];
        let safe = policy.holds(PolicyOption::RetainSafePrivate) || !policy.keep_private.is_empty();
        let retained = Retained {
            kept: &kept,
            dates: policy.dates,
            texts: ours.get(..if safe { 2 } else { 1 }).unwrap_or_default(),
            chosen: &[],
            fields: &[],
        };
        let check = Check::new(&[&subject.secrets], &retained)?;
        // A mapping can give a patient the very ID that is to go.
        check.value(subject.code.as_str(), false).map_err(|_| NotReady::CodeIdentifies)?;
        Ok(Self {
            code: subject.code.as_str().to_owned(),
            shift: subject.shift,
            check,
            cleaner: Cleaner::new(&subject.secrets),
            dates: subject.dates.clone(),
            faces: subject.faces.clone(),
            days: subject.days.clone(),
        })
    }

    /// What is searched for, in numbers.
    pub const fn searched(&self) -> &Searched {
        self.check.searched()
    }

    /// The shift of dates in one study: where distances are rounded, each study has its own.
    fn shift_in(&self, study: &str, coarsen: Coarsening) -> Option<DateShift> {
        let days = self.days.get(study).copied().unwrap_or(0);
        let rounding = i32::try_from(coarsen.days(days) - days).unwrap_or(0);
        self.shift.map(|shift| shift.plus(rounding))
    }

    /// Whether a number spells a date of the patient: `20180312`, or seconds or milliseconds since 1970.
    fn is_own_date(&self, number: f64) -> bool {
        if number.fract() != 0.0 || number.abs() < 1e7 || number.abs() > 1e13 {
            // Seconds with a fraction are a clock's, too.
            return number.fract() != 0.0 && (1e8..1e10).contains(&number) && self.is_epoch(number);
        }
        let digits = format!("{number:.0}");
        Date::parse_da(&digits).is_some_and(|date| self.dates.contains(&date))
            || self.is_epoch(number)
            || self.is_epoch(number / 1000.0)
    }

    fn is_epoch(&self, seconds: f64) -> bool {
        let days = (seconds / 86_400.0).floor();
        if !(1000.0..60_000.0).contains(&days) {
            return false;
        }
        let day = Date::from_ymd(1970, 1, 1).and_then(|epoch| epoch.plus_days(days as i32));
        // Clocks are in any time zone.
        let near = [-1, 0, 1].into_iter().filter_map(|by| day?.plus_days(by));
        near.into_iter().any(|date| self.dates.contains(&date))
    }
}

/// Whether a value of this element may be in an output as it is.
fn retains(tag: Tag, policy: &Policy) -> bool {
    if values::names_class(tag) || tag == Tag(0x0002, 0x0010) || tag == Tag(0x0002, 0x0002) {
        return true;
    }
    if !tag.0.is_multiple_of(2) {
        // Numbers of safe private elements, and what the policy keeps: a b-value is no secret where it stands.
        let kept = |keep: &super::policy::KeepPrivate| {
            keep.tag.eq_ignore_ascii_case(&format!("({:04X},xx{:02X})", tag.0, tag.1 & 0xFF))
        };
        let safe = policy.holds(PolicyOption::RetainSafePrivate) && profile::safe_number(tag.0, tag.1 as u8);
        return safe || policy.keep_private.iter().any(kept);
    }
    if tag.0 < 0x0008 {
        return false;
    }
    let Some(entry) = StandardDataDictionary.by_tag(tag) else { return false };
    let rule = profile::rule(tag, entry.vr().relaxed(), policy, profile::Requirement::Optional);
    matches!(rule, Rule::Keep | Rule::Age | Rule::Code)
}

/// What was done with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// Written as it was.
    Kept,
    /// The harmless part of it was written.
    Cleaned,
    /// Another value was: a code, a UID, a shifted date, a dummy.
    Replaced,
    /// Written without a value.
    Emptied,
    /// Not written.
    Removed,
}

/// What was done with the elements of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// By what was done, and tag.
    pub by_tag: BTreeMap<(Done, Tag), u64>,
    /// Private elements that were not written.
    pub private: u64,
    /// Elements that the data dictionary doesn't have.
    pub unknown: u64,
}

impl Tally {
    fn count(&mut self, done: Done, tag: Tag) {
        *self.by_tag.entry((done, tag)).or_default() += 1;
    }
}

/// A de-identified object.
pub struct Object {
    /// The file.
    pub bytes: Vec<u8>,
    /// What was done.
    pub tally: Tally,
    /// What was searched.
    pub checked: CheckCount,
    /// Elements taken out since a known identifier was found in them.
    pub withheld: BTreeSet<Tag>,
    /// Compressed frames from which comments or application segments were taken.
    pub frames_cleaned: u64,
    /// An overlay in unused bits of the pixels was cleared.
    pub overlay_bits_cleared: bool,
    /// UIDs of the source and those in their place, if the project asks for them. Identified.
    pub uids: BTreeMap<String, String>,
    /// Text may be burned into its pixels, and it was written all the same.
    pub suspicion: Option<Suspicion>,
    /// What was done about text in its pixels.
    pub pixels: Pixels,
    /// It is of a volume that may show a face, and by what that is known.
    pub face: Option<FaceSign>,
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The file can't be read to its end.
    #[error(transparent)]
    Unreadable(#[from] DicomError),
    /// It isn't meant to be written.
    #[error("left out: {0}")]
    Excluded(Exclusion),
    /// A compressed frame can't be followed.
    #[error(transparent)]
    Stream(#[from] Untraceable),
    /// A known identifier would have come out.
    #[error(transparent)]
    Leak(Leak),
    /// Instance, study, series or class have no UID.
    #[error("the object has no UID of its own, or no class")]
    NoIdentity,
}

/// De-identifies one file.
///
/// # Errors
/// [`Refusal`]: the file is not to be written.
pub fn deidentify(file: Vec<u8>, person: &Person, project: &Project) -> Result<Object, Refusal> {
    let header = Header::from_bytes(file)?;
    rewrite_header(&header, person, project)
}

fn rewrite_header(header: &Header, person: &Person, project: &Project) -> Result<Object, Refusal> {
    if let Some(damage) = header.damage() {
        return Err(damage.clone().into());
    }
    if let Some(why) = exclusion(header, &project.policy) {
        return Err(Refusal::Excluded(why));
    }
    let class = suspects::class(header);
    let root = header.root();
    // Cut between two elements a file reads to its end, and only what must follow tells that it was longer.
    if header.pixels().is_none() && suspects::needs_pixels(&class, root.get(tags::ROWS).is_some()) {
        return Err(DicomError::Truncated { tag: "(7FE0,0010)".into() }.into());
    }
    let instance = root.text(tags::SOP_INSTANCE_UID).or_else(|| header.meta().text(Tag(0x0002, 0x0003)));
    let Some(instance) = instance.filter(|_| values::uid_stays(tags::SOP_CLASS_UID, &class)) else {
        return Err(Refusal::NoIdentity);
    };
    let (Some(study), Some(series)) =
        (root.text(tags::STUDY_INSTANCE_UID), root.text(tags::SERIES_INSTANCE_UID))
    else {
        return Err(Refusal::NoIdentity);
    };
    let face = person.faces.get(series.as_str()).copied();
    if face.is_some() && project.policy.faces == Faces::Exclude {
        return Err(Refusal::Excluded(Exclusion::Face));
    }
    let shift = person.shift_in(&study, project.coarsen);
    let keeps_uids = project.policy.holds(PolicyOption::RetainUids);
    let replaced = project.uid(&instance);
    let review::Cleared { boxes, pixels: looked, suspicion } = review::clear(header, &replaced, project)?;
    let instance = if keeps_uids { instance } else { replaced };
    let encapsulated = header.pixels().is_some_and(|pixels| pixels.len.is_none());
    // Compressed frames are coded anew where boxes are drawn into them: natively.
    let recoded = encapsulated && !boxes.is_empty();
    let syntax = output_syntax(header.syntax(), encapsulated && !recoded);
    // What the policy keeps for a reason is not searched for where it is kept.
    let mut unsearched = OURS.to_vec();
    unsearched.extend(project.policy.keep.iter().filter_map(|keep| profile::tag_of(&keep.tag)));
    let mut withheld = BTreeSet::new();
    let types = profile::Types::of(&class);
    for _ in 0..ATTEMPTS {
        let mut rewriter = rewrite::Rewriter {
            header,
            person,
            project,
            shift,
            types: types.clone(),
            banned: &withheld,
            tally: Tally::default(),
            uids: BTreeMap::new(),
            overlays: BTreeSet::new(),
        };
        let mut set = rewriter.root();
        let (mut tally, uids) = (rewriter.tally, rewriter.uids);
        set.text(tags::SOP_CLASS_UID, VR::UI, &class);
        set.text(tags::SOP_INSTANCE_UID, VR::UI, &instance);
        stamp(&mut set, person, &project.policy, looked);
        if recoded {
            review::describe_recoded(header, &mut set);
        }
        if header.pixels().is_some() {
            tally.count(Done::Kept, Tag(0x7FE0, 0x0010));
        }
        let mut bytes = file_head(syntax, &class, &instance, IMPLEMENTATION);
        bytes.reserve(header.data().len());
        set.encode(&mut bytes);
        match verify::verify(&bytes, &person.check, &unsearched, &person.code) {
            Ok(checked) => {
                let embedded = rewrite::has_embedded_overlay(header);
                let done =
                    pixels::append(header, embedded, &boxes, &mut bytes).map_err(|error| match error {
                        pixels::PixelsError::Dicom(error) => Refusal::Unreadable(error),
                        pixels::PixelsError::Stream(error) => Refusal::Stream(error),
                        pixels::PixelsError::Syntax => Refusal::Excluded(Exclusion::Video),
                    })?;
                return Ok(Object {
                    bytes,
                    tally,
                    checked,
                    withheld,
                    frames_cleaned: done.frames_cleaned,
                    overlay_bits_cleared: done.overlay_bits_cleared,
                    uids,
                    suspicion,
                    pixels: looked,
                    face,
                });
            }
            Err(verify::Fault::Unreadable(error)) => return Err(error.into()),
            Err(verify::Fault::Leak(tag, leak)) => {
                let tag = if tag == Tag(0x0002, 0x0003) { tags::SOP_INSTANCE_UID } else { tag };
                if INDISPENSABLE.contains(&tag) || !withheld.insert(tag) {
                    return Err(Refusal::Leak(leak));
                }
            }
        }
    }
    Err(Refusal::NoIdentity)
}

/// Who it is now, and what was done (PS3.15 §E.1.1, PS3.3 C.7.1.1, C.12.1).
fn stamp(set: &mut DataSet<'_>, person: &Person, policy: &Policy, pixels: Pixels) {
    for (tag, vr) in [(tags::PATIENT_NAME, VR::PN), (tags::PATIENT_ID, VR::LO)] {
        if !profile::on_keep_list(policy, tag) {
            set.text(tag, vr, &person.code);
        }
    }
    set.text(Tag(0x0012, 0x0062), VR::CS, "YES");
    let method = concat!("Hepatica ", env!("CARGO_PKG_VERSION"));
    set.text(Tag(0x0012, 0x0063), VR::LO, &format!("{method}\\{}", super::EDITION));
    let holding =
        PolicyOption::ALL.into_iter().filter(|option| policy.holds(*option)).map(PolicyOption::code);
    // What was done to these pixels, beside what the policy says of all.
    let cleaned = (pixels.redacted || pixels.reviewed) && !policy.holds(PolicyOption::CleanPixelData);
    if pixels.reviewed {
        set.text(tags::BURNED_IN_ANNOTATION, VR::CS, "NO");
    }
    let items = std::iter::once(policy.profile.code())
        .chain(holding)
        .chain(cleaned.then_some(PolicyOption::CleanPixelData.code()))
        .map(|code| {
            let mut item = DataSet::default();
            item.text(Tag(0x0008, 0x0100), VR::SH, code.code);
            item.text(Tag(0x0008, 0x0102), VR::SH, "DCM");
            item.text(Tag(0x0008, 0x0104), VR::LO, code.meaning);
            item
        })
        .collect();
    set.put(Tag(0x0012, 0x0064), VR::SQ, Content::Items(items));
    let modified = match policy.dates {
        DatePolicy::None => "REMOVED",
        DatePolicy::Shift if person.shift.is_some() => "MODIFIED",
        DatePolicy::Shift => "REMOVED",
        DatePolicy::Keep => "UNMODIFIED",
    };
    set.text(Tag(0x0028, 0x0303), VR::CS, modified);
}
