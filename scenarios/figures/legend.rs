//! The names of lines in rows above a plot, each behind a piece of its line.

use super::{Figure, Halign, Shape, Stroke, TextStyle, Valign};

/// Height of a row.
const ROW: f64 = 18.0;
/// Room for the piece of line before a name, and for the gap behind it.
const SAMPLE: f64 = 29.0;
const GAP: f64 = 19.0;

/// One line's name and looks.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub name: &'a str,
    pub stroke: &'a Stroke,
    /// Drawn as a line.
    pub line: bool,
    /// Drawn with dots.
    pub markers: bool,
}

/// The names of a plot's lines.
#[derive(Debug, Clone)]
pub(crate) struct Legend<'a> {
    entries: Vec<Entry<'a>>,
    style: TextStyle,
}

impl<'a> Legend<'a> {
    /// A legend of these entries; none take no room.
    pub(crate) fn new(entries: Vec<Entry<'a>>) -> Self {
        let style = TextStyle::new(10.5).align(Halign::Left, Valign::Middle);
        Self { entries, style }
    }

    /// Height of the rows that fit into `width`.
    pub(crate) fn height(&self, width: f64) -> f64 {
        ROW * self.rows(width).len() as f64
    }

    /// Draws the rows, the upper left corner at `at`.
    pub(crate) fn draw(&self, figure: &mut Figure, at: (f64, f64), width: f64) {
        for (number, row) in self.rows(width).iter().enumerate() {
            let (mut x, y) = (at.0, at.1 + 2.0 + ROW * number as f64);
            for entry in row.iter() {
                if entry.line {
                    figure.line((x, y), (x + 24.0, y), entry.stroke.clone());
                }
                if entry.markers {
                    figure.draw(Shape::Dot {
                        at: (x + 12.0, y),
                        radius: if entry.line { 2.9 } else { 4.2 },
                        fill: entry.stroke.colour,
                    });
                }
                let name = self.style.fit(entry.name, width - SAMPLE);
                x += SAMPLE + GAP + self.style.width_of(&name);
                let at = (x - GAP - self.style.width_of(&name), y);
                figure.text(at, name, self.style);
            }
        }
    }

    fn rows(&self, width: f64) -> Vec<&[Entry<'a>]> {
        let (mut rows, mut from, mut used) = (Vec::new(), 0, 0.0);
        for (at, entry) in self.entries.iter().enumerate() {
            let needed = SAMPLE + GAP + self.style.width_of(entry.name).min(width - SAMPLE);
            if at > from && used + needed - GAP > width {
                rows.push(&self.entries[from..at]);
                (from, used) = (at, 0.0);
            }
            used += needed;
        }
        if from < self.entries.len() {
            rows.push(&self.entries[from..]);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Colour;

    #[test]
    fn long_legends_take_rows() {
        let stroke = Stroke::new(Colour::INK, 1.0);
        let entry = |name| Entry {
            name,
            stroke: &stroke,
            line: true,
            markers: false,
        };
        assert_eq!(Legend::new(Vec::new()).height(100.0), 0.0);
        let legend = Legend::new(
            ["one", "two", "a name far longer than a row"]
                .map(entry)
                .into(),
        );
        let sizes: Vec<usize> = legend.rows(130.0).iter().map(|row| row.len()).collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!(legend.height(1000.0), ROW);
    }
}
