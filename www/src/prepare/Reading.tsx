/** While headers are read: what was found so far, how long it will take, and a way out. */
import { useEffect, useState } from "preact/hooks";
import { cancelReading } from "../intake/reading";
import { bytes, count, seconds, timeLeft } from "./format";
import * as state from "./state";

export function Reading() {
  const phase = state.phase.value;
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(timer);
  }, []);
  if (phase.kind !== "reading") return null;
  const seen = state.intake.value;
  const passed = Math.max(0, (now - phase.since) / 1000);
  const known = !phase.gathering && seen.filesTotal > 0;
  const fraction = known ? seen.filesSeen / seen.filesTotal : undefined;
  const left = fraction && fraction > 0.02 ? (passed / fraction) * (1 - fraction) : Number.POSITIVE_INFINITY;
  return (
    <main class="reading" aria-label="Prepare">
      <div class="reading__box">
        <h1 class="reading__title">{phase.demo && phase.gathering ? "Making the demo study" : "Reading headers"}</h1>
        <progress class="bar" max={1} value={fraction} aria-label="Files read" />
        <p class="reading__line">
          <span>
            {count(seen.filesSeen)}
            {seen.filesTotal > 0 && ` of ${count(seen.filesTotal)}${phase.gathering ? "+" : ""}`} files · {bytes(seen.bytesRead)} ·{" "}
            {seconds(passed)}
          </span>
          <span class="quiet">{known ? timeLeft(left) : phase.demo ? "two patients, before and after" : "finding files…"}</span>
        </p>
        <ul class="reading__found">
          <Found n={seen.patients} label={seen.patients === 1 ? "patient" : "patients"} />
          <Found n={seen.studies} label={seen.studies === 1 ? "study" : "studies"} />
          <Found n={seen.series} label="series" />
          <Found n={seen.nonDicom} label="not DICOM" />
          {seen.failed > 0 && <Found n={seen.failed} label="cannot be read" warn />}
        </ul>
        <div class="reading__end">
          <p class="quiet">Only headers are read; the files stay as they are.</p>
          <button type="button" class="button" onClick={() => void cancelReading()}>
            Cancel
          </button>
        </div>
      </div>
    </main>
  );
}

function Found({ n, label, warn }: { n: number; label: string; warn?: boolean }) {
  return (
    <li class={warn ? "figure figure--warn" : "figure"}>
      <strong class="figure__n">{count(n)}</strong> <span class="figure__label">{label}</span>
    </li>
  );
}
