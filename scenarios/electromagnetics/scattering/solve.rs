//! One scene through the solver, on the points that are kept.

use super::bodies::SceneEntry;
use super::settings::SolverSettings;
use crate::error::{Error, Result};
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use curlwind_solvers::maxwell::geometry::Solid;
use curlwind_solvers::maxwell::scattering::ScatteringSquare;
use ndarray::Array2;
use num_complex::Complex64;
use std::f64::consts::TAU;
use std::time::Instant;

/// A scene on the points, all `[y, x]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// Mean relative permittivity of each point's cell.
    pub permittivity: Array2<f64>,
    /// The wave without bodies, 1 at the middle of the square.
    pub incident: Array2<Complex64>,
    /// What the bodies add to it.
    pub scattered: Array2<Complex64>,
    /// Wall time of the solver in s.
    pub seconds: f64,
}

/// The solver's square with so many cells.
pub fn square(solver: &SolverSettings, cells: usize) -> ScatteringSquare {
    ScatteringSquare {
        side: solver.side.si(),
        cells,
        frequency: solver.frequency.si(),
        polarization: solver.polarization.polarization(),
        energy_fraction: 10f64.powf(-solver.energy_decay_db / 10.0),
        every_step: false,
    }
}

/// Coordinates in m of the points along x, and along y: the middles of equal cells.
pub fn points(side: f64, count: usize) -> Vec<f64> {
    let step = side / count as f64;
    let at = |i: usize| (i as f64 + 0.5) * step - side / 2.0;
    (0..count).map(at).collect()
}

/// Radians per metre in empty space.
pub fn wave_number(frequency: f64) -> f64 {
    TAU * frequency / SPEED_OF_LIGHT
}

/// The wave without bodies, exp(-j k d.r), `[y, x]`.
pub fn incident(points: &[f64], frequency: f64, angle: f64) -> Array2<Complex64> {
    let (sin, cos) = angle.sin_cos();
    let k = wave_number(frequency);
    let n = points.len();
    Array2::from_shape_fn([n, n], |(j, i)| {
        Complex64::cis(-k * (points[i] * cos + points[j] * sin))
    })
}

/// Solves a scene on a mesh of `cells` cells along a side, on a device (`cpu`, `cuda:0`, `wgpu`).
///
/// # Errors
/// Bodies that the solver refuses, a field that has not decayed, a device that failed.
pub fn solve(
    solver: &SolverSettings,
    cells: usize,
    scene: &SceneEntry,
    device: &str,
) -> Result<Fields> {
    let (permittivity, incident) = medium(solver, cells, scene)?;
    let start = Instant::now();
    let scattered = scattered(solver, cells, scene, device)?;
    Ok(Fields {
        permittivity,
        incident,
        scattered,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// What shines on what: relative permittivity and incident field of a scene on the points, `[y, x]`.
///
/// # Errors
/// Bodies that a mesh of `cells` cells along a side cannot have.
pub fn medium(
    solver: &SolverSettings,
    cells: usize,
    scene: &SceneEntry,
) -> Result<(Array2<f64>, Array2<Complex64>)> {
    let square = square(solver, cells);
    let points = points(solver.side.si(), solver.points);
    let permittivity = square
        .permittivity(&solids(&square, scene)?, &points)
        .map_err(Error::unusable)?;
    let wave = incident(&points, solver.frequency.si(), scene.angle.si());
    Ok((permittivity, wave))
}

/// The scattered field of a scene on the points, `[y, x]`: all that the solver does, and nothing else.
///
/// # Errors
/// As [`solve`].
pub fn scattered(
    solver: &SolverSettings,
    cells: usize,
    scene: &SceneEntry,
    device: &str,
) -> Result<Array2<Complex64>> {
    let square = square(solver, cells);
    let solids = solids(&square, scene)?;
    // eight significant digits and half the memory traffic: f32 suits a field to 1e-3
    let field = square
        .solve((device, false), &solids, scene.angle.si())
        .map_err(Error::failed)?;
    Ok(field.scattered_at(&points(solver.side.si(), solver.points)))
}

fn solids(square: &ScatteringSquare, scene: &SceneEntry) -> Result<Vec<Solid>> {
    scene
        .solids(square.depth())
        .map_err(|(path, reason)| Error::unusable(format!("`{path}`: {reason}")))
}

/// Relative L2 error of a complex field.
pub fn relative_l2(field: &Array2<Complex64>, truth: &Array2<Complex64>) -> f64 {
    let square = |u: &Array2<Complex64>| u.iter().map(|u| u.norm_sqr()).sum::<f64>();
    (square(&(field - truth)) / square(truth)).sqrt()
}
