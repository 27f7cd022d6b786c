/** The plan in the user's hands: codes, sessions, what joins and what does not, what is covered. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { accessibilityFaults, scratch, screenshot, serveSealed, test, until, untilText } from "./harness.mjs";
import { SMALL, TALL, codes, confirmRoles, drop, exportZip, folderOf, open, phantom, plantedAt, slowReads, table, untilPlan } from "./steps.mjs";

const LIST = "List of codes, a CSV with patient_id and subject";

async function csv(...lines) {
  const file = path.join(await scratch(), "list.csv");
  await writeFile(file, lines.join("\r\n"));
  return file;
}

async function untilCodes(page, wanted) {
  await until(`the codes are ${wanted}`, async () => String((await codes(page)).sort()) === String(wanted));
}

async function addToPlan(page, folder) {
  await drop(page, folder);
  await page.getByRole("dialog", { name: "Add to this plan?" }).getByRole("button", { name: "Add to the plan" }).click();
}

test("subjects are named by key, by number or from a list, whose faults are said by line", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const { page, said } = await open(url, TALL);
  await drop(page, await folderOf(made, 0));
  await untilPlan(page);
  const keyed = await codes(page);
  const naming = page.getByRole("group", { name: "Subject codes" });
  await naming.getByRole("radio", { name: "numbered" }).check();
  await untilCodes(page, ["sub-001"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await untilCodes(page, keyed);
  assert.equal(await naming.getByRole("radio", { name: "keyed" }).isChecked(), true);

  const secret = plantedAt(made, 0, "PatientID");
  const list = page.getByLabel(LIST);
  const alert = page.getByRole("alert");
  for (const [lines, words] of [
    [["patient_id,subject", "", `${secret},not a code`], /Line 3 .*subject code/],
    [["patient_id,subject", `${secret},a`, `${secret},b`], /Line 3 .*another code/],
    [["patient,subject", `${secret},a`], /patient_id/],
  ]) {
    await list.setInputFiles(await csv(...lines));
    await untilText(alert, words);
    assert.ok(!(await alert.innerText()).includes(secret));
    assert.deepEqual(await codes(page), keyed, "a list that is refused changes nothing");
    await page.getByRole("button", { name: "Dismiss" }).click();
  }

  // The radio asks for a list where there is none, and stays what it was until there is one.
  const asked = page.waitForEvent("filechooser");
  await naming.getByRole("radio", { name: "from a list" }).click();
  await (await asked).setFiles(await csv("patient_id,subject", `${secret},HCC07`));
  await untilCodes(page, ["sub-HCC07"]);
  assert.equal(await naming.getByRole("radio", { name: "from a list" }).isChecked(), true);

  await addToPlan(page, await folderOf(made, 1));
  await until("both are there", async () => (await codes(page)).length === 2, 60_000);
  assert.ok((await codes(page)).includes("sub-HCC07"), "the list is still obeyed");
  const at = (await codes(page)).indexOf("sub-HCC07");
  await naming.getByText(`Patient ${2 - at} of this plan is not in it`).waitFor();
  await table(page).getByText(`patient ${2 - at} is not in the mapping file`).waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  await screenshot(page, "list");

  await naming.getByRole("radio", { name: "numbered" }).check();
  await until("numbers go on from the list", async () => (await codes(page)).includes("sub-001"));
  assert.ok((await codes(page)).includes("sub-HCC07"));
  assert.ok(!said.join().includes(secret));
});

test("an add that is cancelled leaves the plan as it was", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const { page } = await open(url, TALL);
  await drop(page, await folderOf(made, 0));
  await untilPlan(page);
  const counts = page.getByRole("main", { name: "Plan" }).locator("header");
  const before = [await counts.innerText(), await codes(page)];
  await slowReads(page, 300);
  await addToPlan(page, await folderOf(made, 1));
  await page.getByRole("button", { name: "Cancel" }).click();
  await table(page).waitFor();
  await slowReads(page, 0);
  assert.deepEqual([await counts.innerText(), await codes(page)], before);

  // An edit has the engine send the plan anew: nothing of the cancelled files is in it.
  await page.getByRole("radio", { name: "shifted" }).check();
  await until("the edit is made", () => page.getByRole("button", { name: "Undo" }).isEnabled());
  await page.getByRole("button", { name: "Undo" }).click();
  await until("and taken back", () => page.getByRole("button", { name: "Redo" }).isEnabled());
  assert.deepEqual([await counts.innerText(), await codes(page)], before);

  await addToPlan(page, await folderOf(made, 1));
  await until("the other patient joins", async () => (await codes(page)).length === 2, 60_000);
});

/** A copy of a patient's folder in which all is of one day. */
async function ofOneDay(made, patient) {
  const dates = made.planted.filter((p) => p.patient === patient && p.place === "StudyDate").map((p) => p.value);
  assert.equal(new Set(dates).size, 2);
  const [day, other] = dates;
  const from = await folderOf(made, patient);
  const to = path.join(await scratch(), "one-day");
  for (const name of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const file = path.join(name.parentPath ?? name.path, name.name);
    const bytes = await readFile(file);
    for (let at = bytes.indexOf(other); at >= 0; at = bytes.indexOf(other, at)) bytes.write(day, at, "latin1");
    const copy = path.join(to, path.relative(from, file));
    await mkdir(path.dirname(copy), { recursive: true });
    await writeFile(copy, bytes);
  }
  return to;
}

test("sessions are named, swapped, refused and taken back, by keyboard", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const { page } = await open(url, TALL);
  await drop(page, await folderOf(made, 0));
  await untilPlan(page);
  const labels = () => table(page).locator(".branch__session").allInnerTexts();
  assert.deepEqual(await labels(), ["ses-01", "ses-02"]);

  const dialog = page.getByRole("dialog", { name: /^Sessions of sub-/ });
  const edit = async () => {
    await table(page).focus();
    for (const key of ["Home", "ArrowDown", "F2"]) await page.keyboard.press(key);
    await dialog.waitFor();
  };
  const label = (study) => dialog.getByRole("textbox", { name: `Session label of study ${study}` });
  const point = (study) => dialog.getByRole("combobox", { name: `Time point of study ${study}` });
  await edit();
  assert.equal(await label(1).evaluate((field) => field === document.activeElement), true, "ready to type");
  await label(1).fill("02");
  await dialog.getByText("study 2 is of another day").waitFor();
  await page.keyboard.press("Enter");
  await untilText(dialog.getByRole("alert"), /Studies 1 and 2 of patient 1 are of different days/);
  assert.deepEqual(await accessibilityFaults(page), []);
  await screenshot(page, "sessions");
  await label(2).fill("01");
  await point(1).selectOption("post");
  await point(2).selectOption("pre");
  await dialog.getByRole("button", { name: "Apply" }).click();
  await dialog.waitFor({ state: "hidden" });
  await until("they are swapped", async () => String(await labels()) === "ses-02,ses-01");
  const firstName = table(page).getByRole("row").filter({ has: page.getByRole("checkbox", { checked: true }) }).first();
  assert.match(await firstName.getByRole("gridcell").nth(6).getAttribute("title"), /\/ses-02\//);

  await edit();
  await dialog.getByRole("button", { name: "As proposed" }).click();
  await dialog.waitFor({ state: "hidden" });
  await until("they are as proposed", async () => String(await labels()) === "ses-01,ses-02");
  await page.getByRole("button", { name: "Undo" }).click();
  await until("that is undone", async () => String(await labels()) === "ses-02,ses-01");
});

test("two studies of one day become one session, and two again", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const { page } = await open(url, TALL);
  await drop(page, await ofOneDay(made, 0));
  await untilPlan(page);
  const labels = () => table(page).locator(".branch__session").allInnerTexts();
  const dialog = page.getByRole("dialog", { name: /^Sessions of sub-/ });
  const edit = async (label) => {
    await table(page).getByRole("button", { name: /^Change the sessions/ }).first().click();
    await dialog.getByRole("textbox", { name: "Session label of study 2" }).fill(label);
    if (label === "01") await dialog.getByText("one session with study 1").waitFor();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await dialog.waitFor({ state: "hidden" });
  };
  await edit("01");
  await until("they are one", async () => String(await labels()) === "ses-01,ses-01");
  // Names that both had are told apart.
  const name = table(page).getByRole("gridcell").filter({ hasText: /run-01/ }).first();
  await name.waitFor();
  // A time point is the session's.
  await table(page).getByRole("combobox", { name: "Time point of ses-01" }).last().selectOption("post");
  const points = () => table(page).getByRole("combobox", { name: "Time point of ses-01" }).evaluateAll((all) => all.map((s) => s.value));
  await until("both have the time point", async () => String(await points()) === "post,post");
  await edit("follow1");
  await until("they are two", async () => String(await labels()) === "ses-01,ses-follow1");
});

test("what identifies is covered on the screen until it is asked for", async () => {
  const made = await phantom(SMALL);
  const { url } = await serveSealed();
  const { page } = await open(url, TALL);
  await drop(page, await folderOf(made, 0));
  await untilPlan(page);
  await page.getByRole("button", { name: "Inspect" }).click();
  const dialog = page.getByRole("dialog", { name: /^Before → after/ });
  const values = ["PatientName", "PatientID", "DeviceSerialNumber", "AccessionNumber", "StationName"]
    .map((place) => made.planted.find((p) => p.patient === 0 && p.place === place)?.value)
    .filter(Boolean);
  assert.ok(values.length >= 3, `${values.length} planted values`);
  const serial = dialog.getByRole("row").filter({ hasText: "DeviceSerialNumber" });
  await serial.waitFor();
  const text = await page.locator("body").innerText();
  for (const value of values) assert.ok(!text.includes(value), "a planted value stands uncovered");
  await dialog.getByRole("checkbox", { name: /Show values/ }).check();
  await untilText(serial, new RegExp(plantedAt(made, 0, "DeviceSerialNumber")));
});

test("switches of the conversion show what they concern, are undone, and reach the images", async () => {
  const made = await phantom(["--patients", "1", "--seed", "3", "--scale", "0.05", "--vendor", "philips"]);
  const { url } = await serveSealed();
  const { page } = await open(url, TALL);
  await drop(page, made.dicom);
  await untilPlan(page);
  const written = page.getByRole("region", { name: "Written" });
  const offered = () => written.getByRole("switch").evaluateAll((all) => all.map((one) => one.id));
  assert.deepEqual(await offered(), ["option-dicom", "option-displayed_values", "option-everything"]);
  const scouts = written.getByRole("switch", { name: "Localizers and projections" });
  const leftOut = () => table(page).getByText("left out").count();
  assert.ok((await leftOut()) > 0);
  await scouts.check();
  await until("nothing is left out", async () => (await leftOut()) === 0);
  await page.getByRole("button", { name: "Undo" }).click();
  await until("the scouts are left out again", async () => (await leftOut()) > 0);
  assert.equal(await scouts.isChecked(), false);

  await written.getByRole("switch", { name: "Philips values as displayed" }).check();
  assert.deepEqual(await accessibilityFaults(page), []);
  await screenshot(page, "written");
  await confirmRoles(page);
  const archive = await exportZip(page);
  const sidecars = execFileSync("unzip", ["-p", archive, "*/anat/*.json"], { encoding: "utf8" });
  const scales = [...sidecars.matchAll(/"UsePhilipsFloatNotDisplayScaling": (\d)/g)].map((found) => found[1]);
  assert.ok(scales.length > 3 && scales.every((scale) => scale === "0"), `${scales}`);
});
