//! De-identification: who becomes whom, what is kept, and the proof. In: identities, headers,
//! a policy and the project key. Out: subject codes, date shifts, secrets to search for, a check
//! that every output passes, rows for the page, the certificate and the linking table. Never:
//! prints, logs or serialises what identifies ([`Identified`]), reads a clock or makes its own
//! randomness but for the salts of encrypted files, or claims anonymity: what leaves is
//! *pseudonymised*, and *known identifiers were not found* in it.
//!
//! The profile is the Basic Application Level Confidentiality Profile of DICOM PS3.15 Annex E.

mod ages;
mod blob;
mod certificate;
mod certificate_page;
mod check;
mod cohort;
mod consequence;
mod csv;
mod date;
mod dates;
pub mod faces;
mod fate;
mod fold;
mod identified;
mod identity;
mod inspect;
mod key;
mod linking;
mod mapping;
pub mod object;
pub mod pixels;
mod place;
mod policy;
mod policy_schema;
pub mod profile;
mod sealed;
mod secrets;
mod spellings;
mod subjects;
#[cfg(test)]
mod synthetic;
mod vocabulary;

pub use ages::Age;
pub use certificate::{
    CERTIFICATE_SCHEMA, Certificate, CertificateError, Coded, EDITION, ElementCount, Evidence, FacesSection,
    PositionSection, RetainedItem, SearchSection,
};
pub use certificate_page::certificate_page;
pub use check::{Check, CheckCount, EntryKind, Leak, Retained, Searched, TooManySecrets};
pub use cohort::{AgeSteps, Coarsening, NoCoarsening, Offer, SmallCohort, Traits};
pub use consequence::{Consequence, Example, Holdings};
pub use csv::pairs;
pub use date::{Date, DateTime, TimeOfDay, days_between, parse_offset};
pub use dates::{DatePolicy, DateShift, NoShift, SHIFT_DAYS};
pub use fate::{Action, ActionCounts, action};
pub use identified::{Identified, Purpose};
pub(crate) use identity::people;
pub use identity::{IdentityKey, PatientIdentity, RecognisedBy};
pub use inspect::{After, Inspection, Row};
pub use key::{KeyError, KeyUse, ProjectKey};
pub use linking::{LinkingRow, LinkingTable};
pub use mapping::{Mapping, MappingError, MappingRow};
pub use policy::{
    Code, DeviceDetail, Effect, Faces, Keep, KeepPrivate, Options, POLICY_SCHEMA, Policy, PolicyError,
    PolicyOption, PolicySchema, Profile, Reach, SubjectScheme,
};
pub use policy_schema::{Fault, SCHEMA_FILE};
pub use sealed::{Protection, SealError, WORK_FACTOR, is_sealed, seal, unseal};
pub use secrets::{ByPosition, SecretKind, Secrets};
pub use subjects::{
    Assignment, CodeSource, Doubt, NotASubjectCode, SubjectCode, SubjectError, SubjectNaming, Subjects,
};
