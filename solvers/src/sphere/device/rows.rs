//! Lines to fields on the grid and back, a pair of mirrored rows of one field for each cube.

use super::Batch;
use super::fourier::{Stages, load_waves, points_to_waves, store_waves, waves_to_points};
use super::transform::Tables;
use crate::device::{Buffer, Device, Real};
use cubecl::prelude::*;

fn count(tables: &Tables, batch: Batch) -> CubeCount {
    CubeCount::Static(tables.half, batch.members * batch.fields, 1)
}

/// Lines `[m][northern row][member][parity][field][2]` to fields
/// `[member][field][latitude][longitude]`, divided by the cosine of the latitude when they are
/// components of a `vector`.
pub(super) fn to_grid<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    lines: &Buffer,
    fields: &Buffer,
    nlat: usize,
    vector: bool,
) {
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        to_grid_kernel::launch_unchecked::<F>(
            device.client(),
            count(tables, batch),
            CubeDim::new_1d(tables.stages.units),
            lines.argument(),
            tables.roots.argument(),
            tables.factors.argument(),
            tables.orders.argument(),
            tables.longitudes.argument(),
            fields.argument(),
            tables.half,
            batch.members,
            nlat as u32,
            vector,
            batch.fields,
            tables.stages,
        );
    }
}

#[cube(launch_unchecked)]
fn to_grid_kernel<F: Float>(
    lines: &[F],
    roots: &[F],
    factors: &[F],
    orders: &[u32],
    longitudes: &[u32],
    out: &mut [F],
    half: u32,
    members: u32,
    nlat: u32,
    #[comptime] vector: bool,
    #[comptime] fields: u32,
    #[comptime] stages: Stages,
) {
    let nlon = comptime!(stages.nlon);
    let mut re = Shared::<[F]>::new_slice(comptime!(stages.pitch() as usize));
    let mut im = Shared::<[F]>::new_slice(comptime!(stages.pitch() as usize));
    let j = CUBE_POS_X;
    let member = CUBE_POS_Y / fields;
    let field = CUBE_POS_Y % fields;
    let width = comptime!(2 * fields);
    load_waves(
        lines,
        &mut re,
        &mut im,
        (j * members + member) * 2 * width + 2 * field,
        half * members * 2 * width,
        orders[j as usize],
        fields,
        0u32,
        1u32,
        stages,
    );
    waves_to_points(&mut re, &mut im, roots, 1u32, stages);
    let mut factor = F::new(1.0);
    if comptime!(vector) {
        factor = factors[(3 * j) as usize];
    }
    let mut at = UNIT_POS;
    while at < nlon {
        let longitude = longitudes[at as usize];
        let north = (CUBE_POS_Y * nlat + j) * nlon + longitude;
        let south = (CUBE_POS_Y * nlat + nlat - 1 - j) * nlon + longitude;
        // the equator is its own mirror
        if 2 * j + 1 < nlat {
            out[south as usize] = factor * im[at as usize];
        }
        out[north as usize] = factor * re[at as usize];
        at += comptime!(stages.units);
    }
}

/// Fields `[member][field][latitude][longitude]` to weighted lines
/// `[m][northern row][member][parity][field][2]`, divided by the cosine of the latitude when they
/// are components of a `vector`.
pub(super) fn from_grid<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    fields: &Buffer,
    lines: &Buffer,
    nlat: usize,
    vector: bool,
) {
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        from_grid_kernel::launch_unchecked::<F>(
            device.client(),
            count(tables, batch),
            CubeDim::new_1d(tables.stages.units),
            fields.argument(),
            tables.roots.argument(),
            tables.factors.argument(),
            tables.orders.argument(),
            tables.longitudes.argument(),
            lines.argument(),
            tables.half,
            batch.members,
            nlat as u32,
            vector,
            batch.fields,
            tables.stages,
        );
    }
}

#[cube(launch_unchecked)]
fn from_grid_kernel<F: Float>(
    values: &[F],
    roots: &[F],
    factors: &[F],
    orders: &[u32],
    longitudes: &[u32],
    lines: &mut [F],
    half: u32,
    members: u32,
    nlat: u32,
    #[comptime] vector: bool,
    #[comptime] fields: u32,
    #[comptime] stages: Stages,
) {
    let nlon = comptime!(stages.nlon);
    let mut re = Shared::<[F]>::new_slice(comptime!(stages.pitch() as usize));
    let mut im = Shared::<[F]>::new_slice(comptime!(stages.pitch() as usize));
    let j = CUBE_POS_X;
    let member = CUBE_POS_Y / fields;
    let field = CUBE_POS_Y % fields;
    let width = comptime!(2 * fields);
    let mut at = UNIT_POS;
    while at < nlon {
        let longitude = longitudes[at as usize];
        let north = (CUBE_POS_Y * nlat + j) * nlon + longitude;
        let south = (CUBE_POS_Y * nlat + nlat - 1 - j) * nlon + longitude;
        re[at as usize] = values[north as usize];
        im[at as usize] = values[south as usize];
        at += comptime!(stages.units);
    }
    // the other sign: parts in each other's place
    points_to_waves(&mut im, &mut re, roots, 1u32, stages);
    let mut weight = factors[(3 * j + 1) as usize];
    if comptime!(vector) {
        weight = factors[(3 * j + 2) as usize];
    }
    store_waves(
        lines,
        &re,
        &im,
        weight,
        (j * members + member) * 2 * width + 2 * field,
        half * members * 2 * width,
        orders[j as usize],
        fields,
        0u32,
        0u32,
        1u32,
        stages,
    );
}
