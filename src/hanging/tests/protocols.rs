//! The protocol's JSON, time points, and what is published.
use super::*;

/// The example of the interface's description, word for word.
const EXAMPLE: &str = r#"{ "schema": "hepatica-hanging/1", "id": "liver-mri-pre-post",
  "timepoints": ["pre", "post"],
  "roles": {
    "t1_pre":   { "require": [{"plane": "axial"}], "score": [
        {"when": {"contrast": false}, "weight": 3}, {"when": {"dynamicIndex": 0}, "weight": 3},
        {"when": {"words": ["pre", "native", "non contrast", "unenhanced"]}, "weight": 4}]},
    "arterial": { "require": [{"plane": "axial"}], "score": [
        {"when": {"dynamicIndex": 1}, "weight": 3}, {"when": {"secondsAfterBolus": [15, 45]}, "weight": 4},
        {"when": {"words": ["art", "arterial", "hap"]}, "weight": 5}, {"when": {"subtraction": true}, "weight": -10}]} },
  "minScore": 4, "tieBreak": ["sliceCount desc", "acquisitionOrder asc"],
  "stages": [ {"id": "dynamic", "rows": ["pre", "post"], "columns": ["t1_pre", "arterial", "portal_venous", "delayed"]},
              {"id": "t2-dwi",  "rows": ["pre", "post"], "columns": ["t2", "dwi_high", "adc", "portal_venous"]} ],
  "link": {"scroll": "frameOfReference", "zoom": "all", "window": "role"},
  "annotate": {"reference": "portal_venous"} }"#;

#[test]
fn example_of_the_design_is_accepted_and_matches() {
    let protocol = Protocol::parse(EXAMPLE).unwrap();
    assert_eq!(protocol.roles.len(), 2);
    assert_eq!(protocol.annotate.as_ref().unwrap().reference.as_str(), "portal_venous");
    let facts = study(vec![
        gre("t1_vibe_non-contrast"),
        gre("t1_vibe_art"),
        gre("t1_vibe_art_sub"),
        gre("t1_vibe_cor_art").plane(Plane::Coronal),
    ]);
    let found: Vec<Option<String>> =
        assign(&facts, &protocol).iter().map(|m| m.role.as_ref().map(|r| r.as_str().to_owned())).collect();
    assert_eq!(found, [Some("t1_pre".to_owned()), Some("arterial".to_owned()), None, None]);
}

#[test]
fn presets_parse_and_survive_a_round_trip() {
    for preset in Preset::ALL {
        let protocol = preset.protocol().unwrap();
        assert_eq!(protocol.id, preset.id());
        assert_eq!(Preset::of_id(preset.id()), Some(*preset));
        let again = Protocol::parse(&serde_json::to_string(&protocol).unwrap()).unwrap();
        assert_eq!(protocol, again);
        for role in &protocol.roles {
            assert!(roles::known_role(role.id.as_str()).is_some(), "{} has no label", role.id);
        }
    }
}

#[test]
fn errors_name_the_field() {
    let change = |from: &str, to: &str| {
        assert!(EXAMPLE.contains(from), "{from}");
        Protocol::parse(&EXAMPLE.replacen(from, to, 1)).expect_err(to).to_string()
    };
    for (from, to, path) in [
        ("\"minScore\": 4", "\"minScor\": 4", "minScor"),
        ("\"minScore\": 4,", "", "minScore: missing"),
        ("\"minScore\": 4", "\"minScore\": \"4\"", "minScore"),
        ("\"id\": \"liver-mri-pre-post\"", "\"id\": \"Liver MRI\"", "id: expected"),
        (
            "[{\"plane\": \"axial\"}], \"score\"",
            "[{\"planes\": \"axial\"}], \"score\"",
            "roles.t1_pre.require[0].planes",
        ),
        ("{\"plane\": \"axial\"}", "{\"plane\": \"axiel\"}", "roles.t1_pre.require[0].plane"),
        ("{\"plane\": \"axial\"}", "{}", "roles.t1_pre.require[0]"),
        ("{\"contrast\": false}", "{\"contrast\": \"no\"}", "roles.t1_pre.score[0].when.contrast"),
        ("{\"contrast\": false}", "{\"contrast\": null}", "roles.t1_pre.score[0].when.contrast"),
        ("\"weight\": 3", "\"weigth\": 3", "roles.t1_pre.score[0].weigth"),
        ("[15, 45]", "[45, 15]", "roles.arterial.score[1].when.secondsAfterBolus"),
        ("[15, 45]", "[15]", "roles.arterial.score[1].when.secondsAfterBolus"),
        ("[\"art\", \"arterial\", \"hap\"]", "[]", "roles.arterial.score[2].when.words"),
        ("[\"art\", \"arterial\", \"hap\"]", "[\"--\"]", "roles.arterial.score[2].when.words"),
        ("\"arterial\": {", "\"Arterial!\": {", "roles.Arterial!"),
        ("sliceCount desc", "sliceCount", "tieBreak[0]"),
        ("sliceCount desc", "slices desc", "tieBreak[0]"),
        ("\"columns\": [\"t1_pre\"", "\"columns\": [\"t1_prae\"", "stages[0].columns[0]"),
        ("\"rows\": [\"pre\", \"post\"]", "\"rows\": [\"pre\", \"later\"]", "stages[0].rows[1]"),
        ("\"id\": \"t2-dwi\"", "\"id\": \"dynamic\"", "stages[1].id"),
        ("\"scroll\": \"frameOfReference\"", "\"scroll\": \"some\"", "link"),
        ("\"zoom\": \"all\"", "\"zom\": \"all\"", "link"),
        ("\"reference\": \"portal_venous\"", "\"reference\": \"nowhere\"", "annotate.reference"),
        ("hepatica-hanging/1", "hepatica-hanging/9", "schema"),
        ("\"timepoints\": [", "\"timepoints\": {", "not JSON"),
    ] {
        let error = change(from, to);
        assert!(error.contains(path), "{to} → {error}");
    }
}

#[test]
fn deeply_nested_conditions_are_refused_not_overflown() {
    let deep = format!("{}{{\"mip\": true}}{}", "{\"not\": ".repeat(5000), "}".repeat(5000));
    assert!(Protocol::parse(&EXAMPLE.replacen("{\"plane\": \"axial\"}", &deep, 1)).is_err());
}

#[test]
fn absent_facts_neither_score_nor_exclude() {
    let protocol = Protocol::parse(EXAMPLE).unwrap();
    let bare = VolumeFacts::default().with_texts("art", "", "");
    let found = assign(&[bare], &protocol);
    assert_eq!(found[0].role.as_ref().map(RoleId::as_str), Some("arterial"));
    assert_eq!(found[0].reasons.len(), 1);
}

#[test]
fn facts_survive_json() {
    let facts = study(vec![gre("t1_vibe_art").with(|f| {
        f.agent = Agent::of_text("Primovist");
        f.dixon = Some(Dixon::Water);
        f.derived = Some(DerivedKind::Other);
        f.complex = Some(ComplexPart::Magnitude);
    })]);
    let text = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<Vec<VolumeFacts>>(&text).unwrap(), facts);
}

#[test]
fn time_points_follow_the_order_of_studies() {
    let of = |days: &[i64]| {
        propose_time_points(days)
            .iter()
            .map(|t| (t.session, t.days_from_first, t.proposal.clone(), t.certain))
            .collect::<Vec<_>>()
    };
    let row = |s: u32, d: i64, p: &str, c: bool| (s, d, p.to_owned(), c);
    assert_eq!(of(&[100, 40]), [row(2, 60, "post", true), row(1, 0, "pre", true)]);
    assert_eq!(of(&[7]), [row(1, 0, "pre", false)]);
    assert_eq!(of(&[5, 5, 9]), [row(1, 0, "pre", true), row(2, 0, "pre", true), row(3, 4, "post", true)]);
    assert_eq!(of(&[1, 2, 3]), [row(1, 0, "pre", false), row(2, 1, "post", false), row(3, 2, "post", false)]);
    assert!(of(&[]).is_empty());
    assert_eq!(of(&[i64::MIN, i64::MAX]).len(), 2);
}

#[test]
fn published_hanging_round_trips_and_refuses_others() {
    let facts = study(vec![gre("t1_vibe_art secretword").ce(true)]);
    let found = assign(&facts, &Preset::LiverMri.protocol().unwrap());
    let mut hanging = PublishedHanging::default();
    hanging.volumes.insert(
        "sub-x/ses-01/anat/a.nii.gz".to_owned(),
        PublishedRole::of_match("liver-mri-pre-post", &found[0]),
    );
    let text = hanging.to_json().unwrap();
    assert!(!text.contains("secretword"));
    assert_eq!(PublishedHanging::parse(&text).unwrap(), hanging);
    assert_eq!(
        PublishedHanging::parse(&text.replace("match/1", "match/2")),
        Err(published::PublishedError::Schema)
    );
    assert_eq!(
        PublishedHanging::parse(&text.replace("\"arterial\"", "\"../x\"")),
        Err(published::PublishedError::Role { ordinal: 1 })
    );
    assert!(matches!(PublishedHanging::parse("{"), Err(published::PublishedError::Malformed { .. })));
}

#[test]
fn a_role_chosen_by_hand_is_certain_and_renumbers() {
    let facts = study(vec![vol("t2_haste_tra"), vol("mystery"), vol("t2_haste_cor").plane(Plane::Coronal)]);
    let protocol = Preset::LiverMri.protocol().unwrap();
    let mut found = assign(&facts, &protocol);
    assert_eq!(found[1].role, None);
    found[1] = found[1].clone().chosen(Some(RoleId::new("t2")));
    renumber(&mut found, &facts, &protocol);
    assert_eq!(found.iter().map(|m| m.occurrence).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(!found[1].needs_confirmation);
    found[0] = found[0].clone().chosen(None);
    renumber(&mut found, &facts, &protocol);
    assert_eq!(found.iter().map(|m| m.occurrence).collect::<Vec<_>>(), [0, 1, 2]);
}

/// The parser's list of a condition's fields is that of the type.
#[test]
fn every_fact_can_be_asked_for() {
    let error =
        serde_json::from_str::<condition::Condition>(r#"{"nothing": 1}"#).expect_err("unknown").to_string();
    let listed = Protocol::parse(&EXAMPLE.replacen("{\"plane\": \"axial\"}", "{\"nothing\": 1}", 1))
        .expect_err("unknown")
        .to_string();
    let (_, known) = listed.split_once("known are ").unwrap();
    let by_type: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    let mut by_parser: Vec<&str> = known.split(", ").collect();
    by_parser.sort_unstable();
    let mut sorted = by_type.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, by_parser);
}
