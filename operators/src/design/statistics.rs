//! Mean, spread and distance of responses.

use super::data::Response;
use ndarray::{Array3, Zip};
use num_complex::Complex64;

/// Mean of the members' answers, and the root mean square of their distance from it: of dB where
/// they are magnitudes, else in the complex plane.
///
/// # Panics
/// When there is no member or the shapes differ.
pub(super) fn mean_and_spread(members: &[Response]) -> (Response, Array3<f64>) {
    let [a, b, c] = members[0].shape();
    let count = members.len() as f64;
    let mut mean_square = Array3::zeros((a, b, c));
    let mean = if members.iter().all(|m| matches!(m, Response::Complex(_))) {
        let mut sum = Array3::<Complex64>::zeros((a, b, c));
        for member in members {
            if let Response::Complex(values) = member {
                sum += values;
            }
        }
        Response::Complex(sum / count)
    } else {
        let sum = members
            .iter()
            .fold(Array3::zeros((a, b, c)), |sum, member| {
                sum + member.decibel()
            });
        Response::Decibel(sum / count)
    };
    for member in members {
        let distance = distance(member, &mean);
        mean_square += &distance.mapv(|d| d * d);
    }
    (mean, mean_square.mapv(|s| (s / count).sqrt()))
}

/// Distance of each predicted value from the true one: complex where both are, else of dB.
///
/// # Panics
/// When the shapes differ.
pub(super) fn distance(prediction: &Response, truth: &Response) -> Array3<f64> {
    match (prediction, truth) {
        (Response::Complex(p), Response::Complex(t)) => {
            Zip::from(p).and(t).map_collect(|p, t| (p - t).norm())
        }
        _ => (prediction.decibel() - truth.decibel()).mapv(f64::abs),
    }
}

/// Sum of the squares of all values.
pub(super) fn squares(response: &Response) -> f64 {
    match response {
        Response::Complex(values) => values.iter().map(|s| s.norm_sqr()).sum(),
        Response::Decibel(values) => values.iter().map(|v| v * v).sum(),
    }
}

/// Onto |S| <= 1, which is nearer to whatever a passive device can answer.
pub(super) fn passive(response: Response) -> Response {
    match response {
        Response::Complex(values) => Response::Complex(values.mapv(|s| match s.norm() {
            size if size > 1.0 => s / size,
            _ => s,
        })),
        Response::Decibel(values) => Response::Decibel(values.mapv(|v| v.min(0.0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_distances_in_the_plane() {
        let member = |re: f64, im: f64| {
            Response::Complex(Array3::from_elem((2, 1, 3), Complex64::new(re, im)))
        };
        let (mean, spread) = mean_and_spread(&[member(0.3, 0.4), member(-0.3, -0.4)]);
        assert_eq!(squares(&mean), 0.0);
        assert!((spread[[1, 0, 2]] - 0.5).abs() < 1e-15);
        assert_eq!(distance(&member(3.0, 4.0), &mean)[[0, 0, 0]], 5.0);
        assert!((squares(&passive(member(3.0, 4.0))) - 6.0).abs() < 1e-14);
        assert_eq!(passive(member(0.3, 0.4)), member(0.3, 0.4));
    }

    #[test]
    fn magnitudes_are_averaged_in_decibel() {
        let member = |db: f64| Response::Decibel(Array3::from_elem((1, 1, 1), db));
        let (mean, spread) = mean_and_spread(&[member(-10.0), member(-20.0)]);
        assert_eq!(mean, member(-15.0));
        assert_eq!(spread[[0, 0, 0]], 5.0);
        assert_eq!(passive(member(0.5)), member(0.0));
    }
}
