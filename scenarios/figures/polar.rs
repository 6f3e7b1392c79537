//! A radiation pattern: gain or directivity in dBi around the antenna.
//!
//! Angle 0 is up, as θ from +z, and grows clockwise; the distance from the centre is the
//! value above the floor. Rings stand every 10 dB, spokes every 30 degrees.

use super::legend::{Entry, Legend};
use super::map::{draw_heading, heading_height};
use super::smith::backing;
use super::style::strokes;
use super::ticks::minus;
use super::{Area, Colour, Figure, Halign, Shape, Stroke, TextStyle, Valign, distinct_colours};
use std::f64::consts::TAU;

#[derive(Debug, Clone, PartialEq)]
struct Cut {
    name: String,
    /// Angle in radians and value in dBi.
    points: Vec<(f64, f64)>,
}

/// A polar plot of one or more cuts through a pattern.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Polar {
    title: String,
    subtitle: String,
    range: Option<(f64, f64)>,
    cuts: Vec<Cut>,
}

impl Polar {
    /// An empty plot.
    pub fn new() -> Self {
        Self::default()
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

    /// From `floor` dBi at the centre to `top` dBi at the rim. By default the rim is the
    /// next ten above the data, and the floor lies 40 dB below.
    pub fn range(mut self, floor: f64, top: f64) -> Self {
        self.range = Some((floor, top));
        self
    }

    /// With one more cut: values in dBi at angles in radians; the longer list is cut off. A
    /// value below the floor, a null of −∞ among them, lies in the centre, a NaN breaks the
    /// line. A cut all around is closed. Names that agree up to a comma (`E plane, θ` and
    /// `E plane, φ`) share a colour and differ in dashes.
    pub fn cut(mut self, name: &str, angles: &[f64], values: &[f64]) -> Self {
        self.cuts.push(Cut {
            name: name.to_string(),
            points: angles.iter().copied().zip(values.iter().copied()).collect(),
        });
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
        let names = self.cuts.iter().map(|cut| cut.name.as_str());
        let colours = distinct_colours(names);
        let looks = strokes(colours.into_iter().map(|colour| (colour, None, 1.8)));
        let entries = self.cuts.iter().zip(&looks).map(|(cut, stroke)| Entry {
            name: &cut.name,
            stroke,
            line: true,
            markers: false,
        });
        let legend = Legend::new(entries.collect());
        let room = area.width - 36.0;
        let top = heading_height(&self.title, &self.subtitle) + legend.height(room);
        let (floor, rim) = self.ends();
        let note = self.note(rim);
        let left = area.x + 18.0;
        draw_heading(figure, (left, area.y), room, &self.title, &self.subtitle);
        let at = (left, area.y + top - legend.height(room));
        legend.draw(figure, at, room);
        let style = TextStyle::new(9.5).colour(Colour::GREY);
        figure.text((left, area.bottom() - 8.0), style.fit(&note, room), style);

        let plot = area.inset(12.0, top, 12.0, if note.is_empty() { 6.0 } else { 22.0 });
        // The names of the directions stand around the rim.
        let rose = Rose {
            centre: (plot.centre_x(), plot.centre_y()),
            radius: (0.5 * (plot.width - 76.0).min(plot.height - 42.0)).max(1.0),
            floor,
            rim,
        };
        let signed = self.angles().any(|angle| angle < -1e-6);
        rose.draw_grid(figure, signed);
        let lines: Vec<Vec<Vec<(f64, f64)>>> = self
            .cuts
            .iter()
            .map(|cut| rose.lines(&closed(&cut.points)))
            .collect();
        for (runs, stroke) in lines.iter().zip(&looks) {
            for run in runs.iter().filter(|run| run.len() == 1) {
                let (at, radius, fill) = (run[0], 2.9, stroke.colour);
                figure.draw(Shape::Dot { at, radius, fill });
            }
            figure.lines(runs.clone(), stroke.clone());
        }
        let drawn: Vec<(f64, f64)> = lines.into_iter().flatten().flatten().collect();
        rose.draw_levels(figure, &drawn);
    }

    fn angles(&self) -> impl Iterator<Item = f64> {
        self.cuts
            .iter()
            .flat_map(|cut| cut.points.iter().map(|point| point.0))
    }

    /// The values at the centre and at the rim.
    fn ends(&self) -> (f64, f64) {
        if let Some((floor, top)) = self.range
            && floor.is_finite()
            && top.is_finite()
            && floor < top
        {
            return (floor, top);
        }
        let values = self.cuts.iter().flat_map(|cut| &cut.points);
        let highest = values
            .map(|point| point.1)
            .filter(|value| value.abs() < 1e3)
            .fold(f64::NEG_INFINITY, f64::max);
        if highest == f64::NEG_INFINITY {
            return (-30.0, 10.0);
        }
        // A maximum that is a ten but for round-off keeps it.
        let rim = 10.0 * (highest / 10.0 - 1e-3).ceil();
        (rim - 40.0, rim)
    }

    fn note(&self, rim: f64) -> String {
        let mut notes = Vec::new();
        for cut in &self.cuts {
            let lost = cut.points.iter().filter(|p| !usable(**p)).count();
            let beyond = cut.points.iter().filter(|p| p.1 > rim + 0.05).count();
            let beyond_note = format!("above {} dBi", minus(&format!("{rim}")));
            for (number, what) in [(lost, "not a number"), (beyond, beyond_note.as_str())] {
                if number > 0 {
                    let all = cut.points.len();
                    notes.push(format!("{}: {number} of {all} points {what}", cut.name));
                }
            }
        }
        if self.cuts.iter().all(|cut| cut.points.is_empty()) {
            notes.push("no data".to_string());
        }
        notes.join("; ")
    }
}

fn usable((angle, value): (f64, f64)) -> bool {
    angle.is_finite() && !value.is_nan()
}

/// A cut whose samples go all around but for one step gets its first point again.
fn closed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points = points.to_vec();
    if let [first, second, .., last] = points[..] {
        let step = second.0 - first.0;
        let gap = first.0 + TAU * step.signum() - last.0;
        if gap.abs() > 1e-9 && gap.abs() < 1.5 * step.abs() {
            points.push((first.0 + TAU * step.signum(), first.1));
        }
    }
    points
}

/// Where the plot lies in the figure.
struct Rose {
    centre: (f64, f64),
    radius: f64,
    floor: f64,
    rim: f64,
}

impl Rose {
    fn at(&self, angle: f64, distance: f64) -> (f64, f64) {
        (
            self.centre.0 + distance * angle.sin(),
            self.centre.1 - distance * angle.cos(),
        )
    }

    fn distance(&self, value: f64) -> f64 {
        self.radius * ((value - self.floor) / (self.rim - self.floor)).clamp(0.0, 1.0)
    }

    fn lines(&self, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        points
            .split(|&point| !usable(point))
            .filter(|run| !run.is_empty())
            .map(|run| {
                run.iter()
                    .map(|&(angle, value)| self.at(angle, self.distance(value)))
                    .collect()
            })
            .collect()
    }

    /// The tens above the floor and below the rim.
    fn tens(&self) -> Vec<f64> {
        let first = (self.floor / 10.0 + 1e-9).floor() + 1.0;
        let last = (self.rim / 10.0 - 1e-9).ceil() - 1.0;
        // More rings than this are no help, whatever range was asked for.
        let count = (last - first + 1.0).clamp(0.0, 40.0) as usize;
        (0..count).map(|k| 10.0 * (first + k as f64)).collect()
    }

    fn draw_grid(&self, figure: &mut Figure, signed: bool) {
        let grid = Stroke::new(Colour(0xd0, 0xd0, 0xd0), 0.7);
        let ink = Stroke::new(Colour(0x44, 0x44, 0x44), 0.9);
        let ring = |distance: f64| -> Vec<(f64, f64)> {
            (0..=180)
                .map(|k| self.at(f64::from(k) / 180.0 * TAU, distance))
                .collect()
        };
        let rings = self.tens().into_iter().map(|ten| ring(self.distance(ten)));
        figure.lines(rings.collect(), grid.clone());
        let style = TextStyle::new(10.5).align(Halign::Centre, Valign::Middle);
        for number in 0..12 {
            let angle = f64::from(number) / 12.0 * TAU;
            figure.line(self.centre, self.at(angle, self.radius), grid.clone());
            let degrees = match number * 30 {
                degrees if signed && degrees > 180 => degrees - 360,
                degrees => degrees,
            };
            let text = minus(&format!("{degrees}°"));
            // The half extents of the text along the ray keep it clear of the rim.
            let half = 0.5 * style.width_of(&text) * angle.sin().abs() + 4.5 * angle.cos().abs();
            figure.text(self.at(angle, self.radius + 6.0 + half), text, style);
        }
        figure.lines(vec![ring(self.radius)], ink);
    }

    /// The values of the rings, between two spokes where the fewest lines are.
    fn draw_levels(&self, figure: &mut Figure, drawn: &[(f64, f64)]) {
        let mut levels = self.tens();
        levels.push(self.rim);
        let places = |angle: f64| levels.iter().map(move |&level| (level, angle));
        let at = |(level, angle): (f64, f64)| {
            // The label of the rim stands inside of it.
            let inset = if level == self.rim { 9.0 } else { 0.0 };
            self.at(angle, (self.distance(level) - inset).max(0.0))
        };
        let clearance = |angle: f64| -> f64 {
            places(angle)
                .map(|place| {
                    let (x, y) = at(place);
                    drawn
                        .iter()
                        .map(|point| (point.0 - x).hypot(point.1 - y))
                        .fold(24.0, f64::min)
                })
                .sum()
        };
        // Beginning at the right, where readers look for it.
        let best = (0..12)
            .map(|number| (75.0 + 30.0 * f64::from(number)).to_radians())
            .map(|angle| (angle, clearance(angle)))
            .fold(None, |best: Option<(f64, f64)>, next| match best {
                Some(best) if best.1 >= next.1 - 1e-9 => Some(best),
                _ => Some(next),
            });
        let Some((angle, _)) = best else { return };
        let style = TextStyle::new(9.5)
            .colour(Colour::GREY)
            .align(Halign::Centre, Valign::Middle);
        for place in places(angle) {
            let unit = if place.0 == self.rim { " dBi" } else { "" };
            let text = minus(&format!("{}{unit}", (place.0 * 10.0).round() / 10.0));
            let ((x, y), width) = (at(place), style.width_of(&text) + 4.0);
            figure.draw(backing(Area::new(x - 0.5 * width, y - 6.0, width, 12.0)));
            figure.text((x, y), text, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_up_and_angles_turn_clockwise() {
        let rose = Rose {
            centre: (100.0, 100.0),
            radius: 80.0,
            floor: -30.0,
            rim: 10.0,
        };
        let right = TAU / 4.0;
        let runs = rose.lines(&[
            (0.0, 10.0),
            (right, -10.0),
            (2.0 * right, f64::NEG_INFINITY),
        ]);
        let expected = [(100.0, 20.0), (140.0, 100.0), (100.0, 100.0)];
        for (at, wanted) in runs[0].iter().zip(expected) {
            assert!((at.0 - wanted.0).hypot(at.1 - wanted.1) < 1e-9, "{at:?}");
        }
        assert_eq!(rose.tens(), [-20.0, -10.0, 0.0]);
    }

    #[test]
    fn the_range_follows_the_data() {
        let angles: Vec<f64> = (0..36).map(|k| f64::from(k) / 36.0 * TAU).collect();
        let cut = |value: f64| Polar::new().cut("a", &angles, &[value; 36]);
        assert_eq!(cut(2.15).ends(), (-30.0, 10.0));
        assert_eq!(cut(10.0).ends(), (-30.0, 10.0));
        assert_eq!(cut(f64::NAN).ends(), (-30.0, 10.0));
        assert_eq!(cut(12.0).range(-20.0, 15.0).ends(), (-20.0, 15.0));
        assert_eq!(closed(&cut(0.0).cuts[0].points).len(), 37);
        assert_eq!(closed(&cut(0.0).cuts[0].points[..20]).len(), 20);
    }

    #[test]
    fn odd_cuts_are_drawn() {
        let nan = f64::NAN;
        let cuts: [(&[f64], &[f64]); 4] = [
            (&[], &[]),
            (&[1.0], &[1.0]),
            (&[0.0, nan, 2.0], &[f64::INFINITY, 1.0, nan]),
            (&[0.0, -1.0], &[f64::NEG_INFINITY, 1e300]),
        ];
        for (angles, values) in cuts {
            let figure = Polar::new().cut("a", angles, values).figure(240.0, 240.0);
            let svg = figure.to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert!(figure.to_png(1.0).is_ok());
        }
    }
}
