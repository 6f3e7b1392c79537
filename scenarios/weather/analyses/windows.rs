//! The store of a series as windows for the trainer, with forcings computed as they are needed.

use super::ingest::Ingested;
use crate::error::{Error, Result};
use curlwind_datasets::series::Derived;
use curlwind_operators::training::Windows;
use std::ops::Range;

/// Windows of `steps` steps from runs of states.
pub struct SeriesWindows<'s> {
    data: &'s Ingested,
    /// First state of each window.
    starts: Vec<usize>,
    steps: usize,
    forcings: Vec<Derived>,
    /// What stands for a missing value of each channel.
    fill: Vec<f32>,
}

impl<'s> SeriesWindows<'s> {
    /// Windows from runs of states without a gap.
    ///
    /// # Errors
    /// Runs that are all shorter than a window.
    pub fn new(
        data: &'s Ingested,
        runs: &[Range<usize>],
        steps: usize,
        forcings: &[Derived],
        mean: &[f64],
    ) -> Result<Self> {
        let starts: Vec<usize> = runs
            .iter()
            .flat_map(|run| run.start..(run.end.saturating_sub(steps)).max(run.start))
            .collect();
        if starts.is_empty() {
            let longest = runs.iter().map(Range::len).max().unwrap_or(0);
            return Err(Error::unusable(format!(
                "a roll-out of {steps} steps needs {} states without a gap; the longest run of a set \
                 has {longest}",
                steps + 1
            )));
        }
        Ok(Self {
            data,
            starts,
            steps,
            forcings: forcings.to_vec(),
            fill: mean.iter().map(|m| *m as f32).collect(),
        })
    }
}

impl Windows for SeriesWindows<'_> {
    fn len(&self) -> usize {
        self.starts.len()
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn state_shape(&self) -> [usize; 3] {
        self.data.state_shape()
    }

    fn read(&self, index: usize, steps: usize, out: &mut [f32]) -> curlwind_operators::Result<()> {
        let failed = |what: String| curlwind_operators::Error::Data(what);
        let start = self.starts.get(index).copied();
        let start = start.ok_or_else(|| failed(format!("there is no window {index}")))?;
        self.data
            .read(start..start + steps + 1, out)
            .map_err(|error| failed(error.to_string()))?;
        let points = self.data.points();
        for (field, number) in out.chunks_exact_mut(points).zip(0..) {
            let fill = self.fill[number % self.fill.len()];
            field
                .iter_mut()
                .filter(|v| v.is_nan())
                .for_each(|v| *v = fill);
        }
        Ok(())
    }

    fn forcings(&self) -> usize {
        self.forcings.iter().map(|f| f.names().len()).sum()
    }

    fn read_forcings(
        &self,
        index: usize,
        steps: usize,
        out: &mut [f32],
    ) -> curlwind_operators::Result<()> {
        let failed = |what: String| curlwind_operators::Error::Data(what);
        let start = self.starts.get(index).copied();
        let start = start.ok_or_else(|| failed(format!("there is no window {index}")))?;
        let mut all = Vec::with_capacity(out.len());
        for state in start..start + steps {
            let time = self.data.date(state);
            let time = time.ok_or_else(|| failed(format!("there is no state {state}")))?;
            for forcing in &self.forcings {
                forcing.append(self.data.grid(), time, self.data.calendar(), &mut all);
            }
        }
        if all.len() != out.len() {
            return Err(failed(format!("{} forcings for {}", all.len(), out.len())));
        }
        out.copy_from_slice(&all);
        Ok(())
    }
}
