//! The surrogate of a sweep: trained on the solved designs, asked for thousands, checked by the
//! solver where it is best and where it is least certain.

use super::super::Loaded;
use super::super::output::{Gallery, s11};
use super::super::pictures::{self, ReflectionTrace};
use super::cache::Cache;
use super::checks::{Answers, Errors};
use super::designs::{Plan, Range, latin_hypercube};
use super::queue::{self, Solved};
use super::search;
use super::table::{self, Row, goal};
use crate::commands::Options;
use crate::electromagnetics::design_table::predict::write_units;
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, ScoreRow, Scores};
use curlwind_operators::design::{DesignData, DesignSurrogate, Prediction, Response};
use curlwind_operators::training::RunOptions;
use ndarray::{Array2, Array3};
use num_complex::Complex64;

/// What the surrogate's part of a sweep came to.
pub struct Outcome {
    /// Rows of the table: predictions and their checks.
    pub rows: Vec<Row>,
    /// Rows of `scores.json`.
    pub scores: Scores,
    /// Figures.
    pub gallery: Gallery,
    /// Sentences for the terminal and the report.
    pub sentences: Vec<String>,
    /// The designs that the solver checked.
    pub checks: Vec<Solved>,
}

/// Trains, predicts, ranks, checks.
///
/// # Errors
/// Fewer than four designs, a training that fails, files that cannot be written.
pub fn run(
    loaded: &Loaded,
    plan: &Plan,
    solved: &[Solved],
    cache: &Cache,
    folder: &RunFolder,
    options: &Options,
) -> Result<Outcome> {
    let data = data(&plan.ranges, solved)?;
    let device = curlwind_operators::device::select(&options.device).map_err(Error::unusable)?;
    let mut config = loaded.scene.surrogate.network.clone();
    config.seed = config.seed.wrapping_add(loaded.scene.seed);
    let surrogate = {
        let _phase = folder.phase("train")?;
        let run = RunOptions {
            quiet: options.quiet,
            resume: true,
            stop: None,
            ranks: None,
        };
        let home = folder.folder("surrogate")?;
        let trained =
            DesignSurrogate::train(&data, &config, &device, &home, run).map_err(Error::failed)?;
        let model = folder.folder("model")?;
        trained.save(&model).map_err(Error::failed)?;
        let units: Vec<String> = plan
            .ranges
            .iter()
            .map(|r| r.unit.si().to_string())
            .collect();
        write_units(&model, &units)?;
        trained
    };

    // Candidates that fill the ranges, ranked by what the mean of the members promises.
    let Some(sweep) = &loaded.scene.sweep else {
        return Err(loaded.refuse("sweep", "the scene has no [sweep]"));
    };
    let count = sweep.candidates.max(1);
    let mut candidates = latin_hypercube(&plan.ranges, count, loaded.scene.seed ^ 0x5eed);
    let (prediction, seconds) = {
        let _phase = folder.phase("predict")?;
        let start = std::time::Instant::now();
        let optimum = search::on_surrogate(loaded, plan, &surrogate, &data.frequencies)?;
        candidates.push(optimum);
        let matrix = matrix(&candidates, plan.ranges.len());
        let prediction = surrogate.predict(&matrix).map_err(Error::failed)?;
        (prediction, start.elapsed().as_secs_f64())
    };
    let ranked = rank(loaded, &data.frequencies, &prediction);
    // The optimum first, then what keeps apart from it.
    let mut chosen = vec![count];
    let mut take = |ranking: &[usize]| {
        take(
            &mut chosen,
            sweep.checked,
            ranking,
            &candidates,
            &plan.ranges,
        );
        chosen.len()
    };
    let best = take(&ranked.best);
    take(&ranked.doubtful);
    let designs: Vec<Vec<f64>> = chosen.iter().map(|&d| candidates[d].clone()).collect();
    let checks = {
        let _phase = folder.phase("check")?;
        let bar = options.progress("checks");
        let checks = queue::solve(loaded, &plan.ranges, &designs, cache, &bar)?;
        bar.finish_and_clear();
        checks
    };

    let reference = solved
        .iter()
        .find_map(|s| Some(s.result.as_ref().ok()?.network.as_ref()?.reference))
        .unwrap_or(50.0);
    let mut outcome = Outcome {
        rows: Vec::new(),
        scores: Scores::new(),
        gallery: Gallery::new(),
        sentences: Vec::new(),
        checks: Vec::new(),
    };
    let mut errors = Errors::default();
    let mut pairs = Vec::new();
    for (n, (&candidate, check)) in chosen.iter().zip(&checks).enumerate() {
        let what = match n {
            0 => "optimum",
            n if n < best => "best",
            _ => "doubtful",
        };
        let predicted = reflection(&prediction, candidate);
        let mut row = Row::of(
            loaded,
            &format!("surrogate ({what})"),
            &candidates[candidate],
            &data.frequencies,
            &predicted,
            reference,
        );
        row.note = format!("distance {:.2}", prediction.distance[candidate]);
        let solved = Row::solved(loaded, "solver (check)", check);
        if let (Some(a), Some(b)) = (solved.resonance, row.resonance) {
            pairs.push((a, b));
        }
        if let Some(network) = check.result.as_ref().ok().and_then(|s| s.network.as_ref()) {
            let truth = s11(network);
            let nearest = nearest_design(&data, &plan.ranges, &candidates[candidate]);
            let one = errors.add(&truth, &predicted, nearest, &prediction, candidate);
            let case = table::case(loaded, &plan.ranges, &candidates[candidate]);
            let score = ScoreRow::new(&case, "surrogate", "S11", "relative_l2", one[0]);
            outcome.scores.push(score.against(one[1]).noted(what));
            let (low, high) = interval(&prediction, candidate);
            let name = format!("surrogate, {what}");
            let traces = [
                ReflectionTrace {
                    name: &name,
                    frequencies: &data.frequencies,
                    s11: &predicted,
                    spread_db: Some((&low, &high)),
                    dashed: true,
                },
                ReflectionTrace {
                    name: "solver",
                    frequencies: &network.frequencies,
                    s11: &truth,
                    spread_db: None,
                    dashed: false,
                },
            ];
            if n == 0 || n == best {
                let which = if n == 0 {
                    "optimum"
                } else {
                    "most doubtful candidate"
                };
                outcome.gallery.push((
                    pictures::s11_db(&traces, &case),
                    format!("S11 of the {which}: surrogate with its interval against the solver's check."),
                ));
            }
        }
        outcome.rows.push(row);
        outcome.rows.push(solved);
    }
    if !pairs.is_empty() {
        outcome.gallery.push((
            pictures::predicted_against_solved(&pairs, "resonance", "Hz"),
            "Resonances of the checked candidates: predicted against solved.".into(),
        ));
    }
    let answers = Answers {
        candidates: count,
        seconds,
    };
    errors.report(&mut outcome, loaded, &surrogate, answers, solved);
    outcome.checks = checks;
    Ok(outcome)
}

/// S parameters of the solved designs, as a surrogate learns them.
///
/// # Errors
/// Fewer than four of them.
pub fn data(ranges: &[Range], solved: &[Solved]) -> Result<DesignData> {
    let usable: Vec<_> = solved
        .iter()
        .filter_map(|s| Some((s, s.result.as_ref().ok()?.network.as_ref()?)))
        .collect();
    let Some((_, first)) = usable.first() else {
        return Err(Error::failed(
            "no design was solved that a surrogate could learn from",
        ));
    };
    if usable.len() < 4 {
        return Err(Error::unusable(format!(
            "a surrogate needs 4 designs or more, the sweep has {}",
            usable.len()
        )));
    }
    let ports = first.ports();
    let pairs: Vec<[usize; 2]> = (1..=ports)
        .flat_map(|i| (1..=ports).map(move |j| [i, j]))
        .collect();
    let frequencies = first.frequencies.clone();
    let response = Array3::from_shape_fn(
        (usable.len(), pairs.len(), frequencies.len()),
        |(d, p, f)| usable[d].1.s[[f, pairs[p][0] - 1, pairs[p][1] - 1]],
    );
    let values: Vec<Vec<f64>> = usable.iter().map(|(s, _)| s.values.clone()).collect();
    Ok(DesignData {
        parameter_names: ranges.iter().map(|r| r.name.clone()).collect(),
        parameters: matrix(&values, ranges.len()),
        port_pairs: pairs,
        frequencies,
        response: Response::Complex(response),
    })
}

/// Designs as rows.
pub fn matrix(designs: &[Vec<f64>], variables: usize) -> Array2<f64> {
    Array2::from_shape_fn((designs.len(), variables), |(d, v)| designs[d][v])
}

/// Predicted S11 of a candidate.
fn reflection(prediction: &Prediction, candidate: usize) -> Vec<Complex64> {
    match &prediction.mean {
        Response::Complex(values) => values.slice(ndarray::s![candidate, 0, ..]).to_vec(),
        Response::Decibel(values) => values
            .slice(ndarray::s![candidate, 0, ..])
            .iter()
            .map(|db| Complex64::new(10f64.powf(db / 20.0), 0.0))
            .collect(),
    }
}

fn interval(prediction: &Prediction, candidate: usize) -> (Vec<f64>, Vec<f64>) {
    let row = |values: Array3<f64>| values.slice(ndarray::s![candidate, 0, ..]).to_vec();
    (
        row(prediction.lower_decibel()),
        row(prediction.upper_decibel()),
    )
}

struct Ranked {
    best: Vec<usize>,
    doubtful: Vec<usize>,
}

fn rank(loaded: &Loaded, frequencies: &[f64], prediction: &Prediction) -> Ranked {
    let decibels = prediction.decibel();
    let count = decibels.dim().0;
    let goals: Vec<f64> = (0..count)
        .map(|d| {
            let db = decibels.slice(ndarray::s![d, 0, ..]).to_vec();
            goal(loaded, frequencies, &db).unwrap_or(f64::INFINITY)
        })
        .collect();
    let doubts: Vec<f64> = (0..count)
        .map(|d| {
            prediction
                .radius
                .slice(ndarray::s![d, .., ..])
                .mean()
                .unwrap_or(0.0)
        })
        .collect();
    let order = |key: &dyn Fn(usize) -> f64| {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
        order
    };
    Ranked {
        best: order(&|d| goals[d]),
        doubtful: order(&|d| -doubts[d]),
    }
}

/// Candidates closer than this share of the ranges would tell the same thing twice.
const APART: f64 = 0.05;

/// Adds the first `count` of a ranking that keep apart from each other and from those chosen before.
fn take(
    chosen: &mut Vec<usize>,
    count: usize,
    ranking: &[usize],
    candidates: &[Vec<f64>],
    ranges: &[Range],
) {
    let end = chosen.len() + count;
    let share = |r: &Range, a: f64, b: f64| ((a - b) / (r.high - r.low).max(1e-300)).abs();
    for &candidate in ranking {
        if chosen.len() == end {
            return;
        }
        let apart = |&other: &usize| {
            let (a, b) = (&candidates[candidate], &candidates[other]);
            let each = ranges.iter().enumerate();
            each.map(|(v, r)| share(r, a[v], b[v])).fold(0.0, f64::max) >= APART
        };
        if chosen.iter().all(apart) {
            chosen.push(candidate);
        }
    }
}

/// S11 of the solved design nearest to these values, each variable scaled by its range: what a
/// table without a network would answer.
fn nearest_design(data: &DesignData, ranges: &[Range], values: &[f64]) -> Vec<Complex64> {
    let distance = |d: usize| -> f64 {
        ranges
            .iter()
            .enumerate()
            .map(|(v, r)| {
                ((data.parameters[[d, v]] - values[v]) / (r.high - r.low).max(1e-300)).powi(2)
            })
            .sum()
    };
    let nearest = (0..data.designs())
        .min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(0);
    match &data.response {
        Response::Complex(values) => values.slice(ndarray::s![nearest, 0, ..]).to_vec(),
        Response::Decibel(_) => Vec::new(),
    }
}
