//! The rule for every attribute: Table E.1-1 where it has a row, else by VR. In: tag, VR of the data
//! dictionary, policy, and whether the IOD requires it. Out: a [`Rule`]. Never: lets out what neither the
//! standard nor a list here knows: unknown means remove (DESIGN.md, invariant 3).
//!
//! The table leaves out whole kinds of attributes that may identify (birth dates in other calendars, AE
//! titles, new person names and dates): the sweep treats them as their like in the table.

use super::super::policy::{Policy, PolicyOption};
use super::{Basic, Prescribed, Requirement, row};
use crate::dicom::{Tag, VR};

/// What becomes of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Not written.
    Remove,
    /// Written without a value.
    Empty,
    /// Written with a dummy value.
    Dummy,
    /// Written as it is, if it is what its VR says.
    Keep,
    /// Text of which the words of scanners stay.
    Words,
    /// Text that stays if all its words are those of scanners, else goes.
    Phrase,
    /// Part of a code of the Code Sequence Macro, which depends on the coding scheme.
    Code,
    /// A date or time, shifted with the patient's.
    Shift,
    /// An age, capped.
    Age,
    /// A UID, replaced unless it is one of the standard's.
    Uid,
    /// A sequence whose items are dealt with by these rules.
    Items,
    /// A sequence whose items keep their shape, and no text or code of theirs.
    Redact,
}

/// Attributes of the Code Sequence Macro (PS3.3 §8.8) that spell a code.
const CODE: [Tag; 6] = [
    Tag(0x0008, 0x0100), // CodeValue
    Tag(0x0008, 0x0102), // CodingSchemeDesignator
    Tag(0x0008, 0x0103), // CodingSchemeVersion
    Tag(0x0008, 0x0104), // CodeMeaning
    Tag(0x0008, 0x0119), // LongCodeValue
    Tag(0x0008, 0x0120), // URNCodeValue
];

/// Texts of scanners and algorithms that Table E.1-1 lets stay and that are no vocabulary of ours: names of
/// makes, pulse sequences, coils, kernels, methods, scales.
const TECHNICAL: &[Tag] = &[
    Tag(0x0008, 0x0070), // Manufacturer
    Tag(0x0008, 0x1090), // ManufacturerModelName
    Tag(0x0018, 0x0024), // SequenceName
    Tag(0x0018, 0x0031), // Radiopharmaceutical
    Tag(0x0018, 0x0085), // ImagedNucleus
    Tag(0x0018, 0x1020), // SoftwareVersions
    Tag(0x0018, 0x1160), // FilterType
    Tag(0x0018, 0x1210), // ConvolutionKernel
    Tag(0x0018, 0x1250), // ReceiveCoilName
    Tag(0x0018, 0x1251), // TransmitCoilName
    Tag(0x0018, 0x9005), // PulseSequenceName
    Tag(0x0018, 0x9041), // ReceiveCoilManufacturerName
    Tag(0x0018, 0x9047), // MultiCoilElementName
    Tag(0x0018, 0x9050), // TransmitCoilManufacturerName
    Tag(0x0018, 0x9100), // ResonantNucleus
    Tag(0x0020, 0x9421), // DimensionDescriptionLabel
    Tag(0x0028, 0x1054), // RescaleType
    Tag(0x0054, 0x1101), // AttenuationCorrectionMethod
    Tag(0x0054, 0x1103), // ReconstructionMethod
    Tag(0x0054, 0x1105), // ScatterCorrectionMethod
];

/// Bytes and words that make an image, a surface or a signal: PS3.3 C.7.6.3, C.7.9, C.10.9, C.11.1,
/// C.18.8, C.20.3, C.27.
const BULK: &[Tag] = &[
    Tag(0x0028, 0x1101), // palette descriptors and data
    Tag(0x0028, 0x1201),
    Tag(0x0028, 0x1202),
    Tag(0x0028, 0x1203),
    Tag(0x0028, 0x1204),
    Tag(0x0028, 0x1221),
    Tag(0x0028, 0x1222),
    Tag(0x0028, 0x1223),
    Tag(0x0028, 0x1224),
    Tag(0x0028, 0x1408),
    Tag(0x0028, 0x3006), // LUTData
    Tag(0x5400, 0x0100),
    Tag(0x5400, 0x0110), // ChannelMinimumValue
    Tag(0x5400, 0x0112), // ChannelMaximumValue
    Tag(0x5400, 0x100A), // WaveformPaddingValue
    Tag(0x5400, 0x1010), // WaveformData
    Tag(0x5600, 0x0010), // FirstOrderPhaseCorrectionAngle
    Tag(0x5600, 0x0020), // SpectroscopyData
    Tag(0x0064, 0x0009), // VectorGridData
    Tag(0x0066, 0x0016), // PointCoordinatesData
    Tag(0x0066, 0x0021), // VectorCoordinateData
    Tag(0x0066, 0x0023), // TrianglePointIndexList
    Tag(0x0066, 0x0024), // EdgePointIndexList
    Tag(0x0066, 0x0025), // VertexPointIndexList
    Tag(0x0066, 0x0040), // LongPrimitivePointIndexList
    Tag(0x0066, 0x0041), // LongTrianglePointIndexList
    Tag(0x0066, 0x0042), // LongEdgePointIndexList
    Tag(0x0066, 0x0043), // LongVertexPointIndexList
];

/// What stays verbatim though a row of the table could be read otherwise: nothing of it is from a patient.
const DATE_VRS: [VR; 3] = [VR::DA, VR::DT, VR::TM];

/// TimezoneOffsetFromUTC: a text that counts as a date (PS3.15 Table E.1-1).
pub(in crate::deid) const TIMEZONE: Tag = Tag(0x0008, 0x0201);
/// GraphicAnnotationSequence.
const GRAPHIC_ANNOTATION: Tag = Tag(0x0070, 0x0001);

/// Whether the policy's keep list names a tag.
pub(in crate::deid) fn on_keep_list(policy: &Policy, tag: Tag) -> bool {
    policy.keep.iter().any(|keep| tag_of(&keep.tag) == Some(tag))
}

/// `(gggg,eeee)` as a tag.
pub(in crate::deid) fn tag_of(text: &str) -> Option<Tag> {
    let (group, element) = text.trim().strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
    Some(Tag(u16::from_str_radix(group, 16).ok()?, u16::from_str_radix(element, 16).ok()?))
}

/// The rule for a public attribute of the data dictionary. `vr` is the dictionary's; private elements and
/// tags that the dictionary doesn't have are the caller's to remove.
pub fn rule(tag: Tag, vr: VR, policy: &Policy, requirement: Requirement) -> Rule {
    if on_keep_list(policy, tag) {
        return if vr == VR::SQ { Rule::Items } else { Rule::Keep };
    }
    let Some(row) = row(tag) else { return by_vr(tag, vr, policy, requirement) };
    match row.under(policy) {
        Prescribed::Keep => kept(vr),
        Prescribed::Clean => cleaned(tag, vr, requirement),
        Prescribed::Basic(basic) => basic_rule(tag, vr, basic, requirement),
    }
}

fn kept(vr: VR) -> Rule {
    match vr {
        VR::SQ => Rule::Items,
        VR::AS => Rule::Age,
        _ => Rule::Keep,
    }
}

fn cleaned(tag: Tag, vr: VR, requirement: Requirement) -> Rule {
    match vr {
        _ if tag == TIMEZONE => Rule::Keep,
        VR::SQ => Rule::Items,
        VR::AS => Rule::Age,
        vr if DATE_VRS.contains(&vr) => Rule::Shift,
        VR::LO | VR::SH | VR::ST | VR::LT | VR::UT | VR::UC | VR::AE | VR::CS => Rule::Words,
        _ => basic_rule(tag, vr, Basic::XZD, requirement),
    }
}

fn basic_rule(tag: Tag, vr: VR, basic: Basic, requirement: Requirement) -> Rule {
    match (basic.resolved(requirement), vr) {
        (Basic::U, VR::SQ) => Rule::Items,
        (Basic::U, _) => Rule::Uid,
        // Graphics that nobody has looked at go as a whole: their module is optional.
        (Basic::D, VR::SQ) if tag == GRAPHIC_ANNOTATION => Rule::Remove,
        (Basic::D, VR::SQ) => Rule::Redact,
        (Basic::D, _) => Rule::Dummy,
        (Basic::Z, _) => Rule::Empty,
        _ => Rule::Remove,
    }
}

/// What the table does not name.
fn by_vr(tag: Tag, vr: VR, policy: &Policy, requirement: Requirement) -> Rule {
    let holds = |option| policy.holds(option);
    let gone = || basic_rule(tag, vr, Basic::XZD, requirement);
    match vr {
        VR::SQ => Rule::Items,
        VR::UI if holds(PolicyOption::RetainUids) => Rule::Keep,
        VR::UI => Rule::Uid,
        VR::DA | VR::DT | VR::TM => {
            if is_birth_or_death(tag) {
                gone()
            } else if holds(PolicyOption::RetainFullDates) {
                Rule::Keep
            } else if holds(PolicyOption::RetainModifiedDates) {
                Rule::Shift
            } else {
                gone()
            }
        }
        VR::AS if holds(PolicyOption::RetainPatientCharacteristics) => Rule::Age,
        VR::LO | VR::SH | VR::UC | VR::UR if CODE.contains(&tag) => Rule::Code,
        VR::LO | VR::SH | VR::UC if TECHNICAL.contains(&tag) => Rule::Keep,
        // Birth and death in a calendar of its own are texts (0010,0033–0034).
        VR::LO | VR::SH if is_birth_or_death(tag) => gone(),
        VR::LO | VR::SH => Rule::Phrase,
        VR::ST | VR::LT | VR::UT | VR::UC if holds(PolicyOption::CleanDescriptors) => Rule::Words,
        VR::CS | VR::IS | VR::DS => Rule::Keep,
        VR::US | VR::SS | VR::UL | VR::SL | VR::FL | VR::FD | VR::SV | VR::UV | VR::AT => Rule::Keep,
        VR::OB | VR::OW | VR::OF | VR::OD | VR::OL | VR::OV if BULK.contains(&tag) => Rule::Keep,
        // PN, AE, UR, long texts, UN, bytes of unknown use.
        _ => gone(),
    }
}

/// PatientBirthDate … PatientDeathDateInAlternativeCalendar.
fn is_birth_or_death(tag: Tag) -> bool {
    matches!(tag, Tag(0x0010, 0x0030..=0x0035))
}
