//! Tables of designs that others solved, and predictions of a list of designs.

use crate::support::{path, refuses, succeeds, with_sets};
use curlwind_datasets::touchstone::Network;
use ndarray::Array3;
use num_complex::Complex64;
use std::path::Path;

/// Response surfaces alone, at few frequencies.
const QUICK: [&str; 3] = [
    "surrogate.network.steps=0",
    "surrogate.network.members=2",
    "surrogate.network.poles=3",
];

fn quick<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    with_sets(&with_sets(arguments, &QUICK), more)
}

#[test]
fn the_bowtie_is_learned_judged_and_asked() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let sets = [
        "table.every=40",
        "evaluation.folds=2",
        "evaluation.edges=false",
        "candidates.count=100",
    ];
    let text = succeeds(&quick(&["run", "bowtie-table", "-o", &run], &sets));
    assert!(text.contains("fold 2 of 2"), "{text}");
    assert!(text.contains("nearest design"), "{text}");
    for file in [
        "report.html",
        "designs.csv",
        "scores.json",
        "model/units.json",
    ] {
        assert!(Path::new(&run).join(file).is_file(), "{file}");
    }
    let list = path(folder.path(), "list.csv");
    std::fs::write(&list, "b,a,c\n20,10,10\n22.5,40,10\n").expect("written");
    let out = path(folder.path(), "answers");
    let text = succeeds(&["forecast", "--model", &run, "--init", &list, "-o", &out]);
    assert!(
        text.contains("2 designs") && text.contains("1 of them outside"),
        "{text}"
    );
    assert!(Path::new(&out).join("predictions.csv").is_file());
    std::fs::write(&list, "b,a\n20,10\n").expect("written");
    let other = path(folder.path(), "other");
    refuses(
        &["forecast", "--model", &run, "--init", &list, "-o", &other],
        &["no column `c`"],
    );
    std::fs::write(&list, "b,a,c\n20,wide,10\n").expect("written");
    refuses(
        &["forecast", "--model", &run, "--init", &list, "-o", &other],
        &["line 2", "`a`", "\"wide\""],
    );
}

/// Touchstone files of a resonance that moves with a length: learned from one folder, and predicted
/// designs are Touchstone files again.
#[test]
fn touchstone_in_touchstone_out() {
    let folder = tempfile::tempdir().expect("folder");
    let sweep = folder.path().join("sweep");
    std::fs::create_dir_all(&sweep).expect("folder");
    let frequencies: Vec<f64> = (0..21).map(|n| 2e9 + 5e7 * f64::from(n)).collect();
    let reflection = |length: f64| {
        Array3::from_shape_fn((21, 1, 1), |(f, _, _)| {
            let detuning = frequencies[f] * length / 1.45e8 - 1.0;
            let z = Complex64::new(1.4, 12.0 * detuning);
            (z - 1.0) / (z + 1.0)
        })
    };
    for n in 0..8 {
        let length = 0.054 + 0.001 * f64::from(n);
        let mut network =
            Network::new(frequencies.clone(), reflection(length), 50.0).expect("network");
        let text = format!("{:.0} mm", 1e3 * length);
        network.variables.push(("length".into(), text));
        network
            .write(&sweep.join(format!("{n}.s1p")))
            .expect("written");
    }
    let scene = path(folder.path(), "mine.toml");
    let text = format!(
        "title = \"Mine\"\nphysics = \"design_table\"\n[table]\ntouchstone = \"{}\"\n",
        sweep.display()
    );
    std::fs::write(&scene, text).expect("written");
    let run = path(folder.path(), "run");
    let text = succeeds(&quick(&["train", &scene, "-o", &run], &[]));
    assert!(text.contains("Surrogate of 8 designs"), "{text}");
    let list = path(folder.path(), "list.csv");
    std::fs::write(&list, "length\n57.5 mm\n").expect("written");
    let out = path(folder.path(), "answers");
    succeeds(&["forecast", "--model", &run, "--init", &list, "-o", &out]);
    let answer = Network::read(&Path::new(&out).join("designs/1.s1p")).expect("Touchstone");
    let truth = reflection(0.0575);
    let away: f64 = (&answer.s - &truth).iter().map(|s| s.norm_sqr()).sum();
    let size: f64 = truth.iter().map(|s| s.norm_sqr()).sum();
    assert!((away / size).sqrt() < 0.02, "{}", (away / size).sqrt());
}

#[test]
fn unusable_tables_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let train = |set: &str, words: &[&str]| {
        refuses(
            &with_sets(&["train", "bowtie-table", "-o", &out], &[set]),
            words,
        );
        assert!(!Path::new(&out).exists(), "nothing is left behind by {set}");
    };
    train("table.csv=\"x.csv\"", &["expected one of `touchstone`"]);
    train(
        "table.frequency.unit=\"mm\"",
        &["table.frequency.unit", "mm"],
    );
    train("table.s11={ real = \"re\" }", &["`real` and `imaginary`"]);
    train("table.parameters=[\"a\"]", &["a column for each name"]);
    train(
        "table.s11.decibel=\"s12_db\"",
        &["no variable 's12_db'", "s11_db"],
    );
    train("evaluation.folds=1", &["2 or more, or 0"]);
    train("table.evry=2", &["did you mean `table.every`"]);
    refuses(&["sweep", "bowtie-table", "-o", &out], &["solved already"]);
    refuses(&["simulate", "bowtie-table", "-o", &out], &["no solver"]);
    refuses(
        &["generate", "bowtie-table", "-o", &out],
        &["needs a solver"],
    );
}
