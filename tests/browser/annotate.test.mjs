/** The annotator in a real browser, with the engine: cases hang themselves, panes are linked, strokes become labels. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { FULL, accessibilityFaults, killBrowser, scratch, screenshot, servePlain, test, until, untilText } from "./harness.mjs";
import {
  crosshairAt, demoArchive, inPane, labels, look, lookAt, mapping, pane, panes, placeShown, room, sliceOf, strokeThrough, toSlice,
  untilDrawn,
} from "./annotating.mjs";
import { drop, open } from "./steps.mjs";

const PV = /^portal venous · pre/;
const ART = /^late arterial · pre/;
const WIDE = { context: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" } };

let made;
/** The demo study's archive and its truth: written once, by the page itself. */
async function archiveOf(url) {
  if (!made) {
    const { page, context } = await open(url, WIDE);
    made = await demoArchive(page);
    // Out of the scratch folder of this test: later tests open it, too.
    const kept = path.join((await import("node:os")).tmpdir(), `hepatica-annotate-${process.pid}`);
    await mkdir(kept, { recursive: true });
    execFileSync("cp", ["-r", made.archive, made.truth, kept]);
    made = { archive: path.join(kept, path.basename(made.archive)), truth: path.join(kept, path.basename(made.truth)) };
    process.once("exit", () => execFileSync("rm", ["-rf", kept]));
    await context.close();
  }
  return made;
}

/** A page with the demo's archive dropped onto Annotate and its first case drawn. */
async function annotating(options = WIDE) {
  const { url } = await servePlain();
  const { archive, truth } = await archiveOf(url);
  const opened = await open(url, options);
  await room(opened.page, "Annotate").click();
  await drop(opened.page, archive);
  await untilDrawn(opened.page);
  return { ...opened, url, archive, truth };
}

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
  const axial = await lookAt(page, PV);
  await page.keyboard.press("m");
  await page.getByRole("button", { name: "coronal", exact: true }).focus();
  await page.keyboard.press("Enter");
  await until("the plane has changed", async () => (await lookAt(page, PV)).letters.join() !== axial.letters.join());
  assert.deepEqual((await lookAt(page, PV)).letters, ["R", "L", "S", "I"]);
  const subject = await page.locator(".case--open .case__name").innerText();
  await page.keyboard.press("n");
  await until("the next case is open", async () => (await page.locator(".case--open .case__name").innerText()) !== subject);
  await untilDrawn(page);
}, { patience: 240_000 });

/** Paints the seeds of one lesion, a few lines a slice. */
async function seed(page, strokes, { inside, outside }) {
  const to = await mapping(page, PV);
  for (const [name, lines] of [[inside, strokes.inside], [outside, strokes.outside]]) {
    await page.locator(".seg__name", { hasText: name }).click();
    await until("it is the active one", async () => (await activeName(page)) === name);
    for (const line of lines) {
      const points = line.map(to);
      await toSlice(page, PV, Math.round(points[0].slice));
      await strokeThrough(page, PV, points.map((p) => p.at));
    }
  }
  return to;
}

const activeName = (page) => page.locator(".seg--active .seg__name > .cut").innerText();
const volumeOf = async (page, name) => {
  const text = await page.locator(".seg", { has: page.locator(".seg__name", { hasText: name }) }).locator(".seg__ml").innerText();
  return text === "–" ? 0 : Number(text.replaceAll(",", ""));
};

/** Two segments, a lesion and what surrounds it. */
async function twoSegments(page) {
  const add = async (kind) => {
    const before = await page.locator(".seg").count();
    await page.getByRole("button", { name: kind, exact: true }).click();
    await until("it is there", async () => (await page.locator(".seg").count()) === before + 1);
  };
  await add("Lesion");
  await add("Segment");
  const names = await page.locator(".seg__name > .cut").allInnerTexts();
  return { inside: names.at(-2), outside: names.at(-1) };
}

async function setBrush(page, mm) {
  await page.getByRole("slider", { name: /^Diameter/ }).fill(String(mm));
}

/** The patient whose portal venous series is an image of its own. */
function subjectWithLesions(archive) {
  const names = execFileSync("unzip", ["-Z1", archive], { encoding: "utf8" });
  return names.match(/^(sub-\w+)\/ses-01\/anat\/.*_acq-pv_.*\.nii\.gz$/m)[1];
}

test("seeds grow into a lesion as the truth has it; undo, erase and apply; labels read back elsewhere", async () => {
  const { page, archive, truth } = await annotating();
  const subject = subjectWithLesions(archive);
  if ((await page.locator(".case--open .case__name").innerText()) !== subject) {
    await page.locator(".case__button", { hasText: subject }).click();
    await until("its case is open", async () => (await page.locator(".case--open .case__name").innerText()) === subject);
    await untilDrawn(page);
  }
  const strokes = labels("strokes", archive, subject, truth, "11");
  const names = await twoSegments(page);
  await pane(page, PV).focus();
  await page.keyboard.press("6");
  await page.getByRole("region", { name: "Grow from seeds" }).locator(".warn").waitFor();
  await setBrush(page, 3);
  const to = await seed(page, strokes, names);
  const mid = to(strokes.inside[Math.floor(strokes.inside.length / 2)][0]);
  const grow = page.getByRole("region", { name: "Grow from seeds" });
  await untilText(grow.locator(".panel__aside").first(), /^live/, 30_000);
  const middle = Math.round(mid.slice);
  await toSlice(page, PV, middle);
  const [x, y] = await inPane(page, PV, mid.at);
  await page.mouse.move(x, y);
  await page.keyboard.down("Control");
  for (let i = 0; i < 4; i += 1) await page.mouse.wheel(0, -100);
  await page.keyboard.up("Control");
  await page.waitForTimeout(300);
  await screenshot(page, "annotate-grow", { docs: true });
  await pane(page, PV).focus();
  await page.keyboard.press("r");

  const grown = await lookAt(page, PV);
  await pane(page, PV).focus();
  await page.keyboard.press("z");
  await until("undo changes the preview", async () => (await lookAt(page, PV)).hash !== grown.hash, 10_000);
  await page.keyboard.press("y");
  await page.waitForTimeout(500);

  await grow.getByRole("button", { name: "Apply" }).click();
  await until("the preview is applied", async () => (await volumeOf(page, names.inside)) > 1);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save labels" }).click();
  await page.getByRole("button", { name: /^NIfTI/ }).click();
  const saved = path.join(await scratch(), "labels.nii.gz");
  await (await download).saveAs(saved);
  const judged = labels("dice", archive, subject, truth, "11", saved, "1");
  assert.ok(judged.dice >= 0.9, JSON.stringify(judged));
}, { patience: 300_000 });

test("a browser that is killed in the middle of a stroke loses that stroke at most", async () => {
  const host = await servePlain();
  const { archive } = await archiveOf(host.url);
  const profile = await scratch();
  const start = async () => {
    const { page } = await open(host.url, { ...WIDE, profile });
    await room(page, "Annotate").click();
    await drop(page, archive);
    await untilDrawn(page);
    return page;
  };
  let page = await start();
  await twoSegments(page);
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
