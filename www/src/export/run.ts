/** Drives one export: place, progress, cancel, report. The engine's worker does the writing. */
import { batch } from "@preact/signals";
import { EngineTrouble } from "../engine/client";
import type { ExportOutcome, ExportProgress, ExportTarget, IncomingFile } from "../engine/protocol";
import { problemOf } from "../prepare/problems";
import { source } from "../annotate/state";
import { fromDirectory } from "../intake/sources";
import * as state from "../prepare/state";
import { clickDownload } from "./save";
import { ARCHIVE_NAME, chooseTarget, type TargetKind } from "./targets";

/** Speed over the last seconds, so that it follows a slow disk and does not flicker. */
class Pace {
  #samples: { at: number; fraction: number; bytes: number }[] = [];

  take(progress: ExportProgress, at: number): { speed: number; secondsLeft: number } {
    this.#samples.push({ at, fraction: progress.fraction, bytes: progress.bytesOut });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > 8000) this.#samples.shift();
    const first = this.#samples[0];
    const span = first ? (at - first.at) / 1000 : 0;
    if (!first || span < 0.5) return { speed: 0, secondsLeft: Number.POSITIVE_INFINITY };
    const speed = (progress.bytesOut - first.bytes) / span;
    const rate = (progress.fraction - first.fraction) / span;
    return { speed, secondsLeft: rate > 0 ? (1 - progress.fraction) / rate : Number.POSITIVE_INFINITY };
  }
}

export async function exportDataSet(kind: TargetKind): Promise<void> {
  const engine = state.engine.value;
  if (!engine || state.phase.value.kind !== "plan") return;
  let stopListening = (): void => undefined;
  let began = false;
  try {
    const target = await chooseTarget(kind);
    if (!target) return;
    const pace = new Pace();
    began = true;
    batch(() => {
      state.problem.value = null;
      state.exporting.value = null;
      state.exportVolumes.value = new Map();
      state.phase.value = { kind: "exporting", since: performance.now(), stopping: false };
    });
    stopListening = engine.listen((tell) => {
      if (tell.kind !== "export") return;
      const { progress } = tell;
      batch(() => {
        state.exporting.value = { ...progress, ...pace.take(progress, performance.now()) };
        if (progress.changed.length > 0) {
          const volumes = new Map(state.exportVolumes.value);
          for (const volume of progress.changed) volumes.set(volume.id, volume);
          state.exportVolumes.value = volumes;
        }
      });
    });
    const outcome = await engine.ask("exportTo", target);
    if (outcome.kind === "discarded") {
      await backToPlan();
      state.announce(
        outcome.removed
          ? "Export cancelled; what had been written is removed."
          : "Export cancelled. This browser cannot remove the file it had created: delete it by hand.",
      );
      return;
    }
    const download = outcome.download && { url: URL.createObjectURL(outcome.download), name: ARCHIVE_NAME };
    batch(() => {
      state.phase.value = { kind: "report", report: outcome.report, download };
      state.exported.value = outcome.report.bytesOut > 0 ? () => read(target, outcome) : null;
    });
    if (download) clickDownload(download.url, download.name);
  } catch (thrown) {
    // Identified data was cleared, and the export with it.
    if (thrown instanceof EngineTrouble && thrown.why === "forgotten") return;
    state.problem.value = problemOf(thrown);
    if (began) await backToPlan();
  } finally {
    stopListening();
  }
}

/** What was written, as a source to be opened. */
async function* read(target: ExportTarget, outcome: ExportOutcome): AsyncGenerator<IncomingFile[]> {
  if (target.kind === "folder") yield* fromDirectory(target.handle);
  else if (target.kind === "zipHandle") yield [{ path: target.handle.name, file: await target.handle.getFile() }];
  else if (outcome.kind === "report" && outcome.download) yield [{ path: outcome.download.name, file: outcome.download }];
}

export async function cancelExport(keepComplete: boolean): Promise<void> {
  const now = state.phase.value;
  if (now.kind !== "exporting") return;
  state.phase.value = { ...now, stopping: true };
  await state.engine.value?.ask("cancelExport", { keepComplete });
}

/** Back from the report to the plan; a temporary file of the browser's storage goes. */
export async function leaveReport(): Promise<void> {
  const now = state.phase.value;
  if (now.kind !== "report") return;
  if (now.download) URL.revokeObjectURL(now.download.url);
  await backToPlan();
}

/** The plan as it is for a new place. */
async function backToPlan(): Promise<void> {
  const keep = source.value?.exported ?? false;
  const plan = await state.engine.value?.ask("leaveExport", { keep }).catch(() => null);
  batch(() => {
    if (!keep) state.exported.value = null;
    if (plan) state.takePlan(plan);
    state.phase.value = { kind: "plan" };
  });
}
