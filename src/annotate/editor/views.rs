//! What the page is shown of the editor: plain data in the page's words.
//!
//! In: the editor. Out: `EditorView` and its parts as `www/src/engine/annotate-protocol.ts` has them; the
//! tables that a page offers for choosing. It changes nothing.

use serde::Serialize;

use super::{Code, Editor, Lesion, LesionState, Masking, Segment, Term, Tool, ToolOptions};
use super::{PRESETS, REASONS, terms};
use crate::volume::Voxels;

/// A segment on screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "www/src/engine/annotate-protocol.ts has each")]
pub struct SegmentView {
    pub label: u8,
    pub name: String,
    pub colour: [u8; 3],
    pub code: Option<Code>,
    pub visible: bool,
    pub locked: bool,
    /// Millilitres.
    pub volume: f64,
    pub lesion: Option<Lesion>,
    /// Made elsewhere, not confirmed by the reader.
    pub draft: bool,
}

/// A preview that can be kept or given up.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Whose.
    pub tool: Tool,
    /// What is missing before it can grow; empty for nothing.
    pub missing: String,
    /// What should be known of it; empty for nothing.
    pub note: String,
    /// 1 when it is exact.
    pub fraction: f64,
    /// Milliseconds from the last stroke to an exact preview, as the caller measured them.
    pub last_ms: Option<f64>,
}

/// How the journal fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalView {
    /// Whether strokes are written down as they happen.
    pub kept: bool,
    /// What is wrong; empty for nothing.
    pub trouble: String,
}

/// The editor on screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "www/src/engine/annotate-protocol.ts has each")]
pub struct EditorView {
    pub segments: Vec<SegmentView>,
    pub active: u8,
    pub masking: Masking,
    pub options: ToolOptions,
    pub can_undo: bool,
    pub can_redo: bool,
    pub undoes: String,
    pub redoes: String,
    pub preview: Option<Preview>,
    pub journal: JournalView,
}

/// What a page offers for choosing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vocabulary {
    /// Terms of segments.
    pub terms: Vec<Term>,
    /// Presets of segments: their IDs and titles.
    pub presets: Vec<Choice>,
    /// Reasons for a lesion's state.
    pub reasons: Vec<Choice>,
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// By which it is chosen.
    pub id: &'static str,
    /// On screen.
    pub title: &'static str,
}

/// What a page offers for choosing.
#[must_use]
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        terms: terms().collect(),
        presets: PRESETS.iter().map(|p| Choice { id: p.id, title: p.title }).collect(),
        reasons: REASONS.iter().map(|(id, title)| Choice { id, title }).collect(),
    }
}

impl Editor {
    /// The editor on screen.
    #[must_use]
    pub fn view(&self) -> EditorView {
        let (undo, redo) = (self.history.last(), self.history.next());
        EditorView {
            segments: self.desk.segments.list.iter().map(|s| self.segment_view(s)).collect(),
            active: self.desk.segments.active,
            masking: self.desk.masking,
            options: self.desk.options.clone(),
            can_undo: undo.is_some(),
            can_redo: redo.is_some(),
            undoes: undo.map_or_else(String::new, |s| s.words.clone()),
            redoes: redo.map_or_else(String::new, |s| s.words.clone()),
            preview: self.preview(),
            journal: self.journal.clone(),
        }
    }

    fn segment_view(&self, segment: &Segment) -> SegmentView {
        SegmentView {
            label: segment.label,
            name: segment.name.clone(),
            colour: segment.colour,
            code: segment.meaning().map(|t| t.code()),
            visible: segment.visible,
            locked: segment.locked,
            volume: self.map.volume_ml(segment.label),
            lesion: self.lesion(segment),
            draft: segment.draft,
        }
    }

    /// A segment's lesion, its state in the light of its voxels: what has some is segmented, whatever was said
    /// before; what has none was not read, unless something was said.
    #[must_use]
    pub fn lesion(&self, segment: &Segment) -> Option<Lesion> {
        let mut lesion = segment.lesion.clone()?;
        let there = self.map.count(segment.label) > 0;
        lesion.state = match lesion.state {
            LesionState::NotEvaluable => LesionState::NotEvaluable,
            _ if there => LesionState::Segmented,
            LesionState::Segmented => LesionState::Unread,
            state => state,
        };
        Some(lesion)
    }

    /// How many lesions have voxels, or a state that was said.
    #[must_use]
    pub fn lesions_read(&self) -> usize {
        let read = |s: &&Segment| self.lesion(s).is_some_and(|l| l.state != LesionState::Unread);
        self.desk.segments.list.iter().filter(read).count()
    }
}

/// From Otsu's threshold (IEEE Trans. SMC 9:62, 1979) up to the greatest value: a beginning for the reader.
pub(super) fn bright_part(voxels: &Voxels) -> (f64, f64) {
    const BINS: usize = 512;
    let Some((low, high)) = voxels.range() else { return (0.0, 0.0) };
    if high <= low {
        return (low, high);
    }
    let mut counts = [0_f64; BINS];
    // A sample of some 2²⁰ voxels says as much as all.
    for at in (0..voxels.len()).step_by((voxels.len() >> 20).max(1)) {
        if let Some(v) = voxels.get(at).filter(|v| v.is_finite()) {
            let bin = ((v - low) / (high - low) * (BINS as f64 - 1.0)) as usize;
            if let Some(count) = counts.get_mut(bin) {
                *count += 1.0;
            }
        }
    }
    let all: f64 = counts.iter().sum();
    let mean: f64 = counts.iter().enumerate().map(|(i, c)| i as f64 * c).sum();
    let (mut below, mut sum, mut best, mut cut) = (0.0, 0.0, -1.0, 0);
    for (bin, count) in counts.iter().enumerate() {
        below += count;
        sum += bin as f64 * count;
        let above = all - below;
        if below > 0.0 && above > 0.0 {
            let apart = below * above * (sum / below - (mean - sum) / above).powi(2);
            if apart > best {
                (best, cut) = (apart, bin + 1);
            }
        }
    }
    (low + (high - low) * cut as f64 / (BINS as f64 - 1.0), high)
}
