//! Hand-written adjoints of the kernels.
//!
//! The transforms are linear in the field and their matrices are constants, so the backward pass
//! is the opposite transform with the same matrices and nothing of the forward pass is kept.

use super::SphereKernels;
use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind, unary},
};
use burn::backend::{Backend, tensor::FloatTensor};

/// Implements the forward of a linear transform and registers its transpose for the backward pass.
macro_rules! linear_transform {
    ($name:ident, $step:ident, $transpose:ident) => {
        fn $name(
            input: FloatTensor<Self>,
            first: FloatTensor<Self>,
            second: FloatTensor<Self>,
        ) -> FloatTensor<Self> {
            #[derive(Debug)]
            struct $step;

            impl<B: Backend + SphereKernels> Backward<B, 1> for $step {
                type State = (FloatTensor<B>, FloatTensor<B>);

                fn backward(
                    self,
                    ops: Ops<Self::State, 1>,
                    grads: &mut Gradients,
                    _checkpointer: &mut Checkpointer,
                ) {
                    let (first, second) = ops.state;
                    unary::<B, _>(ops.parents, ops.node, grads, |grad| {
                        B::$transpose(grad, first, second)
                    });
                }
            }

            let (input, guard) = input.into_parts();
            let (first, second) = (first.into_primitive(), second.into_primitive());
            let output = B::$name(input, first.clone(), second.clone());
            match $step.prepare::<C>([guard]).compute_bound().stateful() {
                OpsKind::Tracked(prep) => prep.finish((first, second), output),
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    };
}

impl<B: Backend + SphereKernels, C: CheckpointStrategy> SphereKernels for Autodiff<B, C> {
    linear_transform!(harmonic_analysis, Analysis, harmonic_synthesis);
    linear_transform!(harmonic_synthesis, Synthesis, harmonic_analysis);

    fn harmonic_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dft_analysis: FloatTensor<Self>,
        legendre_analysis: FloatTensor<Self>,
        dft_synthesis: FloatTensor<Self>,
        legendre_synthesis: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Block;

        impl<B: Backend + SphereKernels> Backward<B, 2> for Block {
            /// Spectrum, weight, and the four matrices.
            type State = (FloatTensor<B>, FloatTensor<B>, [FloatTensor<B>; 4]);

            fn backward(
                self,
                ops: Ops<Self::State, 2>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let (spectrum, weight, [dft, legendre, dft_back, legendre_back]) = ops.state;
                let grad = grads.consume::<B>(&ops.node);
                let (x, weight) = B::harmonic_block_backward(
                    grad,
                    spectrum,
                    weight,
                    dft,
                    legendre,
                    dft_back,
                    legendre_back,
                );
                for (node, grad) in ops.parents.into_iter().zip([x, weight]) {
                    if let Some(node) = node {
                        grads.register::<B>(node.id, grad);
                    }
                }
            }
        }

        let (x, x_guard) = x.into_parts();
        let (weight, weight_guard) = weight.into_parts();
        let matrices = [
            dft_analysis,
            legendre_analysis,
            dft_synthesis,
            legendre_synthesis,
        ]
        .map(|matrix| matrix.into_primitive());
        let [dft, legendre, dft_back, legendre_back] = matrices.clone();
        let (output, spectrum) =
            B::harmonic_block_forward(x, weight.clone(), dft, legendre, dft_back, legendre_back);
        match Block
            .prepare::<C>([x_guard, weight_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((spectrum, weight, matrices), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}
