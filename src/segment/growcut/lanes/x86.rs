//! Lanes by SSE2, which is part of x86-64.
//!
//! In and out: vectors. Nothing here checks bounds: the callers do.

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
    /// Eight from `at` on.
    ///
    /// # Safety
    /// `at + 8` is at most the length of `from`.
    #[inline(always)]
    pub(crate) unsafe fn load(from: &[u16], at: usize) -> Self {
        debug_assert!(at + 8 <= from.len());
        // SAFETY: the caller's promise; the load asks for no alignment.
        Self(unsafe { _mm_loadu_si128(from.as_ptr().add(at).cast()) })
    }
    /// Writes eight from `at` on.
    ///
    /// # Safety
    /// `at + 8` is at most the length of `to`.
    #[inline(always)]
    pub(crate) unsafe fn store(self, to: &mut [u16], at: usize) {
        debug_assert!(at + 8 <= to.len());
        // SAFETY: the caller's promise; the store asks for no alignment.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().add(at).cast(), self.0) };
    }
    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm_or_si128(self.0, other.0) })
    }
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm_sub_epi16(self.0, _mm_subs_epu16(self.0, other.0)) })
    }
    #[inline(always)]
    pub(crate) fn first(self) -> u16 {
        // SAFETY: as above.
        unsafe { _mm_cvtsi128_si32(self.0) as u16 }
    }
    #[inline(always)]
    pub(crate) fn last(self) -> u16 {
        // SAFETY: as above.
        unsafe { _mm_extract_epi16::<7>(self.0) as u16 }
    }
    /// All ones in the lanes that hold 0.
    #[inline(always)]
    pub(crate) fn zeros(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm_cmpeq_epi16(self.0, _mm_setzero_si128()) })
    }
    /// All ones in the lanes that `bits` names.
    #[inline(always)]
    pub(crate) fn mask(bits: u8) -> Self {
        // SAFETY: as above.
        unsafe {
            let each = _mm_set_epi16(128, 64, 32, 16, 8, 4, 2, 1);
            Self(_mm_cmpeq_epi16(_mm_and_si128(_mm_set1_epi16(i16::from(bits)), each), each))
        }
    }
    /// Lanes moved up by one, two, four; all ones come in.
    #[inline(always)]
    pub(crate) fn up<const BY: i32>(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let ones = _mm_set1_epi16(-1);
            Self(match BY {
                1 => _mm_or_si128(_mm_slli_si128::<2>(self.0), _mm_srli_si128::<14>(ones)),
                2 => _mm_or_si128(_mm_slli_si128::<4>(self.0), _mm_srli_si128::<12>(ones)),
                _ => _mm_or_si128(_mm_slli_si128::<8>(self.0), _mm_srli_si128::<8>(ones)),
            })
        }
    }
    /// Lanes moved down by one, two, four; all ones come in.
    #[inline(always)]
    pub(crate) fn down<const BY: i32>(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let ones = _mm_set1_epi16(-1);
            Self(match BY {
                1 => _mm_or_si128(_mm_srli_si128::<2>(self.0), _mm_slli_si128::<14>(ones)),
                2 => _mm_or_si128(_mm_srli_si128::<4>(self.0), _mm_slli_si128::<12>(ones)),
                _ => _mm_or_si128(_mm_srli_si128::<8>(self.0), _mm_slli_si128::<8>(ones)),
            })
        }
    }
    /// The least lane.
    #[inline(always)]
    pub(crate) fn lowest(self) -> u16 {
        // SAFETY: as above. SSE2 knows the least with signs: turn them over, and back.
        unsafe {
            let mut v = _mm_xor_si128(self.0, _mm_set1_epi16(i16::MIN));
            v = _mm_min_epi16(v, _mm_srli_si128::<8>(v));
            v = _mm_min_epi16(v, _mm_srli_si128::<4>(v));
            v = _mm_min_epi16(v, _mm_srli_si128::<2>(v));
            (_mm_cvtsi128_si32(v) as u16) ^ 0x8000
        }
    }
    /// All ones in the lanes that are not less than the other's.
    #[inline(always)]
    pub(crate) fn not_below(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm_cmpeq_epi16(_mm_subs_epu16(other.0, self.0), _mm_setzero_si128()) })
    }
    /// A bit for every lane whose highest bit is not set.
    #[inline(always)]
    pub(crate) fn clear_bits(self) -> u32 {
        // SAFETY: as above.
        unsafe { (_mm_movemask_epi8(_mm_packs_epi16(self.0, self.0)) as u32 & 255) ^ 255 }
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
    /// Writes four from `at` on.
    ///
    /// # Safety
    /// `at + 4` is at most the length of `to`.
    #[inline(always)]
    pub(crate) unsafe fn store(self, to: &mut [u32], at: usize) {
        debug_assert!(at + 4 <= to.len());
        // SAFETY: the caller's promise; the store asks for no alignment.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().add(at).cast(), self.0) };
    }
    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm_or_si128(self.0, other.0) })
    }
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            let less = self.less(other);
            Self(_mm_or_si128(_mm_and_si128(less, self.0), _mm_andnot_si128(less, other.0)))
        }
    }
    /// All ones in the lanes that hold 0.
    #[inline(always)]
    pub(crate) fn zeros(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm_cmpeq_epi32(self.0, _mm_setzero_si128()) })
    }
    /// All ones in the lanes that the lowest of `bits` name.
    #[inline(always)]
    pub(crate) fn mask(bits: u8) -> Self {
        // SAFETY: as above.
        unsafe {
            let each = _mm_set_epi32(8, 4, 2, 1);
            Self(_mm_cmpeq_epi32(_mm_and_si128(_mm_set1_epi32(i32::from(bits)), each), each))
        }
    }
    /// The lanes of `low` and then `self`, from the last but `BY` of `low` on: one or two.
    #[inline(always)]
    pub(crate) fn after<const BY: i32>(self, low: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            Self(match BY {
                1 => _mm_or_si128(_mm_slli_si128::<4>(self.0), _mm_srli_si128::<12>(low.0)),
                _ => _mm_or_si128(_mm_slli_si128::<8>(self.0), _mm_srli_si128::<8>(low.0)),
            })
        }
    }
    /// The lanes of `self` and then `high`, from lane `BY` on: one or two.
    #[inline(always)]
    pub(crate) fn before<const BY: i32>(self, high: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            Self(match BY {
                1 => _mm_or_si128(_mm_srli_si128::<4>(self.0), _mm_slli_si128::<12>(high.0)),
                _ => _mm_or_si128(_mm_srli_si128::<8>(self.0), _mm_slli_si128::<8>(high.0)),
            })
        }
    }
    /// All ones in the lanes that are not less than the other's.
    #[inline(always)]
    pub(crate) fn not_below(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm_xor_si128(self.less(other), _mm_set1_epi32(-1)) })
    }
    /// A bit for every lane whose highest bit is not set.
    #[inline(always)]
    pub(crate) fn clear_bits(self) -> u32 {
        // SAFETY: as above.
        unsafe { _mm_movemask_ps(_mm_castsi128_ps(self.0)) as u32 ^ 15 }
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
}
