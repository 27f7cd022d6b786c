//! Tools, their options, and where edits may go: as the page names them.
//!
//! In: the page's words (`www/src/engine/annotate-protocol.ts`). Out: options with defaults, checked; and a
//! masking rule made ready: whether a voxel of a label and a value may change.

use serde::{Deserialize, Serialize};

use super::Error;
use super::segments::Segments;
use crate::volume::Voxels;

/// The tools, by Slicer's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "docs/labels.md has each tool")]
pub enum Tool {
    Threshold,
    Paint,
    Draw,
    Erase,
    LevelTracing,
    Grow,
    FillBetween,
    Margin,
    Hollow,
    Smoothing,
    Scissors,
    Islands,
    Logical,
    MaskVolume,
}

impl Tool {
    /// In words, as a button has it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Threshold => "Threshold",
            Self::Paint => "Paint",
            Self::Draw => "Draw",
            Self::Erase => "Erase",
            Self::LevelTracing => "Level tracing",
            Self::Grow => "Grow from seeds",
            Self::FillBetween => "Fill between slices",
            Self::Margin => "Margin",
            Self::Hollow => "Hollow",
            Self::Smoothing => "Smoothing",
            Self::Scissors => "Scissors",
            Self::Islands => "Islands",
            Self::Logical => "Logical operators",
            Self::MaskVolume => "Mask volume",
        }
    }
}

/// Where edits may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    /// Anywhere.
    #[default]
    Everywhere,
    /// In voxels that have a segment.
    InsideAll,
    /// In voxels that have a visible segment.
    InsideVisible,
    /// In voxels that have none.
    OutsideAll,
    /// In voxels that have no visible one.
    OutsideVisible,
    /// In voxels of one segment.
    Inside(u8),
}

/// Which other segments an edit may take voxels from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overwrite {
    /// All of them.
    #[default]
    All,
    /// Visible ones.
    Visible,
    /// None.
    None,
}

/// Where edits may go, and what they may change.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Masking {
    /// Where.
    #[serde(rename = "where")]
    pub place: Where,
    /// Values of the reference image that may be edited, both ends included; all where there is none.
    pub range: Option<(f64, f64)>,
    /// What may be taken from others.
    pub overwrite: Overwrite,
}

/// A masking rule for one segment, made ready.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    /// Whether a voxel of a label may be changed at all.
    open: [bool; 256],
    range: Option<(f64, f64)>,
    /// The segment that is edited.
    pub(super) active: u8,
}

impl Rule {
    pub(super) fn new(masking: &Masking, segments: &Segments, active: u8) -> Self {
        let open = std::array::from_fn(|label| {
            let label = label as u8;
            let segment = segments.get(label);
            if segment.is_some_and(|s| s.locked) {
                return false;
            }
            // A segment's own voxels are its own to give back, wherever it may grow.
            if label == active && label != 0 {
                return true;
            }
            let shown = segment.is_some_and(|s| s.visible);
            let there = match masking.place {
                Where::Everywhere => true,
                Where::InsideAll => label != 0,
                Where::InsideVisible => shown,
                Where::OutsideAll => label == 0,
                Where::OutsideVisible => !shown,
                Where::Inside(of) => label == of,
            };
            let taken = match masking.overwrite {
                Overwrite::All => true,
                Overwrite::Visible => label == 0 || shown,
                // What is named as the place may be taken from: labels exclude each other.
                Overwrite::None => label == 0 || masking.place == Where::Inside(label),
            };
            there && taken
        });
        Self { open, range: masking.range, active }
    }

    /// Opens and closes labels otherwise.
    pub(super) fn open_where(&mut self, open: impl Fn(u8, bool) -> bool) {
        for (label, place) in self.open.iter_mut().enumerate() {
            *place = open(label as u8, *place);
        }
    }

    /// Whether voxels without a label may be closed.
    pub(super) fn is_bounded(&self) -> bool {
        self.range.is_some() || !self.open[0]
    }

    /// Whether a voxel may be changed.
    pub(super) fn may(&self, at: usize, label: u8, reference: &Voxels) -> bool {
        self.open[usize::from(label)] && self.in_range(at, reference)
    }

    /// Whether a voxel's value may be edited.
    pub(super) fn in_range(&self, at: usize, reference: &Voxels) -> bool {
        self.range.is_none_or(|(low, high)| reference.get(at).is_some_and(|v| v >= low && v <= high))
    }
}

/// Paint and erase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrushOptions {
    /// mm.
    pub diameter: f64,
    /// A ball in place of a disc.
    pub sphere: bool,
}

/// Threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdOptions {
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
}

/// Margin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarginOptions {
    /// mm; below 0 it shrinks.
    pub by: f64,
}

/// What the segment is of its hollow one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shell {
    /// The segment's surface is the shell's inside.
    Inside,
    /// It runs in the middle of the shell.
    Medial,
    /// It is the shell's outside.
    Outside,
}

/// Hollow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HollowOptions {
    /// mm.
    pub thickness: f64,
    /// Where the surface is.
    pub shell: Shell,
}

/// How to smooth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Smooth {
    /// What most voxels around are.
    Median,
    /// Takes away what is thinner than the size.
    Opening,
    /// Fills what is narrower than the size.
    Closing,
    /// Blurs and cuts at half.
    Gaussian,
    /// Blurs all visible segments; the strongest wins, so that no gaps arise between them.
    Joint,
}

/// Smoothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmoothingOptions {
    /// How.
    pub method: Smooth,
    /// mm: the kernel's diameter, or the standard deviation of the blur.
    pub size: f64,
}

/// What to do with islands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Keep the largest.
    Largest,
    /// Make each a segment.
    Split,
    /// Remove small ones.
    RemoveSmall,
    /// Remove the one that is clicked on.
    RemoveSelected,
    /// Keep only the one that is clicked on.
    KeepSelected,
}

/// Islands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IslandOptions {
    /// What.
    pub keep: Keep,
    /// Smaller ones are removed.
    pub least_voxels: u64,
}

/// What to do with another segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "docs/labels.md has each")]
pub enum Operation {
    Copy,
    Add,
    Subtract,
    Intersect,
    Invert,
    Clear,
    Fill,
}

/// Logical operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalOptions {
    /// What.
    pub operation: Operation,
    /// The other segment's label.
    pub with: u8,
}

/// Scissors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScissorsOptions {
    /// Erase in place of filling.
    pub erase: bool,
    /// Outside of the outline in place of inside.
    pub outside: bool,
    /// In the slice only.
    pub slice_only: bool,
}

/// Mask volume.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskVolumeOptions {
    /// Fill inside the segment in place of outside.
    pub inside: bool,
    /// With what.
    pub fill: f64,
}

/// Which metric GrowCut has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrowMetric {
    /// 3D Slicer's.
    Slicer,
    /// The cellular automaton's.
    Classic,
}

/// Grow from seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GrowOptions {
    /// 0 to 10, as in Slicer.
    pub locality: f64,
    /// Volumes that drive it; the reference alone where there are none.
    pub volumes: Vec<u32>,
    /// Metric.
    pub metric: GrowMetric,
}

/// Options of all tools; lengths in mm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "each is documented at its type")]
pub struct ToolOptions {
    pub brush: BrushOptions,
    pub threshold: ThresholdOptions,
    pub margin: MarginOptions,
    pub hollow: HollowOptions,
    pub smoothing: SmoothingOptions,
    pub islands: IslandOptions,
    pub logical: LogicalOptions,
    pub scissors: ScissorsOptions,
    pub mask_volume: MaskVolumeOptions,
    pub grow: GrowOptions,
}

impl Default for ToolOptions {
    fn default() -> Self {
        Self {
            brush: BrushOptions { diameter: 8.0, sphere: false },
            threshold: ThresholdOptions { low: 0.0, high: 0.0 },
            margin: MarginOptions { by: 3.0 },
            hollow: HollowOptions { thickness: 3.0, shell: Shell::Inside },
            smoothing: SmoothingOptions { method: Smooth::Median, size: 3.0 },
            islands: IslandOptions { keep: Keep::Largest, least_voxels: 1000 },
            logical: LogicalOptions { operation: Operation::Copy, with: 0 },
            scissors: ScissorsOptions { erase: true, outside: false, slice_only: false },
            mask_volume: MaskVolumeOptions { inside: false, fill: 0.0 },
            grow: GrowOptions { locality: 0.0, volumes: Vec::new(), metric: GrowMetric::Slicer },
        }
    }
}

/// Options that change; what is absent is as it was.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "each is documented at its type")]
pub struct OptionsChange {
    pub brush: Option<BrushOptions>,
    pub threshold: Option<ThresholdOptions>,
    pub margin: Option<MarginOptions>,
    pub hollow: Option<HollowOptions>,
    pub smoothing: Option<SmoothingOptions>,
    pub islands: Option<IslandOptions>,
    pub logical: Option<LogicalOptions>,
    pub scissors: Option<ScissorsOptions>,
    pub mask_volume: Option<MaskVolumeOptions>,
    pub grow: Option<GrowOptions>,
}

impl ToolOptions {
    /// Takes a change.
    ///
    /// # Errors
    /// [`Error::Option`] for lengths and values that make no sense; nothing is changed then.
    pub(super) fn change(&mut self, change: OptionsChange) -> Result<(), Error> {
        let length = |what: &'static str, mm: f64, least: f64, most: f64| {
            if mm.is_finite() && (least..=most).contains(&mm) { Ok(()) } else { Err(Error::Option(what)) }
        };
        if let Some(brush) = &change.brush {
            length("the brush's diameter must be 0.1 to 500 mm", brush.diameter, 0.1, 500.0)?;
        }
        if let Some(threshold) = &change.threshold {
            check_range(Some((threshold.low, threshold.high)))?;
        }
        if let Some(margin) = &change.margin {
            length("the margin must be -200 to 200 mm", margin.by, -200.0, 200.0)?;
        }
        if let Some(hollow) = &change.hollow {
            length("the shell must be 0.1 to 200 mm thick", hollow.thickness, 0.1, 200.0)?;
        }
        if let Some(smoothing) = &change.smoothing {
            length("smoothing must be 0.1 to 100 mm", smoothing.size, 0.1, 100.0)?;
        }
        if let Some(mask) = &change.mask_volume {
            length("the fill value must be a number", mask.fill, f64::MIN, f64::MAX)?;
        }
        if let Some(grow) = &change.grow {
            length("seed locality must be 0 to 10", grow.locality, 0.0, 10.0)?;
            if grow.volumes.len() > 8 {
                return Err(Error::Option("at most eight volumes can drive growing"));
            }
        }
        let mut change = change;
        for number in [
            change.brush.as_mut().map(|b| &mut b.diameter),
            change.margin.as_mut().map(|m| &mut m.by),
            change.hollow.as_mut().map(|h| &mut h.thickness),
            change.smoothing.as_mut().map(|s| &mut s.size),
            change.mask_volume.as_mut().map(|m| &mut m.fill),
            change.grow.as_mut().map(|g| &mut g.locality),
        ]
        .into_iter()
        .flatten()
        {
            *number = plain(*number);
        }
        if let Some(range) = &mut change.threshold {
            (range.low, range.high) = (plain(range.low), plain(range.high));
        }
        macro_rules! take {
            ($($field:ident),*) => { $(if let Some(new) = change.$field { self.$field = new; })* };
        }
        take!(brush, threshold, margin, hollow, smoothing, islands, logical, scissors, mask_volume, grow);
        Ok(())
    }
}

/// A number of nine digits: as many as a screen needs, and as JSON gives back to the last bit.
pub(super) fn plain(v: f64) -> f64 {
    format!("{v:.8e}").parse().unwrap_or(v)
}

/// Whether a range of values is one.
pub(super) fn check_range(range: Option<(f64, f64)>) -> Result<(), Error> {
    match range {
        Some((low, high)) if !(low.is_finite() && high.is_finite() && low <= high) => {
            Err(Error::Option("an intensity range must be two numbers, the lower one first"))
        }
        _ => Ok(()),
    }
}
