//! Calendar dates and times as DICOM writes and scanners bend them. In: texts of VR DA, TM and DT
//! (PS3.5 section 6.2), also the dotted dates of ACR-NEMA, colons, missing parts. Out: [`Date`],
//! [`TimeOfDay`], [`DateTime`] with exact differences. Never: an impossible date, the clock, a
//! time-zone database; nor a date in a `Debug` text, since a date may identify.

use std::fmt;

/// A day of the proleptic Gregorian calendar, years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

impl Date {
    /// The date of a year (1–9999), month (1–12) and day, if there is one.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if !(1..=days_in_month(year, month)).contains(&day) {
            return None;
        }
        // Days from civil, after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let month_from_march = (month as i32 + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self { days: era * 146_097 + day_of_era - 719_468 })
    }

    /// Year, month, day.
    pub fn ymd(self) -> (i32, u32, u32) {
        let z = self.days + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month as u32, day as u32)
    }

    /// Reads VR DA: `20180312`, and what else is met in its place: `2018.03.12` (ACR-NEMA 2.0),
    /// `2018-03-12`, `2018/03/12`, with padding. Anything else is `None`, `00000000` too.
    pub fn parse_da(text: &str) -> Option<Self> {
        let text = trim(text);
        let bytes = text.as_bytes();
        let digits: String = match bytes.len() {
            8 => text.to_owned(),
            10 => {
                let (a, b) = (*bytes.get(4)?, *bytes.get(7)?);
                if a != b || !matches!(a, b'.' | b'-' | b'/' | b':') {
                    return None;
                }
                format!("{}{}{}", text.get(..4)?, text.get(5..7)?, text.get(8..)?)
            }
            _ => return None,
        };
        Self::from_digits(&digits)
    }

    fn from_digits(digits: &str) -> Option<Self> {
        if digits.len() != 8 {
            return None;
        }
        let year = number(digits.get(..4)?)?;
        Self::from_ymd(year as i32, number(digits.get(4..6)?)?, number(digits.get(6..)?)?)
    }

    /// The date `days` later (earlier when negative), if the calendar has it.
    pub fn plus_days(self, days: i32) -> Option<Self> {
        let moved = Self { days: self.days.checked_add(days)? };
        // 0001-01-01 and 9999-12-31.
        (-719_162..=2_932_896).contains(&moved.days).then_some(moved)
    }

    /// Days from `earlier` to `self`; negative if `self` comes first.
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.days - earlier.days
    }

    /// As DICOM writes it: `20180312`.
    pub fn to_da(self) -> String {
        let (year, month, day) = self.ymd();
        format!("{year:04}{month:02}{day:02}")
    }

    /// As ISO 8601 and BIDS write it: `2018-03-12`.
    pub fn to_iso(self) -> String {
        let (year, month, day) = self.ymd();
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Date(‹hidden›)")
    }
}

/// Whole days from `earlier` to `later`.
pub const fn days_between(earlier: Date, later: Date) -> i32 {
    later.days_since(earlier)
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A time of day in microseconds since midnight; a leap second counts as 60.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    micros: u64,
}

impl TimeOfDay {
    /// Reads VR TM: `HH[MM[SS[.F…]]]`, also with colons (ACR-NEMA 2.0) and with padding.
    pub fn parse_tm(text: &str) -> Option<Self> {
        let text = trim(text);
        let (whole, fraction) = match text.split_once(['.', ',']) {
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let digits = if whole.contains(':') {
            let parts: Vec<&str> = whole.split(':').collect();
            if parts.len() > 3 || parts.iter().any(|part| part.len() != 2) {
                return None;
            }
            parts.concat()
        } else {
            whole.to_owned()
        };
        if !matches!(digits.len(), 2 | 4 | 6) || (!fraction.is_empty() && digits.len() != 6) {
            return None;
        }
        let part = |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), number);
        let (hours, minutes, seconds) = (part(0..2)?, part(2..4)?, part(4..6)?);
        if hours > 23 || minutes > 59 || seconds > 60 {
            return None;
        }
        let micros = micros_of(fraction)?;
        let whole = (u64::from(hours) * 60 + u64::from(minutes)) * 60 + u64::from(seconds);
        Some(Self { micros: whole * 1_000_000 + u64::from(micros) })
    }

    /// Microseconds since midnight.
    pub const fn micros(self) -> u64 {
        self.micros
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> f64 {
        self.micros as f64 / 1e6
    }

    /// Hours, minutes, whole seconds, microseconds.
    pub const fn hms_micros(self) -> (u64, u64, u64, u64) {
        let seconds = self.micros / 1_000_000;
        // The leap second 23:59:60 stays in its day.
        let (hours, rest) =
            if seconds >= 86_400 { (23, seconds - 82_800) } else { (seconds / 3600, seconds % 3600) };
        let (minutes, rest) = if rest >= 3600 { (59, rest - 3540) } else { (rest / 60, rest % 60) };
        (hours, minutes, rest, self.micros % 1_000_000)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimeOfDay(‹hidden›)")
    }
}

/// A date, perhaps with a time of day, perhaps with an offset from UTC (VR DT).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The local date.
    pub date: Date,
    /// The local time, where given.
    pub time: Option<TimeOfDay>,
    /// Minutes east of UTC, where given.
    pub offset_minutes: Option<i32>,
}

impl DateTime {
    /// Reads VR DT: `YYYYMMDD[HH[MM[SS[.F…]]]][±ZZXX]`, also ISO 8601's `2018-03-12T10:11:12Z`.
    /// A text with only a year or a month names no day and is `None`.
    pub fn parse_dt(text: &str) -> Option<Self> {
        let text = trim(text);
        let (text, utc) = match text.strip_suffix(['Z', 'z']) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        // The sign of an offset stands after the date, which may hold '-' itself.
        let date_length = if text.as_bytes().get(4).is_some_and(u8::is_ascii_digit) { 8 } else { 10 };
        let date = Date::parse_da(text.get(..date_length)?)?;
        let rest = text.get(date_length..)?.trim_start_matches(['T', 't', ' ']);
        let (time, offset) = match rest.find(['+', '-']) {
            Some(at) => (rest.get(..at)?, Some(rest.get(at..)?)),
            None => (rest, None),
        };
        let time = if time.is_empty() { None } else { Some(TimeOfDay::parse_tm(time)?) };
        let offset_minutes = match offset {
            None => utc.then_some(0),
            Some(offset) => Some(parse_offset(offset)?),
        };
        Some(Self { date, time, offset_minutes })
    }

    /// A date and a time from their two elements.
    pub const fn of(date: Date, time: Option<TimeOfDay>) -> Self {
        Self { date, time, offset_minutes: None }
    }

    /// Seconds from `earlier` to `self`, midnights between counted; `None` unless both have times.
    /// Offsets are used only if both have one.
    pub fn seconds_since(self, earlier: Self) -> Option<f64> {
        let micros = i128::from(self.time?.micros()) - i128::from(earlier.time?.micros());
        let days = i128::from(self.date.days_since(earlier.date));
        let zone = match (self.offset_minutes, earlier.offset_minutes) {
            (Some(this), Some(that)) => i128::from(that - this) * 60,
            _ => 0,
        };
        Some((micros + (days * 86_400 + zone) * 1_000_000) as f64 / 1e6)
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DateTime(‹hidden›)")
    }
}

/// Reads `±ZZXX` as in TimezoneOffsetFromUTC (0008,0201) and VR DT, −1200 to +1400, in minutes.
pub fn parse_offset(text: &str) -> Option<i32> {
    let text = trim(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 {
        return None;
    }
    let (hours, minutes) = (number(digits.get(..2)?)?, number(digits.get(2..)?)?);
    let total = sign * (hours * 60 + minutes) as i32;
    (minutes < 60 && (-720..=840).contains(&total)).then_some(total)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0')
}

fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Microseconds of a decimal fraction's digits; more than six are cut.
fn micros_of(fraction: &str) -> Option<u32> {
    if fraction.is_empty() {
        return Some(0);
    }
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    use super::*;
    use proptest::prelude::*;

    fn iso(text: &str) -> Option<String> {
        Date::parse_da(text).map(Date::to_iso)
    }

    #[test]
    fn dates_as_archives_write_them() {
        assert_eq!(iso("19970704").as_deref(), Some("1997-07-04"));
        assert_eq!(iso("1997.07.04").as_deref(), Some("1997-07-04"));
        assert_eq!(iso("1997-07-04 ").as_deref(), Some("1997-07-04"));
        assert_eq!(iso("20000229\0").as_deref(), Some("2000-02-29"));
        for none in [
            "",
            "00000000",
            "19000229",
            "20181301",
            "2018031",
            "20180312-20180401",
            "1997.07-04",
            "２０１８０３１２",
            "2018 312",
            "+2018031",
        ] {
            assert_eq!(iso(none), None, "{none:?}");
        }
    }

    #[test]
    fn times_as_archives_write_them() {
        let seconds = |text| TimeOfDay::parse_tm(text).map(TimeOfDay::seconds);
        assert_eq!(seconds("10"), Some(36_000.0));
        assert_eq!(seconds("1011"), Some(36_660.0));
        assert_eq!(seconds("101112.5"), Some(36_672.5));
        assert_eq!(seconds("10:11:12.123456789"), Some(36_672.123456));
        assert_eq!(seconds("235960"), Some(86_400.0));
        for none in ["", "24", "1060", "101161", "10.5", "1011.5", "1:2:3", "101112.x"] {
            assert_eq!(seconds(none), None, "{none:?}");
        }
        assert_eq!(TimeOfDay::parse_tm("235960").unwrap().hms_micros(), (23, 59, 60, 0));
        assert_eq!(TimeOfDay::parse_tm("101112.000345").unwrap().hms_micros(), (10, 11, 12, 345));
    }

    #[test]
    fn intervals_run_over_midnight_and_time_zones() {
        let at = |text| DateTime::parse_dt(text).unwrap();
        assert_eq!(at("20180313000010").seconds_since(at("20180312235950.5")), Some(19.5));
        assert_eq!(at("20180312120000+0200").seconds_since(at("20180312100000+0000")), Some(0.0));
        assert_eq!(at("2018-03-12T10:00:00Z").seconds_since(at("20180312110000+0100")), Some(0.0));
        assert_eq!(at("2018-03-12T10:00:00-0530").offset_minutes, Some(-330));
        assert_eq!(at("20180312").seconds_since(at("20180312")), None);
        for none in
            ["2018", "201803", "20180312x", "20180312250000", "20180312+2500", "", "20180312101112+02"]
        {
            assert!(DateTime::parse_dt(none).is_none(), "{none:?}");
        }
    }

    #[test]
    fn debug_shows_no_date() {
        let at = DateTime::parse_dt("20180312101112").unwrap();
        assert!(!format!("{at:?} {:?} {:?}", at.date, at.time).contains("2018"));
    }

    #[test]
    fn known_day_numbers() {
        // Python: date(2026, 11, 23).toordinal() - date(1970, 1, 1).toordinal() = 20780
        assert_eq!(Date::from_ymd(2026, 11, 23).unwrap().days, 20_780);
        assert_eq!(Date::from_ymd(1, 1, 1).unwrap().days, -719_162);
        assert_eq!(Date::from_ymd(9999, 12, 31).unwrap().days, 2_932_896);
    }

    proptest! {
        #[test]
        fn every_day_round_trips(days in -719_162i32..=2_932_896) {
            let date = Date { days };
            let (y, m, d) = date.ymd();
            prop_assert!(Date::from_ymd(y, m, d) == Some(date));
            prop_assert!(Date::parse_da(&date.to_da()) == Some(date));
            prop_assert!(Date::parse_da(&date.to_iso()) == Some(date));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = (Date::parse_da(&text), TimeOfDay::parse_tm(&text), DateTime::parse_dt(&text), parse_offset(&text));
        }
    }
}
