//! A pulse that meets the plane between two media at right angles.
//!
//! With `xi = x - x_0`, speeds `c = c_0 / sqrt(eps_r mu_r)`, impedances `eta = eta_0 sqrt(mu_r /
//! eps_r)` and a pulse f that comes from the low side, d'Alembert's solution and what is continuous
//! at the plane (C. A. Balanis, Advanced Engineering Electromagnetics, 2nd ed., section 5.2) give
//!
//! ```text
//! r = (eta_2 - eta_1) / (eta_2 + eta_1)
//! xi < 0:  Ez = f(t - xi/c_1) + r f(t + xi/c_1)    Hy = (-f(t - xi/c_1) + r f(t + xi/c_1)) / eta_1
//! xi > 0:  Ez = (1 + r) f(t - xi/c_2)              Hy = -(1 + r) f(t - xi/c_2) / eta_2
//! ```

use crate::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};

/// Two media without loss, of relative permittivities and permeabilities on the low and the high
/// side of a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interface {
    /// Where the plane crosses the x axis, in m.
    pub position: f64,
    /// Relative permittivities.
    pub permittivity: [f64; 2],
    /// Relative permeabilities.
    pub permeability: [f64; 2],
}

impl Interface {
    /// Reflected over incident E at the plane.
    pub fn reflection(&self) -> f64 {
        let [low, high] = self.impedances();
        (high - low) / (high + low)
    }

    /// Ez in V/m and Hy in A/m at a place in m and a time in s, of a pulse given as the incident E
    /// at the plane (V/m) as a function of time.
    pub fn fields(&self, x: f64, t: f64, pulse: impl Fn(f64) -> f64) -> [f64; 2] {
        let side = usize::from(x > self.position);
        let index = (self.permittivity[side] * self.permeability[side]).sqrt();
        let delay = (x - self.position) * index / SPEED_OF_LIGHT;
        let (impedance, r) = (self.impedances()[side], self.reflection());
        let (forth, back) = match side {
            0 => (pulse(t - delay), r * pulse(t + delay)),
            _ => ((1.0 + r) * pulse(t - delay), 0.0),
        };
        [forth + back, (back - forth) / impedance]
    }

    fn impedances(&self) -> [f64; 2] {
        [0, 1].map(|n| VACUUM_IMPEDANCE * (self.permeability[n] / self.permittivity[n]).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields are continuous, obey Maxwell's equations on both sides, and keep the power.
    #[test]
    fn continuous_and_a_solution() {
        let interface = Interface {
            position: 0.3,
            permittivity: [2.0, 5.0],
            permeability: [1.0, 3.0],
        };
        let pulse = |t: f64| (-(t * 1e9).powi(2)).exp() * (1.0 + (3e9 * t).sin());
        let at = |x: f64, t: f64| interface.fields(x, t, pulse);
        let (low, high) = (at(0.3, 0.2e-9), at(0.3 + 1e-12, 0.2e-9));
        assert!((low[0] - high[0]).abs() < 1e-10 && (low[1] - high[1]).abs() < 1e-12);
        for (x, side) in [(0.25, 0), (0.34, 1)] {
            let (t, dx, dt) = (0.3e-9, 1e-5, 1e-14);
            let slope = |n: usize| {
                let along = (at(x + dx, t)[n] - at(x - dx, t)[n]) / (2.0 * dx);
                [along, (at(x, t + dt)[n] - at(x, t - dt)[n]) / (2.0 * dt)]
            };
            let ([e_x, e_t], [h_x, h_t]) = (slope(0), slope(1));
            let eps = interface.permittivity[side] / (VACUUM_IMPEDANCE * SPEED_OF_LIGHT);
            let mu = interface.permeability[side] * VACUUM_IMPEDANCE / SPEED_OF_LIGHT;
            assert!((eps * e_t - h_x).abs() < 1e-5 * h_x.abs());
            assert!((mu * h_t - e_x).abs() < 1e-5 * e_x.abs());
        }
        let ([low, high], r) = (interface.impedances(), interface.reflection());
        assert!(((1.0 - r * r) / low - (1.0 + r).powi(2) / high).abs() < 1e-15);
    }
}
