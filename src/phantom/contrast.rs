//! The signal equations: tissue and sequence → brightness.
//!
//! In: a pulse sequence, the field strength, the agent and the seconds since its injection. Out: one
//! signal a tissue, on a scale where pure water fully relaxed is 1000. Spoiled gradient echo after
//! Ernst; spin echo and diffusion mono-exponential. No noise, no coil, no voxel.

use super::noise::{exp, sin_cos_deg};
use super::tissue::{Agent, PROPERTIES, TISSUES, Tissue, gadolinium};

/// What a sequence does with fat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FatMode {
    /// Not suppressed, in phase.
    InPhase,
    /// Water minus fat, magnitude: edges between them go black.
    Opposed,
    /// Spectrally suppressed, about a tenth is left.
    Suppressed,
    /// Dixon water image.
    Water,
    /// Dixon fat image.
    Fat,
}

/// A pulse sequence; times in ms, angles in degrees, b in s/mm².
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sequence {
    /// Spoiled gradient echo (VIBE, LAVA, THRIVE).
    Spoiled { tr: f64, te: f64, flip: f64, fat: FatMode },
    /// Turbo spin echo; flowing blood is dark.
    SpinEcho { tr: f64, te: f64, fat: FatMode },
    /// Diffusion-weighted echo-planar, fat suppressed, trace-weighted.
    Diffusion { te: f64, b: f64 },
    /// Apparent diffusion coefficient in 10⁻⁶ mm²/s.
    Adc,
}

/// When and with what the patient was injected, seen from one acquisition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Enhancement {
    pub(super) agent: Agent,
    /// Seconds since the injection; `None` before it.
    pub(super) seconds: Option<f64>,
}

/// Signal of every tissue. `field` in tesla; `liver_fat` the patient's hepatic fat fraction, 0 to 1.
/// Opposed-phase signals are signed: take the magnitude after mixing partial volumes.
pub(super) fn signals(seq: Sequence, field: f64, liver_fat: f64, enh: Enhancement) -> [f32; TISSUES] {
    let mut out = [0.0; TISSUES];
    for (slot, (i, tissue)) in out.iter_mut().zip(ALL.iter().enumerate()) {
        if let Some(p) = PROPERTIES.get(i) {
            let fat = if *tissue == Tissue::Liver { liver_fat } else { p.fat };
            let t1 = p.t1[usize::from(field > 2.0)];
            let mm = enh.seconds.map_or(0.0, |s| gadolinium(*tissue, enh.agent, s));
            let rate = 1.0 / t1 + mm * enh.agent.relaxivity() / 1000.0;
            // Gadolinium shortens T2 too, r2 ≈ 1.2 r1.
            let rate2 = 1.0 / p.t2 + mm * enh.agent.relaxivity() * 1.2 / 1000.0;
            *slot = signal(seq, *tissue, p.density, fat, rate, rate2, p.adc) as f32;
        }
    }
    out
}

/// Fat's own relaxation in ms (methylene peak).
const FAT_T1: f64 = 300.0;
const FAT_T2: f64 = 90.0;

fn signal(seq: Sequence, tissue: Tissue, density: f64, fat: f64, r1: f64, r2: f64, adc: f64) -> f64 {
    let (water, lipid) = (1000.0 * density * (1.0 - fat), 1000.0 * density * fat);
    let mix = |w: f64, f: f64, mode: FatMode| match mode {
        FatMode::InPhase => w + f,
        FatMode::Opposed => w - f,
        FatMode::Suppressed => w + 0.10 * f,
        FatMode::Water => w + 0.03 * f,
        FatMode::Fat => f + 0.03 * w,
    };
    match seq {
        Sequence::Spoiled { tr, te, flip, fat: mode } => {
            let (s, c) = sin_cos_deg(flip);
            let ernst = |rate: f64| {
                let e1 = exp(-tr * rate);
                s * (1.0 - e1) / (1.0 - c * e1)
            };
            // T2* ≈ 0.6 T2 in the abdomen.
            let w = water * ernst(r1) * exp(-te * r2 / 0.6);
            let f = lipid * ernst(1.0 / FAT_T1) * exp(-te / 40.0);
            4.0 * mix(w, f, mode)
        }
        Sequence::SpinEcho { tr, te, fat: mode } => {
            let void = match tissue {
                Tissue::Aorta => 0.06,
                Tissue::Cava | Tissue::Heart => 0.12,
                Tissue::Portal | Tissue::HepaticVein => 0.25,
                _ => 1.0,
            };
            let w = water * void * (1.0 - exp(-tr * r1)) * exp(-te * r2);
            let f = lipid * (1.0 - exp(-tr / FAT_T1)) * exp(-te / FAT_T2) * 1.4;
            2.4 * mix(w, f, mode)
        }
        Sequence::Diffusion { te, b } => {
            // Flow and motion destroy the signal of blood already at low b.
            let perfusion = match tissue {
                Tissue::Aorta | Tissue::Cava | Tissue::Heart => 0.05,
                Tissue::Portal | Tissue::HepaticVein => 0.2,
                _ => 1.0,
            };
            let w = water * perfusion * exp(-te * r2) * exp(-b * adc / 1000.0);
            let f = 0.04 * lipid * exp(-te / FAT_T2) * exp(-b * 0.1 / 1000.0);
            3.0 * (w + f)
        }
        Sequence::Adc => 1000.0 * adc,
    }
}

const ALL: [Tissue; TISSUES] = [
    Tissue::Air,
    Tissue::Skin,
    Tissue::Fat,
    Tissue::Muscle,
    Tissue::Bone,
    Tissue::Marrow,
    Tissue::Disc,
    Tissue::Csf,
    Tissue::Lung,
    Tissue::Heart,
    Tissue::Liver,
    Tissue::Spleen,
    Tissue::Cortex,
    Tissue::Medulla,
    Tissue::GutWall,
    Tissue::Fluid,
    Tissue::Gas,
    Tissue::Chyme,
    Tissue::Bile,
    Tissue::Pancreas,
    Tissue::Aorta,
    Tissue::Portal,
    Tissue::HepaticVein,
    Tissue::Cava,
    Tissue::Tumour,
    Tissue::Capsule,
    Tissue::Necrosis,
    Tissue::Ablated,
    Tissue::Rim,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(agent: Agent, field: f64, seconds: f64) -> [f32; TISSUES] {
        let seq = Sequence::Spoiled { tr: 4.4, te: 2.1, flip: 11.0, fat: FatMode::Suppressed };
        signals(seq, field, 0.05, Enhancement { agent, seconds: Some(seconds) })
    }

    /// LI-RADS v2018: arterial hyper-enhancement, wash-out in the portal-venous or delayed phase.
    #[test]
    fn carcinoma_enhances_early_and_washes_out() {
        for agent in [Agent::Extracellular, Agent::Hepatobiliary] {
            for field in [1.5, 3.0] {
                let ratio = |seconds: f64| {
                    let s = phase(agent, field, seconds);
                    s[Tissue::Tumour as usize] / s[Tissue::Liver as usize]
                };
                assert!(ratio(32.0) > 1.25, "arterial {agent:?} {field}: {}", ratio(32.0));
                assert!(ratio(72.0) < 0.95, "portal {agent:?} {field}: {}", ratio(72.0));
                assert!(ratio(240.0) < 0.9, "delayed {agent:?} {field}: {}", ratio(240.0));
                let s = phase(agent, field, 240.0);
                assert!(s[Tissue::Capsule as usize] > s[Tissue::Tumour as usize] * 1.1);
            }
        }
        let late = phase(Agent::Hepatobiliary, 1.5, 1200.0);
        assert!(late[Tissue::Tumour as usize] < 0.65 * late[Tissue::Liver as usize], "no hepatocytes");
        assert!(late[Tissue::Bile as usize] > late[Tissue::Liver as usize], "excreted agent");
    }

    #[test]
    fn opposed_phase_is_signed_and_fat_suppression_leaves_a_tenth() {
        let signal = |fat| {
            let seq = Sequence::Spoiled { tr: 150.0, te: 2.2, flip: 70.0, fat };
            let none = Enhancement { agent: Agent::Extracellular, seconds: None };
            signals(seq, 1.5, 0.2, none)[Tissue::Fat as usize]
        };
        assert!(signal(FatMode::Opposed) < 0.0);
        assert!(signal(FatMode::Suppressed) < 0.25 * signal(FatMode::InPhase));
        assert!(signal(FatMode::Water) < signal(FatMode::Suppressed));
    }
}
