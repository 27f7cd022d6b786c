//! Ages. In: VR AS texts, or birth and study dates. Out: whole years and five-year bands, with
//! everyone of 90 and over in one band (45 CFR 164.514(b)(2)(i)(C)). Never: a birth date.

use super::date::Date;
use std::fmt;

/// An age in whole years, capped: 90 stands for 90 and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age {
    years: u8,
}

impl Age {
    /// The cap: ages over 89 are one group.
    pub const CAP: u8 = 90;

    /// An age of whole years.
    pub fn from_years(years: u32) -> Self {
        Self { years: years.min(u32::from(Self::CAP)) as u8 }
    }

    /// Reads VR AS: `045Y`, `018M`, `006W`, `123D`; also fewer or more digits, lower case, and a
    /// bare number of up to three digits as years.
    pub fn parse_as(text: &str) -> Option<Self> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let (digits, unit) = match text.char_indices().last()? {
            (at, unit) if unit.is_ascii_alphabetic() => (text.get(..at)?.trim(), unit),
            _ => (text, 'Y'),
        };
        if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: u32 = digits.parse().ok()?;
        let years = match unit.to_ascii_uppercase() {
            'Y' => number,
            'M' => number / 12,
            'W' => number * 7 / 365,
            'D' => number / 365,
            _ => return None,
        };
        // 150 years is nobody's age: 999Y is how some archives write "unknown".
        (years <= 150).then(|| Self::from_years(years))
    }

    /// The age at `on` of someone born on `birth`; `None` if not yet born or over 150.
    pub fn at(birth: Date, on: Date) -> Option<Self> {
        let ((by, bm, bd), (y, m, d)) = (birth.ymd(), on.ymd());
        let years = y - by - i32::from((m, d) < (bm, bd));
        (0..=150).contains(&years).then(|| Self::from_years(years as u32))
    }

    /// Whole years; [`Age::CAP`] means that and more.
    pub const fn years(self) -> u8 {
        self.years
    }

    /// The five-year band: `60-64`, or `90+`.
    pub fn band(self) -> String {
        self.band_of(5)
    }

    /// The band of so many years, at least one.
    pub fn band_of(self, years: u8) -> String {
        if self.years >= Self::CAP {
            return format!("{}+", Self::CAP);
        }
        let years = years.max(1);
        let low = self.years / years * years;
        format!("{low}-{}", low.saturating_add(years - 1))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.years >= Self::CAP { "+" } else { "" };
        write!(f, "{}{more}", self.years)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;

    #[test]
    fn age_strings_as_scanners_write_them() {
        let years = |text| Age::parse_as(text).map(Age::years);
        assert_eq!(years("045Y"), Some(45));
        assert_eq!(years("018M"), Some(1));
        assert_eq!(years("006W"), Some(0));
        assert_eq!(years("800D"), Some(2));
        assert_eq!(years("45"), Some(45));
        assert_eq!(years(" 45y "), Some(45));
        for none in ["", "Y", "XXY", "999Y", "-45Y", "４５Y", "45Q"] {
            assert_eq!(years(none), None, "{none:?}");
        }
    }

    #[test]
    fn over_89_is_one_group_whatever_the_source() {
        let age = |text| Age::parse_as(text).unwrap();
        assert_eq!(age("089Y").band(), "85-89");
        assert_eq!(age("090Y").band(), "90+");
        assert_eq!(age("104Y"), age("091Y"));
        assert_eq!(age("104Y").to_string(), "90+");
        let date = |y, m, d| Date::from_ymd(y, m, d).unwrap();
        assert_eq!(Age::at(date(1920, 1, 1), date(2018, 3, 12)).unwrap().to_string(), "90+");
    }

    #[test]
    fn birthdays_are_counted_to_the_day() {
        let date = |y, m, d| Date::from_ymd(y, m, d).unwrap();
        let born = date(1956, 2, 29);
        assert_eq!(Age::at(born, date(2018, 2, 28)).unwrap().years(), 61);
        assert_eq!(Age::at(born, date(2018, 3, 1)).unwrap().years(), 62);
        assert_eq!(Age::at(born, date(1955, 1, 1)), None);
        assert_eq!(Age::from_years(64).band(), "60-64");
        assert_eq!(Age::from_years(0).band(), "0-4");
    }
}
