/** Starts the engine's worker and joins what it tells to what the room knows. */
import { known } from "../prepare/problems";
import * as state from "../prepare/state";
import { Engine } from "./client";
import type { EngineSeen } from "./load";

export function startEngine(seal: { saw(seen: EngineSeen): void; memory(bytes: number): void }): void {
  // After identified data was cleared, this makes a fresh one in place of the one that was ended.
  const engine = new Engine(new Worker(new URL("./engine-worker.js", location.href), { type: "module" }));
  state.engine.value = engine;
  engine.listen((tell) => {
    if (tell.kind === "ready") seal.saw(tell.seen);
    else if (tell.kind === "memory") seal.memory(tell.bytes);
    else if (tell.kind === "intake") state.intake.value = tell.progress;
    else if (tell.kind === "lost") {
      state.problem.value = known("engine-lost");
      state.phase.value = { kind: "empty" };
    }
  });
}
