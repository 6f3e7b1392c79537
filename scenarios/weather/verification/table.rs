//! Scores as NetCDF: a variable for each variable and score, over models, regions and leads.

use super::entries::Verified;
use crate::weather::scores::spectrum::Scale;
use curlwind_datasets::netcdf::{Along, Attributes, TableDimension, TableVariable, Tables};
use std::collections::BTreeMap;

/// The dimension of leads, as forecast files have it.
const LEAD: &str = "prediction_timedelta";

fn pairs(all: &[(&str, &str)]) -> Attributes {
    all.iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

/// Letters, digits and underscores.
fn clean(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(keep).collect();
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => name,
        false => format!("v{name}"),
    }
}

/// What a score is, in words.
fn describe(metric: &str) -> String {
    let known = match metric {
        "rmse" => "root mean square error of the ensemble mean",
        "mae" => "mean absolute error of the ensemble mean",
        "bias" => "mean error of the ensemble mean, forecast minus truth",
        "acc" => "centred anomaly correlation of the ensemble mean",
        "crps" => "continuous ranked probability score of the members' distribution",
        "crps_fair" => "fair continuous ranked probability score",
        "spread" => "root of the mean variance of the members",
        "spread_skill_ratio" => "spread over error of the ensemble mean, 1 of a reliable ensemble",
        _ => {
            return metric
                .replace("fss_", "fractions skill score of ")
                .replace('_', " in ");
        }
    };
    known.into()
}

/// The name of the spectra's dimension.
fn scale_name(scale: Scale) -> &'static str {
    match scale {
        Scale::Degree => "degree",
        Scale::ZonalWavenumber => "zonal_wavenumber",
        Scale::HalfWaves => "half_waves",
    }
}

impl Verified {
    /// The tables of `scores.nc`.
    pub fn tables(&self) -> Tables {
        let mut tables = Tables {
            attributes: pairs(&[
                (
                    "title",
                    &format!("scores of {} against {}", self.models[0], self.case),
                ),
                ("institution", "produced by the Curlwind program"),
                ("source", concat!("curlwind ", env!("CARGO_PKG_VERSION"))),
                ("history", "curlwind score"),
                (
                    "references",
                    "WeatherBench 2: Rasp et al. 2024, J. Adv. Model. Earth Syst. 16",
                ),
                ("weights", self.weights),
                ("comment", &self.notes.join("; ")),
            ]),
            dimensions: vec![
                TableDimension {
                    name: "model".into(),
                    along: Along::Labels(self.models.to_vec(), "model".into()),
                },
                TableDimension {
                    name: "region".into(),
                    along: Along::Labels(self.regions.clone(), "region of the average".into()),
                },
                TableDimension {
                    name: LEAD.into(),
                    along: Along::Coordinate(
                        self.leads_hours.clone(),
                        pairs(&[
                            ("standard_name", "forecast_period"),
                            ("long_name", "time since initial time"),
                            ("units", "hours"),
                            // xarray decodes durations only where this says so
                            ("dtype", "timedelta64[ns]"),
                        ]),
                    ),
                },
            ],
            variables: Vec::new(),
        };
        self.add_scores(&mut tables);
        self.add_ranks(&mut tables);
        self.add_differences(&mut tables);
        self.add_spectra(&mut tables);
        tables
    }

    /// Values at `[model][region][lead]`.
    fn blank(&self) -> Vec<f64> {
        vec![f64::NAN; self.models.len() * self.regions.len() * self.leads_hours.len()]
    }

    fn place(&self, model: usize, region: usize, lead: usize) -> usize {
        (model * self.regions.len() + region) * self.leads_hours.len() + lead
    }

    fn add_scores(&self, tables: &mut Tables) {
        // value, low, high
        type Columns = [Vec<f64>; 3];
        let mut order: Vec<(usize, &str)> = Vec::new();
        let mut found: BTreeMap<(usize, &str), (Columns, bool)> = BTreeMap::new();
        for entry in self
            .entries
            .iter()
            .filter(|e| !e.metric.starts_with("rank_"))
        {
            let key = (entry.variable, entry.metric.as_str());
            let (columns, _) = found.entry(key).or_insert_with(|| {
                order.push(key);
                (std::array::from_fn(|_| self.blank()), entry.has_unit)
            });
            let at = self.place(entry.model, entry.region, entry.lead);
            columns[0][at] = entry.value;
            if let Some([low, high]) = entry.interval {
                (columns[1][at], columns[2][at]) = (low, high);
            }
        }
        for key in order {
            let Some((columns, has_unit)) = found.remove(&key) else {
                continue;
            };
            let variable = &self.variables[key.0];
            let units = match has_unit {
                true => variable.units.clone().unwrap_or_else(|| "1".into()),
                false => "1".into(),
            };
            let name = clean(&format!("{}_{}", variable.label, key.1));
            let words = format!("{}: {}", variable.label, describe(key.1));
            let dimensions = ["model", "region", LEAD];
            push_with_bounds(tables, &name, &dimensions, columns, (&words, &units));
        }
    }

    fn add_ranks(&self, tables: &mut Tables) {
        let rank_of = |metric: &str| metric.strip_prefix("rank_")?.parse::<usize>().ok();
        let all = self
            .entries
            .iter()
            .filter_map(|e| Some((e, rank_of(&e.metric)?)));
        let Some(count) = all.clone().map(|(_, rank)| rank + 1).max() else {
            return;
        };
        tables.dimensions.push(TableDimension {
            name: "rank".into(),
            along: Along::Coordinate(
                (0..count).map(|rank| rank as f64).collect(),
                pairs(&[("long_name", "members below the truth"), ("units", "1")]),
            ),
        });
        for (number, variable) in self.variables.iter().enumerate() {
            let mut values = vec![f64::NAN; self.blank().len() * count];
            let mut any = false;
            for (entry, rank) in all.clone().filter(|(e, _)| e.variable == number) {
                let at = self.place(entry.model, entry.region, entry.lead);
                values[at * count + rank] = entry.value;
                any = true;
            }
            if any {
                let words = format!(
                    "{}: share of the truth's rank among the members",
                    variable.label
                );
                tables.variables.push(TableVariable {
                    name: clean(&format!("{}_rank_histogram", variable.label)),
                    dimensions: ["model", "region", LEAD, "rank"].map(String::from).to_vec(),
                    values,
                    attributes: pairs(&[("long_name", &words), ("units", "1")]),
                });
            }
        }
    }

    fn add_differences(&self, tables: &mut Tables) {
        for (number, variable) in self.variables.iter().enumerate() {
            for metric in ["rmse", "crps"] {
                let size = self.regions.len() * self.leads_hours.len();
                let mut columns: [Vec<f64>; 3] = std::array::from_fn(|_| vec![f64::NAN; size]);
                let mut any = false;
                let meant = |d: &&super::Difference| d.variable == number && d.metric == metric;
                for difference in self.differences.iter().filter(meant) {
                    let at = self.place(0, difference.region, difference.lead);
                    columns[0][at] = difference.value;
                    if let Some([low, high]) = difference.interval {
                        (columns[1][at], columns[2][at]) = (low, high);
                    }
                    any = true;
                }
                if any {
                    let name = clean(&format!("{}_{metric}_difference", variable.label));
                    let (ours, theirs) = (&self.models[0], &self.models[1]);
                    let words = format!(
                        "{}: {metric} of {ours} relative to {theirs}, below 0 is better",
                        variable.label
                    );
                    push_with_bounds(tables, &name, &["region", LEAD], columns, (&words, "1"));
                }
            }
        }
    }

    fn add_spectra(&self, tables: &mut Tables) {
        let (Some(scale), Some(first)) = (self.scale, self.spectra.first()) else {
            return;
        };
        let count = first.truth.len();
        let name = scale_name(scale);
        tables.dimensions.push(TableDimension {
            name: name.into(),
            along: Along::Coordinate(
                (0..count).map(|n| n as f64).collect(),
                pairs(&[("long_name", scale.describe()), ("units", "1")]),
            ),
        });
        let mut labels: Vec<&str> = Vec::new();
        for spectrum in &self.spectra {
            if labels.last() != Some(&&*spectrum.label) {
                labels.push(&spectrum.label);
            }
        }
        for label in labels {
            let all = self.spectra.iter().filter(|s| s.label == label);
            let mut columns: [Vec<f64>; 3] =
                std::array::from_fn(|_| vec![f64::NAN; self.leads_hours.len() * count]);
            let mut units = String::from("1");
            for spectrum in all {
                let at = spectrum.lead * count..(spectrum.lead + 1) * count;
                let ratio = spectrum.ratio();
                let power = [&spectrum.forecast, &spectrum.truth, &ratio];
                for (column, values) in columns.iter_mut().zip(power) {
                    column[at.clone()].copy_from_slice(values);
                }
                units = spectrum.units.clone().unwrap_or(units);
            }
            let parts = [
                (
                    "spectrum_forecast",
                    "power of the members by scale",
                    &*units,
                ),
                ("spectrum_truth", "power of the truth by scale", &*units),
                (
                    "spectral_ratio",
                    "power of the members over that of the truth",
                    "1",
                ),
            ];
            for ((part, words, units), values) in parts.into_iter().zip(columns) {
                tables.variables.push(TableVariable {
                    name: clean(&format!("{label}_{part}")),
                    dimensions: [LEAD, name].map(String::from).to_vec(),
                    values,
                    attributes: pairs(&[
                        ("long_name", &format!("{label}: {words}")),
                        ("units", units),
                    ]),
                });
            }
        }
    }
}

/// A variable, and the ends of its intervals where there are any.
fn push_with_bounds(
    tables: &mut Tables,
    name: &str,
    dimensions: &[&str],
    columns: [Vec<f64>; 3],
    (words, units): (&str, &str),
) {
    let bounded = columns[1].iter().any(|x| !x.is_nan());
    let ends = [format!("{name}_low"), format!("{name}_high")];
    let [value, low, high] = columns;
    let mut push = |name: &str, values, words: &str, ancillary: &str| {
        tables.variables.push(TableVariable {
            name: name.into(),
            dimensions: dimensions.iter().map(ToString::to_string).collect(),
            values,
            attributes: pairs(&[
                ("long_name", words),
                ("units", units),
                ("ancillary_variables", ancillary),
            ]),
        });
    };
    push(
        name,
        value,
        words,
        &if bounded {
            ends.join(" ")
        } else {
            String::new()
        },
    );
    if bounded {
        for (end, values, which) in [(&ends[0], low, "lower"), (&ends[1], high, "upper")] {
            let words =
                format!("{words}, {which} end of 95 % of a block bootstrap over initial times");
            push(end, values, &words, "");
        }
    }
}
