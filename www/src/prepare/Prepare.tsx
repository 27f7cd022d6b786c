/** The room: one phase at a time, with drops taken anywhere on the page. */
import { useEffect, useState } from "preact/hooks";
import { fromDrop, holdDrop } from "../intake/sources";
import { readInto } from "../intake/reading";
import { Banner } from "./Banner";
import { Dialog } from "./Dialog";
import { Empty } from "./Empty";
import { Exporting } from "./Exporting";
import { FilesDialog } from "./FilesDialog";
import { bindings, keysShown, onRoomKey } from "./keys";
import { Plan } from "./Plan";
import { Reading } from "./Reading";
import { Report } from "./Report";
import { SecretDialog } from "./secrets";
import { SessionsDialog } from "./Sessions";
import * as state from "./state";

type Held = ReturnType<typeof holdDrop>;

export function Prepare({ closed, annotate }: { closed: string; annotate: () => void }) {
  const [dragging, setDragging] = useState(false);
  const [held, setHeld] = useState<Held | null>(null);
  const phase = state.phase.value;

  useEffect(() => {
    let depth = 0;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth += 1;
      setDragging(true);
    };
    const leave = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setDragging(false);
    };
    // Without this the browser would open a dropped file in place of the page.
    const over = (event: DragEvent): void => {
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = takes(closed) ? "copy" : "none";
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      depth = 0;
      setDragging(false);
      if (!event.dataTransfer || !takes(closed)) return;
      const taken = holdDrop(event.dataTransfer);
      if (state.phase.value.kind === "plan") setHeld(taken);
      else void readInto(fromDrop(taken), false);
    };
    addEventListener("dragenter", enter);
    addEventListener("dragleave", leave);
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    addEventListener("keydown", onRoomKey);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
      removeEventListener("keydown", onRoomKey);
    };
  }, [closed]);

  return (
    <>
      <Banner />
      {phase.kind === "empty" && <Empty closed={closed} dragging={dragging} />}
      {phase.kind === "reading" && <Reading />}
      {phase.kind === "plan" && <Plan />}
      {phase.kind === "exporting" && <Exporting />}
      {phase.kind === "report" && <Report annotate={annotate} />}
      {dragging && phase.kind === "plan" && (
        <div class="dropveil" aria-hidden="true">
          <p class="dropveil__say">Let go to read it</p>
        </div>
      )}
      {held && <More held={held} close={() => setHeld(null)} />}
      <FilesDialog />
      <SecretDialog />
      <SessionsDialog />
      {keysShown.value && <Keys />}
    </>
  );
}

/** Is this a moment to take a drop? */
function takes(closed: string): boolean {
  const { kind } = state.phase.value;
  return closed === "" && (kind === "empty" || kind === "plan");
}

/** More was dropped onto a plan: only the user knows what is meant. */
function More({ held, close }: { held: Held; close: () => void }) {
  const go = (keep: boolean): void => {
    close();
    void readInto(fromDrop(held), keep);
  };
  return (
    <Dialog title="Add to this plan?" close={close}>
      <p class="dialog__text">
        What you dropped can join the patients of this plan, or take its place. Roles and codes that you changed stay in the
        first case, and are gone in the second.
      </p>
      <div class="form__end">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="button" onClick={() => go(false)}>
          Start over
        </button>
        <button type="button" class="button button--main" autoFocus onClick={() => go(true)}>
          Add to the plan
        </button>
      </div>
    </Dialog>
  );
}

function Keys() {
  return (
    <Dialog
      title="Keys of the plan"
      close={() => {
        keysShown.value = false;
      }}
    >
      <dl class="keys">
        {bindings.map((binding) => (
          <div key={binding.aria} class="keys__row">
            <dt>
              <kbd>{binding.shown}</kbd>
            </dt>
            <dd>{binding.does}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet">They act while the table has the focus. Ctrl+A selects all; Shift+click selects a range.</p>
    </Dialog>
  );
}
