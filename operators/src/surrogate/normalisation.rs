//! Means and deviations of the channels of a state.

use crate::error::{Error, Result};
use crate::training::Windows;
use serde::{Deserialize, Serialize};

/// Mean and deviation of each channel and of its change over one step, in SI units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Mean of the state.
    pub mean: Vec<f64>,
    /// Standard deviation of the state.
    pub std: Vec<f64>,
    /// Mean of the one-step change.
    pub difference_mean: Vec<f64>,
    /// Standard deviation of the one-step change.
    pub difference_std: Vec<f64>,
}

impl Normalisation {
    /// Fits mean and deviation over all first two states of all windows.
    ///
    /// # Errors
    /// When there is no window, reading fails, or a value is not finite.
    pub fn fit(windows: &dyn Windows) -> Result<Self> {
        let [channels, height, width] = windows.state_shape();
        let (points, size) = (height * width, channels * height * width);
        if windows.is_empty() || size == 0 {
            return Err(Error::Data(
                "expected at least one window to fit statistics".into(),
            ));
        }
        let mut buffer = vec![0.0f32; 2 * size];
        // Welford's update by fields: (count, mean, squared deviations).
        let mut moments = vec![[0.0f64; 3]; 2 * channels];
        for index in 0..windows.len() {
            windows.read(index, 1, &mut buffer)?;
            let (now, next) = buffer.split_at(size);
            for c in 0..channels {
                let span = c * points..(c + 1) * points;
                let field = now[span.clone()].iter().map(|&v| f64::from(v));
                add_field(&mut moments[c], field);
                let change = next[span.clone()].iter().zip(&now[span]);
                let change = change.map(|(b, a)| f64::from(*b) - f64::from(*a));
                add_field(&mut moments[channels + c], change);
            }
        }
        if let Some(at) = moments
            .iter()
            .position(|m| !(m[1].is_finite() && m[2].is_finite()))
        {
            let channel = at % channels;
            return Err(Error::Data(format!(
                "channel {channel} holds values that are not finite"
            )));
        }
        let mean = |range: std::ops::Range<usize>| moments[range].iter().map(|m| m[1]).collect();
        // A constant channel keeps its values: deviation 1.
        let std = |range: std::ops::Range<usize>| -> Vec<f64> {
            let deviation = moments[range].iter().map(|m| (m[2] / m[0]).sqrt());
            deviation.map(|d| if d > 0.0 { d } else { 1.0 }).collect()
        };
        Ok(Self {
            mean: mean(0..channels),
            std: std(0..channels),
            difference_mean: mean(channels..2 * channels),
            difference_std: std(channels..2 * channels),
        })
    }

    pub(super) fn check(&self, channels: usize) -> Result<()> {
        for (name, values) in [
            ("mean", &self.mean),
            ("std", &self.std),
            ("difference_mean", &self.difference_mean),
            ("difference_std", &self.difference_std),
        ] {
            let key = format!("normalisation.{name}");
            if values.len() != channels {
                return Err(Error::config(
                    &key,
                    format!("{channels} values"),
                    values.len(),
                ));
            }
            if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
                return Err(Error::config(&key, "finite values", bad));
            }
            if name.ends_with("std")
                && let Some(bad) = values.iter().find(|v| **v <= 0.0)
            {
                return Err(Error::config(&key, "positive values", bad));
            }
        }
        Ok(())
    }
}

/// Merges the moments of a field into `[count, mean, squared deviations]` (Chan et al., 1983).
fn add_field(moments: &mut [f64; 3], field: impl Iterator<Item = f64> + Clone) {
    let count = field.clone().count() as f64;
    let mean = field.clone().sum::<f64>() / count;
    let squares: f64 = field.map(|v| (v - mean) * (v - mean)).sum();
    let [n, m, s] = *moments;
    let (total, delta) = (n + count, mean - m);
    *moments = [
        total,
        m + delta * count / total,
        s + squares + delta * delta * n * count / total,
    ];
}
