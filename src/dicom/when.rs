//! Moments in a header as seconds that can be compared: DA and TM of PS3.5 §6.2, tolerantly.

/// Days from 1970-01-01 of a DA (`YYYYMMDD`, or the old `YYYY.MM.DD`); `None` if it is no date.
pub(crate) fn days(date: &str) -> Option<i64> {
    let digits: String = date.chars().filter(|c| c.is_ascii_digit()).take(8).collect();
    if digits.len() < 8 {
        return None;
    }
    let year: i64 = digits.get(..4)?.parse().ok()?;
    let month: i64 = digits.get(4..6)?.parse().ok()?;
    let day: i64 = digits.get(6..8)?.parse().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days from civil, after Howard Hinnant's "chrono-compatible low-level date algorithms".
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Seconds from midnight of a TM (`HHMMSS.FFFFFF`, shorter, or with colons).
pub(crate) fn seconds(time: &str) -> Option<f64> {
    // A time zone offset (`&ZZXX` of DT) is left aside: it is the same within a study.
    let clock = time.split(['+', '-']).next().unwrap_or_default();
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize| digits.get(from..from + 2).map_or(Some(0), |s| s.parse::<u32>().ok());
    let hours = digits.get(..2)?.parse::<u32>().ok()?;
    let fraction: f64 = format!("0.{}", fraction.trim()).parse().unwrap_or(0.0);
    let total = f64::from(hours * 3600 + part(2)? * 60 + part(4)?) + fraction;
    (hours < 24).then_some(total)
}

/// Seconds from 1970-01-01, of a date and a time of day.
pub(crate) fn moment(date: &str, time: &str) -> Option<f64> {
    Some(days(date).unwrap_or(0) as f64 * 86_400.0 + seconds(time)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_days_from_the_epoch() {
        assert_eq!(days("19700101"), Some(0));
        assert_eq!(days("2000.03.01"), Some(11_017));
        assert_eq!(days("20241301"), None);
        assert_eq!(days("2024"), None);
    }

    #[test]
    fn times_may_be_short_or_have_colons() {
        assert_eq!(seconds("0730"), Some(27_000.0));
        assert_eq!(seconds("07:30:15.5"), Some(27_015.5));
        assert_eq!(seconds("073015.250000"), Some(27_015.25));
        assert_eq!(seconds("9"), None);
        assert_eq!(seconds("250000"), None);
    }
}
