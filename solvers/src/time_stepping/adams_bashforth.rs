//! The Adams-Bashforth method of three steps, with an exact treatment of linear damping.
//!
//! For `y' = L y + N(y)` with a diagonal, real `L` the step is taken on `exp(-L t) y` (integrating
//! factor), `E = exp(L dt)`:
//!
//! ```text
//! y_(n+1) = E [y_n + dt (23 N_n - 16 E N_(n-1) + 5 E^2 N_(n-2)) / 12]
//! ```
//!
//! (D. R. Durran, Numerical Methods for Fluid Dynamics, 2nd ed., section 2.4.) One evaluation a step,
//! where Runge-Kutta methods of fourth order take four. It does not start itself: the first step is
//! Euler's, the second Adams-Bashforth's of second order, whose errors stay: over a long run they are
//! one error of second order that does not grow, against one of third order that does.

use num_complex::Complex64;

/// Coefficients and past slopes; no allocation after construction.
#[derive(Clone, Debug)]
pub struct AdamsBashforth3 {
    /// `E` per coefficient.
    decay: Vec<f64>,
    time_step: f64,
    /// Slopes of this and the two steps before, damped up to the present one.
    slopes: [Vec<Complex64>; 3],
    steps: usize,
}

impl AdamsBashforth3 {
    /// For spectra with the growth rates `linear` (negative where damped) per coefficient, in 1/s,
    /// and a step in seconds.
    pub fn new(linear: &[f64], time_step: f64) -> Self {
        Self {
            decay: linear.iter().map(|l| (l * time_step).exp()).collect(),
            time_step,
            slopes: std::array::from_fn(|_| vec![Complex64::ZERO; linear.len()]),
            steps: 0,
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
        let weights = match self.steps {
            0 => [1.0, 0.0, 0.0],
            1 => [1.5, -0.5, 0.0],
            _ => [23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
        };
        let [a, b, c] = weights.map(|w| w * self.time_step);
        self.steps += 1;
        self.slopes.rotate_right(1);
        let [now, before, first] = &mut self.slopes;
        nonlinear(state, now);
        for i in 0..state.len() {
            let decay = self.decay[i];
            state[i] = (state[i] + now[i] * a + before[i] * b + first[i] * c) * decay;
            now[i] *= decay;
            before[i] *= decay;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y' = -k y + y^2` from its exact values at the first three times, against
    /// `k / (1 + (k/y0 - 1) e^(k t))`.
    fn error(steps: usize, k: f64) -> f64 {
        let (end, start) = (2.0, 0.5 * k);
        let dt = end / steps as f64;
        let exact = |t: f64| Complex64::from(k / (1.0 + (k / start - 1.0) * (k * t).exp()));
        let mut method = AdamsBashforth3::new(&[-k], dt);
        for step in 0..2 {
            method.step(&mut [exact(step as f64 * dt)], |y, n| n[0] = y[0] * y[0]);
        }
        let mut y = [exact(2.0 * dt)];
        for _ in 2..steps {
            method.step(&mut y, |y, n| n[0] = y[0] * y[0]);
        }
        (y[0] / exact(end) - 1.0).norm()
    }

    #[test]
    fn third_order_with_and_without_damping() {
        for k in [0.1, 0.8, 2.0] {
            let order = (error(80, k) / error(160, k)).log2();
            println!("rate {k}: order {order:.3}");
            assert!((order - 3.0).abs() < 0.2, "rate {k}: order {order}");
        }
    }

    #[test]
    fn the_linear_part_is_exact_at_any_step() {
        let mut method = AdamsBashforth3::new(&[-1e5, 0.3], 7.0);
        let mut y = [Complex64::ONE, Complex64::I];
        method.step(&mut y, |_, n| n.fill(Complex64::ZERO));
        assert_eq!(y[0].re, 0.0);
        assert!((y[1].im - 2.1f64.exp()).abs() < 1e-14);
    }
}
