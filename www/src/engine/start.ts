/** Joins the engine's tellings to what the room knows. */
import { known } from "../prepare/problems";
import * as state from "../prepare/state";
import type { Engine } from "./client";

export function listenToEngine(engine: Engine): void {
  state.engine.value = engine;
  engine.listen((tell) => {
    if (tell.kind === "intake") state.intake.value = tell.progress;
    else if (tell.kind === "lost") {
      state.problem.value = known("engine-lost");
      state.phase.value = { kind: "empty" };
    }
  });
}
