//! Inputs that follow from place and time.

use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// An input that no file has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Derived {
    /// Sine of the latitude, the shape of the Coriolis parameter; constant.
    SinLatitude,
    /// Cosine of the latitude; constant.
    CosLatitude,
    /// Cosine and sine of the longitude; constant.
    Longitude,
    /// Cosine and sine of the local solar hour angle.
    TimeOfDay,
    /// Cosine and sine of the share of the year that is over.
    TimeOfYear,
    /// Cosine of the sun's zenith angle, 0 at night.
    SolarZenith,
}

impl Derived {
    /// Names of its fields, one for each channel.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::SinLatitude => &["sin_latitude"],
            Self::CosLatitude => &["cos_latitude"],
            Self::Longitude => &["cos_longitude", "sin_longitude"],
            Self::TimeOfDay => &["cos_hour_angle", "sin_hour_angle"],
            Self::TimeOfYear => &["cos_time_of_year", "sin_time_of_year"],
            Self::SolarZenith => &["cos_solar_zenith"],
        }
    }

    /// Whether it changes with time.
    pub fn is_constant(self) -> bool {
        matches!(
            self,
            Self::SinLatitude | Self::CosLatitude | Self::Longitude
        )
    }

    /// Its channels `[channel][latitude][longitude]` at a time, appended to `out`.
    ///
    /// The sun's declination and the equation of time are those of Spencer (Search 2 (5), 172, 1971) as
    /// quoted by Iqbal (An Introduction to Solar Radiation, 1983, equations 1.3.1 and 1.4.1), better
    /// than 0.04 degrees and half a minute.
    pub fn append(self, grid: &LatLon, time: DateTime, calendar: Calendar, out: &mut Vec<f32>) {
        let year = TAU * time.year_fraction(calendar);
        let day = (time.microseconds(calendar) as f64 / 8.64e10).rem_euclid(1.0);
        let mut each = |of: &dyn Fn(f64, f64) -> f64| {
            for latitude in &grid.latitudes_deg {
                let fields = grid.longitudes_deg.iter();
                out.extend(fields.map(|lon| of(latitude.to_radians(), lon.to_radians()) as f32));
            }
        };
        match self {
            Self::SinLatitude => each(&|lat, _| lat.sin()),
            Self::CosLatitude => each(&|lat, _| lat.cos()),
            Self::Longitude => {
                each(&|_, lon| lon.cos());
                each(&|_, lon| lon.sin());
            }
            Self::TimeOfDay => {
                each(&|_, lon| (TAU * day + lon).cos());
                each(&|_, lon| (TAU * day + lon).sin());
            }
            Self::TimeOfYear => {
                each(&|_, _| year.cos());
                each(&|_, _| year.sin());
            }
            Self::SolarZenith => {
                let (declination, minutes) = (declination(year), equation_of_time(year));
                let noon = TAU * (day + minutes / 1440.0 - 0.5);
                each(&|lat, lon| {
                    let upright = lat.sin() * declination.sin();
                    (upright + lat.cos() * declination.cos() * (noon + lon).cos()).max(0.0)
                });
            }
        }
    }
}

/// Radians, of the year's angle.
fn declination(g: f64) -> f64 {
    0.006918 - 0.399912 * g.cos() + 0.070257 * g.sin() - 0.006758 * (2.0 * g).cos()
        + 0.000907 * (2.0 * g).sin()
        - 0.002697 * (3.0 * g).cos()
        + 0.00148 * (3.0 * g).sin()
}

/// Minutes that the sun is ahead of the clock.
fn equation_of_time(g: f64) -> f64 {
    229.18
        * (0.000075 + 0.001868 * g.cos()
            - 0.032077 * g.sin()
            - 0.014615 * (2.0 * g).cos()
            - 0.04089 * (2.0 * g).sin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zenith(latitude: f64, longitude: f64, time: DateTime) -> f32 {
        let grid = LatLon::new(vec![latitude], vec![longitude]).unwrap();
        let mut out = Vec::new();
        Derived::SolarZenith.append(&grid, time, Calendar::Standard, &mut out);
        out[0]
    }

    #[test]
    fn the_sun_stands_where_it_does() {
        // over the tropic of Cancer at noon of the June solstice, over the equator in March
        let june = DateTime::new(2021, 6, 21, 12);
        assert!(zenith(23.44, 0.5, june) > 0.9999);
        assert!(zenith(0.0, 2.0, DateTime::new(2021, 3, 20, 12)) > 0.9995);
        // polar night and midnight sun: 90 - 23.44 degrees away at 6 UTC and at any other hour
        for hour in 0..24 {
            let time = DateTime::new(2021, 6, 21, hour);
            assert_eq!(zenith(-89.9, 0.0, time), 0.0);
            let pole = f64::from(zenith(89.9999, 0.0, time));
            assert!((pole - 23.44f64.to_radians().sin()).abs() < 1e-3, "{pole}");
        }
        // Boulder, 2003-10-17 12:30:30 local time (7 h behind), from Reda and Andreas (2004): 50.11 degrees
        let time = DateTime::parse("2003-10-17T19:30:30", Calendar::Standard).unwrap();
        let found = f64::from(zenith(39.742476, 254.8214, time))
            .acos()
            .to_degrees();
        assert!((found - 50.11).abs() < 0.1, "{found}");
    }

    #[test]
    fn years_of_every_calendar_are_whole() {
        let last = |calendar, day| DateTime::new(2004, 12, day, 0).year_fraction(calendar);
        assert!((last(Calendar::NoLeap, 31) - 364.0 / 365.0).abs() < 1e-12);
        assert!((last(Calendar::Standard, 31) - 365.0 / 366.0).abs() < 1e-12);
        assert!((last(Calendar::Day360, 30) - 359.0 / 360.0).abs() < 1e-12);
        let grid = LatLon::new(vec![10.0, 0.0], vec![0.0, 90.0]).unwrap();
        for derived in [Derived::Longitude, Derived::TimeOfDay, Derived::TimeOfYear] {
            let mut out = Vec::new();
            derived.append(
                &grid,
                DateTime::new(2001, 7, 2, 6),
                Calendar::NoLeap,
                &mut out,
            );
            assert_eq!(out.len(), 4 * derived.names().len());
            let norm = out[0] * out[0] + out[4] * out[4];
            assert!((norm - 1.0).abs() < 1e-6);
        }
    }
}
