//! Williamson et al. (1992), case 1: a cosine bell carried once round the sphere in 12 days.
//!
//! ```text
//! u = u0 (cos(phi) cos(alpha) + sin(phi) cos(lambda) sin(alpha))     u0 = 2 pi a / 12 days
//! v = -u0 sin(lambda) sin(alpha)
//! h = h0/2 (1 + cos(pi r/R)) for r < R, else 0      h0 = 1000 m, R = a/3, centre (3 pi/2, 0)
//! ```
//!
//! (eq. 75 to 80). The bell has a kink in its curvature at its foot, so errors fall slowly with
//! truncation and the field undershoots 0.

use super::{Case, finer, spectrum_of};
use crate::Result;
use crate::shallow_water::{ShallowWater, State};
use crate::sphere::SphericalTransform;
use ndarray::Array1;
use num_complex::Complex64;
use std::f64::consts::PI;
use std::sync::Arc;

const PERIOD: f64 = 12.0 * 86400.0;

/// The case for an angle `alpha` in radians between the axis of the wind and the pole.
///
/// # Errors
/// When the transform has a truncation of 0.
pub fn williamson_1(transform: &Arc<SphericalTransform>, alpha: f64) -> Result<Case> {
    let equation = ShallowWater {
        rotation_pole_angle: alpha,
        ..Default::default()
    };
    let top = transform.truncation();
    let vorticity = super::williamson_2::rotation_vorticity(transform, alpha, 2.0 * PI / PERIOD);
    let fine = Arc::new(finer(top)?);
    let exact = move |time: f64| State {
        vorticity: vorticity.clone(),
        divergence: Array1::zeros(vorticity.len()),
        geopotential: bell(&fine, top, equation, time),
    };
    Ok(Case {
        name: "williamson-1",
        equation,
        initial: exact(0.0),
        orography: None,
        diffusion: None,
        frozen_wind: true,
        exact: Some(Arc::new(exact)),
    })
}

fn bell(
    fine: &SphericalTransform,
    truncation: usize,
    equation: ShallowWater,
    time: f64,
) -> Array1<Complex64> {
    // the centre, turned about the axis (-sin(alpha), 0, cos(alpha)) by Rodrigues' formula
    let (sa, ca) = equation.rotation_pole_angle.sin_cos();
    let axis = [-sa, 0.0, ca];
    let centre = [0.0, -1.0, 0.0];
    let (s, c) = (2.0 * PI * time / PERIOD).sin_cos();
    let along = axis[1] * centre[1] * (1.0 - c);
    let cross = [-axis[2] * centre[1], 0.0, axis[0] * centre[1]];
    let now: [f64; 3] = std::array::from_fn(|k| centre[k] * c + cross[k] * s + axis[k] * along);
    spectrum_of(fine, truncation, |phi, lambda| {
        let point = [
            phi.cos() * lambda.cos(),
            phi.cos() * lambda.sin(),
            phi.sin(),
        ];
        let dot: f64 = point.iter().zip(now).map(|(a, b)| a * b).sum();
        let r = dot.clamp(-1.0, 1.0).acos() * 3.0;
        if r < 1.0 {
            equation.gravity * 500.0 * (1.0 + (PI * r).cos())
        } else {
            0.0
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::state::relative_l2;
    use crate::sphere::SphereGrid;
    use std::ops::ControlFlow;

    /// A third of a turn over the pole, T42: the error stays at that of the kink.
    #[test]
    fn the_bell_arrives_where_it_should() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(42).unwrap(), 42).unwrap());
        let case = williamson_1(&transform, 1.2).unwrap();
        let solver = case.solver(&transform).time_step(2400.0).build().unwrap();
        let time = 4.0 * 86400.0;
        let end = solver
            .run(case.initial.clone(), time, time, |_| {
                ControlFlow::Continue(())
            })
            .unwrap();
        let exact = case.exact.unwrap()(time);
        let error = relative_l2(&end.state.geopotential, &exact.geopotential, 42);
        assert!(error < 0.01, "{error}");
        assert_eq!(end.state.vorticity, case.initial.vorticity);
        assert!((end.state.geopotential[0] - exact.geopotential[0]).norm() < 1e-3);
    }
}
