//! The journey over generated studies, without disk or browser.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use super::{PlanEdit, Preview, Session};
use crate::deid::ProjectKey;
use crate::dicom::Need;
use crate::intake::VolumeId;
use crate::phantom::{Phantom, PhantomSpec};

fn read(session: &mut Session, phantom: &Phantom, files: impl Iterator<Item = usize>, first_source: u32) {
    let files: Vec<Vec<u8>> = files.map(|i| phantom.file(i).unwrap()).collect();
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
