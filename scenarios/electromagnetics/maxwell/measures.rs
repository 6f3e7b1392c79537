//! What an engineer reads off S parameters: resonance, bandwidth, impedance; and the frequencies
//! of a ringing signal.

use num_complex::Complex64;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The deepest dip of |S11|.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resonance {
    /// Hz, between the samples by a parabola through the three lowest.
    pub frequency: f64,
    /// |S11| there in dB.
    pub s11_db: f64,
    /// Width in Hz of the band round it with |S11| below -10 dB, where both ends are seen.
    pub bandwidth: Option<f64>,
}

/// |S| in dB, not below -200.
pub fn decibel(s: Complex64) -> f64 {
    (20.0 * s.norm().log10()).max(-200.0)
}

/// Impedance in ohm of a reflection at a reference.
pub fn impedance(s11: Complex64, reference: f64) -> Complex64 {
    (1.0 + s11) / (1.0 - s11) * reference
}

/// Voltage standing wave ratio of a reflection; infinite for |S11| of 1 and more.
pub fn standing_wave_ratio(s11: Complex64) -> f64 {
    let magnitude = s11.norm();
    if magnitude < 1.0 {
        (1.0 + magnitude) / (1.0 - magnitude)
    } else {
        f64::INFINITY
    }
}

/// The deepest dip within the band; `None` where |S11| is lowest at an end of the band.
pub fn resonance(frequencies: &[f64], s11: &[Complex64]) -> Option<Resonance> {
    let db: Vec<f64> = s11.iter().map(|&s| decibel(s)).collect();
    let lowest = (0..db.len()).min_by(|&i, &j| db[i].total_cmp(&db[j]))?;
    if lowest == 0 || lowest + 1 == db.len() {
        return None;
    }
    // |S|^2 is smooth where dB is not.
    let y = [-1, 0, 1].map(|d: isize| s11[lowest.saturating_add_signed(d)].norm_sqr());
    let curvature = y[0] - 2.0 * y[1] + y[2];
    let shift = if curvature > 0.0 {
        (0.5 * (y[0] - y[2]) / curvature).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    let step = (frequencies[lowest + 1] - frequencies[lowest - 1]) / 2.0;
    let cross = |inside: usize, outside: usize| {
        let t = (-10.0 - db[inside]) / (db[outside] - db[inside]);
        frequencies[inside] + t * (frequencies[outside] - frequencies[inside])
    };
    let upper = (lowest..db.len())
        .find(|&i| db[i] > -10.0)
        .map(|i| cross(i - 1, i));
    let lower = (0..=lowest)
        .rev()
        .find(|&i| db[i] > -10.0)
        .map(|i| cross(i + 1, i));
    let bandwidth = match (db[lowest] <= -10.0, lower, upper) {
        (true, Some(lower), Some(upper)) => Some(upper - lower),
        _ => None,
    };
    Some(Resonance {
        frequency: frequencies[lowest] + shift * step,
        s11_db: db[lowest],
        bandwidth,
    })
}

/// Largest |S11| in dB over a band: what a design is judged by. `None` when no frequency lies in
/// it.
pub fn worst_reflection(frequencies: &[f64], db: &[f64], from: f64, to: f64) -> Option<f64> {
    frequencies
        .iter()
        .zip(db)
        .filter(|(f, _)| (from..=to).contains(*f))
        .map(|(_, &db)| db)
        .reduce(f64::max)
}

/// Frequencies in Hz at which a ringing signal has peaks, within a band, the strongest `count`,
/// ascending: maxima of its spectrum, refined by a parabola through the logarithms. The window's
/// side lobes are 92 dB down (F. J. Harris, Proc. IEEE 66, 51-83, 1978: 4 terms), so that none is
/// taken for a peak; frequencies closer than eight over the signal's length are one.
pub fn ringing(samples: &[f64], time_step: f64, band: [f64; 2], count: usize) -> Vec<f64> {
    let length = samples.len() as f64 * time_step;
    // Four points per resolved width.
    let step = 0.25 / length;
    let points = ((band[1] - band[0]) / step).ceil().min(20_000.0) as usize + 1;
    let step = (band[1] - band[0]) / (points.max(2) - 1) as f64;
    let windowed: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(n, x)| {
            let turn = 2.0 * PI * n as f64 / samples.len() as f64;
            let terms = [0.35875, -0.48829, 0.14128, -0.01168];
            let window: f64 = (0..4).map(|k| terms[k] * (k as f64 * turn).cos()).sum();
            x * window
        })
        .collect();
    let magnitude = |f: f64| {
        let turn = Complex64::cis(-2.0 * PI * f * time_step);
        // Horner's scheme of the sum over samples.
        windowed
            .iter()
            .rev()
            .fold(Complex64::ZERO, |sum, &x| sum * turn + x)
            .norm()
    };
    let spectrum: Vec<f64> = (0..points)
        .map(|i| magnitude(band[0] + i as f64 * step))
        .collect();
    let largest = spectrum.iter().copied().fold(0.0, f64::max);
    let mut peaks: Vec<(f64, f64)> = (1..points.saturating_sub(1))
        .filter(|&i| spectrum[i] > spectrum[i - 1] && spectrum[i] >= spectrum[i + 1])
        .filter(|&i| spectrum[i] > 1e-3 * largest)
        .map(|i| {
            let y = [spectrum[i - 1], spectrum[i], spectrum[i + 1]].map(|v| v.max(1e-300).ln());
            let shift = 0.5 * (y[0] - y[2]) / (y[0] - 2.0 * y[1] + y[2]);
            (spectrum[i], band[0] + (i as f64 + shift) * step)
        })
        .collect();
    peaks.sort_by(|a, b| b.0.total_cmp(&a.0));
    peaks.truncate(count);
    let mut frequencies: Vec<f64> = peaks.into_iter().map(|(_, f)| f).collect();
    frequencies.sort_by(f64::total_cmp);
    frequencies
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Series resonance at f0 on a reference equal to its resistance.
    fn series(frequencies: &[f64], f0: f64, q: f64) -> Vec<Complex64> {
        frequencies
            .iter()
            .map(|f| {
                let z = Complex64::new(1.0, q * (f / f0 - f0 / f));
                (z - 1.0) / (z + 1.0)
            })
            .collect()
    }

    #[test]
    fn a_resonance_is_found_between_the_samples() {
        let frequencies: Vec<f64> = (0..201).map(|i| 1e9 + 5e6 * f64::from(i)).collect();
        let f0 = 1.5017e9;
        let found = resonance(&frequencies, &series(&frequencies, f0, 10.0)).unwrap();
        assert!((found.frequency / f0 - 1.0).abs() < 1e-4, "{found:?}");
        // |S11|^2 = x^2 / (4 + x^2) = 0.1 at x = 2/3, so the width is x f0 / Q
        let width = found.bandwidth.unwrap();
        assert!(
            (width / (2.0 / 3.0 * f0 / 10.0) - 1.0).abs() < 2e-3,
            "{width}"
        );
        assert!(resonance(&frequencies[..50], &series(&frequencies[..50], f0, 10.0)).is_none());
    }

    #[test]
    fn ringing_frequencies() {
        let dt = 1e-11;
        let samples: Vec<f64> = (0..20_000)
            .map(|n| {
                let t = f64::from(n) * dt;
                (2.0 * PI * 1.01e9 * t).sin() + 0.3 * (2.0 * PI * 1.4142e9 * t).cos()
            })
            .collect();
        let found = ringing(&samples, dt, [0.5e9, 2e9], 2);
        assert!((found[0] / 1.01e9 - 1.0).abs() < 1e-6, "{found:?}");
        assert!((found[1] / 1.4142e9 - 1.0).abs() < 1e-6, "{found:?}");
    }
}
