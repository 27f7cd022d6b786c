/** One line of facts below the panes: where the crosshair is, what hangs, which stage; and the folded panels. */
import type { ComponentChildren } from "preact";
import { bytes, counted } from "../prepare/format";
import { Icon } from "../prepare/Icon";
import * as actions from "./actions";
import { place } from "./format";
import { backToPane } from "./grid";
import { keyOf } from "./keys";
import { figure } from "./overlay";
import * as state from "./state";

export function Status() {
  const view = state.view.value;
  const drawn = state.activeDrawn.value;
  const pane = state.activePane.value;
  const segment = state.activeSegment.value;
  return (
    <footer class="status">
      {!state.casesShown.value.value && (
        <button type="button" class="status__button" onClick={() => state.casesShown.set(true)}>
          <Icon name="right" size={12} /> Cases
        </button>
      )}
      {drawn?.world && <span class="status__place">{place(drawn.world)}</span>}
      {pane?.volume != null && (
        <span class="cut">
          {pane.title.split(" · ")[0]}
          {drawn?.value != null && ` ${figure(drawn.value)}`}
        </span>
      )}
      {segment && (
        <span class="cut">
          {segment.name} {segment.lesion?.id}
        </span>
      )}
      {state.editor.value && state.editor.value.segments.length > 0 && (
        <span class={state.editor.value.journal.kept ? "status__kept" : "status__kept warn"}>
          {state.editor.value.journal.kept ? "every stroke kept" : "strokes not kept"}
        </span>
      )}
      <span class="grow" />
      {view && <Stages />}
      {view && (
        <span class="status__wide">
          {counted(view.volumes.length, "volume")} · {bytes(view.volumes.reduce((sum, v) => sum + v.bytes, 0))}
        </span>
      )}
      <button type="button" class="status__button" aria-haspopup="dialog" onClick={() => { state.keysShown.value = true; }}>
        <kbd>?</kbd> keys
      </button>
      {!state.toolsShown.value.value && (
        <button type="button" class="status__button" onClick={() => state.toolsShown.set(true)}>
          Tools <Icon name="left" size={12} />
        </button>
      )}
    </footer>
  );
}

function Stages(): ComponentChildren {
  const view = state.view.value;
  const list = state.list.value;
  if (!view || !list) return null;
  return (
    <>
      {list.protocols.length > 1 && (
        <label class="status__stage">
          <span class="unseen">Hanging protocol</span>
          <select class="quietselect" value={list.protocol} onChange={(event) => void actions.setProtocol(event.currentTarget.value)}>
            {list.protocols.map((p) => (
              <option key={p.id} value={p.id}>
                {p.label}
              </option>
            ))}
          </select>
        </label>
      )}
      {view.stages.length > 1 && (
        <span class="status__stage">
          <button type="button" class="status__button" disabled={view.stage === 0} aria-label="Stage before" title={`Stage before${keyOf("stage-before")}`} onClick={(e) => { void actions.setStage(view.stage - 1); backToPane(e); }}>
            <kbd>,</kbd>
          </button>
          <label>
            <span class="unseen">Stage</span>
            <select class="quietselect" value={String(view.stage)} onChange={(event) => void actions.setStage(Number(event.currentTarget.value))}>
              {view.stages.map((stage, i) => (
                <option key={stage.id} value={String(i)}>
                  {i + 1} of {view.stages.length}: {stage.title}
                </option>
              ))}
            </select>
          </label>
          <button type="button" class="status__button" disabled={view.stage === view.stages.length - 1} aria-label="Next stage" title={`Next stage${keyOf("stage-after")}`} onClick={(e) => { void actions.setStage(view.stage + 1); backToPane(e); }}>
            <kbd>.</kbd>
          </button>
        </span>
      )}
    </>
  );
}
