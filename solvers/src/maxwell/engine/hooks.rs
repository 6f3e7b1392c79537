//! What happens on rows besides the update: sources, branches, probes, transforms; one order for
//! all engines.
//!
//! After the H update of a row: sources on H, the periodic ends, probes, transforms. Before the E
//! update branches keep E; after it: sources on E, branches, the periodic ends, probes, transforms.

use super::Real;
use super::branches::{BranchEdge, branches};
use super::buffer::Shared;
use super::grid::{COMPONENTS, Grid};
use super::kernels::InstructionSet;
use super::layout::{AXES, Layout};
use super::probes::{ProbePlace, probes};
use super::row_table::RowTable;
use super::sources::{Samples, Source, add, sources};
use super::transform::{RegionSpan, Transforms};
use crate::maxwell::{Model, Waveforms};
use std::ops::Range;

const SOURCE: u8 = 1;
const BRANCH: u8 = 2;
const PROBE: u8 = 4;
const REGION: u8 = 8;
/// Periodic along x.
const CLOSE: u8 = 16;

/// All hooks of a model and what they have gathered.
pub(super) struct Hooks<T> {
    waveforms: Waveforms,
    time_step: f64,
    /// Of H and of E.
    sources: [RowTable<Source<T>>; 2],
    pub(super) branches: RowTable<BranchEdge>,
    probes: [RowTable<ProbePlace>; 2],
    pub(super) probe_values: Vec<Vec<T>>,
    pub(super) transforms: Transforms<T>,
    /// Which kinds a row has, of H and of E.
    flags: [Vec<u8>; 2],
}

impl<T: Real> Hooks<T> {
    pub(super) fn new(model: &Model, grid: &Grid<T>) -> Self {
        let layout = &grid.layout;
        let sources = [false, true].map(|e| sources(model, layout, e));
        let branches = branches(model, layout, &grid.spacings);
        let probes = [false, true].map(|e| probes(model, layout, e));
        let transforms = Transforms::new(model, layout);
        let flag = |kind: u8, some: bool| if some { kind } else { 0 };
        let flags = [0, 1].map(|e: usize| {
            (0..layout.row_count())
                .map(|row| {
                    flag(SOURCE, !sources[e].row(row).is_empty())
                        | flag(BRANCH, e == 1 && !branches.row(row).is_empty())
                        | flag(PROBE, !probes[e].row(row).is_empty())
                        | flag(REGION, !transforms.rows[e].row(row).is_empty())
                        | flag(CLOSE, layout.periodic[0])
                })
                .collect()
        });
        Self {
            waveforms: model.waveforms.clone(),
            time_step: model.time_step,
            sources,
            branches,
            probes,
            probe_values: vec![Vec::new(); model.probes.len()],
            transforms,
            flags,
        }
    }

    /// Components that sources and driven elements excite.
    pub(super) fn excited(&self) -> [bool; COMPONENTS] {
        let mut all = [false; COMPONENTS];
        for s in self.sources.iter().flat_map(RowTable::items) {
            all[s.component as usize] = true;
        }
        for edge in self.branches.items().iter().filter(|e| e.is_driven()) {
            all[edge.component()] = true;
        }
        all
    }

    /// Number of steps that have a sample of the waveforms.
    pub(super) fn source_steps(&self) -> usize {
        if self.waveforms.ncols() == 0 {
            0
        } else {
            self.waveforms.nrows()
        }
    }

    /// The hooks during `steps` steps from `first` on.
    pub(super) fn span<'a>(
        &'a mut self,
        layout: &'a Layout,
        first: usize,
        steps: usize,
        set: InstructionSet,
    ) -> Span<'a, T> {
        for values in &mut self.probe_values {
            values.resize(first + steps, T::ZERO);
        }
        let states = Shared::of(self.branches.items_mut());
        let Transforms { regions, rows } = &mut self.transforms;
        let samples = Samples::new(&self.waveforms, first, steps);
        let regions = super::transform::span(regions, first, steps, set);
        let due = |step: usize| {
            let sampled = regions.iter().any(|r| r.is_due(step));
            let driven = samples.step(step).is_some();
            let idle = if sampled { 0 } else { REGION } | if driven { 0 } else { SOURCE };
            !idle
        };
        Span {
            layout,
            first,
            due: (first..first + steps).map(due).collect(),
            samples,
            time_step: self.time_step,
            sources: &self.sources,
            branches: &self.branches,
            states,
            probes: &self.probes,
            probe_values: self
                .probe_values
                .iter_mut()
                .map(|values| Shared::of(values.as_mut_slice()))
                .collect(),
            regions,
            region_rows: rows,
            flags: &self.flags,
        }
    }
}

/// The hooks during a span of steps.
pub(super) struct Span<'a, T> {
    layout: &'a Layout,
    first: usize,
    /// Kinds that have something to do, by step.
    due: Vec<u8>,
    samples: Samples<T>,
    time_step: f64,
    sources: &'a [RowTable<Source<T>>; 2],
    branches: &'a RowTable<BranchEdge>,
    states: Shared<BranchEdge>,
    probes: &'a [RowTable<ProbePlace>; 2],
    probe_values: Vec<Shared<T>>,
    regions: Vec<RegionSpan<'a, T>>,
    region_rows: &'a [RowTable<super::transform::RegionRow>; 2],
    flags: &'a [Vec<u8>; 2],
}

impl<T: Real> Span<'_, T> {
    /// Before the E update of rows of a plane.
    ///
    /// # Safety
    /// No other thread is at these rows.
    #[inline(always)]
    pub(super) unsafe fn before_e(
        &self,
        fields: &[Shared<T>; COMPONENTS],
        k: usize,
        rows: Range<usize>,
    ) {
        for j in rows {
            if self.flags[1][self.layout.row(k, j)] & BRANCH != 0 {
                // SAFETY: the caller's promise
                unsafe { self.keep(fields, k, j) };
            }
        }
    }

    unsafe fn keep(&self, fields: &[Shared<T>; COMPONENTS], k: usize, j: usize) {
        let row = self.layout.row(k, j);
        let start = self.layout.start(k, j);
        let range = self.branches.range(row);
        // SAFETY: the row and its branches are this thread's
        unsafe {
            let rows = std::array::from_fn(|a| fields[a].get(start, self.layout.line()));
            for edge in self.states.get_mut(range.start, range.len()) {
                edge.keep(rows);
            }
        }
    }

    /// After the update of rows of H (`electric` false) or E in a step.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    pub(super) unsafe fn after(
        &self,
        fields: &[Shared<T>; COMPONENTS],
        electric: bool,
        step: usize,
        k: usize,
        rows: Range<usize>,
    ) {
        let due = self.due[step - self.first];
        for j in rows {
            let flags = self.flags[usize::from(electric)][self.layout.row(k, j)] & due;
            if flags != 0 {
                // SAFETY: the caller's promise
                unsafe { self.act(fields, electric, step, k, j, flags) };
            }
        }
    }

    unsafe fn act(
        &self,
        fields: &[Shared<T>; COMPONENTS],
        electric: bool,
        step: usize,
        k: usize,
        j: usize,
        flags: u8,
    ) {
        let row = self.layout.row(k, j);
        let start = self.layout.start(k, j);
        let line = self.layout.line();
        let first = if electric { 0 } else { AXES };
        let kind = usize::from(electric);
        let samples = self.samples.step(step);
        // SAFETY: rows, branches, probes and region rows of this place belong to this thread; the
        // slices below are made one after the other
        unsafe {
            if let (true, Some(samples)) = (flags & SOURCE != 0, samples) {
                let rows = std::array::from_fn(|a| fields[first + a].get_mut(start, line));
                add(self.sources[kind].row(row), samples, rows);
            }
            if flags & BRANCH != 0 {
                let range = self.branches.range(row);
                for edge in self.states.get_mut(range.start, range.len()) {
                    let values = fields[edge.component()].get_mut(start, line);
                    edge.advance(samples, self.time_step, values);
                }
            }
            if flags & CLOSE != 0 {
                (first..first + AXES).for_each(|c| self.layout.close(fields[c], c, k, j));
            }
            if flags & PROBE != 0 {
                for p in self.probes[kind].row(row) {
                    let value = fields[p.component as usize].get(start + p.i as usize, 1)[0];
                    self.probe_values[p.probe as usize].get_mut(step, 1)[0] = value;
                }
            }
            if flags & REGION != 0 {
                for r in self.region_rows[kind].row(row) {
                    r.sample(&self.regions, step, |c| fields[c].get(start, line));
                }
            }
        }
    }
}

impl Layout {
    /// Along a periodic x the value at the last line is that at the first, and the one in front
    /// of the first, which only H has, that of the last cell.
    ///
    /// # Safety
    /// No other thread is at this row.
    #[inline(always)]
    pub(super) unsafe fn close<T: Real>(
        &self,
        field: Shared<T>,
        component: usize,
        k: usize,
        j: usize,
    ) {
        let n = self.cells[0];
        let on_lines = component.is_multiple_of(AXES) != (component < AXES);
        // SAFETY: both places are the row's own, see the layout
        unsafe {
            let row = field.get_mut(self.start(k, j) - 1, n + 2);
            if on_lines {
                row[n + 1] = row[1];
            } else if component >= AXES {
                row[0] = row[n];
            }
        }
    }
}
