//! Pictures of a case's panes, labels over them, surfaces in 3D, and what words over them need.

use rayon::prelude::*;

use super::case::{Case, Gesture, LabelLayer, Line};
use super::panes::{Panes, add, sub};
use super::views::{LineView, PaneState, WindowView};
use crate::view::{
    Colours, Content, Mesh, Overlay, PanePlane, Picture, PixelMap, Turned, draw, draw_surfaces,
    label_picture, letters, overlay,
};

impl Case {
    /// Draws what must be drawn, labels over it; the panes that have a new picture.
    pub fn render(&mut self, layers: &[LabelLayer<'_>]) -> Vec<usize> {
        let count = self.panes.panes.len();
        let wanted: Vec<usize> = (0..count).filter(|i| self.dirty.get(*i) == Some(&true)).collect();
        let mut pictures = std::mem::take(&mut self.pictures);
        let this = &*self;
        let mut jobs: Vec<(usize, &mut Picture)> =
            pictures.iter_mut().enumerate().filter(|(i, _)| wanted.contains(i)).collect();
        jobs.par_iter_mut().for_each(|(pane, picture)| this.paint(*pane, picture, layers));
        let drawn: Vec<usize> = jobs
            .iter()
            .filter(|(_, picture)| picture.width > 0 && picture.height > 0)
            .map(|(pane, _)| *pane)
            .collect();
        self.pictures = pictures;
        self.dirty.fill(false);
        drawn
    }

    fn paint(&self, pane: usize, picture: &mut Picture, layers: &[LabelLayer<'_>]) {
        let Some(at) = self.panes.panes.get(pane) else { return };
        picture.resize(at.size);
        let image = self.image_of(pane).and_then(|id| Some((id, self.ready(id)?)));
        if self.is_surface(pane) {
            let meshes = self.pane_session(pane).and_then(|s| self.surfaces.get(&s));
            match (meshes, self.turned(pane)) {
                (Some(meshes), Some(turned)) => {
                    let meshes: Vec<(&Mesh, [u8; 3])> = meshes.iter().map(|(m, c)| (m, *c)).collect();
                    draw_surfaces(picture, &meshes, &turned);
                }
                _ => picture.pixels.fill(crate::view::BACKGROUND),
            }
            return;
        }
        let (Some((id, image)), Some(own)) = (image, at.own_plane()) else {
            picture.pixels.fill(crate::view::BACKGROUND);
            return;
        };
        let map = PixelMap::new(&own, &image.grid);
        let (window, _) = self.window(pane, image);
        let colours = match self.display.colours {
            Colours::Adc if image.content != Content::Adc => Colours::Grey,
            colours => colours,
        };
        draw(picture, &map, image.grid.dims(), &image.voxels, window, colours, self.display.interpolate);
        if !self.display.labels {
            return;
        }
        let session = self.session_of(id.volume);
        for layer in layers.iter().filter(|layer| Some(layer.session) == session) {
            let Some(plane) = at.plane() else { continue };
            let by = self.reference(layer.session).map_or([0.0; 3], |r| self.shift(r));
            let plane = PanePlane { corner: sub(plane.corner, by), ..plane };
            let map = PixelMap::new(&plane, layer.grid);
            let Some(labels) = label_picture(at.size, &map, layer.grid.dims(), layer.labels) else {
                continue;
            };
            let width = if at.size[0].max(at.size[1]) > 700 { 2 } else { 1 };
            let how = Overlay {
                colours: layer.colours,
                outline: layer.outline.then_some(width),
                opacity: layer.opacity,
            };
            overlay(picture, &labels, &how);
        }
    }

    /// A pane's picture.
    #[must_use]
    pub fn picture(&self, pane: usize) -> Option<&Picture> {
        self.pictures.get(pane)
    }

    /// What words over panes need, of those where it changed since this was asked last.
    pub fn take_states(&mut self) -> Vec<PaneState> {
        let stale = std::mem::replace(&mut self.stale, vec![false; self.panes.panes.len()]);
        stale
            .iter()
            .enumerate()
            .filter(|(_, stale)| **stale)
            .filter_map(|(pane, _)| self.state(pane))
            .collect()
    }

    /// Shows lines of measurements, in place of those before.
    pub fn set_lines(&mut self, lines: Vec<Line>) {
        if self.lines != lines {
            self.lines = lines;
            self.stale.fill(true);
        }
    }

    /// Lines that lie in the slice a pane shows.
    fn lines_in(&self, pane: usize, plane: &PanePlane, step: f64) -> Vec<LineView> {
        let session = self.pane_session(pane);
        let lines = self.lines.iter().filter(|line| Some(line.session) == session);
        lines
            .filter_map(|line| {
                let by = self.reference(line.session).map_or([0.0; 3], |r| self.shift(r));
                let (from, a) = plane.place(add(line.from, by));
                let (to, b) = plane.place(add(line.to, by));
                let lies = a.abs() <= step * 0.5 && b.abs() <= step * 0.5;
                lies.then(|| LineView { from, to, text: line.text.clone() })
            })
            .collect()
    }

    /// What words over a pane need; `None` for one that shows nothing.
    #[must_use]
    pub fn state(&self, pane: usize) -> Option<PaneState> {
        if self.is_surface(pane) {
            return self.surface_state(pane);
        }
        let at = self.panes.panes.get(pane)?;
        let id = self.image_of(pane)?;
        let image = self.ready(id)?;
        let (slices, slice, plane) = (at.slices?, at.slice()?, at.plane()?);
        let (window, preset) = self.window(pane, image);
        let (place, _) = plane.place(at.focus);
        let own = sub(at.focus, self.shift(id.volume));
        let own = slices.onto(own, slice);
        let voxel = crate::view::WorldToVoxel::of(&image.grid).apply(own);
        let outside = slice < 0 || slice >= i64::from(slices.count);
        let shift = self.shift(id.volume);
        let minus = |v: [f64; 3]| v.map(|x| -x);
        Some(PaneState {
            pane,
            slice,
            slices: slices.count,
            window: WindowView {
                width: window.width,
                level: window.level,
                preset,
                unit: if image.content == Content::Ct { "HU".to_owned() } else { String::new() },
            },
            letters: [
                letters(minus(slices.right)),
                letters(slices.right),
                letters(minus(slices.down)),
                letters(slices.down),
            ],
            pixels_per_mm: 1.0 / at.mm,
            crosshair: Some(place),
            value: if outside { None } else { image.value_at(voxel) },
            outside,
            shift: (shift != [0.0; 3]).then_some(shift),
            lines: self.lines_in(pane, &plane, slices.step),
            frame: id.frame,
            world: Some(at.focus),
        })
    }

    /// Panes of the stage shown.
    #[must_use]
    pub fn panes(&self) -> &Panes {
        &self.panes
    }

    /// Sessions whose segments a pane shows in 3D.
    #[must_use]
    pub fn sessions_in_3d(&self) -> Vec<usize> {
        let mut found: Vec<usize> = (0..self.panes.panes.len())
            .filter(|p| self.is_surface(*p))
            .filter_map(|p| self.pane_session(p))
            .collect();
        found.dedup();
        found
    }

    /// Shows surfaces of a session's segments.
    pub fn set_surfaces(&mut self, session: usize, surfaces: Vec<(Mesh, [u8; 3])>) {
        self.surfaces.insert(session, surfaces);
        for pane in 0..self.panes.panes.len() {
            if self.is_surface(pane) {
                self.mark(pane, true);
            }
        }
    }

    fn is_surface(&self, pane: usize) -> bool {
        self.stages.get(self.stage).and_then(|s| s.slots.get(pane)).is_some_and(|s| s.surface)
    }

    /// How a pane's surfaces are turned: at first seen from the front, all of them in sight.
    fn turned(&self, pane: usize) -> Option<Turned> {
        let at = self.panes.panes.get(pane)?;
        if let Some(turned) = self.turned {
            return Some(turned);
        }
        let meshes = self.pane_session(pane).and_then(|s| self.surfaces.get(&s));
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for place in meshes.iter().flat_map(|m| m.iter()).flat_map(|(mesh, _)| &mesh.places) {
            for axis in 0..3 {
                low[axis] = low[axis].min(f64::from(place[axis]));
                high[axis] = high[axis].max(f64::from(place[axis]));
            }
        }
        if low[0] > high[0] {
            return None;
        }
        let size = (0..3).map(|i| (high[i] - low[i]).powi(2)).sum::<f64>().sqrt().max(1.0);
        let pixels = f64::from(at.size[0].min(at.size[1]).max(1));
        Some(Turned {
            middle: std::array::from_fn(|i| f64::midpoint(low[i], high[i])),
            right: [-1.0, 0.0, 0.0],
            down: [0.0, 0.0, -1.0],
            mm: size * 1.1 / pixels,
        })
    }

    /// A gesture in a pane of surfaces; whether it was one.
    pub(super) fn turn_surfaces(&mut self, pane: usize, gesture: Gesture) -> bool {
        if !self.is_surface(pane) {
            return false;
        }
        let Some(mut turned) = self.turned(pane) else { return true };
        match gesture {
            Gesture::Rotate { by } if by.iter().all(|v| v.is_finite()) => turned.turn(by),
            Gesture::Zoom { factor, .. } if factor.is_finite() && factor > 0.0 => {
                turned.mm = (turned.mm / factor).clamp(0.01, 50.0);
            }
            Gesture::Pan { by } if by.iter().all(|v| v.is_finite()) => {
                turned.middle = std::array::from_fn(|i| {
                    turned.middle[i] - (turned.right[i] * by[0] + turned.down[i] * by[1]) * turned.mm
                });
            }
            Gesture::Scroll { slices } => {
                turned.mm = (turned.mm * 1.1_f64.powi(slices as i32)).clamp(0.01, 50.0)
            }
            Gesture::Reset => {
                self.turned = None;
                self.mark(pane, true);
                return true;
            }
            _ => return true,
        }
        self.turned = Some(turned);
        self.mark(pane, true);
        true
    }

    /// What words over a pane of surfaces need.
    fn surface_state(&self, pane: usize) -> Option<PaneState> {
        let turned = self.turned(pane)?;
        let minus = |v: [f64; 3]| v.map(|x| -x);
        Some(PaneState {
            pane,
            slice: 0,
            slices: 0,
            window: WindowView { width: 0.0, level: 0.0, preset: String::new(), unit: String::new() },
            letters: [
                letters(minus(turned.right)),
                letters(turned.right),
                letters(minus(turned.down)),
                letters(turned.down),
            ],
            pixels_per_mm: 1.0 / turned.mm,
            crosshair: None,
            value: None,
            outside: false,
            shift: None,
            lines: Vec::new(),
            frame: 0,
            world: None,
        })
    }
}
