//! Time of the spherical-harmonic transform: one field and the ten of a shallow-water step.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use ndarray::{Array2, Array3};
use num_complex::Complex64;

fn transform(c: &mut Criterion) {
    for fields in [1, 10] {
        let mut group = c.benchmark_group(format!("transform of {fields} fields"));
        for truncation in [42, 106, 170] {
            let Ok(plan) = SphereGrid::for_truncation(truncation)
                .and_then(|grid| SphericalTransform::new(grid, truncation))
            else {
                continue;
            };
            let (nlat, nlon) = (plan.grid().nlat(), plan.grid().nlon());
            let mut spectra = Array2::from_elem((fields, plan.spectrum_len()), Complex64::ZERO);
            spectra.column_mut(plan.index(0, 5)).fill(Complex64::ONE);
            let mut grid = Array3::zeros((fields, nlat, nlon));
            group.bench_function(BenchmarkId::new("synthesis", truncation), |b| {
                b.iter(|| plan.synthesis(spectra.view(), grid.view_mut()));
            });
            group.bench_function(BenchmarkId::new("analysis", truncation), |b| {
                b.iter(|| plan.analysis(grid.view(), spectra.view_mut()));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, transform);
criterion_main!(benches);
