//! Coordinates of the weights in which the terms are uncorrelated and of size 1.
//!
//! For the terms `phi_k` of a channel, `S_k` their root mean square over the sphere and the training
//! inputs and `C` their correlations, with `C = L L^T` the learned vector `v` gives the weights
//!
//! ```text
//! w_k = sum_j v_j (L^-1)_jk / S_k
//! ```
//!
//! so that the tendency is `v . L^-1 (phi / S)`: gradient descent sees a round bowl, and one
//! learning rate suits every term and every unit of the data.

use super::geometry::LAPLACIAN_SCALE;
use super::harmonics::Harmonics;
use super::symmetry::{Term, TermKind};
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2, s};
use std::collections::BTreeMap;

/// Added to the correlations: bounds the weights of terms that the inputs hardly tell apart.
const RIDGE: f64 = 1e-6;

/// Correlations of the terms of every channel, gathered sample by sample.
pub struct Whitening<'a> {
    inner: &'a Harmonics,
    terms: &'a [Vec<Term>],
    /// The terms of all channels but for the filter, and their places.
    distinct: BTreeMap<(TermKind, usize, usize), usize>,
    covariances: Vec<Array2<f64>>,
    samples: usize,
}

impl<'a> Whitening<'a> {
    /// Nothing seen yet; `terms` holds the terms of each channel.
    pub fn new(inner: &'a Harmonics, terms: &'a [Vec<Term>]) -> Self {
        let mut distinct = BTreeMap::new();
        for term in terms.iter().flatten() {
            let next = distinct.len();
            distinct.entry((term.kind, term.i, term.j)).or_insert(next);
        }
        let covariances = terms
            .iter()
            .map(|list| Array2::zeros((list.len(), list.len())))
            .collect();
        Self {
            inner,
            terms,
            distinct,
            covariances,
            samples: 0,
        }
    }

    /// Adds a sample: the spectra of its sources, `[source, K]`.
    pub fn add(&mut self, sources: ArrayView2<f64>) {
        let jets = sources.dot(&self.inner.jets);
        let points = self.inner.values.ncols();
        let part = |i: usize, axis: usize| jets.slice(s![i, axis * points..(axis + 1) * points]);
        let mut features = Array2::zeros((self.distinct.len(), points));
        for (&(kind, i, j), &row) in &self.distinct {
            let value = match kind {
                TermKind::Linear => part(i, 0).to_owned(),
                TermKind::Product => &part(i, 0) * &part(j, 0),
                TermKind::Dot => &part(i, 1) * &part(j, 1) + &part(i, 2) * &part(j, 2),
                TermKind::Jacobian => &part(i, 1) * &part(j, 2) - &part(i, 2) * &part(j, 1),
            };
            features.row_mut(row).assign(&value);
        }
        let spectra = features.dot(&self.inner.analysis);
        let eigenvalues = self.inner.eigenvalues();
        for (terms, covariance) in self.terms.iter().zip(&mut self.covariances) {
            let mut phi = Array2::zeros((terms.len(), eigenvalues.len()));
            for (term, mut row) in terms.iter().zip(phi.rows_mut()) {
                let feature = spectra.row(self.distinct[&(term.kind, term.i, term.j)]);
                for (k, eigenvalue) in eigenvalues.iter().enumerate() {
                    row[k] = match (*eigenvalue > 0.0, term.laplacian) {
                        (false, _) => 0.0, // global means are conserved
                        (true, false) => feature[k],
                        (true, true) => feature[k] * eigenvalue / LAPLACIAN_SCALE,
                    };
                }
            }
            *covariance += &phi.dot(&phi.t());
        }
        self.samples += 1;
    }

    /// The matrices from `v` to the weights, row `j` for `v_j`. Terms that vanish in all samples
    /// get no weight.
    ///
    /// # Errors
    /// When there is no sample or a value is not finite.
    pub fn finish(self) -> Result<Vec<Array2<f64>>> {
        if self.samples == 0 {
            return Err(Error::Data(
                "expected inputs to fit the terms to, found none".into(),
            ));
        }
        let samples = self.samples as f64;
        let matrices = self.covariances.into_iter().map(|covariance| {
            let covariance = covariance / samples;
            let n = covariance.nrows();
            let scale: Vec<f64> = covariance
                .diag()
                .iter()
                .map(|&v| if v > 0.0 { 1.0 / v.sqrt() } else { 0.0 })
                .collect();
            let correlation = Array2::from_shape_fn((n, n), |(a, b)| match a == b {
                true => 1.0 + RIDGE,
                false => covariance[[a, b]] * scale[a] * scale[b],
            });
            let mut matrix = inverse_cholesky(&correlation).ok_or_else(|| {
                Error::Data("the inputs are not finite or their terms linearly dependent".into())
            })?;
            for (mut column, scale) in matrix.columns_mut().into_iter().zip(scale) {
                column *= scale;
            }
            Ok(matrix)
        });
        matrices.collect()
    }
}

/// `L^-1` of `C = L L^T`.
fn inverse_cholesky(c: &Array2<f64>) -> Option<Array2<f64>> {
    let n = c.nrows();
    let mut l = Array2::<f64>::zeros((n, n));
    for k in 0..n {
        for i in k..n {
            let value = c[[i, k]] - l.slice(s![i, ..k]).dot(&l.slice(s![k, ..k]));
            if i > k {
                l[[i, k]] = value / l[[k, k]];
            } else if value > 0.0 {
                l[[k, k]] = value.sqrt();
            } else {
                return None;
            }
        }
    }
    let mut inverse = Array2::<f64>::zeros((n, n));
    for column in 0..n {
        for i in column..n {
            let unit = if i == column { 1.0 } else { 0.0 };
            let dot = l.slice(s![i, ..i]).dot(&inverse.slice(s![..i, column]));
            inverse[[i, column]] = (unit - dot) / l[[i, i]];
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_factor_whitens() {
        let c = ndarray::array![[1.0, 0.4, -0.2], [0.4, 1.0, 0.3], [-0.2, 0.3, 1.0]];
        let w = inverse_cholesky(&c).expect("positive");
        let identity = w.dot(&c).dot(&w.t());
        assert!(
            (identity - Array2::<f64>::eye(3))
                .iter()
                .all(|e| e.abs() < 1e-14)
        );
        assert!(inverse_cholesky(&ndarray::array![[1.0, 2.0], [2.0, 1.0]]).is_none());
        assert!(inverse_cholesky(&ndarray::array![[f64::NAN]]).is_none());
    }
}
