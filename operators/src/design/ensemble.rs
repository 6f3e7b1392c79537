//! The surrogate: members trained on shares of the designs, their mean, and calibrated intervals.
//!
//! Members are response surfaces first ([`super::surface`]); perceptrons that correct them are then
//! trained by stochastic gradients, and kept if the members err less on the designs that each left
//! out.

use super::calibration::Calibration;
use super::config::{DesignSurrogateConfig, Form};
use super::data::{DesignData, Response};
use super::domain::Domain;
use super::network::{Architecture, ResonanceNetwork};
use super::objective::{Curves, Objective, relative, scaled};
use super::prediction::Prediction;
use super::statistics::{distance, mean_and_spread, passive, squares};
use super::surface::{Candidate, Surfaces};
use crate::error::{Error, Result};
use crate::training::{RunOptions, fit};
use crate::weights;
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ndarray::{Array2, Array3, Axis, Zip};
use num_complex::Complex64;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A surrogate of a design sweep.
#[derive(Clone, Debug)]
pub struct DesignSurrogate {
    members: Members,
    description: Description,
}

/// All of a surrogate but its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// What it was trained with.
    pub config: DesignSurrogateConfig,
    /// `immittance` or `rational`.
    pub form: Form,
    /// Whether it gives complex S-parameters; else magnitudes in dB.
    pub complex: bool,
    /// Names of the parameters.
    pub parameter_names: Vec<String>,
    /// Port pairs `[i, j]` of `S_ij`.
    pub port_pairs: Vec<[usize; 2]>,
    /// Frequencies, in the unit of the data.
    pub frequencies: Vec<f64>,
    /// The training designs.
    pub domain: Domain,
    /// How the members are built: of all candidates the one that erred the least.
    pub chosen: Candidate,
    /// What it was chosen from. The least of many errors is optimistic, the less so the more
    /// designs there are.
    pub candidates: Vec<Candidate>,
    /// Scale of the intervals.
    pub calibration: Calibration,
    /// Error of the members on the designs that each left out, relative L2 over all designs, of dB
    /// or of the complex S-parameters.
    pub out_of_fold_error: f64,
    /// Wall time of training in seconds.
    pub training_seconds: f64,
}

#[derive(Module, Debug)]
struct Members {
    members: Vec<ResonanceNetwork>,
}

/// Designs per pass through the members.
const CHUNK: usize = 64;
/// Degree of the surface that a perceptron starts with where none was fitted.
const PLAIN_DEGREE: usize = 2;

impl Description {
    fn architecture(&self) -> Architecture {
        Architecture {
            parameters: self.parameter_names.len(),
            pairs: self.port_pairs.len(),
            form: self.form,
            poles: self.chosen.poles,
            degree: self.chosen.degree,
            hidden: self.config.hidden,
            layers: match self.chosen.network {
                true => self.config.layers,
                false => 0,
            },
            lowest: relative(&self.frequencies)
                .first()
                .copied()
                .unwrap_or(0.0)
                .into(),
        }
    }
}

impl DesignSurrogate {
    /// Fits the response surfaces, trains perceptrons on top of them side by side, each in its own
    /// `folder/member_N` with checkpoint and metrics, keeps what errs less on the designs that the
    /// members left out, and calibrates the intervals. With [`RunOptions::resume`] a killed run
    /// continues with the same bits.
    ///
    /// # Errors
    /// When data or configuration are refused, files cannot be written, a loss is not finite, or
    /// the run was stopped ([`Error::Stopped`]; its checkpoints stay).
    pub fn train(
        data: &DesignData,
        config: &DesignSurrogateConfig,
        device: &Device,
        folder: &Path,
        options: RunOptions,
    ) -> Result<Self> {
        config.check()?;
        data.check()?;
        let start = Instant::now();
        let form = config.form_for(data)?;
        let domain = Domain::new(&data.parameters);
        let curves = Curves::new(data, &domain);
        let members = config.members.min(data.designs());
        let shares = shares(data.designs(), members, config.seed);
        let stopped = || {
            options
                .stop
                .is_some_and(|stop| stop.load(Ordering::Relaxed))
        };
        let surfaces = Surfaces::choose(&curves, config, form, &shares, &stopped);
        if stopped() {
            let folder = folder.to_owned();
            return Err(Error::Stopped { folder });
        }
        let mut description = Description {
            config: DesignSurrogateConfig {
                members,
                ..config.clone()
            },
            form,
            complex: curves.complex,
            parameter_names: data.parameter_names.clone(),
            port_pairs: data.port_pairs.clone(),
            frequencies: data.frequencies.clone(),
            domain,
            chosen: Candidate {
                poles: config.poles,
                degree: PLAIN_DEGREE,
                ridge: 0.0,
                network: false,
                out_of_fold_error: f64::INFINITY,
            },
            candidates: Vec::new(),
            calibration: Calibration::fit(&[], &[], 1, config.coverage),
            out_of_fold_error: 0.0,
            training_seconds: 0.0,
        };
        let device_without = device.clone().without_autodiff();
        let mut built = Vec::new();
        if let Some(surfaces) = &surfaces {
            description.chosen = surfaces.chosen;
            description.candidates.clone_from(&surfaces.candidates);
            let architecture = description.architecture();
            let member = |surface| architecture.at_surface(surface, 0, &device_without);
            let members = surfaces.members.iter().map(member).collect();
            let mut surrogate = Self {
                members: Members { members },
                description: description.clone(),
            };
            surrogate.calibrate(data, &shares)?;
            built.push(surrogate);
        }
        if config.steps > 0 {
            description.chosen.network = true;
            let training = Training {
                curves: &curves,
                description: &description,
                shares: &shares,
                surfaces: surfaces.as_ref().map_or(&[], |s| &s.members),
                device,
                options,
            };
            let mut surrogate = Self {
                members: training.run(folder)?,
                description,
            };
            surrogate.calibrate(data, &shares)?;
            let error = surrogate.description.out_of_fold_error;
            surrogate.description.chosen.out_of_fold_error = error;
            built.push(surrogate);
        }
        let candidate = built.last().map(|s| s.description.chosen);
        let error = |s: &Self| s.description.out_of_fold_error;
        let best = built
            .into_iter()
            .min_by(|a, b| error(a).total_cmp(&error(b)));
        let Some(mut surrogate) = best else {
            let expected = "at least 1: no response surface has few enough coefficients";
            return Err(Error::config("steps", expected, config.steps));
        };
        let candidate = candidate.filter(|candidate| candidate.network);
        surrogate.description.candidates.extend(candidate);
        surrogate.description.training_seconds = start.elapsed().as_secs_f64();
        Ok(surrogate)
    }

    /// Everything but the weights.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Predicts designs `[design, parameter]` at the frequencies of the data.
    ///
    /// # Errors
    /// When the number of parameters is another, or a value is not finite.
    pub fn predict(&self, parameters: &Array2<f64>) -> Result<Prediction> {
        self.predict_at(parameters, &self.description.frequencies)
    }

    /// The same at other frequencies in Hz: what was learned is a function of the frequency.
    ///
    /// # Errors
    /// As [`Self::predict`]; [`Error::Data`] for a frequency that is negative or not finite.
    pub fn predict_at(&self, parameters: &Array2<f64>, frequencies: &[f64]) -> Result<Prediction> {
        if let Some(bad) = frequencies.iter().find(|f| !(**f >= 0.0 && f.is_finite())) {
            return Err(Error::Data(format!("a frequency is {bad} Hz")));
        }
        let highest = self.description.frequencies.last().copied().unwrap_or(1.0);
        let relative: Vec<f32> = frequencies.iter().map(|f| (f / highest) as f32).collect();
        let members = self.predict_members(parameters, &relative)?;
        let (mean, spread) = mean_and_spread(&members);
        let calibration = self.description.calibration;
        Ok(Prediction {
            mean,
            radius: spread.mapv(|s| calibration.radius(s)),
            distance: self.description.domain.distance(parameters),
            outside: self.description.domain.outside(parameters),
        })
    }

    /// Writes `model.json` and `weights.safetensors` into a folder, which is made if needed.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let file = folder.join("model.json");
        let json = serde_json::to_string_pretty(&self.description)
            .map_err(|e| Error::io(&file, std::io::Error::other(e)))?;
        weights::write_atomic(&file, json.as_bytes())?;
        let tensors = weights::collect(&self.members);
        weights::write(
            &folder.join("weights.safetensors"),
            &tensors,
            HashMap::new(),
        )
    }

    /// Reads a folder written by [`DesignSurrogate::save`].
    ///
    /// # Errors
    /// When a file is missing or broken, or the weights are not those of the description.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let file = folder.join("model.json");
        let text = std::fs::read_to_string(&file).map_err(|e| Error::io(&file, e))?;
        let corrupt = |reason: String| Error::Corrupt {
            file: file.clone(),
            kind: "description of a design surrogate",
            reason,
        };
        let description: Description =
            serde_json::from_str(&text).map_err(|e| corrupt(e.to_string()))?;
        description.config.check()?;
        let parameters = description.parameter_names.len();
        let chosen = description.chosen;
        let fits = description.domain.parameters() == parameters
            && chosen.poles > 0
            && chosen.degree > 0
            && description.domain.highest.len() == parameters
            && description
                .domain
                .designs
                .iter()
                .all(|d| d.len() == parameters);
        if !fits || description.frequencies.is_empty() || description.form == Form::Auto {
            return Err(corrupt("its parts do not fit each other".into()));
        }
        let architecture = description.architecture();
        let members = (0..description.config.members)
            .map(|member| architecture.init(member as u64, device))
            .collect();
        let file = folder.join("weights.safetensors");
        let (tensors, _) = weights::read(&file)?;
        Ok(Self {
            members: weights::apply(Members { members }, &tensors, &file)?,
            description,
        })
    }

    /// The answer of each member.
    fn predict_members(
        &self,
        parameters: &Array2<f64>,
        frequencies: &[f32],
    ) -> Result<Vec<Response>> {
        let domain = &self.description.domain;
        let (designs, width) = parameters.dim();
        if width != domain.parameters() {
            return Err(Error::TensorShape {
                tensor: "parameters [design, parameter]".into(),
                expected: vec![designs, domain.parameters()],
                found: vec![designs, width],
            });
        }
        if let Some(((design, parameter), value)) =
            parameters.indexed_iter().find(|(_, v)| !v.is_finite())
        {
            let name = &self.description.parameter_names[parameter];
            return Err(Error::Data(format!(
                "design {design}: parameter `{name}` is {value}"
            )));
        }
        self.members
            .members
            .par_iter()
            .map(|member| self.predict_member(member, parameters, frequencies))
            .collect()
    }

    fn predict_member(
        &self,
        member: &ResonanceNetwork,
        parameters: &Array2<f64>,
        frequencies: &[f32],
    ) -> Result<Response> {
        let Description {
            domain, complex, ..
        } = &self.description;
        let device = member.devices().into_iter().next();
        let device = device.unwrap_or_else(Device::flex).without_autodiff();
        let count = frequencies.len();
        let (mut re, mut im) = (Vec::new(), Vec::new());
        let numbers = |x: Tensor<3>| -> Vec<f32> {
            let values = x.into_data_as::<f32>().try_into_vec::<f32>();
            values.unwrap_or_default()
        };
        for chunk in parameters.axis_chunks_iter(Axis(0), CHUNK) {
            let rows = chunk.rows().into_iter();
            let x: Vec<f32> = rows.flat_map(|row| scaled(domain, row)).collect();
            let x = TensorData::new(x, [chunk.nrows(), domain.parameters()]);
            let x = Tensor::<2>::from_data(x, (&device, DType::F32));
            let w = TensorData::new(frequencies.to_vec(), [count]);
            let w = Tensor::<1>::from_data(w, (&device, DType::F32));
            let s = member.forward(x, w);
            match complex {
                true => {
                    re.extend(numbers(s.re));
                    im.extend(numbers(s.im));
                }
                false => re.extend(numbers(s.decibel())),
            }
        }
        let shape = (parameters.nrows(), self.description.port_pairs.len(), count);
        let wrong = |e| Error::Data(format!("prediction: {e}"));
        let array = |values: Vec<f32>| Array3::from_shape_vec(shape, values).map_err(wrong);
        let response = match complex {
            true => {
                let (re, im) = (array(re)?, array(im)?);
                let s = |re: &f32, im: &f32| Complex64::new((*re).into(), (*im).into());
                Response::Complex(Zip::from(&re).and(&im).map_collect(s))
            }
            false => Response::Decibel(array(re)?.mapv(f64::from)),
        };
        Ok(match self.description.config.passive {
            true => passive(response),
            false => response,
        })
    }

    /// Sets the intervals' scale from what the members get wrong on the designs they left out.
    fn calibrate(&mut self, data: &DesignData, shares: &[Vec<usize>]) -> Result<()> {
        let frequencies = relative(&self.description.frequencies);
        let members = self.predict_members(&data.parameters, &frequencies)?;
        let (_, spread) = mean_and_spread(&members);
        let (mut errors, mut spreads) = (Vec::new(), Vec::new());
        for (left_out, prediction) in shares.iter().zip(&members) {
            let truth = data.response.select(left_out);
            errors.extend(distance(&prediction.select(left_out), &truth));
            spreads.extend(spread.select(Axis(0), left_out));
        }
        let coverage = self.description.config.coverage;
        self.description.calibration =
            Calibration::fit(&errors, &spreads, data.designs(), coverage);
        let error: f64 = errors.iter().map(|e| e * e).sum();
        let norm = squares(&data.response).max(f64::MIN_POSITIVE);
        self.description.out_of_fold_error = (error / norm).sqrt();
        Ok(())
    }
}

/// The training of the perceptrons.
struct Training<'a> {
    curves: &'a Curves,
    description: &'a Description,
    shares: &'a [Vec<usize>],
    /// Where the members start; from scratch when there is none.
    surfaces: &'a [Array2<f64>],
    device: &'a Device,
    options: RunOptions<'a>,
}

impl Training<'_> {
    /// The members side by side, each in a folder of its own.
    fn run(&self, folder: &Path) -> Result<Members> {
        let bar = progress(self.shares.len(), self.options.quiet);
        let members = (0..self.shares.len()).into_par_iter().map(|member| {
            let network = self.member(member, &folder.join(format!("member_{member}")))?;
            bar.inc(1);
            Ok(network)
        });
        let members = members.collect::<Result<_>>()?;
        bar.finish_and_clear();
        Ok(Members { members })
    }

    fn member(&self, member: usize, folder: &Path) -> Result<ResonanceNetwork> {
        let config = &self.description.config;
        let designs: Vec<usize> = (0..self.curves.parameters.len())
            .filter(|design| !self.shares[member].contains(design))
            .collect();
        let training = config.training(designs.len(), member);
        let architecture = self.description.architecture();
        let network = match self.surfaces.get(member) {
            Some(surface) => architecture.at_surface(surface, training.seed, self.device),
            None => architecture.init(training.seed, self.device),
        };
        let text = serde_json::to_string(config).unwrap_or_default();
        let objective = Objective {
            network,
            device: self.device.clone().without_autodiff(),
            curves: self.curves,
            designs,
            loss: config.loss,
            frequencies_per_step: config.frequencies_per_step,
            identity: format!("{text} {:016x}", self.curves.fingerprint()),
        };
        let options = RunOptions {
            quiet: true,
            ..self.options
        };
        let fitted = fit(&objective, &training, folder, options)?;
        match fitted.facts.finished {
            true => Ok(fitted.model),
            false => Err(Error::Stopped {
                folder: folder.to_owned(),
            }),
        }
    }
}

/// Shuffled shares of the designs, as equal as they can be.
fn shares(designs: usize, members: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..designs).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    (0..members)
        .map(|m| order[m * designs / members..(m + 1) * designs / members].to_vec())
        .collect()
}

fn progress(members: usize, quiet: bool) -> ProgressBar {
    // Standard error draws nothing when it is not a terminal.
    let target = match quiet {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(Some(members as u64), target);
    let template = "training {bar:32} {pos}/{len} members [{elapsed}]";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.tick();
    bar
}

#[cfg(test)]
mod tests;
