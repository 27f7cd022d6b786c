/**
 * One pane: a canvas that belongs to the engine, words and lines over it, and hands on it.
 *
 * A canvas can be given away once, so a pane lives as long as the page and its engine; what hangs in it
 * changes. The engine draws into the canvas; the pane never sees a pixel.
 */
import type { PaneGesture, PaneState, PaneView, Tool, Vec2, VolumeFact } from "../engine/annotate-protocol";
import type { Engine } from "../engine/client";
import * as actions from "./actions";
import { Hands } from "./hands";
import { onPaneKey } from "./keys";
import { Overlay } from "./overlay";
import * as state from "./state";
import { div } from "./svg";

/** What keys ask of the pane that has the focus. */
export interface PaneHands {
  readonly pane: number;
  gesture(gesture: PaneGesture): void;
  middle(): Vec2;
  size(): Vec2;
  maximise(): void;
  walk(key: string): void;
  closeContour(): boolean;
  dropContour(): boolean;
}

export interface PaneGrid {
  maximise(pane: number): void;
  walk(from: number, key: string): void;
}

export class Pane implements PaneHands {
  readonly element = div("pane");
  readonly pane: number;
  readonly #grid: PaneGrid;
  readonly #overlay = new Overlay();
  readonly #hands: Hands;
  readonly #sizes: ResizeObserver;
  #view: PaneView | null = null;
  #size: Vec2 = [0, 0];
  #held: Tool | null = null;
  #hover: { at: Vec2; inverted: boolean } | null = null;

  constructor(pane: number, engine: Engine, grid: PaneGrid) {
    this.pane = pane;
    this.#grid = grid;
    const canvas = document.createElement("canvas");
    canvas.className = "pane__image";
    canvas.setAttribute("aria-hidden", "true");
    this.element.append(canvas, this.#overlay.element);
    this.element.setAttribute("role", "application");
    this.element.setAttribute("aria-roledescription", "image pane");
    this.element.tabIndex = -1;
    this.element.dataset["pane"] = String(pane);

    this.#hands = new Hands(this.element, {
      gesture: (gesture) => this.gesture(gesture),
      stroke: (phase, tool, points, inverted) => actions.stroke({ pane, tool, phase, points, inverted }),
      tool: () => (this.#view?.volume === null ? null : actions.strokeTool(state.tool.peek())),
      surface: () => this.#view?.surface ?? false,
      brush: (steps) => this.#resizeBrush(steps),
      focus: () => this.element.focus({ preventScroll: true }),
      maximise: () => this.maximise(),
      hover: (at, inverted) => this.#hovers(at, inverted),
      contour: (points) => this.#overlay.contour(points),
    });
    this.element.addEventListener("focus", () => {
      state.active.value = pane;
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.target === event.currentTarget) onPaneKey(event, this);
    });
    this.#overlay.title.addEventListener("click", () => {
      state.active.value = pane;
      state.paneMenu.value = state.paneMenu.peek() === pane ? null : pane;
    });
    this.#takeDrops();

    const offscreen = canvas.transferControlToOffscreen();
    engine.ask("paneCanvas", { pane, canvas: offscreen }, [offscreen]).catch(actions.failed);
    this.#sizes = new ResizeObserver(([entry]) => {
      if (entry) this.#resized(entry, engine);
    });
    this.#sizes.observe(canvas);
  }

  /** The engine that it belonged to is gone. */
  end(): void {
    this.#sizes.disconnect();
    this.element.remove();
  }

  get title(): HTMLButtonElement {
    return this.#overlay.title;
  }

  hang(view: PaneView, volume: VolumeFact | null): void {
    const same = this.#view?.volume === view.volume && this.#view?.orientation === view.orientation;
    this.#view = view;
    const might = view.candidates.map((id) => state.volumeOf(id)).filter((v) => v !== null);
    this.#overlay.hang(view, volume, might, (chosen) => void actions.hang(this.pane, chosen));
    // Of another series nothing has been told yet.
    if (!same) state.drawn.delete(this.pane);
    this.draw(volume?.state === "failed" ? null : (state.drawn.get(this.pane) ?? null));
    const what = view.title || (view.volume === null ? `empty, ${view.wanted} was looked for` : "image");
    this.element.setAttribute("aria-label", view.surface ? `${what}, surfaces` : `${what}, ${view.orientation}`);
  }

  draw(drawn: PaneState | null): void {
    this.#overlay.draw(this.#view?.volume === null ? null : drawn);
    if (this.#hover) this.#hovers(this.#hover.at, this.#hover.inverted);
  }

  /** The frame of the active pane; and Tab's one stop in the grid. */
  activate(active: boolean): void {
    this.element.classList.toggle("pane--active", active);
    this.element.tabIndex = active ? 0 : -1;
    this.title.tabIndex = active ? 0 : -1;
  }

  /** Another tool or brush is in the hand: what is under the pointer changes without it. */
  retool(): void {
    const tool = actions.strokeTool(state.tool.peek());
    this.element.classList.toggle("pane--tool", tool !== null && tool !== "paint" && tool !== "erase");
    if (this.#hover) this.#hovers(this.#hover.at, this.#hover.inverted);
    if (tool !== this.#held) this.#hands.leaveContour();
    this.#held = tool;
  }

  gesture(gesture: PaneGesture): void {
    if (this.#view?.volume !== null) actions.gesture(this.pane, gesture);
  }
  middle(): Vec2 {
    return [this.#size[0] / 2, this.#size[1] / 2];
  }
  size(): Vec2 {
    return this.#size;
  }
  maximise(): void {
    this.#grid.maximise(this.pane);
  }
  walk(key: string): void {
    this.#grid.walk(this.pane, key);
  }
  closeContour(): boolean {
    return this.#hands.closeContour();
  }
  dropContour(): boolean {
    return this.#hands.dropContour();
  }

  #resizeBrush(steps: number): void {
    actions.growBrush(steps);
    if (this.#hover) this.#hovers(this.#hover.at, this.#hover.inverted);
  }

  #hovers(at: Vec2 | null, inverted: boolean): void {
    this.#hover = at && { at, inverted };
    const tool = actions.strokeTool(state.tool.peek());
    const brush = tool === "paint" || tool === "erase";
    const diameter = state.editor.peek()?.options.brush.diameter ?? 0;
    this.element.classList.toggle("pane--brush", brush && at !== null);
    this.#overlay.brush(brush ? at : null, diameter, (tool === "erase") !== inverted);
  }

  #resized(entry: ResizeObserverEntry, engine: Engine): void {
    const dpr = devicePixelRatio || 1;
    const { width, height } = entry.contentRect;
    // Where the browser knows, the very pixels of the screen; else the nearest whole ones.
    const exact = entry.devicePixelContentBoxSize?.[0];
    this.#size = exact ? [exact.inlineSize, exact.blockSize] : [Math.round(width * dpr), Math.round(height * dpr)];
    this.#overlay.resize(width, height, dpr);
    const [w, h] = this.#size;
    engine.ask("paneSize", { pane: this.pane, width: w, height: h }).catch(actions.failed);
  }

  /** A series that is dragged here hangs here. */
  #takeDrops(): void {
    const of = (event: DragEvent): boolean => event.dataTransfer?.types.includes(SERIES) ?? false;
    this.element.addEventListener("dragover", (event) => {
      if (!of(event)) return;
      event.preventDefault();
      event.stopPropagation();
      this.element.classList.add("pane--over");
    });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("pane--over"));
    this.element.addEventListener("drop", (event) => {
      this.element.classList.remove("pane--over");
      if (!of(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const volume = Number(event.dataTransfer?.getData(SERIES));
      if (Number.isInteger(volume)) void actions.hang(this.pane, volume);
    });
  }
}

/** What a dragged series is called: a kind of data of our own, so that no other drop is taken for it. */
export const SERIES = "application/x-hepatica-series";
