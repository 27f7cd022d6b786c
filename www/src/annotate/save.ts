/**
 * Labels and measurements to where the user wants them: into a data set's folder, or as downloads.
 *
 * In: files that the engine made, each with its path in the data set. Out: files on disk. What is written
 * is de-identified; nothing that is there is removed.
 */
import type { SaveAs } from "../engine/annotate-protocol";
import { clickDownload } from "../export/save";
import { canPickFolder } from "../export/targets";
import { counted } from "../prepare/format";
import * as page from "../prepare/state";
import { failed } from "./actions";

interface Made {
  path: string;
  bytes: ArrayBuffer;
}

/** Writes into a folder that the user picks: the data set's own, or an empty one. */
export async function saveIntoFolder(as: SaveAs): Promise<void> {
  try {
    // A picker opens in the click that asked for it, or not at all.
    const root = await window.showDirectoryPicker({ mode: "readwrite", id: "hepatica-labels" });
    const files = await page.engine.value?.ask("saveLabels", { as, asOne: false });
    if (!files) return;
    for (const file of files) await writeBelow(root, file);
    page.announce(`${counted(files.length, "file")} written to the folder.`);
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") return;
    failed(thrown);
  }
}

async function writeBelow(root: FileSystemDirectoryHandle, { path, bytes }: Made): Promise<void> {
  const parts = path.split("/");
  const name = parts.pop() ?? "labels";
  let folder = root;
  for (const part of parts) folder = await folder.getDirectoryHandle(part, { create: true });
  const out = await (await folder.getFileHandle(name, { create: true })).createWritable();
  await out.write(bytes);
  await out.close();
}

/** One file, whatever there is: a browser asks before a page saves a second one. */
export async function saveAsDownload(as: SaveAs): Promise<void> {
  try {
    const files = await page.engine.value?.ask("saveLabels", { as, asOne: true });
    if (!files) return;
    const [file] = files;
    const name = file?.path.split("/").at(-1) ?? "labels";
    if (file) download(name, file.bytes);
    page.announce(file ? `${name} is saved.` : "There are no labels to save yet.");
  } catch (thrown) {
    failed(thrown);
  }
}

export function download(name: string, bytes: BlobPart, type = "application/octet-stream"): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  clickDownload(url, name);
  // The download reads the blob soon after the click; a minute is ample.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export { canPickFolder };
