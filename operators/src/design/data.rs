//! A design sweep: the parameters of each design and its response over frequency.

use crate::error::{Error, Result};
use ndarray::{Array2, Array3, Axis};
use num_complex::Complex64;

/// S-parameters `[design, port pair, frequency]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Complex amplitudes.
    Complex(Array3<Complex64>),
    /// Magnitudes in dB, `20 log10 |S|`, where the phase is not known.
    Decibel(Array3<f64>),
}

/// Lowest magnitude in dB; where `S` is 0.
pub const LOWEST_DECIBEL: f64 = -200.0;

impl Response {
    /// Designs, port pairs and frequencies.
    pub fn shape(&self) -> [usize; 3] {
        let (a, b, c) = match self {
            Self::Complex(values) => values.dim(),
            Self::Decibel(values) => values.dim(),
        };
        [a, b, c]
    }

    /// Magnitudes in dB.
    pub fn decibel(&self) -> Array3<f64> {
        match self {
            Self::Complex(values) => values.mapv(|s| decibel(s.norm())),
            Self::Decibel(values) => values.clone(),
        }
    }

    /// The designs with these indices.
    ///
    /// # Panics
    /// When an index is not below the number of designs.
    pub fn select(&self, designs: &[usize]) -> Self {
        match self {
            Self::Complex(values) => Self::Complex(values.select(Axis(0), designs)),
            Self::Decibel(values) => Self::Decibel(values.select(Axis(0), designs)),
        }
    }

    fn first_not_finite(&self) -> Option<(usize, usize, usize)> {
        match self {
            Self::Complex(values) => values
                .indexed_iter()
                .find(|(_, s)| !s.is_finite())
                .map(|(at, _)| at),
            Self::Decibel(values) => values
                .indexed_iter()
                .find(|(_, s)| !s.is_finite())
                .map(|(at, _)| at),
        }
    }
}

/// `20 log10` of a magnitude, at least [`LOWEST_DECIBEL`].
pub(crate) fn decibel(magnitude: f64) -> f64 {
    (20.0 * magnitude.log10()).max(LOWEST_DECIBEL)
}

/// A design sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignData {
    /// Names of the parameters.
    pub parameter_names: Vec<String>,
    /// Values `[design, parameter]`, in any units: the surrogate only compares them.
    pub parameters: Array2<f64>,
    /// Port pairs `[i, j]` of `S_ij`, counted from 1.
    pub port_pairs: Vec<[usize; 2]>,
    /// Frequencies in Hz (or any one unit), ascending.
    pub frequencies: Vec<f64>,
    /// S-parameters.
    pub response: Response,
}

impl DesignData {
    /// Number of designs.
    pub fn designs(&self) -> usize {
        self.parameters.nrows()
    }

    /// The designs with these indices.
    ///
    /// # Panics
    /// When an index is not below the number of designs.
    pub fn select(&self, designs: &[usize]) -> Self {
        Self {
            parameter_names: self.parameter_names.clone(),
            parameters: self.parameters.select(Axis(0), designs),
            port_pairs: self.port_pairs.clone(),
            frequencies: self.frequencies.clone(),
            response: self.response.select(designs),
        }
    }

    /// Refuses data that no surrogate can learn from.
    ///
    /// # Errors
    /// When shapes disagree, a value is not finite, the frequencies do not ascend from 0 or more,
    /// or there are no parameters, port pairs, fewer than 2 frequencies or 4 designs.
    pub fn check(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::Data(message));
        let (designs, parameters) = self.parameters.dim();
        if parameters == 0 || parameters != self.parameter_names.len() {
            return refuse(format!(
                "expected a name for each parameter, found {} names of {parameters} parameters",
                self.parameter_names.len()
            ));
        }
        let expected = [designs, self.port_pairs.len(), self.frequencies.len()];
        if self.response.shape() != expected {
            return Err(Error::TensorShape {
                tensor: "response [design, port pair, frequency]".into(),
                expected: expected.to_vec(),
                found: self.response.shape().to_vec(),
            });
        }
        if designs < 4 || expected[1] == 0 || expected[2] < 2 {
            return refuse(format!(
                "expected at least 4 designs, 1 port pair and 2 frequencies, found {designs}, {} \
                 and {}",
                expected[1], expected[2]
            ));
        }
        if let Some(((design, parameter), value)) =
            self.parameters.indexed_iter().find(|(_, v)| !v.is_finite())
        {
            return refuse(format!(
                "design {design}: parameter `{}` is {value}",
                self.parameter_names[parameter]
            ));
        }
        let ascending = self.frequencies.windows(2).all(|w| w[0] < w[1]);
        let (first, last) = (self.frequencies[0], self.frequencies[expected[2] - 1]);
        if !(ascending && first >= 0.0 && last.is_finite()) {
            return refuse("expected frequencies that ascend from 0 or more".into());
        }
        if let Some((design, pair, frequency)) = self.response.first_not_finite() {
            let [i, j] = self.port_pairs[pair];
            return refuse(format!(
                "design {design}: S{i}{j} at {} Hz is not finite",
                self.frequencies[frequency]
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> DesignData {
        DesignData {
            parameter_names: vec!["length".into(), "width".into()],
            parameters: Array2::from_shape_fn((5, 2), |(i, j)| (i + j) as f64),
            port_pairs: vec![[1, 1]],
            frequencies: vec![1e9, 2e9, 3e9],
            response: Response::Complex(Array3::from_elem((5, 1, 3), Complex64::new(0.0, 0.1))),
        }
    }

    #[test]
    fn magnitudes_and_selection() {
        let picked = data().select(&[4, 0]);
        assert_eq!(picked.parameters[[0, 1]], 5.0);
        assert!((picked.response.decibel()[[1, 0, 2]] + 20.0).abs() < 1e-12);
        assert_eq!(decibel(0.0), LOWEST_DECIBEL);
    }

    #[test]
    fn unusable_data_are_refused_with_the_place() {
        assert!(data().check().is_ok());
        let message = |change: &dyn Fn(&mut DesignData)| {
            let mut data = data();
            change(&mut data);
            data.check().expect_err("refused").to_string()
        };
        let found = message(&|d| d.parameters[[3, 1]] = f64::NAN);
        assert!(
            found.contains("design 3") && found.contains("`width`"),
            "{found}"
        );
        assert!(message(&|d| d.frequencies[1] = 0.5e9).contains("ascend"));
        assert!(message(&|d| d.frequencies.push(4e9)).contains("expected shape [5, 1, 4]"));
        assert!(message(&|d| *d = d.select(&[0, 1])).contains("at least 4 designs"));
        let found = message(&|d| {
            if let Response::Complex(values) = &mut d.response {
                values[[2, 0, 1]].re = f64::INFINITY;
            }
        });
        assert!(found.contains("design 2: S11 at 2000000000 Hz"), "{found}");
    }
}
