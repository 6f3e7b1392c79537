//! The shallow-water solver: an equation, a transform, an integrator, and a run.

use super::equation::ShallowWater;
use super::forcing::Forcing;
use super::semi_implicit::RawFilter;
use super::stability::stable_time_step;
use super::state::State;
use super::stepper::{Levels, Stepper, contiguous};
use super::tendency::Tendency;
use crate::sphere::SphericalTransform;
use crate::time_stepping::{Diffusion, Schedule};
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The method in time.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Integrator {
    /// Classical Runge-Kutta of fourth order, explicit.
    #[default]
    Rk4,
    /// Leapfrog with implicit gravity waves and a filter against its computational mode.
    SemiImplicit(RawFilter),
}

impl Integrator {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Rk4 => "rk4",
            Self::SemiImplicit(_) => "semi_implicit",
        }
    }
}

/// Where a run stands; enough to go on with it bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Model time in seconds.
    pub time: f64,
    /// Number of steps taken.
    pub step: u64,
    /// The state at `time`.
    pub state: State,
    /// The state one step before, which leapfrog needs.
    pub previous: Option<State>,
    /// Geopotential of the resting layer about which the integrator is implicit.
    pub reference: Option<f64>,
}

impl Checkpoint {
    /// The start of a run.
    pub fn start(state: State) -> Self {
        Self {
            time: 0.0,
            step: 0,
            state,
            previous: None,
            reference: None,
        }
    }
}

/// What an observer sees.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// Model time in seconds.
    pub time: f64,
    /// Number of steps taken.
    pub step: u64,
    /// The state.
    pub state: &'a State,
    pub(super) previous: Option<&'a State>,
    pub(super) reference: Option<f64>,
}

impl Snapshot<'_> {
    /// A copy from which [`Solver::resume`] goes on.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            time: self.time,
            step: self.step,
            state: self.state.clone(),
            previous: self.previous.cloned(),
            reference: self.reference,
        }
    }
}

/// A configured solver; build one with [`Solver::builder`].
#[derive(Clone, Debug)]
pub struct Solver {
    tendency: Tendency,
    pub(super) integrator: Integrator,
    time_step: f64,
    pub(super) diffusion: Option<Diffusion>,
}

/// Collects the parts of a [`Solver`].
#[derive(Clone, Debug)]
#[must_use]
pub struct SolverBuilder {
    transform: Arc<SphericalTransform>,
    equation: ShallowWater,
    integrator: Integrator,
    time_step: f64,
    diffusion: Option<Diffusion>,
    orography: Option<Array1<Complex64>>,
    frozen_wind: bool,
    forcing: Option<Forcing>,
}

impl SolverBuilder {
    /// The method in time; RK4 unless told.
    pub fn integrator(mut self, integrator: Integrator) -> Self {
        self.integrator = integrator;
        self
    }

    /// The longest step in seconds; shortened so that a whole number makes an output interval.
    /// 600 s unless told.
    pub fn time_step(mut self, seconds: f64) -> Self {
        self.time_step = seconds;
        self
    }

    /// Diffusion of vorticity, divergence and the height of the free surface; none unless told.
    pub fn diffusion(mut self, diffusion: Option<Diffusion>) -> Self {
        self.diffusion = diffusion;
        self
    }

    /// Spectrum of `g h_s` in m^2/s^2; flat unless told.
    pub fn orography(mut self, orography: Option<Array1<Complex64>>) -> Self {
        self.orography = orography;
        self
    }

    /// Keeps vorticity and divergence as they are: advection of the thickness by a given wind.
    pub fn frozen_wind(mut self, frozen: bool) -> Self {
        self.frozen_wind = frozen;
        self
    }

    /// Relaxation and drag; none unless told.
    pub fn forcing(mut self, forcing: Option<Forcing>) -> Self {
        self.forcing = forcing;
        self
    }

    /// The solver.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an unusable equation, step or filter, or a forcing of a frozen
    /// wind; [`Error::Shape`] for an orography or a forcing of another truncation; [`Error::Size`] for a grid with rows on the poles.
    pub fn build(self) -> Result<Solver> {
        if !(self.time_step > 0.0 && self.time_step.is_finite()) {
            return Err(Error::Parameter {
                name: "time_step",
                value: self.time_step,
                expected: "seconds, above 0",
            });
        }
        if let Integrator::SemiImplicit(filter) = self.integrator {
            for (name, value) in [("filter nu", filter.nu), ("filter alpha", filter.alpha)] {
                if !(0.0..=1.0).contains(&value) {
                    return Err(Error::Parameter {
                        name,
                        value,
                        expected: "a number from 0 to 1",
                    });
                }
            }
        }
        let tendency = Tendency::new(
            self.transform,
            self.equation,
            self.orography.as_ref(),
            self.frozen_wind,
        )?
        .with_forcing(self.forcing)?;
        Ok(Solver {
            tendency,
            integrator: self.integrator,
            time_step: self.time_step,
            diffusion: self.diffusion,
        })
    }
}

impl Solver {
    /// Starts the description of a solver.
    pub fn builder(transform: Arc<SphericalTransform>, equation: ShallowWater) -> SolverBuilder {
        SolverBuilder {
            transform,
            equation,
            integrator: Integrator::Rk4,
            time_step: 600.0,
            diffusion: None,
            orography: None,
            frozen_wind: false,
            forcing: None,
        }
    }

    /// The right-hand side.
    pub fn tendency(&self) -> &Tendency {
        &self.tendency
    }

    /// The longest step in seconds that was asked for.
    pub fn time_step(&self) -> f64 {
        self.time_step
    }

    /// The longest stable step in seconds from this state on.
    ///
    /// # Errors
    /// [`Error::Shape`] when the state has another truncation.
    pub fn stable_time_step(&self, state: &State) -> Result<f64> {
        stable_time_step(
            self.tendency.transform(),
            self.tendency.equation(),
            state,
            &self.integrator,
            self.tendency.frozen_wind(),
        )
    }

    /// Runs for `duration` seconds; `observer` sees the initial state and then one every
    /// `output_interval` seconds, and may stop the run by `ControlFlow::Break(())`. Returns where
    /// the run ended.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the duration is not a whole number of output intervals;
    /// [`Error::Shape`] when the state has another truncation; [`Error::UnstableTimeStep`];
    /// [`Error::NotFinite`] after the first step that gives a value that is not finite.
    pub fn run(
        &self,
        state: State,
        duration: f64,
        output_interval: f64,
        observer: impl FnMut(Snapshot) -> ControlFlow<()> + Send,
    ) -> Result<Checkpoint> {
        self.resume(
            Checkpoint::start(state),
            duration,
            output_interval,
            observer,
        )
    }

    /// As [`Self::run`], from a checkpoint, for a further `duration`. With the same output
    /// interval the result is that of the uninterrupted run, bit for bit.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn resume(
        &self,
        from: Checkpoint,
        duration: f64,
        output_interval: f64,
        mut observer: impl FnMut(Snapshot) -> ControlFlow<()> + Send,
    ) -> Result<Checkpoint> {
        let len = self.tendency.transform().spectrum_len();
        from.state.check(len)?;
        if let Some(previous) = &from.previous {
            previous.check(len)?;
        }
        if let Some(field) = from.state.not_finite() {
            return Err(Error::NotFinite {
                field,
                time: from.time,
                step: from.step,
            });
        }
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let limit = self.stable_time_step(&from.state)?;
        schedule.check(limit, self.integrator.name())?;
        // Within the pool from the start: else every transform would have to enter it.
        if rayon::current_num_threads() > 1 && rayon::current_thread_index().is_none() {
            return rayon::scope(|_| self.advance(from, schedule, &mut observer));
        }
        self.advance(from, schedule, &mut observer)
    }

    fn advance(
        &self,
        from: Checkpoint,
        schedule: Schedule,
        observer: &mut impl FnMut(Snapshot) -> ControlFlow<()>,
    ) -> Result<Checkpoint> {
        let Checkpoint {
            time: start,
            mut step,
            state,
            previous,
            reference,
        } = from;
        let mut state = contiguous(state);
        let levels = Levels {
            previous,
            reference,
        };
        let dt = schedule.time_step;
        let mut stepper = Stepper::new(
            &self.tendency,
            self.integrator,
            self.diffusion,
            &state,
            levels,
            dt,
        )?;
        let steps = schedule.steps_per_output;
        let interval = schedule.time_step * steps as f64;
        let mut time = start;
        let first_step = step;
        let mut flow = observer(stepper.snapshot(time, step, &state));
        for output in 1..=schedule.outputs {
            if flow.is_break() {
                break;
            }
            stepper.raise(&mut state, self.tendency.orography());
            for _ in 0..steps {
                stepper.step(&mut state, &self.tendency);
                step += 1;
                // one bad value on the grid reaches every coefficient of order 0 in a step
                if let Some(field) = state.not_finite_at(1) {
                    let time = start + (step - first_step) as f64 * schedule.time_step;
                    return Err(Error::NotFinite { field, time, step });
                }
            }
            stepper.lower(&mut state, self.tendency.orography());
            time = start + output as f64 * interval;
            if let Some(field) = state.not_finite() {
                return Err(Error::NotFinite { field, time, step });
            }
            flow = observer(stepper.snapshot(time, step, &state));
        }
        let end = stepper.snapshot(time, step, &state).checkpoint();
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::Invariants;
    use crate::shallow_water::cases::{self, RandomFlow};
    use crate::shallow_water::state::relative_l2;
    use crate::sphere::SphereGrid;

    const DAY: f64 = 86400.0;

    fn transform(truncation: usize) -> Arc<SphericalTransform> {
        let grid = SphereGrid::for_truncation(truncation).unwrap();
        Arc::new(SphericalTransform::new(grid, truncation).unwrap())
    }

    fn go_on(_: Snapshot) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Ratio of successive differences under halving of the step, on an unsteady flow.
    #[test]
    fn rk4_is_of_fourth_order() {
        let transform = transform(21);
        let flow = RandomFlow {
            seed: 1,
            unbalanced: 0.2,
            ..Default::default()
        };
        let case = flow.generate(&transform, ShallowWater::default()).unwrap();
        let end = |time_step: f64| {
            let solver = case
                .solver(&transform)
                .time_step(time_step)
                .build()
                .unwrap();
            let end = solver.run(case.initial.clone(), 6.0 * 3600.0, 6.0 * 3600.0, go_on);
            end.unwrap().state.geopotential
        };
        let (coarse, middle, fine) = (end(600.0), end(300.0), end(150.0));
        let norm = |x: Array1<Complex64>| x.iter().map(|c| c.norm_sqr()).sum::<f64>().sqrt();
        let order = (norm(&coarse - &middle) / norm(&middle - &fine)).log2();
        println!("RK4 order {order:.3}");
        assert!((order - 4.0).abs() < 0.1, "{order}");
    }

    #[test]
    fn semi_implicit_follows_rk4_and_keeps_mass() {
        let transform = transform(31);
        let case = cases::williamson_6(&transform).unwrap();
        let run = |integrator, time_step| {
            let solver = case
                .solver(&transform)
                .integrator(integrator)
                .time_step(time_step)
                .build();
            solver
                .unwrap()
                .run(case.initial.clone(), DAY, DAY, go_on)
                .unwrap()
                .state
        };
        let reference = run(Integrator::Rk4, 200.0);
        let error = |time_step| {
            let state = run(Integrator::SemiImplicit(RawFilter::default()), time_step);
            assert_eq!(state.geopotential[0], case.initial.geopotential[0]);
            relative_l2(&state.vorticity, &reference.vorticity, 31)
        };
        let (long, short) = (error(1200.0), error(300.0));
        println!("semi-implicit against RK4: {long:.1e} at 1200 s, {short:.1e} at 300 s");
        assert!(long < 0.05 && short < 0.3 * long, "{long} {short}");
    }

    #[test]
    fn mountain_flow_conserves() {
        let transform = transform(42);
        let case = cases::williamson_5(&transform).unwrap();
        let solver = case.solver(&transform).time_step(900.0).build().unwrap();
        let orography = solver.tendency().orography().to_vec();
        let of = |state: &State| Invariants::of(&transform, &case.equation, &orography, state);
        let end = solver.run(case.initial.clone(), DAY, DAY, go_on).unwrap();
        let (first, last) = (of(&case.initial).unwrap(), of(&end.state).unwrap());
        assert!((last.mass / first.mass - 1.0).abs() < 1e-15);
        assert!((last.energy / first.energy - 1.0).abs() < 1e-8);
        assert!((last.potential_enstrophy / first.potential_enstrophy - 1.0).abs() < 1e-4);
    }

    #[test]
    fn a_resumed_run_is_the_same_bit_for_bit() {
        let transform = transform(21);
        let case = RandomFlow::default()
            .generate(&transform, ShallowWater::default())
            .unwrap();
        let filter = Integrator::SemiImplicit(RawFilter::default());
        for (integrator, time_step) in [(Integrator::Rk4, 900.0), (filter, 1800.0)] {
            let diffusion = Some(Diffusion::with_time(4, 3600.0).unwrap());
            let solver = case
                .solver(&transform)
                .integrator(integrator)
                .time_step(time_step)
                .diffusion(diffusion)
                .build()
                .unwrap();
            let whole = solver
                .run(case.initial.clone(), DAY, DAY / 4.0, go_on)
                .unwrap();
            let mut half = None;
            let stopped = solver.run(case.initial.clone(), DAY, DAY / 4.0, |snapshot| {
                half = Some(snapshot.checkpoint());
                if snapshot.time < DAY / 2.0 {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            assert_eq!(half, stopped.ok());
            let resumed = solver
                .resume(half.unwrap(), DAY / 2.0, DAY / 4.0, go_on)
                .unwrap();
            assert_eq!(whole, resumed);
        }
    }

    #[test]
    fn diffusion_works_on_the_surface_and_not_on_the_layer() {
        // at rest under a flat surface over a mountain nothing may move
        let transform = transform(21);
        let case = cases::williamson_5(&transform).unwrap();
        let mut state = State::zeros(transform.spectrum_len());
        state.geopotential = -case.orography.as_ref().unwrap();
        state.geopotential[0] += 6e4;
        let diffusion = Some(Diffusion::with_time(4, 3600.0).unwrap());
        for integrator in [
            Integrator::Rk4,
            Integrator::SemiImplicit(RawFilter::default()),
        ] {
            let solver = case
                .solver(&transform)
                .integrator(integrator)
                .diffusion(diffusion)
                .time_step(900.0)
                .build()
                .unwrap();
            let end = solver.run(state.clone(), DAY, DAY, go_on).unwrap().state;
            assert!(relative_l2(&end.geopotential, &state.geopotential, 21) < 1e-13);
            assert!(end.divergence.iter().all(|x| x.norm() < 1e-18));
        }
    }

    #[test]
    fn bad_input_is_refused_with_the_reason() {
        let transform = transform(21);
        let case = cases::williamson_6(&transform).unwrap();
        let build = |time_step| case.solver(&transform).time_step(time_step).build();
        assert!(build(-1.0).is_err());
        let solver = build(7200.0).unwrap();
        let error = solver
            .run(case.initial.clone(), DAY, DAY, go_on)
            .unwrap_err();
        assert!(matches!(error, Error::UnstableTimeStep { limit, .. } if limit > 600.0));
        let solver = build(600.0).unwrap();
        assert!(
            solver
                .run(case.initial.clone(), DAY, 0.7 * DAY, go_on)
                .is_err()
        );
        let mut state = case.initial.clone();
        state.divergence[3] = Complex64::new(f64::NAN, 0.0);
        let error = solver.run(state, DAY, DAY, go_on).unwrap_err();
        assert_eq!(
            error,
            Error::NotFinite {
                field: "divergence",
                time: 0.0,
                step: 0
            }
        );
        assert!(solver.run(State::zeros(5), DAY, DAY, go_on).is_err());
        // products that overflow: told at the step, not at the next output
        let mut state = case.initial.clone();
        state.geopotential[40] = Complex64::new(1e307, 0.0);
        let frozen = case
            .solver(&transform)
            .frozen_wind(true)
            .time_step(600.0)
            .build()
            .unwrap();
        let error = frozen.run(state, DAY, DAY, go_on).unwrap_err();
        assert_eq!(
            error,
            Error::NotFinite {
                field: "geopotential",
                time: 600.0,
                step: 1
            }
        );
        let poles = SphereGrid::regular(65, 128).unwrap();
        let poles = Arc::new(SphericalTransform::new(poles, 21).unwrap());
        assert!(
            Solver::builder(poles, ShallowWater::default())
                .build()
                .is_err()
        );
    }
}
