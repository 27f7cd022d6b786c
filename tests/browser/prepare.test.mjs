/** The first journey in a real browser: read, look, change, export, and judge what came out. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  ROOT, accessibilityFaults, browser, judge, screenshot, scratch, servePlain, serveSealed, sharedData,
  sink, test, until, untilSealed, untilText, variant,
} from "./harness.mjs";
import { assertAddsUp, codes, confirmRoles, drop, exportZip, open, phantom, table, untilPlan } from "./steps.mjs";

function judgeArchive(archive, truth) {
  const script = path.join(ROOT, "tests/browser/judge_archive.py");
  try {
    execFileSync(judge("python"), [script, archive, truth], { encoding: "utf8" });
  } catch (reason) {
    assert.fail(reason.stdout || reason.message);
  }
}

for (const flavour of ["threads", "single"]) {
  test(`the demo study becomes a data set equal to its truth, flavour ${flavour}`, async () => {
    const heard = await sink();
    const only = await variant((files) => {
      if (flavour === "threads") return;
      const worker = files.get("engine-worker.js").toString();
      assert.ok(worker.includes("globalThis.crossOriginIsolated"));
      files.set("engine-worker.js", Buffer.from(worker.replaceAll("globalThis.crossOriginIsolated", "false")));
    });
    const host = await servePlain(only.folder);
    const { page, said } = await open(host.url, { sink: heard });
    // Within a second, by the page's own clock: a test's may be late on a busy machine.
    await page.evaluate(() => {
      const begun = (event) => {
        if (!(event.target instanceof Element) || !event.target.closest("button")?.textContent.includes("demo")) return;
        const at = performance.now();
        const seen = new MutationObserver(() => {
          if (!/Reading headers|Making/.test(document.querySelector("h1")?.textContent ?? "")) return;
          window.begunAfter = performance.now() - at;
          seen.disconnect();
        });
        seen.observe(document.body, { childList: true, subtree: true });
      };
      addEventListener("click", begun, { capture: true, once: true });
    });
    await page.getByRole("button", { name: "Try the demo study" }).click();
    await page.waitForFunction(() => window.begunAfter !== undefined);
    assert.ok((await page.evaluate(() => window.begunAfter)) < 1_000, "counting begins within a second");
    await untilPlan(page);
    assert.match(await page.getByText(/files? read/).locator("..").innerText(), /1,\d\d\d/);
    await until("pictures are drawn", () => page.locator("canvas.thumb:not(.thumb--waiting)").count().then((n) => n > 4));
    if (flavour === "threads") await screenshot(page, "prepare", { docs: true });

    await confirmRoles(page);
    const archive = await exportZip(page);
    await assertAddsUp(page);
    if (flavour === "threads") await screenshot(page, "report", { docs: true });
    judgeArchive(archive, (await phantom()).truth);
    assert.deepEqual(await heard.all(), []);
    assert.deepEqual(said.filter((line) => line.startsWith("error")), []);
    await assertNothingKept(page);
  }, { patience: 300_000 });
}

/** Nothing of what was read is in the browser's storage, nor in the address. */
async function assertNothingKept(page) {
  await page.getByRole("button", { name: "Back to the plan" }).click();
  await table(page).waitFor();
  const kept = await page.evaluate(async () => {
    const files = [];
    const walk = async (folder, at) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === "directory") await walk(handle, `${at}${name}/`);
        else files.push(at + name);
      }
    };
    await walk(await navigator.storage.getDirectory(), "");
    return { files, local: localStorage.length, databases: (await indexedDB.databases()).length, at: location.search + location.hash };
  });
  assert.deepEqual(kept, { files: [], local: 0, databases: 0, at: "" });
}

test("a dropped folder, a changed role, a volume left out: the archive obeys", async () => {
  const data = sharedData("dcm_qa/nih");
  if (!data) return { skipped: "no dcm_qa/nih beside the repository" };
  const { url } = await serveSealed();
  const { page } = await open(url);
  await drop(page, path.join(data, "In"));
  await untilPlan(page);
  await confirmRoles(page);
  await page.getByRole("button", { name: /^all / }).click();

  const rows = table(page).getByRole("row").filter({ has: page.getByRole("checkbox") });
  const first = rows.first();
  await first.getByRole("button", { name: /^Role/ }).click();
  await page.getByRole("dialog", { name: "Role" }).getByRole("button", { name: "T2", exact: true }).click();
  await untilText(first.getByRole("button", { name: /^Role/ }), /^T2$/);
  const renamed = await first.getByRole("gridcell").nth(6).getAttribute("title");
  assert.match(renamed, /(_T2w|_acq-t2_mr)\.nii\.gz$/);
  await page.getByRole("button", { name: "Undo" }).click();
  await untilText(first.getByRole("button", { name: /^Role/ }), /^(?!T2$)/);
  await page.getByRole("button", { name: "Redo" }).click();
  await untilText(first.getByRole("button", { name: /^Role/ }), /^T2$/);

  const archive = await exportZip(page);
  await assertAddsUp(page);
  const folder = await scratch();
  execFileSync("unzip", ["-q", archive, "-d", folder]);
  assert.ok(existsSync(path.join(folder, renamed)), "the file is named after the changed role");

  const reference = await scratch();
  execFileSync(judge("dcm2niix"), ["-z", "y", "-f", "%s_%p_%e", "-o", reference, path.join(data, "In")], { stdio: "ignore" });
  execFileSync(judge("python"), [path.join(ROOT, "tests/judges/compare_nifti.py"), reference, folder], { encoding: "utf8" });
}, { patience: 240_000 });

test("a zip is read like a folder", async () => {
  const data = sharedData("dcm_qa/nih");
  if (!data) return { skipped: "no dcm_qa/nih beside the repository" };
  const zip = path.join(await scratch(), "export.zip");
  execFileSync(judge("python"), ["-m", "zipfile", "-c", zip, path.join(data, "In")]);
  const { url } = await serveSealed();
  const { page } = await open(url);
  await drop(page, zip);
  await untilPlan(page);
  const volumes = () => page.getByRole("button", { name: /^all / }).innerText();
  const zipped = await volumes();
  await page.reload();
  page.on("dialog", (dialog) => void dialog.accept());
  await untilSealed(page);
  await drop(page, path.join(data, "In"));
  await untilPlan(page);
  assert.equal(await volumes(), zipped);
});

test("what is dropped onto a plan can join it, and what was changed stays", async () => {
  const data = sharedData("dcm_qa/nih");
  if (!data) return { skipped: "no dcm_qa/nih beside the repository" };
  const { url } = await serveSealed();
  const { page } = await open(url);
  const volumes = async () => Number((await page.getByRole("button", { name: /^all / }).innerText()).replace(/\D/g, ""));
  const [first, second] = ["20180918GE", "20180918Si"].map((name) => path.join(data, "In", name));
  await drop(page, second);
  await untilPlan(page);
  const before = await volumes();
  const row = table(page).getByRole("row").filter({ has: page.getByRole("checkbox", { checked: true }) }).first();
  const description = await row.getByRole("gridcell").nth(2).innerText();
  await row.getByRole("checkbox").click();
  const left = table(page).getByRole("row").filter({ hasText: description }).filter({ hasText: "left out by you" });
  await until("it is left out", async () => (await left.count()) === 1);

  await drop(page, first);
  await page.getByRole("dialog", { name: "Add to this plan?" }).getByRole("button", { name: "Add to the plan" }).click();
  await until("the plan has grown", async () => (await volumes().catch(() => 0)) > before, 60_000);
  await page.getByRole("button", { name: /^left out/ }).click();
  await screenshot(page, "joined");
  await until("what was left out still is", async () => (await left.count()) === 1);
}, { patience: 180_000 });

test("an export to a folder adds only what is missing, and a discarded one leaves nothing", async () => {
  const { url } = await serveSealed();
  const context = await browser();
  // A folder of the origin's own storage is a folder like any other to the page.
  await context.addInitScript(() => {
    window.showDirectoryPicker = async () => (await navigator.storage.getDirectory()).getDirectoryHandle("target", { create: true });
  });
  const page = context.pages()[0];
  await page.goto(url);
  await untilSealed(page);
  await page.getByRole("button", { name: "Try the demo study" }).click();
  await untilPlan(page);
  await confirmRoles(page);
  await page.getByRole("button", { name: /^all / }).click();
  // A file may be renamed or removed between being listed and being asked for: what is gone is not there.
  const files = () =>
    page.evaluate(async () => {
      const found = {};
      const unlessGone = (error) => {
        if (error.name !== "NotFoundError") throw error;
      };
      const walk = async (folder, at) => {
        for await (const [name, handle] of folder.entries()) {
          if (handle.kind === "directory") await walk(handle, `${at}${name}/`).catch(unlessGone);
          else await handle.getFile().then((file) => (found[at + name] = file.lastModified), unlessGone);
        }
      };
      await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle("target", { create: true }), "");
      return found;
    });
  await page.getByRole("combobox", { name: /to/ }).last().selectOption("folder");

  await page.getByRole("button", { name: "Export data set" }).click();
  await until("a volume is written", async () => Object.keys(await files()).some((name) => name.endsWith(".nii.gz")));
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("button", { name: "Discard all" }).click();
  await table(page).waitFor();
  assert.deepEqual(await files(), {});

  await page.getByRole("button", { name: "Export data set" }).click();
  await untilText(page.getByText(/\d+ of \d+ volumes/), /^([3-9]|\d\d) of/, 60_000);
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("button", { name: "Keep complete volumes" }).click();
  await page.getByRole("heading", { name: /complete volumes are kept/ }).waitFor();
  const kept = await files();
  const images = Object.keys(kept).filter((name) => name.endsWith(".nii.gz"));
  assert.ok(images.length >= 3);
  for (const image of images) assert.ok(image.replace(".nii.gz", ".json") in kept, image);

  await page.getByRole("button", { name: "Back to the plan" }).click();
  await page.getByRole("button", { name: "Export data set" }).click();
  await page.getByRole("heading", { name: "The data set is written" }).waitFor({ timeout: 120_000 });
  const whole = await files();
  assert.ok(Object.keys(whole).length > Object.keys(kept).length);
  for (const image of images) assert.equal(whole[image], kept[image], `${image} was not written again`);
}, { patience: 240_000 });

test("what cannot be read is said in words, without its name", async () => {
  const folder = await scratch();
  const secret = "DOE_JANE_19550507";
  await mkdir(path.join(folder, secret));
  await writeFile(path.join(folder, secret, "letter.txt"), "not an image");
  await writeFile(path.join(folder, secret, "cut.dcm"), Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]));
  const { url } = await serveSealed();
  const { page, said } = await open(url);
  await drop(page, path.join(folder, secret));
  const alert = page.getByRole("alert");
  await alert.waitFor();
  const text = await alert.innerText();
  assert.match(text, /No MRI or CT images/);
  assert.ok(!text.includes("DOE") && !said.join().includes("DOE"));
  await screenshot(page, "nothing-found");
});

test("reading can be cancelled, and the page is as before", async () => {
  const { url } = await serveSealed();
  const { page } = await open(url);
  await page.getByRole("button", { name: "Try the demo study" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("heading", { name: /Drop a DICOM folder/ }).waitFor();
  await page.getByRole("button", { name: "Try the demo study" }).click();
  await untilPlan(page);
});

test("project key and linking table are saved under a passphrase, and the key gives the same codes", async () => {
  const { url } = await serveSealed();
  const { page } = await open(url);
  page.on("dialog", (dialog) => void dialog.accept());
  const demo = async () => {
    await page.getByRole("button", { name: "Try the demo study" }).click();
    await untilPlan(page);
    return codes(page);
  };
  const save = async (button) => {
    await page.getByRole("button", { name: button }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Passphrase/).fill("correct horse battery");
    await dialog.getByLabel("The same again").fill("correct horse battery");
    const download = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Save…" }).click();
    const file = path.join(await scratch(), (await download).suggestedFilename());
    await (await download).saveAs(file);
    return file;
  };
  const before = await demo();
  const key = await save("Save key…");
  const linking = await save("Save linking table…");
  for (const file of [key, linking]) assert.match((await readFile(file)).toString("latin1"), /age-encryption|AGE ENCRYPTED/);

  await page.reload();
  await untilSealed(page);
  assert.notDeepEqual(await demo(), before, "another key, other codes");
  await page.getByLabel("Project key file").setInputFiles(key);
  const dialog = page.getByRole("dialog", { name: "Open the project key" });
  await dialog.getByLabel("Passphrase").fill("wrong");
  await dialog.getByRole("button", { name: "Open" }).click();
  await dialog.getByText(/does not open this file/).waitFor();
  await dialog.getByLabel("Passphrase").fill("correct horse battery");
  await dialog.getByRole("button", { name: "Open" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual((await codes(page)).sort(), before.sort());
}, { patience: 180_000 });

test("every state of the room is accessible, in dark and light, at two sizes", async () => {
  const { url } = await serveSealed();
  for (const [colorScheme, viewport] of [["dark", { width: 1280, height: 800 }], ["light", { width: 1920, height: 1080 }]]) {
    const { page } = await open(url, { context: { colorScheme, viewport } });
    const check = async (name) => {
      assert.deepEqual(await accessibilityFaults(page), [], `${name}, ${colorScheme}`);
      await screenshot(page, `${name}-${colorScheme}`, { docs: colorScheme === "dark" });
    };
    await check("empty");
    await page.getByRole("button", { name: "Try the demo study" }).click();
    await untilPlan(page);
    await page.getByText(/, image \d+/).waitFor();
    await until("pictures are drawn", () => page.locator("canvas.thumb:not(.thumb--waiting)").count().then((n) => n > 4));
    await check("plan");
    await table(page).getByRole("button", { name: /^Role/ }).nth(3).click();
    await check("role");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Inspect" }).click();
    await check("inspect");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Save key…" }).click();
    await check("passphrase");
    await page.keyboard.press("Escape");
    await confirmRoles(page);
    await page.getByRole("button", { name: "Export data set" }).click();
    await page.getByRole("heading", { name: "Writing the data set" }).waitFor();
    await check("export");
    await page.getByRole("heading", { name: "The data set is written" }).waitFor({ timeout: 120_000 });
    await check("report");
    for (const [room, title] of [["Annotate", "Drop a data set, or NIfTI files"], ["Deliver", "Nothing to deliver yet"]]) {
      await page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: room }).click();
      await page.getByRole("heading", { name: title }).waitFor();
      await check(room.toLowerCase());
    }
  }
}, { patience: 300_000 });

test("the plan is worked by keyboard alone", async () => {
  const { url } = await serveSealed();
  const { page } = await open(url);
  await page.getByRole("button", { name: "Try the demo study" }).click();
  await untilPlan(page);
  await table(page).focus();
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("Home", "ArrowDown", "ArrowDown");
  const row = table(page).locator(".grid__row--active");
  const box = row.getByRole("checkbox");
  const was = await box.isChecked();
  await press(" ");
  await until("Space toggles", async () => (await box.isChecked()) !== was);
  await press("z");
  await until("Z undoes", async () => (await box.isChecked()) === was);
  await press("y");
  await until("Y does again", async () => (await box.isChecked()) !== was);
  await press("Shift+ArrowDown", "Shift+ArrowDown");
  await page.getByText("3 volumes selected").waitFor();
  await press("Escape", "Enter");
  await page.getByRole("dialog", { name: "Role" }).waitFor();
  await press("Escape", "?");
  await page.getByRole("dialog", { name: "Keys of the plan" }).waitFor();
});
