//! Exponential time differencing, Runge-Kutta of fourth order.
//!
//! For `y' = L y + N(y)` with a diagonal, real `L` (diffusion, drag, growth) the linear part is
//! exact and the nonlinear part is of fourth order, so the step is bounded by `N` alone (Cox and
//! Matthews, J. Comput. Phys. 176, 430-455, 2002; Kassam and Trefethen, SIAM J. Sci. Comput. 26,
//! 1214-1233, 2005). With `z = L dt` and `phi_k` as in [`phi`]:
//!
//! ```text
//! a = e^(z/2) y + dt/2 phi_1(z/2) N(y)        b = e^(z/2) y + dt/2 phi_1(z/2) N(a)
//! c = e^(z/2) a + dt/2 phi_1(z/2) (2 N(b) - N(y))
//! y <- e^z y + dt [ (phi_1 - 3 phi_2 + 4 phi_3) N(y) + (2 phi_2 - 4 phi_3)(N(a) + N(b))
//!                 + (4 phi_3 - phi_2) N(c) ]
//! ```

use super::Schedule;
use crate::{Error, Result};
use num_complex::Complex64;
use std::ops::ControlFlow;

/// `phi_1`, `phi_2` and `phi_3` of a real number: `phi_0 = e^z`,
/// `phi_k = (phi_(k-1) - 1/(k-1)!) / z`.
///
/// The recurrence loses digits as z goes to 0; there the Taylor series `sum z^j / (j + k)!` takes
/// over, so no contour integral is needed. Relative error below 1e-14 for z from -1e4 to 10.
pub fn phi(z: f64) -> [f64; 3] {
    if z.abs() > 1.0 {
        let first = z.exp_m1() / z;
        let second = (first - 1.0) / z;
        return [first, second, (second - 0.5) / z];
    }
    // 18 terms: 1/18! is below the round-off of the first
    let mut phi = [0.0; 3];
    for (k, value) in phi.iter_mut().enumerate() {
        let mut factor = (1..=18 + k).map(|j| j as f64).product::<f64>().recip();
        for j in (0..18).rev() {
            *value = *value * z + factor;
            factor *= (j + k + 1) as f64;
        }
    }
    phi
}

/// Coefficients and stages of a step; no allocation after construction.
#[derive(Clone, Debug)]
pub struct Etdrk4 {
    /// `e^z` and `e^(z/2)`.
    decay: Vec<[f64; 2]>,
    /// Weights of a half step, of `N(y)`, of `N(a) + N(b)` and of `N(c)`.
    weights: Vec<[f64; 4]>,
    first: Vec<Complex64>,
    stage: Vec<Complex64>,
    slope: Vec<Complex64>,
    sum: Vec<Complex64>,
    half: Vec<Complex64>,
}

impl Etdrk4 {
    /// For spectra with the growth rates `linear` (negative where damped) per coefficient, in 1/s,
    /// and a step in seconds.
    pub fn new(linear: &[f64], time_step: f64) -> Self {
        let dt = time_step;
        let zeros = || vec![Complex64::ZERO; linear.len()];
        let coefficients = linear.iter().map(|l| {
            let [p1, p2, p3] = phi(l * dt);
            let [half, _, _] = phi(0.5 * l * dt);
            (
                [(l * dt).exp(), (0.5 * l * dt).exp()],
                [
                    0.5 * dt * half,
                    dt * (p1 - 3.0 * p2 + 4.0 * p3),
                    dt * (2.0 * p2 - 4.0 * p3),
                    dt * (4.0 * p3 - p2),
                ],
            )
        });
        let (decay, weights) = coefficients.unzip();
        Self {
            decay,
            weights,
            first: zeros(),
            stage: zeros(),
            slope: zeros(),
            sum: zeros(),
            half: zeros(),
        }
    }

    /// Advances `state` by one step; `nonlinear(y, N)` evaluates `N`.
    ///
    /// # Panics
    /// When the state has another length than the rates.
    pub fn step(
        &mut self,
        state: &mut [Complex64],
        mut nonlinear: impl FnMut(&[Complex64], &mut [Complex64]),
    ) {
        assert_eq!(state.len(), self.decay.len(), "length of the state");
        let len = state.len();
        nonlinear(state, &mut self.first);
        for i in 0..len {
            let ([e, e2], [q, w1, ..]) = (self.decay[i], self.weights[i]);
            self.half[i] = state[i] * e2 + self.first[i] * q;
            self.sum[i] = state[i] * e + self.first[i] * w1;
        }
        nonlinear(&self.half, &mut self.slope);
        for i in 0..len {
            let ([_, e2], [q, _, w2, _]) = (self.decay[i], self.weights[i]);
            self.stage[i] = state[i] * e2 + self.slope[i] * q;
            self.sum[i] += self.slope[i] * w2;
        }
        nonlinear(&self.stage, &mut self.slope);
        for i in 0..len {
            let ([_, e2], [q, _, w2, _]) = (self.decay[i], self.weights[i]);
            self.sum[i] += self.slope[i] * w2;
            self.stage[i] = self.half[i] * e2 + (self.slope[i] * 2.0 - self.first[i]) * q;
        }
        nonlinear(&self.stage, &mut self.slope);
        for i in 0..len {
            state[i] = self.sum[i] + self.slope[i] * self.weights[i][3];
        }
    }
}

/// Takes the steps of a schedule from time 0. `observer` sees the time and the state at the start
/// and at every output, and may stop the run.
///
/// # Errors
/// [`Error::NotFinite`], naming `field`, at the first output that is not finite; whatever
/// `check` refuses at the start or at an output.
pub(crate) fn march(
    schedule: Schedule,
    state: &mut [Complex64],
    field: &'static str,
    mut step: impl FnMut(&mut [Complex64]),
    mut check: impl FnMut(&[Complex64]) -> Result<()>,
    mut observer: impl FnMut(f64, &[Complex64]) -> ControlFlow<()>,
) -> Result<()> {
    let interval = schedule.time_step * schedule.steps_per_output as f64;
    for output in 0..=schedule.outputs {
        if output > 0 {
            for _ in 0..schedule.steps_per_output {
                step(state);
            }
        }
        let time = output as f64 * interval;
        if !state.iter().all(|c| (c.re + c.im).is_finite()) {
            return Err(Error::NotFinite {
                field,
                time,
                step: output * schedule.steps_per_output,
            });
        }
        if output < schedule.outputs {
            check(state)?;
        }
        if observer(time, state).is_break() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against long Taylor series in the middle range and the closed forms far out.
    #[test]
    fn phi_functions_keep_their_digits() {
        let series = |z: f64, k: usize| {
            let mut term = (1..=k).map(|j| j as f64).product::<f64>().recip();
            let mut sum = 0.0;
            for j in 1..200 {
                sum += term;
                term *= z / (j + k) as f64;
            }
            sum
        };
        for z in [
            0.0, 1e-12, -1e-5, -0.01, 0.5, -0.999, -1.001, 1.5, -3.0, 2.5,
        ] {
            for (k, found) in phi(z).into_iter().enumerate() {
                let exact = series(z, k + 1);
                assert!(
                    (found / exact - 1.0).abs() < 5e-15,
                    "phi_{} of {z}: {found} against {exact}",
                    k + 1
                );
            }
        }
        let [p1, p2, p3] = phi(-1e4);
        assert!((p1 - 1e-4).abs() < 1e-18 && (p2 - (1.0 - 1e-4) * 1e-4).abs() < 1e-18);
        assert!((p3 - (0.5 - p2) * 1e-4).abs() < 1e-18);
    }

    /// `y' = -k y + y^2` has the solution `k / (1 + (k/y0 - 1) e^(k t))`.
    fn error(steps: usize, k: f64) -> f64 {
        let end = 2.0;
        let mut method = Etdrk4::new(&[-k], end / steps as f64);
        let start = 0.5 * k.max(1.0);
        let mut y = [Complex64::from(start)];
        for _ in 0..steps {
            method.step(&mut y, |y, n| n[0] = y[0] * y[0]);
        }
        let exact = k / (1.0 + (k / start - 1.0) * (k * end).exp());
        (y[0].re / exact - 1.0).abs()
    }

    #[test]
    fn fourth_order_with_soft_and_stiff_parts() {
        for k in [0.8, 3.0] {
            let order = (error(40, k) / error(80, k)).log2();
            println!("rate {k}: order {order:.3}");
            assert!((order - 4.0).abs() < 0.2, "rate {k}: order {order}");
        }
    }

    #[test]
    fn the_linear_part_is_exact_at_any_step() {
        let mut method = Etdrk4::new(&[-1e5, 0.3], 7.0);
        let mut y = [Complex64::ONE, Complex64::I];
        method.step(&mut y, |_, n| n.fill(Complex64::ZERO));
        assert_eq!(y[0].re, 0.0);
        assert!((y[1].im - 2.1f64.exp()).abs() < 1e-14);
    }
}
