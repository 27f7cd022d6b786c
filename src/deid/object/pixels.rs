//! Pixel data on their way through. In: the bytes of the pixel data element and what describes them. Out:
//! the element to write: native values as they are (little endian, of exactly the length that rows, columns
//! and frames ask for), compressed frames byte for byte but for comments and application segments. Never:
//! a changed pixel value, a byte beyond the last frame, a value that is too short.

use super::codestream::{Family, Untraceable, cleaned};
use crate::dicom::write::{encapsulated_pixels, native_pixels, swap};
use crate::dicom::{DicomError, Header, PixelElement, Tag, VR, tags};
use std::borrow::Cow;
use std::ops::Range;

/// What was done to the pixel data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Bits beside the stored ones were cleared: an old overlay lay there.
    pub(super) overlay_bits_cleared: bool,
    /// Compressed frames from which something was taken out.
    pub(super) frames_cleaned: u64,
    /// Bytes after the last frame.
    pub(super) trailing: bool,
}

/// Why pixel data can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PixelsError {
    #[error(transparent)]
    Dicom(#[from] DicomError),
    #[error(transparent)]
    Stream(#[from] Untraceable),
    #[error("this transfer syntax is not written: what rides in its frames isn't known")]
    Syntax,
}

/// Appends the pixel data element. `embedded` says that an overlay lies in the unused bits.
pub(super) fn append(header: &Header, embedded: bool, out: &mut Vec<u8>) -> Result<Done, PixelsError> {
    let Some(pixels) = header.pixels() else { return Ok(Done::default()) };
    let truncated = || DicomError::Truncated { tag: "(7FE0,0010)".into() };
    let start = usize::try_from(pixels.offset).map_err(|_| truncated())?;
    let value = header.data().get(start..).ok_or_else(truncated)?;
    match pixels.len {
        None => encapsulated(header, value, out),
        Some(len) => {
            let len = usize::try_from(len).map_err(|_| truncated())?;
            // An odd value at the file's very end may lack its padding.
            let value = match value.get(..len) {
                Some(value) => value,
                None if value.len() + 1 == len => value,
                None => return Err(truncated().into()),
            };
            native(header, value, pixels.element, embedded, out)
        }
    }
}

fn native(
    header: &Header,
    value: &[u8],
    element: PixelElement,
    embedded: bool,
    out: &mut Vec<u8>,
) -> Result<Done, PixelsError> {
    let root = header.root();
    let number = |tag: Tag, default: i64| {
        let value = root.int(tag).unwrap_or(default);
        u64::try_from(value).map_err(|_| DicomError::PixelDescription { what: "negative size" })
    };
    let default_bits = match element {
        PixelElement::Integer => 16,
        PixelElement::Float => 32,
        PixelElement::Double => 64,
    };
    let bits = number(tags::BITS_ALLOCATED, default_bits)?;
    let (rows, columns) = (number(tags::ROWS, 0)?, number(tags::COLUMNS, 0)?);
    let frames = number(tags::NUMBER_OF_FRAMES, 1)?.max(1);
    let photometric = root.text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default();
    // Two pixels share their colour differences (PS3.3 C.7.6.3.1.2).
    let samples = match photometric.as_str() {
        "YBR_FULL_422" | "YBR_PARTIAL_422" => 2,
        _ => number(tags::SAMPLES_PER_PIXEL, 1)?,
    };
    let impossible = || DicomError::PixelDescription { what: "Rows, Columns or NumberOfFrames" };
    let wanted = [columns, samples, bits, frames]
        .into_iter()
        .try_fold(rows, u64::checked_mul)
        .filter(|bits| *bits > 0)
        .ok_or_else(impossible)?
        .div_ceil(8);
    let have = value.len() as u64;
    if have < wanted {
        return Err(DicomError::PixelsShort { have, needs: wanted }.into());
    }
    let wanted = usize::try_from(wanted).map_err(|_| impossible())?;
    let value = value.get(..wanted).unwrap_or(value);
    let mut done = Done { trailing: have > wanted as u64 + 1, ..Done::default() };
    let syntax = header.syntax();
    // GE's private syntax has its pixels, and nothing else, in big endian.
    let big = syntax.big_endian || syntax.uid == "1.2.840.113619.5.2";
    let mut value = Cow::Borrowed(value);
    if big && bits > 8 {
        swap(value.to_mut(), usize::try_from(bits / 8).unwrap_or(1));
    } else if big && bits == 8 && syntax.big_endian && pixel_words(header) {
        // Bytes in words of 16 bits come in each other's place (PS3.5 §8.1.1, annex D).
        swap(value.to_mut(), 2);
    }
    if embedded && element == PixelElement::Integer && clear_unused_bits(header, bits, value.to_mut()) {
        done.overlay_bits_cleared = true;
    }
    let (tag, vr) = match element {
        PixelElement::Integer if bits > 8 => (Tag(0x7FE0, 0x0010), VR::OW),
        PixelElement::Integer => (Tag(0x7FE0, 0x0010), if syntax.explicit { VR::OB } else { VR::OW }),
        PixelElement::Float => (Tag(0x7FE0, 0x0008), VR::OF),
        PixelElement::Double => (Tag(0x7FE0, 0x0009), VR::OD),
    };
    if !native_pixels(tag, vr, &value, out) {
        return Err(DicomError::OverBudget { needs: value.len() as u64, budget: u64::from(u32::MAX) }.into());
    }
    Ok(done)
}

/// Whether the pixel data's VR is OW, which stands before the value.
fn pixel_words(header: &Header) -> bool {
    let Some(at) = header.pixels().and_then(|p| usize::try_from(p.offset).ok()) else { return false };
    at.checked_sub(8).and_then(|start| header.data().get(start..start + 2)) == Some(b"OW")
}

/// Clears the bits beside the stored ones (signed values are extended from their sign); whether any was set.
fn clear_unused_bits(header: &Header, bits: u64, value: &mut [u8]) -> bool {
    let root = header.root();
    let stored = root.int(tags::BITS_STORED).unwrap_or(bits as i64);
    let high = root.int(tags::HIGH_BIT).unwrap_or(stored - 1);
    let (Ok(stored), Ok(high)) = (u32::try_from(stored), u32::try_from(high)) else { return false };
    let signed = root.int(tags::PIXEL_REPRESENTATION) == Some(1);
    if bits != 16 || stored == 0 || stored >= 16 || high > 15 || high + 1 < stored {
        return false;
    }
    let low = high + 1 - stored;
    let mask = (((1u32 << stored) - 1) << low) as u16;
    let above = !(((1u32 << (high + 1)) - 1) as u16);
    let mut changed = false;
    for word in value.as_chunks_mut::<2>().0 {
        let old = u16::from_le_bytes(*word);
        let mut new = old & mask;
        if signed && old >> high & 1 == 1 {
            new |= above;
        }
        changed |= new != old;
        *word = new.to_le_bytes();
    }
    changed
}

/// The fragments of a value, and the basic offset table.
struct Fragments {
    table: Vec<usize>,
    /// Where the first fragment's item stands.
    base: usize,
    fragments: Vec<Range<usize>>,
    end: usize,
}

fn fragments(value: &[u8]) -> Result<Fragments, DicomError> {
    let mut out = Fragments { table: Vec::new(), base: 0, fragments: Vec::new(), end: 0 };
    let mut at = 0usize;
    let mut first = true;
    loop {
        let Some(head) = value.get(at..at + 8) else {
            // Without a delimiter, but at the very end of a fragment.
            if at == value.len() && !out.fragments.is_empty() {
                out.end = at;
                return Ok(out);
            }
            return Err(DicomError::Truncated { tag: "(7FE0,0010)".into() });
        };
        let (tag, len) = head.split_at(4);
        let len = u32::from_le_bytes(len.try_into().unwrap_or_default()) as usize;
        match tag {
            [0xFE, 0xFF, 0x00, 0xE0] => {
                let range = at + 8..(at + 8).saturating_add(len);
                let Some(content) = value.get(range.clone()) else {
                    return Err(DicomError::Truncated { tag: "(7FE0,0010)".into() });
                };
                at = range.end;
                if first {
                    out.table = content
                        .as_chunks::<4>()
                        .0
                        .iter()
                        .map(|word| u32::from_le_bytes(*word) as usize)
                        .collect();
                    out.base = at;
                } else {
                    out.fragments.push(range);
                }
                first = false;
            }
            [0xFE, 0xFF, 0xDD, 0xE0] => {
                out.end = at + 8;
                return Ok(out);
            }
            _ => return Err(DicomError::Malformed { offset: at as u64 }),
        }
    }
}

/// Which fragments make each frame (PS3.5 §A.4): all of them for a single frame, one a frame where there are
/// as many, else by the offset table, else a new frame where a codestream starts.
fn frames(value: &[u8], found: &Fragments, count: usize, family: Family) -> Vec<Range<usize>> {
    let all = found.fragments.len();
    if count <= 1 {
        return std::iter::once(0..all).collect();
    }
    if all == count {
        return (0..all).map(|at| at..at + 1).collect();
    }
    let starts: Vec<usize> = if found.table.len() == count {
        let at = |offset: usize| {
            let start = found.base.saturating_add(offset);
            found.fragments.partition_point(|fragment| fragment.start < start)
        };
        found.table.iter().map(|offset| at(*offset)).collect()
    } else {
        let opens = |range: &Range<usize>| {
            let head = value.get(range.clone()).unwrap_or_default();
            match family {
                Family::Jpeg => head.starts_with(&[0xFF, 0xD8]),
                Family::Jpeg2000 => head.starts_with(&[0xFF, 0x4F]),
                Family::JpegXl => head.starts_with(&[0xFF, 0x0A]) || head.get(4..8) == Some(b"JXL "),
                Family::RunLength | Family::Native => true,
            }
        };
        (0..all).filter(|at| found.fragments.get(*at).is_some_and(opens)).collect()
    };
    let ends = starts.iter().skip(1).copied().chain([all]);
    starts.iter().zip(ends).map(|(start, end)| *start..end.max(*start)).collect()
}

fn encapsulated(header: &Header, value: &[u8], out: &mut Vec<u8>) -> Result<Done, PixelsError> {
    let family = Family::of(header.syntax().uid).ok_or(PixelsError::Syntax)?;
    let found = fragments(value)?;
    let count = header.root().int(tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1);
    let count = usize::try_from(count).unwrap_or(1);
    let mut done = Done::default();
    let mut written: Vec<Cow<'_, [u8]>> = Vec::with_capacity(found.fragments.len());
    let mut table = Vec::new();
    let mut offset = 0u64;
    let frames = frames(value, &found, count, family);
    let covered: usize = frames.iter().map(Range::len).sum();
    if frames.first().is_none_or(|first| first.start != 0) || covered != found.fragments.len() {
        return Err(Untraceable.into());
    }
    for frame in frames {
        let parts: Vec<&[u8]> = found
            .fragments
            .get(frame)
            .unwrap_or_default()
            .iter()
            .filter_map(|range| value.get(range.clone()))
            .collect();
        let whole: Cow<'_, [u8]> = match parts.as_slice() {
            [one] => Cow::Borrowed(*one),
            many => Cow::Owned(many.concat()),
        };
        table.push(u32::try_from(offset).unwrap_or(u32::MAX));
        let before = written.len();
        match cleaned(family, &whole)? {
            Some(clean) => {
                done.frames_cleaned += 1;
                written.push(Cow::Owned(clean));
            }
            None => written.extend(parts.into_iter().map(Cow::Borrowed)),
        }
        offset += written
            .get(before..)
            .unwrap_or_default()
            .iter()
            .map(|part| part.len().next_multiple_of(2) as u64 + 8)
            .sum::<u64>();
    }
    // Offsets that no longer fit, or that the source did without, stay away: readers do without them.
    if found.table.is_empty() || offset > u64::from(u32::MAX) {
        table.clear();
    }
    done.trailing = found.end < value.len();
    if !encapsulated_pixels(&table, &written, out) {
        return Err(DicomError::OverBudget { needs: offset, budget: u64::from(u32::MAX) }.into());
    }
    Ok(done)
}
