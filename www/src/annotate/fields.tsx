/** Fields of the tools' options: native elements with a name, a figure and a unit. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A slider with its figure beside its name. */
export function Range(props: {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  unit?: string;
  /** How the figure is written. */
  shown?: string;
  take: (value: number) => void;
}) {
  const id = useId();
  const figure = props.shown ?? `${props.value}${props.unit ? ` ${props.unit}` : ""}`;
  return (
    <div class="range">
      <label for={id} class="range__label">
        {props.label}
      </label>
      <output for={id} class="range__figure">
        {figure}
      </output>
      <input
        id={id}
        class="range__slider"
        type="range"
        min={props.min}
        max={props.max}
        step={props.step}
        value={props.value}
        aria-valuetext={figure}
        onInput={(event) => props.take(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}

/** A number to be written. What is no number is not taken. */
export function NumberField(props: { label: string; value: number; unit?: string; min?: number; step?: number; take: (value: number) => void }) {
  return (
    <label class="number">
      <span class="number__label">{props.label}</span>
      <input
        class="field number__field"
        type="number"
        value={props.value}
        min={props.min}
        step={props.step ?? "any"}
        onChange={(event) => {
          const value = event.currentTarget.valueAsNumber;
          if (Number.isFinite(value) && (props.min === undefined || value >= props.min)) props.take(value);
          else event.currentTarget.value = String(props.value);
        }}
      />
      {props.unit && <span class="quiet">{props.unit}</span>}
    </label>
  );
}

export function Choose<T extends string>(props: {
  label: string;
  choices: readonly (readonly [T, string])[];
  chosen: T;
  choose: (id: T) => void;
}) {
  return (
    <label class="choose">
      <span class="choose__label">{props.label}</span>
      <span class="select">
        <select value={props.chosen} onChange={(event) => props.choose(event.currentTarget.value as T)}>
          {props.choices.map(([id, label]) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </span>
    </label>
  );
}

export function Tick(props: { label: ComponentChildren; on: boolean; hint?: string; set: (on: boolean) => void }) {
  return (
    <label class="tick" title={props.hint}>
      <input type="checkbox" class="check" checked={props.on} onChange={(event) => props.set(event.currentTarget.checked)} />
      <span class="cut">{props.label}</span>
    </label>
  );
}

/** A part of the side panel that folds away. */
export function Fold(props: { title: string; open?: boolean; aside?: ComponentChildren; children: ComponentChildren; opened?: () => void }) {
  return (
    <details
      class="fold"
      open={props.open}
      onToggle={(event) => {
        if (event.currentTarget.open) props.opened?.();
      }}
    >
      <summary class="fold__head">
        <span class="fold__title">{props.title}</span>
        {props.aside && <span class="fold__aside">{props.aside}</span>}
      </summary>
      <div class="fold__box">{props.children}</div>
    </details>
  );
}
