//! What a physics brings to a comparison, and how it is measured.
//!
//! Everything that was measured is kept after each step, so that an interrupted comparison goes on where
//! it was.

use super::measurements::{
    Axis, Check, Contestant, Kind, Measurements, Outcome, Panel, Task, TestSet, Timing,
};
use crate::error::Result;
use indicatif::ProgressBar;
use std::time::Instant;

/// An answer, or why there is none.
pub type Answered<A> = std::result::Result<A, String>;

/// A pair ready to be compared: operators are trained, solvers planned.
pub trait Experiment {
    /// What a sample's answer is: all states of a forecast, a field, a sweep over frequency.
    type Answer;

    /// What is asked.
    fn task(&self) -> Task;

    /// Who answers. The reference comes first.
    fn contestants(&self) -> &[Contestant];

    /// Number of a contestant among those of its kind, from 0.
    fn among_its_kind(&self, contestant: usize) -> usize {
        let all = self.contestants();
        let kind = all[contestant].kind;
        all[..contestant].iter().filter(|c| c.kind == kind).count()
    }

    /// What they are asked; the held-out set first.
    fn sets(&self) -> Vec<TestSet>;

    /// The reference's answer.
    ///
    /// # Errors
    /// A solver that fails: without truth there is nothing to compare.
    fn truth(&self, set: usize, sample: usize) -> Result<Self::Answer>;

    /// Answers of a contestant of [`Self::contestants`] to some samples of a set; this alone is timed.
    fn answer(
        &self,
        contestant: usize,
        set: usize,
        samples: &[usize],
    ) -> Vec<Answered<Self::Answer>>;

    /// The error that is compared; NaN is a failure.
    fn error(&self, set: usize, answer: &Self::Answer, truth: &Self::Answer) -> f64;

    /// Errors along [`Task::axis`].
    fn by_step(&self, set: usize, answer: &Self::Answer, truth: &Self::Answer) -> Vec<f64> {
        let _ = (set, answer, truth);
        Vec::new()
    }

    /// The spectrum of an answer at [`Task::spectrum`].
    fn spectrum(&self, set: usize, answer: &Self::Answer) -> Vec<f64> {
        let _ = (set, answer);
        Vec::new()
    }

    /// Conserved quantities and residuals, with names; the size of each is averaged.
    fn checks(
        &self,
        set: usize,
        sample: usize,
        answer: &Self::Answer,
        truth: &Self::Answer,
    ) -> Vec<(String, f64)>;

    /// A field to look at, without the name of who made it.
    fn panel(&self, set: usize, sample: usize, answer: &Self::Answer) -> Option<Panel>;
}

/// How much is timed.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Calls of one sample that are timed.
    pub calls: usize,
    /// Samples at once, the largest batch.
    pub largest_batch: usize,
    /// Seconds after which a batch is no longer enlarged.
    pub patience: f64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            calls: 9,
            largest_batch: 64,
            patience: 4.0,
        }
    }
}

/// Measures what `kept` still lacks; `save` is called after each step.
///
/// # Errors
/// A reference that fails; measurements that cannot be kept.
pub fn measure<E: Experiment>(
    experiment: &E,
    effort: Effort,
    kept: &mut Measurements,
    progress: &ProgressBar,
    mut save: impl FnMut(&Measurements) -> Result<()>,
) -> Result<()> {
    kept.task = experiment.task();
    // what is known of how they came about stays: a resumed run has not trained them itself
    if kept.contestants.is_empty() {
        kept.contestants = experiment.contestants().to_vec();
    }
    kept.sets = experiment.sets();
    let contestants = experiment.contestants().to_vec();
    progress.set_length((contestants.len() * (kept.sets.len() + 1)) as u64);
    for (number, set) in kept.sets.clone().iter().enumerate() {
        let open: Vec<usize> = (0..contestants.len())
            .filter(|c| kept.outcome(&contestants[*c].name, &set.name).is_none())
            .filter(|c| contestants[*c].kind != Kind::Published)
            .collect();
        progress.inc((contestants.len() - open.len()) as u64);
        if open.is_empty() {
            continue;
        }
        let samples: Vec<usize> = (0..set.samples).collect();
        let truths = samples
            .iter()
            .map(|&sample| experiment.truth(number, sample))
            .collect::<Result<Vec<_>>>()?;
        for contestant in open {
            let name = &contestants[contestant].name;
            let judge = Judge {
                experiment,
                set: number,
                name: &set.name,
                truths: &truths,
            };
            // the reference need not be run again to know that it is the truth
            let outcome = match contestants[contestant].kind {
                Kind::Reference => judge.judged(name, &mut truths.iter().map(Ok), kept, true),
                _ => {
                    let answers = experiment.answer(contestant, number, &samples);
                    let mut answers = answers.iter().map(Result::as_ref);
                    judge.judged(name, &mut answers, kept, false)
                }
            };
            kept.outcomes.push(outcome);
            save(kept)?;
            progress.inc(1);
        }
    }
    for (number, contestant) in contestants.iter().enumerate() {
        progress.inc(1);
        let works = match contestant.kind {
            Kind::Baseline | Kind::Published | Kind::Check => false,
            // labels that somebody else has made are read, not solved
            Kind::Reference => contestant.resolution.is_some(),
            Kind::Solver | Kind::Operator => true,
        };
        if works && kept.times_of_one(&contestant.name).is_none() {
            let times = time(experiment, effort, number, contestant, kept.sets[0].samples);
            kept.timings.extend(times);
            save(kept)?;
        }
    }
    Ok(())
}

/// Answers on a set, against the truth.
struct Judge<'e, E: Experiment> {
    experiment: &'e E,
    set: usize,
    name: &'e str,
    truths: &'e [E::Answer],
}

impl<E: Experiment> Judge<'_, E> {
    fn judged<'a>(
        &self,
        contestant: &str,
        answers: &mut dyn Iterator<Item = std::result::Result<&'a E::Answer, &'a String>>,
        kept: &mut Measurements,
        is_truth: bool,
    ) -> Outcome
    where
        E::Answer: 'a,
    {
        let (set, truths) = (self.set, self.truths);
        let (mut errors, mut failure) = (Vec::new(), None);
        let (mut steps, mut spectra) = (Vec::new(), Vec::new());
        let mut checks: Vec<(String, Vec<f64>)> = Vec::new();
        for (sample, (answer, truth)) in answers.zip(truths).enumerate() {
            let answer = match answer {
                Ok(answer) => answer,
                Err(reason) => {
                    failure.get_or_insert(reason.clone());
                    errors.push(None);
                    continue;
                }
            };
            let error = match is_truth {
                true => 0.0,
                false => self.experiment.error(set, answer, truth),
            };
            if !error.is_finite() {
                failure.get_or_insert("values that are not finite".to_string());
            }
            errors.push(error.is_finite().then_some(error));
            if !is_truth {
                steps.push(self.experiment.by_step(set, answer, truth));
            }
            spectra.push(self.experiment.spectrum(set, answer));
            for (name, value) in self.experiment.checks(set, sample, answer, truth) {
                match checks.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, values)) => values.push(value.abs()),
                    None => checks.push((name, vec![value.abs()])),
                }
            }
            if sample == 0
                && let Some(panel) = self.experiment.panel(set, sample, answer)
            {
                kept.panels.retain(|p| {
                    p.set != self.name || p.contestant.as_deref() != named(contestant, is_truth)
                });
                kept.panels.push(Panel {
                    contestant: named(contestant, is_truth).map(str::to_string),
                    set: self.name.to_string(),
                    sample,
                    ..panel
                });
            }
        }
        Outcome {
            contestant: contestant.to_string(),
            set: self.name.to_string(),
            errors,
            failure,
            by_step: means(&steps),
            spectrum: means(&spectra),
            checks: checks
                .into_iter()
                .map(|(name, values)| Check {
                    name,
                    value: finite(values.iter().sum::<f64>() / values.len() as f64),
                })
                .collect(),
        }
    }
}

fn named(contestant: &str, is_truth: bool) -> Option<&str> {
    (!is_truth).then_some(contestant)
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The mean of lists of the same length; null where one is not finite.
fn means(lists: &[Vec<f64>]) -> Vec<Option<f64>> {
    let length = lists.first().map_or(0, Vec::len);
    (0..length)
        .map(|at| {
            let sum: f64 = lists
                .iter()
                .map(|list| list.get(at).copied().unwrap_or(f64::NAN))
                .sum();
            finite(sum / lists.len() as f64)
        })
        .collect()
}

/// Calls of one sample, then of ever more at once while that pays. An answer that fails is no time.
fn time<E: Experiment>(
    experiment: &E,
    effort: Effort,
    number: usize,
    contestant: &Contestant,
    samples: usize,
) -> Vec<Timing> {
    let mut timings: Vec<Timing> = Vec::new();
    let mut batch = 1;
    loop {
        let call = |first: usize| -> Option<f64> {
            let wanted: Vec<usize> = (0..batch).map(|k| (first + k) % samples).collect();
            let started = Instant::now();
            let answers = experiment.answer(number, 0, &wanted);
            let seconds = started.elapsed().as_secs_f64();
            answers.iter().all(Result::is_ok).then_some(seconds)
        };
        let Some(first) = call(0) else { break };
        // nothing is compared with the time of the reference but the claim that is not made
        let calls = match contestant.kind == Kind::Reference && first > effort.patience {
            true => 1,
            false => effort.calls,
        };
        let seconds: Vec<f64> = (0..calls).filter_map(|k| call(k * batch)).collect();
        if seconds.is_empty() {
            break;
        }
        let timing = Timing {
            contestant: contestant.name.clone(),
            batch,
            warm_up: 1,
            synchronised: true,
            seconds,
        };
        let pays = timings
            .last()
            .is_none_or(|last| timing.per_sample() < 0.95 * last.per_sample());
        timings.push(timing);
        batch *= 4;
        let expected = first * 4.0 * effort.calls as f64;
        let alone = contestant.kind == Kind::Reference;
        // one batch of several is worth a longer wait: without it nobody knows the throughput
        let room = match batch {
            4 => 4.0 * effort.patience,
            _ => effort.patience,
        };
        if alone || !pays || batch > effort.largest_batch || expected > room {
            break;
        }
    }
    timings
}

/// An axis of a plot.
pub fn axis(label: &str, at: impl IntoIterator<Item = f64>) -> Option<Axis> {
    Some(Axis {
        label: label.into(),
        at: at.into_iter().collect(),
    })
}
