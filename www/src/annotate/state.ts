/**
 * What Annotate knows: the cases, the case at hand as the engine last told it, and what the user is at.
 *
 * In: answers and tellings of the engine. Out: signals that the panels draw. All of it is de-identified;
 * none of it is stored here: the engine keeps the journal.
 */
import { batch, computed, signal } from "@preact/signals";
import type {
  CaseList, CaseView, Display, EditorView, Kept, Measured, PaneState, PaneView, SegmentView, Tool, VolumeFact,
} from "../engine/annotate-protocol";
import type { IncomingFile } from "../engine/protocol";

export type Phase =
  | { kind: "empty" }
  | { kind: "opening"; say: string }
  | { kind: "open" }
  /** The engine's worker is gone; the journal is not. */
  | { kind: "lost" };

export const phase = signal<Phase>({ kind: "empty" });
export const list = signal<CaseList | null>(null);
export const view = signal<CaseView | null>(null);
export const editor = signal<EditorView | null>(null);
/** The case that is being opened. */
export const opening = signal<number | null>(null);

/** Cases whose images are kept in this browser; null while nobody has looked. */
export const kept = signal<Kept | null>(null);
/** Whether those of the open case are. */
export const imagesKept = signal<{ kept: boolean; text: string } | null>(null);

/** Volumes and measurements are not shown: the study has it so until the case is done. */
export const figuresClosed = computed(() => {
  const now = list.value;
  const status = now?.cases.find((c) => c.case === view.value?.case)?.status;
  return now?.study?.volumes === false && status !== "done";
});

/** What was opened, for opening it again after the engine was lost. */
export interface Source {
  files: IncomingFile[];
  /** They are what the last export wrote. */
  exported: boolean;
}
export const source = signal<Source | null>(null);

// ---------------------------------------------------------------- panes

/** The pane that keys and buttons mean. */
export const active = signal(0);
export const maximised = signal<number | null>(null);
/** What was last drawn in each pane. A plain map: panes draw their own words, 60 times a second. */
export const drawn = new Map<number, PaneState>();
/** Counts tellings of what was drawn, for the few panels that show some of it. */
export const drawnSeen = signal(0);

export const activePane = computed<PaneView | null>(() => view.value?.panes.find((p) => p.pane === active.value) ?? null);
export const activeDrawn = computed<PaneState | null>(() => {
  void drawnSeen.value;
  return drawn.get(active.value) ?? null;
});

/** The session that the side panel speaks of: that of the pane that was last active. */
export const session = signal<string | null>(null);

export function volumeOf(id: number | null): VolumeFact | null {
  return id === null ? null : (view.value?.volumes.find((v) => v.id === id) ?? null);
}

export const display = signal<Display>({
  labels: true,
  outline: false,
  opacity: 0.5,
  interpolate: true,
  colours: "grey",
  linked: true,
  margin: false,
});

// ---------------------------------------------------------------- tools

export const tool = signal<Tool | null>(null);
/** The last two, for going to and fro. */
export const lastTools = signal<[Tool | null, Tool | null]>([null, null]);

export const activeSegment = computed<SegmentView | null>(
  () => editor.value?.segments.find((s) => s.label === editor.value?.active) ?? null,
);

/** A preview of growing is at hand, whatever the tool. */
export const growing = computed(() => tool.value === "grow" || editor.value?.preview?.tool === "grow");

/** Would strokes be lost with the tab? Not those that the journal keeps. */
export const atRisk = computed(() => editor.value !== null && !editor.value.journal.kept && editor.value.canUndo);

// ---------------------------------------------------------------- measurements

/** Of the labels as they stood when `of` was told; null where nobody asked. */
export const measured = signal<{ rows: Measured[]; of: EditorView | null } | null>(null);
export const measuring = signal(false);

// ---------------------------------------------------------------- side panels

/** Only whether panels are folded, and whether single letters act: nothing of any data set. */
function remembered(key: string, start: boolean) {
  const at = `hepatica-${key}`;
  const stored = ((): string | null => {
    try {
      return sessionStorage.getItem(at);
    } catch {
      return null;
    }
  })();
  const value = signal(stored === null ? start : stored === "1");
  return {
    value,
    set(on: boolean): void {
      value.value = on;
      try {
        sessionStorage.setItem(at, on ? "1" : "0");
      } catch {
        // A browser that keeps nothing: it holds until the page goes.
      }
    },
  };
}

export const casesShown = remembered("cases-shown", true);
export const toolsShown = remembered("tools-shown", true);
export const letterKeys = remembered("letter-keys", true);

export const keysShown = signal(false);
/** The pane whose menu is open. */
export const paneMenu = signal<number | null>(null);

/** Back to the empty room. */
export function clear(): void {
  batch(() => {
    phase.value = { kind: "empty" };
    list.value = null;
    clearCase();
    source.value = null;
  });
}

export function clearCase(): void {
  batch(() => {
    view.value = null;
    editor.value = null;
    session.value = null;
    opening.value = null;
    measured.value = null;
    imagesKept.value = null;
    maximised.value = null;
    paneMenu.value = null;
    active.value = 0;
    tool.value = null;
    lastTools.value = [null, null];
    drawn.clear();
    drawnSeen.value += 1;
  });
}
