/** One row of each kind. */
import { useEffect, useRef } from "preact/hooks";
import { counted, spacing, voxels } from "./format";
import { Icon } from "./Icon";
import { openReview } from "../review/Review";
import { openRoleMenuOf, roleHint } from "./RoleMenu";
import type { Row } from "./rows";
import * as state from "./state";

type Of<K extends Row["kind"]> = Extract<Row, { kind: K }>;

// ---------------------------------------------------------------- patient

export function PatientRow({ row, reachable }: { row: Of<"patient">; reachable: boolean }) {
  const { patient, open } = row;
  const editing = state.recoding.value === patient.index;
  const days = patient.studies.map((s) => s.dayOffset);
  const apart = days.length > 1 ? Math.max(...days) - Math.min(...days) : 0;
  const about = [patient.sex, patient.ageBand].filter(Boolean).join(", ");
  return (
    <div class="branch" role="gridcell">
      <span class={open ? "branch__fold branch__fold--open" : "branch__fold"}>
        <Icon name="right" size={12} />
      </span>
      {editing ? (
        <CodeField row={row} />
      ) : (
        <>
          <strong class="branch__code">sub-{patient.subject}</strong>
          <button
            type="button"
            class="branch__edit"
            tabIndex={reachable ? 0 : -1}
            aria-label={`Change the code sub-${patient.subject}`}
            title="Change the code (F2)"
            onClick={() => {
              state.recoding.value = patient.index;
            }}
          >
            <Icon name="pencil" size={12} />
          </button>
        </>
      )}
      {about && <span class="branch__dot">{about}</span>}
      <span class="branch__dot">
        {counted(patient.studies.length, "study", "studies")}
        {apart > 0 && `, ${counted(apart, "day")} apart`}
      </span>
      {patient.doubts.length > 0 && (
        <span class="branch__dot warn" title={patient.doubts.join("\n")}>
          {patient.doubts[0]}
        </span>
      )}
      {state.showNames.value && patient.name && (
        <span class="branch__name" title="Shown on this screen only">
          {patient.name}
        </span>
      )}
    </div>
  );
}

function CodeField({ row }: { row: Of<"patient"> }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const done = (): void => {
    state.recoding.value = null;
  };
  const keep = (): void => {
    // Leaving the field after Enter or Esc says nothing new.
    if (state.recoding.value !== row.patient.index) return;
    const code = field.current?.value.trim().replace(/^sub-/, "") ?? "";
    done();
    if (code !== row.patient.subject) {
      void state.edit({ kind: "setSubject", patient: row.patient.index, code });
    }
  };
  return (
    <input
      ref={field}
      class="field field--inline"
      aria-label="Subject code: letters and digits"
      value={row.patient.subject}
      pattern="(sub-)?[A-Za-z0-9]+"
      onBlur={keep}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Enter" && event.key !== "Escape") return;
        if (event.key === "Enter") keep();
        else done();
        focusTable();
      }}
    />
  );
}

/** Where the keyboard goes on after a field of a row is gone. */
function focusTable(): void {
  document.querySelector<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true });
}

// ---------------------------------------------------------------- study

export function StudyRow({ row, reachable }: { row: Of<"study">; reachable: boolean }) {
  const { study, open } = row;
  const points = state.plan.value?.timePoints ?? [];
  const day = study.dayOffset;
  const proposed = study.timePointProposed && day > 0;
  return (
    <div class="branch branch--study" role="gridcell">
      <span class={open ? "branch__fold branch__fold--open" : "branch__fold"}>
        <Icon name="right" size={12} />
      </span>
      <span class="branch__session">ses-{study.session}</span>
      <button
        type="button"
        class="branch__edit"
        tabIndex={reachable ? 0 : -1}
        aria-haspopup="dialog"
        aria-label={`Change the sessions of sub-${row.patient.subject}`}
        title="Change sessions and time points (F2)"
        onClick={() => {
          state.resessioning.value = row.patient.index;
        }}
      >
        <Icon name="pencil" size={12} />
      </button>
      <span class="branch__dot">
        <select
          class="quietselect"
          aria-label={`Time point of ses-${study.session}`}
          tabIndex={reachable ? 0 : -1}
          value={study.timePoint}
          onChange={(event) =>
            void state.edit({
              kind: "setSessions",
              patient: row.patient.index,
              studies: [{ study: study.index, timePoint: event.currentTarget.value }],
            })
          }
        >
          {points.map((point) => (
            <option key={point.id} value={point.id}>
              {point.label}
            </option>
          ))}
        </select>
        {proposed && <span class="quiet"> (proposed: {counted(day, "day")} later)</span>}
      </span>
      {!proposed && <span class="branch__dot">day {day}</span>}
      {study.scanner && <span class="branch__dot">{study.scanner}</span>}
      {study.agent && <span class="branch__dot">{study.agent}</span>}
      {state.showNames.value && study.description && (
        <span class="branch__name" title="Shown on this screen only">
          {study.description}
        </span>
      )}
    </div>
  );
}

// ---------------------------------------------------------------- volume

export function VolumeRow({ row, reachable }: { row: Of<"volume">; reachable: boolean }) {
  const { volume } = row;
  const tab = reachable ? 0 : -1;
  const role = volume.roleLabel || "no role";
  return (
    <>
      <span role="gridcell" class="cell-check">
        <input
          type="checkbox"
          class="check"
          tabIndex={tab}
          aria-label={`Include ${volume.description || role}`}
          checked={volume.include}
          onChange={() => {
            // Not what the box says: the click on its row may have drawn it anew in between.
            const many = state.selected.value.has(volume.id) ? [...state.selected.value] : [volume.id];
            state.setInclude(many, !volume.include);
          }}
        />
      </span>
      <span role="gridcell">
        <Thumb volume={volume.id} />
      </span>
      <span role="gridcell" class="cell-text" title={volume.description}>
        {volume.description || <span class="quiet">no description</span>}
      </span>
      <span role="gridcell" class="cell-role">
        <button
          type="button"
          class={volume.needsConfirmation && volume.include ? "rolebutton rolebutton--ask" : "rolebutton"}
          data-role-anchor={volume.id}
          tabIndex={tab}
          aria-haspopup="dialog"
          aria-label={`Role: ${role}${volume.needsConfirmation ? ", to be confirmed" : ""}`}
          onClick={() => openRoleMenuOf(state.selected.value.has(volume.id) ? [...state.selected.value] : [volume.id])}
          onPointerEnter={(event) => roleHint.soon(volume.id, event.currentTarget)}
          onPointerLeave={() => roleHint.gone()}
        >
          <span class="rolebutton__label">
            {role}
            {volume.needsConfirmation && volume.include && "?"}
          </span>
          <Icon name="down" size={12} />
        </button>
      </span>
      <span role="gridcell" class="cell-number">
        {voxels(volume.dims)}
      </span>
      <span role="gridcell" class="cell-number" title={`${spacing(volume.spacing)} mm`}>
        {spacing(volume.spacing)}
      </span>
      <NameCell row={row} tab={tab} />
      <Warnings row={row} tab={tab} />
    </>
  );
}

function NameCell({ row, tab }: { row: Of<"volume">; tab: number }) {
  const { volume } = row;
  const field = useRef<HTMLInputElement>(null);
  const editing = state.naming.value === volume.id;
  useEffect(() => field.current?.select(), [editing]);
  if (!volume.include) {
    return (
      <span role="gridcell" class="cell-name">
        left out
      </span>
    );
  }
  if (!editing) {
    return (
      <span role="gridcell" class="cell-name" title={`${volume.path}.nii.gz`}>
        <span class="cut">{volume.name}</span>
        <button
          type="button"
          class="branch__edit"
          tabIndex={tab}
          aria-label={`Change the name ${volume.name}`}
          title="Change the name (F2)"
          onClick={() => {
            state.naming.value = volume.id;
          }}
        >
          <Icon name="pencil" size={12} />
        </button>
      </span>
    );
  }
  const done = (): void => {
    state.naming.value = null;
  };
  const keep = (): void => {
    if (state.naming.value !== volume.id) return;
    const path = field.current?.value.trim().replace(/\.nii(\.gz)?$/, "") ?? "";
    done();
    if (path !== volume.path) void state.edit({ kind: "setName", volume: volume.id, path });
  };
  return (
    <span role="gridcell" class="cell-name cell-name--edit">
      <input
        ref={field}
        class="field field--inline"
        aria-label="Path in the archive, without extension; empty for the proposed one"
        value={volume.path}
        onBlur={keep}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key !== "Enter" && event.key !== "Escape") return;
          if (event.key === "Enter") keep();
          else done();
          focusTable();
        }}
      />
    </span>
  );
}

/** The core's word for it (`intake::plan`). */
const UNSEEN = "text may be burned in";

function Warnings({ row, tab }: { row: Of<"volume">; tab: number }) {
  const { volume } = row;
  const texts = volume.warnings.map((w) => w.text);
  if (!volume.include) {
    const why = volume.excludedReason || "left out by you";
    // No tick includes it: somebody has to look.
    if (volume.excludedReason === UNSEEN) {
      return (
        <span role="gridcell" class="cell-warnings">
          <button type="button" class="link link--warn cut" tabIndex={tab} aria-haspopup="dialog" onClick={openReview}>
            {why}; review
          </button>
        </span>
      );
    }
    return (
      <span role="gridcell" class="cell-warnings cell-warnings--quiet" title={[why, ...texts].join("\n")}>
        <span class="cut">{why}; include?</span>
      </span>
    );
  }
  const worst = volume.warnings.find((w) => w.level === "look") ?? volume.warnings[0];
  if (!worst) return <span role="gridcell" class="cell-warnings" />;
  const tone = worst.level === "look" ? "" : " cell-warnings--quiet";
  return (
    <span role="gridcell" class={`cell-warnings${tone}`} title={texts.join("\n")}>
      <span class="cut">{worst.text}</span>
      {texts.length > 1 && <span class="badge">+{texts.length - 1}</span>}
    </span>
  );
}

/** The middle slice; the pixels go to the canvas and nowhere else. */
function Thumb({ volume }: { volume: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const seen = state.picturesSeen.value;
  const picture = state.pictureOf(volume);
  useEffect(() => {
    const to = canvas.current;
    if (!to || !picture) return;
    to.width = picture.width;
    to.height = picture.height;
    to.getContext("2d")?.putImageData(picture, 0, 0);
  }, [volume, picture, seen]);
  const name = picture === undefined ? "thumb thumb--waiting" : picture === null ? "thumb thumb--none" : "thumb";
  return <canvas ref={canvas} class={name} width={1} height={1} aria-hidden="true" />;
}
