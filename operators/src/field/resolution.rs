//! Fields brought to fewer or more points.

use crate::error::{Error, Result};
use crate::spectral::resample::interpolation;
use ndarray::{Array2, ArrayView2};

/// How fields of one grid are brought to another. Periodic ones are sampled from the trigonometric
/// polynomial through their points, others are thinned out.
#[derive(Clone, Debug)]
pub(super) enum Resolution {
    /// As they are.
    Same([usize; 2]),
    /// Every so manieth point.
    Every { from: [usize; 2], stride: usize },
    /// `rows f columns^T`, with the matrices of rows and of columns.
    Product {
        rows: Array2<f32>,
        columns: Array2<f32>,
    },
}

impl Resolution {
    /// From a grid of `[rows, columns]` to one with `points` along its longest side.
    ///
    /// # Errors
    /// When the shorter side would not have a whole number of points, or points of a field that is
    /// not periodic would not lie on some that it has.
    pub fn new(from: [usize; 2], points: usize, periodic: bool) -> Result<Self> {
        let [rows, columns] = from;
        let longest = rows.max(columns);
        if points == longest {
            return Ok(Self::Same(from));
        }
        let refused = |expected: String| Err(Error::config("resolutions", expected, points));
        if periodic {
            let whole = |n: usize| match n {
                1 => Some(1),
                n => (n * points)
                    .is_multiple_of(longest)
                    .then(|| n * points / longest),
            };
            return match (whole(rows), whole(columns)) {
                (Some(to_rows), Some(to_columns)) => Ok(Self::Product {
                    rows: trigonometric(rows, to_rows),
                    columns: trigonometric(columns, to_columns),
                }),
                _ => refused(format!(
                    "points that keep the proportions of {rows} x {columns}"
                )),
            };
        }
        // with a node at both ends, or with one fewer
        let fits = |n: usize, stride: usize| {
            n == 1 || (n - 1).is_multiple_of(stride) || n.is_multiple_of(stride)
        };
        let strides: Vec<usize> = (1..=longest / 2)
            .filter(|s| fits(rows, *s) && fits(columns, *s))
            .collect();
        match strides.iter().find(|s| longest.div_ceil(**s) == points) {
            Some(&stride) => Ok(Self::Every { from, stride }),
            None => {
                let possible: Vec<String> = strides
                    .iter()
                    .map(|s| longest.div_ceil(*s).to_string())
                    .collect();
                refused(format!(
                    "one of {}, as the fields are not periodic",
                    possible.join(", ")
                ))
            }
        }
    }

    /// `[rows, columns]` of what it gives.
    pub fn size(&self) -> [usize; 2] {
        match self {
            Self::Same(size) => *size,
            Self::Every { from, stride } => from.map(|n| n.div_ceil(*stride)),
            Self::Product { rows, columns } => [rows.nrows(), columns.nrows()],
        }
    }

    /// Fields one after the other.
    pub fn apply(&self, fields: Vec<f32>) -> Vec<f32> {
        match self {
            Self::Same(_) => fields,
            Self::Every { from, stride } => {
                let [rows, columns] = *from;
                let lines = fields
                    .chunks(rows * columns)
                    .flat_map(|field| field.chunks(columns).step_by(*stride));
                lines
                    .flat_map(|line| line.iter().step_by(*stride))
                    .copied()
                    .collect()
            }
            Self::Product { rows, columns } => {
                let from = (rows.ncols(), columns.ncols());
                let each = fields.chunks(from.0 * from.1).filter_map(|field| {
                    let field = ArrayView2::from_shape(from, field).ok()?;
                    let result = rows.dot(&field).dot(&columns.t());
                    Some(
                        result
                            .as_standard_layout()
                            .iter()
                            .copied()
                            .collect::<Vec<f32>>(),
                    )
                });
                each.flatten().collect()
            }
        }
    }
}

/// [`interpolation`] as an array, `[to][from]`.
fn trigonometric(from: usize, to: usize) -> Array2<f32> {
    let matrix = interpolation(from, to);
    Array2::from_shape_fn((to, from), |(i, j)| matrix[i * from + j] as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wave that both grids carry has its values at the points of the other.
    #[test]
    fn periodic_fields_are_sampled() {
        let tau = std::f64::consts::TAU;
        let wave = |rows: usize, columns: usize| -> Vec<f32> {
            let value = |r: usize, c: usize| {
                let (y, x) = (r as f64 / rows as f64, c as f64 / columns as f64);
                (1.5 + (tau * (2.0 * y - 3.0 * x)).sin()) as f32
            };
            (0..rows * columns)
                .map(|p| value(p / columns, p % columns))
                .collect()
        };
        for (from, points, to) in [
            ([8, 16], 24, [12, 24]),
            ([12, 24], 16, [8, 16]),
            ([9, 9], 7, [7, 7]),
        ] {
            let resolution = Resolution::new(from, points, true).expect("resolution");
            assert_eq!(resolution.size(), to);
            let two = [wave(from[0], from[1]), wave(from[0], from[1])].concat();
            let found = resolution.apply(two);
            let expected = [wave(to[0], to[1]), wave(to[0], to[1])].concat();
            for (a, b) in found.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-5, "{from:?} {points}: {a} {b}");
            }
        }
        let line = Resolution::new([1, 8], 4, true).expect("line");
        assert_eq!(line.size(), [1, 4]);
        let finer = Resolution::new([1, 8], 32, true).expect("line");
        assert_eq!(finer.size(), [1, 32]);
        assert!(Resolution::new([6, 16], 12, true).is_err());
    }

    #[test]
    fn others_are_thinned_out() {
        let resolution = Resolution::new([5, 9], 5, false).expect("resolution");
        assert_eq!(resolution.size(), [3, 5]);
        let found = resolution.apply((0..45).map(|v| v as f32).collect());
        assert_eq!(found[..6], [0.0, 2.0, 4.0, 6.0, 8.0, 18.0]);
        let error = Resolution::new([85, 85], 64, false).expect_err("refused");
        let message = error.to_string();
        assert!(
            message.contains("43") && message.contains("`resolutions`"),
            "{message}"
        );
    }
}
