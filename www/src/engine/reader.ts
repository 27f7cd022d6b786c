/**
 * Reads ranges of the sources for the core, a number of them at once.
 *
 * In: `Need`s (source, offset, length). Out: their bytes, fed back in whatever order they arrive.
 * It holds no byte longer than until it is fed.
 */

export interface Need {
  source: number;
  offset: number;
  length: number;
}

/** Triples of numbers, as the core hands them out. */
export function needsOf(flat: Float64Array): Need[] {
  const needs: Need[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) {
    needs.push({ source: flat[at] ?? 0, offset: flat[at + 1] ?? 0, length: flat[at + 2] ?? 0 });
  }
  return needs;
}

/** Ranges and bytes of one read, at most. To the browser a read costs more than its bytes: many small
 * ranges, put together as one blob, come in half the time that they take one by one. */
const RANGES = 64;
const BYTES = 8 << 20;

/** Reads in flight: one is waited for while the other is used. */
export const READS = 2;

/** A file of at most so many bytes is read whole when its header is wanted … */
const SMALL = 1 << 20;

/** … and kept, outside the engine's memory, as long as all that is kept takes no more than this. */
const KEPT = 192 << 20;

export class Sources {
  #blobs: Blob[] = [];
  #kept: (Uint8Array | undefined)[] = [];
  #room = KEPT;

  /** Keeps a source under the number that the core gave it. */
  put(source: number, blob: Blob): void {
    this.#blobs[source] = blob;
  }

  clear(): void {
    this.#blobs = [];
    this.#kept = [];
    this.#room = KEPT;
  }

  /** Lets go of the sources from this number on. */
  dropFrom(source: number): void {
    this.#blobs.length = Math.min(this.#blobs.length, source);
    for (const bytes of this.#kept.splice(source)) this.#room += bytes?.byteLength ?? 0;
  }

  /** @throws where the range can't be read */
  async bytes(need: Need): Promise<Uint8Array> {
    const kept = this.#known(need);
    if (kept) return kept;
    const blob = this.#blobs[need.source];
    if (!blob) throw new RangeError("no such source");
    const slice = blob.slice(need.offset, need.offset + need.length);
    return new Uint8Array(await slice.arrayBuffer());
  }

  /** The bytes of each need, in their order; null for what can't be read. */
  async read(needs: Need[]): Promise<(Uint8Array | null)[]> {
    const known = needs.map((need) => this.#known(need) ?? null);
    const parts: { at: number; need: Need; slice: Blob; whole: boolean }[] = [];
    let room = this.#room;
    needs.forEach((need, at) => {
      const blob = this.#blobs[need.source];
      if (known[at] || !blob) return;
      const whole = need.offset === 0 && blob.size <= SMALL && blob.size <= room;
      if (whole) room -= blob.size;
      parts.push({ at, need, whole, slice: whole ? blob : blob.slice(need.offset, need.offset + need.length) });
    });
    if (parts.length === 0) return known;
    const wanted = parts.reduce((sum, { slice }) => sum + slice.size, 0);
    const all = await new Blob(parts.map(({ slice }) => slice)).arrayBuffer().catch(() => null);
    if (all?.byteLength !== wanted) {
      // One that can't be read takes the others with it: each for itself, then.
      await Promise.all(parts.map(async ({ at, need }) => (known[at] = await this.bytes(need).catch(() => null))));
      return known;
    }
    let offset = 0;
    for (const { at, need, slice, whole } of parts) {
      const bytes = new Uint8Array(all, offset, slice.size);
      offset += slice.size;
      if (whole && this.#kept[need.source] === undefined) {
        this.#kept[need.source] = bytes.slice();
        this.#room -= slice.size;
      }
      known[at] = whole ? bytes.subarray(0, need.length) : bytes;
    }
    return known;
  }

  #known(need: Need): Uint8Array | undefined {
    return this.#kept[need.source]?.subarray(need.offset, need.offset + need.length);
  }
}

/** Takes from the front of `needs` what makes one read. */
export function takeRead(needs: Need[]): Need[] {
  let bytes = 0;
  const end = needs.findIndex(({ length }, at) => at === RANGES || (at > 0 && (bytes += length) > BYTES));
  return needs.splice(0, end < 0 ? needs.length : end);
}

export interface Feeding {
  /** What the core wants next, at most so many; empty once it has all it asked for. */
  needs(most: number): Need[];
  feed(need: Need, bytes: Uint8Array): void;
  failed(need: Need): void;
  /** Called after each batch of feeding; false stops. */
  goesOn(): boolean;
}

/** Feeds until nothing more is wanted; true when it came to its end, false when it was stopped. */
export function feedAll(sources: Sources, feeding: Feeding): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let inFlight = 0;
    let stopped = false;
    const end = (done: boolean): void => {
      stopped = true;
      resolve(done);
    };
    const next = (): void => {
      if (stopped) return;
      if (!feeding.goesOn()) return end(false);
      while (inFlight < READS) {
        const needs = feeding.needs(RANGES);
        if (needs.length === 0) break;
        while (needs.length > 0) {
          const group = takeRead(needs);
          inFlight += 1;
          sources.read(group).then((answers) => settle(group, answers), reject);
        }
      }
      if (inFlight === 0) end(true);
    };
    const settle = (group: Need[], answers: (Uint8Array | null)[]): void => {
      inFlight -= 1;
      if (stopped) return;
      try {
        feedGroup(group, answers, feeding);
        next();
      } catch (thrown) {
        stopped = true;
        reject(thrown);
      }
    };
    next();
  });
}

/** Hands the answers of one read on. */
export function feedGroup(group: Need[], answers: (Uint8Array | null)[], to: Pick<Feeding, "feed" | "failed">): void {
  group.forEach((need, at) => {
    const bytes = answers[at];
    if (bytes) to.feed(need, bytes);
    else to.failed(need);
  });
}
