/** Suspected series, one at a time: its picture, boxes over it, and what is to become of it. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Decision, PixelBox, ReviewPicture, SuspectView } from "../engine/protocol";
import { saveBytes } from "../export/save";
import { Dialog, ProblemLine } from "../prepare/Dialog";
import { onForget } from "../prepare/dialogs";
import { FileField } from "../prepare/FileField";
import { count, counted } from "../prepare/format";
import { problemOf } from "../prepare/problems";
import * as state from "../prepare/state";
import { between, moved, sized } from "./boxes";

/** Number of the series that is looked at; `null` while the dialog is closed. */
const at = signal<number | null>(null);
onForget(() => {
  at.value = null;
});

export const undecided = (suspects: SuspectView[]): number => suspects.filter((s) => !s.decision).length;

/** Opens the review at the first series that nobody has decided about. */
export function openReview(): void {
  const suspects = state.plan.value?.suspects ?? [];
  at.value = suspects.find((s) => !s.decision)?.series ?? suspects[0]?.series ?? null;
}

export function ReviewDialog() {
  const suspects = state.plan.value?.suspects ?? [];
  const now = suspects.find((s) => s.series === at.value);
  if (at.value === null || !now) return null;
  return (
    <Dialog
      title="Text burned into images?"
      wide
      close={() => {
        at.value = null;
      }}
    >
      <p class="dialog__text">
        These series are left out until somebody has looked. Draw boxes over text that identifies anybody: they are made black in every
        frame of the series, in images and in DICOM.
      </p>
      <div class="review">
        <List suspects={suspects} now={now.series} />
        <Series key={now.series} suspect={now} all={suspects} />
      </div>
      <ProblemLine />
    </Dialog>
  );
}

const WORDS = { accept: "accepted", leave_out: "left out", redact: "boxes black" };

function List({ suspects, now }: { suspects: SuspectView[]; now: number }) {
  const file = useRef<HTMLInputElement>(null);
  const save = (): void => {
    const to = state.engine.value;
    if (!to) return;
    const json = async (): Promise<ArrayBuffer> => new TextEncoder().encode(await to.ask("redactionsFile", null)).buffer as ArrayBuffer;
    saveBytes(json, { name: "redactions.json", description: "Redactions", mime: "application/json", extension: ".json" }).catch(
      (thrown: unknown) => {
        state.problem.value = problemOf(thrown);
      },
    );
  };
  return (
    <div class="review__list">
      <ul aria-label="Suspected series">
        {suspects.map((s) => (
          <li key={s.series}>
            <button
              type="button"
              class="review__item"
              aria-current={s.series === now}
              onClick={() => {
                at.value = s.series;
              }}
            >
              <span class="review__name">
                sub-{s.subject} {s.modality}
                {state.showNames.value && ` ${s.description}`}
              </span>
              <span class={s.decision ? "review__done" : "review__open"}>{s.decision ? WORDS[s.decision.action] : "to decide"}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="review__file">
        <button type="button" class="link" onClick={save}>
          Save decisions
        </button>{" "}
        <button type="button" class="link" onClick={() => file.current?.click()}>
          Load…
        </button>
        <FileField
          at={file}
          label="Redactions file"
          accept=".json,application/json"
          take={([chosen]) => {
            if (chosen) void chosen.text().then((json) => state.edit({ kind: "loadRedactions", json }, "Decisions loaded."));
          }}
        />
      </p>
    </div>
  );
}

function Series({ suspect, all }: { suspect: SuspectView; all: SuspectView[] }) {
  const [picture, setPicture] = useState<ReviewPicture | null | undefined>(undefined);
  const [boxes, setBoxes] = useState<PixelBox[]>([]);
  const [device, setDevice] = useState(false);
  const { decision } = suspect;
  useEffect(() => {
    let gone = false;
    state.engine.value
      ?.ask("reviewFrame", { series: suspect.series })
      .catch(() => null)
      .then((seen) => {
        if (gone) return;
        setPicture(seen);
        setBoxes(decision?.action === "redact" ? decision.boxes : (seen?.template ?? seen?.boxes ?? []));
      });
    return () => {
      gone = true;
    };
  }, []);
  // Undone, or loaded from a file, while the dialog is open.
  useEffect(() => {
    if (decision?.action === "redact") setBoxes(decision.boxes);
  }, [decision]);
  const decide = async (what: Decision | null, said: string): Promise<void> => {
    const taken = await state.edit(
      { kind: "setReview", series: suspect.series, decision: what, device: device && what ? (picture?.device ?? null) : null },
      said,
    );
    if (!taken || !what) return;
    const next = all.find((s) => s.series !== suspect.series && !s.decision);
    if (next) at.value = next.series;
  };
  const { device: named } = picture ?? { device: null };
  return (
    <div class="review__series">
      <p class="review__why">
        {counted(suspect.objects, "object")}: {suspect.why}.{!suspect.image && " Written as DICOM only."}
        {picture && picture.frames > 1 && ` The middle one of ${count(picture.frames)} frames is shown.`}
        {picture?.template && " Boxes are those of the template for this device."}
      </p>
      {picture ? (
        <Canvas picture={picture} boxes={boxes} change={setBoxes} />
      ) : (
        <p class="review__none quiet">{picture === null ? "Its pixels can't be decoded: leave it out, or look at it elsewhere." : "Reading…"}</p>
      )}
      {named && (
        <label class="form__check">
          <input type="checkbox" checked={device} onChange={(event) => setDevice(event.currentTarget.checked)} />
          Keep as a template for {named.manufacturer} {named.model}, {named.columns} × {named.rows}
        </label>
      )}
      <div class="form__end">
        {decision && (
          <button type="button" class="link" onClick={() => void decide(null, "To be decided again.")}>
            Decide again
          </button>
        )}
        <span class="grow" />
        <button type="button" class="button" onClick={() => void decide({ action: "leave_out" }, "Left out.")}>
          Leave out
        </button>
        <button type="button" class="button" disabled={!picture} onClick={() => void decide({ action: "accept" }, "Accepted as it is.")}>
          Accept as it is
        </button>
        <button
          type="button"
          class="button button--main"
          disabled={!picture || boxes.length === 0}
          onClick={() => void decide({ action: "redact", boxes }, `${counted(boxes.length, "box", "boxes")} made black.`)}
        >
          Make {counted(boxes.length, "box", "boxes")} black
        </button>
      </div>
    </div>
  );
}

type Place = [number, number];

function Canvas(props: { picture: ReviewPicture; boxes: PixelBox[]; change: (boxes: PixelBox[]) => void }) {
  const { picture, boxes, change } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<PixelBox | null>(null);
  const start = useRef<Place | null>(null);
  useEffect(() => {
    const pixels = new ImageData(new Uint8ClampedArray(picture.rgba), picture.width, picture.height);
    canvas.current?.getContext("2d")?.putImageData(pixels, 0, 0);
  }, [picture]);
  const place = (event: PointerEvent): Place => {
    const seen = over.current?.getBoundingClientRect();
    if (!seen) return [0, 0];
    return [((event.clientX - seen.left) / seen.width) * picture.width, ((event.clientY - seen.top) / seen.height) * picture.height];
  };
  const replace = (n: number, box: PixelBox | null): void => change(boxes.flatMap((b, i) => (i === n ? (box ? [box] : []) : [b])));
  const onKey = (event: KeyboardEvent, n: number, box: PixelBox): void => {
    const step = event.ctrlKey ? 10 : 1;
    const by: Record<string, Place> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const [dx, dy] = by[event.key] ?? [0, 0];
    if (event.key === "Delete" || event.key === "Backspace") {
      replace(n, null);
      over.current?.focus();
    } else if (dx !== 0 || dy !== 0) replace(n, (event.shiftKey ? sized : moved)(box, dx, dy, picture));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const draw = (event: PointerEvent): void => {
    if (event.button !== 0 || event.target !== over.current) return;
    start.current = place(event);
    over.current?.setPointerCapture(event.pointerId);
    setDrawn(between(start.current, start.current, picture));
  };
  const percent = (box: PixelBox): string =>
    `left:${(box.x / picture.width) * 100}%;top:${(box.y / picture.height) * 100}%;` +
    `width:${(box.width / picture.width) * 100}%;height:${(box.height / picture.height) * 100}%`;
  const add = (): void => {
    const [w, h] = [Math.max(1, Math.round(picture.width / 4)), Math.max(1, Math.round(picture.height / 10))];
    change([...boxes, { x: 0, y: 0, width: w, height: h }]);
  };
  return (
    <>
      <div class="review__picture" style={`aspect-ratio:${picture.width} / ${picture.height}`}>
        <canvas ref={canvas} width={picture.width} height={picture.height} aria-hidden="true" />
        <div
          ref={over}
          class="review__over"
          role="group"
          tabIndex={-1}
          aria-label={`Picture, ${picture.width} × ${picture.height} pixels, ${counted(boxes.length, "box", "boxes")}`}
          onPointerDown={draw}
          onPointerMove={(event) => {
            if (start.current) setDrawn(between(start.current, place(event), picture));
          }}
          onPointerUp={(event) => {
            const from = start.current;
            start.current = null;
            setDrawn(null);
            const box = from && between(from, place(event), picture);
            // A click draws nothing.
            if (box && box.width > 1 && box.height > 1) change([...boxes, box]);
          }}
        >
          {boxes.map((box, n) => (
            <button
              key={n}
              type="button"
              class="review__box"
              style={percent(box)}
              aria-label={`Box ${n + 1}: column ${box.x}, row ${box.y}, ${box.width} × ${box.height} pixels`}
              title="Arrows move it, with Shift they size it, with Ctrl by ten; Delete removes it"
              onKeyDown={(event) => onKey(event, n, box)}
            />
          ))}
          {drawn && <span class="review__box review__box--new" style={percent(drawn)} />}
        </div>
      </div>
      <p class="quiet review__keys">
        <button type="button" class="link" onClick={add}>
          Add a box
        </button>{" "}
        or drag over the picture. Arrows move a box, with Shift they size it, Delete removes it.
      </p>
    </>
  );
}
