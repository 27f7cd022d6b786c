/** Beside the plan: what is kept or cleaned, dates, before → after on a real header, codes. */
import { signal } from "@preact/signals";
import type { DatePolicy, InspectRow, InspectView, PlanView, PolicyOption } from "../engine/protocol";
import { Dialog } from "./Dialog";
import { Codes } from "./Codes";
import { count, counted } from "./format";
import { Icon } from "./Icon";
import { Segments } from "./Segments";
import * as state from "./state";

/** Options that are always in sight; the standard's others unfold. */
const FIRST = 3;

export const sideFolded = signal(false);
const whole = signal(false);

export function Side() {
  const plan = state.plan.value;
  if (!plan || sideFolded.value) return null;
  return (
    <aside class="side" aria-label="De-identification">
      <section class="side__part">
        <header class="side__head">
          <h2 class="side__title">De-identification</h2>
          <button
            type="button"
            class="tool side__fold"
            title="Fold this panel away"
            aria-label="Fold this panel away"
            aria-expanded={true}
            onClick={() => {
              sideFolded.value = true;
            }}
          >
            <Icon name="panel" />
          </button>
        </header>
        <p class="profile">PS3.15 Basic Profile, NIfTI + sidecars</p>
      </section>
      <section class="side__part" aria-labelledby="kept">
        <h2 id="kept" class="side__title">
          Kept or cleaned
        </h2>
        {plan.policy.slice(0, FIRST).map((option) => (
          <Option key={option.option} option={option} />
        ))}
        {plan.policy.length > FIRST && (
          <details class="options">
            <summary class="options__more">{counted(plan.policy.length - FIRST, "further option")}</summary>
            {plan.policy.slice(FIRST).map((option) => (
              <Option key={option.option} option={option} />
            ))}
          </details>
        )}
      </section>
      <Dates />
      <Codes />
      <BeforeAfter />
      {whole.value && state.inspection.value && (
        <WholeHeader
          view={state.inspection.value}
          close={() => {
            whole.value = false;
          }}
        />
      )}
    </aside>
  );
}

function Option({ option }: { option: PolicyOption }) {
  const id = `option-${option.option}`;
  return (
    <div class="option" title={option.consequence}>
      <label class="option__label" for={id}>
        {option.label}
      </label>
      <p class="option__term" id={`${id}-term`}>
        {option.meaning.replace(/ Option$/, "")}
        {option.reach === "dicom_only" && " · no effect on images"}
        {option.reach === "not_available" && " · not in this version"}
      </p>
      <input
        id={id}
        type="checkbox"
        role="switch"
        class="switch"
        aria-describedby={`${id}-term`}
        checked={option.on}
        disabled={!option.switch || !option.changeable || option.reach !== "images"}
        onChange={(event) =>
          void state.edit({ kind: "setPolicy", option: option.option, on: event.currentTarget.checked })
        }
      />
    </div>
  );
}

const DATES: [DatePolicy, string][] = [
  ["none", "none"],
  ["shift", "shifted"],
  ["keep", "kept"],
];

function Dates() {
  const plan = state.plan.value;
  if (!plan) return null;
  return (
    <fieldset class="side__part side__part--field">
      <legend class="side__title">Dates</legend>
      <Segments
        name="dates"
        choices={DATES}
        chosen={plan.dates}
        choose={(dates) => void state.edit({ kind: "setDates", dates })}
      />
      <p class={plan.dates === "keep" ? "side__say warn" : "side__say quiet"}>{dateWords(plan)}</p>
    </fieldset>
  );
}

/** What the policy does to the dates at hand. */
function dateWords(plan: PlanView): string {
  if (plan.dates === "shift") {
    return "Each patient’s dates move by a secret number of days, from the project key; intervals stay.";
  }
  if (plan.dates === "keep") {
    return "Real dates are written, and dates identify: agree on it with your data protection office.";
  }
  const days = [...new Set(plan.patients.flatMap((p) => p.studies.map((s) => s.dayOffset)))].sort((a, b) => a - b);
  return `Only days since the first study are written: ${days.slice(0, 6).join(", ")}${days.length > 6 ? " …" : "."}`;
}

/** What stands in the side panel: the rows that changed, and one that is kept. */
const GLANCE = 6;

function BeforeAfter() {
  const view = state.inspection.value;
  return (
    <section class="side__part" aria-labelledby="before-after">
      <h2 id="before-after" class="side__title">
        Before → after
        {view && <span class="side__of"> · {view.title}</span>}
      </h2>
      {view ? <Glance view={view} /> : <p class="side__say quiet">Select a volume to see its header here.</p>}
    </section>
  );
}

function Glance({ view }: { view: InspectView }) {
  const changed = view.rows.filter((r) => r.action !== "kept" && r.before !== "");
  const kept = view.rows.filter((r) => r.action === "kept");
  const shown = [...changed.slice(0, GLANCE - Math.min(1, kept.length)), ...kept.slice(0, 1)];
  const more = view.rows.length - shown.length + view.hiddenElements;
  return (
    <div class="glance">
      <dl>
        {shown.map((row) => (
          <Change key={row.keyword} row={row} />
        ))}
      </dl>
      <p class="glance__more">
        <span>
          + {count(more)} elements, {count(view.hiddenPrivate)} private
        </span>
        <button
          type="button"
          class="link"
          onClick={() => {
            whole.value = true;
          }}
        >
          Inspect
        </button>
      </p>
    </div>
  );
}

function Change({ row }: { row: InspectRow }) {
  return (
    <div class="change">
      <dt class="change__key" title={row.keyword}>
        {row.keyword}
      </dt>
      <dd class="change__values">
        {row.action === "kept" ? <span>{row.after || row.before}</span> : <Struck row={row} />}
      </dd>
    </div>
  );
}

/** As much as leaves room for what comes after; the whole of it stands under Inspect. */
function short(text: string): string {
  return text.length > 14 ? `${text.slice(0, 13)}…` : text;
}

function Struck({ row }: { row: InspectRow }) {
  return (
    <>
      <del class="change__before">{short(state.showNames.value ? row.before : row.masked)}</del>
      {row.after !== "" && (
        <>
          {" → "}
          <ins class="change__after">{row.after}</ins>
        </>
      )}
    </>
  );
}

const search = signal("");

function WholeHeader({ view, close }: { view: InspectView; close: () => void }) {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = view.rows.filter((row) =>
    words.every((w) => `${row.keyword} ${row.after} ${SAID[row.action]}`.toLowerCase().includes(w)),
  );
  return (
    <Dialog title={`Before → after: ${view.title}`} wide close={close}>
      <div class="inspect__bar">
        <input
          type="search"
          autocomplete="off"
          class="field inspect__filter"
          placeholder="Filter: element, action…"
          aria-label="Filter: element, action"
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
        <label class="form__check">
          <input
            type="checkbox"
            class="check"
            checked={state.showNames.value}
            onChange={(event) => {
              state.showNames.value = event.currentTarget.checked;
            }}
          />
          Show values (this screen only)
        </label>
      </div>
      <div class="dialog__scroll" tabIndex={0} role="region" aria-label="Elements">
        <table class="inspect">
          <thead>
            <tr>
              <th scope="col">Element</th>
              <th scope="col">Before</th>
              <th scope="col">What happens</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i} class={`inspect__row inspect__row--${row.action}`}>
                <th scope="row">{row.keyword}</th>
                <td>
                  {row.action === "kept" ? (
                    row.before
                  ) : (
                    <del class="change__before">{state.showNames.value ? row.before : row.masked}</del>
                  )}
                </td>
                <td class="inspect__action">{SAID[row.action]}</td>
                <td>{row.action !== "removed" && <span class={row.action !== "kept" ? "change__after" : ""}>{row.after}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet">
        {count(view.hiddenElements)} further elements and {count(view.hiddenPrivate)} private ones are removed: what is not on
        the list does not go out.
      </p>
    </Dialog>
  );
}

const SAID: Record<InspectRow["action"], string> = {
  kept: "kept",
  converted: "goes into something else",
  replaced: "replaced",
  removed: "removed",
};
