//! The engine of a device: everything that a model can have, computed there.
//!
//! Fields, coefficients, absorbing layers, sources, branches and transforms are on the device; what
//! comes back are the samples of probes, every [`SPAN`] steps, and what is asked for. A step is an
//! update of H and one of E, each a kernel over the whole mesh, and small kernels for what happens
//! at single places. The numbers are those of the other engines up to rounding: a device may fuse a
//! multiplication with an addition, and branches and transforms are f64 only where it has f64.
//!
//! Several ranks share a model as the processors' [`Distributed`](super::Distributed) does, each with
//! a device for its part: what a neighbour waits for is computed first and [travels](exchange) while
//! the rest follows.

mod branches;
mod energy;
mod exchange;
mod frame;
mod hooks;
#[cfg(test)]
mod tests;
mod transforms;
mod update;

use super::gathering::Gathering;
use super::layout::{AXES, Layout};
use super::spacing::Spacings;
use super::{Engine, check};
use crate::Result;
use crate::device::{Buffer, Device, Real};
use crate::maxwell::{Component, Model, Waveforms};
use crate::ranks::{Communicator, ExactSum};
use branches::Branches;
use energy::Energy;
use exchange::{Exchange, Lines};
use frame::{Frame, Palette};
use hooks::{Probes, Sources, SpanSamples};
use ndarray::{Array3, Array4};
use num_complex::Complex64;
use std::marker::PhantomData;
use transforms::Transforms;
use update::{Update, lines};

/// Steps between looks at the probes.
const SPAN: usize = 128;

/// A run of a [`Model`] on a device, or of a part of one, in `T`; branches and transforms in `B`.
struct DeviceSimulation<T, B> {
    device: Device,
    layout: Layout,
    frame: Frame,
    /// E and H.
    fields: [Buffer; 2],
    updates: [Update; 2],
    energies: [Energy; 2],
    /// The lines of E and of H that other ranks wait for, and the rest.
    stages: [[Vec<Lines>; 2]; 2],
    sources: [[Option<Sources>; 2]; 2],
    probes: [Option<Probes>; 2],
    branches: [Option<Branches>; 2],
    transforms: Transforms,
    exchange: Option<Exchange>,
    waveforms: Waveforms,
    probe_values: Vec<Vec<f64>>,
    time_step: f64,
    step: usize,
    of: PhantomData<(T, B)>,
}

/// E and H by their place in pairs.
const E: usize = 0;
const H: usize = 1;

/// An engine for a model on a device, f64 (`double`) or f32, all fields zero; with `ranks` for this
/// rank's part of it.
///
/// # Errors
/// What [`Simulation::new`](super::Simulation::new) refuses; [`crate::Error::Device`] when the device has no
/// f64 or too little memory in one piece; [`crate::Error::Ranks`] when the mesh is too small for so many.
pub(super) fn on_device(
    model: &Model,
    double: bool,
    device: &Device,
    ranks: Option<Box<dyn Communicator>>,
) -> Result<Box<dyn Engine>> {
    if double {
        device.require::<f64>()?;
        let own = DeviceSimulation::<f64, f64>::new(model, device, ranks)?;
        return Ok(Box::new(own));
    }
    Ok(match device.has_f64() {
        true => Box::new(DeviceSimulation::<f32, f64>::new(model, device, ranks)?),
        false => Box::new(DeviceSimulation::<f32, f32>::new(model, device, ranks)?),
    })
}

impl<T: Real, B: Real> DeviceSimulation<T, B> {
    fn new(model: &Model, device: &Device, ranks: Option<Box<dyn Communicator>>) -> Result<Self> {
        check::check(model)?;
        let whole = Layout::new(model);
        let rank = ranks.as_ref().map_or(0, |all| all.rank());
        let gathering = ranks.map(|all| Gathering::new(model, all)).transpose()?;
        let layout = match &gathering {
            Some(all) => all.part(rank),
            None => whole.clone(),
        };
        let spacings = Spacings::new(model, &whole).part(&layout);
        let frame = Frame::new(&layout);
        device.fits::<T>("fields", frame.len(), "fewer or larger cells")?;
        let kinds = [true, false];
        let lines = kinds.map(|electric| lines(model, &whole, &layout, &frame, electric));
        let palettes = kinds.map(|electric| Palette::new(model, &layout, &frame, electric));
        let stages = kinds.map(|electric| Lines::stages(&layout, electric));
        let branches = stages[E]
            .each_ref()
            .map(|lines| Branches::new::<B>(device, model, (&layout, &spacings), &frame, lines));
        Ok(Self {
            fields: kinds.map(|_| device.zeros::<T>(frame.len())),
            updates: [E, H]
                .map(|n| Update::new::<T>(device, &lines[n], &frame, &palettes[n], kinds[n])),
            energies: [E, H].map(|n| {
                let numbers = (&lines[n], &spacings, model.time_step);
                Energy::new::<T>(device, numbers, &frame, &palettes[n], kinds[n])
            }),
            sources: [E, H].map(|n| {
                let of = |lines: &Vec<Lines>| {
                    Sources::new::<T>(device, model, &layout, &frame, (kinds[n], lines))
                };
                stages[n].each_ref().map(of)
            }),
            probes: kinds.map(|e| Probes::new::<T>(device, model, &layout, &frame, e, SPAN)),
            transforms: Transforms::new::<T, B>(device, model, &layout, &frame),
            exchange: gathering.map(|all| Exchange::new::<T>(device, all, &layout, &frame)),
            branches,
            stages,
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
    fn half(&mut self, kind: usize, n: usize, samples: &SpanSamples) -> Result<()> {
        let (device, own) = (&self.device, &self.fields[kind]);
        let row = samples.row(n);
        let mut reading = None;
        for (stage, lines) in self.stages[kind].iter().enumerate() {
            let branches = self.branches[stage].as_ref().filter(|_| kind == E);
            if let Some(branches) = branches {
                branches.keep::<T, B>(device, own);
            }
            for lines in lines {
                self.updates[kind].launch::<T>(
                    device,
                    &self.frame,
                    self.layout.periodic,
                    lines,
                    [own, &self.fields[1 - kind]],
                );
            }
            if let (Some(sources), Some(row)) = (&self.sources[kind][stage], &row) {
                sources.launch::<T>(device, own, row);
            }
            if let Some(branches) = branches {
                branches.advance::<T, B>(device, own, row.as_ref());
            }
            if let (0, Some(exchange)) = (stage, &self.exchange) {
                reading = exchange.begin::<T>(device, kind, own);
            }
        }
        if let Some(probes) = &self.probes[kind] {
            probes.launch::<T>(device, own, n);
        }
        self.transforms
            .sample::<T, B>(device, own, kind == E, self.step + n);
        match &self.exchange {
            Some(exchange) => exchange.end::<T>(device, kind, own, reading),
            None => Ok(()),
        }
    }

    fn advance_span(&mut self, steps: usize) -> Result<()> {
        let samples = SpanSamples::new::<T>(&self.device, &self.waveforms, self.step, steps);
        for n in 0..steps {
            self.half(H, n, &samples)?;
            self.half(E, n, &samples)?;
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

    /// Values of a component at places of the model, those of others zero.
    fn values(
        &self,
        component: Component,
        places: impl Iterator<Item = [usize; AXES]>,
    ) -> Result<Vec<f64>> {
        let kind = if component.is_electric() { E } else { H };
        let values = self.device.read::<T>(&self.fields[kind])?;
        let at = |index| hooks::place(&self.layout, &self.frame, component, index);
        Ok(places
            .map(|index| values[at(index).unwrap_or(Frame::ZERO)].widened())
            .collect())
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
        let mut total = 0.0;
        for branches in self.branches.iter().flatten() {
            total += branches.energy::<B>(&self.device)?;
        }
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
        match &self.exchange {
            None => Ok(total),
            Some(exchange) => {
                let mut own = ExactSum::new();
                own.add(total);
                exchange.gathering.energy(own)
            }
        }
    }

    fn field(&self, component: Component) -> Result<Array3<f64>> {
        let layout = &self.layout;
        if let Some(exchange) = &self.exchange {
            return exchange.gathering.field(component, || {
                let [_, rows, planes] = layout.own.clone();
                let lines = planes.flat_map(|k| rows.clone().map(move |j| [j, k]));
                let engine = lines.flat_map(|[j, k]| (0..layout.line()).map(move |i| [i, j, k]));
                self.values(component, engine.map(|index| layout.in_model(index)))
            });
        }
        let mut cells = [0; AXES];
        for (a, axis) in layout.turned.into_iter().enumerate() {
            cells[axis] = layout.cells[a];
        }
        let [ni, nj, nk] = component.extent(cells);
        let places =
            (0..nk).flat_map(|k| (0..nj).flat_map(move |j| (0..ni).map(move |i| [i, j, k])));
        let values = self.values(component, places)?;
        let mut all = Array3::zeros([cells[2] + 1, cells[1] + 1, cells[0] + 1]);
        let mut own = all.slice_mut(ndarray::s![..nk, ..nj, ..ni]);
        own.iter_mut()
            .zip(values)
            .for_each(|(to, value)| *to = value);
        Ok(all)
    }

    fn probe(&self, n: usize) -> Result<Vec<f64>> {
        match &self.exchange {
            None => Ok(self.probe_values[n].clone()),
            Some(exchange) => exchange
                .gathering
                .probe(n, self.probe_values[n].iter().copied()),
        }
    }

    fn spectrum(&self, region: usize) -> Result<Array4<Complex64>> {
        let own = self.transforms.spectrum::<B>(&self.device, region)?;
        match &self.exchange {
            None => Ok(own),
            Some(exchange) => exchange.gathering.spectrum(region, own),
        }
    }
}
