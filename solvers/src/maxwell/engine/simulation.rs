//! A model at work.

use super::denormals::flushed;
use super::grid::{Grid, memory};
use super::hooks::Hooks;
use super::kernels::InstructionSet;
use super::layout::Layout;
use super::stepper::Stepper;
use super::{Engine, Real, blocked, check, energy, fused, reference, sweeps, transform};
use crate::maxwell::{Component, Model};
use crate::{Error, Result};
use ndarray::{Array3, Array4, ArrayView3};
use num_complex::Complex64;

/// How steps are organised; all give the same numbers bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Value by value, as the equations are written: what the others are tested against.
    Reference,
    /// H everywhere, then E everywhere.
    Sweeps,
    /// Each E row right behind its H row, in one pass over the mesh.
    Fused,
    /// Several steps in one pass over the mesh.
    Blocked,
    /// The one that suits the mesh.
    #[default]
    Fastest,
}

/// The scheme asked for, or two sweeps where only these can be: y or z periodic over more than a
/// cell.
fn suited<T: Real>(scheme: Scheme, grid: &Grid<T>) -> Scheme {
    let layout = &grid.layout;
    let wraps = (1..3).any(|a| layout.periodic[a] && !layout.idle[a]);
    let bytes = layout.len() * 6 * size_of::<T>();
    match scheme {
        Scheme::Reference => Scheme::Reference,
        _ if wraps => Scheme::Sweeps,
        Scheme::Blocked if layout.planes == 1 => Scheme::Fused,
        // where all fits into the caches, a second step finds it there anyway
        Scheme::Fastest if layout.planes < 8 || bytes < 1 << 20 => Scheme::Fused,
        Scheme::Fastest => Scheme::Blocked,
        other => other,
    }
}

/// Steps that are prepared at a time.
const SPAN: usize = 128;

/// A run of a [`Model`].
pub struct Simulation<T: Real> {
    grid: Grid<T>,
    hooks: Hooks<T>,
    scheme: Scheme,
    instructions: InstructionSet,
    fixed_threads: Option<usize>,
    time_step: f64,
    step: usize,
}

impl<T: Real> Simulation<T> {
    /// A simulation of a model, all fields zero.
    ///
    /// # Errors
    /// [`Error::Model`] or [`Error::Shape`] when the model contradicts itself, a medium is not
    /// passive, or the time step is over the Courant limit of the fastest medium that occurs;
    /// [`Error::Memory`] when [`Simulation::memory`] is more than is free.
    pub fn new(model: &Model, scheme: Scheme) -> Result<Self> {
        check::check(model)?;
        crate::memory::fits(
            format!("a Maxwell simulation in {}", T::NAME),
            Self::memory(model),
        )?;
        let mut grid = Grid::new(model);
        let hooks = Hooks::new(model, &grid);
        grid.activate(hooks.excited());
        Ok(Self {
            scheme: suited::<T>(scheme, &grid),
            instructions: InstructionSet::found()[0],
            fixed_threads: None,
            grid,
            hooks,
            time_step: model.time_step,
            step: 0,
        })
    }

    /// Bytes that a simulation of this model takes, an upper bound without probes.
    pub fn memory(model: &Model) -> u64 {
        let regions = model
            .regions
            .iter()
            .map(|r| transform::memory::<T>(r, r.ranges.iter().map(|r| r.len() as u64).product()));
        memory::<T>(model, &Layout::new(model)) + regions.sum::<u64>()
    }

    /// The scheme in use.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Takes steps.
    pub fn advance(&mut self, steps: usize) {
        let end = self.step + steps;
        while self.step < end {
            let count = SPAN.min(end - self.step);
            self.advance_span(count);
            self.step += count;
        }
    }

    fn advance_span(&mut self, steps: usize) {
        let (first, threads) = (self.step, self.threads());
        let Self {
            grid,
            hooks,
            scheme,
            instructions,
            ..
        } = self;
        let layout = grid.layout.clone();
        let span = hooks.span(&layout, first, steps, *instructions);
        if *scheme == Scheme::Reference {
            flushed(|| reference::advance(grid, &span, first, steps));
            return;
        }
        let stepper = Stepper::new(grid, &span, *instructions);
        match scheme {
            Scheme::Fused => fused::advance(&stepper, threads, first, steps),
            Scheme::Blocked => blocked::advance(&stepper, threads, first, steps),
            _ => sweeps::advance(&stepper, threads, first, steps),
        }
    }

    /// Kernels other than the widest, for tests.
    #[cfg(test)]
    pub(super) fn use_instructions(&mut self, set: InstructionSet) {
        self.instructions = set;
    }

    /// As many threads, however small the mesh, for tests.
    #[cfg(test)]
    pub(super) fn use_threads(&mut self, threads: usize) {
        self.fixed_threads = Some(threads);
    }

    /// Threads worth their while: one for each 16384 cells, as many as the rayon pool has.
    fn threads(&self) -> usize {
        if let Some(threads) = self.fixed_threads {
            return threads;
        }
        let cells: usize = self.grid.layout.cells.iter().product();
        rayon::current_num_threads().min(cells / 16384).max(1)
    }

    /// Steps taken.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Time step in s.
    pub fn time_step(&self) -> f64 {
        self.time_step
    }

    /// Energy in J in the form that leapfrog conserves: `E^n . D^n + H^(n-1/2) . B^(n+1/2)`, half
    /// of it, and what dispersive media and lumped elements hold. The auxiliary fields of
    /// absorbing layers do not count.
    pub fn energy(&self) -> f64 {
        energy::energy(&self.grid, self.hooks.branches.items(), self.time_step).value()
    }

    /// A component, `[k, j, i]` in the mesh's shape: E at `step * dt`, H half a step before.
    pub fn field(&self, component: Component) -> Array3<T> {
        let layout = &self.grid.layout;
        let own = layout.component(component);
        let cells: [usize; 3] = std::array::from_fn(|a| {
            layout
                .turned
                .iter()
                .position(|t| *t == a)
                .map_or(0, |e| layout.cells[e])
        });
        let mut all = Array3::from_elem([cells[2] + 1, cells[1] + 1, cells[0] + 1], T::ZERO);
        let [ni, nj, nk] = component.extent(cells);
        for ((k, j, i), value) in all
            .slice_mut(ndarray::s![..nk, ..nj, ..ni])
            .indexed_iter_mut()
        {
            let [i, j, k] = layout.index([i, j, k]);
            *value = self.grid.fields[own][layout.start(k, j) + i];
        }
        all
    }

    /// Replaces a component by values `[k, j, i]` in the mesh's shape; entries outside of its
    /// extent, in conducting walls and at the far end of periodic axes are not used.
    ///
    /// # Errors
    /// [`Error::Shape`] when the shape is not the mesh's.
    pub fn set_field(&mut self, component: Component, values: ArrayView3<T>) -> Result<()> {
        let expected = self.field(component);
        if values.shape() != expected.shape() {
            return Err(Error::Shape {
                what: "field",
                expected: expected.shape().to_vec(),
                found: values.shape().to_vec(),
            });
        }
        let layout = self.grid.layout.clone();
        let own = layout.component(component);
        let [ni, nj, nk] = layout.stored(own);
        let mut some = false;
        for k in 0..nk {
            for j in 0..nj {
                for i in 0..ni {
                    let mut at = [0; 3];
                    for (a, value) in [i, j, k].into_iter().enumerate() {
                        at[layout.turned[a]] = value;
                    }
                    let value = if layout.held(own, [i, j, k]) {
                        T::ZERO
                    } else {
                        values[[at[2], at[1], at[0]]]
                    };
                    some |= value != T::ZERO;
                    self.grid.fields[own][layout.start(k, j) + i] = value;
                }
                if layout.periodic[0] {
                    let field = self.grid.fields[own].shared();
                    // SAFETY: the simulation is borrowed for this call alone
                    unsafe { layout.close(field, own, k, j) };
                }
            }
        }
        if some {
            let mut active = self.grid.active;
            active[own] = true;
            self.grid.activate(active);
        }
        Ok(())
    }

    /// Samples of a probe, one per step taken.
    ///
    /// # Panics
    /// When the model has no such probe.
    pub fn probe(&self, n: usize) -> &[T] {
        &self.hooks.probe_values[n]
    }

    /// The transform of a region up to now, `[frequency, k, j, i]`.
    ///
    /// # Panics
    /// When the model has no such region.
    pub fn spectrum(&self, region: usize) -> Array4<Complex64> {
        self.hooks.transforms.regions[region].spectrum(self.step)
    }
}

impl<T: Real> Engine for Simulation<T> {
    fn advance(&mut self, steps: usize) -> Result<()> {
        self.advance(steps);
        Ok(())
    }

    fn step(&self) -> usize {
        self.step
    }

    fn time_step(&self) -> f64 {
        self.time_step
    }

    fn source_steps(&self) -> usize {
        self.hooks.source_steps()
    }

    fn energy(&self) -> Result<f64> {
        Ok(self.energy())
    }

    fn field(&self, component: Component) -> Result<Array3<f64>> {
        Ok(self.field(component).mapv(Real::to_f64))
    }

    fn probe(&self, n: usize) -> Result<Vec<f64>> {
        Ok(self.probe(n).iter().map(|v| v.to_f64()).collect())
    }

    fn spectrum(&self, region: usize) -> Result<Array4<Complex64>> {
        Ok(self.spectrum(region))
    }
}
