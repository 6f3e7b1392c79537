//! Hand-written adjoints of the kernels.
//!
//! The transforms are linear in the field and their matrices are constants, so the backward pass
//! is the opposite transform with the same matrices and nothing of the forward pass is kept.

use super::{FourierGrid, OperatorKernels};
use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind, unary},
};
use burn::backend::{Backend, tensor::FloatTensor};

/// Implements the forward of a Fourier transform and registers its transpose for the backward pass.
macro_rules! fourier_transform {
    ($name:ident, $step:ident, $transpose:ident) => {
        fn $name(
            input: FloatTensor<Self>,
            transforms: FloatTensor<Self>,
            grid: FourierGrid,
            adjoint: bool,
        ) -> FloatTensor<Self> {
            #[derive(Debug)]
            struct $step;

            impl<B: Backend + OperatorKernels> Backward<B, 1> for $step {
                type State = (FloatTensor<B>, FourierGrid, bool);

                fn backward(
                    self,
                    ops: Ops<Self::State, 1>,
                    grads: &mut Gradients,
                    _checkpointer: &mut Checkpointer,
                ) {
                    let (transforms, grid, adjoint) = ops.state;
                    unary::<B, _>(ops.parents, ops.node, grads, |grad| {
                        B::$transpose(grad, transforms, grid, !adjoint)
                    });
                }
            }

            let (input, guard) = input.into_parts();
            let transforms = transforms.into_primitive();
            let output = B::$name(input, transforms.clone(), grid, adjoint);
            match $step.prepare::<C>([guard]).compute_bound().stateful() {
                OpsKind::Tracked(prep) => prep.finish((transforms, grid, adjoint), output),
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    };
}

impl<B: Backend + OperatorKernels, C: CheckpointStrategy> OperatorKernels for Autodiff<B, C> {
    fourier_transform!(fourier_analysis, Analysis, fourier_synthesis);
    fourier_transform!(fourier_synthesis, Synthesis, fourier_analysis);

    fn fourier_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        activate: bool,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Block;

        #[derive(Clone, Debug)]
        struct State<B: Backend> {
            x: FloatTensor<B>,
            spectrum: FloatTensor<B>,
            weight: FloatTensor<B>,
            skip: FloatTensor<B>,
            transforms: FloatTensor<B>,
            grid: FourierGrid,
            activate: bool,
        }

        impl<B: Backend + OperatorKernels> Backward<B, 4> for Block {
            type State = State<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 4>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let s = ops.state;
                let grad = grads.consume::<B>(&ops.node);
                let (x, weight, skip, bias) = B::fourier_block_backward(
                    grad,
                    s.x,
                    s.spectrum,
                    s.weight,
                    s.skip,
                    s.transforms,
                    s.grid,
                    s.activate,
                );
                let all = [x, weight, skip, bias];
                for (node, grad) in ops.parents.into_iter().zip(all) {
                    if let Some(node) = node {
                        grads.register::<B>(node.id, grad);
                    }
                }
            }
        }

        let (x, x_guard) = x.into_parts();
        let (weight, weight_guard) = weight.into_parts();
        let (skip, skip_guard) = skip.into_parts();
        let (bias, bias_guard) = bias.into_parts();
        let transforms = transforms.into_primitive();
        let (output, spectrum) = B::fourier_block_forward(
            x.clone(),
            weight.clone(),
            skip.clone(),
            bias,
            transforms.clone(),
            grid,
            activate,
        );
        match Block
            .prepare::<C>([x_guard, weight_guard, skip_guard, bias_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let state = State {
                    x,
                    spectrum,
                    weight,
                    skip,
                    transforms,
                    grid,
                    activate,
                };
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn channel_mlp(
        x: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Mlp;

        impl<B: Backend + OperatorKernels> Backward<B, 5> for Mlp {
            type State = [FloatTensor<B>; 4];

            fn backward(
                self,
                ops: Ops<Self::State, 5>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let [x, first, first_bias, second] = ops.state;
                let grad = grads.consume::<B>(&ops.node);
                let (x, first, first_bias, second, second_bias) =
                    B::channel_mlp_backward(grad, x, first, first_bias, second);
                let all = [x, first, first_bias, second, second_bias];
                for (node, grad) in ops.parents.into_iter().zip(all) {
                    if let Some(node) = node {
                        grads.register::<B>(node.id, grad);
                    }
                }
            }
        }

        let (x, x_guard) = x.into_parts();
        let (first, first_guard) = first.into_parts();
        let (first_bias, first_bias_guard) = first_bias.into_parts();
        let (second, second_guard) = second.into_parts();
        let (second_bias, second_bias_guard) = second_bias.into_parts();
        let output = B::channel_mlp(
            x.clone(),
            first.clone(),
            first_bias.clone(),
            second.clone(),
            second_bias,
        );
        let guards = [
            x_guard,
            first_guard,
            first_bias_guard,
            second_guard,
            second_bias_guard,
        ];
        match Mlp.prepare::<C>(guards).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish([x, first, first_bias, second], output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn channel_add(
        added: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activate: bool,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Add;

        #[derive(Clone, Debug)]
        struct State<B: Backend> {
            /// The sum, where it is activated, and zeros in place of a bias.
            activated: Option<[FloatTensor<B>; 2]>,
            x: FloatTensor<B>,
            weight: FloatTensor<B>,
        }

        impl<B: Backend + OperatorKernels> Backward<B, 4> for Add {
            type State = State<B>;

            fn backward(
                self,
                ops: Ops<Self::State, 4>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let State {
                    activated,
                    x,
                    weight,
                } = ops.state;
                let [added_node, x_node, weight_node, bias_node] = ops.parents;
                let mut grad = grads.consume::<B>(&ops.node);
                if let Some([sum, zeros]) = activated {
                    grad = B::bias_gelu_backward(sum, zeros, grad);
                }
                if x_node.is_some() || weight_node.is_some() {
                    let (dx, dweight) = B::channel_add_backward(grad.clone(), x, weight);
                    if let Some(node) = x_node {
                        grads.register::<B>(node.id, dx);
                    }
                    if let Some(node) = weight_node {
                        grads.register::<B>(node.id, dweight);
                    }
                }
                if let Some(node) = bias_node {
                    grads.register::<B>(node.id, B::channel_sum(grad.clone()));
                }
                if let Some(node) = added_node {
                    grads.register::<B>(node.id, grad);
                }
            }
        }

        let (added, added_guard) = added.into_parts();
        let (x, x_guard) = x.into_parts();
        let (weight, weight_guard) = weight.into_parts();
        let (bias, bias_guard) = bias.into_parts();
        let zeros = B::float_mul_scalar(bias.clone(), 0.0.into());
        let (sum, output) =
            B::channel_add_forward(added, x.clone(), weight.clone(), bias, activate);
        let guards = [added_guard, x_guard, weight_guard, bias_guard];
        match Add.prepare::<C>(guards).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let state = State {
                    activated: activate.then_some([sum, zeros]),
                    x,
                    weight,
                };
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct BiasGelu;

        impl<B: Backend + OperatorKernels> Backward<B, 2> for BiasGelu {
            type State = (FloatTensor<B>, FloatTensor<B>);

            fn backward(
                self,
                ops: Ops<Self::State, 2>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let (x, bias) = ops.state;
                let [x_node, bias_node] = ops.parents;
                let grad = grads.consume::<B>(&ops.node);
                let grad = B::bias_gelu_backward(x, bias, grad);
                if let Some(node) = bias_node {
                    grads.register::<B>(node.id, B::channel_sum(grad.clone()));
                }
                if let Some(node) = x_node {
                    grads.register::<B>(node.id, grad);
                }
            }
        }

        let (x, x_guard) = x.into_parts();
        let (bias, bias_guard) = bias.into_parts();
        let output = B::bias_gelu(x.clone(), bias.clone());
        match BiasGelu
            .prepare::<C>([x_guard, bias_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((x, bias), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}
