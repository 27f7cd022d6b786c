//! The allow-list of sidecar fields, as data.
//!
//! Each row names a field, where headers have it, in which unit, what values may pass, and which
//! de-identification option must be on. What is not in this table is not written. Fields and units:
//! BIDS 1.10.0, *Magnetic Resonance Imaging* (*Hardware*, *Sequence specifics*, *In-plane spatial
//! encoding*, *Timing*, *RF & contrast*); fields that BIDS lacks keep the names under which dcm2niix
//! writes them. Tags: PS3.6; defined terms: PS3.3 C.8.3 (MR), C.8.13 (Enhanced MR), C.8.2 (CT).
//! Private elements: the vendors' conformance statements and PS3.15 Table E.3.10-1.
//!
//! Dates, times, identifiers, people, protocol names and descriptions are absent on
//! purpose, as are serial numbers and stations.

use super::vocabulary;
use crate::dicom::Tag;
use dicom_dictionary_std::tags;

/// Which option of PS3.15 lets a field out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Needs {
    /// Physics of the acquisition: none.
    Nothing,
    /// Retain Device Identity (113109).
    Device,
    /// Retain Institution Identity (113112).
    Institution,
}

/// Where a header has a field; the first source that gives a value counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    /// A standard element: the frame's, the shared, or the root's.
    Tag(Tag),
    /// A private element: group, creator, element within the block. Read as decimal numbers or text.
    Private(u16, &'static str, u8),
    /// A value of the Siemens CSA image header.
    Csa(&'static str),
    /// A value of the Siemens measurement protocol.
    Protocol(&'static str),
}

/// What may pass, and how it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// One number, multiplied, within a range (after the multiplication) that excludes nonsense.
    Number { factor: f64, least: f64, most: f64 },
    /// Several numbers, as above.
    Numbers { factor: f64, least: f64, most: f64 },
    /// One of these words; written in the list's spelling. A text of several values passes by value.
    Term(&'static [&'static str]),
    /// Texts that are codes: runs of letters are of this list or short (see `words::is_code`).
    Code(&'static [&'static str]),
    /// `YES`/`NO` and their kin, as a truth value: words for true, words for false.
    Truth(&'static [&'static str], &'static [&'static str]),
    /// Whatever text stands there: only for what an option retains as it is.
    Whole,
}

/// One row.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) needs: Needs,
    pub(super) sources: &'static [From],
    pub(super) value: Value,
}

const fn row(name: &'static str, sources: &'static [From], value: Value) -> Field {
    Field { name, needs: Needs::Nothing, sources, value }
}

const fn device(name: &'static str, sources: &'static [From], value: Value) -> Field {
    Field { name, needs: Needs::Device, sources, value }
}

const fn institution(name: &'static str, sources: &'static [From]) -> Field {
    Field { name, needs: Needs::Institution, sources, value: Value::Whole }
}

/// As it stands in the header, within a range.
const fn plain(least: f64, most: f64) -> Value {
    Value::Number { factor: 1.0, least, most }
}

/// Milliseconds in the header, seconds in BIDS.
const fn ms(most_s: f64) -> Value {
    Value::Number { factor: 1e-3, least: 0.0, most: most_s }
}

const SIEMENS: &str = "SIEMENS MR HEADER";
/// Of XA software, for a series and for a frame.
const SIEMENS_SERIES: &str = "SIEMENS MR SDS 01";
const SIEMENS_IMAGE: &str = "SIEMENS MR SDI 02";
const GE: &str = "GEMS_ACQU_01";
const PHILIPS: &str = "Philips Imaging DD 001";

/// The table, in the order in which fields are written.
pub(super) const FIELDS: &[Field] = &[
    row("Modality", &[From::Tag(tags::MODALITY)], Value::Term(&["MR", "CT", "PT"])),
    row("MagneticFieldStrength", &[From::Tag(tags::MAGNETIC_FIELD_STRENGTH)], plain(0.01, 300_000.0)),
    row(
        "ImagingFrequency",
        &[From::Tag(tags::IMAGING_FREQUENCY), From::Tag(tags::TRANSMITTER_FREQUENCY)],
        plain(0.1, 1300.0),
    ),
    device(
        "ManufacturersModelName",
        &[From::Tag(tags::MANUFACTURER_MODEL_NAME)],
        Value::Code(vocabulary::MODELS),
    ),
    device("SoftwareVersions", &[From::Tag(tags::SOFTWARE_VERSIONS)], Value::Code(vocabulary::SOFTWARE)),
    institution("InstitutionName", &[From::Tag(tags::INSTITUTION_NAME)]),
    institution("InstitutionAddress", &[From::Tag(tags::INSTITUTION_ADDRESS)]),
    institution("InstitutionalDepartmentName", &[From::Tag(tags::INSTITUTIONAL_DEPARTMENT_NAME)]),
    row("BodyPart", &[From::Tag(tags::BODY_PART_EXAMINED)], Value::Term(vocabulary::BODY_PARTS)),
    row("PatientPosition", &[From::Tag(tags::PATIENT_POSITION)], Value::Term(vocabulary::POSITIONS)),
    row("MRAcquisitionType", &[From::Tag(tags::MR_ACQUISITION_TYPE)], Value::Term(&["1D", "2D", "3D"])),
    row(
        "ScanningSequence",
        &[From::Tag(tags::SCANNING_SEQUENCE), SCANNING_SEQUENCE_TEXT],
        Value::Term(&["SE", "IR", "GR", "EP", "RM"]),
    ),
    row(
        "SequenceVariant",
        &[From::Tag(tags::SEQUENCE_VARIANT), From::Private(0x0021, SIEMENS_SERIES, 0x5b)],
        Value::Term(&["SK", "MTC", "SS", "TRSS", "SP", "MP", "OSP", "TOF", "NONE"]),
    ),
    row(
        "ScanOptions",
        &[From::Tag(tags::SCAN_OPTIONS), From::Private(0x0021, SIEMENS_SERIES, 0x5c)],
        Value::Term(vocabulary::SCAN_OPTIONS),
    ),
    row(
        "SequenceName",
        &[
            From::Tag(tags::SEQUENCE_NAME),
            From::Tag(tags::PULSE_SEQUENCE_NAME),
            From::Private(0x0019, GE, 0x9c),
            From::Private(0x2001, PHILIPS, 0x20),
        ],
        Value::Code(vocabulary::SEQUENCES),
    ),
    row("InternalPulseSequenceName", &[From::Private(0x0019, GE, 0x9e)], Value::Code(vocabulary::SEQUENCES)),
    row("EchoNumber", &[From::Tag(tags::ECHO_NUMBERS)], plain(1.0, 1024.0)),
    row(
        "EchoTime",
        &[From::Tag(tags::EFFECTIVE_ECHO_TIME), From::Tag(tags::ECHO_TIME)],
        Value::Number { factor: 1e-3, least: 1e-9, most: 10.0 },
    ),
    row(
        "RepetitionTime",
        &[From::Tag(tags::REPETITION_TIME)],
        Value::Number { factor: 1e-3, least: 1e-9, most: 100.0 },
    ),
    row(
        "InversionTime",
        &[From::Tag(tags::INVERSION_TIME), From::Tag(tags::INVERSION_TIMES)],
        Value::Number { factor: 1e-3, least: 1e-9, most: 100.0 },
    ),
    row("FlipAngle", &[From::Tag(tags::FLIP_ANGLE)], plain(1e-9, 360.0)),
    row("NumberOfAverages", &[From::Tag(tags::NUMBER_OF_AVERAGES)], plain(1e-9, 10_000.0)),
    row(
        "EchoTrainLength",
        &[
            From::Tag(tags::ECHO_TRAIN_LENGTH),
            From::Tag(tags::GRADIENT_ECHO_TRAIN_LENGTH),
            From::Tag(tags::RF_ECHO_TRAIN_LENGTH),
        ],
        plain(1.0, 65_535.0),
    ),
    row("SliceThickness", &[From::Tag(tags::SLICE_THICKNESS)], plain(1e-6, 1000.0)),
    row("AcquisitionDuration", &[From::Tag(tags::ACQUISITION_DURATION)], plain(1e-9, 1e5)),
    // Microseconds (GE).
    row(
        "AcquisitionDuration",
        &[From::Private(0x0019, GE, 0x5a)],
        Value::Number { factor: 1e-6, least: 1e-6, most: 1e5 },
    ),
    // Between volumes: microseconds of Siemens, seconds of GE.
    row(
        "DelayTime",
        &[From::Protocol("lDelayTimeInTR")],
        Value::Number { factor: 1e-6, least: 1e-6, most: 100.0 },
    ),
    row("DelayTime", &[From::Private(0x0043, "GEMS_PARM_01", 0x7c)], plain(1e-6, 100.0)),
    row("TriggerDelayTime", &[From::Tag(tags::NOMINAL_CARDIAC_TRIGGER_DELAY_TIME)], ms(100.0)),
    row("PercentSampling", &[From::Tag(tags::PERCENT_SAMPLING)], plain(1e-9, 1000.0)),
    row("PercentPhaseFOV", &[From::Tag(tags::PERCENT_PHASE_FIELD_OF_VIEW)], plain(1e-9, 1000.0)),
    row(
        "PhaseEncodingSteps",
        &[
            From::Tag(tags::NUMBER_OF_PHASE_ENCODING_STEPS),
            From::Tag(tags::MR_ACQUISITION_PHASE_ENCODING_STEPS_IN_PLANE),
        ],
        plain(1.0, 65_535.0),
    ),
    row(
        "PhaseEncodingStepsOutOfPlane",
        &[From::Tag(tags::MR_ACQUISITION_PHASE_ENCODING_STEPS_OUT_OF_PLANE)],
        plain(1.0, 65_535.0),
    ),
    row(
        "FrequencyEncodingSteps",
        &[From::Tag(tags::MR_ACQUISITION_FREQUENCY_ENCODING_STEPS)],
        plain(1.0, 65_535.0),
    ),
    row(
        "NumberOfKSpaceTrajectories",
        &[From::Tag(tags::NUMBER_OF_K_SPACE_TRAJECTORIES)],
        plain(1.0, 65_535.0),
    ),
    row("BaseResolution", &[From::Protocol("sKSpace.lBaseResolution")], plain(1.0, 65_535.0)),
    row("PhaseResolution", &[From::Protocol("sKSpace.dPhaseResolution")], plain(1e-3, 10.0)),
    row("PhaseOversampling", &[From::Protocol("sKSpace.dPhaseOversamplingForDialog")], plain(1e-3, 10.0)),
    row("RefLinesPE", &[From::Protocol("sPat.lRefLinesPE")], plain(1.0, 4096.0)),
    row("PixelBandwidth", &[From::Tag(tags::PIXEL_BANDWIDTH)], plain(1e-9, 1e7)),
    // Nanoseconds (Siemens, RealDwellTime).
    row(
        "DwellTime",
        &[
            From::Private(0x0019, SIEMENS, 0x18),
            From::Csa("RealDwellTime"),
            From::Private(0x0021, SIEMENS_IMAGE, 0x42),
        ],
        Value::Number { factor: 1e-9, least: 1e-12, most: 1e-3 },
    ),
    row("BandwidthPerPixelPhaseEncode", BANDWIDTH_PHASE_ENCODE, plain(1e-9, 1e6)),
    row("WaterFatShift", &[From::Private(0x2001, PHILIPS, 0x22)], plain(1e-9, 1000.0)),
    row(
        "ParallelReductionFactorInPlane",
        &[From::Tag(tags::PARALLEL_REDUCTION_FACTOR_IN_PLANE), From::Protocol("sPat.lAccelFactPE")],
        plain(1.0, 64.0),
    ),
    row(
        "ParallelReductionFactorOutOfPlane",
        &[From::Tag(tags::PARALLEL_REDUCTION_FACTOR_OUT_OF_PLANE), From::Protocol("sPat.lAccelFact3D")],
        plain(1.0, 64.0),
    ),
    row(
        "ParallelAcquisitionTechnique",
        &[From::Tag(tags::PARALLEL_ACQUISITION_TECHNIQUE)],
        Value::Term(&["PILS", "SENSE", "SMASH", "GRAPPA", "SMS", "CAIPIRINHA", "ARC", "ASSET", "OTHER"]),
    ),
    row(
        "PartialFourierDirection",
        &[From::Tag(tags::PARTIAL_FOURIER_DIRECTION)],
        Value::Term(&["PHASE", "FREQUENCY", "SLICE_SELECT", "COMBINATION"]),
    ),
    row(
        "SpoilingState",
        &[From::Tag(tags::SPOILING)],
        Value::Truth(&["RF", "GRADIENT", "RF_AND_GRADIENT"], &["NONE"]),
    ),
    row(
        "SpoilingType",
        &[From::Tag(tags::SPOILING)],
        Value::Term(&["RF", "GRADIENT", "COMBINED", "RF_AND_GRADIENT"]),
    ),
    row(
        "MTState",
        &[From::Tag(tags::MAGNETIZATION_TRANSFER)],
        Value::Truth(&["ON_RESONANCE", "OFF_RESONANCE"], &["NONE"]),
    ),
    row(
        "ReceiveCoilName",
        &[
            From::Protocol("sCoilSelectMeas.aRxCoilSelectData[0].asList[0].sCoilElementID.tCoilID"),
            From::Protocol("asCoilSelectMeas[0].asList[0].sCoilElementID.tCoilID"),
            From::Tag(tags::RECEIVE_COIL_NAME),
        ],
        Value::Code(vocabulary::COILS),
    ),
    row(
        "ReceiveCoilActiveElements",
        &[
            From::Csa("ImaCoilString"),
            From::Private(0x0021, SIEMENS_IMAGE, 0x4f),
            From::Protocol("sCoilSelectMeas.sCoilStringForConversion"),
        ],
        Value::Code(&[]),
    ),
    row("SAR", &[From::Tag(tags::SAR)], plain(0.0, 100.0)),
    row(
        "ImageOrientationPatientDICOM",
        &[From::Tag(tags::IMAGE_ORIENTATION_PATIENT)],
        Value::Numbers { factor: 1.0, least: -1.000_1, most: 1.000_1 },
    ),
    row(
        "InPlanePhaseEncodingDirectionDICOM",
        &[From::Tag(tags::IN_PLANE_PHASE_ENCODING_DIRECTION)],
        Value::Term(&["ROW", "COL", "COLUMN"]),
    ),
    row(
        "ContrastBolusIngredient",
        &[From::Tag(tags::CONTRAST_BOLUS_INGREDIENT)],
        Value::Term(&["IODINE", "GADOLINIUM", "CARBON DIOXIDE", "BARIUM", "XENON"]),
    ),
    row("ContrastBolusTotalDose", &[From::Tag(tags::CONTRAST_BOLUS_TOTAL_DOSE)], plain(1e-9, 1000.0)),
    row("ContrastFlowRate", &[From::Tag(tags::CONTRAST_FLOW_RATE)], plain(1e-9, 100.0)),
    row("ContrastFlowDuration", &[From::Tag(tags::CONTRAST_FLOW_DURATION)], plain(1e-9, 10_000.0)),
    row(
        "ContrastBolusIngredientConcentration",
        &[From::Tag(tags::CONTRAST_BOLUS_INGREDIENT_CONCENTRATION)],
        plain(1e-9, 10_000.0),
    ),
    row("ContrastBolusVolume", &[From::Tag(tags::CONTRAST_BOLUS_VOLUME)], plain(1e-9, 1000.0)),
    row("KVP", &[From::Tag(tags::KVP)], plain(1.0, 500.0)),
    row("XRayTubeCurrent", &[From::Tag(tags::X_RAY_TUBE_CURRENT)], plain(0.0, 10_000.0)),
    row("ExposureTime", &[From::Tag(tags::EXPOSURE_TIME)], ms(1000.0)),
    row("GantryDetectorTilt", &[From::Tag(tags::GANTRY_DETECTOR_TILT)], plain(-90.0, 90.0)),
    row("ReconstructionDiameter", &[From::Tag(tags::RECONSTRUCTION_DIAMETER)], plain(1e-9, 10_000.0)),
    row("ConvolutionKernel", &[From::Tag(tags::CONVOLUTION_KERNEL)], Value::Code(vocabulary::KERNELS)),
];

/// Hz a pixel along the phase-encoding axis (Siemens).
pub(super) const BANDWIDTH_PHASE_ENCODE: &[From] = &[
    From::Private(0x0019, SIEMENS, 0x28),
    From::Csa("BandwidthPerPixelPhaseEncode"),
    From::Private(0x0021, SIEMENS_IMAGE, 0x53),
];
/// 1 where the phase-encoding direction is the positive one (Siemens).
pub(super) const PHASE_ENCODING_POSITIVE: &[From] =
    &[From::Csa("PhaseEncodingDirectionPositive"), From::Private(0x0021, SIEMENS_IMAGE, 0x1c)];
/// The text form of ImageType in Siemens's enhanced objects, whose own has four values only.
pub(super) const IMAGE_TYPE_TEXT: From = From::Private(0x0021, SIEMENS_IMAGE, 0x75);
/// Echo spacing before acceleration, microseconds (GE).
pub(super) const GE_ECHO_SPACING: From = From::Private(0x0043, "GEMS_PARM_01", 0x2c);
/// One over the acceleration in plane (GE, ASSET).
pub(super) const GE_ASSET: From = From::Private(0x0043, "GEMS_PARM_01", 0x83);
/// ScanningSequence in Siemens's enhanced objects.
pub(super) const SCANNING_SEQUENCE_TEXT: From = From::Private(0x0021, SIEMENS_SERIES, 0x5a);
