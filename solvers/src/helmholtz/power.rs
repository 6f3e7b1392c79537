//! Power that leaves a box of points, and where it comes from and goes to.
//!
//! The imaginary part of `u* (laplacian u + k^2 eps_r u - f)`, summed over the points of a box, is
//! Poynting's theorem of the scheme itself, exact but for rounding: with u_out the value across each
//! link that leaves the box,
//!
//! ```text
//! - sum Im(u* u_out)  =  d^2 sum Im(u f*)  +  (k d)^2 sum Im(eps_r) |u|^2
//!       outward      =      supplied      -        absorbed
//! ```
//!
//! Of E along z in V/m (peak) these sums over `2 omega mu_0` are powers in W per metre of z.

use super::Solver;
use crate::maxwell::constants::VACUUM_IMPEDANCE;
use crate::{Error, Result};
use ndarray::ArrayView2;
use num_complex::Complex64;
use std::ops::Range;

/// Powers of a box in W/m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// Leaves through the sides.
    pub outward: f64,
    /// Becomes heat.
    pub absorbed: f64,
}

impl Solver {
    /// The power that leaves a box of lines along x and y, and that its media absorb, of a field
    /// `[y][x]` in V/m. What sources in the box supply is their sum.
    ///
    /// # Errors
    /// [`Error::Shape`] for a field of another grid; [`Error::Model`] for a box that is empty or
    /// reaches into a layer or to the outermost lines.
    pub fn power(&self, field: ArrayView2<Complex64>, [x, y]: [Range<usize>; 2]) -> Result<Power> {
        let equation = self.equation();
        self.check_shape("field", field.shape())?;
        let [height, width] = equation.shape();
        let inside = |range: &Range<usize>, len: usize| {
            !range.is_empty() && range.start > 0 && range.end < len
        };
        let free = inside(&x, width)
            && inside(&y, height)
            && equation.is_free(y.start, x.start)
            && equation.is_free(y.end - 1, x.end - 1);
        if !free {
            return Err(Error::Model {
                item: "box of a power".into(),
                expected: "lines inside the walls and layers".into(),
                found: format!("{x:?} along x and {y:?} along y"),
            });
        }
        let link = |from: [usize; 2], to: [usize; 2]| -(field[from].conj() * field[to]).im;
        let mut outward = 0.0;
        for j in y.clone() {
            outward += link([j, x.start], [j, x.start - 1]) + link([j, x.end - 1], [j, x.end]);
        }
        for i in x.clone() {
            outward += link([y.start, i], [y.start - 1, i]) + link([y.end - 1, i], [y.end, i]);
        }
        let square = (equation.wave_number * equation.spacing).powi(2);
        let mut absorbed = 0.0;
        for j in y {
            for i in x.clone() {
                absorbed -= square * self.permittivity()[[j, i]].im * field[[j, i]].norm_sqr();
            }
        }
        let watts = 0.5 / (equation.wave_number * VACUUM_IMPEDANCE);
        Ok(Power {
            outward: outward * watts,
            absorbed: absorbed * watts,
        })
    }
}
