/**
 * One export, driven in steps: reads what the core asks for, writes what it hands out.
 *
 * In: a journey with its plan, the sources, a target. Out: the report, or nothing left behind. An
 * entry is written whole before the next step, so that memory stays at a volume or two.
 */
import { type Certificate, certificateOf, parsed, sentencesOf } from "./certificate";
import type { EngineSeen, Journey } from "./load";
import type { ExportOutcome, ExportProgress, ExportTarget, ExportVolume, PlanView, ReportView } from "./protocol";
import { flat, type Need, needsOf, READS, type Sources, takeRead } from "./reader";
import { openSink, type Sink } from "./sink";
import { Beat, breath } from "./steps";

interface Entry {
  path: string;
  head?: Uint8Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
}

type Step = "waiting" | "working" | "done" | Entry;

/** As the core tells it. */
interface CoreProgress {
  done: number;
  total: number;
  volume: number | null;
  fraction: number;
  bytesIn: number;
  bytesOut: number;
  bytesTotal: number;
  objectsDone: number;
  objectsTotal: number;
}

/** Share of the engine's memory that one uncompressed volume may take; the other bytes of it are
 * those read ahead, its compressed form and the core's own. */
const VOLUME_SHARE = 1 / 4;

/** What `pool.ts` says when a volume that is worked on apart has come to a halt. */
const HALTED = "hepatica-pool-halted";

/** Work between two breaths, ms. */
const SPELL = 12;

export class ExportRun {
  readonly #journey: Journey;
  readonly #sources: Sources;
  readonly #seen: EngineSeen;
  readonly #tell: (progress: ExportProgress) => void;
  #certificates: { images: Certificate | null; dicom: Certificate | null } = { images: null, dicom: null };
  #wrote = false;
  #cancel: { keepComplete: boolean } | null = null;
  #wake: () => void = () => undefined;

  constructor(journey: Journey, sources: Sources, seen: EngineSeen, tell: (progress: ExportProgress) => void) {
    this.#journey = journey;
    this.#sources = sources;
    this.#seen = seen;
    this.#tell = tell;
  }

  cancel(keepComplete: boolean): void {
    this.#cancel = { keepComplete };
    this.#wake();
  }

  async to(target: ExportTarget): Promise<{ outcome: ExportOutcome; sink: Sink }> {
    const since = performance.now();
    const sink = await openSink(target);
    const halted = (): void => this.#wake();
    addEventListener(HALTED, halted);
    try {
      await this.#survey(sink, target.kind === "folder");
      this.#journey.beginExport(target.kind !== "folder", this.#seen.memoryMaximum * VOLUME_SHARE, this.#seen.threads);
      const volumes = new Volumes(this.#journey.plan() as PlanView);
      const kept = await this.#run(sink, volumes);
      if (!kept) return { outcome: { kind: "discarded", removed: await sink.discard() }, sink };
      const download = await this.#close(sink);
      const report: ReportView = {
        ...(this.#journey.reportView() as Omit<ReportView, "complete" | "seconds" | "bytesOut" | "check" | "certificate" | "dicomCertificate">),
        check: sentencesOf(this.#certificates.images),
        certificate: this.#certificates.images,
        dicomCertificate: this.#certificates.dicom,
        complete: this.#cancel === null,
        seconds: (performance.now() - since) / 1000,
        bytesOut: (this.#journey.exportProgress() as CoreProgress).bytesOut,
      };
      return { outcome: { kind: "report", report, download }, sink };
    } catch (thrown) {
      await sink.discard();
      throw thrown;
    } finally {
      removeEventListener(HALTED, halted);
    }
  }

  /** Ends the archive; one that holds nothing is not left behind. */
  async #close(sink: Sink): Promise<File | null> {
    const end = this.#journey.exportEnd() as Uint8Array<ArrayBuffer>;
    if (!this.#wrote) {
      await sink.discard();
      return null;
    }
    if (end.byteLength > 0) await sink.write(end, "");
    return sink.finish();
  }

  /** What is there already is neither written again nor renamed. */
  async #survey(sink: Sink, folder: boolean): Promise<void> {
    if (folder) {
      const wanted = this.#journey.beginSurvey(await sink.existing());
      for (const path of wanted) this.#journey.surveyFeed(path, await sink.read(path));
    }
    this.#journey.endSurvey();
  }

  /** True when there is something to keep. */
  async #run(sink: Sink, volumes: Volumes): Promise<boolean> {
    const journey = this.#journey;
    const beat = new Beat(100);
    const queue: Need[] = [];
    let inFlight = 0;
    let arrived: Promise<void> | null = null;
    let cancelled = false;

    const read = (): void => {
      while (inFlight < READS && queue.length > 0) {
        const group = takeRead(queue, this.#sources);
        inFlight += 1;
        this.#sources
          .read(group)
          .then((answers) => journey.exportFeed(flat(group), answers))
          .finally(() => {
            inFlight -= 1;
            this.#wake();
          });
      }
    };

    let spell = performance.now();
    for (;;) {
      if (this.#cancel && !cancelled) {
        cancelled = true;
        queue.length = 0;
        journey.cancelExport(this.#cancel.keepComplete);
        if (!this.#cancel.keepComplete) return false;
      }
      queue.push(...needsOf(journey.exportNeeds()));
      arrived = new Promise((resolve) => {
        this.#wake = resolve;
      });
      read();
      const step = journey.exportStep() as Step;
      if (beat.due()) this.#report(volumes);
      if (step === "done") break;
      if (step === "waiting") {
        // Bytes, a volume that halts, or a cancel.
        await arrived;
        spell = performance.now();
      } else if (step !== "working") {
        if (step.head) await sink.write(step.head, step.path);
        await sink.write(step.bytes, step.path);
        this.#wrote = true;
        volumes.written(step.path);
        const certificate = certificateOf(step.path);
        if (certificate) this.#certificates[certificate] = parsed(step.bytes);
        spell = performance.now();
      }
      if (performance.now() - spell > SPELL) {
        await breath();
        spell = performance.now();
      }
    }
    volumes.ended();
    this.#report(volumes);
    return true;
  }

  #report(volumes: Volumes): void {
    const core = this.#journey.exportProgress() as CoreProgress;
    volumes.at(core);
    this.#tell({
      done: core.done,
      total: core.total,
      fraction: core.bytesTotal > 0 ? Math.min(1, core.bytesIn / core.bytesTotal) : 1,
      bytesOut: core.bytesOut,
      objectsDone: core.objectsDone,
      objectsTotal: core.objectsTotal,
      changed: volumes.takeChanged(),
    });
  }
}

/** What the page shows of each volume, from what the core hands out. */
class Volumes {
  readonly #byPath = new Map<string, ExportVolume>();
  readonly #byId = new Map<number, ExportVolume>();
  readonly #changed = new Set<ExportVolume>();

  constructor(plan: PlanView) {
    for (const patient of plan.patients) {
      for (const { volumes } of patient.studies) {
        for (const { id, path, include } of volumes) {
          if (!include) continue;
          const image = `${path}.nii.gz`;
          const volume: ExportVolume = { id, path: image, state: "waiting", fraction: 0 };
          this.#byPath.set(image, volume);
          this.#byId.set(id, volume);
        }
      }
    }
  }

  at(core: CoreProgress): void {
    const volume = core.volume === null ? undefined : this.#byId.get(core.volume);
    if (!volume || volume.state === "done") return;
    // Volumes come one after the other: what the core left without its image has failed.
    for (const other of this.#byId.values()) if (other.state === "now" && other !== volume) this.#set(other, "failed");
    volume.fraction = core.fraction;
    this.#set(volume, "now");
  }

  written(path: string): void {
    const volume = this.#byPath.get(path);
    if (volume) this.#set(volume, "done");
  }

  ended(): void {
    for (const volume of this.#byId.values()) if (volume.state === "now") this.#set(volume, "failed");
  }

  takeChanged(): ExportVolume[] {
    const changed = [...this.#changed].map((volume) => ({ ...volume }));
    this.#changed.clear();
    return changed;
  }

  #set(volume: ExportVolume, state: ExportVolume["state"]): void {
    volume.state = state;
    this.#changed.add(volume);
  }
}
