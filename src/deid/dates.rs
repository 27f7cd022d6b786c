//! What becomes of dates. In: the policy, and for a shift the project key, the patient and every
//! original date of that patient. Out: a number of days that moves all of a patient's dates
//! together, so that intervals stay. Never: a shifted date that equals an original one, since the
//! check could not tell it from a leak.

use super::date::Date;
use super::identity::IdentityKey;
use super::key::{KeyUse, ProjectKey};
use std::collections::BTreeSet;
use std::fmt;

/// What is written of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatePolicy {
    /// No dates or times of day: days from the patient's first study, seconds from the first phase.
    #[default]
    None,
    /// Every date moved by a keyed number of days, the same for all of a patient's dates.
    Shift,
    /// Dates and times as they are.
    Keep,
}

impl DatePolicy {
    /// The policy's word, as in policy files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Shift => "shift",
            Self::Keep => "keep",
        }
    }
}

impl std::str::FromStr for DatePolicy {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "none" => Ok(Self::None),
            "shift" => Ok(Self::Shift),
            "keep" => Ok(Self::Keep),
            _ => Err("dates are `none`, `shift` or `keep`"),
        }
    }
}

/// Least and greatest number of days by which dates move back: one to ten years. Always back, so
/// that a shifted study never lies in the future.
pub const SHIFT_DAYS: std::ops::RangeInclusive<i32> = 365..=3650;

/// Draws after which no shift is found; with a thousand original dates one draw in five succeeds.
const DRAWS: u32 = 4096;

/// The days by which one patient's dates move; negative, since they move back. Identifies when
/// put beside the shifted dates, so it has no content in `Debug` and belongs in the linking table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DateShift {
    days: i32,
}

/// No shift moves all of a patient's dates off each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this patient has so many dates that no shift keeps shifted and original ones apart; choose no dates"
)]
pub struct NoShift;

impl DateShift {
    /// The shift of a patient: drawn under the key from one to ten years, again while any shifted
    /// date would equal an original date of the patient. It depends on nothing but key, patient and
    /// those dates.
    ///
    /// # Errors
    /// [`NoShift`] if no draw does.
    pub fn for_patient(
        key: &ProjectKey,
        person: &IdentityKey,
        original_dates: &BTreeSet<Date>,
    ) -> Result<Self, NoShift> {
        let span = SHIFT_DAYS.end().abs_diff(*SHIFT_DAYS.start()) + 1;
        for draw in 0..DRAWS {
            let draw = draw.to_be_bytes();
            let mut message = person.message();
            message.push(&draw);
            let mac = key.mac(KeyUse::Shift, &message);
            let bits = mac.iter().take(8).fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
            let days = -(*SHIFT_DAYS.start()) - (bits % u64::from(span)) as i32;
            let shift = Self { days };
            if shift.clear_of(original_dates) {
                return Ok(shift);
            }
        }
        Err(NoShift)
    }

    /// A placeholder of the year 1 cannot move and does not matter.
    fn clear_of(self, dates: &BTreeSet<Date>) -> bool {
        dates.iter().filter_map(|&date| self.apply(date)).all(|moved| !dates.contains(&moved))
    }

    /// The shifted date; `None` only for dates before the year 11.
    pub fn apply(self, date: Date) -> Option<Date> {
        date.plus_days(self.days)
    }

    /// The shift for one study of the patient, whose distance from the first is rounded.
    pub(super) const fn plus(self, days: i32) -> Self {
        Self { days: self.days + days }
    }

    /// Days, negative: for the linking table.
    pub const fn days(self) -> i32 {
        self.days
    }
}

impl fmt::Debug for DateShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DateShift(‹hidden›)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::super::identity::PatientIdentity;
    use super::*;

    fn person(id: &str) -> IdentityKey {
        PatientIdentity { patient_id: id.to_owned().into(), ..Default::default() }.key()
    }

    fn date(text: &str) -> Date {
        Date::parse_da(text).unwrap()
    }

    #[test]
    fn shifts_stay_in_range_and_differ_between_patients_and_keys() {
        let key = ProjectKey::from_entropy([1; 32]);
        let none = BTreeSet::new();
        let days: BTreeSet<i32> = (0..2000)
            .map(|i| DateShift::for_patient(&key, &person(&format!("P{i}")), &none).unwrap().days())
            .collect();
        assert!(days.iter().all(|d| (-3650..=-365).contains(d)));
        // 2000 draws from 3286 values: 1496 distinct expected, sd 21.
        assert!((1390..1600).contains(&days.len()), "{}", days.len());
        let other = ProjectKey::from_entropy([2; 32]);
        assert_ne!(
            DateShift::for_patient(&key, &person("A"), &none).unwrap().days(),
            DateShift::for_patient(&other, &person("A"), &none).unwrap().days()
        );
    }

    #[test]
    fn a_shifted_date_that_equals_an_original_is_drawn_again() {
        let key = ProjectKey::from_entropy([1; 32]);
        let study = date("20180312");
        let first = DateShift::for_patient(&key, &person("A"), &BTreeSet::from([study])).unwrap();
        let hit = first.apply(study).unwrap();
        let dates = BTreeSet::from([study, hit]);
        let again = DateShift::for_patient(&key, &person("A"), &dates).unwrap();
        assert_ne!(again.days(), first.days());
        for &d in &dates {
            assert!(!dates.contains(&again.apply(d).unwrap()));
        }
    }

    #[test]
    fn intervals_stay() {
        let key = ProjectKey::from_entropy([3; 32]);
        let (a, b) = (date("20180312"), date("20180716"));
        let shift = DateShift::for_patient(&key, &person("A"), &BTreeSet::from([a, b])).unwrap();
        assert_eq!(shift.apply(b).unwrap().days_since(shift.apply(a).unwrap()), 126);
    }

    #[test]
    fn a_placeholder_date_of_the_year_1_does_not_stop_the_shift() {
        let key = ProjectKey::from_entropy([3; 32]);
        let dates = BTreeSet::from([date("00010101"), date("20180312")]);
        assert!(DateShift::for_patient(&key, &person("A"), &dates).is_ok());
    }

    #[test]
    fn every_day_taken_is_said_and_does_not_hang() {
        let key = ProjectKey::from_entropy([3; 32]);
        let first = date("19900101");
        let dates: BTreeSet<Date> = (0..8000).filter_map(|d| first.plus_days(d)).collect();
        assert_eq!(DateShift::for_patient(&key, &person("A"), &dates), Err(NoShift));
    }
}
