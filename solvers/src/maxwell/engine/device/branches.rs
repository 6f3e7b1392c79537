//! Dispersive media and lumped elements: the [branches](super::super::branches) of single edges, in
//! f64 where the device has it.

use super::super::branches::{BranchEdge, branches};
use super::super::layout::Layout;
use super::super::spacing::Spacings;
use super::exchange::Lines;
use super::frame::Frame;
use super::hooks::Row;
use crate::Result;
use crate::device::{Buffer, Device, Real, over, thread};
use crate::maxwell::Model;
use cubecl::prelude::*;

/// Number of a waveform that there is not.
const NONE: u32 = u32::MAX;

/// Constants of a branch and its state, side by side.
const CONSTANTS: usize = 5;
const STATES: usize = 2;

/// All branches of a model: a thread for each edge.
pub(super) struct Branches {
    edges: Vec<BranchEdge>,
    volumes: Vec<f64>,
    places: Buffer,
    /// The first branch of each edge, and the end.
    starts: Buffer,
    waveforms: Buffer,
    /// cb, G / 2 and `1 / (1 + cb G / 2)` of each edge, and the time step.
    of_edges: Buffer,
    /// g, r, q, w of each branch, and whether its current has inertia.
    constants: Buffer,
    /// E before the update.
    before: Buffer,
    /// Current and polarisation of each branch.
    state: Buffer,
}

impl Branches {
    /// Those on some lines; `None` where there are none.
    pub(super) fn new<B: Real>(
        device: &Device,
        model: &Model,
        (layout, spacings): (&Layout, &Spacings),
        frame: &Frame,
        lines: &[Lines],
    ) -> Option<Self> {
        let mut edges = branches(model, layout, spacings).into_items();
        edges.retain(|edge| {
            let [_, j, k] = edge.index();
            Lines::contains(lines, k, j)
        });
        if edges.is_empty() {
            return None;
        }
        let (mut places, mut starts) = (Vec::new(), vec![0]);
        let (mut waveforms, mut of_edges, mut constants) = (Vec::new(), Vec::new(), Vec::new());
        let mut volumes = Vec::new();
        for edge in &edges {
            let (component, index) = (edge.component(), edge.index());
            places.push(frame.at(component, index) as u32);
            volumes.push(spacings.length(component, index) * spacings.area(component, index));
            let [cb, half_g, inverse] = edge.constants();
            let constants_of_edge = [cb, half_g, inverse, model.time_step];
            of_edges.extend(constants_of_edge.map(B::rounded));
            for branch in edge.branches() {
                waveforms.push(branch.waveform().map_or(NONE, |w| w as u32));
                constants.extend(branch.constants().map(B::rounded));
            }
            starts.push(waveforms.len() as u32);
        }
        Some(Self {
            places: device.upload(&places),
            starts: device.upload(&starts),
            waveforms: device.upload(&waveforms),
            of_edges: device.upload(&of_edges),
            constants: device.upload(&constants),
            before: device.zeros::<B>(edges.len()),
            state: device.zeros::<B>(STATES * waveforms.len()),
            volumes,
            edges,
        })
    }

    /// Keeps E before it is updated.
    pub(super) fn keep<T: Real, B: Real>(&self, device: &Device, field: &Buffer) {
        let (cubes, dim) = over(self.edges.len());
        // SAFETY: places are inside the frame
        unsafe {
            keep::launch_unchecked::<T, B>(
                device.client(),
                cubes,
                dim,
                field.argument(),
                self.places.argument(),
                self.before.argument(),
                self.edges.len() as u32,
            );
        }
    }

    /// Finishes E after its update and sources, and advances the branches.
    pub(super) fn advance<T: Real, B: Real>(
        &self,
        device: &Device,
        field: &Buffer,
        row: Option<&Row<'_>>,
    ) {
        let (cubes, dim) = over(self.edges.len());
        // what is not driven reads no sample
        let samples = row.map_or(&self.before, |row| row.samples);
        // SAFETY: places are inside the frame, starts inside the lists
        unsafe {
            advance::launch_unchecked::<T, B>(
                device.client(),
                cubes,
                dim,
                field.argument(),
                self.places.argument(),
                self.starts.argument(),
                self.waveforms.argument(),
                self.of_edges.argument(),
                self.constants.argument(),
                self.before.argument(),
                self.state.argument(),
                samples.argument(),
                row.map_or(0, |row| row.first),
                self.edges.len() as u32,
                row.is_some(),
            );
        }
    }

    /// Energy that the branches hold, in J.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn energy<B: Real>(&self, device: &Device) -> Result<f64> {
        let state = device.read::<B>(&self.state)?;
        let mut state = state
            .chunks_exact(STATES)
            .map(|s| [s[0].widened(), s[1].widened()]);
        let mut total = 0.0;
        for (edge, volume) in self.edges.iter().zip(&self.volumes) {
            for (branch, [current, polarisation]) in edge.branches().iter().zip(&mut state) {
                total += volume * branch.energy_density(current, polarisation);
            }
        }
        Ok(total)
    }
}

#[cube(launch_unchecked)]
fn keep<F: Float, B: Float>(field: &[F], places: &[u32], before: &mut [B], count: u32) {
    let n = thread();
    if n < count {
        before[n as usize] = B::cast_from(field[places[n as usize] as usize]);
    }
}

#[cube(launch_unchecked)]
fn advance<F: Float, B: Float>(
    field: &mut [F],
    places: &[u32],
    starts: &[u32],
    waveforms: &[u32],
    of_edges: &[B],
    constants: &[B],
    before: &[B],
    state: &mut [B],
    samples: &[F],
    first: u32,
    count: u32,
    #[comptime] driven: bool,
) {
    let n = thread();
    if n < count {
        let cb = of_edges[(4 * n) as usize];
        let inverse = of_edges[(4 * n + 2) as usize];
        let time_step = of_edges[(4 * n + 3) as usize];
        let was = before[n as usize];
        let mut sum = of_edges[(4 * n + 1) as usize] * was;
        let start = starts[n as usize];
        let end = starts[(n + 1) as usize];
        let mut b = start;
        while b < end {
            let current = state[(2 * b) as usize];
            let polarisation = state[(2 * b + 1) as usize];
            let drift = drift::<B>(constants, current, polarisation, b);
            sum += drift + push::<F, B>(constants, waveforms, samples, first, b, driven);
            b += 1;
        }
        let at = places[n as usize];
        let value = F::cast_from((B::cast_from(field[at as usize]) - cb * sum) * inverse);
        field[at as usize] = value;
        let mean = (B::cast_from(value) + was) * B::new(0.5);
        let mut b = start;
        while b < end {
            let before = state[(2 * b) as usize];
            let polarisation = state[(2 * b + 1) as usize];
            let drift = drift::<B>(constants, before, polarisation, b)
                + push::<F, B>(constants, waveforms, samples, first, b, driven);
            let current = drift + constants[(5 * b) as usize] * mean;
            let inertia = constants[(5 * b + 4) as usize];
            // with inertia it is the mean of both ends
            state[(2 * b) as usize] = current + inertia * (current - before);
            state[(2 * b + 1) as usize] = polarisation + time_step * current;
            b += 1;
        }
    }
}

/// `r J - q P`: what a branch's own state drives.
#[cube]
fn drift<B: Float>(constants: &[B], current: B, polarisation: B, b: u32) -> B {
    constants[(5 * b + 1) as usize] * current - constants[(5 * b + 2) as usize] * polarisation
}

/// `w v`: what a source drives.
#[cube]
fn push<F: Float, B: Float>(
    constants: &[B],
    waveforms: &[u32],
    samples: &[F],
    first: u32,
    b: u32,
    #[comptime] driven: bool,
) -> B {
    let mut sum = B::new(0.0);
    if comptime!(driven) {
        let waveform = waveforms[b as usize];
        if waveform != NONE {
            let w = constants[(5 * b + 3) as usize];
            sum += w * B::cast_from(samples[(first + waveform) as usize]);
        }
    }
    sum
}

const _: () = assert!(CONSTANTS == 5 && STATES == 2, "as the kernels count them");
