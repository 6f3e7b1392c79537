//! Simulations as pairs of inputs and outputs.

use ndarray::{ArrayD, Axis, IxDyn, concatenate};

use super::Simulations;
use crate::{Error, Result};

/// Every run of `inputs + outputs` consecutive states of every sample. The inputs come with the
/// constant fields; of what does not change (one time), the constants alone are the input.
#[derive(Debug)]
pub struct Windows<'f> {
    file: &'f Simulations,
    inputs: usize,
    outputs: usize,
    per_sample: usize,
}

impl<'f> Windows<'f> {
    /// With `inputs` states to go by and `outputs` states to find.
    ///
    /// # Errors
    /// [`Error::Invalid`] when no window fits, or nothing would be the input.
    pub fn new(file: &'f Simulations, inputs: usize, outputs: usize) -> Result<Self> {
        let times = file.times().len();
        let refuse = |expected: String| {
            let found = format!("{inputs} and {outputs}");
            Err(Error::invalid(
                "states in and out of a window",
                expected,
                found,
            ))
        };
        if outputs == 0 || inputs + outputs > times {
            return refuse(format!(
                "at least one out, together at most the {times} of a sample of {}",
                file.path().display()
            ));
        }
        if inputs == 0 && file.constant_channels().is_empty() {
            return refuse("at least one in, where there are no constant fields".into());
        }
        Ok(Self {
            file,
            inputs,
            outputs,
            per_sample: times - inputs - outputs + 1,
        })
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.file.samples() * self.per_sample
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample that a window is of, for splits that keep samples together.
    pub fn sample(&self, window: usize) -> usize {
        window / self.per_sample
    }

    /// Inputs and outputs of a window, both `[channel]` and the spatial dimensions: the states in
    /// order of time, all channels of each, then the constants.
    ///
    /// # Errors
    /// As [`Simulations::states`].
    pub fn read(&self, window: usize) -> Result<(ArrayD<f32>, ArrayD<f32>)> {
        let (sample, start) = (self.sample(window), window % self.per_sample);
        let states = self
            .file
            .states(sample, start, self.inputs + self.outputs)?;
        let constants = self.file.constants(sample)?;
        let flat = |steps: std::ops::Range<usize>| {
            let part = states.slice_axis(Axis(0), steps.into());
            let mut shape = vec![part.len_of(Axis(0)) * part.len_of(Axis(1))];
            shape.extend(&part.shape()[2..]);
            let values: Vec<f32> = part.iter().copied().collect();
            ArrayD::from_shape_vec(IxDyn(&shape), values)
        };
        let shape = |e: ndarray::ShapeError| Error::invalid("window", "states of one shape", e);
        let inputs = flat(0..self.inputs).map_err(shape)?;
        let inputs = concatenate(Axis(0), &[inputs.view(), constants.view()]).map_err(shape)?;
        let outputs = flat(self.inputs..self.inputs + self.outputs).map_err(shape)?;
        Ok((inputs, outputs))
    }
}
