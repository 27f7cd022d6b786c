/**
 * Which study is which session of a patient, and which time point: all studies of one patient at once,
 * so that labels can be swapped and studies of one day joined or parted.
 */
import { useState } from "preact/hooks";
import type { PatientView, StudyView } from "../engine/protocol";
import { Dialog, ProblemLine } from "./Dialog";
import { counted } from "./format";
import * as state from "./state";

/** What the form holds of a study. */
interface Wish {
  session: string;
  timePoint: string;
}

export function SessionsDialog() {
  const number = state.resessioning.value;
  const patient = state.plan.value?.patients.find((p) => p.index === number);
  if (!patient) return null;
  const close = (): void => {
    state.problem.value = null;
    state.resessioning.value = null;
  };
  return <Sessions key={patient.index} patient={patient} close={close} />;
}

function Sessions({ patient, close }: { patient: PatientView; close: () => void }) {
  const { studies } = patient;
  const [wishes, setWishes] = useState<Wish[]>(() =>
    studies.map(({ session, timePoint }) => ({ session, timePoint })),
  );
  const [busy, setBusy] = useState(false);
  const change = (at: number, what: Partial<Wish>): void =>
    setWishes(wishes.map((wish, i) => (i === at ? { ...wish, ...what } : wish)));
  const send = (sent: Wish[]): void => {
    setBusy(true);
    state.problem.value = null;
    const edits = studies.map((study, at) => ({ study: study.index, ...sent[at] }));
    void state
      .edit({ kind: "setSessions", patient: patient.index, studies: edits }, `Sessions of sub-${patient.subject} changed.`)
      .then((taken) => (taken ? close() : setBusy(false)));
  };
  return (
    <Dialog title={`Sessions of sub-${patient.subject}`} wide close={close}>
      <p class="dialog__text">
        The order of studies only proposes what they are; when treatment was, no header says. Studies of one day that get one
        label become one session.
      </p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          send(wishes);
        }}
      >
        <div class="sessions">
          {studies.map((study, at) => (
            <StudyFields
              key={study.index}
              study={study}
              first={at === 0}
              wish={wishes[at] ?? { session: "", timePoint: "" }}
              hint={hintOf(studies, wishes, at)}
              change={(what) => change(at, what)}
            />
          ))}
        </div>
        <ProblemLine />
        <div class="form__end">
          <button
            type="button"
            class="button"
            disabled={busy || studies.every((s) => s.sessionProposed && s.timePointProposed)}
            onClick={() => send(studies.map(() => ({ session: "", timePoint: "" })))}
          >
            As proposed
          </button>
          <span class="grow" />
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button button--main" disabled={busy}>
            Apply
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface Hint {
  text: string;
  warn: boolean;
}

function StudyFields(props: {
  study: StudyView;
  first: boolean;
  wish: Wish;
  hint: Hint | null;
  change: (what: Partial<Wish>) => void;
}) {
  const { study, wish, hint } = props;
  const number = study.index + 1;
  const points = state.plan.value?.timePoints ?? [];
  const about = [`day ${study.dayOffset}`, study.scanner, counted(study.volumes.length, "volume")].filter(Boolean);
  return (
    <fieldset class="sessions__study">
      <legend class="sessions__what">
        <strong>Study {number}</strong> <span class="quiet">· {about.join(" · ")}</span>
      </legend>
      <label class="sessions__field">
        <span class="quiet">ses-</span>
        <input
          class="field"
          aria-label={`Session label of study ${number}`}
          aria-describedby={hint ? `hint-${number}` : undefined}
          autocomplete="off"
          spellcheck={false}
          autoFocus={props.first}
          required
          pattern="(ses-)?[A-Za-z0-9]{1,32}"
          title="1 to 32 letters and digits"
          value={wish.session}
          onInput={(event) => props.change({ session: event.currentTarget.value })}
        />
      </label>
      <span class="select">
        <select
          aria-label={`Time point of study ${number}`}
          value={wish.timePoint}
          onChange={(event) => props.change({ timePoint: event.currentTarget.value })}
        >
          {points.map((point) => (
            <option key={point.id} value={point.id}>
              {point.label}
            </option>
          ))}
        </select>
      </span>
      <span id={`hint-${number}`} class={hint?.warn ? "sessions__hint warn" : "sessions__hint quiet"}>
        {hint?.text}
      </span>
    </fieldset>
  );
}

/** What follows from two studies having one label, before the core is asked. */
function hintOf(studies: StudyView[], wishes: Wish[], at: number): Hint | null {
  const label = (i: number): string => (wishes[i]?.session ?? "").trim().replace(/^ses-/, "");
  const mine = label(at);
  const other = wishes.findIndex((_, i) => i !== at && mine !== "" && label(i).toLowerCase() === mine.toLowerCase());
  if (other < 0) return null;
  const number = (studies[other]?.index ?? 0) + 1;
  if (label(other) !== mine) return { text: `differs from study ${number} in capital letters only`, warn: true };
  if (studies[other]?.dayOffset !== studies[at]?.dayOffset) return { text: `study ${number} is of another day`, warn: true };
  if (wishes[other]?.timePoint !== wishes[at]?.timePoint) return { text: `study ${number} has another time point`, warn: true };
  return { text: `one session with study ${number}`, warn: false };
}
