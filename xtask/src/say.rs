//! The one place where xtask speaks: what it is doing, how long that took, what is wrong.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this module is xtask's voice")]

use std::io::Write as _;
use std::time::{Duration, Instant};

/// Prints a text as it is.
pub(crate) fn plainly(text: &str) {
    println!("{}", text.trim_end_matches('\n'));
    let _ = std::io::stdout().flush();
}

/// A remark on a step.
pub(crate) fn note(text: &str) {
    plainly(&format!("   {text}"));
}

/// Something that the reader should know or do.
pub(crate) fn warn(text: &str) {
    eprintln!("!  {text}");
}

/// The end of a verb that could not do its work, with the chain of causes.
pub(crate) fn fault(fault: &anyhow::Error) {
    eprintln!("✗  {fault}");
    for cause in fault.chain().skip(1) {
        eprintln!("   because {cause}");
    }
}

/// Announces a step, does it, and says how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    plainly(&format!("•  {what}"));
    let start = Instant::now();
    let result = work();
    let took = duration(start.elapsed());
    match &result {
        Ok(_) => note(&format!("done in {took}")),
        Err(_) => note(&format!("failed after {took}")),
    }
    result
}

/// A duration as a person says it: `0.4 s`, `12 s`, `3 min 5 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_spoken() {
        assert_eq!(duration(Duration::from_millis(430)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(42)), "42 s");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 5 s");
    }
}
