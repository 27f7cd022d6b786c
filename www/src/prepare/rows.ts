/**
 * The plan as a flat list of rows: what the filter, the sort order and folded branches leave of the
 * tree. Plain data in, plain data out; the table draws the part of it that is on screen.
 */
import type { PatientView, PlanView, StudyView, VolumeView } from "../engine/protocol";

export type Row =
  | { kind: "patient"; key: string; patient: PatientView; open: boolean }
  | { kind: "study"; key: string; patient: PatientView; study: StudyView; open: boolean }
  | { kind: "volume"; key: string; branch: string; volume: VolumeView };

export type Chip = "all" | "look" | "out";
export type SortKey = "order" | "description" | "role" | "voxels" | "mm" | "name" | "warnings";

export function studyKey(patient: PatientView, study: StudyView): string {
  return `s${patient.index}.${study.index}`;
}

export interface Shape {
  text: string;
  chip: Chip;
  sort: SortKey;
  descending: boolean;
  folded: ReadonlySet<string>;
}

/** Needs the user's eye: an unconfirmed role, or a warning that says so. */
export function needsLook(volume: VolumeView): boolean {
  if (!volume.include) return false;
  return volume.needsConfirmation || volume.warnings.some((w) => w.level === "look");
}

export function allVolumes(plan: PlanView): VolumeView[] {
  return plan.patients.flatMap((p) => p.studies.flatMap((s) => s.volumes));
}

export function countOf(plan: PlanView, chip: Chip): number {
  const volumes = allVolumes(plan);
  if (chip === "all") return volumes.length;
  return volumes.filter((v) => (chip === "look" ? needsLook(v) : !v.include)).length;
}

/** Every word typed must occur somewhere in the row. */
function matches(volume: VolumeView, words: string[]): boolean {
  if (words.length === 0) return true;
  const text = [
    volume.description,
    volume.roleLabel,
    volume.name,
    volume.excludedReason,
    ...volume.warnings.map((w) => w.text),
  ]
    .join(" ")
    .toLowerCase();
  return words.every((w) => text.includes(w));
}

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

function comparator(sort: SortKey, descending: boolean): ((a: VolumeView, b: VolumeView) => number) | null {
  const by: Record<SortKey, ((a: VolumeView, b: VolumeView) => number) | null> = {
    order: null,
    description: (a, b) => a.description.localeCompare(b.description, "en", { numeric: true }),
    role: (a, b) => a.roleLabel.localeCompare(b.roleLabel, "en"),
    voxels: (a, b) => product(a.dims) - product(b.dims),
    mm: (a, b) => product(a.spacing) - product(b.spacing),
    name: (a, b) => a.path.localeCompare(b.path, "en"),
    warnings: (a, b) => b.warnings.length + Number(b.needsConfirmation) - (a.warnings.length + Number(a.needsConfirmation)),
  };
  const compare = by[sort];
  if (!compare) return null;
  return descending ? (a, b) => compare(b, a) : compare;
}

export function shapeRows(plan: PlanView, shape: Shape): Row[] {
  const words = shape.text.toLowerCase().split(/\s+/).filter(Boolean);
  const narrowed = words.length > 0 || shape.chip !== "all";
  const compare = comparator(shape.sort, shape.descending);
  const rows: Row[] = [];
  for (const patient of plan.patients) {
    const patientMatches = words.length > 0 && words.every((w) => `sub-${patient.subject}`.toLowerCase().includes(w));
    const branches: Row[] = [];
    const patientKey = `p${patient.index}`;
    for (const study of patient.studies) {
      let volumes = study.volumes.filter(
        (v) =>
          (patientMatches || matches(v, words)) &&
          (shape.chip === "all" || (shape.chip === "look" ? needsLook(v) : !v.include)),
      );
      if (narrowed && volumes.length === 0) continue;
      if (compare) volumes = [...volumes].sort(compare);
      const key = studyKey(patient, study);
      const open = !shape.folded.has(key);
      branches.push({ kind: "study", key, patient, study, open });
      if (!open) continue;
      for (const volume of volumes) branches.push({ kind: "volume", key: `v${volume.id}`, branch: key, volume });
    }
    if (narrowed && branches.length === 0) continue;
    const open = !shape.folded.has(patientKey);
    rows.push({ kind: "patient", key: patientKey, patient, open });
    if (open) rows.push(...branches);
  }
  return rows;
}

/** Pixel heights by kind, from the design tokens. */
export interface Heights {
  patient: number;
  study: number;
  volume: number;
}

export function heightsFromTokens(): Heights {
  const style = getComputedStyle(document.documentElement);
  const px = (name: string): number => Number.parseFloat(style.getPropertyValue(name));
  return { patient: px("--row-patient"), study: px("--row-study"), volume: px("--row-volume") };
}

/** Where each row begins, and after the last the whole height. */
export function offsets(rows: readonly Row[], heights: Heights): Float64Array {
  const at = new Float64Array(rows.length + 1);
  rows.forEach((row, i) => {
    at[i + 1] = (at[i] ?? 0) + heights[row.kind];
  });
  return at;
}

/** Index of the row that covers pixel `y`. */
export function rowAt(at: Float64Array, y: number): number {
  let low = 0;
  let high = Math.max(0, at.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((at[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
