/** The top bar, and beneath it the room. */

import { sawEngine } from "./shell/seal";
import { SealPill } from "./shell/SealPill";
import type { EngineSeen } from "./engine/load";

const engine = new Worker(new URL("./engine-worker.js", location.href), { type: "module" });
engine.addEventListener("message", ({ data }: MessageEvent<EngineSeen>) => sawEngine(data));

export function App() {
  return (
    <header class="top-bar">
      <img src="icon.svg" alt="" width="22" height="22" />
      <h1>Hepatica</h1>
      <SealPill />
      <span class="research">Research use only</span>
    </header>
  );
}
