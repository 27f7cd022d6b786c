//! The wasm-bindgen surface of the session, and nothing else (wasm32 only).
//!
//! In: numbers, bytes and edits from the page's worker. Out: bytes for the archive, and views: plain
//! data that the page draws. Views are identified where they say so; they go to the page that asked.

pub mod annotate;
pub mod demo;
pub mod growcut;
pub mod inspect;
pub mod journey;
mod report;
pub mod review;
pub mod runtime;
