//! The linking table: which subject is which patient. In: one row a study. Out: a CSV (RFC 4180)
//! that spreadsheets open and [`super::Mapping`] reads again, under a passphrase by default. Never:
//! part of the archive, nor stored by the page: it is the user's file.

use super::csv;
use super::date::Date;
use super::dates::DateShift;
use super::identified::{Identified, Purpose};
use super::identity::PatientIdentity;
use super::mapping::Mapping;
use super::sealed::{self, Protection, SealError};
use super::subjects::SubjectCode;

/// One study of one subject.
#[derive(Debug, Clone)]
pub struct LinkingRow {
    /// The code.
    pub subject: SubjectCode,
    /// The session's label, without `ses-`; empty for subjects known from a mapping only.
    pub session: String,
    /// The patient, as in the study's headers.
    pub identity: PatientIdentity,
    /// The study's date, where known.
    pub study_date: Option<Identified<Date>>,
    /// Days from the subject's first study.
    pub day: Option<i32>,
    /// The shift, where dates are shifted.
    pub shift: Option<DateShift>,
}

/// Rows of the linking table. Holds identified data.
#[derive(Debug, Clone, Default)]
pub struct LinkingTable {
    rows: Vec<LinkingRow>,
}

const HEADER: [&str; 11] = [
    "subject",
    "session",
    "patient_id",
    "issuer",
    "name",
    "birth_date",
    "sex",
    "study_uid",
    "study_date",
    "day",
    "shift_days",
];

impl LinkingTable {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a study.
    pub fn push(&mut self, row: LinkingRow) {
        self.rows.push(row);
    }

    /// Adds those of an earlier mapping that have no study here, so that the new table can take its
    /// place: who was numbered before keeps the number.
    pub fn carry_over(&mut self, earlier: &Mapping) {
        let known: std::collections::BTreeSet<_> = self.rows.iter().map(|row| row.identity.key()).collect();
        for row in earlier.rows().iter().filter(|row| !known.contains(&row.identity.key())) {
            self.rows.push(LinkingRow {
                subject: row.subject.clone(),
                session: String::new(),
                identity: row.identity.clone(),
                study_date: None,
                day: None,
                shift: None,
            });
        }
    }

    /// The table's file, sorted by subject and session.
    ///
    /// # Errors
    /// [`SealError`] when the passphrase is empty or the platform fails.
    pub fn save(&self, protection: Protection<'_>) -> Result<Vec<u8>, SealError> {
        let mut rows: Vec<&LinkingRow> = self.rows.iter().collect();
        let order = |row: &&LinkingRow| {
            let uid = row.identity.study_uid.reveal(Purpose::LinkingTable).clone();
            (row.subject.clone(), row.session.clone(), uid)
        };
        rows.sort_by_cached_key(order);
        let mut text = zeroize::Zeroizing::new(String::new());
        csv::push_record(&mut text, HEADER);
        for row in rows {
            let reveal = |text: &Identified<String>| {
                text.reveal(Purpose::LinkingTable).trim_matches(['\0', ' ']).to_owned()
            };
            let who = &row.identity;
            let date = row.study_date.map(|date| date.reveal(Purpose::LinkingTable).to_iso());
            let cells = [
                row.subject.to_string(),
                row.session.clone(),
                reveal(&who.patient_id),
                reveal(&who.issuer),
                reveal(&who.name),
                reveal(&who.birth_date),
                reveal(&who.sex),
                reveal(&who.study_uid),
                date.unwrap_or_default(),
                row.day.map(|day| day.to_string()).unwrap_or_default(),
                row.shift.map(|shift| shift.days().to_string()).unwrap_or_default(),
            ];
            csv::push_record(&mut text, cells.iter().map(String::as_str));
        }
        sealed::seal(text.as_bytes(), protection)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    fn row(subject: &str, session: &str, id: &str, name: &str) -> LinkingRow {
        LinkingRow {
            subject: SubjectCode::new(subject).unwrap(),
            session: session.to_owned(),
            identity: PatientIdentity {
                patient_id: id.to_owned().into(),
                name: name.to_owned().into(),
                birth_date: "19600507".to_owned().into(),
                ..Default::default()
            },
            study_date: Date::parse_da("20180312").map(Identified::new),
            day: Some(0),
            shift: None,
        }
    }

    #[test]
    fn the_table_is_a_mapping_file_for_next_time() {
        let mut table = LinkingTable::new();
        table.push(row("002", "01", "=cmd()", "Müller, \"Jo\""));
        table.push(row("001", "01", "0012", "DOE^JANE"));
        table.push(row("003", "01", "", "ROE^RICHARD"));
        let file = table.save(Protection::Plain).unwrap();
        let text = String::from_utf8(file.clone()).unwrap();
        assert!(text.starts_with("subject,session,patient_id"));
        assert!(text.contains("\r\n001,01,0012,,DOE^JANE,19600507,,,2018-03-12,0,\r\n"), "{text}");
        assert!(text.contains(",'=cmd(),"), "formulas are disarmed: {text}");
        let mapping = Mapping::load(&file, None).unwrap();
        for row in &table.rows {
            assert_eq!(mapping.code(&row.identity.key()), Some(&row.subject));
        }
    }

    #[test]
    fn people_who_share_an_id_are_read_again_as_two() {
        let with = |subject: &str, name: &str, birth: &str| LinkingRow {
            identity: PatientIdentity {
                birth_date: birth.to_owned().into(),
                shares_id: true,
                ..row(subject, "01", "417", name).identity
            },
            ..row(subject, "01", "417", name)
        };
        let mut table = LinkingTable::new();
        table.push(with("001", "DOE^JANE", "19600507"));
        table.push(with("002", "ROE^RICHARD", "19450811"));
        let mapping = Mapping::load(&table.save(Protection::Plain).unwrap(), None).unwrap();
        for row in &table.rows {
            assert_eq!(mapping.code(&row.identity.key()), Some(&row.subject));
        }
        // One person under two codes is still a contradiction.
        let mut table = LinkingTable::new();
        table.push(with("001", "DOE^JANE", "19600507"));
        table.push(with("002", "DOE^JANE", "19600507"));
        assert!(Mapping::load(&table.save(Protection::Plain).unwrap(), None).is_err());
    }

    #[test]
    fn earlier_subjects_are_carried_over_once() {
        let earlier = Mapping::load(b"patient_id,subject\n0012,001\n0013,002\n", None).unwrap();
        let mut table = LinkingTable::new();
        table.push(row("001", "01", "0012", "DOE^JANE"));
        table.carry_over(&earlier);
        let text = String::from_utf8(table.save(Protection::Plain).unwrap()).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains("002,,0013"));
    }

    #[test]
    fn the_protected_table_shows_nobody() {
        let mut table = LinkingTable::new();
        table.push(row("001", "01", "0012", "DOE^JANE"));
        assert!(!format!("{table:?}").contains("DOE"));
        let file = table.save(Protection::Passphrase("passphrase")).unwrap();
        assert!(sealed::is_sealed(&file) && !String::from_utf8(file).unwrap().contains("DOE"));
    }
}
