/** File pickers that TypeScript's library does not know yet (WICG File System Access). */
interface FilePickerAcceptType {
  description?: string;
  accept: Record<string, string[]>;
}
interface Window {
  showSaveFilePicker(options?: {
    suggestedName?: string;
    id?: string;
    types?: FilePickerAcceptType[];
  }): Promise<FileSystemFileHandle>;
  showDirectoryPicker(options?: {
    mode?: "read" | "readwrite";
    id?: string;
  }): Promise<FileSystemDirectoryHandle>;
}
interface DataTransferItem {
  /** Chromium only. */
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}
interface FileSystemFileHandle {
  /** Chromium and Firefox have it, not everywhere. */
  remove?(): Promise<void>;
}

/** Workers only, which is where the one use is. */
interface FileSystemSyncAccessHandle {
  read(into: BufferSource, options?: { at?: number }): number;
  write(bytes: BufferSource, options?: { at?: number }): number;
  getSize(): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
interface FileSystemFileHandle {
  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
}
