/** What the reader says of a case's images: flags from a list, which are saved with measurements, and a note, which is not. */
import type { CaseRow } from "../engine/annotate-protocol";
import * as actions from "./actions";
import { Tick } from "./fields";
import * as state from "./state";

export function Remarks({ one }: { one: CaseRow }) {
  const flags = state.list.value?.flags ?? [];
  const said = one.flags.length + (one.note ? 1 : 0);
  return (
    <details class="case__all">
      <summary class="case__sum">{said > 0 ? `Remarks (${said})` : "Remarks"}</summary>
      {flags.map(({ id, label }) => (
        <Tick
          key={id}
          label={label}
          on={one.flags.includes(id)}
          set={(on) => void actions.setRemarks(one.case, on ? [...one.flags, id] : one.flags.filter((f) => f !== id), one.note)}
        />
      ))}
      <label class="case__of">
        Note: no names. It stays in this browser.
        <textarea
          class="field case__note"
          rows={2}
          maxLength={500}
          value={one.note}
          onChange={(event) => void actions.setRemarks(one.case, one.flags, event.currentTarget.value)}
        />
      </label>
    </details>
  );
}
