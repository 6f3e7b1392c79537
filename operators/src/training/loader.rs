//! Shuffles and batches, read ahead by a thread.

use super::windows::Windows;
use crate::error::Result;
use crate::surrogate::Normalisation;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::sync::mpsc::sync_channel;

/// Normalised states of a batch: for each time `[B][C][H][W]`.
pub(super) struct Batch {
    pub states: Vec<Vec<f32>>,
    pub size: usize,
}

/// The order of the windows in an epoch; a function of the seed and the epoch alone.
pub(super) fn order(seed: u64, epoch: u64, windows: usize) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch + 1);
    let mut order: Vec<usize> = (0..windows).collect();
    order.shuffle(&mut rng);
    order
}

/// Calls `use_batch` with each batch of the given windows in order, while the next is being read.
/// Stops at the first error or when `use_batch` returns `false`.
pub(super) fn for_each_batch(
    windows: &dyn Windows,
    normalisation: &Normalisation,
    order: &[usize],
    batch_size: usize,
    steps: usize,
    mut use_batch: impl FnMut(Batch) -> Result<bool>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(2);
        scope.spawn(move || {
            for indices in order.chunks(batch_size) {
                let batch = read_batch(windows, normalisation, indices, steps);
                let failed = batch.is_err();
                // The receiver hangs up when training stops.
                if sender.send(batch).is_err() || failed {
                    break;
                }
            }
        });
        for batch in receiver {
            if !use_batch(batch?)? {
                break;
            }
        }
        Ok(())
    })
}

fn read_batch(
    windows: &dyn Windows,
    normalisation: &Normalisation,
    indices: &[usize],
    steps: usize,
) -> Result<Batch> {
    let [channels, height, width] = windows.state_shape();
    let points = height * width;
    let size = channels * points;
    let mut window = vec![0.0f32; (steps + 1) * size];
    let mut states = vec![Vec::with_capacity(indices.len() * size); steps + 1];
    for &index in indices {
        windows.read(index, steps, &mut window)?;
        for (state, target) in window.chunks(size).zip(&mut states) {
            for (channel, field) in state.chunks(points).enumerate() {
                let (mean, std) = (normalisation.mean[channel], normalisation.std[channel]);
                target.extend(field.iter().map(|&v| ((f64::from(v) - mean) / std) as f32));
            }
        }
    }
    Ok(Batch {
        states,
        size: indices.len(),
    })
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
