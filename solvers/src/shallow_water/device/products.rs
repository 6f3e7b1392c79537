//! The products of a pair of mirrored rows: four fields come as waves, five leave as waves, and
//! nothing on the grid leaves the cube.
//!
//! ```text
//! eta, Phi', U, V  ->  u eta, v eta, u Phi', v Phi', (u^2 + v^2)/2        (u, v) = (U, V) / cos
//! ```

use crate::device::{Buffer, Device, Real};
use crate::sphere::device::Tables;
use crate::sphere::device::fourier::{
    Stages, load_waves, points_to_waves, store_waves, waves_to_points,
};
use cubecl::prelude::*;

/// Fields before and after.
pub(super) const FIELDS: u32 = 4;
pub(super) const PRODUCTS: u32 = 5;

/// Lines `[m][northern row][member][parity][4][2]` to weighted lines
/// `[m][northern row][member][parity][5][2]`.
pub(super) fn launch<F: Real>(
    device: &Device,
    tables: &Tables,
    members: u32,
    lines: &Buffer,
    products: &Buffer,
) {
    let memory = device.client().properties().hardware.max_shared_memory_size;
    let together = tables.stages.together(PRODUCTS, size_of::<F>(), memory);
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        products_kernel::launch_unchecked::<F>(
            device.client(),
            CubeCount::Static(tables.half, members, 1),
            CubeDim::new_1d(tables.stages.units),
            lines.argument(),
            tables.roots.argument(),
            tables.factors.argument(),
            tables.orders.argument(),
            products.argument(),
            tables.half,
            members,
            together,
            tables.stages,
        );
    }
}

#[cube(launch_unchecked)]
fn products_kernel<F: Float>(
    lines: &[F],
    roots: &[F],
    factors: &[F],
    orders: &[u32],
    out: &mut [F],
    half: u32,
    members: u32,
    #[comptime] together: u32,
    #[comptime] stages: Stages,
) {
    let pitch = comptime!(stages.pitch());
    let units = comptime!(stages.units);
    let each = comptime!(stages.each());
    let mut re = Shared::<[F]>::new_slice(comptime!((together * pitch) as usize));
    let mut im = Shared::<[F]>::new_slice(comptime!((together * pitch) as usize));
    let j = CUBE_POS_X;
    let reach = orders[j as usize];
    let line = j * members + CUBE_POS_Y;
    let stride = half * members;
    // values of a unit's points, north and south
    let mut values = Array::<F>::new(comptime!((2 * FIELDS * each) as usize));
    #[unroll]
    for batch in 0..comptime!(FIELDS.div_ceil(together)) {
        let first = comptime!(batch * together);
        let rows = comptime!(u32::min(together, FIELDS - batch * together));
        sync_cube();
        load_waves(
            lines,
            &mut re,
            &mut im,
            line * comptime!(4 * FIELDS),
            stride * comptime!(4 * FIELDS),
            reach,
            FIELDS,
            first,
            rows,
            stages,
        );
        waves_to_points(&mut re, &mut im, roots, rows, stages);
        #[unroll]
        for row in 0..rows {
            #[unroll]
            for k in 0..each {
                let place = UNIT_POS + comptime!(k * units);
                if place < comptime!(stages.nlon) {
                    let to = comptime!((2 * ((first + row) * each + k)) as usize);
                    values[to] = re[(place + comptime!(row * pitch)) as usize];
                    values[comptime!(to + 1)] = im[(place + comptime!(row * pitch)) as usize];
                }
            }
        }
    }
    let inverse_cos = factors[(3 * j) as usize];
    #[unroll]
    for batch in 0..comptime!(PRODUCTS.div_ceil(together)) {
        let first = comptime!(batch * together);
        let rows = comptime!(u32::min(together, PRODUCTS - batch * together));
        sync_cube();
        #[unroll]
        for row in 0..rows {
            #[unroll]
            for k in 0..each {
                let place = UNIT_POS + comptime!(k * units);
                if place < comptime!(stages.nlon) {
                    let to = (place + comptime!(row * pitch)) as usize;
                    re[to] = product(&values, inverse_cos, first + row, k, each, 0u32);
                    im[to] = product(&values, inverse_cos, first + row, k, each, 1u32);
                }
            }
        }
        // the other sign: parts in each other's place
        points_to_waves(&mut im, &mut re, roots, rows, stages);
        // vectors are divided by the cosine once more; the energy, the last one, is a scalar
        let scalar = comptime!(PRODUCTS - 1);
        let vectors = comptime!(if first + rows > scalar {
            rows - 1
        } else {
            rows
        });
        if comptime!(vectors > 0) {
            store_waves(
                out,
                &re,
                &im,
                factors[(3 * j + 2) as usize],
                line * comptime!(4 * PRODUCTS),
                stride * comptime!(4 * PRODUCTS),
                reach,
                PRODUCTS,
                first,
                0u32,
                vectors,
                stages,
            );
        }
        if comptime!(vectors < rows) {
            store_waves(
                out,
                &re,
                &im,
                factors[(3 * j + 1) as usize],
                line * comptime!(4 * PRODUCTS),
                stride * comptime!(4 * PRODUCTS),
                reach,
                PRODUCTS,
                scalar,
                vectors,
                1u32,
                stages,
            );
        }
    }
}

/// Product number `index` at point `k` of a unit, on the northern (0) or southern (1) row.
#[cube]
fn product<F: Float>(
    values: &Array<F>,
    inverse_cos: F,
    #[comptime] index: u32,
    #[comptime] k: u32,
    #[comptime] each: u32,
    #[comptime] row: u32,
) -> F {
    let u = inverse_cos * values[comptime!((2 * (2 * each + k) + row) as usize)];
    let v = inverse_cos * values[comptime!((2 * (3 * each + k) + row) as usize)];
    let eta = values[comptime!((2 * k + row) as usize)];
    let phi = values[comptime!((2 * (each + k) + row) as usize)];
    let mut result = F::new(0.5) * (u * u + v * v);
    if comptime!(index == 0) {
        result = u * eta;
    } else if comptime!(index == 1) {
        result = v * eta;
    } else if comptime!(index == 2) {
        result = u * phi;
    } else if comptime!(index == 3) {
        result = v * phi;
    }
    result
}
