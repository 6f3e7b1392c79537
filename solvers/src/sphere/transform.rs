//! The spherical-harmonic transform of real fields.
//!
//! ```text
//! synthesis  f(lambda_i, mu_j) = sum_m sum_n f_n^m P_n^m(mu_j) exp(i m lambda_i)
//! analysis   f_n^m = sum_j w_j P_n^m(mu_j) (1/nlon) sum_i f(lambda_i, mu_j) exp(-i m lambda_i)
//! ```
//!
//! Each is a Fourier half, along the rows, and a Legendre half, along the meridians.
//! Batches share the Legendre functions, so many fields in one call are cheaper than many calls.
//! Work is divided over orders and over rows among the threads of the current rayon pool; with
//! one thread everything runs in place. Called from outside a pool of several threads, each
//! transform has to hand itself over to it; a long loop is better run inside `ThreadPool::install`.

use super::aligned::AlignedBuffer;
use super::fourier::{RowFactor, Rows};
use super::grid::SphereGrid;
use super::lanes::LANES;
use super::legendre::Legendre;
use super::legendre_panel::{BLOCK, Panels, STORED_LIMIT};
use super::parallel::Shared;
use super::passes::write_through;
use super::vector::Coupling;
use crate::{Error, Result};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};
use num_complex::Complex64;
use std::sync::Mutex;

/// A plan for one grid and one truncation; share it between threads in an `Arc`.
///
/// ```
/// use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
/// use ndarray::{Array2, Array3};
/// use num_complex::Complex64;
///
/// let transform = SphericalTransform::new(SphereGrid::for_truncation(21)?, 21)?;
/// let (nlat, nlon) = (transform.grid().nlat(), transform.grid().nlon());
/// // sqrt(3) sin(latitude) is the harmonic n = 1, m = 0
/// let field = Array3::from_shape_fn((1, nlat, nlon), |(_, j, _)| {
///     3f64.sqrt() * transform.grid().sin_latitudes()[j]
/// });
/// let mut spectra = Array2::zeros((1, transform.spectrum_len()));
/// transform.analysis(field.view(), spectra.view_mut());
/// assert!((spectra[[0, transform.index(0, 1)]] - Complex64::new(1.0, 0.0)).norm() < 1e-14);
/// # Ok::<(), curlwind_solvers::Error>(())
/// ```
#[derive(Debug)]
pub struct SphericalTransform {
    grid: SphereGrid,
    truncation: usize,
    pub(super) panels: Panels,
    pub(super) rows: Rows,
    /// epsilon_n^m for n = m..=N+2, order after order.
    epsilons: Vec<f64>,
    /// 1/n, and 0 for n = 0.
    inverses: Vec<f64>,
    /// Fourier buffers between calls.
    pub(super) pool: Mutex<Vec<AlignedBuffer>>,
}

impl SphericalTransform {
    /// Plans the transform of truncation `N` on `grid`.
    ///
    /// # Errors
    /// [`Error::Size`] when the truncation is above [`SphereGrid::max_truncation`], beyond which
    /// analysis would be aliased.
    pub fn new(grid: SphereGrid, truncation: usize) -> Result<Self> {
        Self::with_stored_limit(grid, truncation, STORED_LIMIT)
    }

    /// As [`Self::new`], with the most bytes of stored Legendre functions.
    pub(crate) fn with_stored_limit(
        grid: SphereGrid,
        truncation: usize,
        stored_limit: usize,
    ) -> Result<Self> {
        if truncation > grid.max_truncation() {
            return Err(Error::Size {
                what: "truncation",
                expected: format!(
                    "at most {} on a {:?} grid of {} x {}",
                    grid.max_truncation(),
                    grid.kind(),
                    grid.nlat(),
                    grid.nlon()
                ),
                found: truncation,
            });
        }
        let half = grid.nlat().div_ceil(2);
        let panels = Panels::new(
            &grid.sin_latitudes()[..half],
            &grid.cos_latitudes()[..half],
            truncation,
            stored_limit,
        );
        let orders = (0..half.div_ceil(LANES))
            .map(|g| {
                let block = g * LANES / BLOCK;
                (0..=truncation)
                    .take_while(|&m| panels.first_block(m) <= block)
                    .count()
            })
            .collect();
        let rows = Rows::new(&grid, truncation, orders);
        let epsilons = (0..=truncation)
            .flat_map(|m| (m..=truncation + 2).map(move |n| Legendre::epsilon(m, n)))
            .collect();
        let mut inverses = vec![0.0];
        inverses.extend((1..=truncation + 2).map(|n| 1.0 / n as f64));
        Ok(Self {
            grid,
            truncation,
            panels,
            rows,
            epsilons,
            inverses,
            pool: Mutex::default(),
        })
    }

    /// The grid.
    pub fn grid(&self) -> &SphereGrid {
        &self.grid
    }

    /// The truncation N.
    pub fn truncation(&self) -> usize {
        self.truncation
    }

    /// Number of coefficients of a field, `(N+1)(N+2)/2`.
    pub fn spectrum_len(&self) -> usize {
        (self.truncation + 1) * (self.truncation + 2) / 2
    }

    /// Place of coefficient `(m, n)`; meaningful for `m <= n <= N`.
    #[inline]
    pub fn index(&self, m: usize, n: usize) -> usize {
        m * (self.truncation + 1) - m * m.saturating_sub(1) / 2 + n - m
    }

    /// What couples the degrees of order `m`.
    #[inline]
    pub(crate) fn coupling(&self, m: usize) -> Coupling<'_> {
        let first = m * (self.truncation + 3) - m * m.saturating_sub(1) / 2;
        let epsilons = &self.epsilons[first..first + self.truncation + 3 - m];
        Coupling {
            m,
            epsilons,
            inverses: &self.inverses,
        }
    }

    /// Spectra `[field][coefficient]` to fields `[field][latitude][longitude]`.
    ///
    /// The imaginary parts of order 0, which no real field has, are not looked at.
    ///
    /// # Panics
    /// When the shapes do not fit each other, the grid and the truncation.
    pub fn synthesis(&self, spectra: ArrayView2<Complex64>, mut fields: ArrayViewMut3<f64>) {
        self.check(spectra.dim(), fields.dim());
        let spectra = spectra.as_standard_layout();
        let spectra = spectra.as_slice().unwrap_or_default();
        let len = self.spectrum_len();
        self.synthesis_with(
            fields.view_mut(),
            RowFactor::One,
            self.truncation,
            &|m, first, order| {
                let at = self.index(m, m);
                for f in 0..order.fields {
                    let from = &spectra[(first + f) * len + at..][..self.truncation + 1 - m];
                    for (row, &c) in from.iter().enumerate() {
                        order.set(row, f, c);
                    }
                }
            },
        );
    }

    /// Fields `[field][latitude][longitude]` to spectra `[field][coefficient]`.
    ///
    /// # Panics
    /// When the shapes do not fit each other, the grid and the truncation.
    pub fn analysis(&self, fields: ArrayView3<f64>, mut spectra: ArrayViewMut2<Complex64>) {
        self.check(spectra.dim(), fields.dim());
        let len = self.spectrum_len();
        write_through(&mut spectra, |out| {
            let out = Shared::new(out);
            self.analysis_with(
                fields,
                RowFactor::One,
                self.truncation,
                &|m, first, order| {
                    let at = self.index(m, m);
                    for f in 0..order.fields {
                        // SAFETY: orders and fields have disjoint coefficients.
                        let to =
                            unsafe { out.part((first + f) * len + at, self.truncation + 1 - m) };
                        for (row, c) in to.iter_mut().enumerate() {
                            *c = order.get(row, f);
                        }
                    }
                },
            );
        });
    }

    pub(super) fn check(&self, spectra: (usize, usize), fields: (usize, usize, usize)) {
        let (nlat, nlon) = (self.grid.nlat(), self.grid.nlon());
        assert_eq!(
            spectra.1,
            self.spectrum_len(),
            "coefficients per field of T{}",
            self.truncation
        );
        assert_eq!(
            (fields.1, fields.2),
            (nlat, nlon),
            "latitudes and longitudes of the fields"
        );
        assert_eq!(spectra.0, fields.0, "number of spectra and of fields");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::Legendre;
    use ndarray::{Array2, Array3};
    use proptest::prelude::*;

    /// Reproducible values in [-1, 1].
    pub(crate) fn noise(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        }
    }

    pub(crate) fn random_spectra(
        transform: &SphericalTransform,
        fields: usize,
        seed: u64,
    ) -> Array2<Complex64> {
        let mut next = noise(seed);
        let mut spectra = Array2::zeros((fields, transform.spectrum_len()));
        for mut row in spectra.rows_mut() {
            for m in 0..=transform.truncation() {
                for n in m..=transform.truncation() {
                    let im = if m == 0 { 0.0 } else { next() };
                    row[transform.index(m, n)] = Complex64::new(next(), im);
                }
            }
        }
        spectra
    }

    pub(crate) fn difference(a: &Array2<Complex64>, b: &Array2<Complex64>) -> f64 {
        let size = a.iter().fold(0.0f64, |s, x| s.max(x.norm()));
        (a - b).iter().fold(0.0f64, |s, x| s.max(x.norm())) / size
    }

    fn fields_of(transform: &SphericalTransform, count: usize) -> Array3<f64> {
        Array3::zeros((count, transform.grid().nlat(), transform.grid().nlon()))
    }

    fn there_and_back(transform: &SphericalTransform, fields: usize) -> f64 {
        let spectra = random_spectra(transform, fields, 7);
        let mut grid = fields_of(transform, fields);
        let mut back = spectra.clone();
        transform.synthesis(spectra.view(), grid.view_mut());
        transform.analysis(grid.view(), back.view_mut());
        difference(&spectra, &back)
    }

    #[test]
    fn there_and_back_at_the_usual_truncations() {
        for (truncation, limit) in [(21, 1e-13), (42, 1e-13), (106, 1e-13)] {
            let grid = SphereGrid::for_truncation(truncation).unwrap();
            let transform = SphericalTransform::new(grid, truncation).unwrap();
            for fields in [1, 2, 3, 4, 5, 13] {
                let error = there_and_back(&transform, fields);
                println!("T{truncation}, {fields} fields: {error:.2e}");
                assert!(error < limit, "T{truncation}, {fields} fields: {error:e}");
            }
        }
    }

    #[test]
    fn on_the_fly_equals_stored_at_t341() {
        let grid = SphereGrid::for_truncation(341).unwrap();
        let stored = SphericalTransform::with_stored_limit(grid.clone(), 341, 1 << 30).unwrap();
        let recomputed = SphericalTransform::new(grid, 341).unwrap();
        assert!(recomputed.panels.scratch_len() > 0 && stored.panels.scratch_len() == 0);
        let spectra = random_spectra(&stored, 2, 3);
        let (mut a, mut b) = (fields_of(&stored, 2), fields_of(&stored, 2));
        stored.synthesis(spectra.view(), a.view_mut());
        recomputed.synthesis(spectra.view(), b.view_mut());
        assert_eq!(a, b);
        let (mut p, mut q) = (spectra.clone(), spectra.clone());
        stored.analysis(a.view(), p.view_mut());
        recomputed.analysis(a.view(), q.view_mut());
        assert_eq!(p, q);
        let error = difference(&spectra, &p);
        println!("T341: {error:.2e}");
        assert!(error < 1e-12, "{error:e}");
    }

    #[test]
    fn synthesis_is_the_sum_that_it_says() {
        for grid in [
            SphereGrid::gaussian(9, 20).unwrap(),
            SphereGrid::regular(17, 21).unwrap(),
            SphereGrid::regular_offset(18, 22).unwrap(),
        ] {
            let transform = SphericalTransform::new(grid, 8).unwrap();
            let spectra = random_spectra(&transform, 2, 11);
            let mut fields = fields_of(&transform, 2);
            transform.synthesis(spectra.view(), fields.view_mut());
            let grid = transform.grid();
            let legendre = Legendre::new(8);
            for ((f, j, i), &value) in fields.indexed_iter() {
                let mut sum = 0.0;
                for m in 0..=8 {
                    let mut p = vec![0.0; 9 - m];
                    legendre.fill_order(m, &grid.sin_latitudes()[j..=j], &mut p);
                    let wave = Complex64::cis(m as f64 * grid.longitudes()[i]);
                    for n in m..=8 {
                        let term = spectra[[f, transform.index(m, n)]] * wave;
                        sum += if m == 0 { 1.0 } else { 2.0 } * term.re * p[n - m];
                    }
                }
                assert!((sum - value).abs() < 1e-12, "{:?} {f} {j} {i}", grid.kind());
            }
        }
    }

    #[test]
    fn one_thread_and_several_give_the_same() {
        let grid = SphereGrid::for_truncation(63).unwrap();
        let transform = SphericalTransform::new(grid, 63).unwrap();
        let spectra = random_spectra(&transform, 3, 5);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let mut fields = fields_of(&transform, 3);
            let mut back = spectra.clone();
            pool.install(|| {
                transform.synthesis(spectra.view(), fields.view_mut());
                transform.analysis(fields.view(), back.view_mut());
            });
            (fields, back)
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn a_truncation_that_the_grid_cannot_carry_is_refused() {
        let error = SphericalTransform::new(SphereGrid::regular(33, 64).unwrap(), 17).unwrap_err();
        assert!(error.to_string().contains("at most 16"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn inverse_pairs_on_all_grids(
            truncation in 1usize..40, extra in 0usize..4, fields in 1usize..5,
            kind in 0usize..3, seed in 0u64..1000,
        ) {
            let nlon = 2 * truncation + 1 + extra;
            let grid = match kind {
                0 => SphereGrid::gaussian(truncation + 1 + extra, nlon),
                1 => SphereGrid::regular(2 * truncation + 1 + extra, nlon),
                _ => SphereGrid::regular_offset(2 * truncation + 1 + extra, nlon),
            }.unwrap();
            let transform = SphericalTransform::new(grid, truncation).unwrap();
            let spectra = random_spectra(&transform, fields, seed);
            let mut grid_fields = fields_of(&transform, fields);
            let mut back = spectra.clone();
            transform.synthesis(spectra.view(), grid_fields.view_mut());
            transform.analysis(grid_fields.view(), back.view_mut());
            prop_assert!(difference(&spectra, &back) < 1e-13);

            // vorticity and divergence have mean 0
            let mut vorticity = spectra.clone();
            vorticity.column_mut(0).fill(Complex64::ZERO);
            let mut divergence = random_spectra(&transform, fields, seed + 1);
            divergence.column_mut(0).fill(Complex64::ZERO);
            let (mut u, mut v) = (grid_fields.clone(), grid_fields.clone());
            transform.wind(6.4e6, vorticity.view(), divergence.view(), u.view_mut(), v.view_mut());
            let (mut zeta, mut delta) = (vorticity.clone(), vorticity.clone());
            transform.vorticity_divergence(
                6.4e6, u.view(), v.view(), zeta.view_mut(), delta.view_mut(),
            );
            prop_assert!(difference(&vorticity, &zeta) < 1e-12);
            prop_assert!(difference(&divergence, &delta) < 1e-12);
        }
    }
}
