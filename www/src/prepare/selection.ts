/** Selecting ranges of rows, and folding branches. */
import * as state from "./state";

/** Where a range selection began. */
let anchor: number | null = null;

export function selectRange(to: number): void {
  const ids = state.rows.value.flatMap((r) => (r.kind === "volume" ? [r.volume.id] : []));
  const from = anchor !== null && ids.includes(anchor) ? ids.indexOf(anchor) : ids.indexOf(to);
  const end = ids.indexOf(to);
  state.selected.value = new Set(ids.slice(Math.min(from, end), Math.max(from, end) + 1));
}

export function setAnchor(volume: number): void {
  anchor = volume;
}

export function fold(key: string): void {
  const next = new Set(state.folded.value);
  if (!next.delete(key)) next.add(key);
  state.folded.value = next;
}
