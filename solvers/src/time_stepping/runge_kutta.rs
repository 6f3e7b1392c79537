//! The classical fourth-order Runge-Kutta step, with an exact treatment of linear damping.
//!
//! For `y' = N(y) - d y` with a constant rate `d >= 0` per coefficient the step is taken on
//! `exp(d t) y` (integrating factor; Cox and Matthews 2002, J. Comput. Phys. 176, 430-455,
//! section 2). With `E = exp(-d dt/2)`:
//!
//! ```text
//! k1 = N(y)                    k3 = N(E y + dt/2 k2)
//! k2 = N(E (y + dt/2 k1))      k4 = N(E^2 y + dt E k3)
//! y <- E^2 y + dt/6 (E^2 k1 + 2 E (k2 + k3) + k4)
//! ```
//!
//! Damping of any strength is stable and costs no accuracy as long as `N` does not hold against
//! it; without damping this is the textbook method.

use num_complex::Complex64;

/// Stages of a step for a state of `K` spectra; no allocation after construction.
#[derive(Clone, Debug)]
pub struct RungeKutta4<const K: usize> {
    slope: [Vec<Complex64>; K],
    stage: [Vec<Complex64>; K],
    sum: [Vec<Complex64>; K],
    /// exp(-d dt/2) per coefficient; empty without damping.
    half_decay: [Vec<f64>; K],
    time_step: f64,
}

impl<const K: usize> RungeKutta4<K> {
    /// For spectra of `len` coefficients and a step in seconds. `damping` holds the rate in 1/s
    /// of each coefficient of each spectrum; an empty vector stands for none.
    ///
    /// # Panics
    /// When a damping vector has neither `len` values nor none.
    pub fn new(len: usize, time_step: f64, damping: [Vec<f64>; K]) -> Self {
        let zeros = || std::array::from_fn(|_| vec![Complex64::ZERO; len]);
        let half_decay = damping.map(|rates| {
            assert!(
                rates.is_empty() || rates.len() == len,
                "length of the damping rates"
            );
            rates.iter().map(|d| (-0.5 * d * time_step).exp()).collect()
        });
        Self {
            slope: zeros(),
            stage: zeros(),
            sum: zeros(),
            half_decay,
            time_step,
        }
    }

    /// The same method with a step that is `parts` times shorter.
    pub fn subdivided(&self, parts: usize) -> Self {
        let mut fine = self.clone();
        fine.time_step /= parts as f64;
        for decay in fine.half_decay.iter_mut().flatten() {
            *decay = decay.powf(1.0 / parts as f64);
        }
        fine
    }

    /// Advances `state` by one step; `tendency(y, dy/dt)` evaluates `N`.
    pub fn step(
        &mut self,
        state: [&mut [Complex64]; K],
        mut tendency: impl FnMut([&[Complex64]; K], [&mut [Complex64]; K]),
    ) {
        let dt = self.time_step;
        tendency(
            state.each_ref().map(|s| &**s),
            self.slope.each_mut().map(|s| &mut s[..]),
        );
        for f in 0..K {
            let (sum, stage, slope) = (&mut self.sum[f], &mut self.stage[f], &self.slope[f]);
            let decay = &self.half_decay[f];
            for i in 0..slope.len() {
                let (y, k) = (state[f][i], slope[i]);
                let e = decay.get(i).copied().unwrap_or(1.0);
                sum[i] = (y + k * (dt / 6.0)) * (e * e);
                stage[i] = (y + k * (0.5 * dt)) * e;
            }
        }
        // the second and third stage differ only in how far the third reaches
        for (reach, of_decay) in [(0.5, false), (1.0, true)] {
            tendency(
                self.stage.each_ref().map(|s| &s[..]),
                self.slope.each_mut().map(|s| &mut s[..]),
            );
            for f in 0..K {
                let (sum, stage, slope) = (&mut self.sum[f], &mut self.stage[f], &self.slope[f]);
                let decay = &self.half_decay[f];
                for i in 0..slope.len() {
                    let (y, k) = (state[f][i], slope[i]);
                    let e = decay.get(i).copied().unwrap_or(1.0);
                    sum[i] += k * (e * dt / 3.0);
                    let step = k * (reach * dt);
                    stage[i] = if of_decay {
                        (y * e + step) * e
                    } else {
                        y * e + step
                    };
                }
            }
        }
        tendency(
            self.stage.each_ref().map(|s| &s[..]),
            self.slope.each_mut().map(|s| &mut s[..]),
        );
        for f in 0..K {
            for ((y, sum), k) in state[f].iter_mut().zip(&self.sum[f]).zip(&self.slope[f]) {
                *y = sum + k * (dt / 6.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// y' = i w y + f(t) - d y is linear; here the forced, damped oscillator
    /// y' = i w y - d y + 1, whose solution is known.
    fn error(steps: usize, damping: f64) -> f64 {
        let (w, end) = (2.0, 3.0);
        let rate = Complex64::new(-damping, w);
        let mut solver = RungeKutta4::new(1, end / steps as f64, [vec![damping]]);
        let mut y = vec![Complex64::new(1.0, 0.0)];
        for _ in 0..steps {
            solver.step([&mut y], |[y], [k]| {
                k[0] = y[0] * Complex64::new(0.0, w) + 1.0
            });
        }
        let exact = (1.0 + 1.0 / rate) * (rate * end).exp() - 1.0 / rate;
        (y[0] - exact).norm()
    }

    #[test]
    fn fourth_order_with_and_without_damping() {
        for damping in [0.0, 0.7, 4.0] {
            let order = (error(40, damping) / error(80, damping)).log2();
            assert!(
                (order - 4.0).abs() < 0.15,
                "damping {damping}: order {order}"
            );
        }
    }

    #[test]
    fn any_damping_is_stable() {
        // (what is forced does not find its exact balance when dt d is large: the damping has to
        // act on a variable that decays to 0)
        let mut solver = RungeKutta4::new(1, 0.3, [vec![1e6]]);
        let mut y = vec![Complex64::new(1.0, 0.0)];
        solver.step([&mut y], |[y], [k]| k[0] = y[0] * Complex64::new(0.0, 2.0));
        assert!(y[0].norm() < 0.1);
    }
}
