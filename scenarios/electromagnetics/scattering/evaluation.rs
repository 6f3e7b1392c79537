//! The operator against finer and coarser solvers and the trivial answers, on scenes that neither it
//! nor any choice has seen.

use super::bodies::{Kind, SceneEntry};
use super::generate::scene;
use super::rivals::{TrainingScenes, born, complex, input};
use super::settings::{PolarizationName, Settings};
use super::solve::{Fields, points, relative_l2, solve, wave_number};
use crate::error::{Error, Result};
use crate::on_cores::on_cores;
use crate::run_folder::{ScoreRow, Scores};
use curlwind_operators::field::FieldOperator;
use curlwind_operators::residuals::{HelmholtzResidual, Stencil};
use indicatif::ProgressBar;
use ndarray::{Array2, Array4};
use num_complex::Complex64;
use std::time::Instant;

/// Models whose answer takes no thought: the baseline of each row is the best of them.
const TRIVIAL: [&str; 3] = ["zero", "mean", "nearest"];
/// Scenes that are timed, and on which the reference is compared with a finer one.
const TIMED: usize = 3;
/// How much finer that one is.
const FINER: f64 = 1.5;
/// Times that the operator is asked for one scene.
const REPEATS: usize = 9;

/// A set of scenes and what everyone says of them.
pub struct Case {
    /// Name in tables.
    pub name: String,
    /// The scenes.
    pub scenes: Vec<SceneEntry>,
    /// The reference.
    pub truth: Vec<Fields>,
    /// Scattered fields by model, in the order of the scenes.
    pub answers: Vec<(String, Vec<Array2<Complex64>>)>,
}

impl Case {
    /// Relative L2 errors of a model, scene by scene; empty for one that is not there.
    pub fn errors(&self, model: &str) -> Vec<f64> {
        let answer = self.answers.iter().find(|(name, _)| name == model);
        answer.map_or(Vec::new(), |(_, fields)| {
            let pairs = fields.iter().zip(&self.truth);
            pairs
                .map(|(u, truth)| relative_l2(u, &truth.scattered))
                .collect()
        })
    }
}

/// All cases, and what answers cost.
pub struct Evaluation {
    /// Held-out scenes first, then those beyond the training set.
    pub cases: Vec<Case>,
    /// Models with the median wall time of one scene on one core, in s.
    pub seconds: Vec<(String, f64)>,
    /// Largest relative L2 difference of the reference from one on a mesh half as fine again.
    pub reference_error: f64,
}

/// A solver's name in tables.
pub fn solver_name(cells: usize) -> String {
    format!("solver@{cells}")
}

/// Solves and asks.
///
/// # Errors
/// A scene that the solver refuses, an operator for other fields.
pub fn evaluate(
    settings: &Settings,
    operator: &FieldOperator,
    training: &TrainingScenes,
    held_out: &[usize],
    (device, progress): (&str, &ProgressBar),
) -> Result<Evaluation> {
    let about = &settings.evaluation;
    let some = held_out.len().min(about.scenes);
    let half = about.scenes.div_ceil(2);
    let first = settings.training_set.scenes;
    let kinds: [(String, Kind, Vec<usize>); 3] = [
        (
            "held-out scenes".into(),
            Kind::Trained,
            held_out[..some].to_vec(),
        ),
        (
            format!(
                "permittivity {} to {} (beyond training)",
                about.beyond_permittivity[0], about.beyond_permittivity[1]
            ),
            Kind::Permittivity,
            (first..first + half).collect(),
        ),
        (
            format!("{} bodies (beyond training)", about.beyond_bodies),
            Kind::Bodies,
            (first..first + half).collect(),
        ),
    ];
    let solvers: Vec<usize> = [settings.solver.cells]
        .into_iter()
        .chain(about.coarse_cells.iter().copied())
        .collect();
    let total: usize = kinds.iter().map(|(_, _, list)| list.len()).sum();
    progress.set_length((total * (1 + solvers.len())) as u64);
    let mut cases = Vec::new();
    for (name, kind, list) in kinds {
        let scenes = list
            .into_iter()
            .map(|index| scene(settings, kind, index))
            .collect::<Result<Vec<_>>>()?;
        if !scenes.is_empty() {
            cases.push(case(
                settings,
                operator,
                training,
                name,
                scenes,
                &solvers,
                (device, progress),
            )?);
        }
    }
    progress.finish_and_clear();
    let Some(held) = cases.first() else {
        return Err(Error::unusable(
            "no scene is held out to judge by; raise `training_set.test`",
        ));
    };
    let timed = &held.scenes[..held.scenes.len().min(TIMED)];
    let finer = (FINER * about.reference_cells as f64).round() as usize;
    let differences = on_cores(timed.len(), |n| {
        let finer = solve(&settings.solver, finer, &timed[n], device)?;
        Ok(relative_l2(&held.truth[n].scattered, &finer.scattered))
    })?;
    let reference_error = differences.into_iter().fold(0.0, f64::max);
    let seconds = time(settings, operator, timed, &held.truth, (&solvers, device))?;
    Ok(Evaluation {
        cases,
        seconds,
        reference_error,
    })
}

fn case(
    settings: &Settings,
    operator: &FieldOperator,
    training: &TrainingScenes,
    name: String,
    scenes: Vec<SceneEntry>,
    solvers: &[usize],
    (device, progress): (&str, &ProgressBar),
) -> Result<Case> {
    let run = |cells: usize| {
        on_cores(scenes.len(), |n| {
            let fields = solve(&settings.solver, cells, &scenes[n], device);
            progress.inc(1);
            fields
        })
    };
    let truth = run(settings.evaluation.reference_cells)?;
    let inputs: Vec<Vec<f32>> = truth
        .iter()
        .map(|fields| input(&fields.permittivity, &fields.incident))
        .collect();
    let predicted = inputs
        .iter()
        .map(|x| predict(operator, x, settings.solver.points))
        .collect::<Result<_>>()?;
    let side = settings.solver.points;
    let always = |u: Array2<Complex64>| vec![u; scenes.len()];
    let mut answers = vec![
        (operator_name().to_string(), predicted),
        ("zero".to_string(), always(Array2::zeros([side, side]))),
        ("mean".to_string(), always(training.mean())),
        (
            "nearest".to_string(),
            inputs.iter().map(|x| training.nearest(x)).collect(),
        ),
    ];
    if settings.solver.polarization == PolarizationName::Tm {
        let born = born(&settings.solver);
        let fields = truth.iter().map(|t| {
            let field = born.scattered(&t.permittivity, &t.incident);
            field.ok_or_else(|| Error::failed("the Born approximation is for another grid"))
        });
        answers.push(("born".to_string(), fields.collect::<Result<_>>()?));
    }
    for &cells in solvers {
        let fields = run(cells)?.into_iter().map(|f| f.scattered).collect();
        answers.push((solver_name(cells), fields));
    }
    Ok(Case {
        name,
        scenes,
        truth,
        answers,
    })
}

/// The operator's name in tables.
pub fn operator_name() -> &'static str {
    "fno"
}

/// The operator's scattered field of one input.
///
/// # Errors
/// An operator for other channels.
pub fn predict(operator: &FieldOperator, input: &[f32], side: usize) -> Result<Array2<Complex64>> {
    let channels = input.len() / (side * side);
    let input = Array4::from_shape_vec((1, channels, side, side), input.to_vec());
    let output = operator
        .predict(&input.map_err(Error::unusable)?)
        .map_err(Error::unusable)?;
    let values: Vec<f32> = output.into_iter().collect();
    Ok(complex(&values, side))
}

/// Median wall times of one scene: every model alone on the device or on one core, in f32, after a
/// warm-up.
fn time(
    settings: &Settings,
    operator: &FieldOperator,
    scenes: &[SceneEntry],
    truth: &[Fields],
    (solvers, device): (&[usize], &str),
) -> Result<Vec<(String, f64)>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.map_err(Error::failed)?.install(|| {
        let x = input(&truth[0].permittivity, &truth[0].incident);
        let mut times = Vec::new();
        for _ in 0..=REPEATS {
            let start = Instant::now();
            predict(operator, &x, settings.solver.points)?;
            times.push(start.elapsed().as_secs_f64());
        }
        let mut all = vec![(operator_name().to_string(), median(&times[1..]))];
        let reference = settings.evaluation.reference_cells;
        for &cells in [reference].iter().chain(solvers) {
            let times = scenes
                .iter()
                .map(|scene| solve(&settings.solver, cells, scene, device).map(|f| f.seconds))
                .collect::<Result<Vec<_>>>()?;
            all.push((solver_name(cells), median(&times)));
        }
        Ok(all)
    })
}

/// The middle value, or the mean of the two; NaN of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    }
}

/// The mean; NaN of none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl Evaluation {
    /// Wall time of a model in s.
    pub fn seconds_of(&self, model: &str) -> Option<f64> {
        let found = self.seconds.iter().find(|(name, _)| name == model);
        found.map(|(_, seconds)| *seconds)
    }

    /// Rows of errors, residuals and times; the baseline of each error is the best trivial answer.
    pub fn scores(&self, settings: &Settings) -> Scores {
        let frequency = settings.solver.frequency.si();
        let variable = format!("scattered {}", settings.solver.polarization.component());
        let mut scores = Scores::new();
        let row = |case: &str, model: &str, metric: &str, value: f64| {
            ScoreRow::new(case, model, &variable, metric, value).at_frequency(frequency)
        };
        for case in &self.cases {
            let trivial = TRIVIAL.iter().map(|model| mean(&case.errors(model)));
            let baseline = trivial.fold(f64::INFINITY, f64::min);
            for (model, fields) in &case.answers {
                let errors = case.errors(model);
                let worst = errors.iter().copied().fold(f64::NAN, f64::max);
                scores.push(row(&case.name, model, "relative_l2", mean(&errors)).against(baseline));
                scores.push(row(
                    &case.name,
                    model,
                    "relative_l2_median",
                    median(&errors),
                ));
                scores.push(row(&case.name, model, "relative_l2_worst", worst));
                if settings.solver.polarization == PolarizationName::Tm {
                    let residual = residual(settings, case, fields);
                    scores.push(row(&case.name, model, "helmholtz_residual", residual));
                }
            }
        }
        let reference = solver_name(settings.evaluation.reference_cells);
        let Some(held) = self.cases.first() else {
            return scores;
        };
        if settings.solver.polarization == PolarizationName::Tm {
            let truth: Vec<_> = held.truth.iter().map(|t| t.scattered.clone()).collect();
            let floor = residual(settings, held, &truth);
            scores.push(
                row(&held.name, &reference, "helmholtz_residual", floor)
                    .noted("the floor: what the stencil makes of the truth on these points"),
            );
        }
        let difference = row(
            &held.name,
            &reference,
            "self_convergence",
            self.reference_error,
        );
        scores.push(difference.noted(format!(
            "largest difference from {} on {} scenes",
            solver_name((FINER * settings.evaluation.reference_cells as f64).round() as usize),
            held.scenes.len().min(TIMED)
        )));
        for (model, seconds) in &self.seconds {
            scores.push(row(&held.name, model, "seconds_per_scene", *seconds).in_unit("s"));
        }
        scores
    }
}

/// Root mean square of the Helmholtz residual of scattered fields on the points that are kept, by
/// fourth-order differences, relative to that of no scattered field at all; mean over the scenes.
fn residual(settings: &Settings, case: &Case, fields: &[Array2<Complex64>]) -> f64 {
    let solver = &settings.solver;
    let side = points(solver.side.si(), solver.points);
    let k = wave_number(solver.frequency.si());
    let equation = HelmholtzResidual::new(k, side[1] - side[0], Stencil::Fourth);
    let pairs = fields.iter().zip(&case.truth);
    let ratios: Vec<f64> = pairs
        .map(|(u, truth)| equation.relative_size(&truth.permittivity, &truth.incident, u))
        .collect();
    mean(&ratios)
}
