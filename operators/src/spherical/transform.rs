//! The scalar spherical-harmonic transform on tensors.
//!
//! `f(lambda, mu) = sum_m sum_{l >= |m|} f_l^m P_l^m(mu) exp(i m lambda)` with the solvers'
//! Legendre functions (mean square 1 over the sphere), so that a spectrum here and in a solver
//! hold the same numbers.
//!
//! Synthesis is that sum. Analysis is the weighted least-squares fit of the sum to the field:
//! for each order `A_m = (P_m W P_m^T)^-1 P_m W` with the quadrature weights `W`. Where the
//! quadrature is exact the inverse is the identity and this is the ordinary quadrature; on
//! equiangular grids it recovers band-limited fields at twice the truncation that quadrature does.
//!
//! Spectra are `[B, M, L, 2C]`: order, degree, then (re/im, channel). Entries with `l < m` are 0.

use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::kernels::sphere;
use crate::spectral::dft::{self, ComplexOrder};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::{GridKind, SphereGrid};
use curlwind_solvers::sphere::legendre::Legendre;

/// Transform matrices of one grid and truncation, on one device and in one precision.
#[derive(Clone, Debug)]
pub struct HarmonicTransform {
    grid: SphereGrid,
    degrees: usize,
    orders: usize,
    /// `[2M, I]`
    dft_analysis: Tensor<2>,
    dft_synthesis: Tensor<2>,
    /// `[M, L, J]`
    legendre_analysis: Tensor<3>,
    legendre_synthesis: Tensor<3>,
}

impl HarmonicTransform {
    /// Prepares the transform with degrees `0..degrees` and orders `0..orders`.
    ///
    /// # Errors
    /// When the grid does not carry that many degrees ([`HarmonicTransform::max_degrees`]) or
    /// orders (`nlon / 2 + 1`), or there are more orders than degrees.
    pub fn new(
        grid: &SphereGrid,
        degrees: usize,
        orders: usize,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let (nlat, nlon) = (grid.nlat(), grid.nlon());
        let (max_degrees, max_orders) = (Self::max_degrees(grid), nlon / 2 + 1);
        if degrees == 0 || degrees > max_degrees {
            let reason = format!("expected 1 to {max_degrees} degrees, found {degrees}");
            return Err(Error::Grid { nlat, nlon, reason });
        }
        if orders == 0 || orders > max_orders.min(degrees) {
            let most = max_orders.min(degrees);
            let reason = format!("expected 1 to {most} zonal orders, found {orders}");
            return Err(Error::Grid { nlat, nlon, reason });
        }
        let functions = legendre_functions(grid, degrees, orders);
        let analysis = analysis_functions(grid, degrees, orders, &functions)?;
        let legendre = |values| matrix(values, [orders, degrees, nlat], device, dtype);
        let zonal = |values| matrix(values, [2 * orders, nlon], device, dtype);
        let order = ComplexOrder::Interleaved;
        Ok(Self {
            grid: grid.clone(),
            degrees,
            orders,
            dft_analysis: zonal(dft::real_analysis(nlon, orders, order)),
            dft_synthesis: zonal(dft::real_synthesis(nlon, orders, order)),
            legendre_analysis: legendre(analysis),
            legendre_synthesis: legendre(functions),
        })
    }

    /// The number of degrees that the least-squares analysis separates on this grid: one per
    /// latitude, less two where the poles lie on it (only the zonal functions see them).
    pub fn max_degrees(grid: &SphereGrid) -> usize {
        match grid.kind() {
            GridKind::Regular => grid.nlat().saturating_sub(1),
            _ => grid.nlat(),
        }
    }

    /// Grid.
    pub fn grid(&self) -> &SphereGrid {
        &self.grid
    }

    /// Number of degrees `L`; the truncation is one less.
    pub fn degrees(&self) -> usize {
        self.degrees
    }

    /// Number of zonal orders `M`.
    pub fn orders(&self) -> usize {
        self.orders
    }

    /// Field `[B, C, nlat, nlon]` to spectrum `[B, M, L, 2C]`.
    pub fn analysis(&self, field: Tensor<4>) -> Tensor<4> {
        sphere::harmonic_analysis(
            field,
            self.dft_analysis.clone(),
            self.legendre_analysis.clone(),
        )
    }

    /// Spectrum `[B, M, L, 2C]` to field `[B, C, nlat, nlon]`.
    pub fn synthesis(&self, spectrum: Tensor<4>) -> Tensor<4> {
        sphere::harmonic_synthesis(
            spectrum,
            self.dft_synthesis.clone(),
            self.legendre_synthesis.clone(),
        )
    }

    /// Field `[B, Ci, nlat, nlon]` to `[B, Co, nlat, nlon]` by way of its spectrum, each degree of which
    /// is multiplied by a complex matrix: `weight` `[L, Ci, 2 Co]`, real parts, then imaginary parts.
    pub fn convolve(&self, field: Tensor<4>, weight: Tensor<3>) -> Tensor<4> {
        sphere::harmonic_block(
            field,
            weight,
            (self.dft_analysis.clone(), self.legendre_analysis.clone()),
            (self.dft_synthesis.clone(), self.legendre_synthesis.clone()),
        )
    }

    /// Multiplies degree `l` of a spectrum by `factor(l)`, e.g. `-l (l + 1) / a^2`.
    pub fn scale_degrees(&self, spectrum: Tensor<4>, factor: impl Fn(usize) -> f64) -> Tensor<4> {
        let factors = (0..self.degrees).map(factor).collect();
        let factors = matrix(
            factors,
            [1, 1, self.degrees, 1],
            &spectrum.device(),
            spectrum.dtype(),
        );
        spectrum * factors
    }
}

/// `P_l^m(mu_j)` as `[M, L, J]`, 0 where `l < m`.
pub(super) fn legendre_functions(grid: &SphereGrid, degrees: usize, orders: usize) -> Vec<f64> {
    let nlat = grid.nlat();
    let legendre = Legendre::new(degrees - 1);
    let mut functions = vec![0.0; orders * degrees * nlat];
    for (m, block) in functions.chunks_mut(degrees * nlat).enumerate() {
        legendre.fill_order(m, grid.sin_latitudes(), &mut block[m * nlat..]);
    }
    functions
}

/// `A_m = (P W P^T)^-1 P W` as `[M, L, J]`, by Cholesky factorisation.
fn analysis_functions(
    grid: &SphereGrid,
    degrees: usize,
    orders: usize,
    functions: &[f64],
) -> Result<Vec<f64>> {
    let nlat = grid.nlat();
    let mut analysis = vec![0.0; functions.len()];
    for m in 0..orders {
        let block = m * degrees * nlat..(m + 1) * degrees * nlat;
        let p = &functions[block.clone()];
        let target = &mut analysis[block];
        for l in m..degrees {
            for (j, weight) in grid.weights().iter().enumerate() {
                target[l * nlat + j] = weight * p[l * nlat + j];
            }
        }
        if degrees <= grid.max_truncation() + 1 {
            continue; // the quadrature is exact and the Gram matrix the identity
        }
        let n = degrees - m;
        let mut gram = vec![0.0; n * n];
        for a in 0..n {
            for b in 0..=a {
                gram[a * n + b] = (0..nlat)
                    .map(|j| target[(m + a) * nlat + j] * p[(m + b) * nlat + j])
                    .sum();
            }
        }
        cholesky_solve(&mut gram, n, &mut target[m * nlat..], nlat).ok_or_else(|| Error::Grid {
            nlat,
            nlon: grid.nlon(),
            reason: format!("{degrees} degrees cannot be told apart at zonal order {m}"),
        })?;
    }
    Ok(analysis)
}

/// Solves `G X = R` in place for symmetric positive `G` `[n, n]` (lower half) and `R` `[n, columns]`.
fn cholesky_solve(gram: &mut [f64], n: usize, rhs: &mut [f64], columns: usize) -> Option<()> {
    for k in 0..n {
        for i in k..n {
            let dot: f64 = (0..k).map(|p| gram[i * n + p] * gram[k * n + p]).sum();
            let value = gram[i * n + k] - dot;
            if i == k {
                if value.is_nan() || value < 1e-10 {
                    return None;
                }
                gram[k * n + k] = value.sqrt();
            } else {
                gram[i * n + k] = value / gram[k * n + k];
            }
        }
    }
    for c in 0..columns {
        for i in 0..n {
            let dot: f64 = (0..i).map(|p| gram[i * n + p] * rhs[p * columns + c]).sum();
            rhs[i * columns + c] = (rhs[i * columns + c] - dot) / gram[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n)
                .map(|p| gram[p * n + i] * rhs[p * columns + c])
                .sum();
            rhs[i * columns + c] = (rhs[i * columns + c] - dot) / gram[i * n + i];
        }
    }
    Some(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use burn::tensor::TensorData;

    /// Deterministic values in (-1, 1) with every third (order, degree) different, 0 where `l < m`,
    /// imaginary part 0 at order 0.
    pub(crate) fn spectrum(
        batch: usize,
        orders: usize,
        degrees: usize,
        channels: usize,
        device: &Device,
        dtype: DType,
    ) -> Tensor<4> {
        let mut values = Vec::new();
        for b in 0..batch {
            for m in 0..orders {
                for l in 0..degrees {
                    for part in 0..2 {
                        for c in 0..channels {
                            let seed = (1 + b + 3 * m + 7 * l + 11 * part + 13 * c) as f64;
                            let zero = l < m || (m == 0 && part == 1);
                            values.push(if zero { 0.0 } else { (seed * 1.7).sin() });
                        }
                    }
                }
            }
        }
        let data = TensorData::new(values, [batch, orders, degrees, 2 * channels]);
        Tensor::from_data(data, (device, dtype))
    }

    pub(crate) fn max_abs(x: Tensor<4>) -> f64 {
        x.abs().max().into_scalar::<f64>()
    }

    #[test]
    fn analysis_inverts_synthesis() {
        let device = Device::flex();
        let gaussian = SphereGrid::gaussian(16, 32).expect("grid");
        let regular = SphereGrid::regular(17, 31).expect("grid");
        let offset = SphereGrid::regular_offset(16, 33).expect("grid");
        // The last three lie beyond the quadrature's exactness: the least squares at work.
        for (grid, degrees, orders) in [
            (&gaussian, 16, 16),
            (&gaussian, 10, 7),
            (&regular, 8, 8),
            (&regular, 16, 16),
            (&offset, 16, 16),
            (&offset, 15, 9),
        ] {
            let transform = HarmonicTransform::new(grid, degrees, orders, &device, DType::F64)
                .expect("transform");
            let expected = spectrum(2, orders, degrees, 3, &device, DType::F64);
            let found = transform.analysis(transform.synthesis(expected.clone()));
            let error = max_abs(found - expected);
            assert!(
                error < 1e-11,
                "{:?} {degrees} degrees: {error:e}",
                grid.kind()
            );
        }
    }

    #[test]
    fn the_mean_is_the_first_coefficient() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(8, 16).expect("grid");
        let transform =
            HarmonicTransform::new(&grid, 8, 8, &device, DType::F64).expect("transform");
        let field = Tensor::<4>::full([1, 1, 8, 16], 3.25, (&device, DType::F64));
        let spectrum = transform
            .analysis(field)
            .into_data()
            .try_to_vec::<f64>()
            .expect("f64");
        assert!((spectrum[0] - 3.25).abs() < 1e-13);
        assert!(spectrum[1..].iter().all(|v| v.abs() < 1e-13));
    }

    #[test]
    fn too_many_modes_are_refused() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(8, 16).expect("grid");
        for (degrees, orders) in [(9, 4), (0, 1), (8, 10), (4, 5)] {
            assert!(HarmonicTransform::new(&grid, degrees, orders, &device, DType::F32).is_err());
        }
    }

    /// The backward pass of each transform is its transpose: `<A x, y> = <x, A^T y>`.
    #[test]
    fn gradients_are_the_transpose() {
        let device = Device::flex().autodiff();
        let grid = SphereGrid::gaussian(6, 13).expect("grid");
        let transform =
            HarmonicTransform::new(&grid, 6, 5, &device, DType::F64).expect("transform");
        let values: Vec<f64> = (0..2 * 2 * 6 * 13)
            .map(|i| (i as f64 * 0.77).sin())
            .collect();
        let data = TensorData::new(values, [2, 2, 6, 13]);
        let x = Tensor::<4>::from_data(data, (&device, DType::F64)).require_grad();
        let y = spectrum(2, 5, 6, 2, &device, DType::F64).require_grad();
        let product = (transform.analysis(x.clone()) * y.clone()).sum();
        let grads = product.clone().backward();
        let dx = x.grad(&grads).expect("dx");
        let transposed = (dx * x.clone().inner()).sum().into_scalar::<f64>();
        assert!((transposed - product.into_scalar::<f64>()).abs() < 1e-12);

        let product = (transform.synthesis(y.clone()) * x.clone()).sum();
        let grads = product.clone().backward();
        let dy = y.grad(&grads).expect("dy");
        let transposed = (dy * y.inner()).sum().into_scalar::<f64>();
        assert!((transposed - product.into_scalar::<f64>()).abs() < 1e-12);
    }
}
