/** How images and labels are shown, in every pane. */
import { Segments } from "../prepare/Segments";
import * as actions from "./actions";
import { Fold, Range, Tick } from "./fields";
import { keyOf } from "./keys";
import * as state from "./state";

export function DisplayPart() {
  const display = state.display.value;
  const set = actions.setDisplay;
  return (
    <Fold title="Display" aside={display.labels ? (display.outline ? "outlines" : "filled") : "labels off"}>
      <Tick label={`Labels${keyOf("labels")}`} on={display.labels} set={(labels) => set({ labels })} />
      <Tick label={`In outline${keyOf("outline")}`} on={display.outline} set={(outline) => set({ outline })} />
      <Range label="Opacity" value={display.opacity} min={0} max={1} step={0.05} shown={`${Math.round(display.opacity * 100)} %`} take={(opacity) => set({ opacity })} />
      <Tick label={`Interpolate between voxels${keyOf("interpolate")}`} on={display.interpolate} set={(interpolate) => set({ interpolate })} />
      <Tick label="Panes move together" on={display.linked} set={(linked) => set({ linked })} hint="Crosshair, slice, zoom and place, within a frame of reference" />
      <Segments
        name="colours"
        choices={[["grey", "grey"], ["inverted", "inverted"], ["adc", "ADC"]] as const}
        chosen={display.colours}
        choose={(colours) => set({ colours })}
      />
      <p class="panel__say quiet">Radiological: the patient’s right is at the left.</p>
    </Fold>
  );
}
