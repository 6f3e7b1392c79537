//! Weights of a grid's points in a region.

use super::Region;
use super::moments::{COUNT, Points, RowSums, Sums};
use curlwind_datasets::coordinates::LatLon;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// How much a point counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Weights {
    /// By the area of its cell, between the latitudes and meridians half-way to its neighbours; cells at
    /// the ends reach to the poles, or half a spacing out on a regional grid.
    #[default]
    Area,
    /// By the cosine of its latitude: no weight on the poles.
    Cos,
    /// All alike.
    None,
}

impl Weights {
    /// What a reader is told.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Area => {
                "areas of the cells between the latitudes and meridians half-way to the neighbours"
            }
            Self::Cos => "cosine of the latitude",
            Self::None => "all points alike",
        }
    }

    /// One for each latitude.
    pub fn of_latitudes(self, grid: &LatLon) -> Vec<f64> {
        match self {
            Self::Area => grid.area_weights(),
            Self::Cos => {
                let cos = |lat: &f64| lat.to_radians().cos().max(0.0);
                grid.latitudes_deg.iter().map(cos).collect()
            }
            Self::None => vec![1.0; grid.nlat()],
        }
    }

    /// One for each longitude, 1 on average: cells between the meridians half-way.
    pub fn of_longitudes(self, grid: &LatLon) -> Vec<f64> {
        let lon = &grid.longitudes_deg;
        let n = lon.len();
        if self != Self::Area || n < 2 || grid.is_periodic() {
            return vec![1.0; n];
        }
        let gap = |i: usize| lon[i + 1] - lon[i];
        let width = |i: usize| match i {
            0 => gap(0),
            i if i == n - 1 => gap(n - 2),
            i => 0.5 * (gap(i - 1) + gap(i)),
        };
        let widths: Vec<f64> = (0..n).map(width).collect();
        let mean = widths.iter().sum::<f64>() / n as f64;
        // coordinates are rounded in files: what is even up to that is even
        if widths.iter().all(|w| (w / mean - 1.0).abs() < 1e-3) {
            return vec![1.0; n];
        }
        widths.into_iter().map(|w| w / mean).collect()
    }
}

/// What of a row of latitude lies in the region.
#[derive(Clone, Debug)]
enum Row {
    Outside,
    /// All of it, each point with this weight.
    Whole(f64),
    /// Each point with its own.
    Points(Vec<f64>),
}

/// The weights of a region's points; they sum to 1.
#[derive(Clone, Debug)]
pub struct Cells {
    rows: Vec<Row>,
    width: usize,
}

impl Cells {
    /// The points of a region; `land` is the share of land of each point where the region asks for
    /// one. `None` when no point with a weight lies in it.
    pub fn new(
        region: &Region,
        weights: Weights,
        grid: &LatLon,
        land: Option<&Array2<f64>>,
    ) -> Option<Self> {
        let by_latitude = weights.of_latitudes(grid);
        let by_longitude = weights.of_longitudes(grid);
        let point = |j: usize, i: usize| {
            let place = (grid.latitudes_deg[j], grid.longitudes_deg[i]);
            let share = land.map(|land| land[[j, i]]);
            match region.contains(place.0, place.1) && region.takes_surface(share) {
                true => by_latitude[j] * by_longitude[i],
                false => 0.0,
            }
        };
        let points = Array2::from_shape_fn((grid.nlat(), grid.nlon()), |(j, i)| point(j, i));
        let total = points.sum();
        if total <= 0.0 {
            return None;
        }
        let row = |row: ndarray::ArrayView1<f64>| {
            if row.iter().all(|w| *w == 0.0) {
                Row::Outside
            } else if row.iter().all(|w| *w == row[0]) {
                Row::Whole(row[0] / total)
            } else {
                Row::Points(row.iter().map(|w| w / total).collect())
            }
        };
        let rows = points.rows().into_iter().map(row).collect();
        let width = grid.nlon();
        Some(Self { rows, width })
    }

    /// The weight of a point.
    pub fn weight(&self, j: usize, i: usize) -> f64 {
        match &self.rows[j] {
            Row::Outside => 0.0,
            Row::Whole(weight) => *weight,
            Row::Points(weights) => weights[i],
        }
    }

    /// Whether anything of a row lies in the region.
    pub fn has_row(&self, j: usize) -> bool {
        !matches!(self.rows[j], Row::Outside)
    }

    /// The weights of a row's points, 0 outside.
    pub fn row(&self, j: usize) -> impl Iterator<Item = f64> + '_ {
        (0..self.width).map(move |i| self.weight(j, i))
    }

    /// Adds a row of points to the region's sums; `whole` are the row's own.
    pub(super) fn add_row(&self, j: usize, points: &Points, whole: &RowSums, sums: &mut Sums) {
        match &self.rows[j] {
            Row::Outside => {}
            Row::Whole(weight) => {
                for (sum, row) in sums.moments.iter_mut().zip(&whole.moments) {
                    *sum += weight * row;
                }
                for (sum, row) in sums.ranks.iter_mut().zip(&whole.ranks) {
                    *sum += weight * row;
                }
            }
            Row::Points(weights) => {
                for moment in 0..COUNT {
                    sums.moments[moment] += points.weighted(moment, weights);
                }
                points.add_ranks(|i| weights[i], &mut sums.ranks);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(latitudes: &[f64], longitudes: &[f64]) -> LatLon {
        LatLon::new(latitudes.to_vec(), longitudes.to_vec()).expect("grid")
    }

    #[test]
    fn weights_are_the_areas_of_cells() {
        // with poles: half a cell each, sin 90 - sin 67.5 and sin 67.5 - sin 22.5
        let poles = grid(&[90.0, 45.0, 0.0, -45.0, -90.0], &[0.0, 120.0, 240.0]);
        let cells = Cells::new(&Region::globe(), Weights::Area, &poles, None).expect("cells");
        let sin = |degrees: f64| degrees.to_radians().sin();
        let expected = (1.0 - sin(67.5)) / 2.0 / 3.0;
        assert!((cells.weight(0, 1) - expected).abs() < 1e-15);
        let expected = (sin(67.5) - sin(22.5)) / 2.0 / 3.0;
        assert!((cells.weight(1, 2) - expected).abs() < 1e-15);
        let cos = Cells::new(&Region::globe(), Weights::Cos, &poles, None).expect("cells");
        assert!(cos.weight(0, 0).abs() < 1e-15 && cos.weight(2, 0) > cos.weight(1, 0));
        // a region whose longitudes are uneven, a box of it, and sums of 1
        let region = grid(&[60.0, 50.0, 40.0], &[0.0, 10.0, 30.0, 60.0]);
        let cells = Cells::new(&Region::globe(), Weights::Area, &region, None).expect("cells");
        let ratio = cells.weight(1, 2) / cells.weight(1, 0);
        assert!((ratio - 25.0 / 10.0).abs() < 1e-12, "{ratio}");
        let rows = sin(65.0) - sin(55.0);
        let ratio = cells.weight(0, 0) / cells.weight(1, 0);
        assert!((ratio - rows / (sin(55.0) - sin(45.0))).abs() < 1e-12);
        let boxed: Region = "45:65,5:40".parse().expect("region");
        let cells = Cells::new(&boxed, Weights::None, &region, None).expect("cells");
        let total: f64 = (0..3).flat_map(|j| cells.row(j)).sum();
        assert!((total - 1.0).abs() < 1e-15 && cells.weight(0, 1) == 0.25);
        assert!(!cells.has_row(2) && cells.weight(0, 0) == 0.0);
    }

    #[test]
    fn land_and_sea_share_the_globe() {
        let grid = grid(&[30.0, -30.0], &[0.0, 180.0]);
        let land = ndarray::array![[1.0, 0.2], [0.5, 0.0]];
        let cells = |name: &str| {
            let region: Region = name.parse().expect("region");
            Cells::new(&region, Weights::Area, &grid, Some(&land))
        };
        let shares =
            |cells: Cells| [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(j, i)| cells.weight(j, i));
        assert_eq!(shares(cells("land").expect("land")), [0.5, 0.0, 0.5, 0.0]);
        assert_eq!(shares(cells("sea").expect("sea")), [0.0, 0.5, 0.0, 0.5]);
        let north = cells("northern_hemisphere/land").expect("land in the north");
        assert_eq!(shares(north), [1.0, 0.0, 0.0, 0.0]);
        assert!(cells("0:60,170:190/land").is_none());
    }
}
