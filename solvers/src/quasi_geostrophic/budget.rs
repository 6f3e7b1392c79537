//! Energy and enstrophy, and what changes them.

use super::QuasiGeostrophic;
use crate::torus::Plane;
use num_complex::Complex64;

/// Means over the area, energies per unit mass. With the shares `d1 = H1 / H` and `d2 = H2 / H`:
///
/// ```text
/// K_i = <|grad psi_i|^2> / 2      A = d1 d2 <(psi1 - psi2)^2> / (2 rd^2)      Z_i = <q_i^2> / 2
/// E = d1 K1 + d2 K2 + A           Z = d1 Z1 + d2 Z2
/// dE/dt = d1 F1 (U1 - U2) <psi1 psi2_x> - 2 r d2 K2 + nu sum d_i <psi_i (-laplacian)^p q_i>
/// dZ/dt = d1 F1 (Qy1 - Qy2) <psi1 psi2_x> - r d2 <q2 laplacian psi2> - nu sum d_i <q_i (-laplacian)^p q_i>
/// ```
///
/// Advection moves energy between scales, layers and forms and makes none (G. K. Vallis, Atmospheric
/// and Oceanic Fluid Dynamics, 2nd ed., section 5.6; pyqg's diagnostics EKE, APEgen and EKEdiss).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// K1 and K2 in m^2/s^2.
    pub kinetic_energy: [f64; 2],
    /// A in m^2/s^2.
    pub available_potential_energy: f64,
    /// Z1 and Z2 in 1/s^2.
    pub enstrophy: [f64; 2],
    /// E in m^2/s^2.
    pub energy: f64,
    /// Energy from the shear in m^2/s^3.
    pub generation: f64,
    /// Energy that bottom drag takes, in m^2/s^3, 0 or more.
    pub drag_loss: f64,
    /// Energy that hyperviscosity takes, in m^2/s^3, 0 or more.
    pub dissipation_loss: f64,
    /// dE/dt in m^2/s^3.
    pub energy_rate: f64,
    /// Z in 1/s^2.
    pub total_enstrophy: f64,
    /// dZ/dt in 1/s^3.
    pub enstrophy_rate: f64,
}

impl Budget {
    /// Of spectra `[layer]` of q and psi.
    pub(super) fn of(
        plane: &Plane,
        wavenumbers: &[(f64, f64)],
        equation: &QuasiGeostrophic,
        q: [&[Complex64]; 2],
        psi: [&[Complex64]; 2],
    ) -> Self {
        let scaled = |of: &[Complex64], by: &dyn Fn(f64, f64) -> Complex64| -> Vec<Complex64> {
            let each = of.iter().zip(wavenumbers);
            each.map(|(c, (kx, ky))| c * by(*kx, *ky)).collect()
        };
        let square = |kx: f64, ky: f64| Complex64::from(kx * kx + ky * ky);
        let mean = |a: &[Complex64], b: &[Complex64]| plane.mean_product(a, b);
        let shares = equation.shares();
        let total = |of: [f64; 2]| shares[0] * of[0] + shares[1] * of[1];

        let kinetic_energy = psi.map(|p| 0.5 * mean(p, &scaled(p, &square)));
        let difference: Vec<Complex64> = psi[0].iter().zip(psi[1]).map(|(a, b)| a - b).collect();
        let coupling = shares[0] * equation.stretching()[0];
        let available_potential_energy = 0.5 * coupling * mean(&difference, &difference);
        let enstrophy = q.map(|q| 0.5 * mean(q, q));

        let eastward = scaled(psi[1], &|kx, _| Complex64::new(0.0, kx));
        let heat_flux = mean(psi[0], &eastward);
        let [upper, lower] = equation.gradients();
        let generation = coupling * equation.shear() * heat_flux;
        let drag_loss = 2.0 * equation.drag * shares[1] * kinetic_energy[1];
        let damped = q.map(|q| scaled(q, &|kx, ky| equation.dissipation(kx * kx + ky * ky).into()));
        let dissipation_loss = -total([0, 1].map(|i| mean(psi[i], &damped[i])));
        let dragged = equation.drag * shares[1] * mean(q[1], &scaled(psi[1], &square));
        let dissipated = total([0, 1].map(|i| mean(q[i], &damped[i])));
        Self {
            energy: total(kinetic_energy) + available_potential_energy,
            kinetic_energy,
            available_potential_energy,
            total_enstrophy: total(enstrophy),
            enstrophy,
            generation,
            drag_loss,
            dissipation_loss,
            energy_rate: generation - drag_loss - dissipation_loss,
            enstrophy_rate: coupling * (upper - lower) * heat_flux + dragged - dissipated,
        }
    }
}
