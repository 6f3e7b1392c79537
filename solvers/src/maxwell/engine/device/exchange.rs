//! What devices of several ranks tell each other in every step: [the lines](super::super::halo) on
//! which the mesh is cut, by way of the memory of their machines.
//!
//! Values that others wait for are gathered from the first lines that a half step updates, and copied
//! while the device updates the rest; those of others are put beside the own ones after that.

use super::super::gathering::Gathering;
use super::super::layout::{AXES, Layout};
use super::frame::Frame;
use super::hooks::gather;
use crate::Result;
use crate::device::{Buffer, Device, Reading, Real, over, thread};
use cubecl::prelude::*;
use std::ops::Range;

/// Rows and planes of a part of a mesh.
pub(super) struct Lines {
    pub(super) rows: Range<usize>,
    pub(super) planes: Range<usize>,
}

impl Lines {
    /// Those that an update of E (`electric`) or of H goes over: first what others wait for, then the
    /// rest. E is sent down, H up.
    pub(super) fn stages(layout: &Layout, electric: bool) -> [Vec<Self>; 2] {
        let [row, rows] = Self::split(layout, electric, 1);
        let [plane, planes] = Self::split(layout, electric, 2);
        let awaited = [
            Self {
                rows: layout.own[1].clone(),
                planes: plane,
            },
            Self {
                rows: row,
                planes: planes.clone(),
            },
        ];
        let some = |lines: &Self| !lines.rows.is_empty() && !lines.planes.is_empty();
        let rest = Self { rows, planes };
        [
            awaited.into_iter().filter(some).collect(),
            [rest].into_iter().filter(some).collect(),
        ]
    }

    /// The line along an axis that others wait for, if any does, and the other ones.
    fn split(layout: &Layout, electric: bool, axis: usize) -> [Range<usize>; 2] {
        let own = layout.own[axis].clone();
        match (layout.cut[axis][usize::from(!electric)], electric) {
            (false, _) => [own.start..own.start, own],
            (true, true) => [own.start..own.start + 1, own.start + 1..own.end],
            (true, false) => [own.end - 1..own.end, own.start..own.end - 1],
        }
    }

    /// Whether a row of a plane is among these.
    pub(super) fn contains(all: &[Self], k: usize, j: usize) -> bool {
        all.iter()
            .any(|lines| lines.rows.contains(&j) && lines.planes.contains(&k))
    }
}

/// Values that go to another rank, or come from one.
struct Message {
    peer: usize,
    tag: u16,
    values: usize,
}

/// Messages of one direction, and the places of all their values.
struct Traffic {
    messages: Vec<Message>,
    places: Buffer,
    values: usize,
}

/// What is exchanged after an update of E, or of H.
struct Kind {
    /// To others, and from them.
    sent: Traffic,
    received: Traffic,
    /// Room for what is sent.
    outgoing: Buffer,
}

/// The exchange of a rank.
pub(super) struct Exchange {
    pub(super) gathering: Gathering,
    kinds: [Kind; 2],
}

impl Exchange {
    pub(super) fn new<T: Real>(
        device: &Device,
        gathering: Gathering,
        layout: &Layout,
        frame: &Frame,
    ) -> Self {
        let rank = gathering.ranks().rank();
        let traffic = |electric: bool, sending: bool| {
            let side = usize::from(electric != sending);
            let (mut messages, mut places) = (Vec::new(), Vec::<u32>::new());
            for axis in 1..AXES {
                let Some(peer) = gathering.decomposition().beside(rank, axis, side) else {
                    continue;
                };
                let own = layout.own[axis].clone();
                let line = match (side, sending) {
                    (0, true) => own.start,
                    (0, false) => own.start - 1,
                    (_, true) => own.end - 1,
                    (_, false) => own.end,
                };
                let before = places.len();
                for component in (0..AXES).filter(|a| *a != axis) {
                    for other in layout.own[AXES - axis].clone() {
                        for i in 0..frame.count[0] {
                            let [j, k] = if axis == 1 {
                                [line, other]
                            } else {
                                [other, line]
                            };
                            places.push(frame.at(component, [i, j, k]) as u32);
                        }
                    }
                }
                messages.push(Message {
                    peer,
                    tag: (2 * axis + usize::from(electric)) as u16,
                    values: places.len() - before,
                });
            }
            Traffic {
                messages,
                values: places.len(),
                places: device.upload(&places),
            }
        };
        let kinds = [true, false].map(|electric| {
            let sent = traffic(electric, true);
            Kind {
                outgoing: device.zeros::<T>(sent.values),
                received: traffic(electric, false),
                sent,
            }
        });
        Self { gathering, kinds }
    }

    /// Begins to copy what others wait for; `kind` is 0 for E.
    pub(super) fn begin<'d, T: Real>(
        &self,
        device: &'d Device,
        kind: usize,
        field: &Buffer,
    ) -> Option<Reading<'d>> {
        let Kind { sent, outgoing, .. } = &self.kinds[kind];
        (sent.values > 0).then(|| {
            gather::<T>(device, field, &sent.places, outgoing, 0);
            device.begin_read(outgoing)
        })
    }

    /// Sends what was copied, and puts what others have sent beside the own lines.
    ///
    /// # Errors
    /// Those of the device and of the ranks.
    pub(super) fn end<T: Real>(
        &self,
        device: &Device,
        kind: usize,
        field: &Buffer,
        reading: Option<Reading<'_>>,
    ) -> Result<()> {
        let Kind { sent, received, .. } = &self.kinds[kind];
        let mut ranks = self.gathering.ranks();
        for Message { peer, tag, values } in &received.messages {
            ranks.receive(*peer, *tag, values * size_of::<T>())?;
        }
        if let Some(reading) = reading {
            let bytes = device.end_read(reading)?;
            let mut rest = &bytes[..];
            for Message { peer, tag, values } in &sent.messages {
                let (own, others) = rest.split_at(values * size_of::<T>());
                ranks.send(*peer, *tag, own.to_vec())?;
                rest = others;
            }
        }
        let come = ranks.wait()?.concat();
        if received.values == 0 {
            return Ok(());
        }
        let come = device.upload_bytes(&come, received.values);
        let (cubes, dim) = over(received.values);
        // SAFETY: places are inside the frame, one for each value
        unsafe {
            scatter::launch_unchecked::<T>(
                device.client(),
                cubes,
                dim,
                come.argument(),
                received.places.argument(),
                field.argument(),
                received.values as u32,
            );
        }
        Ok(())
    }
}

#[cube(launch_unchecked)]
fn scatter<F: Float>(values: &[F], places: &[u32], field: &mut [F], count: u32) {
    let n = thread();
    if n < count {
        field[places[n as usize] as usize] = values[n as usize];
    }
}
