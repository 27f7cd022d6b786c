/**
 * The panes of a stage, side by side: one element that lives as long as the page, and in it a pane for
 * each number that the engine names.
 *
 * In: the case as the engine hangs it. Out: panes in rows and columns, one of them active, perhaps one of
 * them maximised. Canvases are given away once an engine, so panes are kept when a stage has fewer.
 */
import { effect, untracked } from "@preact/signals";
import type { CaseView, PaneState } from "../engine/annotate-protocol";
import type { Engine } from "../engine/client";
import * as page from "../prepare/state";
import { hearEngines, hold } from "./actions";
import { Pane } from "./pane";
import * as state from "./state";
import { div } from "./svg";

class Grid {
  readonly element = div("panes");
  readonly #panes = new Map<number, Pane>();
  #engine: Engine | null = null;

  constructor() {
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Images");
  }

  /** Another engine: the canvases of the last one are gone with it. */
  fresh(engine: Engine | null): void {
    for (const pane of this.#panes.values()) pane.end();
    this.#panes.clear();
    this.#engine = engine;
  }

  hang(view: CaseView, maximised: number | null, active: number): void {
    if (!this.#engine) return;
    const stage = view.stages[view.stage];
    const rows = maximised === null ? (stage?.rows ?? 1) : 1;
    const columns = maximised === null ? (stage?.columns ?? 1) : 1;
    this.element.style.gridTemplate = `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`;
    const shown = new Set<number>();
    const inOrder = [...view.panes].sort((a, b) => a.row - b.row || a.column - b.column);
    for (const of of inOrder) {
      if (maximised !== null && of.pane !== maximised) continue;
      shown.add(of.pane);
      let pane = this.#panes.get(of.pane);
      if (!pane) {
        pane = new Pane(of.pane, this.#engine, this);
        this.#panes.set(of.pane, pane);
        this.element.append(pane.element);
      }
      pane.element.style.gridArea = maximised === null ? `${of.row + 1} / ${of.column + 1}` : "1 / 1";
      pane.hang(of, state.volumeOf(of.volume));
      pane.activate(of.pane === active);
    }
    // Tab and screen readers go by the order of elements, which is the order of places.
    const wanted = inOrder.map((of) => this.#panes.get(of.pane)?.element).filter((e) => e !== undefined);
    wanted.forEach((element, i) => {
      if (this.element.children[i] !== element && !element.contains(document.activeElement)) {
        this.element.insertBefore(element, this.element.children[i] ?? null);
      }
    });
    for (const [number, pane] of this.#panes) pane.element.hidden = !shown.has(number);
  }

  draw(panes: PaneState[]): void {
    for (const drawn of panes) this.#panes.get(drawn.pane)?.draw(drawn);
  }

  activate(active: number): void {
    for (const [number, pane] of this.#panes) pane.activate(number === active);
  }

  retool(): void {
    for (const pane of this.#panes.values()) pane.retool();
  }

  maximise(pane: number): void {
    state.maximised.value = state.maximised.value === null ? pane : null;
    state.active.value = pane;
  }

  /** The nearest pane in a direction; round the corner there is none. */
  walk(from: number, key: string): void {
    if (state.maximised.value !== null) return;
    const panes = state.view.value?.panes ?? [];
    const here = panes.find((p) => p.pane === from);
    if (!here) return;
    const [dx, dy] = key === "ArrowLeft" ? [-1, 0] : key === "ArrowRight" ? [1, 0] : key === "ArrowUp" ? [0, -1] : [0, 1];
    const there = panes.find((p) => p.row === here.row + dy && p.column === here.column + dx);
    if (there) this.focus(there.pane);
  }

  focus(pane: number): void {
    this.#panes.get(pane)?.element.focus({ preventScroll: true });
  }

  anchor(pane: number): HTMLElement | null {
    return this.#panes.get(pane)?.title ?? null;
  }
}

export const grid = new Grid();

/** Joins the grid to what the room knows. Called once, when the page starts. */
export function startPanes(): void {
  hearEngines(
    (panes) => grid.draw(panes),
    () => grid.fresh(page.engine.peek()),
  );
  effect(() => {
    const view = state.view.value;
    if (view) grid.hang(view, state.maximised.value, state.active.peek());
  });
  effect(() => {
    grid.activate(state.active.value);
    untracked(() => void hold());
  });
  effect(() => {
    void state.tool.value;
    void state.editor.value?.options.brush.diameter;
    grid.retool();
  });
}

/** Back to the images, after a button was clicked with a mouse: keys act there. */
export function backToPane(event: MouseEvent): void {
  if (event.detail > 0) grid.focus(state.active.peek());
}
