//! The registry: transfer syntax → encoding and decoder. One table (PS3.5 §A, PS3.6 table A-1).
//!
//! A syntax that is named here but has no decoder yet is refused by name, so that the report can
//! say what the file is; an unknown one is refused as unknown.

/// How the frames of a syntax are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// As they are.
    Native,
    /// As they are, one fragment a frame (encapsulated uncompressed).
    EncapsulatedNative,
    /// Run-length encoding (PS3.5 §G).
    RunLength,
    /// Compressed in a way for which there's no decoder.
    Unsupported,
}

/// A transfer syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferSyntax {
    /// Its UID; empty if unknown.
    pub uid: &'static str,
    /// Its name, short.
    pub name: &'static str,
    /// Explicit VR.
    pub explicit: bool,
    /// Big endian.
    pub big_endian: bool,
    /// The data set is a deflate stream.
    pub deflated: bool,
    /// How frames are stored.
    pub codec: Codec,
}

const fn explicit(uid: &'static str, name: &'static str, codec: Codec) -> TransferSyntax {
    TransferSyntax { uid, name, explicit: true, big_endian: false, deflated: false, codec }
}

/// Every transfer syntax of PS3.6 that images come in.
#[rustfmt::skip]
pub const REGISTRY: &[TransferSyntax] = &[
    TransferSyntax { uid: "1.2.840.10008.1.2", name: "Implicit VR Little Endian", explicit: false, big_endian: false, deflated: false, codec: Codec::Native },
    explicit("1.2.840.10008.1.2.1", "Explicit VR Little Endian", Codec::Native),
    TransferSyntax { uid: "1.2.840.10008.1.2.1.99", name: "Deflated Explicit VR Little Endian", explicit: true, big_endian: false, deflated: true, codec: Codec::Native },
    TransferSyntax { uid: "1.2.840.10008.1.2.2", name: "Explicit VR Big Endian", explicit: true, big_endian: true, deflated: false, codec: Codec::Native },
    // GE's private syntax: implicit little endian with big-endian pixels; its headers read as implicit.
    TransferSyntax { uid: "1.2.840.113619.5.2", name: "GE private (implicit, big-endian pixels)", explicit: false, big_endian: false, deflated: false, codec: Codec::Unsupported },
    explicit("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed", Codec::EncapsulatedNative),
    explicit("1.2.840.10008.1.2.5", "RLE Lossless", Codec::RunLength),
    explicit("1.2.840.10008.1.2.4.50", "JPEG Baseline (8 bit)", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.51", "JPEG Extended (12 bit)", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.57", "JPEG Lossless (process 14)", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.70", "JPEG Lossless (SV1)", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.81", "JPEG-LS Near-lossless", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.91", "JPEG 2000", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.201", "HTJ2K Lossless", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.203", "HTJ2K", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.112", "JPEG XL", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.100", "MPEG2", Codec::Unsupported),
    explicit("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264", Codec::Unsupported),
];

impl TransferSyntax {
    /// The syntax with this UID; for an unknown one, explicit little endian without a decoder.
    pub fn by_uid(uid: &str) -> Self {
        let uid = uid.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        REGISTRY
            .iter()
            .find(|syntax| syntax.uid == uid)
            .cloned()
            .unwrap_or_else(|| explicit("", "unknown", Codec::Unsupported))
    }

    /// The native syntax that a file without a declaration turned out to be in.
    pub fn of_encoding(explicit_vr: bool, big_endian: bool) -> Self {
        let uid = match (explicit_vr, big_endian) {
            (_, true) => "1.2.840.10008.1.2.2",
            (true, false) => "1.2.840.10008.1.2.1",
            (false, false) => "1.2.840.10008.1.2",
        };
        Self::by_uid(uid)
    }

    /// What the syntax must be, given whether the pixel data are of undefined length, that is,
    /// encapsulated (PS3.5 §A.4): tools that unpack or pack pixels forget to say so.
    pub(super) fn borne_out_by(&self, encapsulated: bool) -> Self {
        match (self.codec, encapsulated) {
            // Packed in a way that nobody tells.
            (Codec::Native, true) => explicit("", "undeclared compression", Codec::Unsupported),
            (Codec::RunLength | Codec::EncapsulatedNative, false) => Self::of_encoding(true, false),
            (Codec::Unsupported, false) if !self.uid.is_empty() && self.explicit => {
                Self::of_encoding(true, false)
            }
            _ => self.clone(),
        }
    }

    /// Whether frames of this syntax can be decoded.
    pub fn is_supported(&self) -> bool {
        self.codec != Codec::Unsupported
    }
}
