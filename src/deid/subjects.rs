//! Subject codes. In: the identities of all patients at hand, the project key, how subjects are to
//! be named, and the codes that the data set has already. Out: one code for each patient. Never:
//! a code that depends on which other patients are there (keyed), that is renumbered (numbered),
//! or that two patients share by accident.

use super::identified::Identified;
use super::identity::{IdentityKey, PatientIdentity};
use super::key::{KeyUse, ProjectKey};
use super::mapping::Mapping;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Crockford's base 32: digits and letters without i, l, o and u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters of a keyed code: 40 bits, so among 10,000 patients two share one in 1 of 22,000
/// data sets (and then the user is told).
const KEYED_LENGTH: usize = 8;

/// The longest code accepted from a mapping file.
const LONGEST: usize = 32;

/// A subject's pseudonymous code: a BIDS label, what follows `sub-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectCode(String);

/// The text is no subject code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject code is 1 to {LONGEST} letters a–z, A–Z and digits, as BIDS labels are")]
pub struct NotASubjectCode;

impl SubjectCode {
    /// A code from text, with or without `sub-` before it.
    ///
    /// # Errors
    /// [`NotASubjectCode`] unless it is a BIDS label of 1 to 32 characters.
    pub fn new(text: &str) -> Result<Self, NotASubjectCode> {
        let label = text.trim();
        let label = label.strip_prefix("sub-").unwrap_or(label);
        let valid = (1..=LONGEST).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric());
        valid.then(|| Self(label.to_owned())).ok_or(NotASubjectCode)
    }

    /// The keyed code of a patient.
    fn keyed(key: &ProjectKey, identity: &IdentityKey) -> Self {
        let mac = key.mac(KeyUse::Subject, &identity.message());
        let bits = mac.iter().take(8).fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
        let code =
            (0..KEYED_LENGTH).map(|i| ALPHABET[(bits >> (59 - 5 * i)) as usize & 31] as char).collect();
        Self(code)
    }

    /// The label without `sub-`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn number(&self) -> Option<u32> {
        if self.0.bytes().all(|b| b.is_ascii_digit()) { self.0.parse().ok() } else { None }
    }

    /// What must differ between subjects: file systems that ignore case would merge them.
    fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for SubjectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SubjectCode {
    type Error = NotASubjectCode;
    fn try_from(text: String) -> Result<Self, NotASubjectCode> {
        Self::new(&text)
    }
}

impl From<SubjectCode> for String {
    fn from(code: SubjectCode) -> Self {
        code.0
    }
}

/// How subjects are named.
#[derive(Debug, Clone, Default)]
pub enum SubjectNaming {
    /// Codes under the project key: the same patient, the same code, next year as well.
    #[default]
    Keyed,
    /// Numbers. Who is in the mapping keeps the code; who is new gets the numbers that follow, in
    /// the order of a keyed hash (the order of names or IDs would leak rank).
    Numbered(Mapping),
    /// Codes from a mapping file; who is not in it gets a keyed code.
    Mapped(Mapping),
}

/// Where a subject's code came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeSource {
    /// The project key.
    Keyed,
    /// The mapping file.
    Mapped,
    /// The next free number.
    Numbered,
}

/// One patient's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The code.
    pub code: SubjectCode,
    /// Where it came from.
    pub source: CodeSource,
    /// The identity under which this person's dates are shifted: the patient's own, or, where a
    /// mapping makes two IDs one subject, the same one for both.
    pub person: IdentityKey,
}

/// Why codes could not be given. Ordinals count the identities passed, from 0; their words from 1, as
/// screens and tables do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// Two patients would share a code.
    #[error(
        "patients {} and {} would share a subject code; give one of them a code of its own in a mapping file", .first + 1, .second + 1
    )]
    Collision {
        /// Ordinal of one.
        first: usize,
        /// Ordinal of the other.
        second: usize,
    },
    /// Numbers cannot go on, since it is not known who has the numbers in use.
    #[error(
        "the data set has {missing} subjects that the mapping file does not name; load the mapping file (or linking table) saved with it, so that nobody is renumbered"
    )]
    MappingIncomplete {
        /// How many subjects of the data set are unknown to the mapping.
        missing: usize,
    },
}

/// Something about the identities that the user should see in the plan. Ordinals count the
/// identities passed to [`Subjects::assign`], from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// No patient ID: recognised by name and birth date.
    ByNameAndBirthDate(usize),
    /// No patient ID and no birth date: recognised by name, so namesakes would be one.
    ByNameAlone(usize),
    /// Nothing that identifies: every study is a subject of its own.
    ByStudy(usize),
    /// Two subjects with the same name and birth date: perhaps one patient with two IDs. A mapping
    /// file that gives both IDs one code joins them.
    SameNameAndBirthDate(usize, usize),
    /// The mapping file that is obeyed does not name the patient, who got a keyed code.
    NotInMapping(usize),
}

/// The codes of all patients at hand.
#[derive(Debug, Clone, Default)]
pub struct Subjects {
    by_identity: BTreeMap<IdentityKey, Assignment>,
    doubts: Vec<Doubt>,
}

impl Subjects {
    /// Gives every identity its code. `taken` are the codes that the data set to be added to has
    /// already (empty for a new one).
    ///
    /// # Errors
    /// [`SubjectError`]: two patients would share a code, or a numbered data set is to be
    /// continued without the mapping that says whose its numbers are.
    pub fn assign(
        identities: &[PatientIdentity],
        key: &ProjectKey,
        naming: &SubjectNaming,
        taken: &BTreeSet<SubjectCode>,
    ) -> Result<Self, SubjectError> {
        let mut ordinals: BTreeMap<IdentityKey, usize> = BTreeMap::new();
        for (ordinal, identity) in identities.iter().enumerate() {
            ordinals.entry(identity.key()).or_insert(ordinal);
        }
        let mut by_identity = match naming {
            SubjectNaming::Keyed => ordinals.keys().map(|who| (who.clone(), keyed(key, who))).collect(),
            SubjectNaming::Mapped(mapping) => ordinals
                .keys()
                .map(|who| (who.clone(), mapped(mapping, who).unwrap_or_else(|| keyed(key, who))))
                .collect(),
            SubjectNaming::Numbered(mapping) => numbered(ordinals.keys(), key, mapping, taken)?,
        };
        refuse_collisions(&by_identity, &ordinals)?;
        join_persons(&mut by_identity, naming);
        let mut doubts = doubts(identities, &ordinals, &by_identity);
        if matches!(naming, SubjectNaming::Mapped(_)) {
            let missing = by_identity.iter().filter(|(_, a)| a.source == CodeSource::Keyed);
            let mut missing: Vec<usize> = missing.filter_map(|(who, _)| ordinals.get(who).copied()).collect();
            missing.sort_unstable();
            doubts.extend(missing.into_iter().map(Doubt::NotInMapping));
        }
        Ok(Self { by_identity, doubts })
    }

    /// A patient's code and where it came from; `None` for an identity that was not assigned.
    pub fn of(&self, identity: &PatientIdentity) -> Option<&Assignment> {
        self.of_key(&identity.key())
    }

    /// As [`Subjects::of`], for a key made before.
    pub fn of_key(&self, key: &IdentityKey) -> Option<&Assignment> {
        self.by_identity.get(key)
    }

    /// All codes, sorted, each once.
    pub fn codes(&self) -> BTreeSet<&SubjectCode> {
        self.by_identity.values().map(|a| &a.code).collect()
    }

    /// What the user should look at, in the order of identities.
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }
}

fn keyed(key: &ProjectKey, who: &IdentityKey) -> Assignment {
    let code = SubjectCode::keyed(key, who);
    Assignment { code, source: CodeSource::Keyed, person: who.clone() }
}

fn mapped(mapping: &Mapping, who: &IdentityKey) -> Option<Assignment> {
    let code = mapping.code(who)?.clone();
    Some(Assignment { code, source: CodeSource::Mapped, person: who.clone() })
}

fn numbered<'a>(
    identities: impl Iterator<Item = &'a IdentityKey>,
    key: &ProjectKey,
    mapping: &Mapping,
    taken: &BTreeSet<SubjectCode>,
) -> Result<BTreeMap<IdentityKey, Assignment>, SubjectError> {
    let known: BTreeSet<String> = mapping.codes().map(SubjectCode::folded).collect();
    let missing = taken.iter().filter(|code| !known.contains(&code.folded())).count();
    if missing > 0 {
        return Err(SubjectError::MappingIncomplete { missing });
    }
    let numbers = || mapping.codes().filter(|code| code.number().is_some());
    let last = numbers().filter_map(SubjectCode::number).max().unwrap_or(0);
    let mut assigned = BTreeMap::new();
    let mut new = Vec::new();
    for who in identities {
        match mapped(mapping, who) {
            Some(assignment) => drop(assigned.insert(who.clone(), assignment)),
            None => new.push((key.mac(KeyUse::Order, &who.message()), who)),
        }
    }
    new.sort_unstable();
    let highest = u64::from(last) + new.len() as u64;
    let width = numbers().map(|code| code.as_str().len()).max().unwrap_or(3);
    let width = width.max(highest.to_string().len()).min(LONGEST);
    for (number, (_, who)) in (u64::from(last) + 1..).zip(new) {
        let code = SubjectCode(format!("{number:0width$}"));
        let source = CodeSource::Numbered;
        assigned.insert(who.clone(), Assignment { code, source, person: who.clone() });
    }
    Ok(assigned)
}

/// Two identities may share a code only if the mapping file says so for both.
fn refuse_collisions(
    assigned: &BTreeMap<IdentityKey, Assignment>,
    ordinals: &BTreeMap<IdentityKey, usize>,
) -> Result<(), SubjectError> {
    let mut owner: BTreeMap<String, &IdentityKey> = BTreeMap::new();
    for (who, assignment) in assigned {
        let Some(other) = owner.insert(assignment.code.folded(), who) else {
            continue;
        };
        let both_mapped = assigned.get(other).is_some_and(|other| {
            other.code == assignment.code
                && other.source == CodeSource::Mapped
                && assignment.source == CodeSource::Mapped
        });
        if !both_mapped {
            let ordinal = |who| ordinals.get(who).copied().unwrap_or_default();
            let (a, b) = (ordinal(other), ordinal(who));
            return Err(SubjectError::Collision { first: a.min(b), second: a.max(b) });
        }
    }
    Ok(())
}

/// Where the mapping joins several IDs in one subject, their dates must shift together, whichever
/// of them are at hand: the first of the mapping's identities stands for all.
fn join_persons(assigned: &mut BTreeMap<IdentityKey, Assignment>, naming: &SubjectNaming) {
    let (SubjectNaming::Numbered(mapping) | SubjectNaming::Mapped(mapping)) = naming else {
        return;
    };
    for assignment in assigned.values_mut().filter(|a| a.source == CodeSource::Mapped) {
        if let Some(first) = mapping.first_of_many(&assignment.code) {
            assignment.person = first.clone();
        }
    }
}

fn doubts(
    identities: &[PatientIdentity],
    ordinals: &BTreeMap<IdentityKey, usize>,
    assigned: &BTreeMap<IdentityKey, Assignment>,
) -> Vec<Doubt> {
    use super::identity::RecognisedBy;
    let mut doubts = Vec::new();
    let mut namesakes: BTreeMap<IdentityKey, (usize, &SubjectCode)> = BTreeMap::new();
    let mut first_seen: Vec<(&usize, &IdentityKey)> = ordinals.iter().map(|(k, o)| (o, k)).collect();
    first_seen.sort_unstable();
    for (&ordinal, who) in first_seen {
        match who.recognised_by() {
            RecognisedBy::PatientId | RecognisedBy::PatientIdAndName => {}
            RecognisedBy::NameAndBirthDate => doubts.push(Doubt::ByNameAndBirthDate(ordinal)),
            RecognisedBy::NameAlone => doubts.push(Doubt::ByNameAlone(ordinal)),
            RecognisedBy::Study => doubts.push(Doubt::ByStudy(ordinal)),
        }
        let (Some(identity), Some(assignment)) = (identities.get(ordinal), assigned.get(who)) else {
            continue;
        };
        let nameless = PatientIdentity { patient_id: Identified::new(String::new()), ..identity.clone() };
        let by_name = nameless.key();
        if by_name.recognised_by() != RecognisedBy::NameAndBirthDate {
            continue;
        }
        match namesakes.get(&by_name) {
            Some(&(other, code)) if *code != assignment.code => {
                doubts.push(Doubt::SameNameAndBirthDate(other, ordinal));
            }
            Some(_) => {}
            None => drop(namesakes.insert(by_name, (ordinal, &assignment.code))),
        }
    }
    doubts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    fn key() -> ProjectKey {
        ProjectKey::from_entropy([9; 32])
    }

    fn patient(id: &str) -> PatientIdentity {
        PatientIdentity { patient_id: id.to_owned().into(), ..Default::default() }
    }

    fn assign(ids: &[&str], naming: &SubjectNaming) -> Result<Vec<String>, SubjectError> {
        let identities: Vec<_> = ids.iter().map(|id| patient(id)).collect();
        let subjects = Subjects::assign(&identities, &key(), naming, &BTreeSet::new())?;
        Ok(identities.iter().map(|i| subjects.of(i).unwrap().code.to_string()).collect())
    }

    fn mapping(csv: &str) -> Mapping {
        Mapping::load(csv.as_bytes(), None).unwrap()
    }

    #[test]
    fn a_keyed_code_depends_on_nobody_else() {
        let together = assign(&["A1", "B2", "C3"], &SubjectNaming::Keyed).unwrap();
        let alone = assign(&["C3"], &SubjectNaming::Keyed).unwrap();
        assert_eq!(together[2], alone[0]);
        assert_eq!(alone[0].len(), 8);
        assert!(alone[0].bytes().all(|b| ALPHABET.contains(&b)));
        let other = ProjectKey::from_entropy([8; 32]);
        let identities = [patient("C3")];
        let subjects =
            Subjects::assign(&identities, &other, &SubjectNaming::Keyed, &BTreeSet::new()).unwrap();
        assert_ne!(subjects.of(&identities[0]).unwrap().code.as_str(), alone[0]);
    }

    #[test]
    fn keyed_codes_of_many_patients_use_every_letter_and_do_not_collide() {
        let ids: Vec<String> = (0..5000).map(|i| format!("P{i}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let codes = assign(&ids, &SubjectNaming::Keyed).unwrap();
        let letters: BTreeSet<u8> = codes.iter().flat_map(|c| c.bytes()).collect();
        assert_eq!(letters.len(), 32);
    }

    #[test]
    fn numbers_follow_the_mapping_and_not_the_order_of_names() {
        let ids = ["AA", "BB", "CC", "DD", "EE", "FF", "GG", "HH"];
        let empty = SubjectNaming::Numbered(Mapping::default());
        let codes = assign(&ids, &empty).unwrap();
        let mut reversed = ids;
        reversed.reverse();
        let mut again = assign(&reversed, &empty).unwrap();
        again.reverse();
        assert_eq!(codes, again, "the order of files must not matter");
        let mut sorted = codes.clone();
        sorted.sort();
        assert_eq!(sorted.first().unwrap(), "001");
        assert_eq!(sorted.last().unwrap(), "008");
        assert_ne!(codes, sorted, "alphabetical order leaks rank");
        let naming = SubjectNaming::Numbered(mapping("patient_id,subject\nCC,041\n"));
        let codes = assign(&["CC", "NEW"], &naming).unwrap();
        assert_eq!(codes, ["041", "042"]);
    }

    #[test]
    fn numbers_beyond_the_width_do_not_rename_those_before() {
        let naming = SubjectNaming::Numbered(mapping("patient_id,subject\nCC,999\n"));
        assert_eq!(assign(&["CC", "NEW"], &naming).unwrap(), ["999", "1000"]);
    }

    #[test]
    fn continuing_a_numbered_data_set_without_its_mapping_is_refused() {
        let taken = BTreeSet::from([SubjectCode::new("001").unwrap(), SubjectCode::new("002").unwrap()]);
        let naming = SubjectNaming::Numbered(mapping("patient_id,subject\nCC,001\n"));
        let error = Subjects::assign(&[patient("X")], &key(), &naming, &taken).unwrap_err();
        assert_eq!(error, SubjectError::MappingIncomplete { missing: 1 });
    }

    #[test]
    fn a_mapping_is_obeyed_and_the_rest_is_keyed() {
        let naming = SubjectNaming::Mapped(mapping("patient_id,subject\n0012,HCC07\n"));
        let codes = assign(&["0012", "77"], &naming).unwrap();
        assert_eq!(codes[0], "HCC07");
        assert_eq!(codes[1], assign(&["77"], &SubjectNaming::Keyed).unwrap()[0]);
        let identities = [patient("0012"), patient("77")];
        let of = |naming| Subjects::assign(&identities, &key(), naming, &BTreeSet::new()).unwrap();
        assert_eq!(of(&naming).doubts(), [Doubt::NotInMapping(1)]);
        assert_eq!(of(&SubjectNaming::Keyed).doubts(), []);
    }

    #[test]
    fn two_ids_joined_by_the_mapping_are_one_person_whichever_is_at_hand() {
        let naming = SubjectNaming::Mapped(mapping("patient_id,subject\nOLD,a\nNEW,a\n"));
        let person = |ids: &[&str], of: &str| {
            let identities: Vec<_> = ids.iter().map(|id| patient(id)).collect();
            let subjects = Subjects::assign(&identities, &key(), &naming, &BTreeSet::new()).unwrap();
            subjects.of(&patient(of)).unwrap().person.clone()
        };
        assert_eq!(person(&["OLD", "NEW"], "OLD"), person(&["NEW"], "NEW"));
    }

    #[test]
    fn two_patients_never_share_a_code_unnoticed() {
        let keyed = assign(&["77"], &SubjectNaming::Keyed).unwrap().remove(0);
        let csv = format!("patient_id,subject\n0012,{}\n", keyed.to_uppercase());
        let error = assign(&["0012", "77"], &SubjectNaming::Mapped(mapping(&csv))).unwrap_err();
        assert_eq!(error, SubjectError::Collision { first: 0, second: 1 });
    }

    #[test]
    fn what_is_doubtful_is_said() {
        let with = |id: &str, name: &str, birth: &str| PatientIdentity {
            patient_id: id.to_owned().into(),
            name: name.to_owned().into(),
            birth_date: birth.to_owned().into(),
            study_uid: "1.2.3".to_owned().into(),
            ..Default::default()
        };
        let identities = [
            with("1", "DOE^J", "19600512"),
            with("2", "Doe^J", "1960.05.12"),
            with("", "ROE", ""),
            with("", "", ""),
        ];
        let subjects =
            Subjects::assign(&identities, &key(), &SubjectNaming::Keyed, &BTreeSet::new()).unwrap();
        assert_eq!(
            subjects.doubts(),
            [Doubt::SameNameAndBirthDate(0, 1), Doubt::ByNameAlone(2), Doubt::ByStudy(3)]
        );
    }

    #[test]
    fn codes_are_bids_labels() {
        assert_eq!(SubjectCode::new(" sub-HCC01 ").unwrap().as_str(), "HCC01");
        for bad in ["", "sub-", "a-b", "a_b", "é", "a b", "../x", &"a".repeat(33)] {
            assert_eq!(SubjectCode::new(bad), Err(NotASubjectCode), "{bad:?}");
        }
    }
}
