/**
 * Clears identified data: on demand, and after a time without use.
 *
 * The engine's worker is ended with everything in its memory (sources, headers, plan, key), and a fresh
 * one started; whatever the page drew of it is dropped. Work that runs counts as use.
 */
import { signal } from "@preact/signals";
import { dropReading } from "../intake/reading";
import { forgetDialogs } from "../prepare/dialogs";
import * as state from "../prepare/state";
import { institution, tellAgain } from "./institution";

/** Minutes without use, where no policy says otherwise. */
const MINUTES = 15;
/** The last seconds are counted down. */
export const COUNTDOWN = 60;

/** Seconds left, within the countdown. */
export const secondsLeft = signal<number | null>(null);
/** The dialog that asks is open. */
export const asking = signal(false);

let lastUse = Date.now();
let startEngine: () => void = () => undefined;

export function idleMinutes(): number {
  const policy = institution.value;
  const ofHost = policy.kind === "held" ? policy.seen.idleMinutes : null;
  return state.plan.value?.profile.idleMinutes ?? ofHost ?? MINUTES;
}

/** Is anything there that could identify? */
export function holdsData(): boolean {
  return state.phase.value.kind !== "empty";
}

/** Watches for use; `start` makes a fresh engine. Called once, when the page starts. */
export function watchIdle(start: () => void): void {
  startEngine = start;
  for (const type of ["pointerdown", "pointermove", "keydown", "wheel", "dragover"]) {
    addEventListener(type, used, { passive: true, capture: true });
  }
  addEventListener("keydown", onKey);
  setInterval(tick, 1000);
  // A laptop that slept wakes up late: the clock has gone on, and no timer has.
  document.addEventListener("visibilitychange", tick);
}

/** The user is there. Within the countdown only a click on the notice says so, or a key: not a nudged table. */
function used(event: Event): void {
  if (secondsLeft.value !== null && event.type === "pointermove") return;
  // The notice's own buttons say what is meant.
  if (event.target instanceof Element && event.target.closest(".countdown")) return;
  stay();
}

export function stay(): void {
  lastUse = Date.now();
  secondsLeft.value = null;
}

function tick(): void {
  const { kind } = state.phase.value;
  if (kind === "empty" || kind === "reading" || kind === "exporting") return stay();
  const left = Math.ceil(idleMinutes() * 60 - (Date.now() - lastUse) / 1000);
  if (left <= 0) void forgetNow("idle");
  else secondsLeft.value = left <= COUNTDOWN ? left : null;
}

/** Alt+Shift+F, by the key's place: letters differ under Alt. */
function onKey(event: KeyboardEvent): void {
  if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.code !== "KeyF") return;
  event.preventDefault();
  if (holdsData()) asking.value = true;
}

export async function forgetNow(why: "asked" | "idle"): Promise<void> {
  const engine = state.engine.value;
  dropReading();
  state.engine.value = null;
  engine?.terminate();
  forgetDialogs();
  asking.value = false;
  state.forget();
  stay();
  startEngine();
  state.announce(
    why === "asked"
      ? "Identified data is cleared: nothing of it is left in this tab."
      : `Nobody was here for ${idleMinutes()} minutes: identified data is cleared.`,
  );
  await tellAgain();
  await sweepStorage();
}

/** The ended worker's lock on its temporary zip falls a moment later. */
async function sweepStorage(): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    await state.engine.value?.ask("sweep", null).catch(() => null);
    const held = (await navigator.locks.query()).held ?? [];
    if (!held.some((lock) => lock.name?.startsWith("hepatica-export"))) {
      await state.engine.value?.ask("sweep", null).catch(() => null);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
