//! What scores of a row of points are made of, for an ensemble and for a single forecast.
//!
//! At each point: the ensemble mean's error, its absolute value and square; both anomalies, their squares
//! and product; of members x_1 .. x_m and truth o the distance sum |x_i - o|, half the sum over pairs
//! of |x_i - x_j| and the squares about the mean; and where the truth ranks. Points go sixteen at a
//! time through a sorting network (Batcher's merge exchange: Knuth, The Art of Computer Programming 3,
//! section 5.2.2, algorithm M), in which each comparison is one minimum and one maximum of
//! sixteen values. The tests compare it with the definitions, point by point.
//!
//! A point counts where the truth has a value and no member lacks one. A member that is infinite counts: it
//! makes the sums infinite or NaN, and a forecast that blew up stays a failure.

use super::Cells;
use curlwind_datasets::netcdf::Real;

/// Points side by side.
const LANES: usize = 16;

/// 1 where the point counts.
pub const VALID: usize = 0;
/// Ensemble mean minus truth.
pub const ERROR: usize = 1;
/// Its absolute value.
pub const ABSOLUTE: usize = 2;
/// Its square.
pub const SQUARE: usize = 3;
/// 1 where the point counts and the climatology has a value.
pub const KNOWN: usize = 4;
/// Forecast minus climatology,
pub const FORECAST: usize = 5;
/// truth minus climatology,
pub const TRUTH: usize = 6;
/// their squares
pub const FORECAST_SQUARE: usize = 7;
/// and
pub const TRUTH_SQUARE: usize = 8;
/// product.
pub const PRODUCT: usize = 9;
/// Sum over members of |x_i - o|.
pub const DISTANCE: usize = 10;
/// Half the sum over pairs of |x_i - x_j|.
pub const PAIRS: usize = 11;
/// Sum over members of (x_i - mean)^2.
pub const SPREAD: usize = 12;
/// How many.
pub const COUNT: usize = 13;

/// Comparisons that sort `m` values.
#[derive(Clone, Debug)]
pub struct SortingNetwork {
    comparisons: Vec<(u16, u16)>,
}

impl SortingNetwork {
    /// For `m` values.
    pub fn new(m: usize) -> Self {
        let mut comparisons = Vec::new();
        let top = m.next_power_of_two() / 2;
        let mut p = top;
        while p > 0 {
            let (mut q, mut r, mut d) = (top, 0, p);
            loop {
                let first = (0..m.saturating_sub(d)).filter(|i| i & p == r);
                comparisons.extend(first.map(|i| (i as u16, (i + d) as u16)));
                if q == p {
                    break;
                }
                d = q - p;
                q /= 2;
                r = p;
            }
            p /= 2;
        }
        Self { comparisons }
    }

    #[inline(always)]
    fn sort<T: Real>(&self, values: &mut [[T; LANES]]) {
        for (low, high) in &self.comparisons {
            let (a, b) = (values[usize::from(*low)], values[usize::from(*high)]);
            let (mut least, mut most) = (a, b);
            for l in 0..LANES {
                least[l] = if a[l] < b[l] { a[l] } else { b[l] };
                most[l] = if a[l] < b[l] { b[l] } else { a[l] };
            }
            values[usize::from(*low)] = least;
            values[usize::from(*high)] = most;
        }
    }
}

/// The moments of one row of points.
#[derive(Clone, Debug)]
pub struct Points {
    width: usize,
    /// `[moment][point]`, points padded to whole lanes.
    values: Vec<f64>,
    padded: usize,
    members: usize,
    /// Members below the truth, and as large, of each point.
    below: Vec<u16>,
    ties: Vec<u16>,
}

/// The moments of a whole row.
#[derive(Clone, Debug)]
pub struct RowSums {
    pub(super) moments: [f64; COUNT],
    pub(super) ranks: Vec<f64>,
}

/// The moments of a region.
#[derive(Clone, Debug)]
pub struct Sums {
    /// Weighted sums of each moment.
    pub moments: [f64; COUNT],
    /// Weight of the points where so many members lie below the truth, m + 1 numbers; ties go to the ranks
    /// that they tie in equal parts. Empty for a single forecast.
    pub ranks: Vec<f64>,
}

impl Points {
    fn new(width: usize, members: usize) -> Self {
        let padded = width.next_multiple_of(LANES);
        Self {
            width,
            values: vec![0.0; COUNT * padded],
            padded,
            members,
            below: vec![0; padded],
            ties: vec![0; padded],
        }
    }

    fn moment(&self, moment: usize) -> &[f64] {
        &self.values[moment * self.padded..][..self.width]
    }

    /// The sum of a moment over the row; 8 sums side by side.
    fn sum(&self, moment: usize) -> f64 {
        let mut sums = [0.0; 8];
        for eight in self.values[moment * self.padded..][..self.padded].chunks_exact(8) {
            sums.iter_mut().zip(eight).for_each(|(s, x)| *s += x);
        }
        sums.iter().sum()
    }

    /// The sum of a moment with a weight for each point.
    pub(super) fn weighted(&self, moment: usize, weights: &[f64]) -> f64 {
        // what lies outside must not count, and may be infinite
        let terms = self.moment(moment).iter().zip(weights);
        terms.filter(|(_, w)| **w > 0.0).map(|(x, w)| w * x).sum()
    }

    /// Adds the weight of each point to the rank of the truth among the members.
    pub(super) fn add_ranks(&self, weight: impl Fn(usize) -> f64, ranks: &mut [f64]) {
        if ranks.is_empty() {
            return;
        }
        for i in 0..self.width {
            let weight = weight(i) * self.values[VALID * self.padded + i];
            let (below, ties) = (usize::from(self.below[i]), usize::from(self.ties[i]));
            if ties == 0 {
                ranks[below] += weight;
            } else {
                let part = weight / (ties + 1) as f64;
                ranks[below..=below + ties]
                    .iter_mut()
                    .for_each(|r| *r += part);
            }
        }
    }

    /// Fills the row. Slices are `width` long.
    fn fill<T: Real>(
        &mut self,
        members: &[&[T]],
        truth: &[f64],
        climate: Option<&[f64]>,
        network: &SortingNetwork,
        block: &mut [[T; LANES]],
    ) {
        let m = members.len();
        let inverse = 1.0 / m as f64;
        let (width, padded) = (self.width, self.padded);
        for start in (0..width).step_by(LANES) {
            let count = LANES.min(width - start);
            let mut o = [f64::NAN; LANES];
            o[..count].copy_from_slice(&truth[start..start + count]);
            let mut valid = o.map(|x| if x.is_finite() { 1.0 } else { 0.0 });
            for (lanes, member) in block.iter_mut().zip(members) {
                lanes[..count].copy_from_slice(&member[start..start + count]);
                for l in 0..LANES {
                    // NaN alone differs from itself
                    #[allow(clippy::eq_op)]
                    let missing = lanes[l] != lanes[l];
                    valid[l] = if missing { 0.0 } else { valid[l] };
                }
            }
            let all = valid == [1.0; LANES];
            let mut mean = [0.0; LANES];
            for lanes in block.iter_mut() {
                if !all {
                    for l in 0..LANES {
                        lanes[l] = if valid[l] == 0.0 {
                            T::nearest(0.0)
                        } else {
                            lanes[l]
                        };
                    }
                }
                for l in 0..LANES {
                    mean[l] += lanes[l].into();
                }
            }
            for l in 0..LANES {
                o[l] = if valid[l] == 0.0 { 0.0 } else { o[l] };
                mean[l] *= inverse;
            }
            let mut put = |moment: usize, lanes: [f64; LANES]| {
                self.values[moment * padded + start..][..LANES].copy_from_slice(&lanes);
            };
            put(VALID, valid);
            let mut error = [0.0; LANES];
            for l in 0..LANES {
                error[l] = mean[l] - o[l];
            }
            put(ERROR, error);
            put(ABSOLUTE, error.map(f64::abs));
            put(SQUARE, error.map(|e| e * e));
            if let Some(climate) = climate {
                let mut c = [f64::NAN; LANES];
                c[..count].copy_from_slice(&climate[start..start + count]);
                let mut known = valid;
                let (mut f, mut t) = ([0.0; LANES], [0.0; LANES]);
                for l in 0..LANES {
                    known[l] = if c[l].is_finite() { known[l] } else { 0.0 };
                    f[l] = if known[l] == 0.0 { 0.0 } else { mean[l] - c[l] };
                    t[l] = if known[l] == 0.0 { 0.0 } else { o[l] - c[l] };
                }
                put(KNOWN, known);
                put(FORECAST, f);
                put(TRUTH, t);
                put(FORECAST_SQUARE, f.map(|x| x * x));
                put(TRUTH_SQUARE, t.map(|x| x * x));
                let mut product = f;
                product.iter_mut().zip(t).for_each(|(f, t)| *f *= t);
                put(PRODUCT, product);
            }
            if m < 2 {
                continue;
            }
            network.sort(block);
            let (mut distance, mut pairs, mut spread) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
            let (mut below, mut ties) = ([0u16; LANES], [0u16; LANES]);
            for (k, lanes) in block.iter().enumerate() {
                // sorted values x_k: sum over pairs of |x_i - x_j| / 2 is that of (2 k + 1 - m) x_k; the
                // factors sum to 0, so the mean may be taken off first, which keeps the digits
                let factor = (2 * k + 1) as f64 - m as f64;
                for l in 0..LANES {
                    let x: f64 = lanes[l].into();
                    let from_mean = x - mean[l];
                    distance[l] += (x - o[l]).abs();
                    pairs[l] += factor * from_mean;
                    spread[l] += from_mean * from_mean;
                    below[l] += u16::from(x < o[l]);
                    ties[l] += u16::from(x == o[l]);
                }
            }
            put(DISTANCE, distance);
            put(PAIRS, pairs);
            put(SPREAD, spread);
            self.below[start..start + LANES].copy_from_slice(&below);
            self.ties[start..start + LANES].copy_from_slice(&ties);
        }
    }
}

/// Buffers for fields of one width and number of members.
#[derive(Clone, Debug)]
pub struct Workspace<T> {
    points: Points,
    whole: RowSums,
    block: Vec<[T; LANES]>,
    network: SortingNetwork,
}

impl<T: Real> Workspace<T> {
    /// For fields with `width` longitudes and so many members.
    ///
    /// # Panics
    /// Without members, or with more than 65535.
    pub fn new(width: usize, members: usize) -> Self {
        assert!(
            (1..=usize::from(u16::MAX)).contains(&members),
            "1 to 65535 members, not {members}"
        );
        let ranks = if members > 1 { members + 1 } else { 0 };
        Self {
            points: Points::new(width, members),
            whole: RowSums {
                moments: [0.0; COUNT],
                ranks: vec![0.0; ranks],
            },
            block: vec![[T::default(); LANES]; members],
            network: SortingNetwork::new(members),
        }
    }

    /// The moments of each region. `values` is `[member][row][longitude]`, `rows` says which row is which
    /// latitude; truth and climatology are `[latitude][longitude]`, north to south.
    ///
    /// # Panics
    /// With fields of other sizes.
    pub fn moments(
        &mut self,
        values: &[T],
        rows: &[usize],
        truth: &[f64],
        climate: Option<&[f64]>,
        regions: &[Cells],
    ) -> Vec<Sums> {
        let width = self.points.width;
        let members = self.points.members;
        let size = rows.len() * width;
        assert_eq!(values.len(), members * size, "values of the forecast");
        let mut sums = vec![
            Sums {
                moments: [0.0; COUNT],
                ranks: vec![0.0; self.whole.ranks.len()],
            };
            regions.len()
        ];
        let mut of_members: Vec<&[T]> = Vec::with_capacity(members);
        for (j, row) in rows.iter().enumerate() {
            if !regions.iter().any(|region| region.has_row(j)) {
                continue;
            }
            of_members.clear();
            of_members.extend((0..members).map(|m| &values[m * size + row * width..][..width]));
            let at = j * width..(j + 1) * width;
            let climate = climate.map(|c| &c[at.clone()]);
            self.points.fill(
                &of_members,
                &truth[at],
                climate,
                &self.network,
                &mut self.block,
            );
            for moment in 0..COUNT {
                self.whole.moments[moment] = self.points.sum(moment);
            }
            self.whole.ranks.fill(0.0);
            self.points.add_ranks(|_| 1.0, &mut self.whole.ranks);
            for (region, sums) in regions.iter().zip(&mut sums) {
                region.add_row(j, &self.points, &self.whole, sums);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Region, Weights, plain};
    use super::*;
    use curlwind_datasets::coordinates::LatLon;
    use ndarray::{Array2, ArrayView2};
    use proptest::prelude::*;

    #[test]
    fn the_network_sorts() {
        // the 0-1 principle: what sorts all zeros and ones sorts everything
        for m in 1..=12usize {
            let network = SortingNetwork::new(m);
            for bits in 0..1u32 << m {
                let mut values: Vec<[f32; LANES]> =
                    (0..m).map(|k| [((bits >> k) & 1) as f32; LANES]).collect();
                network.sort(&mut values);
                assert!(
                    values.windows(2).all(|p| p[0][3] <= p[1][3]),
                    "{m} {bits:b}"
                );
            }
        }
    }

    fn regions(nlat: usize, nlon: usize) -> Vec<Cells> {
        let latitudes = (0..nlat).map(|j| 85.0 - 170.0 * j as f64 / (nlat - 1) as f64);
        let longitudes = (0..nlon).map(|i| 360.0 * i as f64 / nlon as f64);
        let grid = LatLon::new(latitudes.collect(), longitudes.collect()).expect("grid");
        let cells = |name: &str| {
            let region: Region = name.parse().expect("region");
            Cells::new(&region, Weights::Area, &grid, None).expect("cells")
        };
        vec![cells("globe"), cells("-40:80,-60:100")]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn moments_give_the_plain_scores(
            members in 2usize..13,
            seed in 0u64..1000,
        ) {
            let (nlat, nlon) = (6, 21);
            let regions = regions(nlat, nlon);
            // few different values: ties do come
            let mut state = seed;
            let mut draw = || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                f64::from((state >> 60) as u8) * 0.5 + 500.0
            };
            let size = nlat * nlon;
            let values: Vec<f32> = (0..members * size).map(|_| draw() as f32).collect();
            let truth: Vec<f64> = (0..size).map(|_| draw()).collect();
            let rows: Vec<usize> = (0..nlat).collect();
            let mut space = Workspace::<f32>::new(nlon, members);
            let found = space.moments(&values, &rows, &truth, None, &regions);
            let fields: Vec<Array2<f64>> = values.chunks(size).map(|c| {
                Array2::from_shape_vec((nlat, nlon), c.iter().map(|x| f64::from(*x)).collect()).expect("field")
            }).collect();
            let views: Vec<ArrayView2<f64>> = fields.iter().map(|f| f.view()).collect();
            let truth = ArrayView2::from_shape((nlat, nlon), &truth).expect("truth");
            let m = members as f64;
            for (cells, sums) in regions.iter().zip(&found) {
                let plain = plain::ensemble(cells, &views, truth);
                let close = |a: f64, b: f64| (a - b).abs() < 1e-11;
                let s = &sums.moments;
                prop_assert!(close(s[VALID], 1.0) && close(s[SQUARE], plain.mean_square));
                prop_assert!(close(s[DISTANCE] / m - s[PAIRS] / (m * m), plain.crps));
                prop_assert!(close(s[DISTANCE] / m - s[PAIRS] / (m * (m - 1.0)), plain.crps_fair));
                prop_assert!(close(s[SPREAD] / (m - 1.0), plain.variance));
                prop_assert!(sums.ranks.iter().zip(&plain.ranks).all(|(a, b)| close(*a, *b)));
            }
        }
    }

    #[test]
    fn what_is_missing_is_left_out_and_what_blew_up_is_not() {
        let (nlat, nlon) = (6, 21);
        let regions = regions(nlat, nlon);
        let rows: Vec<usize> = (0..nlat).collect();
        let size = nlat * nlon;
        let mut truth = vec![1.0; size];
        let mut values = vec![3.0f32; 2 * size];
        truth[30] = f64::NAN;
        values[size + 40] = f32::NAN;
        let mut space = Workspace::<f32>::new(nlon, 2);
        let found = space.moments(&values, &rows, &truth, None, &regions);
        let share = 1.0 - regions[0].weight(1, 9) - regions[0].weight(1, 19);
        let s = &found[0].moments;
        assert!((s[VALID] - share).abs() < 1e-14 && (s[SQUARE] / s[VALID] - 4.0).abs() < 1e-14);
        assert!((found[0].ranks.iter().sum::<f64>() - share).abs() < 1e-14);
        // where the truth has no value an infinity does not matter, elsewhere it does
        values[30] = f32::INFINITY;
        assert!(
            space.moments(&values, &rows, &truth, None, &regions)[0].moments[SQUARE].is_finite()
        );
        values[31] = f32::INFINITY;
        let found = space.moments(&values, &rows, &truth, None, &regions);
        assert!(!found[0].moments[SQUARE].is_finite());
        // (1, 10) is at 51 north, 171 east: outside of the box
        assert!(found[1].moments[SQUARE].is_finite());
        // rows of the file in the other order
        let reversed: Vec<usize> = (0..nlat).rev().collect();
        let upside: Vec<f32> = (0..2 * size)
            .map(|k| values[k / size * size + (nlat - 1 - k % size / nlon) * nlon + k % nlon])
            .collect();
        let again = space.moments(&upside, &reversed, &truth, None, &regions);
        assert_eq!(again[1].moments, found[1].moments);
    }
}
