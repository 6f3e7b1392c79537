//! Passes of a batch through both halves of the transform: to the grid, from the grid, and to the
//! grid and back through a pointwise function.
//!
//! What a coefficient is made of, and what becomes of it, is told by closures that fill in or take
//! the coefficients of one order, so that scalars, winds and gradients share one path.

use super::fourier::{FourierBuffer, RowFactor, Rows};
use super::lanes::{self, LANES, Lanes};
use super::legendre_panel::{BLOCK, Panels};
use super::parallel::{Shared, for_each};
use super::transform::SphericalTransform;
use ndarray::{ArrayView3, ArrayViewMut3};
use num_complex::Complex64;

/// Most fields that go through the buffers at once; larger batches are cut.
const MOST_FIELDS: usize = 12;

/// The coefficients of one order of a batch: `[n - m][field]`.
pub(crate) struct OrderCoefficients<'a> {
    pub(crate) values: &'a mut [f64],
    pub(crate) fields: usize,
}

impl OrderCoefficients<'_> {
    /// The coefficient of degree `m + row`.
    #[inline(always)]
    pub(crate) fn get(&self, row: usize, field: usize) -> Complex64 {
        let at = 2 * (row * self.fields + field);
        Complex64::new(self.values[at], self.values[at + 1])
    }

    /// Sets the coefficient of degree `m + row`.
    #[inline(always)]
    pub(crate) fn set(&mut self, row: usize, field: usize, value: Complex64) {
        let at = 2 * (row * self.fields + field);
        self.values[at] = value.re;
        self.values[at + 1] = value.im;
    }
}

/// Fills in, or takes, the coefficients of an order: `(m, coefficients)`. Behind a pointer, so
/// that the kernels around it are compiled once and not once for every use.
pub(crate) type Pack<'a> = &'a (dyn Fn(usize, &mut OrderCoefficients) + Sync);

/// The same for a batch that may be cut: `(m, first field, coefficients)`.
pub(crate) type PackBatch<'a> = &'a (dyn Fn(usize, usize, &mut OrderCoefficients) + Sync);

impl SphericalTransform {
    /// Synthesis of series up to `degree` (N or N + 1): `pack(m, first field, coefficients)`
    /// gives the coefficients of an order for the fields from `first` on.
    pub(super) fn synthesis_with(
        &self,
        mut fields: ArrayViewMut3<f64>,
        factor: RowFactor,
        degree: usize,
        pack: PackBatch,
    ) {
        let size = self.grid().nlat() * self.grid().nlon();
        let total = fields.dim().0;
        write_through(&mut fields, |out| {
            let out = Shared::new(out);
            for first in (0..total).step_by(MOST_FIELDS) {
                let count = MOST_FIELDS.min(total - first);
                self.with_buffer(count, |buffer| {
                    self.orders_to_fourier(buffer, degree, &|m, order| pack(m, first, order));
                    let groups = self.rows.groups();
                    let len = self.rows.group_len();
                    for_each(
                        groups * count,
                        2 * len,
                        self.pays(count),
                        |task, scratch| {
                            let (group, f) = (task / count, task % count);
                            let field = out.pointer().wrapping_add((first + f) * size);
                            lanes::dispatch!(rows_out(
                                &self.rows, buffer, group, f, factor, scratch, field
                            ));
                        },
                    );
                });
            }
        });
    }

    /// Analysis up to `degree` (N or N + 1); `unpack(m, first field, coefficients)` takes the
    /// results of an order.
    pub(super) fn analysis_with(
        &self,
        fields: ArrayView3<f64>,
        factor: RowFactor,
        degree: usize,
        unpack: PackBatch,
    ) {
        let size = self.grid().nlat() * self.grid().nlon();
        let total = fields.dim().0;
        let fields = fields.as_standard_layout();
        let values = fields.as_slice().unwrap_or_default();
        for first in (0..total).step_by(MOST_FIELDS) {
            let count = MOST_FIELDS.min(total - first);
            self.with_buffer(count, |buffer| {
                let groups = self.rows.groups();
                let len = self.rows.group_len();
                for_each(
                    groups * count,
                    2 * len,
                    self.pays(count),
                    |task, scratch| {
                        let (group, f) = (task / count, task % count);
                        let field = values[(first + f) * size..][..size].as_ptr();
                        lanes::dispatch!(rows_in(
                            &self.rows, buffer, group, f, factor, scratch, field
                        ));
                    },
                );
                self.fourier_to_orders(buffer, degree, &|m, order| unpack(m, first, order));
            });
        }
    }

    /// A pass from spectra to the grid, through a pointwise function, and back, without ever
    /// storing a whole field: `IN` series are synthesised, `product` maps their values to `OUT`
    /// fields, which are analysed.
    ///
    /// On a grid with rows on the poles, vector components are taken as 0 there.
    pub(crate) fn product_with<const IN: usize, const OUT: usize>(
        &self,
        factors_in: [RowFactor; IN],
        factors_out: [RowFactor; OUT],
        degree: usize,
        pack: Pack,
        product: impl Fn([f64; IN]) -> [f64; OUT] + Sync,
        unpack: Pack,
    ) {
        self.with_buffer(IN, |from| {
            self.orders_to_fourier(from, degree, pack);
            self.with_buffer(OUT, |to| {
                let len = self.rows.group_len();
                let scratch_len = (IN + OUT + 1) * len;
                for_each(
                    self.rows.groups(),
                    scratch_len,
                    self.pays(IN + OUT),
                    |group, scratch| {
                        let rows = &self.rows;
                        lanes::dispatch!(rows_product::<_, _, _>(
                            rows,
                            from,
                            to,
                            group,
                            factors_in,
                            factors_out,
                            &product,
                            scratch
                        ));
                    },
                );
                self.fourier_to_orders(to, degree, unpack);
            });
        });
    }

    fn orders_to_fourier(&self, buffer: FourierBuffer, degree: usize, pack: Pack) {
        let fields = buffer.fields;
        let extra = degree - self.truncation();
        let coefficients_len = (self.truncation() + 2) * 2 * fields;
        let scratch_len = coefficients_len.next_multiple_of(LANES) + self.panels.scratch_len();
        for_each(
            self.truncation() + 1,
            scratch_len,
            self.pays(fields),
            |m, scratch| {
                let rows = self.truncation() + 1 + extra - m;
                let (values, panel) =
                    scratch.split_at_mut(coefficients_len.next_multiple_of(LANES));
                let values = &mut values[..rows * 2 * fields];
                pack(m, &mut OrderCoefficients { values, fields });
                // SAFETY: every order has its own part of the buffer.
                let out =
                    unsafe { std::slice::from_raw_parts_mut(buffer.order(m), buffer.order_len) };
                lanes::dispatch!(order_synthesis(
                    &self.panels,
                    m,
                    rows,
                    fields,
                    values,
                    out,
                    panel
                ));
            },
        );
    }

    fn fourier_to_orders(&self, buffer: FourierBuffer, degree: usize, unpack: Pack) {
        let fields = buffer.fields;
        let extra = degree - self.truncation();
        let coefficients_len = (self.truncation() + 2) * 2 * fields;
        let scratch_len = coefficients_len.next_multiple_of(LANES) + self.panels.scratch_len();
        for_each(
            self.truncation() + 1,
            scratch_len,
            self.pays(fields),
            |m, scratch| {
                let rows = self.truncation() + 1 + extra - m;
                let (values, panel) =
                    scratch.split_at_mut(coefficients_len.next_multiple_of(LANES));
                let values = &mut values[..rows * 2 * fields];
                // SAFETY: nobody writes the buffer now.
                let from = unsafe {
                    std::slice::from_raw_parts(buffer.order(m).cast_const(), buffer.order_len)
                };
                lanes::dispatch!(order_analysis(
                    &self.panels,
                    m,
                    rows,
                    fields,
                    from,
                    values,
                    panel
                ));
                unpack(m, &mut OrderCoefficients { values, fields });
            },
        );
    }

    /// Whether a batch is worth more than one thread.
    fn pays(&self, fields: usize) -> bool {
        let points = fields * self.grid().nlat() * self.grid().nlon();
        points > 8000 && rayon::current_num_threads() > 1
    }

    fn with_buffer(&self, fields: usize, work: impl FnOnce(FourierBuffer)) {
        // An odd number of lines from order to order spreads the orders of a row over the cache.
        let lines = self.panels.blocks() * (BLOCK / LANES) * 4 * fields;
        let order_len = (lines | 1) * LANES;
        let len = order_len * self.rows.order_count();
        let taken = self.pool.lock().ok().and_then(|mut pool| pool.pop());
        let mut buffer = taken.unwrap_or_default();
        buffer.reserve(len);
        work(FourierBuffer {
            at: buffer.as_mut_ptr(),
            fields,
            order_len,
        });
        if let Ok(mut pool) = self.pool.lock() {
            pool.push(buffer);
        }
    }
}

/// Runs `work` on the contiguous values of an array, by way of a copy where it is not contiguous.
pub(super) fn write_through<T: Clone, D: ndarray::Dimension>(
    array: &mut ndarray::ArrayViewMut<T, D>,
    work: impl FnOnce(&mut [T]),
) {
    if let Some(values) = array.as_slice_mut() {
        return work(values);
    }
    let mut copy = array.as_standard_layout().into_owned();
    if let Some(values) = copy.as_slice_mut() {
        work(values);
    }
    array.assign(&copy);
}

#[inline(always)]
unsafe fn order_synthesis<V: Lanes>(
    panels: &Panels,
    m: usize,
    rows: usize,
    fields: usize,
    coefficients: &[f64],
    out: &mut [f64],
    scratch: &mut [f64],
) {
    unsafe { panels.synthesis::<V>(m, rows, fields, coefficients, out, scratch) }
}

#[inline(always)]
unsafe fn order_analysis<V: Lanes>(
    panels: &Panels,
    m: usize,
    rows: usize,
    fields: usize,
    values: &[f64],
    out: &mut [f64],
    scratch: &mut [f64],
) {
    unsafe { panels.analysis::<V>(m, rows, fields, values, out, scratch) }
}

#[inline(always)]
unsafe fn rows_out<V: Lanes>(
    rows: &Rows,
    from: FourierBuffer,
    group: usize,
    field: usize,
    factor: RowFactor,
    scratch: &mut [f64],
    to: *mut f64,
) {
    let (data, spare) = scratch.split_at_mut(rows.group_len());
    unsafe {
        let in_spare = rows.values::<V>(
            from,
            group,
            field,
            factor,
            data.as_mut_ptr(),
            spare.as_mut_ptr(),
        );
        rows.scatter::<V>(if in_spare { spare } else { data }.as_ptr(), group, to);
    }
}

#[inline(always)]
unsafe fn rows_in<V: Lanes>(
    rows: &Rows,
    to: FourierBuffer,
    group: usize,
    field: usize,
    factor: RowFactor,
    scratch: &mut [f64],
    from: *const f64,
) {
    let (data, spare) = scratch.split_at_mut(rows.group_len());
    unsafe {
        rows.gather::<V>(from, group, data.as_mut_ptr());
        rows.coefficients::<V>(
            data.as_mut_ptr(),
            spare.as_mut_ptr(),
            group,
            field,
            factor,
            to,
        );
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn rows_product<V: Lanes, const IN: usize, const OUT: usize, P>(
    rows: &Rows,
    from: FourierBuffer,
    to: FourierBuffer,
    group: usize,
    factors_in: [RowFactor; IN],
    factors_out: [RowFactor; OUT],
    product: &P,
    scratch: &mut [f64],
) where
    P: Fn([f64; IN]) -> [f64; OUT],
{
    let len = rows.group_len();
    unsafe {
        let base = scratch.as_mut_ptr();
        // Each transform leaves its result in one of two buffers; the other is the spare of the
        // next one.
        let mut spare = base.add((IN + OUT) * len);
        let mut inputs = [base; IN];
        for (f, input) in inputs.iter_mut().enumerate() {
            let data = base.add(f * len);
            let in_spare = rows.values::<V>(from, group, f, factors_in[f], data, spare);
            *input = data;
            if in_spare {
                std::mem::swap(input, &mut spare);
            }
        }
        let outputs: [*mut f64; OUT] = std::array::from_fn(|f| base.add((IN + f) * len));
        for i in (0..len).step_by(LANES) {
            // through local arrays, which the compiler knows to overlap with nothing
            let mut values = [[0.0; LANES]; OUT];
            for l in 0..LANES {
                let mut at = [0.0; IN];
                for (f, x) in at.iter_mut().enumerate() {
                    *x = *inputs[f].add(i + l);
                }
                for (value, x) in values.iter_mut().zip(product(at)) {
                    value[l] = x;
                }
            }
            for (f, value) in values.iter().enumerate() {
                outputs[f].add(i).cast::<[f64; LANES]>().write(*value);
            }
        }
        for (f, &data) in outputs.iter().enumerate() {
            rows.coefficients::<V>(data, spare, group, f, factors_out[f], to);
        }
    }
}
