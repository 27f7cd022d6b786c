/**
 * Keys of the panes, as one table: what keys do, what buttons say of keys, and what `?` shows are all made
 * from it.
 *
 * Keys act only while a pane has the focus, so that buttons and fields keep Space, Enter and Tab. Letters
 * go by what they write, digits by where they lie (keyboards that write digits with Shift have them there).
 * Single letters can be switched off (WCAG 2.1.4).
 */
import type { PaneHands } from "./pane";
import * as actions from "./actions";
import * as state from "./state";
import { TOOLS, toolOfCode } from "./tools";

export type Group = "Look" | "Tools" | "Edit" | "Cases and panes" | "Hands";

export interface Binding {
  id: string;
  group: Group;
  /** What `event.key` says, letters small; empty for what is no key. */
  keys: string[];
  /** What the modifiers must be; those that are absent must be up. Ctrl stands for ⌘ as well. */
  ctrl?: boolean;
  shift?: boolean | "any";
  alt?: boolean;
  shown: string;
  does: string;
  /** `true`: nothing was done, and the browser may have it. */
  act?(at: KeyboardEvent, hands: PaneHands): true | void;
}

/** A single letter, or another sign that is written without a modifier. */
const isLetter = (b: Binding): boolean => !b.ctrl && !b.alt && b.keys.some((k) => k.length === 1 && k !== " ");

const walk = (key: string, hands: PaneHands): void => hands.walk(key);
const pixelOf = (key: string): [number, number] =>
  key === "ArrowLeft" ? [-1, 0] : key === "ArrowRight" ? [1, 0] : key === "ArrowUp" ? [0, -1] : [0, 1];

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

export const BINDINGS: Binding[] = [
  { id: "slice-back", group: "Look", keys: ["ArrowUp"], shown: "↑", does: "slice before", act: (_, h) => h.gesture({ kind: "scroll", slices: -1 }) },
  { id: "slice-on", group: "Look", keys: ["ArrowDown"], shown: "↓", does: "next slice", act: (_, h) => h.gesture({ kind: "scroll", slices: 1 }) },
  { id: "ten-back", group: "Look", keys: ["PageUp"], shown: "Page ↑", does: "ten slices back", act: (_, h) => h.gesture({ kind: "scroll", slices: -10 }) },
  { id: "ten-on", group: "Look", keys: ["PageDown"], shown: "Page ↓", does: "ten slices on", act: (_, h) => h.gesture({ kind: "scroll", slices: 10 }) },
  { id: "zoom", group: "Look", keys: ["+"], shift: "any", shown: "+", does: "zoom in", act: (_, h) => h.gesture({ kind: "zoom", at: h.middle(), factor: 1.25 }) },
  { id: "zoom-out", group: "Look", keys: ["_"], shift: "any", shown: "_", does: "zoom out", act: (_, h) => h.gesture({ kind: "zoom", at: h.middle(), factor: 0.8 }) },
  { id: "reset", group: "Look", keys: ["r"], shown: "R", does: "reset zoom, place and slice", act: (_, h) => h.gesture({ kind: "reset" }) },
  { id: "window", group: "Look", keys: ["v"], shown: "V", does: "next window preset", act: (_, h) => h.gesture({ kind: "nextPreset" }) },
  { id: "interpolate", group: "Look", keys: ["i"], shown: "I", does: "interpolate between voxels, on or off", act: () => actions.setDisplay({ interpolate: !state.display.value.interpolate }) },
  { id: "frame-before", group: "Look", keys: ["j"], shown: "J", does: "image before along time", act: (_, h) => h.gesture({ kind: "frame", by: -1 }) },
  { id: "frame-after", group: "Look", keys: ["k"], shown: "K", does: "next image along time, such as the next b-value", act: (_, h) => h.gesture({ kind: "frame", by: 1 }) },
  { id: "labels", group: "Look", keys: ["g"], shown: "G", does: "labels on or off", act: () => actions.setDisplay({ labels: !state.display.value.labels }) },
  { id: "outline", group: "Look", keys: ["o"], shown: "O", does: "labels filled, or in outline", act: () => actions.setDisplay({ outline: !state.display.value.outline }) },
  { id: "margin", group: "Look", keys: ["u"], shown: "U", does: "show where growing is unsure", act: () => actions.setDisplay({ margin: !state.display.value.margin }) },
  { id: "crosshair", group: "Look", keys: ARROWS, shift: true, shown: "Shift+arrows", does: "move the crosshair by 1 mm", act: (e, h) => actions.moveCrosshair(h.pane, pixelOf(e.key), h.size()) },
  { id: "crosshair-far", group: "Look", keys: ARROWS, shift: true, ctrl: true, shown: "Ctrl+Shift+arrows", does: "move the crosshair by 1 cm", act: (e, h) => {
    const [x, y] = pixelOf(e.key);
    actions.moveCrosshair(h.pane, [10 * x, 10 * y], h.size());
  } },

  { id: "tools", group: "Tools", keys: [], shown: "1 … 0", does: "tools, by Slicer’s numbers" },
  { id: "more-tools", group: "Tools", keys: [], shown: "Shift+1 … 4", does: "scissors, islands, logical operators, mask volume" },
  { id: "brush", group: "Tools", keys: ["b"], shown: "B", does: "brush", act: () => take("paint") },
  { id: "eraser", group: "Tools", keys: ["e"], shown: "E", does: "eraser", act: () => take("erase") },
  { id: "smaller", group: "Tools", keys: ["[", "-"], shown: "[  −", does: "smaller brush", act: () => actions.growBrush(-1) },
  { id: "larger", group: "Tools", keys: ["]", "="], shown: "]  =", does: "larger brush", act: () => actions.growBrush(1) },
  { id: "swap", group: "Tools", keys: [" "], shown: "Space", does: "the last two tools, in turn", act: () => actions.swapTools() },
  { id: "dab", group: "Tools", keys: ["d"], shown: "D", does: "use the tool at the crosshair", act: (_, h) => actions.dab(h.pane, false) },
  { id: "undab", group: "Tools", keys: ["d"], shift: true, shown: "Shift+D", does: "the same, inverted", act: (_, h) => actions.dab(h.pane, true) },
  { id: "accept", group: "Tools", keys: ["Enter"], shown: "Enter", does: "accept a contour or preview; else maximise the pane", act: (_, h) => accept(h) },
  { id: "leave", group: "Tools", keys: ["Escape"], shown: "Esc", does: "cancel a contour or preview, or leave the tool", act: (_, h) => leave(h) },

  { id: "undo", group: "Edit", keys: ["z"], shown: "Z, Ctrl+Z", does: "undo", act: () => void actions.undo() },
  { id: "redo", group: "Edit", keys: ["y"], shown: "Y, Ctrl+Y", does: "do again", act: () => void actions.redo() },
  { id: "segment-before", group: "Edit", keys: ["q"], shown: "Q", does: "segment before", act: () => actions.stepSegment(-1) },
  { id: "segment-after", group: "Edit", keys: ["w"], shown: "W", does: "next segment", act: () => actions.stepSegment(1) },
  { id: "next-best", group: "Edit", keys: ["x"], shown: "X", does: "go where the next stroke tells most", act: () => void actions.nextBest() },

  { id: "case-after", group: "Cases and panes", keys: ["n"], shown: "N", does: "next case", act: () => actions.stepCase(1) },
  { id: "case-before", group: "Cases and panes", keys: ["p"], shown: "P", does: "case before", act: () => actions.stepCase(-1) },
  { id: "stage-before", group: "Cases and panes", keys: [","], shown: ",", does: "stage before", act: () => void actions.setStage((state.view.value?.stage ?? 0) - 1) },
  { id: "stage-after", group: "Cases and panes", keys: ["."], shown: ".", does: "next stage", act: () => void actions.setStage((state.view.value?.stage ?? 0) + 1) },
  { id: "walk", group: "Cases and panes", keys: ARROWS, alt: true, shown: "Alt+arrows", does: "go to the next pane", act: (e, h) => walk(e.key, h) },
  { id: "nudge", group: "Cases and panes", keys: ARROWS, alt: true, shift: true, shown: "Alt+Shift+arrows", does: "shift this series against the reference by 1 mm", act: (e, h) => h.gesture({ kind: "nudge", by: pixelOf(e.key) }) },
  { id: "pane-menu", group: "Cases and panes", keys: ["m"], shown: "M", does: "series and plane of this pane", act: (_, h) => { state.paneMenu.value = h.pane; } },
  { id: "help", group: "Cases and panes", keys: ["?"], shift: "any", shown: "?", does: "this table", act: () => { state.keysShown.value = true; } },

  { id: "hand-wheel", group: "Hands", keys: [], shown: "wheel", does: "slices" },
  { id: "hand-zoom", group: "Hands", keys: [], shown: "Ctrl+wheel, right-drag", does: "zoom" },
  { id: "hand-pan", group: "Hands", keys: [], shown: "middle-drag, Shift+drag", does: "pan" },
  { id: "hand-window", group: "Hands", keys: [], shown: "drag, no tool", does: "window and level; double right-click resets them" },
  { id: "hand-cross", group: "Hands", keys: [], shown: "Shift+move", does: "crosshair, linked in every pane" },
  { id: "hand-brush", group: "Hands", keys: [], shown: "Shift+wheel", does: "brush size" },
  { id: "hand-invert", group: "Hands", keys: [], shown: "Ctrl+drag", does: "with a tool: inverted, so that a brush erases" },
  { id: "hand-max", group: "Hands", keys: [], shown: "double-click", does: "maximise the pane, and back" },
  { id: "hand-touch", group: "Hands", keys: [], shown: "pen, 1 finger", does: "paints; 2 fingers zoom and pan, 3 scroll" },
];

/** The key of something, for a button's tooltip: ` (G)`. */
export function keyOf(id: string): string {
  const found = BINDINGS.find((b) => b.id === id);
  if (!found || (isLetter(found) && !state.letterKeys.value.value)) return "";
  return ` (${found.shown})`;
}

function take(tool: "paint" | "erase"): void {
  if (state.tool.value !== tool) void actions.setTool(tool);
}

function accept(hands: PaneHands): void {
  if (hands.closeContour()) return;
  if (state.editor.value?.preview) void actions.endPreview(true);
  else hands.maximise();
}

function leave(hands: PaneHands): void {
  if (hands.dropContour()) return;
  if (state.editor.value?.preview) void actions.endPreview(false);
  else if (state.tool.value !== null) void actions.setTool(state.tool.value);
  else if (state.maximised.value !== null) hands.maximise();
}

function fits(binding: Binding, event: KeyboardEvent): boolean {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!binding.keys.includes(key)) return false;
  if ((event.ctrlKey || event.metaKey) !== Boolean(binding.ctrl) || event.altKey !== Boolean(binding.alt)) return false;
  return binding.shift === "any" || event.shiftKey === Boolean(binding.shift);
}

/** A key while a pane has the focus. */
export function onPaneKey(event: KeyboardEvent, hands: PaneHands): void {
  if (event.ctrlKey || event.metaKey) {
    if (onHistoryKey(event)) return;
  } else if (!event.altKey) {
    const tool = toolOfCode(event.code, event.shiftKey);
    if (tool) {
      if (!state.letterKeys.value.value) return;
      event.preventDefault();
      void actions.setTool(tool.id);
      return;
    }
  }
  const binding = BINDINGS.find((b) => fits(b, event));
  if (!binding?.act || (isLetter(binding) && !state.letterKeys.value.value)) return;
  if (binding.act(event, hands) !== true) event.preventDefault();
}

/** Ctrl+Z and its kin: anywhere in the room but where text is written. */
export function onHistoryKey(event: KeyboardEvent): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return false;
  const { target } = event;
  if (target instanceof HTMLInputElement && ["text", "number", "search"].includes(target.type)) return false;
  if (document.querySelector("dialog[open]")) return false;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) void actions.undo();
  else if (key === "y" || (key === "z" && event.shiftKey)) void actions.redo();
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

/** Rows of `?`: the bindings, and a line for each tool. */
export function helpRows(): { group: Group; rows: { shown: string; does: string }[] }[] {
  const groups: Group[] = ["Look", "Tools", "Edit", "Cases and panes", "Hands"];
  return groups.map((group) => ({
    group,
    rows: BINDINGS.filter((b) => b.group === group).flatMap((b) =>
      b.id === "tools"
        ? TOOLS.filter((t) => !t.shift).map((t) => ({ shown: t.shown, does: t.label }))
        : b.id === "more-tools"
          ? TOOLS.filter((t) => t.shift).map((t) => ({ shown: t.shown, does: t.label }))
          : [{ shown: b.shown, does: b.does }],
    ),
  }));
}
