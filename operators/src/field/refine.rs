//! An operator refined on one instance by the residual alone.
//!
//! Li et al., Physics-Informed Neural Operator (arXiv 2111.03794), section 3.2: the weights, which
//! training has brought near, go on following the residual of the one input that is asked for. No
//! label is needed, and the time it takes is that of the question, not of the training.

use super::operator::per_channel;
use super::{FieldOperator, FieldResidual};
use crate::error::{Error, Result};
use crate::training::{AdamW, AdamWConfig, Norm, full};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{DType, Tensor, TensorData};
use ndarray::Array4;
use serde::{Deserialize, Serialize};

/// How an operator is refined.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refinement {
    /// Steps of AdamW, without decay of the weights.
    pub steps: usize,
    /// The first learning rate; half a cosine takes it to a hundredth.
    pub learning_rate: f64,
}

impl Default for Refinement {
    fn default() -> Self {
        Self {
            steps: 100,
            learning_rate: 1e-3,
        }
    }
}

/// What became of one instance.
#[derive(Clone, Debug)]
pub struct Refined {
    /// The outputs with the least residual that was met, physical, `[1][channel][row][column]`.
    pub outputs: Array4<f32>,
    /// The residual loss of the operator as it came, and of these outputs.
    pub losses: [f64; 2],
}

/// Refines a copy of the operator on one physical input `[1][channel][row][column]` on the residual's
/// grid.
///
/// # Errors
/// When the input is not one or does not fit, the configuration has no steps or a learning rate that is
/// not above 0, or the residual is not finite ([`Error::NotFinite`]).
pub fn refine(
    operator: &FieldOperator,
    residual: &FieldResidual,
    input: &Array4<f32>,
    how: Refinement,
) -> Result<Refined> {
    let rate = how.learning_rate;
    if !(rate.is_finite() && rate > 0.0) {
        return Err(Error::config(
            "refine.learning_rate",
            "a positive number",
            rate,
        ));
    }
    if how.steps == 0 {
        return Err(Error::config("refine.steps", "at least 1", 0));
    }
    let about = operator.config();
    let (count, channels, rows, columns) = input.dim();
    if (count, channels) != (1, about.inputs.len()) {
        return Err(Error::TensorShape {
            tensor: "input to refine on".into(),
            expected: vec![1, about.inputs.len(), rows, columns],
            found: input.shape().to_vec(),
        });
    }
    let device = operator.device().autodiff();
    let values = TensorData::new(input.iter().copied().collect(), input.shape().to_vec());
    let physical = Tensor::<4>::from_data(values, (&device, DType::F32));
    let n = &about.normalisation;
    let normalised = (physical.clone() - per_channel(n.input_mean.clone(), &physical))
        / per_channel(n.input_std.clone(), &physical);
    let mut network = operator.network().clone().train();
    let mut optimiser = AdamW::new(
        AdamWConfig {
            weight_decay: 0.0,
            ..AdamWConfig::default()
        },
        &network,
    );
    let mut first = None;
    let mut best: Option<(f64, Tensor<4>)> = None;
    // one more look than steps, at what the last of them has made
    for step in 0..=how.steps {
        let y = full(network.forward(normalised.clone()));
        let (std, mean) = (
            per_channel(n.output_std.clone(), &y),
            per_channel(n.output_mean.clone(), &y),
        );
        let outputs = y * std + mean;
        let loss = residual.losses(physical.clone(), outputs.clone())?.mean();
        let value = loss.clone().inner().into_scalar::<f64>();
        let progress = step as f64 / how.steps as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        let learning_rate = rate * (0.01 + 0.99 * cosine);
        if !value.is_finite() {
            return Err(Error::NotFinite {
                term: "residual loss",
                value,
                step: step as u64,
                epoch: 0,
                learning_rate,
            });
        }
        first.get_or_insert(value);
        if best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, outputs.inner()));
        }
        if step == how.steps {
            break;
        }
        let grads = GradientsParams::from_grads(loss.backward(), &network);
        let norm: Norm = AdamW::gradient_norm(&network, &grads);
        network = optimiser.step(network, grads, learning_rate, Some((&norm, 1.0)), 0.0);
    }
    let (least, outputs) = best.expect("there is at least one look");
    let values = outputs.into_data_as::<f32>().try_into_vec::<f32>();
    let shape = (1, about.outputs.len(), rows, columns);
    let outputs = Array4::from_shape_vec(shape, values.unwrap_or_default())
        .map_err(|e| Error::Data(e.to_string()))?;
    Ok(Refined {
        outputs,
        losses: [first.unwrap_or(least), least],
    })
}
