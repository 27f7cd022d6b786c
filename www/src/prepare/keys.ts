/** Keys of the plan's table, as a table: what `?` shows is made from the bindings themselves. */
import { signal } from "@preact/signals";
import { openRoleMenuOf } from "./RoleMenu";
import type { Row } from "./rows";
import { fold, selectRange, setAnchor } from "./selection";
import * as state from "./state";

interface Binding {
  keys: string[];
  /** As `aria-keyshortcuts` spells it. */
  aria: string;
  shown: string;
  does: string;
  act(event: KeyboardEvent): void;
}

export const keysShown = signal(false);

function here(): Row | undefined {
  return state.rows.value.find((row) => row.key === state.active.value);
}

/** The selected volumes, or the one that the keyboard is on. */
function meant(): number[] {
  if (state.selected.value.size > 1) return [...state.selected.value];
  const row = here();
  if (row?.kind === "volume") return [row.volume.id];
  if (row?.kind === "study") return row.study.volumes.map((v) => v.id);
  if (row?.kind === "patient") return row.patient.studies.flatMap((s) => s.volumes.map((v) => v.id));
  return [];
}

function step(by: number, extend: boolean): void {
  const rows = state.rows.value;
  const now = rows.findIndex((row) => row.key === state.active.value);
  const next = rows[Math.max(0, Math.min(rows.length - 1, now + by))];
  if (!next) return;
  const row = here();
  if (extend && row?.kind === "volume" && state.selected.value.size === 0) setAnchor(row.volume.id);
  state.active.value = next.key;
  if (next.kind !== "volume") return;
  if (extend) selectRange(next.volume.id);
  else {
    state.selected.value = new Set([next.volume.id]);
    setAnchor(next.volume.id);
  }
  void state.inspect(next.volume.id);
}

function turn(open: boolean): void {
  const row = here();
  if (!row) return;
  if (row.kind !== "volume" && row.open !== open) fold(row.key);
  else if (!open && row.kind === "volume") state.active.value = row.branch;
  else if (!open && row.kind === "study") state.active.value = `p${row.patient.index}`;
  else if (open) step(1, false);
}

export const bindings: Binding[] = [
  { keys: ["ArrowDown"], aria: "ArrowDown", shown: "↓", does: "next row; with Shift, selects on the way", act: (e) => step(1, e.shiftKey) },
  { keys: ["ArrowUp"], aria: "ArrowUp", shown: "↑", does: "row before; with Shift, selects on the way", act: (e) => step(-1, e.shiftKey) },
  { keys: ["PageDown"], aria: "PageDown", shown: "Page ↓", does: "ten rows down", act: (e) => step(10, e.shiftKey) },
  { keys: ["PageUp"], aria: "PageUp", shown: "Page ↑", does: "ten rows up", act: (e) => step(-10, e.shiftKey) },
  { keys: ["Home"], aria: "Home", shown: "Home", does: "first row", act: (e) => step(-1e9, e.shiftKey) },
  { keys: ["End"], aria: "End", shown: "End", does: "last row", act: (e) => step(1e9, e.shiftKey) },
  { keys: ["ArrowRight"], aria: "ArrowRight", shown: "→", does: "unfold", act: () => turn(true) },
  { keys: ["ArrowLeft"], aria: "ArrowLeft", shown: "←", does: "fold, or to the branch above", act: () => turn(false) },
  { keys: [" "], aria: "Space", shown: "Space", does: "include or leave out", act: toggle },
  { keys: ["Enter"], aria: "Enter", shown: "Enter", does: "role, with its reasons", act: () => openRole() },
  { keys: ["F2"], aria: "F2", shown: "F2", does: "change the name; of a patient the code, of a study the sessions", act: rename },
  { keys: ["c"], aria: "C", shown: "C", does: "confirm the role", act: confirm },
  { keys: ["z"], aria: "Z", shown: "Z, Ctrl+Z", does: "undo", act: () => void state.undo() },
  { keys: ["y"], aria: "Y", shown: "Y, Ctrl+Y", does: "redo", act: () => void state.redo() },
  { keys: ["Escape"], aria: "Escape", shown: "Esc", does: "clear the selection", act: () => { state.selected.value = new Set(); } },
  { keys: ["?"], aria: "?", shown: "?", does: "this table", act: () => { keysShown.value = true; } },
];

function toggle(): void {
  const volumes = meant();
  const row = here();
  const included = state.plan.value?.patients
    .flatMap((p) => p.studies.flatMap((s) => s.volumes))
    .filter((v) => volumes.includes(v.id) && v.include).length;
  if (row && volumes.length > 0) state.setInclude(volumes, included !== volumes.length);
}

function rename(): void {
  const row = here();
  if (row?.kind === "patient") state.recoding.value = row.patient.index;
  if (row?.kind === "study") state.resessioning.value = row.patient.index;
  if (row?.kind === "volume" && row.volume.include) state.naming.value = row.volume.id;
}

function openRole(): void {
  const row = here();
  if (row && row.kind !== "volume") fold(row.key);
  else if (meant().length > 0) openRoleMenuOf(meant());
}

function confirm(): void {
  const volumes = meant();
  if (volumes.length > 0) void state.edit({ kind: "confirmRole", volumes }, "Role confirmed.");
}

/** Only while the table itself has the focus: buttons and fields keep their keys. */
export function onTableKey(event: KeyboardEvent): void {
  if (event.target !== event.currentTarget) return;
  if (event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key === "a" && !event.altKey) {
      state.selected.value = new Set(state.rows.value.flatMap((r) => (r.kind === "volume" ? [r.volume.id] : [])));
      event.preventDefault();
    }
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const binding = bindings.find((b) => b.keys.includes(key));
  if (!binding) return;
  event.preventDefault();
  binding.act(event);
}

/** Ctrl+Z and its kin anywhere in the room, except where text is written. */
export function onRoomKey(event: KeyboardEvent): void {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.target instanceof HTMLInputElement && event.target.type !== "checkbox") return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) void state.undo();
  else if (key === "y" || (key === "z" && event.shiftKey)) void state.redo();
  else return;
  event.preventDefault();
}
