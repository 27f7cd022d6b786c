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
    /// The header gives no position or orientation.
    NoGeometry,
    /// Slices do not lie straight above each other (a tilted gantry).
    Tilted,
    /// Volumes of a series that were not complete and were left out.
    IncompleteVolumes {
        /// Frames left out.
        frames: u32,
    },
    /// The header says that the image carries burned-in text.
    BurnedIn,
    /// The image was compressed with loss.
    Lossy,
    /// Slices are scaled differently: stored as floats.
    ScaledToFloat,
    /// Frames whose rescaling differs between phases: intensities may not be comparable.
    SlopesDiffer,
}

impl VolumeWarning {
    /// Its stable id.
    pub fn id(&self) -> &'static str {
        match self {
            Self::MissingSlices { .. } => "missing_slices",
            Self::VariableSpacing { .. } => "variable_spacing",
            Self::NoGeometry => "no_geometry",
            Self::Tilted => "tilted",
            Self::IncompleteVolumes { .. } => "incomplete_volumes",
            Self::BurnedIn => "burned_in",
            Self::Lossy => "lossy",
            Self::ScaledToFloat => "scaled_to_float",
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
            Self::NoGeometry => "no position in the header".into(),
            Self::Tilted => "slices are sheared (tilted gantry)".into(),
            Self::IncompleteVolumes { frames } => format!("incomplete: {frames} images left out"),
            Self::BurnedIn => "burned-in text declared".into(),
            Self::Lossy => "compressed with loss".into(),
            Self::ScaledToFloat => "slices scaled differently: stored as floats".into(),
            Self::SlopesDiffer => "scaling or receiver gain differs between volumes".into(),
        }
    }
}
