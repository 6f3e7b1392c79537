//! Grading forecasts against the reference solver, with the trivial forecasts beside them.

use super::gridded::Weather;
use crate::run_folder::{ScoreRow, Scores};
use crate::weather::scores::AreaMean;

/// A forecast: one model's fields at each lead.
pub struct Forecast {
    /// Name in tables: `solver@T21`, `sfno`, `persistence`, `climatology`.
    pub model: String,
    /// Fields at the leads, in order.
    pub fields: Vec<Weather>,
}

/// Leads in hours and the reference's fields at them.
pub struct Truth {
    /// Hours since the initial state, above 0.
    pub leads: Vec<f64>,
    /// The reference at those leads.
    pub fields: Vec<Weather>,
    /// The climatological mean, for anomalies.
    pub climatology: Weather,
}

/// Rows of RMSE, ACC and relative L2 of every variable, model and lead; the baseline of each row
/// is the better of persistence and climatology at that lead.
pub fn grade(case: &str, truth: &Truth, forecasts: &[Forecast], area: &AreaMean) -> Scores {
    let mut scores = Scores::new();
    for (k, &lead) in truth.leads.iter().enumerate() {
        let reference = truth.fields[k].variables();
        let mean = truth.climatology.variables();
        for (variable, (name, unit, target)) in reference.into_iter().enumerate() {
            let rmse = |forecast: &Forecast| {
                let (_, _, field) = forecast.fields[k].variables()[variable];
                area.rmse(field.view(), target.view())
            };
            let baseline = forecasts
                .iter()
                .filter(|f| f.model == "persistence" || f.model == "climatology")
                .map(rmse)
                .fold(f64::INFINITY, f64::min);
            for forecast in forecasts {
                let (_, _, field) = forecast.fields[k].variables()[variable];
                let row = |metric: &str, value: f64| {
                    ScoreRow::new(case, &forecast.model, name, metric, value).at_lead(lead)
                };
                let mut error = row("rmse", rmse(forecast)).in_unit(unit);
                if baseline.is_finite() {
                    error = error.against(baseline);
                }
                scores.push(error);
                scores.push(row(
                    "relative_l2",
                    area.relative_l2(field.view(), target.view()),
                ));
                // The climatology has no anomaly to correlate.
                if forecast.model != "climatology" {
                    let climate = mean[variable].2.view();
                    scores.push(row("acc", area.acc(field.view(), target.view(), climate)));
                }
            }
        }
    }
    scores
}

/// The first lead (hours) from which on `model` has a larger RMSE of `variable` than `rival` at
/// every later lead too; `None` when it is never so at the last lead.
pub fn overtaken(
    scores: &Scores,
    case: &str,
    model: &str,
    rival: &str,
    variable: &str,
) -> Option<f64> {
    let ours = scores.series(case, model, variable, "rmse");
    let theirs = scores.series(case, rival, variable, "rmse");
    // A value that is not a number is worse than any.
    let worse = |(a, b): &(&(f64, f64), &(f64, f64))| a.1 > b.1 || a.1.is_nan();
    ours.iter()
        .zip(&theirs)
        .rev()
        .take_while(worse)
        .last()
        .map(|(ours, _)| ours.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn weather(value: f64) -> Weather {
        let field = Array2::from_shape_fn((2, 4), |(j, i)| value * (1 + j + i * i) as f64);
        Weather {
            geopotential: field.clone(),
            eastward_wind: field.clone(),
            northward_wind: field,
        }
    }

    #[test]
    fn rows_and_the_lead_of_overtaking() {
        let truth = Truth {
            leads: vec![6.0, 12.0, 18.0],
            fields: vec![weather(1.0), weather(2.0), weather(3.0)],
            climatology: weather(0.0),
        };
        let forecast = |model: &str, values: [f64; 3]| Forecast {
            model: model.into(),
            fields: values.map(weather).into(),
        };
        let forecasts = [
            forecast("persistence", [0.5, 0.5, 0.5]),
            forecast("sfno", [1.0, 2.5, 4.0]),
            forecast("solver@T21", [1.1, 2.1, 3.1]),
        ];
        let scores = grade("case", &truth, &forecasts, &AreaMean::new(&[1.0, 1.0]));
        assert_eq!(
            overtaken(&scores, "case", "sfno", "solver@T21", "z"),
            Some(12.0)
        );
        assert_eq!(
            overtaken(&scores, "case", "solver@T21", "persistence", "z"),
            None
        );
        let acc = scores.series("case", "sfno", "u", "acc");
        assert!(acc.iter().all(|(_, value)| (value - 1.0).abs() < 1e-12));
    }
}
