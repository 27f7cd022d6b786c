/** Clearing identified data: the button, what it asks, and the countdown when nobody is there. */
import { Dialog } from "../prepare/Dialog";
import * as state from "../prepare/state";
import { Icon } from "../prepare/Icon";
import { asking, COUNTDOWN, forgetNow, holdsData, idleMinutes, secondsLeft, stay } from "./forget";

export function ForgetButton() {
  if (!holdsData()) return null;
  return (
    <button
      type="button"
      class="forgetbutton"
      title="Forget identified data now (Alt+Shift+F)"
      aria-keyshortcuts="Alt+Shift+F"
      onClick={() => {
        asking.value = true;
      }}
    >
      <Icon name="broom" /> Forget…
    </button>
  );
}

export function Forget() {
  const left = secondsLeft.value;
  return (
    <>
      {asking.value && <Ask />}
      {left !== null && (
        <div class="countdown" role="alertdialog" aria-labelledby="countdown-say">
          <p id="countdown-say" class="countdown__say">
            <strong>Still there?</strong> Identified data will be cleared in{" "}
            <span class="countdown__n">{left}</span> {left === 1 ? "second" : "seconds"}
            {unsavedKey() ? ", and with it the project key, which is not saved." : "."}
          </p>
          <progress class="bar bar--thin" max={COUNTDOWN} value={left} aria-label="Time left" />
          <div class="form__end">
            <button type="button" class="button" onClick={() => void forgetNow("idle")}>
              Forget now
            </button>
            <button type="button" class="button button--main" onClick={stay}>
              I am here
            </button>
          </div>
        </div>
      )}
    </>
  );
}

const unsavedKey = (): boolean => state.plan.value?.key === "new";

function Ask() {
  const close = (): void => {
    asking.value = false;
  };
  const { kind } = state.phase.value;
  return (
    <Dialog title="Forget identified data now?" close={close}>
      <p class="dialog__text">
        The engine is ended with everything in its memory: files, headers, pictures, the plan and your changes to it
        {kind === "exporting" ? "; the export that is running stops, and is left unfinished" : ""}. What has been exported stays
        where you put it.
      </p>
      {unsavedKey() && (
        <p class="form__say warn">
          The project key is not saved: without it the same patient gets another code next time. Save it first, if codes are to stay.
        </p>
      )}
      <p class="quiet">
        It happens by itself when nobody has used the page for {idleMinutes()} minutes.
      </p>
      <div class="form__end">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="button button--main" autoFocus onClick={() => void forgetNow("asked")}>
          Forget now
        </button>
      </div>
    </Dialog>
  );
}
