//! How lines and texts look.

use super::Colour;
use super::text::{self, Weight};

/// How a line is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub colour: Colour,
    /// Width.
    pub width: f64,
    /// Lengths of dashes and gaps; empty for a solid line.
    pub dashes: Vec<f64>,
    /// 1 opaque, 0 invisible.
    pub opacity: f64,
}

impl Stroke {
    /// A solid line.
    pub fn new(colour: Colour, width: f64) -> Self {
        Self {
            colour,
            width,
            dashes: Vec::new(),
            opacity: 1.0,
        }
    }

    /// With dashes.
    pub fn dashed(mut self, dashes: &[f64]) -> Self {
        self.dashes = dashes.to_vec();
        self
    }

    /// Seen through.
    pub fn opacity(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }
}

/// Strokes for the lines of one figure. Where the choice between dashed and solid is left
/// open (`None`), the second and later lines of one colour are dashed, each in another way.
pub(crate) fn strokes(lines: impl IntoIterator<Item = (Colour, Option<bool>, f64)>) -> Vec<Stroke> {
    const DASHES: [&[f64]; 5] = [
        &[],
        &[7.0, 3.0],
        &[2.0, 2.5],
        &[8.0, 3.0, 2.0, 3.0],
        &[12.0, 4.0],
    ];
    let mut taken: Vec<(Colour, usize)> = Vec::new();
    lines
        .into_iter()
        .map(|(colour, dashed, width)| {
            let known = taken.iter_mut().find(|(other, _)| *other == colour);
            let number = match known {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    taken.push((colour, 0));
                    0
                }
            };
            let dashes = match dashed {
                Some(true) => DASHES[1],
                Some(false) => DASHES[0],
                None => DASHES[number % DASHES.len()],
            };
            Stroke::new(colour, width).dashed(dashes)
        })
        .collect()
}

/// Which point of a text lies at its position, across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halign {
    /// Its start.
    Left,
    /// Its middle.
    Centre,
    /// Its end.
    Right,
}

/// Which point of a text lies at its position, down. Capitals count, not tails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Valign {
    /// The top of the capitals.
    Top,
    /// Their middle.
    Middle,
    /// The baseline.
    Baseline,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextStyle {
    /// Height of the em square.
    pub size: f64,
    /// Bold.
    pub bold: bool,
    /// Colour.
    pub colour: Colour,
    /// Alignment across.
    pub halign: Halign,
    /// Alignment down.
    pub valign: Valign,
    /// Read from below upwards.
    pub upright: bool,
}

impl TextStyle {
    /// Text of this size, aligned to its left baseline.
    pub fn new(size: f64) -> Self {
        Self {
            size,
            bold: false,
            colour: Colour::INK,
            halign: Halign::Left,
            valign: Valign::Baseline,
            upright: false,
        }
    }

    /// Aligned so.
    pub fn align(mut self, halign: Halign, valign: Valign) -> Self {
        (self.halign, self.valign) = (halign, valign);
        self
    }

    /// In bold.
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// In this colour.
    pub fn colour(mut self, colour: Colour) -> Self {
        self.colour = colour;
        self
    }

    /// Turned by a quarter to the left.
    pub fn upright(mut self) -> Self {
        self.upright = true;
        self
    }

    pub(crate) fn weight(&self) -> Weight {
        if self.bold {
            Weight::Bold
        } else {
            Weight::Regular
        }
    }

    /// Width of `text` in this style.
    pub fn width_of(&self, text: &str) -> f64 {
        text::width(text, self.size, self.weight())
    }

    /// `text` cut to `room` with an ellipsis where it is longer.
    pub fn fit(&self, text: &str, room: f64) -> String {
        if self.width_of(text) <= room {
            return text.to_string();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while !kept.is_empty() {
            kept.pop();
            let cut: String = kept.iter().collect::<String>().trim_end().to_string() + "…";
            if self.width_of(&cut) <= room {
                return cut;
            }
        }
        String::new()
    }
}
