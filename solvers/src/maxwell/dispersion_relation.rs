//! The dispersion relation of the Yee scheme: the waves that the mesh itself knows.
//!
//! A plane wave `exp(j (omega t - k.r))` solves the scheme on an unbounded uniform mesh when
//!
//! ```text
//! (sin(omega dt / 2) / (v dt))^2 = sum_a (sin(k_a d_a / 2) / d_a)^2
//! ```
//!
//! (A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed., eq. 4.12). Its curl acts
//! as `-j kappa x` with `kappa_a = 2 sin(k_a d_a / 2) / d_a`, so that E, H and kappa, and not k,
//! are at right angles (eq. 4.7 ff.), and `|H| = |E| / eta` as in the continuum.

use super::constants::SPEED_OF_LIGHT;
use super::{Axis, Mesh};
use std::f64::consts::PI;

/// The relation of one mesh and time step in a lossless medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DispersionRelation {
    /// Cell sizes along x, y, z in m; 0 along an axis where the mesh shall count as continuous.
    pub spacing: [f64; 3],
    /// Time step in s; 0 for continuous time.
    pub time_step: f64,
    /// Speed of light of the medium in m/s.
    pub speed: f64,
}

impl DispersionRelation {
    /// Of empty space, with the mean spacing of the mesh along each axis.
    pub fn of(mesh: &Mesh, time_step: f64) -> Self {
        Self {
            spacing: Axis::ALL.map(|axis| {
                let lines = mesh.lines(axis);
                let n = lines.len() - 1;
                (lines[n] - lines[0]) / n as f64
            }),
            time_step,
            speed: SPEED_OF_LIGHT,
        }
    }

    /// `2 sin(omega dt / 2) / (v dt)` in rad/m: the length of kappa at a frequency in Hz.
    pub fn temporal(&self, frequency: f64) -> f64 {
        let omega = 2.0 * PI * frequency;
        half_sine(omega, self.time_step) / self.speed
    }

    /// `kappa_a = 2 sin(k_a d_a / 2) / d_a` of a wave vector, rad/m.
    pub fn spatial(&self, wave_vector: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|a| half_sine(wave_vector[a], self.spacing[a]))
    }

    /// Wave number in rad/m of a frequency in Hz along a direction of unit length; `None` where
    /// the mesh carries no propagating wave of that frequency.
    pub fn wave_number(&self, frequency: f64, direction: [f64; 3]) -> Option<f64> {
        let target = self.temporal(frequency).powi(2);
        let residual = |k: f64| {
            let (mut value, mut slope) = (-target, 0.0);
            for a in 0..3 {
                let kappa = half_sine(k * direction[a], self.spacing[a]);
                value += kappa * kappa;
                slope += direction[a] * double_sine(k * direction[a], self.spacing[a]);
            }
            (value, slope)
        };
        // the left side grows with k up to where the first axis reaches two cells per wavelength
        let limit = (0..3)
            .map(|a| PI / (self.spacing[a] * direction[a].abs()))
            .fold(f64::INFINITY, f64::min);
        if limit.is_finite() && residual(limit).0 < 0.0 {
            return None;
        }
        // below the root the residual is convex in k^2 only nearly: Newton, kept in a bracket
        let (mut low, mut high) = (0.0, limit);
        let mut k = (2.0 * PI * frequency / self.speed).min(limit);
        for _ in 0..100 {
            let (value, slope) = residual(k);
            if value < 0.0 {
                low = k;
            } else {
                high = k;
            }
            let mut next = k - value / slope;
            if !(next > low && next < high) {
                if value.abs() <= 1e-15 * target {
                    return Some(k);
                }
                next = if high.is_finite() {
                    0.5 * (low + high)
                } else {
                    2.0 * k
                };
            }
            if (next - k).abs() <= 1e-16 * k {
                return Some(next);
            }
            k = next;
        }
        Some(k)
    }

    /// Frequency in Hz of a wave vector in rad/m.
    pub fn frequency(&self, wave_vector: [f64; 3]) -> f64 {
        let kappa = self.spatial(wave_vector);
        let omega = self.speed * kappa.iter().map(|k| k * k).sum::<f64>().sqrt();
        let dt = self.time_step;
        let omega = if dt == 0.0 {
            omega
        } else {
            2.0 / dt * (0.5 * omega * dt).asin()
        };
        omega / (2.0 * PI)
    }

    /// Phase velocity in m/s of a frequency in Hz along a direction of unit length.
    pub fn phase_velocity(&self, frequency: f64, direction: [f64; 3]) -> Option<f64> {
        self.wave_number(frequency, direction)
            .map(|k| 2.0 * PI * frequency / k)
    }

    /// Frequency in Hz of the mode with `modes` half waves along the axes of a closed box of
    /// `cells` cells, which on the mesh is a sum of waves of `k_a = pi m_a / (n_a d_a)`.
    pub fn cavity_frequency(&self, modes: [usize; 3], cells: [usize; 3]) -> f64 {
        self.frequency(std::array::from_fn(|a| {
            PI * modes[a] as f64 / (cells[a] as f64 * self.spacing[a])
        }))
    }
}

/// `2 sin(x d / 2) / d`, x for d = 0.
fn half_sine(x: f64, d: f64) -> f64 {
    if d == 0.0 {
        x
    } else {
        2.0 * (0.5 * x * d).sin() / d
    }
}

/// `2 sin(x d) / d`, the derivative of the square of the above; 2 x for d = 0.
fn double_sine(x: f64, d: f64) -> f64 {
    if d == 0.0 {
        2.0 * x
    } else {
        2.0 * (x * d).sin() / d
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(v: [f64; 3]) -> [f64; 3] {
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.map(|x| x / length)
    }

    fn relation(spacing: [f64; 3]) -> DispersionRelation {
        let sum: f64 = spacing.iter().map(|d| d.powi(-2)).sum();
        DispersionRelation {
            spacing,
            time_step: 0.95 / (SPEED_OF_LIGHT * sum.sqrt()),
            speed: SPEED_OF_LIGHT,
        }
    }

    proptest! {
        #[test]
        fn wave_number_and_frequency_are_inverse(
            direction in prop::array::uniform3(-1.0..1.0f64),
            spacing in prop::array::uniform3(0.5e-3..2e-3f64),
            cells_per_wavelength in 5.0..100.0f64,
        ) {
            prop_assume!(direction.iter().map(|x| x * x).sum::<f64>() > 1e-3);
            let relation = relation(spacing);
            let direction = unit(direction);
            let coarsest = spacing.iter().fold(0.0f64, |a, &b| a.max(b));
            let f = SPEED_OF_LIGHT / (cells_per_wavelength * coarsest);
            let k = relation.wave_number(f, direction).unwrap();
            let back = relation.frequency(direction.map(|u| u * k));
            prop_assert!((back / f - 1.0).abs() < 1e-13, "{back} {f}");
        }
    }

    #[test]
    fn the_magic_step_and_the_limits() {
        // Along the axis at the one-dimensional limit the scheme is exact.
        let exact = DispersionRelation {
            spacing: [1e-3, 0.0, 0.0],
            time_step: 1e-3 / SPEED_OF_LIGHT,
            speed: SPEED_OF_LIGHT,
        };
        let v = exact.phase_velocity(30e9, [1.0, 0.0, 0.0]).unwrap();
        assert!((v / SPEED_OF_LIGHT - 1.0).abs() < 1e-14);
        // Taflove and Hagness, section 4.5: dt = dx / (2 c) and 20 cells per wavelength, on the
        // square mesh, 0.99690 c along the axis and 0.99892 c along the diagonal.
        let mut square = exact;
        square.spacing[1] = 1e-3;
        square.time_step *= 0.5;
        let f = SPEED_OF_LIGHT / 20e-3;
        let v = square.phase_velocity(f, [1.0, 0.0, 0.0]).unwrap() / SPEED_OF_LIGHT;
        assert!((v - 0.996892).abs() < 5e-6, "{v}");
        let diagonal = unit([1.0, 1.0, 0.0]);
        let v = square.phase_velocity(f, diagonal).unwrap() / SPEED_OF_LIGHT;
        assert!((v - 0.998968).abs() < 5e-6, "{v}");
        // Along an axis three-dimensional meshes end before the Nyquist frequency.
        let cube = relation([1e-3; 3]);
        assert!(
            cube.wave_number(0.45 / cube.time_step, [1.0, 0.0, 0.0])
                .is_none()
        );
    }
}
