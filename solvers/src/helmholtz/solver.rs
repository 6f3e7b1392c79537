//! The direct solver.

use super::Helmholtz;
use super::dissection::{self, Factors};
use super::five_point::FivePoint;
use crate::{Error, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, s};
use num_complex::Complex64;

/// Steps of refinement at most, and the residual relative to `|A| |u| + |b|` that one more is worth,
/// and that is good enough.
const REFINEMENTS: usize = 4;
const SHARP: f64 = 1e-15;
const TOLERANCE: f64 = 1e-11;
/// `|A| |u| / |b|` beyond which u is rounding.
const AMPLIFICATION: f64 = 1e13;

/// The equation in one medium, factorised once for any number of sources.
#[derive(Clone, Debug)]
pub struct Solver {
    equation: Helmholtz,
    permittivity: Array2<Complex64>,
    matrix: FivePoint,
    norm: f64,
    /// `s_x s_y d^2` at the inner points, by which the source is multiplied.
    measure: Vec<Complex64>,
    factors: Factors,
}

impl Solver {
    /// With relative permittivities `[y][x]` at the crossings of the lines ([`Helmholtz::shape`]):
    /// where media meet, the mean over the cell round the point, which keeps the second order.
    ///
    /// # Errors
    /// As [`Helmholtz::validated`]; [`Error::Shape`]; [`Error::Parameter`] for a permittivity that is
    /// not finite, or with a positive imaginary part, which under exp(+j omega t) is no loss;
    /// [`Error::Memory`]; [`Error::Model`] when the matrix is singular: at a resonance of a closed,
    /// lossless box.
    pub fn new(equation: Helmholtz, permittivity: ArrayView2<Complex64>) -> Result<Self> {
        let equation = equation.validated()?;
        check_shape(&equation, "permittivity", permittivity.shape())?;
        for eps in permittivity {
            for (name, value, good, expected) in [
                (
                    "permittivity",
                    eps.re,
                    eps.re.is_finite(),
                    "a finite number",
                ),
                (
                    "imaginary part of the permittivity",
                    eps.im,
                    eps.im <= 0.0 && eps.im.is_finite(),
                    "0, or below 0 with loss, as exp(+j omega t) has it",
                ),
            ] {
                if !good {
                    return Err(Error::Parameter {
                        name,
                        value,
                        expected,
                    });
                }
            }
        }
        let [height, width] = equation.shape();
        let needed = dissection::bytes([height - 2, width - 2]);
        crate::memory::fits("the factors of a Helmholtz equation", needed)?;
        let (x, y) = (equation.stretch(0), equation.stretch(1));
        let square = (equation.wave_number * equation.spacing).powi(2);
        let weight = |j: usize, i: usize| permittivity[[j + 1, i + 1]] * square;
        let matrix = FivePoint::new(&x, &y, weight);
        let factors = Factors::new(&matrix).ok_or_else(|| resonance(&equation))?;
        let area = equation.spacing.powi(2);
        let measure = (0..matrix.len())
            .map(|p| x.lines[p % matrix.columns + 1] * y.lines[p / matrix.columns + 1] * area)
            .collect();
        Ok(Self {
            permittivity: permittivity.to_owned(),
            norm: matrix.norm(),
            equation,
            matrix,
            measure,
            factors,
        })
    }

    /// The equation.
    pub fn equation(&self) -> &Helmholtz {
        &self.equation
    }

    /// The relative permittivities `[y][x]`.
    pub fn permittivity(&self) -> &Array2<Complex64> {
        &self.permittivity
    }

    /// The field `[y][x]` of a source density `[y][x]` in units of the field per m^2: for E along z
    /// in V/m `j omega mu_0 J`. What is on the outermost lines does not count; a line source is its
    /// strength over the area of a cell at one point.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Parameter`] for a source that is not finite; [`Error::Model`] at a
    /// resonance, as in [`Self::new`]; [`Error::NoConvergence`] when rounding spoils the solution.
    pub fn solve(&self, source: ArrayView2<Complex64>) -> Result<Array2<Complex64>> {
        self.check_shape("source", source.shape())?;
        let [height, width] = self.equation.shape();
        let inner = source.slice(s![1..height - 1, 1..width - 1]);
        let both = inner.iter().zip(&self.measure);
        let right: Vec<Complex64> = both.map(|(f, m)| f * m).collect();
        if let Some(value) = right.iter().find(|f| !f.is_finite()) {
            return Err(Error::Parameter {
                name: "source density",
                value: value.norm(),
                expected: "finite numbers",
            });
        }
        let values = self.refined(&right)?;
        let mut field = Array2::zeros([height, width]);
        let mut inner = field.slice_mut(s![1..height - 1, 1..width - 1]);
        for (to, value) in inner.iter_mut().zip(values) {
            *to = value;
        }
        Ok(field)
    }

    /// The fields `[source][y][x]` of many sources, side by side.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn solve_many(&self, sources: ArrayView3<Complex64>) -> Result<Array3<Complex64>> {
        let mut fields = Array3::zeros(sources.raw_dim());
        fields
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(sources.axis_iter(Axis(0)))
            .try_for_each(|(mut field, source)| {
                field.assign(&self.solve(source)?);
                Ok(())
            })?;
        Ok(fields)
    }

    /// Solution by the factors, refined with the residual of the matrix (N. J. Higham, Accuracy and
    /// Stability of Numerical Algorithms, 2nd ed., section 12.1).
    fn refined(&self, right: &[Complex64]) -> Result<Vec<Complex64>> {
        let largest = |values: &[Complex64]| values.iter().fold(0.0f64, |s, v| s.max(v.norm()));
        let size = largest(right);
        let mut field = right.to_vec();
        self.factors.solve(&mut field);
        let mut residual = f64::INFINITY;
        for iterations in 0..=REFINEMENTS {
            let mut left = self.matrix.residual(&field, right);
            let scale = self.norm * largest(&field) + size;
            let relative = largest(&left) / scale.max(f64::MIN_POSITIVE);
            let stuck = relative > 0.5 * residual || iterations == REFINEMENTS;
            if relative <= SHARP || (stuck && relative <= TOLERANCE) {
                return match scale > AMPLIFICATION * size {
                    true => Err(resonance(&self.equation)),
                    false => Ok(field),
                };
            }
            residual = relative;
            if stuck {
                break;
            }
            self.factors.solve(&mut left);
            field.iter_mut().zip(&left).for_each(|(u, e)| *u += e);
        }
        Err(Error::NoConvergence {
            what: "refinement of a solution of the Helmholtz equation",
            iterations: REFINEMENTS,
            residual,
            tolerance: TOLERANCE,
        })
    }

    pub(super) fn check_shape(&self, what: &'static str, found: &[usize]) -> Result<()> {
        check_shape(&self.equation, what, found)
    }
}

fn resonance(equation: &Helmholtz) -> Error {
    Error::Model {
        item: "wave number of the Helmholtz equation".into(),
        expected: "one that is no resonance of the box".into(),
        found: format!("{} rad/m, with a singular matrix", equation.wave_number),
    }
}

fn check_shape(equation: &Helmholtz, what: &'static str, found: &[usize]) -> Result<()> {
    let expected = equation.shape();
    match found == expected {
        true => Ok(()),
        false => Err(Error::Shape {
            what,
            expected: expected.to_vec(),
            found: found.to_vec(),
        }),
    }
}
