//! The demo study: phantom patients, file by file, made in the tab.
//!
//! In: how many patients. Out: paths and bytes, which take the same road as dropped files.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::phantom::{Phantom, PhantomSpec};

/// A phantom cohort to read files of.
#[wasm_bindgen(js_name = Demo)]
#[derive(Debug)]
pub struct Demo {
    phantom: Phantom,
}

#[wasm_bindgen(js_class = Demo)]
impl Demo {
    /// Plans a cohort; `scale` 1 gives T1 at 320×260×72.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(patients: u32, seed: u32, scale: f64) -> Self {
        let spec = PhantomSpec { patients, seed: u64::from(seed), scale, ..PhantomSpec::default() };
        Self { phantom: Phantom::new(spec) }
    }

    /// How many files there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.phantom.count()
    }

    /// A file's path, as an export has it.
    #[must_use]
    pub fn path(&self, index: usize) -> String {
        self.phantom.entry(index).map(|file| file.path).unwrap_or_default()
    }

    /// A file's bytes; some milliseconds at full scale.
    #[must_use]
    pub fn file(&self, index: usize) -> Vec<u8> {
        self.phantom.file(index).unwrap_or_default()
    }
}
