//! Surrogates of the user's own analyses: from NetCDF files to scored ensembles, interruptions, bad input.

use crate::support::{path, refuses, succeeds, with_sets};
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_datasets::coordinates::{LatLon, gauss_latitudes};
use curlwind_datasets::netcdf::{ForecastReader, ForecastWriter, Header, Layout, OutputVariable};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Analyses of a travelling wave in balance with its wind, every 6 h: one file for each of `parts`
/// (first and last hour).
fn write_analyses(
    folder: &Path,
    name: &str,
    hours: std::ops::Range<i64>,
    calendar: Calendar,
    hole: bool,
) {
    let latitudes = gauss_latitudes(16);
    let longitudes: Vec<f64> = (0..32).map(|i| 11.25 * f64::from(i)).collect();
    let grid = LatLon::new(latitudes.clone(), longitudes.clone()).expect("grid");
    let variable = |name: &str, standard: &str, units: &str, has_level| OutputVariable {
        name: name.into(),
        standard_name: Some(standard.into()),
        long_name: standard.replace('_', " "),
        units: units.into(),
        has_level,
    };
    let header = Header {
        title: "a wave".into(),
        institution: "a test".into(),
        source: "a formula".into(),
        history: "made by a test".into(),
        references: "none".into(),
        attributes: BTreeMap::new(),
        layout: Layout::Trajectory,
        calendar,
        initial_times: vec![DateTime::new(2001, 1, 1, 0).plus_hours(hours.start as f64, calendar)],
        members: None,
        levels_hpa: vec![500.0],
        grid,
        variables: vec![
            variable("z", "geopotential", "m2 s-2", true),
            variable("u", "eastward_wind", "m s-1", true),
            variable("v", "northward_wind", "m s-1", true),
            variable("sst", "sea_surface_temperature", "K", false),
        ],
    };
    let mut writer = ForecastWriter::create(folder.join(name), &header).expect("file");
    for hour in hours.clone().step_by(6) {
        let phase = 0.11 * hour as f64 / 6.0 + (hour as f64 * 0.013).sin();
        let field = |of: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            let row = |lat: &f64| {
                longitudes
                    .iter()
                    .map(|lon| of(lat.to_radians(), lon.to_radians()))
                    .collect::<Vec<_>>()
            };
            latitudes.iter().flat_map(row).collect()
        };
        let bell = |lat: f64| lat.cos().powi(3);
        let fields = [
            field(&|lat, lon| {
                54000.0 - 4000.0 * lat.sin().powi(2) + 300.0 * bell(lat) * (3.0 * lon - phase).cos()
            }),
            field(&|lat, _| 15.0 * lat.cos()),
            field(&|lat, lon| -4.0 * bell(lat) * (3.0 * lon - phase).sin()),
            field(&|lat, lon| match hole && lon < 1.0 {
                true => f64::NAN,
                false => 290.0 - 20.0 * lat.sin().powi(2) + (2.0 * lon - 0.5 * phase).sin(),
            }),
        ];
        let views: Vec<&[f64]> = fields.iter().map(Vec::as_slice).collect();
        // a test that starts a program beside this one holds the lock of the file for a moment
        let mut tries = 0;
        while let Err(error) = writer.append((hour - hours.start) as f64, &views) {
            tries += 1;
            assert!(tries < 100, "{error}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A scenario that trains in seconds.
fn scenario(folder: &Path, files: &str) -> String {
    let text = format!(
        r#"
title = "a wave"
physics = "analyses"
[data]
files = ["{}"]
variables = [
    {{ name = "geopotential", levels = ["500 hPa"] }},
    {{ name = "u" }},
    {{ name = "northward_wind", weight = 0.5 }},
]
inputs = ["sin_latitude", "time_of_day", "time_of_year"]
[split]
validation = 0.15
test = 0.2
gap = "1 days"
[operator]
kind = "sfno"
positional_embedding = false
hidden_channels = 6
layers = 1
[training]
batch_size = 8
[[training.stages]]
epochs = 3
[[training.stages]]
roll_out = 2
epochs = 1
[ensemble]
members = 3
amplitude = [0.02, 0.1]
calibration_starts = 2
[forecast]
duration = "2 days"
starts = 3
[[partners.shallow_water]]
balanced = true
solver = {{ truncation = 10, integrator = "semi_implicit", time_step = "20 min", duration = "1 days", output_interval = "6 h", diffusion = {{ kind = "hyper", order = 8, e_folding = "12 h" }} }}
[[partners.barotropic]]
solver = {{ truncation = 10, integrator = "rk4", time_step = "20 min", duration = "1 days", output_interval = "6 h" }}
"#,
        folder.join(files).display()
    );
    let file = folder.join("wave.toml");
    std::fs::write(&file, text).expect("scenario");
    file.display().to_string()
}

fn two_files(folder: &Path) -> String {
    write_analyses(folder, "wave_a.nc", 0..300, Calendar::Standard, false);
    write_analyses(folder, "wave_b.nc", 300..720, Calendar::Standard, false);
    scenario(folder, "wave_?.nc")
}

#[test]
fn from_files_to_a_scored_ensemble() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let scenario = two_files(folder.path());
    let text = succeeds(&["run", &scenario, "-o", &at("run")]);
    for word in [
        "damped_persistence",
        "climatology",
        "shallow_water@T10",
        "barotropic@T10",
        "waiting for data",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    for file in [
        "report.html",
        "scores.json",
        "forecasts/sfno.nc",
        "forecasts/truth.nc",
        "model/analyses.json",
    ] {
        assert!(folder.path().join("run").join(file).is_file(), "{file}");
    }
    let forecast = ForecastReader::open(at("run/forecasts/sfno.nc")).expect("forecast");
    assert_eq!((forecast.members(), forecast.initial_times().len()), (3, 3));
    assert_eq!(forecast.leads_hours().len(), 9);
    let scores = std::fs::read_to_string(at("run/scores.json")).expect("scores");
    for metric in ["crps_fair", "spread_skill_ratio", "acc"] {
        assert!(scores.contains(metric), "{metric}");
    }
    // nothing is left to do, and nothing changes
    let model = std::fs::read(at("run/model/analyses.json")).expect("model");
    let again = succeeds(&["run", &scenario, "-o", &at("run"), "--resume"]);
    assert!(again.contains("shallow_water@T10"));
    assert_eq!(
        std::fs::read_to_string(at("run/scores.json")).expect("scores"),
        scores
    );
    // the sizes that were chosen stay chosen
    assert!(std::fs::read(at("run/model/analyses.json")).expect("model") == model);
    assert!(String::from_utf8_lossy(&model).contains("\"amplitude\": 0.1,"));
    // the parts on their own give the same weights
    let text = succeeds(&["generate", &scenario, "-o", &at("data")]);
    assert!(
        text.contains("120 times from 2001-01-01T00:00:00 to 2001-01-30T18:00:00"),
        "{text}"
    );
    succeeds(&[
        "train",
        &scenario,
        "--data",
        &at("data"),
        "-o",
        &at("model"),
    ]);
    let weights = |run: &str| {
        std::fs::read(at(&format!("{run}/model/weights.safetensors"))).expect("weights")
    };
    assert!(weights("run") == weights("model"));
}

/// Killed at any moment and continued, an ensemble forecast is what it would have been.
#[test]
fn an_interrupted_forecast_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let scenario = two_files(folder.path());
    let sets = [
        "ensemble.perturbation=\"bred\"",
        "ensemble.amplitude=[0.05]",
        "ensemble.noise=[0.01]",
        "models=2",
    ];
    succeeds(&with_sets(&["train", &scenario, "-o", &at("model")], &sets));
    let (model, init) = (at("model"), at("wave_b.nc"));
    let command = |run: &str| {
        [
            "forecast",
            "--model",
            &model,
            "--init",
            &init,
            "--duration",
            "10 days",
            "--members",
            "5",
            "-o",
            &at(run),
            "--resume",
            "--time",
            "2001-01-26",
        ]
        .map(String::from)
        .to_vec()
    };
    let whole = command("whole");
    succeeds(&whole.iter().map(String::as_str).collect::<Vec<_>>());
    let pieces = command("pieces");
    let mut kills = 0;
    for wait in (0..40).map(|k| 60 + (k * 7919) % 350) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_curlwind"))
            .args(&pieces)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        std::thread::sleep(Duration::from_millis(wait));
        if child.try_wait().expect("state").is_some() {
            break;
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        kills += 1;
        if kills == 6 {
            break;
        }
    }
    assert!(kills > 0, "the forecast was over before it could be killed");
    succeeds(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
    let bytes = |run: &str| std::fs::read(at(&format!("{run}/output.nc"))).expect("output");
    assert!(bytes("whole") == bytes("pieces"));
    // a finished one is left alone
    let written = |run: &str| {
        let about = std::fs::metadata(at(&format!("{run}/output.nc"))).expect("output");
        about.modified().expect("a time")
    };
    let before = written("whole");
    succeeds(&whole.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(written("whole"), before);
    let forecast = ForecastReader::open(at("whole/output.nc")).expect("forecast");
    assert_eq!((forecast.members(), forecast.leads_hours().len()), (5, 41));
    assert_eq!(forecast.initial_times()[0], DateTime::new(2001, 1, 26, 0));
    // members differ, and the first is the analysis
    let truth = ForecastReader::open(&init).expect("truth");
    let field = |member| {
        forecast
            .read_field("z", 0, 0, member, Some(500.0))
            .expect("field")
    };
    let analysis = (0..truth.leads_hours().len())
        .filter_map(|lead| truth.read_field("z", lead, 0, 0, Some(500.0)).ok())
        .find(|analysis| (analysis - &field(0)).iter().all(|d| d.abs() < 0.01));
    assert!(analysis.is_some());
    assert!((field(1) - field(2)).iter().any(|d| d.abs() > 1.0));
}

#[test]
fn a_region_with_holes_and_other_calendars() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    write_analyses(folder.path(), "wave.nc", 0..480, Calendar::Day360, true);
    let scenario = scenario(folder.path(), "wave.nc");
    let region = [
        "data.region={ latitudes = [-40, 60], longitudes = [-60, 90] }",
        "data.variables=[{ name = \"sst\" }, { name = \"z\" }]",
        "data.inputs=[\"sin_latitude\", \"longitude\", \"solar_zenith\"]",
        "operator={ kind = \"fno\", n_modes = [4, 4], hidden_channels = 6, layers = 1, domain_padding = 0.25 }",
        "partners={}",
        "ensemble.perturbation=\"lagged\"",
        "ensemble.amplitude=[0.05]",
    ];
    let home = at("region");
    let command = ["run", scenario.as_str(), "-o", &home];
    refuses(
        &with_sets(&command, &region),
        &[
            "sst has no value at 2001-01-01T00:00:00",
            "longitude 360",
            "data.missing",
        ],
    );
    let masked: Vec<&str> = region
        .iter()
        .copied()
        .chain(["data.missing=\"mask\""])
        .collect();
    succeeds(&with_sets(&command, &masked));
    let forecast = ForecastReader::open(at("region/forecasts/fno.nc")).expect("forecast");
    assert_eq!(forecast.calendar(), Calendar::Day360);
    let sst = forecast.read_field("sst", 8, 0, 1, None).expect("field");
    let (missing, all) = (sst.iter().filter(|v| v.is_nan()).count(), sst.len());
    // the columns within a radian of Greenwich
    assert!(
        missing > 0 && missing < all && sst[[0, all / sst.nrows() - 1]].is_finite(),
        "{missing} of {all}"
    );
    let sphere = at("sphere");
    let refused = with_sets(&["run", &scenario, "-o", &sphere], &masked);
    let spectral: Vec<&str> = refused
        .into_iter()
        .chain(["--set", "ensemble.perturbation=\"random_spectral\""])
        .collect();
    refuses(&spectral, &["random_spectral", "whole sphere"]);
}

#[test]
fn analyses_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let scenario = two_files(folder.path());
    let run = |sets: &[&str], words: &[&str]| {
        refuses(
            &with_sets(&["run", &scenario, "-o", &at("bad")], sets),
            words,
        );
        assert!(!folder.path().join("bad").exists());
    };
    run(&["data.files=[\"none/*.nc\"]"], &["files", "none/*.nc"]);
    run(
        &["data.variables=[{ name = \"humidity\" }]"],
        &["of humidity", "the file has"],
    );
    run(
        &["data.variables=[{ name = \"z\", levels = [\"300 hPa\"] }]"],
        &["a level of 300 hPa", "500"],
    );
    run(&["data.step=4 h"], &["two states a step apart"]);
    run(
        &["ensemble.amplitude=[-1]"],
        &["ensemble.amplitude", "0 or more"],
    );
    run(
        &["split.test_from=\"2001-02-30\""],
        &["split.test_from", "date"],
    );
    run(&["split.test=0.05"], &["forecast.duration"]);
    run(&["forcast.starts=2"], &["forecast"]);
    run(
        &["data.region={ latitudes = [20, 60], longitudes = [0, 90] }"],
        &["fno"],
    );
    // a time that two files have
    write_analyses(
        folder.path(),
        "wave_c.nc",
        690..800,
        Calendar::Standard,
        false,
    );
    run(
        &[],
        &["wave_c.nc", "2001-01-29T18:00:00", "wave_b.nc has too"],
    );
    std::fs::remove_file(folder.path().join("wave_c.nc")).expect("removed");
    write_analyses(
        folder.path(),
        "wave_c.nc",
        720..800,
        Calendar::NoLeap,
        false,
    );
    run(&[], &["wave_c.nc", "noleap"]);
    std::fs::remove_file(folder.path().join("wave_c.nc")).expect("removed");
    refuses(
        &["simulate", &scenario, "-o", &at("bad")],
        &["no solver of its own"],
    );
    refuses(&["sweep", &scenario, "-o", &at("bad")], &["no design"]);
    refuses(
        &["compare", &scenario, "-o", &at("bad")],
        &["no comparison"],
    );
    // and forecasts of a model
    let quick = ["training.stages=[{ epochs = 1 }]", "partners={}"];
    succeeds(&with_sets(
        &["train", &scenario, "-o", &at("model")],
        &quick,
    ));
    let (model, init) = (at("model"), at("wave_b.nc"));
    let forecast = |more: &[&str], words: &[&str]| {
        let out = at("bad");
        let mut command = vec!["forecast", "--model", &model, "--init", &init, "-o", &out];
        command.extend(more);
        refuses(&command, words);
    };
    forecast(
        &["--time", "2002-01-01"],
        &["no analysis of 2002-01-01", "it has 2001-01-13"],
    );
    forecast(&["--duration", "5 h"], &["--duration", "6 h"]);
    forecast(&["--members", "0"], &["--members"]);
    forecast(&["--level", "500 hPa"], &["--level"]);
    let era5 = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/datasets/data/era5_500hpa_19590102T00.nc"
    );
    let out = at("bad");
    refuses(
        &["forecast", "--model", &model, "--init", era5, "-o", &out],
        &["era5_500hpa"],
    );
}
