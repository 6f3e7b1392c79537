//! A latitude of all channels, turned round and folded about its first point.
//!
//! What is even in the longitude sees `f(i) + f(-i)` alone, and what is odd `f(i) - f(-i)`: products with
//! cosines and with sines are half as long. Points come in rows of channels, as products want them.

use crate::kernels::flex::vector::{LANES, Vector, for_each_isa};

for_each_isa! {
    /// Takes a latitude: rows of `points`, `stride` apart, one for each channel, become `points` rows of
    /// channels, `width` apart (a multiple of 16 that holds them). Row `i` up to half way holds
    /// `f(i) + f(-i)`, row `-i` beyond holds `f(-i) - f(i)`; points that are their own image stay.
    ///
    /// # Safety
    /// Both are good for these shapes.
    pub(super) fn fold(
        field: *const f32,
        stride: usize,
        channels: usize,
        points: usize,
        rows: *mut f32,
        width: usize,
    ) = fold_body
}

#[inline(always)]
unsafe fn fold_body<V: Vector>(
    field: *const f32,
    stride: usize,
    channels: usize,
    points: usize,
    rows: *mut f32,
    width: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        transpose_body::<V>(field, stride, [channels, points], rows, width);
        for i in 1..points.div_ceil(2) {
            let (near, far) = (rows.add(i * width), rows.add((points - i) * width));
            for c in (0..channels).step_by(LANES) {
                let (a, b) = (V::load(near.add(c)), V::load(far.add(c)));
                a.add(b).store(near.add(c));
                a.mul_add(V::splat(-1.0), b).store(far.add(c));
            }
        }
    }
}

for_each_isa! {
    /// The transpose of [`fold`], which uses the rows up.
    ///
    /// # Safety
    /// As there.
    pub(super) fn unfold(
        rows: *mut f32,
        width: usize,
        channels: usize,
        points: usize,
        field: *mut f32,
        stride: usize,
    ) = unfold_body
}

#[inline(always)]
unsafe fn unfold_body<V: Vector>(
    rows: *mut f32,
    width: usize,
    channels: usize,
    points: usize,
    field: *mut f32,
    stride: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        for i in 1..points.div_ceil(2) {
            let (near, far) = (rows.add(i * width), rows.add((points - i) * width));
            for c in (0..channels).step_by(LANES) {
                let (even, odd) = (V::load(near.add(c)), V::load(far.add(c)));
                odd.mul_add(V::splat(-1.0), even).store(near.add(c));
                even.add(odd).store(far.add(c));
            }
        }
        transpose_body::<V>(rows, width, [points, channels], field, stride);
    }
}

for_each_isa! {
    /// `[rows, columns]` with rows `stride` apart to `[columns, rows]` with rows `to_stride` apart.
    ///
    /// # Safety
    /// Both are good for these shapes.
    pub(super) fn transpose(
        from: *const f32,
        stride: usize,
        shape: [usize; 2],
        to: *mut f32,
        to_stride: usize,
    ) = transpose_body
}

#[inline(always)]
unsafe fn transpose_body<V: Vector>(
    from: *const f32,
    stride: usize,
    [rows, columns]: [usize; 2],
    to: *mut f32,
    to_stride: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        for i in (0..rows).step_by(LANES) {
            let height = LANES.min(rows - i);
            for j in (0..columns).step_by(LANES) {
                let width = LANES.min(columns - j);
                let mut block = [V::splat(0.0); LANES];
                for (r, row) in block.iter_mut().enumerate().take(height) {
                    let from = from.add((i + r) * stride + j);
                    *row = match width {
                        LANES => V::load(from),
                        part => V::load_part(from, part),
                    };
                }
                let turned = V::transpose(block);
                for (c, row) in turned.into_iter().enumerate().take(width) {
                    let to = to.add((j + c) * to_stride + i);
                    match height {
                        LANES => row.store(to),
                        part => row.store_part(to, part),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::flex::vector::Isa;

    /// On every instruction set, and with every kind of remainder.
    #[test]
    fn a_latitude_is_folded_and_unfolded() {
        for isa in Isa::all() {
            for (channels, points) in [(1, 1), (3, 2), (16, 32), (17, 13), (35, 64)] {
                let stride = points + 5;
                let width = usize::div_ceil(channels, LANES) * LANES;
                let field: Vec<f32> = (0..channels * stride).map(|i| i as f32).collect();
                let mut rows = vec![0.0; points * width];
                // SAFETY: shapes as above.
                unsafe {
                    fold(
                        isa,
                        field.as_ptr(),
                        stride,
                        channels,
                        points,
                        rows.as_mut_ptr(),
                        width,
                    );
                }
                for c in 0..channels {
                    for i in 0..points {
                        let image = (points - i) % points;
                        let [f, g] = [i, image].map(|i| field[c * stride + i]);
                        let expected = match i.cmp(&image) {
                            std::cmp::Ordering::Equal => f,
                            std::cmp::Ordering::Less => f + g,
                            std::cmp::Ordering::Greater => f - g,
                        };
                        assert_eq!(rows[i * width + c], expected, "{isa:?} {c} {i} of {points}");
                    }
                }
                let mut back = field.clone();
                // SAFETY: shapes as above.
                unsafe {
                    unfold(
                        isa,
                        rows.as_mut_ptr(),
                        width,
                        channels,
                        points,
                        back.as_mut_ptr(),
                        stride,
                    );
                }
                for (n, (back, f)) in back.iter().zip(&field).enumerate() {
                    let i = n % stride;
                    let twice = i > 0 && i < points && 2 * i != points;
                    assert_eq!(*back, if twice { 2.0 * f } else { *f }, "{isa:?} {n}");
                }
            }
        }
    }
}
