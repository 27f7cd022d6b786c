/**
 * The page's side of the engine: asks by name, hears answers and tellings.
 *
 * In: questions of `protocol.ts`. Out: promises and callbacks. It never looks into what it carries.
 */
import type { Answer, Ask, CallName, Calls, FromEngine, Tell, Trouble } from "./protocol";

/** The engine refused or failed; `why` finds the remedy, `message` holds no identifier. */
export class EngineTrouble extends Error {
  readonly why: string;
  constructor(trouble: Trouble) {
    super(trouble.text);
    this.name = "EngineTrouble";
    this.why = trouble.cause;
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(trouble: EngineTrouble): void;
}

export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(tell: Tell) => void>();
  #next = 1;
  #ended = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", (event: MessageEvent<FromEngine>) => this.#hear(event.data));
    worker.addEventListener("error", () =>
      this.#lose({ cause: "engine-lost", text: "The engine stopped." }),
    );
  }

  ask<K extends CallName>(
    call: K,
    what: Calls[K]["ask"],
    transfer: Transferable[] = [],
  ): Promise<Calls[K]["answer"]> {
    if (this.#ended) return Promise.reject(new EngineTrouble({ cause: "forgotten", text: "" }));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ kind: "ask", id, call, with: what } as Ask, transfer);
    });
  }

  /** Ends the worker and its threads at once; whatever they held is gone. Questions fail quietly: nobody waits. */
  terminate(): void {
    this.#ended = true;
    this.#listeners.clear();
    this.#worker.terminate();
    for (const waiting of this.#waiting.values()) waiting.reject(new EngineTrouble({ cause: "forgotten", text: "" }));
    this.#waiting.clear();
  }

  /** Hears tellings until the returned function is called. */
  listen(listener: (tell: Tell) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #hear(message: FromEngine): void {
    if (message.kind === "answer") this.#answer(message);
    else if (message.kind === "lost") this.#lose(message.trouble);
    else for (const listener of this.#listeners) listener(message);
  }

  #answer(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new EngineTrouble(answer.trouble));
  }

  /** A lost worker answers nothing any more: every question fails, and the page says so once. */
  #lose(trouble: Trouble): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new EngineTrouble(trouble));
    this.#waiting.clear();
    for (const listener of this.#listeners) listener({ kind: "lost", trouble });
  }
}
