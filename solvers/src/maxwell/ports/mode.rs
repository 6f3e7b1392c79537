//! The TE modes of a rectangular waveguide as the mesh knows them.
//!
//! The axial field of a mode is a product X(u) Y(v) over the centres of the cells, and each factor
//! is an eigenvector of the second difference on the lines of the mesh with zero slope at the
//! walls, uniform or graded. With the eigenvalues `ku^2 + kv^2 = kc^2` the wave along the axis,
//! over cells of length d, obeys exactly
//!
//! ```text
//! E_u = dX-sum...  e_u = X dY/dv,  e_v = - dX/du Y        (differences between centres)
//! (2 / d sin(beta d / 2))^2 = eps mu Omega^2 - kc^2,   Omega = 2 / dt sin(omega dt / 2)
//! E_u(k) / H_v(k + 1/2) = mu Omega / (2 / d sin(beta d / 2)) exp(j beta d / 2)
//! ```
//!
//! The mean of H over the half cells before and behind a plane is then `(a - b) / Z` with
//! `Z = mu Omega d / sin(beta d)`, the impedance with which `|a|^2 - |b|^2` is the power that the
//! scheme conserves. (Continuum: R. E. Collin, Field Theory of Guided Waves, 2nd ed., section 5.2;
//! here with the differences of the mesh in the place of the derivatives.)

use std::f64::consts::PI;

/// A mode on the cross-section.
#[derive(Clone, Debug)]
pub(super) struct Mode {
    /// Square of the discrete cutoff wavenumber in 1/m^2.
    pub cutoff: f64,
    /// `e_u[i][j]`: u in cell i, v on line j.
    pub eu: Vec<Vec<f64>>,
    /// `e_v[i][j]`: u on line i, v in cell j.
    pub ev: Vec<Vec<f64>>,
    /// Sizes of the cells and distances of their centres along u and v.
    pub cells: [Vec<f64>; 2],
    pub duals: [Vec<f64>; 2],
}

impl Mode {
    /// The mode with `m`, `n` half waves along the given lines; not both 0, each fewer than the
    /// cells.
    pub fn te(u: &[f64], v: &[f64], [m, n]: [usize; 2]) -> Self {
        let (u, v) = (Line::new(u), Line::new(v));
        let (lu, x) = u.mode(m);
        let (lv, y) = v.mode(n);
        let (dx, dy) = (u.slope(&x), v.slope(&y));
        let product = |p: &[f64], q: &[f64], sign: f64| -> Vec<Vec<f64>> {
            p.iter()
                .map(|p| q.iter().map(|q| sign * p * q).collect())
                .collect()
        };
        let mut mode = Self {
            cutoff: lu + lv,
            eu: product(&x, &dy, 1.0),
            ev: product(&dx, &y, -1.0),
            cells: [u.cells, v.cells],
            duals: [u.duals, v.duals],
        };
        let mut power = 0.0;
        let mut largest = 0.0f64;
        mode.each(|e, weight| {
            power += *e * *e * weight;
            if e.abs() > largest.abs() * (1.0 + 1e-9) {
                largest = *e;
            }
        });
        let scale = largest.signum() / power.sqrt();
        mode.each(|e, _| *e *= scale);
        mode
    }

    /// Both components with the area of each value.
    fn each(&mut self, mut f: impl FnMut(&mut f64, f64)) {
        for (i, row) in self.eu.iter_mut().enumerate() {
            for (j, e) in row.iter_mut().enumerate() {
                f(e, self.cells[0][i] * self.duals[1][j]);
            }
        }
        for (i, row) in self.ev.iter_mut().enumerate() {
            for (j, e) in row.iter_mut().enumerate() {
                f(e, self.duals[0][i] * self.cells[1][j]);
            }
        }
    }
}

/// A mode's wave along a guide of cells of length `cell`, filled with one medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Guide {
    pub cutoff: f64,
    pub cell: f64,
    pub time_step: f64,
    /// Absolute, F/m.
    pub permittivity: f64,
    /// Absolute, H/m.
    pub permeability: f64,
}

impl Guide {
    /// Phase per cell in rad and impedance in ohm; `None` where the mode does not propagate.
    pub fn wave(&self, frequency: f64) -> Option<(f64, f64)> {
        let omega = 2.0 / self.time_step * (PI * frequency * self.time_step).sin();
        let square = self.permittivity * self.permeability * omega * omega - self.cutoff;
        let sine = self.cell / 2.0 * square.max(0.0).sqrt();
        if square <= 0.0 || sine >= 1.0 {
            return None;
        }
        let phase = 2.0 * sine.asin();
        Some((phase, self.permeability * omega * self.cell / phase.sin()))
    }

    /// Cutoff frequency in Hz.
    pub fn cutoff_frequency(&self) -> f64 {
        let omega = (self.cutoff / (self.permittivity * self.permeability)).sqrt();
        (omega * self.time_step / 2.0).min(1.0).asin() / (PI * self.time_step)
    }
}

/// Second difference over the cells between lines, zero slope at the ends.
struct Line {
    cells: Vec<f64>,
    duals: Vec<f64>,
}

impl Line {
    fn new(lines: &[f64]) -> Self {
        let cells: Vec<f64> = lines.windows(2).map(|p| p[1] - p[0]).collect();
        let n = cells.len();
        let duals = (0..=n)
            .map(|i| match i {
                0 => cells[0] / 2.0,
                i if i == n => cells[n - 1] / 2.0,
                i => (cells[i - 1] + cells[i]) / 2.0,
            })
            .collect();
        Self { cells, duals }
    }

    /// Number of eigenvalues below `x`: negative pivots of the shifted matrix (Sturm).
    fn below(&self, x: f64) -> usize {
        let n = self.cells.len();
        let link = |i: usize| {
            if i == 0 || i == n {
                0.0
            } else {
                1.0 / self.duals[i]
            }
        };
        let mut count = 0;
        let mut pivot = 1.0;
        for i in 0..n {
            // rows times the cell's size: symmetric, and the sign of the pivots is kept
            let coupling = if i == 0 { 0.0 } else { link(i).powi(2) / pivot };
            pivot = link(i) + link(i + 1) - x * self.cells[i] - coupling;
            if pivot == 0.0 {
                pivot = f64::MIN_POSITIVE.sqrt();
            }
            count += usize::from(pivot < 0.0);
        }
        count
    }

    /// Eigenvalue and eigenvector with `m` half waves.
    fn mode(&self, m: usize) -> (f64, Vec<f64>) {
        let n = self.cells.len();
        if m == 0 {
            return (0.0, vec![1.0; n]);
        }
        let smallest = self.cells.iter().copied().fold(f64::INFINITY, f64::min);
        let (mut low, mut high) = (0.0, 4.0 / (smallest * smallest) * 1.01);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle == low || middle == high {
                break;
            }
            if self.below(middle) > m {
                high = middle;
            } else {
                low = middle;
            }
        }
        let value = 0.5 * (low + high);
        // outwards from the wall; the recurrence neither grows nor decays
        let mut x = vec![1.0; n];
        let mut slope = 0.0;
        for i in 1..n {
            slope -= value * x[i - 1] * self.cells[i - 1];
            x[i] = x[i - 1] + self.duals[i] * slope;
        }
        (value, x)
    }

    /// Differences of neighbouring centres on the lines, zero on the walls.
    fn slope(&self, x: &[f64]) -> Vec<f64> {
        let n = self.cells.len();
        (0..=n)
            .map(|i| {
                if i == 0 || i == n {
                    0.0
                } else {
                    (x[i] - x[i - 1]) / self.duals[i]
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maxwell::constants::{VACUUM_PERMEABILITY, VACUUM_PERMITTIVITY};

    fn lines(n: usize, length: f64) -> Vec<f64> {
        (0..=n).map(|i| i as f64 * length / n as f64).collect()
    }

    #[test]
    fn uniform_cross_section_is_analytic() {
        let (a, n) = (22.86e-3, 20);
        let d = a / n as f64;
        let mode = Mode::te(&lines(n, a), &lines(9, 10.16e-3), [1, 0]);
        let discrete = 2.0 / d * (PI / (2.0 * n as f64)).sin();
        assert!((mode.cutoff.sqrt() / discrete - 1.0).abs() < 1e-12);
        for (i, row) in mode.ev.iter().enumerate() {
            let sine = mode.ev[10][0] * (PI * i as f64 / n as f64).sin();
            assert!(row.iter().all(|e| (e - sine).abs() < 1e-10));
        }
        assert!(mode.eu.iter().flatten().all(|&e| e == 0.0));
        let higher = Mode::te(&lines(n, a), &lines(10, 10.16e-3), [2, 1]);
        let dv = 1.016e-3;
        let expected =
            (2.0 / d * (PI * 2.0 / 40.0).sin()).powi(2) + (2.0 / dv * (PI / 20.0).sin()).powi(2);
        assert!((higher.cutoff / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn modes_of_a_graded_section_are_orthogonal() {
        let u: Vec<f64> = (0..=16).map(|i| (i as f64 / 16.0).powf(1.3)).collect();
        let v: Vec<f64> = (0..=9).map(|i| 0.4 * (i as f64 / 9.0).powf(0.8)).collect();
        let modes = [[1, 0], [2, 0], [0, 1], [1, 1], [3, 1]].map(|m| Mode::te(&u, &v, m));
        for (p, one) in modes.iter().enumerate() {
            for (q, two) in modes.iter().enumerate() {
                let mut values = Vec::new();
                two.clone().each(|e, w| values.push(*e * w));
                let mut values = values.into_iter();
                let mut sum = 0.0;
                one.clone()
                    .each(|e, _| sum += *e * values.next().unwrap_or(f64::NAN));
                let expected = if p == q { 1.0 } else { 0.0 };
                assert!((sum - expected).abs() < 1e-9, "{p} {q} {sum}");
            }
        }
        // the continuum's cutoffs to second order
        assert!((modes[0].cutoff.sqrt() / PI - 1.0).abs() < 5e-3);
    }

    #[test]
    fn fine_steps_give_the_continuum_wave() {
        let kc = PI / 22.86e-3;
        let guide = Guide {
            cutoff: kc * kc,
            cell: 1e-6,
            time_step: 1e-15,
            permittivity: VACUUM_PERMITTIVITY,
            permeability: VACUUM_PERMEABILITY,
        };
        let f = 10e9;
        let k = 2.0 * PI * f * (VACUUM_PERMITTIVITY * VACUUM_PERMEABILITY).sqrt();
        let beta = (k * k - kc * kc).sqrt();
        let (phase, impedance) = guide.wave(f).unwrap();
        assert!((phase / 1e-6 / beta - 1.0).abs() < 1e-6);
        assert!((impedance / (2.0 * PI * f * VACUUM_PERMEABILITY / beta) - 1.0).abs() < 1e-6);
        assert!((guide.cutoff_frequency() / 6.557e9 - 1.0).abs() < 1e-3);
        assert!(guide.wave(6.5e9).is_none());
    }
}
