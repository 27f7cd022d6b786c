//! What tissues are to a scanner.
//!
//! Out: proton density, fat fraction, relaxation times and diffusion of each tissue, and its gadolinium
//! concentration as a function of time. Data with their sources; no image and no sequence is known here.
//!
//! T1 and T2 at 1.5 and 3 T: Bottomley 1984, de Bazelaire et al. 2004 (Radiology 230:652), Stanisz et al.
//! 2005 (MRM 54:507), rounded. Diffusion: Taouli & Koh 2010 (Radiology 254:47). Enhancement: the pattern
//! of LI-RADS v2018's phases (arterial hyper-enhancement, portal and delayed wash-out, capsule), values
//! chosen to look like clinical studies, not fitted.

/// Every material in the phantom; the discriminant indexes [`PROPERTIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tissue {
    Air,
    Skin,
    Fat,
    Muscle,
    Bone,
    Marrow,
    Disc,
    Csf,
    Lung,
    Heart,
    Liver,
    Spleen,
    Cortex,
    Medulla,
    GutWall,
    Fluid,
    Gas,
    Chyme,
    Bile,
    Pancreas,
    Aorta,
    Portal,
    HepaticVein,
    Cava,
    Tumour,
    Capsule,
    Necrosis,
    Ablated,
    Rim,
}

/// How many there are.
pub(super) const TISSUES: usize = 29;

/// Proton density (water = 1), fat fraction, T1 at 1.5 T and 3 T, T2 (ms), diffusion (10⁻³ mm²/s).
pub(super) struct Properties {
    pub(super) density: f64,
    pub(super) fat: f64,
    pub(super) t1: [f64; 2],
    pub(super) t2: f64,
    pub(super) adc: f64,
}

const fn row(density: f64, fat: f64, t1: [f64; 2], t2: f64, adc: f64) -> Properties {
    Properties { density, fat, t1, t2, adc }
}

/// In the order of [`Tissue`].
pub(super) const PROPERTIES: [Properties; TISSUES] = [
    row(0.00, 0.0, [1000.0, 1000.0], 50.0, 0.0),  // Air
    row(0.55, 0.2, [700.0, 800.0], 35.0, 1.0),    // Skin
    row(0.90, 0.93, [500.0, 600.0], 60.0, 0.3),   // Fat
    row(0.78, 0.03, [950.0, 1300.0], 36.0, 1.35), // Muscle
    row(0.08, 0.1, [900.0, 900.0], 10.0, 0.3),    // Bone
    row(0.70, 0.45, [650.0, 750.0], 55.0, 0.5),   // Marrow
    row(0.60, 0.0, [1100.0, 1200.0], 70.0, 1.4),  // Disc
    row(1.00, 0.0, [3600.0, 4200.0], 900.0, 3.0), // Csf
    row(0.07, 0.0, [1200.0, 1300.0], 20.0, 1.5),  // Lung
    row(0.75, 0.02, [1000.0, 1250.0], 42.0, 2.2), // Heart
    row(0.80, 0.0, [590.0, 790.0], 44.0, 1.15),   // Liver: fat fraction is the patient's own
    row(0.86, 0.0, [1060.0, 1330.0], 82.0, 0.82), // Spleen
    row(0.88, 0.0, [960.0, 1140.0], 85.0, 1.95),  // Cortex
    row(0.92, 0.0, [1410.0, 1550.0], 110.0, 2.0), // Medulla
    row(0.75, 0.02, [950.0, 1150.0], 50.0, 1.5),  // GutWall
    row(1.00, 0.0, [2600.0, 3000.0], 500.0, 2.8), // Fluid
    row(0.00, 0.0, [1000.0, 1000.0], 10.0, 0.0),  // Gas
    row(0.70, 0.05, [700.0, 850.0], 90.0, 1.6),   // Chyme
    row(0.97, 0.0, [1900.0, 2200.0], 450.0, 3.2), // Bile
    row(0.82, 0.06, [570.0, 720.0], 46.0, 1.4),   // Pancreas
    row(0.90, 0.0, [1450.0, 1930.0], 110.0, 2.6), // Aorta
    row(0.90, 0.0, [1450.0, 1930.0], 130.0, 2.4), // Portal
    row(0.90, 0.0, [1450.0, 1930.0], 130.0, 2.4), // HepaticVein
    row(0.90, 0.0, [1450.0, 1930.0], 120.0, 2.5), // Cava
    row(0.86, 0.0, [1050.0, 1350.0], 74.0, 0.90), // Tumour
    row(0.78, 0.0, [900.0, 1100.0], 48.0, 1.1),   // Capsule
    row(0.88, 0.0, [1500.0, 1800.0], 120.0, 1.9), // Necrosis
    row(0.80, 0.0, [430.0, 520.0], 34.0, 1.3),    // Ablated: coagulated, T1 short, T2 short
    row(0.85, 0.0, [1000.0, 1200.0], 85.0, 1.5),  // Rim
];

/// The contrast agents of liver MRI, by what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agent {
    /// Gadoterate, gadobutrol: extracellular.
    Extracellular,
    /// Gadoxetate: half taken up by hepatocytes, at a quarter of the dose.
    Hepatobiliary,
}

impl Agent {
    /// r1 in blood, 1/(s·mM) (Rohrer et al. 2005, Invest Radiol 40:715).
    pub(super) const fn relaxivity(self) -> f64 {
        match self {
            Self::Extracellular => 4.5,
            Self::Hepatobiliary => 6.6,
        }
    }
}

/// Seconds after the bolus at which the concentration tables are given.
const ANCHORS: [f64; 8] = [0.0, 12.0, 20.0, 33.0, 70.0, 180.0, 300.0, 1200.0];

/// Gadolinium in mM at [`ANCHORS`], for an extracellular agent at 0.1 mmol/kg.
const fn curve(tissue: Tissue) -> [f64; 8] {
    match tissue {
        Tissue::Aorta => [0.0, 1.5, 4.5, 5.5, 2.3, 1.4, 1.0, 0.4],
        Tissue::Heart => [0.0, 2.0, 3.2, 3.4, 1.9, 1.2, 0.9, 0.4],
        Tissue::Portal => [0.0, 0.0, 0.15, 1.3, 2.4, 1.4, 1.0, 0.4],
        Tissue::HepaticVein => [0.0, 0.0, 0.02, 0.15, 2.1, 1.4, 1.0, 0.4],
        Tissue::Cava => [0.0, 0.0, 0.3, 0.9, 1.8, 1.4, 1.0, 0.4],
        Tissue::Liver => [0.0, 0.0, 0.04, 0.17, 0.92, 0.66, 0.50, 0.18],
        Tissue::Spleen => [0.0, 0.1, 0.7, 1.5, 1.25, 0.8, 0.6, 0.2],
        Tissue::Cortex => [0.0, 0.2, 1.4, 2.7, 2.2, 1.5, 1.2, 0.5],
        Tissue::Medulla => [0.0, 0.0, 0.1, 0.5, 1.7, 1.8, 1.6, 0.8],
        Tissue::Pancreas => [0.0, 0.05, 0.4, 1.0, 0.75, 0.5, 0.4, 0.15],
        Tissue::GutWall => [0.0, 0.05, 0.3, 0.8, 0.9, 0.6, 0.5, 0.2],
        Tissue::Muscle | Tissue::Disc => [0.0, 0.0, 0.03, 0.10, 0.22, 0.25, 0.22, 0.10],
        Tissue::Skin | Tissue::Marrow => [0.0, 0.0, 0.02, 0.10, 0.20, 0.22, 0.20, 0.10],
        Tissue::Tumour => [0.0, 0.05, 0.60, 1.45, 0.52, 0.33, 0.25, 0.08],
        Tissue::Capsule => [0.0, 0.0, 0.05, 0.25, 1.0, 1.15, 0.95, 0.30],
        Tissue::Rim => [0.0, 0.0, 0.1, 0.45, 0.95, 0.80, 0.60, 0.20],
        Tissue::Lung => [0.0, 0.3, 0.6, 0.7, 0.5, 0.3, 0.2, 0.1],
        Tissue::Necrosis | Tissue::Ablated => [0.0, 0.0, 0.0, 0.01, 0.03, 0.06, 0.08, 0.05],
        _ => [0.0; 8],
    }
}

/// Gadoxetate's own: hepatocytes fill, bile carries it, everything else sees half the dose and less later.
fn hepatobiliary_curve(tissue: Tissue) -> [f64; 8] {
    match tissue {
        Tissue::Liver => [0.0, 0.0, 0.03, 0.12, 0.45, 0.55, 0.65, 1.05],
        Tissue::Bile => [0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.4, 2.2],
        Tissue::Tumour => [0.0, 0.03, 0.42, 1.00, 0.30, 0.16, 0.12, 0.06],
        other => {
            let share = [0.6, 0.6, 0.6, 0.6, 0.55, 0.40, 0.30, 0.15];
            let mut c = curve(other);
            c.iter_mut().zip(share).for_each(|(c, s)| *c *= s);
            c
        }
    }
}

/// Gadolinium (mM) in `tissue`, `seconds` after the bolus reached the vein; 0 before.
pub(super) fn gadolinium(tissue: Tissue, agent: Agent, seconds: f64) -> f64 {
    let table = match agent {
        Agent::Extracellular => curve(tissue),
        Agent::Hepatobiliary => hepatobiliary_curve(tissue),
    };
    let mut last = (0.0, 0.0);
    for (&t, &c) in ANCHORS.iter().zip(&table) {
        if seconds < t {
            let (t0, c0) = last;
            return if t > t0 { c0 + (c - c0) * ((seconds - t0) / (t - t0)).max(0.0) } else { c };
        }
        last = (t, c);
    }
    last.1
}
