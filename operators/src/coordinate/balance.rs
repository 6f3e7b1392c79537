//! Factors of the terms of a loss, so that none is drowned by another.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How factors are found; each multiplies the term's own weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// 1 for all.
    None,
    /// Gradients of equal norm: `f_k = sum_j |grad L_j| / |grad L_k|` (Wang et al., An Expert's Guide
    /// to Training PINNs, 2023, eq. 4.2).
    #[default]
    GradientNorm,
    /// Neural tangent kernels of equal trace: `f_k = sum_j tr K_j / tr K_k` (Wang, Yu and
    /// Perdikaris, J. Comput. Phys. 449, 2022, eq. 6.5).
    Ntk,
    /// Softmax of the losses' relative progress with random looks back (ReLoBRaLo: Bischof and Kraus
    /// 2021, arXiv 2110.09813, eq. 12).
    Relobralo,
}

/// Share of the old factors in the new.
const INERTIA: f64 = 0.9;
/// ReLoBRaLo: temperature, share of the old factors, chance of looking at the last step and not back
/// to the first.
const RELOBRALO: (f64, f64, f64) = (0.1, 0.99, 0.99);
/// Factors stay within this of 1.
const WIDEST: f64 = 1e6;

/// What balancing remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Balancing {
    /// Factor of each term.
    pub factors: Vec<f64>,
    first: Vec<f64>,
    last: Vec<f64>,
}

impl Balancing {
    pub fn new(terms: usize) -> Self {
        Self {
            factors: vec![1.0; terms],
            first: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Factors inversely proportional to sizes: norms of gradients, traces of kernels.
    pub fn equalise(&mut self, sizes: &[f64]) {
        let sum: f64 = sizes.iter().sum();
        let first = self.last.is_empty();
        for (factor, size) in self.factors.iter_mut().zip(sizes) {
            let wanted = (sum / size.max(f64::MIN_POSITIVE)).clamp(1.0 / WIDEST, WIDEST);
            *factor = match first {
                true => wanted,
                false => INERTIA * *factor + (1.0 - INERTIA) * wanted,
            };
        }
        self.last = sizes.to_vec();
    }

    /// ReLoBRaLo's step with the terms' losses.
    pub fn by_progress(&mut self, losses: &[f64], seed: u64, step: usize) {
        let (temperature, inertia, near) = RELOBRALO;
        if self.first.is_empty() {
            self.first = losses.to_vec();
            self.last = losses.to_vec();
        }
        let shares = |before: &[f64]| {
            let progress: Vec<f64> = losses
                .iter()
                .zip(before)
                .map(|(now, before)| now / (temperature * before.max(f64::MIN_POSITIVE)))
                .collect();
            let most = progress.iter().fold(f64::MIN, |m, p| m.max(*p));
            let powers: Vec<f64> = progress.iter().map(|p| (p - most).exp()).collect();
            let sum: f64 = powers.iter().sum();
            let count = powers.len() as f64;
            powers.into_iter().map(move |p| count * p / sum)
        };
        // Another stream for each step, so that a resumed run draws the same.
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(step as u64);
        let look_back = !random.random_bool(near);
        let from_first: Vec<f64> = shares(&self.first).collect();
        let from_last: Vec<f64> = shares(&self.last).collect();
        for (n, factor) in self.factors.iter_mut().enumerate() {
            let kept = if look_back { from_first[n] } else { *factor };
            *factor = inertia * kept + (1.0 - inertia) * from_last[n];
        }
        self.last = losses.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_gradients_get_large_factors() {
        let mut balancing = Balancing::new(3);
        balancing.equalise(&[8.0, 1.0, 1.0]);
        assert_eq!(balancing.factors, [1.25, 10.0, 10.0]);
        balancing.equalise(&[1.0, 1.0, 1.0]);
        assert!((balancing.factors[1] - 9.3).abs() < 1e-12);
    }

    #[test]
    fn a_term_that_stalls_is_weighted_up() {
        let mut balancing = Balancing::new(2);
        let mut losses = [1.0, 1.0];
        for step in 0..400 {
            losses[0] *= 0.98;
            balancing.by_progress(&losses, 1, step);
        }
        let [fast, slow] = [0, 1].map(|n| balancing.factors[n]);
        assert!(slow > 1.05 && fast < 0.95, "{fast} {slow}");
        assert!((fast + slow - 2.0).abs() < 1e-9);
    }
}
