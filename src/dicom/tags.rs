//! The tags that Hepatica reads, by their keywords in PS3.6.
//!
//! A list of names for what `dicom-dictionary-std` knows by number, so that a reader of a rule
//! sees the standard's words; nothing else.

use dicom_core::Tag;
use dicom_dictionary_std::tags as std_tags;

/// SpecificCharacterSet (0008,0005).
pub const SPECIFIC_CHARACTER_SET: Tag = std_tags::SPECIFIC_CHARACTER_SET;
/// ImageType (0008,0008).
pub const IMAGE_TYPE: Tag = std_tags::IMAGE_TYPE;
/// SopClassUid (0008,0016).
pub const SOP_CLASS_UID: Tag = std_tags::SOP_CLASS_UID;
/// SopInstanceUid (0008,0018).
pub const SOP_INSTANCE_UID: Tag = std_tags::SOP_INSTANCE_UID;
/// StudyDate (0008,0020).
pub const STUDY_DATE: Tag = std_tags::STUDY_DATE;
/// SeriesDate (0008,0021).
pub const SERIES_DATE: Tag = std_tags::SERIES_DATE;
/// AcquisitionDate (0008,0022).
pub const ACQUISITION_DATE: Tag = std_tags::ACQUISITION_DATE;
/// ContentDate (0008,0023).
pub const CONTENT_DATE: Tag = std_tags::CONTENT_DATE;
/// AcquisitionDateTime (0008,002A).
pub const ACQUISITION_DATE_TIME: Tag = std_tags::ACQUISITION_DATE_TIME;
/// StudyTime (0008,0030).
pub const STUDY_TIME: Tag = std_tags::STUDY_TIME;
/// SeriesTime (0008,0031).
pub const SERIES_TIME: Tag = std_tags::SERIES_TIME;
/// AcquisitionTime (0008,0032).
pub const ACQUISITION_TIME: Tag = std_tags::ACQUISITION_TIME;
/// ContentTime (0008,0033).
pub const CONTENT_TIME: Tag = std_tags::CONTENT_TIME;
/// AccessionNumber (0008,0050).
pub const ACCESSION_NUMBER: Tag = std_tags::ACCESSION_NUMBER;
/// Modality (0008,0060).
pub const MODALITY: Tag = std_tags::MODALITY;
/// Manufacturer (0008,0070).
pub const MANUFACTURER: Tag = std_tags::MANUFACTURER;
/// InstitutionName (0008,0080).
pub const INSTITUTION_NAME: Tag = std_tags::INSTITUTION_NAME;
/// StudyDescription (0008,1030).
pub const STUDY_DESCRIPTION: Tag = std_tags::STUDY_DESCRIPTION;
/// SeriesDescription (0008,103E).
pub const SERIES_DESCRIPTION: Tag = std_tags::SERIES_DESCRIPTION;
/// ManufacturerModelName (0008,1090).
pub const MANUFACTURER_MODEL_NAME: Tag = std_tags::MANUFACTURER_MODEL_NAME;
/// ComplexImageComponent (0008,9208).
pub const COMPLEX_IMAGE_COMPONENT: Tag = std_tags::COMPLEX_IMAGE_COMPONENT;
/// PatientName (0010,0010).
pub const PATIENT_NAME: Tag = std_tags::PATIENT_NAME;
/// PatientId (0010,0020).
pub const PATIENT_ID: Tag = std_tags::PATIENT_ID;
/// IssuerOfPatientId (0010,0021).
pub const ISSUER_OF_PATIENT_ID: Tag = std_tags::ISSUER_OF_PATIENT_ID;
/// PatientBirthDate (0010,0030).
pub const PATIENT_BIRTH_DATE: Tag = std_tags::PATIENT_BIRTH_DATE;
/// PatientSex (0010,0040).
pub const PATIENT_SEX: Tag = std_tags::PATIENT_SEX;
/// PatientAge (0010,1010).
pub const PATIENT_AGE: Tag = std_tags::PATIENT_AGE;
/// ContrastBolusAgent (0018,0010).
pub const CONTRAST_BOLUS_AGENT: Tag = std_tags::CONTRAST_BOLUS_AGENT;
/// BodyPartExamined (0018,0015).
pub const BODY_PART_EXAMINED: Tag = std_tags::BODY_PART_EXAMINED;
/// ScanningSequence (0018,0020).
pub const SCANNING_SEQUENCE: Tag = std_tags::SCANNING_SEQUENCE;
/// SequenceVariant (0018,0021).
pub const SEQUENCE_VARIANT: Tag = std_tags::SEQUENCE_VARIANT;
/// ScanOptions (0018,0022).
pub const SCAN_OPTIONS: Tag = std_tags::SCAN_OPTIONS;
/// MrAcquisitionType (0018,0023).
pub const MR_ACQUISITION_TYPE: Tag = std_tags::MR_ACQUISITION_TYPE;
/// SequenceName (0018,0024).
pub const SEQUENCE_NAME: Tag = std_tags::SEQUENCE_NAME;
/// SliceThickness (0018,0050).
pub const SLICE_THICKNESS: Tag = std_tags::SLICE_THICKNESS;
/// RepetitionTime (0018,0080).
pub const REPETITION_TIME: Tag = std_tags::REPETITION_TIME;
/// EchoTime (0018,0081).
pub const ECHO_TIME: Tag = std_tags::ECHO_TIME;
/// InversionTime (0018,0082).
pub const INVERSION_TIME: Tag = std_tags::INVERSION_TIME;
/// EchoNumbers (0018,0086).
pub const ECHO_NUMBERS: Tag = std_tags::ECHO_NUMBERS;
/// MagneticFieldStrength (0018,0087).
pub const MAGNETIC_FIELD_STRENGTH: Tag = std_tags::MAGNETIC_FIELD_STRENGTH;
/// SpacingBetweenSlices (0018,0088).
pub const SPACING_BETWEEN_SLICES: Tag = std_tags::SPACING_BETWEEN_SLICES;
/// ProtocolName (0018,1030).
pub const PROTOCOL_NAME: Tag = std_tags::PROTOCOL_NAME;
/// ContrastBolusStartTime (0018,1042).
pub const CONTRAST_BOLUS_START_TIME: Tag = std_tags::CONTRAST_BOLUS_START_TIME;
/// TriggerTime (0018,1060).
pub const TRIGGER_TIME: Tag = std_tags::TRIGGER_TIME;
/// GantryDetectorTilt (0018,1120).
pub const GANTRY_DETECTOR_TILT: Tag = std_tags::GANTRY_DETECTOR_TILT;
/// ReceiveCoilName (0018,1250).
pub const RECEIVE_COIL_NAME: Tag = std_tags::RECEIVE_COIL_NAME;
/// InPlanePhaseEncodingDirection (0018,1312).
pub const IN_PLANE_PHASE_ENCODING_DIRECTION: Tag = std_tags::IN_PLANE_PHASE_ENCODING_DIRECTION;
/// FlipAngle (0018,1314).
pub const FLIP_ANGLE: Tag = std_tags::FLIP_ANGLE;
/// PulseSequenceName (0018,9005).
pub const PULSE_SEQUENCE_NAME: Tag = std_tags::PULSE_SEQUENCE_NAME;
/// AcquisitionMatrix (0018,1310): frequency rows and columns, phase rows and columns.
pub const ACQUISITION_MATRIX: Tag = std_tags::ACQUISITION_MATRIX;
/// FrameAcquisitionDateTime (0018,9074).
pub const FRAME_ACQUISITION_DATE_TIME: Tag = std_tags::FRAME_ACQUISITION_DATE_TIME;
/// DiffusionDirectionality (0018,9075).
pub const DIFFUSION_DIRECTIONALITY: Tag = std_tags::DIFFUSION_DIRECTIONALITY;
/// EffectiveEchoTime (0018,9082).
pub const EFFECTIVE_ECHO_TIME: Tag = std_tags::EFFECTIVE_ECHO_TIME;
/// DiffusionBValue (0018,9087).
pub const DIFFUSION_B_VALUE: Tag = std_tags::DIFFUSION_B_VALUE;
/// DiffusionGradientOrientation (0018,9089).
pub const DIFFUSION_GRADIENT_ORIENTATION: Tag = std_tags::DIFFUSION_GRADIENT_ORIENTATION;
/// StudyInstanceUid (0020,000D).
pub const STUDY_INSTANCE_UID: Tag = std_tags::STUDY_INSTANCE_UID;
/// SeriesInstanceUid (0020,000E).
pub const SERIES_INSTANCE_UID: Tag = std_tags::SERIES_INSTANCE_UID;
/// StudyId (0020,0010).
pub const STUDY_ID: Tag = std_tags::STUDY_ID;
/// SeriesNumber (0020,0011).
pub const SERIES_NUMBER: Tag = std_tags::SERIES_NUMBER;
/// AcquisitionNumber (0020,0012).
pub const ACQUISITION_NUMBER: Tag = std_tags::ACQUISITION_NUMBER;
/// InstanceNumber (0020,0013).
pub const INSTANCE_NUMBER: Tag = std_tags::INSTANCE_NUMBER;
/// ImagePositionPatient (0020,0032).
pub const IMAGE_POSITION_PATIENT: Tag = std_tags::IMAGE_POSITION_PATIENT;
/// ImageOrientationPatient (0020,0037).
pub const IMAGE_ORIENTATION_PATIENT: Tag = std_tags::IMAGE_ORIENTATION_PATIENT;
/// FrameOfReferenceUid (0020,0052).
pub const FRAME_OF_REFERENCE_UID: Tag = std_tags::FRAME_OF_REFERENCE_UID;
/// TemporalPositionIdentifier (0020,0100).
pub const TEMPORAL_POSITION_IDENTIFIER: Tag = std_tags::TEMPORAL_POSITION_IDENTIFIER;
/// NumberOfTemporalPositions (0020,0105).
pub const NUMBER_OF_TEMPORAL_POSITIONS: Tag = std_tags::NUMBER_OF_TEMPORAL_POSITIONS;
/// TemporalResolution (0020,0110).
pub const TEMPORAL_RESOLUTION: Tag = std_tags::TEMPORAL_RESOLUTION;
/// ImageComments (0020,4000).
pub const IMAGE_COMMENTS: Tag = std_tags::IMAGE_COMMENTS;
/// StackId (0020,9056).
pub const STACK_ID: Tag = std_tags::STACK_ID;
/// InStackPositionNumber (0020,9057).
pub const IN_STACK_POSITION_NUMBER: Tag = std_tags::IN_STACK_POSITION_NUMBER;
/// TemporalPositionIndex (0020,9128).
pub const TEMPORAL_POSITION_INDEX: Tag = std_tags::TEMPORAL_POSITION_INDEX;
/// NominalCardiacTriggerDelayTime (0020,9153).
pub const NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: Tag = std_tags::NOMINAL_CARDIAC_TRIGGER_DELAY_TIME;
/// DimensionIndexValues (0020,9157).
pub const DIMENSION_INDEX_VALUES: Tag = std_tags::DIMENSION_INDEX_VALUES;
/// DimensionIndexSequence (0020,9222).
pub const DIMENSION_INDEX_SEQUENCE: Tag = std_tags::DIMENSION_INDEX_SEQUENCE;
/// DimensionIndexPointer (0020,9165).
pub const DIMENSION_INDEX_POINTER: Tag = std_tags::DIMENSION_INDEX_POINTER;
/// TemporalPositionTimeOffset (0020,930D).
pub const TEMPORAL_POSITION_TIME_OFFSET: Tag = std_tags::TEMPORAL_POSITION_TIME_OFFSET;
/// SamplesPerPixel (0028,0002).
pub const SAMPLES_PER_PIXEL: Tag = std_tags::SAMPLES_PER_PIXEL;
/// PhotometricInterpretation (0028,0004).
pub const PHOTOMETRIC_INTERPRETATION: Tag = std_tags::PHOTOMETRIC_INTERPRETATION;
/// PlanarConfiguration (0028,0006).
pub const PLANAR_CONFIGURATION: Tag = std_tags::PLANAR_CONFIGURATION;
/// NumberOfFrames (0028,0008).
pub const NUMBER_OF_FRAMES: Tag = std_tags::NUMBER_OF_FRAMES;
/// Rows (0028,0010).
pub const ROWS: Tag = std_tags::ROWS;
/// Columns (0028,0011).
pub const COLUMNS: Tag = std_tags::COLUMNS;
/// PixelSpacing (0028,0030).
pub const PIXEL_SPACING: Tag = std_tags::PIXEL_SPACING;
/// BitsAllocated (0028,0100).
pub const BITS_ALLOCATED: Tag = std_tags::BITS_ALLOCATED;
/// BitsStored (0028,0101).
pub const BITS_STORED: Tag = std_tags::BITS_STORED;
/// HighBit (0028,0102).
pub const HIGH_BIT: Tag = std_tags::HIGH_BIT;
/// PixelRepresentation (0028,0103).
pub const PIXEL_REPRESENTATION: Tag = std_tags::PIXEL_REPRESENTATION;
/// BurnedInAnnotation (0028,0301).
pub const BURNED_IN_ANNOTATION: Tag = std_tags::BURNED_IN_ANNOTATION;
/// RescaleIntercept (0028,1052).
pub const RESCALE_INTERCEPT: Tag = std_tags::RESCALE_INTERCEPT;
/// RescaleSlope (0028,1053).
pub const RESCALE_SLOPE: Tag = std_tags::RESCALE_SLOPE;
/// LossyImageCompression (0028,2110).
pub const LOSSY_IMAGE_COMPRESSION: Tag = std_tags::LOSSY_IMAGE_COMPRESSION;
/// TransferSyntaxUid (0002,0010).
pub const TRANSFER_SYNTAX_UID: Tag = std_tags::TRANSFER_SYNTAX_UID;
/// SharedFunctionalGroups (5200,9229).
pub const SHARED_FUNCTIONAL_GROUPS: Tag = std_tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE;
/// PerFrameFunctionalGroups (5200,9230).
pub const PER_FRAME_FUNCTIONAL_GROUPS: Tag = std_tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE;
/// RealWorldValueMappingSequence (0040,9096).
pub const REAL_WORLD_VALUE_MAPPING: Tag = std_tags::REAL_WORLD_VALUE_MAPPING_SEQUENCE;
/// RealWorldValueIntercept (0040,9224).
pub const REAL_WORLD_VALUE_INTERCEPT: Tag = std_tags::REAL_WORLD_VALUE_INTERCEPT;
/// RealWorldValueSlope (0040,9225).
pub const REAL_WORLD_VALUE_SLOPE: Tag = std_tags::REAL_WORLD_VALUE_SLOPE;
/// RealWorldValueFirstValueMapped (0040,9216).
pub const REAL_WORLD_VALUE_FIRST_VALUE_MAPPED: Tag = std_tags::REAL_WORLD_VALUE_FIRST_VALUE_MAPPED;
/// DoubleFloatRealWorldValueFirstValueMapped (0040,9214).
pub const DOUBLE_FLOAT_REAL_WORLD_VALUE_FIRST_VALUE_MAPPED: Tag =
    std_tags::DOUBLE_FLOAT_REAL_WORLD_VALUE_FIRST_VALUE_MAPPED;
/// RealWorldValueLUTData (0040,9212).
pub const REAL_WORLD_VALUE_LUT_DATA: Tag = std_tags::REAL_WORLD_VALUE_LUT_DATA;
/// MeasurementUnitsCodeSequence (0040,08EA).
pub const MEASUREMENT_UNITS: Tag = std_tags::MEASUREMENT_UNITS_CODE_SEQUENCE;
/// CodeValue (0008,0100).
pub const CODE_VALUE: Tag = std_tags::CODE_VALUE;
