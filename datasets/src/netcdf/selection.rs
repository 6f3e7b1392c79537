//! Which time, level, member and lead to read.

/// A time by its place or its date.
#[derive(Clone, Debug, PartialEq)]
pub enum TimePick {
    /// Index in the file, from 0.
    Index(usize),
    /// The last in the file.
    Latest,
    /// ISO 8601 date in the calendar of the file.
    Date(String),
}

/// Which part of a variable to read. Dimensions that are not selected stay (in
/// [`Reader::read`](super::Reader::read)) or must have length 1 (in
/// [`Reader::read_lat_lon`](super::Reader::read_lat_lon)).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    pub(super) time: Option<TimePick>,
    pub(super) time_range: Option<std::ops::Range<usize>>,
    pub(super) level_pa: Option<f64>,
    pub(super) member: Option<usize>,
    pub(super) lead_hours: Option<f64>,
    pub(super) lead_index: Option<usize>,
    pub(super) allow_missing: bool,
}

impl Selection {
    /// Everything, no missing values allowed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The time at `index`, from 0.
    pub fn time_index(mut self, index: usize) -> Self {
        self.time = Some(TimePick::Index(index));
        self
    }

    /// The times from `range.start` to before `range.end`, counted from 0; the dimension stays.
    pub fn time_range(mut self, range: std::ops::Range<usize>) -> Self {
        self.time_range = Some(range);
        self
    }

    /// The time of an ISO 8601 date such as `1959-01-02T00`.
    pub fn time(mut self, date: impl Into<String>) -> Self {
        self.time = Some(TimePick::Date(date.into()));
        self
    }

    /// The last time.
    pub fn latest(mut self) -> Self {
        self.time = Some(TimePick::Latest);
        self
    }

    /// The pressure level, hPa.
    pub fn level_hpa(mut self, hpa: f64) -> Self {
        self.level_pa = Some(hpa * 100.0);
        self
    }

    /// The pressure level, Pa.
    pub fn level_pa(mut self, pa: f64) -> Self {
        self.level_pa = Some(pa);
        self
    }

    /// The ensemble member at `index`, from 0.
    pub fn member(mut self, index: usize) -> Self {
        self.member = Some(index);
        self
    }

    /// The forecast lead, hours.
    pub fn lead_hours(mut self, hours: f64) -> Self {
        self.lead_hours = Some(hours);
        self
    }

    /// The forecast lead at `index`, from 0.
    pub fn lead_index(mut self, index: usize) -> Self {
        self.lead_index = Some(index);
        self
    }

    /// Hands back NaN for missing values in place of an error.
    pub fn allow_missing(mut self) -> Self {
        self.allow_missing = true;
        self
    }
}
