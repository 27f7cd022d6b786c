/**
 * What the room does: asks the engine, and puts what it answers where the panels see it.
 *
 * In: wishes of buttons, keys and hands. Out: changed signals of `state.ts`. It decides nothing about
 * images or labels; every trouble is said once, in the page's banner.
 */
import { batch, effect, untracked } from "@preact/signals";
import type {
  CaseList, CaseStatus, CaseView, Display, EditorView, Masking, Orientation, PaneGesture, PaneState, SegmentEdit, Stroke, Tool, ToolOptions, Vec2,
  VolumeFact,
} from "../engine/annotate-protocol";
import { type Engine, EngineTrouble } from "../engine/client";
import type { CallName, Calls, IncomingFile } from "../engine/protocol";
import { known, problemOf } from "../prepare/problems";
import * as page from "../prepare/state";
import { Outbox } from "./outbox";
import * as state from "./state";

const engine = (): Engine | null => page.engine.value;

/** Says what went wrong; a question that identified data's clearing has ended asks for nothing. */
export function failed(thrown: unknown): void {
  if (thrown instanceof EngineTrouble && thrown.why === "forgotten") return;
  page.problem.value = problemOf(thrown);
}

async function ask<K extends CallName>(call: K, what: Calls[K]["ask"]): Promise<Calls[K]["answer"] | undefined> {
  // The engine hears in the order in which hands and keys moved.
  outbox.hasten();
  try {
    return await engine()?.ask(call, what);
  } catch (thrown) {
    failed(thrown);
    return undefined;
  }
}

export const outbox = new Outbox({ engine, failed, edited: (editor) => takeEditor(editor) });

export function gesture(pane: number, what: PaneGesture): void {
  outbox.gesture(pane, what);
}
export function stroke(what: Stroke): void {
  outbox.stroke(what);
}

// ---------------------------------------------------------------- cases

export async function openFiles(files: IncomingFile[], exported = false): Promise<void> {
  await open({ files, exported }, exported ? "Opening what was exported…" : "Looking through the files…");
}

async function open(source: state.Source, say: string): Promise<void> {
  const to = engine();
  if (!to || state.phase.value.kind === "opening") return;
  await reportTime();
  batch(() => {
    page.problem.value = null;
    state.clear();
    state.phase.value = { kind: "opening", say };
  });
  try {
    const found = await to.ask("openCases", { files: source.files });
    const first = found.cases.find((c) => c.status !== "done") ?? found.cases[0];
    batch(() => {
      state.list.value = found;
      state.source.value = source;
      state.phase.value = first ? { kind: "open" } : { kind: "empty" };
      if (!first) page.problem.value = known("no-cases", nothingFound(found));
    });
    if (first) await openCase(first.case);
    // So that the browser does not clear what is kept when its disk runs short; it may say no.
    void navigator.storage.persist?.().catch(() => undefined);
  } catch (thrown) {
    state.clear();
    failed(thrown);
  }
}

function nothingFound({ ignored, troubles }: CaseList): string {
  const [first] = troubles;
  if (first) return /[.!?]$/.test(first) ? first : `${first}.`;
  return ignored === 1 ? "The file is no image in NIfTI." : `None of the ${ignored} files is an image in NIfTI.`;
}

/** Opens what was open, in a fresh engine: its journal brings the labels back. */
export async function openAgain(): Promise<void> {
  const before = state.source.value;
  if (before) await open(before, "Opening the cases again…");
  else state.clear();
}

let askedFor = 0;
export async function openCase(id: number): Promise<void> {
  if (state.view.value?.case === id && state.opening.value === null) return;
  const mine = ++askedFor;
  await reportTime();
  outbox.drop();
  state.opening.value = id;
  const opened = await ask("openCase", { case: id });
  if (mine !== askedFor) return;
  if (!opened) {
    state.opening.value = null;
    return;
  }
  state.clearCase();
  takeView(opened);
  void sendDisplay();
  const fresh = await ask("caseList", null);
  if (fresh) state.list.value = fresh;
  if (opened.restored) page.announce(opened.restored);
}

export function stepCase(by: number): void {
  const cases = state.list.value?.cases ?? [];
  const now = cases.findIndex((c) => c.case === (state.opening.value ?? state.view.value?.case));
  const next = cases[now + by];
  if (next) void openCase(next.case);
  else page.announce(by > 0 ? "This is the last case." : "This is the first case.");
}

export async function setStatus(id: number, status: CaseStatus): Promise<void> {
  await reportTime();
  const changed = await ask("caseStatus", { case: id, status });
  if (changed) state.list.value = changed;
}

export async function closeCases(): Promise<void> {
  await reportTime();
  outbox.drop();
  state.clear();
  await ask("closeCases", null);
}

/** Somebody else sits down, or a study lays down what is read: what is open is closed, and cases open as they are laid down then. */
async function seat(list: CaseList | null | undefined): Promise<boolean> {
  if (!list) return list === null;
  outbox.drop();
  // From the beginning: nothing that was read for the one before goes over to the next.
  await openAgain();
  return true;
}

export async function setRater(code: string): Promise<boolean> {
  await reportTime();
  return seat(await ask("setRater", { code }));
}

export async function setStudy(json: string | null): Promise<boolean> {
  await reportTime();
  const done = await seat(await ask("setStudy", { json }));
  if (done) void lookForKept();
  return done;
}

export async function loadStudy(file: File): Promise<void> {
  const json = await file.text().catch(() => null);
  if (json === null) page.problem.value = known("source-unreadable");
  else if (await setStudy(json)) page.announce(`The study ${state.list.value?.study?.title ?? ""} is in force.`);
}

export async function loadProtocol(file: File): Promise<void> {
  const json = await file.text().catch(() => null);
  if (json === null) {
    page.problem.value = known("source-unreadable");
    return;
  }
  const taken = await ask("loadCaseProtocol", { json });
  if (!taken) return;
  state.list.value = taken.list;
  takeView(taken.view);
  page.announce("The cases hang by the protocol that was loaded.");
}

export async function setRemarks(id: number, flags: string[], note: string): Promise<void> {
  const changed = await ask("caseRemarks", { case: id, flags, note });
  if (changed) state.list.value = changed;
}

/** What can be gone on with without its files. */
export async function lookForKept(): Promise<void> {
  state.kept.value = (await engine()?.ask("keptCases", null).catch(() => null)) ?? null;
}

export async function openKept(keys: string[]): Promise<void> {
  const files = await ask("keptFiles", { keys });
  if (files && files.length > 0) await openFiles(files);
}

export async function forgetKept(): Promise<void> {
  outbox.drop();
  const gone = await ask("forgetKept", null);
  if (gone === undefined) return;
  state.clear();
  state.kept.value = null;
  if (gone) page.announce("Nothing of any case is left in this browser.");
  else page.problem.value = known("not-forgotten");
}

/** Seconds at work that the engine has not been told of. */
let unreported = 0;
export function worked(seconds: number): void {
  unreported += seconds;
  const { value } = state.list;
  const id = state.view.value?.case;
  if (value && id !== undefined) {
    state.list.value = { ...value, cases: value.cases.map((c) => (c.case === id ? { ...c, seconds: c.seconds + seconds } : c)) };
  }
  if (unreported >= 10) void reportTime();
}
export async function reportTime(): Promise<void> {
  const seconds = unreported;
  unreported = 0;
  if (seconds > 0 && state.view.value) await ask("caseTime", { seconds });
}

// ---------------------------------------------------------------- panes

function takeView(view: CaseView): void {
  batch(() => {
    state.view.value = view;
    state.opening.value = null;
    const panes = new Set(view.panes.map((p) => p.pane));
    if (!panes.has(state.active.value)) state.active.value = view.panes[0]?.pane ?? 0;
    if (state.maximised.value !== null && !panes.has(state.maximised.value)) state.maximised.value = null;
    state.session.value ??= state.volumeOf(view.reference)?.session ?? null;
    for (const pane of [...state.drawn.keys()]) if (!panes.has(pane)) state.drawn.delete(pane);
    takeEditor(view.editor);
  });
}

export async function setStage(stage: number): Promise<void> {
  const view = state.view.value;
  if (!view || stage === view.stage || stage < 0 || stage >= view.stages.length) return;
  state.maximised.value = null;
  const changed = await ask("stage", { stage });
  if (changed) takeView(changed);
}

export async function setProtocol(protocol: string): Promise<void> {
  const changed = await ask("setCaseProtocol", { protocol });
  if (!changed) return;
  takeView(changed);
  if (state.list.value) state.list.value = { ...state.list.value, protocol };
}

export async function hang(pane: number, volume: number): Promise<void> {
  const changed = await ask("hang", { pane, volume });
  if (changed) takeView(changed);
}

/** Another plane of the series in a pane. */
export function orient(pane: number, orientation: Orientation): void {
  gesture(pane, { kind: "orient", orientation });
  const view = state.view.value;
  if (!view) return;
  state.view.value = { ...view, panes: view.panes.map((p) => (p.pane === pane ? { ...p, orientation } : p)) };
}

export function setDisplay(change: Partial<Display>): void {
  state.display.value = { ...state.display.value, ...change };
  void sendDisplay();
}
const sendDisplay = latest(() => ask("display", state.display.value));

// ---------------------------------------------------------------- the editor

/** Panels speak of the session of the active pane: its labels are another map. */
export async function hold(): Promise<void> {
  const pane = state.activePane.value;
  const session = state.volumeOf(pane?.volume ?? null)?.session;
  if (!pane || session === undefined || session === state.session.value) return;
  state.session.value = session;
  if (state.editor.value) await edited("holdPane", { pane: pane.pane });
}

export function takeEditor(editor: EditorView): void {
  state.editor.value = editor;
}

async function edited<K extends "holdPane" | "tool" | "masking" | "segment" | "applyTool" | "preview" | "undo" | "redo" | "options" | "loadLabels">(
  call: K,
  what: Calls[K]["ask"],
): Promise<boolean> {
  const now = await ask(call, what);
  if (!now) return false;
  takeEditor(now as EditorView);
  return true;
}

export async function setTool(tool: Tool | null): Promise<void> {
  if (!state.view.value) return;
  const before = state.tool.value;
  const chosen = tool === before ? null : tool;
  batch(() => {
    state.tool.value = chosen;
    if (chosen !== null) state.lastTools.value = [chosen, before ?? state.lastTools.value[0]];
  });
  if (!(await edited("tool", { tool: chosen })) && state.tool.value === chosen) state.tool.value = before;
}

/** The last two tools, in turn. */
export function swapTools(): void {
  const [last, beforeLast] = state.lastTools.value;
  const to = state.tool.value === last ? beforeLast : last;
  if (to !== null && to !== state.tool.value) void setTool(to);
}

let wished: Partial<ToolOptions> = {};
const sendOptions = latest(async () => {
  const sent = wished;
  wished = {};
  const now = await ask("options", sent);
  // What is being moved shows where the hand is, not where the engine was.
  if (now) takeEditor({ ...now, options: { ...now.options, ...wished } });
});

/** Shows at once what was wished for; the engine is told once at a time, of the last wish. */
export function setOptions(change: Partial<ToolOptions>): void {
  const now = state.editor.value;
  if (!now) return;
  wished = { ...wished, ...change };
  takeEditor({ ...now, options: { ...now.options, ...change } });
  void sendOptions();
}

export function setBrush(diameter: number): void {
  const brush = state.editor.value?.options.brush;
  if (brush) setOptions({ brush: { ...brush, diameter: Math.min(100, Math.max(0.5, Math.round(diameter * 2) / 2)) } });
}

/** A tenth larger or smaller, by half a millimetre at least. */
export function growBrush(steps: number): void {
  const now = state.editor.value?.options.brush.diameter;
  if (now !== undefined) setBrush(now + Math.sign(steps) * Math.max(0.5, now * 0.1 * Math.abs(steps)));
}

export const setMasking = (masking: Masking): void => {
  if (state.editor.value) takeEditor({ ...state.editor.value, masking });
  void edited("masking", masking);
};
export const editSegment = (what: SegmentEdit): Promise<boolean> => edited("segment", what);
export const applyTool = (tool: Tool): Promise<boolean> => edited("applyTool", { tool });

export async function endPreview(keep: boolean): Promise<void> {
  const preview = state.editor.value?.preview;
  if (!preview) return;
  if (await edited("preview", { keep })) page.announce(keep ? "Applied." : "Cancelled: the labels are as they were.");
}

/** What can be undone is the engine's to say: a stroke may be on its way. */
export async function undo(): Promise<void> {
  if (state.view.value && (await edited("undo", null)) && state.editor.value?.redoes) page.announce(`Undone: ${state.editor.value.redoes}.`);
}
export async function redo(): Promise<void> {
  if (state.view.value && (await edited("redo", null)) && state.editor.value?.undoes) page.announce(`Done again: ${state.editor.value.undoes}.`);
}

/** The segment before or after the active one. */
export function stepSegment(by: number): void {
  const now = state.editor.value;
  if (!now || now.segments.length === 0) return;
  const at = now.segments.findIndex((s) => s.label === now.active);
  const next = now.segments[(at + by + now.segments.length) % now.segments.length];
  if (next) void editSegment({ kind: "activate", label: next.label });
}

export async function nextBest(): Promise<void> {
  const found = await ask("nextBest", null);
  if (found === undefined) return;
  if (!found) return page.announce("It is sure everywhere: no stroke stands out.");
  gesture(state.active.value, { kind: "goto", world: found.world });
  page.announce(`The crosshair is where one stroke would tell most: ${found.voxels} voxels hang on it.`);
}

export async function loadDraft(file: File): Promise<void> {
  const bytes = await file.arrayBuffer().catch(() => null);
  if (!bytes) page.problem.value = known("source-unreadable");
  else if (await edited("loadLabels", { name: file.name, bytes })) page.announce("Opened as a draft: look at it before you build on it.");
}

export async function measure(): Promise<void> {
  if (state.measuring.value || !state.view.value || state.figuresClosed.value) return;
  state.measuring.value = true;
  const of = state.editor.value;
  const rows = await ask("measure", null);
  state.measuring.value = false;
  if (rows) state.measured.value = { rows, of };
}

/** A dab of the tool at the crosshair of a pane: what keyboards have for a brush. */
export function dab(pane: number, inverted: boolean): void {
  const at = state.drawn.get(pane)?.crosshair;
  const tool = strokeTool(state.tool.value);
  if (!tool) return page.announce("Choose a tool first, such as 2 for Paint.");
  if (!at) return page.announce("There is no crosshair in this pane: Shift with an arrow key sets one.");
  stroke({ pane, tool, phase: "begin", points: [...at], inverted });
  stroke({ pane, tool, phase: "end", points: [...at], inverted });
}

/** What a hand does in a pane with a tool: seeds are painted; what acts on whole segments takes no stroke. */
export function strokeTool(tool: Tool | null): Tool | null {
  switch (tool) {
    case "grow":
      return "paint";
    case "paint":
    case "erase":
    case "draw":
    case "scissors":
    case "level_tracing":
    case "islands":
      return tool;
    default:
      return null;
  }
}

/** Moves the crosshair of a pane, mm to the right and down; to the middle where there is none. */
export function moveCrosshair(pane: number, by: Vec2, size: Vec2): void {
  const seen = state.drawn.get(pane);
  const at = seen?.crosshair ?? [size[0] / 2, size[1] / 2];
  const scale = seen?.crosshair ? seen.pixelsPerMm : 0;
  gesture(pane, { kind: "crosshair", at: [at[0] + by[0] * scale, at[1] + by[1] * scale] });
}

// ---------------------------------------------------------------- tellings

/** Runs once at a time; asked again meanwhile, once more after. */
function latest(run: () => Promise<unknown>): () => Promise<void> {
  let going = false;
  let again = false;
  return async () => {
    if (going) {
      again = true;
      return;
    }
    going = true;
    do {
      again = false;
      await run();
    } while (again);
    going = false;
  };
}

function takePanes(panes: PaneState[], show: (panes: PaneState[]) => void): void {
  for (const pane of panes) state.drawn.set(pane.pane, pane);
  state.drawnSeen.value += 1;
  show(panes);
}

function takeVolume(volume: VolumeFact): void {
  const now = state.view.value;
  if (!now) return;
  state.view.value = { ...now, volumes: now.volumes.map((v) => (v.id === volume.id ? volume : v)) };
}

/** Hears every engine that the page starts. `show` draws over the panes; `fresh` is told of another engine. */
export function hearEngines(show: (panes: PaneState[]) => void, fresh: () => void): void {
  const begin = (now: Engine): void => {
    // A cleared engine holds no case any more; after a lost one the page knows what to open again.
    if (state.phase.peek().kind !== "lost") state.clear();
    fresh();
    now.listen((tell) => {
      if (tell.kind === "panes") takePanes(tell.panes, show);
      else if (tell.kind === "volume") takeVolume(tell.volume);
      else if (tell.kind === "editor") takeEditor(tell.editor);
      else if (tell.kind === "restored") page.announce(tell.text);
      else if (tell.kind === "caseKept") state.imagesKept.value = tell;
      else if (tell.kind === "journalTrouble") page.problem.value = problemOf(new EngineTrouble(tell.trouble));
      else if (tell.kind === "lost" && state.list.peek()) {
        const source = state.source.peek();
        batch(() => {
          state.clear();
          state.source.value = source;
          state.phase.value = { kind: "lost" };
          page.problem.value = null;
        });
      }
    });
  };

  let last: Engine | null = null;
  effect(() => {
    const now = page.engine.value;
    if (!now || now === last) return;
    last = now;
    untracked(() => begin(now));
  });
}
