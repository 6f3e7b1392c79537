//! Galewsky, Scott and Polvani (2004), Tellus 56A, 429-440: a barotropically unstable jet.
//!
//! ```text
//! u = u_max/e_n exp(1 / ((phi - phi_0)(phi - phi_1)))   for phi_0 < phi < phi_1, else 0
//! g h = g h_0 - int_{-pi/2}^{phi} a u (f + tan(phi)/a u) dphi
//! h' = h_hat cos(phi) exp(-(lambda/alpha)^2) exp(-((phi_2 - phi)/beta)^2),  -pi < lambda < pi
//! u_max = 80 m/s, phi_0 = pi/7, phi_1 = pi/2 - phi_0, e_n = exp(-4/(phi_1 - phi_0)^2)
//! alpha = 1/3, beta = 1/15, phi_2 = pi/4, h_hat = 120 m, mean depth 10 km
//! ```
//!
//! (eq. 2 to 4). Note that lambda and phi are divided by alpha and beta, as printed: the bump is
//! a third of a radian wide. The paper's runs have a diffusion of 1e5 m^2/s on vorticity,
//! divergence and thickness.

use super::{Case, finer};
use crate::Result;
use crate::shallow_water::state::{analysed, truncated};
use crate::shallow_water::{ShallowWater, State};
use crate::sphere::{SphereGrid, SphericalTransform};
use crate::time_stepping::Diffusion;
use ndarray::{Array2, Array3, Axis};
use num_complex::Complex64;
use std::f64::consts::PI;
use std::sync::Arc;

/// The jet with the bump that sets off the instability, with the paper's diffusion.
///
/// # Errors
/// When the transform has a truncation of 0.
pub fn galewsky(transform: &Arc<SphericalTransform>) -> Result<Case> {
    let mut case = jet(transform, 120.0)?;
    case.name = "galewsky";
    case.diffusion = Some(Diffusion::with_coefficient(2, 1e5)?);
    Ok(case)
}

/// The balanced jet alone, without diffusion: a steady state.
///
/// # Errors
/// When the transform has a truncation of 0.
pub fn galewsky_unperturbed(transform: &Arc<SphericalTransform>) -> Result<Case> {
    let mut case = jet(transform, 0.0)?;
    let steady = case.initial.clone();
    case.exact = Some(Arc::new(move |_| steady.clone()));
    Ok(case)
}

fn wind(phi: f64) -> f64 {
    let (south, north) = (PI / 7.0, PI / 2.0 - PI / 7.0);
    if phi <= south || phi >= north {
        return 0.0;
    }
    let peak = (-4.0 / (north - south).powi(2)).exp();
    80.0 / peak * (1.0 / ((phi - south) * (phi - north))).exp()
}

fn jet(transform: &Arc<SphericalTransform>, bump: f64) -> Result<Case> {
    let equation = ShallowWater::default();
    let top = transform.truncation();
    let fine = finer(top)?;
    let grid = fine.grid();
    let shape = (grid.nlat(), grid.nlon());
    let u = Array3::from_shape_fn((1, shape.0, shape.1), |(_, j, _)| wind(grid.latitudes()[j]));
    let v = Array3::zeros(u.dim());
    let mut vorticity = ndarray::Array2::zeros((1, fine.spectrum_len()));
    let mut divergence = vorticity.clone();
    fine.vorticity_divergence(
        equation.radius,
        u.view(),
        v.view(),
        vorticity.view_mut(),
        divergence.view_mut(),
    );
    // g h relative to the south pole, by Gauss-Legendre rules between neighbouring latitudes
    let rule = SphereGrid::gaussian(12, 1)?;
    let slope = |phi: f64| {
        let u = wind(phi);
        let f = equation.coriolis(phi, 0.0);
        -equation.radius * u * (f + phi.tan() * u / equation.radius)
    };
    let mut height = vec![0.0; shape.0];
    let mut sum = 0.0;
    let mut below = -PI / 2.0;
    for j in (0..shape.0).rev() {
        let phi = grid.latitudes()[j];
        let width = phi - below;
        let points = rule.sin_latitudes().iter().zip(rule.weights());
        sum += width
            * points
                .map(|(x, w)| w * slope(below + 0.5 * width * (1.0 + x)))
                .sum::<f64>();
        height[j] = sum;
        below = phi;
    }
    let bump_at = |phi: f64, lambda: f64| {
        let east = if lambda > PI {
            lambda - 2.0 * PI
        } else {
            lambda
        };
        let (x, y) = (3.0 * east, 15.0 * (PI / 4.0 - phi));
        equation.gravity * bump * phi.cos() * (-x * x - y * y).exp()
    };
    let jet = Array2::from_shape_fn(shape, |(j, _)| height[j]);
    let mut geopotential = analysed(&fine, jet.view());
    // the layer without the bump is 10 km deep in the mean
    geopotential[0] = Complex64::from(equation.gravity * 1e4);
    let bump = Array2::from_shape_fn(shape, |(j, i)| {
        bump_at(grid.latitudes()[j], grid.longitudes()[i])
    });
    geopotential += &analysed(&fine, bump.view());
    let mut initial = State::zeros(transform.spectrum_len());
    initial.vorticity = truncated(
        &vorticity.index_axis_move(Axis(0), 0),
        fine.truncation(),
        top,
    );
    initial.geopotential = truncated(&geopotential, fine.truncation(), top);
    Ok(Case {
        name: "galewsky-unperturbed",
        equation,
        initial,
        orography: None,
        diffusion: None,
        frozen_wind: false,
        exact: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::Tendency;

    #[test]
    fn the_jet_is_balanced_and_the_bump_is_the_papers() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(85).unwrap(), 85).unwrap());
        let case = galewsky_unperturbed(&transform).unwrap();
        let tendency = Tendency::new(transform.clone(), case.equation, None, false).unwrap();
        let slope = tendency.evaluate(&case.initial).unwrap();
        // terms that balance are of 1e-8 / s^2 on the grid
        let largest = slope.divergence.iter().fold(0.0f64, |s, x| s.max(x.norm()));
        assert!(largest < 1e-12, "{largest:e}");
        let grid = case.initial.to_grid(&transform, &case.equation).unwrap();
        let peak = grid.eastward_wind.iter().fold(0.0f64, |s, x| s.max(*x));
        assert!((peak - 80.0).abs() < 1.0, "{peak}");
        let perturbed = galewsky(&transform).unwrap().initial;
        let difference = State {
            geopotential: &perturbed.geopotential - &case.initial.geopotential,
            ..perturbed
        };
        let bump = difference
            .to_grid(&transform, &case.equation)
            .unwrap()
            .thickness;
        // the row next to 45 degrees north, longitude 0
        let row = transform
            .grid()
            .latitudes()
            .iter()
            .position(|p| *p < PI / 4.0)
            .unwrap();
        let phi = transform.grid().latitudes()[row];
        let exact = 120.0 * phi.cos() * (-(15.0 * (PI / 4.0 - phi)).powi(2)).exp();
        assert!(
            (bump[[row, 0]] - exact).abs() < 1e-2,
            "{} {exact}",
            bump[[row, 0]]
        );
    }
}
