/** Something was dropped onto an open case: only the user knows whether it is labels or other cases. */
import { fromDrop, type HeldDrop } from "../intake/sources";
import type { IncomingFile } from "../engine/protocol";
import { Dialog } from "../prepare/Dialog";
import * as actions from "./actions";
import { gather } from "./Empty";

export function Dropped({ held, close }: { held: HeldDrop; close: () => void }) {
  const labels = async (): Promise<void> => {
    close();
    const all: IncomingFile[] = [];
    for await (const some of fromDrop(held)) all.push(...some);
    const [only] = all;
    if (only && all.length === 1) await actions.loadDraft(new File([only.file], only.path.split("/").at(-1) ?? "labels"));
  };
  const cases = (): void => {
    close();
    void gather(fromDrop(held));
  };
  const one = held.items.length + held.loose.length === 1;
  return (
    <Dialog title="What is this?" close={close}>
      <p class="dialog__text">
        {one
          ? "Labels of the open case become a draft to look through. A data set or images take the place of the cases that are open; strokes made in them are kept."
          : "These files take the place of the cases that are open. Strokes made in those are kept, and come back when they are opened again."}
      </p>
      <div class="form__end">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        {one && (
          <button type="button" class="button" onClick={() => void labels()}>
            Labels of this case
          </button>
        )}
        <button type="button" class="button button--main" onClick={cases}>
          Open as cases
        </button>
      </div>
    </Dialog>
  );
}
