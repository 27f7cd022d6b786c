/**
 * What the annotator keeps in the origin's own storage: journals of labels, how far cases are, what the
 * reader's desk is set to. `kept-cases.ts` keeps images.
 *
 * In: records as they happen, small states. Out: what was there when a case is opened again. Each record is
 * written and flushed before the answer to what made it: a killed browser loses at most the stroke in
 * hand. Names are hashes that the core makes; nothing identified is in them or in what is kept. An
 * exclusive handle makes sure that one case is written by one tab.
 */

export const STORE = "hepatica-annotate";

/** A journal longer than that, and several times its last checkpoint, is begun anew from one. */
const LONG = 8 << 20;
/** A journal of so many bytes holds no stroke yet. */
const WORTH = 2048;
const GROWTH = 4;

/** The annotator's own folder. Looking alone makes none: what was forgotten stays gone. */
export async function folder(create = true): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(STORE, { create });
}

/** One of two files of a journal: a checkpoint is written into the other, and only then the old one emptied. */
interface Slot {
  readonly access: FileSystemSyncAccessHandle;
  readonly modified: number;
}

/** The journal of one session's labels. */
export class Journal {
  readonly #slots: [Slot, Slot];
  #at: 0 | 1 = 0;
  #size = 0;
  /** Size after the last checkpoint. */
  #began = 0;
  /** Records were lost: only a checkpoint makes it whole again. */
  #broken = false;

  private constructor(slots: [Slot, Slot]) {
    this.#slots = slots;
  }

  /** @throws NoModificationAllowedError where another tab has it; whatever the storage refuses with */
  static async open(key: string): Promise<Journal> {
    const place = await folder();
    const open = async (name: string, patience = 0): Promise<Slot> => {
      const handle = await place.getFileHandle(name, { create: true });
      const { lastModified } = await handle.getFile();
      // A worker that was just ended lets go a moment later.
      for (let left = patience; ; left -= 1) {
        try {
          return { access: await handle.createSyncAccessHandle(), modified: lastModified };
        } catch (thrown) {
          if (left <= 0 || !(thrown instanceof DOMException && thrown.name === "NoModificationAllowedError")) throw thrown;
          await new Promise((go) => setTimeout(go, 150));
        }
      }
    };
    const first = await open(`${key}.a`, 5);
    try {
      return new Journal([first, await open(`${key}.b`)]);
    } catch (thrown) {
      first.access.close();
      throw thrown;
    }
  }

  /** Whether there are labels of the same reading that were drawn on an image with other content. */
  static async ofAnotherImage(key: string): Promise<boolean> {
    const place = await folder();
    const of = key.slice(0, key.indexOf("-") + 1);
    for await (const [name, handle] of place.entries()) {
      if (!name.startsWith(of) || name.startsWith(key) || handle.kind !== "file") continue;
      if ((await (handle as FileSystemFileHandle).getFile()).size > WORTH) return true;
    }
    return false;
  }

  /**
   * What may be restored from, best first. Both hold something where a checkpoint was interrupted: then the
   * older one is whole.
   */
  contents(): { slot: 0 | 1; bytes: Uint8Array }[] {
    const found = ([0, 1] as const).map((slot) => ({ slot, size: this.#slots[slot].access.getSize(), modified: this.#slots[slot].modified }));
    const there = found.filter(({ size }) => size > 0).sort((a, b) => a.modified - b.modified);
    return there.map(({ slot, size }) => {
      const bytes = new Uint8Array(size);
      const got = this.#slots[slot].access.read(bytes, { at: 0 });
      return { slot, bytes: bytes.subarray(0, got) };
    });
  }

  /** Goes on in a slot behind the bytes that hold good. What is behind them, or in the other, goes. */
  continue(slot: 0 | 1, read: number): void {
    this.#at = slot;
    this.#size = read;
    this.#began = read;
    this.#slots[slot].access.truncate(read);
    this.#slots[slot].access.flush();
    const other = this.#slots[slot === 0 ? 1 : 0].access;
    if (other.getSize() > 0) {
      other.truncate(0);
      other.flush();
    }
  }

  /**
   * Writes records down, or, where it has grown long or lost some, a checkpoint in their place.
   * @throws where the storage is full or gone; the records are then owed
   */
  append(records: Uint8Array, checkpoint: () => Uint8Array): void {
    const long = this.#size > LONG && this.#size > GROWTH * this.#began;
    if (this.#broken || long) {
      const whole = checkpoint();
      // None while a stroke is in hand: its end brings the next chance.
      if (whole.byteLength > 0) return this.#replace(whole);
      if (this.#broken) return;
    }
    if (records.byteLength === 0) return;
    this.#write(this.#at, records, this.#size);
    this.#size += records.byteLength;
  }

  #replace(whole: Uint8Array): void {
    const next = this.#at === 0 ? 1 : 0;
    this.#slots[next].access.truncate(0);
    this.#write(next, whole, 0);
    const old = this.#slots[this.#at].access;
    old.truncate(0);
    old.flush();
    this.#at = next;
    this.#size = whole.byteLength;
    this.#began = whole.byteLength;
    this.#broken = false;
  }

  #write(slot: 0 | 1, bytes: Uint8Array, at: number): void {
    const { access } = this.#slots[slot];
    // What is written must not lie over shared memory.
    const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
    this.#broken = true;
    let written = 0;
    while (written < own.byteLength) {
      const got = access.write(own.subarray(written), { at: at + written });
      if (got === 0) throw new DOMException("", "QuotaExceededError");
      written += got;
    }
    access.flush();
    this.#broken = false;
  }

  close(): void {
    for (const { access } of this.#slots) access.close();
  }
}

/** How far a case is; the core's `Progress`, of which no more is looked at here. */
export interface Progress {
  status: "todo" | "progress" | "done";
  unsaved: boolean;
}

/** What the reader's desk is set to. */
export interface DeskKept {
  rater: string;
  /** The study file, as it was loaded. */
  study: string | null;
  /** Protocols of the reader's own, as they were loaded. */
  protocols: string[];
  protocol: string | null;
  /** The core's word on what was hung by hand in place of roles. */
  hung: unknown;
}

const DESK = "desk.json";
const BARE: DeskKept = { rater: "", study: null, protocols: [], protocol: null, hung: null };

/** What the desk was set to; bare where nothing is kept, or by a later version. */
export async function readDesk(): Promise<DeskKept> {
  try {
    const file = await (await (await folder(false)).getFileHandle(DESK)).getFile();
    const found = JSON.parse(await file.text()) as { schema?: string; desk?: DeskKept };
    if (found.schema === "hepatica-desk/1" && found.desk) return { ...BARE, ...found.desk };
  } catch {
    // None yet, or none allowed.
  }
  return BARE;
}

/** Takes up what changed of the desk; false where it could not be kept. */
export function writeDesk(changed: Partial<DeskKept>): Promise<boolean> {
  const task = writing.then(async () => {
    await navigator.locks.request(`${STORE}-desk`, async () => {
      await writeText(await folder(), DESK, JSON.stringify({ schema: "hepatica-desk/1", desk: { ...(await readDesk()), ...changed } }));
    });
  });
  writing = task.catch(() => undefined);
  return task.then(
    () => true,
    () => false,
  );
}

/** Writes a small file at once: a half of it is never seen. */
export async function writeText(place: FileSystemDirectoryHandle, name: string, text: string): Promise<void> {
  const out = await (await place.getFileHandle(name, { create: true })).createWritable();
  await out.write(text);
  await out.close();
}

const PROGRESS = "progress.json";

/** How far cases are, by key; empty where nothing is kept. */
export async function readProgress(): Promise<Record<string, Progress>> {
  try {
    const file = await (await (await folder(false)).getFileHandle(PROGRESS)).getFile();
    const found: unknown = JSON.parse(await file.text());
    if (found && typeof found === "object" && "schema" in found && found.schema === "hepatica-progress/1" && "cases" in found) {
      return found.cases as Record<string, Progress>;
    }
  } catch {
    // None yet, none allowed, or cut off: times are lost then, labels are not.
  }
  return {};
}

let writing: Promise<void> = Promise.resolve();

/** Takes up how far some cases are; false where it could not be kept. */
export function writeProgress(changed: Record<string, Progress>): Promise<boolean> {
  const task = writing.then(async () => {
    // Another tab may be at work on other cases.
    await navigator.locks.request(`${STORE}-progress`, async () => {
      const cases = { ...(await readProgress()), ...changed };
      await writeText(await folder(), PROGRESS, JSON.stringify({ schema: "hepatica-progress/1", cases }));
    });
  });
  writing = task.catch(() => undefined);
  return task.then(
    () => true,
    () => false,
  );
}

/** How often removing is tried, five times a second. */
const TRIALS = 15;

/** Removes all that is kept of journals, progress, desk and images, and says whether nothing is left. */
export async function forgetAll(): Promise<boolean> {
  try {
    // What is just being written would come back.
    await writing;
    const root = await navigator.storage.getDirectory();
    // A file that is just being closed, here or in a worker that has ended, is open for a moment yet.
    for (let trial = 1; ; trial += 1) {
      try {
        await root.removeEntry(STORE, { recursive: true });
        break;
      } catch (thrown) {
        if (thrown instanceof DOMException && thrown.name === "NotFoundError") break;
        if (trial === TRIALS) return false;
        await new Promise((go) => setTimeout(go, 200));
      }
    }
    for await (const name of root.keys()) if (name === STORE) return false;
    return true;
  } catch {
    return false;
  }
}
