//! What ranks that share a model tell each other when a result is asked for, whatever computes their
//! parts. All call the same methods in the same order, and all get the same answers.

use super::decomposition::Decomposition;
use super::layout::{AXES, Layout};
use super::transform::slots;
use crate::maxwell::{Component, FieldRegion, Model, Probe};
use crate::ranks::{Communicator, ExactSum};
use crate::{Error, Result};
use ndarray::{Array3, Array4};
use num_complex::Complex64;
use std::sync::{Mutex, MutexGuard};

/// How a mesh is shared out, and what of its model is asked for.
pub(super) struct Gathering {
    whole: Layout,
    decomposition: Decomposition,
    /// Used by one thread at a time.
    ranks: Mutex<Box<dyn Communicator>>,
    probes: Vec<Probe>,
    regions: Vec<FieldRegion>,
    cells: [usize; AXES],
}

impl Gathering {
    /// Shares the mesh of a model out among ranks.
    ///
    /// # Errors
    /// [`Error::Ranks`] when the mesh is too small for so many.
    pub(super) fn new(model: &Model, ranks: Box<dyn Communicator>) -> Result<Self> {
        let whole = Layout::new(model);
        Ok(Self {
            decomposition: Decomposition::new(&whole, ranks.size())?,
            whole,
            ranks: Mutex::new(ranks),
            probes: model.probes.clone(),
            regions: model.regions.clone(),
            cells: model.mesh.cells(),
        })
    }

    /// The layout of the mesh.
    pub(super) fn whole(&self) -> &Layout {
        &self.whole
    }

    /// Who is beside whom.
    pub(super) fn decomposition(&self) -> &Decomposition {
        &self.decomposition
    }

    /// The ranks, for one thread.
    pub(super) fn ranks(&self) -> MutexGuard<'_, Box<dyn Communicator>> {
        locked(&self.ranks)
    }

    /// The layout of a rank's part.
    pub(super) fn part(&self, rank: usize) -> Layout {
        let [rows, planes] = self.decomposition.own(rank);
        self.whole.part(rows, planes)
    }

    /// The sum of all parts' energies.
    ///
    /// # Errors
    /// [`Error::Ranks`], as of all that follow.
    pub(super) fn energy(&self, own: ExactSum) -> Result<f64> {
        Ok(own.over(&mut **self.ranks())?.value())
    }

    /// A component, `[k, j, i]` in the mesh's shape; `own` are the values of this rank's own rows, as
    /// many of each as a row has [of its own](Layout::line).
    pub(super) fn field(
        &self,
        component: Component,
        own: impl FnOnce() -> Result<Vec<f64>>,
    ) -> Result<Array3<f64>> {
        let mut ranks = self.ranks();
        let (whole, mut own) = (&self.whole, Some(own));
        let line = whole.line();
        let [ni, nj, nk] = [whole.cells[0] + 1, whole.rows, whole.planes];
        let mut engine = Array3::zeros([nk, nj, ni]);
        for rank in 0..ranks.size() {
            let [rows, planes] = self.decomposition.own(rank);
            let mut bytes = Vec::new();
            if rank == ranks.rank()
                && let Some(own) = own.take()
            {
                bytes = to_bytes(own()?);
            }
            ranks.broadcast(rank, &mut bytes)?;
            let mut values = from_bytes(&bytes);
            for k in planes {
                for j in rows.clone() {
                    for i in 0..line {
                        engine[[k, j, i]] = values.next().unwrap_or_default();
                    }
                }
            }
        }
        let cells = self.cells;
        let mut all = Array3::zeros([cells[2] + 1, cells[1] + 1, cells[0] + 1]);
        let [ni, nj, nk] = component.extent(cells);
        for ((k, j, i), value) in all
            .slice_mut(ndarray::s![..nk, ..nj, ..ni])
            .indexed_iter_mut()
        {
            let [i, j, k] = whole.index([i, j, k]);
            *value = engine[[k, j, i]];
        }
        Ok(all)
    }

    /// Samples of a probe; `own` are those of this rank, if it has the probe.
    pub(super) fn probe(&self, n: usize, own: impl Iterator<Item = f64>) -> Result<Vec<f64>> {
        let mut ranks = self.ranks();
        let index = self.probes[n].index;
        let has = |rank: &usize| self.part(*rank).place(index).is_some();
        let owner = (0..ranks.size()).find(has).ok_or_else(|| Error::Ranks {
            ranks: ranks.size(),
            reason: format!("expected a rank with the place {index:?} of probe {n}, found none"),
        })?;
        let mut bytes = match owner == ranks.rank() {
            true => to_bytes(own),
            false => Vec::new(),
        };
        ranks.broadcast(owner, &mut bytes)?;
        Ok(from_bytes(&bytes).collect())
    }

    /// The transform of a region, of which `all` has the values at this rank's own places.
    pub(super) fn spectrum(
        &self,
        region: usize,
        mut all: Array4<Complex64>,
    ) -> Result<Array4<Complex64>> {
        let mut ranks = self.ranks();
        let of = &self.regions[region];
        let ni = of.ranges[self.whole.turned[0]].len();
        for rank in 0..ranks.size() {
            let slots = slots(of, &self.part(rank));
            if slots.is_empty() {
                continue;
            }
            let mut places = Vec::new();
            for ([j, k], _) in slots {
                for i in 0..ni {
                    let mut index = [0; AXES];
                    for (a, value) in [i, j, k].into_iter().enumerate() {
                        index[self.whole.turned[a]] = value;
                    }
                    places.extend(
                        (0..of.frequencies.len()).map(|f| [f, index[2], index[1], index[0]]),
                    );
                }
            }
            let mut bytes = match rank == ranks.rank() {
                true => to_bytes(
                    places
                        .iter()
                        .flat_map(|place| [all[*place].re, all[*place].im]),
                ),
                false => Vec::new(),
            };
            ranks.broadcast(rank, &mut bytes)?;
            let mut values = from_bytes(&bytes);
            for place in places {
                let mut next = || values.next().unwrap_or_default();
                all[place] = Complex64::new(next(), next());
            }
        }
        Ok(all)
    }
}

/// What a mutex holds, whether a thread panicked with it or not: that thread's panic is on its way.
pub(super) fn locked<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Numbers as they travel.
fn to_bytes(values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    values.into_iter().flat_map(f64::to_ne_bytes).collect()
}

fn from_bytes(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks().0.iter().map(|b| f64::from_ne_bytes(*b))
}
