//! Lines over an axis: errors against lead time, spectra, drifts.

use super::colour_bar::draw_colour_bar;
use super::legend::{Entry, Legend};
use super::map::{draw_heading, heading_height};
use super::style::strokes;
use super::{
    Area, Axis, Colour, ColourScale, Figure, Scale, Stroke, TextStyle, Ticks, family, model_colour,
};

/// One line of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    /// Lower and upper bound at each point.
    pub(super) spread: Option<Vec<(f64, f64)>>,
    colour: Option<Colour>,
    dashed: Option<bool>,
    width: f64,
    pub(super) line: bool,
    pub(super) markers: bool,
}

impl Series {
    /// A line through the points (x, y); the longer list is cut. A point that is not
    /// finite breaks the line.
    pub fn new(name: &str, x: &[f64], y: &[f64]) -> Self {
        Self {
            name: name.to_string(),
            points: x.iter().copied().zip(y.iter().copied()).collect(),
            spread: None,
            colour: None,
            dashed: None,
            width: 1.8,
            line: true,
            markers: false,
        }
    }

    /// With a shaded band from `low` to `high`, e.g. the spread over seeds.
    pub fn spread(mut self, low: &[f64], high: &[f64]) -> Self {
        self.spread = Some(low.iter().copied().zip(high.iter().copied()).collect());
        self
    }

    /// In this colour. The default is the model's: [`model_colour`].
    pub fn colour(mut self, colour: Colour) -> Self {
        self.colour = Some(colour);
        self
    }

    /// Dashed. By default the second and later lines of a family are.
    pub fn dashed(mut self) -> Self {
        self.dashed = Some(true);
        self
    }

    /// Solid, whatever other lines have its colour.
    pub fn solid(mut self) -> Self {
        self.dashed = Some(false);
        self
    }

    /// Of this width. The default is 1.8.
    pub fn width(mut self, width: f64) -> Self {
        self.width = width;
        self
    }

    /// With a dot at each point.
    pub fn markers(mut self) -> Self {
        self.markers = true;
        self
    }

    /// Dots only.
    pub fn points_only(mut self) -> Self {
        (self.line, self.markers) = (false, true);
        self
    }
}

/// Where the names of the lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labels {
    /// At the lines' ends.
    Direct,
    /// In rows above the plot.
    Legend,
    /// Nowhere.
    None,
}

/// A plot of lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    pub(super) x: Axis,
    pub(super) y: Axis,
    title: String,
    subtitle: String,
    pub(super) series: Vec<Series>,
    pub(super) levels: Vec<(f64, String)>,
    pub(super) slopes: Vec<(f64, String)>,
    labels: Labels,
    bar: Option<(ColourScale, String)>,
}

impl Curves {
    /// An empty plot.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            title: String::new(),
            subtitle: String::new(),
            series: Vec::new(),
            levels: Vec::new(),
            slopes: Vec::new(),
            labels: Labels::Direct,
            bar: None,
        }
    }

    /// With a title.
    pub fn title(mut self, title: &str) -> Self {
        self.title = title.to_string();
        self
    }

    /// With a line under the title.
    pub fn subtitle(mut self, subtitle: &str) -> Self {
        self.subtitle = subtitle.to_string();
        self
    }

    /// With one more line.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// With a horizontal line of reference, e.g. ACC 0.6.
    pub fn level(mut self, y: f64, label: &str) -> Self {
        self.levels.push((y, label.to_string()));
        self
    }

    /// With a guide of slope `exponent` on log-log axes, e.g. -3 with the label `k⁻³`.
    pub fn slope(mut self, exponent: f64, label: &str) -> Self {
        self.slopes.push((exponent, label.to_string()));
        self
    }

    /// With the lines' names there.
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// With a colour bar under the plot, for lines coloured by a quantity.
    pub fn colour_bar(mut self, scale: ColourScale, title: &str) -> Self {
        self.bar = Some((scale, title.to_string()));
        self
    }

    /// The plot as a figure of this size.
    pub fn figure(&self, width: f64, height: f64) -> Figure {
        let mut figure = Figure::new(width, height);
        let area = figure.area();
        self.draw(&mut figure, area);
        figure
    }

    /// Draws the plot into a part of a figure.
    pub fn draw(&self, figure: &mut Figure, area: Area) {
        let label = TextStyle::new(10.5);
        let looks = self.looks();
        let direct = self.labels == Labels::Direct && self.series.len() > 1;
        let names = || {
            self.series
                .iter()
                .map(|series| label.width_of(&series.name))
        };
        let right = if direct {
            (names().fold(0.0, f64::max) + 16.0).min(0.4 * area.width)
        } else {
            18.0
        };
        let legend = if self.labels == Labels::Legend {
            self.legend(&looks)
        } else {
            Legend::new(Vec::new())
        };
        let legend_height = legend.height(area.width - 90.0);
        let note = self.note();

        let top = heading_height(&self.title, &self.subtitle) + legend_height;
        let axis = 46.0;
        let bar = if self.bar.is_some() { 46.0 } else { 0.0 };
        let bottom = axis + bar + if note.is_empty() { 0.0 } else { 15.0 };
        let (x_ends, y_ends) = self.ends();
        let y_ticks = self.y.ticks(
            y_ends,
            ((area.height - top - bottom) / 48.0).clamp(2.0, 8.0) as usize,
        );
        let widest = y_ticks
            .labels
            .iter()
            .map(|text| label.width_of(text))
            .fold(0.0, f64::max);
        let left = widest + 38.0;
        let plot = area.inset(left, top, right, bottom);
        let x_ticks = self.x_ticks(x_ends, plot.width, &label);

        draw_heading(
            figure,
            (plot.x, area.y),
            area.right() - plot.x - 8.0,
            &self.title,
            &self.subtitle,
        );
        let y = area.y + top - legend_height;
        legend.draw(figure, (plot.x, y), area.width - 90.0);
        self.draw_axes(
            figure,
            plot,
            (x_ends, &x_ticks),
            (y_ends, &y_ticks),
            area.x + 13.0,
        );
        let place = |(x, y): (f64, f64)| {
            let across = self.x.place(x, x_ends).clamp(-2.0, 3.0);
            let up = self.y.place(y, y_ends).clamp(-2.0, 3.0);
            (
                plot.x + across * plot.width,
                plot.bottom() - up * plot.height,
            )
        };
        self.draw_levels(figure, plot, y_ends);
        self.draw_slopes(figure, plot, (x_ends, y_ends));
        for (series, stroke) in self.series.iter().zip(&looks) {
            self.draw_spread(figure, plot, series, stroke.colour, &place);
        }
        for (series, stroke) in self.series.iter().zip(&looks) {
            self.draw_line(figure, plot, series, stroke, &place);
        }
        if direct {
            self.draw_names(figure, plot, area.right(), &looks, &place);
        }
        if let Some((scale, title)) = &self.bar {
            let across = (0.7 * plot.width).min(420.0);
            let at = (plot.centre_x() - 0.5 * across, plot.bottom() + axis);
            draw_colour_bar(figure, Area::new(at.0, at.1, across, 9.0), scale, title);
        }
        let style = TextStyle::new(9.5).colour(Colour::GREY);
        let room = area.right() - plot.x - 6.0;
        figure.text((plot.x, area.bottom() - 7.0), style.fit(&note, room), style);
    }

    /// Colour, width and dashes of each line.
    fn looks(&self) -> Vec<Stroke> {
        strokes(self.series.iter().map(|series| {
            let colour = series
                .colour
                .unwrap_or_else(|| model_colour(family(&series.name)));
            (colour, series.dashed, series.width)
        }))
    }

    fn ends(&self) -> ((f64, f64), (f64, f64)) {
        let shown: Vec<(f64, f64)> = self
            .series
            .iter()
            .flat_map(|series| series.points.iter().copied())
            .filter(|&(x, y)| self.x.takes(x) && self.y.takes(y))
            .collect();
        let x_ends = self.x.ends(shown.iter().map(|point| point.0), 0.0);
        let spread = self
            .series
            .iter()
            .filter_map(|series| series.spread.as_ref());
        let spread = spread.flatten().flat_map(|&(low, high)| [low, high]);
        let levels = self.levels.iter().map(|level| level.0);
        let values = shown
            .iter()
            .map(|point| point.1)
            .chain(spread)
            .chain(levels);
        (x_ends, self.y.ends(values, 0.05))
    }

    /// Fewer marks until their labels keep apart.
    fn x_ticks(&self, ends: (f64, f64), width: f64, label: &TextStyle) -> Ticks {
        let mut count = (width / 48.0).clamp(2.0, 9.0) as usize;
        loop {
            let ticks = self.x.ticks(ends, count);
            let places: Vec<(f64, f64)> = ticks
                .at
                .iter()
                .zip(&ticks.labels)
                .map(|(&at, text)| (width * self.x.place(at, ends), label.width_of(text)))
                .collect();
            let apart = places
                .windows(2)
                .all(|pair| pair[1].0 - pair[0].0 >= 0.5 * (pair[0].1 + pair[1].1) + 8.0);
            if apart || count <= 1 {
                return ticks;
            }
            count -= 1;
        }
    }

    fn legend<'a>(&'a self, looks: &'a [Stroke]) -> Legend<'a> {
        let entries = self.series.iter().zip(looks).map(|(series, stroke)| Entry {
            name: &series.name,
            stroke,
            line: series.line,
            markers: series.markers,
        });
        Legend::new(entries.collect())
    }

    /// What the reader is told of points that have no place.
    fn note(&self) -> String {
        let mut notes = Vec::new();
        for series in &self.series {
            let lost = series
                .points
                .iter()
                .filter(|(x, y)| !self.x.takes(*x) || !self.y.takes(*y))
                .count();
            if lost > 0 {
                let why = if self.y.scale == Scale::Log || self.x.scale == Scale::Log {
                    "not finite or not above zero"
                } else {
                    "not finite"
                };
                notes.push(format!(
                    "{}: {lost} of {} points {why}",
                    series.name,
                    series.points.len()
                ));
            }
        }
        if self.series.iter().all(|series| series.points.is_empty()) {
            notes.push("no data".to_string());
        }
        notes.join("; ")
    }
}

/// Several plots in rows of `columns`.
pub fn curves_grid(plots: &[Curves], columns: usize, width: f64, row_height: f64) -> Figure {
    let columns = columns.clamp(1, plots.len().max(1));
    let rows = plots.len().div_ceil(columns).max(1);
    let mut figure = Figure::new(width, rows as f64 * row_height);
    let each = width / columns as f64;
    for (number, plot) in plots.iter().enumerate() {
        let (row, column) = ((number / columns) as f64, (number % columns) as f64);
        plot.draw(
            &mut figure,
            Area::new(column * each, row * row_height, each, row_height),
        );
    }
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_series_are_drawn() {
        let nan = f64::NAN;
        let series: [(&[f64], &[f64]); 5] = [
            (&[], &[]),
            (&[1.0], &[1.0]),
            (&[0.0, 1.0], &[0.0, 0.0]),
            (&[1.0, 2.0, 3.0], &[1.0, nan, f64::INFINITY]),
            (&[nan, nan], &[1e300, -1e300]),
        ];
        for (x, y) in series {
            for axis in [Axis::linear("y"), Axis::log("y")] {
                let plot = Curves::new(Axis::log("x"), axis)
                    .series(Series::new("a", x, y).spread(y, y))
                    .series(Series::new("b", x, y))
                    .slope(-3.0, "k⁻³")
                    .level(0.6, "0.6");
                let svg = plot.figure(300.0, 200.0).to_svg();
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
                assert!(plot.figure(300.0, 200.0).to_png(1.0).is_ok());
            }
        }
        let svg = Curves::new(Axis::linear("x"), Axis::linear("y"))
            .figure(300.0, 200.0)
            .to_svg();
        assert!(svg.contains("no data"));
    }
}
