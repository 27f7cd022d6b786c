/** Measures of the active segment, when asked for: they are not made at every stroke. */
import type { Measured } from "../engine/annotate-protocol";
import * as actions from "./actions";
import { Fold } from "./fields";
import { millilitres, mm } from "./format";
import { figure } from "./overlay";
import * as state from "./state";

export function Measures() {
  const now = state.measured.value;
  const label = state.editor.value?.active;
  const row = now?.rows.find((r) => r.label === label);
  const stale = now !== null && now.of?.segments.some((s) => s.volume !== state.editor.value?.segments.find((t) => t.label === s.label)?.volume);
  return (
    <Fold title="Measures" aside="research use only" opened={() => { if (!state.measured.peek()) void actions.measure(); }}>
      {state.figuresClosed.value && <p class="panel__say">The study shows measures once the case is done.</p>}
      {row && !state.figuresClosed.value && <MeasuresOf row={row} />}
      {now && !row && <p class="panel__say">Nothing is labelled in this segment yet.</p>}
      {stale && <p class="panel__say warn">The labels have changed since.</p>}
      <button type="button" class="button" disabled={state.measuring.value} onClick={() => void actions.measure()}>
        {state.measuring.value ? "Measuring…" : now ? "Measure again" : "Measure"}
      </button>
    </Fold>
  );
}

function MeasuresOf({ row }: { row: Measured }) {
  return (
    <dl class="measures">
      <dt>Volume</dt>
      <dd>{millilitres(row.volumeMl)} ml</dd>
      <dt>RECIST 1.1 longest</dt>
      <dd>{row.longest ? `${mm(row.longest.mm)}, slice ${row.longest.slice + 1}` : "–"}</dd>
      <dt>WHO perpendicular</dt>
      <dd>{row.perpendicular ? mm(row.perpendicular.mm) : "–"}</dd>
      {row.means.map((mean) => (
        <Mean key={mean.volume} mean={mean} />
      ))}
    </dl>
  );
}

function Mean({ mean }: { mean: Measured["means"][number] }) {
  return (
    <>
      <dt class="cut" title={mean.title}>
        {mean.title}
      </dt>
      <dd class={mean.unaligned ? "warn" : undefined} title={mean.unaligned ? "Not aligned with the reference: breath-holds may differ" : undefined}>
        {figure(mean.mean)} ± {figure(mean.sd)} {mean.unit}
        {mean.unaligned && " unaligned"}
      </dd>
    </>
  );
}
