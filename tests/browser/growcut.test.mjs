/** GrowCut in the page's engine: the same labels as the command line's, live, in steps, and sure or not. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import path from "node:path";
import { ROOT, scratch, serveSealed, test } from "./harness.mjs";
import { giveVolume, makeVolume, openLine, voxelsOf } from "./growing.mjs";
import { open } from "./steps.mjs";

const SIZE = [72, 64, 40];

test("GrowCut in the page equals the command line; strokes equal a full solve, and undo what was", async () => {
  const folder = await scratch();
  const volume = makeVolume(folder, SIZE, 10);
  const program = process.env.HEPATICA_PROGRAM ?? path.join(ROOT, "target/debug/hepatica");
  const out = path.join(folder, "labels.nii.gz");
  execFileSync(program, ["growcut", volume.image, "--seeds", volume.seeds, "--out", out]);
  const native = createHash("sha256").update(voxelsOf(out)).digest("hex");

  const { url } = await serveSealed();
  const { page, said } = await open(url);
  const seen = await openLine(page);
  assert.equal(seen.flavour, "threads");
  await giveVolume(page, volume);
  const first = await page.evaluate(async () => {
    const { grow } = window;
    const summary = await grow.ask("growBegin", grow.volume(0));
    const outcome = await grow.ask("grow");
    return { summary, outcome, hash: await grow.hash() };
  });
  assert.deepEqual(first.summary.labels, [1, 2, 3, 4]);
  assert.equal(first.outcome.key, "u16");
  assert.equal(first.outcome.done, true);
  assert.equal(first.hash, native, "page and command line give the same labels, byte for byte");

  const edited = await page.evaluate(async () => {
    const { grow } = window;
    const middle = grow.dims.map((n) => n >> 1);
    const painted = await grow.ball(middle, 5, 3);
    const stroke = await grow.stroke(painted.box, painted.now);
    const live = await grow.hash();
    await grow.stroke(painted.box, painted.before);
    const undone = await grow.hash();
    await grow.stroke(painted.box, painted.now);
    await grow.ask("growBegin", grow.volume(0));
    await grow.ask("grow");
    return { stroke, live, undone, full: await grow.hash() };
  });
  assert.equal(edited.stroke.done, true);
  assert.notEqual(edited.live, first.hash);
  assert.equal(edited.undone, first.hash, "undone is as before");
  assert.equal(edited.live, edited.full, "live is what growing anew gives");

  const sure = await page.evaluate(async () => {
    const { grow } = window;
    const margin = new Float32Array(await grow.ask("growMargin", grow.whole));
    const next = await grow.ask("growNext", { under: 20 });
    const at = (next.place[2] * grow.dims[1] + next.place[1]) * grow.dims[0] + next.place[0];
    return { next, there: margin[at], least: margin.reduce((a, b) => Math.min(a, b)), length: margin.length };
  });
  assert.equal(sure.length, SIZE[0] * SIZE[1] * SIZE[2]);
  assert.ok(Math.abs(sure.there - sure.next.margin) < 1e-3 && sure.least >= 0 && sure.next.voxels > 0);
  assert.deepEqual(said.filter((line) => line.startsWith("error")), []);
});

test("GrowCut in the page can be cancelled, goes on, and says why it refuses", async () => {
  const volume = makeVolume(await scratch(), [96, 96, 60], 10);
  const { url } = await serveSealed();
  const { page } = await open(url);
  await openLine(page);
  await giveVolume(page, volume);
  const seen = await page.evaluate(async () => {
    const { grow } = window;
    await grow.ask("growBegin", grow.volume(0));
    const running = grow.ask("grow");
    await grow.ask("growCancel");
    const stopped = await running;
    const part = new Uint8Array(await grow.ask("growLabels", grow.whole));
    const reached = part.reduce((n, label) => n + (label > 0), 0);
    const rest = await grow.ask("grow");
    const hash = await grow.hash();
    await grow.ask("growBegin", grow.volume(0));
    await grow.ask("grow");
    const refusal = (what) => grow.ask("growBegin", what).then(() => "none", (fault) => fault.message);
    const empty = await refusal({ ...grow.volume(0), seeds: new ArrayBuffer(grow.seeds.length) });
    const small = await refusal({ ...grow.volume(0), options: { budget: 1000 } });
    const odd = await refusal({ ...grow.volume(0), options: { metric: "slicers" } });
    return { stopped, reached, all: part.length, rest, same: hash, again: null, empty, small, odd };
  });
  assert.equal(seen.stopped.done, false);
  assert.ok(seen.reached > 0 && seen.reached < seen.all, `${seen.reached} of ${seen.all} voxels had labels`);
  assert.equal(seen.rest.done, true);
  assert.match(seen.empty, /^seeds: there are no seeds/);
  assert.match(seen.small, /^memory: .*needs \d+ bytes, and the budget is 1000/);
  assert.match(seen.odd, /^growcut: .*this metric/);
});
