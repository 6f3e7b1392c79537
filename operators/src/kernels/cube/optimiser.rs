//! AdamW, every element alone.

use super::UNITS;
use crate::kernels::AdamWStep;
use burn::backend::TensorMetadata;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// New weights, moments and average.
pub(super) fn launch(
    weights: CubeTensor,
    grad: CubeTensor,
    state: [CubeTensor; 3],
    norm: CubeTensor,
    step: AdamWStep,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    let shape = weights.shape();
    let count = shape.num_elements();
    let [first, second, average] = state.map(into_contiguous);
    // In place, unless somebody else looks at them.
    let own = |tensor: CubeTensor| match tensor.can_mut() {
        true => tensor,
        false => tensor.copy(),
    };
    let [weights, first, second, average] = [weights, first, second, average].map(own);
    let client = weights.client.clone();
    adamw_kernel::launch(
        &client,
        CubeCount::Static((count as u32).div_ceil(UNITS), 1, 1),
        CubeDim::new_1d(UNITS),
        weights.clone().into_buffer_arg(),
        grad.into_buffer_arg(),
        first.clone().into_buffer_arg(),
        second.clone().into_buffer_arg(),
        average.clone().into_buffer_arg(),
        norm.into_buffer_arg(),
        count as u32,
        step.beta1,
        step.beta2,
        step.rate,
        step.root,
        step.epsilon,
        step.decay,
        step.clip,
        step.average,
    );
    (weights, first, second, average)
}

#[cube(launch)]
fn adamw_kernel(
    weights: &mut [f32],
    grad: &[f32],
    first: &mut [f32],
    second: &mut [f32],
    average: &mut [f32],
    norm: &[f32],
    count: u32,
    beta1: f32,
    beta2: f32,
    rate: f32,
    root: f32,
    epsilon: f32,
    decay: f32,
    clip: f32,
    share: f32,
) {
    let at = ABSOLUTE_POS;
    if (at as u32) < count {
        let length = norm[0];
        let mut scale = 1.0f32;
        if clip > 0.0f32 && length > clip {
            scale = clip / length;
        }
        let g = grad[at] * scale;
        let m = beta1 * first[at] + (1.0f32 - beta1) * g;
        let v = beta2 * second[at] + (1.0f32 - beta2) * g * g;
        let w = weights[at];
        let w = w - decay * w - rate * m / (v.sqrt() * root + epsilon);
        first[at] = m;
        second[at] = v;
        weights[at] = w;
        average[at] += share * (w - average[at]);
    }
}
