//! Fields, psi and coefficients: what an update of a row reads and writes.

use super::Real;
use super::buffer::{Buffer, LINE, Shared};
use super::coefficients::ComponentMedia;
use super::cpml::{Layers, RowLayer};
use super::layout::{AXES, Layout};
use super::spacing::{Spacings, Steps};
use crate::maxwell::Model;

/// Ex, Ey, Ez, Hx, Hy, Hz in the engine's axes.
pub(super) const COMPONENTS: usize = 6;

/// Lines between the beginnings of the components in their pages: a sixth of a way of the usual
/// second-level caches (2048 sets), and a third of one of the first-level ones (64 sets).
const SKEW: usize = 341;

/// The two axes that a component's curl differentiates along: for Ex `dHz/dy - dHy/dz`, so y and
/// z. The first comes with a plus for E and a minus for H.
#[inline(always)]
pub(super) const fn derivative_axes(component: usize) -> (usize, usize) {
    let axis = component % AXES;
    ((axis + 1) % AXES, (axis + 2) % AXES)
}

/// The component that a curl differentiates along an axis.
#[inline(always)]
pub(super) const fn differentiated(component: usize, along: usize) -> usize {
    let other = AXES - component % AXES - along;
    if component < AXES {
        other + AXES
    } else {
        other
    }
}

/// Everything that updates need.
pub(super) struct Grid<T> {
    pub(super) layout: Layout,
    pub(super) spacings: Spacings,
    pub(super) fields: [Buffer<T>; COMPONENTS],
    /// `[component][axis]`, empty where there is no layer or no such derivative.
    pub(super) psi: [[Buffer<T>; AXES]; COMPONENTS],
    pub(super) steps: [Steps<T>; AXES],
    pub(super) layers: [Layers<T>; AXES],
    /// Those along x, as rows see them.
    pub(super) layer_x: RowLayer<T>,
    pub(super) media: [ComponentMedia<T>; COMPONENTS],
    /// Components that are not zero for ever.
    pub(super) active: [bool; COMPONENTS],
}

impl<T: Real> Grid<T> {
    /// Zero fields; the model has been checked.
    pub(super) fn new(model: &Model) -> Self {
        let whole = Layout::new(model);
        Self::part(model, &whole, whole.clone())
    }

    /// Zero fields of a part of a mesh.
    pub(super) fn part(model: &Model, whole: &Layout, layout: Layout) -> Self {
        // along each axis everything is made for the whole mesh, so that a cut changes no number
        let spacings = Spacings::new(model, whole);
        let mut steps: [Steps<T>; AXES] =
            std::array::from_fn(|a| Steps::new(model, whole, &spacings, a));
        let layers: [Layers<T>; AXES] = std::array::from_fn(|a| {
            Layers::new(whole, &spacings, &mut steps[a], a, model.time_step).part(&layout, a)
        });
        let spacings = spacings.part(&layout);
        let mut along = 0..AXES;
        let steps = steps.map(|s| s.part(&layout, along.next().unwrap_or_default()));
        let layer_x = layers[0].along_row(layout.width, LINE / size_of::<T>());
        let slabs = [0, layers[1].slabs(), layers[2].slabs()];
        let psi = std::array::from_fn(|c| {
            std::array::from_fn(|axis| {
                let len = match axis {
                    _ if axis == c % AXES => 0,
                    0 => layout.row_count() * layer_x.values,
                    1 => layout.planes * slabs[1] * layout.stride,
                    _ => slabs[2] * layout.rows * layout.stride,
                };
                Buffer::zeros(len)
            })
        });
        let media = std::array::from_fn(|c| component_media(model, &layout, c));
        Self {
            fields: std::array::from_fn(|c| Buffer::skewed(layout.len(), c * SKEW)),
            psi,
            steps,
            layers,
            layer_x,
            media,
            active: [true; COMPONENTS],
            spacings,
            layout,
        }
    }

    /// Place of the psi of a row for a derivative along y or z.
    #[inline(always)]
    pub(super) fn psi_start(&self, axis: usize, slab: usize, k: usize, j: usize) -> usize {
        let row = match axis {
            1 => k * self.layers[1].slabs() + slab,
            _ => slab * self.layout.rows + j,
        };
        row * self.layout.stride
    }

    /// Whether a row of a component is updated: inside the component's extent, not in a wall, not
    /// idle.
    pub(super) fn updates(&self, component: usize, k: usize, j: usize) -> bool {
        self.updates_along(component, 1, j) && self.updates_along(component, 2, k)
    }

    /// The same as far as a place along y or z decides it.
    pub(super) fn updates_along(&self, component: usize, axis: usize, at: usize) -> bool {
        let layout = &self.layout;
        let electric = component < AXES;
        let n = layout.cells[axis];
        if !self.active[component] {
            return false;
        }
        if (component % AXES == axis) == electric {
            return at < n;
        }
        // on lines: the first and the last, if stored, may be a conductor, which holds E
        let on_wall =
            (at == 0 && layout.conducts(axis, 0)) || (at == n && layout.conducts(axis, 1));
        !(electric && on_wall)
    }

    /// Finds the components that can be other than zero: those named, and what their curls feed.
    pub(super) fn activate(&mut self, excited: [bool; COMPONENTS]) {
        let mut active = excited;
        for _ in 0..COMPONENTS {
            for c in 0..COMPONENTS {
                let (a, b) = derivative_axes(c);
                for axis in [a, b] {
                    if !self.layout.idle[axis] && active[differentiated(c, axis)] {
                        active[c] = true;
                    }
                }
            }
        }
        self.active = active;
    }

    /// The fields as threads see them.
    pub(super) fn shared_fields(&mut self) -> [Shared<T>; COMPONENTS] {
        self.fields.each_mut().map(Buffer::shared)
    }

    /// The psi as threads see them.
    pub(super) fn shared_psi(&mut self) -> [[Shared<T>; AXES]; COMPONENTS] {
        self.psi
            .each_mut()
            .map(|all| all.each_mut().map(Buffer::shared))
    }
}

fn component_media<T: Real>(model: &Model, layout: &Layout, component: usize) -> ComponentMedia<T> {
    let axis = layout.turned[component % AXES];
    let at = |i: usize, j: usize, k: usize| {
        let [i, j, k] = layout.in_model([i, j, k]);
        [k, j, i]
    };
    if component < AXES {
        let all: Vec<_> = model
            .edge_media
            .iter()
            .map(|m| m.coefficients(model.time_step))
            .collect();
        let edges = &model.edges[axis];
        ComponentMedia::new(layout, component, &all, |i, j, k| {
            edges[at(i, j, k)] as usize
        })
    } else {
        let all: Vec<_> = model
            .face_media
            .iter()
            .map(|m| m.coefficients(model.time_step))
            .collect();
        match &model.faces {
            None => ComponentMedia::new(layout, component, &all, |_, _, _| 0),
            Some(faces) => ComponentMedia::new(layout, component, &all, |i, j, k| {
                faces[axis][at(i, j, k)] as usize
            }),
        }
    }
}

/// Bytes that [`Grid::part`] will ask for, at the most.
pub(super) fn memory<T: Real>(model: &Model, layout: &Layout) -> u64 {
    let rows = layout.row_count() as u64;
    let stride = layout.stride as u64;
    let layer = |a: usize| (layout.layer(a, 0) + layout.layer(a, 1)).min(layout.cells[a]) as u64;
    let slab = |cells: u64| if cells == 0 { 0 } else { cells + 1 };
    let real = size_of::<T>() as u64;
    let skew = (COMPONENTS * SKEW * 64) as u64 / real;
    let fields = COMPONENTS as u64 * (layout.len() as u64 + skew);
    let psi = 4
        * (rows * (layer(0) + 54 * u64::from(layer(0) > 0))
            + layout.planes as u64 * slab(layer(1)) * stride
            + slab(layer(2)) * layout.rows as u64 * stride);
    let media = |count: usize, mixed: bool| {
        if !mixed || count < 2 {
            0
        } else if count <= super::coefficients::PALETTE {
            3 * rows * (stride + 16)
        } else {
            6 * real * rows * (stride + 16)
        }
    };
    (fields + psi) * real
        + media(model.edge_media.len(), true)
        + media(model.face_media.len(), model.faces.is_some())
        + rows * COMPONENTS as u64 * 4
}
