//! Rolling an ensemble out, lead by lead, with a few states in memory.

use super::super::learned::Learned;
use super::Analyses;
use super::initial::Initial;
use super::leads::Leads;
use crate::error::{Error, Result};
use indicatif::ProgressBar;

/// Values of states that are stepped together, 32 MB.
const BATCH: usize = 1 << 23;

/// What is rolled out.
pub struct Plan<'a> {
    /// The model.
    pub learned: &'a Learned,
    /// Initial times (microseconds since 1970-01-01 of the calendar).
    pub starts: &'a [i64],
    /// Members of each.
    pub members: usize,
    /// Steps.
    pub steps: usize,
    /// Seed of perturbations.
    pub seed: u64,
    /// Size of initial perturbations.
    pub amplitude: f64,
    /// Size of what is added in each step.
    pub noise: f64,
}

/// Makes every lead from 0 to the last that `leads` does not have; `observe` sees all of them, one
/// after the other, complete. States are in the order of initial times and in each of members.
///
/// # Errors
/// An analysis that is missing; values that are not finite; files that cannot be written; whatever
/// `observe` returns.
pub fn roll_out(
    plan: &Plan,
    analyses: &dyn Analyses,
    leads: &Leads,
    progress: &ProgressBar,
    mut observe: impl FnMut(usize, &Leads) -> Result<()>,
) -> Result<()> {
    progress.set_length(plan.steps as u64 + 1);
    for lead in 0..=plan.steps {
        if !leads.has(lead) {
            match lead {
                0 => plan.initial(analyses, leads)?,
                lead => plan.step(lead, leads)?,
            }
        }
        observe(lead, leads)?;
        progress.set_position(lead as u64 + 1);
    }
    progress.finish_and_clear();
    Ok(())
}

impl Plan<'_> {
    fn initial(&self, analyses: &dyn Analyses, leads: &Leads) -> Result<()> {
        let initial = Initial::new(self.learned, analyses, self.seed, self.amplitude)?;
        let mut writer = leads.write(0)?;
        for (number, time) in self.starts.iter().enumerate() {
            for member in 0..self.members {
                writer.push(&initial.member((number, *time), member)?)?;
            }
        }
        writer.finish()
    }

    fn step(&self, lead: usize, leads: &Leads) -> Result<()> {
        let size = self.learned.state_len();
        let all = self.starts.len() * self.members;
        let models = self.learned.surrogates.len();
        let batch = (BATCH / size).clamp(1, 32);
        let mut writer = leads.write(lead)?;
        let mut first = 0;
        while first < all {
            let count = batch.min(all - first);
            let now = leads.read(lead - 1, first, count)?;
            let time = |k: usize| {
                self.starts[(first + k) / self.members]
                    + (lead as i64 - 1) * self.learned.about.step
            };
            let mut next = vec![0.0f32; now.len()];
            for model in 0..models {
                // members take turns with the networks
                let own = |k: &usize| (first + k) % self.members % models == model;
                let own: Vec<usize> = (0..count).filter(own).collect();
                if own.is_empty() {
                    continue;
                }
                let states: Vec<f32> = own
                    .iter()
                    .flat_map(|k| &now[k * size..(k + 1) * size])
                    .copied()
                    .collect();
                let times: Vec<i64> = own.iter().map(|k| time(*k)).collect();
                let stepped = self.learned.step(model, &states, &times)?;
                for (k, state) in own.iter().zip(stepped.chunks_exact(size)) {
                    next[k * size..(k + 1) * size].copy_from_slice(state);
                }
            }
            for (k, state) in (first..).zip(next.chunks_exact_mut(size)) {
                let (start, member) = (k / self.members, k % self.members);
                if self.noise > 0.0 && member > 0 {
                    let field = self.learned.model_error(self.seed, start, member, lead);
                    self.learned.add(state, &field, self.noise);
                    self.learned.fill(state);
                }
                if let Some(bad) = state.iter().find(|v| !v.is_finite()) {
                    return Err(Error::failed(format!(
                        "member {member} of initial time {start} has the value {bad} after {:.0} h: the \
                         surrogate blew up; train longer, with roll-outs of several steps",
                        lead as f64 * self.learned.step_hours()
                    )));
                }
            }
            writer.push(&next)?;
            first += count;
        }
        writer.finish()
    }
}
