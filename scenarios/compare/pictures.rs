//! The figures of a comparison.

use super::measurements::{Kind, Measurements, Outcome, Panel, TestSet};
use super::verdict::{Duel, Verdict};
use super::words::digits;
use crate::error::{Error, Result};
use crate::figures::{
    Axis, Colour, ColourMap, Curves, Field, Figure, Labels, PanelRow, Panels, Plane, Planes, Series,
};
use ndarray::{Array2, Array2 as Values};

/// A figure and what it shows.
pub type Captioned = (Figure, String);

const WIDTH: f64 = 760.0;

/// Error against time: the solver's settings and their envelope, operators, figures of others.
pub fn error_against_time(m: &Measurements, verdict: &Verdict) -> Option<Captioned> {
    let place = |name: &str| -> Option<(f64, f64)> {
        let error = m.outcome(name, m.held_out())?.mean()?;
        (error > 0.0).then_some((m.times_of_one(name)?.per_sample(), error))
    };
    let mut plot = Curves::new(
        Axis::log("wall time of one run (s)"),
        Axis::log("error on the held-out set"),
    )
    .labels(Labels::Legend);
    let curve = verdict.curve.points();
    if curve.is_empty() {
        return None;
    }
    let (x, y): (Vec<f64>, Vec<f64>) = curve.iter().map(|p| (p.seconds, p.error)).unzip();
    plot = plot.series(Series::new("solver", &x, &y).markers().width(2.2));
    let others: Vec<(f64, f64)> = m
        .of_kind(Kind::Solver)
        .filter(|c| curve.iter().all(|p| p.name != c.name))
        .filter_map(|c| place(&c.name))
        .collect();
    if !others.is_empty() {
        let (x, y): (Vec<f64>, Vec<f64>) = others.into_iter().unzip();
        plot = plot.series(
            Series::new("solver, other settings", &x, &y)
                .points_only()
                .colour(Colour(0x9a, 0xb4, 0xca)),
        );
    }
    for family in m.families() {
        let (x, y): (Vec<f64>, Vec<f64>) = m
            .of_kind(Kind::Operator)
            .filter(|c| c.family == family)
            .filter_map(|c| place(&c.name))
            .unzip();
        plot = plot.series(Series::new(family, &x, &y).points_only());
    }
    for published in m.of_kind(Kind::Published) {
        if let Some((x, y)) = place(&published.name) {
            plot = plot.series(Series::new(&published.name, &[x], &[y]).points_only());
        }
    }
    let caption = "Error against the wall time of one run, alone; below and to the left is better. \
                   The line joins the solver's settings that no other beats in both. Each dot of an \
                   operator is a seed.";
    Some((plot.figure(WIDTH, 420.0), caption.into()))
}

/// Accumulated cost against the number of runs.
pub fn break_even(verdict: &Verdict) -> Option<Captioned> {
    let usable = |d: &&Duel| d.invested.is_some() && d.seconds.is_some();
    let duels: Vec<&Duel> = verdict.duels.iter().filter(usable).collect();
    let longest = |d: &&Duel| {
        let slow = d
            .seconds
            .unwrap_or(0.0)
            .max(d.solver_seconds.unwrap_or(0.0));
        d.invested.unwrap_or(0.0) / slow.max(1e-9)
    };
    let most = duels.iter().map(longest).fold(0.0, f64::max);
    if duels.is_empty() || !most.is_finite() {
        return None;
    }
    let last = (30.0 * most).max(100.0).log10();
    let runs: Vec<f64> = (0..=60)
        .map(|k| 10f64.powf(last * f64::from(k) / 60.0))
        .collect();
    let mut plot = Curves::new(Axis::log("runs"), Axis::log("accumulated wall time (s)"))
        .labels(Labels::Legend);
    for duel in duels {
        let total = |each: f64, before: f64| -> Vec<f64> {
            runs.iter().map(|n| before + n * each).collect()
        };
        let own = total(duel.seconds.unwrap_or(0.0), duel.invested.unwrap_or(0.0));
        plot = plot.series(Series::new(&duel.family, &runs, &own));
        if let Some(solver) = duel.solver_seconds {
            let name = format!("solver at the error of {}", duel.family);
            plot = plot.series(Series::new(&name, &runs, &total(solver, 0.0)));
        }
    }
    let caption = "Accumulated wall time against the number of runs: an operator starts with its data and \
                   training. Where its line stays above the solver's at equal error, it never pays.";
    Some((plot.figure(WIDTH, 360.0), caption.into()))
}

/// Who is drawn in plots of many lines: one seed of each family, four points of the curve, baselines.
fn drawn(m: &Measurements, verdict: &Verdict) -> Vec<String> {
    let mut names = Vec::new();
    for family in m.families() {
        let mut seeds = m.of_kind(Kind::Operator).filter(|c| c.family == family);
        names.extend(seeds.next().map(|c| c.name.clone()));
    }
    let curve = verdict.curve.points();
    let few = 4.min(curve.len());
    for k in 0..few {
        let at = k * (curve.len() - 1) / (few - 1).max(1);
        names.push(curve[at].name.clone());
    }
    names.extend(m.of_kind(Kind::Baseline).map(|c| c.name.clone()));
    names
}

/// The name in a plot: of an operator its family, of a solver its resolution.
fn short<'n>(m: &'n Measurements, name: &'n str) -> &'n str {
    match m.contestant(name) {
        Some(c) if c.kind == Kind::Operator => &c.family,
        _ => name.split(',').next().unwrap_or(name),
    }
}

/// Errors along the task's axis on the held-out set.
pub fn along_axis(m: &Measurements, verdict: &Verdict) -> Option<Captioned> {
    let axis = m.task.axis.as_ref()?;
    let names = drawn(m, verdict);
    let lines = names.iter().filter_map(|name| {
        let outcome = m.outcome(name, m.held_out())?;
        let y: Vec<f64> = outcome
            .by_step
            .iter()
            .map(|v| v.unwrap_or(f64::NAN))
            .collect();
        // an error of zero is not on a logarithmic axis
        let y: Vec<f64> = y
            .iter()
            .map(|v| if *v > 0.0 { *v } else { f64::NAN })
            .collect();
        let some = y.iter().any(|v| v.is_finite());
        (some && y.len() == axis.at.len()).then_some((name, y))
    });
    let mut plot = Curves::new(Axis::linear(&axis.label), Axis::log("error"));
    let mut empty = true;
    for (name, y) in lines {
        plot = plot.series(Series::new(short(m, name), &axis.at, &y));
        empty = false;
    }
    let caption = format!(
        "Error against {} on the held-out set, mean over samples, one seed of each operator.",
        axis.label
    );
    (!empty).then(|| (plot.figure(WIDTH, 380.0), caption))
}

/// Spectra of the answers on the held-out set.
pub fn spectra(m: &Measurements, verdict: &Verdict) -> Option<Captioned> {
    let axis = m.task.spectrum.as_ref()?;
    let reference = m.of_kind(Kind::Reference).next().map(|c| c.name.clone());
    let baselines: Vec<&str> = m.of_kind(Kind::Baseline).map(|c| c.name.as_str()).collect();
    let mut plot = Curves::new(Axis::log(&axis.label), Axis::log("power"));
    let mut empty = true;
    for name in reference.into_iter().chain(drawn(m, verdict)) {
        let Some(outcome) = m.outcome(&name, m.held_out()) else {
            continue;
        };
        if baselines.contains(&name.as_str()) || outcome.spectrum.len() != axis.at.len() {
            continue;
        }
        let largest = outcome
            .spectrum
            .iter()
            .flatten()
            .fold(0.0f64, |m, p| m.max(*p));
        // what is cut off is round-off, not a spectrum
        let some = |p: &f64| *p > 1e-9 * largest;
        let points = axis.at.iter().zip(&outcome.spectrum);
        let points = points.filter_map(|(k, p)| Some((*k, (*p).filter(some)?)));
        let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
        plot = plot.series(Series::new(short(m, &name), &x, &y));
        empty = false;
    }
    let caption = "Spectra of the answers, mean over the held-out samples.";
    (!empty).then(|| (plot.figure(WIDTH, 380.0), caption.into()))
}

/// Truth, answer and difference on one sample of a set, a row for each of the families and for the
/// solver nearest to the leading one.
///
/// # Errors
/// Panels of different grids.
pub fn fields(m: &Measurements, verdict: &Verdict, set: &TestSet) -> Result<Option<Captioned>> {
    let of = |name: Option<&str>| {
        m.panels
            .iter()
            .find(|p| p.set == set.name && p.contestant.as_deref() == name)
    };
    let Some(truth) = of(None) else {
        return Ok(None);
    };
    let mut shown: Vec<(&str, &Panel)> = Vec::new();
    for family in m.families() {
        let seed = m.of_kind(Kind::Operator).find(|c| c.family == family);
        shown.extend(seed.and_then(|c| Some((family, of(Some(&c.name))?))));
    }
    let rival = verdict.leading().and_then(|duel| {
        let name = duel.beaten_by.clone();
        let finest = verdict.curve.points().last().map(|p| p.name.clone());
        name.or(finest)
    });
    let rival = rival.and_then(|name| m.contestant(&name));
    shown.extend(rival.and_then(|c| Some((short(m, &c.name), of(Some(&c.name))?))));
    let same = |p: &Panel| p.x == truth.x && p.y == truth.y;
    shown.retain(|(_, panel)| same(panel));
    if shown.is_empty() {
        return Ok(None);
    }
    let unit = match truth.unit.as_str() {
        "" => String::new(),
        unit => format!(" ({unit})"),
    };
    let caption = format!(
        "{}{unit}, {}: sample {} of {} ({}).",
        truth.quantity,
        truth.label,
        truth.sample + 1,
        set.name,
        set.relation.words()
    );
    let figure = match truth.axes == ["longitude", "latitude"].map(String::from) {
        true => maps(truth, &shown)?,
        false => planes(truth, &shown)?,
    };
    Ok(Some((figure, caption)))
}

fn values(panel: &Panel) -> Values<f64> {
    let all = panel.values.iter().map(|v| v.map_or(f64::NAN, f64::from));
    let shape = (panel.y.len(), panel.x.len());
    Array2::from_shape_vec(shape, all.collect()).unwrap_or_default()
}

fn planes(truth: &Panel, shown: &[(&str, &Panel)]) -> Result<Figure> {
    let quantity = truth.quantity.clone();
    let mut figure = Planes::new(&truth.axes[0], &truth.axes[1])
        .scale(&quantity, ColourMap::Viridis)
        .column("reference")
        .column("answer")
        .scale("difference", ColourMap::BlueWhiteRed)
        .column("difference");
    let plane =
        |field: &Values<f64>| Plane::new(&truth.x, &truth.y, field.view()).map_err(Error::failed);
    let truth_values = values(truth);
    for (name, panel) in shown {
        let own = values(panel);
        let difference = &own - &truth_values;
        let row = vec![plane(&truth_values)?, plane(&own)?, plane(&difference)?];
        figure = figure.row(name, row);
    }
    Ok(figure.figure(WIDTH))
}

fn maps(truth: &Panel, shown: &[(&str, &Panel)]) -> Result<Figure> {
    let field =
        |panel: &Panel| Field::new(&panel.y, &panel.x, values(panel).view()).map_err(Error::failed);
    let mut figure = Panels::new(&truth.quantity, &truth.unit).names("reference", "answer");
    for (name, panel) in shown {
        figure = figure.row(PanelRow {
            label: (*name).to_string(),
            truth: field(truth)?,
            prediction: field(panel)?,
        });
    }
    figure.figure(WIDTH).map_err(Error::failed)
}

/// Mean error with its range over the samples, as text.
pub fn with_range(outcome: &Outcome) -> String {
    let all: Vec<f64> = outcome.errors.iter().copied().flatten().collect();
    match (outcome.mean(), all.len()) {
        (Some(mean), n) if n > 1 => {
            let fold = |f: fn(f64, f64) -> f64, from| all.iter().copied().fold(from, f);
            format!(
                "{} ({} to {})",
                digits(mean),
                digits(fold(f64::min, f64::INFINITY)),
                digits(fold(f64::max, 0.0))
            )
        }
        (Some(mean), _) => digits(mean),
        (None, _) => format!("{} of {} failed", outcome.failures(), outcome.errors.len()),
    }
}
