/** A native modal dialog: focus, Esc and the veil are the browser's. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./Icon";
import * as state from "./state";

export function Dialog(props: { title: string; wide?: boolean; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const box = dialog.current;
    if (box && !box.open) box.showModal();
    return () => box?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.wide ? "dialog dialog--wide" : "dialog"}
      aria-labelledby={title}
      onClose={props.close}
      onClick={(event) => {
        if (event.target === event.currentTarget) props.close();
      }}
    >
      <div class="dialog__box">
        <header class="dialog__head">
          <h2 id={title} class="dialog__title">
            {props.title}
          </h2>
          <button type="button" class="tool" aria-label="Close" onClick={props.close}>
            <Icon name="cross" />
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

/** The page's banner lies behind the dialog's veil: the same words, where they can be read. */
export function ProblemLine() {
  const problem = state.problem.value;
  if (!problem) return null;
  const { title, text, next } = problem;
  // Some titles are the core's sentence in other words.
  return (
    <p class="form__say warn" role="alert">
      {title}. {problem.cause === "passphrase" ? "" : `${text} `}
      {next}
    </p>
  );
}
