//! The state that a scenario forecasts from: a standard case, or a real analysis.

use super::carried;
use super::settings::{
    DiffusionSettings, ForcingSettings, Initial, IntegratorName, MountainSettings, Settings,
    SolverSettings,
};
use crate::error::{Error, Result};
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::field::{Axis as Dimension, LatLonField};
use curlwind_datasets::interpolate::{Interpolator, Method};
use curlwind_datasets::netcdf::quantity::{
    EASTWARD_WIND, GEOPOTENTIAL, LAYER_THICKNESS, NORTHWARD_WIND, OROGRAPHY, Quantity,
};
use curlwind_datasets::netcdf::{Reader, Selection};
use curlwind_solvers::shallow_water::balance::balanced_state;
use curlwind_solvers::shallow_water::cases::{self, Case, RandomFlow};
use curlwind_solvers::shallow_water::mountains;
use curlwind_solvers::shallow_water::state::truncated;
use curlwind_solvers::shallow_water::{
    Forcing, Integrator, Mountain, RawFilter, ShallowWater, Solver, State, ZonalJets,
};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use curlwind_solvers::time_stepping::Diffusion;
use ndarray::{Array1, Array2, Axis};
use num_complex::Complex64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// When cases without a date begin.
const EPOCH: DateTime = DateTime {
    year: 2000,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    microsecond: 0,
};

/// A case set up for a solver.
pub struct Prepared {
    /// Equation, initial state, orography.
    pub case: Case,
    /// Grid and truncation.
    pub transform: Arc<SphericalTransform>,
    /// The initial time.
    pub time: DateTime,
    /// Its calendar.
    pub calendar: Calendar,
    /// Files that were read.
    pub inputs: Vec<PathBuf>,
}

impl Prepared {
    /// A state on flat ground whose wind is free to evolve.
    pub fn flat(
        initial: State,
        transform: Arc<SphericalTransform>,
        equation: ShallowWater,
    ) -> Self {
        let case = Case {
            name: "flow",
            equation,
            initial,
            orography: None,
            diffusion: None,
            frozen_wind: false,
            exact: None,
        };
        Self {
            case,
            transform,
            time: EPOCH,
            calendar: Calendar::Standard,
            inputs: Vec::new(),
        }
    }

    /// The truncation of the state.
    pub fn truncation(&self) -> usize {
        self.transform.truncation()
    }

    /// The same case at another truncation: the initial state and the orography are cut, or
    /// padded with zeros.
    ///
    /// # Errors
    /// A truncation without a grid.
    pub fn at_truncation(&self, truncation: usize) -> Result<Self> {
        let transform = transform(truncation)?;
        let from = self.truncation();
        let mut case = self.case.clone();
        case.initial = case.initial.truncated(from, truncation);
        case.orography = case.orography.map(|o| truncated(&o, from, truncation));
        Ok(Self {
            case,
            transform,
            time: self.time,
            calendar: self.calendar,
            inputs: Vec::new(),
        })
    }

    /// The solver that the settings ask for, at this truncation.
    ///
    /// # Errors
    /// Unusable settings.
    pub fn solver(&self, settings: &SolverSettings, time_step: f64) -> Result<Solver> {
        let integrator = match settings.integrator {
            IntegratorName::Rk4 => Integrator::Rk4,
            IntegratorName::SemiImplicit => Integrator::SemiImplicit(RawFilter::default()),
        };
        let mut builder = self
            .case
            .solver(&self.transform)
            .integrator(integrator)
            .time_step(time_step);
        if let Some(diffusion) = &settings.diffusion {
            builder = builder.diffusion(Some(make_diffusion(diffusion)?));
        }
        if let Some(forcing) = &settings.forcing {
            builder = builder.forcing(Some(self.forcing(forcing)?));
        }
        builder.build().map_err(Error::unusable)
    }

    /// The forcing at this truncation; its jets are balanced on the mean depth of this case.
    fn forcing(&self, settings: &ForcingSettings) -> Result<Forcing> {
        let mean = self.case.initial.geopotential[0].re;
        let equilibrium = jets(settings)
            .balanced(&self.transform, self.case.equation, mean)
            .map_err(Error::unusable)?;
        let drag = settings.drag_time.map(|time| time.si());
        Forcing::new(equilibrium, settings.relaxation_time.si(), drag).map_err(Error::unusable)
    }

    /// The same flow under the same free surface, over mountains.
    ///
    /// # Errors
    /// Mountains that reach through the surface, or a case that has orography already.
    pub fn over(mut self, mountains: &[MountainSettings]) -> Result<Self> {
        if mountains.is_empty() {
            return Ok(self);
        }
        if self.case.orography.is_some() || self.case.frozen_wind {
            return Err(Error::unusable(format!(
                "`mountains` cannot be added to `{}`, which has orography or a fixed wind of its own",
                self.case.name
            )));
        }
        let mountains: Vec<Mountain> = mountains
            .iter()
            .map(|m| Mountain {
                height: m.height.si(),
                latitude: m.latitude.si(),
                longitude: m.longitude.si(),
                width: m.width.si(),
            })
            .collect();
        let gravity = self.case.equation.gravity;
        let ground =
            mountains::orography(&self.transform, gravity, &mountains).map_err(Error::unusable)?;
        self.case.initial.geopotential -= &ground;
        let fields = self
            .case
            .initial
            .to_grid(&self.transform, &self.case.equation)
            .map_err(Error::failed)?;
        if fields.thickness.iter().any(|&h| h <= 0.0) {
            return Err(Error::unusable(
                "`mountains` reach through the free surface of the initial state",
            ));
        }
        self.case.orography = Some(ground);
        self.case.exact = None;
        Ok(self)
    }
}

/// The jets that the forcing relaxes to.
pub fn jets(settings: &ForcingSettings) -> ZonalJets {
    ZonalJets {
        speed: settings.jet_speed.si(),
        latitude: settings.jet_latitude.si(),
        width: settings.jet_width.si(),
    }
}

/// The diffusion that settings ask for.
///
/// # Errors
/// Values out of range.
pub fn make_diffusion(settings: &DiffusionSettings) -> Result<Diffusion> {
    match settings {
        DiffusionSettings::Viscosity { coefficient } => {
            Diffusion::with_coefficient(2, coefficient.si())
        }
        DiffusionSettings::Hyper { order, e_folding } => {
            Diffusion::with_time(*order, e_folding.si())
        }
    }
    .map_err(Error::unusable)
}

/// The transform that a solver of this truncation uses.
///
/// # Errors
/// A truncation without a grid.
pub fn transform(truncation: usize) -> Result<Arc<SphericalTransform>> {
    let grid = SphereGrid::for_truncation(truncation).map_err(Error::unusable)?;
    Ok(Arc::new(
        SphericalTransform::new(grid, truncation).map_err(Error::unusable)?,
    ))
}

/// Sets the scenario's initial state up; `folder` receives carried files.
///
/// # Errors
/// A file that cannot be used, or parameters out of range.
pub fn prepare(settings: &Settings, folder: &Path) -> Result<Prepared> {
    let transform = transform(settings.solver.truncation)?;
    let case = match &settings.initial {
        Initial::Williamson1 { angle } => cases::williamson_1(&transform, angle.si()),
        Initial::Williamson2 { angle } => cases::williamson_2(&transform, angle.si()),
        Initial::Williamson5 {} => cases::williamson_5(&transform),
        Initial::Williamson6 {} => cases::williamson_6(&transform),
        Initial::Galewsky { perturbed: true } => cases::galewsky(&transform),
        Initial::Galewsky { perturbed: false } => cases::galewsky_unperturbed(&transform),
        Initial::Random {
            wind,
            depth,
            peak_degree,
        } => {
            let flow = RandomFlow {
                // Apart from the seeds of training flows.
                seed: u64::MAX - settings.seed,
                rms_wind: wind.si(),
                mean_depth: depth.si(),
                peak_wavenumber: *peak_degree,
                ..RandomFlow::default()
            };
            flow.generate(&transform, ShallowWater::default())
        }
        Initial::Analysis {
            file,
            level,
            time,
            balanced,
        } => {
            let file = match file {
                Some(file) => file.clone(),
                None => carried::ANALYSIS.write_into(folder)?,
            };
            let request = AnalysisRequest {
                file: &file,
                level_pa: Some(level.si()),
                time: time.as_deref(),
                balanced: *balanced,
            };
            return from_analysis(&request, transform)?.over(&settings.mountains);
        }
    };
    Prepared {
        case: case.map_err(Error::unusable)?,
        transform,
        time: EPOCH,
        calendar: Calendar::Standard,
        inputs: Vec::new(),
    }
    .over(&settings.mountains)
}

/// What to read from a file with a state.
pub struct AnalysisRequest<'a> {
    /// NetCDF with u, v and z (or h), and the orography if there is one.
    pub file: &'a Path,
    /// Pressure level in Pa, where the file has several.
    pub level_pa: Option<f64>,
    /// ISO 8601 time; the last without one.
    pub time: Option<&'a str>,
    /// Whether the geopotential is replaced by the one in nonlinear balance.
    pub balanced: bool,
}

/// A state from a file, at the truncation of `transform`.
///
/// # Errors
/// A missing or damaged variable, a wrong unit, values that are not finite.
pub fn from_analysis(
    request: &AnalysisRequest,
    transform: Arc<SphericalTransform>,
) -> Result<Prepared> {
    let equation = ShallowWater::default();
    let reader = Reader::open(request.file).map_err(Error::unusable)?;
    // What a variable has no dimension for is not asked of it.
    let read = |quantity: &Quantity| {
        let axes: Vec<Dimension> = reader
            .coordinates(quantity)
            .map_err(Error::unusable)?
            .iter()
            .map(|coordinate| coordinate.axis)
            .collect();
        let mut selection = match request.time {
            Some(time) => Selection::new().time(time),
            None if axes.contains(&Dimension::Time) => Selection::new().latest(),
            None => Selection::new(),
        };
        if let Some(level) = request
            .level_pa
            .filter(|_| axes.contains(&Dimension::Level))
        {
            selection = selection.level_pa(level);
        }
        if axes.contains(&Dimension::Lead) {
            selection = selection.lead_index(0);
        }
        reader
            .read_lat_lon(quantity, &selection)
            .map_err(Error::unusable)
    };
    let (u, v) = (read(&EASTWARD_WIND)?, read(&NORTHWARD_WIND)?);
    let thickness_given = !reader.has(&GEOPOTENTIAL) && reader.has(&LAYER_THICKNESS);
    let mut height = if thickness_given {
        read(&LAYER_THICKNESS)?
    } else {
        read(&GEOPOTENTIAL)?
    };
    if thickness_given {
        height.values *= equation.gravity;
    }
    for field in [&v, &height] {
        if field.grid != u.grid {
            return Err(Error::unusable(format!(
                "{}: `{}` and `{}` are on different grids",
                request.file.display(),
                u.name,
                field.name
            )));
        }
    }
    let to = transform.truncation();
    let plan = FilePlan::new(&u.grid)?;
    let (vorticity, divergence) = plan.curls(&u, &v, equation.radius, to)?;
    let surface = plan.spectrum(&height.values, to)?;
    let orography = match reader.has(&OROGRAPHY) {
        true => {
            let ground = read(&OROGRAPHY)?.values * equation.gravity;
            Some(plan.spectrum(&ground, to)?)
        }
        false => None,
    };
    let geopotential = match (&orography, thickness_given) {
        (Some(orography), false) => &surface - orography,
        _ => surface,
    };
    let initial = if request.balanced {
        let mean = geopotential[0].re;
        balanced_state(&transform, equation, &vorticity, orography.as_ref(), mean)
            .map_err(Error::unusable)?
    } else {
        State {
            vorticity,
            divergence,
            geopotential,
        }
    };
    let mut prepared = Prepared::flat(initial, transform, equation);
    prepared.case.name = "analysis";
    prepared.case.orography = orography;
    (prepared.time, prepared.calendar) = height.time.unwrap_or((EPOCH, Calendar::Standard));
    prepared.inputs.push(request.file.to_path_buf());
    Ok(prepared)
}

/// Spherical-harmonic analysis on the grid of a file; fields on a grid without quadrature are
/// interpolated to a Gaussian grid of as many latitudes first.
struct FilePlan {
    transform: SphericalTransform,
    interpolator: Option<Interpolator>,
}

impl FilePlan {
    fn new(grid: &LatLon) -> Result<Self> {
        let (nlat, nlon) = (grid.nlat(), grid.nlon());
        if !grid.is_periodic() {
            return Err(Error::unusable(format!(
                "the grid of {nlat} x {nlon} points does not go round the globe; expected a global grid"
            )));
        }
        let (sphere, interpolator) = match crate::weather::grid::sphere(grid)? {
            Some(sphere) => (sphere, None),
            None => {
                let sphere = SphereGrid::gaussian(nlat, 2 * nlat).map_err(Error::unusable)?;
                let target = lat_lon(&sphere)?;
                let interpolator = Interpolator::new(grid, &target, Method::Bicubic);
                (sphere, Some(interpolator.map_err(Error::unusable)?))
            }
        };
        let truncation = sphere.max_truncation();
        let transform = SphericalTransform::new(sphere, truncation).map_err(Error::unusable)?;
        Ok(Self {
            transform,
            interpolator,
        })
    }

    fn spectrum(&self, values: &Array2<f64>, to: usize) -> Result<Array1<Complex64>> {
        let field = match &self.interpolator {
            Some(interpolator) => interpolator
                .scalar(values.view())
                .map_err(Error::unusable)?,
            None => values.clone(),
        };
        let mut spectrum = Array2::zeros((1, self.transform.spectrum_len()));
        self.transform
            .analysis(field.view().insert_axis(Axis(0)), spectrum.view_mut());
        Ok(truncated(
            &spectrum.row(0).to_owned(),
            self.transform.truncation(),
            to,
        ))
    }

    fn curls(
        &self,
        u: &LatLonField,
        v: &LatLonField,
        radius: f64,
        to: usize,
    ) -> Result<(Array1<Complex64>, Array1<Complex64>)> {
        let (u, v) = match &self.interpolator {
            Some(interpolator) => interpolator
                .vector(u.values.view(), v.values.view())
                .map_err(Error::unusable)?,
            None => (u.values.clone(), v.values.clone()),
        };
        let length = self.transform.spectrum_len();
        let (mut zeta, mut delta) = (Array2::zeros((1, length)), Array2::zeros((1, length)));
        self.transform.vorticity_divergence(
            radius,
            u.view().insert_axis(Axis(0)),
            v.view().insert_axis(Axis(0)),
            zeta.view_mut(),
            delta.view_mut(),
        );
        let from = self.transform.truncation();
        Ok((
            truncated(&zeta.row(0).to_owned(), from, to),
            truncated(&delta.row(0).to_owned(), from, to),
        ))
    }
}

/// The coordinates of a grid in degrees, as files have them.
///
/// # Errors
/// None for a grid of the solvers.
pub fn lat_lon(grid: &SphereGrid) -> Result<LatLon> {
    let degrees = |radians: &[f64]| radians.iter().map(|x| x.to_degrees()).collect();
    LatLon::new(degrees(grid.latitudes()), degrees(grid.longitudes())).map_err(Error::failed)
}
