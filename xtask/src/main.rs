//! `cargo xtask …`: builds, serves, tests and measures Hepatica, one file a verb.
//!
//! In: this repository and a machine with Rust and Node. Out: `dist/`, the page; test results.
//! Every verb does its own set-up, says in words what it is doing and how long it took, and says
//! what to install by hand where it can't.

mod bench;
mod bench_deidentify;
mod bindings;
mod build;
mod chromium;
mod conformance;
mod fuzz;
mod judges;
mod manifest;
mod npm;
mod page;
mod place;
mod process;
mod say;
mod serve;
mod tally;
mod test;
mod toolchain;
mod wasm;
// The server is the one of `hepatica serve`, by its source: xtask must build and run while the
// crate that it builds does not compile.
#[allow(unreachable_pub, reason = "the file is written as a public module of the library")]
#[path = "../../src/serve.rs"]
mod server;

use std::process::ExitCode;

use place::Place;

const USAGE: &str = "\
cargo xtask serve [--port N] [--open]      build the page and serve it on http://127.0.0.1:8080
                  [--no-build]             serve dist/ as it is
cargo xtask test  [--full]                 set up the judges and run everything; ends with `N passed, N failed`
                  [--only WORD]            only stages with that word in their name: lints, rust, browser …
                  [--matching WORDS]       only browser tests with these words in their name
cargo xtask build                          optimised dist/ for static hosts, and target/release/hepatica with the page inside
cargo xtask conformance DIR …              compare with dcm2niix, volume by volume, on any folders of DICOM files
cargo xtask fuzz [TARGET …] [--seconds N]  coverage-guided fuzzing of what reads hostile bytes, from made seeds
cargo xtask bench NAME …                   measure beside the peers: tests/browser/bench/NAME.mjs; deidentify
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let place = Place::find();
    let done = match verb {
        "serve" => serve::run(&place, rest),
        "test" => test::run(&place, rest),
        "build" => build::run(&place, rest),
        "conformance" => conformance::run(&place, rest),
        "bench" => bench::run(&place, rest),
        "fuzz" => fuzz::run_targets(&place, rest),
        "help" | "--help" | "-h" => {
            say::plainly(USAGE);
            Ok(ExitCode::SUCCESS)
        }
        other => {
            say::warn(&format!("there is no verb `{other}`"));
            say::plainly(USAGE);
            Ok(ExitCode::from(2))
        }
    };
    done.unwrap_or_else(|fault| {
        say::fault(&fault);
        ExitCode::FAILURE
    })
}
