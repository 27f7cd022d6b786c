#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::volume::{Affine, Grid, Voxels};

/// Grids as scanners and tools write them: axial, sagittal, coronal, oblique, left-handed, sheared.
fn grids() -> Vec<(&'static str, Grid)> {
    let of = |columns: [[f64; 3]; 3], dims| {
        let [x, y, z] = columns;
        Grid::new(dims, Affine::from_columns(x, y, z, [-31.0, 17.0, 90.0])).unwrap()
    };
    let (c, s) = (0.9_f64.cos(), 0.9_f64.sin());
    let (d, t) = (0.3_f64.cos(), 0.3_f64.sin());
    vec![
        ("axial, LPS rows", of([[-1.5, 0.0, 0.0], [0.0, -1.5, 0.0], [0.0, 0.0, 3.0]], [12, 10, 7])),
        ("axial, left-handed", of([[1.5, 0.0, 0.0], [0.0, -1.5, 0.0], [0.0, 0.0, 3.0]], [12, 10, 7])),
        ("sagittal", of([[0.0, -1.0, 0.0], [0.0, 0.0, -1.2], [-4.0, 0.0, 0.0]], [11, 12, 6])),
        ("coronal", of([[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 5.0, 0.0]], [9, 12, 6])),
        (
            "oblique",
            of([[-c, -s, 0.0], [s * d, -c * d, t], [-s * t * 3.0, c * t * 3.0, d * 3.0]], [12, 11, 8]),
        ),
        (
            "oblique, left-handed",
            of([[c, s, 0.0], [s * d, -c * d, t], [-s * t * 3.0, c * t * 3.0, d * 3.0]], [12, 11, 8]),
        ),
        ("sheared", of([[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.8, 3.0]], [12, 10, 8])),
    ]
}

const PLANES: [Orientation; 4] =
    [Orientation::Axial, Orientation::Coronal, Orientation::Sagittal, Orientation::Acquired];

/// A volume whose values tell where they lie.
fn ramp(grid: &Grid) -> Voxels {
    let [nx, ny, nz] = grid.dims();
    Voxels::I16(
        (0..nz)
            .flat_map(|z| (0..ny).flat_map(move |y| (0..nx).map(move |x| (x + 20 * y + 400 * z) as i16)))
            .collect(),
    )
}

fn pane(grid: &Grid, orientation: Orientation, slice: i64, mm: f64) -> PanePlane {
    let slices = Slices::new(grid, orientation);
    let middle = grid.affine().apply(grid.dims().map(|n| f64::from(n - 1) / 2.0));
    PanePlane::around(slices.onto(middle, slice), slices.right, slices.down, mm, [61, 47])
}

#[test]
fn pane_to_world_and_back_is_exact() {
    for (name, grid) in grids() {
        for orientation in PLANES {
            let plane = pane(&grid, orientation, 2, 0.37);
            let map = PixelMap::new(&plane, &grid);
            for at in [[0.0, 0.0], [0.5, 0.5], [60.2, 3.75], [17.0, 46.9]] {
                let world = plane.world(at);
                let (back, depth) = plane.place(world);
                assert!((back[0] - at[0]).abs() < 1e-9 && (back[1] - at[1]).abs() < 1e-9, "{name}");
                assert!(depth.abs() < 1e-9);
                // The stepping map is the affine's inverse, by way of the affine itself.
                let round = grid.affine().apply(map.voxel(at));
                let off = (0..3).map(|i| (round[i] - world[i]).abs()).fold(0.0, f64::max);
                assert!(off < 0.04, "{name} {orientation:?}: {off} mm");
            }
        }
    }
}

#[test]
fn every_pixel_shows_the_voxel_that_the_affine_says() {
    let window = Window::between(0.0, 255.0);
    for (name, grid) in grids() {
        let voxels = ramp(&grid);
        let dims = grid.dims();
        for orientation in PLANES {
            let slices = Slices::new(&grid, orientation);
            for slice in 0..i64::from(slices.count) {
                let plane = pane(&grid, orientation, slice, 0.41);
                let map = PixelMap::new(&plane, &grid);
                let mut picture = Picture::default();
                picture.resize([plane.width, plane.height]);
                draw(&mut picture, &map, dims, &voxels, window, Colours::Grey, false);
                let mut inside = 0;
                for y in 0..plane.height {
                    for x in 0..plane.width {
                        // By the affine alone: the voxel whose centre is nearest along each axis.
                        let world = plane.world([f64::from(x) + 0.5, f64::from(y) + 0.5]);
                        let v = WorldToVoxel::of(&grid).apply(world);
                        // On the border between two voxels either is right.
                        if v.iter().any(|v| (v.rem_euclid(1.0) - 0.5).abs() < 0.02) {
                            continue;
                        }
                        let at = v.map(|v| v.round());
                        let within = (0..3).all(|i| at[i] >= 0.0 && at[i] < f64::from(dims[i]));
                        let truth = if within {
                            let index = at[0] + f64::from(dims[0]) * (at[1] + f64::from(dims[1]) * at[2]);
                            inside += 1;
                            voxels.get(index as usize).unwrap().clamp(0.0, 255.0) as u8
                        } else {
                            0
                        };
                        let got = picture.pixels[(y * plane.width + x) as usize].to_ne_bytes();
                        assert_eq!(
                            got,
                            [truth, truth, truth, 255],
                            "{name} {orientation:?} {slice} ({x}, {y})"
                        );
                    }
                }
                if slices.axis.is_some() {
                    assert!(inside > 20, "{name} {orientation:?} {slice}: the slice is seen");
                }
            }
        }
    }
}

#[test]
fn linear_interpolation_of_a_plane_in_space_is_that_plane() {
    // A value that grows linearly in the world is exactly interpolated, oblique or not.
    for (name, grid) in grids() {
        let [nx, ny, nz] = grid.dims();
        let field = |w: [f64; 3]| 400.0 + 2.0 * w[0] - 1.5 * w[1] + 1.0 * w[2];
        let mut values = Vec::new();
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    values.push(field(grid.affine().apply([x, y, z].map(f64::from))) as f32);
                }
            }
        }
        let voxels = Voxels::F32(values);
        for orientation in PLANES {
            let plane = pane(&grid, orientation, 3, 0.3);
            let map = PixelMap::new(&plane, &grid);
            let mut picture = Picture::default();
            picture.resize([plane.width, plane.height]);
            let window = Window::between(300.0, 600.0);
            draw(&mut picture, &map, grid.dims(), &voxels, window, Colours::Grey, true);
            let mut seen = 0;
            for y in 0..plane.height {
                for x in 0..plane.width {
                    let world = plane.world([f64::from(x) + 0.5, f64::from(y) + 0.5]);
                    let v = WorldToVoxel::of(&grid).apply(world);
                    if !(0..3).all(|i| v[i] > 0.01 && v[i] < f64::from(grid.dims()[i]) - 1.01) {
                        continue;
                    }
                    let truth = ((field(world) - 300.0) * 255.0 / 300.0).clamp(0.0, 255.0);
                    let got = f64::from(picture.pixels[(y * plane.width + x) as usize].to_ne_bytes()[0]);
                    assert!((got - truth).abs() <= 1.0, "{name} {orientation:?}: {got} for {truth}");
                    seen += 1;
                }
            }
            assert!(seen > 200, "{name} {orientation:?}: {seen}");
        }
    }
}

#[test]
fn the_patients_right_hangs_on_the_left_whatever_the_handedness() {
    for (name, grid) in grids() {
        for orientation in PLANES {
            let slices = Slices::new(&grid, orientation);
            let (right, down) = (letters(slices.right), letters(slices.down));
            let (first, second) = (right.chars().next().unwrap(), down.chars().next().unwrap());
            let wanted = match slices.nearest {
                Orientation::Coronal => ('L', 'I'),
                Orientation::Sagittal => ('P', 'I'),
                _ => ('L', 'P'),
            };
            // An in-plane turn of the oblique grids is larger than 45°: rows follow columns there.
            if !name.starts_with("oblique") || orientation != Orientation::Acquired {
                assert_eq!((first, second), wanted, "{name} {orientation:?}");
            }
            let unit = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>();
            assert!((unit(slices.right) - 1.0).abs() < 1e-9 && (unit(slices.down) - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn letters_name_oblique_directions_by_their_parts() {
    assert_eq!(letters([1.0, 0.0, 0.0]), "R");
    assert_eq!(letters([-1.0, 0.05, 0.0]), "L");
    assert_eq!(letters([-0.5, 0.8, 0.0]), "AL");
    assert_eq!(letters([0.3, -0.5, -0.8]), "IPR");
}

#[test]
fn slices_of_the_acquisition_are_the_grids_own() {
    for (name, grid) in grids() {
        let slices = Slices::new(&grid, Orientation::Acquired);
        let axis = slice_axis(&grid);
        assert_eq!(slices.axis, Some(axis));
        assert_eq!(slices.count, grid.dims()[axis], "{name}");
        for slice in 0..slices.count {
            let plane = pane(&grid, Orientation::Acquired, i64::from(slice), 0.5);
            let v = PixelMap::new(&plane, &grid).first[axis];
            assert_eq!(v, v.round(), "{name}: the plane lies in a slice, not between two");
            assert_eq!(slices.index(plane.world([3.0, 4.0])), i64::from(slice));
        }
    }
}

#[test]
fn labels_lie_on_the_voxels_they_name_filled_and_outlined() {
    for (name, grid) in grids() {
        let [nx, ny, nz] = grid.dims().map(|n| n as usize);
        let mut labels = vec![0_u8; nx * ny * nz];
        for z in 1..nz - 1 {
            for y in 2..ny - 2 {
                for x in 3..nx - 3 {
                    labels[(z * ny + y) * nx + x] = 1 + (x % 2) as u8;
                }
            }
        }
        let mut colours = [None; 256];
        colours[1] = Some([200, 0, 0]);
        colours[2] = None;
        for orientation in PLANES {
            let plane = pane(&grid, orientation, 2, 0.5);
            let map = PixelMap::new(&plane, &grid);
            let Some(picked) = label_picture([plane.width, plane.height], &map, grid.dims(), &labels) else {
                continue;
            };
            let mut picture = Picture::default();
            picture.resize([plane.width, plane.height]);
            overlay(&mut picture, &picked, &Overlay { colours: &colours, outline: None, opacity: 0.5 });
            for (i, label) in picked.iter().enumerate() {
                let (x, y) = (i as u32 % plane.width, i as u32 / plane.width);
                let v = map.at(f64::from(x), f64::from(y)).map(|v| (v + 0.5).floor());
                let within = (0..3).all(|i| v[i] >= 0.0 && v[i] < f64::from(grid.dims()[i]));
                let truth = if within {
                    labels[(v[2] as usize * ny + v[1] as usize) * nx + v[0] as usize]
                } else {
                    0
                };
                assert_eq!(*label, truth, "{name} {orientation:?}");
                let red = picture.pixels[i].to_ne_bytes()[0];
                assert_eq!(red, if truth == 1 { 100 } else { 0 });
            }
            let mut rim = Picture::default();
            rim.resize([plane.width, plane.height]);
            overlay(&mut rim, &picked, &Overlay { colours: &colours, outline: Some(1), opacity: 0.5 });
            for y in 1..plane.height as usize - 1 {
                for x in 1..plane.width as usize - 1 {
                    let i = y * plane.width as usize + x;
                    let around = [i - 1, i + 1, i - plane.width as usize, i + plane.width as usize];
                    let edge = picked[i] == 1 && around.iter().any(|n| picked[*n] != 1);
                    assert_eq!(rim.pixels[i].to_ne_bytes()[0] == 200, edge);
                }
            }
        }
    }
}

#[test]
fn the_same_picture_for_any_number_of_threads() {
    let (_, grid) = grids().remove(4);
    let voxels = ramp(&grid);
    let once = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut all = Vec::new();
            for orientation in PLANES {
                let plane = PanePlane { height: 130, ..pane(&grid, orientation, 2, 0.2) };
                let mut picture = Picture::default();
                picture.resize([plane.width, plane.height]);
                let map = PixelMap::new(&plane, &grid);
                draw(&mut picture, &map, grid.dims(), &voxels, auto_window(&voxels), Colours::Adc, true);
                all.push(picture);
            }
            all
        })
    };
    assert_eq!(once(1), once(4));
}

#[test]
fn windows_by_percentile_preset_and_hand() {
    let mut values: Vec<i16> = (0..1000).collect();
    values.push(30_000);
    let auto = auto_window(&Voxels::I16(values));
    assert!((auto.low() - 10.0).abs() <= 1.0 && (auto.low() + auto.width - 995.0).abs() <= 1.0, "{auto:?}");
    let flat = auto_window(&Voxels::U8(vec![7; 100]));
    assert!(flat.width > 0.0);
    assert!(auto_window(&Voxels::F32(vec![f32::NAN; 10])).width > 0.0);
    let ct = presets(Content::Ct, &Voxels::I16(vec![-1000, 0, 40]));
    assert_eq!((ct[0].name, ct[0].window), ("soft tissue", Window { width: 400.0, level: 40.0 }));
    let adc = |top: f64| presets(Content::Adc, &Voxels::F64(vec![top; 100]))[0].window.width;
    assert_eq!([adc(1800.0), adc(1.8), adc(0.0018)], [3000.0, 3.0, 0.003]);
}

#[test]
fn the_first_look_is_at_the_body() {
    let grid = Grid::new(
        [100, 80, 20],
        Affine::from_columns([-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 3.0], [0.0; 3]),
    )
    .unwrap();
    let mut values = vec![3_i16; 100 * 80 * 20];
    for z in 2..18 {
        for y in 30..60 {
            for x in 20..70 {
                values[(z * 80 + y) * 100 + x] = 500;
            }
        }
    }
    let found = body_box(&grid, &Voxels::I16(values), Content::Mr);
    let truth = BodyBox { low: [20.0, 30.0, 2.0], high: [69.0, 59.0, 17.0] };
    for axis in 0..3 {
        assert!((found.low[axis] - truth.low[axis]).abs() <= 1.5, "{found:?}");
        assert!((found.high[axis] - truth.high[axis]).abs() <= 1.5, "{found:?}");
    }
    let air = body_box(&grid, &Voxels::I16(vec![0; 100 * 80 * 20]), Content::Mr);
    assert_eq!(air, BodyBox { low: [-0.5; 3], high: [99.5, 79.5, 19.5] });
}

#[test]
fn a_labels_surface_encloses_its_volume_in_any_grid_and_faces_outwards() {
    for (name, grid) in grids() {
        let [nx, ny, nz] = grid.dims().map(|n| n as usize);
        let mut labels = vec![0_u8; nx * ny * nz];
        let mut voxels = 0;
        for z in 1..nz - 1 {
            for y in 1..ny - 1 {
                for x in 1..nx - 1 {
                    labels[(z * ny + y) * nx + x] = 3;
                    voxels += 1;
                }
            }
        }
        let found = labelled_box(&labels, grid.dims()).unwrap();
        assert_eq!(found, [[1, 1, 1], [nx - 1, ny - 1, nz - 1]]);
        let mesh = surface(&labels, &grid, found, 3);
        let truth = f64::from(voxels) * grid.affine().determinant().abs();
        let ratio = mesh.volume() / truth;
        // Relaxing rounds corners off, and these boxes are small.
        assert!((0.55..1.05).contains(&ratio), "{name}: {ratio}");
        assert!(surface(&labels, &grid, found, 4).triangles.is_empty());
        // Every edge belongs to two triangles, once in each direction: it is closed.
        let mut edges = std::collections::BTreeMap::new();
        for [a, b, c] in &mesh.triangles {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                *edges.entry((*from, *to)).or_insert(0) += 1;
            }
        }
        assert!(edges.iter().all(|((a, b), n)| edges.get(&(*b, *a)) == Some(n)), "{name}");
    }
    assert_eq!(labelled_box(&[0; 8], [2, 2, 2]), None);
}

#[test]
fn surfaces_hide_what_is_behind_them_and_turn_with_the_hand() {
    let grid = Grid::new(
        [30, 30, 30],
        Affine::from_columns([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]),
    )
    .unwrap();
    let mut labels = vec![0_u8; 27_000];
    let ball = |at: [usize; 3], middle: [f64; 3], r: f64| {
        (0..3).map(|i| (at[i] as f64 - middle[i]).powi(2)).sum::<f64>() < r * r
    };
    for z in 0..30 {
        for y in 0..30 {
            for x in 0..30 {
                // One in front (anterior), one behind.
                if ball([x, y, z], [15.0, 23.0, 15.0], 5.0) {
                    labels[(z * 30 + y) * 30 + x] = 1;
                } else if ball([x, y, z], [15.0, 7.0, 15.0], 4.0) {
                    labels[(z * 30 + y) * 30 + x] = 2;
                }
            }
        }
    }
    let found = labelled_box(&labels, [30, 30, 30]).unwrap();
    let meshes = [1, 2].map(|label| surface(&labels, &grid, found, label));
    let pair = [(&meshes[0], [255, 0, 0]), (&meshes[1], [0, 255, 0])];
    let mut how = Turned { middle: [15.0; 3], right: [-1.0, 0.0, 0.0], down: [0.0, 0.0, -1.0], mm: 0.5 };
    let mut picture = Picture::default();
    picture.resize([60, 60]);
    let mut middle = |how: &Turned| {
        draw_surfaces(&mut picture, &pair, how);
        picture.pixels[30 * 60 + 30].to_ne_bytes()
    };
    // Seen from the front, the anterior ball hides the other, and faces the light.
    let front = middle(&how);
    assert!(front[0] > 200 && front[1] == 0, "{front:?}");
    // Half a turn later it is the other way round.
    how.turn([360.0, 0.0]);
    let back = middle(&how);
    assert!(back[1] > 200 && back[0] == 0, "{back:?}");
    for _ in 0..1000 {
        how.turn([13.0, -7.0]);
    }
    let dot = |a: [f64; 3], b: [f64; 3]| (0..3).map(|i| a[i] * b[i]).sum::<f64>();
    assert!(dot(how.right, how.down).abs() < 1e-9 && (dot(how.down, how.down) - 1.0).abs() < 1e-9);
}
