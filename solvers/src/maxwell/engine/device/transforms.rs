//! Running Fourier transforms of blocks of field values, summed on the device.
//!
//! Regions that share their kind, frequencies and interval are one group. Samples of a group are
//! kept until there are [`KEPT`] and then added at once, so that the sums are touched once; sums are
//! f64 where the device has it.

use super::super::layout::Layout;
use super::super::products::KEPT;
use super::frame::Frame;
use super::hooks::{gather, place};
use crate::Result;
use crate::device::{Buffer, Device, Real};
use crate::maxwell::{FieldRegion, Model};
use cubecl::prelude::*;
use ndarray::Array4;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// Threads of a cube along values.
const UNITS: u32 = 64;

/// Regions that are sampled together.
struct Group {
    electric: bool,
    frequencies: Vec<f64>,
    interval: usize,
    places: Buffer,
    values: usize,
    /// `[sample, value]`.
    samples: Buffer,
    kept: usize,
    /// Number of the first sample kept.
    first: usize,
    /// `[frequency, re and im, value]`.
    sums: Buffer,
}

/// A region, as far as it lies on own rows.
struct Region {
    of: FieldRegion,
    /// Number of the group, and of the first value in it.
    group: usize,
    first: usize,
    /// Where each value is among all of the region's, `[k, j, i]`.
    places: Vec<u32>,
}

/// All regions of a model.
pub(super) struct Transforms {
    groups: Vec<Group>,
    regions: Vec<Region>,
    time_step: f64,
}

impl Transforms {
    pub(super) fn new<T: Real, B: Real>(
        device: &Device,
        model: &Model,
        layout: &Layout,
        frame: &Frame,
    ) -> Self {
        let mut lists: Vec<Vec<u32>> = Vec::new();
        let mut kinds: Vec<&FieldRegion> = Vec::new();
        let mut regions = Vec::new();
        for region in &model.regions {
            let alike = |other: &&FieldRegion| {
                other.component.is_electric() == region.component.is_electric()
                    && other.frequencies == region.frequencies
                    && other.interval == region.interval
            };
            let n = kinds.iter().position(alike).unwrap_or_else(|| {
                kinds.push(region);
                lists.push(Vec::new());
                lists.len() - 1
            });
            let first = lists[n].len();
            let mut places = Vec::new();
            let [x, y, z] = region.ranges.clone();
            let mut number = 0;
            for k in z {
                for j in y.clone() {
                    for i in x.clone() {
                        if let Some(at) = place(layout, frame, region.component, [i, j, k]) {
                            lists[n].push(at as u32);
                            places.push(number);
                        }
                        number += 1;
                    }
                }
            }
            regions.push(Region {
                of: region.clone(),
                group: n,
                first,
                places,
            });
        }
        let groups = kinds.into_iter().zip(lists).map(|(kind, places)| Group {
            electric: kind.component.is_electric(),
            frequencies: kind.frequencies.clone(),
            interval: kind.interval,
            values: places.len(),
            samples: device.zeros::<T>(KEPT * places.len()),
            sums: device.zeros::<B>(2 * kind.frequencies.len() * places.len()),
            places: device.upload(&places),
            kept: 0,
            first: 0,
        });
        Self {
            groups: groups.collect(),
            regions,
            time_step: model.time_step,
        }
    }

    /// Takes the samples that are due after the update of H or E in a step.
    pub(super) fn sample<T: Real, B: Real>(
        &mut self,
        device: &Device,
        field: &Buffer,
        electric: bool,
        step: usize,
    ) {
        let dt = self.time_step;
        for group in &mut self.groups {
            let due = group.electric == electric && step.is_multiple_of(group.interval);
            if !due || group.values == 0 {
                continue;
            }
            if group.kept == 0 {
                group.first = step / group.interval;
            }
            let to = group.kept * group.values;
            gather::<T>(device, field, &group.places, &group.samples, to);
            group.kept += 1;
            if group.kept == KEPT {
                group.add::<T, B>(device, dt);
            }
        }
    }

    /// Adds all samples that are kept to the sums.
    pub(super) fn flush<T: Real, B: Real>(&mut self, device: &Device) {
        let dt = self.time_step;
        for group in &mut self.groups {
            if group.kept > 0 {
                group.add::<T, B>(device, dt);
            }
        }
    }

    /// The transform of a region up to the last flush, `[frequency, k, j, i]`, zero where it is not
    /// on own rows.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn spectrum<B: Real>(
        &self,
        device: &Device,
        region: usize,
    ) -> Result<Array4<Complex64>> {
        let Region {
            of,
            group,
            first,
            places,
        } = &self.regions[region];
        let [ni, nj, nk] = [0, 1, 2].map(|a| of.ranges[a].len());
        let (count, size) = (of.frequencies.len(), ni * nj * nk);
        let mut all = vec![Complex64::ZERO; count * size];
        if !places.is_empty() {
            let group = &self.groups[*group];
            let sums = device.read::<B>(&group.sums)?;
            for f in 0..count {
                for (value, place) in (*first..).zip(places) {
                    let part = |p: usize| sums[(2 * f + p) * group.values + value].widened();
                    all[f * size + *place as usize] = Complex64::new(part(0), part(1));
                }
            }
        }
        Ok(Array4::from_shape_fn(
            (count, nk, nj, ni),
            |(f, k, j, i)| all[f * size + (k * nj + j) * ni + i],
        ))
    }
}

impl Group {
    fn add<T: Real, B: Real>(&mut self, device: &Device, dt: f64) {
        let shift = if self.electric { 1.0 } else { 0.5 };
        let scale = dt * self.interval as f64;
        let mut weights: Vec<B> = Vec::with_capacity(2 * self.kept * self.frequencies.len());
        for sample in self.first..self.first + self.kept {
            let time = ((sample * self.interval) as f64 + shift) * dt;
            for f in &self.frequencies {
                let (sin, cos) = (TAU * f * time).sin_cos();
                weights.extend([scale * cos, -scale * sin].map(B::rounded));
            }
        }
        let count = 2 * self.frequencies.len() as u32;
        let weights = device.upload(&weights);
        // SAFETY: places follow from the counts that the buffers were made for
        unsafe {
            add::launch_unchecked::<T, B>(
                device.client(),
                CubeCount::Static((self.values as u32).div_ceil(UNITS), count, 1),
                CubeDim::new_1d(UNITS),
                self.samples.argument(),
                weights.argument(),
                self.sums.argument(),
                self.values as u32,
                count,
                self.kept as u32,
            );
        }
        self.kept = 0;
    }
}

#[cube(launch_unchecked)]
fn add<F: Float, B: Float>(
    samples: &[F],
    weights: &[B],
    sums: &mut [B],
    values: u32,
    count: u32,
    kept: u32,
) {
    let v = CUBE_POS_X * UNITS + UNIT_POS_X;
    let w = CUBE_POS_Y;
    if v < values {
        let at = w * values + v;
        let mut sum = sums[at as usize];
        for s in 0..kept {
            let sample = B::cast_from(samples[(s * values + v) as usize]);
            sum += weights[(s * count + w) as usize] * sample;
        }
        sums[at as usize] = sum;
    }
}
