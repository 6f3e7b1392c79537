//! What the trainer trains.

use super::config::Stage;
use crate::error::Result;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Which samples of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that the weights follow.
    Training,
    /// Those that are only looked at, after each epoch.
    Validation,
}

/// A network, the samples that it learns from, and its loss on a batch of them.
///
/// The trainer owns everything else: the order of the samples, the optimiser, the average of the
/// weights, metrics and checkpoints. [`Task::read`] runs on a thread of its own, ahead of the
/// optimiser.
pub trait Task: Sync {
    /// The network.
    type Network: Module;
    /// What is read from the samples before it becomes tensors.
    type Batch: Send;

    /// The network with the weights to start from.
    fn network(&self) -> &Self::Network;

    /// The device of the weights, without autodiff.
    fn device(&self) -> Device;

    /// All that a checkpoint must agree with to be continued, beside the training configuration.
    fn identity(&self) -> String;

    /// Number of samples; 0 validation samples for no validation.
    fn samples(&self, part: Part) -> usize;

    /// Reads the samples `indices`. Random choices are drawn from `rng` alone, whose state is a
    /// function of the seed and the place of the batch in the run.
    ///
    /// # Errors
    /// When the data source fails.
    fn read(
        &self,
        part: Part,
        indices: &[usize],
        stage: &Stage,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self::Batch>;

    /// Mean loss of a batch, a scalar. Nothing of the network may be kept.
    fn loss(
        &self,
        network: &Self::Network,
        batch: Self::Batch,
        stage: &Stage,
        device: &Device,
    ) -> Tensor<1>;

    /// The term of the loss that first left the numbers, asked for when the loss has.
    fn term_not_finite(&self) -> &'static str {
        "loss"
    }

    /// `share` of the mean loss of a batch, without autodiff, and its gradients.
    fn gradients(
        &self,
        network: &Self::Network,
        batch: Self::Batch,
        stage: &Stage,
        share: f64,
        device: &Device,
    ) -> (Tensor<1>, GradientsParams) {
        let loss = share_of(self.loss(network, batch, stage, device), share);
        let value = loss.clone().inner();
        (value, GradientsParams::from_grads(loss.backward(), network))
    }
}

/// A whole batch keeps its bits.
pub(crate) fn share_of(loss: Tensor<1>, share: f64) -> Tensor<1> {
    match share {
        1.0 => loss,
        share => loss * share,
    }
}
