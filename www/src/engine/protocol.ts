/**
 * What page and engine say to each other: one typed union in each direction.
 *
 * The page asks (`Ask`), the engine answers each question once (`Answer`) and tells, unasked, how
 * far it has come (`Tell`). Views are plain data, made by the core (`hepatica::session`) for the
 * screen: what is marked *identified* in them is drawn and never stored, logged or put into a URL.
 */

import type { AnnotateCalls, AnnotateTell } from "./annotate-protocol";
import type { Certificate } from "./certificate";
import type { EngineSeen } from "./load";

// ---------------------------------------------------------------- sources and counts

/** A file that was dropped or chosen. The path stays in memory. */
export interface IncomingFile {
  /** Path below what was dropped, parted by `/`. Identified: paths often hold names. */
  path: string;
  file: Blob;
}

export interface IntakeProgress {
  filesSeen: number;
  filesTotal: number;
  bytesRead: number;
  patients: number;
  studies: number;
  series: number;
  nonDicom: number;
  failed: number;
}

export const NOTHING_READ: IntakeProgress = {
  filesSeen: 0,
  filesTotal: 0,
  bytesRead: 0,
  patients: 0,
  studies: 0,
  series: 0,
  nonDicom: 0,
  failed: 0,
};

// ---------------------------------------------------------------- the plan, as the screen shows it

/** Files that share an outcome. */
export interface Tally {
  /** Stable id of the outcome, with which its files are asked for. */
  id: string;
  label: string;
  count: number;
}

export type WarningLevel = "note" | "look";

export interface PlanWarning {
  id: string;
  text: string;
  level: WarningLevel;
}

/** A role and how well this volume fits it. */
export interface RoleCandidate {
  id: string;
  label: string;
  score: number;
}

/** One rule of the protocol that spoke for or against the role. */
export interface RoleReason {
  text: string;
  weight: number;
}

export interface VolumeView {
  id: number;
  /** The scanner's words. Identified: screen only. */
  description: string;
  /** Empty where no role was recognised. */
  role: string;
  roleLabel: string;
  /** 0 to 1. */
  confidence: number;
  needsConfirmation: boolean;
  reasons: RoleReason[];
  candidates: RoleCandidate[];
  /** Voxels along columns, rows, slices, time (1 where there is no time). */
  dims: [number, number, number, number];
  /** Millimetres; 0 where it is not known. */
  spacing: [number, number, number];
  /** File name in the archive without what every name of the session begins with. */
  name: string;
  /** Path in the archive, without extension. */
  path: string;
  include: boolean;
  excludedReason: string;
  warnings: PlanWarning[];
  fileCount: number;
  bytes: number;
}

export interface StudyView {
  /** Number within the patient, from 0. */
  index: number;
  /** Label without `ses-`. */
  session: string;
  /** Numbered by the program and not yet named by the user. */
  sessionProposed: boolean;
  /** `pre`, `post`, … or empty. */
  timePoint: string;
  timePointLabel: string;
  /** Proposed from the order of studies and not yet touched by the user. */
  timePointProposed: boolean;
  /** Days since the patient's first study. */
  dayOffset: number;
  scanner: string;
  agent: string;
  /** Identified: screen only. */
  description: string;
  volumes: VolumeView[];
}

export interface PatientView {
  /** Number in the plan, from 0. */
  index: number;
  /** Code without `sub-`. */
  subject: string;
  sex: string;
  ageBand: string;
  /** Identified: screen only, and only when asked for. */
  name: string;
  /** What makes it uncertain who this is. */
  doubts: string[];
  studies: StudyView[];
}

export interface Choice {
  id: string;
  label: string;
}

/** One option of PS3.15 Table E.1-1 and what it does to this output. */
export interface PolicyOption {
  option: string;
  /** The standard's term. */
  meaning: string;
  /** Plain words. */
  label: string;
  on: boolean;
  /** A switch of its own; the two about dates follow from the date policy. */
  switch: boolean;
  changeable: boolean;
  /** Where it has an effect. */
  reach: "images" | "dicom_only" | "not_available";
  consequence: string;
  /** Attributes that it lets out of the data at hand, or would, and how many values of them there are. */
  attributes: number;
  values: number;
  /** Some of them; values are covered where they identify. Screen only. */
  examples: { keyword: string; value: string }[];
}

/** How far *Retain Device Identity* goes in DICOM. */
export type DeviceDetail = "model" | "all";

/** The policy behind the options. */
export interface ProfileView {
  origin: "institution" | "file" | "own";
  name: string;
  /** It can be tightened only. */
  locked: boolean;
  /** The Basic Profile with no option beside it. */
  basic: boolean;
  /** Elements that it keeps for a reason, in DICOM. */
  keeps: number;
  device: DeviceDetail;
  idleMinutes: number | null;
  datesAllowed: DatePolicy[];
  deviceAllAllowed: boolean;
}

/** What a policy file says of itself. */
export interface PolicySeen {
  name: string;
  locked: boolean;
  idleMinutes: number | null;
}

export type DatePolicy = "none" | "shift" | "keep";

/** Codes under the project key, numbers, or codes from a mapping file. */
export type NamingKind = "keyed" | "numbered" | "mapped";

export interface NamingView {
  kind: NamingKind;
  /** Patients that the mapping file names; `null` where none was loaded. */
  listed: number | null;
  /** Ordinals, from 1, of the plan's patients whom the mapping does not name. */
  missing: number[];
}

/** What one study becomes; what is absent stays, what is empty goes back to the proposal. */
export interface StudyEdit {
  study: number;
  session?: string;
  timePoint?: string;
}

/** Whether the user could make the same codes again. */
export type KeyState = "new" | "saved" | "loaded";

/** Switches of the conversion as a whole. */
export type ConversionSwitch = "displayed_values" | "equal_spacing" | "everything" | "captures";

export interface PlanView {
  totals: {
    files: number;
    patients: number;
    studies: number;
    series: number;
    volumes: number;
    skipped: Tally[];
    failed: Tally[];
  };
  bytes: number;
  protocol: { id: string; choices: Choice[] };
  timePoints: Choice[];
  patients: PatientView[];
  roles: Choice[];
  policy: PolicyOption[];
  profile: ProfileView;
  /** De-identified DICOM is written too. */
  dicom: boolean;
  /** Those that concern any volume at hand. */
  conversion: { switch: ConversionSwitch; on: boolean; volumes: number }[];
  dates: DatePolicy;
  naming: NamingView;
  key: KeyState;
  suspects: SuspectView[];
  toConfirm: number;
  included: { volumes: number; patients: number };
  estimatedBytes: number;
  canUndo: boolean;
  canRedo: boolean;
}

export type PlanEdit =
  | { kind: "setRole"; volumes: number[]; role: string }
  | { kind: "setInclude"; volumes: number[]; include: boolean }
  | { kind: "confirmRole"; volumes: number[] }
  /** A path without extension; an empty one is the proposed. */
  | { kind: "setName"; volume: number; path: string }
  | { kind: "setSubject"; patient: number; code: string }
  /** All at once, so that labels can be swapped. */
  | { kind: "setSessions"; patient: number; studies: StudyEdit[] }
  | { kind: "setNaming"; naming: NamingKind }
  /** A preset's id, a protocol's JSON, or nothing: one for each study. */
  | { kind: "setProtocol"; protocol: string }
  | { kind: "setPolicy"; option: string; on: boolean }
  | { kind: "setDates"; dates: DatePolicy }
  | { kind: "setDevice"; device: DeviceDetail }
  | { kind: "setDicom"; on: boolean }
  | { kind: "setConversion"; switch: ConversionSwitch; on: boolean }
  /** The options that the program proposes, or none beside the Basic Profile. */
  | { kind: "setProfile"; basic: boolean }
  | { kind: "loadPolicy"; json: string }
  /** What becomes of a suspected series; `null` takes it back. With a device, for all its images, too. */
  | { kind: "setReview"; series: number; decision: Decision | null; device: ReviewDevice | null }
  /** Decisions from a file. */
  | { kind: "loadRedactions"; json: string }
  | { kind: "undo" }
  | { kind: "redo" };

/** One element before and after. `before` is identified: screen only, and only when asked for. */
export interface InspectRow {
  keyword: string;
  before: string;
  masked: string;
  action: "kept" | "converted" | "replaced" | "removed";
  after: string;
}

export interface InspectView {
  title: string;
  rows: InspectRow[];
  hiddenElements: number;
  hiddenPrivate: number;
}

/** Pixels from the top left, counted from 0. */
export interface PixelBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What a reviewer decides about text burned into pixels. */
export type Decision = { action: "accept" } | { action: "leave_out" } | { action: "redact"; boxes: PixelBox[] };

/** A series that is left out until somebody has looked. */
export interface SuspectView {
  /** Its number among those suspected, from 0. */
  series: number;
  subject: string;
  /** Why it is suspected, in words. */
  why: string;
  modality: string;
  /** The scanner's words. Identified: screen only. */
  description: string;
  objects: number;
  /** Volumes are made of it; else it is written as DICOM only. */
  image: boolean;
  decision: Decision | null;
}

/** The device that a template is kept for, as a file of redactions names it. */
export interface ReviewDevice {
  manufacturer: string;
  model: string;
  sop_class: string;
  rows: number;
  columns: number;
}

/** One object of a suspected series, in its true size. Identified: screen only. */
export interface ReviewPicture extends Picture {
  frames: number;
  /** Where text seems to be. */
  boxes: PixelBox[];
  /** What a template for its device makes black, where there is one. */
  template: PixelBox[] | null;
  device: ReviewDevice | null;
}

export interface Picture {
  width: number;
  height: number;
  rgba: ArrayBuffer;
}

// ---------------------------------------------------------------- export

/** Where the archive goes; chosen in the page, written by the worker. */
export type ExportTarget =
  | { kind: "zipHandle"; handle: FileSystemFileHandle }
  /** No picker here: a temporary file of the origin's own storage, then a download. */
  | { kind: "zipDownload" }
  | { kind: "folder"; handle: FileSystemDirectoryHandle };

export type VolumeState = "waiting" | "now" | "done" | "failed";

export interface ExportVolume {
  id: number;
  path: string;
  state: VolumeState;
  fraction: number;
}

export interface ExportProgress {
  done: number;
  total: number;
  /** 0 to 1, by bytes of the sources. */
  fraction: number;
  bytesOut: number;
  /** Objects of the DICOM tree; 0 where none is wanted. */
  objectsDone: number;
  objectsTotal: number;
  /** Volumes whose state changed since the last telling. */
  changed: ExportVolume[];
}

export interface ReportLine extends Tally {
  outcome: "converted" | "skipped" | "failed";
  detail: string;
}

export interface ReportView {
  /** Did the export run to its end, or was it stopped and its complete volumes kept? */
  complete: boolean;
  files: number;
  volumes: number;
  bytesOut: number;
  seconds: number;
  lines: ReportLine[];
  /** What the check stopped, and where: elements and places, never a value. */
  refused: string[];
  /** The certificate's sentences, as they stand in the archive. */
  check: string[];
  /** What became of the objects of the DICOM tree; empty where none was wanted. */
  dicom: { outcome: "written" | "skipped" | "failed"; label: string; count: number }[];
  /** The certificate as it was written; null where it was not. */
  certificate: Certificate | null;
  dicomCertificate: Certificate | null;
}

export type ExportOutcome =
  | { kind: "report"; report: ReportView; download: File | null }
  /** Cancelled and discarded: what had been created is gone. */
  | { kind: "discarded"; removed: boolean };

// ---------------------------------------------------------------- growing labels from seeds

/** First voxel, and the voxel after the last. */
export interface VoxelBox {
  low: [number, number, number];
  high: [number, number, number];
}

/** An image to grow on. */
export interface GrowChannel {
  type: "u8" | "i16" | "u16" | "i32" | "u32" | "f32" | "f64";
  /** Little-endian, in scan order. */
  voxels: ArrayBuffer;
  /** What its differences count for among several; 1 alone. */
  weight?: number;
  /** Where its content lies relative to the first image, mm. */
  shiftMm?: [number, number, number];
}

/** What is absent is as the core has it: Slicer's metric, no locality, 26 neighbours, Slicer's region. */
export interface GrowOptions {
  metric?: "slicer" | "classic";
  /** ITK's order of ties to the letter. */
  strict?: boolean;
  /** Cost of a millimetre in units of intensity. */
  locality?: number;
  connectivity?: 6 | 18 | 26;
  range?: [number, number];
  region?: "seeds" | "whole";
  /** Bytes beside the images. */
  budget?: number;
  /** Grow on all images even where one lies more than two voxels from the first. */
  allImages?: boolean;
}

export interface GrowSummary {
  voxels: number;
  region: VoxelBox;
  labels: number[];
  key: "u16" | "u32";
  exact_levels: boolean;
  bytes: number;
  /** Images that are grown on. */
  images: number;
  /** Why only the first is: another, counted from 1, lies so many voxels from it. */
  apart: { image: number; voxels: number } | null;
}

/** How far it came. Where it is not done, it was cancelled or overtaken; what is grown is valid. */
export interface GrowOutcome {
  done: boolean;
  /** Milliseconds of work, pauses for messages left out; the first run's holds the preparing too. */
  workMs: number;
  /** The longest step, ms. */
  longestStepMs: number;
  /** Width of the keys that it took. */
  key: "u16" | "u32";
  /** Where labels may have changed since the last run's answer; `null` for nowhere. */
  changed: VoxelBox | null;
}

/** Where the next stroke tells most. */
export interface NextStroke extends VoxelBox {
  voxels: number;
  /** The least certain voxel. */
  place: [number, number, number];
  /** Its margin, in units of intensity. */
  margin: number;
}

// ---------------------------------------------------------------- the union

/** What can be asked, with what, and what comes back. */
export interface Calls extends AnnotateCalls {
  /** Begins an intake; `add` follows any number of times, then `read`. Headers are read from the first `add` on. */
  begin: { ask: { keepPlan: boolean }; answer: null };
  add: { ask: { files: IncomingFile[] }; answer: null };
  demo: { ask: { patients: number }; answer: null };
  /** Reads headers to the end; tells `intake` on the way. `null` when it was cancelled. */
  read: { ask: null; answer: PlanView | null };
  /** Stops a reading; what was added since the last plan is gone, and the plan is as it was. */
  cancelRead: { ask: null; answer: null };
  edit: { ask: PlanEdit; answer: PlanView };
  thumbnail: { ask: { volume: number }; answer: Picture | null };
  /** A picture of a suspected series. Identified: screen only. */
  reviewFrame: { ask: { series: number }; answer: ReviewPicture | null };
  /** Decisions as a file: no name, ID or UID of the source is in it. */
  redactionsFile: { ask: null; answer: string };
  inspect: { ask: { volume: number }; answer: InspectView | null };
  /** Paths of a tally's files. Identified: screen only. */
  filesOf: { ask: { tally: string }; answer: string[] };
  loadKey: { ask: { bytes: ArrayBuffer; passphrase: string | null }; answer: PlanView };
  /** A mapping file or linking table: which patient has which code. */
  loadMapping: { ask: { bytes: ArrayBuffer; passphrase: string | null }; answer: PlanView };
  saveKey: { ask: { passphrase: string | null }; answer: ArrayBuffer };
  keySaved: { ask: null; answer: PlanView };
  linkingTable: { ask: { passphrase: string | null }; answer: ArrayBuffer };
  report: { ask: null; answer: ArrayBuffer };
  /** The policy of the page's host, or none. Held by every journey from now on. */
  institution: { ask: { json: string | null }; answer: PolicySeen | null };
  /** The policy as it stands, as a file. */
  policyFile: { ask: null; answer: string };
  /** `id_old,id_new`, and `uid_old,uid_new` of the last export's DICOM. Identified: for the user's own file. */
  idMap: { ask: { passphrase: string | null }; answer: ArrayBuffer };
  uidMap: { ask: { passphrase: string | null }; answer: ArrayBuffer };
  /** Removes what exports of tabs that are gone left in the browser's storage. */
  sweep: { ask: null; answer: null };
  exportTo: { ask: ExportTarget; answer: ExportOutcome };
  cancelExport: { ask: { keepComplete: boolean }; answer: null };
  /** Images and seeds to grow on, in place of those before; nothing is grown yet. */
  growBegin: {
    ask: {
      dims: [number, number, number];
      /** Voxels → world: three rows of four. */
      affine: number[];
      channels: GrowChannel[];
      /** A label a voxel, 0 for none. */
      seeds: ArrayBuffer;
      /** Where labels may grow; `null` for everywhere. */
      mask: ArrayBuffer | null;
      options: GrowOptions;
    };
    answer: GrowSummary;
  };
  /** Grows to the end in steps of a few milliseconds; tells `grow` on the way. */
  grow: { ask: null; answer: GrowOutcome };
  /** Figures of what is grown. */
  growSummary: { ask: null; answer: GrowSummary };
  /** Takes up a stroke: the seeds in its box as they are now. `grow` follows. */
  growStroke: { ask: { box: VoxelBox; seeds: ArrayBuffer }; answer: { regionChanged: boolean } };
  growMask: { ask: { mask: ArrayBuffer | null }; answer: null };
  /** Stops growing; `grow` goes on from there. */
  growCancel: { ask: null; answer: null };
  /** Labels of a box, a byte a voxel. */
  growLabels: { ask: VoxelBox; answer: ArrayBuffer };
  /** Margins of a box, a float a voxel, in units of intensity; infinite where it is sure. */
  growMargin: { ask: VoxelBox; answer: ArrayBuffer };
  /** The largest region with margins below so many units of intensity; `null` where there is none. */
  growNext: { ask: { under: number }; answer: NextStroke | null };
  /** Frees what was grown. */
  growEnd: { ask: null; answer: null };
  /** The report was left: what was kept for a download may go, unless its cases are open (`keep`); the plan is for a new place again. */
  leaveExport: { ask: { keep: boolean }; answer: PlanView };
}

export type CallName = keyof Calls;

/** Page → engine. */
export type Ask = { [K in CallName]: { kind: "ask"; id: number; call: K; with: Calls[K]["ask"] } }[CallName];

/** What a person can be told: a cause with a remedy, never an identifier. */
export interface Trouble {
  /** Key of the table in `prepare/problems.ts`. */
  cause: string;
  /** The core's sentence: causes and ordinals only. */
  text: string;
}

/** Engine → page, once for each `Ask`. */
export type Answer =
  | { kind: "answer"; id: number; ok: true; value: Calls[CallName]["answer"] }
  | { kind: "answer"; id: number; ok: false; trouble: Trouble };

/** Engine → page, unasked. */
export type Tell =
  | { kind: "ready"; seen: EngineSeen }
  | { kind: "intake"; progress: IntakeProgress }
  | { kind: "export"; progress: ExportProgress }
  /** How far growing is, 0 to 1. */
  | { kind: "grow"; fraction: number }
  /** Bytes of memory that the engine holds. */
  | { kind: "memory"; bytes: number }
  | { kind: "lost"; trouble: Trouble }
  | AnnotateTell;

export type FromEngine = Answer | Tell;
