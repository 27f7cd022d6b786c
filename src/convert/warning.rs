//! What a reader of a volume should know before trusting it.

/// A peculiarity of a volume, said in the plan, the report and the sidecar.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "id", rename_all = "snake_case")]
#[non_exhaustive]
pub enum VolumeWarning {
    /// Slices that the spacing says are missing, numbered from 1 as they would be.
    MissingSlices {
        /// Their numbers.
        slices: Vec<u32>,
    },
    /// Distances between slices that differ.
    VariableSpacing {
        /// Least distance, mm.
        min_mm: f64,
        /// Greatest distance, mm.
        max_mm: f64,
    },
    /// The header gives no position or orientation, or none that can be.
    NoGeometry,
    /// The header gives no distance between pixels: 1 mm is written.
    NoSpacing,
    /// A mosaic whose header no longer says how many slices it has, nor in which sense they run.
    GuessedMosaic,
    /// Slices do not lie straight above each other (a tilted gantry).
    Tilted,
    /// A copy whose slices were moved back to where a tilted gantry took them.
    TiltCorrected,
    /// A copy whose slices were mixed to equal distances.
    EvenlySpaced {
        /// Distance between its slices, mm.
        step_mm: f64,
    },
    /// Slices that are there twice, of which one was kept.
    DuplicateSlices {
        /// Images left out.
        frames: u32,
    },
    /// Volumes of a series that were not complete and were left out.
    IncompleteVolumes {
        /// Frames left out.
        frames: u32,
    },
    /// Two files have one SOP instance UID and differ.
    SharedUid,
    /// The patient's ID stands with another name and another date of birth, too: another patient.
    MixedPatients,
    /// By its header the image may carry burned-in text.
    BurnedIn,
    /// The volume is of a head, and may show a face (`deid::faces`).
    MayShowFace,
    /// The image was compressed with loss.
    Lossy,
    /// Slices are scaled differently: stored as floats.
    ScaledToFloat,
    /// Real-world values by a table, which no slope and intercept replaces: stored as floats.
    MappedByTable,
    /// Frames whose rescaling differs between phases: intensities may not be comparable.
    SlopesDiffer,
}

impl VolumeWarning {
    /// Every id: words of ours, which a sidecar may hold.
    pub const IDS: &[&str] = &[
        "missing_slices",
        "variable_spacing",
        "no_geometry",
        "no_spacing",
        "guessed_mosaic",
        "tilted",
        "tilt_corrected",
        "evenly_spaced",
        "duplicate_slices",
        "incomplete_volumes",
        "shared_uid",
        "mixed_patients",
        "burned_in",
        "may_show_face",
        "lossy",
        "scaled_to_float",
        "mapped_by_table",
        "slopes_differ",
    ];

    /// Its stable id.
    pub fn id(&self) -> &'static str {
        match self {
            Self::MissingSlices { .. } => "missing_slices",
            Self::VariableSpacing { .. } => "variable_spacing",
            Self::NoGeometry => "no_geometry",
            Self::NoSpacing => "no_spacing",
            Self::GuessedMosaic => "guessed_mosaic",
            Self::Tilted => "tilted",
            Self::TiltCorrected => "tilt_corrected",
            Self::EvenlySpaced { .. } => "evenly_spaced",
            Self::DuplicateSlices { .. } => "duplicate_slices",
            Self::IncompleteVolumes { .. } => "incomplete_volumes",
            Self::SharedUid => "shared_uid",
            Self::MixedPatients => "mixed_patients",
            Self::BurnedIn => "burned_in",
            Self::MayShowFace => "may_show_face",
            Self::Lossy => "lossy",
            Self::ScaledToFloat => "scaled_to_float",
            Self::MappedByTable => "mapped_by_table",
            Self::SlopesDiffer => "slopes_differ",
        }
    }

    /// A short sentence for people.
    pub fn text(&self) -> String {
        match self {
            Self::MissingSlices { slices } => match slices.as_slice() {
                [one] => format!("1 slice missing ({one})"),
                many => {
                    let shown: Vec<String> = many.iter().take(4).map(u32::to_string).collect();
                    let more = if many.len() > 4 { ", …" } else { "" };
                    format!("{} slices missing ({}{more})", many.len(), shown.join(", "))
                }
            },
            Self::VariableSpacing { min_mm, max_mm } => {
                format!("slice distance varies, {min_mm:.2} to {max_mm:.2} mm")
            }
            Self::NoGeometry => "no usable position in the header".into(),
            Self::NoSpacing => "no pixel spacing in the header: 1 mm assumed".into(),
            Self::GuessedMosaic => {
                "a mosaic without its private header: the last slices may be empty, their order turned".into()
            }
            Self::Tilted => "slices are sheared (tilted gantry)".into(),
            Self::TiltCorrected => "resampled: the gantry's tilt is taken out".into(),
            Self::EvenlySpaced { step_mm } => format!("resampled: a slice every {step_mm:.2} mm"),
            Self::DuplicateSlices { frames: 1 } => "a slice is there twice: one image left out".into(),
            Self::DuplicateSlices { frames } => format!("slices are there twice: {frames} images left out"),
            Self::IncompleteVolumes { frames } => format!("incomplete: {frames} images left out"),
            Self::SharedUid => "two different files have one instance UID".into(),
            Self::MixedPatients => {
                "one patient ID, different names and birth dates: kept apart as two patients".into()
            }
            Self::BurnedIn => "burned-in text suspected".into(),
            Self::MayShowFace => "may show a face".into(),
            Self::Lossy => "compressed with loss".into(),
            Self::ScaledToFloat => "slices scaled differently: stored as floats".into(),
            Self::MappedByTable => "values by the header's table: stored as floats".into(),
            Self::SlopesDiffer => "scaling or receiver gain differs between volumes".into(),
        }
    }
}
