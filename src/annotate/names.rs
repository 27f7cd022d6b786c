//! Paths of a data set → subjects, sessions, volumes.
//!
//! In: paths as they were dropped. Out: which of them are images, whose, of which session, and what role
//! a name tells. Hepatica's own archives say more in `provenance/hanging.json`; what is no BIDS at all is
//! parted into cases by folders and by numbers in its names. A name is never repeated but on screen.

use std::collections::BTreeMap;

use crate::dataset::layout::role_of_name;
use crate::hanging::{PublishedHanging, RoleId, role_label_with_b};

/// A subject with all its images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseFiles {
    /// `sub-…`, or a name of our own.
    pub subject: String,
    /// In the order of their names.
    pub sessions: Vec<SessionFiles>,
    /// Label maps that lie beside: indices of entries, with their paths in the data set.
    pub labels: Vec<(usize, String)>,
    /// Whether it is of a data set with subjects; loose files are not.
    pub is_bids: bool,
    /// Its name on screen, where a study hides the subject's; else empty.
    pub shown: String,
    /// Which reading of it this is in a study, 0 the first.
    pub reading: u32,
    /// Sessions and time points are not to be told.
    pub hidden: bool,
}

impl CaseFiles {
    /// Its name on screen.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.shown.is_empty() { &self.subject } else { &self.shown }
    }

    /// Whether both are the same files, once more or not.
    pub(super) fn same_reading(&self, other: &Self) -> bool {
        let of = |case: &Self| case.sessions.iter().map(|s| s.session.clone()).collect::<Vec<_>>();
        self.subject == other.subject && of(self) == of(other) && self.reading == other.reading
    }
}

/// One session of a subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionFiles {
    /// `01`; empty where there are no sessions.
    pub session: String,
    /// `pre`, `post`, as published or proposed by order.
    pub time_point: String,
    /// Its images.
    pub volumes: Vec<VolumeFile>,
}

/// One image file.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeFile {
    /// Index of the entry in what was opened.
    pub entry: usize,
    /// Path in the data set.
    pub path: String,
    /// What it shows, for its title.
    pub title: String,
    /// Its role; none where nobody knows.
    pub role: Option<RoleId>,
    /// Rank among volumes of one role, 0 best.
    pub rank: u32,
    /// Acquisition order.
    pub order: u32,
    /// Ordinal of the frame of reference within the session; `None` where it is not known.
    pub frame_of_reference: Option<u32>,
    /// b-value of every image along time; empty where there is no table.
    pub b_values: Vec<f64>,
    /// It was matched under this protocol.
    pub protocol: Option<String>,
}

/// A file name in BIDS's form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BidsName {
    /// Entities by key.
    pub entities: BTreeMap<String, String>,
    /// `T1w`.
    pub suffix: String,
}

impl BidsName {
    /// Reads a file name without extension; `None` without `sub-`.
    #[must_use]
    pub fn parse(stem: &str) -> Option<Self> {
        let mut parts: Vec<&str> = stem.split('_').collect();
        let suffix = parts.pop()?.to_owned();
        let entities: BTreeMap<String, String> = parts
            .iter()
            .filter_map(|part| part.split_once('-'))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        entities.contains_key("sub").then_some(Self { entities, suffix })
    }

    fn entity(&self, key: &str) -> &str {
        self.entities.get(key).map_or("", String::as_str)
    }
}

/// The file name without `.nii` or `.nii.gz`; `None` for anything else.
#[must_use]
pub fn image_stem(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let cut = if lower.ends_with(".nii.gz") {
        7
    } else if lower.ends_with(".nii") {
        4
    } else {
        return None;
    };
    // macOS keeps its own data in files that begin so.
    name.get(..name.len() - cut).filter(|stem| !stem.is_empty() && !stem.starts_with("._"))
}

/// Where a path lies in a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<'a> {
    /// Path from the data set's root: from `sub-…` or `other/sub-…` on.
    pub inside: &'a str,
    /// The derivative data set that it belongs to.
    pub derivative: Option<&'a str>,
    /// `sub-…` of its folder.
    pub subject: &'a str,
    /// The label of `ses-…`; empty for none.
    pub session: &'a str,
}

/// Finds subject and session in a path; `None` where there is no `sub-…` folder.
#[must_use]
pub fn locate(path: &str) -> Option<Located<'_>> {
    let mut at = 0;
    let mut before: Option<(usize, &str)> = None;
    let mut derivative = None;
    let mut in_derivatives = false;
    let parts: Vec<(usize, &str)> = path
        .split('/')
        .map(|part| {
            let here = at;
            at += part.len() + 1;
            (here, part)
        })
        .collect();
    let (_, folders) = parts.split_last()?;
    for (index, (here, part)) in folders.iter().enumerate() {
        if in_derivatives && derivative.is_none() && !part.starts_with("sub-") {
            derivative = Some(*part);
        }
        in_derivatives |= *part == "derivatives";
        if part.starts_with("sub-") && part.len() > 4 {
            let start = match before {
                Some((start, "other")) => start,
                _ => *here,
            };
            let session =
                folders.get(index + 1).and_then(|(_, next)| next.strip_prefix("ses-")).unwrap_or("");
            return Some(Located {
                inside: path.get(start..)?,
                derivative: if in_derivatives { Some(derivative.unwrap_or("")) } else { None },
                subject: part,
                session,
            });
        }
        before = Some((*here, part));
    }
    None
}

/// Suffixes and words of label maps: no images to look at.
const LABELS: [&str; 9] =
    ["dseg", "probseg", "mask", "seg", "label", "labels", "segmentation", "annotation", "roi"];

fn is_label(stem: &str, folder: &str) -> bool {
    let word = |text: &str| LABELS.contains(&text.to_ascii_lowercase().as_str());
    stem.split(['_', '-', '.', ' ']).any(word)
        || folder.rsplit('/').next().is_some_and(|folder| {
            let folder = folder.to_ascii_lowercase();
            folder.starts_with("labels") || folder == "masks" || folder == "segmentations"
        })
}

/// What tables of a data set add to its names.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Published roles by path.
    pub hanging: PublishedHanging,
    /// b-values by path without extension.
    pub b_values: BTreeMap<String, Vec<f64>>,
    /// Time points by subject and session label.
    pub time_points: BTreeMap<(String, String), String>,
}

/// Parts paths into cases. `paths` are those of entries, by index; what is neither image nor label is not
/// looked at.
#[must_use]
pub fn cases<'a>(paths: impl Iterator<Item = (usize, &'a str)>, known: &Known) -> Vec<CaseFiles> {
    let mut subjects: BTreeMap<String, CaseFiles> = BTreeMap::new();
    let mut loose: Vec<(usize, &str)> = Vec::new();
    let mut images: Vec<(usize, &str)> = paths.filter(|(_, path)| image_stem(path).is_some()).collect();
    images.sort_by_cached_key(|(_, path)| natural(path));
    for (entry, path) in images {
        let Some(stem) = image_stem(path) else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let name = BidsName::parse(stem);
        let located = locate(path);
        let (subject, session, inside, derivative) = match (&located, &name) {
            (Some(l), name) => {
                let session = if l.session.is_empty() {
                    name.as_ref().map_or("", |n| n.entity("ses")).to_owned()
                } else {
                    l.session.to_owned()
                };
                (l.subject.to_owned(), session, l.inside.to_owned(), l.derivative.is_some())
            }
            // Files of a data set without its folders.
            (None, Some(n)) => {
                (format!("sub-{}", n.entity("sub")), n.entity("ses").to_owned(), path.to_owned(), false)
            }
            (None, None) => {
                loose.push((entry, path));
                continue;
            }
        };
        let case = subjects.entry(subject.clone()).or_insert_with(|| CaseFiles {
            subject: subject.clone(),
            is_bids: true,
            ..CaseFiles::default()
        });
        if is_label(stem, folder) {
            case.labels.push((entry, if derivative { path.to_owned() } else { inside }));
            continue;
        }
        if derivative {
            continue;
        }
        let volume = bids_volume(entry, &inside, stem, name.as_ref(), known);
        let label = session;
        let at = case.sessions.iter().position(|s| s.session == label).unwrap_or_else(|| {
            case.sessions.push(SessionFiles { session: label.clone(), ..SessionFiles::default() });
            case.sessions.len() - 1
        });
        if let Some(session) = case.sessions.get_mut(at) {
            let published = known.hanging.volumes.get(&inside).and_then(|role| role.time_point.clone());
            if session.time_point.is_empty() {
                session.time_point = published
                    .or_else(|| known.time_points.get(&(subject, label)).cloned())
                    .unwrap_or_default();
            }
            session.volumes.push(volume);
        }
    }
    let mut all: Vec<CaseFiles> = subjects.into_values().filter(|case| !case.sessions.is_empty()).collect();
    all.sort_by_cached_key(|case| natural(&case.subject));
    for case in &mut all {
        case.sessions.sort_by_cached_key(|session| natural(&session.session));
        for session in &mut case.sessions {
            session.volumes.sort_by_key(|volume| volume.order);
        }
    }
    all.extend(loose_cases(&loose));
    all
}

fn bids_volume(entry: usize, inside: &str, stem: &str, name: Option<&BidsName>, known: &Known) -> VolumeFile {
    let published = known.hanging.volumes.get(inside);
    let b_values = inside
        .strip_suffix(".nii.gz")
        .or_else(|| inside.strip_suffix(".nii"))
        .and_then(|stem| known.b_values.get(stem).cloned())
        .unwrap_or_default();
    let by_name = name.and_then(|n| {
        role_of_name(n.entity("acq"), n.entities.contains_key("ce"), &n.suffix).map(RoleId::new)
    });
    let role = match published {
        Some(published) => published.role.clone(),
        None => by_name,
    };
    let distinct = {
        let mut all = b_values.clone();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    };
    let title = match (&role, name) {
        (Some(role), _) => {
            let label = role_label_with_b(role, &distinct);
            match published.map_or(1, |p| p.occurrence) {
                0 | 1 => label,
                n => format!("{label} {n}"),
            }
        }
        // What the name says behind subject and session.
        (None, Some(n)) => {
            let rest = |key: &str| !matches!(key, "sub" | "ses");
            let parts = n.entities.iter().filter(|(key, _)| rest(key)).map(|(_, value)| value.as_str());
            parts.chain([n.suffix.as_str()]).collect::<Vec<_>>().join(" ")
        }
        (None, None) => stem.to_owned(),
    };
    VolumeFile {
        entry,
        path: inside.to_owned(),
        title,
        role,
        rank: published.map_or(0, |p| p.rank),
        order: published.and_then(|p| p.order).unwrap_or(u32::MAX),
        frame_of_reference: published.and_then(|p| p.frame_of_reference),
        b_values,
        protocol: published.map(|p| p.protocol.clone()),
    }
}

/// Letters that, with a number, name a sequence rather than a patient.
const SEQUENCES: [&str; 12] =
    ["t", "b", "te", "echo", "ph", "phase", "series", "ser", "se", "dwi", "image", "vol"];

/// Files of one name, and that name.
type Group<'a> = (String, Vec<(usize, &'a str)>);

/// Files in no data set: a folder is a case; in one folder, names that differ by a number alone are a case
/// each (`liver_0`, `liver_1`), and channels as nnU-Net numbers them (`_0000`, `_0001`) belong together.
fn loose_cases(files: &[(usize, &str)]) -> Vec<CaseFiles> {
    let mut folders: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    let mut labels: Vec<(usize, &str)> = Vec::new();
    for (entry, path) in files {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if image_stem(path).is_some_and(|stem| is_label(stem, folder)) {
            labels.push((*entry, path));
        } else {
            folders.entry(folder).or_default().push((*entry, path));
        }
    }
    let mut all: Vec<Group<'_>> = Vec::new();
    for files in folders.values() {
        let mut groups: BTreeMap<Vec<Part>, Group<'_>> = BTreeMap::new();
        for (entry, path) in files {
            let stem = image_stem(path).unwrap_or_default();
            let name = without_channel(stem);
            let group = groups.entry(natural(name)).or_insert_with(|| (name.to_owned(), Vec::new()));
            group.1.push((*entry, *path));
        }
        let patterns: Vec<String> = groups.values().map(|(name, _)| pattern(name)).collect();
        let words = patterns.first().map(|p| p.to_ascii_lowercase().replace('#', "")).unwrap_or_default();
        let words = words.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let apart = patterns.len() > 1
            && patterns.iter().all(|p| Some(p) == patterns.first())
            && patterns.first().is_some_and(|p| p.contains('#'))
            && !SEQUENCES.contains(&words);
        if apart {
            all.extend(groups.into_values());
        } else {
            all.push((String::new(), files.clone()));
        }
    }
    let count = all.len();
    all.into_iter()
        .enumerate()
        .map(|(index, (stem, files))| {
            let volumes = files
                .iter()
                .enumerate()
                .map(|(order, (entry, path))| loose_volume(*entry, path, order as u32))
                .collect();
            // A label map beside: the same name but for the word.
            let beside = labels
                .iter()
                .filter(|(_, path)| {
                    count == 1
                        || image_stem(path).is_some_and(|label| {
                            !stem.is_empty() && natural(label).starts_with(&natural(&stem))
                        })
                })
                .map(|(entry, path)| (*entry, (*path).to_owned()))
                .collect();
            CaseFiles {
                subject: if count == 1 { "case".to_owned() } else { format!("case-{:02}", index + 1) },
                sessions: vec![SessionFiles { session: String::new(), time_point: String::new(), volumes }],
                labels: beside,
                ..CaseFiles::default()
            }
        })
        .collect()
}

fn loose_volume(entry: usize, path: &str, order: u32) -> VolumeFile {
    let stem = image_stem(path).unwrap_or_default();
    VolumeFile {
        entry,
        path: path.to_owned(),
        title: stem.to_owned(),
        role: None,
        rank: 0,
        order,
        frame_of_reference: None,
        b_values: Vec::new(),
        protocol: None,
    }
}

/// `liver_001_0000` → `liver_001` (nnU-Net v2: four digits at the end are the channel).
fn without_channel(stem: &str) -> &str {
    match stem.rsplit_once('_') {
        Some((name, channel))
            if channel.len() == 4 && channel.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() =>
        {
            name
        }
        _ => stem,
    }
}

/// A name with every number as `#`.
fn pattern(name: &str) -> String {
    let mut out = String::new();
    let mut digits = false;
    for c in name.chars() {
        if c.is_ascii_digit() {
            if !digits {
                out.push('#');
            }
            digits = true;
        } else {
            out.push(c);
            digits = false;
        }
    }
    out
}

/// A piece of a name: numbers are ordered as numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Number(u64, usize),
    Text(String),
}

/// The order in which a person would put names.
pub(super) fn natural(name: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        parts.push(match piece.parse() {
            Ok(number) if digit => Part::Number(number, piece.len()),
            _ => Part::Text(piece.to_lowercase()),
        });
        rest = behind;
    }
    parts
}
