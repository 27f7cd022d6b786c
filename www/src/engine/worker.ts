/**
 * The engine's worker: owns the WebAssembly instance, reads sources for it, writes what it makes.
 *
 * In: questions of `protocol.ts`. Out: their answers, and how far it has come some ten times a
 * second. Long work is done in steps of a few milliseconds, between which messages are heard: so a
 * cancel works at once, and thumbnails come while an export runs.
 */
import { Annotating } from "./annotate-run";
import { readDemo } from "./demo";
import { ExportRun } from "./export-run";
import { Growing } from "./grow";
import { loadEngine } from "./load";
import type { Journey } from "./load";
import type { Answer, Ask, CallName, Calls, IncomingFile, InspectView, Picture, PlanView, PolicySeen, ReviewPicture, Tell, Trouble } from "./protocol";
import { feedAll, flat, needsOf, Sources } from "./reader";
import { type Sink, sweep } from "./sink";
import { Beat } from "./steps";

const tell = (message: Tell): void => postMessage(message);

/** WebAssembly memory only grows: what it holds is the most that it held. */
let held = 0;
const tellMemory = (bytes: number): void => {
  if (bytes !== held) tell({ kind: "memory", bytes });
  held = bytes;
};

/** Loading starts at once, so that the seal can say what runs; every question waits for it. */
const loading = loadEngine().then((loaded) => {
  tell({ kind: "ready", seen: loaded.seen });
  return loaded;
});
loading.catch(() => tell({ kind: "lost", trouble: { cause: "engine-load", text: "" } }));
void sweep();

const sources = new Sources();
let journey: Journey | null = null;
/** The policy of the page's host, under which every journey begins. */
let institution: string | null = null;
let added = 0;
/** Sources from here on are of the reading in hand. */
let mark = 0;
let reading = { cancelled: false };
/** Headers are read as soon as files are added; this is the reading that goes on, or the last one. */
let headers: Promise<boolean> = Promise.resolve(true);
let readingHeaders = false;
let running: ExportRun | null = null;
let written: Sink | null = null;
const growing = new Growing();
const annotating = new Annotating(
  tell,
  async () => {
    const { engine, seen } = await loading;
    return { engine, maximum: seen.memoryMaximum };
  },
  () => tell({ kind: "lost", trouble: trouble("engine-lost", "The engine met an error it could not handle.") }),
);

type Handlers = { [K in CallName]: (what: Calls[K]["ask"]) => Promise<Calls[K]["answer"]> };

/** The journey at hand; a question about a plan before there is one is a fault of the page. */
function current(): Journey {
  if (!journey) throw trouble("plan", "There is no plan yet.");
  return journey;
}

/** Nothing may change under an export. */
function idle(): Journey {
  if (running) throw trouble("busy", "An export is running.");
  return current();
}

function trouble(cause: string, text: string): Trouble {
  return { cause, text };
}

function addFiles(to: Journey, files: IncomingFile[]): void {
  for (const { path, file } of files) {
    sources.put(added, file);
    to.addSource(added, path, file.size);
    added += 1;
  }
}

async function readHeaders(from: Journey): Promise<boolean> {
  const mine = reading;
  const beat = new Beat(100);
  return feedAll(sources, {
    needs: (most) => needsOf(from.intakeNeeds(most)),
    feed: (needs, answers) => from.intakeFeed(flat(needs), answers),
    settle: () => from.settleIntake(),
    goesOn: () => {
      if (beat.due()) tell({ kind: "intake", progress: from.intakeProgress() });
      return !mine.cancelled;
    },
  });
}

/** Something small of the core's that is fed one range at a time. */
interface Fed {
  need(): Float64Array;
  feed(bytes: Uint8Array): boolean;
  free(): void;
}

/** Feeds it until it wants no more; gives it up where a range can't be read or used. */
async function fed(one: Fed): Promise<boolean> {
  for (let [need] = needsOf(one.need()); need; [need] = needsOf(one.need())) {
    const bytes = await sources.bytes(need).catch(() => null);
    if (bytes && one.feed(bytes)) continue;
    one.free();
    return false;
  }
  return true;
}

/** A new journey; under the key at hand, if there is one, so that codes stay. */
async function restart(): Promise<void> {
  const { engine } = await loading;
  sources.clear();
  added = 0;
  mark = 0;
  if (journey) journey.restart();
  else {
    journey = new engine.Journey(crypto.getRandomValues(new Uint8Array(32)));
    if (institution !== null) journey.setInstitution(institution);
  }
}

const handlers: Handlers = {
  ...annotating.handlers,
  async begin({ keepPlan }) {
    if (running) throw trouble("busy", "An export is running.");
    reading.cancelled = true;
    reading = { cancelled: false };
    headers = Promise.resolve(true);
    readingHeaders = false;
    if (!keepPlan || !journey) await restart();
    mark = added;
    return null;
  },
  async add({ files }) {
    if (reading.cancelled) return null;
    addFiles(current(), files);
    if (readingHeaders) return null;
    readingHeaders = true;
    headers = readHeaders(current()).finally(() => {
      readingHeaders = false;
    });
    // What goes wrong is said when the plan is asked for.
    headers.catch(() => undefined);
    return null;
  },
  async demo({ patients }) {
    const { engine } = await loading;
    const mine = reading;
    const to = current();
    await readDemo(engine, patients, (files, progress) => {
      if (mine.cancelled) return false;
      addFiles(to, files);
      tell({ kind: "intake", progress });
      return true;
    });
    return null;
  },
  async read() {
    const from = current();
    if (!(await headers) || !(await readHeaders(from))) return null;
    tell({ kind: "intake", progress: from.intakeProgress() });
    const plan = from.finishIntake() as PlanView;
    mark = added;
    return plan;
  },
  async cancelRead() {
    reading.cancelled = true;
    journey?.abandonIntake();
    sources.dropFrom(mark);
    return null;
  },
  async edit(what) {
    return idle().edit(what) as PlanView;
  },
  async thumbnail({ volume }) {
    const picture = current().preview(volume);
    return picture && (await fed(picture)) ? (picture.draw() as Picture | null) : null;
  },
  async reviewFrame({ series }) {
    const reviewer = current().reviewer(series);
    return reviewer && (await fed(reviewer)) ? (reviewer.draw() as ReviewPicture | null) : null;
  },
  async redactionsFile() {
    return current().redactionsFile();
  },
  async inspect({ volume }) {
    const inspector = current().inspector(volume);
    return inspector && (await fed(inspector)) ? (inspector.look() as InspectView | null) : null;
  },
  async filesOf({ tally }) {
    return current().filesOf(tally);
  },
  async loadKey({ bytes, passphrase }) {
    return idle().loadKey(new Uint8Array(bytes), passphrase ?? undefined) as PlanView;
  },
  async loadMapping({ bytes, passphrase }) {
    return idle().loadMapping(new Uint8Array(bytes), passphrase ?? undefined) as PlanView;
  },
  async saveKey({ passphrase }) {
    return current().saveKey(passphrase ?? undefined).buffer as ArrayBuffer;
  },
  async keySaved() {
    return current().keySaved() as PlanView;
  },
  async linkingTable({ passphrase }) {
    return current().linkingTable(passphrase ?? undefined).buffer as ArrayBuffer;
  },
  async report() {
    return new TextEncoder().encode(current().reportFile()).buffer as ArrayBuffer;
  },
  async institution({ json }) {
    const { engine } = await loading;
    if (json === null) return null;
    const seen = engine.checkPolicy(json) as PolicySeen;
    institution = json;
    journey?.setInstitution(json);
    return seen;
  },
  async policyFile() {
    return current().policyFile();
  },
  async idMap({ passphrase }) {
    return current().idMap(passphrase ?? undefined).buffer as ArrayBuffer;
  },
  async uidMap({ passphrase }) {
    return current().uidMap(passphrase ?? undefined).buffer as ArrayBuffer;
  },
  async sweep() {
    await sweep();
    return null;
  },
  async exportTo(target) {
    const { seen } = await loading;
    const run = new ExportRun(idle(), sources, seen, (progress) => tell({ kind: "export", progress }));
    running = run;
    try {
      const { outcome, sink } = await run.to(target);
      written = sink;
      return outcome;
    } finally {
      running = null;
    }
  },
  async cancelExport({ keepComplete }) {
    running?.cancel(keepComplete);
    return null;
  },
  async growBegin(what) {
    const { engine } = await loading;
    return growing.begin(engine, what);
  },
  async grow() {
    return growing.run((fraction) => tell({ kind: "grow", fraction }));
  },
  async growSummary() {
    return growing.summary();
  },
  async growStroke(what) {
    return growing.stroke(what);
  },
  async growMask(what) {
    return growing.mask(what);
  },
  async growCancel() {
    growing.cancel();
    return null;
  },
  async growLabels(of) {
    return growing.labels(of);
  },
  async growMargin(of) {
    return growing.margins(of);
  },
  async growNext(what) {
    return growing.next(what);
  },
  async growEnd() {
    growing.end();
    return null;
  },
  async leaveExport({ keep }) {
    // What is kept goes when the tab does: the next one sweeps it away.
    if (!keep) await written?.forget();
    written = null;
    return idle().endSurvey() as PlanView;
  },
};

/** The core throws a `Trouble`; anything else is a fault, whose words might quote what it choked on. */
function troubleOf(thrown: unknown): Trouble {
  if (thrown instanceof WebAssembly.RuntimeError) return trouble("engine-lost", "The engine met an error it could not handle.");
  if (thrown instanceof DOMException) return trouble(thrown.name === "QuotaExceededError" ? "storage-full" : "target-write", "");
  if (thrown && typeof thrown === "object" && "cause" in thrown && "text" in thrown) return thrown as Trouble;
  return trouble("fault", "");
}

const LONG = new Set<CallName>(["read", "demo", "exportTo"]);

async function answer<K extends CallName>(id: number, call: K, what: Calls[K]["ask"]): Promise<void> {
  let message: Answer;
  const transfer: Transferable[] = [];
  try {
    const { engine } = await loading;
    const watch = LONG.has(call) ? setInterval(() => tellMemory(engine.memoryBytes()), 1000) : undefined;
    const value = await handlers[call](what).finally(() => clearInterval(watch));
    tellMemory(engine.memoryBytes());
    if (value instanceof ArrayBuffer) transfer.push(value);
    else if (value && typeof value === "object" && "rgba" in value) transfer.push(value.rgba);
    message = { kind: "answer", id, ok: true, value };
  } catch (thrown) {
    // An instance that has trapped is in no known state: nothing more may be asked of it.
    if (thrown instanceof WebAssembly.RuntimeError) tell({ kind: "lost", trouble: troubleOf(thrown) });
    message = { kind: "answer", id, ok: false, trouble: troubleOf(thrown) };
  }
  postMessage(message, { transfer });
}

addEventListener("message", ({ data }: MessageEvent<Ask>) => void answer(data.id, data.call, data.with));
