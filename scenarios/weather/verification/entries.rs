//! Means over initial times, with their intervals: what tables, files and figures are made of.

use super::inputs::{Files, Inputs};
use super::pieces::{LeadScores, Piece, label, pieces};
use super::samples::{
    ABSOLUTE, BASELINE, BIAS, CLIMATOLOGY, CORRELATION, CRPS, CRPS_FAIR, FORECAST, MODELS,
    PERSISTENCE, RANKS, SHARE, SQUARE, Sample, VARIANCE,
};
use crate::weather::scores::bootstrap::Resamples;
use crate::weather::scores::fractions;
use crate::weather::scores::spectrum::Scale;
use std::collections::BTreeMap;

/// One score: a model's, of a variable, in a region, at a lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Place among [`Verified::models`].
    pub model: usize,
    /// Place among [`Verified::variables`].
    pub variable: usize,
    /// Place among [`Verified::regions`].
    pub region: usize,
    /// Place among [`Verified::leads_hours`].
    pub lead: usize,
    /// `rmse`, `mae`, `bias`, `acc`, `crps`, `crps_fair`, `spread`, `spread_skill_ratio`, `rank_0`...,
    /// `fss_THRESHOLD_NEIGHBOURHOOD`.
    pub metric: String,
    /// The mean over initial times; not finite where the forecast failed, NaN where there is nothing to
    /// score.
    pub value: f64,
    /// 95 per cent of a block bootstrap over initial times.
    pub interval: Option<[f64; 2]>,
    /// The same score of the best of persistence and climatology.
    pub baseline: Option<f64>,
    /// Whether it has the variable's unit.
    pub has_unit: bool,
    /// A remark.
    pub note: Option<String>,
}

/// How the forecast compares with the baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Place among [`Verified::variables`].
    pub variable: usize,
    /// Place among [`Verified::regions`].
    pub region: usize,
    /// Place among [`Verified::leads_hours`].
    pub lead: usize,
    /// `rmse` or `crps`.
    pub metric: &'static str,
    /// (forecast - baseline) / baseline: below 0 the forecast is better.
    pub value: f64,
    /// 95 per cent of a block bootstrap with the same times drawn for both.
    pub interval: Option<[f64; 2]>,
    /// Initial times that both have.
    pub times: usize,
}

impl Difference {
    /// Whether the interval leaves no doubt about the sign.
    pub fn significant(&self) -> bool {
        self.interval
            .is_some_and(|[low, high]| low > 0.0 || high < 0.0)
    }
}

/// Power by scale at one lead, averaged over initial times and members.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadSpectrum {
    /// `z500`, or `kinetic_energy500`.
    pub label: String,
    /// The unit of the power.
    pub units: Option<String>,
    /// Place among [`Verified::leads_hours`].
    pub lead: usize,
    /// Of the members, from scale 0.
    pub forecast: Vec<f64>,
    /// Of the truth.
    pub truth: Vec<f64>,
}

impl LeadSpectrum {
    /// Forecast over truth at each scale; NaN where the truth has no power.
    pub fn ratio(&self) -> Vec<f64> {
        let ratio = |(f, t): (&f64, &f64)| if *t > 0.0 { f / t } else { f64::NAN };
        self.forecast.iter().zip(&self.truth).map(ratio).collect()
    }

    /// The last scale up to which the forecast has half to twice the truth's power, from scale 1; 0 if
    /// scale 1 has not.
    pub fn effective_scale(&self) -> usize {
        let ratio = self.ratio();
        let good = ratio
            .iter()
            .skip(1)
            .take_while(|r| (0.5..=2.0).contains(*r));
        good.count()
    }
}

/// A scored variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Name and level.
    pub label: String,
    /// The unit of its values, the truth's.
    pub units: Option<String>,
}

/// What a verification found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The truth's name.
    pub case: String,
    /// Names of the models: forecast, baseline, persistence, climatology.
    pub models: [String; MODELS],
    /// What was scored.
    pub variables: Vec<Scored>,
    /// Where.
    pub regions: Vec<String>,
    /// Leads in hours.
    pub leads_hours: Vec<f64>,
    /// Initial times of the forecast, with a truth or without.
    pub initial_times: usize,
    /// Members that were scored.
    pub members: usize,
    /// How points were weighted, in words.
    pub weights: &'static str,
    /// All scores, by variable, lead, region and model.
    pub entries: Vec<Entry>,
    /// The scorecard; empty without a baseline.
    pub differences: Vec<Difference>,
    /// Power by scale; empty where nobody asked.
    pub spectra: Vec<LeadSpectrum>,
    /// What the spectra count.
    pub scale: Option<Scale>,
    /// What was left out or stands out, in words.
    pub notes: Vec<String>,
}

impl Verified {
    /// The values of a score over the leads that have one, with the intervals.
    pub fn curve(
        &self,
        (model, variable, region): (usize, usize, usize),
        metric: &str,
    ) -> Vec<(f64, f64, Option<[f64; 2]>)> {
        let meant = |e: &&Entry| {
            (e.model, e.variable, e.region) == (model, variable, region) && e.metric == metric
        };
        let found = self.entries.iter().filter(meant);
        found
            .map(|e| (self.leads_hours[e.lead], e.value, e.interval))
            .collect()
    }

    /// Place of the forecast among the models.
    pub const FORECAST: usize = FORECAST;
    /// Place of the baseline.
    pub const BASELINE: usize = BASELINE;
}

/// Resamples for each number of times, drawn once.
#[derive(Default)]
struct Draws(BTreeMap<usize, Resamples>);

impl Draws {
    fn of(&mut self, n: usize) -> &Resamples {
        self.0.entry(n).or_insert_with(|| Resamples::new(n))
    }
}

/// A score: its name, its place in a sample, what is done with the mean, whether it has the variable's
/// unit.
type Metric = (&'static str, usize, fn(f64) -> f64, bool);

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// All means of what was scored.
pub(super) fn summarise(
    files: &Files,
    inputs: &Inputs,
    found: &[Vec<LeadScores>],
    scale: Option<Scale>,
) -> Verified {
    let stem = |path: &std::path::Path, otherwise: &str| {
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        stem.unwrap_or_else(|| otherwise.into())
    };
    let model = stem(files.forecast, "forecast");
    let baseline = match files.baseline.map(|path| stem(path, "baseline")) {
        Some(name) if name != model => name,
        _ => "baseline".into(),
    };
    let scored = |v: &super::inputs::Matched| Scored {
        label: v.label.clone(),
        units: v.units.clone(),
    };
    let mut verified = Verified {
        case: stem(files.truth, "truth"),
        models: [model, baseline, "persistence".into(), "climatology".into()],
        variables: inputs.variables.iter().map(scored).collect(),
        regions: inputs
            .regions
            .iter()
            .map(|r| r.name().to_string())
            .collect(),
        leads_hours: inputs.forecast.leads_hours().to_vec(),
        initial_times: inputs.forecast.initial_times().len(),
        members: inputs.members.len(),
        weights: files.weights.describe(),
        entries: Vec::new(),
        differences: Vec::new(),
        spectra: Vec::new(),
        scale,
        notes: inputs.notes.clone(),
    };
    let mut draws = Draws::default();
    for (piece, leads) in pieces(files, inputs).iter().zip(found) {
        let (name, units) = (label(piece, inputs), unit_of(piece, inputs));
        for (lead, scores) in leads.iter().enumerate() {
            if let Piece::Field(variable) = piece {
                for region in 0..inputs.regions.len() {
                    let at = Place {
                        variable: *variable,
                        region,
                        lead,
                        times: verified.initial_times,
                    };
                    at.entries(
                        files,
                        inputs,
                        &scores.samples,
                        &mut draws,
                        &mut verified.entries,
                    );
                    at.differences(&scores.samples, &mut draws, &mut verified.differences);
                }
            }
            if let Some(spectra) = scores.spectra.as_ref().filter(|s| s.times > 0) {
                let share = 1.0 / spectra.times as f64;
                let scaled = |sum: &[f64]| sum.iter().map(|x| share * x).collect();
                verified.spectra.push(LeadSpectrum {
                    label: name.clone(),
                    units: units.clone(),
                    lead,
                    forecast: scaled(&spectra.forecast.0),
                    truth: scaled(&spectra.truth.0),
                });
            }
        }
    }
    verified
}

/// The unit of a piece's power.
fn unit_of(piece: &Piece, inputs: &Inputs) -> Option<String> {
    let (Piece::Field(v) | Piece::Wind(v, _)) = piece;
    inputs.variables[*v].units.as_deref().map(squared)
}

/// The square of a unit: `m2 s-2` becomes `m4 s-4`.
fn squared(units: &str) -> String {
    let factor = |token: &str| -> Option<String> {
        let end = token
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(token.len());
        let (symbol, power) = token.split_at(end);
        let power = match power.trim_start_matches(['*', '^']) {
            "" => 1,
            power => power.parse::<i32>().ok()?,
        };
        (!symbol.is_empty()).then(|| format!("{symbol}{}", 2 * power))
    };
    let factors: Option<Vec<String>> = units.split_whitespace().map(factor).collect();
    match factors {
        _ if units == "1" => units.into(),
        Some(factors) => factors.join(" "),
        None => format!("({units})2"),
    }
}

/// A variable, region and lead.
struct Place {
    variable: usize,
    region: usize,
    lead: usize,
    times: usize,
}

impl Place {
    /// The scores of a model at the times that it has any, in order.
    fn of<'s>(&self, model: usize, samples: &'s [Sample]) -> Vec<(usize, &'s [f64])> {
        let each = samples.iter().filter_map(|sample| {
            let scores = sample.models.get(model)?.get(self.region)?;
            (scores.0[SHARE] > 0.0).then_some((sample.time, scores.0.as_slice()))
        });
        each.collect()
    }

    fn entries(
        &self,
        files: &Files,
        inputs: &Inputs,
        samples: &[Sample],
        draws: &mut Draws,
        entries: &mut Vec<Entry>,
    ) {
        let column = |rows: &[(usize, &[f64])], at: usize| -> Vec<f64> {
            rows.iter().map(|(_, scores)| scores[at]).collect()
        };
        let reference = [PERSISTENCE, CLIMATOLOGY]
            .into_iter()
            .map(|model| column(&self.of(model, samples), SQUARE))
            .filter(|squares| !squares.is_empty())
            .map(|squares| mean(&squares).sqrt())
            .fold(f64::INFINITY, f64::min);
        for model in 0..MODELS {
            let rows = self.of(model, samples);
            if rows.is_empty() {
                continue;
            }
            let draws = draws.of(rows.len());
            let note = self.note(&rows);
            let mut push = |metric: &str, value: f64, interval, has_unit: bool| {
                entries.push(Entry {
                    model,
                    variable: self.variable,
                    region: self.region,
                    lead: self.lead,
                    metric: metric.into(),
                    value,
                    interval,
                    baseline: (metric == "rmse" && reference.is_finite()).then_some(reference),
                    has_unit,
                    note: note.clone(),
                });
            };
            let same = |v: f64| v;
            let simple: [Metric; 4] = [
                ("rmse", SQUARE, f64::sqrt, true),
                ("mae", ABSOLUTE, same, true),
                ("bias", BIAS, same, true),
                ("acc", CORRELATION, same, false),
            ];
            let anomalies = inputs.variables[self.variable].climatology.is_some();
            let mut one = |(metric, at, of, unit): Metric| {
                let values = column(&rows, at);
                let interval = draws.interval([&values], |[m]| of(m));
                push(metric, of(mean(&values)), interval, unit);
            };
            for (metric, at, of, unit) in simple {
                if metric != "acc" || (anomalies && model != CLIMATOLOGY) {
                    one((metric, at, of, unit));
                }
            }
            let members = rows[0].1.len().saturating_sub(RANKS + 1);
            if members > 1 {
                one(("crps", CRPS, same, true));
                one(("crps_fair", CRPS_FAIR, same, true));
                one(("spread", VARIANCE, f64::sqrt, true));
                let (variances, squares) = (column(&rows, VARIANCE), column(&rows, SQUARE));
                // of an ensemble that the truth might be a member of it is 1 (Fortin et al., J.
                // Hydrometeorol. 15, 1708-1713, 2014)
                let m = members as f64;
                let ratio = |[v, s]: [f64; 2]| ((m + 1.0) / m * v / s).sqrt();
                let interval = draws.interval([&variances, &squares], ratio);
                let value = ratio([mean(&variances), mean(&squares)]);
                push("spread_skill_ratio", value, interval, false);
                for rank in 0..=members {
                    let shares = column(&rows, RANKS + rank);
                    push(&format!("rank_{rank}"), mean(&shares), None, false);
                }
            }
            self.events(files, inputs, (model, samples), draws, &mut push);
        }
    }

    /// The fractions skill scores of a model.
    fn events(
        &self,
        files: &Files,
        inputs: &Inputs,
        (model, samples): (usize, &[Sample]),
        draws: &Resamples,
        push: &mut impl FnMut(&str, f64, Option<[f64; 2]>, bool),
    ) {
        let sums: Vec<&[f64]> = samples
            .iter()
            .filter_map(|sample| Some(sample.fractions.get(model)?.get(self.region)?.0.as_slice()))
            .collect();
        if sums.is_empty() {
            return;
        }
        let variable = &inputs.variables[self.variable];
        let thresholds = files.thresholds.iter();
        let thresholds = thresholds.filter(|t| t.is_for(&variable.name, &variable.label));
        let sizes: Vec<String> = match files.neighbourhoods.as_slice() {
            [] => vec!["1point".into()],
            some => some.iter().map(ToString::to_string).collect(),
        };
        let names =
            thresholds.flat_map(|t| sizes.iter().map(move |size| format!("fss_{t}_{size}")));
        for (k, name) in names.enumerate() {
            let column = |at: usize| -> Vec<f64> { sums.iter().map(|s| s[3 * k + at]).collect() };
            let (differences, references) = (column(0), column(1));
            let of = |[d, r]: [f64; 2]| fractions::skill(d, r);
            let interval = draws.interval([&differences, &references], of);
            let interval = interval.filter(|i| i.iter().all(|x| x.is_finite()));
            push(
                &name,
                of([mean(&differences), mean(&references)]),
                interval,
                false,
            );
        }
    }

    /// What must be known of a mean over these times.
    fn note(&self, rows: &[(usize, &[f64])]) -> Option<String> {
        let mut notes = Vec::new();
        if rows.len() < self.times {
            notes.push(format!("{} of {} initial times", rows.len(), self.times));
        }
        let shares: Vec<f64> = rows.iter().map(|(_, scores)| scores[SHARE]).collect();
        let missing = 100.0 * (1.0 - mean(&shares));
        if missing > 1e-9 {
            notes.push(format!("no value in {missing:.3} % of the area, left out"));
        }
        if rows.iter().any(|(_, scores)| !scores[SQUARE].is_finite()) {
            notes.push("not finite where the truth has a value".into());
        }
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    /// Forecast against baseline at the times that both have.
    fn differences(&self, samples: &[Sample], draws: &mut Draws, found: &mut Vec<Difference>) {
        let (ours, theirs) = (self.of(FORECAST, samples), self.of(BASELINE, samples));
        let pairs: Vec<(&[f64], &[f64])> = ours
            .iter()
            .filter_map(|(time, scores)| {
                let other = theirs.iter().find(|(t, _)| t == time)?;
                Some((*scores, other.1))
            })
            .collect();
        if pairs.is_empty() {
            return;
        }
        let draws = draws.of(pairs.len());
        let ensemble = ours[0].1.len() > RANKS + 1;
        let metrics: [Metric; 2] = [
            ("rmse", SQUARE, f64::sqrt, true),
            ("crps", CRPS, |v| v, true),
        ];
        for (metric, at, of, _) in metrics.into_iter().take(if ensemble { 2 } else { 1 }) {
            let ours: Vec<f64> = pairs.iter().map(|(a, _)| a[at]).collect();
            let theirs: Vec<f64> = pairs.iter().map(|(_, b)| b[at]).collect();
            let relative = |[a, b]: [f64; 2]| of(a) / of(b) - 1.0;
            found.push(Difference {
                variable: self.variable,
                region: self.region,
                lead: self.lead,
                metric,
                value: relative([mean(&ours), mean(&theirs)]),
                interval: draws.interval([&ours, &theirs], relative),
                times: pairs.len(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_squared() {
        for (units, expected) in [
            ("m2 s-2", "m4 s-4"),
            ("m**2 s**-2", "m4 s-4"),
            ("K", "K2"),
            ("1", "1"),
            ("m/s", "(m/s)2"),
        ] {
            assert_eq!(squared(units), expected);
        }
    }
}
