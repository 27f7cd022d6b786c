/** Boxes of pixels: drawn, moved and sized within an image, in whole pixels. */
import type { PixelBox } from "../engine/protocol";

export interface Size {
  width: number;
  height: number;
}

const within = (n: number, low: number, high: number): number => Math.min(Math.max(n, low), high);

/** The box between two corners, whichever they are, pixels of both included. */
export function between(a: [number, number], b: [number, number], image: Size): PixelBox {
  const span = (p: number, q: number, size: number): [number, number] => {
    const from = within(Math.floor(Math.min(p, q)), 0, size - 1);
    const to = within(Math.floor(Math.max(p, q)), 0, size - 1);
    return [from, to - from + 1];
  };
  const [x, width] = span(a[0], b[0], image.width);
  const [y, height] = span(a[1], b[1], image.height);
  return { x, y, width, height };
}

/** Moved as far as the image reaches. */
export function moved(box: PixelBox, dx: number, dy: number, image: Size): PixelBox {
  return {
    ...box,
    x: within(box.x + dx, 0, image.width - box.width),
    y: within(box.y + dy, 0, image.height - box.height),
  };
}

/** Its lower right corner moved. */
export function sized(box: PixelBox, dx: number, dy: number, image: Size): PixelBox {
  return {
    ...box,
    width: within(box.width + dx, 1, image.width - box.x),
    height: within(box.height + dy, 1, image.height - box.y),
  };
}
