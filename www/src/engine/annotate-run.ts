/**
 * Drives the annotator: reads ranges for it, unpacks volumes in steps, draws panes.
 *
 * In: the questions of `annotate-protocol.ts`. Out: their answers, pictures in the panes' canvases, and
 * what words over them need. Gestures that wait in the queue are taken together and drawn once. Pixels
 * are copied out of the engine's memory first, which may be shared. It never looks into volumes.
 */
import type { AnnotateCalls, AnnotateTell, CaseList, CaseView, EditorView, PaneState, VolumeFact } from "./annotate-protocol";
import type { Annotator, Engine } from "./load";
import type { IncomingFile, Trouble } from "./protocol";
import { flat, needsOf, READS, Sources, takeRead } from "./reader";
import { breath } from "./steps";

/** Ranges asked for at a time. */
const RANGES = 16;

/** Part of the engine's memory that volumes may take; labels, growing and panes need the rest. */
const PART = 0.6;

/** A canvas of a pane, and what its pixels are brought in. */
interface Canvas {
  readonly context: OffscreenCanvasRenderingContext2D;
  image: ImageData | null;
  words: Uint32Array | null;
}

const trouble = (cause: string, text: string): Trouble => ({ cause, text });

/** What there is of an editor while no labels can be made. */
const NO_EDITOR: EditorView = {
  segments: [],
  active: 0,
  masking: { where: "everywhere", range: null, overwrite: "all" },
  options: {
    brush: { diameter: 10, sphere: false },
    threshold: { low: 0, high: 0 },
    margin: { by: 3 },
    hollow: { thickness: 3, shell: "inside" },
    smoothing: { method: "median", size: 3 },
    islands: { keep: "largest", leastVoxels: 1000 },
    logical: { operation: "copy", with: 0 },
    scissors: { erase: true, outside: false, sliceOnly: false },
    maskVolume: { inside: true, fill: 0 },
    grow: { locality: 0, volumes: [], metric: "slicer" },
  },
  canUndo: false,
  canRedo: false,
  undoes: "",
  redoes: "",
  preview: null,
  journal: { kept: false, trouble: "" },
};

export type AnnotateHandlers = { [K in keyof AnnotateCalls]: (what: AnnotateCalls[K]["ask"]) => Promise<AnnotateCalls[K]["answer"]> };

export class Annotating {
  readonly #tell: (message: AnnotateTell) => void;
  readonly #load: () => Promise<{ engine: Engine; maximum: number }>;
  readonly #canvases = new Map<number, Canvas>();
  readonly #sizes = new Map<number, [number, number]>();
  #annotator: Annotator | null = null;
  #sources = new Sources();
  /** A frame is wanted. */
  #drawing = false;
  /** Volumes are on their way. */
  #reading = false;
  /** Counts data sets and cases: what is read for one that is gone is dropped. */
  #turn = 0;
  #pump: () => void = () => undefined;

  constructor(tell: (message: AnnotateTell) => void, load: () => Promise<{ engine: Engine; maximum: number }>) {
    this.#tell = tell;
    this.#load = load;
  }

  #current(): Annotator {
    if (!this.#annotator) throw trouble("annotate", "No data set is open.");
    return this.#annotator;
  }

  /** Everything of the data set at hand is let go; canvases stay, black. */
  #close(): void {
    this.#turn += 1;
    this.#annotator?.free();
    this.#annotator = null;
    this.#sources.clear();
    for (const { context } of this.#canvases.values()) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  async #open(files: IncomingFile[]): Promise<CaseList> {
    const { engine, maximum } = await this.#load();
    this.#close();
    const mine = this.#turn;
    const annotator = new engine.Annotator(maximum * PART);
    this.#annotator = annotator;
    try {
      files.forEach(({ path, file }, source) => {
        this.#sources.put(source, file);
        annotator.addSource(source, path, file.size);
      });
      for (let needs = needsOf(annotator.needs(RANGES * 8)); needs.length > 0; needs = needsOf(annotator.needs(RANGES * 8))) {
        while (needs.length > 0) {
          const group = takeRead(needs, this.#sources);
          const bytes = await this.#sources.read(group);
          if (this.#turn !== mine) throw trouble("cancelled", "Another data set was opened.");
          annotator.feed(flat(group), bytes);
        }
      }
      const list = annotator.finishOpening() as CaseList;
      for (const [pane, [width, height]] of this.#sizes) annotator.paneSize(pane, width, height);
      return list;
    } catch (thrown) {
      if (this.#turn === mine) this.#close();
      throw thrown;
    }
  }

  /** Answers with the case, and goes on reading what it lacks. */
  #hung(view: unknown): CaseView {
    this.#goOn();
    this.#draw();
    return { ...(view as Omit<CaseView, "editor">), editor: NO_EDITOR } as CaseView;
  }

  /** Reads and unpacks volumes until none are wanted. */
  #goOn(): void {
    this.#pump();
    if (this.#reading) return;
    this.#reading = true;
    const mine = this.#turn;
    void this.#read(mine).finally(() => {
      this.#reading = false;
      this.#pump = () => undefined;
      // Another data set was opened meanwhile, and waited for this.
      if (this.#turn !== mine && this.#annotator) this.#goOn();
    });
  }

  async #read(mine: number): Promise<void> {
    const annotator = this.#annotator;
    if (!annotator) return;
    let inFlight = 0;
    let wake: () => void = () => undefined;
    let asked = true;
    this.#pump = () => {
      asked = true;
      wake();
    };
    const here = (): boolean => this.#turn === mine && this.#annotator === annotator;
    while (here()) {
      while (inFlight < READS) {
        const needs = needsOf(annotator.needs(RANGES));
        if (needs.length === 0) break;
        while (needs.length > 0) {
          const group = takeRead(needs, this.#sources);
          inFlight += 1;
          void this.#sources.read(group).then((bytes) => {
            inFlight -= 1;
            if (here()) annotator.feed(flat(group), bytes);
            wake();
          });
        }
      }
      asked = false;
      const worked = annotator.work();
      const told = annotator.takeTold() as VolumeFact[];
      for (const volume of told) this.#tell({ kind: "volume", volume });
      if (told.length > 0) this.#draw();
      if (worked) await breath();
      else if (inFlight > 0) await new Promise<void>((resolve) => (wake = resolve));
      else if (!asked) return;
    }
  }

  /** Draws once, when all questions that wait have been heard. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    void breath().then(() => {
      this.#drawing = false;
      this.#paint();
    });
  }

  #paint(): void {
    const annotator = this.#annotator;
    if (!annotator) return;
    for (const pane of annotator.render()) {
      const canvas = this.#canvases.get(pane);
      if (!canvas) continue;
      const [width = 0, height = 0] = annotator.pictureSize(pane);
      if (width === 0 || height === 0) continue;
      const { context } = canvas;
      if (context.canvas.width !== width || context.canvas.height !== height) {
        context.canvas.width = width;
        context.canvas.height = height;
      }
      if (canvas.image?.width !== width || canvas.image.height !== height || !canvas.words) {
        canvas.image = new ImageData(width, height);
        canvas.words = new Uint32Array(canvas.image.data.buffer);
      }
      if (annotator.copyPicture(pane, canvas.words)) context.putImageData(canvas.image, 0, 0);
    }
    const panes = annotator.takeStates() as PaneState[];
    if (panes.length > 0) this.#tell({ kind: "panes", panes });
  }

  readonly handlers: AnnotateHandlers = {
    openCases: async ({ files }) => this.#open(files),
    caseList: async () => this.#current().list() as CaseList,
    openCase: async ({ case: index }) => this.#hung(this.#current().openCase(index)),
    caseStatus: async ({ case: index, status }) => this.#current().caseStatus(index, status) as CaseList,
    caseTime: async ({ seconds }) => {
      this.#annotator?.caseTime(seconds);
      return null;
    },
    closeCases: async () => {
      this.#close();
      return null;
    },
    setCaseProtocol: async ({ protocol }) => this.#hung(this.#current().setProtocol(protocol)),
    stage: async ({ stage }) => this.#hung(this.#current().stage(stage)),
    hang: async ({ pane, volume }) => this.#hung(this.#current().hang(pane, volume)),

    paneCanvas: async ({ pane, canvas }) => {
      // Opaque, so that the compositor need not blend it.
      const context = canvas.getContext("2d", { alpha: false });
      if (!context) throw trouble("annotate", "This browser cannot draw in a worker.");
      this.#canvases.set(pane, { context, image: null, words: null });
      const size = this.#sizes.get(pane);
      if (size) this.#annotator?.paneSize(pane, ...size);
      this.#draw();
      return null;
    },
    paneSize: async ({ pane, width, height }) => {
      const [w, h] = [Math.max(0, Math.round(width)), Math.max(0, Math.round(height))];
      this.#sizes.set(pane, [w, h]);
      this.#annotator?.paneSize(pane, w, h);
      this.#draw();
      return null;
    },
    gesture: async ({ pane, gesture }) => {
      this.#current().gesture(pane, gesture);
      this.#pump();
      this.#draw();
      return null;
    },
    display: async (display) => {
      this.#annotator?.display(display);
      this.#draw();
      return null;
    },

    stroke: async () => this.#unready(),
    tool: async () => this.#unready(),
    options: async () => this.#unready(),
    masking: async () => this.#unready(),
    segment: async () => this.#unready(),
    applyTool: async () => this.#unready(),
    preview: async () => this.#unready(),
    undo: async () => this.#unready(),
    redo: async () => this.#unready(),
    nextBest: async () => this.#unready(),
    measure: async () => this.#unready(),
    saveLabels: async () => this.#unready(),
    loadLabels: async () => this.#unready(),
  };

  #unready(): never {
    throw trouble("annotate", "Labels cannot be made in this version.");
  }
}
