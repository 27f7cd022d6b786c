//! The check of every object against its source (DESIGN.md, invariant 4). In: the finished bytes before the
//! pixel data, read again from nothing by the reader that reads everybody's files, and the patient's check.
//! Out: how much was searched, or the element in which something was found. Never: a value.

use super::super::check::{Check, CheckCount, Leak};
use crate::dicom::{DicomError, Header, Tag, VR};

/// What is wrong with a finished object.
pub(super) enum Fault {
    /// It can't be read to its end.
    Unreadable(DicomError),
    /// A known identifier is in an element.
    Leak(Tag, Leak),
}

/// Searches everything but the pixel data, the elements `ours`, and the subject's code where it stands alone.
pub(super) fn verify(head: &[u8], check: &Check, ours: &[Tag], code: &str) -> Result<CheckCount, Fault> {
    let header = Header::from_bytes(head.to_vec()).map_err(Fault::Unreadable)?;
    if let Some(damage) = header.damage() {
        return Err(Fault::Unreadable(damage.clone()));
    }
    let mut count = CheckCount { entries: 1, bytes: head.len() as u64, fields: 0 };
    let mut found = None;
    header.walk(&mut |element| {
        if found.is_some() || element.vr == VR::SQ || ours.contains(&element.tag) {
            return;
        }
        count.fields += 1;
        let searched = match element.vr {
            VR::IS | VR::DS => element.text().map_or(Ok(()), |text| check.value(&text, true)),
            VR::AE
            | VR::AS
            | VR::CS
            | VR::DA
            | VR::DT
            | VR::LO
            | VR::LT
            | VR::PN
            | VR::SH
            | VR::ST
            | VR::TM
            | VR::UC
            | VR::UI
            | VR::UR
            | VR::UT => {
                let text = element.text().filter(|text| text != code);
                text.map_or(Ok(()), |text| check.value(&text, false))
            }
            // Numbers of fixed width: nothing of a patient's fits into one.
            VR::US | VR::SS | VR::AT | VR::UL | VR::SL | VR::FL | VR::FD | VR::SV | VR::UV
                if element.bytes().len() <= 8 =>
            {
                Ok(())
            }
            _ => check.opaque(element.bytes()),
        };
        if let Err(leak) = searched {
            found = Some((element.tag, leak));
        }
    });
    match found {
        Some((tag, leak)) => Err(Fault::Leak(tag, leak)),
        None => Ok(count),
    }
}
