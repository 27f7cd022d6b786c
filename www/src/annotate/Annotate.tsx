/** The room: cases at the left, panes in the middle, tools and segments at the right, a line of facts below. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { fromDrop, holdDrop } from "../intake/sources";
import { Banner } from "../prepare/Banner";
import * as actions from "./actions";
import { Cases } from "./Cases";
import { Dropped } from "./Dropped";
import { AnnotateEmpty, gather } from "./Empty";
import { grid } from "./grid";
import { Help } from "./Help";
import { onHistoryKey } from "./keys";
import { PaneMenu } from "./PaneMenu";
import { SidePanel } from "./SidePanel";
import * as state from "./state";
import { Status } from "./Status";
import { countTime } from "./timer";

export function Annotate({ closed, prepare, restart }: { closed: string; prepare: () => void; restart: () => void }) {
  const [dragging, setDragging] = useState(false);
  const [held, setHeld] = useState<ReturnType<typeof holdDrop> | null>(null);
  const phase = state.phase.value;

  useEffect(() => {
    let depth = 0;
    const takes = (): boolean => closed === "" && state.phase.peek().kind !== "opening";
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth += 1;
      setDragging(true);
    };
    const leave = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setDragging(false);
    };
    // Without this the browser would open a dropped file in place of the page.
    const over = (event: DragEvent): void => {
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = takes() && hasFiles(event) ? "copy" : "none";
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      depth = 0;
      setDragging(false);
      if (!event.dataTransfer || !takes() || !hasFiles(event)) return;
      const taken = holdDrop(event.dataTransfer);
      if (state.phase.peek().kind === "open") setHeld(taken);
      else void gather(fromDrop(taken));
    };
    addEventListener("dragenter", enter);
    addEventListener("dragleave", leave);
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    addEventListener("keydown", onHistoryKey);
    const stopClock = countTime();
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
      removeEventListener("keydown", onHistoryKey);
      stopClock();
      void actions.reportTime();
    };
  }, [closed]);

  return (
    <>
      <Banner />
      {phase.kind === "open" ? (
        <Room />
      ) : (
        <AnnotateEmpty closed={closed} dragging={dragging} prepare={prepare} restart={restart} />
      )}
      {dragging && phase.kind === "open" && (
        <div class="dropveil" aria-hidden="true">
          <p class="dropveil__say">Let go to open it</p>
        </div>
      )}
      {held && <Dropped held={held} close={() => setHeld(null)} />}
      {state.keysShown.value && <Help />}
    </>
  );
}

function Room() {
  const stage = useRef<HTMLDivElement>(null);
  // The panes are older than this element and outlive it: they are only put into it.
  useLayoutEffect(() => {
    stage.current?.append(grid.element);
    return () => grid.element.remove();
  }, []);
  const opening = state.opening.value !== null || !state.view.value;
  return (
    <main class="annotate" aria-label="Annotate">
      {state.casesShown.value.value && <Cases />}
      <div class="stage" ref={stage} aria-busy={opening}>
        {opening && (
          <p class="stage__opening" role="status">
            Opening the case…
          </p>
        )}
      </div>
      {state.toolsShown.value.value && <SidePanel />}
      <Status />
      <PaneMenu />
    </main>
  );
}
