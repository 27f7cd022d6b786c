//! Numbers that depend on nothing but their inputs: hashes, seeded streams, lattice noise and the few
//! transcendental functions the phantom needs.
//!
//! In: integers and floats. Out: the same integers and floats on every machine. Only `+ − × ÷ √` and
//! integer arithmetic are used, which IEEE 754 defines to the last bit, so that the WebAssembly build
//! and the native one render identical files; the platform's `sin` and `exp` are never called.

/// One step of SplitMix64 (Steele, Lea & Flood 2014, the finaliser of Java's `SplittableRandom`).
#[inline(always)]
pub(super) const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A key for a sub-stream of `seed`: any number of labels, order matters.
pub(super) fn key(seed: u64, labels: &[u64]) -> u64 {
    labels.iter().fold(mix(seed), |k, &l| mix(k ^ mix(l.wrapping_add(0xA5A5))))
}

/// A small counter-based generator: value `n` is `mix(key + n)`.
#[derive(Clone, Debug)]
pub(super) struct Rng {
    state: u64,
}

impl Rng {
    /// A stream of its own for `seed` and `labels`.
    pub(super) fn new(seed: u64, labels: &[u64]) -> Self {
        Self { state: key(seed, labels) }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// Uniform in `0.0..1.0`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `lo..hi`.
    pub(super) fn range(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// Uniform among `0..n`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        // Multiply-shift; the bias of 2^-64·n is of no consequence here.
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// One of a non-empty list.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len() as u64) as usize)
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

/// `e^x` by squaring a Taylor series: relative error below 1e-12 for |x| < 50.
pub(super) fn exp(x: f64) -> f64 {
    let t = x / 1024.0;
    let mut y =
        1.0 + t * (1.0 + t / 2.0 * (1.0 + t / 3.0 * (1.0 + t / 4.0 * (1.0 + t / 5.0 * (1.0 + t / 6.0)))));
    for _ in 0..10 {
        y *= y;
    }
    y
}

/// `(sin, cos)` of an angle in degrees.
pub(super) fn sin_cos_deg(degrees: f64) -> (f64, f64) {
    let turns = degrees / 360.0;
    let x = (turns - turns.round()) * core::f64::consts::TAU;
    let x2 = x * x;
    let (mut s, mut c, mut term) = (0.0, 0.0, 1.0);
    for n in 0..16 {
        // term = x^(2n) / (2n)!
        c += term;
        s += term * x / f64::from(2 * n + 1);
        term *= -x2 / f64::from((2 * n + 1) * (2 * n + 2));
    }
    (s, c)
}

/// `sin(2π·turns)` in single precision, absolute error below 0.002: for smooth deformations only.
#[inline(always)]
pub(super) fn wave(turns: f32) -> f32 {
    let t = turns - (turns + 0.5).floor();
    // Parabola and one correction (the well-known fast sine), t in −0.5..0.5.
    let y = t * (8.0 - 16.0 * t.abs());
    y * (0.775 + 0.225 * y.abs())
}

const CELLS: usize = 32;

/// Periodic smooth noise on a 32³ lattice, values in −1..1: the texture of parenchyma.
#[derive(Clone, Debug)]
pub(super) struct Lattice {
    values: Vec<f32>,
}

impl Lattice {
    pub(super) fn new(seed: u64) -> Self {
        let values = (0..CELLS * CELLS * CELLS)
            .map(|i| (mix(seed ^ mix(i as u64)) >> 40) as f32 / (1u32 << 23) as f32 - 1.0)
            .collect();
        Self { values }
    }

    /// Trilinear interpolation at `(x, y, z)` in lattice cells.
    #[inline(always)]
    pub(super) fn at(&self, x: f32, y: f32, z: f32) -> f32 {
        let ((ix, tx), (iy, ty), (iz, tz)) = (cell(x), cell(y), cell(z));
        let (jx, jy, jz) = ((ix + 1) % CELLS, (iy + 1) % CELLS, (iz + 1) % CELLS);
        let v = |a: usize, b: usize, c: usize| {
            self.values.get((c * CELLS + b) * CELLS + a).copied().unwrap_or(0.0)
        };
        let lerp = |a: f32, b: f32, t: f32| a + (b - a) * t;
        let lower = lerp(lerp(v(ix, iy, iz), v(jx, iy, iz), tx), lerp(v(ix, jy, iz), v(jx, jy, iz), tx), ty);
        let upper = lerp(lerp(v(ix, iy, jz), v(jx, iy, jz), tx), lerp(v(ix, jy, jz), v(jx, jy, jz), tx), ty);
        lerp(lower, upper, tz)
    }
}

/// Cell and place in it, for |x| < 1024. Truncation of a positive number is a floor without the call that
/// `f32::floor` is on processors of the lowest common denominator.
#[inline(always)]
fn cell(x: f32) -> (usize, f32) {
    let whole = (x + 1024.0) as i32;
    // 1024 is a multiple of the period.
    (whole as usize % CELLS, x + 1024.0 - whole as f32)
}

/// Two independent, nearly normal deviates (mean 0, variance 1) for one voxel of one volume.
///
/// Each is the sum of four 8-bit uniforms (Irwin–Hall), scaled: in steps of 0.007 σ, tails to 3.45 σ, no
/// logarithm.
#[inline(always)]
pub(super) fn normal_pair(volume_key: u64, voxel: u64) -> (f32, f32) {
    let h = mix(volume_key.wrapping_add(voxel.wrapping_mul(0xD134_2543_DE82_EF95)));
    (sum_of_four(h as u32), sum_of_four((h >> 32) as u32))
}

#[inline(always)]
fn sum_of_four(h: u32) -> f32 {
    let pairs = (h & 0x00FF_00FF) + (h >> 8 & 0x00FF_00FF);
    let sum = (pairs & 0xFFFF) + (pairs >> 16);
    // Variance of the sum is 4·(256² − 1)/12.
    (sum as f32 - 510.0) * (1.0 / 147.799)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_functions_agree_with_the_library() {
        for i in -400..400 {
            let x = f64::from(i) / 20.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-11, "exp {x}");
            let (s, c) = sin_cos_deg(x * 30.0);
            let r = (x * 30.0).to_radians();
            assert!((s - r.sin()).abs() < 1e-12 && (c - r.cos()).abs() < 1e-12, "sin {x}");
            assert!((f64::from(wave(x as f32)) - (x * core::f64::consts::TAU).sin()).abs() < 2e-3);
        }
    }

    #[test]
    fn deviates_have_unit_variance_and_no_correlation() {
        let n = 200_000u64;
        let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for i in 0..n {
            let (a, b) = normal_pair(7, i);
            let (a, b) = (f64::from(a), f64::from(b));
            sa += a;
            sb += b;
            saa += a * a;
            sbb += b * b;
            sab += a * b;
        }
        let n = n as f64;
        assert!((sa / n).abs() < 0.01 && (sb / n).abs() < 0.01);
        assert!((saa / n - 1.0).abs() < 0.02 && (sbb / n - 1.0).abs() < 0.02);
        assert!((sab / n).abs() < 0.01);
    }
}
