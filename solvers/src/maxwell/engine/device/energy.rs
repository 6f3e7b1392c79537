//! The [energy](super::super::energy) of the fields on a device: sums of rows there, in units that
//! suit f32, and the sum of these in f64.

use super::super::layout::{AXES, Layout};
use super::super::spacing::Spacings;
use super::frame::{Frame, Palette};
use super::update::{Line, differences, number_at};
use crate::Result;
use crate::device::{Buffer, Device, Real, over, thread};
use crate::maxwell::constants::{VACUUM_PERMEABILITY, VACUUM_PERMITTIVITY};
use cubecl::prelude::*;

/// Threads of a row.
const UNITS: u32 = 64;

/// What the sums of E, or of H, need.
pub(super) struct Energy {
    electric: bool,
    numbers: Buffer,
    bits: u32,
    /// Relative permittivity or permeability, ca and cb of x, y, z for each number.
    coefficients: Buffer,
    /// Lengths along each axis over their mean, those of the edges and those between centres.
    lengths: Buffer,
    /// Sums of the threads of each row, and of the rows.
    parts: Buffer,
    rows: Buffer,
    /// `1 / d` of each line of x, y and z.
    steps: Buffer,
    /// J of a unit of the sums.
    unit: f64,
}

impl Energy {
    pub(super) fn new<T: Real>(
        device: &Device,
        (lines, spacings, time_step): (&[Vec<Line>; AXES], &Spacings, f64),
        frame: &Frame,
        palette: &Palette,
        electric: bool,
    ) -> Self {
        let vacuum = if electric {
            VACUUM_PERMITTIVITY
        } else {
            VACUUM_PERMEABILITY
        };
        let mut coefficients: Vec<T> = Vec::new();
        for (ca, cb) in palette.coefficients.iter().flatten() {
            // eps = dt (1 + ca) / (2 cb)
            let density = match *cb {
                0.0 => 0.0,
                cb => time_step * (1.0 + ca) / (2.0 * cb) / vacuum,
            };
            coefficients.extend([density, *ca, *cb].map(T::rounded));
        }
        let mut unit = vacuum;
        let mut lengths: Vec<T> = Vec::new();
        for axis in 0..AXES {
            let (edges, centres) = (&spacings.primary[axis], &spacings.dual[axis]);
            let mean = edges.iter().sum::<f64>() / edges.len() as f64;
            unit *= mean;
            for at in 0..frame.count[axis] {
                let edge = edges.get(at).map_or(0.0, |d| d / mean);
                let centre = centres.get(at).map_or(0.0, |d| d / mean);
                lengths.extend([edge, centre].map(T::rounded));
            }
        }
        let steps = lines.iter().flatten().map(|l| T::rounded(l.plain));
        let steps: Vec<T> = steps.collect();
        Self {
            electric,
            numbers: device.upload(&palette.numbers),
            bits: palette.bits,
            coefficients: device.upload(&coefficients),
            lengths: device.upload(&lengths),
            parts: device.zeros::<T>(UNITS as usize * frame.count[1] * frame.count[2]),
            rows: device.zeros::<T>(frame.count[1] * frame.count[2]),
            steps: device.upload(&steps),
            unit,
        }
    }

    /// Energy of E, or of H, in J.
    ///
    /// # Errors
    /// Those of the device.
    pub(super) fn sum<T: Real>(
        &self,
        device: &Device,
        layout: &Layout,
        frame: &Frame,
        own: &Buffer,
        other: &Buffer,
    ) -> Result<f64> {
        let [ni, nj, nk] = frame.count.map(|n| n as u32);
        let periodic = (0..AXES).fold(0, |m, a| m | u32::from(layout.periodic[a]) << a);
        // SAFETY: places follow from the counts that the buffers were made for
        unsafe {
            rows::launch_unchecked::<T>(
                device.client(),
                CubeCount::Static(nj, nk, 1),
                CubeDim::new_1d(UNITS),
                own.argument(),
                other.argument(),
                self.numbers.argument(),
                self.coefficients.argument(),
                self.lengths.argument(),
                self.steps.argument(),
                self.parts.argument(),
                ni,
                nj,
                nk,
                frame.stride[1] as u32,
                frame.stride[2] as u32,
                frame.front as u32,
                frame.component as u32,
                self.electric,
                self.bits,
                periodic,
            );
        }
        let (cubes, dim) = over(self.rows.len());
        // SAFETY: there are as many parts as threads took part
        unsafe {
            fold::launch_unchecked::<T>(
                device.client(),
                cubes,
                dim,
                self.parts.argument(),
                self.rows.argument(),
                self.rows.len() as u32,
            );
        }
        let rows = device.read::<T>(&self.rows)?;
        Ok(0.5 * self.unit * rows.into_iter().map(Real::widened).sum::<f64>())
    }
}

#[cube(launch_unchecked)]
fn rows<F: Float>(
    own: &[F],
    other: &[F],
    numbers: &[u32],
    coefficients: &[F],
    lengths: &[F],
    steps: &[F],
    sums: &mut [F],
    ni: u32,
    nj: u32,
    nk: u32,
    row: u32,
    plane: u32,
    front: u32,
    component: u32,
    #[comptime] electric: bool,
    #[comptime] bits: u32,
    #[comptime] periodic: u32,
) {
    let j = CUBE_POS_X;
    let k = CUBE_POS_Y;
    let of_y = ni + j;
    let of_z = ni + nj + k;
    let mut sum = F::new(0.0);
    let mut i = UNIT_POS_X;
    while i < ni {
        let at = front + k * plane + j * row + i;
        let of = 9 * number_at(numbers, at, bits);
        // an edge's length along its own axis, centres along the others; a face's the other way
        let own_length = comptime!(if electric { 0u32 } else { 1u32 });
        let other_length = comptime!(if electric { 1u32 } else { 0u32 });
        let x_own = lengths[(2 * i + own_length) as usize];
        let x_other = lengths[(2 * i + other_length) as usize];
        let y_own = lengths[(2 * of_y + own_length) as usize];
        let y_other = lengths[(2 * of_y + other_length) as usize];
        let z_own = lengths[(2 * of_z + own_length) as usize];
        let z_other = lengths[(2 * of_z + other_length) as usize];
        let x = own[at as usize];
        let y = own[(component + at) as usize];
        let z = own[(2 * component + at) as usize];
        let mut next_x = x;
        let mut next_y = y;
        let mut next_z = z;
        if comptime!(!electric) {
            let d = differences::<F>(
                other, at, i, j, k, ni, nj, nk, row, plane, component, electric, periodic,
            );
            let step_x = steps[i as usize];
            let step_y = steps[of_y as usize];
            let step_z = steps[of_z as usize];
            let curl_x = d.z_along_y * step_y - d.y_along_z * step_z;
            let curl_y = d.x_along_z * step_z - d.z_along_x * step_x;
            let curl_z = d.y_along_x * step_x - d.x_along_y * step_y;
            next_x = after::<F>(coefficients, of, x, curl_x);
            next_y = after::<F>(coefficients, of + 3, y, curl_y);
            next_z = after::<F>(coefficients, of + 6, z, curl_z);
        }
        sum += coefficients[of as usize] * x_own * y_other * z_other * x * next_x;
        sum += coefficients[(of + 3) as usize] * x_other * y_own * z_other * y * next_y;
        sum += coefficients[(of + 6) as usize] * x_other * y_other * z_own * z * next_z;
        i += UNITS;
    }
    sums[((k * nj + j) * UNITS + UNIT_POS_X) as usize] = sum;
}

/// The sum of the threads of each row.
#[cube(launch_unchecked)]
fn fold<F: Float>(parts: &[F], sums: &mut [F], count: u32) {
    let row = thread();
    if row < count {
        let mut sum = F::new(0.0);
        for n in 0..UNITS {
            sum += parts[(row * UNITS + n) as usize];
        }
        sums[row as usize] = sum;
    }
}

/// H half a step later.
#[cube]
fn after<F: Float>(coefficients: &[F], of: u32, value: F, curl: F) -> F {
    coefficients[(of + 1) as usize] * value - coefficients[(of + 2) as usize] * curl
}
