//! What maps are made of: a field's colours, contours, coastlines and the graticule.

use super::canvas::clip;
use super::coastline::COASTLINES;
use super::contour::contours;
use super::projection::Sheet;
use super::{
    Colour, ColourScale, Field, Figure, Halign, Picture, Region, Shape, Stroke, TextStyle, Valign,
};
use rayon::prelude::*;

/// The colours of a field as a picture.
pub(crate) fn draw_field(figure: &mut Figure, sheet: &Sheet, field: &Field, scale: &ColourScale) {
    let area = sheet.area();
    // Smooth colours need fewer pixels than the bounds of bands.
    let density = if scale.bands.is_empty() { 1.5 } else { 2.0 };
    let columns = ((density * area.width).round() as u32).clamp(2, 8192);
    let rows = ((density * area.height).round() as u32).clamp(2, 8192);
    // A table of colours: mixing one is dearer than all else that a pixel needs.
    const STEPS: usize = 1024;
    let span = scale.high - scale.low;
    let table: Vec<Colour> = (0..STEPS)
        .map(|step| scale.colour(scale.low + (step as f64 + 0.5) / STEPS as f64 * span))
        .collect();
    let colour = |value: f64| {
        if !value.is_finite() {
            return Colour::MISSING;
        }
        // The cast holds values outside at the ends.
        table[(((value - scale.low) / span * STEPS as f64) as usize).min(STEPS - 1)]
    };
    let mut rgba = vec![0; 4 * columns as usize * rows as usize];
    rgba.par_chunks_mut(4 * columns as usize)
        .enumerate()
        .for_each(|(row, pixels)| {
            let y = area.y + area.height * (row as f64 + 0.5) / f64::from(rows);
            for (column, pixel) in pixels.chunks_exact_mut(4).enumerate() {
                let x = area.x + area.width * (column as f64 + 0.5) / f64::from(columns);
                let place = sheet.globe(x, y);
                let value = place.and_then(|(longitude, latitude)| field.at(longitude, latitude));
                let bytes = match value.map(colour) {
                    Some(Colour(red, green, blue)) => [red, green, blue, 255],
                    None => [255, 255, 255, 0],
                };
                pixel.copy_from_slice(&bytes);
            }
        });
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
    let mut chains = on_sheet(sheet, &COASTLINES);
    chains.iter_mut().for_each(thin);
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

/// Drops points that lie less than half a pixel from the last one kept: on a small map
/// most of a coastline's do. The last point stays, so that islands are closed.
fn thin(chain: &mut Vec<(f64, f64)>) {
    let last = chain.len().saturating_sub(1);
    let mut kept: Option<(f64, f64)> = None;
    let mut number = 0;
    chain.retain(|&(x, y)| {
        let far = kept.is_none_or(|(before_x, before_y)| (x - before_x).hypot(y - before_y) >= 0.5);
        let keep = far || number == last;
        if keep {
            kept = Some((x, y));
        }
        number += 1;
        keep
    });
}

pub(crate) fn draw_contours(figure: &mut Figure, sheet: &Sheet, field: &Field, step: f64) {
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

pub(crate) fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Area, Projection};

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
    fn thinned_coasts_keep_their_ends() {
        let mut chain = vec![(0.0, 0.0), (0.1, 0.0), (0.6, 0.0), (0.7, 0.0)];
        thin(&mut chain);
        assert_eq!(chain, [(0.0, 0.0), (0.6, 0.0), (0.7, 0.0)]);
    }

    #[test]
    fn labels_of_the_graticule() {
        assert_eq!(latitude_label(-30.0), "30°S");
        assert_eq!(longitude_label(190.0), "170°W");
        assert_eq!(longitude_label(540.0), "180°");
        assert_eq!(longitude_label(360.0), "0°");
    }
}
