//! One frame's bytes through this codec's entry.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hepatica_fuzz::one_frame("1.2.840.10008.1.2.4.201", data));
