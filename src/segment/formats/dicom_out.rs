//! DICOM Segmentation (PS3.3 A.51), binary.
//!
//! In: labels and what they mean; the de-identified series that they were drawn on, where there is one. Out: one
//! object that refers to that series' instances, frame by frame, in its own patient, study and frame of
//! reference; without a series, one of a study of its own. Frames lie as the series' do where the grids are
//! the same, so that viewers need turn nothing. UIDs follow from the content. It never takes text from an
//! instance that says it is identified.

use std::borrow::Cow;

use dicom_dictionary_std::tags as t;
use sha2::{Digest as _, Sha256};

use super::super::error::Error;
use super::super::space::unit;
use super::place::Placing;
use super::{Labelled, Named};
use crate::dicom::write::{Content, DataSet, EXPLICIT_LITTLE, file_head, native_pixels};
use crate::dicom::{Header, Tag, VR};
use crate::volume::Affine;
use crate::volume::grid::{dot, norm};

const SEGMENTATION_STORAGE: &str = "1.2.840.10008.5.1.4.1.1.66.4";
const IMPLEMENTATION: (&str, &str) =
    ("2.25.44703747796924719407152966925707802917", concat!("HEPATICA_", env!("CARGO_PKG_VERSION")));

/// An image that labels were drawn on: an instance, or a frame of one.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFrame {
    /// Its class.
    pub class: String,
    /// Its instance.
    pub instance: String,
    /// Its number in a multi-frame instance, from 1.
    pub frame: Option<u32>,
    /// Where its first pixel lies, mm, LPS.
    pub position: [f64; 3],
}

/// The series that labels were drawn on, de-identified.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSeries {
    /// Elements of patient, study and frame of reference, as they are there.
    texts: Vec<(Tag, VR, String)>,
    /// Its UID.
    pub series: String,
    rows: usize,
    columns: usize,
    orientation: [f64; 6],
    /// Between rows, between columns.
    spacing: [f64; 2],
    frames: Vec<SourceFrame>,
}

/// What is copied from the series: patient, study, frame of reference, how it was de-identified.
const COPIED: [(Tag, VR); 13] = [
    (t::PATIENT_NAME, VR::PN),
    (t::PATIENT_ID, VR::LO),
    (t::PATIENT_BIRTH_DATE, VR::DA),
    (t::PATIENT_SEX, VR::CS),
    (t::STUDY_INSTANCE_UID, VR::UI),
    (t::STUDY_DATE, VR::DA),
    (t::STUDY_TIME, VR::TM),
    (t::STUDY_ID, VR::SH),
    (t::ACCESSION_NUMBER, VR::SH),
    (t::FRAME_OF_REFERENCE_UID, VR::UI),
    (t::PATIENT_IDENTITY_REMOVED, VR::CS),
    (t::DEIDENTIFICATION_METHOD, VR::LO),
    (t::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, VR::CS),
];

impl SourceSeries {
    /// Of the headers of one volume's files; `None` where they are not de-identified, lie in no one stack, or
    /// are no images in space.
    #[must_use]
    pub fn of(headers: &[Header]) -> Option<Self> {
        let first = headers.first()?;
        let text = |header: &Header, tag| header.root().text(tag).unwrap_or_default();
        let series = text(first, t::SERIES_INSTANCE_UID);
        let mut frames = Vec::new();
        let view = first.frame(0);
        let orientation = <[f64; 6]>::try_from(view.floats(t::IMAGE_ORIENTATION_PATIENT)).ok()?;
        let spacing = <[f64; 2]>::try_from(view.floats(t::PIXEL_SPACING)).ok()?;
        let size = |h: &Header, tag| h.root().int(tag).and_then(|v| usize::try_from(v).ok());
        let (rows, columns) = (size(first, t::ROWS)?, size(first, t::COLUMNS)?);
        for header in headers {
            let removed = text(header, t::PATIENT_IDENTITY_REMOVED);
            let same = text(header, t::SERIES_INSTANCE_UID) == series
                && (size(header, t::ROWS), size(header, t::COLUMNS)) == (Some(rows), Some(columns));
            if removed != "YES" || !same {
                return None;
            }
            let many = header.root().get(t::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).map(|s| s.item_count());
            for number in 0..many.unwrap_or(1) {
                let view = header.frame(number);
                let here = <[f64; 6]>::try_from(view.floats(t::IMAGE_ORIENTATION_PATIENT)).ok()?;
                if here.iter().zip(orientation).any(|(a, b)| (a - b).abs() > 1e-4) {
                    return None;
                }
                frames.push(SourceFrame {
                    class: text(header, t::SOP_CLASS_UID),
                    instance: text(header, t::SOP_INSTANCE_UID),
                    frame: many.and_then(|_| u32::try_from(number + 1).ok()),
                    position: <[f64; 3]>::try_from(view.floats(t::IMAGE_POSITION_PATIENT)).ok()?,
                });
            }
        }
        let texts =
            COPIED.iter().filter_map(|(tag, vr)| Some((*tag, *vr, first.root().text(*tag)?))).collect();
        let [a, b, c, d, e, f] = orientation;
        let normal = crate::volume::grid::cross([a, b, c], [d, e, f]);
        frames.sort_by(|p, q| dot(p.position, normal).total_cmp(&dot(q.position, normal)));
        // Of several images in one place, such as phases, the first stands for it.
        frames.dedup_by(|p, q| (dot(p.position, normal) - dot(q.position, normal)).abs() < 1e-3);
        Some(Self { texts, series, rows, columns, orientation, spacing, frames })
    }

    /// Its voxels → world, RAS mm: columns, rows, frames.
    fn affine(&self) -> Option<Affine> {
        let (first, last) = (self.frames.first()?, self.frames.last()?);
        let [a, b, c, d, e, f] = self.orientation;
        let gaps = (self.frames.len() - 1) as f64;
        let across = if gaps > 0.0 {
            [0, 1, 2].map(|i| (last.position[i] - first.position[i]) / gaps)
        } else {
            crate::volume::grid::cross([a, b, c], [d, e, f])
        };
        let ras = |v: [f64; 3]| [-v[0], -v[1], v[2]];
        Some(Affine::from_columns(
            ras([a, b, c].map(|v| v * self.spacing[1])),
            ras([d, e, f].map(|v| v * self.spacing[0])),
            ras(across),
            ras(first.position),
        ))
    }
}

/// Who made it, for whom.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// The subject's code, for an object without a series.
    pub subject: &'a str,
    /// The rater's code.
    pub rater: &'a str,
}

/// Frames to be written.
struct Frames<'a> {
    columns: usize,
    rows: usize,
    affine: Affine,
    values: Cow<'a, [u8]>,
    sources: &'a [SourceFrame],
}

/// The object's bytes.
///
/// # Errors
/// [`Error::Unsayable`]: nothing is labelled, rows and columns are not perpendicular, or sizes exceed the format's.
pub fn dicom_seg(
    labels: &Labelled<'_>,
    source: Option<&SourceSeries>,
    stamp: &Stamp<'_>,
) -> Result<Vec<u8>, Error> {
    let frames = lay_out(labels, source);
    let (Ok(columns), Ok(rows)) = (u16::try_from(frames.columns), u16::try_from(frames.rows)) else {
        return Err(Error::Unsayable("DICOM holds at most 65,535 rows and columns".to_owned()));
    };
    let [right, down, across] = [0, 1, 2].map(|a| frames.affine.column(a));
    if dot(unit(right), unit(down)).abs() > 1e-4 {
        return Err(Error::Unsayable(
            "rows and columns are not perpendicular, which DICOM cannot say: save as NIfTI or NRRD"
                .to_owned(),
        ));
    }
    let size = frames.columns * frames.rows;
    let deep = frames.values.len() / size.max(1);
    // Segments that have voxels, by number from 1, and the slices where they have some.
    let mut segments: Vec<(&Named, Vec<usize>)> = Vec::new();
    for segment in labels.segments {
        let has = |k: &usize| {
            frames.values.get(k * size..(k + 1) * size).is_some_and(|s| s.contains(&segment.label))
        };
        let slices: Vec<usize> = (0..deep).filter(has).collect();
        if !slices.is_empty() {
            segments.push((segment, slices));
        }
    }
    if segments.is_empty() {
        return Err(Error::Unsayable(
            "no segment has voxels: there is nothing to save as DICOM SEG".to_owned(),
        ));
    }
    let uid = |what: &str| {
        let mut hash = Sha256::new();
        hash.update(what.as_bytes());
        for text in [stamp.subject, stamp.rater, source.map_or("", |s| &s.series)] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        if what != "frame" && what != "study" && what != "series" {
            hash.update(labels.values);
        }
        uuid_of(&hash.finalize())
    };
    let instance = uid("instance");
    let organization = uid("dimensions");
    let mut set = DataSet::default();
    put_about(&mut set, source, stamp, &uid);
    set.text(t::SOP_INSTANCE_UID, VR::UI, &instance);
    short(&mut set, t::ROWS, rows);
    short(&mut set, t::COLUMNS, columns);
    let items = segments.iter().enumerate().map(|(i, (s, _))| segment_item(i + 1, s, stamp)).collect();
    set.put(t::SEGMENT_SEQUENCE, VR::SQ, Content::Items(items));
    let count: usize = segments.iter().map(|(_, slices)| slices.len()).sum();
    set.text(t::NUMBER_OF_FRAMES, VR::IS, &count.to_string());
    put_dimensions(&mut set, &organization);
    set.put(
        t::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
        VR::SQ,
        Content::Items(vec![shared_groups([right, down, across])]),
    );
    let mut groups = Vec::with_capacity(count);
    let mut bits = vec![0_u8; (count * size).div_ceil(8)];
    let mut bit = 0_usize;
    for (number, (segment, slices)) in segments.iter().enumerate() {
        for slice in slices {
            groups.push(frame_groups(&frames, number + 1, *slice));
            for value in frames.values.get(slice * size..(slice + 1) * size).unwrap_or_default() {
                // PS3.5 §8.1.1: the first pixel is the least significant bit, frames follow without padding.
                if *value == segment.label
                    && let Some(byte) = bits.get_mut(bit / 8)
                {
                    *byte |= 1 << (bit % 8);
                }
                bit += 1;
            }
        }
    }
    set.put(t::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, VR::SQ, Content::Items(groups));
    let mut bytes = file_head(EXPLICIT_LITTLE, SEGMENTATION_STORAGE, &instance, IMPLEMENTATION);
    set.encode(&mut bytes);
    if native_pixels(t::PIXEL_DATA, VR::OB, &bits, &mut bytes) {
        Ok(bytes)
    } else {
        Err(Error::Unsayable("the segments exceed the 4 GiB that DICOM holds".to_owned()))
    }
}

/// Frames as the series has them, where its grid is the labels'; else as the grid lies.
fn lay_out<'a>(labels: &Labelled<'a>, source: Option<&'a SourceSeries>) -> Frames<'a> {
    if let Some(source) = source
        && let Some(affine) = source.affine()
        && let dims = [source.columns, source.rows, source.frames.len()]
        && let Ok(placing) = Placing::new(labels.grid, dims, &affine, false)
    {
        let values = placing.places().map(|at| labels.values.get(at).copied().unwrap_or(0)).collect();
        return Frames {
            columns: source.columns,
            rows: source.rows,
            affine,
            values: Cow::Owned(values),
            sources: &source.frames,
        };
    }
    let [columns, rows, _] = labels.grid.dims().map(|d| d as usize);
    Frames {
        columns,
        rows,
        affine: *labels.grid.affine(),
        values: Cow::Borrowed(labels.values),
        sources: &[],
    }
}

/// A UUID of version 8 (RFC 9562 §5.8) of a digest, as PS3.5 §B.2 makes a UID of one.
fn uuid_of(digest: &[u8]) -> String {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, from)| *byte = *from);
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    format!("2.25.{}", u128::from_be_bytes(bytes))
}

fn short(set: &mut DataSet<'_>, tag: Tag, value: u16) {
    set.bytes(tag, VR::US, value.to_le_bytes().to_vec());
}

/// A decimal string: at most 16 characters (PS3.5 §6.2), as exact as they are.
fn decimal(value: f64) -> String {
    let value = value + 0.0;
    (0..=15)
        .rev()
        .map(|digits| format!("{value:.digits$}"))
        .map(|text| {
            let short =
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
            if short == "-0" { "0".to_owned() } else { short.to_owned() }
        })
        .find(|text| text.len() <= 16)
        .unwrap_or_else(|| format!("{value:.8e}"))
}

fn decimals(values: &[f64]) -> String {
    values.iter().map(|v| decimal(*v)).collect::<Vec<_>>().join("\\")
}

fn sequence(set: &mut DataSet<'static>, tag: Tag, items: Vec<DataSet<'static>>) {
    set.put(tag, VR::SQ, Content::Items(items));
}

fn code([scheme, value, meaning]: [&str; 3]) -> DataSet<'static> {
    let mut set = DataSet::default();
    set.text(t::CODE_VALUE, VR::SH, value);
    set.text(t::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
    set.text(t::CODE_MEANING, VR::LO, meaning);
    set
}

/// Patient, study, series, equipment, and the image as a whole.
fn put_about(
    set: &mut DataSet<'static>,
    source: Option<&SourceSeries>,
    stamp: &Stamp<'_>,
    uid: &dyn Fn(&str) -> String,
) {
    for (tag, vr) in COPIED {
        set.text(tag, vr, "");
    }
    for tag in [t::PATIENT_NAME, t::PATIENT_ID] {
        set.text(tag, if tag == t::PATIENT_ID { VR::LO } else { VR::PN }, stamp.subject);
    }
    set.text(t::STUDY_INSTANCE_UID, VR::UI, &uid("study"));
    set.text(t::FRAME_OF_REFERENCE_UID, VR::UI, &uid("frame"));
    set.text(t::PATIENT_IDENTITY_REMOVED, VR::CS, "YES");
    set.text(t::DEIDENTIFICATION_METHOD, VR::LO, "Made by Hepatica from de-identified images");
    set.remove(t::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED);
    let mut date = None;
    let mut time = None;
    for (tag, vr, text) in source.iter().flat_map(|s| &s.texts) {
        set.text(*tag, *vr, text);
        if *tag == t::STUDY_DATE {
            date = Some(text.clone());
        }
        if *tag == t::STUDY_TIME {
            time = Some(text.clone());
        }
    }
    // No clock: the study's own (shifted) date, or none that means anything.
    let date = date.filter(|d| d.len() == 8).unwrap_or_else(|| "19000101".to_owned());
    let time = time.filter(|d| d.len() >= 6).unwrap_or_else(|| "000000".to_owned());
    for (tag, vr, text) in [
        (t::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
        (t::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY"),
        (t::SOP_CLASS_UID, VR::UI, SEGMENTATION_STORAGE),
        (t::CONTENT_DATE, VR::DA, &date),
        (t::CONTENT_TIME, VR::TM, &time),
        (t::REFERRING_PHYSICIAN_NAME, VR::PN, ""),
        (t::MODALITY, VR::CS, "SEG"),
        (t::MANUFACTURER, VR::LO, "Hepatica"),
        (t::MANUFACTURER_MODEL_NAME, VR::LO, "Hepatica"),
        (t::DEVICE_SERIAL_NUMBER, VR::LO, "0"),
        (t::SOFTWARE_VERSIONS, VR::LO, env!("CARGO_PKG_VERSION")),
        (t::SERIES_DESCRIPTION, VR::LO, "Segmentation (research use only)"),
        (t::SERIES_INSTANCE_UID, VR::UI, &uid("series")),
        (t::SERIES_NUMBER, VR::IS, "900"),
        (t::INSTANCE_NUMBER, VR::IS, "1"),
        (t::POSITION_REFERENCE_INDICATOR, VR::LO, ""),
        (t::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        (t::LOSSY_IMAGE_COMPRESSION, VR::CS, "00"),
        (t::SEGMENTATION_TYPE, VR::CS, "BINARY"),
        (t::SEGMENTS_OVERLAP, VR::CS, "NO"),
        (t::CONTENT_LABEL, VR::CS, "SEGMENTATION"),
        (t::CONTENT_DESCRIPTION, VR::LO, "Research use only"),
        (t::CONTENT_CREATOR_NAME, VR::PN, stamp.rater),
    ] {
        set.text(tag, vr, text);
    }
    for (tag, value) in [
        (t::SAMPLES_PER_PIXEL, 1),
        (t::BITS_ALLOCATED, 1),
        (t::BITS_STORED, 1),
        (t::HIGH_BIT, 0),
        (t::PIXEL_REPRESENTATION, 0),
    ] {
        short(set, tag, value);
    }
    if let Some(source) = source {
        let mut seen: Vec<&str> = Vec::new();
        let mut instances = Vec::new();
        for frame in &source.frames {
            if !seen.contains(&frame.instance.as_str()) {
                seen.push(&frame.instance);
                let mut item = DataSet::default();
                item.text(t::REFERENCED_SOP_CLASS_UID, VR::UI, &frame.class);
                item.text(t::REFERENCED_SOP_INSTANCE_UID, VR::UI, &frame.instance);
                instances.push(item);
            }
        }
        let mut item = DataSet::default();
        item.text(t::SERIES_INSTANCE_UID, VR::UI, &source.series);
        sequence(&mut item, t::REFERENCED_INSTANCE_SEQUENCE, instances);
        sequence(set, t::REFERENCED_SERIES_SEQUENCE, vec![item]);
    }
}

fn segment_item(number: usize, segment: &Named, stamp: &Stamp<'_>) -> DataSet<'static> {
    let mut set = DataSet::default();
    short(&mut set, t::SEGMENT_NUMBER, u16::try_from(number).unwrap_or(u16::MAX));
    let name: String = segment.name.chars().filter(|c| *c != '\\').take(64).collect();
    set.text(t::SEGMENT_LABEL, VR::LO, &name);
    set.text(t::SEGMENT_DESCRIPTION, VR::ST, &format!("{LABEL}{}", segment.label));
    set.text(t::SEGMENT_ALGORITHM_TYPE, VR::CS, "SEMIAUTOMATIC");
    set.text(t::SEGMENT_ALGORITHM_NAME, VR::LO, "Hepatica");
    let [category, kind] = match &segment.codes {
        Some(codes) => codes.each_ref().map(|c| code(c.each_ref().map(String::as_str))),
        None => [code(["SCT", "85756007", "Tissue"]), code(["SCT", "85756007", "Tissue"])],
    };
    sequence(&mut set, t::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, vec![category]);
    sequence(&mut set, t::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, vec![kind]);
    let lab = cielab(segment.colour);
    set.bytes(
        t::RECOMMENDED_DISPLAY_CIE_LAB_VALUE,
        VR::US,
        lab.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>(),
    );
    if let Some(id) = &segment.lesion {
        // The same lesion is the same in every session.
        let digest = Sha256::digest(format!("lesion\n{}\n{id}", stamp.subject).as_bytes());
        set.text(t::TRACKING_ID, VR::UT, id);
        set.text(t::TRACKING_UID, VR::UI, &uuid_of(&digest));
    }
    set
}

/// Before the label's number, in a segment's description: numbers of segments go up from 1, labels need not.
pub(super) const LABEL: &str = "Label ";

/// PS3.3 C.10.7.1.1: CIELab of the profile connection space (D50), scaled to 16 bits.
fn cielab(colour: [u8; 3]) -> [u16; 3] {
    let linear = colour.map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    // sRGB to XYZ of D50 (Bradford), and the white of D50: ICC.1:2022, annexes.
    let rows = [
        [0.436_074_7, 0.385_064_9, 0.143_080_4],
        [0.222_504_5, 0.716_878_6, 0.060_616_9],
        [0.013_932_2, 0.097_104_5, 0.714_173_3],
    ];
    let white = [0.964_22, 1.0, 0.825_21];
    let [x, y, z] = [0, 1, 2].map(|i| {
        let v = dot(rows[i], linear) / white[i];
        if v > 216.0 / 24_389.0 { v.cbrt() } else { (24_389.0 / 27.0 * v + 16.0) / 116.0 }
    });
    let (l, a, b) = (116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z));
    let scaled = |v: f64| (v * 65_535.0).round().clamp(0.0, 65_535.0) as u16;
    [scaled(l / 100.0), scaled((a + 128.0) / 255.0), scaled((b + 128.0) / 255.0)]
}

fn put_dimensions(set: &mut DataSet<'static>, organization: &str) {
    let mut item = DataSet::default();
    item.text(t::DIMENSION_ORGANIZATION_UID, VR::UI, organization);
    sequence(set, t::DIMENSION_ORGANIZATION_SEQUENCE, vec![item]);
    let index = |pointer: Tag, group: Tag, label: &str| {
        let bytes = |tag: Tag| [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
        let mut item = DataSet::default();
        item.text(t::DIMENSION_ORGANIZATION_UID, VR::UI, organization);
        item.bytes(t::DIMENSION_INDEX_POINTER, VR::AT, bytes(pointer));
        item.bytes(t::FUNCTIONAL_GROUP_POINTER, VR::AT, bytes(group));
        item.text(t::DIMENSION_DESCRIPTION_LABEL, VR::LO, label);
        item
    };
    let items = vec![
        index(t::REFERENCED_SEGMENT_NUMBER, t::SEGMENT_IDENTIFICATION_SEQUENCE, "Segment Number"),
        index(t::IMAGE_POSITION_PATIENT, t::PLANE_POSITION_SEQUENCE, "Image Position Patient"),
    ];
    sequence(set, t::DIMENSION_INDEX_SEQUENCE, items);
}

/// Spacing and orientation, the same for all frames.
fn shared_groups([right, down, across]: [[f64; 3]; 3]) -> DataSet<'static> {
    let lps = |v: [f64; 3]| [-v[0], -v[1], v[2]];
    let normal = unit(crate::volume::grid::cross(right, down));
    // Between slices as they lie on top of each other, whatever a tilt moves them sideways.
    let between = dot(normal, across).abs();
    let mut measures = DataSet::default();
    measures.text(t::PIXEL_SPACING, VR::DS, &decimals(&[norm(down), norm(right)]));
    measures.text(t::SLICE_THICKNESS, VR::DS, &decimal(between));
    measures.text(t::SPACING_BETWEEN_SLICES, VR::DS, &decimal(between));
    let mut orientation = DataSet::default();
    let both: Vec<f64> = [lps(unit(right)), lps(unit(down))].concat();
    orientation.text(t::IMAGE_ORIENTATION_PATIENT, VR::DS, &decimals(&both));
    let mut shared = DataSet::default();
    sequence(&mut shared, t::PIXEL_MEASURES_SEQUENCE, vec![measures]);
    sequence(&mut shared, t::PLANE_ORIENTATION_SEQUENCE, vec![orientation]);
    shared
}

/// Where a frame lies, what it shows, what it was drawn on.
fn frame_groups(frames: &Frames<'_>, segment: usize, slice: usize) -> DataSet<'static> {
    let mut set = DataSet::default();
    let mut content = DataSet::default();
    let index = [segment as u32, slice as u32 + 1].map(u32::to_le_bytes).concat();
    content.bytes(t::DIMENSION_INDEX_VALUES, VR::UL, index);
    sequence(&mut set, t::FRAME_CONTENT_SEQUENCE, vec![content]);
    let source = frames.sources.get(slice);
    let [x, y, z] = frames.affine.apply([0.0, 0.0, slice as f64]);
    let position = source.map_or([-x, -y, z], |s| s.position);
    let mut plane = DataSet::default();
    plane.text(t::IMAGE_POSITION_PATIENT, VR::DS, &decimals(&position));
    sequence(&mut set, t::PLANE_POSITION_SEQUENCE, vec![plane]);
    let mut identification = DataSet::default();
    short(&mut identification, t::REFERENCED_SEGMENT_NUMBER, u16::try_from(segment).unwrap_or(u16::MAX));
    sequence(&mut set, t::SEGMENT_IDENTIFICATION_SEQUENCE, vec![identification]);
    if let Some(source) = source {
        let mut image = DataSet::default();
        image.text(t::REFERENCED_SOP_CLASS_UID, VR::UI, &source.class);
        image.text(t::REFERENCED_SOP_INSTANCE_UID, VR::UI, &source.instance);
        if let Some(frame) = source.frame {
            image.text(t::REFERENCED_FRAME_NUMBER, VR::IS, &frame.to_string());
        }
        image.text(t::SPATIAL_LOCATIONS_PRESERVED, VR::CS, "YES");
        let purpose = code(["DCM", "121322", "Source image for image processing operation"]);
        sequence(&mut image, t::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, vec![purpose]);
        let mut derivation = DataSet::default();
        sequence(&mut derivation, t::SOURCE_IMAGE_SEQUENCE, vec![image]);
        sequence(&mut derivation, t::DERIVATION_CODE_SEQUENCE, vec![code(["DCM", "113076", "Segmentation"])]);
        sequence(&mut set, t::DERIVATION_IMAGE_SEQUENCE, vec![derivation]);
    }
    set
}
