//! Random eddies to start from.

use curlwind_solvers::quasi_geostrophic::Solver;
use curlwind_solvers::torus::random_field::GaussianField;
use num_complex::Complex64;

/// The potential vorticity (spectra) of eddies larger than the radius of deformation: a barotropic and a
/// baroclinic streamfunction, Gaussian and independent, the barotropic one half as strong, with `speed` the root mean
/// square of the upper layer's velocity in m/s.
pub fn eddies(solver: &Solver, speed: f64, seed: u64) -> curlwind_solvers::Result<Vec<Complex64>> {
    let (equation, plane) = (solver.equation(), solver.plane());
    // kinetic energy is largest near the wavenumber 0.5 / rd and falls as k^-5 beyond
    let field = GaussianField {
        scale: 1.0,
        tau: 0.5 / equation.deformation_radius,
        power: 2.0,
    };
    let draw = |part| field.plane(plane, seed.wrapping_mul(2).wrapping_add(part));
    let [mean, shear] = [0, 1].map(draw);
    // the baroclinic part has no mean over depth
    let upper = mean.iter().zip(&shear).map(|(a, b)| a * 0.5 + b);
    let lower = mean.iter().zip(&shear);
    let lower = lower.map(|(a, b)| a * 0.5 - b * equation.depth_ratio);
    let psi: Vec<Complex64> = upper.chain(lower).collect();
    let state = solver.potential_vorticity(solver.fields(&psi).view())?;
    let mut state = solver.spectrum(state.view())?;
    let [kinetic, _] = solver.budget(&state).kinetic_energy;
    let factor = speed / (2.0 * kinetic).sqrt();
    state.iter_mut().for_each(|q| *q *= factor);
    Ok(state)
}
