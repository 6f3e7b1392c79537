//! Darcy flow: a medium to its pressure.

mod carried;

pub use carried::carried;

use super::ladder::{Checks, Rung, Wanted};
use super::problem::{Layout, Problem, Refusal};
use super::symmetry::SquareSymmetry;
use crate::error::{Error, Result};
use curlwind_datasets::store::{Channel, Grid as StoreGrid};
use curlwind_operators::field::Symmetry;
use curlwind_solvers::darcy::{Grid, Permeability, Solver};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, ArrayView4, Axis, s};
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
        (refinement, tolerance): (usize, f64),
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
            .with_tolerance(tolerance)
            .map_err(Error::failed)?
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
        let pressure = self.solve(grid.x(), grid.y(), medium.view(), (1, 1e-10))?;
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
        let pressure = self.solve(&few_x, &few_y, medium.view(), (self.refinement, 1e-6))?;
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

    fn solver_resolution(&self) -> Option<usize> {
        Some(self.cells)
    }

    fn fewest_points(&self) -> usize {
        4
    }

    fn words(&self) -> String {
        format!(
            "Darcy flow in the unit square through rocks of permeability {} and {}, source {}",
            self.low, self.high, self.source
        )
    }

    /// The medium is that of the points of the input, which is all that an operator knows of it: fewer
    /// cells leave points out, more cut what lies round each.
    fn rung(
        &self,
        grid: &StoreGrid,
        inputs: ArrayView4<f32>,
        wanted: Wanted,
    ) -> Result<Option<Rung>> {
        let points = inputs.dim().3;
        let walls = matches!(grid, StoreGrid::Plane { x_m, .. } if x_m.first() == Some(&0.0));
        let own = points - usize::from(walls);
        let (stride, refinement) = match wanted.resolution {
            0 => return Ok(None),
            few if few < own && !own.is_multiple_of(few) => return Ok(None),
            few if few < own => (own / few, 1),
            many => (1, (many as f64 / own as f64).round() as usize),
        };
        if !own.is_multiple_of(stride) || own / stride < 4 {
            return Ok(None);
        }
        let (grid, problem) = (
            grid.clone(),
            Self {
                refinement,
                ..self.clone()
            },
        );
        let solve = move |input: ArrayView3<f32>| {
            let found = problem
                .coarse(&grid, stride, input)
                .map_err(|e| e.to_string())?;
            let found = found.ok_or("the points left are too few")?;
            Ok(found.mapv(|p| p as f32).insert_axis(Axis(0)))
        };
        Ok(Some(Rung {
            about: "finite volumes, multigrid conjugate gradients to 1e-6; knows the medium at the points of the input".into(),
            order: "2 (1 at interfaces)",
            time_step: None,
            precision: "f64",
            solve: Box::new(solve),
        }))
    }

    /// The medium is a function of its seed, so the same samples can be had from finer cells.
    fn refined(&self, factor: usize) -> Option<Box<dyn Problem>> {
        Some(Box::new(Self {
            cells: self.cells * factor,
            stride: self.stride * factor,
            ..self.clone()
        }))
    }

    /// What flows out through the walls over what the source gives, by one-sided differences of second
    /// order, and how far the pressure falls below that of the walls, which it never does.
    fn checks(
        &self,
        grid: &StoreGrid,
        input: ArrayView3<f32>,
        answer: ArrayView4<f32>,
        _: ArrayView4<f32>,
    ) -> Checks {
        let pressure = answer.slice(s![0, 0, .., ..]);
        let largest = pressure.iter().fold(0.0f32, |m, p| m.max(p.abs()));
        let lowest = pressure.iter().fold(0.0f32, |m, p| m.min(*p));
        let below = (
            "pressure below the walls', over the largest".to_string(),
            f64::from(lowest / largest),
        );
        let [(.., y), (.., x)] = grid.coordinates();
        // points that do not reach the walls say nothing of the flow through them
        if x.first() != Some(&0.0) || y.first() != Some(&0.0) {
            return vec![below];
        }
        let at = |j: usize, i: usize| {
            let medium = f64::from(input[[0, j, i]]);
            (medium, f64::from(pressure[[j, i]]))
        };
        let n = x.len();
        let outflow = |wall: &dyn Fn(usize, usize) -> (usize, usize)| -> f64 {
            let along = (1..n - 1).map(|k| {
                let place = |depth: usize| {
                    let (j, i) = wall(k, depth);
                    at(j, i)
                };
                let ((medium, p0), (_, p1), (_, p2)) = (place(0), place(1), place(2));
                medium * (-3.0 * p0 + 4.0 * p1 - p2) / 2.0
            });
            along.sum()
        };
        let total = outflow(&|k, d| (d, k))
            + outflow(&|k, d| (n - 1 - d, k))
            + outflow(&|k, d| (k, d))
            + outflow(&|k, d| (k, n - 1 - d));
        vec![
            below,
            (
                "outflow through the walls over the source, less 1".into(),
                total / self.source - 1.0,
            ),
        ]
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
