//! AdamW with global-norm clipping and a moving average of the weights, in one pass over memory.
//!
//! Loshchilov and Hutter, Decoupled Weight Decay Regularization (ICLR 2019), algorithm 2. Moments
//! and averages live in ordinary memory beside the weights; on the CPU the update is in place.
//! Every element is updated alone and norms are summed in a fixed order, so the result does not
//! depend on the number of threads.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Tensor, TensorData};
use rayon::prelude::*;

/// Constants of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay of parameters of rank 2 and more.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 1e-4,
        }
    }
}

/// The optimiser's state, a slot per parameter in module order.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW {
    config: AdamWConfig,
    /// Steps taken.
    pub(super) time: u64,
    pub(super) slots: Vec<Slot>,
}

/// Moments and average of one parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slot {
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
    pub(super) average: Vec<f32>,
}

/// Elements per task.
const CHUNK: usize = 1 << 14;

impl AdamW {
    /// A fresh state; the average starts at the weights of `module`.
    pub fn new<M: Module>(config: AdamWConfig, module: &M) -> Self {
        let mut slots = Vec::new();
        crate::weights::for_each(module, |_, data| {
            let count = data.num_elements();
            let average = data
                .convert_dtype(DType::F32)
                .try_into_vec::<f32>()
                .unwrap_or_default();
            slots.push(Slot {
                first: vec![0.0; count],
                second: vec![0.0; count],
                average,
            });
        });
        Self {
            config,
            time: 0,
            slots,
        }
    }

    /// Global L2 norm of all gradients of a module.
    pub fn gradient_norm<M: Module>(module: &M, grads: &GradientsParams) -> f64 {
        struct Norm<'a> {
            grads: &'a GradientsParams,
            sum: f64,
        }
        impl ModuleVisitor for Norm<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if let Some(grad) = self.grads.get::<D>(param.id) {
                    self.sum += sum_of_squares(&values(grad));
                }
            }
        }
        let mut norm = Norm { grads, sum: 0.0 };
        module.visit(&mut norm);
        norm.sum.sqrt()
    }

    /// One step with the gradients scaled by `gradient_scale`; the average of the weights moves by
    /// `1 - average_decay`. Parameters without a gradient stay.
    pub fn step<M: Module>(
        &mut self,
        module: M,
        grads: GradientsParams,
        learning_rate: f64,
        gradient_scale: f64,
        average_decay: f64,
    ) -> M {
        self.time += 1;
        let time = self.time.min(i32::MAX as u64) as i32;
        let c = self.config;
        let correction1 = 1.0 - c.beta1.powi(time);
        let correction2 = 1.0 - c.beta2.powi(time);
        let update = Update {
            beta1: c.beta1 as f32,
            beta2: c.beta2 as f32,
            step: (learning_rate / correction1) as f32,
            root: (1.0 / correction2.sqrt()) as f32,
            epsilon: c.epsilon as f32,
            decay: (learning_rate * c.weight_decay) as f32,
            scale: gradient_scale as f32,
            average: (1.0 - average_decay) as f32,
        };
        let mut mapper = Mapper {
            grads,
            slots: &mut self.slots,
            at: 0,
            update,
        };
        module.map(&mut mapper)
    }
}

/// One update's constants, in the precision of the weights.
#[derive(Clone, Copy)]
struct Update {
    beta1: f32,
    beta2: f32,
    step: f32,
    root: f32,
    epsilon: f32,
    decay: f32,
    scale: f32,
    average: f32,
}

impl Update {
    fn apply(&self, weights: &mut [f32], grads: &[f32], slot: &mut Slot) {
        weights
            .par_chunks_mut(CHUNK)
            .zip(grads.par_chunks(CHUNK))
            .zip(slot.first.par_chunks_mut(CHUNK))
            .zip(slot.second.par_chunks_mut(CHUNK))
            .zip(slot.average.par_chunks_mut(CHUNK))
            .for_each(|((((weights, grads), first), second), average)| {
                for i in 0..weights.len() {
                    let g = grads[i] * self.scale;
                    first[i] = self.beta1 * first[i] + (1.0 - self.beta1) * g;
                    second[i] = self.beta2 * second[i] + (1.0 - self.beta2) * g * g;
                    let root = second[i].sqrt() * self.root + self.epsilon;
                    let w = weights[i] - self.decay * weights[i] - self.step * first[i] / root;
                    weights[i] = w;
                    average[i] += self.average * (w - average[i]);
                }
            });
    }
}

struct Mapper<'a> {
    grads: GradientsParams,
    slots: &'a mut [Slot],
    at: usize,
    update: Update,
}

impl ModuleMapper for Mapper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let slot = &mut self.slots[self.at];
        self.at += 1;
        let Some(grad) = self.grads.remove::<D>(param.id) else {
            return param;
        };
        let mut update = self.update;
        if D == 1 {
            update.decay = 0.0;
        }
        param.map(|tensor| {
            let shape = tensor.dims();
            let (device, dtype) = (tensor.device(), tensor.dtype());
            let tracked = tensor.is_autodiff() && tensor.is_require_grad();
            let mut weights = values(tensor.without_autodiff());
            update.apply(&mut weights, &values(grad), slot);
            let tensor = Tensor::from_data(TensorData::new(weights, shape), (&device, dtype));
            if tracked {
                tensor.require_grad()
            } else {
                tensor
            }
        })
    }
}

/// The values of a tensor as f32; without a copy on the CPU when nothing else holds it.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.into_data();
    let data = if data.dtype() == DType::F32 {
        data
    } else {
        data.convert_dtype(DType::F32)
    };
    data.try_into_vec::<f32>().unwrap_or_default()
}

/// In f64 and in a fixed order.
fn sum_of_squares(values: &[f32]) -> f64 {
    let partial: Vec<f64> = values
        .par_chunks(CHUNK)
        .map(|chunk| chunk.iter().map(|&v| f64::from(v) * f64::from(v)).sum())
        .collect();
    partial.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pointwise::ChannelMix;
    use burn::tensor::Device;

    /// The same path as burn's own AdamW.
    #[test]
    fn agrees_with_burn() {
        let device = Device::flex().autodiff();
        device.seed(2);
        let mut ours = ChannelMix::new(5, 3, 1.0, &device);
        let mut theirs = ours.clone();
        let config = AdamWConfig {
            weight_decay: 0.01,
            ..Default::default()
        };
        let mut optimiser = AdamW::new(config, &ours);
        let mut reference = burn::optim::AdamWConfig::new()
            .with_epsilon(1e-8)
            .with_weight_decay(0.01)
            .init();
        let x = Tensor::<3>::random([2, 5, 7], burn::tensor::Distribution::Default, &device);
        let grads = |net: &ChannelMix| {
            let loss = net.forward(x.clone()).powi_scalar(2).mean();
            GradientsParams::from_grads(loss.backward(), net)
        };
        for _ in 0..20 {
            let g = grads(&ours);
            ours = optimiser.step(ours, g, 1e-2, 1.0, 0.9);
            let g = grads(&theirs);
            theirs = reference.step(1e-2, theirs, g);
        }
        let difference = (ours.weight.val() - theirs.weight.val())
            .abs()
            .max()
            .into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
        assert!(ours.weight.val().is_require_grad());
    }
}
