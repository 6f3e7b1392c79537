//! The colour bar of a scale.

use super::ticks::{minus, with_exponent};
use super::{
    Area, Colour, ColourScale, Figure, Halign, Picture, Shape, Stroke, TextStyle, Ticks, Valign,
};

/// A horizontal colour bar with marks below and its title under them.
pub(crate) fn draw_colour_bar(figure: &mut Figure, bar: Area, scale: &ColourScale, title: &str) {
    let columns = 256u32;
    let mut rgba = Vec::with_capacity(4 * columns as usize);
    for column in 0..columns {
        let at = (f64::from(column) + 0.5) / f64::from(columns);
        let Colour(red, green, blue) = scale.colour(scale.low + at * (scale.high - scale.low));
        rgba.extend([red, green, blue, 255]);
    }
    // Two rows, since a picture of one row is blended with nothing.
    let row = rgba.clone();
    rgba.extend(row);
    figure.draw(Shape::Picture {
        area: bar,
        picture: Picture {
            columns,
            rows: 2,
            rgba,
        },
    });
    let pointed = |outside: bool| if outside { 9.0 } else { 0.0 };
    let (tip_left, tip_right) = (pointed(scale.below), pointed(scale.above));
    for (tip, x, end) in [(-tip_left, bar.x, 0.0), (tip_right, bar.right(), 1.0)] {
        if tip != 0.0 {
            let corners = vec![(x, bar.y), (x + tip, bar.centre_y()), (x, bar.bottom())];
            let fill = scale.map.colour(end);
            figure.draw(Shape::Polygon {
                corners,
                fill,
                opacity: 1.0,
            });
        }
    }
    let edge = vec![
        (bar.x, bar.y),
        (bar.right(), bar.y),
        (bar.right() + tip_right, bar.centre_y()),
        (bar.right(), bar.bottom()),
        (bar.x, bar.bottom()),
        (bar.x - tip_left, bar.centre_y()),
    ];
    figure.lines(
        vec![super::canvas::close(edge)],
        Stroke::new(Colour(0x33, 0x33, 0x33), 0.8),
    );
    let label = TextStyle::new(10.0).align(Halign::Centre, Valign::Top);
    // Fewer marks until their labels keep apart.
    let mut count = (bar.width / 55.0).clamp(2.0, 9.0) as usize;
    let mut ticks = Ticks::linear(scale.low, scale.high, count);
    while count > 1 {
        let widest = ticks
            .labels
            .iter()
            .map(|text| label.width_of(text))
            .fold(0.0, f64::max);
        let apart = bar.width * ticks.step / (scale.high - scale.low);
        if widest + 10.0 <= apart {
            break;
        }
        count -= 1;
        ticks = Ticks::linear(scale.low, scale.high, count);
    }
    for (value, text) in ticks.at.iter().zip(&ticks.labels) {
        let x = bar.x + bar.width * (value - scale.low) / (scale.high - scale.low);
        figure.line(
            (x, bar.bottom()),
            (x, bar.bottom() + 3.5),
            Stroke::new(Colour::INK, 0.8),
        );
        figure.text((x, bar.bottom() + 6.0), minus(text), label);
    }
    let style = TextStyle::new(11.0).align(Halign::Centre, Valign::Top);
    let title = style.fit(&with_exponent(title, ticks.exponent), bar.width + 80.0);
    figure.text((bar.centre_x(), bar.bottom() + 20.0), title, style);
}
