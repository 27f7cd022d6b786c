//! Who reads: a pseudonymous code.
//!
//! In: what was typed. Out: a code that can be no name, since it has no room for one; or why it is none. It goes
//! into file names and tables of the data set, so it is held to what BIDS allows there.

use thiserror::Error;

/// Why a code was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RaterError {
    /// Too long, or empty.
    #[error("a rater's code has 1 to 6 letters and digits, such as a, b2 or 017")]
    Length,
    /// Something that is neither letter nor digit.
    #[error("a rater's code has letters a to z and digits only, such as a, b2 or 017")]
    Character,
    /// Letters enough for a name.
    #[error("a rater's code has no more than two letters in a row: it must be no name")]
    Name,
}

/// A rater's code, `rater-a`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rater(String);

/// What every code begins with.
const PREFIX: &str = "rater-";

/// Characters behind it.
const LONGEST: usize = 6;

/// Letters in a row.
const LETTERS: usize = 2;

impl Default for Rater {
    fn default() -> Self {
        Self("rater-a".to_owned())
    }
}

impl Rater {
    /// Reads a code, with or without `rater-` before it; capitals are taken as small letters.
    ///
    /// # Errors
    /// [`RaterError`].
    pub fn parse(typed: &str) -> Result<Self, RaterError> {
        let typed = typed.trim().to_ascii_lowercase();
        let own = typed.strip_prefix(PREFIX).unwrap_or(&typed);
        if !own.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Err(RaterError::Character);
        }
        if !(1..=LONGEST).contains(&own.len()) {
            return Err(RaterError::Length);
        }
        if own.split(|c: char| c.is_ascii_digit()).any(|letters| letters.len() > LETTERS) {
            return Err(RaterError::Name);
        }
        Ok(Self(format!("{PREFIX}{own}")))
    }

    /// `rater-a`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn codes_have_no_room_for_a_name() {
        for (typed, code) in
            [("a", "rater-a"), (" B2 ", "rater-b2"), ("rater-017", "rater-017"), ("k3q9dx", "rater-k3q9dx")]
        {
            assert_eq!(Rater::parse(typed).unwrap().as_str(), code);
        }
        for name in ["anna", "rater-li3tom", "Dr7smi", "abc"] {
            assert_eq!(Rater::parse(name), Err(RaterError::Name), "{name}");
        }
        for typed in ["", "rater-", "1234567"] {
            assert_eq!(Rater::parse(typed), Err(RaterError::Length), "{typed}");
        }
        for typed in ["a b", "a/b", "ä", "a-b", "../x"] {
            assert_eq!(Rater::parse(typed), Err(RaterError::Character), "{typed}");
        }
    }
}
