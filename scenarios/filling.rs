//! Training stores filled by all processes together.

use crate::claims::{Claims, Pace, share_out};
use crate::error::{Error, Result};
use crate::ranks;
use curlwind_datasets::samples::{SampleLayout, SampleStoreWriter};
use curlwind_datasets::store::{Layout, StoreWriter};
use indicatif::ProgressBar;
use std::path::Path;

/// A store in the making, and who makes which part of it.
pub struct Filling<W> {
    /// Writes what is made; rank 0's keeps other runs off the folder.
    pub writer: W,
    claims: Option<Claims>,
}

impl Filling<StoreWriter> {
    /// Begins or goes on with a store of trajectories.
    ///
    /// # Errors
    /// A store made by other settings, or by another run at this time.
    pub fn trajectories(folder: &Path, layout: &Layout) -> Result<Self> {
        Self::begin(
            folder,
            || StoreWriter::create_or_resume(folder, layout),
            || StoreWriter::beside(folder, layout),
        )
    }

    /// Makes the trajectories that the store still lacks; stops at the first failure, and keeps what
    /// is complete.
    ///
    /// # Errors
    /// What `make` returns; a store that cannot be written.
    pub fn fill(
        self,
        progress: &ProgressBar,
        make: impl Fn(usize) -> Result<Vec<f32>> + Sync,
    ) -> Result<()> {
        let work = |writer: &StoreWriter, n: usize| {
            let states = make(n)?;
            progress.inc(1);
            writer.write(n, &states).map_err(Error::failed)
        };
        let total = self.begin_progress(progress);
        self.share_out(total, Pace::OnCores, StoreWriter::is_complete, work)?;
        progress.finish_and_clear();
        Ok(())
    }

    /// The same with up to `at_once` trajectories made together; `make` is given the numbers of
    /// those that are missing.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub fn fill_together(
        self,
        progress: &ProgressBar,
        at_once: usize,
        make: impl Fn(&[usize]) -> Result<Vec<Vec<f32>>> + Sync,
    ) -> Result<()> {
        let total = self.begin_progress(progress);
        let missing = |writer: &StoreWriter, piece: usize| -> Vec<usize> {
            let all = piece * at_once..total.min((piece + 1) * at_once);
            all.filter(|n| !writer.is_complete(*n)).collect()
        };
        let work = |writer: &StoreWriter, piece: usize| {
            let numbers = missing(writer, piece);
            for (number, states) in numbers.iter().zip(make(&numbers)?) {
                writer.write(*number, &states).map_err(Error::failed)?;
                progress.inc(1);
            }
            Ok(())
        };
        let is_complete = |writer: &StoreWriter, piece| missing(writer, piece).is_empty();
        self.share_out(total.div_ceil(at_once), Pace::InTurn, is_complete, work)?;
        progress.finish_and_clear();
        Ok(())
    }

    /// Shows what is there already; gives the number of trajectories.
    fn begin_progress(&self, progress: &ProgressBar) -> usize {
        let total = self.writer.layout().trajectories;
        progress.set_length(total as u64);
        progress.set_position((total - self.writer.missing().len()) as u64);
        total
    }
}

impl Filling<SampleStoreWriter> {
    /// Begins or goes on with a store of samples.
    ///
    /// # Errors
    /// A store made by other settings, or by another run at this time.
    pub fn samples(folder: &Path, layout: &SampleLayout) -> Result<Self> {
        Self::begin(
            folder,
            || SampleStoreWriter::create_or_resume(folder, layout),
            || SampleStoreWriter::beside(folder, layout),
        )
    }

    /// Makes the files that the store still lacks: `make` is given their numbers and writes them.
    ///
    /// # Errors
    /// What `make` returns.
    pub fn fill(
        self,
        files: usize,
        make: impl Fn(&SampleStoreWriter, usize) -> Result<()> + Sync,
    ) -> Result<()> {
        self.share_out(files, Pace::OnCores, SampleStoreWriter::is_complete, make)
    }
}

impl<W: Sync> Filling<W> {
    fn begin<E: std::fmt::Display>(
        folder: &Path,
        first: impl FnOnce() -> Result<W, E>,
        beside: impl FnOnce() -> Result<W, E>,
    ) -> Result<Self> {
        let own = match ranks::rank() {
            0 => Some(first().map_err(Error::unusable)?),
            _ => None,
        };
        // the folder is there once all have met
        let claims = Claims::begin(&folder.with_extension("claims"))?;
        let writer = match own {
            Some(writer) => writer,
            None => beside().map_err(Error::unusable)?,
        };
        Ok(Self { writer, claims })
    }

    fn share_out(
        self,
        count: usize,
        pace: Pace,
        is_complete: impl Fn(&W, usize) -> bool + Sync,
        work: impl Fn(&W, usize) -> Result<()> + Sync,
    ) -> Result<()> {
        let Self { writer, claims } = self;
        let missing: Vec<usize> = (0..count).filter(|n| !is_complete(&writer, *n)).collect();
        let names: Vec<String> = missing.iter().map(usize::to_string).collect();
        share_out(
            claims.as_ref(),
            &names,
            pace,
            |n| is_complete(&writer, missing[n]),
            |n| work(&writer, missing[n]),
        )?;
        if let (0, Some(claims)) = (ranks::rank(), claims) {
            claims.end();
        }
        Ok(())
    }
}
