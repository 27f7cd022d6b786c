/**
 * Keeps the images of cases in progress in the origin's own storage, so that they can be gone on with without
 * the data set at hand.
 *
 * In: files of a case that the core names, which are of data sets that Hepatica de-identified and of no other.
 * Out: the same files, under their paths in the data set. A quota bounds them all; the one that was longest
 * not worked on goes first. A folder without its list is half a case and goes.
 */
import { folder, type Progress, readProgress, STORE, writeText } from "./annotate-store";
import type { Kept } from "./annotate-protocol";
import type { IncomingFile } from "./protocol";

/** What kept images may take, and which part of what the browser still grants. */
export const QUOTA = 4 * 2 ** 30;
const PART = 0.5;

const PLACE = "kept";
const LIST = "case.json";
const SCHEMA = "hepatica-kept/1";

interface KeptCase {
  title: string;
  /** When it was last at hand, ms. */
  used: number;
  files: { path: string; size: number }[];
}

export interface KeepFile {
  entry: number;
  path: string;
  size: number;
}

const bytesOf = (files: { size: number }[]): number => files.reduce((sum, { size }) => sum + size, 0);
const lockOf = (key: string): string => `${STORE}-kept-${key}`;

async function place(create = true): Promise<FileSystemDirectoryHandle> {
  return (await folder(create)).getDirectoryHandle(PLACE, { create });
}

async function listOf(cases: FileSystemDirectoryHandle, key: string): Promise<KeptCase | null> {
  try {
    const file = await (await (await cases.getDirectoryHandle(key)).getFileHandle(LIST)).getFile();
    const found = JSON.parse(await file.text()) as { schema?: string; case?: KeptCase };
    return found.schema === SCHEMA && found.case ? found.case : null;
  } catch {
    return null;
  }
}

async function all(): Promise<Map<string, KeptCase | null>> {
  const found = new Map<string, KeptCase | null>();
  const cases = await place(false).catch(() => null);
  if (!cases) return found;
  for await (const key of cases.keys()) found.set(key, await listOf(cases, key));
  return found;
}

/** Removes a kept case, unless a tab works from it. */
async function drop(key: string): Promise<boolean> {
  return navigator.locks.request(lockOf(key), { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    return (await place()).removeEntry(key, { recursive: true }).then(
      () => true,
      () => false,
    );
  });
}

/** What is kept; what is done with, or half, goes. */
export async function kept(): Promise<Omit<Kept, "study">> {
  const sets: (Kept["sets"][number] & { used: number })[] = [];
  try {
    const progress: Record<string, Progress> = await readProgress();
    const found = [...(await all())].map(([key, one]) => ({ key, one }));
    found.sort((a, b) => (b.one?.used ?? 0) - (a.one?.used ?? 0));
    for (const { key, one } of found) {
      const of = progress[key];
      if (!one || (of?.status === "done" && !of.unsaved)) {
        await drop(key);
        continue;
      }
      const set = sets.find(({ title }) => title === one.title);
      const bytes = bytesOf(one.files);
      if (set) {
        set.keys.push(key);
        set.bytes += bytes;
      } else sets.push({ keys: [key], title: one.title, bytes, used: one.used });
    }
  } catch {
    // No storage: nothing is kept.
  }
  return { sets: sets.map(({ keys, title, bytes }) => ({ keys, title, bytes })), bytes: sets.reduce((sum, { bytes }) => sum + bytes, 0), quota: QUOTA };
}

/** Locks of what this tab works from: no other tab takes it away meanwhile. */
let held: (() => void)[] = [];
export function letGo(): void {
  for (const release of held) release();
  held = [];
}

/** The files of kept cases; tables that several have come once. */
export async function keptFiles(keys: string[]): Promise<IncomingFile[]> {
  const files = new Map<string, File>();
  const cases = await place();
  letGo();
  for (const key of keys) {
    await new Promise<void>((got) => {
      void navigator.locks.request(lockOf(key), { mode: "shared" }, () => {
        got();
        return new Promise<void>((release) => held.push(release));
      });
    });
    const list = await listOf(cases, key);
    if (!list) continue;
    const of = await cases.getDirectoryHandle(key);
    for (const [at, { path }] of list.files.entries()) {
      if (!files.has(path)) files.set(path, await (await of.getFileHandle(String(at))).getFile());
    }
  }
  return [...files].map(([path, file]) => ({ path, file }));
}

/** Why images were not kept. */
export type Refused = "room" | "failed" | "left";

/**
 * Keeps a case's files, unless they are kept already. `read` gives a file's content piece by piece; `goesOn` is
 * asked between pieces.
 */
export async function keepCase(
  key: string,
  title: string,
  files: KeepFile[],
  read: (file: KeepFile) => AsyncGenerator<Uint8Array>,
  goesOn: () => boolean,
): Promise<Refused | null> {
  return navigator.locks.request(`${STORE}-keeping`, async () => {
    const cases = await place();
    const list: KeptCase = { title, used: Date.now(), files: files.map(({ path, size }) => ({ path, size })) };
    const noteDown = async (): Promise<void> => writeText(await cases.getDirectoryHandle(key), LIST, JSON.stringify({ schema: SCHEMA, case: list }));
    const before = await listOf(cases, key);
    if (before && JSON.stringify(before.files) === JSON.stringify(list.files)) {
      await noteDown();
      return null;
    }
    // Another tab works from what is there.
    if (!(await drop(key)) && before) return "failed";
    if (!(await makeRoom(key, bytesOf(files)))) return "room";
    const of = await cases.getDirectoryHandle(key, { create: true });
    try {
      for (const [at, file] of files.entries()) {
        const access = await (await of.getFileHandle(String(at), { create: true })).createSyncAccessHandle();
        try {
          let written = 0;
          for await (const piece of read(file)) {
            if (!goesOn()) return await givenUp(key, "left");
            const own = piece.buffer instanceof ArrayBuffer ? (piece as Uint8Array<ArrayBuffer>) : new Uint8Array(piece);
            for (let from = 0; from < own.byteLength; ) {
              const got = access.write(own.subarray(from), { at: written });
              if (got === 0) return await givenUp(key, "room");
              from += got;
              written += got;
            }
          }
          if (written !== file.size) return await givenUp(key, "failed");
          access.flush();
        } finally {
          access.close();
        }
      }
      await noteDown();
      return null;
    } catch (thrown) {
      return givenUp(key, thrown instanceof DOMException && thrown.name === "QuotaExceededError" ? "room" : "failed");
    }
  });
}

/** Half a case has no list: what cannot be removed now goes when what is kept is next looked at. */
async function givenUp(key: string, why: Refused): Promise<Refused> {
  setTimeout(() => void drop(key), 0);
  return why;
}

/** Makes room for so many bytes; false where there is not so much. */
async function makeRoom(key: string, wanted: number): Promise<boolean> {
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  const others = [...(await all())].filter(([other]) => other !== key);
  let taken = bytesOf(others.flatMap(([, one]) => one?.files ?? []));
  const most = Math.min(QUOTA, taken + (quota - usage) * PART);
  if (wanted > most) return false;
  others.sort(([, a], [, b]) => (a?.used ?? 0) - (b?.used ?? 0));
  for (const [other, one] of others) {
    if (taken + wanted <= most) break;
    if (await drop(other)) taken -= bytesOf(one?.files ?? []);
  }
  return taken + wanted <= most;
}
