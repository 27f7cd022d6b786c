//! Each tool against its definition, computed the slow way, or against a shape that is known.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use super::*;
use crate::segment::space::{Plane, Space};
use crate::volume::{Affine, Grid, Voxels};

const DIMS: [usize; 3] = [26, 22, 14];

fn grid() -> Grid {
    let affine =
        Affine::from_columns([-1.0, 0.0, 0.0], [0.0, -1.25, 0.0], [0.0, 0.0, 2.0], [13.0, 14.0, -14.0]);
    Grid::new(DIMS.map(|d| d as u32), affine).unwrap()
}

fn place(at: usize) -> [usize; 3] {
    [at % DIMS[0], at / DIMS[0] % DIMS[1], at / (DIMS[0] * DIMS[1])]
}

/// mm from the middle of the grid.
fn mm(at: usize) -> [f64; 3] {
    let v = place(at);
    [(v[0] as f64 - 13.0) * 1.0, (v[1] as f64 - 11.0) * 1.25, (v[2] as f64 - 7.0) * 2.0]
}

fn len() -> usize {
    DIMS.iter().product()
}

fn image() -> Voxels {
    Voxels::I16((0..len()).map(|at| (at % 97) as i16).collect())
}

fn images(reference: &Voxels) -> Images<'_> {
    Images { id: 0, reference, others: &[] }
}

/// An editor with segments 1 and 2; 1 is at hand and holds what `is` says, 2 what `other` says.
fn editor(is: impl Fn(usize) -> bool, other: impl Fn(usize) -> bool) -> Editor {
    let reference = image();
    let mut editor = Editor::new(grid()).unwrap();
    for name in ["One", "Two"] {
        let add = SegmentEdit::Add { name: name.to_owned(), lesion: false };
        editor.edit_segment(&add, &images(&reference)).unwrap();
    }
    editor.desk.segments.active = 1;
    let mut recorder = Recorder::default();
    for at in 0..len() {
        let label = if is(at) {
            1
        } else if other(at) {
            2
        } else {
            0
        };
        editor.map.set(at, label, &mut recorder);
    }
    editor.commit("Begin".to_owned(), recorder, None);
    editor
}

fn apply(editor: &mut Editor, tool: Tool, change: OptionsChange, budget: u64) -> Result<(), Error> {
    let reference = image();
    editor.set_options(change, &images(&reference))?;
    editor.apply_tool(tool, &images(&reference))?;
    let before = editor.view().can_undo;
    while editor.step(budget, &images(&reference))? {}
    assert!(before);
    Ok(())
}

fn inside(editor: &Editor, label: u8) -> Vec<bool> {
    editor.labels().iter().map(|l| *l == label).collect()
}

fn apart(a: usize, b: usize) -> f64 {
    let (p, q) = (mm(a), mm(b));
    (0..3).map(|i| (p[i] - q[i]).powi(2)).sum::<f64>().sqrt()
}

/// By definition: every voxel within some mm of one inside.
fn grown(mask: &[bool], by: f64) -> Vec<bool> {
    (0..len()).map(|at| (0..len()).any(|o| mask[o] && apart(at, o) <= by + 1e-6)).collect()
}

fn shrunk(mask: &[bool], by: f64) -> Vec<bool> {
    let outside: Vec<bool> = mask.iter().map(|m| !m).collect();
    grown(&outside, by).iter().map(|m| !m).collect()
}

/// A ball with a thin arm, a hole and a speck.
fn shape(at: usize) -> bool {
    let p = mm(at);
    let r = (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
    let arm = p[1].abs() < 1.0 && p[2].abs() < 1.0 && p[0] > 0.0 && p[0] < 11.0;
    (r <= 7.0 || arm || place(at) == [1, 1, 1]) && place(at) != [12, 10, 7]
}

#[test]
fn margins_shells_opening_and_closing_are_what_they_are_by_definition() {
    let mask: Vec<bool> = (0..len()).map(shape).collect();
    let margin = |by| OptionsChange { margin: Some(MarginOptions { by }), ..OptionsChange::default() };
    for (by, truth) in [(2.5, grown(&mask, 2.5)), (-2.0, shrunk(&mask, 2.0)), (0.5, mask.clone())] {
        for budget in [1, 1000, u64::MAX] {
            let mut editor = editor(shape, |_| false);
            apply(&mut editor, Tool::Margin, margin(by), budget).unwrap();
            assert_eq!(inside(&editor, 1), truth, "margin {by}");
        }
    }
    let minus = |a: Vec<bool>, b: &[bool]| -> Vec<bool> { a.iter().zip(b).map(|(a, b)| *a && !b).collect() };
    for (shell, truth) in [
        (Shell::Inside, minus(grown(&mask, 3.0), &mask)),
        (Shell::Medial, minus(grown(&mask, 1.5), &shrunk(&mask, 1.5))),
        (Shell::Outside, minus(mask.clone(), &shrunk(&mask, 3.0))),
    ] {
        let mut editor = editor(shape, |_| false);
        let hollow = Some(HollowOptions { thickness: 3.0, shell });
        apply(&mut editor, Tool::Hollow, OptionsChange { hollow, ..OptionsChange::default() }, 500).unwrap();
        assert_eq!(inside(&editor, 1), truth, "{shell:?}");
    }
    for (method, truth) in [
        (Smooth::Opening, grown(&shrunk(&mask, 2.0), 2.0)),
        (Smooth::Closing, shrunk(&grown(&mask, 2.0), 2.0)),
    ] {
        let mut editor = editor(shape, |_| false);
        let smoothing = Some(SmoothingOptions { method, size: 4.0 });
        apply(&mut editor, Tool::Smoothing, OptionsChange { smoothing, ..OptionsChange::default() }, 500)
            .unwrap();
        assert_eq!(inside(&editor, 1), truth, "{method:?}");
        let (speck, hole) = (DIMS[0] * DIMS[1] + DIMS[0] + 1, 7 * DIMS[0] * DIMS[1] + 10 * DIMS[0] + 12);
        assert_eq!(truth[speck], method == Smooth::Closing);
        assert_eq!(truth[hole], method == Smooth::Closing);
    }
}

/// The voxels around one, with their distance in voxels along each axis, within the grid.
fn around(at: usize, half: [usize; 3]) -> Vec<(usize, [usize; 3])> {
    let v = place(at);
    let range = |a: usize| v[a].saturating_sub(half[a])..(v[a] + half[a] + 1).min(DIMS[a]);
    let mut out = Vec::new();
    for z in range(2) {
        for y in range(1) {
            for x in range(0) {
                let far = [v[0].abs_diff(x), v[1].abs_diff(y), v[2].abs_diff(z)];
                out.push(((z * DIMS[1] + y) * DIMS[0] + x, far));
            }
        }
    }
    out
}

#[test]
fn the_median_counts_and_the_blur_weighs_all_around() {
    // The kernel of 5 mm: 5, 3 (of 4) and 3 (of 2.5) voxels, odd and nearest, as Slicer rounds.
    let mut median = editor(shape, |_| false);
    let smoothing = Some(SmoothingOptions { method: Smooth::Median, size: 5.0 });
    apply(&mut median, Tool::Smoothing, OptionsChange { smoothing, ..OptionsChange::default() }, 100)
        .unwrap();
    let half = [2, 2, 1];
    let truth: Vec<bool> = (0..len())
        .map(|at| {
            let near = around(at, half);
            2 * near.iter().filter(|(o, _)| shape(*o)).count() > near.len()
        })
        .collect();
    assert_eq!(inside(&median, 1), truth);
    let sigma = 1.5;
    let mut blurred = editor(shape, |_| false);
    let smoothing = Some(SmoothingOptions { method: Smooth::Gaussian, size: sigma });
    apply(&mut blurred, Tool::Smoothing, OptionsChange { smoothing, ..OptionsChange::default() }, 100)
        .unwrap();
    let mut doubtful = 0;
    for at in 0..len() {
        let (mut sum, mut all) = (0.0, 0.0);
        for (o, far) in around(at, [6, 5, 3]) {
            let d = [far[0] as f64, far[1] as f64 * 1.25, far[2] as f64 * 2.0];
            let w = (-0.5 * (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) / (sigma * sigma)).exp();
            sum += if shape(o) { w } else { 0.0 };
            all += w;
        }
        if (sum / all - 0.5).abs() < 1e-4 {
            doubtful += 1;
        } else {
            assert_eq!(blurred.labels()[at] == 1, sum / all > 0.5, "at {:?}", place(at));
        }
    }
    assert!(doubtful < 20);
}

#[test]
fn joint_smoothing_leaves_no_gap_between_segments_and_no_locked_voxel_changed() {
    let left = |at: usize| (8..13).contains(&place(at)[0]) && place(at) != [12, 9, 6];
    let right = |at: usize| (13..18).contains(&place(at)[0]) || place(at) == [12, 9, 6];
    let mut editor = editor(left, right);
    let smoothing = Some(SmoothingOptions { method: Smooth::Joint, size: 2.0 });
    apply(&mut editor, Tool::Smoothing, OptionsChange { smoothing, ..OptionsChange::default() }, 777)
        .unwrap();
    for at in 0..len() {
        let x = place(at)[0];
        let truth = if (8..13).contains(&x) {
            1
        } else if (13..18).contains(&x) {
            2
        } else {
            0
        };
        assert_eq!(editor.labels()[at], truth, "at {:?}", place(at));
    }
}

#[test]
fn filling_between_slices_follows_a_shape_that_moves_and_widens() {
    // Discs in slices 2, 7 and 12 whose middle and radius change evenly.
    let truth = |at: usize| {
        let (v, p) = (place(at), mm(at));
        let t = v[2] as f64;
        (2..13).contains(&v[2]) && (p[0] - (t - 7.0)).hypot(p[1]) <= 3.0 + 0.3 * t
    };
    let mut editor = editor(|at| truth(at) && [2, 7, 12].contains(&place(at)[2]), |_| false);
    apply(&mut editor, Tool::FillBetween, OptionsChange::default(), 100).unwrap();
    let found = inside(&editor, 1);
    let both = (0..len()).filter(|at| found[*at] && truth(*at)).count();
    let each = found.iter().filter(|f| **f).count() + (0..len()).filter(|at| truth(*at)).count();
    let dice = 2.0 * both as f64 / each as f64;
    assert!(dice > 0.96, "{dice}");
    // What was drawn stays to the voxel.
    assert!((0..len()).all(|at| ![2, 7, 12].contains(&place(at)[2]) || found[at] == truth(at)));
    // Slices in another direction, and the refusal where there is nothing to fill.
    let mut sideways =
        self::editor(|at| [3, 9].contains(&place(at)[0]) && place(at)[1] > 4 && place(at)[2] > 4, |_| false);
    apply(&mut sideways, Tool::FillBetween, OptionsChange::default(), 1).unwrap();
    let truth: Vec<bool> = (0..len())
        .map(|at| (3..=9).contains(&place(at)[0]) && place(at)[1] > 4 && place(at)[2] > 4)
        .collect();
    assert_eq!(inside(&sideways, 1), truth);
    assert!(matches!(
        apply(&mut sideways, Tool::FillBetween, OptionsChange::default(), 1),
        Err(Error::Missing(_))
    ));
}

#[test]
fn islands_are_kept_removed_split_and_chosen() {
    let three = |at: usize| {
        let [x, y, z] = place(at);
        (x < 4 && y < 4 && z < 4) || (x > 20 && y < 3 && z < 3) || (x > 24 && y > 20 && z > 12)
    };
    let large = |at: usize| place(at)[0] < 4;
    let run = |keep, least_voxels| {
        let mut editor = editor(three, |_| false);
        let islands = Some(IslandOptions { keep, least_voxels });
        apply(&mut editor, Tool::Islands, OptionsChange { islands, ..OptionsChange::default() }, 1)
            .map(|()| editor)
    };
    let largest = run(Keep::Largest, 0).unwrap();
    assert_eq!(inside(&largest, 1), (0..len()).map(|at| three(at) && large(at)).collect::<Vec<_>>());
    let not_small = run(Keep::RemoveSmall, 10).unwrap();
    assert_eq!(not_small.map.count(1), 64 + 45);
    let split = run(Keep::Split, 2).unwrap();
    // The single voxel is too small for a segment of its own.
    assert_eq!((split.map.count(1), split.map.count(3), split.map.count(0) as usize), (64, 45, len() - 109));
    assert_eq!(split.segments().list[2].name, "One 2");
    assert!(matches!(run(Keep::RemoveSelected, 0), Err(Error::Missing(_))));
    let reference = image();
    let mut clicked = editor(three, |_| false);
    let change = OptionsChange {
        islands: Some(IslandOptions { keep: Keep::RemoveSelected, least_voxels: 0 }),
        ..OptionsChange::default()
    };
    clicked.set_options(change, &images(&reference)).unwrap();
    let plane = Plane::of_slice(&Space::new(clicked.grid()), 2, 1);
    for (phase, points) in [(Phase::Begin, &[[22.3, 1.2, 1.0]][..]), (Phase::End, &[])] {
        let stroke = Stroke { tool: Tool::Islands, phase, plane, points, inverted: false };
        clicked.stroke(&stroke, &images(&reference)).unwrap();
    }
    assert_eq!(clicked.map.count(1), 65);
}

#[test]
fn logical_operators_give_and_take_between_segments_that_exclude_each_other() {
    let one = |at: usize| place(at)[0] < 5;
    let two = |at: usize| (5..9).contains(&place(at)[0]);
    let run = |operation, locked: bool| {
        let mut editor = editor(one, two);
        editor.desk.segments.list[1].locked = locked;
        let logical = Some(LogicalOptions { operation, with: 2 });
        apply(&mut editor, Tool::Logical, OptionsChange { logical, ..OptionsChange::default() }, 1).map(
            |()| {
                let counts =
                    [editor.map.count(1), editor.map.count(2)].map(|n| n as usize / (DIMS[1] * DIMS[2]));
                (counts[0], counts[1])
            },
        )
    };
    assert_eq!(run(Operation::Copy, false), Ok((4, 0)));
    assert_eq!(run(Operation::Add, false), Ok((9, 0)));
    assert_eq!(run(Operation::Subtract, false), Ok((5, 4)));
    assert_eq!(run(Operation::Intersect, false), Ok((0, 4)));
    assert_eq!(run(Operation::Invert, false), Ok((21, 0)));
    assert_eq!(run(Operation::Invert, true), Ok((17, 4)));
    assert_eq!(run(Operation::Clear, false), Ok((0, 4)));
    assert_eq!(run(Operation::Fill, true), Ok((22, 4)));
    assert!(matches!(run(Operation::Add, true), Err(Error::Missing(_))));
}

#[test]
fn a_threshold_shows_first_what_it_then_does_within_masking() {
    let reference = image();
    let images = images(&reference);
    let mut editor = editor(shape, |at| place(at)[0] < 3);
    editor.set_tool(Some(Tool::Threshold), &images).unwrap();
    let (low, high) = (30.0, 60.0);
    let threshold = Some(ThresholdOptions { low, high });
    editor.set_options(OptionsChange { threshold, ..OptionsChange::default() }, &images).unwrap();
    let masking = Masking { overwrite: Overwrite::None, ..Masking::default() };
    editor.set_masking(masking, &images).unwrap();
    while editor.step(300, &images).unwrap() {}
    let preview = editor.preview_labels().unwrap().to_vec();
    assert_eq!(editor.view().preview.unwrap().fraction, 1.0);
    let truth: Vec<u8> = (0..len())
        .map(|at| {
            let bright = (30..=60).contains(&(at % 97));
            if place(at)[0] < 3 && !shape(at) { 2 } else { u8::from(bright) }
        })
        .collect();
    assert_eq!(preview, truth);
    assert!(editor.take_changed().is_some());
    editor.end_preview(true, &images).unwrap();
    assert_eq!((editor.labels(), editor.preview_labels()), (&truth[..], None));
    assert_eq!(editor.view().undoes, "Threshold: One");
}

#[test]
fn a_volume_is_masked_inside_or_outside() {
    let reference = image();
    let mut editor = editor(shape, |_| false);
    for inside in [false, true] {
        let mask_volume = Some(MaskVolumeOptions { inside, fill: -5.0 });
        editor
            .set_options(OptionsChange { mask_volume, ..OptionsChange::default() }, &images(&reference))
            .unwrap();
        let masked = editor.mask_volume(&images(&reference)).unwrap();
        for at in 0..len() {
            let truth = if shape(at) == inside { -5.0 } else { (at % 97) as f64 };
            assert_eq!(masked.get(at), Some(truth));
        }
    }
    let bytes = Voxels::U8(vec![1; len()]);
    assert!(editor.mask_volume(&images(&bytes)).is_err());
}

#[test]
fn scissors_draw_and_masking_keep_to_what_they_may() {
    let reference = image();
    let images = images(&reference);
    let everything = |_: usize| true;
    let square = [[5.0, 5.0, 7.0], [15.2, 5.0, 7.0], [15.2, 12.2, 7.0], [5.0, 12.2, 7.0]];
    let in_square = |at: usize| (5..=15).contains(&place(at)[0]) && (5..=12).contains(&place(at)[1]);
    let run = |editor: &mut Editor, tool, scissors, inverted| {
        let change = OptionsChange { scissors: Some(scissors), ..OptionsChange::default() };
        editor.set_options(change, &images).unwrap();
        let plane = Plane::of_slice(&Space::new(editor.grid()), 2, 7);
        // A little outwards, so that corners on voxels' centres count.
        let points = square.map(|[x, y, z]| [x - 0.1, y - 0.1, z]);
        for (phase, points) in [(Phase::Begin, &points[..2]), (Phase::Move, &points[2..]), (Phase::End, &[])]
        {
            editor.stroke(&Stroke { tool, phase, plane, points, inverted }, &images).unwrap();
        }
    };
    for (erase, outside, slice_only, inverted) in [
        (true, false, false, false),
        (true, true, false, false),
        (true, false, true, false),
        (true, false, false, true),
        (false, false, true, false),
    ] {
        let mut editor = if erase { editor(everything, |_| false) } else { editor(|_| false, |_| false) };
        run(&mut editor, Tool::Scissors, ScissorsOptions { erase, outside, slice_only }, inverted);
        for at in 0..len() {
            let hit = (!slice_only || place(at)[2] == 7) && in_square(at) != (outside != inverted);
            assert_eq!(editor.labels()[at] == 1, hit != erase, "{erase} {outside} {slice_only} {inverted}");
        }
    }
    let plain = ScissorsOptions { erase: true, outside: false, slice_only: false };
    // Draw stays in its slice, takes nothing from the locked one, and only in the range.
    let mut editor = editor(|_| false, |at| place(at)[0] < 8);
    editor.edit_segment(&SegmentEdit::Lock { label: 2, locked: true }, &images).unwrap();
    editor.set_masking(Masking { range: Some((10.0, 80.0)), ..Masking::default() }, &images).unwrap();
    run(&mut editor, Tool::Draw, plain, false);
    for at in 0..len() {
        let drawn = in_square(at) && place(at)[2] == 7 && place(at)[0] >= 8 && (10..=80).contains(&(at % 97));
        assert_eq!(editor.labels()[at], if place(at)[0] < 8 { 2 } else { u8::from(drawn) });
    }
}

#[test]
fn work_under_way_can_be_given_up_and_nothing_else_happens_meanwhile() {
    let reference = image();
    let images = images(&reference);
    let mut editor = editor(shape, |_| false);
    let before = editor.labels().to_vec();
    editor.apply_tool(Tool::Margin, &images).unwrap();
    assert!(editor.step(1, &images).unwrap());
    assert_eq!(editor.view().preview.unwrap().tool, Tool::Margin);
    let add = SegmentEdit::Add { name: String::new(), lesion: false };
    assert_eq!(editor.edit_segment(&add, &images), Err(Error::Busy("Margin")));
    editor.end_preview(false, &images).unwrap();
    assert_eq!((editor.labels(), editor.view().preview), (&before[..], None));
    editor.apply_tool(Tool::Margin, &images).unwrap();
    assert!(editor.undo(&images).unwrap());
    assert_eq!(editor.labels(), before);
    editor.apply_tool(Tool::Margin, &images).unwrap();
    editor.end_preview(true, &images).unwrap();
    assert!(editor.map.count(1) as usize > before.iter().filter(|l| **l == 1).count());
}

#[test]
fn growing_says_what_is_missing_and_can_be_kept_or_given_up() {
    let reference = Voxels::I16((0..len()).map(|at| if shape(at) { 90 } else { 10 }).collect());
    let images = images(&reference);
    let mut editor = editor(|_| false, |_| false);
    let missing = |editor: &Editor| editor.view().preview.unwrap().missing;
    editor.set_tool(Some(Tool::Grow), &images).unwrap();
    assert!(missing(&editor).starts_with("Paint seeds of two segments"));
    let space = Space::new(editor.grid());
    let dab = |editor: &mut Editor, at: [f64; 3], inverted| {
        let plane = Plane::of_slice(&space, 2, at[2] as usize);
        for (phase, points) in [(Phase::Begin, &[at][..]), (Phase::End, &[])] {
            editor.stroke(&Stroke { tool: Tool::Grow, phase, plane, points, inverted }, &images).unwrap();
        }
    };
    let brush = Some(BrushOptions { diameter: 3.0, sphere: false });
    editor.set_options(OptionsChange { brush, ..OptionsChange::default() }, &images).unwrap();
    dab(&mut editor, [13.0, 11.0, 7.0], false);
    assert!(missing(&editor).starts_with("Only One has seeds: paint some background too"));
    assert!(editor.end_preview(true, &images).is_err());
    editor.edit_segment(&SegmentEdit::Activate { label: 2 }, &images).unwrap();
    for at in [[2.0, 2.0, 1.0], [23.0, 20.0, 12.0], [24.0, 2.0, 7.0], [2.0, 20.0, 7.0]] {
        dab(&mut editor, at, false);
    }
    assert_eq!(missing(&editor), "");
    while editor.step(5000, &images).unwrap() {}
    let truth = |at: usize| shape(at) && place(at) != [1, 1, 1];
    let dice = |labels: &[u8]| {
        let both = (0..len()).filter(|at| labels[*at] == 1 && truth(*at)).count();
        let each = labels.iter().filter(|l| **l == 1).count() + (0..len()).filter(|at| truth(*at)).count();
        2.0 * both as f64 / each as f64
    };
    assert!(dice(editor.preview_labels().unwrap()) > 0.97);
    // Erasing every seed of one says again what is missing; undo brings the preview back.
    let before = editor.preview_labels().unwrap().to_vec();
    editor.edit_segment(&SegmentEdit::Activate { label: 1 }, &images).unwrap();
    dab(&mut editor, [13.0, 11.0, 7.0], true);
    assert!(editor.preview_labels().is_none() && missing(&editor).starts_with("Only Two"));
    editor.undo(&images).unwrap();
    while editor.step(5000, &images).unwrap() {}
    assert_eq!(editor.preview_labels().unwrap(), before);
    let next = editor.next_best(&images);
    assert!(next.is_none_or(|(_, voxels)| voxels > 0));
    assert!(editor.margins(&Box3::whole(DIMS)).unwrap().iter().any(|m| m.is_finite()));
    // A restart grows again by itself.
    let journal = editor.take_records();
    let mut back = Editor::restore(grid(), &journal).unwrap().editor;
    while back.step(5000, &images).unwrap() {}
    assert_eq!(back.preview_labels().unwrap(), before);
    editor.end_preview(true, &images).unwrap();
    assert_eq!((editor.labels(), editor.preview_labels()), (&before[..], None));
    assert_eq!(editor.help_used().1, 1);
    editor.undo(&images).unwrap();
    assert!(editor.map.count(1) < 40);
    back.end_preview(false, &images).unwrap();
    assert!(back.view().preview.is_none() && back.map.count(1) < 40);
}

#[test]
fn several_volumes_drive_growing_and_one_that_lies_apart_is_left_aside() {
    let shifted = |by: usize| {
        Voxels::I16(
            (0..len())
                .map(|at| {
                    let v = place(at);
                    let from = (v[2] * DIMS[1] + v[1]) * DIMS[0] + v[0].saturating_sub(by);
                    if shape(from) { 90 + (from % 5) as i16 } else { 10 + (from % 3) as i16 }
                })
                .collect(),
        )
    };
    let (reference, near, far) = (shifted(0), shifted(0), shifted(5));
    let own = grid();
    let others = [Image { id: 1, grid: &own, voxels: &near }, Image { id: 2, grid: &own, voxels: &far }];
    let images = Images { id: 0, reference: &reference, others: &others };
    let mut editor = editor(|at| place(at) == [13, 11, 7], |at| place(at) == [3, 3, 3]);
    editor.set_tool(Some(Tool::Grow), &images).unwrap();
    let grow = |volumes: &[u32]| OptionsChange {
        grow: Some(GrowOptions { locality: 0.0, volumes: volumes.to_vec(), metric: GrowMetric::Slicer }),
        ..OptionsChange::default()
    };
    editor.set_options(grow(&[0, 1]), &images).unwrap();
    assert_eq!(editor.view().preview.unwrap().note, "");
    editor.set_options(grow(&[0, 2]), &images).unwrap();
    assert!(editor.view().preview.unwrap().note.contains("only the first drives growing"));
    assert!(matches!(editor.set_options(grow(&[0, 7]), &images), Err(Error::Missing(_))));
}

#[test]
fn a_draft_is_taken_named_undone_and_refused_on_another_grid() {
    let reference = image();
    let images = images(&reference);
    let mut made = editor(shape, |at| place(at)[2] == 0);
    made.edit_segment(&SegmentEdit::Code { label: 2, code: "liver".to_owned() }, &images).unwrap();
    made.edit_segment(&SegmentEdit::Preset { preset: "lesion".to_owned() }, &images).unwrap();
    let saving = Saving { subject: "sub-1", rater: "a", free_text: false, series: None };
    for (to, table) in [(SaveAs::Nifti, true), (SaveAs::Nrrd, false), (SaveAs::DicomSeg, false)] {
        let files = made.save(to, &saving).unwrap();
        let text = table.then(|| String::from_utf8(files[1].1.clone()).unwrap());
        let mut editor = Editor::new(grid()).unwrap();
        editor.load_draft(&files[0].1, text.as_deref(), &images).unwrap();
        assert_eq!(editor.labels(), made.labels(), "{to:?}");
        let two = editor.segments().list.iter().find(|s| s.label == 2).unwrap();
        assert!(two.draft && two.term == "liver" && two.name == "Liver", "{two:?}");
        assert!(editor.view().segments[0].draft);
        editor.undo(&images).unwrap();
        assert!(editor.segments().list.is_empty() && editor.labels().iter().all(|l| *l == 0));
        let mut affine = *grid().affine();
        affine.0[2][3] += 0.7;
        let mut editor = Editor::new(Grid::new(DIMS.map(|d| d as u32), affine).unwrap()).unwrap();
        let words = editor.load_draft(&files[0].1, None, &images).unwrap_err().to_string();
        assert!(words.starts_with("these labels lie on another grid"), "{words}");
        assert!(editor.segments().list.is_empty());
    }
}

#[test]
fn long_work_that_cannot_go_on_is_given_up_and_leaves_labels_and_history() {
    let reference = image();
    let gone = Voxels::I16(vec![0; 7]);
    for tool in [Tool::Smoothing, Tool::Grow, Tool::Threshold] {
        let mut editor = editor(shape, |at| mm(at)[2] < -10.0);
        let (labels, steps) = (editor.labels().to_vec(), editor.view().undoes);
        if tool == Tool::Smoothing {
            editor.apply_tool(tool, &images(&reference)).unwrap();
        } else {
            editor.set_tool(Some(tool), &images(&reference)).unwrap();
        }
        assert!(editor.is_busy(), "{tool:?}");
        // Its image is not there any more: every further step would say so again.
        assert!(editor.step(100, &images(&gone)).is_err() && editor.is_busy(), "{tool:?}");
        editor.give_up();
        assert!(!editor.is_busy(), "{tool:?}");
        assert!(editor.preview_labels().is_none() && editor.view().preview.is_none());
        assert_eq!((editor.labels(), editor.view().undoes), (&labels[..], steps));
        let back = Editor::restore(grid(), &editor.take_records()).unwrap().editor;
        assert_eq!(back.labels(), labels);
        assert!(!back.is_busy(), "nor after the next start");
    }
}
