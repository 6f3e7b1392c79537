//! Wind and its vorticity and divergence, on tensors.
//!
//! With `U = u cos(phi)`, `V = v cos(phi)`, `H_l^m = (1 - mu^2) dP_l^m / dmu` and
//! `psi = -a^2 zeta / (l (l + 1))`, likewise `chi` from the divergence `delta`:
//!
//! ```text
//! U = 1/a sum (-H psi + i m P chi),   V = 1/a sum (i m P psi + H chi)
//! zeta_l = 1/a sum_j w_j / (1 - mu_j^2) (i m V_m P + U_m H)
//! delta_l = 1/a sum_j w_j / (1 - mu_j^2) (i m U_m P - V_m H)
//! ```
//!
//! (Washington and Parkinson, An Introduction to Three-Dimensional Climate Modeling, ch. 4; the
//! second pair by integration by parts.) `H_l = (l + 1) eps_l P_{l-1} - l eps_{l+1} P_{l+1}`.

use super::transform::{HarmonicTransform, legendre_functions};
use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::kernels::sphere;
use crate::spectral::dft::{self, ComplexOrder};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::{GridKind, SphereGrid};
use curlwind_solvers::sphere::legendre::Legendre;

/// Vector transform of one grid, beside its scalar transform.
#[derive(Clone, Debug)]
pub struct VectorTransform {
    scalar: HarmonicTransform,
    dft_analysis: Tensor<2>,
    dft_synthesis: Tensor<2>,
    /// `[M, L, J]`: `P / cos(phi) * m` and `H / cos(phi)` for synthesis, and with the weights
    /// `w / (1 - mu^2) * cos(phi)` for analysis.
    zonal_synthesis: Tensor<3>,
    meridional_synthesis: Tensor<3>,
    zonal_analysis: Tensor<3>,
    meridional_analysis: Tensor<3>,
}

impl VectorTransform {
    /// Prepares scalar and vector transforms with the triangular truncation `truncation`.
    ///
    /// # Errors
    /// When the quadrature is not exact for that truncation, or the poles lie on the grid.
    pub fn new(
        grid: &SphereGrid,
        truncation: usize,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let (nlat, nlon) = (grid.nlat(), grid.nlon());
        let refuse = |reason: String| Err(Error::Grid { nlat, nlon, reason });
        if *grid.kind() == GridKind::Regular {
            return refuse("a vector transform needs a grid without poles".into());
        }
        if truncation == 0 || truncation > grid.max_truncation() {
            let most = grid.max_truncation();
            return refuse(format!(
                "expected a truncation of 1 to {most}, found {truncation}"
            ));
        }
        let degrees = truncation + 1;
        let scalar = HarmonicTransform::new(grid, degrees, degrees, device, dtype)?;
        let functions = legendre_functions(grid, degrees + 1, degrees);
        let block = (degrees + 1) * nlat;
        let size = degrees * degrees * nlat;
        let mut tables = [
            vec![0.0; size],
            vec![0.0; size],
            vec![0.0; size],
            vec![0.0; size],
        ];
        for m in 0..degrees {
            let p = |l: usize, j: usize| functions[m * block + l * nlat + j];
            for l in m..degrees {
                let below = (l + 1) as f64 * Legendre::epsilon(m, l);
                let above = l as f64 * Legendre::epsilon(m, l + 1);
                for j in 0..nlat {
                    let lower = if l > m { p(l - 1, j) } else { 0.0 };
                    let h = below * lower - above * p(l + 1, j);
                    let mp = m as f64 * p(l, j);
                    let cos = grid.cos_latitudes()[j];
                    let weight = grid.weights()[j];
                    let at = (m * degrees + l) * nlat + j;
                    tables[0][at] = mp / cos;
                    tables[1][at] = h / cos;
                    tables[2][at] = mp * weight / cos;
                    tables[3][at] = h * weight / cos;
                }
            }
        }
        let legendre = |values| matrix(values, [degrees, degrees, nlat], device, dtype);
        let zonal = |values| matrix(values, [2 * degrees, nlon], device, dtype);
        let order = ComplexOrder::Interleaved;
        let [mp, h, mpw, hw] = tables;
        Ok(Self {
            scalar,
            dft_analysis: zonal(dft::real_analysis(nlon, degrees, order)),
            dft_synthesis: zonal(dft::real_synthesis(nlon, degrees, order)),
            zonal_synthesis: legendre(mp),
            meridional_synthesis: legendre(h),
            zonal_analysis: legendre(mpw),
            meridional_analysis: legendre(hw),
        })
    }

    /// The scalar transform of the same grid and truncation.
    pub fn scalar(&self) -> &HarmonicTransform {
        &self.scalar
    }

    /// Wind `(u, v)` in m/s, each `[B, C, nlat, nlon]`, from the spectra of vorticity and
    /// divergence in 1/s, each `[B, M, L, 2C]`, on a sphere of `radius` metres.
    pub fn wind(
        &self,
        radius: f64,
        vorticity: Tensor<4>,
        divergence: Tensor<4>,
    ) -> (Tensor<4>, Tensor<4>) {
        let inverse_laplacian = |l: usize| match l {
            0 => 0.0,
            _ => -radius / (l * (l + 1)) as f64, // a^2 of the Laplacian over the 1/a of a derivative
        };
        let psi = self.scalar.scale_degrees(vorticity, inverse_laplacian);
        let chi = self.scalar.scale_degrees(divergence, inverse_laplacian);
        let along = |s: Tensor<4>| self.synthesis(times_i(s), &self.zonal_synthesis);
        let across = |s: Tensor<4>| self.synthesis(s, &self.meridional_synthesis);
        let u = along(chi.clone()) - across(psi.clone());
        let v = along(psi) + across(chi);
        (u, v)
    }

    /// Spectra of vorticity and divergence, each `[B, M, L, 2C]`, of the wind `(u, v)`.
    pub fn vorticity_divergence(
        &self,
        radius: f64,
        u: Tensor<4>,
        v: Tensor<4>,
    ) -> (Tensor<4>, Tensor<4>) {
        let along = |x: Tensor<4>| times_i(self.analysis(x, &self.zonal_analysis));
        let across = |x: Tensor<4>| self.analysis(x, &self.meridional_analysis);
        let vorticity = along(v.clone()) + across(u.clone());
        let divergence = along(u) - across(v);
        (vorticity.div_scalar(radius), divergence.div_scalar(radius))
    }

    fn synthesis(&self, spectrum: Tensor<4>, legendre: &Tensor<3>) -> Tensor<4> {
        sphere::harmonic_synthesis(spectrum, self.dft_synthesis.clone(), legendre.clone())
    }

    fn analysis(&self, field: Tensor<4>, legendre: &Tensor<3>) -> Tensor<4> {
        sphere::harmonic_analysis(field, self.dft_analysis.clone(), legendre.clone())
    }
}

/// Multiplies (re/im, channel) vectors by the imaginary unit.
fn times_i(spectrum: Tensor<4>) -> Tensor<4> {
    let channels = spectrum.dims()[3] / 2;
    let real = spectrum.clone().narrow(3, 0, channels);
    let imaginary = spectrum.narrow(3, channels, channels);
    Tensor::cat(vec![-imaginary, real], 3)
}

#[cfg(test)]
mod tests {
    use super::super::transform::tests::{max_abs, spectrum};
    use super::*;

    #[test]
    fn wind_and_back() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(12, 24).expect("grid");
        let transform = VectorTransform::new(&grid, 7, &device, DType::F64).expect("transform");
        // No mean vorticity or divergence on a sphere: degree 0 is removed.
        let clean = |s| {
            transform
                .scalar()
                .scale_degrees(s, |l| if l == 0 { 0.0 } else { 1e-5 })
        };
        let vorticity = clean(spectrum(2, 8, 8, 1, &device, DType::F64));
        let divergence = clean(spectrum(3, 8, 8, 1, &device, DType::F64).narrow(0, 1, 2));
        let (u, v) = transform.wind(6.371e6, vorticity.clone(), divergence.clone());
        let (zeta, delta) = transform.vorticity_divergence(6.371e6, u, v);
        assert!(max_abs(zeta - vorticity) < 1e-17);
        assert!(max_abs(delta - divergence) < 1e-17);
    }

    /// Solid-body rotation `u = u0 cos(phi)` has vorticity `2 u0 sin(phi) / a`.
    #[test]
    fn solid_body_rotation() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(10, 20).expect("grid");
        let transform = VectorTransform::new(&grid, 6, &device, DType::F64).expect("transform");
        let rows = |values: Vec<f64>| {
            matrix::<4>(values, [1, 1, 10, 1], &device, DType::F64).repeat_dim(3, 20)
        };
        let u = rows(grid.cos_latitudes().iter().map(|c| 40.0 * c).collect());
        let radius = 6.371e6;
        let (zeta, delta) = transform.vorticity_divergence(radius, u.clone(), u.zeros_like());
        let expected = rows(
            grid.sin_latitudes()
                .iter()
                .map(|s| 80.0 * s / radius)
                .collect(),
        );
        assert!(max_abs(transform.scalar().synthesis(zeta) - expected) < 1e-19);
        assert!(max_abs(delta) < 1e-19);
    }
}
