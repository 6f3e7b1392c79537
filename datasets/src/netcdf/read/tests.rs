use super::*;
use crate::coordinates::GridShape;
use crate::netcdf::quantity::{
    AIR_TEMPERATURE, EASTWARD_WIND, GEOPOTENTIAL, GEOPOTENTIAL_HEIGHT, MEAN_SEA_LEVEL_PRESSURE,
    NORTHWARD_WIND, STANDARD_GRAVITY,
};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name)
}

/// A file as some other program would write it: `z(time, lev, lon, lat)`,
/// packed, longitudes from -180, latitudes south to north.
struct Wild {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn value(t: usize, k: usize, lat: f64, lon: f64) -> f64 {
    (1000.0 * t as f64 + 500.0 * k as f64 + lat + 0.1 * lon).round()
}

fn wild(change: impl Fn(&mut ::netcdf::FileMut)) -> Wild {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wild.nc");
    let mut file = ::netcdf::create(&path).unwrap();
    let lats: Vec<f32> = vec![-60.0, -30.0, 0.0, 30.0, 60.0];
    let lons: Vec<f32> = vec![-180.0, -90.0, 0.0, 90.0];
    for (name, n) in [("time", 2), ("lev", 2), ("lon", 4), ("lat", 5)] {
        file.add_dimension(name, n).unwrap();
    }
    let mut put = |name: &str, values: &[f32], units: &str| {
        let mut v = file.add_variable::<f32>(name, &[name]).unwrap();
        v.put_values(values, ..).unwrap();
        v.put_attribute("units", units).unwrap();
    };
    put("lat", &lats, "degrees_north");
    put("lon", &lons, "degrees_east");
    put("lev", &[850.0, 500.0], "hPa");
    put("time", &[0.0, 0.25], "days since 2001-02-28 18:00");
    file.variable_mut("time")
        .unwrap()
        .put_attribute("calendar", "noleap")
        .unwrap();
    let mut z = file
        .add_variable::<i16>("z", &["time", "lev", "lon", "lat"])
        .unwrap();
    z.put_attribute("units", "m2/s2").unwrap();
    z.put_attribute("scale_factor", 0.5).unwrap();
    z.put_attribute("add_offset", 1000.0).unwrap();
    z.put_attribute("missing_value", -32000i16).unwrap();
    let mut packed = Vec::new();
    for t in 0..2 {
        for k in 0..2 {
            for lon in &lons {
                for lat in &lats {
                    let x = value(t, k, f64::from(*lat), f64::from(*lon));
                    packed.push(((x - 1000.0) / 0.5) as i16);
                }
            }
        }
    }
    z.put_values(&packed, ..).unwrap();
    change(&mut file);
    file.close().unwrap();
    Wild {
        _folder: folder,
        path,
    }
}

fn at_0_500() -> Selection {
    Selection::new().time_index(0).level_hpa(500.0)
}

#[test]
fn any_order_packing_and_longitudes_come_out_normalised() {
    let wild = wild(|_| {});
    let file = Reader::open(&wild.path).unwrap();
    let z = file
        .read_lat_lon(&GEOPOTENTIAL, &Selection::new().latest().level_pa(50_000.0))
        .unwrap();
    assert_eq!(z.grid.latitudes_deg, [60.0, 30.0, 0.0, -30.0, -60.0]);
    assert_eq!(z.grid.longitudes_deg, [0.0, 90.0, 180.0, 270.0]);
    for (j, lat) in z.grid.latitudes_deg.iter().enumerate() {
        for (i, lon) in [0.0, 90.0, -180.0, -90.0].into_iter().enumerate() {
            assert_eq!(z.values[(j, i)], value(1, 1, *lat, lon));
        }
    }
    assert_eq!((z.units.as_str(), z.level), ("m2 s-2", Some(50_000.0)));
    assert_eq!(z.time.unwrap().0, DateTime::new(2001, 3, 1, 0));
    let by_date = Selection::new().time("2001-03-01").level_hpa(500.0);
    assert_eq!(file.read_lat_lon("z", &by_date).unwrap().values, z.values);
    let height = file.read_lat_lon(&GEOPOTENTIAL_HEIGHT, &by_date).unwrap();
    assert!((height.values[(0, 0)] * STANDARD_GRAVITY - z.values[(0, 0)]).abs() < 1e-9);
    let all = file.read("z", &Selection::new()).unwrap();
    assert_eq!(all.values.shape(), [2, 2, 5, 4]);
    assert_eq!(all.values[[1, 1, 0, 2]], z.values[(0, 2)]);
    assert_eq!(file.coordinates("z").unwrap(), all.dimensions);
}

#[test]
fn what_is_absent_is_answered_with_what_is_there() {
    let wild = wild(|_| {});
    let file = Reader::open(&wild.path).unwrap();
    let refused = |query: Query, selection: &Selection| {
        let message = file.read_lat_lon(query, selection).unwrap_err().to_string();
        assert!(message.contains("wild.nc"), "{message}");
        message
    };
    let message = refused("zz".into(), &at_0_500());
    assert!(
        message.contains("no variable 'zz'; the file has 'z'"),
        "{message}"
    );
    assert!(refused((&EASTWARD_WIND).into(), &at_0_500()).contains("the file has 'z'"));
    let message = refused("z".into(), &Selection::new().time_index(0).level_hpa(510.0));
    assert!(
        message.contains("no level 510 hPa; the nearest is 500 hPa"),
        "{message}"
    );
    let message = refused(
        "z".into(),
        &Selection::new().time("2001-03-02").level_hpa(500.0),
    );
    assert!(
        message.contains("the nearest is 2001-03-01T00:00:00"),
        "{message}"
    );
    let message = refused(
        "z".into(),
        &Selection::new().time("2001-02-29").level_hpa(500.0),
    );
    assert!(message.contains("noleap"), "{message}");
    assert!(refused("z".into(), &at_0_500().time_index(2)).contains("it has 2"));
    assert!(refused("z".into(), &at_0_500().member(3)).contains("no member number 3"));
    assert!(refused("z".into(), &Selection::new().time_index(0)).contains("850 hPa, 500 hPa"));
    assert!(refused(Query::named("z").units("K"), &at_0_500()).contains("'m2/s2', expected 'K'"));
    assert!(file.read_lat_lon("z", &at_0_500().member(0)).is_ok());
}

#[test]
fn missing_values_are_counted_and_placed_or_allowed() {
    let wild = wild(|file| {
        let mut z = file.variable_mut("z").unwrap();
        z.put_value(-32000i16, [0, 1, 3, 4]).unwrap();
        z.put_value(-32000i16, [0, 1, 0, 0]).unwrap();
    });
    let file = Reader::open(&wild.path).unwrap();
    let message = file.read_lat_lon("z", &at_0_500()).unwrap_err().to_string();
    assert!(
        message.contains("no value in 2 of 20 cells, the first at latitude 60, longitude 90"),
        "{message}"
    );
    let z = file.read_lat_lon("z", &at_0_500().allow_missing()).unwrap();
    assert!(z.values[(0, 1)].is_nan());
    assert!(
        file.read_lat_lon("z", &Selection::new().time_index(1).level_hpa(500.0))
            .is_ok()
    );
}

#[test]
fn units_that_are_missing_or_wrong_are_refused_and_others_converted() {
    let wild = wild(|file| {
        for (name, units, standard) in [
            ("u", "knots", "eastward_wind"),
            ("v", "K", "northward_wind"),
            ("msl", "hPa", "air_pressure_at_sea_level"),
            ("t", "", "air_temperature"),
        ] {
            let mut x = file.add_variable::<f64>(name, &["lat", "lon"]).unwrap();
            x.put_attribute("standard_name", standard).unwrap();
            if !units.is_empty() {
                x.put_attribute("units", units).unwrap();
            }
            x.put_values(&[1000.0; 20], ..).unwrap();
        }
    });
    let file = Reader::open(&wild.path).unwrap();
    let all = Selection::new();
    let u = file.read_lat_lon(&EASTWARD_WIND, &all).unwrap();
    assert!((u.values[(0, 0)] - 1_852_000.0 / 3600.0).abs() < 1e-9);
    assert_eq!(
        file.read_lat_lon(&MEAN_SEA_LEVEL_PRESSURE, &all)
            .unwrap()
            .values[(0, 0)],
        100_000.0
    );
    let message = file
        .read_lat_lon(&NORTHWARD_WIND, &all)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("'v' is in 'K', expected 'm s-1'"),
        "{message}"
    );
    let message = file
        .read_lat_lon(&AIR_TEMPERATURE, &all)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("'t' is in no unit, expected 'K'"),
        "{message}"
    );
}

#[test]
fn coordinates_that_are_missing_unsorted_or_ambiguous_are_refused() {
    let wild = wild(|file| {
        file.add_dimension("latitude", 3).unwrap();
        file.add_dimension("x", 4).unwrap();
        file.add_dimension("y", 3).unwrap();
        file.add_dimension("bad", 3).unwrap();
        let mut bad = file.add_variable::<f64>("bad", &["bad"]).unwrap();
        bad.put_attribute("standard_name", "latitude").unwrap();
        bad.put_attribute("units", "degrees_north").unwrap();
        bad.put_values(&[10.0, 30.0, 20.0], ..).unwrap();
        for (name, dims) in [
            ("a", ["latitude", "lon"]),
            ("b", ["y", "x"]),
            ("c", ["bad", "lon"]),
        ] {
            let mut v = file.add_variable::<f64>(name, &dims).unwrap();
            v.put_attribute("standard_name", "air_temperature").unwrap();
            v.put_attribute("units", "K").unwrap();
            v.put_values(&[0.0; 12], ..).unwrap();
        }
    });
    let file = Reader::open(&wild.path).unwrap();
    let refused = |name: &str| {
        file.read_lat_lon(Query::exactly(name), &Selection::new())
            .unwrap_err()
            .to_string()
    };
    assert!(
        refused("a").contains("a coordinate variable 'latitude(latitude)'"),
        "{}",
        refused("a")
    );
    assert!(
        refused("b").contains("dimensions latitude and longitude"),
        "{}",
        refused("b")
    );
    assert!(refused("c").contains("30 then 20"), "{}", refused("c"));
    let message = file
        .read_lat_lon("air_temperature", &Selection::new())
        .unwrap_err()
        .to_string();
    assert!(message.contains("'a', 'b', 'c'"), "{message}");
}

#[test]
fn files_that_are_foreign_empty_cut_or_absent_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(shipped("era5_members_2017_z500.nc")).unwrap();
    let cases: [(&str, &[u8]); 5] = [
        ("text.nc", b"this is no NetCDF file"),
        ("empty.nc", b""),
        ("cut.nc", &whole[..whole.len() / 2]),
        ("cut_short.nc", &whole[..whole.len() - 1]),
        ("head.nc", &whole[..64]),
    ];
    for (name, bytes) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let message = Reader::open(&path).unwrap_err().to_string();
        assert!(
            message.contains(name) && message.contains("expected a NetCDF file"),
            "{message}"
        );
    }
    assert!(
        Reader::open(folder.path().join("none.nc"))
            .unwrap_err()
            .to_string()
            .contains("none.nc")
    );
    assert!(
        Reader::open(folder.path())
            .unwrap_err()
            .to_string()
            .contains("folder")
    );
}

#[test]
fn the_shipped_analysis_is_found_by_every_name() {
    let file = Reader::open(shipped("era5_500hpa_19590102T00.nc")).unwrap();
    let at_500 = Selection::new().level_hpa(500.0);
    let z = file.read_lat_lon(&GEOPOTENTIAL, &at_500).unwrap();
    assert_eq!(z.grid.shape(), GridShape::Gaussian);
    assert_eq!((z.grid.nlat(), z.grid.nlon()), (32, 64));
    assert_eq!(z.time.unwrap().0, DateTime::new(1959, 1, 2, 0));
    assert!(z.values.iter().all(|x| (44_000.0..60_000.0).contains(x)));
    // colder, lower in the north in January
    assert!(z.values.row(2).mean() < z.values.row(16).mean());
    for name in ["z", "geopotential"] {
        assert_eq!(file.read_lat_lon(name, &at_500).unwrap().values, z.values);
    }
    assert!(file.has(&EASTWARD_WIND) && !file.has("t"));
    assert_eq!(
        file.read(&EASTWARD_WIND, &Selection::new())
            .unwrap()
            .values
            .shape(),
        [1, 17, 32, 64]
    );
}

#[test]
fn the_shipped_ensemble_has_members_and_times() {
    let file = Reader::open(shipped("era5_members_2017_z500.nc")).unwrap();
    let pick = Selection::new()
        .time("2017-01-02T12")
        .member(9)
        .level_hpa(500.0);
    let z = file.read_lat_lon(&GEOPOTENTIAL, &pick).unwrap();
    assert_eq!(z.grid.shape(), GridShape::Regular);
    assert!(z.values.iter().all(|x| (44_000.0..60_000.0).contains(x)));
    let message = file
        .read_lat_lon("z", &pick.level_hpa(850.0))
        .unwrap_err()
        .to_string();
    assert!(message.contains("no level 850 hPa"), "{message}");
}
