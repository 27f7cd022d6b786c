/** What the annotator keeps, and what it says where it cannot: images, labels, readers, studies, a lost engine, a full disk. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { inWorker, killBrowser, scratch, servePlain, test, until } from "./harness.mjs";
import {
  PV, WIDE, addSegments, annotating, archiveOf, openSubject, pane, room, sliceOf, strokeThrough, subjectWithLesions, toAnnotate, toSlice,
  untilDrawn, volumeOf,
} from "./annotating.mjs";
import { drop, open } from "./steps.mjs";

/** Paints a line in the portal venous pane, and waits until it is labelled. */
async function paint(page, y) {
  const before = await volumeOf(page, "Segment 1");
  await pane(page, PV).focus();
  if ((await page.getByRole("button", { name: /^Paint/ }).getAttribute("aria-pressed")) !== "true") await page.keyboard.press("2");
  await strokeThrough(page, PV, [[60, y], [110, y]]);
  await until("the stroke is labelled", async () => (await volumeOf(page, "Segment 1")) > before);
}

const reader = (page) => page.getByRole("dialog", { name: "Reader, study and protocol" });

async function sitDown(page, code) {
  if (!(await reader(page).count())) await page.getByRole("button", { name: /^rater-/ }).click();
  await reader(page).getByLabel("Rater’s code").fill(code);
  await reader(page).getByRole("button", { name: "Sit down" }).click();
}

async function jsonFile(content) {
  const file = path.join(await scratch(), "file.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

test("a case goes on without its files after a crash, as it was left; every rater's labels are apart; forgotten, it is gone", async () => {
  const host = await servePlain();
  const { archive } = await archiveOf(host.url);
  const profile = await scratch();
  let { page } = await open(host.url, { ...WIDE, profile });
  await toAnnotate(page);
  await drop(page, archive);
  await untilDrawn(page);
  await openSubject(page, subjectWithLesions(archive));
  await page.getByText("Images kept in this browser").waitFor();
  await addSegments(page, "Segment");
  await paint(page, 170);
  const kept = await volumeOf(page, "Segment 1");
  await pane(page, PV).focus();
  const slice = (await sliceOf(page, PV)) - 4;
  await toSlice(page, PV, slice);
  await page.keyboard.press(".");
  await untilDrawn(page);
  const stage = await page.getByRole("combobox", { name: "Stage" }).inputValue();
  await page.waitForTimeout(500);
  await killBrowser(profile);

  ({ page } = await open(host.url, { ...WIDE, profile }));
  await toAnnotate(page);
  await page.getByRole("button", { name: /^Go on with/ }).click();
  await untilDrawn(page);
  await openSubject(page, subjectWithLesions(archive));
  await page.getByText("Segment 1").first().waitFor();
  assert.equal(await volumeOf(page, "Segment 1"), kept);
  assert.equal(await page.getByRole("combobox", { name: "Stage" }).inputValue(), stage, "the stage as it was left");
  await page.locator(".pane:visible").first().focus();
  await page.keyboard.press(",");
  await untilDrawn(page);
  assert.equal(await sliceOf(page, PV), slice, "the slice as it was left");
  await pane(page, PV).focus();
  await page.keyboard.press("z");
  await until("history came back, too", async () => (await volumeOf(page, "Segment 1")) === 0);
  await page.keyboard.press("y");
  await until("both ways", async () => (await volumeOf(page, "Segment 1")) === kept);

  await sitDown(page, "anna");
  await reader(page).getByText(/it must be no name/).waitFor();
  await sitDown(page, "b2");
  await reader(page).waitFor({ state: "detached" });
  await untilDrawn(page);
  await openSubject(page, subjectWithLesions(archive));
  await page.getByRole("button", { name: "rater-b2" }).waitFor();
  assert.equal(await page.locator(".seg").count(), 0, "another rater's labels are not shown");
  await sitDown(page, "a");
  await reader(page).waitFor({ state: "detached" });
  await untilDrawn(page);
  await openSubject(page, subjectWithLesions(archive));
  await until("the first rater's are back", async () => (await volumeOf(page, "Segment 1")) === kept);

  await page.getByRole("button", { name: "Forget what is kept…" }).click();
  await page.getByRole("button", { name: "Forget it" }).click();
  await page.getByText("Nothing of any case is left").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Go on with/ }).count(), 0);
  const left = await page.evaluate(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names.filter((name) => name.includes("annotate"));
  });
  assert.deepEqual(left, []);
}, { patience: 240_000 });

test("a lost engine, a second tab, a full disk: each is said, and no label is lost", async () => {
  const { page, context, url, archive } = await annotating();
  await addSegments(page, "Segment");
  await paint(page, 170);
  let kept = await volumeOf(page, "Segment 1");

  // An error that nobody caught, as a crash of the engine.
  await inWorker(page, "engine-worker.js", () => void setTimeout(() => { throw new Error("lost"); }));
  await page.getByRole("heading", { name: "The engine stopped" }).waitFor();
  await page.getByRole("button", { name: "Open them again" }).click();
  await untilDrawn(page);
  await openSubject(page, subjectWithLesions(archive));
  await until("labels are back", async () => (await page.locator(".seg").count()) === 1 && (await volumeOf(page, "Segment 1")) === kept);
  await page.getByText("every stroke kept").waitFor();

  const second = await context.newPage();
  await second.goto(url);
  await second.getByRole("button", { name: /^sealed/ }).waitFor();
  await toAnnotate(second);
  await drop(second, archive);
  await untilDrawn(second);
  await openSubject(second, subjectWithLesions(archive));
  await second.getByText("This case is open in another tab").first().waitFor();
  await second.close();
  await page.bringToFront();

  // The disk is full: from here on nothing can be written.
  await inWorker(page, "engine-worker.js", () => {
    const { prototype } = FileSystemSyncAccessHandle;
    globalThis.written = prototype.write;
    prototype.write = () => {
      throw new DOMException("", "QuotaExceededError");
    };
  });
  await paint(page, 200);
  await page.getByText("The browser's storage is full").first().waitFor();
  await page.getByText("strokes not kept").waitFor();
  await inWorker(page, "engine-worker.js", () => {
    FileSystemSyncAccessHandle.prototype.write = globalThis.written;
  });
  await paint(page, 220);
  await page.getByText("every stroke kept").waitFor();
  kept = await volumeOf(page, "Segment 1");
  await page.getByRole("button", { name: "Close these cases" }).click();
  await drop(page, archive);
  await untilDrawn(page);
  await openSubject(page, subjectWithLesions(archive));
  await until("the stroke made while it was full is there, too", async () => (await page.locator(".seg").count()) === 1 && (await volumeOf(page, "Segment 1")) === kept);
}, { patience: 240_000 });

test("a study lays down what is read and shown; a study or protocol that errs is refused with its place", async () => {
  const { page, archive } = await annotating();
  await addSegments(page, "Segment");
  await paint(page, 170);
  await page.getByRole("button", { name: /^rater-/ }).click();
  const say = async (field, content, pattern) => {
    await reader(page).getByLabel(field).setInputFiles(await jsonFile(content));
    await reader(page).getByText(pattern).waitFor();
  };
  await say("Study file", { schema: "hepatica-study/1", id: "s", sed: 1 }, /unknown field `sed`/);
  await say("Study file", { schema: "hepatica-study/1", id: "s", cases: ["sub-nobody"] }, /one of the study's cases is in this data set/);
  await say("Hanging protocol file", { schema: "hepatica-hanging/1", id: "x", rols: {} }, /rols: unknown field/i);
  const protocol = {
    schema: "hepatica-hanging/1", id: "own", title: "My own", timepoints: ["pre", "post"], minScore: 1, tieBreak: [],
    roles: { portal_venous: { require: [], score: [{ when: { words: ["pv"] }, weight: 3 }] }, arterial_late: { require: [], score: [{ when: { words: ["art"] }, weight: 3 }] } },
    stages: [{ id: "two", title: "Two phases", rows: ["pre"], columns: ["arterial_late", "portal_venous"] }],
  };
  await reader(page).getByLabel("Hanging protocol file").setInputFiles(await jsonFile(protocol));
  await until("it hangs by it", async () => (await page.getByRole("combobox", { name: "Hanging protocol" }).inputValue()) === "own");
  await page.keyboard.press("Escape");
  await untilDrawn(page);
  await page.getByRole("button", { name: /^rater-/ }).click();

  const study = {
    schema: "hepatica-study/1", id: "readers", title: "Two readings", order: { seed: 3 }, repeats: { count: 1 },
    show: { timePoint: false, guidance: false, volumes: false },
  };
  await reader(page).getByLabel("Study file").setInputFiles(await jsonFile(study));
  await reader(page).waitFor({ state: "detached" });
  await untilDrawn(page);
  const names = await page.locator(".case__name").allInnerTexts();
  assert.deepEqual(names, ["case 01", "case 02", "case 03", "case 04", "case 05"], "two subjects, two sessions each, one of them again");
  const text = await page.getByRole("main", { name: "Annotate" }).innerText();
  assert.ok(!/sub-|ses-|· post/.test(text), text.slice(0, 400));
  await page.locator(".pane:visible").first().focus();
  await page.keyboard.press("6");
  await page.getByRole("region", { name: "Grow from seeds" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Next best stroke" }).count(), 0);
  await room(page, "Deliver").click();
  await page.getByText("The study shows measures once the case is done").waitFor();
  await room(page, "Annotate").click();

  await page.getByRole("button", { name: /^rater-/ }).click();
  await reader(page).getByRole("button", { name: "Leave the study" }).click();
  await reader(page).waitFor({ state: "detached" });
  await untilDrawn(page);
  await openSubject(page, subjectWithLesions(archive));
  await page.getByText("Segment 1").first().waitFor();
}, { patience: 240_000 });
