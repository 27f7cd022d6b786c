/** Forgetting what this browser keeps of cases: labels, strokes, times. It is removed, and that is looked at. */
import { useState } from "preact/hooks";
import { Dialog } from "../prepare/Dialog";
import { bytes } from "../prepare/format";
import * as actions from "./actions";
import * as state from "./state";

export function ForgetKept() {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class="link cases__close" onClick={() => setAsking(true)}>
        Forget what is kept…
      </button>
      {asking && <Ask close={() => setAsking(false)} />}
    </>
  );
}

function Ask({ close }: { close: () => void }) {
  const unsaved = state.list.value?.cases.filter((c) => c.unsaved) ?? [];
  return (
    <Dialog title="Forget what is kept of cases?" close={close}>
      <p class="dialog__text">
        This browser keeps labels, strokes and times of every case that was opened here, and images of cases in progress that Hepatica
        de-identified (up to {bytes(state.kept.value?.quota ?? 4 * 2 ** 30)} in all). They are removed; files that you saved, and data sets,
        stay as they are.
      </p>
      {unsaved.length > 0 && (
        <p class="form__say warn">
          {unsaved.length === 1 ? "One case of this list has labels" : `${unsaved.length} cases of this list have labels`} that were not
          saved: they would be gone.
        </p>
      )}
      <div class="form__end">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="button button--bad"
          onClick={() => {
            close();
            void actions.forgetKept();
          }}
        >
          Forget it
        </button>
      </div>
    </Dialog>
  );
}
