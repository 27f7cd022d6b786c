/**
 * Conversion beside the peers, on the same inputs, in one run, taken in turns.
 *
 *     cargo xtask bench convert [--times 3] [--only mix,series,cohort,compressed] [--markdown FILE]
 *
 * Hepatica in Chromium (threads; one thread) and native; dcm2niix native with its own compressor and with
 * pigz; dcm2niix as WebAssembly (@niivue/dcm2niix) in the same Chromium. A time is from the drop of the
 * folder to the last byte written; the page's leaves out a person's confirming of roles, and holds what the
 * others don't do: de-identification, and the check of every entry. Medians of the times; every contender
 * has its turn before any has its next.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { ROOT, browser, closeAll, judge, servePlain, serveSealed, sharedData, until, untilSealed, variant } from "../harness.mjs";
import { writeSeries } from "./series.mjs";

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const times = Number(argument("times", "3"));
const only = argument("only", "mix,series,cohort,compressed").split(",");
const program = process.env.HEPATICA_PROGRAM;
const dcm2niix = judge("dcm2niix");
const place = path.join(ROOT, "target/bench/convert");
const say = (text) => console.log(text);

/** Sets of dcm_qa whose pixels are not compressed, from four vendors. */
const MIX = ["12bit", "agfa", "enh", "fmap", "me", "mosaic", "nih", "pdt2", "philips_dwi", "xa60"];
const COMPRESSED = ["frag", "ts"];

/** Makes an input once; a file beside it says that it is whole. */
async function once(name, make) {
  const folder = path.join(place, name);
  if (!existsSync(`${folder}.whole`)) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await make(folder);
    await writeFile(`${folder}.whole`, "");
  }
  return folder;
}

async function sets(name, names) {
  if (!names.every((set) => sharedData(`dcm_qa/${set}/In`))) return undefined;
  return once(name, async (folder) => {
    for (const set of names) await cp(sharedData(`dcm_qa/${set}/In`), path.join(folder, set), { recursive: true });
  });
}

const makers = {
  mix: () => sets("mix", MIX),
  series: () => once("series", (folder) => writeSeries(folder, 160)),
  cohort: () =>
    once("cohort", async (folder) => {
      execFileSync(program, ["phantom", "--out", folder, "--patients", "2", "--scale", "0.6", "--no-truth"], { stdio: "ignore" });
    }),
  compressed: () => sets("compressed", COMPRESSED),
};

async function weigh(folder, ends = "") {
  let [files, bytes] = [0, 0];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(ends)) continue;
    files += 1;
    bytes += (await stat(path.join(entry.parentPath ?? entry.path, entry.name))).size;
  }
  return { files, bytes };
}

/** Runs a program into an empty folder; seconds, and what lies there afterwards. */
async function native(command, words, out) {
  await rm(out, { recursive: true, force: true });
  if (command === dcm2niix) await mkdir(out, { recursive: true });
  const began = performance.now();
  // A converter that could not convert every file says so by its status; what it wrote counts.
  const ended = spawnSync(command, words, { stdio: ["ignore", "ignore", "ignore"] });
  if (ended.error) throw ended.error;
  const seconds = (performance.now() - began) / 1000;
  const images = await weigh(out, ".nii.gz");
  return { seconds, images: images.files, bytes: images.bytes };
}

/** The page at an address, one journey: drop, plan, roles, export. */
function page(url, flavour) {
  return async (input) => {
    const context = await tab();
    const tabPage = await context.newPage();
    try {
      await tabPage.goto(url);
      await untilSealed(tabPage);
      const session = await context.newCDPSession(tabPage);
      const data = { items: [], files: [input], dragOperationsMask: 1 };
      const dropped = performance.now();
      for (const type of ["dragEnter", "dragOver", "drop"]) {
        await session.send("Input.dispatchDragEvent", { type, x: 500, y: 400, data });
      }
      // At every frame: a locator looks again after half a second only, which is more than a plan may take.
      const shown = () => document.querySelector("[role=treegrid]");
      await tabPage.waitForFunction(shown, undefined, { polling: "raf", timeout: 300_000 });
      const planned = (performance.now() - dropped) / 1000;
      const left = tabPage.getByRole("button", { name: /roles? to confirm/ });
      while (await left.count()) {
        const before = await left.innerText();
        await left.click();
        await tabPage.getByRole("button", { name: /^Yes, / }).click();
        await until("a role is confirmed", async () => !(await left.count()) || (await left.innerText()) !== before);
      }
      const asked = performance.now();
      const download = tabPage.waitForEvent("download", { timeout: 600_000 });
      await tabPage.getByRole("button", { name: "Export data set" }).click();
      const got = await download;
      const exported = (performance.now() - asked) / 1000;
      const zip = path.join(place, "page.zip");
      await got.saveAs(zip);
      const bytes = (await stat(zip)).size;
      await rm(zip);
      const pill = tabPage.getByRole("button", { name: /seal/i }).first();
      await pill.click();
      const seal = await tabPage.getByRole("dialog").innerText();
      const memory = seal.match(/([\d.,]+)\s*(MB|MiB|GB)/)?.[0] ?? "";
      if (flavour === "single" && !/one thread|single|1 thread/i.test(seal)) throw new Error(`the page should run on one thread: ${seal}`);
      return { seconds: planned + exported, bytes, memory, steps: { plan: planned, export: exported } };
    } finally {
      await tabPage.close();
    }
  };
}

/** @niivue/dcm2niix, as its README says, on a page of its own. */
async function peer() {
  const packages = path.join(ROOT, "tests/browser/bench/node_modules/@niivue/dcm2niix/dist");
  if (!existsSync(packages)) throw new Error("@niivue/dcm2niix is not installed; run this by `cargo xtask bench convert`");
  const kinds = { ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = http.createServer((request, response) => {
    const name = request.url.slice(1);
    if (!name) {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end(`<input type=file id=in webkitdirectory><script type=module>
        import { Dcm2niix } from "/index.jpeg.js";
        window.convert = async () => {
          const files = document.querySelector("#in").files;
          const began = performance.now();
          const made = await window.ready.input(files).z("y").f("%s_%p_%t").run();
          const images = [...made].filter((f) => f.name.endsWith(".nii.gz"));
          return { seconds: (performance.now() - began) / 1000, images: images.length, bytes: images.reduce((n, f) => n + f.size, 0) };
        };
        const one = new Dcm2niix();
        await one.init();
        window.ready = one;
      </script>`);
      return;
    }
    const file = path.join(packages, path.basename(name));
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": kinds[path.extname(file)] ?? "text/plain" });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const run = async (input) => {
    const tabPage = await (await tab()).newPage();
    try {
      await tabPage.goto(url);
      await tabPage.waitForFunction(() => window.ready, undefined, { timeout: 60_000 });
      await tabPage.setInputFiles("#in", input);
      const made = await Promise.race([
        tabPage.evaluate(() => window.convert()),
        new Promise((_, refuse) => setTimeout(() => refuse(new Error("more than 150 s")), 150_000)),
      ]);
      return made;
    } finally {
      await tabPage.close();
    }
  };
  return { run, stop: () => server.close() };
}

let shared;
async function tab() {
  if (!shared) {
    shared = await browser({ context: { acceptDownloads: true } });
    await shared.addInitScript(() => {
      delete Window.prototype.showSaveFilePicker;
      delete window.showSaveFilePicker;
    });
  }
  return shared;
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
};

const results = {};
try {
  await mkdir(place, { recursive: true });
  const threads = await serveSealed();
  // The same page, told that it is not isolated: its engine is then the single-threaded one.
  const changed = await variant((files) => {
    const worker = files.get("engine-worker.js").toString();
    files.set("engine-worker.js", Buffer.from(worker.replaceAll("crossOriginIsolated", "noIsolationHere")));
  });
  const single = await servePlain(changed.folder);
  const other = await peer();
  const pigz = spawnSync("pigz", ["--version"]).status === 0;
  const out = path.join(place, "out");
  const words = (z, input) => ["-z", z, "-f", "%s_%p_%t", "-o", out, input];
  const contenders = [
    ["Hepatica, page, threads", page(threads.url, "threads")],
    ["Hepatica, page, one thread", page(single.url, "single")],
    ["Hepatica, native", (input) => native(program, ["convert", "--all", "--json", input, "--out", out], out)],
    ["dcm2niix -z i", (input) => native(dcm2niix, words("i", input), out)],
    ...(pigz ? [["dcm2niix -z y (pigz)", (input) => native(dcm2niix, words("y", input), out)]] : []),
    ["@niivue/dcm2niix -z y", other.run],
  ];
  if (!pigz) say("pigz is not installed: `dcm2niix -z y` is left out");
  for (const name of only) {
    const input = await makers[name]?.();
    if (!input) {
      say(`${name}: its data is absent, left out`);
      continue;
    }
    const { files, bytes } = await weigh(input);
    say(`\n${name}: ${files} files, ${(bytes / 1e6).toFixed(0)} MB`);
    const taken = Object.fromEntries(contenders.map(([who]) => [who, []]));
    const faults = {};
    for (let turn = 0; turn < times; turn += 1) {
      for (const [who, run] of contenders) {
        // What is far behind has one turn: its place is known, and the run stays short.
        if (faults[who] || (turn > 0 && taken[who][0]?.seconds > 25)) continue;
        try {
          const one = await run(input);
          taken[who].push(one);
          say(`  ${who}: ${one.seconds.toFixed(2)} s${one.steps ? ` (plan ${one.steps.plan.toFixed(2)}, export ${one.steps.export.toFixed(2)}; ${one.memory})` : ""}`);
        } catch (fault) {
          faults[who] = String(fault.message ?? fault).split("\n")[0];
          say(`  ${who}: ${faults[who]}`);
        }
      }
    }
    results[name] = { files, bytes, taken, faults };
  }
  other.stop();
  say(`\n${table(contenders.map(([who]) => who))}`);
  if (process.argv.includes("--markdown")) await writeFile(argument("markdown"), table(contenders.map(([who]) => who)) + "\n");
} finally {
  await closeAll();
  await rm(path.join(place, "out"), { recursive: true, force: true });
}

/** Medians, each with how many times `dcm2niix -z i` takes as long, and the sizes of what was written. */
function table(contenders) {
  const names = Object.keys(results);
  const lines = [
    `| | ${names.map((n) => `${n}: ${results[n].files} files, ${(results[n].bytes / 1e6).toFixed(0)} MB`).join(" | ")} |`,
    `|---|${names.map(() => "---").join("|")}|`,
  ];
  for (const who of contenders) {
    const cells = names.map((name) => {
      const { taken, faults } = results[name];
      if (taken[who].length === 0) return faults[who] ? "failed" : "–";
      const seconds = median(taken[who].map((one) => one.seconds));
      const base = taken["dcm2niix -z i"];
      const ratio = base.length > 0 ? median(base.map((one) => one.seconds)) / seconds : NaN;
      return `${seconds.toFixed(2)} s, ${ratio.toFixed(2)}×, ${(taken[who][0].bytes / 1e6).toFixed(1)} MB`;
    });
    lines.push(`| ${who} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}
