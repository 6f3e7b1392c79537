//! Training shared by several processes, each with its part of every batch.
//!
//! The loss of a batch is a mean over its samples, so its gradient is the sum over the processes of
//! their samples' share. Each adds up its own, the sums over all go to every optimiser, and all
//! weights stay the same, bit for bit. Against one process the sums are in another order: the same
//! step up to rounding. Random choices of a batch are drawn by each process as if its part were all,
//! so only tasks that draw none see the same samples whatever the number of processes.
//!
//! A step waits for the slowest process and sends the gradients, once through memory and the
//! network; nothing of that overlaps with the backward pass.

use crate::device::is_cpu;
use crate::error::{Error, Result};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Tensor, TensorData};
use curlwind_solvers::ranks::{Communicator, ExactSum};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

/// The processes that train one network: every one runs the same training on the same samples.
/// Rank 0 alone writes metrics and checkpoints.
pub struct DataParallel {
    ranks: Mutex<Box<dyn Communicator>>,
    rank: usize,
    size: usize,
}

impl std::fmt::Debug for DataParallel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank, self.size)
    }
}

/// What a step needs to know of all processes.
pub(super) struct Together {
    pub gradients: GradientsParams,
    pub loss: f64,
    /// Whether any process is asked to stop.
    pub stop: bool,
}

impl DataParallel {
    /// One of the processes.
    pub fn new(ranks: Box<dyn Communicator>) -> Self {
        Self {
            rank: ranks.rank(),
            size: ranks.size(),
            ranks: Mutex::new(ranks),
        }
    }

    /// Whether this process writes metrics and checkpoints.
    pub(super) fn writes(&self) -> bool {
        self.rank == 0
    }

    /// This process's part of a batch; empty where there are fewer samples than processes.
    pub(super) fn part<'b>(&self, batch: &'b [usize]) -> &'b [usize] {
        let at = |rank: usize| batch.len() * rank / self.size;
        &batch[at(self.rank)..at(self.rank + 1)]
    }

    /// Gradients and loss of a batch from those of its parts.
    ///
    /// # Errors
    /// When another process has failed.
    pub(super) fn together<M: Module>(
        &self,
        network: &M,
        gradients: &GradientsParams,
        loss: f64,
        stop: bool,
    ) -> Result<Together> {
        let mut flat = Flat {
            gradients,
            values: Vec::new(),
            there: vec![i64::from(stop)],
        };
        network.visit(&mut flat);
        let Flat {
            mut values,
            mut there,
            ..
        } = flat;
        let mut ranks = self.ranks();
        ranks.sum_integers(&mut there).map_err(failed)?;
        ranks.sum(&mut values).map_err(failed)?;
        let mut own = ExactSum::new();
        own.add(loss);
        let loss = own.over(&mut **ranks).map_err(failed)?.value();
        let mut spread = Spread {
            gradients: GradientsParams::new(),
            values: &values,
            there: &there[1..],
        };
        network.visit(&mut spread);
        Ok(Together {
            gradients: spread.gradients,
            loss,
            stop: there[0] > 0,
        })
    }

    /// The sum of a number over all processes.
    ///
    /// # Errors
    /// When another process has failed.
    pub(super) fn sum(&self, value: f64) -> Result<f64> {
        let mut own = ExactSum::new();
        own.add(value);
        Ok(own.over(&mut **self.ranks()).map_err(failed)?.value())
    }

    /// Rank 0's file, if it has one, for all.
    ///
    /// # Errors
    /// When it cannot be read, or another process has failed.
    pub(super) fn file(&self, file: &Path, wanted: bool) -> Result<Option<Vec<u8>>> {
        let mut bytes = match self.writes() && wanted && file.exists() {
            true => std::fs::read(file).map_err(|e| Error::io(file, e))?,
            false => Vec::new(),
        };
        self.ranks().broadcast(0, &mut bytes).map_err(failed)?;
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    fn ranks(&self) -> MutexGuard<'_, Box<dyn Communicator>> {
        self.ranks
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn failed(error: curlwind_solvers::Error) -> Error {
    Error::Data(error.to_string())
}

/// All gradients one after the other, zeros where there is none, and where there are some.
struct Flat<'a> {
    gradients: &'a GradientsParams,
    values: Vec<f32>,
    there: Vec<i64>,
}

impl ModuleVisitor for Flat<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let count: usize = param.val().dims().iter().product();
        let gradient = self.gradients.get::<D>(param.id);
        self.there.push(i64::from(gradient.is_some()));
        let end = self.values.len() + count;
        if let Some(gradient) = gradient {
            let data = gradient.into_data().convert_dtype(DType::F32);
            self.values
                .extend(data.try_into_vec::<f32>().unwrap_or_default());
        }
        self.values.resize(end, 0.0);
    }
}

/// The same back.
struct Spread<'a> {
    gradients: GradientsParams,
    values: &'a [f32],
    there: &'a [i64],
}

impl ModuleVisitor for Spread<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weights = param.val().without_autodiff();
        let shape = weights.dims();
        let (own, rest) = self.values.split_at(shape.iter().product());
        self.values = rest;
        let (there, others) = self.there.split_at(1);
        self.there = others;
        if there[0] == 0 {
            return;
        }
        let data = TensorData::new(own.to_vec(), shape);
        // gradients on the CPU are read as 32 bits, those on a device keep its numbers
        let dtype = match is_cpu(&weights.device()) {
            true => DType::F32,
            false => weights.dtype(),
        };
        let gradient = Tensor::<D>::from_data(data, (&weights.device(), dtype));
        self.gradients.register(param.id, gradient);
    }
}

#[cfg(test)]
mod tests;
