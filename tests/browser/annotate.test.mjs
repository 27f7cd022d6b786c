/** The annotator in a real browser, with the engine: cases hang themselves, panes are linked, strokes become labels. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { FULL, accessibilityFaults, killBrowser, scratch, screenshot, servePlain, test, until, untilText } from "./harness.mjs";
import {
  ART, POST, PV, WIDE, activeName, addSegments, annotating, archiveOf, crosshairAt, demoArchive, inPane, labels, look, lookAt, mapping,
  openSubject, pane, panes, placeShown, room, sliceOf, strokeThrough, subjectWithLesions, toAnnotate, toSlice, untilDrawn, volumeOf,
} from "./annotating.mjs";
import { drop, open } from "./steps.mjs";

test("from the demo's export straight to its cases, hung in panes and drawn", async () => {
  const { url } = await servePlain();
  const { page, said } = await open(url, WIDE);
  await demoArchive(page);
  await page.getByRole("button", { name: "Annotate now" }).click();
  await untilDrawn(page);
  const seen = await look(page);
  assert.ok(seen.length >= 4, `${seen.length} panes`);
  for (const role of [/T1 pre/, /arterial/, /portal venous/]) assert.ok(seen.some((p) => role.test(p.label)), String(role));
  assert.ok(new Set(seen.map((p) => p.hash)).size >= 4, "panes show different series");
  assert.equal(await page.locator(".case").count(), 2);
  await screenshot(page, "annotate", { docs: true });
  assert.deepEqual(said.filter((line) => line.startsWith("error")), []);
}, { patience: 240_000 });

test("panes are linked: slice, crosshair, window by role; letters and scale are there", async () => {
  const { page } = await annotating();
  const before = await lookAt(page, PV);
  assert.deepEqual(before.letters.slice(0, 2), ["R", "L"]);
  const [x, y] = await inPane(page, PV, [100, 150]);
  await page.mouse.move(x, y);
  const from = await sliceOf(page, PV);
  const art = await sliceOf(page, ART);
  for (let i = 0; i < 3; i += 1) {
    await page.mouse.wheel(0, 100);
    await page.waitForTimeout(60);
  }
  await until("both panes are three slices on", async () => Math.abs((await sliceOf(page, PV)) - from) === 3 && Math.abs((await sliceOf(page, ART)) - art) === 3);
  assert.notEqual((await lookAt(page, PV)).hash, before.hash);

  const box = await pane(page, PV).boundingBox();
  await crosshairAt(page, PV, [box.width / 2, box.height / 2]);
  const middle = await placeShown(page);
  await crosshairAt(page, PV, [box.width / 2 + 30, box.height / 2]);
  // Radiological: what is to the right on the screen is the patient's left.
  assert.ok((await placeShown(page))[0] < middle[0]);
  assert.notEqual((await lookAt(page, ART)).cross, "");

  const window = (await lookAt(page, PV)).window;
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y + 20, { steps: 6 });
  await page.mouse.up();
  await until("the window has changed", async () => (await lookAt(page, PV)).window !== window);
  await page.mouse.click(x, y, { button: "right" });
  await page.mouse.click(x, y, { button: "right" });
  await until("the window is the role's again", async () => (await lookAt(page, PV)).window === window);

  await page.mouse.dblclick(x, y);
  await until("the pane has the stage", async () => (await panes(page).count()) === 1);
  await untilDrawn(page);
  await page.mouse.dblclick(x, y);
  await until("all are back", async () => (await panes(page).count()) > 1);
}, { patience: 240_000 });

test("stages, another plane, and the next case, by keyboard alone", async () => {
  const { page } = await annotating();
  await pane(page, PV).focus();
  const stages = page.getByRole("combobox", { name: "Stage" });
  const first = await stages.inputValue();
  await page.keyboard.press(".");
  await until("the stage has changed", async () => (await stages.inputValue()) !== first);
  await untilDrawn(page);
  await panes(page).first().focus();
  await page.keyboard.press(",");
  await until("the stage is back", async () => (await stages.inputValue()) === first);
  await untilDrawn(page);
  await pane(page, PV).focus();
  await page.keyboard.press("m");
  await page.getByRole("button", { name: "coronal", exact: true }).focus();
  await page.keyboard.press("Enter");
  await until("the plane has changed", async () => (await lookAt(page, PV)).letters.join() === "R,L,S,I");
  const subject = await page.locator(".case--open .case__name").innerText();
  // Which of the two it is hangs on the codes.
  const isLast = (await page.locator(".case__name").allInnerTexts()).at(-1) === subject;
  await page.keyboard.press(isLast ? "p" : "n");
  await until("the case beside it is open", async () => (await page.locator(".case--open .case__name").innerText()) !== subject);
  await untilDrawn(page);
}, { patience: 240_000 });

/** Makes a segment the active one. */
async function take(page, name) {
  await page.locator(".seg__name", { hasText: name }).click();
  await until(`${name} is the active one`, async () => (await activeName(page)) === name);
}

/** Paints lines, each in its slice. */
async function paintLines(page, name, to, lines) {
  for (const line of lines) {
    const points = line.map(to);
    await toSlice(page, name, Math.round(points[0].slice));
    await strokeThrough(page, name, points.map((p) => p.at));
  }
}

/** The label map of a session, out of what is saved as NIfTI: one zip, whatever was labelled. */
async function saved(page, session) {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save labels" }).click();
  await page.getByRole("button", { name: /^NIfTI/ }).click();
  const made = await download;
  const folder = await scratch();
  const zip = path.join(folder, made.suggestedFilename());
  await made.saveAs(zip);
  execFileSync("unzip", ["-q", zip, "-d", folder]);
  const names = execFileSync("unzip", ["-Z1", zip], { encoding: "utf8" }).trim().split("\n");
  return path.join(folder, names.find((name) => name.includes(`_${session}_`) && name.endsWith("_dseg.nii.gz")));
}

test("two lesions grow from seeds as the truth has them; wrong seeds are erased and undone; labels read back elsewhere", async () => {
  const { page, archive, truth } = await annotating();
  const subject = subjectWithLesions(archive);
  await openSubject(page, subject);
  const lesions = labels("strokes", archive, subject, "ses-02", truth, "7");
  const names = await addSegments(page, "Lesion", "Lesion", "Segment");
  const around = names[2];
  await pane(page, POST).focus();
  await page.keyboard.press("6");
  const grow = page.getByRole("region", { name: "Grow from seeds" });
  await grow.locator(".warn").waitFor();
  await page.getByRole("slider", { name: /^Diameter/ }).fill("3");
  const to = await mapping(page, POST);
  for (const [n, { inside }] of lesions.entries()) {
    await take(page, names[n]);
    await paintLines(page, POST, to, inside);
    if (n === 0) await grow.getByText(/paint some background too/).waitFor();
  }
  await take(page, around);
  for (const { outside } of lesions) await paintLines(page, POST, to, outside);
  await untilText(grow.locator(".panel__aside").first(), /^live/, 30_000);

  // A lesion's middle slice, larger: how it looks, and what a wrong seed does to it.
  const middle = to(lesions[0].inside[Math.floor(lesions[0].inside.length / 2)][0]);
  await toSlice(page, POST, Math.round(middle.slice));
  await page.waitForTimeout(300);
  const grown = await lookAt(page, POST);
  await screenshot(page, "annotate-grow", { docs: true });
  // Between the lesion and the seeds around it: over no other seed, and within the region of growing, which a stroke
  // near its border would enlarge for good.
  const wrong = [[middle.at[0] - 3, middle.at[1] + 15], [middle.at[0] + 3, middle.at[1] + 15]];
  const changed = async (is) => ((await lookAt(page, POST)).hash === grown.hash) !== is;
  await take(page, names[0]);
  await strokeThrough(page, POST, wrong);
  await page.mouse.move(5, 5);
  await until("a wrong seed changes the preview", () => changed(true));
  await pane(page, POST).focus();
  await page.keyboard.press("z");
  await until("undo takes it back, grown labels too", () => changed(false));
  await page.keyboard.press("y");
  await until("it is done again", () => changed(true));
  await page.keyboard.down("Control");
  await strokeThrough(page, POST, wrong);
  await page.keyboard.up("Control");
  await until("erasing the seed takes it back as well", () => changed(false));

  await grow.getByRole("button", { name: "Apply" }).click();
  await until("the preview is applied", async () => (await volumeOf(page, names[0])) > 5);
  const nifti = await saved(page, "ses-02");
  for (const judged of labels("dice", archive, subject, "ses-02", truth, "7", nifti)) assert.ok(judged.dice >= 0.9, JSON.stringify(judged));

  await room(page, "Deliver").click();
  const lesion = page.getByRole("region", { name: names[0], exact: true });
  assert.match(await lesion.getByText(/^[\d.]+ ml/).innerText(), /^[\d.]+ ml/);
  await lesion.getByRole("rowheader", { name: /portal venous/ }).waitFor();
  await screenshot(page, "deliver", { docs: true });

  // Elsewhere: another browser opens the same data set and these labels.
  const elsewhere = await annotating();
  await openSubject(elsewhere.page, subject);
  await pane(elsewhere.page, POST).click();
  await elsewhere.page.getByLabel("Label map to open as a draft").setInputFiles(nifti);
  await until("the labels are there", async () => (await elsewhere.page.locator(".seg").count()) === 3);
  const again = await saved(elsewhere.page, "ses-02");
  assert.deepEqual(labels("same", nifti, again), { grid: true, voxels: true });
}, { patience: 400_000 });

test("a browser that is killed in the middle of a stroke loses that stroke at most", async () => {
  const host = await servePlain();
  const { archive } = await archiveOf(host.url);
  const profile = await scratch();
  const start = async () => {
    const { page } = await open(host.url, { ...WIDE, profile });
    await toAnnotate(page);
    await drop(page, archive);
    await untilDrawn(page);
    await openSubject(page, subjectWithLesions(archive));
    return page;
  };
  let page = await start();
  await addSegments(page, "Lesion", "Segment");
  let kept = 0;
  const rows = 80;
  for (let round = 0; round < (FULL ? 12 : 3); round += 1) {
    await pane(page, PV).focus();
    if (!(await page.getByRole("button", { name: /^Paint/ }).getAttribute("aria-pressed")).includes("true")) await page.keyboard.press("2");
    const y = 150 + ((round * 17) % rows);
    await strokeThrough(page, PV, [[50, y], [110, y]]);
    const name = "Segment 1";
    await until("the stroke is labelled", async () => (await volumeOf(page, name)) > kept);
    kept = await volumeOf(page, name);
    const [x0, y0] = await inPane(page, PV, [50, y + 60]);
    await page.mouse.move(x0, y0);
    await page.mouse.down();
    for (let i = 0; i < 3 + 5 * round; i += 1) await page.mouse.move(x0 + 4 * i, y0);
    await killBrowser(profile);
    page = await start();
    await page.getByText("Segment 1").first().waitFor();
    const back = await volumeOf(page, name);
    assert.ok(back >= kept, `${back} ml of ${kept}`);
    kept = back;
  }
  await pane(page, PV).focus();
  await page.keyboard.press("z");
  await until("what came back can be undone", async () => (await volumeOf(page, "Segment 1")) < kept);

  await page.getByRole("button", { name: "Forget what is kept…" }).click();
  await page.getByRole("button", { name: "Forget it" }).click();
  await page.getByText("Nothing of any case is left").waitFor();
  const left = await page.evaluate(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names.filter((name) => name.includes("annotate"));
  });
  assert.deepEqual(left, []);
  await drop(page, archive);
  await untilDrawn(page);
  assert.equal(await page.locator(".seg").count(), 0);
}, { patience: 300_000 });

for (const colorScheme of ["dark", "light"]) {
  test(`cases on screen are without accessibility faults, ${colorScheme}`, async () => {
    const { page } = await annotating({ context: { viewport: { width: 1280, height: 800 }, colorScheme } });
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, `annotate-1280-${colorScheme}`);
  }, { patience: 240_000 });
}
