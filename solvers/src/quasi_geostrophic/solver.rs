//! The pseudo-spectral solver.

use super::step::Method;
use super::{Budget, ExponentialFilter, Integrator, QuasiGeostrophic};
use crate::time_stepping::Schedule;
use crate::time_stepping::etdrk4::march;
use crate::torus::{Plane, PlaneWorkspace, positive};
use crate::{Error, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array3, Array4, Array5, ArrayView3, ArrayView4, Axis};
use num_complex::Complex64;
use std::f64::consts::TAU;
use std::ops::ControlFlow;

/// Fourier pseudo-spectral in space, with the two-thirds rule or a filter against aliases.
///
/// States are potential vorticities `[layer][y][x]` in 1/s. The spectra of a state are the two of
/// [`Plane`], one after the other. Advection is in flux form, `div(u q)`. A run uses one thread;
/// [`Self::trajectories`] runs samples side by side.
#[derive(Clone, Debug)]
pub struct Solver {
    equation: QuasiGeostrophic,
    plane: Plane,
    integrator: Integrator,
    time_step: f64,
    /// `(kx, ky)` per coefficient.
    wavenumbers: Vec<(f64, f64)>,
    /// Potential vorticity to streamfunction, per coefficient.
    inversion: Vec<[[f64; 2]; 2]>,
    /// Factors after every step per coefficient; empty without a filter.
    filter: Vec<f64>,
}

/// Buffers of a right-hand side.
struct Workspace {
    transform: PlaneWorkspace,
    /// Both streamfunctions, one after the other.
    psi: Vec<Complex64>,
    spectra: [Vec<Complex64>; 2],
    /// u, v and q of a layer.
    fields: [Vec<f64>; 3],
}

impl Solver {
    /// On `[Ny, Nx]` points `x_i = i L / N` with the two-thirds rule, steps of at most `time_step`
    /// seconds and [`Integrator::Etdrk4`].
    ///
    /// # Errors
    /// As [`QuasiGeostrophic::validated`]; [`Error::Parameter`] for an unusable step; [`Error::Size`]
    /// for fewer than 4 points.
    pub fn new(equation: QuasiGeostrophic, points: [usize; 2], time_step: f64) -> Result<Self> {
        let equation = equation.validated()?;
        positive("time_step", time_step)?;
        let plane = Plane::new(points, equation.lengths, 2)?;
        Ok(Self::on(equation, plane, time_step))
    }

    fn on(equation: QuasiGeostrophic, plane: Plane, time_step: f64) -> Self {
        let wavenumbers = plane.wavenumbers();
        let invert = |(kx, ky): &(f64, f64)| equation.inversion(kx * kx + ky * ky);
        Self {
            inversion: wavenumbers.iter().map(invert).collect(),
            wavenumbers,
            equation,
            plane,
            integrator: Integrator::default(),
            time_step,
            filter: Vec::new(),
        }
    }

    /// The same with another method in time.
    #[must_use]
    pub fn with_integrator(mut self, integrator: Integrator) -> Self {
        self.integrator = integrator;
        self
    }

    /// The same with a filter after every step instead of the two-thirds rule: all wavenumbers below
    /// half the number of points are kept.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the strength is negative, the cut-off not above 0, or either not
    /// finite.
    pub fn with_filter(self, filter: ExponentialFilter) -> Result<Self> {
        positive("cut-off of the filter", filter.cut_off)?;
        if !(filter.strength >= 0.0 && filter.strength.is_finite()) {
            return Err(Error::Parameter {
                name: "strength of the filter",
                value: filter.strength,
                expected: "0 or more",
            });
        }
        let plane = Plane::new(self.plane.points(), self.plane.lengths(), 1)?;
        let mut other = Self::on(self.equation, plane, self.time_step);
        other.integrator = self.integrator;
        let [dy, dx] = other.spacings();
        let kappa = |(kx, ky): &(f64, f64)| (kx * dx).hypot(ky * dy);
        let waves = other.wavenumbers.iter();
        other.filter = waves.map(|k| filter.factor(kappa(k))).collect();
        Ok(other)
    }

    /// The equation.
    pub fn equation(&self) -> &QuasiGeostrophic {
        &self.equation
    }

    /// The torus and its transforms.
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    fn spacings(&self) -> [f64; 2] {
        let (points, lengths) = (self.plane.points(), self.plane.lengths());
        [0, 1].map(|axis| lengths[axis] / points[axis] as f64)
    }

    /// A state `[layer][y][x]` from both layers' values as functions of x and y in m.
    pub fn state(&self, fields: impl Fn(f64, f64) -> [f64; 2]) -> Array3<f64> {
        let [ny, nx] = self.plane.points();
        let [dy, dx] = self.spacings();
        let mut state = Array3::zeros((2, ny, nx));
        for j in 0..ny {
            for i in 0..nx {
                let values = fields(dx * i as f64, dy * j as f64);
                state[[0, j, i]] = values[0];
                state[[1, j, i]] = values[1];
            }
        }
        state
    }

    /// The longest stable step in seconds for a state (spectra): the method's limit for waves over the
    /// largest `kx |u| + ky |v|` with the largest wavenumbers that count, and the largest frequency of
    /// a Rossby wave.
    pub fn stable_time_step(&self, state: &[Complex64]) -> f64 {
        self.stable(state, &mut self.workspace())
    }

    fn stable(&self, state: &[Complex64], work: &mut Workspace) -> f64 {
        self.invert(state, &mut work.psi);
        let [ky, kx] = self.largest_wavenumbers();
        let mut fastest = 0.0f64;
        for layer in 0..2 {
            self.velocity(layer, work);
            let [u, v, _] = &work.fields;
            let each = u.iter().zip(v).map(|(u, v)| kx * u.abs() + ky * v.abs());
            fastest = each.fold(fastest, f64::max);
        }
        let steepest = self
            .equation
            .gradients()
            .iter()
            .fold(0.0f64, |s, g| s.max(g.abs()));
        let rossby = steepest * self.plane.lengths()[1] / TAU;
        self.integrator.wave_limit() / (fastest + rossby)
    }

    /// The largest wavenumbers that a filter leaves more than half of in a step, `[ky, kx]` in rad/m.
    fn largest_wavenumbers(&self) -> [f64; 2] {
        if self.filter.is_empty() {
            return self.plane.largest_wavenumbers();
        }
        let mut largest = [0.0f64; 2];
        for (factor, (kx, ky)) in self.filter.iter().zip(&self.wavenumbers) {
            if *factor > 0.5 {
                largest = [largest[0].max(ky.abs()), largest[1].max(*kx)];
            }
        }
        largest
    }

    fn workspace(&self) -> Workspace {
        let [ny, nx] = self.plane.points();
        let len = self.plane.spectrum_len();
        Workspace {
            transform: self.plane.workspace(),
            psi: vec![Complex64::ZERO; 2 * len],
            spectra: std::array::from_fn(|_| vec![Complex64::ZERO; len]),
            fields: std::array::from_fn(|_| vec![0.0; ny * nx]),
        }
    }

    /// Streamfunctions of a state (spectra).
    fn invert(&self, state: &[Complex64], psi: &mut [Complex64]) {
        let (upper, lower) = state.split_at(self.plane.spectrum_len());
        let (psi_upper, psi_lower) = psi.split_at_mut(upper.len());
        for (i, [a, b]) in self.inversion.iter().enumerate() {
            psi_upper[i] = upper[i] * a[0] + lower[i] * a[1];
            psi_lower[i] = upper[i] * b[0] + lower[i] * b[1];
        }
    }

    /// u, with the imposed flow, and v of a layer from `work.psi`.
    fn velocity(&self, layer: usize, work: &mut Workspace) {
        let len = self.plane.spectrum_len();
        let psi = &work.psi[layer * len..][..len];
        let [u, v] = &mut work.spectra;
        for (i, (kx, ky)) in self.wavenumbers.iter().enumerate() {
            u[i] = Complex64::new(ky * psi[i].im, -ky * psi[i].re);
            v[i] = Complex64::new(-kx * psi[i].im, kx * psi[i].re);
        }
        u[0] += self.equation.velocities[layer];
        for (spectrum, field) in work.spectra.iter().zip(&mut work.fields) {
            self.plane.synthesis(spectrum, field, &mut work.transform);
        }
    }

    /// The right-hand side without hyperviscosity (spectra, 1/s^2).
    fn slope(&self, state: &[Complex64], slope: &mut [Complex64], work: &mut Workspace) {
        self.invert(state, &mut work.psi);
        let len = self.plane.spectrum_len();
        let gradients = self.equation.gradients();
        for layer in 0..2 {
            self.velocity(layer, work);
            let [u, v, q] = &mut work.fields;
            let of_layer = &state[layer * len..][..len];
            self.plane.synthesis(of_layer, q, &mut work.transform);
            for ((u, v), q) in u.iter_mut().zip(v.iter_mut()).zip(q.iter()) {
                (*u, *v) = (*u * q, *v * q);
            }
            for (spectrum, field) in work.spectra.iter_mut().zip(&work.fields) {
                self.plane.analysis(field, spectrum, &mut work.transform);
            }
            let [flux_x, flux_y] = &work.spectra;
            let psi = &work.psi[layer * len..][..len];
            let drag = if layer == 1 { self.equation.drag } else { 0.0 };
            for (i, slope) in slope[layer * len..][..len].iter_mut().enumerate() {
                let (kx, ky) = self.wavenumbers[i];
                let along = flux_x[i] * kx + flux_y[i] * ky + psi[i] * (kx * gradients[layer]);
                *slope =
                    Complex64::new(along.im, -along.re) + psi[i] * (drag * (kx * kx + ky * ky));
            }
        }
    }

    /// `-nu k^2p` in 1/s per coefficient of a state.
    fn rates(&self) -> Vec<f64> {
        let waves = self.wavenumbers.iter();
        let one: Vec<f64> = waves
            .map(|(kx, ky)| -self.equation.dissipation(kx * kx + ky * ky))
            .collect();
        one.repeat(2)
    }

    /// The time derivative in 1/s^2 of a state, both `[layer][y][x]`; wavenumbers that are not kept do
    /// not count, and a filter has no part in it.
    ///
    /// # Errors
    /// [`Error::Shape`] when the state is not of the grid.
    pub fn tendency(&self, state: ArrayView3<f64>) -> Result<Array3<f64>> {
        let state = self.spectrum(state)?;
        let mut slope = vec![Complex64::ZERO; state.len()];
        self.slope(&state, &mut slope, &mut self.workspace());
        for ((s, q), rate) in slope.iter_mut().zip(&state).zip(self.rates()) {
            *s += q * rate;
        }
        Ok(self.fields(&slope))
    }

    /// The streamfunctions in m^2/s of a state, both `[layer][y][x]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the state is not of the grid.
    pub fn streamfunction(&self, state: ArrayView3<f64>) -> Result<Array3<f64>> {
        let state = self.spectrum(state)?;
        let mut psi = vec![Complex64::ZERO; state.len()];
        self.invert(&state, &mut psi);
        Ok(self.fields(&psi))
    }

    /// The potential vorticity in 1/s of streamfunctions in m^2/s, both `[layer][y][x]`; a mean of
    /// either does not count.
    ///
    /// # Errors
    /// [`Error::Shape`] when the state is not of the grid.
    pub fn potential_vorticity(&self, streamfunction: ArrayView3<f64>) -> Result<Array3<f64>> {
        let mut psi = self.spectrum(streamfunction)?;
        let len = self.plane.spectrum_len();
        let [upper, lower] = self.equation.stretching();
        for (i, (kx, ky)) in self.wavenumbers.iter().enumerate() {
            let square = kx * kx + ky * ky;
            let (a, b) = (psi[i], psi[len + i]);
            psi[i] = (b - a) * upper - a * square;
            psi[len + i] = (a - b) * lower - b * square;
        }
        [psi[0], psi[len]] = [Complex64::ZERO; 2];
        Ok(self.fields(&psi))
    }

    /// Energy and enstrophy of a state (spectra) with what changes them; a filter has no part in it.
    pub fn budget(&self, state: &[Complex64]) -> Budget {
        let mut psi = vec![Complex64::ZERO; state.len()];
        self.invert(state, &mut psi);
        let len = self.plane.spectrum_len();
        let [q, psi] = [state, &psi].map(|s| [&s[..len], &s[len..]]);
        Budget::of(&self.plane, &self.wavenumbers, &self.equation, q, psi)
    }

    /// The spectra of a state `[layer][y][x]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the state is not of the grid.
    pub fn spectrum(&self, state: ArrayView3<f64>) -> Result<Vec<Complex64>> {
        self.plane.spectra("quasi-geostrophic state", 2, state)
    }

    /// The state `[layer][y][x]` of spectra.
    ///
    /// # Panics
    /// When the spectra have another length than the torus keeps.
    pub fn fields(&self, spectra: &[Complex64]) -> Array3<f64> {
        self.plane.fields(2, spectra)
    }

    /// Runs from a state (spectra) at time 0 through `duration` seconds. The observer sees time and
    /// spectra at 0 and every `output_interval` and may stop the run; the last spectra are returned.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spectra are not of the torus; [`Error::Parameter`] when the duration is
    /// no whole number of intervals; [`Error::UnstableTimeStep`] at the start or at an output;
    /// [`Error::NotFinite`].
    pub fn run(
        &self,
        mut state: Vec<Complex64>,
        duration: f64,
        output_interval: f64,
        observer: impl FnMut(f64, &[Complex64]) -> ControlFlow<()>,
    ) -> Result<Vec<Complex64>> {
        let expected = 2 * self.plane.spectrum_len();
        if state.len() != expected {
            return Err(Error::Shape {
                what: "quasi-geostrophic spectra",
                expected: vec![expected],
                found: vec![state.len()],
            });
        }
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let mut method = Method::new(self.integrator, &self.rates(), schedule.time_step);
        let (mut work, mut inner) = (self.workspace(), self.workspace());
        march(
            schedule,
            &mut state,
            "potential vorticity",
            |state| {
                method.step(state, |q, slope| self.slope(q, slope, &mut work));
                for layer in state.chunks_exact_mut(self.plane.spectrum_len()) {
                    layer
                        .iter_mut()
                        .zip(&self.filter)
                        .for_each(|(q, f)| *q *= f);
                }
            },
            |state| {
                let limit = self.stable(state, &mut inner);
                schedule.check(limit, self.integrator.name())
            },
            observer,
        )?;
        Ok(state)
    }

    /// The states `[time][layer][y][x]` at 0, `output_interval`, ..., `duration` (seconds).
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn trajectory(
        &self,
        initial: ArrayView3<f64>,
        duration: f64,
        output_interval: f64,
    ) -> Result<Array4<f64>> {
        let start = self.spectrum(initial)?;
        let outputs = Schedule::new(duration, output_interval, self.time_step)?.outputs;
        let [ny, nx] = self.plane.points();
        let mut states = Array4::zeros((outputs as usize + 1, 2, ny, nx));
        let mut output = 0;
        self.run(start, duration, output_interval, |_, state| {
            let mut place = states.index_axis_mut(Axis(0), output);
            place.assign(&self.fields(state));
            output += 1;
            ControlFlow::Continue(())
        })?;
        Ok(states)
    }

    /// The trajectories `[sample][time][layer][y][x]` from many states, side by side.
    ///
    /// # Errors
    /// As [`Self::trajectory`].
    pub fn trajectories(
        &self,
        initial: ArrayView4<f64>,
        duration: f64,
        output_interval: f64,
    ) -> Result<Array5<f64>> {
        let outputs = Schedule::new(duration, output_interval, self.time_step)?.outputs;
        let [ny, nx] = self.plane.points();
        let mut all = Array5::zeros((initial.dim().0, outputs as usize + 1, 2, ny, nx));
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
