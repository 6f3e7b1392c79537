//! Real spherical harmonics of a triangular truncation as dense matrices.
//!
//! `Y_l^0 = P_l^0` and, for `m > 0`, `sqrt(2) P_l^m cos(m lambda)` and `sqrt(2) P_l^m sin(m lambda)`:
//! `(N + 1)^2` functions with mean square 1 over the sphere. Gradients are on the unit sphere,
//! `(dY/dlambda / cos(phi), dY/dphi)` with
//! `cos(phi) dP_l^m/dphi = (l + 1) eps_l^m P_{l-1}^m - l eps_{l+1}^m P_{l+1}^m`.
//!
//! For the few hundred coefficients of a small truncation a plain matrix product is faster than a
//! fast transform, and the same for values, gradients and analysis.

use curlwind_solvers::sphere::grid::SphereGrid;
use curlwind_solvers::sphere::legendre::Legendre;
use ndarray::{Array2, s};

/// Tables of a grid: `K` coefficients, `P` points in rows from north to south.
#[derive(Clone, Debug)]
pub struct Harmonics {
    /// Degree of each coefficient.
    pub degrees: Vec<usize>,
    /// Values `[K, P]`.
    pub values: Array2<f64>,
    /// Values, eastward and northward derivatives side by side, `[K, 3 P]`; empty where the poles
    /// lie on the grid.
    pub jets: Array2<f64>,
    /// Quadrature `[P, K]`; exact up to the grid's largest truncation.
    pub analysis: Array2<f64>,
}

impl Harmonics {
    /// Values and analysis.
    pub fn scalar(grid: &SphereGrid, truncation: usize) -> Self {
        Self::new(grid, truncation, false)
    }

    /// Values, gradients and analysis, on a grid without poles.
    pub fn with_gradients(grid: &SphereGrid, truncation: usize) -> Self {
        Self::new(grid, truncation, true)
    }

    fn new(grid: &SphereGrid, truncation: usize, gradients: bool) -> Self {
        let (nlat, nlon) = (grid.nlat(), grid.nlon());
        let points = nlat * nlon;
        let count = (truncation + 1) * (truncation + 1);
        let columns = if gradients { 3 * points } else { points };
        let mut jets = Array2::zeros((count, columns));
        let mut degrees = Vec::with_capacity(count);
        let legendre = Legendre::new(truncation + 1);
        for m in 0..=truncation {
            let mut functions = vec![0.0; (truncation + 2 - m) * nlat];
            legendre.fill_order(m, grid.sin_latitudes(), &mut functions);
            let p = |l: usize, j: usize| match l.checked_sub(m) {
                Some(row) => functions[row * nlat + j],
                None => 0.0,
            };
            let order = m as f64;
            for l in m..=truncation {
                let (below, above) = (Legendre::epsilon(m, l), Legendre::epsilon(m, l + 1));
                for part in 0..if m == 0 { 1 } else { 2 } {
                    let row = degrees.len();
                    degrees.push(l);
                    for j in 0..nlat {
                        let lower = if l > 0 { p(l - 1, j) } else { 0.0 };
                        let slope = (l + 1) as f64 * below * lower - l as f64 * above * p(l + 1, j);
                        let cos_latitude = grid.cos_latitudes()[j];
                        for (i, longitude) in grid.longitudes().iter().enumerate() {
                            let (sin, cos) = (order * longitude).sin_cos();
                            let (wave, turned) = match (m, part) {
                                (0, _) => (1.0, 0.0),
                                (_, 0) => (cos * 2f64.sqrt(), -sin * 2f64.sqrt()),
                                _ => (sin * 2f64.sqrt(), cos * 2f64.sqrt()),
                            };
                            let at = j * nlon + i;
                            jets[[row, at]] = p(l, j) * wave;
                            if gradients {
                                jets[[row, points + at]] = order * p(l, j) * turned / cos_latitude;
                                jets[[row, 2 * points + at]] = slope * wave / cos_latitude;
                            }
                        }
                    }
                }
            }
        }
        let values = jets.slice(s![.., ..points]).to_owned();
        let mut analysis = Array2::zeros((points, count));
        for (at, mut row) in analysis.rows_mut().into_iter().enumerate() {
            let weight = grid.weights()[at / nlon] / nlon as f64;
            row.assign(&(&values.column(at) * weight));
        }
        Self {
            degrees,
            values,
            jets: if gradients {
                jets
            } else {
                Array2::zeros((0, 0))
            },
            analysis,
        }
    }

    /// `l (l + 1)` of each coefficient.
    pub fn eigenvalues(&self) -> Vec<f64> {
        self.degrees.iter().map(|&l| (l * (l + 1)) as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analysis_inverts_synthesis() {
        for grid in [SphereGrid::gaussian(8, 16), SphereGrid::regular(16, 16)] {
            let tables = Harmonics::scalar(&grid.expect("grid"), 7);
            let product = tables.values.dot(&tables.analysis);
            let error = (product - Array2::<f64>::eye(64)).mapv(f64::abs);
            assert!(error.iter().all(|e| *e < 1e-13));
        }
    }

    /// `mean(grad Y_a . grad Y_b) = l (l + 1) delta_ab`, by integration by parts.
    #[test]
    fn gradients_are_orthogonal() {
        let grid = SphereGrid::for_truncation(6).expect("grid");
        let (nlon, points) = (grid.nlon(), grid.nlat() * grid.nlon());
        let tables = Harmonics::with_gradients(&grid, 6);
        let gradients = tables.jets.slice(s![.., points..]);
        let mut weighted = gradients.to_owned();
        for (at, mut column) in weighted.columns_mut().into_iter().enumerate() {
            column *= grid.weights()[at % points / nlon] / nlon as f64;
        }
        let product = gradients.dot(&weighted.t());
        let eigenvalues = ndarray::Array1::from(tables.eigenvalues());
        let expected = Array2::from_diag(&eigenvalues);
        assert!((product - expected).iter().all(|e| e.abs() < 1e-11));
    }
}
