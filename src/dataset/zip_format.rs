//! The records of a zip archive, byte by byte.
//!
//! In come values, out come the bytes of one record, and back. Source: PKWARE APPNOTE 6.3.10,
//! sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14–16 (ends), 4.5.3 (zip64).
//! Nothing here knows what an archive is for.

use super::Error;

/// Signature of a local file header.
pub const LOCAL: u32 = 0x0403_4b50;
/// Signature of a central directory header.
pub const CENTRAL: u32 = 0x0201_4b50;
/// Signature of the zip64 end of central directory record.
const END64: u32 = 0x0606_4b50;
/// Signature of the zip64 end of central directory locator.
const LOCATOR64: u32 = 0x0706_4b50;
/// Signature of the end of central directory record.
const END: u32 = 0x0605_4b50;

/// Length of a local header before name and extra field.
pub const LOCAL_LEN: u64 = 30;
/// Length of the end record without comment.
pub const END_LEN: u64 = 22;
/// Length of the zip64 locator.
pub const LOCATOR64_LEN: u64 = 20;
/// Length of the zip64 end record of version 1.
pub const END64_LEN: u64 = 56;

/// A 32-bit field that refers to the zip64 extra field.
const IN_ZIP64: u32 = u32::MAX;
/// Header id of the zip64 extra field.
const ZIP64_ID: u16 = 1;
/// Bit 11 of the flags: the name is UTF-8.
const UTF8: u16 = 1 << 11;
/// Bit 0: encrypted. Bit 6: strongly. Bit 13: the directory is.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Bit 3: sizes stand behind the data.
const DESCRIPTOR: u16 = 1 << 3;
/// 1980-01-01, the first date a zip can say: the same input gives the same bytes.
const DATE: u16 = 0x0021;

/// Compression methods that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As is.
    Stored,
    /// RFC 1951.
    Deflate,
}

/// One entry as its headers describe it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The name as it stands there: bytes of an unknown hand, hence private to the room.
    pub(super) name: Vec<u8>,
    /// General purpose flags.
    pub(super) flags: u16,
    /// Compression method as it stands there.
    pub(super) method: u16,
    /// CRC-32 of the contents.
    pub(super) crc: u32,
    /// Length as stored.
    pub(super) packed: u64,
    /// Length of the contents.
    pub(super) size: u64,
    /// Where the local header begins.
    pub(super) offset: u64,
    /// The directory's record, kept for entries written by others.
    pub(super) raw: Option<Vec<u8>>,
}

impl Record {
    /// A stored entry that is to be written.
    pub(super) fn stored(name: &str, size: u64, crc: u32, offset: u64) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            flags: UTF8,
            method: 0,
            crc,
            packed: size,
            size,
            offset,
            raw: None,
        }
    }

    /// Whether the sizes stand behind the data and are unknown from the local header.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & DESCRIPTOR != 0
    }

    /// Refuses an encrypted entry; method 99 is AES (WinZip).
    pub(super) fn readable_flags(&self) -> Result<(), Error> {
        if self.flags & ENCRYPTED != 0 || self.method == 99 { Err(Error::Encrypted) } else { Ok(()) }
    }

    /// The method, if the entry can be read at all.
    pub(super) fn readable(&self) -> Result<Method, Error> {
        self.readable_flags()?;
        match self.method {
            0 if self.packed != self.size => Err(Error::Damaged("a stored entry changes its length")),
            0 => Ok(Method::Stored),
            8 => Ok(Method::Deflate),
            other => Err(Error::Method(other)),
        }
    }

    /// The local header.
    pub(super) fn local_header(&self) -> Vec<u8> {
        let zip64 = self.size >= u64::from(IN_ZIP64) || self.packed >= u64::from(IN_ZIP64);
        let mut bytes = Vec::with_capacity(self.name.len() + 50);
        u32_to(&mut bytes, LOCAL);
        u16_to(&mut bytes, if zip64 { 45 } else { 20 });
        self.common(&mut bytes, zip64, zip64);
        u16_to(&mut bytes, length(&self.name));
        u16_to(&mut bytes, if zip64 { 20 } else { 0 });
        bytes.extend_from_slice(&self.name);
        if zip64 {
            u16_to(&mut bytes, ZIP64_ID);
            u16_to(&mut bytes, 16);
            u64_to(&mut bytes, self.size);
            u64_to(&mut bytes, self.packed);
        }
        bytes
    }

    /// The central directory's record.
    pub(super) fn central_header(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let big = |value: u64| value >= u64::from(IN_ZIP64);
        let mut extra = Vec::new();
        for value in [self.size, self.packed, self.offset].into_iter().filter(|value| big(*value)) {
            u64_to(&mut extra, value);
        }
        let mut bytes = Vec::with_capacity(self.name.len() + 80);
        u32_to(&mut bytes, CENTRAL);
        // Made by version 4.5 on Unix, so that the permissions below are understood.
        u16_to(&mut bytes, 3 << 8 | 45);
        u16_to(&mut bytes, if extra.is_empty() { 20 } else { 45 });
        self.common(&mut bytes, big(self.size), big(self.packed));
        u16_to(&mut bytes, length(&self.name));
        u16_to(&mut bytes, if extra.is_empty() { 0 } else { length(&extra).saturating_add(4) });
        u16_to(&mut bytes, 0); // comment
        u16_to(&mut bytes, 0); // disk
        u16_to(&mut bytes, 0); // internal attributes
        u32_to(&mut bytes, 0o100_644 << 16); // a plain file, rw-r--r--
        u32_to(&mut bytes, u32::try_from(self.offset).unwrap_or(IN_ZIP64));
        bytes.extend_from_slice(&self.name);
        if !extra.is_empty() {
            u16_to(&mut bytes, ZIP64_ID);
            u16_to(&mut bytes, length(&extra));
            bytes.extend_from_slice(&extra);
        }
        bytes
    }

    /// Flags to uncompressed size, which both headers share.
    fn common(&self, bytes: &mut Vec<u8>, size_apart: bool, packed_apart: bool) {
        u16_to(bytes, self.flags);
        u16_to(bytes, self.method);
        u16_to(bytes, 0); // time
        u16_to(bytes, DATE);
        u32_to(bytes, self.crc);
        let field = |value: u64, apart: bool| {
            if apart { IN_ZIP64 } else { u32::try_from(value).unwrap_or(IN_ZIP64) }
        };
        u32_to(bytes, field(self.packed, packed_apart));
        u32_to(bytes, field(self.size, size_apart));
    }

    /// Reads a record of the central directory; gives it and its length.
    pub(super) fn read_central(bytes: &[u8]) -> Result<(Self, usize), Error> {
        const CUT: Error = Error::Damaged("the directory is cut short");
        let mut at = Cursor(bytes);
        if at.u32() != Some(CENTRAL) {
            return Err(Error::Damaged("a directory record has no signature"));
        }
        let mut record = || -> Option<(Self, usize, bool)> {
            at.skip(4)?;
            let (flags, method) = (at.u16()?, at.u16()?);
            at.skip(4)?;
            let (crc, packed, size) = (at.u32()?, at.u32()?, at.u32()?);
            let (name_len, extra_len, comment_len) = (at.u16()?, at.u16()?, at.u16()?);
            let disk = at.u16()?;
            at.skip(6)?;
            let offset = at.u32()?;
            let name = at.take(usize::from(name_len))?.to_vec();
            let extra = at.take(usize::from(extra_len))?;
            at.take(usize::from(comment_len))?;
            let length = 46 + usize::from(name_len) + usize::from(extra_len) + usize::from(comment_len);
            let mut wide = Cursor(zip64_field(extra).unwrap_or_default());
            let mut widen = |value: u32| match value {
                IN_ZIP64 => wide.u64().unwrap_or(u64::from(value)),
                value => u64::from(value),
            };
            // In this order (APPNOTE 4.5.3).
            let (size, packed, offset) = (widen(size), widen(packed), widen(offset));
            let raw = bytes.get(..length)?.to_vec();
            Some((Self { name, flags, method, crc, packed, size, offset, raw: Some(raw) }, length, disk == 0))
        };
        match record() {
            Some((_, _, false)) => Err(Error::MultiPart),
            Some((record, length, true)) => Ok((record, length)),
            None => Err(CUT),
        }
    }

    /// Reads a local header that begins at `offset` in its file: the entry, and the header's length.
    /// `None` where there is no whole local header.
    pub(super) fn read_local(bytes: &[u8], offset: u64) -> Option<(Self, u64)> {
        let mut at = Cursor(bytes);
        if at.u32() != Some(LOCAL) {
            return None;
        }
        at.skip(2)?;
        let (flags, method) = (at.u16()?, at.u16()?);
        at.skip(4)?;
        let (crc, packed, size) = (at.u32()?, at.u32()?, at.u32()?);
        let (name_len, extra_len) = (at.u16()?, at.u16()?);
        let name = at.take(usize::from(name_len))?.to_vec();
        let mut wide = Cursor(zip64_field(at.take(usize::from(extra_len))?).unwrap_or_default());
        let mut widen = |value: u32| match value {
            IN_ZIP64 => wide.u64().unwrap_or(u64::from(value)),
            value => u64::from(value),
        };
        let (size, packed) = (widen(size), widen(packed));
        let length = local_header_len(bytes)?;
        Some((Self { name, flags, method, crc, packed, size, offset, raw: None }, length))
    }
}

/// Length of a local header with its name and extra field, from its first 30 bytes.
pub(super) fn local_header_len(bytes: &[u8]) -> Option<u64> {
    let mut at = Cursor(bytes);
    if at.u32() != Some(LOCAL) {
        return None;
    }
    at.skip(22)?;
    Some(LOCAL_LEN + u64::from(at.u16()?) + u64::from(at.u16()?))
}

/// The contents of the zip64 extra field.
fn zip64_field(extra: &[u8]) -> Option<&[u8]> {
    let mut at = Cursor(extra);
    loop {
        let (id, len) = (at.u16()?, at.u16()?);
        let field = at.take(usize::from(len))?;
        if id == ZIP64_ID {
            return Some(field);
        }
    }
}

/// Where the central directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directory {
    /// Number of entries.
    pub entries: u64,
    /// Length in bytes.
    pub len: u64,
    /// Offset in the file.
    pub offset: u64,
}

impl Directory {
    /// The records that end an archive; `end` is the offset at which they begin, right behind the
    /// directory.
    pub(super) fn end_records(self, end: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let zip64 = self.entries >= u64::from(u16::MAX)
            || self.len >= u64::from(IN_ZIP64)
            || self.offset >= u64::from(IN_ZIP64);
        if zip64 {
            u32_to(&mut bytes, END64);
            u64_to(&mut bytes, END64_LEN - 12);
            u16_to(&mut bytes, 3 << 8 | 45);
            u16_to(&mut bytes, 45);
            u32_to(&mut bytes, 0);
            u32_to(&mut bytes, 0);
            u64_to(&mut bytes, self.entries);
            u64_to(&mut bytes, self.entries);
            u64_to(&mut bytes, self.len);
            u64_to(&mut bytes, self.offset);
            u32_to(&mut bytes, LOCATOR64);
            u32_to(&mut bytes, 0);
            u64_to(&mut bytes, end);
            u32_to(&mut bytes, 1);
        }
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX);
        u32_to(&mut bytes, END);
        u32_to(&mut bytes, 0);
        u16_to(&mut bytes, entries);
        u16_to(&mut bytes, entries);
        u32_to(&mut bytes, u32::try_from(self.len).unwrap_or(IN_ZIP64));
        u32_to(&mut bytes, u32::try_from(self.offset).unwrap_or(IN_ZIP64));
        u16_to(&mut bytes, 0);
        bytes
    }

    /// Finds the end record in the last bytes of a file: where it begins in `tail`, what it says, and
    /// whether a zip64 record says it better.
    pub(super) fn find(tail: &[u8]) -> Result<(usize, Self, bool), Error> {
        let last = tail.len().checked_sub(END_LEN as usize).ok_or(Error::NotAZip)?;
        for start in (0..=last).rev() {
            let at = Cursor(tail.get(start..).unwrap_or_default());
            // A signature inside a comment is not followed by a comment of the right length, or lies
            // before the true record, which is found first.
            if let Some((parts, directory, wide)) = Self::read_end(at) {
                return if parts { Err(Error::MultiPart) } else { Ok((start, directory, wide)) };
            }
        }
        Err(Error::NotAZip)
    }

    /// Reads an end record: whether the archive has several parts, what it says, and whether a
    /// zip64 record says it better.
    fn read_end(mut at: Cursor<'_>) -> Option<(bool, Self, bool)> {
        if at.u32()? != END {
            return None;
        }
        let (disk, start_disk) = (at.u16()?, at.u16()?);
        let (_, entries) = (at.u16()?, at.u16()?);
        let (len, offset, comment) = (at.u32()?, at.u32()?, at.u16()?);
        at.take(usize::from(comment))?;
        let wide = entries == u16::MAX || len == IN_ZIP64 || offset == IN_ZIP64;
        let directory = Self { entries: u64::from(entries), len: u64::from(len), offset: u64::from(offset) };
        let parts = [disk, start_disk].iter().any(|disk| *disk != 0 && *disk != u16::MAX);
        Some((parts, directory, wide))
    }

    /// Reads the zip64 locator: the offset of the zip64 end record.
    pub(super) fn read_locator64(bytes: &[u8]) -> Option<u64> {
        let mut at = Cursor(bytes);
        if at.u32()? != LOCATOR64 {
            return None;
        }
        at.skip(4)?;
        at.u64()
    }

    /// Reads the zip64 end record.
    pub(super) fn read_end64(bytes: &[u8]) -> Option<Self> {
        let mut at = Cursor(bytes);
        if at.u32()? != END64 {
            return None;
        }
        at.skip(28)?;
        Some(Self { entries: at.u64()?, len: at.u64()?, offset: at.u64()? })
    }
}

/// Reads little-endian numbers off the front of a slice.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }
    fn skip(&mut self, n: usize) -> Option<()> {
        self.take(n).map(|_| ())
    }
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }
    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

fn u16_to(bytes: &mut Vec<u8>, value: u16) {
    bytes.extend_from_slice(&value.to_le_bytes());
}
fn u32_to(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(&value.to_le_bytes());
}
fn u64_to(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

/// A length field; names are at most 240 bytes (see `EntryName`), extra fields 28.
fn length(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX)
}
