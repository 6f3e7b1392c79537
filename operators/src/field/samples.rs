//! Pairs of input and output fields.

use super::FieldNormalisation;
use super::resolution::Resolution;
use crate::error::{Error, Result};
use ndarray::{Array4, ArrayView3, ArrayViewMut3, Axis};
use rand_chacha::ChaCha8Rng;
use std::fmt;
use std::sync::Arc;

/// A source of training pairs.
pub trait FieldSamples: Sync {
    /// Number of pairs.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `[input channels, output channels, rows, columns]`; fields on a line have one row.
    fn shape(&self) -> [usize; 4];

    /// Whether fields go on at one side as at the other.
    fn periodic(&self) -> bool {
        false
    }

    /// Pairs that follow each other in time, the output of one the input of the next: pair `i`
    /// stands in the sequence `i / sequence`.
    fn sequence(&self) -> usize {
        1
    }

    /// Reads a pair, `[channel][row][column]` each. With a generator, the pair may be another one
    /// that the equation's symmetries make of it, chosen by the generator alone.
    ///
    /// # Errors
    /// When the data source fails.
    fn read(
        &self,
        index: usize,
        symmetry: Option<&mut ChaCha8Rng>,
        input: &mut [f32],
        output: &mut [f32],
    ) -> Result<()>;
}

impl FieldNormalisation {
    /// Mean and deviation of each channel over all pairs; with `about_zero` the deviation is from 0,
    /// and nothing is shifted. A channel that is the same everywhere is only shifted.
    ///
    /// # Errors
    /// When reading fails, there is no pair, or a value is not finite.
    pub fn of(samples: &dyn FieldSamples, about_zero: bool) -> Result<Self> {
        let [inputs, outputs, rows, columns] = samples.shape();
        let points = rows * columns;
        if samples.is_empty() || points == 0 {
            return Err(Error::Data("expected at least one pair of fields".into()));
        }
        let channels = inputs + outputs;
        let count = (samples.len() * points) as f64;
        let average = |of: &dyn Fn(usize, f64) -> f64| -> Result<Vec<f64>> {
            let mut sums = vec![0.0; channels];
            let (mut input, mut output) = (vec![0.0; inputs * points], vec![0.0; outputs * points]);
            for index in 0..samples.len() {
                samples.read(index, None, &mut input, &mut output)?;
                let fields = input.chunks(points).chain(output.chunks(points));
                for (channel, field) in fields.enumerate() {
                    for value in field {
                        sums[channel] += of(channel, f64::from(*value));
                    }
                }
            }
            if let Some(channel) = sums.iter().position(|s: &f64| !s.is_finite()) {
                return Err(Error::Data(format!(
                    "channel {channel} holds values that are not finite"
                )));
            }
            Ok(sums.into_iter().map(|sum| sum / count).collect())
        };
        let mean = match about_zero {
            true => vec![0.0; channels],
            false => average(&|_, value| value)?,
        };
        let square = average(&|channel, value| (value - mean[channel]).powi(2))?;
        let std: Vec<f64> = square
            .into_iter()
            .map(|square| if square > 0.0 { square.sqrt() } else { 1.0 })
            .collect();
        Ok(Self {
            input_mean: mean[..inputs].to_vec(),
            input_std: std[..inputs].to_vec(),
            output_mean: mean[inputs..].to_vec(),
            output_std: std[inputs..].to_vec(),
        })
    }
}

/// Makes of a pair, `[channel][row][column]` each, another that the equation allows as well, chosen by
/// the generator alone.
pub type Symmetry = dyn Fn(&mut ChaCha8Rng, ArrayViewMut3<f32>, ArrayViewMut3<f32>) + Send + Sync;

/// Pairs of fields in memory, `[sample][channel][row][column]`; fields on a line have one row.
#[derive(Clone)]
pub struct FieldPairs {
    inputs: Array4<f32>,
    outputs: Array4<f32>,
    periodic: bool,
    sequence: usize,
    symmetry: Option<Arc<Symmetry>>,
}

impl fmt::Debug for FieldPairs {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let shape = (self.inputs.dim(), self.outputs.dim());
        f.debug_tuple("FieldPairs").field(&shape).finish()
    }
}

impl FieldPairs {
    /// Inputs and the outputs that belong to them.
    ///
    /// # Errors
    /// When there are not as many of one as of the other, they lie on different grids, or there
    /// are none.
    pub fn new(inputs: Array4<f32>, outputs: Array4<f32>) -> Result<Self> {
        let ((n, c, h, w), (m, d, rows, columns)) = (inputs.dim(), outputs.dim());
        if (n, h, w) != (m, rows, columns) {
            return Err(Error::TensorShape {
                tensor: "outputs".into(),
                expected: vec![n, d, h, w],
                found: outputs.shape().to_vec(),
            });
        }
        if n * c * d * h * w == 0 {
            return Err(Error::Data("expected samples, found none".into()));
        }
        Ok(Self {
            inputs,
            outputs,
            periodic: false,
            sequence: 1,
            symmetry: None,
        })
    }

    /// Says that the fields go on at one side as at the other.
    #[must_use]
    pub fn on_a_torus(self) -> Self {
        Self {
            periodic: true,
            ..self
        }
    }

    /// Says that so many pairs follow each other in time; they must divide the number of pairs.
    ///
    /// # Errors
    /// When they do not.
    pub fn in_sequences(self, pairs: usize) -> Result<Self> {
        if pairs == 0 || !self.len().is_multiple_of(pairs) {
            let count = self.len();
            return Err(Error::Data(format!(
                "expected sequences that divide {count} pairs, found {pairs}"
            )));
        }
        Ok(Self {
            sequence: pairs,
            ..self
        })
    }

    /// Draws training pairs with a symmetry.
    #[must_use]
    pub fn with_symmetry(self, symmetry: Arc<Symmetry>) -> Self {
        Self {
            symmetry: Some(symmetry),
            ..self
        }
    }

    /// The same fields with `points` along the longest side: sampled from their trigonometric
    /// polynomials on a torus, thinned out elsewhere. They keep no symmetry.
    ///
    /// # Errors
    /// When such a grid has no points in common with theirs, or not their proportions.
    pub fn at_resolution(&self, points: usize) -> Result<Self> {
        let resolution = Resolution::new(self.grid(), points, self.periodic)?;
        let [rows, columns] = resolution.size();
        let resampled = |fields: &Array4<f32>| {
            let (count, channels, ..) = fields.dim();
            let values = resolution.apply(fields.iter().copied().collect());
            Array4::from_shape_vec((count, channels, rows, columns), values)
                .map_err(|e| Error::Data(e.to_string()))
        };
        Ok(Self {
            inputs: resampled(&self.inputs)?,
            outputs: resampled(&self.outputs)?,
            symmetry: None,
            ..self.clone()
        })
    }

    /// Other samples of which the same is known.
    ///
    /// # Errors
    /// As [`Self::new`] and [`Self::in_sequences`].
    pub fn with_samples(&self, inputs: Array4<f32>, outputs: Array4<f32>) -> Result<Self> {
        let new = Self::new(inputs, outputs)?;
        let new = new.in_sequences(self.sequence)?;
        Ok(Self {
            inputs: new.inputs,
            outputs: new.outputs,
            ..self.clone()
        })
    }

    /// The same with other inputs, e.g. further channels.
    ///
    /// # Errors
    /// When there are not as many, or they lie on another grid.
    pub fn with_inputs(&self, inputs: Array4<f32>) -> Result<Self> {
        let new = Self::new(inputs, self.outputs.clone())?;
        Ok(Self {
            inputs: new.inputs,
            ..self.clone()
        })
    }

    /// The first `pairs` of them, and the others if there are any, with all that is known of both.
    ///
    /// # Errors
    /// When there are not as many, or a sequence would be cut.
    pub fn split_at(&self, pairs: usize) -> Result<(Self, Option<Self>)> {
        let count = self.len();
        if pairs == 0 || pairs > count || !pairs.is_multiple_of(self.sequence) {
            return Err(Error::Data(format!(
                "expected 1 to {count} pairs in whole sequences of {}, found {pairs}",
                self.sequence
            )));
        }
        let part = |range: std::ops::Range<usize>| {
            let cut = |fields: &Array4<f32>| {
                let slice = ndarray::Slice::from(range.clone());
                fields.slice_axis(Axis(0), slice).to_owned()
            };
            Self {
                inputs: cut(&self.inputs),
                outputs: cut(&self.outputs),
                ..self.clone()
            }
        };
        Ok((part(0..pairs), (pairs < count).then(|| part(pairs..count))))
    }

    /// Draws training pairs as they are.
    #[must_use]
    pub fn without_symmetry(self) -> Self {
        Self {
            symmetry: None,
            ..self
        }
    }

    /// The symmetry that training pairs are drawn with.
    pub fn symmetry(&self) -> Option<Arc<Symmetry>> {
        self.symmetry.clone()
    }

    /// `[row, column]` of the grid.
    pub fn grid(&self) -> [usize; 2] {
        let (_, _, h, w) = self.inputs.dim();
        [h, w]
    }

    /// Inputs `[sample][channel][row][column]`.
    pub fn inputs(&self) -> &Array4<f32> {
        &self.inputs
    }

    /// Outputs `[sample][channel][row][column]`.
    pub fn outputs(&self) -> &Array4<f32> {
        &self.outputs
    }
}

impl FieldSamples for FieldPairs {
    fn len(&self) -> usize {
        self.inputs.dim().0
    }

    fn shape(&self) -> [usize; 4] {
        let (_, inputs, rows, columns) = self.inputs.dim();
        [inputs, self.outputs.dim().1, rows, columns]
    }

    fn periodic(&self) -> bool {
        self.periodic
    }

    fn sequence(&self) -> usize {
        self.sequence
    }

    fn read(
        &self,
        index: usize,
        symmetry: Option<&mut ChaCha8Rng>,
        input: &mut [f32],
        output: &mut [f32],
    ) -> Result<()> {
        let copy = |field: ArrayView3<f32>, to: &mut [f32]| {
            to.iter_mut().zip(field).for_each(|(to, from)| *to = *from);
        };
        copy(self.inputs.index_axis(Axis(0), index), input);
        copy(self.outputs.index_axis(Axis(0), index), output);
        if let (Some(apply), Some(rng)) = (&self.symmetry, symmetry) {
            let [inputs, outputs, rows, columns] = self.shape();
            let view = |channels, values| {
                ArrayViewMut3::from_shape((channels, rows, columns), values)
                    .map_err(|e| Error::Data(e.to_string()))
            };
            apply(rng, view(inputs, input)?, view(outputs, output)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalisations_about_the_mean_and_about_zero() {
        let of = |values: [f32; 4]| Array4::from_shape_vec((2, 1, 1, 2), values.to_vec());
        let pairs = FieldPairs::new(
            of([1.0, 3.0, 5.0, 7.0]).expect("shape"),
            of([2.0; 4]).expect("shape"),
        )
        .expect("pairs");
        let n = FieldNormalisation::of(&pairs, false).expect("moments");
        assert_eq!((n.input_mean[0], n.input_std[0]), (4.0, 5.0f64.sqrt()));
        assert_eq!((n.output_mean[0], n.output_std[0]), (2.0, 1.0));
        let n = FieldNormalisation::of(&pairs, true).expect("sizes");
        assert_eq!((n.input_mean[0], n.input_std[0]), (0.0, 21.0f64.sqrt()));
        assert_eq!((n.output_mean[0], n.output_std[0]), (0.0, 2.0));
    }

    #[test]
    fn samples_that_do_not_fit_are_refused() {
        let fields = |n, w| Array4::<f32>::zeros((n, 1, 1, w));
        assert!(FieldPairs::new(fields(3, 4), fields(2, 4)).is_err());
        assert!(FieldPairs::new(fields(3, 4), fields(3, 5)).is_err());
        assert!(FieldPairs::new(fields(0, 4), fields(0, 4)).is_err());
    }
}
