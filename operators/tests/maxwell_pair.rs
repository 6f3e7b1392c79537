//! Solver and residual mean the same Maxwell's equations, in two dimensions and both polarisations.
//!
//! With the scheme's own stencil the residual of the solver's trajectory is zero to round-off: in
//! vacuum, dielectrics, conductors, magnetic media, on a graded mesh. With the fourth-order stencil
//! it is the solver's own error in space and falls by four when the cells are halved. A coefficient
//! that is one part in a thousand off does not pass.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{MaxwellFields, MaxwellResidual, Polarisation, Stencil};
use curlwind_solvers::maxwell::constants::VACUUM_IMPEDANCE;
use curlwind_solvers::maxwell::{
    Component, EdgeMedium, FaceMedium, Mesh, Model, Scheme, Simulation, Wall,
};
use ndarray::Array3;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const BOTH: [Polarisation; 2] = [
    Polarisation::TransverseElectric,
    Polarisation::TransverseMagnetic,
];

fn box_of(lines: [Vec<f64>; 2]) -> Result<Model> {
    let [x, y] = lines;
    let depth = x[1] - x[0];
    let mut walls = [[Wall::Pec; 2]; 3];
    walls[2] = [Wall::Periodic; 2];
    Ok(Model::vacuum(Mesh::new([x, y, vec![0.0, depth]])?, walls))
}

/// States after `settle` steps of a field that starts as `initial` in its axial component, with
/// `apart` (odd) steps between them: E from the step, H from half of `apart` steps before.
fn trajectory(
    model: &Model,
    polarisation: Polarisation,
    initial: impl Fn(f64, f64) -> f64,
    settle: usize,
    states: usize,
    apart: usize,
) -> Result<MaxwellFields> {
    let components = polarisation.components();
    let mut simulation = Simulation::<f64>::new(model, Scheme::Fastest)?;
    let lines = curlwind_solvers::maxwell::Axis::ALL.map(|a| model.mesh.lines(a).to_vec());
    let offset = components[0].offset();
    let place = |a: usize, n: usize| {
        let next = lines[a][(n + 1).min(lines[a].len() - 1)];
        lines[a][n] + offset[a] * (next - lines[a][n])
    };
    let values = Array3::from_shape_fn(model.mesh.shape(), |(_, j, i)| {
        initial(place(0, i), place(1, j))
    });
    simulation.set_field(components[0], values.view())?;
    simulation.advance(settle);
    let cells = model.mesh.cells();
    let take = |simulation: &Simulation<f64>, component: Component| -> Vec<f64> {
        let [nx, ny, _] = component.extent(cells);
        let field = simulation.field(component);
        let inner = field.slice(ndarray::s![0, ..ny, ..nx]);
        inner.iter().copied().collect()
    };
    let mut records: [Vec<f64>; 3] = Default::default();
    for _ in 0..states {
        // after `apart / 2` more steps H is half of `apart` steps before the E of the state
        simulation.advance(apart / 2 + 1);
        for (n, &component) in components.iter().enumerate() {
            if !component.is_electric() {
                records[n].extend(take(&simulation, component));
            }
        }
        simulation.advance(apart / 2);
        for (n, &component) in components.iter().enumerate() {
            if component.is_electric() {
                records[n].extend(take(&simulation, component));
            }
        }
    }
    let device = Device::flex();
    let mut tensors = components
        .into_iter()
        .zip(records)
        .map(|(component, values)| {
            let [nx, ny, _] = component.extent(cells);
            let data = TensorData::new(values, [states, ny, nx]);
            Tensor::<3>::from_data(data, (&device, DType::F64))
        });
    match (tensors.next(), tensors.next(), tensors.next()) {
        (Some(axial), Some(x), Some(y)) => Ok(MaxwellFields { axial, x, y }),
        _ => Err("three components".into()),
    }
}

fn largest(tensor: &Tensor<3>) -> f64 {
    tensor.clone().abs().max().into_scalar::<f64>()
}

/// Largest value of a residual in V/m/s, H times the impedance of free space.
fn size(fields: &MaxwellFields, polarisation: Polarisation) -> f64 {
    let tensors = [&fields.axial, &fields.x, &fields.y];
    let components = polarisation.components();
    (0..3)
        .map(|n| {
            let unit = match components[n].is_electric() {
                true => 1.0,
                false => VACUUM_IMPEDANCE,
            };
            unit * largest(tensors[n])
        })
        .fold(0.0, f64::max)
}

/// Mean square of a residual, in the same units.
fn mean_square(fields: &MaxwellFields, polarisation: Polarisation) -> f64 {
    let tensors = [&fields.axial, &fields.x, &fields.y];
    let mut sum = 0.0;
    for (tensor, component) in tensors.into_iter().zip(polarisation.components()) {
        let unit = match component.is_electric() {
            true => 1.0,
            false => VACUUM_IMPEDANCE,
        };
        let squares = tensor.clone().mul_scalar(unit).powi_scalar(2);
        sum += squares.mean().into_scalar::<f64>();
    }
    sum
}

/// A graded box with a dielectric, a conductor, a lossy and a magnetic part.
fn mixed() -> Result<Model> {
    let lines = |n: usize, ratio: f64| -> Vec<f64> {
        let mut x = vec![0.0];
        let mut d = 1e-3;
        for i in 0..n {
            x.push(x[i] + d);
            d *= if i < n / 2 { ratio } else { 1.0 / ratio };
        }
        x
    };
    let mut model = box_of([lines(24, 1.05), lines(20, 1.08)])?;
    model.edge_media.extend([
        EdgeMedium::lossless(4.2),
        EdgeMedium::Dielectric {
            permittivity: 2.0,
            conductivity: 0.7,
            poles: Vec::new(),
        },
        EdgeMedium::Pec,
    ]);
    model.face_media.push(FaceMedium {
        permeability: 1.7,
        magnetic_loss: 300.0,
    });
    let mut faces = model.edges.clone();
    for (edges, faces) in model.edges.iter_mut().zip(&mut faces) {
        for j in 0..=20 {
            for i in 0..=24 {
                let medium = match (i, j) {
                    (3..9, 4..12) => 1,
                    (12..20, 2..9) => 2,
                    (14..17, 13..16) => 3,
                    _ => 0,
                };
                for k in 0..2 {
                    edges[[k, j, i]] = medium;
                    faces[[k, j, i]] = u16::from(i > 18 && j > 10);
                }
            }
        }
    }
    model.faces = Some(faces);
    // smaller cells than the vacuum's limit allows for
    model.time_step *= 0.9;
    Ok(model)
}

fn rough(x: f64, y: f64) -> f64 {
    (1e3 * (3.1 * x + 2.3 * y)).sin() + (1e3 * (1.7 * y - 2.9 * x)).cos()
}

#[test]
fn the_schemes_own_residual_is_zero() -> Result<()> {
    let model = mixed()?;
    for polarisation in BOTH {
        let states = trajectory(&model, polarisation, rough, 30, 6, 1)?;
        let new = |model: &Model| {
            let device = Device::flex();
            MaxwellResidual::new(model, polarisation, Stencil::Second, 0, &device, DType::F64)
        };
        let slope = {
            let later = states.axial.clone().narrow(0, 1, 5);
            let slope = (later - states.axial.clone().narrow(0, 0, 5)).div_scalar(model.time_step);
            largest(&slope)
                * match polarisation {
                    Polarisation::TransverseElectric => VACUUM_IMPEDANCE,
                    Polarisation::TransverseMagnetic => 1.0,
                }
        };
        let residual = new(&model)?.residual(&states, model.time_step)?;
        let found = size(&residual, polarisation) / slope;
        println!("{polarisation:?}: residual {found:.1e} of the slope");
        assert!(found < 1e-11, "{polarisation:?}: {found:e}");

        let of = |change: &dyn Fn(&mut Model)| {
            let mut wrong = model.clone();
            change(&mut wrong);
            wrong
        };
        let lossy = EdgeMedium::Dielectric {
            permittivity: 2.0,
            conductivity: 0.7 * 1.001,
            poles: Vec::new(),
        };
        for (what, wrong) in [
            (
                "permittivity",
                of(&|m| m.edge_media[1] = EdgeMedium::lossless(4.2 * 1.001)),
            ),
            ("conductivity", of(&|m| m.edge_media[2] = lossy.clone())),
            (
                "permeability",
                of(&|m| m.face_media[1].permeability *= 1.001),
            ),
            (
                "magnetic loss",
                of(&|m| m.face_media[1].magnetic_loss *= 1.001),
            ),
        ] {
            let residual = new(&wrong)?.residual(&states, model.time_step)?;
            let found = size(&residual, polarisation) / slope;
            println!("{polarisation:?}: with another {what} {found:.1e}");
            assert!(found > 1e-8, "a wrong {what} passes: {found:e}");
        }
    }
    Ok(())
}

/// A pulse in an empty box of 60 mm, cells of 0.75, 0.375 and 0.1875 mm, states one or three steps
/// apart, all at the same time, before the pulse comes to the walls.
#[test]
fn another_stencil_shows_the_solvers_order() -> Result<()> {
    for polarisation in BOTH {
        for apart in [1, 3] {
            let (mut sizes, mut wrong) = (Vec::new(), Vec::new());
            for n in [80usize, 160, 320] {
                let lines = || (0..=n).map(|i| 0.06 * i as f64 / n as f64).collect();
                let model = box_of([lines(), lines()])?;
                let pulse = |x: f64, y: f64| {
                    let r2 = (x - 0.027).powi(2) + (y - 0.031).powi(2);
                    (-r2 / 0.006f64.powi(2)).exp()
                };
                // the states lie round the same moment on all meshes: steps are as long as cells
                let middle = n / 4;
                let states = trajectory(&model, polarisation, pulse, middle - 3 * apart, 5, apart)?;
                let size = |of: &Model| -> Result<f64> {
                    let residual = MaxwellResidual::new(
                        of,
                        polarisation,
                        Stencil::Fourth,
                        n / 20,
                        &Device::flex(),
                        DType::F64,
                    )?;
                    let residual = residual.residual(&states, apart as f64 * model.time_step)?;
                    Ok(mean_square(&residual, polarisation).sqrt())
                };
                sizes.push(size(&model)?);
                let mut other = model.clone();
                other.edge_media[0] = EdgeMedium::lossless(1.01);
                wrong.push(size(&other)?);
            }
            let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
            println!("{polarisation:?}, {apart} steps apart: orders {orders:.3?}");
            assert!(
                (orders[1] - 2.0).abs() < 0.1,
                "{polarisation:?} {apart}: {orders:?} of {sizes:?}"
            );
            assert!(
                wrong[2] > 0.5 * wrong[1] && wrong[2] > 3.0 * sizes[2],
                "a wrong permittivity passes: {wrong:?} against {sizes:?}"
            );
        }
    }
    Ok(())
}
