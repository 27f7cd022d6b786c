//! The desk that a reader sits at: a shelf of cases, the case at hand, and the next one being made ready.
//!
//! In: what was opened, which case, ranges. Out: the list of cases, and the case. It keeps what is
//! remembered from case to case: sizes of panes, how they look, what was hung by hand, times at work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::AnnotateError;
use super::case::{Case, Display};
use super::editor::Editor;
use super::hanging::{self, Overrides};
use super::layout::Layout;
use super::names::CaseFiles;
use super::opening::{Entry, Shelf};
use super::rater::Rater;
use super::study::{Study, StudyError};
use super::views::{CaseListView, CaseRow, CaseStatus, Choice, SessionRow};
use crate::dicom::Need;
use crate::hanging::{Preset, Protocol, RoleId};
use crate::segment::formats::SourceSeries;

/// How far a case is, as it is kept from visit to visit.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Begun, finished.
    pub status: CaseStatus,
    /// At work.
    pub seconds: f64,
    /// Among its segments.
    pub lesions: usize,
    /// Strokes in the journal that are not saved.
    pub unsaved: bool,
    /// How it was left.
    pub layout: Option<Layout>,
    /// What the reader found wrong with the images.
    pub flags: Vec<String>,
    /// The reader's note: it stays in this browser.
    pub note: String,
}

/// What images may be flagged with: identifier, words.
pub const FLAGS: [(&str, &str); 6] = [
    ("motion", "motion"),
    ("arterial_early", "arterial phase too early"),
    ("arterial_late", "arterial phase too late"),
    ("artefact", "artefact"),
    ("coverage", "liver not covered"),
    ("series_missing", "a series is missing"),
];

/// Characters of a note.
const NOTE: usize = 500;

/// Cases, and the one at hand.
pub struct Desk {
    shelf: Shelf,
    /// What the data set has, in its own order; `shelf` has what is read.
    all: Vec<CaseFiles>,
    study: Option<Study>,
    entries: Arc<Vec<Entry>>,
    pub(super) case: Option<Case>,
    /// The case behind it, read while the reader is at work.
    ahead: Option<Case>,
    /// Protocols that the user brought.
    protocols: BTreeMap<String, Protocol>,
    /// The one that the user chose for all cases; else each case's own.
    chosen: Option<String>,
    overrides: Overrides,
    pub(super) display: Display,
    sizes: Vec<[u32; 2]>,
    /// How far cases are, by case.
    known: Vec<Progress>,
    rater: Rater,
    pub(super) budget: u64,
    /// Labels of sessions of the case at hand, by session.
    pub(super) editors: BTreeMap<usize, Editor>,
    /// Sessions with labels that were not saved.
    pub(super) unsaved_sessions: BTreeSet<usize>,
    /// Sessions whose surfaces are not those of the labels any more.
    pub(super) surfaces_due: BTreeSet<usize>,
    /// How unsure the preview of a session is, a level a voxel; while that is shown and known.
    pub(super) unsure: Option<(usize, Vec<u8>)>,
    /// The session that panels speak of.
    pub(super) at_hand: Option<usize>,
    /// DICOM objects that references were made of, by session.
    pub(super) series: BTreeMap<usize, SourceSeries>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("cases", &self.shelf.cases.len()).finish_non_exhaustive()
    }
}

impl Desk {
    /// With what was opened; volumes of a case may hold `budget` bytes.
    #[must_use]
    pub fn new(mut shelf: Shelf, budget: u64) -> Self {
        let entries = Arc::new(std::mem::take(&mut shelf.entries));
        Self {
            known: vec![Progress::default(); shelf.cases.len()],
            all: shelf.cases.clone(),
            study: None,
            shelf,
            entries,
            case: None,
            ahead: None,
            protocols: BTreeMap::new(),
            chosen: None,
            overrides: Overrides::default(),
            display: Display::default(),
            sizes: Vec::new(),
            rater: Rater::default(),
            budget,
            editors: BTreeMap::new(),
            unsaved_sessions: BTreeSet::new(),
            surfaces_due: BTreeSet::new(),
            unsure: None,
            at_hand: None,
            series: BTreeMap::new(),
        }
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> CaseListView {
        let row = |((case, files), known): ((usize, &CaseFiles), &Progress)| CaseRow {
            case,
            subject: files.name().to_owned(),
            sessions: files
                .sessions
                .iter()
                .map(|s| SessionRow {
                    session: if files.hidden { String::new() } else { s.session.clone() },
                    time_point: if files.hidden { String::new() } else { s.time_point.clone() },
                    volumes: s.volumes.len(),
                })
                .collect(),
            status: known.status,
            seconds: known.seconds,
            lesions: known.lesions,
            unsaved: known.unsaved,
            flags: FLAGS.iter().map(|f| f.0).filter(|id| known.flags.iter().any(|f| f == id)).collect(),
            note: known.note.clone(),
        };
        let shipped = Preset::ALL.iter().filter_map(|preset| {
            let protocol = preset.protocol().ok()?;
            let label = protocol.title.clone().unwrap_or_else(|| protocol.id.clone());
            Some(Choice { id: protocol.id, label })
        });
        let own = self.protocols.values().map(|protocol| Choice {
            id: protocol.id.clone(),
            label: protocol.title.clone().unwrap_or_else(|| protocol.id.clone()),
        });
        let proposed = || self.shelf.cases.first().map_or("", |case| hanging::proposed(case).id()).to_owned();
        let current = self.case.as_ref().map(|case| case.protocol().id.clone());
        CaseListView {
            title: self.shelf.title.clone(),
            cases: self.shelf.cases.iter().enumerate().zip(&self.known).map(row).collect(),
            ignored: self.shelf.ignored,
            troubles: self.shelf.troubles.clone(),
            protocols: shipped.chain(own).collect(),
            protocol: self.chosen.clone().or(current).unwrap_or_else(proposed),
            rater: self.rater().to_owned(),
            study: self.study.as_ref().map(Study::view),
            flags: FLAGS
                .iter()
                .map(|(id, label)| Choice { id: (*id).to_owned(), label: (*label).to_owned() })
                .collect(),
        }
    }

    /// What is read, in order.
    pub(super) fn cases(&self) -> &[CaseFiles] {
        &self.shelf.cases
    }

    /// Another reader sits down: labels, times and journals are that reader's from here on.
    ///
    /// # Errors
    /// A study that this reader does not read.
    pub fn set_rater(&mut self, rater: Rater) -> Result<(), StudyError> {
        let readings = match &self.study {
            Some(study) => study.readings(&self.all, &rater)?,
            None => self.all.clone(),
        };
        self.rater = rater;
        self.take_readings(readings);
        Ok(())
    }

    /// A study lays down what is read from here on, or none does.
    ///
    /// # Errors
    /// A study that does not fit the data set or the reader: everything is as it was.
    pub fn set_study(&mut self, study: Option<Study>) -> Result<(), StudyError> {
        let readings = match &study {
            Some(study) => study.readings(&self.all, &self.rater)?,
            None => self.all.clone(),
        };
        self.study = study;
        self.take_readings(readings);
        Ok(())
    }

    fn take_readings(&mut self, readings: Vec<CaseFiles>) {
        self.put_away();
        self.ahead = None;
        self.known = vec![Progress::default(); readings.len()];
        self.shelf.cases = readings;
    }

    /// The study at hand.
    #[must_use]
    pub fn study(&self) -> Option<&Study> {
        self.study.as_ref()
    }

    /// Whether the case at hand is finished: what a study closes until then is open.
    pub(super) fn is_done(&self) -> bool {
        let at = self.case.as_ref().map(Case::index);
        at.and_then(|at| self.known.get(at)).is_some_and(|known| known.status == CaseStatus::Done)
    }

    /// What a reader says of a case's images: flags of [`FLAGS`], and a note that stays here.
    pub fn set_remarks(&mut self, case: usize, flags: &[String], note: &str) {
        if let Some(known) = self.known.get_mut(case) {
            known.flags = FLAGS.iter().map(|f| f.0.to_owned()).filter(|id| flags.contains(id)).collect();
            known.note = note.chars().filter(|c| !c.is_control() || *c == '\n').take(NOTE).collect();
        }
    }

    /// Flags of a case.
    pub(super) fn flags(&self, case: usize) -> Vec<String> {
        self.known.get(case).map(|known| known.flags.clone()).unwrap_or_default()
    }

    /// What was hung by hand in place of roles, for all cases: it is the protocols' and nobody's.
    #[must_use]
    pub fn hung_roles(&self) -> Vec<(String, String, Vec<RoleId>)> {
        self.case.as_ref().map_or(&self.overrides, |case| case.overrides()).roles()
    }

    /// Takes that up again.
    pub fn take_hung_roles(&mut self, roles: Vec<(String, String, Vec<RoleId>)>) {
        self.overrides.take_roles(roles);
    }

    /// Hangs all cases opened from here on by a protocol; an unknown one is left aside.
    pub fn choose_protocol(&mut self, id: &str) {
        if self.protocol(id).is_ok() {
            self.chosen = Some(id.to_owned());
        }
    }

    fn protocol_for(&self, case: usize) -> Result<Protocol, AnnotateError> {
        let files = self.shelf.cases.get(case).ok_or(AnnotateError::NoCase)?;
        let id = self.chosen.clone().unwrap_or_else(|| hanging::proposed(files).id().to_owned());
        self.protocol(&id)
    }

    fn protocol(&self, id: &str) -> Result<Protocol, AnnotateError> {
        if let Some(own) = self.protocols.get(id) {
            return Ok(own.clone());
        }
        let preset = Preset::of_id(id).ok_or(AnnotateError::NoSuch("hanging protocol"))?;
        preset.protocol().map_err(|_| AnnotateError::NoSuch("hanging protocol"))
    }

    /// Takes a protocol of the user's own; its identifier.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn load_protocol(&mut self, json: &str) -> Result<String, crate::hanging::ProtocolError> {
        let protocol = Protocol::parse(json)?;
        let id = protocol.id.clone();
        self.protocols.insert(id.clone(), protocol);
        Ok(id)
    }

    fn make(&self, case: usize, budget: u64) -> Result<Case, AnnotateError> {
        let files = self.shelf.cases.get(case).ok_or(AnnotateError::NoCase)?.clone();
        let protocol = self.protocol_for(case)?;
        let entries = Arc::clone(&self.entries);
        Ok(Case::new(case, files, entries, protocol, self.overrides.clone(), budget))
    }

    /// Takes a case to hand; the one before is put away.
    ///
    /// # Errors
    /// [`AnnotateError::NoCase`].
    pub fn open(&mut self, case: usize) -> Result<&mut Case, AnnotateError> {
        self.put_away();
        let ready = self.ahead.take().filter(|ahead| ahead.index() == case);
        let mut opened = match ready {
            Some(ready) => ready,
            None => self.make(case, self.budget)?,
        };
        opened.set_budget(self.budget);
        for (pane, size) in self.sizes.iter().enumerate() {
            opened.resize(pane, *size);
        }
        opened.set_display(self.display);
        if let Some(known) = self.known.get_mut(case) {
            if known.status == CaseStatus::Todo {
                known.status = CaseStatus::Progress;
            }
            if let Some(layout) = &known.layout {
                opened.lay_out(layout);
            }
        }
        Ok(self.case.insert(opened))
    }

    fn put_away(&mut self) {
        // What is in them is in the journal.
        self.editors.clear();
        self.unsaved_sessions.clear();
        self.surfaces_due.clear();
        self.unsure = None;
        self.at_hand = None;
        self.series.clear();
        if let Some(case) = self.case.take() {
            if let Some(known) = self.known.get_mut(case.index()) {
                known.layout = Some(case.layout());
            }
            self.sizes = case.sizes().to_vec();
            self.overrides = case.overrides().clone();
        }
    }

    /// The case at hand.
    ///
    /// # Errors
    /// [`AnnotateError::NoCase`].
    pub fn case(&mut self) -> Result<&mut Case, AnnotateError> {
        self.case.as_mut().ok_or(AnnotateError::NoCase)
    }

    /// Hangs all cases by a protocol from now on.
    ///
    /// # Errors
    /// [`AnnotateError::NoSuch`].
    pub fn set_protocol(&mut self, id: &str) -> Result<(), AnnotateError> {
        let protocol = self.protocol(id)?;
        self.chosen = Some(id.to_owned());
        self.ahead = None;
        if let Some(case) = &mut self.case {
            case.set_protocol(protocol);
        }
        Ok(())
    }

    /// How panes look, from case to case.
    pub fn set_display(&mut self, display: Display) {
        self.display = display;
        if let Some(case) = &mut self.case {
            case.set_display(display);
        }
    }

    /// The size of a pane, from case to case.
    pub fn resize(&mut self, pane: usize, size: [u32; 2]) {
        if self.sizes.len() <= pane {
            self.sizes.resize(pane + 1, [0, 0]);
        }
        if let Some(known) = self.sizes.get_mut(pane) {
            *known = size;
        }
        if let Some(case) = &mut self.case {
            case.resize(pane, size);
        }
    }

    /// How far a case is.
    pub fn set_status(&mut self, case: usize, status: CaseStatus) {
        if let Some(known) = self.known.get_mut(case) {
            known.status = status;
        }
    }

    /// Time at work on the case at hand.
    pub fn add_time(&mut self, seconds: f64) {
        let at = self.case.as_ref().map(Case::index);
        if let Some(known) = at.and_then(|at| self.known.get_mut(at))
            && seconds.is_finite()
            && seconds > 0.0
        {
            known.seconds += seconds;
        }
    }

    /// How far cases are that were begun, by key.
    #[must_use]
    pub fn progress(&self) -> BTreeMap<String, Progress> {
        let keys = self.case_keys().into_iter().enumerate();
        keys.filter_map(|(case, key)| {
            let mut progress = self.known.get(case)?.clone();
            if let Some(open) = self.case.as_ref().filter(|open| open.index() == case) {
                progress.layout = Some(open.layout());
            }
            (progress != Progress::default()).then_some((key, progress))
        })
        .collect()
    }

    /// How far a case was when it was left.
    pub fn set_progress(&mut self, case: usize, known: &Progress) {
        if let Some(place) = self.known.get_mut(case) {
            place.clone_from(known);
        }
    }

    /// What the editor says of a case.
    pub fn set_work(&mut self, case: usize, lesions: usize, unsaved: bool) {
        if let Some(known) = self.known.get_mut(case) {
            (known.lesions, known.unsaved) = (lesions, unsaved);
        }
    }

    /// Ranges to read: of the case at hand, then of the one behind it.
    pub fn needs(&mut self, most: usize) -> Vec<Need> {
        let Some(case) = &mut self.case else { return Vec::new() };
        let needs = case.needs(most);
        if !needs.is_empty() || !case.is_loaded() {
            return needs;
        }
        let (next, held) = (case.index() + 1, case.held());
        if self.ahead.is_none() && next < self.shelf.cases.len() {
            // What is left is for the next case, as far as it goes; labels need their part as well.
            self.ahead = self.make(next, (self.budget / 2).saturating_sub(held)).ok();
        }
        self.ahead.as_mut().map(|ahead| ahead.needs(most)).unwrap_or_default()
    }

    /// Takes the bytes of a range.
    pub fn feed(&mut self, need: &Need, bytes: Option<Vec<u8>>) {
        let mut bytes = Some(bytes);
        for case in [&mut self.case, &mut self.ahead].into_iter().flatten() {
            let Some(content) = bytes.take() else { return };
            match case.feed(need, content) {
                Ok(()) => return,
                Err(back) => bytes = Some(back),
            }
        }
    }

    /// Unpacks a little; whether there was anything to do.
    pub fn work(&mut self) -> bool {
        if let Some(case) = &mut self.case {
            let worked = case.work();
            if case.take_arrived() {
                // What waits for a volume to grow on may go on.
                self.editors.values_mut().for_each(Editor::volume_read);
            }
            if worked {
                return true;
            }
        }
        self.ahead.as_mut().is_some_and(Case::work)
    }

    /// The data set's name, for files.
    pub(super) fn title(&self) -> &str {
        &self.shelf.title
    }

    /// Seconds at work on a case.
    pub(super) fn seconds(&self, case: usize) -> f64 {
        self.known.get(case).map_or(0.0, |known| known.seconds)
    }

    /// Whether a case had strokes that were not saved, when it was left.
    pub(super) fn was_unsaved(&self, case: usize) -> bool {
        self.known.get(case).is_some_and(|known| known.unsaved)
    }

    /// Who reads.
    #[must_use]
    pub fn rater(&self) -> &str {
        self.rater.as_str()
    }

    /// The case as the page shows it.
    ///
    /// # Errors
    /// [`AnnotateError::NoCase`].
    pub fn view(&self) -> Result<super::views::CaseBody, AnnotateError> {
        Ok(self.case.as_ref().ok_or(AnnotateError::NoCase)?.view(self.at_hand))
    }

    /// Files of the data set, for reading labels that lie beside.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
