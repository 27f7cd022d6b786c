/** Segments: colour, name, volume, seen or not; the active one with all that can be changed of it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { LesionState, SegmentView } from "../engine/annotate-protocol";
import { Icon } from "../prepare/Icon";
import * as actions from "./actions";
import { Choose } from "./fields";
import { css, millilitres, rgb, sessionWords } from "./format";
import { backToPane } from "./grid";
import * as state from "./state";

export function SegmentList() {
  const editor = state.editor.value;
  const presets = state.view.value?.vocabulary?.presets ?? [];
  if (!editor) return null;
  const volumes = state.view.value?.volumes ?? [];
  const sessions = new Set(volumes.map((v) => v.session)).size;
  const timePoint = volumes.find((v) => v.session === state.session.value)?.timePoint ?? "";
  const add = (lesion: boolean): void => {
    const n = editor.segments.filter((s) => (s.lesion !== null) === lesion).length + 1;
    void actions.editSegment({ kind: "add", name: lesion ? `Lesion ${n}` : `Segment ${n}`, lesion });
  };
  return (
    <section class="panel" aria-label="Segments">
      <header class="panel__head">
        <h2 class="panel__title">Segments {sessions > 1 && state.session.value && <span class="panel__of">{sessionWords(state.session.value, timePoint)}</span>}</h2>
        <span class="panel__aside">ml</span>
      </header>
      {editor.segments.length === 0 && <p class="panel__say">None yet. Lay out a set, or add one and paint.</p>}
      <ul class="segs">
        {editor.segments.map((segment, at) => (
          <Row key={segment.label} segment={segment} at={at} count={editor.segments.length} active={segment.label === editor.active} />
        ))}
      </ul>
      <div class="segs__add">
        <button type="button" class="button" onClick={() => add(true)}>
          <Icon name="plus" /> Lesion
        </button>
        <button type="button" class="button" onClick={() => add(false)}>
          <Icon name="plus" /> Segment
        </button>
        {presets.length > 0 && (
          <span class="select">
            <select
              aria-label="Lay out a set of segments"
              value=""
              onChange={(event) => {
                const preset = event.currentTarget.value;
                event.currentTarget.value = "";
                if (preset) void actions.editSegment({ kind: "preset", preset });
              }}
            >
              <option value="">Lay out…</option>
              {presets.map((preset) => (
                <option key={preset.id} value={preset.id}>
                  {preset.title}
                </option>
              ))}
            </select>
          </span>
        )}
      </div>
    </section>
  );
}

function Row({ segment, at, count, active }: { segment: SegmentView; at: number; count: number; active: boolean }) {
  const { label, name, visible } = segment;
  const [naming, setNaming] = useState(false);
  const [more, setMore] = useState(false);
  return (
    <li class={active ? "seg seg--active" : "seg"}>
      <div class="seg__line">
        <input
          type="color"
          class="seg__colour"
          value={css(segment.colour)}
          aria-label={`Colour of ${name}`}
          title="Colour"
          onChange={(event) => void actions.editSegment({ kind: "colour", label, colour: rgb(event.currentTarget.value) })}
        />
        {naming ? (
          <Name segment={segment} end={() => setNaming(false)} />
        ) : (
          <button
            type="button"
            class={visible ? "seg__name" : "seg__name seg__name--hidden"}
            aria-pressed={active}
            title={segment.code ? `${name}: ${segment.code.meaning} (${segment.code.scheme} ${segment.code.value})` : name}
            onClick={(event) => {
              if (!active) void actions.editSegment({ kind: "activate", label });
              backToPane(event);
            }}
            onDblClick={() => setNaming(true)}
            onKeyDown={(event) => {
              if (event.key === "F2") setNaming(true);
            }}
          >
            <span class="cut">{name}</span>
            {segment.lesion && <span class="seg__lesion">{segment.lesion.id}</span>}
            {segment.draft && <span class="badge" title="Made elsewhere; editing or accepting it makes it yours">draft</span>}
            {segment.locked && <Icon name="lock" size={12} />}
          </button>
        )}
        <span class="seg__ml" title={state.figuresClosed.value ? undefined : `${millilitres(segment.volume)} ml`}>{state.figuresClosed.value ? "" : segment.volume > 0 ? millilitres(segment.volume) : "–"}</span>
        <button
          type="button"
          class="tool seg__eye"
          aria-pressed={visible}
          aria-label={`Show ${name}`}
          title={visible ? "Shown; click to hide" : "Hidden; click to show"}
          onClick={() => void actions.editSegment({ kind: "visible", label, visible: !visible })}
        >
          <Icon name={visible ? "eye" : "closed"} />
        </button>
        <button
          type="button"
          class="tool seg__eye"
          aria-expanded={more}
          aria-label={`More of ${name}`}
          title="Rename, lock, order, code, remove"
          onClick={() => setMore(!more)}
        >
          <Icon name={more ? "up" : "down"} />
        </button>
      </div>
      {more && <More segment={segment} at={at} count={count} rename={() => setNaming(true)} />}
    </li>
  );
}

function Name({ segment, end }: { segment: SegmentView; end: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const given = useRef(true);
  useEffect(() => field.current?.select(), []);
  const take = (): void => {
    const name = field.current?.value.trim() ?? "";
    end();
    if (given.current && name && name !== segment.name) void actions.editSegment({ kind: "rename", label: segment.label, name });
  };
  return (
    <input
      ref={field}
      class="field field--inline seg__field"
      value={segment.name}
      maxLength={64}
      aria-label="Name of the segment"
      autoFocus
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Escape") given.current = false;
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}

const STATES: readonly (readonly [LesionState, string])[] = [
  ["unread", "not yet read"],
  ["segmented", "segmented"],
  ["no_residual", "no residual tumour"],
  ["not_visible", "not visible"],
  ["not_evaluable", "not evaluable"],
];


function More({ segment, at, count, rename }: { segment: SegmentView; at: number; count: number; rename: () => void }) {
  const { label, name, locked, lesion } = segment;
  const terms = state.view.value?.vocabulary?.terms ?? [];
  // A pick-list: free text would have to be reviewed before it may leave.
  const reasons = state.view.value?.vocabulary?.reasons ?? [];
  const [firstReason] = reasons;
  const move = (to: number): void => void actions.editSegment({ kind: "move", label, to });
  return (
    <div class="seg__more">
      <div class="seg__buttons">
        <button type="button" class="tool" title="Rename (F2, or double-click the name)" aria-label={`Rename ${name}`} onClick={rename}>
          <Icon name="pencil" />
        </button>
        <button
          type="button"
          class={locked ? "tool tool--on" : "tool"}
          aria-pressed={locked}
          title={locked ? "Locked: no tool changes it" : "Lock it against changes"}
          aria-label={`Lock ${name}`}
          onClick={() => void actions.editSegment({ kind: "lock", label, locked: !locked })}
        >
          <Icon name={locked ? "lock" : "open"} />
        </button>
        <button type="button" class="tool" disabled={at === 0} title="Up" aria-label={`Move ${name} up`} onClick={() => move(at - 1)}>
          <Icon name="up" />
        </button>
        <button type="button" class="tool" disabled={at === count - 1} title="Down" aria-label={`Move ${name} down`} onClick={() => move(at + 1)}>
          <Icon name="down" />
        </button>
        <span class="grow" />
        <button type="button" class="tool" disabled={locked} title="Remove it with its labels; undo brings it back" aria-label={`Remove ${name}`} onClick={() => void actions.editSegment({ kind: "remove", label })}>
          <Icon name="trash" />
        </button>
      </div>
      {terms.length > 0 && (
        <Choose
          label="Term"
          choices={[["", segment.code ? segment.code.meaning : "none"], ...terms.map((t) => [t.code, t.name] as const)]}
          chosen=""
          choose={(code) => code && void actions.editSegment({ kind: "code", label, code })}
        />
      )}
      {lesion && (
        <Choose
          label={`${lesion.id} here`}
          choices={STATES}
          chosen={lesion.state}
          choose={(now) => void actions.editSegment({ kind: "lesion", label, state: now, reason: now === "not_evaluable" ? (firstReason?.id ?? "") : "" })}
        />
      )}
      {lesion?.state === "not_evaluable" && firstReason && (
        <Choose
          label="because of"
          choices={reasons.map((r) => [r.id, r.title] as const)}
          chosen={reasons.some((r) => r.id === lesion.reason) ? lesion.reason : firstReason.id}
          choose={(reason) => void actions.editSegment({ kind: "lesion", label, state: "not_evaluable", reason })}
        />
      )}
    </div>
  );
}
