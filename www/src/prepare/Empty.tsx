/** The empty page: one big drop target, three buttons, and what will happen. */
import { useEffect, useRef } from "preact/hooks";
import { hasDirectoryPicker, fromDirectory, fromInput } from "../intake/sources";
import { readDemo, readInto } from "../intake/reading";
import { FileField } from "./FileField";
import { Icon } from "./Icon";
import { problemOf } from "./problems";
import * as state from "./state";

/** `closed` says why no source can be opened yet; empty once it can. */
export function Empty({ closed, dragging }: { closed: string; dragging: boolean }) {
  const folder = useRef<HTMLInputElement>(null);
  const zip = useRef<HTMLInputElement>(null);
  const shut = closed !== "";
  // Preact's types do not know the attribute.
  useEffect(() => folder.current?.setAttribute("webkitdirectory", ""), []);
  return (
    <main class="empty" aria-label="Prepare">
      <div class={`drop${dragging && !shut ? " drop--over" : ""}${shut ? " drop--shut" : ""}`}>
        <DropPicture />
        <h1 class="drop__title">{dragging && !shut ? "Let go to read it" : "Drop a DICOM folder, a zip or a DICOMDIR"}</h1>
        <p class="drop__text">
          {shut ? closed : "Any nesting, any order. Headers are read first; nothing is written before you have seen the plan."}
        </p>
        <div class="drop__buttons">
          <button
            type="button"
            class="button button--main button--large"
            disabled={shut}
            onClick={() => void pickFolder(() => folder.current?.click())}
          >
            <Icon name="folder" /> Choose folder
          </button>
          <button type="button" class="button button--large" disabled={shut} onClick={() => zip.current?.click()}>
            <Icon name="zip" /> Choose zip
          </button>
          <button type="button" class="button button--large" disabled={shut} onClick={() => void readDemo()}>
            <Icon name="spark" /> Try the demo study
          </button>
        </div>
        <FileField at={folder} label="Folder with DICOM files" multiple take={take} />
        <FileField at={zip} label="Zip or DICOM files" multiple take={take} />
      </div>
      <ul class="promises">
        <li>
          <strong>Stays here.</strong> Read in this tab, sent nowhere. Pull the network cable: it still works.
        </li>
        <li>
          <strong>You decide.</strong> Every role, name and option can be changed before anything is written.
        </li>
        <li>
          <strong>Checked.</strong> Each output is searched for the identifiers of its own source before it is closed.
        </li>
      </ul>
    </main>
  );
}

/** The picker reads folders lazily; where there is none, the browser lists all files first. */
async function pickFolder(fallBack: () => void): Promise<void> {
  if (!hasDirectoryPicker()) return fallBack();
  try {
    const root = await window.showDirectoryPicker({ mode: "read", id: "hepatica-source" });
    await readInto(fromDirectory(root), false);
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") return;
    state.problem.value = problemOf(thrown);
  }
}

function take(files: File[]): void {
  void readInto(fromInput(files), false);
}

function DropPicture() {
  return (
    <svg class="drop__picture" viewBox="0 0 96 72" aria-hidden="true" focusable="false">
      <path class="drop__tray" d="M14 44v14a5 5 0 0 0 5 5h58a5 5 0 0 0 5-5V44" />
      <g class="drop__sheets">
        <rect x="27" y="17" width="42" height="30" rx="3" transform="rotate(-14 48 44)" />
        <rect x="27" y="17" width="42" height="30" rx="3" transform="rotate(11 48 44)" />
        <rect class="drop__front" x="27" y="15" width="42" height="32" rx="3" />
        <path class="drop__liver" d="M34 32c0-6 6-9 13-9 8 0 15 2 15 6 0 5-8 5-11 8-3 3-6 5-10 4-5-1-7-4-7-9z" />
      </g>
    </svg>
  );
}
