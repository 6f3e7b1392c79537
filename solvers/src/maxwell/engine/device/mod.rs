//! The engine of a device: everything that a model can have, computed there.
//!
//! Fields, coefficients, absorbing layers, sources, branches and transforms are on the device; what
//! comes back are the samples of probes, every [`SPAN`] steps, and what is asked for. A step is an
//! update of H and one of E, each a kernel over the whole mesh, and small kernels for what happens
//! at single places. The numbers are those of the other engines up to rounding: a device may fuse a
//! multiplication with an addition, and branches and transforms are f64 only where it has f64.

mod branches;
mod energy;
mod frame;
mod hooks;
#[cfg(test)]
mod tests;
mod transforms;
mod update;

use super::layout::{AXES, Layout};
use super::spacing::Spacings;
use super::{Engine, check};
use crate::Result;
use crate::device::{Buffer, Device, Real};
use crate::maxwell::{Component, Model, Waveforms};
use branches::Branches;
use energy::Energy;
use frame::{Frame, Palette};
use hooks::{Probes, Sources, SpanSamples};
use ndarray::{Array3, Array4};
use num_complex::Complex64;
use std::marker::PhantomData;
use transforms::Transforms;
use update::Update;

/// Steps between looks at the probes.
const SPAN: usize = 128;

/// A run of a [`Model`] on a device, in `T`; branches and transforms in `B`.
struct DeviceSimulation<T, B> {
    device: Device,
    layout: Layout,
    frame: Frame,
    /// E and H.
    fields: [Buffer; 2],
    updates: [Update; 2],
    energies: [Energy; 2],
    sources: [Option<Sources>; 2],
    probes: [Option<Probes>; 2],
    branches: Option<Branches>,
    transforms: Transforms,
    waveforms: Waveforms,
    probe_values: Vec<Vec<f64>>,
    time_step: f64,
    step: usize,
    of: PhantomData<(T, B)>,
}

/// E and H by their place in pairs.
const E: usize = 0;
const H: usize = 1;

/// An engine for a model on a device, f64 (`double`) or f32, all fields zero.
///
/// # Errors
/// What [`Simulation::new`](super::Simulation::new) refuses; [`Error::Device`] when the device has no
/// f64 or too little memory in one piece.
pub(super) fn on_device(model: &Model, double: bool, device: &Device) -> Result<Box<dyn Engine>> {
    if double {
        device.require::<f64>()?;
        return Ok(Box::new(DeviceSimulation::<f64, f64>::new(model, device)?));
    }
    Ok(match device.has_f64() {
        true => Box::new(DeviceSimulation::<f32, f64>::new(model, device)?),
        false => Box::new(DeviceSimulation::<f32, f32>::new(model, device)?),
    })
}

impl<T: Real, B: Real> DeviceSimulation<T, B> {
    fn new(model: &Model, device: &Device) -> Result<Self> {
        check::check(model)?;
        let layout = Layout::new(model);
        let spacings = Spacings::new(model, &layout);
        let frame = Frame::new(&layout);
        device.fits::<T>("fields", frame.len(), "fewer or larger cells")?;
        let kinds = [true, false];
        let palettes = kinds.map(|electric| Palette::new(model, &layout, &frame, electric));
        let of = |n: usize| (&palettes[n], kinds[n]);
        Ok(Self {
            fields: kinds.map(|_| device.zeros::<T>(frame.len())),
            updates: [E, H].map(of).map(|(palette, electric)| {
                Update::new::<T>(device, model, &layout, &spacings, &frame, palette, electric)
            }),
            energies: [E, H].map(of).map(|(palette, electric)| {
                Energy::new::<T>(device, model, &layout, &spacings, &frame, palette, electric)
            }),
            sources: kinds.map(|e| Sources::new::<T>(device, model, &layout, &frame, e)),
            probes: kinds.map(|e| Probes::new::<T>(device, model, &layout, &frame, e, SPAN)),
            branches: Branches::new::<B>(device, model, &layout, &spacings, &frame),
            transforms: Transforms::new::<T, B>(device, model, &layout, &frame),
            waveforms: model.waveforms.clone(),
            probe_values: vec![Vec::new(); model.probes.len()],
            time_step: model.time_step,
            step: 0,
            device: device.clone(),
            layout,
            frame,
            of: PhantomData,
        })
    }

    /// H or E in a step, the `n`-th of a span, and what happens there.
    fn half(&mut self, kind: usize, n: usize, samples: &SpanSamples) {
        let (device, own) = (&self.device, &self.fields[kind]);
        if kind == E
            && let Some(branches) = &self.branches
        {
            branches.keep::<T, B>(device, own);
        }
        self.updates[kind].launch::<T>(
            device,
            &self.frame,
            self.layout.periodic,
            own,
            &self.fields[1 - kind],
        );
        let row = samples.row(n);
        if let (Some(sources), Some(row)) = (&self.sources[kind], &row) {
            sources.launch::<T>(device, own, row);
        }
        if kind == E
            && let Some(branches) = &self.branches
        {
            branches.advance::<T, B>(device, own, row.as_ref());
        }
        if let Some(probes) = &self.probes[kind] {
            probes.launch::<T>(device, own, n);
        }
        self.transforms
            .sample::<T, B>(device, own, kind == E, self.step + n);
    }

    fn advance_span(&mut self, steps: usize) -> Result<()> {
        let samples = SpanSamples::new::<T>(&self.device, &self.waveforms, self.step, steps);
        for n in 0..steps {
            self.half(H, n, &samples);
            self.half(E, n, &samples);
        }
        for probes in self.probes.iter().flatten() {
            let values = probes.read::<T>(&self.device)?;
            for row in values.chunks_exact(probes.numbers.len()).take(steps) {
                for (number, value) in probes.numbers.iter().zip(row) {
                    self.probe_values[*number].push(value.widened());
                }
            }
        }
        self.step += steps;
        Ok(())
    }
}

impl<T: Real, B: Real> Engine for DeviceSimulation<T, B> {
    fn advance(&mut self, steps: usize) -> Result<()> {
        let end = self.step + steps;
        while self.step < end {
            self.advance_span(SPAN.min(end - self.step))?;
        }
        self.transforms.flush::<T, B>(&self.device);
        Ok(())
    }

    fn step(&self) -> usize {
        self.step
    }

    fn time_step(&self) -> f64 {
        self.time_step
    }

    fn source_steps(&self) -> usize {
        match self.waveforms.ncols() {
            0 => 0,
            _ => self.waveforms.nrows(),
        }
    }

    fn energy(&self) -> Result<f64> {
        let mut total = match &self.branches {
            Some(branches) => branches.energy::<B>(&self.device)?,
            None => 0.0,
        };
        for kind in [E, H] {
            let (own, other) = (&self.fields[kind], &self.fields[1 - kind]);
            total += self.energies[kind].sum::<T>(
                &self.device,
                &self.layout,
                &self.frame,
                own,
                other,
            )?;
        }
        Ok(total)
    }

    fn field(&self, component: Component) -> Result<Array3<f64>> {
        let layout = &self.layout;
        let kind = if component.is_electric() { E } else { H };
        let values = self.device.read::<T>(&self.fields[kind])?;
        let own = layout.component(component);
        let mut cells = [0; AXES];
        for (a, axis) in layout.turned.into_iter().enumerate() {
            cells[axis] = layout.cells[a];
        }
        let [ni, nj, nk] = component.extent(cells);
        let mut all = Array3::zeros([cells[2] + 1, cells[1] + 1, cells[0] + 1]);
        for ((k, j, i), value) in all
            .slice_mut(ndarray::s![..nk, ..nj, ..ni])
            .indexed_iter_mut()
        {
            let index = layout.turned.map(|a| [i, j, k][a]);
            *value = values[hooks::place(layout, &self.frame, own, index)].widened();
        }
        Ok(all)
    }

    fn probe(&self, n: usize) -> Result<Vec<f64>> {
        Ok(self.probe_values[n].clone())
    }

    fn spectrum(&self, region: usize) -> Result<Array4<Complex64>> {
        self.transforms.spectrum::<B>(&self.device, region)
    }
}
