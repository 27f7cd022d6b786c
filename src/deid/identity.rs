//! Who a patient is. In: the identifying elements of one study's header. Out: a normalised
//! [`IdentityKey`], equal for the same patient however the texts were padded and spelled. Never:
//! a guess across patients: leading zeros, and issuers where given, are part of an ID.

use std::collections::{BTreeMap, BTreeSet};

use super::date::Date;
use super::identified::{Identified, Purpose};

/// What a header says about who the patient is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientIdentity {
    /// PatientID (0010,0020).
    pub patient_id: Identified<String>,
    /// IssuerOfPatientID (0010,0021).
    pub issuer: Identified<String>,
    /// PatientName (0010,0010), as decoded text.
    pub name: Identified<String>,
    /// PatientBirthDate (0010,0030), as written.
    pub birth_date: Identified<String>,
    /// PatientSex (0010,0040), as written.
    pub sex: Identified<String>,
    /// StudyInstanceUID (0020,000D): the last resort, one patient for each study.
    pub study_uid: Identified<String>,
    /// The ID stands for other people, too: name and birth date are part of who this is.
    pub shares_id: bool,
}

/// What a patient was recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecognisedBy {
    /// The patient ID (and its issuer, where given).
    PatientId,
    /// The patient ID with name and birth date, where one ID stands for several people.
    PatientIdAndName,
    /// Name and birth date, for want of an ID.
    NameAndBirthDate,
    /// The name alone, for want of an ID and a birth date: namesakes would be one.
    NameAlone,
    /// Nothing but the study: two studies of one patient would be two patients.
    Study,
}

/// A patient's normalised identity: equal for the same patient, usable as a map's key, without
/// content in `Debug`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey {
    by: RecognisedBy,
    /// Issuer and ID; name and birth date; or study UID.
    parts: Identified<[String; 2]>,
    /// Name and birth date, where the ID alone does not tell.
    person: Identified<[String; 2]>,
}

/// IDs and names that archives write for "none". Upper case, without spaces and punctuation.
/// Taking one for a person would make one patient of many.
const PLACEHOLDERS: &[&str] = &[
    "",
    "NONE",
    "NULL",
    "NA",
    "NAN",
    "NOID",
    "NOPATIENTID",
    "NONAME",
    "UNKNOWN",
    "UNBEKANNT",
    "UNK",
    "ANON",
    "ANONYMOUS",
    "ANONYM",
    "ANONYMIZED",
    "ANONYMISED",
    "DEIDENTIFIED",
    "REMOVED",
    "EMPTY",
    "PATIENT",
    "PATIENTID",
    "PATIENTNAME",
    "NAME",
    "XX",
    "XXX",
    "XXXX",
    "XXXXX",
    "XXXXXX",
    "XXXXXXXX",
];

impl PatientIdentity {
    /// Letters and digits of the name, and of the date of birth.
    pub(crate) fn person(&self) -> Person {
        let letters = |text: &Identified<String>| -> String {
            let kept = text.reveal(Purpose::Decide).chars().filter(|c| c.is_alphanumeric());
            kept.flat_map(char::to_lowercase).collect()
        };
        Identified::new([letters(&self.name), letters(&self.birth_date)])
    }

    /// The key of this patient: by ID and issuer, else by name and birth date, else by study.
    /// Case, padding and repeated spaces do not matter; placeholders such as `ANONYMOUS`, `0000`
    /// count as nothing.
    pub fn key(&self) -> IdentityKey {
        let purpose = Purpose::Decide;
        let id = normalise(self.patient_id.reveal(purpose));
        let key = |by, first, second| IdentityKey {
            by,
            parts: Identified::new([first, second]),
            person: Identified::default(),
        };
        if !is_placeholder(&id) {
            let issuer = normalise(self.issuer.reveal(purpose));
            let whole = key(RecognisedBy::PatientId, issuer, id);
            if !self.shares_id {
                return whole;
            }
            let name = normalise_name(self.name.reveal(purpose));
            let birth = Date::parse_da(self.birth_date.reveal(purpose)).map_or(String::new(), |d| d.to_da());
            let person = Identified::new([name, birth]);
            return IdentityKey { by: RecognisedBy::PatientIdAndName, person, ..whole };
        }
        let name = normalise_name(self.name.reveal(purpose));
        if !is_placeholder(&name) {
            return match Date::parse_da(self.birth_date.reveal(purpose)) {
                Some(birth) => key(RecognisedBy::NameAndBirthDate, name, birth.to_da()),
                None => key(RecognisedBy::NameAlone, name, String::new()),
            };
        }
        key(RecognisedBy::Study, normalise(self.study_uid.reveal(purpose)), String::new())
    }

    /// Sex as `M`, `F` or `O`; `None` when empty or in other words.
    pub fn sex_code(&self) -> Option<char> {
        match self.sex.reveal(Purpose::Decide).trim_matches(['\0', ' ']).to_ascii_uppercase().as_str() {
            "M" | "MALE" => Some('M'),
            "F" | "FEMALE" | "W" => Some('F'),
            "O" | "OTHER" => Some('O'),
            _ => None,
        }
    }
}

/// Name and date of birth, as far as telling people apart goes.
pub(crate) type Person = Identified<[String; 2]>;

/// The people behind one ID, as places in `all`, each ascending. Who has the name or the date of birth of another is the
/// same person, since names change and dates are mistyped; only where both differ are there two. Who has neither
/// goes to nobody among several.
pub(crate) fn people(all: &[Person]) -> Vec<Vec<usize>> {
    struct One<'a> {
        names: BTreeSet<&'a str>,
        births: BTreeSet<&'a str>,
        places: Vec<usize>,
    }
    // Each pair once: a series repeats its patient in every file.
    let mut pairs: BTreeMap<[&str; 2], Vec<usize>> = BTreeMap::new();
    for (place, person) in all.iter().enumerate() {
        let [name, birth] = person.reveal(Purpose::Decide);
        pairs.entry([name, birth]).or_default().push(place);
    }
    let unknown = pairs.remove(&["", ""]);
    let mut people: Vec<One<'_>> = Vec::new();
    for ([name, birth], mut places) in pairs {
        let (same, others): (Vec<_>, Vec<_>) =
            people.into_iter().partition(|one| one.names.contains(name) || one.births.contains(birth));
        let mut joined = One { names: BTreeSet::new(), births: BTreeSet::new(), places: Vec::new() };
        joined.names.extend(Some(name).filter(|n| !n.is_empty()));
        joined.births.extend(Some(birth).filter(|b| !b.is_empty()));
        joined.places.append(&mut places);
        for one in same {
            joined.names.extend(one.names);
            joined.births.extend(one.births);
            joined.places.extend(one.places);
        }
        people = others;
        people.push(joined);
    }
    // A name alone and a date alone may be one person's.
    if people.iter().filter(|one| !one.names.is_empty() && !one.births.is_empty()).count() < 2 {
        return vec![(0..all.len()).collect()];
    }
    let mut out: Vec<Vec<usize>> = people.into_iter().map(|one| one.places).chain(unknown).collect();
    out.iter_mut().for_each(|places| places.sort_unstable());
    out.sort_unstable();
    out
}

impl IdentityKey {
    /// What the patient was recognised by.
    pub const fn recognised_by(&self) -> RecognisedBy {
        self.by
    }

    /// The key without its issuer, for a mapping file that has no issuers.
    pub(super) fn without_issuer(&self) -> Self {
        match self.by {
            RecognisedBy::PatientId => {
                let parts = self.parts.clone().map(|[_, id]| [String::new(), id]);
                Self { parts, ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// The key by ID alone, under which everybody who shares it was read.
    pub(crate) fn by_id(&self) -> Self {
        match self.by {
            RecognisedBy::PatientIdAndName => {
                Self { by: RecognisedBy::PatientId, person: Identified::default(), ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// The bytes that go under the project key: kind and parts.
    pub(crate) fn message(&self) -> Vec<&[u8]> {
        let by: &[u8] = match self.by {
            RecognisedBy::PatientId => b"id",
            RecognisedBy::PatientIdAndName => b"id of several",
            RecognisedBy::NameAndBirthDate | RecognisedBy::NameAlone => b"name",
            RecognisedBy::Study => b"study",
        };
        let [first, second] = self.parts.reveal(Purpose::Pseudonym);
        let mut out = vec![by, first.as_bytes(), second.as_bytes()];
        if self.by == RecognisedBy::PatientIdAndName {
            out.extend(self.person.reveal(Purpose::Pseudonym).iter().map(String::as_bytes));
        }
        out
    }
}

/// Trims DICOM padding, makes runs of white space one space, and upper-cases.
fn normalise(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c == '\0')
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect();
    words.join(" ")
}

/// The alphabetic group of a PN (PS3.5 section 6.2.1), components normalised, empty ones at the
/// end dropped: `Doe^Jane^^^` and `DOE^JANE` are one.
fn normalise_name(text: &str) -> String {
    let group = text.split('=').find(|group| !group.trim_matches(['^', ' ', '\0']).is_empty());
    let components: Vec<String> = group.unwrap_or_default().split('^').map(normalise).collect();
    components.join("^").trim_end_matches('^').to_owned()
}

fn is_placeholder(normalised: &str) -> bool {
    let bare: String = normalised.chars().filter(|c| c.is_alphanumeric()).collect();
    bare.chars().all(|c| c == '0') || PLACEHOLDERS.contains(&bare.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in crate::deid) fn who(id: &str, name: &str, birth: &str, study: &str) -> PatientIdentity {
        PatientIdentity {
            patient_id: id.to_owned().into(),
            name: name.to_owned().into(),
            birth_date: birth.to_owned().into(),
            study_uid: study.to_owned().into(),
            ..PatientIdentity::default()
        }
    }

    #[test]
    fn padding_and_case_do_not_make_a_new_patient() {
        let a = who("ab 12", "DOE^JANE", "", "1").key();
        assert_eq!(a, who(" AB  12 \0", "other", "x", "2").key());
        assert_ne!(a, who("AB12", "", "", "1").key());
    }

    #[test]
    fn leading_zeros_are_part_of_an_id() {
        assert_ne!(who("0012", "", "", "").key(), who("12", "", "", "").key());
    }

    #[test]
    fn the_same_id_of_two_issuers_is_two_patients() {
        let mut a = who("12", "", "", "");
        let mut b = a.clone();
        a.issuer = "HOSP A".to_owned().into();
        b.issuer = "HOSP B".to_owned().into();
        assert_ne!(a.key(), b.key());
        assert_eq!(a.key().without_issuer(), b.key().without_issuer());
    }

    #[test]
    fn without_an_id_name_and_birth_date_decide_then_the_study() {
        let a = who("", "Doe^Jane^^^", "1960.05.12", "1").key();
        assert_eq!(a, who("0000", "DOE^JANE", "19600512", "2").key());
        assert_eq!(a.recognised_by(), RecognisedBy::NameAndBirthDate);
        assert_ne!(a, who("", "DOE^JANE", "19600513", "1").key());
        let b = who("Anonymous", "ANONYMOUS", "19600512", "1.2.3").key();
        assert_eq!(b.recognised_by(), RecognisedBy::Study);
        assert_ne!(b, who("Anonymous", "ANONYMOUS", "19600512", "1.2.4").key());
    }

    #[test]
    fn an_ideographic_name_without_an_alphabetic_group_is_a_name() {
        let a = who("", "=山田^太郎=やまだ^たろう", "19600512", "1").key();
        assert_eq!(a.recognised_by(), RecognisedBy::NameAndBirthDate);
    }

    #[test]
    fn a_key_shows_nothing_in_debug() {
        assert!(!format!("{:?}", who("SECRET", "DOE", "", "").key()).contains("SECRET"));
    }

    #[test]
    fn sex_in_other_words() {
        let sex =
            |text: &str| PatientIdentity { sex: text.to_owned().into(), ..Default::default() }.sex_code();
        assert_eq!((sex("M "), sex("female"), sex("O"), sex("")), (Some('M'), Some('F'), Some('O'), None));
    }
}
