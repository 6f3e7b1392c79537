//! Latitude-longitude grids and their recognition.
//!
//! A Gaussian latitude is asin of a root of the Legendre polynomial P_n
//! (Abramowitz & Stegun 25.4.29); an equiangular grid has nodes 180/(n-1)
//! degrees apart with both poles on it, or 180/n apart with cell centres off
//! the poles. Files round latitudes to as few as four digits, so recognition
//! allows a hundredth of a degree, and less on grids finer than that.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{Error, Result};

/// What kind of global grid a set of latitudes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridShape {
    /// Gauss-Legendre latitudes, pole to pole.
    Gaussian,
    /// Equiangular with both poles.
    Regular,
    /// Equiangular cell centres, no poles.
    RegularOffset,
    /// Anything else: a region, or irregular latitudes.
    Other,
}

impl fmt::Display for GridShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gaussian => "Gaussian",
            Self::Regular => "regular with poles",
            Self::RegularOffset => "regular without poles",
            Self::Other => "irregular or regional",
        })
    }
}

/// A latitude-longitude grid: north to south, west to east from 0 (or, for a
/// region across the Greenwich meridian, from its western edge).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatLon {
    /// Degrees north, strictly descending.
    pub latitudes_deg: Vec<f64>,
    /// Degrees east, strictly ascending, spanning less than 360.
    pub longitudes_deg: Vec<f64>,
}

impl LatLon {
    /// Checks and keeps the coordinates.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless latitudes descend strictly within -90..90 and
    /// longitudes ascend strictly over less than 360 degrees, both non-empty
    /// and finite.
    pub fn new(latitudes_deg: Vec<f64>, longitudes_deg: Vec<f64>) -> Result<Self> {
        if latitudes_deg.is_empty() || longitudes_deg.is_empty() {
            return Err(Error::invalid(
                "grid",
                "at least one latitude and longitude",
                format!("{} x {}", latitudes_deg.len(), longitudes_deg.len()),
            ));
        }
        if let Some(bad) = latitudes_deg
            .iter()
            .find(|x| x.is_nan() || x.abs() > 90.0 + 1e-6)
        {
            return Err(Error::invalid("latitude", "-90 to 90 degrees", bad));
        }
        if let Some(pair) = latitudes_deg.windows(2).find(|p| p[1] >= p[0]) {
            return Err(Error::invalid(
                "latitudes",
                "strictly descending",
                format!("{} after {}", pair[1], pair[0]),
            ));
        }
        if let Some(bad) = longitudes_deg.iter().find(|x| !x.is_finite()) {
            return Err(Error::invalid("longitude", "a finite number", bad));
        }
        if let Some(pair) = longitudes_deg.windows(2).find(|p| p[1] <= p[0]) {
            return Err(Error::invalid(
                "longitudes",
                "strictly ascending",
                format!("{} after {}", pair[1], pair[0]),
            ));
        }
        let span = longitudes_deg[longitudes_deg.len() - 1] - longitudes_deg[0];
        if span >= 360.0 {
            return Err(Error::invalid(
                "longitudes",
                "a span below 360 degrees",
                span,
            ));
        }
        Ok(Self {
            latitudes_deg,
            longitudes_deg,
        })
    }

    /// Number of latitudes.
    pub fn nlat(&self) -> usize {
        self.latitudes_deg.len()
    }

    /// Number of longitudes.
    pub fn nlon(&self) -> usize {
        self.longitudes_deg.len()
    }

    /// True if the longitudes go evenly around the whole circle.
    pub fn is_periodic(&self) -> bool {
        let n = self.nlon();
        if n < 2 {
            return false;
        }
        let step = 360.0 / n as f64;
        let tolerance = (0.01 * step).max(1e-4);
        self.longitudes_deg
            .iter()
            .enumerate()
            .all(|(i, lon)| (lon - self.longitudes_deg[0] - i as f64 * step).abs() < tolerance)
    }

    /// Which global grid this is, [`GridShape::Other`] if none. Longitudes must
    /// go evenly around the circle from 0.
    pub fn shape(&self) -> GridShape {
        let n = self.nlat();
        if n < 3 || !self.is_periodic() || self.longitudes_deg[0].abs() > 1e-3 {
            return GridShape::Other;
        }
        let tolerance = (1.8 / n as f64).min(0.01);
        let near = |expected: &dyn Fn(usize) -> f64| {
            self.latitudes_deg
                .iter()
                .enumerate()
                .all(|(j, lat)| (lat - expected(j)).abs() < tolerance)
        };
        if near(&|j| 90.0 - 180.0 * j as f64 / (n - 1) as f64) {
            return GridShape::Regular;
        }
        if near(&|j| 90.0 - 180.0 * (j as f64 + 0.5) / n as f64) {
            return GridShape::RegularOffset;
        }
        let gauss = gauss_latitudes(n);
        if near(&|j| gauss[j]) {
            return GridShape::Gaussian;
        }
        GridShape::Other
    }

    /// Share of the area of each latitude row, summing to 1: sine differences
    /// at the midpoints between rows. Rows at the ends reach to the pole if it
    /// is not farther than their neighbour, else half a spacing out.
    pub fn area_weights(&self) -> Vec<f64> {
        let lat = &self.latitudes_deg;
        let n = lat.len();
        if n == 1 {
            return vec![1.0];
        }
        let mut edges = Vec::with_capacity(n + 1);
        let first = lat[0] - lat[1];
        let north = lat[0] + 0.5 * first;
        edges.push(if lat[0] + first >= 90.0 { 90.0 } else { north });
        edges.extend(lat.windows(2).map(|p| 0.5 * (p[0] + p[1])));
        let last = lat[n - 2] - lat[n - 1];
        let south = lat[n - 1] - 0.5 * last;
        edges.push(if lat[n - 1] - last <= -90.0 {
            -90.0
        } else {
            south
        });
        let areas: Vec<f64> = edges
            .windows(2)
            .map(|e| e[0].to_radians().sin() - e[1].to_radians().sin())
            .collect();
        let total: f64 = areas.iter().sum();
        areas.into_iter().map(|a| a / total).collect()
    }
}

/// The `n` Gaussian latitudes in degrees, north to south, by Newton's method on
/// P_n from Tricomi's estimate of its roots.
pub fn gauss_latitudes(n: usize) -> Vec<f64> {
    let mut latitudes = vec![0.0; n];
    for j in 0..n.div_ceil(2) {
        let mut x = (std::f64::consts::PI * (j as f64 + 0.75) / (n as f64 + 0.5)).cos();
        for _ in 0..100 {
            let (mut p0, mut p1) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (p0, p1) = (p1, ((2.0 * k - 1.0) * x * p1 - (k - 1.0) * p0) / k);
            }
            let derivative = n as f64 * (x * p1 - p0) / (x * x - 1.0);
            let step = p1 / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        latitudes[j] = x.asin().to_degrees();
        latitudes[n - 1 - j] = -latitudes[j];
    }
    if n % 2 == 1 {
        latitudes[n / 2] = 0.0;
    }
    latitudes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longitudes(n: usize) -> Vec<f64> {
        (0..n).map(|i| i as f64 * 360.0 / n as f64).collect()
    }

    #[test]
    fn gauss_nodes_of_tl31_are_those_of_the_era5_file() {
        let nodes = gauss_latitudes(32);
        // ECMWF N16 table
        assert!((nodes[0] - 85.7606).abs() < 5e-5);
        assert!((nodes[1] - 80.2688).abs() < 5e-5);
        assert!((nodes[15] - 2.7689).abs() < 5e-5);
        assert_eq!(gauss_latitudes(3)[1], 0.0);
    }

    #[test]
    fn shapes_are_recognised_from_rounded_latitudes() {
        let round = |x: &f64| (x * 1e3).round() / 1e3;
        let gauss = gauss_latitudes(32).iter().map(round).collect();
        let grid = LatLon::new(gauss, longitudes(64)).unwrap();
        assert_eq!(grid.shape(), GridShape::Gaussian);
        let regular = (0..61).map(|j| 90.0 - 3.0 * j as f64).collect();
        let grid = LatLon::new(regular, longitudes(120)).unwrap();
        assert_eq!(grid.shape(), GridShape::Regular);
        let offset = (0..32)
            .map(|j| 90.0 - 180.0 / 32.0 * (j as f64 + 0.5))
            .collect();
        let grid = LatLon::new(offset, longitudes(64)).unwrap();
        assert_eq!(grid.shape(), GridShape::RegularOffset);
        let region = (0..20).map(|j| 60.0 - j as f64).collect();
        let grid = LatLon::new(region, (0..30).map(f64::from).collect()).unwrap();
        assert_eq!(grid.shape(), GridShape::Other);
    }

    #[test]
    fn area_weights_of_a_regular_grid_are_exact() {
        let grid = LatLon::new(
            (0..5).map(|j| 90.0 - 45.0 * j as f64).collect(),
            longitudes(8),
        )
        .unwrap();
        let w = grid.area_weights();
        assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert!((w[0] - 0.5 * (1.0 - 67.5f64.to_radians().sin())).abs() < 1e-15);
    }

    #[test]
    fn unordered_coordinates_are_refused() {
        assert!(LatLon::new(vec![0.0, 1.0], vec![0.0]).is_err());
        assert!(LatLon::new(vec![1.0, 0.0], vec![0.0, 0.0]).is_err());
        assert!(LatLon::new(vec![91.0], vec![0.0]).is_err());
        assert!(LatLon::new(vec![f64::NAN], vec![0.0]).is_err());
        assert!(LatLon::new(vec![1.0], vec![0.0, 360.0]).is_err());
        assert!(LatLon::new(vec![], vec![]).is_err());
    }
}
