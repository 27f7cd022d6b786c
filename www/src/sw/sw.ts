/**
 * The service worker: keeps the page's files, gives them with the headers that seal it, and refuses
 * everything else.
 *
 * It fetches while it installs, and only the files of its own build, each checked against its hash:
 * afterwards no request of page or workers reaches the network, since every one is answered here,
 * from the cache or with a refusal. One file is no part of a build: `policy.json`, by which whoever
 * runs the host says what may be kept. It is asked for again when a page starts, before that page can
 * open any source, and the last one that the host gave is kept for working offline. (Whether there is a newer service worker, the browser asks
 * by itself, with a GET of this very file.) On a host that sends no headers nothing governs *this*
 * script, hence it is small, and does no more than this page says.
 *
 * Updates are the user's choice. A new build fills a cache of its own and waits; which build is
 * served is written down in the cache `hepatica-chosen`, and only the page, on a click, changes it.
 * Even when the browser has put the new service worker in place (after the last tab was closed), it
 * goes on serving the build that was chosen.
 */

import type { Answer, Question } from "../shell/protocol";

declare const self: ServiceWorkerGlobalScope;

/** Put in front of this script by `cargo xtask`: this build's hash, its files' hashes, the headers. */
declare const BUILD: {
  readonly hash: string;
  readonly files: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
};

const PREFIX = "hepatica-";
const CHOICE = `${PREFIX}chosen`;
const CHOICE_KEY = "./chosen";

const POLICY = "policy.json";
const POLICY_CACHE = `${PREFIX}policy`;
/** How long the host may take to answer for it, in ms, before the kept one is taken. */
const POLICY_PATIENCE = 5_000;

const KINDS: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  wasm: "application/wasm",
  svg: "image/svg+xml",
  png: "image/png",
  webmanifest: "application/manifest+json",
  json: "application/json",
};

/** When this service worker last asked the network for anything, in ms since 1970; 0 for never. */
let lastRequest = 0;

self.addEventListener("install", (event) => event.waitUntil(fill()));

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const chosen = await chosenBuild();
      if (chosen === undefined || !(await caches.has(PREFIX + chosen))) await choose();
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => event.respondWith(respond(event.request)));

self.addEventListener("message", (event) => {
  const [port] = event.ports;
  if (port) event.waitUntil(answer(event.data as Question).then((said) => port.postMessage(said)));
});

/** Fetches every file of this build into its cache; one that is not as listed stops it. */
async function fill(): Promise<void> {
  const cache = await caches.open(PREFIX + BUILD.hash);
  const paths = Object.keys(BUILD.files);
  try {
    await Promise.all(
      paths.map(async (path) => {
        lastRequest = Date.now();
        const found = await fetch(at(path), { cache: "no-cache", credentials: "same-origin", redirect: "error" });
        const body = await found.arrayBuffer();
        if (!found.ok || (await sha256(body)) !== BUILD.files[path]) {
          throw new Error("the host has files of another build than its service worker");
        }
        await cache.put(at(path), new Response(body, { headers: headersFor(path) }));
      }),
    );
  } catch (reason) {
    await caches.delete(PREFIX + BUILD.hash);
    throw reason;
  }
}

/** Makes this build the one that is served, and drops every other. */
async function choose(): Promise<void> {
  const choice = await caches.open(CHOICE);
  await choice.put(CHOICE_KEY, new Response(BUILD.hash));
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith(PREFIX) && ![CHOICE, POLICY_CACHE, PREFIX + BUILD.hash].includes(name));
  await Promise.all(others.map((name) => caches.delete(name)));
}

async function chosenBuild(): Promise<string | undefined> {
  const found = await caches.match(CHOICE_KEY, { cacheName: CHOICE });
  return found?.text();
}

/** Answers a request: a GET of a file of the chosen build, without a query, or a refusal. */
async function respond(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (request.method !== "GET") return refusal(405);
  if (url.origin !== self.location.origin || url.search !== "" || !url.href.startsWith(at(""))) return refusal(403);
  url.hash = "";
  if (url.href === at(POLICY)) return policy();
  const address = url.href === at("") ? at("index.html") : url.href;
  const chosen = await chosenBuild();
  const kept = chosen === undefined ? undefined : await caches.match(address, { cacheName: PREFIX + chosen });
  if (kept) return kept;
  const path = address.slice(at("").length);
  if (!Object.hasOwn(BUILD.files, path)) return refusal(404);
  // The browser has thrown the cache away: fill it again, with this build.
  if (chosen === undefined || !(await caches.has(PREFIX + chosen))) {
    await fill();
    await choose();
    return (await caches.match(address, { cacheName: PREFIX + BUILD.hash })) ?? refusal(404);
  }
  return refusal(404);
}

/**
 * The host's policy: asked for, and kept; where the host can't be reached, or is in trouble, the one that
 * it gave last. Only a host that answers that it has none takes it back.
 */
async function policy(): Promise<Response> {
  try {
    lastRequest = Date.now();
    const signal = AbortSignal.timeout(POLICY_PATIENCE);
    const found = await fetch(at(POLICY), { cache: "no-cache", credentials: "same-origin", redirect: "error", signal });
    if (found.ok) {
      const body = await found.arrayBuffer();
      await (await caches.open(POLICY_CACHE)).put(at(POLICY), new Response(body, { headers: headersFor(POLICY) }));
    } else if (found.status === 404 || found.status === 410) await caches.delete(POLICY_CACHE);
  } catch {
    // No network, or too slow: what is kept holds.
  }
  const kept = await caches.match(at(POLICY), { cacheName: POLICY_CACHE });
  return kept ?? new Response(null, { status: 204, headers: headersFor(POLICY) });
}

/** What a refused request gets. The header tells the self-test that it was refused here. */
function refusal(status: number): Response {
  const body = `<!doctype html><title>Hepatica</title><p>Not a file of Hepatica. <a href="${at("")}">Open Hepatica</a></p>`;
  return new Response(body, { status, headers: { ...headersFor("refusal.html"), "Hepatica-Refused": String(status) } });
}

async function answer(question: Question): Promise<Answer> {
  switch (question) {
    case "status": {
      const chosen = await chosenBuild();
      const cache = chosen === undefined ? undefined : await caches.open(PREFIX + chosen);
      const kept = cache ? (await cache.keys()).length : 0;
      return { build: BUILD.hash, chosen, kept, lastRequest };
    }
    case "update": {
      // Another tab may be at work with the build that would go away.
      const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      if (tabs.length > 1) return { updated: false, otherTabs: tabs.length - 1 };
      await choose();
      await self.skipWaiting();
      return { updated: true, otherTabs: 0 };
    }
  }
}

/** The address of a file of the page. */
function at(path: string): string {
  return new URL(path, self.registration.scope).href;
}

function headersFor(path: string): Record<string, string> {
  const kind = KINDS[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
  return { ...BUILD.headers, "Content-Type": kind, "Cache-Control": "no-cache" };
}

async function sha256(body: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
