//! The project key and other files under a passphrase.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use hepatica::deid::{KeyError, Mapping, MappingError, ProjectKey, Protection, SealError, SubjectNaming};

use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct KeyOptions {
    /// The project key: under it the same patient gets the same code next year. Made if the file isn't
    /// there. Without one, codes are good for this run only.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file whose first line is the passphrase of the key, mapping and linking table.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Save a new key, or the linking table, without a passphrase.
    #[arg(long)]
    plain: bool,
    /// A CSV with the columns patient_id and subject, whose codes are obeyed; or a linking table.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Number the subjects 001, 002 … by keyed order, going on from the mapping.
    #[arg(long)]
    numbered: bool,
}

impl KeyOptions {
    /// The key: loaded, made and saved, or for this run only.
    pub(crate) fn open(&self) -> Result<ProjectKey, Failure> {
        let Some(path) = &self.key else { return fresh() };
        if path.exists() {
            let bytes =
                std::fs::read(path).map_err(|e| Failure::Key(format!("the key file can't be read: {e}")))?;
            return self.load(&bytes);
        }
        let key = fresh()?;
        let bytes =
            self.protect(|protection| key.save(protection).map_err(|e| Failure::Key(e.to_string())))?;
        write_private(path, &bytes)
            .map_err(|e| Failure::Key(format!("the key file can't be written: {e}")))?;
        eprintln!(
            "A new project key was saved. Keep it: without it nobody can join this data set under the same codes."
        );
        Ok(key)
    }

    fn load(&self, bytes: &[u8]) -> Result<ProjectKey, Failure> {
        match ProjectKey::load(bytes, None) {
            Err(KeyError::Seal(SealError::NeedsPassphrase)) => {
                let passphrase = self.passphrase("Passphrase of the project key: ")?;
                ProjectKey::load(bytes, Some(&passphrase)).map_err(|e| Failure::Key(e.to_string()))
            }
            other => other.map_err(|e| Failure::Key(e.to_string())),
        }
    }

    /// How subjects are named.
    pub(crate) fn naming(&self) -> Result<SubjectNaming, Failure> {
        let mapping = match &self.mapping {
            None => None,
            Some(path) => {
                let bytes = std::fs::read(path)
                    .map_err(|e| Failure::Key(format!("the mapping can't be read: {e}")))?;
                let loaded = match Mapping::load(&bytes, None) {
                    Err(MappingError::Seal(SealError::NeedsPassphrase)) => {
                        Mapping::load(&bytes, Some(&self.passphrase("Passphrase of the mapping: ")?))
                    }
                    other => other,
                };
                Some(loaded.map_err(|e| Failure::Key(e.to_string()))?)
            }
        };
        Ok(match (mapping, self.numbered) {
            (mapping, true) => SubjectNaming::Numbered(mapping.unwrap_or_default()),
            (Some(mapping), false) => SubjectNaming::Mapped(mapping),
            (None, false) => SubjectNaming::Keyed,
        })
    }

    /// Bytes under a passphrase, or plain where that was asked for.
    pub(crate) fn protect(
        &self,
        save: impl Fn(Protection<'_>) -> Result<Vec<u8>, Failure>,
    ) -> Result<Vec<u8>, Failure> {
        if self.plain {
            return save(Protection::Plain);
        }
        let passphrase = self.passphrase("Choose a passphrase: ")?;
        if self.passphrase_file.is_none() && rpassword_prompt("Repeat it: ")? != passphrase {
            return Err(Failure::Key("the two passphrases differ; nothing was saved".into()));
        }
        save(Protection::Passphrase(&passphrase))
    }

    fn passphrase(&self, prompt: &str) -> Result<String, Failure> {
        if let Some(path) = &self.passphrase_file {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::Key(format!("the passphrase file can't be read: {e}")))?;
            return Ok(text.lines().next().unwrap_or_default().to_owned());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::Key(
                "a passphrase is needed: give --passphrase-file, or --plain to save without one".into(),
            ));
        }
        rpassword_prompt(prompt)
    }
}

fn rpassword_prompt(prompt: &str) -> Result<String, Failure> {
    rpassword::prompt_password(prompt).map_err(|e| Failure::Key(format!("the passphrase can't be read: {e}")))
}

fn fresh() -> Result<ProjectKey, Failure> {
    let mut entropy = [0u8; 32];
    getrandom::fill(&mut entropy).map_err(|e| Failure::Key(format!("no random numbers: {e}")))?;
    Ok(ProjectKey::from_entropy(entropy))
}

/// Writes a file that only its owner may read; an existing one is not overwritten.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

/// Writes a table that the user asked for, for the owner's eyes only.
pub(crate) fn save_map(path: &Path, header: &str, rows: Vec<(String, String)>) -> Result<(), Failure> {
    let text = hepatica::deid::pairs(header, &rows);
    write_private(path, text.as_bytes()).map_err(|e| Failure::Key(format!("a table can't be written: {e}")))
}
