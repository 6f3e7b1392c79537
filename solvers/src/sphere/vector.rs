//! Vector transforms: wind from vorticity and divergence and back, and the gradient.
//!
//! With `U = u cos(phi)`, `V = v cos(phi)`, streamfunction `psi` and velocity potential `chi`,
//!
//! ```text
//! a U = d chi/d lambda - cos(phi) d psi/d phi
//! a V = d psi/d lambda + cos(phi) d chi/d phi
//! cos(phi) d P_n/d phi = H_n = (n+1) eps_n P_{n-1} - n eps_{n+1} P_{n+1}
//! ```
//!
//! so U and V are scalar series up to degree N + 1, and the analysis of vorticity and divergence
//! needs, after integration by parts, only the scalar analysis of `u / cos(phi)` and
//! `v / cos(phi)` up to N + 1 (Temperton 1991, J. Comput. Phys. 96, 290-309; Bourke 1972, Mon.
//! Wea. Rev. 100, 683-689).
//!
//! On a pole `1/cos(phi)` has a limit: only order 1 contributes to a wind there, with
//! `P_n^1 / cos(phi) -> sqrt((2n+1) n (n+1)) / 2` in the north and `(-1)^(n+1)` times that in
//! the south.

use super::fourier::RowFactor;
use super::parallel::Shared;
use super::passes::{OrderCoefficients, PackBatch, write_through};
use super::transform::SphericalTransform;
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis, concatenate, s};
use num_complex::Complex64;

const I: Complex64 = Complex64::new(0.0, 1.0);

/// The coefficients `n = m..=N` of one order, read as 0 outside.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) m: usize,
    pub(crate) values: &'a [Complex64],
}

impl Order<'_> {
    #[inline(always)]
    pub(crate) fn at(&self, n: usize) -> Complex64 {
        match n.checked_sub(self.m) {
            Some(row) if row < self.values.len() => self.values[row],
            _ => Complex64::ZERO,
        }
    }
}

/// Factors that couple the degrees of one order.
#[derive(Clone, Copy)]
pub(crate) struct Coupling<'a> {
    pub(crate) m: usize,
    /// epsilon_n^m for n = m..
    pub(crate) epsilons: &'a [f64],
    /// 1/n for n = 0.., 0 for 0
    pub(crate) inverses: &'a [f64],
}

impl Coupling<'_> {
    #[inline(always)]
    fn epsilon(&self, n: usize) -> f64 {
        self.epsilons[n - self.m]
    }
}

/// Coefficients of degree `n` of `U` and `V` in units of `a`, from vorticity and divergence.
#[inline(always)]
pub(crate) fn wind_coefficients(
    coupling: Coupling,
    vorticity: Order,
    divergence: Order,
    n: usize,
) -> (Complex64, Complex64) {
    let inverse = coupling.inverses;
    let up = coupling.epsilon(n + 1) * inverse[n + 1];
    let (mut u, mut v) = (up * vorticity.at(n + 1), -up * divergence.at(n + 1));
    let turn = -I * (coupling.m as f64 * inverse[n] * inverse[n + 1]);
    u += turn * divergence.at(n);
    v += turn * vorticity.at(n);
    if n > 1 {
        // degree 0 has no streamfunction
        let down = coupling.epsilon(n) * inverse[n];
        u -= down * vorticity.at(n - 1);
        v += down * divergence.at(n - 1);
    }
    (u, v)
}

/// Coefficient of degree `n` of `cos(phi) d f/d phi`.
#[inline(always)]
pub(crate) fn meridional_derivative(coupling: Coupling, f: Order, n: usize) -> Complex64 {
    let up = (n + 2) as f64 * coupling.epsilon(n + 1);
    let mut sum = up * f.at(n + 1);
    if n > 1 {
        sum -= (n - 1) as f64 * coupling.epsilon(n) * f.at(n - 1);
    }
    sum
}

/// `(curl, divergence)` of degree `n`, times the radius, of a vector whose components over
/// cos(phi) have the coefficients in columns `east` and `north`.
#[inline(always)]
pub(crate) fn curl_divergence(
    coupling: Coupling,
    order: &OrderCoefficients,
    n: usize,
    [east, north]: [usize; 2],
) -> (Complex64, Complex64) {
    let m = coupling.m;
    let row = n - m;
    let turn = m as f64 * I;
    let mut curl = turn * order.get(row, north);
    let mut divergence = turn * order.get(row, east);
    if n > m {
        let down = (n + 1) as f64 * coupling.epsilon(n);
        curl += down * order.get(row - 1, east);
        divergence -= down * order.get(row - 1, north);
    }
    let up = n as f64 * coupling.epsilon(n + 1);
    curl -= up * order.get(row + 1, east);
    divergence += up * order.get(row + 1, north);
    (curl, divergence)
}

/// Limit of `P_n^1 / cos(phi)` at the north pole.
fn pole_limit(n: usize) -> f64 {
    0.5 * ((2 * n + 1) as f64 * (n * (n + 1)) as f64).sqrt()
}

impl SphericalTransform {
    /// Wind components (eastward, northward) in m/s, `[field][latitude][longitude]`, from
    /// vorticity and divergence in 1/s, `[field][coefficient]`, on a sphere of `radius` metres.
    ///
    /// The coefficients of degree 0 are not looked at: both fields have mean 0.
    ///
    /// # Panics
    /// When the shapes do not fit each other, the grid and the truncation.
    pub fn wind(
        &self,
        radius: f64,
        vorticity: ArrayView2<Complex64>,
        divergence: ArrayView2<Complex64>,
        u: ArrayViewMut3<f64>,
        v: ArrayViewMut3<f64>,
    ) {
        self.check(vorticity.dim(), u.dim());
        self.check(divergence.dim(), v.dim());
        let vorticity = vorticity.as_standard_layout();
        let divergence = divergence.as_standard_layout();
        for (mut out, eastward) in [(u, true), (v, false)] {
            let pack = |m: usize, first: usize, order: &mut OrderCoefficients| {
                for f in 0..order.fields {
                    let zeta = self.order(vorticity.view(), first + f, m);
                    let delta = self.order(divergence.view(), first + f, m);
                    for n in m..=self.truncation() + 1 {
                        let (east, north) = wind_coefficients(self.coupling(m), zeta, delta, n);
                        order.set(n - m, f, radius * if eastward { east } else { north });
                    }
                }
            };
            self.vector_synthesis(out.view_mut(), &pack);
        }
    }

    /// Gradient of scalars `[field][coefficient]` on a sphere of `radius` metres: derivatives
    /// per metre eastward and northward, `[field][latitude][longitude]`.
    ///
    /// # Panics
    /// When the shapes do not fit each other, the grid and the truncation.
    pub fn gradient(
        &self,
        radius: f64,
        spectra: ArrayView2<Complex64>,
        eastward: ArrayViewMut3<f64>,
        northward: ArrayViewMut3<f64>,
    ) {
        self.check(spectra.dim(), eastward.dim());
        self.check(spectra.dim(), northward.dim());
        let spectra = spectra.as_standard_layout();
        for (mut out, east) in [(eastward, true), (northward, false)] {
            let pack = |m: usize, first: usize, order: &mut OrderCoefficients| {
                for f in 0..order.fields {
                    let field = self.order(spectra.view(), first + f, m);
                    for n in m..=self.truncation() + 1 {
                        let value = if east {
                            m as f64 * I * field.at(n)
                        } else {
                            meridional_derivative(self.coupling(m), field, n)
                        };
                        order.set(n - m, f, value / radius);
                    }
                }
            };
            self.vector_synthesis(out.view_mut(), &pack);
        }
    }

    /// Vorticity and divergence in 1/s, `[field][coefficient]`, of winds in m/s,
    /// `[field][latitude][longitude]`, on a sphere of `radius` metres.
    ///
    /// # Panics
    /// When the shapes do not fit each other, the grid and the truncation.
    pub fn vorticity_divergence(
        &self,
        radius: f64,
        u: ArrayView3<f64>,
        v: ArrayView3<f64>,
        mut vorticity: ArrayViewMut2<Complex64>,
        mut divergence: ArrayViewMut2<Complex64>,
    ) {
        self.check(vorticity.dim(), u.dim());
        self.check(divergence.dim(), v.dim());
        let len = self.spectrum_len();
        let weights = self.grid().weights();
        let pole = weights[0] / self.grid().nlon() as f64;
        write_through(&mut vorticity, |zeta| {
            write_through(&mut divergence, |delta| {
                let (zeta, delta) = (Shared::new(zeta), Shared::new(delta));
                // one pair at a time, both components in one batch
                for f in 0..u.dim().0 {
                    let pair = [u.slice(s![f..=f, .., ..]), v.slice(s![f..=f, .., ..])];
                    let Ok(pair) = concatenate(Axis(0), &pair) else {
                        return;
                    };
                    let poles = self.has_poles().then(|| self.pole_waves(pair.view()));
                    self.analysis_with(
                        pair.view(),
                        RowFactor::InverseCos,
                        self.truncation() + 1,
                        &|m, _, order| {
                            if let (1, Some(poles)) = (m, &poles) {
                                for n in 1..=self.truncation() + 1 {
                                    let sign = if n % 2 == 1 { 1.0 } else { -1.0 };
                                    for (c, [north, south]) in poles.iter().enumerate() {
                                        let limit = pole * pole_limit(n);
                                        let more = limit * (north + sign * south);
                                        order.set(n - 1, c, order.get(n - 1, c) + more);
                                    }
                                }
                            }
                            let (at, rows) = (self.index(m, m), self.truncation() + 1 - m);
                            // SAFETY: orders and fields have disjoint coefficients.
                            let (zeta, delta) = unsafe {
                                (
                                    zeta.part(f * len + at, rows),
                                    delta.part(f * len + at, rows),
                                )
                            };
                            let coupling = self.coupling(m);
                            for row in 0..rows {
                                let (curl, div) = curl_divergence(coupling, order, m + row, [0, 1]);
                                zeta[row] = curl / radius;
                                delta[row] = div / radius;
                            }
                        },
                    );
                }
            });
        });
    }

    /// Whether the first and last rows lie on the poles.
    pub(crate) fn has_poles(&self) -> bool {
        self.grid().cos_latitudes()[0] == 0.0
    }

    /// The coefficients of one order of one field.
    pub(crate) fn order<'a>(
        &self,
        spectra: ArrayView2<'a, Complex64>,
        field: usize,
        m: usize,
    ) -> Order<'a> {
        let row = spectra.index_axis_move(Axis(0), field);
        let values = row.to_slice().unwrap_or_default();
        Order {
            m,
            values: &values[self.index(m, m)..][..self.truncation() + 1 - m],
        }
    }

    fn vector_synthesis(&self, mut out: ArrayViewMut3<f64>, pack: PackBatch) {
        let degree = self.truncation() + 1;
        self.synthesis_with(out.view_mut(), RowFactor::InverseCos, degree, pack);
        if !self.has_poles() || self.truncation() == 0 {
            return;
        }
        let mut values = vec![0.0; 2 * degree];
        for (f, mut field) in out.outer_iter_mut().enumerate() {
            let mut order = OrderCoefficients {
                values: &mut values,
                fields: 1,
            };
            pack(1, f, &mut order);
            let (mut north, mut south) = (Complex64::ZERO, Complex64::ZERO);
            for n in 1..=degree {
                let term = pole_limit(n) * order.get(n - 1, 0);
                north += term;
                south += if n % 2 == 1 { term } else { -term };
            }
            let last = self.grid().nlat() - 1;
            for (row, limit) in [(0, north), (last, south)] {
                for (value, &lambda) in field.row_mut(row).iter_mut().zip(self.grid().longitudes())
                {
                    *value = 2.0 * (limit * Complex64::cis(lambda)).re;
                }
            }
        }
    }

    /// `sum over longitude of f exp(-i lambda)` on both poles for each field.
    fn pole_waves(&self, fields: ArrayView3<f64>) -> Vec<[Complex64; 2]> {
        let wave = |row: ndarray::ArrayView1<f64>| {
            let pairs = row.into_iter().zip(self.grid().longitudes());
            pairs
                .map(|(&x, &lambda)| x * Complex64::cis(-lambda))
                .sum::<Complex64>()
        };
        let last = self.grid().nlat() - 1;
        fields
            .outer_iter()
            .map(|f| [wave(f.row(0)), wave(f.row(last))])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::SphereGrid;
    use ndarray::{Array2, Array3};

    fn grids() -> Vec<SphericalTransform> {
        [
            SphereGrid::gaussian(24, 48).unwrap(),
            SphereGrid::regular(33, 48).unwrap(),
            SphereGrid::regular_offset(34, 48).unwrap(),
        ]
        .into_iter()
        .map(|grid| SphericalTransform::new(grid, 15).unwrap())
        .collect()
    }

    fn field(transform: &SphericalTransform, f: impl Fn(f64, f64, f64) -> f64) -> Array3<f64> {
        let grid = transform.grid();
        Array3::from_shape_fn((1, grid.nlat(), grid.nlon()), |(_, j, i)| {
            f(
                grid.sin_latitudes()[j],
                grid.cos_latitudes()[j],
                grid.longitudes()[i],
            )
        })
    }

    fn analysed(transform: &SphericalTransform, f: &Array3<f64>) -> Array2<Complex64> {
        let mut spectra = Array2::zeros((1, transform.spectrum_len()));
        transform.analysis(f.view(), spectra.view_mut());
        spectra
    }

    fn largest(a: &Array3<f64>, b: &Array3<f64>) -> f64 {
        (a - b).iter().fold(0.0, |s, x| s.max(x.abs()))
    }

    /// Rotation about an axis in the plane of longitude 0, which blows across both poles:
    /// u = cos a cos(phi) + sin a sin(phi) cos(lambda), v = -sin a sin(lambda), vorticity
    /// 2 (cos a sin(phi) - sin a cos(phi) cos(lambda)).
    #[test]
    fn solid_body_rotation_about_a_tilted_axis() {
        let (sa, ca) = 0.7f64.sin_cos();
        for transform in grids() {
            let u = field(&transform, |s, c, l| ca * c + sa * s * l.cos());
            let v = field(&transform, |_, _, l| -sa * l.sin());
            let zeta = field(&transform, |s, c, l| 2.0 * (ca * s - sa * c * l.cos()));
            let zeta = analysed(&transform, &zeta);
            let zero = Array2::zeros(zeta.dim());
            let (mut u2, mut v2) = (u.clone(), v.clone());
            transform.wind(1.0, zeta.view(), zero.view(), u2.view_mut(), v2.view_mut());
            assert!(largest(&u, &u2) < 1e-14, "{:e}", largest(&u, &u2));
            assert!(largest(&v, &v2) < 1e-14);
            let (mut z, mut d) = (zeta.clone(), zeta.clone());
            transform.vorticity_divergence(1.0, u.view(), v.view(), z.view_mut(), d.view_mut());
            assert!((&z - &zeta).iter().all(|x| x.norm() < 1e-13));
            assert!(
                d.iter().all(|x| x.norm() < 1e-13),
                "{:?}",
                transform.grid().kind()
            );
        }
    }

    #[test]
    fn gradient_of_a_polynomial() {
        // f = x z^2 + y^3 with x = cos(phi) cos(lambda), y = cos(phi) sin(lambda), z = sin(phi)
        for transform in grids() {
            let f = field(&transform, |s, c, l| {
                c * l.cos() * s * s + (c * l.sin()).powi(3)
            });
            let east = field(&transform, |s, c, l| {
                -l.sin() * s * s + 3.0 * c * c * l.sin().powi(2) * l.cos()
            });
            let north = field(&transform, |s, c, l| {
                l.cos() * (2.0 * s * c * c - s * s * s) - 3.0 * c * c * s * l.sin().powi(3)
            });
            let (mut e, mut n) = (f.clone(), f.clone());
            let spectrum = analysed(&transform, &f);
            transform.gradient(2.0, spectrum.view(), e.view_mut(), n.view_mut());
            assert!(largest(&(2.0 * e), &east) < 2e-14);
            assert!(
                largest(&(2.0 * n), &north) < 2e-14,
                "{:?}",
                transform.grid().kind()
            );
        }
    }
}
