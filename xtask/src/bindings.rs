//! Turns what rustc writes into what a page loads: the module and its JavaScript glue.

use std::path::Path;

use anyhow::{Context as _, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::place::Place;

/// wasm-bindgen's version here; Cargo.lock must have the same for the crate.
const VERSION: &str = "0.2.130";

/// The stem of the glue's and the module's file names.
pub(crate) const NAME: &str = "hepatica";

/// Refuses a Cargo.lock whose wasm-bindgen is of another version than the library in xtask.
pub(crate) fn check_version(place: &Place) -> anyhow::Result<()> {
    let lock = std::fs::read_to_string(place.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    for name in ["wasm-bindgen", "wasm-bindgen-cli-support"] {
        let found = locked(&lock, name);
        if found != Some(VERSION) {
            bail!(
                "Cargo.lock has {name} {}, xtask expects {VERSION}: move both (xtask/Cargo.toml, \
                 xtask/src/bindings.rs, `cargo update -p {name}`) together",
                found.unwrap_or("absent")
            );
        }
    }
    Ok(())
}

fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    after.split('"').next()
}

/// Writes `hepatica.js`, `hepatica.d.ts`, `hepatica_bg.wasm` and `snippets/` into `out`.
pub(crate) fn generate(module: &Path, out: &Path) -> anyhow::Result<()> {
    Bindgen::new()
        .input_path(module)
        .out_name(NAME)
        .web(true)?
        .typescript(true)
        // Names of functions make a panic's stack readable; they are a tenth of the module.
        .remove_producers_section(true)
        .generate(out)
        .context("wasm-bindgen could not read the module")
}

/// The number of pages that a module wants of an imported memory to begin with, from its import
/// section (WebAssembly Core Specification, §5.5.5); `None` where it brings its own memory.
pub(crate) fn imported_memory_pages(module: &[u8]) -> Option<u64> {
    let mut section = Reader(module.get(8..)?);
    loop {
        let id = section.byte()?;
        let size = usize::try_from(section.number()?).ok()?;
        let mut body = Reader(section.take(size)?);
        if id != 2 {
            continue;
        }
        for _ in 0..body.number()? {
            body.name()?;
            body.name()?;
            match body.byte()? {
                0 => {
                    body.number()?;
                }
                1 => {
                    body.byte()?;
                    body.limits()?;
                }
                2 => return body.limits(),
                3 => {
                    body.take(2)?;
                }
                4 => {
                    body.byte()?;
                    body.number()?;
                }
                _ => return None,
            }
        }
        return None;
    }
}

/// A reader of WebAssembly's binary format, as far as its imports.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// An unsigned LEB128 number (§5.2.2).
    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        let size = usize::try_from(self.number()?).ok()?;
        self.take(size)
    }

    /// The minimum; bit 0 of the flags says that a maximum follows.
    fn limits(&mut self) -> Option<u64> {
        let flags = self.byte()?;
        let minimum = self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Some(minimum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_memory_among_the_imports_is_found() {
        // (module (import "e" "f" (func (type 0))) (import "e" "m" (memory 300 65536 shared)))
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([1, 4, 1, 0x60, 0, 0]);
        let imports = [2, 1, b'e', 1, b'f', 0, 0, 1, b'e', 1, b'm', 2, 3, 0xac, 0x02, 0x80, 0x80, 0x04];
        module.extend([2, imports.len() as u8]);
        module.extend(imports);
        assert_eq!(imported_memory_pages(&module), Some(300));
    }

    #[test]
    fn a_module_with_its_own_memory_imports_none() {
        assert_eq!(imported_memory_pages(b"\0asm\x01\0\0\0"), None);
    }

    #[test]
    fn a_version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"1.2.3\"\n";
        assert_eq!(locked(lock, "a-b"), Some("1.2.3"));
        assert_eq!(locked(lock, "b"), None);
    }
}
