/** One page, three rooms: the bar above, the room below. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Annotate } from "./annotate/Annotate";
import { openExport } from "./annotate/Empty";
import { startPanes } from "./annotate/grid";
import { atRisk } from "./annotate/state";
import { Deliver } from "./deliver/Deliver";
import { Forget, ForgetButton } from "./guard/ForgetDialog";
import { watchIdle } from "./guard/forget";
import { policyClosed, startInstitution } from "./guard/institution";
import { Prepare } from "./prepare/Prepare";
import { unsaved } from "./prepare/state";
import { startEngine } from "./engine/start";
import { canOpenSources, sawEngine, sawMemory, seal } from "./shell/seal";
import { SealPill } from "./shell/SealPill";

const ROOMS = [
  { id: "prepare", label: "Prepare" },
  { id: "annotate", label: "Annotate" },
  { id: "deliver", label: "Deliver" },
] as const;

type RoomId = (typeof ROOMS)[number]["id"];

const room = signal<RoomId>("prepare");

export function openRoom(id: RoomId): void {
  room.value = id;
}

const freshEngine = (): void => startEngine({ saw: sawEngine, memory: sawMemory });
freshEngine();
startPanes();
startInstitution();
watchIdle(freshEngine);

/** Why no source can be opened; empty once the seal has been seen to hold. */
function closedBecause(): string {
  if (canOpenSources.value) return policyClosed.value;
  if (seal.value.status === "testing") return "Testing the seal: sources open as soon as it has been seen to hold.";
  return seal.value.remedy ?? "The seal does not hold here, so no source can be opened.";
}

/** From the report straight to what was written. */
function annotateNow(): void {
  openRoom("annotate");
  void openExport();
}

export function App() {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (unsaved.value || atRisk.value) event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, []);
  return (
    <>
      <header class="top">
        <span class="brand">
          <img src="icon.svg" alt="" width="22" height="22" />
          Hepatica
        </span>
        <nav class="steps" aria-label="Rooms">
          {ROOMS.map(({ id, label }, i) => (
            <button
              key={id}
              type="button"
              class="step"
              aria-current={room.value === id ? "page" : undefined}
              onClick={() => openRoom(id)}
            >
              <span class="step__n">{i + 1}</span> {label}
            </button>
          ))}
        </nav>
        <span class="grow" />
        <ForgetButton />
        <SealPill />
        <span class="top__use">Research use only</span>
      </header>
      <div class="room">
        {room.value === "prepare" && <Prepare closed={closedBecause()} annotate={annotateNow} />}
        {room.value === "annotate" && (
          <Annotate closed={closedBecause()} prepare={() => openRoom("prepare")} restart={freshEngine} />
        )}
        {room.value === "deliver" && <Deliver annotate={() => openRoom("annotate")} />}
      </div>
      <Forget />
    </>
  );
}
