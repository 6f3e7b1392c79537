//! The shallow-water equations on the sphere as a residual.
//!
//! ```text
//! d zeta/dt  = -div(u eta, v eta)                           eta = zeta + f
//! d delta/dt =  curl(u eta, v eta) - laplacian(Phi + Phi_s + (u^2 + v^2) / 2)
//! d Phi/dt   = -div(u Phi, v Phi)
//! ```
//!
//! (Williamson et al., J. Comput. Phys. 102, 1992, eqs. 3-5.) Same equation, truncation and grid
//! products as the solver, written in tensor operations, so the spatial part agrees to round-off
//! and is differentiable. Use f64 where round-off is the point. A relaxation and drag
//! ([`curlwind_solvers::shallow_water::forcing`]) joins by [`ShallowWaterResidual::with_forcing`].

use super::time_difference::TimeDifference;
use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::spherical::{HarmonicTransform, VectorTransform};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::shallow_water::{Forcing, ShallowWater};
use curlwind_solvers::sphere::grid::SphereGrid;
use num_complex::Complex64;

/// Spectra of a trajectory or of its time derivative, each `[T, M, L, 2]`.
#[derive(Clone, Debug)]
pub struct ShallowWaterFields {
    /// Relative vorticity in 1/s.
    pub vorticity: Tensor<4>,
    /// Divergence in 1/s.
    pub divergence: Tensor<4>,
    /// Geopotential of the layer thickness, its mean included, in m^2/s^2.
    pub geopotential: Tensor<4>,
}

/// The residual of one equation on one grid and truncation.
#[derive(Clone, Debug)]
pub struct ShallowWaterResidual {
    equation: ShallowWater,
    transform: VectorTransform,
    /// `[1, 1, nlat, nlon]`
    coriolis: Tensor<4>,
    /// Spectrum of `g h_s`, `[1, M, L, 2]`.
    orography: Option<Tensor<4>>,
    forcing: Option<ForcingTerms>,
}

/// Newtonian relaxation and Rayleigh drag on tensors.
#[derive(Clone, Debug)]
struct ForcingTerms {
    /// Rates 1/tau and 1/tau_d in 1/s.
    relaxation: f64,
    drag: f64,
    /// What is relaxed to, each `[1, M, L, 2]`; the geopotential is that of the free surface.
    equilibrium: ShallowWaterFields,
}

impl ShallowWaterResidual {
    /// For an equation, a grid on which products of the truncation are not aliased
    /// ([`SphereGrid::for_truncation`]) and the solver's spectrum of `g h_s` (orography).
    ///
    /// # Errors
    /// When the equation's parameters are unusable, the grid does not carry the truncation, or the
    /// orography has another one.
    pub fn new(
        equation: ShallowWater,
        grid: &SphereGrid,
        truncation: usize,
        orography: Option<&[Complex64]>,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let equation = equation.validated()?;
        let transform = VectorTransform::new(grid, truncation, device, dtype)?;
        let mut coriolis = Vec::with_capacity(grid.nlat() * grid.nlon());
        for &latitude in grid.latitudes() {
            coriolis.extend(
                grid.longitudes()
                    .iter()
                    .map(|&lon| equation.coriolis(latitude, lon)),
            );
        }
        let coriolis = matrix(coriolis, [1, 1, grid.nlat(), grid.nlon()], device, dtype);
        let orography = match orography {
            Some(spectrum) => Some(transform.scalar().from_coefficients(
                &[spectrum],
                device,
                dtype,
            )?),
            None => None,
        };
        Ok(Self {
            equation,
            transform,
            coriolis,
            orography,
            forcing: None,
        })
    }

    /// The same with the solver's relaxation and drag.
    ///
    /// # Errors
    /// When its equilibrium has another truncation.
    pub fn with_forcing(
        mut self,
        forcing: &Forcing,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let scalar = self.transform.scalar();
        let tensor = |field: &ndarray::Array1<Complex64>| {
            let values = field.to_vec();
            scalar.from_coefficients(&[&values], device, dtype)
        };
        let equilibrium = forcing.equilibrium();
        self.forcing = Some(ForcingTerms {
            relaxation: forcing.relaxation(),
            drag: forcing.drag(),
            equilibrium: ShallowWaterFields {
                vorticity: tensor(&equilibrium.vorticity)?,
                divergence: tensor(&equilibrium.divergence)?,
                geopotential: tensor(&equilibrium.geopotential)?,
            },
        });
        Ok(self)
    }

    /// The transforms.
    pub fn transform(&self) -> &VectorTransform {
        &self.transform
    }

    /// The equation.
    pub fn equation(&self) -> &ShallowWater {
        &self.equation
    }

    /// Spectra of wind in m/s and geopotential in m^2/s^2 on the grid, each `[T, 1, nlat, nlon]`.
    pub fn fields(
        &self,
        u: Tensor<4>,
        v: Tensor<4>,
        geopotential: Tensor<4>,
    ) -> ShallowWaterFields {
        let (vorticity, divergence) =
            self.transform
                .vorticity_divergence(self.equation.radius, u, v);
        let geopotential = self.transform.scalar().analysis(geopotential);
        ShallowWaterFields {
            vorticity,
            divergence,
            geopotential,
        }
    }

    /// The right-hand side, per second.
    pub fn tendency(&self, state: &ShallowWaterFields) -> ShallowWaterFields {
        let (radius, scalar) = (self.equation.radius, self.transform.scalar());
        let ShallowWaterFields {
            vorticity,
            divergence,
            geopotential,
        } = state;
        let (u, v) = self
            .transform
            .wind(radius, vorticity.clone(), divergence.clone());
        let eta = scalar.synthesis(vorticity.clone()) + self.coriolis.clone();
        let (curl, convergence) =
            self.transform
                .vorticity_divergence(radius, u.clone() * eta.clone(), v.clone() * eta);
        let kinetic = (u.clone() * u.clone() + v.clone() * v.clone()).mul_scalar(0.5);
        let mut energy = scalar.analysis(kinetic) + geopotential.clone();
        if let Some(orography) = &self.orography {
            energy = energy + orography.clone();
        }
        let laplacian =
            scalar.scale_degrees(energy, |l| -((l * (l + 1)) as f64) / (radius * radius));
        // The large mean of the geopotential never meets the small products on the grid.
        let mean = geopotential
            .clone()
            .narrow(1, 0, 1)
            .narrow(2, 0, 1)
            .narrow(3, 0, 1);
        let rest = scalar.scale_degrees(geopotential.clone(), |l| if l == 0 { 0.0 } else { 1.0 });
        let rest = scalar.synthesis(rest);
        let (_, flux) = self
            .transform
            .vorticity_divergence(radius, u * rest.clone(), v * rest);
        let tendency = ShallowWaterFields {
            vorticity: -convergence,
            divergence: curl - laplacian,
            geopotential: -(flux + divergence.clone() * mean),
        };
        match &self.forcing {
            Some(forcing) => self.forced(tendency, state, forcing),
            None => tendency,
        }
    }

    /// Adds relaxation and drag; the mean of the layer is not forced.
    fn forced(
        &self,
        tendency: ShallowWaterFields,
        state: &ShallowWaterFields,
        forcing: &ForcingTerms,
    ) -> ShallowWaterFields {
        let ForcingTerms {
            relaxation,
            drag,
            equilibrium,
        } = forcing;
        let wind = |slope: Tensor<4>, now: &Tensor<4>, target: &Tensor<4>| {
            slope + (target.clone() - now.clone()).mul_scalar(*relaxation)
                - now.clone().mul_scalar(*drag)
        };
        let mut surface = state.geopotential.clone();
        if let Some(orography) = &self.orography {
            surface = surface + orography.clone();
        }
        let push = (equilibrium.geopotential.clone() - surface).mul_scalar(*relaxation);
        let scalar = self.transform.scalar();
        let push = scalar.scale_degrees(push, |l| if l == 0 { 0.0 } else { 1.0 });
        ShallowWaterFields {
            vorticity: wind(tendency.vorticity, &state.vorticity, &equilibrium.vorticity),
            divergence: wind(
                tendency.divergence,
                &state.divergence,
                &equilibrium.divergence,
            ),
            geopotential: tendency.geopotential + push,
        }
    }

    /// `dq/dt` minus the right-hand side, per second, at the inner states of a trajectory of
    /// states `time_step` seconds apart.
    ///
    /// # Errors
    /// When the trajectory has too few states for the difference.
    pub fn residual(
        &self,
        trajectory: &ShallowWaterFields,
        time_step: f64,
        difference: TimeDifference,
    ) -> Result<ShallowWaterFields> {
        let (found, needed) = (trajectory.vorticity.dims()[0], 2 * difference.margin() + 1);
        if found < needed {
            return Err(Error::Data(format!(
                "a {difference:?} time difference needs {needed} states, found {found}"
            )));
        }
        let inner = |q: &Tensor<4>| difference.inner(q.clone());
        let tendency = self.tendency(&ShallowWaterFields {
            vorticity: inner(&trajectory.vorticity),
            divergence: inner(&trajectory.divergence),
            geopotential: inner(&trajectory.geopotential),
        });
        let slope = |q: &Tensor<4>| difference.apply(q.clone(), time_step);
        Ok(ShallowWaterFields {
            vorticity: slope(&trajectory.vorticity) - tendency.vorticity,
            divergence: slope(&trajectory.divergence) - tendency.divergence,
            geopotential: slope(&trajectory.geopotential) - tendency.geopotential,
        })
    }

    /// A dimensionless loss: the area mean square of the residual in units of `c / a` per second
    /// squared for vorticity and divergence and `c^3 / a` for the geopotential, where
    /// `c = sqrt(mean_geopotential)` is the speed of gravity waves; averaged over time and fields.
    pub fn loss(&self, residual: &ShallowWaterFields, mean_geopotential: f64) -> Tensor<1> {
        let rate = mean_geopotential.sqrt() / self.equation.radius;
        let scaled = |q: &Tensor<4>, unit: f64| self.mean_square(q.clone().div_scalar(unit));
        (scaled(&residual.vorticity, rate * rate)
            + scaled(&residual.divergence, rate * rate)
            + scaled(&residual.geopotential, rate * mean_geopotential))
        .div_scalar(3.0)
    }

    /// Area mean of the square of a spectrum's field, averaged over time (Parseval).
    pub fn mean_square(&self, spectrum: Tensor<4>) -> Tensor<1> {
        let [times, orders, _, _] = spectrum.dims();
        let weights = (0..orders)
            .map(|m| if m == 0 { 1.0 } else { 2.0 })
            .collect();
        let weights = matrix::<4>(
            weights,
            [1, orders, 1, 1],
            &spectrum.device(),
            spectrum.dtype(),
        );
        (spectrum.powi_scalar(2) * weights)
            .sum()
            .div_scalar(times as f64)
    }
}

impl HarmonicTransform {
    /// Spectra `[B, M, L, 2]` from the solvers' triangular, order-major coefficients.
    ///
    /// # Errors
    /// When a spectrum has not `L (L + 1) / 2` coefficients or the transform is not triangular.
    pub fn from_coefficients(
        &self,
        spectra: &[&[Complex64]],
        device: &Device,
        dtype: DType,
    ) -> Result<Tensor<4>> {
        let (degrees, orders) = (self.degrees(), self.orders());
        let expected = degrees * (degrees + 1) / 2;
        let mut values = vec![0.0; spectra.len() * orders * degrees * 2];
        for (b, spectrum) in spectra.iter().enumerate() {
            if spectrum.len() != expected || orders != degrees {
                return Err(Error::TensorShape {
                    tensor: format!("spectrum of truncation {}", degrees - 1),
                    expected: vec![expected],
                    found: vec![spectrum.len()],
                });
            }
            let mut coefficients = spectrum.iter();
            for m in 0..orders {
                for (l, c) in (m..degrees).zip(&mut coefficients) {
                    let at = ((b * orders + m) * degrees + l) * 2;
                    (values[at], values[at + 1]) = (c.re, c.im);
                }
            }
        }
        Ok(matrix(
            values,
            [spectra.len(), orders, degrees, 2],
            device,
            dtype,
        ))
    }

    /// The solvers' coefficients of spectra `[B, M, L, 2]`; the inverse of
    /// [`HarmonicTransform::from_coefficients`].
    pub fn to_coefficients(&self, spectra: Tensor<4>) -> Vec<Vec<Complex64>> {
        let [batch, orders, degrees, _] = spectra.dims();
        let values = spectra
            .into_data_as::<f64>()
            .try_into_vec::<f64>()
            .unwrap_or_default();
        let at = |b: usize, m: usize, l: usize| {
            let at = ((b * orders + m) * degrees + l) * 2;
            Complex64::new(values[at], values[at + 1])
        };
        let triangle = || (0..orders).flat_map(|m| (m..degrees).map(move |l| (m, l)));
        (0..batch)
            .map(|b| triangle().map(|(m, l)| at(b, m, l)).collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spherical::transform::tests::{max_abs, spectrum};

    const TRUNCATION: usize = 10;

    fn residual(device: &Device) -> ShallowWaterResidual {
        let grid = SphereGrid::for_truncation(TRUNCATION).expect("grid");
        let equation = ShallowWater::default();
        ShallowWaterResidual::new(equation, &grid, TRUNCATION, None, device, DType::F64)
            .expect("residual")
    }

    /// Random smooth states of terrestrial size.
    fn states(
        residual: &ShallowWaterResidual,
        times: usize,
        device: &Device,
    ) -> ShallowWaterFields {
        let degrees = TRUNCATION + 1;
        let scalar = residual.transform().scalar();
        let field = |shift: usize, size: f64, mean: f64| {
            let s = spectrum(times + shift, degrees, degrees, 1, device, DType::F64)
                .narrow(0, shift, times);
            scalar.scale_degrees(s, |l| if l == 0 { mean } else { size / (l * l) as f64 })
        };
        ShallowWaterFields {
            vorticity: field(0, 1e-5, 0.0),
            divergence: field(1, 1e-6, 0.0),
            geopotential: field(2, 1e3, 3e4),
        }
    }

    /// Solid-body rotation in balance (Williamson test 2) is steady.
    #[test]
    fn balanced_rotation_is_steady() {
        let device = Device::flex();
        let residual = residual(&device);
        let equation = residual.equation();
        let grid = residual.transform().scalar().grid().clone();
        let (a, omega, u0) = (equation.radius, equation.rotation, 40.0);
        let shape = [1, 1, grid.nlat(), 1];
        let field = |f: &dyn Fn(f64) -> f64| {
            let values = grid.sin_latitudes().iter().map(|s| f(*s)).collect();
            matrix::<4>(values, shape, &device, DType::F64).repeat_dim(3, grid.nlon())
        };
        let u = field(&|s| u0 * (1.0 - s * s).sqrt());
        let phi = field(&|s| 29400.0 - (a * omega * u0 + 0.5 * u0 * u0) * s * s);
        let state = residual.fields(u.clone(), u.zeros_like(), phi);
        let tendency = residual.tendency(&state);
        assert!(max_abs(tendency.vorticity) < 1e-22);
        assert!(max_abs(tendency.divergence) < 1e-20);
        assert!(max_abs(tendency.geopotential) < 1e-14);
    }

    /// A trajectory that is a polynomial in time has the residual that its slope says.
    #[test]
    fn the_residual_is_slope_minus_tendency() {
        let device = Device::flex();
        let residual = residual(&device);
        let state = states(&residual, 1, &device);
        let steady = |q: &Tensor<4>| q.clone().repeat_dim(0, 5);
        let trajectory = ShallowWaterFields {
            vorticity: steady(&state.vorticity),
            divergence: steady(&state.divergence),
            geopotential: steady(&state.geopotential),
        };
        let tendency = residual.tendency(&state);
        for difference in [TimeDifference::Second, TimeDifference::Fourth] {
            let r = residual
                .residual(&trajectory, 100.0, difference)
                .expect("residual");
            assert_eq!(r.vorticity.dims()[0], 5 - difference.order());
            let sum = r.geopotential.narrow(0, 0, 1) + tendency.geopotential.clone();
            assert!(max_abs(sum) < 1e-9);
        }
        let short = ShallowWaterFields {
            vorticity: state.vorticity.clone(),
            divergence: state.divergence.clone(),
            geopotential: state.geopotential.clone(),
        };
        assert!(
            residual
                .residual(&short, 100.0, TimeDifference::Second)
                .is_err()
        );
    }

    #[test]
    fn the_loss_is_differentiable() {
        let device = Device::flex().autodiff();
        let residual = residual(&device);
        let state = states(&residual, 3, &device);
        let loss = |vorticity: Tensor<4>| {
            let trajectory = ShallowWaterFields {
                vorticity,
                ..state.clone()
            };
            let r = residual
                .residual(&trajectory, 600.0, TimeDifference::Second)
                .expect("residual");
            residual.loss(&r, 3e4)
        };
        let x = state.vorticity.clone().autodiff().require_grad();
        let value = loss(x.clone());
        let grads = value.backward();
        let dx = x
            .grad(&grads)
            .expect("gradient")
            .into_data()
            .try_into_vec::<f64>()
            .expect("f64");
        let values = state
            .vorticity
            .clone()
            .into_data()
            .try_into_vec::<f64>()
            .expect("f64");
        let dims = state.vorticity.dims();
        for at in [2 * 12, 2 * 31 + 1, 2 * 121 + 2 * 14] {
            let step = 1e-8;
            let value = |d: f64| {
                let mut values = values.clone();
                values[at] += d;
                loss(matrix(values, dims, &device, DType::F64)).into_scalar::<f64>()
            };
            let fd = (value(step) - value(-step)) / (2.0 * step);
            assert!(
                (fd - dx[at]).abs() < 1e-5 * fd.abs().max(1.0),
                "{at}: {fd} != {}",
                dx[at]
            );
        }
    }

    #[test]
    fn coefficients_come_back() {
        let device = Device::flex();
        let residual = residual(&device);
        let scalar = residual.transform().scalar();
        let expected = spectrum(2, 11, 11, 1, &device, DType::F64);
        let coefficients = scalar.to_coefficients(expected.clone());
        let slices: Vec<&[Complex64]> = coefficients.iter().map(Vec::as_slice).collect();
        let found = scalar
            .from_coefficients(&slices, &device, DType::F64)
            .expect("fits");
        assert_eq!(found.into_data(), expected.into_data());
        assert!(
            scalar
                .from_coefficients(&[&slices[0][1..]], &device, DType::F64)
                .is_err()
        );
    }
}
