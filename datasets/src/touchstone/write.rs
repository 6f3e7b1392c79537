//! Writing: hertz, real and imaginary parts, digits as needed.

use super::Network;
use crate::{Error, Result};
use std::fmt::Write;
use std::path::Path;

/// Pairs on one line at most, for three ports and more (specification, "general layout").
const PAIRS_PER_LINE: usize = 4;

impl Network {
    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for comment in &self.comments {
            for line in comment.lines() {
                let _ = writeln!(text, "! {line}");
            }
        }
        for (name, value) in &self.variables {
            let _ = writeln!(text, "! {name} = {value}");
        }
        let _ = writeln!(text, "# HZ S RI R {}", self.reference);
        let ports = self.ports();
        for (f, frequency) in self.frequencies.iter().enumerate() {
            let _ = write!(text, "{frequency}");
            for row in 0..ports {
                for column in 0..ports {
                    // Two ports are written by columns: S11 S21 S12 S22.
                    let at = match ports {
                        2 => [f, column, row],
                        _ => [f, row, column],
                    };
                    if column > 0 && column % PAIRS_PER_LINE == 0 {
                        text.push('\n');
                    }
                    let s = self.s[at];
                    let _ = write!(text, " {:e} {:e}", s.re, s.im);
                }
                if ports > 2 && row + 1 < ports {
                    text.push('\n');
                }
            }
            text.push('\n');
        }
        text
    }

    /// Writes the file: whole or not at all.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the ending is not the one of this number of ports, [`Error::Io`]
    /// when the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let wanted = format!("s{}p", self.ports());
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if !ending.eq_ignore_ascii_case(&wanted) {
            return Err(Error::Invalid {
                what: "name of the Touchstone file".into(),
                expected: format!("the ending .{wanted}"),
                found: path.display().to_string(),
            });
        }
        let io = |source| Error::Io {
            path: path.to_path_buf(),
            source,
        };
        let partial = path.with_extension(format!("{wanted}.partial"));
        std::fs::write(&partial, self.to_text()).map_err(io)?;
        std::fs::rename(&partial, path).map_err(io)
    }
}
