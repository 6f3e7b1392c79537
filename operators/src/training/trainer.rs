//! The training loop.

use super::checkpoint::{Progress, State};
use super::config::{Stage, TrainingConfig};
use super::loader::{self, Epoch};
use super::metrics::{EpochLine, Metrics, StepLine};
use super::optimiser::{AdamW, Norm as Value};
use super::parallel::DataParallel;
use super::run::{Fitted, RunOptions, TrainingFacts};
use super::task::{Part, Task};
use crate::device::is_cpu;
use crate::error::{Error, Result};
use crate::weights;
use burn::module::Module;
use burn::optim::GradientsAccumulator;
use burn::tensor::{Device, Tensor};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Optimiser steps between two step lines of the metrics, and at most between two looks at what a
/// device has computed.
const METRIC_INTERVAL: u64 = 10;

/// A step whose loss may not be known yet.
struct Pending {
    step: u64,
    epoch: usize,
    loss: Value,
    norm: Value,
    learning_rate: f64,
}

fn not_finite(term: &'static str, value: f64, progress: &Progress, learning_rate: f64) -> Error {
    Error::NotFinite {
        term,
        value,
        step: progress.step,
        epoch: progress.epoch as usize,
        learning_rate,
    }
}

/// Trains the network of a task and writes `metrics.jsonl` and `checkpoint.safetensors` into
/// `folder`.
///
/// # Errors
/// When the configuration is refused, there is no sample, reading or writing fails, or the loss or
/// gradient is not finite ([`Error::NotFinite`]; the last checkpoint stays).
pub fn fit<T: Task>(
    task: &T,
    config: &TrainingConfig,
    folder: &Path,
    options: RunOptions,
) -> Result<Fitted<T::Network>> {
    config.check()?;
    let samples = task.samples(Part::Training);
    if samples == 0 {
        return Err(Error::Data(
            "expected at least one sample, found none".into(),
        ));
    }
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let run = format!(
        "{} {}",
        serde_json::to_string(config).unwrap_or_default(),
        task.identity()
    );
    let file = folder.join("checkpoint.safetensors");
    let network = task.network().clone().train();
    let optimiser = AdamW::new(config.optimiser(), &network);
    let stored = match options.ranks {
        Some(ranks) => ranks.file(&file, options.resume)?,
        None if options.resume && file.exists() => {
            Some(std::fs::read(&file).map_err(|e| Error::io(&file, e))?)
        }
        None => None,
    };
    let state = match stored {
        Some(data) => State::load(&data, &file, &run, network, optimiser)?,
        None => State {
            progress: Default::default(),
            network,
            optimiser,
            best: None,
        },
    };
    let progress = &state.progress;
    let writes = options.ranks.is_none_or(DataParallel::writes);
    let metrics = match writes {
        true => Some(Metrics::open(
            &folder.join("metrics.jsonl"),
            progress.step,
            progress.epoch,
        )?),
        false => None,
    };
    let total: usize = config
        .stages
        .iter()
        .map(|s| s.epochs * samples.div_ceil(config.batch_size))
        .sum();
    let bar = progress_bar(total as u64, state.progress.step, options.quiet || !writes);
    let mut trainer = Trainer {
        task,
        config,
        options,
        device: task.device(),
        run,
        file: &file,
        state: Some(state),
        metrics,
        pending: Vec::new(),
        stop_all: false,
        bar,
        started: Instant::now(),
    };
    trainer.run()
}

struct Trainer<'a, T: Task> {
    task: &'a T,
    config: &'a TrainingConfig,
    options: RunOptions<'a>,
    device: Device,
    run: String,
    file: &'a Path,
    /// Taken while the optimiser owns the weights.
    state: Option<State<T::Network>>,
    /// Rank 0's.
    metrics: Option<Metrics>,
    /// Steps that are not in the sums yet.
    pending: Vec<Pending>,
    /// Whether any of the processes that train together has been asked to stop.
    stop_all: bool,
    bar: ProgressBar,
    started: Instant,
}

impl<T: Task> Trainer<'_, T> {
    fn run(&mut self) -> Result<Fitted<T::Network>> {
        let base = self.state().progress.seconds;
        if self.state().progress.stage >= self.config.stages.len() {
            // nothing is left to do, so that nothing is added to its time
            self.bar.finish_and_clear();
            return self.outcome(true);
        }
        while let Some(stage) = self.config.stages.get(self.state().progress.stage) {
            if self.epoch(stage, base)? {
                continue;
            }
            self.save(base)?;
            return self.outcome(false);
        }
        self.save(base)?;
        self.bar.finish_and_clear();
        self.outcome(true)
    }

    fn state(&mut self) -> &mut State<T::Network> {
        self.state
            .as_mut()
            .expect("the state is only away inside `step`")
    }

    fn save(&mut self, base: f64) -> Result<()> {
        let seconds = base + self.started.elapsed().as_secs_f64();
        self.state().progress.seconds = seconds;
        let (run, file) = (self.run.clone(), self.file);
        match self.metrics {
            Some(_) => self.state().save(file, &run),
            None => Ok(()),
        }
    }

    /// Runs the rest of an epoch; `false` when stopped from outside.
    fn epoch(&mut self, stage: &Stage, base: f64) -> Result<bool> {
        let (task, config) = (self.task, self.config);
        let progress = self.state().progress.clone();
        let samples = task.samples(Part::Training);
        let order = loader::order(config.seed, progress.epoch, samples);
        let batches = order.len().div_ceil(config.batch_size);
        let epoch = Epoch {
            part: Part::Training,
            stage,
            order: &order,
            batch_size: config.batch_size,
            parts: config.accumulate,
            seed: config.seed,
            epoch: progress.epoch,
            first_batch: progress.batch,
            ranks: self.options.ranks,
        };
        let mut stopped = false;
        let waited = epoch.for_each_batch(task, |parts, samples| {
            self.step(stage, (parts, samples), batches)?;
            stopped = match self.options.ranks {
                Some(_) => self.stop_all,
                None => self.asked_to_stop(),
            };
            let interval = config.checkpoint_interval;
            let due = interval > 0 && self.state().progress.step.is_multiple_of(interval as u64);
            if due || stopped {
                self.settle(stage)?;
            }
            if due {
                self.save(base)?;
            }
            Ok(!stopped)
        })?;
        self.state().progress.waited += waited;
        // A stop after the last batch still ends the epoch properly.
        if stopped && self.state().progress.batch < batches {
            return Ok(false);
        }
        let train_loss = f64::from_bits(self.state().progress.loss_sum) / batches as f64;
        let validation_loss = self.validate(stage)?;
        let state = self.state();
        let progress = &mut state.progress;
        let line = EpochLine {
            step: progress.step,
            epoch: progress.epoch as usize,
            roll_out: stage.roll_out,
            train_loss,
            validation_loss,
            seconds: progress.seconds,
        };
        progress.train_loss = train_loss.to_bits();
        progress.validation_loss = validation_loss.map(f64::to_bits);
        progress.loss_sum = 0;
        progress.batch = 0;
        progress.epoch += 1;
        progress.stage_epoch += 1;
        if progress.stage_epoch == stage.epochs {
            progress.stage_epoch = 0;
            progress.stage += 1;
            if progress.stage < config.stages.len() {
                progress.best = f64::INFINITY.to_bits();
                state.best = None;
            }
        }
        self.write(&line)?;
        if config.checkpoint_interval == 0 {
            self.save(base)?;
        }
        Ok(!stopped)
    }

    fn asked_to_stop(&self) -> bool {
        let stop = self.options.stop;
        stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn write(&mut self, line: &impl Serialize) -> Result<()> {
        match &mut self.metrics {
            Some(metrics) => metrics.write(line),
            None => Ok(()),
        }
    }

    /// One optimiser step, with the gradients of all parts of a batch of so many samples.
    fn step(
        &mut self,
        stage: &Stage,
        (parts, samples): (Vec<(T::Batch, usize)>, usize),
        batches: usize,
    ) -> Result<()> {
        let config = self.config;
        let mut state = self
            .state
            .take()
            .expect("the state is only away inside `step`");
        let progress = &mut state.progress;
        let in_stage = progress.stage_epoch * batches + progress.batch;
        let learning_rate = config.learning_rate_at(stage, in_stage, stage.epochs * batches);
        let network = state.network;
        let device = self.device.clone().autodiff();
        let mut sum = GradientsAccumulator::new();
        let mut loss: Option<Tensor<1>> = None;
        for (batch, size) in parts {
            let share = size as f64 / samples as f64;
            let (value, grads) = self.task.gradients(&network, batch, stage, share, &device);
            sum.accumulate(&network, grads);
            loss = Some(match loss {
                Some(loss) => loss + value,
                None => value,
            });
        }
        let mut grads = sum.grads();
        let value = match (self.options.ranks, loss) {
            (Some(ranks), loss) => {
                let own = loss.map_or(0.0, |loss| loss.into_scalar::<f64>());
                let all = ranks.together(&network, &grads, own, self.asked_to_stop())?;
                grads = all.gradients;
                self.stop_all = all.stop;
                Value::Known(all.loss)
            }
            (None, loss) => {
                let loss = loss.expect("a batch has at least one part");
                match is_cpu(&self.device) {
                    true => Value::Known(loss.into_scalar::<f64>()),
                    false => Value::Device(loss),
                }
            }
        };
        // Checked before the step where it is known, so that the last checkpoint is the last good one.
        if let Value::Known(value) = value
            && !value.is_finite()
        {
            let term = self.task.term_not_finite();
            return Err(not_finite(term, value, progress, learning_rate));
        }
        let norm = AdamW::gradient_norm(&network, &grads);
        if let Value::Known(norm) = norm
            && !norm.is_finite()
        {
            return Err(not_finite("gradient norm", norm, progress, learning_rate));
        }
        // A young average forgets faster, or it would remember the random start.
        let age = progress.step as f64;
        let decay = config.ema_decay.min((1.0 + age) / (10.0 + age));
        let decay = if config.ema_decay > 0.0 { decay } else { 0.0 };
        let clip = (config.gradient_clip > 0.0).then_some((&norm, config.gradient_clip));
        state.network = state
            .optimiser
            .step(network, grads, learning_rate, clip, decay);
        progress.step += 1;
        progress.batch += 1;
        self.pending.push(Pending {
            step: progress.step,
            epoch: progress.epoch as usize,
            loss: value,
            norm,
            learning_rate,
        });
        let due = progress.step.is_multiple_of(METRIC_INTERVAL)
            || progress.batch == batches
            || is_cpu(&self.device);
        self.state = Some(state);
        self.bar.inc(1);
        if due {
            self.settle(stage)?;
        }
        Ok(())
    }

    /// Takes account of the steps since the last time. A device is waited for here alone.
    fn settle(&mut self, stage: &Stage) -> Result<()> {
        for pending in std::mem::take(&mut self.pending) {
            let (loss, norm) = (pending.loss.value(), pending.norm.value());
            let task = self.task;
            let progress = &mut self.state().progress;
            for (term, value) in [(None, loss), (Some("gradient norm"), norm)] {
                if !value.is_finite() {
                    let term = term.unwrap_or_else(|| task.term_not_finite());
                    return Err(not_finite(term, value, progress, pending.learning_rate));
                }
            }
            progress.loss_sum = (f64::from_bits(progress.loss_sum) + loss).to_bits();
            if pending.step.is_multiple_of(METRIC_INTERVAL) {
                let line = StepLine {
                    step: pending.step,
                    epoch: pending.epoch,
                    roll_out: stage.roll_out,
                    loss,
                    gradient_norm: norm,
                    learning_rate: pending.learning_rate,
                };
                self.bar
                    .set_message(format!("epoch {} loss {loss:.4}", line.epoch + 1));
                self.write(&line)?;
            }
        }
        Ok(())
    }

    /// Loss of the averaged weights on the validation samples; remembers the best.
    fn validate(&mut self, stage: &Stage) -> Result<Option<f64>> {
        let samples = self.task.samples(Part::Validation);
        if samples == 0 {
            return Ok(None);
        }
        let file = self.file;
        let network = self.state().averaged(file)?.valid();
        let order: Vec<usize> = (0..samples).collect();
        let epoch = Epoch {
            part: Part::Validation,
            stage,
            order: &order,
            batch_size: self.config.batch_size,
            parts: self.config.accumulate,
            seed: self.config.seed,
            epoch: 0,
            first_batch: 0,
            ranks: self.options.ranks,
        };
        let (mut sum, mut count) = (0.0, 0usize);
        let (task, device) = (self.task, &self.device);
        epoch.for_each_batch(task, |parts, _| {
            for (batch, size) in parts {
                let value = task
                    .loss(&network, batch, stage, device)
                    .into_scalar::<f64>();
                sum += value * size as f64;
                count += size;
            }
            Ok(true)
        })?;
        if let Some(ranks) = self.options.ranks {
            sum = ranks.sum(sum)?;
            count = samples;
        }
        let value = sum / count as f64;
        let weights = weights::collect(&network);
        let keep = self.config.keep_best;
        let state = self.state();
        if keep && value < f64::from_bits(state.progress.best) {
            state.progress.best = value.to_bits();
            state.best = Some(weights);
        }
        Ok(Some(value))
    }

    /// What is in the checkpoint, its time as well.
    fn outcome(&mut self, finished: bool) -> Result<Fitted<T::Network>> {
        let file = self.file;
        let state = self.state();
        let mut network = state.averaged(file)?;
        let progress = &state.progress;
        let mut validation_loss = progress.validation_loss.map(f64::from_bits);
        if let Some(best) = &state.best {
            network = weights::apply(network, best, file)?;
            validation_loss = Some(f64::from_bits(progress.best));
        }
        let (train_loss, steps) = (f64::from_bits(progress.train_loss), progress.step);
        Ok(Fitted {
            model: network.valid(),
            facts: TrainingFacts {
                steps,
                seconds: progress.seconds,
                waited: progress.waited,
                train_loss,
                validation_loss,
                finished,
            },
        })
    }
}

fn progress_bar(total: u64, done: u64, quiet: bool) -> ProgressBar {
    // Standard error draws nothing when it is not a terminal.
    let target = if quiet {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let template = "training {bar:32} {pos}/{len} {msg} [{elapsed} < {eta}]";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_position(done);
    bar.reset_eta();
    bar
}
