//! A wrapper for what identifies a patient. In: a value read from a file or typed by the user.
//! Out: the value, but only through [`Identified::reveal`], with the purpose named at the call.
//! Never: printed, logged or serialised; there is no `Display` and no `Serialize`, and `Debug`
//! shows a placeholder.

use std::fmt;

/// Why identified content is looked at. Search the code for `reveal(` to audit every use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To show it to the user who brought it, on screen only.
    Screen,
    /// To group, sort or decide (roles, studies, sessions) in memory.
    Decide,
    /// To derive a pseudonym or a date shift under the project key.
    Pseudonym,
    /// To search outputs for it.
    Check,
    /// To write the linking table or mapping that the user asked for.
    LinkingTable,
    /// To write a working plan or file map that the user explicitly asked for.
    OnRequest,
}

/// A value that identifies a patient, or may.
///
/// ```
/// use hepatica::deid::{Identified, Purpose};
/// let name = Identified::new(String::from("DOE^JANE"));
/// assert_eq!(format!("{name:?}"), "‹identified›");
/// assert_eq!(name.reveal(Purpose::Screen), "DOE^JANE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Identified<T>(T);

impl<T> Identified<T> {
    /// Marks a value as identified.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The content, for a stated purpose.
    pub const fn reveal(&self, _purpose: Purpose) -> &T {
        &self.0
    }

    /// The content by value, for a stated purpose.
    pub fn into_revealed(self, _purpose: Purpose) -> T {
        self.0
    }

    /// Another value derived from this one, identified as well.
    pub fn map<U>(self, derive: impl FnOnce(T) -> U) -> Identified<U> {
        Identified(derive(self.0))
    }

    /// A view of the content, identified as well.
    pub const fn as_ref(&self) -> Identified<&T> {
        Identified(&self.0)
    }
}

impl<T> From<T> for Identified<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Identified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹identified›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_containing_struct_shows_no_content() {
        #[derive(Debug)]
        #[allow(dead_code, reason = "only its Debug text is looked at")]
        struct Holder {
            name: Identified<&'static str>,
        }
        let text = format!("{:?}", Holder { name: Identified::new("DOE^JANE") });
        assert!(!text.contains("DOE"), "{text}");
    }
}
