/**
 * The institution's policy: `policy.json` beside the page, which users can tighten and never loosen.
 *
 * It is asked for once, when the seal has been seen to hold and before any source can be opened. The
 * service worker keeps the last one that the host gave, so that it holds without network, too.
 */
import { computed, signal } from "@preact/signals";
import type { PolicySeen } from "../engine/protocol";
import { EngineTrouble } from "../engine/client";
import { engine } from "../prepare/state";
import { settleBeforeOpening } from "../shell/seal";

type Institution =
  | { kind: "asking" }
  | { kind: "none" }
  | { kind: "held"; json: string; seen: PolicySeen }
  | { kind: "unusable"; why: string };

export const institution = signal<Institution>({ kind: "asking" });

/** Why no source can be opened, as far as the policy goes; empty once it is settled. */
export const policyClosed = computed(() => {
  const now = institution.value;
  if (now.kind === "asking") return "Asking this page’s host for its de-identification policy…";
  if (now.kind === "unusable") return `The policy of this page’s host cannot be used, so no source can be opened: ${now.why} Tell whoever runs this page.`;
  return "";
});

/** No policy needs more. */
const MOST = 256 << 10;

/** Has the host asked as soon as the policy of the page has been seen to hold; called once, when the page starts. */
export function startInstitution(): void {
  settleBeforeOpening(askHost);
}

async function askHost(): Promise<void> {
  let json: string | null;
  try {
    const answer = await fetch("./policy.json", { cache: "no-cache", credentials: "same-origin", redirect: "error" });
    // Some hosts answer whatever they don't have with their front page.
    const text = answer.ok ? await answer.text() : "";
    json = text.trim() === "" || text.trimStart().startsWith("<") ? null : text;
  } catch {
    json = null;
  }
  if (json !== null && json.length > MOST) institution.value = { kind: "unusable", why: "it is larger than a policy can be." };
  else if (json === null) institution.value = { kind: "none" };
  else await hold(json);
}

async function hold(json: string): Promise<void> {
  try {
    const seen = await engine.value?.ask("institution", { json });
    institution.value = seen ? { kind: "held", json, seen } : { kind: "unusable", why: "the engine did not take it." };
  } catch (thrown) {
    const why = thrown instanceof EngineTrouble && thrown.message ? thrown.message : "the engine did not take it";
    institution.value = { kind: "unusable", why: `${why}.` };
  }
}

/** A new engine knows of no policy yet. */
export async function tellAgain(): Promise<void> {
  const now = institution.value;
  if (now.kind === "held") await hold(now.json);
}
