//! From byte ranges of one file to its [`Header`]: preamble, file meta, transfer syntax, data set.
//!
//! Files without preamble, without meta, with a transfer syntax that lies, and deflated ones are
//! read (PS3.10 §7, PS3.5 §A.5). The caller feeds prefixes of the file until there's enough.

use std::ops::ControlFlow;

use super::codec::TransferSyntax;
use super::error::DicomError;
use super::header::Header;
use super::parse::{Encoding, MAX_DEPTH, Parsed, Parser, Stop, plausible_start};
use super::tags;

/// The first read: enough for the whole header of most classic MR files.
const FIRST_READ: u64 = 64 * 1024;
/// No header of a real object is larger; what asks for more is hostile or not a header.
const HEADER_BUDGET: u64 = 256 * 1024 * 1024;

/// What a [`HeaderReader`] says after a feed.
#[derive(Debug)]
pub enum ReadStep {
    /// Feed so many bytes from the start of the file.
    NeedPrefix(u64),
    /// The header, as far as the file holds one.
    Done(Box<Header>),
    /// Not a file that can be read as DICOM.
    Failed(DicomError),
}

/// Reads the header of one file from growing prefixes.
#[derive(Debug)]
pub struct HeaderReader {
    file_len: u64,
}

impl HeaderReader {
    /// For a file of `file_len` bytes.
    pub fn new(file_len: u64) -> Self {
        Self { file_len }
    }

    /// How many bytes from the start of the file to feed first.
    pub fn first_read(&self) -> u64 {
        FIRST_READ.min(self.file_len)
    }

    /// Takes a prefix of the file (all of it, from byte 0) and says how it goes on.
    pub fn feed(&self, prefix: Vec<u8>) -> ReadStep {
        let complete = prefix.len() as u64 >= self.file_len;
        match read(prefix, complete, self.file_len) {
            ControlFlow::Break(step) => step,
            ControlFlow::Continue(wanted) => {
                let wanted = wanted.max(FIRST_READ).min(self.file_len);
                if wanted > HEADER_BUDGET {
                    return ReadStep::Failed(DicomError::OverBudget { needs: wanted, budget: HEADER_BUDGET });
                }
                ReadStep::NeedPrefix(wanted)
            }
        }
    }
}

impl Header {
    /// Reads the header of a file that is wholly in memory.
    ///
    /// # Errors
    /// What makes the bytes no DICOM file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, DicomError> {
        let len = bytes.len() as u64;
        match HeaderReader::new(len).feed(bytes) {
            ReadStep::Done(header) => Ok(*header),
            ReadStep::Failed(error) => Err(error),
            ReadStep::NeedPrefix(_) => Err(DicomError::Truncated { tag: String::new() }),
        }
    }
}

fn read(data: Vec<u8>, complete: bool, file_len: u64) -> ControlFlow<ReadStep, u64> {
    let fail = |error| ControlFlow::Break(ReadStep::Failed(error));
    if file_len == 0 {
        return fail(DicomError::Empty);
    }
    if !complete && data.len() < 256 {
        return ControlFlow::Continue(FIRST_READ);
    }
    let magic = data.get(128..132) == Some(b"DICM");
    let meta_start = if magic {
        132
    } else if data.get(..4) == Some(b"DICM") {
        4 // written without the preamble's 128 bytes
    } else {
        0
    };

    // The file meta is explicit little endian by the standard; some writers made it implicit.
    let meta_encoding = [Encoding::EXPLICIT, Encoding::IMPLICIT].into_iter().find(|e| {
        data.get(meta_start..meta_start + 2) == Some(&[2, 0]) && plausible_start(&data, meta_start, *e)
    });
    let meta = match meta_encoding {
        Some(encoding) => Parser::new(&data, complete).of_file(file_len).group(meta_start, 2, encoding),
        None => Parsed { end: meta_start, ..Parsed::default() },
    };
    match meta.stop {
        Some(Stop::NeedMore(n)) => return ControlFlow::Continue(grown(n, data.len())),
        // Nothing but (part of) a meta header.
        Some(_) => {
            return fail(DicomError::Truncated { tag: "(0002,xxxx)".into() });
        }
        None => {}
    }
    let start = meta.end;
    let mut header = Header::new(data, meta.root, magic.then_some(128));
    let declared = header.meta().get(tags::TRANSFER_SYNTAX_UID).and_then(|e| e.text());
    let syntax = declared.as_deref().map(TransferSyntax::by_uid);

    // A data set that says it is deflated and plainly is not was inflated by a careless tool.
    let inflated = plausible_start(header.data(), start, Encoding::EXPLICIT);
    if syntax.as_ref().is_some_and(|s| s.deflated) && !inflated {
        return inflate_and_read(header, start, complete, file_len);
    }
    if header.data().len() <= start && complete {
        return fail(DicomError::Truncated { tag: "(0008,xxxx)".into() });
    }
    let Some(encoding) = choose_encoding(header.data(), start, syntax.as_ref()) else {
        return fail(if magic {
            DicomError::Malformed { offset: start as u64 }
        } else {
            DicomError::NotDicom
        });
    };
    // A declaration that lies about the order of bytes lies about the pixels', too.
    header.syntax = syntax
        .filter(|s| s.big_endian == encoding.big_endian && !s.deflated)
        .unwrap_or_else(|| TransferSyntax::of_encoding(encoding.explicit, encoding.big_endian));
    let parsed = Parser::new(header.data(), complete).of_file(file_len).data_set(start, encoding);
    finish(header, parsed, magic)
}

/// Twice what is there, or what is needed, whichever is more: few reads, little waste.
fn grown(needed: u64, have: usize) -> u64 {
    needed.max(have as u64 * 2)
}

fn finish(mut header: Header, parsed: Parsed, magic: bool) -> ControlFlow<ReadStep, u64> {
    match parsed.stop {
        Some(Stop::NeedMore(n)) => return ControlFlow::Continue(grown(n, header.data().len())),
        Some(Stop::TooDeep) => {
            return ControlFlow::Break(ReadStep::Failed(DicomError::TooDeep { limit: MAX_DEPTH }));
        }
        Some(Stop::Truncated(tag)) => {
            header.damage = Some(DicomError::Truncated { tag: format!("({:04X},{:04X})", tag.0, tag.1) });
        }
        Some(Stop::Malformed(offset)) => header.damage = Some(DicomError::Malformed { offset }),
        None => {}
    }
    header.set_root(parsed.root, parsed.pixels);
    if let Some(pixels) = parsed.pixels {
        header.syntax = header.syntax.borne_out_by(pixels.len.is_none());
    }
    let root = header.root();
    let known = [tags::SOP_CLASS_UID, tags::SOP_INSTANCE_UID, tags::STUDY_INSTANCE_UID, tags::MODALITY];
    let looks_like_dicom = header.meta().get(tags::TRANSFER_SYNTAX_UID).is_some()
        || known.iter().any(|tag| root.get(*tag).is_some())
        || (root.get(tags::ROWS).is_some() && header.pixels.is_some());
    if !looks_like_dicom {
        let error = if magic { header.damage.unwrap_or(DicomError::NotDicom) } else { DicomError::NotDicom };
        return ControlFlow::Break(ReadStep::Failed(error));
    }
    ControlFlow::Break(ReadStep::Done(Box::new(header)))
}

/// The declared encoding if the first element bears it out, else the one that does.
fn choose_encoding(data: &[u8], start: usize, syntax: Option<&TransferSyntax>) -> Option<Encoding> {
    let declared = syntax.map(|s| Encoding { explicit: s.explicit, big_endian: s.big_endian });
    let candidates = [Encoding::EXPLICIT, Encoding::EXPLICIT_BIG, Encoding::IMPLICIT];
    declared
        .into_iter()
        .chain(candidates)
        .find(|encoding| plausible_start(data, start, *encoding))
        // With a declared syntax an unusual first group is still DICOM.
        .or(declared.filter(|_| data.len() > start + 8))
}

/// PS3.5 §A.5: everything after the meta header is one raw deflate stream.
fn inflate_and_read(
    header: Header,
    start: usize,
    complete: bool,
    file_len: u64,
) -> ControlFlow<ReadStep, u64> {
    let fail = |error| ControlFlow::Break(ReadStep::Failed(error));
    let Some(packed) = header.data().get(start..) else {
        return fail(DicomError::Deflate);
    };
    let (inflated, at_end) = match inflate(packed, HEADER_BUDGET) {
        Ok(result) => result,
        Err(error) => return fail(error),
    };
    let plain_complete = complete || at_end;
    let parsed = Parser::new(&inflated, plain_complete).data_set(0, Encoding::EXPLICIT);
    if let Some(Stop::NeedMore(_)) = parsed.stop {
        return ControlFlow::Continue(grown(0, header.data().len()).min(file_len));
    }
    let magic = header.preamble().is_some();
    let header = header.replace_data(inflated);
    finish(header, parsed, magic)
}

/// Inflates a raw deflate stream (or the part of it that is there).
///
/// Returns the bytes, and whether the stream's end was reached.
pub(super) fn inflate(packed: &[u8], budget: u64) -> Result<(Vec<u8>, bool), DicomError> {
    use flate2::{Decompress, FlushDecompress, Status};
    let mut inflater = Decompress::new(false);
    let mut out = Vec::with_capacity(packed.len().saturating_mul(4).min(1 << 24));
    loop {
        let used = usize::try_from(inflater.total_in()).map_err(|_| DicomError::Deflate)?;
        let before = (inflater.total_in(), inflater.total_out());
        if out.len() == out.capacity() {
            out.reserve(out.len().max(1 << 16));
        }
        let input = packed.get(used..).unwrap_or_default();
        let status = inflater
            .decompress_vec(input, &mut out, FlushDecompress::None)
            .map_err(|_| DicomError::Deflate)?;
        if out.len() as u64 > budget {
            return Err(DicomError::OverBudget { needs: out.len() as u64, budget });
        }
        if status == Status::StreamEnd {
            return Ok((out, true));
        }
        if (inflater.total_in(), inflater.total_out()) == before && out.len() < out.capacity() {
            return Ok((out, false));
        }
    }
}
