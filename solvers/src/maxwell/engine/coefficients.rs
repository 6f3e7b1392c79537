//! The coefficients `(ca, cb)` of each value of a component: most rows lie in one medium, the
//! others hold either an index per value into at most sixteen media or the coefficients
//! themselves.

use super::Real;
use super::buffer::Buffer;
use super::layout::Layout;
use std::collections::HashMap;

/// Media that an index can tell apart.
pub(super) const PALETTE: usize = 16;

/// What a row lies in.
#[derive(Clone, Copy)]
pub(super) enum RowMedium<'a, T> {
    /// One medium.
    One(T, T),
    /// Indices into tables of sixteen coefficients.
    Palette(&'a [u8], &'a [T; PALETTE], &'a [T; PALETTE]),
    /// Coefficients.
    Each(&'a [T], &'a [T]),
}

impl<T: Real> RowMedium<'_, T> {
    /// `(ca, cb)` of value `i`.
    #[inline(always)]
    pub(super) fn at(&self, i: usize) -> (T, T) {
        match *self {
            Self::One(ca, cb) => (ca, cb),
            Self::Palette(index, ca, cb) => {
                let m = index[i] as usize % PALETTE;
                (ca[m], cb[m])
            }
            Self::Each(ca, cb) => (ca[i], cb[i]),
        }
    }
}

const MIXED: u32 = 1 << 31;

/// The coefficients of one component.
pub(super) struct ComponentMedia<T> {
    /// Medium of each row, or the number of its stored row.
    rows: Vec<u32>,
    /// Coefficients of the media that occur.
    media: Vec<(T, T)>,
    palette: ([T; PALETTE], [T; PALETTE]),
    indices: Vec<u8>,
    each: Option<(Buffer<T>, Buffer<T>)>,
    stride: usize,
}

impl<T: Real> ComponentMedia<T> {
    /// `medium(i, j, k)` names one of `coefficients`.
    pub(super) fn new(
        layout: &Layout,
        component: usize,
        coefficients: &[(f64, f64)],
        medium: impl Fn(usize, usize, usize) -> usize,
    ) -> Self {
        let [ni, nj, nk] = layout.stored(component);
        let mut known: HashMap<usize, u32> = HashMap::new();
        let mut media = Vec::new();
        let mut rows = vec![0; layout.row_count()];
        let mut mixed: Vec<Vec<u32>> = Vec::new();
        let mut row = vec![0; ni];
        for k in 0..nk {
            for j in 0..nj {
                let mut last = None;
                for (i, slot) in row.iter_mut().enumerate() {
                    let m = medium(i, j, k);
                    *slot = match last {
                        Some((before, own)) if before == m => own,
                        _ => *known.entry(m).or_insert_with(|| {
                            let (ca, cb) = coefficients[m];
                            media.push((T::from_f64(ca), T::from_f64(cb)));
                            media.len() as u32 - 1
                        }),
                    };
                    last = Some((m, *slot));
                }
                rows[layout.row(k, j)] = if row.iter().all(|m| *m == row[0]) {
                    row[0]
                } else {
                    mixed.push(row.clone());
                    MIXED | (mixed.len() as u32 - 1)
                };
            }
        }
        if media.is_empty() {
            media.push((T::ZERO, T::ZERO));
        }
        let stride = (layout.cells[0] + 1).next_multiple_of(16);
        let mut palette = ([T::ZERO; PALETTE], [T::ZERO; PALETTE]);
        let mut indices = Vec::new();
        let mut each = None;
        if media.len() <= PALETTE {
            for (m, (ca, cb)) in media.iter().enumerate() {
                (palette.0[m], palette.1[m]) = (*ca, *cb);
            }
            indices = vec![0; mixed.len() * stride];
            for (to, from) in indices.chunks_exact_mut(stride).zip(&mixed) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from as u8;
                }
            }
        } else {
            let len = mixed.len() * stride;
            let (mut ca, mut cb) = (Buffer::zeros(len), Buffer::zeros(len));
            for (n, from) in mixed.iter().enumerate() {
                for (i, m) in from.iter().enumerate() {
                    (ca[n * stride + i], cb[n * stride + i]) = media[*m as usize];
                }
            }
            each = Some((ca, cb));
        }
        Self {
            rows,
            media,
            palette,
            indices,
            each,
            stride,
        }
    }

    /// The medium of a row; its slices are a stride long.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> RowMedium<'_, T> {
        if self.rows[row] & MIXED == 0 {
            self.one(row)
        } else if let Some((ca, cb)) = &self.each {
            let range = self.stored(row);
            RowMedium::Each(&ca[range.clone()], &cb[range])
        } else {
            self.indexed(row)
        }
    }

    /// The medium of a row that lies in one.
    #[inline(always)]
    pub(super) fn one(&self, row: usize) -> RowMedium<'_, T> {
        let (ca, cb) = self.media[self.rows[row] as usize];
        RowMedium::One(ca, cb)
    }

    /// The medium of a row that holds indices.
    #[inline(always)]
    pub(super) fn indexed(&self, row: usize) -> RowMedium<'_, T> {
        let (ca, cb) = self.palette();
        RowMedium::Palette(&self.indices[self.stored(row)], ca, cb)
    }

    /// What indices stand for.
    #[inline(always)]
    pub(super) fn palette(&self) -> (&[T; PALETTE], &[T; PALETTE]) {
        (&self.palette.0, &self.palette.1)
    }

    #[inline(always)]
    fn stored(&self, row: usize) -> std::ops::Range<usize> {
        let first = (self.rows[row] & !MIXED) as usize * self.stride;
        first..first + self.stride
    }
}
