//! What is learned from the training states before any training: means and deviations, where values
//! are missing, how fast anomalies fade.

use super::climatology::Climatology;
use super::ingest::Ingested;
use crate::error::{Error, Result};
use curlwind_operators::surrogate::Normalisation;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// Start times that correlations are estimated from, and pairs that perturbations are made of.
const SAMPLES: usize = 200;
/// Perturbations that are kept with a model.
const PERTURBATIONS: usize = 40;

/// Means and deviations, and the mask of values that exist.
pub struct Moments {
    /// Area-weighted, over the values that there are.
    pub normalisation: Normalisation,
    /// `[channel][latitude][longitude]`, 0 where more than half of the states have no value; none
    /// where nothing is missing.
    pub mask: Option<Vec<f32>>,
    /// Values that are missing where the mask is 1.
    pub gaps: usize,
}

/// Area-weighted running moments.
#[derive(Clone, Copy, Default)]
struct Moment {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Moment {
    fn add(&mut self, value: f64, weight: f64) {
        self.weight += weight;
        let delta = value - self.mean;
        self.mean += delta * weight / self.weight;
        self.squares += weight * delta * (value - self.mean);
    }

    /// Deviation; 1 of a constant, so that it keeps its values.
    fn deviation(&self) -> f64 {
        let deviation = (self.squares / self.weight).sqrt();
        if deviation > 0.0 { deviation } else { 1.0 }
    }
}

/// Moments over runs of states; `rows` are the shares of the latitudes in the area.
///
/// # Errors
/// A channel without a value; a store that cannot be read.
pub fn moments(data: &Ingested, runs: &[Range<usize>], rows: &[f64]) -> Result<Moments> {
    let (channels, points, size) = (data.channels().len(), data.points(), data.state_len());
    let width = data.grid().nlon();
    let mut moments = vec![Moment::default(); 2 * channels];
    let mut missing = vec![0u32; size];
    let (mut now, mut before) = (vec![0.0f32; size], vec![0.0f32; size]);
    let mut states = 0u32;
    for run in runs {
        for state in run.clone() {
            data.read(state..state + 1, &mut now)?;
            states += 1;
            for channel in 0..channels {
                for point in 0..points {
                    let (at, weight) = (channel * points + point, rows[point / width]);
                    let value = f64::from(now[at]);
                    if value.is_nan() {
                        missing[at] += 1;
                        continue;
                    }
                    moments[channel].add(value, weight);
                    let change = value - f64::from(before[at]);
                    if state > run.start && !change.is_nan() {
                        moments[channels + channel].add(change, weight);
                    }
                }
            }
            std::mem::swap(&mut now, &mut before);
        }
    }
    if let Some(channel) = (0..channels).find(|c| moments[*c].weight == 0.0) {
        let name = data.channels()[channel].label();
        return Err(Error::unusable(format!(
            "{name} has no value in the training set"
        )));
    }
    if let Some(channel) = (channels..2 * channels).find(|c| moments[*c].weight == 0.0) {
        let name = data.channels()[channel - channels].label();
        return Err(Error::unusable(format!(
            "{name} has no two states a step apart in the training set"
        )));
    }
    let of = |range: Range<usize>, of: fn(&Moment) -> f64| moments[range].iter().map(of).collect();
    let any = missing.iter().any(|m| *m > 0);
    let exists = |m: &u32| 2 * *m <= states;
    let gaps = missing
        .iter()
        .filter(|m| exists(m))
        .map(|m| *m as usize)
        .sum();
    Ok(Moments {
        normalisation: Normalisation {
            mean: of(0..channels, |m| m.mean),
            std: of(0..channels, Moment::deviation),
            difference_mean: of(channels..2 * channels, |m| m.mean),
            difference_std: of(channels..2 * channels, Moment::deviation),
        },
        mask: any.then(|| {
            missing
                .iter()
                .map(|m| f32::from(u8::from(exists(m))))
                .collect()
        }),
        gaps,
    })
}

/// The anomaly of a state in units of each channel's deviation; 0 where there is no value.
pub fn anomaly(
    data: &Ingested,
    state: usize,
    climatology: &Climatology,
    deviations: &[f64],
) -> Result<Vec<f32>> {
    let mut values = data.state(state)?;
    let date = data.date(state);
    let date = date.ok_or_else(|| Error::failed(format!("there is no state {state}")))?;
    let points = data.points();
    for (k, (value, mean)) in values.iter_mut().zip(climatology.at(date)).enumerate() {
        let anomaly = (f64::from(*value - mean) / deviations[k / points]) as f32;
        *value = if anomaly.is_nan() { 0.0 } else { anomaly };
    }
    Ok(values)
}

/// Share of an anomaly that is left after 1 to `steps` steps, `[step][channel]`, between 0 and 1: the
/// regression of later anomalies on earlier ones.
///
/// # Errors
/// A store that cannot be read.
pub fn damping(
    data: &Ingested,
    runs: &[Range<usize>],
    steps: usize,
    (climatology, normalisation): (&Climatology, &Normalisation),
    rows: &[f64],
) -> Result<Vec<Vec<f64>>> {
    let (channels, points, width) = (data.channels().len(), data.points(), data.grid().nlon());
    let mut products = vec![vec![0.0f64; channels]; steps + 1];
    let mut norms = vec![vec![0.0f64; channels]; steps + 1];
    let mut rng = ChaCha8Rng::seed_from_u64(0x00da_3b1e);
    for _ in 0..SAMPLES {
        let run = &runs[rng.random_range(0..runs.len())];
        let first = rng.random_range(run.clone());
        let start = anomaly(data, first, climatology, &normalisation.std)?;
        for step in 1..=steps.min(run.end - 1 - first) {
            let later = anomaly(data, first + step, climatology, &normalisation.std)?;
            for channel in 0..channels {
                for point in 0..points {
                    let at = channel * points + point;
                    let (a, b) = (f64::from(start[at]), f64::from(later[at]));
                    products[step][channel] += rows[point / width] * a * b;
                    norms[step][channel] += rows[point / width] * a * a;
                }
            }
        }
    }
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(steps);
    for step in 1..=steps {
        let before = all.last().cloned().unwrap_or_else(|| vec![1.0; channels]);
        let share = |c: usize| match norms[step][c] > 0.0 {
            true => (products[step][c] / norms[step][c]).clamp(0.0, 1.0),
            // no run is that long
            false => before[c],
        };
        all.push((0..channels).map(share).collect());
    }
    Ok(all)
}

/// Differences of anomalies at two times of the training set, over the root of 2, in units of the
/// deviations: each a perturbation of the size of the climate's variability.
///
/// # Errors
/// A store that cannot be read.
pub fn perturbations(
    data: &Ingested,
    runs: &[Range<usize>],
    (climatology, normalisation): (&Climatology, &Normalisation),
    seed: u64,
) -> Result<Vec<Vec<f32>>> {
    let states: usize = runs.iter().map(Range::len).sum();
    let pick = |mut number: usize| {
        for run in runs {
            if number < run.len() {
                return run.start + number;
            }
            number -= run.len();
        }
        0
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x0e25_e3b1);
    let mut all = Vec::new();
    for _ in 0..PERTURBATIONS.min(states * states.saturating_sub(1) / 2) {
        let first = rng.random_range(0..states);
        let second = (first + rng.random_range(1..states)) % states;
        let read = |number| anomaly(data, pick(number), climatology, &normalisation.std);
        let (a, b) = (read(first)?, read(second)?);
        let half = std::f32::consts::FRAC_1_SQRT_2;
        all.push(a.iter().zip(&b).map(|(a, b)| (a - b) * half).collect());
    }
    Ok(all)
}
