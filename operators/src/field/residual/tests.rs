//! Domain: the unit torus, 12 x 12 points, and a line of 16, f64: forced flow and Burgers' equation.

use super::*;
use burn::tensor::TensorData;
use curlwind_solvers::burgers;
use curlwind_solvers::navier_stokes::{Forcing, Solver};
use ndarray::Array2;
use std::f64::consts::TAU;

const FLOW: NavierStokes = NavierStokes {
    viscosity: 2e-3,
    drag: 0.0,
    length: 1.0,
    forcing: Forcing::Diagonal { amplitude: 0.1 },
};

fn flow(law: NavierStokes) -> FieldEquation {
    FieldEquation {
        law: Law::NavierStokes(law),
        interval: 0.1,
    }
}

const FORMS: [ResidualForm; 2] = [ResidualForm::Integral, ResidualForm::Differential];

fn residual(equation: &FieldEquation, grid: [usize; 2], form: ResidualForm) -> FieldResidual {
    let in_time = (form, TimeDifference::Fourth);
    FieldResidual::new(equation, grid, in_time, &Device::flex(), DType::F64).expect("residual")
}

fn tensor(values: Vec<f64>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
}

/// The first state and the later ones.
fn parts(values: &[f64], [rows, columns]: [usize; 2]) -> [(Vec<f64>, [usize; 4]); 2] {
    let points = rows * columns;
    let later = values.len() / points - 1;
    [
        (values[..points].to_vec(), [1, 1, rows, columns]),
        (values[points..].to_vec(), [1, later, rows, columns]),
    ]
}

fn loss(equation: &FieldEquation, grid: [usize; 2], form: ResidualForm, states: &[f64]) -> f64 {
    let device = Device::flex();
    let [input, output] = parts(states, grid).map(|(v, shape)| tensor(v, shape, &device));
    let losses = residual(equation, grid, form)
        .losses(input, output)
        .expect("loss");
    losses.mean().into_scalar::<f64>()
}

fn solved_flow(points: usize) -> Vec<f64> {
    let solver = Solver::new(FLOW, points, 5e-3).expect("solver");
    let at = |i: usize| TAU * i as f64 / points as f64;
    let start = Array2::from_shape_fn((points, points), |(j, i)| {
        (at(i) + 0.3).sin() * at(j).cos() + 0.5 * (at(i) - 2.0 * at(j)).cos()
    });
    let states = solver.trajectory(start.view(), 0.6, 0.1).expect("solved");
    states.iter().copied().collect()
}

fn solved_line() -> (FieldEquation, Vec<f64>) {
    let law = Burgers::new(0.02, 1.0).expect("equation");
    let solver = burgers::Solver::new(law, 32, 1e-3).expect("solver");
    let start: Vec<f64> = (0..32)
        .map(|i| 0.3 * (TAU * i as f64 / 32.0).sin() + 0.2)
        .collect();
    let states = solver.trajectory(&start, 0.25, 0.05).expect("solved");
    let equation = FieldEquation {
        law: Law::Burgers(law),
        interval: 0.05,
    };
    (equation, states.iter().copied().collect())
}

/// The slope of the loss along a direction, by autodiff and by a central difference, whose own error
/// is of the square of its step.
#[test]
fn gradients_are_those_of_differences() {
    let device = Device::flex().autodiff();
    let (line, _) = solved_line();
    for (equation, grid, count, form) in [
        (flow(FLOW), [12, 12], 5, FORMS[0]),
        (flow(FLOW), [12, 12], 5, FORMS[1]),
        (line, [1, 16], 6, FORMS[0]),
    ] {
        let points = grid[0] * grid[1];
        let states: Vec<f64> = (0..count * points)
            .map(|p| (0.37 * p as f64).sin() + 0.4 * (1.3 * p as f64).cos())
            .collect();
        let [(first, shape), (later, later_shape)] = parts(&states, grid);
        let input = tensor(first, shape, &device);
        let output = tensor(later, later_shape, &device).require_grad();
        let losses = residual(&equation, grid, form).losses(input, output.clone());
        let grads = losses.expect("loss").mean().backward();
        let gradient = output.grad(&grads).expect("gradient").into_data();
        let gradient = gradient.try_into_vec::<f64>().expect("f64");
        let direction: Vec<f64> = (0..gradient.len())
            .map(|p| (2.1 * p as f64).sin())
            .collect();
        let slope: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let moved = |by: f64| {
            let mut states = states.clone();
            let later = states[points..].iter_mut().zip(&direction);
            later.for_each(|(s, d)| *s += by * d);
            loss(&equation, grid, form, &states)
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        // of a gradient that lies along the direction
        let size = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        let error = (slope - difference).abs() / (size(&gradient) * size(&direction));
        println!("{grid:?} {form:?}: {slope} {difference} {error:.1e}");
        assert!(error < 1e-9, "{grid:?} {form:?}: {slope} {difference}");
    }
}

/// The solver's own trajectory leaves next to nothing, and five times more where the viscosity is
/// wrong by a fifth.
#[test]
fn solver_and_loss_mean_the_same_equation() {
    let (line, on_line) = solved_line();
    let Law::Burgers(burgers) = line.law else {
        panic!("a line")
    };
    let flow_states = solved_flow(24);
    let more_viscous = [
        FieldEquation {
            law: Law::NavierStokes(NavierStokes {
                viscosity: 1.2 * FLOW.viscosity,
                ..FLOW
            }),
            ..flow(FLOW)
        },
        FieldEquation {
            law: Law::Burgers(Burgers {
                viscosity: 1.2 * burgers.viscosity,
                ..burgers
            }),
            ..line
        },
    ];
    for form in FORMS {
        for (equation, wrong, grid, states) in [
            (flow(FLOW), more_viscous[0], [24, 24], &flow_states),
            (line, more_viscous[1], [1, 32], &on_line),
        ] {
            let right = loss(&equation, grid, form, states);
            let wrong = loss(&wrong, grid, form, states);
            println!("{grid:?} {form:?}: {right:.1e}, another viscosity {wrong:.1e}");
            assert!(right < 2e-3 && wrong > 5.0 * right, "{right:e} {wrong:e}");
        }
    }
}

/// Fields of another equation, of one time or on another grid are told so.
#[test]
fn what_is_no_trajectory_is_refused() {
    let names = |input: &str, count: usize| {
        let outputs: Vec<String> = (0..count).map(|k| format!("{input}_{k}")).collect();
        (vec![input.to_string()], outputs)
    };
    let check = |equation: FieldEquation, input: &str, count, grid, periodic| {
        let (inputs, outputs) = names(input, count);
        let names = FieldNames {
            inputs: &inputs,
            outputs: &outputs,
        };
        let found = equation.check(names, grid, periodic, TimeDifference::Fourth);
        found.err().map(|e| e.to_string()).unwrap_or_default()
    };
    let (line, _) = solved_line();
    let flow = flow(FLOW);
    assert_eq!(check(flow, "vorticity", 4, [16, 16], true), "");
    assert_eq!(check(line, "velocity", 5, [1, 16], true), "");
    for (message, words) in [
        (
            check(flow, "velocity", 4, [16, 16], true),
            "another equation, `velocity`",
        ),
        (
            check(flow, "vorticity", 1, [16, 16], true),
            "a trajectory of 4 states",
        ),
        (
            check(flow, "vorticity", 4, [16, 12], true),
            "as many rows as columns",
        ),
        (check(flow, "vorticity", 4, [16, 16], false), "not periodic"),
        (check(line, "velocity", 4, [16, 16], true), "one row"),
    ] {
        assert!(
            message.contains(words) && message.contains("`residual`"),
            "{message}"
        );
    }
    let device = Device::flex();
    let other = tensor(vec![0.0; 5 * 64], [1, 5, 8, 8], &device);
    let error = residual(&flow, [12, 12], FORMS[0])
        .residual(other)
        .expect_err("refused");
    assert!(error.to_string().contains("trajectory of flow"), "{error}");
}
