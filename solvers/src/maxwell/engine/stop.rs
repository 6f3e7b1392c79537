//! When a run ends.

/// Conditions that end a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Most steps to take in this run.
    pub max_steps: usize,
    /// End when the energy has fallen to this fraction of the most seen, looked at once the
    /// waveforms have ended; `None` takes all steps.
    pub energy_fraction: Option<f64>,
    /// Steps between looks at the energy, 1 or more.
    pub check_interval: usize,
}

/// What the observer of a run sees at every look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps taken since the start of the simulation.
    pub step: usize,
    /// `step` times the time step, in s.
    pub time: f64,
    /// Energy in J.
    pub energy: f64,
    /// Most energy seen so far in J.
    pub peak_energy: f64,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The energy fell to the fraction asked for.
    Energy,
    /// All steps were taken; if an energy fraction was asked for, it was not reached.
    MaxSteps,
    /// The observer broke off.
    Observer,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Why.
    pub reason: StopReason,
    /// Steps taken since the start of the simulation.
    pub step: usize,
    /// Energy at the end in J.
    pub energy: f64,
    /// Most energy seen in J.
    pub peak_energy: f64,
}

impl Outcome {
    /// Whether the energy level was reached; false also when none was asked for.
    pub fn reached(&self) -> bool {
        self.reason == StopReason::Energy
    }

    /// Energy at the end as a fraction of the most seen; 0 when there never was any.
    pub fn energy_fraction(&self) -> f64 {
        if self.peak_energy > 0.0 {
            self.energy / self.peak_energy
        } else {
            0.0
        }
    }
}
