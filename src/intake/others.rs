//! DICOM objects that no volume is made of: reports, presentation states, segmentations, images in colour.
//!
//! In: a header. Out: what it takes to give the object a place in a tree of DICOM. Identified.

use std::sync::Arc;

use super::files::FileId;
use crate::convert::instance::SeriesFacts;
use crate::dicom::{Header, tags};

/// One such object.
pub(crate) struct OtherObject {
    pub(crate) file: FileId,
    pub(crate) sop_instance: Box<str>,
    pub(crate) number: Option<i64>,
    pub(crate) facts: Arc<SeriesFacts>,
}

impl OtherObject {
    pub(crate) fn of(file: FileId, header: &Header, facts: Arc<SeriesFacts>) -> Self {
        let root = header.root();
        Self {
            file,
            sop_instance: root.text(tags::SOP_INSTANCE_UID).unwrap_or_default().into(),
            number: root.int(tags::INSTANCE_NUMBER),
            facts,
        }
    }
}
