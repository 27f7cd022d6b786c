//! One volume's conversion as a resumable machine: bytes of its files in, a `.nii.gz` out.
//!
//! The driver asks for what is needed, feeds it in any order, and calls [`VolumeJob::step`] until
//! there is a [`Product`]. A step decodes a few frames or compresses a few blocks: some milliseconds.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use rayon::prelude::*;

use super::instance::Instance;
use super::resample::Resampling;
use super::scaling::Rescale;
use super::stack::{Stack, Tiling};
use crate::deid::pixels::{PixelBox, blacken, sampled, text_of_frame};
use crate::dicom::codec::TransferSyntax;
use crate::dicom::pixels::{FrameIndex, Frames, PixelLayout};
use crate::dicom::{DicomError, Header, Palette, PixelData, PixelElement};
use crate::nifti::{HEADER_BYTES, ImageHeader, ParallelGzip};
use crate::volume::{Grid, VoxelType, Voxels};
use crate::with_voxels;

/// A finished volume.
#[derive(Debug)]
pub struct Product {
    /// The `.nii.gz` file.
    pub nii_gz: Vec<u8>,
    /// Its first 352 bytes, uncompressed: what the check searches.
    pub header: [u8; HEADER_BYTES],
    /// What the header says.
    pub image: ImageHeader,
}

/// What a conversion comes to.
#[derive(Debug)]
pub enum Made {
    /// A volume.
    Volume(Box<Product>),
    /// No volume: so many of the frames that were searched have what looks like text.
    Text(usize),
}

/// Which bytes of which file a volume needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileNeed {
    /// Which of the job's files, for [`VolumeJob::feed`].
    pub slot: usize,
    /// The file, as the intake numbered it.
    pub file: u32,
    /// First byte.
    pub offset: u64,
    /// How many; `None`: to the file's end.
    pub len: Option<u64>,
}

/// One file of the volume, and where its frames go.
struct JobFile {
    file: u32,
    layout: Arc<PixelLayout>,
    syntax: TransferSyntax,
    pixels: PixelData,
    palette: Option<Arc<Palette>>,
    /// Frame in the file, place in the volume (slice + slices · time, or time for mosaics), rescale.
    frames: Vec<(u32, usize, Rescale)>,
    fed: bool,
}

/// A frame whose bytes are there.
struct Pending {
    bytes: Arc<Vec<u8>>,
    index: Arc<FrameIndex>,
    slot: usize,
    frame: u32,
    place: usize,
    rescale: Rescale,
}

enum State {
    Decoding,
    /// Making a copy on another grid from the voxels as scanned: so many slices of it are made.
    Resampling {
        scanned: Vec<u8>,
        made: usize,
        empty: f64,
    },
    Compressing(ParallelGzip),
    Done,
}

/// The conversion of one volume.
pub struct VolumeJob {
    files: Vec<JobFile>,
    pending: VecDeque<Pending>,
    left: usize,
    total: usize,
    grid: Grid,
    stack: Shape,
    voxel_type: VoxelType,
    /// The header's place, then the voxels, in the file's order and type.
    data: Vec<u8>,
    image: ImageHeader,
    state: State,
    lanes: usize,
    compress: bool,
    /// Boxes of pixels that are made black in every frame.
    black: Vec<PixelBox>,
    /// Places of frames that are searched for text, and frames that have some.
    searched: BTreeSet<usize>,
    with_text: usize,
    resampling: Option<Arc<Resampling>>,
}

impl std::fmt::Debug for VolumeJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VolumeJob")
            .field("files", &self.files.len())
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// The part of a stack that decoding needs.
#[derive(Clone, Copy)]
struct Shape {
    columns: usize,
    rows: usize,
    slices: usize,
    tiling: Option<Tiling>,
    to_float: bool,
}

impl VolumeJob {
    /// The job for `stack`, whose frames refer to `instances`.
    ///
    /// `budget`: bytes that the uncompressed volume may take. `lanes`: how many blocks to work on at once.
    ///
    /// # Errors
    /// No geometry, dimensions beyond NIfTI's 16 bits, or more than the budget.
    pub(crate) fn new(
        stack: &Stack,
        instances: &[&Instance],
        time_step_s: f64,
        budget: u64,
        lanes: usize,
    ) -> Result<Self, DicomError> {
        let grid = stack.grid.ok_or(DicomError::PixelDescription { what: "no geometry" })?;
        let mut files: Vec<JobFile> = Vec::new();
        let mut by_instance = std::collections::BTreeMap::new();
        for (place, at) in stack.frames.iter().enumerate() {
            let absent = || DicomError::PixelDescription { what: "frame not there" };
            let instance = instances.get(at.instance as usize).copied().ok_or_else(absent)?;
            let frame = instance.frames.get(at.frame as usize).ok_or_else(absent)?;
            let slot = *by_instance.entry(at.instance).or_insert_with(|| {
                files.push(JobFile {
                    file: instance.file,
                    layout: Arc::clone(&instance.layout),
                    syntax: instance.syntax.clone(),
                    pixels: instance.pixels,
                    palette: instance.palette.clone(),
                    frames: Vec::new(),
                    fed: false,
                });
                files.len() - 1
            });
            if let Some(file) = files.get_mut(slot) {
                file.frames.push((at.frame, place, Rescale::of(frame, stack.precise)));
            }
        }
        let layout = files.first().map(|f| Arc::clone(&f.layout)).ok_or(DicomError::NotDicom)?;
        let colour = layout.samples > 1 || files.iter().any(|file| file.palette.is_some());
        let to_float = stack.rescale.is_none() && !colour;
        let voxel_type = match (colour, to_float) {
            (true, _) => VoxelType::Rgb24,
            (_, true) => VoxelType::F32,
            _ => stored_type(&layout),
        };
        let [nx, ny] = stack.size;
        let resampling = stack.resampling.clone();
        let voxel_bytes = u64::from(stack.times) * voxel_type.size() as u64;
        let bytes_of = |voxels: u64| {
            voxels.checked_mul(voxel_bytes).ok_or(DicomError::OverBudget { needs: u64::MAX, budget })
        };
        // A copy is made while the voxels as scanned are there.
        let scanned = bytes_of(resampling.as_ref().map_or(grid.voxels(), |r| r.source_voxels()))?;
        let needs = scanned + if resampling.is_some() { bytes_of(grid.voxels())? } else { 0 };
        if needs > budget {
            return Err(DicomError::OverBudget { needs, budget });
        }
        // Colours have no scale.
        let rescale = stack.rescale.clone().filter(|_| !colour).unwrap_or(Rescale::IDENTITY);
        let image = ImageHeader {
            grid,
            times: stack.times,
            time_step_s,
            voxel_type,
            slope: rescale.slope,
            intercept: rescale.intercept,
        };
        if !image.fits() {
            return Err(DicomError::PixelDescription { what: "a dimension above 32,767" });
        }
        let bytes = usize::try_from(scanned).map_err(|_| DicomError::OverBudget { needs, budget })?;
        let total = stack.frames.len();
        Ok(Self {
            files,
            pending: VecDeque::new(),
            left: total,
            total,
            grid,
            stack: Shape {
                columns: nx as usize,
                rows: ny as usize,
                slices: stack.slices as usize,
                tiling: stack.tiling,
                to_float,
            },
            voxel_type,
            data: vec![0; HEADER_BYTES + bytes],
            image,
            state: State::Decoding,
            lanes: lanes.max(1),
            compress: true,
            black: Vec::new(),
            searched: BTreeSet::new(),
            with_text: 0,
            resampling,
        })
    }

    /// Makes boxes black in every frame.
    pub(crate) fn redact(&mut self, boxes: &[PixelBox]) {
        self.black = boxes.to_vec();
    }

    /// Has frames searched for text: as many of a volume as of an object (`deid::pixels::search`).
    pub(crate) fn search(&mut self) {
        self.searched = sampled(self.total).collect();
    }

    /// The ranges that have not been fed yet.
    pub fn needs(&self) -> impl Iterator<Item = FileNeed> + '_ {
        self.files.iter().enumerate().filter(|(_, file)| !file.fed).map(|(slot, file)| {
            if file.syntax.deflated {
                return FileNeed { slot, file: file.file, offset: 0, len: None };
            }
            FileNeed { slot, file: file.file, offset: file.pixels.offset, len: file.pixels.len }
        })
    }

    /// Takes the bytes of a need.
    ///
    /// # Errors
    /// Pixel data that are too short for the frames, or can't be inflated.
    pub fn feed(&mut self, slot: usize, bytes: Vec<u8>) -> Result<(), DicomError> {
        let Some(file) = self.files.get_mut(slot).filter(|f| !f.fed) else { return Ok(()) };
        file.fed = true;
        let bytes = if file.syntax.deflated {
            let header = Header::from_bytes(bytes)?;
            let offset = usize::try_from(file.pixels.offset).unwrap_or(usize::MAX);
            // Only the element: behind the data set lie other bytes.
            let len = file.pixels.len.and_then(|len| usize::try_from(len).ok()).unwrap_or(usize::MAX);
            let rest = header.data().get(offset..).unwrap_or_default();
            rest.get(..len.min(rest.len())).unwrap_or_default().to_vec()
        } else {
            bytes
        };
        let bytes = Arc::new(bytes);
        let index = Frames::new(&file.layout, &file.syntax, &bytes)?.index();
        for (frame, place, rescale) in &file.frames {
            self.pending.push_back(Pending {
                bytes: Arc::clone(&bytes),
                index: Arc::clone(&index),
                slot,
                frame: *frame,
                place: *place,
                rescale: rescale.clone(),
            });
        }
        Ok(())
    }

    /// The share of the work that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        let decoded = 1.0 - self.left as f64 / self.total.max(1) as f64;
        match &self.state {
            State::Decoding => decoded * 0.3,
            State::Resampling { .. } => 0.3,
            State::Compressing(gzip) => 0.3 + 0.7 * gzip.progress(self.data.len()),
            State::Done => 1.0,
        }
    }

    /// Whether a step can be done without more bytes.
    pub fn is_ready(&self) -> bool {
        !matches!(self.state, State::Decoding) || !self.pending.is_empty() || self.left == 0
    }

    /// Does a few milliseconds of work; what it came to once all is done.
    ///
    /// # Errors
    /// A frame that can't be decoded.
    pub fn step(&mut self) -> Result<Option<Made>, DicomError> {
        match &mut self.state {
            State::Decoding => {
                self.decode_some()?;
                if self.left == 0 && self.has_text() {
                    self.data = Vec::new();
                    self.state = State::Done;
                    return Ok(Some(Made::Text(self.with_text)));
                }
                if self.left == 0 {
                    self.settle_type();
                    match self.resampling.clone() {
                        Some(resampling) => self.begin_copy(&resampling),
                        None => self.begin_compression(),
                    }
                }
                Ok(None)
            }
            State::Resampling { .. } => {
                self.resample_some();
                Ok(None)
            }
            State::Compressing(gzip) => {
                if self.compress && !gzip.step(&self.data) {
                    return Ok(None);
                }
                let State::Compressing(gzip) = std::mem::replace(&mut self.state, State::Done) else {
                    return Ok(None);
                };
                self.data = Vec::new();
                Ok(Some(Made::Volume(Box::new(Product {
                    nii_gz: gzip.finish(),
                    header: self.image.to_bytes(),
                    image: self.image.clone(),
                }))))
            }
            State::Done => Ok(None),
        }
    }

    /// Bytes that its voxels take, uncompressed.
    pub fn bytes(&self) -> u64 {
        self.data.len() as u64
    }

    /// The grid of the volume.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// What a machine burns in stands in every frame: where several were searched, one hit is chance.
    fn has_text(&self) -> bool {
        self.with_text > usize::from(self.searched.len() > 3)
    }

    fn begin_compression(&mut self) {
        let header = self.image.to_bytes();
        if let Some(place) = self.data.get_mut(..HEADER_BYTES) {
            place.copy_from_slice(&header);
        }
        self.state =
            State::Compressing(ParallelGzip::new(self.image.voxel_type.size().is_multiple_of(2), self.lanes));
    }

    fn begin_copy(&mut self, resampling: &Resampling) {
        let voxel_type = self.image.voxel_type;
        let slices = resampling.dims()[2] as usize;
        let copy = vec![0; HEADER_BYTES + resampling.slice_voxels() * slices * voxel_type.size()];
        let scanned = std::mem::replace(&mut self.data, copy);
        let body = scanned.get(HEADER_BYTES..).unwrap_or_default();
        let least = body.par_chunks(1 << 16).map(|part| Resampling::least(part, voxel_type));
        let empty = least.reduce(|| f64::INFINITY, f64::min);
        self.state = State::Resampling { scanned, made: 0, empty };
    }

    /// Makes a few slices of the copy.
    fn resample_some(&mut self) {
        let (State::Resampling { scanned, made, empty }, Some(resampling)) =
            (&mut self.state, &self.resampling)
        else {
            return;
        };
        let voxel_type = self.image.voxel_type;
        let slice_bytes = resampling.slice_voxels() * voxel_type.size();
        let slices = resampling.dims()[2] as usize;
        let until = (*made + self.lanes).min(slices);
        let places = HEADER_BYTES + *made * slice_bytes..HEADER_BYTES + until * slice_bytes;
        let body = scanned.get(HEADER_BYTES..).unwrap_or_default();
        if let Some(places) = self.data.get_mut(places) {
            let (first, empty) = (*made, *empty);
            places.par_chunks_exact_mut(slice_bytes.max(1)).enumerate().for_each(|(n, out)| {
                resampling.slice(first + n, body, voxel_type, empty, out);
            });
        }
        *made = until;
        if until == slices {
            self.begin_compression();
        }
    }

    fn decode_some(&mut self) -> Result<(), DicomError> {
        let batch: Vec<Pending> = self.pending.drain(..self.pending.len().min(self.lanes * 4)).collect();
        let (files, black, searched) = (&self.files, &self.black, &self.searched);
        let shape = self.stack;
        let (expected, values) = match self.voxel_type {
            VoxelType::Rgb24 => (VoxelType::U8, 3),
            other => (other, 1),
        };
        let decoded: Vec<Result<(usize, Voxels, bool), DicomError>> = batch
            .par_iter()
            .map(|p| {
                let file = files.get(p.slot).ok_or(DicomError::NotDicom)?;
                let frames = Frames::at(&file.layout, &file.syntax, &p.bytes, Arc::clone(&p.index));
                let mut voxels = frames.decode(p.frame)?;
                if let Some(palette) = &file.palette {
                    voxels = Voxels::U8(palette.colours(&voxels));
                }
                if !shape.to_float && voxels.voxel_type() != expected {
                    return Err(DicomError::PixelDescription {
                        what: "samples of another type than the header's",
                    });
                }
                if !black.is_empty() {
                    blacken(&mut voxels, file.layout.columns, values, black);
                }
                let text = searched.contains(&p.place) && text_of_frame(&voxels, &file.layout);
                Ok((p.place, if shape.to_float { scaled(&voxels, &p.rescale) } else { voxels }, text))
            })
            .collect();
        for result in decoded {
            let (place, voxels, text) = result?;
            self.store(place, &voxels);
            self.with_text += usize::from(text);
            self.left -= 1;
        }
        Ok(())
    }

    /// Copies a frame (or the tiles of a mosaic) into the volume, rows bottom-up.
    fn store(&mut self, place: usize, voxels: &Voxels) {
        let Shape { columns, rows, slices, tiling, .. } = self.stack;
        // A colour is three values beside each other.
        let values = if self.voxel_type == VoxelType::Rgb24 { 3 } else { 1 };
        let size = self.voxel_type.size() / values;
        let columns = columns * values;
        let slice_bytes = columns * rows * size;
        let Some(body) = self.data.get_mut(HEADER_BYTES..) else { return };
        with_voxels!(voxels, values => match tiling {
            None => {
                if let Some(slice) = body.get_mut(place * slice_bytes..(place + 1) * slice_bytes) {
                    copy_rows(values, columns, 0, 0, slice, columns, size);
                }
            }
            Some(tiling) => {
                let side = tiling.side as usize;
                for z in 0..slices {
                    let tile = if tiling.reversed { slices - 1 - z } else { z };
                    let at = (place * slices + z) * slice_bytes;
                    if let Some(slice) = body.get_mut(at..at + slice_bytes) {
                        let (left, top) = ((tile % side) * columns, (tile / side) * rows);
                        copy_rows(values, columns * side, left, top, slice, columns, size);
                    }
                }
            }
        });
    }

    /// Unsigned values that all fit a signed word are called signed: more readers take those.
    fn settle_type(&mut self) {
        if self.voxel_type != VoxelType::U16 {
            return;
        }
        let body = self.data.get(HEADER_BYTES..).unwrap_or_default();
        if body.par_chunks(1 << 16).all(|part| {
            // Four words at a time, without a way out: so it is done by vectors.
            let (fours, rest) = part.as_chunks::<8>();
            let all = fours.iter().fold(0, |all, four| all | u64::from_le_bytes(*four));
            all & 0x8000_8000_8000_8000 == 0 && rest.as_chunks::<2>().0.iter().all(|[_, high]| *high < 0x80)
        }) {
            self.image.voxel_type = VoxelType::I16;
        }
    }
}

/// The voxel type that holds a layout's stored values exactly.
fn stored_type(layout: &PixelLayout) -> VoxelType {
    match (layout.element, layout.bits_allocated, layout.signed) {
        (PixelElement::Float, ..) => VoxelType::F32,
        (PixelElement::Double, ..) => VoxelType::F64,
        (PixelElement::Integer, 1, _) | (PixelElement::Integer, 8, false) => VoxelType::U8,
        (PixelElement::Integer, 8, true) | (PixelElement::Integer, 16, true) => VoxelType::I16,
        (PixelElement::Integer, 16, false) => VoxelType::U16,
        (PixelElement::Integer, _, true) => VoxelType::I32,
        (PixelElement::Integer, _, false) => VoxelType::U32,
    }
}

fn scaled(voxels: &Voxels, rescale: &Rescale) -> Voxels {
    let values = (0..voxels.len()).map(|i| rescale.apply(voxels.get(i).unwrap_or(0.0)) as f32);
    Voxels::F32(values.collect())
}

/// Values as little-endian bytes.
trait ToBytes: Copy {
    fn write(values: &[Self], out: &mut [u8]);
}

macro_rules! to_bytes {
    ($($t:ty),*) => {$(
        impl ToBytes for $t {
            #[inline]
            fn write(values: &[Self], out: &mut [u8]) {
                // Of a length that the compiler knows: a row is one copy.
                for (value, place) in values.iter().zip(out.as_chunks_mut().0) {
                    *place = value.to_le_bytes();
                }
            }
        }
    )*};
}

to_bytes!(u8, i16, u16, i32, u32, f32, f64);

/// Copies a window of a frame into a slice, turning its rows bottom-up.
fn copy_rows<T: ToBytes>(
    frame: &[T],
    frame_columns: usize,
    left: usize,
    top: usize,
    slice: &mut [u8],
    columns: usize,
    size: usize,
) {
    for (row, out) in slice.chunks_exact_mut((columns * size).max(1)).rev().enumerate() {
        let start = (top + row) * frame_columns + left;
        let Some(values) = frame.get(start..start + columns) else { continue };
        T::write(values, out);
    }
}
