/**
 * What hands do, on its way to the engine: joined, and sent once a frame.
 *
 * In: gestures and strokes, as fast as a pen makes them. Out: questions in the order in which hands
 * moved, the next ones only when the last have been answered: a slow engine is never flooded, and no
 * point of a stroke is lost. It knows nothing of what is drawn.
 */
import type { EditorView, PaneGesture, Stroke, Vec2 } from "../engine/annotate-protocol";
import type { Engine } from "../engine/client";

type Item = { kind: "gesture"; pane: number; gesture: PaneGesture } | { kind: "stroke"; stroke: Stroke };

export interface Hearing {
  engine(): Engine | null;
  edited(editor: EditorView): void;
  failed(thrown: unknown): void;
}

export class Outbox {
  readonly #hearing: Hearing;
  #waiting: Item[] = [];
  /** Sendings that have not been answered. */
  #busy = 0;
  #frame = 0;

  constructor(hearing: Hearing) {
    this.#hearing = hearing;
  }

  gesture(pane: number, gesture: PaneGesture): void {
    const last = this.#waiting.at(-1);
    if (last?.kind === "gesture" && last.pane === pane) {
      const both = joined(last.gesture, gesture);
      if (both) {
        last.gesture = both;
        return;
      }
    }
    this.#put({ kind: "gesture", pane, gesture });
  }

  stroke(stroke: Stroke): void {
    const last = this.#waiting.at(-1);
    if (last?.kind === "stroke" && stroke.phase === "move" && last.stroke.pane === stroke.pane) {
      const { phase } = last.stroke;
      if (phase === "move" || phase === "begin") {
        last.stroke.points.push(...stroke.points);
        return;
      }
    }
    this.#put({ kind: "stroke", stroke: { ...stroke, points: [...stroke.points] } });
  }

  /** What has not been sent is of a case that is gone. */
  drop(): void {
    this.#waiting = [];
  }

  /** Sends what waits at once: for a question that must be heard after it. */
  hasten(): void {
    if (this.#waiting.length === 0) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    void this.#send();
  }

  #put(item: Item): void {
    this.#waiting.push(item);
    this.#plan();
  }

  #plan(): void {
    if (this.#busy > 0 || this.#frame !== 0 || this.#waiting.length === 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    const engine = this.#hearing.engine();
    const items = this.#waiting;
    this.#waiting = [];
    if (!engine) return;
    this.#busy += 1;
    const asked = items.map(async (item) => {
      if (item.kind === "gesture") await engine.ask("gesture", { pane: item.pane, gesture: item.gesture });
      else this.#hearing.edited(await engine.ask("stroke", item.stroke));
    });
    for (const answer of await Promise.allSettled(asked)) {
      if (answer.status === "rejected") this.#hearing.failed(answer.reason);
    }
    this.#busy -= 1;
    this.#plan();
  }
}

const sum = (a: Vec2, b: Vec2): Vec2 => [a[0] + b[0], a[1] + b[1]];

/** Two gestures as one; null where the second can't be told with the first. */
function joined(a: PaneGesture, b: PaneGesture): PaneGesture | null {
  if (a.kind === "scroll" && b.kind === "scroll") return { kind: "scroll", slices: a.slices + b.slices };
  if (a.kind === "zoom" && b.kind === "zoom" && a.at[0] === b.at[0] && a.at[1] === b.at[1]) {
    return { kind: "zoom", at: b.at, factor: a.factor * b.factor };
  }
  if (a.kind === "crosshair" && b.kind === "crosshair") return b;
  if (a.kind === "pan" && b.kind === "pan") return { kind: "pan", by: sum(a.by, b.by) };
  if (a.kind === "window" && b.kind === "window") return { kind: "window", by: sum(a.by, b.by) };
  if (a.kind === "nudge" && b.kind === "nudge") return { kind: "nudge", by: sum(a.by, b.by) };
  if (a.kind === "rotate" && b.kind === "rotate") return { kind: "rotate", by: sum(a.by, b.by) };
  return null;
}
