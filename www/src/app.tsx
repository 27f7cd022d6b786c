/** One page, three rooms: the bar above, the room below. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Annotate } from "./annotate/Annotate";
import { Deliver } from "./deliver/Deliver";
import { Prepare } from "./prepare/Prepare";
import { unsaved } from "./prepare/state";
import { Flower } from "./prepare/Flower";
import { closedBecause, sealLine, sealTone, SealDialog } from "./shell/seal";

const ROOMS = [
  { id: "prepare", label: "Prepare" },
  { id: "annotate", label: "Annotate" },
  { id: "deliver", label: "Deliver" },
] as const;

type RoomId = (typeof ROOMS)[number]["id"];

const room = signal<RoomId>("prepare");
const sealShown = signal(false);

export function openRoom(id: RoomId): void {
  room.value = id;
}

export function App() {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (unsaved.value) event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, []);
  return (
    <>
      <header class="top">
        <span class="brand">
          <Flower />
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
        <button
          type="button"
          class="seal"
          aria-haspopup="dialog"
          onClick={() => {
            sealShown.value = true;
          }}
        >
          <span class={`seal__dot seal__dot--${sealTone.value}`} aria-hidden="true" />
          {sealLine.value}
        </button>
        <span class="top__use">Research use only</span>
      </header>
      <div class="room">
        {room.value === "prepare" && <Prepare closed={closedBecause.value} />}
        {room.value === "annotate" && <Annotate prepare={() => openRoom("prepare")} />}
        {room.value === "deliver" && <Deliver prepare={() => openRoom("prepare")} />}
      </div>
      {sealShown.value && (
        <SealDialog
          close={() => {
            sealShown.value = false;
          }}
        />
      )}
    </>
  );
}
