//! A figure as a list of shapes, before it becomes SVG or PNG.
//!
//! Coordinates are in pixels at natural size, x to the right, y downwards, and need not
//! be whole.

use super::{Colour, Stroke, TextStyle};
use std::path::{Path, PathBuf};

/// Why a figure could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// Coordinates and values that do not fit each other.
    #[error("field: {0}")]
    Field(String),
    /// The file could not be written.
    #[error("cannot write the figure {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: std::io::Error,
    },
    /// A size that cannot be drawn.
    #[error("a figure of {width} x {height} cannot be drawn")]
    Size {
        /// Width in pixels.
        width: f64,
        /// Height in pixels.
        height: f64,
    },
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Area {
    /// A rectangle from its upper left corner and size.
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// Right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Middle in x.
    pub fn centre_x(&self) -> f64 {
        self.x + 0.5 * self.width
    }

    /// Middle in y.
    pub fn centre_y(&self) -> f64 {
        self.y + 0.5 * self.height
    }

    /// The rectangle less a margin on each side.
    pub fn inset(&self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            x: self.x + left,
            y: self.y + top,
            width: (self.width - left - right).max(1.0),
            height: (self.height - top - bottom).max(1.0),
        }
    }
}

/// A picture: rows of red, green, blue, opacity from the upper left.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Pixels across.
    pub columns: u32,
    /// Pixels down.
    pub rows: u32,
    /// `4 * columns * rows` bytes.
    pub rgba: Vec<u8>,
}

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Lines, each a chain of points.
    Lines {
        /// The chains.
        chains: Vec<Vec<(f64, f64)>>,
        /// How they are drawn.
        stroke: Stroke,
    },
    /// A filled polygon.
    Polygon {
        /// Its corners.
        corners: Vec<(f64, f64)>,
        /// Its colour.
        fill: Colour,
        /// 1 opaque, 0 invisible.
        opacity: f64,
    },
    /// A filled circle with a thin white rim.
    Dot {
        /// Centre.
        at: (f64, f64),
        /// Radius.
        radius: f64,
        /// Colour.
        fill: Colour,
    },
    /// A picture stretched over an area.
    Picture {
        /// Where.
        area: Area,
        /// What.
        picture: Picture,
    },
    /// A text.
    Text {
        /// Where.
        at: (f64, f64),
        /// What.
        text: String,
        /// How.
        style: TextStyle,
    },
}

/// A figure: its size and its shapes, the first at the back.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    width: f64,
    height: f64,
    shapes: Vec<Shape>,
}

impl Figure {
    /// An empty figure of this natural size on white.
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// Natural width.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Natural height.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The whole of it.
    pub fn area(&self) -> Area {
        Area::new(0.0, 0.0, self.width, self.height)
    }

    /// What is drawn.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Draws a shape over what is there.
    pub fn draw(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }

    /// Draws a straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.draw(Shape::Lines {
            chains: vec![vec![from, to]],
            stroke,
        });
    }

    /// Draws chains of lines; chains of fewer than two points are left out.
    pub fn lines(&mut self, mut chains: Vec<Vec<(f64, f64)>>, stroke: Stroke) {
        chains.retain(|chain| chain.len() > 1);
        if !chains.is_empty() {
            self.draw(Shape::Lines { chains, stroke });
        }
    }

    /// Draws the outline of an area.
    pub fn frame(&mut self, area: Area, stroke: Stroke) {
        self.lines(vec![close(corners(area))], stroke);
    }

    /// Fills an area.
    pub fn fill(&mut self, area: Area, fill: Colour) {
        self.draw(Shape::Polygon {
            corners: corners(area),
            fill,
            opacity: 1.0,
        });
    }

    /// Sets a text.
    pub fn text(&mut self, at: (f64, f64), text: impl Into<String>, style: TextStyle) {
        self.draw(Shape::Text {
            at,
            text: text.into(),
            style,
        });
    }

    /// Writes the figure to `path` with its ending replaced: `.svg`, and `.png` at twice
    /// the natural size. Returns the two paths.
    ///
    /// # Errors
    /// A file cannot be written, or the size is no size.
    pub fn save(&self, path: &Path) -> Result<(PathBuf, PathBuf), FigureError> {
        let (svg, png) = (path.with_extension("svg"), path.with_extension("png"));
        let write = |path: &Path, bytes: &[u8]| {
            std::fs::write(path, bytes).map_err(|reason| FigureError::Write {
                path: path.to_path_buf(),
                reason,
            })
        };
        write(&svg, self.to_svg().as_bytes())?;
        write(&png, &self.to_png(2.0)?)?;
        Ok((svg, png))
    }

    /// The figure as SVG.
    pub fn to_svg(&self) -> String {
        super::svg::write(self)
    }

    /// The figure as PNG, `scale` pixels to the unit.
    ///
    /// # Errors
    /// The size is no size, or beyond any memory.
    pub fn to_png(&self, scale: f64) -> Result<Vec<u8>, FigureError> {
        super::raster::png(self, scale)
    }
}

fn corners(area: Area) -> Vec<(f64, f64)> {
    vec![
        (area.x, area.y),
        (area.right(), area.y),
        (area.right(), area.bottom()),
        (area.x, area.bottom()),
    ]
}

pub(crate) fn close(mut chain: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    chain.extend(chain.first().copied());
    chain
}

/// The parts of a chain of points that lie within an area (Liang and Barsky, 1984).
pub(crate) fn clip(chain: &[(f64, f64)], area: Area) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in chain.windows(2) {
        if pair.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
            continue;
        }
        let ((x, y), (dx, dy)) = (pair[0], (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1));
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (step, room) in [
            (-dx, x - area.x),
            (dx, area.right() - x),
            (-dy, y - area.y),
            (dy, area.bottom() - y),
        ] {
            if step == 0.0 {
                if room < 0.0 {
                    enter = 2.0;
                }
            } else if step < 0.0 {
                enter = enter.max(room / step);
            } else {
                leave = leave.min(room / step);
            }
        }
        if enter > leave {
            continue;
        }
        let (start, end) = (
            (x + enter * dx, y + enter * dy),
            (x + leave * dx, y + leave * dy),
        );
        match parts.last_mut() {
            Some(part) if part.last() == Some(&start) => part.push(end),
            _ => parts.push(vec![start, end]),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_frame() {
        let area = Area::new(0.0, 0.0, 10.0, 10.0);
        let chain = [
            (-5.0, 5.0),
            (5.0, 5.0),
            (5.0, 20.0),
            (8.0, 20.0),
            (8.0, 5.0),
        ];
        let parts = clip(&chain, area);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], [(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)]);
        assert_eq!(parts[1], [(8.0, 10.0), (8.0, 5.0)]);
    }
}
