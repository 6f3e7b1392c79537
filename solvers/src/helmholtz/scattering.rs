//! What bodies add to an incident wave.
//!
//! With the incident field u_i, which solves the equation of empty space, the rest obeys
//!
//! ```text
//! laplacian u_s + k^2 eps_r u_s = -k^2 (eps_r - 1) u_i
//! ```
//!
//! (A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed., section 5.10), so the wave
//! itself needs no mesh and the layers meet nothing but outgoing waves.

use super::{Helmholtz, Side, Solver};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2};
use num_complex::Complex64;

impl Helmholtz {
    /// A plane wave `exp(-j k d.r)` that travels at `angle` rad from x towards y, `[y][x]`.
    pub fn plane_wave(&self, angle: f64) -> Array2<Complex64> {
        let (x, y) = (self.points(0), self.points(1));
        let (sin, cos) = angle.sin_cos();
        Array2::from_shape_fn(self.shape(), |(j, i)| {
            Complex64::cis(-self.wave_number * (x[i] * cos + y[j] * sin))
        })
    }
}

impl Solver {
    /// The scattered field `[y][x]` of an incident one, e.g. [`Helmholtz::plane_wave`].
    ///
    /// # Errors
    /// As [`Solver::solve`]; [`Error::Model`] when a side is a conductor, from which the wave would
    /// have to be reflected, or a medium reaches into an absorbing layer.
    pub fn scattered(&self, incident: ArrayView2<Complex64>) -> Result<Array2<Complex64>> {
        let equation = self.equation();
        self.check_shape("incident field", incident.shape())?;
        let refuse = |item: &str, expected: &str, found: String| Error::Model {
            item: item.into(),
            expected: expected.into(),
            found,
        };
        if equation.sides.as_flattened().contains(&Side::Conductor) {
            return Err(refuse(
                "sides of a scattering problem",
                "absorbing layers all round",
                "a conductor".into(),
            ));
        }
        let contrast = |at: (usize, usize)| self.permittivity()[at] - 1.0;
        for (at, eps) in self.permittivity().indexed_iter() {
            if contrast(at) != Complex64::ZERO && !equation.is_free(at.0, at.1) {
                return Err(refuse(
                    "permittivity of a scattering problem",
                    "1 in the absorbing layers",
                    format!("{eps} at line {} along x, {} along y", at.1, at.0),
                ));
            }
        }
        let square = equation.wave_number.powi(2);
        let source =
            Array2::from_shape_fn(incident.dim(), |at| -square * contrast(at) * incident[at]);
        self.solve(source.view())
    }
}
