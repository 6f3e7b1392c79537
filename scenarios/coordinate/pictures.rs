//! Figures: truth, network and difference; errors against time; the parts of the loss.

use super::evaluate::{SolverPoint, worst};
use super::train::Outcome;
use crate::figures::{
    Area, Axis, Colour, ColourMap, ColourScale, Curves, Figure, Halign, Picture, Series, Shape,
    Stroke, TextStyle, Valign, draw_colour_bar,
};
use curlwind_operators::coordinate::cases::{Case, Reference};
use ndarray::Array2;

/// A figure and its caption.
pub type Captioned = (Figure, String);

const WIDTH: f64 = 720.0;
const PANEL: f64 = 200.0;

/// Each quantity as truth, network and difference: over time and place on a line, at the last time on
/// a plane.
pub fn fields(case: &dyn Case, truth: &Reference, values: &Array2<f64>) -> Vec<Captioned> {
    let quantities = case.quantities();
    let on_line = truth.axes.len() == 2;
    let (across, up) = if on_line { (0, 1) } else { (1, 2) };
    let (columns, rows) = (truth.axes[across].len(), truth.axes[up].len());
    let skipped = if on_line {
        0
    } else {
        (truth.axes[0].len() - 1) * columns * rows
    };
    let mut figure = Figure::new(
        3.0 * (PANEL + 40.0),
        quantities.len() as f64 * (PANEL + 84.0),
    );
    for (q, (name, unit, _)) in quantities.iter().enumerate() {
        let field = |of: &Array2<f64>| -> Vec<f64> {
            (0..columns * rows).map(|n| of[[skipped + n, q]]).collect()
        };
        let (exact, said) = (field(&truth.values), field(values));
        let difference: Vec<f64> = said.iter().zip(&exact).map(|(a, b)| a - b).collect();
        let both: Vec<f64> = exact.iter().chain(&said).copied().collect();
        let top = q as f64 * (PANEL + 84.0) + 28.0;
        let unit = if *unit == "1" {
            String::new()
        } else {
            format!(" ({unit})")
        };
        for (n, (title, field, scaled)) in [
            (format!("{name}{unit}, truth"), &exact, &both),
            (format!("{name}, network"), &said, &both),
            ("difference".to_string(), &difference, &difference),
        ]
        .into_iter()
        .enumerate()
        {
            let left = n as f64 * (PANEL + 40.0) + 20.0;
            let area = Area::new(left, top, PANEL, PANEL);
            let scale = ColourScale::over(ColourMap::BlueWhiteRed, scaled.iter().copied());
            panel(&mut figure, area, &title, field, [columns, rows], &scale);
        }
    }
    let names: Vec<String> = case
        .coordinates()
        .iter()
        .map(|c| format!("{} ({})", c.0, c.1))
        .collect();
    let range = |axis: usize| {
        let axis = &truth.axes[axis];
        format!("{} to {}", short(axis[0]), short(axis[axis.len() - 1]))
    };
    let caption = match on_line {
        true => format!(
            "{}, {} to the right, {}, {} upwards. Truth: {}.",
            names[0],
            range(0),
            names[1],
            range(1),
            case.source()
        ),
        false => format!(
            "At the last time, {} = {}; {} {}, {} {}. Truth: {}.",
            names[0],
            short(truth.axes[0][truth.axes[0].len() - 1]),
            names[1],
            range(1),
            names[2],
            range(2),
            case.source()
        ),
    };
    vec![(figure, caption)]
}

fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A field `[column][row]` as a picture, the first row at the bottom, with its colours below.
fn panel(
    figure: &mut Figure,
    area: Area,
    title: &str,
    field: &[f64],
    [columns, rows]: [usize; 2],
    scale: &ColourScale,
) {
    let mut rgba = Vec::with_capacity(4 * field.len());
    for j in (0..rows).rev() {
        for i in 0..columns {
            let Colour(red, green, blue) = scale.colour(field[i * rows + j]);
            rgba.extend([red, green, blue, 255]);
        }
    }
    figure.draw(Shape::Picture {
        area,
        picture: Picture {
            columns: columns as u32,
            rows: rows as u32,
            rgba,
        },
    });
    figure.frame(area, Stroke::new(Colour::GREY, 0.8));
    let style = TextStyle::new(12.0).align(Halign::Centre, Valign::Baseline);
    figure.text((area.centre_x(), area.y - 6.0), title, style);
    let bar = Area::new(area.x + 10.0, area.bottom() + 10.0, area.width - 20.0, 8.0);
    draw_colour_bar(figure, bar, scale, "");
}

/// Errors against wall time: the network as it is trained, the solver at its resolutions.
pub fn race(case: &dyn Case, network: &str, curve: &[SolverPoint], outcome: &Outcome) -> Captioned {
    let (seconds, errors): (Vec<f64>, Vec<f64>) = outcome
        .progress
        .iter()
        .map(|(seconds, errors)| (*seconds, worst(errors)))
        .filter(|(seconds, error)| *seconds > 0.0 && error.is_finite() && *error > 0.0)
        .unzip();
    let times: Vec<f64> = curve.iter().map(|p| p.seconds).collect();
    let found: Vec<f64> = curve.iter().map(|p| worst(&p.errors)).collect();
    let plot = Curves::new(
        Axis::log("wall time (s)"),
        Axis::log("relative L2 error, largest of the quantities"),
    )
    .series(Series::new(network, &seconds, &errors))
    .series(Series::new("solver", &times, &found).markers());
    let caption = format!(
        "Error against wall time: the network while it is trained, and the solver ({}) at its \
         resolutions.",
        case.solver().0
    );
    (plot.figure(WIDTH, 340.0), caption)
}

/// The mean square of each term of the loss against wall time.
pub fn losses(outcome: &Outcome) -> Captioned {
    let mut plot = Curves::new(Axis::linear("wall time (s)"), Axis::log("mean square"));
    for (term, losses) in &outcome.history {
        let losses = losses.iter().filter(|(_, loss)| *loss > 0.0);
        let (seconds, losses): (Vec<f64>, Vec<f64>) = losses.copied().unzip();
        plot = plot.series(Series::new(term, &seconds, &losses));
    }
    let caption = "The terms of the loss as training went on, without their weights.".to_string();
    (plot.figure(WIDTH, 280.0), caption)
}
