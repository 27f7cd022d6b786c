/**
 * The self-test: tries what must not work, and sees the policy refuse it.
 *
 * In: nothing. Out: a line of evidence for each attempt. It runs in the page and in a worker, since
 * each is governed by the headers of its own response. It never lets a byte out: the first attempt
 * of each kind is one that stays in the browser whether refused or not (`data:`), and only where the
 * policy is seen to refuse that are the addresses of others tried.
 */

export type Where = "page" | "worker";

export interface Evidence {
  /** What was tried, in a few words. */
  readonly name: string;
  readonly where: Where;
  /** Whether it was refused, or is absent, as it must be. */
  readonly ok: boolean;
  /** What was seen. */
  readonly detail: string;
}

/** A name that can never exist (RFC 2606 §2). */
const ELSEWHERE = "seal-test.invalid";

/** How long the browser may take to report a violation, in ms. */
const PATIENCE = 3_000;

/** A transparent pixel. */
const PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

/** Constructors that only windows have, or only some browsers. */
interface Maybe {
  readonly RTCPeerConnection?: unknown;
  readonly webkitRTCPeerConnection?: unknown;
  readonly Image?: new () => { src: string };
  readonly WebTransport?: new (url: string) => { ready: Promise<unknown>; closed: Promise<unknown> };
}

/**
 * Tries everything once.
 *
 * @param where where this runs
 * @param ownOrigin whether the service worker answers here, so that a planted request to the page's
 *   own origin cannot reach the host
 */
export async function probe(where: Where, ownOrigin: boolean): Promise<Evidence[]> {
  const found: Evidence[] = [];
  const seen = (name: string, ok: boolean, detail: string): void => {
    found.push({ name, where, ok, detail });
  };
  const here = globalThis as unknown as Maybe;

  const connections = await refused("connect-src", "data", () => fetch("data:,planted"));
  seen("connections: only to this page's own address", connections.ok, connections.detail);

  const elsewhere = async (name: string, directive: string, attempt: () => unknown): Promise<void> => {
    if (!connections.ok) seen(name, false, "not tried: nothing would hold it back");
    else {
      const { ok, detail } = await refused(directive, ELSEWHERE, attempt);
      seen(name, ok, detail);
    }
  };
  await elsewhere("fetch from elsewhere", "connect-src", () => fetch(`https://${ELSEWHERE}/`));
  await elsewhere("WebSocket", "connect-src", () => new WebSocket(`wss://${ELSEWHERE}/`));
  if ("sendBeacon" in navigator) {
    await elsewhere("beacon", "connect-src", () => navigator.sendBeacon(`https://${ELSEWHERE}/`, "planted"));
  } else {
    seen("beacon", true, "absent");
  }

  if (here.Image) {
    const Picture = here.Image;
    const local = await refused("img-src", "data", () => void (new Picture().src = PIXEL));
    seen("images: only of this page", local.ok, local.detail);
    if (local.ok) await elsewhere("image from elsewhere", "img-src", () => void (new Picture().src = `https://${ELSEWHERE}/x.png`));
  } else {
    seen("image from elsewhere", true, "absent");
  }

  const absent = !here.RTCPeerConnection && !here.webkitRTCPeerConnection;
  seen("RTCPeerConnection", absent, absent ? "absent" : "present");

  const script = evaluation();
  seen("code from text", script, script ? "refused by policy" : "allowed");

  if (ownOrigin) {
    await own("POST to this page's own address", "./", { method: "POST", body: "planted" }, seen);
    await own("GET with a query", "./index.html?planted", {}, seen);
  } else {
    seen("POST to this page's own address", false, "not tried: no service worker answers here yet");
  }
  return found;
}

/** Tries something that the policy must refuse, and waits for the browser's report of it. */
async function refused(directive: string, blocked: string, attempt: () => unknown): Promise<{ ok: boolean; detail: string }> {
  const target: EventTarget = "document" in globalThis ? document : globalThis;
  const report = new Promise<boolean>((resolve) => {
    const listen = (event: Event): void => {
      const { effectiveDirective, blockedURI, disposition } = event as SecurityPolicyViolationEvent;
      if (disposition !== "enforce" || effectiveDirective !== directive || !blockedURI.includes(blocked)) return;
      end(true);
    };
    const end = (reported: boolean): void => {
      target.removeEventListener("securitypolicyviolation", listen);
      clearTimeout(timer);
      resolve(reported);
    };
    const timer = setTimeout(() => end(false), PATIENCE);
    target.addEventListener("securitypolicyviolation", listen);
    // Where it was not refused there is no report to wait for.
    const through = (): void => void setTimeout(() => end(false), 250);
    try {
      const outcome = attempt();
      if (outcome instanceof Promise) outcome.then(through, () => undefined);
    } catch {
      // Some browsers throw as well as report; the report is what counts.
    }
  });
  return (await report) ? { ok: true, detail: `refused by policy (${directive})` } : { ok: false, detail: "not refused by policy" };
}

/** Whether turning text into code is refused. */
function evaluation(): boolean {
  try {
    new Function("return 1");
    return false;
  } catch {
    return true;
  }
}

/** Sends something to the page's own origin, where the service worker must refuse it. */
async function own(
  name: string,
  address: string,
  request: RequestInit,
  seen: (name: string, ok: boolean, detail: string) => void,
): Promise<void> {
  try {
    const answer = await fetch(address, request);
    const by = answer.headers.get("Hepatica-Refused");
    seen(name, by !== null, by === null ? `answered with ${answer.status}` : `refused by the service worker (${by})`);
  } catch {
    seen(name, false, "no service worker answered");
  }
}
