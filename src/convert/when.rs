//! Moments in a header as seconds that can be compared.

use crate::deid::{Date, TimeOfDay};

/// Days from 1970-01-01 of a DA; `None` if it is no date.
pub(crate) fn days(date: &str) -> Option<i64> {
    let epoch = Date::from_ymd(1970, 1, 1)?;
    Some(i64::from(Date::parse_da(date)?.days_since(epoch)))
}

/// Seconds from 1970-01-01 of a date (or, where it is none, of that day) and a time of day.
pub(crate) fn moment(date: &str, time: &str) -> Option<f64> {
    Some(days(date).unwrap_or(0) as f64 * 86_400.0 + TimeOfDay::parse_tm(time)?.seconds())
}
