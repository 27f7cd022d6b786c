//! The engine as a machine: which version runs, how many threads answer, how much memory it holds.
//! Nothing of the journey passes through here, and nothing here is identified.

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts rayon's threads, each a web worker over the shared memory: `initThreadPool(n)` in
/// JavaScript, once, before the first parallel work.
#[cfg(feature = "threads")]
pub use wasm_bindgen_rayon::init_thread_pool;

/// Bytes in a page of WebAssembly memory (WebAssembly Core Specification, §4.2.8).
const PAGE: f64 = 65_536.0;

/// The crate's version, as it is written into provenance.
#[wasm_bindgen(js_name = engineVersion)]
#[must_use]
pub fn engine_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// How many threads answered a call just now: the figure of the seal. It is counted, not looked up.
#[wasm_bindgen(js_name = threadsAnswering)]
#[must_use]
pub fn threads_answering() -> u32 {
    rayon::broadcast(|_| 1_u32).iter().sum()
}

/// Bytes of linear memory that the engine holds. WebAssembly memory only grows, so this is its peak.
#[wasm_bindgen(js_name = memoryBytes)]
#[must_use]
pub fn memory_bytes() -> f64 {
    // usize is 32 bits here, and a page count fits a f64 exactly.
    core::arch::wasm32::memory_size(0) as f64 * PAGE
}
