/** Beside the plan: what is kept or cleaned, dates, before → after on a real header, codes. */
import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { DatePolicy, InspectRow, InspectView, PlanView, PolicyOption } from "../engine/protocol";
import { saveBytes } from "../export/save";
import { Dialog } from "./Dialog";
import { Codes } from "./Codes";
import { onForget } from "./dialogs";
import { FileField } from "./FileField";
import { count, counted } from "./format";
import { Icon } from "./Icon";
import { problemOf } from "./problems";
import { Segments } from "./Segments";
import * as state from "./state";
import { Written } from "./Written";

/** Options that are always in sight; the standard's others unfold. */
const FIRST = 3;

export const sideFolded = signal(false);
const whole = signal(false);
const search = signal("");
onForget(() => {
  whole.value = false;
  search.value = "";
});

export function Side() {
  const plan = state.plan.value;
  if (!plan || sideFolded.value) return null;
  const shown = plan.dicom ? plan.policy : plan.policy.slice(0, FIRST);
  const further = plan.dicom ? [] : plan.policy.slice(FIRST);
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
        <Profile plan={plan} />
      </section>
      <Written plan={plan} />
      <section class="side__part" aria-labelledby="kept">
        <h2 id="kept" class="side__title">
          Kept or cleaned
        </h2>
        {shown.map((option) => (
          <Option key={option.option} option={option} plan={plan} />
        ))}
        {further.length > 0 && (
          <details class="options">
            <summary class="options__more">{counted(further.length, "further option")}</summary>
            {further.map((option) => (
              <Option key={option.option} option={option} plan={plan} />
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

/** Why a switch can't be moved, in a word; empty where it can. */
function heldBy(option: PolicyOption, plan: PlanView): string {
  if (option.reach === "not_available") return "not in this version";
  if (option.reach === "dicom_only" && !plan.dicom) return "DICOM only";
  if (option.switch && !option.changeable && plan.profile.locked) return "locked";
  return "";
}

function Option({ option, plan }: { option: PolicyOption; plan: PlanView }) {
  const id = `option-${option.option}`;
  const held = heldBy(option, plan);
  const device = option.option === "retain_device_identity" && option.on && plan.dicom;
  return (
    <div class={held === "locked" ? "option option--locked" : "option"}>
      <label class="option__label" for={id}>
        {option.label}
        {held === "locked" && <Icon name="lock" size={12} />}
      </label>
      <p class="option__term" id={`${id}-term`}>
        {option.meaning.replace(/ Option$/, "").replace(/^Retain Longitudinal Temporal Information /, "")}
        {held && ` · ${held}`}
      </p>
      <input
        id={id}
        type="checkbox"
        role="switch"
        class="switch"
        aria-describedby={`${id}-term`}
        checked={option.on}
        disabled={!option.switch || !option.changeable}
        onChange={(event) =>
          void state.edit({ kind: "setPolicy", option: option.option, on: event.currentTarget.checked })
        }
      />
      <details class="option__more">
        <summary class="option__sum">{sumOf(option)}</summary>
        <p class="option__text">{option.consequence}</p>
        {option.examples.length > 0 && (
          <dl class="option__examples">
            {option.examples.map(({ keyword, value }) => (
              <div key={keyword} class="option__example">
                <dt class="cut" title={keyword}>
                  {keyword}
                </dt>
                <dd class={option.on ? "cut" : "cut option__gone"}>{value || "–"}</dd>
              </div>
            ))}
          </dl>
        )}
      </details>
      {device && (
        <label class="form__check option__sub">
          <input
            type="checkbox"
            class="check"
            checked={plan.profile.device === "all"}
            disabled={!plan.profile.deviceAllAllowed && plan.profile.device !== "all"}
            onChange={(event) =>
              void state.edit({ kind: "setDevice", device: event.currentTarget.checked ? "all" : "model" })
            }
          />
          <span>
            In DICOM, serial number and station too
            {plan.profile.device === "all" && <span class="warn"> — they single out a scanner</span>}
          </span>
        </label>
      )}
    </div>
  );
}

/** What an option does to the data at hand. */
function sumOf(option: PolicyOption): string {
  if (option.reach === "not_available") return "Why not";
  if (option.attributes === 0) return "Nothing of it in these files";
  const what = `${counted(option.attributes, "attribute")}, ${counted(option.values, "value")}`;
  return option.on ? `Writes ${what}` : `Would write ${what}`;
}

/** Not kinds of policies: what the menu can do beside. */
const LOAD = "load";
const SAVE = "save";

/** Which options hold: a name for them, a file, and whether somebody insists. */
function Profile({ plan }: { plan: PlanView }) {
  const file = useRef<HTMLInputElement>(null);
  const { profile } = plan;
  const proposed = plan.policy.every(
    ({ option, on }) => on === (option === "retain_patient_characteristics" || option === "retain_device_identity"),
  );
  const plain = profile.keeps === 0 && profile.device === "model";
  const named = profile.name !== "" ? profile.name : profile.origin === "own" ? "" : "Policy without a name";
  const kind = named ? "named" : profile.basic && plain ? "basic" : proposed && plain ? "proposed" : "own";
  const choose = (chosen: string): void => {
    if (chosen === LOAD) file.current?.click();
    else if (chosen === SAVE) void savePolicy();
    else if (chosen === "basic") void state.edit({ kind: "setProfile", basic: true }, "The Basic Profile holds alone.");
    else if (chosen === "proposed") void state.edit({ kind: "setProfile", basic: false }, "The proposed options hold.");
  };
  return (
    <>
      <span class="select profile">
        <select
          aria-label="Policy"
          value={kind}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            event.currentTarget.value = kind;
            choose(chosen);
          }}
        >
          <option value="proposed">PS3.15 Basic, proposed options</option>
          <option value="basic">PS3.15 Basic Profile alone</option>
          {kind === "own" && <option value="own">PS3.15 Basic, own options</option>}
          {named && <option value="named">{named}</option>}
          <option value={LOAD}>Load a policy file…</option>
          <option value={SAVE}>Save this policy as a file…</option>
        </select>
      </span>
      {profile.origin === "institution" ? (
        <p class="side__say side__lock">
          <Icon name="lock" size={14} />
          <span>
            Locked by {profile.name || "your institution"}, which gave it with this page (<code>policy.json</code>). It can be
            tightened, not loosened.
          </span>
        </p>
      ) : (
        profile.locked && (
          <p class="side__say side__lock">
            <Icon name="lock" size={14} />
            <span>The file is locked: its options can be tightened, not loosened.</span>
          </p>
        )
      )}
      {profile.keeps > 0 && (
        <p class="side__say warn">
          Keeps {counted(profile.keeps, "element")} for stated reasons, in DICOM; the certificate repeats them.
        </p>
      )}
      <FileField
        at={file}
        label="De-identification policy file"
        accept=".json,application/json"
        take={([chosen]) => {
          if (chosen) void chosen.text().then((json) => state.edit({ kind: "loadPolicy", json }, "Policy loaded."));
        }}
      />
    </>
  );
}

async function savePolicy(): Promise<void> {
  const engine = state.engine.value;
  if (!engine) return;
  try {
    const saved = await saveBytes(
      async () => new TextEncoder().encode(await engine.ask("policyFile", null)).buffer as ArrayBuffer,
      { name: "policy.json", description: "De-identification policy", mime: "application/json", extension: ".json" },
    );
    if (saved) state.announce("Policy saved.");
  } catch (thrown) {
    state.problem.value = problemOf(thrown);
  }
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
        may={(dates) => {
          if (plan.profile.datesAllowed.includes(dates)) return true;
          state.announce("The policy is locked: it does not let out more of dates.");
          return false;
        }}
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
