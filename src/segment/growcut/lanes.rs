//! Eight differences or four long keys at a time: SIMD as WebAssembly and x86-64 have it, and the same
//! by arrays elsewhere.
//!
//! In and out: vectors. This is the one module of the crate that holds `unsafe`: loads without a check of
//! bounds, because the callers check the bounds of all their loads at once, and intrinsics that every
//! machine of the target has (`simd128` is asked for by both WebAssembly flavours, SSE2 is part of x86-64).
#![allow(unsafe_code, reason = "unchecked loads, argued where they stand")]

pub(crate) use imp::{Eight, Four};

#[cfg(target_arch = "x86_64")]
mod imp {
    use core::arch::x86_64::*;

    /// Eight numbers of 16 bits.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Eight(__m128i);
    /// Four numbers of 32 bits.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Four(__m128i);

    impl Eight {
        #[inline(always)]
        pub(crate) fn of(values: [u16; 8]) -> Self {
            // SAFETY: the array has the vector's size, and the load asks for no alignment.
            Self(unsafe { _mm_loadu_si128(values.as_ptr().cast()) })
        }
        #[inline(always)]
        pub(crate) fn all(value: u16) -> Self {
            // SAFETY: SSE2 is part of x86-64, here and below.
            Self(unsafe { _mm_set1_epi16(value as i16) })
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
                let low = _mm_loadl_epi64(from.as_ptr().add(a).cast());
                let both = _mm_loadh_pd(_mm_castsi128_pd(low), from.as_ptr().add(b).cast());
                Self(_mm_castpd_si128(both))
            }
        }
        #[inline(always)]
        pub(crate) fn array(self) -> [u16; 8] {
            let mut out = [0; 8];
            // SAFETY: the array has the vector's size, and the store asks for no alignment.
            unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), self.0) };
            out
        }
        #[inline(always)]
        pub(crate) fn difference(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm_or_si128(_mm_subs_epu16(self.0, other.0), _mm_subs_epu16(other.0, self.0)) })
        }
        #[inline(always)]
        pub(crate) fn max(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm_add_epi16(_mm_subs_epu16(self.0, other.0), other.0) })
        }
        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm_adds_epu16(self.0, other.0) })
        }
        /// The least of the lanes that `bits` names; all ones where it names none.
        #[inline(always)]
        pub(crate) fn least(self, bits: u8) -> u16 {
            // SAFETY: as above. SSE2 knows the least with signs: turn them over, and back.
            unsafe {
                let each = _mm_set_epi16(128, 64, 32, 16, 8, 4, 2, 1);
                let named = _mm_cmpeq_epi16(_mm_and_si128(_mm_set1_epi16(i16::from(bits)), each), each);
                let sign = _mm_set1_epi16(i16::MIN);
                let mut v =
                    _mm_xor_si128(_mm_or_si128(self.0, _mm_xor_si128(named, _mm_set1_epi16(-1))), sign);
                v = _mm_min_epi16(v, _mm_srli_si128::<8>(v));
                v = _mm_min_epi16(v, _mm_srli_si128::<4>(v));
                v = _mm_min_epi16(v, _mm_srli_si128::<2>(v));
                (_mm_cvtsi128_si32(v) as u16) ^ 0x8000
            }
        }
        /// A bit for every lane that is less than the other's.
        #[inline(always)]
        pub(crate) fn below(self, other: Self) -> u32 {
            // SAFETY: as above.
            unsafe {
                let not = _mm_cmpeq_epi16(_mm_subs_epu16(other.0, self.0), _mm_setzero_si128());
                (_mm_movemask_epi8(_mm_packs_epi16(not, not)) as u32 & 255) ^ 255
            }
        }
        /// The first and the last four, in 32 bits.
        #[inline(always)]
        pub(crate) fn halves(self) -> [Four; 2] {
            // SAFETY: as above.
            unsafe {
                let zero = _mm_setzero_si128();
                [Four(_mm_unpacklo_epi16(self.0, zero)), Four(_mm_unpackhi_epi16(self.0, zero))]
            }
        }
    }

    impl Four {
        #[inline(always)]
        pub(crate) fn of(values: [u32; 4]) -> Self {
            // SAFETY: the array has the vector's size, and the load asks for no alignment.
            Self(unsafe { _mm_loadu_si128(values.as_ptr().cast()) })
        }
        #[inline(always)]
        pub(crate) fn all(value: u32) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm_set1_epi32(value as i32) })
        }
        /// Four from `a` on.
        ///
        /// # Safety
        /// `a + 4` is at most the length of `from`.
        #[inline(always)]
        pub(crate) unsafe fn one(from: &[u32], a: usize) -> Self {
            debug_assert!(a + 4 <= from.len());
            // SAFETY: the caller's promise; the load asks for no alignment.
            Self(unsafe { _mm_loadu_si128(from.as_ptr().add(a).cast()) })
        }
        #[inline(always)]
        pub(crate) fn array(self) -> [u32; 4] {
            let mut out = [0; 4];
            // SAFETY: the array has the vector's size, and the store asks for no alignment.
            unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), self.0) };
            out
        }
        #[inline(always)]
        pub(crate) fn shifted(self, by: u32) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm_sll_epi32(self.0, _mm_cvtsi32_si128(by as i32)) })
        }
        #[inline(always)]
        fn less(self, other: Self) -> __m128i {
            // SAFETY: as above. SSE2 compares with signs: turn both over.
            unsafe {
                let sign = _mm_set1_epi32(i32::MIN);
                _mm_cmplt_epi32(_mm_xor_si128(self.0, sign), _mm_xor_si128(other.0, sign))
            }
        }
        #[inline(always)]
        pub(crate) fn max(self, other: Self) -> Self {
            // SAFETY: as above.
            unsafe {
                let less = self.less(other);
                Self(_mm_or_si128(_mm_and_si128(less, other.0), _mm_andnot_si128(less, self.0)))
            }
        }
        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            // SAFETY: as above. A sum less than a summand has gone over.
            unsafe {
                let sum = Self(_mm_add_epi32(self.0, other.0));
                Self(_mm_or_si128(sum.0, sum.less(other)))
            }
        }
        /// A bit for every lane that is less than the other's.
        #[inline(always)]
        pub(crate) fn below(self, other: Self) -> u32 {
            // SAFETY: as above.
            unsafe { _mm_movemask_ps(_mm_castsi128_ps(self.less(other))) as u32 }
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod imp {
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
        /// The least of the lanes that `bits` names; all ones where it names none.
        #[inline(always)]
        pub(crate) fn least(self, bits: u8) -> u16 {
            let each = u16x8(1, 2, 4, 8, 16, 32, 64, 128);
            let named = u16x8_eq(v128_and(u16x8_splat(u16::from(bits)), each), each);
            let v = v128_or(self.0, v128_not(named));
            let v = u16x8_min(v, u16x8_shuffle::<4, 5, 6, 7, 0, 1, 2, 3>(v, v));
            let v = u16x8_min(v, u16x8_shuffle::<2, 3, 0, 1, 6, 7, 4, 5>(v, v));
            let v = u16x8_min(v, u16x8_shuffle::<1, 0, 3, 2, 5, 4, 7, 6>(v, v));
            u16x8_extract_lane::<0>(v)
        }
        /// A bit for every lane that is less than the other's.
        #[inline(always)]
        pub(crate) fn below(self, other: Self) -> u32 {
            u32::from(u16x8_bitmask(u16x8_lt(self.0, other.0)))
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
        /// A bit for every lane that is less than the other's.
        #[inline(always)]
        pub(crate) fn below(self, other: Self) -> u32 {
            u32::from(u32x4_bitmask(u32x4_lt(self.0, other.0)))
        }
    }
}

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
mod imp {
    pub(crate) use super::plain::{Eight, Four};
}

/// The twin by arrays: elsewhere it is what runs, and where there is SIMD, tests hold the two equal.
#[cfg(any(test, not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))))]
pub(crate) mod plain {
    /// Eight numbers of 16 bits.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Eight([u16; 8]);
    /// Four numbers of 32 bits.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Four([u32; 4]);

    fn zip<T: Copy, const N: usize>(a: [T; N], b: [T; N], with: impl Fn(T, T) -> T) -> [T; N] {
        std::array::from_fn(|i| with(a[i], b[i]))
    }

    fn bits<T: Ord, const N: usize>(a: &[T; N], b: &[T; N]) -> u32 {
        (0..N).map(|i| u32::from(a[i] < b[i]) << i).sum()
    }

    impl Eight {
        pub(crate) fn of(values: [u16; 8]) -> Self {
            Self(values)
        }
        pub(crate) fn all(value: u16) -> Self {
            Self([value; 8])
        }
        /// Four from `a` on and four from `b` on.
        ///
        /// # Safety
        /// None is needed: the twin's loads are checked.
        pub(crate) unsafe fn two(from: &[u16], a: usize, b: usize) -> Self {
            Self(std::array::from_fn(|i| from[if i < 4 { a + i } else { b + i - 4 }]))
        }
        pub(crate) fn array(self) -> [u16; 8] {
            self.0
        }
        pub(crate) fn difference(self, other: Self) -> Self {
            Self(zip(self.0, other.0, u16::abs_diff))
        }
        pub(crate) fn max(self, other: Self) -> Self {
            Self(zip(self.0, other.0, u16::max))
        }
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(zip(self.0, other.0, u16::saturating_add))
        }
        /// The least of the lanes that `bits` names; all ones where it names none.
        pub(crate) fn least(self, bits: u8) -> u16 {
            (0..8).filter(|i| bits >> i & 1 != 0).map(|i| self.0[i]).min().unwrap_or(u16::MAX)
        }
        /// A bit for every lane that is less than the other's.
        pub(crate) fn below(self, other: Self) -> u32 {
            bits(&self.0, &other.0)
        }
        /// The first and the last four, in 32 bits.
        pub(crate) fn halves(self) -> [Four; 2] {
            [0, 4].map(|from| Four(std::array::from_fn(|i| u32::from(self.0[from + i]))))
        }
    }

    impl Four {
        pub(crate) fn of(values: [u32; 4]) -> Self {
            Self(values)
        }
        pub(crate) fn all(value: u32) -> Self {
            Self([value; 4])
        }
        /// Four from `a` on.
        ///
        /// # Safety
        /// None is needed: the twin's loads are checked.
        pub(crate) unsafe fn one(from: &[u32], a: usize) -> Self {
            Self(std::array::from_fn(|i| from[a + i]))
        }
        pub(crate) fn array(self) -> [u32; 4] {
            self.0
        }
        pub(crate) fn shifted(self, by: u32) -> Self {
            Self(self.0.map(|v| v << by))
        }
        pub(crate) fn max(self, other: Self) -> Self {
            Self(zip(self.0, other.0, u32::max))
        }
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(zip(self.0, other.0, u32::saturating_add))
        }
        /// A bit for every lane that is less than the other's.
        pub(crate) fn below(self, other: Self) -> u32 {
            bits(&self.0, &other.0)
        }
    }
}
