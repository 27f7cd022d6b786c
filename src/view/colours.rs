//! From grey to colour: grey, inverted, and a map for diffusion coefficients.

/// How grey is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colours {
    /// Grey.
    #[default]
    Grey,
    /// Black is white.
    Inverted,
    /// Low diffusion is warm, high is cool.
    Adc,
}

/// A pixel as the screen takes it: bytes red, green, blue, alpha in memory.
#[must_use]
pub fn pixel([r, g, b]: [u8; 3]) -> u32 {
    u32::from_ne_bytes([r, g, b, 255])
}

/// Where no image lies.
pub const BACKGROUND: u32 = u32::from_ne_bytes([0, 0, 0, 255]);

/// Stops of the map for ADC: grey 0 to 255 and a colour; lightness grows steadily, and red to yellow
/// to blue is told apart with any kind of colour vision.
const ADC: [(u8, [u8; 3]); 6] = [
    (0, [0, 0, 0]),
    (40, [122, 12, 40]),
    (90, [213, 94, 0]),
    (140, [240, 196, 66]),
    (200, [120, 200, 235]),
    (255, [240, 250, 255]),
];

impl Colours {
    /// The pixel of every grey.
    #[must_use]
    pub fn table(self) -> [u32; 256] {
        std::array::from_fn(|grey| {
            let g = grey as u8;
            match self {
                Self::Grey => pixel([g; 3]),
                Self::Inverted => pixel([255 - g; 3]),
                Self::Adc => pixel(between_stops(g)),
            }
        })
    }
}

fn between_stops(grey: u8) -> [u8; 3] {
    for pair in ADC.windows(2) {
        let [(low, from), (high, to)] = pair else { continue };
        if grey <= *high {
            let part = f64::from(grey - low) / f64::from(high - low);
            return std::array::from_fn(|i| {
                (f64::from(from[i]) + (f64::from(to[i]) - f64::from(from[i])) * part).round() as u8
            });
        }
    }
    [255; 3]
}
