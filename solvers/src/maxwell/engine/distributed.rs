//! A model shared by several processes.
//!
//! Each rank has a block of the mesh: some rows and planes of the engine's axes, with one row and
//! one plane of its neighbours beside them. A half step begins with the rows that a neighbour waits
//! for; while their values are on their way, the rest follows:
//!
//! ```text
//! H of the last row and plane | send them up   | H of the rest | wait for those from below
//! E of the first row and plane | send them down | E of the rest | wait for those from above
//! ```
//!
//! All numbers are those of one process, bit for bit: every value is computed by the same kernels
//! from the same neighbours and coefficients, and energies are [summed exactly](ExactSum). What it
//! costs is the order of [two sweeps](super::sweeps): steps cannot be blocked in time across ranks.
//!
//! No rank holds fields, or the media as the kernels have them, of more than its block; the model
//! itself, with two bytes for each edge, and the waveforms are everywhere.

use super::check::check;
use super::gathering::{Gathering, locked};
use super::grid::{Grid, memory};
use super::halo::Halo;
use super::hooks::Hooks;
use super::kernels::InstructionSet;
use super::layout::Layout;
use super::stepper::Stepper;
use super::threads::{Team, part};
use super::transform::{self, slots};
use super::{Engine, Real, energy};
use crate::Result;
use crate::maxwell::{Component, Model};
use crate::ranks::{Communicator, ExactSum};
use ndarray::{Array3, Array4};
use num_complex::Complex64;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Steps that are prepared at a time.
const SPAN: usize = 128;

/// Rows at a time.
const CHUNK: usize = 16;

/// One rank's part of a run of a [`Model`]: every rank makes one of the same model, and all call the
/// same methods in the same order.
pub struct Distributed<T: Real> {
    grid: Grid<T>,
    hooks: Hooks<T>,
    halo: Halo,
    gathering: Gathering,
    instructions: InstructionSet,
    time_step: f64,
    step: usize,
}

impl<T: Real> Distributed<T> {
    /// This rank's part of a simulation, all fields zero.
    ///
    /// # Errors
    /// As [`Simulation::new`](super::Simulation::new), [`Error::Memory`](crate::Error::Memory) for this rank's part alone;
    /// [`Error::Ranks`](crate::Error::Ranks) when the mesh is too small for so many.
    pub fn new(model: &Model, ranks: Box<dyn Communicator>) -> Result<Self> {
        check(model)?;
        let rank = ranks.rank();
        let gathering = Gathering::new(model, ranks)?;
        let layout = gathering.part(rank);
        let regions = model.regions.iter().map(|r| {
            let row = r.ranges[layout.turned[0]].len();
            transform::memory::<T>(r, (slots(r, &layout).len() * row) as u64)
        });
        crate::memory::fits(
            format!("a part of a Maxwell simulation in {}", T::NAME),
            memory::<T>(model, &layout) + regions.sum::<u64>(),
        )?;
        let mut grid = Grid::part(model, gathering.whole(), layout);
        let hooks = Hooks::new(model, &grid);
        let mut excited = hooks.excited().map(i64::from);
        gathering.ranks().sum_integers(&mut excited)?;
        grid.activate(excited.map(|count| count > 0));
        Ok(Self {
            halo: Halo::new(&grid, gathering.decomposition(), rank),
            instructions: InstructionSet::found()[0],
            time_step: model.time_step,
            step: 0,
            gathering,
            grid,
            hooks,
        })
    }

    /// Bytes that this rank sends to others in every step.
    pub fn bytes_in_a_step(&self) -> usize {
        self.halo.bytes::<T>()
    }

    fn advance_span(&mut self, steps: usize) -> Result<()> {
        let (first, threads) = (self.step, self.threads());
        let layout = self.grid.layout.clone();
        let span = self.hooks.span(&layout, first, steps, self.instructions);
        let stepper = Stepper::new(&mut self.grid, &span, self.instructions);
        let schedules = [false, true].map(|electric| Schedule::new(&layout, &self.halo, electric));
        let (halo, gathering) = (&self.halo, &self.gathering);
        let failed = AtomicBool::new(false);
        let failure = Mutex::new(None);
        // what only the first thread does, unless it has failed before
        let talk = |thread: usize, work: &dyn Fn(&mut dyn Communicator) -> Result<()>| {
            if thread > 0 || failed.load(Ordering::Relaxed) {
                return;
            }
            if let Err(error) = work(&mut **gathering.ranks()) {
                *locked(&failure) = Some(error);
                failed.store(true, Ordering::Relaxed);
            }
        };
        Team::run(threads, |team, thread| {
            for step in first..first + steps {
                for (electric, schedule) in [false, true].into_iter().zip(&schedules) {
                    let update = |(k, rows): &(usize, Range<usize>)| {
                        // SAFETY: the fields of the other kind rest until all threads meet, and
                        // each row is one thread's
                        unsafe {
                            if electric {
                                stepper.e(step, *k, rows.clone(), 0);
                            } else {
                                stepper.h(step, *k, rows.clone(), 0);
                            }
                        }
                    };
                    let share = |all: usize| part(all, team.size(), thread);
                    let (awaited, rest) = (&schedule.awaited, &schedule.rest);
                    awaited[share(awaited.len())].iter().for_each(update);
                    team.meet();
                    let fields = stepper.fields();
                    // SAFETY: rows that others wait for are done
                    talk(thread, &|ranks| unsafe {
                        halo.begin(fields, electric, ranks)
                    });
                    for some in &rest[share(rest.len())] {
                        update(some);
                        talk(thread, &|ranks| {
                            ranks.progress();
                            Ok(())
                        });
                    }
                    // SAFETY: rows of others are read in the next half step
                    talk(thread, &|ranks| unsafe {
                        halo.end(fields, electric, ranks)
                    });
                    team.meet();
                    if failed.load(Ordering::Relaxed) {
                        return;
                    }
                }
            }
        });
        match locked(&failure).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Threads worth their while: one for each 16384 cells, as many as the rayon pool has.
    fn threads(&self) -> usize {
        let cells: usize = self.grid.layout.cells.iter().product();
        rayon::current_num_threads().min(cells / 16384).max(1)
    }
}

/// The rows of a half step: those that neighbours wait for, and the rest.
struct Schedule {
    awaited: Vec<(usize, Range<usize>)>,
    rest: Vec<(usize, Range<usize>)>,
}

impl Schedule {
    fn new(layout: &Layout, halo: &Halo, electric: bool) -> Self {
        let [_, rows, planes] = layout.own.clone();
        let side = usize::from(!electric);
        let at = |range: &Range<usize>| if electric { range.start } else { range.end - 1 };
        let awaited_plane = halo.is_cut(2, side).then(|| at(&planes));
        let awaited_row = halo.is_cut(1, side).then(|| at(&rows));
        let inner = match (awaited_row.is_some(), electric) {
            (false, _) => rows.clone(),
            (true, true) => rows.start + 1..rows.end,
            (true, false) => rows.start..rows.end - 1,
        };
        let chunks = |k: usize, rows: Range<usize>| {
            let end = rows.end;
            rows.step_by(CHUNK)
                .map(move |j| (k, j..(j + CHUNK).min(end)))
        };
        let mut own = Self {
            awaited: Vec::new(),
            rest: Vec::new(),
        };
        for k in planes {
            if awaited_plane == Some(k) {
                own.awaited.extend(chunks(k, rows.clone()));
            } else {
                own.awaited.extend(awaited_row.map(|j| (k, j..j + 1)));
                own.rest.extend(chunks(k, inner.clone()));
            }
        }
        own
    }
}

impl<T: Real> Engine for Distributed<T> {
    fn advance(&mut self, steps: usize) -> Result<()> {
        let end = self.step + steps;
        while self.step < end {
            let count = SPAN.min(end - self.step);
            self.advance_span(count)?;
            self.step += count;
        }
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
        let own: ExactSum = energy::energy(&self.grid, self.hooks.branches.items(), self.time_step);
        self.gathering.energy(own)
    }

    fn field(&self, component: Component) -> Result<Array3<f64>> {
        let layout = &self.grid.layout;
        let values = &self.grid.fields[layout.component(component)];
        self.gathering.field(component, || {
            let [_, rows, planes] = layout.own.clone();
            let all = planes.flat_map(|k| rows.clone().map(move |j| layout.start(k, j)));
            let values = all.flat_map(|start| &values[start..start + layout.line()]);
            Ok(values.map(|v| v.to_f64()).collect())
        })
    }

    fn probe(&self, n: usize) -> Result<Vec<f64>> {
        let own = self.hooks.probe_values[n].iter().map(|v| v.to_f64());
        self.gathering.probe(n, own)
    }

    fn spectrum(&self, region: usize) -> Result<Array4<Complex64>> {
        let own = self.hooks.transforms.regions[region].spectrum(self.step);
        self.gathering.spectrum(region, own)
    }
}
