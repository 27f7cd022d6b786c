//! Patients → studies → series → volumes, in an order that depends on the files' contents alone.
//!
//! In: the instances that the intake read. Out: the tree, each volume with its frames and its facts.
//! Patients stand in the order of a hash, since the order of names or IDs would leak rank; studies in
//! the order of time; series by number; duplicates of a SOP instance are told apart here.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::facts::volume_facts;
use super::files::{FileId, FileState, FileTable};
use super::reading::identity_of;
use crate::convert::instance::{Instance, SeriesFacts};
use crate::convert::stack::{FrameRef, Stack, stack};
use crate::convert::when::{days, moment};
use crate::convert::{PhilipsValues, VolumeWarning};
use crate::dataset::SkipReason;
use crate::deid::{Date, IdentityKey, PatientIdentity, RecognisedBy, people};
use crate::hanging::VolumeFacts;

/// Number of a volume within a plan, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct VolumeId(pub u32);

/// Everything that was found.
#[derive(Default)]
pub struct Catalogue {
    pub(crate) instances: Vec<Instance>,
    /// In the order of a hash.
    pub patients: Vec<PatientEntry>,
    /// Captures that were not asked for.
    parked: Vec<Instance>,
    /// What the stacks were made for.
    pub(crate) made_for: Wanted,
}

/// What of a folder is stacked, and by which values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) philips: PhilipsValues,
    /// Pictures that are no volumes of voxels, too.
    pub(crate) captures: bool,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").field("patients", &self.patients.len()).finish_non_exhaustive()
    }
}

/// A patient.
pub struct PatientEntry {
    /// Who it is.
    pub identity: PatientIdentity,
    /// The same, normalised.
    pub key: IdentityKey,
    /// Dates of all its studies, for the date shift.
    pub dates: BTreeSet<Date>,
    /// In the order of time.
    pub studies: Vec<StudyEntry>,
}

/// A study.
pub struct StudyEntry {
    pub(crate) facts: std::sync::Arc<SeriesFacts>,
    /// Days from 1970-01-01, where the study has a date.
    pub(crate) day: Option<i64>,
    /// By series number.
    pub series: Vec<SeriesEntry>,
}

/// A series.
pub struct SeriesEntry {
    pub(crate) facts: std::sync::Arc<SeriesFacts>,
    /// Places of its instances in the catalogue.
    pub(crate) instances: Vec<u32>,
    /// The volumes that its frames make.
    pub volumes: Vec<VolumeEntry>,
}

/// A volume.
pub struct VolumeEntry {
    /// Its number.
    pub id: VolumeId,
    pub(crate) stack: Stack,
    /// What rules may know of it.
    pub facts: VolumeFacts,
    /// Frames of the same series that were left over: files of incomplete volumes.
    pub(crate) acquired: Option<f64>,
    pub(crate) files: Vec<FileId>,
}

macro_rules! opaque {
    ($($t:ident),*) => {$(
        impl std::fmt::Debug for $t {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($t)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(PatientEntry, StudyEntry, SeriesEntry, VolumeEntry);

impl Catalogue {
    /// Sorts what was read into the tree. Files that fall out are marked in `files`.
    pub(crate) fn build(instances: Vec<Instance>, files: &mut FileTable, wanted: Wanted) -> Self {
        let (parked, mut instances): (Vec<_>, Vec<_>) =
            instances.into_iter().partition(|instance| instance.unasked.is_some() && !wanted.captures);
        for instance in &parked {
            if let Some(why) = instance.unasked {
                files.set(instance.file, FileState::Skipped(why));
            }
        }
        // By content, so that neither order nor names of files matter.
        instances.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
        let shared = drop_duplicates(&mut instances, files);
        let mut patients = Patients::new();
        for (at, instance) in (0u32..).zip(&instances) {
            let key = identity_of(&instance.series).key();
            patients.entry((patient_hash(&key), key)).or_default().push(at);
            files.set(instance.file, FileState::Image(at));
        }
        let patients = sharing_ids_apart(patients, &instances);
        let mut stacking = Stacking { philips: wanted.philips, left_over: Vec::new() };
        let mut patients: Vec<PatientEntry> = patients
            .into_iter()
            .filter_map(|((_, key), members)| patient(key, &members, &instances, &mut stacking))
            .collect();
        for file in stacking.left_over {
            files.set(file, FileState::Skipped(SkipReason::IncompleteVolume));
        }
        say_shared_uids(&mut patients, &instances, &shared);
        let all = patients.iter_mut().flat_map(|p| &mut p.studies).flat_map(|s| &mut s.series);
        for (volume, number) in all.flat_map(|s| &mut s.volumes).zip(1..) {
            volume.id = VolumeId(number);
        }
        // A frame left over of a file whose other frames were stacked is the volume's matter.
        let places: BTreeMap<FileId, u32> = instances.iter().map(|i| i.file).zip(0..).collect();
        for file in patients.iter().flat_map(PatientEntry::volumes).flat_map(|(_, v)| &v.files) {
            if files.state(*file) == Some(FileState::Skipped(SkipReason::IncompleteVolume))
                && let Some(at) = places.get(file)
            {
                files.set(*file, FileState::Image(*at));
            }
        }
        Self { instances, patients, parked, made_for: wanted }
    }

    /// All that it was made of, to be sorted again.
    pub(crate) fn into_instances(self) -> Vec<Instance> {
        let mut all = self.instances;
        all.extend(self.parked);
        all
    }

    /// Pictures at hand that are no volumes, whether they were asked for or not.
    pub(crate) fn captures(&self) -> usize {
        self.parked.len() + self.instances.iter().filter(|instance| instance.unasked.is_some()).count()
    }

    /// A volume with its patient, study and series.
    pub fn volume(&self, id: VolumeId) -> Option<(&PatientEntry, &StudyEntry, &SeriesEntry, &VolumeEntry)> {
        self.patients.iter().find_map(|patient| {
            patient.studies.iter().find_map(|study| {
                study.series.iter().find_map(|series| {
                    let volume = series.volumes.iter().find(|v| v.id == id)?;
                    Some((patient, study, series, volume))
                })
            })
        })
    }

    /// The instances of a series, as its stacks number them.
    pub(crate) fn instances_of(&self, series: &SeriesEntry) -> Vec<&Instance> {
        series.instances.iter().filter_map(|at| self.instances.get(*at as usize)).collect()
    }
}

impl PatientEntry {
    /// All volumes, each with its series.
    pub fn volumes(&self) -> impl Iterator<Item = (&SeriesEntry, &VolumeEntry)> {
        self.studies
            .iter()
            .flat_map(|study| &study.series)
            .flat_map(|series| series.volumes.iter().map(move |volume| (series, volume)))
    }
}

/// A patient's place in every document: no key is needed, and nobody's rank is told.
fn patient_hash(key: &IdentityKey) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"hepatica order of patients");
    for part in key.message() {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Files of one UID stand in the order of their contents, so that which of them is kept depends on nothing else.
fn order_of(i: &Instance) -> (&str, &str, Option<i64>, &str, i64, &str, u64) {
    let s = &i.series;
    (
        &s.study_date,
        &s.study_uid,
        s.series_number,
        &s.series_uid,
        i.instance_number,
        &i.sop_instance,
        i.digest,
    )
}

/// Keeps the first of several files of one instance; those without a UID are all kept. Returns the UIDs
/// under which files differ.
///
/// Tools that re-export with changed numbers forget to change UIDs, and careless anonymisers give one UID
/// to every slice: what differs in series, instance number or place is no duplicate. What is the same in all
/// these and differs otherwise is left out too, under its own reason.
fn drop_duplicates(instances: &mut Vec<Instance>, files: &mut FileTable) -> BTreeSet<Box<str>> {
    let mut seen: BTreeMap<_, u64> = BTreeMap::new();
    let mut places: BTreeMap<Box<str>, [u64; 3]> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    instances.retain(|instance| {
        if instance.sop_instance.is_empty() {
            return true;
        }
        let series = &instance.series;
        let uid = &instance.sop_instance;
        let position = instance.frames.first().and_then(|f| f.position).unwrap_or([f64::MAX; 3]);
        let place = position.map(|v| (v + 0.0).to_bits());
        let identity =
            (uid.clone(), series.series_uid.clone(), series.series_number, instance.instance_number, place);
        if let Some(digest) = seen.get(&identity) {
            let why = if *digest == instance.digest {
                SkipReason::Duplicate
            } else {
                shared.insert(uid.clone());
                SkipReason::SharedUid
            };
            files.set(instance.file, FileState::Skipped(why));
            return false;
        }
        if places.insert(uid.clone(), place).is_some_and(|other| other != place) {
            shared.insert(uid.clone());
        }
        seen.insert(identity, instance.digest);
        true
    });
    shared
}

/// Says at each volume that a file of its UIDs differs from another of the same UID.
fn say_shared_uids(patients: &mut [PatientEntry], instances: &[Instance], shared: &BTreeSet<Box<str>>) {
    if shared.is_empty() {
        return;
    }
    let of: BTreeSet<FileId> =
        instances.iter().filter(|i| shared.contains(&i.sop_instance)).map(|i| i.file).collect();
    let series = patients.iter_mut().flat_map(|p| &mut p.studies).flat_map(|s| &mut s.series);
    for volume in series.flat_map(|s| &mut s.volumes) {
        if volume.files.iter().any(|file| of.contains(file)) {
            volume.stack.warnings.push(VolumeWarning::SharedUid);
        }
    }
}

/// Instances by patient.
type Patients = BTreeMap<([u8; 32], IdentityKey), Vec<u32>>;

/// Keeps people apart who share an ID: an ID is unique within its issuer only (PS3.3 C.7.1.1), and exports of
/// several hospitals name none.
fn sharing_ids_apart(patients: Patients, instances: &[Instance]) -> Patients {
    let mut out = Patients::new();
    for ((hash, key), members) in patients {
        // Once for each series: its files share what their headers say.
        let mut series: BTreeMap<*const SeriesFacts, usize> = BTreeMap::new();
        let mut persons = Vec::new();
        let mut of_series: Vec<Vec<u32>> = Vec::new();
        for at in &members {
            let Some(instance) = instances.get(*at as usize) else { continue };
            let place = *series.entry(std::sync::Arc::as_ptr(&instance.series)).or_insert_with(|| {
                persons.push(identity_of(&instance.series).person());
                of_series.push(Vec::new());
                persons.len() - 1
            });
            if let Some(files) = of_series.get_mut(place) {
                files.push(*at);
            }
        }
        let people = people(&persons);
        if people.len() < 2 || key.recognised_by() != RecognisedBy::PatientId {
            out.insert((hash, key), members);
            continue;
        }
        for person in people {
            let files = person.iter().filter_map(|n| of_series.get(*n)).flatten();
            let mut members: Vec<u32> = files.copied().collect();
            members.sort_unstable();
            // Of several spellings the same one, whichever files there are and in whatever order.
            let all = members.iter().filter_map(|at| instances.get(*at as usize));
            let spellings = all.map(|i| PatientIdentity { shares_id: true, ..identity_of(&i.series) });
            let Some(identity) = spellings.min_by_key(PatientIdentity::person) else { continue };
            let key = identity.key();
            out.entry((patient_hash(&key), key)).or_default().extend(members);
        }
    }
    out
}

/// How series are stacked, and what was left over.
struct Stacking {
    philips: PhilipsValues,
    left_over: Vec<FileId>,
}

fn patient(
    key: IdentityKey,
    members: &[u32],
    instances: &[Instance],
    stacking: &mut Stacking,
) -> Option<PatientEntry> {
    let get = |at: &u32| instances.get(*at as usize);
    let mut studies: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for at in members {
        studies.entry(&get(at)?.series.study_uid).or_default().push(*at);
    }
    let mut studies: Vec<StudyEntry> =
        studies.into_values().filter_map(|members| study(&members, instances, stacking)).collect();
    studies.sort_by_cached_key(|s| {
        let f = &s.facts;
        let began =
            moment(&f.study_date, &f.study_time).or_else(|| days(&f.study_date).map(|d| d as f64 * 86_400.0));
        (began.map(|t| (t * 1000.0) as i64), f.study_uid.clone())
    });
    if key.recognised_by() == RecognisedBy::PatientIdAndName {
        for volume in studies.iter_mut().flat_map(|s| &mut s.series).flat_map(|s| &mut s.volumes) {
            volume.stack.warnings.push(VolumeWarning::MixedPatients);
        }
    }
    let dates = members.iter().filter_map(get).filter_map(|i| Date::parse_da(&i.series.study_date)).collect();
    let shares_id = key.recognised_by() == RecognisedBy::PatientIdAndName;
    let of_key =
        members.iter().filter_map(get).map(|i| PatientIdentity { shares_id, ..identity_of(&i.series) });
    let identity = of_key.into_iter().find(|identity| !shares_id || identity.key() == key)?;
    Some(PatientEntry { identity, key, dates, studies })
}

fn study(members: &[u32], instances: &[Instance], stacking: &mut Stacking) -> Option<StudyEntry> {
    let get = |at: &u32| instances.get(*at as usize);
    let facts = std::sync::Arc::clone(&members.first().and_then(get)?.series);
    let mut series: BTreeMap<(Option<i64>, &str), Vec<u32>> = BTreeMap::new();
    for at in members {
        let s = &get(at)?.series;
        series.entry((s.series_number, &s.series_uid)).or_default().push(*at);
    }
    let mut series: Vec<SeriesEntry> = series
        .into_values()
        .filter_map(|instance_numbers| series_entry(instance_numbers, instances, stacking))
        .collect();
    fill_facts(&mut series, instances);
    let day = days(&facts.study_date);
    Some(StudyEntry { facts, day, series })
}

fn series_entry(members: Vec<u32>, instances: &[Instance], stacking: &mut Stacking) -> Option<SeriesEntry> {
    let of: Vec<&Instance> = members.iter().filter_map(|at| instances.get(*at as usize)).collect();
    let facts = std::sync::Arc::clone(&of.first()?.series);
    let stacked = stack(&of, stacking.philips);
    let file_of = |at: &FrameRef| of.get(at.instance as usize).map(|i| i.file);
    stacking.left_over.extend(stacked.left_over.iter().filter_map(|(at, _)| file_of(at)));
    let volumes = stacked
        .stacks
        .into_iter()
        .map(|stack| {
            let mut files: Vec<FileId> = stack.frames.iter().filter_map(&file_of).collect();
            files.sort_unstable();
            files.dedup();
            let acquired = stack
                .frames
                .iter()
                .filter_map(|at| of.get(at.instance as usize)?.frames.get(at.frame as usize)?.acquired)
                .min_by(f64::total_cmp);
            VolumeEntry { id: VolumeId(0), stack, facts: VolumeFacts::default(), acquired, files }
        })
        .collect();
    Some(SeriesEntry { facts, instances: members, volumes })
}

/// Facts that need the whole study: order and seconds from its first acquisition.
fn fill_facts(series: &mut [SeriesEntry], instances: &[Instance]) {
    let mut moments: Vec<f64> = series.iter().flat_map(|s| &s.volumes).filter_map(|v| v.acquired).collect();
    moments.sort_by(f64::total_cmp);
    moments.dedup();
    let mut references: Vec<&str> = Vec::new();
    for one in series.iter() {
        if !references.contains(&one.facts.frame_of_reference.as_str()) {
            references.push(&one.facts.frame_of_reference);
        }
    }
    let references: Vec<String> = references.into_iter().map(str::to_owned).collect();
    for (number, one) in (0u32..).zip(series.iter_mut()) {
        let of: Vec<&Instance> = one.instances.iter().filter_map(|at| instances.get(*at as usize)).collect();
        let echoes = one
            .volumes
            .iter()
            .filter_map(|v| v.stack.echo_time_ms)
            .map(f64::to_bits)
            .collect::<BTreeSet<_>>();
        let reference = references.iter().position(|r| *r == one.facts.frame_of_reference).map(|n| n as u32);
        for volume in &mut one.volumes {
            let mut facts = volume_facts(&volume.stack, &of, volume.acquired, moments.first().copied());
            facts.series = Some(number);
            facts.frame_of_reference = reference;
            facts.echo_count = Some(echoes.len() as u32);
            facts.acquisition_order =
                volume.acquired.and_then(|t| moments.iter().position(|m| *m == t)).map(|n| n as u32);
            volume.facts = facts;
        }
    }
}
