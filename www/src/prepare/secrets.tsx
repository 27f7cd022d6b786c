/** The user's own files: project key and linking table, saved under a passphrase unless refused. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { type FileKind, saveBytes } from "../export/save";
import { Dialog, ProblemLine } from "./Dialog";
import { onForget } from "./dialogs";
import { problemOf } from "./problems";
import * as state from "./state";

type Asked =
  | { kind: "save"; what: Saved }
  | { kind: "open"; what: Sealed; bytes: ArrayBuffer };

/** Files of the user's that may be under a passphrase. */
type Sealed = "key" | "mapping";

const OPENING = {
  key: { call: "loadKey", title: "Open the project key", said: "Project key loaded; the codes are from it now." },
  mapping: { call: "loadMapping", title: "Open the list of codes", said: "List loaded; its codes are in the plan." },
} as const;

const asked = signal<Asked | null>(null);
onForget(() => {
  asked.value = null;
});

const ask = (what: Saved) => (): void => {
  asked.value = { kind: "save", what };
};
export const saveKey = ask("key");
export const saveLinkingTable = ask("table");
export const saveIdMap = ask("idMap");
export const saveUidMap = ask("uidMap");

const KEY_FILE: FileKind = {
  name: "project.hepatica-key",
  description: "Hepatica project key",
  mime: "application/octet-stream",
  extension: ".hepatica-key",
};

/** What can be saved, under a passphrase unless refused. */
type Saved = "key" | "table" | "idMap" | "uidMap";

interface Saving {
  call: "saveKey" | "linkingTable" | "idMap" | "uidMap";
  title: string;
  /** What it is, and what to mind. */
  text: string;
  /** What it means to save it in the open. */
  open: string;
  said: string;
  /** Of a table, without extension. */
  name: string;
  description: string;
}

const SAVING: Record<Saved, Saving> = {
  key: {
    call: "saveKey",
    title: "Save the project key",
    text: "With it the same patient gets the same code next year. Who has it and a list of patients can find codes out: keep it apart from the data set.",
    open: "anyone who finds it can use it.",
    said: "Project key saved.",
    name: "",
    description: "Hepatica project key",
  },
  table: {
    call: "linkingTable",
    title: "Save the linking table",
    text: "It says which code is which patient. It is written where you choose, and nowhere else; keep it apart from the data set.",
    open: "names will stand in it in plain text.",
    said: "Linking table saved.",
    name: "linking-table",
    description: "Linking table",
  },
  idMap: {
    call: "idMap",
    title: "Save the mapping of IDs",
    text: "A table of two columns, id_old and id_new: each patient’s ID and code. It is written where you choose, and is no part of the data set.",
    open: "patients’ IDs will stand in it in plain text.",
    said: "Mapping of IDs saved.",
    name: "id-map",
    description: "Mapping of IDs",
  },
  uidMap: {
    call: "uidMap",
    title: "Save the mapping of UIDs",
    text: "A table of two columns, uid_old and uid_new: each UID that was replaced in the DICOM objects of the last export. It is written where you choose, and is no part of the data set.",
    open: "UIDs, which lead back to the archive, will stand in it in plain text.",
    said: "Mapping of UIDs saved.",
    name: "uid-map",
    description: "Mapping of UIDs",
  },
};

function fileOf(what: Saved, plain: boolean): FileKind {
  if (what === "key") return KEY_FILE;
  const { name, description } = SAVING[what];
  return plain
    ? { name: `${name}.csv`, description, mime: "text/csv", extension: ".csv" }
    : { name: `${name}.csv.age`, description: `${description} under a passphrase (age)`, mime: "application/octet-stream", extension: ".age" };
}

/** First bytes of an age file, which is how a passphrase protects key and table. */
const AGE = "age-encryption.org/";

/** Opens a file of the user's; asks for its passphrase where it has one. */
export async function load(what: Sealed, file: File): Promise<void> {
  const bytes = await file.arrayBuffer();
  const start = new TextDecoder("latin1").decode(new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 64)));
  state.problem.value = null;
  if (start.includes(AGE) || start.includes("BEGIN AGE")) asked.value = { kind: "open", what, bytes };
  else await open(what, bytes, null);
}

/** True when it opened. */
async function open(what: Sealed, bytes: ArrayBuffer, passphrase: string | null): Promise<boolean> {
  const { call, said } = OPENING[what];
  state.problem.value = null;
  try {
    const plan = await state.engine.value?.ask(call, { bytes, passphrase });
    if (plan) state.takePlan(plan);
    state.announce(said);
    return true;
  } catch (thrown) {
    state.problem.value = problemOf(thrown);
    return false;
  }
}

async function save(what: Saved, passphrase: string | null): Promise<boolean> {
  const engine = state.engine.value;
  if (!engine) return false;
  try {
    const saved = await saveBytes(() => engine.ask(SAVING[what].call, { passphrase }), fileOf(what, passphrase === null));
    if (saved && what === "key") state.takePlan(await engine.ask("keySaved", null));
    if (saved) state.announce(SAVING[what].said);
    return saved;
  } catch (thrown) {
    state.problem.value = problemOf(thrown);
    return false;
  }
}

export function SecretDialog() {
  const now = asked.value;
  if (!now) return null;
  const close = (): void => {
    asked.value = null;
  };
  return now.kind === "open" ? <Open what={now.what} bytes={now.bytes} close={close} /> : <Save what={now.what} close={close} />;
}

function Open({ what, bytes, close }: { what: Sealed; bytes: ArrayBuffer; close: () => void }) {
  const [word, setWord] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <Dialog title={OPENING[what].title} close={close}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          void open(what, bytes.slice(0), word).then((opened) => {
            // A wrong word can be tried again; what is wrong with the file itself is said in the room.
            if (opened || state.problem.value?.cause !== "passphrase") close();
            else setBusy(false);
          });
        }}
      >
        <label class="form__field">
          Passphrase
          <input
            class="field"
            type="password"
            autocomplete="off"
            autoFocus
            value={word}
            onInput={(event) => setWord(event.currentTarget.value)}
          />
        </label>
        <ProblemLine />
        <div class="form__end">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button button--main" disabled={busy || word === ""}>
            {busy ? "Opening…" : "Open"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const LEAST = 10;

function Save({ what, close }: { what: Saved; close: () => void }) {
  const [word, setWord] = useState("");
  const [again, setAgain] = useState("");
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const short = word.length < LEAST;
  const ready = open || (!short && word === again);
  return (
    <Dialog title={SAVING[what].title} close={close}>
      <p class="dialog__text">{SAVING[what].text}</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          void save(what, open ? null : word).then((saved) => (saved ? close() : setBusy(false)));
        }}
      >
        <label class="form__field">
          Passphrase, {LEAST} letters at least
          <input
            class="field"
            type="password"
            autocomplete="new-password"
            autoFocus
            disabled={open}
            value={word}
            onInput={(event) => setWord(event.currentTarget.value)}
          />
        </label>
        <label class="form__field">
          The same again
          <input
            class="field"
            type="password"
            autocomplete="new-password"
            disabled={open}
            value={again}
            onInput={(event) => setAgain(event.currentTarget.value)}
          />
        </label>
        <p class={!open && again !== "" && word !== again ? "form__say warn" : "form__say quiet"}>
          {!open && again !== "" && word !== again
            ? "The two are not the same yet."
            : "It cannot be recovered; write it down where your site keeps such things."}
        </p>
        <label class="form__check">
          <input type="checkbox" class="check" checked={open} onChange={(event) => setOpen(event.currentTarget.checked)} />
          <span>
            Save without a passphrase
            {open && (
              <span class="warn"> — {SAVING[what].open}</span>
            )}
          </span>
        </label>
        <ProblemLine />
        <div class="form__end">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button button--main" disabled={busy || !ready}>
            {busy ? "Saving…" : "Save…"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
