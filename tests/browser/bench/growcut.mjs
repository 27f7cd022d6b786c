/**
 * GrowCut beside ITK's, on the same volumes, in one run, taken in turns.
 *
 *     cargo xtask bench growcut [--times 3] [--only 128,256,320,512] [--markdown FILE] [--picture FILE.png]
 *
 * Full solves, plain and noisy, penalty 0 and 1: itk-growcut native (once a volume: it is slow), Hepatica
 * native with one and two threads, and in Chromium with as many as the machine has; the times are the
 * solvers' own, in Chromium the sum of the steps. Labels of the page must equal those of the command line.
 * Then strokes on 256×256×80 in Chromium: from the asking to the answer, as a person waits.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT, browser, closeAll, judge, serveSealed, untilSealed } from "../harness.mjs";
import { crc32, deflateSync } from "node:zlib";
import { giveVolume, makeVolume, openLine, scribbled, voxelsOf } from "../growing.mjs";

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const times = Number(argument("times", "3"));
const only = argument("only", "128,256,320,512").split(",");
const program = process.env.HEPATICA_PROGRAM;
const place = path.join(ROOT, "target/bench/growcut");
const say = (text) => console.log(text);
const SIZES = { 128: [128, 128, 128], 256: [256, 256, 80], 320: [320, 260, 96], 512: [512, 512, 120] };
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const at95 = (values) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * 0.95))];
const x = (ratio) => `${ratio.toFixed(ratio < 10 ? 1 : 0)}×`;

function volume(name, noise) {
  const folder = path.join(place, `${name}-${noise}`);
  const [image, seeds, truth] = ["image.nii.gz", "seeds.nii.gz", "truth.nii.gz"].map((file) => path.join(folder, file));
  if (existsSync(truth)) return { folder, image, seeds, truth, size: SIZES[name] };
  return { folder, ...makeVolume(folder, SIZES[name], noise) };
}

function native({ folder, image, seeds }, penalty, threads, more = []) {
  const out = path.join(folder, "ours.nii.gz");
  const words = ["growcut", image, "--seeds", seeds, "--out", out, "--locality", String(penalty), "--threads", String(threads), "--json", ...more];
  const said = JSON.parse(execFileSync(program, words, { encoding: "utf8" }));
  return { ...said, hash: () => createHash("sha256").update(voxelsOf(out)).digest("hex"), out };
}

function itk({ folder, image, seeds }, penalty) {
  const out = path.join(folder, `itk-${penalty}.nii.gz`);
  const script = path.join(ROOT, "tests/judges/growcut_itk.py");
  return { ...JSON.parse(execFileSync(judge("python"), ["-B", script, image, seeds, String(penalty), out], { encoding: "utf8" })), out };
}

/** Voxels that differ, and the least Dice of a label. */
function compare(ours, theirs) {
  const [a, b] = [voxelsOf(ours), voxelsOf(theirs)];
  const counts = new Map();
  let differ = 0;
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] !== b[i]) differ += 1;
    for (const label of [a[i], b[i]]) {
      const entry = counts.get(label) ?? { each: 0, both: 0 };
      entry.each += 1;
      counts.set(label, entry);
    }
    if (a[i] === b[i]) counts.get(a[i]).both += 1;
  }
  const dice = Math.min(...[...counts.values()].map(({ each, both }) => (2 * both) / each));
  return { differ, dice };
}

const rows = [];
const strokes = [];
let bytes = 0;
try {
  await mkdir(place, { recursive: true });
  const { url } = await serveSealed();
  const context = await browser();
  for (const name of only) {
    for (const noise of [0, 10]) {
      const made = volume(name, noise);
      const page = await context.newPage();
      await page.goto(url);
      await untilSealed(page);
      const seen = await openLine(page);
      await giveVolume(page, made);
      for (const penalty of [0, 1]) {
        const taken = { one: [], two: [], page: [] };
        let [last, hash] = [undefined, ""];
        for (let turn = 0; turn < times; turn += 1) {
          taken.one.push(native(made, penalty, 1).solve_ms);
          last = native(made, penalty, 2);
          taken.two.push(last.solve_ms);
          const one = await page.evaluate(async (locality) => {
            const { grow } = window;
            const began = performance.now();
            await grow.ask("growBegin", grow.volume(locality));
            const begun = performance.now() - began;
            const outcome = await grow.ask("grow");
            return { begun, outcome, hash: await grow.hash() };
          }, penalty);
          taken.page.push(one.outcome.workMs);
          hash = one.hash;
          taken.longest = one.outcome.longestStepMs;
        }
        if (hash !== last.hash()) throw new Error(`${name} ${noise} ${penalty}: page and command line differ`);
        const strict = native(made, penalty, 2, ["--strict"]);
        const theirs = itk(made, penalty);
        native(made, penalty, 2);
        const same = compare(last.out, theirs.out);
        const row = {
          name: SIZES[name].join("×"), noise, penalty, key: last.key, itk: theirs.solve_ms, one: median(taken.one), two: median(taken.two),
          page: median(taken.page), strict: strict.solve_ms, longest: taken.longest, voxels: last.voxels, threads: seen.threads,
          bytes: last.bytes_per_voxel, itkBytes: theirs.peak_bytes / last.voxels, ...same,
        };
        bytes = Math.max(bytes, row.bytes);
        rows.push(row);
        say(`${row.name} noise ${noise} penalty ${penalty}: itk ${row.itk.toFixed(0)} ms, native ${row.one.toFixed(0)} / ${row.two.toFixed(0)} ms (${x(row.itk / row.two)}), page ${row.page.toFixed(0)} ms (${x(row.itk / row.page)}), strict ${row.strict.toFixed(0)} ms, ${row.differ} differ, Dice ${row.dice.toFixed(5)}`);
      }
      if (name === "256") {
        for (const sparse of [false, true]) {
          const truth = voxelsOf(made.truth);
          const seeds = voxelsOf(made.seeds);
          await giveVolume(page, made, sparse ? seeds : scribbled(truth, seeds, made.size));
          const found = await page.evaluate(paintStrokes, { sparse, places: centres(made.size), truth: truthAt(truth, made.size) });
          if (!found.exact) throw new Error("strokes and a full solve differ");
          strokes.push({ noise, sparse, ...found });
          say(strokeRow(strokes.at(-1)));
        }
      }
      await page.close();
    }
  }
  const text = `${table()}\n\n${strokesTable()}`;
  say(`\n${text}`);
  if (process.argv.includes("--markdown")) await writeFile(argument("markdown"), `${text}\n`);
  if (process.argv.includes("--picture")) await writeFile(argument("picture"), picture());
} finally {
  await closeAll();
}

/** The centres of the strokes: the same every time, all over the volume; a fifth is outside the body. */
function centres(dims) {
  let state = 7;
  const dice = (n) => ((state = (state * 1103515245 + 12345) % 2147483648), state % n);
  return Array.from({ length: 40 }, () => ({ centre: dims.map((n) => 12 + dice(n - 24)), label: 1 + dice(4) }));
}

/** What truly is at those centres. */
function truthAt(truth, dims) {
  return centres(dims).map(({ centre: [x, y, z] }) => truth[(z * dims[1] + y) * dims[0] + x]);
}

/** In the page: at every centre a ball 20 voxels wide added, relabelled, that undone, and removed. */
async function paintStrokes({ sparse, places, truth }) {
  const { grow } = window;
  await grow.ask("growBegin", grow.volume(0));
  await grow.ask("grow");
  const out = { added: [], removed: [], relabelled: [], undone: [], steps: [], changed: [] };
  let labels = new Uint8Array(await grow.ask("growLabels", grow.whole));
  for (const [i, { centre, label: any }] of places.entries()) {
    const label = sparse ? any : truth[i];
    const keep = async (kind, { ms, longestStepMs }) => {
      out[kind].push(ms);
      out.steps.push(longestStepMs);
      const now = new Uint8Array(await grow.ask("growLabels", grow.whole));
      out.changed.push(now.reduce((sum, v, k) => sum + Number(v !== labels[k]), 0));
      labels = now;
    };
    const added = await grow.ball(centre, 10, label);
    await keep("added", await grow.stroke(added.box, added.now));
    const other = await grow.ball(centre, 10, 1 + (label % 4));
    await keep("relabelled", await grow.stroke(other.box, other.now));
    await keep("undone", await grow.stroke(other.box, other.before));
    await keep("removed", await grow.stroke(added.box, added.before));
  }
  const live = await grow.hash();
  await grow.ask("growBegin", grow.volume(0));
  await grow.ask("grow");
  const exact = live === (await grow.hash());
  // The worst: the only seeds of a label erased, and put back.
  const before = grow.seeds.slice();
  const erased = await grow.stroke(grow.whole, before.map((v) => (v === 3 ? 0 : v)));
  const back = await grow.stroke(grow.whole, before);
  return { ...out, exact, erased, back };
}

/** A slice of the noisy 256×256×80: the image with its seeds, the labels, the margin. */
function picture() {
  const made = volume("256", 10);
  const [labels, margins] = ["labels.nii.gz", "margin.nii.gz"].map((file) => path.join(made.folder, file));
  execFileSync(program, ["growcut", made.image, "--seeds", made.seeds, "--out", labels, "--margin", margins], { stdio: "ignore" });
  const [nx, ny] = made.size;
  const from = 40 * nx * ny;
  const [image, seeds, label, margin] = [made.image, made.seeds, labels, margins].map(voxelsOf);
  const colours = [[0, 0, 0], [230, 159, 0], [86, 180, 233], [0, 158, 115], [120, 120, 120]];
  const width = 3 * nx;
  const rows = [];
  for (let y = ny - 1; y >= 0; y -= 1) {
    const row = Buffer.alloc(1 + width * 3);
    for (let i = 0; i < nx; i += 1) {
      const at = from + y * nx + i;
      const grey = Math.max(0, Math.min(255, image.readInt16LE(2 * at) * 0.6));
      const seed = seeds[at] ? colours[seeds[at]] : [grey, grey, grey];
      const shade = colours[label[at]].map((c) => 0.5 * c + 0.5 * grey);
      // Little margin is bright: from black over red and yellow to white.
      const doubt = Math.max(0, 1 - margin.readFloatLE(4 * at) / 60);
      const heat = [0, 1, 2].map((c) => Math.max(0, Math.min(255, (3 * doubt - c) * 255)));
      [seed, shade, heat].forEach((colour, n) => colour.forEach((c, k) => row.writeUInt8(Math.round(c), 1 + 3 * (n * nx + i) + k)));
    }
    rows.push(row);
  }
  const chunk = (type, body) => {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    out.write(type, 4, "latin1");
    body.copy(out, 8);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(ny, 4);
  header.set([8, 2], 8);
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([start, chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))]);
}

function table() {
  const ns = (ms, voxels) => `${((ms * 1e6) / voxels).toFixed(0)} ns`;
  return [
    "| volume | noise | penalty | key | itk-growcut | native, 1 thread | native, 2 threads | speed-up | Chromium | a voxel | strict, native | differ from ITK | least Dice | bytes a voxel |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ...rows.map(
      (r) =>
        `| ${r.name} | ${r.noise} | ${r.penalty} | ${r.key} | ${r.itk.toFixed(0)} ms | ${r.one.toFixed(0)} ms, ${x(r.itk / r.one)} | ${r.two.toFixed(0)} ms, **${x(r.itk / r.two)}** | ${(r.one / r.two).toFixed(2)} | ${r.page.toFixed(0)} ms, **${x(r.itk / r.page)}** | ${ns(r.page, r.voxels)} | ${r.strict.toFixed(0)} ms | ${r.differ} | ${r.dice.toFixed(5)} | ${r.bytes.toFixed(1)} (ITK ${r.itkBytes.toFixed(0)}) |`,
    ),
  ].join("\n");
}

function strokeRow(s) {
  const cell = (values) => `${median(values).toFixed(1)} / ${at95(values).toFixed(1)} ms`;
  const all = [...s.added, ...s.relabelled, ...s.undone, ...s.removed];
  const seeds = s.sparse ? "a dozen seeds, any label" : "scribbles, true labels";
  return `| noise ${s.noise}, ${seeds} | ${[s.added, s.relabelled, s.undone, s.removed, all].map(cell).join(" | ")} | ${median(s.changed)} / ${at95(s.changed)} | ${Math.max(...s.steps).toFixed(1)} ms | ${s.erased.ms.toFixed(0)} ms | ${s.back.ms.toFixed(0)} ms |`;
}

function strokesTable() {
  return [
    "| 256×256×80, Chromium, median / 95th percentile | added | relabelled | undone | removed | all | labels changed | longest step | only seeds of a label erased | put back |",
    "|---|---|---|---|---|---|---|---|---|---|",
    ...strokes.map(strokeRow),
  ].join("\n");
}
