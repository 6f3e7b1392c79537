//! Lines over an axis: errors against lead time, spectra, drifts.

use super::canvas::clip;
use super::map::{draw_heading, heading_height};
use super::{
    Area, Axis, Colour, Figure, Halign, Scale, Shape, Stroke, TextStyle, Ticks, Valign, family,
    model_colour,
};

/// One line of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    /// Lower and upper bound at each point.
    spread: Option<Vec<(f64, f64)>>,
    colour: Option<Colour>,
    dashed: Option<bool>,
    line: bool,
    markers: bool,
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
    x: Axis,
    y: Axis,
    title: String,
    subtitle: String,
    series: Vec<Series>,
    levels: Vec<(f64, String)>,
    slopes: Vec<(f64, String)>,
    labels: Labels,
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
            self.legend_rows(area.width - 90.0)
        } else {
            Vec::new()
        };
        let note = self.note();

        let top = heading_height(&self.title, &self.subtitle) + 18.0 * legend.len() as f64;
        let bottom = 46.0 + if note.is_empty() { 0.0 } else { 15.0 };
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
        let mut y = area.y + top - 18.0 * legend.len() as f64 + 2.0;
        for row in &legend {
            self.draw_legend(figure, (plot.x, y), row, &looks);
            y += 18.0;
        }
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
        for (series, (stroke, _)) in self.series.iter().zip(&looks) {
            self.draw_spread(figure, plot, series, stroke.colour, &place);
        }
        for (series, (stroke, _)) in self.series.iter().zip(&looks) {
            self.draw_line(figure, plot, series, stroke, &place);
        }
        if direct {
            self.draw_names(figure, plot, area.right(), &looks, &place);
        }
        let style = TextStyle::new(9.5).colour(Colour::GREY);
        let room = area.right() - plot.x - 6.0;
        figure.text((plot.x, area.bottom() - 7.0), style.fit(&note, room), style);
    }

    /// Colour and dashes of each line, and whether the family was seen before.
    fn looks(&self) -> Vec<(Stroke, bool)> {
        const DASHES: [&[f64]; 5] = [
            &[],
            &[7.0, 3.0],
            &[2.0, 2.5],
            &[8.0, 3.0, 2.0, 3.0],
            &[12.0, 4.0],
        ];
        let mut taken: Vec<(Colour, usize)> = Vec::new();
        self.series
            .iter()
            .map(|series| {
                let colour = series
                    .colour
                    .unwrap_or_else(|| model_colour(family(&series.name)));
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
                let dashes = match series.dashed {
                    Some(true) => DASHES[1],
                    _ => DASHES[number % DASHES.len()],
                };
                (Stroke::new(colour, 1.8).dashed(dashes), number > 0)
            })
            .collect()
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

    fn draw_axes(
        &self,
        figure: &mut Figure,
        plot: Area,
        (x_ends, x_ticks): ((f64, f64), &Ticks),
        (y_ends, y_ticks): ((f64, f64), &Ticks),
        title_x: f64,
    ) {
        let grid = Stroke::new(Colour::LIGHT, 0.7);
        let ink = Stroke::new(Colour(0x44, 0x44, 0x44), 0.9);
        let label = TextStyle::new(10.5);
        let across = |value: f64| plot.x + self.x.place(value, x_ends) * plot.width;
        let up = |value: f64| plot.bottom() - self.y.place(value, y_ends) * plot.height;
        for &value in &y_ticks.at {
            figure.line((plot.x, up(value)), (plot.right(), up(value)), grid.clone());
        }
        for &value in &x_ticks.at {
            figure.line(
                (across(value), plot.y),
                (across(value), plot.bottom()),
                grid.clone(),
            );
        }
        for (&value, text) in y_ticks.at.iter().zip(&y_ticks.labels) {
            figure.line((plot.x - 4.0, up(value)), (plot.x, up(value)), ink.clone());
            let at = (plot.x - 7.0, up(value));
            figure.text(at, text, label.align(Halign::Right, Valign::Middle));
        }
        for (&value, text) in x_ticks.at.iter().zip(&x_ticks.labels) {
            figure.line(
                (across(value), plot.bottom()),
                (across(value), plot.bottom() + 4.0),
                ink.clone(),
            );
            let at = (across(value), plot.bottom() + 8.0);
            figure.text(at, text, label.align(Halign::Centre, Valign::Top));
        }
        for &value in &y_ticks.minor {
            figure.line((plot.x - 2.5, up(value)), (plot.x, up(value)), ink.clone());
        }
        for &value in &x_ticks.minor {
            figure.line(
                (across(value), plot.bottom()),
                (across(value), plot.bottom() + 2.5),
                ink.clone(),
            );
        }
        figure.frame(plot, ink);
        let title = TextStyle::new(11.5).align(Halign::Centre, Valign::Top);
        let text = title.fit(&self.x.title_for(x_ticks), plot.width + 40.0);
        figure.text((plot.centre_x(), plot.bottom() + 25.0), text, title);
        let title = title.align(Halign::Centre, Valign::Middle).upright();
        let text = title.fit(&self.y.title_for(y_ticks), plot.height + 30.0);
        figure.text((title_x, plot.centre_y()), text, title);
    }

    fn draw_levels(&self, figure: &mut Figure, plot: Area, y_ends: (f64, f64)) {
        for (value, text) in &self.levels {
            let at = self.y.place(*value, y_ends);
            if !self.y.takes(*value) || !(0.0..=1.0).contains(&at) {
                continue;
            }
            let y = plot.bottom() - at * plot.height;
            let stroke = Stroke::new(Colour::GREY, 1.0).dashed(&[4.0, 3.0]);
            figure.line((plot.x, y), (plot.right(), y), stroke);
            let style = TextStyle::new(9.5).colour(Colour::GREY);
            let (drop, valign) = if at > 0.92 {
                (4.0, Valign::Top)
            } else {
                (-4.0, Valign::Baseline)
            };
            figure.text(
                (plot.x + 6.0, y + drop),
                text,
                style.align(Halign::Left, valign),
            );
        }
    }

    /// A guide lies a little above the lines, where they come nearest to its slope.
    fn draw_slopes(&self, figure: &mut Figure, plot: Area, ends: ((f64, f64), (f64, f64))) {
        if self.x.scale != Scale::Log || self.y.scale != Scale::Log {
            return;
        }
        let ((x_low, x_high), (y_low, y_high)) = ends;
        let (wide, high) = (x_high.ln() - x_low.ln(), y_high.ln() - y_low.ln());
        // Natural logarithms from here on: a power law is a straight line.
        let highest = |x: f64| {
            self.series
                .iter()
                .flat_map(|series| &series.points)
                .filter(|point| self.x.takes(point.0) && self.y.takes(point.1))
                .filter(|point| (point.0.ln() - x).abs() < 0.06 * wide)
                .map(|point| point.1.ln())
                .fold(f64::NEG_INFINITY, f64::max)
        };
        for (number, (exponent, text)) in self.slopes.iter().enumerate() {
            let length = 0.25 * wide;
            let windows = (2..=13).map(|k| x_low.ln() + 0.05 * f64::from(k) * wide);
            let best = windows
                .filter_map(|from| {
                    let (start, end) = (highest(from), highest(from + length));
                    let excess = end - exponent * length - start;
                    let clear = start.max(start + excess);
                    clear.is_finite().then_some((excess.abs(), from, clear))
                })
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, from, clear)) = best else {
                continue;
            };
            let start = clear + high * (0.05 + 0.06 * number as f64);
            let place = |x: f64, y: f64| {
                (
                    plot.x + (x - x_low.ln()) / wide * plot.width,
                    plot.bottom() - (y - y_low.ln()) / high * plot.height,
                )
            };
            let line = [
                place(from, start),
                place(from + length, start + exponent * length),
            ];
            let chains = clip(&line, plot);
            let Some(chain) = chains.last() else { continue };
            let (first, last) = (chain[0], chain[chain.len() - 1]);
            figure.lines(chains, Stroke::new(Colour::GREY, 1.1).dashed(&[5.0, 3.0]));
            let middle = (0.5 * (first.0 + last.0), 0.5 * (first.1 + last.1));
            let style = TextStyle::new(10.5).colour(Colour::GREY);
            figure.text(
                (middle.0 + 6.0, middle.1 - 5.0),
                text,
                style.align(Halign::Left, Valign::Baseline),
            );
        }
    }

    fn draw_spread(
        &self,
        figure: &mut Figure,
        plot: Area,
        series: &Series,
        colour: Colour,
        place: &dyn Fn((f64, f64)) -> (f64, f64),
    ) {
        let Some(spread) = &series.spread else { return };
        let within = |(x, y): (f64, f64)| {
            (
                x.clamp(plot.x, plot.right()),
                y.clamp(plot.y, plot.bottom()),
            )
        };
        let bands = series
            .points
            .iter()
            .zip(spread)
            .map(|(point, (low, high))| {
                let taken = self.x.takes(point.0) && self.y.takes(*low) && self.y.takes(*high);
                taken.then(|| {
                    (
                        within(place((point.0, *low))),
                        within(place((point.0, *high))),
                    )
                })
            });
        let bands: Vec<_> = bands.collect();
        for run in bands.split(Option::is_none).filter(|run| run.len() > 1) {
            let mut corners: Vec<_> = run.iter().flatten().map(|band| band.0).collect();
            corners.extend(run.iter().flatten().rev().map(|band| band.1));
            figure.draw(Shape::Polygon {
                corners,
                fill: colour,
                opacity: 0.18,
            });
        }
    }

    fn draw_line(
        &self,
        figure: &mut Figure,
        plot: Area,
        series: &Series,
        stroke: &Stroke,
        place: &dyn Fn((f64, f64)) -> (f64, f64),
    ) {
        let runs: Vec<Vec<(f64, f64)>> = series
            .points
            .split(|&(x, y)| !self.x.takes(x) || !self.y.takes(y))
            .filter(|run| !run.is_empty())
            .map(|run| run.iter().map(|&point| place(point)).collect())
            .collect();
        if series.line {
            figure.lines(
                runs.iter().flat_map(|run| clip(run, plot)).collect(),
                stroke.clone(),
            );
        }
        for run in &runs {
            // A point without neighbours would be no line: it is always a dot.
            if series.markers || run.len() == 1 {
                for &at in run.iter().filter(|at| contains(plot, **at)) {
                    let radius = if series.line { 2.9 } else { 4.2 };
                    figure.draw(Shape::Dot {
                        at,
                        radius,
                        fill: stroke.colour,
                    });
                }
            }
        }
    }

    /// Names at the lines' ends, moved apart where they would meet.
    fn draw_names(
        &self,
        figure: &mut Figure,
        plot: Area,
        edge: f64,
        looks: &[(Stroke, bool)],
        place: &dyn Fn((f64, f64)) -> (f64, f64),
    ) {
        let mut names: Vec<(f64, usize)> = Vec::new();
        for (number, series) in self.series.iter().enumerate() {
            let ended = series
                .points
                .iter()
                .rev()
                .find(|(x, y)| self.x.takes(*x) && self.y.takes(*y));
            let Some(&point) = ended else { continue };
            let end = place(point);
            let style = TextStyle::new(10.5).colour(looks[number].0.colour);
            if end.0 + style.width_of(&series.name) + 8.0 < plot.right() {
                // A line that ends early is named where it ends.
                let y = end.1.clamp(plot.y + 8.0, plot.bottom() - 8.0);
                let style = style.align(Halign::Left, Valign::Middle);
                figure.text((end.0 + 7.0, y), &series.name, style);
            } else {
                names.push((end.1.clamp(plot.y, plot.bottom()), number));
            }
        }
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ends: Vec<f64> = names.iter().map(|name| name.0).collect();
        let places = spread_apart(&ends, 14.0, plot.y + 2.0, plot.bottom() - 2.0);
        for (&(end, number), &y) in names.iter().zip(&places) {
            let (stroke, _) = &looks[number];
            let x = plot.right();
            if (y - end).abs() > 3.0 {
                let leader = Stroke::new(stroke.colour, 0.7).opacity(0.7);
                figure.line((x + 1.0, end), (x + 7.0, y), leader);
            }
            let style = TextStyle::new(10.5)
                .colour(stroke.colour)
                .align(Halign::Left, Valign::Middle);
            let text = style.fit(&self.series[number].name, edge - x - 12.0);
            figure.text((x + 9.0, y), text, style);
        }
    }

    fn legend_rows(&self, width: f64) -> Vec<Vec<usize>> {
        let style = TextStyle::new(10.5);
        let (mut rows, mut used): (Vec<Vec<usize>>, f64) = (Vec::new(), f64::INFINITY);
        for (number, series) in self.series.iter().enumerate() {
            let needed = style.width_of(&series.name) + 48.0;
            if used + needed > width {
                rows.push(Vec::new());
                used = 0.0;
            }
            used += needed;
            if let Some(row) = rows.last_mut() {
                row.push(number);
            }
        }
        rows
    }

    fn draw_legend(
        &self,
        figure: &mut Figure,
        at: (f64, f64),
        row: &[usize],
        looks: &[(Stroke, bool)],
    ) {
        let style = TextStyle::new(10.5).align(Halign::Left, Valign::Middle);
        let mut x = at.0;
        for &number in row {
            let (series, (stroke, _)) = (&self.series[number], &looks[number]);
            if series.line {
                figure.line((x, at.1), (x + 24.0, at.1), stroke.clone());
            }
            if series.markers {
                let radius = if series.line { 2.9 } else { 4.2 };
                figure.draw(Shape::Dot {
                    at: (x + 12.0, at.1),
                    radius,
                    fill: stroke.colour,
                });
            }
            figure.text((x + 29.0, at.1), &series.name, style);
            x += style.width_of(&series.name) + 48.0;
        }
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

fn contains(plot: Area, (x, y): (f64, f64)) -> bool {
    (plot.x - 0.01..=plot.right() + 0.01).contains(&x)
        && (plot.y - 0.01..=plot.bottom() + 0.01).contains(&y)
}

/// Places at least `gap` apart, in order, as near to `wanted` (ascending) as it goes.
fn spread_apart(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let gap = gap.min((high - low).max(0.0) / (wanted.len().max(2) - 1) as f64);
    let mut places: Vec<f64> = wanted.iter().map(|y| y.clamp(low, high.max(low))).collect();
    // Pushed down from above, then up from below: both passes keep the order.
    for _ in 0..3 {
        for at in 1..places.len() {
            let overlap = places[at - 1] + gap - places[at];
            if overlap > 0.0 {
                places[at] += 0.5 * overlap;
                places[at - 1] -= 0.5 * overlap;
            }
        }
    }
    for at in 0..places.len() {
        let least = if at == 0 { low } else { places[at - 1] + gap };
        places[at] = places[at].max(least);
    }
    for at in (0..places.len()).rev() {
        let most = if at + 1 == places.len() {
            high
        } else {
            places[at + 1] - gap
        };
        places[at] = places[at].min(most);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_apart() {
        let places = spread_apart(&[50.0, 51.0, 52.0, 99.0], 14.0, 0.0, 100.0);
        assert!(
            places
                .windows(2)
                .all(|pair| pair[1] - pair[0] >= 14.0 - 1e-9),
            "{places:?}"
        );
        assert!(places[0] >= 0.0 && places[3] <= 100.0);
        let crowded = spread_apart(&[1.0; 20], 14.0, 0.0, 100.0);
        assert!(crowded.iter().all(|y| (-1e-9..=100.0 + 1e-9).contains(y)));
    }

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
