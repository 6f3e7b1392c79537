//! The hand-written adjoint of the activation.

use super::{Activation, JetKernels, JetOrder};
use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Backend, tensor::FloatTensor};

impl<B: Backend + JetKernels, C: CheckpointStrategy> JetKernels for Autodiff<B, C> {
    fn jet_activation(
        z: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        order: JetOrder,
        activation: Activation,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Activated;

        impl<B: Backend + JetKernels> Backward<B, 2> for Activated {
            type State = (FloatTensor<B>, FloatTensor<B>, JetOrder, Activation);

            fn backward(
                self,
                ops: Ops<Self::State, 2>,
                grads: &mut Gradients,
                _checkpointer: &mut Checkpointer,
            ) {
                let (z, bias, order, activation) = ops.state;
                let grad = grads.consume::<B>(&ops.node);
                let (z, bias) = B::jet_activation_backward(grad, z, bias, order, activation);
                for (node, grad) in ops.parents.into_iter().zip([z, bias]) {
                    if let Some(node) = node {
                        grads.register::<B>(node.id, grad);
                    }
                }
            }
        }

        let (z, z_guard) = z.into_parts();
        let (bias, bias_guard) = bias.into_parts();
        let output = B::jet_activation(z.clone(), bias.clone(), order, activation);
        match Activated
            .prepare::<C>([z_guard, bias_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((z, bias, order, activation), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}
