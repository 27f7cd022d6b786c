//! The wasm-bindgen surface of the session, and nothing else (wasm32 only).

pub mod runtime;
