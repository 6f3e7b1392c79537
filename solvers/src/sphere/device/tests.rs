//! The device against the CPU, at odd and even truncations, in every precision that it has.

use super::Transform;
use crate::device::{Device, Real};
use crate::sphere::{SphereGrid, SphericalTransform};
use ndarray::{Array2, Array3, ArrayBase, Data, Dimension};
use num_complex::Complex64;
use std::sync::Arc;

/// Reproducible values in [-1, 1].
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn random_spectra(plan: &SphericalTransform, fields: usize, seed: u64) -> Array2<Complex64> {
    let mut next = noise(seed);
    let mut spectra = Array2::zeros((fields, plan.spectrum_len()));
    for mut row in spectra.rows_mut() {
        for m in 0..=plan.truncation() {
            for n in m..=plan.truncation() {
                let im = if m == 0 { 0.0 } else { next() };
                row[plan.index(m, n)] = Complex64::new(next(), im);
            }
        }
    }
    spectra
}

/// The largest difference, by the largest value.
fn difference<A, S, D>(a: &ArrayBase<S, D>, b: &ArrayBase<S, D>) -> f64
where
    A: Copy + std::ops::Sub<Output = A> + Into<Complex64>,
    S: Data<Elem = A>,
    D: Dimension,
{
    let largest = |values: &mut dyn Iterator<Item = A>| {
        values.fold(0.0f64, |s, x| {
            let norm: f64 = x.into().norm();
            if norm.is_nan() { f64::NAN } else { s.max(norm) }
        })
    };
    largest(&mut a.iter().zip(b).map(|(a, b)| *a - *b)) / largest(&mut b.iter().copied())
}

fn plans() -> Vec<Arc<SphericalTransform>> {
    let grids = [
        (SphereGrid::for_truncation(21).unwrap(), 21),
        (SphereGrid::for_truncation(42).unwrap(), 42),
        (SphereGrid::for_truncation(85).unwrap(), 85),
        // an odd number of rows, one of them the equator; sevens in the longitudes
        (SphereGrid::gaussian(33, 70).unwrap(), 30),
        (SphereGrid::regular_offset(18, 22).unwrap(), 8),
        (SphereGrid::gaussian(2, 4).unwrap(), 1),
    ];
    grids
        .into_iter()
        .map(|(grid, top)| Arc::new(SphericalTransform::new(grid, top).unwrap()))
        .collect()
}

fn compare<F: Real>(device: &Device, limit: f64) {
    for plan in plans() {
        let transform = Transform::<F>::new(device, plan.clone()).unwrap();
        for count in [1, 3, 14] {
            let spectra = random_spectra(&plan, count, 7);
            let (nlat, nlon) = (plan.grid().nlat(), plan.grid().nlon());
            let mut fields = Array3::zeros((count, nlat, nlon));
            plan.synthesis(spectra.view(), fields.view_mut());
            let found = transform.synthesis(spectra.view()).unwrap();
            let there = difference(&found, &fields);
            let back = difference(&transform.analysis(fields.view()).unwrap(), &spectra);

            let mut other = random_spectra(&plan, count, 8);
            let mut spectra = spectra;
            // no wind has means of these
            spectra.column_mut(0).fill(Complex64::ZERO);
            other.column_mut(0).fill(Complex64::ZERO);
            let (mut u, mut v) = (fields.clone(), fields.clone());
            plan.wind(
                2.0,
                spectra.view(),
                other.view(),
                u.view_mut(),
                v.view_mut(),
            );
            let [east, north] = transform.wind(2.0, spectra.view(), other.view()).unwrap();
            let wind = difference(&east, &u).max(difference(&north, &v));
            let [zeta, delta] = transform
                .vorticity_divergence(2.0, u.view(), v.view())
                .unwrap();
            let (mut curl, mut divergence) = (spectra.clone(), spectra.clone());
            plan.vorticity_divergence(
                2.0,
                u.view(),
                v.view(),
                curl.view_mut(),
                divergence.view_mut(),
            );
            let vector = difference(&zeta, &curl).max(difference(&delta, &divergence));
            println!(
                "{} T{} on {nlat} x {nlon}, {count} fields: synthesis {there:.1e}, analysis \
                 {back:.1e}, wind {wind:.1e}, vorticity and divergence {vector:.1e}",
                F::NAME,
                plan.truncation(),
            );
            for error in [there, back, wind, vector] {
                assert!(error < limit, "{error:e}");
            }
        }
    }
}

#[test]
fn f32_agrees_with_the_cpu() {
    compare::<f32>(&Device::tested(), 1e-5);
}

#[test]
fn f64_agrees_with_the_cpu() {
    let device = Device::tested();
    if device.has_f64() {
        return compare::<f64>(&device, 1e-12);
    }
    let plan = plans().remove(0);
    let error = Transform::<f64>::new(&device, plan)
        .map(|_| ())
        .unwrap_err();
    assert!(error.to_string().contains("take f32"), "{error}");
}

#[test]
fn what_the_device_cannot_do_is_refused() {
    let device = Device::tested();
    let new = |grid: SphereGrid| {
        let plan = Arc::new(SphericalTransform::new(grid, 8).unwrap());
        Transform::<f32>::new(&device, plan).map(|_| ())
    };
    assert!(new(SphereGrid::regular(33, 64).unwrap()).is_err());
    assert!(new(SphereGrid::gaussian(16, 34).unwrap()).is_err());
    let plan =
        Arc::new(SphericalTransform::new(SphereGrid::for_truncation(8).unwrap(), 8).unwrap());
    let transform = Transform::<f32>::new(&device, plan.clone()).unwrap();
    assert!(transform.synthesis(Array2::zeros((1, 5)).view()).is_err());
    assert!(transform.analysis(Array3::zeros((1, 5, 5)).view()).is_err());
    assert!(
        transform
            .analysis(Array3::zeros((0, 16, 32)).view())
            .is_err()
    );
}
