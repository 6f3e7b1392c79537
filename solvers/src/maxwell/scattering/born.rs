//! The Born approximation: every part of a body scatters the incident wave as if it were alone.
//!
//! ```text
//! u_scattered(r) = k^2 int G(r - r') (eps_r(r') - 1) u_incident(r') dA',   G = -j/4 H0^(2)(k |r|)
//! ```
//!
//! for TM (M. Born and E. Wolf, Principles of Optics, 7th ed., section 13.1.2). Cells are replaced
//! by circles of equal area, over which the integral of G is known (J. H. Richmond, IEEE Trans.
//! Antennas Propag. 13, 334-341, 1965, eqs. 6 and 8); the sum over cells is a convolution, done by
//! FFT.

use crate::maxwell::analytic::bessel::{bessel_j, bessel_y};
use ndarray::{Array2, Axis};
use num_complex::Complex64;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::PI;
use std::sync::Arc;

/// The Born approximation on a square grid of `points x points`.
pub struct BornApproximation {
    points: usize,
    /// Transform of `k^2 G dA`, on twice as many points, `[y, x]`.
    kernel: Array2<Complex64>,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

impl std::fmt::Debug for BornApproximation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BornApproximation({} points)", self.points)
    }
}

impl BornApproximation {
    /// For `points x points` values, `spacing` m apart, and a wave number in rad/m above 0.
    pub fn new(points: usize, spacing: f64, wave_number: f64) -> Self {
        let padded = 2 * points;
        let mut planner = FftPlanner::new();
        let a = spacing / PI.sqrt();
        let x = wave_number * a;
        let hankel = |order: usize, x: f64| {
            let (j, y) = (bessel_j(order + 1, x), bessel_y(order + 1, x));
            Complex64::new(j[order], -y[order])
        };
        // -j/4 k^2 times the integral of H0 over a circle: round the point itself, and elsewhere
        let own = -Complex64::i() / 2.0 * (PI * x * hankel(1, x) - 2.0 * Complex64::i());
        let ring = -Complex64::i() / 2.0 * PI * x * bessel_j(1, x)[1];
        let wrapped = |i: usize| i.min(padded - i) as f64;
        let kernel = Array2::from_shape_fn([padded, padded], |(j, i)| match (j, i) {
            (0, 0) => own,
            _ => {
                let distance = wrapped(i).hypot(wrapped(j)) * spacing;
                ring * hankel(0, wave_number * distance)
            }
        });
        let mut own = Self {
            points,
            kernel,
            forward: planner.plan_fft_forward(padded),
            inverse: planner.plan_fft_inverse(padded),
        };
        let kernel = std::mem::take(&mut own.kernel);
        own.kernel = own.transform(kernel, &own.forward) / (padded * padded) as f64;
        own
    }

    /// The scattered field of relative permittivities in an incident field, all `[y, x]`; `None`
    /// when a shape is not the grid's.
    pub fn scattered(
        &self,
        permittivity: &Array2<f64>,
        incident: &Array2<Complex64>,
    ) -> Option<Array2<Complex64>> {
        let n = self.points;
        if permittivity.dim() != (n, n) || incident.dim() != (n, n) {
            return None;
        }
        let mut source = Array2::zeros([2 * n, 2 * n]);
        for ((at, eps), u) in permittivity.indexed_iter().zip(incident) {
            source[[at.0, at.1]] = (eps - 1.0) * u;
        }
        let spectrum = self.transform(source, &self.forward) * &self.kernel;
        let field = self.transform(spectrum, &self.inverse);
        Some(field.slice(ndarray::s![..n, ..n]).to_owned())
    }

    /// Both axes by one-dimensional transforms, without a factor.
    fn transform(
        &self,
        mut field: Array2<Complex64>,
        fft: &Arc<dyn Fft<f64>>,
    ) -> Array2<Complex64> {
        for axis in [1, 0] {
            for mut lane in field.lanes_mut(Axis(axis)) {
                let mut line = lane.to_vec();
                fft.process(&mut line);
                lane.assign(&ndarray::ArrayView1::from(&line));
            }
        }
        field
    }
}
