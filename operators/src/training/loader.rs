//! Shuffles and batches, read ahead by a thread.

use super::config::Stage;
use super::parallel::DataParallel;
use super::task::{Part, Task};
use crate::error::Result;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

/// The order of the samples in an epoch; a function of the seed and the epoch alone.
pub(super) fn order(seed: u64, epoch: u64, samples: usize) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch + 1);
    let mut order: Vec<usize> = (0..samples).collect();
    order.shuffle(&mut rng);
    order
}

/// The samples of an epoch, in order.
pub(super) struct Epoch<'a> {
    pub part: Part,
    pub stage: &'a Stage,
    pub order: &'a [usize],
    pub batch_size: usize,
    /// Parts that a batch is read in.
    pub parts: usize,
    pub seed: u64,
    /// Number of the epoch, and of its first batch that is wanted.
    pub epoch: u64,
    pub first_batch: usize,
    /// Who else works on each batch.
    pub ranks: Option<&'a DataParallel>,
}

impl Epoch<'_> {
    /// The generator of a batch's random choices: a stream for each epoch that no shuffle uses,
    /// and in it a range of 2^32 words for each batch.
    fn rng(&self, batch: usize) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(u64::MAX - self.epoch);
        rng.set_word_pos((batch as u128) << 32);
        rng
    }

    /// Calls `use_batch` with the parts of each batch and their sizes, and the size of the whole, in
    /// order, while the next is being read. Where several processes share a batch there may be none.
    /// Stops at the first error or when `use_batch` returns `false`. Returns the seconds
    /// that were spent waiting for batches.
    pub fn for_each_batch<T: Task>(
        &self,
        task: &T,
        mut use_batch: impl FnMut(Vec<(T::Batch, usize)>, usize) -> Result<bool>,
    ) -> Result<f64> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(2);
            scope.spawn(move || {
                let batches = self.order.chunks(self.batch_size).enumerate();
                for (number, indices) in batches.skip(self.first_batch) {
                    let mut rng = self.rng(number);
                    let own = self.ranks.map_or(indices, |ranks| ranks.part(indices));
                    let part = own.len().div_ceil(self.parts).max(1);
                    let batch: Result<Vec<_>> = own
                        .chunks(part)
                        .map(|part| {
                            let batch = task.read(self.part, part, self.stage, &mut rng)?;
                            Ok((batch, part.len()))
                        })
                        .collect();
                    let batch = batch.map(|parts| (parts, indices.len()));
                    let failed = batch.is_err();
                    // The receiver hangs up when training stops.
                    if sender.send(batch).is_err() || failed {
                        break;
                    }
                }
            });
            let mut waited = 0.0;
            loop {
                let begun = Instant::now();
                let Ok(batch) = receiver.recv() else {
                    break;
                };
                waited += begun.elapsed().as_secs_f64();
                let (parts, samples) = batch?;
                if !use_batch(parts, samples)? {
                    break;
                }
            }
            Ok(waited)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_of_its_epoch() {
        let (a, b) = (order(7, 0, 50), order(7, 1, 50));
        assert_eq!(a, order(7, 0, 50));
        assert_ne!(a, b);
        let mut sorted = b;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..50));
    }
}
