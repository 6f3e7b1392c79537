//! Truth, prediction and difference side by side, a row for each lead.

use super::colour_bar::draw_colour_bar;
use super::layers::{Labelled, draw_coastlines, draw_field, draw_graticule};
use super::map::{draw_heading, heading_height, missing_note, quantity_title};
use super::projection::Sheet;
use super::{
    Area, Colour, ColourMap, ColourScale, Field, Figure, FigureError, Halign, Projection,
    TextStyle, Valign,
};
use crate::run_folder::format_value;

/// One row of panels.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRow {
    /// What tells this row from the others, e.g. `+24 h`.
    pub label: String,
    /// What should have come.
    pub truth: Field,
    /// What came, on the same grid.
    pub prediction: Field,
}

/// Rows of truth, prediction and difference with one colour scale for the first two
/// columns and one for the third.
#[derive(Debug, Clone, PartialEq)]
pub struct Panels {
    quantity: String,
    unit: String,
    title: String,
    subtitle: String,
    names: (String, String),
    colours: ColourMap,
    projection: Projection,
    rows: Vec<PanelRow>,
}

impl Panels {
    /// Panels of a quantity in a unit (empty for a pure number).
    pub fn new(quantity: &str, unit: &str) -> Self {
        Self {
            quantity: quantity.to_string(),
            unit: unit.to_string(),
            title: String::new(),
            subtitle: String::new(),
            names: ("truth".to_string(), "prediction".to_string()),
            colours: ColourMap::Viridis,
            projection: Projection::EqualEarth,
            rows: Vec::new(),
        }
    }

    /// With a title.
    pub fn title(mut self, title: &str) -> Self {
        self.title = title.to_string();
        self
    }

    /// With a line under the title.
    pub fn subtitle(mut self, subtitle: &str) -> Self {
        self.subtitle = subtitle.to_string();
        self
    }

    /// With these names over the first two columns: `solver@T42`, `sfno`.
    pub fn names(mut self, truth: &str, prediction: &str) -> Self {
        self.names = (truth.to_string(), prediction.to_string());
        self
    }

    /// Truth and prediction in these colours; the difference is always blue to red.
    pub fn colours(mut self, colours: ColourMap) -> Self {
        self.colours = colours;
        self
    }

    /// In this projection. The default is Equal Earth.
    pub fn projection(mut self, projection: Projection) -> Self {
        self.projection = projection;
        self
    }

    /// Adds a row.
    pub fn row(mut self, row: PanelRow) -> Self {
        self.rows.push(row);
        self
    }

    /// The figure, `width` wide and as high as it needs.
    ///
    /// # Errors
    /// A row whose truth and prediction are on different grids.
    pub fn figure(&self, width: f64) -> Result<Figure, FigureError> {
        let differences: Vec<Field> = self
            .rows
            .iter()
            .map(|row| row.prediction.minus(&row.truth))
            .collect::<Result<_, _>>()?;
        let fields: Vec<&Field> = self
            .rows
            .iter()
            .flat_map(|row| [&row.truth, &row.prediction])
            .collect();
        // The truth sets the scale, lest a prediction that blew up turn all else one colour.
        let truths = self
            .rows
            .iter()
            .flat_map(|row| row.truth.values().to_owned());
        let truths = ColourScale::over(self.colours, truths);
        let all = fields.iter().flat_map(|field| field.values().to_owned());
        let shared = ColourScale::between(self.colours, truths.low, truths.high, all);
        let third = ColourScale::over(
            ColourMap::BlueWhiteRed,
            differences
                .iter()
                .flat_map(|field| field.values().to_owned()),
        );
        let missing = missing_note(&fields);

        let region = self
            .rows
            .first()
            .map_or(super::Region::GLOBE, |row| row.truth.region());
        let (left, right, gap) = (66.0, 18.0, 16.0);
        let panel_width = ((width - left - right - 2.0 * gap) / 3.0).max(40.0);
        let panel_height = panel_width / Sheet::aspect(self.projection, region);
        let (column_title, row_gap, below) = (20.0, 22.0, 72.0);
        let top = heading_height(&self.title, &self.subtitle) + column_title;
        let count = self.rows.len() as f64;
        let note = if missing.is_empty() { 0.0 } else { 16.0 };
        let body = count * panel_height + (count - 1.0).max(0.0) * row_gap;
        let mut figure = Figure::new(width, top + body + below + note);
        draw_heading(
            &mut figure,
            (left, 0.0),
            width - left - right,
            &self.title,
            &self.subtitle,
        );

        let column_x = |column: usize| left + column as f64 * (panel_width + gap);
        let style = TextStyle::new(11.5).bold();
        for (column, name) in [&*self.names.0, &*self.names.1, "difference"]
            .into_iter()
            .enumerate()
        {
            let room = if column == 2 { 0.5 } else { 1.0 } * panel_width;
            figure.text((column_x(column), top - 8.0), style.fit(name, room), style);
        }
        for (number, (row, difference)) in self.rows.iter().zip(&differences).enumerate() {
            let y = top + number as f64 * (panel_height + row_gap);
            let last = number + 1 == self.rows.len();
            let panels = [
                (&row.truth, &shared),
                (&row.prediction, &shared),
                (difference, &third),
            ];
            for (column, (field, scale)) in panels.into_iter().enumerate() {
                let area = Area::new(column_x(column), y, panel_width, panel_height);
                let sheet = Sheet::new(self.projection, region, area);
                draw_field(&mut figure, &sheet, field, scale);
                draw_coastlines(&mut figure, &sheet);
                draw_graticule(
                    &mut figure,
                    &sheet,
                    Labelled {
                        left: column == 0,
                        below: last,
                    },
                );
            }
            let label = TextStyle::new(11.5)
                .bold()
                .align(Halign::Centre, Valign::Middle)
                .upright();
            figure.text(
                (18.0, y + 0.5 * panel_height),
                label.fit(&row.label, panel_height),
                label,
            );
            let error = difference.root_mean_square();
            let text = quantity_rmse(error, &self.unit);
            let style = TextStyle::new(9.5)
                .colour(Colour::GREY)
                .align(Halign::Right, Valign::Baseline);
            let at = (column_x(2) + panel_width, y - 8.0);
            figure.text(at, text, style);
        }
        let title = quantity_title(&self.quantity, &self.unit);
        let bar_y = top + body + 26.0;
        let pair = 2.0 * panel_width + gap;
        let bar = Area::new(left + 0.2 * pair, bar_y, 0.6 * pair, 10.0);
        draw_colour_bar(&mut figure, bar, &shared, &title);
        let bar = Area::new(
            column_x(2) + 0.07 * panel_width,
            bar_y,
            0.86 * panel_width,
            10.0,
        );
        draw_colour_bar(
            &mut figure,
            bar,
            &third,
            &quantity_title("difference", &self.unit),
        );
        let foot = figure.height() - 8.0;
        figure.text(
            (left, foot),
            missing,
            TextStyle::new(10.0).colour(Colour::GREY),
        );
        Ok(figure)
    }
}

fn quantity_rmse(error: f64, unit: &str) -> String {
    let unit = if unit == "1" { "" } else { unit };
    format!("RMSE {} {unit}", format_value(error))
        .trim_end()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn field(points: usize, value: f64) -> Field {
        let latitudes: Vec<f64> = (0..points).map(|i| 80.0 - 10.0 * i as f64).collect();
        let longitudes: Vec<f64> = (0..36).map(|i| 10.0 * f64::from(i)).collect();
        Field::new(
            &latitudes,
            &longitudes,
            Array2::from_elem((points, 36), value).view(),
        )
        .unwrap()
    }

    #[test]
    fn rows_need_one_grid() {
        let row = |prediction| PanelRow {
            label: "+6 h".into(),
            truth: field(17, 1.0),
            prediction,
        };
        let panels = Panels::new("height", "m");
        let good = panels
            .clone()
            .row(row(field(17, 4.0)))
            .figure(600.0)
            .unwrap();
        assert!(good.to_svg().contains("RMSE 3.000 m"));
        assert!(
            panels
                .clone()
                .row(row(field(16, 1.0)))
                .figure(600.0)
                .is_err()
        );
        assert!(panels.figure(600.0).is_ok());
    }

    #[test]
    fn a_prediction_that_blew_up_is_said() {
        let row = PanelRow {
            label: "+120 h".into(),
            truth: field(17, 1.0),
            prediction: field(17, f64::NAN),
        };
        let svg = Panels::new("height", "m")
            .row(row)
            .figure(600.0)
            .unwrap()
            .to_svg();
        assert!(svg.contains("612 of 1224 values are missing") && svg.contains("RMSE NaN"));
    }
}
