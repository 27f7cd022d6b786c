//! Vessels drawn anew for each patient: the liver's portal and hepatic venous trees, the mesentery's and the
//! lung's small branches.
//!
//! In: a patient's seed and lobes. Out: tapered capsules in the order of painting. Which of them the truth
//! labels as portal vein is decided here, by calibre.

use super::anatomy::{Anatomy, Mark, Solid, Space};
use super::labels;
use super::noise::Rng;
use super::shape::{Form, Vec3, add, cross, diaphragm, liver, norm, scaled, sub, unit};
use super::tissue::Tissue;

impl Anatomy {
    /// Portal and hepatic venous trees.
    pub(super) fn liver_vessels(&self) -> Vec<Solid> {
        let mut out = Vec::new();
        let mut rng = Rng::new(self.seed, &[2]);
        let portal = |a: Vec3, b: Vec3, ra: f32, rb: f32| Solid {
            form: Form::Capsule(a, b, ra, rb),
            space: Space::Warped,
            tissue: Tissue::Portal,
            mark: if ra.max(rb) > 2.4 { Mark::Set(labels::PORTAL_VEIN) } else { Mark::Keep },
            texture: 0.0,
        };
        // Splenic and superior mesenteric vein, trunk, right and left branch.
        let confluence = [10.0, 2.0, -30.0];
        let hilum = [-34.0, -8.0, -2.0];
        out.push(portal([88.0, 22.0, 2.0], [45.0, 4.0, -14.0], 4.0, 4.8));
        out.push(portal([45.0, 4.0, -14.0], confluence, 4.8, 5.6));
        out.push(portal([14.0, -4.0, -110.0], confluence, 5.6, 6.2));
        out.push(portal(confluence, hilum, 7.2, 6.6));
        let right = [-66.0, -2.0, 4.0];
        out.push(portal(hilum, right, 6.0, 5.2));
        let left = [-20.0, -34.0, 16.0];
        out.push(portal(hilum, left, 4.8, 4.2));
        for (from, to, r) in [
            (right, [-92.0, -34.0, 22.0], 4.2),
            (right, [-100.0, 24.0, 6.0], 4.2),
            (left, [6.0, -52.0, 26.0], 3.6),
            (left, [-28.0, -58.0, 22.0], 3.2),
        ] {
            out.push(portal(from, to, r, r * 0.78));
            self.branch(to, sub(to, from), r * 0.78, 3, &mut rng, &portal, &mut out);
        }
        let vein = |a: Vec3, b: Vec3, ra: f32, rb: f32| Solid {
            form: Form::Capsule(a, b, ra, rb),
            space: Space::Warped,
            tissue: Tissue::HepaticVein,
            mark: Mark::Keep,
            texture: 0.0,
        };
        let confluens = [-20.0, 16.0, 56.0];
        for (mid, end, r) in [
            ([-62.0, 18.0, 44.0], [-104.0, 4.0, 14.0], 5.0),
            ([-36.0, -18.0, 44.0], [-58.0, -48.0, 8.0], 4.6),
            ([-10.0, -16.0, 46.0], [16.0, -50.0, 36.0], 4.0),
        ] {
            out.push(vein(confluens, mid, r * 1.1, r * 0.9));
            out.push(vein(mid, end, r * 0.9, r * 0.5));
            self.branch(mid, sub(end, confluens), r * 0.62, 2, &mut rng, &vein, &mut out);
            self.branch(end, sub(end, mid), r * 0.5, 2, &mut rng, &vein, &mut out);
        }
        out
    }

    /// Two daughters a generation, bent at random, only where they stay inside the liver.
    #[expect(clippy::too_many_arguments, reason = "one recursion, all of it its state")]
    fn branch(
        &self,
        from: Vec3,
        along: Vec3,
        radius: f32,
        generations: u32,
        rng: &mut Rng,
        make: &impl Fn(Vec3, Vec3, f32, f32) -> Solid,
        out: &mut Vec<Solid>,
    ) {
        if generations == 0 || radius < 0.9 {
            return;
        }
        let length = norm(along).max(1.0);
        let along = scaled(along, 1.0 / length);
        let mut side =
            cross(along, unit64([rng.range(-1.0, 1.0), rng.range(-1.0, 1.0), rng.range(-1.0, 1.0)]));
        side = scaled(side, 1.0 / norm(side).max(1e-3));
        for sign in [-1.0, 1.0] {
            let spread = sign * rng.range(0.45, 0.8) as f32;
            let reach = rng.range(17.0, 29.0) as f32;
            let to = add(from, scaled(unit(add(along, scaled(side, spread))), reach));
            if liver(to, self.lobes.0, self.lobes.1) > -6.0 {
                continue;
            }
            out.push(make(from, to, radius, radius * 0.78));
            self.branch(to, sub(to, from), radius * 0.78, generations - 1, rng, make, out);
        }
    }
}

fn random(rng: &mut Rng, lo: Vec3, hi: Vec3) -> Vec3 {
    let mut one = |a: usize| {
        let at = |v: Vec3| v.get(a).copied().map_or(0.0, f64::from);
        rng.range(at(lo), at(hi)) as f32
    };
    [one(0), one(1), one(2)]
}

/// Arcades in the mesenteric and omental fat.
pub(super) fn mesentery(seed: u64, s: &mut Vec<Solid>) {
    let mut rng = Rng::new(seed, &[4]);
    for n in 0..90 {
        let a = random(&mut rng, [-60.0, -74.0, -120.0], [100.0, 16.0, -6.0]);
        let b = add(a, random(&mut rng, [-24.0, -12.0, -18.0], [24.0, 12.0, 18.0]));
        let r = rng.range(0.8, 1.9) as f32;
        s.push(Solid {
            form: Form::Capsule(a, b, r, r * 0.7),
            space: Space::Warped,
            tissue: if n % 3 == 0 { Tissue::Aorta } else { Tissue::Portal },
            mark: Mark::Keep,
            texture: 0.0,
        });
    }
}

/// Branches in the lung's base, fanning out from the hila.
pub(super) fn lung_vessels(seed: u64, s: &mut Vec<Solid>) {
    let mut rng = Rng::new(seed, &[5]);
    for n in 0..160 {
        let side = if n % 2 == 0 { -1.0f32 } else { 1.0 };
        let hilum = [side * 46.0, 6.0, 132.0];
        let end = random(&mut rng, [62.0, -60.0, 30.0], [122.0, 70.0, 110.0]);
        let end = [side * end[0], end[1], end[2]];
        let way = rng.range(0.35, 0.6) as f32;
        let middle = add(hilum, scaled(sub(end, hilum), way));
        let r = rng.range(1.0, 2.2) as f32;
        // Only where they run above the diaphragm from end to end.
        let half = add(middle, scaled(sub(end, middle), 0.5));
        if [middle, half, end].iter().any(|&p| p[2] < diaphragm(p) + 9.0) {
            continue;
        }
        s.push(Solid {
            form: Form::Capsule(middle, end, r, r * 0.5),
            space: Space::Warped,
            tissue: Tissue::Cava,
            mark: Mark::Keep,
            texture: 0.0,
        });
    }
}

fn unit64(v: [f64; 3]) -> Vec3 {
    unit([v[0] as f32, v[1] as f32, v[2] as f32])
}
