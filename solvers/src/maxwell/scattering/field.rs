//! The complex field of a scattering problem on its mesh, and between the mesh's points.

use ndarray::Array2;
use num_complex::Complex64;

/// Incident and scattered field along z, relative to the incident field at the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatteredField {
    /// Hz.
    pub frequency: f64,
    /// Time step in s.
    pub time_step: f64,
    /// Steps that the run took.
    pub steps: usize,
    /// Coordinates in m of the values along x, and along y: equally spaced.
    pub points: Vec<f64>,
    /// The wave as the mesh carries it, `[y, x]`.
    pub incident: Array2<Complex64>,
    /// What the bodies add to it, `[y, x]`.
    pub scattered: Array2<Complex64>,
}

impl ScatteredField {
    /// The scattered field at `targets x targets`, `[y, x]`, by cubic interpolation between the
    /// mesh's points, exact on them. Targets beyond the points are extrapolated.
    pub fn scattered_at(&self, targets: &[f64]) -> Array2<Complex64> {
        let stencils: Vec<(usize, [f64; 4])> = targets.iter().map(|&x| self.stencil(x)).collect();
        let n = targets.len();
        Array2::from_shape_fn([n, n], |(row, column)| {
            let ((j, v), (i, u)) = (stencils[row], stencils[column]);
            let mut sum = Complex64::default();
            for (b, v) in v.into_iter().enumerate().filter(|(_, v)| *v != 0.0) {
                for (a, u) in u.into_iter().enumerate().filter(|(_, u)| *u != 0.0) {
                    sum += u * v * self.scattered[[j + b, i + a]];
                }
            }
            sum
        })
    }

    /// First of four points round `x`, and Lagrange's weights of them.
    fn stencil(&self, x: f64) -> (usize, [f64; 4]) {
        let d = self.points[1] - self.points[0];
        let place = (x - self.points[0]) / d;
        let first = (place.floor() as isize - 1).clamp(0, self.points.len() as isize - 4);
        let mut t = place - first as f64;
        // on a point but for rounding
        if (t - t.round()).abs() < 1e-9 {
            t = t.round();
        }
        let weights = std::array::from_fn(|m| {
            (0..4)
                .filter(|&k| k != m)
                .map(|k| (t - k as f64) / (m as f64 - k as f64))
                .product()
        });
        (first as usize, weights)
    }
}
