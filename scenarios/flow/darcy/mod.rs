//! Darcy flow: a medium to its pressure.

mod carried;

pub use carried::carried;

use super::problem::{Layout, Problem, Refusal};
use super::symmetry::SquareSymmetry;
use crate::error::{Error, Result};
use curlwind_datasets::store::{Channel, Grid as StoreGrid};
use curlwind_operators::field::Symmetry;
use curlwind_solvers::darcy::{Grid, Permeability, Solver};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, ArrayView4, s};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The table `[problem]`: the unit square, zero pressure on its walls, a source that is the same
/// everywhere, and media of two rocks ([`Permeability`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DarcyProblem {
    /// Permeability of the one rock.
    pub low: f64,
    /// Permeability of the other.
    pub high: f64,
    /// The source.
    pub source: f64,
    /// Cosines of the random field along each side.
    #[serde(default = "modes")]
    pub modes: usize,
    /// Cells of the solver along each side.
    pub cells: usize,
    /// Every so manieth node is kept.
    #[serde(default = "one")]
    pub stride: usize,
    /// Into how many parts the coarse solvers of a comparison cut each cell, along each side; the
    /// medium is that of the nearest point of the fields.
    #[serde(default = "one")]
    pub refinement: usize,
}

fn modes() -> usize {
    Permeability::default().modes
}

fn one() -> usize {
    1
}

impl DarcyProblem {
    /// The pressure at the nodes `[y][x]` with the given lines, from the medium there, on a grid
    /// with cells cut into `refinement` parts.
    fn solve(
        &self,
        x: &[f64],
        y: &[f64],
        medium: ArrayView2<f64>,
        refinement: usize,
    ) -> Result<Array2<f64>> {
        // walls that the fields do not have take the medium beside them
        let walled = |lines: &[f64]| -> (Vec<f64>, usize) {
            let before = lines.first().is_some_and(|first| *first > 0.0);
            let after = lines.last().is_some_and(|last| *last < 1.0);
            let inner = lines.iter().copied();
            let all = before.then_some(0.0).into_iter().chain(inner);
            (
                all.chain(after.then_some(1.0)).collect(),
                usize::from(before),
            )
        };
        let ((lines_x, left), (lines_y, below)) = (walled(x), walled(y));
        let (rows, columns) = medium.dim();
        let parts = refinement;
        let grid = Grid::new(lines_x, lines_y)
            .map_err(Error::failed)?
            .refined(parts);
        let near = |n: usize, offset: usize, count: usize| n.saturating_sub(offset).min(count - 1);
        let all = Array2::from_shape_fn(grid.shape(), |(j, i)| {
            let (j, i) = ((j + parts / 2) / parts, (i + parts / 2) / parts);
            medium[[near(j, below, rows), near(i, left, columns)]]
        });
        let source = Array2::from_elem(grid.shape(), self.source);
        let solution = Solver::new(grid)
            .solve(all.view(), source.view())
            .map_err(Error::failed)?;
        Ok(Array2::from_shape_fn((rows, columns), |(j, i)| {
            solution.pressure[[(j + below) * parts, (i + left) * parts]]
        }))
    }
}

impl Problem for DarcyProblem {
    fn physics(&self) -> &'static str {
        "darcy"
    }

    fn check(&self) -> std::result::Result<(), Refusal> {
        for (key, value) in [("low", self.low), ("high", self.high)] {
            if !(value > 0.0 && value.is_finite()) {
                let reason = "expected a permeability above 0".into();
                return Err((format!("problem.{key}"), reason));
            }
        }
        if !self.source.is_finite() {
            return Err(("problem.source".into(), "expected a number".into()));
        }
        if self.modes < 2 {
            return Err(("problem.modes".into(), "expected 2 or more".into()));
        }
        if !(1..=32).contains(&self.refinement) {
            return Err(("problem.refinement".into(), "expected 1 to 32".into()));
        }
        let divides = self.stride > 0 && self.cells.is_multiple_of(self.stride);
        if !divides || self.cells / self.stride < 2 {
            let reason = format!("expected a divisor of `problem.cells`, {}", self.cells);
            return Err(("problem.stride".into(), reason));
        }
        Ok(())
    }

    fn layout(&self) -> Layout {
        let kept = self.cells / self.stride;
        let lines: Vec<f64> = (0..=kept).map(|i| i as f64 / kept as f64).collect();
        let channel = |name: &str| Channel {
            name: name.into(),
            units: "1".into(),
        };
        Layout {
            channels: vec![channel("permeability"), channel("pressure")],
            steps: 1,
            grid: StoreGrid::Plane {
                y_m: lines.clone(),
                x_m: lines,
            },
            time_step: 1.0,
        }
    }

    fn sample(&self, seed: u64) -> Result<Vec<f32>> {
        let grid = Grid::uniform(self.cells).map_err(Error::failed)?;
        let media = Permeability {
            low: self.low,
            high: self.high,
            modes: self.modes,
        };
        let medium = media.field(&grid, seed);
        let pressure = self.solve(grid.x(), grid.y(), medium.view(), 1)?;
        let kept = |field: &Array2<f64>| -> Vec<f32> {
            let every = self.stride as isize;
            let part = field.slice(s![..;every, ..;every]);
            part.iter().map(|v| *v as f32).collect()
        };
        Ok([kept(&medium), kept(&pressure)].concat())
    }

    fn names(&self) -> (Vec<String>, Vec<String>) {
        (vec!["permeability".into()], vec!["pressure".into()])
    }

    fn pairs(&self) -> usize {
        1
    }

    fn pair<'s>(
        &self,
        states: ArrayView4<'s, f32>,
        _: usize,
    ) -> (ArrayView3<'s, f32>, ArrayView3<'s, f32>) {
        (
            states.slice_move(s![0, 0..1, .., ..]),
            states.slice_move(s![0, 1..2, .., ..]),
        )
    }

    fn coarse(
        &self,
        grid: &StoreGrid,
        stride: usize,
        input: ArrayView3<f32>,
    ) -> Result<Option<Array3<f64>>> {
        let [(.., y), (.., x)] = grid.coordinates();
        let thinned =
            |lines: &[f64]| -> Vec<f64> { lines.iter().step_by(stride).copied().collect() };
        let (few_x, few_y) = (thinned(x), thinned(y));
        if few_x.len() < 4 || few_y.len() < 4 {
            return Ok(None);
        }
        let every = stride as isize;
        let medium = input.slice(s![0, ..;every, ..;every]).mapv(f64::from);
        let pressure = self.solve(&few_x, &few_y, medium.view(), self.refinement)?;
        let along = |all: &[f64], few: &[f64]| -> Vec<(usize, f64)> {
            all.iter().map(|at| place(few, *at)).collect()
        };
        let (columns, rows) = (along(x, &few_x), along(y, &few_y));
        // beyond the last node that was kept the pressure falls to that of the wall
        let value = |j: usize, i: usize| pressure.get((j, i)).copied().unwrap_or(0.0);
        Ok(Some(Array3::from_shape_fn(input.dim(), |(_, j, i)| {
            let ((row, b), (column, a)) = (rows[j], columns[i]);
            let line = |row| (1.0 - a) * value(row, column) + a * value(row, column + 1);
            (1.0 - b) * line(row) + b * line(row + 1)
        })))
    }

    fn persists(&self) -> bool {
        false
    }

    fn periodic(&self) -> bool {
        false
    }

    /// The eight symmetries of the square.
    fn symmetry(&self) -> Option<Arc<Symmetry>> {
        Some(Arc::new(|rng, input, output| {
            let symmetry = SquareSymmetry::draw(rng);
            symmetry.apply(input);
            symmetry.apply(output);
        }))
    }

    fn has_carried(&self) -> bool {
        true
    }
}

/// The line at or before a place, and how far it is on the way to the next or to the wall at 1.
fn place(lines: &[f64], at: f64) -> (usize, f64) {
    let after = lines.partition_point(|line| *line <= at + 1e-12);
    let before = after.saturating_sub(1);
    let next = lines.get(after).copied().unwrap_or(1.0);
    match next > lines[before] {
        true => (before, (at - lines[before]) / (next - lines[before])),
        false => (before, 0.0),
    }
}
