//! Gradients of a network that forgets what it computed.

use crate::network::Network;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{DType, FloatDType, Tensor};

/// A loss of what a network makes of `input` `[B, C, H, W]`, and its gradients, in the memory of one
/// part of the network: what goes into each part is kept, and each part is run again for its own
/// gradients, the last first (Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016).
/// `None` for a network that is no chain of parts.
pub fn recomputed_gradients(
    network: &Network,
    input: Tensor<4>,
    loss: impl FnOnce(Tensor<4>) -> Tensor<1>,
) -> Option<(Tensor<1>, GradientsParams)> {
    let [_, _, rows, columns] = input.dims();
    let frozen = network.valid();
    let (parts, frozen) = (
        network.parts([rows, columns])?,
        frozen.parts([rows, columns])?,
    );
    let mut inputs = vec![input.inner()];
    for part in &frozen[..frozen.len() - 1] {
        let next = part(inputs[inputs.len() - 1].clone());
        inputs.push(next);
    }
    let mut sum = GradientsAccumulator::new();
    let (mut loss, mut value, mut gradient) = (Some(loss), None, None);
    for (part, input) in parts.iter().zip(inputs).rev() {
        let input = input.autodiff().require_grad();
        let output = part(input.clone());
        let scalar = match (loss.take(), gradient.take()) {
            (Some(loss), _) => {
                let loss = loss(output);
                value = Some(loss.clone().inner());
                loss
            }
            // the output times a constant gradient has that gradient
            (None, Some(gradient)) => (full(output) * full(gradient)).sum(),
            (None, None) => return None,
        };
        let mut grads = scalar.backward();
        gradient = input.grad_remove(&mut grads);
        sum.accumulate(network, GradientsParams::from_grads(grads, network));
    }
    Some((value?, sum.grads()))
}

/// In 32 bits.
pub(crate) fn full(x: Tensor<4>) -> Tensor<4> {
    match x.dtype() {
        DType::BF16 | DType::F16 => x.cast(FloatDType::F32),
        _ => x,
    }
}
