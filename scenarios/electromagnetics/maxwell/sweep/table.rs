//! One line for each design: its variables, resonance, bandwidth, impedance, gain.

use super::super::Loaded;
use super::super::measures::{decibel, impedance, resonance, worst_reflection};
use super::super::output::{Gallery, s11};
use super::super::pictures::{self, ReflectionTrace};
use super::designs::Range;
use super::queue::Solved;
use crate::run_folder::{Align, ScoreRow, Scores, Table, format_value};
use num_complex::Complex64;

/// A design in the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// `solver`, `surrogate`, `solver (check)`.
    pub model: String,
    /// Values of the variables, SI.
    pub values: Vec<f64>,
    /// Hz.
    pub resonance: Option<f64>,
    /// dB.
    pub minimum: Option<f64>,
    /// Hz.
    pub bandwidth: Option<f64>,
    /// Ohm, at the resonance.
    pub impedance: Option<Complex64>,
    /// Largest gain in dBi at the far-field frequency nearest to the resonance.
    pub gain: Option<f64>,
    /// What the sweep's goal makes of it, dB: lower is better.
    pub goal: Option<f64>,
    /// Folder of the design, and remarks.
    pub note: String,
}

impl Row {
    /// The row of S11 over frequency.
    pub fn of(
        loaded: &Loaded,
        model: &str,
        values: &[f64],
        frequencies: &[f64],
        s11: &[Complex64],
        reference: f64,
    ) -> Self {
        let found = resonance(frequencies, s11);
        let at = found.and_then(|found| {
            (0..frequencies.len()).min_by(|&i, &j| {
                let away = |n: usize| (frequencies[n] - found.frequency).abs();
                away(i).total_cmp(&away(j))
            })
        });
        let db: Vec<f64> = s11.iter().map(|&s| decibel(s)).collect();
        Self {
            model: model.to_string(),
            values: values.to_vec(),
            resonance: found.map(|r| r.frequency),
            minimum: found.map(|r| r.s11_db),
            bandwidth: found.and_then(|r| r.bandwidth),
            impedance: at.map(|n| impedance(s11[n], reference)),
            gain: None,
            goal: goal(loaded, frequencies, &db),
            note: String::new(),
        }
    }

    /// The row of a solved design.
    pub fn solved(loaded: &Loaded, model: &str, solved: &Solved) -> Self {
        let empty = |note: String| Self {
            model: model.to_string(),
            values: solved.values.clone(),
            resonance: None,
            minimum: None,
            bandwidth: None,
            impedance: None,
            gain: None,
            goal: None,
            note,
        };
        match &solved.result {
            Err(reason) => empty(format!("failed: {}", reason.replace(['\n', ','], " "))),
            Ok(solution) => {
                let mut row = match &solution.network {
                    None => empty(String::new()),
                    Some(network) => Self::of(
                        loaded,
                        model,
                        &solved.values,
                        &network.frequencies,
                        &s11(network),
                        network.reference,
                    ),
                };
                let near = row.resonance.and_then(|f| {
                    let points = solution.far_field.iter();
                    points
                        .min_by(|a, b| (a.frequency - f).abs().total_cmp(&(b.frequency - f).abs()))
                });
                row.gain = near.and_then(|p| p.gain_dbi);
                row.note = solved.key.clone();
                if let Some(run) = solution.runs.iter().find(|r| !r.decayed) {
                    row.note += &format!(" energy fell by {:.0} dB only", run.energy_decay_db);
                }
                row
            }
        }
    }
}

/// Largest |S11| in dB over the goal's band; without a goal the lowest over all frequencies.
pub fn goal(loaded: &Loaded, frequencies: &[f64], db: &[f64]) -> Option<f64> {
    match loaded.scene.sweep.as_ref().and_then(|s| s.goal) {
        Some(goal) => worst_reflection(frequencies, db, goal.from.si(), goal.to.si()),
        None => db.iter().copied().reduce(f64::min),
    }
}

fn heads(ranges: &[Range]) -> Vec<String> {
    let mut heads = vec!["model".to_string()];
    for range in ranges {
        let (_, unit) = range.unit.shown();
        heads.push(if unit.is_empty() {
            range.name.clone()
        } else {
            format!("{} ({unit})", range.name)
        });
    }
    for head in [
        "resonance (GHz)",
        "S11 (dB)",
        "-10 dB band (MHz)",
        "R (ohm)",
        "X (ohm)",
        "gain (dBi)",
        "goal (dB)",
    ] {
        heads.push(head.to_string());
    }
    heads
}

fn cells(ranges: &[Range], row: &Row) -> Vec<Option<f64>> {
    let values = ranges
        .iter()
        .zip(&row.values)
        .map(|(range, v)| Some(v * range.unit.shown().0));
    values
        .chain([
            row.resonance.map(|f| f / 1e9),
            row.minimum,
            row.bandwidth.map(|b| b / 1e6),
            row.impedance.map(|z| z.re),
            row.impedance.map(|z| z.im),
            row.gain,
            row.goal,
        ])
        .collect()
}

/// The table as comma-separated values.
pub fn csv(ranges: &[Range], rows: &[Row]) -> String {
    let mut text = heads(ranges).join(",") + ",design\n";
    for row in rows {
        text += &row.model;
        for cell in cells(ranges, row) {
            text += &cell.map_or(String::from(","), |v| format!(",{v:.6}"));
        }
        text += &format!(",{}\n", row.note);
    }
    text
}

/// The table for the terminal.
pub fn text(ranges: &[Range], rows: &[Row]) -> String {
    let heads = heads(ranges);
    let mut table = Table::new(
        heads
            .iter()
            .enumerate()
            .map(|(n, h)| (h.as_str(), if n == 0 { Align::Left } else { Align::Right })),
    );
    // Long sweeps: the best by their goal, all else is in designs.csv.
    let mut shown: Vec<&Row> = rows.iter().collect();
    if rows.len() > 40 {
        shown.sort_by(|a, b| {
            a.goal
                .unwrap_or(f64::INFINITY)
                .total_cmp(&b.goal.unwrap_or(f64::INFINITY))
        });
        shown.truncate(40);
    }
    for row in shown {
        let cells = cells(ranges, row);
        table.push(
            std::iter::once(row.model.clone()).chain(
                cells
                    .into_iter()
                    .map(|c| c.map_or("-".into(), format_value)),
            ),
        );
    }
    table.render(140)
}

/// Rows of `scores.json`: one case for each design.
pub fn scores(loaded: &Loaded, ranges: &[Range], rows: &[Row]) -> Scores {
    let mut scores = Scores::new();
    for row in rows {
        let case = case(loaded, ranges, &row.values);
        let mut push = |variable: &str, metric: &str, value: Option<f64>, unit: &str| {
            if let Some(value) = value {
                let new = ScoreRow::new(&case, &row.model, variable, metric, value);
                scores.push(new.in_unit(unit));
            }
        };
        push("S11", "resonance", row.resonance, "Hz");
        push("S11", "minimum", row.minimum, "dB");
        push("S11", "bandwidth_10db", row.bandwidth, "Hz");
        push("Z", "resistance", row.impedance.map(|z| z.re), "ohm");
        push("Z", "reactance", row.impedance.map(|z| z.im), "ohm");
        push("far_field", "gain", row.gain, "dBi");
        push("S11", "goal", row.goal, "dB");
        if row.note.starts_with("failed") {
            let failed = ScoreRow::new(&case, &row.model, "S11", "resonance", f64::NAN);
            scores.push(failed.noted(row.note.clone()));
        }
    }
    scores
}

/// `dipole length=58 mm radius=0.25 mm`
pub fn case(loaded: &Loaded, ranges: &[Range], values: &[f64]) -> String {
    format!("{}{}", loaded.name, values_text(ranges, values))
}

/// ` length=58 mm radius=0.25 mm`
pub fn values_text(ranges: &[Range], values: &[f64]) -> String {
    let values = ranges.iter().zip(values);
    values
        .map(|(range, &v)| format!(" {}={}", range.name, range.unit.text(v)))
        .collect()
}

/// Figures of all designs.
pub fn figures(loaded: &Loaded, ranges: &[Range], solved: &[Solved]) -> Gallery {
    let mut gallery = Gallery::new();
    let networks: Vec<_> = solved
        .iter()
        .filter_map(|s| Some((s, s.result.as_ref().ok()?.network.as_ref()?)))
        .collect();
    let (Some((_, first)), Some(range)) = (networks.first(), ranges.first()) else {
        return gallery;
    };
    let (factor, unit) = range.unit.shown();
    let curves: Vec<(f64, Vec<f64>)> = networks
        .iter()
        .map(|(s, network)| {
            (
                s.values[0] * factor,
                s11(network).into_iter().map(decibel).collect(),
            )
        })
        .collect();
    let title = &loaded.scene.title;
    gallery.push((
        pictures::sweep_s11(&first.frequencies, &curves, &range.name, unit, title),
        "S11 of all designs.".into(),
    ));
    let best = networks.iter().min_by(|a, b| {
        let rank = |n: &curlwind_datasets::touchstone::Network| {
            let db: Vec<f64> = s11(n).into_iter().map(decibel).collect();
            goal(loaded, &n.frequencies, &db).unwrap_or(f64::INFINITY)
        };
        rank(a.1).total_cmp(&rank(b.1))
    });
    if let Some((solved, network)) = best {
        let values = s11(network);
        let name = case(loaded, ranges, &solved.values);
        let traces = [ReflectionTrace {
            name: &name,
            frequencies: &network.frequencies,
            s11: &values,
            spread_db: None,
            dashed: false,
        }];
        gallery.push((
            pictures::smith(&traces, network.reference, "Best design of the sweep"),
            "Smith chart of the best design solved.".into(),
        ));
        gallery.push((
            pictures::impedance(&traces, network.reference, "Best design of the sweep"),
            "Impedance of the best design solved.".into(),
        ));
        gallery.push((
            pictures::vswr(&traces, "Best design of the sweep"),
            "VSWR of the best design solved.".into(),
        ));
        if let Ok(solution) = &solved.result
            && let Some(cuts) = &solution.cuts
        {
            let series = [
                ("xz plane", &cuts.xz),
                ("yz plane", &cuts.yz),
                ("xy plane", &cuts.xy),
            ]
            .map(|(name, cut)| {
                let angles = cut.iter().map(|p| p[0]).collect();
                (name.to_string(), angles, cut.iter().map(|p| p[1]).collect())
            });
            let title = format!("Best design, {:.3} GHz", cuts.frequency / 1e9);
            gallery.push((
                pictures::pattern(&series, &title),
                "Pattern of the best design solved: directivity in dBi.".into(),
            ));
        }
    }
    gallery
}

/// How the solving went.
pub fn sentence(solved: &[Solved]) -> String {
    let done: Vec<_> = solved
        .iter()
        .filter_map(|s| s.result.as_ref().ok())
        .collect();
    let cached = solved.iter().filter(|s| s.cached).count();
    let failed = solved.len() - done.len();
    let seconds: f64 = done.iter().map(|s| s.seconds).sum();
    format!(
        "{} designs solved ({:.1} s each on one core, {:.3} million cells{}{}).",
        done.len(),
        seconds / done.len().max(1) as f64,
        done.iter().map(|s| s.cells as f64).sum::<f64>() / done.len().max(1) as f64 / 1e6,
        if cached > 0 {
            format!("; {cached} of them before")
        } else {
            String::new()
        },
        if failed > 0 {
            format!("; {failed} failed")
        } else {
            String::new()
        },
    )
}
