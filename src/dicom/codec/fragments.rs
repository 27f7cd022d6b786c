//! From the fragments of an encapsulated value to its frames (PS3.5 §A.4).
//!
//! In: the value, item tags included. Out: for each frame, the ranges of its bytes. In order of trust: a
//! single frame owns all fragments; as many fragments as frames are one each (with an extended offset table
//! that is the rule, PS3.3 C.7.6.3.1.8, so that the table says nothing new); a basic offset table that
//! points at fragments; fragments that begin like a frame; at last a scan of the bytes for where one
//! codestream ends and the next begins. What none of these tells apart is refused: a frame is never guessed.

use std::borrow::Cow;
use std::ops::Range;

use super::Codec;
use crate::dicom::DicomError;
use crate::dicom::pixels::PixelLayout;

/// The frames of an encapsulated value.
#[derive(Clone, Debug, Default)]
pub(in crate::dicom) struct FrameIndex {
    /// Each fragment, as a range of the value, in order.
    fragments: Vec<Range<usize>>,
    /// Where each frame begins.
    frames: Frames,
}

#[derive(Clone, Debug, Default)]
enum Frames {
    /// One frame, all fragments.
    #[default]
    One,
    /// A fragment each.
    Each,
    /// The first fragment of each frame.
    Fragments(Vec<usize>),
    /// The first byte of each frame, in the fragments put together.
    Bytes(Vec<usize>),
    /// They can't be told apart.
    Unknown,
}

/// The items of an encapsulated value.
#[derive(Debug, Default)]
struct Items {
    /// The basic offset table: where each frame's first item stands, counted from the first fragment's.
    offsets: Vec<usize>,
    /// Where the first fragment's item stands in the value.
    base: usize,
    fragments: Vec<Range<usize>>,
}

impl FrameIndex {
    /// Finds the frames of `value`.
    ///
    /// # Errors
    /// Bytes that are no items.
    pub(in crate::dicom) fn of(layout: &PixelLayout, codec: Codec, value: &[u8]) -> Result<Self, DicomError> {
        let items = Items::of(value)?;
        let count = layout.frames as usize;
        let frames = if count == 1 {
            Frames::One
        } else if items.fragments.len() == count {
            Frames::Each
        } else {
            let begins = |range: &Range<usize>| {
                value.get(range.clone()).is_some_and(|bytes| codec.begins_frame(bytes, layout))
            };
            by_table(&items, count)
                .filter(|starts| {
                    // A table may lie: where a frame's start can be seen, it must be there.
                    let right = |n: &usize| items.fragments.get(*n).is_some_and(begins);
                    !codec.is_told_by_its_start() || starts.iter().all(right)
                })
                .or_else(|| by_start(&items, count, begins))
                .map(Frames::Fragments)
                .or_else(|| by_length(&items, layout, codec).map(Frames::Fragments))
                .or_else(|| by_scan(&items, count, codec, value).map(Frames::Bytes))
                // Fewer frames than promised: those that are there are a fragment each.
                .unwrap_or(if items.fragments.len() < count && items.fragments.len() > 1 {
                    Frames::Each
                } else {
                    Frames::Unknown
                })
        };
        Ok(Self { fragments: items.fragments, frames })
    }

    /// The bytes of frame `index`, its fragments put together.
    pub(in crate::dicom) fn frame<'a>(
        &self,
        index: usize,
        value: &'a [u8],
    ) -> Result<Cow<'a, [u8]>, DicomError> {
        let absent = || DicomError::PixelsShort { have: 0, needs: 1 };
        let of_frame = match &self.frames {
            Frames::One if index == 0 => self.fragments.as_slice(),
            Frames::One => &[],
            Frames::Each => self.fragments.get(index..=index).unwrap_or_default(),
            Frames::Fragments(starts) => {
                let start = *starts.get(index).ok_or_else(absent)?;
                let end = starts.get(index + 1).copied().unwrap_or(self.fragments.len());
                self.fragments.get(start..end).unwrap_or_default()
            }
            Frames::Bytes(starts) => {
                let start = *starts.get(index).ok_or_else(absent)?;
                let end = starts.get(index + 1).copied().unwrap_or(usize::MAX);
                return Ok(self.bytes(start..end, value).into());
            }
            Frames::Unknown => return Err(super::picture::corrupt("frames that can't be told apart")),
        };
        match of_frame {
            [] => Err(absent()),
            [one] => value.get(one.clone()).map(Cow::Borrowed).ok_or_else(absent),
            many => Ok(many.iter().filter_map(|r| value.get(r.clone())).collect::<Vec<_>>().concat().into()),
        }
    }

    /// A range of the fragments put together.
    fn bytes(&self, wanted: Range<usize>, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut at = 0usize;
        for fragment in &self.fragments {
            let start = wanted.start.saturating_sub(at).min(fragment.len());
            let end = wanted.end.saturating_sub(at).min(fragment.len());
            let part = value.get(fragment.start + start..fragment.start + end.max(start));
            out.extend_from_slice(part.unwrap_or_default());
            at += fragment.len();
        }
        out
    }
}

impl Codec {
    /// Whether [`Codec::begins_frame`] can tell a frame's first fragment.
    fn is_told_by_its_start(self) -> bool {
        matches!(self, Self::Jpeg | Self::JpegLs | Self::Jpeg2000 | Self::JpegXl | Self::RunLength)
    }
}

/// The basic offset table, where every entry points at a fragment and each beyond the last.
fn by_table(items: &Items, count: usize) -> Option<Vec<usize>> {
    if items.offsets.len() != count {
        return None;
    }
    let starts: Vec<usize> = items
        .offsets
        .iter()
        .map(|offset| {
            // Fragments are known by where their content begins, eight bytes behind their item.
            let content = items.base.checked_add(*offset)?.checked_add(8)?;
            items.fragments.binary_search_by_key(&content, |f| f.start).ok()
        })
        .collect::<Option<_>>()?;
    let rising = starts.first() == Some(&0) && starts.windows(2).all(|pair| pair.first() < pair.last());
    rising.then_some(starts)
}

/// Fragments that begin like a frame, if there are as many as frames.
fn by_start(items: &Items, count: usize, begins: impl Fn(&Range<usize>) -> bool) -> Option<Vec<usize>> {
    let starts: Vec<usize> =
        (0..).zip(&items.fragments).filter(|(_, range)| begins(range)).map(|(n, _)| n).collect();
    (starts.len() == count && starts.first() == Some(&0)).then_some(starts)
}

/// Uncompressed frames: fragments that together have a frame's length.
fn by_length(items: &Items, layout: &PixelLayout, codec: Codec) -> Option<Vec<usize>> {
    if codec != Codec::EncapsulatedNative {
        return None;
    }
    let size = layout.frame_bytes();
    let (mut starts, mut filled) = (Vec::new(), 0u64);
    for (n, fragment) in items.fragments.iter().enumerate() {
        if filled == 0 {
            starts.push(n);
        }
        filled += fragment.len() as u64;
        // One byte of padding may follow.
        if filled == size || filled == size + 1 {
            filled = 0;
        } else if filled > size {
            return None;
        }
    }
    (!starts.is_empty()).then_some(starts)
}

/// Where one codestream ends and the next begins, whatever the fragments: EOI (EOC), padding, SOI (SOC).
fn by_scan(items: &Items, count: usize, codec: Codec, value: &[u8]) -> Option<Vec<usize>> {
    let start: &[u8] = match codec {
        Codec::Jpeg | Codec::JpegLs => &[0xFF, 0xD8, 0xFF],
        Codec::Jpeg2000 => &[0xFF, 0x4F, 0xFF, 0x51],
        _ => return None,
    };
    let whole: Vec<u8> =
        items.fragments.iter().filter_map(|r| value.get(r.clone())).flatten().copied().collect();
    if !whole.starts_with(start) {
        return None;
    }
    let mut starts = vec![0usize];
    let mut at = 2usize;
    while let Some(step) = whole.get(at..).and_then(|rest| rest.windows(2).position(|w| w == [0xFF, 0xD9])) {
        at += step + 2;
        let padding = whole.get(at..)?.iter().take_while(|b| **b == 0).count();
        if whole.get(at + padding..).is_some_and(|rest| rest.starts_with(start)) {
            starts.push(at + padding);
        }
    }
    (starts.len() == count).then_some(starts)
}

impl Items {
    /// Reads the items. What follows the fragments, delimiter or not, is nobody's.
    fn of(value: &[u8]) -> Result<Self, DicomError> {
        let mut at = 0usize;
        let mut out = Self::default();
        let mut first = true;
        while let Some(head) = value.get(at..at.saturating_add(8)) {
            let (tag, len) = head.split_at(4);
            let len = u32::from_le_bytes(len.try_into().unwrap_or_default()) as usize;
            match tag {
                [0xFE, 0xFF, 0x00, 0xE0] => {
                    let end = (at + 8).saturating_add(len).min(value.len());
                    let content = at + 8..end;
                    if first {
                        let table = value.get(content).unwrap_or_default();
                        let (words, _) = table.as_chunks::<4>();
                        out.offsets = words.iter().map(|w| u32::from_le_bytes(*w) as usize).collect();
                        out.base = end;
                    } else {
                        out.fragments.push(content);
                    }
                    first = false;
                    at = end;
                }
                [0xFE, 0xFF, 0xDD, 0xE0] => break,
                _ if out.fragments.is_empty() => return Err(DicomError::Malformed { offset: at as u64 }),
                _ => break,
            }
        }
        Ok(out)
    }
}
