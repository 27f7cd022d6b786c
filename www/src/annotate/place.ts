/** Puts a popover below what opened it, or above where there is no room, and never off screen. */
export function placeBeside(box: HTMLElement, anchor: Element | null): void {
  const edge = 8;
  const gap = 4;
  const at = anchor?.getBoundingClientRect() ?? new DOMRect(innerWidth / 2, innerHeight / 3, 0, 0);
  const { width, height } = box.getBoundingClientRect();
  const below = innerHeight - at.bottom - gap - edge;
  const top = height <= below || below > at.top ? at.bottom + gap : at.top - gap - height;
  box.style.left = `${Math.max(edge, Math.min(at.left, innerWidth - width - edge))}px`;
  box.style.top = `${Math.max(edge, Math.min(top, innerHeight - height - edge))}px`;
}
