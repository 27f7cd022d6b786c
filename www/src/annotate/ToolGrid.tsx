/** Slicer's tools under Slicer's numbers, as buttons. */
import * as actions from "./actions";
import { backToPane } from "./grid";
import * as state from "./state";
import { TOOLS } from "./tools";

export function ToolGrid() {
  const shut = !state.editor.value;
  const letters = state.letterKeys.value.value;
  return (
    <div class="toolgrid" role="group" aria-label="Tools">
      {TOOLS.map((tool) => (
        <button
          key={tool.id}
          type="button"
          class="toolgrid__tool"
          aria-pressed={state.tool.value === tool.id}
          title={`${tool.label}${letters ? ` (${tool.shown})` : ""}. ${tool.says}`}
          disabled={shut}
          onClick={(event) => {
            void actions.setTool(tool.id);
            backToPane(event);
          }}
        >
          <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d={tool.icon} />
          </svg>
          <span class="unseen">{tool.label} </span>
          <span class="toolgrid__n">{tool.shown}</span>
        </button>
      ))}
    </div>
  );
}
