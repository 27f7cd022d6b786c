/** What a person does in Prepare, and the data that the tests do it with. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { ROOT, browser, inWorker, scratch, until, untilSealed } from "./harness.mjs";

/** What the demo study is made from; see www/src/engine/demo.ts. */
export const DEMO = ["--patients", "2", "--seed", "7", "--scale", "0.5"];

/** A page that is sealed; without pickers, so that a zip comes as a download. */
export async function open(url, options = {}) {
  const context = await browser({ ...options, context: { acceptDownloads: true, ...options.context } });
  await context.addInitScript(() => {
    delete Window.prototype.showSaveFilePicker;
    delete Window.prototype.showDirectoryPicker;
    delete window.showSaveFilePicker;
    delete window.showDirectoryPicker;
  });
  const page = context.pages()[0];
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  await page.goto(url);
  await untilSealed(page);
  return { context, page, said };
}

/** Drops a folder or files of this machine onto the page, as a hand would. */
export async function drop(page, ...files) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 500, y: 400, data });
  }
}

export const table = (page) => page.getByRole("treegrid", { name: /Volumes/ });

export async function untilPlan(page) {
  await table(page).waitFor({ timeout: 90_000 });
}

/** Confirms, one after another, the roles that the protocol was not sure of. */
export async function confirmRoles(page) {
  const left = page.getByRole("button", { name: /roles? to confirm/ });
  while (await left.count()) {
    const before = await left.innerText();
    await left.click();
    await page.getByRole("button", { name: /^Yes, / }).click();
    // The last one takes the button with it, perhaps between being counted and being read.
    const now = () => left.innerText({ timeout: 500 }).catch(() => "");
    await until("a role is confirmed", async () => !(await left.count()) || (await now()) !== before);
  }
}

/** Exports to a zip and gives back where it was saved. */
export async function exportZip(page) {
  const download = page.waitForEvent("download", { timeout: 180_000 });
  await page.getByRole("button", { name: "Export data set" }).click();
  const file = path.join(await scratch(), "dataset.zip");
  await (await download).saveAs(file);
  await page.getByRole("heading", { name: "The data set is written" }).waitFor();
  return file;
}

/** `1,624 files: 1,580 in 48 volumes, 44 skipped (scout images)`: do the counts add up? */
export async function assertAddsUp(page) {
  const text = await page.getByText(/^[\d,]+ files?: /).innerText();
  const [all, ...parts] = [...text.matchAll(/([\d,]+) (?:files?:|in |skipped|failed)/g)].map((m) => Number(m[1].replaceAll(",", "")));
  assert.equal(parts.reduce((sum, n) => sum + n, 0), all, text);
}

/**
 * Phantom patients, written by the command line: a folder of DICOM for each, the truth, and the list of
 * what was planted in them.
 * @param {string[]} [options] of `hepatica phantom`
 */
export async function phantom(options = DEMO) {
  const out = await scratch();
  const program = process.env.HEPATICA_PROGRAM ?? path.join(ROOT, "target/debug/hepatica");
  if (!existsSync(program)) execFileSync("cargo", ["build", "--quiet", "--locked"], { cwd: ROOT, stdio: "inherit" });
  execFileSync(program, ["phantom", "--out", out, ...options], { stdio: ["ignore", "ignore", "inherit"] });
  const lines = (await readFile(path.join(out, "truth/planted.tsv"), "utf8")).trim().split("\n").slice(1);
  const planted = lines.map((line) => {
    const [patient, kind, place, value] = line.split("\t");
    return { patient: Number(patient), kind, place, value };
  });
  return { dicom: path.join(out, "dicom"), truth: path.join(out, "truth"), planted };
}

/** Two small patients, some 400 files of a few kB. */
export const SMALL = ["--patients", "2", "--seed", "3", "--scale", "0.05"];

/** What was planted of one patient in one place. */
export function plantedAt({ planted }, patient, place) {
  const found = planted.find((p) => p.patient === patient && p.place === place);
  assert.ok(found, `nothing is planted in ${place}`);
  return found.value;
}

/** The folder of one of the phantom's patients. */
export async function folderOf(made, patient) {
  const { readdir } = await import("node:fs/promises");
  const id = plantedAt(made, patient, "PatientID");
  const folder = (await readdir(made.dicom)).find((name) => name.includes(id));
  assert.ok(folder, `patient ${patient} has no folder`);
  return path.join(made.dicom, folder);
}

/** Makes the engine's reads as slow as a bad network drive's, or (0) as fast as they are. */
export async function slowReads(page, ms) {
  await inWorker(page, "engine-worker.js", (wait) => {
    globalThis.readFast ??= Blob.prototype.arrayBuffer;
    const fast = globalThis.readFast;
    Blob.prototype.arrayBuffer = async function () {
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      return fast.call(this);
    };
  }, ms);
}

/** The codes of the patients whose rows are drawn. */
export const codes = (page) => table(page).locator("strong").allInnerTexts();

/** A window in which every row of two patients is drawn: the table draws only what is in sight. */
export const TALL = { context: { viewport: { width: 1280, height: 3600 } } };
