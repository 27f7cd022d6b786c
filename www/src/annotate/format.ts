/** Figures as the annotator writes them. */

/** `3:41`, `1:02:07`. */
export function clock(seconds: number): string {
  const s = Math.floor(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return hours > 0 ? `${hours}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

const ONE = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const NONE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `14.2`, `1,388`. */
export function millilitres(ml: number): string {
  return ml >= 1000 ? NONE.format(ml) : ONE.format(ml);
}

export const mm = (length: number): string => `${ONE.format(length)} mm`;

/** A place in the patient: `R 42.1  A 18.6  S 1,204.5 mm`. */
export function place([x, y, z]: readonly [number, number, number]): string {
  const one = (v: number, plus: string, minus: string): string => `${v < 0 ? minus : plus} ${ONE.format(Math.abs(v))}`;
  return `${one(x, "R", "L")}  ${one(y, "A", "P")}  ${one(z, "S", "I")} mm`;
}

export const css = ([r, g, b]: readonly [number, number, number]): string =>
  `#${[r, g, b].map((v) => Math.round(v).toString(16).padStart(2, "0")).join("")}`;

export function rgb(hex: string): [number, number, number] {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** `ses-01 · pre`. */
export function sessionWords(session: string, timePoint: string): string {
  const label = session === "" ? "images" : session.startsWith("ses-") ? session : `ses-${session}`;
  return timePoint ? `${label} · ${timePoint}` : label;
}
