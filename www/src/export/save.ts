/**
 * Saves a few bytes as a file of the user's: key, linking table, report.
 *
 * They are the user's alone: from memory straight to where the user points, never by way of the
 * browser's storage.
 */

export interface FileKind {
  name: string;
  description: string;
  mime: string;
  extension: `.${string}`;
}

/** True once saved (or handed to the browser's downloads), false when the user changed their mind. */
export async function saveBytes(bytes: () => Promise<ArrayBuffer>, kind: FileKind): Promise<boolean> {
  if ("showSaveFilePicker" in window && window.isSecureContext) {
    let handle: FileSystemFileHandle;
    try {
      handle = await window.showSaveFilePicker({
        suggestedName: kind.name,
        types: [{ description: kind.description, accept: { [kind.mime]: [kind.extension] } }],
      });
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === "AbortError") return false;
      throw thrown;
    }
    const out = await handle.createWritable();
    await out.write(await bytes());
    await out.close();
    return true;
  }
  const url = URL.createObjectURL(new Blob([await bytes()], { type: kind.mime }));
  clickDownload(url, kind.name);
  // The download reads the blob soon after the click; a minute is ample for a few bytes.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return true;
}

export function clickDownload(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
