/** Where edits may go, and which other segments they may take from. */
import type { Masking as Rule, Vec2 } from "../engine/annotate-protocol";
import * as actions from "./actions";
import { Choose, Fold, NumberField, Tick } from "./fields";
import * as state from "./state";

type Where = Exclude<Rule["where"], object> | `in-${number}`;

export function Masking() {
  const editor = state.editor.value;
  if (!editor) return null;
  const { masking, segments } = editor;
  const where: Where = typeof masking.where === "object" ? `in-${masking.where.inside}` : masking.where;
  const set = (change: Partial<Rule>): void => actions.setMasking({ ...masking, ...change });
  const open = where !== "everywhere" || masking.range !== null || masking.overwrite !== "all";
  const drawn = state.activeDrawn.value;
  const window: Vec2 = drawn ? [drawn.window.level - drawn.window.width / 2, drawn.window.level + drawn.window.width / 2] : [0, 1000];
  return (
    <Fold title="Masking" aside={open ? "in force" : "everywhere"}>
      <Choose<Where>
        label="Edit"
        choices={[
          ["everywhere", "everywhere"],
          ["inside_all", "inside all segments"],
          ["inside_visible", "inside visible segments"],
          ["outside_all", "outside all segments"],
          ["outside_visible", "outside visible segments"],
          ...segments.map((s) => [`in-${s.label}`, `inside ${s.name}`] as const),
        ]}
        chosen={where}
        choose={(id) => set({ where: id.startsWith("in-") ? { inside: Number(id.slice(3)) } : (id as Exclude<Rule["where"], object>) })}
      />
      <Choose
        label="Take from"
        choices={[["all", "all other segments"], ["visible", "visible segments"], ["none", "none: what is labelled stays"]]}
        chosen={masking.overwrite}
        choose={(overwrite) => set({ overwrite })}
      />
      <Tick
        label="Only where the image is"
        on={masking.range !== null}
        set={(on) => set({ range: on ? [Math.round(window[0]), Math.round(window[1])] : null })}
      />
      {masking.range && (
        <div class="pair">
          <NumberField label="From" value={masking.range[0]} take={(low) => set({ range: [low, masking.range?.[1] ?? low] })} />
          <NumberField label="to" value={masking.range[1]} take={(high) => set({ range: [masking.range?.[0] ?? high, high] })} />
        </div>
      )}
    </Fold>
  );
}
