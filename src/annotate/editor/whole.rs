//! Tools that work on a whole segment.
//!
//! In: the tool's options. Out: the segment changed in 3D within masking, one step of history a go.

use super::options::{Keep, Rule};
use super::{Editor, Error, Images, Tool};
use crate::segment::difference::Recorder;
use crate::segment::islands::{Island, islands};

impl Editor {
    /// What the islands tool does where it is clicked on.
    pub(super) fn island_at(&mut self, at: Option<usize>, images: &Images<'_>) -> Result<(), Error> {
        let active = self.active()?.label;
        let found = islands(self.map.values(), self.map.dims(), |v| v == active);
        let chosen = at.and_then(|at| found.iter().position(|i| i.has(at)));
        let chosen =
            chosen.ok_or_else(|| Error::Missing("click on an island of the active segment".to_owned()))?;
        let gone: Vec<&Island> = match self.desk.options.islands.keep {
            Keep::KeepSelected => {
                found.iter().enumerate().filter(|(i, _)| *i != chosen).map(|(_, f)| f).collect()
            }
            Keep::RemoveSelected => vec![&found[chosen]],
            _ => {
                return Err(Error::Missing(
                    "this way of islands works on the whole segment: apply it".to_owned(),
                ));
            }
        };
        self.clear_islands(&gone, images)
    }

    fn clear_islands(&mut self, gone: &[&Island], images: &Images<'_>) -> Result<(), Error> {
        let active = self.active()?.label;
        let rule = Rule::new(&self.desk.masking, &self.desk.segments, active);
        let mut recorder = Recorder::default();
        for at in gone.iter().flat_map(|i| i.places()) {
            if rule.may(at, active, images.reference) {
                self.map.set(at, 0, &mut recorder);
            }
        }
        let changed = recorder.take_extent(self.map.dims());
        let words = self.words(Tool::Islands.words());
        self.commit(words, recorder, None);
        self.touch(changed, images)
    }
}
