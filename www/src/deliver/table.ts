/** Measurements as a table of tab-separated values, a row a segment and series: for spreadsheets and R. */
import type { Measured, SegmentView } from "../engine/annotate-protocol";

const HEAD = [
  "label", "name", "lesion", "state", "volume_ml", "recist11_longest_mm", "recist11_slice", "who_perpendicular_mm",
  "series", "unit", "mean", "sd", "voxels", "unaligned",
];

/** What is absent is `n/a`, as BIDS has it. */
export function table(rows: Measured[], segments: SegmentView[]): string {
  const lines = rows.flatMap((row) => {
    const lesion = segments.find((s) => s.label === row.label)?.lesion;
    const first = [
      row.label, row.name, lesion?.id ?? "n/a", lesion?.state ?? "n/a", fixed(row.volumeMl), fixed(row.longest?.mm),
      row.longest ? row.longest.slice + 1 : "n/a", fixed(row.perpendicular?.mm),
    ];
    const means = row.means.map((m) => [m.title, m.unit || "n/a", fixed(m.mean), fixed(m.sd), m.voxels, m.unaligned ? "yes" : "no"]);
    return (means.length > 0 ? means : [Array<string>(6).fill("n/a")]).map((mean) => [...first, ...mean]);
  });
  return [HEAD, ...lines].map((line) => line.map(cell).join("\t")).join("\n") + "\n";
}

const fixed = (value: number | undefined): string => (value === undefined ? "n/a" : value.toFixed(3));

/** A tab or line end in a name would be a column or row of its own. */
const cell = (value: string | number): string => String(value).replace(/[\t\r\n]+/g, " ");
