//! What a surrogate answers.

use super::data::{Response, decibel};
use ndarray::{Array1, Array3, ArrayView2, Axis, Zip, s};

/// Predicted S-parameters of some designs.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// Mean of the members `[design, port pair, frequency]`.
    pub mean: Response,
    /// Half-width of the interval, `[design, port pair, frequency]`: the true value lies within it
    /// of the mean with the configured coverage. In dB where the mean is, else the radius of a disc
    /// in the complex plane.
    pub radius: Array3<f64>,
    /// Distance of each design to the nearest training design, in units of the typical distance
    /// between neighbours; see [`super::domain::Domain::distance`].
    pub distance: Array1<f64>,
    /// By how much of its range a parameter leaves the training designs; see
    /// [`super::domain::Domain::outside`]. Intervals are not calibrated where this is not 0.
    pub outside: Array1<f64>,
}

impl Prediction {
    /// Mean magnitude in dB.
    pub fn decibel(&self) -> Array3<f64> {
        self.mean.decibel()
    }

    /// Mean magnitude in dB of one design at one port pair, over frequency.
    pub fn curve_decibel(&self, design: usize, pair: usize) -> Vec<f64> {
        match &self.mean {
            Response::Complex(values) => {
                let curve = values.slice(s![design, pair, ..]);
                curve.iter().map(|s| decibel(s.norm())).collect()
            }
            Response::Decibel(values) => values.slice(s![design, pair, ..]).to_vec(),
        }
    }

    /// Lower end of the interval in dB.
    pub fn lower_decibel(&self) -> Array3<f64> {
        self.shifted(-1.0)
    }

    /// Upper end of the interval in dB.
    pub fn upper_decibel(&self) -> Array3<f64> {
        self.shifted(1.0)
    }

    /// Mean width of each design's intervals, over frequencies and port pairs, in the unit of
    /// [`Prediction::radius`]: the larger, the sooner it should be re-checked.
    pub fn doubt(&self) -> Array1<f64> {
        let mean = |design: ArrayView2<f64>| design.mean().unwrap_or(0.0);
        self.radius.axis_iter(Axis(0)).map(mean).collect()
    }

    fn shifted(&self, sign: f64) -> Array3<f64> {
        match &self.mean {
            Response::Complex(mean) => Zip::from(mean)
                .and(&self.radius)
                .map_collect(|s, r| decibel((s.norm() + sign * r).max(0.0))),
            Response::Decibel(mean) => mean + &(&self.radius * sign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    #[test]
    fn a_disc_becomes_an_interval_of_magnitudes() {
        let prediction = Prediction {
            mean: Response::Complex(Array3::from_elem((1, 1, 2), Complex64::new(0.0, 0.5))),
            radius: Array3::from_shape_vec((1, 1, 2), vec![0.4, 0.6]).expect("shape"),
            distance: Array1::zeros(1),
            outside: Array1::zeros(1),
        };
        let (low, high) = (prediction.lower_decibel(), prediction.upper_decibel());
        assert!((low[[0, 0, 0]] + 20.0).abs() < 1e-12);
        assert!((high[[0, 0, 0]] - 20.0 * 0.9_f64.log10()).abs() < 1e-12);
        assert_eq!(low[[0, 0, 1]], super::super::data::LOWEST_DECIBEL);
        assert!((prediction.doubt()[0] - 0.5).abs() < 1e-15);
    }
}
