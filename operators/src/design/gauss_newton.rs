//! Least squares of response surfaces: all designs, frequencies and numbers at once.
//!
//! The numbers of design `x` are `p = C^T t(x)` with the terms `t` of a polynomial. With the
//! residuals `r_d` of a design, in units of its response, and their Jacobian `J_d` by its numbers,
//!
//! ```text
//! minimise  1/D sum_d |r_d|^2 + sum_t ridge_t |C_t - C0_t|^2
//! (1/D sum_d (t_d t_d^T) (x) (J_d^T J_d) + ridge + mu diag) step = -gradient
//! ```
//!
//! The Kronecker product makes the normal equations cheap: frequencies enter through the small
//! `J_d^T J_d` alone. The damping `mu` is Marquardt's (J. SIAM 11, 1963): a descent method that
//! becomes Newton's where the residuals are small, and reaches in tens of steps what stochastic
//! gradients do not reach in thousands.

use super::objective::Curves;
use super::resonance::{LEAST_POWER, Resonances};
use crate::loss::LossKind;
use crate::normal_equations::damped_step;
use ndarray::{Array1, Array2};
use num_complex::Complex64;

/// A fit of the surfaces to some designs at some frequencies.
pub(super) struct LeastSquares<'a> {
    /// Sweep.
    pub curves: &'a Curves,
    /// The rational function.
    pub shape: Resonances,
    /// Indices of designs.
    pub designs: &'a [usize],
    /// Indices of frequencies.
    pub points: &'a [usize],
    /// Terms of each design, `[design, term]`.
    pub terms: Array2<f64>,
    /// Penalty of the terms, `[term]`.
    pub ridge: Vec<f64>,
    /// Where the penalty pulls the first term; the others are pulled to 0.
    pub anchor: &'a [f64],
    /// Squared response of each design that its squared error is divided by; see [`norms`].
    pub norms: Vec<f64>,
}

/// Damping at the start, least and factors of change.
const DAMPING: (f64, f64, f64, f64) = (1e-2, 1e-9, 0.2, 4.0);
/// Damping of a coefficient that nothing depends on, in units of a cost of 1.
const FLOOR: f64 = 1e-6;
/// Largest change of a coefficient in a step.
const LONGEST_STEP: f64 = 2.0;
/// Keeps a response of 0 from dividing by zero.
const LEAST_NORM: f64 = 1e-12;

impl LeastSquares<'_> {
    /// Improves coefficients `[term, number]` until three steps in a row gain less than
    /// `tolerance` of the cost, at most `steps` of them.
    pub fn minimise(&self, mut at: Array2<f64>, steps: usize, tolerance: f64) -> Array2<f64> {
        let mut cost = self.cost(&at);
        let (mut damping, least, down, up) = DAMPING;
        let mut idle = 0;
        for _ in 0..steps {
            let (normal, gradient) = self.normal_equations(&at);
            let mut gained = None;
            for _ in 0..12 {
                let trial = damped_step(&normal, &gradient, damping, FLOOR).map(|step| {
                    let longest = step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
                    let scale = (LONGEST_STEP / longest).min(1.0);
                    let trial = &at - &(step * scale);
                    (self.cost(&trial), trial)
                });
                // Not a number is no gain either.
                if let Some((new, trial)) = trial
                    && new < cost
                {
                    gained = Some((cost - new) / cost);
                    (cost, at) = (new, trial);
                    damping = (damping * down).max(least);
                    break;
                }
                damping *= up;
            }
            match gained {
                None => break,
                Some(gain) if gain < tolerance => idle += 1,
                Some(_) => idle = 0,
            }
            if idle == 3 {
                break;
            }
        }
        at
    }

    /// Sum of squares over the designs in units of their responses, by which an error is relative.
    pub fn squares(&self, coefficients: &Array2<f64>) -> (f64, f64) {
        let mut sums = (0.0, 0.0);
        for design in 0..self.designs.len() {
            let norm = self.norms[design];
            sums.0 += norm * self.residuals(design, coefficients, None);
            sums.1 += norm;
        }
        sums
    }

    fn cost(&self, coefficients: &Array2<f64>) -> f64 {
        let count = self.designs.len() as f64;
        let sum: f64 = (0..self.designs.len())
            .map(|design| self.residuals(design, coefficients, None))
            .sum();
        let away = self.away(coefficients);
        let rows = away.rows().into_iter().zip(&self.ridge);
        sum / count + rows.map(|(row, ridge)| ridge * row.dot(&row)).sum::<f64>()
    }

    fn away(&self, coefficients: &Array2<f64>) -> Array2<f64> {
        let mut away = coefficients.clone();
        let mut first = away.row_mut(0);
        first.iter_mut().zip(self.anchor).for_each(|(c, a)| *c -= a);
        away
    }

    /// Lower half of the normal matrix and the gradient, unknowns ordered `[term, number]`.
    fn normal_equations(&self, coefficients: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
        let (terms, outputs) = coefficients.dim();
        let unknowns = terms * outputs;
        let count = self.designs.len() as f64;
        let mut normal = Array2::<f64>::zeros((unknowns, unknowns));
        let mut gradient = Array2::<f64>::zeros((terms, outputs));
        for design in 0..self.designs.len() {
            let mut system = System::default();
            self.residuals(design, coefficients, Some(&mut system));
            let gram = system.slopes.t().dot(&system.slopes) / count;
            let slope = system.slopes.t().dot(&system.residuals) / count;
            let t = self.terms.row(design);
            for a in 0..terms {
                gradient.row_mut(a).scaled_add(t[a], &slope);
                for p in 0..outputs {
                    let mut row = normal.row_mut(a * outputs + p);
                    let row = row.as_slice_mut().unwrap_or_default();
                    for (b, row) in row.chunks_exact_mut(outputs).take(a + 1).enumerate() {
                        let weight = t[a] * t[b];
                        row.iter_mut()
                            .zip(gram.row(p))
                            .for_each(|(sum, g)| *sum += weight * g);
                    }
                }
            }
        }
        let away = self.away(coefficients);
        for (a, ridge) in self.ridge.iter().enumerate() {
            gradient.row_mut(a).scaled_add(*ridge, &away.row(a));
            for i in a * outputs..(a + 1) * outputs {
                normal[[i, i]] += ridge;
            }
        }
        (normal, gradient)
    }

    /// Sum of squared residuals of a design, in units of its norm; with their derivatives by its
    /// numbers where these are asked for.
    fn residuals(
        &self,
        design: usize,
        coefficients: &Array2<f64>,
        mut system: Option<&mut System>,
    ) -> f64 {
        let numbers: Array1<f64> = coefficients.t().dot(&self.terms.row(design));
        let numbers = numbers.to_vec();
        let evaluated = self.shape.at(&numbers);
        let (pairs, outputs) = (self.shape.pairs, numbers.len());
        let (points, all) = (self.points.len(), self.curves.frequencies.len());
        let target = &self.curves.values[self.designs[design]];
        let scale = self.norms[design].sqrt().recip();
        let parts = if self.curves.complex { 2 } else { 1 };
        let mut s = vec![Complex64::ZERO; pairs];
        let mut slopes = Vec::new();
        if let Some(system) = &mut system {
            slopes = vec![Complex64::ZERO; pairs * outputs];
            system.slopes = Array2::zeros((parts * pairs * points, outputs));
            system.residuals = Array1::zeros(parts * pairs * points);
        }
        let mut sum = 0.0;
        let mut put = |at: usize, value: f64, slopes: &[Complex64], by: Complex64| {
            let value = value * scale;
            sum += value * value;
            if let Some(system) = &mut system {
                system.residuals[at] = value;
                // The real part of conj(by) ds.
                let mut row = system.slopes.row_mut(at);
                let row = row.as_slice_mut().unwrap_or_default();
                for (to, slope) in row.iter_mut().zip(slopes) {
                    *to = (slope.re * by.re + slope.im * by.im) * scale;
                }
            }
        };
        for (n, &point) in self.points.iter().enumerate() {
            let frequency = f64::from(self.curves.frequencies[point]);
            evaluated.response(frequency, &mut s, &mut slopes);
            for (pair, value) in s.iter().enumerate() {
                let slopes = match slopes.is_empty() {
                    true => &[][..],
                    false => &slopes[pair * outputs..(pair + 1) * outputs],
                };
                let wanted = |part: usize| f64::from(target[(part * pairs + pair) * all + point]);
                let at = |part: usize| (part * pairs + pair) * points + n;
                if self.curves.complex {
                    put(at(0), value.re - wanted(0), slopes, Complex64::ONE);
                    put(at(1), value.im - wanted(1), slopes, Complex64::I);
                } else {
                    let power = value.norm_sqr() + LEAST_POWER;
                    let by = value * (20.0 / std::f64::consts::LN_10 / power);
                    put(at(0), 10.0 * power.log10() - wanted(0), slopes, by);
                }
            }
        }
        sum
    }
}

/// Square of the response of each design at the points; for a mean square error the mean of them.
pub(super) fn norms(
    curves: &Curves,
    designs: &[usize],
    points: &[usize],
    loss: LossKind,
) -> Vec<f64> {
    let norm = |design: &usize| {
        let curves = curves.values[*design].chunks(curves.frequencies.len());
        let values = curves.flat_map(|curve| points.iter().map(|&f| f64::from(curve[f])));
        values.map(|v| v * v).sum::<f64>().max(LEAST_NORM)
    };
    let norms: Vec<f64> = designs.iter().map(norm).collect();
    match loss {
        // the others are of fields, and refused
        LossKind::RelativeL2 | LossKind::RelativeH1 | LossKind::Spectral => norms,
        LossKind::Mse => {
            let mean = norms.iter().sum::<f64>() / norms.len().max(1) as f64;
            vec![mean; norms.len()]
        }
    }
}

/// Residuals `[n]` of a design and their derivatives `[n, number]`.
#[derive(Default)]
struct System {
    residuals: Array1<f64>,
    slopes: Array2<f64>,
}
