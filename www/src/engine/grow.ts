/**
 * Drives GrowCut in steps of a few milliseconds.
 *
 * In: the questions `grow…` of `protocol.ts`. Out: labels, margins, and how far it is. Between steps
 * messages are heard: so a stroke is taken up, and a cancel works, while it grows.
 */
import type { Engine, Grower } from "./load";
import type { Calls, GrowOutcome, GrowSummary, NextStroke, Trouble, VoxelBox } from "./protocol";
import { Beat, breath } from "./steps";

/** What a step may take, ms. */
const STEP = 6;

const corners = ({ low, high }: VoxelBox): Uint32Array => Uint32Array.from([...low, ...high]);
const keyOf = (grower: Grower) => (grower.keyBits() === 16 ? "u16" : "u32");
const changedOf = (grower: Grower): VoxelBox | null => {
  const [a, b, c, d, e, f] = grower.changed();
  if (a === undefined || b === undefined || c === undefined) return null;
  return { low: [a, b, c], high: [d ?? a, e ?? b, f ?? c] };
};
const bytesOf = (buffer: ArrayBuffer | null): Uint8Array => new Uint8Array(buffer ?? new ArrayBuffer(0));

export class Growing {
  #grower: Grower | null = null;
  /** Counts runs and cancels: a run that is not the last stops. */
  #turn = 0;
  /** Voxels that a step looks at: as many as fit into its time, as seen. */
  #pace = 20_000;
  /** What preparing took, ms; the run that follows counts it. */
  #begunMs = 0;

  begin(engine: Engine, what: Calls["growBegin"]["ask"]): GrowSummary {
    this.end();
    const grower = new engine.Grower(Uint32Array.from(what.dims), Float64Array.from(what.affine));
    try {
      for (const { type, voxels, weight, shiftMm } of what.channels) {
        grower.addChannel(type, new Uint8Array(voxels), weight ?? 1, Float64Array.from(shiftMm ?? [0, 0, 0]));
      }
      const began = performance.now();
      const summary = grower.begin(bytesOf(what.seeds), bytesOf(what.mask), what.options) as GrowSummary;
      this.#begunMs = performance.now() - began;
      this.#grower = grower;
      return summary;
    } catch (thrown) {
      grower.free();
      throw thrown;
    }
  }

  async run(tell: (fraction: number) => void): Promise<GrowOutcome> {
    const grower = this.#current();
    const mine = ++this.#turn;
    const beat = new Beat(100);
    let [workMs, longestStepMs] = [this.#begunMs, 0];
    this.#begunMs = 0;
    for (;;) {
      const began = performance.now();
      const fraction = grower.step(this.#pace);
      const took = performance.now() - began;
      workMs += took;
      longestStepMs = Math.max(longestStepMs, took);
      const done = fraction > 1;
      if (!done) this.#pace = Math.min(4_000_000, Math.max(2_000, this.#pace * Math.min(2, STEP / Math.max(took, 0.1))));
      if (done) return { done, workMs, longestStepMs, key: keyOf(grower), changed: changedOf(grower) };
      if (beat.due()) tell(fraction);
      await breath();
      if (this.#turn !== mine || this.#grower !== grower) {
        if (this.#grower !== grower) throw { cause: "growcut", text: "Another segmentation has begun." } satisfies Trouble;
        return { done: false, workMs, longestStepMs, key: keyOf(grower), changed: changedOf(grower) };
      }
    }
  }

  summary(): GrowSummary {
    return this.#current().summary() as GrowSummary;
  }

  cancel(): void {
    this.#turn += 1;
  }

  stroke({ box, seeds }: Calls["growStroke"]["ask"]): { regionChanged: boolean } {
    return { regionChanged: this.#current().stroke(corners(box), new Uint8Array(seeds)) };
  }

  mask({ mask }: Calls["growMask"]["ask"]): null {
    this.#current().remask(bytesOf(mask));
    return null;
  }

  labels(of: VoxelBox): ArrayBuffer {
    return this.#current().labels(corners(of)).buffer as ArrayBuffer;
  }

  margins(of: VoxelBox): ArrayBuffer {
    return this.#current().margins(corners(of)).buffer as ArrayBuffer;
  }

  next({ under }: Calls["growNext"]["ask"]): NextStroke | null {
    return this.#current().nextStroke(under) as NextStroke | null;
  }

  end(): void {
    this.#turn += 1;
    this.#grower?.free();
    this.#grower = null;
  }

  #current(): Grower {
    if (!this.#grower) throw { cause: "growcut", text: "Nothing has begun to grow." } satisfies Trouble;
    return this.#grower;
  }
}
