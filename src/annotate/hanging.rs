//! What hangs where: a protocol's stages for one case.
//!
//! In: the case's volumes with their roles, a protocol, what the user hung otherwise. Out: stages of
//! panes, each with its volume or with what it looked for and volumes that might do. Nothing is pretended:
//! a pane without its role stays empty. Where no stage finds anything, and behind every protocol's own
//! stages, hang three planes of one volume and its segments in 3D.

use std::collections::BTreeMap;

use super::layout::file_hash;
use super::names::{CaseFiles, VolumeFile};
use crate::hanging::protocol::{OrderKey, PaneRule};
use crate::hanging::{Preset, Protocol, RoleId, role_label};
use crate::view::Orientation;

/// An image of a case: which of its volumes, and which of those along time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageId {
    /// Index among the case's volumes.
    pub volume: u32,
    /// Along time, from 0.
    pub frame: u32,
}

/// A place for an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// From 0, from the top.
    pub row: u32,
    /// From 0, from the left.
    pub column: u32,
    /// What hangs there.
    pub image: Option<ImageId>,
    /// `late arterial · post`.
    pub title: String,
    /// What an empty one looked for.
    pub wanted: String,
    /// Volumes that might do, best first.
    pub candidates: Vec<u32>,
    /// Which planes are shown at first.
    pub orientation: Orientation,
    /// 3D surfaces in place of a slice.
    pub surface: bool,
    /// Under which name an override is remembered: `arterial@post`.
    pub key: String,
}

/// An arrangement of panes.
#[derive(Clone, Debug, PartialEq)]
pub struct StagePlan {
    /// Identifier.
    pub id: String,
    /// Title for menus.
    pub title: String,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
    /// Row by row.
    pub slots: Vec<Slot>,
}

/// What the user hung otherwise, by slot key: a hash of the volume's path, and the role that was taken in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    volumes: BTreeMap<(String, String), String>,
    roles: BTreeMap<(String, String), Vec<RoleId>>,
}

impl Overrides {
    /// Remembers a volume for a slot of a case, and its role for that slot of the protocol.
    pub fn hang(&mut self, protocol: &str, slot: &Slot, subject: &str, volume: &VolumeFile) {
        let of_case = (format!("{protocol}/{}", slot.key), subject.to_owned());
        self.volumes.insert(of_case, file_hash(&volume.path));
        let pane = slot.key.split('@').next().unwrap_or_default();
        if let Some(role) = &volume.role {
            let roles = self.roles.entry((protocol.to_owned(), pane.to_owned())).or_default();
            roles.retain(|known| known != role);
            roles.insert(0, role.clone());
        }
    }

    /// What was hung in a case, by protocol and slot.
    #[must_use]
    pub(super) fn of_case(&self, subject: &str) -> BTreeMap<String, String> {
        let here = self.volumes.iter().filter(|((_, of), _)| of == subject);
        here.map(|((slot, _), file)| (slot.clone(), file.clone())).collect()
    }

    /// What was hung in a case, as it was left.
    pub(super) fn restore_case(&mut self, subject: &str, hung: &BTreeMap<String, String>) {
        for (slot, file) in hung {
            self.volumes.insert((slot.clone(), subject.to_owned()), file.clone());
        }
    }

    /// Roles that were taken in place of others: protocol, pane, roles.
    #[must_use]
    pub fn roles(&self) -> Vec<(String, String, Vec<RoleId>)> {
        let all = self.roles.iter();
        all.map(|((protocol, pane), roles)| (protocol.clone(), pane.clone(), roles.clone())).collect()
    }

    /// Takes such roles up again.
    pub fn take_roles(&mut self, known: Vec<(String, String, Vec<RoleId>)>) {
        self.roles.extend(known.into_iter().map(|(protocol, pane, roles)| ((protocol, pane), roles)));
    }
}

/// A volume with its place in the case.
#[derive(Clone, Copy, Debug)]
pub struct Hung<'a> {
    /// Index among the case's volumes.
    pub id: u32,
    /// Index of its session.
    pub session: usize,
    /// The volume.
    pub file: &'a VolumeFile,
}

/// All volumes of a case in order; a volume's index here is its number.
#[must_use]
pub fn volumes(case: &CaseFiles) -> Vec<Hung<'_>> {
    case.sessions
        .iter()
        .enumerate()
        .flat_map(|(session, files)| files.volumes.iter().map(move |file| (session, file)))
        .zip(0..)
        .map(|((session, file), id)| Hung { id, session, file })
        .collect()
}

/// The protocol that suits: the one its volumes were matched under, else by what the names say.
#[must_use]
pub fn proposed(case: &CaseFiles) -> Preset {
    let all = volumes(case);
    let mut matched: BTreeMap<&str, usize> = BTreeMap::new();
    for protocol in all.iter().filter_map(|v| v.file.protocol.as_deref()) {
        *matched.entry(protocol).or_default() += 1;
    }
    let most = matched.into_iter().max_by_key(|(_, count)| *count).map(|(protocol, _)| protocol);
    if let Some(preset) = most.and_then(Preset::of_id) {
        return preset;
    }
    let has = |role: &str| all.iter().any(|v| v.file.role.as_ref().is_some_and(|r| r.as_str() == role));
    if has("ct_axial") || has("ct_coronal") || has("ct_sagittal") {
        Preset::Ct
    } else if ["arterial", "arterial_late", "arterial_early", "portal_venous", "hepatobiliary"]
        .iter()
        .any(|r| has(r))
    {
        Preset::LiverMri
    } else {
        Preset::General
    }
}

/// The session of each of the protocol's time points: as published, else by order, the first session
/// before and the last one after.
#[must_use]
pub fn sessions_of(case: &CaseFiles, protocol: &Protocol) -> Vec<Option<usize>> {
    let named = |point: &String| {
        let of_point = |(i, s): (usize, &super::SessionFiles)| (s.time_point == *point).then_some(i);
        let found: Vec<usize> = case.sessions.iter().enumerate().filter_map(of_point).collect();
        // The first before treatment, the latest after it.
        if protocol.timepoints.first() == Some(point) {
            found.first().copied()
        } else {
            found.last().copied()
        }
    };
    let mut found: Vec<Option<usize>> = protocol.timepoints.iter().map(named).collect();
    if found.iter().all(Option::is_none) {
        let count = case.sessions.len();
        let points = found.len();
        for (i, place) in found.iter_mut().enumerate() {
            *place = if i == 0 && count > 0 {
                Some(0)
            } else if i + 1 == points && count > 1 {
                Some(count - 1)
            } else {
                (i < count.saturating_sub(1)).then_some(i)
            };
        }
    }
    found
}

/// The volume whose grid labels of a session have: of the protocol's reference role, else the one with most
/// neighbours in space, which is the first of the session.
#[must_use]
pub fn reference(case: &CaseFiles, protocol: &Protocol, session: usize) -> Option<u32> {
    let all = volumes(case);
    let here: Vec<&Hung<'_>> = all.iter().filter(|v| v.session == session).collect();
    let roles = protocol.annotate.as_ref().map(|a| protocol.pane_roles(&a.reference)).unwrap_or_default();
    let by_role = roles.iter().find_map(|role| best_of_role(&here, role));
    // Any contrast phase before anything else, and never what is derived or a localizer.
    let phases = [
        "portal_venous",
        "arterial_late",
        "arterial",
        "delayed",
        "transitional",
        "hepatobiliary",
        "t1_ce",
        "t1_pre",
        "t1",
        "t2",
        "ct_axial",
    ];
    by_role
        .or_else(|| phases.iter().find_map(|role| best_of_role(&here, &RoleId::new(role))))
        .or_else(|| here.iter().copied().find(|v| !is_aside(v.file)))
        .or_else(|| here.first().copied())
        .map(|v| v.id)
}

fn is_aside(file: &VolumeFile) -> bool {
    file.role.as_ref().is_some_and(|r| {
        matches!(r.as_str(), "localizer" | "calibration" | "derived" | "mip" | "adc" | "dwi" | "fieldmap")
    })
}

fn best_of_role<'a>(among: &[&'a Hung<'a>], role: &RoleId) -> Option<&'a Hung<'a>> {
    among
        .iter()
        .filter(|v| v.file.role.as_ref() == Some(role))
        .min_by_key(|v| (v.file.rank, v.file.order, v.id))
        .copied()
}

/// The stages of a protocol for a case. Rows of time points without a session, and stages that find
/// nothing, are left out; three planes of the reference come last.
#[must_use]
pub fn stages(case: &CaseFiles, protocol: &Protocol, overrides: &Overrides) -> Vec<StagePlan> {
    let all = volumes(case);
    let sessions = sessions_of(case, protocol);
    let mut plans = Vec::new();
    if all.len() > 1 || protocol.id == Preset::Ct.id() {
        for stage in &protocol.stages {
            let rows: Vec<(&String, usize)> = stage
                .rows
                .iter()
                .filter_map(|row| {
                    let at = protocol.timepoints.iter().position(|point| point == row)?;
                    Some((row, sessions.get(at).copied().flatten()?))
                })
                .collect();
            let mut slots = Vec::new();
            for (r, (point, session)) in rows.iter().enumerate() {
                let here: Vec<&Hung<'_>> = all.iter().filter(|v| v.session == *session).collect();
                for (c, pane) in stage.columns.iter().enumerate() {
                    let mut slot = fill(
                        case,
                        protocol,
                        overrides,
                        pane,
                        &here,
                        (point, sessions.iter().flatten().count() > 1),
                    );
                    (slot.row, slot.column) = (r as u32, c as u32);
                    slots.push(slot);
                }
            }
            // What one stage shows already need not hang again with less.
            let shown = |plan: &StagePlan| plan.slots.iter().filter_map(|s| s.image).collect::<Vec<_>>();
            if slots.iter().any(|slot| slot.image.is_some()) {
                let plan = StagePlan {
                    id: stage.id.clone(),
                    title: stage.title.clone().unwrap_or_else(|| stage.id.clone()),
                    rows: rows.len() as u32,
                    columns: stage.columns.len() as u32,
                    slots,
                };
                if !plans.iter().any(|known| shown(known) == shown(&plan)) {
                    plans.push(plan);
                }
            }
        }
    }
    // Only what a person asked to compare fills a stage; a lone match among many says nothing.
    let main = (0..case.sessions.len()).find_map(|session| reference(case, protocol, session));
    if let Some(volume) = main.and_then(|id| all.get(id as usize)) {
        plans.push(three_planes(volume));
    }
    plans
}

fn three_planes(volume: &Hung<'_>) -> StagePlan {
    let planes = [
        (Orientation::Axial, "axial"),
        (Orientation::Coronal, "coronal"),
        (Orientation::Sagittal, "sagittal"),
    ];
    let image = Some(ImageId { volume: volume.id, frame: 0 });
    let slot = |at: usize, orientation, name: &str, surface| Slot {
        row: at as u32 / 2,
        column: at as u32 % 2,
        image,
        title: format!("{} · {name}", volume.file.title),
        wanted: String::new(),
        candidates: Vec::new(),
        orientation,
        surface,
        key: format!("plane-{name}"),
    };
    let mut slots: Vec<Slot> =
        planes.iter().enumerate().map(|(at, (plane, name))| slot(at, *plane, name, false)).collect();
    slots.push(slot(3, Orientation::Axial, "segments in 3D", true));
    StagePlan { id: "three-planes".to_owned(), title: "Three planes".to_owned(), rows: 2, columns: 2, slots }
}

fn fill(
    case: &CaseFiles,
    protocol: &Protocol,
    overrides: &Overrides,
    pane: &RoleId,
    here: &[&Hung<'_>],
    (point, several): (&str, bool),
) -> Slot {
    let key = format!("{pane}@{point}");
    let behind = |title: &str| if several { format!("{title} · {point}") } else { title.to_owned() };
    let mut roles: Vec<RoleId> =
        overrides.roles.get(&(protocol.id.clone(), pane.as_str().to_owned())).cloned().unwrap_or_default();
    // What was hung by hand elsewhere comes behind what the protocol asks for.
    let mut wanted = protocol.pane_roles(pane);
    wanted.append(&mut roles);
    let rule = protocol.panes.get(pane.as_str());
    let chosen = overrides.volumes.get(&(format!("{}/{key}", protocol.id), case.subject.clone()));
    let by_hand = chosen.and_then(|hash| here.iter().find(|v| file_hash(&v.file.path) == *hash)).copied();
    let mut orientation = Orientation::Acquired;
    let mut found = by_hand.or_else(|| wanted.iter().find_map(|role| pick(here, role, rule)));
    if found.is_none() {
        // CT comes as one stack, from which the other planes are cut.
        orientation = match pane.as_str() {
            "ct_coronal" => Orientation::Coronal,
            "ct_sagittal" => Orientation::Sagittal,
            _ => Orientation::Acquired,
        };
        if orientation != Orientation::Acquired {
            found = pick(here, &RoleId::new("ct_axial"), None);
        }
    }
    let label = protocol.label(pane);
    match found {
        Some(volume) => Slot {
            row: 0,
            column: 0,
            image: Some(ImageId { volume: volume.id, frame: frame_of(volume.file, pane, rule) }),
            title: behind(&title_of(volume.file, pane, rule)),
            wanted: String::new(),
            candidates: candidates(here, &wanted),
            orientation,
            surface: false,
            key,
        },
        None => Slot {
            row: 0,
            column: 0,
            image: None,
            title: behind(label),
            wanted: wanted.iter().map(|role| protocol.label(role)).collect::<Vec<_>>().join(", "),
            candidates: candidates(here, &wanted),
            orientation: Orientation::Acquired,
            surface: false,
            key,
        },
    }
}

fn pick<'a>(here: &[&'a Hung<'a>], role: &RoleId, rule: Option<&PaneRule>) -> Option<&'a Hung<'a>> {
    let of_role = here.iter().filter(|v| v.file.role.as_ref() == Some(role));
    let order = rule.and_then(|rule| rule.pick.first()).filter(|tie| tie.key == OrderKey::BValue);
    match order {
        Some(tie) => of_role.copied().min_by(|a, b| {
            let value = |v: &Hung<'_>| {
                let values = v.file.b_values.iter().copied();
                let end = if tie.descending {
                    values.fold(f64::NEG_INFINITY, f64::max)
                } else {
                    values.fold(f64::INFINITY, f64::min)
                };
                if tie.descending { -end } else { end }
            };
            value(a).total_cmp(&value(b)).then((a.file.rank, a.file.order, a.id).cmp(&(
                b.file.rank,
                b.file.order,
                b.id,
            )))
        }),
        None => of_role.min_by_key(|v| (v.file.rank, v.file.order, v.id)).copied(),
    }
}

/// Which image along time: for diffusion the one with the b-value that the pane asks for.
fn frame_of(file: &VolumeFile, pane: &RoleId, rule: Option<&PaneRule>) -> u32 {
    let Some(tie) = rule.and_then(|r| r.pick.first()).filter(|tie| tie.key == OrderKey::BValue) else {
        let _ = pane;
        return 0;
    };
    let ranked = file.b_values.iter().enumerate().filter(|(_, b)| b.is_finite());
    let found = if tie.descending {
        ranked.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
    } else {
        ranked.min_by(|a, b| a.1.total_cmp(b.1).then(a.0.cmp(&b.0)))
    };
    found.map_or(0, |(frame, _)| frame as u32)
}

fn title_of(file: &VolumeFile, pane: &RoleId, rule: Option<&PaneRule>) -> String {
    let frame = frame_of(file, pane, rule) as usize;
    match (file.role.as_ref(), file.b_values.get(frame)) {
        (Some(role), Some(b)) if file.b_values.len() > 1 => format!("{} b{b:.0}", role_label(role)),
        _ => file.title.clone(),
    }
}

/// Volumes of the session that might do, those of a kindred role first.
fn candidates(here: &[&Hung<'_>], wanted: &[RoleId]) -> Vec<u32> {
    let kin = |role: &RoleId| role.as_str().split('_').next().unwrap_or_default().to_owned();
    let wanted: Vec<String> = wanted.iter().map(kin).collect();
    let mut all: Vec<(bool, bool, u32)> = here
        .iter()
        .map(|v| {
            let kindred = v.file.role.as_ref().is_some_and(|role| wanted.contains(&kin(role)));
            (is_aside(v.file), !kindred, v.id)
        })
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(_, _, id)| id).collect()
}
