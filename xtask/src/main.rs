//! `cargo xtask …`: builds, serves, tests and measures Hepatica, one file a verb.

fn main() {}
