//! Islands: connected parts of a label.
//!
//! In: a label map, a label. Out: its parts, connected by faces as in 3D Slicer, the largest first, each as
//! runs of voxels. Rows are taken as runs, so that it costs what the segment's surface does.

/// Voxels side by side in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first, in scan order.
    pub start: usize,
    /// How many.
    pub len: usize,
}

/// A connected part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Island {
    /// Its voxels, in scan order.
    pub stretches: Vec<Stretch>,
    /// How many.
    pub voxels: u64,
}

impl Island {
    /// Whether a voxel is one of its own.
    #[must_use]
    pub fn has(&self, at: usize) -> bool {
        let after = self.stretches.partition_point(|s| s.start <= at);
        after.checked_sub(1).and_then(|i| self.stretches.get(i)).is_some_and(|s| at < s.start + s.len)
    }

    /// Its voxels.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.stretches.iter().flat_map(|s| s.start..s.start + s.len)
    }
}

/// The islands of what is chosen, the largest first; of equal ones the first in scan order.
#[must_use]
pub fn islands(values: &[u8], dims: [usize; 3], is: impl Fn(u8) -> bool) -> Vec<Island> {
    let [nx, ny, _] = dims.map(|d| d.max(1));
    let mut stretches: Vec<Stretch> = Vec::new();
    // Where each row's stretches begin.
    let mut rows = vec![0];
    for (row, line) in values.chunks(nx).enumerate() {
        let mut x = 0;
        while let Some(first) = line.get(x..).and_then(|l| l.iter().position(|v| is(*v))) {
            let start = x + first;
            let len = line[start..].iter().take_while(|v| is(**v)).count();
            stretches.push(Stretch { start: row * nx + start, len });
            x = start + len;
        }
        rows.push(stretches.len());
    }
    let mut parents: Vec<usize> = (0..stretches.len()).collect();
    for row in 0..rows.len() - 1 {
        let own = rows[row]..rows[row + 1];
        let above = (row % ny > 0).then(|| row - 1);
        let before = row.checked_sub(ny);
        for other in [above, before].into_iter().flatten() {
            let down = (row - other) * nx;
            let (mut a, mut b) = (rows[other], own.start);
            while a < rows[other + 1] && b < own.end {
                let (p, q) = (stretches[a], stretches[b]);
                let (p, q) = (p.start + down..p.start + down + p.len, q.start..q.start + q.len);
                if p.start < q.end && q.start < p.end {
                    join(&mut parents, a, b);
                }
                if p.end < q.end { a += 1 } else { b += 1 }
            }
        }
    }
    let mut numbers = vec![usize::MAX; stretches.len()];
    let mut found: Vec<Island> = Vec::new();
    for (i, stretch) in stretches.iter().enumerate() {
        let root = root(&mut parents, i);
        if numbers[root] == usize::MAX {
            numbers[root] = found.len();
            found.push(Island::default());
        }
        let island = &mut found[numbers[root]];
        island.voxels += stretch.len as u64;
        island.stretches.push(*stretch);
    }
    // Stable: equal ones stay in scan order.
    found.sort_by_key(|island| std::cmp::Reverse(island.voxels));
    found
}

fn root(parents: &mut [usize], mut i: usize) -> usize {
    while parents[i] != i {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    i
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    // The earlier one is the root.
    parents[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    /// Flooding, voxel by voxel.
    fn flooded(values: &[u8], [nx, ny, nz]: [usize; 3]) -> Vec<Vec<usize>> {
        let mut seen = vec![false; values.len()];
        let mut all = Vec::new();
        for start in 0..values.len() {
            if seen[start] || values[start] == 0 {
                continue;
            }
            let (mut part, mut todo) = (Vec::new(), vec![start]);
            seen[start] = true;
            while let Some(at) = todo.pop() {
                part.push(at);
                let v = [at % nx, at / nx % ny, at / (nx * ny)];
                for (axis, (n, step)) in [(nx, 1), (ny, nx), (nz, nx * ny)].into_iter().enumerate() {
                    let mut near = Vec::new();
                    if v[axis] > 0 {
                        near.push(at - step);
                    }
                    if v[axis] + 1 < n {
                        near.push(at + step);
                    }
                    for next in near {
                        if !seen[next] && values[next] != 0 {
                            seen[next] = true;
                            todo.push(next);
                        }
                    }
                }
            }
            part.sort_unstable();
            all.push(part);
        }
        all.sort_by_key(|p| (std::cmp::Reverse(p.len()), p[0]));
        all
    }

    proptest! {
        #[test]
        fn islands_are_what_a_flood_finds(
            dims in (1..8_usize, 1..8_usize, 1..6_usize),
            seed in prop::collection::vec(0..3_u8, 8 * 8 * 6),
        ) {
            let dims = [dims.0, dims.1, dims.2];
            let values: Vec<u8> = seed[..dims.iter().product()].iter().map(|v| u8::from(*v > 1)).collect();
            let found = islands(&values, dims, |v| v != 0);
            let places: Vec<Vec<usize>> = found.iter().map(|i| i.places().collect()).collect();
            prop_assert_eq!(&places, &flooded(&values, dims));
            for island in &found {
                let own: Vec<usize> = (0..values.len()).filter(|at| island.has(*at)).collect();
                prop_assert_eq!(own, island.places().collect::<Vec<_>>());
            }
        }
    }
}
