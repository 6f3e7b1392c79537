//! A figure as PNG, drawn with sub-pixel accuracy and antialiasing.

use super::Colour;
use super::svg::baseline_drop;
use super::text::{self, Step};
use super::{Figure, FigureError, Halign, Picture, Shape, TextStyle};
use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Paint, PathBuilder, Pixmap, PixmapPaint,
    PremultipliedColorU8, StrokeDash, Transform,
};

/// The figure as PNG, `scale` pixels to the unit.
pub(crate) fn png(figure: &Figure, scale: f64) -> Result<Vec<u8>, FigureError> {
    let size = FigureError::Size {
        width: figure.width() * scale,
        height: figure.height() * scale,
    };
    let (columns, rows) = (
        (figure.width() * scale).ceil(),
        (figure.height() * scale).ceil(),
    );
    // Beyond this a side is a mistake, and the picture would not fit in memory.
    if !(1.0..=32_768.0).contains(&columns) || !(1.0..=32_768.0).contains(&rows) {
        return Err(size);
    }
    let Some(mut page) = Pixmap::new(columns as u32, rows as u32) else {
        return Err(size);
    };
    page.fill(tiny_skia::Color::WHITE);
    let zoom = Transform::from_scale(scale as f32, scale as f32);
    for shape in figure.shapes() {
        draw(&mut page, shape, zoom);
    }
    page.encode_png().map_err(|_| size)
}

/// A picture as PNG; none where its size is no size.
pub(crate) fn encode(picture: &Picture) -> Option<Vec<u8>> {
    pixmap(picture)?.encode_png().ok()
}

fn pixmap(picture: &Picture) -> Option<Pixmap> {
    let mut map = Pixmap::new(picture.columns, picture.rows)?;
    for (pixel, rgba) in map
        .pixels_mut()
        .iter_mut()
        .zip(picture.rgba.chunks_exact(4))
    {
        let part = |value: u8| ((u16::from(value) * u16::from(rgba[3]) + 127) / 255) as u8;
        if let Some(colour) =
            PremultipliedColorU8::from_rgba(part(rgba[0]), part(rgba[1]), part(rgba[2]), rgba[3])
        {
            *pixel = colour;
        }
    }
    Some(map)
}

fn paint(colour: Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    let Colour(red, green, blue) = colour;
    paint.set_color_rgba8(
        red,
        green,
        blue,
        (opacity.clamp(0.0, 1.0) * 255.0).round() as u8,
    );
    paint.anti_alias = true;
    paint
}

fn draw(page: &mut Pixmap, shape: &Shape, zoom: Transform) {
    match shape {
        Shape::Lines { chains, stroke } => {
            let mut path = PathBuilder::new();
            for chain in chains {
                trace(&mut path, chain);
            }
            let dashed = !stroke.dashes.is_empty();
            let dashes = stroke.dashes.iter().map(|&dash| dash as f32).collect();
            let pen = tiny_skia::Stroke {
                width: stroke.width as f32,
                line_cap: if dashed {
                    LineCap::Butt
                } else {
                    LineCap::Round
                },
                line_join: LineJoin::Round,
                dash: if dashed {
                    StrokeDash::new(dashes, 0.0)
                } else {
                    None
                },
                ..tiny_skia::Stroke::default()
            };
            if let Some(path) = path.finish() {
                page.stroke_path(
                    &path,
                    &paint(stroke.colour, stroke.opacity),
                    &pen,
                    zoom,
                    None,
                );
            }
        }
        Shape::Polygon {
            corners,
            fill,
            opacity,
        } => {
            let mut path = PathBuilder::new();
            trace(&mut path, corners);
            path.close();
            if let Some(path) = path.finish() {
                page.fill_path(
                    &path,
                    &paint(*fill, *opacity),
                    FillRule::Winding,
                    zoom,
                    None,
                );
            }
        }
        Shape::Dot { at, radius, fill } => {
            let circle =
                |radius: f64| PathBuilder::from_circle(at.0 as f32, at.1 as f32, radius as f32);
            for (radius, colour) in [(radius + 0.4, Colour::WHITE), (radius - 0.4, *fill)] {
                if let Some(path) = circle(radius) {
                    page.fill_path(&path, &paint(colour, 1.0), FillRule::Winding, zoom, None);
                }
            }
        }
        Shape::Picture { area, picture } => {
            let Some(source) = pixmap(picture) else {
                return;
            };
            let stretch = Transform::from_row(
                (area.width / f64::from(picture.columns)) as f32,
                0.0,
                0.0,
                (area.height / f64::from(picture.rows)) as f32,
                area.x as f32,
                area.y as f32,
            );
            let how = PixmapPaint {
                quality: FilterQuality::Bilinear,
                ..PixmapPaint::default()
            };
            page.draw_pixmap(0, 0, source.as_ref(), &how, stretch.post_concat(zoom), None);
        }
        Shape::Text { at, text, style } => draw_text(page, *at, text, style, zoom),
    }
}

fn trace(path: &mut PathBuilder, chain: &[(f64, f64)]) {
    for (at, &(x, y)) in chain.iter().enumerate() {
        if at == 0 {
            path.move_to(x as f32, y as f32);
        } else {
            path.line_to(x as f32, y as f32);
        }
    }
}

fn draw_text(page: &mut Pixmap, at: (f64, f64), text: &str, style: &TextStyle, zoom: Transform) {
    let shift = match style.halign {
        Halign::Left => 0.0,
        Halign::Centre => -0.5 * style.width_of(text),
        Halign::Right => -style.width_of(text),
    };
    let mut path = PathBuilder::new();
    for step in text::outline(text, style.weight()) {
        match step {
            Step::Move(x, y) => path.move_to(x as f32, y as f32),
            Step::Line(x, y) => path.line_to(x as f32, y as f32),
            Step::Quad(ax, ay, x, y) => {
                path.quad_to(ax as f32, ay as f32, x as f32, y as f32);
            }
            Step::Cubic(ax, ay, bx, by, x, y) => {
                path.cubic_to(
                    ax as f32, ay as f32, bx as f32, by as f32, x as f32, y as f32,
                );
            }
        }
    }
    let Some(path) = path.finish() else { return };
    let turn = if style.upright { -90.0 } else { 0.0 };
    let place = Transform::from_scale(style.size as f32, style.size as f32)
        .post_translate(shift as f32, baseline_drop(style) as f32)
        .post_concat(Transform::from_rotate(turn))
        .post_translate(at.0 as f32, at.1 as f32)
        .post_concat(zoom);
    page.fill_path(
        &path,
        &paint(style.colour, 1.0),
        FillRule::Winding,
        place,
        None,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Area, Stroke};

    #[test]
    fn shapes_reach_the_picture() {
        let mut figure = Figure::new(20.0, 10.0);
        figure.fill(Area::new(0.0, 0.0, 10.0, 10.0), Colour(255, 0, 0));
        figure.line(
            (15.0, 0.0),
            (15.0, 10.0),
            Stroke::new(Colour(0, 0, 255), 2.0),
        );
        let page = Pixmap::decode_png(&figure.to_png(2.0).unwrap()).unwrap();
        assert_eq!((page.width(), page.height()), (40, 20));
        let pixel = |x, y| page.pixel(x, y).map(|p| (p.red(), p.green(), p.blue()));
        assert_eq!(pixel(5, 5), Some((255, 0, 0)));
        assert_eq!(pixel(30, 10), Some((0, 0, 255)));
        assert_eq!(pixel(25, 10), Some((255, 255, 255)));
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for width in [0.0, -1.0, f64::NAN, 1e9] {
            assert!(Figure::new(width, 10.0).to_png(2.0).is_err());
        }
    }
}
