//! What a port is: where it sits, what it connects, and the reference impedance of its waves.
//!
//! Voltages go from the negative to the positive terminal, `V = - integral E dl` along that way;
//! currents flow into the device at the positive terminal, so that `Z = V / I` is the impedance
//! that the port sees. Coordinates in metres, snapped to the nearest mesh line.

use crate::maxwell::Axis;

/// Where energy enters and leaves a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Name for messages.
    pub name: String,
    /// Real reference impedance in ohm of the waves `a`, `b` and of S.
    pub impedance: f64,
    /// What it is.
    pub kind: PortKind,
}

/// The kinds of ports.
#[derive(Clone, Debug, PartialEq)]
pub enum PortKind {
    /// An ideal voltage source in a gap; a short circuit when not excited. Only where losses or
    /// radiation let the fields decay.
    Gap(Terminals),
    /// A resistance, with an inductance and a capacitance in series if wished, and a voltage source
    /// in series with them.
    Lumped {
        /// Where it is connected.
        terminals: Terminals,
        /// Ohm, above 0.
        resistance: f64,
        /// Henry; 0 for none.
        inductance: f64,
        /// Farad; infinite for none.
        capacitance: f64,
    },
    /// A sheet of resistance between ground and strip with a voltage source, and a plane further
    /// along the line on which the voltage and current of the quasi-TEM wave are measured.
    Microstrip {
        /// From a corner of the sheet on the ground to the opposite one on the strip.
        terminals: Terminals,
        /// Axis of the line.
        line: Axis,
        /// Whether the wave into the device travels towards higher coordinates.
        forward: bool,
        /// Distance in metres from the sheet to the plane of measurement.
        shift: f64,
        /// Ohm; the line's impedance makes a match.
        resistance: f64,
    },
    /// A TE mode of a rectangular waveguide with perfectly conducting walls: a sheet of current
    /// with the mode's profile that radiates both ways, to be backed by an absorbing wall, and a
    /// plane on which the waves of the mode are measured.
    Waveguide {
        /// Axis of the guide.
        axis: Axis,
        /// Whether the wave into the device travels towards higher coordinates.
        forward: bool,
        /// Coordinate of the current sheet along the axis.
        source: f64,
        /// Coordinate of the reference plane, beyond the sheet in the wave's direction.
        reference: f64,
        /// Lowest `[u, v]` of the cross-section, u and v along the axes that follow cyclically.
        min: [f64; 2],
        /// Highest `[u, v]`.
        max: [f64; 2],
        /// Half waves along u and v.
        mode: [usize; 2],
    },
}

/// A block of parallel edges between two conductors, given by two opposite corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terminals {
    /// Direction of the voltage.
    pub axis: Axis,
    /// A corner on the negative conductor.
    pub negative: [f64; 3],
    /// The opposite corner, on the positive conductor. Where it differs from the first across the
    /// axis, the port is that wide; else it is a single row of edges.
    pub positive: [f64; 3],
}

impl Port {
    /// A resistive port, its source's resistance also its reference.
    pub fn lumped(name: impl Into<String>, terminals: Terminals, resistance: f64) -> Self {
        Self {
            name: name.into(),
            impedance: resistance,
            kind: PortKind::Lumped {
                terminals,
                resistance,
                inductance: 0.0,
                capacitance: f64::INFINITY,
            },
        }
    }
}
