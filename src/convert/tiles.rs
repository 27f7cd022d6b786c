//! Volumes that were tiled into one frame: Siemens' mosaics and UIH's grids.
//!
//! In: a header. Out: how many tiles, how they lie and when each was taken ([`Mosaic`]); nothing where
//! the picture is no such thing. Where the tiles lie in space is `geometry`'s.

use crate::convert::when::moment;
use crate::dicom::csa::Csa;
use crate::dicom::{Header, VR, tags};

use super::instance::{number, numbers, triple};

/// The slices of a volume tiled into one frame, row by row from the top left.
#[derive(Clone, PartialEq)]
pub(crate) struct Mosaic {
    pub(crate) slices: u32,
    /// Tiles beside and below each other.
    pub(crate) tiles: [u32; 2],
    pub(crate) normal: Option<[f64; 3]>,
    /// Positions of the first and the last slice, mm, LPS, where the header has those of tiles. Siemens
    /// gives the corner of the whole picture as if it were one slice.
    pub(crate) ends: Option<[[f64; 3]; 2]>,
    /// Acquisition time of each slice within the volume, ms.
    pub(crate) slice_times_ms: Vec<f64>,
    /// Whether the header left us to guess how many there are: then the last tiles may be empty.
    pub(crate) guessed: bool,
}

impl Mosaic {
    /// Reads a header's.
    pub(crate) fn of(header: &Header, csa: Option<&Csa>) -> Option<Self> {
        let kinds = header.root().strings(tags::IMAGE_TYPE);
        let is = |word: &str| kinds.iter().any(|v| v.eq_ignore_ascii_case(word));
        if is("MOSAIC") {
            siemens(header, csa)
        } else if is("VFRAME") {
            uih(header)
        } else {
            None
        }
    }
}

fn slices(count: Option<f64>) -> Option<u32> {
    count.filter(|n| *n >= 1.0 && *n <= 65_536.0).map(|n| n as u32)
}

/// The smallest square that holds so many tiles.
fn side_of(slices: u32) -> u32 {
    (1..=256).find(|side| side * side >= slices).unwrap_or(256)
}

fn siemens(header: &Header, csa: Option<&Csa>) -> Option<Mosaic> {
    let root = header.root();
    let count = csa
        .and_then(|csa| csa.float("NumberOfImagesInMosaic"))
        .or_else(|| root.private(0x0019, "SIEMENS MR HEADER", 0x0A).and_then(|e| number(e, VR::US)))
        .or_else(|| csa.map(|csa| csa.floats("MosaicRefAcqTimes").len() as f64).filter(|n| *n > 1.0));
    let Some(slices) = slices(count) else { return by_matrix(header) };
    let normal = csa.map(|csa| csa.floats("SliceNormalVector")).and_then(|v| v.try_into().ok());
    let slice_times_ms =
        csa.map(|csa| csa.floats("MosaicRefAcqTimes")).filter(|v| !v.is_empty()).unwrap_or_else(|| {
            root.private(0x0019, "SIEMENS MR HEADER", 0x29)
                .map(|e| e.with_vr(VR::FD).floats())
                .unwrap_or_default()
        });
    let side = side_of(slices);
    Some(Mosaic { slices, tiles: [side, side], normal, ends: None, slice_times_ms, guessed: false })
}

/// A mosaic whose private elements were removed: as many tiles as AcquisitionMatrix (0018,1310: frequency
/// rows and columns, phase rows and columns) goes into the picture, as many beside as below each other.
/// Which of them are empty, and whether slices run against the normal, is not known any more.
fn by_matrix(header: &Header) -> Option<Mosaic> {
    let root = header.root();
    let matrix = root.floats(tags::ACQUISITION_MATRIX);
    let [rows, columns] = match matrix.as_slice() {
        [r, 0.0, 0.0, c] | [0.0, c, r, 0.0] => [*r, *c],
        _ => return None,
    };
    let across = |picture: Option<i64>, tile: f64| {
        let (picture, tile) = (u32::try_from(picture?).ok()?, tile as u32);
        (tile >= 8 && picture.is_multiple_of(tile)).then(|| picture / tile)
    };
    let side = across(root.int(tags::ROWS), rows)?;
    let square = side >= 2 && across(root.int(tags::COLUMNS), columns) == Some(side);
    square.then(|| Mosaic {
        slices: side * side,
        tiles: [side, side],
        normal: None,
        ends: None,
        slice_times_ms: Vec::new(),
        guessed: true,
    })
}

/// UIH: MR Number Of Slice In Volume (0065,xx50) and, a tile each, MR VFrame Sequence (0065,xx51).
fn uih(header: &Header) -> Option<Mosaic> {
    const CREATOR: &str = "Image Private Header";
    let root = header.root();
    let private = |offset| root.private(0x0065, CREATOR, offset);
    let slices = slices(private(0x50).and_then(|e| number(e, VR::DS)))?;
    let across = side_of(slices);
    let frames: Vec<_> = private(0x51).map(|e| e.items().collect()).unwrap_or_default();
    let whole = frames.len() == slices as usize;
    let position = |item: &crate::dicom::ItemRef<'_>| triple(item.floats(tags::IMAGE_POSITION_PATIENT));
    let ends = match (frames.first().and_then(position), frames.last().and_then(position)) {
        (Some(first), Some(last)) if whole && slices > 1 => Some([first, last]),
        // The picture's own position is the first tile's.
        _ => {
            let first = triple(root.floats(tags::IMAGE_POSITION_PATIENT))?;
            Some([first, first])
        }
    };
    let time = |item: &crate::dicom::ItemRef<'_>| {
        item.text(tags::ACQUISITION_DATE_TIME)
            .and_then(|dt| moment(dt.get(..8)?, dt.get(8..)?))
            .or_else(|| moment("", &item.text(tags::ACQUISITION_TIME)?))
    };
    let times: Vec<f64> = frames.iter().filter_map(time).collect();
    let start = times.iter().copied().fold(f64::INFINITY, f64::min);
    let slice_times_ms = if times.len() == slices as usize {
        // To a tenth of a microsecond: differences of dates in seconds carry no more.
        times.iter().map(|t| ((t - start) * 1e7).round() / 1e4).collect()
    } else {
        Vec::new()
    };
    let normal = private(0x14).map(|e| numbers(e, VR::DS)).and_then(triple);
    let tiles = [across, slices.div_ceil(across)];
    Some(Mosaic { slices, tiles, normal, ends, slice_times_ms, guessed: false })
}
