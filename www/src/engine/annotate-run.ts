/**
 * Drives the annotator: reads ranges for it, unpacks volumes in steps, draws panes.
 *
 * In: the questions of `annotate-protocol.ts`. Out: their answers, pictures in the panes' canvases, and
 * what words over them need. Gestures that wait in the queue are taken together and drawn once. Pixels
 * are copied out of the engine's memory first, which may be shared. Every edit is in the journal before
 * it is answered; long work of the editor goes on in steps, and what cannot go on is given up in words. An engine
 * that has trapped is asked nothing more. It never looks into volumes.
 */
import type { AnnotateCalls, AnnotateTell, CaseList, CaseView, EditorView, PaneState, VolumeFact } from "./annotate-protocol";
import { forgetAll, Journal, type Progress, readDesk, readProgress, writeDesk, writeProgress } from "./annotate-store";
import { keepCase, type KeepFile, kept, keptFiles, letGo, type Refused } from "./kept-cases";
import type { Annotator, Engine } from "./load";
import type { IncomingFile, Trouble } from "./protocol";
import { flat, needsOf, READS, Sources, takeRead } from "./reader";
import { Beat, breath } from "./steps";

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

/** What a step of the editor may take, ms. */
const STEP = 6;

/** Seconds at work between two notes of them. */
const NOTED = 15;

/** Bytes of a table, and of the head of a DICOM object, that are read. */
const TABLE = 16 << 20;
const HEAD = 8 << 20;

const trouble = (cause: string, text: string): Trouble => ({ cause, text });

/** Why the images of a case are not kept. */
const NOT_KEPT: Record<Refused, string> = {
  room: "There is no room to keep this case's images in this browser: going on later takes the data set again. Strokes are kept.",
  failed: "This case's images could not be kept in this browser: going on later takes the data set again. Strokes are kept.",
  left: "",
};

/** What there is of an editor while its image is not there. */
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

/** What `Annotator.beginEditor` answers. */
interface Reopened {
  read: number;
  torn: number;
  records: number;
  text: string;
}

export class Annotating {
  readonly #tell: (message: AnnotateTell) => void;
  readonly #load: () => Promise<{ engine: Engine; maximum: number }>;
  readonly #lost: () => void;
  readonly #canvases = new Map<number, Canvas>();
  readonly #sizes = new Map<number, [number, number]>();
  /** Journals of the case at hand, by session. */
  readonly #journals = new Map<number, Journal>();
  readonly #sources = new Sources();
  #annotator: Annotator | null = null;
  /** A frame is wanted. */
  #drawing = false;
  /** Volumes are on their way. */
  #reading = false;
  /** The editor goes on with something long. */
  #editing = false;
  /** Counts data sets: what is read for one that is gone is dropped. */
  #turn = 0;
  /** Counts cases likewise. */
  #caseTurn = 0;
  #pump: () => void = () => undefined;
  /** Voxels that a step of the editor looks at: as many as fit into its time, as seen. */
  #pace = 20_000;
  /** When hands last changed what is grown from. */
  #strokeAt = 0;
  #beginning: Promise<void> = Promise.resolve();
  #sinceNoted = 0;
  /** The case whose images are being kept, or were. */
  #keepingTurn = -1;
  #keeping: Promise<void> = Promise.resolve();
  /** What was said of journals, by session: once is enough. */
  readonly #said = new Map<number, string>();

  /** `lost` is called when the engine can be asked nothing more. */
  constructor(tell: (message: AnnotateTell) => void, load: () => Promise<{ engine: Engine; maximum: number }>, lost: () => void) {
    this.#tell = tell;
    this.#load = load;
    this.#lost = lost;
  }

  /** Lets something go on by itself. An engine that traps meanwhile is asked nothing more; its journals are closed, for the next one to open. */
  #unwatched(task: Promise<void>): void {
    task.catch((thrown: unknown) => {
      if (thrown instanceof WebAssembly.RuntimeError) this.#trapped();
      else this.#tell({ kind: "journalTrouble", trouble: trouble("annotate", "") });
    });
  }

  #trapped(): void {
    this.#annotator = null;
    this.#turn += 1;
    this.#caseTurn += 1;
    for (const journal of this.#journals.values()) journal.close();
    this.#journals.clear();
    letGo();
    this.#lost();
  }

  #current(): Annotator {
    if (!this.#annotator) throw trouble("annotate", "No data set is open.");
    return this.#annotator;
  }

  /** Everything of the data set at hand is let go; canvases stay, black. */
  #close(): void {
    this.#leaveCase();
    this.#turn += 1;
    this.#annotator?.free();
    this.#annotator = null;
    this.#sources.clear();
    letGo();
    for (const { context } of this.#canvases.values()) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  #leaveCase(): void {
    this.#caseTurn += 1;
    for (const session of this.#journals.keys()) this.#keep(session);
    for (const journal of this.#journals.values()) journal.close();
    this.#journals.clear();
    this.#said.clear();
    if (this.#annotator) void this.#note();
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
      annotator.finishOpening();
      for (const [pane, [width, height]] of this.#sizes) annotator.paneSize(pane, width, height);
      const desk = await readDesk();
      if (this.#turn !== mine) throw trouble("cancelled", "Another data set was opened.");
      for (const protocol of desk.protocols) {
        try {
          annotator.loadProtocol(protocol);
        } catch (thrown) {
          // Of another version: cases hang by one that is shipped.
          if (thrown instanceof WebAssembly.RuntimeError) throw thrown;
        }
      }
      if (desk.protocol) annotator.chooseProtocol(desk.protocol);
      if (Array.isArray(desk.hung)) annotator.takeHungRoles(desk.hung);
      if (desk.rater) annotator.setRater(desk.rater);
      if (desk.study !== null) annotator.setStudy(desk.study);
      return await this.#listed(annotator, mine);
    } catch (thrown) {
      if (this.#turn === mine) this.#close();
      throw thrown;
    }
  }

  /** The list of cases, each as far as this reader was. */
  async #listed(annotator: Annotator, mine: number): Promise<CaseList> {
    const known = await readProgress();
    if (this.#turn !== mine) throw trouble("cancelled", "Another data set was opened.");
    (annotator.caseKeys() as string[]).forEach((key, at) => {
      const progress = known[key];
      if (progress) annotator.setProgress(at, progress);
    });
    return annotator.list() as CaseList;
  }

  /** Has somebody else sit down, or something else be read: the case at hand is put away first. */
  async #sitDown(change: (annotator: Annotator) => void): Promise<CaseList> {
    const annotator = this.#current();
    this.#leaveCase();
    await this.#note();
    change(annotator);
    return this.#listed(annotator, this.#turn);
  }

  /** Writes down how far cases are. */
  async #note(): Promise<void> {
    const annotator = this.#annotator;
    if (!annotator) return;
    this.#sinceNoted = 0;
    const progress = annotator.progress() as Record<string, Progress>;
    await writeProgress(progress);
  }

  // ------------------------------------------------------------ images kept

  /** Keeps the case's images, once all that was asked for is there: then nobody waits for the disk. */
  async #keepImages(annotator: Annotator): Promise<void> {
    const mine = this.#caseTurn;
    if (this.#keepingTurn === mine || !annotator.isLoaded()) return;
    this.#keepingTurn = mine;
    const files = annotator.keptFiles() as KeepFile[];
    if (files.length === 0) {
      this.#tell({ kind: "caseKept", kept: false, text: "Only images that Hepatica has de-identified are kept: going on later takes these files again. Strokes are kept." });
      return;
    }
    const view = annotator.list() as CaseList;
    const at = (annotator.view() as CaseView).case;
    const key = (annotator.caseKeys() as string[])[at];
    if (key === undefined) return;
    const here = (): boolean => this.#caseTurn === mine && this.#annotator === annotator;
    const refused = await keepCase(key, view.title, files, (file) => this.#content(annotator, file.entry, Number.MAX_SAFE_INTEGER, here), here).catch(
      (thrown: unknown): Refused => {
        if (thrown instanceof WebAssembly.RuntimeError) throw thrown;
        return "failed";
      },
    );
    if (here() && refused !== "left") this.#tell({ kind: "caseKept", kept: refused === null, text: refused === null ? "" : NOT_KEPT[refused] });
  }

  /** The content of a file of the data set, piece by piece, up to `most` bytes. */
  async *#content(annotator: Annotator, entry: number, most: number, here: () => boolean): AsyncGenerator<Uint8Array> {
    const reader = annotator.fileReader(entry, most);
    try {
      for (let [need] = needsOf(reader.need()); need; [need] = needsOf(reader.need())) {
        const bytes = await this.#sources.bytes(need);
        if (!here()) return;
        yield reader.feed(bytes);
        await breath();
      }
    } finally {
      if (here()) reader.free();
    }
  }

  /** The whole of it, or its first bytes. */
  async #whole(annotator: Annotator, entry: number, most: number): Promise<Uint8Array> {
    const here = (): boolean => this.#annotator === annotator;
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of this.#content(annotator, entry, most, here)) pieces.push(new Uint8Array(piece));
    if (!here()) throw trouble("cancelled", "Another data set was opened.");
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }

  /** Finds the DICOM objects that references were made of, so that labels can refer to them. */
  async #findSources(annotator: Annotator): Promise<void> {
    for (const session of annotator.editedSessions()) {
      const tables = annotator.sourceTables(session);
      if (tables.length === 0) continue;
      const texts: Uint8Array[] = [];
      for (const entry of tables) texts.push(await this.#whole(annotator, entry, TABLE));
      const objects: Uint8Array[] = [];
      for (const entry of annotator.sourceObjects(session, tables, texts)) objects.push(await this.#whole(annotator, entry, HEAD));
      if (objects.length > 0) annotator.takeSources(session, objects);
    }
  }

  // ------------------------------------------------------------ volumes

  /** Answers with the case, and goes on reading what it lacks. */
  async #hung(view: unknown): Promise<CaseView> {
    this.#goOn();
    this.#draw();
    const body = view as Omit<CaseView, "editor" | "restored"> & { editor: EditorView | null };
    return { ...body, editor: body.editor ?? NO_EDITOR, restored: "" };
  }

  /** Reads and unpacks volumes until none are wanted. */
  #goOn(): void {
    this.#pump();
    if (this.#reading) return;
    this.#reading = true;
    const mine = this.#turn;
    const reading = this.#read(mine).finally(() => {
      this.#reading = false;
      this.#pump = () => undefined;
      // Another data set was opened meanwhile, and waited for this.
      if (this.#turn !== mine && this.#annotator) this.#goOn();
    });
    this.#unwatched(reading);
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
      if (told.length > 0) {
        this.#draw();
        await this.#beginEditors();
        this.#goOnEditing();
      }
      if (worked) await breath();
      else if (inFlight > 0) await new Promise<void>((resolve) => (wake = resolve));
      else if (!asked) {
        this.#keeping = this.#keepImages(annotator);
        this.#unwatched(this.#keeping);
        return;
      }
    }
  }

  // ------------------------------------------------------------ labels and their journals

  /** Sessions whose reference has come begin with what their journal holds: one after the other. */
  #beginEditors(): Promise<void> {
    this.#beginning = this.#beginning.then(() => this.#beginEach());
    return this.#beginning;
  }

  async #beginEach(): Promise<void> {
    const annotator = this.#annotator;
    const mine = this.#caseTurn;
    if (!annotator) return;
    for (const { session, key } of annotator.waitingForJournal() as { session: number; key: string }[]) {
      let journal: Journal | null = null;
      let why = "";
      let cause = "journal";
      try {
        journal = await Journal.open(key);
      } catch (thrown) {
        const taken = thrown instanceof DOMException && thrown.name === "NoModificationAllowedError";
        if (taken) cause = "journal-taken";
        why = taken
          ? "This case is open in another tab: strokes made here are not kept."
          : "The browser grants no storage here: strokes are lost with this tab unless they are saved.";
      }
      if (this.#caseTurn !== mine || this.#annotator !== annotator) {
        journal?.close();
        return;
      }
      let reopened: Reopened | null = null;
      for (const { slot, bytes } of journal?.contents() ?? []) {
        try {
          reopened = annotator.beginEditor(session, bytes) as Reopened;
          journal?.continue(slot, reopened.read);
          break;
        } catch {
          // Of a later version, of another grid, or damaged from its first byte: the other may do.
        }
      }
      if (!reopened) {
        if (journal && journal.contents().length > 0) {
          why = "What was kept of this case cannot be read by this version: it was left as it is, and strokes made now are not kept. Save them.";
          journal.close();
          journal = null;
        } else if (journal && (await Journal.ofAnotherImage(key).catch(() => false))) {
          const text = "Labels of this case are kept that were drawn on another image under the same name: they are not shown on this one.";
          this.#tell({ kind: "journalTrouble", trouble: trouble("labels-other-image", text) });
        }
        annotator.beginEditor(session, new Uint8Array());
        if (await this.#takeSaved(annotator, session)) {
          reopened = { read: 0, torn: 0, records: 0, text: "The labels that were saved in this data set are shown as a draft." };
        }
        if (this.#caseTurn !== mine) {
          journal?.close();
          return;
        }
      }
      if (journal) this.#journals.set(session, journal);
      annotator.setJournal(session, journal !== null, why);
      if (why) this.#tell({ kind: "journalTrouble", trouble: trouble(cause, why) });
      this.#keep(session);
      this.#tellEditor();
      if (reopened?.text) this.#tell({ kind: "restored", text: reopened.text });
      this.#draw();
      this.#goOnEditing();
    }
  }

  /** Labels that this rater saved into the data set; false where there are none, or they do not fit. */
  async #takeSaved(annotator: Annotator, session: number): Promise<boolean> {
    const mine = this.#caseTurn;
    const saved = annotator.savedLabels(session);
    if (!saved) return false;
    try {
      for (let [need] = needsOf(saved.need()); need; [need] = needsOf(saved.need())) {
        saved.feed(await this.#sources.bytes(need));
        if (this.#caseTurn !== mine) return false;
      }
      annotator.takeSaved(session, saved);
      return true;
    } catch (thrown) {
      if (thrown instanceof WebAssembly.RuntimeError) throw thrown;
      this.#tell({ kind: "journalTrouble", trouble: trouble("labels-file", "Labels that were saved in this data set could not be taken up.") });
      return false;
    } finally {
      saved.free();
    }
  }

  /** Writes down what was done since the last time. */
  #keep(session: number): void {
    const annotator = this.#annotator;
    const journal = this.#journals.get(session);
    if (!annotator || !journal) return;
    try {
      journal.append(annotator.takeRecords(session), () => annotator.checkpoint(session));
      annotator.setJournal(session, true, "");
      this.#said.delete(session);
    } catch (thrown) {
      if (thrown instanceof WebAssembly.RuntimeError) throw thrown;
      const full = thrown instanceof DOMException && thrown.name === "QuotaExceededError";
      const text = full
        ? "The browser's storage is full: strokes are not kept any more. Save the labels, then make room."
        : "Strokes could not be written down: they are not kept any more. Save the labels.";
      annotator.setJournal(session, false, text);
      if (this.#said.get(session) === text) return;
      this.#said.set(session, text);
      this.#tell({ kind: "journalTrouble", trouble: trouble(full ? "journal-full" : "journal", text) });
    }
  }

  #keepAll(): void {
    for (const session of this.#journals.keys()) this.#keep(session);
  }

  #editorView(): EditorView {
    return (this.#current().editorView() as EditorView | null) ?? NO_EDITOR;
  }

  #tellEditor(): void {
    this.#tell({ kind: "editor", editor: this.#editorView() });
  }

  /** Does something to labels: it is in the journal before it is answered. */
  #edit(change: (annotator: Annotator) => void): EditorView {
    change(this.#current());
    this.#strokeAt = performance.now();
    this.#keepAll();
    this.#draw();
    this.#goOn();
    this.#goOnEditing();
    return this.#editorView();
  }

  /** Goes on with what takes the editor long, in steps between which hands are heard. */
  #goOnEditing(): void {
    if (this.#editing || !this.#annotator?.editorBusy()) return;
    this.#editing = true;
    const going = this.#editOn(this.#annotator).then(
      () => {
        this.#editing = false;
        this.#goOnEditing();
      },
      (thrown: unknown) => {
        this.#editing = false;
        throw thrown;
      },
    );
    this.#unwatched(going);
  }

  async #editOn(annotator: Annotator): Promise<void> {
    const shown = new Beat(30);
    const told = new Beat(120);
    const here = (): boolean => this.#annotator === annotator;
    while (here() && annotator.editorBusy()) {
      const began = performance.now();
      try {
        annotator.stepEditor(this.#pace);
      } catch (thrown) {
        if (thrown instanceof WebAssembly.RuntimeError) throw thrown;
        // It would say so again at every further step.
        annotator.giveUpWork();
        const why = thrown && typeof thrown === "object" && "text" in thrown ? String(thrown.text) : "";
        this.#tell({ kind: "journalTrouble", trouble: trouble("edit-stopped", why) });
        break;
      }
      const took = performance.now() - began;
      this.#pace = Math.round(Math.min(4_000_000, Math.max(2_000, this.#pace * Math.min(2, STEP / Math.max(took, 0.1)))));
      if (shown.due()) this.#draw();
      if (told.due()) this.#tellEditor();
      await breath();
    }
    if (!here()) return;
    annotator.noteMs(performance.now() - this.#strokeAt);
    this.#keepAll();
    this.#draw();
    this.#tellEditor();
  }

  // ------------------------------------------------------------ drawing

  /** Draws once, when all questions that wait have been heard. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    const drawn = breath().then(() => {
      this.#drawing = false;
      this.#paint();
    });
    this.#unwatched(drawn);
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
    openCase: async ({ case: index }) => {
      this.#leaveCase();
      const annotator = this.#current();
      annotator.openCase(index);
      void this.#note();
      await this.#beginEditors();
      // As it is now: what came meanwhile was told to a page that had no case yet.
      return this.#hung(this.#current().view());
    },
    caseStatus: async ({ case: index, status }) => {
      const list = this.#current().caseStatus(index, status) as CaseList;
      await this.#note();
      return list;
    },
    caseTime: async ({ seconds }) => {
      this.#annotator?.caseTime(seconds);
      this.#sinceNoted += seconds;
      if (this.#sinceNoted >= NOTED) await this.#note();
      return null;
    },
    closeCases: async () => {
      this.#close();
      return null;
    },
    forgetKept: async () => {
      this.#close();
      // What is just being written ends at its next piece.
      await this.#keeping.catch(() => undefined);
      return forgetAll();
    },
    setRater: async ({ code }) => {
      const list = await this.#sitDown((annotator) => annotator.setRater(code));
      await writeDesk({ rater: list.rater });
      return list;
    },
    setStudy: async ({ json }) => {
      const list = this.#annotator ? await this.#sitDown((annotator) => annotator.setStudy(json)) : null;
      if (!list && json !== null) throw trouble("annotate", "No data set is open.");
      await writeDesk({ study: json });
      return list;
    },
    caseRemarks: async ({ case: index, flags, note }) => {
      const list = this.#current().setRemarks(index, flags, note) as CaseList;
      await this.#note();
      return list;
    },
    loadCaseProtocol: async ({ json }) => {
      const annotator = this.#current();
      const id = annotator.loadProtocol(json);
      const desk = await readDesk();
      const idOf = (text: string): unknown => (JSON.parse(text) as { id?: unknown }).id;
      await writeDesk({ protocols: [...desk.protocols.filter((text) => idOf(text) !== id), json], protocol: id });
      const view = await this.#hung(annotator.setProtocol(id));
      return { list: annotator.list() as CaseList, view };
    },
    keptCases: async () => {
      const { study } = await readDesk();
      const title = study === null ? "" : String((JSON.parse(study) as { title?: string; id?: string }).title ?? (JSON.parse(study) as { id?: string }).id);
      return { ...(await kept()), study: title };
    },
    keptFiles: async ({ keys }) => keptFiles(keys),
    setCaseProtocol: async ({ protocol }) => {
      const view = this.#current().setProtocol(protocol);
      await writeDesk({ protocol });
      return this.#hung(view);
    },
    stage: async ({ stage }) => {
      const view = this.#current().stage(stage);
      void this.#note();
      return this.#hung(view);
    },
    hang: async ({ pane, volume }) => {
      const annotator = this.#current();
      const view = annotator.hang(pane, volume);
      await writeDesk({ hung: annotator.hungRoles() });
      void this.#note();
      return this.#hung(view);
    },

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
      this.#goOn();
      this.#draw();
      return null;
    },
    display: async (display) => {
      this.#annotator?.display(display);
      this.#draw();
      return null;
    },

    holdPane: async ({ pane }) => this.#edit((to) => to.holdPane(pane)),
    stroke: async (stroke) => this.#edit((to) => to.stroke(stroke)),
    tool: async ({ tool }) => this.#edit((to) => to.setTool(tool)),
    options: async (options) => this.#edit((to) => to.setOptions(options)),
    masking: async (masking) => this.#edit((to) => to.setMasking(masking)),
    segment: async (edit) => this.#edit((to) => to.segment(edit)),
    applyTool: async ({ tool }) => this.#edit((to) => to.applyTool(tool)),
    preview: async ({ keep }) => this.#edit((to) => to.endPreview(keep)),
    undo: async () => this.#edit((to) => to.turn(false)),
    redo: async () => this.#edit((to) => to.turn(true)),
    nextBest: async () => {
      const found = this.#current().nextBest() as AnnotateCalls["nextBest"]["answer"];
      this.#keepAll();
      return found;
    },
    measure: async () => {
      const annotator = this.#current();
      annotator.wantSession();
      this.#goOn();
      // Images that no pane shows are read first.
      while (this.#annotator === annotator && !annotator.isLoaded()) await new Promise((go) => setTimeout(go, 30));
      const rows = this.#current().measure() as AnnotateCalls["measure"]["answer"];
      this.#draw();
      return rows;
    },
    saveLabels: async ({ as, asOne }) => {
      const annotator = this.#current();
      annotator.wantSession();
      this.#goOn();
      while (this.#annotator === annotator && !annotator.isLoaded()) await new Promise((go) => setTimeout(go, 30));
      if (as === "dicomSeg") await this.#findSources(this.#current());
      const files = this.#current().save(as, asOne) as AnnotateCalls["saveLabels"]["answer"];
      this.#keepAll();
      void this.#note();
      return files;
    },
    loadLabels: async ({ bytes }) => this.#edit((to) => to.loadLabels(new Uint8Array(bytes))),
  };
}
