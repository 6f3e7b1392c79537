//! `curlwind train` and `curlwind run` on a table.

use super::Loaded;
use super::evaluate::{self, Split};
use super::output::{self, Answer, Curve};
use crate::commands::Options;
use crate::config::to_toml;
use crate::electromagnetics::maxwell::measures::{resonance, worst_reflection};
use crate::electromagnetics::maxwell::output::{Gallery, save};
use crate::electromagnetics::maxwell::pictures;
use crate::electromagnetics::maxwell::sweep::designs::{Range, Unit, latin_hypercube};
use crate::error::{Error, Result};
use crate::report::run_page;
use crate::run_folder::{
    Align, RunFolder, ScoreRow, Scores, Table, format_value, write_atomically,
};
use curlwind_operators::design::domain::Domain;
use curlwind_operators::design::optimise::Search;
use curlwind_operators::design::{DesignData, DesignSurrogate, Prediction};
use ndarray::Array2;

/// What a run came to, for the terminal.
pub struct Summary {
    /// All rows.
    pub scores: Scores,
    /// Tables and sentences.
    pub text: String,
}

/// Trains on the whole table and keeps the surrogate in `model/`.
///
/// # Errors
/// A table that cannot be read, a training that fails, files that cannot be written.
pub fn train(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let (data, units) = loaded.data(folder)?;
    let surrogate = fit(loaded, &data, &units, folder, options)?;
    let mut scores = Scores::new();
    scores.push(of_model(loaded, &surrogate));
    scores.write(&folder.file("scores.json"))?;
    let text = format!(
        "{} Model in {}",
        about(&data, &surrogate),
        folder.file("model").display()
    );
    Ok(Summary { scores, text })
}

/// The same, judged by designs left out, and asked for the best and the most doubtful designs.
///
/// # Errors
/// As [`train`].
pub fn run(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let (data, units) = loaded.data(folder)?;
    let splits = {
        let _phase = folder.phase("evaluate")?;
        evaluate::evaluate(loaded, &data, folder, options)?
    };
    let surrogate = fit(loaded, &data, &units, folder, options)?;
    let mut scores = scores(loaded, &splits);
    scores.push(of_model(loaded, &surrogate));
    let mut gallery = figures(loaded, &data, &units, &splits);
    let (answers, figure) = {
        let _phase = folder.phase("predict")?;
        candidates(loaded, &data, &surrogate)?
    };
    gallery.push(figure);
    let heads = output::heads(&data.parameter_names, &units);
    let csv = output::csv(&heads, &answers);
    write_atomically(&folder.file("designs.csv"), csv.as_bytes())?;
    save(&gallery, folder)?;
    scores.write(&folder.file("scores.json"))?;
    let mut sentences = vec![about(&data, &surrogate)];
    sentences.extend(verdict(&splits, surrogate.description().config.coverage));
    let page = run_page(
        &folder.manifest(),
        &sentences.join(" "),
        &gallery,
        &scores,
        &to_toml(&loaded.settings)?,
    );
    let report = folder.file("report.html");
    write_atomically(&report, page.to_html().as_bytes())?;
    let text = format!(
        "{}\n{}\n{}\nReport: {}",
        split_table(&splits),
        output::table(&heads, &answers),
        sentences.join("\n"),
        report.display()
    );
    Ok(Summary { scores, text })
}

fn fit(
    loaded: &Loaded,
    data: &DesignData,
    units: &[String],
    folder: &RunFolder,
    options: &Options,
) -> Result<DesignSurrogate> {
    let _phase = folder.phase("train")?;
    let surrogate = evaluate::train(loaded, data, &folder.folder("surrogate")?, options)?;
    let home = folder.folder("model")?;
    surrogate.save(&home).map_err(Error::failed)?;
    super::predict::write_units(&home, units)?;
    Ok(surrogate)
}

fn about(data: &DesignData, surrogate: &DesignSurrogate) -> String {
    let about = surrogate.description();
    format!(
        "Surrogate of {} designs at {} frequencies: {} members, trained in {:.1} s, error on designs that members left out {:.4}.",
        data.designs(),
        data.frequencies.len(),
        about.config.members,
        about.training_seconds,
        about.out_of_fold_error,
    )
}

fn of_model(loaded: &Loaded, surrogate: &DesignSurrogate) -> ScoreRow {
    let error = surrogate.description().out_of_fold_error;
    ScoreRow::new(&loaded.name, "surrogate", "S11", "out_of_fold_error", error)
        .noted("members on the designs each left out; what was chosen by it is optimistic")
}

fn mean(splits: &[&Split], of: impl Fn(&Split) -> f64) -> f64 {
    splits.iter().map(|s| of(s)).sum::<f64>() / splits.len().max(1) as f64
}

fn scores(loaded: &Loaded, splits: &[Split]) -> Scores {
    let mut scores = Scores::new();
    let mut push = |case: &str, model: &str, metric: &str, value: f64, baseline: Option<f64>| {
        let case = format!("{} {case}", loaded.name);
        let mut row = ScoreRow::new(&case, model, "S11", metric, value);
        if let Some(baseline) = baseline {
            row = row.against(baseline).noted("baseline: nearest design");
        }
        scores.push(row);
    };
    let all: Vec<&Split> = splits.iter().collect();
    let folds: Vec<&Split> = splits.iter().filter(|s| !s.edge).collect();
    let mut of = |case: &str, splits: &[&Split]| {
        let nearest = mean(splits, |s| s.nearest);
        let error = mean(splits, |s| s.error);
        push(case, "surrogate", "relative_l2_db", error, Some(nearest));
        let error = mean(splits, |s| s.mean);
        push(case, "mean_curve", "relative_l2_db", error, Some(nearest));
        let covered = mean(splits, |s| s.coverage);
        push(case, "surrogate", "interval_coverage", covered, None);
    };
    if !folds.is_empty() {
        of("all folds", &folds);
    }
    for split in all {
        of(&split.name, &[split]);
    }
    scores
}

fn verdict(splits: &[Split], nominal: f64) -> Vec<String> {
    let mut sentences = Vec::new();
    let folds: Vec<&Split> = splits.iter().filter(|s| !s.edge).collect();
    if !folds.is_empty() {
        sentences.push(format!(
            "On designs left out, {} folds: relative L2 error of S11 in dB {:.4} (nearest design {:.4}, mean curve {:.4}); {:.0} % of values within the {:.0} % intervals.",
            folds.len(),
            mean(&folds, |s| s.error),
            mean(&folds, |s| s.nearest),
            mean(&folds, |s| s.mean),
            100.0 * mean(&folds, |s| s.coverage),
            100.0 * nominal,
        ));
    }
    let edges = splits.iter().filter(|s| s.edge);
    if let Some(worst) = edges.max_by(|a, b| a.error.total_cmp(&b.error)) {
        sentences.push(format!(
            "Beyond an edge of the table, where it extrapolates, up to {:.4} ({}; nearest design {:.4}), {:.0} % within the intervals.",
            worst.error,
            worst.name,
            worst.nearest,
            100.0 * worst.coverage,
        ));
    }
    sentences
}

fn split_table(splits: &[Split]) -> String {
    let mut table = Table::new([
        ("left out", Align::Left),
        ("designs", Align::Right),
        ("surrogate", Align::Right),
        ("nearest design", Align::Right),
        ("mean curve", Align::Right),
        ("within intervals (%)", Align::Right),
        ("training (s)", Align::Right),
    ]);
    for split in splits {
        table.push([
            split.name.clone(),
            split.designs.len().to_string(),
            format_value(split.error),
            format_value(split.nearest),
            format_value(split.mean),
            format!("{:.1}", 100.0 * split.coverage),
            format!("{:.1}", split.seconds),
        ]);
    }
    table.render(140)
}

fn figures(loaded: &Loaded, data: &DesignData, units: &[String], splits: &[Split]) -> Gallery {
    let mut gallery = Gallery::new();
    let truth = data.response.decibel();
    let row = |design: usize| truth.slice(ndarray::s![design, 0, ..]).to_vec();
    let all: Vec<(f64, Vec<f64>)> = (0..data.designs())
        .map(|d| (data.parameters[[d, 0]], row(d)))
        .collect();
    let unit = units.first().map_or("", String::as_str);
    let title = &loaded.settings.title;
    gallery.push((
        pictures::sweep_s11(
            &data.frequencies,
            &all,
            &data.parameter_names[0],
            unit,
            title,
        ),
        "S11 of all designs of the table.".into(),
    ));
    // Designs of the folds, by their own error.
    let mut held: Vec<(f64, &Split, usize)> = Vec::new();
    let mut pairs = Vec::new();
    for split in splits.iter().filter(|s| !s.edge) {
        for (n, &design) in split.designs.iter().enumerate() {
            let (truth, said) = (row(design), &split.predicted[n]);
            let miss: f64 = truth.iter().zip(said).map(|(a, b)| (a - b).powi(2)).sum();
            let size: f64 = truth.iter().map(|a| a * a).sum();
            held.push(((miss / size.max(f64::MIN_POSITIVE)).sqrt(), split, n));
            let place = |db: &[f64]| resonance(&data.frequencies, &output::reflection(db));
            if let (Some(a), Some(b)) = (place(&truth), place(said)) {
                pairs.push((a.frequency, b.frequency));
            }
        }
    }
    held.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (what, at) in [
        ("median", held.len() / 2),
        ("worst", held.len().saturating_sub(1)),
    ] {
        let Some(&(error, split, n)) = held.get(at) else {
            continue;
        };
        let design = split.designs[n];
        let values: Vec<String> = data
            .parameter_names
            .iter()
            .zip(output::texts(&data.parameters, design))
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        let truth = row(design);
        let curves = [
            Curve {
                name: "surrogate",
                db: &split.predicted[n],
                interval: Some((&split.lower[n], &split.upper[n])),
            },
            Curve {
                name: "solver",
                db: &truth,
                interval: None,
            },
        ];
        gallery.push((
            output::s11_figure(&data.frequencies, &curves, &values.join(", ")),
            format!("The {what} of the designs left out by the folds: relative L2 error {error:.4} in dB."),
        ));
    }
    gallery.extend(output::resonances(
        &pairs,
        "Resonances of the designs left out by the folds.",
    ));
    gallery
}

/// The best and the most doubtful of many designs, and their figure.
fn candidates(
    loaded: &Loaded,
    data: &DesignData,
    surrogate: &DesignSurrogate,
) -> Result<(Vec<Answer>, (crate::figures::Figure, String))> {
    let asked = loaded.settings.candidates;
    let domain = Domain::new(&data.parameters);
    let bounds: Vec<[f64; 2]> = (0..domain.parameters())
        .map(|p| [domain.lowest[p], domain.highest[p]])
        .collect();
    let goal = |prediction: &Prediction, design: usize| -> Option<f64> {
        let db = prediction.curve_decibel(design, 0);
        match asked.goal {
            Some(goal) => worst_reflection(&data.frequencies, &db, goal.from.si(), goal.to.si()),
            None => db.into_iter().reduce(f64::min),
        }
    };
    let optima = surrogate
        .optimise(&bounds, &Search::default(), |prediction, design| {
            goal(prediction, design).unwrap_or(f64::INFINITY)
        })
        .map_err(Error::failed)?;
    let names = data.parameter_names.iter().zip(&bounds);
    let ranges: Vec<Range> = names
        .map(|(name, [low, high])| Range {
            name: name.clone(),
            unit: Unit::One,
            low: *low,
            high: *high,
        })
        .collect();
    let mut designs = latin_hypercube(&ranges, asked.count, loaded.settings.seed);
    designs.extend(optima.into_iter().take(1).map(|best| best.parameters));
    let shape = (designs.len(), ranges.len());
    let designs = Array2::from_shape_fn(shape, |(d, p)| designs[d][p]);
    let prediction = surrogate.predict(&designs).map_err(Error::failed)?;
    let last = designs.nrows() - 1;
    let doubts = prediction.doubt();
    let mut order: Vec<usize> = (0..last).collect();
    order.sort_by(|&a, &b| doubts[b].total_cmp(&doubts[a]));
    let mut chosen = vec![("best".to_string(), last)];
    for (n, &design) in order.iter().take(asked.shown).enumerate() {
        chosen.push((format!("doubtful {}", n + 1), design));
    }
    let answers: Vec<Answer> = chosen
        .iter()
        .map(|(label, design)| {
            let mut answer = Answer::of(&prediction, &data.frequencies, *design);
            answer.label.clone_from(label);
            answer.values = output::texts(&designs, *design);
            answer.goal = goal(&prediction, *design);
            answer
        })
        .collect();
    let (low, high) = (prediction.lower_decibel(), prediction.upper_decibel());
    let row = |values: &ndarray::Array3<f64>| values.slice(ndarray::s![last, 0, ..]).to_vec();
    let (low, high) = (row(&low), row(&high));
    let db = prediction.curve_decibel(last, 0);
    let curve = Curve {
        name: "surrogate",
        db: &db,
        interval: Some((&low, &high)),
    };
    let caption = "The best design that the search on the surrogate found, with its interval; no solver has checked it.";
    let title = format!("Best of {} designs and a search", asked.count);
    let figure = output::s11_figure(&data.frequencies, &[curve], &title);
    Ok((answers, (figure, caption.into())))
}
