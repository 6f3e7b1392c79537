//! The time course of a source.
//!
//! Widths are given as a bandwidth in Hz at which the amplitude spectrum has fallen to a tenth
//! (-20 dB) of its maximum. With `tau = sqrt(2 ln 10) / (2 pi B)` and the delay `t0 = 6 tau`:
//!
//! ```text
//! Gaussian            exp(-s^2 / 2)                      s = (t - t0) / tau
//! modulated Gaussian  exp(-s^2 / 2) sin(2 pi f0 (t - t0))
//! Ricker              (1 - s^2) exp(-s^2 / 2)            tau = 1 / (sqrt(2) pi f_peak)
//! step                (1 + erf(s / sqrt 2)) / 2
//! ```

use crate::{Error, Result};
use std::f64::consts::{PI, SQRT_2};

/// A waveform with a largest value near 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Waveform {
    /// Base band: from 0 to `bandwidth`.
    Gaussian {
        /// Frequency in Hz at -20 dB.
        bandwidth: f64,
    },
    /// A band round `centre`, without a constant part.
    ModulatedGaussian {
        /// Centre of the band in Hz.
        centre: f64,
        /// Distance in Hz between the points at -20 dB.
        bandwidth: f64,
    },
    /// Second derivative of a Gaussian, negated: broad, without a constant part; at -20 dB at 0.195
    /// and 2.21 times its peak frequency.
    Ricker {
        /// Frequency in Hz of the largest spectral amplitude.
        peak: f64,
    },
    /// From 0 to 1; the integral of a Gaussian.
    Step {
        /// Frequency in Hz at which the derivative is at -20 dB.
        bandwidth: f64,
    },
    /// The user's own, linear between the samples, 0 before the first and after the last.
    Samples {
        /// Increasing times in s.
        times: Vec<f64>,
        /// Values.
        values: Vec<f64>,
    },
}

/// Delay of the pulses in units of tau: they start at exp(-18) = 1.5e-8.
const DELAY: f64 = 6.0;

impl Waveform {
    /// The value at a time in s.
    pub fn value(&self, t: f64) -> f64 {
        let s = |tau: f64| t / tau - DELAY;
        match self {
            Self::Gaussian { bandwidth } => (-s(tau(*bandwidth)).powi(2) / 2.0).exp(),
            Self::ModulatedGaussian { centre, bandwidth } => {
                let tau = tau(bandwidth / 2.0);
                let s = s(tau);
                (-s * s / 2.0).exp() * (2.0 * PI * centre * s * tau).sin()
            }
            Self::Ricker { peak } => {
                let s = s(ricker_tau(*peak));
                (1.0 - s * s) * (-s * s / 2.0).exp()
            }
            Self::Step { bandwidth } => 0.5 * erfc(-s(tau(*bandwidth)) / SQRT_2),
            Self::Samples { times, values } => {
                let n = times.partition_point(|&x| x <= t);
                if n == 0 || (n == times.len() && times.last().is_none_or(|&last| t > last)) {
                    return 0.0;
                }
                if n == times.len() {
                    return values[n - 1];
                }
                let w = (t - times[n - 1]) / (times[n] - times[n - 1]);
                values[n - 1] * (1.0 - w) + values[n] * w
            }
        }
    }

    /// Time in s after which the waveform is 0 (below 1.5e-8 of its maximum); for a step the time
    /// after which it is constant.
    pub fn duration(&self) -> f64 {
        match self {
            Self::Gaussian { bandwidth } | Self::Step { bandwidth } => {
                2.0 * DELAY * tau(*bandwidth)
            }
            Self::ModulatedGaussian { bandwidth, .. } => 2.0 * DELAY * tau(bandwidth / 2.0),
            // the factor s^2 asks for a little more, which 1.5e-8 * 36 still is in no one's way
            Self::Ricker { peak } => 2.0 * DELAY * ricker_tau(*peak),
            Self::Samples { times, .. } => times.last().copied().unwrap_or(0.0),
        }
    }

    /// Frequency in Hz of the upper point at -20 dB; `None` for the user's own samples.
    pub fn highest_frequency(&self) -> Option<f64> {
        match self {
            Self::Gaussian { bandwidth } | Self::Step { bandwidth } => Some(*bandwidth),
            Self::ModulatedGaussian { centre, bandwidth } => Some(centre + bandwidth / 2.0),
            Self::Ricker { peak } => Some(2.21 * peak),
            Self::Samples { .. } => None,
        }
    }

    /// Whether it goes back to 0.
    pub fn ends(&self) -> bool {
        !matches!(self, Self::Step { .. })
    }

    /// Values at `(n + 1/2) dt` for n = 0, 1, ... until it has ended, at most `steps` of them; a
    /// step gives all `steps`.
    pub fn sample(&self, dt: f64, steps: usize) -> Vec<f64> {
        let count = if self.ends() {
            ((self.duration() / dt).ceil() as usize + 1).min(steps)
        } else {
            steps
        };
        (0..count)
            .map(|n| self.value((n as f64 + 0.5) * dt))
            .collect()
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a frequency that is not above 0, or times that do not increase;
    /// [`Error::Size`] when there are not as many values as times.
    pub fn validate(&self) -> Result<()> {
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(Error::Parameter {
                    name,
                    value,
                    expected: "a finite frequency above 0 Hz",
                })
            }
        };
        match self {
            Self::Gaussian { bandwidth } | Self::Step { bandwidth } => {
                positive("bandwidth of the waveform", *bandwidth)
            }
            Self::ModulatedGaussian { centre, bandwidth } => {
                positive("centre frequency of the waveform", *centre)?;
                positive("bandwidth of the waveform", *bandwidth)
            }
            Self::Ricker { peak } => positive("peak frequency of the waveform", *peak),
            Self::Samples { times, values } => {
                if times.len() != values.len() || times.is_empty() {
                    return Err(Error::Size {
                        what: "number of values of the waveform",
                        expected: format!("as many as times ({}), 1 or more", times.len()),
                        found: values.len(),
                    });
                }
                if let Some(&value) = times.iter().chain(values).find(|v| !v.is_finite()) {
                    return Err(Error::Parameter {
                        name: "sample of the waveform",
                        value,
                        expected: "a finite number",
                    });
                }
                match times.windows(2).find(|p| p[1] <= p[0]) {
                    Some(p) => Err(Error::Parameter {
                        name: "time of a sample of the waveform",
                        value: p[1],
                        expected: "a time after that of the sample before it",
                    }),
                    None => Ok(()),
                }
            }
        }
    }
}

fn tau(bandwidth: f64) -> f64 {
    (2.0 * 10f64.ln()).sqrt() / (2.0 * PI * bandwidth)
}

fn ricker_tau(peak: f64) -> f64 {
    1.0 / (SQRT_2 * PI * peak)
}

/// Complementary error function by the continued fraction (M. Abramowitz and I. Stegun, 7.1.14)
/// for |x| > 2 and the series 7.1.6 else; to 1e-13.
fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    let gauss = (-x * x).exp() / PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..60 {
            term *= 2.0 * x * x / (2 * n + 1) as f64;
            sum += term;
        }
        1.0 - 2.0 * gauss * sum
    } else {
        let mut tail = x;
        for n in (1..80).rev() {
            tail = x + n as f64 / 2.0 / tail;
        }
        gauss / tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// |sum dt x exp(-j omega t)|
    fn amplitude(w: &Waveform, f: f64) -> f64 {
        let dt = w.duration() / 4000.0;
        let (mut re, mut im) = (0.0, 0.0);
        for (n, x) in w.sample(dt, usize::MAX).iter().enumerate() {
            let phase = 2.0 * PI * f * (n as f64 + 0.5) * dt;
            re += x * phase.cos() * dt;
            im -= x * phase.sin() * dt;
        }
        re.hypot(im)
    }

    #[test]
    fn bandwidths_are_at_20_db() {
        let gauss = Waveform::Gaussian { bandwidth: 2e9 };
        assert!((amplitude(&gauss, 2e9) / amplitude(&gauss, 0.0) - 0.1).abs() < 1e-6);
        let band = Waveform::ModulatedGaussian {
            centre: 10e9,
            bandwidth: 4e9,
        };
        assert!((amplitude(&band, 12e9) / amplitude(&band, 10e9) - 0.1).abs() < 1e-5);
        assert!(amplitude(&band, 1.0) < 1e-8 * amplitude(&band, 10e9));
        let ricker = Waveform::Ricker { peak: 1e9 };
        let top = amplitude(&ricker, 1e9);
        assert!(amplitude(&ricker, 0.98e9) < top && amplitude(&ricker, 1.02e9) < top);
        assert!((amplitude(&ricker, 2.21e9) / top - 0.1).abs() < 2e-3);
        assert!((amplitude(&ricker, 0.195e9) / top - 0.1).abs() < 2e-3);
    }

    #[test]
    fn starts_and_ends_at_nothing() {
        for w in [
            Waveform::Gaussian { bandwidth: 1e9 },
            Waveform::Ricker { peak: 1e9 },
            Waveform::ModulatedGaussian {
                centre: 1e9,
                bandwidth: 1e9,
            },
        ] {
            assert!(w.value(0.0).abs() < 1e-6 && w.value(w.duration()).abs() < 1e-6);
            assert!(w.ends());
        }
        let step = Waveform::Step { bandwidth: 1e9 };
        assert!(step.value(0.0) < 1e-8 && (step.value(step.duration()) - 1.0).abs() < 1e-8);
        assert_eq!(step.sample(1e-12, 77).len(), 77);
    }

    #[test]
    fn own_samples() {
        let own = Waveform::Samples {
            times: vec![1.0, 2.0, 4.0],
            values: vec![1.0, 3.0, -1.0],
        };
        assert!(own.validate().is_ok());
        let at = [0.9, 1.0, 1.5, 3.0, 4.0, 4.1].map(|t| own.value(t));
        assert_eq!(at, [0.0, 1.0, 2.0, 1.0, -1.0, 0.0]);
        let bad = Waveform::Samples {
            times: vec![1.0, 1.0],
            values: vec![0.0, 0.0],
        };
        assert!(bad.validate().is_err());
        assert!(Waveform::Gaussian { bandwidth: 0.0 }.validate().is_err());
    }

    #[test]
    fn error_function() {
        for (x, y) in [
            (0.5, 0.479_500_122_186_953_5),
            (1.9, 0.007_209_570_764_882_1),
            (2.1, 0.002_979_466_656_333_0),
            (3.0, 2.209_049_699_858_544e-5),
        ] {
            assert!((erfc(x) - y).abs() < 1e-12, "{x} {}", erfc(x) - y);
        }
        assert!((erfc(-1.0) - 1.842_700_792_949_715).abs() < 1e-12);
    }
}
