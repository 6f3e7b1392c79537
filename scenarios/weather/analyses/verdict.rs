//! How far the forecasts can be trusted, in two sentences and a table.

use crate::report::{Cell, Section};
use crate::run_folder::Scores;
use curlwind_datasets::series::Channel;

/// Anomaly correlation down to which forecasters call a forecast useful.
pub const USEFUL: f64 = 0.6;
/// Models that need no model.
pub const TRIVIAL: [&str; 3] = ["persistence", "damped_persistence", "climatology"];

/// The scores of everybody's forecasts, the surrogate's first.
pub struct Verdict<'v> {
    /// Case of the scores.
    pub case: &'v str,
    /// All of them.
    pub scores: &'v Scores,
    /// Who forecast, the surrogate first.
    pub models: &'v [String],
    /// Fields of a state.
    pub channels: &'v [Channel],
    /// The last lead in hours.
    pub last: f64,
}

impl Verdict<'_> {
    /// The last lead in hours before the correlation falls to 0.6, 0 if it never was above; `None` of a
    /// model that does not forecast the variable.
    fn useful(&self, model: &str, label: &str) -> Option<f64> {
        let series = self.scores.series(self.case, model, label, "acc");
        let above = series.iter().take_while(|(_, acc)| *acc > USEFUL).last();
        (!series.is_empty()).then(|| above.map_or(0.0, |(hours, _)| *hours))
    }

    /// Least and largest spread over error up to a lead.
    fn ratios(&self, label: &str, until: f64) -> Option<[f64; 2]> {
        let series = self
            .scores
            .series(self.case, &self.models[0], label, "spread_skill_ratio");
        let within = series
            .iter()
            .filter(|(lead, _)| *lead > 0.0 && *lead <= until);
        within
            .map(|(_, ratio)| *ratio)
            .fold(None, |found, ratio| match found {
                None => Some([ratio; 2]),
                Some([low, high]) => Some([ratio.min(low), ratio.max(high)]),
            })
    }

    /// What of it matters first: the first variable, against the best of the others.
    pub fn sentences(&self) -> Vec<String> {
        let surrogate = &self.models[0];
        let Some(label) = self.channels.first().map(Channel::label) else {
            return Vec::new();
        };
        let rivals = self.models[1..]
            .iter()
            .filter_map(|model| Some((model, self.useful(model, &label)?)));
        let best = rivals.max_by(|a, b| a.1.total_cmp(&b.1));
        let hours = |hours: f64| match hours {
            h if h >= self.last => format!("{h} h, the last lead"),
            h => format!("{h} h"),
        };
        let mut all = Vec::new();
        if let (Some(own), Some((rival, theirs))) = (self.useful(surrogate, &label), best) {
            let word = match own.total_cmp(&theirs) {
                std::cmp::Ordering::Less => "shorter than",
                std::cmp::Ordering::Equal => "as long as",
                std::cmp::Ordering::Greater => "longer than",
            };
            all.push(format!(
                "Forecasts of {label} by {surrogate} are of use (anomaly correlation above {USEFUL}) until {}, \
                 {word} those of {rival} ({}).",
                hours(own),
                hours(theirs)
            ));
        }
        let until = self.last.min(120.0);
        if let Some([low, high]) = self.ratios(&label, until) {
            all.push(format!(
                "Its members spread {low:.2} to {high:.2} times as far as their mean errs in the first {until} h."
            ));
        }
        all
    }

    /// The table of all variables and models.
    pub fn section(&self) -> Section {
        let until = self.last.min(120.0);
        let spread = format!("spread over error to {until} h");
        let mut heads: Vec<&str> = vec!["variable"];
        let shown = |model: &&String| model.as_str() != "climatology";
        heads.extend(self.models.iter().filter(shown).map(String::as_str));
        heads.push(&spread);
        let rows = self
            .channels
            .iter()
            .map(|channel| {
                let label = channel.label();
                let mut row: Vec<Cell> = vec![label.as_str().into()];
                for model in self.models.iter().filter(shown) {
                    row.push(match self.useful(model, &label) {
                        Some(hours) => Cell::Text(hours.to_string()),
                        None => Cell::Empty,
                    });
                }
                row.push(match self.ratios(&label, until) {
                    Some([low, high]) => Cell::Text(format!("{low:.2} to {high:.2}")),
                    None => Cell::Empty,
                });
                row
            })
            .collect();
        let caption = format!(
            "Hours until which the anomaly correlation stays above {USEFUL} ({} h is the last lead), and spread of \
             the surrogate's members over the error of their mean: 1 where it knows how far to trust itself.",
            self.last
        );
        Section::new("How far to trust it").table(&caption, &heads, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_folder::ScoreRow;

    #[test]
    fn a_surrogate_is_told_how_it_did() {
        let mut scores = Scores::new();
        let mut add = |model: &str, metric: &str, values: [f64; 3]| {
            for (lead, value) in [6.0, 12.0, 18.0].into_iter().zip(values) {
                scores.push(ScoreRow::new("c", model, "z500", metric, value).at_lead(lead));
            }
        };
        add("sfno", "acc", [0.9, 0.7, 0.5]);
        add("solver@T21", "acc", [0.95, 0.8, 0.61]);
        add("persistence", "acc", [0.5, 0.7, 0.7]);
        add("sfno", "spread_skill_ratio", [0.8, 1.1, 0.9]);
        let models = ["sfno", "solver@T21", "persistence", "climatology"].map(String::from);
        let channel = Channel {
            variable: "z".into(),
            standard_name: None,
            long_name: String::new(),
            level_hpa: Some(500.0),
            units: "m2 s-2".into(),
        };
        let verdict = Verdict {
            case: "c",
            scores: &scores,
            models: &models,
            channels: &[channel],
            last: 18.0,
        };
        let text = verdict.sentences().join(" ");
        assert!(
            text.contains("until 12 h, shorter than those of solver@T21 (18 h, the last lead)"),
            "{text}"
        );
        assert!(
            text.contains("0.80 to 1.10 times") && text.contains("first 18 h"),
            "{text}"
        );
        assert_eq!(verdict.useful("persistence", "z500"), Some(0.0));
        assert_eq!(verdict.useful("climatology", "z500"), None);
    }
}
