//! Window and level: from values to grey, by hand, by percentiles, and by presets.

use crate::volume::Voxels;
use crate::with_voxels;

/// Values from `level − width/2` to `level + width/2` go from black to white.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Window {
    /// Range of values shown; positive.
    pub width: f64,
    /// The value shown as middle grey.
    pub level: f64,
}

impl Window {
    /// From the values that are black and white.
    #[must_use]
    pub fn between(low: f64, high: f64) -> Self {
        Self { width: (high - low).max(f64::MIN_POSITIVE), level: f64::midpoint(low, high) }
    }

    /// What is black.
    #[must_use]
    pub fn low(self) -> f64 {
        self.level - self.width * 0.5
    }

    /// Grey 0 to 255 is `value · scale + shift`, cut off at both ends.
    #[must_use]
    pub fn scale_and_shift(self) -> (f64, f64) {
        let scale = 255.0 / self.width.max(f64::MIN_POSITIVE);
        (scale, -self.low() * scale)
    }
}

/// What kind of values a volume holds, as far as windows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Magnetic resonance: units of its own.
    Mr,
    /// Hounsfield units.
    Ct,
    /// Apparent diffusion coefficients.
    Adc,
}

/// A window with a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// For menus.
    pub name: &'static str,
    /// The window.
    pub window: Window,
}

/// Names, widths and levels of OHIF's CT presets (its default `windowLevelPresets`), soft tissue first.
const CT: [(&str, f64, f64); 5] = [
    ("soft tissue", 400.0, 40.0),
    ("liver", 150.0, 90.0),
    ("lung", 1500.0, -600.0),
    ("bone", 2500.0, 480.0),
    ("brain", 80.0, 40.0),
];

/// Presets of a volume, the first being what it is shown in before anybody touches it.
#[must_use]
pub fn presets(content: Content, voxels: &Voxels) -> Vec<Preset> {
    let of = |name, window| Preset { name, window };
    let auto = of("auto", auto_window(voxels));
    // From the sample: a handful of outliers would make it a window in which nothing is seen.
    let whole = || {
        let [low, high] = percentiles(voxels, [0.0, 1.0]).unwrap_or([0.0, 1.0]);
        of("full range", if high > low { Window::between(low, high) } else { auto.window })
    };
    match content {
        Content::Ct => {
            let mut all: Vec<Preset> = CT
                .iter()
                .map(|(name, width, level)| of(name, Window { width: *width, level: *level }))
                .collect();
            all.push(auto);
            all
        }
        Content::Adc => {
            let unit = 1e6 / adc_factor(voxels);
            vec![of("ADC 0–3", Window::between(0.0, 3e-3 * unit)), auto, whole()]
        }
        Content::Mr => {
            let narrow = Window {
                width: auto.window.width * 0.5,
                level: auto.window.level - auto.window.width * 0.05,
            };
            vec![auto, of("narrow", narrow), whole()]
        }
    }
}

/// What diffusion coefficients are multiplied by to be in 10⁻⁶ mm²/s: most files hold that, some 10⁻³ mm²/s or
/// mm²/s. The body's own are 0 to some 3·10⁻³ mm²/s, so that their size tells.
#[must_use]
pub fn adc_factor(voxels: &Voxels) -> f64 {
    match percentiles(voxels, [0.99]) {
        Some([high]) if high <= 0.05 => 1e6,
        Some([high]) if high <= 50.0 => 1e3,
        _ => 1.0,
    }
}

/// From the 1st to the 99.5th percentile; never empty.
#[must_use]
pub fn auto_window(voxels: &Voxels) -> Window {
    let [low, high] = percentiles(voxels, [0.01, 0.995]).unwrap_or([0.0, 1.0]);
    if high > low {
        return Window::between(low, high);
    }
    // Nearly all is one value, as in a mask: then the range.
    match voxels.range() {
        Some((low, high)) if high > low => Window::between(low, high),
        Some((low, _)) => Window { width: 1.0, level: low + 0.5 },
        None => Window::between(0.0, 1.0),
    }
}

/// Values looked at for percentiles.
const SAMPLES: usize = 1 << 17;

/// Percentiles (0 to 1) of the finite values, from a regular sample; `None` where there are none.
#[must_use]
pub fn percentiles<const N: usize>(voxels: &Voxels, at: [f64; N]) -> Option<[f64; N]> {
    // Odd, so that it keeps no step with rows of even length.
    let stride = (voxels.len() / SAMPLES).max(1) | 1;
    #[allow(clippy::useless_conversion, reason = "of the seven types one is f64 already")]
    let mut sample: Vec<f64> = with_voxels!(voxels, values => {
        values.iter().step_by(stride).map(|v| f64::from(*v)).filter(|v| v.is_finite()).collect()
    });
    let last = sample.len().checked_sub(1)?;
    Some(at.map(|part| {
        let rank = ((last as f64) * part.clamp(0.0, 1.0)).round() as usize;
        *sample.select_nth_unstable_by(rank.min(last), f64::total_cmp).1
    }))
}
