//! A field on a latitude-longitude grid, as figures take it.

use super::{FigureError, Region};
use ndarray::{Array2, ArrayView2, Axis};

/// Values at the points of a latitude-longitude grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Degrees, ascending.
    latitudes: Vec<f64>,
    /// Degrees, ascending.
    longitudes: Vec<f64>,
    /// `[latitude][longitude]`.
    values: Array2<f64>,
    /// Whether the last longitude is a neighbour of the first.
    closed: bool,
}

impl Field {
    /// A field from coordinates in degrees and values `[latitude][longitude]`. Latitudes
    /// run either way, longitudes eastward through at most one turn. Values may be NaN.
    ///
    /// # Errors
    /// Shapes that do not fit, fewer than two points either way, coordinates that are not
    /// monotonic or not on the globe.
    pub fn new(
        latitudes: &[f64],
        longitudes: &[f64],
        values: ArrayView2<'_, f64>,
    ) -> Result<Self, FigureError> {
        let fail = |message: String| Err(FigureError::Field(message));
        let shape = (latitudes.len(), longitudes.len());
        if values.dim() != shape {
            return fail(format!(
                "{} latitudes and {} longitudes, but values of shape {:?}",
                shape.0,
                shape.1,
                values.shape()
            ));
        }
        if shape.0 < 2 || shape.1 < 2 {
            return fail(format!(
                "{} x {} points; a map needs 2 x 2",
                shape.0, shape.1
            ));
        }
        if latitudes
            .iter()
            .any(|latitude| !(-90.001..=90.001).contains(latitude))
        {
            return fail("latitudes must lie between -90 and 90 degrees".to_string());
        }
        let rises = |values: &[f64]| values.windows(2).all(|pair| pair[1] > pair[0]);
        let mut latitudes = latitudes.to_vec();
        let mut values = values.to_owned();
        if latitudes[0] > latitudes[1] {
            latitudes.reverse();
            values.invert_axis(Axis(0));
            values = values.as_standard_layout().to_owned();
        }
        if !rises(&latitudes) {
            return fail("latitudes must rise or fall throughout".to_string());
        }
        let turn = longitudes[shape.1 - 1] - longitudes[0];
        if !rises(longitudes) || !turn.is_finite() || turn > 360.0 + 1e-6 {
            return fail("longitudes must rise eastward through at most 360 degrees".to_string());
        }
        let (mut longitudes, mut values) = (longitudes.to_vec(), values);
        if turn > 360.0 - 1e-6 {
            // The last column repeats the first.
            longitudes.pop();
            values.remove_index(Axis(1), shape.1 - 1);
        }
        let step = (longitudes[longitudes.len() - 1] - longitudes[0])
            / (longitudes.len() - 1).max(1) as f64;
        let gap = longitudes[0] + 360.0 - longitudes[longitudes.len() - 1];
        Ok(Self {
            latitudes,
            longitudes,
            values,
            closed: gap < 1.5 * step,
        })
    }

    /// Degrees, ascending.
    pub fn latitudes(&self) -> &[f64] {
        &self.latitudes
    }

    /// Degrees, ascending.
    pub fn longitudes(&self) -> &[f64] {
        &self.longitudes
    }

    /// `[latitude][longitude]`, latitudes ascending.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// Whether it goes around the globe.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The part of the globe that it covers.
    pub fn region(&self) -> Region {
        let (low, high) = (self.latitudes[0], self.latitudes[self.latitudes.len() - 1]);
        let first = self.longitudes[0];
        let last = self.longitudes[self.longitudes.len() - 1];
        let step = (high - low) / (self.latitudes.len() - 1) as f64;
        // A grid whose next row would be beyond the pole covers it.
        let south = if low - step < -90.0 { -90.0 } else { low };
        let north = if high + step > 90.0 { 90.0 } else { high };
        if !self.closed {
            return Region {
                west: first,
                east: last,
                south,
                north,
            };
        }
        Region {
            south,
            north,
            ..Region::GLOBE
        }
    }

    /// This field less another on the same grid.
    ///
    /// # Errors
    /// The grids differ.
    pub fn minus(&self, other: &Self) -> Result<Self, FigureError> {
        let near = |a: &[f64], b: &[f64]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
        };
        if !near(&self.latitudes, &other.latitudes) || !near(&self.longitudes, &other.longitudes) {
            return Err(FigureError::Field(format!(
                "cannot subtract a field of {:?} points from one of {:?}: the grids differ",
                other.values.shape(),
                self.values.shape()
            )));
        }
        Ok(Self {
            values: &self.values - &other.values,
            ..self.clone()
        })
    }

    /// Root of the mean square, weighted by the cosine of latitude, of the finite values;
    /// NaN when there are none.
    pub fn root_mean_square(&self) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (row, latitude) in self.values.rows().into_iter().zip(&self.latitudes) {
            let weight = latitude.to_radians().cos().max(0.0);
            for value in row.iter().filter(|value| value.is_finite()) {
                sum += weight * value * value;
                weights += weight;
            }
        }
        (sum / weights).sqrt()
    }

    /// How many values are not finite.
    pub fn missing(&self) -> usize {
        self.values
            .iter()
            .filter(|value| !value.is_finite())
            .count()
    }

    /// The value at a point, linear between the grid's; `None` outside the grid, NaN where
    /// the nearest grid point has none. Beyond the last row towards a pole the row's value.
    pub fn at(&self, longitude: f64, latitude: f64) -> Option<f64> {
        let count = self.longitudes.len();
        let longitude = self.longitudes[0] + (longitude - self.longitudes[0]).rem_euclid(360.0);
        let right = self.longitudes.partition_point(|known| *known <= longitude);
        let left = right.max(1) - 1;
        let (next, span) = if right < count {
            (right, self.longitudes[right] - self.longitudes[left])
        } else if self.closed {
            (0, self.longitudes[0] + 360.0 - self.longitudes[left])
        } else if longitude - self.longitudes[left] < 1e-9 {
            (left, 1.0)
        } else {
            return None;
        };
        let across = (longitude - self.longitudes[left]) / span;
        let Region { south, north, .. } = self.region();
        if !(south - 1e-9..=north + 1e-9).contains(&latitude) {
            return None;
        }
        let rows = self.latitudes.len();
        let upper = self
            .latitudes
            .partition_point(|known| *known <= latitude)
            .clamp(1, rows - 1);
        let lower = upper - 1;
        let up =
            (latitude - self.latitudes[lower]) / (self.latitudes[upper] - self.latitudes[lower]);
        let up = up.clamp(0.0, 1.0);
        let corner = |row: usize, column: usize| self.values[[row, column]];
        let (a, b) = (corner(lower, left), corner(lower, next));
        let (c, d) = (corner(upper, left), corner(upper, next));
        let value =
            (1.0 - up) * ((1.0 - across) * a + across * b) + up * ((1.0 - across) * c + across * d);
        if value.is_finite() {
            return Some(value);
        }
        let row = if up < 0.5 { lower } else { upper };
        let nearest = corner(row, if across < 0.5 { left } else { next });
        Some(if nearest.is_finite() {
            nearest
        } else {
            f64::NAN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn ring() -> Field {
        let values = array![[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]];
        Field::new(&[45.0, -45.0], &[0.0, 90.0, 180.0, 270.0], values.view()).unwrap()
    }

    #[test]
    fn linear_between_points_and_around_the_globe() {
        let field = ring();
        assert_eq!(field.at(45.0, 45.0), Some(0.5));
        assert_eq!(field.at(-45.0, 45.0), Some(1.5));
        assert_eq!(field.at(720.0, 0.0), Some(2.0));
        assert_eq!(field.at(0.0, 90.0), Some(0.0));
        assert!(field.region().is_globe());
    }

    #[test]
    fn a_region_ends() {
        let field = Field::new(
            &[40.0, 50.0],
            &[5.0, 15.0],
            ring().values.slice(ndarray::s![.., ..2]),
        )
        .unwrap();
        assert_eq!(field.at(20.0, 45.0), None);
        assert_eq!(field.at(10.0, 55.0), None);
        assert!(field.at(15.0, 50.0).is_some());
        assert!(field.at(5.0, 40.0).is_some());
    }

    #[test]
    fn a_repeated_last_column_is_dropped() {
        let values = array![[0.0, 1.0, 0.0], [4.0, 5.0, 4.0]];
        let field = Field::new(&[-45.0, 45.0], &[0.0, 180.0, 360.0], values.view()).unwrap();
        assert!(field.is_closed() && field.longitudes().len() == 2);
    }

    #[test]
    fn bad_grids_are_refused() {
        let values = Array2::<f64>::zeros((2, 2));
        for (latitudes, longitudes) in [
            (vec![0.0, 1.0, 2.0], vec![0.0, 1.0]),
            (vec![0.0, 95.0], vec![0.0, 1.0]),
            (vec![0.0, 0.0], vec![0.0, 1.0]),
            (vec![0.0, 1.0], vec![1.0, 0.0]),
            (vec![0.0, 1.0], vec![0.0, f64::NAN]),
            (vec![0.0, 1.0], vec![0.0, 400.0]),
        ] {
            assert!(Field::new(&latitudes, &longitudes, values.view()).is_err());
        }
        assert!(Field::new(&[0.0], &[0.0], Array2::zeros((1, 1)).view()).is_err());
    }

    #[test]
    fn missing_values_stay_near_their_point() {
        let mut values = Array2::zeros((2, 4));
        values[[0, 0]] = f64::NAN;
        let field = Field::new(&[-45.0, 45.0], &[0.0, 90.0, 180.0, 270.0], values.view()).unwrap();
        assert!(field.at(10.0, -40.0).unwrap().is_nan());
        assert_eq!(field.at(80.0, -40.0), Some(0.0));
        assert_eq!((field.missing(), field.root_mean_square()), (1, 0.0));
    }

    #[test]
    fn differences_need_one_grid() {
        let field = ring();
        assert_eq!(field.minus(&field).unwrap().root_mean_square(), 0.0);
        let other = Field::new(&[-45.0, 45.0], &[0.0, 90.0], Array2::zeros((2, 2)).view()).unwrap();
        assert!(field.minus(&other).is_err());
    }
}
