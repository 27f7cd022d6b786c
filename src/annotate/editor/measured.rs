//! What is measured of the segments, for the screen and the measurements file. Research use only.
//!
//! In: volumes of the session. Out: views as the page has them, and the document that is saved beside labels:
//! per segment its volume, diameters, values in every volume, a lesion's state; what helped; no response
//! category.

use serde::Serialize;
use serde_json::{Value, json};

use super::Editor;
use crate::segment::measure::{Diameter, diameters, slice_axis, unbroken, values};
use crate::volume::{Grid, Voxels};

/// A volume to measure in.
#[derive(Clone, Copy, Debug)]
pub struct Measurable<'a> {
    /// Its number.
    pub id: u32,
    /// On screen.
    pub title: &'a str,
    /// Its file in the data set; empty where it has none.
    pub path: &'a str,
    /// Its grid.
    pub grid: &'a Grid,
    /// Its voxels.
    pub voxels: &'a Voxels,
    /// The unit of a value times `scale`; ADC comes in one unit whatever the scanner wrote.
    pub unit: &'a str,
    /// What values are multiplied by.
    pub scale: f64,
    /// What places are moved by before they are looked up, mm.
    pub shift: [f64; 3],
    /// It does not share the reference's frame, or was not lined up with it.
    pub unaligned: bool,
}

/// The longest diameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "www/src/engine/annotate-protocol.ts has each")]
pub struct Longest {
    pub mm: f64,
    pub slice: usize,
    pub from: [f64; 3],
    pub to: [f64; 3],
}

/// Values in a volume.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "www/src/engine/annotate-protocol.ts has each")]
pub struct Mean {
    pub volume: u32,
    pub title: String,
    pub unit: String,
    pub mean: f64,
    pub sd: f64,
    pub voxels: u64,
    pub unaligned: bool,
}

/// What was measured of a segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "www/src/engine/annotate-protocol.ts has each")]
pub struct Measured {
    pub label: u8,
    pub name: String,
    pub volume_ml: f64,
    pub longest: Option<Longest>,
    pub perpendicular: Option<Diameter>,
    pub unbroken: Option<Longest>,
    pub means: Vec<Mean>,
}

impl Editor {
    /// Measures every segment; those without voxels have no diameters and no values.
    #[must_use]
    pub fn measure(&self, volumes: &[Measurable<'_>]) -> Vec<Measured> {
        let in_volumes: Vec<_> =
            volumes.iter().map(|v| (v, values(&self.map, v.grid, v.voxels, v.shift))).collect();
        let measured = self.desk.segments.list.iter().map(|segment| {
            let found = diameters(&self.map, segment.label);
            let means = in_volumes.iter().filter_map(|(volume, values)| {
                let of = values.get(usize::from(segment.label)).filter(|v| v.voxels > 0)?;
                Some(Mean {
                    volume: volume.id,
                    title: volume.title.to_owned(),
                    unit: volume.unit.to_owned(),
                    mean: of.mean * volume.scale,
                    sd: of.sd * volume.scale.abs(),
                    voxels: of.voxels,
                    unaligned: volume.unaligned,
                })
            });
            Measured {
                label: segment.label,
                name: segment.name.clone(),
                volume_ml: self.map.volume_ml(segment.label),
                longest: found.map(|d| Longest {
                    mm: d.longest.mm,
                    slice: d.slice,
                    from: d.longest.from,
                    to: d.longest.to,
                }),
                perpendicular: found.map(|d| d.perpendicular),
                unbroken: unbroken(&self.map, segment.label).map(|(slice, d)| Longest {
                    mm: d.mm,
                    slice,
                    from: d.from,
                    to: d.to,
                }),
                means: means.collect(),
            }
        });
        measured.collect()
    }

    /// The measurements as a document to save, without free text; `seconds` at work as whoever has a clock
    /// counted them.
    #[must_use]
    pub fn measurements(&self, volumes: &[Measurable<'_>], seconds: f64, free_text: bool) -> Value {
        let round = |v: f64| (v * 1000.0).round() / 1000.0;
        let (guidance, grown) = self.help_used();
        let measured = self.measure(volumes);
        let segments: Vec<Value> = self
            .desk
            .segments
            .list
            .iter()
            .zip(&measured)
            .map(|(segment, of)| {
                let place = |d: [f64; 3]| d.map(round);
                let lesion = self.lesion(segment);
                let means: Vec<Value> = of
                    .means
                    .iter()
                    .filter_map(|m| volumes.iter().find(|v| v.id == m.volume).map(|v| (m, v)))
                    .map(|(m, v)| {
                        json!({
                            "Volume": if v.path.is_empty() { v.title } else { v.path },
                            "Unit": m.unit, "Mean": m.mean, "StandardDeviation": m.sd,
                            "Voxels": m.voxels, "Unaligned": m.unaligned,
                        })
                    })
                    .collect();
                json!({
                    "Label": segment.label,
                    "Name": segment.outward_name(free_text),
                    "Lesion": lesion.as_ref().map(|l| &l.id),
                    "State": lesion.as_ref().map(|l| l.state),
                    "Reason": lesion.as_ref().map(|l| &l.reason).filter(|r| !r.is_empty()),
                    "Draft": segment.draft,
                    "VolumeMl": round(of.volume_ml),
                    "LongestDiameterMm": of.longest.map(|d| round(d.mm)),
                    "LongestDiameterSlice": of.longest.map(|d| d.slice),
                    "LongestDiameterVoxels": of.longest.map(|d| [place(d.from), place(d.to)]),
                    "PerpendicularDiameterMm": of.perpendicular.map(|d| round(d.mm)),
                    "PerpendicularDiameterVoxels": of.perpendicular.map(|d| [place(d.from), place(d.to)]),
                    "UnbrokenDiameterMm": of.unbroken.map(|d| round(d.mm)),
                    "UnbrokenDiameterSlice": of.unbroken.map(|d| d.slice),
                    "UnbrokenDiameterVoxels": of.unbroken.map(|d| [place(d.from), place(d.to)]),
                    "Values": means,
                })
            })
            .collect();
        json!({
            "Schema": "hepatica-measurements/1",
            "Note": "Research use only. No response category is computed.",
            "GeneratedBy": concat!("Hepatica ", env!("CARGO_PKG_VERSION")),
            "Definitions": {
                "LongestDiameter": "RECIST 1.1: longest diameter of one piece in one slice of the plane of acquisition, between the outlines midway between voxels inside and outside",
                "PerpendicularDiameter": "WHO: longest diameter in that slice perpendicular to it",
                "UnbrokenDiameter": "longest straight line in one slice that leaves the segment nowhere; mRECIST's where the segment is the enhancing part and a reader confirms it",
                "Values": "voxels of the volume whose centres lie in a voxel of the label; standard deviation with n - 1",
                "SliceAxis": slice_axis(self.grid()),
            },
            "SecondsAtWork": round(seconds),
            "GrowFromSeedsKept": grown,
            "GuidanceAsked": guidance,
            "Segments": segments,
        })
    }
}
