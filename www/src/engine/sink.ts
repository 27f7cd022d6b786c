/**
 * Where an archive is written to, from the engine's worker: a picked file, a folder, or where there
 * is no picker a temporary file of the origin's own storage that is then downloaded.
 *
 * What arrives here is de-identified and checked. A discarded export leaves nothing behind.
 */
import type { ExportTarget } from "./protocol";

export interface Sink {
  /** Takes a zip's next bytes, or a whole file of a folder; `path` is below the data set's root. */
  write(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<void>;
  /** Paths of files that are there already; a zip begins empty. */
  existing(): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Closes what was written; a file to download where that is how it gets out. */
  finish(): Promise<File | null>;
  /** Removes what this export created; false where the browser cannot. */
  discard(): Promise<boolean>;
  /** The download is done with: what was kept for it goes. */
  forget(): Promise<void>;
}

export async function openSink(target: ExportTarget): Promise<Sink> {
  switch (target.kind) {
    case "zipHandle":
      return PickedZip.open(target.handle);
    case "folder":
      return new Folder(target.handle);
    case "zipDownload":
      return "storage" in navigator && "getDirectory" in navigator.storage
        ? StoredZip.open().catch(() => new HeldZip())
        : new HeldZip();
  }
}

/** Zips begin empty. */
abstract class Zip {
  existing(): Promise<string[]> {
    return Promise.resolve([]);
  }
  read(): Promise<Uint8Array> {
    return Promise.reject(new RangeError("a zip that is being written cannot be read"));
  }
  forget(): Promise<void> {
    return Promise.resolve();
  }
}

class PickedZip extends Zip implements Sink {
  readonly #handle: FileSystemFileHandle;
  readonly #out: FileSystemWritableFileStream;

  private constructor(handle: FileSystemFileHandle, out: FileSystemWritableFileStream) {
    super();
    this.#handle = handle;
    this.#out = out;
  }
  static async open(handle: FileSystemFileHandle): Promise<PickedZip> {
    return new PickedZip(handle, await handle.createWritable());
  }
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#out.write(bytes);
  }
  async finish(): Promise<null> {
    await this.#out.close();
    return null;
  }
  async discard(): Promise<boolean> {
    await this.#out.abort().catch(() => undefined);
    // The picker itself creates an empty file (or empties one): it has to go too.
    if (!this.#handle.remove) return false;
    return this.#handle.remove().then(
      () => true,
      () => false,
    );
  }
}

const STORE = "hepatica-export";

/** Small pieces are put together: to the storage a write costs more than its bytes. */
const GATHERED = 1 << 20;

/** A file in the origin's own storage; a lock of the same name tells other tabs that it is in use. */
class StoredZip extends Zip implements Sink {
  readonly #name: string;
  readonly #access: FileSystemSyncAccessHandle;
  readonly #file: FileSystemFileHandle;
  readonly #unlock: () => void;
  readonly #gathered = new Uint8Array(GATHERED);
  #filled = 0;
  #at = 0;

  private constructor(name: string, file: FileSystemFileHandle, access: FileSystemSyncAccessHandle, unlock: () => void) {
    super();
    this.#name = name;
    this.#file = file;
    this.#access = access;
    this.#unlock = unlock;
  }
  static async open(): Promise<StoredZip> {
    await sweep();
    const name = `${STORE}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}.zip`;
    const unlock = await hold(name);
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(STORE, { create: true });
    const file = await folder.getFileHandle(name, { create: true });
    return new StoredZip(name, file, await file.createSyncAccessHandle(), unlock);
  }
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const fits = (): boolean => this.#filled + bytes.byteLength <= GATHERED;
    if (!fits()) {
      if (!this.#put(this.#gathered.subarray(0, this.#filled))) return full();
      this.#filled = 0;
    }
    if (!fits()) return this.#put(bytes) ? Promise.resolve() : full();
    this.#gathered.set(bytes, this.#filled);
    this.#filled += bytes.byteLength;
    return Promise.resolve();
  }
  /** False where the storage is full. */
  #put(bytes: Uint8Array<ArrayBuffer>): boolean {
    const written = this.#access.write(bytes, { at: this.#at });
    this.#at += written;
    return written === bytes.byteLength;
  }
  /** It is downloaded at once and need outlast no crash: nothing waits for the disk. */
  finish(): Promise<File> {
    if (!this.#put(this.#gathered.subarray(0, this.#filled))) return full();
    this.#access.close();
    return this.#file.getFile();
  }
  async discard(): Promise<boolean> {
    this.#access.close();
    this.#unlock();
    return remove(this.#name);
  }
  override async forget(): Promise<void> {
    this.#unlock();
    await remove(this.#name);
  }
}

function full(): Promise<never> {
  return Promise.reject(new DOMException("", "QuotaExceededError"));
}

/** Without storage (some private windows) the browser itself holds the zip until it is saved. */
class HeldZip extends Zip implements Sink {
  #parts: Blob[] = [];
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#parts.push(new Blob([bytes]));
    return Promise.resolve();
  }
  finish(): Promise<File> {
    return Promise.resolve(new File(this.#parts, "dataset.zip", { type: "application/zip" }));
  }
  discard(): Promise<boolean> {
    this.#parts = [];
    return Promise.resolve(true);
  }
}

class Folder implements Sink {
  readonly #root: FileSystemDirectoryHandle;
  readonly #folders = new Map<string, FileSystemDirectoryHandle>();
  #created: { folder: FileSystemDirectoryHandle; name: string }[] = [];

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async existing(): Promise<string[]> {
    const found: string[] = [];
    const stack: { path: string; folder: FileSystemDirectoryHandle }[] = [{ path: "", folder: this.#root }];
    for (let at = stack.pop(); at; at = stack.pop()) {
      for await (const [name, handle] of at.folder.entries()) {
        const path = at.path + name;
        if (handle.kind === "directory") stack.push({ path: `${path}/`, folder: handle as FileSystemDirectoryHandle });
        else found.push(path);
      }
    }
    return found;
  }

  async read(path: string): Promise<Uint8Array> {
    const { folder, name } = await this.#place(path, false);
    const file = await (await folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  }

  async write(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<void> {
    const { folder, name } = await this.#place(path, true);
    const there = await folder.getFileHandle(name).then(
      () => true,
      () => false,
    );
    const file = await folder.getFileHandle(name, { create: true });
    if (!there) this.#created.push({ folder, name });
    // The stream writes beside and swaps when it closes: a killed tab leaves no half file.
    const out = await file.createWritable();
    await out.write(bytes);
    await out.close();
  }

  finish(): Promise<null> {
    return Promise.resolve(null);
  }

  async discard(): Promise<boolean> {
    let all = true;
    for (const { folder, name } of this.#created.reverse()) {
      await folder.removeEntry(name).catch(() => {
        all = false;
      });
    }
    this.#created = [];
    return all;
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }

  async #place(path: string, create: boolean): Promise<{ folder: FileSystemDirectoryHandle; name: string }> {
    const parts = path.split("/");
    const name = parts.pop() ?? "";
    let folder = this.#root;
    let below = "";
    for (const part of parts) {
      below += `${part}/`;
      const known = this.#folders.get(below);
      if (known) {
        folder = known;
        continue;
      }
      const parent = folder;
      const there = await parent.getDirectoryHandle(part).catch(() => null);
      if (!there && create) this.#created.push({ folder: parent, name: part });
      folder = there ?? (await parent.getDirectoryHandle(part, { create }));
      this.#folders.set(below, folder);
    }
    return { folder, name };
  }
}

// ---------------------------------------------------------------- the origin's own storage

/** Takes a lock and keeps it until the returned function is called, or the tab is gone. */
function hold(name: string): Promise<() => void> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => new Promise<void>((release) => resolve(() => release())));
  });
}

async function remove(name: string): Promise<boolean> {
  try {
    const root = await navigator.storage.getDirectory();
    await (await root.getDirectoryHandle(STORE)).removeEntry(name);
    return true;
  } catch {
    return false;
  }
}

/** Removes exports of tabs that are gone. */
export async function sweep(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(STORE);
    const held = new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
    for await (const name of folder.keys()) {
      if (!held.has(name)) await folder.removeEntry(name).catch(() => undefined);
    }
  } catch {
    // No storage, or nothing in it.
  }
}
