//! `scores.json`: a flat list of rows, the same for every command.
//!
//! ```json
//! {"case": "galewsky", "model": "sfno", "variable": "h", "metric": "rmse",
//!  "lead_hours": 24.0, "value": 12.5, "baseline": 20.0}
//! ```
//! JSON has no NaN: a value that is not finite is written as `null` with a `note` that
//! says what it was, so that failed cases stay in the table.

use super::{RunError, write_atomically};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// One score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRow {
    /// What was simulated, e.g. `galewsky`.
    pub case: String,
    /// What simulated it: `solver@T42`, `sfno`, `persistence`.
    pub model: String,
    /// The variable, by its name in the output file.
    pub variable: String,
    /// The score: `rmse`, `acc`, `l2`.
    pub metric: String,
    /// Forecast lead in hours, or
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_hours: Option<f64>,
    /// frequency in hertz; neither for a score of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_hz: Option<f64>,
    /// The score; none where it is not finite.
    pub value: Option<f64>,
    /// The same score of the baseline that matters most, if there is one.
    #[serde(default)]
    pub baseline: Option<f64>,
    /// Unit of `value` and `baseline`, e.g. `m`; none for pure numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Why there is no value, or any other remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where on the axis of lead time or frequency a score lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// Lead in hours.
    Lead(f64),
    /// Frequency in hertz.
    Frequency(f64),
    /// The whole.
    Whole,
}

impl ScoreRow {
    /// A score of the whole case. A value that is not finite becomes a failed row.
    pub fn new(case: &str, model: &str, variable: &str, metric: &str, value: f64) -> Self {
        let row = Self {
            case: case.into(),
            model: model.into(),
            variable: variable.into(),
            metric: metric.into(),
            lead_hours: None,
            frequency_hz: None,
            value: value.is_finite().then_some(value),
            baseline: None,
            unit: None,
            note: None,
        };
        if value.is_finite() {
            row
        } else {
            row.noted(format!("failed: {value}"))
        }
    }

    /// At a forecast lead, in hours.
    pub fn at_lead(mut self, hours: f64) -> Self {
        self.lead_hours = Some(hours);
        self
    }

    /// At a frequency, in hertz.
    pub fn at_frequency(mut self, hertz: f64) -> Self {
        self.frequency_hz = Some(hertz);
        self
    }

    /// Beside a baseline's score; one that is not finite is left out with a note.
    pub fn against(mut self, baseline: f64) -> Self {
        self.baseline = baseline.is_finite().then_some(baseline);
        if baseline.is_finite() {
            self
        } else {
            self.noted(format!("baseline failed: {baseline}"))
        }
    }

    /// In this unit.
    pub fn in_unit(mut self, unit: &str) -> Self {
        self.unit = (!unit.is_empty() && unit != "1").then(|| unit.to_string());
        self
    }

    /// With a remark, added to any there is.
    pub fn noted(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = Some(match self.note {
            Some(before) => format!("{before}; {note}"),
            None => note,
        });
        self
    }

    /// Where on its axis the score lies.
    pub fn at(&self) -> At {
        match (self.lead_hours, self.frequency_hz) {
            (Some(hours), _) => At::Lead(hours),
            (None, Some(hertz)) => At::Frequency(hertz),
            (None, None) => At::Whole,
        }
    }

    fn check(&self) -> Result<(), String> {
        for (name, text) in [
            ("case", &self.case),
            ("model", &self.model),
            ("variable", &self.variable),
            ("metric", &self.metric),
        ] {
            if text.is_empty() {
                return Err(format!("`{name}` is empty"));
            }
        }
        if self.lead_hours.is_some() && self.frequency_hz.is_some() {
            return Err("has both `lead_hours` and `frequency_hz`; expected one".to_string());
        }
        if self.value.is_none() && self.note.is_none() {
            return Err("has neither a `value` nor a `note` that says why".to_string());
        }
        let numbers = [
            self.lead_hours,
            self.frequency_hz,
            self.value,
            self.baseline,
        ];
        if numbers
            .into_iter()
            .flatten()
            .any(|number| !number.is_finite())
        {
            return Err("holds a number that is not finite".to_string());
        }
        Ok(())
    }
}

/// The scores of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores {
    /// The rows, in the order they are read.
    pub rows: Vec<ScoreRow>,
}

impl Scores {
    /// No scores yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    pub fn push(&mut self, row: ScoreRow) {
        self.rows.push(row);
    }

    /// The lead hours (or frequencies) and values of one line of a figure, in order;
    /// failed rows are NaN, so that a line breaks where the model did.
    pub fn series(&self, case: &str, model: &str, variable: &str, metric: &str) -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> = self
            .rows
            .iter()
            .filter(|row| {
                (&*row.case, &*row.model, &*row.variable, &*row.metric)
                    == (case, model, variable, metric)
            })
            .filter_map(|row| match row.at() {
                At::Lead(at) | At::Frequency(at) => Some((at, row.value.unwrap_or(f64::NAN))),
                At::Whole => None,
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    /// The models in the order they first appear.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !models.contains(&row.model.as_str()) {
                models.push(&row.model);
            }
        }
        models
    }

    /// Writes the rows, one a line, whole or not at all.
    ///
    /// # Errors
    /// A row that [`Scores::read`] would refuse, or a disk that does.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        self.check(path)?;
        let rows: Result<Vec<String>, _> = self.rows.iter().map(serde_json::to_string).collect();
        let rows = rows.map_err(RunError::Configuration)?;
        let text = if rows.is_empty() {
            "[]\n".to_string()
        } else {
            format!("[\n{}\n]\n", rows.join(",\n"))
        };
        write_atomically(path, text.as_bytes())
    }

    /// Reads and checks a file of scores.
    ///
    /// # Errors
    /// The file cannot be read, or a row is not a score: the message names the row.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let text = fs::read_to_string(path).map_err(|reason| RunError::io("read", path, reason))?;
        let scores: Self = serde_json::from_str(&text).map_err(|error| RunError::Invalid {
            path: path.to_path_buf(),
            message: format!("not a list of scores: {error}"),
        })?;
        scores.check(path)?;
        Ok(scores)
    }

    fn check(&self, path: &Path) -> Result<(), RunError> {
        for (at, row) in self.rows.iter().enumerate() {
            row.check().map_err(|message| RunError::Invalid {
                path: path.to_path_buf(),
                message: format!("row {} {message}", at + 1),
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(value: f64) -> ScoreRow {
        ScoreRow::new("galewsky", "sfno", "h", "rmse", value)
    }

    #[test]
    fn failures_stay_in_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.json");
        let mut scores = Scores::new();
        scores.push(row(12.5).at_lead(24.0).against(20.0).in_unit("m"));
        scores.push(row(f64::NAN).at_lead(48.0).against(f64::INFINITY));
        scores.write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains(r#""value":null"#) && text.contains("failed: NaN"),
            "{text}"
        );
        assert_eq!(Scores::read(&path).unwrap(), scores);
        let series = scores.series("galewsky", "sfno", "h", "rmse");
        assert_eq!(series[0], (24.0, 12.5));
        assert!(series[1].1.is_nan());
        assert_eq!(scores.models(), ["sfno"]);
    }

    #[test]
    fn bad_rows_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.json");
        let refusal = |text: &str| {
            fs::write(&path, text).unwrap();
            Scores::read(&path).unwrap_err().to_string()
        };
        let start = r#"[{"case":"c","model":"m","variable":"v","metric":"x","#;
        assert!(refusal("{}").contains("not a list of scores"));
        assert!(refusal(&format!("{start}\"valeu\":1}}]")).contains("unknown field `valeu`"));
        assert!(refusal(&format!("{start}\"value\":null}}]")).contains("row 1 has neither"));
        let both = format!("{start}\"value\":1,\"lead_hours\":1,\"frequency_hz\":1}}]");
        assert!(refusal(&both).contains("row 1 has both"));
        assert!(refusal("[{\"case\"").contains("not a list of scores"));
    }

    proptest! {
        #[test]
        fn rows_round_trip(bits in any::<u64>(), lead in 0.0f64..1e4) {
            let row = row(f64::from_bits(bits)).at_lead(lead);
            let text = serde_json::to_string(&row).unwrap();
            prop_assert_eq!(serde_json::from_str::<ScoreRow>(&text).unwrap(), row);
        }
    }
}
