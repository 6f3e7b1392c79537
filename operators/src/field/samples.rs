//! Pairs of input and output fields.

use crate::error::{Error, Result};
use rand_chacha::ChaCha8Rng;

/// A source of training pairs.
pub trait FieldSamples: Sync {
    /// Number of pairs.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `[input channels, output channels, height, width]`.
    fn shape(&self) -> [usize; 4];

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

/// Root mean square of each input and output channel over all pairs; 1 for a channel of zeros.
///
/// # Errors
/// When reading fails, there is no pair, or a value is not finite.
pub fn scales(samples: &dyn FieldSamples) -> Result<(Vec<f64>, Vec<f64>)> {
    let [inputs, outputs, height, width] = samples.shape();
    let points = height * width;
    if samples.is_empty() || points == 0 {
        return Err(Error::Data("expected at least one pair of fields".into()));
    }
    let mut squares = vec![0.0f64; inputs + outputs];
    let (mut input, mut output) = (vec![0.0; inputs * points], vec![0.0; outputs * points]);
    for index in 0..samples.len() {
        samples.read(index, None, &mut input, &mut output)?;
        let fields = input.chunks(points).chain(output.chunks(points));
        for (sum, field) in squares.iter_mut().zip(fields) {
            *sum += field.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        }
    }
    if let Some(channel) = squares.iter().position(|s| !s.is_finite()) {
        return Err(Error::Data(format!(
            "channel {channel} holds values that are not finite"
        )));
    }
    let count = (samples.len() * points) as f64;
    let root = |sum: &f64| match (sum / count).sqrt() {
        0.0 => 1.0,
        root => root,
    };
    let all: Vec<f64> = squares.iter().map(root).collect();
    Ok((all[..inputs].to_vec(), all[inputs..].to_vec()))
}
