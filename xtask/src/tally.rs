//! Counts tests from what their runners print.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that passed or failed as a whole.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed), skipped: 0 }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// `12 passed, 0 failed`, and `, 3 skipped` where some were.
impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(out, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// Listens to `cargo test`: a `running N tests` and a `test result: …` for each binary.
#[derive(Debug, Default)]
pub(crate) struct CargoTests {
    tally: Tally,
    begun: u64,
    ended: u64,
}

impl CargoTests {
    pub(crate) fn line(&mut self, line: &str) {
        if line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test")) {
            self.begun += 1;
        }
        if let Some(result) = line.strip_prefix("test result: ") {
            self.ended += 1;
            self.tally.add(Tally {
                passed: figure(result, "passed"),
                failed: figure(result, "failed"),
                skipped: figure(result, "ignored"),
            });
        }
    }

    /// The count. A binary that began and never gave a result has crashed: one failure. So is a bad
    /// status without any failed test: something did not compile.
    pub(crate) fn end(self, succeeded: bool) -> Tally {
        let mut tally = self.tally;
        tally.failed += self.begun.saturating_sub(self.ended);
        if !succeeded && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }
}

/// Listens to the browser tests: one last line `result: N passed; N failed; N skipped`.
#[derive(Debug, Default)]
pub(crate) struct BrowserTests(Option<Tally>);

impl BrowserTests {
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("result: ") {
            self.0 = Some(Tally {
                passed: figure(result, "passed"),
                failed: figure(result, "failed"),
                skipped: figure(result, "skipped"),
            });
        }
    }

    /// The count; a runner that gave no result, or failed without a failed test, is a failure.
    pub(crate) fn end(self, succeeded: bool) -> Tally {
        let mut tally = self.0.unwrap_or_default();
        if (self.0.is_none() || !succeeded) && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }
}

/// The number before a word: `figure("ok. 12 passed; 0 failed", "passed")` is 12.
fn figure(text: &str, word: &str) -> u64 {
    text.split([';', '.', ','])
        .filter_map(|part| part.trim().strip_suffix(word))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

/// The Rust tests that said, in the file `HEPATICA_SKIPS`, that their data is absent: cargo counts
/// them as passed. A line each, `name<TAB>reason`.
pub(crate) fn skips(file: &Path) -> BTreeSet<(String, String)> {
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, reason)| (name.to_owned(), reason.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cargo(lines: &[&str], succeeded: bool) -> String {
        let mut tests = CargoTests::default();
        for line in lines {
            tests.line(line);
        }
        tests.end(succeeded).to_string()
    }

    const GOOD: [&str; 2] = [
        "running 3 tests",
        "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
    ];

    #[test]
    fn tests_of_several_binaries_add_up() {
        let lines = [GOOD, GOOD].concat();
        assert_eq!(cargo(&lines, true), "4 passed, 0 failed, 2 skipped");
    }

    #[test]
    fn a_binary_that_crashes_is_a_failure() {
        let lines = [&GOOD[..], &["running 5 tests", "test a ... ok"]].concat();
        assert_eq!(cargo(&lines, false), "2 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn what_does_not_compile_is_a_failure() {
        assert_eq!(cargo(&[], false), "0 passed, 1 failed");
    }

    #[test]
    fn a_browser_run_without_a_result_is_a_failure() {
        assert_eq!(BrowserTests::default().end(true).to_string(), "0 passed, 1 failed");
        let mut run = BrowserTests::default();
        run.line("result: 9 passed; 0 failed; 1 skipped");
        assert_eq!(run.end(true).to_string(), "9 passed, 0 failed, 1 skipped");
    }
}
