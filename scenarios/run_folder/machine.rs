//! What machine a run ran on.

use serde::{Deserialize, Serialize};
use std::fs;

/// The machine, as far as it tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system and version, e.g. `Debian GNU/Linux 12 (bookworm)`.
    pub os: String,
    /// Processor model.
    pub cpu: String,
    /// Logical processors that the process may use.
    pub processors: usize,
    /// Memory in bytes; 0 when unknown.
    pub memory_bytes: u64,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        let cpu = field("/proc/cpuinfo", "model name", ':')
            .unwrap_or_else(|| std::env::consts::ARCH.to_string());
        let os = field("/etc/os-release", "PRETTY_NAME", '=')
            .map(|name| name.trim_matches('"').to_string())
            .unwrap_or_else(|| std::env::consts::OS.to_string());
        let memory_bytes = field("/proc/meminfo", "MemTotal", ':')
            .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
            .map_or(0, |kib| kib * 1024);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            os,
            cpu,
            processors,
            memory_bytes,
        }
    }
}

/// The value of the first line `name <separator> value` of a system file.
fn field(path: &str, name: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(separator)?;
        (key.trim() == name).then(|| value.trim().to_string())
    })
}
