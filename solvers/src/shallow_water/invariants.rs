//! What the continuous equations keep: mass, total energy, potential enstrophy.
//!
//! As means over the sphere, per unit mass of a column of unit density
//! (Williamson et al. 1992, section 4):
//!
//! ```text
//! mass                 h
//! energy               h (u^2 + v^2)/2 + g ((h + h_s)^2 - h_s^2)/2
//! potential enstrophy  (zeta + f)^2 / (2 h)
//! ```

use super::equation::ShallowWater;
use super::state::State;
use crate::Result;
use crate::sphere::SphericalTransform;
use ndarray::{Array1, Array2, Axis};
use num_complex::Complex64;

/// Means over the sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Invariants {
    /// Mean thickness in m.
    pub mass: f64,
    /// Total energy in m^3/s^2.
    pub energy: f64,
    /// Potential enstrophy in 1/(m s^2).
    pub potential_enstrophy: f64,
}

impl Invariants {
    /// Of a state over orography `g h_s` (a spectrum; empty for none).
    ///
    /// # Errors
    /// [`crate::Error::Shape`] when the state has another truncation than the transform.
    pub fn of(
        transform: &SphericalTransform,
        equation: &ShallowWater,
        orography: &[Complex64],
        state: &State,
    ) -> Result<Self> {
        let grid = state.to_grid(transform, equation)?;
        let shape = grid.thickness.dim();
        let value = |spectrum: Array1<Complex64>| {
            let mut field = Array2::zeros(shape);
            transform.synthesis(
                spectrum.view().insert_axis(Axis(0)),
                field.view_mut().insert_axis(Axis(0)),
            );
            field
        };
        let vorticity = value(state.vorticity.clone());
        let bottom = if orography.len() == transform.spectrum_len() {
            value(Array1::from_vec(orography.to_vec())) / equation.gravity
        } else {
            Array2::zeros(shape)
        };
        let (latitudes, longitudes) = (transform.grid().latitudes(), transform.grid().longitudes());
        let mut energy = Array2::zeros(shape);
        let mut enstrophy = Array2::zeros(shape);
        for ((j, i), &h) in grid.thickness.indexed_iter() {
            let (u, v) = (grid.eastward_wind[[j, i]], grid.northward_wind[[j, i]]);
            let eta = vorticity[[j, i]] + equation.coriolis(latitudes[j], longitudes[i]);
            energy[[j, i]] =
                0.5 * h * (u * u + v * v) + 0.5 * equation.gravity * h * (h + 2.0 * bottom[[j, i]]);
            enstrophy[[j, i]] = 0.5 * eta * eta / h;
        }
        Ok(Self {
            mass: state.geopotential[0].re / equation.gravity,
            energy: transform.grid().mean(energy.view())?,
            potential_enstrophy: transform.grid().mean(enstrophy.view())?,
        })
    }
}
