//! Figures of a run: errors and anomaly correlations against lead, spread against error.

use super::evaluation::Forecasts;
use super::verdict::{TRIVIAL, USEFUL};
use crate::error::{Error, Result};
use crate::figures::{Axis, Curves, Figure, Labels, Series, curves_grid};
use crate::run_folder::Scores;
use curlwind_datasets::series::Channel;

/// Channels that are shown; all are in the scores.
const SHOWN: usize = 6;

/// The figures with captions.
///
/// # Errors
/// A figure without a value.
pub fn figures(
    case: &str,
    scores: &Scores,
    made: &Forecasts,
    channels: &[Channel],
) -> Result<Vec<(Figure, String)>> {
    let mut figures = Vec::new();
    let shown: Vec<&Channel> = channels.iter().take(SHOWN).collect();
    let with = |metric: &str| -> Vec<Curves> {
        shown
            .iter()
            .filter_map(|channel| plot(case, scores, &made.models, channel, metric))
            .collect()
    };
    for (metric, caption) in [
        (
            "rmse",
            "Root mean square error of every model against lead, area-weighted, averaged over the initial times.",
        ),
        (
            "acc",
            "Anomaly correlation with the analyses, anomalies against the climatology of the hour and the day of the year.",
        ),
    ] {
        let plots = with(metric);
        if !plots.is_empty() {
            let columns = plots.len().min(2);
            figures.push((
                curves_grid(&plots, columns, 1000.0, 320.0),
                caption.to_string(),
            ));
        }
    }
    let surrogate = &made.models[0];
    let spread: Vec<Curves> = shown
        .iter()
        .filter_map(|channel| spread(case, scores, surrogate, channel))
        .collect();
    if !spread.is_empty() {
        let columns = spread.len().min(2);
        let caption = "Spread of the members and error of their mean: equal where the ensemble knows how \
                       far to trust itself.";
        figures.push((curves_grid(&spread, columns, 1000.0, 320.0), caption.into()));
    }
    match figures.is_empty() {
        true => Err(Error::failed("there is no score to draw")),
        false => Ok(figures),
    }
}

fn days(points: &[(f64, f64)]) -> (Vec<f64>, Vec<f64>) {
    points
        .iter()
        .map(|(hours, value)| (hours / 24.0, *value))
        .unzip()
}

fn plot(
    case: &str,
    scores: &Scores,
    models: &[String],
    channel: &Channel,
    metric: &str,
) -> Option<Curves> {
    let label = channel.label();
    let unit = match metric {
        "acc" => "anomaly correlation".to_string(),
        _ => format!("RMSE ({})", channel.units),
    };
    let mut curves = Curves::new(Axis::linear("lead (days)"), Axis::linear(&unit))
        .title(&label)
        .labels(Labels::Legend);
    let mut any = false;
    for model in models {
        let (x, y) = days(&scores.series(case, model, &label, metric));
        if !x.is_empty() {
            any = true;
            let line = Series::new(model, &x, &y);
            let trivial = TRIVIAL.contains(&model.as_str());
            curves = curves.series(if trivial { line.dashed() } else { line.solid() });
        }
    }
    if metric == "acc" {
        curves = curves.level(USEFUL, "useful");
    }
    any.then_some(curves)
}

fn spread(case: &str, scores: &Scores, model: &str, channel: &Channel) -> Option<Curves> {
    let label = channel.label();
    let (x, spread) = days(&scores.series(case, model, &label, "spread"));
    let (at, error) = days(&scores.series(case, model, &label, "rmse"));
    if x.is_empty() {
        return None;
    }
    let unit = format!("{label} ({})", channel.units);
    let curves = Curves::new(Axis::linear("lead (days)"), Axis::linear(&unit))
        .title(&label)
        .labels(Labels::Legend)
        .series(Series::new("spread", &x, &spread))
        .series(Series::new("error of the mean", &at, &error));
    Some(curves)
}
