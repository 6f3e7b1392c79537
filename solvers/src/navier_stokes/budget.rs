//! Energy and enstrophy, and what changes them.

use super::NavierStokes;
use crate::torus::Plane;
use num_complex::Complex64;

/// Means over the area: `E = <u^2 + v^2> / 2`, `Z = <w^2> / 2`, and the terms of
///
/// ```text
/// dE/dt = -2 nu Z - 2 mu E + <psi f>,   dZ/dt = -2 nu P - 2 mu Z + <w f>,   P = <|grad w|^2> / 2
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// E in m^2/s^2.
    pub energy: f64,
    /// Z in 1/s^2.
    pub enstrophy: f64,
    /// P in 1/(m s)^2.
    pub palinstrophy: f64,
    /// dE/dt in m^2/s^3.
    pub energy_rate: f64,
    /// dZ/dt in 1/s^3.
    pub enstrophy_rate: f64,
}

impl Budget {
    pub(super) fn of(
        plane: &Plane,
        wavenumbers: &[(f64, f64)],
        equation: &NavierStokes,
        forcing: &[Complex64],
        vorticity: &[Complex64],
    ) -> Self {
        let square = |i: usize| wavenumbers[i].0.powi(2) + wavenumbers[i].1.powi(2);
        let scaled = |by: &dyn Fn(f64) -> f64| -> Vec<Complex64> {
            let scale = |(i, w): (usize, &Complex64)| w * by(square(i));
            vorticity.iter().enumerate().map(scale).collect()
        };
        let psi = scaled(&|k2| if k2 > 0.0 { 1.0 / k2 } else { 0.0 });
        let energy = 0.5 * plane.mean_product(vorticity, &psi);
        let enstrophy = 0.5 * plane.mean_product(vorticity, vorticity);
        let palinstrophy = 0.5 * plane.mean_product(vorticity, &scaled(&|k2| k2));
        let NavierStokes {
            viscosity, drag, ..
        } = equation;
        let damped = |amount: f64, next: f64| -2.0 * (viscosity * next + drag * amount);
        Self {
            energy,
            enstrophy,
            palinstrophy,
            energy_rate: damped(energy, enstrophy) + plane.mean_product(&psi, forcing),
            enstrophy_rate: damped(enstrophy, palinstrophy)
                + plane.mean_product(vorticity, forcing),
        }
    }
}
