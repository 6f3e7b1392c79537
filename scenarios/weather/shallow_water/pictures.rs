//! The figures of a run: maps, errors against lead time, spectra, drift of the invariants.

use super::evaluation::{Forecast, Truth};
use super::gridded::{Gridded, Weather};
use super::simulation::Simulation;
use super::spectra;
use crate::error::{Error, Result};
use crate::figures::{
    Axis, Curves, Field, Figure, FigureError, Labels, Map, PanelRow, Panels, Series, Wind,
    curves_grid,
};
use crate::run_folder::Scores;
use curlwind_datasets::netcdf::quantity::STANDARD_GRAVITY;
use curlwind_solvers::shallow_water::State;
use curlwind_solvers::sphere::SphereGrid;
use ndarray::Array2;
use std::path::Path;

/// A model, its leads in hours, and its mass, energy and potential enstrophy at them.
pub type InvariantSeries<'a> = (&'a str, &'a [f64], Vec<[f64; 3]>);

/// Writes figures into one folder and keeps them for the report.
pub struct Album<'a> {
    folder: &'a Path,
    /// What was written so far, with captions.
    pub figures: Vec<(Figure, String)>,
}

fn failed(error: FigureError) -> Error {
    Error::failed(error)
}

fn field(grid: &SphereGrid, values: &Array2<f64>) -> Result<Field> {
    let degrees = |radians: &[f64]| radians.iter().map(|x| x.to_degrees()).collect::<Vec<_>>();
    Field::new(
        &degrees(grid.latitudes()),
        &degrees(grid.longitudes()),
        values.view(),
    )
    .map_err(failed)
}

fn height(weather: &Weather) -> Array2<f64> {
    &weather.geopotential / STANDARD_GRAVITY
}

impl<'a> Album<'a> {
    /// An album in `folder`, which exists.
    pub fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            figures: Vec::new(),
        }
    }

    fn keep(&mut self, name: &str, caption: &str, figure: Figure) -> Result<()> {
        figure.save(&self.folder.join(name)).map_err(failed)?;
        self.figures.push((figure, caption.into()));
        Ok(())
    }

    /// Height and wind on a map.
    pub fn map(
        &mut self,
        name: &str,
        title: &str,
        grid: &SphereGrid,
        weather: &Weather,
    ) -> Result<()> {
        let wind = Wind {
            eastward: field(grid, &weather.eastward_wind)?,
            northward: field(grid, &weather.northward_wind)?,
            unit: "m/s".into(),
        };
        let map = Map::new(
            field(grid, &height(weather))?,
            "height of the free surface",
            "m",
        )
        .title(title)
        .wind(wind);
        self.keep(name, title, map.figure(900.0))
    }

    /// Relative vorticity, in s-1, on a map.
    pub fn vorticity(
        &mut self,
        name: &str,
        title: &str,
        grid: &SphereGrid,
        vorticity: &Array2<f64>,
    ) -> Result<()> {
        let map = Map::new(
            field(grid, &(vorticity * 1e5))?,
            "relative vorticity",
            "10⁻⁵ s⁻¹",
        )
        .title(title);
        self.keep(
            name,
            &format!("{title}: relative vorticity."),
            map.figure(900.0),
        )
    }

    /// Truth, surrogate and difference at chosen leads.
    pub fn panels(
        &mut self,
        title: &str,
        names: (&str, &str),
        grid: &SphereGrid,
        truth: &Truth,
        forecast: &Forecast,
        leads: &[f64],
    ) -> Result<()> {
        let mut panels = Panels::new("height of the free surface", "m")
            .title(title)
            .names(names.0, names.1);
        for (k, lead) in truth
            .leads
            .iter()
            .enumerate()
            .filter(|(_, lead)| leads.contains(lead))
        {
            panels = panels.row(PanelRow {
                label: format!("day {}", lead / 24.0),
                truth: field(grid, &height(&truth.fields[k]))?,
                prediction: field(grid, &height(&forecast.fields[k]))?,
            });
        }
        let figure = panels.figure(1200.0).map_err(failed)?;
        let caption = format!("{title}: {}, {} and their difference.", names.0, names.1);
        self.keep("forecast", &caption, figure)
    }

    /// RMSE and ACC of height and wind against lead time.
    pub fn errors(&mut self, scores: &Scores, case: &str) -> Result<()> {
        let models = scores.models();
        let plot = |variable: &str, metric: &str, title: &str, scale: f64| {
            let unit = match (metric, variable) {
                ("acc", _) => "anomaly correlation".to_string(),
                (_, "z") => "RMSE (m)".to_string(),
                _ => "RMSE (m/s)".to_string(),
            };
            let axis = Axis::linear(&unit);
            let mut curves = Curves::new(Axis::hours("lead time"), axis)
                .title(title)
                .labels(Labels::Legend);
            for model in &models {
                let series = scores.series(case, model, variable, metric);
                if !series.is_empty() {
                    let (x, y): (Vec<f64>, Vec<f64>) =
                        series.iter().map(|(x, y)| (*x, y * scale)).unzip();
                    curves = curves.series(Series::new(model, &x, &y));
                }
            }
            if metric == "acc" {
                curves.level(0.6, "useful: 0.6")
            } else {
                curves
            }
        };
        let grid = [
            plot("z", "rmse", "height", 1.0 / STANDARD_GRAVITY),
            plot("u", "rmse", "eastward wind", 1.0),
            plot("z", "acc", "height", 1.0),
            plot("u", "acc", "eastward wind", 1.0),
        ];
        let figure = curves_grid(&grid, 2, 1000.0, 340.0);
        let caption =
            format!("{case}: error and anomaly correlation against the reference solver.");
        self.keep("errors", &caption, figure)
    }

    /// Kinetic energy per degree at the last lead.
    pub fn spectra(
        &mut self,
        lead: f64,
        radius: f64,
        states: &[(&str, &State, usize)],
    ) -> Result<()> {
        let mut curves = Curves::new(
            Axis::log("degree n"),
            Axis::log("kinetic energy per degree (m²/s²)"),
        )
        .title(&format!("kinetic energy after {} days", lead / 24.0))
        .slope(-3.0, "n⁻³")
        .labels(Labels::Legend);
        for (name, state, truncation) in states {
            let (zeta, delta) = (
                spectra::power(state.vorticity.view(), *truncation),
                spectra::power(state.divergence.view(), *truncation),
            );
            let (degrees, energy): (Vec<f64>, Vec<f64>) = (1..=*truncation)
                .map(|n| {
                    let inverse = radius * radius / (n * (n + 1)) as f64;
                    (n as f64, 0.5 * inverse * (zeta[n] + delta[n]))
                })
                .filter(|(_, energy)| *energy > 0.0)
                .unzip();
            curves = curves.series(Series::new(name, &degrees, &energy));
        }
        let caption = "Kinetic energy per spherical-harmonic degree at the last lead: a surrogate that \
                       smooths lies below the solver at high degrees.";
        self.keep("spectra", caption, curves.figure(620.0, 420.0))
    }

    /// Drift of mass, energy and potential enstrophy, relative to the start.
    pub fn invariants(&mut self, runs: &[InvariantSeries]) -> Result<()> {
        let plot = |k: usize, title: &str| {
            let mut curves = Curves::new(Axis::hours("lead time"), Axis::log("relative drift"))
                .title(title)
                .labels(Labels::Legend);
            for (name, leads, values) in runs {
                let (x, y): (Vec<f64>, Vec<f64>) = leads
                    .iter()
                    .zip(values)
                    .map(|(lead, value)| (*lead, (value[k] / values[0][k] - 1.0).abs().max(1e-17)))
                    .skip(1)
                    .unzip();
                curves = curves.series(Series::new(name, &x, &y));
            }
            curves
        };
        let grid = [
            plot(0, "mass"),
            plot(1, "energy"),
            plot(2, "potential enstrophy"),
        ];
        let caption = "Relative drift of what the equations conserve (1e-17 stands for none).";
        self.keep("invariants", caption, curves_grid(&grid, 3, 1200.0, 320.0))
    }
}

/// The invariants of a simulation as the figure takes them.
pub fn invariants_of(simulation: &Simulation) -> Vec<[f64; 3]> {
    simulation
        .invariants
        .iter()
        .map(|i| [i.mass, i.energy, i.potential_enstrophy])
        .collect()
}

/// Maps, spectra and invariants of a run of the solver alone.
pub fn simulation_pictures(
    folder: &Path,
    title: &str,
    simulation: &Simulation,
    gridded: &Gridded,
    radius: f64,
) -> Result<Vec<(Figure, String)>> {
    let mut album = Album::new(folder);
    let last = simulation.states.len() - 1;
    for (name, k) in [("initial", 0), ("final", last)] {
        let weather = gridded.weather(&simulation.states[k], simulation.truncation);
        let title = format!("{title}, day {}", simulation.leads[k] / 24.0);
        album.map(name, &title, gridded.grid(), &weather)?;
    }
    let solver = format!("solver@T{}", simulation.truncation);
    let states = [(
        solver.as_str(),
        &simulation.states[last],
        simulation.truncation,
    )];
    album.spectra(simulation.leads[last], radius, &states)?;
    album.invariants(&[(&solver, &simulation.leads, invariants_of(simulation))])?;
    Ok(album.figures)
}
