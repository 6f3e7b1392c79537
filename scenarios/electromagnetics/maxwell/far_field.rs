//! What a design radiates or scatters: figures by frequency, and cuts of the pattern.

use curlwind_solvers::maxwell::{Cut, FarField};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Points of a cut: every two degrees.
const CUT_POINTS: usize = 181;

/// Far-field figures at one frequency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FarPoint {
    /// Hz.
    pub frequency: f64,
    /// Largest directivity, dBi.
    pub directivity_dbi: f64,
    /// Largest gain (radiated against accepted power), dBi.
    pub gain_dbi: Option<f64>,
    /// Largest realised gain (against the power available from the generator), dBi.
    pub realised_gain_dbi: Option<f64>,
    /// Radiated over accepted power.
    pub efficiency: Option<f64>,
    /// Under a plane wave: monostatic radar cross section in m^2.
    pub radar_cross_section: Option<f64>,
    /// Under a plane wave: total scattering cross section in m^2.
    pub scattering_cross_section: Option<f64>,
}

/// Principal cuts of a pattern, angle in rad against dBi.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cuts {
    /// Hz.
    pub frequency: f64,
    /// theta in the plane phi = 0.
    pub xz: Vec<[f64; 2]>,
    /// theta in the plane phi = 90 degrees.
    pub yz: Vec<[f64; 2]>,
    /// phi in the plane theta = 90 degrees.
    pub xy: Vec<[f64; 2]>,
}

fn decibel(ratio: f64) -> f64 {
    10.0 * ratio.max(1e-30).log10()
}

/// `powers`: accepted and available power at a frequency, in J/Hz.
pub(super) fn far_points(
    far: &FarField,
    powers: impl Fn(f64) -> Option<[f64; 2]>,
) -> Vec<FarPoint> {
    far.frequencies()
        .iter()
        .enumerate()
        .map(|(n, &frequency)| {
            let radiated = far.radiated_power(n);
            let largest = 4.0 * PI * far.peak(n).0 / radiated;
            let power = powers(frequency);
            FarPoint {
                frequency,
                directivity_dbi: decibel(largest),
                gain_dbi: power.map(|[accepted, _]| decibel(largest * radiated / accepted)),
                realised_gain_dbi: power
                    .map(|[_, available]| decibel(largest * radiated / available)),
                efficiency: power.map(|[accepted, _]| radiated / accepted),
                radar_cross_section: None,
                scattering_cross_section: None,
            }
        })
        .collect()
}

pub(super) fn cuts(far: &FarField, resonance: Option<f64>) -> Cuts {
    let frequencies = far.frequencies();
    let wanted = resonance.unwrap_or(frequencies[frequencies.len() / 2]);
    let n = (0..frequencies.len())
        .min_by(|&i, &j| {
            (frequencies[i] - wanted)
                .abs()
                .total_cmp(&(frequencies[j] - wanted).abs())
        })
        .unwrap_or(0);
    let cut = |cut| -> Vec<[f64; 2]> {
        let points = far.pattern(n, cut, CUT_POINTS);
        points
            .into_iter()
            .map(|[angle, total, ..]| [angle, total])
            .collect()
    };
    Cuts {
        frequency: frequencies[n],
        xz: cut(Cut::Theta { phi: 0.0 }),
        yz: cut(Cut::Theta { phi: PI / 2.0 }),
        xy: cut(Cut::Phi { theta: PI / 2.0 }),
    }
}
