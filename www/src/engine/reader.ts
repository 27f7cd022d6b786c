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

/** Reads in flight: enough to hide a network drive's latency, few enough to stay small. */
const IN_FLIGHT = 16;

export class Sources {
  #blobs: Blob[] = [];

  /** Keeps a source under the number that the core gave it. */
  put(source: number, blob: Blob): void {
    this.#blobs[source] = blob;
  }

  clear(): void {
    this.#blobs = [];
  }

  /** Lets go of the sources from this number on. */
  dropFrom(source: number): void {
    this.#blobs.length = Math.min(this.#blobs.length, source);
  }

  async bytes(need: Need): Promise<Uint8Array> {
    const blob = this.#blobs[need.source];
    if (!blob) throw new RangeError("no such source");
    const slice = blob.slice(need.offset, need.offset + need.length);
    return new Uint8Array(await slice.arrayBuffer());
  }
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
      const needs = inFlight < IN_FLIGHT ? feeding.needs(IN_FLIGHT - inFlight) : [];
      if (needs.length === 0 && inFlight === 0) return end(true);
      for (const need of needs) {
        inFlight += 1;
        sources.bytes(need).then(
          (bytes) => settle(() => feeding.feed(need, bytes)),
          () => settle(() => feeding.failed(need)),
        );
      }
    };
    const settle = (take: () => void): void => {
      inFlight -= 1;
      if (stopped) return;
      try {
        take();
        next();
      } catch (thrown) {
        stopped = true;
        reject(thrown);
      }
    };
    next();
  });
}
