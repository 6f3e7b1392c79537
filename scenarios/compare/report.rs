//! The report: one page for people, in HTML and Markdown, and one file for programs.
//!
//! It is made of the measurements alone, so that the same measurements give the same bytes.

use super::against;
use super::measurements::{
    Contestant, FILE, Kind, Measurements, Outcome, Purpose, Relation, TestSet,
};
use super::pictures::{self, with_range};
use super::rules::{Rule, rules};
use super::verdict::{Bound, Duel, Ratio, Verdict};
use super::words::{as_published, at_equal_cost, at_equal_error, digits, fair, sentences};
use crate::error::{Error, Result};
use crate::figures::Figure;
use crate::report::{Block, Cell, Page, Section, Tone};
use crate::run_folder::{ScoreRow, Scores, describe_bytes, format_duration, write_atomically};
use serde::Serialize;
use std::path::Path;

/// What a comparison came to, for programs.
#[derive(Serialize)]
pub struct Summary<'m> {
    /// Program and version.
    pub program: &'m str,
    /// The scenario.
    pub scenario: &'m str,
    /// The two sentences.
    pub verdict: [String; 2],
    /// Whether all rules hold, and a ratio may be called a speed-up.
    pub fair: bool,
    /// Each family of operators against the solver.
    pub duels: &'m [Duel],
    /// The rules.
    pub rules: &'m [Rule],
}

/// Writes `report.html`, `report.md`, `comparison.json`, `scores.json` and the figures; returns the text
/// for the terminal.
///
/// # Errors
/// Files that cannot be written.
pub fn write(m: &Measurements, other: Option<&Measurements>, folder: &Path) -> Result<String> {
    let verdict = Verdict::of(m);
    let rules = rules(m, &verdict);
    let report = Report {
        m,
        verdict: &verdict,
        rules: &rules,
    };
    let (page, figures) = report.page(other)?;
    let pictures = folder.join("figures");
    std::fs::create_dir_all(&pictures)
        .map_err(|e| Error::failed(format!("{}: {e}", pictures.display())))?;
    for (number, figure) in (1..).zip(&figures) {
        figure
            .save(&pictures.join(format!("figure_{number}")))
            .map_err(Error::failed)?;
    }
    page.write(&folder.join("report.html"))?;
    write_atomically(&folder.join("report.md"), page.to_markdown().as_bytes())?;
    let summary = Summary {
        program: &m.program,
        scenario: &m.scenario,
        verdict: sentences(m, &verdict, &rules),
        fair: fair(&rules),
        duels: &verdict.duels,
        rules: &rules,
    };
    let mut json = serde_json::to_vec_pretty(&summary).map_err(Error::failed)?;
    json.push(b'\n');
    write_atomically(&folder.join("comparison.json"), &json)?;
    scores(m).write(&folder.join("scores.json"))?;
    Ok(report.terminal())
}

/// Errors and times as rows that other commands read too.
fn scores(m: &Measurements) -> Scores {
    let mut scores = Scores::new();
    for outcome in &m.outcomes {
        let row = |metric: &str, value: f64| {
            ScoreRow::new(&outcome.set, &outcome.contestant, "all", metric, value)
        };
        let mut error = row("error", outcome.mean().unwrap_or(f64::NAN));
        if let Some(reason) = &outcome.failure {
            error = error.noted(reason.clone());
        }
        scores.push(error);
        for check in &outcome.checks {
            scores.push(row(&check.name, check.value.unwrap_or(f64::NAN)));
        }
    }
    for timing in &m.timings {
        let metric = match timing.batch {
            1 => "seconds".to_string(),
            n => format!("seconds_in_{n}"),
        };
        let value = timing.per_sample();
        let row = ScoreRow::new(m.held_out(), &timing.contestant, "all", &metric, value);
        scores.push(row.in_unit("s"));
    }
    scores
}

struct Report<'m> {
    m: &'m Measurements,
    verdict: &'m Verdict,
    rules: &'m [Rule],
}

impl Report<'_> {
    fn page(&self, other: Option<&Measurements>) -> Result<(Page, Vec<Figure>)> {
        let m = self.m;
        let mut figures = Vec::new();
        let mut take = |section: Section, captioned: Option<pictures::Captioned>| match captioned {
            Some((figure, caption)) => {
                let section = section.figure(&figure, &caption);
                figures.push(figure);
                section
            }
            None => section,
        };
        let mut page = Page::new(
            &format!("{}: solver against operator", m.title),
            &sentences(m, self.verdict, self.rules).join(" "),
        )
        .kicker(&format!("{} · {}", m.program, m.started));
        let mut head = Section::new("Verdict");
        let broken: Vec<&Rule> = self.rules.iter().filter(|r| !r.holds()).collect();
        if !broken.is_empty() {
            let list: Vec<String> = broken
                .iter()
                .map(|r| format!("Rule {}: {}", r.number, r.broken[0]))
                .collect();
            let text = format!(
                "Not all rules of a fair comparison hold, so no speed-up is claimed. {}.",
                list.join(". ")
            );
            head = head.remark(Tone::Warning, &text);
        }
        head = take(head, pictures::error_against_time(m, self.verdict));
        head = self.duels(head);
        page = page.section(head);
        page = page.section(self.compared());
        let costs = take(
            Section::new("When it pays"),
            pictures::break_even(self.verdict),
        );
        page = page.section(self.ledger(costs));
        let mut errors = self.errors(Section::new("Errors"));
        errors = take(errors, pictures::along_axis(m, self.verdict));
        errors = take(errors, pictures::spectra(m, self.verdict));
        page = page.section(errors);
        page = page.section(self.times());
        let mut fields = Section::new("Fields");
        for set in &m.sets {
            fields = take(fields, pictures::fields(m, self.verdict, set)?);
        }
        page = page.section(fields);
        page = page.section(self.physics());
        page = page.section(self.rule_list());
        if let Some(other) = other {
            page = page.section(against::section(m, other));
        }
        page = page.section(self.limitations());
        Ok((page.section(self.reproduce()), figures))
    }

    /// What the terminal gets.
    fn terminal(&self) -> String {
        let broken: Vec<String> = self
            .rules
            .iter()
            .flat_map(|r| r.broken.iter().map(|why| (r.number, why)))
            .map(|(number, why)| format!("  rule {number}: {why}"))
            .collect();
        let mut text = sentences(self.m, self.verdict, self.rules).join("\n");
        for published in self.verdict.duels.iter().filter(|d| d.seeds == 0) {
            text += &format!("\n{}", as_published(self.m, self.verdict, published));
        }
        if !broken.is_empty() {
            text += &format!("\nRules that are broken:\n{}", broken.join("\n"));
        }
        text
    }

    fn duels(&self, section: Section) -> Section {
        let times = |ratio: Option<Ratio>| {
            ratio.map_or(Cell::Text("—".into()), |r| {
                let bound = match r.bound {
                    Bound::None => "",
                    Bound::AtMost => "≤ ",
                    Bound::Above => "> ",
                };
                let range = match (r.high / r.low - 1.0).abs() < 1e-9 {
                    true => String::new(),
                    false => format!(" ({} to {})", digits(r.low), digits(r.high)),
                };
                Cell::Text(format!("{bound}{}{range}", digits(r.value)))
            })
        };
        let rows = self.verdict.duels.iter().map(|d| {
            let error = match (d.error, d.spread) {
                (Some(e), Some(s)) => Cell::Text(format!("{} ± {}", digits(e), digits(s))),
                (Some(e), None) => Cell::Text(digits(e)),
                (None, _) => Cell::Failed(format!("{} answers failed", d.failures)),
            };
            vec![
                d.family.as_str().into(),
                error,
                d.seconds.map_or(Cell::Empty, |s| format_duration(s).into()),
                times(d.equal_error),
                times(d.equal_error_in_batch),
                times(d.equal_time),
                d.against_reference
                    .map_or(Cell::Empty, |r| digits(r).into()),
                d.break_even.words().into(),
            ]
        });
        let section = section.table(
            "Each operator against the solver. Ratios of times at equal error are solver over operator, \
             so above 1 the operator is the faster one; ratios of errors in equal time likewise. In brackets \
             95 % intervals (bootstrap over samples, seeds and timed calls). The reference's time over the \
             operator's compares unequal errors; it is what a weak baseline would have claimed.",
            &[
                "operator",
                "error",
                "time of a run",
                "times at equal error",
                "in batches",
                "errors in equal time",
                "reference's time",
                "pays",
            ],
            rows.collect(),
        );
        let others = self
            .verdict
            .duels
            .iter()
            .filter(|d| self.verdict.leading().is_none_or(|l| l.family != d.family))
            .map(|d| match d.seeds {
                0 => as_published(self.m, self.verdict, d),
                _ => {
                    let cost = at_equal_cost(self.m, d);
                    format!("{} {cost}", at_equal_error(self.m, d, self.rules))
                }
            })
            .collect::<Vec<_>>();
        match others.is_empty() {
            true => section,
            false => section.block(Block::List(others)),
        }
    }

    fn compared(&self) -> Section {
        let m = self.m;
        let task = &m.task;
        let facts = [
            ("Equation", task.equation.clone()),
            ("A run", task.work.clone()),
            ("Error", task.metric.clone()),
            (
                "Held-out samples",
                m.sets.first().map_or(0, |s| s.samples).to_string(),
            ),
        ];
        let facts = facts.map(|(name, value)| (name.to_string(), value));
        let row = |c: &Contestant| -> Vec<Cell> {
            let step = c.time_step.as_ref();
            let share = step.and_then(|s| Some(s.seconds / s.limit?));
            vec![
                c.name.as_str().into(),
                kind(c.kind).into(),
                c.about.as_str().into(),
                c.order.clone().unwrap_or_default().into(),
                step.map(|s| s.seconds).into(),
                share.map_or(Cell::Empty, |s| digits(s).into()),
                c.precision.as_str().into(),
                c.device.as_str().into(),
            ]
        };
        let works = |c: &&Contestant| c.kind != Kind::Baseline;
        let heads = [
            "name",
            "kind",
            "about",
            "order in space, time",
            "time step (s)",
            "of the stable one",
            "precision",
            "device",
        ];
        Section::new("What was compared")
            .facts(facts.to_vec())
            .block(Block::Fold {
                title: format!(
                    "All {} contestants: methods, orders, time steps",
                    m.contestants.iter().filter(works).count()
                ),
                blocks: vec![Block::Table {
                    caption: format!("Resolutions count {}.", task.resolution),
                    heads: heads.map(String::from).to_vec(),
                    rows: m.contestants.iter().filter(works).map(row).collect(),
                }],
            })
    }

    fn ledger(&self, section: Section) -> Section {
        let rows = self.m.costs.iter().map(|cost| {
            let purpose = match cost.purpose {
                Purpose::Data => "data",
                Purpose::Training => "training of one seed",
                Purpose::Tuning => "tuning",
            };
            vec![
                cost.family.as_deref().unwrap_or("all").into(),
                purpose.into(),
                cost.seconds
                    .map_or(Cell::Text("not counted".into()), Cell::from),
                cost.note.as_str().into(),
            ]
        });
        section.table(
            "The ledger: what it took to have the operators, in seconds of wall time.",
            &["operator", "for", "seconds", "note"],
            rows.collect(),
        )
    }

    /// Mean errors of everyone on every set, best first on the held-out one.
    fn errors(&self, section: Section) -> Section {
        let m = self.m;
        let mut rows: Vec<(f64, Vec<Cell>)> = m
            .contestants
            .iter()
            .filter(|c| c.kind != Kind::Reference)
            .map(|c| {
                let first = [c.name.as_str().into(), kind(c.kind).into()];
                let errors = m
                    .sets
                    .iter()
                    .map(|set| match m.outcome(&c.name, &set.name) {
                        Some(outcome) => outcome.mean().map_or_else(
                            || Cell::Failed(outcome.failure.clone().unwrap_or_default()),
                            Cell::from,
                        ),
                        None => Cell::Empty,
                    });
                let mean = m.outcome(&c.name, m.held_out()).and_then(Outcome::mean);
                (
                    mean.unwrap_or(f64::INFINITY),
                    first.into_iter().chain(errors).collect(),
                )
            })
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let heads: Vec<String> = m
            .sets
            .iter()
            .map(|set| match set.relation {
                Relation::HeldOut => set.name.clone(),
                other => format!("{} ({})", set.name, other.words()),
            })
            .collect();
        let heads: Vec<&str> = ["name", "kind"]
            .into_iter()
            .chain(heads.iter().map(String::as_str))
            .collect();
        let unit = match m.task.unit.as_str() {
            "" => String::new(),
            unit => format!(", in {unit}"),
        };
        let caption = format!("{}{unit}: means over the samples.", capital(&m.task.metric));
        let section = section.table(
            &caption,
            &heads,
            rows.into_iter().map(|(_, cells)| cells).collect(),
        );
        let ranges = m.sets.iter().map(|set| self.ranges(set)).collect();
        section.block(Block::Fold {
            title: "Ranges over the samples, and what failed".into(),
            blocks: ranges,
        })
    }

    fn ranges(&self, set: &TestSet) -> Block {
        let m = self.m;
        let rows = m
            .contestants
            .iter()
            .filter(|c| c.kind != Kind::Reference)
            .filter_map(|c| {
                let outcome = m.outcome(&c.name, &set.name)?;
                let failure = outcome.failure.clone().unwrap_or_default();
                let cells = vec![
                    c.name.as_str().into(),
                    with_range(outcome).into(),
                    failure.into(),
                ];
                Some(cells)
            });
        let caption = format!(
            "{} ({}, {} samples).",
            set.name,
            set.relation.words(),
            set.samples
        );
        Block::Table {
            caption,
            heads: ["name", "mean and range", "failed because"]
                .map(String::from)
                .to_vec(),
            rows: rows.collect(),
        }
    }

    fn times(&self) -> Section {
        let rows = self.m.timings.iter().filter_map(|t| {
            let contestant = self.m.contestant(&t.contestant)?;
            let [low, high] = t.spread();
            Some(vec![
                t.contestant.as_str().into(),
                kind(contestant.kind).into(),
                t.batch.to_string().into(),
                (1e3 * t.per_sample()).into(),
                (1e3 * low).into(),
                (1e3 * high).into(),
                t.seconds.len().to_string().into(),
                t.warm_up.to_string().into(),
            ])
        });
        let heads = [
            "name", "kind", "at once", "median", "fastest", "slowest", "calls", "warm-up",
        ];
        Section::new("Times").block(Block::Fold {
            title: "Every timed call".into(),
            blocks: vec![Block::Table {
                caption: "Wall time over the samples of a call, in ms. The clock stops when the answer is \
                          in the host's memory."
                    .into(),
                heads: heads.map(String::from).to_vec(),
                rows: rows.collect(),
            }],
        })
    }

    fn physics(&self) -> Section {
        let m = self.m;
        let mut names: Vec<&str> = Vec::new();
        for check in m.outcomes.iter().flat_map(|o| &o.checks) {
            if !names.contains(&check.name.as_str()) {
                names.push(&check.name);
            }
        }
        if names.is_empty() {
            return Section::new("Physics");
        }
        let value = |outcome: &Outcome, name: &str| {
            let found = outcome.checks.iter().find(|c| c.name == name);
            found.map_or(Cell::Empty, |c| match c.value {
                Some(value) => value.into(),
                None => Cell::Failed("not finite".into()),
            })
        };
        let rows = m.contestants.iter().filter_map(|c| {
            let outcome = m.outcome(&c.name, m.held_out())?;
            let first = [c.name.as_str().into(), kind(c.kind).into()];
            let rest = names.iter().map(|name| value(outcome, name));
            Some(first.into_iter().chain(rest).collect())
        });
        let heads: Vec<&str> = ["name", "kind"].into_iter().chain(names.clone()).collect();
        Section::new("Physics").table(
            "Conserved quantities and residuals on the held-out set, mean of their size.",
            &heads,
            rows.collect(),
        )
    }

    fn rule_list(&self) -> Section {
        let rows = self.rules.iter().map(|rule| {
            let why: Vec<&str> = rule
                .broken
                .iter()
                .chain(&rule.remarks)
                .map(String::as_str)
                .collect();
            vec![
                rule.number.to_string().into(),
                rule.title.into(),
                match rule.holds() {
                    true => "holds".into(),
                    false => Cell::Failed(rule.broken.join("; ")),
                },
                why.join("; ").into(),
            ]
        });
        let section = Section::new("Rules").table(
            "The rules of a fair comparison. Where one is broken, a ratio of times is printed, but called \
             no speed-up.",
            &["rule", "asks", "state", "because"],
            rows.collect(),
        );
        let list: Vec<String> = self
            .rules
            .iter()
            .flat_map(|r| {
                r.broken
                    .iter()
                    .map(|why| format!("Rule {}: {why}.", r.number))
            })
            .collect();
        match list.is_empty() {
            true => section,
            false => section.block(Block::List(list)),
        }
    }

    fn limitations(&self) -> Section {
        let mut list = self.m.task.limitations.clone();
        list.push(format!(
            "Times are of one machine ({}, {} threads); on another the ratios differ.",
            self.m.machine.cpu, self.m.threads
        ));
        Section::new("Limitations").block(Block::List(list))
    }

    fn reproduce(&self) -> Section {
        let m = self.m;
        let machine = &m.machine;
        let facts = [
            ("Program", m.program.clone()),
            ("Started", m.started.clone()),
            ("Seed", m.seed.to_string()),
            (
                "Machine",
                format!(
                    "{}, {} processors, {} of memory, {}",
                    machine.cpu,
                    machine.processors,
                    describe_bytes(machine.memory_bytes),
                    machine.os
                ),
            ),
            ("Threads", m.threads.to_string()),
        ];
        let facts = facts.map(|(name, value)| (name.to_string(), value));
        Section::new("How to reproduce")
            .facts(facts.to_vec())
            .block(Block::Code(command(m)))
            .paragraph(&format!(
                "Every raw measurement is in {FILE} beside this page; `curlwind compare {FILE} -o FOLDER` \
                 makes this page from it again."
            ))
            .block(Block::Fold {
                title: "The whole configuration".into(),
                blocks: vec![Block::Code(m.configuration.clone())],
            })
    }
}

/// The command line, without where the program lies.
fn command(m: &Measurements) -> String {
    let rest = m.command.iter().skip(1).map(String::as_str);
    let quoted = rest.map(|word| match word.contains([' ', '{', '[', '"', '\'']) {
        true => format!("'{}'", word.replace('\'', "'\\''")),
        false => word.to_string(),
    });
    let all: Vec<String> = std::iter::once("curlwind".to_string())
        .chain(quoted)
        .collect();
    all.join(" ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        format!("{}{}", first.to_uppercase(), letters.as_str())
    })
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Reference => "reference",
        Kind::Check => "check",
        Kind::Solver => "solver",
        Kind::Operator => "operator",
        Kind::Baseline => "baseline",
        Kind::Published => "published",
    }
}
