//! Why a file could not be read as DICOM: causes, never contents.

/// A cause for which a file, or a part of it, can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DicomError {
    /// Neither magic word nor a plausible first element.
    #[error("not a DICOM file")]
    NotDicom,
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file ends inside an element.
    #[error("truncated: the file ends inside element {tag}")]
    Truncated {
        /// The element that is cut, as `(gggg,eeee)`.
        tag: String,
    },
    /// A length or delimiter that contradicts PS3.5.
    #[error("malformed element structure at byte {offset}")]
    Malformed {
        /// Where, in the (inflated) data set.
        offset: u64,
    },
    /// Sequences are nested deeper than any real object.
    #[error("sequences nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// What the header asks for exceeds the memory budget.
    #[error("refused: needs {}, budget {}", size(*needs), size(*budget))]
    OverBudget {
        /// Bytes asked for.
        needs: u64,
        /// Bytes allowed.
        budget: u64,
    },
    /// A deflated data set that can't be inflated.
    #[error("the deflated data set is corrupt")]
    Deflate,
    /// A transfer syntax that is unknown or has no decoder.
    #[error("can't be decoded: {name}")]
    TransferSyntax {
        /// Its name in PS3.6, or `unknown`.
        name: &'static str,
    },
    /// Pixel attributes that are absent or contradict each other (PS3.3 C.7.6.3).
    #[error("pixel description incomplete or contradictory: {what}")]
    PixelDescription {
        /// Which attribute.
        what: &'static str,
    },
    /// Fewer pixel bytes than rows × columns × frames need.
    #[error("pixel data too short: {have} of {needs} bytes")]
    PixelsShort {
        /// Bytes there are.
        have: u64,
        /// Bytes needed.
        needs: u64,
    },
    /// A compressed frame that breaks the rules of its own coding.
    #[error("the compressed frame is damaged: {what}")]
    Codestream {
        /// Which rule.
        what: &'static str,
    },
    /// A compressed frame of another size than the header's: columns, rows, samples a pixel.
    #[error("the compressed frame is {}×{}×{}, the header says {}×{}×{}",
        .coded[0], .coded[1], .coded[2], .header[0], .header[1], .header[2])]
    FrameMismatch {
        /// What the codestream says.
        coded: [u32; 3],
        /// What the header says.
        header: [u32; 3],
    },
    /// The source could not be read (removed, locked, or the permission was withdrawn).
    #[error("the file could not be read from its medium")]
    Unreadable,
}

/// A size as people say it, and to the byte where it is small.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{bytes} bytes"),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
