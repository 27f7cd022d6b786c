//! GrowCut against a plain Dijkstra with a heap, written here from the definition.

#![allow(unsafe_code, reason = "loads within bounds, to hold the twins equal")]
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::volume::{Affine, Voxels};

/// A small generator: the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

struct Case {
    grid: Grid,
    images: Vec<Voxels>,
    shares: Vec<f64>,
    seeds: Vec<u8>,
    mask: Option<Vec<u8>>,
    options: Options,
}

impl Case {
    fn random(dice: &mut Dice) -> Self {
        let long = dice.of(&[1, 3, 5, 9, 20, 40]);
        let dims = [1 + dice.below(long), 1 + dice.below(9), 1 + dice.below(9)].map(|d| d as u32);
        let mm = [0, 1, 2].map(|_| dice.of(&[0.5, 1.0, 1.3, 2.5]));
        let grid = Grid::new(
            dims,
            Affine::from_columns([mm[0], 0.0, 0.0], [0.0, mm[1], 0.0], [0.0, 0.0, mm[2]], [0.0; 3]),
        )
        .unwrap();
        let n = grid.voxels() as usize;
        let range = dice.of(&[1, 3, 40, 300, 3000, 60_000]);
        let many = if dice.below(5) == 0 { 2 } else { 1 };
        let images = (0..many)
            .map(|_| match dice.below(3) {
                0 => Voxels::U16((0..n).map(|_| dice.below(range) as u16).collect()),
                1 => Voxels::I16((0..n).map(|_| (dice.below(range) as i32 / 2 - 500) as i16).collect()),
                _ => Voxels::F32((0..n).map(|_| dice.below(range) as f32 * 0.37).collect()),
            })
            .collect();
        let labels = dice.of(&[2, 3, 15, 40]);
        let dense = dice.of(&[3, 20, 200]);
        let mut seeds: Vec<u8> =
            (0..n).map(|_| if dice.below(dense) == 0 { 1 + dice.below(labels) as u8 } else { 0 }).collect();
        if n > 1 {
            seeds[0] = 1;
            seeds[n - 1] = 2;
        }
        let mask = (dice.below(3) == 0)
            .then(|| (0..n).map(|i| u8::from(i == 0 || i == n - 1 || dice.below(4) > 0)).collect());
        let options = Options {
            metric: dice.of(&[Metric::Slicer, Metric::Slicer, Metric::Classic]),
            order: dice.of(&[Order::Default, Order::Default, Order::Strict]),
            locality: dice.of(&[0.0, 0.0, 1.0, 0.3]),
            connectivity: dice.of(&[Connectivity::Six, Connectivity::Eighteen, Connectivity::TwentySix]),
            range: (dice.below(6) == 0).then_some((-1e6, range as f64 * 0.8)),
            region: dice.of(&[Region::Whole, Region::Whole, Region::Seeds]),
            slabs: dice.of(&[1, 2, 3, 7]),
            ..Options::default()
        };
        Self { grid, images, shares: vec![1.0, 2.0], seeds, mask, options }
    }

    fn channels(&self) -> Vec<Channel<'_>> {
        self.images
            .iter()
            .zip(&self.shares)
            .map(|(voxels, weight)| Channel { voxels, weight: *weight, shift_mm: [0.0; 3] })
            .collect()
    }

    fn with<T>(&self, run: impl FnOnce(&Input<'_>) -> T) -> T {
        let channels = self.channels();
        run(&Input { grid: &self.grid, channels: &channels, seeds: &self.seeds, mask: self.mask.as_deref() })
    }
}

/// Keys by Dijkstra, from the weights' definition: distances in 64 bits, a heap, one voxel at a time.
fn dijkstra(of: &GrowCut, seeds: &[u8], only: Option<u8>) -> Vec<Option<(u64, u8)>> {
    let layout = of.layout;
    let mut best: Vec<Option<(u64, u8)>> = vec![None; layout.len()];
    let mut heap = BinaryHeap::new();
    for z in 0..layout.size[2] {
        for y in 0..layout.size[1] {
            for x in 0..layout.size[0] {
                let at = layout.at([x, y, z]);
                let seed = seeds[of.source([x, y, z])];
                if seed != 0 && !of.outside(at) && only.is_none_or(|o| o == seed) {
                    best[at] = Some((0, seed));
                    heap.push(Reverse((0_u64, seed, at)));
                }
            }
        }
    }
    while let Some(Reverse((distance, label, at))) = heap.pop() {
        if best[at] != Some((distance, label)) {
            continue;
        }
        for direction in 0..27 {
            let d = direction as i32;
            let step = layout.step([d % 3 - 1, d / 3 % 3 - 1, d / 9 - 1]);
            let beside = (at as isize + step) as usize;
            if of.weights.steps[direction].is_none() || of.outside(beside) {
                continue;
            }
            let Some(cost) = of.cost(at, beside, direction) else { continue };
            let new = (distance + cost, label);
            if best[beside].is_none_or(|b| new < b) {
                best[beside] = Some(new);
                heap.push(Reverse((new.0, label, beside)));
            }
        }
    }
    best
}

fn same(grown: &GrowCut, truth: &[Option<(u64, u8)>], what: &str) {
    let bits = grown.weights.bits;
    let keys: Vec<u64> = match &grown.keys {
        Keys::Short(f) => f.keys.iter().map(|k| if *k == u16::MAX { u64::MAX } else { k.get() }).collect(),
        Keys::Long(f) => f.keys.iter().map(|k| if *k == u32::MAX { u64::MAX } else { k.get() }).collect(),
    };
    for (at, truth) in truth.iter().enumerate() {
        let none = if grown.outside(at) { 0 } else { u64::MAX };
        let truth = truth.map_or(none, |(d, l)| d << bits | u64::from(l));
        assert_eq!(keys[at], truth, "{what}: at {:?} of {:?}", grown.layout.voxel(at), grown.layout.size);
    }
}

fn cases() -> u64 {
    if std::env::var_os("HEPATICA_FULL").is_some() { 50_000 } else { 6_000 }
}

#[test]
fn equals_dijkstra_whatever_the_options_and_threads() {
    let mut dice = Dice(1);
    let mut grown_ones = 0;
    let pools: Vec<_> =
        [1, 2, 4].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap()).into();
    for number in 0..cases() {
        let case = Case::random(&mut dice);
        let pool = &pools[number as usize % 3];
        let Some(mut grown) = case.with(|input| GrowCut::new(input, case.options).ok()) else { continue };
        match pool.install(|| grown.solve()) {
            Ok(()) => {}
            Err(Error::TooWide(_)) => continue,
            Err(other) => panic!("{other}"),
        }
        grown_ones += 1;
        same(&grown, &dijkstra(&grown, &case.seeds, None), &format!("case {number}, {:?}", case.options));
    }
    assert!(grown_ones > cases() / 2, "{grown_ones} of {} could be grown", cases());
}

#[test]
fn edits_equal_a_full_solve_in_any_steps_and_undo_equals_before() {
    let mut dice = Dice(2);
    for number in 0..cases() / 8 {
        let mut case = Case::random(&mut dice);
        let Some(mut grown) = case.with(|input| GrowCut::new(input, case.options).ok()) else { continue };
        let mut history = vec![case.seeds.clone()];
        let mut shown = vec![0; case.seeds.len()];
        let dims = case.grid.dims().map(|d| d as usize);
        for edit in 0..6 {
            // Sometimes the stroke comes while the last is still growing.
            for _ in 0..dice.below(4) {
                if grown.step(1 + dice.below(400)).is_err() {
                    break;
                }
            }
            let low = [0, 1, 2].map(|a| dice.below(dims[a] as u64) as usize);
            let high = [0, 1, 2].map(|a| (low[a] + 1 + dice.below(6) as usize).min(dims[a]));
            let stroke = Box3 { low, high };
            let undo = edit > 2 && dice.below(3) == 0;
            let label = dice.of(&[0, 0, 1, 2, 3]);
            let next = if undo { history[history.len() - 2].clone() } else { case.seeds.clone() };
            let changed = if undo { Box3::whole(dims) } else { stroke };
            case.seeds = next;
            if !undo {
                for z in low[2]..high[2] {
                    for y in low[1]..high[1] {
                        for x in low[0]..high[0] {
                            case.seeds[(z * dims[1] + y) * dims[0] + x] = label;
                        }
                    }
                }
            }
            history.push(case.seeds.clone());
            case.with(|input| grown.edit(input, &changed)).unwrap();
            if dice.below(8) == 0 {
                let n = case.seeds.len();
                case.mask = Some((0..n).map(|_| u8::from(dice.below(5) > 0)).collect());
                case.with(|input| grown.remask(input)).unwrap();
            }
            if dice.below(3) == 0 {
                continue;
            }
            let mut steps = 0;
            let outcome = loop {
                match grown.step(1 + dice.below(2_000)) {
                    Ok(progress) if progress.done => break Ok(()),
                    Err(error) => break Err(error),
                    Ok(_) => steps += 1,
                }
                assert!(steps < 1_000_000, "case {number}, edit {edit}: it ends");
            };
            if outcome.is_err() {
                break;
            }
            let what = format!("case {number}, edit {edit}, {:?}", case.options);
            same(&grown, &dijkstra(&grown, &case.seeds, None), &what);
            show(&mut grown, &mut shown, dims);
            assert_eq!(shown, grown.labels(), "{what}");
        }
    }
}

/// What the page does: labels stay as they were shown, but for those of the box that changed.
fn show(grown: &mut GrowCut, shown: &mut [u8], dims: [usize; 3]) {
    let Some(changed) = grown.take_changed() else { return };
    for (at, label) in shown.iter_mut().enumerate() {
        let voxel = [at % dims[0], at / dims[0] % dims[1], at / (dims[0] * dims[1])];
        *label = if changed.contains(voxel) { 0 } else { *label };
    }
    grown.write_labels(&changed, shown);
}

/// Paints a random box of seeds; returns it.
fn paint(seeds: &mut [u8], dims: [usize; 3], dice: &mut Dice) -> Box3 {
    let low = [0, 1, 2].map(|a| dice.below(dims[a] as u64) as usize);
    let high = [0, 1, 2].map(|a| (low[a] + 1 + dice.below(4) as usize).min(dims[a]));
    let label = dice.of(&[0, 0, 1, 2, 3, 20]);
    for z in low[2]..high[2] {
        for y in low[1]..high[1] {
            seeds[(z * dims[1] + y) * dims[0] + low[0]..][..high[0] - low[0]].fill(label);
        }
    }
    Box3 { low, high }
}

#[test]
fn the_region_follows_the_seeds_outwards_and_back() {
    let mut dice = Dice(6);
    let (mut moved, mut shrunk) = (0, 0);
    for number in 0..cases() / 8 {
        let mut case = Case::random(&mut dice);
        let long = |dice: &mut Dice| 1 + dice.below(32) as u32;
        let dims = [long(&mut dice), long(&mut dice), 1 + dice.below(24) as u32];
        case.grid = Grid::new(dims, *case.grid.affine()).unwrap();
        let (n, dims) = (case.grid.voxels() as usize, dims.map(|d| d as usize));
        let range = dice.of(&[2, 40, 3000]);
        case.images = vec![Voxels::U16((0..n).map(|_| dice.below(range) as u16).collect())];
        case.mask = (dice.below(4) == 0).then(|| (0..n).map(|_| u8::from(dice.below(6) > 0)).collect());
        case.options.region = Region::Seeds;
        case.options.range = None;
        case.seeds = vec![0; n];
        let at = [0, 1, 2].map(|a| dice.below(dims[a] as u64) as usize);
        let index = (at[2] * dims[1] + at[1]) * dims[0] + at[0];
        case.seeds[index] = 1;
        case.seeds[(index + 1) % n] = 2;
        let Some(mut grown) = case.with(|input| GrowCut::new(input, case.options).ok()) else { continue };
        let mut shown = vec![0; n];
        let mut check = |case: &Case, grown: &mut GrowCut, what: &str| {
            grown.solve().unwrap();
            show(grown, &mut shown, dims);
            assert_eq!(shown, grown.labels(), "{what}: what is said to have changed");
            match case.with(|input| GrowCut::new(input, case.options)) {
                Ok(mut full) => {
                    full.solve().unwrap();
                    assert_eq!(grown.region(), full.region(), "{what}");
                    assert_eq!(grown.labels(), full.labels(), "{what}");
                    assert_eq!(grown.weights, full.weights, "{what}");
                }
                // Of one label or none: nothing to compare with but itself.
                Err(Error::NoSeeds | Error::OneLabel(_)) => {
                    same(grown, &dijkstra(grown, &case.seeds, None), what);
                }
                Err(other) => panic!("{other}"),
            }
        };
        let mut history = Vec::new();
        let strokes = 1 + dice.below(6);
        for edit in 0..strokes {
            let before = case.seeds.clone();
            let stroke = paint(&mut case.seeds, dims, &mut dice);
            history.push((before, stroke));
            let changed = case.with(|input| grown.edit(input, &stroke)).unwrap();
            moved += u32::from(changed);
            for _ in 0..dice.below(4) {
                grown.step(1 + dice.below(300)).unwrap();
            }
            if dice.below(2) == 0 {
                check(&case, &mut grown, &format!("case {number}, stroke {edit}, {:?}", case.options));
            }
        }
        // All taken back, last first.
        while let Some((before, stroke)) = history.pop() {
            case.seeds = before;
            shrunk += u32::from(case.with(|input| grown.edit(input, &stroke)).unwrap());
            for _ in 0..dice.below(4) {
                grown.step(1 + dice.below(300)).unwrap();
            }
            if history.is_empty() || dice.below(2) == 0 {
                let what = format!("case {number}, undo of {}, {:?}", history.len(), case.options);
                check(&case, &mut grown, &what);
            }
        }
    }
    assert!(moved > 500 && shrunk > 500, "{moved} and {shrunk} strokes moved the region");
}

#[test]
fn the_margin_is_the_second_best_label_less_the_best() {
    let mut dice = Dice(3);
    for number in 0..cases() / 10 {
        let case = Case::random(&mut dice);
        let Some(mut grown) = case.with(|input| GrowCut::new(input, case.options).ok()) else { continue };
        if grown.solve().is_err() {
            continue;
        }
        let margin = grown.margin();
        let labels = grown.summary().labels;
        let by_label: Vec<_> = labels.iter().map(|l| dijkstra(&grown, &case.seeds, Some(*l))).collect();
        let [nx, ny, nz] = grown.layout.size;
        for index in 0..nx * ny * nz {
            let at = grown.layout.at([index % nx, index / nx % ny, index / (nx * ny)]);
            let mut costs: Vec<u64> = by_label.iter().filter_map(|d| d[at].map(|(c, _)| c)).collect();
            costs.sort_unstable();
            let truth = match costs.as_slice() {
                [best, second, ..] => (second - best).min(u64::from(Margin::SURE)) as u16,
                _ => Margin::SURE,
            };
            assert_eq!(margin.units[index], truth, "case {number}, {:?}", case.options);
        }
    }
}

#[test]
fn refusals_name_their_cause() {
    let affine = Affine::from_columns([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]);
    let grid = Grid::new([4, 4, 4], affine).unwrap();
    let image = Voxels::F32(vec![1.0; 64]);
    let mut seeds = vec![0_u8; 64];
    let grow = |image: &Voxels, seeds: &[u8], options: Options| {
        let channels = [Channel::alone(image)];
        GrowCut::new(&Input { grid: &grid, channels: &channels, seeds, mask: None }, options).err()
    };
    assert_eq!(grow(&image, &seeds, Options::default()), Some(Error::NoSeeds));
    seeds[3] = 7;
    assert_eq!(grow(&image, &seeds, Options::default()), Some(Error::OneLabel(7)));
    seeds[9] = 1;
    assert_eq!(grow(&image, &seeds, Options::default()), None);
    let bad = Voxels::F32((0..64).map(|i| if i == 60 { f32::NAN } else { 0.0 }).collect());
    assert_eq!(grow(&bad, &seeds, Options::default()), Some(Error::NotFinite { channel: 1 }));
    let small = Options { budget: 100, ..Options::default() };
    assert!(matches!(grow(&image, &seeds, small), Some(Error::Memory { voxels: 64, budget: 100, .. })));
    assert!(matches!(grow(&image, &seeds[..63], Options::default()), Some(Error::Length { .. })));
    let astray = Options { locality: f64::NAN, ..Options::default() };
    assert!(matches!(grow(&image, &seeds, astray), Some(Error::Setting(_))));
}

/// Strengths of the cellular automaton as published (Vezhnevets and Konouchine 2005, algorithm 1), run to
/// its end: every cell is attacked by its neighbours, and falls to one whose strength times g is greater.
fn automaton(case: &Case, only: Option<u8>, greatest: f64) -> Vec<(f64, u8)> {
    let dims = case.grid.dims().map(|d| d as usize);
    let values: Vec<f64> = (0..case.seeds.len()).map(|i| case.images[0].get(i).unwrap()).collect();
    let mut cells: Vec<(f64, u8)> = case
        .seeds
        .iter()
        .map(|s| if *s != 0 && only.is_none_or(|o| o == *s) { (1.0, *s) } else { (0.0, 0) })
        .collect();
    loop {
        let before = cells.clone();
        for (i, cell) in cells.iter_mut().enumerate() {
            let v = [i % dims[0], i / dims[0] % dims[1], i / (dims[0] * dims[1])];
            for step in 0..27_usize {
                let d = [step % 3, step / 3 % 3, step / 9];
                let u = [0, 1, 2].map(|a| (v[a] + d[a]).wrapping_sub(1));
                let near = case.options.connectivity.has(d.map(|d| d as i32 - 1));
                if !near || (0..3).any(|a| u[a] >= dims[a]) {
                    continue;
                }
                let j = (u[2] * dims[1] + u[1]) * dims[0] + u[0];
                let g = 1.0 - (values[i] - values[j]).abs() / greatest;
                if before[j].0 * g > cell.0 {
                    *cell = (before[j].0 * g, before[j].1);
                }
            }
        }
        if cells == before {
            return cells;
        }
    }
}

#[test]
fn the_classic_metric_is_the_literal_automaton() {
    let mut dice = Dice(4);
    let mut compared = 0;
    for number in 0..cases() / 25 {
        let mut case = Case::random(&mut dice);
        case.options.metric = Metric::Classic;
        case.options.locality = 0.0;
        case.options.range = None;
        case.options.region = Region::Whole;
        case.options.order = Order::Default;
        case.mask = None;
        case.images = vec![Voxels::U16((0..case.seeds.len()).map(|_| dice.below(200) as u16).collect())];
        let (low, high) = case.images[0].range().unwrap();
        let Some(mut grown) = case.with(|input| GrowCut::new(input, case.options).ok()) else { continue };
        grown.solve().unwrap();
        let labels = grown.labels();
        let cells = automaton(&case, None, high - low);
        let mut alone = BTreeMap::new();
        for label in grown.summary().labels {
            alone.insert(label, automaton(&case, Some(label), high - low));
        }
        // Weights are rounded to a 1,024th of a nat and are that at least: so much a step may be lost.
        let dims = case.grid.dims().iter().sum::<u32>();
        let room = (-f64::from(3 * dims) / 1024.0).exp();
        for (i, (strength, label)) in cells.iter().enumerate() {
            if *label == 0 || labels[i] == 0 {
                assert_eq!(*label, labels[i], "case {number}, voxel {i}");
                continue;
            }
            let ours = alone[&labels[i]][i].0;
            assert!(
                ours >= strength * room,
                "case {number}, voxel {i}: {ours} where {strength} is the greatest"
            );
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared} voxels were compared");
}

#[test]
fn lanes_equal_their_scalar_twin() {
    use super::lanes::{Eight, Four, plain};
    let mut dice = Dice(5);
    for _ in 0..5_000 {
        let mut short = || [0; 20].map(|_| dice.of(&[0, 1, 65_535, 65_534, 4_000]) ^ (dice.below(4) as u16));
        let (a, b) = (short(), short());
        let (i, j) = (dice.below(16) as usize, dice.below(16) as usize);
        let (x, y) = (a.first_chunk::<8>().copied().unwrap(), b.first_chunk::<8>().copied().unwrap());
        let (p, q) = (Eight::of(x), Eight::of(y));
        let (r, s) = (plain::Eight::of(x), plain::Eight::of(y));
        assert_eq!(p.difference(q).array(), r.difference(s).array());
        assert_eq!(p.max(q).array(), r.max(s).array());
        assert_eq!(p.plus(q).array(), r.plus(s).array());
        assert_eq!(Eight::all(x[0]).array(), plain::Eight::all(x[0]).array());
        let bits = dice.below(256) as u8;
        assert_eq!(p.or(q).array(), r.or(s).array());
        assert_eq!(p.min(q).array(), r.min(s).array());
        assert_eq!(p.zeros().array(), r.zeros().array());
        assert_eq!(Eight::mask(bits).array(), plain::Eight::mask(bits).array());
        assert_eq!(p.up::<1>().array(), r.up::<1>().array());
        assert_eq!(p.up::<2>().array(), r.up::<2>().array());
        assert_eq!(p.up::<4>().array(), r.up::<4>().array());
        assert_eq!(p.down::<1>().array(), r.down::<1>().array());
        assert_eq!(p.down::<2>().array(), r.down::<2>().array());
        assert_eq!(p.down::<4>().array(), r.down::<4>().array());
        assert_eq!([p.lowest(), p.first(), p.last()], [r.lowest(), r.first(), r.last()]);
        assert_eq!(p.not_below(q).array(), r.not_below(s).array());
        assert_eq!(p.not_below(q).clear_bits(), r.not_below(s).clear_bits());
        let (mut mine, mut twins) = (a, a);
        let k = i.min(12);
        // SAFETY: 12 and eight more are the arrays' length.
        let loaded = unsafe { [Eight::load(&a, k).array(), plain::Eight::load(&a, k).array()] };
        assert_eq!(loaded[0], loaded[1]);
        // SAFETY: as said.
        unsafe {
            q.store(&mut mine, k);
            s.store(&mut twins, k);
        }
        assert_eq!(mine, twins);
        // SAFETY: 16 and four more are the arrays' length.
        assert_eq!(unsafe { Eight::two(&a, i, j).array() }, unsafe { plain::Eight::two(&a, i, j).array() });
        for (p, r) in p.halves().into_iter().zip(r.halves()) {
            assert_eq!(p.array(), r.array());
        }
        let mut long =
            || [0; 4].map(|_| dice.of(&[0, 1, u32::MAX, u32::MAX - 1, 1 << 31]) ^ dice.below(4) as u32);
        let (x, y) = (long(), long());
        let (p, q) = (Four::of(x), Four::of(y));
        let (r, s) = (plain::Four::of(x), plain::Four::of(y));
        assert_eq!(p.max(q).array(), r.max(s).array());
        assert_eq!(p.plus(q).array(), r.plus(s).array());
        assert_eq!(Four::all(x[0]).array(), plain::Four::all(x[0]).array());
        assert_eq!(p.shifted(3).array(), r.shifted(3).array());
        assert_eq!(p.or(q).array(), r.or(s).array());
        assert_eq!(p.min(q).array(), r.min(s).array());
        assert_eq!(p.zeros().array(), r.zeros().array());
        assert_eq!(Four::mask(bits).array(), plain::Four::mask(bits).array());
        assert_eq!(p.after::<1>(q).array(), r.after::<1>(s).array());
        assert_eq!(p.after::<2>(q).array(), r.after::<2>(s).array());
        assert_eq!(p.before::<1>(q).array(), r.before::<1>(s).array());
        assert_eq!(p.before::<2>(q).array(), r.before::<2>(s).array());
        assert_eq!(p.not_below(q).array(), r.not_below(s).array());
        assert_eq!(p.not_below(q).clear_bits(), r.not_below(s).clear_bits());
        let (mut mine, mut twins) = (x, x);
        // SAFETY: the stores are of the whole arrays.
        unsafe {
            q.store(&mut mine, 0);
            s.store(&mut twins, 0);
        }
        assert_eq!(mine, twins);
        // SAFETY: the load is of the whole array.
        assert_eq!(unsafe { Four::one(&x, 0).array() }, unsafe { plain::Four::one(&x, 0).array() });
    }
}

/// A load of four places reaches one past the last voxel's neighbour: before seams between slabs, where the
/// keys of a task end, it needs a place of its own whatever the width.
#[test]
fn a_wave_on_several_slabs_ends_at_their_corners_for_every_width() {
    for width in 5..=14 {
        let dims = [width, 7, 30_u32];
        let affine = Affine::from_columns([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]);
        let grid = Grid::new(dims, affine).unwrap();
        let mut dice = Dice(u64::from(width));
        let n = grid.voxels() as usize;
        let image = Voxels::U16((0..n).map(|_| dice.below(300) as u16).collect());
        let mut seeds = vec![0; n];
        (seeds[0], seeds[n - 1]) = (1, 2);
        let channels = [Channel::alone(&image)];
        let input = Input { grid: &grid, channels: &channels, seeds: &seeds, mask: None };
        let grown = |slabs| {
            let mut grown = GrowCut::new(&input, Options { slabs, ..Options::default() }).unwrap();
            grown.solve().unwrap();
            grown.labels()
        };
        let one = grown(1);
        for slabs in 2..=5 {
            assert!(grown(slabs) == one, "{slabs} slabs, width {width}");
        }
    }
}

#[test]
fn strokes_on_several_slabs_end_where_a_full_solve_does() {
    for round in 0..40 {
        let mut dice = Dice(900 + round);
        let dims = [3 + dice.below(20) as u32, 3 + dice.below(9) as u32, 24 + dice.below(20) as u32];
        let affine = Affine::from_columns([1.0, 0.0, 0.0], [0.0, 1.2, 0.0], [0.0, 0.0, 2.0], [0.0; 3]);
        let grid = Grid::new(dims, affine).unwrap();
        let n = grid.voxels() as usize;
        let range = dice.of(&[2, 40, 3000]);
        let image = Voxels::U16((0..n).map(|_| dice.below(range) as u16).collect());
        let mut seeds = vec![0; n];
        (seeds[0], seeds[n - 1]) = (1, 2);
        let channels = [Channel::alone(&image)];
        let size = dims.map(|d| d as usize);
        let options = Options {
            slabs: 2 + dice.below(4) as usize,
            locality: dice.of(&[0.0, 0.0, 1.0]),
            region: dice.of(&[Region::Whole, Region::Seeds]),
            ..Options::default()
        };
        let input = Input { grid: &grid, channels: &channels, seeds: &seeds, mask: None };
        let mut grown = GrowCut::new(&input, options).unwrap();
        for _ in 0..6 {
            let low = [0, 1, 2].map(|a| dice.below(size[a] as u64) as usize);
            let high = [0, 1, 2].map(|a| (low[a] + 1 + dice.below(4) as usize).min(size[a]));
            let label = dice.below(4) as u8;
            for z in low[2]..high[2] {
                for y in low[1]..high[1] {
                    for x in low[0]..high[0] {
                        seeds[(z * size[1] + y) * size[0] + x] = label;
                    }
                }
            }
            (seeds[0], seeds[n - 1]) = (1, 2);
            let input = Input { grid: &grid, channels: &channels, seeds: &seeds, mask: None };
            grown.edit(&input, &Box3 { low, high }).unwrap();
            let _ = grown.step(dice.below(2_000)).unwrap();
        }
        grown.solve().unwrap();
        let input = Input { grid: &grid, channels: &channels, seeds: &seeds, mask: None };
        let one = Options { slabs: 1, region: Region::Box(*grown.region()), ..options };
        let mut full = GrowCut::new(&input, one).unwrap();
        full.solve().unwrap();
        assert!(grown.labels() == full.labels(), "round {round}, {dims:?}, {} slabs", options.slabs);
    }
}
