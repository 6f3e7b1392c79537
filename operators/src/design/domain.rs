//! How far a design is from those that a surrogate was trained on.
//!
//! Parameters are scaled to their training range. Two numbers say what kind of question it is: the
//! distance to the nearest training design in units of the typical distance between neighbours
//! (about 1 or less: as near as they are to each other), and by how much of its range a parameter
//! leaves the training box (0: interpolation).

use ndarray::{Array1, Array2, ArrayView1};
use serde::{Deserialize, Serialize};

/// The designs that a surrogate knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Smallest value of each parameter.
    pub lowest: Vec<f64>,
    /// Largest value of each parameter.
    pub highest: Vec<f64>,
    /// Parameters `[design][parameter]`.
    pub designs: Vec<Vec<f64>>,
    /// Median distance of a design to its nearest neighbour, in scaled parameters.
    pub spacing: f64,
}

impl Domain {
    /// The domain of these designs `[design, parameter]`.
    pub fn new(parameters: &Array2<f64>) -> Self {
        let range = |pick: fn(f64, f64) -> f64| -> Vec<f64> {
            let fold = |column: ArrayView1<f64>| column.iter().copied().reduce(pick);
            let columns = parameters.columns().into_iter();
            columns.map(|c| fold(c).unwrap_or(0.0)).collect()
        };
        let mut domain = Self {
            lowest: range(f64::min),
            highest: range(f64::max),
            designs: parameters.rows().into_iter().map(|r| r.to_vec()).collect(),
            spacing: 1.0,
        };
        let neighbour = |(at, row): (usize, ArrayView1<f64>)| domain.nearest(row, Some(at)).1;
        let mut distances: Vec<f64> = parameters
            .rows()
            .into_iter()
            .enumerate()
            .map(neighbour)
            .filter(|distance| *distance > 0.0 && distance.is_finite())
            .collect();
        distances.sort_by(f64::total_cmp);
        domain.spacing = distances.get(distances.len() / 2).copied().unwrap_or(1.0);
        domain
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.lowest.len()
    }

    /// A parameter on the scale where the training designs span -1..1; 0 for one that never varied.
    pub fn scaled(&self, parameter: usize, value: f64) -> f64 {
        let (low, high) = (self.lowest[parameter], self.highest[parameter]);
        match high > low {
            true => (2.0 * value - low - high) / (high - low),
            false => 0.0,
        }
    }

    /// Index of the nearest training design other than `except`, and the distance in scaled
    /// parameters.
    pub fn nearest(&self, design: ArrayView1<f64>, except: Option<usize>) -> (usize, f64) {
        let others = self.designs.iter().enumerate();
        let others = others.filter(|(index, _)| Some(*index) != except);
        let distance = |other: &Vec<f64>| -> f64 {
            (0..self.parameters())
                .map(|p| (self.scaled(p, design[p]) - self.scaled(p, other[p])).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        others
            .map(|(index, other)| (index, distance(other)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap_or((0, f64::INFINITY))
    }

    /// Distance of each design to the nearest training design, in units of the spacing.
    pub fn distance(&self, parameters: &Array2<f64>) -> Array1<f64> {
        let rows = parameters.rows().into_iter();
        rows.map(|row| self.nearest(row, None).1 / self.spacing)
            .collect()
    }

    /// Largest excess of each design's parameters over the training range, in units of the range;
    /// infinite where a parameter leaves the one value it was trained at.
    pub fn outside(&self, parameters: &Array2<f64>) -> Array1<f64> {
        let excess = |row: ArrayView1<f64>| {
            (0..self.parameters())
                .map(|p| {
                    let (low, high) = (self.lowest[p], self.highest[p]);
                    let beyond = (low - row[p]).max(row[p] - high).max(0.0);
                    match beyond > 0.0 {
                        true => beyond / (high - low),
                        false => 0.0,
                    }
                })
                .fold(0.0, f64::max)
        };
        parameters.rows().into_iter().map(excess).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn inside_beside_and_outside() {
        // A 3 x 3 grid with unequal units, and a parameter that never varies.
        let designs = Array2::from_shape_fn((9, 3), |(i, p)| match p {
            0 => (i / 3) as f64,
            1 => 1e3 * (i % 3) as f64,
            _ => 7.0,
        });
        let domain = Domain::new(&designs);
        assert_eq!(domain.spacing, 1.0);
        let asked = array![
            [1.0, 1e3, 7.0],
            [0.5, 1e3, 7.0],
            [3.0, 1e3, 7.0],
            [1.0, 1e3, 8.0]
        ];
        let distance = domain.distance(&asked);
        let outside = domain.outside(&asked);
        assert_eq!(distance.to_vec(), [0.0, 0.5, 1.0, 0.0]);
        assert_eq!(outside.to_vec(), [0.0, 0.0, 0.5, f64::INFINITY]);
        assert_eq!(domain.nearest(asked.row(2), None).0, 7);
    }
}
