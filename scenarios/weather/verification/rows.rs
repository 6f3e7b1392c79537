//! Scores as flat rows.

use super::entries::{Entry, Verified};
use crate::run_folder::{ScoreRow, Scores};

impl Verified {
    /// The rows of `scores.json`: all scores, then the scorecard, then how far spectra hold.
    pub fn scores(&self) -> Scores {
        let mut scores = Scores::new();
        self.entries
            .iter()
            .for_each(|entry| scores.push(self.row(entry)));
        for difference in &self.differences {
            let variable = &self.variables[difference.variable].label;
            let (case, model) = (
                self.case_of(difference.region),
                &self.models[Self::FORECAST],
            );
            let metric = format!("{}_difference", difference.metric);
            let row = ScoreRow::new(&case, model, variable, &metric, difference.value);
            let row = row.at_lead(self.leads_hours[difference.lead]);
            let other = &self.models[Self::BASELINE];
            let row = match difference.interval {
                Some([low, high]) => {
                    let verdict = match (difference.significant(), difference.value < 0.0) {
                        (false, _) => "no clear difference from",
                        (true, true) => "better than",
                        (true, false) => "worse than",
                    };
                    row.noted(format!("95 %: {low:.6} to {high:.6}; {verdict} {other}"))
                }
                None => row.noted(format!(
                    "relative to {other}; too few times for an interval"
                )),
            };
            scores.push(row);
        }
        for spectrum in &self.spectra {
            let (model, value) = (&self.models[Self::FORECAST], spectrum.effective_scale());
            let metric = "effective_scale";
            let row = ScoreRow::new(&self.case, model, &spectrum.label, metric, value as f64);
            let scale = self.scale.map_or("scale", |scale| scale.describe());
            scores.push(row.at_lead(self.leads_hours[spectrum.lead]).noted(format!(
                "{scale} up to which the power is half to twice the truth's"
            )));
        }
        scores
    }

    /// The case of a region: the truth's name, with the region where it is not the globe alone.
    fn case_of(&self, region: usize) -> String {
        match self.regions.as_slice() {
            [only] if only == "globe" => self.case.clone(),
            all => format!("{}, {}", self.case, all[region]),
        }
    }

    fn row(&self, entry: &Entry) -> ScoreRow {
        let variable = &self.variables[entry.variable];
        let model = &self.models[entry.model];
        let case = self.case_of(entry.region);
        let mut row = ScoreRow::new(&case, model, &variable.label, &entry.metric, entry.value);
        let failed = entry
            .note
            .as_ref()
            .is_some_and(|n| n.contains("not finite"));
        if entry.metric.starts_with("fss_") && entry.value.is_nan() && !failed {
            row.note = Some("no such event, neither forecast nor true".into());
        }
        row = row.at_lead(self.leads_hours[entry.lead]);
        if let Some(baseline) = entry.baseline {
            row = row.against(baseline);
        }
        if entry.has_unit {
            row = row.in_unit(variable.units.as_deref().unwrap_or_default());
        }
        if let Some([low, high]) = entry.interval {
            row = row.noted(format!("95 %: {low:.6} to {high:.6}"));
        }
        match &entry.note {
            Some(note) => row.noted(note),
            None => row,
        }
    }
}
