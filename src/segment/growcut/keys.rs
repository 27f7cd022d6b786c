//! Keys: a distance and a label in one integer, so that comparing keys is comparing
//! (distance, label), and a saturating addition leaves the label alone.
//!
//! In: nothing but numbers. Out: `distance << bits | label`. The all-ones key is *unreached*.

/// An unsigned integer that holds `distance << bits | label`.
pub(crate) trait Key: Copy + Ord + Default + Send + Sync + std::fmt::Debug + 'static {
    /// Unreached, and what additions saturate at.
    const MAX: Self;
    /// Bits of the integer.
    const BITS: u32;
    /// Addition that stops at [`Key::MAX`].
    fn plus(self, other: Self) -> Self;
    /// A level difference times a multiplier; keys of 16 bits ignore the multiplier, which is 1.
    fn of_difference(difference: u16, multiplier: u32) -> Self;
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
    fn of_difference(difference: u16, _multiplier: u32) -> Self {
        difference
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
    // Between voxels of the domain the product fits (`Weights::plan`); next to voxels outside it
    // wraps, and is added to an unreached key, which stays unreached.
    #[inline(always)]
    fn of_difference(difference: u16, multiplier: u32) -> Self {
        Self::from(difference).wrapping_mul(multiplier)
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
