//! A field as a map: colours, coastlines, contours, wind.

use super::canvas::clip;
use super::coastline::COASTLINES;
use super::contour::contours;
use super::projection::Sheet;
use super::ticks::{minus, with_exponent};
use super::{
    Area, Colour, ColourMap, ColourScale, Field, Figure, Halign, Picture, Projection, Region,
    Shape, Stroke, TextStyle, Ticks, Valign,
};

/// Wind arrows over a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Wind {
    /// Eastward wind.
    pub eastward: Field,
    /// Northward wind, on the same grid.
    pub northward: Field,
    /// Its unit.
    pub unit: String,
}

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

/// The colours of a field as a picture.
pub(crate) fn draw_field(figure: &mut Figure, sheet: &Sheet, field: &Field, scale: &ColourScale) {
    let area = sheet.area();
    let (columns, rows) = (
        (2.0 * area.width).round() as u32,
        (2.0 * area.height).round() as u32,
    );
    let (columns, rows) = (columns.clamp(2, 8192), rows.clamp(2, 8192));
    let mut rgba = Vec::with_capacity(4 * columns as usize * rows as usize);
    for row in 0..rows {
        let y = area.y + area.height * (f64::from(row) + 0.5) / f64::from(rows);
        for column in 0..columns {
            let x = area.x + area.width * (f64::from(column) + 0.5) / f64::from(columns);
            let value = sheet
                .globe(x, y)
                .and_then(|(longitude, latitude)| field.at(longitude, latitude));
            match value {
                Some(value) => {
                    let Colour(red, green, blue) = scale.colour(value);
                    rgba.extend([red, green, blue, 255]);
                }
                None => rgba.extend([255, 255, 255, 0]),
            }
        }
    }
    figure.draw(Shape::Picture {
        area,
        picture: Picture {
            columns,
            rows,
            rgba,
        },
    });
}

/// Chains on the globe as chains on the sheet, cut at its seam and at its edges.
fn on_sheet(sheet: &Sheet, chains: &[Vec<(f64, f64)>]) -> Vec<Vec<(f64, f64)>> {
    let Region { west, east, .. } = sheet.region();
    let globe = sheet.region().is_globe();
    let mut placed = Vec::new();
    for chain in chains {
        let mut current: Vec<(f64, f64)> = Vec::new();
        let mut last: Option<(f64, f64)> = None;
        for &(longitude, latitude) in chain {
            let longitude = sheet.wrap(longitude);
            if let Some((x, y)) = last.filter(|(x, _)| (longitude - x).abs() > 180.0) {
                if globe {
                    // The line goes on at the other side: draw it up to both edges.
                    let (near, far, turn) = if x > longitude {
                        (east, west, 360.0)
                    } else {
                        (west, east, -360.0)
                    };
                    let span = longitude + turn - x;
                    let share = if span == 0.0 { 0.5 } else { (near - x) / span };
                    let between = y + share.clamp(0.0, 1.0) * (latitude - y);
                    current.push(sheet.place(near, between));
                    placed.push(std::mem::take(&mut current));
                    current.push(sheet.place(far, between));
                } else {
                    placed.push(std::mem::take(&mut current));
                }
            }
            current.push(sheet.place(longitude, latitude));
            last = Some((longitude, latitude));
        }
        placed.push(current);
    }
    if globe {
        return placed;
    }
    placed
        .iter()
        .flat_map(|chain| clip(chain, sheet.area()))
        .collect()
}

pub(crate) fn draw_coastlines(figure: &mut Figure, sheet: &Sheet) {
    let chains = on_sheet(sheet, &COASTLINES);
    let width = if sheet.area().width < 320.0 { 0.6 } else { 0.8 };
    // A pale halo keeps the line visible on dark colours.
    figure.lines(
        chains.clone(),
        Stroke::new(Colour::WHITE, width + 1.0).opacity(0.35),
    );
    figure.lines(
        chains,
        Stroke::new(Colour(0x1a, 0x1a, 0x1a), width).opacity(0.9),
    );
}

fn draw_contours(figure: &mut Figure, sheet: &Sheet, field: &Field, step: f64) {
    let finite = field.values();
    let finite = finite.iter().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(*value), high.max(*value))
    });
    let (first, last) = ((low / step).ceil(), (high / step).floor());
    // A step far too fine for the field would draw a black map.
    if !(first <= last && last - first <= 100.0) {
        return;
    }
    for number in 0..=(last - first) as i64 {
        let level = (first + number as f64) * step;
        let chains = on_sheet(sheet, &contours(field, level));
        let stroke = Stroke::new(Colour::INK, 0.7).opacity(0.75);
        figure.lines(
            chains,
            if level < 0.0 {
                stroke.dashed(&[4.0, 2.5])
            } else {
                stroke
            },
        );
    }
}

/// Which edges carry the labels of the graticule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labelled {
    pub left: bool,
    pub below: bool,
}

/// Parallels, meridians, their labels and the map's edge.
pub(crate) fn draw_graticule(figure: &mut Figure, sheet: &Sheet, labelled: Labelled) {
    let Region {
        west,
        east,
        south,
        north,
    } = sheet.region();
    let globe = sheet.region().is_globe();
    let across = degrees_step(east - west, sheet.area().width / 90.0, 60.0);
    let up = degrees_step(north - south, sheet.area().height / 45.0, 30.0);
    let line = Stroke::new(Colour(0x55, 0x55, 0x55), 0.5)
        .opacity(0.45)
        .dashed(&[1.5, 2.5]);
    let label = TextStyle::new(if sheet.area().width < 320.0 {
        9.0
    } else {
        10.0
    })
    .colour(Colour::GREY);
    for k in (south / up).ceil() as i64..=(north / up).floor() as i64 {
        let latitude = k as f64 * up;
        if latitude.abs() < 90.0 {
            let steps = (0..=72).map(|i| west + (east - west) * f64::from(i) / 72.0);
            figure.lines(
                vec![steps.map(|x| sheet.place(x, latitude)).collect()],
                line.clone(),
            );
        }
        let (x, y) = sheet.place(west, latitude);
        if labelled.left && (!globe || latitude.abs() < 80.0) {
            figure.text(
                (x - 6.0, y),
                latitude_label(latitude),
                label.align(Halign::Right, Valign::Middle),
            );
        }
    }
    let meridians: Vec<i64> =
        ((west / across).ceil() as i64..=(east / across).floor() as i64).collect();
    // Every meridian is labelled, or every second or third where labels would touch.
    let every = (1..=6)
        .find(|every| {
            let named: Vec<f64> = meridians
                .iter()
                .filter(|k| *k % every == 0)
                .map(|k| *k as f64 * across)
                .collect();
            named.windows(2).all(|pair| {
                let apart = sheet.place(pair[1], south).0 - sheet.place(pair[0], south).0;
                let half = |at: f64| 0.5 * label.width_of(&longitude_label(at));
                apart > half(pair[0]) + half(pair[1]) + 6.0
            })
        })
        .unwrap_or(6);
    for k in meridians {
        let longitude = k as f64 * across;
        if longitude > west && longitude < east {
            let steps = (0..=60).map(|i| south + (north - south) * f64::from(i) / 60.0);
            figure.lines(
                vec![steps.map(|y| sheet.place(longitude, y)).collect()],
                line.clone(),
            );
        }
        // The labels of the two edges of the globe are the same meridian.
        let edge = globe && (longitude <= west || longitude >= east);
        if labelled.below && !edge && k % every == 0 {
            let (x, y) = sheet.place(longitude, south);
            let style = label.align(Halign::Centre, Valign::Top);
            figure.text((x, y + 6.0), longitude_label(longitude), style);
        }
    }
    let outline = super::canvas::close(sheet.outline());
    figure.lines(vec![outline], Stroke::new(Colour(0x33, 0x33, 0x33), 1.0));
}

/// The least of the usual steps that leaves room for labels: `room` labels fit.
fn degrees_step(span: f64, room: f64, most: f64) -> f64 {
    [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0]
        .into_iter()
        .find(|step| span / step <= room.clamp(2.0, 7.0))
        .unwrap_or(most)
        .min(most)
}

fn latitude_label(latitude: f64) -> String {
    match latitude {
        latitude if latitude.abs() < 1e-9 => "0°".to_string(),
        latitude if latitude > 0.0 => format!("{}°N", round(latitude)),
        latitude => format!("{}°S", round(-latitude)),
    }
}

fn longitude_label(longitude: f64) -> String {
    let longitude = (longitude + 180.0).rem_euclid(360.0) - 180.0;
    match longitude {
        longitude if longitude.abs() < 1e-9 => "0°".to_string(),
        longitude if (longitude.abs() - 180.0).abs() < 1e-9 => "180°".to_string(),
        longitude if longitude > 0.0 => format!("{}°E", round(longitude)),
        longitude => format!("{}°W", round(-longitude)),
    }
}

fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

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

/// Arrows every so often, and one in the heading that tells their length.
fn draw_wind(figure: &mut Figure, sheet: &Sheet, wind: &Wind, key_baseline: f64) {
    let area = sheet.area();
    let spacing = (area.width / 30.0).max(15.0);
    let speed = |x: f64, y: f64| Some((wind.eastward.at(x, y)?, wind.northward.at(x, y)?));
    let mut arrows: Vec<((f64, f64), (f64, f64), f64)> = Vec::new();
    let rows = (area.height / spacing) as usize;
    let columns = (area.width / spacing) as usize;
    for row in 0..rows {
        for column in 0..columns {
            let x = area.x + spacing * (column as f64 + 0.5);
            let y = area.y + spacing * (row as f64 + 0.5);
            let Some((longitude, latitude)) = sheet.globe(x, y) else {
                continue;
            };
            if latitude.abs() > 85.0 {
                continue;
            }
            let Some((u, v)) = speed(longitude, latitude) else {
                continue;
            };
            let size = u.hypot(v);
            if !size.is_finite() || size == 0.0 {
                continue;
            }
            // Where a short step with the wind leads on the sheet.
            let step = 0.5;
            let ahead = sheet.place(
                longitude + step * u / size / latitude.to_radians().cos(),
                latitude + step * v / size,
            );
            let here = sheet.place(longitude, latitude);
            let (dx, dy) = (ahead.0 - here.0, ahead.1 - here.1);
            let length = dx.hypot(dy);
            if length > 0.0 && length.is_finite() {
                arrows.push(((x, y), (dx / length, dy / length), size));
            }
        }
    }
    let mut sizes: Vec<f64> = arrows.iter().map(|arrow| arrow.2).collect();
    if sizes.is_empty() {
        return;
    }
    sizes.sort_by(f64::total_cmp);
    // The key is a round speed near the strong winds, so that one storm does not shrink
    // all the rest.
    let strong = sizes[(sizes.len() * 95 / 100).min(sizes.len() - 1)];
    let key = Ticks::linear(0.0, strong, 2).step;
    let longest = 1.5 * spacing;
    let scale = longest / strong.max(key);
    let shafts: Vec<_> = arrows
        .iter()
        .map(|(at, direction, size)| (*at, *direction, (scale * size).min(1.3 * longest)))
        .filter(|((x, y), (dx, dy), length)| {
            // Arrows too short to see, and those that would leave the map.
            let inside = |side: f64| {
                let (x, y) = (x + side * 0.5 * length * dx, y + side * 0.5 * length * dy);
                (area.x..=area.right()).contains(&x)
                    && (area.y..=area.bottom()).contains(&y)
                    && sheet.globe(x, y).is_some()
            };
            *length > 1.5 && inside(1.0) && inside(-1.0)
        })
        .collect();
    draw_arrows(figure, &shafts);
    let style = TextStyle::new(10.0).align(Halign::Right, Valign::Baseline);
    let text = format!("{} {}", round(key), wind.unit);
    figure.text((area.right(), key_baseline), text.clone(), style);
    let tail = area.right() - style.width_of(&text) - 8.0;
    let length = scale * key;
    draw_arrows(
        figure,
        &[(
            (tail - 0.5 * length, key_baseline - 4.0),
            (1.0, 0.0),
            length,
        )],
    );
}

/// Arrows by their middle, direction and length.
fn draw_arrows(figure: &mut Figure, arrows: &[((f64, f64), (f64, f64), f64)]) {
    let mut chains = Vec::new();
    for ((x, y), (dx, dy), length) in arrows {
        let (half, head) = (0.5 * length, (0.32 * length).clamp(1.5, 4.0));
        let tip = (x + half * dx, y + half * dy);
        chains.push(vec![(x - half * dx, y - half * dy), tip]);
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

    #[test]
    fn coastlines_stay_within_their_map() {
        let area = Area::new(0.0, 0.0, 360.0, 180.0);
        for west in [-180.0, 0.0, 30.0] {
            let region = Region {
                west,
                east: west + 360.0,
                ..Region::GLOBE
            };
            for projection in [Projection::EqualEarth, Projection::Equirectangular] {
                let sheet = Sheet::new(projection, region, area);
                for chain in on_sheet(&sheet, &COASTLINES) {
                    let spans = chain.windows(2).map(|pair| (pair[1].0 - pair[0].0).abs());
                    assert!(
                        spans.fold(0.0, f64::max) < 60.0,
                        "a line across the map at {west}"
                    );
                    assert!(chain.iter().all(|(x, y)| {
                        (-0.01..=360.01).contains(x) && (-0.01..=180.01).contains(y)
                    }));
                }
            }
        }
    }

    #[test]
    fn labels_of_the_graticule() {
        assert_eq!(latitude_label(-30.0), "30°S");
        assert_eq!(longitude_label(190.0), "170°W");
        assert_eq!(longitude_label(540.0), "180°");
        assert_eq!(longitude_label(360.0), "0°");
    }
}
