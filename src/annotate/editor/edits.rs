//! Segments added, removed, renamed and ordered; undo and redo.
//!
//! In: the page's wishes. Out: segments changed, each change of substance a step of history; what is only
//! shown otherwise (visible, locked, at hand) is no step.

use serde::Deserialize;

use super::segments::{sound_name, term};
use super::{Desk, Editor, Error, Images, LesionState, Masking, REASONS, Segment, Segments};
use crate::segment::difference::Recorder;

/// A wish about segments, as the page words it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "www/src/engine/annotate-protocol.ts has each")]
pub enum SegmentEdit {
    Add {
        #[serde(default)]
        name: String,
        #[serde(default)]
        lesion: bool,
    },
    Remove {
        label: u8,
    },
    Rename {
        label: u8,
        name: String,
    },
    Colour {
        label: u8,
        colour: [u8; 3],
    },
    Code {
        label: u8,
        code: String,
    },
    Visible {
        label: u8,
        visible: bool,
    },
    Lock {
        label: u8,
        locked: bool,
    },
    Move {
        label: u8,
        to: usize,
    },
    Activate {
        label: u8,
    },
    Lesion {
        label: u8,
        state: LesionState,
        #[serde(default)]
        reason: String,
    },
    Preset {
        preset: String,
    },
}

/// What is at hand in a session: see [`Editor::take_over`].
#[derive(Clone, Debug)]
pub struct AtHand(Desk);

impl Editor {
    /// Changes segments.
    ///
    /// # Errors
    /// A segment that is not there or locked, a name, code or preset that is none, a state that the voxels
    /// contradict.
    pub fn edit_segment(&mut self, edit: &SegmentEdit, images: &Images<'_>) -> Result<(), Error> {
        self.fits(images)?;
        self.cancel_stroke(images)?;
        self.at_leisure()?;
        let before = self.desk.segments.clone();
        let done = self.edit_segments(edit, images);
        match done {
            Ok((Some(words), recorder)) => {
                self.desk.segments.list.iter_mut().for_each(|s| s.draft &= before.get(s.label) == Some(&*s));
                self.commit(words, recorder, Some(before));
            }
            Ok((None, _)) => {}
            Err(error) => {
                self.desk.segments = before;
                return Err(error);
            }
        }
        self.sketch_anew();
        self.regrow(images)
    }

    fn edit_segments(
        &mut self,
        edit: &SegmentEdit,
        images: &Images<'_>,
    ) -> Result<(Option<String>, Recorder), Error> {
        let mut recorder = Recorder::default();
        let counts: Vec<bool> = (0..=255).map(|l| self.map.count(l) > 0).collect();
        let used = |label: u8| counts.get(usize::from(label)).copied().unwrap_or(false);
        let voxels = |label: u8| used(label);
        let segments = &mut self.desk.segments;
        let words = match edit {
            SegmentEdit::Add { name, lesion } => {
                let term = if *lesion { "lesion" } else { "" };
                let label = segments.add(name, term, lesion.then_some(None), &used)?;
                let name = segments.get(label).map_or("", |s| s.name.as_str());
                Some(format!("Add {name}"))
            }
            SegmentEdit::Remove { label } => {
                let segment = segments.of(*label)?;
                if segment.locked {
                    return Err(Error::Locked);
                }
                let words = format!("Remove {}", segment.name);
                let at = segments.list.iter().position(|s| s.label == *label).unwrap_or(0);
                segments.list.retain(|s| s.label != *label);
                if segments.active == *label {
                    let next = segments.list.get(at).or(segments.list.last());
                    segments.active = next.map_or(0, |s| s.label);
                }
                let changed = self.map.extent_of(|v| v == *label);
                if let Some(of) = changed {
                    let map = &mut self.map;
                    let [nx, ny, _] = map.dims();
                    for z in of.low[2]..of.high[2] {
                        for y in of.low[1]..of.high[1] {
                            for at in (of.low[0]..of.high[0]).map(|x| (z * ny + y) * nx + x) {
                                if map.at(at) == *label {
                                    map.set(at, 0, &mut recorder);
                                }
                            }
                        }
                    }
                }
                self.touch(changed, images)?;
                Some(words)
            }
            SegmentEdit::Rename { label, name } => {
                let name = sound_name(name)?;
                let segment = segments.of(*label)?;
                let words = format!("Rename {}", segment.name);
                segment.name = name;
                Some(words)
            }
            SegmentEdit::Colour { label, colour } => {
                let segment = segments.of(*label)?;
                segment.colour = *colour;
                Some(format!("Colour of {}", segment.name))
            }
            SegmentEdit::Code { label, code } => {
                let key = if code.is_empty() { "" } else { term(code).ok_or(Error::NoCode)?.key };
                let segment = segments.of(*label)?;
                key.clone_into(&mut segment.term);
                Some(format!("Code of {}", segment.name))
            }
            SegmentEdit::Visible { label, visible } => {
                segments.of(*label)?.visible = *visible;
                let of = self.map.extent_of(|v| v == *label);
                self.changed = match (self.changed, of) {
                    (Some(a), Some(b)) => Some(a.or(&b)),
                    (a, b) => a.or(b),
                };
                None
            }
            SegmentEdit::Lock { label, locked } => {
                segments.of(*label)?.locked = *locked;
                None
            }
            SegmentEdit::Move { label, to } => {
                let segment = segments.of(*label)?.clone();
                if *to >= segments.list.len() {
                    return Err(Error::Place);
                }
                segments.list.retain(|s| s.label != *label);
                let words = format!("Order of {}", segment.name);
                segments.list.insert(*to, segment);
                Some(words)
            }
            SegmentEdit::Activate { label } => {
                if *label != 0 {
                    segments.of(*label)?;
                }
                segments.active = *label;
                None
            }
            SegmentEdit::Lesion { label, state, reason } => {
                if !reason.is_empty() && !REASONS.iter().any(|(key, _)| key == reason) {
                    return Err(Error::Lesion("choose the reason from the list"));
                }
                let there = voxels(*label);
                let segment = segments.of(*label)?;
                let name = segment.name.clone();
                let lesion = segment.lesion.as_mut().ok_or(Error::Lesion("this segment is no lesion"))?;
                match state {
                    LesionState::Segmented if !there => {
                        return Err(Error::Lesion("the lesion has no voxels yet: outline it first"));
                    }
                    LesionState::NoResidual | LesionState::NotVisible if there => {
                        return Err(Error::Lesion("the lesion has voxels: erase them first"));
                    }
                    LesionState::NotEvaluable if reason.is_empty() => {
                        return Err(Error::Lesion("say why it cannot be evaluated"));
                    }
                    _ => {}
                }
                lesion.state = *state;
                reason.clone_into(&mut lesion.reason);
                Some(format!("State of {name}"))
            }
            SegmentEdit::Preset { preset } => {
                segments.add_preset(preset, &used)?;
                Some("Add segments".to_owned())
            }
        };
        Ok((words, recorder))
    }

    /// Makes lesions of other sessions known: those that are not there get a segment, not yet read.
    ///
    /// # Errors
    /// [`Error::NoLabelLeft`].
    pub fn know_lesions(&mut self, ids: &[String], images: &Images<'_>) -> Result<(), Error> {
        let before = self.desk.segments.clone();
        let counts: Vec<bool> = (0..=255).map(|l| self.map.count(l) > 0).collect();
        let used = |label: u8| counts.get(usize::from(label)).copied().unwrap_or(false);
        let segments = &mut self.desk.segments;
        let active = segments.active;
        for id in ids {
            let sound = id.len() <= 8 && id.starts_with('L') && id[1..].bytes().all(|b| b.is_ascii_digit());
            if sound && !segments.list.iter().any(|s| s.lesion.as_ref().is_some_and(|l| l.id == *id)) {
                segments.add("", "lesion", Some(Some(id)), &used)?;
            }
        }
        if active != 0 {
            segments.active = active;
        }
        self.commit("Lesions of other sessions".to_owned(), Recorder::default(), Some(before));
        self.regrow(images)
    }

    /// Goes on with what is at hand in another session of the patient: its tool, its options, masking and
    /// the active segment. Where this session has no segments, it gets the other's, lesions not yet read.
    ///
    /// # Errors
    /// An image that does not fit.
    pub fn take_over(&mut self, from: &AtHand, images: &Images<'_>) -> Result<(), Error> {
        let from = &from.0;
        if self.desk.segments.list.is_empty() && !from.segments.list.is_empty() {
            let before = self.desk.segments.clone();
            self.desk.segments = from.segments.clone();
            for segment in &mut self.desk.segments.list {
                segment.draft = false;
                if let Some(lesion) = &mut segment.lesion {
                    lesion.state = LesionState::default();
                    lesion.reason.clear();
                }
            }
            self.commit("Segments of the other session".to_owned(), Recorder::default(), Some(before));
        } else if let Some(theirs) = from.segments.get(from.segments.active) {
            let same = |s: &&Segment| {
                s.name == theirs.name
                    && s.lesion.as_ref().map(|l| &l.id) == theirs.lesion.as_ref().map(|l| &l.id)
            };
            if let Some(label) = self.desk.segments.list.iter().find(same).map(|s| s.label) {
                self.desk.segments.active = label;
            }
        }
        // Volumes that drive growing and the threshold are of a session's own images.
        let mine = self.desk.options.clone();
        self.desk.options = from.options.clone();
        self.desk.options.grow.volumes = mine.grow.volumes;
        self.desk.options.threshold = mine.threshold;
        self.desk.masking = Masking { range: self.desk.masking.range, ..from.masking };
        self.set_tool(from.tool, images)
    }

    /// What is at hand, for another session to go on with.
    #[must_use]
    pub fn at_hand(&self) -> AtHand {
        AtHand(self.desk.clone())
    }

    /// Takes the last step back; whether there was one.
    ///
    /// # Errors
    /// Labels that the step does not fit, which would be a fault of the editor's own.
    pub fn undo(&mut self, images: &Images<'_>) -> Result<bool, Error> {
        self.turn(false, images)
    }

    /// Does the step again that was taken back last; whether there was one.
    ///
    /// # Errors
    /// As [`Editor::undo`].
    pub fn redo(&mut self, images: &Images<'_>) -> Result<bool, Error> {
        self.turn(true, images)
    }

    fn turn(&mut self, again: bool, images: &Images<'_>) -> Result<bool, Error> {
        self.fits(images)?;
        self.cancel_stroke(images)?;
        // What is under way is what undo takes back first.
        if self.task.take().is_some() && !again {
            return Ok(true);
        }
        self.keep_desk();
        let Some((changed, renamed)) = self.turn_labels(again)? else { return Ok(false) };
        self.record_turn(again);
        self.touch(changed, images)?;
        if renamed {
            self.regrow(images)?;
        }
        Ok(true)
    }

    /// Undo and redo of labels, segments and history alone: the box that changed, and whether segments did.
    pub(super) fn turn_labels(
        &mut self,
        again: bool,
    ) -> Result<Option<(Option<crate::segment::growcut::Box3>, bool)>, Error> {
        let step = if again { self.history.next() } else { self.history.last() };
        let Some(step) = step else { return Ok(None) };
        let changed = self.map.apply(&step.labels, again)?;
        let to = step.other.0.as_ref().map(|both| both[usize::from(again)].clone());
        let renamed = to.is_some();
        if let Some(mut to) = to {
            keep_shown(&mut to, &self.desk.segments);
            self.desk.segments = to;
        }
        if again {
            self.history.redo()
        } else {
            self.history.undo()
        }
        Ok(Some((changed, renamed)))
    }
}

/// What is shown and locked is no matter of history.
fn keep_shown(to: &mut Segments, now: &Segments) {
    for segment in &mut to.list {
        if let Some(now) = now.get(segment.label) {
            (segment.visible, segment.locked) = (now.visible, now.locked);
        }
    }
}
