//! The time derivative of a shallow-water state, one pass over the grid.
//!
//! Absolute vorticity, thickness and wind are synthesised, their five products formed row by row
//! and analysed at once; no field is ever stored on the grid. What is linear stays spectral: the
//! mean of the thickness enters as `-mean(Phi) delta`, and `laplacian(Phi + Phi_s)` never
//! travels to the grid, so a state without divergence meets no round-off of the large mean.

use super::equation::ShallowWater;
use super::forcing::Forcing;
use super::state::State;
use crate::sphere::SphericalTransform;
use crate::sphere::fourier::RowFactor::{InverseCos, One};
use crate::sphere::parallel::Shared;
use crate::sphere::passes::OrderCoefficients;
use crate::sphere::vector::{Order, curl_divergence, wind_coefficients};
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;
use std::sync::Arc;

/// The right-hand side of the shallow-water equations.
#[derive(Clone, Debug)]
pub struct Tendency {
    transform: Arc<SphericalTransform>,
    equation: ShallowWater,
    /// Spectrum of `g h_s`; empty for a flat bottom.
    orography: Vec<Complex64>,
    frozen_wind: bool,
    forcing: Option<Forcing>,
}

impl Tendency {
    /// For a transform, an equation and the spectrum of `g h_s` (orography) in m^2/s^2.
    ///
    /// With `frozen_wind` vorticity and divergence do not change: the thickness is advected by a
    /// given wind (Williamson case 1).
    ///
    /// # Errors
    /// [`Error::Shape`] for an orography of another truncation; [`Error::Parameter`] for unusable
    /// parameters; [`Error::Size`] for a grid with rows on the poles, where the products with
    /// 1/cos(latitude) do not exist.
    pub fn new(
        transform: Arc<SphericalTransform>,
        equation: ShallowWater,
        orography: Option<&Array1<Complex64>>,
        frozen_wind: bool,
    ) -> Result<Self> {
        let equation = equation.validated()?;
        if let Some(orography) = orography
            && orography.len() != transform.spectrum_len()
        {
            return Err(Error::Shape {
                what: "orography",
                expected: vec![transform.spectrum_len()],
                found: vec![orography.len()],
            });
        }
        if transform.has_poles() {
            return Err(Error::Size {
                what: "number of grid rows on the poles",
                expected: "0 (take a Gaussian grid)".into(),
                found: 2,
            });
        }
        let orography = orography.map(|o| o.to_vec()).unwrap_or_default();
        Ok(Self {
            transform,
            equation,
            orography,
            frozen_wind,
            forcing: None,
        })
    }

    /// The same with a relaxation and drag.
    ///
    /// # Errors
    /// [`Error::Shape`] for an equilibrium of another truncation; [`Error::Parameter`] when the
    /// wind is frozen, which a forcing would change.
    pub fn with_forcing(mut self, forcing: Option<Forcing>) -> Result<Self> {
        if let Some(forcing) = &forcing {
            forcing.equilibrium().check(self.transform.spectrum_len())?;
            if self.frozen_wind {
                return Err(Error::Parameter {
                    name: "relaxation rate of a frozen wind",
                    value: forcing.relaxation(),
                    expected: "no forcing",
                });
            }
        }
        self.forcing = forcing;
        Ok(self)
    }

    /// The relaxation and drag, if there are any.
    pub fn forcing(&self) -> Option<&Forcing> {
        self.forcing.as_ref()
    }

    /// The transform.
    pub fn transform(&self) -> &Arc<SphericalTransform> {
        &self.transform
    }

    /// The equation.
    pub fn equation(&self) -> &ShallowWater {
        &self.equation
    }

    /// The spectrum of `g h_s`; empty for a flat bottom.
    pub fn orography(&self) -> &[Complex64] {
        &self.orography
    }

    /// Whether the wind is given and does not change.
    pub fn frozen_wind(&self) -> bool {
        self.frozen_wind
    }

    /// The time derivative of a state, per second.
    ///
    /// # Errors
    /// [`Error::Shape`] when the state has another truncation.
    pub fn evaluate(&self, state: &State) -> Result<State> {
        state.check(self.transform.spectrum_len())?;
        let mut out = State::zeros(self.transform.spectrum_len());
        let (zeta, delta) = (&state.vorticity, &state.divergence);
        let (zeta, delta) = (zeta.as_standard_layout(), delta.as_standard_layout());
        let mut phi = Array1::from_vec(state.geopotential.to_vec());
        for (phi, bottom) in phi.iter_mut().zip(&self.orography) {
            *phi += bottom;
        }
        if let (Some(a), Some(b), Some(c)) = (zeta.as_slice(), delta.as_slice(), phi.as_slice())
            && let State {
                vorticity,
                divergence,
                geopotential,
            } = &mut out
            && let (Some(p), Some(q), Some(r)) = (
                vorticity.as_slice_mut(),
                divergence.as_slice_mut(),
                geopotential.as_slice_mut(),
            )
        {
            self.evaluate_forced_into([a, b, c], [p, q, r]);
        }
        Ok(out)
    }

    /// As [`Self::evaluate`], on plain slices: see [`Self::evaluate_into`].
    pub(crate) fn evaluate_forced_into(
        &self,
        state: [&[Complex64]; 3],
        slopes: [&mut [Complex64]; 3],
    ) {
        let [d_zeta, d_delta, d_phi] = slopes;
        self.evaluate_into(state, [&mut *d_zeta, &mut *d_delta, &mut *d_phi]);
        if let Some(forcing) = &self.forcing {
            forcing.add_to(state, [d_zeta, d_delta, d_phi]);
        }
    }

    /// The tendency without the forcing, on plain slices and without allocation: vorticity,
    /// divergence, and the geopotential `Phi + Phi_s` of the free surface, which is what the time stepping
    /// carries (its gradient is the force, and it is what diffuses).
    pub(crate) fn evaluate_into(
        &self,
        [zeta, delta, surface]: [&[Complex64]; 3],
        [d_zeta, d_delta, d_phi]: [&mut [Complex64]; 3],
    ) {
        let transform = &*self.transform;
        let top = transform.truncation();
        let a = self.equation.radius;
        let coriolis = self.equation.coriolis_coefficients();
        let bottom = |i: usize| self.orography.get(i).copied().unwrap_or_default();
        let mean = (surface[0] - bottom(0)).re;
        let part = |m: usize| transform.index(m, m)..transform.index(m, m) + top + 1 - m;
        let pack = |m: usize, order: &mut OrderCoefficients| {
            let range = part(m);
            let zeta = Order {
                m,
                values: &zeta[range.clone()],
            };
            let delta = Order {
                m,
                values: &delta[range.clone()],
            };
            let (first, last) = (range.start, range.end);
            let surface = &surface[range];
            let coupling = transform.coupling(m);
            for n in m..=top + 1 {
                let row = n - m;
                let f = if n == 1 { coriolis[m] } else { Complex64::ZERO };
                order.set(row, 0, zeta.at(n) + f);
                let inner = n > 0 && first + row < last;
                let phi = if inner {
                    surface[row] - bottom(first + row)
                } else {
                    Complex64::ZERO
                };
                order.set(row, 1, phi);
                let (u, v) = wind_coefficients(coupling, zeta, delta, n);
                order.set(row, 2, a * u);
                order.set(row, 3, a * v);
            }
        };
        let out = [
            Shared::new(d_zeta),
            Shared::new(d_delta),
            Shared::new(d_phi),
        ];
        let unpack = |m: usize, order: &mut OrderCoefficients| {
            let range = part(m);
            let first = range.start;
            // SAFETY: every order has its own coefficients.
            let [d_zeta, d_delta, d_phi] = out.map(|o| unsafe { o.part(first, range.len()) });
            let coupling = transform.coupling(m);
            for n in m..=top {
                let row = n - m;
                let (curl, divergence) = curl_divergence(coupling, order, n, [0, 1]);
                let (_, flux) = curl_divergence(coupling, order, n, [2, 3]);
                let energy = order.get(row, 4) + surface[first + row];
                d_zeta[row] = -divergence / a;
                d_delta[row] = (curl + energy * ((n * (n + 1)) as f64 / a)) / a;
                d_phi[row] = -flux / a - mean * delta[first + row];
                if self.frozen_wind {
                    d_zeta[row] = Complex64::ZERO;
                    d_delta[row] = Complex64::ZERO;
                }
            }
        };
        transform.product_with(
            [One, One, InverseCos, InverseCos],
            [InverseCos, InverseCos, InverseCos, InverseCos, One],
            top + 1,
            &pack,
            #[inline(always)]
            |[eta, phi, u, v]: [f64; 4]| {
                [u * eta, v * eta, u * phi, v * phi, 0.5 * (u * u + v * v)]
            },
            &unpack,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::cases;
    use crate::sphere::SphereGrid;

    /// The same equations in advective form on the grid, formed from gradients: an independent
    /// way to the same tendency (equal where nothing is cut off by the truncation).
    #[test]
    fn flux_form_equals_advective_form() {
        let small =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(10).unwrap(), 10).unwrap());
        let seed = cases::random::RandomFlow {
            seed: 3,
            ..Default::default()
        };
        let case = seed.generate(&small, ShallowWater::default()).unwrap();
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(31).unwrap(), 31).unwrap());
        let mut state = case.initial.truncated(10, 31);
        state.divergence = state.vorticity.mapv(|z| 0.2 * z * Complex64::new(0.0, 1.0));
        for n in 0..=31 {
            state.divergence[n] = Complex64::ZERO;
        }
        let equation = case.equation;
        let tendency = Tendency::new(transform.clone(), equation, None, false).unwrap();
        let found = tendency.evaluate(&state).unwrap();

        let a = equation.radius;
        let shape = (1, transform.grid().nlat(), transform.grid().nlon());
        let zeros = || ndarray::Array3::<f64>::zeros(shape);
        let grid = state.to_grid(&transform, &equation).unwrap();
        let (u, v) = (&grid.eastward_wind, &grid.northward_wind);
        let value = |x: &Array1<Complex64>| {
            let mut out = zeros();
            transform.synthesis(x.view().insert_axis(ndarray::Axis(0)), out.view_mut());
            out.index_axis_move(ndarray::Axis(0), 0)
        };
        let slope = |x: &Array1<Complex64>| {
            let (mut e, mut n) = (zeros(), zeros());
            transform.gradient(
                a,
                x.view().insert_axis(ndarray::Axis(0)),
                e.view_mut(),
                n.view_mut(),
            );
            let flat = |x: ndarray::Array3<f64>| x.index_axis_move(ndarray::Axis(0), 0);
            (flat(e), flat(n))
        };
        let delta = value(&state.divergence);
        let (px, py) = slope(&state.geopotential);
        let d_phi = -(u * &px + v * &py) - &value(&state.geopotential) * &delta;
        let d_phi = crate::shallow_water::state::analysed(&transform, d_phi.view());
        assert!(relative_l2(&found.geopotential, &d_phi) < 1e-12);

        let mut eta = state.vorticity.clone();
        eta[1] += equation.coriolis_coefficients()[0];
        let (ex, ey) = slope(&eta);
        let d_zeta = -(u * &ex + v * &ey) - &value(&eta) * &delta;
        let d_zeta = crate::shallow_water::state::analysed(&transform, d_zeta.view());
        assert!(relative_l2(&found.vorticity, &d_zeta) < 1e-12);
        assert_eq!(
            found.geopotential[0],
            -state.geopotential[0] * state.divergence[0]
        );
    }

    fn relative_l2(a: &Array1<Complex64>, b: &Array1<Complex64>) -> f64 {
        crate::shallow_water::state::relative_l2(a, b, 31)
    }
}
