//! What can be chosen, and boxes of voxels.

use super::error::Error;

/// What an edge between neighbours costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// `|ΔI| + locality · mm`: 3D Slicer's "Grow from seeds" (Zhu et al. 2014, ITK's `FastGrowCut`).
    #[default]
    Slicer,
    /// `−ln(1 − |ΔI| / max)`: the cellular automaton of Vezhnevets and Konouchine (2005), whose strengths
    /// are products of `g = 1 − |ΔI| / max` along a path.
    Classic,
}

/// How paths of equal cost are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Every edge costs at least a quarter of a level (see `docs/growcut.md`), so that flat regions are split
    /// by distance; then the lowest label.
    #[default]
    Default,
    /// The metric as it is, then fewer steps, then the lowest label. As in ITK, voxels on the border of
    /// the region take a label but pass none on.
    Strict,
}

/// Which voxels are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize)]
pub enum Connectivity {
    /// Faces.
    #[serde(rename = "6")]
    Six,
    /// Faces and edges.
    #[serde(rename = "18")]
    Eighteen,
    /// Faces, edges and corners.
    #[default]
    #[serde(rename = "26")]
    TwentySix,
}

impl Connectivity {
    /// Whether a step is one.
    pub(crate) fn has(self, step: [i32; 3]) -> bool {
        let axes = step.iter().filter(|d| **d != 0).count();
        match self {
            Self::Six => axes == 1,
            Self::Eighteen => axes == 1 || axes == 2,
            Self::TwentySix => axes > 0,
        }
    }
}

/// A box of voxels: from `low` up to, not including, `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Box3 {
    /// First voxel.
    pub low: [usize; 3],
    /// The voxel after the last, along each axis.
    pub high: [usize; 3],
}

impl Box3 {
    /// A whole grid.
    #[must_use]
    pub fn whole(dims: [usize; 3]) -> Self {
        Self { low: [0; 3], high: dims }
    }

    /// Voxels along each axis.
    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        [0, 1, 2].map(|a| self.high[a].saturating_sub(self.low[a]))
    }

    /// Number of voxels.
    #[must_use]
    pub fn voxels(&self) -> u64 {
        self.size().iter().map(|n| *n as u64).product()
    }

    /// Whether a voxel lies in it.
    #[must_use]
    pub fn contains(&self, voxel: [usize; 3]) -> bool {
        (0..3).all(|a| voxel[a] >= self.low[a] && voxel[a] < self.high[a])
    }

    /// Whether a box lies in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        (0..3).all(|a| other.low[a] >= self.low[a] && other.high[a] <= self.high[a])
    }

    /// What both have; empty where they don't meet.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let low = [0, 1, 2].map(|a| self.low[a].max(other.low[a]));
        Self { low, high: [0, 1, 2].map(|a| self.high[a].min(other.high[a]).max(low[a])) }
    }

    /// The least box that covers both.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            low: [0, 1, 2].map(|a| self.low[a].min(other.low[a])),
            high: [0, 1, 2].map(|a| self.high[a].max(other.high[a])),
        }
    }

    /// The box of what is not zero in a map of the grid; `None` where all is.
    #[must_use]
    pub fn of_seeds(seeds: &[u8], dims: [usize; 3]) -> Option<Self> {
        let mut found: Option<Self> = None;
        for (row, line) in seeds.chunks(dims[0].max(1)).enumerate() {
            let Some(first) = line.iter().position(|s| *s != 0) else { continue };
            let last = line.iter().rposition(|s| *s != 0).unwrap_or(first);
            let (y, z) = (row % dims[1].max(1), row / dims[1].max(1));
            let here = Self { low: [first, y, z], high: [last + 1, y + 1, z + 1] };
            found = Some(found.map_or(here, |all| all.or(&here)));
        }
        found
    }

    /// The region that 3D Slicer grows in: the seeds' box and on each side a fifth of its size, half of it
    /// where there is a mask, three voxels at least; within the grid.
    #[must_use]
    pub fn around_seeds(seeds: &Self, dims: [usize; 3], mask: bool) -> Self {
        let margin = [0, 1, 2].map(|a| {
            let size = seeds.high[a] - seeds.low[a];
            (if mask { size.div_ceil(2) } else { size.div_ceil(5) }).max(3)
        });
        Self {
            low: [0, 1, 2].map(|a| seeds.low[a].saturating_sub(margin[a])),
            high: [0, 1, 2].map(|a| (seeds.high[a] + margin[a]).min(dims[a])),
        }
    }
}

/// Where labels may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Region {
    /// In the whole grid.
    #[default]
    Whole,
    /// As in 3D Slicer: [`Box3::around_seeds`].
    Seeds,
    /// In a box.
    Box(Box3),
}

/// Everything that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// What an edge costs.
    pub metric: Metric,
    /// How ties are broken.
    pub order: Order,
    /// Cost of a millimetre, in units of intensity; 0 in the classic automaton.
    pub locality: f64,
    /// Which voxels are neighbours.
    pub connectivity: Connectivity,
    /// Only voxels of the first image with values from the first to the second, both included.
    pub range: Option<(f64, f64)>,
    /// Where labels may grow.
    pub region: Region,
    /// Bytes that may be taken beside the image.
    pub budget: u64,
    /// Slabs that are worked on side by side; 0: one a thread.
    pub slabs: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            metric: Metric::Slicer,
            order: Order::Default,
            locality: 0.0,
            connectivity: Connectivity::TwentySix,
            range: None,
            region: Region::Whole,
            budget: 4 << 30,
            slabs: 0,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !self.locality.is_finite() || self.locality < 0.0 {
            return Err(Error::Setting("the locality"));
        }
        if self.range.is_some_and(|(low, high)| !(low.is_finite() && high.is_finite() && low <= high)) {
            return Err(Error::Setting("the intensity range, low before high,"));
        }
        Ok(())
    }
}
