//! The editor's journal: every step as it is made, and how to come back from it.
//!
//! In: steps, undo, redo, whatever else is as it is. Out: records to append to a file as they come, and
//! checkpoints: a journal of one record that replaces all before. A journal cut at any byte restores what
//! its whole records say. It names the grid and nothing of whose image it is.

use super::{Desk, Editor, Error, Renamed, Segments};
use crate::segment::difference::{Difference, put, take};
use crate::segment::history::{History, Step};
use crate::segment::journal::{Records, append};
use crate::volume::Grid;

/// What a journal begins with: its schema.
const SCHEMA: &[u8] = b"hepatica-journal/1\n";

const BEGIN: u8 = 1;
const STEP: u8 = 2;
const UNDO: u8 = 3;
const REDO: u8 = 4;
const DESK: u8 = 5;
const CHECKPOINT: u8 = 6;

/// What a journal gave back.
#[derive(Debug)]
pub struct Restored {
    /// As it was.
    pub editor: Editor,
    /// Records that were whole.
    pub records: usize,
    /// Bytes of them: the journal is cut there and continued.
    pub read: usize,
    /// Bytes after them: a torn record, or none.
    pub torn: usize,
}

impl Editor {
    /// Records to append to the journal since this was asked last; empty for none.
    pub fn take_records(&mut self) -> Vec<u8> {
        self.keep_desk();
        std::mem::take(&mut self.records)
    }

    /// A whole journal in place of all records so far, those not yet taken included; `None` while a stroke is
    /// in hand.
    pub fn checkpoint(&mut self) -> Option<Vec<u8>> {
        if self.hand.is_some() {
            return None;
        }
        self.records.clear();
        let mut bytes = self.beginning();
        let mut payload = Vec::new();
        section(&mut payload, &serde_json::to_vec(&self.desk).unwrap_or_default());
        section(&mut payload, Difference::from_nothing(self.map.values()).bytes());
        let (done, undone) = self.history.steps();
        put(&mut payload, done.len() as u64);
        for step in done.chain(undone) {
            section(&mut payload, &step_bytes(step));
        }
        append(&mut bytes, CHECKPOINT, &payload);
        self.desk_kept = self.desk.clone();
        Some(bytes)
    }

    /// Says how the journal fares: whether it is kept, and what is wrong.
    pub fn set_journal(&mut self, kept: bool, trouble: &str) {
        self.journal = super::JournalView { kept, trouble: trouble.to_owned() };
    }

    pub(super) fn record_beginning(&mut self) {
        self.records = self.beginning();
    }

    fn beginning(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        append(&mut bytes, BEGIN, &[SCHEMA, &grid_bytes(self.map.grid())].concat());
        bytes
    }

    pub(super) fn record_step(&mut self, step: &Step<Renamed>) {
        append(&mut self.records, STEP, &step_bytes(step));
    }

    pub(super) fn record_turn(&mut self, again: bool) {
        append(&mut self.records, if again { REDO } else { UNDO }, &[]);
    }

    /// Writes down what is not a step, if it has changed.
    pub(super) fn keep_desk(&mut self) {
        if self.desk != self.desk_kept {
            append(&mut self.records, DESK, &serde_json::to_vec(&self.desk).unwrap_or_default());
            self.desk_kept = self.desk.clone();
        }
    }

    /// Comes back from a journal.
    ///
    /// # Errors
    /// [`Error::Journal`] for one of another schema or of another grid; a torn one is none.
    pub fn restore(grid: Grid, bytes: &[u8]) -> Result<Restored, Error> {
        let mut editor = Self::new(grid)?;
        let mut records = Records::new(bytes);
        let mut restored = (0, 0);
        while let Some(record) = records.next() {
            let done = match (record.kind, restored.0) {
                (BEGIN, _) => {
                    let grid = record
                        .payload
                        .strip_prefix(SCHEMA)
                        .ok_or(Error::Journal("this journal was written by another version of Hepatica"))?;
                    if grid != grid_bytes(editor.map.grid()) {
                        return Err(Error::Journal("this journal belongs to an image on another grid"));
                    }
                    editor.records.clear();
                    Some(())
                }
                (_, 0) => return Err(Error::Journal("these bytes are no journal")),
                (STEP, _) => editor.take_step(record.payload),
                (UNDO, _) => editor.turn_labels(false).ok().flatten().map(|_| ()),
                (REDO, _) => editor.turn_labels(true).ok().flatten().map(|_| ()),
                (DESK, _) => serde_json::from_slice(record.payload).ok().map(|desk| editor.desk = desk),
                (CHECKPOINT, _) => editor.take_checkpoint(record.payload),
                _ => return Err(Error::Journal("this journal was written by another version of Hepatica")),
            };
            // A record that is whole and does not fit ends it as a torn one does.
            if done.is_none() {
                break;
            }
            restored = (restored.0 + 1, records.read());
        }
        editor.desk_kept = editor.desk.clone();
        editor.changed = Some(crate::segment::growcut::Box3::whole(editor.map.dims()));
        Ok(Restored { editor, records: restored.0, read: restored.1, torn: bytes.len() - restored.1 })
    }

    fn take_step(&mut self, payload: &[u8]) -> Option<()> {
        let step = step_of(payload)?;
        self.map.apply(&step.labels, true).ok()?;
        if let Some(both) = &step.other.0 {
            self.desk.segments = both[1].clone();
        }
        self.history.push(step);
        Some(())
    }

    fn take_checkpoint(&mut self, payload: &[u8]) -> Option<()> {
        let mut rest = payload;
        let desk: Desk = serde_json::from_slice(part(&mut rest)?).ok()?;
        let labels = Difference::from_bytes(part(&mut rest)?).ok()?;
        let count = usize::try_from(take(&mut rest)?).ok()?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            steps.push(step_of(part(&mut rest)?)?);
        }
        let undone = (count <= steps.len()).then(|| steps.split_off(count))?;
        self.map.apply(&labels, true).ok()?;
        self.desk = desk;
        self.history = History::of(steps, undone, super::HISTORY);
        Some(())
    }
}

fn grid_bytes(grid: &Grid) -> Vec<u8> {
    let dims = grid.dims().into_iter().flat_map(u32::to_le_bytes);
    dims.chain(grid.affine().0.into_iter().flatten().flat_map(f64::to_le_bytes)).collect()
}

/// Bytes after their number.
fn section(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(take(rest)?).ok()?;
    let (part, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(part)
}

fn step_bytes(step: &Step<Renamed>) -> Vec<u8> {
    let mut out = Vec::new();
    section(&mut out, step.words.as_bytes());
    let other = step.other.0.as_ref().and_then(|both| serde_json::to_vec(both).ok());
    section(&mut out, &other.unwrap_or_default());
    out.extend_from_slice(step.labels.bytes());
    out
}

fn step_of(bytes: &[u8]) -> Option<Step<Renamed>> {
    let mut rest = bytes;
    let words = String::from_utf8(part(&mut rest)?.to_vec()).ok()?;
    let other = part(&mut rest)?;
    let both: Option<[Segments; 2]> =
        if other.is_empty() { None } else { Some(serde_json::from_slice(other).ok()?) };
    let labels = Difference::from_bytes(rest).ok()?;
    Some(Step { words, labels, other: Renamed(both.map(Box::new)) })
}
