//! Ensembles: initial members, their roll-out with a few states in memory, and how large
//! perturbations should be.

pub mod calibration;
pub mod initial;
pub mod leads;
pub mod roll_out;

pub use roll_out::{Plan, roll_out};

use super::ingest::Ingested;
use super::learned::Learned;
use crate::error::{Error, Result};
use curlwind_datasets::calendar::DateTime;
use curlwind_datasets::series::Series;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::f64::consts::FRAC_PI_2;

/// Where analyses are read from.
pub trait Analyses {
    /// The analysis `[channel][latitude][longitude]` at a time (microseconds since 1970-01-01 of the
    /// calendar); NaN where there is no value.
    ///
    /// # Errors
    /// No analysis at this time.
    fn analysis(&self, time: i64) -> Result<Vec<f32>>;
}

impl Analyses for Ingested {
    fn analysis(&self, time: i64) -> Result<Vec<f32>> {
        let index = self.timeline().index(time);
        let date = DateTime::from_microseconds(time, self.calendar());
        let index =
            index.ok_or_else(|| Error::unusable(format!("there is no analysis of {date}")))?;
        self.state(index)
    }
}

impl Analyses for Series {
    fn analysis(&self, time: i64) -> Result<Vec<f32>> {
        let timeline = self.timeline();
        let Some(index) = timeline.index(time) else {
            let date = DateTime::from_microseconds(time, timeline.calendar());
            let files: Vec<String> = self.files().map(|f| f.display().to_string()).collect();
            return Err(Error::unusable(format!(
                "{}: there is no analysis of {date}",
                files.join(", ")
            )));
        };
        let mut state = vec![0.0; self.state_len()];
        self.read(0, index..index + 1, &mut state)
            .map_err(Error::unusable)?;
        Ok(state)
    }
}

/// The generator of a member's random choices at a step: no two share their numbers, in whatever order
/// members are worked off.
pub(super) fn generator(seed: u64, start: usize, member: usize, step: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((start as u64) << 24) | member as u64);
    rng.set_word_pos((step as u128) << 24);
    rng
}

/// A random combination of fields, of their size.
fn combination(fields: &[Vec<f32>], size: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut field = vec![0.0f32; size];
    if fields.is_empty() {
        return field;
    }
    let picks: Vec<(usize, f64)> = (0..3)
        .map(|_| {
            let weight: f64 = rng.sample(StandardNormal);
            (rng.random_range(0..fields.len()), weight)
        })
        .collect();
    let norm = picks.iter().map(|(_, w)| w * w).sum::<f64>().sqrt();
    for (number, weight) in picks {
        let weight = (weight / norm.max(1e-12)) as f32;
        for (sum, value) in field.iter_mut().zip(&fields[number]) {
            *sum += weight * value;
        }
    }
    field
}

impl Learned {
    /// A random combination of the stored perturbations, of their size, in units of the deviations.
    pub(super) fn random_field(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        combination(&self.perturbations, self.state_len(), rng)
    }

    /// What is added to a member at a step for the error of the model, in units of the deviations: a
    /// random combination of its errors over one step, that turns into another one over
    /// `ensemble.noise_time`.
    pub(super) fn model_error(
        &self,
        seed: u64,
        start: usize,
        member: usize,
        step: usize,
    ) -> Vec<f32> {
        let steps = self.about.ensemble.noise_time.si() * 1e6 / self.about.step as f64;
        let turned = step as f64 / steps.max(1.0);
        let angle = FRAC_PI_2 * turned.fract();
        let field = |block: usize| {
            let mut rng = generator(seed, start, member, 1 + block);
            combination(&self.errors, self.state_len(), &mut rng)
        };
        let (mut now, next) = (field(turned as usize), field(turned as usize + 1));
        let (cos, sin) = (angle.cos() as f32, angle.sin() as f32);
        for (now, next) in now.iter_mut().zip(next) {
            *now = cos * *now + sin * next;
        }
        now
    }

    /// Adds a field in units of the deviations, `size` times.
    pub(super) fn add(&self, state: &mut [f32], field: &[f32], size: f64) {
        let points = self.points();
        for (k, (value, field)) in state.iter_mut().zip(field).enumerate() {
            *value += (size * self.deviations()[k / points]) as f32 * field;
        }
    }

    /// Puts the mean where there is no value.
    pub(super) fn fill(&self, state: &mut [f32]) {
        let points = self.points();
        let mean = &self.surrogates[0].config().normalisation.mean;
        for (k, value) in state.iter_mut().enumerate() {
            let masked = self.mask.as_ref().is_some_and(|mask| mask[k] == 0.0);
            if masked || value.is_nan() {
                *value = mean[k / points] as f32;
            }
        }
    }

    /// Takes the values away where there never are any.
    pub(super) fn hide(&self, state: &mut [f32]) {
        if let Some(mask) = &self.mask {
            let hidden = state.iter_mut().zip(mask).filter(|(_, mask)| **mask == 0.0);
            hidden.for_each(|(value, _)| *value = f32::NAN);
        }
    }

    /// Steps states `[state][channel][latitude][longitude]` of network `model` at their times.
    ///
    /// # Errors
    /// Values that do not fit the model.
    pub(super) fn step(&self, model: usize, states: &[f32], times: &[i64]) -> Result<Vec<f32>> {
        let calendar = self.about.climatology.calendar();
        let mut forcings = Vec::new();
        for time in times {
            let date = DateTime::from_microseconds(*time, calendar);
            for forcing in self.forcings() {
                forcing.append(&self.about.grid, date, calendar, &mut forcings);
            }
        }
        let surrogate = &self.surrogates[model % self.surrogates.len()];
        surrogate
            .step_forced(states, &forcings)
            .map_err(Error::failed)
    }
}
