//! How large perturbations should be: the sizes whose spread fits the error best on the validation set.

use super::super::ingest::Ingested;
use super::super::learned::{Learned, domain, row_weights};
use super::leads::Leads;
use super::{Analyses, Plan, roll_out};
use crate::error::Result;
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::Path;

/// What was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    /// Size of initial perturbations.
    pub amplitude: f64,
    /// Size of what is added in each step.
    pub noise: f64,
    /// Mean over leads and channels of |ln(spread / error)|; 0 is perfect.
    pub misfit: f64,
}

/// Tries every pair of sizes on the initial times and keeps the best in the model; nothing is tried
/// where there is one pair only.
///
/// # Errors
/// As [`roll_out()`].
pub fn calibrate(
    learned: &mut Learned,
    data: &Ingested,
    starts: &[i64],
    steps: usize,
    seed: u64,
    folder: &Path,
    progress: &ProgressBar,
) -> Result<Vec<Trial>> {
    let ensemble = learned.about.ensemble.clone();
    let pairs: Vec<(f64, f64)> = ensemble
        .amplitude
        .iter()
        .flat_map(|amplitude| ensemble.noise.iter().map(move |noise| (*amplitude, *noise)))
        .collect();
    if pairs.len() == 1 || ensemble.members < 2 || starts.is_empty() {
        return Ok(Vec::new());
    }
    let mut trials = Vec::new();
    for (number, (amplitude, noise)) in pairs.into_iter().enumerate() {
        let leads = Leads::new(&folder.join(format!("trial_{number}")), learned.state_len())?;
        let plan = Plan {
            learned,
            starts,
            members: ensemble.members,
            steps,
            seed,
            amplitude,
            noise,
        };
        let mut misfit = (0.0, 0.0);
        roll_out(&plan, data, &leads, progress, |lead, leads| {
            if lead > 0 {
                for ratio in spread_to_error(&plan, data, leads, lead)? {
                    misfit = (misfit.0 + ratio.ln().abs(), misfit.1 + 1.0);
                }
            }
            Ok(())
        })?;
        leads.remove()?;
        trials.push(Trial {
            amplitude,
            noise,
            misfit: misfit.0 / misfit.1,
        });
    }
    let best = trials.iter().min_by(|a, b| a.misfit.total_cmp(&b.misfit));
    if let Some(best) = best.filter(|best| best.misfit.is_finite()) {
        (learned.about.amplitude, learned.about.noise) = (best.amplitude, best.noise);
    }
    Ok(trials)
}

/// Spread over error of each channel at a lead, corrected for the number of members (Fortin et al., J.
/// Hydrometeorol. 15, 1708-1713, 2014).
fn spread_to_error(
    plan: &Plan,
    data: &dyn Analyses,
    leads: &Leads,
    lead: usize,
) -> Result<Vec<f64>> {
    let learned = plan.learned;
    let rows = row_weights(&domain(&learned.about.grid)?);
    let (points, width, size) = (
        learned.points(),
        learned.about.grid.nlon(),
        learned.state_len(),
    );
    let channels = learned.about.channels.len();
    let (mut variances, mut errors) = (vec![0.0; channels], vec![0.0; channels]);
    let count = plan.members as f64;
    for (number, start) in plan.starts.iter().enumerate() {
        let truth = data.analysis(start + lead as i64 * learned.about.step)?;
        let members = leads.read(lead, number * plan.members, plan.members)?;
        for (k, truth) in truth
            .iter()
            .enumerate()
            .filter(|(_, truth)| !truth.is_nan())
        {
            let values = || members.iter().skip(k).step_by(size).map(|v| f64::from(*v));
            let mean = values().sum::<f64>() / count;
            let weight = rows[k % points / width];
            let squares: f64 = values().map(|v| (v - mean).powi(2)).sum();
            variances[k / points] += weight * squares / (count - 1.0);
            errors[k / points] += weight * (mean - f64::from(*truth)).powi(2);
        }
    }
    let ratio = |(variance, error): (&f64, &f64)| ((count + 1.0) / count * variance / error).sqrt();
    Ok(variances.iter().zip(&errors).map(ratio).collect())
}
