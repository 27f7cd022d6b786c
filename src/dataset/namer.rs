//! Unique names.
//!
//! In come the names that volumes would like to have, in the plan's order, each with the
//! fingerprint of its source; out comes a stem for each that nothing else has, and whether the
//! archive holds that very volume already. A name that an archive holds is never given to another
//! volume and never changes: who joins later gets the next `run-`.

use super::{Error, Stem, VolumeName};
use std::collections::BTreeMap;

/// Gives names. One for a whole data set.
#[derive(Debug, Clone, Default)]
pub struct Namer {
    /// Case-folded stem → fingerprint of the complete volume there (`None`: somebody else's file).
    taken: BTreeMap<String, (Stem, Option<String>)>,
}

/// A name given to a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The volume's path without extension.
    pub stem: Stem,
    /// The archive holds this volume from this source already, complete.
    pub present: bool,
}

impl Namer {
    /// For a new data set.
    pub fn new() -> Self {
        Self::default()
    }

    /// For a data set that holds these complete volumes (path, fingerprint of the source).
    /// Incomplete ones are not to be listed: they are written again under their name.
    pub fn with_existing(volumes: impl IntoIterator<Item = (Stem, Option<String>)>) -> Self {
        let taken = volumes.into_iter().map(|(stem, print)| (fold(&stem), (stem, print))).collect();
        Self { taken }
    }

    /// Names a batch of volumes, in the order given, which must not depend on the order of files.
    ///
    /// Volumes that would share a name are numbered `run-01`, `run-02` …; a lone one has no number.
    /// A volume that the archive holds keeps its name there. The same batch against an archive that
    /// holds a part of it (an interrupted export) therefore gets the same names as against none.
    ///
    /// # Errors
    /// [`Error::Label`] from [`VolumeName::stem`].
    pub fn assign(&mut self, batch: &[(VolumeName, String)]) -> Result<Vec<Assigned>, Error> {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, (name, _)) in batch.iter().enumerate() {
            groups.entry(fold(&name.stem(None)?)).or_default().push(index);
        }
        let mut assigned: Vec<Option<Assigned>> = vec![None; batch.len()];
        for members in groups.values() {
            self.assign_group(batch, members, &mut assigned)?;
        }
        // Every index is in exactly one group.
        Ok(assigned.into_iter().flatten().collect())
    }

    fn assign_group(
        &mut self,
        batch: &[(VolumeName, String)],
        members: &[usize],
        assigned: &mut [Option<Assigned>],
    ) -> Result<(), Error> {
        let mut waiting = Vec::new();
        let mut held: Vec<Stem> = Vec::new();
        for (place, &index) in members.iter().enumerate() {
            let Some((name, print)) = batch.get(index) else {
                continue;
            };
            match self.held(name, print, &held)? {
                Some(stem) => {
                    held.push(stem.clone());
                    put(assigned, index, Assigned { stem, present: true });
                }
                None => waiting.push((place, index, name, print)),
            }
        }
        for (place, index, name, print) in waiting {
            let number = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1);
            let wanted = name.stem((members.len() > 1).then_some(number))?;
            let stem = if self.taken.contains_key(&fold(&wanted)) { self.next_free(name)? } else { wanted };
            self.taken.insert(fold(&stem), (stem.clone(), Some(print.clone())));
            put(assigned, index, Assigned { stem, present: false });
        }
        Ok(())
    }

    /// The name under which the archive holds this volume, runs of the same name only: another role
    /// is another name.
    fn held(&self, name: &VolumeName, print: &str, but: &[Stem]) -> Result<Option<Stem>, Error> {
        let matches = |stem: &Stem| {
            self.taken
                .get(&fold(stem))
                .filter(|(found, held)| held.as_deref() == Some(print) && !but.contains(found))
                .map(|(found, _)| found.clone())
        };
        if let Some(stem) = matches(&name.stem(None)?) {
            return Ok(Some(stem));
        }
        for run in 1..=self.last_run(name)? {
            if let Some(stem) = matches(&name.stem(Some(run))?) {
                return Ok(Some(stem));
            }
        }
        Ok(None)
    }

    fn next_free(&self, name: &VolumeName) -> Result<Stem, Error> {
        // A lone volume counts as the first run.
        name.stem(Some(self.last_run(name)?.max(1).saturating_add(1)))
    }

    /// The highest run number taken by volumes of this name, 0 for none.
    fn last_run(&self, name: &VolumeName) -> Result<u32, Error> {
        const MARK: u32 = 1;
        let numbered = fold(&name.stem(Some(MARK))?);
        let Some((before, after)) = numbered.split_once("_run-01") else {
            return Ok(0);
        };
        let prefix = format!("{before}_run-");
        let runs = self.taken.range(prefix.clone()..).map(|(key, _)| key);
        let numbers = runs
            .take_while(|key| key.starts_with(&prefix))
            .filter_map(|key| key.strip_prefix(&prefix)?.strip_suffix(after)?.parse::<u32>().ok());
        Ok(numbers.max().unwrap_or(0))
    }
}

fn put(assigned: &mut [Option<Assigned>], index: usize, value: Assigned) {
    if let Some(slot) = assigned.get_mut(index) {
        *slot = Some(value);
    }
}

fn fold(stem: &Stem) -> String {
    stem.as_str().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn volume(role: &str, print: &str) -> (VolumeName, String) {
        let name = VolumeName {
            subject: "abc123".into(),
            session: "01".into(),
            role: Some(role.into()),
            ..VolumeName::default()
        };
        (name, print.to_owned())
    }

    fn ends(assigned: &[Assigned]) -> Vec<String> {
        let end = |a: &Assigned| a.stem.as_str().rsplit("ses-01_").next().unwrap().to_owned();
        assigned.iter().map(end).collect()
    }

    #[test]
    fn equal_names_are_numbered_in_the_plans_order() {
        let mut namer = Namer::new();
        let batch = [volume("t2", "a"), volume("t2_fs", "b"), volume("t2", "c")];
        assert_eq!(ends(&namer.assign(&batch).unwrap()), ["run-01_T2w", "acq-fs_T2w", "run-02_T2w"]);
    }

    #[test]
    fn a_later_batch_never_takes_a_name_that_is_held() {
        let mut namer = Namer::new();
        let first = namer.assign(&[volume("t2", "a")]).unwrap();
        let held = first.iter().map(|a| (a.stem.clone(), Some("a".to_owned())));
        let mut namer = Namer::with_existing(held);
        let later = namer.assign(&[volume("t2", "b"), volume("t2", "a")]).unwrap();
        assert_eq!(ends(&later), ["run-01_T2w", "T2w"]);
        assert_eq!((later[0].present, later[1].present), (false, true));
        let third = namer.assign(&[volume("t2", "c")]).unwrap();
        assert_eq!(ends(&third), ["run-02_T2w"]);
    }

    proptest! {
        #[test]
        fn names_are_unique_and_an_interrupted_export_resumes_with_the_same(
            roles in prop::collection::vec(prop::sample::select(vec!["t2", "t2_fs", "arterial", "localizer", "zzz"]), 1..24),
            kept in prop::collection::vec(any::<bool>(), 24),
        ) {
            let batch: Vec<_> = roles.iter().enumerate().map(|(i, role)| volume(role, &format!("print{i}"))).collect();
            let fresh = Namer::new().assign(&batch).unwrap();
            let distinct: BTreeSet<_> = fresh.iter().map(|a| fold(&a.stem)).collect();
            prop_assert_eq!(distinct.len(), batch.len());

            let done = fresh.iter().zip(&batch).zip(&kept).filter(|(_, kept)| **kept);
            let mut namer = Namer::with_existing(done.map(|((a, (_, print)), _)| (a.stem.clone(), Some(print.clone()))));
            let resumed = namer.assign(&batch).unwrap();
            for ((again, before), kept) in resumed.iter().zip(&fresh).zip(&kept) {
                prop_assert_eq!(&again.stem, &before.stem);
                prop_assert_eq!(again.present, *kept);
            }
        }
    }
}
