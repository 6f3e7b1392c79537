//! Two layers of quasi-geostrophic flow: the potential vorticity of both to that a time later.

mod start;

use super::ladder::{Checks, Halved, Rung, Wanted, against_truth};
use super::problem::{Layout, Problem, Refusal};
use super::symmetry::roll;
use crate::error::{Error, Result};
use curlwind_datasets::store::{Channel, Grid};
use curlwind_operators::field::{FieldEquation, Symmetry};
use curlwind_solvers::quasi_geostrophic::{QuasiGeostrophic, Solver};
use curlwind_solvers::torus::Plane;
use ndarray::{Array3, Array4, ArrayView3, ArrayView4, Axis, s};
use num_complex::Complex64;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

const LAYERS: [&str; 2] = ["upper_pv", "lower_pv"];

/// The table `[problem]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuasiGeostrophicProblem {
    /// Northward gradient of the Coriolis parameter in 1/(m s).
    pub beta: f64,
    /// Radius of deformation in m.
    pub deformation_radius: f64,
    /// Depth of the upper layer over that of the lower one.
    pub depth_ratio: f64,
    /// Imposed zonal velocities of both layers in m/s.
    pub velocities: [f64; 2],
    /// Linear drag on the lower layer in 1/s.
    pub drag: f64,
    /// Coefficient of the dissipation of small scales in m^order/s.
    pub hyperviscosity: f64,
    /// Its order, an even number.
    pub order: u32,
    /// Side of the torus in m.
    pub length: f64,
    /// Root mean square of the upper layer's velocity at the very start, in m/s.
    pub initial_speed: f64,
    /// Points of the solver along a side.
    pub points: usize,
    /// The longest time step in s.
    pub time_step: f64,
    /// Time run before the first state is kept, in s.
    #[serde(default)]
    pub spin_up: f64,
    /// Time between states in s: the operator's step.
    pub interval: f64,
    /// States kept of each flow, the first included.
    pub states: usize,
}

impl QuasiGeostrophicProblem {
    fn equation(&self) -> QuasiGeostrophic {
        QuasiGeostrophic {
            beta: self.beta,
            deformation_radius: self.deformation_radius,
            depth_ratio: self.depth_ratio,
            velocities: self.velocities,
            drag: self.drag,
            hyperviscosity: self.hyperviscosity,
            order: self.order,
            lengths: [self.length; 2],
        }
    }

    fn solver(&self, points: usize, time_step: f64) -> curlwind_solvers::Result<Solver> {
        Solver::new(self.equation(), [points; 2], time_step)
    }

    /// The states of a flow at whole numbers of `interval`, each interval with a step that its own
    /// start allows.
    fn run(
        &self,
        points: usize,
        mut state: Vec<Complex64>,
        interval: f64,
        count: usize,
    ) -> curlwind_solvers::Result<Vec<Vec<Complex64>>> {
        let probe = self.solver(points, self.time_step)?;
        let mut states = vec![state.clone()];
        for _ in 0..count {
            let time_step = self.time_step.min(0.8 * probe.stable_time_step(&state));
            let solver = self.solver(points, time_step)?;
            state = solver.run(state, interval, interval, |_, _| ControlFlow::Continue(()))?;
            states.push(state.clone());
        }
        Ok(states)
    }

    /// The first state that is kept.
    fn start(&self, solver: &Solver, seed: u64) -> curlwind_solvers::Result<Vec<Complex64>> {
        let state = start::eddies(solver, self.initial_speed, seed)?;
        // as many parts as intervals, so that the step follows the flow
        let parts = (self.spin_up / self.interval).ceil();
        if parts == 0.0 {
            return Ok(state);
        }
        let part = self.spin_up / parts;
        let spun = self.run(self.points, state, part, parts as usize)?;
        Ok(spun.into_iter().next_back().unwrap_or_default())
    }

    /// The grids of inputs and of a solver, with all waves that either holds.
    fn planes(&self, points: [usize; 2]) -> curlwind_solvers::Result<[Plane; 2]> {
        let plane = |points: usize| Plane::new([points; 2], [self.length; 2], 1);
        Ok([plane(points[0])?, plane(points[1])?])
    }
}

fn single(solver: &Solver, state: &[Complex64]) -> Vec<f32> {
    solver.fields(state).iter().map(|q| *q as f32).collect()
}

/// Both layers on the points of the first plane, on those of the second.
fn resampled<'v, V: Copy + Into<f64> + 'v>(
    layers: impl Iterator<Item = ndarray::ArrayView2<'v, V>>,
    [from, to]: [&Plane; 2],
) -> Array3<f64> {
    let n = to.points()[0];
    let values: Vec<f64> = layers
        .flat_map(|layer| {
            let field: Vec<f64> = layer.iter().map(|q| (*q).into()).collect();
            from.resampled(&field, to)
        })
        .collect();
    Array3::from_shape_vec((values.len() / (n * n), n, n), values).unwrap_or_default()
}

impl Problem for QuasiGeostrophicProblem {
    fn physics(&self) -> &'static str {
        "quasi_geostrophic"
    }

    fn check(&self) -> std::result::Result<(), Refusal> {
        let refuse = |key: &str, reason: String| Err((format!("problem.{key}"), reason));
        for (key, value) in [
            ("deformation_radius", self.deformation_radius),
            ("depth_ratio", self.depth_ratio),
            ("length", self.length),
            ("initial_speed", self.initial_speed),
            ("time_step", self.time_step),
            ("interval", self.interval),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return refuse(key, "expected a number above 0".into());
            }
        }
        for (key, value) in [
            ("drag", self.drag),
            ("hyperviscosity", self.hyperviscosity),
            ("spin_up", self.spin_up),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return refuse(key, "expected a number, 0 or more".into());
            }
        }
        if self.order == 0 || !self.order.is_multiple_of(2) {
            return refuse("order", "expected an even number, 2 or more".into());
        }
        if self.states < 2 {
            return refuse("states", "expected 2 or more".into());
        }
        if self.points < self.fewest_points() {
            let reason = format!("expected {} or more", self.fewest_points());
            return refuse("points", reason);
        }
        match self.solver(self.points, self.time_step) {
            Ok(_) => Ok(()),
            Err(error) => refuse("velocities", error.to_string()),
        }
    }

    fn layout(&self) -> Layout {
        let spacing = self.length / self.points as f64;
        let lines: Vec<f64> = (0..self.points).map(|i| spacing * i as f64).collect();
        let channel = |name: &str| Channel {
            name: name.into(),
            units: "s-1".into(),
        };
        Layout {
            channels: LAYERS.map(channel).into(),
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
            let solver = self.solver(self.points, self.time_step)?;
            let state = self.start(&solver, seed)?;
            let states = self.run(self.points, state, self.interval, self.states - 1)?;
            let kept = states.iter().flat_map(|state| single(&solver, state));
            Ok(kept.collect())
        };
        made().map_err(Error::failed)
    }

    fn input(&self, seed: u64) -> Result<Array3<f32>> {
        let solver = self.solver(self.points, self.time_step);
        let solver = solver.map_err(Error::failed)?;
        let state = self.start(&solver, seed).map_err(Error::failed)?;
        let shape = (2, self.points, self.points);
        Array3::from_shape_vec(shape, single(&solver, &state)).map_err(Error::failed)
    }

    fn law(&self) -> std::result::Result<FieldEquation, String> {
        Err("expected none: the residual is of one field, and these are two layers".into())
    }

    fn names(&self) -> (Vec<String>, Vec<String>) {
        let inputs = LAYERS.map(String::from);
        let outputs = LAYERS.map(|layer| format!("next_{layer}"));
        (inputs.into(), outputs.into())
    }

    fn pairs(&self) -> usize {
        self.states - 1
    }

    fn pair<'s>(
        &self,
        states: ArrayView4<'s, f32>,
        pair: usize,
    ) -> (ArrayView3<'s, f32>, ArrayView3<'s, f32>) {
        (
            states.slice_move(s![pair, .., .., ..]),
            states.slice_move(s![pair + 1, .., .., ..]),
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
        if !points.is_multiple_of(stride) || few < self.fewest_points() {
            return Ok(None);
        }
        let solved = || -> curlwind_solvers::Result<Array3<f64>> {
            let [fine, coarse] = self.planes([points, few])?;
            let solver = self.solver(few, self.time_step)?;
            let start = resampled(input.outer_iter(), [&fine, &coarse]);
            let start = solver.spectrum(start.view())?;
            let states = self.run(few, start, self.interval, 1)?;
            let later = solver.fields(&states[1]);
            Ok(resampled(later.outer_iter(), [&coarse, &fine]))
        };
        solved().map(Some).map_err(Error::failed)
    }

    fn solver_resolution(&self) -> Option<usize> {
        Some(self.points)
    }

    fn fewest_points(&self) -> usize {
        8
    }

    fn words(&self) -> String {
        let [upper, lower] = self.velocities;
        format!(
            "two layers of quasi-geostrophic flow on a doubly periodic beta plane: zonal flows of {upper} and {lower} m/s, \
             beta {}, radius of deformation {} m, side {} m",
            self.beta, self.deformation_radius, self.length
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
            let planes = self.planes([points, resolution])?;
            let probe = self.solver(resolution, self.interval)?;
            let mut limit = f64::INFINITY;
            for input in inputs.outer_iter() {
                let state = resampled(input.outer_iter(), planes.each_ref());
                limit = limit.min(probe.stable_time_step(&probe.spectrum(state.view())?));
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
        let first = self.interval / (self.interval / (share * limit)).ceil();
        let solvers = Halved::new(first, |step| self.solver(resolution, step));
        let solvers = solvers.map_err(Error::failed)?;
        let interval = self.interval;
        Ok(Some(Rung::spectral(solvers, limit, |solvers| {
            Box::new(move |input: ArrayView3<f32>| {
                let [fine, coarse] = &planes;
                let start = resampled(input.outer_iter(), [fine, coarse]);
                let duration = interval * steps as f64;
                let states =
                    solvers.solve(|solver| solver.trajectory(start.view(), duration, interval))?;
                let n = fine.points()[0];
                let mut answer = Array4::zeros((steps, 2, n, n));
                for (state, mut out) in states.outer_iter().skip(1).zip(answer.outer_iter_mut()) {
                    let later = resampled(state.outer_iter(), [coarse, fine]);
                    out.assign(&later.mapv(|q| q as f32));
                }
                Ok(answer)
            })
        })))
    }

    /// The mean potential vorticity of the upper layer, which stays as it is, and energy and enstrophy
    /// of the last state against the truth's.
    fn checks(
        &self,
        _: &Grid,
        input: ArrayView3<f32>,
        answer: ArrayView4<f32>,
        truth: ArrayView4<f32>,
    ) -> Checks {
        let last = |states: ArrayView4<f32>| -> Array3<f64> {
            let steps = states.dim().0;
            states.index_axis_move(Axis(0), steps - 1).mapv(f64::from)
        };
        let (own, true_one) = (last(answer), last(truth));
        let first = input.mapv(f64::from);
        let upper = |state: &Array3<f64>| state.index_axis(Axis(0), 0).to_owned();
        let mean = |state: &Array3<f64>| upper(state).mean().unwrap_or(f64::NAN);
        let size = upper(&first).mapv(|q| q * q).mean().unwrap_or(1.0).sqrt();
        let mut checks = vec![(
            "mean potential vorticity of the upper layer, drift over the initial rms".to_string(),
            (mean(&own) - mean(&first)) / size,
        )];
        let budget = |state: &Array3<f64>| {
            let solver = self.solver(state.dim().1, self.interval)?;
            Ok::<_, curlwind_solvers::Error>(solver.budget(&solver.spectrum(state.view())?))
        };
        if let (Ok(own), Ok(truth)) = (budget(&own), budget(&true_one)) {
            checks.extend(against_truth(
                [own.energy, own.total_enstrophy],
                [truth.energy, truth.total_enstrophy],
            ));
        }
        checks
    }

    fn periodic(&self) -> bool {
        true
    }

    /// The flow moved along the torus: nothing in the equation knows where it is.
    fn symmetry(&self) -> Option<Arc<Symmetry>> {
        Some(Arc::new(|rng, input, output| {
            let (_, height, width) = input.dim();
            let (down, along) = (rng.random_range(0..height), rng.random_range(0..width));
            roll(input, down, along);
            roll(output, down, along);
        }))
    }

    fn persists(&self) -> bool {
        true
    }
}
