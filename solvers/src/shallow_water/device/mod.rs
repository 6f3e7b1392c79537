//! The shallow-water solver on a device: an ensemble of members that step together.
//!
//! The equation, the integrators and their diffusion, orography and forcing are those of
//! [`super::Solver`]. Between outputs nothing leaves the device. A pass over the grid is four
//! launches, for all members at once: the Legendre synthesis, the products on the grid between two
//! Fourier transforms, the Legendre analysis, and the update of the spectra. A step of leapfrog is
//! one pass, a step of Runge-Kutta four.
//!
//! ```no_run
//! use curlwind_solvers::device::Device;
//! use curlwind_solvers::shallow_water::{Checkpoint, Solver, cases, device::Ensemble};
//! use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
//! use std::sync::Arc;
//!
//! let plan = Arc::new(SphericalTransform::new(SphereGrid::for_truncation(42)?, 42)?);
//! let case = cases::williamson_5(&plan)?;
//! let solver = case.solver(&plan).time_step(600.0).build()?;
//! let mut ensemble = Ensemble::<f32>::new(&solver, &Device::open("wgpu")?, 16)?;
//! ensemble.set(&vec![Checkpoint::start(case.initial); 16])?;
//! ensemble.advance(144)?;
//! let tomorrow = ensemble.states()?;
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod forecaster;
mod members;
mod products;
mod spectral;
#[cfg(test)]
mod tests;
mod update;

use super::RawFilter;
use super::solver::{Integrator, Solver};
use super::state::State;
use super::stepper::STARTING_STEPS;
use crate::device::{Buffer, Device, Real};
use crate::sphere::device::{Batch, LESS, Tables, legendre};
use crate::{Error, Result};
pub(super) use forecaster::Forecaster;
pub(super) use members::run;
use spectral::{Numbers, Spectral, Terms, Update};
use std::marker::PhantomData;

/// Steps between two looks at whether values are still finite.
const STEPS_UNSEEN: u64 = 256;

/// Members of a simulation on a device, in the precision `F`.
pub struct Ensemble<F: Real> {
    device: Device,
    solver: Solver,
    tables: Tables,
    members: u32,
    terms: Terms,
    time_step: f64,
    /// Numbers of a step, and of the shorter ones that lead to the second level of leapfrog.
    numbers: [Buffer; 2],
    spectral: Spectral,
    lines: Buffer,
    products: Buffer,
    /// Leapfrog has its second level.
    started: bool,
    /// Passes over the grid.
    passes: u64,
    /// Steps since the members were set.
    taken: u64,
    /// Time and steps of the checkpoints that the members were set to.
    start: (f64, u64),
    references: Vec<f64>,
    precision: PhantomData<F>,
}

impl<F: Real> Ensemble<F> {
    /// Room for so many members of a solver, on a device, with the solver's time step.
    ///
    /// # Errors
    /// [`Error::Device`] when the device does not compute in the precision, or its buffers are too
    /// small; [`Error::Size`] for no members, and for a number of longitudes with a prime factor
    /// above 13.
    pub fn new(solver: &Solver, device: &Device, members: usize) -> Result<Self> {
        Self::with_time_step(solver, device, members, solver.time_step())
    }

    pub(super) fn with_time_step(
        solver: &Solver,
        device: &Device,
        members: usize,
        time_step: f64,
    ) -> Result<Self> {
        if members == 0 || members > usize::from(u16::MAX) {
            return Err(Error::Size {
                what: "number of members on a device",
                expected: "from 1 to 65535".into(),
                found: members,
            });
        }
        let tendency = solver.tendency();
        let plan = tendency.transform();
        let tables = Tables::new::<F>(device, plan)?;
        let count = members as u32;
        let batches = [products::FIELDS, products::PRODUCTS].map(|fields| Batch {
            members: count,
            fields,
        });
        let len = plan.spectrum_len();
        for batch in batches {
            device.fits::<F>("Fourier coefficients", tables.lines_len(batch), LESS)?;
        }
        let zeros = |len: usize| device.zeros::<F>(len);
        let of_state = 6 * len * members;
        let forcing = tendency.forcing().map(|f| f.equilibrium());
        let equilibrium = forcing.map_or(Vec::new(), |e| parts(&fields(e).concat()));
        let terms = Terms {
            frozen_wind: tendency.frozen_wind(),
            forced: forcing.is_some(),
            mountains: !tendency.orography().is_empty(),
        };
        let numbers = [1, STARTING_STEPS].map(|division| {
            let numbers = numbers(solver, time_step / division as f64);
            device.rounded::<F>(&numbers.list::<F>())
        });
        Ok(Self {
            device: device.clone(),
            solver: solver.clone(),
            members: count,
            terms,
            time_step,
            numbers,
            spectral: Spectral {
                analysed: zeros(tables.series_len(batches[1])),
                series: zeros(tables.series_len(batches[0])),
                state: zeros(of_state),
                stage: zeros(of_state),
                sum: zeros(of_state),
                previous: zeros(of_state),
                bottom: device.rounded::<F>(&parts(tendency.orography())),
                equilibrium: device.rounded::<F>(&equilibrium),
                references: zeros(members),
                means: zeros(2 * members),
                status: device.zeros::<u32>(2 * members),
            },
            lines: zeros(tables.lines_len(batches[0])),
            products: zeros(tables.lines_len(batches[1])),
            tables,
            started: false,
            passes: 0,
            taken: 0,
            start: (0.0, 0),
            references: Vec::new(),
            precision: PhantomData,
        })
    }

    /// Number of members.
    pub fn members(&self) -> usize {
        self.members as usize
    }

    /// Takes so many steps.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when a value of a member is not finite, with the first step that made
    /// one; [`Error::Device`] when the device failed.
    pub fn advance(&mut self, steps: u64) -> Result<()> {
        for n in 1..=steps {
            self.step();
            if n % STEPS_UNSEEN == 0 || n == steps {
                self.check_finite()?;
            }
        }
        Ok(())
    }

    fn step(&mut self) {
        self.taken += 1;
        match self.solver.integrator {
            Integrator::Rk4 => self.runge_kutta(0),
            Integrator::SemiImplicit(_) if self.started => self.pass(0, Update::Leapfrog),
            Integrator::SemiImplicit(_) => {
                self.started = true;
                for _ in 0..STARTING_STEPS {
                    self.runge_kutta(1);
                }
            }
        }
    }

    fn runge_kutta(&mut self, numbers: usize) {
        for stage in 0..4 {
            self.pass(numbers, Update::Stage(stage));
        }
    }

    /// To the grid and back, and what the spectra make of it.
    fn pass(&mut self, numbers: usize, update: Update) {
        let (device, tables, members) = (&self.device, &self.tables, self.members);
        let batch = |fields| Batch { members, fields };
        let of_fields = batch(products::FIELDS);
        legendre::synthesis::<F>(
            device,
            tables,
            of_fields,
            &self.spectral.series,
            &self.lines,
        );
        products::launch::<F>(device, tables, members, &self.lines, &self.products);
        legendre::analysis::<F>(
            device,
            tables,
            batch(products::PRODUCTS),
            &self.products,
            &self.spectral.analysed,
        );
        self.update(numbers, update);
    }

    fn update(&mut self, numbers: usize, update: Update) {
        spectral::launch::<F>(
            &self.device,
            &self.tables,
            &self.spectral,
            &self.numbers[numbers],
            self.members,
            (self.passes, self.taken as u32),
            update,
            self.terms,
        );
        self.passes += 1;
    }

    fn check_finite(&self) -> Result<()> {
        let status = self.device.read::<u32>(&self.spectral.status)?;
        let bad = status.chunks_exact(2).filter(|member| member[0] > 0);
        match bad.min_by_key(|member| member[0]) {
            None => Ok(()),
            Some(member) => Err(Error::NotFinite {
                field: match member[1] {
                    1 => "vorticity",
                    2 => "divergence",
                    _ => "geopotential",
                },
                time: self.start.0 + f64::from(member[0]) * self.time_step,
                step: self.start.1 + u64::from(member[0]),
            }),
        }
    }
}

/// What the kernels need for steps of so many seconds.
fn numbers(solver: &Solver, time_step: f64) -> Numbers {
    let tendency = solver.tendency();
    let (top, radius) = (
        tendency.transform().truncation(),
        tendency.equation().radius,
    );
    let none = || vec![0.0; top + 1];
    let damping = solver.diffusion.map_or_else(none, |d| d.rates(top, radius));
    let of_wind = match tendency.frozen_wind() {
        true => none(),
        false => damping.clone(),
    };
    let filter = match solver.integrator {
        Integrator::SemiImplicit(filter) => filter,
        Integrator::Rk4 => RawFilter::default(),
    };
    let forcing = tendency.forcing();
    Numbers {
        time_step,
        radius,
        coriolis: tendency.equation().coriolis_coefficients().map(|c| c.re),
        relaxation: forcing.map_or(0.0, |f| f.relaxation()),
        drag: forcing.map_or(0.0, |f| f.drag()),
        filter: [filter.nu, filter.alpha],
        damping: [of_wind, damping],
    }
}

fn parts(values: &[num_complex::Complex64]) -> Vec<f64> {
    values.iter().flat_map(|c| [c.re, c.im]).collect()
}

/// The spectra of a state, in the order of the device.
fn fields(state: &State) -> [Vec<num_complex::Complex64>; 3] {
    [
        state.vorticity.to_vec(),
        state.divergence.to_vec(),
        state.geopotential.to_vec(),
    ]
}
