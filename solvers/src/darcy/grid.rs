//! Nodes on the unit square.

use crate::{Error, Result};

/// Nodes at the crossings of two sets of lines, walls included. Fields on it are `[y][x]` with a
/// value at every node.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Grid {
    /// From ascending lines, the first at 0 and the last at 1.
    ///
    /// # Errors
    /// [`Error::Size`] for fewer than three lines; [`Error::Parameter`] when they do not ascend from
    /// 0 to 1.
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Result<Self> {
        for lines in [&x, &y] {
            if lines.len() < 3 {
                return Err(Error::Size {
                    what: "number of lines",
                    expected: "3 or more, two of them walls".into(),
                    found: lines.len(),
                });
            }
            let refuse = |value| {
                Err(Error::Parameter {
                    name: "line",
                    value,
                    expected: "lines that ascend from 0 to 1",
                })
            };
            if lines[0] != 0.0 || lines[lines.len() - 1] != 1.0 {
                return refuse(lines[lines.len() - 1]);
            }
            if let Some(pair) = lines
                .windows(2)
                .find(|p| p[0].partial_cmp(&p[1]) != Some(std::cmp::Ordering::Less))
            {
                return refuse(pair[1]);
            }
        }
        Ok(Self { x, y })
    }

    /// `cells` equal cells along each side: nodes at `i / cells`, `cells + 1` along each side. With
    /// 420 it is the grid of Li et al.
    ///
    /// # Errors
    /// [`Error::Size`] for fewer than 2 cells.
    pub fn uniform(cells: usize) -> Result<Self> {
        let lines: Vec<f64> = (0..=cells).map(|i| i as f64 / cells as f64).collect();
        Self::new(lines.clone(), lines)
    }

    /// The walls and `points` nodes at `offset + i / points` along each side: a finer grid of which
    /// every so manieth node was kept. The small Darcy set of neuraloperator has its values at
    /// `1/1024 + i/16` and `1/1024 + i/32`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the offset is not between 0 and a spacing.
    pub fn offset(points: usize, offset: f64) -> Result<Self> {
        if !(offset > 0.0 && offset * (points as f64) < 1.0) {
            return Err(Error::Parameter {
                name: "offset",
                value: offset,
                expected: "above 0 and below a spacing",
            });
        }
        let inner = (0..points).map(|i| offset + i as f64 / points as f64);
        let lines: Vec<f64> = std::iter::once(0.0).chain(inner).chain([1.0]).collect();
        Self::new(lines.clone(), lines)
    }

    /// The same with every cell cut into `parts` equal ones along each side.
    #[must_use]
    pub fn refined(&self, parts: usize) -> Self {
        let cut = |lines: &[f64]| {
            let mut all: Vec<f64> = lines
                .windows(2)
                .flat_map(|p| {
                    let d = (p[1] - p[0]) / parts as f64;
                    (0..parts).map(move |i| p[0] + d * i as f64)
                })
                .collect();
            all.push(1.0);
            all
        };
        match parts {
            0 | 1 => self.clone(),
            _ => Self {
                x: cut(&self.x),
                y: cut(&self.y),
            },
        }
    }

    /// Lines along x, walls included.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// Lines along y, walls included.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// `(number of y lines, number of x lines)`: the shape of a field.
    pub fn shape(&self) -> (usize, usize) {
        (self.y.len(), self.x.len())
    }
}

/// The width of the control volume of each line: half of the cells beside it.
pub(super) fn volumes(lines: &[f64]) -> Vec<f64> {
    let last = lines.len() - 1;
    (0..=last)
        .map(|i| 0.5 * (lines[(i + 1).min(last)] - lines[i.saturating_sub(1)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_and_what_is_refused() {
        let grid = Grid::offset(4, 0.125).unwrap();
        assert_eq!(grid.x(), [0.0, 0.125, 0.375, 0.625, 0.875, 1.0]);
        assert_eq!(grid.refined(2).shape(), (11, 11));
        let total: f64 = volumes(grid.x()).iter().sum();
        assert!((total - 1.0).abs() < 1e-15);
        assert!(Grid::uniform(1).is_err() && Grid::offset(4, 0.3).is_err());
        assert!(Grid::new(vec![0.0, 0.5, 0.5, 1.0], vec![0.0, 0.5, 1.0]).is_err());
        assert!(Grid::new(vec![0.0, 0.5, 0.9], vec![0.0, 0.5, 1.0]).is_err());
    }
}
