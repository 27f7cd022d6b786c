/** GrowCut in the page's engine: grown in steps, cancelled, stroked, undone, and equal to the command line. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import path from "node:path";
import { browser, scratch, serveSealed, test, untilSealed } from "./harness.mjs";
import { giveVolume, makeVolume, openLine, voxelsOf } from "./growing.mjs";

const SIZE = [72, 64, 40];
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The page with a noisy phantom in it, and what the command line makes of that. */
async function begun() {
  const volume = makeVolume(path.join(await scratch(), "noisy"), SIZE, 10);
  const { url } = await serveSealed();
  const context = await browser();
  const page = await context.newPage();
  await page.goto(url);
  await untilSealed(page);
  await openLine(page);
  await giveVolume(page, volume);
  const native = (...more) => {
    const out = path.join(path.dirname(volume.image), "labels.nii.gz");
    const words = ["growcut", volume.image, "--seeds", volume.seeds, "--out", out, "--json", ...more];
    const said = JSON.parse(execFileSync(process.env.HEPATICA_PROGRAM, words, { encoding: "utf8" }));
    return { ...said, hash: digest(voxelsOf(out)) };
  };
  return { page, native };
}

test("GrowCut in the page equals the command line, byte for byte, in every order and width of key", async () => {
  const { page, native } = await begun();
  for (const [locality, strict] of [[0, false], [1, false], [0, true]]) {
    const here = await page.evaluate(
      async ([locality, strict]) => {
        const { grow } = window;
        const summary = await grow.ask("growBegin", grow.volume(locality, strict));
        const outcome = await grow.ask("grow");
        return { summary, outcome, hash: await grow.hash() };
      },
      [locality, strict],
    );
    const there = native("--locality", String(locality), ...(strict ? ["--strict"] : []));
    assert.equal(here.hash, there.hash, `locality ${locality}, strict ${strict}`);
    assert.equal(here.outcome.done, true);
    assert.equal(here.outcome.key, there.key);
    assert.deepEqual(here.summary.labels, there.labels);
    assert.equal(here.summary.voxels, SIZE[0] * SIZE[1] * SIZE[2]);
  }
});

test("GrowCut stops when it is told to, shows what is valid, and goes on from there", async () => {
  const { page, native } = await begun();
  const found = await page.evaluate(async () => {
    const { grow } = window;
    await grow.ask("growBegin", grow.volume(1, true));
    const running = grow.ask("grow");
    await grow.ask("growCancel");
    const stopped = await running;
    const partial = new Uint8Array(await grow.ask("growLabels", grow.whole));
    const seeds = grow.seeds;
    const kept = seeds.every((seed, i) => seed === 0 || partial[i] === seed);
    const empty = partial.reduce((sum, label) => sum + Number(label === 0), 0);
    let outcome = stopped;
    while (!outcome.done) outcome = await grow.ask("grow");
    return { stopped, kept, empty, hash: await grow.hash() };
  });
  assert.equal(found.stopped.done, false, "it was cancelled before its end");
  assert.equal(found.kept, true, "every seed has its label while it grows");
  assert.ok(found.empty > 0, "not all was grown yet");
  assert.equal(found.hash, native("--locality", "1", "--strict").hash);
});

test("GrowCut after strokes, before the last is grown too, equals a full solve; undo equals before", async () => {
  const { page } = await begun();
  const found = await page.evaluate(async () => {
    const { grow } = window;
    const fresh = async () => {
      await grow.ask("growBegin", grow.volume(0));
      await grow.ask("grow");
      return grow.hash();
    };
    const before = await fresh();
    const ball = await grow.ball([30, 30, 20], 6, 3);
    const shown = new Uint8Array(await grow.ask("growLabels", grow.whole));
    const { changed } = await grow.stroke(ball.box, ball.now);
    const added = await grow.hash();
    const after = new Uint8Array(await grow.ask("growLabels", grow.whole));
    const [nx, ny] = grow.dims;
    const outside = after.findIndex((label, i) => {
      const at = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
      return label !== shown[i] && at.some((c, a) => c < changed.low[a] || c >= changed.high[a]);
    });
    const other = await grow.ball([34, 28, 20], 6, 1);
    await grow.stroke(other.box, other.now);
    await grow.stroke(other.box, other.before);
    const back = await grow.hash();
    await grow.stroke(ball.box, ball.before);
    const undone = await grow.hash();
    // Two at once, the second asked for while the first is not grown.
    await grow.ask("growStroke", { box: ball.box, seeds: ball.now.buffer.slice(0) });
    await grow.stroke(ball.box, ball.before);
    const quick = await grow.hash();
    await grow.stroke(ball.box, ball.now);
    const live = await grow.hash();
    return { before, added, back, undone, quick, live, outside, full: await fresh() };
  });
  assert.notEqual(found.added, found.before);
  assert.equal(found.outside, -1, "labels change within the box that is said to have changed");
  assert.equal(found.back, found.added);
  assert.equal(found.undone, found.before);
  assert.equal(found.quick, found.before);
  assert.equal(found.live, found.added);
  assert.equal(found.full, found.live);
});

test("GrowCut under another mask equals a segmentation begun under it", async () => {
  const { page } = await begun();
  const found = await page.evaluate(async () => {
    const { grow } = window;
    const [nx, ny] = grow.dims;
    const mask = grow.seeds.map((_, i) => Number(i % nx > 8 && (Math.floor(i / nx) % ny) + (i % nx) < 110));
    await grow.ask("growBegin", grow.volume(0));
    await grow.ask("grow");
    const before = await grow.hash();
    await grow.ask("growMask", { mask: mask.buffer.slice(0) });
    await grow.ask("grow");
    const masked = await grow.hash();
    await grow.ask("growMask", { mask: null });
    await grow.ask("grow");
    const unmasked = await grow.hash();
    await grow.ask("growBegin", { ...grow.volume(0), mask: mask.buffer.slice(0) });
    await grow.ask("grow");
    return { before, masked, unmasked, fresh: await grow.hash() };
  });
  assert.equal(found.masked, found.fresh);
  assert.notEqual(found.masked, found.before);
  assert.equal(found.unmasked, found.before);
});

test("GrowCut says how sure it is and where the next stroke tells most", async () => {
  const { page } = await begun();
  const found = await page.evaluate(async () => {
    const { grow } = window;
    await grow.ask("growBegin", grow.volume(0));
    await grow.ask("grow");
    const margins = new Float32Array(await grow.ask("growMargin", grow.whole));
    const next = await grow.ask("growNext", { under: 10 });
    const none = await grow.ask("growNext", { under: 0 });
    const [x, y, z] = next.place;
    const at = (z * grow.dims[1] + y) * grow.dims[0] + x;
    const inside = next.place.every((c, a) => c >= next.low[a] && c < next.high[a]);
    return { least: margins.reduce((a, b) => Math.min(a, b)), there: margins[at], seeded: grow.seeds[at], next, none, inside };
  });
  assert.ok(found.least >= 0);
  assert.equal(found.there, found.next.margin, "the map and the advice speak of one margin");
  assert.ok(found.there < 10 && found.inside && found.next.voxels > 1, JSON.stringify(found.next));
  assert.equal(found.seeded, 0);
  assert.equal(found.none, null, "no margin is below nothing");
});

test("GrowCut grows on the first image alone where a second lies apart, and says so", async () => {
  const { page } = await begun();
  const found = await page.evaluate(async () => {
    const { grow } = window;
    const asked = grow.volume(0);
    const [{ voxels }] = asked.channels;
    const moved = (by) => {
      const values = new Int16Array(voxels.slice(0));
      return { type: "i16", voxels: values.map((_, i) => values[Math.max(0, i - by)]).buffer };
    };
    const begin = async (second, more = {}) => {
      const channels = [asked.channels[0], second];
      const summary = await grow.ask("growBegin", { ...asked, channels, options: { ...asked.options, ...more } });
      await grow.ask("grow");
      return { images: summary.images, apart: summary.apart, hash: await grow.hash() };
    };
    await grow.ask("growBegin", asked);
    await grow.ask("grow");
    const alone = await grow.hash();
    return { alone, near: await begin(moved(0)), far: await begin(moved(7)), all: await begin(moved(7), { allImages: true }) };
  });
  assert.deepEqual([found.near.images, found.near.apart], [2, null]);
  assert.equal(found.far.images, 1);
  assert.equal(found.far.apart.image, 2);
  assert.ok(Math.abs(found.far.apart.voxels - 7) <= 1, JSON.stringify(found.far));
  assert.equal(found.far.hash, found.alone);
  assert.equal(found.all.images, 2);
  assert.notEqual(found.all.hash, found.alone);
});

test("GrowCut names what is wrong with seeds", async () => {
  const { page } = await begun();
  const said = await page.evaluate(async () => {
    const { grow } = window;
    const refused = (change) => grow.ask("growBegin", { ...grow.volume(0), ...change }).then(() => "none", (reason) => reason.message);
    const one = grow.seeds.map((seed) => (seed === 2 ? 2 : 0));
    return {
      one: await refused({ seeds: one.buffer.slice(0) }),
      none: await refused({ seeds: new ArrayBuffer(grow.seeds.length) }),
      budget: await refused({ options: { region: "whole", budget: 1000 } }),
    };
  });
  assert.match(said.one, /^seeds: .*2/);
  assert.match(said.none, /^seeds: /);
  assert.match(said.budget, /^memory: .*\d/);
});
