//! The embedded font: widths for layout, outlines for pictures.

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve};
use std::sync::LazyLock;

/// Family names for SVG. Verdana is drawn to the same widths as DejaVu Sans (both
/// descend from one design), so a viewer without the one keeps the layout.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Height of capitals as a share of the em square.
pub(crate) const CAPITAL: f64 = 0.729;

/// Weight of the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

static REGULAR: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(include_bytes!("assets/DejaVuSans-subset.ttf")).ok());
static BOLD: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("assets/DejaVuSans-Bold-subset.ttf")).ok()
});

fn font(weight: Weight) -> Option<&'static FontRef<'static>> {
    match weight {
        Weight::Regular => REGULAR.as_ref(),
        Weight::Bold => BOLD.as_ref(),
    }
}

/// The glyphs of a text with their distances from its start, in em, and its width.
fn layout(font: &FontRef<'_>, text: &str) -> (Vec<(GlyphId, f64)>, f64) {
    let em = f64::from(font.units_per_em().unwrap_or(2048.0));
    let (mut glyphs, mut at) = (Vec::new(), 0.0);
    let mut last: Option<GlyphId> = None;
    for character in text.chars() {
        let glyph = font.glyph_id(character);
        if let Some(last) = last {
            at += f64::from(font.kern_unscaled(last, glyph)) / em;
        }
        glyphs.push((glyph, at));
        at += f64::from(font.h_advance_unscaled(glyph)) / em;
        last = Some(glyph);
    }
    (glyphs, at)
}

/// Width of a text at this size.
pub(crate) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    font(weight).map_or(0.6 * size * text.chars().count() as f64, |font| {
        layout(font, text).1 * size
    })
}

/// A step of an outline, in em, y downwards from the baseline.
pub(crate) enum Step {
    Move(f64, f64),
    Line(f64, f64),
    Quad(f64, f64, f64, f64),
    Cubic(f64, f64, f64, f64, f64, f64),
}

/// The outline of a text that starts at the origin.
pub(crate) fn outline(text: &str, weight: Weight) -> Vec<Step> {
    let Some(font) = font(weight) else {
        return Vec::new();
    };
    let em = font.units_per_em().unwrap_or(2048.0);
    let mut steps = Vec::new();
    for (glyph, start) in layout(font, text).0 {
        let Some(shape) = font.outline(glyph) else {
            continue;
        };
        let place =
            |point: ab_glyph::Point| (start + f64::from(point.x / em), -f64::from(point.y / em));
        let mut pen: Option<ab_glyph::Point> = None;
        for curve in shape.curves {
            let (from, to) = match curve {
                OutlineCurve::Line(from, to) => (from, to),
                OutlineCurve::Quad(from, _, to) => (from, to),
                OutlineCurve::Cubic(from, _, _, to) => (from, to),
            };
            // A new contour begins where a curve does not go on from the last one.
            if pen != Some(from) {
                let (x, y) = place(from);
                steps.push(Step::Move(x, y));
            }
            pen = Some(to);
            let (x, y) = place(to);
            steps.push(match curve {
                OutlineCurve::Line(..) => Step::Line(x, y),
                OutlineCurve::Quad(_, control, _) => {
                    let (cx, cy) = place(control);
                    Step::Quad(cx, cy, x, y)
                }
                OutlineCurve::Cubic(_, first, second, _) => {
                    let ((ax, ay), (bx, by)) = (place(first), place(second));
                    Step::Cubic(ax, ay, bx, by, x, y)
                }
            });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_what_figures_need() {
        for weight in [Weight::Regular, Weight::Bold] {
            let font = font(weight).unwrap();
            for character in "Aé°µπζ⁻¹²³⁴⁰₀×·−–…→≤≥∞²".chars() {
                assert_ne!(font.glyph_id(character).0, 0, "{character} {weight:?}");
            }
        }
    }

    #[test]
    fn widths_grow_with_text_and_size() {
        let one = width("m", 10.0, Weight::Regular);
        assert!((width("mm", 20.0, Weight::Regular) - 4.0 * one).abs() < 1e-9);
        // DejaVu Sans: advance of "m" is 1995 of 2048 units.
        assert!((one - 10.0 * 1995.0 / 2048.0).abs() < 1e-6);
        assert!(!outline("m", Weight::Bold).is_empty());
    }
}
