/**
 * The workers of rayon's pool: the page's own version of wasm-bindgen-rayon's
 * `workerHelpers.no-bundler.js`, whose place `cargo xtask` gives it in `dist/`.
 *
 * The original starts its workers from `blob:` addresses. The policy refuses those
 * (`worker-src 'self'`), and must: a worker from a blob inherits no header of ours. Here this file
 * starts itself, from the page's own origin. It is loaded twice over: by the glue, which calls
 * `startWorkers`, and as the script of each worker, which waits for its memory and becomes a thread.
 */

/** wasm-bindgen-rayon's builder, as far as it is used here. */
interface PoolBuilder {
  numThreads(): number;
  receiver(): number;
  mainJS(): string;
  build(): void;
}

/** The glue that a worker loads. */
interface Glue {
  default(from: { module_or_path: WebAssembly.Module; memory: WebAssembly.Memory }): Promise<unknown>;
  wbg_rayon_start_worker(receiver: number): void;
}

interface Start {
  readonly type: "hepatica-pool-start";
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly receiver: number;
  readonly glue: string;
}

const READY = "hepatica-pool-ready";

/** What a thread says when a volume that it worked on has come to a halt (`src/web/journey.rs`). */
const HALTED = "hepatica-pool-halted";

addEventListener("message", (event: MessageEvent<Start | undefined>) => {
  if (event.data?.type !== "hepatica-pool-start") return;
  const { module, memory, receiver, glue } = event.data;
  void (async () => {
    const loaded = (await import(glue)) as Glue;
    await loaded.default({ module_or_path: module, memory });
    postMessage(READY);
    // Never returns while the pool lives.
    loaded.wbg_rayon_start_worker(receiver);
  })();
});

/** Kept for good: Firefox collects workers that nothing refers to, memory or not (bug 1702191). */
const workers: Worker[] = [];

/** Called by wasm-bindgen-rayon's `initThreadPool`. */
export async function startWorkers(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  builder: PoolBuilder,
): Promise<void> {
  const start: Start = {
    type: "hepatica-pool-start",
    module,
    memory,
    receiver: builder.receiver(),
    glue: builder.mainJS(),
  };
  const started = Array.from({ length: builder.numThreads() }, () => {
    const worker = new Worker(import.meta.url, { type: "module" });
    workers.push(worker);
    return new Promise<void>((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => {
        if (data === READY) resolve();
        // The engine's worker hears it as an event of its own: this file is a module apart.
        else if (data === HALTED) dispatchEvent(new Event(HALTED));
      });
      worker.addEventListener("error", () => reject(new Error("a thread of the engine did not start")));
      worker.postMessage(start);
    });
  });
  await Promise.all(started);
  builder.build();
}
