//! Averages over the sphere, and what is made of them for one forecast.

use ndarray::ArrayView2;

/// Area weights of a `[latitude][longitude]` grid, summing to 1.
#[derive(Clone, Debug)]
pub struct AreaMean {
    /// One for each latitude, over all its longitudes.
    rows: Vec<f64>,
}

impl AreaMean {
    /// Over the whole grid, from weights per latitude; they are scaled to sum to 1.
    pub fn new(weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        Self {
            rows: weights.iter().map(|w| w / total).collect(),
        }
    }

    /// The average of `value(j, i)`.
    fn of(&self, nlon: usize, value: impl Fn(usize, usize) -> f64) -> f64 {
        let row = |j| (0..nlon).map(|i| value(j, i)).sum::<f64>() / nlon as f64;
        let rows = self.rows.iter().enumerate().filter(|(_, w)| **w > 0.0);
        rows.map(|(j, w)| w * row(j)).sum()
    }

    /// Root mean square difference, in the fields' unit.
    pub fn rmse(&self, forecast: ArrayView2<f64>, truth: ArrayView2<f64>) -> f64 {
        self.of(truth.ncols(), |j, i| {
            (forecast[[j, i]] - truth[[j, i]]).powi(2)
        })
        .sqrt()
    }

    /// Norm of the difference over the norm of the truth.
    pub fn relative_l2(&self, forecast: ArrayView2<f64>, truth: ArrayView2<f64>) -> f64 {
        self.rmse(forecast, truth) / self.of(truth.ncols(), |j, i| truth[[j, i]].powi(2)).sqrt()
    }

    /// Mean difference, forecast minus truth.
    pub fn bias(&self, forecast: ArrayView2<f64>, truth: ArrayView2<f64>) -> f64 {
        self.of(truth.ncols(), |j, i| forecast[[j, i]] - truth[[j, i]])
    }

    /// Centred anomaly correlation, -1 to 1; NaN when either anomaly vanishes.
    pub fn acc(
        &self,
        forecast: ArrayView2<f64>,
        truth: ArrayView2<f64>,
        climatology: ArrayView2<f64>,
    ) -> f64 {
        let nlon = truth.ncols();
        let (f0, o0) = (
            self.bias(forecast, climatology),
            self.bias(truth, climatology),
        );
        let f = |j, i| forecast[[j, i]] - climatology[[j, i]] - f0;
        let o = |j, i| truth[[j, i]] - climatology[[j, i]] - o0;
        let covariance = self.of(nlon, |j, i| f(j, i) * o(j, i));
        let variances =
            self.of(nlon, |j, i| f(j, i).powi(2)) * self.of(nlon, |j, i| o(j, i).powi(2));
        covariance / variances.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn known_values() {
        let mean = AreaMean::new(&[1.0, 3.0]);
        let truth = array![[1.0, 1.0], [2.0, 2.0]];
        let forecast = array![[2.0, 2.0], [2.0, 4.0]];
        // Row means of the squared error 1 and 2, weighted 1/4 and 3/4.
        assert!((mean.rmse(forecast.view(), truth.view()) - 1.75f64.sqrt()).abs() < 1e-15);
        assert!((mean.bias(forecast.view(), truth.view()) - 1.0).abs() < 1e-15);
        let norm = (0.25f64 + 0.75 * 4.0).sqrt();
        let expected = 1.75f64.sqrt() / norm;
        assert!((mean.relative_l2(forecast.view(), truth.view()) - expected).abs() < 1e-15);
    }

    #[test]
    fn correlation_ignores_offset_and_scale() {
        let mean = AreaMean::new(&[1.0, 2.0, 1.0]);
        let climatology = Array2::from_elem((3, 4), 5.0);
        let truth = Array2::from_shape_fn((3, 4), |(j, i)| 5.0 + (3 * j + i * i) as f64);
        let forecast = truth.mapv(|x| 2.0 * x + 7.0);
        let opposite = truth.mapv(|x| -x);
        let acc = |f: &Array2<f64>| mean.acc(f.view(), truth.view(), climatology.view());
        assert!((acc(&forecast) - 1.0).abs() < 1e-14);
        assert!((acc(&opposite) + 1.0).abs() < 1e-14);
        assert!(acc(&climatology).is_nan());
    }

    #[test]
    fn a_forecast_that_blew_up_scores_nan() {
        let mean = AreaMean::new(&[1.0]);
        assert!(
            mean.rmse(array![[f64::NAN]].view(), array![[1.0]].view())
                .is_nan()
        );
    }
}
