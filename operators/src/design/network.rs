//! From design parameters to poles, from poles to S-parameters.
//!
//! With parameters `x` scaled to -1..1 and the frequency `w` in units of the highest, the network
//! is a polynomial response surface (Box and Wilson, J. R. Stat. Soc. B 13, 1951), fitted by least
//! squares ([`super::surface`]), and where it helps a small perceptron that corrects it,
//!
//! ```text
//! p(x) = p0 + A [x_i, x_i x_j, ...] + 0.1 mlp(x),
//! ```
//!
//! whose outputs `p` are logarithms of positive quantities: an electrical length `l` that scales
//! the frequency, `v = l w`, and for each resonance `k` its frequency `w_k` and width `g_k`. With
//! `D_k = w_k^2 - v^2` and `E_k = g_k v` the response is one of
//!
//! ```text
//! immittance:  Z / Z0 = R + j L v + 1 / (j C' v) + sum_k (b_k + j a_k v) / (D_k + j E_k)
//!              S = (Z - Z0) / (Z + Z0)
//! rational:    S_q = (d_q + sum_k (b_qk + j a_qk v) / (D_k + j E_k)) exp(-j v t_q)
//! ```
//!
//! In the first `R, L, 1/C', a_k > 0` and `0 < b_k < a_k g_k`, so every term is positive real and
//! `|S| < 1` whatever the weights (Brune, J. Math. Phys. 10, 1931; Foster's form with losses). In
//! the second, the poles are shared and stable, all else is free.

use super::config::Form;
use super::resonance::{LARGEST_LOGARITHM, LEAST_FREQUENCY, LEAST_POWER, Resonances};
use super::surface::monomials;
use burn::module::{Module, Param};
use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{DType, Device, Tensor, TensorData};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Share of the perceptron beside the response surface: it learns the slower, so that the trend of
/// few designs is the surface's and the remainder small.
const CORRECTION: f64 = 0.1;

/// Shape of a [`ResonanceNetwork`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Architecture {
    /// Number of design parameters.
    pub parameters: usize,
    /// Number of port pairs; 1 for an immittance.
    pub pairs: usize,
    /// `Immittance` or `Rational`.
    pub form: Form,
    /// Number of resonances.
    pub poles: usize,
    /// Degree of the response surface.
    pub degree: usize,
    /// Width of the perceptron's hidden layers.
    pub hidden: usize,
    /// Number of hidden layers; 0 for no perceptron.
    pub layers: usize,
    /// Lowest frequency of the data in units of the highest.
    pub lowest: f64,
}

/// Design parameters `[B, d]` and frequencies to S-parameters.
#[derive(Module, Debug)]
pub struct ResonanceNetwork {
    /// `[term, P]`, the terms those of [`monomials`]
    surface: Param<Tensor<2>>,
    /// `[P]`
    base: Param<Tensor<1>>,
    hidden: Vec<Dense>,
    /// `[hidden, P]`
    correction: Option<Param<Tensor<2>>>,
    #[module(skip)]
    degree: usize,
    #[module(skip)]
    pairs: usize,
    #[module(skip)]
    poles: usize,
    #[module(skip)]
    immittance: bool,
}

#[derive(Module, Debug)]
struct Dense {
    /// `[inputs, outputs]`
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

/// S-parameters `[B, pair, frequency]`, real and imaginary part.
#[derive(Clone, Debug)]
pub struct Scattering {
    /// Real part.
    pub re: Tensor<3>,
    /// Imaginary part.
    pub im: Tensor<3>,
}

impl Scattering {
    /// Magnitude in dB, at least -70.
    pub fn decibel(self) -> Tensor<3> {
        let power = self.re.powi_scalar(2) + self.im.powi_scalar(2);
        (power + LEAST_POWER)
            .log()
            .mul_scalar(10.0 / std::f64::consts::LN_10)
    }
}

impl Architecture {
    /// Fresh weights that follow from the seed alone.
    pub fn init(&self, seed: u64, device: &Device) -> ResonanceNetwork {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let d = self.parameters;
        let resonances = Resonances {
            form: self.form,
            poles: self.poles,
            pairs: self.pairs,
        };
        let width = resonances.outputs();
        let mut normal = |rows: usize, columns: usize, gain: f32| {
            let std = gain / (rows as f32).sqrt();
            let values = (0..rows * columns).map(|_| std * standard_normal(&mut rng));
            parameter::<2>(values.collect(), [rows, columns], device)
        };
        let mut inputs = d;
        let hidden = (0..self.layers)
            .map(|_| {
                let weight = normal(inputs, self.hidden, 1.0);
                inputs = self.hidden;
                Dense {
                    weight,
                    bias: parameter(vec![0.0; self.hidden], [self.hidden], device),
                }
            })
            .collect();
        let terms = monomials(d, self.degree).len();
        let start = resonances.start(self.lowest);
        let start = start.into_iter().map(|value| value as f32).collect();
        ResonanceNetwork {
            surface: parameter(vec![0.0; terms * width], [terms, width], device),
            base: parameter(start, [width], device),
            hidden,
            correction: (self.layers > 0).then(|| normal(self.hidden, width, 0.1)),
            degree: self.degree,
            pairs: self.pairs,
            poles: self.poles,
            immittance: self.form == Form::Immittance,
        }
    }

    /// Weights that begin at a response surface `[1 + term, P]`: the perceptron answers 0.
    pub fn at_surface(
        &self,
        surface: &Array2<f64>,
        seed: u64,
        device: &Device,
    ) -> ResonanceNetwork {
        let narrow = |rows: ndarray::ArrayView2<f64>| rows.iter().map(|&c| c as f32).collect();
        let (rows, width) = surface.dim();
        let fresh = self.init(seed, device);
        ResonanceNetwork {
            surface: parameter(
                narrow(surface.slice(ndarray::s![1.., ..])),
                [rows - 1, width],
                device,
            ),
            base: parameter(narrow(surface.slice(ndarray::s![..1, ..])), [width], device),
            correction: fresh.correction.map(|correction| {
                let [rows, columns] = correction.shape().dims();
                parameter(vec![0.0; rows * columns], [rows, columns], device)
            }),
            ..fresh
        }
    }
}

impl ResonanceNetwork {
    /// S-parameters of designs `[B, d]`, scaled to -1..1, at frequencies `[F]` in units of the
    /// highest.
    pub fn forward(&self, x: Tensor<2>, frequencies: Tensor<1>) -> Scattering {
        let [batch, _] = x.dims();
        let [count] = frequencies.dims();
        let k = self.poles;
        let p = self.response_surface(x);
        let mut at = 0;
        let mut take = |width: usize| {
            at += width;
            p.clone().narrow(1, at - width, width)
        };
        let positive =
            |logarithm: Tensor<2>| logarithm.clamp(-LARGEST_LOGARITHM, LARGEST_LOGARITHM).exp();
        let (resonance, relative_width) = (positive(take(k)), positive(take(k)));
        let width = resonance.clone() * relative_width;
        let numerators = match self.immittance {
            true => {
                let a = positive(take(k));
                let b = a.clone() * width.clone() * sigmoid(take(k));
                (a.reshape([batch, 1, k]), b.reshape([batch, 1, k]))
            }
            // In units of the width, so that a residue of order 1 is a response of order 1.
            false => {
                let shape = [batch, self.pairs, k];
                let a = take(self.pairs * k).reshape(shape) * width.clone().reshape([batch, 1, k]);
                let b = take(self.pairs * k).reshape(shape)
                    * (width.clone() * resonance.clone()).reshape([batch, 1, k]);
                (a, b)
            }
        };
        let rest = take(if self.immittance { 3 } else { 2 * self.pairs });
        let length = softplus(take(1), 1.0);
        let v = length.matmul(frequencies.reshape([1, count])) + LEAST_FREQUENCY;
        let sum = partial_fractions(resonance, width, numerators, v.clone());
        let v = v.reshape([batch, 1, count]);
        match self.immittance {
            true => reflection(sum, positive(rest), v),
            false => delayed(sum, rest, v),
        }
    }

    /// `p(x)`, `[B, P]`.
    fn response_surface(&self, x: Tensor<2>) -> Tensor<2> {
        let [_, parameters] = x.dims();
        let mut terms: Vec<Tensor<2>> = Vec::new();
        for monomial in monomials(parameters, self.degree) {
            let columns = monomial.iter().map(|&p| x.clone().narrow(1, p, 1));
            terms.extend(columns.reduce(|product, column| product * column));
        }
        let mut p = Tensor::cat(terms, 1).matmul(self.surface.val()) + self.base.val().unsqueeze();
        if let Some(correction) = &self.correction {
            let mut h = x;
            for layer in &self.hidden {
                h = (h.matmul(layer.weight.val()) + layer.bias.val().unsqueeze()).tanh();
            }
            p = p + h.matmul(correction.val()).mul_scalar(CORRECTION);
        }
        p
    }
}

/// `sum_k (b + j a v) / (D + j E)`: from `[B, K]` poles, `[B, Q, K]` numerators and `[B, F]`
/// frequencies to `[B, Q, F]`.
///
/// Elementwise work is on `[B, K, F]` alone; outer products and the sums over the poles are matrix
/// products.
fn partial_fractions(
    resonance: Tensor<2>,
    width: Tensor<2>,
    (a, b): (Tensor<3>, Tensor<3>),
    v: Tensor<2>,
) -> Scattering {
    let [batch, poles] = resonance.dims();
    let [_, count] = v.dims();
    let pairs = a.dims()[1];
    let column = |x: Tensor<2>| x.reshape([batch, poles, 1]);
    let row = v.reshape([batch, 1, count]);
    let square = row.clone().powi_scalar(2);
    let ones = square.ones_like();
    let left = Tensor::cat(
        vec![
            column(resonance.powi_scalar(2)),
            column(width.ones_like().neg()),
        ],
        2,
    );
    let d = left.matmul(Tensor::cat(vec![ones, square], 1));
    let e = column(width).matmul(row.clone());
    let weight = (d.clone().powi_scalar(2) + e.clone().powi_scalar(2) + 1e-12).recip();
    let numerators = Tensor::cat(vec![a, b], 1);
    let by_d = numerators.clone().matmul(d * weight.clone());
    let by_e = numerators.matmul(e * weight);
    let half = |x: &Tensor<3>, at: usize| x.clone().narrow(1, at * pairs, pairs);
    let v = row.repeat_dim(1, pairs);
    Scattering {
        re: half(&by_d, 1) + half(&by_e, 0) * v.clone(),
        im: half(&by_d, 0) * v - half(&by_e, 1),
    }
}

/// `(Z - Z0) / (Z + Z0)`, both multiplied by `v` so that the capacitor is finite at frequency 0.
fn reflection(sum: Scattering, rest: Tensor<2>, v: Tensor<3>) -> Scattering {
    let [batch, _] = rest.dims();
    let count = v.dims()[2];
    let spread = |i: usize| {
        let column = rest.clone().narrow(1, i, 1).reshape([batch, 1, 1]);
        column.repeat_dim(2, count)
    };
    let r = (sum.re + spread(0)) * v.clone();
    let x = (sum.im + spread(1) * v.clone()) * v.clone() - spread(2);
    let square = x.clone().powi_scalar(2);
    let below = (r.clone() + v.clone()).powi_scalar(2) + square.clone();
    let re = (r.powi_scalar(2) - v.clone().powi_scalar(2) + square) / below.clone();
    let im = (x * v).mul_scalar(2.0) / below;
    Scattering { re, im }
}

/// `(d + sum) exp(-j v t)`.
fn delayed(sum: Scattering, rest: Tensor<2>, v: Tensor<3>) -> Scattering {
    let [batch, width] = rest.dims();
    let (pairs, count) = (width / 2, v.dims()[2]);
    let column = |i: usize| {
        rest.clone()
            .narrow(1, i * pairs, pairs)
            .reshape([batch, pairs, 1])
    };
    let re = sum.re + column(0).repeat_dim(2, count);
    let phase = softplus(column(1), 1.0).matmul(v);
    let (cos, sin) = (phase.clone().cos(), phase.sin());
    Scattering {
        re: re.clone() * cos.clone() + sum.im.clone() * sin.clone(),
        im: sum.im * cos - re * sin,
    }
}

fn parameter<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    let device = device.clone().without_autodiff();
    let tensor = Tensor::from_data(TensorData::new(values, shape), (&device, DType::F32));
    Param::from_tensor(tensor)
}

/// Box and Muller's transform.
fn standard_normal(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    fn architecture(form: Form, pairs: usize) -> Architecture {
        Architecture {
            parameters: 2,
            pairs,
            form,
            poles: 3,
            degree: 2,
            hidden: 5,
            layers: 2,
            lowest: 0.0,
        }
    }

    fn values(x: Tensor<3>) -> Vec<f64> {
        x.into_data_as::<f64>().try_into_vec().unwrap_or_default()
    }

    /// The tensor arithmetic is the formula.
    #[test]
    fn partial_fractions_are_the_complex_sum() {
        let device = Device::flex();
        let tensor = |values: Vec<f64>, shape| {
            Tensor::<2>::from_data(TensorData::new(values, shape), (&device, DType::F64))
        };
        let (w, g) = (
            [0.3, 0.8, 1.1, 0.5, 0.6, 0.7],
            [0.1, 0.02, 0.3, 0.2, 0.2, 0.1],
        );
        let v = [0.1, 0.5, 0.9, 1.2, 0.0, 0.4, 0.8, 1.6];
        let a: Vec<f64> = (0..12).map(|i| (1.3 * i as f64).sin()).collect();
        let b: Vec<f64> = (0..12).map(|i| (0.7 * i as f64).cos()).collect();
        let cube = |values: &[f64]| tensor(values.to_vec(), [4, 3]).reshape([2, 2, 3]);
        let sum = partial_fractions(
            tensor(w.to_vec(), [2, 3]),
            tensor(g.to_vec(), [2, 3]),
            (cube(&a), cube(&b)),
            tensor(v.to_vec(), [2, 4]),
        );
        let (re, im) = (values(sum.re), values(sum.im));
        for design in 0..2 {
            for pair in 0..2 {
                for f in 0..4 {
                    let v = v[4 * design + f];
                    let expected: Complex64 = (0..3)
                        .map(|k| {
                            let (pole, at) = (3 * design + k, 6 * design + 3 * pair + k);
                            Complex64::new(b[at], a[at] * v)
                                / Complex64::new(w[pole] * w[pole] - v * v, g[pole] * v)
                        })
                        .sum();
                    let at = 8 * design + 4 * pair + f;
                    let error = (Complex64::new(re[at], im[at]) - expected).norm();
                    assert!(error < 1e-9 * (1.0 + expected.norm()), "{error}");
                }
            }
        }
    }

    /// Tensors of both forms against the plain functions that surfaces are fitted with.
    #[test]
    fn a_surface_answers_as_it_was_fitted() {
        let device = Device::flex();
        for (form, pairs) in [(Form::Immittance, 1), (Form::Rational, 3)] {
            let architecture = architecture(form, pairs);
            let shape = Resonances {
                form,
                poles: 3,
                pairs,
            };
            let start = shape.start(0.0);
            let surface = Array2::from_shape_fn((6, start.len()), |(t, p)| match t {
                0 => start[p] + 0.3 * (1.9 * p as f64).sin(),
                _ => 0.2 * ((7 * t + p) as f64).sin(),
            });
            let network = architecture.at_surface(&surface, 0, &device);
            let (x, y) = (0.3_f64, -0.8);
            let frequencies = [0.0, 0.4, 0.9, 1.0];
            let asked = Tensor::<2>::from_data([[x as f32, y as f32]], &device);
            let w = Tensor::<1>::from_data([0.0, 0.4, 0.9, 1.0], &device);
            let s = network.forward(asked, w);
            let (re, im) = (values(s.re), values(s.im));
            let terms = ndarray::array![1.0, x, y, x * x, x * y, y * y];
            let numbers = surface.t().dot(&terms).to_vec();
            let mut expected = vec![Complex64::ZERO; pairs];
            for (f, &frequency) in frequencies.iter().enumerate() {
                shape
                    .at(&numbers)
                    .response(frequency, &mut expected, &mut []);
                for (pair, expected) in expected.iter().enumerate() {
                    let found = Complex64::new(re[4 * pair + f], im[4 * pair + f]);
                    let error = (found - expected).norm();
                    assert!(error < 2e-5 * (1.0 + expected.norm()), "{found} {expected}");
                }
            }
        }
    }

    /// Passive whatever the weights; the ends of the frequency axis are finite.
    #[test]
    fn an_immittance_never_gains() {
        let device = Device::flex();
        for seed in 0..20 {
            let network = architecture(Form::Immittance, 1).init(seed, &device);
            let mut tensors = crate::weights::collect(&network);
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for value in tensors.values_mut().flat_map(|(_, values)| values) {
                *value += 1.5 * standard_normal(&mut rng);
            }
            let file = std::path::Path::new("weights");
            let network = crate::weights::apply(network, &tensors, file).expect("same names");
            let x = Tensor::<2>::from_data([[0.3, -0.8], [1.5, 1.0]], &device);
            let w = Tensor::<1>::from_data([0.0, 1e-3, 0.2, 0.5, 0.8, 1.0], &device);
            let s = network.forward(x, w);
            for (re, im) in values(s.re).into_iter().zip(values(s.im)) {
                assert!((re * re + im * im).sqrt() < 1.0 + 1e-5, "{re} + j {im}");
            }
        }
    }

    #[test]
    fn shapes_gradients_and_seeds() {
        let device = Device::flex().autodiff();
        for (form, pairs) in [(Form::Immittance, 1), (Form::Rational, 3)] {
            let init = |seed| architecture(form, pairs).init(seed, &device);
            assert_eq!(
                crate::weights::collect(&init(1)),
                crate::weights::collect(&init(1))
            );
            let network = init(2).train();
            let x = Tensor::<2>::from_data([[0.3, -0.8], [0.5, 1.0]], &device);
            let w = Tensor::<1>::from_data([0.0, 0.3, 0.6, 1.0], &device);
            let s = network.forward(x, w);
            assert_eq!(s.re.dims(), [2, pairs, 4]);
            let loss = s.decibel().mean();
            let grads = burn::optim::GradientsParams::from_grads(loss.backward(), &network);
            let mut parameters = 0;
            crate::weights::for_each(&network, |_, _| parameters += 1);
            assert_eq!(grads.len(), parameters);
        }
    }
}
