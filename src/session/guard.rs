//! The check of every entry against its source, volume by volume (DESIGN.md, invariant 4).
//!
//! In: a volume's finished entries, before they are handed out. Out: leave, or the leak that forbids
//! it. Fails closed: what can't be checked isn't written.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::Value;

use super::Session;
use crate::convert::VolumeWarning;
use crate::dataset::report::ElementTag;
use crate::dataset::sidecar::{field_names, field_of};
use crate::dataset::{EntryName, documents};
use crate::deid::{Action, Check, CheckCount, IdentityKey, Leak, Retained, Searched, Secrets, action};
use crate::dicom::Tag;
use crate::intake::{PatientEntry, PlannedVolume};

/// Why an entry may not leave.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A known identifier is in it.
    Leak(Leak),
    /// A known identifier is in a document of this name, which is ours.
    Document(String, Leak),
    /// It can't be checked.
    Unchecked,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Leak(leak) => leak.fmt(f),
            Self::Document(name, leak) => write!(f, "{name}: {leak}"),
            Self::Unchecked => f.write_str("could not be checked; it was not written"),
        }
    }
}

impl Refusal {
    /// The element whose value was found.
    pub(crate) fn element(&self) -> Option<ElementTag> {
        match self {
            Self::Leak(Leak::Value { tags, .. }) => tags.first().map(|tag| ElementTag(tag.0, tag.1)),
            _ => None,
        }
    }
}

/// Checks entries; keeps the automaton of the patient in hand.
#[derive(Default)]
pub(crate) struct Guard {
    of: Option<(IdentityKey, Check)>,
    /// What was searched so far.
    pub(crate) count: CheckCount,
    /// What was searched for, in numbers.
    pub(crate) searched: Searched,
}

impl Guard {
    /// Checks a volume's entries: of the image its header (the rest is voxels), of the others all.
    pub(crate) fn check_volume(
        &mut self,
        session: &Session,
        volume: &PlannedVolume,
        header: &[u8],
        entries: &[(EntryName, Vec<u8>)],
    ) -> Result<(), Refusal> {
        let (patient, ..) = session.catalogue().volume(volume.id).ok_or(Refusal::Unchecked)?;
        self.prepare(session, patient)?;
        let Some((_, check)) = &self.of else { return Err(Refusal::Unchecked) };
        for (name, bytes) in entries {
            let plain = if name.as_str().ends_with(".nii.gz") { header } else { bytes.as_slice() };
            self.count += check.entry(name.as_str(), plain).map_err(Refusal::Leak)?;
        }
        Ok(())
    }

    /// Checks tables and documents: a subject's own against that subject's secrets, what all share
    /// against everybody's. (One patient's real date may be another's shifted one.)
    pub(crate) fn check_shared(
        &mut self,
        session: &Session,
        entries: &[(EntryName, Vec<u8>)],
    ) -> Result<(), Refusal> {
        let everybody: Vec<&Secrets> = session.all_secrets().collect();
        let ours = vocabulary(entries);
        let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
        let mut of: BTreeMap<Option<&str>, Vec<&(EntryName, Vec<u8>)>> = BTreeMap::new();
        for entry in entries {
            let subject = entry.0.as_str().strip_prefix("sub-").and_then(|rest| rest.split('/').next());
            of.entry(subject).or_default().push(entry);
        }
        let check = |(subject, entries): (Option<&str>, Vec<&(EntryName, Vec<u8>)>)| {
            let secrets = match subject {
                None => everybody.clone(),
                Some(subject) => secrets_of(session, subject)?,
            };
            let check = build(session, &secrets, &[], &ours)?;
            let mut count = CheckCount::default();
            for (name, bytes) in entries {
                let found = check.entry(name.as_str(), bytes);
                count += found.map_err(|leak| Refusal::Document(name.as_str().to_owned(), leak))?;
            }
            Ok(count)
        };
        // What is found first in the order of subjects is what is said, whichever thread found it.
        let counts: Vec<Result<CheckCount, Refusal>> =
            of.into_iter().collect::<Vec<_>>().into_par_iter().map(check).collect();
        for count in counts {
            self.count += count?;
        }
        Ok(())
    }

    fn prepare(&mut self, session: &Session, patient: &PatientEntry) -> Result<(), Refusal> {
        if self.of.as_ref().is_some_and(|(key, _)| *key == patient.key) {
            return Ok(());
        }
        let secrets = session.secrets(&patient.key).ok_or(Refusal::Unchecked)?;
        let fields: Vec<&str> = field_names().collect();
        // A folder called like a field or a warning of ours is no leak where that stands.
        let ours: Vec<&str> = fields.iter().chain(VolumeWarning::IDS).copied().collect();
        let check = build(session, &[secrets], &fields, &ours)?;
        self.searched.add(check.searched());
        self.of = Some((patient.key.clone(), check));
        Ok(())
    }
}

/// The secrets of everybody who has this code: more than one where a mapping joins two IDs.
fn secrets_of<'a>(session: &'a Session, subject: &str) -> Result<Vec<&'a Secrets>, Refusal> {
    let plan = session.plan().ok_or(Refusal::Unchecked)?;
    let of = plan
        .patients
        .iter()
        .zip(&session.catalogue().patients)
        .filter(|(p, _)| p.subject.as_str() == subject);
    let secrets: Vec<&Secrets> = of.filter_map(|(_, found)| session.secrets(&found.key)).collect();
    // Rows of a subject that joined the data set earlier are united with nobody's secrets here.
    if secrets.is_empty() { Err(Refusal::Unchecked) } else { Ok(secrets) }
}

/// Fields of the documents whose values come from tables of ours: reasons, roles, schemas.
const CONTROLLED: &[&str] =
    &["reason", "reasons", "role", "protocol", "schema", "id", "timePoint", "time_point", "outcome", "dates"];

/// What the documents say in words of our own: a folder called `fieldmaps`, or a file called
/// `DICOMDIR`, is no leak where a reason has that word. It excuses folders' names and descriptions
/// only, never a person's name, an ID or a date.
fn vocabulary(entries: &[(EntryName, Vec<u8>)]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for (name, bytes) in entries {
        if name.as_str().ends_with(".json")
            && let Ok(document) = serde_json::from_slice::<Value>(bytes)
        {
            collect(&document, false, &mut words);
        } else if let Ok(table) = std::str::from_utf8(bytes)
            && name.as_str().ends_with(".tsv")
        {
            let mut lines = table.lines();
            words.extend(lines.next().into_iter().flat_map(|header| header.split('\t')).map(str::to_owned));
            // Of the file list: outcomes and reasons, which are ids of ours.
            if name.as_str().starts_with("provenance/") {
                let is_id = |cell: &&str| cell.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                words.extend(lines.flat_map(|line| line.split('\t')).filter(is_id).map(str::to_owned));
            }
        }
    }
    words
}

fn collect(value: &Value, controlled: bool, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                // Volumes are keyed by their path, which is no word of ours.
                if !key.contains('/') {
                    words.insert(key.clone());
                }
                collect(inner, CONTROLLED.contains(&key.as_str()), words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, controlled, words)),
        Value::String(text) if controlled => {
            words.insert(text.clone());
        }
        _ => {}
    }
}

fn build(
    session: &Session,
    secrets: &[&Secrets],
    fields: &[&str],
    chosen: &[&str],
) -> Result<Check, Refusal> {
    let policy = session.policy();
    // What the sidecar's allow-list and the tables hold, as far as the policy lets it out.
    let kept = |tag: Tag| matches!(action(tag, &policy, &field_of), Action::Kept);
    let texts: Vec<&str> = documents::texts().collect();
    let retained = Retained { kept: &kept, dates: policy.dates, texts: &texts, chosen, fields };
    Check::new(secrets, &retained).map_err(|_| Refusal::Unchecked)
}
