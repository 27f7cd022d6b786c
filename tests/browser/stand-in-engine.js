/**
 * A stand-in for the engine's worker, for tests of hands and keys: answers as the contract says
 * (www/src/engine/annotate-protocol.ts), draws nothing, and remembers what it was asked. What the engine
 * makes of it is for the tests with the engine.
 */

globalThis.asked = [];

const tell = (message) => postMessage(message);
tell({ kind: "ready", seen: { flavour: "threads", threads: 1, memoryBytes: 1, memoryMaximum: 2, version: "stand-in" } });

const volumes = ["T1 pre", "late arterial", "portal venous", "delayed"].map((title, id) => ({
  id, title, role: title, session: "ses-01", timePoint: "before treatment", dims: [32, 26, 7], spacing: [1, 1, 3], frames: 1,
  bytes: 6000, state: "ready", trouble: "",
}));
const segment = (label, name) => ({
  label, name, colour: [230, 159, 0], code: null, visible: true, locked: false, volume: 0, lesion: null, draft: false,
});
let editor = {
  segments: [segment(1, "Tumour"), segment(2, "Liver")],
  active: 1,
  masking: { where: "everywhere", range: null, overwrite: "all" },
  options: {
    brush: { diameter: 10, sphere: false }, threshold: { low: 0, high: 1 }, margin: { by: 3 }, hollow: { thickness: 2, shell: "inside" },
    smoothing: { method: "median", size: 3 }, islands: { keep: "largest", leastVoxels: 10 }, logical: { operation: "copy", with: 2 },
    scissors: { erase: true, outside: false, sliceOnly: false }, maskVolume: { inside: false, fill: 0 },
    grow: { locality: 0, volumes: [1], metric: "slicer" },
  },
  canUndo: true, canRedo: true, undoes: "a stroke", redoes: "a stroke", preview: null, journal: { kept: true, trouble: "" },
};
const cases = ["sub-a", "sub-b"].map((subject, i) => ({
  case: i, subject, sessions: [{ session: "ses-01", timePoint: "before treatment", volumes: 4 }], status: "todo", seconds: 0, lesions: 0, unsaved: false,
  flags: [], note: "",
}));
const list = () => ({ title: "a data set", cases, ignored: 0, troubles: [], protocols: [], protocol: "", rater: "rater-a", study: null, flags: [] });
let stage = 0;
const view = (of) => ({
  case: of, subject: cases[of].subject, volumes, reference: 2, stage, vocabulary: { terms: [], presets: [], reasons: [] }, restored: "", editor,
  stages: [{ id: "two", title: "two rows", rows: 2, columns: 2 }, { id: "one", title: "one row", rows: 1, columns: 2 }],
  panes: [0, 1, 2, 3].slice(0, stage === 0 ? 4 : 2).map((pane) => ({
    pane, row: Math.floor(pane / 2), column: pane % 2, volume: pane === 3 ? null : pane,
    title: pane === 3 ? "" : `${volumes[pane].title} · before treatment`, wanted: pane === 3 ? "delayed" : "", candidates: pane === 3 ? [3] : [],
    orientation: "axial", surface: false,
  })),
});
let open = 0;
const sizes = new Map();
const draw = () => tell({
  kind: "panes",
  panes: [...sizes].map(([pane, [width, height]]) => ({
    pane, slice: 3, slices: 7, window: { width: 900, level: 450, preset: "", unit: "" }, letters: ["R", "L", "A", "P"], pixelsPerMm: 2,
    crosshair: [width / 2, height / 2], world: [1, -2, 3], value: 5, outside: false, shift: null, lines: [], frame: 0,
  })),
});

const answers = {
  openCases: list, caseList: list, caseStatus: list,
  openCase: ({ case: of }) => view((open = of)),
  stage: ({ stage: to }) => view(((stage = to), open)),
  hang: () => view(open),
  forgetKept: () => true,
  keptCases: () => ({ sets: [], bytes: 0, quota: 1, study: "" }), caseRemarks: list,
  paneSize: ({ pane, width, height }) => (sizes.set(pane, [width, height]), draw(), null),
  options: (what) => (editor = { ...editor, options: { ...editor.options, ...what } }),
  segment: (what) => (editor = what.kind === "activate" ? { ...editor, active: what.label } : editor),
  tool: ({ tool }) => (editor = { ...editor, preview: tool === "grow" ? { tool, missing: "Paint some background too.", note: "", fraction: 0, lastMs: null } : null }),
  preview: () => (editor = { ...editor, preview: null }),
  holdPane: () => editor, stroke: () => editor, masking: () => editor, applyTool: () => editor, undo: () => editor, redo: () => editor,
};

addEventListener("message", ({ data: { id, call, with: what } }) => {
  const { canvas, ...plain } = what ?? {};
  globalThis.asked.push({ call, ...plain, canvas: Boolean(canvas) });
  postMessage({ kind: "answer", id, ok: true, value: answers[call]?.(what) ?? null });
});
