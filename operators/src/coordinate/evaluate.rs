//! Residuals of a problem's terms at their points: values, gradients, rows of the Jacobian.

use super::field::constrained;
use super::jet::Jet;
use super::network::{Network, Weights};
use super::problem::{Problem, Term};
use crate::error::{Error, Result};
use burn::tensor::{DType, Tensor, TensorData};
use rayon::prelude::*;

/// Numbers of a chunk's Jacobian, at most: what fits into memory beside the rest.
const ROWS: usize = 1 << 23;
/// Points of a chunk, at most.
const CHUNK: usize = 2048;

/// The points of a term and what does not change while the network learns.
pub(super) struct TermPoints {
    /// Coordinates, `D` numbers each.
    pub coordinates: Vec<f64>,
    /// Factor of each point's squared residual: 1, or by causality.
    pub weights: Vec<f64>,
    chunks: Vec<Chunk>,
}

struct Chunk {
    start: usize,
    count: usize,
    features: Jet,
    lift: Option<Jet>,
    distance: Option<Jet>,
    given: Tensor<2>,
}

/// Residuals `[point][component]` of a term.
pub(super) struct Residuals {
    pub values: Vec<f64>,
    pub components: usize,
}

impl Residuals {
    /// Sum of the squares of the components at each point.
    pub fn squares(&self) -> Vec<f64> {
        let points = self.values.chunks_exact(self.components);
        points.map(|r| r.iter().map(|v| v * v).sum()).collect()
    }
}

/// What Gauss and Newton need of a term: rows and residuals, both times the root of the point's
/// factor, row by row.
pub(super) struct Rows {
    /// `[row][P]`
    pub jacobian: Vec<f64>,
    /// `[row]`
    pub residuals: Vec<f64>,
}

impl TermPoints {
    pub fn new(problem: &Problem, term: &Term, network: &Network, coordinates: Vec<f64>) -> Self {
        let d = problem.domain.coordinates();
        let count = coordinates.len() / d;
        let most = (ROWS / network.parameters().max(1)).clamp(64, CHUNK);
        let chunks = (0..count)
            .step_by(most)
            .map(|start| {
                let count = most.min(count - start);
                let points = &coordinates[start * d..(start + count) * d];
                let at = Jet::coordinates(points, network.order(), network.device());
                let (numbers, given) = &term.given;
                let mut values = vec![0.0; count * numbers.max(&1)];
                if *numbers > 0 {
                    for (point, values) in points.chunks(d).zip(values.chunks_mut(*numbers)) {
                        given(point, values);
                    }
                }
                let data = TensorData::new(values, [count, *numbers.max(&1)]);
                Chunk {
                    start,
                    count,
                    features: network.features(points),
                    lift: problem.lift.as_ref().map(|f| f(&at)),
                    distance: problem.distance.as_ref().map(|f| f(&at)),
                    given: Tensor::from_data(data, (network.device(), DType::F64)),
                }
            })
            .collect();
        Self {
            coordinates,
            weights: vec![1.0; count],
            chunks,
        }
    }

    /// Number of points.
    pub fn count(&self) -> usize {
        self.weights.len()
    }

    /// Residuals at all points.
    ///
    /// # Errors
    /// When one is not a number: which term, and where.
    pub fn residuals(
        &self,
        term: &Term,
        network: &Network,
        weights: &Weights,
    ) -> Result<Residuals> {
        let (mut values, mut components) = (Vec::new(), 1);
        for chunk in &self.chunks {
            let raw = network.forward(&chunk.features, weights, &mut |_, z| z);
            let residual = chunk.residual(term, raw);
            components = residual.dims()[1];
            values.extend(numbers(residual.inner()));
        }
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(self.not_finite(term, at / components, values[at]));
        }
        Ok(Residuals { values, components })
    }

    fn not_finite(&self, term: &Term, point: usize, value: f64) -> Error {
        let d = self.coordinates.len() / self.count();
        Error::ResidualNotFinite {
            term: term.name.clone(),
            value,
            point: self.coordinates[point * d..(point + 1) * d].to_vec(),
        }
    }

    /// Mean of the weighted squares, and its gradient by all weights of the network.
    ///
    /// # Errors
    /// As [`TermPoints::residuals`].
    pub fn gradient(
        &self,
        term: &Term,
        network: &Network,
        parameters: &[f64],
    ) -> Result<(f64, Vec<f64>)> {
        let mut gradient = vec![0.0; parameters.len()];
        let mut loss = 0.0;
        for chunk in &self.chunks {
            let weights = network.weights(parameters, true);
            let raw = network.forward(&chunk.features, &weights, &mut |_, z| z);
            let residual = chunk.residual(term, raw);
            let factors = &self.weights[chunk.start..chunk.start + chunk.count];
            let device = network.device();
            let factors = Tensor::<2>::from_data(
                TensorData::new(factors.to_vec(), [chunk.count, 1]),
                (device, DType::F64),
            );
            let squares = residual.clone() * residual.clone() * factors;
            let sum = squares.sum().mul_scalar(1.0 / self.count() as f64);
            let value = sum.clone().into_scalar::<f64>();
            if !value.is_finite() {
                let values = numbers(residual.inner());
                let components = values.len() / chunk.count;
                let at = values.iter().position(|v| !v.is_finite()).unwrap_or(0);
                return Err(self.not_finite(term, chunk.start + at / components, value));
            }
            loss += value;
            let grads = sum.backward();
            for (layer, (matrix, factor, bias)) in network.layers.iter().zip(&weights.leaves) {
                let mut add = |range: &std::ops::Range<usize>, values: Option<Vec<f64>>| {
                    let to = &mut gradient[range.clone()];
                    let values = values.unwrap_or_default();
                    to.iter_mut().zip(values).for_each(|(to, v)| *to += v);
                };
                add(&layer.weight, matrix.grad(&grads).map(numbers));
                add(&layer.bias, bias.grad(&grads).map(numbers));
                if let (Some(range), Some(factor)) = (&layer.factor, factor) {
                    add(range, factor.grad(&grads).map(numbers));
                }
            }
        }
        Ok((loss, gradient))
    }

    /// Hands the rows of each chunk to `take`, one component of the residual after the other.
    ///
    /// A residual at a point depends on nothing but that point's jets, so the gradient of the sum of
    /// all residuals with respect to a layer's sums before the activation holds, point by point,
    /// that of each residual; times the layer's inputs it is a row of the Jacobian.
    pub fn rows(
        &self,
        term: &Term,
        network: &Network,
        weights: &Weights,
        parameters: &[f64],
        mut take: impl FnMut(Rows),
    ) -> Result<()> {
        let device = network.device().clone().autodiff();
        for chunk in &self.chunks {
            let mut component = 0;
            loop {
                let mut taps: Vec<(Tensor<3>, Tensor<3>)> = Vec::new();
                let raw = network.forward(&chunk.features, weights, &mut |x, z| {
                    let zeros = Tensor::<3>::zeros(z.dims(), (&device, DType::F64)).require_grad();
                    taps.push((x.parts.clone().inner(), zeros.clone()));
                    z + zeros
                });
                let residual = chunk.residual(term, raw);
                let components = residual.dims()[1];
                let one = residual.narrow(1, component, 1);
                let values = numbers(one.clone().inner());
                if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                    return Err(self.not_finite(term, chunk.start + at, values[at]));
                }
                let grads = one.sum().backward();
                let factors = &self.weights[chunk.start..chunk.start + chunk.count];
                let roots: Vec<f64> = factors
                    .iter()
                    .map(|w| (w / self.count() as f64).sqrt())
                    .collect();
                let mut jacobian = vec![0.0; chunk.count * parameters.len()];
                for (layer, (inputs, tap)) in network.layers.iter().zip(&taps) {
                    let Some(slopes) = tap.grad(&grads) else {
                        continue; // this layer does not reach the residual
                    };
                    let (inputs, slopes) = (numbers(inputs.clone()), numbers(slopes));
                    let rows = jacobian.par_chunks_exact_mut(parameters.len());
                    let components = network.order().components();
                    rows.enumerate().for_each(|(point, row)| {
                        let (i, o) = (layer.inputs, layer.outputs);
                        let x = &inputs[point * components * i..][..components * i];
                        let s = &slopes[point * components * o..][..components * o];
                        let root = roots[point];
                        for (b, s) in row[layer.bias.clone()].iter_mut().zip(s) {
                            *b = root * s;
                        }
                        let matrix = &mut row[layer.weight.clone()];
                        for (x, s) in x.chunks_exact(i).zip(s.chunks_exact(o)) {
                            for (x, to) in x.iter().zip(matrix.chunks_exact_mut(o)) {
                                let x = root * x;
                                to.iter_mut().zip(s).for_each(|(to, s)| *to += x * s);
                            }
                        }
                        if let Some(range) = &layer.factor {
                            // d/dV = exp(s) d/dW, d/ds = sum of V exp(s) d/dW.
                            for q in 0..o {
                                let scale = parameters[range.start + q].exp();
                                let mut along = 0.0;
                                for p in 0..i {
                                    let at = layer.weight.start + p * o + q;
                                    row[at] *= scale;
                                    along += row[at] * parameters[at];
                                }
                                row[range.start + q] = along;
                            }
                        }
                    });
                }
                let residuals = values.iter().zip(&roots).map(|(r, root)| r * root);
                take(Rows {
                    jacobian,
                    residuals: residuals.collect(),
                });
                component += 1;
                if component == components {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Chunk {
    fn residual(&self, term: &Term, raw: Jet) -> Tensor<2> {
        let u = constrained(raw, self.lift.as_ref(), self.distance.as_ref());
        (term.residual)(&u, &self.given)
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_into_vec().unwrap_or_default()
}

/// Network, weights and points of one problem, as all optimisers use them.
pub(super) struct System<'a> {
    pub problem: &'a Problem,
    pub network: &'a Network,
    pub points: Vec<TermPoints>,
    /// Factor of each term: its own times what balancing found.
    pub factors: Vec<f64>,
}

impl System<'_> {
    /// Mean weighted square of each term.
    pub fn losses(&self, parameters: &[f64]) -> Result<Vec<f64>> {
        let weights = self.network.weights(parameters, false);
        let terms = self.problem.terms.iter().zip(&self.points);
        terms
            .map(|(term, points)| {
                let residuals = points.residuals(term, self.network, &weights)?;
                let squares = residuals.squares();
                let weighted = squares.iter().zip(&points.weights).map(|(s, w)| s * w);
                Ok(weighted.sum::<f64>() / points.count() as f64)
            })
            .collect()
    }

    /// The loss: the terms' with their factors.
    pub fn total(&self, losses: &[f64]) -> f64 {
        losses.iter().zip(&self.factors).map(|(l, f)| l * f).sum()
    }

    /// Losses and gradients of the terms, without their factors.
    pub fn gradients(&self, parameters: &[f64]) -> Result<Vec<(f64, Vec<f64>)>> {
        let terms = self.problem.terms.iter().zip(&self.points);
        terms
            .map(|(term, points)| points.gradient(term, self.network, parameters))
            .collect()
    }
}
