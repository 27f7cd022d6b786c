//! Exact Euclidean distances on an anisotropic grid.
//!
//! In: which voxels are meant, the spacing in mm. Out: for every voxel the squared distance of its centre to
//! the nearest of theirs, by lower envelopes of parabolas (Felzenszwalb and Huttenlocher, 2012), one axis
//! after the other. Axes count as perpendicular.

use super::work::Passes;

/// Distances in the making.
#[derive(Clone, Debug)]
pub struct Distance {
    spacing: [f64; 3],
    values: Vec<f32>,
    passes: Passes,
    /// The line at hand, the vertices of its envelope and where each begins to be the lowest.
    line: Vec<f64>,
    vertices: Vec<usize>,
    bounds: Vec<f64>,
}

impl Distance {
    /// Of a box of voxels: 0 where they are meant.
    #[must_use]
    pub fn new(size: [usize; 3], spacing: [f64; 3], meant: impl Iterator<Item = bool>) -> Self {
        let values = meant.map(|m| if m { 0.0 } else { f32::INFINITY }).collect();
        Self {
            spacing,
            values,
            passes: Passes::new(size),
            line: Vec::new(),
            vertices: Vec::new(),
            bounds: Vec::new(),
        }
    }

    /// Goes on for some voxels; `true` when done.
    pub fn step(&mut self, budget: u64) -> bool {
        let mut left = budget.max(1);
        while left > 0 {
            let Some((axis, line)) = self.passes.next() else { return true };
            left = left.saturating_sub(line.len as u64);
            self.line.clear();
            self.line.extend(line.places().filter_map(|at| self.values.get(at)).map(|v| f64::from(*v)));
            if self.line.iter().all(|v| *v == 0.0) || self.line.iter().all(|v| v.is_infinite()) {
                continue;
            }
            self.envelope(self.spacing[axis]);
            let mut k = 0;
            for (i, at) in line.places().enumerate() {
                while self.bounds.get(k + 1).is_some_and(|b| *b < i as f64) {
                    k += 1;
                }
                let (Some(vertex), Some(place)) = (self.vertices.get(k), self.values.get_mut(at)) else {
                    continue;
                };
                let far = (i as f64 - *vertex as f64) * self.spacing[axis];
                *place = (far * far + self.line.get(*vertex).copied().unwrap_or(f64::INFINITY)) as f32;
            }
        }
        false
    }

    /// The lower envelope of the parabolas over the line.
    fn envelope(&mut self, mm: f64) {
        self.vertices.clear();
        self.bounds.clear();
        let square = mm * mm;
        for (i, value) in self.line.iter().enumerate().filter(|(_, v)| v.is_finite()) {
            let x = i as f64;
            loop {
                let Some(last) = self.vertices.last().copied() else {
                    self.bounds.push(f64::NEG_INFINITY);
                    break;
                };
                let (y, height) = (last as f64, self.line.get(last).copied().unwrap_or(0.0));
                let meet = ((value / square + x * x) - (height / square + y * y)) / (2.0 * (x - y));
                if self.bounds.last().is_some_and(|b| meet <= *b) {
                    self.vertices.pop();
                    self.bounds.pop();
                } else {
                    self.bounds.push(meet);
                    break;
                }
            }
            self.vertices.push(i);
        }
    }

    /// How far it is, 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.passes.fraction()
    }

    /// Squared distances, mm²; infinite where nothing is meant.
    #[must_use]
    pub fn squares(&self) -> &[f32] {
        &self.values
    }

    /// Whether a voxel lies within some mm.
    #[must_use]
    pub fn within(&self, at: usize, mm: f64) -> bool {
        self.values.get(at).is_some_and(|v| f64::from(*v) <= mm * mm * (1.0 + 1e-5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn distances_are_the_least_of_all(
            dims in (1..9_usize, 1..9_usize, 1..7_usize),
            spacing in (0.3..2.0_f64, 0.3..2.0_f64, 0.5..5.0_f64),
            marks in prop::collection::vec(0..6_u8, 9 * 9 * 7),
            budget in 1..200_u64,
        ) {
            let size = [dims.0, dims.1, dims.2];
            let mm = [spacing.0, spacing.1, spacing.2];
            let n: usize = size.iter().product();
            let meant: Vec<bool> = marks[..n].iter().map(|m| *m == 0).collect();
            let mut distance = Distance::new(size, mm, meant.iter().copied());
            while !distance.step(budget) {}
            let place = |at: usize| [at % size[0], at / size[0] % size[1], at / (size[0] * size[1])];
            for at in 0..n {
                let truth = (0..n).filter(|o| meant[*o]).map(|o| {
                    let (a, b) = (place(at), place(o));
                    (0..3).map(|i| ((a[i] as f64 - b[i] as f64) * mm[i]).powi(2)).sum::<f64>()
                }).fold(f64::INFINITY, f64::min);
                let found = f64::from(distance.squares()[at]);
                prop_assert!(found == truth || (found - truth).abs() <= 1e-5 * truth.max(1e-3), "{} for {}", found, truth);
            }
        }
    }
}
