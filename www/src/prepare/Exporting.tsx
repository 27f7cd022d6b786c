/** While the archive is written: each volume and the whole, speed, time left, and a way out. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ExportVolume } from "../engine/protocol";
import { cancelExport } from "../export/run";
import { Dialog } from "./Dialog";
import { bytes, count, counted, percent, seconds, timeLeft } from "./format";
import { Icon } from "./Icon";
import { allVolumes } from "./rows";
import * as state from "./state";

export function Exporting() {
  const phase = state.phase.value;
  const [asking, setAsking] = useState(false);
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const plan = state.plan.value;
  if (phase.kind !== "exporting" || !plan) return null;
  const at = state.exporting.value;
  const passed = (now - phase.since) / 1000;
  return (
    <main class="export" aria-label="Prepare">
      <header class="export__head">
        <h1 class="export__title">{phase.stopping ? "Stopping…" : "Writing the data set"}</h1>
        <p class="export__done">
          {at ? `${count(at.done)} of ${counted(at.total, "volume")}` : "Making ready…"}
          {at && at.objectsTotal > 0 && ` · ${count(at.objectsDone)} of ${counted(at.objectsTotal, "DICOM object")}`}
        </p>
        <span class="grow" />
        <button type="button" class="button" disabled={phase.stopping} onClick={() => setAsking(true)}>
          Cancel…
        </button>
        <progress class="bar export__bar" max={1} value={at?.fraction} aria-label="Whole export" />
        <p class="export__line">
          <span>{at ? percent(at.fraction) : "0 %"}</span>
          <span>{bytes(at?.bytesOut ?? 0)} written</span>
          <span>{at && at.speed > 0 ? `${(at.speed / 1e6).toFixed(1)} MB/s` : "– MB/s"}</span>
          <span>{seconds(passed)}</span>
          <span class="grow" />
          <span class="quiet">{at ? timeLeft(at.secondsLeft) : ""}</span>
        </p>
      </header>
      <Volumes />
      {asking && !phase.stopping && (
        <Dialog title="Stop the export?" close={() => setAsking(false)}>
          <p class="dialog__text">
            {at && at.done > 0
              ? `${counted(at.done, "volume")} ${at.done === 1 ? "is" : "are"} complete. Kept, they make a valid data set, and exporting again adds only what is missing.`
              : "No volume is complete yet."}{" "}
            The export goes on while you decide.
          </p>
          <div class="form__end">
            <button type="button" class="button" onClick={() => setAsking(false)}>
              Go on
            </button>
            <button
              type="button"
              class="button button--bad"
              onClick={() => {
                setAsking(false);
                void cancelExport(false);
              }}
            >
              Discard all
            </button>
            <button
              type="button"
              class="button button--main"
              disabled={!at || at.done === 0}
              onClick={() => {
                setAsking(false);
                void cancelExport(true);
              }}
            >
              Keep complete volumes
            </button>
          </div>
        </Dialog>
      )}
    </main>
  );
}

/** Every included volume; the browser skips drawing what is off screen (`content-visibility`). */
function Volumes() {
  const plan = state.plan.value;
  const told = state.exportVolumes.value;
  const list = useRef<HTMLUListElement>(null);
  const current = [...told.values()].find((v) => v.state === "now");
  useEffect(() => {
    list.current?.querySelector('[data-now="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current?.id]);
  if (!plan) return null;
  return (
    <ul class="exportlist" ref={list} tabIndex={0} aria-label="Volumes">
      {allVolumes(plan)
        .filter((v) => v.include)
        .map((v) => (
          <Line key={v.id} path={`${v.path}.nii.gz`} told={told.get(v.id)} />
        ))}
    </ul>
  );
}

const SAID = { waiting: "waiting", now: "writing", done: "written", failed: "failed" } as const;

function Line({ path, told }: { path: string; told: ExportVolume | undefined }) {
  const now = told?.state ?? "waiting";
  return (
    <li class={`exportline exportline--${now}`} data-now={now === "now"}>
      <span class="exportline__mark" aria-hidden="true">
        {now === "done" && <Icon name="check" size={12} />}
        {now === "failed" && <Icon name="cross" size={12} />}
      </span>
      <span class="exportline__path" title={told?.path || path}>
        {told?.path || path}
      </span>
      {now === "now" ? (
        <progress class="bar bar--thin" max={1} value={told?.fraction} aria-label={`${path}: written`} />
      ) : (
        <span class="exportline__said">{SAID[now]}</span>
      )}
    </li>
  );
}
