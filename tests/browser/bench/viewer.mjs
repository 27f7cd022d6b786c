/**
 * The viewer: a case of eight series (320×260×72) from an archive, hung, scrolled, painted on while it grows.
 *
 *     cargo xtask bench viewer [--times 3] [--archive FILE.zip] [--markdown FILE]
 *
 * In Chromium, panes of 358×398 pixels as on a screen of 1440×900. Opening: from asking for the case to the
 * pixels of a pane written into its canvas. Scrolling: from the entry of the worker's handler to the last
 * pane's pixels written, one question for every frame of the screen; a frame is missed where those pixels
 * were not there before the next one. Strokes: the same for a part of a brush stroke, while it grows from seeds.
 * The published pipeline took 5.2 s for opening a case automated, 71.5 s by hand.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT, browser, closeAll, serveSealed, untilSealed } from "../harness.mjs";
import { giveFiles, openCases } from "../cases.mjs";

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const times = Number(argument("times", "3"));
const place = path.join(ROOT, "target/bench/viewer");
const archive = argument("archive", path.join(place, "full.zip"));
const program = process.env.HEPATICA_PROGRAM;
const SIZE = [358, 398];
const say = (text) => console.log(text);
const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[values.length >> 1];
const at95 = (values) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * 0.95))];
const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** Watches the worker from within: when questions come in, and when pixels are written. */
function watch() {
  const seen = (globalThis.seen = { asked: [], put: [], frames: [] });
  addEventListener("message", ({ data }) => data?.kind === "ask" && seen.asked.push([performance.now(), data.call]), true);
  const put = OffscreenCanvasRenderingContext2D.prototype.putImageData;
  OffscreenCanvasRenderingContext2D.prototype.putImageData = function (...all) {
    put.apply(this, all);
    seen.put.push(performance.now());
  };
  const frame = (now) => {
    seen.frames.push(now);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

const clear = () => {
  for (const list of Object.values(globalThis.seen)) list.length = 0;
};

/** From each question to the last pixels written before the next. */
function answered({ asked, put, frames }, call) {
  const mine = asked.filter(([, name]) => name === call).map(([at]) => at);
  const taken = [];
  let missed = 0;
  for (const [i, at] of mine.entries()) {
    const next = mine[i + 1] ?? Infinity;
    const last = put.filter((t) => t > at && t < next).at(-1);
    if (last === undefined) continue;
    taken.push(last - at);
    const frame = frames.find((t) => t > at);
    if (frame !== undefined && last > frame + 17) missed += 1;
  }
  return { taken, missed };
}

const rows = [];
try {
  await mkdir(place, { recursive: true });
  if (!existsSync(archive)) {
    const phantom = path.join(place, "phantom");
    execFileSync(program, ["phantom", "--out", phantom, "--patients", "1", "--seed", "7", "--scale", "1", "--no-truth"], { stdio: "pipe" });
    execFileSync(program, ["convert", path.join(phantom, "dicom"), "--out", archive], { stdio: "pipe" });
  }
  const { url } = await serveSealed();
  const context = await browser({ context: { viewport: { width: 1440, height: 900 } } });
  const page = await context.newPage();
  await page.goto(url);
  await untilSealed(page);
  await openCases(page);
  // The page's own engine is the first worker of that name; ours is the last.
  const worker = page.workers().filter((w) => w.url().endsWith("engine-worker.js")).at(-1);
  await worker.evaluate(watch);
  await page.evaluate(() => {
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
  });
  await giveFiles(page, [{ path: "dataset.zip", at: path.resolve(archive) }]);
  await page.evaluate(([width, height]) => window.cases.panes(2, 4, width, height), SIZE);

  const opened = [];
  for (let time = 0; time < times; time += 1) {
    await page.evaluate(() => window.cases.ask("openCases", { files: window.cases.files }));
    await page.evaluate(() => window.cases.volumes.clear());
    await worker.evaluate(clear);
    await page.evaluate(async () => {
      window.cases.view = await window.cases.ask("openCase", { case: 0 });
      await window.cases.settled();
    });
    const seen = await worker.evaluate(() => globalThis.seen);
    const began = seen.asked.find(([, call]) => call === "openCase")[0];
    // A pane is painted first black; what counts is a picture with its volume.
    const told = await page.evaluate(() => window.cases.times.length);
    const ready = seen.put.filter((t) => t > began);
    opened.push({ first: await firstPainted(page, worker, began, ready), all: ready.at(-1) - began, told });
  }
  const first = median(opened.map((o) => o.first));
  const all = median(opened.map((o) => o.all));
  rows.push(["first pane painted", ms(first), "≤ 300 ms"], ["all eight panes painted", ms(all), "≤ 1 s"]);
  say(`open: first pane ${ms(first)}, all ${ms(all)}`);

  // Everything else of the case is read before hands are measured.
  await page.waitForTimeout(8_000);
  for (const link of ["unlinked studies", "lined up"]) {
    if (link === "lined up") await page.evaluate(() => window.cases.ask("gesture", { pane: 0, gesture: { kind: "align" } }));
    await page.waitForTimeout(300);
    await worker.evaluate(clear);
    await page.evaluate(async () => {
      const frame = () => new Promise((go) => requestAnimationFrame(go));
      for (let i = 0; i < 240; i += 1) {
        await frame();
        void window.cases.ask("gesture", { pane: 0, gesture: { kind: "scroll", slices: Math.floor(i / 40) % 2 === 0 ? 1 : -1 } });
      }
      await new Promise((go) => setTimeout(go, 300));
    });
    const { taken, missed } = answered(await worker.evaluate(() => globalThis.seen), "gesture");
    const panes = link === "lined up" ? "eight" : "four";
    rows.push([`scrolling ${panes} linked panes: median`, ms(median(taken)), "≤ 8 ms"], ["95th percentile", ms(at95(taken)), "≤ 16 ms"]);
    rows.push(["frames missed", `${missed} of ${taken.length}`, ""]);
    say(`scroll (${link}): median ${ms(median(taken))}, 95 % ${ms(at95(taken))}, missed ${missed} of ${taken.length}`);
  }

  // Two segments with seeds, growing, and a brush that goes on.
  await page.evaluate(async () => {
    const { cases } = window;
    await cases.ask("segment", { kind: "add", name: "lesion", lesion: true });
    const draw = async (tool, points) => {
      await cases.ask("stroke", { pane: 2, tool, phase: "begin", points: points[0], inverted: false });
      for (const p of points.slice(1)) await cases.ask("stroke", { pane: 2, tool, phase: "move", points: p, inverted: false });
      await cases.ask("stroke", { pane: 2, tool, phase: "end", points: [], inverted: false });
    };
    cases.draw = draw;
    await draw("paint", [[120, 200], [124, 204], [130, 206]]);
    await cases.ask("segment", { kind: "add", name: "background", lesion: false });
    await draw("paint", [[60, 120], [90, 110], [160, 110]]);
    await draw("paint", [[70, 260], [120, 270], [180, 250]]);
    await cases.ask("tool", { tool: "grow" });
    await new Promise((go) => setTimeout(go, 6_000));
  });
  await worker.evaluate(clear);
  await page.evaluate(async () => {
    const { cases } = window;
    const frame = () => new Promise((go) => requestAnimationFrame(go));
    const at = (i) => [100 + 40 * Math.sin(i / 9), 180 + 30 * Math.cos(i / 7)];
    await cases.ask("stroke", { pane: 2, tool: "paint", phase: "begin", points: at(0), inverted: false });
    for (let i = 1; i < 180; i += 1) {
      await frame();
      void cases.ask("stroke", { pane: 2, tool: "paint", phase: "move", points: at(i), inverted: false });
    }
    await cases.ask("stroke", { pane: 2, tool: "paint", phase: "end", points: [], inverted: false });
    await new Promise((go) => setTimeout(go, 1_500));
  });
  const { taken, missed } = answered(await worker.evaluate(() => globalThis.seen), "stroke");
  rows.push(["a part of a stroke, while it grows: median", ms(median(taken)), "≤ 16.7 ms"], ["95th percentile", ms(at95(taken)), ""]);
  rows.push(["frames missed", `${missed} of ${taken.length}`, ""]);
  say(`stroke while growing: median ${ms(median(taken))}, 95 % ${ms(at95(taken))}, missed ${missed} of ${taken.length}`);
  const preview = await page.evaluate(() => window.cases.editor?.preview ?? null);
  if (preview?.lastMs) rows.push(["exact preview after the stroke", ms(preview.lastMs), ""]);

  const long = await page.evaluate(() => window.long);
  rows.push(["tasks over 50 ms on the main thread", String(long.length), "0"]);
  const memory = await worker.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
  say(`long tasks ${long.length}; script heap of the worker ${Math.round(memory / 1e6)} MB`);

  const table = ["| what | measured | wanted |", "|---|---:|---:|", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
  say(`\n${table}`);
  const out = argument("markdown");
  if (out) await writeFile(out, `${table}\n`);
} finally {
  await closeAll();
}

/** The first pixels that came after a volume was ready: what is painted before is black. */
async function firstPainted(page, worker, began, puts) {
  const [pageZero, workerZero] = [await page.evaluate(() => performance.timeOrigin), await worker.evaluate(() => performance.timeOrigin)];
  const ready = await page.evaluate(() => window.cases.times.filter(([, , state]) => state === "ready").map(([at]) => at));
  const since = ready.map((at) => at + pageZero - workerZero).filter((at) => at > began);
  // The volume is told of just before its pane is painted; the telling arrives a little later.
  const earliest = Math.min(...since) - 5;
  return (puts.find((t) => t >= earliest) ?? NaN) - began;
}
