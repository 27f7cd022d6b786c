//! Where distances do not fit short keys: a look for what stayed out of reach, and longer keys.
//!
//! In: a field at rest. Out: the same, or long keys with work left to do. And what an edge costs, in numbers
//! that no key bounds.

use super::keys::Key as _;
use super::wave::Field;
use super::weights::Shape;
use super::{Box3, Error, GrowCut, Keys, with_field};

impl GrowCut {
    /// At rest with short keys: goes on with long ones if a distance did not fit.
    pub(super) fn widen(&mut self) -> Result<bool, Error> {
        let beyond = self.beyond();
        if beyond.is_empty() {
            return Ok(false);
        }
        let Keys::Short(field) = &self.keys else {
            return Err(Error::TooWide(32 - self.weights.bits));
        };
        let full = self.weights.full::<u16>();
        let mut wide = Field::new(self.layout, field.slabs(), self.weights.pass());
        for (wide, key) in wide.keys.iter_mut().zip(&field.keys) {
            *wide = if key.get() >> self.weights.bits >= full { u32::MAX } else { u32::from(*key) };
        }
        for at in beyond {
            wide.empty(at);
        }
        self.keys = Keys::Long(wide);
        Ok(true)
    }

    /// Unreached voxels beside reached ones, over an edge that can be crossed.
    fn beyond(&self) -> Vec<usize> {
        let layout = &self.layout;
        let mut within = Box3::whole(layout.size);
        // After the first rest only what was taken away can be out of reach anew.
        if self.checked {
            let Some(rows) = with_field!(&self.keys, field => field.emptied) else { return Vec::new() };
            for axis in 1..3 {
                within.low[axis] = rows.low[axis - 1].saturating_sub(1);
                within.high[axis] = (rows.high[axis - 1] - 1).min(layout.size[axis]);
            }
        }
        let weights = &self.weights;
        let mut found = Vec::new();
        let steps: Vec<(usize, isize)> = (0..27)
            .filter(|d| weights.steps[*d].is_some())
            .map(|d| (d, layout.step([d as i32 % 3 - 1, d as i32 / 3 % 3 - 1, d as i32 / 9 - 1])))
            .collect();
        with_field!(&self.keys, field => {
            let full = weights.full_of(&field.keys);
            for z in within.low[2]..within.high[2] {
                for y in within.low[1]..within.high[1] {
                    let from = layout.at([within.low[0], y, z]);
                    let row = field.keys.get(from..from + within.high[0] - within.low[0]).unwrap_or_default();
                    // Nearly every row is reached as a whole.
                    let most = row.iter().fold(Default::default(), |most, key| (*key).max(most));
                    if most.get() >> weights.bits < full {
                        continue;
                    }
                    for (x, key) in row.iter().enumerate() {
                        let at = from + x;
                        if key.get() >> weights.bits < full {
                            continue;
                        }
                        let reachable = steps.iter().any(|(d, step)| {
                            let beside = (at as isize + step) as usize;
                            field.keys.get(beside).is_some_and(|k| k.get() != 0 && k.get() >> weights.bits < full)
                                && self.cost(at, beside, *d).is_some()
                        });
                        if reachable {
                            found.push(at);
                        }
                    }
                }
            }
        });
        found
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
