/** The menu of a pane's title: which series hangs there, in which plane. One popover serves every pane. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Orientation, PaneView, VolumeFact } from "../engine/annotate-protocol";
import * as actions from "./actions";
import { sessionWords } from "./format";
import { grid } from "./grid";
import { placeBeside } from "./place";
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
    placeBeside(popover, grid.anchor(open));
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
  const sessions = [...new Set(view.volumes.map((v) => v.session))];
  return (
    <>
      {pane.volume === null && pane.wanted && <p class="menu__title">Looked for {pane.wanted}</p>}
      {pane.volume !== null && !pane.surface && (
        <>
          <p class="menu__head">Plane</p>
          {PLANES.map(([id, label]) => (
            <Item key={id} on={pane.orientation === id} pressed label={label} act={() => { actions.orient(pane.pane, id); done(); }} />
          ))}
        </>
      )}
      {pane.volume !== null && !pane.surface && sessions.length > 1 && (
        <>
          <p class="menu__head">Studies without a common frame</p>
          <Item on={false} label="Link them: what the panes show is one place" act={() => { actions.gesture(pane.pane, { kind: "align" }); done(); }} />
          <Item on={false} label="Link them no more" act={() => { actions.gesture(pane.pane, { kind: "unalign" }); done(); }} />
        </>
      )}
      {likely.length > 0 && <p class="menu__head">Might do</p>}
      {likely.map((v) => (
        <SeriesItem key={v.id} volume={v} pane={pane} done={done} />
      ))}
      {sessions.map((session) => (
        <Session key={session} session={session} pane={pane} done={done} />
      ))}
    </>
  );
}

function Session({ session, pane, done }: { session: string; pane: PaneView; done: () => void }) {
  const volumes = state.view.value?.volumes.filter((v) => v.session === session && !pane.candidates.includes(v.id)) ?? [];
  if (volumes.length === 0) return null;
  return (
    <>
      <p class="menu__head">{sessionWords(session, volumes[0]?.timePoint ?? "")}</p>
      {volumes.map((v) => (
        <SeriesItem key={v.id} volume={v} pane={pane} done={done} />
      ))}
    </>
  );
}

function SeriesItem({ volume, pane, done }: { volume: VolumeFact; pane: PaneView; done: () => void }) {
  return (
    <Item
      pressed
      on={pane.volume === volume.id}
      label={volume.title}
      says={volume.state === "failed" ? "failed" : ""}
      act={() => {
        void actions.hang(pane.pane, volume.id);
        done();
      }}
    />
  );
}

function Item(props: { on: boolean; pressed?: boolean; label: string; says?: string; act: () => void }) {
  return (
    <button type="button" class="menu__item" aria-pressed={props.pressed ? props.on : undefined} onClick={props.act}>
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
