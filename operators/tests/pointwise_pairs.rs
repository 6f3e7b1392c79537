//! The equations at points are the solvers'.
//!
//! Of a solver's trajectory, with derivatives in space by Fourier's series and in time by second
//! differences, the residual at points falls as the square of the interval. Of exact solutions, whose
//! jets are known, it is zero to round-off. A coefficient that is a percent off shows in both.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::coordinate::{Jet, JetOrder};
use curlwind_operators::residuals::pointwise;
use curlwind_solvers::allen_cahn::{self, AllenCahn};
use curlwind_solvers::barotropic::Barotropic;
use curlwind_solvers::burgers::{self, Burgers};
use curlwind_solvers::navier_stokes::{self, NavierStokes};
use curlwind_solvers::shallow_water::{ShallowWater, torus};
use ndarray::{Array2, Array4, s};
use rustfft::{FftPlanner, num_complex::Complex64};
use std::f64::consts::{PI, TAU};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A derivative of a periodic field `[y][x]` along x (1) or y (0), `times` times.
fn derivative(field: &Array2<f64>, axis: usize, length: f64, times: i32) -> Array2<f64> {
    let mut out = field.clone();
    for mut lane in out.lanes_mut(ndarray::Axis(axis)) {
        let n = lane.len();
        let mut z: Vec<Complex64> = lane.iter().map(|v| Complex64::new(*v, 0.0)).collect();
        let mut planner = FftPlanner::new();
        planner.plan_fft_forward(n).process(&mut z);
        for (k, z) in z.iter_mut().enumerate() {
            let k = if 2 * k < n {
                k as f64
            } else {
                k as f64 - n as f64
            };
            *z *= Complex64::new(0.0, TAU * k / length).powi(times) / n as f64;
        }
        planner.plan_fft_inverse(n).process(&mut z);
        lane.iter_mut().zip(&z).for_each(|(v, z)| *v = z.re);
    }
    out
}

/// The jets of fields `[time][function][y][x]` at the middle one of three times, with coordinates (t, x)
/// where there is one row, else (t, x, y).
fn jets(states: &Array4<f64>, interval: f64, [ly, lx]: [f64; 2], order: JetOrder) -> Jet {
    let (_, functions, rows, columns) = states.dim();
    let components = order.components();
    let mut parts = vec![0.0; rows * columns * components * functions];
    for f in 0..functions {
        let at = |n: usize| states.slice(s![n, f, .., ..]).to_owned();
        let now = at(1);
        let mut put = |component: usize, field: &Array2<f64>| {
            for (p, value) in field.iter().enumerate() {
                parts[(p * components + component) * functions + f] = *value;
            }
        };
        put(0, &now);
        put(order.first(0), &((at(2) - at(0)) / (2.0 * interval)));
        put(order.first(1), &derivative(&now, 1, lx, 1));
        if let Some(c) = order.second(1, 1) {
            put(c, &derivative(&now, 1, lx, 2));
        }
        if order.coordinates() == 3 {
            put(order.first(2), &derivative(&now, 0, ly, 1));
            if let Some(c) = order.second(2, 2) {
                put(c, &derivative(&now, 0, ly, 2));
            }
        }
    }
    let data = TensorData::new(parts, [rows * columns, components, functions]);
    Jet {
        parts: Tensor::from_data(data, (&Device::flex(), DType::F64)),
        order,
    }
}

fn size(residual: Tensor<2>) -> f64 {
    residual.powi_scalar(2).mean().into_scalar::<f64>().sqrt()
}

/// The residual's order as the interval is halved, and what a wrong coefficient leaves of it.
fn judge(name: &str, residual: impl Fn(f64, bool) -> Result<f64>, interval: f64) -> Result<()> {
    let (coarse, fine) = (residual(interval, false)?, residual(interval / 2.0, false)?);
    let order = (coarse / fine).log2();
    let wrong = residual(interval / 2.0, true)?;
    println!("{name}: {coarse:.2e} {fine:.2e}, order {order:.2}; a percent off {wrong:.2e}");
    assert!((order - 2.0).abs() < 0.1, "{name}: order {order}");
    assert!(wrong > 5.0 * fine, "{name}: {wrong} {fine}");
    Ok(())
}

/// Three states `interval` apart, of a trajectory that starts `before` ahead of the middle one.
fn line_states(states: Array2<f64>) -> Array4<f64> {
    let (times, points) = states.dim();
    let last = states.slice(s![times - 3.., ..]).to_owned();
    Array4::from_shape_fn((3, 1, 1, points), |(n, .., j)| last[[n, j]])
}

#[test]
fn burgers_at_points() -> Result<()> {
    let equation = Burgers::new(0.02, 2.0)?;
    let order = JetOrder::new(2, &[[1, 1]]);
    let residual = |interval: f64, wrong: bool| {
        let solver = burgers::Solver::new(equation, 128, 1e-3)?;
        let start = solver
            .coordinates()
            .iter()
            .map(|x| (PI * x).sin())
            .collect::<Vec<_>>();
        let states = solver.trajectory(&start, 0.2 + interval, interval)?;
        let jet = jets(&line_states(states), interval, [1.0, 2.0], order);
        let viscosity = if wrong { 1.01 } else { 1.0 } * equation.viscosity;
        let equation = Burgers {
            viscosity,
            ..equation
        };
        Ok(size(pointwise::burgers(&equation, &jet)))
    };
    judge("burgers", residual, 4e-3)
}

#[test]
fn allen_cahn_at_points() -> Result<()> {
    let equation = AllenCahn {
        diffusivity: 1e-2,
        rate: 5.0,
        length: 2.0,
    };
    let residual = |interval: f64, wrong: bool| {
        let solver = allen_cahn::Solver::new(equation, 128, 1e-3)?;
        let start: Vec<f64> = (0..128)
            .map(|j| 0.6 * (TAU * j as f64 / 128.0).sin() + 0.1)
            .collect();
        let states = solver.trajectory(&start, 0.2 + interval, interval)?;
        let order = JetOrder::new(2, &[[1, 1]]);
        let jet = jets(&line_states(states), interval, [1.0, 2.0], order);
        let rate = if wrong { 1.01 } else { 1.0 } * equation.rate;
        let equation = AllenCahn { rate, ..equation };
        Ok(size(pointwise::allen_cahn(&equation, &jet)))
    };
    judge("allen_cahn", residual, 4e-3)
}

#[test]
fn navier_stokes_at_points() -> Result<()> {
    let equation = NavierStokes {
        viscosity: 2e-3,
        length: TAU,
        ..NavierStokes::default()
    };
    let n = 48;
    let solver = navier_stokes::Solver::new(equation, n, 2e-3)?;
    let start = Array2::from_shape_fn((n, n), |(j, i)| {
        let [y, x] = [j, i].map(|k| TAU * k as f64 / n as f64);
        x.sin() * y.cos() + 0.5 * (2.0 * x + y).cos() + 0.3 * (x - 2.0 * y).sin()
    });
    let residual = |interval: f64, wrong: bool| {
        let states = solver.trajectory(start.view(), 0.4 + interval, interval)?;
        let times = states.dim().0;
        let mut fields = Array4::zeros((3, 3, n, n));
        for t in 0..3 {
            let w = states.slice(s![times - 3 + t, .., ..]).to_owned();
            let (u, v) = velocity(&w);
            fields.slice_mut(s![t, 0, .., ..]).assign(&u);
            fields.slice_mut(s![t, 1, .., ..]).assign(&v);
            fields.slice_mut(s![t, 2, .., ..]).assign(&w);
        }
        let order = JetOrder::new(3, &[[1, 1], [2, 2]]);
        let jet = jets(&fields, interval, [TAU, TAU], order);
        let factor = if wrong { 1.2 } else { 1.0 };
        let equation = NavierStokes {
            viscosity: factor * equation.viscosity,
            ..equation
        };
        let forcing = (0..n * n)
            .map(|p| [p % n, p / n].map(|k| TAU * k as f64 / n as f64))
            .map(|[x, y]| equation.forcing_at(x, y))
            .collect::<Vec<f64>>();
        let forcing = Tensor::from_data(
            TensorData::new(forcing, [n * n, 1]),
            (&Device::flex(), DType::F64),
        );
        Ok(size(pointwise::navier_stokes(&equation, &jet, &forcing)))
    };
    judge("navier_stokes", residual, 8e-3)
}

/// The velocity of a vorticity on a torus of length 2 pi.
fn velocity(w: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let n = w.nrows();
    let mut planner = FftPlanner::new();
    let both = |z: &mut Array2<Complex64>, inverse: bool, planner: &mut FftPlanner<f64>| {
        for axis in 0..2 {
            for mut lane in z.lanes_mut(ndarray::Axis(axis)) {
                let mut line = lane.to_vec();
                match inverse {
                    true => planner.plan_fft_inverse(n).process(&mut line),
                    false => planner.plan_fft_forward(n).process(&mut line),
                }
                lane.iter_mut().zip(line).for_each(|(to, v)| *to = v);
            }
        }
    };
    let mut z = w.mapv(|v| Complex64::new(v, 0.0));
    both(&mut z, false, &mut planner);
    let k = |k: usize| {
        if 2 * k < n {
            k as f64
        } else {
            k as f64 - n as f64
        }
    };
    let along = |by_y: bool, planner: &mut FftPlanner<f64>| {
        let mut turned = Array2::from_shape_fn((n, n), |(j, i)| {
            let square = (k(i) * k(i) + k(j) * k(j)).max(1.0);
            let by = if by_y { k(j) } else { -k(i) };
            z[[j, i]] * Complex64::new(0.0, by) / (square * (n * n) as f64)
        });
        both(&mut turned, true, planner);
        turned.mapv(|v| v.re)
    };
    (along(true, &mut planner), along(false, &mut planner))
}

#[test]
fn shallow_water_on_a_plane_at_points() -> Result<()> {
    let equation = torus::ShallowWater::default();
    let n = 32;
    let [ly, lx] = equation.lengths;
    let solver = torus::Solver::new(equation, [n, n], 60.0)?;
    let start = solver.state(|x, y| {
        let (p, q) = (TAU * x / lx, TAU * y / ly);
        [
            8.0 * q.cos() + 2.0 * p.sin(),
            3.0 * p.cos() * q.sin(),
            equation.depth + 20.0 * (p + q).sin(),
        ]
    });
    let residual = |interval: f64, wrong: bool| {
        let states: Array4<f64> = solver.trajectory(start.view(), 7200.0 + interval, interval)?;
        let times = states.dim().0;
        let last = states.slice(s![times - 3.., .., .., ..]).to_owned();
        let jet = jets(&last, interval, [ly, lx], JetOrder::new(3, &[]));
        let coriolis = if wrong { 1.01 } else { 1.0 } * equation.coriolis;
        let r = pointwise::shallow_water_plane(equation.gravity, coriolis, &jet);
        // Momentum alone: mass has another unit.
        Ok(size(r.narrow(1, 0, 2)))
    };
    judge("shallow_water_plane", residual, 240.0)
}

/// Points inside a box, `D` numbers each.
fn points<const D: usize>(low: [f64; D], high: [f64; D]) -> Vec<f64> {
    let mut state = 0.5;
    let mut next = || {
        state = (state * 997.0 + 0.123_f64).fract();
        state
    };
    (0..40)
        .flat_map(|_| std::array::from_fn::<f64, D, _>(|i| low[i] + (high[i] - low[i]) * next()))
        .collect()
}

fn tensor(values: Vec<f64>, width: usize) -> Tensor<2> {
    let data = TensorData::new(values.clone(), [values.len() / width, width]);
    Tensor::from_data(data, (&Device::flex(), DType::F64))
}

/// Zero of the right equation, not of the wrong one.
fn exact(name: &str, right: Tensor<2>, wrong: Tensor<2>, unit: f64) {
    let (right, wrong) = (size(right) / unit, size(wrong) / unit);
    println!("{name}: {right:.1e}, a percent off {wrong:.1e}");
    assert!(right < 1e-12 && wrong > 1e-5, "{name}: {right} {wrong}");
}

/// Williamson's second case, steady: `u = U cos(phi)`, `g h = g h0 - (a Omega U + U^2 / 2) sin^2(phi)`.
#[test]
fn shallow_water_on_the_sphere_at_points() {
    let equation = ShallowWater::default();
    let at = points([0.0, -1.4, 0.0], [1e5, 1.4, TAU]);
    let order = JetOrder::new(3, &[]);
    let x = Jet::coordinates(&at, order, &Device::flex());
    let (sin, cos) = (x.channel(1).sin(0.0), x.channel(1).sin(PI / 2.0));
    let speed = TAU * equation.radius / (12.0 * 86_400.0);
    let slope = equation.radius * equation.rotation * speed + 0.5 * speed * speed;
    let h = sin
        .times(&sin)
        .scaled(-slope / equation.gravity)
        .plus(2998.0);
    let flow = cos.scaled(speed).beside(x.channel(0).scaled(0.0)).beside(h);
    let where_ = tensor(at, 3);
    let wrong = ShallowWater {
        rotation: 1.01 * equation.rotation,
        ..equation
    };
    exact(
        "shallow_water",
        pointwise::shallow_water(&equation, &flow, &where_),
        pointwise::shallow_water(&wrong, &flow, &where_),
        1e-2,
    );
}

/// The Rossby-Haurwitz wave moves without change: psi = -a^2 w sin(phi) + a^2 K cos^R(phi) sin(phi)
/// cos(R lambda - R nu t), nu = (R (3 + R) w - 2 Omega) / ((1 + R) (2 + R)) (B. Haurwitz, J. Mar. Res. 3,
/// 1940).
#[test]
fn barotropic_at_points() {
    let equation = Barotropic::default();
    let (a, rate) = (equation.radius, 7.848e-6);
    let angular = (4.0 * 7.0 * rate - 2.0 * equation.rotation) / 30.0;
    let at = points([0.0, -1.4, 0.0], [1e5, 1.4, TAU]);
    let order = JetOrder::new(3, &[[1, 1], [2, 2]]);
    let x = Jet::coordinates(&at, order, &Device::flex());
    let (sin, cos) = (x.channel(1).sin(0.0), x.channel(1).sin(PI / 2.0));
    let phase = x
        .channel(2)
        .scaled(4.0)
        .sub(&x.channel(0).scaled(4.0 * angular));
    let square = cos.times(&cos);
    let wave = square
        .times(&square)
        .times(&sin)
        .times(&phase.sin(PI / 2.0));
    let psi = sin.scaled(-a * a * rate).add(&wave.scaled(a * a * rate));
    // Its parts are eigenfunctions of the Laplacian: degrees 1 and 5.
    let zeta = sin.scaled(2.0 * rate).sub(&wave.scaled(30.0 * rate));
    let flow = psi.beside(zeta);
    let where_ = tensor(at, 3);
    let wrong = Barotropic {
        rotation: 1.01 * equation.rotation,
        ..equation
    };
    let vorticity = |e: &Barotropic| pointwise::barotropic(e, &flow, &where_).narrow(1, 0, 1);
    exact("barotropic", vorticity(&equation), vorticity(&wrong), 1e-9);
    let definition = pointwise::barotropic(&equation, &flow, &where_).narrow(1, 1, 1);
    assert!(size(definition) < 1e-12 * rate);
}

/// A plane wave in a medium, in each polarisation, along a line, and as Helmholtz' equation has it.
#[test]
fn waves_at_points() {
    let (eps, mu) = (2.2f64, 1.3f64);
    let index = (eps * mu).sqrt();
    let at = points([0.0, -1.0, -1.0], [2.0, 1.0, 1.0]);
    let order = JetOrder::new(3, &[]);
    let c = Jet::coordinates(&at, order, &Device::flex());
    let (kx, ky) = (3.0, 2.0);
    let omega = f64::hypot(kx, ky) / index;
    let phase = c
        .channel(1)
        .scaled(kx)
        .add(&c.channel(2).scaled(ky))
        .sub(&c.channel(0).scaled(omega));
    let f = phase.sin(0.3);
    let count = at.len() / 3;
    let given = |eps: f64| tensor([eps, mu, 0.0, 0.0, 0.0].repeat(count), 5);
    // TE: Hz = f, eps Ex_t = Hz_y, eps Ey_t = -Hz_x
    let te = f
        .scaled(-ky / (eps * omega))
        .beside(f.scaled(kx / (eps * omega)))
        .beside(f.clone());
    exact(
        "maxwell_te",
        pointwise::maxwell_te(&te, &given(eps)),
        pointwise::maxwell_te(&te, &given(1.01 * eps)),
        1.0,
    );
    // TM: Ez = f, mu Hx_t = -Ez_y, mu Hy_t = Ez_x
    let tm = f
        .scaled(ky / (mu * omega))
        .beside(f.scaled(-kx / (mu * omega)))
        .beside(f);
    exact(
        "maxwell_tm",
        pointwise::maxwell_tm(&tm, &given(eps)),
        pointwise::maxwell_tm(&tm, &given(1.01 * eps)),
        1.0,
    );
    let at = points([0.0, -1.0], [2.0, 1.0]);
    let c = Jet::coordinates(&at, JetOrder::new(2, &[]), &Device::flex());
    let f = c.channel(1).scaled(index).sub(&c.channel(0)).sin(0.0);
    let line = f.clone().beside(f.scaled(-(eps / mu).sqrt()));
    let media = |eps: f64| tensor([eps, mu].repeat(at.len() / 2), 2);
    exact(
        "maxwell_line",
        pointwise::maxwell_line(&line, &media(eps)),
        pointwise::maxwell_line(&line, &media(1.01 * eps)),
        1.0,
    );
    // exp(-j k n (3 x + 4 y) / 5) with eps = n^2, as real and imaginary part
    let c = Jet::coordinates(&at, JetOrder::new(2, &[[0, 0], [1, 1]]), &Device::flex());
    let k = 4.0;
    let along = c.channel(0).scaled(0.6).add(&c.channel(1).scaled(0.8));
    let phase = along.scaled(-k * eps.sqrt());
    let field = phase.sin(PI / 2.0).beside(phase.sin(0.0));
    let given = |eps: f64| tensor([eps, 0.0, 0.0, 0.0].repeat(at.len() / 2), 4);
    exact(
        "helmholtz",
        pointwise::helmholtz(k, &field, &given(eps)),
        pointwise::helmholtz(k, &field, &given(1.01 * eps)),
        1.0,
    );
    let carried = Jet::coordinates(&at, JetOrder::new(2, &[]), &Device::flex());
    let wave = carried
        .channel(1)
        .sub(&carried.channel(0).scaled(3.0))
        .sin(0.0);
    exact(
        "advection",
        pointwise::advection(3.0, &wave),
        pointwise::advection(3.03, &wave),
        1.0,
    );
}
