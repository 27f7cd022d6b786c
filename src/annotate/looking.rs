//! What hands change about how a case looks: gestures, windows, nudges, images along time.

use super::case::Loading;
use super::case::{Adjusted, Case, Display, Gesture, Image};
use super::hanging::{self, ImageId};
use super::panes::{add, sub};
use crate::hanging::protocol::LinkScope;
use crate::view::{PanePlane, Window};

impl Case {
    /// The size of a pane, device pixels.
    pub fn resize(&mut self, pane: usize, size: [u32; 2]) {
        // A pane larger than any screen is a mistake, and its picture would be memory.
        let size = size.map(|n| n.min(8192));
        if self.sizes.len() <= pane {
            self.sizes.resize(pane + 1, [0, 0]);
        }
        if let Some(known) = self.sizes.get_mut(pane) {
            *known = size;
        }
        self.panes.resize(pane, size);
        self.mark_all();
    }

    /// Sizes of all panes, which outlive cases.
    #[must_use]
    pub fn sizes(&self) -> &[[u32; 2]] {
        &self.sizes
    }

    /// How panes look.
    pub fn set_display(&mut self, display: Display) {
        self.panes.linked = display.linked;
        self.display = display;
        self.mark_all();
    }

    /// Does what hands do in a pane.
    pub fn gesture(&mut self, pane: usize, gesture: Gesture) {
        let finite = |v: &[f64]| v.iter().all(|v| v.is_finite());
        if self.turn_surfaces(pane, gesture) {
            return;
        }
        match gesture {
            Gesture::Scroll { slices } => {
                let changed = self.panes.scroll(pane, slices);
                self.mark_changed(&changed);
            }
            Gesture::Zoom { at, factor } if finite(&at) => {
                let changed = self.panes.zoom(pane, at, factor);
                self.mark_changed(&changed);
            }
            Gesture::Pan { by } if finite(&by) => {
                let changed = self.panes.pan(pane, by);
                self.mark_changed(&changed);
            }
            Gesture::Crosshair { at } if finite(&at) => {
                let changed = self.panes.crosshair(pane, at);
                self.mark_changed(&changed);
            }
            Gesture::Goto { world } if finite(&world) => {
                let changed = self.panes.goto(pane, world);
                self.mark_changed(&changed);
            }
            Gesture::Reset => {
                let changed = self.panes.reset(pane);
                self.mark_changed(&changed);
            }
            Gesture::Orient { orientation } => {
                let changed = self.panes.orient(pane, orientation);
                self.mark_changed(&changed);
            }
            Gesture::Window { by } if finite(&by) => self.adjust(pane, |known, _| {
                // A drag of 300 pixels is e-fold in width, and a width in level.
                let width = known.factor;
                known.factor = (width * (by[0] / 300.0).exp()).clamp(1e-4, 1e4);
                known.shift += by[1] / 300.0 * width;
            }),
            Gesture::SetWindow { width, level } if finite(&[width, level]) && width > 0.0 => {
                self.adjust(pane, |known, image| {
                    if let Some(base) = image.presets.get(known.preset).map(|p| p.window) {
                        known.factor = width / base.width;
                        known.shift = (level - base.level) / base.width;
                    }
                });
            }
            Gesture::ResetWindow => self.adjust(pane, |known, _| *known = Adjusted::default()),
            Gesture::NextPreset => self.adjust(pane, |known, image| {
                let preset = (known.preset + 1) % image.presets.len().max(1);
                *known = Adjusted { preset, ..Adjusted::default() };
            }),
            Gesture::Nudge { by } if finite(&by) => self.nudge(pane, by),
            Gesture::Frame { by } => self.step_frame(pane, by),
            Gesture::Align => {
                self.panes.align();
                self.mark_all();
            }
            Gesture::Unalign => {
                self.panes.unalign();
                self.mark_all();
            }
            _ => {}
        }
    }

    /// What shares its window with a pane.
    fn window_key(&self, pane: usize) -> Option<String> {
        let id = self.image_of(pane)?;
        let volumes = hanging::volumes(&self.files);
        let file = volumes.get(id.volume as usize)?.file;
        let content = self.ready(id).map(|image| image.content);
        Some(match self.protocol.link.window {
            LinkScope::All => format!("all {content:?}"),
            LinkScope::FrameOfReference => format!("frame {} {content:?}", self.group_of(id.volume)),
            LinkScope::Role if self.panes.linked => match &file.role {
                Some(role) => format!("role {role} {}", if file.b_values.len() > 1 { id.frame } else { 0 }),
                None => format!("volume {}", id.volume),
            },
            _ => format!("volume {} {}", id.volume, id.frame),
        })
    }

    fn adjust(&mut self, pane: usize, change: impl FnOnce(&mut Adjusted, &Image)) {
        let Some(key) = self.window_key(pane) else { return };
        let Some(image) = self.image_of(pane).and_then(|id| self.ready(id)).cloned() else { return };
        change(self.windows.entry(key.clone()).or_default(), &image);
        for other in 0..self.panes.panes.len() {
            if self.window_key(other).as_ref() == Some(&key) {
                self.mark(other, true);
            }
        }
    }

    pub(super) fn window(&self, pane: usize, image: &Image) -> (Window, String) {
        let known = self.window_key(pane).and_then(|key| self.windows.get(&key).copied()).unwrap_or_default();
        let preset = image.presets.get(known.preset % image.presets.len().max(1));
        let base = preset.map_or(Window { width: 1.0, level: 0.5 }, |p| p.window);
        let window =
            Window { width: base.width * known.factor, level: base.level + known.shift * base.width };
        let plain = known.factor == 1.0 && known.shift == 0.0;
        (window, preset.filter(|_| plain).map_or(String::new(), |p| p.name.to_owned()))
    }

    /// Shifts a pane's volume against the patient, mm along the pane's right and down. The reference is what
    /// others are shifted against: it stays.
    fn nudge(&mut self, pane: usize, by: [f64; 2]) {
        let Some(id) = self.image_of(pane) else { return };
        let session = self.session_of(id.volume);
        if session.and_then(|s| self.reference(s)) == Some(id.volume) {
            return;
        }
        let Some(slices) = self.panes.panes.get(pane).and_then(|p| p.slices) else { return };
        let delta = std::array::from_fn(|i| slices.right[i] * by[0] + slices.down[i] * by[1]);
        let shift = self.shifts.entry(id.volume).or_insert([0.0; 3]);
        *shift = add(*shift, delta);
        for other in 0..self.panes.panes.len() {
            if self.image_of(other).is_some_and(|i| i.volume == id.volume) {
                self.hang_pane(other);
            }
        }
    }

    /// Another image along time.
    fn step_frame(&mut self, pane: usize, by: i64) {
        let Some(id) = self.image_of(pane) else { return };
        let Some(frames) = self.ready(id).map(|image| image.frames) else { return };
        let wanted = (i64::from(id.frame) + by).clamp(0, frames as i64 - 1) as u32;
        if wanted == id.frame {
            return;
        }
        self.frames.insert(pane, wanted);
        let image = ImageId { frame: wanted, ..id };
        self.images.entry(image).or_insert(Loading::Waiting);
        if !self.queue.contains(&image) {
            self.queue.insert(0, image);
        }
        self.hang_pane(pane);
    }

    /// The shift of a volume against the patient, mm.
    #[must_use]
    pub fn shift(&self, volume: u32) -> [f64; 3] {
        self.shifts.get(&volume).copied().unwrap_or([0.0; 3])
    }

    /// Where a pane looks and of which session, for strokes: the plane in the world of the session's
    /// reference, and the reference.
    #[must_use]
    pub fn pane_plane(&self, pane: usize) -> Option<(usize, u32, PanePlane)> {
        let id = self.image_of(pane)?;
        let session = self.session_of(id.volume)?;
        let reference = self.reference(session)?;
        let plane = self.panes.panes.get(pane)?.plane()?;
        let by = self.shift(reference);
        Some((session, reference, PanePlane { corner: sub(plane.corner, by), ..plane }))
    }

    /// A change of labels of a session: its panes must be drawn again.
    pub fn labels_changed(&mut self, session: usize) {
        for pane in 0..self.panes.panes.len() {
            if self.image_of(pane).and_then(|id| self.session_of(id.volume)) == Some(session) {
                self.mark(pane, true);
            }
        }
    }
}
