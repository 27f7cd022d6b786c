/** What a person does in Annotate, and how a test knows what it looks like. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT, judge, servePlain, until, untilText } from "./harness.mjs";
import { DEMO, confirmRoles, drop, exportZip, open, phantom, untilPlan } from "./steps.mjs";

export const room = (page, name) => page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name });
export const pane = (page, name) => page.getByRole("application", { name }).first();
export const panes = (page) => page.locator(".pane:visible");
export const status = (page) => page.locator(".status");

/** The demo study as an archive, and the truth about it. */
export async function demoArchive(page) {
  await page.getByRole("button", { name: "Try the demo study" }).click();
  await untilPlan(page);
  await confirmRoles(page);
  const archive = await exportZip(page);
  return { archive, truth: (await phantom(DEMO)).truth };
}

/** Waits until every pane that hangs a series has drawn it: its slice number stands there, and it is not black. */
export async function untilDrawn(page, patience = 60_000) {
  let before = "";
  await until("the panes are drawn", async () => {
    const seen = await look(page);
    const now = JSON.stringify(seen.map((p) => [p.hash, p.slice]));
    // Twice the same: nothing is on its way any more.
    const still = now === before;
    before = now;
    return still && seen.length > 0 && seen.every((p) => p.empty || (p.slice !== "" && p.letters[0] !== "" && p.bright > 0.05));
  }, patience);
}

/** Every visible pane as an eye sees it: words, and the share of pixels that are not black. */
export function look(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll(".pane")].filter((p) => p.offsetParent).map((p) => {
      const canvas = p.querySelector("canvas");
      const { width, height } = canvas;
      const copy = new OffscreenCanvas(Math.max(1, width), Math.max(1, height)).getContext("2d");
      if (width > 0 && height > 0) copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, copy.canvas.width, copy.canvas.height);
      let lit = 0;
      let sum = 0;
      let hash = 0;
      let coloured = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i] + data[i + 1] + data[i + 2] > 30) lit += 1;
        if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 40) coloured += 1;
        sum += data[i + 1];
        hash = (hash * 31 + data[i] * 3 + data[i + 1]) | 0;
      }
      const text = (name) => p.querySelector(name)?.textContent ?? "";
      return {
        label: p.getAttribute("aria-label"),
        empty: p.querySelector(".pane__over--empty") !== null,
        window: text(".pane__window"),
        slice: text(".pane__slice"),
        letters: [...p.querySelectorAll(".pane__letter")].map((l) => l.textContent),
        cross: p.querySelector(".pane__cross").getAttribute("d") ?? "",
        bright: lit / (data.length / 4),
        mean: sum / (data.length / 4),
        coloured,
        hash,
      };
    }),
  );
}

export const lookAt = async (page, name) => {
  const found = (await look(page)).find((p) => name.test(p.label));
  assert.ok(found, `no pane ${name}`);
  return found;
};

/** The number of the slice that a pane shows, from 1. */
export const sliceOf = async (page, name) => Number((await lookAt(page, name)).slice.split(" / ")[0]);

/** A place in a pane, from its top left, in the window's pixels. */
export async function inPane(page, name, [x, y]) {
  const box = await pane(page, name).boundingBox();
  return [box.x + x, box.y + y];
}

export async function crosshairAt(page, name, at) {
  const [x, y] = await inPane(page, name, at);
  await page.keyboard.down("Shift");
  await page.mouse.move(x - 3, y);
  await page.mouse.move(x, y);
  await page.keyboard.up("Shift");
  await page.waitForTimeout(120);
}

/** The place in the patient that the line below the panes names, mm to the right, front and top. */
export async function placeShown(page) {
  const text = await untilText(status(page).locator(".status__place"), /^[RL]/, 5_000);
  return [...text.replaceAll(",", "").matchAll(/([RLAPSI]) (\d+\.\d)/g)].map(([, letter, n]) => ("RAS".includes(letter) ? Number(n) : -Number(n)));
}

/** From places in the patient to a pane's pixels and slice, seen by pointing at three corners of it and one elsewhere. */
export async function mapping(page, name) {
  const { width, height } = await pane(page, name).boundingBox();
  const at = async (x, y) => {
    await crosshairAt(page, name, [x, y]);
    return placeShown(page);
  };
  const [x0, x1, y0, y1] = [width * 0.2, width * 0.8, height * 0.35, height * 0.65];
  const s0 = await sliceOf(page, name);
  const origin = await at(x0, y0);
  const right = (await at(x1, y0)).map((v, i) => (v - origin[i]) / (x1 - x0));
  const down = (await at(x0, y1)).map((v, i) => (v - origin[i]) / (y1 - y0));
  await toSlice(page, name, s0 + 6);
  const step = (await at(x0, y0)).map((v, i) => (v - origin[i]) / 6);
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const volume = dot(right, cross(down, step));
  return (world) => {
    const from = world.map((v, i) => v - origin[i]);
    return {
      at: [x0 + dot(from, cross(down, step)) / volume, y0 + dot(from, cross(step, right)) / volume],
      slice: s0 + dot(from, cross(right, down)) / volume,
    };
  };
}

/** Goes to a slice by its number, with the keys. */
export async function toSlice(page, name, wanted) {
  await pane(page, name).focus();
  const now = await sliceOf(page, name);
  for (let i = 0; i < Math.abs(wanted - now); i += 1) await page.keyboard.press(wanted > now ? "ArrowDown" : "ArrowUp");
  await until(`slice ${wanted} is shown`, async () => (await sliceOf(page, name)) === wanted, 5_000);
}

/** Drags through points of a pane. */
export async function strokeThrough(page, name, points) {
  const [first, ...rest] = await Promise.all(points.map((p) => inPane(page, name, p)));
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const at of rest) await page.mouse.move(...at);
  await page.mouse.up();
}

/** Asks the judge of labels; see judge_labels.py. */
export function labels(...args) {
  const script = path.join(ROOT, "tests/browser/judge_labels.py");
  return JSON.parse(execFileSync(judge("python"), [script, ...args], { encoding: "utf8" }));
}

export const PV = /^portal venous · pre/;
export const POST = /^portal venous · post/;
export const ART = /^late arterial · pre/;
export const WIDE = { context: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" } };

let made;
/** The demo study's archive and its truth: written once, by the page itself. */
export async function archiveOf(url) {
  if (!made) {
    const { page, context } = await open(url, WIDE);
    made = await demoArchive(page);
    // Out of the scratch folder of this test: later tests open it, too.
    const kept = path.join(tmpdir(), `hepatica-annotate-${process.pid}`);
    await mkdir(kept, { recursive: true });
    execFileSync("cp", ["-r", made.archive, made.truth, kept]);
    made = { archive: path.join(kept, path.basename(made.archive)), truth: path.join(kept, path.basename(made.truth)) };
    process.once("exit", () => execFileSync("rm", ["-rf", kept]));
    await context.close();
  }
  return made;
}

/** Goes to the room, and waits until it is there: a drop belongs to the room that is shown. */
export async function toAnnotate(page) {
  await room(page, "Annotate").click();
  await page.getByRole("main", { name: "Annotate" }).waitFor();
}

/** A page with the demo's archive dropped onto Annotate and its first case drawn. */
export async function annotating(options = WIDE) {
  const { url } = await servePlain();
  const { archive, truth } = await archiveOf(url);
  const opened = await open(url, options);
  await toAnnotate(opened.page);
  await drop(opened.page, archive);
  await untilDrawn(opened.page);
  // Codes are drawn anew with each key, and cases come in their order.
  await openSubject(opened.page, subjectWithLesions(archive));
  return { ...opened, url, archive, truth };
}

export const activeName = (page) => page.locator(".seg--active .seg__name > .cut").innerText();
export const volumeOf = async (page, name) => {
  const text = await page.locator(".seg", { has: page.locator(".seg__name", { hasText: name }) }).locator(".seg__ml").innerText();
  return text === "–" ? 0 : Number(text.replaceAll(",", ""));
};

/** Adds segments; gives back their names. */
export async function addSegments(page, ...kinds) {
  const names = page.locator(".seg__name > .cut");
  for (const kind of kinds) {
    const before = await names.count();
    await page.getByRole("button", { name: kind, exact: true }).click();
    await until("it is there", async () => (await names.count()) === before + 1);
  }
  return names.allInnerTexts();
}

/** The patient whose portal venous series is an image of its own. */
export function subjectWithLesions(archive) {
  const names = execFileSync("unzip", ["-Z1", archive], { encoding: "utf8" });
  return names.match(/^(sub-\w+)\/ses-01\/anat\/.*_acq-pv_.*\.nii\.gz$/m)[1];
}

/** Opens the case of a subject. */
export async function openSubject(page, subject) {
  const open = page.locator(".case--open .case__name");
  if ((await open.innerText()) === subject) return;
  await page.locator(".case__button", { hasText: subject }).click();
  await until("its case is open", async () => (await open.innerText()) === subject);
  await untilDrawn(page);
}
