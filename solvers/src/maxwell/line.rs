//! Maxwell's equations in one dimension: waves along x with E along z and H along y.
//!
//! ```text
//! eps dEz/dt + sigma Ez = dHy/dx          mu dHy/dt = dEz/dx
//! ```
//!
//! by the staggered scheme of K. S. Yee (IEEE Trans. Antennas Propag. 14, 302-307, 1966): E on the
//! lines `x_i = i d` at `n dt`, H between them at `(n - 1/2) dt`, conduction by the mean of old and
//! new E (A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed., eq. 3.52). E and H
//! are both tangential to every interface, so eps and sigma are means over the half cells on the two
//! sides of a line, and mu over a cell: of second order wherever the interfaces lie (K.-P. Hwang and
//! A. C. Cangellaris, IEEE Microw. Wireless Compon. Lett. 11, 158-160, 2001).

use super::constants::{SPEED_OF_LIGHT, VACUUM_PERMEABILITY, VACUUM_PERMITTIVITY};
use crate::torus::positive;
use crate::{Error, Result};
use ndarray::Array1;

/// A part of the line that is filled by one medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    /// Length in m.
    pub length: f64,
    /// Relative permittivity.
    pub permittivity: f64,
    /// Relative permeability.
    pub permeability: f64,
    /// Conductivity in S/m.
    pub conductivity: f64,
}

impl Section {
    /// Empty space.
    pub fn vacuum(length: f64) -> Self {
        Self::dielectric(length, 1.0)
    }

    /// A dielectric without loss.
    pub fn dielectric(length: f64, permittivity: f64) -> Self {
        Self {
            length,
            permittivity,
            permeability: 1.0,
            conductivity: 0.0,
        }
    }

    /// Speed of waves in m/s.
    fn speed(&self) -> f64 {
        SPEED_OF_LIGHT / (self.permittivity * self.permeability).sqrt()
    }
}

/// What is at an end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A perfect conductor: E = 0.
    Conductor,
    /// Waves leave: the one-way wave equation of the medium there, of second order (G. Mur, IEEE
    /// Trans. Electromagn. Compat. 23, 377-382, 1981, eq. 15).
    Absorbing,
}

/// Media one after the other from x = 0, a mesh of equal cells and a time step.
#[derive(Clone, Debug)]
pub struct Solver {
    spacing: f64,
    time_step: f64,
    /// eps and sigma on the lines, mu in the cells, SI.
    permittivity: Array1<f64>,
    conductivity: Array1<f64>,
    permeability: Array1<f64>,
    ends: [End; 2],
    /// Speeds in m/s in the first and the last section.
    speeds: [f64; 2],
}

/// E and H of one time; see [`Solver::state`].
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps since the start: E is of `step * dt`, H of half a step before.
    pub step: u64,
    /// Ez on the lines in V/m.
    pub electric: Array1<f64>,
    /// Hy in the cells in A/m.
    pub magnetic: Array1<f64>,
}

impl Solver {
    /// On `cells` cells, with steps of `courant` times the longest stable one, `d` over the largest
    /// speed.
    ///
    /// # Errors
    /// [`Error::Size`] for no section or fewer than 4 cells; [`Error::Parameter`] for a length,
    /// permittivity or permeability that is not above 0, a conductivity below 0, a Courant number
    /// not between 0 and 1.
    pub fn new(sections: &[Section], ends: [End; 2], cells: usize, courant: f64) -> Result<Self> {
        let (Some(first), Some(last)) = (sections.first(), sections.last()) else {
            return Err(Error::Size {
                what: "sections of a line",
                expected: "1 or more".into(),
                found: 0,
            });
        };
        if cells < 4 {
            return Err(Error::Size {
                what: "cells of a line",
                expected: "4 or more".into(),
                found: cells,
            });
        }
        for section in sections {
            positive("length of a section", section.length)?;
            positive("permittivity", section.permittivity)?;
            positive("permeability", section.permeability)?;
            if !(section.conductivity >= 0.0 && section.conductivity.is_finite()) {
                return Err(Error::Parameter {
                    name: "conductivity",
                    value: section.conductivity,
                    expected: "0 S/m or more",
                });
            }
        }
        if !(courant > 0.0 && courant <= 1.0) {
            return Err(Error::Parameter {
                name: "Courant number",
                value: courant,
                expected: "a number above 0, at most 1",
            });
        }
        let length: f64 = sections.iter().map(|s| s.length).sum();
        let d = length / cells as f64;
        let line = |i: usize, value: fn(&Section) -> f64| {
            let (low, high) = ((i as f64 - 0.5) * d, (i as f64 + 0.5) * d);
            mean(sections, low.max(0.0), high.min(length), value)
        };
        let permittivity = Array1::from_shape_fn(cells + 1, |i| {
            VACUUM_PERMITTIVITY * line(i, |s| s.permittivity)
        });
        let permeability = Array1::from_shape_fn(cells, |i| {
            let (low, high) = (i as f64 * d, (i + 1) as f64 * d);
            VACUUM_PERMEABILITY * mean(sections, low, high, |s| s.permeability)
        });
        let fastest = sections.iter().fold(0.0f64, |c, s| c.max(s.speed()));
        Ok(Self {
            spacing: d,
            time_step: courant * d / fastest,
            permittivity,
            conductivity: Array1::from_shape_fn(cells + 1, |i| line(i, |s| s.conductivity)),
            permeability,
            ends,
            speeds: [first.speed(), last.speed()],
        })
    }

    /// Length of a cell in m.
    pub fn spacing(&self) -> f64 {
        self.spacing
    }

    /// The time step in s.
    pub fn time_step(&self) -> f64 {
        self.time_step
    }

    /// Places of E in m: the N + 1 lines.
    pub fn lines(&self) -> Array1<f64> {
        Array1::from_shape_fn(self.permittivity.len(), |i| i as f64 * self.spacing)
    }

    /// Places of H in m: the middles of the N cells.
    pub fn middles(&self) -> Array1<f64> {
        Array1::from_shape_fn(self.permeability.len(), |i| (i as f64 + 0.5) * self.spacing)
    }

    /// eps in F/m on the lines.
    pub fn permittivity(&self) -> &Array1<f64> {
        &self.permittivity
    }

    /// sigma in S/m on the lines.
    pub fn conductivity(&self) -> &Array1<f64> {
        &self.conductivity
    }

    /// mu in H/m in the cells.
    pub fn permeability(&self) -> &Array1<f64> {
        &self.permeability
    }

    /// The state of step 0: E in V/m at time 0, and H in A/m **half a step before**, as functions
    /// of place (m) and time (s).
    pub fn state(&self, fields: impl Fn(f64, f64) -> [f64; 2]) -> State {
        State {
            step: 0,
            electric: self.lines().mapv(|x| fields(x, 0.0)[0]),
            magnetic: self.middles().mapv(|x| fields(x, -0.5 * self.time_step)[1]),
        }
    }

    /// Takes `steps` steps.
    ///
    /// # Errors
    /// [`Error::Shape`] for a state of another mesh; [`Error::NotFinite`].
    pub fn advance(&self, state: &mut State, steps: u64) -> Result<()> {
        for (what, found, expected) in [
            ("Ez", state.electric.len(), self.permittivity.len()),
            ("Hy", state.magnetic.len(), self.permeability.len()),
        ] {
            if found != expected {
                return Err(Error::Shape {
                    what,
                    expected: vec![expected],
                    found: vec![found],
                });
            }
        }
        let (dt, d) = (self.time_step, self.spacing);
        let by_curl = self.permeability.mapv(|mu| dt / (mu * d));
        let loss = &self.conductivity / &self.permittivity * (0.5 * dt);
        let keep = loss.mapv(|l| (1.0 - l) / (1.0 + l));
        let by_curl_e = (loss + 1.0).mapv(|l| dt / (d * l)) / &self.permittivity;
        let last = self.permeability.len();
        let mur = self.speeds.map(|c| (c * dt - d) / (c * dt + d));
        for _ in 0..steps {
            let State {
                electric: e,
                magnetic: h,
                ..
            } = state;
            for i in 0..last {
                h[i] += by_curl[i] * (e[i + 1] - e[i]);
            }
            let before = [e[0], e[1], e[last - 1], e[last]];
            for i in 1..last {
                e[i] = keep[i] * e[i] + by_curl_e[i] * (h[i] - h[i - 1]);
            }
            e[0] = match self.ends[0] {
                End::Conductor => 0.0,
                End::Absorbing => before[1] + mur[0] * (e[1] - before[0]),
            };
            e[last] = match self.ends[1] {
                End::Conductor => 0.0,
                End::Absorbing => before[2] + mur[1] * (e[last - 1] - before[3]),
            };
            state.step += 1;
        }
        match state.electric.sum().is_finite() {
            true => Ok(()),
            false => Err(Error::NotFinite {
                field: "Ez",
                time: state.step as f64 * dt,
                step: state.step,
            }),
        }
    }

    /// Energy in J/m^2 of a state: `d/2 (sum eps E^2 + sum mu H- H+)` with H of half a step before
    /// and after E, which the scheme keeps to rounding without loss between conductors; the outermost
    /// lines count half.
    ///
    /// # Panics
    /// When the state is of another mesh.
    pub fn energy(&self, state: &State) -> f64 {
        let State {
            electric: e,
            magnetic: h,
            ..
        } = state;
        let last = self.permeability.len();
        let electric: f64 = (0..=last)
            .map(|i| self.permittivity[i] * e[i].powi(2) * if i % last == 0 { 0.5 } else { 1.0 })
            .sum();
        let magnetic: f64 = (0..last)
            .map(|i| {
                let step = self.time_step / self.spacing * (e[i + 1] - e[i]);
                h[i] * (self.permeability[i] * h[i] + step)
            })
            .sum();
        0.5 * self.spacing * (electric + magnetic)
    }
}

/// Mean of a property between two places.
fn mean(sections: &[Section], low: f64, high: f64, value: fn(&Section) -> f64) -> f64 {
    let (mut start, mut sum) = (0.0f64, 0.0);
    for (n, section) in sections.iter().enumerate() {
        // rounding must not leave a gap at the end of the line
        let end = match n + 1 == sections.len() {
            true => f64::INFINITY,
            false => start + section.length,
        };
        sum += (high.min(end) - low.max(start)).max(0.0) * value(section);
        start = end;
    }
    sum / (high - low)
}

#[cfg(test)]
mod tests {
    use super::super::analytic::Interface;
    use super::super::constants::VACUUM_IMPEDANCE;
    use super::*;
    use num_complex::Complex64;
    use std::f64::consts::PI;

    fn orders(errors: &[f64]) -> Vec<f64> {
        errors.windows(2).map(|e| (e[0] / e[1]).log2()).collect()
    }

    /// Largest error of E (V/m) and H (times the impedance of free space) against exact fields.
    fn error(solver: &Solver, state: &State, exact: impl Fn(f64, f64) -> [f64; 2]) -> f64 {
        let time = state.step as f64 * solver.time_step();
        let of_e = solver
            .lines()
            .iter()
            .zip(&state.electric)
            .fold(0.0f64, |s, (&x, e)| s.max((e - exact(x, time)[0]).abs()));
        let before = time - 0.5 * solver.time_step();
        let pairs = solver.middles().into_iter().zip(&state.magnetic);
        pairs.fold(of_e, |s, (x, h)| {
            s.max(VACUUM_IMPEDANCE * (h - exact(x, before)[1]).abs())
        })
    }

    /// Domain: 1 m, a Gaussian pulse of 40 mm from empty space into eps_r = 4 and mu_r = 1.5 at
    /// 0.4837 m, which is on no line. Exact: reflected and transmitted pulse. After 1.2 ns both are
    /// under way; order 2 to within 0.15 in the largest error, wherever the interface lies in its
    /// cell.
    #[test]
    fn an_interface_reflects_and_transmits() {
        let interface = Interface {
            position: 0.4837,
            permittivity: [1.0, 4.0],
            permeability: [1.0, 1.5],
        };
        let pulse = |t: f64| (-((t - 0.8e-9) * SPEED_OF_LIGHT / 0.04).powi(2)).exp();
        let exact = |x: f64, t: f64| interface.fields(x, t, pulse);
        let behind = Section {
            permeability: 1.5,
            ..Section::dielectric(1.0 - interface.position, 4.0)
        };
        let sections = [Section::vacuum(interface.position), behind];
        let errors = [200u64, 400, 800].map(|cells| {
            let ends = [End::Conductor; 2];
            let solver = Solver::new(&sections, ends, cells as usize, 0.9).unwrap();
            let mut state = solver.state(exact);
            // 0.36 m of way in empty space: neither pulse comes to a conductor
            solver.advance(&mut state, (2 * cells) / 5).unwrap();
            error(&solver, &state, exact)
        });
        println!(
            "interface: errors {errors:?}, orders {:.2?}",
            orders(&errors)
        );
        assert!((orders(&errors)[1] - 2.0).abs() < 0.15, "{errors:?}");
    }

    /// Three half waves between conductors in a medium with loss: `sin kx Re e^st` with
    /// `s^2 + sigma/eps s + (c k)^2 = 0`.
    #[test]
    fn a_mode_with_loss_is_of_second_order() {
        let (length, eps_r, sigma) = (0.3, 2.5, 0.02);
        let eps = eps_r * VACUUM_PERMITTIVITY;
        let k = 3.0 * PI / length;
        let damping = sigma / (2.0 * eps);
        let frequency = (k * k / (eps * VACUUM_PERMEABILITY) - damping * damping).sqrt();
        let s = Complex64::new(-damping, frequency);
        let exact = |x: f64, t: f64| {
            let e = (s * t).exp();
            let h = k / VACUUM_PERMEABILITY * (e / s).re;
            [(k * x).sin() * e.re, (k * x).cos() * h]
        };
        let section = Section {
            conductivity: sigma,
            ..Section::dielectric(length, eps_r)
        };
        let errors = [40, 80, 160].map(|cells| {
            let solver = Solver::new(&[section], [End::Conductor; 2], cells, 0.7).unwrap();
            let mut state = solver.state(exact);
            solver.advance(&mut state, cells as u64).unwrap();
            error(&solver, &state, exact)
        });
        println!("mode: errors {errors:?}, orders {:.2?}", orders(&errors));
        assert!((orders(&errors)[1] - 2.0).abs() < 0.1, "{errors:?}");
    }

    /// Energy between conductors stays to rounding; what meets an absorbing end leaves, but for
    /// the square of cells per length of the pulse.
    #[test]
    fn energy_stays_or_leaves() {
        let sections = [
            Section::vacuum(0.4),
            Section::dielectric(0.2137, 9.0),
            Section::vacuum(0.4),
        ];
        let pulse = |x: f64, _: f64| [(-((x - 0.2) / 0.03).powi(2)).exp(), 0.0];
        let solver = Solver::new(&sections, [End::Conductor; 2], 300, 0.95).unwrap();
        let mut state = solver.state(pulse);
        let start = solver.energy(&state);
        solver.advance(&mut state, 5000).unwrap();
        let change = solver.energy(&state) / start - 1.0;
        println!("energy changed by {change:.1e}");
        assert!(change.abs() < 1e-12);

        let left = [100, 200].map(|cells| {
            let section = Section::dielectric(1.0, 2.0);
            let solver = Solver::new(&[section], [End::Absorbing; 2], cells, 0.6).unwrap();
            let mut state = solver.state(|x, _| [(-((x - 0.5) / 0.05).powi(2)).exp(), 0.0]);
            let start = solver.energy(&state);
            solver.advance(&mut state, 4 * cells as u64).unwrap();
            solver.energy(&state) / start
        });
        println!("energy left {left:?}");
        assert!(left[0] < 1e-5 && left[1] < 0.2 * left[0], "{left:?}");
    }

    #[test]
    fn bad_input_is_refused() {
        let ends = [End::Conductor, End::Absorbing];
        let vacuum = Section::vacuum(1.0);
        let refused = |sections: &[Section], cells: usize, courant: f64| {
            let answer = Solver::new(sections, ends, cells, courant);
            answer.unwrap_err().to_string()
        };
        assert!(refused(&[], 10, 0.5).contains("sections"));
        assert!(refused(&[vacuum], 3, 0.5).contains("cells"));
        assert!(refused(&[vacuum], 10, 1.1).contains("Courant"));
        assert!(refused(&[Section::vacuum(0.0)], 10, 0.5).contains("length"));
        assert!(refused(&[Section::dielectric(1.0, -2.0)], 10, 0.5).contains("permittivity"));
        let active = Section {
            conductivity: -1.0,
            ..vacuum
        };
        assert!(refused(&[active], 10, 0.5).contains("conductivity"));
        let solver = Solver::new(&[vacuum], ends, 10, 0.5).unwrap();
        let mut other = Solver::new(&[vacuum], ends, 11, 0.5)
            .unwrap()
            .state(|_, _| [0.0; 2]);
        assert!(solver.advance(&mut other, 1).is_err());
        let mut infinite = solver.state(|_, _| [f64::INFINITY; 2]);
        assert!(solver.advance(&mut infinite, 1).is_err());
    }
}
