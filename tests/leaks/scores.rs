//! MIDI-B's ten actions, scored on the corpus: tag retained, text not null, text retained, text removed, date
//! shifted, UID changed, UID consistent, patient ID consistent, pixels hidden, pixels retained.

use super::cases::{Expect, corpus};
use super::{MUST_STAY, holds, run};
use hepatica::dicom::{Header, Tag, VR};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_action_scores_one_hundred_percent() {
    let cases = corpus();
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("uids.csv");
    let run = run(
        &cases,
        &["--dates", "shift", "--options", "descriptors,patient", "--uid-map", map.to_str().unwrap()],
    );
    let uids = std::fs::read_to_string(&map).unwrap();
    let uids: BTreeMap<&str, &str> = uids.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    assert_eq!(uids.values().collect::<BTreeSet<_>>().len(), uids.len(), "no two UIDs become one");
    let outcomes = run.outcomes(&cases);
    let mut scores: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut score = |action, good: bool| {
        let counted = scores.entry(action).or_default();
        counted.1 += 1;
        counted.0 += u32::from(good);
    };
    for case in &cases {
        let Some(path) = &outcomes[case.name].1 else {
            score("pixels hidden", case.expect != Expect::Written);
            continue;
        };
        let bytes = std::fs::read(path).unwrap();
        let (before, after) =
            (Header::from_bytes(case.file.clone()).unwrap(), Header::from_bytes(bytes.clone()).unwrap());
        for token in &case.tokens {
            score("text removed", !holds(&bytes, token));
        }
        for (group, element) in MUST_STAY {
            let tag = Tag(*group, *element);
            if before.root().get(tag).is_some() {
                score("tag retained", after.root().get(tag).is_some());
                score("text retained", after.root().floats(tag) == before.root().floats(tag));
                let filled = before.root().text(tag).is_some();
                score("text not null", !filled || after.root().text(tag).is_some() || tag.0 == 0x0028);
            }
        }
        let (old, new) = (before.root(), after.root());
        before.walk(&mut |element| {
            if element.vr != VR::UI || element.tag.0 < 8 {
                return;
            }
            for uid in element.strings() {
                if uid.starts_with("1.2.840.10008.5.") || !uid.contains('.') {
                    continue;
                }
                if let Some(now) =
                    new.text(element.tag).filter(|_| old.text(element.tag) == Some(uid.clone()))
                {
                    score("uid changed", now != uid);
                    score("uid consistent", uids.get(uid.as_str()) == Some(&now.as_str()));
                }
            }
        });
        let code = new.text(Tag(0x0010, 0x0020));
        let folder = path.strip_prefix(run.out()).unwrap().iter().next().unwrap();
        score("patient id consistent", code.map(|code| format!("sub-{code}")).as_deref() == folder.to_str());
        if let (Some(was), Some(is)) = (old.text(Tag(8, 0x20)), new.text(Tag(8, 0x20))) {
            score("date shifted", was != is && is.len() == 8);
        }
        if case.same_pixels {
            let at = after.pixels().unwrap().offset as usize;
            let from = before.pixels().unwrap().offset as usize;
            score("pixels retained", bytes[at..at + 24] == case.file[from..from + 24]);
        }
    }
    assert_eq!(scores.len(), 10, "{scores:?}");
    for (action, (good, all)) in scores {
        assert_eq!(good, all, "{action}: {good} of {all}");
    }
}
