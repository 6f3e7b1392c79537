//! Small matrix products in the layouts of the fused operations.
//!
//! A fused block is a handful of products whose operands fit in cache, so there is nothing to pack
//! and little to plan: a tile of the result stays in registers while the terms of its sum pass by.

// Kernels run over several arrays by one index, and are plainer for it.
#![allow(clippy::needless_range_loop)]

use super::vector::{LANES, Vector, for_each_isa};

/// One term `A B` of a [`Product`]: `A[i][k] = a[i * row + k * step]`, `B[k][j] = b[k * stride + j]`.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub a: *const f32,
    pub row: usize,
    pub step: usize,
    pub b: *const f32,
    pub stride: usize,
    /// Length of the sum.
    pub depth: usize,
}

/// What a result starts from.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// 0
    Zero,
    /// One number for each row.
    Rows(*const f32),
}

/// `out[i][j] = start + sum of terms`, `i < rows`, `j < columns`, rows `stride` apart.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub rows: usize,
    pub columns: usize,
    pub terms: &'a [Term],
    pub start: Start,
    pub out: *mut f32,
    pub stride: usize,
}

for_each_isa! {
    /// Computes a product.
    ///
    /// # Safety
    /// All pointers must be good for what the shapes and strides say, and `out` must not overlap
    /// with anything read.
    pub(super) fn product(p: &Product) = product_body
}

#[inline(always)]
unsafe fn product_body<V: Vector>(p: &Product) {
    // SAFETY: the caller's.
    unsafe {
        let mut j = 0;
        while p.columns - j >= LANES {
            let vectors = ((p.columns - j) / LANES).min(V::TILE);
            // As many rows as keep 16 or so sums in registers: enough to hide the latency.
            match vectors {
                4 => rows::<V, 4, 4>(p, j, 0),
                3 => rows::<V, 6, 3>(p, j, 0),
                2 => rows::<V, 8, 2>(p, j, 0),
                _ if V::TILE == 1 => rows::<V, 6, 1>(p, j, 0),
                _ => rows::<V, 12, 1>(p, j, 0),
            }
            j += vectors * LANES;
        }
        let part = p.columns - j;
        if part > 0 {
            if V::TILE == 1 {
                rows::<V, 6, 1>(p, j, part);
            } else {
                rows::<V, 12, 1>(p, j, part);
            }
        }
    }
}

/// All rows of `N` vectors of columns from `j`; of a single vector its first `part` columns when
/// `part` is not 0.
#[inline(always)]
unsafe fn rows<V: Vector, const M: usize, const N: usize>(p: &Product, j: usize, part: usize) {
    // SAFETY: the caller's.
    unsafe {
        let mut i = 0;
        while i + M <= p.rows {
            tile::<V, M, N>(p, i, j, part);
            i += M;
        }
        while i + 2 <= p.rows {
            tile::<V, 2, N>(p, i, j, part);
            i += 2;
        }
        if i < p.rows {
            tile::<V, 1, N>(p, i, j, part);
        }
    }
}

#[inline(always)]
unsafe fn tile<V: Vector, const M: usize, const N: usize>(
    p: &Product,
    i: usize,
    j: usize,
    part: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let load = |from: *const f32| match part {
            0 => V::load(from),
            count => V::load_part(from, count),
        };
        let mut sums = [[V::splat(0.0); N]; M];
        match p.start {
            Start::Zero => {}
            Start::Rows(from) => {
                for r in 0..M {
                    sums[r] = [V::splat(*from.add(i + r)); N];
                }
            }
        }
        for term in p.terms {
            let mut a = term.a.add(i * term.row);
            let mut b = term.b.add(j);
            for _ in 0..term.depth {
                let mut values = [V::splat(0.0); N];
                for v in 0..N {
                    values[v] = load(b.add(v * LANES));
                }
                for r in 0..M {
                    let factor = V::splat(*a.add(r * term.row));
                    for v in 0..N {
                        sums[r][v] = factor.mul_add(values[v], sums[r][v]);
                    }
                }
                a = a.wrapping_add(term.step);
                b = b.wrapping_add(term.stride);
            }
        }
        for r in 0..M {
            for v in 0..N {
                let to = p.out.add((i + r) * p.stride + j + v * LANES);
                match part {
                    0 => sums[r][v].store(to),
                    count => sums[r][v].store_part(to, count),
                }
            }
        }
    }
}

/// `out[i][j][lane] += sum over p of a[i][p] b[j][p]`, `p` taken by lanes: products of all pairs of
/// rows, as the gradient of a channel matrix needs. Summing the lanes is left for the end.
#[derive(Clone, Copy)]
pub(super) struct RowProducts {
    pub a: *const f32,
    pub a_rows: usize,
    pub a_stride: usize,
    pub b: *const f32,
    pub b_rows: usize,
    pub b_stride: usize,
    /// Length of the rows.
    pub length: usize,
    pub out: *mut f32,
}

for_each_isa! {
    /// Adds products of rows.
    ///
    /// # Safety
    /// As [`product`].
    pub(super) fn row_products(p: &RowProducts) = row_products_body
}

#[inline(always)]
unsafe fn row_products_body<V: Vector>(p: &RowProducts) {
    // SAFETY: the caller's.
    unsafe {
        let mut i = 0;
        while i < p.a_rows {
            let m = (p.a_rows - i).min(if V::TILE == 1 { 2 } else { 4 });
            let mut j = 0;
            while j < p.b_rows {
                let n = (p.b_rows - j).min(if V::TILE == 1 { 2 } else { 4 });
                match (m, n) {
                    (4, 4) => pairs::<V, 4, 4>(p, i, j),
                    (2, 2) => pairs::<V, 2, 2>(p, i, j),
                    _ => {
                        for r in 0..m {
                            for s in 0..n {
                                pairs::<V, 1, 1>(p, i + r, j + s);
                            }
                        }
                    }
                }
                j += n;
            }
            i += m;
        }
    }
}

#[inline(always)]
unsafe fn pairs<V: Vector, const M: usize, const N: usize>(p: &RowProducts, i: usize, j: usize) {
    // SAFETY: the caller's.
    unsafe {
        let place = |r: usize, s: usize| p.out.add(((i + r) * p.b_rows + j + s) * LANES);
        let mut sums = [[V::splat(0.0); N]; M];
        for r in 0..M {
            for s in 0..N {
                sums[r][s] = V::load(place(r, s));
            }
        }
        let mut at = 0;
        while at < p.length {
            let count = p.length - at;
            let load = |from: *const f32| match count >= LANES {
                true => V::load(from),
                false => V::load_part(from, count),
            };
            let mut right = [V::splat(0.0); N];
            for s in 0..N {
                right[s] = load(p.b.add((j + s) * p.b_stride + at));
            }
            for r in 0..M {
                let left = load(p.a.add((i + r) * p.a_stride + at));
                for s in 0..N {
                    sums[r][s] = left.mul_add(right[s], sums[r][s]);
                }
            }
            at += LANES;
        }
        for r in 0..M {
            for s in 0..N {
                sums[r][s].store(place(r, s));
            }
        }
    }
}

/// Adds the lanes of `count` sums of [`RowProducts`] to `out`.
pub(super) fn add_lanes(sums: &[f32], out: &mut [f32]) {
    for (out, lanes) in out.iter_mut().zip(sums.chunks_exact(LANES)) {
        let mut half = [0.0; LANES / 2];
        for i in 0..LANES / 2 {
            half[i] = lanes[i] + lanes[i + LANES / 2];
        }
        let quarter: [f32; 4] = std::array::from_fn(|i| half[i] + half[i + 4]);
        *out += (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::vector::Isa;
    use super::*;

    fn noise(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 1009.0 - 0.5)
            .collect()
    }

    /// Every instruction set, every remainder of rows and columns, two terms, all starts.
    #[test]
    fn products_of_any_shape() {
        for isa in Isa::all() {
            for rows in [1, 2, 5, 12, 23] {
                for columns in [1, 7, 16, 31, 48, 77, 128] {
                    let (k1, k2) = (5, 9);
                    let (a1, b1) = (noise(rows * k1, 1), noise(k1 * columns, 2));
                    let (a2, b2) = (noise(rows * k2, 3), noise(k2 * columns, 4));
                    let bias = noise(rows, 5);
                    let first = Term {
                        a: a1.as_ptr(),
                        row: k1,
                        step: 1,
                        b: b1.as_ptr(),
                        stride: columns,
                        depth: k1,
                    };
                    // The second one is stored transposed.
                    let second = Term {
                        a: a2.as_ptr(),
                        row: 1,
                        step: rows,
                        b: b2.as_ptr(),
                        stride: columns,
                        depth: k2,
                    };
                    for with_bias in [false, true] {
                        let mut out = noise(rows * columns, 6);
                        let start = match with_bias {
                            false => Start::Zero,
                            true => Start::Rows(bias.as_ptr()),
                        };
                        let terms = [first, second];
                        let p = Product {
                            rows,
                            columns,
                            terms: &terms,
                            start,
                            out: out.as_mut_ptr(),
                            stride: columns,
                        };
                        // SAFETY: shapes as above.
                        unsafe { product(isa, &p) };
                        for i in 0..rows {
                            for j in 0..columns {
                                let mut sum = if with_bias { bias[i] } else { 0.0 };
                                for k in 0..k1 {
                                    sum += a1[i * k1 + k] * b1[k * columns + j];
                                }
                                for k in 0..k2 {
                                    sum += a2[k * rows + i] * b2[k * columns + j];
                                }
                                let found = out[i * columns + j];
                                assert!(
                                    (sum - found).abs() < 1e-5,
                                    "{isa:?} {rows}x{columns} [{i}][{j}]: {sum} != {found}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn products_of_rows() {
        for isa in Isa::all() {
            for (m, n, length) in [(1, 1, 5), (4, 4, 64), (6, 5, 33), (3, 8, 16)] {
                let (a, b) = (noise(m * length, 1), noise(n * length, 2));
                let mut sums = vec![0.0; m * n * LANES];
                let p = RowProducts {
                    a: a.as_ptr(),
                    a_rows: m,
                    a_stride: length,
                    b: b.as_ptr(),
                    b_rows: n,
                    b_stride: length,
                    length,
                    out: sums.as_mut_ptr(),
                };
                // SAFETY: shapes as above.
                unsafe { row_products(isa, &p) };
                let mut out = vec![1.0; m * n];
                add_lanes(&sums, &mut out);
                for i in 0..m {
                    for j in 0..n {
                        let exact: f32 = (0..length)
                            .map(|p| a[i * length + p] * b[j * length + p])
                            .sum();
                        assert!((out[i * n + j] - 1.0 - exact).abs() < 1e-5);
                    }
                }
            }
        }
    }
}
