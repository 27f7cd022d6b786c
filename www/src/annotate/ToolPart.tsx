/** What the tool in hand can be set to, and Apply for those that act on a whole segment. */
import type { ComponentChildren } from "preact";
import type { Tool, ToolOptions } from "../engine/annotate-protocol";
import { Segments } from "../prepare/Segments";
import * as actions from "./actions";
import { Choose, NumberField, Range, Tick } from "./fields";
import { keyOf } from "./keys";
import { figure } from "./overlay";
import * as state from "./state";
import { toolEntry } from "./tools";

export function ToolPart() {
  const tool = state.tool.value;
  const entry = tool && toolEntry(tool);
  if (!entry) {
    return (
      <section class="panel" aria-label="No tool">
        <p class="panel__say">
          No tool in hand: dragging sets window and level. {state.activeSegment.value ? "" : "Add a segment below, then take a brush."}
        </p>
      </section>
    );
  }
  const title = entry.id === "grow" ? "Seeds" : entry.label;
  return (
    <section class="panel" aria-label={title}>
      <header class="panel__head">
        <h2 class="panel__title">{title}</h2>
        <Target />
      </header>
      {!state.growing.value && <p class="panel__say">{entry.says}</p>}
      <Options tool={entry.id} />
      <Apply tool={entry.id} />
    </section>
  );
}

/** Which segment it works on. */
function Target() {
  const segment = state.activeSegment.value;
  return <span class="panel__aside cut">{segment ? segment.name : "no segment"}</span>;
}

const set = <K extends keyof ToolOptions>(key: K, change: Partial<ToolOptions[K]>): void => {
  const now = state.editor.value?.options[key];
  if (now) actions.setOptions({ [key]: { ...now, ...change } } as Partial<ToolOptions>);
};

function Options({ tool }: { tool: Tool }): ComponentChildren {
  const options = state.editor.value?.options;
  if (!options) return null;
  switch (tool) {
    case "paint":
    case "erase":
    case "grow":
      return <Brush />;
    case "threshold":
      return (
        <>
          <div class="pair">
            <NumberField label="From" value={options.threshold.low} take={(low) => set("threshold", { low })} />
            <NumberField label="to" value={options.threshold.high} take={(high) => set("threshold", { high })} />
          </div>
          <FromWindow take={(low, high) => set("threshold", { low, high })} />
        </>
      );
    case "margin":
      return (
        <Range
          label={options.margin.by < 0 ? "Shrink by" : "Grow by"}
          value={options.margin.by}
          min={-20}
          max={20}
          step={0.5}
          unit="mm"
          take={(by) => set("margin", { by })}
        />
      );
    case "hollow":
      return (
        <>
          <Range label="Thickness" value={options.hollow.thickness} min={0.5} max={20} step={0.5} unit="mm" take={(thickness) => set("hollow", { thickness })} />
          <Choose
            label="The segment is"
            choices={[["inside", "the inner surface"], ["medial", "the middle"], ["outside", "the outer surface"]]}
            chosen={options.hollow.shell}
            choose={(shell) => set("hollow", { shell })}
          />
        </>
      );
    case "smoothing":
      return (
        <>
          <Choose
            label="Method"
            choices={[["median", "median"], ["opening", "opening: takes spurs away"], ["closing", "closing: fills holes"], ["gaussian", "Gaussian"], ["joint", "joint: all visible segments"]]}
            chosen={options.smoothing.method}
            choose={(method) => set("smoothing", { method })}
          />
          <Range label="Size" value={options.smoothing.size} min={0.5} max={20} step={0.5} unit="mm" take={(size) => set("smoothing", { size })} />
        </>
      );
    case "islands":
      return (
        <>
          <Choose
            label="Keep"
            choices={[
              ["largest", "the largest island"],
              ["split", "all, each its own segment"],
              ["remove_small", "all but small ones"],
              ["keep_selected", "the one I click"],
              ["remove_selected", "all but the one I click"],
            ]}
            chosen={options.islands.keep}
            choose={(keep) => set("islands", { keep })}
          />
          {(options.islands.keep === "remove_small" || options.islands.keep === "split") && (
            <NumberField label="Small is less than" value={options.islands.leastVoxels} min={1} step={1} unit="voxels" take={(leastVoxels) => set("islands", { leastVoxels })} />
          )}
        </>
      );
    case "logical":
      return <Logical options={options.logical} />;
    case "scissors":
      return (
        <>
          <Segments
            name="scissors"
            choices={[["cut", "cut away"], ["fill", "fill"]] as const}
            chosen={options.scissors.erase ? "cut" : "fill"}
            choose={(id) => set("scissors", { erase: id === "cut" })}
          />
          <Tick label="What lies outside the line" on={options.scissors.outside} set={(outside) => set("scissors", { outside })} />
          <Tick label="In this slice only" on={options.scissors.sliceOnly} set={(sliceOnly) => set("scissors", { sliceOnly })} />
        </>
      );
    case "mask_volume":
      return (
        <>
          <Segments
            name="mask"
            choices={[["inside", "hide the inside"], ["outside", "hide the outside"]] as const}
            chosen={options.maskVolume.inside ? "inside" : "outside"}
            choose={(id) => set("maskVolume", { inside: id === "inside" })}
          />
          <NumberField label="Show there the value" value={options.maskVolume.fill} take={(fill) => set("maskVolume", { fill })} />
        </>
      );
    default:
      return null;
  }
}

function Brush() {
  const brush = state.editor.value?.options.brush;
  if (!brush) return null;
  return (
    <>
      <Range
        label={`Diameter${keyOf("smaller") && " ([ ])"}`}
        value={Math.round(brush.diameter * 2) / 2}
        min={0.5}
        max={Math.max(50, brush.diameter)}
        step={0.5}
        unit="mm"
        take={actions.setBrush}
      />
      <Segments
        name="brush"
        choices={[["disc", "disc, this slice"], ["ball", "ball, in depth"]] as const}
        chosen={brush.sphere ? "ball" : "disc"}
        choose={(id) => set("brush", { sphere: id === "ball" })}
      />
    </>
  );
}

/** What the active pane shows as neither black nor white. */
function FromWindow({ take }: { take: (low: number, high: number) => void }) {
  const drawn = state.activeDrawn.value;
  if (!drawn) return null;
  const { width, level } = drawn.window;
  const low = level - width / 2;
  const high = level + width / 2;
  return (
    <button type="button" class="button" onClick={() => take(low, high)}>
      From the window: {figure(low)} to {figure(high)}
    </button>
  );
}

function Logical({ options }: { options: ToolOptions["logical"] }) {
  const others = (state.editor.value?.segments ?? []).filter((s) => s.label !== state.editor.value?.active);
  const alone = ["invert", "clear", "fill"].includes(options.operation);
  return (
    <>
      <Choose
        label="Do"
        choices={[["copy", "copy from"], ["add", "add"], ["subtract", "subtract"], ["intersect", "intersect with"], ["invert", "invert"], ["clear", "clear"], ["fill", "fill all"]]}
        chosen={options.operation}
        choose={(operation) => set("logical", { operation })}
      />
      {!alone &&
        (others.length > 0 ? (
          <Choose
            label="Segment"
            choices={others.map((s) => [String(s.label), s.name] as const)}
            chosen={String(options.with)}
            choose={(label) => set("logical", { with: Number(label) })}
          />
        ) : (
          <p class="panel__say warn">This takes a second segment: add one.</p>
        ))}
    </>
  );
}

const APPLIED = new Set<Tool>(["threshold", "fill_between", "margin", "hollow", "smoothing", "islands", "logical", "mask_volume"]);

function Apply({ tool }: { tool: Tool }) {
  const editor = state.editor.value;
  const preview = editor?.preview?.tool === tool && tool !== "grow" ? editor.preview : null;
  if (preview) {
    return (
      <>
        {preview.missing && <p class="panel__say warn">{preview.missing}</p>}
        {preview.note && <p class="panel__say">{preview.note}</p>}
        <div class="pair">
          <button type="button" class="button button--main" disabled={preview.missing !== ""} onClick={() => void actions.endPreview(true)}>
            Apply
          </button>
          <button type="button" class="button" onClick={() => void actions.endPreview(false)}>
            Cancel
          </button>
        </div>
      </>
    );
  }
  if (!APPLIED.has(tool)) return null;
  const segment = state.activeSegment.value;
  const clicked = tool === "islands" && editor?.options.islands.keep.endsWith("selected");
  if (clicked) return <p class="panel__say quiet">Click the island in a pane.</p>;
  return (
    <button type="button" class="button button--main" disabled={!segment || segment.locked} onClick={() => void actions.applyTool(tool)}>
      {segment ? (segment.locked ? "The segment is locked" : "Apply") : "Choose a segment first"}
    </button>
  );
}
