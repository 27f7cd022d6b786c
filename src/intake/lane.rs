//! What one thread does with headers. In: the bytes of a file's front. Out: a [`Reading`]. What must not
//! come out, and what series have in common, gathers in the thread's own [`Lane`], so that no thread waits
//! for another.

use std::collections::BTreeMap;

use super::classify::{Kind, classify, may_be_asked_for};
use super::files::FileId;
use super::others::OtherObject;
use super::ranges::RangeReader;
use super::reading::identity_of;
use crate::convert::instance::{Instance, Interner, series_of};
use crate::dataset::{FailReason, SkipReason, looks_like_zip};
use crate::deid::{Identified, IdentityKey, Secrets};
use crate::dicom::{DicomError, Header, HeaderReader, ReadStep};

/// What one thread has found.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) secrets: BTreeMap<IdentityKey, Secrets>,
    interner: Interner,
}

/// A file whose wanted bytes are there.
pub(super) struct Ready {
    pub(super) file: FileId,
    pub(super) path: Identified<String>,
    pub(super) size: u64,
    pub(super) header: HeaderReader,
    pub(super) range: RangeReader,
}

/// What the bytes of a file came to.
pub(super) enum Reading {
    Zip,
    /// The header reaches to this byte at least.
    NeedPrefix(HeaderReader, RangeReader, u64),
    NotDicom,
    Failed(DicomError),
    Object(Box<Object>),
}

/// What one header says.
pub(super) struct Object {
    pub(super) patient: IdentityKey,
    /// Fingerprints of the UIDs.
    pub(super) study: u64,
    pub(super) series: u64,
    pub(super) kind: ObjectKind,
    /// What it takes to place an object that no volume is made of.
    pub(super) other: Option<OtherObject>,
    /// A picture that is no volume unless it is asked for.
    pub(super) capture: Option<Instance>,
}

/// What an object is to the intake.
pub(super) enum ObjectKind {
    Image(Instance),
    Skip(SkipReason),
    Fail(FailReason),
    /// Of this transfer syntax, for which there is no decoder.
    Undecodable(&'static str),
    Unreadable(DicomError),
}

impl Lane {
    /// Reads a file's header, as far as its bytes go.
    pub(super) fn read(&mut self, ready: Ready) -> Reading {
        let Ready { file, path, size, header, range } = ready;
        let prefix = range.so_far();
        if looks_like_zip(&prefix) {
            return Reading::Zip;
        }
        match header.feed(prefix) {
            ReadStep::NeedPrefix(end) => Reading::NeedPrefix(header, range, end),
            ReadStep::Failed(DicomError::NotDicom) => Reading::NotDicom,
            ReadStep::Failed(error) => Reading::Failed(error),
            ReadStep::Done(header) => Reading::Object(Box::new(self.object(file, &path, size, &header))),
        }
    }

    fn object(&mut self, file: FileId, path: &Identified<String>, size: u64, header: &Header) -> Object {
        let facts = series_of(header);
        let patient = identity_of(&facts).key();
        let (study, series) = (fingerprint(&facts.study_uid), fingerprint(&facts.series_uid));
        let secrets = self.secrets.entry(patient.clone()).or_default();
        secrets.collect(header);
        secrets.add_path(path);
        let kind = classify(header, size);
        let other = (!matches!(kind, Kind::Image))
            .then(|| OtherObject::of(file, header, self.interner.series(facts)));
        let capture = match kind {
            Kind::Skip(why) if may_be_asked_for(header, why) => {
                let instance = Instance::of(file, header, &mut self.interner).ok();
                instance.map(|instance| Instance { unasked: Some(why), ..instance })
            }
            _ => None,
        };
        let kind = match kind {
            Kind::Skip(why) => ObjectKind::Skip(why),
            Kind::Fail(FailReason::TransferSyntax) => ObjectKind::Undecodable(header.syntax().name),
            Kind::Fail(why) => ObjectKind::Fail(why),
            Kind::Image => match Instance::of(file, header, &mut self.interner) {
                Ok(instance) => ObjectKind::Image(instance),
                Err(error) => ObjectKind::Unreadable(error),
            },
        };
        Object { patient, study, series, kind, other, capture }
    }
}

/// FNV-1a: counts need no more than a number that differs.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}
