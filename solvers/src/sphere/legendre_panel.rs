//! The Legendre half of the transform: for each order, sums over degree and over latitude.
//!
//! The values of one order, its panel, are laid out `[16 latitudes][n - m][lane]`, from the pole
//! to the equator, for the northern half only: `P_n^m(-mu) = (-1)^{n-m} P_n^m(mu)`, so even and
//! odd rows are summed apart and north and south follow as sum and difference.
//!
//! * Synthesis keeps two vectors of latitudes times the columns of up to three fields in
//!   registers and broadcasts coefficients.
//! * Analysis keeps several degrees times the columns in registers, runs over latitudes, and
//!   adds the lanes up at the end, eight sums at once.
//!
//! Panels are stored while all of them fit into [`STORED_LIMIT`] bytes; beyond, each is computed
//! by the recurrence when it is needed, sixteen latitudes at a time, which keeps memory at
//! O(N^2). Latitudes so close to the pole that an order stays below [`NEGLIGIBLE`] for every
//! degree are left out.

use super::aligned::AlignedBuffer;
use super::lanes::{LANES, Lanes};
use super::legendre::Legendre;

/// Most bytes of stored Legendre functions. Larger tables would be read from beyond the second
/// level of cache, which takes as long as computing them anew (measured at T106, 4 MB, where the
/// table wins by a third for one field, and at T170, 15 MB, where it does not).
pub(crate) const STORED_LIMIT: usize = 8 << 20;

/// A value of P_n^m that changes no sum of order 1 in double precision, with room for spectra
/// whose coefficients span ten more decades.
const NEGLIGIBLE: f64 = 1e-30;

/// Latitudes per panel block.
pub(crate) const BLOCK: usize = 2 * LANES;

/// Most fields whose columns a kernel holds in registers.
const FIELDS: usize = 3;

/// Legendre functions of all orders on the northern half of a grid, up to degree N + 1.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    legendre: Legendre,
    truncation: usize,
    blocks: usize,
    mu: Vec<[f64; LANES]>,
    /// P_m^m as mantissas and exponents, `[m][8 latitudes]`.
    starts: Vec<[[f64; LANES]; 2]>,
    /// First block of each order that is not negligible; never falls with the order.
    first_block: Vec<usize>,
    stored: Option<Stored>,
}

#[derive(Clone, Debug)]
struct Stored {
    values: AlignedBuffer,
    offsets: Vec<usize>,
}

impl Panels {
    /// `sin` and `cos` of the northern latitudes, pole first.
    pub(crate) fn new(sin: &[f64], cos: &[f64], truncation: usize, stored_limit: usize) -> Self {
        let blocks = sin.len().div_ceil(BLOCK);
        let legendre = Legendre::new(truncation + 1);
        let mut mu = vec![[0.0; LANES]; 2 * blocks];
        let mut starts = vec![[[0.0; LANES]; 2]; (truncation + 1) * 2 * blocks];
        for (j, (&s, &c)) in sin.iter().zip(cos).enumerate() {
            let (b, l) = (j / LANES, j % LANES);
            mu[b][l] = s;
            for m in 0..=truncation {
                let start = &mut starts[m * 2 * blocks + b];
                (start[0][l], start[1][l]) = legendre.start(m, c);
            }
        }
        let mut panels = Self {
            legendre,
            truncation,
            blocks,
            mu,
            starts,
            first_block: vec![0; truncation + 1],
            stored: None,
        };
        panels.find_first_blocks();
        let mut offsets = vec![0];
        for m in 0..=truncation {
            offsets.push(offsets[m] + panels.panel_len(m));
        }
        let total = offsets[truncation + 1];
        if total * size_of::<f64>() <= stored_limit {
            let mut values = AlignedBuffer::zeros(total);
            for m in 0..=truncation {
                panels.fill(m, &mut values[offsets[m]..offsets[m + 1]]);
            }
            panels.stored = Some(Stored { values, offsets });
        }
        panels
    }

    fn find_first_blocks(&mut self) {
        let mut panel = vec![0.0; (self.truncation + 2) * BLOCK];
        let mut first = 0;
        for m in 0..=self.truncation {
            let rows = self.rows(m);
            while first + 1 < self.blocks {
                self.fill_block(m, first, &mut panel[..rows * BLOCK]);
                if panel[..rows * BLOCK].iter().any(|p| p.abs() > NEGLIGIBLE) {
                    break;
                }
                first += 1;
            }
            self.first_block[m] = first;
        }
    }

    /// Number of degrees m..=N+1.
    pub(crate) fn rows(&self, m: usize) -> usize {
        self.truncation + 2 - m
    }

    /// Number of blocks of sixteen latitudes.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    /// First block that an order reaches.
    pub(crate) fn first_block(&self, m: usize) -> usize {
        self.first_block[m]
    }

    fn panel_len(&self, m: usize) -> usize {
        (self.blocks - self.first_block[m]) * self.rows(m) * BLOCK
    }

    /// Scratch that the kernels need for any order: a panel, unless panels are stored.
    pub(crate) fn scratch_len(&self) -> usize {
        if self.stored.is_some() {
            0
        } else {
            self.panel_len(0)
        }
    }

    fn fill_block(&self, m: usize, block: usize, out: &mut [f64]) {
        for half in 0..2 {
            let b = 2 * block + half;
            let start = &self.starts[m * 2 * self.blocks + b];
            self.legendre
                .fill_block(m, &self.mu[b], start, &mut out[half * LANES..], BLOCK);
        }
    }

    fn fill(&self, m: usize, out: &mut [f64]) {
        let len = self.rows(m) * BLOCK;
        for (i, block) in out.chunks_exact_mut(len).enumerate() {
            self.fill_block(m, self.first_block[m] + i, block);
        }
    }

    /// Sums over degree: `coefficients[n - m][column]` of `2 fields` columns (real and imaginary
    /// parts) to `out[8 latitudes][parity][column][lane]`.
    ///
    /// # Safety
    /// The processor has the instruction set of `V`. `rows <= self.rows(m)`; `coefficients` has
    /// `rows * 2 * fields` values, `out` as many as its layout says for [`Self::blocks`] blocks,
    /// `scratch` [`Self::scratch_len`].
    #[inline(always)]
    pub(crate) unsafe fn synthesis<V: Lanes>(
        &self,
        m: usize,
        rows: usize,
        fields: usize,
        coefficients: &[f64],
        out: &mut [f64],
        scratch: &mut [f64],
    ) {
        let columns = 2 * fields;
        let full = self.rows(m) * BLOCK;
        debug_assert!(rows <= self.rows(m) && coefficients.len() >= rows * columns);
        debug_assert!(out.len() >= self.blocks * 4 * columns * LANES);
        for block in self.first_block[m]..self.blocks {
            let panel = match &self.stored {
                Some(stored) => {
                    let at = stored.offsets[m] + (block - self.first_block[m]) * full;
                    stored.values[at..at + full].as_ptr()
                }
                None => {
                    self.fill_block(m, block, &mut scratch[..rows * BLOCK]);
                    scratch.as_ptr()
                }
            };
            let mut field = 0;
            while field < fields {
                let count = chunk(fields - field);
                unsafe {
                    let c = coefficients.as_ptr().add(2 * field);
                    let to = out
                        .as_mut_ptr()
                        .add((block * 4 * columns + 2 * field) * LANES);
                    match count {
                        1 => synthesis_kernel::<V, 2>(panel, rows, c, columns, to),
                        2 => synthesis_kernel::<V, 4>(panel, rows, c, columns, to),
                        _ => synthesis_kernel::<V, 6>(panel, rows, c, columns, to),
                    }
                }
                field += count;
            }
        }
    }

    /// Sums over latitude: `values[8 latitudes][parity][column][lane]`, already weighted, to
    /// `out[n - m][column]`.
    ///
    /// # Safety
    /// As for [`Self::synthesis`].
    #[inline(always)]
    pub(crate) unsafe fn analysis<V: Lanes>(
        &self,
        m: usize,
        rows: usize,
        fields: usize,
        values: &[f64],
        out: &mut [f64],
        scratch: &mut [f64],
    ) {
        let columns = 2 * fields;
        let full = self.rows(m) * BLOCK;
        debug_assert!(rows <= self.rows(m) && out.len() >= rows * columns);
        debug_assert!(values.len() >= self.blocks * 4 * columns * LANES);
        let panel = match &self.stored {
            Some(stored) => stored.values[stored.offsets[m]..stored.offsets[m + 1]].as_ptr(),
            None => {
                let len = self.panel_len(m);
                self.fill(m, &mut scratch[..len]);
                scratch.as_ptr()
            }
        };
        let first = self.first_block[m];
        let mut field = 0;
        while field < fields {
            let count = chunk(fields - field);
            for parity in 0..2 {
                unsafe {
                    let sums = Sums {
                        panel,
                        block_len: full,
                        blocks: self.blocks - first,
                        values: values
                            .as_ptr()
                            .add(((first * 4 + parity) * columns + 2 * field) * LANES),
                        columns,
                        rows,
                        out: out.as_mut_ptr().add(2 * field),
                    };
                    let mut row = parity;
                    while row < rows {
                        let left = (rows - row).div_ceil(2);
                        row += 2 * match count {
                            1 if left > 4 => sums.run::<V, 2, 8>(row),
                            1 => sums.run::<V, 2, 4>(row),
                            2 if left > 2 => sums.run::<V, 4, 6>(row),
                            2 => sums.run::<V, 4, 2>(row),
                            _ => sums.run::<V, 6, 4>(row),
                        };
                    }
                }
            }
            field += count;
        }
    }
}

/// Fields to take next when so many are left: as even a division as registers allow.
#[inline(always)]
fn chunk(left: usize) -> usize {
    left.div_ceil(left.div_ceil(FIELDS))
}

/// Sixteen latitudes, `C` columns.
#[inline(always)]
unsafe fn synthesis_kernel<V: Lanes, const C: usize>(
    panel: *const f64,
    rows: usize,
    coefficients: *const f64,
    columns: usize,
    out: *mut f64,
) {
    unsafe {
        let zero = V::splat(0.0);
        let mut even = [[zero; 2]; C];
        let mut odd = [[zero; 2]; C];
        let (mut p, mut c) = (panel, coefficients);
        for _ in 0..rows / 2 {
            let e = [V::load(p), V::load(p.add(LANES))];
            let o = [V::load(p.add(2 * LANES)), V::load(p.add(3 * LANES))];
            for k in 0..C {
                let a = V::splat(*c.add(k));
                let b = V::splat(*c.add(columns + k));
                for h in 0..2 {
                    even[k][h] = e[h].mul_add(a, even[k][h]);
                    odd[k][h] = o[h].mul_add(b, odd[k][h]);
                }
            }
            p = p.add(2 * BLOCK);
            c = c.add(2 * columns);
        }
        if rows % 2 == 1 {
            for k in 0..C {
                let a = V::splat(*c.add(k));
                for h in 0..2 {
                    even[k][h] = V::load(p.add(h * LANES)).mul_add(a, even[k][h]);
                }
            }
        }
        for h in 0..2 {
            let to = out.add(h * 2 * columns * LANES);
            for k in 0..C {
                even[k][h].store(to.add(k * LANES));
                odd[k][h].store(to.add((columns + k) * LANES));
            }
        }
    }
}

/// Where the sums over latitude find their factors.
struct Sums {
    panel: *const f64,
    block_len: usize,
    blocks: usize,
    values: *const f64,
    columns: usize,
    rows: usize,
    out: *mut f64,
}

impl Sums {
    /// `T` rows of one parity from `row` on, `C` columns; returns `T`.
    #[inline(always)]
    unsafe fn run<V: Lanes, const C: usize, const T: usize>(&self, row: usize) -> usize {
        unsafe {
            let last = self.rows - 1 - (self.rows - 1 - row) % 2;
            // rows beyond the last repeat it; their sums are dropped
            let at: [usize; T] = std::array::from_fn(|t| (row + 2 * t).min(last) * BLOCK);
            let mut sum = [[V::splat(0.0); C]; T];
            for block in 0..self.blocks {
                let panel = self.panel.add(block * self.block_len);
                for h in 0..2 {
                    let g = self.values.add((2 * block + h) * 2 * self.columns * LANES);
                    let mut factor = [V::splat(0.0); C];
                    for (k, f) in factor.iter_mut().enumerate() {
                        *f = V::load(g.add(k * LANES));
                    }
                    for t in 0..T {
                        let p = V::load(panel.add(at[t] + h * LANES));
                        for k in 0..C {
                            sum[t][k] = p.mul_add(factor[k], sum[t][k]);
                        }
                    }
                }
            }
            let mut flat = [0.0; 24];
            for group in 0..(T * C) / 8 {
                let mut vectors = [V::splat(0.0); 8];
                for (i, v) in vectors.iter_mut().enumerate() {
                    let i = 8 * group + i;
                    *v = sum[i / C][i % C];
                }
                V::sums(vectors).store(flat.as_mut_ptr().add(8 * group));
            }
            for t in 0..T.min((last - row) / 2 + 1) {
                for k in 0..C {
                    *self.out.add((row + 2 * t) * self.columns + k) = flat[t * C + k];
                }
            }
        }
        T
    }
}
