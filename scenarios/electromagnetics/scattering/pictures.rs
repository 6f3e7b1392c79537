//! The figures: bodies and fields side by side, errors scene by scene, error against run time.

use super::evaluation::{Evaluation, mean, operator_name};
use super::settings::SolverSettings;
use super::solve::{Fields, points};
use crate::error::{Error, Result};
use crate::figures::{Axis, ColourMap, Curves, Figure, Labels, Plane, Planes, Series};
use ndarray::Array2;
use num_complex::Complex64;
use std::path::Path;

/// A scene in a comparison.
pub struct Shown<'a> {
    /// What tells it from the others.
    pub label: String,
    /// Its bodies.
    pub permittivity: &'a Array2<f64>,
    /// The scattered field as it should be.
    pub truth: &'a Array2<Complex64>,
    /// And as it was predicted.
    pub prediction: &'a Array2<Complex64>,
}

/// Writes figures into one folder and keeps them for the report.
pub struct Album<'a> {
    folder: &'a Path,
    millimetres: Vec<f64>,
    component: &'static str,
    /// What was written so far, with captions.
    pub figures: Vec<(Figure, String)>,
}

impl<'a> Album<'a> {
    /// An album in `folder`, which exists.
    pub fn new(folder: &'a Path, solver: &SolverSettings) -> Self {
        let points = points(solver.side.si(), solver.points);
        Self {
            folder,
            millimetres: points.iter().map(|x| 1e3 * x).collect(),
            component: solver.polarization.component(),
            figures: Vec::new(),
        }
    }

    fn keep(&mut self, name: &str, caption: &str, figure: Figure) -> Result<()> {
        figure
            .save(&self.folder.join(name))
            .map_err(Error::failed)?;
        self.figures.push((figure, caption.into()));
        Ok(())
    }

    fn plane(&self, values: &Array2<f64>) -> Result<Plane> {
        Plane::new(&self.millimetres, &self.millimetres, values.view()).map_err(Error::failed)
    }

    fn planes(&self, title: &str) -> Planes {
        Planes::new("x (mm)", "y (mm)")
            .title(title)
            .scale("relative permittivity", ColourMap::Viridis)
            .column("bodies")
    }

    /// Bodies, real part and magnitude of the scattered and of the total field.
    pub fn fields(&mut self, name: &str, title: &str, fields: &Fields) -> Result<()> {
        let total = &fields.scattered + &fields.incident;
        let component = self.component;
        let figure = self
            .planes(title)
            .scale(
                &format!("Re {component} / incident"),
                ColourMap::BlueWhiteRed,
            )
            .column("scattered")
            .column("total")
            .scale(&format!("|{component}| / incident"), ColourMap::Plasma)
            .column("total, magnitude")
            .row(
                "",
                vec![
                    self.plane(&fields.permittivity)?,
                    self.plane(&fields.scattered.map(|u| u.re))?,
                    self.plane(&total.map(|u| u.re))?,
                    self.plane(&total.map(|u| u.norm()))?,
                ],
            )
            .figure(1100.0);
        let caption = format!("{title}: the bodies, and {component} over the incident amplitude.");
        self.keep(name, &caption, figure)
    }

    /// Truth, prediction and their difference, a row for each scene.
    pub fn comparison(
        &mut self,
        name: &str,
        title: &str,
        (truth, prediction): (&str, &str),
        scenes: &[Shown],
    ) -> Result<()> {
        let component = self.component;
        let mut planes = self
            .planes(title)
            .scale(
                &format!("Re scattered {component} / incident"),
                ColourMap::BlueWhiteRed,
            )
            .column(truth)
            .column(prediction)
            .scale("difference", ColourMap::BlueWhiteRed)
            .column("difference");
        for scene in scenes {
            let difference = scene.prediction - scene.truth;
            planes = planes.row(
                &scene.label,
                vec![
                    self.plane(scene.permittivity)?,
                    self.plane(&scene.truth.map(|u| u.re))?,
                    self.plane(&scene.prediction.map(|u| u.re))?,
                    self.plane(&difference.map(|u| u.re))?,
                ],
            );
        }
        let caption = format!("{title}: the bodies, {truth}, {prediction} and their difference.");
        self.keep(name, &caption, planes.figure(1100.0))
    }

    /// Errors of every model over the scenes of each case, each in ascending order.
    pub fn errors(&mut self, evaluation: &Evaluation) -> Result<()> {
        let plots: Vec<Curves> = evaluation
            .cases
            .iter()
            .map(|case| {
                let mut curves = Curves::new(
                    Axis::linear("share of scenes (%)"),
                    Axis::log("relative L2 error"),
                )
                .title(&case.name)
                .labels(Labels::Legend);
                for (model, _) in &case.answers {
                    let mut errors = case.errors(model);
                    errors.sort_by(f64::total_cmp);
                    let count = errors.len() as f64;
                    let share: Vec<f64> = (0..errors.len())
                        .map(|n| 100.0 * (n as f64 + 0.5) / count)
                        .collect();
                    curves = curves.series(Series::new(model, &share, &errors));
                }
                curves
            })
            .collect();
        let columns = plots.len().max(1);
        let figure = crate::figures::curves_grid(&plots, columns, 1200.0, 380.0);
        let caption = "Errors of the scattered field: the share of scenes with an error below.";
        self.keep("errors", caption, figure)
    }

    /// Error against run time: the solver a curve, the operator a point.
    pub fn cost(&mut self, evaluation: &Evaluation) -> Result<()> {
        let Some(held) = evaluation.cases.first() else {
            return Ok(());
        };
        let (mut time, mut error) = (Vec::new(), Vec::new());
        let mut point = None;
        for (model, seconds) in &evaluation.seconds {
            let errors = held.errors(model);
            if model == operator_name() {
                point = Some((*seconds, mean(&errors)));
            } else if !errors.is_empty() {
                time.push(*seconds);
                error.push(mean(&errors));
            }
        }
        let mut curves = Curves::new(
            Axis::log("wall time of a scene on one core (s)"),
            Axis::log("relative L2 error"),
        )
        .title("error against run time")
        .labels(Labels::Legend)
        .series(Series::new("solver", &time, &error).markers());
        if let Some((seconds, error)) = point {
            let series = Series::new(operator_name(), &[seconds], &[error]);
            curves = curves.series(series.points_only());
        }
        let caption = "Mean error on held-out scenes against the wall time of one: the solver by its meshes, the operator without its training.";
        self.keep("cost", caption, curves.figure(620.0, 420.0))
    }
}
