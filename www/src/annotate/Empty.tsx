/** The room before cases are open: where they can come from; and what was left when the engine was lost. */
import { useEffect, useRef } from "preact/hooks";
import type { IncomingFile } from "../engine/protocol";
import { fromDirectory, fromInput, hasDirectoryPicker } from "../intake/sources";
import { FileField } from "../prepare/FileField";
import { bytes, counted } from "../prepare/format";
import { Icon } from "../prepare/Icon";
import { known, problemOf } from "../prepare/problems";
import * as page from "../prepare/state";
import * as actions from "./actions";
import { ForgetKept } from "./ForgetKept";
import * as state from "./state";

interface Props {
  /** Why no source can be opened yet; empty once it can. */
  closed: string;
  dragging: boolean;
  prepare: () => void;
  restart: () => void;
}

export function AnnotateEmpty({ closed, dragging, prepare, restart }: Props) {
  const phase = state.phase.value;
  if (phase.kind === "opening") {
    return (
      <main class="reading" aria-label="Annotate">
        <div class="reading__box">
          <h1 class="reading__title">{phase.say}</h1>
          <progress class="bar" aria-label={phase.say} />
        </div>
      </main>
    );
  }
  if (phase.kind === "lost") return <Lost restart={restart} />;
  return <Sources closed={closed} dragging={dragging} prepare={prepare} />;
}

function Lost({ restart }: { restart: () => void }) {
  const again = async (): Promise<void> => {
    // It may hold the journals yet.
    page.engine.value?.terminate();
    restart();
    await actions.openAgain();
  };
  return (
    <main class="reading" aria-label="Annotate">
      <div class="reading__box" role="alert">
        <h1 class="reading__title">The engine stopped</h1>
        <p class="dialog__text">
          Every stroke was kept in this browser as it was made, the one in hand perhaps not. Open the cases again, and they are as they
          were.
        </p>
        <div class="reading__end">
          <button type="button" class="button" onClick={state.clear}>
            Close the cases
          </button>
          <button type="button" class="button button--main" autoFocus onClick={() => void again()}>
            Open them again
          </button>
        </div>
      </div>
    </main>
  );
}

function Sources({ closed, dragging, prepare }: Omit<Props, "restart">) {
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const shut = closed !== "";
  const exported = page.exported.value !== null;
  const { kept } = state;
  const running = page.engine.value;
  useEffect(() => {
    if (!shut) void actions.lookForKept();
  }, [shut, running]);
  // Preact's types do not know the attribute.
  useEffect(() => folder.current?.setAttribute("webkitdirectory", ""), []);
  const take = (some: File[]): void => void gather(fromInput(some));
  return (
    <main class="empty" aria-label="Annotate">
      <div class={`drop${dragging && !shut ? " drop--over" : ""}${shut ? " drop--shut" : ""}`}>
        <PanesPicture />
        <h1 class="drop__title">{dragging && !shut ? "Let go to open it" : "Drop a data set, or NIfTI files"}</h1>
        <p class="drop__text">
          {shut
            ? closed
            : "A folder or zip that Prepare exported hangs itself in its panes; so do BIDS folders. Loose .nii and .nii.gz files become a case."}
        </p>
        <div class="drop__buttons">
          {exported && (
            <button type="button" class="button button--main button--large" disabled={shut} onClick={() => void openExport()}>
              <Icon name="check" /> Open last export
            </button>
          )}
          <button
            type="button"
            class={exported ? "button button--large" : "button button--main button--large"}
            disabled={shut}
            onClick={() => void pickFolder(() => folder.current?.click())}
          >
            <Icon name="folder" /> Choose folder
          </button>
          <button type="button" class="button button--large" disabled={shut} onClick={() => files.current?.click()}>
            <Icon name="zip" /> Choose zip or NIfTI
          </button>
        </div>
        {!shut && kept.value && kept.value.sets.length > 0 && (
          <ul class="drop__kept" aria-label="Go on with">
            {kept.value.sets.map((set) => (
              <li key={set.keys[0]}>
                <button type="button" class="button" onClick={() => void actions.openKept(set.keys)}>
                  Go on with {set.title || "cases"}
                </button>{" "}
                <span class="quiet">
                  {counted(set.keys.length, "case")} kept here, {bytes(set.bytes)}
                </span>
              </li>
            ))}
          </ul>
        )}
        {!shut && kept.value?.study && (
          <p class="drop__text quiet">
            Cases open as the study “{kept.value.study}” lays it down.{" "}
            <button type="button" class="link" onClick={() => void actions.setStudy(null)}>
              Leave the study
            </button>
          </p>
        )}
        {!exported && !shut && (
          <p class="drop__text quiet">
            DICOM comes by way of{" "}
            <button type="button" class="link" onClick={prepare}>
              Prepare
            </button>
            , which de-identifies it first. Its demo study can be exported and annotated, too.
          </p>
        )}
        <FileField at={folder} label="Folder with a data set" multiple take={take} />
        <FileField at={files} label="Zip of a data set, or NIfTI files" accept=".zip,.nii,.gz" multiple take={take} />
      </div>
      <ul class="promises">
        <li>
          <strong>Nothing is lost.</strong> Each stroke is kept in this browser as it is made. Close the tab; it reopens where you were.
        </li>
        <li>
          <strong>Hands you know.</strong> Slicer’s tools under Slicer’s numbers, OHIF’s mouse. Press ? over an image for all of it.
        </li>
        <li>
          <strong>Only de-identified data.</strong> What is kept here holds no name. <ForgetKept />
        </li>
      </ul>
    </main>
  );
}

async function pickFolder(fallBack: () => void): Promise<void> {
  if (!hasDirectoryPicker()) return fallBack();
  try {
    const root = await window.showDirectoryPicker({ mode: "read", id: "hepatica-dataset" });
    await gather(fromDirectory(root));
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") return;
    page.problem.value = problemOf(thrown);
  }
}

/** Opens what the last export wrote. */
export async function openExport(): Promise<void> {
  const exported = page.exported.peek();
  if (exported && state.phase.peek().kind !== "opening") await gather(exported(), true);
}

/** Gathers what a drop or folder holds, then has it opened. */
export async function gather(batches: AsyncGenerator<IncomingFile[]>, exported = false): Promise<void> {
  const all: IncomingFile[] = [];
  try {
    for await (const some of batches) {
      all.push(...some);
      if (state.phase.peek().kind !== "open") state.phase.value = { kind: "opening", say: `Looking through ${counted(all.length, "file")}…` };
    }
  } catch (thrown) {
    page.problem.value = problemOf(thrown);
  }
  if (state.phase.peek().kind === "opening") state.phase.value = { kind: "empty" };
  if (all.length > 0) await actions.openFiles(all, exported);
  else if (!page.problem.peek()) page.problem.value = known("nothing-dropped");
}

/** Two rows of panes with a liver in each, one of them outlined. */
function PanesPicture() {
  const liver = "M0 6c0-5 5-8 11-8 7 0 13 2 13 6 0 4-7 4-9 7-3 3-5 4-9 3-4-1-6-4-6-8z";
  return (
    <svg class="drop__picture" viewBox="0 0 96 72" aria-hidden="true" focusable="false">
      {[0, 1].map((row) =>
        [0, 1].map((column) => (
          <g key={`${row}${column}`} transform={`translate(${6 + column * 44} ${4 + row * 34})`}>
            <rect class="drop__pane" width="40" height="30" rx="2" />
            <path class={row === 0 && column === 1 ? "drop__outlined" : "drop__organ"} d={liver} transform="translate(8 10)" />
          </g>
        )),
      )}
    </svg>
  );
}
