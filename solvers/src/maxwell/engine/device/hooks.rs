//! What happens at single places besides the updates: sources and probes.

use super::super::layout::{AXES, Layout};
use super::super::sources::{Samples, sources};
use super::exchange::Lines;
use super::frame::Frame;
use crate::device::{Buffer, Device, Real, over, thread};
use crate::maxwell::{Component, Index, Model};
use cubecl::prelude::*;

/// The sources on E, or on H: a thread for each place, which adds what comes there in its order.
pub(super) struct Sources {
    places: Buffer,
    /// The first source of each place, and the end.
    starts: Buffer,
    waveforms: Buffer,
    scales: Buffer,
}

impl Sources {
    /// Those on some lines; `None` where there are none.
    pub(super) fn new<T: Real>(
        device: &Device,
        model: &Model,
        layout: &Layout,
        frame: &Frame,
        (electric, lines): (bool, &[Lines]),
    ) -> Option<Self> {
        let table = sources::<f64>(model, layout, electric);
        let mut all = Vec::with_capacity(table.items().len());
        for k in 0..layout.planes {
            for j in (0..layout.rows).filter(|j| Lines::contains(lines, k, *j)) {
                for s in table.row(layout.row(k, j)) {
                    let at = frame.at(s.component as usize, [s.i as usize, j, k]);
                    all.push((at as u32, s.waveform, s.scale));
                }
            }
        }
        if all.is_empty() {
            return None;
        }
        all.sort_by_key(|(at, ..)| *at);
        let (mut places, mut starts) = (Vec::new(), Vec::new());
        for (n, (at, ..)) in all.iter().enumerate() {
            if places.last() != Some(at) {
                places.push(*at);
                starts.push(n as u32);
            }
        }
        starts.push(all.len() as u32);
        let waveforms: Vec<u32> = all.iter().map(|s| s.1).collect();
        let scales: Vec<f64> = all.iter().map(|s| s.2).collect();
        Some(Self {
            places: device.upload(&places),
            starts: device.upload(&starts),
            waveforms: device.upload(&waveforms),
            scales: device.rounded::<T>(&scales),
        })
    }

    /// Adds the samples of a row of the waveforms.
    pub(super) fn launch<T: Real>(&self, device: &Device, field: &Buffer, row: &Row<'_>) {
        let count = self.places.len();
        let (cubes, dim) = over(count);
        // SAFETY: places are inside the frame, starts inside the lists
        unsafe {
            add::launch_unchecked::<T>(
                device.client(),
                cubes,
                dim,
                field.argument(),
                self.places.argument(),
                self.starts.argument(),
                self.waveforms.argument(),
                self.scales.argument(),
                row.samples.argument(),
                row.first,
                count as u32,
            );
        }
    }
}

/// The samples of all waveforms in a step.
pub(super) struct Row<'a> {
    pub(super) samples: &'a Buffer,
    /// Where the step's are.
    pub(super) first: u32,
}

/// The samples of a span of steps, on the device.
pub(super) struct SpanSamples {
    buffer: Buffer,
    columns: usize,
    steps: usize,
}

impl SpanSamples {
    pub(super) fn new<T: Real>(
        device: &Device,
        model: &crate::maxwell::Waveforms,
        first: usize,
        steps: usize,
    ) -> Self {
        let samples = Samples::<f64>::new(model, first, steps);
        Self {
            buffer: device.rounded::<T>(samples.values()),
            columns: model.ncols(),
            steps: samples.values().len() / model.ncols().max(1),
        }
    }

    /// Those of a step counted from the span's first; `None` when the waveforms have ended.
    pub(super) fn row(&self, step: usize) -> Option<Row<'_>> {
        (step < self.steps).then(|| Row {
            samples: &self.buffer,
            first: (step * self.columns) as u32,
        })
    }
}

#[cube(launch_unchecked)]
fn add<F: Float>(
    field: &mut [F],
    places: &[u32],
    starts: &[u32],
    waveforms: &[u32],
    scales: &[F],
    samples: &[F],
    first: u32,
    count: u32,
) {
    let n = thread();
    if n < count {
        let at = places[n as usize];
        let end = starts[(n + 1) as usize];
        let mut value = field[at as usize];
        let mut s = starts[n as usize];
        while s < end {
            value += scales[s as usize] * samples[(first + waveforms[s as usize]) as usize];
            s += 1;
        }
        field[at as usize] = value;
    }
}

/// The probes of E, or of H.
pub(super) struct Probes {
    places: Buffer,
    /// Numbers of the model's probes.
    pub(super) numbers: Vec<usize>,
    /// `[step, probe]` of a span.
    values: Buffer,
}

impl Probes {
    /// Those on own rows; `None` where there are none.
    pub(super) fn new<T: Real>(
        device: &Device,
        model: &Model,
        layout: &Layout,
        frame: &Frame,
        electric: bool,
        span: usize,
    ) -> Option<Self> {
        let of_kind = model.probes.iter().enumerate();
        let of_kind = of_kind.filter(|(_, p)| p.component.is_electric() == electric);
        let (mut places, mut numbers) = (Vec::new(), Vec::new());
        for (n, probe) in of_kind {
            if let Some(place) = place(layout, frame, probe.component, probe.index) {
                places.push(place as u32);
                numbers.push(n);
            }
        }
        (!numbers.is_empty()).then(|| Self {
            places: device.upload(&places),
            values: device.zeros::<T>(span * numbers.len()),
            numbers,
        })
    }

    /// Takes the samples of a step counted from the span's first.
    pub(super) fn launch<T: Real>(&self, device: &Device, field: &Buffer, step: usize) {
        gather::<T>(
            device,
            field,
            &self.places,
            &self.values,
            step * self.numbers.len(),
        );
    }

    /// The samples of a span of steps, `[step, probe]`.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn read<T: Real>(&self, device: &Device) -> crate::Result<Vec<T>> {
        device.read(&self.values)
    }
}

/// The place of a value of the model, if it is on an own row; one that is not stored is zero, and the
/// last line of a periodic axis is its first.
pub(super) fn place(
    layout: &Layout,
    frame: &Frame,
    component: Component,
    index: Index,
) -> Option<usize> {
    let component = layout.component(component);
    let [i, j, k] = layout.place(index)?;
    let i = if layout.periodic[0] {
        i % frame.count[0]
    } else {
        i
    };
    let index = [i, j, k];
    let beyond = (0..AXES).any(|a| index[a] >= frame.count[a]);
    Some(match beyond || layout.held(component, index) {
        true => Frame::ZERO,
        false => frame.at(component, index),
    })
}

/// Copies the values at places to `to`, from `first` on.
pub(super) fn gather<T: Real>(
    device: &Device,
    field: &Buffer,
    places: &Buffer,
    to: &Buffer,
    first: usize,
) {
    let (cubes, dim) = over(places.len());
    // SAFETY: places are inside the frame, `to` has room for all of them
    unsafe {
        copy::launch_unchecked::<T>(
            device.client(),
            cubes,
            dim,
            field.argument(),
            places.argument(),
            to.argument(),
            first as u32,
            places.len() as u32,
        );
    }
}

#[cube(launch_unchecked)]
fn copy<F: Float>(field: &[F], places: &[u32], to: &mut [F], first: u32, count: u32) {
    let n = thread();
    if n < count {
        to[(first + n) as usize] = field[places[n as usize] as usize];
    }
}
