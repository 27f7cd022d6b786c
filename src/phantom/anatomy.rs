//! One patient's upper abdomen, before and after treatment.
//!
//! In: a seed. Out: solids in the order in which they are laid over one another, each with its tissue and
//! its label, in millimetres of a standard body; the lesions with their closed-form sizes. Nothing here
//! knows of voxels, of a sequence or of breathing: those move and colour what this describes.

use super::labels;
use super::noise::{Rng, wave};
use super::organs::{gut, kidneys, trunk_organs};
use super::shape::{Form, Vec3, add, diaphragm, liver, norm, scaled, sub};
use super::tissue::Tissue;
use super::vessels::{lung_vessels, mesentery};

/// What carries a solid along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// The trunk: spine, aorta. Does not breathe.
    Wall,
    /// Breathes, keeps its shape: lesions, so that their volumes are closed-form.
    Organ,
    /// Breathes and is bent by the patient's own smooth deformation.
    Warped,
}

/// What a solid does to the label map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Set(u8),
    Clear,
    Keep,
}

/// A solid with all that is needed to paint it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solid {
    pub(super) form: Form,
    pub(super) space: Space,
    pub(super) tissue: Tissue,
    pub(super) mark: Mark,
    /// Amplitude of the parenchymal texture, relative to the signal.
    pub(super) texture: f32,
}

/// The trunk's cross-section, mm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trunk {
    pub(super) half_width: f32,
    pub(super) half_depth: f32,
    /// Subcutaneous fat and the muscular wall.
    pub(super) fat: f32,
    pub(super) wall: f32,
}

impl Trunk {
    /// Signed distance to the skin and the local thickness of the subcutaneous fat.
    #[inline(always)]
    pub(super) fn at(&self, p: Vec3) -> (f32, f32) {
        let (x, y) = (p[0] / self.half_width, p[1] / self.half_depth);
        let (x2, y2) = (x * x, y * y);
        // Between an ellipse and a rounded box; a groove over the spine.
        let rho = (0.5 * (x2 + y2) + 0.5 * (x2 * x2 + y2 * y2).sqrt()).sqrt();
        let r = (p[0] * p[0] + p[1] * p[1]).sqrt();
        let g = p[0] / 26.0;
        let groove = if p[1] > 0.0 { 7.0 / ((1.0 + g * g) * (1.0 + g * g)) } else { 0.0 };
        let distance = if rho > 1e-3 { r * (1.0 - 1.0 / rho) } else { -self.half_depth } + groove;
        let lower = (-p[2] * 0.0025).clamp(-0.2, 0.3);
        (
            distance,
            self.fat * (0.62 + 0.5 * x2.min(1.2) + lower + if p[1] > 0.0 { 0.3 * y2.min(1.0) } else { 0.0 }),
        )
    }
}

/// One lesion at the first study, in the standard body's mm; axes along x, y, z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lesion {
    pub(super) centre: Vec3,
    pub(super) radii: Vec3,
    /// Radius of the necrotic core relative to the lesion's; 0 for none.
    pub(super) core: f32,
    pub(super) capsule: bool,
    pub(super) fate: Fate,
}

/// What treatment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Ablated, nothing left.
    Complete,
    /// Ablated, viable tumour at the zone's rim.
    Residual,
    /// Left alone, grows.
    Untreated,
}

/// An ellipsoid: centre and radii.
pub(super) type Ball = (Vec3, Vec3);

impl Lesion {
    /// Viable tumour in a session, if any.
    pub(super) fn viable(&self, session: u32) -> Option<Ball> {
        let later = session as f32;
        match (session, self.fate) {
            (0, _) => Some((self.centre, self.radii)),
            (_, Fate::Complete) => None,
            (_, Fate::Untreated) => Some((self.centre, scaled(self.radii, 1.0 + 0.08 * later))),
            (_, Fate::Residual) => {
                let zone = self.margin(session);
                let r = (self.radii[0] * 0.42).max(4.0) * (0.9 + 0.1 * later);
                Some((add(self.centre, [0.0, -zone[1] * 0.92, zone[2] * 0.2]), [r, r * 0.8, r * 0.9]))
            }
        }
    }

    /// The treated zone in a session, if any.
    pub(super) fn zone(&self, session: u32) -> Option<Ball> {
        (session > 0 && self.fate != Fate::Untreated).then(|| (self.centre, self.margin(session)))
    }

    /// A safety margin of 6 mm, shrinking from session to session.
    fn margin(&self, session: u32) -> Vec3 {
        let s = 1.0 - 0.12 * (session.saturating_sub(1)) as f32;
        scaled(add(self.radii, [6.0, 5.5, 6.0]), s)
    }
}

/// One patient.
#[derive(Clone, Debug)]
pub(super) struct Anatomy {
    /// Size relative to the standard body.
    pub(super) scale: f32,
    pub(super) trunk: Trunk,
    pub(super) liver_fat: f64,
    pub(super) lesions: Vec<Lesion>,
    /// Sizes of the right and the left lobe relative to the standard's.
    pub(super) lobes: (f32, f32),
    /// Seed of what is drawn for this patient later: vessels, gut.
    pub(super) seed: u64,
    phases: [f32; 6],
}

/// Largest displacement of [`Anatomy::warp`], mm.
pub(super) const WARP: f32 = 4.0;

impl Anatomy {
    pub(super) fn new(seed: u64, patient: u32) -> Self {
        let mut rng = Rng::new(seed, &[u64::from(patient), 1]);
        let mut f = |lo: f64, hi: f64| rng.range(lo, hi) as f32;
        let trunk = Trunk {
            half_width: f(156.0, 170.0),
            half_depth: f(108.0, 120.0),
            fat: f(11.0, 24.0),
            wall: f(10.0, 13.0),
        };
        let (scale, lobes) = (f(0.95, 1.04), (f(0.94, 1.03), f(0.86, 1.08)));
        let mut phases = [0.0; 6];
        phases.iter_mut().for_each(|p| *p = f(0.0, 1.0));
        let steatosis = rng.chance(0.35);
        let liver_fat = if steatosis { rng.range(0.10, 0.24) } else { rng.range(0.02, 0.05) };
        let mut me = Self { scale, trunk, liver_fat, lesions: Vec::new(), lobes, phases, seed: rng.next() };
        me.lesions = me.place_lesions(&mut rng);
        me
    }

    /// The smooth deformation: where in the standard organs a point of this patient's lies.
    #[inline(always)]
    pub(super) fn warp(&self, p: Vec3) -> Vec3 {
        let f = &self.phases;
        [
            p[0] + 0.5 * WARP * (wave(p[1] / 118.0 + f[0]) + wave(p[2] / 96.0 + f[1])),
            p[1] + 0.5 * WARP * (wave(p[2] / 107.0 + f[2]) + wave(p[0] / 131.0 + f[3])),
            p[2] + 0.5 * WARP * (wave(p[0] / 112.0 + f[4]) + wave(p[1] / 90.0 + f[5])),
        ]
    }

    /// True where a ball lies well within the liver, away from its surface, the wall and the lung.
    fn inside_liver(&self, (c, r): Ball, margin: f32) -> bool {
        let mut directions = vec![[0.0f32; 3]];
        for s in [-1.0, 1.0] {
            directions.extend([[s, 0.0, 0.0], [0.0, s, 0.0], [0.0, 0.0, s]]);
            directions.extend([[0.58 * s, 0.58, 0.58], [0.58, 0.58 * s, -0.58], [-0.58, -0.58, 0.58 * s]]);
        }
        directions.iter().all(|d| {
            let p = add(c, [d[0] * (r[0] + margin), d[1] * (r[1] + margin), d[2] * (r[2] + margin)]);
            let q = self.warp(p);
            let (skin, fat) = self.trunk.at(p);
            liver(q, self.lobes.0, self.lobes.1) < -1.0
                // Breathing moves organs by some millimetres against the wall.
                && skin + fat + self.trunk.wall < -7.0
                && diaphragm(q) - q[2] > 5.0
        })
    }

    fn place_lesions(&self, rng: &mut Rng) -> Vec<Lesion> {
        let wanted = 1 + rng.below(3) as usize;
        let vessels = self.liver_vessels();
        let mut lesions: Vec<Lesion> = Vec::new();
        // Large first; a site that does not hold one is given up after many tries and the size reduced.
        for n in 0..wanted {
            let mut size = if n == 0 { rng.range(13.0, 22.0) } else { rng.range(6.5, 12.0) };
            for attempt in 0..4000 {
                if attempt % 500 == 499 {
                    size *= 0.88;
                }
                let r = size as f32;
                let centre = [
                    rng.range(-140.0, 30.0) as f32,
                    rng.range(-80.0, 70.0) as f32,
                    rng.range(-60.0, 70.0) as f32,
                ];
                let radii = [r, r * rng.range(0.85, 1.0) as f32, r * rng.range(0.88, 1.08) as f32];
                let apart =
                    lesions.iter().all(|l| norm(sub(l.centre, centre)) > 1.1 * (l.radii[0] + r) + 16.0);
                let free = vessels.iter().all(|v| match v.form {
                    Form::Capsule(_, _, ra, rb) if ra.max(rb) > 3.0 => {
                        v.form.distance(self.warp(centre)) > r + 5.0
                    }
                    _ => true,
                });
                if apart && free && self.inside_liver((centre, radii), 7.5) {
                    let large = n == 0 && r > 14.0;
                    lesions.push(Lesion {
                        centre,
                        radii,
                        core: if large && rng.chance(0.7) { rng.range(0.35, 0.55) as f32 } else { 0.0 },
                        capsule: large || rng.chance(0.4),
                        fate: match (n, rng.below(4)) {
                            (0, 0 | 1) => Fate::Complete,
                            (0, _) | (_, 0) => Fate::Residual,
                            (_, 1) => Fate::Untreated,
                            _ => Fate::Complete,
                        },
                    });
                    break;
                }
            }
        }
        lesions
    }

    /// Everything inside the trunk, in the order of painting; the wall, fat and skin come after it.
    pub(super) fn organs(&self, session: u32) -> Vec<Solid> {
        let mut s = Vec::with_capacity(200);
        let warped =
            |form, tissue, mark, texture| Solid { form, space: Space::Warped, tissue, mark, texture };
        gut(self.seed, session, &mut s);
        mesentery(self.seed, &mut s);
        kidneys(&mut s);
        let pancreas = [[-22.0, -12.0, -34.0], [4.0, -18.0, -24.0], [38.0, -8.0, -12.0], [76.0, 14.0, 0.0]];
        for (pair, r) in pancreas.windows(2).zip([11.0, 8.5, 7.5]) {
            if let [a, b] = *pair {
                s.push(warped(Form::Capsule(a, b, r, r * 0.9), Tissue::Pancreas, Mark::Clear, 0.10));
            }
        }
        s.push(warped(
            Form::Carved([98.0, 32.0, 14.0], [33.0, 46.0, 50.0], [70.0, 10.0, 8.0], [36.0, 40.0, 64.0], 8.0),
            Tissue::Spleen,
            Mark::Set(labels::SPLEEN),
            0.05,
        ));
        s.push(warped(
            Form::Liver(self.lobes.0, self.lobes.1),
            Tissue::Liver,
            Mark::Set(labels::LIVER),
            0.045,
        ));
        s.push(warped(
            Form::Capsule([-46.0, -58.0, -58.0], [-38.0, -34.0, -22.0], 14.0, 8.0),
            Tissue::GutWall,
            Mark::Clear,
            0.0,
        ));
        s.push(warped(
            Form::Capsule([-46.0, -58.0, -58.0], [-38.0, -34.0, -22.0], 12.4, 6.4),
            Tissue::Bile,
            Mark::Clear,
            0.0,
        ));
        s.extend(self.liver_vessels());
        s.push(warped(
            Form::Capsule([-34.0, -12.0, 3.0], [-6.0, -8.0, -30.0], 2.6, 2.8),
            Tissue::Bile,
            Mark::Clear,
            0.0,
        ));
        self.lesions_of(session, &mut s);
        // Diaphragm and lung cut off whatever reaches above them.
        s.push(warped(Form::AboveDiaphragm(0.0), Tissue::Muscle, Mark::Clear, 0.0));
        s.push(warped(Form::AboveDiaphragm(3.2), Tissue::Lung, Mark::Clear, 0.5));
        lung_vessels(self.seed, &mut s);
        s.push(warped(
            Form::Ellipsoid([22.0, -34.0, 104.0], [62.0, 46.0, 52.0]),
            Tissue::Fat,
            Mark::Keep,
            0.0,
        ));
        s.push(warped(
            Form::Ellipsoid([24.0, -32.0, 110.0], [56.0, 41.0, 50.0]),
            Tissue::Muscle,
            Mark::Keep,
            0.03,
        ));
        for (c, r) in [([8.0, -34.0, 112.0], [24.0, 27.0, 40.0]), ([42.0, -30.0, 108.0], [20.0, 24.0, 36.0])]
        {
            s.push(warped(Form::Ellipsoid(c, r), Tissue::Heart, Mark::Keep, 0.03));
        }
        trunk_organs(&mut s);
        s
    }

    fn lesions_of(&self, session: u32, s: &mut Vec<Solid>) {
        let solid = |form, tissue, mark, texture| Solid { form, space: Space::Organ, tissue, mark, texture };
        for (n, lesion) in (0u8..).zip(&self.lesions) {
            if let Some((c, r)) = lesion.zone(session) {
                let rim = add(r, [1.6, 1.6, 1.6]);
                s.push(solid(Form::Ellipsoid(c, rim), Tissue::Rim, Mark::Keep, 0.0));
                s.push(solid(Form::Ellipsoid(c, r), Tissue::Ablated, Mark::Set(labels::TREATED_ZONE), 0.10));
            }
            if let Some((c, r)) = lesion.viable(session) {
                let mark = Mark::Set(labels::FIRST_LESION + n);
                if lesion.capsule && lesion.zone(session).is_none() {
                    s.push(solid(Form::Ellipsoid(c, r), Tissue::Capsule, mark, 0.0));
                    let inner = sub(r, [1.5, 1.5, 1.5]);
                    s.push(solid(Form::Ellipsoid(c, inner), Tissue::Tumour, Mark::Keep, 0.12));
                } else {
                    s.push(solid(Form::Ellipsoid(c, r), Tissue::Tumour, mark, 0.10));
                }
                if lesion.core > 0.0 && lesion.zone(session).is_none() {
                    let core = scaled(r, lesion.core);
                    let off = add(c, [0.12 * r[0], 0.1 * r[1], 0.0]);
                    s.push(solid(Form::Ellipsoid(off, core), Tissue::Necrosis, Mark::Keep, 0.10));
                }
            }
        }
    }
}
