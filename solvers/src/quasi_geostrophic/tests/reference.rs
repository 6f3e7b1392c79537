//! The reference solution of pyqg's test suite, `test_reference_solns.py`, `test_two_layer`.

use crate::quasi_geostrophic::{ExponentialFilter, Integrator, QuasiGeostrophic, Solver};
use ndarray::Array3;
use std::f64::consts::{PI, TAU};
use std::ops::ControlFlow;

/// Three years of 32 x 32 points in steps of 12,800 s from a zonal and a meridional wave; averages from
/// the first year on, at every step. The expected numbers are of an older two-layer program, and the
/// suite asks for one per cent.
#[test]
fn three_years_of_the_two_layer_model() {
    let equation = QuasiGeostrophic {
        beta: 1.5e-11,
        deformation_radius: 30e3,
        depth_ratio: 0.25,
        velocities: [0.05, 0.0],
        drag: 5.787e-7,
        lengths: [1e6; 2],
        ..Default::default()
    };
    let filter = ExponentialFilter {
        strength: 18.4,
        cut_off: 0.65 * PI,
    };
    let (points, step, year) = (32, 12800.0, 360.0 * 86400.0);
    let solver = Solver::new(equation, [points; 2], step)
        .and_then(|solver| solver.with_filter(filter))
        .unwrap()
        .with_integrator(Integrator::AdamsBashforth3);
    // its points lie in the middle of the cells
    let at = |i: usize| (TAU * 5.0 * (i as f64 + 0.5) / points as f64).cos();
    let start = Array3::from_shape_fn((2, points, points), |(layer, j, i)| match layer {
        0 => 1e-6 * at(i) + 1e-7 * at(j),
        _ => 0.0,
    });
    let (mut count, mut kinetic, mut generation, mut drag) = (0.0, [0.0; 2], 0.0, 0.0);
    let start = solver.spectrum(start.view()).unwrap();
    let end = solver
        .run(start, 3.0 * year, step, |time, state| {
            // the last state is not averaged
            if time >= year && time < 3.0 * year - 0.5 * step {
                let budget = solver.budget(state);
                count += 1.0;
                for (sum, k) in kinetic.iter_mut().zip(budget.kinetic_energy) {
                    *sum += k;
                }
                generation += budget.generation;
                drag += budget.drag_loss;
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(count, 4860.0);
    let upper = solver.fields(&end);
    let upper = upper.index_axis(ndarray::Axis(0), 0);
    let square = (points * points) as f64;
    let found = [
        (
            "sum of q1^2",
            upper.iter().map(|q| q * q).sum::<f64>(),
            9.561_430_503_712_755e-8,
        ),
        (
            "kinetic energy",
            (kinetic[0] + kinetic[1]) / count,
            8.183_776_317_328_26e-3 + 1.561_660_903_346_857_9e-4,
        ),
        (
            "generation",
            generation / count,
            2.522_555_801_310_769e-7 / square,
        ),
        ("drag", drag / count, 1.480_676_417_153_971e-7 / square),
    ];
    for (what, found, expected) in found {
        let off = found / expected - 1.0;
        println!("{what}: {found:.10e}, expected {expected:.10e}, off {off:+.1e}");
        assert!(off.abs() < 0.01, "{what}: {off}");
    }
}
