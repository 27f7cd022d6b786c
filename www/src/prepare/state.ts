/**
 * What Prepare knows: one phase, the plan as the engine last sent it, and what the user selected.
 *
 * In: answers and tellings of the engine. Out: signals that the panels draw. Nothing here is stored
 * anywhere but in memory.
 */
import { batch, computed, signal } from "@preact/signals";
import type { Engine } from "../engine/client";
import {
  type ExportVolume,
  type IncomingFile,
  type InspectView,
  type IntakeProgress,
  NOTHING_READ,
  type Picture,
  type PlanEdit,
  type PlanView,
  type ReportView,
  type VolumeView,
} from "../engine/protocol";
import { counted } from "./format";
import { type Problem, problemOf } from "./problems";
import { type Chip, countOf, type Row, shapeRows, type SortKey } from "./rows";

export type Phase =
  | { kind: "empty" }
  | { kind: "reading"; since: number; gathering: boolean; demo: boolean }
  | { kind: "plan" }
  | { kind: "exporting"; since: number; stopping: boolean }
  | { kind: "report"; report: ReportView; download: { url: string; name: string } | null };

export const engine = signal<Engine | null>(null);
export const phase = signal<Phase>({ kind: "empty" });
export const problem = signal<Problem | null>(null);
export const plan = signal<PlanView | null>(null);
export const readTook = signal<{ seconds: number } | null>(null);

export const intake = signal<IntakeProgress>(NOTHING_READ);
export function resetIntake(): void {
  intake.value = NOTHING_READ;
}

// ---------------------------------------------------------------- what the table shows

export const filterText = signal("");
export const chip = signal<Chip>("all");
export const sort = signal<{ key: SortKey; descending: boolean }>({ key: "order", descending: false });
export const folded = signal<ReadonlySet<string>>(new Set());
export const selected = signal<ReadonlySet<number>>(new Set());
/** Key of the row that arrows start from. */
export const active = signal<string | null>(null);
/** The volume whose name is being changed. */
export const naming = signal<number | null>(null);
/** The patient whose code is being changed. */
export const recoding = signal<number | null>(null);
/** The patient whose sessions are being changed. */
export const resessioning = signal<number | null>(null);
/** Identified names beside the codes; off until asked for. */
export const showNames = signal(false);

export const rows = computed<Row[]>(() => {
  const now = plan.value;
  if (!now) return [];
  return shapeRows(now, {
    text: filterText.value,
    chip: chip.value,
    sort: sort.value.key,
    descending: sort.value.descending,
    folded: folded.value,
  });
});

export const toLook = computed(() => (plan.value ? countOf(plan.value, "look") : 0));

// ---------------------------------------------------------------- announcements

/** Read out by screen readers, and shown for a while. */
export const notice = signal<string>("");
let noticeTimer = 0;
export function announce(text: string): void {
  notice.value = text;
  clearTimeout(noticeTimer);
  noticeTimer = window.setTimeout(() => {
    notice.value = "";
  }, 6000);
}

// ---------------------------------------------------------------- edits

/** Changes the plan; the engine answers with the whole of it as it now stands. False: it was refused. */
export async function edit(what: PlanEdit, said?: string): Promise<boolean> {
  const to = engine.value;
  const before = plan.value;
  if (!to || !before) return false;
  plan.value = foreseen(before, what);
  const foreseenPlan = plan.value;
  try {
    const changed = await to.ask("edit", what);
    takePlan(changed);
    if (said) announce(said);
    return true;
  } catch (thrown) {
    if (plan.value === foreseenPlan) plan.value = before;
    problem.value = problemOf(thrown);
    return false;
  }
}

/**
 * A switch shows at once what it was set to, and can be taken back at once; all else that follows from it
 * comes with the engine's answer. The engine answers in turn, so an undo asked for meanwhile comes after.
 */
function foreseen(before: PlanView, what: PlanEdit): PlanView {
  if (what.kind === "undo") return { ...before, canRedo: true };
  if (what.kind === "redo") return { ...before, canUndo: true };
  const now = { ...before, canUndo: true, canRedo: false };
  if (what.kind === "setDates") return { ...now, dates: what.dates };
  if (what.kind === "setDicom") return { ...now, dicom: what.on };
  if (what.kind === "setConversion") {
    return { ...now, conversion: now.conversion.map((c) => (c.switch === what.switch ? { ...c, on: what.on } : c)) };
  }
  if (what.kind === "setNaming") return { ...now, naming: { ...now.naming, kind: what.naming } };
  if (what.kind === "setPolicy") {
    return { ...now, policy: now.policy.map((o) => (o.option === what.option ? { ...o, on: what.on } : o)) };
  }
  if (what.kind !== "setInclude") return now;
  const meant = new Set(what.volumes);
  const volume = (v: VolumeView): VolumeView => (meant.has(v.id) ? { ...v, include: what.include } : v);
  return {
    ...now,
    patients: now.patients.map((p) => ({
      ...p,
      studies: p.studies.map((s) => ({ ...s, volumes: s.volumes.map(volume) })),
    })),
  };
}

export function takePlan(changed: PlanView): void {
  batch(() => {
    plan.value = changed;
    const known = new Set(changed.patients.flatMap((p) => p.studies.flatMap((s) => s.volumes.map((v) => v.id))));
    const kept = [...selected.value].filter((id) => known.has(id));
    if (kept.length !== selected.value.size) selected.value = new Set(kept);
  });
  void inspect(inspected.value);
}

export async function undo(): Promise<void> {
  if (plan.value?.canUndo) await edit({ kind: "undo" }, "Undone.");
}
export async function redo(): Promise<void> {
  if (plan.value?.canRedo) await edit({ kind: "redo" }, "Done again.");
}

export function setRole(volumes: number[], role: string, label: string): void {
  void edit({ kind: "setRole", volumes, role }, volumes.length > 1 ? `${counted(volumes.length, "volume")}: ${label}.` : undefined);
}
export function setInclude(volumes: number[], include: boolean): void {
  void edit(
    { kind: "setInclude", volumes, include },
    volumes.length > 1 ? `${counted(volumes.length, "volume")} ${include ? "included" : "left out"}.` : undefined,
  );
}

// ---------------------------------------------------------------- inspection

export const inspected = signal<number | null>(null);
export const inspection = signal<InspectView | null>(null);
let inspecting = 0;

/** Shows what happens to one volume's header; the last question wins. */
export async function inspect(volume: number | null): Promise<void> {
  const to = engine.value;
  inspected.value = volume;
  if (volume === null || !to) {
    inspection.value = null;
    return;
  }
  const mine = ++inspecting;
  try {
    const seen = await to.ask("inspect", { volume });
    if (mine === inspecting) inspection.value = seen;
  } catch {
    // The plan stays usable without the sample; its panel says that there is none.
    if (mine === inspecting) inspection.value = null;
  }
}

// ---------------------------------------------------------------- thumbnails

/** By volume; `null` where the engine could make none. */
const pictures = new Map<number, ImageData | null>();
export const picturesSeen = signal(0);
let wanted: number[] = [];
let inFlight = 0;

export function pictureOf(volume: number): ImageData | null | undefined {
  return pictures.get(volume);
}

/** Asks for what is on screen, latest first; what scrolled away is forgotten. */
export function wantPictures(volumes: number[]): void {
  wanted = volumes.filter((v) => !pictures.has(v));
  pump();
}

export function forgetPictures(): void {
  pictures.clear();
  wanted = [];
}

function pump(): void {
  const to = engine.value;
  while (to && inFlight < 2 && wanted.length > 0) {
    const volume = wanted.shift();
    if (volume === undefined || pictures.has(volume)) continue;
    inFlight += 1;
    to.ask("thumbnail", { volume })
      .then((picture: Picture | null) => {
        pictures.set(
          volume,
          picture && new ImageData(new Uint8ClampedArray(picture.rgba), picture.width, picture.height),
        );
      })
      .catch(() => pictures.set(volume, null))
      .finally(() => {
        inFlight -= 1;
        picturesSeen.value += 1;
        pump();
      });
  }
}

// ---------------------------------------------------------------- export

export interface ExportNow {
  done: number;
  total: number;
  fraction: number;
  bytesOut: number;
  objectsDone: number;
  objectsTotal: number;
  /** Bytes a second over the last seconds. */
  speed: number;
  secondsLeft: number;
}
export const exporting = signal<ExportNow | null>(null);
/** What the last export wrote, as a source for Annotate; gone with the report. */
export const exported = signal<(() => AsyncGenerator<IncomingFile[]>) | null>(null);
export const exportVolumes = signal<ReadonlyMap<number, ExportVolume>>(new Map());

/** Everything that stands in memory of what was read, as though it had never been: what is drawn follows. */
export function forget(): void {
  const now = phase.value;
  if (now.kind === "report" && now.download) URL.revokeObjectURL(now.download.url);
  forgetPictures();
  batch(() => {
    phase.value = { kind: "empty" };
    problem.value = null;
    plan.value = null;
    readTook.value = null;
    inspected.value = null;
    inspection.value = null;
    exporting.value = null;
    exported.value = null;
    exportVolumes.value = new Map();
    filterText.value = "";
    chip.value = "all";
    sort.value = { key: "order", descending: false };
    folded.value = new Set();
    selected.value = new Set();
    active.value = null;
    naming.value = null;
    recoding.value = null;
    resessioning.value = null;
    showNames.value = false;
    resetIntake();
  });
}

/** Would anything be lost with the tab? */
export const unsaved = computed(() => {
  switch (phase.value.kind) {
    case "empty":
      return false;
    case "report":
      return plan.value?.key === "new";
    default:
      return true;
  }
});
