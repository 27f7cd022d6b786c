//! The twin by arrays: elsewhere it is what runs, and where there is SIMD, tests hold the two equal.
//!
//! In and out: vectors, as arrays. Loads and stores are checked.

/// Eight numbers of 16 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eight([u16; 8]);
/// Four numbers of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Four([u32; 4]);

fn zip<T: Copy, const N: usize>(a: [T; N], b: [T; N], with: impl Fn(T, T) -> T) -> [T; N] {
    std::array::from_fn(|i| with(a[i], b[i]))
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
    /// Eight from `at` on.
    ///
    /// # Safety
    /// None is needed: the twin's loads are checked.
    pub(crate) unsafe fn load(from: &[u16], at: usize) -> Self {
        Self(std::array::from_fn(|i| from[at + i]))
    }
    /// Writes eight from `at` on.
    ///
    /// # Safety
    /// None is needed: the twin's stores are checked.
    pub(crate) unsafe fn store(self, to: &mut [u16], at: usize) {
        to[at..at + 8].copy_from_slice(&self.0);
    }
    pub(crate) fn or(self, other: Self) -> Self {
        Self(zip(self.0, other.0, |a, b| a | b))
    }
    pub(crate) fn min(self, other: Self) -> Self {
        Self(zip(self.0, other.0, u16::min))
    }
    pub(crate) fn first(self) -> u16 {
        self.0[0]
    }
    pub(crate) fn last(self) -> u16 {
        self.0[7]
    }
    /// All ones in the lanes that hold 0.
    pub(crate) fn zeros(self) -> Self {
        Self(self.0.map(|v| if v == 0 { u16::MAX } else { 0 }))
    }
    /// All ones in the lanes that `bits` names.
    pub(crate) fn mask(bits: u8) -> Self {
        Self(std::array::from_fn(|i| if bits >> i & 1 != 0 { u16::MAX } else { 0 }))
    }
    /// Lanes moved up by one, two, four; all ones come in.
    pub(crate) fn up<const BY: i32>(self) -> Self {
        let by = BY as usize;
        Self(std::array::from_fn(|i| if i < by { u16::MAX } else { self.0[i - by] }))
    }
    /// Lanes moved down by one, two, four; all ones come in.
    pub(crate) fn down<const BY: i32>(self) -> Self {
        let by = BY as usize;
        Self(std::array::from_fn(|i| self.0.get(i + by).copied().unwrap_or(u16::MAX)))
    }
    /// The least lane.
    pub(crate) fn lowest(self) -> u16 {
        self.0.into_iter().min().unwrap_or(u16::MAX)
    }
    /// All ones in the lanes that are not less than the other's.
    pub(crate) fn not_below(self, other: Self) -> Self {
        Self(zip(self.0, other.0, |a, b| if a < b { 0 } else { u16::MAX }))
    }
    /// A bit for every lane whose highest bit is not set.
    pub(crate) fn clear_bits(self) -> u32 {
        (0..8).map(|i| u32::from(self.0[i] >> 15 == 0) << i).sum()
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
    /// Writes four from `at` on.
    ///
    /// # Safety
    /// None is needed: the twin's stores are checked.
    pub(crate) unsafe fn store(self, to: &mut [u32], at: usize) {
        to[at..at + 4].copy_from_slice(&self.0);
    }
    pub(crate) fn or(self, other: Self) -> Self {
        Self(zip(self.0, other.0, |a, b| a | b))
    }
    pub(crate) fn min(self, other: Self) -> Self {
        Self(zip(self.0, other.0, u32::min))
    }
    /// All ones in the lanes that hold 0.
    pub(crate) fn zeros(self) -> Self {
        Self(self.0.map(|v| if v == 0 { u32::MAX } else { 0 }))
    }
    /// All ones in the lanes that the lowest of `bits` name.
    pub(crate) fn mask(bits: u8) -> Self {
        Self(std::array::from_fn(|i| if bits >> i & 1 != 0 { u32::MAX } else { 0 }))
    }
    /// The lanes of `low` and then `self`, from the last but `BY` of `low` on: one or two.
    pub(crate) fn after<const BY: i32>(self, low: Self) -> Self {
        let by = BY as usize;
        Self(std::array::from_fn(|i| if i < by { low.0[4 + i - by] } else { self.0[i - by] }))
    }
    /// The lanes of `self` and then `high`, from lane `BY` on: one or two.
    pub(crate) fn before<const BY: i32>(self, high: Self) -> Self {
        let by = BY as usize;
        Self(std::array::from_fn(|i| if i + by < 4 { self.0[i + by] } else { high.0[i + by - 4] }))
    }
    /// All ones in the lanes that are not less than the other's.
    pub(crate) fn not_below(self, other: Self) -> Self {
        Self(zip(self.0, other.0, |a, b| if a < b { 0 } else { u32::MAX }))
    }
    /// A bit for every lane whose highest bit is not set.
    pub(crate) fn clear_bits(self) -> u32 {
        (0..4).map(|i| u32::from(self.0[i] >> 31 == 0) << i).sum()
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
}
