#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeMap;

use super::case::{Case, Display, Gesture};
use super::desk::Desk;
use super::hanging::{Overrides, proposed, stages};
use super::names::{CaseFiles, Known, cases};
use super::opening::Opening;
use super::views::VolumeState;
use crate::dataset::{EntryName, ZipStream};
use crate::dicom::Need;
use crate::hanging::{Preset, PublishedHanging, PublishedRole, RoleId};
use crate::nifti::{ImageHeader, ParallelGzip};
use crate::view::Orientation;
use crate::volume::{Affine, Grid, VoxelType};

const BUDGET: u64 = 1 << 30;

fn parted(paths: &[&str], known: &Known) -> Vec<CaseFiles> {
    cases(paths.iter().copied().enumerate(), known)
}

fn subjects(found: &[CaseFiles]) -> Vec<(&str, usize)> {
    found.iter().map(|c| (c.subject.as_str(), c.sessions.iter().map(|s| s.volumes.len()).sum())).collect()
}

#[test]
fn paths_of_a_data_set_are_parted_by_subject_and_session_wherever_its_root_is() {
    for root in ["", "dropped/", "a/b/data set/"] {
        let paths = [
            "dataset_description.json",
            "sub-b/ses-02/anat/sub-b_ses-02_acq-pv_ce-gd_T1w.nii.gz",
            "sub-b/ses-01/anat/sub-b_ses-01_acq-pv_ce-gd_T1w.nii.gz",
            "sub-b/ses-01/anat/sub-b_ses-01_T2w.nii",
            "other/sub-b/ses-01/sub-b_ses-01_acq-sub_ce-gd_mr.nii.gz",
            "derivatives/rater-a/sub-b/ses-01/anat/sub-b_ses-01_desc-lesions_dseg.nii.gz",
            "derivatives/resampled/sub-b/ses-01/anat/sub-b_ses-01_acq-pv_T1w.nii.gz",
            "sub-a/anat/sub-a_T1w.nii.gz",
            "sub-a/anat/._sub-a_T1w.nii.gz",
            "sub-a/anat/sub-a_T1w.json",
        ]
        .map(|path| format!("{root}{path}"));
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let found = parted(&paths, &Known::default());
        assert_eq!(subjects(&found), [("sub-a", 1), ("sub-b", 4)], "{root}");
        let b = &found[1];
        assert_eq!(b.sessions.iter().map(|s| s.session.as_str()).collect::<Vec<_>>(), ["01", "02"]);
        assert_eq!(b.labels.len(), 1);
        let roles: Vec<Option<&str>> =
            b.sessions[0].volumes.iter().map(|v| v.role.as_ref().map(RoleId::as_str)).collect();
        assert!(roles.contains(&Some("portal_venous")), "{roles:?}");
        assert!(roles.contains(&Some("t2")) && roles.contains(&Some("subtraction")), "{roles:?}");
    }
}

#[test]
fn loose_files_are_one_case_or_a_case_each_as_their_names_tell() {
    let none = Known::default();
    let one = parted(&["x/T1.nii.gz", "x/T2.nii.gz", "x/flair.nii"], &none);
    assert_eq!(subjects(&one), [("case", 3)]);
    let sequences = parted(&["T1.nii.gz", "T2.nii.gz"], &none);
    assert_eq!(subjects(&sequences), [("case", 2)]);
    let each = parted(&["liver_10.nii.gz", "liver_2.nii.gz", "labelsTr/liver_2.nii.gz"], &none);
    assert_eq!(subjects(&each), [("case-01", 1), ("case-02", 1)]);
    assert_eq!(each[0].sessions[0].volumes[0].title, "liver_2", "in the order of numbers");
    assert_eq!((each[0].labels.len(), each[1].labels.len()), (1, 0));
    let channels = parted(&["hcc_001_0000.nii.gz", "hcc_001_0001.nii.gz", "hcc_002_0000.nii.gz"], &none);
    assert_eq!(subjects(&channels), [("case-01", 2), ("case-02", 1)]);
    let folders = parted(&["p1/a.nii", "p1/b.nii", "p2/a.nii"], &none);
    assert_eq!(subjects(&folders), [("case-01", 2), ("case-02", 1)]);
    let flat = parted(&["sub-9_ses-1_T1w.nii.gz", "sub-9_ses-2_T1w.nii.gz"], &none);
    assert_eq!((subjects(&flat), flat[0].sessions.len()), (vec![("sub-9", 2)], 2));
}

/// A volume whose values are its slice's number and more.
fn image(dims: [u32; 3], origin: f64, times: u32) -> Vec<u8> {
    let grid = Grid::new(
        dims,
        Affine::from_columns([-2.0, 0.0, 0.0], [0.0, -2.0, 0.0], [0.0, 0.0, 4.0], [20.0, 20.0, origin]),
    )
    .unwrap();
    let header =
        ImageHeader { grid, times, time_step_s: 1.0, voxel_type: VoxelType::I16, slope: 1.0, intercept: 0.0 };
    let mut bytes = header.to_bytes().to_vec();
    for t in 0..times {
        for z in 0..dims[2] {
            for i in 0..dims[0] * dims[1] {
                bytes.extend((100 * (t + 1) + 3 * z + i % 2).to_le_bytes().iter().take(2));
            }
        }
    }
    ParallelGzip::compress(&bytes, true)
}

const ROLES: [(&str, &str, &str); 8] = [
    ("01", "pre", "t1_pre"),
    ("01", "artlate", "arterial_late"),
    ("01", "pv", "portal_venous"),
    ("01", "del", "delayed"),
    ("02", "pre", "t1_pre"),
    ("02", "artlate", "arterial_late"),
    ("02", "pv", "portal_venous"),
    ("02", "del", "delayed"),
];

/// A small data set as Hepatica writes it, two sessions of four phases and diffusion.
fn data_set() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut hanging = PublishedHanging::default();
    let mut put = |path: String, role: &str, session: &str, order: u32, bytes: Vec<u8>| {
        let published = PublishedRole {
            protocol: "liver-mri-pre-post".to_owned(),
            role: Some(RoleId::new(role)),
            occurrence: 1,
            rank: 0,
            order: Some(order),
            time_point: Some(if session == "01" { "pre" } else { "post" }.to_owned()),
            frame_of_reference: Some(0),
            b_values: Vec::new(),
            slice_count: Some(6),
            confidence: 1.0,
            confirmed: false,
        };
        hanging.volumes.insert(path.clone(), published);
        files.insert(path, bytes);
    };
    for (order, (session, acq, role)) in ROLES.iter().enumerate() {
        let path = format!("sub-x/ses-{session}/anat/sub-x_ses-{session}_acq-{acq}_T1w.nii.gz");
        let origin = if *session == "01" { -12.0 } else { 500.0 };
        put(path, role, session, order as u32, image([20, 18, 6], origin, 1));
    }
    put("sub-x/ses-01/dwi/sub-x_ses-01_dwi.nii.gz".to_owned(), "dwi", "01", 20, image([10, 9, 3], -12.0, 3));
    files.insert("sub-x/ses-01/dwi/sub-x_ses-01_dwi.bval".to_owned(), b"50 800 400\n".to_vec());
    files.insert("provenance/hanging.json".to_owned(), hanging.to_json().unwrap().into_bytes());
    files.insert("dataset_description.json".to_owned(), br#"{"Name": "A data set"}"#.to_vec());
    files.insert("notes.docx".to_owned(), b"x".to_vec());
    files
}

/// A disk of sources.
struct Disk(Vec<Vec<u8>>);

impl Disk {
    fn read(&self, need: &Need) -> Option<Vec<u8>> {
        let from = need.offset as usize;
        self.0.get(need.source as usize)?.get(from..from + need.len as usize).map(<[u8]>::to_vec)
    }

    fn open(&self, paths: &[String]) -> Desk {
        let mut opening = Opening::default();
        for (source, path) in paths.iter().enumerate() {
            opening.add(source as u32, path, self.0[source].len() as u64);
        }
        loop {
            let needs = opening.needs(3);
            if needs.is_empty() {
                break;
            }
            for need in needs {
                opening.feed(need, self.read(&need));
            }
        }
        Desk::new(opening.finish().unwrap(), BUDGET)
    }

    fn load(&self, desk: &mut Desk) {
        loop {
            let needs = desk.needs(4);
            for need in &needs {
                desk.feed(need, self.read(need));
            }
            if !desk.work() && needs.is_empty() {
                break;
            }
        }
    }
}

fn as_folder() -> (Disk, Vec<String>) {
    let files = data_set();
    let paths = files.keys().map(|path| format!("dropped/{path}")).collect();
    (Disk(files.into_values().collect()), paths)
}

fn as_zip() -> (Disk, Vec<String>) {
    let mut zip = ZipStream::new();
    let mut bytes = Vec::new();
    for (path, content) in data_set() {
        let name = EntryName::new(path).unwrap();
        bytes.extend(zip.entry(&name, &content).unwrap());
    }
    bytes.extend(zip.finish());
    (Disk(vec![bytes]), vec!["dataset.zip".to_owned()])
}

#[test]
fn a_folder_and_a_zip_of_it_open_alike_and_hang_in_eight_panes() {
    let mut seen = Vec::new();
    for (disk, paths) in [as_folder(), as_zip()] {
        let mut desk = disk.open(&paths);
        let list = desk.list();
        assert_eq!((list.title.as_str(), list.cases.len(), list.ignored), ("A data set", 1, 1));
        assert_eq!(list.protocol, "liver-mri-pre-post");
        assert!(list.troubles.is_empty());
        desk.open(0).unwrap();
        let view = desk.view().unwrap();
        assert_eq!((view.stages[0].rows, view.stages[0].columns), (2, 4));
        let titles: Vec<&str> = view.panes.iter().map(|p| p.title.as_str()).collect();
        assert_eq!(titles[1], "late arterial · pre");
        assert_eq!(titles[6], "portal venous · post");
        assert!(view.panes.iter().all(|pane| pane.volume.is_some()));
        disk.load(&mut desk);
        let view = desk.view().unwrap();
        assert!(view.volumes.iter().all(|v| v.state == VolumeState::Ready), "{:?}", view.volumes);
        let dwi = view.volumes.iter().find(|v| v.role == "dwi").unwrap();
        assert_eq!(dwi.frames, 3);
        seen.push(view);
    }
    // Paths differ in nothing that is shown.
    assert_eq!(seen[0], seen[1]);
}

fn loaded() -> (Disk, Desk) {
    let (disk, paths) = as_zip();
    let mut desk = disk.open(&paths);
    desk.open(0).unwrap();
    for pane in 0..8 {
        desk.resize(pane, [64, 60]);
    }
    disk.load(&mut desk);
    (disk, desk)
}

fn slices(case: &Case) -> Vec<i64> {
    (0..8).map(|pane| case.state(pane).unwrap().slice).collect()
}

#[test]
fn panes_of_one_frame_scroll_together_and_studies_only_once_they_are_lined_up() {
    let (_, mut desk) = loaded();
    desk.render();
    let case = desk.case().unwrap();
    let first = slices(case);
    case.gesture(1, Gesture::Scroll { slices: 2 });
    let moved = slices(case);
    assert!((0..4).all(|i| moved[i] == first[i] + 2), "{moved:?}");
    assert!((4..8).all(|i| moved[i] == first[i]), "{moved:?}");
    assert_eq!(case.render(&[]), [0, 1, 2, 3], "what did not change is not drawn again");
    case.gesture(0, Gesture::Align);
    case.gesture(5, Gesture::Scroll { slices: -1 });
    let linked = slices(case);
    assert!((0..4).all(|i| linked[i] == moved[i] - 1) && (4..8).all(|i| linked[i] == moved[i] - 1));
    // Scrolling never leaves the volume.
    case.gesture(1, Gesture::Scroll { slices: 1000 });
    assert_eq!(case.state(1).unwrap().slice, 5);
    let display = Display { linked: false, ..Display::default() };
    case.set_display(display);
    case.gesture(1, Gesture::Scroll { slices: -3 });
    assert_eq!(case.state(1).unwrap().slice, 2);
    assert_eq!(case.state(0).unwrap().slice, 5);
}

#[test]
fn what_is_under_the_pointer_stays_there_while_zooming() {
    let (_, mut desk) = loaded();
    let case = desk.case().unwrap();
    let at = [50.0, 12.0];
    let before = case.panes().panes[2].plane().unwrap().world(at);
    case.gesture(2, Gesture::Zoom { at, factor: 2.5 });
    let after = case.panes().panes[2].plane().unwrap();
    let (place, _) = after.place(before);
    assert!((place[0] - at[0]).abs() < 1e-9 && (place[1] - at[1]).abs() < 1e-9);
    let mm: Vec<f64> = case.panes().panes.iter().map(|p| p.mm).collect();
    assert!(mm.iter().all(|m| (m - mm[0]).abs() < 1e-12), "all panes zoom");
    case.gesture(2, Gesture::Pan { by: [7.0, -3.0] });
    let (place, _) = case.panes().panes[2].plane().unwrap().place(before);
    assert!((place[0] - at[0] - 7.0).abs() < 1e-9 && (place[1] - at[1] + 3.0).abs() < 1e-9);
    case.gesture(2, Gesture::Reset);
    let (place, _) = case.panes().panes[2].plane().unwrap().place(before);
    assert!((place[0] - at[0]).abs() < 1e-9);
}

#[test]
fn a_crosshair_is_one_place_in_every_linked_pane() {
    let (_, mut desk) = loaded();
    let case = desk.case().unwrap();
    case.gesture(3, Gesture::Crosshair { at: [20.0, 40.0] });
    let states: Vec<_> = (0..4).map(|pane| case.state(pane).unwrap()).collect();
    for state in &states {
        assert_eq!(state.world, states[0].world);
        let [x, y] = state.crosshair.unwrap();
        assert!((x - 20.0).abs() < 1e-9 && (y - 40.0).abs() < 1e-9);
    }
}

#[test]
fn windows_go_by_role_and_by_their_own_measure() {
    let (_, mut desk) = loaded();
    let case = desk.case().unwrap();
    let width = |case: &Case, pane: usize| case.state(pane).unwrap().window.width;
    let before = [width(case, 1), width(case, 5), width(case, 2)];
    case.gesture(1, Gesture::Window { by: [90.0, 0.0] });
    assert!((width(case, 1) / before[0] - width(case, 5) / before[1]).abs() < 1e-9);
    assert!(width(case, 1) > before[0]);
    assert_eq!(width(case, 2), before[2]);
    case.gesture(1, Gesture::SetWindow { width: 10.0, level: 105.0 });
    let window = case.state(1).unwrap().window;
    assert_eq!((window.width, window.level, window.preset.as_str()), (10.0, 105.0, ""));
    case.gesture(5, Gesture::ResetWindow);
    assert_eq!(case.state(1).unwrap().window.preset, "auto");
}

#[test]
fn a_nudge_moves_an_image_against_the_reference_and_never_the_reference() {
    let (_, mut desk) = loaded();
    let case = desk.case().unwrap();
    case.gesture(1, Gesture::Nudge { by: [4.0, 0.0] });
    let state = case.state(1).unwrap();
    assert_eq!(state.shift, Some([-4.0, 0.0, 0.0]), "the screen's right is the patient's left");
    assert_eq!(case.state(0).unwrap().shift, None);
    case.gesture(2, Gesture::Nudge { by: [4.0, 0.0] });
    assert_eq!(case.state(2).unwrap().shift, None, "portal venous is the reference");
    // The same place of the patient lies elsewhere in the image that was moved.
    let planes = [0, 1].map(|pane| case.panes().panes[pane].own_plane().unwrap().corner[0]);
    assert!((planes[1] - planes[0] - 4.0).abs() < 1e-9);
}

#[test]
fn diffusion_shows_the_highest_b_value_and_steps_along_time() {
    let (disk, mut desk) = loaded();
    let view = desk.view().unwrap();
    let stage = view.stages.iter().position(|s| s.id == "t2-dwi").unwrap();
    desk.case().unwrap().set_stage(stage).unwrap();
    disk.load(&mut desk);
    let view = desk.view().unwrap();
    let pane = view.panes.iter().find(|p| p.title.starts_with("DWI")).unwrap().pane;
    assert_eq!(view.panes[pane].title, "DWI b800 · pre");
    assert!(
        view.panes.iter().any(|p| p.volume.is_none() && !p.wanted.is_empty() && !p.candidates.is_empty())
    );
    let case = desk.case().unwrap();
    assert_eq!(case.state(pane).unwrap().frame, 1);
    case.gesture(pane, Gesture::Frame { by: 1 });
    disk.load(&mut desk);
    let case = desk.case().unwrap();
    assert_eq!(case.state(pane).unwrap().frame, 2);
    let dwi = case.view(None).panes[pane].volume.unwrap();
    let values = [0, 1, 2].map(|frame| case.image(dwi, frame).and_then(|i| i.value_at([0.0; 3])));
    assert_eq!(values, [None, Some(200.0), Some(300.0)], "only what was looked at is read");
}

#[test]
fn what_was_hung_by_hand_hangs_again_for_this_protocol() {
    let (disk, mut desk) = loaded();
    let view = desk.view().unwrap();
    let stage = view.stages.iter().position(|s| s.id == "t2-dwi").unwrap();
    let dwi = view.volumes.iter().find(|v| v.role == "dwi").unwrap().id;
    let case = desk.case().unwrap();
    case.set_stage(stage).unwrap();
    let empty = case.view(None).panes.iter().find(|p| p.volume.is_none()).unwrap().pane;
    case.hang(empty, dwi).unwrap();
    assert_eq!(case.view(None).panes[empty].volume, Some(dwi));
    disk.load(&mut desk);
    desk.open(0).unwrap();
    let case = desk.case().unwrap();
    case.set_stage(stage).unwrap();
    assert_eq!(case.view(None).panes[empty].volume, Some(dwi));
    assert!(case.hang(99, dwi).is_err() && case.hang(0, 99).is_err());
}

#[test]
fn one_volume_hangs_in_three_planes() {
    let files = parted(&["T1.nii.gz"], &Known::default());
    let protocol = Preset::General.protocol().unwrap();
    let plans = stages(&files[0], &protocol, &Overrides::default());
    assert_eq!(plans.len(), 1);
    let planes: Vec<Orientation> = plans[0].slots.iter().map(|s| s.orientation).collect();
    assert_eq!(planes[..3], [Orientation::Axial, Orientation::Coronal, Orientation::Sagittal]);
    assert!(plans[0].slots[3].surface);
    let ct = parted(&["other/sub-1/sub-1_ct.nii.gz"], &Known::default());
    assert_eq!(proposed(&ct[0]), Preset::Ct);
    let plans = stages(&ct[0], &Preset::Ct.protocol().unwrap(), &Overrides::default());
    let planes: Vec<Orientation> = plans[0].slots.iter().map(|s| s.orientation).collect();
    assert_eq!(planes, [Orientation::Acquired, Orientation::Coronal, Orientation::Sagittal]);
}

#[test]
fn broken_and_missing_files_leave_their_panes_empty_and_say_why() {
    let (mut disk, paths) = as_folder();
    let broken = paths.iter().position(|p| p.contains("ses-01") && p.contains("acq-del")).unwrap();
    let half = disk.0[broken].len() / 2;
    disk.0[broken].truncate(half);
    let gone = paths.iter().position(|p| p.contains("ses-02") && p.contains("acq-pre")).unwrap();
    let mut desk = disk.open(&paths);
    disk.0[gone].clear();
    desk.open(0).unwrap();
    disk.load(&mut desk);
    let facts = desk.view().unwrap().volumes;
    let failed: Vec<(&str, &str)> = facts
        .iter()
        .filter(|v| v.state == VolumeState::Failed)
        .map(|v| (v.session.as_str(), v.trouble.as_str()))
        .collect();
    assert_eq!(failed.len(), 2, "{facts:?}");
    assert!(failed[0].1.contains("cut short"), "{failed:?}");
    assert!(failed[1].1.contains("could not be read"), "{failed:?}");
    assert!(facts.iter().filter(|v| v.state == VolumeState::Ready).count() >= 6);
}

#[test]
fn what_does_not_fit_is_refused_with_figures() {
    let (disk, paths) = as_folder();
    let mut desk = disk.open(&paths);
    // Three volumes of 4,320 bytes fit.
    desk.open(0).unwrap().set_budget(14_000);
    disk.load(&mut desk);
    let facts = desk.view().unwrap().volumes;
    let ready = facts.iter().filter(|v| v.state == VolumeState::Ready && v.role != "dwi").count();
    assert!((1..=3).contains(&ready), "{facts:?}");
    let refused = facts.iter().find(|v| v.state == VolumeState::Failed).unwrap();
    assert!(refused.trouble.starts_with("not enough memory"), "{}", refused.trouble);
}

#[test]
fn nothing_to_open_is_said_in_words() {
    let mut opening = Opening::default();
    opening.add(0, "letter.pdf", 10);
    assert!(opening.needs(8).is_empty());
    assert!(opening.finish().unwrap_err().to_string().contains("NIfTI"));
    let mut opening = Opening::default();
    opening.add(0, "broken.zip", 100);
    for need in opening.needs(8) {
        opening.feed(need, Some(vec![7; need.len as usize]));
    }
    let said = opening.finish().unwrap_err().to_string();
    assert!(said.contains("archive 1") && !said.contains("broken.zip"), "{said}");
}

#[test]
fn the_next_case_is_made_ready_while_the_first_is_at_hand() {
    let mut files = data_set();
    for (path, bytes) in data_set() {
        if path.starts_with("sub-x/ses-01") {
            files.insert(path.replace("sub-x", "sub-y"), bytes);
        }
    }
    let paths: Vec<String> = files.keys().cloned().collect();
    let disk = Disk(files.into_values().collect());
    let mut desk = disk.open(&paths);
    assert_eq!(desk.list().cases.len(), 2);
    desk.open(0).unwrap();
    disk.load(&mut desk);
    desk.open(1).unwrap();
    let ready = desk.view().unwrap().volumes.iter().filter(|v| v.state == VolumeState::Ready).count();
    assert!(ready >= 4, "{ready} volumes are there at once");
}

#[test]
fn strokes_in_a_pane_paint_the_voxels_under_them_in_every_pane_of_the_session() {
    use super::editor::{Phase, SegmentEdit, Tool};
    use super::labelling::PaneStroke;
    let (_, mut desk) = loaded();
    let waiting = desk.waiting_for_journal();
    assert_eq!(waiting.len(), 2);
    assert_ne!(waiting[0].1, waiting[1].1);
    for (session, _) in &waiting {
        desk.begin_editor(*session, &[]).unwrap();
    }
    desk.edit_segment(&SegmentEdit::Add { name: String::new(), lesion: true }).unwrap();
    let _ = desk.render();
    let stroke = |phase, points: &[f64]| PaneStroke {
        pane: 1,
        tool: Tool::Paint,
        phase,
        points: points.to_vec(),
        inverted: false,
    };
    let at = [31.0, 29.0];
    desk.stroke(&stroke(Phase::Begin, &at)).unwrap();
    desk.stroke(&stroke(Phase::End, &[])).unwrap();
    let drawn = desk.render();
    assert_eq!(drawn, [0, 1, 2, 3]);
    let world = desk.case().unwrap().panes().panes[2].plane().unwrap().world(at);
    let editor = desk.editor(0).unwrap();
    let voxel = crate::view::WorldToVoxel::of(editor.grid()).apply(world).map(|v| (v + 0.5).floor() as usize);
    let dims = editor.grid().dims().map(|n| n as usize);
    let label = editor.labels()[(voxel[2] * dims[1] + voxel[1]) * dims[0] + voxel[0]];
    assert_ne!(label, 0, "the voxel under the pen");
    assert!(
        desk.editor(1).unwrap().labels().iter().all(|l| *l == 0),
        "the other session has labels of its own"
    );
    // The journal brings it back.
    let journal = desk.editor(0).unwrap().take_records();
    let labels = desk.editor(0).unwrap().labels().to_vec();
    let reopened = {
        desk.open(0).unwrap();
        let (disk, _) = as_zip();
        disk.load(&mut desk);
        desk.begin_editor(0, &journal).unwrap()
    };
    assert_eq!((reopened.read, reopened.torn), (journal.len(), 0));
    assert_eq!(desk.editor(0).unwrap().labels(), labels);
}

/// A data set with its certificate, in a folder whose name is nobody's business.
fn certified() -> (Disk, Vec<String>) {
    let mut files = data_set();
    files.insert("provenance/deidentification.json".to_owned(), b"{}".to_vec());
    files.insert("sub-x/ses-01/dwi/sub-x_ses-01_dwi.json".to_owned(), b"{}".to_vec());
    // As every volume of an export is published.
    let paths = files.keys().map(|path| format!("Mueller Hans/{path}")).collect();
    (Disk(files.into_values().collect()), paths)
}

fn begun(disk: &Disk, paths: &[String]) -> Desk {
    let mut desk = disk.open(paths);
    desk.resize(0, [300, 200]);
    for pane in 1..8 {
        desk.resize(pane, [300, 200]);
    }
    desk.open(0).unwrap();
    disk.load(&mut desk);
    for (session, _) in desk.waiting_for_journal() {
        desk.begin_editor(session, &[]).unwrap();
    }
    desk
}

#[test]
fn a_journal_is_bound_to_what_the_image_holds_and_to_who_reads() {
    let (disk, paths) = as_folder();
    let mut desk = begun(&disk, &paths);
    let (zip, in_zip) = as_zip();
    let key = desk.journal_key(0);
    assert_eq!(begun(&zip, &in_zip).journal_key(0), key, "the same image in another wrapping");
    assert_ne!(desk.journal_key(1), key);
    // Another image under the very name, of the same size.
    let mut files = data_set();
    let path = "sub-x/ses-01/anat/sub-x_ses-01_acq-pv_T1w.nii.gz";
    let mut other = crate::nifti::read(&files[path], 1 << 20).unwrap();
    if let crate::volume::Voxels::I16(values) = &mut other.voxels {
        values[1000] ^= 1;
    }
    let mut bytes = ImageHeader {
        grid: other.grid,
        times: 1,
        time_step_s: 1.0,
        voxel_type: VoxelType::I16,
        slope: 1.0,
        intercept: 0.0,
    }
    .to_bytes()
    .to_vec();
    let crate::volume::Voxels::I16(values) = &other.voxels else { panic!("{:?}", other.voxels) };
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    files.insert(path.to_owned(), ParallelGzip::compress(&bytes, true));
    let paths: Vec<String> = files.keys().map(|path| format!("dropped/{path}")).collect();
    let changed = begun(&Disk(files.into_values().collect()), &paths).journal_key(0);
    let parts = |key: &str| key.split_once('-').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(parts(&changed).0, parts(&key).0, "one place");
    assert_ne!(parts(&changed).1, parts(&key).1, "another image");

    let before = desk.case_keys();
    desk.set_rater(super::Rater::parse("b").unwrap()).unwrap();
    assert!(desk.case().is_err(), "nobody's case is open");
    assert_ne!(desk.case_keys(), before);
    desk.open(0).unwrap();
    disk.load(&mut desk);
    assert_ne!(parts(&desk.journal_key(0)).0, parts(&key).0);
}

#[test]
fn another_protocol_does_not_take_labels_off_their_grid() {
    let (disk, paths) = as_folder();
    let mut desk = begun(&disk, &paths);
    let reference = desk.case().unwrap().reference(0);
    let own =
        Preset::LiverMri.json().replace("\"reference\": \"portal_venous\"", "\"reference\": \"t1_pre\"");
    assert_ne!(own, Preset::LiverMri.json());
    let own = own.replace("liver-mri-pre-post", "my-own");
    let id = desk.load_protocol(&own).unwrap();
    assert_eq!(id, "my-own");
    desk.set_protocol(&id).unwrap();
    assert_eq!(desk.case().unwrap().reference(0), reference);
    // Nor after the next start, although nothing is drawn yet.
    let kept = desk.progress().into_values().next().unwrap();
    let mut again = disk.open(&paths);
    again.load_protocol(&own).unwrap();
    again.choose_protocol("my-own");
    again.choose_protocol("nobody-has-this");
    again.set_progress(0, &kept);
    again.open(0).unwrap();
    assert_eq!(again.case().unwrap().protocol().id, "my-own");
    assert_eq!(again.case().unwrap().reference(0), reference);
    let fresh = disk.open(&paths);
    drop(fresh);
    let mut fresh = disk.open(&paths);
    fresh.load_protocol(&own).unwrap();
    fresh.choose_protocol("my-own");
    fresh.open(0).unwrap();
    assert_ne!(fresh.case().unwrap().reference(0), reference, "a case without labels takes the protocol's");
}

#[test]
fn a_case_looks_as_it_was_left_and_its_layout_names_nothing() {
    let (disk, paths) = as_folder();
    let mut desk = begun(&disk, &paths);
    let view = desk.view().unwrap();
    let stage = view.stages.iter().position(|s| s.id == "t2-dwi").unwrap();
    let dwi = view.volumes.iter().find(|v| v.role == "dwi").unwrap().id;
    let case = desk.case().unwrap();
    case.set_stage(stage).unwrap();
    let empty = case.view(None).panes.iter().find(|p| p.volume.is_none()).unwrap().pane;
    case.hang(empty, dwi).unwrap();
    case.gesture(0, Gesture::Zoom { at: [120.0, 80.0], factor: 2.5 });
    case.gesture(0, Gesture::Scroll { slices: 1 });
    case.gesture(0, Gesture::Window { by: [20.0, 10.0] });
    let shown = (0..3).find(|p| case.view(None).panes[*p].volume.is_some()).unwrap();
    case.gesture(shown, Gesture::Orient { orientation: Orientation::Coronal });
    disk.load(&mut desk);
    desk.set_remarks(0, &["motion".to_owned(), "Mr Smith".to_owned()], "look again");
    desk.add_time(61.0);
    let seen = |desk: &mut Desk| {
        let case = desk.case().unwrap();
        let of = |p: &super::panes::Pane| (p.orientation, p.centre, (p.mm * 1e9).round(), p.focus, p.slice());
        let panes: Vec<_> = case.panes().panes.iter().map(of).collect();
        let hung: Vec<_> = case.view(None).panes.iter().map(|p| p.volume).collect();
        (case.view(None).stage, hung, panes)
    };
    let before = seen(&mut desk);
    let written = serde_json::to_string(&desk.progress()).unwrap();
    for name in ["sub-x", "anat", "acq-", "dropped", "Smith"] {
        assert!(!written.contains(name), "{name}: {written}");
    }
    let known: BTreeMap<String, super::desk::Progress> = serde_json::from_str(&written).unwrap();
    let mut again = disk.open(&paths);
    for pane in 0..8 {
        again.resize(pane, [300, 200]);
    }
    let key = again.case_keys()[0].clone();
    again.set_progress(0, &known[&key]);
    again.open(0).unwrap();
    disk.load(&mut again);
    assert_eq!(seen(&mut again), before);
    let row = &again.list().cases[0];
    assert_eq!((row.flags.as_slice(), row.note.as_str(), row.seconds), (&["motion"][..], "look again", 61.0));
    // Of another version: what is not known is left aside, what is missing has its beginning.
    let old: super::desk::Progress = serde_json::from_str(r#"{"status": "done", "later": 1}"#).unwrap();
    again.set_progress(0, &old);
    assert_eq!(again.list().cases[0].status, super::views::CaseStatus::Done);
}

#[test]
fn only_what_hepatica_de_identified_may_be_kept_and_it_opens_by_itself() {
    let (disk, paths) = as_folder();
    let mut desk = disk.open(&paths);
    desk.open(0).unwrap();
    assert!(desk.kept_files().is_empty(), "no certificate");
    let (disk, paths) = certified();
    let mut desk = disk.open(&paths);
    assert!(desk.kept_files().is_empty(), "no case is open");
    desk.open(0).unwrap();
    let kept = desk.kept_files();
    let names: Vec<&str> = kept.iter().map(|f| f.path.as_str()).collect();
    assert!(names.iter().all(|n| !n.contains("Mueller")), "{names:?}");
    assert!(names.contains(&"sub-x/ses-01/dwi/sub-x_ses-01_dwi.bval") && !names.contains(&"notes.docx"));
    assert_eq!(kept.iter().filter(|f| f.path.ends_with(".nii.gz")).count(), 9);
    // They alone bring the case back, and it may be kept again.
    let bytes = kept.iter().map(|f| disk.0[f.entry].clone()).collect();
    let alone = Disk(bytes);
    let paths: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let mut again = alone.open(&paths);
    again.open(0).unwrap();
    disk.load(&mut desk);
    alone.load(&mut again);
    assert_eq!(again.view().unwrap(), desk.view().unwrap());
    assert_eq!(again.kept_files().len(), kept.len());
    assert_eq!(again.case_keys(), desk.case_keys());
    assert_eq!(again.journal_key(0), desk.journal_key(0));
    // An image that nobody published.
    let (mut disk, mut paths) = certified();
    disk.0.push(image([4, 4, 4], 0.0, 1));
    paths.push("Mueller Hans/sub-x/ses-01/anat/sub-x_ses-01_run-hansmueller_T2w.nii.gz".to_owned());
    let mut desk = disk.open(&paths);
    desk.open(0).unwrap();
    assert!(desk.kept_files().is_empty());
}

#[test]
fn a_study_hides_what_it_says_and_closes_what_is_not_done() {
    use super::views::CaseStatus;
    let (disk, paths) = as_folder();
    let mut desk = begun(&disk, &paths);
    let study = |fields: &str| {
        super::Study::parse(&format!(r#"{{"schema": "hepatica-study/1", "id": "s1", {fields}}}"#)).unwrap()
    };
    let hidden = study(
        r#""repeats": {"count": 1}, "show": {"timePoint": false, "guidance": false, "volumes": false}"#,
    );
    desk.set_study(Some(hidden)).unwrap();
    let list = desk.list();
    assert_eq!(list.cases.len(), 3, "two sessions, one of them again");
    assert!(list.cases.iter().all(|c| c.sessions.len() == 1 && c.sessions[0].time_point.is_empty()));
    let view = list.study.unwrap();
    assert!(!view.volumes && !view.guidance);
    let keys: std::collections::BTreeSet<String> = desk.case_keys().into_iter().collect();
    assert_eq!(keys.len(), 3, "a repeat has a journal and progress of its own");
    let mut stems = std::collections::BTreeSet::new();
    for case in 0..3 {
        desk.open(case).unwrap();
        disk.load(&mut desk);
        for (session, _) in desk.waiting_for_journal() {
            desk.begin_editor(session, &[]).unwrap();
        }
        desk.edit_segment(&super::editor::SegmentEdit::Add { name: String::new(), lesion: true }).unwrap();
        let said = serde_json::to_string(&desk.view().unwrap()).unwrap();
        assert!(!said.contains("sub-x") && !said.contains("\"post\"") && !said.contains("ses-0"), "{said}");
        assert!(matches!(desk.next_best(), Err(super::AnnotateError::Study(_))));
        assert!(matches!(desk.load_labels(&[], None), Err(super::AnnotateError::Study(_))));
        desk.set_status(case, CaseStatus::Done);
        assert!(!matches!(desk.load_labels(&[], None), Err(super::AnnotateError::Study(_))));
        let files = desk.save(super::outgoing::Leave::Nifti).unwrap();
        assert!(stems.insert(files[0].path.clone()), "{}", files[0].path);
        let measured = files.iter().find(|f| f.path.ends_with("_measurements.json")).unwrap();
        let measured: serde_json::Value = serde_json::from_slice(&measured.bytes).unwrap();
        assert_eq!(measured["Study"]["Id"], "s1");
        assert_eq!(measured["Study"]["GuidanceShown"], false);
        assert_eq!(measured["Rater"], "rater-a");
    }
    desk.set_study(None).unwrap();
    assert_eq!(desk.list().cases[0].subject, "sub-x");
    let refused = desk.set_study(Some(study(r#""raters": ["q7"]"#))).unwrap_err();
    assert!(refused.to_string().contains("rater-q7"));
    assert_eq!(desk.list().cases.len(), 1, "as it was");
}
