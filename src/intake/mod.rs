//! Many headers → patients, studies, series, volumes; and the plan.
//!
//! In: registered sources and the byte ranges that the intake asks for. Out: a [`Catalogue`] of what
//! there is, then a [`WorkingPlan`] of what will be made of it — pure functions of the bytes and of
//! the user's choices, whatever order the files came in. Never: pixels, and never a file without an
//! outcome. Everything here but [`PublishedPlan`] is identified.

mod apart;
mod catalogue;
mod choices;
mod classify;
mod facts;
mod files;
mod lane;
mod naming;
mod others;
mod plan;
mod published;
mod ranges;
mod reading;
mod sessions;
mod study_plan;

pub(crate) use crate::convert::instance::SeriesFacts;
pub use catalogue::{Catalogue, PatientEntry, SeriesEntry, StudyEntry, VolumeEntry, VolumeId};
pub use choices::{Choices, StudyChoice, VolumeChoice};
pub(crate) use classify::fail_reason;
pub use files::{FileId, FileState, FileTable};
pub(crate) use others::OtherObject;
pub use plan::{PlanError, PlannedPatient, PlannedStudy, PlannedVolume, WorkingPlan};
pub use published::{Ordinals, PublishedPlan, PublishedSession, PublishedSubject, PublishedVolume};
pub use ranges::RangeReader;
pub(crate) use reading::identity_of;
pub use reading::{Intake, IntakeProgress};
pub(crate) use sessions::is_session_label;
pub(crate) use study_plan::{BURNED_IN, is_left_out_by_role};
