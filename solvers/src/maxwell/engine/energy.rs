//! The energy that leapfrog conserves.
//!
//! ```text
//! W^n = 1/2 sum eps E^n E^n dV + 1/2 sum mu H^(n-1/2) H^(n+1/2) dV + branches
//! ```
//!
//! with dV the edge's or face's length times its dual's area. It is constant to rounding without
//! sources and losses, whatever the mesh (A. Taflove and S. C. Hagness, 3rd ed., section 4.7 for
//! the uniform one): the product of the two H is what makes it so. H^(n+1/2) is not stored and is
//! computed on the way. Inside absorbing layers the psi are left out, so what is there counts
//! about right. The energies of rows are summed exactly, so the sum does not depend on how many
//! processes share the mesh. Branches of dispersive media and elements hold `(b P^2 + d J^2) / (2 a)` per volume.

use super::Real;
use super::branches::BranchEdge;
use super::grid::{COMPONENTS, Grid, derivative_axes, differentiated};
use super::layout::AXES;
use crate::ranks::ExactSum;

/// Energy in J of a grid's own rows; not finite if a field is not.
pub(super) fn energy<T: Real>(grid: &Grid<T>, branches: &[BranchEdge], time_step: f64) -> ExactSum {
    let mut total = ExactSum::new();
    for component in 0..COMPONENTS {
        if !grid.active[component] {
            continue;
        }
        let [ni, nj, nk] = grid.layout.stored(component);
        let ni = ni.min(grid.layout.cells[0] + usize::from(!grid.layout.periodic[0]));
        let along: Vec<f64> = (0..ni).map(|i| volume(grid, component, 0, i)).collect();
        let [_, rows, planes] = grid.layout.own.clone();
        for k in planes.start..planes.end.min(nk) {
            for j in rows.start..rows.end.min(nj) {
                let area = volume(grid, component, 1, j) * volume(grid, component, 2, k);
                let sum = if component < AXES {
                    electric(grid, component, k, j, &along, time_step)
                } else {
                    magnetic(grid, component, k, j, &along, time_step)
                };
                total.add(0.5 * area * sum);
            }
        }
    }
    let of = |e: &BranchEdge| {
        let (c, at) = (e.component(), e.index());
        e.energy_density() * grid.spacings.length(c, at) * grid.spacings.area(c, at)
    };
    branches.iter().map(of).for_each(|energy| total.add(energy));
    total
}

/// The factor of dV along an axis.
fn volume<T: Real>(grid: &Grid<T>, component: usize, axis: usize, at: usize) -> f64 {
    if (component % AXES == axis) == (component < AXES) {
        grid.spacings.primary[axis][at]
    } else {
        grid.spacings.dual[axis][at]
    }
}

/// Permittivity or permeability from the coefficients of an update:
/// `eps = dt (1 + ca) / (2 cb)`; zero in a perfect conductor.
#[inline(always)]
fn density<T: Real>((ca, cb): (T, T), time_step: f64) -> f64 {
    let cb = cb.to_f64();
    if cb == 0.0 {
        0.0
    } else {
        time_step * (1.0 + ca.to_f64()) / (2.0 * cb)
    }
}

/// `sum eps E E dx` over a row.
fn electric<T: Real>(
    grid: &Grid<T>,
    component: usize,
    k: usize,
    j: usize,
    along: &[f64],
    dt: f64,
) -> f64 {
    let medium = grid.media[component].row(grid.layout.row(k, j));
    let start = grid.layout.start(k, j);
    let field = &grid.fields[component][start..start + along.len()];
    let mut sum = 0.0;
    for (i, (value, d)) in field.iter().zip(along).enumerate() {
        let value = value.to_f64();
        sum += density(medium.at(i), dt) * d * value * value;
    }
    sum
}

/// `sum mu H- H+ dx` over a row.
fn magnetic<T: Real>(
    grid: &Grid<T>,
    component: usize,
    k: usize,
    j: usize,
    along: &[f64],
    dt: f64,
) -> f64 {
    let layout = &grid.layout;
    let medium = grid.media[component].row(layout.row(k, j));
    let start = layout.start(k, j);
    let field = &grid.fields[component][start..start + along.len()];
    // -curl E = D_b E_a - D_a E_b
    let (a, b) = derivative_axes(component);
    let [(plus, plus_x), (minus, minus_x)] = [b, a].map(|axis| {
        let of = &grid.fields[differentiated(component, axis)];
        let next = |at: usize, n: usize| if at == n { 0 } else { at };
        let upper = match axis {
            0 => start + 1,
            1 => layout.start(k, next(j + 1, layout.rows)),
            _ => layout.start(next(k + 1, layout.planes), j),
        };
        let n = along.len();
        let steps = match axis {
            1 => grid.steps[1].magnetic[j],
            2 => grid.steps[2].magnetic[k],
            _ => T::ZERO,
        };
        (
            (&of[upper..upper + n], &of[start..start + n]),
            (axis == 0, steps.to_f64()),
        )
    });
    let x = &grid.steps[0];
    let step = |(is_x, step): (bool, f64), i: usize| match x.uniform {
        _ if !is_x => step,
        Some(step) => step.to_f64(),
        None => x.magnetic[i].to_f64(),
    };
    let mut sum = 0.0;
    for i in 0..along.len() {
        let dp = plus.0[i].to_f64() - plus.1[i].to_f64();
        let dm = minus.0[i].to_f64() - minus.1[i].to_f64();
        let curl = dp * step(plus_x, i) - dm * step(minus_x, i);
        let (da, db) = medium.at(i);
        let now = field[i].to_f64();
        let next = da.to_f64() * now + db.to_f64() * curl;
        sum += density((da, db), dt) * along[i] * now * next;
    }
    sum
}
