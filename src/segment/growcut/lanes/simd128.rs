//! Lanes by WebAssembly's `simd128`.
//!
//! In and out: vectors. Nothing here checks bounds: the callers do.

use core::arch::wasm32::*;

/// Eight numbers of 16 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eight(v128);
/// Four numbers of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Four(v128);

impl Eight {
    #[inline(always)]
    pub(crate) fn of(values: [u16; 8]) -> Self {
        // SAFETY: the array has the vector's size, and the load asks for no alignment.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }
    #[inline(always)]
    pub(crate) fn all(value: u16) -> Self {
        Self(u16x8_splat(value))
    }
    /// Four from `a` on and four from `b` on.
    ///
    /// # Safety
    /// `a + 4` and `b + 4` are at most the length of `from`.
    #[inline(always)]
    pub(crate) unsafe fn two(from: &[u16], a: usize, b: usize) -> Self {
        debug_assert!(a + 4 <= from.len() && b + 4 <= from.len());
        // SAFETY: the caller's promise; neither load asks for alignment.
        unsafe {
            let low = v128_load64_zero(from.as_ptr().add(a).cast());
            Self(v128_load64_lane::<1>(low, from.as_ptr().add(b).cast()))
        }
    }
    /// Eight from `at` on.
    ///
    /// # Safety
    /// `at + 8` is at most the length of `from`.
    #[inline(always)]
    pub(crate) unsafe fn load(from: &[u16], at: usize) -> Self {
        debug_assert!(at + 8 <= from.len());
        // SAFETY: the caller's promise; the load asks for no alignment.
        Self(unsafe { v128_load(from.as_ptr().add(at).cast()) })
    }
    /// Writes eight from `at` on.
    ///
    /// # Safety
    /// `at + 8` is at most the length of `to`.
    #[inline(always)]
    pub(crate) unsafe fn store(self, to: &mut [u16], at: usize) {
        debug_assert!(at + 8 <= to.len());
        // SAFETY: the caller's promise; the store asks for no alignment.
        unsafe { v128_store(to.as_mut_ptr().add(at).cast(), self.0) };
    }
    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        Self(u16x8_min(self.0, other.0))
    }
    #[inline(always)]
    pub(crate) fn first(self) -> u16 {
        u16x8_extract_lane::<0>(self.0)
    }
    #[inline(always)]
    pub(crate) fn last(self) -> u16 {
        u16x8_extract_lane::<7>(self.0)
    }
    /// All ones in the lanes that hold 0.
    #[inline(always)]
    pub(crate) fn zeros(self) -> Self {
        Self(u16x8_eq(self.0, u16x8_splat(0)))
    }
    /// All ones in the lanes that `bits` names.
    #[inline(always)]
    pub(crate) fn mask(bits: u8) -> Self {
        let each = u16x8(1, 2, 4, 8, 16, 32, 64, 128);
        Self(u16x8_eq(v128_and(u16x8_splat(u16::from(bits)), each), each))
    }
    /// Lanes moved up by one, two, four; all ones come in.
    #[inline(always)]
    pub(crate) fn up<const BY: i32>(self) -> Self {
        let ones = u16x8_splat(u16::MAX);
        Self(match BY {
            1 => u16x8_shuffle::<15, 0, 1, 2, 3, 4, 5, 6>(self.0, ones),
            2 => u16x8_shuffle::<15, 15, 0, 1, 2, 3, 4, 5>(self.0, ones),
            _ => u16x8_shuffle::<15, 15, 15, 15, 0, 1, 2, 3>(self.0, ones),
        })
    }
    /// Lanes moved down by one, two, four; all ones come in.
    #[inline(always)]
    pub(crate) fn down<const BY: i32>(self) -> Self {
        let ones = u16x8_splat(u16::MAX);
        Self(match BY {
            1 => u16x8_shuffle::<1, 2, 3, 4, 5, 6, 7, 8>(self.0, ones),
            2 => u16x8_shuffle::<2, 3, 4, 5, 6, 7, 8, 9>(self.0, ones),
            _ => u16x8_shuffle::<4, 5, 6, 7, 8, 9, 10, 11>(self.0, ones),
        })
    }
    /// The least lane.
    #[inline(always)]
    pub(crate) fn lowest(self) -> u16 {
        let v = self.0;
        let v = u16x8_min(v, u16x8_shuffle::<4, 5, 6, 7, 0, 1, 2, 3>(v, v));
        let v = u16x8_min(v, u16x8_shuffle::<2, 3, 0, 1, 6, 7, 4, 5>(v, v));
        let v = u16x8_min(v, u16x8_shuffle::<1, 0, 3, 2, 5, 4, 7, 6>(v, v));
        u16x8_extract_lane::<0>(v)
    }
    /// All ones in the lanes that are not less than the other's.
    #[inline(always)]
    pub(crate) fn not_below(self, other: Self) -> Self {
        // The greater of the two is itself.
        Self(u16x8_eq(u16x8_max(self.0, other.0), self.0))
    }
    /// A bit for every lane whose highest bit is not set.
    #[inline(always)]
    pub(crate) fn clear_bits(self) -> u32 {
        u32::from(u16x8_bitmask(self.0)) ^ 255
    }
    #[inline(always)]
    pub(crate) fn array(self) -> [u16; 8] {
        let mut out = [0; 8];
        // SAFETY: the array has the vector's size, and the store asks for no alignment.
        unsafe { v128_store(out.as_mut_ptr().cast(), self.0) };
        out
    }
    #[inline(always)]
    pub(crate) fn difference(self, other: Self) -> Self {
        Self(v128_or(u16x8_sub_sat(self.0, other.0), u16x8_sub_sat(other.0, self.0)))
    }
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        Self(u16x8_max(self.0, other.0))
    }
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self(u16x8_add_sat(self.0, other.0))
    }
    /// The first and the last four, in 32 bits.
    #[inline(always)]
    pub(crate) fn halves(self) -> [Four; 2] {
        [Four(u32x4_extend_low_u16x8(self.0)), Four(u32x4_extend_high_u16x8(self.0))]
    }
}

impl Four {
    #[inline(always)]
    pub(crate) fn of(values: [u32; 4]) -> Self {
        // SAFETY: the array has the vector's size, and the load asks for no alignment.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }
    #[inline(always)]
    pub(crate) fn all(value: u32) -> Self {
        Self(u32x4_splat(value))
    }
    /// Four from `a` on.
    ///
    /// # Safety
    /// `a + 4` is at most the length of `from`.
    #[inline(always)]
    pub(crate) unsafe fn one(from: &[u32], a: usize) -> Self {
        debug_assert!(a + 4 <= from.len());
        // SAFETY: the caller's promise; the load asks for no alignment.
        Self(unsafe { v128_load(from.as_ptr().add(a).cast()) })
    }
    /// Writes four from `at` on.
    ///
    /// # Safety
    /// `at + 4` is at most the length of `to`.
    #[inline(always)]
    pub(crate) unsafe fn store(self, to: &mut [u32], at: usize) {
        debug_assert!(at + 4 <= to.len());
        // SAFETY: the caller's promise; the store asks for no alignment.
        unsafe { v128_store(to.as_mut_ptr().add(at).cast(), self.0) };
    }
    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        Self(u32x4_min(self.0, other.0))
    }
    /// All ones in the lanes that hold 0.
    #[inline(always)]
    pub(crate) fn zeros(self) -> Self {
        Self(u32x4_eq(self.0, u32x4_splat(0)))
    }
    /// All ones in the lanes that the lowest of `bits` name.
    #[inline(always)]
    pub(crate) fn mask(bits: u8) -> Self {
        let each = u32x4(1, 2, 4, 8);
        Self(u32x4_eq(v128_and(u32x4_splat(u32::from(bits)), each), each))
    }
    /// The lanes of `low` and then `self`, from the last but `BY` of `low` on: one or two.
    #[inline(always)]
    pub(crate) fn after<const BY: i32>(self, low: Self) -> Self {
        Self(match BY {
            1 => u32x4_shuffle::<3, 4, 5, 6>(low.0, self.0),
            _ => u32x4_shuffle::<2, 3, 4, 5>(low.0, self.0),
        })
    }
    /// The lanes of `self` and then `high`, from lane `BY` on: one or two.
    #[inline(always)]
    pub(crate) fn before<const BY: i32>(self, high: Self) -> Self {
        Self(match BY {
            1 => u32x4_shuffle::<1, 2, 3, 4>(self.0, high.0),
            _ => u32x4_shuffle::<2, 3, 4, 5>(self.0, high.0),
        })
    }
    /// All ones in the lanes that are not less than the other's.
    #[inline(always)]
    pub(crate) fn not_below(self, other: Self) -> Self {
        Self(u32x4_eq(u32x4_max(self.0, other.0), self.0))
    }
    /// A bit for every lane whose highest bit is not set.
    #[inline(always)]
    pub(crate) fn clear_bits(self) -> u32 {
        u32::from(u32x4_bitmask(self.0)) ^ 15
    }
    #[inline(always)]
    pub(crate) fn array(self) -> [u32; 4] {
        let mut out = [0; 4];
        // SAFETY: the array has the vector's size, and the store asks for no alignment.
        unsafe { v128_store(out.as_mut_ptr().cast(), self.0) };
        out
    }
    #[inline(always)]
    pub(crate) fn shifted(self, by: u32) -> Self {
        Self(u32x4_shl(self.0, by))
    }
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        Self(u32x4_max(self.0, other.0))
    }
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        // A sum less than a summand has gone over.
        let sum = u32x4_add(self.0, other.0);
        Self(v128_or(sum, u32x4_lt(sum, other.0)))
    }
}
