//! Implicit surfaces: the bricks the anatomy is built from.
//!
//! In: a point in millimetres of the standard body (x to the patient's left, y to the back, z to the
//! head). Out: an approximate signed distance, negative inside. Nothing here knows a tissue or a voxel.

/// A point or vector in millimetres, x left, y posterior, z superior (DICOM's LPS).
pub(super) type Vec3 = [f32; 3];

pub(super) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn scaled(a: Vec3, s: f32) -> Vec3 {
    [a[0] * s, a[1] * s, a[2] * s]
}

pub(super) fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn norm(a: Vec3) -> f32 {
    dot(a, a).sqrt()
}

/// The direction of a vector.
pub(super) fn unit(v: Vec3) -> Vec3 {
    scaled(v, 1.0 / norm(v).max(1e-3))
}

/// An axis-parallel ellipsoid's distance, first-order exact near the surface.
#[inline(always)]
pub(super) fn ellipsoid(p: Vec3, c: Vec3, r: Vec3) -> f32 {
    ellipsoid_inverse(p, c, inverse(r))
}

/// Union of two solids with a fillet of about `k` mm (polynomial smooth minimum, I. Quilez).
#[inline(always)]
pub(super) fn smooth_union(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// `a` without `b`, with a fillet of about `k` mm.
#[inline(always)]
pub(super) fn smooth_carve(a: f32, b: f32, k: f32) -> f32 {
    -smooth_union(-a, b, k)
}

/// One solid.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Centre, radii.
    Ellipsoid(Vec3, Vec3),
    /// Centre, radii, two of the three unit axes (the third is their cross product).
    Tilted(Vec3, Vec3, Vec3, Vec3),
    /// The part of an ellipsoid in front of (`y <`) a horizontal level: gas over fluid in a supine patient.
    Level(Vec3, Vec3, f32),
    /// The first ellipsoid without the second, fillet in mm: beans and crescents.
    Carved(Vec3, Vec3, Vec3, Vec3, f32),
    /// Ends and their radii: a stretch of vessel or gut.
    Capsule(Vec3, Vec3, f32, f32),
    /// Elliptic cylinder along z: centre x, y, radii x, y.
    Column(f32, f32, f32, f32),
    /// The same, only where `z` is within the last value of a multiple of 34 mm plus the first: discs.
    Discs(f32, f32, f32, f32, f32, f32),
    /// Right and left lobe's radii as multipliers, steered by the anatomy.
    Liver(f32, f32),
    /// Everything above the diaphragm raised by so many mm.
    AboveDiaphragm(f32),
}

impl Form {
    /// Approximate signed distance in mm.
    #[inline(always)]
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        match *self {
            Self::Ellipsoid(c, r) => ellipsoid(p, c, r),
            Self::Tilted(c, r, a, b) => {
                let q = sub(p, c);
                let third = cross(a, b);
                ellipsoid([dot(q, a), dot(q, b), dot(q, third)], [0.0; 3], r)
            }
            Self::Level(c, r, y) => ellipsoid(p, c, r).max(p[1] - y),
            Self::Carved(c, r, c2, r2, k) => smooth_carve(ellipsoid(p, c, r), ellipsoid(p, c2, r2), k),
            Self::Capsule(a, b, ra, rb) => {
                let (pa, ba) = (sub(p, a), sub(b, a));
                let h = (dot(pa, ba) / dot(ba, ba).max(1e-6)).clamp(0.0, 1.0);
                norm(sub(pa, scaled(ba, h))) - (ra + (rb - ra) * h)
            }
            Self::Column(x, y, rx, ry) => column(p, x, y, rx, ry),
            Self::Discs(x, y, rx, ry, z0, half) => {
                let t = (p[2] - z0) / 34.0;
                let t = (t - (t + 0.5).floor()) * 34.0;
                column(p, x, y, rx, ry).max(t.abs() - half)
            }
            Self::Liver(right, left) => liver(p, right, left),
            Self::AboveDiaphragm(raise) => diaphragm(p) + raise - p[2],
        }
    }

    /// A box that holds the solid; infinite extents are 1 m.
    pub(super) fn bounds(&self) -> (Vec3, Vec3) {
        let around = |c: Vec3, r: Vec3| (sub(c, r), add(c, r));
        match *self {
            Self::Ellipsoid(c, r) | Self::Carved(c, r, ..) => around(c, r),
            Self::Level(c, r, y) => (sub(c, r), [c[0] + r[0], y.min(c[1] + r[1]), c[2] + r[2]]),
            Self::Tilted(c, r, ..) => {
                let m = r[0].max(r[1]).max(r[2]);
                around(c, [m, m, m])
            }
            Self::Capsule(a, b, ra, rb) => {
                let r = ra.max(rb);
                (
                    [a[0].min(b[0]) - r, a[1].min(b[1]) - r, a[2].min(b[2]) - r],
                    [a[0].max(b[0]) + r, a[1].max(b[1]) + r, a[2].max(b[2]) + r],
                )
            }
            Self::Column(x, y, rx, ry) | Self::Discs(x, y, rx, ry, ..) => {
                around([x, y, 0.0], [rx, ry, 1000.0])
            }
            Self::Liver(..) => ([-165.0, -105.0, -105.0], [90.0, 95.0, 100.0]),
            // Beyond the widest trunk there is only air.
            Self::AboveDiaphragm(_) => ([-176.0, -126.0, 10.0], [176.0, 126.0, 1000.0]),
        }
    }
}

pub(super) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[inline(always)]
fn column(p: Vec3, x: f32, y: f32, rx: f32, ry: f32) -> f32 {
    let (ux, uy) = ((p[0] - x) / rx, (p[1] - y) / ry);
    let k0 = (ux * ux + uy * uy).sqrt();
    (k0 - 1.0) * rx.min(ry)
}

/// An ellipsoid's distance from its inverse radii: divisions dominate otherwise.
#[inline(always)]
fn ellipsoid_inverse(p: Vec3, c: Vec3, i: Vec3) -> f32 {
    let q = sub(p, c);
    let u = [q[0] * i[0], q[1] * i[1], q[2] * i[2]];
    let v = [u[0] * i[0], u[1] * i[1], u[2] * i[2]];
    let k2 = dot(u, u);
    // k0 (k0 − 1) / k1
    (k2 - k2.sqrt()) / dot(v, v).sqrt().max(1e-6)
}

#[inline(always)]
const fn inverse(r: Vec3) -> Vec3 {
    [1.0 / r[0], 1.0 / r[1], 1.0 / r[2]]
}

const LOBE: Vec3 = inverse([80.0, 84.0, 86.0]);
const DOME: Vec3 = inverse([74.0, 56.0, 46.0]);
const VISCERAL: Vec3 = inverse([68.0, 82.0, 74.0]);
const BEHIND: Vec3 = inverse([56.0, 54.0, 140.0]);
const KIDNEY: Vec3 = inverse([37.0, 36.0, 58.0]);
const FISSURE: Vec3 = inverse([5.0, 26.0, 34.0]);

/// Two lobes, hollowed below and behind where stomach, duodenum, right kidney and spine lie.
#[inline(always)]
pub(super) fn liver(p: Vec3, right: f32, left: f32) -> f32 {
    let lobe = ellipsoid_inverse(p, [-70.0, -2.0, -4.0], scaled(LOBE, 1.0 / right));
    let wing = ellipsoid(p, [-6.0, -44.0, 24.0], [82.0 * left, 40.0, 36.0 * left]);
    let dome = ellipsoid_inverse(p, [-48.0, -30.0, 28.0], DOME);
    let whole = smooth_union(smooth_union(lobe, wing, 26.0), dome, 20.0);
    if whole > 8.0 {
        return whole;
    }
    // The visceral surface: from the gallbladder fossa and the porta hepatis to the spine.
    let visceral = ellipsoid_inverse(p, [14.0, -8.0, -66.0], VISCERAL);
    let behind = ellipsoid_inverse(p, [22.0, 52.0, 10.0], BEHIND);
    let kidney = ellipsoid_inverse(p, [-56.0, 52.0, -78.0], KIDNEY);
    let fissure = ellipsoid_inverse(p, [2.0, -72.0, 2.0], FISSURE);
    let hollow = smooth_carve(whole, visceral, 22.0);
    let hollow = smooth_carve(hollow, behind, 16.0);
    smooth_carve(smooth_carve(hollow, kidney, 10.0), fissure, 8.0)
}

/// Height of the diaphragm over the table, right and left dome.
#[inline(always)]
pub(super) fn diaphragm(p: Vec3) -> f32 {
    let bump = |cx: f32, cy: f32, rx: f32, ry: f32, top: f32| {
        let (u, v) = ((p[0] - cx) / rx, (p[1] - cy) / ry);
        top - 66.0 * (u * u + v * v)
    };
    let right = bump(-66.0, -6.0, 106.0, 104.0, 80.0);
    let left = bump(74.0, -2.0, 92.0, 100.0, 68.0);
    -smooth_union(-right.max(26.0), -left, 22.0)
}
