//! Figures: maps, panels, planes, curves, scorecards, Smith charts and radiation patterns, each written as SVG and as PNG from one drawing.
//!
//! A plot draws shapes onto a [`Figure`], a list of lines, areas, pictures and texts in
//! units of one pixel at natural size. The figure is then written as SVG (vector lines,
//! text as text) and as PNG at twice that size. The font is embedded, so neither needs
//! anything of the machine.
//!
//! ```
//! use curlwind::figures::{Axis, Curves, Series};
//!
//! let leads = [0.0, 24.0, 48.0, 72.0];
//! let plot = Curves::new(Axis::hours("lead time"), Axis::linear("RMSE (m)"))
//!     .title("500 hPa height")
//!     .series(Series::new("sfno", &leads, &[0.0, 12.0, 25.0, 41.0]))
//!     .series(Series::new("persistence", &leads, &[0.0, 60.0, 85.0, 99.0]));
//! let svg = plot.figure(480.0, 320.0).to_svg();
//! assert!(svg.starts_with("<svg"));
//! ```

mod axis;
mod canvas;
mod coastline;
mod colour;
mod colour_bar;
mod contour;
mod curves;
mod field;
mod layers;
mod legend;
mod map;
mod marks;
mod panels;
mod planes;
mod polar;
mod projection;
mod raster;
mod scorecard;
mod smith;
mod style;
mod svg;
mod text;
mod ticks;
mod wind;

pub use axis::{Axis, Scale};
pub use canvas::{Area, Figure, FigureError, Picture, Shape};
pub use colour::{Colour, ColourMap, ColourScale, distinct_colours, family, model_colour};
pub(crate) use colour_bar::draw_colour_bar;
pub use curves::{Curves, Labels, Series, curves_grid};
pub use field::Field;
pub use map::Map;
pub use panels::{PanelRow, Panels};
pub use planes::{Plane, Planes};
pub use polar::Polar;
pub use projection::{Projection, Region};
pub use scorecard::{Scorecard, ScorecardCell, ScorecardGroup};
pub use smith::Smith;
pub use style::{Halign, Stroke, TextStyle, Valign};
pub use ticks::{Ticks, frequency_label};
pub use wind::Wind;
