//! The report of a verification: verdict, figures, scores, how they were made. It holds no time of day and
//! no duration, so that the same files give the same page.

use super::entries::{Entry, Verified};
use super::pictures::Drawn;
use super::samples::{BASELINE, FORECAST, PERSISTENCE};
use crate::error::{Error, Result};
use crate::report::{Block, Cell, Page, Section, Tone};
use crate::run_folder::{
    InputFile, RunFolder, Scores, describe_bytes, format_value, write_atomically,
};

impl Verified {
    /// Writes `scores.json`, `scores.nc`, the figures and, last of all, `report.html`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &RunFolder, configuration: &str) -> Result<Scores> {
        let scores = self.scores();
        scores.write(&folder.file("scores.json"))?;
        self.tables()
            .write(folder.file("scores.nc"))
            .map_err(Error::failed)?;
        let figures = folder.folder("figures")?;
        let drawn = self.pictures();
        for picture in &drawn {
            picture
                .figure
                .save(&figures.join(&picture.name))
                .map_err(Error::failed)?;
        }
        let page = self.page(&drawn, &folder.manifest().inputs, configuration);
        write_atomically(&folder.file("report.html"), page.to_html().as_bytes())?;
        Ok(scores)
    }

    fn page(&self, drawn: &[Drawn], inputs: &[InputFile], configuration: &str) -> Page {
        let title = format!("{} against {}", self.models[FORECAST], self.case);
        let mut result = Section::new("Result");
        if let Some(failed) = self.failure() {
            result = result.remark(Tone::Failure, &failed);
        }
        for remark in self.remarks() {
            result = result.remark(Tone::Warning, &remark);
        }
        for picture in drawn {
            result = result.figure(&picture.figure, &picture.caption);
        }
        Page::new(&title, &self.verdict())
            .section(result)
            .section(self.score_section())
            .section(self.method())
            .section(reproduce(inputs, configuration))
    }

    fn of(&self, model: usize, metric: &str) -> Vec<&Entry> {
        let meant = |e: &&Entry| e.model == model && e.region == 0 && e.metric == metric;
        self.entries.iter().filter(meant).collect()
    }

    /// What came out, in a few plain sentences; of the first region.
    pub fn verdict(&self) -> String {
        let mut sentences = Vec::new();
        let region = &self.first_region();
        let errors = self.of(FORECAST, "rmse");
        let judged: Vec<&&Entry> = errors.iter().filter(|e| e.baseline.is_some()).collect();
        let better = |e: &Entry| e.baseline.is_some_and(|b| e.value < b);
        let count = judged.iter().filter(|e| better(e)).count();
        let bar = match self.of(super::samples::CLIMATOLOGY, "rmse").is_empty() {
            true => "persistence",
            false => "the better of persistence and climatology",
        };
        let model = &self.models[FORECAST];
        if judged.is_empty() {
            sentences.push(format!(
                "{model} is scored at {} leads over {region}; no baseline reaches them.",
                self.leads_hours.len()
            ));
        } else if let ([only], true) = (self.variables.as_slice(), judged.len() > 1) {
            let bad = judged.iter().find(|e| !better(e));
            let first = bad.map(|e| self.leads_hours[e.lead]);
            sentences.push(match first {
                None => format!("The error of {model} in {} over {region} stays below {bar} at all {} leads.", only.label, judged.len()),
                Some(hours) if count == 0 => format!("The error of {model} in {} over {region} is nowhere below {bar}, from {hours} h on.", only.label),
                Some(hours) => format!("The error of {model} in {} over {region} is below {bar} at {count} of {} leads, and first not at {hours} h.", only.label, judged.len()),
            });
        } else {
            sentences.push(format!(
                "The error of {model} over {region} is below {bar} in {count} of {} cases (variables and leads).",
                judged.len()
            ));
        }
        let ratios: Vec<f64> = self
            .of(FORECAST, "spread_skill_ratio")
            .iter()
            .map(|e| e.value)
            .collect();
        let ratios: Vec<f64> = ratios.into_iter().filter(|r| r.is_finite()).collect();
        if !ratios.is_empty() {
            let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
            let what = match mean {
                m if m < 0.9 => "its members spread too little",
                m if m > 1.1 => "its members spread too much",
                _ => "its members spread as much as it errs",
            };
            sentences.push(format!(
                "Spread over error is {} on average: {what}.",
                format_value(mean)
            ));
        }
        if !self.differences.is_empty() {
            let sure = |better: bool| {
                let meant = self.differences.iter().filter(|d| d.significant());
                meant.filter(|d| (d.value < 0.0) == better).count()
            };
            let other = &self.models[BASELINE];
            let total = self.differences.len();
            let testable = self.differences.iter().any(|d| d.interval.is_some());
            sentences.push(match testable {
                true => format!(
                    "Against {other} it is significantly better in {} and significantly worse in {} of {total} comparisons (95 %; by chance alone one in twenty would be either).",
                    sure(true),
                    sure(false)
                ),
                false => format!(
                    "Against {other} it is better in {} of {total} comparisons, too few initial times to tell whether by chance.",
                    self.differences.iter().filter(|d| d.value < 0.0).count()
                ),
            });
        }
        sentences.join(" ")
    }

    /// Where the forecast is not finite.
    fn failure(&self) -> Option<String> {
        let failed = |e: &&Entry| e.model == FORECAST && e.metric == "rmse" && !e.value.is_finite();
        let failed: Vec<&Entry> = self.entries.iter().filter(failed).collect();
        let first = failed
            .iter()
            .min_by(|a, b| self.leads_hours[a.lead].total_cmp(&self.leads_hours[b.lead]))?;
        Some(format!(
            "{} is not finite where the truth has a value in {} of its scores, first in {} at {} h.",
            self.models[FORECAST],
            failed.len(),
            self.variables[first.variable].label,
            self.leads_hours[first.lead]
        ))
    }

    /// What a reader must know of the scores.
    fn remarks(&self) -> Vec<String> {
        let mut remarks: Vec<String> = self
            .notes
            .iter()
            .map(|note| format!("{note}: left out."))
            .collect();
        let mut seen: Vec<&str> = Vec::new();
        for entry in self
            .entries
            .iter()
            .filter(|e| e.model == FORECAST && e.metric == "rmse")
        {
            let Some(note) = &entry.note else { continue };
            for part in note.split("; ").filter(|p| !p.contains("not finite")) {
                if !seen.contains(&part) {
                    seen.push(part);
                }
            }
        }
        match seen.as_slice() {
            [] => {}
            [only] => remarks.push(format!("Some scores are of less than all: {only}.")),
            [first, .., last] => remarks.push(format!(
                "Some scores are of less than all, from \"{first}\" to \"{last}\": see the notes in scores.json."
            )),
        }
        if self.initial_times < crate::weather::scores::bootstrap::FEWEST {
            remarks.push(format!(
                "{} initial times are too few for confidence intervals (5 are needed).",
                self.initial_times
            ));
        }
        remarks
    }

    fn score_section(&self) -> Section {
        let mut section = Section::new("Scores");
        let metrics = [
            "rmse",
            "mae",
            "bias",
            "acc",
            "crps",
            "crps_fair",
            "spread",
            "spread_skill_ratio",
        ];
        let heads = [
            "variable",
            "region",
            "lead (h)",
            "model",
            "RMSE",
            "MAE",
            "bias",
            "ACC",
            "CRPS",
            "fair CRPS",
            "spread",
            "spread/skill",
        ];
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        let mut last = None;
        for entry in &self.entries {
            let Some(column) = metrics.iter().position(|m| *m == entry.metric) else {
                continue;
            };
            let key = (entry.variable, entry.region, entry.lead, entry.model);
            if last != Some(key) {
                last = Some(key);
                let mut row = vec![Cell::Empty; heads.len()];
                row[0] = (&*self.variables[entry.variable].label).into();
                row[1] = (&*self.regions[entry.region]).into();
                row[2] = Cell::Text(self.leads_hours[entry.lead].to_string());
                row[3] = (&*self.models[entry.model]).into();
                rows.push(row);
            }
            if let Some(row) = rows.last_mut() {
                row[4 + column] = entry.value.into();
            }
        }
        let used: Vec<usize> = (0..heads.len())
            .filter(|column| {
                let one_region = *column == 1 && self.regions.len() == 1;
                !one_region && rows.iter().any(|row| row[*column] != Cell::Empty)
            })
            .collect();
        // a page stays light; the files have everything
        let leads: Vec<f64> = self.leads_hours.clone();
        let daily = leads.len() > 12 && leads.iter().any(|l| *l > 0.0 && l % 24.0 == 0.0);
        let whole = |row: &Vec<Cell>| match &row[2] {
            Cell::Text(hours) if daily => hours.parse::<f64>().is_ok_and(|h| h % 24.0 == 0.0),
            _ => true,
        };
        let picked: Vec<Vec<Cell>> = rows
            .iter()
            .filter(|row| whole(row))
            .map(|row| used.iter().map(|column| row[*column].clone()).collect())
            .collect();
        let units: Vec<String> = self
            .variables
            .iter()
            .filter_map(|v| Some(format!("{} in {}", v.label, v.units.as_deref()?)))
            .collect();
        let all = if daily {
            "Scores at whole days"
        } else {
            "Scores"
        };
        let units = if units.is_empty() {
            String::new()
        } else {
            format!(" ({})", units.join(", "))
        };
        let caption = format!(
            "{all}{units}; intervals, ranks and the rest are in scores.json and scores.nc. A click on a column sorts by it."
        );
        let names: Vec<&str> = used.iter().map(|column| heads[*column]).collect();
        section = section.table(&caption, &names, picked);
        section
    }

    fn method(&self) -> Section {
        let single = self.members == 1;
        let facts = [
            ("Weights", self.weights.to_string()),
            ("Regions", self.regions.join("; ")),
            ("Initial times", self.initial_times.to_string()),
            ("Members", self.members.to_string()),
            (
                "Means over times",
                "squares are averaged before the root is taken; correlations and all else as they are".into(),
            ),
            (
                "Intervals",
                "95 % of 1000 block bootstraps over initial times, blocks of n^(1/3); comparisons draw the same \
                 times for both"
                    .into(),
            ),
            (
                "Missing values",
                "where the truth has none a point is left out and the other weights are scaled to sum to 1; a \
                 forecast that is not finite where the truth has a value has failed"
                    .into(),
            ),
            (
                "Persistence",
                match (single, self.of(PERSISTENCE, "rmse").is_empty()) {
                    (_, true) => "none: no field at the initial times".into(),
                    (true, _) => "the forecast's own first field, or the truth at the initial time".into(),
                    (false, _) => "the truth at the initial time".into(),
                },
            ),
        ];
        let facts = facts.map(|(name, value)| (name.to_string(), value));
        Section::new("How it was scored").facts(facts.to_vec())
    }
}

fn reproduce(inputs: &[InputFile], configuration: &str) -> Section {
    let facts = inputs.iter().map(|input| {
        let short: String = input.sha256.chars().take(16).collect();
        let bytes = describe_bytes(input.bytes);
        (
            "Input".to_string(),
            format!("{}, sha256 {short}…, {bytes}", input.path),
        )
    });
    Section::new("How to reproduce")
        .facts(facts.collect())
        .block(Block::Fold {
            title: "Full configuration".into(),
            blocks: vec![Block::Code(configuration.into())],
        })
}
