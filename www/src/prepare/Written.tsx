/** What is written: DICOM beside the images, and the switches of the conversion as a whole. */
import type { ConversionSwitch, PlanView } from "../engine/protocol";
import { counted } from "./format";
import * as state from "./state";

const SWITCHES: Record<ConversionSwitch, { label: string; term: string }> = {
  displayed_values: {
    label: "Philips values as displayed",
    term: "Instead of the precise ones, which compare between series",
  },
  equal_spacing: {
    label: "Evenly spaced copies",
    term: "Beside volumes whose slices are missing or uneven",
  },
  everything: {
    label: "Localizers and projections",
    term: "Scouts, calibrations and MIPs, too",
  },
  captures: {
    label: "Captures, ultrasound, colour",
    term: "Pictures that are no volumes; their pixels may show text",
  },
};

export function Written({ plan }: { plan: PlanView }) {
  return (
    <section class="side__part" aria-labelledby="written">
      <h2 id="written" class="side__title">
        Written
      </h2>
      <Switch
        id="dicom"
        label="Also write de-identified DICOM"
        term="Beside NIfTI and sidecars: valid objects, new UIDs, stamped"
        on={plan.dicom}
        set={(on) => void state.edit({ kind: "setDicom", on })}
      />
      {plan.conversion.map(({ switch: which, on, volumes }) => (
        <Switch
          key={which}
          id={which}
          label={SWITCHES[which].label}
          term={`${SWITCHES[which].term} · ${counted(volumes, which === "captures" ? "file" : "volume")}`}
          on={on}
          set={(wanted) => void state.edit({ kind: "setConversion", switch: which, on: wanted })}
        />
      ))}
    </section>
  );
}

interface SwitchProps {
  id: string;
  label: string;
  term: string;
  on: boolean;
  set: (on: boolean) => void;
}

function Switch({ id, label, term, on, set }: SwitchProps) {
  return (
    <div class="option">
      <label class="option__label" for={`option-${id}`}>
        {label}
      </label>
      <p class="option__term" id={`option-${id}-term`}>
        {term}
      </p>
      <input
        id={`option-${id}`}
        type="checkbox"
        role="switch"
        class="switch"
        aria-describedby={`option-${id}-term`}
        checked={on}
        onChange={(event) => {
          set(event.currentTarget.checked);
        }}
      />
    </div>
  );
}
