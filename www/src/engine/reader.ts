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

/** The same triples again. */
export function flat(needs: Need[]): Float64Array {
  return Float64Array.from(needs.flatMap(({ source, offset, length }) => [source, offset, length]));
}

/** Ranges and bytes of one read, at most. To the browser a read costs more than its bytes: many small
 * ranges, put together as one blob, come in half the time that they take one by one. */
const RANGES = 64;
const BYTES = 8 << 20;

/** Reads in flight: most of a read is waiting, and four take half the time of two. */
export const READS = 4;

/** A file of at most so many bytes is read whole when its header is wanted … */
const SMALL = 1 << 20;

/** … and kept, outside the engine's memory, as long as all that is kept takes no more than this. */
const KEPT = 192 << 20;

/** What of a source is read for which of the needs. */
interface Part {
  at: number;
  need: Need;
  blob: Blob;
}

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
    // Whole files and ranges apart: what is kept keeps the memory of the whole read.
    const whole: Part[] = [];
    const ranges: Part[] = [];
    let room = this.#room;
    needs.forEach((need, at) => {
      const blob = this.#blobs[need.source];
      if (known[at] || !blob) return;
      if (need.offset === 0 && blob.size <= SMALL && blob.size <= room) {
        room -= blob.size;
        whole.push({ at, need, blob });
      } else ranges.push({ at, need, blob: blob.slice(need.offset, need.offset + need.length) });
    });
    const keep = ({ need }: Part, bytes: Uint8Array): Uint8Array => {
      if (this.#kept[need.source] === undefined) {
        this.#kept[need.source] = bytes;
        this.#room -= bytes.byteLength;
      }
      return bytes.subarray(0, need.length);
    };
    await Promise.all([this.#readInto(known, whole, keep), this.#readInto(known, ranges, (_, bytes) => bytes)]);
    return known;
  }

  /** Reads parts at once, as one blob, and puts what `use` makes of them in their places. */
  async #readInto(
    known: (Uint8Array | null)[],
    parts: Part[],
    use: (part: Part, bytes: Uint8Array) => Uint8Array,
  ): Promise<void> {
    if (parts.length === 0) return;
    const wanted = parts.reduce((sum, { blob }) => sum + blob.size, 0);
    const all = await new Blob(parts.map(({ blob }) => blob)).arrayBuffer().catch(() => null);
    if (all?.byteLength !== wanted) {
      // One that can't be read takes the others with it: each for itself, then.
      await Promise.all(parts.map(async ({ at, need }) => (known[at] = await this.bytes(need).catch(() => null))));
      return;
    }
    let offset = 0;
    for (const part of parts) {
      known[part.at] = use(part, new Uint8Array(all, offset, part.blob.size));
      offset += part.blob.size;
    }
  }

  /** Bytes that must be read for a need. */
  weight(need: Need): number {
    if (this.#kept[need.source]) return 0;
    const size = this.#blobs[need.source]?.size ?? 0;
    return need.offset === 0 && size <= SMALL && size <= this.#room ? size : need.length;
  }

  #known(need: Need): Uint8Array | undefined {
    return this.#kept[need.source]?.subarray(need.offset, need.offset + need.length);
  }
}

/** Takes from the front of `needs` what makes one read. */
export function takeRead(needs: Need[], sources: Sources): Need[] {
  let bytes = 0;
  const end = needs.findIndex((need, at) => (bytes += sources.weight(need)) > BYTES && at > 0 || at === RANGES);
  return needs.splice(0, end < 0 ? needs.length : end);
}

export interface Feeding {
  /** What the core wants next, at most so many; empty once it has all it asked for. */
  needs(most: number): Need[];
  /** Takes what one read brought; null for what can't be read. */
  feed(needs: Need[], answers: (Uint8Array | null)[]): void;
  /** Waits until what was fed is understood; there may be more needs then. */
  settle(): void;
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
        let needs = feeding.needs(RANGES);
        if (needs.length === 0 && inFlight === 0) {
          feeding.settle();
          needs = feeding.needs(RANGES);
        }
        if (needs.length === 0) break;
        while (needs.length > 0) {
          const group = takeRead(needs, sources);
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
        feeding.feed(group, answers);
        next();
      } catch (thrown) {
        stopped = true;
        reject(thrown);
      }
    };
    next();
  });
}
