//! Maps between fields: Burgers, Darcy, Navier-Stokes, quasi-geostrophic layers, on few points and for few steps.

use crate::support::{path, refuses, succeeds, with_sets};
use std::path::Path;

pub const BURGERS: [&str; 7] = [
    "problem.points=64",
    "problem.time_step=5e-3",
    "training_set.samples=24",
    "operator.hidden_channels=8",
    "operator.layers=2",
    "operator.n_modes=[8]",
    "evaluation.coarse=[2,4]",
];
const FLOW: [&str; 8] = [
    "problem.points=32",
    "problem.spin_up=0.5",
    "problem.states=3",
    "training_set.samples=12",
    "training_set.test=0.2",
    "operator.hidden_channels=8",
    "operator.n_modes=[8,8]",
    "evaluation.coarse=[2]",
];
const QUICK: &str = "training.stages=[{roll_out=1,epochs=2}]";

pub fn quick<'a>(arguments: &[&'a str], sets: &[&'a str]) -> Vec<&'a str> {
    with_sets(&with_sets(arguments, sets), &[QUICK])
}

#[test]
fn burgers_from_samples_to_report() {
    let folder = tempfile::tempdir().expect("folder");
    let data = path(folder.path(), "data");
    succeeds(&quick(&["generate", "burgers", "-o", &data], &BURGERS));
    // again: nothing is made twice
    let text = succeeds(&quick(
        &["generate", "burgers", "-o", &data, "--resume"],
        &BURGERS,
    ));
    assert!(text.contains("24 samples"), "{text}");
    let text = succeeds(&["inspect", &path(folder.path(), "data/data")]);
    assert!(text.contains("velocity") && text.contains("x 64"), "{text}");

    let model = path(folder.path(), "model");
    let train = ["train", "burgers", "--data", &data, "-o", &model];
    let text = succeeds(&quick(&train, &BURGERS));
    assert!(text.contains("nearest_neighbour"), "{text}");
    assert!(
        Path::new(&model)
            .join("model/weights.safetensors")
            .is_file()
    );

    let run = path(folder.path(), "run");
    let text = succeeds(&quick(&["run", "burgers", "-o", &run], &BURGERS));
    for model in ["fno", "solver/2", "solver/4", "mean", "persistence"] {
        assert!(text.contains(model), "{model}: {text}");
    }
    for file in [
        "report.html",
        "scores.json",
        "figures/figure_1.svg",
        "manifest.json",
    ] {
        assert!(Path::new(&run).join(file).is_file(), "{file}");
    }

    let one = path(folder.path(), "one");
    let text = succeeds(&quick(&["simulate", "burgers", "-o", &one], &BURGERS));
    assert!(text.contains("solver/4"), "{text}");
}

/// Data that do not fit are refused, and so are values and networks that cannot work.
#[test]
fn bad_input_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "out");
    let with = |scenario: &'static str, set: &'static str, words: &[&str]| {
        refuses(&["run", scenario, "-o", &out, "--set", set], words);
    };
    with("burgers", "problem.viscosty=1", &["viscosty", "viscosity"]);
    with(
        "burgers",
        "problem.viscosity=-1",
        &["problem.viscosity", "above 0"],
    );
    with(
        "burgers",
        "problem.points=2",
        &["problem.points", "4 or more"],
    );
    with("burgers", "operator.kind=\"sfno\"", &["operator"]);
    with(
        "burgers",
        "training_set.carried=true",
        &["training_set.carried"],
    );
    with("darcy", "problem.stride=5", &["problem.stride", "168"]);
    with("darcy", "problem.low=0", &["problem.low"]);
    with("navier-stokes", "problem.states=1", &["problem.states"]);
    with(
        "navier-stokes",
        "problem.forcing={kind=\"wind\"}",
        &["wind"],
    );
    with(
        "kolmogorov",
        "problem.points=8",
        &["problem.points", "forcing"],
    );
    with(
        "navier-stokes",
        "training.stages=[{roll_out=20}]",
        &["stages.roll_out", "at most 10"],
    );
    with(
        "darcy",
        "training.stages=[{roll_out=2}]",
        &["no time stepper"],
    );
    let residual = "training.residual={weight=1.0}";
    with("burgers", residual, &["training.residual", "no trajectory"]);
    with("darcy", residual, &["training.residual", "no trajectory"]);
    with(
        "navier-stokes",
        residual,
        &["training.residual", "a trajectory of 4 states"],
    );
    let pino = "navier-stokes-pino";
    with(
        pino,
        "problem.trajectory=3",
        &["problem.trajectory", "divisor"],
    );
    with(
        pino,
        "training_set.labelled=501",
        &["training_set.labelled", "1 to 500"],
    );
    with(
        pino,
        "training.residual.weight=0",
        &["evaluation.rivals", "residual_alone"],
    );
    with(
        pino,
        "training.residual.points=16",
        &["residual.points", "at least 32"],
    );
    with(
        pino,
        "evaluation.refine={steps=0,samples=1}",
        &["evaluation.refine.steps", "above 0"],
    );
    let layers = "quasi-geostrophic";
    with(layers, "problem.order=3", &["problem.order", "even"]);
    with(layers, "problem.drag=-1", &["problem.drag", "0 or more"]);
    with(layers, "problem.points=6", &["problem.points", "8 or more"]);
    with(layers, residual, &["training.residual", "two layers"]);
    with("darcy", "training.resolutions=[64]", &["resolutions", "43"]);
    with(
        "burgers",
        "training.resolutions=[2]",
        &["resolutions", "at least 4"],
    );
    with("burgers", "training.precision=\"f8\"", &["f8", "bf16"]);
    refuses(
        &["simulate", "burgers", "-o", &out, "--seeds", "3"],
        &["--seeds", "train"],
    );
    refuses(
        &["run", "scattering", "-o", &out, "--seeds", "2"],
        &["--seeds", "one seed"],
    );
    refuses(
        &["generate", "darcy-small", "-o", &out],
        &["training_set.carried", "nothing to generate"],
    );
    refuses(&["sweep", "burgers", "-o", &out], &["no design to sweep"]);
    let text = folder.path().join("data.h5");
    std::fs::write(&text, "not HDF5").expect("written");
    let data = path(folder.path(), "data.h5");
    refuses(
        &["train", "burgers", "--data", &data, "-o", &out],
        &["data.h5", "HDF5"],
    );
}

#[test]
fn darcy_and_the_carried_set() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "darcy");
    let sets = [
        "problem.cells=32",
        "training_set.samples=16",
        "training_set.test=0.25",
        "operator.hidden_channels=8",
        "operator.n_modes=[8,8]",
    ];
    let text = succeeds(&quick(&["run", "darcy", "-o", &run], &sets));
    assert!(text.contains("solver/1") && text.contains("mean"), "{text}");

    let run = path(folder.path(), "small");
    let sets = ["operator.hidden_channels=4", "problem.refinement=1"];
    let text = succeeds(&quick(&["run", "darcy-small", "-o", &run], &sets));
    assert!(
        text.contains("test_16") && text.contains("test_32"),
        "{text}"
    );
    let text = std::fs::read_to_string(Path::new(&run).join("scores.json")).expect("scores");
    let rows: serde_json::Value = serde_json::from_str(&text).expect("json");
    let value = |case: &str, model: &str| {
        let rows = rows.as_array().expect("rows");
        let found = rows
            .iter()
            .find(|r| r["case"] == case && r["model"] == model && r["metric"] == "relative_l2");
        found.and_then(|r| r["value"].as_f64()).expect("a value")
    };
    // a solver with the medium at the samples' own points
    assert!(value("test_16", "solver/1") < 0.085);
    assert!(value("test_32", "solver/1") < 0.04);
    // what the set's own statistics give
    assert!((value("test_16", "nearest_neighbour") - 0.370).abs() < 0.02);
}

#[test]
fn flow_on_a_torus() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let text = succeeds(&quick(&["run", "navier-stokes", "-o", &run], &FLOW));
    assert!(
        text.contains("persistence") && text.contains("solver/2"),
        "{text}"
    );
}

/// Both layers are channels, from samples to the report, and a comparison goes through.
#[test]
fn two_layers_of_quasi_geostrophic_flow() {
    let folder = tempfile::tempdir().expect("folder");
    let sets = [
        "problem.points=16",
        "problem.spin_up=864000.0",
        "problem.states=4",
        "training_set.samples=12",
        "training_set.test=0.2",
        "operator.hidden_channels=8",
        "operator.n_modes=[8,8]",
        "evaluation.coarse=[2]",
    ];
    let one = path(folder.path(), "one");
    succeeds(&quick(
        &["simulate", "quasi-geostrophic", "-o", &one],
        &sets,
    ));
    let run = path(folder.path(), "run");
    let text = succeeds(&quick(&["run", "quasi-geostrophic", "-o", &run], &sets));
    for words in ["persistence", "solver/2", "next_lower_pv"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = succeeds(&["inspect", &path(Path::new(&run), "data")]);
    assert!(text.contains("upper_pv"), "{text}");

    let run = path(folder.path(), "compare");
    let short = [
        "compare.samples=2",
        "compare.seeds=1",
        "compare.resolutions=[8,10,12,16]",
        "compare.steps=[0.9]",
        "compare.reference=32",
        "compare.check=24",
        "compare.sets=[{name='fine',relation='off_resolution',set={points=24}}]",
    ];
    let compare = quick(&["compare", "quasi-geostrophic", "-o", &run], &sets);
    let text = succeeds(&with_sets(&compare, &short));
    assert!(text.contains("the solver takes"), "{text}");
}

/// A file in the layout of PDEBench is training data.
#[test]
fn other_peoples_simulations_are_trained_on() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("set.hdf5");
    {
        let values = ndarray::Array3::from_shape_fn((12, 5, 32), |(s, t, x)| {
            let place = (x + t * (1 + s % 3)) as f32 / 32.0;
            (std::f32::consts::TAU * place).sin() * (1.0 + s as f32 / 12.0)
        });
        let set = hdf5::File::create(&file).expect("file");
        let built = set
            .new_dataset_builder()
            .with_data(&values)
            .create("tensor");
        built.expect("data set");
    }
    let data = path(folder.path(), "set.hdf5");
    let text = succeeds(&["inspect", &data]);
    assert!(
        text.contains("PDEBench") && text.contains("12 samples"),
        "{text}"
    );
    let out = path(folder.path(), "out");
    let text = succeeds(&quick(
        &["train", "burgers", "--data", &data, "-o", &out],
        &BURGERS,
    ));
    assert!(text.contains("tensor"), "{text}");
}

/// Three seeds give three models, their mean and their spread; few modes first, several resolutions,
/// 16-bit fields and push-forward train.
#[test]
fn seeds_and_ways_of_training() {
    let folder = tempfile::tempdir().expect("folder");
    let data = path(folder.path(), "data");
    succeeds(&quick(&["generate", "navier-stokes", "-o", &data], &FLOW));
    let run = path(folder.path(), "seeds");
    let train = [
        "train",
        "navier-stokes",
        "--data",
        &data,
        "-o",
        &run,
        "--seeds",
        "3",
    ];
    let text = succeeds(&quick(&train, &FLOW));
    for words in ["fno, seed 3", "relative_l2_spread", "mean of 3 seeds"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for seed in ["model", "seed_2/model", "seed_3/model"] {
        let weights = Path::new(&run).join(seed).join("weights.safetensors");
        assert!(weights.is_file(), "{seed}");
    }
    for (name, sets) in [
        (
            "modes",
            &["training.stages=[{epochs=1,modes=4},{epochs=1}]"] as &[&str],
        ),
        ("half", &["training.precision=\"bf16\""]),
        (
            "parts",
            &[
                "training.accumulate=2",
                "training.checkpoint_activations=true",
            ],
        ),
        (
            "push",
            &["training.stages=[{epochs=1},{epochs=1,roll_out=2,push_forward=true}]"],
        ),
        ("norm", &["training.loss=\"relative_h1\""]),
        ("scales", &["training.loss=\"spectral\""]),
        (
            "grids",
            &[
                "training.resolutions=[16,24]",
                "evaluation.resolutions=[16,32]",
            ],
        ),
        (
            "factors",
            &["operator.factorization=\"tucker\"", "operator.rank=0.2"],
        ),
        ("corrected", &["training_set.coarse_input=2"]),
    ] {
        let run = path(folder.path(), name);
        let train = ["train", "navier-stokes", "--data", &data, "-o", &run];
        let quick = with_sets(&quick(&train, &FLOW), sets);
        let text = succeeds(&quick);
        assert!(text.contains("persistence"), "{name}: {text}");
    }
}

/// One run trains on few labels and the residual, on all labels, without the residual and on it alone,
/// and refines; without a weight the residual changes nothing.
#[test]
fn a_trajectory_from_few_labels_and_the_residual() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let few = [
        "problem.points=16",
        "problem.spin_up=0.5",
        "training_set.samples=10",
        "training_set.labelled=2",
        "training.residual={weight=1.0,unlabelled=3}",
        "operator.hidden_channels=8",
        "operator.n_modes=[6,6]",
        "evaluation.coarse=[2]",
        "evaluation.refine={steps=3,samples=2}",
    ];
    let text = succeeds(&quick(&["run", "navier-stokes-pino", "-o", &run], &few));
    for model in [
        "fno, all labels",
        "fno, no residual",
        "fno, residual alone",
        "fno on 2 samples, refined",
        "solver/2",
        "persistence",
        "seconds_of_training",
    ] {
        assert!(text.contains(model), "{model}: {text}");
    }
    let own = |name: &str, residual: &'static str| {
        let model = path(folder.path(), name);
        let train = ["train", "navier-stokes-pino", "--data", &run, "-o", &model];
        let mut sets = few.to_vec();
        sets[4] = residual;
        sets.push("evaluation.rivals=[]");
        succeeds(&quick(&train, &sets));
        std::fs::read(Path::new(&model).join("model/weights.safetensors")).expect("weights")
    };
    let with = own("with", "training.residual={weight=1.0,unlabelled=3}");
    let without = own("without", "training.residual={weight=0.0,unlabelled=3}");
    let rival = Path::new(&run).join("rivals/no_residual/model/weights.safetensors");
    assert!(without == std::fs::read(rival).expect("weights") && with != without);
}
