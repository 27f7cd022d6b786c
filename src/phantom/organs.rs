//! The organs around the liver: gut, kidneys, great vessels, spine and its muscles.
//!
//! In: a patient's seed and the session (bowel moves on). Out: solids in the order of painting.

use super::anatomy::{Mark, Solid, Space};
use super::labels;
use super::noise::Rng;
use super::shape::{Form, add, cross, scaled, sub, unit};
use super::tissue::Tissue;

/// Stomach, duodenum, colon and small bowel; contents differ from session to session.
pub(super) fn gut(seed: u64, session: u32, s: &mut Vec<Solid>) {
    let solid =
        |form, tissue, texture| Solid { form, space: Space::Warped, tissue, mark: Mark::Clear, texture };
    let mut rng = Rng::new(seed, &[3, u64::from(session)]);
    for _ in 0..44 {
        let a =
            [rng.range(-70.0, 100.0) as f32, rng.range(-72.0, 4.0) as f32, rng.range(-125.0, -52.0) as f32];
        let b = add(
            a,
            [rng.range(-34.0, 34.0) as f32, rng.range(-14.0, 14.0) as f32, rng.range(-16.0, 16.0) as f32],
        );
        let r = rng.range(8.0, 14.0) as f32;
        let inside = *rng
            .pick(&[Tissue::Chyme, Tissue::Chyme, Tissue::Fluid, Tissue::GutWall])
            .unwrap_or(&Tissue::Chyme);
        s.push(solid(Form::Capsule(a, b, r, r * 0.9), Tissue::GutWall, 0.05));
        s.push(solid(Form::Capsule(a, b, r - 2.0, r * 0.9 - 2.0), inside, 0.22));
    }
    let colon = [
        [-104.0, -6.0, -118.0],
        [-100.0, -36.0, -84.0],
        [-44.0, -76.0, -92.0],
        [40.0, -78.0, -72.0],
        [92.0, -52.0, -34.0],
        [112.0, -4.0, -42.0],
        [112.0, 22.0, -118.0],
    ];
    for pair in colon.windows(2) {
        if let [a, b] = *pair {
            let r = rng.range(13.0, 19.0) as f32;
            let inside = *rng.pick(&[Tissue::Gas, Tissue::Chyme, Tissue::Chyme]).unwrap_or(&Tissue::Chyme);
            s.push(solid(Form::Capsule(a, b, r, r), Tissue::GutWall, 0.0));
            s.push(solid(Form::Capsule(a, b, r - 2.4, r - 2.4), inside, 0.25));
        }
    }
    let (c, r) = ([62.0, -34.0, 26.0], [44.0, 34.0, 46.0]);
    let antrum = ([30.0, -58.0, -12.0], [-14.0, -46.0, -30.0]);
    s.push(solid(Form::Capsule([58.0, -46.0, 0.0], antrum.0, 26.0, 18.0), Tissue::GutWall, 0.0));
    s.push(solid(Form::Capsule(antrum.0, antrum.1, 17.0, 11.0), Tissue::GutWall, 0.0));
    s.push(solid(Form::Ellipsoid(c, r), Tissue::GutWall, 0.05));
    let lumen = sub(r, [5.0, 5.0, 5.0]);
    let content = *rng.pick(&[Tissue::Fluid, Tissue::Chyme]).unwrap_or(&Tissue::Fluid);
    s.push(solid(Form::Capsule([58.0, -46.0, 0.0], antrum.0, 21.0, 13.0), content, 0.08));
    s.push(solid(Form::Capsule(antrum.0, antrum.1, 12.0, 6.0), content, 0.08));
    s.push(solid(Form::Ellipsoid(c, lumen), content, 0.08));
    s.push(solid(Form::Level(c, lumen, rng.range(-58.0, -46.0) as f32), Tissue::Gas, 0.0));
}

/// Cortex, pyramids and sinus of both kidneys, tilted as they lie on the psoas.
pub(super) fn kidneys(s: &mut Vec<Solid>) {
    for (side, label, z) in [(-1.0f32, labels::KIDNEY_RIGHT, -74.0f32), (1.0, labels::KIDNEY_LEFT, -52.0)] {
        let centre = [side * 61.0, 44.0, z];
        let axis = unit([0.30 * -side, -0.12, 0.94]);
        let across = unit(cross(axis, [0.25, 1.0, 0.1]));
        let solid = |c, r, tissue, mark, texture| Solid {
            form: Form::Tilted(c, r, across, unit(cross(axis, across))),
            space: Space::Warped,
            tissue,
            mark,
            texture,
        };
        s.push(solid(centre, [28.0, 26.0, 53.0], Tissue::Cortex, Mark::Set(label), 0.04));
        let body = [28.0f32, 26.0, 53.0];
        for ring in 0..5 {
            let up = (ring as f32 - 2.0) * 17.0;
            for (dx, dy) in [(0.45f32, 0.0f32), (0.05, 0.45), (0.05, -0.45)] {
                let off = add(
                    scaled(axis, up),
                    add(
                        scaled([side, 0.0, 0.0], dx * body[0] * (1.0 - up.abs() / 60.0)),
                        [0.0, dy * body[1] * (1.0 - up.abs() / 60.0), 0.0],
                    ),
                );
                s.push(solid(add(centre, off), [7.4, 7.4, 8.0], Tissue::Medulla, Mark::Keep, 0.03));
            }
        }
        let hilum = add(centre, [-side * 17.0, -4.0, 2.0]);
        s.push(solid(hilum, [15.0, 11.0, 30.0], Tissue::Fat, Mark::Clear, 0.0));
        s.push(solid(add(hilum, [side * 2.0, 0.0, 0.0]), [8.0, 5.0, 20.0], Tissue::Fluid, Mark::Clear, 0.0));
        s.push(Solid {
            form: Form::Capsule(hilum, [-side * -10.0, 22.0, z + 14.0], 4.2, 4.6),
            space: Space::Warped,
            tissue: Tissue::Cava,
            mark: Mark::Clear,
            texture: 0.0,
        });
    }
}

/// What hangs on the spine and does not breathe.
pub(super) fn trunk_organs(s: &mut Vec<Solid>) {
    let solid = |form, tissue, mark, texture| Solid { form, space: Space::Wall, tissue, mark, texture };
    let clear = Mark::Clear;
    for side in [-1.0f32, 1.0] {
        s.push(solid(
            Form::Capsule([side * 20.0, 46.0, 20.0], [side * 42.0, 52.0, -130.0], 7.0, 19.0),
            Tissue::Muscle,
            clear,
            0.06,
        ));
        // Diaphragmatic crura.
        s.push(solid(
            Form::Capsule([side * 13.0 + 4.0, 26.0, 60.0], [side * 14.0 + 4.0, 34.0, -70.0], 5.0, 4.0),
            Tissue::Muscle,
            clear,
            0.0,
        ));
    }
    s.push(solid(Form::Column(-20.0, 21.0, 13.0, 10.0), Tissue::Cava, clear, 0.03));
    s.push(solid(Form::Column(15.0, 25.0, 11.0, 11.0), Tissue::Aorta, Mark::Set(labels::AORTA), 0.02));
    for (from, to, r) in [
        ([15.0, 18.0, -8.0], [10.0, -4.0, -6.0], 3.6),
        ([15.0, 18.0, -24.0], [16.0, 0.0, -60.0], 3.8),
        ([16.0, 0.0, -60.0], [14.0, -6.0, -118.0], 3.6),
    ] {
        s.push(solid(Form::Capsule(from, to, r, r * 0.9), Tissue::Aorta, clear, 0.0));
    }
}

/// Spine (cortex, marrow, discs, canal, arch) and erector muscles: partly within the wall, so painted after it.
pub(super) fn back() -> Vec<Solid> {
    let solid =
        |form, tissue, texture| Solid { form, space: Space::Wall, tissue, mark: Mark::Clear, texture };
    let mut s = Vec::new();
    for side in [-1.0f32, 1.0] {
        s.push(solid(Form::Column(side * 32.0, 84.0, 27.0, 15.0), Tissue::Muscle, 0.10));
        s.push(solid(Form::Column(side * 60.0, 78.0, 14.0, 9.0), Tissue::Muscle, 0.08));
    }
    s.push(solid(Form::Column(0.0, 54.0, 24.5, 18.5), Tissue::Bone, 0.0));
    s.push(solid(Form::Column(0.0, 54.0, 22.8, 16.8), Tissue::Marrow, 0.10));
    s.push(solid(Form::Discs(0.0, 54.0, 24.0, 18.0, -6.0, 4.5), Tissue::Disc, 0.0));
    s.push(solid(Form::Column(0.0, 79.0, 15.0, 11.0), Tissue::Bone, 0.0));
    s.push(solid(Form::Column(0.0, 90.0, 4.5, 13.0), Tissue::Marrow, 0.0));
    s.push(solid(Form::Column(0.0, 77.0, 10.0, 8.0), Tissue::Csf, 0.0));
    s.push(solid(Form::Column(0.0, 77.0, 4.4, 3.6), Tissue::Disc, 0.0));
    s
}
