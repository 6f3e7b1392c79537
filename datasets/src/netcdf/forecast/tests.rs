use super::*;
use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::coordinates::{GridShape, gauss_latitudes};
use crate::netcdf::ForecastReader;
use crate::netcdf::OutputVariable;

fn header(layout: Layout) -> Header {
    let variable = |name: &str, standard: &str, units: &str, has_level| OutputVariable {
        name: name.into(),
        standard_name: Some(standard.into()),
        long_name: name.into(),
        units: units.into(),
        has_level,
    };
    Header {
        title: "test".into(),
        institution: "none".into(),
        source: "test".into(),
        history: "made by a test".into(),
        references: "none".into(),
        attributes: [("fingerprint".to_string(), "f".to_string())].into(),
        layout,
        calendar: Calendar::Standard,
        initial_times: match layout {
            Layout::Forecast => {
                vec![DateTime::new(1959, 1, 2, 0), DateTime::new(1959, 1, 2, 12)]
            }
            Layout::Trajectory => vec![DateTime::new(1959, 1, 2, 0)],
        },
        members: (layout == Layout::Forecast).then_some(3),
        levels_hpa: vec![850.0, 500.0],
        grid: LatLon::new(
            gauss_latitudes(8),
            (0..16).map(|i| 22.5 * f64::from(i)).collect(),
        )
        .unwrap(),
        variables: vec![
            variable("geopotential", "geopotential", "m2 s-2", true),
            variable("msl", "air_pressure_at_mean_sea_level", "Pa", false),
        ],
    }
}

fn values(header: &Header, variable: usize, lead: f64) -> Vec<f64> {
    let n = header.fields_of(&header.variables[variable]) * 128;
    (0..n)
        .map(|i| f64::from((i as f64 + 1000.0 * lead + 7.0 * variable as f64) as f32))
        .collect()
}

fn append(writer: &mut ForecastWriter, header: &Header, lead: f64) {
    let (a, b) = (values(header, 0, lead), values(header, 1, lead));
    writer.append(lead, &[&a, &b]).unwrap();
}

#[test]
fn what_was_written_before_and_after_a_break_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for layout in [Layout::Forecast, Layout::Trajectory] {
        let path = folder.path().join(format!("{layout:?}.nc"));
        let header = header(layout);
        let mut writer = ForecastWriter::create(&path, &header).unwrap();
        append(&mut writer, &header, 0.0);
        append(&mut writer, &header, 6.0);
        // half a lead, as a killed run leaves it
        writer.write_field(0, 0, 0, 1, &[9.0; 128]).unwrap();
        drop(writer);
        let mut writer = ForecastWriter::resume(&path, &header).unwrap();
        assert_eq!(writer.leads_written(), [0.0, 6.0]);
        for (v, variable) in header.variables.iter().enumerate() {
            let all = values(&header, v, 12.0);
            let levels = if variable.has_level { 2 } else { 1 };
            for (k, field) in all.chunks(128).enumerate() {
                let (level, rest) = (k % levels, k / levels);
                let members = header.members.unwrap_or(1);
                writer
                    .write_field(v, rest / members, rest % members, level, field)
                    .unwrap();
            }
        }
        writer.finish_lead(12.0).unwrap();

        let reader = ForecastReader::open(&path).unwrap();
        assert_eq!(reader.leads_hours(), [0.0, 6.0, 12.0]);
        assert_eq!(reader.initial_times(), header.initial_times);
        assert_eq!(
            (reader.members(), reader.grid()),
            (header.members.unwrap_or(1), &header.grid)
        );
        assert_eq!(reader.grid().shape(), GridShape::Gaussian);
        assert_eq!(reader.variables(), ["geopotential", "msl"]);
        assert_eq!(reader.levels_hpa("geopotential").unwrap(), [850.0, 500.0]);
        for (l, lead) in [0.0, 6.0, 12.0].into_iter().enumerate() {
            let all = values(&header, 0, lead);
            let (times, members) = (header.initial_times.len(), header.members.unwrap_or(1));
            for t in 0..times {
                for m in 0..members {
                    let field = reader
                        .read_field("geopotential", l, t, m, Some(500.0))
                        .unwrap();
                    let at = ((t * members + m) * 2 + 1) * 128;
                    assert_eq!(field.as_slice().unwrap(), &all[at..at + 128]);
                }
            }
            let field = reader.read_field("msl", l, 0, 0, None).unwrap();
            assert_eq!(field.as_slice().unwrap(), &values(&header, 1, lead)[..128]);
        }
    }
}

#[test]
fn another_header_an_earlier_lead_or_wrong_sizes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.nc");
    let first = header(Layout::Forecast);
    let mut writer = ForecastWriter::create(&path, &first).unwrap();
    append(&mut writer, &first, 6.0);
    let (a, b) = (values(&first, 0, 6.0), values(&first, 1, 6.0));
    assert!(writer.append(6.0, &[&a, &b]).is_err());
    assert!(writer.append(12.0, &[&a]).is_err());
    assert!(writer.append(12.0, &[&a, &b[1..]]).is_err());
    assert!(writer.write_field(0, 0, 3, 0, &[0.0; 128]).is_err());
    assert!(writer.finish_lead(12.0).is_err());
    assert!(
        ForecastWriter::create(&path, &first)
            .unwrap_err()
            .to_string()
            .contains("exists already")
    );
    let refused = |change: &dyn Fn(&mut Header)| {
        let mut other = first.clone();
        change(&mut other);
        ForecastWriter::resume(&path, &other)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&|h| h.members = Some(4)).contains("members"));
    assert!(refused(&|h| h.levels_hpa = vec![850.0]).contains("level"));
    assert!(refused(&|h| h.initial_times.truncate(1)).contains("time"));
    assert!(refused(&|h| h.variables[1].units = "hPa".into()).contains("msl"));
    assert!(
        refused(&|h| {
            h.attributes.insert("fingerprint".into(), "g".into());
        })
        .contains("another configuration")
    );
    assert!(refused(&|h| h.grid.longitudes_deg[0] = 1.0).contains("longitude"));
    assert!(refused(&|h| h.variables[0].name = "time".into()).contains("coordinate"));
    let nowhere = folder.path().join("no/such/folder/f.nc");
    assert!(
        ForecastWriter::create(&nowhere, &first)
            .unwrap_err()
            .to_string()
            .contains("no/such/folder")
    );
}
