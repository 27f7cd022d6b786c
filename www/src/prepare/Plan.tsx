/** The plan: counts above, the table, what to do with it below, and what happens to the data beside it. */
import { signal } from "@preact/signals";
import { exportDataSet } from "../export/run";
import { canPickFolder, type TargetKind } from "../export/targets";
import { openReview, ReviewDialog, undecided } from "../review/Review";
import { bytes, count, counted, seconds } from "./format";
import { Icon } from "./Icon";
import { PlanTable } from "./PlanTable";
import { openRoleMenuOf, RoleMenu } from "./RoleMenu";
import { studyKey } from "./rows";
import { Side, sideFolded } from "./Side";
import * as state from "./state";
import { showFiles } from "./FilesDialog";
import { Toolbar } from "./Toolbar";

export const target = signal<TargetKind>("zip");

export function Plan() {
  return (
    <div class={sideFolded.value ? "plan plan--wide" : "plan"}>
      <main class="plan__main" aria-label="Plan">
        <h1 class="unseen">Prepare: the plan</h1>
        <Counts />
        <Toolbar />
        <PlanTable />
        <RoleMenu />
        <ReviewDialog />
        <Foot />
      </main>
      <Side />
    </div>
  );
}

function Counts() {
  const plan = state.plan.value;
  if (!plan) return null;
  const { totals } = plan;
  const skipped = totals.skipped.reduce((sum, t) => sum + t.count, 0);
  const failed = totals.failed.reduce((sum, t) => sum + t.count, 0);
  const largest = [...totals.skipped].sort((a, b) => b.count - a.count)[0];
  const took = state.readTook.value;
  return (
    <header class="counts">
      <ul class="counts__list">
        <Figure n={totals.files} label={totals.files === 1 ? "file read" : "files read"} />
        <Figure n={totals.patients} label={totals.patients === 1 ? "patient" : "patients"} />
        <Figure n={totals.studies} label={totals.studies === 1 ? "study" : "studies"} />
        <Figure n={totals.volumes} label={totals.volumes === 1 ? "volume" : "volumes"} />
        {skipped > 0 && (
          <Figure
            n={skipped}
            label={totals.skipped.length === 1 && largest ? `skipped: ${largest.label}` : "skipped"}
            title={totals.skipped.map((t) => `${t.label}: ${count(t.count)}`).join("\n")}
            open={() => showFiles("Skipped files", totals.skipped)}
          />
        )}
        {failed > 0 && (
          <Figure n={failed} label="cannot be read" tone="warn" open={() => showFiles("Files that cannot be read", totals.failed)} />
        )}
      </ul>
      <p class="counts__read">
        {took && (
          <span>
            {bytes(plan.bytes)} in {seconds(took.seconds)}
          </span>
        )}
        <span class="quiet">headers only; nothing written yet</span>
      </p>
    </header>
  );
}

function Figure(props: { n: number; label: string; tone?: "warn"; title?: string; open?: () => void }) {
  const name = props.tone ? "figure figure--warn" : "figure";
  const figure = (
    <>
      <strong class="figure__n">{count(props.n)}</strong> <span class="figure__label">{props.label}</span>
    </>
  );
  return (
    <li>
      {props.open ? (
        <button type="button" class={`${name} figure--opens`} title={props.title ?? "Show the files"} onClick={props.open}>
          {figure}
        </button>
      ) : (
        <span class={name}>{figure}</span>
      )}
    </li>
  );
}

function Foot() {
  const plan = state.plan.value;
  if (!plan) return null;
  const { included, toConfirm } = plan;
  const nothing = included.volumes === 0;
  const toReview = undecided(plan.suspects);
  const start = (): void => {
    if (toConfirm > 0) {
      state.announce("Confirm the roles that are in question first; then export.");
      lookAtFirst();
    } else void exportDataSet(target.value);
  };
  return (
    <footer class="foot">
      <p class="foot__sum">
        {nothing
          ? "Nothing is included yet"
          : `${counted(included.volumes, "volume")} of ${counted(included.patients, "patient")}, about ${bytes(plan.estimatedBytes)}`}
      </p>
      {plan.suspects.length > 0 && (
        <button type="button" class={toReview > 0 ? "link link--warn" : "link"} aria-haspopup="dialog" onClick={openReview}>
          {toReview > 0 ? `${counted(toReview, "series", "series")} to review for text` : "Review text in images"}
        </button>
      )}
      {toConfirm > 0 && (
        <button type="button" class="link link--warn" onClick={lookAtFirst}>
          {counted(toConfirm, "role")} to confirm
        </button>
      )}
      <span class="grow" />
      <button
        type="button"
        class="tool"
        title="Undo (Z)"
        aria-label="Undo"
        disabled={!plan.canUndo}
        onClick={() => void state.undo()}
      >
        <Icon name="undo" />
      </button>
      <button
        type="button"
        class="tool"
        title="Redo (Y)"
        aria-label="Redo"
        disabled={!plan.canRedo}
        onClick={() => void state.redo()}
      >
        <Icon name="redo" />
      </button>
      <label class="foot__to">
        <span class="quiet">to</span>
        <span class="select">
          <select
            value={target.value}
            onChange={(event) => {
              target.value = event.currentTarget.value as TargetKind;
            }}
          >
            <option value="zip">a zip file</option>
            <option value="folder" disabled={!canPickFolder()}>
              {canPickFolder() ? "a folder" : "a folder (not here)"}
            </option>
          </select>
        </span>
      </label>
      <button type="button" class="button button--main" disabled={nothing} onClick={start}>
        Export data set
      </button>
    </footer>
  );
}

/** Shows the first role in question, with its menu open. */
function lookAtFirst(): void {
  const first = state.plan.value?.patients
    .flatMap((p) => p.studies.flatMap((s) => s.volumes.map((v) => ({ p, s, v }))))
    .find(({ v }) => v.include && v.needsConfirmation);
  if (!first) return;
  state.filterText.value = "";
  state.chip.value = "look";
  const open = new Set(state.folded.value);
  open.delete(`p${first.p.index}`);
  open.delete(studyKey(first.p, first.s));
  state.folded.value = open;
  state.active.value = `v${first.v.id}`;
  openRoleMenuOf([first.v.id]);
}
