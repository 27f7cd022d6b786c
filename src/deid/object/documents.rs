//! Certificate, lists and tables before they are written, checked like everything else. In: their bytes, and
//! everybody's secrets. Out: how much was searched, or the leak that forbids one. Never: takes the text of a
//! document for ours because it stands in a document: ours are the names of fields and a fixed list of words.

use super::super::certificate::Certificate;
use super::super::check::{Check, CheckCount, Leak, Retained, TooManySecrets};
use super::super::pixels::Suspicion;
use super::super::secrets::Secrets;
use super::{Cohort, Exclusion, Project, retains};
use crate::dicom::DicomError;
use serde_json::Value;
use std::collections::BTreeSet;

/// Searches documents (name and bytes) for what identifies anybody of the cohort.
///
/// `reasons` are the sentences of our error types that stand in the list of files. They hold no value, so their
/// words are no leak (*part of a person's name was found in …*, where somebody's comment is *person's name*);
/// numbers in them are searched for like all others.
///
/// Out: for each document how much was searched, or the leak that forbids it.
///
/// # Errors
/// The search can't be built: none of them is to be written.
pub fn check_documents(
    cohort: &Cohort,
    project: &Project,
    documents: &[(&str, &[u8])],
    reasons: &[&str],
) -> Result<Vec<Result<CheckCount, Leak>>, TooManySecrets> {
    let secrets: Vec<&Secrets> = cohort.subjects.iter().map(|subject| &subject.secrets).collect();
    let kept = |tag| retains(tag, &project.policy);
    let mut ours = words();
    ours.extend(reasons.iter().map(|reason| without_numbers(reason)));
    for (name, bytes) in documents {
        if name.ends_with(".json")
            && let Ok(document) = serde_json::from_slice::<Value>(bytes)
        {
            fields(&document, &mut ours);
        }
    }
    // What a policy keeps for a reason stands in the certificate as the institution wrote it.
    let policy = &project.policy;
    let reasons = policy.keep.iter().map(|keep| keep.reason.as_str());
    let chosen: Vec<&str> = reasons
        .chain(policy.keep_private.iter().flat_map(|keep| [keep.reason.as_str(), keep.creator.as_str()]))
        .chain(policy.name.as_deref())
        .collect();
    let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
    let retained = Retained { kept: &kept, dates: policy.dates, texts: &ours, chosen: &chosen, fields: &[] };
    let check = Check::new(&secrets, &retained)?;
    Ok(documents.iter().map(|(name, bytes)| check.entry(name, bytes)).collect())
}

/// What documents say in words of our own.
fn words() -> BTreeSet<String> {
    let mut words: BTreeSet<String> = [
        "DICOM objects, built element by element from what the profile lets stay",
        "ordinal outcome reason object written skipped failed n/a not a DICOM file left out cancelled",
        "the output can't be written; not reached",
        "deidentification.json files.tsv review.json provenance",
    ]
    .map(str::to_owned)
    .into();
    words.insert(Certificate::wording().to_owned());
    let suspicions = [
        Suspicion::Declared,
        Suspicion::SecondaryCapture,
        Suspicion::Modality,
        Suspicion::Screen,
        Suspicion::Colour,
        Suspicion::Text,
        Suspicion::Unseen,
    ];
    words.extend(suspicions.map(|suspicion| suspicion.words().to_owned()));
    words.extend(suspicions.iter().filter_map(|s| Some(serde_json::to_value(s).ok()?.as_str()?.to_owned())));
    let exclusions = [
        Exclusion::Directory,
        Exclusion::Document,
        Exclusion::StructuredReport,
        Exclusion::Audio,
        Exclusion::Video,
        Exclusion::PrivateObject,
        Exclusion::NoPatient,
        Exclusion::BurnedIn(Suspicion::Text),
        Exclusion::LeftOut,
        Exclusion::BoxOutside,
        Exclusion::Face,
    ];
    words.extend(exclusions.map(|exclusion| exclusion.to_string()));
    words.extend([DicomError::NotDicom, DicomError::Empty, DicomError::Unreadable].map(|e| e.to_string()));
    words
}

/// A sentence with what has a digit in it taken out.
fn without_numbers(sentence: &str) -> String {
    let words = sentence.split(' ').filter(|word| !word.bytes().any(|b| b.is_ascii_digit()));
    words.collect::<Vec<_>>().join(" ")
}

fn fields(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                into.insert(key.clone());
                fields(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, into)),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::deid::object::Roster;
    use crate::deid::pixels::Redactions;
    use crate::deid::synthetic::{file, texts};
    use crate::deid::{Coarsening, DatePolicy, Policy, ProjectKey, SubjectNaming};

    #[test]
    fn a_reason_excuses_its_words_and_never_a_number_or_what_stands_elsewhere() {
        let key = ProjectKey::from_entropy([7; 32]);
        let mut roster = Roster::new();
        let patient = [
            (0x0010, 0x0010, "PN", "Quavobbyx^Anna"),
            (0x0010, 0x0020, "LO", "73104455"),
            (0x0010, 0x4000, "LT", "was found in a kitchen"),
        ];
        roster.add(0, &file(&texts(&patient)), None);
        let cohort = roster.settle(&key, &SubjectNaming::Keyed, DatePolicy::None).unwrap();
        let project = Project {
            key,
            policy: Policy::default(),
            accept_burned_in: false,
            redactions: Redactions::default(),
            coarsen: Coarsening::default(),
            record_uids: false,
        };
        let checked = |reason: &str, excused: &[&str]| {
            let table = format!("ordinal\toutcome\treason\tobject\n0\tfailed\t{reason}\tn/a\n");
            let found = check_documents(&cohort, &project, &[("files.tsv", table.as_bytes())], excused);
            found.unwrap().remove(0)
        };
        let sentence = "a name was found in a kitchen at byte 812; it was not written";
        assert!(checked(sentence, &[sentence]).is_ok());
        assert!(checked(sentence, &[]).is_err(), "no sentence of ours");
        let number = "damaged at byte 73104455";
        assert!(checked(number, &[number]).is_err());
        assert!(checked("Quavobbyx", &[sentence]).is_err());
    }
}
