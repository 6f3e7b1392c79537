//! Electric and magnetic dipoles: a current on one edge or through one face.
//!
//! An edge of length l with the current I is a current density `I l / V` over the edge's cell V,
//! its length times the distances between the centres of the cells beside it:
//!
//! ```text
//! E <- ... - cb I l / V        H <- ... - db K l / V
//! ```
//!
//! Radiated power of moments in phasors, in free space (C. A. Balanis, Antenna Theory, 4th ed.,
//! eq. 4-16, and by duality): `eta k^2 |I l|^2 / (12 pi)` and `k^2 |K l|^2 / (12 pi eta)`.

use super::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use super::{Axis, Component, Index, Model, SourceTerm, Wall};
use crate::{Error, Result};
use std::f64::consts::PI;

/// The source of a dipole along a component at its place, whose moment is the waveform: for E an
/// electric dipole with `I l` in A m at (n + 1/2) dt, for H a magnetic one with `K l` in V m (K the
/// rate of change of `mu0` times the magnetisation current loop's moment) at n dt.
///
/// # Errors
/// [`Error::Size`] when the place is outside the component's extent, [`Error::Parameter`] when it is
/// in a perfect conductor.
pub fn dipole(
    model: &Model,
    component: Component,
    index: Index,
    waveform: usize,
) -> Result<SourceTerm> {
    let extent = component.extent(model.mesh.cells());
    let offset = component.offset();
    let mut volume = 1.0;
    for axis in Axis::ALL {
        let a = axis as usize;
        if index[a] >= extent[a] {
            return Err(Error::Size {
                what: "index of a dipole",
                expected: format!("below {} along {axis:?} for {component:?}", extent[a]),
                found: index[a],
            });
        }
        volume *= if offset[a] != 0.0 {
            model.mesh.spacings(axis)[index[a]]
        } else {
            let d = model.mesh.dual_spacings(axis);
            let last = d.len() - 1;
            if model.walls[a][0] == Wall::Periodic && (index[a] == 0 || index[a] == last) {
                d[0] + d[last]
            } else {
                d[index[a]]
            }
        };
    }
    let [i, j, k] = index;
    let axis = component.axis() as usize;
    let coefficient = if component.is_electric() {
        let medium = &model.edge_media[usize::from(model.edges[axis][[k, j, i]])];
        medium.coefficients(model.time_step).1
    } else {
        let face = model
            .faces
            .as_ref()
            .map_or(0, |faces| usize::from(faces[axis][[k, j, i]]));
        model.face_media[face].coefficients(model.time_step).1
    };
    if coefficient == 0.0 {
        return Err(Error::Parameter {
            name: "conductance of the edge of a dipole",
            value: f64::INFINITY,
            expected: "finite: a dipole in a perfect conductor cannot radiate",
        });
    }
    Ok(SourceTerm {
        component,
        index,
        waveform,
        scale: -coefficient / volume,
    })
}

/// Power in W that an electric dipole of the moment `I l` in A m (a phasor's magnitude) radiates
/// into free space; in J/Hz for the magnitude of a spectrum.
pub fn electric_dipole_power(moment: f64, frequency: f64) -> f64 {
    let k = 2.0 * PI * frequency / SPEED_OF_LIGHT;
    VACUUM_IMPEDANCE * (k * moment).powi(2) / (12.0 * PI)
}

/// Power in W that a magnetic dipole of the moment `K l` in V m radiates into free space.
pub fn magnetic_dipole_power(moment: f64, frequency: f64) -> f64 {
    let k = 2.0 * PI * frequency / SPEED_OF_LIGHT;
    (k * moment).powi(2) / (12.0 * PI * VACUUM_IMPEDANCE)
}
