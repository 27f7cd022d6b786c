//! NIfTI in, piece by piece: bytes of a `.nii` or `.nii.gz` as they come, one image out of those along time.
//!
//! In: pieces of the file in order. Out: how many bytes of voxels there will be as soon as the header is
//! known, and the image at the end. Beside the voxels nothing is held but the piece at hand, so that a
//! volume takes its own size and no more; what is larger than the budget is refused before it is made.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

use super::read::{Header, ReadError, ReadImage};
use crate::volume::Voxels;

/// Reads one image of a file: [`feed`](Self::feed) until [`is_done`](Self::is_done), then [`finish`](Self::finish).
pub struct ImageStream {
    decoder: Option<MultiGzDecoder<Sink>>,
    plain: Option<Sink>,
    /// First bytes, until they tell whether it is gzip.
    start: Vec<u8>,
    frame: u64,
    budget: u64,
}

impl std::fmt::Debug for ImageStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageStream").field("frame", &self.frame).finish_non_exhaustive()
    }
}

/// What the header says, before the voxels are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Voxels along x, y, z.
    pub dims: [u64; 3],
    /// Images along time.
    pub frames: u64,
    /// Bytes of the voxels of one image, as they will be held.
    pub bytes: u64,
}

impl ImageStream {
    /// For image `frame` of those along time, from 0; `budget` bounds the bytes of its voxels.
    #[must_use]
    pub fn new(frame: u32, budget: u64) -> Self {
        Self { decoder: None, plain: None, start: Vec::new(), frame: u64::from(frame), budget }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// [`ReadError`], as soon as it shows.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), ReadError> {
        if self.decoder.is_none() && self.plain.is_none() {
            let wanted = 2_usize.saturating_sub(self.start.len()).min(bytes.len());
            let (first, rest) = bytes.split_at(wanted);
            self.start.extend_from_slice(first);
            bytes = rest;
            if self.start.len() < 2 {
                return Ok(());
            }
            let start = std::mem::take(&mut self.start);
            let sink = Sink::new(self.frame, self.budget);
            if start == [0x1f, 0x8b] {
                self.decoder = Some(MultiGzDecoder::new(sink));
            } else {
                self.plain = Some(sink);
            }
            self.push(&start)?;
        }
        self.push(bytes)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        if self.is_done() {
            return Ok(());
        }
        let sent = match (&mut self.decoder, &mut self.plain) {
            // Flushed, or what it has unpacked may wait in it until the end.
            (Some(decoder), _) => decoder.write_all(bytes).and_then(|()| decoder.flush()),
            (None, Some(sink)) => sink.write_all(bytes),
            (None, None) => Ok(()),
        };
        match (sent, self.sink().and_then(|sink| sink.fault)) {
            (_, Some(fault)) => Err(fault),
            (Err(_), None) if !self.is_done() => Err(ReadError::Short),
            _ => Ok(()),
        }
    }

    fn sink(&self) -> Option<&Sink> {
        self.decoder.as_ref().map(MultiGzDecoder::get_ref).or(self.plain.as_ref())
    }

    /// What the header says; `None` until it has been read.
    #[must_use]
    pub fn announced(&self) -> Option<Announced> {
        let sink = self.sink()?;
        let header = sink.header.as_ref()?;
        Some(Announced { dims: header.dims, frames: header.times, bytes: sink.held })
    }

    /// Whether further bytes of the file are not needed. Behind the last image of a file they are: the
    /// checksum of its gzip is there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.sink().is_some_and(Sink::stops)
    }

    /// Part of the image that is there, 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.sink().map_or(0.0, |sink| match &sink.header {
            Some(_) if sink.wanted > 0 => {
                1.0 - (sink.skip + sink.left) as f64 / (sink.wanted as f64).max(1.0)
            }
            _ => 0.0,
        })
    }

    /// The image.
    ///
    /// # Errors
    /// [`ReadError::NotNifti`], [`ReadError::Short`], [`ReadError::Geometry`].
    pub fn finish(mut self) -> Result<ReadImage, ReadError> {
        if let Some(decoder) = &mut self.decoder {
            // What the decoder still holds, and the checksum.
            let ended = decoder.try_finish();
            if let Some(fault) = decoder.get_ref().fault {
                return Err(fault);
            }
            if ended.is_err() && !decoder.get_ref().stops() {
                return Err(ReadError::Short);
            }
        }
        let sink = match (&mut self.decoder, self.plain) {
            (Some(decoder), _) => std::mem::replace(decoder.get_mut(), Sink::new(0, 0)),
            (None, Some(plain)) => plain,
            (None, None) => return Err(ReadError::NotNifti),
        };
        sink.finish()
    }
}

/// Where unpacked bytes go: the header, then what is skipped, then voxels.
struct Sink {
    head: Vec<u8>,
    header: Option<Header>,
    frame: u64,
    budget: u64,
    /// Bytes that will be held.
    held: u64,
    /// Bytes to pass over before the image wanted.
    skip: u64,
    /// Bytes of the image still to come.
    left: u64,
    /// Both, at the beginning.
    wanted: u64,
    /// Bytes of a value that came in two pieces.
    rest: Vec<u8>,
    voxels: Voxels,
    fault: Option<ReadError>,
    /// Bytes behind the image.
    behind: u64,
}

/// Bytes behind the last voxel that are unpacked for the sake of the checksum.
const BEHIND: u64 = 1 << 20;

/// NIfTI-2's header, its extension flag included; NIfTI-1's is 352.
const HEAD: usize = 544;

impl Sink {
    fn new(frame: u64, budget: u64) -> Self {
        Self {
            head: Vec::new(),
            header: None,
            frame,
            budget,
            held: 0,
            skip: 0,
            left: 0,
            wanted: 0,
            rest: Vec::new(),
            voxels: Voxels::U8(Vec::new()),
            fault: None,
            behind: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.header.is_some() && self.skip == 0 && self.left == 0
    }

    fn stops(&self) -> bool {
        let last = self.header.as_ref().is_some_and(|header| self.frame + 1 >= header.times);
        self.is_full() && (!last || self.behind > BEHIND)
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), ReadError> {
        if self.header.is_none() {
            let (first, rest) = bytes.split_at((HEAD - self.head.len()).min(bytes.len()));
            self.head.extend_from_slice(first);
            bytes = rest;
            // A NIfTI-1 file of a few voxels may be shorter than the larger header: `finish` sees to it.
            if self.head.len() < HEAD {
                return Ok(());
            }
            self.begin()?;
        }
        self.voxels_of(bytes)
    }

    fn begin(&mut self) -> Result<(), ReadError> {
        let header = Header::parse_any(&self.head)?;
        if self.frame >= header.times {
            return Err(ReadError::Volumes(header.times));
        }
        let size = header.size()?;
        let len = header.voxels()?.checked_mul(size).ok_or(ReadError::Geometry)?;
        self.held = header.voxels()?.checked_mul(header.size_held()?).ok_or(ReadError::Geometry)?;
        if self.held > self.budget {
            return Err(ReadError::Memory { needed: self.held, budget: self.budget });
        }
        let before = self.frame.checked_mul(len).ok_or(ReadError::Geometry)?;
        self.skip = header.offset.checked_add(before).ok_or(ReadError::Geometry)?;
        self.left = len;
        self.wanted = self.skip.saturating_add(len);
        let count = usize::try_from(header.voxels()?).map_err(|_| ReadError::Geometry)?;
        self.voxels = header.room(count)?;
        self.header = Some(header);
        let head = std::mem::take(&mut self.head);
        self.voxels_of(&head)
    }

    fn voxels_of(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let Some(header) = &self.header else { return Ok(()) };
        let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= passed as u64;
        let bytes = bytes.get(passed..).unwrap_or_default();
        let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        self.left -= taken as u64;
        self.behind += (bytes.len() - taken) as u64;
        let mut bytes = bytes.get(..taken).unwrap_or_default();
        let size = usize::try_from(header.size()?).unwrap_or(8);
        if !self.rest.is_empty() {
            let wanted = (size - self.rest.len()).min(bytes.len());
            let (first, others) = bytes.split_at(wanted);
            self.rest.extend_from_slice(first);
            bytes = others;
            if self.rest.len() < size {
                return Ok(());
            }
            let value = std::mem::take(&mut self.rest);
            header.append(&value, &mut self.voxels);
        }
        let whole = bytes.len() - bytes.len() % size;
        let (values, rest) = bytes.split_at(whole);
        header.append(values, &mut self.voxels);
        self.rest.extend_from_slice(rest);
        Ok(())
    }

    fn finish(mut self) -> Result<ReadImage, ReadError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.header.is_none() {
            self.begin()?;
        }
        if !self.is_full() {
            return Err(ReadError::Short);
        }
        match self.header {
            Some(header) => Ok(ReadImage { grid: header.grid()?, voxels: header.with_scale(self.voxels) }),
            None => Err(ReadError::NotNifti),
        }
    }
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.fault.is_none()
            && let Err(fault) = self.take(bytes)
        {
            self.fault = Some(fault);
        }
        if self.fault.is_some() || self.stops() {
            // Stops the decoder: nothing more of the file is wanted.
            return Err(std::io::Error::other("enough"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::nifti::{ImageHeader, ParallelGzip, read};
    use crate::volume::{Affine, Grid, VoxelType};

    fn file(times: u32, slope: f64, intercept: f64) -> Vec<u8> {
        let grid = Grid::new(
            [3, 5, 2],
            Affine([[-1.5, 0.1, 0.0, 10.0], [0.1, 1.5, 0.0, -20.0], [0.0, 0.0, 2.0, 30.0]]),
        )
        .unwrap();
        let header =
            ImageHeader { grid, times, time_step_s: 1.0, voxel_type: VoxelType::I16, slope, intercept };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend((0..30 * times as i16).flat_map(|v| (v - 3).to_le_bytes()));
        bytes
    }

    fn streamed(bytes: &[u8], frame: u32, piece: usize) -> Result<ReadImage, ReadError> {
        let mut stream = ImageStream::new(frame, 1 << 20);
        for part in bytes.chunks(piece) {
            stream.feed(part)?;
        }
        stream.finish()
    }

    #[test]
    fn whatever_the_pieces_it_is_what_was_written() {
        let plain = file(1, 1.0, 0.0);
        let zipped = ParallelGzip::compress(&plain, true);
        let truth = read(&plain, 1 << 20).unwrap();
        for bytes in [&plain, &zipped] {
            for piece in [1, 3, 100, 1 << 16] {
                assert_eq!(streamed(bytes, 0, piece).unwrap(), truth, "{piece}");
            }
        }
    }

    #[test]
    fn one_image_of_many_along_time() {
        let zipped = ParallelGzip::compress(&file(3, 1.0, 0.0), true);
        for frame in [0, 1] {
            let first = i16::try_from(frame).unwrap() * 30;
            for piece in [17, 1 << 16] {
                let image = streamed(&zipped, frame, piece).unwrap();
                assert_eq!(image.voxels, Voxels::I16((first..first + 30).map(|v| v - 3).collect()));
            }
        }
        let third = streamed(&zipped, 2, 17).unwrap();
        assert_eq!(third.voxels, Voxels::I16((60..90).map(|v| v - 3).collect()));
        assert_eq!(streamed(&zipped, 3, 17), Err(ReadError::Volumes(3)));
    }

    #[test]
    fn whole_numbers_stay_whole_and_small_where_the_scale_lets_them() {
        let shifted = streamed(&file(1, 1.0, -1024.0), 0, 64).unwrap();
        assert_eq!(shifted.voxels, Voxels::I16((0..30).map(|v| v - 3 - 1024).collect()));
        let halved = streamed(&file(1, 0.5, 2.0), 0, 64).unwrap();
        assert_eq!(
            halved.voxels,
            Voxels::F32((0..30_u8).map(|v| (f32::from(v) - 3.0) * 0.5 + 2.0).collect())
        );
        // What does not fit is not wrapped.
        let far = streamed(&file(1, 1.0, 32_760.0), 0, 64).unwrap();
        assert_eq!(far.voxels.get(29), Some(32_786.0));
    }

    #[test]
    fn refusals_name_their_cause() {
        let bytes = ParallelGzip::compress(&file(1, 1.0, 0.0), true);
        assert_eq!(streamed(&bytes[..bytes.len() / 2], 0, 9), Err(ReadError::Short));
        assert_eq!(streamed(b"nothing of the kind", 0, 9), Err(ReadError::NotNifti));
        assert_eq!(streamed(b"", 0, 9), Err(ReadError::NotNifti));
        for at in [20, bytes.len() - 6] {
            // In the voxels, and in the checksum alone.
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            assert!(streamed(&broken, 0, 1000).is_err());
        }
        let mut stream = ImageStream::new(0, 10);
        // So short a file is understood at its end only.
        let fed = stream.feed(&file(1, 1.0, 0.0));
        let refused = Err(ReadError::Memory { needed: 60, budget: 10 });
        assert_eq!(fed.and_then(|()| stream.finish().map(|_| ())), refused);
    }
}
