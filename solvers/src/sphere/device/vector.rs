//! Spectra to series and back on a device: scalars, winds, curl and divergence.
//!
//! The formulas are those of [`crate::sphere::SphericalTransform::wind`] and
//! [`crate::sphere::SphericalTransform::vorticity_divergence`]. Spectra are `[coefficient][member][2]`,
//! series `[m][n = m..=N+1][member][field][2]`; the last degree of a series holds what couples into
//! it from the last of the spectrum.

use super::Batch;
use super::transform::Tables;
use crate::device::{Buffer, Device, Real};
use cubecl::prelude::*;

/// Units of a cube.
const UNITS: u32 = 128;

/// Place of coefficient `(m, m)` in a list `[m][n = m..=last]`.
#[cube]
pub(crate) fn order_start(m: u32, last: u32) -> u32 {
    m * (2 * last + 3 - m) / 2
}

/// `epsilon_n^m`
#[cube]
pub(crate) fn epsilon<F: Float>(couplings: &[F], m: u32, n: u32, truncation: u32) -> F {
    couplings[(order_start(m, truncation + 2) + n - m) as usize]
}

/// `1/n`, 0 for 0
#[cube]
pub(crate) fn inverse<F: Float>(couplings: &[F], n: u32, truncation: u32) -> F {
    couplings[(order_start(truncation + 1, truncation + 2) + n) as usize]
}

/// One part (real or imaginary) of `U` of degree `n` in units of the radius: vorticity of the
/// degrees above and below, the same part, and the other part of the divergence, its sign turned
/// for the imaginary part. For `V` the fields change places, and the divergence its sign.
#[cube]
pub(crate) fn wind_part<F: Float>(
    couplings: &[F],
    m: u32,
    n: u32,
    truncation: u32,
    above: F,
    turned: F,
    below: F,
) -> F {
    let here = inverse(couplings, n, truncation);
    let next = inverse(couplings, n + 1, truncation);
    let mut sum = epsilon(couplings, m, n + 1, truncation) * next * above
        + F::cast_from(m) * here * next * turned;
    if n > 1 {
        // degree 0 has no streamfunction
        sum -= epsilon(couplings, m, n, truncation) * here * below;
    }
    sum
}

/// One part of the curl of degree `n`, times the radius, of a vector whose components over
/// cos(latitude) have the given series: the eastward one of the degrees above and below, and `i`
/// times the northward one of this degree. For the divergence the components change places, and the
/// northward one its sign.
#[cube]
pub(crate) fn curl_part<F: Float>(
    couplings: &[F],
    m: u32,
    n: u32,
    truncation: u32,
    above: F,
    turned: F,
    below: F,
) -> F {
    F::cast_from(m) * turned + F::cast_from(n + 1) * epsilon(couplings, m, n, truncation) * below
        - F::cast_from(n) * epsilon(couplings, m, n + 1, truncation) * above
}

fn count(tables: &Tables, batch: Batch) -> CubeCount {
    let along = (tables.truncation + 2) * batch.members;
    CubeCount::Static(along.div_ceil(UNITS), tables.truncation + 1, 1)
}

/// The series of scalars.
pub(super) fn scalar_series<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    spectra: &Buffer,
    series: &Buffer,
) {
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        scalar_series_kernel::launch_unchecked::<F>(
            device.client(),
            count(tables, batch),
            CubeDim::new_1d(UNITS),
            spectra.argument(),
            series.argument(),
            tables.truncation,
            batch.members,
        );
    }
}

#[cube(launch_unchecked)]
fn scalar_series_kernel<F: Float>(spectra: &[F], series: &mut [F], truncation: u32, members: u32) {
    let m = CUBE_POS_Y;
    let row = (CUBE_POS_X * UNITS + UNIT_POS) / members;
    let member = (CUBE_POS_X * UNITS + UNIT_POS) % members;
    if row < truncation + 2 - m {
        let to = 2 * ((order_start(m, truncation + 1) + row) * members + member);
        let mut re = F::new(0.0);
        let mut im = F::new(0.0);
        if row < truncation + 1 - m {
            let from = 2 * ((order_start(m, truncation) + row) * members + member);
            re = spectra[from as usize];
            im = spectra[(from + 1) as usize];
        }
        series[to as usize] = re;
        series[(to + 1) as usize] = im;
    }
}

/// The spectra of scalars.
pub(super) fn scalar_spectra<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    series: &Buffer,
    spectra: &Buffer,
) {
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        scalar_spectra_kernel::launch_unchecked::<F>(
            device.client(),
            count(tables, batch),
            CubeDim::new_1d(UNITS),
            series.argument(),
            spectra.argument(),
            tables.truncation,
            batch.members,
        );
    }
}

#[cube(launch_unchecked)]
fn scalar_spectra_kernel<F: Float>(series: &[F], spectra: &mut [F], truncation: u32, members: u32) {
    let m = CUBE_POS_Y;
    let row = (CUBE_POS_X * UNITS + UNIT_POS) / members;
    let member = (CUBE_POS_X * UNITS + UNIT_POS) % members;
    if row < truncation + 1 - m {
        let from = 2 * ((order_start(m, truncation + 1) + row) * members + member);
        let to = 2 * ((order_start(m, truncation) + row) * members + member);
        spectra[to as usize] = series[from as usize];
        spectra[(to + 1) as usize] = series[(from + 1) as usize];
    }
}

/// The series of `u cos` and `v cos` in m/s from vorticity and divergence.
pub(super) fn wind_series<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    [vorticity, divergence]: [&Buffer; 2],
    radius: f64,
    series: &Buffer,
) {
    let radius = device.rounded::<F>(&[radius]);
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        wind_series_kernel::launch_unchecked::<F>(
            device.client(),
            count(tables, batch),
            CubeDim::new_1d(UNITS),
            vorticity.argument(),
            divergence.argument(),
            tables.couplings.argument(),
            radius.argument(),
            series.argument(),
            tables.truncation,
            batch.members,
        );
    }
}

#[cube(launch_unchecked)]
fn wind_series_kernel<F: Float>(
    vorticity: &[F],
    divergence: &[F],
    couplings: &[F],
    radius: &[F],
    series: &mut [F],
    truncation: u32,
    members: u32,
) {
    let m = CUBE_POS_Y;
    let row = (CUBE_POS_X * UNITS + UNIT_POS) / members;
    let member = (CUBE_POS_X * UNITS + UNIT_POS) % members;
    let rows = truncation + 1 - m;
    if row <= rows {
        let n = m + row;
        let from = 2 * ((order_start(m, truncation) + row) * members + member);
        let to = 4 * ((order_start(m, truncation + 1) + row) * members + member);
        #[unroll]
        for part in 0..2u32 {
            let mut zeta_above = F::new(0.0);
            let mut delta_above = F::new(0.0);
            if row + 1 < rows {
                zeta_above = vorticity[(from + 2 * members + part) as usize];
                delta_above = divergence[(from + 2 * members + part) as usize];
            }
            let mut zeta_turned = F::new(0.0);
            let mut delta_turned = F::new(0.0);
            if row < rows {
                let sign = F::new(comptime!(1.0 - 2.0 * part as f32));
                zeta_turned = sign * vorticity[(from + 1 - part) as usize];
                delta_turned = sign * divergence[(from + 1 - part) as usize];
            }
            let mut zeta_below = F::new(0.0);
            let mut delta_below = F::new(0.0);
            if row > 0 {
                zeta_below = vorticity[(from + part - 2 * members) as usize];
                delta_below = divergence[(from + part - 2 * members) as usize];
            }
            let u = wind_part(
                couplings,
                m,
                n,
                truncation,
                zeta_above,
                delta_turned,
                zeta_below,
            );
            let v = wind_part(
                couplings,
                m,
                n,
                truncation,
                -delta_above,
                zeta_turned,
                -delta_below,
            );
            series[(to + part) as usize] = radius[0] * u;
            series[(to + 2 + part) as usize] = radius[0] * v;
        }
    }
}

/// The spectra of curl and divergence from the series of `u / cos` and `v / cos`.
pub(super) fn curl_divergence_spectra<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    series: &Buffer,
    radius: f64,
    [curl, divergence]: [&Buffer; 2],
) {
    let inverse_radius = device.rounded::<F>(&[1.0 / radius]);
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        curl_divergence_kernel::launch_unchecked::<F>(
            device.client(),
            count(tables, batch),
            CubeDim::new_1d(UNITS),
            series.argument(),
            tables.couplings.argument(),
            inverse_radius.argument(),
            curl.argument(),
            divergence.argument(),
            tables.truncation,
            batch.members,
        );
    }
}

#[cube(launch_unchecked)]
fn curl_divergence_kernel<F: Float>(
    series: &[F],
    couplings: &[F],
    inverse_radius: &[F],
    curl: &mut [F],
    divergence: &mut [F],
    truncation: u32,
    members: u32,
) {
    let m = CUBE_POS_Y;
    let row = (CUBE_POS_X * UNITS + UNIT_POS) / members;
    let member = (CUBE_POS_X * UNITS + UNIT_POS) % members;
    if row < truncation + 1 - m {
        let n = m + row;
        let from = 4 * ((order_start(m, truncation + 1) + row) * members + member);
        let to = 2 * ((order_start(m, truncation) + row) * members + member);
        let above = from + 4 * members;
        // below the first degree the coupling is 0
        let below = from - 4 * members * u32::min(row, 1);
        #[unroll]
        for part in 0..2u32 {
            // i z = -Im z + i Re z
            let sign = F::new(comptime!(2.0 * part as f32 - 1.0));
            let rotation = curl_part(
                couplings,
                m,
                n,
                truncation,
                series[(above + part) as usize],
                sign * series[(from + 3 - part) as usize],
                series[(below + part) as usize],
            );
            let expansion = curl_part(
                couplings,
                m,
                n,
                truncation,
                -series[(above + 2 + part) as usize],
                sign * series[(from + 1 - part) as usize],
                -series[(below + 2 + part) as usize],
            );
            curl[(to + part) as usize] = inverse_radius[0] * rotation;
            divergence[(to + part) as usize] = inverse_radius[0] * expansion;
        }
    }
}
