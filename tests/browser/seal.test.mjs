/** The seal: nothing leaves, the page works without network, updates are the user's choice. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import {
  DIST, accessibilityFaults, browser, filesBelow, inWorker, screenshot, servePlain, serveSealed, sink, test,
  until, untilSealed, untilText, variant,
} from "./harness.mjs";

const HEADERS = JSON.parse(await readFile(path.join(DIST, "..", "www/headers.json"), "utf8"));

/** What a host may hear: GETs of files of the page, without a query. */
async function assertOnlyPageFiles(heard) {
  const files = new Set((await filesBelow(DIST)).map((name) => `GET /${name}`)).add("GET /");
  // Which policy holds is asked for at every start; most hosts have none.
  const strange = heard.filter((line) => !files.has(line) && !["GET /favicon.ico", "GET /policy.json"].includes(line));
  assert.deepEqual(strange, []);
}

/** Opens the page and waits for its seal. */
async function openSealed(context, url) {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url);
  await untilSealed(page);
  return page;
}

async function threads(page) {
  const text = await untilText(page.getByRole("button", { name: /seal/i }).first(), /\d+ threads?$/);
  return Number(text.match(/(\d+) threads?$/)[1]);
}

async function build(page) {
  return page.locator('meta[name="hepatica-build"]').getAttribute("content");
}

/** Reloads as Shift+reload does: past every cache and the service worker. */
async function forceReload(page) {
  const session = await page.context().newCDPSession(page);
  const loaded = page.waitForEvent("load");
  await session.send("Page.reload", { ignoreCache: true });
  await loaded;
}

test("our own server sends every header with every file, and refuses what is no GET of one", async () => {
  const { url } = await serveSealed();
  const files = (await filesBelow(DIST)).filter((name) => /\.(html|js|css|wasm|svg|webmanifest)$/.test(name));
  assert.ok(files.length > 10);
  for (const name of ["", ...files]) {
    const response = await fetch(url + name);
    assert.equal(response.status, 200, name);
    for (const [header, value] of Object.entries(HEADERS)) assert.equal(response.headers.get(header), value, `${header} of ${name}`);
  }
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const response = await fetch(url, { method });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("content-security-policy"), HEADERS["Content-Security-Policy"]);
  }
  for (const name of ["index.html?planted", "..%2fCargo.toml", "%2e%2e/Cargo.toml", "_headers", "nginx.conf", "absent.js"]) {
    assert.equal((await fetch(url + name)).status, 404, name);
  }
});

test("the page is sealed at the first visit, with threads", async () => {
  const { url } = await serveSealed();
  const context = await browser();
  const page = await openSealed(context, url);
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  assert.equal(await threads(page), await page.evaluate(() => navigator.hardwareConcurrency));
  await screenshot(page, "sealed");
});

test("the seal opens its evidence, and is accessible", async () => {
  const { url } = await serveSealed();
  const context = await browser();
  const page = await openSealed(context, url);
  await page.getByRole("button", { name: /sealed/ }).click();
  const dialog = page.getByRole("dialog", { name: /Sealed/ });
  await dialog.waitFor();
  assert.match(await dialog.innerText(), new RegExp(await build(page)));
  assert.equal(await dialog.getByText("✗").count(), 0);
  assert.deepEqual(await accessibilityFaults(page), []);
  await screenshot(page, "seal", { docs: true });
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
});

test("a host without headers gets isolation, threads and the policy after one reload", async () => {
  const host = await servePlain();
  const context = await browser();
  const page = context.pages()[0];
  const loads = [];
  page.on("load", () => loads.push(page.url()));
  await page.goto(host.url);
  await untilSealed(page);
  assert.equal(loads.length, 2, "the first visit and one reload");
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  assert.ok((await threads(page)) >= 1);
  await assertOnlyPageFiles(host.heard);
});

test("a forced reload on a host without headers comes back sealed", async () => {
  const host = await servePlain();
  const context = await browser();
  const page = await openSealed(context, host.url);
  await forceReload(page);
  await untilSealed(page);
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await assertOnlyPageFiles(host.heard);
});

test("the page never claims a seal while nothing governs its workers", async () => {
  const host = await servePlain();
  const context = await browser();
  // A browser setting or an extension can do this: the page loads, the service worker never answers.
  await context.addInitScript(() => {
    Object.defineProperty(ServiceWorkerContainer.prototype, "register", { value: () => Promise.reject(new Error("forbidden")) });
  });
  const page = context.pages()[0];
  await page.goto(host.url);
  await page.getByRole("alert").getByText("no source can be opened").waitFor();
  await untilText(page.getByRole("button", { name: /seal/i }).first(), /^not sealed/);
  await assertOnlyPageFiles(host.heard);
});

for (const kind of ["our own server", "a host without headers"]) {
  test(`after the first visit the page works with ${kind} stopped`, async () => {
    const host = kind === "our own server" ? await serveSealed() : await servePlain();
    const context = await browser();
    const first = await openSealed(context, host.url);
    const before = await threads(first);
    await host.stop();
    await assert.rejects(fetch(host.url));
    await first.close();
    const page = await context.newPage();
    await page.goto(host.url);
    await untilText(await untilSealed(page), /offline ready/);
    assert.equal(await threads(page), before, "the engine's worker, module and pool come from the cache");
    await page.reload();
    await untilSealed(page);
  });
}

test("planted requests from page, worker and engine are refused, and neither sink nor host hears them", async () => {
  const host = await servePlain();
  const ear = await sink();
  const context = await browser({ sink: ear });
  const page = await openSealed(context, host.url);
  await threads(page);
  const before = host.heard.length;

  const attempts = async (elsewhere) => {
    const outcomes = {};
    const tried = async (name, attempt) => {
      try {
        const answer = await attempt();
        outcomes[name] = answer instanceof Response ? answer.status : String(answer);
      } catch (reason) {
        outcomes[name] = reason.name;
      }
    };
    await tried("fetch elsewhere", () => fetch(`https://${elsewhere}/planted`));
    await tried("fetch elsewhere, unseen", () => fetch(`http://${elsewhere}/planted`, { mode: "no-cors" }));
    await tried("XMLHttpRequest", () => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.onload = () => resolve("loaded");
      request.onerror = () => reject(new TypeError());
      request.open("POST", `http://${elsewhere}/planted`);
      request.send("planted");
    }));
    await tried("WebSocket", () => new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://${elsewhere}/planted`);
      socket.onopen = () => resolve("open");
      socket.onerror = () => reject(new TypeError());
    }));
    await tried("EventSource", () => new Promise((resolve, reject) => {
      const source = new EventSource(`http://${elsewhere}/planted`);
      source.onopen = () => resolve("open");
      source.onerror = () => (source.close(), reject(new TypeError()));
    }));
    await tried("POST home", () => fetch("./", { method: "POST", body: "planted" }));
    await tried("PUT home", () => fetch("index.html", { method: "PUT", body: "planted" }));
    await tried("query home", () => fetch("index.html?planted"));
    await tried("script from elsewhere", () => import(`http://${elsewhere}/planted.js`));
    await tried("worker from a blob", () => new Promise((resolve, reject) => {
      const worker = new Worker(URL.createObjectURL(new Blob(["postMessage('runs')"])));
      worker.onmessage = () => resolve("runs");
      worker.onerror = () => reject(new TypeError());
    }));
    outcomes.RTCPeerConnection = String(globalThis.RTCPeerConnection ?? globalThis.webkitRTCPeerConnection);
    return outcomes;
  };
  const expected = {
    "fetch elsewhere": "TypeError",
    "fetch elsewhere, unseen": "TypeError",
    XMLHttpRequest: "TypeError",
    WebSocket: "TypeError",
    EventSource: "TypeError",
    "POST home": 405,
    "PUT home": 405,
    "query home": 403,
    "script from elsewhere": "TypeError",
    "worker from a blob": "TypeError",
    RTCPeerConnection: "undefined",
  };
  assert.deepEqual(await page.evaluate(attempts, "sink.example"), expected, "in the page");
  assert.deepEqual(await inWorker(page, "engine-worker.js", attempts, "sink.example"), expected, "in the engine's worker");

  const inPageOnly = await page.evaluate(async (elsewhere) => {
    const refused = [];
    document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    navigator.sendBeacon(`http://${elsewhere}/beacon`, "planted");
    navigator.sendBeacon("./", "planted");
    new Image().src = `http://${elsewhere}/image.png?planted`;
    new Image().src = `./icon.svg?planted`;
    const add = (name, attributes) => document.head.append(Object.assign(document.createElement(name), attributes));
    add("link", { rel: "stylesheet", href: `http://${elsewhere}/planted.css` });
    add("link", { rel: "prefetch", href: `http://${elsewhere}/planted.bin` });
    add("script", { src: `http://${elsewhere}/planted.js` });
    // Each is refused when its turn comes: a slow machine takes its time.
    const wanted = ["connect-src", "img-src", "script-src-elem", "style-src-elem"];
    for (let waited = 0; waited < 30_000 && !wanted.every((w) => refused.includes(w)); waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return wanted.filter((w) => !refused.includes(w));
  }, "sink.example");
  assert.deepEqual(inPageOnly, [], "directives that refused nothing");

  await forceReload(page);
  await page.reload();
  await untilSealed(page);
  assert.deepEqual(await ear.all(), [], "the sink hears nothing");
  await assertOnlyPageFiles(host.heard);
  assert.ok(host.heard.length > before, "the forced reload did reach the host");
});

test("a planted frame and form carry nothing out", async () => {
  const host = await servePlain();
  const ear = await sink();
  const context = await browser({ sink: ear });
  const page = await openSealed(context, host.url);
  const refused = await page.evaluate(async (elsewhere) => {
    const refused = [];
    document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.src = `http://${elsewhere}/frame?planted`;
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, { action: `http://${elsewhere}/form?planted`, method: "post" });
    form.submit();
    const wanted = ["form-action", "frame-src"];
    for (let waited = 0; waited < 30_000 && !wanted.every((w) => refused.includes(w)); waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return [...new Set(refused)].sort();
  }, "sink.example");
  assert.deepEqual(refused, ["form-action", "frame-src"]);
  // Chromium opens a connection in advance of a navigation, before it asks the policy, and then
  // says nothing over it. The page itself has neither frames nor forms with an address.
  assert.deepEqual((await ear.all()).filter((line) => !line.includes("says nothing")), []);
  await assertOnlyPageFiles(host.heard);
});

test("the sink is not deaf: it hears a page that is not sealed, whomever it asks for", async () => {
  const ear = await sink();
  const context = await browser({ sink: ear });
  const page = context.pages()[0];
  // Also names that Chromium itself asks for when it is not told to be quiet.
  for (const name of ["sink.example", "accounts.google.com", "update.googleapis.com", "clients2.google.com"]) {
    await page.goto(`http://${name}/hello`).catch(() => undefined);
    // By TLS where the browser knows beforehand that the name wants it.
    const asked = [`${name} GET /hello HTTP/1.1`, `${name} (TLS)`];
    await until(`the sink hears ${name}`, async () => ear.heard.some((said) => asked.includes(said)));
  }
});

test("a new version announces itself and never swaps unasked", async () => {
  const old = await variant();
  const next = await variant((files) => files.set("main.css", Buffer.concat([files.get("main.css"), Buffer.from("\n/* next */\n")])));
  const host = await servePlain(old.folder);
  const context = await browser();
  let page = await openSealed(context, host.url);
  assert.equal(await build(page), old.hash);

  host.folder = next.folder;
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  const notice = page.getByText("A new version is ready.");
  await notice.waitFor();
  await screenshot(page, "update");
  assert.equal(await build(page), old.hash);

  await page.reload();
  await untilSealed(page);
  assert.equal(await build(page), old.hash, "not by a reload");

  await forceReload(page);
  await untilSealed(page);
  assert.equal(await build(page), old.hash, "not by a forced reload");

  // With no tab left the browser puts the new service worker in place; it serves the old build on.
  await page.goto("about:blank");
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  page = await openSealed(context, host.url);
  assert.equal(await build(page), old.hash, "not by closing all tabs");
  await page.getByText("A new version is ready.").waitFor();

  const other = await context.newPage();
  await other.goto(host.url);
  await untilSealed(other);
  await page.getByRole("button", { name: "Reload with the new version" }).click();
  await page.getByText("Close the other tab of Hepatica first").waitFor();
  assert.equal(await build(page), old.hash, "not under another tab's work");

  await other.close();
  await page.getByRole("button", { name: "Reload with the new version" }).click();
  await until("the new version runs", async () => (await build(page).catch(() => "")) === next.hash);
  await untilSealed(page);
  assert.equal(await page.getByText("A new version is ready.").count(), 0);
  assert.deepEqual(await page.evaluate(async () => (await caches.keys()).sort()), [`hepatica-${next.hash}`, "hepatica-chosen"].sort());
});

test("a host that is just being updated never mixes two versions", async () => {
  const old = await variant();
  const half = await variant((files) => files.set("main.css", Buffer.from("/* next */")));
  const { writeFile } = await import("node:fs/promises");
  await writeFile(path.join(half.folder, "main.js"), "throw new Error('of another version');");
  const host = await servePlain(old.folder);
  const context = await browser();
  const page = await openSealed(context, host.url);
  host.folder = half.folder;
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update().catch(() => undefined));
  await page.reload();
  await untilSealed(page);
  assert.equal(await build(page), old.hash);
  assert.equal(await page.getByText("A new version is ready.").count(), 0);
});

test("files that the browser has thrown away are fetched again", async () => {
  const host = await servePlain();
  const context = await browser();
  const page = await openSealed(context, host.url);
  await page.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  });
  await page.reload();
  await untilText(await untilSealed(page), /offline ready/);
  await host.stop();
  await page.reload();
  await untilSealed(page);
});

test("a browser that does not isolate gets the flavour of one thread, sealed", async () => {
  const single = await variant((_, built) => {
    delete built.headers["Cross-Origin-Embedder-Policy"];
  });
  const host = await servePlain(single.folder);
  const context = await browser();
  const page = await openSealed(context, host.url);
  assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  assert.equal(await threads(page), 1);
});

test("on plain HTTP the page says what to do, and claims nothing", async () => {
  const host = await servePlain();
  const context = await browser({ names: { "hepatica.test": host.port } });
  const page = context.pages()[0];
  await page.goto("http://hepatica.test/");
  await page.getByRole("alert").getByText("hepatica serve").waitFor();
  await untilText(page.getByRole("button", { name: /seal/i }).first(), /^not sealed: insecure address/);
  await screenshot(page, "insecure");
  await assertOnlyPageFiles(host.heard);
});
