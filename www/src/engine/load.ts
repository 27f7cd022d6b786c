/**
 * Loads the engine inside the engine's worker: picks the flavour, makes its memory, starts its
 * threads.
 *
 * In: nothing but where the worker itself was loaded from. Out: the module's exports, and what was
 * seen while loading. It never runs on the main thread, where waiting for rayon would spin a core.
 */

/** What the engine exports, as wasm-bindgen declares it; written by `cargo xtask`. */
export type Engine = typeof import("../../build/hepatica.js");

/** The journey, as the engine exports it. */
export type Journey = InstanceType<Engine["Journey"]>;

/** GrowCut, as the engine exports it. */
export type Grower = InstanceType<Engine["Grower"]>;

/** Cases and panes, as the engine exports them. */
export type Annotator = InstanceType<Engine["Annotator"]>;

export type Flavour = "threads" | "single";

/** An engine that runs, and the figures that the seal shows. */
export interface LoadedEngine {
  /** The functions and classes that Rust exports. */
  readonly engine: Engine;
  /** The engine's linear memory; shared in flavour `threads`, so copy out of it what leaves. */
  readonly memory: WebAssembly.Memory;
  readonly seen: EngineSeen;
}

/** What was seen while loading; plain data, to be posted to the page for the seal. */
export interface EngineSeen {
  readonly flavour: Flavour;
  /** Threads that answered a call through rayon. */
  readonly threads: number;
  /** Bytes that the engine's memory holds. */
  readonly memoryBytes: number;
  /** Bytes that it may grow to. */
  readonly memoryMaximum: number;
  readonly version: string;
}

/** Pages of the memory for flavour `threads`, from the built module and `wasm-pack.toml`. */
declare const ENGINE_MEMORY: { readonly initial: number; readonly maxima: readonly number[] };

/** Bytes in a page of WebAssembly memory. */
const PAGE = 65_536;

/** What a memory without a maximum can grow to: the whole 32-bit address space. */
const ADDRESS_SPACE = 65_536 * PAGE;

/** The flavour that this origin and browser allow. */
export function flavourHere(): Flavour {
  return globalThis.crossOriginIsolated && typeof SharedArrayBuffer === "function" ? "threads" : "single";
}

/**
 * Loads and starts the engine; call it once, in the engine's worker.
 *
 * @param flavour which build; what this origin allows, unless told otherwise
 * @param threads size of the pool in flavour `threads`; as many as the machine has, unless told
 * @throws where the browser refuses the module, or memory at every maximum
 */
export async function loadEngine(
  flavour: Flavour = flavourHere(),
  threads: number = navigator.hardwareConcurrency || 1,
): Promise<LoadedEngine> {
  const folder = new URL(`./${flavour}/`, globalThis.location.href);
  const engine = (await import(new URL("hepatica.js", folder).href)) as Engine;
  const shared = flavour === "threads" ? sharedMemory() : undefined;
  const { memory } = await engine.default({
    module_or_path: new URL("hepatica_bg.wasm", folder),
    ...(shared && { memory: shared.memory }),
  });
  if (shared) await engine.initThreadPool(Math.max(1, threads));
  return {
    engine,
    memory,
    seen: {
      flavour,
      threads: engine.threadsAnswering(),
      memoryBytes: engine.memoryBytes(),
      memoryMaximum: shared?.maximum ?? ADDRESS_SPACE,
      version: engine.engineVersion(),
    },
  };
}

/** A shared memory with the largest maximum that this platform grants. */
function sharedMemory(): { memory: WebAssembly.Memory; maximum: number } {
  let refusal: unknown;
  for (const maximum of ENGINE_MEMORY.maxima) {
    try {
      const memory = new WebAssembly.Memory({ initial: ENGINE_MEMORY.initial, maximum, shared: true });
      return { memory, maximum: maximum * PAGE };
    } catch (reason) {
      refusal = reason;
    }
  }
  throw refusal;
}
