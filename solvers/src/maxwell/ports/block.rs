//! A block of parallel edges between two terminals, and the line and loop integrals over it.
//!
//! The block holds uniform current: with length L along its axis and total dual area A across it,
//!
//! ```text
//! V = - (+-) sum_e E_e l_e A_e / A        mean over the columns of the voltage along each
//! I = + (+-) sum_n (l_n / L) I_n          mean over the levels of the current round all columns
//! ```
//!
//! where `I_n` is the loop integral of H round all edges of level n. The weights are those of a
//! uniform current density, so that `V conj(I)` is the power that the block hands to the mesh
//! exactly as the scheme conserves it, and impedances of several ports are reciprocal to rounding.

use super::port::{Port, Terminals};
use crate::maxwell::geometry::nearest;
use crate::maxwell::{Axis, Component, EdgeMedium, Index, Model, Probe, Wall};
use crate::{Error, Result};
use std::ops::RangeInclusive;

/// Recorded values and their weights in an integral.
pub(super) type Integral = Vec<(usize, f64)>;

pub(super) struct EdgeBlock {
    pub axis: Axis,
    /// +1 when the positive terminal is at the higher coordinate, else -1.
    pub sign: f64,
    /// Edges along the axis, lines across it (only the range along the axis counts edges).
    pub ranges: [RangeInclusive<usize>; 3],
    lengths: Vec<f64>,
    duals: [Vec<f64>; 3],
}

impl EdgeBlock {
    /// The block between two corners, on the nearest lines.
    pub fn new(model: &Model, port: &Port, terminals: &Terminals) -> Result<Self> {
        let a = terminals.axis as usize;
        let (negative, positive) = (terminals.negative, terminals.positive);
        let mut nodes = [[0; 2]; 3];
        for axis in Axis::ALL {
            let n = axis as usize;
            nodes[n] = [negative[n], positive[n]].map(|x| nearest(model.mesh.lines(axis), x));
            for x in [negative[n], positive[n]] {
                inside(model, port, axis, x, true)?;
            }
            nodes[n].sort_unstable();
        }
        if nodes[a][0] == nodes[a][1] {
            return Err(port.error(format!(
                "its terminals at {} m and {} m along {:?} fall on the same mesh line; expected two lines",
                negative[a], positive[a], terminals.axis
            )));
        }
        let ranges = std::array::from_fn(|n| {
            let last = if n == a { nodes[n][1] - 1 } else { nodes[n][1] };
            nodes[n][0]..=last
        });
        Ok(Self::from_ranges(
            model,
            terminals.axis,
            if positive[a] > negative[a] { 1.0 } else { -1.0 },
            ranges,
        ))
    }

    /// The block of the given edges.
    pub fn from_ranges(
        model: &Model,
        axis: Axis,
        sign: f64,
        ranges: [RangeInclusive<usize>; 3],
    ) -> Self {
        Self {
            axis,
            sign,
            ranges,
            lengths: model.mesh.spacings(axis),
            duals: Axis::ALL.map(|n| model.mesh.dual_spacings(n)),
        }
    }

    pub fn component(&self) -> Component {
        Component::electric(self.axis)
    }

    /// All edges.
    pub fn edges(&self) -> Vec<Index> {
        let mut all = Vec::new();
        for k in self.ranges[2].clone() {
            for j in self.ranges[1].clone() {
                for i in self.ranges[0].clone() {
                    all.push([i, j, k]);
                }
            }
        }
        all
    }

    /// Length of one edge.
    pub fn length_of(&self, index: Index) -> f64 {
        self.lengths[index[self.axis as usize]]
    }

    /// Area of the dual face that one edge pierces.
    pub fn area_of(&self, index: Index) -> f64 {
        let (u, v) = (self.axis.next() as usize, self.axis.previous() as usize);
        self.duals[u][index[u]] * self.duals[v][index[v]]
    }

    /// Distance between the terminals.
    pub fn length(&self) -> f64 {
        let along = self.ranges[self.axis as usize].clone();
        along.map(|n| self.lengths[n]).sum()
    }

    /// Dual area of all columns.
    pub fn area(&self) -> f64 {
        let width = |axis: Axis| -> f64 {
            let across = self.ranges[axis as usize].clone();
            across.map(|n| self.duals[axis as usize][n]).sum()
        };
        width(self.axis.next()) * width(self.axis.previous())
    }

    /// Refuses edges of perfect conductor, of dispersive media, and on walls that hold them.
    pub fn check(&self, model: &Model, port: &Port) -> Result<()> {
        for across in [self.axis.next(), self.axis.previous()] {
            let n = across as usize;
            let last = model.mesh.cells()[n];
            for (end, wall) in [0, last].into_iter().zip(model.walls[n]) {
                if self.ranges[n].contains(&end) && wall != Wall::Pmc {
                    return Err(port.error(format!(
                        "it lies on the outer wall at {} m along {across:?}; only a magnetic wall can carry a port",
                        model.mesh.lines(across)[end]
                    )));
                }
            }
        }
        for [i, j, k] in self.edges() {
            let medium = &model.edge_media[model.edges[self.axis as usize][[k, j, i]] as usize];
            let at = || {
                Axis::ALL
                    .map(|n| format!("{}", model.mesh.lines(n)[[i, j, k][n as usize]]))
                    .join(", ")
            };
            match medium {
                EdgeMedium::Pec => {
                    return Err(port.error(format!(
                        "its edge along {:?} from ({}) m lies in metal; expected a gap between its terminals",
                        self.axis,
                        at()
                    )));
                }
                EdgeMedium::Dielectric { poles, .. } if !poles.is_empty() => {
                    return Err(port.error(format!(
                        "its edge along {:?} from ({}) m lies in a dispersive medium; expected one without poles",
                        self.axis,
                        at()
                    )));
                }
                EdgeMedium::Dielectric { .. } => {}
            }
        }
        Ok(())
    }

    /// Probes of the voltage.
    pub fn voltage(&self, model: &mut Model) -> Integral {
        let area = self.area();
        self.edges()
            .into_iter()
            .map(|index| {
                let weight = -self.sign * self.length_of(index) * self.area_of(index) / area;
                (probe(model, self.component(), index), weight)
            })
            .collect()
    }

    /// Probes of the current out of the positive terminal.
    pub fn current(&self, model: &mut Model) -> Integral {
        let length = self.length();
        let (a, u, v) = (
            self.axis as usize,
            self.axis.next() as usize,
            self.axis.previous() as usize,
        );
        let mut integral = Vec::new();
        for level in self.ranges[a].clone() {
            let share = self.sign * self.lengths[level] / length;
            // curl along the axis: d Hv / du - d Hu / dv
            for (along, across, turn) in [(v, u, 1.0), (u, v, -1.0)] {
                let component = Component::magnetic(Axis::ALL[along]);
                for n in self.ranges[along].clone() {
                    let weight = share * turn * self.duals[along][n];
                    let mut index = [0; 3];
                    index[a] = level;
                    index[along] = n;
                    index[across] = *self.ranges[across].end();
                    if index[across] < model.mesh.cells()[across] {
                        integral.push((probe(model, component, index), weight));
                    }
                    // beyond the first line H = 0: a magnetic wall
                    if let Some(before) = self.ranges[across].start().checked_sub(1) {
                        index[across] = before;
                        integral.push((probe(model, component, index), -weight));
                    }
                }
            }
        }
        integral
    }
}

/// Refuses a coordinate beyond the mesh or, if asked, in an absorbing layer.
pub(super) fn inside(
    model: &Model,
    port: &Port,
    axis: Axis,
    x: f64,
    absorbing: bool,
) -> Result<()> {
    let lines = model.mesh.lines(axis);
    let n = lines.len() - 1;
    let layer = |side: usize| match model.walls[axis as usize][side] {
        Wall::Cpml(cpml) if absorbing => cpml.cells.min(n),
        _ => 0,
    };
    let (low, high) = (lines[layer(0)], lines[n - layer(1)]);
    let tolerance = 1e-6 * (lines[n] - lines[0]) / n as f64;
    if x >= low - tolerance && x <= high + tolerance {
        return Ok(());
    }
    Err(port.error(format!(
        "its coordinate {x} m along {axis:?} is outside the mesh{}; expected {low} m to {high} m",
        if absorbing {
            " or in its absorbing layer"
        } else {
            ""
        },
    )))
}

/// Number of the probe of a value, added if there is none.
fn probe(model: &mut Model, component: Component, index: Index) -> usize {
    let probe = Probe { component, index };
    if let Some(n) = model.probes.iter().position(|p| *p == probe) {
        return n;
    }
    model.probes.push(probe);
    model.probes.len() - 1
}

impl Port {
    pub(super) fn error(&self, problem: String) -> Error {
        Error::Port {
            name: self.name.clone(),
            problem,
        }
    }
}
