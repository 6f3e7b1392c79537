//! Everything that an engine needs, as data.
//!
//! One step takes H from (n - 1/2) dt to (n + 1/2) dt and then E from n dt to (n + 1) dt, n = 0 in
//! the first step, all fields zero at the start:
//!
//! ```text
//! H <- da H - db curl E,   then H += scale * waveform[n]   (sources on H: M at t = n dt)
//! E <- ca E + cb curl H,   then E += scale * waveform[n]   (sources on E: J at t = (n + 1/2) dt)
//! ```

use super::{EdgeMedium, FaceMedium, Mesh};
use ndarray::{Array2, Array3, ArrayView2, s};
use std::ops::Range;

/// A field component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Component {
    Ex,
    Ey,
    Ez,
    Hx,
    Hy,
    Hz,
}

/// Place of a component value: cell indices `[i, j, k]` along x, y, z. An Ex value sits half a
/// cell further along x, an Hx value half a cell further along y and z, and so on.
pub type Index = [usize; 3];

/// Absorbing layer on one face: CFS-CPML (J. A. Roden and S. D. Gedney, Microw. Opt. Technol.
/// Lett. 27, 334-339, 2000), inside the mesh, backed by a perfect conductor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cpml {
    /// Thickness in cells.
    pub cells: usize,
    /// Order of the polynomial grading of sigma and kappa.
    pub order: f64,
    /// Largest sigma, as a fraction of the optimum `0.8 (order + 1) / (eta0 d)`.
    pub sigma: f64,
    /// Largest kappa, 1 or more.
    pub kappa: f64,
    /// Largest alpha, at the inner face, as a fraction of the same optimum: so a layer does the same
    /// at every scale.
    pub alpha: f64,
}

/// What bounds the mesh on one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wall {
    /// Perfect electric conductor.
    Pec,
    /// Perfect magnetic conductor.
    Pmc,
    /// The far side of the same axis; both sides must say so.
    Periodic,
    /// Absorbing layer.
    Cpml(Cpml),
}

/// Samples that drive sources: one row per step, one column per waveform. Beyond the last row all
/// waveforms are zero.
pub type Waveforms = Array2<f64>;

/// `component[index] += scale * waveforms[[n, waveform]]` at the end of the component's update in
/// step n. Current sources, voltage gaps, magnetic dipoles, the corrections of a total-field
/// boundary are all sets of these; the scale carries the coefficient of the medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceTerm {
    /// Component added to.
    pub component: Component,
    /// Its place.
    pub index: Index,
    /// Column of the waveforms.
    pub waveform: usize,
    /// Factor, in V/m or A/m per unit of the waveform.
    pub scale: f64,
}

/// A series connection of R, L and C, with a voltage source, along one E edge, in parallel to the
/// edge's medium (M. Piket-May, A. Taflove, J. Baron, IEEE Trans. Microw. Theory Tech. 42,
/// 1514-1523, 1994). The engine carries its current and charge. A branch of R alone is better made
/// part of the edge's conductivity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesElement {
    /// Ex, Ey or Ez.
    pub component: Component,
    /// The edge.
    pub index: Index,
    /// Ohm.
    pub resistance: f64,
    /// Henry; 0 for none.
    pub inductance: f64,
    /// Farad; infinite for none.
    pub capacitance: f64,
    /// Column of the waveforms with the source voltage in V, if any, its factor 1.
    pub waveform: Option<usize>,
}

/// A component value recorded at the end of every step: E at (n + 1) dt, H at (n + 1/2) dt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// Component.
    pub component: Component,
    /// Its place.
    pub index: Index,
}

/// A block of one component's values whose Fourier transform is summed as the run goes.
///
/// The sum is `sum_n dt x_n exp(-j omega t_n)` with each component's own time, over every
/// `interval`-th step, times the interval.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRegion {
    /// Component.
    pub component: Component,
    /// Index ranges along x, y, z.
    pub ranges: [Range<usize>; 3],
    /// Frequencies in Hz.
    pub frequencies: Vec<f64>,
    /// Steps between samples.
    pub interval: usize,
}

/// The last edge of a thin wire that ends freely: not metal but a permittivity that gives the end
/// its charge. A port that begins at the wire's end node makes it metal again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireEnd {
    /// Ex, Ey or Ez.
    pub component: Component,
    /// The edge.
    pub index: Index,
    /// The node at which the wire ends.
    pub node: Index,
}

/// A problem for an engine.
#[derive(Clone, Debug)]
pub struct Model {
    /// The lines.
    pub mesh: Mesh,
    /// Time step in s.
    pub time_step: f64,
    /// Walls: `[axis][0]` at the first, `[axis][1]` at the last line.
    pub walls: [[Wall; 2]; 3],
    /// Palette of the edges.
    pub edge_media: Vec<EdgeMedium>,
    /// Index into the palette of each Ex, Ey and Ez edge, `[k, j, i]` in the mesh's shape.
    pub edges: [Array3<u16>; 3],
    /// Palette of the faces; a single entry where nothing is magnetic.
    pub face_media: Vec<FaceMedium>,
    /// Index into that palette of each Hx, Hy and Hz face; `None` when all are the first.
    pub faces: Option<[Array3<u16>; 3]>,
    /// Samples of the sources.
    pub waveforms: Waveforms,
    /// Sources.
    pub sources: Vec<SourceTerm>,
    /// Ends of thin wires, whose media are among the edges' already.
    pub wire_ends: Vec<WireEnd>,
    /// Lumped elements with memory.
    pub elements: Vec<SeriesElement>,
    /// Recorded values.
    pub probes: Vec<Probe>,
    /// Running Fourier transforms.
    pub regions: Vec<FieldRegion>,
}

impl Model {
    /// An empty space with the given walls, of 0.99 times the Courant limit.
    pub fn vacuum(mesh: Mesh, walls: [[Wall; 2]; 3]) -> Self {
        let shape = mesh.shape();
        Self {
            time_step: 0.99 * mesh.courant_limit(super::constants::SPEED_OF_LIGHT),
            walls,
            edge_media: vec![EdgeMedium::vacuum()],
            edges: std::array::from_fn(|_| Array3::zeros(shape)),
            face_media: vec![FaceMedium::VACUUM],
            faces: None,
            waveforms: Array2::zeros((0, 0)),
            sources: Vec::new(),
            wire_ends: Vec::new(),
            elements: Vec::new(),
            probes: Vec::new(),
            regions: Vec::new(),
            mesh,
        }
    }

    /// Appends columns to the waveforms, `[step, waveform]`, and returns the first one's number.
    /// Whichever of the two has fewer rows is continued by zeros.
    pub fn add_waveforms(&mut self, samples: ArrayView2<f64>) -> usize {
        let (rows, first) = self.waveforms.dim();
        let mut all = Array2::zeros((rows.max(samples.nrows()), first + samples.ncols()));
        all.slice_mut(s![..rows, ..first]).assign(&self.waveforms);
        all.slice_mut(s![..samples.nrows(), first..])
            .assign(&samples);
        self.waveforms = all;
        first
    }
}

impl Cpml {
    /// A layer of `cells` cells for waves of 10 to 400 cells per wavelength. With 10 cells it reflects
    /// -91 and -85 dB of pulses of some 120 and 360 cells per wavelength, and the field of a dipole
    /// five cells before it, 20 cells per wavelength, is right to -76 dB.
    pub fn new(cells: usize) -> Self {
        Self {
            cells,
            order: 3.0,
            sigma: 1.0,
            kappa: 5.0,
            alpha: 0.005,
        }
    }

    /// A layer for the near field of conductors a few cells before it, whose evanescent part asks for
    /// a larger kappa and alpha: 8 and 10 cells reflect less than -60 and -80 dB of the edge of a
    /// plate three cells away (A. Taflove and S. C. Hagness, 3rd ed., section 7.11.2), where those of
    /// [`Cpml::new`] reach -45 and -55 dB. Waves of more than 100 cells per wavelength reach the wall
    /// behind it: of 120 and 360 some -70 and -40 dB come back.
    pub fn near_conductors(cells: usize) -> Self {
        Self {
            cells,
            order: 3.0,
            sigma: 1.0,
            kappa: 7.0,
            alpha: 0.02,
        }
    }
}

impl Component {
    /// All six.
    pub const ALL: [Self; 6] = [Self::Ex, Self::Ey, Self::Ez, Self::Hx, Self::Hy, Self::Hz];

    /// The axis the component points along.
    pub fn axis(self) -> super::Axis {
        super::Axis::ALL[self as usize % 3]
    }

    /// Whether it is one of E.
    pub fn is_electric(self) -> bool {
        (self as usize) < 3
    }

    /// The electric component along an axis.
    pub fn electric(axis: super::Axis) -> Self {
        Self::ALL[axis as usize]
    }

    /// The magnetic component along an axis.
    pub fn magnetic(axis: super::Axis) -> Self {
        Self::ALL[3 + axis as usize]
    }

    /// Position of a value relative to its node, in cells: 0 or 1/2 along each axis.
    pub fn offset(self) -> [f64; 3] {
        std::array::from_fn(|a| {
            let along = self.axis() as usize == a;
            if along == self.is_electric() {
                0.5
            } else {
                0.0
            }
        })
    }

    /// Number of values along each axis in a mesh of `cells`.
    pub fn extent(self, cells: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|a| cells[a] + usize::from(self.offset()[a] == 0.0))
    }
}
