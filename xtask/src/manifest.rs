//! Reads `wasm-pack.toml`, the manifest of the WebAssembly builds.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use crate::place::Place;

/// The file, as it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Manifest {
    pub(crate) build: Build,
    pub(crate) flavours: BTreeMap<String, Flavour>,
    pub(crate) optimiser: Optimiser,
}

/// What both flavours share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Build {
    pub(crate) target: String,
    pub(crate) profile: String,
    pub(crate) build_std: Vec<String>,
}

/// One flavour.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Flavour {
    pub(crate) features: Vec<String>,
    pub(crate) target_features: Vec<String>,
    pub(crate) link_args: Vec<String>,
    /// Maxima of the shared memory in bytes, in the order in which the page tries them.
    pub(crate) memory_maxima: Vec<u64>,
}

/// wasm-opt and its flags.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Optimiser {
    /// Relative to `www/`.
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    /// In addition, where the flavour has atomics.
    pub(crate) threads_arguments: Vec<String>,
}

impl Manifest {
    pub(crate) fn read(place: &Place) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(place.join("wasm-pack.toml")).context("cannot read wasm-pack.toml")?;
        toml::from_str(&text).context("wasm-pack.toml is not as expected")
    }
}
