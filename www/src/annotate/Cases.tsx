/** Cases at the left: where each stands, and the series of the one that is open. */
import type { CaseRow, CaseStatus, VolumeFact } from "../engine/annotate-protocol";
import { counted } from "../prepare/format";
import { Icon } from "../prepare/Icon";
import * as actions from "./actions";
import { clock, sessionWords } from "./format";
import { ForgetKept } from "./ForgetKept";
import { backToPane } from "./grid";
import { ReaderButton } from "./Reader";
import { Remarks } from "./Remarks";
import { keyOf } from "./keys";
import { SERIES } from "./pane";
import * as state from "./state";

const STATUS: Record<CaseStatus, string> = { todo: "to do", progress: "in progress", done: "done" };

export function Cases() {
  const list = state.list.value;
  if (!list) return null;
  const done = list.cases.filter((c) => c.status === "done").length;
  const now = list.cases.findIndex((c) => c.case === (state.opening.value ?? state.view.value?.case));
  return (
    <aside class="cases" aria-label="Cases">
      <header class="cases__head">
        <h2 class="panel__title">Cases</h2>
        <span class="cases__count">
          {done} of {list.cases.length} done
        </span>
        <button type="button" class="tool" title="Fold the cases away" aria-label="Fold the cases away" onClick={() => state.casesShown.set(false)}>
          <Icon name="left" />
        </button>
      </header>
      <p class="cases__of cut" title={list.title || undefined}>
        {list.study ? list.study.title : list.title || "loose files"} · <ReaderButton />
      </p>
      <ul class="cases__list">
        {list.cases.map((one, i) => (
          <CaseLine key={one.case} one={one} open={i === now} />
        ))}
      </ul>
      {(list.ignored > 0 || list.troubles.length > 0) && (
        <details class="cases__troubles">
          <summary>{list.troubles.length > 0 ? `${counted(list.troubles.length, "file")} could not be read` : `${counted(list.ignored, "other file")}`}</summary>
          <ul>
            {list.troubles.map((trouble) => (
              <li key={trouble}>{trouble}</li>
            ))}
            {list.ignored > 0 && <li>{counted(list.ignored, "file")} of other kinds left alone.</li>}
          </ul>
        </details>
      )}
      <footer class="cases__foot">
        <button type="button" class="button" disabled={now <= 0} title={`Case before${keyOf("case-before")}`} onClick={(e) => { actions.stepCase(-1); backToPane(e); }}>
          <kbd>p</kbd> previous
        </button>
        <button type="button" class="button" disabled={now >= list.cases.length - 1} title={`Next case${keyOf("case-after")}`} onClick={(e) => { actions.stepCase(1); backToPane(e); }}>
          <kbd>n</kbd> next
        </button>
        <button type="button" class="link cases__close" onClick={() => void actions.closeCases()}>
          Close these cases
        </button>
        <ForgetKept />
      </footer>
    </aside>
  );
}

function CaseLine({ one, open }: { one: CaseRow; open: boolean }) {
  const sessions = counted(one.sessions.length, "session");
  const lesions = one.lesions > 0 ? ` · ${counted(one.lesions, "lesion")}` : "";
  return (
    <li class={open ? "case case--open" : "case"}>
      <button type="button" class="case__button" aria-current={open || undefined} onClick={() => void actions.openCase(one.case)}>
        <span class="case__name cut" title={one.subject}>
          {one.subject}
        </span>
        <span class={`case__status case__status--${open && one.status !== "done" ? "open" : one.status}`}>
          {open && one.status !== "done" ? "open" : STATUS[one.status]}
        </span>
        <span class="case__facts cut">
          {sessions}
          {lesions}
        </span>
        <span class="case__time">{one.seconds > 0 ? clock(one.seconds) : "–"}</span>
      </button>
      {open && state.view.value && <OpenCase one={one} />}
    </li>
  );
}

function OpenCase({ one }: { one: CaseRow }) {
  const view = state.view.value;
  if (!view || view.case !== one.case) return null;
  const sessions = [...new Set(view.volumes.map((v) => v.session))];
  const done = one.status === "done";
  return (
    <div class="case__more">
      <details class="case__all">
        <summary class="case__sum">{counted(view.volumes.length, "series", "series")}</summary>
        {sessions.map((session) => (
          <div key={session}>
            <p class="case__of">{sessionWords(session, one.sessions.find((s) => s.session === session)?.timePoint ?? "")}</p>
            <ul>
              {view.volumes.filter((v) => v.session === session).map((volume) => (
                <Series key={volume.id} volume={volume} reference={volume.id === view.reference} />
              ))}
            </ul>
          </div>
        ))}
      </details>
      <button type="button" class="button case__done" onClick={() => void actions.setStatus(one.case, done ? "progress" : "done")}>
        {done ? "Take it up again" : "Mark as done"}
      </button>
      {one.unsaved && <p class="case__of">Its labels are not saved yet.</p>}
      {state.imagesKept.value?.kept === false && <p class="case__of">{state.imagesKept.value.text}</p>}
      {state.imagesKept.value?.kept && <p class="case__of">Images kept in this browser: it can be gone on with without its files.</p>}
      <Remarks one={one} />
    </div>
  );
}

/** A series: dragged to a pane it hangs there; clicked, it hangs in the active one. */
function Series({ volume, reference }: { volume: VolumeFact; reference: boolean }) {
  const shown = state.view.value?.panes.some((p) => p.volume === volume.id) ?? false;
  const dims = volume.dims.join("×");
  return (
    <li>
      <button
        type="button"
        class={shown ? "series series--shown" : "series"}
        draggable
        title={`${volume.title}, ${dims}. ${volume.state === "failed" ? volume.trouble : "Drag it to a pane, or click to hang it in the active one."}`}
        onDragStart={(event) => event.dataTransfer?.setData(SERIES, String(volume.id))}
        onClick={(event) => {
          void actions.hang(state.active.value, volume.id);
          backToPane(event);
        }}
      >
        <span class="series__title cut">{volume.title}</span>
        {reference && <span class="badge" title="The labels lie on this series’ grid">labels</span>}
        {volume.state === "failed" && <span class="warn">failed</span>}
        {volume.state === "reading" && <span class="quiet">…</span>}
      </button>
    </li>
  );
}
