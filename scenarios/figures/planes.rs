//! Fields on planes in space: rows and columns of panels, columns of a kind with one colour scale.

use super::colour_bar::draw_colour_bar;
use super::map::{draw_heading, heading_height};
use super::ticks::minus;
use super::{
    Area, Colour, ColourMap, ColourScale, Figure, FigureError, Halign, Picture, Shape, Stroke,
    TextStyle, Ticks, Valign,
};
use ndarray::{Array2, ArrayView2};

/// Values at the crossings of lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    x: Vec<f64>,
    y: Vec<f64>,
    /// `[y][x]`.
    values: Array2<f64>,
}

impl Plane {
    /// A field from increasing coordinates and values `[y][x]`. Values may be NaN.
    ///
    /// # Errors
    /// Shapes that do not fit, fewer than two points either way, coordinates that do not increase.
    pub fn new(x: &[f64], y: &[f64], values: ArrayView2<'_, f64>) -> Result<Self, FigureError> {
        let rises = |values: &[f64]| {
            values.len() >= 2 && values.windows(2).all(|p| p[1] > p[0] && p[1].is_finite())
        };
        if values.dim() != (y.len(), x.len()) || !rises(x) || !rises(y) {
            return Err(FigureError::Field(format!(
                "a plane of {} x {} values needs as many increasing coordinates, two or more; found {} and {}",
                values.nrows(),
                values.ncols(),
                y.len(),
                x.len()
            )));
        }
        Ok(Self {
            x: x.to_vec(),
            y: y.to_vec(),
            values: values.to_owned(),
        })
    }

    /// Lowest and highest coordinate along x and y, half a step beyond the outermost points.
    fn extent(&self) -> [[f64; 2]; 2] {
        [&self.x, &self.y].map(|c| {
            let n = c.len();
            [
                c[0] - 0.5 * (c[1] - c[0]),
                c[n - 1] + 0.5 * (c[n - 1] - c[n - 2]),
            ]
        })
    }

    /// The value between the four points round a place; that of the edge beyond the outermost.
    fn at(&self, x: f64, y: f64) -> f64 {
        let between = |c: &[f64], at: f64| {
            let upper = c
                .partition_point(|known| *known <= at)
                .clamp(1, c.len() - 1);
            let share = (at - c[upper - 1]) / (c[upper] - c[upper - 1]);
            (upper - 1, share.clamp(0.0, 1.0))
        };
        let ((i, u), (j, v)) = (between(&self.x, x), between(&self.y, y));
        let corner = |j: usize, i: usize| self.values[[j, i]];
        let lower = (1.0 - u) * corner(j, i) + u * corner(j, i + 1);
        let upper = (1.0 - u) * corner(j + 1, i) + u * corner(j + 1, i + 1);
        (1.0 - v) * lower + v * upper
    }
}

/// A column of panels.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    title: String,
    scale: usize,
}

/// Panels of planes, each row another case, each column another quantity or model.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    title: String,
    subtitle: String,
    axes: [String; 2],
    /// Titles and colours of the colour bars.
    scales: Vec<(String, ColourMap)>,
    columns: Vec<Column>,
    rows: Vec<(String, Vec<Plane>)>,
}

impl Planes {
    /// No panels yet; `x` and `y` are the titles of the axes, with their unit.
    pub fn new(x: &str, y: &str) -> Self {
        Self {
            title: String::new(),
            subtitle: String::new(),
            axes: [x.to_string(), y.to_string()],
            scales: Vec::new(),
            columns: Vec::new(),
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

    /// A colour scale, and below it the columns that follow.
    pub fn scale(mut self, quantity: &str, colours: ColourMap) -> Self {
        self.scales.push((quantity.to_string(), colours));
        self
    }

    /// A column on the scale given last.
    pub fn column(mut self, title: &str) -> Self {
        self.columns.push(Column {
            title: title.to_string(),
            scale: self.scales.len().saturating_sub(1),
        });
        self
    }

    /// A row with a plane for each column; surplus ones are left out.
    pub fn row(mut self, label: &str, planes: Vec<Plane>) -> Self {
        self.rows.push((label.to_string(), planes));
        self
    }

    /// The figure, `width` wide and as high as it needs.
    pub fn figure(&self, width: f64) -> Figure {
        let planes = |column: usize| self.rows.iter().filter_map(move |(_, row)| row.get(column));
        let scales: Vec<ColourScale> = (0..self.scales.len())
            .map(|scale| {
                let own = (0..self.columns.len()).filter(|&c| self.columns[c].scale == scale);
                let values = own.flat_map(planes).flat_map(|p| p.values.iter().copied());
                ColourScale::over(self.scales[scale].1, values)
            })
            .collect();
        let count = self.columns.len().max(1) as f64;
        let (left, right, gap, row_gap) = (84.0, 18.0, 14.0, 14.0);
        let panel = ((width - left - right - (count - 1.0) * gap) / count).max(40.0);
        let heights: Vec<f64> = self
            .rows
            .iter()
            .map(|(_, row)| {
                row.first().map_or(panel, |plane| {
                    let [x, y] = plane.extent();
                    (panel * (y[1] - y[0]) / (x[1] - x[0])).clamp(0.2 * panel, 3.0 * panel)
                })
            })
            .collect();
        let top = heading_height(&self.title, &self.subtitle) + 22.0;
        let body: f64 = heights.iter().map(|h| h + row_gap).sum();
        let mut figure = Figure::new(width, top + body + 112.0);
        draw_heading(
            &mut figure,
            (left, 0.0),
            width - left - right,
            &self.title,
            &self.subtitle,
        );
        let column_x = |column: usize| left + column as f64 * (panel + gap);
        for (column, about) in self.columns.iter().enumerate() {
            let style = TextStyle::new(11.5).bold();
            let text = style.fit(&about.title, panel);
            figure.text((column_x(column), top - 7.0), text, style);
        }
        let mut y = top;
        for (number, ((label, row), height)) in self.rows.iter().zip(&heights).enumerate() {
            for (column, (plane, about)) in row.iter().zip(&self.columns).enumerate() {
                let area = Area::new(column_x(column), y, panel, *height);
                draw_plane(&mut figure, area, plane, &scales[about.scale]);
                let marked = Marked {
                    left: column == 0,
                    below: number + 1 == self.rows.len(),
                    last: column + 1 == row.len(),
                };
                draw_marks(&mut figure, area, plane, marked);
            }
            let style = TextStyle::new(11.5)
                .bold()
                .align(Halign::Centre, Valign::Middle)
                .upright();
            figure.text((14.0, y + 0.5 * height), style.fit(label, *height), style);
            let style = TextStyle::new(10.0)
                .align(Halign::Centre, Valign::Middle)
                .upright();
            figure.text(
                (34.0, y + 0.5 * height),
                style.fit(&self.axes[1], *height),
                style,
            );
            y += height + row_gap;
        }
        let style = TextStyle::new(10.0).align(Halign::Centre, Valign::Top);
        for column in 0..self.columns.len() {
            let at = (column_x(column) + 0.5 * panel, y - row_gap + 18.0);
            figure.text(at, style.fit(&self.axes[0], panel), style);
        }
        for (scale, (title, _)) in self.scales.iter().enumerate() {
            let own: Vec<usize> = (0..self.columns.len())
                .filter(|&c| self.columns[c].scale == scale)
                .collect();
            if let (Some(&first), Some(&last)) = (own.first(), own.last()) {
                let (from, to) = (column_x(first), column_x(last) + panel);
                let room = (0.86 * (to - from)).min(360.0);
                let bar = Area::new(0.5 * (from + to - room), y - row_gap + 46.0, room, 10.0);
                draw_colour_bar(&mut figure, bar, &scales[scale], title);
            }
        }
        figure
    }
}

fn draw_plane(figure: &mut Figure, area: Area, plane: &Plane, scale: &ColourScale) {
    let [columns, rows] = [area.width, area.height].map(|l| (1.5 * l).clamp(2.0, 4096.0) as u32);
    let [x, y] = plane.extent();
    let mut rgba = Vec::with_capacity(4 * columns as usize * rows as usize);
    for row in 0..rows {
        // upwards, as coordinates run
        let up = 1.0 - (f64::from(row) + 0.5) / f64::from(rows);
        for column in 0..columns {
            let across = (f64::from(column) + 0.5) / f64::from(columns);
            let value = plane.at(x[0] + across * (x[1] - x[0]), y[0] + up * (y[1] - y[0]));
            let Colour(red, green, blue) = scale.colour(value);
            rgba.extend([red, green, blue, 255]);
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
    figure.frame(area, Stroke::new(Colour(0x33, 0x33, 0x33), 0.8));
}

/// Which sides of a panel have marks, and whether there is none to its right.
#[derive(Clone, Copy)]
struct Marked {
    left: bool,
    below: bool,
    last: bool,
}

fn draw_marks(figure: &mut Figure, area: Area, plane: &Plane, marked: Marked) {
    let [x, y] = plane.extent();
    let stroke = Stroke::new(Colour::INK, 0.8);
    if marked.below {
        let count = (area.width / 60.0).clamp(2.0, 6.0) as usize;
        let ticks = Ticks::linear(x[0], x[1], count);
        let style = TextStyle::new(9.5).align(Halign::Centre, Valign::Top);
        for (value, text) in ticks.at.iter().zip(&ticks.labels) {
            let at = area.x + area.width * (value - x[0]) / (x[1] - x[0]);
            figure.line(
                (at, area.bottom()),
                (at, area.bottom() + 3.5),
                stroke.clone(),
            );
            // the first label of the next panel needs the room
            if marked.last || at < area.right() - 16.0 {
                figure.text((at, area.bottom() + 5.0), minus(text), style);
            }
        }
    }
    if marked.left {
        let count = (area.height / 40.0).clamp(2.0, 6.0) as usize;
        let ticks = Ticks::linear(y[0], y[1], count);
        let style = TextStyle::new(9.5).align(Halign::Right, Valign::Middle);
        for (value, text) in ticks.at.iter().zip(&ticks.labels) {
            let at = area.bottom() - area.height * (value - y[0]) / (y[1] - y[0]);
            figure.line((area.x - 3.5, at), (area.x, at), stroke.clone());
            figure.text((area.x - 6.0, at), minus(text), style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_of_any_shape_are_drawn() {
        let plane = |nx: usize, ny: usize, value: f64| {
            let c = |n: usize| (0..n).map(|i| (i * i) as f64).collect::<Vec<_>>();
            let values = Array2::from_shape_fn((ny, nx), |(j, i)| value * (i + j) as f64);
            Plane::new(&c(nx), &c(ny), values.view()).unwrap()
        };
        for value in [0.0, 1.0, -3e9, f64::NAN] {
            let figure = Planes::new("x (mm)", "y (mm)")
                .title("fields")
                .scale("permittivity", ColourMap::Viridis)
                .column("bodies")
                .scale("field", ColourMap::BlueWhiteRed)
                .column("solver")
                .column("operator")
                .row(
                    "one",
                    vec![plane(3, 4, 1.0), plane(3, 4, value), plane(3, 4, 2.0)],
                )
                .row("two", vec![plane(2, 2, value)])
                .figure(640.0);
            assert!(figure.to_svg().contains("permittivity"));
        }
        assert!(Planes::new("x", "y").figure(300.0).height() > 0.0);
        let values = Array2::zeros((2, 3));
        assert!(Plane::new(&[0.0, 1.0], &[0.0, 1.0], values.view()).is_err());
        assert!(Plane::new(&[0.0, 2.0, 1.0], &[0.0, 1.0], values.view()).is_err());
    }

    #[test]
    fn values_between_the_lines() {
        let values = Array2::from_shape_fn((2, 3), |(j, i)| (10 * j + i) as f64);
        let plane = Plane::new(&[0.0, 1.0, 3.0], &[0.0, 2.0], values.view()).unwrap();
        assert_eq!(plane.at(2.0, 1.0), 6.5);
        assert_eq!(plane.at(9.0, -5.0), 2.0);
    }
}
