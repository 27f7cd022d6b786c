/** Making elements by hand, for panes: a few words each. */

const SVG = "http://www.w3.org/2000/svg";

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number> = {},
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  set(made, attributes);
  return made;
}

export function set(element: Element, attributes: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === "number" ? String(Math.round(value * 10) / 10) : value;
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

export function div(className: string, parent?: Element): HTMLDivElement {
  const made = document.createElement("div");
  made.className = className;
  parent?.append(made);
  return made;
}

/** Text that is as it was is left alone: panes are told of 60 times a second. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
