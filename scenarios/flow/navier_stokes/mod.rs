//! Two-dimensional flow on a torus: a vorticity to the one a time later, or to a trajectory.

use super::ladder::{Checks, Halved, Rung, Wanted, against_truth};
use super::problem::{Layout, Problem, Refusal};
use super::symmetry::roll;
use crate::error::{Error, Result};
use curlwind_datasets::store::{Channel, Grid};
use curlwind_operators::field::{FieldEquation, Law, Symmetry};
use curlwind_solvers::navier_stokes::{Forcing, NavierStokes, Solver};
use curlwind_solvers::torus::Plane;
use curlwind_solvers::torus::random_field::GaussianField;
use ndarray::{Array3, Array4, ArrayView2, ArrayView3, ArrayView4, s};
use num_complex::Complex64;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The table `[problem]`. Flows start from [`GaussianField::VORTICITY`], scaled to the side.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NavierStokesProblem {
    /// Kinematic viscosity in m^2/s.
    pub viscosity: f64,
    /// Linear drag in 1/s.
    #[serde(default)]
    pub drag: f64,
    /// Side of the torus in m.
    pub length: f64,
    /// The source of vorticity.
    pub forcing: ForcingEntry,
    /// Root mean square of the initial vorticity in 1/s; that of the random field without it.
    #[serde(default)]
    pub initial_vorticity: Option<f64>,
    /// Points of the solver along a side.
    pub points: usize,
    /// Every so manieth point is kept.
    #[serde(default = "one")]
    pub stride: usize,
    /// The longest time step in s.
    pub time_step: f64,
    /// Time run before the first state is kept, in s.
    #[serde(default)]
    pub spin_up: f64,
    /// Time between states in s: the operator's step.
    pub interval: f64,
    /// States kept of each flow, the first included.
    pub states: usize,
    /// States that the operator gives from one, each an interval after the one before.
    #[serde(default = "one")]
    pub trajectory: usize,
}

fn one() -> usize {
    1
}

/// A forcing in a scenario file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ForcingEntry {
    /// None.
    None {},
    /// `amplitude (sin + cos)(2 pi (x + y) / L)`.
    Diagonal {
        /// In 1/s^2.
        amplitude: f64,
    },
    /// A body force `amplitude sin(2 pi n y / L)` along x.
    Kolmogorov {
        /// Waves.
        wavenumber: usize,
        /// In m/s^2.
        amplitude: f64,
    },
}

impl NavierStokesProblem {
    fn equation(&self) -> NavierStokes {
        NavierStokes {
            viscosity: self.viscosity,
            drag: self.drag,
            length: self.length,
            forcing: match self.forcing {
                ForcingEntry::None {} => Forcing::None,
                ForcingEntry::Diagonal { amplitude } => Forcing::Diagonal { amplitude },
                ForcingEntry::Kolmogorov {
                    wavenumber,
                    amplitude,
                } => Forcing::Kolmogorov {
                    wavenumber,
                    amplitude,
                },
            },
        }
    }

    /// The states of a flow at whole numbers of `interval`, each interval with a step that its
    /// own start allows.
    fn run(
        &self,
        points: usize,
        mut state: Vec<Complex64>,
        interval: f64,
        count: usize,
    ) -> curlwind_solvers::Result<Vec<Vec<Complex64>>> {
        let probe = Solver::new(self.equation(), points, self.time_step)?;
        let mut states = vec![state.clone()];
        for _ in 0..count {
            let time_step = self.time_step.min(0.8 * probe.stable_time_step(&state));
            let solver = Solver::new(self.equation(), points, time_step)?;
            state = solver.run(state, interval, interval, |_, _| ControlFlow::Continue(()))?;
            states.push(state.clone());
        }
        Ok(states)
    }

    /// The first state that is kept.
    fn start(&self, solver: &Solver, seed: u64) -> curlwind_solvers::Result<Vec<Complex64>> {
        let state = self.initial(solver, seed);
        // as many parts as intervals, so that the step follows the flow
        let parts = (self.spin_up / self.interval).ceil();
        if parts == 0.0 {
            return Ok(state);
        }
        let part = self.spin_up / parts;
        let spun = self.run(self.points, state, part, parts as usize)?;
        Ok(spun.into_iter().next_back().unwrap_or_default())
    }

    /// Every so manieth point of a state.
    fn kept(&self, solver: &Solver, state: &[Complex64]) -> Vec<f32> {
        let every = self.stride as isize;
        let field = solver.field(state);
        let part = field.slice(s![..;every, ..;every]);
        part.iter().map(|w| *w as f32).collect()
    }

    fn initial(&self, solver: &Solver, seed: u64) -> Vec<Complex64> {
        let unit = GaussianField::VORTICITY;
        let field = GaussianField {
            scale: unit.scale * self.length.powf(-2.0 * unit.power),
            tau: unit.tau / self.length,
            ..unit
        };
        let mut state = field.plane(solver.plane(), seed);
        if let Some(wanted) = self.initial_vorticity {
            let found = solver.plane().mean_product(&state, &state).sqrt();
            state.iter_mut().for_each(|w| *w *= wanted / found);
        }
        state
    }
}

impl Problem for NavierStokesProblem {
    fn physics(&self) -> &'static str {
        "navier_stokes"
    }

    fn check(&self) -> std::result::Result<(), Refusal> {
        let refuse = |key: &str, reason: String| Err((format!("problem.{key}"), reason));
        for (key, value) in [
            ("viscosity", self.viscosity),
            ("length", self.length),
            ("time_step", self.time_step),
            ("interval", self.interval),
            ("initial_vorticity", self.initial_vorticity.unwrap_or(1.0)),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return refuse(key, "expected a number above 0".into());
            }
        }
        if !(self.spin_up >= 0.0 && self.spin_up.is_finite()) {
            return refuse("spin_up", "expected a time, 0 or more".into());
        }
        if self.states < 2 {
            return refuse("states", "expected 2 or more".into());
        }
        if self.trajectory == 0 || !(self.states - 1).is_multiple_of(self.trajectory) {
            let reason = format!(
                "expected a divisor of `problem.states` less 1, {}",
                self.states - 1
            );
            return refuse("trajectory", reason);
        }
        if self.stride == 0 || !self.points.is_multiple_of(self.stride) {
            let reason = format!("expected a divisor of `problem.points`, {}", self.points);
            return refuse("stride", reason);
        }
        match Solver::new(self.equation(), self.points, self.time_step) {
            Ok(_) => Ok(()),
            Err(error @ curlwind_solvers::Error::Size { .. }) => {
                refuse("points", error.to_string())
            }
            Err(error) => refuse("forcing", error.to_string()),
        }
    }

    fn layout(&self) -> Layout {
        let kept = self.points / self.stride;
        let spacing = self.length / kept as f64;
        let lines: Vec<f64> = (0..kept).map(|i| spacing * i as f64).collect();
        Layout {
            channels: vec![Channel {
                name: "vorticity".into(),
                units: "s-1".into(),
            }],
            steps: self.states,
            grid: Grid::Plane {
                y_m: lines.clone(),
                x_m: lines,
            },
            time_step: self.interval,
        }
    }

    fn sample(&self, seed: u64) -> Result<Vec<f32>> {
        let made = || -> curlwind_solvers::Result<Vec<f32>> {
            let solver = Solver::new(self.equation(), self.points, self.time_step)?;
            let state = self.start(&solver, seed)?;
            let states = self.run(self.points, state, self.interval, self.states - 1)?;
            let kept = states.iter().flat_map(|state| self.kept(&solver, state));
            Ok(kept.collect())
        };
        made().map_err(Error::failed)
    }

    fn input(&self, seed: u64) -> Result<Array3<f32>> {
        let solver = Solver::new(self.equation(), self.points, self.time_step);
        let solver = solver.map_err(Error::failed)?;
        let state = self.start(&solver, seed).map_err(Error::failed)?;
        let kept = self.points / self.stride;
        Array3::from_shape_vec((1, kept, kept), self.kept(&solver, &state)).map_err(Error::failed)
    }

    fn law(&self) -> std::result::Result<FieldEquation, String> {
        Ok(FieldEquation {
            law: Law::NavierStokes(self.equation()),
            interval: self.interval,
        })
    }

    fn names(&self) -> (Vec<String>, Vec<String>) {
        let outputs = match self.trajectory {
            1 => vec!["next_vorticity".into()],
            count => (1..=count).map(|k| format!("vorticity_{k}")).collect(),
        };
        (vec!["vorticity".into()], outputs)
    }

    fn pairs(&self) -> usize {
        (self.states - 1) / self.trajectory
    }

    fn pair<'s>(
        &self,
        states: ArrayView4<'s, f32>,
        pair: usize,
    ) -> (ArrayView3<'s, f32>, ArrayView3<'s, f32>) {
        let first = pair * self.trajectory;
        (
            states.slice_move(s![first, .., .., ..]),
            states.slice_move(s![first + 1..=first + self.trajectory, 0, .., ..]),
        )
    }

    fn coarse(
        &self,
        _: &Grid,
        stride: usize,
        input: ArrayView3<f32>,
    ) -> Result<Option<Array3<f64>>> {
        let points = input.dim().2;
        let few = points / stride;
        let enough = match self.forcing {
            ForcingEntry::Kolmogorov { wavenumber, .. } => few > 3 * wavenumber,
            _ => few >= 8,
        };
        if !points.is_multiple_of(stride) || !enough {
            return Ok(None);
        }
        let solved = || -> curlwind_solvers::Result<Vec<f64>> {
            let plane = |points: usize| Plane::new([points; 2], [self.length; 2], 1);
            let (fine, coarse) = (plane(points)?, plane(few)?);
            let initial: Vec<f64> = input.iter().map(|w| f64::from(*w)).collect();
            let solver = Solver::new(self.equation(), few, self.time_step)?;
            let start =
                ndarray::Array2::from_shape_vec((few, few), fine.resampled(&initial, &coarse));
            let start = solver.spectrum(start.unwrap_or_default().view())?;
            let states = self.run(few, start, self.interval, self.trajectory)?;
            let later = states[1..].iter().flat_map(|state| {
                let field: Vec<f64> = solver.field(state).into_iter().collect();
                coarse.resampled(&field, &fine)
            });
            Ok(later.collect())
        };
        let later = solved().map_err(Error::failed)?;
        let (_, rows, columns) = input.dim();
        Ok(Array3::from_shape_vec((self.trajectory, rows, columns), later).ok())
    }

    fn solver_resolution(&self) -> Option<usize> {
        Some(self.points)
    }

    fn fewest_points(&self) -> usize {
        match self.forcing {
            ForcingEntry::Kolmogorov { wavenumber, .. } => 3 * wavenumber + 1,
            _ => 8,
        }
    }

    fn words(&self) -> String {
        format!(
            "incompressible flow on a torus in vorticity form, viscosity {}, drag {}, side {}",
            self.viscosity, self.drag, self.length
        )
    }

    /// One planned solver for a whole trajectory; its step is that share of the shortest stable one of
    /// the inputs, halved while it is too long for what follows.
    fn rung(&self, _: &Grid, inputs: ArrayView4<f32>, wanted: Wanted) -> Result<Option<Rung>> {
        let Wanted {
            resolution,
            share,
            steps,
        } = wanted;
        let points = inputs.dim().3;
        let planned = || -> curlwind_solvers::Result<(f64, [Plane; 2])> {
            let plane = |points: usize| Plane::new([points; 2], [self.length; 2], 1);
            let planes = [plane(points)?, plane(resolution)?];
            let probe = Solver::new(self.equation(), resolution, self.interval)?;
            let mut limit = f64::INFINITY;
            for input in inputs.outer_iter() {
                let field = resampled(input.index_axis(ndarray::Axis(0), 0), &planes);
                limit = limit.min(probe.stable_time_step(&probe.spectrum(field.view())?));
            }
            Ok((limit, planes))
        };
        let (limit, planes) = match planned() {
            Ok(planned) => planned,
            Err(curlwind_solvers::Error::Size { .. }) => return Ok(None),
            Err(error) => return Err(Error::failed(error)),
        };
        // a whole number of steps goes into an interval, so that is as long as one can be
        let limit = limit.min(self.interval);
        let whole = |step: f64| self.interval / (self.interval / step).ceil();
        let first = whole(share * limit);
        let solvers = Halved::new(first, |step| Solver::new(self.equation(), resolution, step));
        let solvers = solvers.map_err(Error::failed)?;
        let interval = self.interval;
        Ok(Some(Rung::spectral(solvers, limit, |solvers| {
            Box::new(move |input: ArrayView3<f32>| {
                let start = resampled(input.slice(s![0, .., ..]), &planes);
                let [fine, coarse] = &planes;
                let duration = interval * steps as f64;
                let states =
                    solvers.solve(|solver| solver.trajectory(start.view(), duration, interval))?;
                let n = fine.points()[0];
                let mut answer = Array4::zeros((steps, 1, n, n));
                for (state, mut out) in states.outer_iter().skip(1).zip(answer.outer_iter_mut()) {
                    let field: Vec<f64> = state.iter().copied().collect();
                    let later = coarse.resampled(&field, fine);
                    out.iter_mut().zip(later).for_each(|(o, w)| *o = w as f32);
                }
                Ok(answer)
            })
        })))
    }

    /// The mean vorticity, which stays as it is, and energy and enstrophy of the last state against the
    /// truth's.
    fn checks(
        &self,
        _: &Grid,
        input: ArrayView3<f32>,
        answer: ArrayView4<f32>,
        truth: ArrayView4<f32>,
    ) -> Checks {
        let last = |states: ArrayView4<f32>| -> ndarray::Array2<f64> {
            let steps = states.dim().0;
            let state = states.slice_move(s![steps - 1, 0, .., ..]);
            state.mapv(f64::from)
        };
        let (own, true_one) = (last(answer), last(truth));
        let mean = |field: &ndarray::Array2<f64>| field.mean().unwrap_or(f64::NAN);
        let first = input.slice(s![0, .., ..]).mapv(f64::from);
        let size = (first.mapv(|w| w * w).mean().unwrap_or(1.0)).sqrt();
        let mut checks = vec![(
            "mean vorticity, drift over the initial rms".to_string(),
            (mean(&own) - mean(&first)) / size,
        )];
        let n = own.nrows();
        if let Ok(solver) = Solver::new(self.equation(), n, self.interval)
            && let (Ok(own), Ok(truth)) =
                (solver.budget(own.view()), solver.budget(true_one.view()))
        {
            checks.extend(against_truth(
                [own.energy, own.enstrophy],
                [truth.energy, truth.enstrophy],
            ));
        }
        checks
    }

    fn periodic(&self) -> bool {
        true
    }

    /// The flow moved along the torus by what leaves the forcing as it is.
    fn symmetry(&self) -> Option<Arc<Symmetry>> {
        let forcing = self.forcing;
        Some(Arc::new(move |rng, input, output| {
            let (_, height, width) = input.dim();
            let (down, along) = (rng.random_range(0..height), rng.random_range(0..width));
            let (down, along) = match forcing {
                ForcingEntry::None {} => (down, along),
                ForcingEntry::Diagonal { .. } => (height - along * height / width, along),
                ForcingEntry::Kolmogorov { wavenumber, .. } => match height % wavenumber {
                    0 => (down % wavenumber * (height / wavenumber), along),
                    _ => (0, along),
                },
            };
            roll(input, down, along);
            roll(output, down, along);
        }))
    }

    fn persists(&self) -> bool {
        true
    }
}

/// A vorticity on the points of the first plane, on those of the second.
fn resampled(field: ArrayView2<f32>, [from, to]: &[Plane; 2]) -> ndarray::Array2<f64> {
    let field: Vec<f64> = field.iter().map(|w| f64::from(*w)).collect();
    let n = to.points()[0];
    ndarray::Array2::from_shape_vec((n, n), from.resampled(&field, to)).unwrap_or_default()
}
