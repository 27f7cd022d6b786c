//! What changed in a label map, run-length coded.
//!
//! In: places and their labels before and after, in the order of the changes. Out: runs of voxels that
//! changed alike; the same as bytes, a few a run, for history and journal; and the box they lie in. A
//! difference is applied forwards or backwards, and refuses labels that it does not fit.

use super::error::Error;
use super::growcut::Box3;

/// Voxels side by side in scan order that changed alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first, in scan order.
    pub start: u32,
    /// How many.
    pub len: u32,
    /// Their label before.
    pub before: u8,
    /// Their label after.
    pub after: u8,
}

/// Runs in the making, in order of the changes: a voxel may occur more than once.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    runs: Vec<Run>,
    /// Runs before this one are told already and take no more voxels.
    told: usize,
}

impl Recorder {
    /// Notes that a voxel changed.
    pub fn note(&mut self, at: u32, before: u8, after: u8) {
        self.note_run(Run { start: at, len: 1, before, after });
    }

    /// Notes that voxels side by side changed alike.
    pub fn note_run(&mut self, run: Run) {
        if self.runs.len() > self.told
            && let Some(last) = self.runs.last_mut()
            && last.before == run.before
            && last.after == run.after
            && last.start.checked_add(last.len) == Some(run.start)
        {
            last.len += run.len;
            return;
        }
        self.runs.push(run);
    }

    /// The box of what was noted since this was asked last; `None` where nothing was.
    pub fn take_extent(&mut self, dims: [usize; 3]) -> Option<Box3> {
        let found = extent(self.runs.get(self.told..).unwrap_or_default(), dims);
        self.told = self.runs.len();
        found
    }

    /// Whether nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// What was noted.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The difference that was noted.
    #[must_use]
    pub fn finish(self) -> Difference {
        Difference::of(&self.runs)
    }
}

/// Runs as bytes: for each the distance from the end of the one before (zigzag), its length, both as
/// little-endian base 128, then the labels before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    bytes: Vec<u8>,
}

impl Difference {
    /// Codes runs.
    #[must_use]
    pub fn of(runs: &[Run]) -> Self {
        let mut bytes = Vec::with_capacity(runs.len() * 5);
        let mut end = 0_i64;
        for run in runs {
            let gap = i64::from(run.start) - end;
            put(&mut bytes, ((gap << 1) ^ (gap >> 63)) as u64);
            put(&mut bytes, u64::from(run.len));
            bytes.extend_from_slice(&[run.before, run.after]);
            end = i64::from(run.start) + i64::from(run.len);
        }
        bytes.shrink_to_fit();
        Self { bytes }
    }

    /// What turns one map into another of the same length.
    #[must_use]
    pub fn between(before: &[u8], after: &[u8]) -> Self {
        let mut recorder = Recorder::default();
        // Most of a map is the same: look at blocks first.
        for (block, (b, a)) in before.chunks(64).zip(after.chunks(64)).enumerate() {
            if b != a {
                for (i, (b, a)) in b.iter().zip(a).enumerate().filter(|(_, (b, a))| b != a) {
                    recorder.note((block * 64 + i) as u32, *b, *a);
                }
            }
        }
        recorder.finish()
    }

    /// What turns a map without labels into another.
    #[must_use]
    pub fn from_nothing(after: &[u8]) -> Self {
        let mut recorder = Recorder::default();
        let mut at = 0;
        while let Some(label) = after.get(at).copied() {
            let rest = after.get(at..).unwrap_or_default();
            let len = rest.iter().position(|v| *v != label).unwrap_or(rest.len());
            if label != 0 {
                recorder.note_run(Run { start: at as u32, len: len as u32, before: 0, after: label });
            }
            at += len;
        }
        recorder.finish()
    }

    /// Takes bytes that [`Difference::bytes`] gave.
    ///
    /// # Errors
    /// [`Error::Difference`] where they are no runs.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let made = Self { bytes: bytes.to_vec() };
        made.runs()?;
        Ok(made)
    }

    /// The coded bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The runs, in the order of the changes.
    ///
    /// # Errors
    /// [`Error::Difference`] where the bytes are no runs.
    pub fn runs(&self) -> Result<Vec<Run>, Error> {
        let mut runs = Vec::new();
        let mut rest = self.bytes.as_slice();
        let mut end = 0_i64;
        while !rest.is_empty() {
            let gap = take(&mut rest).ok_or(Error::Difference)?;
            let len = take(&mut rest).ok_or(Error::Difference)?;
            let gap = (gap >> 1) as i64 ^ -((gap & 1) as i64);
            let start = end.checked_add(gap).and_then(|s| u32::try_from(s).ok()).ok_or(Error::Difference)?;
            let len = u32::try_from(len).ok().filter(|l| *l > 0).ok_or(Error::Difference)?;
            let (Some((&before, tail)), true) = (rest.split_first(), rest.len() >= 2) else {
                return Err(Error::Difference);
            };
            let Some((&after, tail)) = tail.split_first() else { return Err(Error::Difference) };
            rest = tail;
            start.checked_add(len).ok_or(Error::Difference)?;
            runs.push(Run { start, len, before, after });
            end = i64::from(start) + i64::from(len);
        }
        Ok(runs)
    }
}

/// The box of runs; rows that a run goes beyond count whole.
#[must_use]
pub fn extent(runs: &[Run], dims: [usize; 3]) -> Option<Box3> {
    let [nx, ny, _] = dims.map(|d| d.max(1));
    let mut found: Option<Box3> = None;
    for run in runs {
        let (first, last) = (run.start as usize, run.start as usize + run.len as usize - 1);
        let place = |at: usize| [at % nx, at / nx % ny, at / (nx * ny)];
        let (a, b) = (place(first), place(last));
        let (x, y) = if a[2] != b[2] {
            ([0, nx], [0, ny])
        } else if a[1] != b[1] {
            ([0, nx], [a[1], b[1] + 1])
        } else {
            ([a[0], b[0] + 1], [a[1], a[1] + 1])
        };
        let here = Box3 { low: [x[0], y[0], a[2]], high: [x[1], y[1], b[2] + 1] };
        found = Some(found.map_or(here, |f| f.or(&here)));
    }
    found
}

/// Writes a number as little-endian base 128.
pub(crate) fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads a number of little-endian base 128.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_come_back_from_bytes(runs in prop::collection::vec((0..5_000_000_u32, 1..100_000_u32, 0..=255_u8, 0..=255_u8), 0..40)) {
            let runs: Vec<Run> =
                runs.into_iter().map(|(start, len, before, after)| Run { start, len, before, after }).collect();
            let coded = Difference::of(&runs);
            prop_assert_eq!(coded.runs().unwrap(), runs);
            // Cut anywhere, it is runs or refused, and never a panic.
            for cut in 0..coded.bytes().len() {
                let _ = Difference::from_bytes(&coded.bytes()[..cut]);
            }
        }

        #[test]
        fn what_changed_between_two_maps_turns_one_into_the_other(
            maps in prop::collection::vec((0..3_u8, 0..3_u8), 0..700),
        ) {
            let (before, after): (Vec<u8>, Vec<u8>) = maps.into_iter().unzip();
            let turn = |mut map: Vec<u8>, by: &Difference| {
                for run in by.runs().unwrap() {
                    let row = &mut map[run.start as usize..(run.start + run.len) as usize];
                    assert!(row.iter().all(|v| *v == run.before));
                    row.fill(run.after);
                }
                map
            };
            prop_assert_eq!(&turn(before.clone(), &Difference::between(&before, &after)), &after);
            prop_assert_eq!(turn(vec![0; after.len()], &Difference::from_nothing(&after)), after);
        }

        #[test]
        fn bytes_of_any_kind_are_runs_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Difference::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_box_covers_runs_within_a_row_a_plane_and_beyond() {
        let run = |start, len| Run { start, len, before: 0, after: 1 };
        let of = |start, len| extent(&[run(start, len)], [4, 3, 2]).unwrap();
        assert_eq!(of(5, 2), Box3 { low: [1, 1, 0], high: [3, 2, 1] });
        assert_eq!(of(3, 2), Box3 { low: [0, 0, 0], high: [4, 2, 1] });
        assert_eq!(of(11, 2), Box3 { low: [0, 0, 0], high: [4, 3, 2] });
        assert_eq!(extent(&[], [4, 3, 2]), None);
    }
}
