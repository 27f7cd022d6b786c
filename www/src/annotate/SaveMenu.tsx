/** Saving, at the foot of the side panel: where to, and in which form. */
import { useId, useRef } from "preact/hooks";
import { Icon } from "../prepare/Icon";
import { FileField } from "../prepare/FileField";
import * as actions from "./actions";
import { placeBeside } from "./place";
import { canPickFolder, saveAsDownload, saveIntoFolder } from "./save";
import * as state from "./state";

export function SaveMenu() {
  const editor = state.editor.value;
  const draft = useRef<HTMLInputElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  if (!editor) return null;
  const none = editor.segments.length === 0;
  const item = (label: string, says: string, act: () => void, shut = none) => (
    <button
      type="button"
      class="savemenu__item"
      disabled={shut}
      onClick={() => {
        menu.current?.hidePopover();
        act();
      }}
    >
      <span>{label}</span>
      <span class="quiet">{says}</span>
    </button>
  );
  return (
    <footer class="tools__foot">
      {!editor.journal.kept && !none && (
        <p class="journal warn" role="status">
          {editor.journal.trouble || "Strokes are not kept in this browser: save often."}
        </p>
      )}
      <button ref={button} type="button" class="button" {...{ popovertarget: id }}>
        <Icon name="save" /> Save labels
      </button>
      <div ref={menu} id={id} class="menu savemenu" {...{ popover: "auto" }} onToggle={(event) => placeBeside(event.currentTarget, button.current)}>
        {canPickFolder() && item("Into the data set’s folder", "derivatives, with measures and times", () => void saveIntoFolder("nifti"))}
        {item("Small overlay zip", "lies beside the data set’s zip", () => void saveAsDownload("overlay"))}
        {item("NIfTI", ".nii.gz on the image’s grid, tables: a zip", () => void saveAsDownload("nifti"))}
        {item("Slicer", ".seg.nrrd with names and codes, one a session", () => void saveAsDownload("nrrd"))}
        {item("DICOM SEG", "refers to the de-identified images", () => void saveAsDownload("dicomSeg"))}
        <hr class="savemenu__rule" />
        {item("Open labels as a draft…", "a model’s, or a colleague’s", () => draft.current?.click(), false)}
      </div>
      <FileField
        at={draft}
        label="Label map to open as a draft"
        accept=".nii,.gz,.nrrd,.dcm"
        take={([file]) => {
          if (file) void actions.loadDraft(file);
        }}
      />
    </footer>
  );
}
