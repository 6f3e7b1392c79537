//! The scattering pair as an experiment: meshes of the solver, networks of several seeds, rivals.

use super::power::{is_open, power_imbalance};
use super::sets::{Asked, Set};
use crate::compare::measurements::Panel;
use crate::compare::{Answered, Contestant, Experiment, Kind, Task, TestSet};
use crate::electromagnetics::scattering::rivals::{TrainingScenes, born, complex};
use crate::electromagnetics::scattering::settings::{PolarizationName, SolverSettings};
use crate::electromagnetics::scattering::solve::{points, relative_l2, scattered, wave_number};
use crate::error::Result;
use crate::on_cores::on_cores;
use curlwind_operators::field::FieldOperator;
use curlwind_operators::residuals::{HelmholtzResidual, Stencil};
use curlwind_solvers::maxwell::scattering::ScatteredField;
use ndarray::{Array2, Array4, Axis};
use num_complex::Complex64;

/// A scattered field on the points of its set, `[y, x]`, over the incident amplitude.
pub type Field = Array2<Complex64>;

/// The pair, its operators trained.
pub struct ScatteringExperiment {
    /// In the order in which they are measured: reference, check, solvers, operators, baselines.
    pub contestants: Vec<Contestant>,
    /// Those of kind operator, in order.
    pub operators: Vec<FieldOperator>,
    /// What was trained on, and where.
    pub training: TrainingScenes,
    /// The wave, the square, and the points of the training scenes.
    pub solver: SolverSettings,
    /// Held out, and beyond.
    pub sets: Vec<Set>,
    /// What a reader is told.
    pub task: Task,
}

impl ScatteringExperiment {
    fn operator(&self, contestant: usize) -> &FieldOperator {
        let before = &self.contestants[..contestant];
        let number = before.iter().filter(|c| c.kind == Kind::Operator).count();
        &self.operators[number]
    }

    fn predicted(&self, contestant: usize, set: &Set, samples: &[usize]) -> Vec<Answered<Field>> {
        let side = set.solver.points;
        let inputs = samples
            .iter()
            .flat_map(|n| set.scenes[*n].input.iter().copied());
        let channels = set.scenes[samples[0]].input.len() / (side * side);
        let shape = (samples.len(), channels, side, side);
        let fields = Array4::from_shape_vec(shape, inputs.collect())
            .map_err(|e| e.to_string())
            .and_then(|inputs| {
                let outputs = self.operator(contestant).predict(&inputs);
                outputs.map_err(|e| e.to_string())
            });
        match fields {
            Ok(fields) => fields
                .axis_iter(Axis(0))
                .map(|field| {
                    let values: Vec<f32> = field.iter().copied().collect();
                    Ok(complex(&values, side))
                })
                .collect(),
            Err(reason) => vec![Err(reason); samples.len()],
        }
    }

    fn baseline(&self, name: &str, set: &Set, asked: &Asked) -> Answered<Field> {
        match name {
            "zero" => Ok(Field::zeros(asked.incident.dim())),
            "mean" => Ok(self.moved(self.training.mean(), set)),
            "nearest neighbour" => {
                Ok(self.moved(self.training.nearest(&asked.among_training), set))
            }
            _ => born(&set.solver)
                .scattered(&asked.permittivity, &asked.incident)
                .ok_or_else(|| "made for another grid".into()),
        }
    }

    /// A field of the training points on those of a set, by the solver's own interpolation.
    fn moved(&self, field: Field, set: &Set) -> Field {
        if set.solver.points == self.solver.points {
            return field;
        }
        let side = self.solver.side.si();
        let there = ScatteredField {
            frequency: self.solver.frequency.si(),
            time_step: 0.0,
            steps: 0,
            points: points(side, self.solver.points),
            incident: Field::zeros(field.dim()),
            scattered: field,
        };
        there.scattered_at(&points(side, set.solver.points))
    }
}

impl Experiment for ScatteringExperiment {
    type Answer = Field;

    fn task(&self) -> Task {
        self.task.clone()
    }

    fn contestants(&self) -> &[Contestant] {
        &self.contestants
    }

    fn sets(&self) -> Vec<TestSet> {
        self.sets.iter().map(|set| set.about.clone()).collect()
    }

    fn truth(&self, set: usize, sample: usize) -> Result<Field> {
        let set = &self.sets[set];
        let reference = self.contestants.iter().find(|c| c.kind == Kind::Reference);
        let cells = reference.map_or(0, cells);
        let device = reference.map_or("cpu", |who| &who.device);
        scattered(&set.solver, cells, &set.scenes[sample].scene, device)
    }

    fn answer(&self, contestant: usize, set: usize, samples: &[usize]) -> Vec<Answered<Field>> {
        let set = &self.sets[set];
        let who = &self.contestants[contestant];
        match who.kind {
            Kind::Reference | Kind::Check | Kind::Solver => {
                let solve = |sample: usize| {
                    let scene = &set.scenes[sample].scene;
                    scattered(&set.solver, cells(who), scene, &who.device)
                        .map_err(|e| e.to_string())
                };
                match samples {
                    // a mesh of enough cells is shared by all cores
                    [one] => vec![solve(*one)],
                    many => on_cores(many.len(), |n| Ok(solve(many[n])))
                        .unwrap_or_else(|e| vec![Err(e.to_string()); many.len()]),
                }
            }
            Kind::Operator => self.predicted(contestant, set, samples),
            Kind::Baseline | Kind::Published => samples
                .iter()
                .map(|sample| self.baseline(&who.name, set, &set.scenes[*sample]))
                .collect(),
        }
    }

    fn error(&self, _: usize, answer: &Field, truth: &Field) -> f64 {
        relative_l2(answer, truth)
    }

    fn checks(&self, set: usize, sample: usize, answer: &Field, _: &Field) -> Vec<(String, f64)> {
        let set = &self.sets[set];
        let asked = &set.scenes[sample];
        let mut checks = Vec::new();
        if set.solver.polarization == PolarizationName::Tm {
            let points = points(set.solver.side.si(), set.solver.points);
            let k = wave_number(set.solver.frequency.si());
            let equation = HelmholtzResidual::new(k, points[1] - points[0], Stencil::Fourth);
            let size = equation.relative_size(&asked.permittivity, &asked.incident, answer);
            let name = "residual of the Helmholtz equation by fourth-order differences, over that of no scattered field";
            checks.push((name.into(), size));
        }
        if is_open(&asked.permittivity) {
            let name = "power that stays in the square, over that which enters (zero: the bodies absorb none)";
            checks.push((name.into(), power_imbalance(&asked.incident, answer)));
        }
        checks
    }

    fn panel(&self, set: usize, sample: usize, answer: &Field) -> Option<Panel> {
        let solver = &self.sets[set].solver;
        let millimetres: Vec<f64> = points(solver.side.si(), solver.points)
            .iter()
            .map(|x| 1e3 * x)
            .collect();
        let component = solver.polarization.component();
        Some(Panel {
            contestant: None,
            set: String::new(),
            sample,
            quantity: format!("Re scattered {component} over the incident amplitude"),
            unit: String::new(),
            label: "real part".into(),
            axes: ["x (mm)".into(), "y (mm)".into()],
            x: millimetres.clone(),
            y: millimetres,
            values: answer
                .iter()
                .map(|u| u.re.is_finite().then_some(u.re as f32))
                .collect(),
        })
    }
}

/// Cells along a side of a solver.
fn cells(contestant: &Contestant) -> usize {
    contestant.resolution.map_or(0, |n| n as usize)
}
