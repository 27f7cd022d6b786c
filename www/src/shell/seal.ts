/**
 * The seal: whether this page has been seen to let nothing out, and on what evidence.
 *
 * In: the browser. Out: `seal`, a signal that the page shows, and `canOpenSources`, which holds the
 * doors shut until the policy has been seen enforced in page and worker. It puts the service worker
 * in place, reloads where only that brings the headers (first visit and forced reload on a host
 * that sends none), and offers a new build without ever taking it unasked.
 */

import { computed, signal } from "@preact/signals";
import type { EngineSeen, Flavour } from "../engine/load";
import { flavourHere } from "../engine/load";
import type { Evidence } from "./probes";
import { probe } from "./probes";
import type { Answer, Question, Status, Updated } from "./protocol";

export type { Evidence } from "./probes";

/**
 * `testing`: not yet known, doors shut. `sealed`: seen to hold. `unsealed`: seen not to hold, or the
 * browser lacks what it takes. `insecure-origin`: plain HTTP, where nothing of it can work.
 */
export type SealStatus = "testing" | "sealed" | "unsealed" | "insecure-origin";

export interface SealState {
  readonly status: SealStatus;
  /** What was tried, and what was seen. */
  readonly evidence: readonly Evidence[];
  /** What the user can do, where the page is not sealed. */
  readonly remedy: string | undefined;
  /** Whether the browser keeps other origins out of this process, as shared memory demands. */
  readonly isolated: boolean;
  readonly flavour: Flavour;
  /** Threads that answered; undefined until the engine has been loaded. */
  readonly threads: number | undefined;
  /** Bytes that the engine holds, and may grow to; undefined until the engine has been loaded. */
  readonly memoryBytes: number | undefined;
  readonly memoryMaximum: number | undefined;
  /** Bytes that the browser keeps for this page on disk: its own files, and drafts. */
  readonly storageBytes: number | undefined;
  /** Whether every file of the page is kept in the browser. */
  readonly offlineReady: boolean;
  /** The running build. */
  readonly buildHash: string;
  /** Whether another build waits for the user's word. */
  readonly updateReady: boolean;
  /** Tabs that have to be closed before the other build can be taken; 0 where none is known. */
  readonly otherTabs: number;
  /** Since when page, workers and service worker have asked the network for nothing. */
  readonly noRequestSince: Date | undefined;
}

export const seal = signal<SealState>({
  status: "testing",
  evidence: [],
  remedy: undefined,
  isolated: globalThis.crossOriginIsolated,
  flavour: flavourHere(),
  threads: undefined,
  memoryBytes: undefined,
  memoryMaximum: undefined,
  storageBytes: undefined,
  offlineReady: false,
  buildHash: document.querySelector<HTMLMetaElement>('meta[name="hepatica-build"]')?.content ?? "",
  updateReady: false,
  otherTabs: 0,
  noRequestSince: undefined,
});

/** What must be settled after the policy was seen to hold and before any source can be opened. */
let beforeOpening = (): Promise<void> => Promise.resolve();

export function settleBeforeOpening(what: () => Promise<void>): void {
  beforeOpening = what;
}

/** Whether a source may be opened: only under a seal that has been seen to hold. */
export const canOpenSources = computed(() => seal.value.status === "sealed");

/** Whether the seal's evidence is shown. */
export const sealDialogOpen = signal(false);

/** How long the service worker may take to keep all files and to take over, in ms. */
const PATIENCE = 60_000;

/** Reloads that the page may ask for within a while (ms), so that no fault can turn into a loop. */
const RELOADS = { most: 3, within: 30_000 };

const RELOADED_AT = "hepatica-reloaded-at";

function set(change: Partial<SealState>): void {
  seal.value = { ...seal.value, ...change };
}

/** The engine tells what was seen while it was loaded. */
export function sawEngine(seen: EngineSeen): void {
  const { flavour, threads, memoryBytes, memoryMaximum } = seen;
  set({ flavour, threads, memoryBytes, memoryMaximum });
}

/** The engine tells how much memory it holds now. */
export function sawMemory(memoryBytes: number): void {
  set({ memoryBytes });
}

/** Puts the service worker in place and tests the policy; called once, when the page starts. */
export async function startSeal(): Promise<void> {
  if (!globalThis.isSecureContext) {
    set({
      status: "insecure-origin",
      remedy:
        "This address is plain HTTP, where a browser has no service worker, no isolation and no threads. " +
        "Ask for it over HTTPS, or run `hepatica serve` on this machine and open http://127.0.0.1:8080.",
    });
    return;
  }
  if (!("serviceWorker" in navigator)) {
    unsealed("This window has no service worker: private windows of some browsers have none. Open Hepatica in an ordinary window.");
    return;
  }
  try {
    const registration = await navigator.serviceWorker.register("./sw.js", { updateViaCache: "none" });
    const ready = (await control(registration)) && (await runsWhatIsKept()) && (globalThis.crossOriginIsolated || cameFromServiceWorker());
    if (!ready) {
      if (!reload()) unsealed("The service worker does not answer this page. Close all tabs of Hepatica and open it again; a reload that skips the cache (Shift) goes past it.");
      return;
    }
    watchForUpdate(registration);
    await test();
  } catch {
    unsealed("The service worker could not be put in place: the browser forbids it, its storage is full, or the host was just being updated. Reload the page.");
  }
}

function unsealed(remedy: string, evidence: readonly Evidence[] = []): void {
  set({ status: "unsealed", remedy, evidence });
}

/** Waits until the service worker answers this page; false where a reload is needed for that. */
async function control(registration: ServiceWorkerRegistration): Promise<boolean> {
  const { serviceWorker } = navigator;
  if (serviceWorker.controller) return true;
  // There is one already, and yet it was passed by: a forced reload.
  if (registration.active) return false;
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE);
    serviceWorker.addEventListener("controllerchange", () => (clearTimeout(timer), resolve(true)), { once: true });
    const watched = registration.installing ?? registration.waiting;
    watched?.addEventListener("statechange", () => watched.state === "redundant" && (clearTimeout(timer), resolve(false)));
  });
}

/** Whether this page is of the build that the service worker serves. */
async function runsWhatIsKept(): Promise<boolean> {
  const status = (await ask("status")) as Status;
  set({ offlineReady: status.kept > 0, updateReady: status.build !== status.chosen });
  return status.chosen === seal.value.buildHash;
}

/**
 * Whether this very document came with the service worker's headers. If it did and is not isolated
 * all the same, then this browser does not isolate: another reload would change nothing, and the
 * engine runs in flavour `single`.
 */
function cameFromServiceWorker(): boolean {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return navigation !== undefined && navigation.workerStart > 0;
}

/** Reloads, unless that has been tried in vain; false where it has. */
function reload(): boolean {
  const recent = (JSON.parse(sessionStorage.getItem(RELOADED_AT) ?? "[]") as number[]).filter(
    (time) => Date.now() - time < RELOADS.within,
  );
  if (recent.length >= RELOADS.most) return false;
  sessionStorage.setItem(RELOADED_AT, JSON.stringify([...recent, Date.now()]));
  location.reload();
  return true;
}

/** Runs the self-test in page and worker, and decides. */
async function test(): Promise<void> {
  const worker = new Worker(new URL("./probe-worker.js", location.href), { type: "module" });
  const inWorker = new Promise<Evidence[]>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Evidence[]>) => resolve(data));
    worker.addEventListener("error", () => reject(new Error("the self-test did not start in a worker")));
    setTimeout(() => reject(new Error("the self-test did not end in a worker")), PATIENCE);
    worker.postMessage({ ownOrigin: true });
  });
  try {
    const evidence = (await Promise.all([probe("page", true), inWorker])).flat();
    if (evidence.every((line) => line.ok)) {
      await beforeOpening();
      set({ status: "sealed", evidence, remedy: undefined, noRequestSince: new Date() });
    } else {
      unsealed("The policy that keeps data in this tab is not enforced here (see what failed). No source can be opened. Try a current Chrome, Edge or Firefox without extensions, or `hepatica serve` on this machine.", evidence);
    }
  } finally {
    worker.terminate();
  }
}

/** Asks the service worker again for what may have changed: last request, files kept, update. */
export async function refreshSeal(): Promise<void> {
  if (seal.value.status !== "sealed") return;
  const { kept, chosen, build, lastRequest } = (await ask("status")) as Status;
  const since = seal.value.noRequestSince?.getTime() ?? 0;
  const { usage } = await navigator.storage.estimate();
  set({
    offlineReady: kept > 0,
    storageBytes: usage,
    updateReady: seal.value.updateReady || build !== chosen,
    noRequestSince: new Date(Math.max(since, lastRequest)),
  });
}

/** Notices a new build that has been fetched and waits. */
function watchForUpdate(registration: ServiceWorkerRegistration): void {
  const notice = (): void => {
    if (registration.waiting) set({ updateReady: true });
  };
  notice();
  registration.addEventListener("updatefound", () => {
    const incoming = registration.installing;
    incoming?.addEventListener("statechange", notice);
  });
}

/**
 * Takes the new build and reloads: on the user's click only, since work that runs would be lost.
 * Where other tabs run the old one, nothing happens but that `otherTabs` says so.
 */
export async function takeUpdate(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  const target = registration?.waiting ?? registration?.active;
  if (!target) return;
  const { updated, otherTabs } = (await ask("update", target)) as Updated;
  if (updated) location.reload();
  else set({ otherTabs });
}

/** Puts a question to the service worker. */
function ask(question: Question, to: ServiceWorker | null = navigator.serviceWorker.controller): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => reject(new Error("the service worker did not answer")), PATIENCE);
    port1.onmessage = ({ data }: MessageEvent<Answer>) => (clearTimeout(timer), resolve(data));
    if (to) to.postMessage(question, [port2]);
    else reject(new Error("there is no service worker"));
  });
}
