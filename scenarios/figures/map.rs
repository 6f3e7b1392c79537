//! A field as a map: colours, coastlines, contours, wind.

use super::colour_bar::draw_colour_bar;
use super::layers::{Labelled, draw_coastlines, draw_contours, draw_field, draw_graticule};
use super::projection::Sheet;
use super::wind::{Wind, draw_wind};
use super::{Area, Colour, ColourMap, ColourScale, Field, Figure, Projection, Region, TextStyle};

/// A map of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    field: Field,
    /// Name of the quantity, for the colour bar.
    quantity: String,
    unit: String,
    title: String,
    subtitle: String,
    colours: ColourMap,
    range: Option<(f64, f64)>,
    bands: Option<usize>,
    contour_step: Option<f64>,
    wind: Option<Wind>,
    projection: Projection,
    region: Option<Region>,
}

impl Map {
    /// A map of a quantity in a unit (empty for a pure number).
    pub fn new(field: Field, quantity: &str, unit: &str) -> Self {
        Self {
            field,
            quantity: quantity.to_string(),
            unit: unit.to_string(),
            title: String::new(),
            subtitle: String::new(),
            colours: ColourMap::Viridis,
            range: None,
            bands: None,
            contour_step: None,
            wind: None,
            projection: Projection::EqualEarth,
            region: None,
        }
    }

    /// With a title.
    pub fn title(mut self, title: &str) -> Self {
        self.title = title.to_string();
        self
    }

    /// With a line under the title: the case, the date, the lead.
    pub fn subtitle(mut self, subtitle: &str) -> Self {
        self.subtitle = subtitle.to_string();
        self
    }

    /// In these colours.
    pub fn colours(mut self, colours: ColourMap) -> Self {
        self.colours = colours;
        self
    }

    /// Colours from `low` to `high`, whatever the field holds.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// In about this many bands of one colour each.
    pub fn bands(mut self, count: usize) -> Self {
        self.bands = Some(count);
        self
    }

    /// With contour lines at multiples of `step`.
    pub fn contours(mut self, step: f64) -> Self {
        self.contour_step = Some(step);
        self
    }

    /// With wind arrows.
    pub fn wind(mut self, wind: Wind) -> Self {
        self.wind = Some(wind);
        self
    }

    /// In this projection. The default is Equal Earth.
    pub fn projection(mut self, projection: Projection) -> Self {
        self.projection = projection;
        self
    }

    /// Of this part of the globe. The default is what the field covers.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// The values that the map shows, which set its colours.
    fn values_within(&self, region: Region) -> Vec<f64> {
        let field = &self.field;
        let east_of = |longitude: f64| (longitude - region.west).rem_euclid(360.0);
        let mut values = Vec::new();
        for (row, &latitude) in field.values().rows().into_iter().zip(field.latitudes()) {
            for (&value, &longitude) in row.iter().zip(field.longitudes()) {
                let seen = (region.south..=region.north).contains(&latitude)
                    && east_of(longitude) <= region.east - region.west;
                if seen {
                    values.push(value);
                }
            }
        }
        values
    }

    /// The figure, `width` wide and as high as it needs.
    pub fn figure(&self, width: f64) -> Figure {
        let region = self.region.unwrap_or_else(|| self.field.region());
        let values = || self.values_within(region);
        let mut scale = match self.range {
            Some((low, high)) => ColourScale::between(self.colours, low, high, values()),
            None => ColourScale::over(self.colours, values()),
        };
        if let Some(count) = self.bands {
            scale = scale.banded(count);
        }
        let missing = missing_note(&[&self.field]);
        let heading = heading_height(&self.title, &self.subtitle);
        let (left, right) = (46.0, 26.0);
        let map_width = (width - left - right).max(40.0);
        let map_height = map_width / Sheet::aspect(self.projection, region);
        let below = 78.0 + if missing.is_empty() { 0.0 } else { 16.0 };
        let mut figure = Figure::new(width, heading + map_height + below);
        draw_heading(
            &mut figure,
            (left, 0.0),
            map_width,
            &self.title,
            &self.subtitle,
        );
        let sheet = Sheet::new(
            self.projection,
            region,
            Area::new(left, heading, map_width, map_height),
        );
        draw_field(&mut figure, &sheet, &self.field, &scale);
        if let Some(step) = self.contour_step.filter(|step| *step > 0.0) {
            draw_contours(&mut figure, &sheet, &self.field, step);
        }
        draw_coastlines(&mut figure, &sheet);
        if let Some(wind) = &self.wind {
            draw_wind(&mut figure, &sheet, wind, heading - 12.0);
        }
        draw_graticule(
            &mut figure,
            &sheet,
            Labelled {
                left: true,
                below: true,
            },
        );
        let bar_width = (0.62 * map_width).max(160.0).min(map_width);
        let bar = Area::new(
            left + 0.5 * (map_width - bar_width),
            heading + map_height + 28.0,
            bar_width,
            11.0,
        );
        draw_colour_bar(
            &mut figure,
            bar,
            &scale,
            &quantity_title(&self.quantity, &self.unit),
        );
        let foot = figure.height() - 9.0;
        figure.text(
            (left, foot),
            missing,
            TextStyle::new(10.0).colour(Colour::GREY),
        );
        figure
    }
}

/// `geopotential height (m)`.
pub(crate) fn quantity_title(quantity: &str, unit: &str) -> String {
    if unit.is_empty() || unit == "1" {
        quantity.to_string()
    } else {
        format!("{quantity} ({unit})")
    }
}

/// What the reader is told of values that are not finite.
pub(crate) fn missing_note(fields: &[&Field]) -> String {
    let missing: usize = fields.iter().map(|field| field.missing()).sum();
    let all: usize = fields.iter().map(|field| field.values().len()).sum();
    match missing {
        0 => String::new(),
        missing => format!("grey: {missing} of {all} values are missing or not finite"),
    }
}

/// Height that a title and a subtitle take, with the room around them.
pub(crate) fn heading_height(title: &str, subtitle: &str) -> f64 {
    let title = if title.is_empty() { 0.0 } else { 20.0 };
    let subtitle = if subtitle.is_empty() { 0.0 } else { 16.0 };
    18.0 + title + subtitle
}

pub(crate) fn draw_heading(
    figure: &mut Figure,
    (x, y): (f64, f64),
    width: f64,
    title: &str,
    subtitle: &str,
) {
    let mut baseline = y + 24.0;
    if !title.is_empty() {
        let style = TextStyle::new(15.0).bold();
        figure.text((x, baseline), style.fit(title, width), style);
        baseline += 17.0;
    }
    if !subtitle.is_empty() {
        let style = TextStyle::new(11.5).colour(Colour::GREY);
        figure.text((x, baseline), style.fit(subtitle, width), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn field(value: impl Fn(f64, f64) -> f64) -> Field {
        let latitudes: Vec<f64> = (0..19).map(|i| 90.0 - 10.0 * f64::from(i)).collect();
        let longitudes: Vec<f64> = (0..36).map(|i| 10.0 * f64::from(i)).collect();
        let values = Array2::from_shape_fn((19, 36), |(i, j)| value(longitudes[j], latitudes[i]));
        Field::new(&latitudes, &longitudes, values.view()).unwrap()
    }

    #[test]
    fn odd_fields_are_drawn() {
        for (value, noted) in [
            (0.0, false),
            (5e-5, false),
            (f64::NAN, true),
            (f64::INFINITY, true),
        ] {
            for projection in [Projection::EqualEarth, Projection::Equirectangular] {
                let figure = Map::new(field(|_, _| value), "height", "m")
                    .projection(projection)
                    .contours(1.0)
                    .bands(8)
                    .figure(300.0);
                assert_eq!(figure.to_svg().contains("not finite"), noted);
            }
        }
    }
}
