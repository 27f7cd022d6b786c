//! Fields of a sidecar that vendors keep in places and units of their own.
//!
//! In: a frame's header and what its vendor's protocol says. Out: numbers in BIDS's units and defined
//! terms. Private layouts are as the vendors' conformance statements and dcm2niix document them; what
//! they say beyond physics is never read.

use std::io::Read;

use serde_json::{Map, Value};

use super::{Computed, Source, number, numbers, put};
use crate::dicom::{RealWorld, VR};
use dicom_dictionary_std::tags;

/// Room for the inflated protocol of GE's; real ones have 2 kB.
const MOST_PROTOCOL: u64 = 1 << 16;

/// Chemical shift between water and fat, parts per million.
const WATER_FAT_PPM: f64 = 3.4;

impl Source<'_> {
    pub(super) fn vendor_fields(&self, computed: &Computed, out: &mut Map<String, Value>) {
        self.acceleration(computed, out);
        if let Some(map) = RealWorld::of(self.frame) {
            if let Some((slope, intercept)) = map.linear() {
                put(out, "RealWorldValueSlope", number(slope));
                put(out, "RealWorldValueIntercept", number(intercept));
            }
            put(out, "RealWorldValueUnits", Some(map.unit.into()));
        }
        self.siemens(out);
        self.philips(computed, out);
        if !out.contains_key("SpoilingState")
            && self.frame.strings(tags::SEQUENCE_VARIANT).iter().any(|v| v == "SP")
        {
            out.insert("SpoilingState".to_owned(), true.into());
        }
        if let Some(kind) = out.get("PulseSequenceType").and_then(Value::as_str).map(str::to_owned) {
            let multiband = out.contains_key("MultibandAccelerationFactor") && kind.ends_with("EPI");
            let spoiled = kind == "Gradient Echo" && out.get("SpoilingState") == Some(&Value::Bool(true));
            let prefix = if multiband {
                "Multiband "
            } else if spoiled {
                "Spoiled "
            } else {
                ""
            };
            out.insert("PulseSequenceType".to_owned(), format!("{prefix}{kind}").into());
        }
        if computed.slice_timing_s.is_none() {
            let times = self.ge_slice_timing(computed).or_else(|| self.siemens_slice_timing(computed));
            put(out, "SliceTiming", times.as_deref().and_then(numbers));
        }
    }

    /// In-plane, out-of-plane and multiband factors.
    fn acceleration(&self, computed: &Computed, out: &mut Map<String, Value>) {
        // GE gives the reciprocals: phase, then slice direction.
        let asset: Vec<f64> = self
            .private(0x0043, "GEMS_PARM_01", 0x83)
            .into_iter()
            .map(|a| if a > 0.0 && a <= 1.0 { 1.0 / a } else { 1.0 })
            .collect();
        let names = ["ParallelReductionFactorInPlane", "ParallelReductionFactorOutOfPlane"];
        for (name, factor) in names.into_iter().zip(asset) {
            if !out.contains_key(name) {
                put(out, name, number((factor * 1e4).round() / 1e4));
            }
        }
        if !out.contains_key(names[0]) {
            put(out, names[0], self.uih_acceleration().and_then(number));
        }
        put(
            out,
            "MultibandAccelerationFactor",
            self.multiband(computed).filter(|f| *f > 1.0).and_then(number),
        );
    }

    /// UIH's Parallel Information (0065,xx0D): a method, a colon, the factor in plane: `F:2S`.
    fn uih_acceleration(&self) -> Option<f64> {
        let element = self.frame.private(0x0065, "Image Private Header", 0x0D)?;
        let strings = element.strings();
        let (_, factor) = strings.first()?.split_once(':')?;
        let factor = factor.trim_start();
        let end = factor.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(factor.len());
        factor.get(..end)?.parse().ok().filter(|f| (1.0..=64.0).contains(f))
    }

    fn multiband(&self, computed: &Computed) -> Option<f64> {
        let ge = || {
            let element = self.frame.private(0x0043, "GEMS_PARM_01", 0xB6)?;
            element.strings().first()?.parse::<f64>().ok()
        };
        // Slices that start together were excited together: also in research sequences, whose protocol
        // does not say.
        let together = || {
            let times = computed.slice_timing_s.as_deref().filter(|_| self.is_planar())?;
            let least = times.iter().copied().reduce(f64::min)?;
            let together = times.iter().filter(|t| **t - least < 1e-3).count();
            (together < times.len() && times.len().is_multiple_of(together)).then_some(together as f64)
        };
        let siemens = self.protocol.number("sSliceAcceleration.lMultiBandFactor").filter(|f| *f > 1.0);
        siemens.or_else(together).or_else(ge).filter(|f| *f <= 64.0)
    }

    /// From Siemens' measurement protocol.
    fn siemens(&self, out: &mut Map<String, Value>) {
        let protocol = &self.protocol;
        // Eighths: 1 is half, 2 five eighths …, 16 all of k-space.
        let partial = match protocol.number("sKSpace.ucPhasePartialFourier").map(|code| code as i64) {
            Some(1) => Some(0.5),
            Some(2) => Some(0.625),
            Some(4) => Some(0.75),
            Some(8) => Some(0.875),
            Some(16) => Some(1.0),
            _ => None,
        };
        put(out, "PartialFourier", partial.and_then(number));
        let combined = match protocol.number("ucCoilCombineMode").map(|code| code as i64) {
            Some(1) => Some("Sum of Squares"),
            Some(2) => Some("Adaptive Combine"),
            _ => None,
        };
        put(out, "CoilCombinationMethod", combined.map(Value::from));
        let accelerated = protocol.number("sPat.lAccelFactPE").is_some_and(|f| f > 1.0);
        if accelerated && !out.contains_key("ParallelAcquisitionTechnique") {
            let technique = match protocol.number("sPat.ucPATMode").map(|code| code as i64) {
                Some(2) => Some("GRAPPA"),
                Some(4) => Some("SENSE"),
                _ => None,
            };
            put(out, "ParallelAcquisitionTechnique", technique.map(Value::from));
        }
    }

    /// Mosaics of old software (before VB15), which give no times: single-shot slices follow each other
    /// evenly, in the order of the protocol.
    fn siemens_slice_timing(&self, computed: &Computed) -> Option<Vec<f64>> {
        let is_mosaic = self.frame.strings(tags::IMAGE_TYPE).iter().any(|kind| kind == "MOSAIC");
        let slices = computed.size[2] as usize;
        if !is_mosaic || !self.is_planar() || slices < 2 {
            return None;
        }
        let delay = self.protocol.number("lDelayTimeInTR").unwrap_or(0.0) * 1e-6;
        let step = (self.frame.float(tags::REPETITION_TIME)? / 1000.0 - delay) / slices as f64;
        if step <= 0.0 {
            return None;
        }
        // Interleaved: the odd slices first where their number is odd, else the even ones.
        let first = usize::from(slices.is_multiple_of(2));
        let before = |z: usize| match self.protocol.number("sSliceArray.ucMode").map(|mode| mode as i64) {
            Some(1) => Some(z),
            Some(2) => Some(slices - 1 - z),
            Some(4) if z % 2 == first => Some(z / 2),
            Some(4) => Some(slices.div_ceil(2) + z / 2),
            _ => None,
        };
        let times: Option<Vec<f64>> = (0..slices).map(|z| before(z).map(|n| n as f64 * step)).collect();
        let mut times = times?;
        if computed.slices_descend {
            times.reverse();
        }
        Some(times)
    }

    /// Philips: how values were scaled, so that the other scale can be had back; and what the water-fat
    /// shift tells of the echo spacing, which Philips gives nowhere.
    fn philips(&self, computed: &Computed, out: &mut Map<String, Value>) {
        if self.manufacturer().is_none_or(|name| name != "Philips") {
            return;
        }
        let first = |values: Vec<f64>| values.first().copied();
        if let Some(scale) = first(self.private(0x2005, "Philips MR Imaging DD 001", 0x0E)) {
            put(out, "PhilipsRescaleSlope", self.frame.float(tags::RESCALE_SLOPE).and_then(number));
            put(out, "PhilipsRescaleIntercept", self.frame.float(tags::RESCALE_INTERCEPT).and_then(number));
            put(out, "PhilipsScaleSlope", number(scale));
            let precise = i32::from(computed.precise);
            put(out, "UsePhilipsFloatNotDisplayScaling", Some(precise.into()));
        }
        let shift = first(self.private(0x2001, "Philips Imaging DD 001", 0x22)).filter(|s| *s > 0.0);
        let frequency = out.get("ImagingFrequency").and_then(Value::as_f64).filter(|f| *f > 0.0);
        let train = out.get("EchoTrainLength").and_then(Value::as_f64).filter(|n| *n > 1.0);
        let lines = out.get("ReconMatrixPE").and_then(Value::as_f64).filter(|n| *n > 1.0);
        if let (true, Some(shift), Some(frequency), Some(train), Some(lines)) =
            (self.is_planar(), shift, frequency, train, lines)
        {
            let readout = shift / (frequency * WATER_FAT_PPM * (train + 1.0)) * train;
            put(out, "EstimatedEffectiveEchoSpacing", number(readout / (lines - 1.0)));
            put(out, "EstimatedTotalReadoutTime", number(readout));
        }
    }

    /// GE's echo-planar series: slices follow each other evenly within the repetition, in turn or the
    /// odd ones first, as the protocol block (0025,xx1B; gzip) says.
    fn ge_slice_timing(&self, computed: &Computed) -> Option<Vec<f64>> {
        if !self.is_ge() || !self.is_planar() || computed.volumes < 2 {
            return None;
        }
        let block = self.frame.private(0x0025, "GEMS_SERS_01", 0x1B)?.bytes();
        let start = block.windows(2).position(|w| w == [0x1F, 0x8B])?;
        let mut text = Vec::new();
        let inflater = flate2::read::GzDecoder::new(block.get(start..)?);
        inflater.take(MOST_PROTOCOL).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        let interleaved = text.lines().find_map(|line| {
            let value = line.trim().trim_start_matches("set ").strip_prefix("SLICEORDER ")?;
            value.trim().trim_matches('"').parse::<u8>().ok()
        })? == 1;
        let slices = computed.size[2] as usize;
        let bands = self.multiband(computed).map_or(1, |f| f.round().max(1.0) as usize);
        let shots = slices.div_ceil(bands);
        let delay = self.private(0x0043, "GEMS_PARM_01", 0x7C).first().copied().unwrap_or(0.0);
        let repetition = self.frame.float(tags::REPETITION_TIME)? / 1000.0;
        if shots < 2 || repetition <= 0.0 || !(0.0..repetition * 10.0).contains(&delay) {
            return None;
        }
        // TR of the header leaves the group delay out.
        let step = repetition / shots as f64;
        let odd = shots.div_ceil(2);
        let rank = |shot: usize| match (interleaved, shot % 2) {
            (false, _) => shot,
            (true, 0) => shot / 2,
            (true, _) => odd + shot / 2,
        };
        let mut times: Vec<f64> = (0..slices).map(|z| rank(z % shots) as f64 * step).collect();
        if computed.slices_descend {
            times.reverse();
        }
        Some(times)
    }

    /// GE before software 27: whether the blips were turned or the lines read from the other end, from
    /// the raw header's copy (0043,xx2A). `None` where it is no echo-planar scan or can't be read.
    pub(super) fn ge_polarity_turned(&self) -> Option<bool> {
        let bytes = self.frame.private(0x0043, "GEMS_PARM_01", 0x2A)?.with_vr(VR::OB).bytes();
        let short = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
        let start = usize::from(short(24)?);
        let version = f32::from_le_bytes(bytes.get(start..start + 4)?.try_into().ok()?);
        if !(5.0..40.0).contains(&version) {
            return None;
        }
        let (shift, ky) = if version >= 25.002 { (0x4C, 0x394 - 0x8C) } else { (0, 0x394) };
        let at = |offset: usize| short(start + shift + offset);
        if at(0x3A)? & 0x800 == 0 {
            return None;
        }
        Some((at(0x30)? & 4 != 0) != (at(ky)? == GE_BOTTOM_UP))
    }
}

/// Lines of k-space from the bottom.
const GE_BOTTOM_UP: u16 = 2;
