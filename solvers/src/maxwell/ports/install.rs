//! Ports into a model, and their records out of a run.

use super::block::{EdgeBlock, Integral, inside};
use super::lumped::{attach, bridge, connect, hold, strip};
use super::port::{Port, PortKind};
use super::record::PortRecord;
use super::waveguide::{ModeProbes, Section};
use crate::maxwell::{Component, Engine, Index, Model, Waveform};
use crate::{Error, Result};
use num_complex::Complex64;
use std::collections::HashMap;
use std::f64::consts::PI;

/// The source of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Excitation {
    /// Position of the port in the list.
    pub port: usize,
    /// Course of its source's voltage, in V; of a waveguide's sheet, in the square root of W times
    /// the root of the impedance of free space.
    pub waveform: Waveform,
    /// Most steps of the run: how far to sample a waveform that does not end.
    pub steps: usize,
}

/// Where a port is measured in a model.
#[derive(Clone, Debug)]
pub struct PortProbes {
    name: String,
    impedance: f64,
    excited: bool,
    frequencies: Vec<f64>,
    kind: ProbeKind,
}

#[derive(Clone, Debug)]
enum ProbeKind {
    Circuit {
        voltage: Integral,
        current: Integral,
    },
    Mode(Box<ModeProbes>),
}

/// Installs all ports of a model: their resistances and sources, of which at most one is given a
/// waveform, their probes and regions. The model's media and time step must be final. Returns
/// where each port is measured, in the order of the ports.
///
/// # Errors
/// [`Error::Port`] for ports that overlap, lie in metal, in a dispersive medium, outside the mesh
/// or in its absorbing layers, share a name, are no gap, have unusable values, or do not propagate
/// at one of the `frequencies`; [`Error::Parameter`] for a frequency or a waveform that is not
/// usable; [`Error::Size`] when the source names a port that does not exist.
pub fn install(
    model: &mut Model,
    ports: &[Port],
    excitation: Option<&Excitation>,
    frequencies: &[f64],
) -> Result<Vec<PortProbes>> {
    if let Some(excitation) = excitation {
        excitation.waveform.validate()?;
        if excitation.port >= ports.len() {
            return Err(Error::Size {
                what: "number of the excited port",
                expected: format!("below the number of ports, {}", ports.len()),
                found: excitation.port,
            });
        }
    }
    if let Some(&value) = frequencies.iter().find(|&&f| !(f > 0.0 && f.is_finite())) {
        return Err(Error::Parameter {
            name: "frequency of a port",
            value,
            expected: "a finite frequency above 0 Hz",
        });
    }
    // all checks come before the first change
    let mut taken: HashMap<(Component, Index), &str> = HashMap::new();
    let mut planned = Vec::new();
    for (n, port) in ports.iter().enumerate() {
        if ports[..n].iter().any(|p| p.name == port.name) {
            return Err(port.error("another port has the same name".into()));
        }
        port.check_values()?;
        let plan = Plan::new(model, port, frequencies)?;
        for edge in plan.occupied() {
            if let Some(other) = taken.insert(edge, &port.name) {
                let (component, [i, j, k]) = edge;
                return Err(port.error(format!(
                    "it overlaps port \"{other}\" on {component:?} of cell ({i}, {j}, {k})"
                )));
            }
        }
        planned.push(plan);
    }
    let interval = excitation
        .and_then(|e| e.waveform.highest_frequency())
        .map_or(1, |f| (1.0 / (8.0 * f * model.time_step)).max(1.0) as usize);
    let mut probes = Vec::new();
    for (n, (port, plan)) in ports.iter().zip(planned).enumerate() {
        let own = excitation.filter(|e| e.port == n);
        let samples = own.map(|e| e.waveform.sample(model.time_step, e.steps));
        probes.push(PortProbes {
            name: port.name.clone(),
            impedance: port.impedance,
            excited: own.is_some(),
            frequencies: frequencies.to_vec(),
            kind: plan.carry_out(model, port, samples.as_deref(), frequencies, interval)?,
        });
    }
    Ok(probes)
}

/// A port's place on the mesh.
enum Plan {
    Block(EdgeBlock),
    Section(Box<Section>),
}

impl Plan {
    fn new(model: &Model, port: &Port, frequencies: &[f64]) -> Result<Self> {
        let terminals = match &port.kind {
            PortKind::Gap(terminals)
            | PortKind::Lumped { terminals, .. }
            | PortKind::Microstrip { terminals, .. } => terminals,
            PortKind::Waveguide { .. } => {
                let Some(section) = Section::new(model, port)? else {
                    return Err(port.error("it is not a waveguide".into()));
                };
                section.check_frequencies(port, frequencies)?;
                return Ok(Self::Section(Box::new(section)));
            }
        };
        let block = EdgeBlock::new(model, port, terminals)?;
        block.check(model, port)?;
        Ok(Self::Block(block))
    }

    fn occupied(&self) -> Vec<(Component, Index)> {
        match self {
            Self::Block(block) => {
                let component = block.component();
                block.edges().into_iter().map(|e| (component, e)).collect()
            }
            Self::Section(section) => section.occupied(),
        }
    }

    fn carry_out(
        self,
        model: &mut Model,
        port: &Port,
        source: Option<&[f64]>,
        frequencies: &[f64],
        interval: usize,
    ) -> Result<ProbeKind> {
        let block = match self {
            Self::Block(block) => block,
            Self::Section(section) => {
                if let Some(samples) = source {
                    section.excite(model, samples);
                }
                let probes = section.observe(model, frequencies, interval);
                return Ok(ProbeKind::Mode(Box::new(probes)));
            }
        };
        attach(model, &block)?;
        bridge(model, &block);
        match port.kind {
            PortKind::Microstrip {
                ref terminals,
                line,
                forward,
                shift,
                resistance,
            } => {
                let sheet = terminals.negative[line as usize];
                let plane = if forward {
                    sheet + shift
                } else {
                    sheet - shift
                };
                inside(model, port, line, plane, true)?;
                let (voltage, current) = strip(model, port, &block, line, forward, plane)?;
                connect(model, &block, [resistance, 0.0, f64::INFINITY], source)?;
                return Ok(ProbeKind::Circuit { voltage, current });
            }
            PortKind::Lumped {
                resistance,
                inductance,
                capacitance,
                ..
            } => connect(model, &block, [resistance, inductance, capacitance], source)?,
            PortKind::Gap(_) | PortKind::Waveguide { .. } => hold(model, &block, source)?,
        }
        Ok(ProbeKind::Circuit {
            voltage: block.voltage(model),
            current: block.current(model),
        })
    }
}

impl Port {
    fn check_values(&self) -> Result<()> {
        let mut positive = vec![("reference impedance", self.impedance, "ohm")];
        match self.kind {
            PortKind::Lumped {
                terminals: _,
                resistance,
                inductance,
                capacitance,
            } => {
                positive.push(("resistance", resistance, "ohm"));
                if !(inductance >= 0.0 && inductance.is_finite()) {
                    return Err(
                        self.error(format!("inductance {inductance} H; expected 0 or more"))
                    );
                }
                if capacitance.is_nan() || capacitance <= 0.0 {
                    return Err(self.error(format!(
                        "capacitance {capacitance} F; expected above 0, infinite for none"
                    )));
                }
            }
            PortKind::Microstrip {
                terminals,
                line,
                shift,
                resistance,
                ..
            } => {
                positive.push(("resistance", resistance, "ohm"));
                positive.push(("shift", shift, "m"));
                let l = line as usize;
                if line == terminals.axis || terminals.negative[l] != terminals.positive[l] {
                    return Err(self.error(format!(
                        "its sheet must be normal to the line's axis {line:?}: from ground to strip along another axis, both corners at the same coordinate along {line:?}"
                    )));
                }
            }
            PortKind::Gap(_) | PortKind::Waveguide { .. } => {}
        }
        match positive.iter().find(|p| !(p.1 > 0.0 && p.1.is_finite())) {
            Some((name, value, unit)) => {
                Err(self.error(format!("{name} {value} {unit}; expected above 0")))
            }
            None => Ok(()),
        }
    }
}

impl PortProbes {
    /// The port's phasors after a run.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn record(&self, run: &dyn Engine) -> Result<PortRecord> {
        let frequencies = self.frequencies.clone();
        let (voltage, current, reference) = match &self.kind {
            ProbeKind::Circuit { voltage, current } => {
                let dt = run.time_step();
                let transform = |integral: &Integral, shift: f64| -> Result<Vec<Complex64>> {
                    let series = sum(run, integral)?;
                    let phasors = frequencies.iter().map(|f| fourier(&series, dt, shift, *f));
                    Ok(phasors.collect())
                };
                (
                    transform(voltage, 1.0)?,
                    transform(current, 0.5)?,
                    vec![self.impedance; frequencies.len()],
                )
            }
            ProbeKind::Mode(mode) => {
                let [v, i, z] = mode.evaluate(&frequencies, run)?;
                (v, i, z.iter().map(|z| z.re).collect())
            }
        };
        Ok(PortRecord {
            name: self.name.clone(),
            excited: self.excited,
            frequencies,
            voltage,
            current,
            reference,
            impedance: self.impedance,
        })
    }

    /// Voltage at `(n + 1) dt` and current at `(n + 1/2) dt` of each step so far; `None` for a
    /// waveguide, whose waves are known by frequency alone.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn series(&self, run: &dyn Engine) -> Result<Option<[Vec<f64>; 2]>> {
        match &self.kind {
            ProbeKind::Circuit { voltage, current } => {
                Ok(Some([sum(run, voltage)?, sum(run, current)?]))
            }
            ProbeKind::Mode(_) => Ok(None),
        }
    }

    /// Phase constant in rad/m of a waveguide's mode on the mesh; `None` for other ports and where
    /// it does not propagate.
    pub fn phase_constant(&self, frequency: f64) -> Option<f64> {
        match &self.kind {
            ProbeKind::Mode(mode) => mode.phase_constant(frequency),
            ProbeKind::Circuit { .. } => None,
        }
    }
}

fn sum(run: &dyn Engine, integral: &Integral) -> Result<Vec<f64>> {
    let mut series = vec![0.0; run.step()];
    for &(probe, weight) in integral {
        for (total, sample) in series.iter_mut().zip(run.probe(probe)?) {
            *total += weight * sample;
        }
    }
    Ok(series)
}

/// `sum dt x_n exp(-j 2 pi f (n + shift) dt)`, the rotation by recurrence, renewed now and then.
fn fourier(series: &[f64], dt: f64, shift: f64, frequency: f64) -> Complex64 {
    let angle = -2.0 * PI * frequency * dt;
    let step = Complex64::cis(angle);
    let mut total = Complex64::ZERO;
    for (block, samples) in series.chunks(64).enumerate() {
        let mut phase = Complex64::cis(angle * ((64 * block) as f64 + shift));
        for &x in samples {
            total += phase * x;
            phase *= step;
        }
    }
    total * dt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fourier_sum() {
        let (dt, f) = (0.01, 3.7);
        let series: Vec<f64> = (0..1000).map(|n| (n as f64 * 0.03).sin()).collect();
        let direct: Complex64 = series
            .iter()
            .enumerate()
            .map(|(n, x)| Complex64::cis(-2.0 * PI * f * (n as f64 + 0.5) * dt) * x * dt)
            .sum();
        assert!((fourier(&series, dt, 0.5, f) - direct).norm() < 1e-12);
    }
}
