//! Currents with memory in parallel to the medium of an edge: the poles of dispersive media and
//! series R-L-C elements, one form for both.
//!
//! A branch carries a current density J = dP/dt along its edge that obeys
//!
//! ```text
//! d J' + c J + b P = a E + e v(t)
//! ```
//!
//! A pole `chi = a / (b + j omega c - omega^2 d)` is that with `a eps0` for a. A series element on
//! an edge of length l whose dual face has the area A has `V = l E + v_s = L I' + R I + Q / C` with
//! `I = A J`, so `d = L A / l`, `c = R A / l`, `b = A / (l C)`, a = 1, e = 1 / l.
//!
//! Everything is taken by the trapezoidal rule, with means over the step from E^n to E^(n+1):
//!
//! ```text
//! J_mean = g (E1 + E0) / 2 + s,    s = r J0 - q P0 + w v
//! K = 2 d / dt + c + b dt / 2,  g = a / K,  r = (2 d / dt) / K,  q = b / K,  w = e / K
//! eps (E1 - E0) / dt + sigma (E1 + E0) / 2 + sum J_mean = curl H
//! J1 = 2 J_mean - J0,  P1 = P0 + dt J_mean
//! ```
//!
//! so with the value E* that the update without branches gives,
//! `E1 = (E* - cb (G E0 / 2 + S)) / (1 + cb G / 2)`, where G and S are sums over the branches. The
//! rule conserves `(b P^2 + d J^2) / (2 a)` where c = 0, so the whole is stable up to the Courant
//! limit of the high-frequency permittivity. Branches are computed in f64.

use super::Real;
use super::layout::{AXES, Layout};
use super::row_table::RowTable;
use super::spacing::Spacings;
use crate::maxwell::constants::VACUUM_PERMITTIVITY;
use crate::maxwell::{EdgeMedium, Model, Pole, SeriesElement};

/// One branch: constants and state.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    g: f64,
    r: f64,
    q: f64,
    w: f64,
    waveform: Option<usize>,
    inertia: bool,
    current: f64,
    polarisation: f64,
    mean: f64,
    /// `b / a` and `d / a`.
    stored: (f64, f64),
}

impl Branch {
    /// Energy in J/m^3 at a current density and a polarisation.
    pub(super) fn energy_density(&self, current: f64, polarisation: f64) -> f64 {
        0.5 * (self.stored.0 * polarisation * polarisation + self.stored.1 * current * current)
    }
}

/// What another engine takes over.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl Branch {
    /// g, r, q and w, and whether the current has inertia.
    pub(super) fn constants(&self) -> [f64; 5] {
        let inertia = if self.inertia { 1.0 } else { 0.0 };
        [self.g, self.r, self.q, self.w, inertia]
    }

    /// Column of the waveforms.
    pub(super) fn waveform(&self) -> Option<usize> {
        self.waveform
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl BranchEdge {
    /// cb, G / 2 and `1 / (1 + cb G / 2)`.
    pub(super) fn constants(&self) -> [f64; 3] {
        [self.cb, self.half_g, self.inverse]
    }

    /// Its branches.
    pub(super) fn branches(&self) -> &[Branch] {
        &self.branches
    }
}

/// The branches of one edge.
#[derive(Clone, Debug)]
pub(super) struct BranchEdge {
    component: u8,
    i: u32,
    cb: f64,
    half_g: f64,
    inverse: f64,
    before: f64,
    index: [usize; 3],
    branches: Vec<Branch>,
}

/// Coefficients `a, b, c, d, e` of the equation above.
struct Law {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    e: f64,
    waveform: Option<usize>,
}

impl Law {
    fn pole(pole: &Pole) -> Self {
        Self {
            a: pole.a * VACUUM_PERMITTIVITY,
            b: pole.b,
            c: pole.c,
            d: pole.d,
            e: 0.0,
            waveform: None,
        }
    }

    fn element(element: &SeriesElement, length: f64, area: f64) -> Self {
        let scale = area / length;
        Self {
            a: 1.0,
            b: scale / element.capacitance,
            c: scale * element.resistance,
            d: scale * element.inductance,
            e: 1.0 / length,
            waveform: element.waveform,
        }
    }

    fn branch(&self, dt: f64) -> Branch {
        let k = 2.0 * self.d / dt + self.c + self.b * dt / 2.0;
        Branch {
            g: self.a / k,
            r: 2.0 * self.d / dt / k,
            q: self.b / k,
            w: self.e / k,
            waveform: self.waveform,
            inertia: self.d != 0.0,
            current: 0.0,
            polarisation: 0.0,
            mean: 0.0,
            stored: if self.a > 0.0 {
                (self.b / self.a, self.d / self.a)
            } else {
                (0.0, 0.0)
            },
        }
    }
}

/// The branches of a model, by row.
pub(super) fn branches(
    model: &Model,
    layout: &Layout,
    spacings: &Spacings,
) -> RowTable<BranchEdge> {
    let dt = model.time_step;
    let poles: Vec<&[Pole]> = model.edge_media.iter().map(EdgeMedium::poles).collect();
    let mut all: Vec<(usize, BranchEdge)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    let edge = |component: usize, index: [usize; 3], medium: usize| BranchEdge {
        component: component as u8,
        i: index[0] as u32,
        cb: model.edge_media[medium].coefficients(dt).1,
        half_g: 0.0,
        inverse: 1.0,
        before: 0.0,
        index,
        branches: Vec::new(),
    };
    for (component, media) in model.edges.iter().enumerate() {
        if poles.iter().all(|p| p.is_empty()) {
            break;
        }
        let component = layout.component(crate::maxwell::Component::ALL[component]);
        for ((k, j, i), medium) in media.indexed_iter() {
            let Some(poles) = poles.get(*medium as usize).filter(|p| !p.is_empty()) else {
                continue;
            };
            // copies at the ends of periodic axes and unused entries are left out
            let turned = layout.turned.map(|a| [i, j, k][a]);
            let stored = layout.stored(component);
            let copy = layout.periodic[0] && turned[0] == layout.cells[0];
            if copy || (0..AXES).any(|a| turned[a] >= stored[a]) || layout.held(component, turned) {
                continue;
            }
            let mut edge = edge(component, turned, *medium as usize);
            edge.branches = poles.iter().map(|p| Law::pole(p).branch(dt)).collect();
            known.insert((component, turned), all.len());
            all.push((layout.row(turned[2], turned[1]), edge));
        }
    }
    for element in &model.elements {
        let component = layout.component(element.component);
        let index = layout.index(element.index);
        let law = Law::element(
            element,
            spacings.length(component, index),
            spacings.area(component, index),
        );
        let n = *known.entry((component, index)).or_insert_with(|| {
            let [i, j, k] = element.index;
            let medium = model.edges[element.component.axis() as usize][[k, j, i]];
            all.push((
                layout.row(index[2], index[1]),
                edge(component, index, medium as usize),
            ));
            all.len() - 1
        });
        all[n].1.branches.push(law.branch(dt));
    }
    for (_, edge) in &mut all {
        edge.half_g = 0.5 * edge.branches.iter().map(|b| b.g).sum::<f64>();
        edge.inverse = 1.0 / (1.0 + edge.cb * edge.half_g);
    }
    RowTable::new(layout.row_count(), all)
}

impl BranchEdge {
    /// Keeps E^n before the row is updated.
    #[inline(always)]
    pub(super) fn keep<T: Real>(&mut self, rows: [&[T]; AXES]) {
        self.before = rows[self.component as usize][self.i as usize].to_f64();
    }

    /// Finishes E^(n+1) after the row's update and sources, and advances the branches.
    #[inline(always)]
    pub(super) fn advance<T: Real>(&mut self, samples: Option<&[T]>, dt: f64, row: &mut [T]) {
        let mut sum = self.half_g * self.before;
        for b in &mut self.branches {
            let source = match (b.waveform, samples) {
                (Some(column), Some(samples)) => b.w * samples[column].to_f64(),
                _ => 0.0,
            };
            b.mean = b.r * b.current - b.q * b.polarisation + source;
            sum += b.mean;
        }
        let value = &mut row[self.i as usize];
        *value = T::from_f64((value.to_f64() - self.cb * sum) * self.inverse);
        let mean = 0.5 * (value.to_f64() + self.before);
        for b in &mut self.branches {
            b.mean += b.g * mean;
            b.current = if b.inertia {
                2.0 * b.mean - b.current
            } else {
                b.mean
            };
            b.polarisation += dt * b.mean;
        }
    }

    /// The engine component.
    #[inline(always)]
    pub(super) fn component(&self) -> usize {
        self.component as usize
    }

    /// Energy that the branches hold, in J/m^3.
    pub(super) fn energy_density(&self) -> f64 {
        let of = |b: &Branch| b.energy_density(b.current, b.polarisation);
        self.branches.iter().map(of).sum()
    }

    /// Place of the edge.
    pub(super) fn index(&self) -> [usize; 3] {
        self.index
    }

    /// Whether all currents and charges are zero.
    pub(super) fn is_driven(&self) -> bool {
        self.branches.iter().any(|b| b.waveform.is_some())
    }
}

impl EdgeMedium {
    fn poles(&self) -> &[Pole] {
        match self {
            Self::Pec => &[],
            Self::Dielectric { poles, .. } => poles,
        }
    }
}

/// Whether a branch of these constants has a finite response; see the check of a model.
pub(super) fn has_impedance(b: f64, c: f64, d: f64, dt: f64) -> bool {
    let k = 2.0 * d / dt + c + b * dt / 2.0;
    k > 0.0 && k.is_finite()
}
