/** The right side: tools, what the one in hand can be set to, segments, how things are shown, measures, saving. */
import { Icon } from "../prepare/Icon";
import * as actions from "./actions";
import { DisplayPart } from "./DisplayPart";
import { Grow } from "./Grow";
import { keyOf } from "./keys";
import { Masking } from "./Masking";
import { Measures } from "./Measures";
import { SaveMenu } from "./SaveMenu";
import { SegmentList } from "./SegmentList";
import * as state from "./state";
import { ToolGrid } from "./ToolGrid";
import { ToolPart } from "./ToolPart";

export function SidePanel() {
  const editor = state.editor.value;
  return (
    <aside class="tools" aria-label="Tools and segments">
      <div class="tools__scroll">
        <section class="panel" aria-label="Tools">
          <header class="panel__head">
            <button type="button" class="tool" title="Fold the tools away" aria-label="Fold the tools away" onClick={() => state.toolsShown.set(false)}>
              <Icon name="right" />
            </button>
            <h2 class="panel__title">Tools</h2>
            <History />
          </header>
          <ToolGrid />
        </section>
        {state.growing.value && editor && <Grow />}
        {editor && <ToolPart />}
        {editor && <SegmentList />}
        {editor && <Masking />}
        <DisplayPart />
        {editor && <Measures />}
      </div>
      <SaveMenu />
    </aside>
  );
}

function History() {
  const editor = state.editor.value;
  const undo = editor?.undoes ? `Undo: ${editor.undoes}` : "Undo";
  const redo = editor?.redoes ? `Do again: ${editor.redoes}` : "Do again";
  return (
    <>
      <button type="button" class="tool" disabled={!editor?.canUndo} title={undo + keyOf("undo")} aria-label={undo} onClick={() => void actions.undo()}>
        <Icon name="undo" />
      </button>
      <button type="button" class="tool" disabled={!editor?.canRedo} title={redo + keyOf("redo")} aria-label={redo} onClick={() => void actions.redo()}>
        <Icon name="redo" />
      </button>
    </>
  );
}
