/** The files behind a number. Paths are identified: shown here, on this screen, and kept nowhere. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Tally } from "../engine/protocol";
import { Dialog } from "./Dialog";
import { onForget } from "./dialogs";
import { count } from "./format";
import { problemOf } from "./problems";
import * as state from "./state";

const shown = signal<{ title: string; tallies: Tally[] } | null>(null);
onForget(() => {
  shown.value = null;
});

export function showFiles(title: string, tallies: Tally[]): void {
  shown.value = { title, tallies };
}

export function FilesDialog() {
  const now = shown.value;
  if (!now) return null;
  return (
    <Dialog
      title={now.title}
      wide
      close={() => {
        shown.value = null;
      }}
    >
      <p class="quiet">Names are shown on this screen only; they are in no report and no archive.</p>
      <div class="dialog__scroll">
        {now.tallies.map((tally, i) => (
          <TallyFiles key={tally.id} tally={tally} open={now.tallies.length === 1 || i === 0} />
        ))}
      </div>
    </Dialog>
  );
}

/** How many lines the document gets at once; more on request. */
const PAGE = 500;

export function TallyFiles({ tally, open }: { tally: Tally; open: boolean }) {
  const [files, setFiles] = useState<string[] | null>(null);
  const [shownCount, setShown] = useState(PAGE);
  const [isOpen, setOpen] = useState(open);
  useEffect(() => {
    if (!isOpen || files) return;
    state.engine.value
      ?.ask("filesOf", { tally: tally.id })
      .then(setFiles)
      .catch((thrown: unknown) => {
        state.problem.value = problemOf(thrown);
      });
  }, [isOpen]);
  return (
    <details class="tally" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="tally__sum">
        <span class="tally__n">{count(tally.count)}</span> {tally.label}
      </summary>
      {files && (
        <>
          <ul class="tally__files" tabIndex={0} aria-label={tally.label}>
            {files.slice(0, shownCount).map((file, i) => (
              <li key={i} title={file}>
                {file}
              </li>
            ))}
          </ul>
          {files.length > shownCount && (
            <button type="button" class="link" onClick={() => setShown(shownCount + PAGE * 4)}>
              {count(files.length - shownCount)} more
            </button>
          )}
        </>
      )}
    </details>
  );
}
