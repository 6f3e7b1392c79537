use super::super::ForecastReader;
use super::*;

/// A value for each place.
fn value(lead: usize, time: usize, member: usize, lat: f64, lon: f64) -> f32 {
    ((((lead * 10 + time) * 10 + member) as f64) * 1000.0 + lat + lon / 10.0) as f32
}

/// A forecast whose dimensions are in this order, latitudes from the south, longitudes from -180.
fn file(folder: &Path, order: [&str; 5], chunks: Option<[usize; 5]>) -> PathBuf {
    let path = folder.join(format!("{}.nc", order.concat()));
    let mut file = ::netcdf::create(&path).unwrap();
    let lat = [-60.0f32, 0.0, 60.0];
    let lon = [-180.0f32, -90.0, 0.0, 90.0];
    let sizes = [
        ("lead", 3),
        ("time", 2),
        ("number", 4),
        ("lat", 3),
        ("lon", 4),
    ];
    for (name, size) in sizes {
        file.add_dimension(name, size).unwrap();
    }
    let mut put = |name: &str, values: &[f32], units: &str| {
        let mut v = file.add_variable::<f32>(name, &[name]).unwrap();
        v.put_values(values, ..).unwrap();
        v.put_attribute("units", units).unwrap();
    };
    put("lead", &[0.0, 6.0, 12.0], "hours");
    put("time", &[0.0, 24.0], "hours since 2020-01-01");
    put("number", &[0.0, 1.0, 2.0, 3.0], "1");
    put("lat", &lat, "degrees_north");
    put("lon", &lon, "degrees_east");
    let mut z = file.add_variable::<f32>("z", &order).unwrap();
    if let Some(chunks) = chunks {
        z.set_chunking(&chunks).unwrap();
    }
    z.put_attribute("_FillValue", -1.0f32).unwrap();
    z.put_attribute("units", "m").unwrap();
    let shape: Vec<usize> = order
        .iter()
        .map(|name| sizes.iter().find(|s| s.0 == *name).unwrap().1)
        .collect();
    let all = ndarray::ArrayD::from_shape_fn(IxDyn(&shape), |at| {
        let of = |name: &str| at[order.iter().position(|o| *o == name).unwrap()];
        let (lead, time, member) = (of("lead"), of("time"), of("number"));
        match (lead, time, member, of("lat"), of("lon")) {
            (1, 1, 2, 0, 0) => -1.0,
            (1, 1, 2, 0, 1) => f32::NAN,
            (_, _, _, j, i) => value(lead, time, member, f64::from(lat[j]), f64::from(lon[i])),
        }
    });
    z.put_values(all.as_slice().unwrap(), ..).unwrap();
    file.close().unwrap();
    path
}

#[test]
fn any_order_is_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let orders = [
        (["lead", "time", "number", "lat", "lon"], None),
        (
            ["time", "lead", "number", "lon", "lat"],
            Some([2, 2, 1, 4, 3]),
        ),
        (["number", "lat", "lon", "lead", "time"], None),
    ];
    for (order, chunks) in orders {
        let path = file(folder.path(), order, chunks);
        let reader = ForecastReader::open(&path).unwrap();
        let slabs = reader.slabs("z", None, None).unwrap();
        assert!(slabs.single() && slabs.units() == Some("m"));
        assert_eq!(
            slabs.block(),
            if chunks.is_some() { (2, 2) } else { (1, 1) }
        );
        let mut values: Vec<f32> = Vec::new();
        slabs.read(1, 1, &[0, 2, 3], &mut values).unwrap();
        for (m, member) in [0, 2, 3].into_iter().enumerate() {
            for (j, lat) in [60.0, 0.0, -60.0].into_iter().enumerate() {
                for (i, lon) in [0.0, 90.0, -180.0, -90.0].into_iter().enumerate() {
                    let found = values[(m * 3 + slabs.rows()[j]) * 4 + i];
                    match (member, j, i) {
                        (2, 2, 2) => assert!(found.is_nan(), "the fill value"),
                        (2, 2, 3) => assert!(found == f32::INFINITY, "no number"),
                        _ => assert_eq!(found, value(1, 1, member, lat, lon)),
                    }
                }
            }
        }
        let mut block: Vec<f32> = Vec::new();
        slabs.read_block(0..3, 0..2, 0..4, &mut block).unwrap();
        let at = (3 + 2 * 4) * 12;
        let one = &block[at..at + 12];
        assert!(
            one.iter().zip(&values[24..]).all(|(a, b)| *a != *b),
            "another lead"
        );
        let one = &block[(((2 + 1) * 4) + 3) * 12..][..12];
        assert_eq!(one, &values[24..], "lead 1, time 1, member 3");
        let message = slabs.read(3, 0, &[0], &mut values).unwrap_err().to_string();
        assert!(message.contains("no lead number 3"), "{message}");
        let doubled = reader.slabs("z", None, Some("cm")).unwrap();
        let mut centimetres: Vec<f64> = Vec::new();
        doubled.read(0, 1, &[1], &mut centimetres).unwrap();
        assert!(!doubled.single());
        let found = centimetres[doubled.rows()[1] * 4];
        assert!((found - 100.0 * f64::from(value(0, 1, 1, 0.0, 0.0))).abs() < 1e-6);
        let message = reader.slabs("z", None, Some("K")).unwrap_err().to_string();
        assert!(
            message.contains("'m'") && message.contains("'K'"),
            "{message}"
        );
    }
}
