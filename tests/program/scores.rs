//! `curlwind score`: what it writes, what it says of odd files, and that a killed run loses nothing.

use crate::support::{path, refuses, succeeds};
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::netcdf::{ForecastWriter, Header, Layout, OutputVariable};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a file of a test holds.
struct Made {
    header: Header,
    leads: Vec<f64>,
}

impl Made {
    /// `z` on a grid of `nlat` x 2 `nlat` with poles, five initial times a day apart, leads of 0 to 24 h.
    fn new(nlat: usize) -> Self {
        let latitudes = (0..nlat).map(|j| 90.0 - 180.0 * j as f64 / (nlat - 1) as f64);
        let longitudes = (0..2 * nlat).map(|i| 180.0 * i as f64 / nlat as f64);
        let day =
            |d: usize| DateTime::parse(&format!("2020-02-{:02}T00", d + 1), Calendar::Standard);
        let header = Header {
            title: "a forecast".into(),
            institution: "a test".into(),
            source: "made up".into(),
            history: "none".into(),
            references: "none".into(),
            attributes: BTreeMap::new(),
            layout: Layout::Forecast,
            calendar: Calendar::Standard,
            initial_times: (0..5).map(|d| day(d).expect("date")).collect(),
            members: None,
            levels_hpa: Vec::new(),
            grid: LatLon::new(latitudes.collect(), longitudes.collect()).expect("grid"),
            variables: vec![variable("z", "geopotential", "m2 s-2")],
        };
        Self {
            header,
            leads: vec![0.0, 12.0, 24.0],
        }
    }

    /// Writes `value(variable, lead, time, member, j, i)`.
    fn write(
        &self,
        folder: &Path,
        name: &str,
        value: impl Fn(usize, f64, usize, usize, usize, usize) -> f64,
    ) -> String {
        let path = folder.join(name);
        let (nlat, nlon) = (self.header.grid.nlat(), self.header.grid.nlon());
        let times = self.header.initial_times.len();
        let mut all = Vec::new();
        for lead in &self.leads {
            let fields: Vec<Vec<f64>> = (0..self.header.variables.len())
                .map(|v| {
                    let mut field = Vec::new();
                    for t in 0..times {
                        for m in 0..self.header.members.unwrap_or(1) {
                            for j in 0..nlat {
                                field.extend((0..nlon).map(|i| value(v, *lead, t, m, j, i)));
                            }
                        }
                    }
                    field
                })
                .collect();
            all.push(fields);
        }
        let written = || -> curlwind_datasets::Result<()> {
            let mut writer = ForecastWriter::create(&path, &self.header)?;
            for (lead, fields) in self.leads.iter().zip(&all) {
                let fields: Vec<&[f64]> = fields.iter().map(Vec::as_slice).collect();
                writer.append(*lead, &fields)?;
            }
            Ok(())
        };
        // a child that another test starts holds our files, and their locks, for a moment
        let again = |_: &usize| {
            let failed = written().is_err();
            if failed {
                let _ = std::fs::remove_file(&path);
                std::thread::sleep(Duration::from_millis(20));
            }
            failed
        };
        let tries = (0..50).take_while(again).count();
        assert!(tries < 50, "{name} cannot be written");
        path.display().to_string()
    }

    /// With other initial times.
    fn from(mut self, dates: &[&str]) -> Self {
        let date = |text: &&str| DateTime::parse(text, self.header.calendar).expect("date");
        self.header.initial_times = dates.iter().map(date).collect();
        self
    }
}

fn variable(name: &str, standard: &str, units: &str) -> OutputVariable {
    OutputVariable {
        name: name.into(),
        standard_name: Some(standard.into()),
        long_name: standard.replace('_', " "),
        units: units.into(),
        has_level: false,
    }
}

/// A wave that moves with the day, the same for a valid time whatever the lead.
fn wave(lead: f64, time: usize, j: usize, i: usize) -> f64 {
    let day = time as f64 + lead / 24.0;
    54_000.0 + 900.0 * (0.4 * i as f64 + 0.7 * day).sin() * (0.5 * j as f64 + 0.2).cos()
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&succeeds(arguments)).expect("rows")
}

fn value(rows: &[Value], words: [(&str, &str); 3], lead: f64) -> Option<f64> {
    find(rows, words, lead)["value"].as_f64()
}

fn find<'r>(rows: &'r [Value], words: [(&str, &str); 3], lead: f64) -> &'r Value {
    let fits = |row: &&Value| {
        row["lead_hours"] == lead && words.iter().all(|(key, word)| row[*key] == **word)
    };
    rows.iter()
        .find(fits)
        .unwrap_or_else(|| panic!("no row {words:?} at {lead}"))
}

#[test]
fn missing_truth_is_left_out_and_a_forecast_that_blew_up_is_not() {
    let folder = tempfile::tempdir().expect("folder");
    let made = Made::new(7);
    let truth = made.write(folder.path(), "truth.nc", |_, lead, t, _, j, i| {
        if (j, i) == (3, 5) {
            f64::NAN
        } else {
            wave(lead, t, j, i)
        }
    });
    // 10 too high, except where the truth is missing
    let forecast = made.write(folder.path(), "forecast.nc", |_, lead, t, _, j, i| {
        if (j, i) == (3, 5) {
            1e6
        } else {
            10.0 + wave(lead, t, j, i)
        }
    });
    let found = rows(&[
        "score",
        "--forecast",
        &forecast,
        "--truth",
        &truth,
        "--json",
    ]);
    let at = |metric| {
        find(
            &found,
            [("model", "forecast"), ("variable", "z"), ("metric", metric)],
            24.0,
        )
    };
    for metric in ["rmse", "mae", "bias"] {
        let value = at(metric)["value"].as_f64().expect("value");
        assert!((value - 10.0).abs() < 1e-3, "{metric} {value}");
        let note = at(metric)["note"].as_str().expect("note");
        // a cell of 30 by 25.7 degrees at the equator: sin(15) / 14 of the sphere
        assert!(note.contains("no value in 1.849 % of the area"), "{note}");
        assert!(note.contains("95 %:"), "{note}");
    }
    assert_eq!(at("rmse")["unit"], "m2 s-2");
    let blown = made.write(folder.path(), "blown.nc", |_, lead, t, _, j, i| {
        match (lead, t, j, i) {
            (24.0, 2, 2, 2) => f64::INFINITY,
            _ => wave(lead, t, j, i) + 1.0,
        }
    });
    let found = rows(&["score", "--forecast", &blown, "--truth", &truth, "--json"]);
    let rmse = [("model", "blown"), ("variable", "z"), ("metric", "rmse")];
    assert!(value(&found, rmse, 12.0).is_some());
    let failed = find(&found, rmse, 24.0);
    assert!(failed["value"].is_null(), "{failed}");
    assert!(
        failed["note"]
            .as_str()
            .expect("note")
            .contains("not finite"),
        "{failed}"
    );
    let elsewhere = [
        "score",
        "--forecast",
        &blown,
        "--truth",
        &truth,
        "--region",
        "-90:0,0:359",
        "--json",
    ];
    assert!(value(&rows(&elsewhere), rmse, 24.0).is_some());
}

#[test]
fn land_and_sea_and_weights() {
    let folder = tempfile::tempdir().expect("folder");
    let made = Made::new(7);
    let truth = made.write(folder.path(), "truth.nc", |_, lead, t, _, j, i| {
        wave(lead, t, j, i)
    });
    // 4 too high on the eastern half, 2 on the western
    let forecast = made.write(folder.path(), "forecast.nc", |_, lead, t, _, j, i| {
        wave(lead, t, j, i) + if i < 7 { 4.0 } else { 2.0 }
    });
    let mut mask = Made::new(7).from(&["2020-01-01"]);
    mask.leads = vec![0.0];
    mask.header.layout = Layout::Trajectory;
    mask.header.variables = vec![variable("lsm", "land_binary_mask", "1")];
    let mask = mask.write(
        folder.path(),
        "mask.nc",
        |_, _, _, _, _, i| if i < 7 { 1.0 } else { 0.0 },
    );
    let files = [
        "score",
        "--forecast",
        &forecast,
        "--truth",
        &truth,
        "--json",
    ];
    let more = [
        "--land-sea-mask",
        &mask,
        "--region",
        "land",
        "--region",
        "tropics/sea",
    ];
    let found = rows(&[&files[..], &more].concat());
    let bias = |case: &str| {
        let words = [("case", case), ("model", "forecast"), ("metric", "bias")];
        value(&found, words, 12.0).expect("value")
    };
    assert!((bias("truth, land") - 4.0).abs() < 1e-3);
    assert!((bias("truth, tropics/sea") - 2.0).abs() < 1e-3);
    refuses(
        &[&files[..], &["--region", "land"]].concat(),
        &["--region land", "--land-sea-mask"],
    );
    refuses(
        &[&files[..], &["--land-sea-mask", &truth, "--region", "land"]].concat(),
        &["truth.nc", "land_area_fraction"],
    );
    let weighted = |how: &str| {
        let found = rows(&[&files[..], &["--weights", how]].concat());
        value(
            &found,
            [
                ("model", "persistence"),
                ("variable", "z"),
                ("metric", "rmse"),
            ],
            12.0,
        )
    };
    assert!(weighted("area") != weighted("cos") && weighted("cos") != weighted("none"));
}

/// An ensemble of wind and geopotential, a worse one, and their truth.
fn ensembles(folder: &Path, nlat: usize, times: usize, leads: usize) -> [String; 3] {
    let mut made = Made::new(nlat);
    let dates: Vec<String> = (0..times)
        .map(|d| format!("2020-02-{:02}", d + 1))
        .collect();
    made = made.from(&dates.iter().map(String::as_str).collect::<Vec<_>>());
    made.header.members = Some(6);
    made.header
        .variables
        .push(variable("u", "eastward_wind", "m s-1"));
    made.header
        .variables
        .push(variable("v", "northward_wind", "m s-1"));
    made.leads = (0..leads).map(|k| 12.0 * k as f64).collect();
    let field = |v: usize, lead: f64, t: usize, j: usize, i: usize| match v {
        0 => wave(lead, t, j, i),
        v => 10.0 + 8.0 * (0.3 * (i + v) as f64 + 0.1 * lead).sin() * (0.4 * (j + t) as f64).cos(),
    };
    let draw = |seed: usize| {
        let x = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((x ^ (x >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64 / (1u64 << 53) as f64
            - 0.5
    };
    let noisy = |size: f64| {
        move |v: usize, lead: f64, t: usize, m: usize, j: usize, i: usize| {
            let seed = ((((v * 50 + t) * 7 + m) * 200 + j) * 400 + i) * 31 + lead as usize;
            let scale = if v == 0 { 40.0 } else { 1.0 };
            field(v, lead, t, j, i) + size * scale * (1.0 + lead / 24.0) * draw(seed)
        }
    };
    let better = made.write(folder, "better.nc", noisy(1.0));
    let worse = made.write(folder, "worse.nc", noisy(1.5));
    made.header.members = None;
    let truth = made.write(folder, "truth.nc", |v, lead, t, _, j, i| {
        field(v, lead, t, j, i)
    });
    [better, worse, truth]
}

#[test]
fn a_scorecard_spectra_and_fractions_are_written() {
    let folder = tempfile::tempdir().expect("folder");
    let [better, worse, truth] = ensembles(folder.path(), 13, 6, 3);
    let run = path(folder.path(), "run");
    let score = [
        "score",
        "--forecast",
        &better,
        "--truth",
        &truth,
        "--baseline",
        &worse,
        "--spectra",
        "--fss-threshold",
        "z=54300",
        "--fss-threshold",
        "u=p90",
        "--fss-neighbourhood",
        "1,5,2000km",
        "--region",
        "globe",
        "--region",
        "tropics",
        "-o",
        &run,
        "--json",
    ];
    let found = rows(&score);
    let difference = find(
        &found,
        [
            ("model", "better"),
            ("variable", "z"),
            ("metric", "rmse_difference"),
        ],
        24.0,
    );
    assert!(
        (difference["value"].as_f64().expect("value") + 1.0 / 3.0).abs() < 0.03,
        "{difference}"
    );
    assert!(
        difference["note"]
            .as_str()
            .expect("note")
            .contains("better than worse"),
        "{difference}"
    );
    let fss = |variable, metric| {
        value(
            &found,
            [
                ("model", "better"),
                ("variable", variable),
                ("metric", metric),
            ],
            24.0,
        )
        .expect("value")
    };
    let (point, wide) = (fss("z", "fss_54300_1point"), fss("z", "fss_54300_2000km"));
    assert!(point > 0.9 && wide > point && wide <= 1.0, "{point} {wide}");
    assert!(fss("u", "fss_p90_5points") > 0.5);
    let scale = find(
        &found,
        [
            ("model", "better"),
            ("variable", "kinetic_energy"),
            ("metric", "effective_scale"),
        ],
        24.0,
    );
    assert!(
        scale["note"]
            .as_str()
            .expect("note")
            .contains("spherical-harmonic degree")
    );
    for file in [
        "scores.json",
        "scores.nc",
        "report.html",
        "manifest.json",
        "figures/rmse.svg",
        "figures/crps.png",
        "figures/spread_skill.svg",
        "figures/rank_histogram.svg",
        "figures/fractions_skill.svg",
        "figures/spectra.svg",
        "figures/spectral_ratio.svg",
        "figures/scorecard.png",
    ] {
        assert!(Path::new(&run).join(file).is_file(), "{file}");
    }
    assert!(!Path::new(&run).join("checkpoint").exists());
    let report = std::fs::read_to_string(path(Path::new(&run), "report.html")).expect("report");
    assert!(
        report.contains("Against worse it is significantly better in"),
        "no verdict"
    );
    let inspected = succeeds(&["inspect", &path(Path::new(&run), "scores.nc")]);
    assert!(inspected.contains("z_rmse_difference"), "{inspected}");
    // once finished there is nothing to do
    let again: Vec<&str> = score.iter().copied().chain(["--resume"]).collect();
    assert_eq!(rows(&again).len(), found.len());
    let other: Vec<&str> = again
        .iter()
        .map(|a| if *a == "tropics" { "land" } else { a })
        .collect();
    refuses(&other, &["regions"]);
    let alone = [
        "score",
        "--forecast",
        &better,
        "--truth",
        &truth,
        "--fss-neighbourhood",
        "3",
    ];
    refuses(&alone, &["--fss-threshold"]);
    for (option, bad) in [
        ("--fss-threshold", "w=3"),
        ("--fss-threshold", "p0"),
        ("--weights", "area2"),
    ] {
        refuses(
            &[&alone[..5], &[option, bad]].concat(),
            &[option, bad.trim_start_matches("w=3")],
        );
    }
}

/// The files of a run, but for the manifest, which tells when and how often it ran.
fn contents(run: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, base: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            let name = path
                .strip_prefix(base)
                .expect("within")
                .display()
                .to_string();
            if path.is_dir() {
                walk(&path, base, found);
            } else if name != "manifest.json" && name != ".lock" {
                found.insert(name, std::fs::read(&path).expect("read"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(run, run, &mut found);
    found
}

#[test]
fn killed_at_any_moment_it_ends_with_the_same_files() {
    let folder = tempfile::tempdir().expect("folder");
    let [better, worse, truth] = ensembles(folder.path(), 37, 6, 8);
    let arguments = |run: &str, resume: bool| -> Vec<String> {
        let list = [
            "score",
            "--forecast",
            &better,
            "--truth",
            &truth,
            "--baseline",
            &worse,
            "--spectra",
            "--fss-threshold",
            "p80",
            "--fss-threshold",
            "p95",
            "--fss-neighbourhood",
            "1,3,5,9,15,1000km,2000km,4000km",
            "--quiet",
            "-o",
            run,
        ];
        let resume = resume.then_some("--resume");
        list.into_iter().chain(resume).map(String::from).collect()
    };
    let (whole, killed) = (path(folder.path(), "whole"), path(folder.path(), "killed"));
    let started = Instant::now();
    let list = arguments(&whole, false);
    succeeds(&list.iter().map(String::as_str).collect::<Vec<_>>());
    let duration = started.elapsed();
    // the clock's last digits are the dice
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut state = clock.map_or(1, |t| u64::from(t.subsec_nanos()));
    let mut kills = 0;
    for _ in 0..8 {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let share = (state >> 40) as f64 / (1u64 << 24) as f64;
        let mut child = Command::new(env!("CARGO_BIN_EXE_curlwind"))
            .args(arguments(&killed, true))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let until = Instant::now() + duration.mul_f64(0.05 + 0.6 * share);
        while Instant::now() < until && child.try_wait().expect("child").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        kills += usize::from(child.try_wait().expect("child").is_none());
        // SIGKILL: nothing is tidied up
        let _ = child.kill();
        child.wait().expect("ended");
    }
    assert!(kills > 0, "never caught at work");
    let list = arguments(&killed, true);
    succeeds(&list.iter().map(String::as_str).collect::<Vec<_>>());
    let (expected, found) = (contents(Path::new(&whole)), contents(Path::new(&killed)));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&expected), names(&found));
    for (name, bytes) in &expected {
        assert!(*bytes == found[name], "{name} differs after {kills} kills");
    }
}

#[test]
fn files_that_cannot_be_scored_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let at = folder.path();
    let plain =
        |made: &Made, name: &str| made.write(at, name, |_, lead, t, _, j, i| wave(lead, t, j, i));
    let good = plain(&Made::new(7), "good.nc");
    let refused = |forecast: &str, truth: &str, words: &[&str]| {
        refuses(&["score", "--forecast", forecast, "--truth", truth], words);
    };
    // times that are there twice, or go back
    let twice = plain(
        &Made::new(7).from(&["2020-02-01", "2020-02-02", "2020-02-02"]),
        "twice.nc",
    );
    refused(
        &twice,
        &good,
        &["twice.nc", "'time'", "none twice", "2020-02-02", "index 1"],
    );
    let back = plain(&Made::new(7).from(&["2020-02-03", "2020-02-02"]), "back.nc");
    refused(
        &good,
        &back,
        &["back.nc", "'time'", "increase", "2020-02-03"],
    );
    // a time or a lead that was never written, a lead twice, a latitude twice
    let spoil = |name: &str, variable: &str, values: &[f64]| {
        let path = plain(&Made::new(7), name);
        let file = hdf5::File::open_rw(&path).expect("opened");
        file.dataset(variable)
            .expect("there")
            .write(values)
            .expect("written");
        path
    };
    let hole = spoil("hole.nc", "time", &[0.0, 24.0, f64::NAN, 72.0, 96.0]);
    refused(&hole, &good, &["hole.nc", "'time'", "finite", "index 2"]);
    let leads = spoil("leads.nc", "prediction_timedelta", &[0.0, 12.0, 12.0]);
    refused(
        &leads,
        &good,
        &["leads.nc", "'prediction_timedelta'", "12 h at index 1"],
    );
    let lat = spoil(
        "lat.nc",
        "latitude",
        &[90.0, 60.0, 30.0, 30.0, -30.0, -60.0, -90.0],
    );
    refused(&lat, &good, &["lat.nc", "latitude", "30 then 30"]);
    let lon: Vec<f64> = (0..14)
        .map(|i| if i == 5 { 0.0 } else { f64::from(i) * 20.0 })
        .collect();
    let lon = spoil("lon.nc", "longitude", &lon);
    refused(&lon, &good, &["lon.nc", "longitude"]);
    // other grids, of another size or moved
    let fine = plain(&Made::new(9), "fine.nc");
    refused(&good, &fine, &["7 x 14", "9 x 18", "same grid"]);
    let moved = spoil(
        "moved.nc",
        "latitude",
        &[85.0, 60.0, 30.0, 0.0, -30.0, -60.0, -85.0],
    );
    refused(
        &good,
        &moved,
        &["latitude 0", "90", "85", "moved.nc", "same grid"],
    );
    // units that are missing, wrong or convert
    let with_units = |name: &str, units: &str, factor: f64| {
        let mut made = Made::new(7);
        made.header.variables[0].units = units.into();
        made.write(at, name, |_, lead, t, _, j, i| factor * wave(lead, t, j, i))
    };
    let none = with_units("none.nc", "", 1.0);
    refused(&none, &good, &["none.nc", "'z'", "no unit", "m2 s-2"]);
    refused(&good, &none, &["none.nc", "'z'", "no unit", "m2 s-2"]);
    let kelvin = with_units("kelvin.nc", "K", 1.0);
    refused(&kelvin, &good, &["kelvin.nc", "'z'", "'K'", "m2 s-2"]);
    let kilo = with_units("kilo.nc", "km2 s-2", 1e-6);
    let found = rows(&["score", "--forecast", &kilo, "--truth", &good, "--json"]);
    let rmse = value(
        &found,
        [("model", "kilo"), ("variable", "z"), ("metric", "rmse")],
        24.0,
    );
    // float32 of 54,000
    assert!(rmse.expect("value") < 0.01);
    // calendars
    let mut made = Made::new(7);
    made.header.calendar = Calendar::NoLeap;
    let calendar = plain(&made, "noleap.nc");
    refused(&calendar, &good, &["calendars differ", "noleap", "good.nc"]);
    // nothing in common
    let late = plain(&Made::new(7).from(&["2021-02-01"]), "late.nc");
    refused(
        &late,
        &good,
        &[
            "late.nc",
            "2021-02-01",
            "good.nc",
            "2020-02-05",
            "nothing to score",
        ],
    );
    let mut made = Made::new(7);
    made.header.variables = vec![variable("t", "air_temperature", "K")];
    let other = plain(&made, "other.nc");
    refused(
        &other,
        &good,
        &["other.nc", "no variable in common", "t against z"],
    );
    // the same by its standard name
    let mut made = Made::new(7);
    made.header.variables = vec![variable("phi", "geopotential", "m2 s-2")];
    let phi = plain(&made, "phi.nc");
    succeeds(&["score", "--forecast", &phi, "--truth", &good]);
    // times that overlap in part are scored, and it is said
    let partly = plain(
        &Made::new(7).from(&["2020-02-04", "2020-02-09"]),
        "partly.nc",
    );
    let found = rows(&["score", "--forecast", &partly, "--truth", &good, "--json"]);
    let row = find(
        &found,
        [("model", "partly"), ("variable", "z"), ("metric", "rmse")],
        24.0,
    );
    assert!(
        row["note"]
            .as_str()
            .expect("note")
            .contains("1 of 2 initial times"),
        "{row}"
    );
}

#[test]
fn members_that_differ_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let mut made = Made::new(7);
    made.header.members = Some(3);
    made.header
        .variables
        .push(variable("t", "air_temperature", "K"));
    let file = made.write(folder.path(), "ragged.nc", |_, lead, t, _, j, i| {
        wave(lead, t, j, i)
    });
    let good = Made::new(7).write(folder.path(), "good.nc", |_, lead, t, _, j, i| {
        wave(lead, t, j, i)
    });
    succeeds(&["score", "--forecast", &file, "--truth", &good]);
    refuses(
        &[
            "score",
            "--forecast",
            &file,
            "--truth",
            &good,
            "--members",
            "1-3",
        ],
        &["--members", "ragged.nc has 3", "number 3"],
    );
}

/// Every command of the tutorial, as it is written there.
#[test]
fn the_tutorial_runs_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/scores.md")).expect("tutorial");
    let folder = tempfile::tempdir().expect("folder");
    std::os::unix::fs::symlink(root.join("datasets"), folder.path().join("datasets"))
        .expect("link");
    let joined = text.replace("\\\n", " ");
    let commands: Vec<&str> = joined
        .lines()
        .filter_map(|line| line.strip_prefix("    curlwind "))
        .collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        // no word of the tutorial is quoted
        let output = Command::new(env!("CARGO_BIN_EXE_curlwind"))
            .args(command.split_whitespace())
            .current_dir(folder.path())
            .output()
            .expect("starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {error}");
    }
    for file in [
        "runs/scores/scores.nc",
        "runs/scores/report.html",
        "runs/card/figures/scorecard.svg",
    ] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
}
