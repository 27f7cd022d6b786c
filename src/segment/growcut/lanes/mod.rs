//! Eight differences or four long keys at a time: SIMD as WebAssembly and x86-64 have it, and the same
//! by arrays elsewhere.
//!
//! In and out: vectors. This is the one module of the crate that holds `unsafe`: loads without a check of
//! bounds, because the callers check the bounds of all their loads at once, and intrinsics that every
//! machine of the target has (`simd128` is asked for by both WebAssembly flavours, SSE2 is part of x86-64).
#![allow(unsafe_code, reason = "unchecked loads, argued where they stand")]

pub(crate) use imp::{Eight, Four};

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "simd128.rs"]
mod imp;
#[cfg(target_arch = "x86_64")]
#[path = "x86.rs"]
mod imp;
#[cfg(any(test, not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))))]
pub(crate) mod plain;
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
use plain as imp;
