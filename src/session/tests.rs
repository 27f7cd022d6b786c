//! The journey over generated studies, without disk or browser.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::{ConversionSwitch, NamingKind, PlanEdit, Preview, Session, StudyEdit};
use crate::deid::{Mapping, ProjectKey};
use crate::dicom::Need;
use crate::dicom::testing::{Form, Set, Slice, Value};
use crate::intake::{PlanError, VolumeId};
use crate::phantom::{Phantom, PhantomSpec, Vendor};

fn read(session: &mut Session, phantom: &Phantom, files: impl Iterator<Item = usize>, first_source: u32) {
    let files: Vec<Vec<u8>> = files.map(|i| phantom.file(i).unwrap()).collect();
    read_files(session, &files, first_source);
}

fn read_files(session: &mut Session, files: &[Vec<u8>], first_source: u32) {
    for (bytes, source) in files.iter().zip(first_source..) {
        session.add_source(source, format!("file {source}"), bytes.len() as u64);
    }
    let range = |need: &Need| {
        let bytes = &files[(need.source - first_source) as usize];
        bytes[need.offset as usize..(need.offset + need.len) as usize].to_vec()
    };
    while !session.intake_is_done() {
        for need in session.intake_needs(7) {
            session.intake_feed(need, range(&need));
        }
    }
    session.finish_intake().unwrap();
}

fn phantom() -> Phantom {
    Phantom::new(PhantomSpec { patients: 2, seed: 3, scale: 0.05, ..PhantomSpec::default() })
}

fn session() -> Session {
    Session::new(ProjectKey::from_entropy([7; 32]))
}

/// The volume that a choice was made about is known by its source, not by its number.
#[test]
fn choices_stay_with_their_volumes_when_files_join() {
    let phantom = phantom();
    let second: Vec<usize> =
        (0..phantom.count()).filter(|i| phantom.entry(*i).unwrap().patient == 1).collect();
    let first: Vec<usize> =
        (0..phantom.count()).filter(|i| phantom.entry(*i).unwrap().patient == 0).collect();
    let mut session = session();
    read(&mut session, &phantom, second.iter().copied(), 0);
    let chosen = session.plan().unwrap().volumes().nth(3).map(|(_, _, v)| (v.id, v.source.clone())).unwrap();
    session.edit(PlanEdit::SetRole { volumes: vec![chosen.0], role: "mrcp".into() }).unwrap();
    session.edit(PlanEdit::SetSubject { patient: 0, code: "joined".into() }).unwrap();
    read(&mut session, &phantom, first.iter().copied(), second.len() as u32);
    let plan = session.plan().unwrap();
    assert_eq!(plan.patients.len(), 2);
    let roles: Vec<&str> = plan
        .volumes()
        .filter(|(_, _, v)| v.confirmed)
        .map(|(_, _, v)| {
            assert_eq!(v.source, chosen.1);
            v.role.role.as_ref().unwrap().as_str()
        })
        .collect();
    assert_eq!(roles, ["mrcp"]);
    let subjects: Vec<&str> = plan.patients.iter().map(|p| p.subject.as_str()).collect();
    assert_eq!(subjects.iter().filter(|s| **s == "joined").count(), 1);
    // And both can be taken back.
    session.undo().unwrap();
    session.undo().unwrap();
    assert!(session.plan().unwrap().volumes().all(|(_, _, v)| !v.confirmed));
    assert_eq!(session.history(), (false, true));
}

#[test]
fn what_cannot_be_planned_leaves_the_plan_as_it_was() {
    let phantom = phantom();
    let mut session = session();
    read(&mut session, &phantom, 0..phantom.count(), 0);
    let codes = |s: &Session| -> Vec<String> {
        s.plan().unwrap().patients.iter().map(|p| p.subject.as_str().to_owned()).collect()
    };
    let before = codes(&session);
    let taken = before[0].clone();
    assert!(session.edit(PlanEdit::SetSubject { patient: 1, code: taken }).is_err());
    assert!(session.edit(PlanEdit::SetSubject { patient: 1, code: "no/slash".into() }).is_err());
    assert!(session.edit(PlanEdit::SetProtocol { protocol: "{}".into() }).is_err());
    assert_eq!(codes(&session), before);
    assert_eq!(session.history(), (false, false));
}

#[test]
fn the_published_plan_holds_nothing_that_was_planted_and_makes_the_same_plan_again() {
    let phantom = phantom();
    let mut session = session();
    read(&mut session, &phantom, 0..phantom.count(), 0);
    session.edit(PlanEdit::SetInclude { volumes: vec![VolumeId(2)], include: true }).unwrap();
    let published = session.published_plan().unwrap();
    let text = published.to_json().to_lowercase();
    for planted in phantom.planted().iter().filter(|p| p.value.len() > 4) {
        assert!(!text.contains(&planted.value.to_lowercase()), "{}", planted.place);
    }
    let mut again = Session::new(ProjectKey::from_entropy([8; 32]));
    read(&mut again, &phantom, (0..phantom.count()).rev(), 0);
    again.obey(&published).unwrap();
    assert_eq!(again.published_plan().unwrap(), published);
}

#[test]
fn every_volume_has_a_picture() {
    let phantom = phantom();
    let mut session = session();
    read(&mut session, &phantom, 0..phantom.count(), 0);
    let ids: Vec<VolumeId> = session.plan().unwrap().volumes().map(|(_, _, v)| v.id).collect();
    for id in ids {
        let mut preview = Preview::new(&session, id).unwrap();
        while let Some(need) = preview.need() {
            let file = phantom.file(need.source as usize).unwrap();
            assert!(preview.feed(file[need.offset as usize..(need.offset + need.len) as usize].to_vec()));
        }
        let picture = preview.draw().unwrap();
        assert_eq!(picture.rgba.len() as u32, picture.width * picture.height * 4);
        let (least, most) =
            picture.rgba.chunks(4).map(|p| p[0]).fold((255, 0), |(a, b), v| (v.min(a), v.max(b)));
        assert!(least < 40 && most > 200, "volume {} has no contrast", id.0);
    }
}

fn of_patient(phantom: &Phantom, patient: u32) -> Vec<usize> {
    (0..phantom.count()).filter(|i| phantom.entry(*i).unwrap().patient == patient).collect()
}

fn codes(session: &Session) -> Vec<String> {
    session.plan().unwrap().patients.iter().map(|p| p.subject.as_str().to_owned()).collect()
}

fn patient_id(phantom: &Phantom, patient: u32) -> String {
    let file = of_patient(phantom, patient).into_iter().next().and_then(|i| phantom.file(i)).unwrap();
    let header = crate::dicom::Header::from_bytes(file).unwrap();
    header.root().text(crate::dicom::Tag(0x0010, 0x0020)).unwrap()
}

/// Everything that a plan is seen by.
fn seen(session: &Session) -> String {
    let view = serde_json::to_string(&session.view().unwrap()).unwrap();
    view + &session.published_plan().unwrap().to_json()
}

#[test]
fn an_add_that_is_cancelled_leaves_nothing_behind() {
    let phantom = phantom();
    let (first, second) = (of_patient(&phantom, 0), of_patient(&phantom, 1));
    let mut session = session();
    read(&mut session, &phantom, first.iter().copied(), 0);
    session.edit(PlanEdit::SetInclude { volumes: vec![VolumeId(3)], include: false }).unwrap();
    let before = seen(&session);
    let secrets = session.all_secrets().count();
    // Half of the others are registered, and half of those are read.
    let half: Vec<Vec<u8>> =
        second.iter().take(second.len() / 2).map(|i| phantom.file(*i).unwrap()).collect();
    for (bytes, source) in half.iter().zip(1000u32..) {
        session.add_source(source, format!("file {source}"), bytes.len() as u64);
    }
    let mut late = None;
    for _ in 0..half.len() {
        for need in session.intake_needs(3) {
            let bytes = &half[(need.source - 1000) as usize];
            let bytes = bytes[need.offset as usize..(need.offset + need.len) as usize].to_vec();
            if let Some((need, bytes)) = late.replace((need, bytes)) {
                session.intake_feed(need, bytes);
            }
        }
    }
    session.abandon_intake();
    // A read that was under way comes in afterwards.
    let (need, bytes) = late.unwrap();
    session.intake_feed(need, bytes);
    assert!(session.intake_is_done());
    assert!(session.intake_needs(1).is_empty());
    assert_eq!(session.all_secrets().count(), secrets);
    assert_eq!(seen(&session), before);
    session.finish_intake().unwrap();
    assert_eq!(seen(&session), before);
    // And the same files can still join, as though nothing had been.
    read(&mut session, &phantom, second.iter().copied(), 5000);
    let mut at_once = Session::new(ProjectKey::from_entropy([7; 32]));
    read(&mut at_once, &phantom, first.into_iter().chain(second), 0);
    assert_eq!(codes(&session), codes(&at_once));
    assert_eq!(session.intake_progress(), at_once.intake_progress());
}

#[test]
fn what_cannot_join_leaves_the_plan_as_it_was() {
    let phantom = phantom();
    let (first, second) = (of_patient(&phantom, 0), of_patient(&phantom, 1));
    let mut alone = session();
    read(&mut alone, &phantom, second.iter().copied(), 0);
    let taken = codes(&alone)[0].clone();
    let mut session = session();
    read(&mut session, &phantom, first.iter().copied(), 0);
    // The code that the other patient will have.
    session.edit(PlanEdit::SetSubject { patient: 0, code: taken }).unwrap();
    let before = seen(&session);
    let files: Vec<Vec<u8>> = second.iter().map(|i| phantom.file(*i).unwrap()).collect();
    for (bytes, source) in files.iter().zip(1000u32..) {
        session.add_source(source, format!("file {source}"), bytes.len() as u64);
    }
    while !session.intake_is_done() {
        for need in session.intake_needs(7) {
            let bytes = &files[(need.source - 1000) as usize];
            session
                .intake_feed(need, bytes[need.offset as usize..(need.offset + need.len) as usize].to_vec());
        }
    }
    assert!(matches!(session.finish_intake(), Err(PlanError::SameSubject { .. })));
    assert_eq!(seen(&session), before);
    session.undo().unwrap();
    read(&mut session, &phantom, second.iter().copied(), 5000);
    assert_eq!(codes(&session).len(), 2);
}

#[test]
fn naming_is_chosen_undone_and_kept_when_files_join() {
    let phantom = phantom();
    let (first, second) = (of_patient(&phantom, 0), of_patient(&phantom, 1));
    let mut session = session();
    read(&mut session, &phantom, first.iter().copied(), 0);
    let keyed = codes(&session);
    assert!(matches!(
        session.edit(PlanEdit::SetNaming { naming: NamingKind::Mapped }),
        Err(PlanError::NoMapping)
    ));
    session.edit(PlanEdit::SetNaming { naming: NamingKind::Numbered }).unwrap();
    assert_eq!(codes(&session), ["001"]);
    session.undo().unwrap();
    assert_eq!(codes(&session), keyed);

    let csv = format!("patient_id,subject\n{},HCC07\n", patient_id(&phantom, 0));
    session.take_mapping(Mapping::load(csv.as_bytes(), None).unwrap()).unwrap();
    assert_eq!(codes(&session), ["HCC07"]);
    read(&mut session, &phantom, second.iter().copied(), 5000);
    let at = codes(&session).iter().position(|code| code == "HCC07").unwrap();
    let naming = session.view().unwrap().naming;
    assert_eq!((naming.kind, naming.listed), (NamingKind::Mapped, Some(1)));
    assert_eq!(naming.missing, [2 - at as u32], "the other patient, by ordinal");
    // Another way and back: the file is still at hand.
    session.edit(PlanEdit::SetNaming { naming: NamingKind::Keyed }).unwrap();
    assert_eq!(session.view().unwrap().naming.listed, Some(1));
    session.edit(PlanEdit::SetNaming { naming: NamingKind::Mapped }).unwrap();
    assert_eq!(codes(&session)[at], "HCC07");
}

/// Two IDs of one patient have one timeline: sessions count on, and the table has a row for each.
#[test]
fn two_ids_that_a_mapping_joins_have_one_timeline() {
    let phantom = phantom();
    let mut session = session();
    read(&mut session, &phantom, 0..phantom.count(), 0);
    let csv = format!("patient_id,subject\n{},A\n{},A\n", patient_id(&phantom, 0), patient_id(&phantom, 1));
    session.take_mapping(Mapping::load(csv.as_bytes(), None).unwrap()).unwrap();
    let plan = session.plan().unwrap();
    assert!(plan.patients.iter().all(|p| p.subject.as_str() == "A"));
    let mut studies: Vec<_> = plan.patients.iter().flat_map(|p| &p.studies).collect();
    studies.sort_by_key(|s| s.days_from_first);
    let labels: Vec<&str> = studies.iter().map(|s| s.session.as_str()).collect();
    assert_eq!(labels, ["01", "02", "03", "04"]);
    assert_eq!(studies[0].days_from_first, Some(0));
    assert!(studies[1..].iter().all(|s| s.days_from_first > Some(0)));
}

fn sessions(session: &Session) -> Vec<(String, String)> {
    let studies = &session.plan().unwrap().patients[0].studies;
    studies.iter().map(|s| (s.session.clone(), s.time_point.clone())).collect()
}

fn study(study: usize, session: &str, time_point: &str) -> StudyEdit {
    StudyEdit { study, session: Some(session.into()), time_point: Some(time_point.into()) }
}

#[test]
fn sessions_are_named_swapped_and_never_made_of_two_days() {
    let phantom = phantom();
    let mut session = session();
    read(&mut session, &phantom, of_patient(&phantom, 0).into_iter(), 0);
    let proposed = sessions(&session);
    assert_eq!(proposed, [("01".into(), "pre".into()), ("02".into(), "post".into())]);
    let set = |session: &mut Session, studies| session.edit(PlanEdit::SetSessions { patient: 0, studies });
    set(&mut session, vec![study(0, "02", "post"), study(1, "ses-01", "pre")]).unwrap();
    assert_eq!(sessions(&session), [("02".into(), "post".into()), ("01".into(), "pre".into())]);
    let name = session.plan().unwrap().patients[0].studies[1].volumes[0].name.as_str().to_owned();
    assert!(name.contains("/ses-01/"), "{name}");
    for (studies, refused) in [
        (vec![study(0, "01", "pre")], "different days"),
        (vec![study(0, "no way", "pre")], "letters and digits"),
        (vec![study(0, "a", "pre"), study(1, "A", "pre")], "capital letters"),
    ] {
        let error = set(&mut session, studies).unwrap_err().to_string();
        assert!(error.contains(refused), "{error}");
    }
    assert_eq!(sessions(&session)[0].0, "02", "what is refused changes nothing");
    // The time point alone, then all back to what is proposed.
    let alone = StudyEdit { study: 0, session: None, time_point: Some("pre".into()) };
    set(&mut session, vec![alone]).unwrap();
    assert_eq!(sessions(&session)[0], ("02".into(), "pre".into()));
    set(&mut session, vec![study(0, "", ""), study(1, "", "")]).unwrap();
    assert_eq!(sessions(&session), proposed);
    session.undo().unwrap();
    assert_eq!(sessions(&session)[0].0, "02");
}

/// A label that was chosen is nobody's proposal: an earlier study that joins takes another.
#[test]
fn a_chosen_session_label_is_never_proposed_to_another_study() {
    let phantom = phantom();
    let all = of_patient(&phantom, 0);
    let session_of = |i: usize| phantom.entry(i).unwrap().session;
    let later = all.iter().map(|i| session_of(*i)).max().unwrap();
    let (late, early): (Vec<usize>, Vec<usize>) = all.iter().partition(|i| session_of(**i) == later);
    let mut session = session();
    read(&mut session, &phantom, late.into_iter(), 0);
    session.edit(PlanEdit::SetSessions { patient: 0, studies: vec![study(0, "01", "post")] }).unwrap();
    read(&mut session, &phantom, early.into_iter(), 5000);
    let labels: Vec<String> = sessions(&session).into_iter().map(|s| s.0).collect();
    assert_eq!(labels, ["02", "01"]);
}

/// The slopes of all stacks, by volume.
fn slopes(session: &Session) -> Vec<(VolumeId, Option<f64>)> {
    let volumes = session.catalogue().patients.iter().flat_map(|p| p.volumes());
    volumes.map(|(_, v)| (v.id, v.stack.rescale.as_ref().map(|r| r.slope))).collect()
}

#[test]
fn philips_values_are_switched_after_reading_and_undone() {
    let vendor = Some(Vendor::Philips);
    let phantom = Phantom::new(PhantomSpec { patients: 1, seed: 3, scale: 0.05, vendor });
    let mut session = session();
    read(&mut session, &phantom, 0..phantom.count(), 0);
    let displayed = |session: &Session| {
        let view = session.view().unwrap().conversion;
        view.into_iter().find(|c| c.switch == ConversionSwitch::DisplayedValues).unwrap()
    };
    let precise = slopes(&session);
    assert!(!displayed(&session).on && displayed(&session).volumes > 10);
    session.edit(PlanEdit::SetConversion { switch: ConversionSwitch::DisplayedValues, on: true }).unwrap();
    let shown = slopes(&session);
    let differ = precise.iter().zip(&shown).filter(|(a, b)| a.1 != b.1).count();
    assert_eq!(differ as u32, displayed(&session).volumes, "each volume that it concerns, and no other");
    assert!(precise.iter().zip(&shown).all(|(a, b)| a.0 == b.0));
    // A plan file says which.
    let published = session.published_plan().unwrap();
    session.undo().unwrap();
    assert_eq!(slopes(&session), precise);
    session.obey(&published).unwrap();
    assert_eq!(slopes(&session), shown);
}

#[test]
fn a_switch_that_concerns_nothing_is_not_offered() {
    let vendor = Some(Vendor::Siemens);
    let phantom = Phantom::new(PhantomSpec { patients: 1, seed: 3, scale: 0.05, vendor });
    let mut session = session();
    read(&mut session, &phantom, 0..phantom.count(), 0);
    let switches: Vec<_> = session.view().unwrap().conversion.iter().map(|c| c.switch).collect();
    assert_eq!(switches, [ConversionSwitch::Everything], "the phantom has scouts, and even slices");
    session.edit(PlanEdit::SetConversion { switch: ConversionSwitch::Everything, on: true }).unwrap();
    let left_out = session.plan().unwrap().volumes().filter(|(_, _, v)| !v.include).count();
    assert_eq!(left_out, 0);
}

/// A capture of 4 × 2 pixels in three colours, with the description of a phase.
fn capture(number: u16) -> Set {
    let mut set = Slice { number: u32::from(number), ..Slice::default() }.set();
    for tag in [(0x0020, 0x0032), (0x0020, 0x0037), (0x0028, 0x0030), (0x0020, 0x000E)] {
        set.remove(tag);
    }
    set.text((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.7");
    set.text((0x0008, 0x103E), "LO", "t1_vibe arterial");
    set.text((0x0020, 0x000E), "UI", "1.2.3.777");
    set.text((0x0028, 0x0004), "CS", "RGB");
    for (tag, value) in
        [(0x0002, 3), (0x0006, 0), (0x0010, 2), (0x0011, 4), (0x0100, 8), (0x0101, 8), (0x0102, 7)]
    {
        set.us((0x0028, tag), value);
    }
    set.put((0x7FE0, 0x0010), "OB", Value::Bytes((0..24).map(|v| v + number as u8).collect()));
    set
}

#[test]
fn captures_are_converted_only_where_they_are_asked_for() {
    let form = Form::default();
    let slices = (1..=3).map(|number| Slice { number, ..Slice::default() }.file());
    let files: Vec<Vec<u8>> = slices.chain([form.file(&capture(10)), form.file(&capture(20))]).collect();
    let mut session = session();
    read_files(&mut session, &files, 0);
    let volumes = |session: &Session| session.plan().unwrap().volumes().count();
    let skipped = |session: &Session| session.view().unwrap().totals.skipped.len();
    assert_eq!((volumes(&session), skipped(&session)), (1, 1));
    let scan = session.plan().unwrap().volumes().next().map(|(_, _, v)| (v.id, v.source.clone())).unwrap();
    session.edit(PlanEdit::SetRole { volumes: vec![scan.0], role: "mrcp".into() }).unwrap();
    session.edit(PlanEdit::SetConversion { switch: ConversionSwitch::Captures, on: true }).unwrap();
    assert_eq!((volumes(&session), skipped(&session)), (2, 0));
    for (_, _, volume) in session.plan().unwrap().volumes() {
        // The description of a capture gives it no role; the choice stays with the scan.
        let role = volume.role.role.as_ref().map(|r| r.as_str().to_owned());
        assert_eq!(role, (volume.source == scan.1).then(|| "mrcp".to_owned()));
    }
    let published = session.published_plan().unwrap();
    session.undo().unwrap();
    assert_eq!((volumes(&session), skipped(&session)), (1, 1));
    let steps = session.undo.len();
    session.obey(&published).unwrap();
    assert_eq!((volumes(&session), session.undo.len()), (2, steps + 1), "one step");
    session.undo().unwrap();
    session.undo().unwrap();
    let role = session.plan().unwrap().volumes().next().map(|(_, _, v)| v.role.role.clone()).unwrap();
    assert!(role.is_none_or(|r| r.as_str() != "mrcp"), "undo follows the volume");
}
