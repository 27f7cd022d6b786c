/**
 * The published pipeline's cohort, in one tab: 23 patients, before and after treatment.
 *
 *     cargo xtask bench cohort [--patients 23] [--scale 1] [--seed 1] [--native]
 *
 * The phantom writes some 32,000 files (4.6 GB) below target/bench once; the page reads and exports
 * them in one go, dates shifted, checks on. Printed: times, and the peak of WebAssembly memory, which only
 * grows. `--native` converts the same files with the command line too.
 */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT, browser, closeAll, scratch, serveSealed, until, untilSealed } from "../harness.mjs";

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const patients = argument("patients", "23");
const scale = argument("scale", "1");
const seed = argument("seed", "1");
const program = process.env.HEPATICA_PROGRAM;

const cohort = path.join(ROOT, `target/bench/cohort-${patients}-${scale}-${seed}`);
const whole = path.join(cohort, "whole");
if (!existsSync(whole)) {
  await rm(cohort, { recursive: true, force: true });
  await mkdir(cohort, { recursive: true });
  const start = Date.now();
  execFileSync(
    program,
    ["phantom", "--out", cohort, "--patients", patients, "--scale", scale, "--seed", seed, "--no-truth"],
    { stdio: "inherit" },
  );
  await writeFile(whole, "");
  console.log(`phantom written in ${((Date.now() - start) / 1000).toFixed(0)} s`);
}

const seconds = (from) => ((Date.now() - from) / 1000).toFixed(1);
try {
  const host = await serveSealed();
  const context = await browser({ context: { acceptDownloads: true } });
  await context.addInitScript(() => {
    delete Window.prototype.showSaveFilePicker;
    delete window.showSaveFilePicker;
  });
  const page = context.pages()[0];
  await page.goto(host.url);
  await untilSealed(page);
  // Memory of the whole engine: WebAssembly memory never shrinks, so the last figure is the peak.
  const memory = async () => {
    await page.getByRole("button", { name: /seal/i }).first().click();
    const text = await page.getByRole("dialog").innerText();
    await page.keyboard.press("Escape");
    return text.split("\n").filter((line) => /memory|MB|MiB|thread/i.test(line)).join("; ");
  };
  console.log(`before: ${await memory()}`);

  const session = await context.newCDPSession(page);
  const data = { items: [], files: [path.join(cohort, "dicom")], dragOperationsMask: 1 };
  const began = Date.now();
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 500, y: 400, data });
  }
  await page.getByRole("treegrid", { name: /Volumes/ }).waitFor({ timeout: 900_000 });
  console.log(`headers read and planned in ${seconds(began)} s; ${await memory()}`);

  const left = page.getByRole("button", { name: /roles? to confirm/ });
  while (await left.count()) {
    const before = await left.innerText();
    await left.click();
    await page.getByRole("button", { name: /^Yes, / }).click();
    await until("a role is confirmed", async () => !(await left.count()) || (await left.innerText()) !== before);
  }

  const exported = Date.now();
  const download = page.waitForEvent("download", { timeout: 3_600_000 });
  await page.getByRole("button", { name: "Export data set" }).click();
  const file = path.join(await scratch(), "dataset.zip");
  const got = await download;
  const written = seconds(exported);
  await got.saveAs(file);
  console.log(`exported in ${written} s; ${await memory()}`);
  console.log(await page.getByText(/^[\d,]+ files?: /).innerText());
  console.log(`drop to archive: ${((Number(written) * 1000 + (exported - began)) / 60_000).toFixed(2)} min, confirming roles included`);
} finally {
  await closeAll();
}

if (process.argv.includes("--native")) {
  const out = path.join(cohort, "native.zip");
  await rm(out, { force: true });
  const start = Date.now();
  execFileSync(program, ["convert", path.join(cohort, "dicom"), "--out", out, "--dates", "shift"], { stdio: "inherit" });
  console.log(`native: ${seconds(start)} s`);
  await rm(out, { force: true });
}
