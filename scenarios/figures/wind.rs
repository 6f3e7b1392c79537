//! Wind arrows over a map, every so often, with one beside it that tells their length.

use super::layers::round;
use super::projection::Sheet;
use super::{Area, Colour, Field, Figure, Halign, Stroke, TextStyle, Ticks, Valign};

/// Wind over a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Wind {
    /// Eastward wind.
    pub eastward: Field,
    /// Northward wind, on the same grid.
    pub northward: Field,
    /// Its unit.
    pub unit: String,
}

/// An arrow on the sheet.
#[derive(Debug, Clone, Copy)]
struct Arrow {
    /// Its middle.
    at: (f64, f64),
    /// Of length 1.
    direction: (f64, f64),
    /// Wind speed at first, then its length on the sheet.
    length: f64,
}

impl Arrow {
    /// The point at `share` of its length from the middle: 0.5 the tip, -0.5 the tail.
    fn point(&self, share: f64) -> (f64, f64) {
        let along = share * self.length;
        (
            self.at.0 + along * self.direction.0,
            self.at.1 + along * self.direction.1,
        )
    }

    fn lies_on(&self, sheet: &Sheet) -> bool {
        let area = sheet.area();
        [0.5, -0.5].into_iter().all(|share| {
            let (x, y) = self.point(share);
            (area.x..=area.right()).contains(&x)
                && (area.y..=area.bottom()).contains(&y)
                && sheet.globe(x, y).is_some()
        })
    }
}

/// Draws the wind, and its key with this baseline at the map's right edge.
pub(crate) fn draw_wind(figure: &mut Figure, sheet: &Sheet, wind: &Wind, key_baseline: f64) {
    let area = sheet.area();
    let spacing = (area.width / 30.0).max(15.0);
    let arrows = speeds(sheet, wind, spacing);
    let mut sizes: Vec<f64> = arrows.iter().map(|arrow| arrow.length).collect();
    if sizes.is_empty() {
        return;
    }
    sizes.sort_by(f64::total_cmp);
    // The longest arrow is a strong wind, not the strongest: one storm must not shrink
    // all the rest.
    let strong = sizes[(sizes.len() * 95 / 100).min(sizes.len() - 1)];
    let key = Ticks::linear(0.0, strong, 2).step;
    let longest = 1.5 * spacing;
    let scale = longest / strong.max(key);
    let drawn: Vec<Arrow> = arrows
        .into_iter()
        .map(|arrow| Arrow {
            length: (scale * arrow.length).min(1.3 * longest),
            ..arrow
        })
        // Not those too short to see, nor those that would leave the map.
        .filter(|arrow| arrow.length > 1.5 && arrow.lies_on(sheet))
        .collect();
    draw_arrows(figure, &drawn);
    draw_key(
        figure,
        area,
        key_baseline,
        scale * key,
        &format!("{} {}", round(key), wind.unit),
    );
}

/// The wind at points `spacing` apart on the sheet.
fn speeds(sheet: &Sheet, wind: &Wind, spacing: f64) -> Vec<Arrow> {
    let area = sheet.area();
    let (rows, columns) = (
        (area.height / spacing) as usize,
        (area.width / spacing) as usize,
    );
    let mut arrows = Vec::new();
    for number in 0..rows * columns {
        let (row, column) = ((number / columns) as f64, (number % columns) as f64);
        let at = (
            area.x + spacing * (column + 0.5),
            area.y + spacing * (row + 0.5),
        );
        let Some((longitude, latitude)) = sheet.globe(at.0, at.1) else {
            continue;
        };
        let (Some(u), Some(v)) = (
            wind.eastward.at(longitude, latitude),
            wind.northward.at(longitude, latitude),
        ) else {
            continue;
        };
        let speed = u.hypot(v);
        // Nearer to the poles a short step eastward is no short step in longitude.
        if !speed.is_finite() || speed == 0.0 || latitude.abs() > 85.0 {
            continue;
        }
        // The direction on the sheet is where a short step with the wind leads.
        let step = 0.5 / speed;
        let east = longitude + step * u / latitude.to_radians().cos();
        let (ahead, here) = (
            sheet.place(east, latitude + step * v),
            sheet.place(longitude, latitude),
        );
        let (dx, dy) = (ahead.0 - here.0, ahead.1 - here.1);
        let length = dx.hypot(dy);
        if length > 0.0 && length.is_finite() {
            arrows.push(Arrow {
                at,
                direction: (dx / length, dy / length),
                length: speed,
            });
        }
    }
    arrows
}

fn draw_key(figure: &mut Figure, area: Area, baseline: f64, length: f64, text: &str) {
    let style = TextStyle::new(10.0).align(Halign::Right, Valign::Baseline);
    figure.text((area.right(), baseline), text, style);
    let middle = area.right() - style.width_of(text) - 8.0 - 0.5 * length;
    draw_arrows(
        figure,
        &[Arrow {
            at: (middle, baseline - 4.0),
            direction: (1.0, 0.0),
            length,
        }],
    );
}

fn draw_arrows(figure: &mut Figure, arrows: &[Arrow]) {
    let mut chains = Vec::new();
    for arrow in arrows {
        let ((dx, dy), tip) = (arrow.direction, arrow.point(0.5));
        chains.push(vec![arrow.point(-0.5), tip]);
        let head = (0.32 * arrow.length).clamp(1.5, 4.0);
        let barb = |side: f64| {
            (
                tip.0 - head * (dx - side * 0.5 * dy),
                tip.1 - head * (dy + side * 0.5 * dx),
            )
        };
        chains.push(vec![barb(1.0), tip, barb(-1.0)]);
    }
    figure.lines(
        chains.clone(),
        Stroke::new(Colour::WHITE, 2.0).opacity(0.45),
    );
    figure.lines(chains, Stroke::new(Colour(0x11, 0x11, 0x11), 0.9));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Projection, Region};
    use ndarray::Array2;

    #[test]
    fn a_westerly_points_east_everywhere_on_an_equirectangular_map() {
        let latitudes: Vec<f64> = (0..19).map(|i| 90.0 - 10.0 * f64::from(i)).collect();
        let longitudes: Vec<f64> = (0..36).map(|i| 10.0 * f64::from(i)).collect();
        let field = |value: f64| {
            let values = Array2::from_elem((19, 36), value);
            Field::new(&latitudes, &longitudes, values.view())
        };
        let wind = Wind {
            eastward: field(10.0).unwrap(),
            northward: field(0.0).unwrap(),
            unit: "m s⁻¹".into(),
        };
        let area = Area::new(0.0, 0.0, 600.0, 300.0);
        let sheet = Sheet::new(Projection::Equirectangular, Region::GLOBE, area);
        let arrows = speeds(&sheet, &wind, 20.0);
        assert!(arrows.len() > 300);
        for arrow in &arrows {
            assert!(arrow.direction.0 > 0.999_999 && (arrow.length - 10.0).abs() < 1e-9);
        }
    }
}
