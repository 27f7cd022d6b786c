/** The seal in the top bar: what was seen, in a line. A click shows the evidence. */

import { refreshSeal, seal, sealDialogOpen } from "./seal";
import type { SealState } from "./seal";

/** `sealed · no request since 09:41 · offline ready · 2 threads` */
export function sealLine(state: SealState): string {
  switch (state.status) {
    case "testing":
      return "testing the seal…";
    case "insecure-origin":
      return "not sealed: insecure address";
    case "unsealed":
      return "not sealed";
    case "sealed":
      return [
        "sealed",
        state.noRequestSince && `no request since ${clock(state.noRequestSince)}`,
        state.offlineReady && "offline ready",
        state.threads !== undefined && (state.threads === 1 ? "1 thread" : `${state.threads} threads`),
      ]
        .filter(Boolean)
        .join(" · ");
  }
}

export function clock(time: Date): string {
  return time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function SealPill() {
  const open = (): void => {
    sealDialogOpen.value = true;
    void refreshSeal();
  };
  return (
    <button type="button" class={`seal-pill ${seal.value.status}`} aria-haspopup="dialog" onClick={open}>
      <span class="seal-dot" aria-hidden="true" />
      <span aria-live="polite">{sealLine(seal.value)}</span>
    </button>
  );
}
