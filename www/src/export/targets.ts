/**
 * Where an archive can go in this browser, and asking the user for the place.
 *
 * A picker may only open in the click that asked for it, so this runs before anything else of an
 * export is awaited.
 */
import type { ExportTarget } from "../engine/protocol";

export type TargetKind = "zip" | "folder";

export const ARCHIVE_NAME = "hepatica-dataset.zip";

export function canPickFolder(): boolean {
  return "showDirectoryPicker" in window && window.isSecureContext;
}

/** The chosen place, or `null` when the user changed their mind. */
export async function chooseTarget(kind: TargetKind): Promise<ExportTarget | null> {
  try {
    if (kind === "folder") {
      const handle = await window.showDirectoryPicker({ mode: "readwrite", id: "hepatica-export" });
      return { kind: "folder", handle };
    }
    if ("showSaveFilePicker" in window && window.isSecureContext) {
      const handle = await window.showSaveFilePicker({
        suggestedName: ARCHIVE_NAME,
        id: "hepatica-export",
        types: [{ description: "Zip archive", accept: { "application/zip": [".zip"] } }],
      });
      return { kind: "zipHandle", handle };
    }
    return { kind: "zipDownload" };
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") return null;
    throw thrown;
  }
}
