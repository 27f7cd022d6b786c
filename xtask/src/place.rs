//! Where things lie: the repository and the folders that xtask fills.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
pub(crate) struct Place {
    /// Its root.
    pub(crate) root: PathBuf,
}

impl Place {
    /// The repository that this xtask was compiled in.
    pub(crate) fn find() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: here.parent().unwrap_or(here).to_path_buf() }
    }

    /// A path under the root.
    pub(crate) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Cargo's target folder: `CARGO_TARGET_DIR`, or `target/`.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.join("target"),
        }
    }

    /// The cargo that runs xtask, in the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        command
    }

    /// The finished page.
    pub(crate) fn dist(&self) -> PathBuf {
        self.join("dist")
    }

    /// The page's sources, and its npm packages.
    pub(crate) fn www(&self) -> PathBuf {
        self.join("www")
    }

    /// What is made for the page but not part of it: the engine's TypeScript declarations.
    pub(crate) fn www_build(&self) -> PathBuf {
        self.join("www/build")
    }
}
