//! From fields to spectra and back.
//!
//! Between the two stand orders along latitudes, `[M, J, (B, 2, C)]` with padded rows.

use super::super::pool::Buffer;
use super::super::product::{Product, Start, Term, product};
use super::super::tiles::Shared;
use super::super::vector::{Isa, LANES};
use super::fold::{fold, unfold};
use super::{Matrices, Sizes, padded};
use rayon::prelude::*;

/// Places of the orders along latitudes.
#[derive(Clone, Copy)]
struct Zonal {
    /// Distance of orders.
    order: usize,
    /// Distance of latitudes.
    latitude: usize,
}

impl Zonal {
    fn of(s: Sizes, channels: usize) -> Self {
        let latitude = padded(s.batch * 2 * channels);
        let order = padded(s.latitudes * latitude);
        Self { order, latitude }
    }
}

/// Spectrum `[L, M, (B, 2, C)]` of a field `[B, C, J, I]`, 0 where `l < m`.
pub(super) fn analysis(s: Sizes, channels: usize, field: &[f32], matrices: Matrices) -> Buffer {
    let (isa, at) = (Isa::here(), Zonal::of(s, channels));
    let row = s.batch * 2 * channels;
    let mut zonal = Buffer::new(s.orders * at.order);
    let to = Shared(zonal.as_mut_ptr());
    for_each_latitude(s, channels, |b, j, rows, width| {
        let from = field[(b * channels * s.latitudes + j) * s.longitudes..].as_ptr();
        let stride = s.latitudes * s.longitudes;
        // SAFETY: a latitude of one sample.
        unsafe {
            fold(isa, from, stride, channels, s.longitudes, rows, width);
            for (part, (first, count)) in folded(s.longitudes).into_iter().enumerate() {
                let term = Term {
                    a: matrices.dft.as_ptr().add(part * s.longitudes + first),
                    row: 2 * s.longitudes,
                    step: 1,
                    b: rows.add(first * width),
                    stride: width,
                    depth: count,
                };
                product(
                    isa,
                    &Product {
                        rows: s.orders,
                        columns: channels,
                        terms: &[term],
                        start: Start::Zero,
                        out: to.at(j * at.latitude + (2 * b + part) * channels),
                        stride: at.order,
                    },
                );
            }
        }
    });
    let mut spectrum = Buffer::new(s.degrees * s.orders * row);
    let to = Shared(spectrum.as_mut_ptr());
    (0..s.orders).into_par_iter().with_max_len(1).for_each(|m| {
        // SAFETY: one order of each.
        unsafe {
            for l in 0..m {
                to.at((l * s.orders + m) * row).write_bytes(0, row);
            }
            let first = (m * s.degrees + m) * s.latitudes;
            let term = Term {
                a: matrices.legendre.as_ptr().add(first),
                row: s.latitudes,
                step: 1,
                b: zonal.as_ptr().add(m * at.order),
                stride: at.latitude,
                depth: s.latitudes,
            };
            product(
                isa,
                &Product {
                    rows: s.degrees - m,
                    columns: row,
                    terms: &[term],
                    start: Start::Zero,
                    out: to.at((m * s.orders + m) * row),
                    stride: s.orders * row,
                },
            );
        }
    });
    spectrum
}

/// Field `[B, C, J, I]` of a spectrum `[M, L, (B, 2, C)]` with [`padded`] rows, which is not read where
/// `l < m`.
pub(super) fn synthesis(s: Sizes, channels: usize, spectrum: &[f32], matrices: Matrices) -> Buffer {
    let (isa, at) = (Isa::here(), Zonal::of(s, channels));
    let row = s.batch * 2 * channels;
    let mut zonal = Buffer::new(s.orders * at.order);
    let to = Shared(zonal.as_mut_ptr());
    (0..s.orders).into_par_iter().with_max_len(1).for_each(|m| {
        let first = m * s.degrees + m;
        // SAFETY: one order of each.
        unsafe {
            let term = Term {
                a: matrices.legendre.as_ptr().add(first * s.latitudes),
                row: 1,
                step: s.latitudes,
                b: spectrum.as_ptr().add(first * padded(row)),
                stride: padded(row),
                depth: s.degrees - m,
            };
            product(
                isa,
                &Product {
                    rows: s.latitudes,
                    columns: row,
                    terms: &[term],
                    start: Start::Zero,
                    out: to.at(m * at.order),
                    stride: at.latitude,
                },
            );
        }
    });
    let mut field = Buffer::new(s.batch * channels * s.latitudes * s.longitudes);
    let to = Shared(field.as_mut_ptr());
    for_each_latitude(s, channels, |b, j, rows, width| {
        // SAFETY: a latitude of one sample.
        unsafe {
            for (part, (first, count)) in folded(s.longitudes).into_iter().enumerate() {
                let term = Term {
                    a: matrices.dft.as_ptr().add(part * s.longitudes + first),
                    row: 1,
                    step: 2 * s.longitudes,
                    b: zonal
                        .as_ptr()
                        .add(j * at.latitude + (2 * b + part) * channels),
                    stride: at.order,
                    depth: s.orders,
                };
                product(
                    isa,
                    &Product {
                        rows: count,
                        columns: channels,
                        terms: &[term],
                        start: Start::Zero,
                        out: rows.add(first * width),
                        stride: width,
                    },
                );
            }
            let to = to.at((b * channels * s.latitudes + j) * s.longitudes);
            let stride = s.latitudes * s.longitudes;
            unfold(isa, rows, width, channels, s.longitudes, to, stride);
        }
    });
    field
}

/// First row and number of rows of a folded latitude that the cosines see, and the sines.
fn folded(points: usize) -> [(usize, usize); 2] {
    let even = points / 2 + 1;
    [
        (0, even.min(points)),
        (even.min(points), points.saturating_sub(even)),
    ]
}

/// Calls `task(sample, latitude, rows, width)` with room for a latitude of all channels.
fn for_each_latitude(
    s: Sizes,
    channels: usize,
    task: impl Fn(usize, usize, *mut f32, usize) + Sync,
) {
    let width = channels.div_ceil(LANES) * LANES;
    (0..s.batch * s.latitudes).into_par_iter().for_each_init(
        || Buffer::zeroed(s.longitudes * width),
        |rows, n| task(n / s.latitudes, n % s.latitudes, rows.as_mut_ptr(), width),
    );
}
