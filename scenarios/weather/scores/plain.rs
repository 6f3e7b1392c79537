//! Scores of an ensemble as they are defined, point by point: what [`moments`](super::moments) is tested
//! against.

use super::Cells;
use ndarray::ArrayView2;

/// Averages over an area at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct EnsembleScores {
    /// Continuous ranked probability score of the members' empirical distribution.
    pub crps: f64,
    /// The same, unbiased by the number of members; NaN of one.
    pub crps_fair: f64,
    /// Square of the ensemble mean's error.
    pub mean_square: f64,
    /// Variance of the members over m - 1; NaN of one.
    pub variance: f64,
    /// Share of the area where so many members lie below the truth, m + 1 numbers; ties go to the
    /// ranks that they tie in equal parts.
    pub ranks: Vec<f64>,
}

/// Scores of members and their truth, all `[latitude][longitude]`; NaN where a value is missing.
///
/// # Panics
/// Without members, or with fields of different shapes.
pub fn ensemble(
    cells: &Cells,
    members: &[ArrayView2<f64>],
    truth: ArrayView2<f64>,
) -> EnsembleScores {
    let count = members.len();
    let m = count as f64;
    let mut scores = EnsembleScores {
        crps: 0.0,
        crps_fair: 0.0,
        mean_square: 0.0,
        variance: 0.0,
        ranks: vec![0.0; count + 1],
    };
    let mut values = vec![0.0; count];
    for ((j, i), &truth) in truth.indexed_iter() {
        let weight = cells.weight(j, i);
        if weight <= 0.0 {
            continue;
        }
        let mut missing = truth.is_nan();
        for (value, member) in values.iter_mut().zip(members) {
            *value = member[[j, i]];
            missing |= value.is_nan();
        }
        if missing {
            scores.crps = f64::NAN;
            scores.crps_fair = f64::NAN;
            scores.mean_square = f64::NAN;
            scores.variance = f64::NAN;
            continue;
        }
        values.sort_unstable_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / m;
        let mut distance = 0.0;
        let mut squares = 0.0;
        // half the sum over all pairs of |x_i - x_j| of sorted values
        let mut pairs = 0.0;
        for (k, value) in values.iter().enumerate() {
            distance += (value - truth).abs();
            squares += (value - mean).powi(2);
            pairs += (2.0 * k as f64 + 1.0 - m) * value;
        }
        scores.crps += weight * (distance / m - pairs / (m * m));
        scores.crps_fair += weight * (distance / m - pairs / (m * (m - 1.0)));
        scores.mean_square += weight * (mean - truth).powi(2);
        scores.variance += weight * squares / (m - 1.0);
        let below = values.partition_point(|v| *v < truth);
        let ties = values[below..].iter().take_while(|v| **v == truth).count();
        let part = weight / (ties + 1) as f64;
        scores.ranks[below..=below + ties]
            .iter_mut()
            .for_each(|r| *r += part);
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::super::{Region, Weights};
    use super::*;
    use curlwind_datasets::coordinates::LatLon;
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    fn cells(points: usize) -> Cells {
        let longitudes = (0..points)
            .map(|i| 360.0 / points as f64 * i as f64)
            .collect();
        let grid = LatLon::new(vec![0.0], longitudes).expect("grid");
        Cells::new(&Region::globe(), Weights::Area, &grid, None).expect("cells")
    }

    /// The definitions, pair by pair.
    fn naive(members: &[f64], truth: f64) -> [f64; 2] {
        let m = members.len() as f64;
        let distance = members.iter().map(|x| (x - truth).abs()).sum::<f64>() / m;
        let pairs: f64 = members
            .iter()
            .flat_map(|a| members.iter().map(move |b| (a - b).abs()))
            .sum();
        [
            distance - pairs / (2.0 * m * m),
            distance - pairs / (2.0 * m * (m - 1.0)),
        ]
    }

    proptest! {
        #[test]
        fn sorted_members_give_what_all_pairs_give(
            members in prop::collection::vec(-5.0..5.0f64, 2..12),
            truth in -5.0..5.0f64,
        ) {
            let fields: Vec<Array2<f64>> = members.iter().map(|x| array![[*x]]).collect();
            let views: Vec<_> = fields.iter().map(|f| f.view()).collect();
            let found = ensemble(&cells(1), &views, array![[truth]].view());
            let [crps, fair] = naive(&members, truth);
            prop_assert!((found.crps - crps).abs() < 1e-12);
            prop_assert!((found.crps_fair - fair).abs() < 1e-12);
            prop_assert!(found.crps >= -1e-12);
            prop_assert!((found.ranks.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn known_values() {
        let fields = [array![[0.0, 1.0]], array![[2.0, 1.0]]];
        let views: Vec<_> = fields.iter().map(|f| f.view()).collect();
        let found = ensemble(&cells(2), &views, array![[1.0, 1.0]].view());
        // at the first point |0 - 1| and |2 - 1| less 2 / 4, fair less 2 / 2; at the second 0
        assert!((found.crps - 0.25).abs() < 1e-15 && found.crps_fair.abs() < 1e-15);
        assert!(found.mean_square.abs() < 1e-15 && (found.variance - 1.0).abs() < 1e-15);
        // one below at the first point, a tie with both at the second
        let third = 0.5 / 3.0;
        let expected = [third, 0.5 + third, third];
        let close = found
            .ranks
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 1e-15);
        assert!(close, "{:?}", found.ranks);
        let missing = [array![[f64::NAN, 1.0]], array![[2.0, 1.0]]];
        let views: Vec<_> = missing.iter().map(|f| f.view()).collect();
        let found = ensemble(&cells(2), &views, array![[1.0, 1.0]].view());
        assert!(found.crps.is_nan() && found.mean_square.is_nan());
    }
}
