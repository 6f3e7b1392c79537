//! Where training flows start.
//!
//! `random`: a random streamfunction in nonlinear balance, its strength drawn between a third of
//! the given wind and all of it.
//!
//! `analyses`: a real state of the carried ERA5 ensemble (10 members, 4 times, January 2017). Its
//! streamfunction follows from the 500 hPa geopotential by linear balance, so only its rotational
//! wind is kept. To learn a flow and not one map, half of the states are mirrored at the equator,
//! all are turned by a random longitude, the zonal waves of half of them are shifted against each
//! other, and a balanced random perturbation is added. None of this uses the analysis of 1959 that
//! the built-in scenario forecasts from.

use super::carried;
use super::linear_balance;
use super::settings::FlowSource;
use super::spectra;
use crate::error::{Error, Result};
use curlwind_datasets::netcdf::quantity::GEOPOTENTIAL;
use curlwind_datasets::netcdf::{Reader, Selection};
use curlwind_solvers::shallow_water::balance::balanced_state;
use curlwind_solvers::shallow_water::cases::RandomFlow;
use curlwind_solvers::shallow_water::state::truncated;
use curlwind_solvers::shallow_water::{ShallowWater, State};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use ndarray::{Array1, Array2, Axis};
use num_complex::Complex64;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::sync::Arc;

/// Truncation that the 3-degree ensemble fields are analysed at: what their quadrature is exact for.
const ENSEMBLE_TRUNCATION: usize = 30;

/// Makes the initial states of training flows.
pub struct FlowMaker {
    source: FlowSource,
    transform: Arc<SphericalTransform>,
    equation: ShallowWater,
    /// Streamfunction and mean geopotential of each real state; none for random flows.
    real: Vec<(Array1<Complex64>, f64)>,
    seed: u64,
}

impl FlowMaker {
    /// Reads what the source needs; `folder` receives the carried files.
    ///
    /// # Errors
    /// Files that cannot be written or read.
    pub fn new(
        source: &FlowSource,
        transform: Arc<SphericalTransform>,
        equation: ShallowWater,
        folder: &Path,
        seed: u64,
    ) -> Result<Self> {
        let real = match source {
            FlowSource::Random { .. } => Vec::new(),
            FlowSource::Analyses { .. } => ensemble(&equation, transform.truncation(), folder)?,
        };
        Ok(Self {
            source: source.clone(),
            transform,
            equation,
            real,
            seed,
        })
    }

    /// The transform of the states.
    pub fn transform(&self) -> Arc<SphericalTransform> {
        self.transform.clone()
    }

    /// The initial state of flow `index`; depends on nothing but the source, the seed and the index.
    ///
    /// # Errors
    /// A flow without balance, e.g. one too fast for its depth.
    pub fn start(&self, index: usize) -> Result<State> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64 + 1);
        let radius = self.equation.radius;
        let (psi, perturbation) = match &self.source {
            FlowSource::Random {
                wind,
                depth,
                peak_degree,
            } => {
                let wind = wind.si() * rng.random_range(1.0 / 3.0..1.0);
                return self.random(wind, depth.si(), *peak_degree, &mut rng);
            }
            FlowSource::Analyses { perturbation } => (
                self.real_state(index, &mut rng),
                perturbation.si() * rng.random_range(0.5..1.5),
            ),
        };
        let mean = self.real[index % self.real.len()].1;
        let mut vorticity: Array1<Complex64> = spectra::degrees(self.transform.truncation())
            .zip(&psi)
            .map(|((_, n), psi)| -((n * (n + 1)) as f64) / radius.powi(2) * psi)
            .collect();
        if perturbation > 0.0 {
            let depth = mean / self.equation.gravity;
            vorticity += &self.random(perturbation, depth, 8.0, &mut rng)?.vorticity;
        }
        balanced_state(&self.transform, self.equation, &vorticity, None, mean)
            .map_err(Error::failed)
    }

    fn random(&self, wind: f64, depth: f64, peak: f64, rng: &mut ChaCha8Rng) -> Result<State> {
        let flow = RandomFlow {
            seed: rng.random(),
            rms_wind: wind,
            mean_depth: depth,
            peak_wavenumber: peak,
            ..RandomFlow::default()
        };
        let case = flow
            .generate(&self.transform, self.equation)
            .map_err(Error::failed)?;
        Ok(case.initial)
    }

    /// A real streamfunction, mirrored, turned and shifted.
    fn real_state(&self, index: usize, rng: &mut ChaCha8Rng) -> Array1<Complex64> {
        let truncation = self.transform.truncation();
        let mut psi = self.real[index % self.real.len()].0.clone();
        if rng.random_bool(0.5) {
            // A streamfunction changes its sign in a mirror.
            psi = spectra::mirror(&psi, truncation).mapv(|z| -z);
        }
        let turn = rng.random_range(0.0..std::f64::consts::TAU);
        let spread = if rng.random_bool(0.5) {
            std::f64::consts::PI
        } else {
            0.0
        };
        let shifts: Vec<f64> = (0..=truncation)
            .map(|m| turn + spread * rng.random_range(-1.0..1.0) / m.max(1) as f64)
            .collect();
        spectra::turn(&psi, truncation, |m| shifts[m])
    }
}

/// Streamfunction, at `truncation`, and mean geopotential of every member and time.
fn ensemble(
    equation: &ShallowWater,
    truncation: usize,
    folder: &Path,
) -> Result<Vec<(Array1<Complex64>, f64)>> {
    let file = carried::ENSEMBLE.write_into(folder)?;
    let reader = Reader::open(&file).map_err(Error::failed)?;
    let mut states = Vec::new();
    for member in 0..10 {
        for time in 0..4 {
            let selection = Selection::new()
                .member(member)
                .time_index(time)
                .level_hpa(500.0);
            let field = reader
                .read_lat_lon(&GEOPOTENTIAL, &selection)
                .map_err(Error::failed)?;
            let (nlat, nlon) = field.values.dim();
            let grid = SphereGrid::regular(nlat, nlon).map_err(Error::failed)?;
            let plan = SphericalTransform::new(grid, ENSEMBLE_TRUNCATION).map_err(Error::failed)?;
            let mut spectrum = Array2::zeros((1, plan.spectrum_len()));
            plan.analysis(
                field.values.view().insert_axis(Axis(0)),
                spectrum.view_mut(),
            );
            let phi = spectrum.row(0);
            let psi = linear_balance::streamfunction(phi, ENSEMBLE_TRUNCATION, equation.rotation);
            states.push((truncated(&psi, ENSEMBLE_TRUNCATION, truncation), phi[0].re));
        }
    }
    Ok(states)
}
