//! Power of a field by scale: by spherical-harmonic degree on global grids, by zonal wavenumber elsewhere.
//!
//! On a Gaussian or equiangular grid the variance of degree n is sum_m |f_n^m|^2, and the kinetic energy
//! per unit mass of degree n is a^2 / (2 n (n + 1)) sum_m (|zeta_n^m|^2 + |delta_n^m|^2) with
//! vorticity and divergence (Boer and Shepherd, J. Atmos. Sci. 40, 164-184, 1983; Koshyk and Hamilton,
//! J. Atmos. Sci. 58, 329-348, 2001, equation 5), sums over m of both signs. Both sum to the
//! mean over the sphere, of the squared field and of (u^2 + v^2) / 2.
//!
//! On other grids rows are transformed one by one and averaged by area. A row that does not go round is
//! mirrored first (the cosine transform of Denis et al., Mon. Weather Rev. 130, 1812-1829, 2002), so that
//! its ends meet; wavenumbers then count half waves over the grid's width.

use super::Weights;
use crate::error::{Error, Result};
use curlwind_datasets::coordinates::LatLon;
use curlwind_solvers::sphere::SphericalTransform;
use ndarray::{Array2, ArrayView2, Axis};
use num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Radius of the Earth in metres, as the wind's energy needs it only in passing: it cancels.
const RADIUS: f64 = 6.371e6;

/// What a spectrum counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Degrees of spherical harmonics.
    Degree,
    /// Waves around a circle of latitude.
    ZonalWavenumber,
    /// Half waves across a region.
    HalfWaves,
}

impl Scale {
    /// As it stands at an axis.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Degree => "spherical-harmonic degree",
            Self::ZonalWavenumber => "zonal wavenumber",
            Self::HalfWaves => "half waves across the region",
        }
    }
}

enum Plan {
    Sphere(Box<SphericalTransform>),
    Rows {
        transform: Arc<dyn RealToComplex<f64>>,
        mirrored: bool,
        /// Share of each row, summing to 1.
        weights: Vec<f64>,
    },
}

/// How spectra of a grid's fields are made.
pub struct SpectrumPlan {
    plan: Plan,
    scale: Scale,
}

impl SpectrumPlan {
    /// The plan of a grid.
    ///
    /// # Errors
    /// A grid of a size that cannot be transformed.
    pub fn new(grid: &LatLon) -> Result<Self> {
        let nlon = grid.nlon();
        if let Some(sphere) = crate::weather::grid::sphere(grid)? {
            let truncation = sphere.max_truncation();
            let transform = SphericalTransform::new(sphere, truncation).map_err(Error::unusable)?;
            return Ok(Self {
                plan: Plan::Sphere(Box::new(transform)),
                scale: Scale::Degree,
            });
        }
        if nlon < 4 {
            return Err(Error::unusable(format!(
                "--spectra: expected at least 4 longitudes, found {nlon}"
            )));
        }
        let mirrored = !grid.is_periodic();
        let length = if mirrored { 2 * nlon } else { nlon };
        let weights = Weights::Area.of_latitudes(grid);
        Ok(Self {
            plan: Plan::Rows {
                transform: RealFftPlanner::new().plan_fft_forward(length),
                mirrored,
                weights,
            },
            scale: match mirrored {
                true => Scale::HalfWaves,
                false => Scale::ZonalWavenumber,
            },
        })
    }

    /// What the spectra count, from 0.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Variance by scale, in the field's unit squared.
    pub fn variance(&self, field: ArrayView2<f64>) -> Vec<f64> {
        match &self.plan {
            Plan::Sphere(transform) => {
                let mut spectrum = Array2::zeros((1, transform.spectrum_len()));
                let field = field.insert_axis(Axis(0));
                transform.analysis(field, spectrum.view_mut());
                powers(transform, spectrum.row(0).as_slice().unwrap_or_default())
            }
            Plan::Rows { .. } => self.rows(field),
        }
    }

    /// Kinetic energy per unit mass by scale, in the wind's unit squared.
    pub fn kinetic_energy(&self, u: ArrayView2<f64>, v: ArrayView2<f64>) -> Vec<f64> {
        match &self.plan {
            Plan::Sphere(transform) => {
                let shape = (1, transform.spectrum_len());
                let (mut zeta, mut delta) = (Array2::zeros(shape), Array2::zeros(shape));
                transform.vorticity_divergence(
                    RADIUS,
                    u.insert_axis(Axis(0)),
                    v.insert_axis(Axis(0)),
                    zeta.view_mut(),
                    delta.view_mut(),
                );
                let zeta = powers(transform, zeta.row(0).as_slice().unwrap_or_default());
                let delta = powers(transform, delta.row(0).as_slice().unwrap_or_default());
                let of = |n: usize| match n {
                    0 => 0.0,
                    n => RADIUS * RADIUS / (2.0 * (n * (n + 1)) as f64) * (zeta[n] + delta[n]),
                };
                (0..zeta.len()).map(of).collect()
            }
            Plan::Rows { .. } => {
                let (u, v) = (self.rows(u), self.rows(v));
                u.iter().zip(&v).map(|(u, v)| 0.5 * (u + v)).collect()
            }
        }
    }

    /// Power of rows, averaged by area.
    fn rows(&self, field: ArrayView2<f64>) -> Vec<f64> {
        let Plan::Rows {
            transform,
            mirrored,
            weights,
        } = &self.plan
        else {
            return Vec::new();
        };
        let length = transform.len();
        let mut power = vec![0.0; length / 2 + 1];
        let mut spectrum = transform.make_output_vec();
        let mut scratch = transform.make_scratch_vec();
        for (row, weight) in field.rows().into_iter().zip(weights) {
            let mut values: Vec<f64> = row.to_vec();
            if *mirrored {
                values.extend(row.iter().rev());
            }
            let done = transform.process_with_scratch(&mut values, &mut spectrum, &mut scratch);
            debug_assert!(done.is_ok(), "lengths are the plan's");
            for (k, (power, c)) in power.iter_mut().zip(&spectrum).enumerate() {
                let both = if k == 0 || 2 * k == length { 1.0 } else { 2.0 };
                *power += weight * both * c.norm_sqr() / (length * length) as f64;
            }
        }
        power
    }
}

/// Sum over the orders of each degree.
fn powers(transform: &SphericalTransform, spectrum: &[Complex64]) -> Vec<f64> {
    let truncation = transform.truncation();
    let mut power = vec![0.0; truncation + 1];
    for m in 0..=truncation {
        let both = if m == 0 { 1.0 } else { 2.0 };
        for n in m..=truncation {
            power[n] += both * spectrum[transform.index(m, n)].norm_sqr();
        }
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(grid: &LatLon, f: impl Fn(f64, f64) -> f64) -> Array2<f64> {
        Array2::from_shape_fn((grid.nlat(), grid.nlon()), |(j, i)| {
            f(
                grid.latitudes_deg[j].to_radians(),
                grid.longitudes_deg[i].to_radians(),
            )
        })
    }

    fn regular(nlat: usize, nlon: usize) -> LatLon {
        let latitudes = (0..nlat).map(|j| 90.0 - 180.0 * j as f64 / (nlat - 1) as f64);
        let longitudes = (0..nlon).map(|i| 360.0 * i as f64 / nlon as f64);
        LatLon::new(latitudes.collect(), longitudes.collect()).expect("grid")
    }

    #[test]
    fn one_harmonic_has_one_degree() {
        let grid = regular(33, 64);
        let plan = SpectrumPlan::new(&grid).expect("plan");
        assert_eq!(plan.scale(), Scale::Degree);
        // 3 + cos(lat)^2 cos(2 lon): degree 2 with a mean square of 4/15
        let power = plan.variance(
            field(&grid, |lat, lon| {
                3.0 + lat.cos().powi(2) * (2.0 * lon).cos()
            })
            .view(),
        );
        assert!((power[0] - 9.0).abs() < 1e-12 && (power[2] - 4.0 / 15.0).abs() < 1e-12);
        assert!(power[1] + power[3..].iter().sum::<f64>() < 1e-24);
        // solid rotation u = U cos(lat): degree 1, mean of u^2 / 2 is U^2 / 3
        let u = field(&grid, |lat, _| 30.0 * lat.cos());
        let v = field(&grid, |_, _| 0.0);
        let energy = plan.kinetic_energy(u.view(), v.view());
        assert!((energy[1] - 300.0).abs() < 1e-9, "{}", energy[1]);
        assert!(energy[0] + energy[2..].iter().sum::<f64>() < 1e-18);
    }

    #[test]
    fn rows_have_wavenumbers() {
        // half a globe in latitude: no transform on the sphere
        let grid = LatLon::new(
            (0..8).map(|j| 80.0 - 10.0 * f64::from(j)).collect(),
            (0..36).map(|i| 10.0 * f64::from(i)).collect(),
        );
        let grid = grid.expect("grid");
        let plan = SpectrumPlan::new(&grid).expect("plan");
        assert_eq!(plan.scale(), Scale::ZonalWavenumber);
        let wave = field(&grid, |_, lon| 2.0 + 3.0 * (4.0 * lon).sin());
        let power = plan.variance(wave.view());
        assert!((power[0] - 4.0).abs() < 1e-12 && (power[4] - 4.5).abs() < 1e-12);
        assert!((plan.kinetic_energy(wave.view(), wave.view())[4] - 4.5).abs() < 1e-12);
        let region = LatLon::new(vec![50.0, 40.0], (0..10).map(f64::from).collect()).expect("grid");
        let plan = SpectrumPlan::new(&region).expect("plan");
        assert_eq!(plan.scale(), Scale::HalfWaves);
        // cos(pi (i + 1/2) 3 / 10): three half waves; the sum is the mean square
        let wave = Array2::from_shape_fn((2, 10), |(_, i)| {
            (std::f64::consts::PI * (i as f64 + 0.5) * 0.3).cos()
        });
        let power = plan.variance(wave.view());
        assert!((power[3] - 0.5).abs() < 1e-12 && (power.iter().sum::<f64>() - 0.5).abs() < 1e-12);
    }
}
