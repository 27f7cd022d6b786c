//! A study file: which cases are read, in which order, what readers are shown.
//!
//! In: JSON of schema `hepatica-study/1`, the cases of a data set, who reads. Out: the list of readings: cases in
//! the order that the seed gives, some of them again without saying so, each session by itself where time
//! points are hidden. Nothing is ignored: an unknown field is an error. It chooses and orders; it holds no label.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::names::CaseFiles;
use super::rater::Rater;

/// Schema that this version reads.
const SCHEMA: &str = "hepatica-study/1";

/// Why a study was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// No JSON, an unknown or missing field, a value that does not fit.
    #[error("line {line}, column {column}: {problem}")]
    Malformed {
        /// Line, 1 first.
        line: usize,
        /// Column, 1 first.
        column: usize,
        /// In words.
        problem: String,
    },
    /// Another schema.
    #[error("this file's schema is not “hepatica-study/1”: choose a study file, or update Hepatica")]
    Schema,
    /// A field of which the value makes no sense.
    #[error("{0}")]
    Field(&'static str),
    /// None of its cases is here.
    #[error("none of the study's cases is in this data set: open the data set that it was written for")]
    Elsewhere,
    /// Some of its cases are not here.
    #[error(
        "{missing} of the study's {all} cases are not in this data set: open the data set that it was written for"
    )]
    Missing {
        /// How many are not.
        missing: usize,
        /// How many there are.
        all: usize,
    },
    /// It is read by others.
    #[error("this study is read by {0}: choose that code first")]
    Rater(String),
}

/// In which order cases come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    seed: u64,
    /// Another order for every rater.
    #[serde(default)]
    per_rater: bool,
}

/// Cases that come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Repeats {
    count: usize,
    /// Other cases between both readings, at least, as far as there are so many.
    #[serde(default = "apart")]
    apart: usize,
}

fn apart() -> usize {
    3
}

/// What readers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Show {
    subject: bool,
    time_point: bool,
    volumes: bool,
    guidance: bool,
}

impl Default for Show {
    fn default() -> Self {
        Self { subject: true, time_point: true, volumes: true, guidance: true }
    }
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "schema")]
    _schema: String,
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    raters: Vec<String>,
    #[serde(default)]
    cases: Vec<String>,
    #[serde(default)]
    order: Option<Order>,
    #[serde(default)]
    repeats: Option<Repeats>,
    #[serde(default)]
    show: Show,
}

/// A study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Study {
    written: Written,
    raters: Vec<Rater>,
}

/// A study as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StudyView {
    /// Identifier.
    pub id: String,
    /// In words.
    pub title: String,
    /// Volumes and measurements are shown before a case is done.
    pub volumes: bool,
    /// Margins and the best next stroke are shown.
    pub guidance: bool,
}

impl Study {
    /// Reads a study file.
    ///
    /// # Errors
    /// [`StudyError`].
    pub fn parse(json: &str) -> Result<Self, StudyError> {
        let malformed = |e: serde_json::Error| {
            let said = e.to_string();
            let problem = said.rsplit_once(" at line ").map_or(said.as_str(), |(words, _)| words).to_owned();
            StudyError::Malformed { line: e.line(), column: e.column(), problem }
        };
        let value: serde_json::Value = serde_json::from_str(json).map_err(malformed)?;
        if value.get("schema").and_then(serde_json::Value::as_str) != Some(SCHEMA) {
            return Err(StudyError::Schema);
        }
        let written: Written = serde_json::from_str(json).map_err(malformed)?;
        let plain = |text: &str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if !plain(&written.id) {
            return Err(StudyError::Field("id: 1 to 64 letters, digits, hyphens and underscores"));
        }
        if written.title.chars().count() > 120 || written.title.chars().any(char::is_control) {
            return Err(StudyError::Field("title: up to 120 characters on one line"));
        }
        if !written.cases.iter().all(|case| plain(case)) {
            return Err(StudyError::Field("cases: subjects as the data set has them, such as sub-7k3q9d"));
        }
        let mut once = written.cases.clone();
        once.sort_unstable();
        once.dedup();
        if once.len() != written.cases.len() {
            return Err(StudyError::Field(
                "cases: a subject stands there twice; “repeats” has cases read again",
            ));
        }
        let raters: Result<Vec<Rater>, _> = written.raters.iter().map(|code| Rater::parse(code)).collect();
        let raters = raters.map_err(|_| StudyError::Field("raters: codes such as rater-a, rater-b2"))?;
        Ok(Self { written, raters })
    }

    /// As the page shows it.
    #[must_use]
    pub fn view(&self) -> StudyView {
        let Written { id, title, show, .. } = &self.written;
        StudyView {
            id: id.clone(),
            title: if title.is_empty() { id.clone() } else { title.clone() },
            volumes: show.volumes,
            guidance: show.guidance,
        }
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.written.id
    }

    /// Whether margins and the best next stroke are shown.
    #[must_use]
    pub fn guidance(&self) -> bool {
        self.written.show.guidance
    }

    /// Whether the time point of an image is shown.
    #[must_use]
    pub fn time_point(&self) -> bool {
        self.written.show.time_point
    }

    /// The readings of a data set's cases for a rater, in order.
    ///
    /// # Errors
    /// [`StudyError::Elsewhere`], [`StudyError::Missing`], [`StudyError::Rater`].
    pub fn readings(&self, cases: &[CaseFiles], rater: &Rater) -> Result<Vec<CaseFiles>, StudyError> {
        let Written { cases: wanted, order, repeats, show, .. } = &self.written;
        if !self.raters.is_empty() && !self.raters.contains(rater) {
            let all: Vec<&str> = self.raters.iter().map(Rater::as_str).collect();
            return Err(StudyError::Rater(all.join(", ")));
        }
        let mut list: Vec<CaseFiles> = if wanted.is_empty() {
            cases.to_vec()
        } else {
            let find = |subject: &String| cases.iter().find(|case| case.subject == *subject).cloned();
            let found: Vec<CaseFiles> = wanted.iter().filter_map(find).collect();
            match wanted.len() - found.len() {
                0 => found,
                missing if missing < wanted.len() => {
                    return Err(StudyError::Missing { missing, all: wanted.len() });
                }
                _ => return Err(StudyError::Elsewhere),
            }
        };
        if !show.time_point {
            // Both sessions side by side would tell which came first.
            list = list.iter().flat_map(each_session).collect();
        }
        if list.is_empty() {
            return Err(StudyError::Elsewhere);
        }
        let seed = order.map_or(0, |o| o.seed);
        let whose = order.filter(|o| o.per_rater).map_or("", |_| rater.as_str());
        let drawn = |what: &str, case: &CaseFiles| -> u64 {
            let session = case.sessions.first().filter(|_| case.hidden).map_or("", |s| s.session.as_str());
            let mut hash = Sha256::new();
            for part in [&seed.to_string(), &self.written.id, whose, what, &case.subject, session] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            let bytes = hash.finalize();
            bytes.iter().take(8).fold(0, |all, b| all << 8 | u64::from(*b))
        };
        if order.is_some() {
            list.sort_by_cached_key(|case| drawn("order", case));
        }
        if let Some(Repeats { count, apart }) = *repeats {
            let mut again: Vec<CaseFiles> = list.clone();
            again.sort_by_cached_key(|case| drawn("repeat", case));
            again.truncate(count);
            for case in again {
                let first = list.iter().position(|one| one.same_reading(&case)).unwrap_or(0);
                let earliest = (first + 1 + apart).min(list.len());
                let places = (list.len() - earliest + 1) as u64;
                let at = earliest + (drawn("place", &case) % places) as usize;
                list.insert(at, CaseFiles { reading: 1, ..case });
            }
        }
        let numbered = !show.subject || !show.time_point || repeats.is_some_and(|r| r.count > 0);
        if numbered {
            for (at, case) in list.iter_mut().enumerate() {
                case.shown = format!("case {:02}", at + 1);
            }
        }
        Ok(list)
    }
}

/// Each session as a case that does not say when it was.
fn each_session(case: &CaseFiles) -> Vec<CaseFiles> {
    let alone = |session: &super::SessionFiles| CaseFiles {
        sessions: vec![super::SessionFiles { time_point: String::new(), ..session.clone() }],
        hidden: true,
        ..case.clone()
    };
    case.sessions.iter().filter(|s| !s.volumes.is_empty()).map(alone).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::super::names::{Known, cases};
    use super::*;

    fn data_set(subjects: usize) -> Vec<CaseFiles> {
        let paths: Vec<String> = (0..subjects)
            .flat_map(|s| {
                ["01", "02"].map(|e| format!("sub-{s:02}/ses-{e}/anat/sub-{s:02}_ses-{e}_T2w.nii.gz"))
            })
            .collect();
        cases(paths.iter().map(String::as_str).enumerate(), &Known::default())
    }

    fn rater(code: &str) -> Rater {
        Rater::parse(code).unwrap()
    }

    fn study(fields: &str) -> Study {
        Study::parse(&format!(r#"{{"schema": "hepatica-study/1", "id": "s"{fields}}}"#)).unwrap()
    }

    fn order(list: &[CaseFiles]) -> Vec<(String, u32)> {
        list.iter().map(|c| (c.subject.clone(), c.reading)).collect()
    }

    #[test]
    fn a_seed_fixes_the_order_and_another_seed_or_rater_changes_it() {
        let cases = data_set(12);
        let by = |fields: &str, code: &str| order(&study(fields).readings(&cases, &rater(code)).unwrap());
        let first = by(r#", "order": {"seed": 7}"#, "a");
        assert_eq!(first, by(r#", "order": {"seed": 7}"#, "b"), "one order for all raters");
        assert_ne!(first, by(r#", "order": {"seed": 8}"#, "a"));
        assert_ne!(first, by("", "a"), "no longer the data set's");
        let own = |code| by(r#", "order": {"seed": 7, "perRater": true}"#, code);
        assert_ne!(own("a"), own("b"));
        let mut sorted = first;
        sorted.sort();
        assert_eq!(sorted, by("", "a"), "the same cases");
    }

    #[test]
    fn repeats_come_apart_and_nothing_shown_tells_them() {
        let cases = data_set(12);
        for seed in 0..40 {
            let fields = format!(r#", "order": {{"seed": {seed}}}, "repeats": {{"count": 4, "apart": 3}}"#);
            let list = study(&fields).readings(&cases, &rater("a")).unwrap();
            assert_eq!(list.len(), 16);
            let names: Vec<&str> = list.iter().map(CaseFiles::name).collect();
            assert_eq!(names[0], "case 01");
            assert!(names.iter().all(|n| !n.contains("sub-")));
            for (at, again) in list.iter().enumerate().filter(|(_, c)| c.reading == 1) {
                let before = list.iter().position(|c| c.reading == 0 && c.subject == again.subject).unwrap();
                // The last cases have none behind them that could lie between.
                assert!(
                    at > before && (at - before > 3 || at + 1 == list.len() || before + 4 >= 12),
                    "{seed}: {before} {at}"
                );
            }
        }
    }

    #[test]
    fn hidden_time_points_part_sessions() {
        let cases = data_set(2);
        let list = study(r#", "show": {"timePoint": false}"#).readings(&cases, &rater("a")).unwrap();
        assert_eq!(list.len(), 4);
        assert!(
            list.iter().all(|c| c.hidden && c.sessions.len() == 1 && c.sessions[0].time_point.is_empty())
        );
        assert_eq!(list[3].name(), "case 04");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let cases = data_set(2);
        let refused = |fields: &str| study(fields).readings(&cases, &rater("a")).unwrap_err();
        assert_eq!(refused(r#", "cases": ["sub-zz"]"#), StudyError::Elsewhere);
        assert_eq!(refused(r#", "cases": ["sub-00", "sub-zz"]"#), StudyError::Missing { missing: 1, all: 2 });
        assert_eq!(
            refused(r#", "raters": ["b", "rater-c1"]"#),
            StudyError::Rater("rater-b, rater-c1".to_owned())
        );
        let parse = |text: &str| Study::parse(text).unwrap_err();
        assert_eq!(parse("{}"), StudyError::Schema);
        assert_eq!(parse(r#"{"schema": "hepatica-study/2", "id": "x"}"#), StudyError::Schema);
        let unknown = parse("{\"schema\": \"hepatica-study/1\", \"id\": \"x\",\n \"sed\": 1}").to_string();
        assert!(unknown.starts_with("line 2") && unknown.contains("unknown field `sed`"), "{unknown}");
        assert!(matches!(parse(r#"{"schema": "hepatica-study/1", "id": "a b"}"#), StudyError::Field(_)));
        assert!(matches!(
            parse(r#"{"schema": "hepatica-study/1", "id": "x", "raters": ["Miller"]}"#),
            StudyError::Field(_)
        ));
        assert!(matches!(
            parse(r#"{"schema": "hepatica-study/1", "id": "x", "cases": ["sub-a", "sub-a"]}"#),
            StudyError::Field(_)
        ));
        assert!(parse("{").to_string().starts_with("line 1"));
    }
}
