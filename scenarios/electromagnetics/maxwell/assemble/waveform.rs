//! The time course of the excitation.

use super::super::Loaded;
use super::super::scene::WaveformEntry;
use crate::error::Result;
use curlwind_solvers::maxwell::Waveform;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// Share of its largest spectral amplitude that a waveform must have all over the band: below it
/// rounding is divided by next to nothing.
const LEAST: f64 = 1e-3;
/// Frequencies at which the spectrum is looked at, over the band.
const POINTS: usize = 21;

impl Loaded {
    /// What the scene asks for, or a pulse that covers the band: a Gaussian where the band reaches far
    /// down, so that all of it is excited well, else a modulated one, which leaves no charges behind.
    pub(super) fn waveform(&self, time_step: f64) -> Result<Waveform> {
        let band = self.scene.frequency;
        let (low, high) = (band.from.si(), band.to.si());
        let Some(entry) = &self.scene.run.waveform else {
            let centre = (low + high) / 2.0;
            let bandwidth = (1.3 * (high - low)).max(0.5 * centre);
            return Ok(if centre - bandwidth / 2.0 < 0.05 * high {
                Waveform::Gaussian { bandwidth: high }
            } else {
                Waveform::ModulatedGaussian { centre, bandwidth }
            });
        };
        let waveform = match entry {
            WaveformEntry::Gaussian { bandwidth } => Waveform::Gaussian {
                bandwidth: bandwidth.si(),
            },
            WaveformEntry::ModulatedGaussian { centre, bandwidth } => Waveform::ModulatedGaussian {
                centre: centre.si(),
                bandwidth: bandwidth.si(),
            },
            WaveformEntry::Ricker { peak } => Waveform::Ricker { peak: peak.si() },
            WaveformEntry::Step { bandwidth } => Waveform::Step {
                bandwidth: bandwidth.si(),
            },
            WaveformEntry::Samples { times, values } => Waveform::Samples {
                times: times.iter().map(|t| t.si()).collect(),
                values: values.clone(),
            },
        };
        let path = "run.waveform";
        waveform
            .validate()
            .map_err(|error| self.refuse(path, error))?;
        let monitors = &self.scene.monitors;
        let spectral = !self.scene.ports.is_empty()
            || monitors.far_field.is_some()
            || !(monitors.fields.is_empty() && monitors.fluxes.is_empty());
        if !spectral {
            return Ok(waveform);
        }
        if !waveform.ends() {
            let reason = "a step never ends, so that ports, far fields, fields and fluxes have no spectrum of it; take a pulse, or probes alone";
            return Err(self.refuse(path, reason));
        }
        let samples = waveform.sample(time_step, usize::MAX);
        let amplitude = |f: f64| {
            let turn = Complex64::cis(-TAU * f * time_step);
            // Horner's scheme of the sum over samples
            let sum = samples
                .iter()
                .rev()
                .fold(Complex64::ZERO, |sum, &x| sum * turn + x);
            sum.norm()
        };
        let highest = waveform.highest_frequency().unwrap_or(0.0).max(2.0 * high);
        let at = |n: usize| highest * n as f64 / (4 * POINTS) as f64;
        let largest = (0..=4 * POINTS)
            .map(|n| amplitude(at(n)))
            .fold(0.0, f64::max);
        for f in super::spread(low, high, POINTS) {
            if amplitude(f) <= LEAST * largest {
                let reason = format!(
                    "it has next to nothing at {:.4} GHz, which is in the band; expected it to excite {:.4} to {:.4} GHz",
                    f / 1e9,
                    low / 1e9,
                    high / 1e9
                );
                return Err(self.refuse(path, reason));
            }
        }
        Ok(waveform)
    }
}
