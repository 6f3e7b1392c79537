//! The periodic rectangle.

use super::line::positive;
use crate::{Error, Result};
use ndarray::{Array3, ArrayView3};
use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

/// Ny x Nx points on a torus of Ly x Lx metres.
///
/// Fields are `[y][x]`. Spectra are `[kx][ky]`, `kx` from 0 to the largest kept and all `ky` in the
/// order of the FFT (0, 1, ..., -1), zero where `|ky|` is not kept; the other half follows from the
/// field being real.
#[derive(Clone)]
pub struct Plane {
    points: [usize; 2],
    lengths: [f64; 2],
    kept: [usize; 2],
    rows_forward: Arc<dyn RealToComplex<f64>>,
    rows_inverse: Arc<dyn ComplexToReal<f64>>,
    columns_forward: Arc<dyn Fft<f64>>,
    columns_inverse: Arc<dyn Fft<f64>>,
}

/// Rows that are transformed before their values go to the columns: a cache line is then written or read
/// at once, where single values would be far apart.
const ROWS: usize = 8;

/// Buffers of the transforms of one [`Plane`].
#[derive(Clone, Debug)]
pub struct PlaneWorkspace {
    row: Vec<f64>,
    /// Of [`ROWS`] rows.
    half_rows: Vec<Complex64>,
    columns: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl fmt::Debug for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plane = f.debug_struct("Plane");
        plane.field("points", &self.points);
        plane
            .field("lengths", &self.lengths)
            .field("kept", &self.kept)
            .finish()
    }
}

impl Plane {
    /// With `[Ny, Nx]` points, `[Ly, Lx]` in metres, and products of `factors` factors free of
    /// aliases: wavenumbers up to the largest below `points / (factors + 1)` are kept.
    ///
    /// # Errors
    /// [`Error::Size`] for fewer than 4 points; [`Error::Parameter`] for an unusable length.
    pub fn new(points: [usize; 2], lengths: [f64; 2], factors: usize) -> Result<Self> {
        for (count, length) in points.into_iter().zip(lengths) {
            if count < 4 {
                return Err(Error::Size {
                    what: "number of points",
                    expected: "4 or more in both directions".into(),
                    found: count,
                });
            }
            positive("length", length)?;
        }
        let [ny, nx] = points;
        let (mut real, mut complex) = (RealFftPlanner::new(), FftPlanner::new());
        Ok(Self {
            points,
            lengths,
            kept: points.map(|n| (n - 1) / (factors + 1)),
            rows_forward: real.plan_fft_forward(nx),
            rows_inverse: real.plan_fft_inverse(nx),
            columns_forward: complex.plan_fft_forward(ny),
            columns_inverse: complex.plan_fft_inverse(ny),
        })
    }

    /// `[Ny, Nx]`.
    pub fn points(&self) -> [usize; 2] {
        self.points
    }

    /// `[Ly, Lx]` in metres.
    pub fn lengths(&self) -> [f64; 2] {
        self.lengths
    }

    /// The largest wavenumbers kept, `[ky, kx]`, in rad/m.
    pub fn largest_wavenumbers(&self) -> [f64; 2] {
        [0, 1].map(|a| TAU * self.kept[a] as f64 / self.lengths[a])
    }

    /// Coefficients of a spectrum.
    pub fn spectrum_len(&self) -> usize {
        (self.kept[1] + 1) * self.points[0]
    }

    /// Wavenumbers `(kx, ky)` in rad/m of every coefficient of a spectrum.
    pub fn wavenumbers(&self) -> Vec<(f64, f64)> {
        let ny = self.points[0];
        let indices = (0..=self.kept[1]).flat_map(|kx| (0..ny).map(move |ky| (kx, ky)));
        indices
            .map(|(kx, ky)| {
                let ky = signed(ky, ny) as f64;
                (
                    TAU * kx as f64 / self.lengths[1],
                    TAU * ky / self.lengths[0],
                )
            })
            .collect()
    }

    /// Whether a coefficient of a spectrum is kept, for each.
    pub fn mask(&self) -> Vec<bool> {
        let (ny, top) = (self.points[0], self.kept[0]);
        let column = move || (0..ny).map(move |ky| signed(ky, ny).unsigned_abs() <= top);
        (0..=self.kept[1]).flat_map(|_| column()).collect()
    }

    /// Buffers for [`Self::analysis`] and [`Self::synthesis`].
    pub fn workspace(&self) -> PlaneWorkspace {
        let scratch = [
            self.rows_forward.get_scratch_len(),
            self.rows_inverse.get_scratch_len(),
            self.columns_forward.get_inplace_scratch_len(),
            self.columns_inverse.get_inplace_scratch_len(),
        ];
        let longest = scratch.into_iter().max().unwrap_or(0);
        PlaneWorkspace {
            row: vec![0.0; self.points[1]],
            half_rows: vec![Complex64::ZERO; ROWS * (self.points[1] / 2 + 1)],
            columns: vec![Complex64::ZERO; self.spectrum_len()],
            scratch: vec![Complex64::ZERO; longest],
        }
    }

    /// Field to spectrum.
    ///
    /// # Panics
    /// When `field` has not Ny Nx values or `spectrum` not [`Self::spectrum_len`].
    pub fn analysis(&self, field: &[f64], spectrum: &mut [Complex64], work: &mut PlaneWorkspace) {
        let [ny, nx] = self.points;
        assert_eq!(field.len(), ny * nx, "length of a field");
        assert_eq!(spectrum.len(), self.spectrum_len(), "length of a spectrum");
        let scale = 1.0 / (nx * ny) as f64;
        let half = nx / 2 + 1;
        let forward = &self.rows_forward;
        for (block, rows) in field.chunks(ROWS * nx).enumerate() {
            let halves = work.half_rows.chunks_exact_mut(half);
            for (row, half_row) in rows.chunks_exact(nx).zip(halves) {
                work.row.copy_from_slice(row);
                let scratch = &mut work.scratch[..forward.get_scratch_len()];
                // the lengths are those of the plan
                let done = forward.process_with_scratch(&mut work.row, half_row, scratch);
                debug_assert!(done.is_ok());
            }
            for kx in 0..=self.kept[1] {
                let column = &mut spectrum[kx * ny + block * ROWS..][..rows.len() / nx];
                for (row, value) in column.iter_mut().enumerate() {
                    *value = work.half_rows[row * half + kx] * scale;
                }
            }
        }
        self.columns_forward
            .process_with_scratch(spectrum, &mut work.scratch);
        for column in spectrum.chunks_exact_mut(ny) {
            column[self.kept[0] + 1..ny - self.kept[0]].fill(Complex64::ZERO);
        }
    }

    /// Spectrum to field.
    ///
    /// # Panics
    /// When `field` has not Ny Nx values or `spectrum` not [`Self::spectrum_len`].
    pub fn synthesis(&self, spectrum: &[Complex64], field: &mut [f64], work: &mut PlaneWorkspace) {
        let [ny, nx] = self.points;
        assert_eq!(field.len(), ny * nx, "length of a field");
        work.columns.copy_from_slice(spectrum);
        self.columns_inverse
            .process_with_scratch(&mut work.columns, &mut work.scratch);
        let half = nx / 2 + 1;
        let inverse = &self.rows_inverse;
        for (block, rows) in field.chunks_mut(ROWS * nx).enumerate() {
            for kx in 0..=self.kept[1] {
                let column = &work.columns[kx * ny + block * ROWS..][..rows.len() / nx];
                for (row, value) in column.iter().enumerate() {
                    work.half_rows[row * half + kx] = *value;
                }
            }
            let halves = work.half_rows.chunks_exact_mut(half);
            for (row, half_row) in rows.chunks_exact_mut(nx).zip(halves) {
                half_row[0].im = 0.0;
                half_row[self.kept[1] + 1..].fill(Complex64::ZERO);
                let scratch = &mut work.scratch[..inverse.get_scratch_len()];
                let done = inverse.process_with_scratch(half_row, row, scratch);
                debug_assert!(done.is_ok());
            }
        }
    }

    /// The spectra, one after the other, of fields `[field][y][x]`; `what` names them in errors.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are `count` fields with the points of the grid.
    pub(crate) fn spectra(
        &self,
        what: &'static str,
        count: usize,
        fields: ArrayView3<f64>,
    ) -> Result<Vec<Complex64>> {
        let [ny, nx] = self.points;
        if fields.dim() != (count, ny, nx) {
            return Err(Error::Shape {
                what,
                expected: vec![count, ny, nx],
                found: fields.shape().to_vec(),
            });
        }
        let mut work = self.workspace();
        let mut spectra = vec![Complex64::ZERO; count * self.spectrum_len()];
        let each = spectra.chunks_exact_mut(self.spectrum_len());
        for (spectrum, field) in each.zip(fields.outer_iter()) {
            let field: Vec<f64> = field.iter().copied().collect();
            self.analysis(&field, spectrum, &mut work);
        }
        Ok(spectra)
    }

    /// The fields `[field][y][x]` of `count` spectra.
    ///
    /// # Panics
    /// When the spectra have another length.
    pub(crate) fn fields(&self, count: usize, spectra: &[Complex64]) -> Array3<f64> {
        let ([ny, nx], len) = (self.points, self.spectrum_len());
        assert_eq!(spectra.len(), count * len, "length of the spectra");
        let mut work = self.workspace();
        let mut values = vec![0.0; ny * nx];
        let mut fields = Array3::zeros((count, ny, nx));
        for (mut field, spectrum) in fields.outer_iter_mut().zip(spectra.chunks_exact(len)) {
            self.synthesis(spectrum, &mut values, &mut work);
            field.iter_mut().zip(&values).for_each(|(to, v)| *to = *v);
        }
        fields
    }

    /// A field on another grid of the same torus: its waves there, as far as both grids keep them.
    ///
    /// # Panics
    /// When `field` has not Ny Nx values.
    pub fn resampled(&self, field: &[f64], to: &Self) -> Vec<f64> {
        let mut from = vec![Complex64::ZERO; self.spectrum_len()];
        self.analysis(field, &mut from, &mut self.workspace());
        let mut spectrum = vec![Complex64::ZERO; to.spectrum_len()];
        let [ny, mine] = [to.points[0], self.points[0]];
        let top = [0, 1].map(|a| self.kept[a].min(to.kept[a]) as isize);
        for kx in 0..=top[1] as usize {
            for ky in -top[0]..=top[0] {
                let at = |n: usize| kx * n + ky.rem_euclid(n as isize) as usize;
                spectrum[at(ny)] = from[at(mine)];
            }
        }
        let mut resampled = vec![0.0; to.points[0] * to.points[1]];
        to.synthesis(&spectrum, &mut resampled, &mut to.workspace());
        resampled
    }

    /// Mean over the area of the product of two fields, from their spectra.
    ///
    /// # Panics
    /// When a spectrum has not [`Self::spectrum_len`] coefficients.
    pub fn mean_product(&self, a: &[Complex64], b: &[Complex64]) -> f64 {
        assert_eq!(a.len(), self.spectrum_len(), "length of a spectrum");
        let ny = self.points[0];
        let of = |a: &[Complex64], b: &[Complex64]| -> f64 {
            a.iter().zip(b).map(|(a, b)| (a.conj() * b).re).sum()
        };
        of(&a[..ny], &b[..ny]) + 2.0 * of(&a[ny..], &b[ny..])
    }
}

/// The wavenumber at a place of an FFT of `n` points.
fn signed(index: usize, n: usize) -> isize {
    let index = index as isize;
    match 2 * index > n as isize {
        true => index - n as isize,
        false => index,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_means() {
        for points in [[8, 8], [9, 16], [20, 7], [32, 40]] {
            let plane = Plane::new(points, [2.0, 3.0], 2).unwrap();
            let [ky, kx] = plane.largest_wavenumbers();
            let [ny, nx] = points;
            let at = |y: usize, x: usize| (2.0 * y as f64 / ny as f64, 3.0 * x as f64 / nx as f64);
            let field: Vec<f64> = (0..ny * nx)
                .map(|p| {
                    let (y, x) = at(p / nx, p % nx);
                    1.0 + (kx * x - ky * y + 0.4).sin() + (ky * y).cos()
                })
                .collect();
            let mut work = plane.workspace();
            let mut spectrum = vec![Complex64::ZERO; plane.spectrum_len()];
            plane.analysis(&field, &mut spectrum, &mut work);
            let mut back = vec![0.0; ny * nx];
            plane.synthesis(&spectrum, &mut back, &mut work);
            assert!(field.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-13));
            let mean: f64 = field.iter().map(|v| v * v).sum::<f64>() / (ny * nx) as f64;
            assert!((plane.mean_product(&spectrum, &spectrum) - mean).abs() < 1e-13);
            let other = Plane::new([41, 50], [2.0, 3.0], 2).unwrap();
            let there = plane.resampled(&field, &other);
            let again = other.resampled(&there, &plane);
            assert!(field.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-12));
            assert_eq!(plane.mask().len(), plane.wavenumbers().len());
        }
        assert!(Plane::new([3, 8], [1.0, 1.0], 2).is_err());
    }
}
