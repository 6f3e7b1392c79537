//! Weather: every command on a small problem, and every kind of bad input.

use crate::support::{curlwind, path, refuses, succeeds, with_sets};
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_datasets::coordinates::{LatLon, gauss_latitudes};
use curlwind_datasets::netcdf::{ForecastReader, ForecastWriter, Header, Layout, OutputVariable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A scenario that runs in seconds.
const SMALL: [&str; 12] = [
    "solver.truncation=21",
    "solver.duration=1 days",
    "forecast.duration=1 days",
    "forecast.coarse_truncations=[10]",
    "training_set.trajectories=5",
    "training_set.duration=2 days",
    "training_set.latitudes=16",
    "operator.hidden_channels=8",
    "operator.layers=1",
    "training.stages=[{ roll_out = 1, epochs = 2 }]",
    "training_set.validation=0.2",
    "training_set.test=0.2",
];

fn small<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    with_sets(arguments, &SMALL)
}

/// `curlwind list | head -1`: a reader that has seen enough is no error.
#[test]
fn a_reader_may_leave() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_curlwind"))
        .arg("list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.is_empty(), "{text}");
}

#[test]
fn the_whole_chain_and_its_parts() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let text = succeeds(&small(&["run", "era5-500hpa", "-o", &at("run")]));
    assert!(
        text.contains("persistence") && text.contains("solver@T10"),
        "{text}"
    );
    for file in [
        "manifest.json",
        "scores.json",
        "report.html",
        "output.nc",
        "solver.nc",
        "metrics.jsonl",
        "model/weights.safetensors",
        "data/split.json",
        "figures/forecast.png",
        "figures/errors.svg",
    ] {
        assert!(folder.path().join("run").join(file).is_file(), "{file}");
    }
    let forecast = ForecastReader::open(at("run/output.nc")).expect("forecast");
    assert_eq!(forecast.leads_hours(), [0.0, 6.0, 12.0, 18.0, 24.0]);
    assert_eq!(forecast.initial_times()[0].year, 1959);

    succeeds(&small(&["generate", "era5-500hpa", "-o", &at("data")]));
    succeeds(&small(&[
        "train",
        "era5-500hpa",
        "--data",
        &at("data"),
        "-o",
        &at("model"),
    ]));
    // The same flows and the same seed: the same weights as in the run, to the last bit.
    let weights = |run: &str| {
        std::fs::read(at(&format!("{run}/model/weights.safetensors"))).expect("weights")
    };
    assert!(weights("run") == weights("model"));
    let init = at("run/solver.nc");
    succeeds(&[
        "forecast",
        "--model",
        &at("model"),
        "--init",
        &init,
        "--duration",
        "12 h",
        "-o",
        &at("forecast"),
    ]);
    let table = succeeds(&[
        "score",
        "--forecast",
        &at("run/output.nc"),
        "--truth",
        &at("run/solver.nc"),
        "-o",
        &at("scores"),
    ]);
    assert!(table.contains("persistence"), "{table}");
    let inspected = succeeds(&["inspect", &at("run/output.nc")]);
    assert!(inspected.contains("prediction_timedelta"), "{inspected}");
    let listed = succeeds(&["list"]);
    assert!(
        listed.contains("shallow-water") && listed.contains("galewsky"),
        "{listed}"
    );
    let json = succeeds(&["list", "--json"]);
    assert!(
        serde_json::from_str::<serde_json::Value>(&json).is_ok(),
        "{json}"
    );
}

#[test]
fn every_case_simulates() {
    let folder = tempfile::tempdir().expect("folder");
    for case in [
        "williamson_1",
        "williamson_2",
        "williamson_5",
        "williamson_6",
        "galewsky",
    ] {
        let (set, out) = (
            format!("initial={{ case = \"{case}\" }}"),
            path(folder.path(), case),
        );
        succeeds(&with_sets(
            &["simulate", "shallow-water", "-o", &out, "--quiet"],
            &[&set, "solver.truncation=21", "solver.duration=12 h"],
        ));
    }
    // A state of the user's own: the output of another run.
    let init = path(folder.path(), "galewsky/output.nc");
    let out = path(folder.path(), "own");
    succeeds(&with_sets(
        &[
            "simulate",
            "shallow-water",
            "--init",
            &init,
            "-o",
            &out,
            "--quiet",
        ],
        &["solver.truncation=21", "solver.duration=12 h"],
    ));
}

#[test]
fn a_killed_generation_and_training_go_on() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let whole = small(&["train", "shallow-water", "-o"]);
    let arguments = |out: &'static str| -> Vec<String> {
        let mut list: Vec<String> = whole.iter().map(ToString::to_string).collect();
        list.insert(3, at(out));
        list.extend(
            [
                "--set",
                "training.checkpoint_interval=1",
                "--set",
                "training.stages=[{ roll_out = 1, epochs = 6 }]",
            ]
            .map(String::from),
        );
        list
    };
    let run = |list: &[String]| succeeds(&list.iter().map(String::as_str).collect::<Vec<_>>());
    run(&arguments("whole"));
    // Killed as soon as there is a checkpoint, then continued.
    let mut child = Command::new(env!("CARGO_BIN_EXE_curlwind"))
        .args(arguments("killed"))
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let checkpoint = folder.path().join("killed/checkpoint.safetensors");
    while !checkpoint.exists() && child.try_wait().expect("child").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let mut resumed = arguments("killed");
    resumed.push("--resume".into());
    run(&resumed);
    let weights = |run: &str| {
        std::fs::read(at(&format!("{run}/model/weights.safetensors"))).expect("weights")
    };
    assert!(
        weights("whole") == weights("killed"),
        "resumed weights differ"
    );
}

#[test]
fn unusable_scenarios_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let simulate = |set: &str, words: &[&str]| {
        refuses(
            &with_sets(&["simulate", "shallow-water", "-o", &out], &[set]),
            words,
        );
        assert!(!Path::new(&out).exists(), "nothing is left behind by {set}");
    };
    simulate(
        "solver.trunction=42",
        &["trunction", "did you mean `solver.truncation`"],
    );
    simulate("solver.time_step=15 mm", &["mm", "unit of time"]);
    simulate("solver.time_step=900", &["no unit"]);
    simulate(
        "solver.time_step=2 h",
        &["solver.time_step", "stability limit"],
    );
    simulate("solver.integrator=rk5", &["did you mean `rk4`"]);
    simulate("solver.duration=5 h", &["whole number"]);
    simulate("initial.file=state.nc", &["initial.file"]);
    refuses(
        &["simulate", "shallow-watr", "-o", &out],
        &["did you mean `shallow-water`"],
    );
    refuses(
        &[
            "simulate",
            "shallow-water",
            "-o",
            &out,
            "--device",
            "cuda:9",
        ],
        &["cuda:9"],
    );

    let scenario = folder.path().join("mine.toml");
    std::fs::write(
        &scenario,
        "title = \"x\"\nphysics = \"shallow_water\"\n[solver]\ntruncaton = 42\n",
    )
    .expect("written");
    refuses(
        &["simulate", &scenario.display().to_string(), "-o", &out],
        &["mine.toml, line 4", "did you mean `solver.truncation`"],
    );
}

#[test]
fn unusable_folders_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let used = folder.path().join("used");
    std::fs::create_dir(&used).expect("made");
    std::fs::write(used.join("thesis.tex"), "years of work").expect("written");
    let used = used.display().to_string();
    refuses(&["simulate", "shallow-water", "-o", &used], &["not empty"]);
    assert_eq!(
        std::fs::read_to_string(Path::new(&used).join("thesis.tex")).expect("kept"),
        "years of work"
    );
    // Below a file nothing can be made, by whoever runs this.
    let below = format!("{used}/thesis.tex/run");
    let output = curlwind(&["simulate", "shallow-water", "-o", &below]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && error.contains("thesis.tex"),
        "{error}"
    );
    refuses(
        &[
            "forecast",
            "--model",
            &used,
            "--init",
            "none.nc",
            "-o",
            &path(folder.path(), "f"),
        ],
        &["none.nc"],
    );
}

/// A state file; `change` spoils it.
fn state(
    folder: &Path,
    name: &str,
    change: impl FnOnce(&mut Header, &mut Vec<Vec<f64>>),
) -> String {
    let (nlat, nlon) = (16, 32);
    let longitudes = (0..nlon)
        .map(|i| f64::from(i) * 360.0 / f64::from(nlon))
        .collect();
    let variable = |name: &str, standard: &str, units: &str| OutputVariable {
        name: name.into(),
        standard_name: Some(standard.into()),
        long_name: standard.replace('_', " "),
        units: units.into(),
        has_level: false,
    };
    let mut header = Header {
        title: "a state".into(),
        institution: "a test".into(),
        source: "made up".into(),
        history: "none".into(),
        references: "none".into(),
        attributes: BTreeMap::new(),
        layout: Layout::Trajectory,
        calendar: Calendar::Standard,
        initial_times: vec![
            DateTime::parse("2020-02-29T12:00:00", Calendar::Standard).expect("date"),
        ],
        members: None,
        levels_hpa: Vec::new(),
        grid: LatLon::new(gauss_latitudes(nlat), longitudes).expect("grid"),
        variables: vec![
            variable("z", "geopotential", "m2 s-2"),
            variable("u", "eastward_wind", "m s-1"),
            variable("v", "northward_wind", "m s-1"),
        ],
    };
    let points = nlat * nlon as usize;
    let mut fields = vec![vec![5.4e4; points], vec![5.0; points], vec![0.0; points]];
    change(&mut header, &mut fields);
    let path: PathBuf = folder.join(name);
    let mut writer = ForecastWriter::create(&path, &header).expect("created");
    let fields: Vec<&[f64]> = fields.iter().map(Vec::as_slice).collect();
    writer.append(0.0, &fields).expect("written");
    path.display().to_string()
}

#[test]
fn unusable_states_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let base = ["solver.truncation=10", "solver.duration=6 h"];
    let simulate = |file: &str| -> Vec<String> {
        let list = with_sets(
            &["simulate", "shallow-water", "--init", file, "-o", &out],
            &base,
        );
        list.into_iter().map(String::from).collect()
    };
    let refused = |file: &str, words: &[&str]| {
        let list = simulate(file);
        refuses(&list.iter().map(String::as_str).collect::<Vec<_>>(), words);
    };
    let missing = state(folder.path(), "missing.nc", |header, fields| {
        header.variables.pop();
        fields.pop();
    });
    refused(&missing, &["missing.nc", "northward_wind"]);
    let units = state(folder.path(), "units.nc", |header, _| {
        header.variables[1].units = "K".into()
    });
    refused(&units, &["units.nc", "K"]);
    let nan = state(folder.path(), "nan.nc", |_, fields| {
        fields[0][40] = f64::NAN
    });
    refused(&nan, &["nan.nc"]);
    let good = state(folder.path(), "good.nc", |_, _| ());
    let bytes = std::fs::read(&good).expect("read");
    let cut = path(folder.path(), "cut.nc");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("written");
    refused(&cut, &["cut.nc"]);
    let text = path(folder.path(), "text.nc");
    std::fs::write(&text, "this is no NetCDF file").expect("written");
    refused(&text, &["text.nc"]);
    refused(&path(folder.path(), "absent.nc"), &["absent.nc"]);
    let list = simulate(&good);
    succeeds(&list.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn files_that_do_not_fit_each_other_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let coarse = state(folder.path(), "coarse.nc", |_, _| ());
    let fine = state(folder.path(), "fine.nc", |header, fields| {
        let longitudes = (0..48).map(|i| f64::from(i) * 7.5).collect();
        header.grid = LatLon::new(gauss_latitudes(24), longitudes).expect("grid");
        fields
            .iter_mut()
            .for_each(|field| *field = vec![field[0]; 24 * 48]);
    });
    refuses(
        &["score", "--forecast", &coarse, "--truth", &fine],
        &["16 x 32", "24 x 48", "same grid"],
    );
    refuses(
        &["score", "--forecast", &coarse, "--truth", &coarse],
        &["nothing to score"],
    );
    let model = folder.path().join("model");
    std::fs::create_dir_all(&model).expect("made");
    std::fs::write(model.join("model.json"), "{").expect("written");
    refuses(
        &[
            "forecast",
            "--model",
            &path(folder.path(), "model"),
            "--init",
            &coarse,
            "-o",
            &path(folder.path(), "f"),
        ],
        &["model.json"],
    );
}

/// Scores of the carried ERA5 ensemble, members 1 to 9 against member 0, as xskillscore 0.0.29 and scores
/// 2.7.0 give them with the same areas.
#[test]
fn an_ensemble_is_scored_like_others_score_it() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/datasets/data/era5_members_2017_z500.nc"
    );
    let score = [
        "score",
        "--forecast",
        file,
        "--truth",
        file,
        "--members",
        "1-9",
        "--json",
    ];
    let rows = |arguments: &[&str]| -> Vec<serde_json::Value> {
        serde_json::from_str(&succeeds(arguments)).expect("rows")
    };
    let all = rows(&score);
    let value = |rows: &[serde_json::Value], model: &str, metric: &str, lead: f64| {
        let row = rows.iter().find(|row| {
            row["model"] == model && row["metric"] == metric && row["lead_hours"] == lead
        });
        row.and_then(|row| row["value"].as_f64()).expect("value")
    };
    let ensemble = "era5_members_2017_z500";
    for (model, metric, lead, expected) in [
        ("persistence", "rmse", 12.0, 383.35462),
        ("persistence", "rmse", 24.0, 620.16323),
        ("persistence", "rmse", 36.0, 749.94475),
        (ensemble, "rmse", 12.0, 10.00395),
        (ensemble, "crps", 0.0, 6.1406813),
        (ensemble, "crps", 12.0, 5.8752058),
        (ensemble, "crps_fair", 12.0, 4.9825489),
        (ensemble, "spread", 12.0, 14.769985),
        (ensemble, "spread", 36.0, 14.871821),
    ] {
        let found = value(&all, model, metric, lead);
        assert!(
            (found / expected - 1.0).abs() < 1e-6,
            "{model} {metric} {lead}: {found}"
        );
    }
    let ranks: f64 = (0..10)
        .map(|k| value(&all, ensemble, &format!("rank_{k}"), 12.0))
        .sum();
    assert!((ranks - 1.0).abs() < 1e-12);
    let regions: Vec<&str> = score
        .iter()
        .copied()
        .chain(["--region", "tropics", "--region", "35:70,-10:40"])
        .collect();
    let cases: Vec<String> = rows(&regions)
        .iter()
        .map(|row| row["case"].to_string())
        .collect();
    assert!(cases.iter().any(|case| case.contains("tropics")));
    assert!(cases.iter().any(|case| case.contains("35:70,-10:40")));
    for (arguments, words) in [
        (["--members", "1-10"], ["--members", "has 10"]),
        (
            ["--members", "9-1"],
            ["--members `9-1`", "expected numbers"],
        ),
        (["--truth-member", "10"], ["--truth-member 10", "has 10"]),
        (["--region", "tropic"], ["`tropic` is no region", "tropics"]),
    ] {
        let files = ["score", "--forecast", file, "--truth", file];
        refuses(&[&files[..], &arguments[..]].concat(), &words);
    }
}
