/** How subjects are named: by the project key, by number, or from the user's list; and the files for it. */
import { useRef } from "preact/hooks";
import type { NamingKind, PlanView } from "../engine/protocol";
import { FileField } from "./FileField";
import { count, counted } from "./format";
import { load, saveKey, saveLinkingTable } from "./secrets";
import { Segments } from "./Segments";
import * as state from "./state";

const NAMINGS: [NamingKind, string][] = [
  ["keyed", "keyed"],
  ["numbered", "numbered"],
  ["mapped", "from a list"],
];

export function Codes() {
  const plan = state.plan.value;
  const key = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLInputElement>(null);
  if (!plan) return null;
  const { naming } = plan;
  return (
    <fieldset class="side__part side__part--field">
      <legend class="side__title">Subject codes</legend>
      <Segments
        name="naming"
        choices={NAMINGS}
        chosen={naming.kind}
        may={(id) => {
          if (id !== "mapped" || naming.listed !== null) return true;
          list.current?.click();
          return false;
        }}
        choose={(id) => void state.edit({ kind: "setNaming", naming: id })}
      />
      <Words plan={plan} />
      <div class="side__buttons">
        {naming.kind !== "keyed" && (
          <button type="button" class="button" onClick={() => list.current?.click()}>
            Load list…
          </button>
        )}
        <button type="button" class="button" onClick={saveKey}>
          Save key…
        </button>
        <button type="button" class="button" onClick={() => key.current?.click()}>
          Load key…
        </button>
        <button type="button" class="button" onClick={saveLinkingTable}>
          Save linking table…
        </button>
      </div>
      <FileField at={key} label="Project key file" take={([file]) => void (file && load("key", file))} />
      <FileField
        at={list}
        label="List of codes, a CSV with patient_id and subject"
        take={([file]) => void (file && load("mapping", file))}
      />
    </fieldset>
  );
}

function Words({ plan }: { plan: PlanView }) {
  const { kind, listed, missing } = plan.naming;
  if (kind === "numbered") {
    return (
      <p class="side__say quiet">
        001, 002 … in an order that only the project key knows
        {listed ? `, going on from the list of ${counted(listed, "patient")}.` : ". To go on with a data set, load its list or linking table."}{" "}
        Save the linking table: nothing else says who has which number.
      </p>
    );
  }
  if (kind === "mapped") {
    return (
      <>
        <p class="side__say quiet">
          Codes from your list of {counted(listed ?? 0, "patient")}.
        </p>
        {missing.length > 0 && (
          <p class="side__say warn">
            {lacking(missing)} not in it, and {missing.length === 1 ? "has a code" : "have codes"} from the{" "}
            {plan.key === "new" ? "unsaved project key" : "project key"}.
          </p>
        )}
      </>
    );
  }
  return (
    <p class="side__say quiet">
      {plan.key === "new" ? (
        <>
          From a <span class="warn">new project key</span>, not saved yet: without it the same patient gets another code next
          year.
        </>
      ) : (
        <>
          From your project key <span class="good">{plan.key}</span>: the same patient gets the same code next year.
        </>
      )}
    </p>
  );
}

/** How many ordinals stand in a sentence. */
const NAMED = 8;

/** `Patients 2, 5 and 9 of this plan are`. */
function lacking(ordinals: number[]): string {
  if (ordinals.length === 1) return `Patient ${ordinals[0] ?? ""} of this plan is`;
  const named = ordinals.slice(0, NAMED).map(count);
  const more = ordinals.length - named.length;
  const last = more > 0 ? `${count(more)} more` : named.pop();
  return `Patients ${named.join(", ")} and ${last} of this plan are`;
}
