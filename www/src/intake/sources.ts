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

/**
 * Takes hold of a drop. Entries live only while the event is handled, so this must be called in it,
 * before anything is awaited.
 */
export function holdDrop(transfer: DataTransfer): { entries: FileSystemEntry[]; loose: File[] } {
  const entries: FileSystemEntry[] = [];
  const loose: File[] = [];
  for (const item of Array.from(transfer.items)) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    if (entry) entries.push(entry);
    else {
      const file = item.getAsFile();
      if (file) loose.push(file);
    }
  }
  return { entries, loose };
}

export async function* fromDrop(held: { entries: FileSystemEntry[]; loose: File[] }): AsyncGenerator<IncomingFile[]> {
  if (held.loose.length > 0) yield held.loose.map((file) => ({ path: file.name, file }));
  // Depth first with a stack of our own: a hospital disc can nest deeper than a call stack likes.
  const stack = [...held.entries].reverse();
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

/** Of `showDirectoryPicker`. */
export async function* fromDirectory(root: FileSystemDirectoryHandle): AsyncGenerator<IncomingFile[]> {
  const stack: { path: string; handle: FileSystemDirectoryHandle }[] = [{ path: root.name, handle: root }];
  for (let folder = stack.pop(); folder; folder = stack.pop()) {
    let waiting: { path: string; handle: FileSystemFileHandle }[] = [];
    const open = (): Promise<IncomingFile[]> => {
      const batch = waiting;
      waiting = [];
      return Promise.all(
        batch.map(async ({ path, handle }) => ({
          path,
          file: await handle.getFile().catch(() => unreadable(handle.name)),
        })),
      );
    };
    for await (const [name, handle] of folder.handle.entries()) {
      const path = `${folder.path}/${name}`;
      if (handle.kind === "directory") stack.push({ path, handle: handle as FileSystemDirectoryHandle });
      else if (!isLitter(name)) {
        waiting.push({ path, handle: handle as FileSystemFileHandle });
        if (waiting.length >= BATCH) yield await open();
      }
    }
    if (waiting.length > 0) yield await open();
  }
}

export const hasDirectoryPicker = (): boolean => "showDirectoryPicker" in window && window.isSecureContext;
