//! The periodic interval.

use crate::{Error, Result};
use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

/// N points on an interval of length L whose ends are one point.
#[derive(Clone)]
pub struct Line {
    points: usize,
    length: f64,
    kept: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

/// Buffers of the transforms of one [`Line`].
#[derive(Clone, Debug)]
pub struct LineWorkspace {
    field: Vec<f64>,
    spectrum: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = f.debug_struct("Line");
        line.field("points", &self.points)
            .field("length", &self.length);
        line.field("kept", &self.kept).finish()
    }
}

impl Line {
    /// With `points` points, a length in metres, and products of `factors` factors free of
    /// aliases: wavenumbers up to the largest below `points / (factors + 1)` are kept.
    ///
    /// # Errors
    /// [`Error::Size`] for fewer than 4 points; [`Error::Parameter`] for an unusable length.
    pub fn new(points: usize, length: f64, factors: usize) -> Result<Self> {
        if points < 4 {
            return Err(Error::Size {
                what: "number of points",
                expected: "4 or more".into(),
                found: points,
            });
        }
        positive("length", length)?;
        let mut planner = RealFftPlanner::new();
        Ok(Self {
            points,
            length,
            kept: (points - 1) / (factors + 1),
            forward: planner.plan_fft_forward(points),
            inverse: planner.plan_fft_inverse(points),
        })
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Length in metres.
    pub fn length(&self) -> f64 {
        self.length
    }

    /// Coefficients of a spectrum: wavenumbers 0 to the largest kept.
    pub fn spectrum_len(&self) -> usize {
        self.kept + 1
    }

    /// `2 pi k / L` in rad/m.
    pub fn wavenumber(&self, k: usize) -> f64 {
        TAU * k as f64 / self.length
    }

    /// The points in metres.
    pub fn coordinates(&self) -> Vec<f64> {
        let spacing = self.length / self.points as f64;
        (0..self.points).map(|j| spacing * j as f64).collect()
    }

    /// Refuses a field that has not a value for each point.
    ///
    /// # Errors
    /// [`Error::Shape`] with what it is.
    pub(crate) fn check(&self, what: &'static str, field: &[f64]) -> Result<()> {
        match field.len() == self.points {
            true => Ok(()),
            false => Err(Error::Shape {
                what,
                expected: vec![self.points],
                found: vec![field.len()],
            }),
        }
    }

    /// Buffers for [`Self::analysis`] and [`Self::synthesis`].
    pub fn workspace(&self) -> LineWorkspace {
        let scratch = self
            .forward
            .get_scratch_len()
            .max(self.inverse.get_scratch_len());
        LineWorkspace {
            field: vec![0.0; self.points],
            spectrum: vec![Complex64::ZERO; self.points / 2 + 1],
            scratch: vec![Complex64::ZERO; scratch],
        }
    }

    /// Field to spectrum.
    ///
    /// # Panics
    /// When `field` has not N values or `spectrum` not [`Self::spectrum_len`].
    pub fn analysis(&self, field: &[f64], spectrum: &mut [Complex64], work: &mut LineWorkspace) {
        work.field.copy_from_slice(field);
        let LineWorkspace {
            field,
            spectrum: whole,
            scratch,
        } = work;
        // the lengths are those of the plan
        let done = self.forward.process_with_scratch(field, whole, scratch);
        debug_assert!(done.is_ok());
        let scale = 1.0 / self.points as f64;
        assert_eq!(spectrum.len(), self.spectrum_len(), "length of a spectrum");
        for (to, from) in spectrum.iter_mut().zip(whole.iter()) {
            *to = from * scale;
        }
    }

    /// Spectrum to field; the imaginary part of the mean does not count.
    ///
    /// # Panics
    /// When `field` has not N values or `spectrum` not [`Self::spectrum_len`].
    pub fn synthesis(&self, spectrum: &[Complex64], field: &mut [f64], work: &mut LineWorkspace) {
        assert_eq!(spectrum.len(), self.spectrum_len(), "length of a spectrum");
        assert_eq!(field.len(), self.points, "length of a field");
        let (low, high) = work.spectrum.split_at_mut(spectrum.len());
        low.copy_from_slice(spectrum);
        low[0].im = 0.0;
        high.fill(Complex64::ZERO);
        let done = self
            .inverse
            .process_with_scratch(&mut work.spectrum, field, &mut work.scratch);
        debug_assert!(done.is_ok());
    }

    /// A field on another grid of the same line: its waves there, as far as both grids keep them.
    ///
    /// # Panics
    /// When `field` has not N values.
    pub fn resampled(&self, field: &[f64], to: &Self) -> Vec<f64> {
        let mut spectrum = vec![Complex64::ZERO; self.spectrum_len()];
        self.analysis(field, &mut spectrum, &mut self.workspace());
        spectrum.resize(to.spectrum_len(), Complex64::ZERO);
        let mut resampled = vec![0.0; to.points];
        to.synthesis(&spectrum, &mut resampled, &mut to.workspace());
        resampled
    }
}

/// Refuses what is not a positive number.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(Error::Parameter {
            name,
            value,
            expected: "a number above 0",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_on_any_number_of_points() {
        for points in [4, 7, 16, 101, 256] {
            let line = Line::new(points, 3.0, 2).unwrap();
            let mut work = line.workspace();
            let kept = line.spectrum_len() - 1;
            assert!(3 * kept < points && 3 * (kept + 1) >= points);
            let wave = |x: f64| 0.5 + (line.wavenumber(kept) * x + 0.3).cos();
            let field: Vec<f64> = line.coordinates().into_iter().map(wave).collect();
            let mut spectrum = vec![Complex64::ZERO; kept + 1];
            line.analysis(&field, &mut spectrum, &mut work);
            assert!((spectrum[0].re - 0.5).abs() < 1e-15);
            assert!((spectrum[kept] - Complex64::cis(0.3) * 0.5).norm() < 1e-14);
            let mut back = vec![0.0; points];
            line.synthesis(&spectrum, &mut back, &mut work);
            assert!(field.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-13));
            let other = Line::new(301, 3.0, 2).unwrap();
            let back = other.resampled(&line.resampled(&field, &other), &line);
            assert!(field.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-13));
        }
        assert!(Line::new(3, 1.0, 2).is_err() && Line::new(8, 0.0, 2).is_err());
    }
}
