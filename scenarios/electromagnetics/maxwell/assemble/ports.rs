//! Ports.

use super::super::Loaded;
use super::super::scene::{AxisName, Point, PortEntry};
use super::point;
use crate::error::Result;
use curlwind_solvers::maxwell::Axis;
use curlwind_solvers::maxwell::ports::{Port, PortKind, Terminals};

impl Loaded {
    pub(super) fn ports(&self) -> Result<Vec<Port>> {
        let entries = &self.scene.ports;
        entries
            .iter()
            .enumerate()
            .map(|(n, entry)| self.port(n, entry))
            .collect()
    }

    fn port(&self, n: usize, entry: &PortEntry) -> Result<Port> {
        let mut kinds = Vec::new();
        if let Some(gap) = entry.gap {
            kinds.push(PortKind::Gap(self.terminals(
                n,
                gap.negative,
                gap.positive,
                gap.axis,
            )?));
        }
        if let Some(lumped) = entry.lumped {
            kinds.push(PortKind::Lumped {
                terminals: self.terminals(n, lumped.negative, lumped.positive, lumped.axis)?,
                resistance: lumped.resistance.unwrap_or(entry.impedance).si(),
                inductance: lumped.inductance.map_or(0.0, |l| l.si()),
                capacitance: lumped.capacitance.map_or(f64::INFINITY, |c| c.si()),
            });
        }
        if let Some(strip) = entry.microstrip {
            kinds.push(PortKind::Microstrip {
                terminals: self.terminals(n, strip.negative, strip.positive, strip.axis)?,
                line: strip.line.axis(),
                forward: strip.forward,
                shift: strip.shift.si(),
                resistance: strip.resistance.unwrap_or(entry.impedance).si(),
            });
        }
        if let Some(guide) = entry.waveguide {
            kinds.push(PortKind::Waveguide {
                axis: guide.axis.axis(),
                forward: guide.forward,
                source: guide.source.si(),
                reference: guide.reference.si(),
                min: guide.from.map(|c| c.si()),
                max: guide.to.map(|c| c.si()),
                mode: guide.mode,
            });
        }
        let count = kinds.len();
        match (kinds.pop(), count) {
            (Some(kind), 1) => Ok(Port {
                name: entry.name.clone(),
                impedance: entry.impedance.si(),
                kind,
            }),
            _ => Err(self.refuse(
                &format!("ports.{n}"),
                format!(
                    "a port is of one kind (gap, lumped, microstrip or waveguide), `{}` has {count}",
                    entry.name
                ),
            )),
        }
    }

    fn terminals(
        &self,
        n: usize,
        negative: Point,
        positive: Point,
        axis: Option<AxisName>,
    ) -> Result<Terminals> {
        let (negative, positive) = (point(negative), point(positive));
        let apart: Vec<Axis> = Axis::ALL
            .into_iter()
            .filter(|&a| negative[a as usize] != positive[a as usize])
            .collect();
        let axis = match (axis, &apart[..]) {
            (Some(axis), _) => axis.axis(),
            (None, [axis]) => *axis,
            (None, _) => {
                return Err(self.refuse(
                    &format!("ports.{n}"),
                    format!(
                        "its terminals differ along {} axes; say which one the voltage is along (axis = \"z\")",
                        apart.len()
                    ),
                ));
            }
        };
        Ok(Terminals {
            axis,
            negative,
            positive,
        })
    }
}
