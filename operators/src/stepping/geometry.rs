//! All that the stepping operator needs of a grid: transforms as matrices, scales, damping.
//!
//! The data are analysed once on their own grid. The inner grid is the Gaussian one on which
//! products of two fields of the truncation have no aliasing (Orszag's 2/3 rule).

use super::config::SteppingConfig;
use super::harmonics::Harmonics;
use crate::buffers::matrix;
use crate::error::Result;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::SphereGrid;
use ndarray::{Array2, s};

/// Unit of the Laplacian filter; near the mean of `l (l + 1)` at N = 10.
pub(super) const LAPLACIAN_SCALE: f64 = 66.0;

/// Size of the sine of the latitude among sources of variance 1: its own root mean square is 0.58.
pub(super) const SINE_SCALE: f64 = 1.7;

/// All that follows from the grid.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    pub(super) grid: SphereGrid,
    pub(super) truncation: usize,
    pub(super) steps: usize,
    /// Length of an inner step.
    pub(super) step: f64,
    /// On the grid of the data, `[P, K]` and `[K, P]`.
    pub(super) analysis: Tensor<2>,
    pub(super) synthesis: Tensor<2>,
    /// On the inner grid: values and derivatives `[K, 3 Q]`, and from both forms to the spectrum of
    /// a tendency times `h`, `[2 Q, K]`.
    pub(super) jets: Tensor<2>,
    pub(super) tendency: Tensor<2>,
    /// From a spectrum to its anomaly and potential, `[1, 1, 2, K]`.
    pub(super) sources: Tensor<4>,
    /// The sine of the latitude and its derivatives, `[1, 3, Q]`.
    pub(super) sine: Tensor<3>,
    /// `(l (l + 1) / (N (N + 1)))^(order / 2)`, `[1, K]`
    pub(super) damping: Tensor<2>,
}

impl Geometry {
    pub(super) fn new(
        config: &SteppingConfig,
        grid: &SphereGrid,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let truncation = config.truncation_on(grid)?;
        let (steps, step) = config.inner_steps(truncation);
        let data = Harmonics::scalar(grid, truncation);
        let inner_grid = SphereGrid::for_truncation(truncation)?;
        let inner = Harmonics::with_gradients(&inner_grid, truncation);
        let eigenvalues = inner.eigenvalues();
        let (count, points) = inner.values.dim();
        let table = |values: Array2<f64>| {
            let (rows, columns) = values.dim();
            let values = values.as_standard_layout().iter().copied().collect();
            matrix::<2>(values, [rows, columns], device, dtype)
        };
        let mut tendency = Array2::zeros((2 * points, count));
        for (k, eigenvalue) in eigenvalues.iter().enumerate().skip(1) {
            let column = &inner.analysis.column(k) * step;
            let filtered = &column * (eigenvalue / LAPLACIAN_SCALE);
            tendency.slice_mut(s![..points, k]).assign(&column);
            tendency.slice_mut(s![points.., k]).assign(&filtered);
        }
        let anomaly = eigenvalues.iter().map(|&e| f64::from(e > 0.0));
        let potential = eigenvalues
            .iter()
            .map(|&e| if e > 0.0 { 1.0 / e } else { 0.0 });
        let sources = anomaly.chain(potential).collect();
        let rows = |values: &[f64]| -> Vec<f64> {
            let rows = values.iter();
            rows.flat_map(|&v| vec![SINE_SCALE * v; inner_grid.nlon()])
                .collect()
        };
        let sine = [
            rows(inner_grid.sin_latitudes()),
            vec![0.0; points],
            rows(inner_grid.cos_latitudes()),
        ];
        let largest = (truncation * (truncation + 1)) as f64;
        let power = config.damping_order as f64 / 2.0;
        let damping = eigenvalues
            .iter()
            .map(|e| (e / largest).powf(power))
            .collect();
        Ok(Self {
            grid: grid.clone(),
            truncation,
            steps,
            step,
            analysis: table(data.analysis),
            synthesis: table(data.values),
            jets: table(inner.jets),
            tendency: table(tendency),
            sources: matrix(sources, [1, 1, 2, count], device, dtype),
            sine: matrix(sine.concat(), [1, 3, points], device, dtype),
            damping: matrix(damping, [1, count], device, dtype),
        })
    }
}
