//! Scores of a forecast file against a truth file, with persistence and climatology beside them.
//!
//! Fields are matched by variable name, valid time and, where the truth is a forecast itself,
//! lead. Over several initial times squares are averaged before the root is taken (WeatherBench:
//! Rasp et al. 2024, J. Adv. Model. Earth Syst. 16, equation 1), correlations as they are. Of an
//! ensemble the mean is scored like a single forecast, and the members as a distribution.

use super::scores::{AreaMean, EnsembleScores, Region, bootstrap};
use crate::error::{Error, Result};
use crate::run_folder::{ScoreRow, Scores};
use curlwind_datasets::netcdf::ForecastReader;
use ndarray::{Array2, ArrayView2};
use std::path::Path;

/// The files of a verification, and what of them is scored.
pub struct Files<'a> {
    /// The forecast.
    pub forecast: &'a Path,
    /// The truth: forecast layout, or a trajectory over valid time.
    pub truth: &'a Path,
    /// One field per variable: the climatological mean.
    pub climatology: Option<&'a Path>,
    /// Members of the forecast, from 0; all of them without.
    pub members: Option<Vec<usize>>,
    /// The member of the truth that is true.
    pub truth_member: usize,
    /// Where scores are averaged; the globe without any.
    pub regions: Vec<Region>,
}

/// One model, variable, lead and region: a number for each initial time, in their order.
#[derive(Default)]
struct Series {
    squares: Vec<f64>,
    biases: Vec<f64>,
    correlations: Vec<f64>,
    ensembles: Vec<EnsembleScores>,
}

struct Verification {
    forecast: ForecastReader,
    truth: ForecastReader,
    climatology: Option<ForecastReader>,
    members: Vec<usize>,
    truth_member: usize,
    areas: Vec<(Region, AreaMean)>,
}

/// What rows have in common.
struct Names<'n> {
    case: &'n str,
    model: &'n str,
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
    let grid = forecast.grid();
    let weights = grid.area_weights();
    let globe = [Region::globe()];
    let regions = match files.regions.as_slice() {
        [] => &globe[..],
        some => some,
    };
    let areas = regions
        .iter()
        .map(|region| {
            let (latitudes, longitudes) = (&grid.latitudes_deg, &grid.longitudes_deg);
            let area = AreaMean::over(region, &weights, latitudes, longitudes);
            let area = area.ok_or_else(|| {
                let file = files.forecast.display();
                Error::unusable(format!("--region {region}: no point of {file} lies in it"))
            })?;
            Ok((region.clone(), area))
        })
        .collect::<Result<Vec<_>>>()?;
    let members = chosen(files, &forecast)?;
    if files.truth_member >= truth.members() {
        return Err(Error::unusable(format!(
            "--truth-member {}: {} has {} (they count from 0)",
            files.truth_member,
            files.truth.display(),
            truth.members()
        )));
    }
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
        members,
        truth_member: files.truth_member,
        areas,
    };
    let names = Names {
        case: &case,
        model: &model,
    };
    let mut scores = Scores::new();
    for variable in work.forecast.variables().to_vec() {
        if work.truth.variables().contains(&variable) {
            work.variable(&names, &variable, &mut scores)?;
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

/// The members that are scored.
fn chosen(files: &Files, forecast: &ForecastReader) -> Result<Vec<usize>> {
    let all = forecast.members();
    match &files.members {
        None => Ok((0..all).collect()),
        Some(members) => match members.iter().find(|m| **m >= all) {
            Some(wrong) => Err(Error::unusable(format!(
                "--members: {} has {all} (they count from 0), not number {wrong}",
                files.forecast.display()
            ))),
            None => Ok(members.clone()),
        },
    }
}

impl Verification {
    fn variable(&self, names: &Names, name: &str, scores: &mut Scores) -> Result<()> {
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
                // at lead 0 a single forecast is its own truth, an ensemble has a spread
                if lead <= 0.0 && self.members.len() == 1 {
                    continue;
                }
                self.lead(
                    names,
                    (name, level, &label),
                    (k, lead),
                    climate.as_ref(),
                    scores,
                )?;
            }
        }
        Ok(())
    }

    /// All initial times of one variable at one lead.
    fn lead(
        &self,
        names: &Names,
        (name, level, label): (&str, Option<f64>, &str),
        (k, lead): (usize, f64),
        climate: Option<&Array2<f64>>,
        scores: &mut Scores,
    ) -> Result<()> {
        let times = self.forecast.initial_times().len();
        let mut all: Vec<[Series; 3]> = self.areas.iter().map(|_| Default::default()).collect();
        for time in 0..times {
            let Some(truth) = self.truth_at(name, time, lead, level)? else {
                continue;
            };
            let read = |k, member| {
                self.forecast
                    .read_field(name, k, time, member, level)
                    .map_err(Error::unusable)
            };
            let members = self
                .members
                .iter()
                .map(|member| read(k, *member))
                .collect::<Result<Vec<_>>>()?;
            let mut mean = members[0].clone();
            members[1..].iter().for_each(|member| mean += member);
            mean /= members.len() as f64;
            let start = self.forecast.leads_hours().iter().position(|&l| l == 0.0);
            let persistence = match start {
                // the truth itself
                _ if lead <= 0.0 => None,
                Some(start) if members.len() == 1 => Some(read(start, self.members[0])?),
                _ => self.truth_at(name, time, 0.0, level)?,
            };
            let views: Vec<ArrayView2<f64>> = members.iter().map(|m| m.view()).collect();
            for ((_, area), series) in self.areas.iter().zip(&mut all) {
                let fields = [Some(&mean), persistence.as_ref(), climate];
                for (series, field) in series.iter_mut().zip(fields) {
                    if let Some(field) = field {
                        series.add(area, field, &truth, climate);
                    }
                }
                if views.len() > 1 {
                    series[0]
                        .ensembles
                        .push(area.ensemble(&views, truth.view()));
                }
            }
        }
        for ((region, _), series) in self.areas.iter().zip(&all) {
            let case = match self.areas.len() == 1 && *region == Region::globe() {
                true => names.case.to_string(),
                false => format!("{}, {region}", names.case),
            };
            let write = Write {
                case: &case,
                variable: label,
                lead,
                times,
            };
            write.rows(names.model, series, climate.is_some(), scores);
        }
        Ok(())
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
                .read_field(name, k, t, self.truth_member, level)
                .map_err(Error::unusable)
        })
        .transpose()
    }
}

impl Series {
    fn add(
        &mut self,
        area: &AreaMean,
        field: &Array2<f64>,
        truth: &Array2<f64>,
        climate: Option<&Array2<f64>>,
    ) {
        let (field, truth) = (field.view(), truth.view());
        self.squares.push(area.rmse(field, truth).powi(2));
        self.biases.push(area.bias(field, truth));
        if let Some(climate) = climate {
            self.correlations
                .push(area.acc(field, truth, climate.view()));
        }
    }

    fn rmse(&self) -> f64 {
        mean(&self.squares).sqrt()
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Where a row belongs.
struct Write<'w> {
    case: &'w str,
    variable: &'w str,
    lead: f64,
    /// Initial times of the forecast, with a truth or without.
    times: usize,
}

impl Write<'_> {
    /// The row of a mean over initial times; `of` is what is done with the mean.
    fn row(&self, model: &str, metric: &str, values: &[f64], of: fn(f64) -> f64) -> ScoreRow {
        let value = of(mean(values));
        let mut row =
            ScoreRow::new(self.case, model, self.variable, metric, value).at_lead(self.lead);
        if let Some([low, high]) = bootstrap::interval(values, of) {
            row = row.noted(format!("95 %: {low:.6} to {high:.6}"));
        }
        match values.len() < self.times {
            true => row.noted(format!("{} of {} initial times", values.len(), self.times)),
            false => row,
        }
    }

    fn rows(&self, model: &str, series: &[Series; 3], anomalies: bool, scores: &mut Scores) {
        let baselines = series[1..].iter().filter(|s| !s.squares.is_empty());
        let baseline = baselines.map(Series::rmse).fold(f64::INFINITY, f64::min);
        for (name, series) in [model, "persistence", "climatology"]
            .into_iter()
            .zip(series)
        {
            if series.squares.is_empty() {
                continue;
            }
            let error = self.row(name, "rmse", &series.squares, f64::sqrt);
            scores.push(if baseline.is_finite() {
                error.against(baseline)
            } else {
                error
            });
            scores.push(self.row(name, "bias", &series.biases, |v| v));
            if anomalies && name != "climatology" {
                scores.push(self.row(name, "acc", &series.correlations, |v| v));
            }
            self.of_members(name, &series.ensembles, scores);
        }
    }

    /// Rows that an ensemble has besides those of its mean.
    fn of_members(&self, model: &str, ensembles: &[EnsembleScores], scores: &mut Scores) {
        let Some(first) = ensembles.first() else {
            return;
        };
        let each =
            |of: fn(&EnsembleScores) -> f64| -> Vec<f64> { ensembles.iter().map(of).collect() };
        scores.push(self.row(model, "crps", &each(|e| e.crps), |v| v));
        scores.push(self.row(model, "crps_fair", &each(|e| e.crps_fair), |v| v));
        let variances = each(|e| e.variance);
        scores.push(self.row(model, "spread", &variances, f64::sqrt));
        // of an ensemble that the truth might be a member of it is 1 (Fortin et al., J. Hydrometeorol.
        // 15, 1708-1713, 2014)
        let members = (first.ranks.len() - 1) as f64;
        let ratio =
            ((members + 1.0) / members * mean(&variances) / mean(&each(|e| e.mean_square))).sqrt();
        let row = |metric: &str, value: f64| {
            ScoreRow::new(self.case, model, self.variable, metric, value).at_lead(self.lead)
        };
        scores.push(row("spread_skill_ratio", ratio));
        for rank in 0..first.ranks.len() {
            let shares: Vec<f64> = ensembles.iter().map(|e| e.ranks[rank]).collect();
            scores.push(row(&format!("rank_{rank}"), mean(&shares)));
        }
    }
}
