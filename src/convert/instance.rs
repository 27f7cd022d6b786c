//! One file's header, reduced to what the plan needs.
//!
//! In: a [`Header`]. Out: an [`Instance`] of a few hundred bytes — thirty thousand of them must be
//! held at once — whose series-level part is shared between the files of a series. Everything here
//! is identified; none of it has `Debug` or `Serialize`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::convert::diffusion::{Diffusion, DirectionFrame};
use crate::convert::tiles::Mosaic;
use crate::convert::when::moment;
use crate::dataset::SkipReason;
use crate::dicom::codec::Codec;
use crate::dicom::csa::{self, Csa};
use crate::dicom::pixels::{Photometric, PixelLayout};
use crate::dicom::{
    DicomError, FrameView, Header, Palette, PixelData, RealWorld, RealWorldMap, RealWorldTable, Tag, VR, tags,
};
use crate::hanging::facts::{ComplexPart, Dixon};

/// More frames than any real object has (a long functional series of one file has some 60,000).
const MOST_FRAMES: usize = 200_000;

/// Distances of slices, mm: what is longer than a body is something else, perhaps a date (`19640705`), and
/// would stand in the image's header as a number that nobody takes for one.
fn of_a_body(distance: &f64) -> bool {
    distance.abs() <= 10_000.0
}

/// A number that can be compared and hashed: by its bits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Num(pub(crate) Option<f64>);

impl Num {
    fn bits(self) -> u64 {
        self.0.map_or(u64::MAX, |v| (v + 0.0).to_bits())
    }
}

impl PartialEq for Num {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Num {}

impl std::hash::Hash for Num {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

/// What the files of a series have in common. Identified.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct SeriesFacts {
    pub(crate) patient_id: String,
    pub(crate) issuer: String,
    pub(crate) patient_name: String,
    pub(crate) birth_date: String,
    pub(crate) sex: String,
    pub(crate) age: String,
    pub(crate) study_uid: String,
    pub(crate) study_date: String,
    pub(crate) study_time: String,
    pub(crate) study_description: String,
    pub(crate) series_uid: String,
    pub(crate) series_number: Option<i64>,
    pub(crate) series_description: String,
    pub(crate) protocol_name: String,
    pub(crate) frame_of_reference: String,
    pub(crate) sop_class: String,
    pub(crate) modality: String,
    pub(crate) manufacturer: String,
    pub(crate) model: String,
    pub(crate) body_part: String,
    pub(crate) contrast_agent: String,
    pub(crate) bolus_start: String,
    pub(crate) field_strength: Num,
    pub(crate) flip_angle: Num,
    pub(crate) echo_train: Option<i64>,
    pub(crate) scanning_sequence: Vec<String>,
    pub(crate) sequence_variant: Vec<String>,
    pub(crate) scan_options: Vec<String>,
    pub(crate) acquisition_type: String,
    pub(crate) pulse_sequence: Vec<String>,
    pub(crate) acquisition_contrast: String,
    /// Echo times, ms, of a protocol of two, on phase images: those that a difference is made of.
    pub(crate) echo_pair: [Num; 2],
    /// Why text may be burned into its pixels, by the header.
    pub(crate) suspicion: Option<crate::deid::pixels::Suspicion>,
    pub(crate) face: crate::deid::faces::FaceSigns,
    pub(crate) lossy: bool,
}

/// One frame: where it lies, when it was taken, and how its values are scaled.
#[derive(Clone)]
pub(crate) struct Frame {
    /// Number within its file, from 0.
    pub(crate) index: u32,
    /// Centre of the first pixel, mm, LPS.
    pub(crate) position: Option<[f64; 3]>,
    /// Direction cosines of rows, then of columns, LPS.
    pub(crate) orientation: Option<[f64; 6]>,
    /// Distance between rows, then between columns, mm.
    pub(crate) spacing: Option<[f64; 2]>,
    pub(crate) thickness: Option<f64>,
    pub(crate) slice_spacing: Option<f64>,
    pub(crate) acquisition: Option<i64>,
    pub(crate) temporal: Option<i64>,
    pub(crate) trigger_ms: Option<f64>,
    /// Seconds; comparable within a patient.
    pub(crate) acquired: Option<f64>,
    pub(crate) echo_number: Option<i64>,
    pub(crate) echo_time_ms: Option<f64>,
    pub(crate) repetition_time_ms: Option<f64>,
    pub(crate) inversion_time_ms: Option<f64>,
    pub(crate) b_value: Option<f64>,
    /// Of a diffusion series, though perhaps not weighted.
    pub(crate) in_diffusion_series: bool,
    /// Diffusion direction, in the frame of reference that the next field names.
    pub(crate) gradient: Option<[f64; 3]>,
    pub(crate) gradient_reference: DirectionFrame,
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
    /// Real-world values by table, where there is no rescale.
    pub(crate) table: Option<Arc<RealWorldTable>>,
    /// Philips' scale slope (2005,100E), which gives values that compare between series.
    pub(crate) scale_slope: Option<f64>,
    /// GE's analogue and digital gain of the receiver: without a scale, values are comparable only
    /// where these are the same.
    pub(crate) gains: Option<[i16; 2]>,
    /// GE's collapse flag (0043,1030): 2 for magnitude, 0 for the map that was made of it.
    pub(crate) collapse: Option<i64>,
    /// A map of the field in hertz.
    pub(crate) field_map: bool,
    pub(crate) part: ComplexPart,
    pub(crate) dixon: Option<Dixon>,
    pub(crate) image_type: Arc<[String]>,
}

/// One file.
#[derive(Clone)]
pub(crate) struct Instance {
    /// Number of the file, in the order of registration.
    pub(crate) file: u32,
    pub(crate) sop_instance: Box<str>,
    pub(crate) instance_number: i64,
    /// Of the header and of what else lies in the file's first 64 KiB: files that differ there are no copies
    /// of each other.
    pub(crate) digest: u64,
    pub(crate) series: Arc<SeriesFacts>,
    pub(crate) layout: Arc<PixelLayout>,
    pub(crate) syntax: crate::dicom::codec::TransferSyntax,
    pub(crate) pixels: PixelData,
    pub(crate) mosaic: Option<Arc<Mosaic>>,
    /// What indices stand for, in palette colour.
    pub(crate) palette: Option<Arc<Palette>>,
    /// Why it is converted only where captures are asked for.
    pub(crate) unasked: Option<SkipReason>,
    pub(crate) frames: Box<[Frame]>,
}

/// Shares equal parts between instances.
#[derive(Default)]
pub(crate) struct Interner {
    series: HashMap<Arc<SeriesFacts>, ()>,
    layouts: Vec<Arc<PixelLayout>>,
    image_types: HashMap<Arc<[String]>, ()>,
    mosaics: Vec<Arc<Mosaic>>,
    tables: Vec<Arc<RealWorldTable>>,
}

impl Interner {
    pub(crate) fn series(&mut self, facts: SeriesFacts) -> Arc<SeriesFacts> {
        let fresh = Arc::new(facts);
        Arc::clone(self.series.entry(fresh).insert_entry(()).key())
    }

    fn layout(&mut self, layout: PixelLayout) -> Arc<PixelLayout> {
        if let Some(known) = self.layouts.iter().find(|known| ***known == layout) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(layout);
        self.layouts.push(Arc::clone(&fresh));
        fresh
    }

    fn image_type(&mut self, values: Vec<String>) -> Arc<[String]> {
        let fresh: Arc<[String]> = values.into();
        Arc::clone(self.image_types.entry(fresh).insert_entry(()).key())
    }

    fn table(&mut self, table: RealWorldTable) -> Arc<RealWorldTable> {
        if let Some(known) = self.tables.iter().rev().take(8).find(|known| ***known == table) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(table);
        self.tables.push(Arc::clone(&fresh));
        fresh
    }

    fn mosaic(&mut self, mosaic: Mosaic) -> Arc<Mosaic> {
        // Slice times drift from volume to volume by a fraction of a millisecond.
        if let Some(known) = self.mosaics.iter().rev().take(8).find(|known| ***known == mosaic) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(mosaic);
        self.mosaics.push(Arc::clone(&fresh));
        fresh
    }
}

impl Instance {
    /// Reduces the header of an image.
    ///
    /// # Errors
    /// What in the pixel description makes it unreadable.
    pub(crate) fn of(file: u32, header: &Header, interner: &mut Interner) -> Result<Self, DicomError> {
        let root = header.root();
        let layout = PixelLayout::of(header)?;
        let pixels = header.pixels().ok_or(DicomError::PixelDescription { what: "no PixelData" })?;
        // A header that promises millions of frames would cost the memory of as many facts.
        let declared = layout.frames as usize;
        let described = root.get(tags::PER_FRAME_FUNCTIONAL_GROUPS).map_or(0, |e| e.item_count());
        if declared > MOST_FRAMES || (declared > 1 && described > 0 && described < declared) {
            return Err(DicomError::PixelDescription { what: "NumberOfFrames" });
        }
        // One short file costs its own slice, not its volume.
        if header.syntax().codec == Codec::Native
            && let Some(len) = pixels.len
        {
            // More than any element's length can say (PS3.5 section 7.1.1): what asks for that is refused.
            let (needs, budget) = (layout.total_bytes(), u64::from(u32::MAX));
            if needs > budget {
                return Err(DicomError::OverBudget { needs, budget });
            }
            layout.check_native_length(len)?;
        }
        let csa = root
            .private(0x0029, csa::CREATOR, csa::IMAGE_INFO)
            .map(|e| Csa::parse(e.bytes()))
            .filter(|csa| !csa.is_empty());
        // Tiles fill the picture to the last pixel; where they don't, it is none.
        let mosaic = Mosaic::of(header, csa.as_ref())
            .filter(|m| layout.columns.is_multiple_of(m.tiles[0]) && layout.rows.is_multiple_of(m.tiles[1]));
        let mosaic = mosaic.map(|m| interner.mosaic(m));
        let palette = match layout.photometric {
            Photometric::Palette => {
                let table = Palette::of(header);
                Some(Arc::new(table.ok_or(DicomError::PixelDescription { what: "no palette of colours" })?))
            }
            _ => None,
        };
        if layout.samples == 4 || layout.samples == 3 && (layout.bits_allocated != 8 || layout.signed) {
            return Err(DicomError::PixelDescription { what: "colour of another kind than 8 bits of three" });
        }
        let frames = (0..declared)
            .map(|index| frame_of(header.frame(index), index as u32, csa.as_ref(), interner))
            .collect();
        Ok(Self {
            file,
            sop_instance: root.text(tags::SOP_INSTANCE_UID).unwrap_or_default().into(),
            instance_number: root.int(tags::INSTANCE_NUMBER).unwrap_or(0),
            digest: digest(header.data(), pixels.len),
            series: interner.series(series_of(header)),
            layout: interner.layout(layout),
            syntax: header.syntax().clone(),
            pixels,
            mosaic,
            palette,
            unasked: None,
            frames,
        })
    }
}

/// FNV-1a over words of the first 64 KiB, which are what every driver reads first; four runs side by
/// side, since each would wait for its own last product.
fn digest(data: &[u8], pixel_len: Option<u64>) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    let start = mix(0xcbf2_9ce4_8422_2325, pixel_len.unwrap_or(u64::MAX));
    let first = data.get(..data.len().min(1 << 16)).unwrap_or_default();
    let (blocks, rest) = first.as_chunks::<32>();
    let mut runs = [start; 4];
    for block in blocks {
        for (run, word) in runs.iter_mut().zip(block.as_chunks::<8>().0) {
            *run = mix(*run, u64::from_le_bytes(*word));
        }
    }
    let tail = rest.iter().map(|byte| u64::from(*byte));
    runs.into_iter().chain(tail).fold(start, mix)
}

/// The series-level part of any DICOM header, image or not.
pub(crate) fn series_of(header: &Header) -> SeriesFacts {
    let root = header.root();
    let first = header.frame(0);
    let text = |tag| root.text(tag).unwrap_or_default();
    let of_frame = |tag| first.text(tag).unwrap_or_default();
    let pulse_sequence = [tags::SEQUENCE_NAME, tags::PULSE_SEQUENCE_NAME]
        .iter()
        .filter_map(|tag| first.text(*tag))
        .chain(root.private(0x0019, "GEMS_ACQU_01", 0x9C).and_then(|e| e.text()))
        .chain(root.private(0x0019, "GEMS_ACQU_01", 0x9E).and_then(|e| e.text()))
        .chain(root.private(0x2001, "Philips Imaging DD 001", 0x20).and_then(|e| e.text()))
        .collect();
    SeriesFacts {
        patient_id: text(tags::PATIENT_ID),
        issuer: text(tags::ISSUER_OF_PATIENT_ID),
        patient_name: text(tags::PATIENT_NAME),
        birth_date: text(tags::PATIENT_BIRTH_DATE),
        sex: text(tags::PATIENT_SEX),
        age: text(tags::PATIENT_AGE),
        study_uid: text(tags::STUDY_INSTANCE_UID),
        study_date: text(tags::STUDY_DATE),
        study_time: text(tags::STUDY_TIME),
        study_description: text(tags::STUDY_DESCRIPTION),
        series_uid: text(tags::SERIES_INSTANCE_UID),
        series_number: root.int(tags::SERIES_NUMBER),
        series_description: text(tags::SERIES_DESCRIPTION),
        protocol_name: text(tags::PROTOCOL_NAME),
        frame_of_reference: text(tags::FRAME_OF_REFERENCE_UID),
        sop_class: text(tags::SOP_CLASS_UID),
        modality: text(tags::MODALITY).to_ascii_uppercase(),
        manufacturer: text(tags::MANUFACTURER),
        model: text(tags::MANUFACTURER_MODEL_NAME),
        body_part: text(tags::BODY_PART_EXAMINED),
        contrast_agent: root
            .text(tags::CONTRAST_BOLUS_AGENT)
            .or_else(|| contrast_sequence(header))
            .unwrap_or_default(),
        bolus_start: of_frame(tags::CONTRAST_BOLUS_START_TIME),
        field_strength: Num(root.float(tags::MAGNETIC_FIELD_STRENGTH)),
        flip_angle: Num(first.float(tags::FLIP_ANGLE)),
        echo_train: first.int(Tag(0x0018, 0x0091)).or_else(|| first.int(Tag(0x0018, 0x9240))),
        scanning_sequence: first.strings(tags::SCANNING_SEQUENCE),
        sequence_variant: first.strings(tags::SEQUENCE_VARIANT),
        scan_options: first.strings(tags::SCAN_OPTIONS),
        acquisition_type: of_frame(tags::MR_ACQUISITION_TYPE),
        pulse_sequence,
        acquisition_contrast: of_frame(Tag(0x0008, 0x9209)),
        echo_pair: echo_pair(first),
        suspicion: crate::deid::pixels::suspicion(header),
        face: crate::deid::faces::FaceSigns::of(header),
        lossy: root.text(tags::LOSSY_IMAGE_COMPRESSION).is_some_and(|v| v == "01"),
    }
}

/// From Siemens' protocol, which is long: read for phase images only.
fn echo_pair(frame: FrameView<'_>) -> [Num; 2] {
    let is_phase = |kinds: Vec<String>| kinds.get(2).is_some_and(|kind| kind.eq_ignore_ascii_case("P"));
    let phase = is_phase(frame.root().strings(tags::IMAGE_TYPE))
        || frame.text(tags::COMPLEX_IMAGE_COMPONENT).is_some_and(|c| c.eq_ignore_ascii_case("PHASE"));
    if !phase {
        return [Num(None); 2];
    }
    let pair = csa::Protocol::lines_of(frame, &["lContrasts", "alTE["]).two_echo_times_ms();
    [Num(pair.map(|p| p[0])), Num(pair.map(|p| p[1]))]
}

/// Contrast/Bolus Agent Sequence (0018,0012): the code's meaning.
fn contrast_sequence(header: &Header) -> Option<String> {
    header.root().first_item(Tag(0x0018, 0x0012))?.text(Tag(0x0008, 0x0104))
}

/// Three numbers, if there are three.
pub(super) fn triple(values: Vec<f64>) -> Option<[f64; 3]> {
    values.try_into().ok()
}

/// A number from a private element whose VR an implicit file doesn't tell.
pub(super) fn number(element: crate::dicom::ElementRef<'_>, vr: VR) -> Option<f64> {
    numbers(element, vr).first().copied()
}

/// Numbers from a private element: as its own VR says or, where that is UN, as `vr`.
pub(super) fn numbers(element: crate::dicom::ElementRef<'_>, vr: VR) -> Vec<f64> {
    if element.vr == VR::UN || element.vr == VR::OB { element.with_vr(vr).floats() } else { element.floats() }
}

fn frame_of(view: FrameView<'_>, index: u32, csa: Option<&Csa>, interner: &mut Interner) -> Frame {
    let root = view.root();
    let image_type = {
        let own = view.strings(Tag(0x0008, 0x9007)); // FrameType
        if own.is_empty() { root.strings(tags::IMAGE_TYPE) } else { own }
    };
    let image_type: Vec<String> = image_type.iter().map(|v| v.to_ascii_uppercase()).collect();
    let date = root.text(tags::ACQUISITION_DATE).or_else(|| root.text(tags::CONTENT_DATE));
    let date = date.or_else(|| root.text(tags::STUDY_DATE)).unwrap_or_default();
    let acquired = view
        .text(tags::FRAME_ACQUISITION_DATE_TIME)
        .or_else(|| root.text(tags::ACQUISITION_DATE_TIME))
        .and_then(|dt| moment(dt.get(..8)?, dt.get(8..)?))
        .or_else(|| moment(&date, &root.text(tags::ACQUISITION_TIME)?))
        .or_else(|| moment(&date, &root.text(tags::CONTENT_TIME)?));
    let Diffusion { b_value, direction, reference, in_diffusion_series } =
        Diffusion::of(view, csa, &image_type);
    let plane = Plane::of(view);
    let (slope, intercept, table) = scale_of(view);
    let collapse =
        root.private(0x0043, "GEMS_PARM_01", 0x30).and_then(|e| number(e, VR::SS)).map(|v| v as i64);
    let field_map = is_field_map(view, &image_type, collapse);
    Frame {
        index,
        position: plane.position,
        orientation: plane.orientation,
        spacing: view.floats(tags::PIXEL_SPACING).get(..2).and_then(|s| s.try_into().ok()),
        thickness: view.float(tags::SLICE_THICKNESS).filter(of_a_body),
        slice_spacing: view.float(tags::SPACING_BETWEEN_SLICES).filter(of_a_body),
        acquisition: view.int(Tag(0x0020, 0x9156)).or_else(|| root.int(tags::ACQUISITION_NUMBER)),
        temporal: view
            .int(tags::TEMPORAL_POSITION_INDEX)
            .or_else(|| root.int(tags::TEMPORAL_POSITION_IDENTIFIER)),
        trigger_ms: view
            .float(tags::NOMINAL_CARDIAC_TRIGGER_DELAY_TIME)
            .or_else(|| root.float(tags::TRIGGER_TIME)),
        acquired,
        echo_number: root.int(tags::ECHO_NUMBERS),
        echo_time_ms: view.float(tags::EFFECTIVE_ECHO_TIME).or_else(|| view.float(tags::ECHO_TIME)),
        repetition_time_ms: view.float(tags::REPETITION_TIME),
        inversion_time_ms: view.float(tags::INVERSION_TIME),
        b_value,
        in_diffusion_series,
        gradient: direction,
        gradient_reference: reference,
        slope,
        intercept,
        table: table.map(|t| interner.table(t)),
        scale_slope: view
            .private(0x2005, "Philips MR Imaging DD 001", 0x0E)
            .and_then(|e| number(e, VR::FL))
            .filter(|s| *s > 0.0 && s.is_finite()),
        gains: gains_of(view),
        collapse,
        part: if field_map { ComplexPart::Real } else { complex_part(view, &image_type) },
        field_map,
        dixon: dixon_of(&image_type),
        image_type: interner.image_type(image_type),
    }
}

/// Slope and intercept of the stored values: the rescale's (PS3.3 C.7.6.16.2.9, C.11.1); only where a
/// frame has none, those of a mapping to real-world values.
fn scale_of(view: FrameView<'_>) -> (f64, f64, Option<RealWorldTable>) {
    let rescale = view.float(tags::RESCALE_SLOPE).filter(|s| *s != 0.0);
    match (rescale, view.float(tags::RESCALE_INTERCEPT)) {
        (None, None) => match RealWorld::of(view).map(|real| real.map) {
            Some(RealWorldMap::Linear { slope, intercept }) => (slope, intercept, None),
            Some(RealWorldMap::Table(table)) => (1.0, 0.0, Some(table)),
            None => (1.0, 0.0, None),
        },
        (slope, intercept) => (slope.unwrap_or(1.0), intercept.unwrap_or(0.0), None),
    }
}

/// GE: Prescan R1 and R2 (0019,xx94 and xx95).
fn gains_of(view: FrameView<'_>) -> Option<[i16; 2]> {
    let gain = |offset| {
        let value = number(view.private(0x0019, "GEMS_ACQU_01", offset)?, VR::SS)?;
        (value.abs() < 32_768.0).then_some(value as i16)
    };
    Some([gain(0x94)?, gain(0x95)?])
}

/// Position and orientation of a frame, LPS.
struct Plane {
    position: Option<[f64; 3]>,
    orientation: Option<[f64; 6]>,
}

impl Plane {
    /// From the public attributes; else from Philips' copy of the classic header (2005,xx0F), which
    /// lies half a voxel off and is all that some archives leave.
    fn of(view: FrameView<'_>) -> Self {
        let copy = view.private(0x2005, "Philips MR Imaging DD 005", 0x0F).and_then(|e| e.items().next());
        let floats = |tag| {
            let own = view.floats(tag);
            if own.is_empty() { copy.map(|item| item.floats(tag)).unwrap_or_default() } else { own }
        };
        Self {
            position: triple(floats(tags::IMAGE_POSITION_PATIENT)),
            orientation: floats(tags::IMAGE_ORIENTATION_PATIENT).try_into().ok(),
        }
    }
}

/// A map of the field in hertz: Philips' `B0 MAP`, the standard's `FIELD_MAP`, and of GE's sequences
/// for it the image whose collapse flag isn't magnitude's.
fn is_field_map(view: FrameView<'_>, image_type: &[String], collapse: Option<i64>) -> bool {
    let named = image_type.iter().skip(2).any(|word| matches!(word.as_str(), "FIELD_MAP" | "B0 MAP"));
    named
        || (collapse == Some(0)
            && [0x9C, 0x9E]
                .iter()
                .filter_map(|offset| view.root().private(0x0019, "GEMS_ACQU_01", *offset)?.text())
                .any(|name| matches!(name.to_ascii_lowercase().as_str(), "b0map" | "3db0map" | "b0rf")))
}

/// Magnitude, phase, real or imaginary: by the standard's attribute, the image type, GE's private code.
fn complex_part(view: FrameView<'_>, image_type: &[String]) -> ComplexPart {
    let word = |w: &str| match w {
        "MAGNITUDE" | "M" | "M_FFE" | "M_SE" | "M_IR" | "M_TFE" => Some(ComplexPart::Magnitude),
        "PHASE" | "P" | "P_FFE" | "P_SE" | "P_IR" | "PHASE MAP" | "VELOCITY MAP" | "VELOCITY" => {
            Some(ComplexPart::Phase)
        }
        "REAL" | "R" | "R_FFE" | "R_SE" | "R_IR" => Some(ComplexPart::Real),
        "IMAGINARY" | "I" | "I_FFE" | "I_SE" | "I_IR" => Some(ComplexPart::Imaginary),
        _ => None,
    };
    let ge =
        || match view.root().private(0x0043, "GEMS_PARM_01", 0x2F).and_then(|e| number(e, VR::SS))? as i64 {
            1 => Some(ComplexPart::Phase),
            2 => Some(ComplexPart::Real),
            3 => Some(ComplexPart::Imaginary),
            _ => None,
        };
    view.text(tags::COMPLEX_IMAGE_COMPONENT)
        .and_then(|c| word(&c.to_ascii_uppercase()))
        .or_else(|| image_type.iter().skip(2).find_map(|w| word(w)))
        .or_else(ge)
        .unwrap_or(ComplexPart::Magnitude)
}

/// The Dixon kind that an image type states (Siemens `W`/`F`/`IN_PHASE`, Philips `IP`, GE `WATER` …).
fn dixon_of(image_type: &[String]) -> Option<Dixon> {
    image_type.iter().skip(2).find_map(|word| match word.as_str() {
        "W" | "WATER" | "DIXON_WATER" => Some(Dixon::Water),
        "F" | "FAT" | "DIXON_FAT" => Some(Dixon::Fat),
        "IP" | "IN_PHASE" | "INPHASE" | "DIXON_IN_PHASE" => Some(Dixon::InPhase),
        "OP" | "OPP_PHASE" | "OUT_PHASE" | "OPPOSED_PHASE" | "OUTPHASE" | "DIXON_OPP_PHASE" => {
            Some(Dixon::OpposedPhase)
        }
        _ => None,
    })
}
