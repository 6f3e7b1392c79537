//! CF times: "hours since 1900-01-01" in the calendars of climate models.
//!
//! CF-1.11 section 4.4. Times are whole microseconds since the epoch
//! 1970-01-01T00:00 of their own calendar. Day numbers follow Fliegel & Van
//! Flandern (1968) for the Gregorian rules; the standard calendar goes over
//! from Julian to Gregorian on 1582-10-15.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{Error, Result};

/// The calendars of CF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// Julian before 1582-10-15, Gregorian from then on ("standard", "gregorian").
    #[default]
    Standard,
    /// Gregorian rules at all times.
    ProlepticGregorian,
    /// Julian rules at all times.
    Julian,
    /// 365 days in every year ("noleap", "365_day").
    NoLeap,
    /// 366 days in every year ("all_leap", "366_day").
    AllLeap,
    /// Twelve months of 30 days.
    #[serde(rename = "360_day")]
    Day360,
}

const DAYS_BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;
/// 1582-10-15, the first Gregorian day, counted from 1970-01-01.
const FIRST_GREGORIAN_DAY: i64 = -141_427;

impl Calendar {
    /// The calendar of a CF `calendar` attribute.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name CF does not have.
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name.trim().to_ascii_lowercase().as_str() {
            "standard" | "gregorian" | "" => Self::Standard,
            "proleptic_gregorian" => Self::ProlepticGregorian,
            "julian" => Self::Julian,
            "noleap" | "365_day" => Self::NoLeap,
            "all_leap" | "366_day" => Self::AllLeap,
            "360_day" => Self::Day360,
            _ => {
                return Err(Error::invalid(
                    "calendar",
                    "standard, proleptic_gregorian, julian, noleap, all_leap or 360_day",
                    name,
                ));
            }
        })
    }

    /// The CF name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::ProlepticGregorian => "proleptic_gregorian",
            Self::Julian => "julian",
            Self::NoLeap => "noleap",
            Self::AllLeap => "all_leap",
            Self::Day360 => "360_day",
        }
    }

    fn is_leap(self, year: i64) -> bool {
        let gregorian =
            year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
        match self {
            Self::Standard if year <= 1582 => year.rem_euclid(4) == 0,
            Self::Standard | Self::ProlepticGregorian => gregorian,
            Self::Julian => year.rem_euclid(4) == 0,
            Self::NoLeap | Self::Day360 => false,
            Self::AllLeap => true,
        }
    }

    /// Days in a month (1 to 12).
    pub fn days_in_month(self, year: i32, month: u8) -> u8 {
        if self == Self::Day360 {
            return 30;
        }
        match month {
            2 => 28 + u8::from(self.is_leap(i64::from(year))),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Days from 1970-01-01 of this calendar.
    fn days(self, year: i64, month: i64, day: i64) -> i64 {
        match self {
            Self::Day360 => (year - 1970) * 360 + (month - 1) * 30 + day - 1,
            Self::NoLeap => (year - 1970) * 365 + DAYS_BEFORE[month as usize - 1] + day - 1,
            Self::AllLeap => {
                let leap_day = i64::from(month > 2);
                (year - 1970) * 366 + DAYS_BEFORE[month as usize - 1] + leap_day + day - 1
            }
            Self::ProlepticGregorian => gregorian_days(year, month, day),
            Self::Julian => julian_days(year, month, day) - julian_days(1970, 1, 1),
            Self::Standard => {
                if (year, month, day) < (1582, 10, 15) {
                    julian_days(year, month, day)
                } else {
                    gregorian_days(year, month, day)
                }
            }
        }
    }

    fn date(self, days: i64) -> (i64, i64, i64) {
        match self {
            Self::Day360 => {
                let day_of_year = days.rem_euclid(360);
                (
                    1970 + days.div_euclid(360),
                    day_of_year / 30 + 1,
                    day_of_year % 30 + 1,
                )
            }
            Self::NoLeap | Self::AllLeap => {
                let length = if self == Self::NoLeap { 365 } else { 366 };
                let (year, rest) = (1970 + days.div_euclid(length), days.rem_euclid(length));
                let mut month = 12;
                while self.days(year, month, 1) - self.days(year, 1, 1) > rest {
                    month -= 1;
                }
                let first = self.days(year, month, 1) - self.days(year, 1, 1);
                (year, month, rest - first + 1)
            }
            Self::ProlepticGregorian => gregorian_date(days),
            Self::Julian => julian_date(days + julian_days(1970, 1, 1)),
            Self::Standard if days < FIRST_GREGORIAN_DAY => julian_date(days),
            Self::Standard => gregorian_date(days),
        }
    }
}

/// Days of the Gregorian date from the Gregorian 1970-01-01.
fn gregorian_days(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let century = y.div_euclid(100);
    march_days(y, month, day) - century + century.div_euclid(4) - 719_468
}

/// Days of the Julian date from the Gregorian 1970-01-01.
fn julian_days(year: i64, month: i64, day: i64) -> i64 {
    march_days(year - i64::from(month <= 2), month, day) - 719_470
}

/// Days from March 1 of year 0 with a leap day every fourth year, the year
/// counted from March.
fn march_days(year: i64, month: i64, day: i64) -> i64 {
    let m = (month + 9) % 12;
    365 * year + year.div_euclid(4) + (153 * m + 2) / 5 + day - 1
}

fn gregorian_date(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    from_march(year + era * 400, of_year)
}

fn julian_date(days: i64) -> (i64, i64, i64) {
    let z = days + 719_470;
    let era = z.div_euclid(1461);
    let of_era = z.rem_euclid(1461);
    let year = (of_era - of_era / 1460) / 365;
    from_march(year + era * 4, of_era - 365 * year)
}

fn from_march(year: i64, day_of_year: i64) -> (i64, i64, i64) {
    let m = (5 * day_of_year + 2) / 153;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    (year + i64::from(month <= 2), month, day)
}

/// A moment in some calendar, to the microsecond, without time zone (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DateTime {
    /// Year, astronomical (0 is 1 BC).
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999 999.
    pub microsecond: u32,
}

impl DateTime {
    /// A full hour.
    pub const fn new(year: i32, month: u8, day: u8, hour: u8) -> Self {
        Self {
            year,
            month,
            day,
            hour,
            minute: 0,
            second: 0,
            microsecond: 0,
        }
    }

    /// Reads `1959-01-02`, `1959-01-02T06`, `1959-01-02 06:00`,
    /// `1959-01-02T06:00:00.5Z`; a zone, if any, must be UTC.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text is not such a date or the date does not
    /// exist in `calendar`.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self> {
        let refuse = || {
            Error::invalid(
                "date",
                format!("yyyy-mm-ddThh:mm:ss of the {} calendar", calendar.name()),
                format!("'{text}'"),
            )
        };
        let mut trimmed = text.trim();
        for zone in [
            "Z", "UTC", "GMT", "+00:00", "+0000", "+00", "+0:00", "-00:00",
        ] {
            if let Some(rest) = trimmed.strip_suffix(zone) {
                // "-00:00" style suffixes only follow a time of day
                if rest.contains(':') || !zone.starts_with(['+', '-']) {
                    trimmed = rest.trim_end();
                    break;
                }
            }
        }
        let (date, time) = match trimmed.find(['T', 't', ' ']) {
            Some(i) => (&trimmed[..i], trimmed[i + 1..].trim()),
            None => (trimmed, ""),
        };
        let (sign, date) = match date.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, date),
        };
        let parts: Vec<&str> = date.split('-').collect();
        let [year, month, day] = parts.as_slice() else {
            return Err(refuse());
        };
        let number = |s: &str| s.parse::<u32>().map_err(|_| refuse());
        let mut clock = time.split(':');
        let mut next = || clock.next().filter(|s| !s.is_empty()).unwrap_or("0");
        let (hour, minute, seconds) = (next(), next(), next());
        let seconds: f64 = seconds.parse().map_err(|_| refuse())?;
        if clock.next().is_some() || !(0.0..61.0).contains(&seconds) {
            return Err(refuse());
        }
        let microseconds = (seconds * 1e6).round() as i64;
        let narrow = |s: &str, max: u32| {
            number(s).and_then(|n| if n <= max { Ok(n as u8) } else { Err(refuse()) })
        };
        let moment = Self {
            year: sign * i32::try_from(number(year)?).map_err(|_| refuse())?,
            month: narrow(month, 12)?,
            day: narrow(day, 31)?,
            hour: narrow(hour, 24)?,
            minute: narrow(minute, 59)?,
            second: 0,
            microsecond: 0,
        };
        if moment.month == 0
            || moment.day == 0
            || moment.day > calendar.days_in_month(moment.year, moment.month)
        {
            return Err(refuse());
        }
        Ok(Self::from_microseconds(
            moment.microseconds(calendar) + microseconds,
            calendar,
        ))
    }

    /// Microseconds since 1970-01-01T00:00 of the calendar.
    pub fn microseconds(&self, calendar: Calendar) -> i64 {
        let days = calendar.days(
            i64::from(self.year),
            i64::from(self.month),
            i64::from(self.day),
        );
        let seconds =
            i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days * MICROSECONDS_PER_DAY + seconds * 1_000_000 + i64::from(self.microsecond)
    }

    /// The moment so many microseconds after 1970-01-01T00:00 of the calendar.
    pub fn from_microseconds(microseconds: i64, calendar: Calendar) -> Self {
        let (year, month, day) = calendar.date(microseconds.div_euclid(MICROSECONDS_PER_DAY));
        let rest = microseconds.rem_euclid(MICROSECONDS_PER_DAY);
        let seconds = rest / 1_000_000;
        Self {
            year: year as i32,
            month: month as u8,
            day: day as u8,
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            microsecond: (rest % 1_000_000) as u32,
        }
    }

    /// Share of the year that is over, from 0 to 1.
    pub fn year_fraction(&self, calendar: Calendar) -> f64 {
        let start = |year| Self::new(year, 1, 1, 0).microseconds(calendar);
        let (first, next) = (start(self.year), start(self.year + 1));
        (self.microseconds(calendar) - first) as f64 / (next - first) as f64
    }

    /// The moment so many hours later (or earlier).
    pub fn plus_hours(&self, hours: f64, calendar: Calendar) -> Self {
        let step = (hours * 3.6e9).round() as i64;
        Self::from_microseconds(self.microseconds(calendar) + step, calendar)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            self.year, self.month, self.day, self.hour, self.minute, self.second
        )?;
        if self.microsecond > 0 {
            write!(f, ".{:06}", self.microsecond)?;
        }
        Ok(())
    }
}

/// The unit of a time coordinate: "hours since 1959-01-01 00:00:00".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnits {
    /// Microseconds per unit.
    pub microseconds_per_unit: f64,
    /// Where counting starts.
    pub epoch: DateTime,
    /// The calendar it is counted in.
    pub calendar: Calendar,
}

impl TimeUnits {
    /// Reads "`unit` since `date`".
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not of that form, or the unit is months or
    /// years, whose length is undefined.
    pub fn parse(units: &str, calendar: Calendar) -> Result<Self> {
        let refuse = || {
            Error::invalid(
                "time units",
                "'hours since yyyy-mm-dd hh:mm:ss' (or days, minutes, seconds)",
                format!("'{units}'"),
            )
        };
        let (unit, epoch) = units.split_once(" since ").ok_or_else(refuse)?;
        Ok(Self {
            microseconds_per_unit: duration_microseconds(unit).ok_or_else(refuse)?,
            epoch: DateTime::parse(epoch, calendar)?,
            calendar,
        })
    }

    /// The moment of a coordinate value.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the value is not finite or some 290 000 years away.
    pub fn decode(&self, value: f64) -> Result<DateTime> {
        let microseconds = (value * self.microseconds_per_unit).round();
        if microseconds.is_nan() || microseconds.abs() >= 9e18 {
            return Err(Error::invalid("time", "a finite number", value));
        }
        let epoch = self.epoch.microseconds(self.calendar);
        Ok(DateTime::from_microseconds(
            epoch.saturating_add(microseconds as i64),
            self.calendar,
        ))
    }

    /// The coordinate value of a moment.
    pub fn encode(&self, moment: &DateTime) -> f64 {
        let difference =
            moment.microseconds(self.calendar) - self.epoch.microseconds(self.calendar);
        difference as f64 / self.microseconds_per_unit
    }
}

/// Microseconds in a unit of time, `None` if it is not one.
pub fn duration_microseconds(unit: &str) -> Option<f64> {
    Some(match unit.trim().to_ascii_lowercase().as_str() {
        "microsecond" | "microseconds" | "us" => 1.0,
        "millisecond" | "milliseconds" | "msec" | "ms" => 1e3,
        "nanosecond" | "nanoseconds" | "ns" => 1e-3,
        "second" | "seconds" | "sec" | "secs" | "s" => 1e6,
        "minute" | "minutes" | "min" | "mins" => 6e7,
        "hour" | "hours" | "hr" | "hrs" | "h" => 3.6e9,
        "day" | "days" | "d" => 8.64e10,
        "week" | "weeks" => 6.048e11,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Calendar; 6] = [
        Calendar::Standard,
        Calendar::ProlepticGregorian,
        Calendar::Julian,
        Calendar::NoLeap,
        Calendar::AllLeap,
        Calendar::Day360,
    ];

    proptest! {
        #[test]
        fn a_moment_survives_the_way_there_and_back(
            microseconds in -100_000_000_000_000_000i64..100_000_000_000_000_000, which in 0usize..6
        ) {
            let calendar = ALL[which];
            let moment = DateTime::from_microseconds(microseconds, calendar);
            prop_assert_eq!(moment.microseconds(calendar), microseconds);
            prop_assert!(moment.day <= calendar.days_in_month(moment.year, moment.month));
            prop_assert_eq!(DateTime::parse(&moment.to_string(), calendar).unwrap(), moment);
        }
    }

    #[test]
    fn known_days() {
        let standard = Calendar::Standard;
        assert_eq!(
            DateTime::new(2000, 3, 1, 0).microseconds(standard),
            951_868_800_000_000
        );
        // the day before 1582-10-15 is 1582-10-04
        let first = DateTime::new(1582, 10, 15, 0);
        assert_eq!(
            first.microseconds(standard),
            FIRST_GREGORIAN_DAY * MICROSECONDS_PER_DAY
        );
        assert_eq!(
            first.plus_hours(-24.0, standard),
            DateTime::new(1582, 10, 4, 0)
        );
        let feb = DateTime::new(2000, 2, 28, 12);
        assert_eq!(
            feb.plus_hours(24.0, Calendar::NoLeap),
            DateTime::new(2000, 3, 1, 12)
        );
        assert_eq!(
            feb.plus_hours(24.0, standard),
            DateTime::new(2000, 2, 29, 12)
        );
        assert_eq!(
            feb.plus_hours(72.0, Calendar::Day360),
            DateTime::new(2000, 3, 1, 12)
        );
        let end = DateTime::new(1999, 12, 31, 18);
        for calendar in [
            standard,
            Calendar::NoLeap,
            Calendar::AllLeap,
            Calendar::Julian,
        ] {
            assert_eq!(end.plus_hours(6.0, calendar), DateTime::new(2000, 1, 1, 0));
        }
    }

    #[test]
    fn units_of_files_in_the_wild() {
        let era5 =
            TimeUnits::parse("hours since 1900-01-01 00:00:00.0", Calendar::Standard).unwrap();
        assert_eq!(
            era5.decode(517_224.0).unwrap(),
            DateTime::new(1959, 1, 3, 0)
        );
        assert_eq!(era5.encode(&DateTime::new(1959, 1, 3, 0)), 517_224.0);
        let unix =
            TimeUnits::parse("seconds since 1970-01-01", Calendar::ProlepticGregorian).unwrap();
        assert_eq!(
            unix.decode(1_483_228_800.0).unwrap(),
            DateTime::new(2017, 1, 1, 0)
        );
        let model = TimeUnits::parse("days since 0001-01-01 00:00:00", Calendar::Day360).unwrap();
        assert_eq!(model.decode(360.0).unwrap(), DateTime::new(2, 1, 1, 0));
        assert!(TimeUnits::parse("months since 2000-01-01", Calendar::Standard).is_err());
        assert!(TimeUnits::parse("hours", Calendar::Standard).is_err());
        assert!(era5.decode(f64::NAN).is_err());
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for text in [
            "2001-02-29",
            "2001-13-01",
            "2001-00-01",
            "yesterday",
            "2001-01-01T25",
            "2001-01-01T10:61",
            "",
            "2001-01",
        ] {
            assert!(DateTime::parse(text, Calendar::Standard).is_err(), "{text}");
        }
        assert!(DateTime::parse("2000-02-30", Calendar::Day360).is_ok());
        assert_eq!(
            DateTime::parse("1959-01-02T06Z", Calendar::Standard).unwrap(),
            DateTime::new(1959, 1, 2, 6)
        );
    }
}
