//! Where distances do not fit short keys: a look for what stayed out of reach, and longer keys.
//!
//! In: a field at rest. Out: the same, or long keys with work left to do. And what an edge costs, in numbers
//! that no key bounds.

use super::keys::Key as _;
use super::wave::Field;
use super::weights::Shape;
use super::{Box3, Error, GrowCut, Keys, with_field};

/// A look for distances that did not fit, under way.
#[derive(Debug)]
pub(super) struct Look {
    within: Box3,
    /// Rows that have been looked at.
    row: usize,
    found: Vec<usize>,
    /// Whether anything is out of reach, be it for good.
    unreached: bool,
}

impl GrowCut {
    /// At rest: looks for distances that did not fit, up to a budget, and goes on with long keys if there are
    /// any. Returns how many voxels were looked at; `None` where everything fits.
    pub(super) fn widen(&mut self, budget: u64) -> Result<Option<u64>, Error> {
        let mut look = match self.look.take() {
            Some(look) => look,
            None => Look { within: self.unsure(), row: 0, found: Vec::new(), unreached: false },
        };
        let [_, high, deep] = look.within.size();
        let mut spent = 0;
        while look.row < high * deep {
            if spent >= budget {
                self.look = Some(look);
                return Ok(Some(spent));
            }
            let at = [
                look.within.low[0],
                look.within.low[1] + look.row % high,
                look.within.low[2] + look.row / high,
            ];
            look.unreached |= self.beyond(at, look.within.size()[0], &mut look.found);
            look.row += 1;
            spent += 1 + look.within.size()[0] as u64 / 64;
        }
        if look.found.is_empty() {
            self.checked = !look.unreached;
            return Ok(None);
        }
        let Keys::Short(field) = &self.keys else {
            return Err(Error::TooWide(32 - self.weights.bits));
        };
        let full = self.weights.full::<u16>();
        let mut wide = Field::new(self.layout, field.slabs(), self.weights.pass());
        for (wide, key) in wide.keys.iter_mut().zip(&field.keys) {
            *wide = if key.get() >> self.weights.bits >= full { u32::MAX } else { u32::from(*key) };
        }
        wide.changed = field.changed;
        for at in look.found {
            wide.empty(at);
        }
        self.keys = Keys::Long(wide);
        Ok(Some(spent.max(1)))
    }

    /// Where something may be out of reach: where all was within it, only where keys were taken away since.
    fn unsure(&self) -> Box3 {
        let mut within = Box3::whole(self.layout.size);
        if self.checked {
            let Some(rows) = with_field!(&self.keys, field => field.emptied) else {
                return Box3 { high: within.low, ..within };
            };
            for axis in 1..3 {
                within.low[axis] = rows.low[axis - 1].saturating_sub(1);
                within.high[axis] = (rows.high[axis - 1] - 1).min(self.layout.size[axis]);
            }
        }
        within
    }

    /// Finds unreached voxels of a row beside reached ones, over an edge that can be crossed. Returns whether
    /// any is unreached.
    fn beyond(&self, from: [usize; 3], width: usize, found: &mut Vec<usize>) -> bool {
        let layout = &self.layout;
        let weights = &self.weights;
        let from = layout.at(from);
        with_field!(&self.keys, field => {
            let full = weights.full_of(&field.keys);
            let row = field.keys.get(from..from + width).unwrap_or_default();
            // Nearly every row is reached as a whole.
            let most = row.iter().fold(Default::default(), |most, key| (*key).max(most));
            if most.get() >> weights.bits < full {
                return false;
            }
            for (x, _) in row.iter().enumerate().filter(|(_, key)| key.get() >> weights.bits >= full) {
                let at = from + x;
                let reachable = (0..27).filter(|d| weights.steps[*d].is_some()).any(|d| {
                    let step = layout.step([d as i32 % 3 - 1, d as i32 / 3 % 3 - 1, d as i32 / 9 - 1]);
                    let beside = (at as isize + step) as usize;
                    field.keys.get(beside).is_some_and(|k| k.get() != 0 && k.get() >> weights.bits < full)
                        && self.cost(at, beside, d).is_some()
                });
                if reachable {
                    found.push(at);
                }
            }
            true
        })
    }

    /// What an edge costs, in units of distance; `None` where it can't be crossed.
    pub(super) fn cost(&self, a: usize, b: usize, direction: usize) -> Option<u64> {
        let difference = self.levels.iter().map(|l| l[a].abs_diff(l[b])).fold(0_u16, u16::saturating_add);
        self.cost_of(difference, direction)
    }

    pub(super) fn cost_of(&self, difference: u16, direction: usize) -> Option<u64> {
        let step = self.weights.steps[direction]?;
        let difference = u64::from(difference);
        match self.weights.shape {
            Shape::Floor => Some((difference * self.weights.per_level / self.by()).max(1)),
            Shape::Sum => Some(difference * self.weights.per_level / self.by() + step),
            Shape::Table => {
                let cost = *self.weights.table.get(difference as usize)?;
                (cost < u64::from(u32::MAX)).then_some(cost + step)
            }
        }
    }

    /// What stored levels are multiplied by, beyond distance units.
    fn by(&self) -> u64 {
        self.weights.stored
    }
}
