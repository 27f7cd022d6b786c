/** Where an export goes, and what must not go: a picked file, a stopped volume. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { browser, scratch, screenshot, serveSealed, test, untilSealed } from "./harness.mjs";
import {
  SMALL, confirmRoles, drop, folderOf, open, phantom, plantedAt, slowReads, table, untilPlan,
} from "./steps.mjs";

/** A page whose save picker picks a file of the origin's own storage: to the page, one like any other. */
async function openWithPicker(url) {
  const context = await browser();
  await context.addInitScript(() => {
    window.showSaveFilePicker = async (options) =>
      (await navigator.storage.getDirectory()).getFileHandle(options.suggestedName, { create: true });
  });
  const page = context.pages()[0];
  await page.goto(url);
  await untilSealed(page);
  return page;
}

/** The names at the top of the origin's own storage, as somebody looking into the folder sees them. */
function names(page) {
  return page.evaluate(async () => {
    const found = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) found.push(name);
    return found;
  });
}

test("a picked file is removed when the export is discarded, and whole when it is finished", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const page = await openWithPicker(url);
  await drop(page, await folderOf(made, 0));
  await untilPlan(page);
  await confirmRoles(page);
  await page.getByRole("button", { name: /^all / }).click();

  await slowReads(page, 300);
  await page.getByRole("button", { name: "Export data set" }).click();
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("button", { name: "Discard all" }).click();
  await table(page).waitFor();
  await page.getByText("what had been written is removed").waitFor();
  assert.ok(!(await names(page)).some((name) => name.endsWith(".zip")), "the file is gone");

  await slowReads(page, 0);
  await page.getByRole("button", { name: "Export data set" }).click();
  await page.getByRole("heading", { name: "The data set is written" }).waitFor({ timeout: 120_000 });
  const zip = (await names(page)).find((name) => name.endsWith(".zip"));
  assert.ok(zip, "the file is there");
  const base64 = await page.evaluate(async (name) => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle(name)).getFile();
    const url = await new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(file);
    });
    return url.slice(url.indexOf(",") + 1);
  }, zip);
  const copy = path.join(await scratch(), "dataset.zip");
  await writeFile(copy, Buffer.from(base64, "base64"));
  assert.match(execFileSync("unzip", ["-t", copy], { encoding: "utf8" }), /No errors detected/);
  const entries = execFileSync("unzip", ["-Z1", copy], { encoding: "utf8" }).trim().split("\n");
  assert.ok(entries.includes("dataset_description.json"));
  assert.ok(entries.filter((name) => name.endsWith(".nii.gz")).length > 10);
});

test("a picker that is left without choosing leaves the plan as it is", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const page = await openWithPicker(url);
  await drop(page, await folderOf(made, 0));
  await untilPlan(page);
  await confirmRoles(page);
  await page.evaluate(() => {
    window.showSaveFilePicker = () => {
      window.pickerLeft = true;
      return Promise.reject(new DOMException("left", "AbortError"));
    };
  });
  await page.getByRole("button", { name: "Export data set" }).click();
  await page.waitForFunction(() => window.pickerLeft);
  assert.equal(await page.getByRole("alert").count(), 0);
  await table(page).waitFor();
  assert.equal(await page.getByRole("button", { name: "Export data set" }).isEnabled(), true);
});

test("what the check stops is not written, and the report says what and where", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const { page } = await open(url);
  await drop(page, await folderOf(made, 0));
  await untilPlan(page);
  await confirmRoles(page);
  await page.getByRole("button", { name: /^all / }).click();
  // Somebody writes the patient's name into a file's name: the surname is enough.
  const surname = plantedAt(made, 0, "PatientName").split(/[\^ ]/)[0].replace(/[^A-Za-z]/g, "");
  const row = table(page).getByRole("row").filter({ has: page.getByRole("checkbox", { checked: true }) }).nth(2);
  const proposed = (await row.getByRole("gridcell").nth(6).getAttribute("title")).replace(/\.nii\.gz$/, "");
  await row.getByRole("gridcell").nth(2).click();
  await table(page).focus();
  await page.keyboard.press("F2");
  const field = page.getByRole("textbox", { name: /^Path in the archive/ });
  const named = proposed.replace(/(ses-[^/_]+)_(?!.*\/)/, `$1_acq-${surname}_`).replace(/(_acq-[A-Za-z]+)_acq-[A-Za-z0-9]+/, "$1");
  await field.fill(named);
  await page.keyboard.press("Enter");
  await row.getByText(surname).waitFor();

  const download = page.waitForEvent("download", { timeout: 180_000 });
  await page.getByRole("button", { name: "Export data set" }).click();
  const file = path.join(await scratch(), "dataset.zip");
  await (await download).saveAs(file);
  await page.getByRole("heading", { name: "Written, but for what the check stopped" }).waitFor();
  const stopped = page.getByRole("region", { name: "Stopped by the check" });
  const lines = await stopped.getByRole("listitem").allInnerTexts();
  assert.equal(lines.length, 1, lines.join("; "));
  assert.match(lines[0], /^volume \d+: .*PatientName/);
  assert.ok(!lines[0].toLowerCase().includes(surname.toLowerCase()), "without repeating the value");
  await screenshot(page, "stopped");

  const entries = execFileSync("unzip", ["-Z1", file], { encoding: "utf8" }).trim().split("\n");
  assert.ok(entries.includes("dataset_description.json") && entries.includes("provenance/plan.json"), "the rest is whole");
  assert.ok(entries.some((name) => name.endsWith(".nii.gz")));
  const all = execFileSync("unzip", ["-p", file, "*.json", "*.tsv", "README", "CHANGES"], { encoding: "latin1", maxBuffer: 1 << 28 });
  for (const text of [entries.join(), all]) assert.ok(!text.toLowerCase().includes(surname.toLowerCase()));
});
