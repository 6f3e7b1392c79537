//! Ranks of a factorised tensor that keep a given share of its parameters.
//!
//! The rules are those of tensorly (Kossaifi et al., TensorLy: Tensor Learning in Python, JMLR 2019),
//! so that a share means the same network here and in PyTorch's neuraloperator.

/// Ranks of Tucker's form of a tensor of this shape with `share` of its parameters: each rank is the
/// same part `c` of its dimension, with `c^N prod I + c sum I^2 = share prod I`, rounded, at least 1.
pub(crate) fn tucker_ranks(shape: &[usize], share: f64) -> Vec<usize> {
    // Grows with the part: halving finds the root to the last bit, which rounding then forgets.
    let (mut low, mut high) = (0.0, share.max(1.0));
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        match tucker_share(shape, middle) < share {
            true => low = middle,
            false => high = middle,
        }
    }
    let part = 0.5 * (low + high);
    shape.iter().map(|&n| rank(n as f64 * part)).collect()
}

/// Rank of the canonical polyadic form of a tensor of this shape with `share` of its parameters:
/// `share prod I / sum I`, rounded, at least 1.
pub(crate) fn cp_rank(shape: &[usize], share: f64) -> usize {
    let [product, sum] = product_and_sum(shape);
    rank(share * product / sum)
}

/// A share that gives these ranks of Tucker's form, if there is one.
pub(crate) fn share_of_tucker_ranks(shape: &[usize], ranks: &[usize]) -> Option<f64> {
    // Each rank leaves an interval of parts that are rounded to it.
    let (low, high) = shape
        .iter()
        .zip(ranks)
        .fold((0.0f64, 1.0f64), |(low, high), (&n, &r)| {
            let (n, r) = (n as f64, r as f64);
            let least = if r > 1.0 { (r - 0.5) / n } else { 0.0 };
            (low.max(least), high.min((r + 0.5) / n))
        });
    // The middle, but for parts whose share exceeds the whole.
    [0.5 * (low + high), low + 1e-9]
        .into_iter()
        .map(|part| tucker_share(shape, part).min(1.0))
        .find(|&share| share > 0.0 && tucker_ranks(shape, share) == ranks)
}

/// A share that gives this rank of the canonical polyadic form, if there is one.
pub(crate) fn share_of_cp_rank(shape: &[usize], rank: usize) -> Option<f64> {
    let [product, sum] = product_and_sum(shape);
    let share = (rank as f64 * sum / product).min(1.0);
    (share > 0.0 && cp_rank(shape, share) == rank).then_some(share)
}

/// Share of the parameters that ranks of `part` of each dimension need.
fn tucker_share(shape: &[usize], part: f64) -> f64 {
    let [product, _] = product_and_sum(shape);
    let squares: f64 = shape.iter().map(|&n| (n as f64).powi(2)).sum();
    part.powi(shape.len() as i32) + part * squares / product
}

fn product_and_sum(shape: &[usize]) -> [f64; 2] {
    let sizes = || shape.iter().map(|&n| n as f64);
    [sizes().product(), sizes().sum()]
}

fn rank(exact: f64) -> usize {
    (exact.round_ties_even() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against tensorly 0.10.0, `validate_tucker_rank` and `validate_cp_rank`.
    #[test]
    fn ranks_are_tensorlys() {
        for (shape, share, tucker, cp) in [
            (&[32, 32, 16, 9][..], 0.03, &[13, 13, 6, 4][..], 50),
            (&[32, 32, 16, 9], 0.1, &[18, 18, 9, 5], 166),
            (&[32, 32, 16, 9], 1.0, &[32, 32, 16, 9], 1657),
            (&[64, 64, 12, 12, 7], 0.1, &[40, 40, 8, 8, 4], 2597),
            (&[64, 64, 12, 12, 7], 0.5, &[56, 56, 10, 10, 6], 12984),
            (&[4, 4, 6, 3], 0.1, &[1, 1, 2, 1], 2),
            (&[3, 3, 3], 1.0, &[2, 2, 2], 3),
            (&[20, 20, 64, 33], 0.03, &[8, 8, 26, 13], 185),
            (&[48, 48, 17], 0.1, &[18, 18, 6], 35),
        ] {
            assert_eq!(tucker_ranks(shape, share), tucker, "{shape:?} {share}");
            assert_eq!(cp_rank(shape, share), cp, "{shape:?} {share}");
        }
    }

    #[test]
    fn shares_are_found_again() {
        for shape in [&[32, 32, 16, 9][..], &[3, 3, 5], &[64, 64, 12, 12, 7]] {
            for share in [0.01, 0.05, 0.1, 0.42, 0.9, 1.0] {
                let ranks = tucker_ranks(shape, share);
                let found = share_of_tucker_ranks(shape, &ranks).expect("a share");
                assert_eq!(tucker_ranks(shape, found), ranks, "{shape:?} {share}");
                let rank = cp_rank(shape, share);
                let found = share_of_cp_rank(shape, rank).expect("a share");
                assert_eq!(cp_rank(shape, found), rank, "{shape:?} {share}");
            }
        }
        assert_eq!(
            share_of_tucker_ranks(&[32, 32, 16, 9], &[32, 2, 2, 2]),
            None
        );
    }
}
