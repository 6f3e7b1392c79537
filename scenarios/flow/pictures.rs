//! Figures of fields on a line and on a rectangle.

use super::evaluate::Judged;
use super::samples::TestSet;
use crate::figures::{
    Area, Axis, Colour, ColourMap, ColourScale, Curves, Figure, Halign, Picture, Series, Shape,
    Stroke, TextStyle, Valign, draw_colour_bar,
};
use curlwind_datasets::store::{Grid, Layout};
use ndarray::{ArrayView2, ArrayView4, s};

const WIDTH: f64 = 720.0;
const PANEL: f64 = 210.0;

/// A figure and its caption.
pub type Captioned = (Figure, String);

/// The states of one sample: all channels of the first and of the last.
pub fn states(title: &str, layout: &Layout, states: &ArrayView4<f32>) -> Captioned {
    let last = layout.steps - 1;
    let steps = if last == 0 { vec![0] } else { vec![0, last] };
    let mut fields = Vec::new();
    for step in steps {
        for (c, channel) in layout.channels.iter().enumerate() {
            let at = match last {
                0 => String::new(),
                _ => format!(", t = {} s", layout.time_step_seconds * step as f64),
            };
            fields.push(Panel {
                name: format!("{}{at}", channel.name),
                field: states.slice(s![step, c, .., ..]),
                like: None,
            });
        }
    }
    let caption = format!("{title}: one sample of the solver.");
    (draw(&layout.grid, &fields), caption)
}

/// The test samples of the operator's middle and largest error: input, truth, operator, difference.
pub fn comparison(test: &TestSet, judged: &[Judged]) -> Vec<Captioned> {
    let Some(operator) = judged.first() else {
        return Vec::new();
    };
    let chosen = operator.median_and_worst();
    chosen
        .into_iter()
        .zip(["middle", "largest"])
        .map(|(sample, which)| {
            let input = test.samples.inputs().slice(s![sample, 0, .., ..]);
            // of a trajectory the last state
            let channel = match test.samples.inputs().dim().1 {
                1 => operator.outputs.dim().1 - 1,
                _ => 0,
            };
            let truth = test.samples.outputs().slice(s![sample, channel, .., ..]);
            let said = operator.outputs.slice(s![sample, channel, .., ..]);
            let difference = &said - &truth;
            let panel = |name: &str, field, like| Panel {
                name: name.into(),
                field,
                like,
            };
            let mut fields = vec![
                panel("input", input, None),
                panel("solver", truth, Some(said)),
                panel(&operator.model, said, Some(truth)),
            ];
            if truth.nrows() > 1 {
                fields.push(panel("difference", difference.view(), None));
            }
            let caption = format!(
                "{}: the sample of the operator's {which} error, {:.4}.",
                test.name, operator.errors[sample]
            );
            (draw(&test.grid, &fields), caption)
        })
        .collect()
}

/// A field with its name; colours are those of both where it is to be compared with another.
struct Panel<'a> {
    name: String,
    field: ArrayView2<'a, f32>,
    like: Option<ArrayView2<'a, f32>>,
}

fn draw(grid: &Grid, fields: &[Panel]) -> Figure {
    let [(.., y), (.., x)] = grid.coordinates();
    if y.len() == 1 {
        let mut plot = Curves::new(Axis::linear("x (m)"), Axis::linear(""));
        let size = |field: &ArrayView2<f32>| {
            let sizes = field.iter().map(|v| f64::from(v.abs()));
            sizes.fold(0.0, f64::max)
        };
        let compared = fields.iter().filter(|panel| panel.like.is_some());
        let largest = compared.map(|panel| size(&panel.field)).fold(0.0, f64::max);
        for Panel { name, field, like } in fields {
            // beside an input that has decayed since, nothing would be seen
            let ratio = largest / size(field);
            let factor = match like.is_none() && ratio > 0.0 && !(0.2..5.0).contains(&ratio) {
                true => 10f64.powf(ratio.log10().round()),
                false => 1.0,
            };
            let values: Vec<f64> = field.iter().map(|v| factor * f64::from(*v)).collect();
            let name = match factor {
                1.0 => name.clone(),
                factor => format!("{name} x {factor}"),
            };
            plot = plot.series(Series::new(&name, x, &values));
        }
        return plot.figure(WIDTH, 320.0);
    }
    let columns = fields.len().min(4);
    let rows = fields.len().div_ceil(columns);
    let mut figure = Figure::new(
        columns as f64 * (PANEL + 24.0),
        rows as f64 * (PANEL + 90.0),
    );
    for (n, field) in fields.iter().enumerate() {
        let left = (n % columns) as f64 * (PANEL + 24.0) + 12.0;
        let top = (n / columns) as f64 * (PANEL + 90.0) + 28.0;
        panel(&mut figure, Area::new(left, top, PANEL, PANEL), field);
    }
    figure
}

/// One field as a picture, the first row at the bottom, with its colours below.
fn panel(figure: &mut Figure, area: Area, panel: &Panel) {
    let Panel { name, field, like } = panel;
    let other = like.iter().flat_map(|like| like.iter());
    let values = || field.iter().chain(other.clone()).map(|v| f64::from(*v));
    let (low, high) = values().fold((0.0f64, 0.0f64), |(l, h), v| (l.min(v), h.max(v)));
    // a little below zero is no sign
    let map = match -low > 0.05 * high && high > 0.05 * -low {
        true => ColourMap::BlueWhiteRed,
        false => ColourMap::Viridis,
    };
    let scale = ColourScale::over(map, values());
    let (rows, columns) = field.dim();
    let mut rgba = Vec::with_capacity(4 * rows * columns);
    for j in (0..rows).rev() {
        for i in 0..columns {
            let Colour(red, green, blue) = scale.colour(f64::from(field[[j, i]]));
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
    figure.text((area.centre_x(), area.y - 6.0), name.as_str(), style);
    let bar = Area::new(area.x + 10.0, area.bottom() + 10.0, area.width - 20.0, 8.0);
    draw_colour_bar(figure, bar, &scale, "");
}
