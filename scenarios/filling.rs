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
        let total = self.writer.layout().trajectories;
        progress.set_length(total as u64);
        progress.set_position((total - self.writer.missing().len()) as u64);
        let work = |writer: &StoreWriter, n: usize| {
            let states = make(n)?;
            progress.inc(1);
            writer.write(n, &states).map_err(Error::failed)
        };
        self.share_out(total, StoreWriter::is_complete, work)?;
        progress.finish_and_clear();
        Ok(())
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
        self.share_out(files, SampleStoreWriter::is_complete, make)
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
        is_complete: impl Fn(&W, usize) -> bool + Sync,
        work: impl Fn(&W, usize) -> Result<()> + Sync,
    ) -> Result<()> {
        let Self { writer, claims } = self;
        let missing: Vec<usize> = (0..count).filter(|n| !is_complete(&writer, *n)).collect();
        let names: Vec<String> = missing.iter().map(usize::to_string).collect();
        share_out(
            claims.as_ref(),
            &names,
            Pace::OnCores,
            |n| is_complete(&writer, missing[n]),
            |n| work(&writer, missing[n]),
        )?;
        if let (0, Some(claims)) = (ranks::rank(), claims) {
            claims.end();
        }
        Ok(())
    }
}
