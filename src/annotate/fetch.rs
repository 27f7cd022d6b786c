//! One volume, read by ranges and unpacked in steps.
//!
//! In: bytes as they come. Out: the image. A step unpacks a bounded number of bytes, so that whoever
//! drives it can listen to the user in between; several volumes may be unpacked side by side.

use super::AnnotateError;
use super::bytes::{ByteReader, Place};
use crate::dicom::Need;
use crate::nifti::{Announced, ImageStream, ReadImage};

/// Packed bytes of a step: some milliseconds of work.
const STEP: usize = 192 << 10;

/// Bytes waiting to be unpacked, above which no more are asked for.
const AHEAD: usize = 1 << 20;

/// The reading of one volume.
pub struct Fetch {
    reader: ByteReader,
    stream: Option<ImageStream>,
    /// Asked for, and not fed yet.
    asked: Option<Need>,
    waiting: Vec<u8>,
    /// Bytes of `waiting` that are unpacked.
    used: usize,
    ended: bool,
    known: Option<Announced>,
}

impl Fetch {
    /// Of image `frame` of a file; its voxels may take `budget` bytes.
    ///
    /// # Errors
    /// As [`ByteReader::new`].
    pub fn new(place: &Place, frame: u32, budget: u64) -> Result<Self, AnnotateError> {
        Ok(Self {
            reader: ByteReader::new(place)?,
            stream: Some(ImageStream::new(frame, budget)),
            asked: None,
            waiting: Vec::new(),
            used: 0,
            ended: false,
            known: None,
        })
    }

    /// A range to read now, if there is one; it is handed out once.
    pub fn need(&mut self) -> Option<Need> {
        if self.asked.is_some() || self.ended || self.waiting.len() - self.used > AHEAD {
            return None;
        }
        self.asked = self.reader.need();
        self.ended = self.asked.is_none();
        self.asked
    }

    /// Whether these bytes were asked for here.
    #[must_use]
    pub fn wants(&self, need: &Need) -> bool {
        self.asked == Some(*need)
    }

    /// Takes the bytes of the range; `None` where it could not be read.
    ///
    /// # Errors
    /// [`AnnotateError::Unreadable`], a damaged archive.
    pub fn feed(&mut self, bytes: Option<Vec<u8>>) -> Result<(), AnnotateError> {
        self.asked = None;
        let content = self.reader.feed(bytes.ok_or(AnnotateError::Unreadable)?)?;
        if self.used >= self.waiting.len() {
            self.waiting = content;
            self.used = 0;
        } else {
            self.waiting.extend_from_slice(&content);
        }
        Ok(())
    }

    /// Whether there is something to unpack, or an image to finish.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.used < self.waiting.len() || self.is_at_end()
    }

    fn is_at_end(&self) -> bool {
        self.ended || self.stream.as_ref().is_some_and(ImageStream::is_done)
    }

    /// Unpacks a little; gives the image once it is whole.
    ///
    /// # Errors
    /// [`AnnotateError::Image`].
    pub fn work(&mut self) -> Result<Option<ReadImage>, AnnotateError> {
        let Some(stream) = &mut self.stream else { return Ok(None) };
        let piece = self.waiting.get(self.used..).unwrap_or_default();
        let piece = piece.get(..STEP.min(piece.len())).unwrap_or_default();
        self.used += piece.len();
        let fed = stream.feed(piece);
        self.known = stream.announced().or(self.known);
        fed?;
        let drained = self.used >= self.waiting.len();
        if stream.is_done() || (self.ended && drained) {
            return match self.stream.take() {
                Some(stream) => Ok(Some(stream.finish()?)),
                None => Ok(None),
            };
        }
        Ok(None)
    }

    /// What the header says, once it was read.
    #[must_use]
    pub fn announced(&self) -> Option<Announced> {
        self.known
    }
}
