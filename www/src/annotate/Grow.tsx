/** Grow from seeds: what is missing, how far it is, what drives it, and Apply or Cancel. */
import type { ToolOptions } from "../engine/annotate-protocol";
import * as actions from "./actions";
import { Choose, Range, Tick } from "./fields";
import { backToPane } from "./grid";
import { keyOf } from "./keys";
import * as state from "./state";

export function Grow() {
  const editor = state.editor.value;
  const view = state.view.value;
  if (!editor || !view) return null;
  const preview = editor.preview?.tool === "grow" ? editor.preview : null;
  const { grow } = editor.options;
  const set = (change: Partial<ToolOptions["grow"]>): void => actions.setOptions({ grow: { ...grow, ...change } });
  const session = state.session.value;
  const guided = state.list.value?.study?.guidance !== false;
  const phases = view.volumes.filter((v) => v.session === session && v.state !== "failed");
  const busy = preview !== null && preview.missing === "" && preview.fraction < 1;
  return (
    <section class="panel panel--strong" aria-label="Grow from seeds">
      <header class="panel__head">
        <h2 class="panel__title">Grow from seeds</h2>
        <span class={busy ? "panel__aside" : "panel__aside good"}>{preview ? pace(preview.missing, busy, preview.lastMs) : ""}</span>
      </header>
      {preview?.missing ? (
        <p class="panel__say warn" role="status">
          {preview.missing}
        </p>
      ) : (
        <p class="panel__say">{driven(phases.filter((v) => grow.volumes.includes(v.id)).map((v) => v.title))} Follows strokes, erasing and undo.</p>
      )}
      {preview?.note && <p class="panel__say">{preview.note}</p>}
      {busy && <progress class="bar bar--thin" value={preview.fraction} max={1} aria-label="Growing" />}
      <Range label="Seed locality" value={grow.locality} min={0} max={10} step={0.1} shown={grow.locality.toFixed(1)} take={(locality) => set({ locality })} />
      {guided && <Tick
        label={`Show where it is unsure${keyOf("margin")}`}
        hint="Brighter where the second best segment is nearly as good: a stroke tells most there."
        on={state.display.value.margin}
        set={(margin) => actions.setDisplay({ margin })}
      />}
      <details class="fold fold--in">
        <summary class="fold__head">
          <span class="fold__title">Driven by</span>
          <span class="fold__aside">{grow.volumes.length > 1 ? `${grow.volumes.length} phases` : "1 phase"}</span>
        </summary>
        <div class="fold__box">
          {phases.map((volume) => (
            <Tick
              key={volume.id}
              label={volume.title}
              on={grow.volumes.includes(volume.id)}
              set={(on) => {
                const volumes = on ? [...grow.volumes, volume.id] : grow.volumes.filter((id) => id !== volume.id);
                if (volumes.length > 0) set({ volumes });
              }}
            />
          ))}
          <Choose
            label="Distance"
            choices={[["slicer", "as Slicer’s"], ["classic", "classic GrowCut"]]}
            chosen={grow.metric}
            choose={(metric) => set({ metric })}
          />
        </div>
      </details>
      {guided && <button
        type="button"
        class="button"
        disabled={!preview || preview.missing !== "" || busy}
        title={`Goes where one more stroke would tell most${keyOf("next-best")}`}
        onClick={(event) => {
          void actions.nextBest();
          backToPane(event);
        }}
      >
        Next best stroke
      </button>}
      <div class="pair">
        <button type="button" class="button button--main" disabled={!preview || preview.missing !== "" || busy} title="Keeps the preview (Enter)" onClick={() => void actions.endPreview(true)}>
          Apply
        </button>
        <button type="button" class="button" disabled={!preview} title="Back to the seeds (Esc)" onClick={() => void actions.endPreview(false)}>
          Cancel
        </button>
      </div>
    </section>
  );
}

function pace(missing: string, busy: boolean, ms: number | null): string {
  if (missing) return "";
  if (busy) return "growing…";
  return ms === null ? "live" : `live · ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function driven(titles: string[]): string {
  if (titles.length === 0) return "";
  const all = titles.join(" + ");
  return `${all.charAt(0).toUpperCase()}${all.slice(1)}.`;
}
