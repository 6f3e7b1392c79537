//! Refuses what does not fit into memory before it is asked for.

use crate::{Error, Result};

/// Refuses `needed` bytes for `what` when the system tells that fewer are free.
///
/// # Errors
/// [`Error::Memory`].
pub(crate) fn fits(what: impl Into<String>, needed: u64) -> Result<()> {
    match free() {
        Some(available) if needed > available => Err(Error::Memory {
            what: what.into(),
            needed,
            available,
        }),
        _ => Ok(()),
    }
}

/// Bytes that can be had without swapping.
fn free() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
