//! `cargo xtask serve`: builds the page and serves it on this machine.

use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::page;
use crate::place::Place;
use crate::say;
use crate::server::{self, Folder, Options};
use crate::wasm::Finish;

pub(crate) fn run(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (options, build) = parse(arguments)?;
    if build {
        page::build(place, Finish::Quick)?;
    }
    let site = Folder::new(place.dist());
    server::run(&site, &options, |address| {
        say::plainly(&format!("\n   Hepatica is at {address}   (Ctrl+C ends it)\n"));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// How to serve, and whether to build before.
fn parse(arguments: &[String]) -> anyhow::Result<(Options, bool)> {
    let mut options = Options::default();
    let mut build = true;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--port" => {
                options.port = rest
                    .next()
                    .and_then(|port| port.parse().ok())
                    .context("--port wants a number from 0 to 65535")?;
            }
            "--open" => options.open = true,
            "--no-build" => build = false,
            other => {
                bail!("`serve` does not know `{other}`; it takes --port N, --open and --no-build")
            }
        }
    }
    Ok((options, build))
}
