//! The boundary of the total-field box: which differences cross it, and what they need.

use super::synthesis::{DiscreteWave, Synthesis};
use super::{PlaneWave, dot};
use crate::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use crate::maxwell::{
    Axis, Component, DispersionRelation, EdgeMedium, FaceMedium, Index, Model, SourceTerm, Wall,
};
use crate::{Error, Result};
use num_complex::Complex64;
use std::collections::HashMap;
use std::f64::consts::PI;

/// Up to this many distinct waveforms each is exact; with more they are interpolated.
const EXACT: usize = 4096;
/// Waveforms per cell along the direction when interpolated.
const PER_CELL: f64 = 10.0;

/// A box of total field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotalField {
    /// First and last line of the box along each axis; E on these lines is total. `None` where the
    /// box goes through the whole mesh: along idle and periodic axes, and between conducting walls
    /// at right angles to E, which the wave then must not travel along.
    pub lines: [Option<[usize; 2]>; 3],
}

/// What a total-field box lets in, for comparison and as reference of cross sections.
#[derive(Clone, Debug)]
pub struct IncidentField {
    wave: DiscreteWave,
    reference: [f64; 3],
    samples: Vec<f64>,
}

/// A difference across the boundary: the incident field of `place` that a value needs.
struct Crossing {
    component: Component,
    index: Index,
    place: (Component, f64),
    scale: f64,
}

impl TotalField {
    /// Adds to the model the waveforms and sources of a wave with `E((n + 1/2) dt) = samples[n]`,
    /// V/m, at [`IncidentField::reference`], a cell before the corner that the wave meets first. The
    /// samples should begin near zero, and have no content above a quarter of the sampling rate
    /// (a few cells per wavelength); those that do not end near zero hold for as long as they are.
    ///
    /// The box's boundary must lie in one lossless medium, outside absorbing layers, and one cell
    /// or more from any wall; the wave is that of a uniform mesh with the box's mean spacings, so
    /// that a mesh graded inside the box leaks what the grading is short of that.
    ///
    /// # Errors
    /// [`Error::Size`] for lines outside their range, [`Error::Parameter`] when the wave travels
    /// along an axis that the box goes through, or when the media of the boundary do not fit.
    pub fn install(
        &self,
        model: &mut Model,
        wave: &PlaneWave,
        samples: &[f64],
    ) -> Result<IncidentField> {
        self.validate(model, wave)?;
        let (permittivity, permeability) = self.medium(model)?;
        let direction = wave.direction();
        let index = (permittivity * permeability).sqrt();
        let mut relation = DispersionRelation::of(&model.mesh, model.time_step);
        relation.speed = SPEED_OF_LIGHT / index;
        let mut reference = [0.0; 3];
        let mut delay = 0.0;
        for axis in Axis::ALL {
            let (a, x) = (axis as usize, model.mesh.lines(axis));
            let [low, high] = self.lines[a].unwrap_or([0, x.len() - 1]);
            relation.spacing[a] = (x[high] - x[low]) / (high - low) as f64;
            // a cell outside the box, so that every place lies behind it
            reference[a] = if direction[a] < 0.0 {
                x[high] + relation.spacing[a]
            } else if direction[a] > 0.0 {
                x[low] - relation.spacing[a]
            } else {
                x[low]
            };
            delay += direction[a].abs() * (x[high] - x[low] + 2.0 * relation.spacing[a]);
        }
        let incident = IncidentField {
            wave: DiscreteWave {
                wave: *wave,
                relation,
                impedance: VACUUM_IMPEDANCE * (permeability / permittivity).sqrt(),
            },
            reference,
            samples: samples.to_vec(),
        };
        let synthesis = Synthesis::new(&incident.wave, samples, delay / relation.speed);
        let mut crossings = Vec::new();
        self.crossings(model, &incident, |c| {
            if synthesis.is_active(c.place.0) {
                crossings.push(c);
            }
        });
        let (places, terms) = arrange(&crossings, &relation, direction);
        let first = model.add_waveforms(synthesis.waveforms(&places).view());
        model.sources.extend(terms.into_iter().map(|mut term| {
            term.waveform += first;
            term
        }));
        Ok(incident)
    }

    fn validate(&self, model: &Model, wave: &PlaneWave) -> Result<()> {
        let cells = model.mesh.cells();
        for a in 0..3 {
            match self.lines[a] {
                None => {
                    if wave.direction()[a] != 0.0 {
                        return Err(Error::Parameter {
                            name: "direction of the plane wave along an axis its box goes through",
                            value: wave.direction()[a],
                            expected: "0: give the box two lines there, or turn the wave",
                        });
                    }
                }
                Some([low, high]) => {
                    let margin = |wall: &Wall| match wall {
                        Wall::Cpml(layer) => layer.cells.max(1),
                        _ => 1,
                    };
                    let least = margin(&model.walls[a][0]);
                    let most = cells[a].saturating_sub(margin(&model.walls[a][1]));
                    if low < least || high <= low || high > most {
                        return Err(Error::Size {
                            what: "line of the total-field box",
                            expected: format!(
                                "along {:?} two lines from {least} to {most}, increasing",
                                Axis::ALL[a]
                            ),
                            found: if high > most || low >= least {
                                high
                            } else {
                                low
                            },
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the engine's value at a place is of the total field.
    pub fn contains(&self, component: Component, index: Index) -> bool {
        let offset = component.offset();
        (0..3).all(|a| {
            self.lines[a].is_none_or(|[low, high]| {
                let twice = 2 * index[a] + usize::from(offset[a] != 0.0);
                (2 * low..=2 * high).contains(&twice)
            })
        })
    }

    /// Relative permittivity and permeability of the boundary.
    fn medium(&self, model: &Model) -> Result<(f64, f64)> {
        let mut edge: Option<&EdgeMedium> = None;
        let mut face: Option<FaceMedium> = None;
        let mut uniform = true;
        self.each(model, |component, index, _, _, _, _| {
            let [i, j, k] = index;
            let axis = component.axis() as usize;
            if component.is_electric() {
                let own = &model.edge_media[usize::from(model.edges[axis][[k, j, i]])];
                uniform &= **edge.get_or_insert(own) == *own;
            } else {
                let own = model.face_media[face_index(model, axis, index)];
                uniform &= *face.get_or_insert(own) == own;
            }
        });
        match (edge, face) {
            (
                Some(EdgeMedium::Dielectric {
                    permittivity,
                    conductivity: 0.0,
                    poles,
                }),
                Some(FaceMedium {
                    permeability,
                    magnetic_loss: 0.0,
                }),
            ) if uniform && poles.is_empty() => Ok((*permittivity, permeability)),
            _ => Err(Error::Parameter {
                name: "number of media at the boundary of the total-field box",
                value: if uniform { 1.0 } else { 2.0 },
                expected: "1, without loss or poles: move the boundary off the bodies",
            }),
        }
    }

    /// Calls back with every difference that crosses the boundary: the value that is updated, the
    /// value taken, whether the former is total, and the factor of the latter in the curl.
    fn each(
        &self,
        model: &Model,
        mut found: impl FnMut(Component, Index, Component, Index, bool, f64),
    ) {
        let cells = model.mesh.cells();
        let spacings = Axis::ALL.map(|a| model.mesh.spacings(a));
        let duals = Axis::ALL.map(|a| model.mesh.dual_spacings(a));
        for component in Component::ALL {
            let electric = component.is_electric();
            let extent = component.extent(cells);
            let range: [_; 3] = std::array::from_fn(|a| {
                let periodic = model.walls[a][0] == Wall::Periodic;
                let end = if periodic { cells[a] } else { extent[a] };
                match self.lines[a] {
                    Some([low, high]) => low - 1..(high + 2).min(end),
                    None => 0..end,
                }
            });
            // axes across the component, with the neighbour's component and sign in the curl
            let axis = component.axis();
            let kind = |axis| {
                if electric {
                    Component::magnetic(axis)
                } else {
                    Component::electric(axis)
                }
            };
            let differences = [
                (axis.next(), kind(axis.previous()), 1.0),
                (axis.previous(), kind(axis.next()), -1.0),
            ];
            for k in range[2].clone() {
                for j in range[1].clone() {
                    for i in range[0].clone() {
                        let index = [i, j, k];
                        if self.is_deep(index) {
                            continue;
                        }
                        let total = self.contains(component, index);
                        for (across, other, sign) in differences {
                            let a = across as usize;
                            if self.lines[a].is_none() {
                                continue;
                            }
                            let spacing = if electric {
                                duals[a][index[a]]
                            } else {
                                spacings[a][index[a]]
                            };
                            // the two values of the difference: at the index and beside it
                            let mut beside = index;
                            if electric && index[a] == 0 {
                                continue;
                            }
                            if electric {
                                beside[a] -= 1;
                            } else {
                                beside[a] += 1;
                            }
                            let (here, there) = if electric {
                                (sign, -sign)
                            } else {
                                (-sign, sign)
                            };
                            for (at, factor) in [(index, here), (beside, there)] {
                                if self.contains(other, at) != total {
                                    found(component, index, other, at, total, factor / spacing);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether an index is so far inside that no difference there can cross the boundary.
    fn is_deep(&self, index: Index) -> bool {
        (0..3).all(|a| {
            self.lines[a].is_none_or(|[low, high]| index[a] > low + 1 && index[a] + 2 < high)
        })
    }

    fn crossings(&self, model: &Model, incident: &IncidentField, mut found: impl FnMut(Crossing)) {
        let dt = model.time_step;
        self.each(model, |component, index, other, at, total, factor| {
            let [i, j, k] = index;
            let axis = component.axis() as usize;
            let coefficient = if component.is_electric() {
                model.edge_media[usize::from(model.edges[axis][[k, j, i]])]
                    .coefficients(dt)
                    .1
            } else {
                -model.face_media[face_index(model, axis, index)]
                    .coefficients(dt)
                    .1
            };
            // a total value lacks the incident part of its scattered neighbour
            let sign = if total { 1.0 } else { -1.0 };
            let position = position(model, other, at);
            found(Crossing {
                component,
                index,
                place: (other, incident.depth(position)),
                scale: sign * coefficient * factor,
            });
        });
    }
}

impl IncidentField {
    /// The place in m where E has the time course of the samples.
    pub fn reference(&self) -> [f64; 3] {
        self.reference
    }

    /// Spectrum of E at the reference in V s/m, `sum dt x_n exp(-j omega t_n)`.
    pub fn spectrum(&self, frequency: f64) -> Complex64 {
        let dt = self.wave.relation.time_step;
        let omega = 2.0 * PI * frequency;
        self.samples
            .iter()
            .enumerate()
            .map(|(n, x)| Complex64::from_polar(x * dt, -omega * (n as f64 + 0.5) * dt))
            .sum()
    }

    /// Spectrum of a component of the incident field at a position in m, in V s/m or A s/m.
    pub fn field(&self, component: Component, position: [f64; 3], frequency: f64) -> Complex64 {
        match self.wave.at(frequency) {
            Some((k, amplitudes)) => {
                self.spectrum(frequency)
                    * Complex64::from_polar(
                        amplitudes[component as usize],
                        -k * self.depth(position),
                    )
            }
            None => Complex64::default(),
        }
    }

    /// Wave number in rad/m along the direction that the mesh gives the wave; `None` where it carries
    /// no such wave.
    pub fn wave_number(&self, frequency: f64) -> Option<f64> {
        self.wave.at(frequency).map(|(k, _)| k)
    }

    /// The plane wave.
    pub fn wave(&self) -> PlaneWave {
        self.wave.wave
    }

    /// Impedance in ohm of the medium outside.
    pub fn impedance(&self) -> f64 {
        self.wave.impedance
    }

    /// Distance in m from the reference along the direction.
    fn depth(&self, position: [f64; 3]) -> f64 {
        let r = std::array::from_fn(|a| position[a] - self.reference[a]);
        dot(self.wave.wave.direction(), r)
    }
}

fn face_index(model: &Model, axis: usize, [i, j, k]: Index) -> usize {
    model
        .faces
        .as_ref()
        .map_or(0, |faces| usize::from(faces[axis][[k, j, i]]))
}

/// Where a value sits, in m.
fn position(model: &Model, component: Component, index: Index) -> [f64; 3] {
    let offset = component.offset();
    std::array::from_fn(|a| {
        let x = model.mesh.lines(Axis::ALL[a]);
        if offset[a] == 0.0 {
            x[index[a]]
        } else {
            0.5 * (x[index[a]] + x[index[a] + 1])
        }
    })
}

/// The places whose waveforms are needed and the sources that use them, by column.
fn arrange(
    crossings: &[Crossing],
    relation: &DispersionRelation,
    direction: [f64; 3],
) -> (Vec<(Component, f64)>, Vec<SourceTerm>) {
    let cell = (0..3)
        .filter(|&a| direction[a] != 0.0)
        .map(|a| relation.spacing[a])
        .fold(f64::INFINITY, f64::min);
    let mut columns = Columns::default();
    let exact = (1e7, 1e-7 * cell);
    for c in crossings {
        let n = (c.place.1 / cell * exact.0).round() as i64;
        columns.of(c.place.0, n, c.place.1);
        if columns.places.len() > EXACT {
            break;
        }
    }
    if columns.places.len() <= EXACT {
        let terms = crossings.iter().map(|c| {
            let n = (c.place.1 / cell * exact.0).round() as i64;
            c.term(columns.of(c.place.0, n, c.place.1), 1.0)
        });
        let terms = terms.collect();
        return (columns.places, terms);
    }
    // cubic Lagrange interpolation along the direction
    let mut columns = Columns::default();
    let step = cell / PER_CELL;
    let mut terms = Vec::with_capacity(4 * crossings.len());
    for c in crossings {
        let x = c.place.1 / step;
        let n = x.floor();
        let t = x - n;
        let weights = [
            -t * (t - 1.0) * (t - 2.0) / 6.0,
            (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0,
            -(t + 1.0) * t * (t - 2.0) / 2.0,
            (t + 1.0) * t * (t - 1.0) / 6.0,
        ];
        for (m, weight) in weights.into_iter().enumerate() {
            if weight != 0.0 {
                let n = n as i64 + m as i64 - 1;
                terms.push(c.term(columns.of(c.place.0, n, n as f64 * step), weight));
            }
        }
    }
    (columns.places, terms)
}

impl Crossing {
    fn term(&self, waveform: usize, weight: f64) -> SourceTerm {
        SourceTerm {
            component: self.component,
            index: self.index,
            waveform,
            scale: self.scale * weight,
        }
    }
}

/// Distinct places, numbered as they come.
#[derive(Default)]
struct Columns {
    places: Vec<(Component, f64)>,
    numbers: HashMap<(Component, i64), usize>,
}

impl Columns {
    fn of(&mut self, component: Component, key: i64, s: f64) -> usize {
        *self.numbers.entry((component, key)).or_insert_with(|| {
            self.places.push((component, s));
            self.places.len() - 1
        })
    }
}
