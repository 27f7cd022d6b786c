/**
 * From pointers and wheels over a pane to gestures and strokes.
 *
 * In: pointer events of one pane, every point that the device saw between frames included. Out: calls of
 * `PaneActs`, in device pixels of the pane. Mouse: left is the tool (window and level without one), middle
 * pans, right zooms. Pen and one finger are the tool, two fingers zoom and pan, three scroll.
 */
import type { PaneGesture, Stroke, Tool, Vec2 } from "../engine/annotate-protocol";

export interface PaneActs {
  gesture(gesture: PaneGesture): void;
  stroke(phase: Stroke["phase"], tool: Tool, points: number[], inverted: boolean): void;
  /** The tool that a hand holds here; null for window and level. */
  tool(): Tool | null;
  /** Surfaces turn under a hand. */
  surface(): boolean;
  brush(steps: number): void;
  focus(): void;
  maximise(): void;
  /** Where the pointer is, CSS pixels; null when it has left. */
  hover(at: Vec2 | null, inverted: boolean): void;
  /** A contour in the making, CSS pixels. */
  contour(points: Vec2[]): void;
}

type Drag =
  | { kind: "pan" | "zoom" | "window" | "rotate"; id: number; last: Vec2; start: Vec2; moved: boolean }
  | { kind: "stroke"; id: number; tool: Tool; inverted: boolean }
  | { kind: "contour"; id: number; moved: boolean; start: Vec2 };

/** A wheel's notch is some hundred pixels, a touchpad's step a few. */
const NOTCH = 100;
const STEP = 30;
/** A hand that moved less has clicked, CSS pixels. */
const CLICK = 4;

export class Hands {
  readonly #element: HTMLElement;
  readonly #acts: PaneActs;
  #drag: Drag | null = null;
  readonly #touches = new Map<number, Vec2>();
  #pinch: { middle: Vec2; spread: number; fingers: number } | null = null;
  #wheel = 0;
  #lastRight = 0;
  /** Corners of a contour that is being drawn, CSS pixels. */
  #contour: Vec2[] = [];
  #contourTool: Tool = "draw";
  #contourInverted = false;

  constructor(element: HTMLElement, acts: PaneActs) {
    this.#element = element;
    this.#acts = acts;
    element.addEventListener("pointerdown", (e) => this.#down(e));
    element.addEventListener("pointermove", (e) => this.#move(e));
    element.addEventListener("pointerup", (e) => this.#up(e));
    element.addEventListener("pointercancel", (e) => this.#cancel(e));
    element.addEventListener("pointerleave", () => acts.hover(null, false));
    element.addEventListener("wheel", (e) => this.#turn(e), { passive: false });
    element.addEventListener("contextmenu", (e) => e.preventDefault());
    element.addEventListener("auxclick", (e) => e.preventDefault());
    element.addEventListener("dblclick", (e) => this.#double(e));
  }

  /** Closes a contour in the making; false where there is none. */
  closeContour(): boolean {
    const points = this.#contour;
    if (points.length === 0) return false;
    this.#setContour([]);
    if (points.length < 3) return true;
    const flat = points.flatMap((p) => [...this.#device(p)]);
    const [x = 0, y = 0] = flat;
    this.#acts.stroke("begin", this.#contourTool, flat, this.#contourInverted);
    this.#acts.stroke("end", this.#contourTool, [x, y], this.#contourInverted);
    return true;
  }

  /** Another tool is in the hand: what was not closed is nothing. A stroke that is being made goes on. */
  leaveContour(): void {
    if (this.#contour.length > 0) this.#setContour([]);
    if (this.#drag?.kind === "contour") this.#drag = null;
  }

  /** Gives up a contour or stroke in the making; false where there is none. */
  dropContour(): boolean {
    const any = this.#contour.length > 0;
    this.#setContour([]);
    if (this.#drag?.kind === "contour") this.#drag = null;
    if (this.#drag?.kind === "stroke") {
      this.#acts.stroke("cancel", this.#drag.tool, [], false);
      this.#drag = null;
      return true;
    }
    return any;
  }

  #setContour(points: Vec2[]): void {
    this.#contour = points;
    this.#acts.contour(points);
  }

  /** CSS pixels from the pane's top left. */
  #at(event: { clientX: number; clientY: number }): Vec2 {
    const box = this.#element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #device([x, y]: Vec2): Vec2 {
    const dpr = devicePixelRatio || 1;
    return [x * dpr, y * dpr];
  }

  #by(from: Vec2, to: Vec2): Vec2 {
    return this.#device([to[0] - from[0], to[1] - from[1]]);
  }

  #down(event: PointerEvent): void {
    if (event.target instanceof Element && event.target.closest("button, select, input")) return;
    this.#acts.focus();
    event.preventDefault();
    const at = this.#at(event);
    if (event.pointerType === "touch") {
      this.#touches.set(event.pointerId, at);
      if (this.#touches.size > 1) return this.#beginPinch();
    }
    if (this.#drag) return;
    this.#element.setPointerCapture(event.pointerId);
    const id = event.pointerId;
    const plain = (kind: "pan" | "zoom" | "window" | "rotate"): void => {
      this.#drag = { kind, id, last: at, start: at, moved: false };
    };
    if (event.button === 1 || (event.button === 0 && event.shiftKey)) return plain("pan");
    if (event.button === 2) {
      if (this.#contour.length > 0) {
        this.closeContour();
        return;
      }
      if (event.timeStamp - this.#lastRight < 400) this.#acts.gesture({ kind: "resetWindow" });
      this.#lastRight = event.timeStamp;
      return plain("zoom");
    }
    if (event.button !== 0) return;
    if (this.#acts.surface()) return plain("rotate");
    const tool = this.#acts.tool();
    if (!tool) return plain("window");
    const inverted = event.ctrlKey || event.metaKey;
    if (tool === "draw" || tool === "scissors") {
      if (this.#contour.length === 0) {
        this.#contourTool = tool;
        this.#contourInverted = inverted;
      }
      this.#drag = { kind: "contour", id, moved: false, start: at };
      return this.#setContour([...this.#contour, at]);
    }
    this.#drag = { kind: "stroke", id, tool, inverted };
    this.#acts.stroke("begin", tool, [...this.#device(at)], inverted);
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    const drag = this.#drag;
    this.#acts.hover(event.pointerType === "touch" ? null : at, event.ctrlKey || event.metaKey);
    if (event.pointerType === "touch" && this.#touches.has(event.pointerId)) {
      this.#touches.set(event.pointerId, at);
      if (this.#pinch) return this.#movePinch();
    }
    if (!drag) {
      if (event.shiftKey && event.buttons === 0) this.#acts.gesture({ kind: "crosshair", at: this.#device(at) });
      return;
    }
    if (drag.id !== event.pointerId) return;
    if (drag.kind === "stroke") {
      const seen = event.getCoalescedEvents?.() ?? [];
      const points = (seen.length > 0 ? seen : [event]).flatMap((e) => [...this.#device(this.#at(e))]);
      return this.#acts.stroke("move", drag.tool, points, drag.inverted);
    }
    if (drag.kind === "contour") {
      if (!drag.moved && Math.hypot(at[0] - drag.start[0], at[1] - drag.start[1]) < CLICK) return;
      drag.moved = true;
      const seen = event.getCoalescedEvents?.() ?? [];
      return this.#setContour([...this.#contour, ...(seen.length > 0 ? seen : [event]).map((e) => this.#at(e))]);
    }
    if (!drag.moved && Math.hypot(at[0] - drag.start[0], at[1] - drag.start[1]) < CLICK) return;
    drag.moved = true;
    const by = this.#by(drag.last, at);
    drag.last = at;
    if (drag.kind === "pan") this.#acts.gesture({ kind: "pan", by });
    else if (drag.kind === "window") this.#acts.gesture({ kind: "window", by });
    else if (drag.kind === "rotate") this.#acts.gesture({ kind: "rotate", by });
    else this.#acts.gesture({ kind: "zoom", at: this.#device(drag.start), factor: Math.exp(-by[1] / 200) });
  }

  #up(event: PointerEvent): void {
    this.#touches.delete(event.pointerId);
    if (this.#pinch) {
      if (this.#touches.size < 2) this.#pinch = null;
      else this.#beginPinch();
      return;
    }
    const drag = this.#drag;
    if (!drag || drag.id !== event.pointerId) return;
    this.#drag = null;
    const at = this.#at(event);
    if (drag.kind === "stroke") this.#acts.stroke("end", drag.tool, [...this.#device(at)], drag.inverted);
    // A line that was dragged is a contour; clicked corners wait for Enter, a right click or a double click.
    else if (drag.kind === "contour" && drag.moved) this.closeContour();
    else if (drag.kind === "window" && !drag.moved) this.#acts.gesture({ kind: "crosshair", at: this.#device(at) });
  }

  #cancel(event: PointerEvent): void {
    this.#touches.delete(event.pointerId);
    if (this.#touches.size < 2) this.#pinch = null;
    if (this.#drag?.id !== event.pointerId) return;
    if (this.#drag.kind === "stroke") this.#acts.stroke("cancel", this.#drag.tool, [], false);
    this.#drag = null;
  }

  #double(event: MouseEvent): void {
    if (event.target instanceof Element && event.target.closest("button, select, input")) return;
    if (this.#contour.length > 0) this.closeContour();
    // With a tool in hand two quick strokes are two strokes.
    else if (this.#acts.tool() === null || this.#acts.surface()) this.#acts.maximise();
  }

  #turn(event: WheelEvent): void {
    event.preventDefault();
    const delta = event.deltaY || event.deltaX;
    const pixels = event.deltaMode === 1 ? delta * STEP : event.deltaMode === 2 ? delta * NOTCH * 3 : delta;
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(-Math.max(-NOTCH, Math.min(NOTCH, pixels)) / 500);
      return this.#acts.gesture({ kind: "zoom", at: this.#device(this.#at(event)), factor });
    }
    if (Math.sign(pixels) !== Math.sign(this.#wheel)) this.#wheel = 0;
    this.#wheel += pixels;
    // A notch is a slice; the small steps of a touchpad add up to one.
    const size = Math.abs(pixels) >= NOTCH / 2 ? Math.abs(pixels) : STEP;
    const steps = Math.trunc(this.#wheel / size);
    if (steps === 0) return;
    this.#wheel -= steps * size;
    const by = Math.abs(pixels) >= NOTCH / 2 ? Math.sign(steps) * Math.max(1, Math.round(Math.abs(pixels) / NOTCH)) : steps;
    if (event.shiftKey) this.#acts.brush(-by);
    else this.#acts.gesture({ kind: "scroll", slices: by });
  }

  // ---------------------------------------------------------------- fingers

  #fingers(): { middle: Vec2; spread: number; fingers: number } {
    const all = [...this.#touches.values()];
    const n = Math.max(1, all.length);
    const middle: Vec2 = [all.reduce((s, p) => s + p[0], 0) / n, all.reduce((s, p) => s + p[1], 0) / n];
    const spread = all.reduce((s, p) => s + Math.hypot(p[0] - middle[0], p[1] - middle[1]), 0) / n;
    return { middle, spread, fingers: all.length };
  }

  /** A second finger: what the first began was meant as part of it. */
  #beginPinch(): void {
    if (this.#drag?.kind === "stroke") this.#acts.stroke("cancel", this.#drag.tool, [], false);
    if (this.#drag?.kind === "contour") this.#setContour([]);
    this.#drag = null;
    this.#pinch = this.#fingers();
  }

  #movePinch(): void {
    const before = this.#pinch;
    const now = this.#fingers();
    if (!before || now.fingers !== before.fingers) return;
    if (now.fingers >= 3) {
      const slices = Math.trunc((now.middle[1] - before.middle[1]) / 8);
      if (slices === 0) return;
      this.#pinch = now;
      return this.#acts.gesture({ kind: "scroll", slices });
    }
    this.#pinch = now;
    this.#acts.gesture({ kind: "pan", by: this.#by(before.middle, now.middle) });
    if (before.spread > 8 && now.spread > 8) {
      this.#acts.gesture({ kind: "zoom", at: this.#device(now.middle), factor: now.spread / before.spread });
    }
  }
}
