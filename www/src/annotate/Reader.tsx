/** Who reads, by which study, and by which hanging protocol of one's own. */
import { useId, useRef, useState } from "preact/hooks";
import { Dialog, ProblemLine } from "../prepare/Dialog";
import { FileField } from "../prepare/FileField";
import * as page from "../prepare/state";
import * as actions from "./actions";
import * as state from "./state";

export function ReaderButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="link" aria-haspopup="dialog" title="Reader, study and hanging protocol" onClick={() => setOpen(true)}>
        {state.list.value?.rater}
      </button>
      {open && <Reader close={() => setOpen(false)} />}
    </>
  );
}

function Reader({ close }: { close: () => void }) {
  const list = state.list.value;
  const [code, setCode] = useState(list?.rater.replace("rater-", "") ?? "");
  const study = useRef<HTMLInputElement>(null);
  const protocol = useRef<HTMLInputElement>(null);
  const field = useId();
  if (!list) return null;
  const change = async (event: Event): Promise<void> => {
    event.preventDefault();
    page.problem.value = null;
    if (await actions.setRater(code)) close();
  };
  return (
    <Dialog title="Reader, study and protocol" close={close}>
      <form class="reader" onSubmit={(event) => void change(event)}>
        <label for={field}>Rater’s code</label>
        <span>
          rater-
          <input
            id={field}
            class="field reader__code"
            value={code}
            maxLength={12}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </span>
        <button type="submit" class="button" disabled={code === "" || `rater-${code}` === list.rater}>
          Sit down
        </button>
      </form>
      <p class="dialog__text quiet">
        Letters and digits that are nobody’s initials or name. Each rater’s labels, times and strokes are kept apart.
      </p>
      <p class="dialog__text">
        {list.study ? `The study “${list.study.title}” lays down what is read, and in which order.` : "No study is in force: cases come as the data set has them."}
      </p>
      <div class="form__end">
        {list.study && (
          <button type="button" class="button" onClick={() => void actions.setStudy(null)}>
            Leave the study
          </button>
        )}
        <button type="button" class="button" onClick={() => study.current?.click()}>
          Load a study file…
        </button>
        <button type="button" class="button" onClick={() => protocol.current?.click()}>
          Load a hanging protocol…
        </button>
      </div>
      <ProblemLine />
      <FileField at={study} label="Study file" accept=".json" take={([file]) => { page.problem.value = null; if (file) void actions.loadStudy(file); }} />
      <FileField at={protocol} label="Hanging protocol file" accept=".json" take={([file]) => { page.problem.value = null; if (file) void actions.loadProtocol(file); }} />
    </Dialog>
  );
}
