//! Reading states.

use super::{Placed, Series};
use crate::netcdf::{Reader, Selection};
use crate::{Error, Result};
use ndarray::Array3;
use std::ops::Range;
use std::sync::{Arc, PoisonError};

/// Files kept open.
const OPEN_FILES: usize = 32;

impl Series {
    /// Reads the states of a member at the times `times` (indices of the timeline) into `out`
    /// `[time][channel][latitude][longitude]`; NaN where there is no value. What lies side by side in
    /// a file is read in one go.
    ///
    /// # Errors
    /// [`Error::Shape`] if the buffer, times or member do not fit, and as [`Reader::read`].
    pub fn read(&self, member: usize, times: Range<usize>, out: &mut [f32]) -> Result<()> {
        let expected = times.len() * self.state_len();
        if out.len() != expected || times.end > self.timeline.len() || member >= self.members {
            return Err(Error::Shape {
                what: format!("states {} to {} of member {member}", times.start, times.end),
                expected: format!(
                    "{expected} values of {} times and {} members",
                    self.timeline.len(),
                    self.members
                ),
                found: format!("{} values", out.len()),
            });
        }
        let mut channel = 0;
        for variable in &self.variables {
            let places = &variable.places[times.clone()];
            let mut start = 0;
            for run in places.chunk_by(|a, b| a.0 == b.0 && a.1 + 1 == b.1) {
                self.run(variable, run, (member, channel), start, out)?;
                start += run.len();
            }
            channel += variable.levels_hpa.len();
        }
        Ok(())
    }

    /// Times of one file that follow one another, all levels of a variable.
    fn run(
        &self,
        variable: &Placed,
        run: &[(u32, u32)],
        (member, first): (usize, usize),
        start: usize,
        out: &mut [f32],
    ) -> Result<()> {
        let (file, time) = (run[0].0 as usize, run[0].1 as usize);
        let reader = self.reader(file)?;
        let points = self.grid.nlat() * self.grid.nlon();
        for (k, level) in variable.levels_hpa.iter().enumerate() {
            let mut selection = Selection::new()
                .time_range(time..time + run.len())
                .lead_index(0)
                .allow_missing();
            // a level that the file has no coordinate of was named by the user
            if let Some(hpa) = level
                && reader.has_level(&variable.query)?
            {
                selection = selection.level_hpa(*hpa);
            }
            if self.members > 1 {
                selection = selection.member(member);
            }
            let field = reader.read(&variable.query, &selection)?;
            let shape = (run.len(), self.cut.whole[0], self.cut.whole[1]);
            let found = field.values.shape().to_vec();
            let values: Array3<f64> =
                field
                    .values
                    .into_shape_with_order(shape)
                    .map_err(|_| Error::Shape {
                        what: format!("{}: {}", reader.path().display(), field.name),
                        expected: format!("{shape:?}"),
                        found: format!("{found:?}"),
                    })?;
            for (step, values) in values.outer_iter().enumerate() {
                let at = ((start + step) * self.channels.len() + first + k) * points;
                let mut place = out[at..at + points].iter_mut();
                for row in self.cut.rows.clone() {
                    let row = values.row(row);
                    for (&column, to) in self.cut.columns.iter().zip(&mut place) {
                        *to = row[column] as f32;
                    }
                }
            }
        }
        Ok(())
    }

    fn reader(&self, file: usize) -> Result<Arc<Reader>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|(number, _)| *number == file)
            && let Some(entry) = open.remove(at)
        {
            let reader = entry.1.clone();
            open.push_back(entry);
            return Ok(reader);
        }
        let reader = Arc::new(Reader::open(&self.files[file])?);
        if open.len() >= OPEN_FILES {
            open.pop_front();
        }
        open.push_back((file, reader.clone()));
        Ok(reader)
    }
}
