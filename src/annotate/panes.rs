//! Where panes look, and what hands change about it.
//!
//! In: the grids that hang, sizes of panes, gestures in device pixels. Out: where each pane looks now, and
//! which must be drawn again. Everything is in patient coordinates (RAS+, mm): panes of one frame of
//! reference share crosshair and slices; across studies nothing is linked until the user has lined two
//! up. A nudge is a shift of a volume against the patient; it is kept here and never goes into an image.

use crate::hanging::protocol::{Link, LinkScope};
use crate::view::{BodyBox, Orientation, PanePlane, Slices};
use crate::volume::Grid;

/// What hangs in a pane, as far as geometry goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hanging {
    /// The volume's grid, in its own world.
    pub grid: Grid,
    /// Where the body lies in it.
    pub body: BodyBox,
    /// Panes of one group share a frame of reference.
    pub group: u32,
    /// Place in the patient = place in the volume's world + this, mm.
    pub shift: [f64; 3],
}

/// A pane's look.
#[derive(Clone, Debug, PartialEq)]
pub struct Pane {
    /// Columns and rows, device pixels.
    pub size: [u32; 2],
    /// What hangs there.
    pub hanging: Option<Hanging>,
    /// Which planes.
    pub orientation: Orientation,
    /// Its slices; of the volume's own world.
    pub slices: Option<Slices>,
    /// The crosshair's place, patient.
    pub focus: [f64; 3],
    /// What is in the middle of the pane, patient; its depth is of no account.
    pub centre: [f64; 3],
    /// Millimetres a pixel.
    pub mm: f64,
    /// It looks where it was put, not where it would by itself.
    pub placed: bool,
}

impl Pane {
    /// An empty pane of no size.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            size: [0, 0],
            hanging: None,
            orientation: Orientation::Acquired,
            slices: None,
            focus: [0.0; 3],
            centre: [0.0; 3],
            mm: 1.0,
            placed: false,
        }
    }

    /// The slice that it shows, from 0; outside of 0 to `count − 1` nothing lies.
    #[must_use]
    pub fn slice(&self) -> Option<i64> {
        let (slices, hanging) = (self.slices?, self.hanging?);
        Some(slices.index(sub(self.focus, hanging.shift)))
    }

    /// Where it looks, in the patient.
    #[must_use]
    pub fn plane(&self) -> Option<PanePlane> {
        let (slices, hanging, slice) = (self.slices?, self.hanging?, self.slice()?);
        let middle = add(slices.onto(sub(self.centre, hanging.shift), slice), hanging.shift);
        Some(PanePlane::around(middle, slices.right, slices.down, self.mm, self.size))
    }

    /// Where it looks, in its volume's own world.
    #[must_use]
    pub fn own_plane(&self) -> Option<PanePlane> {
        let (plane, hanging) = (self.plane()?, self.hanging?);
        Some(PanePlane { corner: sub(plane.corner, hanging.shift), ..plane })
    }

    /// Hangs something, or nothing; it keeps looking where it did if that is the same frame.
    pub fn hang(&mut self, hanging: Option<Hanging>, orientation: Orientation) {
        if self.hanging.map(|h| h.group) != hanging.map(|h| h.group) {
            self.placed = false;
        }
        self.hanging = hanging;
        self.orientation = orientation;
        self.slices = hanging.map(|h| Slices::new(&h.grid, orientation));
    }

    /// Millimetres a pixel with which the body just fits.
    fn fit(&self) -> Option<f64> {
        let (slices, hanging) = (self.slices?, self.hanging?);
        if self.size.contains(&0) {
            return None;
        }
        let corners = hanging.body.corners(&hanging.grid);
        let extent = |along: [f64; 3]| {
            let places = corners.map(|c| dot(c, along));
            let high = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            high - places.iter().copied().fold(f64::INFINITY, f64::min)
        };
        let of = |along, pixels: u32| extent(along) * MARGIN / f64::from(pixels);
        Some(of(slices.right, self.size[0]).max(of(slices.down, self.size[1])).max(1e-3))
    }
}

/// Air around the body at first, as a factor.
const MARGIN: f64 = 1.06;

/// Millimetres a pixel, least and most.
const ZOOM: [f64; 2] = [0.01, 20.0];

/// Panes of a stage, and what they share.
#[derive(Clone, Debug)]
pub struct Panes {
    /// By number.
    pub panes: Vec<Pane>,
    /// What the protocol lets them share.
    pub link: Link,
    /// Whether the user lets them.
    pub linked: bool,
    /// Offsets of groups that the user lined up: a place of the first + this is the same place of the other.
    pub aligned: Vec<(u32, [f64; 3])>,
}

/// Panes that must be drawn, and panes whose words alone change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// By pane: whether its picture changes.
    pub panes: Vec<(usize, bool)>,
}

impl Panes {
    /// None yet.
    #[must_use]
    pub fn new(link: Link) -> Self {
        Self { panes: Vec::new(), link, linked: true, aligned: Vec::new() }
    }

    fn get(&self, pane: usize) -> Option<&Pane> {
        self.panes.get(pane)
    }

    /// How to come from places of one pane to places of another; `None` where nothing links them.
    fn offset(&self, from: usize, to: usize, scope: LinkScope) -> Option<[f64; 3]> {
        if from == to {
            return Some([0.0; 3]);
        }
        let (a, b) = (self.get(from)?.hanging?.group, self.get(to)?.hanging?.group);
        if !self.linked || scope == LinkScope::None {
            return None;
        }
        if a == b {
            return Some([0.0; 3]);
        }
        let of = |group: u32| self.aligned.iter().find(|(g, _)| *g == group).map(|(_, offset)| *offset);
        match (of(a), of(b)) {
            (Some(a), Some(b)) => Some(sub(b, a)),
            _ => None,
        }
    }

    /// Runs `change` and reports what it changed: another slice, scale or middle is another picture, another
    /// crosshair is words.
    fn changing(&mut self, change: impl FnOnce(&mut Self)) -> Changed {
        let look = |p: &Pane| (p.slice(), p.centre, p.mm, p.orientation, p.hanging);
        let before: Vec<_> = self.panes.iter().map(|p| (look(p), p.focus)).collect();
        change(self);
        let after = self.panes.iter().map(|p| (look(p), p.focus));
        let panes = before
            .into_iter()
            .zip(after)
            .enumerate()
            .filter(|(_, (before, after))| before != after)
            .map(|(i, (before, after))| (i, before.0 != after.0))
            .collect();
        Changed { panes }
    }

    /// Sets the crosshair's place of a pane and of those linked with it.
    fn focus(&mut self, pane: usize, at: [f64; 3]) {
        for other in 0..self.panes.len() {
            if let Some(offset) = self.offset(pane, other, self.link.scroll)
                && let Some(other) = self.panes.get_mut(other)
            {
                other.focus = add(at, offset);
            }
        }
    }

    /// Moves by slices; never out of the pane's own volume.
    pub fn scroll(&mut self, pane: usize, by: i64) -> Changed {
        self.changing(|all| {
            let Some(at) = all.get(pane) else { return };
            let (Some(slices), Some(hanging), Some(slice)) = (at.slices, at.hanging, at.slice()) else {
                return;
            };
            let last = i64::from(slices.count) - 1;
            let wanted = slice.saturating_add(by).clamp(0, last.max(0));
            let own = slices.onto(sub(at.focus, hanging.shift), wanted);
            all.focus(pane, add(own, hanging.shift));
        })
    }

    /// Puts the crosshair where the pointer is; other panes go to its slice.
    pub fn crosshair(&mut self, pane: usize, at: [f64; 2]) -> Changed {
        self.changing(|all| {
            if let Some(world) = all.get(pane).and_then(Pane::plane).map(|plane| plane.world(at)) {
                all.focus(pane, world);
            }
        })
    }

    /// Goes to a place of the pane's frame: crosshair and middle.
    pub fn goto(&mut self, pane: usize, world: [f64; 3]) -> Changed {
        self.changing(|all| {
            all.focus(pane, world);
            for other in 0..all.panes.len() {
                if let Some(offset) = all.offset(pane, other, all.link.scroll)
                    && let Some(other) = all.panes.get_mut(other)
                {
                    other.centre = add(world, offset);
                    other.placed = true;
                }
            }
        })
    }

    /// Nearer (above 1) or farther; what is under the pointer stays there.
    pub fn zoom(&mut self, pane: usize, at: [f64; 2], factor: f64) -> Changed {
        if !(factor.is_finite() && factor > 0.0) {
            return Changed::default();
        }
        self.changing(|all| {
            let Some(this) = all.get(pane) else { return };
            let Some(world) = this.plane().map(|plane| plane.world(at)) else { return };
            let mm = (this.mm / factor).clamp(ZOOM[0], ZOOM[1]);
            let by = this.mm / mm;
            let moved: [f64; 3] = std::array::from_fn(|i| (world[i] - this.centre[i]) * (1.0 - 1.0 / by));
            for other in 0..all.panes.len() {
                if !all.shares_zoom(pane, other) {
                    continue;
                }
                let offset = all.offset(pane, other, all.link.scroll);
                let Some(other) = all.panes.get_mut(other) else { continue };
                other.mm = (other.mm / by).clamp(ZOOM[0], ZOOM[1]);
                other.centre = match offset {
                    Some(offset) => {
                        let fixed = add(world, offset);
                        std::array::from_fn(|i| fixed[i] + (other.centre[i] - fixed[i]) / by)
                    }
                    None => add(other.centre, moved),
                };
                other.placed = true;
            }
        })
    }

    fn shares_zoom(&self, pane: usize, other: usize) -> bool {
        pane == other
            || (self.linked
                && match self.link.zoom {
                    LinkScope::All | LinkScope::Role => true,
                    LinkScope::FrameOfReference => self.offset(pane, other, self.link.zoom).is_some(),
                    LinkScope::None => false,
                })
    }

    /// Moves the image by pixels.
    pub fn pan(&mut self, pane: usize, by: [f64; 2]) -> Changed {
        self.changing(|all| {
            let Some(plane) = all.get(pane).and_then(Pane::plane) else { return };
            let delta: [f64; 3] =
                std::array::from_fn(|i| -(plane.right[i] * by[0] + plane.down[i] * by[1]) * plane.mm);
            for other in 0..all.panes.len() {
                if all.shares_zoom(pane, other)
                    && let Some(other) = all.panes.get_mut(other)
                {
                    other.centre = add(other.centre, delta);
                    other.placed = true;
                }
            }
        })
    }

    /// Other planes of the same volume.
    pub fn orient(&mut self, pane: usize, orientation: Orientation) -> Changed {
        self.changing(|all| {
            if let Some(pane) = all.panes.get_mut(pane) {
                pane.orientation = orientation;
                pane.slices = pane.hanging.map(|h| Slices::new(&h.grid, orientation));
            }
        })
    }

    /// Another size; what was seen stays in proportion.
    pub fn resize(&mut self, pane: usize, size: [u32; 2]) {
        let Some(pane) = self.panes.get_mut(pane) else { return };
        let least = |size: [u32; 2]| f64::from(size[0].min(size[1]));
        if pane.placed && least(pane.size) > 0.0 && least(size) > 0.0 {
            pane.mm = (pane.mm * least(pane.size) / least(size)).clamp(ZOOM[0], ZOOM[1]);
        }
        pane.size = size;
        self.fit_unplaced();
    }

    /// Shows a pane and those linked with it as at first.
    pub fn reset(&mut self, pane: usize) -> Changed {
        self.changing(|all| {
            for other in 0..all.panes.len() {
                if all.shares_zoom(pane, other)
                    && let Some(other) = all.panes.get_mut(other)
                {
                    other.placed = false;
                }
            }
            all.fit_unplaced();
        })
    }

    /// Panes that nobody has placed look at the body, all with one scale; a frame's crosshair begins in the
    /// middle of its body.
    pub fn fit_unplaced(&mut self) {
        let fits = |p: &Pane| p.fit().filter(|_| !p.placed);
        let common = self.panes.iter().filter_map(fits).fold(0.0, f64::max);
        if common <= 0.0 {
            return;
        }
        let alone = !self.linked || self.link.zoom == LinkScope::None;
        let mut middles: Vec<(u32, [f64; 3])> = Vec::new();
        for pane in &mut self.panes {
            let (Some(own), Some(hanging)) = (pane.fit(), pane.hanging) else { continue };
            if pane.placed {
                continue;
            }
            // One middle for a frame, or its panes would not show the same place at the same height.
            let known = middles.iter().find(|(group, _)| *group == hanging.group).map(|(_, middle)| *middle);
            let middle = known.unwrap_or_else(|| add(hanging.body.middle(&hanging.grid), hanging.shift));
            if known.is_none() {
                middles.push((hanging.group, middle));
            }
            pane.centre = middle;
            pane.mm = if alone { own } else { common };
        }
    }

    /// Where the crosshair of a frame is, if a pane that was looked into shows it.
    #[must_use]
    pub fn focus_of(&self, group: u32) -> Option<[f64; 3]> {
        self.panes.iter().find(|p| p.hanging.is_some_and(|h| h.group == group)).map(|p| p.focus)
    }

    /// Takes the places that panes show now for the same place of the patient: studies without a common
    /// frame are linked from here on.
    pub fn align(&mut self) {
        self.aligned.clear();
        for pane in &self.panes {
            if let Some(group) = pane.hanging.map(|h| h.group)
                && !self.aligned.iter().any(|(known, _)| *known == group)
            {
                self.aligned.push((group, pane.focus));
            }
        }
    }

    /// Each study by itself again.
    pub fn unalign(&mut self) {
        self.aligned.clear();
    }
}

pub(super) fn add(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] + b[i])
}

pub(super) fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
