//! Which field of a file is true when, and the fields read lately.

use crate::error::{Error, Result};
use curlwind_datasets::netcdf::{ForecastReader, SlabReader};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of fields that are kept.
const KEPT: usize = 128 << 20;

/// Where the fields of a file are by their times, in microseconds.
pub(super) struct Times {
    /// Lead and time of an initial time and a lead.
    exact: HashMap<(i64, i64), (usize, usize)>,
    /// Of a valid time, the shortest lead.
    valid: HashMap<i64, (usize, usize)>,
}

/// Hours in microseconds.
pub(super) fn microseconds(hours: f64) -> i64 {
    (hours * 3.6e9).round() as i64
}

impl Times {
    pub fn new(file: &ForecastReader) -> Self {
        let calendar = file.calendar();
        let (mut exact, mut valid) = (HashMap::new(), HashMap::new());
        // leads increase: the first that is valid at a time is the shortest
        for (k, lead) in file.leads_hours().iter().enumerate() {
            let lead = microseconds(*lead);
            for (t, initial) in file.initial_times().iter().enumerate() {
                let initial = initial.microseconds(calendar);
                exact.insert((initial, lead), (k, t));
                valid.entry(initial + lead).or_insert((k, t));
            }
        }
        Self { exact, valid }
    }

    /// The truth of a forecast: of the same initial time and lead if there is one, else that of its valid
    /// time with the shortest lead.
    pub fn truth(&self, initial: i64, lead: i64) -> Option<(usize, usize)> {
        let same = self.exact.get(&(initial, lead));
        same.or_else(|| self.valid.get(&(initial + lead))).copied()
    }

    /// The forecast of an initial time and a lead.
    pub fn forecast(&self, initial: i64, lead: i64) -> Option<(usize, usize)> {
        self.exact.get(&(initial, lead)).copied()
    }
}

/// The times of a file in words, for those who look for an overlap.
pub(super) fn span(file: &ForecastReader) -> String {
    let (times, leads) = (file.initial_times(), file.leads_hours());
    let longest = leads.last().copied().unwrap_or(0.0);
    match (times.first(), times.last()) {
        (Some(first), Some(last)) if times.len() > 1 => {
            format!("initial times {first} to {last}, leads to {longest} h")
        }
        (Some(first), _) => format!("{first} and {longest} h on"),
        _ => "no times".into(),
    }
}

type Kept = HashMap<(usize, usize), Arc<Vec<f64>>>;

/// One member's fields, north to south, kept for a while: the truth of one lead is that of another.
pub(super) struct Fields<'f> {
    reader: SlabReader<'f>,
    member: usize,
    kept: Mutex<Kept>,
}

impl<'f> Fields<'f> {
    pub fn new(reader: SlabReader<'f>, member: usize) -> Self {
        Self {
            reader,
            member,
            kept: Mutex::default(),
        }
    }

    /// The field at a lead and a time; what is missing is NaN.
    pub fn read(&self, lead: usize, time: usize) -> Result<Arc<Vec<f64>>> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(field) = kept().get(&(lead, time)) {
            return Ok(field.clone());
        }
        let mut values = Vec::new();
        self.reader
            .read(lead, time, &[self.member], &mut values)
            .map_err(Error::unusable)?;
        let field = Arc::new(north_to_south(values, self.reader.rows()));
        let mut all = kept();
        if (all.len() + 1) * field.len() * 8 > KEPT {
            all.clear();
        }
        all.insert((lead, time), field.clone());
        Ok(field)
    }
}

/// One field whose rows are in the file's order.
pub(super) fn north_to_south(values: Vec<f64>, rows: &[usize]) -> Vec<f64> {
    if rows.iter().enumerate().all(|(j, row)| j == *row) {
        return values;
    }
    let width = values.len() / rows.len();
    let row = |row: &usize| &values[row * width..(row + 1) * width];
    rows.iter().flat_map(row).copied().collect()
}
