/** The tools as a table, in Slicer's order and with its numbers: what the panel shows is made from it. */
import type { Tool } from "../engine/annotate-protocol";

export interface ToolEntry {
  id: Tool;
  /** The digit's place on the keyboard. */
  code: string;
  shift: boolean;
  /** As it stands on the button. */
  shown: string;
  label: string;
  /** What hands do with it, or what Apply does. */
  says: string;
  /** Strokes in its 16 × 16 picture. */
  icon: string;
}

const tool = (id: Tool, code: number, shift: boolean, label: string, icon: string, says: string): ToolEntry => ({
  id,
  code: `Digit${code}`,
  shift,
  shown: `${shift ? "⇧" : ""}${code}`,
  label,
  says,
  icon,
});

export const TOOLS: ToolEntry[] = [
  tool("threshold", 1, false, "Threshold", "M3 13V9.5M6.3 13V6M9.6 13V3.5M13 13V8M1.5 13.5h13", "Labels every voxel between two values of the reference."),
  tool("paint", 2, false, "Paint", "M3 13l.6-2.9L10.7 3l2.3 2.3-7.1 7.1zM9.3 4.4l2.3 2.3", "Drag to paint; with Ctrl held it erases."),
  tool("draw", 3, false, "Draw", "M4 12.5 2.5 6 9 2.8l4.5 4-2.2 5.7z", "Drag a line, or click corner after corner; Enter closes the contour."),
  tool("erase", 4, false, "Erase", "M6.5 13 2.8 9.3 9 3.1l3.9 3.8-6 6.1zM5.6 6.4l3.9 3.9M6.5 13h6.6", "Drag to erase the segment; with Ctrl held it paints."),
  tool("level_tracing", 5, false, "Level tracing", "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 6.2A1.8 1.8 0 1 1 8 9.8 1.8 1.8 0 0 1 8 6.2z", "Click an edge: what has at least the value under the pointer is outlined and filled."),
  tool("grow", 6, false, "Grow from seeds", "M8 5.6A2.4 2.4 0 1 1 8 10.4 2.4 2.4 0 0 1 8 5.6zM8 1.8v1.8M8 12.4v1.8M1.8 8h1.8M12.4 8h1.8M3.6 3.6l1.3 1.3M11.1 11.1l1.3 1.3M12.4 3.6l-1.3 1.3M4.9 11.1l-1.3 1.3", "Paint a few seeds in two segments; the labels between them grow as you paint."),
  tool("fill_between", 7, false, "Fill between slices", "M3 3h10M3 13h10M5 6.3h6M5 9.7h6", "Fills the slices between those where the segment is drawn."),
  tool("margin", 8, false, "Margin", "M8 5.5A2.5 2.5 0 1 1 8 10.5 2.5 2.5 0 0 1 8 5.5zM8 2.2A5.8 5.8 0 1 1 8 13.8 5.8 5.8 0 0 1 8 2.2", "Grows the segment by so many millimetres, or shrinks it."),
  tool("hollow", 9, false, "Hollow", "M8 1.8A6.2 6.2 0 1 1 8 14.2 6.2 6.2 0 0 1 8 1.8zM8 4.6A3.4 3.4 0 1 1 8 11.4 3.4 3.4 0 0 1 8 4.6z", "Leaves a shell of the segment."),
  tool("smoothing", 0, false, "Smoothing", "M1.5 10.5C4 10.5 5 4 8 4s4 6.5 6.5 6.5", "Takes away what is smaller than so many millimetres."),
  tool("scissors", 1, true, "Scissors", "M4.2 9.2A1.9 1.9 0 1 1 4.2 13 1.9 1.9 0 0 1 4.2 9.2zM11.8 9.2A1.9 1.9 0 1 1 11.8 13 1.9 1.9 0 0 1 11.8 9.2zM5.2 9.5 11 2.5M10.8 9.5 5 2.5", "Drag around what is cut away, or filled, through all slices or this one."),
  tool("islands", 2, true, "Islands", "M5 3.4A2.6 2.6 0 1 1 5 8.6 2.6 2.6 0 0 1 5 3.4zM11.3 8.8A1.9 1.9 0 1 1 11.3 12.6 1.9 1.9 0 0 1 11.3 8.8zM12.3 3.6h.1M5 12.4h.1", "Parts of a segment that do not touch: keep the largest, split, or click the one that is meant."),
  tool("logical", 3, true, "Logical operators", "M6 4A4 4 0 1 0 6 12 4 4 0 1 0 6 4zM10 4A4 4 0 1 0 10 12 4 4 0 1 0 10 4z", "Copies, adds, subtracts or intersects another segment."),
  tool("mask_volume", 4, true, "Mask volume", "M2.5 3h11v10h-11zM5.5 8a2.5 2.5 0 1 1 5 0 2.5 2.5 0 0 1-5 0", "Shows the reference inside or outside the segment only; the image itself is not changed."),
];

export const toolEntry = (id: Tool): ToolEntry | undefined => TOOLS.find((t) => t.id === id);

/** `Digit2`, with or without Shift. */
export const toolOfCode = (code: string, shift: boolean): ToolEntry | undefined =>
  TOOLS.find((t) => t.code === code && t.shift === shift);
