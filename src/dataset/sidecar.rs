//! Sidecars: what a `.json` beside an image says.
//!
//! In come the header of a volume's first frame, what conversion worked out ([`Computed`]) and what
//! the policy retains ([`Retain`]); out comes a JSON object whose fields are on the allow-list
//! (`sidecar_table`), in BIDS units and a fixed order. Free text never passes: a text is a
//! defined term, a code made of known words, or it is left out. What is not known is not written.

use super::sidecar_table::{
    BANDWIDTH_PHASE_ENCODE, FIELDS, Field, From, GE_ASSET, GE_ECHO_SPACING, IMAGE_TYPE_TEXT, Needs,
    PHASE_ENCODING_POSITIVE, SCANNING_SEQUENCE_TEXT, Value as Allowed,
};
use super::{extend::FINGERPRINT, layout::UNNAMED_TASK, vocabulary, words};
use crate::dicom::csa::{self, Csa, Protocol};
use crate::dicom::{ElementRef, FrameView, ItemRef, Tag, VR};
use dicom_dictionary_std::tags;
use serde_json::{Map, Number, Value, json};

/// What the policy retains beyond physics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retain {
    /// Model and software version (Retain Device Identity option, without serial number or station).
    pub device: bool,
    /// Name, address and department (Retain Institution Identity option).
    pub institution: bool,
}

/// What `Units` says of voxel values (BIDS 1.10.0, *Units*).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// Phase in radians.
    Radians,
    /// Field in hertz.
    Hertz,
    /// Hounsfield units.
    Hounsfield,
    /// No physical scale.
    Arbitrary,
}

/// What conversion knows better than one header.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Computed {
    /// Keyed fingerprint of the source; its presence says that the volume is complete.
    pub fingerprint: String,
    /// Distance between slices' centres on the grid, mm.
    pub slice_spacing_mm: Option<f64>,
    /// Extent of the image in voxels, stored order.
    pub size: [u32; 3],
    /// Echo time, s, where the stack has its own.
    pub echo_time_s: Option<f64>,
    /// Echo times of a phase difference, s.
    pub echo_times_s: Option<[f64; 2]>,
    /// Distance between volumes of a time series, s; as in the NIfTI header.
    pub repetition_time_s: Option<f64>,
    /// Start of each stored slice within the repetition, s.
    pub slice_timing_s: Option<Vec<f64>>,
    /// Start of the acquisition from the first phase of its dynamic series, s.
    pub seconds_from_first_phase: Option<f64>,
    /// Start of the acquisition from that of the injection, s.
    pub seconds_from_bolus: Option<f64>,
    /// Volumes of the image.
    pub volumes: u32,
    /// The first stored slice is the last by instance number.
    pub slices_descend: bool,
    /// Values are Philips' precise, not the displayed ones.
    pub precise: bool,
    /// b-values, s/mm², where they cannot stand in a `.bval`.
    pub b_values: Option<Vec<f64>>,
    /// Kind of values.
    pub units: Option<Units>,
    /// A functional series: it gets a task's name.
    pub functional: bool,
    /// Ids of what a reader should know before trusting the volume.
    pub warnings: Vec<String>,
}

/// The sidecar of a volume.
///
/// `frame` is the volume's first frame.
pub fn sidecar(frame: &FrameView<'_>, computed: &Computed, retain: Retain) -> Map<String, Value> {
    let source = Source::new(frame);
    let mut out = Map::new();
    for field in FIELDS {
        let retained = match field.needs {
            Needs::Nothing => true,
            Needs::Device => retain.device,
            Needs::Institution => retain.institution,
        };
        if !retained {
            continue;
        }
        if let Some(value) = source.field(field) {
            out.insert(field.name.to_owned(), value);
        }
        match field.name {
            "ImagingFrequency" => put(&mut out, "Manufacturer", source.manufacturer()),
            "ScanOptions" => put(&mut out, "PulseSequenceType", source.pulse_sequence_type()),
            "SliceThickness" => {
                put(&mut out, "SpacingBetweenSlices", computed.slice_spacing_mm.and_then(number))
            }
            "ContrastBolusIngredient" => put(&mut out, "ContrastBolusAgent", source.contrast_agent()),
            _ => {}
        }
    }
    field_in_tesla(&mut out);
    if out.get("InPlanePhaseEncodingDirectionDICOM") == Some(&json!("COLUMN")) {
        out.insert("InPlanePhaseEncodingDirectionDICOM".to_owned(), json!("COL"));
    }
    source.image_type(&mut out);
    source.phase_encoding(computed, &mut out);
    source.vendor_fields(computed, &mut out);
    finish(computed, &mut out);
    out
}

/// Fields that [`sidecar`] works out rather than copies, beyond those of the table.
const WORKED_OUT: &[&str] = &[
    "Manufacturer",
    "PulseSequenceType",
    "SpacingBetweenSlices",
    "ContrastBolusAgent",
    "EchoTime1",
    "EchoTime2",
    "RepetitionTime",
    "SliceTiming",
    "SecondsFromFirstPhase",
    "SecondsFromContrastBolus",
    "DiffusionBValues",
    "Units",
    "TaskName",
    "HepaticaWarnings",
    "ConversionSoftware",
    "ConversionSoftwareVersion",
    FINGERPRINT,
    "NonlinearGradientCorrection",
    "ImageType",
    "PhaseEncodingDirection",
    "PhaseEncodingAxis",
    "AcquisitionMatrixPE",
    "ReconMatrixPE",
    "EffectiveEchoSpacing",
    "TotalReadoutTime",
    "MultibandAccelerationFactor",
    "PartialFourier",
    "CoilCombinationMethod",
    "RealWorldValueSlope",
    "RealWorldValueIntercept",
    "RealWorldValueUnits",
    "PhilipsRescaleSlope",
    "PhilipsRescaleIntercept",
    "PhilipsScaleSlope",
    "UsePhilipsFloatNotDisplayScaling",
    "EstimatedEffectiveEchoSpacing",
    "EstimatedTotalReadoutTime",
];

/// Elements from which those fields are made, and the field.
const WORKED_OUT_FROM: &[(Tag, &str)] = &[
    (tags::MANUFACTURER, "Manufacturer"),
    (tags::IMAGE_TYPE, "ImageType"),
    (tags::CONTRAST_BOLUS_AGENT, "ContrastBolusAgent"),
    (tags::IN_PLANE_PHASE_ENCODING_DIRECTION, "PhaseEncodingDirection"),
    (tags::SPACING_BETWEEN_SLICES, "SpacingBetweenSlices"),
];

/// Private elements that repeat what a field takes from elsewhere (group, element within its block).
const REPEATS: &[(u16, u8, &str)] = &[
    (0x0051, 0x0F, "ReceiveCoilActiveElements"), // Siemens' coil string, as in its CSA header
    (0x0051, 0x11, "ParallelReductionFactorInPlane"), // Siemens' `p2`
    (0x0065, 0x0D, "ParallelReductionFactorInPlane"), // UIH's `F:2S`
];

/// Every field that a sidecar may have.
pub fn field_names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.name).chain(WORKED_OUT.iter().copied())
}

/// The field that an element's value goes into, if any does.
pub fn field_of(tag: Tag) -> Option<&'static str> {
    let is_source = |source: &From| match *source {
        From::Tag(of) => of == tag,
        // Whichever block its creator reserved.
        From::Private(group, _, offset) => {
            tag.0 == group && tag.1 >= 0x1000 && tag.1 & 0xFF == u16::from(offset)
        }
        _ => false,
    };
    let reads = |field: &&Field| field.sources.iter().any(is_source);
    let copied = FIELDS.iter().find(reads).map(|field| field.name);
    let repeats = |(group, offset, _): &&(u16, u8, &str)| {
        tag.0 == *group && tag.1 >= 0x1000 && tag.1 & 0xFF == u16::from(*offset)
    };
    copied
        .or_else(|| WORKED_OUT_FROM.iter().find(|(from, _)| *from == tag).map(|(_, name)| *name))
        .or_else(|| REPEATS.iter().find(repeats).map(|(_, _, name)| *name))
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), value);
    }
}

/// Some scanners give the field in gauss; what is neither is nothing.
fn field_in_tesla(out: &mut Map<String, Value>) {
    let Some(field) = out.get("MagneticFieldStrength").and_then(Value::as_f64) else { return };
    if field > 100.0 {
        put(out, "MagneticFieldStrength", number(field / 10_000.0));
    } else if field > 30.0 {
        out.shift_remove("MagneticFieldStrength");
    }
}

/// What conversion knows goes over what one header says.
fn finish(computed: &Computed, out: &mut Map<String, Value>) {
    if let Some([first, second]) = computed.echo_times_s {
        out.shift_remove("EchoTime");
        put(out, "EchoTime1", number(first));
        put(out, "EchoTime2", number(second));
    } else if let Some(time) = computed.echo_time_s.filter(|t| *t > 0.0) {
        put(out, "EchoTime", number(time));
    }
    put(out, "RepetitionTime", computed.repetition_time_s.filter(|t| *t > 0.0).and_then(number));
    put(out, "SliceTiming", computed.slice_timing_s.as_deref().and_then(numbers));
    put(out, "SecondsFromFirstPhase", computed.seconds_from_first_phase.and_then(number));
    put(out, "SecondsFromContrastBolus", computed.seconds_from_bolus.and_then(number));
    put(out, "DiffusionBValues", computed.b_values.as_deref().and_then(numbers));
    let units = computed.units.map(|units| match units {
        Units::Radians => "rad",
        Units::Hertz => "Hz",
        Units::Hounsfield => "HU",
        Units::Arbitrary => "arbitrary",
    });
    put(out, "Units", units.map(Value::from));
    put(out, "TaskName", computed.functional.then(|| UNNAMED_TASK.into()));
    let warnings =
        computed.warnings.iter().filter(|w| w.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    let warnings: Vec<Value> = warnings.map(|w| Value::from(w.as_str())).collect();
    put(out, "HepaticaWarnings", (!warnings.is_empty()).then_some(Value::Array(warnings)));
    put(out, "ConversionSoftware", Some("Hepatica".into()));
    put(out, "ConversionSoftwareVersion", Some(env!("CARGO_PKG_VERSION").into()));
    if !computed.fingerprint.is_empty() {
        put(out, FINGERPRINT, Some(computed.fingerprint.as_str().into()));
    }
}

/// A frame and its vendor's header.
struct Source<'a> {
    frame: FrameView<'a>,
    csa: Csa,
    protocol: Protocol,
    /// Philips' copy of the classic header (2005,xx0F), which has what the enhanced one leaves out.
    copy: Option<ItemRef<'a>>,
}

impl<'a> Source<'a> {
    fn new(frame: &FrameView<'a>) -> Self {
        let csa =
            frame.private(0x0029, csa::CREATOR, csa::IMAGE_INFO).map(|element| Csa::parse(element.bytes()));
        let copy = frame.private(0x2005, "Philips MR Imaging DD 005", 0x0F).and_then(|e| e.items().next());
        Self { frame: *frame, csa: csa.unwrap_or_default(), protocol: Protocol::of(*frame), copy }
    }

    fn field(&self, field: &Field) -> Option<Value> {
        field.sources.iter().find_map(|source| self.value(*source, field.value))
    }

    fn value(&self, source: From, allowed: Allowed) -> Option<Value> {
        match allowed {
            Allowed::Number { factor, least, most } => {
                let value = self.floats(source).first()? * factor;
                (least..=most).contains(&value).then(|| number(value)).flatten()
            }
            Allowed::Numbers { factor, least, most } => {
                let values: Vec<f64> = self.floats(source).iter().map(|v| v * factor).collect();
                values.iter().all(|v| (least..=most).contains(v)).then(|| numbers(&values)).flatten()
            }
            Allowed::Term(terms) => {
                list(self.strings(source).iter().filter_map(|text| words::term(text, terms)).map(Value::from))
            }
            Allowed::Code(known) => {
                let texts = self.strings(source);
                let codes: Vec<&str> =
                    texts.iter().map(String::as_str).filter(|t| words::is_code(t, known)).collect();
                // BIDS has one string here; DICOM's separator parts the values.
                (!codes.is_empty()).then(|| codes.join("\\").into())
            }
            Allowed::Whole => {
                let texts: Vec<String> =
                    self.strings(source).into_iter().filter(|text| !text.trim().is_empty()).collect();
                (!texts.is_empty()).then(|| texts.join("\\").into())
            }
            Allowed::Truth(yes, no) => {
                let text = self.strings(source).into_iter().next()?;
                let is = |terms: &[&'static str]| words::term(&text, terms).is_some();
                if is(yes) { Some(true.into()) } else { is(no).then(|| false.into()) }
            }
        }
    }

    fn floats(&self, source: From) -> Vec<f64> {
        match source {
            From::Tag(tag) => {
                let own = self.frame.floats(tag);
                if own.is_empty() { self.in_copy(tag).map(|e| e.floats()).unwrap_or_default() } else { own }
            }
            From::Csa(name) => self.csa.floats(name),
            From::Protocol(name) => self.protocol.number(name).into_iter().collect(),
            From::Private(group, creator, offset) => self.private(group, creator, offset),
        }
    }

    fn in_copy(&self, tag: Tag) -> Option<ElementRef<'_>> {
        self.copy?.find(tag, 3)
    }

    /// A private number: as its VR says, or, where an archive sent it as UN, by its length.
    fn private(&self, group: u16, creator: &str, offset: u8) -> Vec<f64> {
        let Some(element) = self.frame.private(group, creator, offset) else { return Vec::new() };
        let values = element.floats();
        if !values.is_empty() || element.vr != VR::UN {
            return values;
        }
        match element.bytes().len() {
            8 => element.with_vr(VR::FD).floats(),
            4 => element.with_vr(VR::FL).floats(),
            2 => element.with_vr(VR::US).floats(),
            _ => Vec::new(),
        }
    }

    fn strings(&self, source: From) -> Vec<String> {
        match source {
            From::Tag(tag) => {
                let own = self.frame.strings(tag);
                if own.is_empty() { self.in_copy(tag).map(|e| e.strings()).unwrap_or_default() } else { own }
            }
            From::Csa(name) => self.csa.strings(name).to_vec(),
            From::Protocol(name) => self.protocol.text(name).map(str::to_owned).into_iter().collect(),
            From::Private(group, creator, offset) => self
                .frame
                .private(group, creator, offset)
                .map(|element| element.strings())
                .unwrap_or_default(),
        }
    }

    fn manufacturer(&self) -> Option<Value> {
        let text = self.frame.text(tags::MANUFACTURER)?.to_lowercase();
        let known = vocabulary::MANUFACTURERS.iter().find(|(part, _)| text.contains(part));
        known.map(|(_, name)| *name).or_else(|| (text == "ge").then_some("GE")).map(Value::from)
    }

    /// The substance, wherever its name or brand stands.
    fn contrast_agent(&self) -> Option<Value> {
        let root = self.frame.root();
        let mut texts = self.frame.strings(tags::CONTRAST_BOLUS_AGENT);
        if let Some(item) = root.first_item(tags::CONTRAST_BOLUS_AGENT_SEQUENCE) {
            texts.extend(item.text(tags::CODE_MEANING));
        }
        let text = texts.join(" ").to_lowercase();
        vocabulary::AGENTS.iter().find(|(word, _)| text.contains(word)).map(|(_, agent)| Value::from(*agent))
    }

    /// In BIDS's words, from the parts that headers name (PS3.3 C.8.3.1 and C.8.13.4).
    fn pulse_sequence_type(&self) -> Option<Value> {
        let mut parts = self.frame.strings(tags::SCANNING_SEQUENCE);
        if parts.is_empty() {
            parts = self.strings(SCANNING_SEQUENCE_TEXT);
        }
        let has = |part: &str| parts.iter().any(|p| p == part);
        let says = |tag, word: &str| self.frame.text(tag).is_some_and(|text| text.eq_ignore_ascii_case(word));
        let planar = self.is_planar();
        let spin =
            has("SE") || says(tags::ECHO_PULSE_SEQUENCE, "SPIN") || says(tags::ECHO_PULSE_SEQUENCE, "BOTH");
        let name = self.frame.text(tags::SEQUENCE_NAME).unwrap_or_default();
        // Siemens writes EP alone: the name tells the excitation.
        let gradient = has("GR") || says(tags::ECHO_PULSE_SEQUENCE, "GRADIENT") || name.contains("fid");
        let spin = spin || (planar && name.contains("epse"));
        let text = match (planar, spin, gradient) {
            (true, true, _) => "Spin Echo EPI",
            (true, false, true) => "Gradient Echo EPI",
            (true, false, false) => "EPI",
            (false, true, false) if has("IR") => "Inversion Recovery Spin Echo",
            (false, true, _) => "Spin Echo",
            (false, false, true) if has("IR") => "Inversion Recovery Gradient Echo",
            (false, false, true) => "Gradient Echo",
            (false, false, false) => return None,
        };
        Some(text.into())
    }

    /// The known values of ImageType, and what follows from them.
    fn image_type(&self, out: &mut Map<String, Value>) {
        let numbered = |text: &str| {
            let digits = text.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '_');
            let word = text.strip_suffix(digits).unwrap_or_default();
            let short = digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
            short && matches!(word, "TE" | "ECHO_" | "ECHO" | "E" | "B" | "DYN" | "INV")
        };
        let mut values = self.frame.strings(tags::IMAGE_TYPE);
        for text in self.strings(IMAGE_TYPE_TEXT) {
            if !values.contains(&text) {
                values.push(text);
            }
        }
        let known: Vec<Value> = values
            .iter()
            .filter_map(|text| match words::term(text, vocabulary::IMAGE_TYPES) {
                Some(term) => Some(Value::from(term)),
                None => numbered(text).then(|| Value::from(text.as_str())),
            })
            .collect();
        let has = |word: &str| known.iter().any(|v| v == word);
        let corrected = if has("DIS2D") || has("DIS3D") {
            Some(true)
        } else {
            (has("ND") || has("DIS2D_OFF")).then_some(false)
        };
        put(out, "NonlinearGradientCorrection", corrected.map(Value::from));
        if !known.is_empty() {
            out.insert("ImageType".to_owned(), Value::Array(known));
        }
    }

    /// Direction and timing of phase encoding, along the stored axes.
    ///
    /// Stored rows run bottom-up (see `convert::geometry`), so that phase encoding along a DICOM
    /// column in its positive sense is `j-`, along a row `i`. Where nobody says the sense, only the
    /// axis is written.
    fn phase_encoding(&self, computed: &Computed, out: &mut Map<String, Value>) {
        let direction = self.frame.text(tags::IN_PLANE_PHASE_ENCODING_DIRECTION).unwrap_or_default();
        let (axis, lines, flipped) = match direction.to_ascii_uppercase().as_str() {
            "ROW" => ("i", computed.size[0], false),
            "COL" | "COLUMN" => ("j", computed.size[1], true),
            _ => return,
        };
        match self.encodes_upwards() {
            Some(upwards) => {
                let minus = if upwards == flipped { "-" } else { "" };
                put(out, "PhaseEncodingDirection", Some(format!("{axis}{minus}").into()));
            }
            None => put(out, "PhaseEncodingAxis", Some(axis.into())),
        }
        let acquired = self.frame.floats(tags::ACQUISITION_MATRIX);
        // Frequency rows and columns, phase rows and columns (PS3.3 C.8.3.1): the phase one is not 0.
        let acquired = acquired.iter().skip(2).copied().find(|lines| *lines > 0.0);
        let enhanced = || self.frame.float(tags::MR_ACQUISITION_PHASE_ENCODING_STEPS_IN_PLANE);
        let acquired = acquired.or_else(enhanced).filter(|lines| *lines > 0.0);
        put(out, "AcquisitionMatrixPE", acquired.and_then(number));
        if lines > 1 {
            put(out, "ReconMatrixPE", Some(lines.into()));
            if let Some(readout) = self.readout_s(f64::from(lines), acquired).filter(|_| self.is_planar()) {
                put(out, "EffectiveEchoSpacing", number(readout / f64::from(lines - 1)));
                put(out, "TotalReadoutTime", number(readout));
            }
        }
    }

    fn is_planar(&self) -> bool {
        let says = |tag, word: &str| self.frame.strings(tag).iter().any(|t| t.eq_ignore_ascii_case(word));
        let copied = || {
            let element = self.in_copy(tags::ECHO_PLANAR_PULSE_SEQUENCE);
            element.and_then(|e| e.text()).is_some_and(|t| t.eq_ignore_ascii_case("YES"))
        };
        says(tags::SCANNING_SEQUENCE, "EP") || says(tags::ECHO_PLANAR_PULSE_SEQUENCE, "YES") || copied()
    }

    fn is_ge(&self) -> bool {
        self.manufacturer().is_some_and(|name| name == "GE")
    }

    /// Whether phase encoding runs in the positive sense of its axis in the DICOM image.
    fn encodes_upwards(&self) -> Option<bool> {
        // UIH: 1 where lines run from the back or the left (0065,xx58).
        if let Some(from_behind) = self.private(0x0065, "Image Private Header", 0x58).first() {
            return Some(*from_behind < 0.5);
        }
        let siemens = PHASE_ENCODING_POSITIVE.iter().find_map(|source| self.floats(*source).first().copied());
        if let Some(sense) = siemens {
            return Some(sense > 0.5);
        }
        // GE says it by the order of the lines of its echo-planar images.
        let order = self.frame.text(tags::RECTILINEAR_PHASE_ENCODE_REORDERING);
        match order.as_deref().filter(|_| self.is_ge() && self.is_planar()) {
            Some("LINEAR") => Some(false),
            Some("REVERSE_LINEAR") => Some(true),
            _ if self.is_ge() && self.is_planar() => self.ge_polarity_turned().map(|turned| !turned),
            _ => None,
        }
    }

    /// Seconds from the middle of the first to the middle of the last echo, as if all `lines`
    /// reconstructed lines had been acquired (BIDS 1.10.0, *TotalReadoutTime*).
    fn readout_s(&self, lines: f64, acquired: Option<f64>) -> Option<f64> {
        let bandwidth =
            BANDWIDTH_PHASE_ENCODE.iter().find_map(|source| self.floats(*source).first().copied());
        if let Some(bandwidth) = bandwidth.filter(|hz| *hz > 0.0) {
            return Some((lines - 1.0) / (bandwidth * lines));
        }
        if !self.is_ge() {
            return None;
        }
        // GE rounds the number of lines up to an even one, to a multiple of four with partial Fourier
        // (dcm2niix, `nii_dicom_batch`, after GE's own account).
        let spacing_us = self.floats(GE_ECHO_SPACING).first().copied().filter(|us| *us > 0.0)?;
        let asset = self.floats(GE_ASSET).first().copied().filter(|a| *a > 0.0 && *a <= 1.0).unwrap_or(1.0);
        let partial = self.frame.strings(tags::SCAN_OPTIONS).iter().any(|option| option == "PFF");
        let step = if partial { 4.0 } else { 2.0 };
        let shots = (acquired? * asset / step).ceil() * step;
        Some((shots - 1.0) * spacing_us * 1e-6)
    }
}

/// One value as it is, several as a list, none as nothing.
fn list(values: impl Iterator<Item = Value>) -> Option<Value> {
    let mut values: Vec<Value> = values.collect();
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Value::Array(values)),
    }
}

/// A finite number to nine significant digits, whole ones without a point: what a header says as
/// `2.38` milliseconds is `0.00238` seconds and not `0.0023799999999999997`.
fn number(value: f64) -> Option<Value> {
    let rounded: f64 = if value == 0.0 { 0.0 } else { format!("{value:.8e}").parse().ok()? };
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 {
        return Some(Value::from(rounded as i64));
    }
    Number::from_f64(rounded).map(Value::Number)
}

fn numbers(values: &[f64]) -> Option<Value> {
    let all: Option<Vec<Value>> = values.iter().map(|v| number(*v)).collect();
    all.filter(|values| !values.is_empty()).map(Value::Array)
}

#[path = "sidecar_vendors.rs"]
mod vendors;

#[cfg(test)]
#[path = "sidecar_tests.rs"]
mod tests;
