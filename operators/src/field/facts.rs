//! What can be trained on samples, told before they are read.

use super::FieldSamples;
use super::resolution::Resolution;
use crate::error::{Error, Result};
use crate::network::NetworkConfig;
use crate::training::TrainingConfig;

/// What is known of samples before they are read.
#[derive(Clone, Copy, Debug)]
pub struct SampleFacts {
    /// `[input channels, output channels, rows, columns]`.
    pub shape: [usize; 4],
    /// Whether fields go on at one side as at the other.
    pub periodic: bool,
    /// Pairs that follow each other in time.
    pub sequence: usize,
}

impl SampleFacts {
    /// Those of samples.
    pub fn of(samples: &dyn FieldSamples) -> Self {
        Self {
            shape: samples.shape(),
            periodic: samples.periodic(),
            sequence: samples.sequence(),
        }
    }

    /// Refuses what cannot be trained on such samples.
    ///
    /// # Errors
    /// Naming the key.
    pub fn check(&self, network: &NetworkConfig, config: &TrainingConfig) -> Result<()> {
        config.check()?;
        network.check_training(config)?;
        let [inputs, outputs, rows, columns] = self.shape;
        network.check_plane([rows, columns])?;
        for points in &config.resolutions {
            Resolution::new([rows, columns], *points, self.periodic)?;
        }
        let longest = config.stages.iter().map(|s| s.roll_out).max().unwrap_or(1);
        let refuse = |expected: String| Err(Error::config("stages.roll_out", expected, longest));
        if longest > 1 && (self.sequence == 1 || inputs < outputs) {
            return refuse("1: the operator is no time stepper".into());
        }
        if longest > self.sequence {
            return refuse(format!("at most {}, the pairs of a sample", self.sequence));
        }
        if longest > 1 && config.checkpoint_activations {
            return refuse("1 with `checkpoint_activations`".into());
        }
        let Some(residual) = config.active_residual() else {
            return Ok(());
        };
        if longest > 1 {
            return refuse("1 with `residual`, which is that of whole trajectories".into());
        }
        if config.checkpoint_activations {
            let expected = "false with `residual`";
            return Err(Error::config("checkpoint_activations", expected, true));
        }
        if let Some(points) = residual.points {
            let grid = [rows, columns];
            let trained = config.resolutions.iter().copied().max();
            let least = trained.unwrap_or(rows.max(columns));
            if points < least {
                let expected = format!("at least {least}, the points of the training grid");
                return Err(Error::config("residual.points", expected, points));
            }
            Resolution::new(grid, points, self.periodic)?;
        }
        Ok(())
    }
}
