/**
 * From what a browser hands over (a drop, a picked folder, files) to files with their paths.
 *
 * Out: batches, so that counting starts at once. Nothing is opened here: a `File` is a promise of
 * bytes, and the engine asks for ranges of it. Zips are handed on as they are; the engine reads
 * their entries itself.
 */
import type { IncomingFile } from "../engine/protocol";

const BATCH = 128;

/** Files that the file manager leaves everywhere and that are nobody's data. */
function isLitter(name: string): boolean {
  return name === ".DS_Store" || name === "Thumbs.db" || name === "desktop.ini";
}

/** A drop, held. Where the browser gives handles of what was dropped they are walked: to open a file by
 * its handle takes a third of the time that it takes by its entry. */
export interface HeldDrop {
  readonly items: readonly { entry: FileSystemEntry; handle: Promise<FileSystemHandle | null> }[];
  readonly loose: readonly File[];
}

/**
 * Takes hold of a drop. Items live only while the event is handled, so this must be called in it,
 * before anything is awaited.
 */
export function holdDrop(transfer: DataTransfer): HeldDrop {
  const items: { entry: FileSystemEntry; handle: Promise<FileSystemHandle | null> }[] = [];
  const loose: File[] = [];
  for (const item of Array.from(transfer.items)) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    if (entry) {
      // A browser that has no handles, or refuses this one, has entries all the same.
      const handle = item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null);
      items.push({ entry, handle });
    } else {
      const file = item.getAsFile();
      if (file) loose.push(file);
    }
  }
  return { items, loose };
}

export async function* fromDrop(held: HeldDrop): AsyncGenerator<IncomingFile[]> {
  if (held.loose.length > 0) yield held.loose.map((file) => ({ path: file.name, file }));
  const entries: FileSystemEntry[] = [];
  const files: Found[] = [];
  for (const { entry, handle: promised } of held.items) {
    const handle = await promised;
    if (handle?.kind === "directory") yield* fromDirectory(handle as FileSystemDirectoryHandle);
    else if (!handle) entries.push(entry);
    else if (!isLitter(handle.name)) files.push({ path: handle.name, handle: handle as FileSystemFileHandle });
  }
  for (let at = 0; at < files.length; at += BATCH) yield await opened(files.slice(at, at + BATCH));
  yield* fromEntries(entries);
}

async function* fromEntries(entries: FileSystemEntry[]): AsyncGenerator<IncomingFile[]> {
  // Depth first with a stack of our own: a hospital disc can nest deeper than a call stack likes.
  const stack = [...entries].reverse();
  let waiting: FileSystemFileEntry[] = [];
  let opening: Promise<IncomingFile[]> | null = null;
  const open = (): Promise<IncomingFile[]> => {
    const batch = waiting;
    waiting = [];
    return Promise.all(
      batch.map(async (entry) => ({ path: entry.fullPath.replace(/^\//, ""), file: await fileOf(entry) })),
    );
  };
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    if (entry.isFile) {
      if (isLitter(entry.name)) continue;
      waiting.push(entry as FileSystemFileEntry);
      if (waiting.length < BATCH) continue;
      // One batch is being opened while the one before is used.
      const before = opening;
      opening = open();
      if (before) yield await before;
    } else {
      const inside = await everyEntryOf(entry as FileSystemDirectoryEntry);
      for (const child of inside.reverse()) stack.push(child);
    }
  }
  if (opening) yield await opening;
  if (waiting.length > 0) yield await open();
}

/** `readEntries` gives some hundred at a time, and an empty list at the end. */
async function everyEntryOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all.sort((a, b) => (a.name < b.name ? -1 : 1));
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  // A file that vanished since is still counted: the engine meets its failure when it reads.
  return new Promise((resolve) => entry.file(resolve, () => resolve(unreadable(entry.name))));
}

function unreadable(name: string): File {
  return new File([], name);
}

/** Of `<input type=file webkitdirectory>`, or of many chosen files. */
export async function* fromInput(files: FileList | File[]): AsyncGenerator<IncomingFile[]> {
  let batch: IncomingFile[] = [];
  for (const file of Array.from(files)) {
    if (isLitter(file.name)) continue;
    batch.push({ path: file.webkitRelativePath || file.name, file });
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Folders listed at once, and batches of files opened ahead: either is mostly waiting. */
const FOLDERS = 8;
const AHEAD = 4;

/** Of `showDirectoryPicker`, or a dropped folder. */
export async function* fromDirectory(root: FileSystemDirectoryHandle): AsyncGenerator<IncomingFile[]> {
  const folders = [{ path: root.name, handle: root }];
  const batches: Promise<IncomingFile[]>[] = [];
  let listing = 0;
  let found: Found[] = [];
  let failed: { thrown: unknown } | null = null;
  let wake: () => void = () => undefined;
  const open = (): void => {
    if (found.length > 0) batches.push(opened(found));
    found = [];
    wake();
  };
  const list = async (folder: { path: string; handle: FileSystemDirectoryHandle }): Promise<void> => {
    for await (const [name, handle] of folder.handle.entries()) {
      const path = `${folder.path}/${name}`;
      if (handle.kind === "directory") folders.push({ path, handle: handle as FileSystemDirectoryHandle });
      else if (!isLitter(name)) {
        found.push({ path, handle: handle as FileSystemFileHandle });
        if (found.length >= BATCH) open();
        if (batches.length > AHEAD) await batches.at(-AHEAD);
      }
    }
  };
  for (;;) {
    for (let folder = folders.length > 0 && listing < FOLDERS ? folders.pop() : undefined; folder; ) {
      listing += 1;
      list(folder)
        .catch((thrown: unknown) => {
          failed = { thrown };
        })
        .finally(() => {
          listing -= 1;
          wake();
        });
      folder = listing < FOLDERS ? folders.pop() : undefined;
    }
    if (failed) throw (failed as { thrown: unknown }).thrown;
    const batch = batches.shift();
    if (batch) yield await batch;
    else if (listing > 0) await new Promise<void>((resolve) => (wake = resolve));
    else if (found.length > 0) open();
    else return;
  }
}

interface Found {
  path: string;
  handle: FileSystemFileHandle;
}

/** The files of handles. One that vanished since is still counted: the engine meets its failure. */
function opened(found: Found[]): Promise<IncomingFile[]> {
  return Promise.all(
    found.map(async ({ path, handle }) => ({
      path,
      file: await handle.getFile().catch(() => unreadable(handle.name)),
    })),
  );
}

export const hasDirectoryPicker = (): boolean => "showDirectoryPicker" in window && window.isSecureContext;
