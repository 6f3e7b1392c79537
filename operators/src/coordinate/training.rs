//! Training in stages.

use super::balance::{Balance, Balancing};
use super::checkpoint::State;
use super::config::{Optimiser, TrainingConfig};
use super::evaluate::{System, TermPoints};
use super::field::Field;
use super::gauss_newton::{Damping, TermFacts};
use super::gradient::lbfgs;
use super::network::{Network, NetworkConfig};
use super::problem::Problem;
use super::sampling;
use crate::error::{Error, Result};
use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// Where a run is.
pub struct Progress<'a> {
    /// Index of the stage.
    pub stage: usize,
    /// Steps taken in all, and steps planned.
    pub steps: (usize, usize),
    /// Wall time of training so far, in seconds.
    pub seconds: f64,
    /// Names and mean squares of the terms.
    pub losses: Vec<(&'a str, f64)>,
    /// The loss.
    pub loss: f64,
    /// The function as it is.
    pub network: &'a Network,
    /// Its weights.
    pub parameters: &'a [f64],
}

/// A trained network.
#[derive(Clone)]
pub struct Trained {
    /// The function.
    pub field: Field,
    /// Wall time of training, in seconds.
    pub seconds: f64,
    /// Steps taken.
    pub steps: usize,
    /// Steps, seconds and mean squares of the terms, now and then.
    pub history: Vec<(usize, f64, Vec<f64>)>,
}

/// Steps of L-BFGS between looks at the clock, each beginning without memory.
const LBFGS_STEPS: usize = 50;

/// Trains a network on a problem. With a `checkpoint` file, a run that was interrupted goes on from
/// it and ends with the same bits.
///
/// # Errors
/// When a setting is out of its range, a residual is not a number (which, and where), the checkpoint
/// cannot be written or read, or `on_progress` breaks off.
pub fn train(
    problem: &Problem,
    network: &NetworkConfig,
    config: &TrainingConfig,
    checkpoint: Option<&Path>,
    device: &Device,
    mut on_progress: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Trained> {
    problem.check()?;
    config.check()?;
    let (network, weights) =
        network.init(&problem.domain, problem.order, problem.outputs, device)?;
    let mut run = Run::begin(problem, &network, config, checkpoint, weights)?;
    let planned: usize = config.stages.iter().map(|s| s.steps).sum();
    let mut saved = run.state.steps;
    while let Some(stage) = config.stages.get(run.state.stage) {
        if stage.steps == 0 {
            run.next_stage();
            continue;
        }
        let begun = Instant::now();
        let (losses, done) = run.step()?;
        run.state.seconds += begun.elapsed().as_secs_f64();
        let loss = run.system.total(&losses);
        if done || loss <= config.tolerance {
            run.next_stage();
        }
        if loss <= config.tolerance {
            run.state.stage = config.stages.len();
        }
        let state = &mut run.state;
        state
            .history
            .push((state.steps, state.seconds, losses.clone()));
        let names = problem.terms.iter().map(|t| t.name.as_str());
        let flow = on_progress(&Progress {
            stage: state.stage,
            steps: (state.steps, planned),
            seconds: state.seconds,
            losses: names.zip(losses).collect(),
            loss,
            network: &network,
            parameters: &state.parameters,
        });
        let stopped = flow.is_break();
        if let Some(file) = checkpoint
            && (stopped || run.state.steps >= saved + config.checkpoint_interval)
        {
            run.write(file)?;
            saved = run.state.steps;
        }
        if stopped {
            let folder = checkpoint.and_then(Path::parent).unwrap_or(Path::new("."));
            return Err(Error::Stopped {
                folder: folder.to_owned(),
            });
        }
    }
    if let Some(file) = checkpoint {
        run.write(file)?;
    }
    let State {
        parameters,
        seconds,
        steps,
        history,
        ..
    } = run.state;
    Ok(Trained {
        field: Field::new(problem, network, parameters),
        seconds,
        steps,
        history,
    })
}

struct Run<'a> {
    system: System<'a>,
    config: &'a TrainingConfig,
    state: State,
}

impl<'a> Run<'a> {
    fn begin(
        problem: &'a Problem,
        network: &'a Network,
        config: &'a TrainingConfig,
        checkpoint: Option<&Path>,
        weights: Vec<f64>,
    ) -> Result<Self> {
        let found = match checkpoint {
            Some(file) => State::read(file)?,
            None => None,
        };
        let state = match (found, checkpoint) {
            (Some(state), Some(file)) => {
                let places = (state.parameters.len(), state.points.len());
                if places != (weights.len(), problem.terms.len()) {
                    return Err(Error::Corrupt {
                        file: file.to_owned(),
                        kind: "checkpoint of this network",
                        reason: format!(
                            "expected {} weights and {} terms, found {} and {}",
                            weights.len(),
                            problem.terms.len(),
                            places.0,
                            places.1
                        ),
                    });
                }
                state
            }
            _ => {
                let mut random = ChaCha8Rng::seed_from_u64(config.seed);
                let terms = problem.terms.iter();
                let damping = Damping::default();
                State {
                    parameters: weights,
                    damping: (damping.mu, damping.rise),
                    balancing: Balancing::new(problem.terms.len()),
                    points: terms
                        .map(|term| sampling::points(&term.place, term.points, &mut random))
                        .collect(),
                    ..Default::default()
                }
            }
        };
        let terms = problem.terms.iter().zip(&state.points);
        let points = terms
            .map(|(term, points)| TermPoints::new(problem, term, network, points.clone()))
            .collect();
        let mut run = Self {
            system: System {
                problem,
                network,
                points,
                factors: Vec::new(),
            },
            config,
            state,
        };
        run.set_factors();
        Ok(run)
    }

    fn write(&self, file: &Path) -> Result<()> {
        self.state.write(file)
    }

    fn set_factors(&mut self) {
        let terms = self.system.problem.terms.iter();
        let factors = terms.zip(&self.state.balancing.factors);
        self.system.factors = factors.map(|(term, f)| term.weight * f).collect();
    }

    fn next_stage(&mut self) {
        self.state.stage += 1;
        self.state.step = 0;
        let damping = Damping::default();
        self.state.damping = (damping.mu, damping.rise);
    }

    /// One step, or the steps of one memory of L-BFGS: the losses of the terms, which for Adam are
    /// those before the step, and whether the stage is at its end.
    fn step(&mut self) -> Result<(Vec<f64>, bool)> {
        let stage = &self.config.stages[self.state.stage];
        let fresh = self.resample()?;
        self.weigh_by_time()?;
        let due = self.config.balance != Balance::None
            && self
                .state
                .steps
                .is_multiple_of(self.config.balance_interval);
        let (mut taken, mut stuck) = (1, false);
        let losses = match stage.optimiser {
            Optimiser::Adam => {
                let terms = self.system.gradients(&self.state.parameters)?;
                if due {
                    self.balance_gradients(&terms)?;
                }
                let (_, gradient) = self.system.sum(&terms);
                let progress = self.state.step as f64 / stage.steps as f64;
                let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
                let rate = stage.learning_rate * (0.01 + 0.99 * cosine);
                let state = &mut self.state;
                state.moments.step(&mut state.parameters, &gradient, rate);
                terms.into_iter().map(|term| term.0).collect()
            }
            Optimiser::Lbfgs => {
                if due {
                    let terms = self.system.gradients(&self.state.parameters)?;
                    self.balance_gradients(&terms)?;
                }
                taken = LBFGS_STEPS.min(stage.steps - self.state.step);
                stuck = !lbfgs(&self.system, &mut self.state.parameters, taken)?;
                self.system.losses(&self.state.parameters)?
            }
            Optimiser::GaussNewton => {
                let (mu, rise) = self.state.damping;
                let mut normal = self.system.normal(&self.state.parameters, mu)?;
                if due {
                    self.balance(&normal.facts);
                    normal = self.system.normal(&self.state.parameters, mu)?;
                }
                let mut damping = Damping { mu, rise };
                let parameters = &mut self.state.parameters;
                let gained = self.system.damped(&normal, parameters, &mut damping);
                stuck = gained.is_none();
                if stuck {
                    damping = Damping::default();
                }
                self.state.damping = (damping.mu, damping.rise);
                gained.unwrap_or_else(|| normal.facts.iter().map(|f| f.loss).collect())
            }
        };
        self.state.step += taken;
        self.state.steps += taken;
        // No better point for these points; others may have one.
        let others = self.config.sampling.interval > 0 && !fresh;
        let done = self.state.step >= stage.steps || (stuck && !others);
        Ok((losses, done))
    }

    /// New factors from losses and gradients of the terms.
    fn balance_gradients(&mut self, terms: &[(f64, Vec<f64>)]) -> Result<()> {
        if self.config.balance == Balance::Ntk {
            let normal = self.system.normal(&self.state.parameters, 1.0)?;
            self.balance(&normal.facts);
            return Ok(());
        }
        let facts = terms.iter().map(|(loss, gradient)| TermFacts {
            loss: *loss,
            gradient: gradient.iter().map(|g| g * g).sum::<f64>().sqrt(),
            trace: f64::NAN, // not asked for
        });
        self.balance(&facts.collect::<Vec<_>>());
        Ok(())
    }

    /// New factors from what is known of the terms.
    fn balance(&mut self, facts: &[TermFacts]) {
        let of = |fact: fn(&TermFacts) -> f64| facts.iter().map(fact).collect::<Vec<_>>();
        let balancing = &mut self.state.balancing;
        match self.config.balance {
            Balance::None => {}
            Balance::GradientNorm => balancing.equalise(&of(|f| f.gradient)),
            Balance::Ntk => balancing.equalise(&of(|f| f.trace)),
            Balance::Relobralo => {
                balancing.by_progress(&of(|f| f.loss), self.config.seed, self.state.steps);
            }
        }
        self.set_factors();
    }

    /// New points when it is time; whether there are any.
    fn resample(&mut self) -> Result<bool> {
        let sampling = &self.config.sampling;
        let due = sampling.interval > 0
            && self.state.step > 0
            && self.state.steps.is_multiple_of(sampling.interval);
        if !due {
            return Ok(false);
        }
        let problem = self.system.problem;
        let d = problem.domain.coordinates();
        let mut random = ChaCha8Rng::seed_from_u64(self.config.seed);
        random.set_stream(self.state.steps as u64);
        let weights = self.system.network.weights(&self.state.parameters, false);
        for (n, term) in problem.terms.iter().enumerate() {
            let network = self.system.network;
            let points = if sampling.adaptive && term.adaptive {
                let count = term.points * sampling.candidates;
                let candidates = sampling::points(&term.place, count, &mut random);
                let places = TermPoints::new(problem, term, network, candidates);
                let squares = places.residuals(term, network, &weights)?.squares();
                let sizes: Vec<f64> = squares.iter().map(|s| s.sqrt()).collect();
                sampling.draw(&places.coordinates, &sizes, term.points, d, &mut random)
            } else {
                sampling::points(&term.place, term.points, &mut random)
            };
            self.system.points[n] = TermPoints::new(problem, term, network, points.clone());
            self.state.points[n] = points;
        }
        Ok(true)
    }

    /// Weights of points by what comes before them in time.
    fn weigh_by_time(&mut self) -> Result<()> {
        let (Some(causal), Some(time)) = (&self.config.causal, self.system.problem.domain.time)
        else {
            return Ok(());
        };
        let domain = &self.system.problem.domain;
        let (start, end) = (domain.lower[time], domain.upper[time]);
        let d = domain.coordinates();
        let weights = self.system.network.weights(&self.state.parameters, false);
        let tolerance = causal.tolerances.get(self.state.causal).copied();
        let mut least = 1.0_f64;
        let terms = self.system.problem.terms.iter();
        for (term, points) in terms.zip(&mut self.system.points) {
            if !term.causal {
                continue;
            }
            let Some(tolerance) = tolerance else {
                points.weights.fill(1.0);
                continue;
            };
            let squares = points
                .residuals(term, self.system.network, &weights)?
                .squares();
            let slice = |point: &[f64]| {
                let share = (point[time] - start) / (end - start);
                ((share * causal.slices as f64) as usize).min(causal.slices - 1)
            };
            let mut sums = vec![(0.0, 0.0); causal.slices];
            for (point, square) in points.coordinates.chunks(d).zip(&squares) {
                let sum = &mut sums[slice(point)];
                *sum = (sum.0 + square, sum.1 + 1.0);
            }
            let mut before = 0.0;
            let of_slice: Vec<f64> = sums
                .iter()
                .map(|(sum, count)| {
                    let weight = (-tolerance * before).exp();
                    before += sum / f64::max(*count, 1.0);
                    weight
                })
                .collect();
            least = of_slice.iter().fold(least, |m, w| m.min(*w));
            let coordinates = points.coordinates.chunks(d);
            for (point, weight) in coordinates.zip(&mut points.weights) {
                *weight = of_slice[slice(point)];
            }
        }
        if tolerance.is_some() && least > causal.reached {
            self.state.causal += 1;
        }
        Ok(())
    }
}
