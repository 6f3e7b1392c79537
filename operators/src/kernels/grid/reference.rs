//! The bodies in plain tensor primitives.

use super::super::reference::{channel_sum, gelu, gelu_backward};
use super::{EPSILON, Plane};
use burn::backend::{Backend, TensorMetadata, tensor::FloatTensor};
use burn::tensor::{Shape, Slice, ops::ConvOptions};

/// `[B, C, P]` as `[B, C, rows, columns]` with what the convolution's own padding does not bring, and
/// the options for the rest.
fn with_edges<B: Backend>(
    x: FloatTensor<B>,
    plane: Plane,
    kernel: [usize; 2],
) -> (FloatTensor<B>, ConvOptions<2>) {
    let [batch, channels, _] = x.shape().dims::<3>();
    let halo = kernel.map(|k| k / 2);
    let shape = Shape::from([batch, channels, plane.rows, plane.columns]);
    let mut x = B::float_reshape(x, shape);
    if !plane.periodic {
        return (x, ConvOptions::new([1, 1], halo, [1, 1], 1));
    }
    for (axis, halo) in [(2, halo[0]), (3, halo[1])] {
        let size = x.shape()[axis];
        // Around more than once, where the kernel is wider than the grid.
        let lines = (0..size + 2 * halo).map(|n| (n + size * halo - halo) % size);
        if halo > 0 {
            let lines = lines.map(|n| {
                let mut slices = vec![Slice::full(); 4];
                slices[axis] = Slice::from(n..n + 1);
                B::float_slice(x.clone(), &slices)
            });
            x = B::float_cat(lines.collect(), axis);
        }
    }
    (x, ConvOptions::new([1, 1], [0, 0], [1, 1], 1))
}

pub fn convolution<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    plane: Plane,
    adjoint: bool,
) -> FloatTensor<B> {
    let weight = match adjoint {
        true => B::float_flip(B::float_swap_dims(weight, 0, 1), &[2, 3]),
        false => weight,
    };
    let [outputs, _, ky, kx] = weight.shape().dims::<4>();
    let [batch, _, points] = x.shape().dims::<3>();
    let (x, options) = with_edges::<B>(x, plane, [ky, kx]);
    let y = B::conv2d(x, weight, None, options);
    B::float_reshape(y, Shape::from([batch, outputs, points]))
}

pub fn convolution_weight<B: Backend>(
    grad: FloatTensor<B>,
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    plane: Plane,
) -> FloatTensor<B> {
    let [outputs, _, ky, kx] = weight.shape().dims::<4>();
    let [batch, _, _] = x.shape().dims::<3>();
    let (x, options) = with_edges::<B>(x, plane, [ky, kx]);
    let shape = Shape::from([batch, outputs, plane.rows, plane.columns]);
    B::conv2d_weight_backward(x, weight, B::float_reshape(grad, shape), options)
}

/// Mean over all but the batch, `[B, 1, 1]`.
fn sample_mean<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::float_mean_dim(B::float_mean_dim(x, 2), 1)
}

fn per_channel<B: Backend>(values: FloatTensor<B>) -> FloatTensor<B> {
    let [channels] = values.shape().dims::<1>();
    B::float_reshape(values, Shape::from([1, channels, 1]))
}

/// Output and moments.
pub fn norm_gelu_forward<B: Backend>(
    x: FloatTensor<B>,
    bias: FloatTensor<B>,
    gain: FloatTensor<B>,
    shift: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [batch, _, _] = x.shape().dims::<3>();
    let x = B::float_add(x, per_channel::<B>(bias));
    let mean = sample_mean::<B>(x.clone());
    let centred = B::float_sub(x, mean.clone());
    let variance = sample_mean::<B>(B::float_mul(centred.clone(), centred.clone()));
    let deviation = B::float_sqrt(B::float_add_scalar(variance, EPSILON.into()));
    let scale = B::float_recip(deviation);
    let normal = B::float_mul(centred, scale.clone());
    let z = B::float_add(
        B::float_mul(normal, per_channel::<B>(gain)),
        per_channel::<B>(shift),
    );
    let moments = B::float_cat(vec![mean, scale], 1);
    let moments = B::float_reshape(moments, Shape::from([batch, 2]));
    (gelu::<B>(z), moments)
}

/// Gradients of x, bias, gain, shift.
pub fn norm_gelu_backward<B: Backend>(
    grad: FloatTensor<B>,
    x: FloatTensor<B>,
    bias: FloatTensor<B>,
    moments: FloatTensor<B>,
    gain: FloatTensor<B>,
    shift: FloatTensor<B>,
) -> (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
) {
    let [batch, _, _] = x.shape().dims::<3>();
    let x = B::float_add(x, per_channel::<B>(bias));
    let moment = |n: usize| {
        let part = B::float_slice(moments.clone(), &[Slice::full(), Slice::from(n..n + 1)]);
        B::float_reshape(part, Shape::from([batch, 1, 1]))
    };
    let (mean, scale) = (moment(0), moment(1));
    let normal = B::float_mul(B::float_sub(x, mean), scale.clone());
    let gain = per_channel::<B>(gain);
    let z = B::float_add(
        B::float_mul(normal.clone(), gain.clone()),
        per_channel::<B>(shift),
    );
    let slope = gelu_backward::<B>(z, grad);
    let to_gain = channel_sum::<B>(B::float_mul(slope.clone(), normal.clone()));
    let to_normal = B::float_mul(slope.clone(), gain);
    // What would change mean or deviation does not count.
    let along = sample_mean::<B>(B::float_mul(to_normal.clone(), normal.clone()));
    let rest = B::float_sub(to_normal.clone(), sample_mean::<B>(to_normal));
    let rest = B::float_sub(rest, B::float_mul(normal, along));
    let to_x = B::float_mul(rest, scale);
    let to_bias = channel_sum::<B>(to_x.clone());
    (to_x, to_bias, to_gain, channel_sum::<B>(slope))
}
