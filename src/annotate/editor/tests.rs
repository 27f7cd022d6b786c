//! Properties of the editor: whatever hands do, undo takes it back, the journal brings it again, and the
//! preview is what a full solve gives.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use super::options::Rule;
use super::*;
use crate::segment::growcut::{Channel, GrowCut, Input, Options, Region};
use crate::segment::space::{Plane, Space};
use crate::volume::{Affine, Grid, Voxels};
use proptest::prelude::*;

fn grid() -> Grid {
    let (s, c) = (0.2_f64.sin(), 0.2_f64.cos());
    let x = [-c, s, 0.0].map(|v| v * 1.2);
    let y = [-s, -c, 0.0].map(|v| v * 1.1);
    Grid::new([28, 24, 12], Affine::from_columns(x, y, [0.0, 0.0, 2.5], [15.0, 12.0, -9.0])).unwrap()
}

/// A bright ball in a ramp with some noise.
fn voxels() -> Voxels {
    let mut state = 5_u32;
    Voxels::I16(
        (0..28 * 24 * 12)
            .map(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let v = [at % 28, at / 28 % 24, at / 672].map(|v| v as f64);
                let d = (v[0] - 14.0).powi(2) + (v[1] - 12.0).powi(2) + 4.0 * (v[2] - 6.0).powi(2);
                (if d < 49.0 { 200 } else { 100 }) + (state >> 29) as i16 + at as i16 % 28
            })
            .collect(),
    )
}

fn images(reference: &Voxels) -> Images<'_> {
    Images { id: 0, reference, others: &[] }
}

fn slice(editor: &Editor, z: f64) -> Plane {
    Plane::of_slice(&Space::new(editor.grid()), 2, z.max(0.0) as usize)
}

/// What a hand may do.
#[derive(Clone, Debug)]
enum Deed {
    Stroke { tool: Tool, points: Vec<[f64; 3]>, inverted: bool, cancel: bool },
    Edit(SegmentEdit),
    Brush(BrushOptions),
    Masking(Masking),
    Undo,
    Redo,
    Grow,
    End(bool),
    Step,
    Apply(Tool),
    Options(OptionsChange),
}

/// Calm hands keep their segments and mostly paint.
fn deeds(calm: bool) -> impl Strategy<Value = Vec<Deed>> {
    let point = (-1.0..29.0_f64, -1.0..25.0_f64, -0.5..12.5_f64).prop_map(|(x, y, z)| [x, y, z.floor()]);
    let tool = prop::sample::select(vec![
        Tool::Paint,
        Tool::Paint,
        Tool::Erase,
        Tool::Draw,
        Tool::Grow,
        Tool::Scissors,
        Tool::LevelTracing,
    ]);
    let stroke = (tool, prop::collection::vec(point, 1..6), any::<bool>(), 0..8_u8).prop_map(
        |(tool, points, inverted, cancel)| Deed::Stroke { tool, points, inverted, cancel: cancel == 0 },
    );
    let label = 1..6_u8;
    let edit = prop_oneof![
        any::<bool>().prop_map(|lesion| SegmentEdit::Add { name: String::new(), lesion }),
        label.clone().prop_map(|label| SegmentEdit::Remove { label }),
        label.clone().prop_map(|label| SegmentEdit::Rename { label, name: "Another name".to_owned() }),
        (label.clone(), any::<bool>()).prop_map(|(label, locked)| SegmentEdit::Lock { label, locked }),
        (label.clone(), any::<bool>()).prop_map(|(label, visible)| SegmentEdit::Visible { label, visible }),
        (label.clone(), 0..4_usize).prop_map(|(label, to)| SegmentEdit::Move { label, to }),
        label.clone().prop_map(|label| SegmentEdit::Activate { label }),
        label.prop_map(|label| SegmentEdit::Activate { label }),
    ];
    let activate = (1..4_u8).prop_map(|label| SegmentEdit::Activate { label });
    let edit = if calm { activate.boxed() } else { prop_oneof![1 => edit, 1 => activate].boxed() };
    let masking = prop_oneof![
        Just(Masking::default()),
        Just(Masking { range: Some((90.0, 180.0)), ..Masking::default() }),
        Just(Masking { place: Where::OutsideAll, ..Masking::default() }),
        Just(Masking { place: Where::Inside(3), overwrite: Overwrite::None, range: None }),
    ];
    let deed = prop_oneof![
        if calm { 16 } else { 10 } => stroke,
        3 => edit.prop_map(Deed::Edit),
        1 => (1.0..12.0_f64, any::<bool>()).prop_map(|(diameter, sphere)| Deed::Brush(BrushOptions { diameter, sphere })),
        1 => masking.prop_map(Deed::Masking),
        2 => Just(Deed::Undo),
        1 => Just(Deed::Redo),
        1 => Just(Deed::Grow),
        1 => any::<bool>().prop_map(move |keep| if calm { Deed::Grow } else { Deed::End(keep) }),
        2 => Just(Deed::Step),
        if calm { 1 } else { 3 } => prop::sample::select(APPLIED.to_vec()).prop_map(Deed::Apply),
        2 => changes().prop_map(Deed::Options),
    ];
    prop::collection::vec(deed, 1..24)
}

fn changes() -> impl Strategy<Value = OptionsChange> {
    use prop::sample::select;
    let smooth =
        select(vec![Smooth::Median, Smooth::Opening, Smooth::Closing, Smooth::Gaussian, Smooth::Joint]);
    let shell = select(vec![Shell::Inside, Shell::Medial, Shell::Outside]);
    let keep = select(vec![Keep::Largest, Keep::Split, Keep::RemoveSmall]);
    let logical = select(vec![
        Operation::Copy,
        Operation::Add,
        Operation::Subtract,
        Operation::Intersect,
        Operation::Invert,
        Operation::Clear,
        Operation::Fill,
    ]);
    (smooth, shell, keep, logical, -6.0..6.0_f64, 0.5..8.0_f64, 0..4_u8).prop_map(
        |(method, shell, keep, operation, by, size, with)| OptionsChange {
            margin: Some(MarginOptions { by }),
            hollow: Some(HollowOptions { thickness: size, shell }),
            smoothing: Some(SmoothingOptions { method, size }),
            islands: Some(IslandOptions { keep, least_voxels: 5 }),
            logical: Some(LogicalOptions { operation, with }),
            threshold: Some(ThresholdOptions { low: 120.0 + by, high: 180.0 + size }),
            ..OptionsChange::default()
        },
    )
}

const APPLIED: [Tool; 7] = [
    Tool::Islands,
    Tool::Threshold,
    Tool::Margin,
    Tool::Hollow,
    Tool::Smoothing,
    Tool::FillBetween,
    Tool::Logical,
];

fn begun(reference: &Voxels) -> Editor {
    let mut editor = Editor::new(grid()).unwrap();
    editor.edit_segment(&SegmentEdit::Preset { preset: "lesion".to_owned() }, &images(reference)).unwrap();
    editor
}

/// Does it; what is refused must leave everything as it was.
fn act(editor: &mut Editor, deed: &Deed, images: &Images<'_>) {
    let before = (editor.map.clone(), editor.desk.segments.clone());
    let done = match deed {
        Deed::Stroke { tool, points, inverted, cancel } => {
            let plane = slice(editor, points[0][2]);
            let piece = |phase, points| Stroke { tool: *tool, phase, plane, points, inverted: *inverted };
            let (first, rest) = points.split_first().unwrap();
            let begun = editor.stroke(&piece(Phase::Begin, std::slice::from_ref(first)), images);
            begun.and_then(|()| {
                for point in rest {
                    editor.stroke(&piece(Phase::Move, std::slice::from_ref(point)), images)?;
                }
                let last = if *cancel { Phase::Cancel } else { Phase::End };
                let done = editor.stroke(&piece(last, &[]), images);
                assert!(!*cancel || before == (editor.map.clone(), editor.desk.segments.clone()));
                done
            })
        }
        Deed::Edit(edit) => editor.edit_segment(edit, images),
        Deed::Brush(brush) => {
            editor.set_options(OptionsChange { brush: Some(*brush), ..OptionsChange::default() }, images)
        }
        Deed::Masking(masking) => editor.set_masking(*masking, images),
        Deed::Undo => editor.undo(images).map(|_| ()),
        Deed::Redo => editor.redo(images).map(|_| ()),
        Deed::Grow => editor.set_tool(Some(Tool::Grow), images),
        Deed::End(keep) => editor.end_preview(*keep, images),
        Deed::Step => editor.step(500, images).map(|_| ()),
        Deed::Apply(tool) => editor.apply_tool(*tool, images),
        Deed::Options(change) => editor.set_options(change.clone(), images),
    };
    if done.is_err() {
        assert_eq!((&editor.map, &editor.desk.segments), (&before.0, &before.1), "{deed:?}");
    }
    let mut counts = [0_u64; 256];
    editor.labels().iter().for_each(|l| counts[usize::from(*l)] += 1);
    assert!((0..=255).all(|l: u8| editor.map.count(l) == counts[usize::from(l)]));
}

fn state(editor: &Editor) -> (Vec<u8>, Desk, History<Renamed>) {
    (editor.labels().to_vec(), editor.desk.clone(), editor.history.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undo_takes_everything_back_and_redo_brings_it_again(deeds in deeds(false)) {
        let reference = voxels();
        let images = images(&reference);
        let mut editor = begun(&reference);
        for deed in &deeds {
            act(&mut editor, deed, &images);
        }
        editor.task = None;
        let shown = |editor: &Editor| -> Vec<_> {
            editor.desk.segments.list.iter().map(|s| (s.label, s.name.clone(), s.lesion.clone())).collect()
        };
        let end = (editor.labels().to_vec(), shown(&editor));
        let mut steps = 0;
        while editor.undo(&images).unwrap() {
            steps += 1;
        }
        prop_assert!(editor.labels().iter().all(|l| *l == 0));
        prop_assert!(editor.desk.segments.list.is_empty());
        for _ in 0..steps {
            prop_assert!(editor.redo(&images).unwrap());
        }
        // What was undone before stands after the end.
        prop_assert_eq!((editor.labels().to_vec(), shown(&editor)), end);
    }

    #[test]
    fn a_journal_cut_at_any_byte_restores_what_was_then(deeds in deeds(false), cuts in prop::collection::vec(0.0..1.0_f64, 12)) {
        let reference = voxels();
        let images = images(&reference);
        let mut editor = Editor::new(grid()).unwrap();
        let mut journal = editor.take_records();
        let mut states = vec![(journal.len(), state(&editor))];
        editor.edit_segment(&SegmentEdit::Preset { preset: "hcc".to_owned() }, &images).unwrap();
        for (i, deed) in deeds.iter().enumerate() {
            act(&mut editor, deed, &images);
            if i == deeds.len() / 2 {
                // A checkpoint takes the place of all before.
                journal = editor.checkpoint().unwrap();
                states.clear();
            } else {
                journal.extend(editor.take_records());
            }
            states.push((journal.len(), state(&editor)));
        }
        for (len, (labels, desk, history)) in &states {
            let back = Editor::restore(grid(), &journal[..*len]).unwrap();
            prop_assert_eq!((back.read, back.torn), (*len, 0));
            prop_assert_eq!(back.editor.labels(), &labels[..]);
            prop_assert_eq!(&back.editor.desk, desk);
            prop_assert_eq!(&back.editor.history, history);
        }
        for cut in cuts {
            let cut = (cut * journal.len() as f64) as usize;
            let back = Editor::restore(grid(), &journal[..cut]).unwrap();
            prop_assert!(back.read <= cut && back.torn == cut - back.read);
            // It goes on from there.
            let mut editor = back.editor;
            let mut journal = journal[..back.read].to_vec();
            act(&mut editor, &Deed::Edit(SegmentEdit::Add { name: String::new(), lesion: true }), &images);
            journal.extend(editor.take_records());
            let again = Editor::restore(grid(), &journal).unwrap();
            prop_assert_eq!(state(&again.editor), state(&editor));
        }
    }

    #[test]
    fn records_of_any_content_are_taken_or_end_the_journal(
        records in prop::collection::vec((2..8_u8, prop::collection::vec(any::<u8>(), 0..60)), 1..6),
    ) {
        let mut journal = Editor::new(grid()).unwrap().take_records();
        for (kind, payload) in &records {
            crate::segment::journal::append(&mut journal, *kind, payload);
        }
        if let Ok(back) = Editor::restore(grid(), &journal) {
            prop_assert_eq!(back.read + back.torn, journal.len());
        }
    }
}

/// How many voxels of the preview are none of the labels'; `None` where nothing grows.
fn preview_is_a_full_solve(deeds: &[Deed]) -> Option<usize> {
    let reference = voxels();
    let images = images(&reference);
    let mut editor = begun(&reference);
    let add = SegmentEdit::Add { name: String::new(), lesion: true };
    editor.edit_segment(&add, &images).unwrap();
    for (label, at) in [(1, [14.0, 12.0, 6.0]), (2, [3.0, 3.0, 6.0]), (3, [24.0, 20.0, 3.0])] {
        act(&mut editor, &Deed::Edit(SegmentEdit::Activate { label }), &images);
        let stroke = Deed::Stroke { tool: Tool::Paint, points: vec![at], inverted: false, cancel: false };
        act(&mut editor, &stroke, &images);
    }
    editor.set_tool(Some(Tool::Grow), &images).unwrap();
    for deed in deeds {
        act(&mut editor, deed, &images);
    }
    if !editor.desk.growing {
        editor.set_tool(Some(Tool::Grow), &images).unwrap();
    }
    while editor.step(2_000, &images).unwrap() {}
    let Some(preview) = editor.preview_labels() else {
        assert!(!growing_missing(&editor).is_empty());
        return None;
    };
    let (part, rule) = grow_parts(&editor);
    let seeds: Vec<u8> = editor.labels().iter().map(|l| if part[usize::from(*l)] { *l } else { 0 }).collect();
    let open = |(at, l): (usize, &u8)| u8::from(rule.may(at, *l, &reference));
    let mask: Vec<u8> = editor.labels().iter().enumerate().map(open).collect();
    let channels = [Channel::alone(&reference)];
    let mask = editor.growing.as_ref().unwrap().is_masked().then_some(mask.as_slice());
    let input = Input { grid: editor.grid(), channels: &channels, seeds: &seeds, mask };
    let options = Options { region: Region::Seeds, ..Options::default() };
    let full = GrowCut::new(&input, options).map(|mut full| {
        full.solve().unwrap();
        full.labels()
    });
    // The mask may leave seeds of fewer than two.
    let full = full.ok()?;
    let full: Vec<u8> =
        full.iter().zip(editor.labels()).map(|(g, l)| if *g == 0 { *l } else { *g }).collect();
    let differ = preview.iter().zip(&full).filter(|(a, b)| a != b).count();
    assert_eq!(differ, 0, "voxels differ");
    // Locked and hidden segments stay.
    for (at, label) in editor.labels().iter().enumerate() {
        let stays =
            *label == 0 || part[usize::from(*label)] || editor.masking().place == Where::Inside(*label);
        assert!(stays || full[at] == *label);
    }
    Some(full.iter().zip(editor.labels()).filter(|(a, b)| a != b).count())
}

#[test]
fn the_preview_after_any_strokes_is_that_of_a_full_solve() {
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    let (grown, all) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&deeds(true), |deeds| {
            all.set(all.get() + 1);
            grown.set(grown.get() + usize::from(preview_is_a_full_solve(&deeds).is_some_and(|n| n > 500)));
            Ok(())
        })
        .unwrap();
    // Most of them do grow, and far beyond their seeds.
    assert!(2 * grown.get() > all.get(), "{} of {}", grown.get(), all.get());
}

/// The preview as the page draws it: voxels are drawn anew only where they are said to have changed.
fn draw(editor: &mut Editor, drawn: &mut [u8]) {
    let Some(of) = editor.take_changed() else { return };
    let now = editor.preview_labels().unwrap_or(editor.labels());
    for (at, label) in drawn.iter_mut().enumerate() {
        if of.contains([at % 28, at / 28 % 24, at / 672]) {
            *label = now[at];
        }
    }
}

#[test]
fn the_preview_after_undo_of_any_strokes_is_the_one_before() {
    let reference = voxels();
    let images = images(&reference);
    let stroke = |tool, at: [f64; 3]| Deed::Stroke { tool, points: vec![at], inverted: false, cancel: false };
    let place = (0.0..28.0_f64, 0.0..24.0_f64, 0.0..12.0_f64).prop_map(|(x, y, z)| [x, y, z.floor()]);
    let painted = (1..3_u8, prop::sample::select(vec![Tool::Paint, Tool::Paint, Tool::Erase]), place);
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&(prop::collection::vec(painted, 1..6), 50..5_000_u64), |(strokes, budget)| {
            let mut editor = begun(&reference);
            // Near each other, so that the region is small and most strokes move it.
            for (label, at) in [(1, [14.0, 12.0, 6.0]), (2, [9.0, 12.0, 6.0])] {
                act(&mut editor, &Deed::Edit(SegmentEdit::Activate { label }), &images);
                act(&mut editor, &stroke(Tool::Paint, at), &images);
            }
            editor.set_tool(Some(Tool::Grow), &images).unwrap();
            let mut drawn = editor.labels().to_vec();
            let mut seen = Vec::new();
            let mut rest = |editor: &mut Editor| {
                while editor.step(budget, &images).unwrap() {}
                draw(editor, &mut drawn);
                assert_eq!(drawn, editor.preview_labels().unwrap_or(editor.labels()), "what is drawn");
                drawn.clone()
            };
            for (label, tool, at) in &strokes {
                act(&mut editor, &Deed::Edit(SegmentEdit::Activate { label: *label }), &images);
                seen.push((rest(&mut editor), editor.labels().to_vec()));
                act(&mut editor, &stroke(*tool, *at), &images);
            }
            rest(&mut editor);
            while let Some((preview, labels)) = seen.pop() {
                // A stroke that changed nothing is no step of the history.
                while editor.labels() != labels {
                    act(&mut editor, &Deed::Undo, &images);
                }
                assert_eq!(rest(&mut editor), preview, "undo of stroke {}", seen.len());
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_segment_that_takes_no_part_seeds_nothing_when_a_redo_gives_it_voxels() {
    let edge = vec![[0.0, 0.0, 5.0], [0.0, -0.2, 0.0], [0.0, 7.3, 0.0]];
    let deeds = [
        // Erases whatever the third segment holds.
        Deed::Stroke { tool: Tool::Scissors, points: vec![[0.0; 3]; 3], inverted: true, cancel: false },
        Deed::Stroke { tool: Tool::Draw, points: edge, inverted: false, cancel: false },
        Deed::Undo,
        Deed::Masking(Masking { place: Where::Inside(3), range: None, overwrite: Overwrite::None }),
        Deed::Redo,
    ];
    assert!(preview_is_a_full_solve(&deeds).is_some());
}

fn growing_missing(editor: &Editor) -> String {
    editor.view().preview.unwrap().missing
}

fn grow_parts(editor: &Editor) -> ([bool; 256], Rule) {
    grow::parts(&editor.desk)
}

#[test]
fn what_is_refused_is_refused_in_words() {
    let reference = voxels();
    let images = images(&reference);
    let mut editor = Editor::new(grid()).unwrap();
    let point = [[3.0, 3.0, 3.0]];
    let plane = slice(&editor, 3.0);
    let stroke = Stroke { tool: Tool::Paint, phase: Phase::Begin, plane, points: &point, inverted: false };
    assert_eq!(editor.stroke(&stroke, &images), Err(Error::NoActive));
    editor.edit_segment(&SegmentEdit::Add { name: String::new(), lesion: true }, &images).unwrap();
    editor.edit_segment(&SegmentEdit::Lock { label: 1, locked: true }, &images).unwrap();
    assert_eq!(editor.stroke(&stroke, &images), Err(Error::Locked));
    assert_eq!(editor.edit_segment(&SegmentEdit::Remove { label: 1 }, &images), Err(Error::Locked));
    let nan = [[f64::NAN, 0.0, 0.0]];
    assert_eq!(editor.stroke(&Stroke { points: &nan, ..stroke }, &images), Err(Error::Stroke));
    let short = Voxels::I16(vec![0; 7]);
    let images_of_another = Images { id: 0, reference: &short, others: &[] };
    assert!(editor.undo(&images_of_another).is_err());
    let other = Grid::new(
        [28, 24, 12],
        Affine::from_columns([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]),
    );
    assert!(matches!(Editor::restore(other.unwrap(), &editor.take_records()), Err(Error::Journal(_))));
    let state = |state, reason: &str| SegmentEdit::Lesion { label: 1, state, reason: reason.to_owned() };
    for (wrong, reason) in [
        (LesionState::Segmented, ""),
        (LesionState::NotEvaluable, ""),
        (LesionState::NoResidual, "Mrs Miller"),
    ] {
        assert!(editor.edit_segment(&state(wrong, reason), &images).is_err());
    }
    editor.edit_segment(&state(LesionState::NotEvaluable, "motion"), &images).unwrap();
    assert_eq!(editor.view().segments[0].lesion.as_ref().unwrap().state, LesionState::NotEvaluable);
}

#[test]
fn the_views_are_in_the_pages_words() {
    let reference = voxels();
    let editor = begun(&reference);
    let view = serde_json::to_value(editor.view()).unwrap();
    assert_eq!(
        view["segments"][0]["lesion"],
        serde_json::json!({"id": "L1", "state": "unread", "reason": ""})
    );
    assert_eq!(view["segments"][1]["code"]["meaning"], "Background");
    assert_eq!(
        view["masking"],
        serde_json::json!({"where": "everywhere", "range": null, "overwrite": "all"})
    );
    assert_eq!(view["options"]["maskVolume"]["inside"], false);
    assert_eq!(view["options"]["islands"]["leastVoxels"], 1000);
    assert_eq!(view["options"]["scissors"]["sliceOnly"], false);
    assert_eq!(view["canUndo"], true);
    assert_eq!(view["preview"], serde_json::Value::Null);
    let masking: Masking =
        serde_json::from_str(r#"{"where": {"inside": 2}, "range": [1, 2.5], "overwrite": "none"}"#).unwrap();
    assert_eq!(masking.place, Where::Inside(2));
    let change: OptionsChange =
        serde_json::from_str(r#"{"brush": {"diameter": 3, "sphere": true}}"#).unwrap();
    assert_eq!(change.brush.unwrap().diameter, 3.0);
    let edit: SegmentEdit =
        serde_json::from_str(r#"{"kind": "lesion", "label": 2, "state": "no_residual", "reason": ""}"#)
            .unwrap();
    assert_eq!(edit, SegmentEdit::Lesion { label: 2, state: LesionState::NoResidual, reason: String::new() });
}

#[test]
fn another_session_goes_on_with_tool_options_and_segment() {
    let reference = voxels();
    let images = images(&reference);
    let mut first = begun(&reference);
    first.set_tool(Some(Tool::Erase), &images).unwrap();
    let brush = BrushOptions { diameter: 3.5, ..first.options().brush };
    first.set_options(OptionsChange { brush: Some(brush), ..OptionsChange::default() }, &images).unwrap();
    first.edit_segment(&SegmentEdit::Add { name: "Second".to_owned(), lesion: true }, &images).unwrap();
    let at_hand = first.at_hand();

    // One without segments gets them, as a step that can be taken back; no voxel comes along.
    let mut second = Editor::new(grid()).unwrap();
    second.take_over(&at_hand, &images).unwrap();
    let names = |editor: &Editor| editor.segments().list.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&second), names(&first));
    assert_eq!(second.segments().active, first.segments().active);
    assert_eq!(second.options().brush.diameter, 3.5);
    assert_eq!(second.desk.tool, Some(Tool::Erase));
    assert!(second.labels().iter().all(|label| *label == 0));
    assert!(second.undo(&images).unwrap());
    assert!(second.segments().list.is_empty());

    // One with segments of its own keeps them; the same lesion becomes the active one.
    let mut third = Editor::new(grid()).unwrap();
    third.edit_segment(&SegmentEdit::Add { name: "Other".to_owned(), lesion: false }, &images).unwrap();
    third.take_over(&at_hand, &images).unwrap();
    assert_eq!(names(&third), ["Other"]);
}
