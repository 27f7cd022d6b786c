//! Text in pixels, before an object is written. In: the header, what reviewers decided, the policy. Out: the
//! boxes to make black, or that it is left out, or what a reviewer must see to decide. Never: lets a suspected
//! object through on the header's word alone.

use super::super::pixels::{
    Decision, Device, PixelBox, Strength, Suspicion, fits, search, search_outside, strength,
};
use super::super::policy::PolicyOption;
use super::{Exclusion, Person, Project, Refusal};
use crate::dicom::write::DataSet;
use crate::dicom::{Header, Tag, VR, tags};
use serde::Serialize;

/// What was done about text in an object's pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pixels {
    /// Frames that were searched for text; 0 where they couldn't be, or a reviewer had decided.
    pub searched: u32,
    /// The object has pixels.
    pub present: bool,
    /// Boxes were made black in every frame.
    pub redacted: bool,
    /// A person has looked, or vouches for the template.
    pub reviewed: bool,
}

/// An object that may be written as far as text in its pixels goes.
pub(super) struct Cleared {
    pub(super) boxes: Vec<PixelBox>,
    pub(super) pixels: Pixels,
    /// Suspected, and let through all the same.
    pub(super) suspicion: Option<Suspicion>,
}

/// Asks reviewers, then the rules, then the pixels.
///
/// # Errors
/// The object is left out.
pub(super) fn clear(header: &Header, object: &str, project: &Project) -> Result<Cleared, Refusal> {
    let mut pixels = Pixels { present: header.pixels().is_some(), ..Pixels::default() };
    let Some(strength) = strength(header) else {
        return Ok(Cleared { boxes: Vec::new(), pixels, suspicion: None });
    };
    let excluded = |why| Err(Refusal::Excluded(why));
    let device = Device::of(header);
    if let Some(ruling) = project.redactions.ruling(object, &device) {
        pixels.reviewed = ruling.reviewed;
        let boxes = match ruling.decision {
            Decision::LeaveOut => return excluded(Exclusion::LeftOut),
            Decision::Accept => {
                let suspicion = if ruling.reviewed { None } else { usual(strength) };
                return Ok(Cleared { boxes: Vec::new(), pixels, suspicion });
            }
            Decision::Redact { boxes } => boxes,
        };
        if !fits(ruling.decision, Some((device.columns, device.rows))) {
            return excluded(Exclusion::BoxOutside);
        }
        pixels.redacted = true;
        // A template was drawn on another image: what stands elsewhere on this one, nobody has seen.
        if !ruling.own && !project.accept_burned_in {
            match search_outside(header, boxes) {
                Ok(found) if found.boxes.is_empty() => pixels.searched = found.searched,
                Ok(_) => return excluded(Exclusion::BurnedIn(Suspicion::Text)),
                Err(_) => return excluded(Exclusion::BurnedIn(Suspicion::Unseen)),
            }
        }
        return Ok(Cleared { boxes: boxes.clone(), pixels, suspicion: None });
    }
    let suspicion = match strength {
        Strength::Usual(suspicion) => Some(suspicion),
        Strength::Possible | Strength::Rare => match search(header) {
            Ok(found) => {
                pixels.searched = found.searched;
                (!found.boxes.is_empty()).then_some(Suspicion::Text)
            }
            // The policy claims that pixels were cleaned: then they must have been seen.
            Err(_) if strength == Strength::Possible || claims(project) => Some(Suspicion::Unseen),
            Err(_) => None,
        },
    };
    match suspicion.filter(|_| !project.accept_burned_in || claims(project)) {
        Some(why) => excluded(Exclusion::BurnedIn(why)),
        None => Ok(Cleared { boxes: Vec::new(), pixels, suspicion }),
    }
}

fn claims(project: &Project) -> bool {
    project.policy.holds(PolicyOption::CleanPixelData)
}

const fn usual(strength: Strength) -> Option<Suspicion> {
    match strength {
        Strength::Usual(suspicion) => Some(suspicion),
        Strength::Possible | Strength::Rare => None,
    }
}

/// How decoded frames are described (PS3.3 C.7.6.3, C.7.6.1.1.5): colour as RGB pixel by pixel, values in the
/// lowest bits; that they were once compressed with loss stays said.
pub(super) fn describe_recoded(header: &Header, set: &mut DataSet<'_>) {
    let root = header.root();
    if root.int(tags::SAMPLES_PER_PIXEL) == Some(3) {
        set.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB");
        set.bytes(tags::PLANAR_CONFIGURATION, VR::US, vec![0, 0]);
    }
    if let Some(stored) = root.int(tags::BITS_STORED).and_then(|bits| u16::try_from(bits - 1).ok()) {
        set.bytes(tags::HIGH_BIT, VR::US, stored.to_le_bytes().to_vec());
    }
    if header.syntax().lossy {
        set.text(Tag(0x0028, 0x2110), VR::CS, "01");
    }
}

/// What a reviewer must know of a suspected object: no identifier, and nothing of the pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewItem {
    /// The UID in the place of the object's own, under the project's key: the name to decide under.
    pub object: String,
    /// Why it is suspected.
    pub reason: Suspicion,
    /// Where what looks like text was found; none where it wasn't, or where pixels can't be decoded.
    pub boxes: Vec<PixelBox>,
    /// Frames.
    pub frames: u32,
    /// Its device, as a template names it; make and model are left empty if they hold an identifier.
    pub device: Device,
}

/// What a reviewer must know of an object that [`super::deidentify`] left out for text in its pixels.
///
/// `None` if the file can't be read, or nothing is suspected.
pub fn review_item(file: Vec<u8>, person: &Person, project: &Project) -> Option<ReviewItem> {
    let header = Header::from_bytes(file).ok()?;
    let strength = strength(&header)?;
    let instance = header.root().text(tags::SOP_INSTANCE_UID);
    let instance = instance.or_else(|| header.meta().text(Tag(0x0002, 0x0003)))?;
    let looked = search(&header);
    let reason = match (&looked, usual(strength)) {
        (_, Some(suspicion)) => suspicion,
        (Ok(found), None) if found.boxes.is_empty() => return None,
        (Ok(_), None) => Suspicion::Text,
        (Err(_), None) => Suspicion::Unseen,
    };
    let found = looked.unwrap_or_default();
    let mut device = Device::of(&header);
    for text in [&mut device.manufacturer, &mut device.model, &mut device.sop_class] {
        if person.check.value(text, false).is_err() {
            text.clear();
        }
    }
    device.image_type.retain(|word| person.check.value(word, false).is_ok());
    let frames = header.root().int(tags::NUMBER_OF_FRAMES).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    Some(ReviewItem { object: project.uid(&instance), reason, boxes: found.boxes, frames, device })
}
