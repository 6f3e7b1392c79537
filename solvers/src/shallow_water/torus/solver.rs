//! The pseudo-spectral solver.

use super::{Invariants, ShallowWater};
use crate::Result;
use crate::time_stepping::etdrk4::march;
use crate::time_stepping::{RungeKutta4, Schedule};
use crate::torus::{Plane, PlaneWorkspace, positive};
use ndarray::parallel::prelude::*;
use ndarray::{Array3, Array4, Array5, ArrayView3, ArrayView4, Axis};
use num_complex::Complex64;
use std::ops::ControlFlow;

/// Fourier pseudo-spectral in space with products free of aliases, the classical Runge-Kutta
/// method in time with exact diffusion ([`RungeKutta4`]).
///
/// States are `[variable][y][x]`: u and v in m/s to the east and north, h in m. Spectra of a state
/// are the three of [`Plane`], one after the other. A run uses one thread; [`Self::trajectories`] runs
/// samples side by side.
#[derive(Clone, Debug)]
pub struct Solver {
    equation: ShallowWater,
    plane: Plane,
    time_step: f64,
    /// `(kx, ky)` per coefficient.
    wavenumbers: Vec<(f64, f64)>,
}

/// Buffers of a right-hand side.
struct Workspace {
    transform: PlaneWorkspace,
    /// u, v, h and zeta; then the products that the right-hand side is made of.
    fields: [Vec<f64>; 4],
    spectrum: Vec<Complex64>,
    products: [Vec<Complex64>; 5],
}

impl Solver {
    /// On `[Ny, Nx]` points `x_i = i L / N`, with steps of at most `time_step` seconds.
    ///
    /// # Errors
    /// As [`ShallowWater::validated`]; [`crate::Error::Parameter`] for an unusable step; [`crate::Error::Size`] for
    /// fewer than 4 points.
    pub fn new(equation: ShallowWater, points: [usize; 2], time_step: f64) -> Result<Self> {
        let equation = equation.validated()?;
        positive("time_step", time_step)?;
        let plane = Plane::new(points, equation.lengths, 2)?;
        Ok(Self {
            wavenumbers: plane.wavenumbers(),
            equation,
            plane,
            time_step,
        })
    }

    /// The equation.
    pub fn equation(&self) -> &ShallowWater {
        &self.equation
    }

    /// The torus and its transforms.
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// A state `[variable][y][x]` from u, v and h as functions of x and y in m.
    pub fn state(&self, fields: impl Fn(f64, f64) -> [f64; 3]) -> Array3<f64> {
        let [ny, nx] = self.plane.points();
        let [length_y, length_x] = self.plane.lengths();
        let mut state = Array3::zeros((3, ny, nx));
        for j in 0..ny {
            for i in 0..nx {
                let (x, y) = (i as f64 / nx as f64, j as f64 / ny as f64);
                let values = fields(length_x * x, length_y * y);
                for (variable, value) in values.into_iter().enumerate() {
                    state[[variable, j, i]] = value;
                }
            }
        }
        state
    }

    /// The longest stable step in seconds for a state `[variable][y][x]`: `sqrt(8)` over the largest
    /// frequency `kx max|u| + ky max|v| + sqrt(f^2 + g max(h) k^2)` of the wavenumbers kept.
    ///
    /// # Errors
    /// As [`Self::spectrum`].
    pub fn stable_time_step(&self, state: ArrayView3<f64>) -> Result<f64> {
        Ok(self.stable(&self.spectrum(state)?, &mut self.workspace()))
    }

    fn stable(&self, state: &[Complex64], work: &mut Workspace) -> f64 {
        self.to_fields(state, work);
        let largest = |n: usize| work.fields[n].iter().fold(0.0f64, |s, v| s.max(v.abs()));
        let [ky, kx] = self.plane.largest_wavenumbers();
        let ShallowWater {
            gravity, coriolis, ..
        } = self.equation;
        let waves = coriolis.hypot((gravity * largest(2)).sqrt() * kx.hypot(ky));
        8f64.sqrt() / (kx * largest(0) + ky * largest(1) + waves)
    }

    fn workspace(&self) -> Workspace {
        let [ny, nx] = self.plane.points();
        let spectrum = || vec![Complex64::ZERO; self.plane.spectrum_len()];
        Workspace {
            transform: self.plane.workspace(),
            fields: std::array::from_fn(|_| vec![0.0; ny * nx]),
            spectrum: spectrum(),
            products: std::array::from_fn(|_| spectrum()),
        }
    }

    /// u, v, h and zeta on the grid.
    fn to_fields(&self, state: &[Complex64], work: &mut Workspace) {
        let len = self.plane.spectrum_len();
        for (spectrum, field) in state.chunks_exact(len).zip(&mut work.fields) {
            self.plane.synthesis(spectrum, field, &mut work.transform);
        }
        let (u, v) = (&state[..len], &state[len..2 * len]);
        for (i, zeta) in work.spectrum.iter_mut().enumerate() {
            let (kx, ky) = self.wavenumbers[i];
            *zeta = Complex64::I * (v[i] * kx - u[i] * ky);
        }
        let (zeta, field) = (&work.spectrum, &mut work.fields[3]);
        self.plane.synthesis(zeta, field, &mut work.transform);
    }

    /// The right-hand side without diffusion (spectra, per second).
    fn slope(&self, state: &[Complex64], slope: &mut [Complex64], work: &mut Workspace) {
        self.to_fields(state, work);
        let ShallowWater {
            gravity, coriolis, ..
        } = self.equation;
        let len = self.plane.spectrum_len();
        let Workspace {
            transform,
            fields: [u, v, h, zeta],
            products,
            ..
        } = work;
        let mut product = vec![0.0; u.len()];
        let of: [&dyn Fn(usize) -> f64; 5] = [
            &|p| (zeta[p] + coriolis) * v[p],
            &|p| -(zeta[p] + coriolis) * u[p],
            &|p| 0.5 * (u[p] * u[p] + v[p] * v[p]) + gravity * h[p],
            &|p| h[p] * u[p],
            &|p| h[p] * v[p],
        ];
        for (value, spectrum) in of.into_iter().zip(products.iter_mut()) {
            for (p, product) in product.iter_mut().enumerate() {
                *product = value(p);
            }
            self.plane.analysis(&product, spectrum, transform);
        }
        let [turn_u, turn_v, head, flux_x, flux_y] = &*products;
        for (i, (kx, ky)) in self.wavenumbers.iter().enumerate() {
            slope[i] = turn_u[i] - Complex64::I * head[i] * kx;
            slope[len + i] = turn_v[i] - Complex64::I * head[i] * ky;
            slope[2 * len + i] = -Complex64::I * (flux_x[i] * kx + flux_y[i] * ky);
        }
    }

    /// `nu k^2` in 1/s per coefficient of a state; empty without diffusion.
    fn damping(&self) -> Vec<f64> {
        let nu = self.equation.diffusivity;
        if nu == 0.0 {
            return Vec::new();
        }
        let waves = self.wavenumbers.iter();
        let one: Vec<f64> = waves.map(|(kx, ky)| nu * (kx * kx + ky * ky)).collect();
        one.repeat(3)
    }

    /// The time derivative per second of a state, both `[variable][y][x]`; wavenumbers that are not
    /// kept do not count.
    ///
    /// # Errors
    /// As [`Self::spectrum`].
    pub fn tendency(&self, state: ArrayView3<f64>) -> Result<Array3<f64>> {
        let state = self.spectrum(state)?;
        let mut slope = vec![Complex64::ZERO; state.len()];
        self.slope(&state, &mut slope, &mut self.workspace());
        for ((s, q), rate) in slope.iter_mut().zip(&state).zip(self.damping()) {
            *s -= q * rate;
        }
        Ok(self.fields(&slope))
    }

    /// What the equations keep without diffusion, of a state `[variable][y][x]`.
    ///
    /// # Errors
    /// As [`Self::spectrum`].
    pub fn invariants(&self, state: ArrayView3<f64>) -> Result<Invariants> {
        let mut work = self.workspace();
        self.to_fields(&self.spectrum(state)?, &mut work);
        Ok(Invariants::of(&self.equation, &work.fields))
    }

    /// The spectra of a state `[variable][y][x]`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] when the state is not of the grid; [`crate::Error::Parameter`] for a thickness that
    /// is not above 0.
    pub fn spectrum(&self, state: ArrayView3<f64>) -> Result<Vec<Complex64>> {
        let spectra = self.plane.spectra("shallow-water state", 3, state)?;
        for thickness in state.index_axis(Axis(0), 2) {
            positive("thickness", *thickness)?;
        }
        Ok(spectra)
    }

    /// The state `[variable][y][x]` of spectra.
    ///
    /// # Panics
    /// When the spectra have another length than the torus keeps.
    pub fn fields(&self, spectra: &[Complex64]) -> Array3<f64> {
        self.plane.fields(3, spectra)
    }

    /// The states `[time][variable][y][x]` at 0, `output_interval`, ..., `duration` (seconds).
    ///
    /// # Errors
    /// As [`Self::spectrum`]; [`crate::Error::Parameter`] when the duration is no whole number of
    /// intervals; [`crate::Error::UnstableTimeStep`] at the start or at an output; [`crate::Error::NotFinite`].
    pub fn trajectory(
        &self,
        initial: ArrayView3<f64>,
        duration: f64,
        output_interval: f64,
    ) -> Result<Array4<f64>> {
        let mut spectra = self.spectrum(initial)?;
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let mut method = RungeKutta4::new(spectra.len(), schedule.time_step, [self.damping()]);
        let (mut work, mut inner) = (self.workspace(), self.workspace());
        let [ny, nx] = self.plane.points();
        let mut states = Array4::zeros((schedule.outputs as usize + 1, 3, ny, nx));
        let mut output = 0;
        march(
            schedule,
            &mut spectra,
            "shallow-water state",
            |state| method.step([state], |[q], [slope]| self.slope(q, slope, &mut work)),
            |state| {
                let limit = self.stable(state, &mut inner);
                schedule.check(limit, "rk4")
            },
            |_, state| {
                let mut place = states.index_axis_mut(Axis(0), output);
                place.assign(&self.fields(state));
                output += 1;
                ControlFlow::Continue(())
            },
        )?;
        Ok(states)
    }

    /// The trajectories `[sample][time][variable][y][x]` from many states, side by side.
    ///
    /// # Errors
    /// As [`Self::trajectory`].
    pub fn trajectories(
        &self,
        initial: ArrayView4<f64>,
        duration: f64,
        output_interval: f64,
    ) -> Result<Array5<f64>> {
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let [ny, nx] = self.plane.points();
        let times = schedule.outputs as usize + 1;
        let mut all = Array5::zeros((initial.dim().0, times, 3, ny, nx));
        all.axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(initial.axis_iter(Axis(0)))
            .try_for_each(|(mut states, initial)| {
                states.assign(&self.trajectory(initial, duration, output_interval)?);
                Ok(())
            })?;
        Ok(all)
    }
}
