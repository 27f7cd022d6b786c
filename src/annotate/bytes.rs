//! The content of a file by ranges, wherever it lies: on its own, or in a zip archive.

use crate::dataset::{EntryReader, Error, ZipEntry};
use crate::dicom::Need;

/// Where a file lies.
#[derive(Clone)]
pub enum Place {
    /// A source of its own, of so many bytes.
    File {
        /// The source, as numbered by whoever registered it.
        source: u32,
        /// Bytes.
        size: u64,
    },
    /// An entry of a zip archive.
    Zip(Box<ZipEntry>),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File { .. } => "Place::File",
            Self::Zip(_) => "Place::Zip",
        })
    }
}

impl Place {
    /// Bytes of its content.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } => *size,
            Self::Zip(entry) => entry.size(),
        }
    }
}

/// Bytes asked for at a time. A read costs the browser more than its bytes do.
const PIECE: u64 = 1 << 20;

/// Reads a file from its beginning: [`need`](Self::need), [`feed`](Self::feed), until nothing is needed.
pub struct ByteReader {
    kind: Kind,
    asked: u64,
}

enum Kind {
    File { source: u32, size: u64, at: u64 },
    Zip(Box<EntryReader>),
}

impl ByteReader {
    /// Of a file.
    ///
    /// # Errors
    /// [`Error`] for an entry that is encrypted, damaged, or packed in a way that is not read here.
    pub fn new(place: &Place) -> Result<Self, Error> {
        let kind = match place {
            Place::File { source, size } => Kind::File { source: *source, size: *size, at: 0 },
            Place::Zip(entry) => Kind::Zip(Box::new(EntryReader::new(entry, PIECE * 64)?)),
        };
        Ok(Self { kind, asked: 0 })
    }

    /// One that wants nothing.
    #[must_use]
    pub fn ended() -> Self {
        Self { kind: Kind::File { source: 0, size: 0, at: 0 }, asked: 0 }
    }

    /// The range wanted next; `None` at the end.
    pub fn need(&mut self) -> Option<Need> {
        match &mut self.kind {
            Kind::File { source, size, at } => {
                self.asked = (*size - *at).min(PIECE);
                (self.asked > 0).then_some(Need { source: *source, offset: *at, len: self.asked })
            }
            Kind::Zip(reader) => {
                let (released, held) = reader.content();
                let known = released + held.len() as u64;
                reader.need(known.saturating_add(PIECE))
            }
        }
    }

    /// Takes the bytes of the range that was asked for last; gives the content that they hold.
    ///
    /// # Errors
    /// [`Error`]: other bytes than asked for, a damaged archive.
    pub fn feed(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        match &mut self.kind {
            Kind::File { at, .. } => {
                let got = bytes.len() as u64;
                if got != self.asked {
                    return Err(Error::WrongRange { asked: self.asked, got });
                }
                *at += got;
                self.asked = 0;
                Ok(bytes)
            }
            Kind::Zip(reader) => {
                reader.feed(&bytes)?;
                let (released, held) = reader.content();
                let (content, upto) = (held.to_vec(), released + held.len() as u64);
                reader.release(upto);
                Ok(content)
            }
        }
    }
}
