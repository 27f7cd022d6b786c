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
use super::opening::{Entry, Shelf};
use super::views::{CaseListView, CaseRow, CaseStatus, Choice, SessionRow};
use sha2::{Digest as _, Sha256};

use crate::dicom::Need;
use crate::hanging::{Preset, Protocol};

/// How far a case is, as it is kept from visit to visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
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
}

/// Cases, and the one at hand.
pub struct Desk {
    shelf: Shelf,
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
    status: Vec<CaseStatus>,
    seconds: Vec<f64>,
    pub(super) lesions: Vec<usize>,
    pub(super) unsaved: Vec<bool>,
    rater: String,
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
        let count = shelf.cases.len();
        Self {
            shelf,
            entries,
            case: None,
            ahead: None,
            protocols: BTreeMap::new(),
            chosen: None,
            overrides: Overrides::default(),
            display: Display::default(),
            sizes: Vec::new(),
            status: vec![CaseStatus::Todo; count],
            seconds: vec![0.0; count],
            lesions: vec![0; count],
            unsaved: vec![false; count],
            rater: "rater-a".to_owned(),
            budget,
            editors: BTreeMap::new(),
            unsaved_sessions: BTreeSet::new(),
            surfaces_due: BTreeSet::new(),
            unsure: None,
            at_hand: None,
        }
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> CaseListView {
        let row = |(case, files): (usize, &super::CaseFiles)| CaseRow {
            case,
            subject: files.subject.clone(),
            sessions: files
                .sessions
                .iter()
                .map(|s| SessionRow {
                    session: s.session.clone(),
                    time_point: s.time_point.clone(),
                    volumes: s.volumes.len(),
                })
                .collect(),
            status: self.status.get(case).copied().unwrap_or_default(),
            seconds: self.seconds.get(case).copied().unwrap_or_default(),
            lesions: self.lesions.get(case).copied().unwrap_or_default(),
            unsaved: self.unsaved.get(case).copied().unwrap_or_default(),
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
            cases: self.shelf.cases.iter().enumerate().map(row).collect(),
            ignored: self.shelf.ignored,
            troubles: self.shelf.troubles.clone(),
            protocols: shipped.chain(own).collect(),
            protocol: self.chosen.clone().or(current).unwrap_or_else(proposed),
            rater: self.rater.clone(),
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
        if let Some(status) = self.status.get_mut(case).filter(|s| **s == CaseStatus::Todo) {
            *status = CaseStatus::Progress;
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
        if let Some(case) = self.case.take() {
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
        if let Some(known) = self.status.get_mut(case) {
            *known = status;
        }
    }

    /// Time at work on the case at hand.
    pub fn add_time(&mut self, seconds: f64) {
        let at = self.case.as_ref().map(Case::index);
        if let Some(known) = at.and_then(|at| self.seconds.get_mut(at))
            && seconds.is_finite()
            && seconds > 0.0
        {
            *known += seconds;
        }
    }

    /// Names under which it is kept how far cases are: hashes, from which nothing can be read.
    #[must_use]
    pub fn case_keys(&self) -> Vec<String> {
        let key = |files: &super::CaseFiles| {
            let mut hash = Sha256::new();
            hash.update(b"hepatica-progress-key/1\n");
            hash.update(self.rater.as_bytes());
            hash.update([0]);
            hash.update(files.subject.as_bytes());
            let volumes = files.sessions.iter().flat_map(|session| &session.volumes);
            if let Some(first) = volumes.min_by(|a, b| a.path.cmp(&b.path)) {
                hash.update([0]);
                hash.update(first.path.as_bytes());
                let size = self.entries.get(first.entry).map_or(0, |entry| entry.place.size());
                hash.update(size.to_le_bytes());
            }
            hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
        };
        self.shelf.cases.iter().map(key).collect()
    }

    /// How far cases are that were begun, by key.
    #[must_use]
    pub fn progress(&self) -> BTreeMap<String, Progress> {
        let keys = self.case_keys().into_iter().enumerate();
        keys.filter_map(|(case, key)| {
            let progress = Progress {
                status: self.status.get(case).copied()?,
                seconds: self.seconds.get(case).copied()?,
                lesions: self.lesions.get(case).copied()?,
                unsaved: self.unsaved.get(case).copied()?,
            };
            (progress != Progress::default()).then_some((key, progress))
        })
        .collect()
    }

    /// How far a case was when it was left.
    pub fn set_progress(&mut self, case: usize, known: &Progress) {
        if let Some(status) = self.status.get_mut(case) {
            *status = known.status;
        }
        if let Some(seconds) = self.seconds.get_mut(case) {
            *seconds = known.seconds;
        }
        self.set_work(case, known.lesions, known.unsaved);
    }

    /// What the editor says of a case.
    pub fn set_work(&mut self, case: usize, lesions: usize, unsaved: bool) {
        if let (Some(l), Some(u)) = (self.lesions.get_mut(case), self.unsaved.get_mut(case)) {
            (*l, *u) = (lesions, unsaved);
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
        self.seconds.get(case).copied().unwrap_or_default()
    }

    /// Whether a case had strokes that were not saved, when it was left.
    pub(super) fn was_unsaved(&self, case: usize) -> bool {
        self.unsaved.get(case).copied().unwrap_or_default()
    }

    /// Who reads.
    #[must_use]
    pub fn rater(&self) -> &str {
        &self.rater
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
