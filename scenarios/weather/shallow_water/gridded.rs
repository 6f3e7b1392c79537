//! Between the solver's spectra and the gridded fields that networks, files and scores use.
//!
//! The surrogate's state has three channels on a Gaussian grid of J latitudes and 2J longitudes,
//! which carries the truncation J - 1 without loss: geopotential (m2 s-2), relative vorticity and
//! divergence (s-1). They are scalars, so that nothing special happens at the poles, and the wind
//! follows from them.

use crate::error::{Error, Result};
use curlwind_solvers::shallow_water::state::truncated;
use curlwind_solvers::shallow_water::{ShallowWater, State};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis, s};
use num_complex::Complex64;
use std::sync::Arc;

/// The channels of the surrogate's state, with CF units.
pub const CHANNELS: [(&str, &str); 3] = [
    ("geopotential", "m2 s-2"),
    ("vorticity", "s-1"),
    ("divergence", "s-1"),
];

/// Fields as forecasters read them, `[latitude][longitude]`, north to south.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Geopotential of the free surface in m2 s-2.
    pub geopotential: Array2<f64>,
    /// Eastward wind in m s-1.
    pub eastward_wind: Array2<f64>,
    /// Northward wind in m s-1.
    pub northward_wind: Array2<f64>,
}

impl Weather {
    /// `(name, unit, field)` of each variable, in the order of the files.
    pub fn variables(&self) -> [(&'static str, &'static str, &Array2<f64>); 3] {
        [
            ("z", "m2 s-2", &self.geopotential),
            ("u", "m s-1", &self.eastward_wind),
            ("v", "m s-1", &self.northward_wind),
        ]
    }
}

/// A Gaussian grid, its transform, and the equation whose states it shows.
pub struct Gridded {
    transform: Arc<SphericalTransform>,
    equation: ShallowWater,
    /// Spectrum of g times the height of the ground.
    orography: Option<Array1<Complex64>>,
}

impl Gridded {
    /// The grid of `latitudes` latitudes. `orography` is a spectrum of truncation `from`.
    pub fn new(
        latitudes: usize,
        equation: ShallowWater,
        orography: Option<(&Array1<Complex64>, usize)>,
    ) -> Result<Self> {
        let grid = SphereGrid::gaussian(latitudes, 2 * latitudes).map_err(Error::unusable)?;
        let transform = SphericalTransform::new(grid, latitudes - 1).map_err(Error::unusable)?;
        let orography = orography.map(|(spectrum, from)| truncated(spectrum, from, latitudes - 1));
        Ok(Self {
            transform: Arc::new(transform),
            equation,
            orography,
        })
    }

    /// The grid.
    pub fn grid(&self) -> &SphereGrid {
        self.transform.grid()
    }

    /// Spectrum of g times the height of the ground, at the grid's truncation; empty when flat.
    pub fn orography(&self) -> &[Complex64] {
        self.orography
            .as_ref()
            .and_then(|o| o.as_slice())
            .unwrap_or_default()
    }

    /// The transform at the grid's truncation.
    pub fn transform(&self) -> &Arc<SphericalTransform> {
        &self.transform
    }

    /// The truncation that the grid carries.
    pub fn truncation(&self) -> usize {
        self.transform.truncation()
    }

    /// Values of one state: channels x latitudes x longitudes.
    pub fn state_len(&self) -> usize {
        CHANNELS.len() * self.grid().nlat() * self.grid().nlon()
    }

    /// The channels `[channel][latitude][longitude]` of a state of truncation `from`.
    pub fn channels(&self, state: &State, from: usize) -> Vec<f32> {
        let cut = state.truncated(from, self.truncation());
        let spectra = stack(&[
            cut.geopotential.view(),
            cut.vorticity.view(),
            cut.divergence.view(),
        ]);
        let mut fields = self.empty(CHANNELS.len());
        self.transform.synthesis(spectra.view(), fields.view_mut());
        fields.iter().map(|&x| x as f32).collect()
    }

    /// The state, at the grid's truncation, of channels `[channel][latitude][longitude]`.
    pub fn state(&self, channels: &[f32]) -> State {
        let shape = (CHANNELS.len(), self.grid().nlat(), self.grid().nlon());
        let mut values = channels.iter().map(|&x| f64::from(x));
        let fields = Array3::from_shape_simple_fn(shape, || values.next().unwrap_or(f64::NAN));
        let mut spectra = Array2::zeros((CHANNELS.len(), self.transform.spectrum_len()));
        self.transform.analysis(fields.view(), spectra.view_mut());
        State {
            geopotential: spectra.row(0).to_owned(),
            vorticity: spectra.row(1).to_owned(),
            divergence: spectra.row(2).to_owned(),
        }
    }

    /// The fields of a state of truncation `from`.
    pub fn weather(&self, state: &State, from: usize) -> Weather {
        let mut cut = state.truncated(from, self.truncation());
        if let Some(orography) = &self.orography {
            cut.geopotential += orography;
        }
        let mut z = self.empty(1);
        self.transform
            .synthesis(stack(&[cut.geopotential.view()]).view(), z.view_mut());
        let (mut u, mut v) = (self.empty(1), self.empty(1));
        let (zeta, delta) = (
            stack(&[cut.vorticity.view()]),
            stack(&[cut.divergence.view()]),
        );
        let radius = self.equation.radius;
        self.transform.wind(
            radius,
            zeta.view(),
            delta.view(),
            u.view_mut(),
            v.view_mut(),
        );
        let first = |field: Array3<f64>| field.index_axis_move(Axis(0), 0);
        Weather {
            geopotential: first(z),
            eastward_wind: first(u),
            northward_wind: first(v),
        }
    }

    /// The field of one spectrum of truncation `from`.
    pub fn field(&self, spectrum: &Array1<Complex64>, from: usize) -> Array2<f64> {
        let cut = truncated(spectrum, from, self.truncation());
        let mut field = self.empty(1);
        self.transform
            .synthesis(stack(&[cut.view()]).view(), field.view_mut());
        field.slice_move(s![0, .., ..])
    }

    fn empty(&self, fields: usize) -> Array3<f64> {
        Array3::zeros((fields, self.grid().nlat(), self.grid().nlon()))
    }
}

fn stack(spectra: &[ArrayView1<Complex64>]) -> Array2<Complex64> {
    let mut out = Array2::zeros((spectra.len(), spectra[0].len()));
    for (mut row, spectrum) in out.rows_mut().into_iter().zip(spectra) {
        row.assign(spectrum);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_hold_the_whole_state() {
        let gridded = Gridded::new(12, ShallowWater::default(), None).unwrap();
        let mut state = State::zeros(gridded.transform().spectrum_len());
        state.geopotential[0] = 5e4.into();
        state.geopotential[7] = 300.0.into();
        state.vorticity[14] = Complex64::new(1e-5, -2e-5);
        state.divergence[20] = Complex64::new(-3e-6, 1e-6);
        let back = gridded.state(&gridded.channels(&state, 11));
        let error = |a: &Array1<Complex64>, b: &Array1<Complex64>| {
            a.iter()
                .zip(b)
                .fold(0.0f64, |e, (x, y)| e.max((x - y).norm()))
        };
        assert!(error(&back.geopotential, &state.geopotential) < 1e-2);
        assert!(error(&back.vorticity, &state.vorticity) < 1e-11);
        assert!(error(&back.divergence, &state.divergence) < 1e-11);
        let weather = gridded.weather(&state, 11);
        assert!((weather.geopotential[[3, 5]] - 5e4).abs() < 2000.0);
    }
}
