//! A case's volumes as they come: what to read, what is unpacked, what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::AnnotateError;
use super::bytes::Place;
use super::case::{Case, Image, Loading};
use super::fetch::Fetch;
use super::hanging::{self, ImageId};
use super::panes::Pane;
use super::views::VolumeFact;
use crate::dicom::Need;

/// Images unpacked side by side, at most.
const SIDE_BY_SIDE: usize = 4;

impl Case {
    /// Bytes that images in memory hold.
    #[must_use]
    pub fn held(&self) -> u64 {
        let of = |loading: &Loading| match loading {
            Loading::Ready(image) => image.bytes(),
            Loading::Reading(fetch) => fetch.announced().map_or(0, |a| a.bytes),
            _ => 0,
        };
        self.images.values().map(of).sum()
    }

    fn start(&mut self, id: ImageId) {
        let taken = self.held();
        let place: Option<Place> = hanging::volumes(&self.files)
            .get(id.volume as usize)
            .and_then(|v| self.entries.get(v.file.entry))
            .map(|entry| entry.place.clone());
        let begun = match place {
            Some(place) => Fetch::new(&place, id.frame, self.budget.saturating_sub(taken)),
            None => Err(AnnotateError::NoSuch("volume")),
        };
        let loading = match begun {
            Ok(fetch) => Loading::Reading(Box::new(fetch)),
            Err(fault) => Loading::Failed(fault.to_string()),
        };
        self.images.insert(id, loading);
        self.told.push(id.volume);
    }

    /// Ranges to read now, each handed out once.
    pub fn needs(&mut self, most: usize) -> Vec<Need> {
        let mut needs = Vec::new();
        let mut active = 0;
        let unknown = |loading: &Loading| matches!(loading, Loading::Reading(f) if f.announced().is_none());
        for id in self.queue.clone() {
            // What one will hold is known before the next begins: so that both fit, or one is refused.
            let waits = matches!(self.images.get(&id), Some(Loading::Waiting));
            if waits && active < SIDE_BY_SIDE && !self.images.values().any(unknown) {
                self.start(id);
            }
            if let Some(Loading::Reading(fetch)) = self.images.get_mut(&id) {
                active += 1;
                if needs.len() < most
                    && let Some(need) = fetch.need()
                {
                    needs.push(need);
                }
            }
            if active >= SIDE_BY_SIDE {
                break;
            }
        }
        needs
    }

    /// Takes the bytes of a range; `None` where it could not be read. Gives them back if nobody here asked.
    pub fn feed(&mut self, need: &Need, bytes: Option<Vec<u8>>) -> Result<(), Option<Vec<u8>>> {
        let wanting = self.images.iter_mut().find_map(|(id, loading)| match loading {
            Loading::Reading(fetch) if fetch.wants(need) => Some((*id, fetch)),
            _ => None,
        });
        let Some((id, fetch)) = wanting else { return Err(bytes) };
        if let Err(fault) = fetch.feed(bytes) {
            self.fail(id, &fault);
        }
        Ok(())
    }

    fn fail(&mut self, id: ImageId, fault: &AnnotateError) {
        let text = match fault {
            AnnotateError::Image(crate::nifti::ReadError::Memory { needed, .. }) => {
                // Its own announcement is what it would need.
                self.images.insert(id, Loading::Waiting);
                let taken = self.held();
                AnnotateError::Memory { needed: *needed, taken, budget: self.budget }.to_string()
            }
            fault => fault.to_string(),
        };
        self.images.insert(id, Loading::Failed(text));
        self.told.push(id.volume);
        self.restale(id);
    }

    fn restale(&mut self, id: ImageId) {
        let look = |pane: &Pane| (pane.centre, pane.mm, pane.hanging);
        let before: Vec<_> = self.panes.panes.iter().map(look).collect();
        for pane in 0..self.panes.panes.len() {
            if self.image_of(pane) == Some(id) {
                self.hang_pane(pane);
            }
        }
        self.panes.fit_unplaced();
        // One scale for all: a new image may change every pane's, and mostly does not.
        let after: Vec<_> = self.panes.panes.iter().map(look).collect();
        for (pane, (before, after)) in before.iter().zip(&after).enumerate() {
            if before != after {
                self.mark(pane, true);
            }
        }
    }

    /// Unpacks a little, several volumes side by side; whether there was anything to do.
    pub fn work(&mut self) -> bool {
        let queue = self.queue.clone();
        let rank = |id: &ImageId| queue.iter().position(|q| q == id).unwrap_or(usize::MAX);
        let mut busy: Vec<(usize, ImageId, &mut Box<Fetch>)> = self
            .images
            .iter_mut()
            .filter_map(|(id, loading)| match loading {
                Loading::Reading(fetch) if fetch.has_work() => Some((rank(id), *id, fetch)),
                _ => None,
            })
            .collect();
        busy.sort_by_key(|(rank, _, _)| *rank);
        busy.truncate(rayon::current_num_threads().clamp(1, SIDE_BY_SIDE));
        if busy.is_empty() {
            return false;
        }
        let volumes = hanging::volumes(&self.files);
        let facts: BTreeMap<u32, (String, String)> = busy
            .iter()
            .filter_map(|(_, id, _)| {
                let file = volumes.get(id.volume as usize)?.file;
                let role = file.role.as_ref().map_or("", |r| r.as_str()).to_owned();
                let stem = super::names::image_stem(&file.path).unwrap_or_default();
                let suffix = stem.rsplit('_').next().unwrap_or_default().to_ascii_lowercase();
                Some((id.volume, (role, suffix)))
            })
            .collect();
        let done: Vec<(ImageId, Result<Option<Image>, AnnotateError>)> = busy
            .into_par_iter()
            .map(|(_, id, fetch)| {
                let made = fetch.work().map(|read| {
                    let frames = fetch.announced().map_or(1, |a| a.frames);
                    read.map(|read| {
                        let (role, suffix) = facts.get(&id.volume).cloned().unwrap_or_default();
                        Image::new(read, &role, &suffix, frames)
                    })
                });
                (id, made)
            })
            .collect();
        for (id, outcome) in done {
            match outcome {
                Ok(Some(image)) => {
                    self.images.insert(id, Loading::Ready(Arc::new(image)));
                    self.told.push(id.volume);
                    self.arrived = true;
                    self.restale(id);
                }
                Ok(None) => {}
                Err(fault) => self.fail(id, &fault),
            }
        }
        true
    }

    /// Whether a volume has come since this was asked last.
    pub fn take_arrived(&mut self) -> bool {
        std::mem::take(&mut self.arrived)
    }

    /// Whether everything that was asked for is there, or can't be.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        !self
            .queue
            .iter()
            .any(|id| matches!(self.images.get(id), Some(Loading::Waiting | Loading::Reading(_))))
    }

    /// Volumes of which something changed since this was asked last.
    pub fn take_told(&mut self) -> Vec<VolumeFact> {
        let mut told = std::mem::take(&mut self.told);
        told.sort_unstable();
        told.dedup();
        let all = self.facts();
        told.iter().filter_map(|id| all.get(*id as usize).cloned()).collect()
    }

    /// Asks for the first image of every file of a session.
    pub fn want_session(&mut self, session: usize) {
        let wanted: Vec<ImageId> = hanging::volumes(&self.files)
            .iter()
            .filter(|v| v.session == session)
            .map(|v| ImageId { volume: v.id, frame: 0 })
            .collect();
        for id in wanted {
            if !self.queue.contains(&id) {
                self.queue.push(id);
                self.images.entry(id).or_insert(Loading::Waiting);
            }
        }
    }

    /// Asks for volumes, such as those that growing looks at.
    pub fn want(&mut self, volumes: &[u32]) {
        let count = hanging::volumes(&self.files).len() as u32;
        for volume in volumes.iter().copied().filter(|volume| *volume < count) {
            let id = ImageId { volume, frame: 0 };
            if !self.queue.contains(&id) {
                self.queue.insert(0, id);
                self.images.entry(id).or_insert(Loading::Waiting);
            }
        }
    }

    /// Whether two volumes share a frame of reference, or lie in studies that the user lined up.
    #[must_use]
    pub fn share_frame(&self, a: u32, b: u32) -> bool {
        let (a, b) = (self.group_of(a), self.group_of(b));
        let known = |group: u32| self.panes.aligned.iter().any(|(g, _)| *g == group);
        a == b || (known(a) && known(b))
    }

    /// Images of a session that are in memory, the first of each file along time.
    #[must_use]
    pub fn images_of(&self, session: usize) -> Vec<(u32, Arc<Image>)> {
        hanging::volumes(&self.files)
            .iter()
            .filter(|v| v.session == session)
            .filter_map(|v| Some((v.id, self.image(v.id, 0)?)))
            .collect()
    }

    /// An image that is in memory.
    #[must_use]
    pub fn image(&self, volume: u32, frame: u32) -> Option<Arc<Image>> {
        self.ready(ImageId { volume, frame }).cloned()
    }
}
