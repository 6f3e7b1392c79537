//! The figures of a verification.

use super::entries::{LeadSpectrum, Verified};
use super::samples::{BASELINE, FORECAST};
use crate::figures::{
    Axis, Colour, Curves, Figure, Labels, Scorecard, ScorecardGroup, Series, curves_grid,
    distinct_colours, model_colour,
};
use crate::weather::scores::spectrum::Scale;

/// A figure, the name of its file, and what it shows.
pub(super) struct Drawn {
    pub name: String,
    pub figure: Figure,
    pub caption: String,
}

/// Variables that a figure has room for.
const ROOM: usize = 6;

const WIDTH: f64 = 900.0;

impl Verified {
    /// All the figures that the scores allow. Curves are of the first region.
    pub(super) fn pictures(&self) -> Vec<Drawn> {
        let metrics = [
            (
                "rmse",
                "RMSE",
                "Root mean square error of the (ensemble) mean",
            ),
            ("acc", "ACC", "Anomaly correlation of the (ensemble) mean"),
            ("crps", "CRPS", "Continuous ranked probability score"),
        ];
        let mut drawn: Vec<Drawn> = metrics
            .into_iter()
            .filter_map(|(metric, short, words)| self.over_lead(metric, short, words))
            .collect();
        drawn.extend(self.spread_skill());
        drawn.extend(self.ranks());
        drawn.extend(self.fractions());
        drawn.extend(self.spectral());
        drawn.extend(self.scorecard());
        drawn
    }

    fn colours(&self) -> Vec<Colour> {
        distinct_colours(self.models.iter().map(String::as_str))
    }

    /// The region of the curves, in words.
    pub(super) fn first_region(&self) -> String {
        match self.regions[0].as_str() {
            name @ ("globe" | "tropics" | "northern_hemisphere" | "southern_hemisphere") => {
                format!("the {}", name.replace('_', " "))
            }
            name => name.into(),
        }
    }

    /// Where and how scores were averaged, for captions.
    fn averaged(&self) -> String {
        let intervals = "Bands hold 95 % of a block bootstrap over initial times.";
        let times = self.initial_times;
        let region = self.first_region();
        match times {
            1 => format!("Average over {region}, one initial time."),
            n if n < crate::weather::scores::bootstrap::FEWEST => {
                format!("Average over {region} and {n} initial times, too few for intervals.")
            }
            n => format!("Average over {region} and {n} initial times. {intervals}"),
        }
    }

    /// The unit of a variable in brackets.
    fn unit(&self, variable: usize) -> String {
        match self.variables[variable].units.as_deref() {
            None | Some("1") => String::new(),
            Some(units) => format!(" ({})", units.replace("**", "")),
        }
    }

    fn grid(&self, name: &str, plots: Vec<Curves>, caption: String) -> Option<Drawn> {
        let columns = if plots.len() == 1 { 1 } else { 2 };
        let left_out = self.variables.len().saturating_sub(ROOM);
        let caption = match left_out {
            0 => caption,
            n => format!("{caption} {n} further variables are in scores.nc."),
        };
        let width = if columns == 1 { 620.0 } else { WIDTH };
        (!plots.is_empty()).then(|| Drawn {
            name: name.into(),
            figure: curves_grid(&plots, columns, width, 300.0),
            caption,
        })
    }

    /// One score of all models over lead, a plot for each variable.
    fn over_lead(&self, metric: &str, short: &str, words: &str) -> Option<Drawn> {
        let colours = self.colours();
        let mut plots = Vec::new();
        for variable in 0..self.variables.len().min(ROOM) {
            let unit = if metric == "acc" {
                String::new()
            } else {
                self.unit(variable)
            };
            let axis = Axis::linear(&format!("{short}{unit}"));
            let mut plot = Curves::new(Axis::hours("lead time"), axis)
                .title(&self.variables[variable].label)
                .labels(Labels::Legend);
            let mut any = false;
            for (model, colour) in colours.iter().enumerate() {
                let curve = self.curve((model, variable, 0), metric);
                if curve.is_empty() {
                    continue;
                }
                any = true;
                plot = plot.series(series(&self.models[model], &curve).colour(*colour));
            }
            if metric == "acc" {
                plot = plot.level(0.6, "0.6");
            }
            if any {
                plots.push(plot);
            }
        }
        self.grid(metric, plots, format!("{words}. {}", self.averaged()))
    }

    /// Error and spread over lead.
    fn spread_skill(&self) -> Option<Drawn> {
        let colours = self.colours();
        let mut plots = Vec::new();
        for variable in 0..self.variables.len().min(ROOM) {
            let axis = Axis::linear(&format!("RMSE, spread{}", self.unit(variable)));
            let mut plot = Curves::new(Axis::hours("lead time"), axis)
                .title(&self.variables[variable].label)
                .labels(Labels::Legend);
            let mut any = false;
            for model in [FORECAST, BASELINE] {
                let spread = self.curve((model, variable, 0), "spread");
                if spread.is_empty() {
                    continue;
                }
                any = true;
                let name = &self.models[model];
                let error = self.curve((model, variable, 0), "rmse");
                let line = |what: &str, curve| {
                    series(&format!("{name}, {what}"), curve).colour(colours[model])
                };
                plot = plot.series(line("RMSE", &error).solid());
                plot = plot.series(line("spread", &spread).dashed());
            }
            if any {
                plots.push(plot);
            }
        }
        let words = "Error of the ensemble mean (solid) and spread of the members (dashed): of a reliable \
                     ensemble they agree up to the factor √((m+1)/m).";
        self.grid(
            "spread_skill",
            plots,
            format!("{words} {}", self.averaged()),
        )
    }

    /// The truth's rank among the members at the first, middle and last lead.
    fn ranks(&self) -> Option<Drawn> {
        let mut plots = Vec::new();
        for variable in 0..self.variables.len().min(ROOM) {
            let of = |lead: usize| -> Vec<f64> {
                let meant = self.entries.iter().filter(|e| {
                    (e.model, e.variable, e.region, e.lead) == (FORECAST, variable, 0, lead)
                        && e.metric.starts_with("rank_")
                });
                meant.map(|e| e.value).collect()
            };
            let leads: Vec<usize> = (0..self.leads_hours.len())
                .filter(|l| !of(*l).is_empty())
                .collect();
            let Some(last) = leads.last() else { continue };
            let mut shown = vec![leads[0], leads[leads.len() / 2], *last];
            shown.dedup();
            let names: Vec<String> = shown
                .iter()
                .map(|l| format!("{} h", self.leads_hours[*l]))
                .collect();
            let count = of(*last).len() as f64;
            let top = shown
                .iter()
                .flat_map(|l| of(*l))
                .fold(1.0 / count, f64::max);
            let axis = Axis::linear("share of the area").range(0.0, 1.1 * top);
            let mut plot = Curves::new(Axis::linear("members below the truth"), axis)
                .title(&self.variables[variable].label)
                .labels(Labels::Legend)
                .level(1.0 / count, "flat");
            let colours = distinct_colours(names.iter().map(String::as_str));
            for ((lead, name), colour) in shown.iter().zip(&names).zip(colours) {
                let shares = of(*lead);
                // a step for each rank
                let x = (0..shares.len()).flat_map(|r| [r as f64 - 0.5, r as f64 + 0.5]);
                let y = shares.iter().flat_map(|s| [*s, *s]);
                let (x, y): (Vec<f64>, Vec<f64>) = x.zip(y).unzip();
                plot = plot.series(Series::new(name, &x, &y).colour(colour).solid());
            }
            plots.push(plot);
        }
        let words = "Rank of the truth among the members: flat of a reliable ensemble, high at both ends of one \
                     that spreads too little, sloping where it is biased.";
        self.grid("rank_histogram", plots, words.into())
    }

    /// Fractions skill scores over lead.
    fn fractions(&self) -> Option<Drawn> {
        let mut plots = Vec::new();
        for variable in 0..self.variables.len().min(ROOM) {
            let mut metrics: Vec<&str> = Vec::new();
            for entry in self.entries.iter().filter(|e| e.variable == variable) {
                if entry.metric.starts_with("fss_") && !metrics.contains(&&*entry.metric) {
                    metrics.push(&entry.metric);
                }
            }
            if metrics.is_empty() {
                continue;
            }
            metrics.truncate(6);
            let mut plot = Curves::new(Axis::hours("lead time"), Axis::linear("FSS"))
                .title(&format!(
                    "{}, {}",
                    self.variables[variable].label, self.models[0]
                ))
                .labels(Labels::Legend);
            let names: Vec<String> = metrics.iter().map(|m| spoken(m)).collect();
            let whole: Vec<String> = names.iter().map(|n| n.replace(',', "")).collect();
            let colours = distinct_colours(whole.iter().map(String::as_str));
            for ((metric, name), colour) in metrics.iter().zip(&names).zip(colours) {
                let curve = self.curve((FORECAST, variable, 0), metric);
                plot = plot.series(series(name, &curve).colour(colour));
            }
            plots.push(plot);
        }
        let words = "Fractions skill score by threshold and neighbourhood: 1 is perfect.";
        self.grid(
            "fractions_skill",
            plots,
            format!("{words} {}", self.averaged()),
        )
    }

    /// Power of forecast and truth, and their ratio.
    fn spectral(&self) -> Vec<Drawn> {
        let mut labels: Vec<&str> = Vec::new();
        for spectrum in &self.spectra {
            if !labels.contains(&&*spectrum.label) {
                labels.push(&spectrum.label);
            }
        }
        // the wind's energy before all others
        labels.sort_by_key(|label| !label.starts_with("kinetic_energy"));
        labels.truncate(ROOM);
        let Some(scale) = self.scale.filter(|_| !labels.is_empty()) else {
            return Vec::new();
        };
        let (mut powers, mut ratios) = (Vec::new(), Vec::new());
        for label in labels {
            let all: Vec<&LeadSpectrum> =
                self.spectra.iter().filter(|s| s.label == *label).collect();
            let mut shown = vec![all[0], all[all.len() / 2], all[all.len() - 1]];
            shown.dedup_by_key(|s| s.lead);
            let unit = match all[0].units.as_deref() {
                None | Some("1") => String::new(),
                Some(units) => format!(" ({units})"),
            };
            let title = label.replace("kinetic_energy", "kinetic energy, ");
            let mut power = Curves::new(
                Axis::log(scale.describe()),
                Axis::log(&format!("power{unit}")),
            )
            .title(title.trim_end_matches(", "))
            .labels(Labels::Legend);
            if scale != Scale::HalfWaves {
                power = power.slope(-3.0, "-3");
            }
            let mut ratio = Curves::new(
                Axis::log(scale.describe()),
                Axis::log("forecast over truth"),
            )
            .title(title.trim_end_matches(", "))
            .labels(Labels::Legend)
            .level(1.0, "1");
            let names: Vec<String> = shown
                .iter()
                .map(|s| format!("{} h", self.leads_hours[s.lead]))
                .collect();
            let colours = distinct_colours(names.iter().map(String::as_str));
            let n: Vec<f64> = (1..all[0].truth.len()).map(|n| n as f64).collect();
            let last = shown[shown.len() - 1];
            for ((spectrum, name), colour) in shown.iter().zip(&names).zip(colours) {
                let line = |y: &[f64]| Series::new(name, &n, y).colour(colour).solid();
                power = power.series(line(&spectrum.forecast[1..]));
                ratio = ratio.series(line(&spectrum.ratio()[1..]));
            }
            // over the others: at its best a forecast lies under it
            let truth = Series::new("truth", &n, &last.truth[1..]).colour(model_colour("truth"));
            powers.push(power.series(truth.width(1.2).dashed()));
            ratios.push(ratio);
        }
        let caption = "Power by scale of the members, on average, at three leads, and of the truth at the last of them.";
        let other =
            "Power of the members over that of the truth: below 1 the forecast is too smooth.";
        [
            ("spectra", powers, caption),
            ("spectral_ratio", ratios, other),
        ]
        .into_iter()
        .filter_map(|(name, plots, caption)| self.grid(name, plots, caption.into()))
        .collect()
    }

    /// The forecast against the baseline, a cell for each variable, score, lead and region.
    fn scorecard(&self) -> Option<Drawn> {
        if self.differences.is_empty() {
            return None;
        }
        let (ours, theirs) = (&self.models[FORECAST], &self.models[BASELINE]);
        let leads: Vec<usize> = (0..self.leads_hours.len())
            .filter(|lead| self.differences.iter().any(|d| d.lead == *lead))
            .collect();
        let columns = leads
            .iter()
            .map(|l| self.leads_hours[*l].to_string())
            .collect();
        let quantity = format!("{ours} relative to {theirs} (%)");
        let mut card = Scorecard::new(&quantity, "lead time (h)", columns).title(
            &format!("{ours} against {theirs}"),
            "blue: better, red: worse; a dot: significant",
        );
        for (region, name) in self.regions.iter().enumerate() {
            let mut rows = Vec::new();
            for (variable, scored) in self.variables.iter().enumerate() {
                for metric in ["rmse", "crps"] {
                    let cell = |lead: &usize| {
                        let found = self.differences.iter().find(|d| {
                            (d.variable, d.region, d.lead, d.metric)
                                == (variable, region, *lead, metric)
                        })?;
                        Some((100.0 * found.value, found.significant()))
                    };
                    let cells: Vec<_> = leads.iter().map(cell).collect();
                    if cells.iter().any(Option::is_some) {
                        let name = format!("{} {}", scored.label, metric.to_uppercase());
                        rows.push((name, cells));
                    }
                }
            }
            card = card.group(ScorecardGroup {
                name: name.clone(),
                rows,
            });
        }
        Some(Drawn {
            name: "scorecard".into(),
            figure: card.figure(WIDTH),
            caption: format!(
                "Error of {ours} relative to {theirs} over the initial times that both have. A dot where 95 % of a \
                 paired block bootstrap lie on one side of zero: by chance alone one cell in twenty has one."
            ),
        })
    }
}

/// `fss_p90_5points` as `p90, 5 points`.
fn spoken(metric: &str) -> String {
    let name = metric.trim_start_matches("fss_").replace('_', ", ");
    name.replace("point", " point").replace("km", " km")
}

fn series(name: &str, curve: &[(f64, f64, Option<[f64; 2]>)]) -> Series {
    let x: Vec<f64> = curve.iter().map(|point| point.0).collect();
    let y: Vec<f64> = curve.iter().map(|point| point.1).collect();
    let series = Series::new(name, &x, &y);
    if curve.iter().all(|point| point.2.is_none()) {
        return if x.len() < 2 {
            series.markers()
        } else {
            series
        };
    }
    let end = |k: usize| -> Vec<f64> {
        curve
            .iter()
            .map(|point| point.2.map_or(f64::NAN, |i| i[k]))
            .collect()
    };
    series.spread(&end(0), &end(1))
}
