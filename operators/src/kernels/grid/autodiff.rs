//! Hand-written adjoints of the kernels.

use super::{GridKernels, Plane};
use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Backend, tensor::FloatTensor};

impl<B: Backend + GridKernels, C: CheckpointStrategy> GridKernels for Autodiff<B, C> {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        plane: Plane,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Convolution;

        impl<B: Backend + GridKernels> Backward<B, 2> for Convolution {
            type State = (FloatTensor<B>, FloatTensor<B>, Plane, bool);

            fn backward(
                self,
                ops: Ops<Self::State, 2>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let (x, weight, plane, adjoint) = ops.state;
                let [x_node, weight_node] = ops.parents;
                let grad = grads.consume::<B>(&ops.node);
                if let Some(node) = weight_node {
                    // Of the transpose, what comes out is on the side of the inputs.
                    let (outputs, inputs) = match adjoint {
                        true => (x, grad.clone()),
                        false => (grad.clone(), x),
                    };
                    let to_weight = B::convolution_weight(outputs, inputs, weight.clone(), plane);
                    grads.register::<B>(node.id, to_weight);
                }
                if let Some(node) = x_node {
                    let to_x = B::convolution(grad, weight, plane, !adjoint);
                    grads.register::<B>(node.id, to_x);
                }
            }
        }

        let (x, x_guard) = x.into_parts();
        let (weight, weight_guard) = weight.into_parts();
        let output = B::convolution(x.clone(), weight.clone(), plane, adjoint);
        match Convolution
            .prepare::<C>([x_guard, weight_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((x, weight, plane, adjoint), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn norm_gelu(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct NormGelu;

        impl<B: Backend + GridKernels> Backward<B, 4> for NormGelu {
            type State = [FloatTensor<B>; 5];

            fn backward(
                self,
                ops: Ops<Self::State, 4>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let [x, bias, moments, gain, shift] = ops.state;
                let grad = grads.consume::<B>(&ops.node);
                let (x, bias, gain, shift) =
                    B::norm_gelu_backward(grad, x, bias, moments, gain, shift);
                for (node, grad) in ops.parents.into_iter().zip([x, bias, gain, shift]) {
                    if let Some(node) = node {
                        grads.register::<B>(node.id, grad);
                    }
                }
            }
        }

        let (x, x_guard) = x.into_parts();
        let (bias, bias_guard) = bias.into_parts();
        let (gain, gain_guard) = gain.into_parts();
        let (shift, shift_guard) = shift.into_parts();
        let (output, moments) =
            B::norm_gelu_forward(x.clone(), bias.clone(), gain.clone(), shift.clone());
        match NormGelu
            .prepare::<C>([x_guard, bias_guard, gain_guard, shift_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish([x, bias, moments, gain, shift], output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}
