/**
 * The role of one or many volumes: what the protocol's rules said, the best matches with their
 * scores, and every other role. One popover serves every row.
 */
import { computed, signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { VolumeView } from "../engine/protocol";
import { counted, percent } from "./format";
import { Icon } from "./Icon";
import { allVolumes } from "./rows";
import * as state from "./state";

const open = signal<number[] | null>(null);

export function openRoleMenuOf(volumes: number[]): void {
  roleHint.gone();
  open.value = volumes;
}

const meant = computed<VolumeView[]>(() => {
  const ids = open.value;
  const plan = state.plan.value;
  return ids && plan ? allVolumes(plan).filter((v) => ids.includes(v.id)) : [];
});

function anchorOf(volumes: number[]): Element | null {
  if (volumes.length > 1) return document.querySelector('[data-role-anchor="many"]');
  return document.querySelector(`[data-role-anchor="${volumes[0] ?? ""}"]`);
}

/** Below the anchor, or above it where there is more room: beside it, never over it, never off screen. */
function place(box: HTMLElement, anchor: Element | null): void {
  const edge = 8;
  const gap = 4;
  const at = anchor?.getBoundingClientRect() ?? new DOMRect(innerWidth / 2, innerHeight / 3, 0, 0);
  box.style.maxHeight = "";
  const { width, height } = box.getBoundingClientRect();
  const below = innerHeight - at.bottom - gap - edge;
  const above = at.top - gap - edge;
  const under = height <= below || below >= above;
  const room = Math.min(height, under ? below : above);
  box.style.maxHeight = `${room}px`;
  box.style.top = `${under ? at.bottom + gap : at.top - gap - room}px`;
  box.style.left = `${Math.max(edge, Math.min(at.left, innerWidth - width - edge))}px`;
}

export function RoleMenu() {
  const box = useRef<HTMLDivElement>(null);
  const ids = open.value;
  useLayoutEffect(() => {
    const popover = box.current;
    if (!popover) return;
    if (!ids) {
      if (popover.matches(":popover-open")) popover.hidePopover();
      return;
    }
    // The row may have to be scrolled into sight first.
    const frame = requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (!popover.matches(":popover-open")) popover.showPopover();
        place(popover, anchorOf(ids));
        const now = popover.querySelector<HTMLElement>("[data-first]") ?? popover.querySelector<HTMLElement>("button");
        now?.focus({ preventScroll: true });
        popover.scrollTop = 0;
      }),
    );
    return () => cancelAnimationFrame(frame);
  }, [ids]);
  const close = (): void => {
    open.value = null;
  };
  return (
    <>
      <div
        ref={box}
        class="menu"
        popover="auto"
        role="dialog"
        aria-label="Role"
        onToggle={(event) => {
          if (event.newState === "closed") {
            const was = open.value;
            close();
            if (was && document.activeElement === document.body) focusTable();
          }
        }}
        onKeyDown={onArrows}
      >
        {ids && <Choices volumes={meant.value} close={close} />}
      </div>
      <Hint />
    </>
  );
}

function focusTable(): void {
  document.querySelector<HTMLElement>('[role="treegrid"]')?.focus({ preventScroll: true });
}

function onArrows(event: KeyboardEvent): void {
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (by === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  const now = buttons.findIndex((b) => b === document.activeElement);
  buttons[Math.max(0, Math.min(buttons.length - 1, now + by))]?.focus();
  event.preventDefault();
}

const PANES = new Set(["dwi_low", "dwi_high"]);
const NONE = { id: "", label: "none of these" };

function Choices({ volumes, close }: { volumes: VolumeView[]; close: () => void }) {
  const plan = state.plan.value;
  const first = volumes[0];
  if (!plan || !first) return null;
  const one = volumes.length === 1 ? first : null;
  const ids = volumes.map((v) => v.id);
  const choose = (id: string, label: string): void => {
    close();
    if (one && one.role === id) {
      if (one.needsConfirmation) void state.edit({ kind: "confirmRole", volumes: ids });
    } else state.setRole(ids, id, label);
    focusTable();
  };
  const best = one ? one.candidates.slice(0, 4) : [];
  // Panes that pick among the volumes of a role are no roles to give.
  const others = [...plan.roles.filter((r) => !PANES.has(r.id) && !best.some((b) => b.id === r.id)), NONE];
  const top = Math.max(1, ...best.map((b) => b.score));
  return (
    <>
      {one ? <Why volume={one} /> : <p class="menu__title">{counted(volumes.length, "volume")}</p>}
      {one?.needsConfirmation && (
        <button type="button" class="button button--main menu__yes" data-first onClick={() => choose(one.role, one.roleLabel)}>
          Yes, {one.roleLabel}
        </button>
      )}
      {best.length > 0 && <p class="menu__head">Best matches</p>}
      {best.map((role) => (
        <button
          key={role.id}
          type="button"
          class="menu__item"
          aria-pressed={one?.role === role.id}
          data-first={one?.role === role.id && !one.needsConfirmation ? true : undefined}
          onClick={() => choose(role.id, role.label)}
        >
          <span class="menu__tick">{one?.role === role.id && <Icon name="check" size={12} />}</span>
          <span class="menu__label">{role.label}</span>
          <meter class="menu__score" min={0} max={top} value={Math.max(0, role.score)} aria-label="score" />
          <span class="menu__points">{role.score}</span>
        </button>
      ))}
      <p class="menu__head">{best.length > 0 ? "Other roles" : "Role"}</p>
      {others.map((role) => (
        <button
          key={role.id}
          type="button"
          class="menu__item"
          aria-pressed={one?.role === role.id}
          onClick={() => choose(role.id, role.label)}
        >
          <span class="menu__tick">{one?.role === role.id && <Icon name="check" size={12} />}</span>
          <span class="menu__label">{role.label}</span>
        </button>
      ))}
    </>
  );
}

/** Which rules spoke, and how loudly. */
function Why({ volume }: { volume: VolumeView }) {
  return (
    <div class="why">
      <p class="why__title">
        <strong>{volume.roleLabel || "No role fits"}</strong>
        <span class={volume.needsConfirmation ? "warn" : "quiet"}>
          {volume.needsConfirmation ? "little confidence: " : "confidence "}
          {percent(volume.confidence)}
        </span>
      </p>
      {volume.reasons.length > 0 && (
        <ul class="why__reasons">
          {volume.reasons.map((reason) => (
            <li key={reason.text}>
              <span class={reason.weight < 0 ? "why__weight why__weight--against" : "why__weight"}>
                {reason.weight > 0 ? `+${reason.weight}` : `−${Math.abs(reason.weight)}`}
              </span>
              {reason.text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

// ---------------------------------------------------------------- the same, on hover

const hinted = signal<{ volume: number; anchor: Element } | null>(null);
let hintTimer = 0;

export const roleHint = {
  soon(volume: number, anchor: Element): void {
    clearTimeout(hintTimer);
    if (open.value) return;
    hintTimer = window.setTimeout(() => {
      hinted.value = { volume, anchor };
    }, 350);
  },
  gone(): void {
    clearTimeout(hintTimer);
    hinted.value = null;
  },
};

function Hint() {
  const box = useRef<HTMLDivElement>(null);
  const now = hinted.value;
  const plan = state.plan.value;
  const volume = now && plan ? allVolumes(plan).find((v) => v.id === now.volume) : undefined;
  useEffect(() => {
    const popover = box.current;
    if (!popover) return;
    if (now && volume) {
      if (!popover.matches(":popover-open")) popover.showPopover();
      place(popover, now.anchor);
    } else if (popover.matches(":popover-open")) popover.hidePopover();
  }, [now, volume]);
  return (
    <div ref={box} class="menu menu--hint" popover="manual" role="tooltip">
      {volume && <Why volume={volume} />}
      {volume && volume.candidates.length > 1 && (
        <ul class="why__others">
          {volume.candidates.slice(0, 4).map((role) => (
            <li key={role.id}>
              <span>{role.label}</span>
              <span class="menu__points">{role.score}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
