use super::*;
use crate::calendar::Calendar;
use crate::netcdf::{ForecastWriter, Header, Layout, OutputVariable};
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000_000;

/// A value that tells where it is from.
fn value(variable: usize, hour: i64, level: f64, j: usize, i: usize) -> f64 {
    1000.0 * variable as f64 + hour as f64 + level / 10.0 + j as f64 * 0.1 + i as f64 * 0.001
}

struct Wish<'w> {
    name: &'w str,
    variables: &'w [(usize, &'w str, &'w str)],
    hours: &'w [i64],
    levels: &'w [f64],
    members: Option<usize>,
    calendar: Calendar,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self {
            name: "a.nc",
            variables: &[(1, "z", "m2 s-2")],
            hours: &[0, 6, 12],
            levels: &[],
            members: None,
            calendar: Calendar::Standard,
        }
    }
}

fn write(folder: &Path, wish: &Wish) -> PathBuf {
    let path = folder.join(wish.name);
    let start = crate::calendar::DateTime::new(2001, 1, 1, 0);
    let header = Header {
        title: "t".into(),
        institution: "i".into(),
        source: "s".into(),
        history: "h".into(),
        references: "r".into(),
        attributes: BTreeMap::new(),
        layout: Layout::Trajectory,
        calendar: wish.calendar,
        initial_times: vec![start],
        members: wish.members,
        levels_hpa: wish.levels.to_vec(),
        grid: LatLon::new(vec![60.0, 30.0, 0.0], vec![0.0, 90.0, 180.0, 270.0]).unwrap(),
        variables: wish
            .variables
            .iter()
            .map(|(_, name, units)| OutputVariable {
                name: (*name).into(),
                units: (*units).into(),
                has_level: !wish.levels.is_empty(),
                ..OutputVariable::default()
            })
            .collect(),
    };
    let mut writer = ForecastWriter::create(&path, &header).unwrap();
    let one = [0.0];
    let levels = if wish.levels.is_empty() {
        &one
    } else {
        wish.levels
    };
    for &hour in wish.hours {
        let fields: Vec<Vec<f64>> = wish
            .variables
            .iter()
            .map(|(variable, ..)| {
                let members = 0..wish.members.unwrap_or(1);
                let mut all = Vec::new();
                for member in members {
                    for level in levels {
                        for j in 0..3 {
                            let at =
                                |i| value(*variable, hour, *level, j, i) + 100.0 * member as f64;
                            all.extend((0..4).map(at));
                        }
                    }
                }
                all
            })
            .collect();
        let views: Vec<&[f64]> = fields.iter().map(Vec::as_slice).collect();
        writer.append(hour as f64, &views).unwrap();
    }
    path
}

fn wanted(name: &str, levels: &[f64]) -> Wanted {
    Wanted {
        name: name.into(),
        levels_hpa: levels.to_vec(),
        units: None,
    }
}

fn hours_after_start(series: &Series) -> Vec<i64> {
    let start = crate::calendar::DateTime::new(2001, 1, 1, 0).microseconds(Calendar::Standard);
    series
        .timeline()
        .times()
        .map(|t| (t - start) / HOUR)
        .collect()
}

#[test]
fn variables_and_times_from_many_files() {
    let folder = tempfile::tempdir().unwrap();
    let levels = [500.0, 850.0];
    let z = (1, "z", "m2 s-2");
    let early = Wish {
        name: "z1.nc",
        variables: &[z],
        levels: &levels,
        ..Wish::default()
    };
    let late = Wish {
        name: "z2.nc",
        hours: &[18, 24, 36],
        ..early
    };
    let t = Wish {
        name: "t.nc",
        variables: &[(2, "t", "K")],
        hours: &[6, 12, 18, 24, 30, 36],
        ..Wish::default()
    };
    let mut files: Vec<PathBuf> = [&late, &t, &early].map(|w| write(folder.path(), w)).into();
    let wishes = [
        wanted("geopotential", &[850.0, 500.0]),
        wanted("air_temperature", &[]),
    ];
    let series = Series::open(&files, &wishes, None, None).unwrap();
    assert_eq!(hours_after_start(&series), [6, 12, 18, 24, 36]);
    assert_eq!(series.timeline().runs(), [0..4, 4..5]);
    assert_eq!(series.partial_times(), 2);
    let labels: Vec<String> = series.channels().iter().map(Channel::label).collect();
    assert_eq!(labels, ["z850", "z500", "t"]);
    let mut out = vec![0.0; 3 * series.state_len()];
    series.read(0, 1..4, &mut out).unwrap();
    for (step, hour) in [12, 18, 24].into_iter().enumerate() {
        for (channel, (variable, level)) in
            [(1, 850.0), (1, 500.0), (2, 0.0)].into_iter().enumerate()
        {
            let found = out[((step * 3 + channel) * 3 + 2) * 4 + 1];
            let expected = value(variable, hour, level, 2, 1);
            assert!(
                (f64::from(found) - expected).abs() < 1e-3,
                "{found} {expected}"
            );
        }
    }
    // a region across Greenwich
    let bounds = Bounds {
        latitudes: [-5.0, 35.0],
        longitudes: [-95.0, 10.0],
    };
    let part = Series::open(&files, &wishes, None, Some(&bounds)).unwrap();
    assert_eq!(part.grid().latitudes_deg, [30.0, 0.0]);
    assert_eq!(part.grid().longitudes_deg, [270.0, 360.0]);
    let mut out = vec![0.0; part.state_len()];
    part.read(0, 0..1, &mut out).unwrap();
    assert!((f64::from(out[3]) - value(1, 6, 850.0, 2, 0)).abs() < 1e-3);
    // a longer step
    files.remove(1);
    let thin = Series::open(&files, &wishes[..1], Some(12 * HOUR), None).unwrap();
    assert_eq!(hours_after_start(&thin), [0, 12, 24, 36]);
    assert!(part.read(0, 3..9, &mut out).is_err() && part.read(1, 0..1, &mut out).is_err());
}

#[test]
fn members_are_series_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(
        folder.path(),
        &Wish {
            members: Some(3),
            ..Wish::default()
        },
    );
    let series = Series::open(&[file], &[wanted("z", &[])], None, None).unwrap();
    assert_eq!(series.members(), 3);
    let mut out = vec![0.0; series.state_len()];
    series.read(2, 1..2, &mut out).unwrap();
    assert!((f64::from(out[5]) - value(1, 6, 0.0, 1, 1) - 200.0).abs() < 1e-3);
}

#[test]
fn what_does_not_fit_is_refused_by_file_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let a = write(path, &Wish::default());
    let refused = |other: &Wish, wishes: &[Wanted]| {
        let files = [a.clone(), write(path, other)];
        Series::open(&files, wishes, None, None)
            .unwrap_err()
            .to_string()
    };
    let z = [wanted("z", &[])];
    let overlap = refused(
        &Wish {
            name: "b.nc",
            hours: &[12, 18],
            ..Wish::default()
        },
        &z,
    );
    assert!(
        overlap.contains("b.nc") && overlap.contains("a.nc has too"),
        "{overlap}"
    );
    assert!(overlap.contains("2001-01-01T12:00:00"), "{overlap}");
    let members = refused(
        &Wish {
            name: "c.nc",
            hours: &[18],
            members: Some(2),
            ..Wish::default()
        },
        &z,
    );
    assert!(
        members.contains("1 members as in") && members.contains("c.nc"),
        "{members}"
    );
    let calendar = refused(
        &Wish {
            name: "d.nc",
            hours: &[18],
            calendar: Calendar::NoLeap,
            ..Wish::default()
        },
        &z,
    );
    assert!(calendar.contains("noleap"), "{calendar}");
    let units = refused(
        &Wish {
            name: "e.nc",
            hours: &[18],
            variables: &[(1, "z", "K")],
            ..Wish::default()
        },
        &z,
    );
    assert!(units.contains("e.nc") && units.contains("'K'"), "{units}");
    let none = refused(
        &Wish {
            name: "f.nc",
            hours: &[18],
            variables: &[(1, "q", "1")],
            ..Wish::default()
        },
        &z,
    );
    assert!(
        none.contains("f.nc") && none.contains("the file has q"),
        "{none}"
    );
    let level = write(
        path,
        &Wish {
            name: "g.nc",
            levels: &[500.0, 850.0],
            ..Wish::default()
        },
    );
    let open = |wishes: &[Wanted]| Series::open(std::slice::from_ref(&level), wishes, None, None);
    let choose = open(&z).unwrap_err().to_string();
    assert!(
        choose.contains("`levels` that are chosen") && choose.contains("500, 850"),
        "{choose}"
    );
    let absent = open(&[wanted("z", &[700.0])]).unwrap_err().to_string();
    assert!(absent.contains("a level of 700 hPa"), "{absent}");
    let nothing = open(&[wanted("z", &[500.0]), wanted("t", &[])])
        .unwrap_err()
        .to_string();
    assert!(nothing.contains("`t` in at least one"), "{nothing}");
}
