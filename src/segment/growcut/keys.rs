//! Keys: a distance and a label in one integer, so that comparing keys is comparing
//! (distance, label), and a saturating addition leaves the label alone.
//!
//! In: nothing but numbers. Out: `distance << bits | label`. The all-ones key is *unreached*; 0, which no
//! seed has, is *outside the domain*: it never falls.

use super::kernel::Form;
use super::lanes::{Eight, Four};

/// An unsigned integer that holds `distance << bits | label`.
pub(crate) trait Key: Copy + Ord + Default + Send + Sync + std::fmt::Debug + 'static {
    /// Unreached, and what additions saturate at.
    const MAX: Self;
    /// Bits of the integer.
    const BITS: u32;
    /// Addition that stops at [`Key::MAX`].
    fn plus(self, other: Self) -> Self;
    /// A level difference shifted up; short keys take it as it is.
    fn of_difference(difference: u16, shift: u32) -> Self;
    /// Which of eight keys, four from `a` on and four from `b` on, fall by what a voxel with `key` gives
    /// them over edges of these differences and costs of length; and what that is.
    ///
    /// # Safety
    /// `a + 4` and `b + 4` are at most the length of `keys`.
    #[allow(unsafe_code, reason = "see `lanes`")]
    #[allow(clippy::too_many_arguments, reason = "the innermost step: no struct is built for it")]
    unsafe fn fall<F: Form<Self>>(
        keys: &[Self],
        a: usize,
        b: usize,
        key: Self,
        form: &F,
        differences: Eight,
        costs: &[Self; 8],
        out: &mut [Self],
    ) -> u32;
    /// A bit for each of eight keys that is below another.
    fn below(keys: &[Self; 8], than: Self) -> u8;
    /// The least of the keys that `bits` names; unreached where it names none.
    fn least(keys: &[Self; 8], bits: u8) -> Self;
    /// The lower bits of a number.
    fn of(value: u64) -> Self;
    /// The number.
    fn get(self) -> u64;
}

impl Key for u16 {
    const MAX: Self = Self::MAX;
    const BITS: u32 = 16;
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
    #[inline(always)]
    fn of_difference(difference: u16, _shift: u32) -> Self {
        difference
    }
    #[inline(always)]
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn fall<F: Form<Self>>(
        keys: &[Self],
        a: usize,
        b: usize,
        key: Self,
        form: &F,
        differences: Eight,
        costs: &[Self; 8],
        out: &mut [Self],
    ) -> u32 {
        // SAFETY: the caller's promise.
        let there = unsafe { Eight::two(keys, a, b) };
        let new = form.eight(differences, Eight::of(*costs)).plus(Eight::all(key));
        out.copy_from_slice(&new.array());
        new.below(there)
    }
    #[inline(always)]
    fn below(keys: &[Self; 8], than: Self) -> u8 {
        Eight::of(*keys).below(Eight::all(than)) as u8
    }
    #[inline(always)]
    fn least(keys: &[Self; 8], bits: u8) -> Self {
        Eight::of(*keys).least(bits)
    }
    #[inline(always)]
    fn of(value: u64) -> Self {
        value as Self
    }
    #[inline(always)]
    fn get(self) -> u64 {
        u64::from(self)
    }
}

impl Key for u32 {
    const MAX: Self = Self::MAX;
    const BITS: u32 = 32;
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
    // Between voxels of the domain nothing is shifted out (`Weights::plan`); next to voxels outside it
    // something may be, and no key falls there.
    #[inline(always)]
    fn of_difference(difference: u16, shift: u32) -> Self {
        Self::from(difference) << shift
    }
    #[inline(always)]
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn fall<F: Form<Self>>(
        keys: &[Self],
        a: usize,
        b: usize,
        key: Self,
        form: &F,
        differences: Eight,
        costs: &[Self; 8],
        out: &mut [Self],
    ) -> u32 {
        let mut found = 0;
        for (half, differences) in differences.halves().into_iter().enumerate() {
            let from = half * 4;
            // SAFETY: the caller's promise.
            let there = unsafe { Four::one(keys, if half == 0 { a } else { b }) };
            let costs = Four::of([costs[from], costs[from + 1], costs[from + 2], costs[from + 3]]);
            let new = form.four(differences, costs).plus(Four::all(key));
            out[from..from + 4].copy_from_slice(&new.array());
            found |= new.below(there) << from;
        }
        found
    }
    #[inline(always)]
    fn below(keys: &[Self; 8], than: Self) -> u8 {
        let [a, b, c, d, e, f, g, h] = *keys;
        let than = Four::all(than);
        (Four::of([a, b, c, d]).below(than) | Four::of([e, f, g, h]).below(than) << 4) as u8
    }
    #[inline(always)]
    fn least(keys: &[Self; 8], bits: u8) -> Self {
        let mut least = Self::MAX;
        for (lane, key) in keys.iter().enumerate() {
            least = least.min(*key | (Self::from(bits >> lane & 1).wrapping_sub(1)));
        }
        least
    }
    #[inline(always)]
    fn of(value: u64) -> Self {
        value as Self
    }
    #[inline(always)]
    fn get(self) -> u64 {
        u64::from(self)
    }
}
