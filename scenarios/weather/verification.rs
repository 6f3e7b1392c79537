//! Scores of a forecast file against a truth file, with persistence and climatology beside them.
//!
//! Fields are matched by variable name, valid time and, where the truth is a forecast itself,
//! lead. Over several initial times squares are averaged before the root is taken (WeatherBench:
//! Rasp et al. 2024, J. Adv. Model. Earth Syst. 16, equation 1), correlations as they are.

use super::scores::AreaMean;
use crate::error::{Error, Result};
use crate::run_folder::{ScoreRow, Scores};
use curlwind_datasets::netcdf::ForecastReader;
use ndarray::Array2;
use std::path::Path;

/// The files of a verification.
pub struct Files<'a> {
    /// The forecast.
    pub forecast: &'a Path,
    /// The truth: forecast layout, or a trajectory over valid time.
    pub truth: &'a Path,
    /// One field per variable: the climatological mean.
    pub climatology: Option<&'a Path>,
}

/// What is summed over initial times for one model, variable and lead.
#[derive(Default)]
struct Sums {
    count: usize,
    square: f64,
    bias: f64,
    acc: f64,
}

struct Verification {
    forecast: ForecastReader,
    truth: ForecastReader,
    climatology: Option<ForecastReader>,
    area: AreaMean,
}

/// Scores every variable and lead that both files have.
///
/// # Errors
/// Files that cannot be read, other grids or calendars, nothing in common.
pub fn score(files: &Files) -> Result<Scores> {
    let open = |path: &Path| ForecastReader::open(path).map_err(Error::unusable);
    let forecast = open(files.forecast)?;
    let truth = open(files.truth)?;
    let climatology = files.climatology.map(open).transpose()?;
    for (path, other) in [
        (Some(files.truth), Some(&truth)),
        (files.climatology, climatology.as_ref()),
    ] {
        if let (Some(path), Some(other)) = (path, other)
            && other.grid() != forecast.grid()
        {
            return Err(Error::unusable(format!(
                "{} is on {} x {} points, {} on {} x {}: expected the same grid; interpolate one of them",
                files.forecast.display(),
                forecast.grid().nlat(),
                forecast.grid().nlon(),
                path.display(),
                other.grid().nlat(),
                other.grid().nlon()
            )));
        }
    }
    if truth.calendar() != forecast.calendar() {
        return Err(Error::unusable(format!(
            "calendars differ: {} in {}, {} in {}",
            forecast.calendar().name(),
            files.forecast.display(),
            truth.calendar().name(),
            files.truth.display()
        )));
    }
    let area = AreaMean::new(&forecast.grid().area_weights());
    let case = files
        .truth
        .file_stem()
        .map_or("truth".into(), |s| s.to_string_lossy().into_owned());
    let model = files
        .forecast
        .file_stem()
        .map_or("forecast".into(), |s| s.to_string_lossy().into_owned());
    let work = Verification {
        forecast,
        truth,
        climatology,
        area,
    };
    let mut scores = Scores::new();
    for variable in work.forecast.variables().to_vec() {
        if work.truth.variables().contains(&variable) {
            work.variable(&case, &model, &variable, &mut scores)?;
        }
    }
    if scores.rows.is_empty() {
        return Err(Error::unusable(format!(
            "{} and {} have no variable and valid time in common: nothing to score",
            files.forecast.display(),
            files.truth.display()
        )));
    }
    Ok(scores)
}

impl Verification {
    fn variable(&self, case: &str, model: &str, name: &str, scores: &mut Scores) -> Result<()> {
        let levels = self.forecast.levels_hpa(name).map_err(Error::unusable)?;
        let levels: Vec<Option<f64>> = if levels.is_empty() {
            vec![None]
        } else {
            levels.into_iter().map(Some).collect()
        };
        for level in levels {
            let label = level.map_or(name.to_string(), |hpa| format!("{name}{hpa}"));
            let climate = match &self.climatology {
                Some(file) if file.variables().iter().any(|v| v == name) => Some(
                    file.read_field(name, 0, 0, 0, level)
                        .map_err(Error::unusable)?,
                ),
                _ => None,
            };
            for (k, &lead) in self.forecast.leads_hours().iter().enumerate() {
                if lead <= 0.0 {
                    continue;
                }
                let mut sums: [Sums; 3] = Default::default();
                for time in 0..self.forecast.initial_times().len() {
                    let Some(truth) = self.truth_at(name, time, lead, level)? else {
                        continue;
                    };
                    let read = |k| {
                        self.forecast
                            .read_field(name, k, time, 0, level)
                            .map_err(Error::unusable)
                    };
                    let persistence =
                        match self.forecast.leads_hours().iter().position(|&l| l == 0.0) {
                            Some(start) => Some(read(start)?),
                            None => self.truth_at(name, time, 0.0, level)?,
                        };
                    let fields = [Some(read(k)?), persistence, climate.clone()];
                    for (sum, field) in sums.iter_mut().zip(fields) {
                        if let Some(field) = field {
                            self.add(sum, &field, &truth, climate.as_ref());
                        }
                    }
                }
                self.rows(case, model, &label, lead, &sums, climate.is_some(), scores);
            }
        }
        Ok(())
    }

    fn add(
        &self,
        sums: &mut Sums,
        field: &Array2<f64>,
        truth: &Array2<f64>,
        climate: Option<&Array2<f64>>,
    ) {
        sums.count += 1;
        sums.square += self.area.rmse(field.view(), truth.view()).powi(2);
        sums.bias += self.area.bias(field.view(), truth.view());
        if let Some(climate) = climate {
            sums.acc += self.area.acc(field.view(), truth.view(), climate.view());
        }
    }

    #[allow(clippy::too_many_arguments)] // one row's coordinates
    fn rows(
        &self,
        case: &str,
        model: &str,
        variable: &str,
        lead: f64,
        sums: &[Sums; 3],
        anomalies: bool,
        scores: &mut Scores,
    ) {
        let rmse = |sum: &Sums| (sum.square / sum.count as f64).sqrt();
        let baselines = sums[1..].iter().filter(|s| s.count > 0).map(rmse);
        let baseline = baselines.fold(f64::INFINITY, f64::min);
        for (name, sum) in [model, "persistence", "climatology"].into_iter().zip(sums) {
            if sum.count == 0 {
                continue;
            }
            let row =
                |metric, value| ScoreRow::new(case, name, variable, metric, value).at_lead(lead);
            let error = row("rmse", rmse(sum));
            scores.push(if baseline.is_finite() {
                error.against(baseline)
            } else {
                error
            });
            scores.push(row("bias", sum.bias / sum.count as f64));
            if anomalies && name != "climatology" {
                scores.push(row("acc", sum.acc / sum.count as f64));
            }
        }
    }

    /// The truth at the valid time of a forecast: of the same initial time and lead if there is one,
    /// else of the shortest lead.
    fn truth_at(
        &self,
        name: &str,
        time: usize,
        lead: f64,
        level: Option<f64>,
    ) -> Result<Option<Array2<f64>>> {
        let calendar = self.forecast.calendar();
        let start = self.forecast.initial_times()[time].microseconds(calendar);
        let after = |hours: f64| (hours * 3.6e9).round() as i64;
        let valid = start + after(lead);
        let mut best: Option<(bool, f64, usize, usize)> = None;
        for (t, initial) in self.truth.initial_times().iter().enumerate() {
            let initial = initial.microseconds(calendar);
            for (k, &l) in self.truth.leads_hours().iter().enumerate() {
                let better = best.is_none_or(|(same, shortest, _, _)| {
                    (initial == start && !same) || (same == (initial == start) && l < shortest)
                });
                if initial + after(l) == valid && better {
                    best = Some((initial == start, l, k, t));
                }
            }
        }
        best.map(|(_, _, k, t)| {
            self.truth
                .read_field(name, k, t, 0, level)
                .map_err(Error::unusable)
        })
        .transpose()
    }
}
