//! Mapping files: which patient has which subject code. In: a CSV with the columns `patient_id`
//! and `subject` (a linking table will do), perhaps under a passphrase. Out: codes by normalised
//! identity. Never: an ID in an error text; lines are named by number.

use super::csv;
use super::identified::Identified;
use super::identity::{IdentityKey, PatientIdentity, RecognisedBy};
use super::sealed::{self, SealError};
use super::subjects::SubjectCode;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Column names understood, lower case; the first is the one that we write.
const PATIENT_ID: &[&str] = &["patient_id", "patientid", "id_old", "original_id", "mrn"];
const SUBJECT: &[&str] = &["subject", "participant_id", "id_new", "subject_id", "code", "pseudonym"];
const ISSUER: &[&str] = &["issuer", "issuer_of_patient_id"];
const NAME: &[&str] = &["name", "patient_name", "patientname"];
const BIRTH_DATE: &[&str] = &["birth_date", "patient_birth_date", "patientbirthdate"];
const STUDY_UID: &[&str] = &["study_uid", "study_instance_uid", "studyinstanceuid"];

/// One row: who, and which code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRow {
    /// The patient, as far as the file says.
    pub identity: PatientIdentity,
    /// The code.
    pub subject: SubjectCode,
}

/// Codes by patient, from a file. Cheap to clone: every choice that undo goes back to has one.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    rows: Arc<Vec<MappingRow>>,
    by_identity: Arc<BTreeMap<IdentityKey, SubjectCode>>,
}

/// What is wrong with a mapping file. Lines count from 1, as an editor shows them; the first is the
/// header's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The bytes are neither UTF-8 nor Latin-1 text, or the protection failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A column is missing.
    #[error(
        "the mapping file needs a header line with the columns patient_id and subject; {missing} is missing"
    )]
    NoColumn {
        /// The missing column.
        missing: &'static str,
    },
    /// A line has no usable code.
    #[error(
        "line {line} of the mapping file has no valid subject code (letters and digits only, as BIDS labels are)"
    )]
    BadCode {
        /// The line.
        line: usize,
    },
    /// A line names nobody.
    #[error("line {line} of the mapping file names no patient")]
    Nobody {
        /// The line.
        line: usize,
    },
    /// One patient has two codes.
    #[error("line {line} of the mapping file gives a patient another code than an earlier line")]
    Contradiction {
        /// The later line.
        line: usize,
    },
}

impl Mapping {
    /// Reads a mapping file or linking table.
    ///
    /// # Errors
    /// [`MappingError`] names the column or line; [`SealError::NeedsPassphrase`] inside
    /// [`MappingError::Seal`] when the file is protected.
    pub fn load(file: &[u8], passphrase: Option<&str>) -> Result<Self, MappingError> {
        let bytes = sealed::unseal(file, passphrase)?;
        // Spreadsheets on hospital PCs still save Latin-1.
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&b| b as char).collect(),
        };
        let mut records = csv::parse(&text).into_iter();
        let header: Vec<String> =
            records.next().unwrap_or_default().1.iter().map(|h| h.trim().to_lowercase()).collect();
        let column = |names: &[&str]| header.iter().position(|h| names.contains(&h.as_str()));
        let id = column(PATIENT_ID).ok_or(MappingError::NoColumn { missing: "patient_id" })?;
        let subject = column(SUBJECT).ok_or(MappingError::NoColumn { missing: "subject" })?;
        let columns = [column(ISSUER), column(NAME), column(BIRTH_DATE), column(STUDY_UID)];
        let (mut mapping, mut rows) = (Self::default(), Vec::new());
        for (line, record) in records {
            let field = |at: Option<usize>| {
                let text = at.and_then(|at| record.get(at)).map(|f| csv::unguard(f));
                Identified::new(text.unwrap_or_default().to_owned())
            };
            let code = record.get(subject).map(|c| csv::unguard(c)).unwrap_or_default();
            let subject = SubjectCode::new(code).map_err(|_| MappingError::BadCode { line })?;
            let [issuer, name, birth_date, study_uid] = columns.map(field);
            let identity = PatientIdentity {
                patient_id: field(Some(id)),
                issuer,
                name,
                birth_date,
                sex: Identified::default(),
                study_uid,
                shares_id: false,
            };
            rows.push((identity, subject, line));
        }
        tell_people_apart(&mut rows);
        for (identity, subject, line) in rows {
            mapping.add(identity, subject, line)?;
        }
        Ok(mapping)
    }

    fn add(
        &mut self,
        identity: PatientIdentity,
        subject: SubjectCode,
        line: usize,
    ) -> Result<(), MappingError> {
        let key = identity.key();
        if key.recognised_by() == RecognisedBy::Study && key.message().iter().skip(1).all(|p| p.is_empty()) {
            return Err(MappingError::Nobody { line });
        }
        match Arc::make_mut(&mut self.by_identity).insert(key, subject.clone()) {
            Some(earlier) if earlier != subject => return Err(MappingError::Contradiction { line }),
            Some(_) => {}
            None => Arc::make_mut(&mut self.rows).push(MappingRow { identity, subject }),
        }
        Ok(())
    }

    /// The code of a patient. A row without an issuer is for that ID whoever issued it.
    pub fn code(&self, who: &IdentityKey) -> Option<&SubjectCode> {
        self.by_identity.get(who).or_else(|| self.by_identity.get(&who.without_issuer()))
    }

    /// All rows, in the order of the file.
    pub fn rows(&self) -> &[MappingRow] {
        &self.rows
    }

    /// All codes; one that several patients have comes several times.
    pub(super) fn codes(&self) -> impl Iterator<Item = &SubjectCode> {
        self.by_identity.values()
    }

    /// The first identity (in the order of keys) with this code, if there are several.
    pub(super) fn first_of_many(&self, code: &SubjectCode) -> Option<&IdentityKey> {
        let mut with_code = self.by_identity.iter().filter(|(_, c)| *c == code).map(|(who, _)| who);
        let first = with_code.next()?;
        with_code.next().map(|_| first)
    }
}

/// Rows of one ID that have other codes, other names and other dates of birth are other people's, as a linking
/// table has them where an ID was shared.
fn tell_people_apart(rows: &mut [(PatientIdentity, SubjectCode, usize)]) {
    let mut by_id: BTreeMap<IdentityKey, Vec<usize>> = BTreeMap::new();
    for (at, (identity, ..)) in rows.iter().enumerate() {
        by_id.entry(identity.key()).or_default().push(at);
    }
    for (_, of_id) in by_id.into_iter().filter(|(key, _)| key.recognised_by() == RecognisedBy::PatientId) {
        let person = |at: usize| {
            let (identity, code, _) = rows.get(at)?;
            let nameless = PatientIdentity { patient_id: Identified::default(), ..identity.clone() }.key();
            let known = nameless.recognised_by() == RecognisedBy::NameAndBirthDate;
            known.then(|| {
                (nameless.message().into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), code.clone())
            })
        };
        let people: Option<Vec<_>> = of_id.iter().map(|at| person(*at)).collect();
        let Some(people) = people else { continue };
        // Name and date are the second and third part.
        let apart = people.iter().enumerate().any(|(n, (a, code))| {
            let others = people.iter().skip(n + 1).filter(|(_, other)| other != code);
            others.into_iter().any(|(b, _)| a.get(1) != b.get(1) && a.get(2) != b.get(2))
        });
        if apart {
            for at in of_id {
                if let Some((identity, ..)) = rows.get_mut(at) {
                    identity.shares_id = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    fn error(csv: &str) -> MappingError {
        Mapping::load(csv.as_bytes(), None).unwrap_err()
    }

    #[test]
    fn errors_name_lines_and_never_ids() {
        assert_eq!(error("a,b\n1,2"), MappingError::NoColumn { missing: "patient_id" });
        assert_eq!(error("patient_id\n1"), MappingError::NoColumn { missing: "subject" });
        assert_eq!(error("patient_id,subject\n1,a b"), MappingError::BadCode { line: 2 });
        assert_eq!(error("patient_id,subject\n1,a\n,b"), MappingError::Nobody { line: 3 });
        assert_eq!(error("patient_id,subject\nSECRET,a\nsecret ,b"), MappingError::Contradiction { line: 3 });
        assert!(!error("patient_id,subject\nSECRET,a\nsecret,b").to_string().contains("SECRET"));
    }

    #[test]
    fn a_row_without_an_issuer_is_for_that_id_whoever_issued_it() {
        let mapping = Mapping::load(b"id_old;id_new\r\n12;sub-a\r\n", None).unwrap();
        let identity = PatientIdentity {
            patient_id: "12".to_owned().into(),
            issuer: "HOSPITAL".to_owned().into(),
            ..Default::default()
        };
        assert_eq!(mapping.code(&identity.key()).unwrap().as_str(), "a");
    }

    #[test]
    fn latin_1_from_a_spreadsheet_is_read() {
        let mut csv = b"patient_id,name,subject\r\n,M".to_vec();
        csv.push(0xfc);
        csv.extend_from_slice(b"ller,a\r\n");
        let mapping = Mapping::load(&csv, None).unwrap();
        let identity = PatientIdentity { name: "Müller".to_owned().into(), ..Default::default() };
        assert_eq!(mapping.code(&identity.key()).unwrap().as_str(), "a");
    }
}
