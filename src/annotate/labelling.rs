//! Panes and editor together: strokes from a pane's pixels into the labels of its session, and labels over panes.
//!
//! In: what hands draw, wishes of panels, journals of sessions. Out: the editor's views, journal records, which
//! panes must be drawn again. Every session has an editor of its own, on the grid of its reference, made
//! when that image is there; the session at hand is the one that was drawn in last.

use std::sync::Arc;

use serde::Deserialize;

use super::AnnotateError;
use super::case::{Image, LabelLayer};
use super::desk::Desk;
use super::editor::{
    Editor, EditorView, Image as EditorImage, Images, Masking, OptionsChange, Phase, SegmentEdit, Stroke,
    Tool,
};
use crate::segment::growcut::Box3;
use crate::segment::space::Plane;
use crate::view::{PixelMap, WorldToVoxel, labelled_box, surface};

/// Something that hands draw in a pane; `points` are device pixels, x and y in turn.
#[derive(Clone, Debug, Deserialize)]
pub struct PaneStroke {
    /// Where.
    pub pane: usize,
    /// With what.
    pub tool: Tool,
    /// Which part of it.
    pub phase: Phase,
    /// Places since the part before.
    pub points: Vec<f64>,
    /// Ctrl was held.
    #[serde(default)]
    pub inverted: bool,
}

/// What a journal brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reopened {
    /// Bytes of the journal that hold good: it is cut there and continued.
    pub read: usize,
    /// Bytes behind them: a stroke that was not finished.
    pub torn: usize,
    /// Records that were read.
    pub records: usize,
    /// In words; empty for nothing.
    pub text: String,
}

impl Desk {
    /// Sessions whose reference is there and that have no editor yet: each waits for its journal, or the word
    /// that there is none.
    #[must_use]
    pub fn waiting_for_journal(&self) -> Vec<(usize, String)> {
        let Some(case) = &self.case else { return Vec::new() };
        (0..case.files().sessions.len())
            .filter(|session| !self.editors.contains_key(session) && self.reference_image(*session).is_some())
            .map(|session| (session, self.journal_key(session)))
            .collect()
    }

    fn reference_image(&self, session: usize) -> Option<(u32, Arc<Image>)> {
        let case = self.case.as_ref()?;
        let reference = case.reference(session)?;
        Some((reference, case.image(reference, 0)?))
    }

    /// Begins a session's editor from its journal, empty for none.
    ///
    /// # Errors
    /// A journal of another grid or a later version: it stays as it is, and nothing has begun.
    pub fn begin_editor(&mut self, session: usize, journal: &[u8]) -> Result<Reopened, AnnotateError> {
        let (_, image) = self.reference_image(session).ok_or(AnnotateError::NoReference)?;
        let (editor, reopened) = if journal.is_empty() {
            (Editor::new(image.grid)?, Reopened::default())
        } else {
            let restored = Editor::restore(image.grid, journal)?;
            let segments = restored.editor.segments().list.len();
            let text = match segments {
                0 => String::new(),
                1 => "One segment was brought back from the journal.".to_owned(),
                n => format!("{n} segments were brought back from the journal."),
            };
            let reopened =
                Reopened { read: restored.read, torn: restored.torn, records: restored.records, text };
            (restored.editor, reopened)
        };
        let index = case_index(self)?;
        if !journal.is_empty() && self.was_unsaved(index) {
            self.unsaved_sessions.insert(session);
        }
        self.editors.insert(session, editor);
        if let Some(case) = &mut self.case {
            case.pin_reference(session);
        }
        self.surfaces_due.insert(session);
        if self.at_hand.is_none() {
            self.at_hand = Some(session);
        }
        if let Some(case) = &mut self.case {
            case.labels_changed(session);
        }
        self.note_work();
        Ok(reopened)
    }

    /// The session at hand.
    #[must_use]
    pub fn session(&self) -> Option<usize> {
        self.at_hand
    }

    /// Sessions that have an editor.
    pub fn edited(&self) -> impl Iterator<Item = usize> {
        self.editors.keys().copied()
    }

    /// The editor of a session.
    ///
    /// # Errors
    /// [`AnnotateError::NoReference`].
    pub fn editor(&mut self, session: usize) -> Result<&mut Editor, AnnotateError> {
        self.editors.get_mut(&session).ok_or(AnnotateError::NoReference)
    }

    /// The editor at hand on screen; `None` while there is none.
    #[must_use]
    pub fn editor_view(&self) -> Option<EditorView> {
        self.editors.get(&self.at_hand?).map(Editor::view)
    }

    /// Runs something on the editor of a session with the images of that session.
    pub(super) fn with<T>(
        &mut self,
        session: usize,
        run: impl FnOnce(&mut Editor, &Images<'_>) -> Result<T, super::editor::Error>,
    ) -> Result<T, AnnotateError> {
        let (id, reference) = self.reference_image(session).ok_or(AnnotateError::NoReference)?;
        let case = self.case.as_ref().ok_or(AnnotateError::NoCase)?;
        let all = case.images_of(session);
        let others: Vec<EditorImage<'_>> = all
            .iter()
            .filter(|(other, _)| *other != id)
            .map(|(id, image)| EditorImage { id: *id, grid: &image.grid, voxels: &image.voxels })
            .collect();
        let images = Images { id, reference: &reference.voxels, others: &others };
        let editor = self.editors.get_mut(&session).ok_or(AnnotateError::NoReference)?;
        let outcome = run(editor, &images);
        let changed = editor.take_changed().is_some();
        if changed {
            self.unsure = None;
            self.surfaces_due.insert(session);
            self.unsaved_sessions.insert(session);
            if let Some(case) = &mut self.case {
                case.labels_changed(session);
                // What was measured was measured on other labels.
                case.set_lines(Vec::new());
            }
        }
        Ok(outcome?)
    }

    fn at_hand(&self) -> Result<usize, AnnotateError> {
        self.at_hand.ok_or(AnnotateError::NoReference)
    }

    /// Segments may have another colour, or be hidden: panes show it.
    pub(super) fn relabel(&mut self, session: usize) {
        self.surfaces_due.insert(session);
        if let Some(case) = &mut self.case {
            case.labels_changed(session);
        }
        self.note_work();
    }

    fn note_work(&mut self) {
        let Some(index) = self.case.as_ref().map(super::Case::index) else { return };
        let lesions = self.editors.values().map(Editor::lesions_read).max().unwrap_or(0);
        let unsaved = !self.unsaved_sessions.is_empty();
        self.set_work(index, lesions, unsaved);
    }

    /// Takes a part of a stroke, in the session of its pane.
    ///
    /// # Errors
    /// What the editor refuses; a pane that shows nothing.
    pub fn stroke(&mut self, stroke: &PaneStroke) -> Result<(), AnnotateError> {
        let case = self.case.as_ref().ok_or(AnnotateError::NoCase)?;
        let (session, reference, plane) =
            case.pane_plane(stroke.pane).ok_or(AnnotateError::NoSuch("image in this pane"))?;
        let grid = case.image(reference, 0).ok_or(AnnotateError::NoReference)?.grid;
        // Where the pane shows a slice of the reference, by the very map that it is drawn by.
        let map = PixelMap::new(&plane, &grid);
        let exact = map.axes().is_some();
        let to_voxel = WorldToVoxel::of(&grid);
        let (pairs, _) = stroke.points.as_chunks::<2>();
        let points: Vec<[f64; 3]> = pairs
            .iter()
            .map(|at| if exact { map.voxel(*at) } else { to_voxel.apply(plane.world(*at)) })
            .collect();
        let plane = Plane { origin: plane.corner, right: plane.right, down: plane.down };
        let part = Stroke {
            tool: stroke.tool,
            phase: stroke.phase,
            plane,
            points: &points,
            inverted: stroke.inverted,
        };
        self.hold(session)?;
        self.with(session, |editor, images| editor.stroke(&part, images))?;
        if matches!(stroke.phase, Phase::End | Phase::Cancel) {
            self.note_work();
        }
        Ok(())
    }

    /// The session of a pane is the one at hand from here on; a pane that shows nothing changes nothing.
    ///
    /// # Errors
    /// What the editor refuses.
    pub fn hold_pane(&mut self, pane: usize) -> Result<(), AnnotateError> {
        let session = self.case.as_ref().and_then(|case| case.pane_session(pane));
        match session.filter(|session| self.editors.contains_key(session)) {
            Some(session) => self.hold(session),
            None => Ok(()),
        }
    }

    /// Goes on in another session with the tool, its options and the segment at hand.
    fn hold(&mut self, session: usize) -> Result<(), AnnotateError> {
        let before = self.at_hand.replace(session);
        if before == Some(session) {
            return Ok(());
        }
        let Some(at_hand) = before.and_then(|b| self.editors.get(&b)).map(Editor::at_hand) else {
            return Ok(());
        };
        self.unsure = None;
        self.with(session, |editor, images| editor.take_over(&at_hand, images))?;
        self.want_grown(session);
        self.relabel(session);
        Ok(())
    }

    /// Takes a tool in hand.
    ///
    /// # Errors
    /// What the editor refuses.
    pub fn set_tool(&mut self, tool: Option<Tool>) -> Result<(), AnnotateError> {
        let session = self.at_hand()?;
        self.with(session, |editor, images| editor.set_tool(tool, images))?;
        self.want_grown(session);
        self.relabel(session);
        Ok(())
    }

    /// Options of tools.
    ///
    /// # Errors
    /// Options that make no sense.
    pub fn set_options(&mut self, change: OptionsChange) -> Result<(), AnnotateError> {
        let session = self.at_hand()?;
        self.with(session, |editor, images| editor.set_options(change, images))?;
        self.want_grown(session);
        self.relabel(session);
        Ok(())
    }

    /// Volumes that drive growing are read, if no pane has asked for them.
    fn want_grown(&mut self, session: usize) {
        let wanted = self.editors.get(&session).map(|e| e.options().grow.volumes.clone()).unwrap_or_default();
        if let Some(case) = &mut self.case {
            case.want(&wanted);
        }
    }

    /// Where edits may go.
    ///
    /// # Errors
    /// A range that is none.
    pub fn set_masking(&mut self, masking: Masking) -> Result<(), AnnotateError> {
        let session = self.at_hand()?;
        self.with(session, |editor, images| editor.set_masking(masking, images))
    }

    /// Changes segments.
    ///
    /// # Errors
    /// What the editor refuses.
    pub fn edit_segment(&mut self, edit: &SegmentEdit) -> Result<(), AnnotateError> {
        let session = self.at_hand()?;
        self.with(session, |editor, images| editor.edit_segment(edit, images))?;
        self.relabel(session);
        Ok(())
    }

    /// Does what a tool does to the whole segment.
    ///
    /// # Errors
    /// What the editor refuses.
    pub fn apply_tool(&mut self, tool: Tool) -> Result<(), AnnotateError> {
        let session = self.at_hand()?;
        self.with(session, |editor, images| editor.apply_tool(tool, images))?;
        self.relabel(session);
        Ok(())
    }

    /// Keeps or gives up the preview.
    ///
    /// # Errors
    /// What the editor refuses.
    pub fn end_preview(&mut self, keep: bool) -> Result<(), AnnotateError> {
        let session = self.at_hand()?;
        self.with(session, |editor, images| editor.end_preview(keep, images))?;
        self.relabel(session);
        Ok(())
    }

    /// Takes a step back, or does it again.
    ///
    /// # Errors
    /// What the editor refuses.
    pub fn turn(&mut self, again: bool) -> Result<(), AnnotateError> {
        let session = self.at_hand()?;
        self.with(session, |editor, images| if again { editor.redo(images) } else { editor.undo(images) })?;
        self.relabel(session);
        Ok(())
    }

    /// Where one more stroke would tell most: the place in the world, mm, and voxels that are unsure.
    ///
    /// # Errors
    /// No editor.
    pub fn next_best(&mut self) -> Result<Option<([f64; 3], u64)>, AnnotateError> {
        if self.study().is_some_and(|study| !study.guidance()) {
            return Err(AnnotateError::Study("this study is read without guidance"));
        }
        let session = self.at_hand()?;
        self.with(session, |editor, images| Ok(editor.next_best(images)))
    }

    /// Gives up long work of every editor, where going on with it failed: labels are as they were before it.
    pub fn give_up_work(&mut self) {
        let busy: Vec<usize> =
            self.editors.iter().filter(|(_, editor)| editor.is_busy()).map(|(session, _)| *session).collect();
        for session in busy {
            if let Some(editor) = self.editors.get_mut(&session) {
                editor.give_up();
            }
            self.relabel(session);
        }
    }

    /// Whether an editor has long work to go on with.
    #[must_use]
    pub fn is_editor_busy(&self) -> bool {
        self.editors.values().any(Editor::is_busy)
    }

    /// Goes on with long work: some `budget` voxels are looked at; whether more is to do.
    ///
    /// # Errors
    /// What growing refuses.
    pub fn step_editor(&mut self, budget: u64) -> Result<bool, AnnotateError> {
        let busy = self.editors.iter().find(|(_, editor)| editor.is_busy()).map(|(session, _)| *session);
        let Some(session) = busy else { return Ok(false) };
        self.with(session, |editor, images| editor.step(budget, images))?;
        Ok(self.is_editor_busy())
    }

    /// Surfaces of segments anew, where a pane shows them and labels have changed.
    fn renew_surfaces(&mut self) {
        let Some(case) = &mut self.case else { return };
        for session in case.sessions_in_3d() {
            if !self.surfaces_due.contains(&session) {
                continue;
            }
            let Some(editor) = self.editors.get(&session).filter(|editor| !editor.is_drawing()) else {
                continue;
            };
            self.surfaces_due.remove(&session);
            let mut made = Vec::new();
            if let Some(within) = labelled_box(editor.labels(), editor.grid().dims()) {
                for segment in editor.segments().list.iter().filter(|s| s.visible) {
                    let mesh = surface(editor.labels(), editor.grid(), within, segment.label);
                    if !mesh.triangles.is_empty() {
                        made.push((mesh, segment.colour));
                    }
                }
            }
            case.set_surfaces(session, made);
        }
    }

    /// How unsure the preview at hand is, where that is to be shown: anew once it is exact.
    fn renew_margin(&mut self) {
        let guided = self.study().is_none_or(super::Study::guidance);
        let shown = self.at_hand.filter(|_| self.display.margin && guided);
        let Some(session) = shown else {
            self.unsure = None;
            return;
        };
        if self.unsure.as_ref().is_some_and(|(known, _)| *known == session) {
            return;
        }
        let Some((_, image)) = self.reference_image(session) else { return };
        let Some(editor) = self.editors.get_mut(&session).filter(|e| !e.is_busy()) else { return };
        let [width, height, depth] = editor.grid().dims().map(|n| n as usize);
        // As the editor's own next best stroke has it.
        let Some((low, high)) = image.voxels.range() else { return };
        let limit = ((high - low) * SURE) as f32;
        let mut levels = Vec::with_capacity(width * height * depth);
        // Slice by slice: margins take four bytes a voxel, levels one.
        for z in 0..depth {
            let slice = Box3 { low: [0, 0, z], high: [width, height, z + 1] };
            let Some(margins) = editor.margins(&slice) else { return };
            levels.extend(margins.iter().map(|m| match m / limit {
                part if part < 0.25 => 3,
                part if part < 0.5 => 2,
                part if part < 1.0 => 1,
                _ => 0,
            }));
        }
        self.unsure = Some((session, levels));
        if let Some(case) = &mut self.case {
            case.labels_changed(session);
        }
    }

    /// Draws panes with labels over them; those that have a new picture.
    pub fn render(&mut self) -> Vec<usize> {
        self.renew_surfaces();
        self.renew_margin();
        let Some(case) = &mut self.case else { return Vec::new() };
        let display = self.display;
        let colours: Vec<(usize, [Option<[u8; 3]>; 256])> = self
            .editors
            .iter()
            .map(|(session, editor)| {
                let mut colours = [None; 256];
                for segment in editor.segments().list.iter().filter(|s| s.visible) {
                    colours[usize::from(segment.label)] = Some(segment.colour);
                }
                (*session, colours)
            })
            .collect();
        let mut layers = Vec::new();
        for (session, colours) in &colours {
            let Some(editor) = self.editors.get(session) else { continue };
            let layer = |labels, opacity| LabelLayer {
                session: *session,
                grid: editor.grid(),
                labels,
                colours,
                opacity,
                outline: display.outline,
            };
            // A preview is paler than what is there.
            if let Some(preview) = editor.preview_labels() {
                layers.push(layer(preview, display.opacity * PREVIEW));
            }
            layers.push(layer(editor.labels(), display.opacity));
        }
        let mut heat = [None; 256];
        heat[1..=3].copy_from_slice(&UNSURE);
        if let Some((session, levels)) = &self.unsure
            && let Some(editor) = self.editors.get(session)
        {
            layers.push(LabelLayer {
                session: *session,
                grid: editor.grid(),
                labels: levels,
                colours: &heat,
                opacity: 0.7,
                outline: false,
            });
        }
        case.render(&layers)
    }
}

/// Margins below this share of the image's range are unsure, as in `hepatica growcut --next`.
const SURE: f64 = 0.05;

/// Colours of what is unsure, the least first: light on any grey, and no label's.
const UNSURE: [Option<[u8; 3]>; 3] = [Some([120, 60, 140]), Some([190, 80, 200]), Some([250, 160, 255])];

/// Opacity of a preview against that of labels (Slicer's).
const PREVIEW: f64 = 0.6;

fn case_index(desk: &Desk) -> Result<usize, AnnotateError> {
    desk.case.as_ref().map(super::Case::index).ok_or(AnnotateError::NoCase)
}
