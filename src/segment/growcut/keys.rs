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
    /// Eight keys.
    type Wide: Wide<Self>;
    /// Eight weights, from differences of levels and costs of length.
    fn weights<F: Form<Self>>(form: &F, differences: Eight, costs: Self::Wide) -> Self::Wide;
    /// Addition that stops at [`Key::MAX`].
    fn plus(self, other: Self) -> Self;
    /// A level difference shifted up; short keys take it as it is.
    fn of_difference(difference: u16, shift: u32) -> Self;
    /// The lower bits of a number.
    fn of(value: u64) -> Self;
    /// The number.
    fn get(self) -> u64;
}

/// Eight keys, lane by lane.
pub(crate) trait Wide<K>: Copy + Send + Sync {
    /// Eight from `at` on.
    ///
    /// # Safety
    /// `at + 8` is at most the length of `from`.
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn load(from: &[K], at: usize) -> Self;
    /// Four from `a` on and four from `b` on.
    ///
    /// # Safety
    /// `a + 4` and `b + 4` are at most the length of `from`.
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn two(from: &[K], a: usize, b: usize) -> Self;
    /// Writes eight from `at` on.
    ///
    /// # Safety
    /// `at + 8` is at most the length of `to`.
    #[allow(unsafe_code, reason = "see `lanes`")]
    unsafe fn store(self, to: &mut [K], at: usize);
    /// Eight keys.
    fn of(keys: [K; 8]) -> Self;
    /// The same in every lane.
    fn all(key: K) -> Self;
    /// All ones in the lanes that `bits` names.
    fn mask(bits: u8) -> Self;
    /// All ones in the lanes that hold 0.
    fn zeros(self) -> Self;
    fn or(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    /// Addition that stops at all ones.
    fn plus(self, other: Self) -> Self;
    /// Lanes moved up by one, two, four; all ones come in.
    fn up<const BY: i32>(self) -> Self;
    /// Lanes moved down by one, two, four; all ones come in.
    fn down<const BY: i32>(self) -> Self;
    /// All ones in the lanes that are not less than the other's.
    fn not_below(self, other: Self) -> Self;
    /// A bit for every lane whose highest bit is not set.
    fn clear_bits(self) -> u32;
    /// The least lane.
    fn lowest(self) -> K;
    /// The first lane.
    fn first(self) -> K;
    /// The last lane.
    fn last(self) -> K;
    /// A bit for every lane that is below a key.
    #[inline(always)]
    fn below(self, than: K) -> u8 {
        self.not_below(Self::all(than)).clear_bits() as u8
    }
    /// The least of the lanes that `bits` names; unreached where it names none.
    #[inline(always)]
    fn least(self, bits: u8) -> K {
        self.or(Self::mask(!bits)).lowest()
    }
}

#[allow(unsafe_code, reason = "see `lanes`")]
impl Wide<u16> for Eight {
    #[inline(always)]
    unsafe fn load(from: &[u16], at: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::load(from, at) }
    }
    #[inline(always)]
    unsafe fn two(from: &[u16], a: usize, b: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::two(from, a, b) }
    }
    #[inline(always)]
    fn of(keys: [u16; 8]) -> Self {
        Self::of(keys)
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [u16], at: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.store(to, at) }
    }
    #[inline(always)]
    fn all(key: u16) -> Self {
        Self::all(key)
    }
    #[inline(always)]
    fn mask(bits: u8) -> Self {
        Self::mask(bits)
    }
    #[inline(always)]
    fn zeros(self) -> Self {
        self.zeros()
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.or(other)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.min(other)
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.plus(other)
    }
    #[inline(always)]
    fn up<const BY: i32>(self) -> Self {
        self.up::<BY>()
    }
    #[inline(always)]
    fn down<const BY: i32>(self) -> Self {
        self.down::<BY>()
    }
    #[inline(always)]
    fn not_below(self, other: Self) -> Self {
        self.not_below(other)
    }
    #[inline(always)]
    fn clear_bits(self) -> u32 {
        self.clear_bits()
    }
    #[inline(always)]
    fn lowest(self) -> u16 {
        self.lowest()
    }
    #[inline(always)]
    fn first(self) -> u16 {
        self.first()
    }
    #[inline(always)]
    fn last(self) -> u16 {
        self.last()
    }
}

/// Eight long keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twice(Four, Four);

#[allow(unsafe_code, reason = "see `lanes`")]
impl Wide<u32> for Twice {
    #[inline(always)]
    unsafe fn load(from: &[u32], at: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self(Four::one(from, at), Four::one(from, at + 4)) }
    }
    #[inline(always)]
    unsafe fn two(from: &[u32], a: usize, b: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self(Four::one(from, a), Four::one(from, b)) }
    }
    #[inline(always)]
    fn of([a, b, c, d, e, f, g, h]: [u32; 8]) -> Self {
        Self(Four::of([a, b, c, d]), Four::of([e, f, g, h]))
    }
    #[inline(always)]
    unsafe fn store(self, to: &mut [u32], at: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            self.0.store(to, at);
            self.1.store(to, at + 4);
        }
    }
    #[inline(always)]
    fn all(key: u32) -> Self {
        Self(Four::all(key), Four::all(key))
    }
    #[inline(always)]
    fn mask(bits: u8) -> Self {
        Self(Four::mask(bits), Four::mask(bits >> 4))
    }
    #[inline(always)]
    fn zeros(self) -> Self {
        Self(self.0.zeros(), self.1.zeros())
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0), self.1.or(other.1))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.min(other.1))
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(self.0.plus(other.0), self.1.plus(other.1))
    }
    #[inline(always)]
    fn up<const BY: i32>(self) -> Self {
        let ones = Four::all(u32::MAX);
        match BY {
            4 => Self(ones, self.0),
            _ => Self(self.0.after::<BY>(ones), self.1.after::<BY>(self.0)),
        }
    }
    #[inline(always)]
    fn down<const BY: i32>(self) -> Self {
        let ones = Four::all(u32::MAX);
        match BY {
            4 => Self(self.1, ones),
            _ => Self(self.0.before::<BY>(self.1), self.1.before::<BY>(ones)),
        }
    }
    #[inline(always)]
    fn not_below(self, other: Self) -> Self {
        Self(self.0.not_below(other.0), self.1.not_below(other.1))
    }
    #[inline(always)]
    fn clear_bits(self) -> u32 {
        self.0.clear_bits() | self.1.clear_bits() << 4
    }
    #[inline(always)]
    fn lowest(self) -> u32 {
        let [a, b, c, d] = self.0.min(self.1).array();
        a.min(b).min(c.min(d))
    }
    #[inline(always)]
    fn first(self) -> u32 {
        let [first, ..] = self.0.array();
        first
    }
    #[inline(always)]
    fn last(self) -> u32 {
        let [.., last] = self.1.array();
        last
    }
}

impl Key for u16 {
    const MAX: Self = Self::MAX;
    const BITS: u32 = 16;
    type Wide = Eight;
    #[inline(always)]
    fn weights<F: Form<Self>>(form: &F, differences: Eight, costs: Eight) -> Eight {
        form.eight(differences, costs)
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
    #[inline(always)]
    fn of_difference(difference: u16, _shift: u32) -> Self {
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
    type Wide = Twice;
    #[inline(always)]
    fn weights<F: Form<Self>>(form: &F, differences: Eight, costs: Twice) -> Twice {
        let [low, high] = differences.halves();
        Twice(form.four(low, costs.0), form.four(high, costs.1))
    }
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
    fn of(value: u64) -> Self {
        value as Self
    }
    #[inline(always)]
    fn get(self) -> u64 {
        u64::from(self)
    }
}
