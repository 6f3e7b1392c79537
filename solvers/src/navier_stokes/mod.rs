//! Incompressible flow in two dimensions on a torus, in vorticity form.
//!
//! ```text
//! dw/dt + u . grad w = nu laplacian w - mu w + f,   laplacian psi = -w,   u = (psi_y, -psi_x)
//! ```
//!
//! with viscosity nu, linear drag mu and a steady forcing f. The solver is pseudo-spectral
//! with products free of aliases; [`taylor_green`] is exact; [`Budget`] closes energy and enstrophy.
//!
//! ```
//! use curlwind_solvers::navier_stokes::{NavierStokes, Solver, taylor_green};
//!
//! let equation = NavierStokes { viscosity: 1e-2, ..NavierStokes::default() };
//! let solver = Solver::new(equation, 32, 5e-3)?;
//! let start = taylor_green(&solver, 1, 0.0);
//! let states = solver.trajectory(start.view(), 0.5, 0.5)?;
//! let exact = taylor_green(&solver, 1, 0.5);
//! assert!(states.index_axis(ndarray::Axis(0), 1).iter().zip(&exact).all(|(a, b)| (a - b).abs() < 1e-12));
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod budget;
mod solver;
mod step;

pub use budget::Budget;
pub use solver::Solver;
pub use step::Integrator;

use crate::torus::positive;
use crate::{Error, Result};
use ndarray::Array2;
use std::f64::consts::TAU;

/// A steady source of vorticity, in 1/s^2.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Forcing {
    /// None: the flow decays.
    #[default]
    None,
    /// `amplitude (sin(2 pi (x + y) / L) + cos(2 pi (x + y) / L))`: with 0.1, that of Li et al.,
    /// Fourier Neural Operator (ICLR 2021), section 5.3.
    Diagonal {
        /// In 1/s^2.
        amplitude: f64,
    },
    /// The body force `amplitude sin(k y)` along x, `k = 2 pi n / L`: `f = -amplitude k cos(k y)`
    /// (L. D. Meshalkin and Ia. G. Sinai, J. Appl. Math. Mech. 25, 1700-1705, 1961, for
    /// Kolmogorov). With L = 2 pi, n = 4 and a drag of 0.1 it is the flow of Kochkov et al., PNAS
    /// 118, 2021.
    Kolmogorov {
        /// Waves along y.
        wavenumber: usize,
        /// Of the force per mass, in m/s^2.
        amplitude: f64,
    },
}

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NavierStokes {
    /// Kinematic viscosity nu in m^2/s.
    pub viscosity: f64,
    /// Linear drag mu in 1/s.
    pub drag: f64,
    /// Side of the square in m.
    pub length: f64,
    /// The source of vorticity.
    pub forcing: Forcing,
}

impl Default for NavierStokes {
    /// The unit torus, `nu = 1e-3`, neither drag nor forcing.
    fn default() -> Self {
        Self {
            viscosity: 1e-3,
            drag: 0.0,
            length: 1.0,
            forcing: Forcing::None,
        }
    }
}

impl NavierStokes {
    /// The equation, if its parameters are usable.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the viscosity or the length is not above 0, the drag is negative,
    /// or a value is not finite.
    pub fn validated(self) -> Result<Self> {
        positive("viscosity", self.viscosity)?;
        positive("length", self.length)?;
        let amplitude = match self.forcing {
            Forcing::None => 0.0,
            Forcing::Diagonal { amplitude } | Forcing::Kolmogorov { amplitude, .. } => amplitude,
        };
        let named = [
            ("drag", self.drag, self.drag >= 0.0),
            ("amplitude", amplitude, true),
        ];
        for (name, value, ok) in named {
            if !(ok && value.is_finite()) {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "a finite number, for the drag 0 or more",
                });
            }
        }
        Ok(self)
    }

    /// The forcing in 1/s^2 at a place in m.
    pub fn forcing_at(&self, x: f64, y: f64) -> f64 {
        match self.forcing {
            Forcing::None => 0.0,
            Forcing::Diagonal { amplitude } => {
                let angle = TAU * (x + y) / self.length;
                amplitude * (angle.sin() + angle.cos())
            }
            Forcing::Kolmogorov {
                wavenumber,
                amplitude,
            } => {
                let k = TAU * wavenumber as f64 / self.length;
                -amplitude * k * (k * y).cos()
            }
        }
    }
}

/// The vorticity `[y][x]` of `waves` by `waves` decaying vortices at a time in seconds, for an
/// equation without forcing:
/// `w = 2 k cos(k x) cos(k y) exp(-(2 nu k^2 + mu) t)`, `k = 2 pi waves / L` (G. I. Taylor and
/// A. E. Green, Proc. R. Soc. A 158, 499-521, 1937).
pub fn taylor_green(solver: &Solver, waves: usize, time: f64) -> Array2<f64> {
    let NavierStokes {
        viscosity,
        drag,
        length,
        ..
    } = *solver.equation();
    let k = TAU * waves as f64 / length;
    let decay = (-(2.0 * viscosity * k * k + drag) * time).exp();
    let n = solver.points();
    let cosine = |j: usize| (TAU * (waves * j % n) as f64 / n as f64).cos();
    Array2::from_shape_fn((n, n), |(j, i)| 2.0 * k * decay * cosine(i) * cosine(j))
}
