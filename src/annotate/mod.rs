//! Annotating: a case in panes, and the editor on it.

pub mod editor;
