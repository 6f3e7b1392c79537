//! The division of a run into output intervals and of these into equal steps.

use crate::{Error, Result};

/// Equal steps that hit every output time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The step in seconds: the one asked for, or a little less, so that a whole number of them
    /// makes an output interval.
    pub time_step: f64,
    /// Steps from one output to the next.
    pub steps_per_output: u64,
    /// Number of outputs after the initial one.
    pub outputs: u64,
}

impl Schedule {
    /// Steps of at most `time_step` seconds through `duration`, output every `output_interval`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when a value is not above 0, or the duration is not a whole number of
    /// output intervals.
    pub fn new(duration: f64, output_interval: f64, time_step: f64) -> Result<Self> {
        let named = [
            ("duration", duration),
            ("output_interval", output_interval),
            ("time_step", time_step),
        ];
        for (name, value) in named {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "seconds, above 0",
                });
            }
        }
        let outputs = (duration / output_interval).round();
        if outputs < 1.0 || (outputs * output_interval / duration - 1.0).abs() > 1e-9 {
            return Err(Error::Parameter {
                name: "duration",
                value: duration,
                expected: "a whole number of output intervals",
            });
        }
        let steps = (output_interval / time_step - 1e-9).ceil().max(1.0);
        Ok(Self {
            time_step: output_interval / steps,
            steps_per_output: steps as u64,
            outputs: outputs as u64,
        })
    }

    /// Refuses a step that is longer than `limit` (seconds).
    ///
    /// # Errors
    /// [`Error::UnstableTimeStep`], naming the integrator.
    pub(crate) fn check(&self, limit: f64, integrator: &'static str) -> Result<()> {
        match self.time_step > limit {
            true => Err(Error::UnstableTimeStep {
                time_step: self.time_step,
                limit,
                integrator,
            }),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hit_the_output_times() {
        let exact = Schedule::new(86400.0, 21600.0, 600.0).unwrap();
        assert_eq!(
            (exact.time_step, exact.steps_per_output, exact.outputs),
            (600.0, 36, 4)
        );
        let shrunk = Schedule::new(3600.0, 3600.0, 700.0).unwrap();
        assert_eq!((shrunk.time_step, shrunk.steps_per_output), (600.0, 6));
        assert!(Schedule::new(5000.0, 3600.0, 100.0).is_err());
        assert!(Schedule::new(f64::NAN, 3600.0, 100.0).is_err());
        assert!(Schedule::new(3600.0, 3600.0, 0.0).is_err());
    }
}
