//! Coloured cells in rows and columns: where one forecast is better than another.

use super::colour_bar::draw_colour_bar;
use super::map::{draw_heading, heading_height};
use super::{
    Area, Colour, ColourMap, ColourScale, Figure, Halign, Shape, Stroke, TextStyle, Valign,
};

/// A cell: a value, and whether it is significant.
pub type ScorecardCell = Option<(f64, bool)>;

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct ScorecardGroup {
    /// The heading, such as a region.
    pub name: String,
    /// A label for each row, and its cells, column by column.
    pub rows: Vec<(String, Vec<ScorecardCell>)>,
}

/// A scorecard. Values are blue below zero and red above; a significant one has a dot.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    title: String,
    subtitle: String,
    quantity: String,
    columns: Vec<String>,
    column_title: String,
    groups: Vec<ScorecardGroup>,
}

impl Scorecard {
    /// A card of a quantity, as it stands under the colour bar, over columns with these labels.
    pub fn new(quantity: &str, column_title: &str, columns: Vec<String>) -> Self {
        Self {
            title: String::new(),
            subtitle: String::new(),
            quantity: quantity.into(),
            columns,
            column_title: column_title.into(),
            groups: Vec::new(),
        }
    }

    /// With a title and a line under it.
    pub fn title(mut self, title: &str, subtitle: &str) -> Self {
        (self.title, self.subtitle) = (title.into(), subtitle.into());
        self
    }

    /// With one more group of rows.
    pub fn group(mut self, group: ScorecardGroup) -> Self {
        self.groups.push(group);
        self
    }

    /// The figure, `width` wide and as high as it needs.
    pub fn figure(&self, width: f64) -> Figure {
        let label = TextStyle::new(10.5);
        let names = self
            .groups
            .iter()
            .flat_map(|g| &g.rows)
            .map(|r| label.width_of(&r.0));
        let left = (names.fold(40.0, f64::max) + 22.0).min(0.4 * width);
        let right = 18.0;
        let (cell, heading, below) = (19.0, 22.0, 92.0);
        let rows: usize = self.groups.iter().map(|group| group.rows.len()).sum();
        let named = self.groups.len() > 1;
        let headings = if named {
            self.groups.len() as f64 * heading
        } else {
            6.0
        };
        let top = heading_height(&self.title, &self.subtitle);
        let height = top + headings + rows as f64 * cell + below;
        let mut figure = Figure::new(width, height);
        draw_heading(
            &mut figure,
            (left, 0.0),
            width - left - right,
            &self.title,
            &self.subtitle,
        );
        let across = (width - left - right) / self.columns.len().max(1) as f64;
        let values = self.groups.iter().flat_map(|g| &g.rows).flat_map(|r| &r.1);
        let values: Vec<f64> = values.flatten().map(|cell| cell.0).collect();
        let scale = ColourScale::over(ColourMap::BlueWhiteRed, values);
        let mut y = top + if named { 0.0 } else { headings };
        for group in &self.groups {
            if named {
                let style = TextStyle::new(11.5)
                    .bold()
                    .align(Halign::Left, Valign::Middle);
                let name = style.fit(&group.name, width - left - right);
                figure.text((left, y + 0.5 * heading + 1.0), name, style);
                y += heading;
            }
            for (name, cells) in &group.rows {
                let style = label.align(Halign::Right, Valign::Middle);
                let name = style.fit(name, left - 16.0);
                figure.text((left - 8.0, y + 0.5 * cell), name, style);
                for (column, value) in cells.iter().enumerate() {
                    let area = Area::new(left + column as f64 * across, y, across, cell);
                    draw_cell(&mut figure, area, *value, &scale);
                }
                y += cell;
            }
        }
        self.draw_columns(&mut figure, (left, y), across);
        let bar_width = (0.7 * (width - left - right)).min(420.0);
        let middle = 0.5 * (left + width - right);
        let bar = Area::new(middle - 0.5 * bar_width, y + 46.0, bar_width, 9.0);
        draw_colour_bar(&mut figure, bar, &scale, &self.quantity);
        figure
    }

    /// Labels under the columns, as many as keep apart.
    fn draw_columns(&self, figure: &mut Figure, (left, y): (f64, f64), across: f64) {
        let style = TextStyle::new(10.0).align(Halign::Centre, Valign::Top);
        let widest = self
            .columns
            .iter()
            .map(|c| style.width_of(c))
            .fold(0.0, f64::max);
        let every = ((widest + 8.0) / across).ceil().max(1.0) as usize;
        for (column, text) in self.columns.iter().enumerate().step_by(every) {
            figure.text(
                (left + (column as f64 + 0.5) * across, y + 6.0),
                text,
                style,
            );
        }
        let style = TextStyle::new(11.0).align(Halign::Centre, Valign::Top);
        let middle = left + 0.5 * self.columns.len() as f64 * across;
        figure.text((middle, y + 21.0), &self.column_title, style);
    }
}

fn draw_cell(figure: &mut Figure, area: Area, value: ScorecardCell, scale: &ColourScale) {
    let inner = area.inset(0.8, 0.8, 0.8, 0.8);
    match value {
        None => figure.fill(inner, Colour(0xf2, 0xf2, 0xf2)),
        Some((value, _)) if !value.is_finite() => {
            figure.fill(inner, Colour::MISSING);
            let style = TextStyle::new(9.0).align(Halign::Centre, Valign::Middle);
            figure.text((area.centre_x(), area.centre_y()), "×", style);
        }
        Some((value, sure)) => {
            figure.fill(inner, scale.colour(value));
            figure.frame(inner, Stroke::new(Colour::LIGHT, 0.5));
            if sure {
                figure.draw(Shape::Dot {
                    at: (area.centre_x(), area.centre_y()),
                    radius: 2.6,
                    fill: Colour::INK,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_cards_are_drawn() {
        let cells = vec![
            Some((-0.2, true)),
            None,
            Some((f64::NAN, false)),
            Some((0.1, false)),
        ];
        let group = |name: &str| ScorecardGroup {
            name: name.into(),
            rows: vec![
                ("z500 RMSE".into(), cells.clone()),
                ("t850 <CRPS>".into(), Vec::new()),
            ],
        };
        let columns = (0..4).map(|k| format!("{}", 24 * k)).collect();
        let card = Scorecard::new("difference (%)", "lead time (h)", columns).title("A", "b");
        for card in [
            card.clone(),
            card.clone().group(group("globe")).group(group("tropics")),
        ] {
            let figure = card.figure(400.0);
            let svg = figure.to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert!(figure.to_png(1.0).is_ok());
        }
        let svg = card.group(group("globe")).figure(400.0).to_svg();
        assert!(svg.contains("z500 RMSE") && !svg.contains("<CRPS>"));
    }
}
