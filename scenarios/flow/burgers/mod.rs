//! Burgers' equation: the initial velocity to a later one.

use super::ladder::{Checks, Halved, Rung, Wanted, relative};
use super::problem::{Layout, Problem, Refusal};
use super::symmetry::{reflect, roll};
use crate::error::{Error, Result};
use curlwind_datasets::store::{Channel, Grid};
use curlwind_operators::field::Symmetry;
use curlwind_solvers::burgers::{Burgers, Solver};
use curlwind_solvers::torus::Line;
use curlwind_solvers::torus::random_field::GaussianField;
use ndarray::{Array3, Array4, ArrayView3, ArrayView4, s};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The table `[problem]`. Initial states are those of [`GaussianField::BURGERS`], scaled to the
/// interval.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurgersProblem {
    /// Kinematic viscosity in m^2/s.
    pub viscosity: f64,
    /// Length of the periodic interval in m.
    #[serde(default = "one")]
    pub length: f64,
    /// Whether the initial states have a mean, as the measure does; a flow without one decays to
    /// nothing where viscosity is large.
    #[serde(default = "yes")]
    pub mean: bool,
    /// Points.
    pub points: usize,
    /// The longest time step in s; a fast flow takes shorter ones.
    pub time_step: f64,
    /// Time of the output in s.
    pub time: f64,
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

impl BurgersProblem {
    fn equation(&self) -> curlwind_solvers::Result<Burgers> {
        Burgers::new(self.viscosity, self.length)
    }

    /// The velocity at the output time on `points` points.
    fn solve(&self, initial: &[f64]) -> curlwind_solvers::Result<Vec<f64>> {
        let points = initial.len();
        let probe = Solver::new(self.equation()?, points, self.time_step)?;
        let time_step = self.time_step.min(0.9 * probe.stable_time_step(initial));
        let solver = Solver::new(self.equation()?, points, time_step)?;
        Ok(solver
            .trajectory(initial, self.time, self.time)?
            .row(1)
            .to_vec())
    }

    fn line(&self, points: usize) -> curlwind_solvers::Result<Line> {
        Line::new(points, self.length, 1)
    }
}

impl Problem for BurgersProblem {
    fn physics(&self) -> &'static str {
        "burgers"
    }

    fn check(&self) -> std::result::Result<(), Refusal> {
        let refuse =
            |key: &str, e: curlwind_solvers::Error| (format!("problem.{key}"), e.to_string());
        let equation = self.equation().map_err(|e| match self.viscosity > 0.0 {
            true => refuse("length", e),
            false => refuse("viscosity", e),
        })?;
        if !(self.time > 0.0 && self.time.is_finite()) {
            return Err(("problem.time".into(), "expected a time above 0".into()));
        }
        Solver::new(equation, self.points, self.time_step)
            .map(drop)
            .map_err(|e| match self.points < 4 {
                true => refuse("points", e),
                false => refuse("time_step", e),
            })
    }

    fn layout(&self) -> Layout {
        let spacing = self.length / self.points as f64;
        Layout {
            channels: vec![Channel {
                name: "velocity".into(),
                units: "m s-1".into(),
            }],
            steps: 2,
            grid: Grid::Plane {
                y_m: vec![0.0],
                x_m: (0..self.points).map(|j| spacing * j as f64).collect(),
            },
            time_step: self.time,
        }
    }

    fn sample(&self, seed: u64) -> Result<Vec<f32>> {
        let line = self.line(self.points).map_err(Error::failed)?;
        let field = GaussianField {
            scale: GaussianField::BURGERS.scale / self.length.powi(2),
            tau: GaussianField::BURGERS.tau / self.length,
            ..GaussianField::BURGERS
        };
        let initial = field.line(&line, self.mean, seed);
        let last = self.solve(&initial).map_err(Error::failed)?;
        Ok(initial.iter().chain(&last).map(|u| *u as f32).collect())
    }

    fn names(&self) -> (Vec<String>, Vec<String>) {
        (vec!["initial_velocity".into()], vec!["velocity".into()])
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
            states.slice_move(s![0, .., .., ..]),
            states.slice_move(s![1, .., .., ..]),
        )
    }

    fn coarse(
        &self,
        _: &Grid,
        stride: usize,
        input: ArrayView3<f32>,
    ) -> Result<Option<Array3<f64>>> {
        let points = input.dim().2;
        if !points.is_multiple_of(stride) || points / stride < 4 {
            return Ok(None);
        }
        let solved = || -> curlwind_solvers::Result<Vec<f64>> {
            let (fine, coarse) = (self.line(points)?, self.line(points / stride)?);
            let initial: Vec<f64> = input.iter().map(|u| f64::from(*u)).collect();
            let last = self.solve(&fine.resampled(&initial, &coarse))?;
            Ok(coarse.resampled(&last, &fine))
        };
        let last = solved().map_err(Error::failed)?;
        Ok(Some(Array3::from_shape_fn(input.dim(), |(_, _, j)| {
            last[j]
        })))
    }

    fn persists(&self) -> bool {
        true
    }

    fn solver_resolution(&self) -> Option<usize> {
        Some(self.points)
    }

    fn fewest_points(&self) -> usize {
        4
    }

    fn words(&self) -> String {
        format!(
            "Burgers' equation on a periodic interval of {} m, viscosity {}",
            self.length, self.viscosity
        )
    }

    /// One planned solver for each step length of a ladder of halves: a fast flow takes shorter steps.
    fn rung(&self, _: &Grid, inputs: ArrayView4<f32>, wanted: Wanted) -> Result<Option<Rung>> {
        let (points, resolution) = (inputs.dim().3, wanted.resolution);
        if resolution < 4 {
            return Ok(None);
        }
        let lines = [points, resolution].map(|n| self.line(n));
        let [fine, coarse] = lines;
        let (fine, coarse) = (fine.map_err(Error::failed)?, coarse.map_err(Error::failed)?);
        let equation = self.equation().map_err(Error::failed)?;
        let probe = Solver::new(equation, resolution, self.time).map_err(Error::failed)?;
        let started = |input: ArrayView3<f32>, fine: &Line, coarse: &Line| {
            let initial: Vec<f64> = input.iter().map(|u| f64::from(*u)).collect();
            fine.resampled(&initial, coarse)
        };
        let stable = |input| probe.stable_time_step(&started(input, &fine, &coarse));
        let shortest = inputs
            .outer_iter()
            .map(stable)
            .fold(f64::INFINITY, f64::min);
        let first = (wanted.share * shortest).min(self.time);
        let solvers = Halved::new(first, |step| Solver::new(equation, resolution, step));
        let solvers = solvers.map_err(Error::failed)?;
        let time = self.time;
        Ok(Some(Rung::spectral(solvers, shortest, |solvers| {
            Box::new(move |input: ArrayView3<f32>| {
                let start = started(input, &fine, &coarse);
                let states = solvers.solve(|solver| solver.trajectory(&start, time, time))?;
                let last = coarse.resampled(&states.row(1).to_vec(), &fine);
                let last = last.into_iter().map(|u| u as f32).collect();
                Array4::from_shape_vec((1, 1, 1, points), last).map_err(|e| e.to_string())
            })
        })))
    }

    /// Momentum, which is conserved, and energy against the truth's.
    fn checks(
        &self,
        _: &Grid,
        input: ArrayView3<f32>,
        answer: ArrayView4<f32>,
        truth: ArrayView4<f32>,
    ) -> Checks {
        let mean = |values: &mut dyn Iterator<Item = f64>, n: usize| values.sum::<f64>() / n as f64;
        let n = input.len();
        let first = || input.iter().map(|u| f64::from(*u));
        let size = mean(&mut first().map(|u| u * u), n).sqrt();
        let drift = mean(&mut answer.iter().map(|u| f64::from(*u)), n) - mean(&mut first(), n);
        let energy = |states: ArrayView4<f32>| {
            mean(&mut states.iter().map(|u| 0.5 * f64::from(*u).powi(2)), n)
        };
        vec![
            ("momentum, drift over the initial rms".into(), drift / size),
            (
                "energy, relative to the reference's".into(),
                relative(energy(answer), energy(truth)),
            ),
        ]
    }

    fn periodic(&self) -> bool {
        true
    }

    /// `-u(-x, t)` and `u(x - c t, t) + c` are solutions where `u(x, t)` is. Of the speeds `c` those that
    /// move the output by whole points are taken, so that the mean is distributed as in fresh samples.
    fn symmetry(&self) -> Option<Arc<Symmetry>> {
        let (mean, length, time) = (self.mean, self.length, self.time);
        Some(Arc::new(move |rng, mut input, mut output| {
            if rng.random() {
                reflect(input.view_mut());
                reflect(output.view_mut());
            }
            let Some(old) = input.mean().filter(|_| mean) else {
                return;
            };
            let points = input.dim().2 as f64;
            // the random field's mode of wavenumber 0 has this deviation
            let normal: f64 = StandardNormal.sample(rng);
            let wanted = GaussianField::BURGERS.deviation(0.0) * normal;
            let moved = ((wanted - f64::from(old)) * time / length * points).round();
            let speed = (moved / points * length / time) as f32;
            input += speed;
            output += speed;
            roll(output, 0, moved.rem_euclid(points) as usize);
        }))
    }
}
