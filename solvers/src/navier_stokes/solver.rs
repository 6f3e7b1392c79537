//! The pseudo-spectral solver.

use super::NavierStokes;
use super::budget::Budget;
use super::step::{Integrator, Method};
use crate::time_stepping::Schedule;
use crate::time_stepping::etdrk4::march;
use crate::torus::{Plane, PlaneWorkspace, positive};
use crate::{Error, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, Array3, Array4, ArrayView2, ArrayView3, Axis};
use num_complex::Complex64;
use std::ops::ControlFlow;

/// Fourier pseudo-spectral on N x N points with the two-thirds rule.
///
/// The nonlinear term is `(kx^2 - ky^2) (u v)^ - kx ky (u^2 - v^2)^` (C. Basdevant, J. Comput. Phys.
/// 50, 209-214, 1983): the same as `-div(u w)` on the wavenumbers kept, with four transforms
/// in place of five. A run uses one thread; [`Self::trajectories`] runs samples side by side.
#[derive(Clone, Debug)]
pub struct Solver {
    equation: NavierStokes,
    plane: Plane,
    integrator: Integrator,
    time_step: f64,
    /// `(kx, ky)` per coefficient.
    wavenumbers: Vec<(f64, f64)>,
    /// Spectrum of the forcing.
    forcing: Vec<Complex64>,
}

/// Buffers of a right-hand side.
struct Workspace {
    transform: PlaneWorkspace,
    spectra: [Vec<Complex64>; 2],
    fields: [Vec<f64>; 2],
}

impl Solver {
    /// On `points` x `points` points `x_i = i L / N`, with steps of at most `time_step` seconds and
    /// [`Integrator::Etdrk4`].
    ///
    /// # Errors
    /// [`Error::Parameter`] for an unusable equation or step; [`Error::Size`] for fewer than 4
    /// points, or too few for the forcing.
    pub fn new(equation: NavierStokes, points: usize, time_step: f64) -> Result<Self> {
        let equation = equation.validated()?;
        positive("time_step", time_step)?;
        let plane = Plane::new([points; 2], [equation.length; 2], 2)?;
        if let super::Forcing::Kolmogorov { wavenumber, .. } = equation.forcing
            && 3 * wavenumber >= points
        {
            return Err(Error::Size {
                what: "number of points",
                expected: format!("more than {}, to hold the forcing", 3 * wavenumber),
                found: points,
            });
        }
        let mut forcing = vec![Complex64::ZERO; plane.spectrum_len()];
        let spacing = equation.length / points as f64;
        let field: Vec<f64> = (0..points * points)
            .map(|p| (spacing * (p % points) as f64, spacing * (p / points) as f64))
            .map(|(x, y)| equation.forcing_at(x, y))
            .collect();
        plane.analysis(&field, &mut forcing, &mut plane.workspace());
        Ok(Self {
            wavenumbers: plane.wavenumbers(),
            equation,
            plane,
            integrator: Integrator::default(),
            time_step,
            forcing,
        })
    }

    /// The same with another method in time.
    #[must_use]
    pub fn with_integrator(mut self, integrator: Integrator) -> Self {
        self.integrator = integrator;
        self
    }

    /// The equation.
    pub fn equation(&self) -> &NavierStokes {
        &self.equation
    }

    /// Points along a side.
    pub fn points(&self) -> usize {
        self.plane.points()[0]
    }

    /// The torus and its transforms.
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// The longest stable step in seconds for a vorticity (spectrum): the method's limit for waves
    /// over `k (max|u| + max|v|)` with the largest wavenumber kept.
    pub fn stable_time_step(&self, vorticity: &[Complex64]) -> f64 {
        self.stable(vorticity, &mut self.workspace())
    }

    fn stable(&self, vorticity: &[Complex64], work: &mut Workspace) -> f64 {
        self.velocity(vorticity, work);
        let fastest = |field: &[f64]| field.iter().fold(0.0f64, |s, u| s.max(u.abs()));
        let [ky, kx] = self.plane.largest_wavenumbers();
        let [u, v] = [0, 1].map(|n| fastest(&work.fields[n]));
        self.integrator.advective_limit() / (kx * u + ky * v)
    }

    /// The velocity of a vorticity (spectrum) in m/s, `u` and `v` as `[y][x]`.
    ///
    /// # Panics
    /// When the spectrum has another length than the torus keeps.
    pub fn velocity_of(&self, vorticity: &[Complex64]) -> [Array2<f64>; 2] {
        let mut work = self.workspace();
        self.velocity(vorticity, &mut work);
        let n = self.points();
        work.fields
            .map(|field| Array2::from_shape_fn((n, n), |(j, i)| field[j * n + i]))
    }

    fn velocity(&self, vorticity: &[Complex64], work: &mut Workspace) {
        let [u, v] = &mut work.spectra;
        for (i, w) in vorticity.iter().enumerate() {
            let (kx, ky) = self.wavenumbers[i];
            let square = kx * kx + ky * ky;
            // a torus has no vorticity on the mean, and no flow that belongs to it
            let psi = if square > 0.0 {
                w / square
            } else {
                Complex64::ZERO
            };
            u[i] = Complex64::new(-ky * psi.im, ky * psi.re);
            v[i] = Complex64::new(kx * psi.im, -kx * psi.re);
        }
        for (spectrum, field) in work.spectra.iter().zip(&mut work.fields) {
            self.plane.synthesis(spectrum, field, &mut work.transform);
        }
    }

    fn workspace(&self) -> Workspace {
        let spectrum = || vec![Complex64::ZERO; self.plane.spectrum_len()];
        let field = || vec![0.0; self.points() * self.points()];
        Workspace {
            transform: self.plane.workspace(),
            spectra: [spectrum(), spectrum()],
            fields: [field(), field()],
        }
    }

    /// Advection and forcing of a vorticity (spectra, 1/s^2).
    fn advection(&self, vorticity: &[Complex64], slope: &mut [Complex64], work: &mut Workspace) {
        self.velocity(vorticity, work);
        let [a, b] = &mut work.fields;
        for (u, v) in a.iter_mut().zip(b.iter_mut()) {
            (*u, *v) = (*u * *v, (*u - *v) * (*u + *v));
        }
        for (spectrum, field) in work.spectra.iter_mut().zip(&work.fields) {
            self.plane.analysis(field, spectrum, &mut work.transform);
        }
        let [product, difference] = &work.spectra;
        for (i, slope) in slope.iter_mut().enumerate() {
            let (kx, ky) = self.wavenumbers[i];
            *slope =
                product[i] * ((kx - ky) * (kx + ky)) - difference[i] * (kx * ky) + self.forcing[i];
        }
    }

    /// The time derivative in 1/s^2 of a vorticity, both `[y][x]`; wavenumbers that are not kept
    /// do not count.
    ///
    /// # Errors
    /// [`Error::Shape`] when the field is not N x N.
    pub fn tendency(&self, vorticity: ArrayView2<f64>) -> Result<Array2<f64>> {
        let state = self.spectrum(vorticity)?;
        let mut slope = vec![Complex64::ZERO; state.len()];
        self.advection(&state, &mut slope, &mut self.workspace());
        for ((s, w), rate) in slope.iter_mut().zip(&state).zip(self.rates()) {
            *s += w * rate;
        }
        Ok(self.field(&slope))
    }

    fn rates(&self) -> Vec<f64> {
        let NavierStokes {
            viscosity, drag, ..
        } = self.equation;
        let waves = self.wavenumbers.iter();
        waves
            .map(|(kx, ky)| -viscosity * (kx * kx + ky * ky) - drag)
            .collect()
    }

    /// Energy and enstrophy of a vorticity `[y][x]` with what changes them.
    ///
    /// # Errors
    /// [`Error::Shape`] when the field is not N x N.
    pub fn budget(&self, vorticity: ArrayView2<f64>) -> Result<Budget> {
        let state = self.spectrum(vorticity)?;
        Ok(Budget::of(
            &self.plane,
            &self.wavenumbers,
            &self.equation,
            &self.forcing,
            &state,
        ))
    }

    /// The spectrum of a vorticity `[y][x]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the field is not N x N.
    pub fn spectrum(&self, vorticity: ArrayView2<f64>) -> Result<Vec<Complex64>> {
        let n = self.points();
        if vorticity.dim() != (n, n) {
            return Err(Error::Shape {
                what: "vorticity",
                expected: vec![n, n],
                found: vorticity.shape().to_vec(),
            });
        }
        let field: Vec<f64> = vorticity.iter().copied().collect();
        let mut spectrum = vec![Complex64::ZERO; self.plane.spectrum_len()];
        self.plane
            .analysis(&field, &mut spectrum, &mut self.plane.workspace());
        Ok(spectrum)
    }

    /// The field `[y][x]` of a spectrum.
    ///
    /// # Panics
    /// When the spectrum has another length than the torus keeps.
    pub fn field(&self, spectrum: &[Complex64]) -> Array2<f64> {
        let n = self.points();
        let mut field = vec![0.0; n * n];
        self.plane
            .synthesis(spectrum, &mut field, &mut self.plane.workspace());
        Array2::from_shape_fn((n, n), |(j, i)| field[j * n + i])
    }

    /// Runs from a vorticity (spectrum) for `duration` seconds; `observer` sees time and vorticity
    /// at the start and every `output_interval`, and may stop the run by `ControlFlow::Break(())`.
    /// Returns the vorticity at the end.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Parameter`] when the duration is no whole number of intervals;
    /// [`Error::UnstableTimeStep`] at the start or at an output; [`Error::NotFinite`].
    pub fn run(
        &self,
        mut vorticity: Vec<Complex64>,
        duration: f64,
        output_interval: f64,
        observer: impl FnMut(f64, &[Complex64]) -> ControlFlow<()>,
    ) -> Result<Vec<Complex64>> {
        if vorticity.len() != self.plane.spectrum_len() {
            return Err(Error::Shape {
                what: "vorticity",
                expected: vec![self.plane.spectrum_len()],
                found: vec![vorticity.len()],
            });
        }
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let mut method = Method::new(self.integrator, &self.rates(), schedule.time_step);
        let (mut work, mut inner) = (self.workspace(), self.workspace());
        march(
            schedule,
            &mut vorticity,
            "vorticity",
            |state| method.step(state, |w, slope| self.advection(w, slope, &mut work)),
            |state| {
                let limit = self.stable(state, &mut inner);
                schedule.check(limit, self.integrator.name())
            },
            observer,
        )?;
        Ok(vorticity)
    }

    /// The states `[time][y][x]` at 0, `output_interval`, ..., `duration` (seconds) from a
    /// vorticity `[y][x]`.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn trajectory(
        &self,
        initial: ArrayView2<f64>,
        duration: f64,
        output_interval: f64,
    ) -> Result<Array3<f64>> {
        let start = self.spectrum(initial)?;
        let outputs = Schedule::new(duration, output_interval, self.time_step)?.outputs;
        let n = self.points();
        let mut states = Array3::zeros((outputs as usize + 1, n, n));
        let mut output = 0;
        self.run(start, duration, output_interval, |_, state| {
            states
                .index_axis_mut(Axis(0), output)
                .assign(&self.field(state));
            output += 1;
            ControlFlow::Continue(())
        })?;
        Ok(states)
    }

    /// The trajectories `[sample][time][y][x]` from many vorticities `[sample][y][x]`, side by side.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn trajectories(
        &self,
        initial: ArrayView3<f64>,
        duration: f64,
        output_interval: f64,
    ) -> Result<Array4<f64>> {
        let outputs = Schedule::new(duration, output_interval, self.time_step)?.outputs;
        let n = self.points();
        let mut all = Array4::zeros((initial.dim().0, outputs as usize + 1, n, n));
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

#[cfg(test)]
mod tests;
