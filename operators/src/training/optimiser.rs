//! AdamW with global-norm clipping and a moving average of the weights, in one pass over memory.
//!
//! Loshchilov and Hutter, Decoupled Weight Decay Regularization (ICLR 2019), algorithm 2. Moments
//! and averages live in ordinary memory beside the weights; on the CPU the update is in place.
//! Every element is updated alone and norms are summed in a fixed order, so the result does not
//! depend on the number of threads. On other devices everything stays there.

use crate::device::is_cpu;
use crate::kernels::{self, AdamWStep};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor, TensorData};
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
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    /// Steps taken.
    pub(super) time: u64,
    pub(super) slots: Vec<Slot>,
}

/// Moments and average of one parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub(super) first: Numbers,
    pub(super) second: Numbers,
    pub(super) average: Numbers,
}

/// State beside a parameter: in ordinary memory, or where the parameter is.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    host: Vec<f32>,
    /// These are the numbers when there are any, and `host` is empty.
    device: Option<Tensor<1>>,
}

impl From<Vec<f32>> for Numbers {
    fn from(host: Vec<f32>) -> Self {
        Self { host, device: None }
    }
}

impl From<Tensor<1>> for Numbers {
    fn from(tensor: Tensor<1>) -> Self {
        Self {
            host: Vec::new(),
            device: Some(tensor),
        }
    }
}

impl Numbers {
    /// The numbers, fetched if need be.
    pub(super) fn to_vec(&self) -> Vec<f32> {
        match &self.device {
            None => self.host.clone(),
            Some(tensor) => values(tensor.clone()),
        }
    }

    pub(super) fn len(&self) -> usize {
        let on_device = self.device.as_ref().map(|tensor| tensor.dims()[0]);
        on_device.unwrap_or(self.host.len())
    }

    /// Moves the numbers to the device and takes them.
    fn take_tensor(&mut self, device: &Device) -> Tensor<1> {
        let Self {
            host,
            device: there,
        } = std::mem::take(self);
        there.unwrap_or_else(|| {
            let count = host.len();
            Tensor::from_data(TensorData::new(host, [count]), (device, DType::F32))
        })
    }

    /// The numbers in ordinary memory.
    fn host(&mut self) -> &mut Vec<f32> {
        if let Some(tensor) = self.device.take() {
            self.host = values(tensor);
        }
        &mut self.host
    }
}

/// A global gradient norm, which a device may still be computing.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one for each step
pub enum Norm {
    /// Known.
    Known(f64),
    /// On its device, `[1]`.
    Device(Tensor<1>),
}

impl Norm {
    /// The number; waits for the device.
    pub fn value(&self) -> f64 {
        match self {
            Self::Known(value) => *value,
            Self::Device(tensor) => tensor.clone().into_scalar::<f64>(),
        }
    }
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
                first: vec![0.0; count].into(),
                second: vec![0.0; count].into(),
                average: average.into(),
            });
        });
        Self {
            config,
            time: 0,
            slots,
        }
    }

    /// Global L2 norm of all gradients of a module. On the CPU it is summed in f64 and in a fixed
    /// order; a device is not waited for.
    pub fn gradient_norm<M: Module>(module: &M, grads: &GradientsParams) -> Norm {
        struct Squares<'a> {
            grads: &'a GradientsParams,
            host: f64,
            device: Option<Tensor<1>>,
        }
        impl ModuleVisitor for Squares<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let Some(grad) = self.grads.get::<D>(param.id) else {
                    return;
                };
                if is_cpu(&grad.device()) {
                    self.host += sum_of_squares(&values(grad));
                } else {
                    let square = (grad.clone() * grad).sum();
                    self.device = Some(match self.device.take() {
                        Some(sum) => sum + square,
                        None => square,
                    });
                }
            }
        }
        let mut squares = Squares {
            grads,
            host: 0.0,
            device: None,
        };
        module.visit(&mut squares);
        match squares.device {
            Some(sum) => Norm::Device(sum.sqrt()),
            None => Norm::Known(squares.host.sqrt()),
        }
    }

    /// One step. Gradients are scaled down where the first of `bound`, their
    /// [`AdamW::gradient_norm`], exceeds the second; the average of the weights moves by
    /// `1 - average_decay`. Parameters without a gradient stay.
    pub fn step<M: Module>(
        &mut self,
        module: M,
        grads: GradientsParams,
        learning_rate: f64,
        bound: Option<(&Norm, f64)>,
        average_decay: f64,
    ) -> M {
        self.time += 1;
        let time = self.time.min(i32::MAX as u64) as i32;
        let c = self.config;
        let correction1 = 1.0 - c.beta1.powi(time);
        let correction2 = 1.0 - c.beta2.powi(time);
        let update = AdamWStep {
            beta1: c.beta1 as f32,
            beta2: c.beta2 as f32,
            rate: (learning_rate / correction1) as f32,
            root: (1.0 / correction2.sqrt()) as f32,
            epsilon: c.epsilon as f32,
            decay: (learning_rate * c.weight_decay) as f32,
            clip: bound.map_or(0.0, |(_, clip)| clip) as f32,
            average: (1.0 - average_decay) as f32,
        };
        let scale = match bound {
            Some((Norm::Known(norm), clip)) if *norm > clip => clip / norm,
            _ => 1.0,
        };
        let norm = match bound {
            Some((Norm::Device(norm), _)) => Some(norm),
            _ => None,
        };
        let mut mapper = Mapper {
            grads,
            slots: &mut self.slots,
            at: 0,
            update,
            scale: scale as f32,
            norm,
        };
        module.map(&mut mapper)
    }
}

/// The update of one parameter in ordinary memory.
fn apply(step: &AdamWStep, scale: f32, weights: &mut [f32], grads: &[f32], slot: &mut Slot) {
    weights
        .par_chunks_mut(CHUNK)
        .zip(grads.par_chunks(CHUNK))
        .zip(slot.first.host().par_chunks_mut(CHUNK))
        .zip(slot.second.host().par_chunks_mut(CHUNK))
        .zip(slot.average.host().par_chunks_mut(CHUNK))
        .for_each(|((((weights, grads), first), second), average)| {
            for i in 0..weights.len() {
                let g = grads[i] * scale;
                first[i] = step.beta1 * first[i] + (1.0 - step.beta1) * g;
                second[i] = step.beta2 * second[i] + (1.0 - step.beta2) * g * g;
                let root = second[i].sqrt() * step.root + step.epsilon;
                let w = weights[i] - step.decay * weights[i] - step.rate * first[i] / root;
                weights[i] = w;
                average[i] += step.average * (w - average[i]);
            }
        });
}

struct Mapper<'a> {
    grads: GradientsParams,
    slots: &'a mut [Slot],
    at: usize,
    update: AdamWStep,
    /// Of the gradients in ordinary memory.
    scale: f32,
    /// Of the others, where there is a bound.
    norm: Option<&'a Tensor<1>>,
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
            let autodiff = tensor.is_autodiff();
            let tracked = autodiff && tensor.is_require_grad();
            let tensor = tensor.without_autodiff();
            let tensor = match is_cpu(&tensor.device()) {
                false => on_device(tensor, grad, slot, self.norm.cloned(), update),
                true => {
                    let shape = tensor.dims();
                    let (device, dtype) = (tensor.device(), tensor.dtype());
                    let mut weights = values(tensor);
                    apply(&update, self.scale, &mut weights, &values(grad), slot);
                    Tensor::from_data(TensorData::new(weights, shape), (&device, dtype))
                }
            };
            let tensor = if autodiff { tensor.autodiff() } else { tensor };
            if tracked {
                tensor.require_grad()
            } else {
                tensor
            }
        })
    }
}

/// The update of one parameter where it is.
fn on_device<const D: usize>(
    weights: Tensor<D>,
    grad: Tensor<D>,
    slot: &mut Slot,
    norm: Option<Tensor<1>>,
    step: AdamWStep,
) -> Tensor<D> {
    let device = weights.device();
    let state = [&mut slot.first, &mut slot.second, &mut slot.average]
        .map(|numbers| numbers.take_tensor(&device));
    // Not read where there is no bound.
    let norm = norm.unwrap_or_else(|| state[0].clone());
    let (weights, state) = kernels::adamw(weights, grad, state, norm, step);
    let [first, second, average] = state.map(Numbers::from);
    *slot = Slot {
        first,
        second,
        average,
    };
    weights
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
            ours = optimiser.step(ours, g, 1e-2, None, 0.9);
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
