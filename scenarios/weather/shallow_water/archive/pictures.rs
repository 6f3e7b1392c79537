//! The figures of a long run: energy over the years, the jets, the last state.

use super::diagnostics::Diagnostics;
use crate::error::{Error, Result};
use crate::figures::{Axis, Curves, Figure, Labels, Series, curves_grid};
use crate::weather::shallow_water::gridded::Gridded;
use crate::weather::shallow_water::pictures::Album;
use curlwind_solvers::shallow_water::{State, ZonalJets};
use curlwind_solvers::sphere::SphericalTransform;
use std::path::Path;

/// What the figures show.
pub struct Shown<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// Numbers by day.
    pub diagnostics: &'a Diagnostics,
    /// The solver's transform.
    pub transform: &'a SphericalTransform,
    /// Radius of the sphere in m.
    pub radius: f64,
    /// The jets that the flow is relaxed to, if it is.
    pub jets: Option<ZonalJets>,
    /// The state at the end, and the days since the start.
    pub last: (&'a State, f64),
}

/// Draws them into `folder`.
///
/// # Errors
/// A folder that cannot be written.
pub fn draw(folder: &Path, shown: &Shown, gridded: &Gridded) -> Result<Vec<(Figure, String)>> {
    let mut album = Album::new(folder);
    let (state, day) = shown.last;
    let from = shown.transform.truncation();
    let title = format!("{}, day {day}", shown.title);
    album.map(
        "final",
        &title,
        gridded.grid(),
        &gridded.weather(state, from),
    )?;
    album.vorticity(
        "vorticity",
        &title,
        gridded.grid(),
        &gridded.field(&state.vorticity, from),
    )?;
    let name = format!("solver@T{from}");
    album.spectra(24.0 * day, shown.radius, &[(&name, state, from)])?;
    let (figure, caption) = climate(shown);
    figure
        .save(&folder.join("climate"))
        .map_err(Error::failed)?;
    album.figures.push((figure, caption));
    Ok(album.figures)
}

fn climate(shown: &Shown) -> (Figure, String) {
    let d = shown.diagnostics;
    let years: Vec<f64> = d.days.iter().map(|day| day / 365.25).collect();
    let energy = Curves::new(
        Axis::linear("years"),
        Axis::linear("kinetic energy (m²/s²)"),
    )
    .title("kinetic energy per mass")
    .labels(Labels::Legend)
    .series(Series::new("zonal mean", &years, &d.zonal_energy))
    .series(Series::new("eddies", &years, &d.eddy_energy));
    let (latitudes, wind) = d.mean_wind(shown.transform);
    let mut jets = Curves::new(
        Axis::linear("latitude (degrees north)"),
        Axis::linear("eastward wind (m/s)"),
    )
    .title("zonal and time mean of the wind")
    .labels(Labels::Legend)
    .series(Series::new("mean", &latitudes, &wind));
    if let Some(target) = shown.jets {
        let target: Vec<f64> = latitudes
            .iter()
            .map(|degrees| target.wind(degrees.to_radians()))
            .collect();
        jets = jets.series(Series::new("relaxed to", &latitudes, &target).dashed());
    }
    let caption = "Kinetic energy of the zonal mean and of the eddies by day, and the mean eastward \
                   wind beside what it is relaxed to.";
    (
        curves_grid(&[energy, jets], 2, 1000.0, 340.0),
        caption.into(),
    )
}
