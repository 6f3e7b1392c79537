//! The state of the shallow-water equations, spectral, and its way from and to the grid.

use super::equation::ShallowWater;
use crate::sphere::SphericalTransform;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use num_complex::Complex64;

/// Spectral coefficients of the three fields, each of `(N+1)(N+2)/2` values.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Relative vorticity in 1/s.
    pub vorticity: Array1<Complex64>,
    /// Divergence in 1/s.
    pub divergence: Array1<Complex64>,
    /// Geopotential `g h` of the layer thickness, its mean included, in m^2/s^2.
    pub geopotential: Array1<Complex64>,
}

/// The fields of a state on the grid, `[latitude][longitude]`.
#[derive(Clone, Debug, PartialEq)]
pub struct GridState {
    /// Eastward wind in m/s.
    pub eastward_wind: Array2<f64>,
    /// Northward wind in m/s.
    pub northward_wind: Array2<f64>,
    /// Layer thickness in m.
    pub thickness: Array2<f64>,
}

impl State {
    /// All coefficients 0, for spectra of `len`.
    pub fn zeros(len: usize) -> Self {
        Self {
            vorticity: Array1::zeros(len),
            divergence: Array1::zeros(len),
            geopotential: Array1::zeros(len),
        }
    }

    /// From wind in m/s and layer thickness in m on the grid of the transform.
    ///
    /// # Errors
    /// [`Error::Shape`] when an array has another shape; [`Error::NotFinite`] when a value is not
    /// finite.
    pub fn from_grid(
        transform: &SphericalTransform,
        equation: &ShallowWater,
        eastward_wind: ArrayView2<f64>,
        northward_wind: ArrayView2<f64>,
        thickness: ArrayView2<f64>,
    ) -> Result<Self> {
        let grid = transform.grid();
        for (what, field) in [
            ("eastward wind", &eastward_wind),
            ("northward wind", &northward_wind),
            ("layer thickness", &thickness),
        ] {
            if field.dim() != (grid.nlat(), grid.nlon()) {
                return Err(Error::Shape {
                    what,
                    expected: vec![grid.nlat(), grid.nlon()],
                    found: field.shape().to_vec(),
                });
            }
            if !field.iter().all(|x| x.is_finite()) {
                return Err(Error::NotFinite {
                    field: what,
                    time: 0.0,
                    step: 0,
                });
            }
        }
        let mut state = Self::zeros(transform.spectrum_len());
        transform.vorticity_divergence(
            equation.radius,
            eastward_wind.insert_axis(Axis(0)),
            northward_wind.insert_axis(Axis(0)),
            state.vorticity.view_mut().insert_axis(Axis(0)),
            state.divergence.view_mut().insert_axis(Axis(0)),
        );
        transform.analysis(
            thickness.insert_axis(Axis(0)),
            state.geopotential.view_mut().insert_axis(Axis(0)),
        );
        state.geopotential *= Complex64::from(equation.gravity);
        Ok(state)
    }

    /// Wind and thickness on the grid of the transform.
    ///
    /// # Errors
    /// [`Error::Shape`] when the state has another truncation than the transform.
    pub fn to_grid(
        &self,
        transform: &SphericalTransform,
        equation: &ShallowWater,
    ) -> Result<GridState> {
        self.check(transform.spectrum_len())?;
        let shape = (transform.grid().nlat(), transform.grid().nlon());
        let mut grid = GridState {
            eastward_wind: Array2::zeros(shape),
            northward_wind: Array2::zeros(shape),
            thickness: Array2::zeros(shape),
        };
        transform.wind(
            equation.radius,
            self.vorticity.view().insert_axis(Axis(0)),
            self.divergence.view().insert_axis(Axis(0)),
            grid.eastward_wind.view_mut().insert_axis(Axis(0)),
            grid.northward_wind.view_mut().insert_axis(Axis(0)),
        );
        transform.synthesis(
            self.geopotential.view().insert_axis(Axis(0)),
            grid.thickness.view_mut().insert_axis(Axis(0)),
        );
        grid.thickness /= equation.gravity;
        Ok(grid)
    }

    /// The state at another truncation: coefficients cut off, or zeros added.
    pub fn truncated(&self, from: usize, to: usize) -> Self {
        let cut = |x: &Array1<Complex64>| truncated(x, from, to);
        Self {
            vorticity: cut(&self.vorticity),
            divergence: cut(&self.divergence),
            geopotential: cut(&self.geopotential),
        }
    }

    pub(crate) fn check(&self, len: usize) -> Result<()> {
        for (what, field) in [
            ("vorticity", &self.vorticity),
            ("divergence", &self.divergence),
            ("geopotential", &self.geopotential),
        ] {
            if field.len() != len {
                return Err(Error::Shape {
                    what,
                    expected: vec![len],
                    found: vec![field.len()],
                });
            }
        }
        Ok(())
    }

    /// The first field whose coefficient `i` is not finite.
    pub(crate) fn not_finite_at(&self, i: usize) -> Option<&'static str> {
        let bad = |x: &Array1<Complex64>| x.get(i).is_some_and(|c| !(c.re + c.im).is_finite());
        if bad(&self.vorticity) {
            return Some("vorticity");
        }
        if bad(&self.divergence) {
            return Some("divergence");
        }
        bad(&self.geopotential).then_some("geopotential")
    }

    /// The first field that is not finite.
    pub(crate) fn not_finite(&self) -> Option<&'static str> {
        let bad = |x: &Array1<Complex64>| x.iter().any(|c| !(c.re + c.im).is_finite());
        [
            ("vorticity", &self.vorticity),
            ("divergence", &self.divergence),
            ("geopotential", &self.geopotential),
        ]
        .into_iter()
        .find(|(_, x)| bad(x))
        .map(|(name, _)| name)
    }
}

/// A triangular spectrum of truncation `from` at truncation `to`.
pub fn truncated(spectrum: &Array1<Complex64>, from: usize, to: usize) -> Array1<Complex64> {
    let index =
        |top: usize, m: usize, n: usize| m * (top + 1) - m * m.saturating_sub(1) / 2 + n - m;
    let mut out = Array1::zeros((to + 1) * (to + 2) / 2);
    for m in 0..=from.min(to) {
        for n in m..=from.min(to) {
            out[index(to, m, n)] = spectrum[index(from, m, n)];
        }
    }
    out
}

/// The relative l2 norm `sqrt(mean((a - b)^2) / mean(b^2))` of Williamson et al. (1992), eq. 82,
/// of two fields given by their spectra (exact by Parseval's identity), for truncation N.
pub fn relative_l2(a: &Array1<Complex64>, b: &Array1<Complex64>, truncation: usize) -> f64 {
    let square = |x: &Array1<Complex64>| {
        let zonal: f64 = x.iter().take(truncation + 1).map(|c| c.norm_sqr()).sum();
        zonal
            + 2.0
                * x.iter()
                    .skip(truncation + 1)
                    .map(|c| c.norm_sqr())
                    .sum::<f64>()
    };
    (square(&(a - b)) / square(b)).sqrt()
}

/// A field as a spectrum on its own, from values `[latitude][longitude]`.
pub(crate) fn analysed(
    transform: &SphericalTransform,
    field: ArrayView2<f64>,
) -> Array1<Complex64> {
    let mut spectrum = Array1::zeros(transform.spectrum_len());
    transform.analysis(
        field.insert_axis(Axis(0)),
        spectrum.view_mut().insert_axis(Axis(0)),
    );
    spectrum
}
