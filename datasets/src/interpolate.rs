//! Interpolation between latitude-longitude grids, across the poles.
//!
//! Tensor product of Lagrange interpolation in latitude and longitude: two
//! points per direction (second order) or four (fourth order). Longitude is
//! periodic. Beyond the pole the meridian goes on as the one opposite, so a
//! stencil near the pole takes rows on the far side at longitude + 180: scalars
//! as they are, the components of a vector with their sign changed, since east
//! and north turn round there. The weights for longitude + 180 are interpolated
//! like any others, so an odd number of longitudes is no exception.

use ndarray::{Array2, ArrayView2};

use crate::coordinates::LatLon;
use crate::{Error, Result};

/// Order of the interpolation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Two points per direction, second order.
    Bilinear,
    /// Four points per direction (Lagrange), fourth order.
    Bicubic,
}

/// Points and weights along one direction.
#[derive(Clone, Debug)]
struct Stencil {
    indices: [usize; 4],
    weights: [f64; 4],
    /// The row lies beyond a pole.
    opposite: [bool; 4],
}

/// Weights from one grid to another, made once and used for many fields.
#[derive(Clone, Debug)]
pub struct Interpolator {
    from: LatLon,
    to: LatLon,
    rows: Vec<Stencil>,
    columns: Vec<Stencil>,
    opposite_columns: Vec<Stencil>,
}

impl Interpolator {
    /// Prepares the weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a target point lies outside a regional source grid,
    /// or the source has fewer than 2 points (bilinear) or 4 (bicubic) in a
    /// direction.
    pub fn new(from: &LatLon, to: &LatLon, method: Method) -> Result<Self> {
        let points = match method {
            Method::Bilinear => 2,
            Method::Bicubic => 4,
        };
        if from.nlat() < points || from.nlon() < points {
            return Err(Error::invalid(
                "grid to interpolate from",
                format!("at least {points} x {points} points"),
                format!("{} x {}", from.nlat(), from.nlon()),
            ));
        }
        let periodic = from.is_periodic();
        let rows = to
            .latitudes_deg
            .iter()
            .map(|&lat| row_stencil(from, lat, points, periodic))
            .collect::<Result<Vec<_>>>()?;
        let columns = to
            .longitudes_deg
            .iter()
            .map(|&lon| column_stencil(from, lon, points, periodic))
            .collect::<Result<Vec<_>>>()?;
        let crosses = rows.iter().any(|r| r.opposite.contains(&true));
        let opposite_columns = if crosses {
            to.longitudes_deg
                .iter()
                .map(|&lon| column_stencil(from, lon + 180.0, points, periodic))
                .collect::<Result<Vec<_>>>()?
        } else {
            Vec::new()
        };
        Ok(Self {
            from: from.clone(),
            to: to.clone(),
            rows,
            columns,
            opposite_columns,
        })
    }

    /// Interpolates a scalar `[latitude][longitude]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is not on the source grid, [`Error::Invalid`] with
    /// the place of the first value that is not finite.
    pub fn scalar(&self, values: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.apply(values, 1.0, "scalar")
    }

    /// Interpolates the components (east, north) of a vector.
    ///
    /// # Errors
    /// As [`scalar`](Self::scalar).
    pub fn vector(
        &self,
        u: ArrayView2<f64>,
        v: ArrayView2<f64>,
    ) -> Result<(Array2<f64>, Array2<f64>)> {
        Ok((
            self.apply(u, -1.0, "eastward component")?,
            self.apply(v, -1.0, "northward component")?,
        ))
    }

    fn apply(&self, values: ArrayView2<f64>, beyond_pole: f64, what: &str) -> Result<Array2<f64>> {
        let (nlat, nlon) = (self.from.nlat(), self.from.nlon());
        if values.dim() != (nlat, nlon) {
            return Err(Error::Shape {
                what: format!("{what} to interpolate"),
                expected: format!("({nlat}, {nlon})"),
                found: format!("{:?}", values.dim()),
            });
        }
        if let Some(((j, i), bad)) = values.indexed_iter().find(|(_, x)| !x.is_finite()) {
            return Err(Error::invalid(
                format!(
                    "{what} at latitude {}, longitude {}",
                    self.from.latitudes_deg[j], self.from.longitudes_deg[i]
                ),
                "a finite number",
                bad,
            ));
        }
        // along longitude first: every source row at every target longitude
        let along = |columns: &[Stencil]| {
            Array2::from_shape_fn((nlat, columns.len()), |(j, i)| {
                let s = &columns[i];
                (0..4)
                    .map(|k| s.weights[k] * values[(j, s.indices[k])])
                    .sum::<f64>()
            })
        };
        let near = along(&self.columns);
        let far = along(&self.opposite_columns);
        Ok(Array2::from_shape_fn(
            (self.to.nlat(), self.to.nlon()),
            |(j, i)| {
                let s = &self.rows[j];
                (0..4)
                    .map(|k| {
                        let (row, weight) = (s.indices[k], s.weights[k]);
                        if s.opposite[k] {
                            beyond_pole * weight * far[(row, i)]
                        } else {
                            weight * near[(row, i)]
                        }
                    })
                    .sum()
            },
        ))
    }
}

/// Lagrange weights of `nodes` at `x`.
fn lagrange(nodes: &[f64], x: f64) -> [f64; 4] {
    let mut weights = [0.0; 4];
    for (k, weight) in weights.iter_mut().enumerate().take(nodes.len()) {
        *weight = nodes
            .iter()
            .enumerate()
            .filter(|(l, _)| *l != k)
            .map(|(_, node)| (x - node) / (nodes[k] - node))
            .product();
    }
    weights
}

/// Stencil along a meridian. With a global source the rows beyond the poles are
/// those of the opposite meridian, at latitudes 180 - lat and -180 - lat.
fn row_stencil(from: &LatLon, lat: f64, points: usize, periodic: bool) -> Result<Stencil> {
    let rows = &from.latitudes_deg;
    let n = rows.len() as isize;
    let spacing = rows[0] - rows[1];
    let north = periodic && rows[0] + 1.5 * spacing >= 90.0;
    let spacing = rows[rows.len() - 2] - rows[rows.len() - 1];
    let south = periodic && rows[rows.len() - 1] - 1.5 * spacing <= -90.0;
    // a row on the pole is not repeated on the other side
    let on_north = isize::from(rows[0] > 90.0 - 1e-6);
    let on_south = isize::from(rows[rows.len() - 1] < -90.0 + 1e-6);
    let row = |k: isize| -> (f64, usize, bool) {
        if k < 0 {
            let j = (-k - 1 + on_north) as usize;
            (180.0 - rows[j], j, true)
        } else if k >= n {
            let j = (2 * n - 1 - k - on_south) as usize;
            (-180.0 - rows[j], j, true)
        } else {
            (rows[k as usize], k as usize, false)
        }
    };
    // last row at or north of lat
    let above = rows.partition_point(|&r| r >= lat - 1e-9) as isize - 1;
    let outside =
        (above < 0 && !north) || (above == n - 1 && !south && lat < rows[rows.len() - 1] - 1e-9);
    if outside {
        return Err(Error::invalid(
            "target latitude",
            format!(
                "within the source grid, {} to {}",
                rows[0],
                rows[rows.len() - 1]
            ),
            lat,
        ));
    }
    let mut first = above - (points as isize / 2 - 1);
    if !north {
        first = first.max(0);
    }
    if !south {
        first = first.min(n - points as isize);
    }
    let mut stencil = Stencil {
        indices: [0; 4],
        weights: [0.0; 4],
        opposite: [false; 4],
    };
    let mut nodes = [0.0; 4];
    for (k, node) in nodes.iter_mut().enumerate().take(points) {
        (*node, stencil.indices[k], stencil.opposite[k]) = row(first + k as isize);
    }
    stencil.weights = lagrange(&nodes[..points], lat);
    Ok(stencil)
}

fn column_stencil(from: &LatLon, lon: f64, points: usize, periodic: bool) -> Result<Stencil> {
    let columns = &from.longitudes_deg;
    let n = columns.len() as isize;
    // the longitude's copy at or east of the western edge
    let x = columns[0] + (lon - columns[0]).rem_euclid(360.0);
    let x = if columns[0] + 360.0 - x < 1e-9 {
        columns[0]
    } else {
        x
    };
    let left = columns.partition_point(|&c| c <= x + 1e-9) as isize - 1;
    if !periodic && x > columns[columns.len() - 1] + 1e-9 {
        return Err(Error::invalid(
            "target longitude",
            format!(
                "within the source grid, {} to {}",
                columns[0],
                columns[columns.len() - 1]
            ),
            lon,
        ));
    }
    let mut first = left - (points as isize / 2 - 1);
    if !periodic {
        first = first.clamp(0, n - points as isize);
    }
    let mut stencil = Stencil {
        indices: [0; 4],
        weights: [0.0; 4],
        opposite: [false; 4],
    };
    let mut nodes = [0.0; 4];
    for (k, node) in nodes.iter_mut().enumerate().take(points) {
        let place = first + k as isize;
        stencil.indices[k] = place.rem_euclid(n) as usize;
        *node = columns[stencil.indices[k]] + 360.0 * place.div_euclid(n) as f64;
    }
    stencil.weights = lagrange(&nodes[..points], x);
    Ok(stencil)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinates::gauss_latitudes;

    fn regular(nlat: usize, nlon: usize, first: f64) -> LatLon {
        let lats = (0..nlat)
            .map(|j| 90.0 - 180.0 * j as f64 / (nlat - 1) as f64)
            .collect();
        let lons = (0..nlon)
            .map(|i| first + 360.0 * i as f64 / nlon as f64)
            .collect();
        LatLon::new(lats, lons).unwrap()
    }

    fn gaussian(nlat: usize, nlon: usize) -> LatLon {
        let lons = (0..nlon).map(|i| 360.0 * i as f64 / nlon as f64).collect();
        LatLon::new(gauss_latitudes(nlat), lons).unwrap()
    }

    /// A smooth function of the point in space, so smooth at the poles too.
    fn scalar(grid: &LatLon) -> Array2<f64> {
        field(grid, |x, y, z, _, _| (1.3 * x + 0.7 * y - z).sin() + x * y)
    }

    /// The wind of a solid rotation about a tilted axis: omega x r.
    fn wind(grid: &LatLon) -> (Array2<f64>, Array2<f64>) {
        let axis = [0.6, -0.3, 0.5];
        let velocity = move |x: f64, y: f64, z: f64| {
            [
                axis[1] * z - axis[2] * y,
                axis[2] * x - axis[0] * z,
                axis[0] * y - axis[1] * x,
            ]
        };
        let u = field(grid, |x, y, z, _, lon| {
            let w = velocity(x, y, z);
            -w[0] * lon.sin() + w[1] * lon.cos()
        });
        let v = field(grid, |x, y, z, lat, lon| {
            let w = velocity(x, y, z);
            -(w[0] * lon.cos() + w[1] * lon.sin()) * lat.sin() + w[2] * lat.cos()
        });
        (u, v)
    }

    fn field(grid: &LatLon, f: impl Fn(f64, f64, f64, f64, f64) -> f64) -> Array2<f64> {
        Array2::from_shape_fn((grid.nlat(), grid.nlon()), |(j, i)| {
            let (lat, lon) = (
                grid.latitudes_deg[j].to_radians(),
                grid.longitudes_deg[i].to_radians(),
            );
            f(
                lat.cos() * lon.cos(),
                lat.cos() * lon.sin(),
                lat.sin(),
                lat,
                lon,
            )
        })
    }

    fn largest(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
        (a - b).iter().fold(0.0, |m: f64, x| m.max(x.abs()))
    }

    fn errors(from: &LatLon, to: &LatLon, method: Method) -> (f64, f64) {
        let map = Interpolator::new(from, to, method).unwrap();
        let s = largest(&map.scalar(scalar(from).view()).unwrap(), &scalar(to));
        let (u, v) = wind(from);
        let (u, v) = map.vector(u.view(), v.view()).unwrap();
        let exact = wind(to);
        (s, largest(&u, &exact.0).max(largest(&v, &exact.1)))
    }

    #[test]
    fn second_and_fourth_order_up_to_the_poles() {
        // the target has both poles on it: every stencil crosses them somewhere
        let to = regular(41, 37, 0.0);
        for (method, order) in [(Method::Bilinear, 2.0), (Method::Bicubic, 4.0)] {
            let coarse = errors(&gaussian(32, 63), &to, method);
            let fine = errors(&gaussian(64, 126), &to, method);
            for (c, f) in [(coarse.0, fine.0), (coarse.1, fine.1)] {
                let found = (c / f).log2();
                assert!(
                    (found - order).abs() < 0.35,
                    "{method:?}: order {found}, errors {c} {f}"
                );
            }
            let from_poles = errors(&regular(65, 128, -180.0), &gaussian(31, 40), method);
            assert!(
                from_poles.0 < if order < 3.0 { 2e-3 } else { 2e-5 },
                "{from_poles:?}"
            );
        }
    }

    #[test]
    fn the_same_grid_gives_the_same_field() {
        for grid in [gaussian(16, 30), regular(9, 16, 0.0)] {
            let values = scalar(&grid);
            for method in [Method::Bilinear, Method::Bicubic] {
                let map = Interpolator::new(&grid, &grid, method).unwrap();
                assert!(largest(&map.scalar(values.view()).unwrap(), &values) < 1e-13);
            }
        }
    }

    #[test]
    fn nan_and_points_outside_are_refused_with_their_place() {
        let grid = regular(9, 16, 0.0);
        let map = Interpolator::new(&grid, &grid, Method::Bilinear).unwrap();
        let mut values = scalar(&grid);
        values[(2, 3)] = f64::NAN;
        let message = map.scalar(values.view()).unwrap_err().to_string();
        assert!(
            message.contains("latitude 45") && message.contains("longitude 67.5"),
            "{message}"
        );
        let region =
            LatLon::new(vec![50.0, 40.0, 30.0, 20.0], vec![0.0, 10.0, 20.0, 30.0]).unwrap();
        let message = Interpolator::new(&region, &grid, Method::Bilinear)
            .unwrap_err()
            .to_string();
        assert!(message.contains("90"), "{message}");
        let inside = LatLon::new(vec![50.0, 21.0], vec![0.0, 29.0]).unwrap();
        assert!(errors(&region, &inside, Method::Bicubic).0 < 1e-3);
        assert!(Interpolator::new(&inside, &inside, Method::Bicubic).is_err());
        assert!(map.scalar(Array2::zeros((3, 3)).view()).is_err());
    }
}
