/** The few pictograms of the page, drawn in the text's colour. */

const PATHS = {
  folder: "M2 4.5A1.5 1.5 0 0 1 3.5 3h3l1.6 1.8h4.4A1.5 1.5 0 0 1 14 6.3v5.2a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 11.5z",
  zip: "M4 2h5l3.5 3.5V14H4zM8 2v3.9h4.4M6.6 7.5h1.2M6.6 9.5h1.2M6.6 11.5h1.2",
  spark: "M8 2v3M8 11v3M2 8h3M11 8h3M3.8 3.8l2.1 2.1M10.1 10.1l2.1 2.1M12.2 3.8l-2.1 2.1M5.9 10.1l-2.1 2.1",
  down: "M4.5 6.5 8 10l3.5-3.5",
  right: "M6.5 4.5 10 8l-3.5 3.5",
  left: "M9.5 4.5 6 8l3.5 3.5",
  up: "M4.5 9.5 8 6l3.5 3.5",
  plus: "M8 3v10M3 8h10",
  closed: "M2 7.5s2.2 3 6 3 6-3 6-3M4 9.8l-1 1.7M8 10.5v2M12 9.8l1 1.7",
  open: "M4.5 7.5h7v6h-7zM6 7.5V5.2a2 2 0 0 1 3.8-.8",
  save: "M3 3h8l2 2v8H3zM5.5 3v3.5h4V3M5 13V9.5h6V13",
  trash: "M3.5 4.5h9M6.5 4.5V3h3v1.5M4.7 4.5 5.3 13h5.4l.6-8.5",
  target: "M8 4.2A3.8 3.8 0 1 1 8 11.8 3.8 3.8 0 0 1 8 4.2zM8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3",
  check: "M3.5 8.5 6.5 11.5 12.5 5",
  cross: "M4 4l8 8M12 4l-8 8",
  eye: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 6.2A1.8 1.8 0 1 1 8 9.8 1.8 1.8 0 0 1 8 6.2z",
  undo: "M5.5 3 2.5 6l3 3M2.5 6h6.2a4 4 0 1 1 0 8H6",
  redo: "M10.5 3l3 3-3 3M13.5 6H7.3a4 4 0 1 0 0 8H10",
  panel: "M2.5 3.5h11v9h-11zM10 3.5v9",
  broom: "M12.5 2.5 9 7M6.2 6.6l3.9 3L8.6 13.5H3.2c1.6-1 2-3.6 3-6.9zM5.5 13.2l.8-1.6",
  lock: "M4.5 7.5h7v6h-7zM6 7.5V5.6a2 2 0 0 1 4 0v1.9",
  warn: "M8 2.5 14.3 13H1.7zM8 6.5v3M8 11.2v.3",
  pencil: "M3 13l.6-2.9L10.7 3l2.3 2.3-7.1 7.1zM9.3 4.4l2.3 2.3",
  search: "M7 2.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4zM10.2 10.2 13.5 13.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
