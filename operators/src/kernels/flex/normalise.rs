//! Normalisation of a sample and its activation, `gelu(gain (x + bias - mean) / deviation + shift)`: a
//! pass for the moments and one for the rest, forward and backward, row by row.

use super::activation::{gelu_rows, gelu_slopes};
use super::pool::Buffer;
use super::vector::{Isa, LANES, Vector, for_each_isa};
use crate::kernels::grid::EPSILON;
use rayon::prelude::*;

/// Operands: `x` `[B, C, P]`, the others `[C]`.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub x: &'a [f32],
    pub bias: &'a [f32],
    pub gain: &'a [f32],
    pub shift: &'a [f32],
    pub batch: usize,
    pub points: usize,
}

impl Operands<'_> {
    fn channels(&self) -> usize {
        self.gain.len()
    }

    /// `x scale + shift` of a row is what is activated.
    fn affine(&self, moments: &[f32], row: usize) -> (f32, f32) {
        let (b, c) = (row / self.channels(), row % self.channels());
        let scale = self.gain[c] * moments[2 * b + 1];
        (
            scale,
            self.shift[c] + (self.bias[c] - moments[2 * b]) * scale,
        )
    }
}

for_each_isa! {
    /// `sums[0] += sum of x - about`, `sums[1] += sum of (x - about)^2`
    ///
    /// # Safety
    /// `x` is good for `length` numbers.
    fn add_moments(x: *const f32, length: usize, about: f32, sums: &mut [f32; 2]) = add_moments_body
}

#[inline(always)]
unsafe fn add_moments_body<V: Vector>(
    x: *const f32,
    length: usize,
    about: f32,
    sums: &mut [f32; 2],
) {
    // SAFETY: the caller's.
    unsafe {
        let mut lanes = [V::splat(0.0); 2];
        let whole = length / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let value = V::load(x.add(at)).add(V::splat(-about));
            lanes[0] = lanes[0].add(value);
            lanes[1] = value.mul_add(value, lanes[1]);
        }
        for n in 0..2 {
            let mut values = [0.0f32; LANES];
            lanes[n].store(values.as_mut_ptr());
            sums[n] += values.iter().sum::<f32>();
        }
        for at in whole..length {
            let value = *x.add(at) - about;
            sums[0] += value;
            sums[1] += value * value;
        }
    }
}

for_each_isa! {
    /// `sum += sum of a b`
    ///
    /// # Safety
    /// Both pointers are good for `length` numbers.
    fn add_products(a: *const f32, b: *const f32, length: usize, sum: &mut f32) = add_products_body
}

#[inline(always)]
unsafe fn add_products_body<V: Vector>(a: *const f32, b: *const f32, length: usize, sum: &mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let mut lanes = V::splat(0.0);
        let whole = length / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            lanes = V::load(a.add(at)).mul_add(V::load(b.add(at)), lanes);
        }
        let mut values = [0.0f32; LANES];
        lanes.store(values.as_mut_ptr());
        *sum += values.iter().sum::<f32>();
        for at in whole..length {
            *sum += *a.add(at) * *b.add(at);
        }
    }
}

for_each_isa! {
    /// `out = f out + g x + h` with the factors `[f, g, h]`, and its sum is added to `sum`.
    ///
    /// # Safety
    /// Both pointers are good for `length` numbers.
    fn combine(
        out: *mut f32,
        x: *const f32,
        length: usize,
        factors: [f32; 3],
        sum: &mut f32,
    ) = combine_body
}

#[inline(always)]
unsafe fn combine_body<V: Vector>(
    out: *mut f32,
    x: *const f32,
    length: usize,
    [f, g, h]: [f32; 3],
    sum: &mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut lanes = V::splat(0.0);
        let whole = length / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let value = V::load(x.add(at)).mul_add(V::splat(g), V::splat(h));
            let value = V::load(out.add(at)).mul_add(V::splat(f), value);
            lanes = lanes.add(value);
            value.store(out.add(at));
        }
        let mut values = [0.0f32; LANES];
        lanes.store(values.as_mut_ptr());
        *sum += values.iter().sum::<f32>();
        for at in whole..length {
            let to = out.add(at);
            *to = f * *to + (g * *x.add(at) + h);
            *sum += *to;
        }
    }
}

/// Mean and `1 / deviation` of each sample, `[B, 2]`, from those of its rows.
fn moments(isa: Isa, o: Operands) -> Buffer {
    let rows: Vec<[f64; 2]> =
        o.x.par_chunks_exact(o.points)
            .enumerate()
            .map(|(number, row)| {
                let bias = f64::from(o.bias[number % o.channels()]);
                let (mut sums, mut squares) = ([0.0; 2], [0.0; 2]);
                // SAFETY: a row. About its own mean, so that nothing cancels.
                unsafe {
                    add_moments(isa, row.as_ptr(), row.len(), row[0], &mut sums);
                    let mean = row[0] + sums[0] / row.len() as f32;
                    add_moments(isa, row.as_ptr(), row.len(), mean, &mut squares);
                    let off = f64::from(squares[0]) / row.len() as f64;
                    let squares = f64::from(squares[1]) - off * off * row.len() as f64;
                    [f64::from(mean) + off + bias, squares]
                }
            })
            .collect();
    let mut moments = Buffer::new(2 * o.batch);
    let samples = rows.chunks_exact(o.channels());
    for (sample, to) in samples.zip(moments.chunks_exact_mut(2)) {
        let mean = sample.iter().map(|row| row[0]).sum::<f64>() / o.channels() as f64;
        let squares: f64 = sample
            .iter()
            .map(|row| row[1] + o.points as f64 * (row[0] - mean).powi(2))
            .sum();
        let variance = squares / (o.channels() * o.points) as f64;
        to[0] = mean as f32;
        to[1] = (1.0 / (variance + EPSILON).sqrt()) as f32;
    }
    moments
}

/// Output `[B, C, P]` and moments `[B, 2]`.
pub(super) fn forward(o: Operands) -> (Buffer, Buffer) {
    let isa = Isa::here();
    let moments = moments(isa, o);
    let mut output = Buffer::new(o.x.len());
    output
        .par_chunks_exact_mut(o.points)
        .zip(o.x.par_chunks_exact(o.points))
        .enumerate()
        .for_each(|(row, (out, x))| {
            let (scale, shift) = o.affine(&moments, row);
            // SAFETY: rows of one length.
            unsafe { gelu_rows(isa, out.as_mut_ptr(), x.as_ptr(), x.len(), scale, shift) };
        });
    (output, moments)
}

/// Gradients of x, bias, gain, shift.
pub(super) fn backward(o: Operands, moments: &[f32], grad: &[f32]) -> [Buffer; 4] {
    let isa = Isa::here();
    let channels = o.channels();
    let mut to_x = Buffer::new(o.x.len());
    // Of each row: sums of the slope, and of it times the normal field.
    let sums: Vec<[f64; 2]> = to_x
        .par_chunks_exact_mut(o.points)
        .zip(o.x.par_chunks_exact(o.points))
        .zip(grad.par_chunks_exact(o.points))
        .enumerate()
        .map(|(row, ((out, x), grad))| {
            let (scale, shift) = o.affine(moments, row);
            let [mean, normal] = [0, 1].map(|n| f64::from(moments[row / channels * 2 + n]));
            let (mut sum, mut product) = (0.0, 0.0);
            let (slope, length) = (out.as_mut_ptr(), x.len());
            // SAFETY: rows of one length.
            unsafe {
                let (x, grad) = (x.as_ptr(), grad.as_ptr());
                gelu_slopes(isa, slope, x, grad, length, [scale, shift], &mut sum);
                add_products(isa, slope, x, length, &mut product);
            }
            let (sum, mean) = (f64::from(sum), mean - f64::from(o.bias[row % channels]));
            [sum, (f64::from(product) - mean * sum) * normal]
        })
        .collect();
    let gain = |row: usize| f64::from(o.gain[row % channels]);
    let count = (channels * o.points) as f64;
    let of_x: Vec<[f64; 1]> = to_x
        .par_chunks_exact_mut(o.points)
        .zip(o.x.par_chunks_exact(o.points))
        .enumerate()
        .map(|(row, (out, x))| {
            let b = row / channels;
            let [mean, normal] = [0, 1].map(|n| f64::from(moments[2 * b + n]));
            let mean = mean - f64::from(o.bias[row % channels]);
            // What would change mean or deviation does not count.
            let average = |n: usize| -> f64 {
                let rows = b * channels..(b + 1) * channels;
                rows.map(|row| gain(row) * sums[row][n]).sum::<f64>() / count
            };
            let (constant, along) = (average(0), average(1) * normal);
            let factors = [gain(row), -along, along * mean - constant];
            let factors = factors.map(|factor| (factor * normal) as f32);
            let mut sum = 0.0;
            let (to, x, length) = (out.as_mut_ptr(), x.as_ptr(), x.len());
            // SAFETY: rows of one length.
            unsafe { combine(isa, to, x, length, factors, &mut sum) };
            [f64::from(sum)]
        })
        .collect();
    let to_gain = by_channel(&sums, 1, channels);
    let to_shift = by_channel(&sums, 0, channels);
    [to_x, by_channel(&of_x, 0, channels), to_gain, to_shift]
}

/// The sums of all rows of a channel, `[C]`.
fn by_channel<const N: usize>(rows: &[[f64; N]], which: usize, channels: usize) -> Buffer {
    let mut total = Buffer::new(channels);
    for (c, total) in total.iter_mut().enumerate() {
        let of_channel = rows.iter().skip(c).step_by(channels);
        *total = of_channel.map(|row| row[which]).sum::<f64>() as f32;
    }
    total
}
