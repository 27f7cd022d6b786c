//! What the targets share: a pixel description from a few bytes, and a frame wrapped as a file has it.

use hepatica::dicom::PixelElement;
use hepatica::dicom::codec::TransferSyntax;
use hepatica::dicom::pixels::{Frames, Photometric, PixelLayout};

/// Bytes that [`layout`] takes.
pub const LAYOUT_BYTES: usize = 6;

/// A description of small frames, and the bytes behind it. Anything that a header can say of integers.
pub fn layout(data: &[u8]) -> Option<(PixelLayout, &[u8])> {
    let ([rows, columns, bits, stored, shift, kind], rest) = data.split_first_chunk::<LAYOUT_BYTES>()?;
    let bits_allocated = [8u16, 16, 32][usize::from(bits % 3)];
    let bits_stored = 1 + u16::from(*stored) % bits_allocated;
    let high_bit = bits_stored - 1 + u16::from(*shift) % (bits_allocated - bits_stored + 1);
    let colours = [Photometric::Rgb, Photometric::YbrFull, Photometric::YbrFull422, Photometric::Other];
    let colour = kind & 2 != 0;
    let layout = PixelLayout {
        rows: u32::from(*rows).max(1),
        columns: u32::from(*columns).max(1),
        frames: 1,
        samples: if colour { 3 } else { 1 },
        bits_allocated,
        bits_stored,
        high_bit,
        signed: kind & 1 != 0,
        element: PixelElement::Integer,
        monochrome: !colour,
        photometric: if colour { colours[usize::from(kind >> 2) % 4] } else { Photometric::Grey },
        planar: kind & 16 != 0,
        paired_bytes: kind & 32 != 0,
    };
    Some((layout, rest))
}

/// The bytes that give [`layout`] this description.
pub fn layout_bytes(rows: u8, columns: u8, stored: u8, signed: bool, colour: bool) -> [u8; LAYOUT_BYTES] {
    [rows, columns, u8::from(stored > 8), stored - 1, 0, u8::from(signed) | u8::from(colour) << 1]
}

/// Decodes `data` as one frame of the syntax, in one fragment.
pub fn one_frame(syntax: &str, data: &[u8]) {
    let Some((layout, code)) = layout(data) else { return };
    let syntax = TransferSyntax::by_uid(syntax);
    let native = syntax.uid == "1.2.840.10008.1.2.1";
    let value = if native { code.to_vec() } else { encapsulated(&[code]) };
    let Ok(frames) = Frames::new(&layout, &syntax, &value) else { return };
    if let Ok(voxels) = frames.decode(0) {
        assert_eq!(voxels.len() as u64, layout.frame_pixels() * u64::from(layout.samples));
    }
}

/// Fragments behind an empty offset table.
pub fn encapsulated(fragments: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0];
    for fragment in fragments {
        out.extend([0xFE, 0xFF, 0x00, 0xE0]);
        out.extend((fragment.len() as u32).to_le_bytes());
        out.extend_from_slice(fragment);
    }
    out.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    out
}
