//! The update of E or of H: one thread for the three components at one place.
//!
//! With `a` and `b` the axes that follow the component's own cyclically, and differences over
//! neighbours divided by `kappa` times their distance,
//!
//! ```text
//! E <- ca E + cb (D_a H_b + psi_a - D_b H_a - psi_b)
//! H <- da H - db (D_a E_b + psi_a - D_b E_a - psi_b)
//! psi <- b psi + c D
//! ```
//!
//! (A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed., eqs. 3.30-3.33; the
//! [layers](super::super::cpml)). Along rows, threads follow the values: what they read and write is
//! contiguous, neighbours across rows and planes come from the caches.

use super::super::cpml::Layers;
use super::super::layout::{AXES, Layout};
use super::super::spacing::{Spacings, Steps};
use super::exchange::Lines;
use super::frame::{Frame, Palette};
use crate::device::{Buffer, Device, Real};
use crate::maxwell::Model;
use cubecl::prelude::*;

/// Threads of a cube: along a row, and rows.
const ALONG: u32 = 32;
const ROWS: u32 = 8;

/// Number of the slab of a line that lies in no layer.
const NONE: u32 = u32::MAX;

/// What a difference along an axis is multiplied by.
pub(super) struct Line {
    /// `1 / (kappa d)`.
    step: f64,
    /// The same, without kappa along x, as energies have it.
    pub(super) plain: f64,
    b: f64,
    c: f64,
    slab: u32,
}

/// The lines of x, y and z on which E (`electric`) or H is updated, of a part of a `whole` mesh.
pub(super) fn lines(
    model: &Model,
    whole: &Layout,
    layout: &Layout,
    frame: &Frame,
    electric: bool,
) -> [Vec<Line>; AXES] {
    let spacings = Spacings::new(model, whole);
    std::array::from_fn(|axis| {
        let mut steps = Steps::<f64>::new(model, whole, &spacings, axis);
        let even = steps.uniform.filter(|_| axis == 0);
        let layer = Layers::<f64>::new(whole, &spacings, &mut steps, axis, model.time_step);
        let layer = layer.part(layout, axis);
        let steps = steps.part(layout, axis);
        let all = match electric {
            true => &steps.electric,
            false => &steps.magnetic,
        };
        let line = |at: usize| {
            let stretch = layer.stretch(electric, at);
            let plain = even.unwrap_or(all[at]);
            Line {
                // across rows and planes kappa is in it already
                step: if axis == 0 { plain + stretch.g } else { plain },
                plain,
                b: stretch.b,
                c: stretch.c,
                slab: layer.slab(electric, at).map_or(NONE, |slab| slab as u32),
            }
        };
        (0..frame.count[axis]).map(line).collect()
    })
}

/// What the updates of E, or of H, read beside the fields.
pub(super) struct Update {
    electric: bool,
    numbers: Buffer,
    bits: u32,
    coefficients: Buffer,
    /// `1 / (kappa d)`, b and c for each line of x, y and z.
    lines: Buffer,
    slabs: Buffer,
    psi: Buffer,
    /// Slabs of each axis.
    layers: [u32; AXES],
}

impl Update {
    pub(super) fn new<T: Real>(
        device: &Device,
        found: &[Vec<Line>; AXES],
        frame: &Frame,
        palette: &Palette,
        electric: bool,
    ) -> Self {
        let values = found.iter().flatten();
        let lines = values.clone().flat_map(|l| [l.step, l.b, l.c]);
        let lines: Vec<T> = lines.map(T::rounded).collect();
        let slabs: Vec<u32> = values.map(|l| l.slab).collect();
        let slab = |l: &Line| (l.slab != NONE).then_some(l.slab + 1);
        let layers = found
            .each_ref()
            .map(|lines| lines.iter().filter_map(slab).max().unwrap_or(0));
        let coefficients: Vec<T> = palette
            .coefficients
            .iter()
            .flatten()
            .flat_map(|(ca, cb)| [*ca, if electric { *cb } else { -*cb }])
            .map(T::rounded)
            .collect();
        let [ni, nj, nk] = frame.count;
        let [si, sj, sk] = layers.map(|n| n as usize);
        let psi = 2 * (si * nj * nk + ni * sj * nk + ni * nj * sk);
        Self {
            electric,
            numbers: device.upload(&palette.numbers),
            bits: palette.bits,
            coefficients: device.upload(&coefficients),
            lines: device.upload(&lines),
            slabs: device.upload(&slabs),
            psi: device.zeros::<T>(psi),
            layers,
        }
    }

    /// Advances some lines of `own` by a step, from `other`.
    pub(super) fn launch<T: Real>(
        &self,
        device: &Device,
        frame: &Frame,
        periodic: [bool; AXES],
        lines: &Lines,
        [own, other]: [&Buffer; 2],
    ) {
        let [ni, nj, nk] = frame.count.map(|n| n as u32);
        let mask = |of: [bool; AXES]| (0..AXES).fold(0, |m, a| m | u32::from(of[a]) << a);
        let Lines { rows, planes } = lines;
        // SAFETY: places follow from the counts that the buffers were made for
        unsafe {
            update::launch_unchecked::<T>(
                device.client(),
                CubeCount::Static(
                    ni.div_ceil(ALONG),
                    (rows.len() as u32).div_ceil(ROWS),
                    planes.len() as u32,
                ),
                CubeDim::new_2d(ALONG, ROWS),
                own.argument(),
                other.argument(),
                self.numbers.argument(),
                self.coefficients.argument(),
                self.lines.argument(),
                self.slabs.argument(),
                self.psi.argument(),
                rows.start as u32,
                rows.end as u32,
                planes.start as u32,
                ni,
                nj,
                nk,
                frame.stride[1] as u32,
                frame.stride[2] as u32,
                frame.front as u32,
                frame.component as u32,
                self.layers[0],
                self.layers[1],
                self.layers[2],
                self.electric,
                self.bits,
                mask(self.layers.map(|n| n > 0)),
                mask(periodic),
            );
        }
    }
}

#[cube(launch_unchecked)]
fn update<F: Float>(
    own: &mut [F],
    other: &[F],
    numbers: &[u32],
    coefficients: &[F],
    lines: &[F],
    slabs: &[u32],
    psi: &mut [F],
    first_row: u32,
    end_row: u32,
    first_plane: u32,
    ni: u32,
    nj: u32,
    nk: u32,
    row: u32,
    plane: u32,
    front: u32,
    component: u32,
    slabs_x: u32,
    slabs_y: u32,
    slabs_z: u32,
    #[comptime] electric: bool,
    #[comptime] bits: u32,
    #[comptime] layered: u32,
    #[comptime] periodic: u32,
) {
    let i = CUBE_POS_X * ALONG + UNIT_POS_X;
    let j = first_row + CUBE_POS_Y * ROWS + UNIT_POS_Y;
    let k = first_plane + CUBE_POS_Z;
    if i < ni && j < end_row {
        let at = front + k * plane + j * row + i;
        let number = number_at(numbers, at, bits);
        let d = differences::<F>(
            other, at, i, j, k, ni, nj, nk, row, plane, component, electric, periodic,
        );
        let of_x = 3 * i;
        let of_y = 3 * (ni + j);
        let of_z = 3 * (ni + nj + k);
        let step_x = lines[of_x as usize];
        let step_y = lines[of_y as usize];
        let step_z = lines[of_z as usize];
        let mut curl_x = d.z_along_y * step_y - d.y_along_z * step_z;
        let mut curl_y = d.x_along_z * step_z - d.z_along_x * step_x;
        let mut curl_z = d.y_along_x * step_x - d.x_along_y * step_y;
        if comptime!(layered & 1 != 0) {
            let slab = slabs[i as usize];
            if slab != NONE {
                let first = (k * nj + j) * slabs_x + slab;
                let size = slabs_x * nj * nk;
                let b = lines[(of_x + 1) as usize];
                let c = lines[(of_x + 2) as usize];
                curl_y -= advance::<F>(psi, first, b, c, d.z_along_x);
                curl_z += advance::<F>(psi, first + size, b, c, d.y_along_x);
            }
        }
        let after_x = 2 * slabs_x * nj * nk;
        if comptime!(layered & 2 != 0) {
            let slab = slabs[(ni + j) as usize];
            if slab != NONE {
                let first = after_x + (k * slabs_y + slab) * ni + i;
                let size = slabs_y * ni * nk;
                let b = lines[(of_y + 1) as usize];
                let c = lines[(of_y + 2) as usize];
                curl_z -= advance::<F>(psi, first, b, c, d.x_along_y);
                curl_x += advance::<F>(psi, first + size, b, c, d.z_along_y);
            }
        }
        if comptime!(layered & 4 != 0) {
            let slab = slabs[(ni + nj + k) as usize];
            if slab != NONE {
                let first = after_x + 2 * slabs_y * ni * nk + (slab * nj + j) * ni + i;
                let size = slabs_z * ni * nj;
                let b = lines[(of_z + 1) as usize];
                let c = lines[(of_z + 2) as usize];
                curl_x -= advance::<F>(psi, first, b, c, d.y_along_z);
                curl_y += advance::<F>(psi, first + size, b, c, d.x_along_z);
            }
        }
        let of = 6 * number;
        finish::<F>(own, at, coefficients, of, curl_x);
        finish::<F>(own, component + at, coefficients, of + 2, curl_y);
        finish::<F>(own, 2 * component + at, coefficients, of + 4, curl_z);
    }
}

/// The number of a place in the palette.
#[cube]
pub(super) fn number_at(numbers: &[u32], at: u32, #[comptime] bits: u32) -> u32 {
    if comptime!(bits == 32) {
        numbers[at as usize]
    } else {
        let together = comptime!(32 / bits);
        let word = numbers[(at / together) as usize];
        (word >> (at % together * bits)) & comptime!((1u32 << bits) - 1)
    }
}

/// Differences of a component along an axis over neighbours.
#[derive(CubeType)]
pub(super) struct Differences<F: Float> {
    pub(super) y_along_x: F,
    pub(super) z_along_x: F,
    pub(super) x_along_y: F,
    pub(super) z_along_y: F,
    pub(super) x_along_z: F,
    pub(super) y_along_z: F,
}

/// Those that the update at place `[i, j, k]`, which is at `at`, takes of the other field.
#[cube]
pub(super) fn differences<F: Float>(
    other: &[F],
    at: u32,
    i: u32,
    j: u32,
    k: u32,
    ni: u32,
    nj: u32,
    nk: u32,
    row: u32,
    plane: u32,
    component: u32,
    #[comptime] electric: bool,
    #[comptime] periodic: u32,
) -> Differences<F> {
    let beside_x = beside(at, i, 1u32, ni, electric, comptime!(periodic & 1 != 0));
    let beside_y = beside(at, j, row, nj, electric, comptime!(periodic & 2 != 0));
    let beside_z = beside(at, k, plane, nk, electric, comptime!(periodic & 4 != 0));
    let x = other[at as usize];
    let y = other[(component + at) as usize];
    let z = other[(2 * component + at) as usize];
    Differences::<F> {
        y_along_x: difference::<F>(y, other[(component + beside_x) as usize], electric),
        z_along_x: difference::<F>(z, other[(2 * component + beside_x) as usize], electric),
        x_along_y: difference::<F>(x, other[beside_y as usize], electric),
        z_along_y: difference::<F>(z, other[(2 * component + beside_y) as usize], electric),
        x_along_z: difference::<F>(x, other[beside_z as usize], electric),
        y_along_z: difference::<F>(y, other[(component + beside_z) as usize], electric),
    }
}

/// The neighbour that a difference is taken with: the lower one for E, the upper one for H; along a
/// periodic axis the other end's.
#[cube]
fn beside(
    at: u32,
    place: u32,
    stride: u32,
    count: u32,
    #[comptime] electric: bool,
    #[comptime] periodic: bool,
) -> u32 {
    let around = (count - 1) * stride;
    if comptime!(electric) {
        if comptime!(periodic) {
            select(place == 0, at + around, at - stride)
        } else {
            at - stride
        }
    } else {
        if comptime!(periodic) {
            select(place + 1 == count, at - around, at + stride)
        } else {
            at + stride
        }
    }
}

/// Upper less lower value.
#[cube]
fn difference<F: Float>(here: F, beside: F, #[comptime] electric: bool) -> F {
    if comptime!(electric) {
        here - beside
    } else {
        beside - here
    }
}

#[cube]
fn advance<F: Float>(psi: &mut [F], at: u32, b: F, c: F, difference: F) -> F {
    let value = b * psi[at as usize] + c * difference;
    psi[at as usize] = value;
    value
}

#[cube]
fn finish<F: Float>(own: &mut [F], at: u32, coefficients: &[F], of: u32, curl: F) {
    let ca = coefficients[of as usize];
    let cb = coefficients[(of + 1) as usize];
    own[at as usize] = ca * own[at as usize] + cb * curl;
}
