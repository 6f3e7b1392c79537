//! A Smith chart: reflection coefficients in the unit disc, under the grid of the
//! impedances they stand for.
//!
//! Γ = (z − 1) / (z + 1) takes the normalised impedance z = r + jx into the unit disc.
//! Lines of constant r become circles around r/(1 + r) of radius 1/(1 + r), lines of
//! constant x arcs around 1 + j/x of radius 1/|x|; a constant standing-wave ratio s is the
//! circle |Γ| = (s − 1)/(s + 1). P. H. Smith, "Transmission line calculator",
//! Electronics 12 (1939); D. M. Pozar, Microwave Engineering, 4th ed., section 2.4.

use super::canvas::clip;
use super::legend::{Entry, Legend};
use super::map::{draw_heading, heading_height};
use super::style::strokes;
use super::{Area, Colour, Figure, Halign, Shape, Stroke, TextStyle, Valign, distinct_colours};
use num_complex::Complex64;
use std::f64::consts::TAU;

/// Normalised resistances and reactances that have a line.
const LINES: [f64; 5] = [0.2, 0.5, 1.0, 2.0, 5.0];

#[derive(Debug, Clone, PartialEq)]
struct Trace {
    name: String,
    points: Vec<Complex64>,
    colour: Option<Colour>,
    dashed: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Marker {
    /// The trace it belongs to, where there is one.
    trace: Option<usize>,
    at: Complex64,
    label: String,
}

/// A Smith chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Smith {
    title: String,
    subtitle: String,
    reference: Option<f64>,
    ratios: Vec<f64>,
    traces: Vec<Trace>,
    markers: Vec<Marker>,
}

impl Smith {
    /// An empty chart.
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

    /// With a note of the impedance, in Ω, that the chart is normalised to.
    pub fn reference(mut self, ohm: f64) -> Self {
        self.reference = Some(ohm);
        self
    }

    /// With the circle of a constant standing-wave ratio above 1.
    pub fn standing_wave(mut self, ratio: f64) -> Self {
        self.ratios.push(ratio);
        self
    }

    /// With one more line of reflection coefficients, in the order of frequency. A point
    /// that is not finite breaks it. Without a colour it gets one unlike the others.
    pub fn trace(
        mut self,
        name: &str,
        reflection: &[Complex64],
        colour: Option<Colour>,
        dashed: bool,
    ) -> Self {
        self.traces.push(Trace {
            name: name.to_string(),
            points: reflection.to_vec(),
            colour,
            dashed,
        });
        self
    }

    /// With a labelled dot at a reflection coefficient, in the colour of the last trace.
    pub fn marker(mut self, reflection: Complex64, label: &str) -> Self {
        self.markers.push(Marker {
            trace: self.traces.len().checked_sub(1),
            at: reflection,
            label: label.to_string(),
        });
        self
    }

    /// The chart as a figure of this size.
    pub fn figure(&self, width: f64, height: f64) -> Figure {
        let mut figure = Figure::new(width, height);
        let area = figure.area();
        self.draw(&mut figure, area);
        figure
    }

    /// Draws the chart into a part of a figure.
    pub fn draw(&self, figure: &mut Figure, area: Area) {
        let looks = self.looks();
        let entries = self.traces.iter().zip(&looks).map(|(trace, stroke)| Entry {
            name: &trace.name,
            stroke,
            line: true,
            markers: false,
        });
        // One trace alone is named where a legend would only repeat the title.
        let named = self.traces.len() > 1 || self.title.is_empty();
        let legend = Legend::new(entries.filter(|_| named).collect());
        let room = area.width - 36.0;
        let top = heading_height(&self.title, &self.subtitle) + legend.height(room);
        let note = self.note();
        let bottom = if note.is_empty() { 8.0 } else { 24.0 };
        let left = area.x + 18.0;
        draw_heading(figure, (left, area.y), room, &self.title, &self.subtitle);
        let at = (left, area.y + top - legend.height(room));
        legend.draw(figure, at, room);
        let style = TextStyle::new(9.5).colour(Colour::GREY);
        figure.text((left, area.bottom() - 8.0), style.fit(&note, room), style);

        let chart = area.inset(12.0, top, 12.0, bottom);
        // The labels of the reactances stand around the disc.
        let radius = (0.5 * (chart.width - 60.0).min(chart.height - 34.0)).max(1.0);
        let disc = Disc {
            centre: (chart.centre_x(), chart.centre_y()),
            radius,
        };
        disc.draw_grid(figure);
        for &ratio in self.ratios.iter().filter(|ratio| **ratio > 1.0) {
            disc.draw_ratio(figure, ratio);
        }
        let labels = disc.draw_labels(figure);
        let lines: Vec<Vec<(f64, f64)>> = self
            .traces
            .iter()
            .flat_map(|trace| trace.points.split(|point| !point.is_finite()))
            .map(|run| run.iter().map(|&point| disc.place(point)).collect())
            .collect();
        for (trace, stroke) in self.traces.iter().zip(&looks) {
            disc.draw_trace(figure, chart, &trace.points, stroke);
        }
        self.draw_markers(figure, (area, &labels), &disc, &looks, &lines);
    }

    fn looks(&self) -> Vec<Stroke> {
        let names = self.traces.iter().map(|trace| trace.name.as_str());
        let colours = distinct_colours(names);
        strokes(self.traces.iter().zip(colours).map(|(trace, colour)| {
            let dashed = trace.dashed.then_some(true);
            (trace.colour.unwrap_or(colour), dashed, 1.8)
        }))
    }

    /// Dots, and their labels where they hide the least.
    fn draw_markers(
        &self,
        figure: &mut Figure,
        (area, labels): (Area, &[Area]),
        disc: &Disc,
        looks: &[Stroke],
        lines: &[Vec<(f64, f64)>],
    ) {
        let style = TextStyle::new(10.0)
            .bold()
            .align(Halign::Centre, Valign::Middle);
        let markers: Vec<(&Marker, (f64, f64), Colour)> = self
            .markers
            .iter()
            .filter(|marker| marker.at.is_finite() && marker.at.norm() < 1.2)
            .map(|marker| {
                let colour = marker.trace.and_then(|trace| looks.get(trace));
                let colour = colour.map_or(Colour::INK, |stroke| stroke.colour);
                (marker, disc.place(marker.at), colour)
            })
            .collect();
        let dots: Vec<(f64, f64)> = markers.iter().map(|marker| marker.1).collect();
        let mut taken: Vec<Area> = Vec::new();
        for &(marker, at, _) in &markers {
            let (width, height) = (style.width_of(&marker.label) + 6.0, 14.0);
            let cost = |place: &Area| {
                let inside = |points: &[(f64, f64)]| {
                    points.iter().filter(|point| holds(place, **point)).count() as f64
                };
                let lines: usize = lines.iter().map(|line| crossings(line, place)).sum();
                let met = taken
                    .iter()
                    .chain(labels)
                    .filter(|other| overlap(place, other))
                    .count() as f64;
                let out = [
                    area.x - place.x,
                    area.y - place.y,
                    place.right() - area.right(),
                    place.bottom() - area.bottom(),
                ];
                let out = out.into_iter().fold(0.0, f64::max);
                let gone = (place.centre_x() - at.0).hypot(place.centre_y() - at.1);
                100.0 * met + 20.0 * out + 8.0 * inside(&dots) + lines as f64 + 0.01 * gone
            };
            let places = (0..24).map(|number| {
                // Eight directions at three distances, to the right first.
                let (ring, turn) = (f64::from(number / 8), f64::from(number % 8) / 8.0 * TAU);
                let away = 6.0 + 12.0 * ring;
                let x = at.0 + turn.cos() * (away + 0.5 * width);
                let y = at.1 + turn.sin() * (away + 0.5 * height);
                Area::new(x - 0.5 * width, y - 0.5 * height, width, height)
            });
            let best = places.min_by(|a, b| cost(a).total_cmp(&cost(b)));
            let place = best.unwrap_or(Area::new(at.0, at.1, width, height));
            taken.push(place);
        }
        // The dots lie over every label's ground, the labels over every dot.
        for (&(_, at, colour), place) in markers.iter().zip(&taken) {
            figure.draw(backing(*place));
            let near = (
                at.0.clamp(place.x, place.right()),
                at.1.clamp(place.y, place.bottom()),
            );
            if (near.0 - at.0).hypot(near.1 - at.1) > 8.0 {
                figure.line(at, near, Stroke::new(colour, 0.8));
            }
        }
        for &(_, at, fill) in &markers {
            let radius = 4.2;
            figure.draw(Shape::Dot { at, radius, fill });
        }
        for (&(marker, _, colour), place) in markers.iter().zip(&taken) {
            let at = (place.centre_x(), place.centre_y());
            figure.text(at, &marker.label, style.colour(colour));
        }
    }

    /// The reference impedance, and what the reader is told of points that have no place.
    fn note(&self) -> String {
        let mut notes = Vec::new();
        if let Some(ohm) = self.reference {
            notes.push(format!("normalised to {} Ω", (ohm * 1e3).round() / 1e3));
        }
        for trace in &self.traces {
            let count = trace.points.len();
            let lost = trace.points.iter().filter(|p| !p.is_finite()).count();
            // Round-off on the rim is not worth a word.
            let beyond = trace.points.iter().filter(|p| p.norm() > 1.001).count();
            for (number, what) in [(lost, "not finite"), (beyond, "beyond |Γ| = 1")] {
                if number > 0 {
                    notes.push(format!("{}: {number} of {count} points {what}", trace.name));
                }
            }
        }
        if self.traces.iter().all(|trace| trace.points.is_empty()) {
            notes.push("no data".to_string());
        }
        notes.join("; ")
    }
}

/// Where the unit disc lies in the figure.
struct Disc {
    centre: (f64, f64),
    radius: f64,
}

impl Disc {
    fn place(&self, reflection: Complex64) -> (f64, f64) {
        (
            self.centre.0 + self.radius * reflection.re,
            self.centre.1 - self.radius * reflection.im,
        )
    }

    /// A circle within the disc's plane.
    fn circle(&self, centre: Complex64, radius: f64) -> Vec<(f64, f64)> {
        (0..=180)
            .map(|k| self.place(centre + Complex64::from_polar(radius, f64::from(k) / 180.0 * TAU)))
            .collect()
    }

    fn draw_grid(&self, figure: &mut Figure) {
        let grid = Stroke::new(Colour(0xc8, 0xc8, 0xc8), 0.7);
        let matched = Stroke::new(Colour(0x99, 0x99, 0x99), 0.8);
        let ink = Stroke::new(Colour(0x44, 0x44, 0x44), 0.9);
        for resistance in LINES {
            let radius = 1.0 / (1.0 + resistance);
            let circle = self.circle(Complex64::new(1.0 - radius, 0.0), radius);
            let stroke = if resistance == 1.0 { &matched } else { &grid };
            figure.lines(vec![circle], stroke.clone());
        }
        let arcs = LINES
            .iter()
            .flat_map(|&x| [self.arc(x, 1.0), self.arc(x, -1.0)]);
        figure.lines(arcs.collect(), grid);
        let ends = [-1.0, 1.0].map(|end| self.place(Complex64::new(end, 0.0)));
        figure.line(ends[0], ends[1], matched);
        figure.lines(vec![self.circle(Complex64::new(0.0, 0.0), 1.0)], ink);
    }

    /// The arc of a reactance, from the rim to the open end. With 1 + r + jx = |x| e^{jφ} /
    /// sin φ it is Γ = 1 − 2 e^{−jφ} sin φ / |x|, smooth in φ even where r is infinite.
    fn arc(&self, reactance: f64, sign: f64) -> Vec<(f64, f64)> {
        let start = reactance.atan();
        (0..=60)
            .map(|k| {
                let angle = start * (1.0 - f64::from(k) / 60.0);
                let step = Complex64::from_polar(2.0 * angle.sin() / reactance, -sign * angle);
                self.place(Complex64::new(1.0, 0.0) - step)
            })
            .collect()
    }

    /// The values of the lines; returns where those of the reactances stand.
    fn draw_labels(&self, figure: &mut Figure) -> Vec<Area> {
        let style = TextStyle::new(9.5).colour(Colour::GREY);
        let middle = style.align(Halign::Centre, Valign::Middle);
        for resistance in LINES {
            let at = self.place(Complex64::new((resistance - 1.0) / (resistance + 1.0), 0.0));
            let text = format!("{resistance}");
            let width = style.width_of(&text) + 4.0;
            figure.draw(backing(Area::new(
                at.0 - 0.5 * width,
                at.1 - 6.0,
                width,
                12.0,
            )));
            figure.text(at, text, middle);
        }
        let mut rim = vec![
            (Complex64::new(-1.0, 0.0), "0".to_string()),
            (Complex64::new(1.0, 0.0), "∞".to_string()),
        ];
        for reactance in LINES {
            for (sign, written) in [(1.0, "j"), (-1.0, "−j")] {
                let z = Complex64::new(0.0, sign * reactance);
                rim.push(((z - 1.0) / (z + 1.0), format!("{written}{reactance}")));
            }
        }
        rim.iter()
            .map(|(at, text)| self.label_rim(figure, *at, text, style))
            .collect()
    }

    /// A label outside the rim, on the ray through `at`.
    fn label_rim(&self, figure: &mut Figure, at: Complex64, text: &str, style: TextStyle) -> Area {
        let ((x, y), width) = (self.place(at), style.width_of(text));
        // The half extents of the text along the ray keep it clear of the rim.
        let along = 5.0 + 0.5 * width * at.re.abs() + 4.0 * at.im.abs();
        let at = (x + along * at.re, y - along * at.im);
        figure.text(at, text, style.align(Halign::Centre, Valign::Middle));
        Area::new(at.0 - 0.5 * width, at.1 - 5.0, width, 10.0)
    }

    fn draw_ratio(&self, figure: &mut Figure, ratio: f64) {
        let radius = (ratio - 1.0) / (ratio + 1.0);
        let circle = self.circle(Complex64::new(0.0, 0.0), radius);
        let stroke = Stroke::new(Colour::GREY, 1.0).dashed(&[4.0, 3.0]);
        figure.lines(vec![circle], stroke);
        let style = TextStyle::new(9.5).colour(Colour::GREY);
        let text = format!("VSWR {ratio}");
        let (x, y) = (self.centre.0, self.centre.1 + self.radius * radius + 9.0);
        let width = style.width_of(&text) + 4.0;
        figure.draw(backing(Area::new(x - 0.5 * width, y - 6.0, width, 12.0)));
        figure.text((x, y), text, style.align(Halign::Centre, Valign::Middle));
    }

    fn draw_trace(&self, figure: &mut Figure, chart: Area, trace: &[Complex64], stroke: &Stroke) {
        for run in trace.split(|point| !point.is_finite()) {
            if let [alone] = run {
                // A point without neighbours would be no line.
                let (at, radius) = (self.place(*alone), 2.9);
                if holds(&chart, at) {
                    let fill = stroke.colour;
                    figure.draw(Shape::Dot { at, radius, fill });
                }
                continue;
            }
            let line: Vec<(f64, f64)> = run.iter().map(|&point| self.place(point)).collect();
            figure.lines(clip(&line, chart), stroke.clone());
        }
    }
}

/// A white ground that lets a text be read over lines.
pub(super) fn backing(area: Area) -> Shape {
    Shape::Polygon {
        corners: vec![
            (area.x, area.y),
            (area.right(), area.y),
            (area.right(), area.bottom()),
            (area.x, area.bottom()),
        ],
        fill: Colour::WHITE,
        opacity: 0.8,
    }
}

fn holds(area: &Area, (x, y): (f64, f64)) -> bool {
    (area.x..=area.right()).contains(&x) && (area.y..=area.bottom()).contains(&y)
}

fn overlap(a: &Area, b: &Area) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

/// How much of a line lies in an area, in steps of about 3 pixels.
fn crossings(line: &[(f64, f64)], area: &Area) -> usize {
    let length: f64 = clip(line, *area)
        .iter()
        .flat_map(|part| part.windows(2))
        .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1))
        .sum();
    (length / 3.0).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_lines_are_where_their_impedances_are() {
        let disc = Disc {
            centre: (0.0, 0.0),
            radius: 1.0,
        };
        for x in LINES {
            for sign in [1.0, -1.0] {
                let arc = disc.arc(x, sign);
                for &(re, down) in &arc[..60] {
                    let reflection = Complex64::new(re, -down);
                    let z = (1.0 + reflection) / (1.0 - reflection);
                    assert!((z.im - sign * x).abs() < 1e-9 * (1.0 + z.norm()), "{z}");
                    assert!(z.re > -1e-12);
                }
                assert!((arc[60].0 - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn odd_traces_are_drawn() {
        let nan = Complex64::new(f64::NAN, 0.0);
        let c = Complex64::new;
        for trace in [
            vec![],
            vec![nan],
            vec![c(0.1, 0.2)],
            vec![c(0.1, 0.2), nan, c(3.0, 0.0), c(0.0, 1e200)],
        ] {
            let chart = Smith::new()
                .standing_wave(2.0)
                .marker(c(0.0, 0.0), "match")
                .trace("a", &trace, None, false)
                .marker(nan, "nowhere");
            let figure = chart.figure(240.0, 240.0);
            let svg = figure.to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert!(svg.contains("match") && !svg.contains("nowhere"));
            assert!(figure.to_png(1.0).is_ok());
        }
        let chart = Smith::new().trace("a", &[nan, c(2.0, 0.0)], None, false);
        assert!(chart.note().contains("1 of 2 points not finite"));
        assert!(chart.note().contains("1 of 2 points beyond"));
    }
}
