//! The policy of a session: what was loaded, what the user chose since, and what an institution insists on.
//!
//! In: policy files and choices. Out: the policy as it holds. Never: a policy that keeps more than the
//! institution's, whichever way it comes in: by a switch, a file, a plan or by undoing.

use super::Session;
use crate::deid::{
    DatePolicy, DeviceDetail, Options, Policy, PolicyError, PolicyOption, SubjectNaming, SubjectScheme,
};
use crate::intake::{Choices, PlanError};

/// The policy that choices make.
pub(super) fn of(choices: &Choices) -> Policy {
    let subjects = match choices.naming {
        SubjectNaming::Keyed => SubjectScheme::Keyed,
        SubjectNaming::Numbered(_) => SubjectScheme::Numbered,
        SubjectNaming::Mapped(_) => SubjectScheme::Mapping,
    };
    Policy { options: choices.options, dates: choices.dates, subjects, ..choices.policy.clone() }
}

impl Session {
    /// Takes an institution's policy: it holds from now on, and if it is locked nothing loosens it. To be
    /// said before the first source is registered.
    ///
    /// # Errors
    /// The choices at hand make no plan under it.
    pub fn set_institution(&mut self, policy: Policy) -> Result<(), PlanError> {
        self.institution = policy.locked.then(|| policy.clone());
        self.given_policy = Some(policy.clone());
        take(&mut self.choices, policy);
        // Nothing to go back to: what was chosen before may have kept more.
        self.undo.clear();
        self.redo.clear();
        if self.plan.is_some() {
            self.replan()?;
        }
        Ok(())
    }

    /// The policy that the journey began under, locked or not.
    pub fn given_policy(&self) -> Option<&Policy> {
        self.given_policy.as_ref()
    }

    /// The institution's policy, where one insists.
    pub fn institution(&self) -> Option<&Policy> {
        self.institution.as_ref()
    }

    /// Works under a policy file.
    ///
    /// # Errors
    /// [`PolicyError::Locked`] where it keeps more than the institution's policy, or than a locked one that
    /// was loaded before.
    pub fn load_policy(&mut self, policy: Policy) -> Result<(), PlanError> {
        let now = self.policy();
        let mut policy = Policy { locked: policy.locked || now.locked, ..policy };
        policy.idle_minutes = policy.idle_minutes.or(now.idle_minutes);
        if let Some(institution) = &self.institution {
            // Whoever insists is named, whatever else was loaded.
            policy.name.clone_from(&institution.name);
        } else if now.locked && !policy.keeps_no_more_than(&now) {
            return Err(PolicyError::Locked.into());
        }
        self.choose(|choices| take(choices, policy))?;
        Ok(())
    }

    /// Goes back to the options that the program proposes, or to the Basic Profile alone.
    ///
    /// # Errors
    /// [`PolicyError::Locked`].
    pub(super) fn set_profile(&mut self, basic: bool) -> Result<(), PlanError> {
        let now = self.policy();
        let proposed = Options::default();
        let options = Options {
            retain_patient_characteristics: !basic && proposed.retain_patient_characteristics,
            retain_device_identity: !basic && proposed.retain_device_identity,
            // What cleans pixels keeps nothing: it stays.
            clean_pixel_data: now.options.clean_pixel_data,
            clean_recognizable_visual_features: now.options.clean_recognizable_visual_features,
            ..proposed
        };
        let (dates, device) = (DatePolicy::None, DeviceDetail::Model);
        let name = now.name.clone().filter(|_| now.locked);
        let bare = Policy { options, dates, device, name, keep: Vec::new(), keep_private: Vec::new(), ..now };
        self.load_policy(bare)
    }

    /// The policy that a change begins from: under an institution's, what it may be loosened to is decided
    /// by the institution's alone.
    pub(super) fn policy_to_change(&self) -> Policy {
        let policy = self.policy();
        Policy { locked: policy.locked && self.institution.is_none(), ..policy }
    }

    /// Whether an option could be switched on.
    pub(super) fn may_hold(&self, option: PolicyOption) -> bool {
        let policy = self.policy();
        match &self.institution {
            Some(institution) => institution.holds(option),
            None => !policy.locked || policy.holds(option),
        }
    }

    /// The date policies that can be chosen.
    pub(super) fn dates_allowed(&self) -> Vec<DatePolicy> {
        let most = match &self.institution {
            Some(institution) => Some(institution.dates),
            None => Some(self.policy().dates).filter(|_| self.policy().locked),
        };
        let all = [DatePolicy::None, DatePolicy::Shift, DatePolicy::Keep];
        let end = most.and_then(|most| all.iter().position(|dates| *dates == most)).unwrap_or(all.len() - 1);
        all.into_iter().take(end + 1).collect()
    }

    pub(super) fn obeys_institution(&self) -> Result<(), PlanError> {
        match &self.institution {
            Some(least) if !self.policy().keeps_no_more_than(least) => Err(PolicyError::Locked.into()),
            _ => Ok(()),
        }
    }
}

fn take(choices: &mut Choices, policy: Policy) {
    choices.options = policy.options;
    choices.dates = policy.dates;
    match policy.subjects {
        SubjectScheme::Keyed => choices.naming = SubjectNaming::Keyed,
        SubjectScheme::Numbered if !matches!(choices.naming, SubjectNaming::Numbered(_)) => {
            choices.naming = SubjectNaming::Numbered(crate::deid::Mapping::default());
        }
        // The list itself is the user's file: without one, codes stay as they are named.
        SubjectScheme::Numbered | SubjectScheme::Mapping => {}
    }
    choices.policy = policy;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;
    use crate::deid::{Keep, ProjectKey};
    use crate::session::PlanEdit;

    fn under(policy: Policy) -> Session {
        let mut session = Session::new(ProjectKey::from_entropy([3; 32]));
        session.set_institution(policy).unwrap();
        session
    }

    fn refused(session: &mut Session, edit: PlanEdit) {
        let before = session.policy();
        let error = session.edit(edit).unwrap_err();
        assert!(matches!(error, PlanError::Policy(PolicyError::Locked)), "{error}");
        assert_eq!(session.policy(), before);
    }

    fn locked() -> Policy {
        let mut policy = Policy { name: Some("Ward".into()), locked: true, ..Policy::default() };
        policy.dates = DatePolicy::Shift;
        policy.options.clean_descriptors = true;
        policy.idle_minutes = Some(10);
        policy
    }

    #[test]
    fn an_institutions_policy_is_tightened_and_loosened_back_but_never_beyond() {
        let mut session = under(locked());
        let set = |option, on| PlanEdit::SetPolicy { option, on };
        refused(&mut session, set(PolicyOption::RetainInstitutionIdentity, true));
        refused(&mut session, PlanEdit::SetDates { dates: DatePolicy::Keep });
        refused(&mut session, PlanEdit::SetDevice { device: DeviceDetail::All });
        session.edit(set(PolicyOption::CleanDescriptors, false)).unwrap();
        session.edit(set(PolicyOption::CleanDescriptors, true)).unwrap();
        session.edit(PlanEdit::SetDates { dates: DatePolicy::None }).unwrap();
        session.edit(PlanEdit::SetProfile { basic: true }).unwrap();
        let policy = session.policy();
        assert!(PolicyOption::ALL.into_iter().all(|option| !policy.holds(option)));
        session.edit(PlanEdit::Undo).unwrap();
        session.edit(PlanEdit::SetDates { dates: DatePolicy::Shift }).unwrap();
        assert_eq!(session.policy().name.as_deref(), Some("Ward"));
        assert_eq!(session.policy().idle_minutes, Some(10));
        assert!(session.policy().locked);
    }

    #[test]
    fn a_file_or_a_plan_loosens_nothing_that_is_locked() {
        let mut session = under(locked());
        let load = |policy: &Policy| PlanEdit::LoadPolicy { json: policy.to_json() };
        let mut looser = locked();
        looser.keep.push(Keep { tag: "(0008,0080)".into(), reason: "wanted".into() });
        refused(&mut session, load(&looser));
        let longer = Policy { idle_minutes: Some(60), ..locked() };
        refused(&mut session, load(&longer));
        let tighter =
            Policy { name: Some("Mine".into()), locked: false, dates: DatePolicy::None, ..locked() };
        session.edit(load(&tighter)).unwrap();
        assert!(session.policy().locked);
        assert_eq!(session.policy().name.as_deref(), Some("Ward"), "the certificate names who insists");
        let error = session.choose(|choices| choices.dates = DatePolicy::Keep).unwrap_err();
        assert!(matches!(error, PlanError::Policy(PolicyError::Locked)));
    }

    #[test]
    fn a_locked_file_of_the_users_own_can_be_tightened_and_undone() {
        let mut session = Session::new(ProjectKey::from_entropy([3; 32]));
        session.edit(PlanEdit::LoadPolicy { json: locked().to_json() }).unwrap();
        refused(&mut session, PlanEdit::SetDates { dates: DatePolicy::Keep });
        session.edit(PlanEdit::SetDates { dates: DatePolicy::None }).unwrap();
        refused(&mut session, PlanEdit::SetDates { dates: DatePolicy::Shift });
        session.edit(PlanEdit::Undo).unwrap();
        session.edit(PlanEdit::Undo).unwrap();
        assert!(!session.policy().locked, "loading it is undone");
    }
}
