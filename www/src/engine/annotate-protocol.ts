/**
 * What page and engine say to each other about cases, panes and labels. Part of `protocol.ts`.
 *
 * The engine owns what is shown: volumes, where each pane looks, labels, history. The page sends
 * what hands do (in device pixels of a pane) and draws words and lines over the panes from what it
 * is told. All of it is de-identified: sources are archives, or volumes just converted.
 */
import type { Choice, IncomingFile, Trouble } from "./protocol";

export type Vec2 = [number, number];
export type Vec3 = [number, number, number];

// ---------------------------------------------------------------- cases

export type CaseStatus = "todo" | "progress" | "done";

/** One subject, with all its sessions. */
export interface CaseRow {
  case: number;
  /** `sub-…`; for loose files a name of our own. */
  subject: string;
  sessions: { session: string; timePoint: string; volumes: number }[];
  status: CaseStatus;
  /** Seconds at work, with the page visible. */
  seconds: number;
  lesions: number;
  /** It has strokes in the journal that are not saved. */
  unsaved: boolean;
  /** What the reader found wrong with the images: ids of `CaseList.flags`. */
  flags: string[];
  /** The reader's own, which no file holds. */
  note: string;
}

export interface CaseList {
  /** The data set's name; empty for loose files. */
  title: string;
  cases: CaseRow[];
  /** Files that are no image and no part of a data set; and those that could not be read, why. */
  ignored: number;
  troubles: string[];
  protocols: Choice[];
  protocol: string;
  rater: string;
  /** The study that lays down what is read, and what is shown before a case is done. */
  study: { id: string; title: string; volumes: boolean; guidance: boolean } | null;
  flags: Choice[];
}

/** What this browser keeps, so that cases can be gone on with without their files. */
export interface Kept {
  /** Cases by data set, the one last worked on first. */
  sets: { keys: string[]; title: string; bytes: number }[];
  /** Of images, in all; and what they may take at most. */
  bytes: number;
  quota: number;
  /** The study that is in force for whatever is opened; empty for none. */
  study: string;
}

/** A volume of the case at hand. */
export interface VolumeFact {
  id: number;
  /** `late arterial`, or the file's name where no role is known. */
  title: string;
  role: string;
  session: string;
  timePoint: string;
  dims: Vec3;
  spacing: Vec3;
  /** Number of images along time. */
  frames: number;
  bytes: number;
  state: "waiting" | "reading" | "ready" | "failed";
  /** Why it failed. */
  trouble: string;
}

export interface CaseView {
  case: number;
  subject: string;
  volumes: VolumeFact[];
  /** The volume whose grid the labels have. */
  reference: number;
  stages: { id: string; title: string; rows: number; columns: number }[];
  stage: number;
  panes: PaneView[];
  editor: EditorView;
  /** What reopening brought back, in words; empty for nothing. */
  restored: string;
  vocabulary: Vocabulary;
}

// ---------------------------------------------------------------- panes

export type Orientation = "axial" | "coronal" | "sagittal" | "acquired";

/** What hangs where. */
export interface PaneView {
  pane: number;
  row: number;
  column: number;
  volume: number | null;
  /** `late arterial · post`. */
  title: string;
  /** For an empty pane: what it looked for, and volumes that might do. */
  wanted: string;
  candidates: number[];
  orientation: Orientation;
  /** 3D surfaces of the segments in place of a slice. */
  surface: boolean;
}

/** What was drawn in a pane: all that words and lines over it need. Lengths in device pixels. */
export interface PaneState {
  pane: number;
  slice: number;
  slices: number;
  window: { width: number; level: number; preset: string; unit: string };
  /** Letters at the left, right, top and bottom edge: `R`, or `AL` where it is oblique. */
  letters: [string, string, string, string];
  /** Device pixels a millimetre. */
  pixelsPerMm: number;
  crosshair: Vec2 | null;
  /** Inside the image: its value under the crosshair. */
  value: number | null;
  /** Nothing lies there: this slice plane misses the volume. */
  outside: boolean;
  /** A nudge or offset is in force, mm. */
  shift: Vec3 | null;
  /** Lines of measurements in this slice. */
  lines: { from: Vec2; to: Vec2; text: string }[];
  /** Which image along time; `VolumeFact.frames` says how many there are. */
  frame: number;
  /** The crosshair's place in the patient, RAS+, mm: R 42.1 A 18.6 S 1204.5. */
  world: Vec3 | null;
}

/** What hands do in a pane; places in its device pixels from the top left. */
export type PaneGesture =
  | { kind: "scroll"; slices: number }
  | { kind: "zoom"; at: Vec2; factor: number }
  | { kind: "pan"; by: Vec2 }
  /** Width by the first, level by the second, in pixels moved. */
  | { kind: "window"; by: Vec2 }
  | { kind: "setWindow"; width: number; level: number }
  /** Back to the one of the role, or the next preset. */
  | { kind: "resetWindow" }
  | { kind: "nextPreset" }
  | { kind: "crosshair"; at: Vec2 }
  /** Moves the crosshair's place to the middle of every linked pane. */
  | { kind: "goto"; world: Vec3 }
  | { kind: "reset" }
  | { kind: "orient"; orientation: Orientation }
  /** Shifts this pane's volume against the reference, mm along the pane's right and down. */
  | { kind: "nudge"; by: Vec2 }
  | { kind: "rotate"; by: Vec2 }
  /** Another image along time. */
  | { kind: "frame"; by: number }
  /** Takes what the panes show now for the same place: studies without a common frame are linked from here on, or no more. */
  | { kind: "align" }
  | { kind: "unalign" };

export interface Display {
  labels: boolean;
  outline: boolean;
  /** 0 to 1. */
  opacity: number;
  interpolate: boolean;
  colours: "grey" | "inverted" | "adc";
  linked: boolean;
  margin: boolean;
}

// ---------------------------------------------------------------- segments and tools

export interface SegmentView {
  /** Value in the label map, 1 to 255. */
  label: number;
  name: string;
  /** sRGB, 0 to 255. */
  colour: Vec3;
  code: { scheme: string; value: string; meaning: string } | null;
  visible: boolean;
  locked: boolean;
  /** Millilitres. */
  volume: number;
  /** `null` for organs and background. */
  lesion: { id: string; state: LesionState; reason: string } | null;
  /** Made elsewhere, and not yet confirmed by an edit of the segment. */
  draft: boolean;
}

/** What the page offers for choosing. A term's code is what `SegmentEdit` takes; a reason's id is a lesion's reason. */
export interface Vocabulary {
  terms: { code: string; name: string; lesion: boolean }[];
  presets: { id: string; title: string }[];
  reasons: { id: string; title: string }[];
}

export type LesionState = "unread" | "segmented" | "no_residual" | "not_visible" | "not_evaluable";

/** Slicer's names and numbers. */
export type Tool =
  | "threshold" | "paint" | "draw" | "erase" | "level_tracing" | "grow" | "fill_between" | "margin" | "hollow" | "smoothing"
  | "scissors" | "islands" | "logical" | "mask_volume";

/** Where edits may go. */
export interface Masking {
  /** Everywhere, or inside or outside what. */
  where: "everywhere" | "inside_all" | "inside_visible" | "outside_all" | "outside_visible" | { inside: number };
  /** Image values of the reference that may be edited; `null` for all. */
  range: Vec2 | null;
  /** Which other segments it may take voxels from. */
  overwrite: "all" | "visible" | "none";
}

/** Options of the tools, lengths in mm. What is absent is as it was. */
export interface ToolOptions {
  brush: { diameter: number; sphere: boolean };
  threshold: { low: number; high: number };
  margin: { by: number };
  hollow: { thickness: number; shell: "inside" | "medial" | "outside" };
  smoothing: { method: "median" | "opening" | "closing" | "gaussian" | "joint"; size: number };
  islands: { keep: "largest" | "split" | "remove_small" | "remove_selected" | "keep_selected"; leastVoxels: number };
  logical: { operation: "copy" | "add" | "subtract" | "intersect" | "invert" | "clear" | "fill"; with: number };
  scissors: { erase: boolean; outside: boolean; sliceOnly: boolean };
  maskVolume: { inside: boolean; fill: number };
  grow: { locality: number; volumes: number[]; metric: "slicer" | "classic" };
}

export interface EditorView {
  segments: SegmentView[];
  /** The one that tools work on; 0 for none. */
  active: number;
  masking: Masking;
  options: ToolOptions;
  canUndo: boolean;
  canRedo: boolean;
  /** What the next undo takes back, in words; empty for nothing. */
  undoes: string;
  redoes: string;
  /** A preview that Enter applies and Escape gives up. */
  preview: Preview | null;
  journal: { kept: boolean; trouble: string };
}

export interface Preview {
  tool: Tool;
  /** What is missing before it can grow, in words; empty for nothing. */
  missing: string;
  /** What should be known of it, such as volumes that are left aside; empty for nothing. */
  note: string;
  fraction: number;
  /** Milliseconds from the last stroke to a preview that is exact. */
  lastMs: number | null;
}

/** Something hands draw in a pane with the tool at hand; `points` are device pixels, x and y in turn. */
export interface Stroke {
  pane: number;
  tool: Tool;
  phase: "begin" | "move" | "end" | "cancel";
  points: number[];
  /** Ctrl was held: paint erases, scissors turn round. */
  inverted: boolean;
}

export type SegmentEdit =
  | { kind: "add"; name: string; lesion: boolean }
  | { kind: "remove"; label: number }
  | { kind: "rename"; label: number; name: string }
  | { kind: "colour"; label: number; colour: Vec3 }
  | { kind: "code"; label: number; code: string }
  | { kind: "visible"; label: number; visible: boolean }
  | { kind: "lock"; label: number; locked: boolean }
  | { kind: "move"; label: number; to: number }
  | { kind: "activate"; label: number }
  | { kind: "lesion"; label: number; state: LesionState; reason: string }
  /** The segments of a kind of work, such as HCC. */
  | { kind: "preset"; preset: string };

/** What was measured of one segment. Research use only. */
export interface Measured {
  label: number;
  name: string;
  volumeMl: number;
  /** RECIST 1.1: longest diameter in the plane of acquisition; the WHO perpendicular beside it. Voxels of the reference. */
  longest: { mm: number; slice: number; from: Vec3; to: Vec3 } | null;
  perpendicular: { mm: number; from: Vec3; to: Vec3 } | null;
  /** The longest line in one slice that leaves the segment nowhere: mRECIST's, where a reader confirms it on the enhancing part. */
  unbroken: { mm: number; slice: number; from: Vec3; to: Vec3 } | null;
  /** Mean and standard deviation in every volume of the session. */
  means: { volume: number; title: string; unit: string; mean: number; sd: number; voxels: number; unaligned: boolean }[];
}

export type SaveAs = "nifti" | "nrrd" | "dicomSeg" | "overlay";

// ---------------------------------------------------------------- questions and tellings

export interface AnnotateCalls {
  /** A data set (folder or zip), or loose NIfTI files. Nothing but names and tables is read yet. */
  openCases: { ask: { files: IncomingFile[] }; answer: CaseList };
  caseList: { ask: null; answer: CaseList };
  /** Volumes follow one by one (`volume`); panes are drawn as they come. */
  openCase: { ask: { case: number }; answer: CaseView };
  caseStatus: { ask: { case: number; status: CaseStatus }; answer: CaseList };
  /** The page was visible and in use for so long. */
  caseTime: { ask: { seconds: number }; answer: null };
  closeCases: { ask: null; answer: null };
  /** Another reader sits down: labels, times and journals are that reader's. No case is open then. */
  setRater: { ask: { code: string }; answer: CaseList };
  /** A study file lays down what is read, or none does. No case is open then; `null` where no data set is. */
  setStudy: { ask: { json: string | null }; answer: CaseList | null };
  caseRemarks: { ask: { case: number; flags: string[]; note: string }; answer: CaseList };
  /** A protocol of the user's own; the case at hand and those after it hang by it. */
  loadCaseProtocol: { ask: { json: string }; answer: { list: CaseList; view: CaseView } };
  /** What is kept of cases in progress. */
  keptCases: { ask: null; answer: Kept };
  /** Files of kept cases, for `openCases`. */
  keptFiles: { ask: { keys: string[] }; answer: IncomingFile[] };
  /** Closes the cases and removes all that is kept of any case in this browser; true where nothing is left. */
  forgetKept: { ask: null; answer: boolean };
  setCaseProtocol: { ask: { protocol: string }; answer: CaseView };
  stage: { ask: { stage: number }; answer: CaseView };
  /** Shows a volume in a pane; remembered for this protocol. */
  hang: { ask: { pane: number; volume: number }; answer: CaseView };

  /** Once a canvas: it is the engine's from then on. */
  paneCanvas: { ask: { pane: number; canvas: OffscreenCanvas }; answer: null };
  /** Device pixels; nothing is drawn into a pane that is 0 wide. */
  paneSize: { ask: { pane: number; width: number; height: number }; answer: null };
  gesture: { ask: { pane: number; gesture: PaneGesture }; answer: null };
  display: { ask: Display; answer: null };

  /** Panels speak of the session of this pane from here on; its tool, options and segment go along. */
  holdPane: { ask: { pane: number }; answer: EditorView };
  stroke: { ask: Stroke; answer: EditorView };
  tool: { ask: { tool: Tool | null }; answer: EditorView };
  options: { ask: Partial<ToolOptions>; answer: EditorView };
  masking: { ask: Masking; answer: EditorView };
  segment: { ask: SegmentEdit; answer: EditorView };
  /** Does what the tool does to the whole segment (threshold, smoothing, margin …). */
  applyTool: { ask: { tool: Tool }; answer: EditorView };
  /** Keeps or gives up the preview at hand. */
  preview: { ask: { keep: boolean }; answer: EditorView };
  undo: { ask: null; answer: EditorView };
  redo: { ask: null; answer: EditorView };
  /** Looks at where one more stroke would help most; `null` where it is sure everywhere. */
  nextBest: { ask: null; answer: { world: Vec3; voxels: number } | null };

  measure: { ask: null; answer: Measured[] };
  /** Files to save: path in the data set, or a name, and bytes. `asOne`: several as one zip. */
  saveLabels: { ask: { as: SaveAs; asOne: boolean }; answer: { path: string; bytes: ArrayBuffer }[] };
  /** Labels made elsewhere, on the reference's grid: a draft. */
  loadLabels: { ask: { name: string; bytes: ArrayBuffer }; answer: EditorView };
}

export type AnnotateTell =
  | { kind: "volume"; volume: VolumeFact }
  | { kind: "panes"; panes: PaneState[] }
  | { kind: "editor"; editor: EditorView }
  /** Labels came back from the journal, in words. */
  | { kind: "restored"; text: string }
  | { kind: "journalTrouble"; trouble: Trouble }
  /** Whether the images of the case at hand are kept in this browser, in words. */
  | { kind: "caseKept"; kept: boolean; text: string };
