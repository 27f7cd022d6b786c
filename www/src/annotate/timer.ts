/** The case's clock: it runs while a case is open, the page is visible, and somebody is at work. */
import { worked } from "./actions";
import * as state from "./state";

/** Without a hand on mouse, pen or keys for so long nobody counts as being at work. */
const IDLE_MS = 60_000;

/** Counts while the room is shown; the returned function ends it. */
export function countTime(): () => void {
  let used = performance.now();
  const use = (): void => {
    used = performance.now();
  };
  const kinds = ["pointermove", "pointerdown", "wheel", "keydown"] as const;
  for (const kind of kinds) addEventListener(kind, use, { passive: true, capture: true });
  const clock = setInterval(() => {
    if (state.view.peek() && document.visibilityState === "visible" && performance.now() - used < IDLE_MS) worked(1);
  }, 1000);
  return () => {
    clearInterval(clock);
    for (const kind of kinds) removeEventListener(kind, use, { capture: true });
  };
}
