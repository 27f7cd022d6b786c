/**
 * The tree patients → studies → volumes, a row a volume. Only rows on screen are in the document,
 * so that a plan of many thousand volumes scrolls like one of ten.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { batch } from "@preact/signals";
import { bindings, onTableKey } from "./keys";
import { PatientRow, StudyRow, VolumeRow } from "./PlanRows";
import { heightsFromTokens, offsets, type Row, rowAt, type SortKey } from "./rows";
import { fold, selectRange, setAnchor } from "./selection";
import * as state from "./state";

/** Rows kept beyond both edges, so that a fast wheel meets no gap. */
const BEYOND = 6;

const COLUMNS: { key: SortKey; label: string; hint?: string }[] = [
  { key: "description", label: "Scanner’s description (this screen only)" },
  { key: "role", label: "Role" },
  { key: "voxels", label: "Voxels" },
  { key: "mm", label: "mm" },
  { key: "name", label: "Will be" },
  { key: "warnings", label: "", hint: "Warnings" },
];

export function rowId(key: string): string {
  return `row-${key}`;
}

export function PlanTable() {
  const rows = state.rows.value;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [heights] = useState(heightsFromTokens);
  const at = offsets(rows, heights);
  const activeKey = state.active.value;

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    let frame = 0;
    const look = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => setView({ top: box.scrollTop, height: box.clientHeight }));
    };
    look();
    box.addEventListener("scroll", look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(box);
    return () => {
      cancelAnimationFrame(frame);
      box.removeEventListener("scroll", look);
      resized.disconnect();
    };
  }, []);

  // The row that the keyboard is on stays in sight.
  useLayoutEffect(() => {
    const box = scroller.current;
    const index = rows.findIndex((row) => row.key === activeKey);
    if (!box || index < 0) return;
    const head = box.firstElementChild instanceof HTMLElement ? box.firstElementChild.offsetHeight : 0;
    const top = at[index] ?? 0;
    const bottom = at[index + 1] ?? top;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom + head > box.scrollTop + box.clientHeight) box.scrollTop = bottom + head - box.clientHeight;
  }, [activeKey, rows]);

  const first = Math.max(0, rowAt(at, view.top) - BEYOND);
  const last = Math.min(rows.length, rowAt(at, view.top + view.height) + 1 + BEYOND);
  const shown = rows.slice(first, last);

  useEffect(() => {
    state.wantPictures(shown.flatMap((row) => (row.kind === "volume" ? [row.volume.id] : [])));
  }, [first, last, rows]);

  const activeShown = shown.some((row) => row.key === activeKey);
  return (
    <div
      class="grid"
      role="treegrid"
      aria-label="Volumes by patient and study"
      aria-rowcount={rows.length + 1}
      aria-multiselectable
      aria-activedescendant={activeShown && activeKey ? rowId(activeKey) : undefined}
      aria-keyshortcuts={bindings.map((b) => b.aria).join(" ")}
      tabIndex={0}
      ref={scroller}
      onKeyDown={onTableKey}
      onFocus={() => {
        if (!rows.some((row) => row.key === state.active.value)) {
          state.active.value = rows.find((row) => row.kind === "volume")?.key ?? rows[0]?.key ?? null;
        }
      }}
    >
      <Head />
      <div class="grid__body" role="rowgroup" style={{ height: `${at[rows.length] ?? 0}px` }}>
        {shown.map((row, i) => (
          <div
            key={row.key}
            id={rowId(row.key)}
            class={rowClass(row)}
            role="row"
            aria-rowindex={first + i + 2}
            aria-level={row.kind === "patient" ? 1 : row.kind === "study" ? 2 : 3}
            aria-expanded={row.kind === "volume" ? undefined : row.open}
            aria-selected={row.kind === "volume" ? state.selected.value.has(row.volume.id) : undefined}
            style={{ transform: `translateY(${at[first + i] ?? 0}px)` }}
            onClick={(event) => onRowClick(event, row)}
          >
            {row.kind === "patient" && <PatientRow row={row} reachable={row.key === activeKey} />}
            {row.kind === "study" && <StudyRow row={row} reachable={row.key === activeKey} />}
            {row.kind === "volume" && <VolumeRow row={row} reachable={row.key === activeKey} />}
          </div>
        ))}
      </div>
      {rows.length === 0 && <Nothing />}
    </div>
  );
}

function rowClass(row: Row): string {
  const parts = ["grid__row", `grid__row--${row.kind}`];
  if (row.kind === "volume") {
    if (!row.volume.include) parts.push("grid__row--out");
    if (state.selected.value.has(row.volume.id)) parts.push("grid__row--selected");
  }
  if (state.active.value === row.key) parts.push("grid__row--active");
  return parts.join(" ");
}

function Head() {
  const { key, descending } = state.sort.value;
  const turn = (column: SortKey): void => {
    if (key !== column) state.sort.value = { key: column, descending: false };
    else if (!descending) state.sort.value = { key: column, descending: true };
    else state.sort.value = { key: "order", descending: false };
  };
  return (
    <div class="grid__head" role="row" aria-rowindex={1}>
      <span role="columnheader" class="cell-check">
        <span class="unseen">Include</span>
      </span>
      <span role="columnheader">
        <span class="unseen">Middle slice</span>
      </span>
      {COLUMNS.map((column) => (
        <span
          key={column.key}
          role="columnheader"
          aria-sort={key === column.key ? (descending ? "descending" : "ascending") : "none"}
        >
          <button
            type="button"
            class={key === column.key ? "head head--sorted" : "head"}
            title={`Sort within each study by ${(column.hint ?? column.label).toLowerCase()}`}
            onClick={() => turn(column.key)}
          >
            {column.label ? <span class="cut">{column.label}</span> : <span class="unseen">{column.hint}</span>}
            <span class="head__arrow" aria-hidden="true">
              {key === column.key ? (descending ? "↓" : "↑") : ""}
            </span>
          </button>
        </span>
      ))}
    </div>
  );
}

function Nothing() {
  return (
    <p class="grid__nothing">
      No volume matches.{" "}
      <button
        type="button"
        class="link"
        onClick={() =>
          batch(() => {
            state.filterText.value = "";
            state.chip.value = "all";
          })
        }
      >
        Show all
      </button>
    </p>
  );
}

function onRowClick(event: MouseEvent, row: Row): void {
  const on = event.target instanceof Element ? event.target : null;
  if (on?.closest("button, input, select, label, a")) {
    state.active.value = row.key;
    return;
  }
  state.active.value = row.key;
  if (row.kind !== "volume") {
    fold(row.key);
    return;
  }
  const id = row.volume.id;
  if (event.shiftKey) selectRange(id);
  else if (event.ctrlKey || event.metaKey) {
    const next = new Set(state.selected.value);
    if (!next.delete(id)) next.add(id);
    state.selected.value = next;
    setAnchor(id);
  } else {
    state.selected.value = new Set([id]);
    setAnchor(id);
  }
  void state.inspect(id);
}
