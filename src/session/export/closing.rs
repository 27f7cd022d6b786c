//! What is written behind the last volume: tables, provenance, the certificate, the report.

use super::Export;
use super::objects::Objects;
use crate::convert::VolumeWarning;
use crate::dataset::Ledger;
use crate::dataset::documents::{Documents, Participant, Scan, Session as SessionRow, Sex};
use crate::dataset::sidecar::field_of;
use crate::deid::{
    ActionCounts, AgeSteps, Certificate, Coarsening, Date, DatePolicy, Evidence, PolicyOption, SmallCohort,
    Traits, certificate_page,
};
use crate::hanging::{PublishedHanging, PublishedRole};
use crate::intake::{
    PatientEntry, PlannedPatient, PlannedStudy, PlannedVolume, SeriesEntry, StudyEntry, VolumeEntry, VolumeId,
};
use crate::session::Session;
use std::collections::BTreeMap;

impl Export {
    /// The certificate: what was done to which elements, what was searched, and what was not.
    fn certificate(&mut self, session: &Session, patients: &[PlannedPatient]) -> serde_json::Value {
        let policy = session.policy();
        let mut actions = ActionCounts::new();
        for secrets in session.all_secrets() {
            actions.add(secrets, &policy, &field_of);
        }
        let written = |p: &&PlannedPatient| {
            p.studies.iter().any(|s| s.volumes.iter().any(|v| self.books.written.contains(&v.id)))
        };
        let keyed = session.key().fingerprint();
        let cohort = self.small_cohort(session, patients);
        let with = |warning: VolumeWarning| {
            let volumes = patients.iter().flat_map(|p| &p.studies).flat_map(|s| &s.volumes);
            let written = volumes.filter(|v| self.books.written.contains(&v.id));
            written.filter(|v| v.warnings.contains(&warning)).count() as u64
        };
        let (faces, burned_in) = (with(VolumeWarning::MayShowFace), with(VolumeWarning::BurnedIn));
        let boxes = |id: &VolumeId| {
            let (_, _, series, _) = session.catalogue().volume(*id)?;
            session.choices().reviews.lets_out(&series.facts.series_uid)
        };
        let redacted =
            self.books.written.iter().filter_map(boxes).filter(|boxes| !boxes.is_empty()).count() as u64;
        self.faces = faces;
        let evidence = Evidence {
            policy: &policy,
            key_fingerprint: Some(&keyed),
            subjects: patients.iter().filter(written).count() as u64,
            actions: &actions,
            searched: &self.guard.searched,
            checked: self.guard.count,
            stopped: self.stopped,
            faces,
            burned_in_suspected: burned_in,
            redacted,
            cohort: Some(&cohort),
        };
        let certificate = serde_json::from_str(&Certificate::new(&evidence).to_json()).unwrap_or_default();
        self.cohort = Some(cohort);
        certificate
    }

    /// How many of the patients written stand alone with what is written of them.
    fn small_cohort(&self, session: &Session, patients: &[PlannedPatient]) -> SmallCohort {
        let policy = session.policy();
        let characteristics = policy.holds(PolicyOption::RetainPatientCharacteristics);
        let coarsen = session.choices().coarsen;
        let device = policy.holds(PolicyOption::RetainDeviceIdentity) && !coarsen.device;
        let mut traits: BTreeMap<&str, Traits> = BTreeMap::new();
        for (patient, found) in patients.iter().zip(&session.catalogue().patients) {
            for (study, entry) in patient.studies.iter().zip(&found.studies) {
                let written =
                    |volumes: &[VolumeEntry]| volumes.iter().any(|v| self.books.written.contains(&v.id));
                let series: Vec<_> = entry.series.iter().filter(|s| written(&s.volumes)).collect();
                if series.is_empty() {
                    continue;
                }
                let one = traits.entry(patient.subject.as_str()).or_default();
                one.sex = patient.sex.filter(|_| characteristics);
                one.age = patient.age.filter(|_| characteristics);
                one.days.extend(study.days_from_first);
                let make = |s: &&SeriesEntry| format!("{} {}", s.facts.manufacturer, s.facts.model);
                one.devices.extend(series.iter().filter(|_| device).map(make));
            }
        }
        // Tables hold bands of five years at the finest.
        let coarsen = Coarsening { age: coarsen.age.max(AgeSteps::Five), ..coarsen };
        SmallCohort::of(&traits.into_values().collect::<Vec<_>>(), coarsen)
    }

    fn wrote_nothing(&self) -> bool {
        self.books.written.is_empty() && self.objects.as_ref().is_none_or(|objects| objects.written() == 0)
    }

    pub(super) fn documents(&mut self, session: &Session) {
        let ledger = std::mem::replace(&mut self.ledger, Ledger::new(0));
        // Every file of the session has been told of: the books close.
        let Ok(report) = ledger.close() else { return };
        let (Some(plan), Some(mut published)) = (session.plan(), session.published_plan()) else { return };
        // A name that a person gave may be what the check found: that one must not stop the tables too.
        for volume in published.subjects.iter_mut().flat_map(|s| &mut s.sessions).flat_map(|s| &mut s.volumes)
        {
            if self.books.stopped.contains(&volume.volume) {
                volume.name.clear();
            }
        }
        let deidentification = self.certificate(session, &plan.patients);
        let written = |v: &PlannedVolume| self.books.written.contains(&v.id);
        let mut documents = Documents {
            participants: Vec::new(),
            sessions: Vec::new(),
            scans: Vec::new(),
            report: &report,
            plan: serde_json::to_value(&published).unwrap_or_default(),
            deidentification,
            hanging: serde_json::Value::Null,
            further: Vec::new(),
            objects: self.objects.as_ref().map_or(0, Objects::written),
        };
        let mut hanging = PublishedHanging::default();
        for (patient, found) in plan.patients.iter().zip(&session.catalogue().patients) {
            let subject = patient.subject.as_str().to_owned();
            let characteristics = session.policy().holds(PolicyOption::RetainPatientCharacteristics);
            let mut any = false;
            for (study, entry) in patient.studies.iter().zip(&found.studies) {
                let mut volumes = study.volumes.iter().filter(|v| written(v)).peekable();
                if volumes.peek().is_none() {
                    continue;
                }
                any = true;
                // Studies of one day may be one session.
                let row =
                    documents.sessions.iter().find(|r| r.subject == subject && r.session == study.session);
                if row.is_none() {
                    documents.sessions.push(SessionRow {
                        subject: subject.clone(),
                        session: study.session.clone(),
                        days_from_first: study.days_from_first,
                        timepoint: Some(study.time_point.clone()).filter(|t| !t.is_empty()),
                        date: written_date(session, patient, found, entry, study.days_from_first),
                    });
                }
                for volume in volumes {
                    hanging.volumes.insert(
                        volume.name.image().as_str().to_owned(),
                        published_role(session, study, volume),
                    );
                    documents.scans.push(Scan {
                        stem: volume.name.clone(),
                        role: volume.role.role.as_ref().map(|r| r.as_str().to_owned()),
                        seconds_from_first: volume.seconds_from_first,
                        acq_time: None,
                    });
                }
            }
            // A subject whom a mapping made of two IDs is one participant.
            if any && documents.participants.iter().all(|p| p.subject != subject) {
                documents.participants.push(Participant {
                    subject,
                    sex: patient
                        .sex
                        .filter(|_| characteristics)
                        .and_then(|s| Sex::from_dicom(&s.to_string())),
                    age: patient
                        .age
                        .filter(|_| characteristics)
                        .map(|age| age.band_of(session.choices().coarsen.age.years().max(5))),
                });
            }
        }
        documents.hanging = serde_json::to_value(&hanging).unwrap_or_default();
        let objects = self.objects.as_ref().map(|objects| objects.documents(session));
        let certificates = objects.as_ref().map(|(certificate, _)| certificate.to_json());
        let value = certificates.as_ref().and_then(|json| serde_json::from_str(json).ok());
        let page = certificate_page(&documents.deidentification, value.as_ref());
        documents.further.push(("deidentification", "html", page.into_bytes()));
        if let (Some((_, table)), Some(json)) = (objects, certificates) {
            documents.further.push(("deidentification_dicom", "json", json.into_bytes()));
            documents.further.push(("objects", "tsv", table.into_bytes()));
        }
        let entries = documents.closing(session.existing()).unwrap_or_default();
        match self.guard.check_shared(session, &entries) {
            // Tables of no volume are no data set.
            Ok(()) if self.wrote_nothing() && session.existing().volumes().next().is_none() => {}
            Ok(()) => self.put_out(session, entries),
            Err(refusal) => {
                self.refused_documents = true;
                self.refusals.push(format!("tables and documents: {refusal}"));
            }
        }
        self.report = Some(report);
    }
}

/// A study's date as the policy lets it out, ISO 8601.
fn written_date(
    session: &Session,
    planned: &PlannedPatient,
    found: &PatientEntry,
    study: &StudyEntry,
    day: Option<i64>,
) -> Option<String> {
    let mut date = Date::parse_da(&study.facts.study_date)?;
    if session.choices().coarsen.weeks {
        let studies = found.studies.iter().filter_map(|s| Date::parse_da(&s.facts.study_date));
        date = studies.min()?.plus_days(i32::try_from(day?).ok()?)?;
    }
    match session.choices().dates {
        DatePolicy::None => None,
        DatePolicy::Shift => Some(session.date_shift(planned, found)?.apply(date)?.to_iso()),
        DatePolicy::Keep => Some(date.to_iso()),
    }
}

/// What the viewer will match: the role as the user left it, and the facts that rules use.
fn published_role(session: &Session, study: &PlannedStudy, volume: &PlannedVolume) -> PublishedRole {
    let facts = session.catalogue().volume(volume.id).map(|(_, _, _, v)| v.facts.clone()).unwrap_or_default();
    let own = PublishedRole::of_match(&study.protocol, &volume.role);
    PublishedRole {
        order: facts.acquisition_order,
        time_point: Some(study.time_point.clone()).filter(|t| !t.is_empty()),
        frame_of_reference: facts.frame_of_reference,
        b_values: facts.b_values,
        slice_count: facts.slice_count,
        confidence: if volume.confirmed { 1.0 } else { own.confidence },
        confirmed: volume.confirmed,
        ..own
    }
}
