//! Waveforms of the discrete plane wave, by inverse FFT over its frequencies.
//!
//! With G the spectrum of the samples, `s = u.(r - r0)` and `t_n = n dt` for E, `(n + 1/2) dt` for H:
//!
//! ```text
//! x(s, t_n) = (1 / N) sum_l G_l p(omega_l) exp(j (omega_l t_n - k(omega_l) s))
//! ```

use super::{PlaneWave, cross, dot, norm};
use crate::maxwell::{Component, DispersionRelation};
use ndarray::Array2;
use num_complex::Complex64;
use rayon::prelude::*;
use rustfft::FftPlanner;
use std::f64::consts::PI;

/// The wave of a relation's mesh: what its fields are at a frequency.
#[derive(Clone, Copy, Debug)]
pub(super) struct DiscreteWave {
    pub wave: PlaneWave,
    pub relation: DispersionRelation,
    /// Impedance of the medium in ohm.
    pub impedance: f64,
}

impl DiscreteWave {
    /// Wave number in rad/m and the amplitudes of the six components per V/m of |E|; `None` where
    /// the mesh carries no such wave.
    pub fn at(&self, frequency: f64) -> Option<(f64, [f64; 6])> {
        let k = self.relation.wave_number(frequency, self.wave.direction)?;
        let kappa = self.relation.spatial(self.wave.direction.map(|u| k * u));
        let length = norm(kappa);
        let unit = if length > 0.0 {
            kappa.map(|x| x / length)
        } else {
            self.wave.direction
        };
        let along = dot(unit, self.wave.polarization);
        let e: [f64; 3] = std::array::from_fn(|a| self.wave.polarization[a] - along * unit[a]);
        let scale = 1.0 / norm(e);
        let e = e.map(|x| x * scale);
        let h = cross(unit, e).map(|x| x / self.impedance);
        Some((k, [e[0], e[1], e[2], h[0], h[1], h[2]]))
    }
}

/// The spectrum of the samples on the frequencies of an FFT, with what the wave is there.
pub(super) struct Synthesis {
    length: usize,
    /// `[frequency]`: spectrum of the samples, wave number, amplitudes.
    terms: Vec<(Complex64, f64, [f64; 6])>,
}

impl Synthesis {
    /// Of `samples` at (n + 1/2) dt that travel for at most `delay` seconds. Samples that do not
    /// end near zero are led to zero beyond their end.
    pub fn new(wave: &DiscreteWave, samples: &[f64], delay: f64) -> Self {
        let dt = wave.relation.time_step;
        let travel = (1.25 * delay / dt).ceil() as usize + 256;
        let mut input: Vec<Complex64> = samples.iter().map(|&x| x.into()).collect();
        let largest = samples.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        if samples.last().is_some_and(|x| x.abs() > 1e-7 * largest) {
            let taper = samples.len().min(256);
            input.extend((0..taper).map(|m| {
                let window = (0.5 * PI * (m + 1) as f64 / (taper + 1) as f64)
                    .cos()
                    .powi(2);
                Complex64::from(window * samples[samples.len() - 1 - m])
            }));
        }
        let length = (input.len() + travel).next_power_of_two();
        input.resize(length, Complex64::default());
        FftPlanner::new()
            .plan_fft_forward(length)
            .process(&mut input);
        let terms = (0..length / 2)
            .map(|l| {
                let g = input[l] / length as f64;
                let (k, amplitudes) = wave
                    .at(l as f64 / (length as f64 * dt))
                    .unwrap_or((0.0, [0.0; 6]));
                (g, k, amplitudes)
            })
            .collect();
        Self { length, terms }
    }

    /// Whether a component is not zero throughout.
    pub fn is_active(&self, component: Component) -> bool {
        let c = component as usize;
        let largest = |pick: &dyn Fn(&[f64; 6]) -> f64| {
            self.terms
                .iter()
                .map(|(_, _, p)| pick(p))
                .fold(0.0f64, f64::max)
        };
        let group = if c < 3 { 0..3 } else { 3..6 };
        let whole = largest(&|p| p[group.clone()].iter().fold(0.0f64, |a, x| a.max(x.abs())));
        largest(&|p| p[c].abs()) > 1e-14 * whole
    }

    /// Waveforms of the places `(component, s)`, s in m: `[step, place]`.
    pub fn waveforms(&self, places: &[(Component, f64)]) -> Array2<f64> {
        let n = self.length;
        let inverse = FftPlanner::new().plan_fft_inverse(n);
        let spectrum = |(component, s): (Component, f64), l: usize| {
            let (g, k, p) = self.terms[l];
            let half = if component.is_electric() {
                PI * l as f64 / n as f64
            } else {
                0.0
            };
            g * p[component as usize] * Complex64::from_polar(1.0, -k * s - half)
        };
        // two real waveforms at a time, as the real and imaginary part of one transform
        let columns: Vec<(Vec<f64>, Vec<f64>)> = places
            .par_chunks(2)
            .map(|pair| {
                let mut x = vec![Complex64::default(); n];
                for l in 0..n / 2 {
                    let a = spectrum(pair[0], l);
                    let b = pair
                        .get(1)
                        .map_or(Complex64::default(), |&p| spectrum(p, l));
                    if l == 0 {
                        x[0] = Complex64::new(a.re, b.re);
                    } else {
                        x[l] = a + Complex64::i() * b;
                        x[n - l] = a.conj() + Complex64::i() * b.conj();
                    }
                }
                inverse.process(&mut x);
                (
                    x.iter().map(|z| z.re).collect(),
                    x.iter().map(|z| z.im).collect(),
                )
            })
            .collect();
        let column = |c: usize| {
            let (re, im) = &columns[c / 2];
            if c.is_multiple_of(2) { re } else { im }
        };
        // rows after the wave has gone by hold rounding alone
        let largest = |group: bool, row: Option<usize>| {
            (0..places.len())
                .filter(|&c| places[c].0.is_electric() == group)
                .map(|c| match row {
                    Some(row) => column(c)[row].abs(),
                    None => column(c).iter().fold(0.0f64, |a, x| a.max(x.abs())),
                })
                .fold(0.0f64, f64::max)
        };
        let floor = [largest(false, None), largest(true, None)].map(|x| 1e-13 * x);
        let rows = (0..n)
            .rev()
            .find(|&row| {
                largest(false, Some(row)) > floor[0] || largest(true, Some(row)) > floor[1]
            })
            .map_or(0, |row| row + 1);
        Array2::from_shape_fn((rows, places.len()), |(row, c)| column(c)[row])
    }
}
