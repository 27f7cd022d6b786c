//! What the page is told, in the words of `www/src/engine/annotate-protocol.ts`. Plain data.

use serde::Serialize;

use super::study::StudyView;
use crate::view::Orientation;

/// A menu's choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Identifier.
    pub id: String,
    /// Words.
    pub label: String,
}

/// How far a case is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseStatus {
    /// Not begun.
    #[default]
    Todo,
    /// Begun.
    Progress,
    /// Finished.
    Done,
}

/// A session in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// Label.
    pub session: String,
    /// `pre`, `post`.
    pub time_point: String,
    /// How many images.
    pub volumes: usize,
}

/// A case in the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseRow {
    /// Its number.
    pub case: usize,
    /// `sub-…`.
    pub subject: String,
    /// Its sessions.
    pub sessions: Vec<SessionRow>,
    /// How far it is.
    pub status: CaseStatus,
    /// Seconds at work.
    pub seconds: f64,
    /// Lesions among its segments.
    pub lesions: usize,
    /// Strokes in the journal that are not saved.
    pub unsaved: bool,
    /// What the reader found wrong with the images, by identifier.
    pub flags: Vec<&'static str>,
    /// The reader's note, which no export holds.
    pub note: String,
}

/// The list of cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseListView {
    /// The data set's name.
    pub title: String,
    /// Its cases.
    pub cases: Vec<CaseRow>,
    /// Files that are none of them.
    pub ignored: usize,
    /// What could not be read.
    pub troubles: Vec<String>,
    /// Protocols to hang by.
    pub protocols: Vec<Choice>,
    /// The one in force.
    pub protocol: String,
    /// Who reads.
    pub rater: String,
    /// The study that lays down what is read.
    pub study: Option<StudyView>,
    /// What images may be flagged with.
    pub flags: Vec<Choice>,
}

/// How far a volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeState {
    /// Nobody has asked for it yet.
    Waiting,
    /// On its way.
    Reading,
    /// In memory.
    Ready,
    /// It can't be shown.
    Failed,
}

/// A volume of the case at hand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VolumeFact {
    /// Its number.
    pub id: u32,
    /// `late arterial`.
    pub title: String,
    /// Role, or nothing.
    pub role: String,
    /// Session label.
    pub session: String,
    /// `pre`, `post`.
    #[serde(rename = "timePoint")]
    pub time_point: String,
    /// Voxels; zeros until its header was read.
    pub dims: [u32; 3],
    /// mm.
    pub spacing: [f64; 3],
    /// Images along time.
    pub frames: u64,
    /// In memory.
    pub bytes: u64,
    /// How far it is.
    pub state: VolumeState,
    /// Why it failed.
    pub trouble: String,
}

/// A stage in the menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageRow {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Rows of panes.
    pub rows: u32,
    /// Columns of panes.
    pub columns: u32,
}

/// What hangs where.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaneView {
    /// Its number: also its canvas's.
    pub pane: usize,
    /// From the top.
    pub row: u32,
    /// From the left.
    pub column: u32,
    /// What hangs there.
    pub volume: Option<u32>,
    /// `late arterial · post`.
    pub title: String,
    /// What an empty one looked for.
    pub wanted: String,
    /// What might do.
    pub candidates: Vec<u32>,
    /// Which planes.
    pub orientation: Orientation,
    /// 3D.
    pub surface: bool,
}

/// The case at hand, but for the editor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseBody {
    /// Its number.
    pub case: usize,
    /// `sub-…`.
    pub subject: String,
    /// Its volumes.
    pub volumes: Vec<VolumeFact>,
    /// The volume whose grid the labels have.
    pub reference: u32,
    /// Stages.
    pub stages: Vec<StageRow>,
    /// The stage shown.
    pub stage: usize,
    /// Its panes.
    pub panes: Vec<PaneView>,
}

/// A window in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WindowView {
    /// Width.
    pub width: f64,
    /// Level.
    pub level: f64,
    /// The preset's name; empty where it was changed by hand.
    pub preset: String,
    /// `HU`, or nothing.
    pub unit: String,
}

/// A measurement's line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineView {
    /// Device pixels.
    pub from: [f64; 2],
    /// Device pixels.
    pub to: [f64; 2],
    /// With its unit.
    pub text: String,
}

/// What was drawn in a pane: all that words and lines over it need.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaneState {
    /// Its number.
    pub pane: usize,
    /// From 0.
    pub slice: i64,
    /// How many.
    pub slices: u32,
    /// Window and level.
    pub window: WindowView,
    /// Left, right, top, bottom.
    pub letters: [String; 4],
    /// Device pixels a millimetre.
    pub pixels_per_mm: f64,
    /// Device pixels.
    pub crosshair: Option<[f64; 2]>,
    /// Under the crosshair.
    pub value: Option<f64>,
    /// The plane misses the volume.
    pub outside: bool,
    /// A nudge in force, mm.
    pub shift: Option<[f64; 3]>,
    /// Measurements in this slice.
    pub lines: Vec<LineView>,
    /// Image along time, and how many there are.
    pub frame: u32,
    /// The crosshair's place in the patient, RAS+, mm.
    pub world: Option<[f64; 3]>,
}
