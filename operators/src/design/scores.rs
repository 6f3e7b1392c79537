//! Scores of predicted curves, and the baselines that a surrogate must beat.

use super::data::{DesignData, Response};
use super::domain::Domain;
use ndarray::{Array2, Array3, Axis, Zip};
use std::ops::{Add, Div};

/// Relative L2 error of curves `[design, port pair, frequency]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeL2 {
    /// `||p - t|| / ||t||` over all designs together.
    pub pooled: f64,
    /// Mean over the designs of `||p - t|| / ||t||`.
    pub mean: f64,
}

/// Relative L2 error of magnitudes in dB.
///
/// # Panics
/// When the shapes differ.
pub fn relative_l2(prediction: &Array3<f64>, truth: &Array3<f64>) -> RelativeL2 {
    assert_eq!(prediction.dim(), truth.dim(), "shapes of prediction, truth");
    let (mut errors, mut norms, mut mean) = (0.0, 0.0, 0.0);
    for (p, t) in prediction.axis_iter(Axis(0)).zip(truth.axis_iter(Axis(0))) {
        let error = Zip::from(p)
            .and(t)
            .fold(0.0, |sum, p, t| sum + (p - t) * (p - t));
        let norm: f64 = t.iter().map(|t| t * t).sum();
        errors += error;
        norms += norm;
        mean += (error / norm.max(f64::MIN_POSITIVE)).sqrt();
    }
    RelativeL2 {
        pooled: (errors / norms.max(f64::MIN_POSITIVE)).sqrt(),
        mean: mean / truth.len_of(Axis(0)).max(1) as f64,
    }
}

/// Share of the true values within `radius` of the prediction.
///
/// # Panics
/// When the shapes differ.
pub fn coverage(prediction: &Array3<f64>, radius: &Array3<f64>, truth: &Array3<f64>) -> f64 {
    let held = Zip::from(prediction)
        .and(radius)
        .and(truth)
        .fold(0usize, |sum, p, r, t| {
            sum + usize::from((p - t).abs() <= *r)
        });
    held as f64 / truth.len().max(1) as f64
}

/// The mean of the training curves, for each of `designs` designs.
pub fn mean_predictor(data: &DesignData, designs: usize) -> Response {
    fn repeated<T: Copy + Add<Output = T> + Div<f64, Output = T>>(
        values: &Array3<T>,
        designs: usize,
    ) -> Array3<T> {
        let (count, pairs, frequencies) = values.dim();
        Array3::from_shape_fn((designs, pairs, frequencies), |(_, q, f)| {
            let first = values[[0, q, f]];
            let sum = (1..count).fold(first, |sum, d| sum + values[[d, q, f]]);
            sum / count as f64
        })
    }
    match &data.response {
        Response::Complex(values) => Response::Complex(repeated(values, designs)),
        Response::Decibel(values) => Response::Decibel(repeated(values, designs)),
    }
}

/// The curve of the nearest training design, parameters scaled to their range.
pub fn nearest_neighbour(data: &DesignData, parameters: &Array2<f64>) -> Response {
    let domain = Domain::new(&data.parameters);
    let nearest: Vec<usize> = parameters
        .rows()
        .into_iter()
        .map(|row| domain.nearest(row, None).0)
        .collect();
    data.response.select(&nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> DesignData {
        DesignData {
            parameter_names: vec!["length".into()],
            parameters: Array2::from_shape_fn((5, 1), |(i, _)| i as f64),
            port_pairs: vec![[1, 1]],
            frequencies: vec![1.0, 2.0],
            response: Response::Decibel(Array3::from_shape_fn((5, 1, 2), |(i, _, f)| {
                -((i + f) as f64)
            })),
        }
    }

    #[test]
    fn scores_of_known_curves() {
        let truth = Array3::from_elem((4, 1, 10), -8.0);
        let score = relative_l2(&(&truth * 1.25), &truth);
        assert!((score.pooled - 0.25).abs() < 1e-15 && (score.mean - 0.25).abs() < 1e-15);
        let radius = Array3::from_shape_fn((4, 1, 10), |(i, _, _)| i as f64);
        assert_eq!(coverage(&(&truth * 1.25), &radius, &truth), 0.5);
    }

    #[test]
    fn baselines() {
        let data = data();
        let mean = mean_predictor(&data, 3).decibel();
        assert_eq!(mean.dim(), (3, 1, 2));
        assert_eq!(mean[[2, 0, 1]], -3.0);
        let asked = Array2::from_elem((1, 1), 3.2);
        assert_eq!(nearest_neighbour(&data, &asked).decibel()[[0, 0, 0]], -3.0);
    }
}
