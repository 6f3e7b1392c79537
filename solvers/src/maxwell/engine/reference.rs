//! The plain engine: one value after the other, as the equations are written. All other engines
//! agree with it bit for bit.
//!
//! With `a` and `b` the axes that follow the component's own cyclically, and `D` a difference over
//! neighbours divided by their distance (times `1 / kappa` inside a layer),
//!
//! ```text
//! E <- ca E + cb ((D_a H_b + psi_a) - psi_b),    curl = D_a H_b - D_b H_a
//! H <- da H + db ((D_b E_a + psi_b) - psi_a),    curl = D_a E_b - D_b E_a, with the minus inside
//! ```
//!
//! (A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed., eqs. 3.30-3.33). A layer
//! along x corrects the value afterwards by `± cb (psi + (1 / kappa - 1) D)`, see the
//! [layers](super::cpml).

use super::Real;
use super::grid::{Grid, derivative_axes, differentiated};
use super::hooks::Span;
use super::layout::AXES;

/// Takes steps from `first` on.
pub(super) fn advance<T: Real>(grid: &mut Grid<T>, span: &Span<'_, T>, first: usize, steps: usize) {
    for step in first..first + steps {
        for electric in [false, true] {
            let rows = |grid: &Grid<T>| {
                let (planes, rows) = (grid.layout.planes, grid.layout.rows);
                (0..planes).flat_map(move |k| (0..rows).map(move |j| (k, j)))
            };
            if electric {
                let fields = grid.shared_fields();
                // SAFETY: this is the only thread
                rows(grid).for_each(|(k, j)| unsafe { span.before_e(&fields, k, j..j + 1) });
            }
            update(grid, electric);
            let fields = grid.shared_fields();
            // SAFETY: as above
            rows(grid)
                .for_each(|(k, j)| unsafe { span.after(&fields, electric, step, k, j..j + 1) });
        }
    }
}

/// Updates H (`electric` false) or E everywhere.
fn update<T: Real>(grid: &mut Grid<T>, electric: bool) {
    for axis in 0..AXES {
        let component = axis + if electric { 0 } else { AXES };
        for k in 0..grid.layout.planes {
            for j in 0..grid.layout.rows {
                if grid.updates(component, k, j) {
                    update_row(grid, component, k, j);
                }
            }
        }
    }
}

fn update_row<T: Real>(grid: &mut Grid<T>, component: usize, k: usize, j: usize) {
    let electric = component < AXES;
    let (first, second) = derivative_axes(component);
    // H has the curl with the opposite sign
    let (plus, minus) = if electric {
        (first, second)
    } else {
        (second, first)
    };
    let row = grid.layout.row(k, j);
    for i in 0..grid.layout.stored(component)[0] {
        if grid.layout.held(component, [i, j, k]) {
            continue;
        }
        let at = grid.layout.start(k, j) + i;
        let (ca, cb) = grid.media[component].row(row).at(i);
        let dp = difference(grid, component, plus, [i, j, k]);
        let dm = difference(grid, component, minus, [i, j, k]);
        let mut curl = dp * step(grid, electric, plus, [i, j, k])
            - dm * step(grid, electric, minus, [i, j, k]);
        if plus > 0
            && let Some(psi) = advance_psi(grid, component, plus, [i, j, k], dp)
        {
            curl += psi;
        }
        if minus > 0
            && let Some(psi) = advance_psi(grid, component, minus, [i, j, k], dm)
        {
            curl = curl - psi;
        }
        let mut value = ca * grid.fields[component][at] + cb * curl;
        let layer = &grid.layer_x;
        if let (false, Some(n)) = (component.is_multiple_of(AXES), layer.place(i)) {
            let (set, difference) = (
                if electric {
                    &layer.electric
                } else {
                    &layer.magnetic
                },
                if plus == 0 { dp } else { dm },
            );
            let place = row * layer.values + n;
            let psi = set.b[n] * grid.psi[component][0][place] + set.c[n] * difference;
            let more = cb * (psi + set.g[n] * difference);
            value = if plus == 0 {
                value + more
            } else {
                value - more
            };
            grid.psi[component][0][place] = psi;
        }
        grid.fields[component][at] = value;
    }
}

/// `1 / d` at a place, with kappa across rows and planes.
fn step<T: Real>(grid: &Grid<T>, electric: bool, axis: usize, index: [usize; 3]) -> T {
    let steps = &grid.steps[axis];
    match steps.uniform {
        Some(step) if axis == 0 => step,
        _ if electric => steps.electric[index[axis]],
        _ => steps.magnetic[index[axis]],
    }
}

/// What the curl of a component differentiates along an axis, upper less lower neighbour: H at
/// `i - 1/2` and `i + 1/2` around an E line, zero beyond the mesh; E at `i` and `i + 1`.
fn difference<T: Real>(grid: &Grid<T>, component: usize, axis: usize, index: [usize; 3]) -> T {
    let of = differentiated(component, axis);
    let n = grid.layout.cells[axis];
    let value = |at: usize| {
        let mut place = index;
        place[axis] = at;
        let [i, j, k] = place;
        grid.fields[of][grid.layout.start(k, j) + i]
    };
    let at = index[axis];
    if component >= AXES {
        let upper = if grid.layout.periodic[axis] {
            (at + 1) % n
        } else {
            at + 1
        };
        return value(upper) - value(at);
    }
    let upper = if at < n { value(at) } else { T::ZERO };
    let lower = if at > 0 {
        value(at - 1)
    } else if grid.layout.periodic[axis] {
        value(n - 1)
    } else {
        T::ZERO
    };
    upper - lower
}

/// `psi <- b psi + c difference` in a layer along y or z.
fn advance_psi<T: Real>(
    grid: &mut Grid<T>,
    component: usize,
    axis: usize,
    [i, j, k]: [usize; 3],
    difference: T,
) -> Option<T> {
    let at = if axis == 1 { j } else { k };
    let electric = component < AXES;
    let slab = grid.layers[axis].slab(electric, at)?;
    let stretch = grid.layers[axis].stretch(electric, at);
    let place = grid.psi_start(axis, slab, k, j) + i;
    let psi = &mut grid.psi[component][axis][place];
    *psi = stretch.b * *psi + stretch.c * difference;
    Some(*psi)
}
