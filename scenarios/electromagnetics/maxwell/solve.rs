//! One design through the solver: every port in turn, or the scene's source.

use super::Loaded;
use super::assemble::{Problem, point};
use super::far_field::{Cuts, FarPoint, cuts, far_points};
use super::field_monitors::{FieldSpectrum, FluxSpectrum, component};
use super::measures;
use super::scene::Precision;
use crate::error::{Error, Result};
use curlwind_datasets::touchstone;
use curlwind_solvers::maxwell::ports::{self, Excitation, PortRecord};
use curlwind_solvers::maxwell::{
    Axis, Component, Engine, Model, Network, PlaneWave, Probe, Stop, TotalField, dipole, engine,
    shared_engine,
};
use curlwind_solvers::ranks::Communicator;
use indicatif::ProgressBar;
use num_complex::Complex64;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::ops::ControlFlow;
use std::time::Instant;

/// What one design came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// S parameters, where the scene has ports.
    #[serde(skip)]
    pub network: Option<touchstone::Network>,
    /// Far field of the first port or the source, by frequency.
    pub far_field: Vec<FarPoint>,
    /// Cuts of the pattern at the far-field frequency nearest to the resonance (or, without ports,
    /// at the middle one).
    pub cuts: Option<Cuts>,
    /// Probes over time.
    pub probes: Vec<Series>,
    /// Fields at frequencies of the first port or the source; a sweep does not keep them.
    #[serde(skip)]
    pub fields: Vec<FieldSpectrum>,
    /// Power through planes and out of boxes, likewise.
    #[serde(default)]
    pub fluxes: Vec<FluxSpectrum>,
    /// How the runs went, one per port.
    pub runs: Vec<RunFacts>,
    /// Cells of the mesh.
    pub cells: u64,
    /// Time step in s.
    pub time_step: f64,
    /// Wall time in s.
    pub seconds: f64,
}

/// A recorded field component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Name in the scene.
    pub name: String,
    /// Whether it is one of E (V/m), else of H (A/m).
    pub electric: bool,
    /// One sample per step.
    pub samples: Vec<f64>,
}

/// How a run went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// What was excited.
    pub excited: String,
    /// Steps taken.
    pub steps: usize,
    /// Energy at the end, in dB below its peak.
    pub energy_decay_db: f64,
    /// Whether the decay asked for was reached (true when none was asked for).
    pub decayed: bool,
    /// Million cell updates per second.
    pub mcells_per_second: f64,
}

impl Loaded {
    /// Solves the scene. The progress bar counts steps.
    ///
    /// # Errors
    /// What [`Loaded::assemble`] refuses, ports that do not fit, too little memory, fields that
    /// are not finite.
    pub fn solve(&self, bar: &ProgressBar) -> Result<Solution> {
        self.solve_by(None, bar)
    }

    /// The same by all processes together, who share the mesh and get the same solution.
    ///
    /// # Errors
    /// As [`Loaded::solve`]; a mesh that is too small for so many.
    pub fn solve_together(&self, bar: &ProgressBar) -> Result<Solution> {
        self.solve_by(Some(crate::ranks::all), bar)
    }

    fn solve_by(&self, sharing: Sharing, bar: &ProgressBar) -> Result<Solution> {
        let problem = &self.assemble()?;
        let start = Instant::now();
        let mut solution = Solution {
            network: None,
            far_field: Vec::new(),
            cuts: None,
            probes: Vec::new(),
            fields: Vec::new(),
            fluxes: Vec::new(),
            runs: Vec::new(),
            cells: problem.estimate.cells,
            time_step: problem.model.time_step,
            seconds: 0.0,
        };
        if problem.ports.is_empty() {
            self.solve_source(problem, sharing, &mut solution, bar)?;
        } else {
            self.solve_ports(problem, sharing, &mut solution, bar)?;
        }
        solution.seconds = start.elapsed().as_secs_f64();
        Ok(solution)
    }

    fn solve_ports(
        &self,
        problem: &Problem,
        sharing: Sharing,
        solution: &mut Solution,
        bar: &ProgressBar,
    ) -> Result<()> {
        let blame = |error| self.blame(error);
        let mut records: Vec<Vec<PortRecord>> = Vec::new();
        let mut far = None;
        for (n, port) in problem.ports.iter().enumerate() {
            let mut model = problem.model.clone();
            let excitation = Excitation {
                port: n,
                waveform: problem.waveform.clone(),
                steps: problem.max_steps,
            };
            let probes = ports::install(
                &mut model,
                &problem.ports,
                Some(&excitation),
                &problem.frequencies,
            )
            .map_err(blame)?;
            let own = if n == 0 {
                self.probes(&mut model)?
            } else {
                Vec::new()
            };
            let monitor = match n == 0 && !problem.far_frequencies.is_empty() {
                true => Some(
                    problem
                        .far_field
                        .install(&mut model, &problem.far_frequencies, sampling(problem))
                        .map_err(blame)?,
                ),
                false => None,
            };
            let monitors = match n {
                0 => Some(self.install_monitors(&mut model, problem, sampling(problem))?),
                _ => None,
            };
            let simulation = self.run(&model, problem, (&port.name, sharing), solution, bar)?;
            let run = simulation.as_ref();
            let own_records: curlwind_solvers::Result<Vec<PortRecord>> =
                probes.iter().map(|p| p.record(run)).collect();
            let own_records = own_records.map_err(blame)?;
            if let Some(monitors) = monitors {
                // Phasors of a real signal carry half the squared magnitude as power.
                let (frequencies, incident) =
                    (&own_records[0].frequencies, own_records[0].incident());
                let scale = |f: f64| 2f64.sqrt() / interpolate(frequencies, &incident, f);
                (solution.fields, solution.fluxes) =
                    monitors.evaluate(run, scale).map_err(blame)?;
            }
            if let Some(monitor) = monitor {
                far = Some(monitor.evaluate(run).map_err(blame)?);
            }
            for probe in own {
                solution.probes.push(probe.series(run).map_err(blame)?);
            }
            records.push(own_records);
        }
        let network = Network::from_runs(&records).map_err(blame)?;
        let reference = network.impedance[0];
        let same = vec![reference; network.ports.len()];
        let network = network.renormalised(&same).map_err(blame)?;
        let s11 = network.parameter(0, 0);
        if let Some(far) = far {
            // The waves of the first run at the far field's frequencies: V and I are known at the
            // band's, between which they are smooth.
            let first = &records[0][0];
            let (incident, reflected) = (first.incident(), first.reflected());
            let powers = |f: f64| {
                let a = interpolate(&first.frequencies, &incident, f).norm_sqr();
                let b = interpolate(&first.frequencies, &reflected, f).norm_sqr();
                // Phasors of a real signal carry half the squared magnitude as power.
                [(a - b) / 2.0, a / 2.0]
            };
            let resonance = measures::resonance(&network.frequencies, &s11);
            solution.far_field = far_points(&far, |f| Some(powers(f)));
            solution.cuts = Some(cuts(&far, resonance.map(|r| r.frequency)));
        }
        let mut file = touchstone::Network::new(network.frequencies, network.s, reference)
            .map_err(Error::failed)?;
        file.comments
            .push(format!("{}: {}", self.name, self.scene.title));
        if network.ports.len() > 1 {
            file.comments
                .push(format!("ports: {}", network.ports.join(", ")));
        }
        solution.network = Some(file);
        Ok(())
    }

    fn solve_source(
        &self,
        problem: &Problem,
        sharing: Sharing,
        solution: &mut Solution,
        bar: &ProgressBar,
    ) -> Result<()> {
        let blame = |error| self.blame(error);
        let mut model = problem.model.clone();
        let samples = problem.waveform.sample(model.time_step, problem.max_steps);
        let mut incident = None;
        let Some(source) = &self.scene.source else {
            return Err(self.refuse("source", "expected a source where there are no ports"));
        };
        let name = if let Some(entry) = source.plane_wave {
            let wave = PlaneWave::arriving_from(entry.theta.si(), entry.phi.si(), entry.psi.si())
                .map_err(blame)?;
            let surface = TotalField {
                lines: problem.total_field.map(Some),
            };
            incident = Some(
                surface
                    .install(&mut model, &wave, &samples)
                    .map_err(blame)?,
            );
            "plane wave"
        } else {
            let Some(entry) = source.dipole else {
                return Err(self.refuse("source", "expected a dipole or a plane wave"));
            };
            let axis = entry.axis.axis();
            let component = match entry.magnetic {
                true => Component::magnetic(axis),
                false => Component::electric(axis),
            };
            let index = nearest(&model, component, point(entry.position))
                .map_err(|reason| self.refuse("source.dipole.position", reason))?;
            let column = model.waveforms.ncols();
            append(&mut model, &samples);
            let term = dipole(&model, component, index, column)
                .map_err(|error| self.refuse("source.dipole", error))?;
            model.sources.push(term);
            "dipole"
        };
        let own = self.probes(&mut model)?;
        let monitor = match problem.far_frequencies.is_empty() {
            true => None,
            false => Some(
                problem
                    .far_field
                    .install(&mut model, &problem.far_frequencies, sampling(problem))
                    .map_err(blame)?,
            ),
        };
        let monitors = self.install_monitors(&mut model, problem, sampling(problem))?;
        let simulation = self.run(&model, problem, (name, sharing), solution, bar)?;
        let run = simulation.as_ref();
        // H and its sources are half a step before E
        let shift = match source.dipole {
            Some(dipole) if dipole.magnetic => 0.0,
            _ => 0.5,
        };
        let spectrum = |f: f64| -> Complex64 {
            let dt = model.time_step;
            let terms = samples.iter().enumerate();
            terms
                .map(|(n, x)| Complex64::from_polar(x * dt, -TAU * f * (n as f64 + shift) * dt))
                .sum()
        };
        let scale = |f: f64| {
            // the wave's phase at the origin
            let delay = incident.as_ref().map_or(0.0, |incident| {
                let (d, r) = (incident.wave().direction(), incident.reference());
                let depth: f64 = (0..3).map(|a| -d[a] * r[a]).sum();
                incident.wave_number(f).unwrap_or(0.0) * depth
            });
            1.0 / (spectrum(f) * Complex64::cis(-delay))
        };
        (solution.fields, solution.fluxes) = monitors.evaluate(run, scale).map_err(blame)?;
        for probe in own {
            solution.probes.push(probe.series(run).map_err(blame)?);
        }
        if let Some(monitor) = monitor {
            let far = monitor.evaluate(run).map_err(blame)?;
            solution.far_field = far_points(&far, |_| None);
            if let (Some(incident), Some(wave)) = (&incident, source.plane_wave) {
                let (theta, phi) = (wave.theta.si(), wave.phi.si());
                for (n, point) in solution.far_field.iter_mut().enumerate() {
                    point.radar_cross_section = Some(far.cross_section(n, theta, phi, incident));
                    point.scattering_cross_section =
                        Some(far.scattering_cross_section(n, incident));
                }
            }
            solution.cuts = Some(cuts(&far, None));
        }
        Ok(())
    }

    fn run(
        &self,
        model: &Model,
        problem: &Problem,
        (excited, sharing): (&str, Sharing),
        solution: &mut Solution,
        bar: &ProgressBar,
    ) -> Result<Box<dyn Engine>> {
        let double = problem.precision == Precision::Double;
        let engine = match sharing.and_then(|all| all()) {
            Some(ranks) => shared_engine(model, double, &self.device, ranks),
            None => engine(model, double, &self.device),
        };
        let mut engine = engine.map_err(|e| self.blame(e))?;
        let stop = Stop {
            max_steps: problem.max_steps,
            energy_fraction: problem.energy_fraction,
            check_interval: 200,
        };
        let start = Instant::now();
        bar.set_length(problem.max_steps as u64);
        bar.set_position(0);
        let outcome = engine
            .run(&stop, &mut |progress| {
                bar.set_position(progress.step as u64);
                ControlFlow::Continue(())
            })
            .map_err(|e| self.blame(e))?;
        let seconds = start.elapsed().as_secs_f64();
        solution.runs.push(RunFacts {
            excited: excited.to_string(),
            steps: outcome.step,
            energy_decay_db: -10.0 * outcome.energy_fraction().max(1e-300).log10(),
            decayed: problem.energy_fraction.is_none() || outcome.reached(),
            mcells_per_second: solution.cells as f64 * outcome.step as f64 / seconds / 1e6,
        });
        Ok(engine)
    }

    fn probes(&self, model: &mut Model) -> Result<Vec<OwnProbe>> {
        let entries = self.scene.monitors.probes.iter().enumerate();
        entries
            .map(|(n, entry)| {
                let component = component(entry.component);
                let index = nearest(model, component, point(entry.position)).map_err(|reason| {
                    self.refuse(&format!("monitors.probes.{n}.position"), reason)
                })?;
                model.probes.push(Probe { component, index });
                Ok(OwnProbe {
                    name: entry.name.clone(),
                    electric: component.is_electric(),
                    at: model.probes.len() - 1,
                })
            })
            .collect()
    }
}

/// Who else has a part in a run, asked for each of its engines; `None` when nobody may.
type Sharing = Option<fn() -> Option<Box<dyn Communicator>>>;

struct OwnProbe {
    name: String,
    electric: bool,
    at: usize,
}

impl OwnProbe {
    fn series(self, run: &dyn Engine) -> curlwind_solvers::Result<Series> {
        Ok(Series {
            samples: run.probe(self.at)?,
            name: self.name,
            electric: self.electric,
        })
    }
}

/// Steps between samples of a running transform: six per period of what the source contains.
fn sampling(problem: &Problem) -> usize {
    let highest = problem.waveform.highest_frequency();
    highest.map_or(1, |f| {
        (1.0 / (8.0 * f * problem.model.time_step)).max(1.0) as usize
    })
}

/// The value of a component nearest to a point.
fn nearest(model: &Model, component: Component, p: [f64; 3]) -> Result<[usize; 3], String> {
    let offset = component.offset();
    let mut index = [0; 3];
    for axis in Axis::ALL {
        let a = axis as usize;
        let lines = model.mesh.lines(axis);
        let (first, last) = (lines[0], lines[lines.len() - 1]);
        if !(first..=last).contains(&p[a]) {
            return Err(format!(
                "{} m along {axis:?} is outside of the mesh, which goes from {first} to {last} m",
                p[a]
            ));
        }
        let place = |i: usize| match offset[a] {
            0.0 => lines[i],
            _ => (lines[i] + lines[i + 1]) / 2.0,
        };
        let count = component.extent(model.mesh.cells())[a];
        index[a] = (0..count)
            .min_by(|&i, &j| (place(i) - p[a]).abs().total_cmp(&(place(j) - p[a]).abs()))
            .unwrap_or(0);
    }
    Ok(index)
}

fn append(model: &mut Model, samples: &[f64]) {
    let old = std::mem::take(&mut model.waveforms);
    let (rows, columns) = old.dim();
    let mut new = ndarray::Array2::zeros((rows.max(samples.len()), columns + 1));
    new.slice_mut(ndarray::s![..rows, ..columns]).assign(&old);
    for (n, &x) in samples.iter().enumerate() {
        new[[n, columns]] = x;
    }
    model.waveforms = new;
}

fn interpolate(frequencies: &[f64], values: &[Complex64], f: f64) -> Complex64 {
    let above = frequencies.partition_point(|&x| x < f);
    match above {
        0 => values[0],
        n if n == frequencies.len() => values[n - 1],
        n => {
            let t = (f - frequencies[n - 1]) / (frequencies[n] - frequencies[n - 1]);
            values[n - 1] * (1.0 - t) + values[n] * t
        }
    }
}
