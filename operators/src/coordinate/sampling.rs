//! Where the residual is looked at.

use super::problem::Place;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How points are chosen, and chosen again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sampling {
    /// Steps between new points; 0 keeps the first.
    pub interval: usize,
    /// Whether new points are drawn with a density `|r|^k / mean |r|^k + c` (RAD: Wu et al., Comput.
    /// Methods Appl. Mech. Eng. 403, 2023, eq. 2).
    pub adaptive: bool,
    /// `k`.
    pub power: f64,
    /// `c`.
    pub floor: f64,
    /// Candidates for each adaptive point.
    pub candidates: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            interval: 0,
            adaptive: false,
            power: 1.0,
            floor: 1.0,
            candidates: 4,
        }
    }
}

/// Points of a term, `D` numbers each: in a box one in each of as many equal strips along every
/// coordinate (Latin hypercube), so that no region is left out by chance.
pub(super) fn points(place: &Place, count: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    match place {
        Place::Cloud(sampler) => sampler(count, random),
        Place::Box { lower, upper } => {
            let d = lower.len();
            let mut points = vec![0.0; count * d];
            let mut strips: Vec<usize> = (0..count).collect();
            for axis in 0..d {
                strips.shuffle(random);
                let length = upper[axis] - lower[axis];
                for (n, &strip) in strips.iter().enumerate() {
                    let share = (strip as f64 + random.random::<f64>()) / count as f64;
                    points[n * d + axis] = lower[axis] + length * share;
                }
            }
            points
        }
    }
}

impl Sampling {
    /// Draws `count` of candidates of `d` numbers each, by the sizes of their residuals.
    pub(super) fn draw(
        &self,
        candidates: &[f64],
        sizes: &[f64],
        count: usize,
        d: usize,
        random: &mut ChaCha8Rng,
    ) -> Vec<f64> {
        let powers: Vec<f64> = sizes.iter().map(|r| r.abs().powf(self.power)).collect();
        let mean = powers.iter().sum::<f64>() / powers.len().max(1) as f64;
        let mean = mean.max(f64::MIN_POSITIVE);
        let density: Vec<f64> = powers.iter().map(|p| p / mean + self.floor).collect();
        let total: f64 = density.iter().sum();
        // One draw in each of `count` equal shares of the density: as it says, without clusters.
        let mut chosen = Vec::with_capacity(count * d);
        let (mut at, mut reached) = (0, density[0]);
        for n in 0..count {
            let wanted = (n as f64 + random.random::<f64>()) / count as f64 * total;
            while reached < wanted && at + 1 < density.len() {
                at += 1;
                reached += density[at];
            }
            chosen.extend_from_slice(&candidates[at * d..(at + 1) * d]);
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn every_strip_has_its_point() {
        let place = Place::Box {
            lower: vec![-1.0, 2.0],
            upper: vec![1.0, 2.0],
        };
        let found = points(&place, 50, &mut ChaCha8Rng::seed_from_u64(3));
        let mut strips: Vec<usize> = found
            .chunks(2)
            .map(|p| ((p[0] + 1.0) / 2.0 * 50.0) as usize)
            .collect();
        strips.sort_unstable();
        assert_eq!(strips, (0..50).collect::<Vec<_>>());
        assert!(found.chunks(2).all(|p| p[1] == 2.0));
    }

    #[test]
    fn points_go_where_the_residual_is() {
        let sampling = Sampling {
            adaptive: true,
            ..Default::default()
        };
        let candidates: Vec<f64> = (0..1000).map(|n| n as f64).collect();
        let sizes: Vec<f64> = candidates.iter().map(|x| f64::from(*x < 100.0)).collect();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let drawn = sampling.draw(&candidates, &sizes, 2000, 1, &mut random);
        let inside = drawn.iter().filter(|x| **x < 100.0).count();
        // Density 11 on a tenth and 1 on the rest: 1100 of 2000.
        assert!((1060..1140).contains(&inside), "{inside}");
    }
}
