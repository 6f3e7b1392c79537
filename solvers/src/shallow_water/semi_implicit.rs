//! Semi-implicit leapfrog with the Robert-Asselin-Williams filter.
//!
//! The terms of gravity waves about a resting layer of geopotential `Phi_r` are averaged over the
//! old and the new time level, everything else is taken in the middle:
//!
//! ```text
//! delta+ = delta- + 2 dt (R_delta - laplacian((Phi+ + Phi-)/2))
//! Phi+   = Phi-   + 2 dt (R_Phi   - Phi_r (delta+ + delta-)/2)
//! ```
//!
//! where `R` is the explicit tendency without these terms (Robert 1969; Hack and Jakob 1992,
//! NCAR/TN-343, section 3). Each coefficient gives a two-by-two system, solved in closed form.
//! A relaxation or drag (see [`super::forcing`]) is averaged like the gravity waves; diffusion is
//! implicit: the new level is divided by `1 + 2 dt d`. The filter moves the middle
//! level by `alpha D` and the new one by `(alpha - 1) D`,
//! `D = nu/2 (x- - 2 x + x+)`, which keeps their mean (Williams 2009, Mon. Wea. Rev. 137,
//! 2538-2546). The first step is a Runge-Kutta step.

use super::state::State;
use super::tendency::Tendency;
use num_complex::Complex64;

/// Strength of the filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawFilter {
    /// Filter coefficient nu, 0.2 in Williams (2009).
    pub nu: f64,
    /// Part of the displacement that the middle level takes, 0.53 in Williams (2009); 1 is the
    /// filter of Robert and Asselin.
    pub alpha: f64,
}

impl Default for RawFilter {
    fn default() -> Self {
        Self {
            nu: 0.2,
            alpha: 0.53,
        }
    }
}

/// Two time levels and what a step needs.
#[derive(Clone, Debug)]
pub(crate) struct SemiImplicit {
    pub(crate) previous: State,
    filter: RawFilter,
    /// Geopotential of the resting layer.
    pub(crate) reference: f64,
    slope: State,
    /// n (n+1) / a^2 per coefficient.
    eigenvalues: Vec<f64>,
    /// Damping rate per coefficient; empty for none.
    damping: Vec<f64>,
    time_step: f64,
}

impl SemiImplicit {
    pub(crate) fn new(
        previous: State,
        reference: f64,
        filter: RawFilter,
        eigenvalues: Vec<f64>,
        damping: Vec<f64>,
        time_step: f64,
    ) -> Self {
        let slope = State::zeros(eigenvalues.len());
        Self {
            previous,
            filter,
            reference,
            slope,
            eigenvalues,
            damping,
            time_step,
        }
    }

    /// From levels t - dt (kept here) and t (`state`) to t and t + dt.
    pub(crate) fn step(&mut self, state: &mut State, tendency: &Tendency) {
        let Some([z0, d0, p0]) = slices(state) else {
            return;
        };
        let Some([zt, dt_, pt]) = slices(&mut self.slope) else {
            return;
        };
        tendency.evaluate_into([z0, d0, p0], [zt, dt_, pt]);
        let Some([zm, dm, pm]) = slices(&mut self.previous) else {
            return;
        };
        let (dt, reference) = (self.time_step, self.reference);
        let RawFilter { nu, alpha } = self.filter;
        let filtered = |old: &mut Complex64, now: &mut Complex64, new: Complex64| {
            let shift = 0.5 * nu * (*old - 2.0 * *now + new);
            *old = *now + alpha * shift;
            *now = new + (alpha - 1.0) * shift;
        };
        for i in 0..self.eigenvalues.len() {
            let l = self.eigenvalues[i];
            let decay = self
                .damping
                .get(i)
                .map_or(1.0, |d| 1.0 / (1.0 + 2.0 * dt * d));
            let ([rz, rd, rp], [fz, fd, fp]) = match tendency.forcing() {
                Some(forcing) => {
                    let rates = forcing.rates(i).map(|rate| dt * rate);
                    (rates, forcing.push(i).map(|push| 2.0 * dt * push))
                }
                None => ([0.0; 3], [Complex64::ZERO; 3]),
            };
            let zeta = ((1.0 - rz) * zm[i] + 2.0 * dt * zt[i] + fz) / (1.0 + rz);
            let (mut delta, mut phi);
            if tendency.frozen_wind() {
                delta = dm[i];
                phi = pm[i] + 2.0 * dt * pt[i];
            } else {
                let a = (1.0 - rd) * dm[i] + 2.0 * dt * (dt_[i] - l * p0[i]) + dt * l * pm[i] + fd;
                let b = (1.0 - rp) * pm[i] + 2.0 * dt * (pt[i] + reference * d0[i])
                    - dt * reference * dm[i]
                    + fp;
                let both = (1.0 + rd) * (1.0 + rp) + dt * dt * l * reference;
                delta = ((1.0 + rp) * a + dt * l * b) / both;
                phi = (b - dt * reference * delta) / (1.0 + rp);
            }
            if !tendency.frozen_wind() {
                delta *= decay;
            }
            phi *= decay;
            filtered(&mut dm[i], &mut d0[i], delta);
            filtered(&mut pm[i], &mut p0[i], phi);
            let zeta = if tendency.frozen_wind() {
                zeta
            } else {
                zeta * decay
            };
            filtered(&mut zm[i], &mut z0[i], zeta);
        }
    }
}

/// The three spectra as slices; a state made by this crate always has them contiguous.
pub(crate) fn slices(state: &mut State) -> Option<[&mut [Complex64]; 3]> {
    Some([
        state.vorticity.as_slice_mut()?,
        state.divergence.as_slice_mut()?,
        state.geopotential.as_slice_mut()?,
    ])
}
