//! What is wrong with a scenario, where, and what would be right.

use std::path::PathBuf;

/// Why a configuration was refused. Its text is meant for the user as it stands.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the scenario file {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// Something in the text is wrong.
    #[error("{}", place.show(message))]
    Text {
        /// Where it is.
        place: Place,
        /// What is wrong and what was expected; lines after the first are notes.
        message: String,
    },
    /// An override is wrong.
    #[error("--set: {message}")]
    Override {
        /// What is wrong and what was expected.
        message: String,
    },
    /// A key that has no default is missing from the whole of the text.
    #[error("{source_name}: {message}")]
    Whole {
        /// The file or the built-in scenario.
        source_name: String,
        /// What is missing.
        message: String,
    },
}

/// A stretch of a scenario's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path or the built-in scenario's name.
    pub source_name: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line itself.
    pub text: String,
    /// How many characters of the line are meant, at least 1.
    pub width: usize,
}

impl Place {
    /// The place of the bytes `span` in `text`. Out-of-range spans end at the text's end.
    pub(crate) fn new(source_name: &str, text: &str, span: std::ops::Range<usize>) -> Self {
        let boundary = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (boundary(span.start), boundary(span.end.max(span.start)));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        Self {
            source_name: source_name.to_string(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end().to_string(),
            width: text[start..end.clamp(start, line_end)]
                .chars()
                .count()
                .max(1),
        }
    }

    /// The message with the file, the line and a marker under the culprit.
    fn show(&self, message: &str) -> String {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // Tabs are kept so that the marker stands under its word.
        let pad: String = self
            .text
            .chars()
            .take(self.column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let (message, notes) = message.split_once('\n').unwrap_or((message, ""));
        let mut shown = format!(
            "{}, line {}, column {}: {message}\n {gutter} |\n {number} | {}\n {gutter} | {pad}{}",
            self.source_name,
            self.line,
            self.column,
            self.text,
            "^".repeat(self.width),
        );
        for note in notes.lines() {
            shown.push_str(&format!("\n {gutter} = {note}"));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_lines_from_one() {
        let text = "a = 1\nµ = \"é\"\n";
        let at = text.find('"').unwrap();
        let place = Place::new("x.toml", text, at..at + 4);
        assert_eq!((place.line, place.column, place.width), (2, 5, 3));
        assert_eq!(place.text, "µ = \"é\"");
        let end = Place::new("x.toml", text, 99..120);
        assert_eq!((end.line, end.width), (3, 1));
    }
}
