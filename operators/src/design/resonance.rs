//! The rational functions of frequency in plain `f64`, with their derivatives.
//!
//! The same formulas as [`super::network`], for one design and one frequency at a time: least
//! squares wants them with round-off of `f64` and all first derivatives, networks want them as
//! tensors. A test there holds the two against each other.

use super::config::Form;
use num_complex::Complex64;

/// Argument at which softplus is 1.
const UNIT_SOFTPLUS: f64 = 0.541_324_854_612_918_1;
/// Where the frequency is 0 the terms are taken just above it.
pub(super) const LEAST_FREQUENCY: f64 = 1e-4;
/// Least |S|^2 in a dB loss: -70 dB.
pub(super) const LEAST_POWER: f64 = 1e-7;
/// Logarithms stay within this of 0, so that far extrapolations stay finite in `f32`.
pub(super) const LARGEST_LOGARITHM: f64 = 12.0;

/// A rational function of frequency and the layout of its numbers: logarithms of the resonances'
/// frequencies `[K]` and relative widths `[K]`, then for an immittance `ln a [K]`, `logit(b / (a
/// g)) [K]`, `ln R`, `ln L`, `ln 1/C'`; else `a [Q, K]`, `b [Q, K]`, `d [Q]` and the delays `[Q]`;
/// last the electrical length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Resonances {
    /// `Immittance` or `Rational`.
    pub form: Form,
    /// Number of resonances `K`.
    pub poles: usize,
    /// Number of port pairs `Q`; 1 for an immittance.
    pub pairs: usize,
}

/// The numbers of one design, ready for many frequencies.
pub(super) struct Evaluated<'a> {
    shape: Resonances,
    numbers: &'a [f64],
    poles: Vec<Pole>,
    /// `R, L, 1/C'` of an immittance.
    lumped: [f64; 3],
    length: f64,
    length_slope: f64,
}

struct Pole {
    /// Square of the resonance.
    square: f64,
    width: f64,
    /// `w_k g_k`, the unit of `b` in a rational form; `a_k` in an immittance.
    scale: f64,
    /// `b_k` of an immittance and its derivative.
    b: f64,
    b_slope: f64,
}

impl Resonances {
    /// How many numbers describe a response.
    pub fn outputs(&self) -> usize {
        let (k, q) = (self.poles, self.pairs);
        match self.form {
            Form::Immittance => 4 * k + 4,
            _ => 2 * k + 2 * q * k + 2 * q + 1,
        }
    }

    /// The response before anything is learned: resonances spread over the band and around it, of
    /// widths that overlap. `lowest` is the lowest frequency in units of the highest.
    pub fn start(&self, lowest: f64) -> Vec<f64> {
        let (k, q) = (self.poles, self.pairs);
        let band = 1.0 - lowest;
        let low = (lowest - 0.5 * band).max(0.1);
        let high = 1.0 + 0.6 * band;
        let at = |i: usize| low + (high - low) * (i as f64 + 0.5) / k as f64;
        let width = (0.3 * band).max(0.01).ln();
        let mut values: Vec<f64> = (0..k).map(|i| at(i).ln()).collect();
        values.extend(std::iter::repeat_n(width, k));
        match self.form {
            Form::Immittance => {
                values.extend(std::iter::repeat_n(width, k));
                values.extend(std::iter::repeat_n(-2.0, k));
                values.extend([-2.0, -2.0, -3.0]);
            }
            _ => {
                values.extend(std::iter::repeat_n(0.0, 2 * q * k));
                // Not 0, where the derivatives of magnitudes vanish.
                values.extend(std::iter::repeat_n(0.5, q));
                values.extend(std::iter::repeat_n(-3.0, q));
            }
        }
        values.push(UNIT_SOFTPLUS);
        values
    }

    /// Prepares the numbers of one design.
    pub fn at<'a>(&self, numbers: &'a [f64]) -> Evaluated<'a> {
        let k = self.poles;
        let immittance = self.form == Form::Immittance;
        let poles = (0..k).map(|i| {
            let resonance = exp(numbers[i]);
            let width = resonance * exp(numbers[k + i]);
            let (mut scale, mut b, mut b_slope) = (width * resonance, 0.0, 0.0);
            if immittance {
                let share = sigmoid(numbers[3 * k + i]);
                scale = exp(numbers[2 * k + i]);
                b = scale * width * share;
                b_slope = b * (1.0 - share);
            }
            Pole {
                square: resonance * resonance,
                width,
                scale,
                b,
                b_slope,
            }
        });
        let lumped = |i: usize| match immittance {
            true => exp(numbers[4 * k + i]),
            false => 0.0,
        };
        let last = numbers[self.outputs() - 1];
        Evaluated {
            shape: *self,
            numbers,
            poles: poles.collect(),
            lumped: [lumped(0), lumped(1), lumped(2)],
            length: softplus(last),
            length_slope: sigmoid(last),
        }
    }
}

impl Evaluated<'_> {
    /// S-parameters `s` `[Q]` at a frequency in units of the highest and, where `slopes` `[Q, P]`
    /// is not empty, their derivatives by the numbers.
    pub fn response(&self, frequency: f64, s: &mut [Complex64], slopes: &mut [Complex64]) {
        let v = self.length * frequency + LEAST_FREQUENCY;
        let dv = self.length_slope * frequency;
        match self.shape.form {
            Form::Immittance => self.immittance(v, dv, s, slopes),
            _ => self.rational(v, dv, s, slopes),
        }
    }

    fn immittance(&self, v: f64, dv: f64, s: &mut [Complex64], slopes: &mut [Complex64]) {
        let k = self.poles.len();
        let [r, l, c] = self.lumped;
        let mut z = Complex64::new(r, l * v - c / v);
        let mut by_v = Complex64::new(0.0, l + c / (v * v));
        for (i, pole) in self.poles.iter().enumerate() {
            let inverse = Complex64::new(pole.square - v * v, pole.width * v).inv();
            let term = Complex64::new(pole.b, pole.scale * v) * inverse;
            z += term;
            let squared = term * inverse;
            by_v += Complex64::new(0.0, pole.scale) * inverse
                - squared * Complex64::new(-2.0 * v, pole.width);
            if !slopes.is_empty() {
                let by_width = pole.b * inverse - squared * Complex64::new(0.0, pole.width * v);
                slopes[i] = by_width - squared * (2.0 * pole.square);
                slopes[k + i] = by_width;
                slopes[2 * k + i] = term;
                slopes[3 * k + i] = pole.b_slope * inverse;
            }
        }
        let inverse = (z + 1.0).inv();
        s[0] = (z - 1.0) * inverse;
        if !slopes.is_empty() {
            slopes[4 * k] = r.into();
            slopes[4 * k + 1] = Complex64::new(0.0, l * v);
            slopes[4 * k + 2] = Complex64::new(0.0, -c / v);
            slopes[4 * k + 3] = by_v * dv;
            let by_z = 2.0 * inverse * inverse;
            slopes.iter_mut().for_each(|slope| *slope *= by_z);
        }
    }

    fn rational(&self, v: f64, dv: f64, s: &mut [Complex64], slopes: &mut [Complex64]) {
        let (k, q, outputs) = (self.poles.len(), self.shape.pairs, self.shape.outputs());
        let (a, b) = (2 * k, 2 * k + q * k);
        for pair in 0..q {
            let (d, t) = (2 * k + 2 * q * k + pair, 2 * k + 2 * q * k + q + pair);
            let delay = softplus(self.numbers[t]);
            let phase = Complex64::from_polar(1.0, -v * delay);
            let row = match slopes.is_empty() {
                true => &mut [][..],
                false => &mut slopes[pair * outputs..(pair + 1) * outputs],
            };
            row.fill(Complex64::ZERO);
            let mut sum = Complex64::new(self.numbers[d], 0.0);
            let mut by_v = Complex64::ZERO;
            for (i, pole) in self.poles.iter().enumerate() {
                let inverse = Complex64::new(pole.square - v * v, pole.width * v).inv();
                let along = self.numbers[a + pair * k + i] * pole.width;
                let across = self.numbers[b + pair * k + i] * pole.scale;
                let term = Complex64::new(across, along * v) * inverse;
                sum += term;
                let squared = term * inverse;
                by_v += Complex64::new(0.0, along) * inverse
                    - squared * Complex64::new(-2.0 * v, pole.width);
                if !row.is_empty() {
                    let by_width = term - squared * Complex64::new(0.0, pole.width * v);
                    row[k + i] = by_width * phase;
                    // The width follows the resonance, and `scale` is of second order in it.
                    row[i] = (by_width + across * inverse - squared * (2.0 * pole.square)) * phase;
                    row[a + pair * k + i] = Complex64::new(0.0, pole.width * v) * inverse * phase;
                    row[b + pair * k + i] = pole.scale * inverse * phase;
                }
            }
            s[pair] = sum * phase;
            if !row.is_empty() {
                row[d] = phase;
                row[t] = Complex64::new(0.0, -v * sigmoid(self.numbers[t])) * s[pair];
                row[outputs - 1] = (by_v * phase - Complex64::new(0.0, delay) * s[pair]) * dv;
            }
        }
    }
}

fn exp(logarithm: f64) -> f64 {
    logarithm.clamp(-LARGEST_LOGARITHM, LARGEST_LOGARITHM).exp()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every derivative against a central difference, of both forms.
    #[test]
    fn derivatives_are_those_of_the_response() {
        for (form, pairs) in [(Form::Immittance, 1), (Form::Rational, 3)] {
            let shape = Resonances {
                form,
                poles: 3,
                pairs,
            };
            let outputs = shape.outputs();
            let mut numbers = shape.start(0.2);
            for (i, number) in numbers.iter_mut().enumerate() {
                *number += 0.4 * (1.7 * i as f64).sin();
            }
            let value = |numbers: &[f64], frequency: f64| {
                let mut s = vec![Complex64::ZERO; pairs];
                shape.at(numbers).response(frequency, &mut s, &mut []);
                s
            };
            for frequency in [0.2, 0.55, 1.0] {
                let mut s = vec![Complex64::ZERO; pairs];
                let mut slopes = vec![Complex64::ZERO; pairs * outputs];
                shape.at(&numbers).response(frequency, &mut s, &mut slopes);
                for i in 0..outputs {
                    let moved = |by: f64| {
                        let mut moved = numbers.clone();
                        moved[i] += by;
                        value(&moved, frequency)
                    };
                    let (above, below) = (moved(1e-5), moved(-1e-5));
                    for pair in 0..pairs {
                        let expected = (above[pair] - below[pair]) / 2e-5;
                        let error = (slopes[pair * outputs + i] - expected).norm();
                        assert!(error < 1e-7, "{form:?} number {i} pair {pair}: {error}");
                    }
                }
            }
        }
    }
}
