//! `cargo xtask build`: the release. `dist/` for static hosts, and a native `hepatica` that has the
//! page inside.

use std::process::ExitCode;

use anyhow::bail;

use crate::page;
use crate::place::Place;
use crate::process;
use crate::say;
use crate::wasm::Finish;

pub(crate) fn run(place: &Place, arguments: &[String]) -> anyhow::Result<ExitCode> {
    if let Some(other) = arguments.first() {
        bail!("`build` takes no arguments, and was given `{other}`");
    }
    let hash = page::build(place, Finish::Optimised)?;
    say::step("native hepatica with the page inside", || {
        process::run(
            place
                .cargo()
                .args(["build", "--quiet", "--locked", "--release", "--package", "hepatica"])
                .args(["--bin", "hepatica", "--features", "embed-page"])
                // What is taken in is compiled anew when this changes.
                .env("HEPATICA_PAGE_BUILD", &hash),
        )
    })?;
    say::plainly(&format!(
        "\n   {}   the page, for any static host (see _headers, nginx.conf, Caddyfile in it)\n   {}   the command line; `hepatica serve` opens the page\n",
        place.dist().display(),
        place.target().join("release/hepatica").display()
    ));
    Ok(ExitCode::SUCCESS)
}
