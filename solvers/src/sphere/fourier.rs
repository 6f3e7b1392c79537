//! The Fourier half of the transform: eight mirrored pairs of rows at a time.
//!
//! Between the two halves stand Fourier coefficients
//! `[order m][8 latitudes][parity][field][re, im][lane]`, even and odd in latitude, so that the
//! Legendre half reads and writes whole vectors. With E and O the even and odd part, north is
//! E + O and south E - O, and the pair travels through one complex transform as north + i south.

use super::grid::SphereGrid;
use super::lane_fft::{Direction, LaneFft, POINT};
use super::lanes::{LANES, Lanes};

/// What a row is multiplied with on its way to the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RowFactor {
    /// Nothing: a scalar.
    One,
    /// 1/cos(latitude): a component of a vector. Taken as 0 on a pole.
    InverseCos,
}

/// Fourier transforms and row factors of a grid.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    fft: LaneFft,
    nlat: usize,
    nlon: usize,
    truncation: usize,
    /// Number of groups of eight northern rows.
    groups: usize,
    /// Number of orders that reach each group; those beyond are negligible there.
    orders: Vec<usize>,
    inverse_cos: Vec<[f64; LANES]>,
    /// Quadrature weight / (2 nlon), halved on the equator, which both halves count.
    weight: Vec<[f64; LANES]>,
    /// The same times 1/cos.
    weight_inverse_cos: Vec<[f64; LANES]>,
}

/// The Fourier coefficients of a batch of fields.
#[derive(Clone, Copy)]
pub(crate) struct FourierBuffer {
    pub(crate) at: *mut f64,
    pub(crate) fields: usize,
    /// f64 from one order to the next.
    pub(crate) order_len: usize,
}

impl FourierBuffer {
    /// Where the coefficients of an order begin.
    #[inline(always)]
    pub(crate) fn order(&self, m: usize) -> *mut f64 {
        self.at.wrapping_add(m * self.order_len)
    }
}

// SAFETY: the pointer is used for disjoint parts only, see the callers.
unsafe impl Send for FourierBuffer {}
unsafe impl Sync for FourierBuffer {}

impl Rows {
    pub(crate) fn new(grid: &SphereGrid, truncation: usize, orders: Vec<usize>) -> Self {
        let (nlat, nlon) = (grid.nlat(), grid.nlon());
        let half = nlat.div_ceil(2);
        let groups = half.div_ceil(LANES);
        let mut inverse_cos = vec![[0.0; LANES]; groups];
        let mut weight = inverse_cos.clone();
        let mut weight_inverse_cos = inverse_cos.clone();
        for j in 0..half {
            let (b, l) = (j / LANES, j % LANES);
            let cos = grid.cos_latitudes()[j];
            let equator = if 2 * j + 1 == nlat { 0.5 } else { 1.0 };
            inverse_cos[b][l] = if cos == 0.0 { 0.0 } else { 1.0 / cos };
            weight[b][l] = equator * 0.5 * grid.weights()[j] / nlon as f64;
            weight_inverse_cos[b][l] = weight[b][l] * inverse_cos[b][l];
        }
        let fft = LaneFft::new(nlon);
        Self {
            fft,
            nlat,
            nlon,
            truncation,
            groups,
            orders,
            inverse_cos,
            weight,
            weight_inverse_cos,
        }
    }

    /// Number of groups of eight northern rows with their mirrors.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// Values of one group of rows in lane layout: `[longitude][north, south][lane]`.
    pub(crate) fn group_len(&self) -> usize {
        self.fft.buffer_len()
    }

    /// Fourier coefficients of a field to the values of a group of rows; they end in `data`, or
    /// in `spare` when true is returned.
    ///
    /// # Safety
    /// The processor has the instruction set of `V`; `data` and `spare` have room for
    /// [`Self::group_len`] values; nobody writes the group's part of `from`.
    #[inline(always)]
    pub(crate) unsafe fn values<V: Lanes>(
        &self,
        from: FourierBuffer,
        group: usize,
        field: usize,
        factor: RowFactor,
        data: *mut f64,
        spare: *mut f64,
    ) -> bool {
        let (n, orders) = (self.nlon, self.orders[group]);
        unsafe {
            let scale = match factor {
                RowFactor::One => V::splat(1.0),
                RowFactor::InverseCos => V::load(self.inverse_cos[group].as_ptr()),
            };
            let (even, odd) = (2 * field * LANES, 2 * (from.fields + field) * LANES);
            let group_at = from.at.add(group * 4 * from.fields * LANES);
            let load = |m: usize, at: usize| V::load(group_at.add(m * from.order_len + at));
            {
                let (e, o) = (load(0, even), load(0, odd));
                e.add(o).mul(scale).store(data);
                e.sub(o).mul(scale).store(data.add(LANES));
            }
            for m in 1..orders {
                let (er, ei) = (load(m, even).mul(scale), load(m, even + LANES).mul(scale));
                let (or, oi) = (load(m, odd), load(m, odd + LANES));
                let (nr, ni) = (or.mul_add(scale, er), oi.mul_add(scale, ei));
                let (sr, si) = (or.neg_mul_add(scale, er), oi.neg_mul_add(scale, ei));
                let (up, down) = (data.add(m * POINT), data.add((n - m) * POINT));
                nr.sub(si).store(up);
                ni.add(sr).store(up.add(LANES));
                nr.add(si).store(down);
                sr.sub(ni).store(down.add(LANES));
            }
            let zero = V::splat(0.0);
            for k in orders..=n - orders {
                zero.store(data.add(k * POINT));
                zero.store(data.add(k * POINT + LANES));
            }
            self.fft.run::<V>(data, spare, Direction::Inverse)
        }
    }

    /// Values of a group of rows (in `data`, which is used up) to its weighted Fourier
    /// coefficients.
    ///
    /// # Safety
    /// As for [`Self::values`], and nobody else touches the group's part of `to`.
    #[inline(always)]
    pub(crate) unsafe fn coefficients<V: Lanes>(
        &self,
        data: *mut f64,
        spare: *mut f64,
        group: usize,
        field: usize,
        factor: RowFactor,
        to: FourierBuffer,
    ) {
        let n = self.nlon;
        unsafe {
            let in_spare = self.fft.run::<V>(data, spare, Direction::Forward);
            let z = if in_spare { spare } else { data };
            let scale = V::load(
                match factor {
                    RowFactor::One => &self.weight[group],
                    RowFactor::InverseCos => &self.weight_inverse_cos[group],
                }
                .as_ptr(),
            );
            let (even, odd) = (2 * field * LANES, 2 * (to.fields + field) * LANES);
            let group_at = to.at.add(group * 4 * to.fields * LANES);
            for m in 0..self.orders[group] {
                let (up, down) = (
                    z.add(m * POINT),
                    z.add(if m == 0 { 0 } else { n - m } * POINT),
                );
                let (zr, zi) = (V::load(up).mul(scale), V::load(up.add(LANES)).mul(scale));
                let (yr, yi) = (
                    V::load(down).mul(scale),
                    V::load(down.add(LANES)).mul(scale),
                );
                let (nr, ni) = (zr.add(yr), zi.sub(yi));
                let (sr, si) = (zi.add(yi), yr.sub(zr));
                let at = group_at.add(m * to.order_len);
                nr.add(sr).store(at.add(even));
                ni.add(si).store(at.add(even + LANES));
                nr.sub(sr).store(at.add(odd));
                ni.sub(si).store(at.add(odd + LANES));
            }
        }
    }

    /// Lane layout to the rows of a field `[latitude][longitude]`.
    ///
    /// # Safety
    /// The processor has the instruction set of `V`; `data` holds [`Self::group_len`] values,
    /// `field` a whole field, whose rows of this group nobody else touches.
    #[inline(always)]
    pub(crate) unsafe fn scatter<V: Lanes>(&self, data: *const f64, group: usize, field: *mut f64) {
        let n = self.nlon;
        unsafe {
            for south in [true, false] {
                let data = if south { data.add(LANES) } else { data };
                // The equator stands in both halves; the northern value is written last.
                let rows = self.row_numbers(group, south);
                let whole = if rows.iter().all(|&r| r < self.nlat) {
                    n / LANES * LANES
                } else {
                    0
                };
                for i in (0..whole).step_by(LANES) {
                    let mut block = [V::splat(0.0); LANES];
                    for (k, v) in block.iter_mut().enumerate() {
                        *v = V::load(data.add((i + k) * POINT));
                    }
                    let block = V::transpose(block);
                    for (l, v) in block.into_iter().enumerate() {
                        v.store(field.add(rows[l] * n + i));
                    }
                }
                for (l, &row) in rows.iter().enumerate().filter(|&(_, &row)| row < self.nlat) {
                    for i in whole..n {
                        *field.add(row * n + i) = *data.add(i * POINT + l);
                    }
                }
            }
        }
    }

    /// The rows of a field to lane layout; lanes beyond the grid become 0.
    ///
    /// # Safety
    /// As for [`Self::to_field`], reading.
    #[inline(always)]
    pub(crate) unsafe fn gather<V: Lanes>(&self, field: *const f64, group: usize, data: *mut f64) {
        let n = self.nlon;
        unsafe {
            for south in [false, true] {
                let data = if south { data.add(LANES) } else { data };
                let rows = self.row_numbers(group, south);
                let whole = if rows.iter().all(|&r| r < self.nlat) {
                    n / LANES * LANES
                } else {
                    0
                };
                for i in (0..whole).step_by(LANES) {
                    let mut block = [V::splat(0.0); LANES];
                    for (v, &row) in block.iter_mut().zip(&rows) {
                        *v = V::load(field.add(row * n + i));
                    }
                    let block = V::transpose(block);
                    for (k, v) in block.into_iter().enumerate() {
                        v.store(data.add((i + k) * POINT));
                    }
                }
                for (l, &row) in rows.iter().enumerate() {
                    for i in whole..n {
                        let value = if row < self.nlat {
                            *field.add(row * n + i)
                        } else {
                            0.0
                        };
                        *data.add(i * POINT + l) = value;
                    }
                }
            }
        }
    }

    /// Row of each lane; `nlat` for a lane beyond the grid.
    fn row_numbers(&self, group: usize, south: bool) -> [usize; LANES] {
        std::array::from_fn(|l| {
            let j = group * LANES + l;
            match (j < self.nlat.div_ceil(2), south) {
                (false, _) => self.nlat,
                (true, false) => j,
                (true, true) => self.nlat - 1 - j,
            }
        })
    }

    /// Number of orders, N + 1.
    pub(crate) fn order_count(&self) -> usize {
        self.truncation + 1
    }
}
