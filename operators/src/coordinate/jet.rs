//! Values with their exact derivatives, as tensors.

use crate::kernels::jets::{Activation, JetOrder, jet_activation};
use burn::tensor::{DType, Device, Tensor, TensorData};

/// `W` functions at `N` points: values and the derivatives of an order, `[N, C, W]`.
#[derive(Clone, Debug)]
pub struct Jet {
    /// `[N, C, W]`: point, component of the order, channel.
    pub parts: Tensor<3>,
    /// Which derivatives.
    pub order: JetOrder,
}

impl Jet {
    /// The coordinates themselves at points `[N, D]`, one channel each: first derivatives 1 or 0, no
    /// second ones.
    ///
    /// # Panics
    /// When there are not as many coordinates as the order has.
    pub fn coordinates(points: &[f64], order: JetOrder, device: &Device) -> Self {
        let (d, components) = (order.coordinates(), order.components());
        assert_eq!(points.len() % d, 0, "coordinates of whole points");
        let mut parts = vec![0.0; points.len() * components];
        for (point, jet) in points
            .chunks_exact(d)
            .zip(parts.chunks_exact_mut(components * d))
        {
            jet[..d].copy_from_slice(point);
            for i in 0..d {
                jet[order.first(i) * d + i] = 1.0;
            }
        }
        let data = TensorData::new(parts, [points.len() / d, components, d]);
        let device = device.clone().without_autodiff();
        Self {
            parts: Tensor::from_data(data, (&device, DType::F64)),
            order,
        }
    }

    /// Values `[N, W]`.
    pub fn value(&self) -> Tensor<2> {
        self.component(0)
    }

    /// First derivatives by coordinate `i`, `[N, W]`.
    pub fn first(&self, i: usize) -> Tensor<2> {
        self.component(self.order.first(i))
    }

    /// Second derivatives by coordinates `i` and `j`, `[N, W]`.
    ///
    /// # Panics
    /// When the order does not have them.
    pub fn second(&self, i: usize, j: usize) -> Tensor<2> {
        let at = self.order.second(i, j);
        self.component(at.unwrap_or_else(|| panic!("no second derivative by {i} and {j}")))
    }

    fn component(&self, at: usize) -> Tensor<2> {
        let [points, _, width] = self.parts.dims();
        self.parts.clone().narrow(1, at, 1).reshape([points, width])
    }

    /// One of the functions, `W` 1.
    pub fn channel(&self, at: usize) -> Self {
        self.with(self.parts.clone().narrow(2, at, 1))
    }

    /// The functions of both.
    pub fn beside(self, other: Self) -> Self {
        let order = self.order;
        Self {
            parts: Tensor::cat(vec![self.parts, other.parts], 2),
            order,
        }
    }

    /// Sums with the columns of a matrix `[W, V]`: `V` functions.
    pub fn linear(&self, weight: Tensor<2>) -> Self {
        let [points, components, width] = self.parts.dims();
        let outputs = weight.dims()[1];
        let flat = self.parts.clone().reshape([points * components, width]);
        self.with(flat.matmul(weight).reshape([points, components, outputs]))
    }

    /// An activation of each function plus its bias `[W]`.
    pub fn activated(&self, bias: Tensor<1>, activation: Activation) -> Self {
        self.with(jet_activation(
            self.parts.clone(),
            bias,
            self.order,
            activation,
        ))
    }

    /// `sin(u + phase)`.
    pub fn sin(&self, phase: f64) -> Self {
        self.activated(self.constant(phase), Activation::Sine)
    }

    /// Hyperbolic tangent.
    pub fn tanh(&self) -> Self {
        self.activated(self.constant(0.0), Activation::Tanh)
    }

    /// With a constant added.
    pub fn plus(&self, constant: f64) -> Self {
        self.activated(self.constant(constant), Activation::Identity)
    }

    /// Times a constant.
    pub fn scaled(&self, factor: f64) -> Self {
        self.with(self.parts.clone().mul_scalar(factor))
    }

    /// Products by Leibniz's rule, function by function; one function against many where `W` is 1.
    pub fn times(&self, other: &Self) -> Self {
        let order = self.order;
        let part = |jet: &Self, at: usize| jet.parts.clone().narrow(1, at, 1);
        let (u, v) = (part(self, 0), part(other, 0));
        let mut parts = vec![u.clone() * v.clone()];
        for c in 1..order.components() {
            parts.push(part(self, c) * v.clone() + u.clone() * part(other, c));
        }
        for (n, [i, j]) in order.pairs().enumerate() {
            let (i, j) = (order.first(i), order.first(j));
            let mixed = part(self, i) * part(other, j) + part(self, j) * part(other, i);
            let at = 1 + order.coordinates() + n;
            parts[at] = parts[at].clone() + mixed;
        }
        self.with(Tensor::cat(parts, 1))
    }

    /// Sum.
    pub fn add(&self, other: &Self) -> Self {
        self.with(self.parts.clone() + other.parts.clone())
    }

    /// Difference.
    pub fn sub(&self, other: &Self) -> Self {
        self.with(self.parts.clone() - other.parts.clone())
    }

    fn with(&self, parts: Tensor<3>) -> Self {
        Self {
            parts,
            order: self.order,
        }
    }

    fn constant(&self, value: f64) -> Tensor<1> {
        let width = self.parts.dims()[2];
        let device = self.parts.device().without_autodiff();
        Tensor::full([width], value, (&device, self.parts.dtype()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(x: Tensor<2>) -> Vec<f64> {
        x.into_data().try_into_vec().expect("f64")
    }

    /// `u = x sin(2 t) - x^2 t`: every derivative is known.
    #[test]
    fn a_polynomial_and_a_sine() {
        let order = JetOrder::new(2, &[[0, 0], [0, 1], [1, 1]]);
        let points = [0.3, -0.7, 1.1, 0.2];
        let at = Jet::coordinates(&points, order, &Device::flex());
        let (t, x) = (at.channel(0), at.channel(1));
        let u = x.times(&t.scaled(2.0).sin(0.0)).sub(&x.times(&x).times(&t));
        for (n, point) in points.chunks(2).enumerate() {
            let (t, x) = (point[0], point[1]);
            let (sin, cos) = (2.0 * t).sin_cos();
            for (name, found, expected) in [
                ("u", u.value(), x * sin - x * x * t),
                ("u_t", u.first(0), 2.0 * x * cos - x * x),
                ("u_x", u.first(1), sin - 2.0 * x * t),
                ("u_tt", u.second(0, 0), -4.0 * x * sin),
                ("u_tx", u.second(1, 0), 2.0 * cos - 2.0 * x),
                ("u_xx", u.second(1, 1), -2.0 * t),
            ] {
                let found = values(found)[n];
                assert!(
                    (found - expected).abs() < 1e-14,
                    "{name}: {found} {expected}"
                );
            }
        }
    }
}
