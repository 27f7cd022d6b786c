/** Cases hung in panes by the engine: opened from folder and zip, drawn, linked. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { browser, judge, scratch, screenshot, serveSealed, test, untilSealed } from "./harness.mjs";
import { filesBelow, giveFiles, makeDataSet, openCases, seenIn } from "./cases.mjs";

async function begun(context) {
  const { url } = await serveSealed();
  const opened = await browser(context);
  const page = await opened.newPage();
  await page.goto(url);
  await untilSealed(page);
  await openCases(page);
  return page;
}

test("a data set's case hangs itself in eight panes, which scroll, zoom and window together", async () => {
  const folder = await scratch();
  const dataset = makeDataSet(folder);
  const page = await begun({ context: { viewport: { width: 1280, height: 800 } } });
  await giveFiles(page, filesBelow(dataset));
  const list = await page.evaluate(async () => (window.cases.list = await window.cases.ask("openCases", { files: window.cases.files })));
  assert.equal(list.cases.length, 2);
  assert.equal(list.protocol, "liver-mri-pre-post");
  assert.deepEqual(list.cases[0].sessions.map((s) => s.timePoint), ["pre", "post"]);
  const view = await page.evaluate(async () => {
    const { cases } = window;
    await cases.panes(2, 4, 310, 390);
    // One scanner of the phantom's two writes every phase of the dynamic series as such.
    for (let index = 0; index < 2; index += 1) {
      cases.volumes.clear();
      cases.view = await cases.ask("openCase", { case: index });
      if (cases.view.panes.every((p) => p.volume !== null)) break;
    }
    await cases.settled();
    return cases.view;
  });
  await screenshot(page, "panes-dynamic");
  assert.equal(view.panes.length, 8);
  assert.equal(view.stages[0].id, "dynamic");
  assert.ok(view.panes.every((p) => p.volume !== null), "every pane has its volume");
  const states = () => page.evaluate(() => [...window.cases.states.values()].sort((a, b) => a.pane - b.pane));
  const first = await states();
  assert.equal(first.length, 8);
  for (const state of first) {
    assert.equal(state.letters[0][0], "R", "the patient's right is on the left");
    assert.equal(state.letters[2][0], "A");
    assert.equal(state.outside, false);
    const [{ shades }] = await seenIn(page, [{ pane: state.pane }]);
    assert.ok(shades > 50, `pane ${state.pane} shows an image`);
  }
  const [before] = await seenIn(page, [{ pane: 1 }]);
  await page.evaluate(async () => {
    await window.cases.ask("gesture", { pane: 0, gesture: { kind: "scroll", slices: 3 } });
    await new Promise((go) => setTimeout(go, 100));
  });
  const scrolled = await states();
  for (const pane of [0, 1, 2, 3]) assert.equal(scrolled[pane].slice, first[pane].slice + 3, `pane ${pane} follows`);
  for (const pane of [4, 5, 6, 7]) assert.equal(scrolled[pane].slice, first[pane].slice, "the other study has a frame of its own");
  assert.notDeepEqual(await seenIn(page, [{ pane: 1 }]), [before]);
  // Lined up, both studies scroll together.
  await page.evaluate(async () => {
    await window.cases.ask("gesture", { pane: 0, gesture: { kind: "align" } });
    await window.cases.ask("gesture", { pane: 0, gesture: { kind: "scroll", slices: -2 } });
    await window.cases.ask("gesture", { pane: 2, gesture: { kind: "zoom", at: [155, 195], factor: 2 } });
    await window.cases.ask("gesture", { pane: 1, gesture: { kind: "window", by: [-60, 20] } });
    await window.cases.ask("gesture", { pane: 0, gesture: { kind: "crosshair", at: [200, 150] } });
    await new Promise((go) => setTimeout(go, 100));
  });
  const after = await states();
  for (const pane of [4, 5, 6, 7]) assert.notEqual(after[pane].slice, first[pane].slice);
  for (const state of after) assert.ok(Math.abs(state.pixelsPerMm / first[state.pane].pixelsPerMm - 2) < 1e-9);
  assert.ok(after[1].window.width < first[1].window.width && after[5].window.width < first[5].window.width, "the window goes by role");
  assert.equal(after[2].window.width, first[2].window.width);
  for (const pane of [0, 1, 2, 3]) assert.ok(Math.hypot(after[pane].crosshair[0] - 200, after[pane].crosshair[1] - 150) < 1e-6);
  await screenshot(page, "panes-linked");
});

test("loose files hang in three planes, the patient's right on the left whatever the affine", async () => {
  const folder = await scratch();
  const script = path.join(import.meta.dirname, "../judges/view_volumes.py");
  execFileSync(judge("python"), ["-B", script, folder]);
  const page = await begun({});
  await page.evaluate(() => window.cases.panes(2, 2, 300, 300));
  const truth = JSON.parse(readFileSync(path.join(folder, "truth.json"), "utf8"));
  for (const [name, expected] of Object.entries(truth)) {
    await giveFiles(page, [{ path: `${name}.nii.gz`, at: path.join(folder, `${name}.nii.gz`) }]);
    const view = await page.evaluate(async () => {
      const { cases } = window;
      cases.volumes.clear();
      await cases.ask("openCases", { files: cases.files });
      cases.view = await cases.ask("openCase", { case: 0 });
      await cases.settled();
      await cases.ask("display", { labels: true, outline: false, opacity: 0.5, interpolate: false, colours: "grey", linked: true, margin: false });
      await cases.ask("gesture", { pane: 0, gesture: { kind: "setWindow", width: 4, level: 2 } });
      return cases.view;
    });
    assert.equal(view.panes.length, 4);
    assert.equal(view.panes[3].surface, true);
    for (const { world, value } of expected) {
      // Every pane shows, at its crosshair, the value that nibabel finds at that place of the patient.
      const seen = await page.evaluate(async (world) => {
        const { cases } = window;
        await cases.ask("gesture", { pane: 0, gesture: { kind: "goto", world } });
        await new Promise((go) => setTimeout(go, 60));
        return [0, 1, 2].map((pane) => cases.states.get(pane));
      }, world);
      const shown = await seenIn(page, seen.map(({ pane, crosshair }) => ({ pane, at: crosshair })));
      for (const [i, state] of seen.entries()) {
        assert.equal(state.value, value, `${name}: pane ${state.pane} at ${world}`);
        const { red } = shown[i];
        assert.ok(Math.abs(red - Math.min(255, value * 63.75)) <= 1, `${name}: pane ${state.pane} shows ${red} for ${value}`);
      }
    }
  }
});

test("strokes through panes are labels: journalled, brought back, measured, saved and taken up again", async () => {
  const folder = await scratch();
  const script = path.join(import.meta.dirname, "../judges/view_volumes.py");
  execFileSync(judge("python"), ["-B", script, folder]);
  const { url } = await serveSealed();
  const context = await browser();
  const begin = async () => {
    const page = await context.newPage();
    await page.goto(url);
    await untilSealed(page);
    await openCases(page);
    await page.evaluate(() => window.cases.panes(2, 2, 300, 300));
    await giveFiles(page, [{ path: "sub-1/anat/sub-1_T1w.nii.gz", at: path.join(folder, "oblique.nii.gz") }]);
    await page.evaluate(async () => {
      const { cases } = window;
      await cases.ask("openCases", { files: cases.files });
      cases.view = await cases.ask("openCase", { case: 0 });
      await cases.settled();
      while (!cases.editor) await new Promise((go) => setTimeout(go, 20));
    });
    return page;
  };
  const page = await begin();
  const painted = await page.evaluate(async () => {
    const { cases } = window;
    await cases.ask("segment", { kind: "add", name: "Lesion 1", lesion: true });
    await cases.ask("options", { brush: { diameter: 12, sphere: true } });
    const stroke = (phase, points) => cases.ask("stroke", { pane: 0, tool: "paint", phase, points, inverted: false });
    await stroke("begin", [150, 150]);
    await stroke("move", [170, 150, 180, 160]);
    const editor = await stroke("end", []);
    await new Promise((go) => setTimeout(go, 200));
    return editor;
  });
  assert.equal(painted.segments.length, 1);
  assert.ok(painted.segments[0].volume > 0.5, `${painted.segments[0].volume} ml`);
  assert.equal(painted.journal.kept, true, painted.journal.trouble);
  // The colour lies over the image where the pen was, in the plane's own pane; and in 3D.
  const colours = await page.evaluate(() => {
    const at = (pane, x, y) => {
      const canvas = document.querySelectorAll("#panes canvas")[pane];
      const copy = new OffscreenCanvas(300, 300);
      copy.getContext("2d").drawImage(canvas, 0, 0);
      return [...copy.getContext("2d").getImageData(x, y, 1, 1).data];
    };
    return { pen: at(0, 170, 150), far: at(0, 60, 150), surface: at(3, 150, 150) };
  });
  const spread = ([r, g, b]) => Math.max(r, g, b) - Math.min(r, g, b);
  assert.ok(spread(colours.pen) > 30, `under the pen ${colours.pen}`);
  assert.equal(spread(colours.far), 0, `elsewhere ${colours.far}`);
  assert.ok(spread(colours.surface) > 30, `the surface ${colours.surface}`);
  await screenshot(page, "panes-planes");
  // A second tab is told that the case is taken, and writes nothing.
  const second = await begin();
  const taken = await second.evaluate(() => ({ editor: window.cases.editor, segments: window.cases.editor.segments.length }));
  assert.equal(taken.editor.journal.kept, false);
  assert.match(taken.editor.journal.trouble, /another tab/);
  await second.close();
  await page.close();

  const again = await begin();
  const back = await again.evaluate(async () => {
    const { cases } = window;
    const undone = await cases.ask("undo");
    const redone = await cases.ask("redo");
    const measured = await cases.ask("measure");
    const states = [...cases.states.values()].find((s) => s.pane === 0);
    const saved = await cases.ask("saveLabels", { as: "nifti", asOne: false });
    const nrrd = await cases.ask("saveLabels", { as: "nrrd", asOne: false });
    const bytes = (file) => Array.from(new Uint8Array(file.bytes));
    return { first: cases.editor, undone, redone, measured, lines: states.lines, files: [...saved, ...nrrd].map((f) => ({ path: f.path, bytes: bytes(f) })) };
  });
  assert.equal(back.redone.segments[0].volume, painted.segments[0].volume, "the stroke came back");
  assert.equal(back.undone.segments[0].volume, 0, "and can be undone");
  assert.ok(back.measured[0].longest.mm > 12 && back.measured[0].longest.mm < 60);
  assert.equal(back.measured[0].means.length, 1);
  assert.deepEqual(back.files.map((f) => f.path), [
    "derivatives/rater-a/sub-1/anat/sub-1_desc-lesions_dseg.nii.gz",
    "derivatives/rater-a/sub-1/anat/sub-1_desc-lesions_dseg.tsv",
    "derivatives/rater-a/sub-1/anat/sub-1_desc-lesions_measurements.json",
    "derivatives/rater-a/dataset_description.json",
    "derivatives/rater-a/sub-1/anat/sub-1_desc-lesions.seg.nrrd",
  ]);
});
