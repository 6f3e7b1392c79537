//! A figure as SVG: lines as paths, text as text, pictures as embedded PNG.

use super::text::{CAPITAL, FAMILY};
use super::{Figure, Halign, Shape, Stroke, TextStyle, Valign};
use base64::Engine;
use std::fmt::Write;

/// The figure as one self-contained SVG element.
pub(crate) fn write(figure: &Figure) -> String {
    let (width, height) = (number(figure.width()), number(figure.height()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILY}\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for shape in figure.shapes() {
        draw(&mut svg, shape);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, shape: &Shape) {
    // Writing into a String cannot fail.
    let _ = match shape {
        Shape::Lines { chains, stroke } => {
            writeln!(svg, "<path d=\"{}\"{}/>", path(chains, false), line(stroke))
        }
        Shape::Polygon {
            corners,
            fill,
            opacity,
        } => writeln!(
            svg,
            "<path d=\"{}\" fill=\"{fill}\"{}/>",
            path(std::slice::from_ref(corners), true),
            see_through("fill-opacity", *opacity),
        ),
        Shape::Dot { at, radius, fill } => writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"#ffffff\" stroke-width=\"0.8\"/>",
            number(at.0),
            number(at.1),
            number(*radius),
        ),
        Shape::Picture { area, picture } => {
            let png = super::raster::encode(picture).unwrap_or_default();
            writeln!(
                svg,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
                 href=\"data:image/png;base64,{}\"/>",
                number(area.x),
                number(area.y),
                number(area.width),
                number(area.height),
                base64::engine::general_purpose::STANDARD.encode(png),
            )
        }
        Shape::Text { at, text, style } => set_text(svg, *at, text, style),
    };
}

fn set_text(svg: &mut String, at: (f64, f64), text: &str, style: &TextStyle) -> std::fmt::Result {
    let anchor = match style.halign {
        Halign::Left => "",
        Halign::Centre => " text-anchor=\"middle\"",
        Halign::Right => " text-anchor=\"end\"",
    };
    let drop = baseline_drop(style);
    let (x, y) = (number(at.0), number(at.1));
    let place = if style.upright {
        format!(
            "transform=\"translate({x} {y}) rotate(-90)\" y=\"{}\"",
            number(drop)
        )
    } else {
        format!("x=\"{x}\" y=\"{}\"", number(at.1 + drop))
    };
    let bold = if style.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    writeln!(
        svg,
        "<text {place} font-size=\"{}\"{bold}{anchor} fill=\"{}\" xml:space=\"preserve\">{}</text>",
        number(style.size),
        style.colour,
        escape(text),
    )
}

/// How far below its position a text's baseline lies.
pub(crate) fn baseline_drop(style: &TextStyle) -> f64 {
    style.size
        * match style.valign {
            Valign::Top => CAPITAL,
            Valign::Middle => 0.5 * CAPITAL,
            Valign::Baseline => 0.0,
        }
}

fn path(chains: &[Vec<(f64, f64)>], closed: bool) -> String {
    let mut path = String::new();
    for chain in chains {
        for (at, point) in chain.iter().enumerate() {
            path.push(if at == 0 { 'M' } else { 'L' });
            path.push_str(&number(point.0));
            path.push(' ');
            path.push_str(&number(point.1));
        }
        if closed {
            path.push('Z');
        }
    }
    path
}

fn line(stroke: &Stroke) -> String {
    let mut text = format!(
        " fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"",
        stroke.colour,
        number(stroke.width)
    );
    if stroke.dashes.is_empty() {
        text.push_str(" stroke-linecap=\"round\"");
    } else {
        let dashes: Vec<String> = stroke.dashes.iter().map(|&dash| number(dash)).collect();
        text.push_str(&format!(" stroke-dasharray=\"{}\"", dashes.join(" ")));
    }
    text + &see_through("stroke-opacity", stroke.opacity)
}

fn see_through(name: &str, opacity: f64) -> String {
    if opacity < 1.0 {
        format!(" {name}=\"{}\"", number(opacity))
    } else {
        String::new()
    }
}

/// A coordinate to a hundredth, without trailing zeros.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" {
        "0".to_string()
    } else {
        text.to_string()
    }
}

/// Text as it may stand in XML: control characters have no place there.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(' '),
            other if other.is_control() => {}
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (1.0, "1"),
            (0.5, "0.5"),
            (-0.001, "0"),
            (12.345, "12.35"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn texts_cannot_break_out() {
        let mut figure = Figure::new(10.0, 10.0);
        figure.text((0.0, 0.0), "<b>&\"\u{7}", TextStyle::new(10.0));
        assert!(figure.to_svg().contains(">&lt;b&gt;&amp;&quot;</text>"));
    }
}
