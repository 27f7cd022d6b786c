/**
 * Words and lines over a pane, in DOM and SVG: what it shows, window and level, slice, orientation
 * letters, scale bar, crosshair, measurements, the brush's size, a contour in the making.
 *
 * In: what the engine drew (`PaneState`, device pixels) and where the pointer is. Out: elements. It
 * draws no pixel of an image, and asks nothing.
 */
import type { PaneState, PaneView, Vec2, VolumeFact } from "../engine/annotate-protocol";
import { div, say, set, svg } from "./svg";

/** Lengths that a scale bar can have, mm. */
const BARS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/** The bar takes about a quarter of the pane, CSS pixels at most. */
const BAR_MOST = 96;

export class Overlay {
  readonly element = div("pane__over");
  readonly title: HTMLButtonElement;
  readonly #role = document.createElement("span");
  readonly #when = document.createElement("span");
  readonly #window = div("pane__window");
  readonly #notes = div("pane__notes");
  readonly #letters: HTMLDivElement[];
  readonly #slice = div("pane__slice");
  readonly #empty = div("pane__empty");
  readonly #emptyText = div("pane__emptytext", this.#empty);
  readonly #might = div("pane__might", this.#empty);
  readonly #lines = svg("svg", { class: "pane__lines", "aria-hidden": "true", focusable: "false" });
  readonly #cross = svg("path", { class: "pane__cross" });
  readonly #measures = svg("g", { class: "pane__measures" });
  readonly #bar = svg("path", { class: "pane__bar" });
  readonly #barText = svg("text", { class: "pane__bartext" });
  readonly #brush = svg("circle", { class: "pane__brush" });
  readonly #contour = svg("polyline", { class: "pane__contour" });
  #size: Vec2 = [0, 0];
  #dpr = 1;
  #state: PaneState | null = null;
  #thickness = 0;
  #frames = 1;

  constructor() {
    this.title = document.createElement("button");
    this.title.type = "button";
    this.title.className = "pane__title";
    this.#role.className = "pane__role";
    this.#when.className = "pane__when";
    const does = document.createElement("span");
    does.className = "unseen";
    does.textContent = ": choose series and plane";
    this.title.append(this.#role, this.#when, does);
    this.#letters = ["left", "right", "top", "bottom"].map((side) => div(`pane__letter pane__letter--${side}`));
    this.#lines.append(this.#cross, this.#measures, this.#bar, this.#barText, this.#contour, this.#brush);
    this.element.append(this.#lines, this.title, this.#window, this.#notes, ...this.#letters, this.#slice, this.#empty);
    this.#brush.setAttribute("visibility", "hidden");
  }

  /** The pane's size in CSS pixels, and device pixels in one of them. */
  resize(width: number, height: number, dpr: number): void {
    this.#size = [width, height];
    this.#dpr = dpr;
    set(this.#lines, { viewBox: `0 0 ${Math.max(1, width)} ${Math.max(1, height)}` });
    this.draw(this.#state);
  }

  /** What hangs here; where nothing does, what might, each with a button. */
  hang(view: PaneView, volume: VolumeFact | null, might: VolumeFact[], choose: (volume: number) => void): void {
    const [role = "", ...when] = view.title.split(" · ");
    say(this.#role, role || (view.volume === null ? "empty" : "image"));
    say(this.#when, when.join(" · "));
    this.#thickness = volume?.spacing[2] ?? 0;
    this.#frames = volume?.frames ?? 1;
    const failed = volume?.state === "failed";
    const waiting = volume && (volume.state === "waiting" || volume.state === "reading");
    this.element.classList.toggle("pane__over--empty", view.volume === null || failed);
    this.element.classList.toggle("pane__over--waiting", Boolean(waiting));
    if (view.volume === null) say(this.#emptyText, view.wanted ? `Looked for ${view.wanted}: not found.` : "Nothing hangs here. Drag a series to it.");
    else if (failed) say(this.#emptyText, `Could not be read: ${volume.trouble}`);
    else say(this.#emptyText, waiting ? "Reading…" : "");
    this.#offer(view.volume === null ? might : [], choose);
  }

  #offer(might: VolumeFact[], choose: (volume: number) => void): void {
    const key = might.map((v) => v.id).join();
    if (this.#might.dataset["of"] === key) return;
    this.#might.dataset["of"] = key;
    this.#might.replaceChildren(
      ...might.slice(0, 3).map((volume) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "pane__choice";
        button.textContent = `Show ${volume.title}`;
        button.addEventListener("click", () => choose(volume.id));
        return button;
      }),
    );
  }

  draw(state: PaneState | null): void {
    this.#state = state;
    const [width, height] = this.#size;
    const px = 1 / this.#dpr;
    say(this.#window, state ? windowText(state) : "");
    const thick = this.#thickness > 0 && width > 260 ? ` · ${this.#thickness.toFixed(1)} mm` : "";
    say(this.#slice, state && state.slices > 0 ? `${state.slice + 1} / ${state.slices}${thick}` : "");
    this.#letters.forEach((letter, i) => say(letter, state?.letters[i] ?? ""));
    say(this.#notes, state ? notes(state, this.#frames) : "");
    this.#drawCross(state?.crosshair ? [state.crosshair[0] * px, state.crosshair[1] * px] : null);
    this.#drawBar(state ? state.pixelsPerMm * px : 0, width, height);
    this.#drawMeasures(state, px);
  }

  /** The brush where the pointer is; `null` where there is none. */
  brush(at: Vec2 | null, diameter: number, erases: boolean): void {
    if (!at || !this.#state) {
      set(this.#brush, { visibility: "hidden" });
      return;
    }
    const r = Math.max(1.5, (diameter * this.#state.pixelsPerMm) / this.#dpr / 2);
    set(this.#brush, { cx: at[0], cy: at[1], r, visibility: "visible", class: erases ? "pane__brush pane__brush--erases" : "pane__brush" });
  }

  /** A contour in the making, CSS pixels. */
  contour(points: Vec2[]): void {
    set(this.#contour, { points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ") });
  }

  #drawCross(at: Vec2 | null): void {
    const [width, height] = this.#size;
    if (!at) return set(this.#cross, { d: "" });
    const [x, y] = at.map((v) => v.toFixed(1)) as [string, string];
    const gap = 8;
    const cut = (from: number, to: number): string => (to > from ? `${from.toFixed(1)} ${to.toFixed(1)}` : "");
    const pieces: string[] = [];
    for (const [a, b] of [[0, at[0] - gap], [at[0] + gap, width]] as const) if (cut(a, b)) pieces.push(`M${a.toFixed(1)} ${y}H${b.toFixed(1)}`);
    for (const [a, b] of [[0, at[1] - gap], [at[1] + gap, height]] as const) if (cut(a, b)) pieces.push(`M${x} ${a.toFixed(1)}V${b.toFixed(1)}`);
    set(this.#cross, { d: pieces.join("") });
  }

  #drawBar(perMm: number, width: number, height: number): void {
    const most = Math.min(BAR_MOST, width * 0.22);
    const mm = BARS.findLast((bar) => bar * perMm <= most);
    if (!mm || perMm <= 0) {
      set(this.#bar, { d: "" });
      return say(this.#barText, "");
    }
    const long = mm * perMm;
    const right = width - 8;
    const y = height - 15;
    set(this.#bar, { d: `M${(right - long).toFixed(1)} ${y - 3}v6m0-3h${long.toFixed(1)}m0-3v6` });
    set(this.#barText, { x: right - long - 6, y: y + 4, "text-anchor": "end" });
    say(this.#barText, mm >= 10 ? `${mm / 10} cm` : `${mm} mm`);
  }

  #drawMeasures(state: PaneState | null, px: number): void {
    const lines = state?.lines ?? [];
    while (this.#measures.childElementCount > lines.length * 2) this.#measures.lastElementChild?.remove();
    lines.forEach(({ from, to, text }, i) => {
      let line = this.#measures.children[i * 2];
      let words = this.#measures.children[i * 2 + 1];
      if (!line || !words) {
        line = svg("line");
        words = svg("text");
        this.#measures.append(line, words);
      }
      set(line, { x1: from[0] * px, y1: from[1] * px, x2: to[0] * px, y2: to[1] * px });
      set(words, { x: Math.max(from[0], to[0]) * px + 6, y: ((from[1] + to[1]) / 2) * px - 4 });
      say(words, text);
    });
  }
}

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Whole numbers where they are large, three figures where they are small. */
export function figure(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? WHOLE.format(value) : FINE.format(value);
}

function windowText({ window }: PaneState): string {
  const { width, level, unit, preset } = window;
  const figures = `W ${figure(width)} L ${figure(level)}${unit ? ` ${unit}` : ""}`;
  return preset ? `${figures}\n${preset}` : figures;
}

function notes({ outside, shift, frame }: PaneState, frames: number): string {
  const said: string[] = [];
  if (frames > 1) said.push(`image ${frame + 1} of ${frames}`);
  if (outside) said.push("outside this series");
  if (shift) said.push(`shifted ${Math.hypot(...shift).toFixed(1)} mm`);
  return said.join(" · ");
}
