//! The port of a rectangular waveguide: a sheet of current with the mode's profile, and a plane on
//! which the mode's voltage and current are taken from running Fourier transforms.
//!
//! ```text
//! V = sum E . e dA            I = +- sum (mean over two half cells of H_v e_u - H_u e_v) dA
//! a + b = V,  a - b = Z I     Z of the mesh and frequency (see `mode`)
//! ```
//!
//! with `sum |e|^2 dA = 1`. Nothing else of the field enters: other modes are orthogonal to this
//! one on the mesh. The sheet radiates both ways, with the amplitude of its waveform where the
//! mode's impedance is that of free space; the wave away from the device is to end in an absorbing
//! wall, and whatever that returns counts as incident.

use super::block::inside;
use super::lumped::append;
use super::mode::{Guide, Mode};
use super::port::{Port, PortKind};
use crate::Result;
use crate::maxwell::constants::{VACUUM_IMPEDANCE, VACUUM_PERMEABILITY, VACUUM_PERMITTIVITY};
use crate::maxwell::geometry::nearest;
use crate::maxwell::{
    Axis, Component, EdgeMedium, Engine, FaceMedium, FieldRegion, Index, Model, SourceTerm, Wall,
};
use ndarray::Array4;
use num_complex::Complex64;
use std::ops::Range;

/// The transverse grid of a port and its mode.
pub(super) struct Section {
    axis: Axis,
    forward: bool,
    /// Lines of the current sheet and of the reference plane.
    source: usize,
    reference: usize,
    /// First lines along u and v.
    first: [usize; 2],
    mode: Mode,
    guide: Guide,
}

/// What is recorded: regions of `E_u, E_v, H_v, H_u`.
#[derive(Clone, Debug)]
pub(super) struct ModeProbes {
    regions: [usize; 4],
    axis: Axis,
    sign: f64,
    mode: Mode,
    guide: Guide,
}

impl Section {
    /// Finds the lines of a port of kind `Waveguide` and checks what is on them.
    pub fn new(model: &Model, port: &Port) -> Result<Option<Self>> {
        let PortKind::Waveguide {
            axis,
            forward,
            source,
            reference,
            min,
            max,
            mode: [m, n],
        } = port.kind
        else {
            return Ok(None);
        };
        let across = [axis.next(), axis.previous()];
        for x in [source, reference] {
            inside(model, port, axis, x, true)?;
        }
        let mut rims = [[0; 2]; 2];
        for (c, &axis) in across.iter().enumerate() {
            for (end, x) in [min[c], max[c]].into_iter().enumerate() {
                inside(model, port, axis, x, false)?;
                rims[c][end] = nearest(model.mesh.lines(axis), x);
            }
        }
        let along = model.mesh.lines(axis);
        let (source, reference) = (nearest(along, source), nearest(along, reference));
        if (forward && reference <= source) || (!forward && reference >= source) {
            return Err(port.error(format!(
                "its reference plane at {} m must lie beyond its source at {} m in the direction of the wave",
                along[reference], along[source]
            )));
        }
        let cells = [0, 1].map(|c| rims[c][1].saturating_sub(rims[c][0]));
        if cells.contains(&0) || m >= cells[0] || n >= cells[1] || m + n == 0 {
            return Err(port.error(format!(
                "mode TE{m}{n} on {} by {} cells; expected at least one half wave and more cells than half waves",
                cells[0], cells[1]
            )));
        }
        if reference == 0 || reference + 1 == along.len() {
            return Err(port.error("its reference plane is the end of the mesh".into()));
        }
        let steps = model.mesh.spacings(axis);
        let (before, behind) = (steps[reference - 1], steps[reference]);
        if (before / behind - 1.0).abs() > 1e-6 {
            return Err(port.error(format!(
                "the cells before and behind its reference plane must be equal, found {before} m and {behind} m"
            )));
        }
        let lines = |c: usize| &model.mesh.lines(across[c])[rims[c][0]..=rims[c][1]];
        let mode = Mode::te(lines(0), lines(1), [m, n]);
        let mut section = Self {
            axis,
            forward,
            source,
            reference,
            first: [rims[0][0], rims[1][0]],
            guide: Guide {
                cutoff: mode.cutoff,
                cell: before,
                time_step: model.time_step,
                permittivity: VACUUM_PERMITTIVITY,
                permeability: VACUUM_PERMEABILITY,
            },
            mode,
        };
        section.check_rim(model, port)?;
        let (permittivity, permeability) = section.filling(model, port)?;
        section.guide.permittivity *= permittivity;
        section.guide.permeability *= permeability;
        Ok(Some(section))
    }

    /// Number of cells along u and v.
    fn cells(&self) -> [usize; 2] {
        [self.mode.cells[0].len(), self.mode.cells[1].len()]
    }

    fn place(&self, plane: usize, u: usize, v: usize) -> Index {
        let mut index = [plane; 3];
        index[self.axis.next() as usize] = self.first[0] + u;
        index[self.axis.previous() as usize] = self.first[1] + v;
        index
    }

    /// Edges of one component in a plane with the mode's value there: those along u (`which` = 0)
    /// or v (1) that are not on a wall.
    fn edges(&self, which: usize, plane: usize) -> Vec<(Index, f64)> {
        let [nu, nv] = self.cells();
        let mut edges = Vec::new();
        let (us, vs) = if which == 0 {
            (0..nu, 1..nv)
        } else {
            (1..nu, 0..nv)
        };
        for u in us {
            for v in vs.clone() {
                let e = if which == 0 {
                    &self.mode.eu
                } else {
                    &self.mode.ev
                };
                edges.push((self.place(plane, u, v), e[u][v]));
            }
        }
        edges
    }

    fn component(&self, which: usize) -> Component {
        Component::electric([self.axis.next(), self.axis.previous()][which])
    }

    /// Both planes' edges, for the check that ports do not overlap.
    pub fn occupied(&self) -> Vec<(Component, Index)> {
        let mut all = Vec::new();
        for plane in [self.source, self.reference] {
            for which in [0, 1] {
                let component = self.component(which);
                all.extend(self.edges(which, plane).iter().map(|e| (component, e.0)));
            }
        }
        all
    }

    fn check_rim(&self, model: &Model, port: &Port) -> Result<()> {
        let [nu, nv] = self.cells();
        for plane in [self.source, self.reference] {
            let along_u = (0..nu).flat_map(|u| [(0, u, 0), (0, u, nv)]);
            let along_v = (0..nv).flat_map(|v| [(1, 0, v), (1, nu, v)]);
            for (which, u, v) in along_u.chain(along_v) {
                let component = self.component(which);
                let index = self.place(plane, u, v);
                if !is_metal(model, component, index) {
                    return Err(port.error(format!(
                        "its rim is not metal near ({}) m; expected the cross-section from wall to wall",
                        place_text(model, index)
                    )));
                }
            }
        }
        Ok(())
    }

    /// Relative permittivity and permeability of what fills both planes.
    fn filling(&self, model: &Model, port: &Port) -> Result<(f64, f64)> {
        let mut found: Option<f64> = None;
        let mut permeability: Option<f64> = None;
        for plane in [self.source, self.reference] {
            for which in [0, 1] {
                let component = self.component(which);
                for (index, _) in self.edges(which, plane) {
                    let [i, j, k] = index;
                    let medium = model.edges[component.axis() as usize][[k, j, i]];
                    let value = match &model.edge_media[medium as usize] {
                        EdgeMedium::Pec => {
                            return Err(port.error(format!(
                                "there is metal in its cross-section near ({}) m",
                                place_text(model, index)
                            )));
                        }
                        EdgeMedium::Dielectric {
                            permittivity,
                            conductivity: 0.0,
                            poles,
                        } if poles.is_empty() => *permittivity,
                        EdgeMedium::Dielectric { .. } => f64::NAN,
                    };
                    let face = model
                        .faces
                        .as_ref()
                        .map_or(0, |faces| faces[component.axis() as usize][[k, j, i]]);
                    let FaceMedium {
                        permeability: mu,
                        magnetic_loss,
                    } = model.face_media[face as usize];
                    let mu = if magnetic_loss == 0.0 { mu } else { f64::NAN };
                    if value != *found.get_or_insert(value) || mu != *permeability.get_or_insert(mu)
                    {
                        return Err(port.error(format!(
                            "its cross-section must be filled with one lossless medium, found another near ({}) m",
                            place_text(model, index)
                        )));
                    }
                }
            }
        }
        Ok((found.unwrap_or(1.0), permeability.unwrap_or(1.0)))
    }

    /// The current sheet.
    pub fn excite(&self, model: &mut Model, samples: &[f64]) {
        let waveform = append(model, samples, 1.0);
        let dual = model.mesh.dual_spacings(self.axis)[self.source];
        for which in [0, 1] {
            let component = self.component(which);
            for (index, e) in self.edges(which, self.source) {
                if e == 0.0 {
                    continue;
                }
                let [i, j, k] = index;
                let medium = model.edges[component.axis() as usize][[k, j, i]];
                let (_, cb) = model.edge_media[medium as usize].coefficients(model.time_step);
                model.sources.push(SourceTerm {
                    component,
                    index,
                    waveform,
                    scale: cb * e * 2.0 / (VACUUM_IMPEDANCE * dual),
                });
            }
        }
    }

    /// Records the fields at the reference plane.
    pub fn observe(self, model: &mut Model, frequencies: &[f64], interval: usize) -> ModeProbes {
        let [nu, nv] = self.cells();
        let (u, v) = (self.axis.next(), self.axis.previous());
        let r = self.reference;
        let regions = [
            (Component::electric(u), r..r + 1, 0..nu, 0..nv + 1),
            (Component::electric(v), r..r + 1, 0..nu + 1, 0..nv),
            (Component::magnetic(v), r - 1..r + 1, 0..nu, 0..nv + 1),
            (Component::magnetic(u), r - 1..r + 1, 0..nu + 1, 0..nv),
        ]
        .map(|(component, planes, us, vs)| {
            let mut ranges: [Range<usize>; 3] = [planes.clone(), planes.clone(), planes];
            ranges[u as usize] = self.first[0] + us.start..self.first[0] + us.end;
            ranges[v as usize] = self.first[1] + vs.start..self.first[1] + vs.end;
            model.regions.push(FieldRegion {
                component,
                ranges,
                frequencies: frequencies.to_vec(),
                interval,
            });
            model.regions.len() - 1
        });
        ModeProbes {
            regions,
            axis: self.axis,
            sign: if self.forward { 1.0 } else { -1.0 },
            mode: self.mode,
            guide: self.guide,
        }
    }

    /// Refuses frequencies at which the mode does not propagate.
    pub fn check_frequencies(&self, port: &Port, frequencies: &[f64]) -> Result<()> {
        match frequencies.iter().find(|&&f| self.guide.wave(f).is_none()) {
            Some(f) => Err(port.error(format!(
                "its mode does not propagate at {f} Hz; expected frequencies above the cutoff at {:.6e} Hz",
                self.guide.cutoff_frequency()
            ))),
            None => Ok(()),
        }
    }
}

impl ModeProbes {
    /// Voltage, current and impedance at each frequency; `spectrum` returns a region's transform.
    pub fn evaluate(&self, frequencies: &[f64], run: &dyn Engine) -> Result<[Vec<Complex64>; 3]> {
        let [eu, ev, hv, hu] = self.regions.map(|n| run.spectrum(n));
        let (eu, ev, hv, hu) = (eu?, ev?, hv?, hu?);
        let (u, v) = (self.axis.next() as usize, self.axis.previous() as usize);
        // value at (plane, u, v) of a region [frequency, k, j, i]
        let at = |region: &Array4<Complex64>, n: usize, plane: usize, p: usize, q: usize| {
            let mut index = [plane; 3];
            (index[u], index[v]) = (p, q);
            region[[n, index[2], index[1], index[0]]]
        };
        let [cu, cv] = &self.mode.cells;
        let [du, dv] = &self.mode.duals;
        let mut result = [Vec::new(), Vec::new(), Vec::new()];
        for (n, &f) in frequencies.iter().enumerate() {
            let (mut voltage, mut current) = (Complex64::ZERO, Complex64::ZERO);
            for (p, row) in self.mode.eu.iter().enumerate() {
                for (q, e) in row.iter().enumerate() {
                    let weight = e * cu[p] * dv[q];
                    voltage += at(&eu, n, 0, p, q) * weight;
                    current += (at(&hv, n, 0, p, q) + at(&hv, n, 1, p, q)) * (0.5 * weight);
                }
            }
            for (p, row) in self.mode.ev.iter().enumerate() {
                for (q, e) in row.iter().enumerate() {
                    let weight = e * du[p] * cv[q];
                    voltage += at(&ev, n, 0, p, q) * weight;
                    current -= (at(&hu, n, 0, p, q) + at(&hu, n, 1, p, q)) * (0.5 * weight);
                }
            }
            let impedance = self.guide.wave(f).map_or(f64::NAN, |w| w.1);
            result[0].push(voltage);
            result[1].push(current * self.sign);
            result[2].push(impedance.into());
        }
        Ok(result)
    }

    /// Phase per metre of the mode's wave, rad/m.
    pub fn phase_constant(&self, frequency: f64) -> Option<f64> {
        self.guide.wave(frequency).map(|w| w.0 / self.guide.cell)
    }
}

fn is_metal(model: &Model, component: Component, index: Index) -> bool {
    let a = component.axis() as usize;
    let on_wall = (0..3).any(|n| {
        n != a
            && [0, model.mesh.cells()[n]]
                .iter()
                .zip(model.walls[n])
                .any(|(&end, wall)| index[n] == end && matches!(wall, Wall::Pec))
    });
    let [i, j, k] = index;
    on_wall || model.edge_media[model.edges[a][[k, j, i]] as usize] == EdgeMedium::Pec
}

fn place_text(model: &Model, index: Index) -> String {
    Axis::ALL
        .map(|n| format!("{}", model.mesh.lines(n)[index[n as usize]]))
        .join(", ")
}
