/** The menu of a pane's title: which series hangs there, in which plane. One popover serves every pane. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Orientation, PaneView, VolumeFact } from "../engine/annotate-protocol";
import { counted } from "../prepare/format";
import * as actions from "./actions";
import { grid } from "./grid";
import * as state from "./state";

const PLANES: readonly (readonly [Orientation, string])[] = [
  ["acquired", "as acquired"],
  ["axial", "axial"],
  ["coronal", "coronal"],
  ["sagittal", "sagittal"],
];

export function PaneMenu() {
  const box = useRef<HTMLDivElement>(null);
  const open = state.paneMenu.value;
  const pane = state.view.value?.panes.find((p) => p.pane === open) ?? null;

  useLayoutEffect(() => {
    const popover = box.current;
    if (!popover || open === null || !pane) return;
    if (!popover.matches(":popover-open")) popover.showPopover();
    place(popover, grid.anchor(open));
    popover.querySelector<HTMLElement>("[aria-pressed=true], button")?.focus();
  }, [open, pane !== null]);

  useEffect(() => {
    const popover = box.current;
    if (open === null && popover?.matches(":popover-open")) popover.hidePopover();
  }, [open]);

  return (
    <div
      ref={box}
      class="menu"
      role="dialog"
      aria-label={pane ? `Pane: ${pane.title || pane.wanted || "empty"}` : "Pane"}
      {...{ popover: "auto" }}
      onToggle={(event) => {
        if ((event as unknown as ToggleEvent).newState === "closed" && state.paneMenu.peek() === open) state.paneMenu.value = null;
      }}
    >
      {pane && <Choices pane={pane} />}
    </div>
  );
}

function Choices({ pane }: { pane: PaneView }) {
  const view = state.view.value;
  if (!view) return null;
  const done = (): void => {
    state.paneMenu.value = null;
    grid.focus(pane.pane);
  };
  const likely = view.volumes.filter((v) => pane.candidates.includes(v.id));
  const others = view.volumes.filter((v) => !pane.candidates.includes(v.id));
  return (
    <>
      {pane.volume === null && pane.wanted && <p class="menu__title">Looked for {pane.wanted}</p>}
      {pane.volume !== null && !pane.surface && (
        <>
          <p class="menu__head">Plane</p>
          {PLANES.map(([id, label]) => (
            <Item key={id} on={pane.orientation === id} label={label} act={() => { actions.orient(pane.pane, id); done(); }} />
          ))}
        </>
      )}
      {likely.length > 0 && <p class="menu__head">Might do</p>}
      {likely.map((v) => (
        <SeriesItem key={v.id} volume={v} pane={pane} done={done} />
      ))}
      {others.length > 0 && <p class="menu__head">{likely.length > 0 ? "Others" : counted(others.length, "series", "series")}</p>}
      {others.map((v) => (
        <SeriesItem key={v.id} volume={v} pane={pane} done={done} />
      ))}
    </>
  );
}

function SeriesItem({ volume, pane, done }: { volume: VolumeFact; pane: PaneView; done: () => void }) {
  const when = [volume.session, volume.timePoint].filter(Boolean).join(" · ");
  return (
    <Item
      on={pane.volume === volume.id}
      label={volume.title}
      says={when}
      act={() => {
        void actions.hang(pane.pane, volume.id);
        done();
      }}
    />
  );
}

function Item(props: { on: boolean; label: string; says?: string; act: () => void }) {
  return (
    <button type="button" class="menu__item" aria-pressed={props.on} onClick={props.act}>
      <span class="menu__tick" aria-hidden="true">
        {props.on ? "✓" : ""}
      </span>
      <span class="menu__label" title={props.label}>
        {props.label}
      </span>
      {props.says && <span class="menu__points">{props.says}</span>}
    </button>
  );
}

/** Below the title, and never off screen. */
function place(box: HTMLElement, anchor: HTMLElement | null): void {
  const at = anchor?.getBoundingClientRect() ?? new DOMRect(innerWidth / 2, innerHeight / 3, 0, 0);
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - height - 8))}px`;
}
