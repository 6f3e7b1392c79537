//! Configuration of a design surrogate.

use super::data::DesignData;
use crate::error::{Error, Result};
use crate::loss::LossKind;
use crate::training::{Stage, TrainingConfig};
use serde::{Deserialize, Serialize};

/// The rational function that stands for the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `immittance` for one passive reflection, else `rational`.
    #[default]
    Auto,
    /// One-port: S from a positive-real impedance; passive and causal.
    Immittance,
    /// Any port pairs: poles shared by all of them, residues, a constant and a delay for each.
    Rational,
}

/// Configuration of a [`super::DesignSurrogate`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DesignSurrogateConfig {
    /// The rational function that stands for the response.
    pub form: Form,
    /// Most resonances, those outside the band included; fewer where these err less on designs
    /// left out.
    pub poles: usize,
    /// Highest degree of the response surface, 1 to 8, chosen likewise.
    pub degree: usize,
    /// Width of the hidden layers of the perceptron that corrects the response surface.
    pub hidden: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// Members of the ensemble, 2 or more. Each leaves out its share of the designs.
    pub members: usize,
    /// Optimiser steps of each member's perceptron; 0 for response surfaces alone.
    pub steps: usize,
    /// Designs per optimiser step.
    pub batch_size: usize,
    /// Frequencies per optimiser step, drawn anew over the whole band; 0 for all.
    pub frequencies_per_step: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Decoupled weight decay of weights; biases are not decayed.
    pub weight_decay: f64,
    /// What is minimised: of dB where the data are magnitudes, else of the complex S-parameters.
    pub loss: LossKind,
    /// Share of the true values that the intervals are to hold.
    pub coverage: f64,
    /// Whether the device holds no source, so that no |S| exceeds 1.
    pub passive: bool,
    /// Seed of the weights, the shares and the shuffles.
    pub seed: u64,
}

impl Default for DesignSurrogateConfig {
    fn default() -> Self {
        Self {
            form: Form::Auto,
            poles: 10,
            degree: 4,
            hidden: 48,
            layers: 2,
            members: 5,
            steps: 1200,
            batch_size: 32,
            frequencies_per_step: 96,
            learning_rate: 3e-3,
            weight_decay: 1e-4,
            loss: LossKind::RelativeL2,
            coverage: 0.9,
            passive: true,
            seed: 0,
        }
    }
}

/// Beyond it polynomials swing between the designs.
const HIGHEST_DEGREE: usize = 8;

impl burn::config::Config for DesignSurrogateConfig {}

impl DesignSurrogateConfig {
    /// Refuses values that no surrogate can be built with.
    pub fn check(&self) -> Result<()> {
        for (key, least, found) in [
            ("poles", 1, self.poles),
            ("hidden", 1, self.hidden),
            ("degree", 1, self.degree),
            ("layers", 1, self.layers),
            ("members", 2, self.members),
            ("batch_size", 1, self.batch_size),
        ] {
            if found < least {
                return Err(Error::config(key, format!("at least {least}"), found));
            }
        }
        if self.degree > HIGHEST_DEGREE {
            let expected = format!("at most {HIGHEST_DEGREE}");
            return Err(Error::config("degree", expected, self.degree));
        }
        if !(self.coverage > 0.0 && self.coverage < 1.0) {
            return Err(Error::config(
                "coverage",
                "a share between 0 and 1",
                self.coverage,
            ));
        }
        if !matches!(self.loss, LossKind::RelativeL2 | LossKind::Mse) {
            let expected = "relative_l2 or mse";
            return Err(Error::config("loss", expected, "a loss of fields"));
        }
        if self.form == Form::Immittance && !self.passive {
            let expected = "`rational` where `passive` is false";
            return Err(Error::config("form", expected, "`immittance`"));
        }
        self.training(self.batch_size, 0).check()
    }

    /// The form for these data: never [`Form::Auto`].
    ///
    /// # Errors
    /// When an immittance is asked for and the data are not one reflection.
    pub fn form_for(&self, data: &DesignData) -> Result<Form> {
        let reflection = matches!(data.port_pairs[..], [[i, j]] if i == j);
        match self.form {
            Form::Auto if reflection && self.passive => Ok(Form::Immittance),
            Form::Auto | Form::Rational => Ok(Form::Rational),
            Form::Immittance if reflection => Ok(Form::Immittance),
            Form::Immittance => Err(Error::config(
                "form",
                "`rational`, unless the data are one reflection",
                format!("`immittance` for the port pairs {:?}", data.port_pairs),
            )),
        }
    }

    /// The training run of one member on so many designs.
    pub(super) fn training(&self, designs: usize, member: usize) -> TrainingConfig {
        // Few designs still give a few steps per pass, which costs less and blurs the gradient.
        let batch_size = self.batch_size.min(designs.div_ceil(2)).max(1);
        let batches = designs.div_ceil(batch_size).max(1);
        TrainingConfig {
            stages: vec![Stage {
                roll_out: 1,
                epochs: self.steps.div_ceil(batches).max(1),
                ..Stage::default()
            }],
            batch_size,
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            loss: self.loss,
            seed: self.seed.wrapping_add(member as u64),
            checkpoint_interval: 500,
            keep_best: false,
            ..TrainingConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_files_take_defaults_and_unknown_keys_are_refused() {
        let config: DesignSurrogateConfig =
            serde_json::from_str(r#"{"poles": 6, "form": "rational"}"#).expect("config");
        assert_eq!((config.poles, config.members), (6, 5));
        assert!(serde_json::from_str::<DesignSurrogateConfig>(r#"{"pole": 6}"#).is_err());
        let message = DesignSurrogateConfig {
            members: 1,
            ..Default::default()
        }
        .check()
        .expect_err("refused")
        .to_string();
        assert_eq!(message, "`members`: expected at least 2, found 1");
    }
}
