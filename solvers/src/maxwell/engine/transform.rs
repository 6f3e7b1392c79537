//! Running Fourier transforms of blocks of field values.
//!
//! `X(f) = sum dt x_n exp(-j 2 pi f t_n)` over every `interval`-th step, times the interval.
//! Sixteen samples of a row are kept and then added at once: a small matrix product, [samples x
//! values]^T [samples x frequencies], which touches the sums once instead of sixteen times. Sums
//! are f64.

use super::Real;
use super::buffer::Shared;
use super::kernels::InstructionSet;
use super::layout::Layout;
use super::products::{KEPT, LANES, Product, along_frequencies, along_row};
use super::row_table::RowTable;
use crate::maxwell::{FieldRegion, Model};
use ndarray::Array4;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// A row of a region on a row of the mesh.
pub(super) struct RegionRow {
    region: u32,
    slot: u32,
    component: u8,
}

/// One region's sums.
pub(super) struct Transform<T> {
    /// The region as the model has it.
    region: FieldRegion,
    /// Its ranges in the engine's axes.
    first: [usize; 3],
    shape: [usize; 3],
    /// The rows that are kept here, `[j, k]` from the first on.
    slots: Vec<[usize; 2]>,
    turned: [usize; 3],
    time_step: f64,
    samples: Vec<T>,
    sums: Vec<f64>,
}

impl<T: Real> Transform<T> {
    fn new(region: &FieldRegion, layout: &Layout, time_step: f64) -> Self {
        let ranges = layout.turned.map(|a| region.ranges[a].clone());
        let shape = ranges.clone().map(|r| r.len());
        let mut own = Self {
            region: region.clone(),
            first: ranges.map(|r| r.start),
            shape,
            slots: slots(region, layout).into_iter().map(|(s, _)| s).collect(),
            turned: layout.turned,
            time_step,
            samples: Vec::new(),
            sums: Vec::new(),
        };
        let rows = own.slots.len();
        own.samples = vec![T::ZERO; rows * KEPT * shape[0]];
        own.sums = vec![0.0; rows * own.sums_of_row()];
        own
    }

    /// Whether products run along the row rather than along the frequencies.
    fn along_row(&self) -> bool {
        self.shape[0] >= LANES
    }

    /// Real and imaginary parts, padded.
    fn weights(&self) -> usize {
        (2 * self.region.frequencies.len()).next_multiple_of(LANES)
    }

    fn sums_of_row(&self) -> usize {
        if self.along_row() {
            2 * self.region.frequencies.len() * self.shape[0]
        } else {
            self.weights() * self.shape[0]
        }
    }

    /// Number of samples taken in the first `steps` steps.
    fn taken(&self, steps: usize) -> usize {
        steps.div_ceil(self.region.interval)
    }

    /// Weights of samples `from..to`: `[sample][frequency, re and im]`.
    fn weight_table(&self, from: usize, to: usize) -> Vec<f64> {
        let shift = if self.region.component.is_electric() {
            1.0
        } else {
            0.5
        };
        let mut table = Vec::with_capacity((to - from) * self.weights());
        let scale = self.time_step * self.region.interval as f64;
        for sample in from..to {
            let end = table.len() + self.weights();
            let time = ((sample * self.region.interval) as f64 + shift) * self.time_step;
            for f in &self.region.frequencies {
                let (sin, cos) = (TAU * f * time).sin_cos();
                table.extend([scale * cos, -scale * sin]);
            }
            table.resize(end, 0.0);
        }
        table
    }

    /// The spectrum after `steps` steps, `[frequency, k, j, i]` in the model's axes, of the rows
    /// that are kept here; zero elsewhere.
    pub(super) fn spectrum(&self, steps: usize) -> Array4<Complex64> {
        let shape: Vec<usize> = self.region.ranges.iter().map(|r| r.len()).collect();
        let count = self.region.frequencies.len();
        let mut all = Array4::zeros((count, shape[2], shape[1], shape[0]));
        let taken = self.taken(steps);
        let pending = taken % KEPT;
        let weights = self.weight_table(taken - pending, taken);
        let ni = self.shape[0];
        let mut sums = vec![0.0; self.sums_of_row()];
        for (row, [j, k]) in self.slots.iter().enumerate() {
            let own = self.sums_of_row();
            sums.copy_from_slice(&self.sums[row * own..(row + 1) * own]);
            let mut samples = self.samples[row * KEPT * ni..(row + 1) * KEPT * ni].to_vec();
            samples[pending * ni..].fill(T::ZERO);
            let mut table = weights.clone();
            table.resize(KEPT * self.weights(), 0.0);
            self.add(&samples, &table, &mut sums);
            for i in 0..ni {
                let mut index = [0; 3];
                for (a, value) in [i, *j, *k].into_iter().enumerate() {
                    index[self.turned[a]] = value;
                }
                for f in 0..count {
                    let part = |p: usize| {
                        if self.along_row() {
                            sums[(2 * f + p) * ni + i]
                        } else {
                            sums[i * self.weights() + 2 * f + p]
                        }
                    };
                    all[[f, index[2], index[1], index[0]]] = Complex64::new(part(0), part(1));
                }
            }
        }
        all
    }

    /// `sums += samples^T weights` for one row.
    fn add(&self, samples: &[T], weights: &[f64], sums: &mut [f64]) {
        let (n, count, padded) = (
            self.shape[0],
            2 * self.region.frequencies.len(),
            self.weights(),
        );
        if self.along_row() {
            along_row(n, count, padded, samples, weights, sums);
        } else {
            along_frequencies(n, count, padded, samples, weights, sums);
        }
    }
}

/// All regions and the rows they are on, H first.
pub(super) struct Transforms<T> {
    pub(super) regions: Vec<Transform<T>>,
    pub(super) rows: [RowTable<RegionRow>; 2],
}

impl<T: Real> Transforms<T> {
    pub(super) fn new(model: &Model, layout: &Layout) -> Self {
        let regions: Vec<Transform<T>> = model
            .regions
            .iter()
            .map(|r| Transform::new(r, layout, model.time_step))
            .collect();
        let rows = [false, true].map(|electric| {
            let mut all = Vec::new();
            for (n, t) in regions.iter().enumerate() {
                if t.region.component.is_electric() != electric {
                    continue;
                }
                for (slot, (_, row)) in slots(&t.region, layout).into_iter().enumerate() {
                    let of_region = RegionRow {
                        region: n as u32,
                        slot: slot as u32,
                        component: layout.component(t.region.component) as u8,
                    };
                    all.push((row, of_region));
                }
            }
            RowTable::new(layout.row_count(), all)
        });
        Self { regions, rows }
    }
}

/// The rows of a region that a layout has for its own: `[j, k]` in the region, and the row's number.
pub(super) fn slots(region: &FieldRegion, layout: &Layout) -> Vec<([usize; 2], usize)> {
    let [_, rows, planes] = layout.turned.map(|a| region.ranges[a].clone());
    let own = |axis: usize, line: usize| layout.own_line(axis, line % layout.whole_lines[axis]);
    let mut all = Vec::new();
    for (k, plane) in planes.enumerate() {
        let Some(plane) = own(2, plane) else { continue };
        for (j, row) in rows.clone().enumerate() {
            if let Some(row) = own(1, row) {
                all.push(([j, k], layout.row(plane, row)));
            }
        }
    }
    all
}

/// The regions for a span of steps.
pub(super) fn span<T: Real>(
    regions: &mut [Transform<T>],
    first: usize,
    steps: usize,
    set: InstructionSet,
) -> Vec<RegionSpan<'_, T>> {
    let [long, short] = T::kernels(set).products;
    regions
        .iter_mut()
        .map(|t| {
            let from = t.taken(first) / KEPT * KEPT;
            let to = t.taken(first + steps).next_multiple_of(KEPT);
            let weights = t.weight_table(from, to);
            let samples = Shared::of(&mut t.samples);
            let sums = Shared::of(&mut t.sums);
            let number = |step: usize| {
                let interval = t.region.interval;
                step.is_multiple_of(interval).then_some(step / interval)
            };
            RegionSpan {
                first,
                numbers: (first..first + steps).map(number).collect(),
                product: if t.along_row() { long } else { short },
                transform: t,
                samples,
                sums,
                from,
                weights,
            }
        })
        .collect()
}

/// A region during a span of steps.
pub(super) struct RegionSpan<'a, T> {
    transform: &'a Transform<T>,
    product: Product<T>,
    /// Number of the sample of each step from the first on, if there is one.
    first: usize,
    numbers: Vec<Option<usize>>,
    samples: Shared<T>,
    sums: Shared<f64>,
    from: usize,
    weights: Vec<f64>,
}

impl<T: Real> RegionSpan<'_, T> {
    /// Whether samples are taken in a step.
    pub(super) fn is_due(&self, step: usize) -> bool {
        self.numbers[step - self.first].is_some()
    }

    /// Takes a sample of a row if it is time.
    ///
    /// # Safety
    /// No other thread is at this row of the region.
    #[inline(always)]
    unsafe fn sample(&self, slot: usize, step: usize, row: &[T]) {
        let t = self.transform;
        let Some(sample) = self.numbers[step - self.first] else {
            return;
        };
        let n = t.shape[0];
        // SAFETY: one row's own part of the samples and sums
        let samples = unsafe { self.samples.get_mut(slot * KEPT * n, KEPT * n) };
        let kept = sample % KEPT;
        // a value beyond the row is one on a conductor
        let row = &row[t.first[0].min(row.len())..(t.first[0] + n).min(row.len())];
        let own = &mut samples[kept * n..(kept + 1) * n];
        if let ([own], [value]) = (&mut *own, row) {
            *own = *value;
        } else {
            own[..row.len()].copy_from_slice(row);
            own[row.len()..].fill(T::ZERO);
        }
        if kept == KEPT - 1 {
            let start = (sample + 1 - KEPT - self.from) * t.weights();
            let weights = &self.weights[start..start + KEPT * t.weights()];
            let count = t.sums_of_row();
            let frequencies = 2 * t.region.frequencies.len();
            // SAFETY: as above; the instruction set was found
            unsafe {
                let sums = self.sums.get_mut(slot * count, count);
                (self.product)(n, frequencies, t.weights(), samples, weights, sums);
            }
        }
    }
}

impl RegionRow {
    /// Takes a sample of this row; `row` gives that of a component.
    ///
    /// # Safety
    /// No other thread is at this row.
    #[inline(always)]
    pub(super) unsafe fn sample<'r, T: Real>(
        &self,
        regions: &[RegionSpan<'_, T>],
        step: usize,
        row: impl FnOnce(usize) -> &'r [T],
    ) {
        let region = &regions[self.region as usize];
        // SAFETY: the caller's promise
        unsafe { region.sample(self.slot as usize, step, row(self.component as usize)) };
    }
}

/// Bytes of the sums and samples of so many values of a region.
pub(super) fn memory<T: Real>(region: &FieldRegion, values: u64) -> u64 {
    let sums = (2 * region.frequencies.len()).next_multiple_of(LANES) as u64;
    values * (KEPT as u64 * size_of::<T>() as u64 + 8 * sums)
}
