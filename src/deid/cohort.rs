//! Small cohorts: who can be told by combining what stays. In: of each patient, the traits that leave (sex,
//! age, devices, days between studies). Out: how many are the only ones of their kind, and how many would be
//! if the traits were coarser. Never: who; and never says that nobody can be recognised.
//!
//! The method is counting equal traits (k-anonymity, Sweeney 2002), for the traits that images need; what
//! else is known of a patient to the one who looks is not known here.

use super::ages::Age;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How coarse ages are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeSteps {
    /// As the output has them: years in DICOM, five-year bands in tables.
    #[default]
    AsTheyAre,
    /// Five-year bands.
    Five,
    /// Ten-year bands.
    Ten,
}

impl AgeSteps {
    /// Years of a band.
    pub const fn years(self) -> u8 {
        match self {
            Self::AsTheyAre => 1,
            Self::Five => 5,
            Self::Ten => 10,
        }
    }

    /// The first year of an age's band; everyone of 90 and over is in one.
    pub fn floor(self, age: Age) -> u8 {
        if age.years() >= Age::CAP { Age::CAP } else { age.years() / self.years() * self.years() }
    }
}

/// What is made coarser than the policy has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Coarsening {
    /// Ages.
    pub age: AgeSteps,
    /// Make, model and software of the scanner go.
    pub device: bool,
    /// Days between a patient's studies are rounded to weeks.
    pub weeks: bool,
}

impl Coarsening {
    /// Days from the first study as they are written.
    pub const fn days(self, days: i64) -> i64 {
        if self.weeks { (days + 3).div_euclid(7) * 7 } else { days }
    }

    /// What it does, in words; empty for nothing.
    pub fn words(self) -> String {
        let age = match self.age {
            AgeSteps::AsTheyAre => None,
            AgeSteps::Five => Some("ages in bands of five years"),
            AgeSteps::Ten => Some("ages in bands of ten years"),
        };
        let device = self.device.then_some("no make or model of the scanner");
        let weeks = self.weeks.then_some("days between studies rounded to weeks");
        age.into_iter().chain(device).chain(weeks).collect::<Vec<_>>().join(", ")
    }
}

/// A word that names no coarsening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("coarser are: age5, age10, device, weeks")]
pub struct NoCoarsening;

impl std::str::FromStr for Coarsening {
    type Err = NoCoarsening;

    /// Words parted by commas: `age5` or `age10`, `device`, `weeks`.
    fn from_str(text: &str) -> Result<Self, NoCoarsening> {
        let mut made = Self::default();
        for word in text.split(',').map(str::trim) {
            match word {
                "age5" => made.age = AgeSteps::Five,
                "age10" => made.age = AgeSteps::Ten,
                "device" => made.device = true,
                "weeks" => made.weeks = true,
                _ => return Err(NoCoarsening),
            }
        }
        Ok(made)
    }
}

/// What stays of a patient and may tell one from another. Identified, as long as it isn't coarse enough.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Traits {
    /// `M`, `F`, `O`; `None` where it isn't written.
    pub sex: Option<char>,
    /// At the first study; `None` where it isn't written.
    pub age: Option<Age>,
    /// Makes and models of scanners; empty where they aren't written.
    pub devices: BTreeSet<String>,
    /// Days from the first study to each, the first included; empty where they aren't written.
    pub days: BTreeSet<i64>,
}

impl std::fmt::Debug for Traits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traits").finish_non_exhaustive()
    }
}

impl Traits {
    fn key(&self, coarse: Coarsening) -> (Option<char>, Option<u8>, Vec<&str>, BTreeSet<i64>) {
        let devices =
            if coarse.device { Vec::new() } else { self.devices.iter().map(String::as_str).collect() };
        let days = self.days.iter().map(|days| coarse.days(*days)).collect();
        (self.sex, self.age.map(|age| coarse.age.floor(age)), devices, days)
    }
}

/// How many patients of a cohort stand alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallCohort {
    /// Patients.
    pub patients: u64,
    /// The only ones with their combination of traits, as they are written.
    pub unique: u64,
    /// The fewest patients that share a combination.
    pub smallest_group: u64,
    /// What was made coarser already.
    pub coarsened: String,
    /// What could be, and how many would then be unique; nothing where all share theirs with somebody.
    pub offers: Vec<Offer>,
}

/// A coarsening and its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What.
    pub coarsening: Coarsening,
    /// The same in words.
    pub words: String,
    /// Patients that would be unique.
    pub unique: u64,
}

/// The offers: each alone, then together.
const OFFERS: [Coarsening; 6] = [
    Coarsening { age: AgeSteps::Five, device: false, weeks: false },
    Coarsening { age: AgeSteps::Ten, device: false, weeks: false },
    Coarsening { age: AgeSteps::AsTheyAre, device: true, weeks: false },
    Coarsening { age: AgeSteps::AsTheyAre, device: false, weeks: true },
    Coarsening { age: AgeSteps::Five, device: false, weeks: true },
    Coarsening { age: AgeSteps::Ten, device: true, weeks: true },
];

impl SmallCohort {
    /// Counts a cohort as it is written under `coarse`; offers go on from there, and only those that help.
    pub fn of(traits: &[Traits], coarse: Coarsening) -> Self {
        let (unique, smallest_group) = counted(traits, coarse);
        let mut offers: Vec<Offer> = Vec::new();
        for offer in OFFERS.into_iter().filter(|_| unique > 0) {
            let joined = Coarsening {
                age: coarse.age.max(offer.age),
                device: coarse.device || offer.device,
                weeks: coarse.weeks || offer.weeks,
            };
            let (would_be, _) = counted(traits, joined);
            if would_be < unique && offers.iter().all(|known| known.unique > would_be) {
                offers.push(Offer { coarsening: joined, words: joined.words(), unique: would_be });
            }
        }
        Self { patients: traits.len() as u64, unique, smallest_group, coarsened: coarse.words(), offers }
    }

    /// A warning for people; `None` where nobody stands alone.
    pub fn warning(&self) -> Option<String> {
        if self.unique == 0 {
            return None;
        }
        let mut text = format!(
            "{} of {} patients are the only ones with their sex, age, scanner and days between studies",
            self.unique, self.patients
        );
        for offer in &self.offers {
            text += &format!("; {} would be with {}", offer.unique, offer.words);
        }
        Some(text)
    }
}

/// Patients that share their traits with nobody, and the size of the smallest group.
fn counted(traits: &[Traits], coarse: Coarsening) -> (u64, u64) {
    let mut groups: BTreeMap<_, u64> = BTreeMap::new();
    for one in traits {
        *groups.entry(one.key(coarse)).or_default() += 1;
    }
    let alone = groups.values().filter(|count| **count == 1).count() as u64;
    (alone, groups.values().min().copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    fn one(sex: char, age: u32, device: &str, days: &[i64]) -> Traits {
        Traits {
            sex: Some(sex),
            age: Some(Age::from_years(age)),
            devices: [device.to_owned()].into(),
            days: days.iter().copied().collect(),
        }
    }

    #[test]
    fn unique_ones_are_counted_and_each_offer_is_computed() {
        let cohort = [
            one('F', 61, "A", &[0]),
            one('F', 64, "A", &[0]),
            one('M', 52, "A", &[0, 90]),
            one('M', 52, "A", &[0, 92]),
            one('M', 71, "B", &[0]),
        ];
        let small = SmallCohort::of(&cohort, Coarsening::default());
        assert_eq!((small.patients, small.unique, small.smallest_group), (5, 5, 1));
        let offered: Vec<(&str, u64)> = small.offers.iter().map(|o| (o.words.as_str(), o.unique)).collect();
        assert_eq!(
            offered,
            [
                ("ages in bands of five years", 3),
                ("ages in bands of five years, days between studies rounded to weeks", 1),
            ]
        );
        let coarse = SmallCohort::of(&cohort, "age5,weeks".parse().unwrap());
        assert_eq!((coarse.unique, coarse.offers.len()), (1, 0));
        assert!(coarse.warning().unwrap().starts_with("1 of 5 patients"));
    }

    #[test]
    fn a_cohort_of_equals_needs_no_warning() {
        let cohort = [one('F', 61, "A", &[0]), one('F', 61, "A", &[0])];
        let small = SmallCohort::of(&cohort, Coarsening::default());
        assert_eq!((small.unique, small.smallest_group, small.warning()), (0, 2, None));
        assert!(SmallCohort::of(&[], Coarsening::default()).warning().is_none());
    }

    #[test]
    fn bands_and_weeks_round_as_they_say() {
        assert_eq!(AgeSteps::Ten.floor(Age::from_years(69)), 60);
        assert_eq!(AgeSteps::Five.floor(Age::from_years(99)), 90);
        let weeks: Coarsening = "weeks".parse().unwrap();
        assert_eq!([-4, -3, 0, 3, 4, 90, 92].map(|d| weeks.days(d)), [-7, 0, 0, 0, 7, 91, 91]);
        assert_eq!("age7".parse::<Coarsening>(), Err(NoCoarsening));
    }
}
