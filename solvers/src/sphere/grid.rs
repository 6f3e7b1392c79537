//! Grids on the sphere and their quadrature over latitude.
//!
//! Three families, all with equidistant longitudes from 0 and latitudes from north to south:
//!
//! | kind | latitudes | rule | exact to degree |
//! |---|---|---|---|
//! | [`GridKind::Gaussian`] | roots of the Legendre polynomial | Gauss-Legendre | `2 nlat - 1` |
//! | [`GridKind::Regular`] | equiangular with both poles | Clenshaw-Curtis | `nlat - 1` |
//! | [`GridKind::RegularOffset`] | equiangular cell centres | Fejer 1 | `nlat - 1` |
//!
//! Gauss nodes are found by Newton's method carried out in double-double arithmetic, so that
//! nodes, cosines and weights are each the correctly rounded value (up to one unit in the last
//! place, also next to the poles, where `sqrt(1 - mu^2)` in plain arithmetic loses digits).
//!
//! Sources: Press et al., Numerical Recipes, section 4.6; Waldvogel (2006), BIT 46, 195-202
//! (weights of the Clenshaw-Curtis and Fejer rules).

use super::double_double::DoubleDouble;
use crate::{Error, Result};
use std::f64::consts::PI;

/// The family of latitudes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GridKind {
    /// Roots of the Legendre polynomial of degree `nlat`.
    Gaussian,
    /// Equiangular, first and last row on the poles.
    Regular,
    /// Equiangular, rows half a step off the poles.
    RegularOffset,
}

/// A latitude-longitude grid with quadrature weights.
///
/// ```
/// use curlwind_solvers::sphere::SphereGrid;
/// let grid = SphereGrid::for_truncation(42)?;
/// assert_eq!((grid.nlat(), grid.nlon()), (64, 128));
/// // mean of sin^2(latitude) over the sphere is 1/3
/// let mean: f64 = grid.weights().iter().zip(grid.sin_latitudes()).map(|(w, s)| w * s * s).sum();
/// assert!((mean - 1.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), curlwind_solvers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SphereGrid {
    kind: GridKind,
    latitudes: Vec<f64>,
    sin_latitudes: Vec<f64>,
    cos_latitudes: Vec<f64>,
    longitudes: Vec<f64>,
    weights: Vec<f64>,
}

impl SphereGrid {
    /// Gauss-Legendre latitudes.
    ///
    /// # Errors
    /// [`Error::Size`] when `nlat` is 0 or `nlon` is 0.
    pub fn gaussian(nlat: usize, nlon: usize) -> Result<Self> {
        check_sizes(nlat, 1, nlon)?;
        let mut north = Vec::with_capacity(nlat.div_ceil(2));
        for j in 0..nlat.div_ceil(2) {
            north.push(gauss_node(nlat, j));
        }
        Ok(Self::from_north(GridKind::Gaussian, nlat, nlon, &north))
    }

    /// Equiangular latitudes with a row on either pole; Clenshaw-Curtis weights.
    ///
    /// # Errors
    /// [`Error::Size`] when `nlat` is below 2 or `nlon` is 0.
    pub fn regular(nlat: usize, nlon: usize) -> Result<Self> {
        check_sizes(nlat, 2, nlon)?;
        let intervals = nlat - 1;
        let north: Vec<_> = (0..nlat.div_ceil(2))
            .map(|j| {
                // w_j = (c_j / n) (1 - sum_k b_k cos(2 k theta_j) / (4 k^2 - 1)) over [-1, 1];
                // halved, because our weights sum to 1.
                let mut sum = 1.0;
                for k in 1..=intervals / 2 {
                    let b = if 2 * k == intervals { 1.0 } else { 2.0 };
                    let angle = 2.0 * PI * ((k * j) % intervals) as f64 / intervals as f64;
                    sum -= b * angle.cos() / (4 * k * k - 1) as f64;
                }
                let c = if j == 0 { 0.5 } else { 1.0 };
                let (sin, cos) = equiangular(2 * j, 2 * intervals);
                Node {
                    sin,
                    cos,
                    weight: c * sum / intervals as f64,
                }
            })
            .collect();
        Ok(Self::from_north(GridKind::Regular, nlat, nlon, &north))
    }

    /// Equiangular latitudes at cell centres, none on the poles; Fejer-1 weights.
    ///
    /// # Errors
    /// [`Error::Size`] when `nlat` or `nlon` is 0.
    pub fn regular_offset(nlat: usize, nlon: usize) -> Result<Self> {
        check_sizes(nlat, 1, nlon)?;
        let north: Vec<_> = (0..nlat.div_ceil(2))
            .map(|j| {
                let mut sum = 1.0;
                for k in 1..=nlat / 2 {
                    let angle = PI * ((k * (2 * j + 1)) % (2 * nlat)) as f64 / nlat as f64;
                    sum -= 2.0 * angle.cos() / (4 * k * k - 1) as f64;
                }
                let (sin, cos) = equiangular(2 * j + 1, 2 * nlat);
                Node {
                    sin,
                    cos,
                    weight: sum / nlat as f64,
                }
            })
            .collect();
        Ok(Self::from_north(
            GridKind::RegularOffset,
            nlat,
            nlon,
            &north,
        ))
    }

    /// The Gaussian grid on which quadratic products of fields of this truncation are free of
    /// aliasing: the smallest even `nlon >= 3 N + 1` of the form `2^a 3^b 5^c`, `nlat = nlon/2`
    /// (T42: 64 x 128, T106: 160 x 320, T341: 512 x 1024).
    ///
    /// # Errors
    /// [`Error::Size`] when the truncation is 0.
    pub fn for_truncation(truncation: usize) -> Result<Self> {
        if truncation == 0 {
            return Err(Error::Size {
                what: "truncation",
                expected: "at least 1".into(),
                found: truncation,
            });
        }
        let mut nlon = (3 * truncation + 1).next_multiple_of(2);
        while !is_smooth(nlon) {
            nlon += 2;
        }
        Self::gaussian(nlon / 2, nlon)
    }

    fn from_north(kind: GridKind, nlat: usize, nlon: usize, north: &[Node]) -> Self {
        let mut grid = Self {
            kind,
            latitudes: vec![0.0; nlat],
            sin_latitudes: vec![0.0; nlat],
            cos_latitudes: vec![0.0; nlat],
            longitudes: (0..nlon)
                .map(|i| 2.0 * PI * i as f64 / nlon as f64)
                .collect(),
            weights: vec![0.0; nlat],
        };
        for (j, node) in north.iter().enumerate() {
            let equator = 2 * j + 1 == nlat;
            let (sin, cos) = if equator {
                (0.0, 1.0)
            } else {
                (node.sin, node.cos)
            };
            for (row, sign) in [(nlat - 1 - j, -1.0), (j, 1.0)] {
                grid.sin_latitudes[row] = sign * sin;
                grid.cos_latitudes[row] = cos;
                grid.latitudes[row] = sign * sin.atan2(cos);
                grid.weights[row] = node.weight;
            }
        }
        grid
    }

    /// The family of latitudes.
    pub fn kind(&self) -> &GridKind {
        &self.kind
    }

    /// Number of latitudes.
    pub fn nlat(&self) -> usize {
        self.latitudes.len()
    }

    /// Number of longitudes.
    pub fn nlon(&self) -> usize {
        self.longitudes.len()
    }

    /// Latitudes in radians, north to south.
    pub fn latitudes(&self) -> &[f64] {
        &self.latitudes
    }

    /// Sine of the latitudes (`mu`).
    pub fn sin_latitudes(&self) -> &[f64] {
        &self.sin_latitudes
    }

    /// Cosine of the latitudes; exactly 0 on a pole.
    pub fn cos_latitudes(&self) -> &[f64] {
        &self.cos_latitudes
    }

    /// Longitudes in radians, eastward from 0.
    pub fn longitudes(&self) -> &[f64] {
        &self.longitudes
    }

    /// Quadrature weight of each latitude row; they sum to 1, so the weighted sum of zonal means
    /// is the mean over the sphere.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The largest truncation whose analysis is exact on this grid.
    pub fn max_truncation(&self) -> usize {
        let by_latitude = match self.kind {
            GridKind::Gaussian => self.nlat() - 1,
            GridKind::Regular | GridKind::RegularOffset => (self.nlat() - 1) / 2,
        };
        by_latitude.min((self.nlon() - 1) / 2)
    }

    /// Mean over the sphere of a field `[latitude][longitude]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the field does not have this grid's shape.
    pub fn mean(&self, field: ndarray::ArrayView2<f64>) -> Result<f64> {
        if field.dim() != (self.nlat(), self.nlon()) {
            return Err(Error::Shape {
                what: "field",
                expected: vec![self.nlat(), self.nlon()],
                found: field.shape().to_vec(),
            });
        }
        let rows = field.rows().into_iter().zip(&self.weights);
        Ok(rows.map(|(row, w)| w * row.sum()).sum::<f64>() / self.nlon() as f64)
    }
}

/// One latitude of the northern half.
struct Node {
    sin: f64,
    cos: f64,
    weight: f64,
}

fn check_sizes(nlat: usize, least_nlat: usize, nlon: usize) -> Result<()> {
    if nlat < least_nlat {
        return Err(Error::Size {
            what: "number of latitudes",
            expected: format!("at least {least_nlat}"),
            found: nlat,
        });
    }
    if nlon == 0 {
        return Err(Error::Size {
            what: "number of longitudes",
            expected: "at least 1".into(),
            found: nlon,
        });
    }
    Ok(())
}

fn is_smooth(mut n: usize) -> bool {
    for p in [2, 3, 5] {
        while n.is_multiple_of(p) {
            n /= p;
        }
    }
    n == 1
}

/// (cos, sin) of the colatitude `pi k / n` for `k <= n/2`, that is (sin, cos) of the latitude;
/// the argument is kept below pi/4, where both are accurate to the last digit.
fn equiangular(k: usize, n: usize) -> (f64, f64) {
    if 4 * k <= n {
        let theta = PI * k as f64 / n as f64;
        (theta.cos(), theta.sin())
    } else {
        let latitude = PI * (n - 2 * k) as f64 / (2 * n) as f64;
        (latitude.sin(), latitude.cos())
    }
}

/// Root `j` (from the north) of the Legendre polynomial of degree `n`, with its weight.
fn gauss_node(n: usize, j: usize) -> Node {
    if 2 * j + 1 == n {
        let (_, previous) = legendre_pair(n, DoubleDouble::from(0.0));
        let np = previous * (n as f64);
        return Node {
            sin: 0.0,
            cos: 1.0,
            weight: (DoubleDouble::from(1.0) / (np * np)).to_f64(),
        };
    }
    // Tricomi's start is right to about n^-4, so that four steps are more than enough.
    let theta = PI * (4 * j + 3) as f64 / (4 * n + 2) as f64;
    let nf = n as f64;
    let start = (1.0 - (nf - 1.0) / (8.0 * nf * nf * nf)) * theta.cos();
    let mut x = DoubleDouble::from(start);
    for _ in 0..5 {
        let (p, previous) = legendre_pair(n, x);
        // (1 - x^2) P' = n (P_{n-1} - x P_n)
        let slope = (previous - x * p) * nf / (DoubleDouble::from(1.0) - x * x);
        x = x - p / slope;
    }
    let (_, previous) = legendre_pair(n, x);
    let cos_squared = DoubleDouble::from(1.0) - x * x;
    let np = previous * nf;
    Node {
        sin: x.to_f64(),
        cos: cos_squared.sqrt().to_f64(),
        weight: (cos_squared / (np * np)).to_f64(),
    }
}

/// (P_n(x), P_{n-1}(x)) by the three-term recurrence.
fn legendre_pair(n: usize, x: DoubleDouble) -> (DoubleDouble, DoubleDouble) {
    let (mut previous, mut p) = (DoubleDouble::from(1.0), x);
    for k in 1..n {
        let next = (x * p * (2 * k + 1) as f64 - previous * k as f64) / (k + 1) as f64;
        (previous, p) = (p, next);
    }
    (p, previous)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(nlat: usize) -> [SphereGrid; 3] {
        [
            SphereGrid::gaussian(nlat, 8).unwrap(),
            SphereGrid::regular(nlat, 8).unwrap(),
            SphereGrid::regular_offset(nlat, 8).unwrap(),
        ]
    }

    #[test]
    fn monomials_are_integrated_exactly() {
        for nlat in [2, 3, 8, 15, 64, 181] {
            for grid in all(nlat) {
                let exact_to = match grid.kind() {
                    GridKind::Gaussian => 2 * nlat - 1,
                    _ => nlat - 1,
                };
                for degree in 0..=exact_to {
                    let sum: f64 = grid
                        .sin_latitudes()
                        .iter()
                        .zip(grid.weights())
                        .map(|(s, w)| w * s.powi(degree as i32))
                        .sum();
                    let exact = if degree % 2 == 0 {
                        1.0 / (degree as f64 + 1.0)
                    } else {
                        0.0
                    };
                    assert!(
                        (sum - exact).abs() < 4e-15,
                        "{:?} nlat {nlat} degree {degree}: {sum} {exact}",
                        grid.kind()
                    );
                }
            }
        }
    }

    #[test]
    fn known_gauss_nodes() {
        // Abramowitz and Stegun, table 25.4, n = 3 and n = 4.
        let three = SphereGrid::gaussian(3, 4).unwrap();
        assert!((three.sin_latitudes()[0] - 0.6f64.sqrt()).abs() < 1e-16);
        assert!((three.weights()[1] - 4.0 / 9.0).abs() < 1e-16);
        let four = SphereGrid::gaussian(4, 4).unwrap();
        assert!((four.sin_latitudes()[0] - 0.861_136_311_594_052_6).abs() < 2e-16);
        assert!((four.weights()[0] * 2.0 - 0.347_854_845_137_453_85).abs() < 2e-16);
    }

    #[test]
    fn rows_run_north_to_south_and_mirror() {
        for grid in all(16).into_iter().chain(all(17)) {
            let n = grid.nlat();
            assert!(grid.latitudes().windows(2).all(|p| p[0] > p[1]));
            for j in 0..n {
                assert_eq!(grid.sin_latitudes()[j], -grid.sin_latitudes()[n - 1 - j]);
                assert_eq!(grid.weights()[j], grid.weights()[n - 1 - j]);
            }
        }
        let regular = SphereGrid::regular(91, 180).unwrap();
        assert_eq!(regular.cos_latitudes()[0], 0.0);
        assert_eq!(regular.latitudes()[0], PI / 2.0);
        assert_eq!(regular.latitudes()[45], 0.0);
        assert_eq!(regular.max_truncation(), 45);
    }

    #[test]
    fn grids_of_the_usual_truncations() {
        for (truncation, nlat) in [
            (21, 32),
            (42, 64),
            (63, 96),
            (85, 128),
            (106, 160),
            (170, 256),
        ] {
            assert_eq!(SphereGrid::for_truncation(truncation).unwrap().nlat(), nlat);
        }
    }

    #[test]
    fn unusable_sizes_are_refused() {
        assert!(SphereGrid::gaussian(0, 4).is_err());
        assert!(SphereGrid::regular(1, 4).is_err());
        assert!(SphereGrid::regular_offset(4, 0).is_err());
        assert!(SphereGrid::for_truncation(0).is_err());
    }
}
