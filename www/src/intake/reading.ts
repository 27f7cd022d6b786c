/**
 * Drives one intake: hands gathered files to the engine while they are still being gathered, then
 * lets it read headers to the end. Cancel works at any moment of it.
 */
import { batch } from "@preact/signals";
import type { IncomingFile } from "../engine/protocol";
import { known, problemOf } from "../prepare/problems";
import { allVolumes } from "../prepare/rows";
import * as state from "../prepare/state";

let running: { cancelled: boolean } | null = null;

/** Reads what `files` yields into a plan; `keep` adds to the plan that is there. */
export async function readInto(files: AsyncGenerator<IncomingFile[]>, keep: boolean): Promise<void> {
  await intake({ keep, demo: false }, async (mine) => {
    const engine = state.engine.value;
    let any = false;
    // The engine takes one batch while the next is gathered.
    let taken: Promise<unknown> = Promise.resolve();
    for await (const some of files) {
      if (mine.cancelled || !engine) return any;
      any = true;
      const seen = state.intake.value;
      state.intake.value = { ...seen, filesTotal: seen.filesTotal + some.length };
      await taken;
      taken = engine.ask("add", { files: some });
      taken.catch(() => undefined);
    }
    await taken;
    return any;
  });
}

/** Generates phantom patients in the tab, then takes the same road as real files. */
export async function readDemo(patients = 2): Promise<void> {
  await intake({ keep: false, demo: true }, async () => {
    await state.engine.value?.ask("demo", { patients });
    return true;
  });
}

interface How {
  /** Adds to the plan that is there. */
  keep: boolean;
  demo: boolean;
}

async function intake({ keep, demo }: How, gather: (mine: { cancelled: boolean }) => Promise<boolean>): Promise<void> {
  const engine = state.engine.value;
  if (!engine || running) return;
  const mine = { cancelled: false };
  running = mine;
  const before = state.plan.value;
  let joined = false;
  const since = performance.now();
  batch(() => {
    state.problem.value = null;
    state.resetIntake();
    state.phase.value = { kind: "reading", since, gathering: true, demo };
  });
  const back = (): void => {
    // The plan may have been forgotten meanwhile.
    state.phase.value = keep && before && state.plan.value ? { kind: "plan" } : { kind: "empty" };
  };
  try {
    await engine.ask("begin", { keepPlan: keep });
    const any = await gather(mine);
    if (mine.cancelled) return back();
    if (!any) {
      state.problem.value = known("nothing-dropped");
      return back();
    }
    state.phase.value = { kind: "reading", since, gathering: false, demo };
    const plan = await engine.ask("read", null);
    if (!plan) return back();
    joined = true;
    // Cancelled when the last header had been read: what has joined a plan is in it, and is shown.
    if (mine.cancelled && !keep) return back();
    if (plan.totals.volumes === 0) {
      state.problem.value = known("nothing-found", wordsForNothing(plan.totals.files));
      return back();
    }
    batch(() => {
      if (!keep) resetTable();
      // Numbers of volumes may stand for others now.
      state.selected.value = new Set();
      state.active.value = null;
      state.forgetPictures();
      state.readTook.value = { seconds: (performance.now() - since) / 1000 };
      state.takePlan(plan);
      state.phase.value = { kind: "plan" };
    });
    const volumes = allVolumes(plan);
    void state.inspect((volumes.find((v) => v.include) ?? volumes[0])?.id ?? null);
  } catch (thrown) {
    if (!mine.cancelled) state.problem.value = problemOf(thrown);
    back();
  } finally {
    // Whatever ended it, nothing of it stays.
    if (!joined) await engine.ask("cancelRead", null).catch(() => null);
    if (running === mine) running = null;
  }
}

function wordsForNothing(files: number): string {
  return files === 1 ? "1 file was read; it holds no image." : `${files} files were read; none holds an image.`;
}

function resetTable(): void {
  state.filterText.value = "";
  state.chip.value = "all";
  state.sort.value = { key: "order", descending: false };
  state.folded.value = new Set();
  state.selected.value = new Set();
  state.active.value = null;
}

/** The engine is gone, and with it what was read. */
export function dropReading(): void {
  if (running) running.cancelled = true;
}

export async function cancelReading(): Promise<void> {
  if (!running) return;
  running.cancelled = true;
  await state.engine.value?.ask("cancelRead", null).catch(() => null);
}
