//! What a plot of lines is made of: axes, lines, bands, guides, names.

use super::canvas::clip;
use super::curves::{Curves, Series};
use super::{Area, Colour, Figure, Halign, Scale, Shape, Stroke, TextStyle, Ticks, Valign};

impl Curves {
    pub(super) fn draw_axes(
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

    pub(super) fn draw_levels(&self, figure: &mut Figure, plot: Area, y_ends: (f64, f64)) {
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
    pub(super) fn draw_slopes(
        &self,
        figure: &mut Figure,
        plot: Area,
        ends: ((f64, f64), (f64, f64)),
    ) {
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

    pub(super) fn draw_spread(
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

    pub(super) fn draw_line(
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
    pub(super) fn draw_names(
        &self,
        figure: &mut Figure,
        plot: Area,
        edge: f64,
        looks: &[Stroke],
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
            let style = TextStyle::new(10.5).colour(looks[number].colour);
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
            let stroke = &looks[number];
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
}
