/** Filter, chips and protocol; with several rows selected, what can be done to all of them. */
import { useRef } from "preact/hooks";
import { counted, count } from "./format";
import { FileField } from "./FileField";
import { Icon } from "./Icon";
import { openRoleMenuOf } from "./RoleMenu";
import { allVolumes, type Chip, countOf } from "./rows";
import { sideFolded } from "./Side";
import * as state from "./state";

export function Toolbar() {
  const plan = state.plan.value;
  if (!plan) return null;
  const many = state.selected.value.size > 1;
  return (
    <div class="toolbar" role="toolbar" aria-label={many ? "Change the selected volumes" : "Filter the plan"}>
      {many ? <Many /> : <Filter />}
      <span class="grow" />
      <button
        type="button"
        class={state.showNames.value ? "tool tool--on" : "tool"}
        aria-pressed={state.showNames.value}
        title="Show patients' names and values of the header, on this screen only"
        aria-label="Show names (this screen only)"
        onClick={() => {
          state.showNames.value = !state.showNames.value;
        }}
      >
        <Icon name="eye" />
      </button>
      <Protocol />
      {sideFolded.value && (
        <button
          type="button"
          class="tool"
          title="Show the de-identification panel"
          aria-label="Show the de-identification panel"
          aria-expanded={false}
          onClick={() => {
            sideFolded.value = false;
          }}
        >
          <Icon name="panel" />
        </button>
      )}
    </div>
  );
}

/** Not an id that a protocol can have. */
const OWN = "…";

function Protocol() {
  const file = useRef<HTMLInputElement>(null);
  const plan = state.plan.value;
  if (!plan) return null;
  const { id, choices } = plan.protocol;
  return (
    <label class="toolbar__protocol">
      <span class="quiet">Protocol</span>
      <span class="select">
        <select
          value={id}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            if (chosen !== OWN) return void state.edit({ kind: "setProtocol", protocol: chosen });
            event.currentTarget.value = id;
            file.current?.click();
          }}
        >
          {choices.map((choice) => (
            <option key={choice.id} value={choice.id}>
              {choice.label}
            </option>
          ))}
          <option value={OWN}>Load a protocol…</option>
        </select>
      </span>
      <FileField
        at={file}
        label="Hanging protocol file"
        accept=".json,application/json"
        take={([chosen]) => {
          if (chosen) void chosen.text().then((json) => state.edit({ kind: "setProtocol", protocol: json }, "Protocol loaded."));
        }}
      />
    </label>
  );
}

function Filter() {
  const plan = state.plan.value;
  if (!plan) return null;
  const chips: [Chip, string][] = [
    ["all", `all ${count(countOf(plan, "all"))}`],
    ["look", `${count(state.toLook.value)} ${state.toLook.value === 1 ? "needs" : "need"} a look`],
    ["out", `left out ${count(countOf(plan, "out"))}`],
  ];
  return (
    <>
      <input
        type="search"
        autocomplete="off"
        class="field toolbar__filter"
        placeholder="Filter: role, name, warning…"
        aria-label="Filter: role, name, warning"
        value={state.filterText.value}
        onInput={(event) => {
          state.filterText.value = event.currentTarget.value;
        }}
      />
      <div class="chips" role="group" aria-label="Show">
        {chips.map(([id, label]) => (
          <button
            key={id}
            type="button"
            class={`chip${id === "look" && state.toLook.value > 0 ? " chip--warn" : ""}`}
            aria-pressed={state.chip.value === id}
            onClick={() => {
              state.chip.value = id;
            }}
          >
            {label}
          </button>
        ))}
      </div>
    </>
  );
}

function Many() {
  const plan = state.plan.value;
  const ids = [...state.selected.value];
  const volumes = plan ? allVolumes(plan).filter((v) => state.selected.value.has(v.id)) : [];
  const open = volumes.filter((v) => v.needsConfirmation);
  return (
    <>
      <strong class="toolbar__many">{counted(ids.length, "volume")} selected</strong>
      <button type="button" class="button" data-role-anchor="many" aria-haspopup="dialog" onClick={() => openRoleMenuOf(ids)}>
        Role <Icon name="down" />
      </button>
      {open.length > 0 && (
        <button
          type="button"
          class="button"
          onClick={() =>
            void state.edit(
              { kind: "confirmRole", volumes: open.map((v) => v.id) },
              `${counted(open.length, "role")} confirmed.`,
            )
          }
        >
          Confirm {counted(open.length, "role")}
        </button>
      )}
      <button type="button" class="button" onClick={() => state.setInclude(ids, true)}>
        Include
      </button>
      <button type="button" class="button" onClick={() => state.setInclude(ids, false)}>
        Leave out
      </button>
      <button
        type="button"
        class="link"
        onClick={() => {
          state.selected.value = new Set();
        }}
      >
        Clear selection
      </button>
    </>
  );
}
