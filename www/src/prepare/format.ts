/** Numbers with their units, as the page writes them everywhere. */

const WHOLE = new Intl.NumberFormat("en");

export function count(n: number): string {
  return WHOLE.format(n);
}

/** `1 file`, `1,204 files`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Decimal units, as file managers and disks state them. */
export function bytes(n: number): string {
  if (n < 1e3) return `${n} B`;
  if (n < 1e6) return `${Math.round(n / 1e3)} kB`;
  if (n < 1e8) return `${(n / 1e6).toFixed(1)} MB`;
  if (n < 1e9) return `${Math.round(n / 1e6)} MB`;
  return `${(n / 1e9).toFixed(n < 1e10 ? 2 : 1)} GB`;
}

export function seconds(s: number): string {
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min ${Math.round(s % 60)} s`;
  return `${Math.floor(m / 60)} h ${m % 60} min`;
}

/** How long is left, coarse enough not to flicker. */
export function timeLeft(s: number): string {
  if (!Number.isFinite(s)) return "";
  if (s < 1.5) return "almost done";
  if (s < 10) return `about ${Math.ceil(s)} s left`;
  if (s < 60) return `about ${Math.ceil(s / 5) * 5} s left`;
  if (s < 3600) return `about ${Math.ceil(s / 60)} min left`;
  return `about ${Math.floor(s / 3600)} h ${Math.ceil((s % 3600) / 60)} min left`;
}

export function voxels(dims: readonly [number, number, number, number]): string {
  const [x, y, z, t] = dims;
  return t > 1 ? `${x}×${y}×${z}×${t}` : `${x}×${y}×${z}`;
}

/** Millimetres with three figures, which fit a column. */
export function spacing(mm: readonly [number, number, number]): string {
  const [x, y, z] = mm;
  const fine = (v: number): string => (v > 0 ? v.toFixed(2) : "–");
  return `${fine(x)}×${fine(y)}×${z > 0 ? z.toFixed(z < 1 ? 2 : 1) : "–"}`;
}

export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
