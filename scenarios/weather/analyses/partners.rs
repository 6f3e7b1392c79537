//! Numerical models that forecast from the same analyses: shallow water and barotropic vorticity of one
//! level.

use super::learned::domain;
use super::settings::PartnerSolver;
use crate::config::Pascals;
use crate::error::{Error, Result};
use crate::weather::shallow_water::initial::{Prepared, make_diffusion, transform};
use crate::weather::shallow_water::simulation::solver_error;
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::netcdf::Quantity;
use curlwind_datasets::netcdf::quantity::{
    DIVERGENCE, EASTWARD_WIND, GEOPOTENTIAL, NORTHWARD_WIND, RELATIVE_VORTICITY,
};
use curlwind_datasets::series::Channel;
use curlwind_operators::surrogate::Domain;
use curlwind_solvers::barotropic::{self, Barotropic};
use curlwind_solvers::shallow_water::balance::balanced_state;
use curlwind_solvers::shallow_water::state::truncated;
use curlwind_solvers::shallow_water::{ShallowWater, State};
use curlwind_solvers::sphere::SphericalTransform;
use ndarray::{Array1, Array2, Array3, Axis};
use num_complex::Complex64;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Which equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shallow water: wind and geopotential.
    ShallowWater,
    /// Barotropic vorticity: wind; the geopotential is the one in balance.
    Barotropic,
}

/// A numerical model on the grid of the analyses.
pub struct Partner {
    kind: Kind,
    settings: PartnerSolver,
    /// Channels of a state, where there are any: geopotential, eastward and northward wind, vorticity,
    /// divergence.
    places: [Option<usize>; 5],
    channels: usize,
    /// On the grid of the analyses, at its own truncation.
    grid: SphericalTransform,
    /// Of the solver.
    transform: Arc<SphericalTransform>,
}

impl Partner {
    /// A model with the solver's settings.
    ///
    /// # Errors
    /// A grid that is not of the whole sphere, variables that are missing, settings out of range.
    pub fn new(
        kind: Kind,
        settings: &PartnerSolver,
        channels: &[Channel],
        grid: &LatLon,
    ) -> Result<Self> {
        let Domain::Sphere(sphere) = domain(grid)? else {
            return Err(Error::unusable(
                "`partners`: a numerical model needs analyses of the whole sphere",
            ));
        };
        let truncation = sphere.max_truncation();
        let place = |quantity| find(quantity, settings.level, channels);
        let places = [
            place(&GEOPOTENTIAL)?,
            place(&EASTWARD_WIND)?,
            place(&NORTHWARD_WIND)?,
            place(&RELATIVE_VORTICITY)?,
            place(&DIVERGENCE)?,
        ];
        let [geopotential, u, v, vorticity, _] = places;
        let wind = (u.is_some() && v.is_some()) || vorticity.is_some();
        if !wind || (kind == Kind::ShallowWater && geopotential.is_none()) {
            return Err(Error::unusable(format!(
                "`partners`: a {} needs {} on one level; the analyses have {}",
                kind.words(),
                match kind {
                    Kind::ShallowWater => "geopotential and wind (or vorticity)",
                    Kind::Barotropic => "wind (or vorticity)",
                },
                channels
                    .iter()
                    .map(Channel::label)
                    .collect::<Vec<_>>()
                    .join(", ")
            )));
        }
        Ok(Self {
            kind,
            settings: settings.clone(),
            places,
            channels: channels.len(),
            grid: SphericalTransform::new(sphere, truncation).map_err(Error::unusable)?,
            transform: transform(settings.solver.truncation)?,
        })
    }

    /// Name in tables: `shallow_water@T42`.
    pub fn name(&self) -> String {
        let name = match self.kind {
            Kind::ShallowWater => "shallow_water",
            Kind::Barotropic => "barotropic",
        };
        format!("{name}@T{}", self.transform.truncation())
    }

    /// Forecasts from an analysis; `observe` sees every step from 0, with NaN in the channels that the
    /// model does not have.
    ///
    /// # Errors
    /// A time step over the stability limit; a run that blew up; whatever `observe` returns.
    pub fn run(
        &self,
        analysis: &[f32],
        step: f64,
        steps: usize,
        mut observe: impl FnMut(Vec<f32>) -> Result<()> + Send,
    ) -> Result<()> {
        let duration = step * steps as f64;
        let initial = self.initial(analysis)?;
        let mut failure = None;
        let mut seen = |state: &State, ground: Option<&Array1<Complex64>>| match observe(
            self.channels_of(state, ground),
        ) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        };
        match self.kind {
            Kind::ShallowWater => {
                let equation = ShallowWater::default();
                let mut prepared = Prepared::flat(initial, self.transform.clone(), equation)
                    .over(&self.settings.mountains)?;
                if self.settings.balanced {
                    let state = &prepared.case.initial;
                    let (mean, ground) = (state.geopotential[0].re, &prepared.case.orography);
                    prepared.case.initial = balanced_state(
                        &self.transform,
                        equation,
                        &state.vorticity,
                        ground.as_ref(),
                        mean,
                    )
                    .map_err(Error::unusable)?;
                }
                let time_step = self.settings.solver.time_step.si();
                let solver = prepared.solver(&self.settings.solver, time_step)?;
                let ground = prepared.case.orography.as_ref();
                let initial = prepared.case.initial.clone();
                solver
                    .run(initial, duration, step, |snapshot| {
                        seen(snapshot.state, ground)
                    })
                    .map_err(solver_error)?;
            }
            Kind::Barotropic => {
                let mean = initial.geopotential[0].re;
                let mut builder =
                    barotropic::Solver::builder(self.transform.clone(), Barotropic::default())
                        .time_step(self.settings.solver.time_step.si());
                if let Some(diffusion) = &self.settings.solver.diffusion {
                    builder = builder.diffusion(Some(make_diffusion(diffusion)?));
                }
                let solver = builder.build().map_err(solver_error)?;
                let balanced = |vorticity: &Array1<Complex64>| {
                    let equation = ShallowWater::default();
                    let balanced = balanced_state(&self.transform, equation, vorticity, None, mean);
                    balanced.unwrap_or_else(|_| {
                        // no geopotential is better than a wrong one
                        let mut state = State::zeros(vorticity.len());
                        state.vorticity = vorticity.clone();
                        state.geopotential.fill(f64::NAN.into());
                        state
                    })
                };
                solver
                    .run(initial.vorticity, duration, step, |snapshot| {
                        seen(&balanced(snapshot.vorticity), None)
                    })
                    .map_err(solver_error)?;
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// The state of the solver.
    fn initial(&self, analysis: &[f32]) -> Result<State> {
        let [geopotential, u, v, vorticity, divergence] = self.places;
        let (from, to) = (self.grid.truncation(), self.transform.truncation());
        let spectrum = |channel: Option<usize>| -> Array1<Complex64> {
            let mut spectra = Array2::zeros((1, self.grid.spectrum_len()));
            if let Some(channel) = channel {
                self.grid
                    .analysis(self.field(analysis, channel).view(), spectra.view_mut());
            }
            truncated(&spectra.row(0).to_owned(), from, to)
        };
        let (vorticity, divergence) = match (vorticity, u, v) {
            (Some(vorticity), ..) if divergence.is_some() || u.is_none() || v.is_none() => {
                (spectrum(Some(vorticity)), spectrum(divergence))
            }
            (_, Some(u), Some(v)) => {
                let length = self.grid.spectrum_len();
                let (mut zeta, mut delta) =
                    (Array2::zeros((1, length)), Array2::zeros((1, length)));
                self.grid.vorticity_divergence(
                    ShallowWater::default().radius,
                    self.field(analysis, u).view(),
                    self.field(analysis, v).view(),
                    zeta.view_mut(),
                    delta.view_mut(),
                );
                let cut = |s: Array2<Complex64>| truncated(&s.row(0).to_owned(), from, to);
                (cut(zeta), cut(delta))
            }
            _ => (spectrum(vorticity), spectrum(divergence)),
        };
        let geopotential = match geopotential {
            Some(channel) => spectrum(Some(channel)),
            None => Array1::zeros(vorticity.len()),
        };
        Ok(State {
            geopotential,
            vorticity,
            divergence,
        })
    }

    fn field(&self, analysis: &[f32], channel: usize) -> Array3<f64> {
        let (nlat, nlon) = (self.grid.grid().nlat(), self.grid.grid().nlon());
        let values = &analysis[channel * nlat * nlon..(channel + 1) * nlat * nlon];
        let mut values = values.iter().map(|v| f64::from(*v));
        Array3::from_shape_simple_fn((1, nlat, nlon), || values.next().unwrap_or(f64::NAN))
    }

    /// The channels of a solver's state.
    fn channels_of(&self, state: &State, ground: Option<&Array1<Complex64>>) -> Vec<f32> {
        let (nlat, nlon) = (self.grid.grid().nlat(), self.grid.grid().nlon());
        let points = nlat * nlon;
        let mut all = vec![f32::NAN; self.channels * points];
        let (from, to) = (self.transform.truncation(), self.grid.truncation());
        let mut cut = state.truncated(from, to);
        if let Some(ground) = ground {
            cut.geopotential += &truncated(ground, from, to);
        }
        let [geopotential, u, v, vorticity, divergence] = self.places;
        let mut put = |channel: Option<usize>, field: &Array3<f64>| {
            if let Some(channel) = channel {
                let out = &mut all[channel * points..(channel + 1) * points];
                out.iter_mut()
                    .zip(field)
                    .for_each(|(to, from)| *to = *from as f32);
            }
        };
        let row = |spectrum: &Array1<Complex64>| spectrum.clone().insert_axis(Axis(0));
        let mut field = Array3::zeros((1, nlat, nlon));
        for (channel, spectrum) in [
            (geopotential, &cut.geopotential),
            (vorticity, &cut.vorticity),
            (divergence, &cut.divergence),
        ] {
            // a barotropic model has no divergence to forecast
            let absent = channel == divergence && self.kind == Kind::Barotropic;
            if channel.is_some() && !absent {
                self.grid.synthesis(row(spectrum).view(), field.view_mut());
                put(channel, &field);
            }
        }
        if u.is_some() || v.is_some() {
            let mut other = Array3::zeros((1, nlat, nlon));
            self.grid.wind(
                ShallowWater::default().radius,
                row(&cut.vorticity).view(),
                row(&cut.divergence).view(),
                field.view_mut(),
                other.view_mut(),
            );
            put(u, &field);
            put(v, &other);
        }
        all
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::ShallowWater => "shallow-water model",
            Self::Barotropic => "barotropic model",
        }
    }
}

/// The channel of a quantity on a level, or on its only one.
fn find(
    quantity: &Quantity,
    level: Option<Pascals>,
    channels: &[Channel],
) -> Result<Option<usize>> {
    let names = |channel: &Channel| match &channel.standard_name {
        Some(name) => quantity.standard_names.contains(&name.as_str()),
        None => quantity.short_names.contains(&channel.variable.as_str()),
    };
    let fits: Vec<usize> = (0..channels.len())
        .filter(|k| names(&channels[*k]) && channels[*k].units == quantity.units)
        .filter(|k| match (level, channels[*k].level_hpa) {
            (Some(level), Some(hpa)) => (level.si() / 100.0 - hpa).abs() < 1e-3,
            _ => true,
        })
        .collect();
    match fits.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        many => Err(Error::unusable(format!(
            "`partners`: expected `level`, since the analyses have {}",
            many.iter()
                .map(|k| channels[*k].label())
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}
