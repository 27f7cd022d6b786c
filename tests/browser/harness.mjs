/**
 * What the browser tests stand on: hosts that serve the page, a sink that hears every connection, a
 * fresh Chromium, and screenshots.
 *
 * A test file calls `test(name, async () => …)`. What a test opens is closed after it, whether it
 * passed or not. `return { skipped: "reason" }` counts it as skipped.
 *
 * @typedef {{ name: string, run: () => Promise<{ skipped: string } | void>, patience: number }} Test
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The page under test. */
export const DIST = path.join(ROOT, "dist");

/** Where screenshots and other traces of a run go. */
export const RESULTS = path.join(ROOT, "tests/browser/results");

/** Whether long tests run in full. */
export const FULL = Boolean(process.env.HEPATICA_FULL);

/** npm packages are those of the page. */
export const require = createRequire(path.join(ROOT, "www/package.json"));

const { chromium } = require("playwright-core");

/** @type {Test[]} */
export const tests = [];

/** What the running test has opened, the last first. */
const open = [];

/**
 * Adds a test.
 * @param {string} name what must hold, in words
 * @param {() => Promise<{ skipped: string } | void>} run
 * @param {{ patience?: number }} [options] ms until it counts as failed
 */
export function test(name, run, { patience = 120_000 } = {}) {
  tests.push({ name, run, patience });
}

/** Closes what a test has opened. Called by the runner. */
export async function closeAll() {
  contexts.length = 0;
  while (open.length > 0) {
    try {
      await open.pop()();
    } catch (reason) {
      console.log(`         (while closing: ${reason?.message ?? reason})`);
    }
  }
}

/** Chromiums of the running test. */
const contexts = [];

/** What the pages of the running test show: of use once it has failed. */
export async function shown() {
  const pages = contexts.splice(0).flatMap((context) => context.pages());
  const texts = pages.map((page) => page.locator("body").innerText({ timeout: 2_000 }).catch(() => "(no answer)"));
  return (await Promise.all(texts)).map((text) => text.replace(/\s+/g, " ").slice(0, 600));
}

/** Has something done after the running test. */
export function afterTest(close) {
  open.push(close);
}

/** Real data beside the repository, `sharedData("dcm_qa/nih")`; undefined where it is absent. */
export function sharedData(name) {
  const found = path.join(process.env.HEPATICA_SHARED ?? path.join(ROOT, "../shared"), "data", name);
  return existsSync(found) ? found : undefined;
}

/** A program of the judges' Python environment; a missing one fails the test. */
export function judge(program) {
  const found = path.join(process.env.HEPATICA_JUDGES ?? path.join(ROOT, ".judges"), "bin", program);
  if (!existsSync(found)) throw new Error(`the judge ${program} is absent`);
  return found;
}

/** A new folder that goes away after the test. */
export async function scratch() {
  const folder = await mkdtemp(path.join(tmpdir(), "hepatica-test-"));
  afterTest(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Hepatica's own server on dist/, with all its headers; the one of `hepatica serve`.
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function serveSealed() {
  const program = process.env.HEPATICA_XTASK ?? path.join(ROOT, "target/debug/xtask");
  const server = spawn(program, ["serve", "--no-build", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const stop = async () => {
    server.kill();
    await ended;
  };
  afterTest(stop);
  const url = await new Promise((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (text) => {
      said += text;
      const found = said.match(/http:\/\/127\.0\.0\.1:\d+\//);
      if (found) resolve(found[0]);
    });
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { url, stop };
}

const KINDS = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/**
 * A plain static host that sends no header of its own but the media type, and hears everything.
 * `folder` may be changed while it runs: a new version is put there. It answers any method and any
 * query, as careless hosts do.
 */
export async function servePlain(folder = DIST, port = 0) {
  const host = {
    folder,
    /** Every request: `GET /main.js`. @type {string[]} */
    heard: [],
    url: "",
    port: 0,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = http.createServer(async (request, response) => {
    host.heard.push(`${request.method} ${request.url}`);
    const name = request.url.split("?")[0].slice(1) || "index.html";
    try {
      const body = await readFile(path.join(host.folder, name));
      response.writeHead(200, { "Content-Type": KINDS[path.extname(name)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  afterTest(() => (server.listening ? host.stop() : undefined));
  host.port = server.address().port;
  host.url = `http://127.0.0.1:${host.port}/`;
  return host;
}

/**
 * Services of Chromium's own that would make connections whatever page is open. What a switch names
 * replaces what Playwright's has, so its list is here as well.
 */
const FEATURES_OFF = [
  "AimEnabled", "AutofillServerCommunication", "AvoidCorsURLLoaderRestartOnRedirect", "DialMediaRouteProvider",
  "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying",
  "OptimizationGuideModelDownloading", "OptimizationGuideModelExecution", "OptimizationGuideOnDeviceModel",
  "OptimizationHints", "PaintHolding", "PreconnectToSearch", "SafeBrowsingHashRealTimeOverOhttp",
  "ThirdPartyStoragePartitioning", "Translate",
];

/** Settings of a profile under which Chromium keeps to itself. */
const QUIET_PROFILE = {
  safebrowsing: { enabled: false, enhanced: false },
  signin: { allowed: false },
  search: { suggest_enabled: false },
  alternate_error_pages: { enabled: false },
  net: { network_prediction_options: 2 },
  translate: { enabled: false },
};

/**
 * Sends what of Chromium's services has no switch to a domain that nobody can know and that leads
 * nowhere: so no host needs to be disregarded by name, behind which the page could hide something.
 */
function silenced() {
  const nowhere = `${randomBytes(12).toString("hex")}.invalid`;
  const places = ["gaia-url", "google-url", "google-apis-url", "google-base-url", "lso-url", "oauth-account-manager-url"];
  return {
    rule: `MAP *.${nowhere} ~NOTFOUND`,
    args: [
      ...places.map((name) => `--${name}=https://chromium.${nowhere}/`),
      ...["variations-server-url", "variations-insecure-server-url", "gcm-checkin-url", "gcm-registration-url"].map(
        (name) => `--${name}=https://chromium.${nowhere}/`,
      ),
      `--gcm-mcs-endpoint=https://chromium.${nowhere}:443`,
      `--component-updater=url-source=https://chromium.${nowhere}/`,
      `--disable-features=${FEATURES_OFF.join(",")}`,
    ],
  };
}

/**
 * A sink: a port that hears every connection and says nothing. A browser opened with it takes every
 * name in the world for this port.
 */
export async function sink() {
  /** Whom each connection was meant for, and what it asked. @type {string[]} */
  const heard = [];
  const server = net.createServer((socket) => {
    const at = heard.push("(a connection that says nothing)") - 1;
    socket.once("data", (bytes) => {
      heard[at] = addressee(bytes);
    });
    socket.on("error", () => undefined);
    setTimeout(() => socket.destroy(), 1_000);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterTest(() => new Promise((resolve) => server.close(resolve)));
  return {
    port: server.address().port,
    heard,
    /** What was heard, whoever it was for: Chromium's own services are off, or lead nowhere. */
    all: async () => {
      // A connection has just been made, perhaps, and has not said for whom.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return [...heard];
    },
  };
}

/** `name request`: the server name of a TLS greeting (RFC 6066 §3), or the Host of an HTTP request. */
function addressee(bytes) {
  const text = bytes.toString("latin1");
  if (bytes[0] !== 0x16) {
    const host = text.match(/^host:\s*([^\s:]+)/im)?.[1];
    return `${host ?? "(no name)"} ${text.split("\r\n")[0].slice(0, 100)}`;
  }
  // Record 5, handshake 4, version 2, random 32; then session, ciphers, compression, extensions.
  let at = 5 + 4 + 2 + 32;
  at += 1 + bytes[at];
  at += 2 + bytes.readUInt16BE(at);
  at += 1 + bytes[at];
  const end = Math.min(bytes.length, at + 2 + bytes.readUInt16BE(at));
  for (at += 2; at + 4 <= end; at += 4 + bytes.readUInt16BE(at + 2)) {
    if (bytes.readUInt16BE(at) === 0) return `${text.slice(at + 9, at + 9 + bytes.readUInt16BE(at + 7))} (TLS)`;
  }
  return "(no name) (TLS)";
}

/**
 * A fresh Chromium with a fresh profile.
 * @param {{ sink?: { port: number }, names?: Record<string, number>, args?: string[], context?: object, profile?: string }} [options]
 *   `sink`: where every name leads; `names`: names that lead to a port of this machine; `profile`: a folder to come back to
 */
export async function browser({ sink: heard, names = {}, args = [], context = {}, profile: given } = {}) {
  const quiet = silenced();
  const rules = [quiet.rule, ...Object.entries(names).map(([name, port]) => `MAP ${name} 127.0.0.1:${port}`)];
  if (heard) rules.push(`MAP * 127.0.0.1:${heard.port}`, "EXCLUDE 127.0.0.1", "EXCLUDE localhost");
  const profile = given ?? (await scratch());
  await mkdir(path.join(profile, "Default"), { recursive: true });
  await writeFile(path.join(profile, "Default/Preferences"), JSON.stringify(QUIET_PROFILE));
  const opened = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    viewport: { width: 1280, height: 800 },
    ...context,
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...quiet.args,
      `--host-resolver-rules=${rules.join(", ")}`,
      ...args,
    ],
  });
  afterTest(() => opened.close());
  contexts.push(opened);
  return opened;
}

/** Kills the browser of a profile at once, as a crash or a power cut would. */
export async function killBrowser(profile) {
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (command.includes(`--user-data-dir=${profile}\0`)) process.kill(Number(entry), "SIGKILL");
  }
}

/** Waits until the page says that it is sealed; fails with what it says instead. */
export async function untilSealed(page, patience = 60_000) {
  const pill = page.getByRole("button", { name: /seal/i }).first();
  await untilText(pill, /^sealed/, patience);
  return pill;
}

/** Waits until an element's text matches. */
export async function untilText(locator, pattern, patience = 60_000) {
  const end = Date.now() + patience;
  let text = "";
  while (Date.now() < end) {
    text = await locator.innerText({ timeout: 1_000 }).catch(() => text);
    if (pattern.test(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${patience / 1000} s for ${pattern}, last seen: ${text}`);
}

/** Waits until something holds. */
export async function until(what, holds, patience = 60_000) {
  const end = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Evaluates in a worker of the page, found by its script's name. */
export async function inWorker(page, script, what, argument) {
  await until(`${script} runs`, () => page.workers().some((worker) => worker.url().endsWith(script)));
  return page.workers().find((worker) => worker.url().endsWith(script)).evaluate(what, argument);
}

/**
 * A screenshot among the results; with `HEPATICA_SCREENSHOTS` set, and where `docs` is, also in
 * docs/images/ for the README.
 */
export async function screenshot(page, name, { docs = false } = {}) {
  const file = path.join(RESULTS, `${name}.png`);
  await page.screenshot({ path: file });
  if (docs && process.env.HEPATICA_SCREENSHOTS) {
    const images = path.join(ROOT, "docs/images");
    await mkdir(images, { recursive: true });
    await cp(file, path.join(images, `${name}.png`));
  }
  return file;
}

/** What axe-core finds against WCAG 2.1 A and AA: a line each. */
export async function accessibilityFaults(page) {
  // Colours on their way from one theme to another are neither's.
  await page.evaluate(() => {
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    return Promise.allSettled(ending.map((one) => one.finished));
  });
  const source = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
  // Through the debugger, past the policy, which rightly refuses scripts that are not the page's.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: source });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })
      .then(({ violations }) => JSON.stringify(violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).join(", "))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  return JSON.parse(result.value);
}

/**
 * A copy of the page as another build of it: `change` alters files, the lists and hashes are made
 * anew as xtask makes them.
 * @param {(files: Map<string, Buffer>, build: { headers: Record<string, string> }) => void} [change]
 */
export async function variant(change = () => undefined) {
  const folder = await scratch();
  const script = await readFile(path.join(DIST, "sw.js"), "utf8");
  const end = script.indexOf("\n");
  const build = JSON.parse(script.slice("const BUILD = ".length, end).replace(/;$/, ""));
  const files = new Map();
  for (const name of Object.keys(build.files)) files.set(name, await readFile(path.join(DIST, name)));
  change(files, build);
  const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const hash = digest(JSON.stringify([...files].map(([name, bytes]) => [name, digest(bytes)]))).slice(0, 12);
  files.set("index.html", Buffer.from(files.get("index.html").toString().replaceAll(build.hash, hash)));
  const listed = Object.fromEntries([...files].map(([name, bytes]) => [name, digest(bytes)]));
  files.set("sw.js", Buffer.from(`const BUILD = ${JSON.stringify({ ...build, hash, files: listed })};${script.slice(end)}`));
  for (const [name, bytes] of files) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), bytes);
  }
  return { folder, hash };
}

/** Every file below a folder, by its path there. */
export async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
}
