//! The small matrix products of running transforms: `sums += samples^T weights` for one row, with
//! [`KEPT`] samples of `n` values and as many of the weights of each sum. Each sum takes its
//! samples in their order, whatever the width of the vectors, so all instruction sets agree.

use super::Real;

/// Samples kept before they are added.
pub(super) const KEPT: usize = 16;
/// Values side by side in a product.
pub(super) const LANES: usize = 16;
/// Sums of a value side by side, which share its load.
const TOGETHER: usize = 4;

/// `(n, count, padded, samples, weights, sums)`: samples are `[sample][value]`, weights
/// `[sample][padded]` of which `count` are used.
pub(super) type Product<T> = unsafe fn(usize, usize, usize, &[T], &[f64], &mut [f64]);

/// Vectors along the row, for long ones; sums are `[count][value]`.
#[inline(always)]
pub(super) fn along_row<T: Real>(
    n: usize,
    count: usize,
    padded: usize,
    samples: &[T],
    weights: &[f64],
    sums: &mut [f64],
) {
    let mut first = 0;
    while first < n {
        // the last block is shorter
        let len = LANES.min(n - first);
        let mut block = [[0.0; LANES]; KEPT];
        for (s, to) in block.iter_mut().enumerate() {
            let from = &samples[s * n + first..s * n + first + len];
            for (to, from) in to.iter_mut().zip(from) {
                *to = from.to_f64();
            }
        }
        for f in (0..count).step_by(TOGETHER) {
            let some = TOGETHER.min(count - f);
            let mut all = [[0.0; LANES]; TOGETHER];
            for (q, sum) in all.iter_mut().enumerate().take(some) {
                let at = (f + q) * n + first;
                sum[..len].copy_from_slice(&sums[at..at + len]);
            }
            for (s, x) in block.iter().enumerate() {
                // weights are padded to a multiple of sixteen
                let w = &weights[s * padded + f..][..TOGETHER];
                for q in 0..TOGETHER {
                    for l in 0..LANES {
                        all[q][l] += w[q] * x[l];
                    }
                }
            }
            for (q, sum) in all.iter().enumerate().take(some) {
                let at = (f + q) * n + first;
                sums[at..at + len].copy_from_slice(&sum[..len]);
            }
        }
        first += len;
    }
}

/// Vectors along the frequencies, for short rows; sums are `[value][padded]`.
#[inline(always)]
pub(super) fn along_frequencies<T: Real>(
    n: usize,
    _count: usize,
    padded: usize,
    samples: &[T],
    weights: &[f64],
    sums: &mut [f64],
) {
    for i in 0..n {
        let own = &mut sums[i * padded..(i + 1) * padded];
        for (block, own) in own.chunks_exact_mut(LANES).enumerate() {
            let mut sum = [0.0; LANES];
            sum.copy_from_slice(own);
            for s in 0..KEPT {
                let x = samples[s * n + i].to_f64();
                let w = &weights[s * padded + block * LANES..][..LANES];
                for l in 0..LANES {
                    sum[l] += w[l] * x;
                }
            }
            own.copy_from_slice(&sum);
        }
    }
}
