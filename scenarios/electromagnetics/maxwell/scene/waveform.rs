//! The time course of the excitation.

use crate::config::{Hertz, Seconds};
use serde::{Deserialize, Serialize};

/// The time course of ports and sources. Bandwidths are those at a tenth of the largest spectral
/// amplitude.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WaveformEntry {
    /// A pulse from 0 to `bandwidth`.
    Gaussian {
        /// Highest frequency.
        bandwidth: Hertz,
    },
    /// A pulse round `centre`.
    ModulatedGaussian {
        /// Middle of its band.
        centre: Hertz,
        /// Width of its band.
        bandwidth: Hertz,
    },
    /// A Gaussian's second derivative.
    Ricker {
        /// Frequency of the largest amplitude.
        peak: Hertz,
    },
    /// From 0 to 1, for probes over time; it has no spectrum to divide by.
    Step {
        /// Bandwidth of its slope.
        bandwidth: Hertz,
    },
    /// The user's own, linear between the samples, 0 before and after them.
    Samples {
        /// Increasing times.
        times: Vec<Seconds>,
        /// As many values.
        values: Vec<f64>,
    },
}
